/* What a request's head is read with: path segments, dates, token lists, credentials. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/util.h"
#include "http/request.h"
#include "tests/fuzz/fuzz.h"

static void check_segment(const char *raw, size_t len, struct arena *mem)
{
	char *text, *again;

	if (path_decode_segment(raw, len, mem, &text) < 0)
		return;
	must(utf8_valid(text, strlen(text)) && strchr(text, '/') == NULL);
	char *encoded = path_encode_segment(text, mem);
	must(path_decode_segment(encoded, strlen(encoded), mem, &again) == 0);
	must(strcmp(text, again) == 0);
}

static void check_date(const char *text)
{
	char again[HTTP_DATE_SIZE], iso[ISO_DATE_SIZE];
	int64_t when;

	if (http_date_parse(text, &when) == 0) {
		http_date(when, again);
		must(strcmp(text, again) == 0);
	}
	if (iso_date_parse(text, &when) == 0) {
		iso_date(when, iso);
		must(strcmp(text, iso) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem cleanup_arena = arena_create();
	char *text = arena_strndup(mem, (const char *)data, size);
	struct buf decoded cleanup_buf;

	check_segment((const char *)data, size, mem);
	check_date(text);
	header_has_token(text, "return");
	buf_init(&decoded, size);
	if (base64_decode((const char *)data, size, &decoded) == 0) {
		must(decoded.len == size / 4 * 3 || decoded.len + 2 >= size / 4 * 3);
	}
	return 0;
}
