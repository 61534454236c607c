#include "tests/fuzz/dav_server.h"

#include "base/util.h"
#include "policy/account.h"
#include "policy/policy.h"
#include "tests/fuzz/fuzz.h"

#define CALENDAR(x) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//fuzz//EN\r\n" x "END:VCALENDAR\r\n"
#define OBJECT(kind, uid, x) \
	"BEGIN:" kind "\r\nUID:" uid "\r\nDTSTAMP:20260101T000000Z\r\n" x "END:" kind "\r\n"
#define SERIES CALENDAR(OBJECT("VEVENT", "e", "DTSTART;TZID=Europe/Paris:20261201T100000\r\n" \
	"DURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:Marc Petit 80 €\r\nCATEGORIES:work,x\r\n" \
	"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:soon\r\nEND:VALARM\r\n") \
	OBJECT("VEVENT", "e", "RECURRENCE-ID;TZID=Europe/Paris:20261208T100000\r\n" \
	"DTSTART;TZID=Europe/Paris:20261209T110000\r\nDURATION:PT1H\r\nSUMMARY:moved\r\n"))
#define BUSY CALENDAR(OBJECT("VEVENT", "f", "DTSTART;VALUE=DATE:20261203\r\nSUMMARY:away\r\n" \
	"CLASS:PRIVATE\r\n"))
#define TASK CALENDAR(OBJECT("VTODO", "t", "DUE:20261201T100000Z\r\nSUMMARY:task\r\nPRIORITY:1\r\n"))

enum { NOW = 1790000000 };

static const char *const *addresses_of(const char *name)
{
	static const char *const anna[] = { "anna@example.org", NULL }, *const marc[] = { "marc@example.org", NULL };

	return strcmp(name, "anna") == 0 ? anna : marc;
}

static void add_account(struct dav_server *s, const char *name)
{
	struct account a = { .name = name, .displayname = name, .language = "en", .addresses = addresses_of(name),
		.password = "x", .generation = 1 };

	must(store_account_put(s->store, &a, NULL) == 0);
	must(account_provision(s->store, &a, NOW, NULL) == 0);
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
	s->dav = (struct dav){ .store = s->store, .policies = policy_none(), .settings = dav_default_settings };
	/* so that work without end shows as such, not as slowness */
	s->dav.settings.ical.instances = 500;
	s->dav.settings.ical.steps = 20000;
	s->now = NOW;
	add_account(s, "anna");
	add_account(s, "marc");
	add_share(s);
	dav_server_put(s, "/calendars/anna/calendar/e.ics", SERIES);
	dav_server_put(s, "/calendars/anna/calendar/f.ics", BUSY);
	dav_server_put(s, "/calendars/anna/tasks/t.ics", TASK);
	s->changed = false;
}

void dav_server_stop(struct dav_server *s)
{
	policy_unload((struct policy_set *)s->dav.policies);
	store_close(s->store);
	*s = (struct dav_server){ 0 };
}

void dav_server_fresh(struct dav_server *s)
{
	if (s->store && !s->changed)
		return;
	if (s->store)
		dav_server_stop(s);
	dav_server_start(s);
}

static void drain(struct response *res, struct buf *all)
{
	struct buf piece;
	int more;

	buf_init(&piece, 1 << 20);
	do {
		buf_reset(&piece);
		more = res->next(res->next_arg, &piece);
		must(more >= 0);
		buf_add(all, piece.data, piece.len);
	} while (more);
	buf_finish(&piece);
}

static void check_answer(struct response *res, struct arena *mem, struct buf *all)
{
	struct xml_limits limits = { .bytes = 64 << 20, .depth = 64, .nodes = 10000000, .tag = 1 << 22 };
	struct xml_node *root;

	must(res->status >= 200 && (res->status < 500 || res->status == 501 || res->status == 502
		|| res->status == 507));
	buf_add(all, res->body.data, res->body.len);
	if (res->next)
		drain(res, all);
	if (str_starts(all->data, "<?xml"))
		must(xml_parse(all->data, all->len, &limits, mem, &root, NULL) == 0);
}

static bool only_reads(const char *method)
{
	static const char *const names[] = { "GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(method, names[i]) == 0)
			return true;
	return false;
}

/* Moves with anything that is changed in the two homes. */
static uint64_t state_of(struct dav_server *s)
{
	uint64_t anna, marc;

	must(store_home(s->store, "anna", NULL, NULL, &anna, NULL) == 0);
	must(store_home(s->store, "marc", NULL, NULL, &marc, NULL) == 0);
	return anna + marc;
}

int dav_server_ask(struct dav_server *s, const struct dav_question *q, struct buf *answer)
{
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf own = { .data = NULL };
	struct response res;
	struct request rq = { .mem = mem, .id = "1", .now = s->now, .method = q->method, .path = q->path,
		.head = q->head, .heads = q->heads, .body = q->len ? q->body : "", .body_len = q->len,
		.address = "127.0.0.1", .secure = true, .who = { .name = q->who, .displayname = q->who,
		.language = "en", .addresses = addresses_of(q->who) }, .res = &res };

	uint64_t before = state_of(s);
	buf_init(&own, 64 << 20);
	response_init(&res, 1 << 20);
	dav_handle(&s->dav, &rq);
	check_answer(&res, mem, answer ? answer : &own);
	int status = res.status;
	response_finish(&res);
	if (status < 300 && !only_reads(q->method))
		s->changed = true;
	else
		must(state_of(s) == before);
	return status;
}

void dav_server_put(struct dav_server *s, const char *path, const char *body)
{
	const struct dav_question q = { .who = "anna", .method = "PUT", .path = path, .body = body,
		.len = strlen(body) };

	must(dav_server_ask(s, &q, NULL) == 201);
}
