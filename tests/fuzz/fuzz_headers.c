/*
 * The headers that a method goes by: Depth, Destination, Overwrite, Prefer, If and its like. The
 * first byte says which method on what, by the table; the lines behind it are headers.
 */
#include "base/util.h"
#include "tests/fuzz/dav_server.h"
#include "tests/fuzz/fuzz.h"

#define HOME "/calendars/anna/"
#define EVENT "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:n\r\nDTSTART:20261201T100000Z\r\n" \
	"END:VEVENT\r\nEND:VCALENDAR\r\n"

enum { HEADERS = 16 };

static const struct question { char letter; const char *who, *method, *path, *body; } questions[] = {
	{ 'a', "anna", "COPY", HOME "calendar/e.ics", "" },
	{ 'b', "anna", "MOVE", HOME "calendar/e.ics", "" },
	{ 'c', "marc", "MOVE", "/calendars/marc/anna~calendar/f.ics", "" },
	{ 'd', "anna", "MOVE", HOME "calendar/", "" },
	{ 'e', "anna", "DELETE", HOME "calendar/e.ics", "" },
	{ 'f', "anna", "DELETE", HOME "tasks/", "" },
	{ 'g', "anna", "PUT", HOME "calendar/new.ics", EVENT },
	{ 'h', "anna", "PUT", HOME "calendar/e.ics", EVENT },
	{ 'i', "anna", "GET", HOME "calendar/e.ics", "" },
	{ 'j', "anna", "GET", HOME "calendar/", "" },
	{ 'k', "anna", "HEAD", HOME "calendar/e.ics", "" },
	{ 'l', "anna", "OPTIONS", HOME "calendar/", "" },
	{ 'm', "anna", "PROPFIND", HOME, "" },
	{ 'n', "anna", "MKCALENDAR", HOME "new/", "" },
	{ 'o', "anna", "POST", HOME "calendar/", EVENT },
	{ 'p', "anna", "PROPPATCH", HOME "calendar/",
		"<propertyupdate xmlns='DAV:'><set><prop><displayname>x</displayname></prop></set></propertyupdate>" },
	{ 'q', "anna", "REPORT", HOME "calendar/", "<calendar-query xmlns='urn:ietf:params:xml:ns:caldav'><filter>"
		"<comp-filter name='VCALENDAR'/></filter></calendar-query>" },
};

static const struct question *find(uint8_t letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		if ((uint8_t)questions[i].letter == letter)
			return &questions[i];
	return NULL;
}

static size_t read_headers(char *at, char *end, struct header *head)
{
	size_t n = 0;
	char *line;

	while (n < HEADERS && (line = cut_line(&at, end)) != NULL) {
		char *colon = strstr(line, ": ");

		if (colon == NULL)
			continue;
		*colon = '\0';
		head[n++] = (struct header){ line, colon + 2 };
	}
	return n;
}

/* Nothing is written to another server. */
static void check_destination(const struct dav_question *q, int status)
{
	for (size_t i = 0; i < q->heads && status < 300; i++) {
		const char *to = q->head[i].value;

		if (ascii_casecmp(q->head[i].name, "Destination") != 0)
			continue;
		const char *host = strstr(to, "://");
		must(*to == '/' || (host != NULL && ascii_ncasecmp(host + 3, "cal.example.org", 15) == 0));
		return;
	}
}

/* Moves with each change of what marc may not write. */
static uint64_t tasks_of_anna(const struct dav_server *s)
{
	cleanup_arena struct arena *mem = arena_create();
	struct collection tasks;

	must(store_collection(s->store, "anna", "tasks", mem, &tasks, NULL) == 0);
	return tasks.seq;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dav_server server;
	struct header head[HEADERS + 1] = { { "Host", "cal.example.org" } };
	const struct question *what = size > 0 ? find(data[0]) : NULL;

	if (what == NULL)
		return 0;
	cleanup_free char *text = copy_text(data, size);
	size_t heads = 1 + read_headers(text + 1, text + size, head + 1);
	const struct dav_question q = { .who = what->who, .method = what->method, .path = what->path, .head = head,
		.heads = heads, .body = what->body, .len = strlen(what->body) };
	dav_server_fresh(&server);
	const uint64_t before = tasks_of_anna(&server);
	int status = dav_server_ask(&server, &q, NULL);
	must(strcmp(q.who, "marc") != 0 || tasks_of_anna(&server) == before);
	if (strcmp(q.method, "COPY") == 0 || strcmp(q.method, "MOVE") == 0)
		check_destination(&q, status);
	return 0;
}
