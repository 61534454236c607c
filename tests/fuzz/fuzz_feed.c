/*
 * An object in a calendar that is read by links: all of it, without the policies' text, and its
 * times alone. Each is one calendar, and of times alone there is nothing in it that anybody wrote.
 */
#include "base/util.h"
#include "http/feed_link.h"
#include "tests/fuzz/dav_server.h"
#include "tests/fuzz/fuzz.h"
#include "web/web.h"

enum { FEEDS = 3, OUT_MAX = 8 << 20 };

static const char *const tokens[FEEDS] = { "a", "b", "c" };
static const unsigned flags[FEEDS] = { 0, FEED_BUSY, FEED_PLAIN };

static void add_feeds(struct store *s)
{
	cleanup_arena struct arena *mem = arena_create();
	struct collection c;

	must(store_collection(s, "anna", "calendar", mem, &c, NULL) == 0);
	for (size_t i = 0; i < FEEDS; i++) {
		char hash[CHAIN_SIZE];

		digest_chain(tokens[i], 1, hash);
		const struct feed f = { .id = tokens[i], .label = "x", .hash = hash, .collection = c.id,
			.flags = flags[i], .back = -1, .ahead = -1, .created = 1, .used = 1790000000 };
		must(store_feed_put(s, &f, NULL) == 0);
	}
}

static void check_busy(const struct ical *ic)
{
	static const char hidden[] = " SUMMARY DESCRIPTION LOCATION COMMENT CATEGORIES ATTENDEE ORGANIZER URL"
		" ATTACH CONTACT RELATED-TO CLASS CONFERENCE IMAGE RESOURCES GEO ";

	for (size_t i = 0; i < ic->line_count; i++)
		must(strstr(hidden, arena_printf(ic->mem, " %s ", ic->lines[i].name)) == NULL);
}

static void read_feed(struct dav_server *s, size_t n)
{
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf out = { .data = NULL }, whole = { .data = NULL };
	const struct web web = { .store = s->store, .policies = s->dav.policies, .ical = s->dav.settings.ical };
	struct ical_limits roomy = ical_default_limits;
	struct response res;
	struct request rq = { .mem = mem, .now = s->now, .method = "GET", .body = "",
		.path = feed_path(mem, tokens[n], "calendar"), .address = "127.0.0.1", .res = &res };
	struct ical *ic;
	int more = 1;

	buf_init(&out, OUT_MAX);
	buf_init(&whole, OUT_MAX);
	response_init(&res, 1 << 20);
	web_handle(&web, &rq);
	must(res.status == 200 && res.next != NULL);
	while (more)
		must((more = res.next(res.next_arg, &out)) >= 0);
	roomy.bytes = roomy.line = roomy.lines = OUT_MAX;
	must(ical_render_whole(out.data, out.len, &whole) == 0);
	must(ical_parse(whole.data, whole.len, &roomy, mem, &ic, NULL) == 0);
	if (flags[n] & FEED_BUSY)
		check_busy(ic);
	response_finish(&res);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dav_server server;
	const struct dav_question put = { .who = "anna", .method = "PUT", .path = "/calendars/anna/calendar/e.ics",
		.body = (const char *)data, .len = size };
	const struct dav_question get = { .who = "anna", .method = "GET", .path = "/calendars/anna/calendar/" };

	if (!server.store) {
		dav_server_start(&server);
		add_feeds(server.store);
	}
	/* over the one before: what is there doesn't depend on that */
	if (dav_server_ask(&server, &put, NULL) >= 300)
		return 0;
	for (size_t n = 0; n < FEEDS; n++)
		read_feed(&server, n);
	must(dav_server_ask(&server, &get, NULL) == 200);
	return 0;
}
