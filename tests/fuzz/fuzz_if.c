/* Conditional headers: the first line of an input is an If header, the second If-Match, the third
 * If-None-Match. A GET must answer with what they can cause, and nothing else. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "dav_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "If", "If-Match", "If-None-Match" };
	static struct dav_server server; /* a GET changes nothing: one serves them all */
	cleanup_free char *text = xstrndup((const char *)data, size);
	struct header head[ARRAY_SIZE(names) + 1] = { { "Host", "cal.example.org" } };
	size_t heads = 1;

	if (!server.store)
		dav_server_start(&server);
	for (char *at = text; *at && heads <= ARRAY_SIZE(names); heads++) {
		size_t len = strcspn(at, "\n");
		char *next = at + len + (at[len] == '\n');

		at[len] = '\0';
		head[heads] = (struct header){ names[heads - 1], at };
		at = next;
	}
	int status = dav_server_ask(&server, "anna", "GET", "/calendars/anna/calendar/e.ics", head, heads,
		"", 0);
	must(status == 200 || status == 304 || status == 400 || status == 412);
	return 0;
}
