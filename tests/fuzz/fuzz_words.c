/* Titles and notes: whatever people type, words and prices come out within bounds, and a title
 * stays one. */
#include "base/util.h"
#include "policy/late/fold.h"
#include "policy/late/words.h"
#include "tests/fuzz/fuzz.h"

static void check_bounds(const struct words *w)
{
	if (w->price.minor > INT64_C(1000000000) || w->amount.minor > INT64_C(1000000000) || w->tags >> WORD_COUNT)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem cleanup_arena = arena_create();
	const char *text = arena_strndup(mem, (const char *)data, size);
	struct words title, note, again;

	words_in_title(text, "EUR", mem, &title);
	words_in_note(text, "", mem, &note);
	check_bounds(&title);
	check_bounds(&note);
	if (strlen(title.client) > strlen(text))
		abort();
	/* A folded name is a fixed point: it is the client's key. */
	text = text_folded(title.client, mem);
	if (strcmp(text, text_folded(text, mem)))
		abort();
	words_in_title(title.client, "EUR", mem, &again);
	return 0;
}
