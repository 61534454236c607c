/*
 * Sync-tokens: an input is one, for a calendar and for a home. What was never given out is refused
 * with the condition of RFC 6578 3.2; what is read is written the same. "@" stands for the store's
 * epoch, which is another each time, and "#" for the calendar's number.
 */
#include "base/util.h"
#include "caldav/dav.h"
#include "tests/fuzz/dav_server.h"
#include "tests/fuzz/fuzz.h"

#define HOME "/calendars/anna/"

static void expand(const char *text, size_t len, struct dav_server *s, struct buf *out)
{
	cleanup_arena struct arena *mem = arena_create();
	struct store_info info;
	struct collection c;

	store_info(s->store, &info);
	must(store_collection(s->store, "anna", "calendar", mem, &c, NULL) == 0);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '@')
			buf_adds(out, info.epoch);
		else if (text[i] == '#')
			buf_printf(out, "%lld", (long long)c.id);
		else
			buf_addc(out, text[i]);
	}
}

static void check_reading(struct dav_server *s, const char *path, const char *token)
{
	cleanup_arena struct arena *mem = arena_create();
	struct request http = { .mem = mem, .now = s->now, .method = "REPORT", .path = path, .body = "",
		.who = { .name = "anna", .displayname = "anna", .language = "en" } };
	struct dav_request rq = { .dav = &s->dav, .http = &http, .mem = mem, .store = s->store,
		.target = { .reader = "" } };
	struct sync_point p, again;
	struct resource res;
	struct err e;

	must(resource_resolve(&rq, path, &res, &e) == 0 && res.exists);
	if (sync_token_read(&rq, &res, token, &p) < 0)
		return;
	must(strcmp(sync_token_write(&rq, mem, &res, &p), token) == 0);
	must(sync_token_read(&rq, &res, sync_token_write(&rq, mem, &res, &p), &again) == 0);
	must(again.since == p.since && again.until == p.until && again.calendar == p.calendar && again.at == p.at);
}

/* RFC 6578 3.2: 207, or 403 with valid-sync-token; 400 for what can't stand in XML. */
static void check_report(struct dav_server *s, const char *path, const char *level, const char *token)
{
	static const struct header head[] = { { "Depth", "0" } };
	cleanup_buf struct buf body = { .data = NULL }, answer = { .data = NULL };
	struct xmlw w;

	buf_init(&body, 1 << 20);
	buf_init(&answer, 1 << 20);
	xmlw_init(&w, &body);
	xmlw_root(&w, NS_DAV, "sync-collection");
	xmlw_elem(&w, NS_DAV, "sync-token", token);
	xmlw_elem(&w, NS_DAV, "sync-level", level);
	xmlw_start(&w, NS_DAV, "prop");
	xmlw_empty(&w, NS_DAV, "getetag");
	xmlw_end(&w);
	xmlw_end(&w);
	const struct dav_question q = { .who = "anna", .method = "REPORT", .path = path, .head = head, .heads = 1,
		.body = body.data, .len = body.len };
	int status = dav_server_ask(s, &q, &answer);
	must(status == 207 || status == 400 || (status == 403 && strstr(answer.data, "valid-sync-token") != NULL));
	must(status != 207 || strstr(answer.data, "<D:sync-token>data:,") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dav_server server;
	cleanup_free char *text = copy_text(data, size);
	cleanup_buf struct buf token = { .data = NULL };

	if (size > 1000)
		return 0;
	buf_init(&token, 1 << 16);
	dav_server_fresh(&server);
	expand(text, strlen(text), &server, &token);
	check_reading(&server, HOME "calendar/", token.data);
	check_reading(&server, HOME, token.data);
	check_report(&server, HOME "calendar/", "1", token.data);
	check_report(&server, HOME, "1", token.data);
	check_report(&server, HOME, "infinite", token.data);
	return 0;
}
