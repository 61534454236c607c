#include "dav_server.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "policy/policy.h"

#define EVENT "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//fuzz//EN\r\nBEGIN:VEVENT\r\nUID:e\r\n" \
	"DTSTAMP:20260101T000000Z\r\nDTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\n" \
	"RRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:Marc Petit 80 €\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

enum { NOW = 1790000000 };

void must(int holds)
{
	if (!holds) {
		abort();
	}
}

static void add_account(struct dav_server *s, const char *name)
{
	static const char *const addresses[] = { "someone@example.org", NULL };
	struct account a = { .name = name, .displayname = name, .language = "en", .addresses = addresses,
		.password = "x", .generation = 1 };

	must(store_account_put(s->store, &a, NULL) == 0);
	must(dav_provision(s->store, name, NOW, NULL) == 0);
}

static void add_share(struct dav_server *s)
{
	cleanup_arena struct arena *mem = arena_create();
	struct collection c;

	must(store_collection(s->store, "anna", "calendar", mem, &c, NULL) == 0);
	struct share share = { .collection = c.id, .user = "marc", .access = SHARE_WRITE };
	must(store_share_put(s->store, &share, NULL) == 0);
}

void dav_server_start(struct dav_server *s)
{
	static bool once;
	struct err e;

	if (!once) {
		xml_init();
		must(zone_init(NULL, &e) == 0);
		once = true;
	}
	must(store_open("memory", NULL, NULL, &s->store, &e) == 0);
	s->dav = (struct dav){ .store = s->store, .policies = policy_none(),
		.settings = dav_default_settings };
	add_account(s, "anna");
	add_account(s, "marc");
	add_share(s);
	int status = dav_server_ask(s, "anna", "PUT", "/calendars/anna/calendar/e.ics", NULL, 0, EVENT,
		strlen(EVENT));
	must(status == 201);
}

void dav_server_stop(struct dav_server *s)
{
	policy_unload((struct policy_set *)s->dav.policies);
	store_close(s->store);
}

static void drain(struct response *res, struct buf *all)
{
	struct buf piece;
	int more;

	buf_init(&piece, 4096);
	do {
		buf_reset(&piece);
		more = res->next(res->next_arg, &piece);
		must(more >= 0);
		buf_add(all, piece.data, piece.len);
	} while (more);
	buf_finish(&piece);
}

static void check_answer(struct response *res, struct arena *mem)
{
	struct xml_limits limits = { .bytes = 64 << 20, .depth = 64, .nodes = 10000000, .tag = 1 << 22 };
	struct xml_node *root;
	struct buf all;

	must(res->status >= 200 && (res->status < 500 || res->status == 501 || res->status == 502
		|| res->status == 507));
	buf_init(&all, 64 << 20);
	if (res->next)
		drain(res, &all);
	else
		buf_add(&all, res->body.data, res->body.len);
	if (str_starts(all.data, "<?xml"))
		must(xml_parse(all.data, all.len, &limits, mem, &root, NULL) == 0);
	buf_finish(&all);
}

int dav_server_ask(struct dav_server *s, const char *who, const char *method, const char *path,
	const struct header *head, size_t heads, const char *body, size_t len)
{
	static const char *const addresses[] = { "someone@example.org", NULL };
	cleanup_arena struct arena *mem = arena_create();
	struct response res;
	struct request rq = { .mem = mem, .id = "1", .now = NOW, .method = method, .path = path, .head = head,
		.heads = heads, .body = body, .body_len = len, .address = "127.0.0.1", .secure = true,
		.who = { .name = who, .displayname = who, .language = "en", .addresses = addresses },
		.res = &res };

	response_init(&res, 1 << 20);
	dav_handle(&s->dav, &rq);
	check_answer(&res, mem);
	int status = res.status;
	response_finish(&res);
	return status;
}
