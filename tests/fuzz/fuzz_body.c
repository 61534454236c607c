/*
 * XML bodies where they are read. The first byte says what is asked of what, by the table; the rest
 * is the body. What is refused changes nothing, and no answer is a server's fault.
 */
#include "base/util.h"
#include "tests/fuzz/dav_server.h"
#include "tests/fuzz/fuzz.h"

#define HOME "/calendars/anna/"
#define SHARED "/calendars/marc/anna~calendar/"

/* A letter stays what it is, for the sake of the seeds. */
static const struct question { char letter; const char *who, *method, *path, *depth; } questions[] = {
	{ 'a', "anna", "PROPFIND", "/", "0" },
	{ 'b', "anna", "PROPFIND", "/principals/anna/", "0" },
	{ 'c', "anna", "PROPFIND", HOME, "1" },
	{ 'd', "anna", "PROPFIND", HOME "calendar/", "1" },
	{ 'e', "marc", "PROPFIND", SHARED "e.ics", "0" },
	{ 'f', "anna", "PROPFIND", "/principals/anna/calendar-proxy-write/", "0" },
	{ 'g', "anna", "PROPPATCH", HOME "calendar/", NULL },
	{ 'h', "marc", "PROPPATCH", SHARED, NULL },
	{ 'i', "anna", "PROPPATCH", HOME "calendar/e.ics", NULL },
	{ 'j', "anna", "PROPPATCH", HOME, NULL },
	{ 'k', "anna", "PROPPATCH", "/principals/anna/", NULL },
	{ 'l', "anna", "PROPPATCH", "/principals/anna/calendar-proxy-write/", NULL },
	{ 'm', "anna", "MKCALENDAR", HOME "new/", NULL },
	{ 'n', "anna", "MKCOL", HOME "new/", NULL },
	{ 'o', "anna", "ACL", HOME "calendar/", NULL },
	{ 'p', "anna", "POST", HOME "calendar/", NULL },
	{ 'q', "anna", "REPORT", HOME "calendar/", "1" },
	{ 'r', "marc", "REPORT", SHARED, "1" },
	{ 's', "anna", "REPORT", HOME, "1" },
	{ 't', "anna", "REPORT", HOME, "infinity" },
	{ 'u', "anna", "REPORT", "/principals/", "0" },
	{ 'v', "anna", "REPORT", "/principals/anna/", "0" },
	{ 'w', "anna", "REPORT", HOME "tasks/", "1" },
	{ 'x', "anna", "REPORT", HOME "calendar/e.ics", "0" },
};

static const struct question *find(uint8_t letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		if ((uint8_t)questions[i].letter == letter)
			return &questions[i];
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dav_server server;
	struct header head[] = { { "Host", "cal.example.org" }, { "Content-Type", "application/xml" },
		{ "Depth", NULL } };
	const struct question *what = size > 0 ? find(data[0]) : NULL;

	if (what == NULL)
		return 0;
	cleanup_free char *text = copy_text(data, size);
	head[2].value = what->depth;
	dav_server_fresh(&server);
	const struct dav_question q = { .who = what->who, .method = what->method, .path = what->path, .head = head,
		.heads = what->depth ? 3 : 2, .body = text + 1, .len = size - 1 };
	dav_server_ask(&server, &q, NULL);
	return 0;
}
