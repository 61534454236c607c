/*
 * The server's text in an event that a program or a person has been at: taken off, written, taken
 * off again. It looks for broken promises: what the user wrote is lost, or the second time gives
 * something else than the first.
 */
#include "base/util.h"
#include "policy/apply.h"
#include "tests/fuzz/fuzz.h"

enum { OUT_MAX = 8 << 20, WORK_MAX = 1 << 16 };

#define PREFIX "✗ Late cancel 80.00 EUR"
#define BLOCK \
	"Late cancellation by the client, received Tue 9 June 2026 14:00.\nFee 80.00 EUR; due."

static struct rendering late(void)
{
	static const char *const lines[] = { "X-DEDIT-REF:7F3K-2Q9M",
		"X-DEDIT-FEE;CURRENCY=EUR:80.00" };

	return (struct rendering){ .occurrence = "",
		.ref = "7F3K-2Q9M",
		.prefix = PREFIX,
		.block = BLOCK,
		.comment = "Late cancellation.",
		.comment_name = "COMMENT",
		.category = "Late cancellation",
		.status.value = "CANCELLED",
		.transp.value = "TRANSPARENT",
		.color.value = "tomato",
		.lines = lines,
		.line_count = ARRAY_SIZE(lines) };
}

static struct ical *parse(const char *bytes, size_t len, struct arena *mem)
{
	struct ical_limits roomy = ical_default_limits;
	struct ical *ic = NULL;

	roomy.bytes = roomy.line = roomy.lines = OUT_MAX;
	return ical_parse(bytes, len, &roomy, mem, &ic, NULL) ? NULL : ic;
}

/* Strips (want NULL) or renders, and enters what is shown. */
static struct ical *apply(
	const struct ical *ic, struct entry_list *known, bool want, struct arena *mem)
{
	struct rendering *r = arena_alloc(mem, sizeof(*r));
	cleanup_buf struct buf out;

	*r = late();
	buf_init(&out, OUT_MAX);
	must(apply_render(ic, known, zone_utc(), r, want, &out, NULL) == 0);
	if (want) {
		entry_add(known, mem)->shown = r;
	}
	struct ical *done = parse(out.data, out.len, mem);
	must(done != NULL);
	return done;
}

static const char *text_of(const struct ical *ic, const struct ical_comp *c, const char *name)
{
	const struct ical_line *l = ical_prop(ic, c, name);

	return l != NULL ? ical_text(l->value, ic->mem) : "";
}

/* Written by the server, wholly or cut off at the end. */
static int is_servers(const char *line)
{
	static const char *const written[] = {
		"Late cancellation by the client, received Tue 9 June 2026 14:00.",
		"Fee 80.00 EUR; due."
	};
	size_t len = strlen(line);

	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t')) {
		len--;
	}
	for (size_t n = 0; n < ARRAY_SIZE(written); n++) {
		if (strncmp(line, written[n], len) == 0) {
			return 1;
		}
	}
	return len == 0 || str_starts(line, "===");
}

static void keeps_notes(const struct ical *ic, const struct ical *clean)
{
	const struct ical_comp *a = ic->calendar->children, *b = clean->calendar->children;

	for (; a && b; a = a->next, b = b->next) {
		char *left = arena_strdup(ic->mem, text_of(ic, a, "DESCRIPTION"));
		const char *kept = text_of(clean, b, "DESCRIPTION");

		for (char *line; left && (line = strsep(&left, "\n")) != NULL;) {
			must(is_servers(line) || strstr(kept, line) != NULL);
		}
	}
	must(!a && !b);
}

static void same_values(const struct ical *x, const struct ical *y)
{
	static const char *const names[] = { "SUMMARY", "DESCRIPTION", "STATUS", "TRANSP", "COLOR",
		"COMMENT" };
	const struct ical_comp *a = x->calendar->children, *b = y->calendar->children;

	for (; a && b; a = a->next, b = b->next) {
		for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
			must(strcmp(text_of(x, a, names[n]), text_of(y, b, names[n])) == 0);
		}
	}
	must(!a && !b);
}

static void same_bytes(const struct ical *x, const struct ical *y)
{
	must(x->body_len == y->body_len && memcmp(x->body, y->body, x->body_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena *mem = arena_create();
	struct rendering before = late();
	struct entry_list known = { 0 };
	struct ical_info info;
	const char *refs[4];

	/* one more occurrence's than the event's own, so that no value is put back that the
	 * input didn't have */
	before.occurrence = "19700101T000000Z";
	entry_add(&known, mem)->shown = &before;
	struct ical *ic = size > WORK_MAX ? NULL : parse((const char *)data, size, mem);
	if (ic == NULL || ical_valid(ic, &info, NULL)) {
		return 0;
	}
	must(apply_refs(ic, refs, ARRAY_SIZE(refs)) <= ARRAY_SIZE(refs));
	struct ical *clean = apply(ic, &known, false, mem);
	keeps_notes(ic, clean);
	same_bytes(apply(clean, &known, false, mem), clean);
	struct ical *shown = apply(clean, &known, true, mem);
	same_bytes(apply(shown, &known, true, mem), shown);
	same_values(apply(shown, &known, false, mem), clean);
	return 0;
}
