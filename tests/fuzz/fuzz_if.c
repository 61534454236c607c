/* Conditional headers: the first line of an input is an If header, the second If-Match, the third
 * If-None-Match. A GET must answer with what they can cause, and nothing else. */
#include "base/util.h"
#include "tests/fuzz/dav_server.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "If", "If-Match", "If-None-Match" };
	static struct dav_server server; /* a GET changes nothing: one serves them all */
	cleanup_free char *text = xstrndup((const char *)data, size);
	struct header head[ARRAY_SIZE(names) + 1] = { { "Host", "cal.example.org" } };
	size_t heads = 1;

	dav_server_fresh(&server);
	for (char *at = text, *end = text + strlen(text), *line; heads <= ARRAY_SIZE(names); heads++) {
		if (!(line = cut_line(&at, end)))
			break;
		head[heads] = (struct header){ names[heads - 1], line };
	}
	const struct dav_question q = { .who = "anna", .method = "GET", .path = "/calendars/anna/calendar/e.ics",
		.head = head, .heads = heads };
	int status = dav_server_ask(&server, &q, NULL);
	must(status == 200 || status == 304 || status == 400 || status == 412);
	return 0;
}
