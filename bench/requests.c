/*
 * Seven requests in process, over the real store, each in a function of its own, so that callgrind can
 * tell what each cost: bench/instructions.py runs it and compares. Alone it only says whether the
 * answers are right.
 *
 *	requests FOLDER
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "bench/events.h"
#include "caldav/caldav.h"
#include "ical/zone.h"
#include "policy/account.h"

#define CALENDAR "/calendars/anna/calendar/"
#define NAMESPACES "xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\""
#define MONTH "<C:time-range start=\"20260301T000000Z\" end=\"20260401T000000Z\"/>"
#define ALONE __attribute__((noinline))

enum { EVENTS = 200, MULTIGET = 50, TIMES = 10, NOW = 1774000000, ANSWER_MAX = 1 << 24 };

struct bench {
	struct dav dav;
	char token[200];         /* the last sync-token */
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

/* ---- a request ---- */

static void drain(struct response *res)
{
	struct buf piece cleanup_buf;
	int more = 1;

	buf_init(&piece, ANSWER_MAX);
	while (more == 1) {
		buf_reset(&piece);
		more = res->next(res->next_arg, &piece);
		buf_add(&res->body, piece.data, piece.len);
	}
	if (more < 0)
		die("answer", "broken off");
}

static void ask(struct bench *b, const char *method, const char *path, const char *depth,
	const struct buf *body, struct buf *answer, int expected)
{
	cleanup_arena struct arena *mem = arena_create();
	struct header head[] = { { "Host", "cal.example.org" },
		{ "Content-Type", strcmp(method, "PUT") == 0 ? "text/calendar" : "application/xml" },
		{ "Depth", depth } };
	struct response res;
	struct request rq = { .mem = mem, .now = NOW, .method = method, .path = path, .head = head,
		.heads = depth != NULL ? 3 : 2, .body = body != NULL ? body->data : "",
		.body_len = body != NULL ? body->len : 0, .res = &res,
		.who = { .name = "anna", .displayname = "Anna", .language = "en" } };

	response_init(&res, ANSWER_MAX);
	dav_handle(&b->dav, &rq);
	if (res.next != NULL)
		drain(&res);
	if (res.status != expected)
		die(method, arena_printf(mem, "status %d: %.200s", res.status, res.body.data));
	if (answer != NULL)
		buf_add(answer, res.body.data, res.body.len);
	response_finish(&res);
}

static void put(struct bench *b, unsigned n, unsigned version, int expected)
{
	struct buf body cleanup_buf, path cleanup_buf;

	buf_init(&body, ANSWER_MAX);
	buf_init(&path, sizeof(CALENDAR) + 40);
	buf_adds(&path, CALENDAR);
	bench_event_name(n, &path);
	bench_event(n, version, &body);
	ask(b, "PUT", path.data, NULL, &body, NULL, expected);
}

static void report(struct bench *b, const char *method, const char *depth, const char *xml, struct buf *answer,
	int expected)
{
	struct buf body cleanup_buf;

	buf_init(&body, ANSWER_MAX);
	buf_adds(&body, xml);
	ask(b, method, CALENDAR, depth, &body, answer, expected);
}

static void expect(const struct buf *answer, const char *text, size_t least, size_t most)
{
	size_t n = 0;

	for (const char *at = answer->data; (at = strstr(at, text)) != NULL; at++)
		n++;
	if (n < least || n > most) {
		fprintf(stderr, "%s: %zu times, expected %zu to %zu:\n%.500s\n", text, n, least, most, answer->data);
		exit(1);
	}
}

/* ---- the seven ---- */

static ALONE void request_get(struct bench *b, struct buf *answer)
{
	ask(b, "GET", CALENDAR "event-0.ics", NULL, NULL, answer, 200);
}

static ALONE void request_put(struct bench *b, struct buf *answer)
{
	static unsigned version = 1;

	(void)answer;
	put(b, 1, version++, 204);
}

static ALONE void request_propfind(struct bench *b, struct buf *answer)
{
	report(b, "PROPFIND", "1", "<D:propfind " NAMESPACES "><D:prop><D:getetag/></D:prop></D:propfind>", answer, 207);
}

static ALONE void request_sync(struct bench *b, struct buf *answer)
{
	char xml[600];

	snprintf(xml, sizeof(xml), "<D:sync-collection " NAMESPACES "><D:sync-token>%s</D:sync-token>"
		"<D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>", b->token);
	report(b, "REPORT", "0", xml, answer, 207);
}

static ALONE void request_query(struct bench *b, struct buf *answer)
{
	report(b, "REPORT", "1", "<C:calendar-query " NAMESPACES "><D:prop><D:getetag/><C:calendar-data/></D:prop>"
		"<C:filter><C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\">" MONTH
		"</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>", answer, 207);
}

static ALONE void request_multiget(struct bench *b, struct buf *answer)
{
	struct buf xml cleanup_buf;

	buf_init(&xml, ANSWER_MAX);
	buf_adds(&xml, "<C:calendar-multiget " NAMESPACES "><D:prop><D:getetag/><C:calendar-data/></D:prop>");
	for (unsigned i = 0; i < MULTIGET; i++) {
		buf_adds(&xml, "<D:href>" CALENDAR);
		bench_event_name(3 * i, &xml);
		buf_adds(&xml, "</D:href>");
	}
	buf_adds(&xml, "</C:calendar-multiget>");
	report(b, "REPORT", "1", xml.data, answer, 207);
}

static ALONE void request_freebusy(struct bench *b, struct buf *answer)
{
	report(b, "REPORT", "1", "<C:free-busy-query " NAMESPACES ">" MONTH "</C:free-busy-query>", answer, 200);
}

static const struct {
	void (*run)(struct bench *b, struct buf *answer);
	const char *holds;       /* so often at least, and at most */
	size_t least, most;
} requests[] = {
	{ request_get, "BEGIN:VEVENT", 1, 1 },
	{ request_propfind, "<D:getetag>", EVENTS, EVENTS + 1 },
	{ request_sync, "<D:getetag>", 1, 1 },
	{ request_multiget, "BEGIN:VCALENDAR", MULTIGET, MULTIGET },
	{ request_query, "BEGIN:VCALENDAR", 5, EVENTS / 2 },
	{ request_freebusy, "FREEBUSY", 5, EVENTS },
	{ request_put, "", 0, 0 },
};

/* ---- what they are asked of ---- */

static void fill(struct bench *b)
{
	struct account anna = { .name = "anna", .displayname = "Anna", .language = "en", .password = "x",
		.generation = 1 };
	struct err e;

	if (store_account_put(b->dav.store, &anna, &e) != 0 || account_provision(b->dav.store, &anna, NOW, &e) != 0)
		die("account", e.text);
	for (unsigned n = 0; n < EVENTS; n++)
		put(b, n, 0, 201);
}

/* The token now, then a change: what a program's next sync finds. */
static void take_token(struct bench *b)
{
	struct buf answer cleanup_buf;
	const char *end, *begin;

	buf_init(&answer, ANSWER_MAX);
	report(b, "PROPFIND", "0", "<D:propfind " NAMESPACES "><D:prop><D:sync-token/></D:prop></D:propfind>", &answer, 207);
	begin = strstr(answer.data, "<D:sync-token>");
	end = begin != NULL ? strstr(begin, "</D:sync-token>") : NULL;
	if (end == NULL)
		die("sync-token", answer.data);
	snprintf(b->token, sizeof(b->token), "%.*s", (int)(end - begin - 14), begin + 14);
	put(b, 2, 1, 204);
}

static void run_all(struct bench *b, struct buf *answer)
{
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		for (unsigned times = 0; times < TIMES; times++) {
			buf_reset(answer);
			requests[i].run(b, answer);
		}
		if (requests[i].most > 0)
			expect(answer, requests[i].holds, requests[i].least, requests[i].most);
	}
}

int main(int argc, char **argv)
{
	const struct store_options options = { .mirror_delay_ms = 0, .tombstone_days = 365 };
	struct bench b = { .dav = { .policies = policy_none(), .settings = dav_default_settings } };
	struct buf answer cleanup_buf;
	struct err e;

	if (argc != 2)
		die("usage", "requests FOLDER");
	xml_init();
	buf_init(&answer, ANSWER_MAX);
	if (zone_init(NULL, &e) != 0 || store_open("sqlite", argv[1], &options, &b.dav.store, &e) != 0)
		die("start", e.text);
	fill(&b);
	take_token(&b);
	run_all(&b, &answer);
	policy_unload((struct policy_set *)b.dav.policies);
	store_close(b.dav.store);
	zone_finish();
	return 0;
}
