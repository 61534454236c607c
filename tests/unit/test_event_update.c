/*
 * event_put and its kin over the memory store: first with a module made for the test, then with the
 * built-in policy. Times are those of policy.md 3.7: Wednesday 2026-06-10 10:00 in Paris is 08:00Z.
 */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/util.h"
#include "policy/change.h"
#include "policy/fees.h"
#include "policy/host.h"
#include "policy/locks.h"
#include "policy/update.h"
#include "storage/backend.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\n"
#define TAIL "END:VEVENT\r\nEND:VCALENDAR\r\n"

struct fixture {
	struct store *store;
	struct arena *mem;
	struct policy_set *policies;
	struct collection work, home, other;   /* other: under the same policy as work */
	struct event_result result;
	struct err e;
	const char *who;                       /* account that acts */
	int64_t now;
};

static int64_t at(const char *text)
{
	int64_t when = 0;

	assert_int_equal(iso_date_parse(text, &when), 0);
	return when;
}

/* ---- a small policy ---- */

/*
 * Books a slot, charges 80 EUR for a cancellation less than a day before, but not the client's
 * first one. The title "no …" is refused, "broken …" fails, "wake …" asks for a wake at the start.
 * Remembers nothing itself.
 */
static const struct policy_host *host;

struct memory {
	int64_t slot;
	char class_[16], outcome[16], ref[REF_SIZE];
	uint32_t state;
	int count;
};

static int remember(const struct policy_incident *i, void *arg)
{
	struct memory *m = arg;

	if (m->slot && i->slot != m->slot)
		return 0;
	snprintf(m->class_, sizeof(m->class_), "%s", i->class_);
	snprintf(m->outcome, sizeof(m->outcome), "%s", i->outcome);
	snprintf(m->ref, sizeof(m->ref), "%s", i->ref);
	m->state = i->state;
	m->count += strcmp(i->class_, "late-cancel") == 0;
	return 0;
}

static int test_open(const struct policy_host *h, const char *name, const char *digest,
	const struct policy_setting *settings, size_t n, void **self, char *why, size_t why_size)
{
	host = h;
	return 0;
}

static int64_t test_horizon(void *self)
{
	return 10 * 86400;
}

static void test_close(void *self)
{
}

static int show_cancelled(struct policy_sink *s, const struct memory *m)
{
	host->annotate(s, POLICY_REF, NULL, m->ref);
	host->annotate(s, POLICY_TITLE_PREFIX, NULL, "✗ Late cancel 80.00 EUR");
	host->annotate(s, POLICY_NOTE_BLOCK, NULL, "Late cancellation.\nFee 80.00 EUR.");
	host->annotate(s, POLICY_TRANSP, NULL, "TRANSPARENT");
	host->annotate(s, POLICY_CATEGORY, NULL, "Late cancellation");
	return host->annotate(s, POLICY_PROPERTY, "X-DEDIT-CLASS", "LATE-CANCEL");
}

static int tell(struct policy_sink *s, const struct policy_change *c, const char *class_,
	int64_t slot, uint32_t state, const char *outcome)
{
	struct policy_incident i = { .size = sizeof(i),
		.state = state,
		.at = c->now,
		.slot = slot,
		.slot_end = slot + 3600,
		.acquired = strcmp(class_, "slot") == 0 ? c->now : 0,
		.class_ = class_,
		.outcome = outcome,
		.client = "client",
		.title = c->summary,
		.ref = *c->ref ? c->ref : c->fresh_ref,
		.currency = "EUR",
		.charge = state == POLICY_DUE ? 8000 : 0,
		.price = 8000,
		.policy = "test",
		.supersedes = state == POLICY_VOID ? c->ref : "" };

	return host->incident(s, &i);
}

static int late_cancel(const struct policy_change *c, struct policy_sink *s)
{
	struct memory client = { 0 };

	host->history(s,
		&(struct policy_query){ .size = sizeof(struct policy_query), .client = "client" },
		remember, &client);
	return client.count ? tell(s, c, "late-cancel", c->before.start, POLICY_DUE, "charged") :
		tell(s, c, "late-cancel", c->before.start, POLICY_DUE, "forgiven");
}

static int test_check(void *self, const struct policy_change *c, struct policy_sink *s)
{
	const struct policy_query mine = { .size = sizeof(mine), .uid = c->uid };
	int64_t start = c->kind == POLICY_CANCELLED ? c->before.start : c->after.start;
	bool late = c->now > c->before.start - 86400;
	struct memory m = { .slot = start };

	if (str_starts(c->summary, "broken"))
		return -1;
	if (str_starts(c->summary, "no ") && c->kind != POLICY_CHANGED)
		return host->deny(s, "not on my watch");
	if (str_starts(c->summary, "wake")) {
		host->wake(s, start);
	}
	host->history(s, &mine, remember, &m);
	if (c->kind == POLICY_BOOKED && m.state == POLICY_DUE) {
		tell(s, c, "reinstated", start, POLICY_VOID, "void");
	} else if (c->kind == POLICY_BOOKED || c->kind == POLICY_MOVED) {
		tell(s, c, "slot", start, POLICY_NONE, "");
	} else if (c->kind == POLICY_CANCELLED && c->role != POLICY_ADMIN && late) {
		late_cancel(c, s);
	} else if (c->kind == POLICY_TICK && (c->flags & POLICY_GONE)) {
		return tell(s, c, "late-cancel", c->before.start, POLICY_PAID, "charged");
	} else if (c->kind == POLICY_TICK) {
		host->annotate(s, POLICY_PROPERTY, "X-DEDIT-TICKED", "1");
	}
	m = (struct memory){ .slot = start };
	host->history(s, &mine, remember, &m);
	if ((c->flags & POLICY_SERIES) && !*c->occurrence) { /* the master */
		return host->annotate(
			s, POLICY_NOTE_BLOCK, NULL, "Free to cancel a day before each date.");
	}
	if (m.state == POLICY_DUE)
		return show_cancelled(s, &m);
	host->annotate(s, POLICY_REF, NULL, m.ref);
	return c->kind == POLICY_CANCELLED ?
		0 :
		host->annotate(s, POLICY_NOTE_BLOCK, NULL, "Free to cancel.");
}

static const struct policy_module test_module = {
	.abi = DEDIT_POLICY_ABI, .size = sizeof(test_module), .name = "test", .version = "1",
	.open = test_open, .horizon = test_horizon, .check = test_check, .close = test_close,
};

/* ---- fixture ---- */

static void make_calendar(struct fixture *f, const char *name, struct collection *out)
{
	const struct collection c = { .owner = "anna", .name = name, .components = ICAL_VEVENT };
	store_id id;

	assert_int_equal(store_collection_make(f->store, &c, NULL, 0, f->now, &id, &f->e), 0);
	assert_int_equal(store_collection(f->store, "anna", name, f->mem, out, &f->e), 0);
}

static int make_fixture(void **state)
{
	static const char *const addresses[] = { "anna@example.org", NULL };
	const struct account anna = { .name = "anna", .displayname = "Anna", .language = "en",
		.addresses = addresses };
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	f->mem = arena_create();
	f->now = at("2026-06-01T08:00:00Z");
	f->who = "client";
	if (zone_init(NULL, &f->e) || store_open("memory", NULL, NULL, &f->store, &f->e) ||
		store_account_put(f->store, &anna, &f->e)) {
		return -1;
	}
	make_calendar(f, "work", &f->work);
	make_calendar(f, "home", &f->home);
	make_calendar(f, "other", &f->other);
	return 0;
}

static int setup(void **state)
{
	if (make_fixture(state))
		return -1;
	struct fixture *f = *state;
	f->policies = policy_none();
	struct policy *p = f->policies->policies = arena_array(f->policies->mem, 1, sizeof(*p));
	*p = (struct policy){ .name = "test", .language = "en", .zone = zone_find("Europe/Paris"),
		.module = &test_module };
	f->policies->policy_count = 1;
	f->policies->calendars = arena_array(f->policies->mem, 2, sizeof(*f->policies->calendars));
	f->policies->calendars[0] = (struct policy_calendar){ "anna", "work", p };
	f->policies->calendars[1] = (struct policy_calendar){ "anna", "other", p };
	f->policies->calendar_count = 2;
	return test_open(&policy_host_v1, "test", "", NULL, 0, &p->self, NULL, 0);
}

static int setup_late(void **state)
{
	static const struct conf_schema *const sections[] = { &policy_schema, &calendar_schema,
		NULL };
	static const struct conf_schema file = { .sections = sections };
	static const char text[] =
		"policy \"therapy\" {\n timezone = \"Europe/Paris\"\n currency = EUR\n"
		" price-from = title\n owner-changes = client\n late-move = hold\n tiers = { \"48h 50%\", \"24h 100%\" }\n"
		" client \"marie\" { account = client }\n client \"marc petit\" { account = client }\n}\n"
		"calendar \"anna/work\" { policy = \"therapy\" }\ncalendar \"anna/other\" { policy = \"therapy\" }\n";
	const struct conf_section *root;

	if (make_fixture(state))
		return -1;
	struct fixture *f = *state;
	if (conf_parse(text, "test.conf", &file, &root, &f->e)) {
		fail_msg("%s", f->e.text);
	}
	if (policy_load(root, &(struct policy_options){ 0 }, &f->policies, &f->e)) {
		fail_msg("%s", f->e.text);
	}
	conf_destroy(root);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	policy_unload(f->policies);
	store_close(f->store);
	zone_finish();
	arena_destroy(f->mem);
	free_cleanup(&f);
	return 0;
}

/* ---- acting ---- */

static struct event_request request(struct fixture *f)
{
	return (struct event_request){ .store = f->store,
		.policies = f->policies,
		.limits = &ical_default_limits,
		.mem = f->mem,
		.now = f->now,
		.actor = { .name = f->who,
			.displayname = f->who,
			.admin = strcmp(f->who, "root") == 0 } };
}

static int try_put(
	struct fixture *f, const struct collection *c, const char *name, const char *body)
{
	struct event_request rq = request(f);
	struct event_where where = { c, name };

	return event_put(&rq, &where, body, strlen(body), &f->result, &f->e);
}

static void put(struct fixture *f, const char *name, const char *body)
{
	if (try_put(f, &f->work, name, body)) {
		fail_msg("%s", f->e.text);
	}
}

static int try_delete(struct fixture *f, const struct collection *c, const char *name)
{
	struct event_request rq = request(f);
	struct event_where where = { c, name };

	return event_delete(&rq, &where, &f->result, &f->e);
}

static int try_move(struct fixture *f, const struct collection *from, const char *name,
	const struct collection *to, const char *as, bool remove)
{
	struct event_request rq = request(f);

	return event_move(&rq, &(struct event_where){ from, name }, &(struct event_where){ to, as },
		remove, true, &f->result, &f->e);
}

static const char *stored(struct fixture *f, const struct collection *c, const char *name)
{
	struct object o;
	struct buf body cleanup_buf;

	buf_init(&body, 1 << 20);
	if (store_body(f->store, c->id, name, f->mem, &o, &body, &f->e))
		return NULL;
	return arena_strdup(f->mem, body.data);
}

static const char *value_of(struct fixture *f, const char *body, const char *name)
{
	struct ical *ic = NULL;

	assert_non_null(body);
	assert_int_equal(ical_parse(body, strlen(body), NULL, f->mem, &ic, &f->e), 0);
	const struct ical_line *l = ical_prop(ic, ical_first(ic), name);
	return l ? ical_text(l->value, f->mem) : NULL;
}

static const char *work_value(struct fixture *f, const char *name, const char *property)
{
	return value_of(f, stored(f, &f->work, name), property);
}

static const char *event(
	struct fixture *f, const char *uid, const char *title, const char *start, const char *more)
{
	return arena_printf(f->mem,
		HEAD "UID:%s\r\nDTSTAMP:20260601T000000Z\r\nDTSTART:%s\r\nDURATION:PT1H\r\n"
		     "SUMMARY:%s\r\n%s" TAIL,
		uid, start, title, more);
}

/* The standard appointment of the tests. */
#define START "20260610T080000Z"
static const char *marie(struct fixture *f, const char *more)
{
	return event(f, "u1", "Marie 80€", START, more);
}

static struct fee_list fees(struct fixture *f)
{
	struct fee_list list;

	assert_int_equal(fees_list(f->store, &(struct fee_filter){ 0 }, f->mem, &list, &f->e), 0);
	return list;
}

static int64_t owed(struct fixture *f)
{
	struct fee_list list = fees(f);
	int64_t total = 0;

	for (size_t n = 0; n < list.count; n++) {
		total += list.fees[n].state == POLICY_DUE ? list.fees[n].incident.charge : 0;
	}
	return total;
}

static int count_row(const struct ledger_row *row, void *arg)
{
	++*(int *)arg;
	return 0;
}

static int ledger_size(struct fixture *f)
{
	int count = 0;

	assert_int_equal(
		store_ledger(f->store, &(struct ledger_query){ 0 }, count_row, &count, &f->e), 0);
	return count;
}

static int take_name(const struct object *o, void *arg)
{
	struct { struct fixture *f; const char *name; int count; } *found = arg;

	found->name = arena_strdup(found->f->mem, o->name);
	found->count++;
	return 0;
}

/* How many entries Fees has, and the last one's name. */
static int fee_entries(struct fixture *f, struct collection *calendar, const char **name)
{
	struct { struct fixture *f; const char *name; int count; } found = { f, NULL, 0 };

	if (store_collection(f->store, "anna", FEES_CALENDAR, f->mem, calendar, &f->e))
		return 0;
	assert_int_equal(store_list(f->store, calendar->id, 0, INT64_MIN, INT64_MAX, take_name,
				 &found, NULL, &f->e),
		0);
	*name = found.name;
	return found.count;
}

/* ---- without a policy ---- */

static void test_bytes_are_kept_without_policy(void **state)
{
	struct fixture *f = *state;
	const char *body = marie(
		f, "X-DEDIT-FEE:1\r\nDESCRIPTION:=== 7F3K-2Q9M · do not edit below ===\\n\r\n");

	assert_int_equal(try_put(f, &f->home, "a.ics", body), 0);
	assert_true(f->result.created);
	assert_true(f->result.exact);
	assert_string_equal(stored(f, &f->home, "a.ics"), body);
	const char *etag = arena_strdup(f->mem, f->result.etag);
	assert_int_equal(try_put(f, &f->home, "a.ics", body), 0);
	assert_true(f->result.unchanged);
	assert_true(f->result.exact);
	assert_false(f->result.created);
	assert_string_equal(f->result.etag, etag);
	assert_int_equal(try_delete(f, &f->home, "a.ics"), 0);
	assert_null(stored(f, &f->home, "a.ics"));
	assert_int_equal(try_delete(f, &f->home, "a.ics"), -1);
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	assert_int_equal(ledger_size(f), 0);
}

static void test_bad_bodies(void **state)
{
	struct fixture *f = *state;
	static const char todo[] =
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t\r\n"
		"DTSTAMP:20260601T000000Z\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";

	assert_int_equal(try_put(f, &f->work, "a.ics", "hello"), -1);
	assert_int_equal(f->e.code, ERR_SYNTAX);
	assert_int_equal(try_put(f, &f->work, "a.ics", todo), -1);
	assert_int_equal(f->e.code, ERR_COMPONENT);
	put(f, "a.ics", marie(f, ""));
	assert_int_equal(try_put(f, &f->work, "b.ics", marie(f, "")), -1);
	assert_int_equal(f->e.code, ERR_UID_TAKEN);
	assert_string_equal(f->result.conflict, "a.ics");
	assert_int_equal(try_put(f, &f->work, "a.ics", event(f, "u2", "Marie", START, "")), -1);
	assert_int_equal(f->e.code, ERR_UID_TAKEN);
	assert_null(stored(f, &f->work, "b.ics"));
}

/* ---- objects that can't be read ---- */

static const struct store_ops *intact;

static int broken_body(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e)
{
	if (intact->body(s, collection, name, mem, out, body, e))
		return -1;
	buf_reset(body);
	return err_set(e, ERR_BROKEN, "%s was changed by another hand", name);
}

static int same_etag(const struct object *there, void *arg, struct err *e)
{
	return there && strcmp(there->etag, arg) == 0 ? 0 : err_set(e, ERR_CHANGED, "If-Match");
}

/* In or out of a policy: replaced under its ETag, then removed. */
static void check_broken(struct fixture *f, const struct collection *calendar)
{
	struct event_where where = { calendar, "a.ics" };
	const char *body = marie(f, "LOCATION:Lyon\r\n");
	struct event_request rq = request(f);
	struct store_ops ops;

	assert_int_equal(try_put(f, calendar, "a.ics", marie(f, "")), 0);
	rq.precondition = same_etag;
	rq.arg = arena_strdup(f->mem, f->result.etag);
	intact = f->store->ops;
	ops = *intact;
	ops.body = broken_body;
	f->store->ops = &ops;
	assert_int_equal(try_move(f, calendar, "a.ics", &f->other, "m.ics", true), -1);
	assert_int_equal(f->e.code, ERR_BROKEN);
	assert_int_equal(event_put(&rq, &where, body, strlen(body), &f->result, &f->e), 0);
	assert_false(f->result.created);
	assert_int_equal(event_put(&rq, &where, body, strlen(body), &f->result, &f->e), -1);
	assert_int_equal(f->e.code, ERR_CHANGED);
	f->store->ops = intact;
	assert_non_null(strstr(stored(f, calendar, "a.ics"), "Lyon"));
	f->store->ops = &ops;
	assert_int_equal(try_put(f, calendar, "a.ics", body), 0);
	assert_false(f->result.unchanged); /* the same bytes mend the file */
	assert_int_equal(try_delete(f, calendar, "a.ics"), 0);
	f->store->ops = intact;
	assert_null(stored(f, calendar, "a.ics"));
	assert_int_equal(fees(f).count, 0);
}

static void test_broken_objects(void **state)
{
	struct fixture *f = *state;

	check_broken(f, &f->home);
	check_broken(f, &f->work);
}

static int withheld_body(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e)
{
	return err_set(e, ERR_DEVICE, "read %s: Input/output error", name);
}

/* What the disk may give later is not for nothing meanwhile: a late cancellation would cost nothing. */
static void test_withheld_objects(void **state)
{
	struct fixture *f = *state;
	struct store_ops ops;

	assert_int_equal(try_put(f, &f->work, "a.ics", marie(f, "")), 0);
	intact = f->store->ops;
	ops = *intact;
	ops.body = withheld_body;
	f->store->ops = &ops;
	assert_int_equal(try_delete(f, &f->work, "a.ics"), -1);
	assert_int_equal(f->e.code, ERR_DEVICE);
	assert_int_equal(try_put(f, &f->work, "a.ics", marie(f, "STATUS:CANCELLED\r\n")), -1);
	assert_int_equal(f->e.code, ERR_DEVICE);
	f->store->ops = intact;
	assert_null(strstr(stored(f, &f->work, "a.ics"), "CANCELLED"));
}

static int never(const struct object *there, void *arg, struct err *e)
{
	return there ? err_set(e, ERR_CHANGED, "If-None-Match") : 0;
}

static void test_precondition(void **state)
{
	struct fixture *f = *state;
	struct event_request rq = request(f);
	struct event_where where = { &f->work, "a.ics" };
	const char *body = marie(f, "");

	rq.precondition = never;
	assert_int_equal(event_put(&rq, &where, body, strlen(body), &f->result, &f->e), 0);
	assert_int_equal(event_put(&rq, &where, body, strlen(body), &f->result, &f->e), -1);
	assert_int_equal(f->e.code, ERR_CHANGED);
	assert_int_equal(event_delete(&rq, &where, &f->result, &f->e), -1);
	assert_int_equal(f->e.code, ERR_CHANGED);
	assert_non_null(stored(f, &f->work, "a.ics"));
}

/* ---- with the test's policy ---- */

static void test_booking_gets_its_block(void **state)
{
	struct fixture *f = *state;

	put(f, "a.ics", marie(f, ""));
	assert_true(f->result.created);
	assert_false(f->result.exact);
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "Free to cancel."));
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "do not edit below"));
	assert_int_equal(ledger_size(f), 1); /* slot and rendering in one row */
}

static void test_repeated_put_changes_nothing(void **state)
{
	struct fixture *f = *state;

	put(f, "a.ics", marie(f, ""));
	const char *etag = arena_strdup(f->mem, f->result.etag),
		   *body = stored(f, &f->work, "a.ics");
	put(f, "a.ics", marie(f, ""));
	assert_true(f->result.unchanged);
	assert_false(f->result.exact);
	assert_string_equal(f->result.etag, etag);
	put(f, "a.ics", body);
	assert_true(f->result.unchanged);
	assert_true(f->result.exact);
	assert_int_equal(ledger_size(f), 1);
}

static void test_late_cancel_and_back(void **state)
{
	struct fixture *f = *state;
	struct collection calendar;
	const char *entry;

	put(f, "a.ics", marie(f, "TRANSP:OPAQUE\r\n"));
	f->now = at("2026-06-10T05:00:00Z");
	put(f, "a.ics", marie(f, "TRANSP:OPAQUE\r\nSTATUS:CANCELLED\r\n"));
	assert_string_equal(
		work_value(f, "a.ics", "SUMMARY"), "✗ Late cancel 80.00 EUR · Marie 80€");
	assert_string_equal(work_value(f, "a.ics", "TRANSP"), "TRANSPARENT");
	assert_string_equal(work_value(f, "a.ics", "CATEGORIES"), "Late cancellation");
	assert_int_equal(owed(f), 8000);
	assert_int_equal(fee_entries(f, &calendar, &entry), 1);

	/* the same again, and as the server wrote it */
	int rows = ledger_size(f);
	put(f, "a.ics", marie(f, "TRANSP:OPAQUE\r\nSTATUS:CANCELLED\r\n"));
	assert_true(f->result.unchanged);
	put(f, "a.ics", stored(f, &f->work, "a.ics"));
	assert_true(f->result.unchanged);
	assert_int_equal(ledger_size(f), rows);

	/* taken back by a program that keeps what the server wrote beside it */
	put(f, "a.ics",
		marie(f,
			"TRANSP:TRANSPARENT\r\nCATEGORIES:Late cancellation\r\nSTATUS:CONFIRMED\r\n"));
	assert_string_equal(work_value(f, "a.ics", "SUMMARY"), "Marie 80€");
	assert_string_equal(work_value(f, "a.ics", "TRANSP"), "OPAQUE");
	assert_null(work_value(f, "a.ics", "CATEGORIES"));
	assert_int_equal(owed(f), 0);
	assert_int_equal(fee_entries(f, &calendar, &entry), 0);

	/* and cancelled once more: a new incident under the old reference */
	put(f, "a.ics", marie(f, "STATUS:CANCELLED\r\n"));
	assert_int_equal(owed(f), 8000);
	assert_int_equal(fee_entries(f, &calendar, &entry), 1);
}

static void test_delete_leaves_an_entry_in_fees(void **state)
{
	struct fixture *f = *state;
	struct collection calendar;
	const char *entry;

	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T05:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_false(f->result.denied);
	assert_null(stored(f, &f->work, "a.ics"));
	assert_int_equal(owed(f), 8000);
	assert_int_equal(fee_entries(f, &calendar, &entry), 1);
	const char *body = stored(f, &calendar, entry);
	assert_string_equal(value_of(f, body, "SUMMARY"), "✗ Late cancel 80.00 EUR · Marie 80€");
	assert_string_equal(value_of(f, body, "RELATED-TO"), "u1");
	assert_string_equal(value_of(f, body, "DTSTART"), START);
	assert_string_equal(value_of(f, body, "TRANSP"), "TRANSPARENT");
	assert_string_equal(value_of(f, body, "CLASS"), "CONFIDENTIAL");
	assert_non_null(strstr(value_of(f, body, "DESCRIPTION"), "Fee 80.00 EUR."));
	assert_true(str_starts(value_of(f, body, "UID"), arena_printf(f->mem, "fee-%.9s@", entry)));
	assert_true(calendar.flags & COLL_FEES);
	assert_int_equal(try_delete(f, &f->work, "a.ics"), -1);
	assert_int_equal(owed(f), 8000);
}

static void test_entries_of_fees_are_the_servers(void **state)
{
	struct fixture *f = *state;
	struct collection calendar;
	const char *entry;

	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T05:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(fee_entries(f, &calendar, &entry), 1);
	f->who = "anna";
	const char *body = stored(f, &calendar, entry);
	assert_int_equal(
		try_put(f, &calendar, entry, event(f, "u1", "nothing owed", START, "")), 0);
	assert_true(f->result.unchanged);
	assert_false(f->result.exact);
	assert_string_equal(stored(f, &calendar, entry), body);
	assert_int_equal(try_put(f, &calendar, entry, body), 0);
	assert_true(f->result.exact);
	assert_int_equal(try_put(f, &calendar, "new.ics", marie(f, "")), -1);
	assert_int_equal(f->e.code, ERR_DENIED);
	assert_int_equal(try_move(f, &calendar, entry, &f->home, "x.ics", true), -1);
	assert_int_equal(f->e.code, ERR_DENIED);
	assert_int_equal(try_delete(f, &calendar, entry), 0);
	assert_int_equal(fee_entries(f, &calendar, &entry), 0);
	assert_int_equal(owed(f), 8000); /* hidden, the money unchanged */
}

static void test_roles(void **state)
{
	struct fixture *f = *state;
	struct event_actor actor = { .name = "anna" };

	assert_int_equal(owed(f), 0);
	f->who = "root";
	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T05:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 0); /* the administrator's hand is nobody's */
	actor.external = true;
	struct event_request rq = request(f);
	rq.actor = actor;
	const char *body = marie(f, "");
	assert_int_equal(event_put(&rq, &(struct event_where){ &f->work, "b.ics" }, body,
				 strlen(body), &f->result, &f->e),
		0);
	assert_int_equal(
		event_delete(&rq, &(struct event_where){ &f->work, "b.ics" }, &f->result, &f->e),
		0);
	assert_int_equal(owed(f), 0);
}

static void test_no_appointment_is_left_alone(void **state)
{
	struct fixture *f = *state;
	const char *const bodies[] = {
		event(f, "n1", "Marie", START, "TRANSP:TRANSPARENT\r\n"),
		event(f, "n2", "Marie", START, "STATUS:TENTATIVE\r\n"),
		event(f, "n3", "Marie", START, "STATUS:CANCELLED\r\n"),
		event(f, "n4", "", START, ""),
		event(f, "n5", "Group", START, "TRANSP:TRANSPARENT\r\n"
			"ATTENDEE:mailto:a@x.org\r\nATTENDEE:mailto:b@x.org\r\n"),
	};

	for (size_t n = 0; n < ARRAY_SIZE(bodies); n++) {
		put(f, arena_printf(f->mem, "%zu.ics", n), bodies[n]);
		assert_true(f->result.exact);
	}
	assert_int_equal(ledger_size(f), 0);
	/* owner and room are no clients */
	put(f, "c.ics", event(f, "n6", "x", START, "ATTENDEE:mailto:Anna@example.org\r\n"
		"ATTENDEE;CUTYPE=ROOM:mailto:room@x.org\r\nATTENDEE:mailto:C@x.org\r\n"));
	assert_int_equal(ledger_size(f), 1);
}

static void test_ways_around_a_cancellation(void **state)
{
	struct fixture *f = *state;
	const char *const ways[] = { "TRANSP:TRANSPARENT\r\n", "STATUS:TENTATIVE\r\n" };

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		const char *name = arena_printf(f->mem, "%zu.ics", n),
			   *uid = arena_printf(f->mem, "w%zu", n);

		f->now = at("2026-06-01T08:00:00Z");
		put(f, name, event(f, uid, "Marie", START, ""));
		f->now = at("2026-06-10T05:00:00Z");
		put(f, name, event(f, uid, "Marie", START, ways[n]));
		assert_int_equal(owed(f), 8000 * (int64_t)(n + 1));
	}
	/* a second guest makes no group of it */
	f->now = at("2026-06-01T08:00:00Z");
	put(f, "g.ics", event(f, "g", "Marie", START, "ATTENDEE:mailto:a@x.org\r\n"));
	f->now = at("2026-06-10T05:00:00Z");
	put(f, "g.ics",
		event(f, "g", "Marie", START,
			"ATTENDEE:mailto:a@x.org\r\nATTENDEE:mailto:b@x.org\r\n"));
	assert_int_equal(try_delete(f, &f->work, "g.ics"), 0);
	assert_int_equal(owed(f), 24000);
}

static void test_exchanged_client(void **state)
{
	struct fixture *f = *state;

	put(f, "a.ics", event(f, "x", "Hour", START, "ATTENDEE:mailto:a@x.org\r\n"));
	f->now = at("2026-06-10T05:00:00Z");
	put(f, "a.ics", event(f, "x", "Hour", START, "ATTENDEE:mailto:b@x.org\r\n"));
	assert_int_equal(owed(f), 8000);
}

static void test_series(void **state)
{
	struct fixture *f = *state;
	const char *rule = "RRULE:FREQ=WEEKLY;COUNT=4\r\n";

	put(f, "s.ics", event(f, "s", "Marie", "20260603T080000Z", rule));
	f->now = at("2026-06-09T12:00:00Z");
	put(f, "s.ics",
		event(f, "s", "Marie", "20260603T080000Z",
			arena_printf(f->mem, "%sEXDATE:" START "\r\n", rule)));
	assert_int_equal(owed(f), 8000);
	struct fee_list list = fees(f);
	assert_string_equal(list.fees[0].incident.occurrence, START);
	assert_int_equal(list.fees[0].incident.slot, at("2026-06-10T08:00:00Z"));
	assert_int_equal(try_delete(f, &f->work, "s.ics"), 0);
	assert_int_equal(
		owed(f), 8000); /* the next date is eight days off, past ones are never touched */
}

static void test_cancelled_date_keeps_its_annotation(void **state)
{
	struct fixture *f = *state;
	const char *body = event(f, "s", "Marie", "20260603T080000Z",
		"RRULE:FREQ=WEEKLY;COUNT=4\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:s\r\nRECURRENCE-ID:" START "\r\nDTSTART:" START
		"\r\nSUMMARY:Marie\r\n"
		"STATUS:CANCELLED\r\n");

	put(f, "s.ics",
		event(f, "s", "Marie", "20260603T080000Z", "RRULE:FREQ=WEEKLY;COUNT=4\r\n"));
	f->now = at("2026-06-09T12:00:00Z");
	put(f, "s.ics", body);
	assert_non_null(
		strstr(stored(f, &f->work, "s.ics"), "SUMMARY:✗ Late cancel 80.00 EUR · Marie"));
	f->now = at("2026-09-09T12:00:00Z"); /* long over, still written */
	put(f, "s.ics", body);
	assert_true(f->result.unchanged);
}

static void test_refused_put(void **state)
{
	struct fixture *f = *state;

	put(f, "n.ics", event(f, "n", "no way", START, ""));
	assert_true(f->result.denied);
	assert_string_equal(f->result.reason, "not on my watch");
	assert_string_equal(work_value(f, "n.ics", "STATUS"), "CANCELLED");
	assert_non_null(
		strstr(work_value(f, "n.ics", "DESCRIPTION"), "Change refused: not on my watch"));
	assert_int_equal(owed(f), 0);

	put(f, "a.ics", marie(f, ""));
	const char *etag = arena_strdup(f->mem, f->result.etag);
	put(f, "a.ics", event(f, "u1", "no way", "20260611T080000Z", ""));
	assert_true(f->result.denied);
	assert_false(f->result.exact);
	assert_string_not_equal(f->result.etag, etag);
	assert_string_equal(work_value(f, "a.ics", "DTSTART"), START);
	assert_string_equal(work_value(f, "a.ics", "SUMMARY"), "Marie 80€");
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "not on my watch"));
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "Free to cancel."));
	/* the note goes with the next change */
	put(f, "a.ics", stored(f, &f->work, "a.ics"));
	assert_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "not on my watch"));
}

static void test_refused_delete(void **state)
{
	struct fixture *f = *state;

	f->who = "root";
	assert_int_equal(try_put(f, &f->home, "n.ics", event(f, "n", "no way", START, "")), 0);
	const struct policy *p = f->policies->calendars[0].policy;
	f->policies->calendars[0].policy = NULL; /* not yet under the policy */
	put(f, "n.ics", event(f, "n", "no way", START, ""));
	f->policies->calendars[0].policy = p;
	const char *etag = arena_strdup(f->mem, f->result.etag);
	f->who = "client";
	assert_int_equal(try_delete(f, &f->work, "n.ics"), 0);
	assert_true(f->result.denied);
	assert_string_not_equal(f->result.etag, etag);
	assert_non_null(strstr(work_value(f, "n.ics", "DESCRIPTION"), "not on my watch"));
	struct event_request rq = request(f);
	assert_int_equal(event_delete_calendar(&rq, &f->work, &f->result, &f->e), 0);
	assert_true(f->result.denied);
	assert_non_null(stored(f, &f->work, "n.ics"));
}

static void test_failing_module(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(try_put(f, &f->work, "b.ics", event(f, "b", "broken", START, "")), -1);
	assert_int_equal(f->e.code, ERR_BUSY);
	assert_null(stored(f, &f->work, "b.ics"));
	f->policies->policies[0].allow_on_error = true;
	put(f, "b.ics", event(f, "b", "broken", START, ""));
	assert_true(f->result.exact);
}

static void test_moves_between_calendars(void **state)
{
	struct fixture *f = *state;

	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T05:00:00Z");
	/* within the policy the slot lives on */
	assert_int_equal(try_move(f, &f->work, "a.ics", &f->other, "a.ics", true), 0);
	assert_true(f->result.created);
	assert_int_equal(owed(f), 0);
	assert_non_null(strstr(
		value_of(f, stored(f, &f->other, "a.ics"), "DESCRIPTION"), "Free to cancel."));
	/* out of it, a copy has no rendering */
	assert_int_equal(try_move(f, &f->other, "a.ics", &f->home, "copy.ics", false), 0);
	assert_string_equal(stored(f, &f->home, "copy.ics"), marie(f, ""));
	assert_int_equal(owed(f), 0);
	/* and a move is a cancellation */
	assert_int_equal(try_move(f, &f->other, "a.ics", &f->home, "copy.ics", true), 0);
	assert_false(f->result.created);
	assert_int_equal(owed(f), 8000);
	assert_null(stored(f, &f->other, "a.ics"));
	assert_string_equal(stored(f, &f->home, "copy.ics"), marie(f, ""));
	/* back again: reinstated */
	assert_int_equal(try_move(f, &f->home, "copy.ics", &f->work, "b.ics", true), 0);
	assert_int_equal(owed(f), 0);
}

static void test_put_there_then_delete_here(void **state)
{
	struct fixture *f = *state;

	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T05:00:00Z");
	assert_int_equal(try_put(f, &f->other, "a.ics", stored(f, &f->work, "a.ics")), 0);
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 0);
	assert_int_equal(try_delete(f, &f->other, "a.ics"), 0);
	assert_int_equal(owed(f), 8000);
}

static void test_copy_by_a_program(void **state)
{
	struct fixture *f = *state;

	put(f, "a.ics", marie(f, "DESCRIPTION:mine\r\n"));
	f->now = at("2026-06-10T05:00:00Z");
	put(f, "a.ics", marie(f, "DESCRIPTION:mine\r\nSTATUS:CANCELLED\r\n"));
	char *copy = arena_strdup(f->mem, stored(f, &f->work, "a.ics"));
	memcpy(strstr(copy, "UID:u1"), "UID:u9", 6);
	memcpy(strstr(copy, "STATUS:CANCELLED"), "STATUS:CONFIRMED", 16);
	put(f, "copy.ics", copy);
	assert_string_equal(work_value(f, "copy.ics", "SUMMARY"), "Marie 80€");
	assert_true(str_starts(work_value(f, "copy.ics", "DESCRIPTION"), "mine\n\n=== "));
	assert_null(strstr(work_value(f, "copy.ics", "DESCRIPTION"), "Late cancellation."));
	assert_null(work_value(f, "copy.ics", "TRANSP"));
}

static void test_deleted_calendar(void **state)
{
	struct fixture *f = *state;
	struct event_request rq;
	struct collection gone;

	put(f, "a.ics", marie(f, ""));
	put(f, "b.ics", event(f, "u2", "Paul", "20260610T100000Z", ""));
	put(f, "c.ics", event(f, "u3", "Past", "20260602T100000Z", ""));
	f->now = at("2026-06-10T05:00:00Z");
	rq = request(f);
	assert_int_equal(event_delete_calendar(&rq, &f->work, &f->result, &f->e), 0);
	assert_int_equal(owed(f), 16000);
	assert_int_equal(store_collection(f->store, "anna", "work", f->mem, &gone, &f->e), -1);
	struct fee_list list = fees(f);
	assert_string_equal(
		list.fees[0].incident.outcome, "forgiven"); /* the second one saw the first */
	assert_string_equal(list.fees[1].incident.outcome, "charged");
}

struct cancellation { struct fixture *f; const char *name, *body; int status; };

static void *cancel_thread(void *arg)
{
	struct cancellation *c = arg;
	struct arena *mem cleanup_arena = arena_create();
	struct event_request rq = request(c->f);
	struct event_result result;
	struct err e;

	rq.mem = mem;
	c->status = event_put(&rq, &(struct event_where){ &c->f->work, c->name }, c->body,
		strlen(c->body), &result, &e);
	return NULL;
}

static sem_t paused;

static void note_session(struct store *s, enum store_session what)
{
	if (what == SESSION_PAUSE)
		sem_post(&paused);
}

/* Who waits for an owner holds nothing in the store meanwhile; who needn't wait keeps its session. */
static void test_waiting_pauses_the_session(void **state)
{
	struct fixture *f = *state;
	struct cancellation job = { .f = f, .name = "a.ics", .body = marie(f, "") };
	struct store_ops ops = *f->store->ops;
	const struct store_ops *own = f->store->ops;
	struct timespec until;
	struct owner_hold hold;
	pthread_t thread;
	int value;

	sem_init(&paused, 0, 0);
	ops.session = note_session;
	f->store->ops = &ops;
	put(f, "b.ics", event(f, "u2", "Marie", START, ""));
	assert_int_equal(sem_getvalue(&paused, &value), 0);
	assert_int_equal(value, 0);
	owner_lock(f->policies->locks, "anna", NULL, true, &hold);
	assert_int_equal(pthread_create(&thread, NULL, cancel_thread, &job), 0);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	int waited = sem_timedwait(&paused, &until);
	owner_unlock(&hold);
	pthread_join(thread, NULL);
	assert_int_equal(waited, 0);
	assert_int_equal(job.status, 0);
	f->store->ops = own;
	sem_destroy(&paused);
}

static void test_cancellations_at_once(void **state)
{
	enum { THREADS = 8 };
	struct fixture *f = *state;
	struct cancellation jobs[THREADS];
	pthread_t threads[THREADS];
	size_t forgiven = 0;

	for (size_t n = 0; n < THREADS; n++) {
		const char *uid = arena_printf(f->mem, "t%zu", n);

		jobs[n] = (struct cancellation){ .f = f, .name = arena_printf(f->mem, "%zu.ics", n),
			.body = event(f, uid, "Marie", START, "STATUS:CANCELLED\r\n") };
		put(f, jobs[n].name, event(f, uid, "Marie", START, ""));
	}
	f->now = at("2026-06-10T05:00:00Z");
	for (size_t n = 0; n < THREADS; n++) {
		assert_int_equal(pthread_create(&threads[n], NULL, cancel_thread, &jobs[n]), 0);
	}
	for (size_t n = 0; n < THREADS; n++) {
		pthread_join(threads[n], NULL);
		assert_int_equal(jobs[n].status, 0);
	}
	struct fee_list list = fees(f);
	assert_int_equal(list.count, THREADS);
	for (size_t n = 0; n < list.count; n++) {
		forgiven += strcmp(list.fees[n].incident.outcome, "forgiven") == 0;
	}
	assert_int_equal(forgiven, 1); /* each saw those before it */
}

static int take_wake(const struct wake *w, void *arg)
{
	*(int64_t *)arg = w->at;
	return 0;
}

static void test_wake_and_tick(void **state)
{
	struct fixture *f = *state;
	int64_t when = 0, next;

	put(f, "w.ics", event(f, "w", "wake me", START, ""));
	assert_int_equal(store_wakes(f->store, INT64_MAX, take_wake, &when, &next, &f->e), 0);
	assert_int_equal(when, at("2026-06-10T08:00:00Z"));
	f->now = when;
	f->who = "";
	struct event_request rq = request(f);
	assert_int_equal(event_tick(&rq, &(struct event_where){ &f->work, "w.ics" }, &f->e), 0);
	assert_string_equal(work_value(f, "w.ics", "X-DEDIT-TICKED"), "1");
	assert_int_equal(event_tick(&rq, &(struct event_where){ &f->work, "gone.ics" }, &f->e), 0);
}

static void test_wake_for_a_deleted_event(void **state)
{
	struct fixture *f = *state;
	struct collection calendar;
	const char *entry;
	int64_t when, next;

	put(f, "w.ics", event(f, "w", "wake me", START, ""));
	f->now = at("2026-06-10T05:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "w.ics"), 0);
	assert_int_equal(store_wakes(f->store, INT64_MAX, take_wake, &when, &next, &f->e), 0);
	assert_int_equal(fee_entries(f, &calendar, &entry), 1);
	f->who = "";
	struct event_request rq = request(f);
	assert_int_equal(event_tick(&rq, &(struct event_where){ &calendar, entry }, &f->e), 0);
	assert_int_equal(fees(f).count, 1);
	assert_string_equal(fees(f).fees[0].state_name, "paid");
	assert_int_equal(fee_entries(f, &calendar, &entry), 1);
}

static int last_when(const struct ledger_row *row, void *arg)
{
	*(int64_t *)arg = row->when;
	return 0;
}

static void test_clock_set_back(void **state)
{
	struct fixture *f = *state;
	int64_t when = 0;

	put(f, "a.ics", marie(f, ""));
	f->now -= 120;
	put(f, "b.ics", event(f, "u2", "Paul", START, ""));
	assert_int_equal(store_ledger(f->store, &(struct ledger_query){ .owner = "anna" },
				 last_when, &when, &f->e),
		0);
	assert_int_equal(when, at("2026-06-01T08:00:00Z"));
}

/* ---- with the built-in policy ---- */

static void test_late_book_and_cancel_in_time(void **state)
{
	struct fixture *f = *state;
	struct collection calendar;
	const char *entry;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "8 June 2026 10:00"));
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "80.00 EUR"));
	assert_string_equal(work_value(f, "a.ics", "X-DEDIT-FREE-UNTIL"), "20260608T080000Z");
	f->who = "client";
	f->now = at("2026-06-08T08:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 0);
	assert_int_equal(fee_entries(f, &calendar, &entry), 0);
}

/* 15.1, 15.4: a title counts as the owner's only if the owner or one who acts for the owner wrote it. */
static void test_late_delegate(void **state)
{
	static const struct {
		enum share_access access;
		const char *who, *title;
		bool counts;
	} rows[] = {
		{ SHARE_WRITE, "helper", "Marie 80 €", true },
		{ SHARE_READ, "helper", "Luc 80 €", false },
		{ SHARE_NONE, "helper", "Ida 80 €", false },
		{ SHARE_WRITE, "root", "Bea 80 €", true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct delegation d = { "anna", rows[i].who, rows[i].access };

		assert_int_equal(store_delegation_put(f->store, &d, &f->e), 0);
		f->who = rows[i].who;
		put(f, "a.ics", event(f, arena_printf(f->mem, "u%zu", i), rows[i].title, START, ""));
		const char *note = work_value(f, "a.ics", "DESCRIPTION");
		assert_int_equal(strstr(note, "80.00 EUR") != NULL, rows[i].counts);
		f->who = "anna";
		assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	}
}

static void test_role_of_a_delegate(void **state)
{
	const struct event_actor helper = { .name = "helper" }, anna = { .name = "anna" },
		root = { .name = "root", .admin = true }, file = { .name = "", .admin = true, .external = true };

	(void)state;
	assert_int_equal(change_role(&helper, "anna", true), POLICY_DELEGATE);
	assert_int_equal(change_role(&helper, "anna", false), POLICY_CLIENT);
	assert_int_equal(change_role(&root, "anna", true), POLICY_DELEGATE);
	assert_int_equal(change_role(&root, "anna", false), POLICY_ADMIN);
	assert_int_equal(change_role(&anna, "anna", true), POLICY_OWNER);
	assert_int_equal(change_role(&file, "anna", false), POLICY_ADMIN);
}

static void test_late_status(void **state)
{
	struct fixture *f = *state;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->who = "client";
	f->now = at("2026-06-09T12:00:00Z");
	put(f, "a.ics", marie(f, "STATUS:CANCELLED\r\n"));
	assert_false(f->result.exact);
	assert_int_equal(owed(f), 8000);
	assert_string_equal(
		work_value(f, "a.ics", "SUMMARY"), "✗ Late cancel 80.00 EUR · Marie 80€");
	assert_string_equal(work_value(f, "a.ics", "X-DEDIT-FEE"), "80.00");
	int rows = ledger_size(f);
	put(f, "a.ics", stored(f, &f->work, "a.ics"));
	assert_true(f->result.unchanged);
	assert_true(f->result.exact);
	put(f, "a.ics", marie(f, "STATUS:CANCELLED\r\n"));
	assert_true(f->result.unchanged);
	assert_int_equal(ledger_size(f), rows);
	/* deleted later: nothing is added */
	f->now = at("2026-06-10T05:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 8000);
}

static void test_late_delete_and_again(void **state)
{
	struct fixture *f = *state;
	struct collection calendar;
	const char *entry;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->who = "client";
	f->now = at("2026-06-09T12:00:00Z");
	const char *body = stored(f, &f->work, "a.ics");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 8000);
	assert_int_equal(fee_entries(f, &calendar, &entry), 1);
	assert_string_equal(value_of(f, stored(f, &calendar, entry), "SUMMARY"),
		"✗ Late cancel 80.00 EUR · Marie");
	/* deleted and made again by the phone */
	f->now += 60;
	put(f, "a2.ics", body);
	assert_int_equal(owed(f), 0);
	assert_int_equal(fee_entries(f, &calendar, &entry), 0);
	assert_string_equal(work_value(f, "a2.ics", "SUMMARY"), "Marie 80€");
}

static void test_late_uncancel_and_higher_tier(void **state)
{
	struct fixture *f = *state;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->who = "client";
	f->now = at("2026-06-09T02:00:00Z");
	put(f, "a.ics", marie(f, "STATUS:CANCELLED\r\n"));
	assert_int_equal(owed(f), 4000);
	f->now = at("2026-06-09T03:00:00Z");
	put(f, "a.ics", marie(f, "STATUS:CONFIRMED\r\n"));
	assert_int_equal(owed(f), 0);
	assert_non_null(strstr(work_value(f, "a.ics", "DESCRIPTION"), "do not edit below"));
	f->now = at("2026-06-10T03:00:00Z");
	put(f, "a.ics", marie(f, "STATUS:CANCELLED\r\n"));
	assert_int_equal(owed(f), 8000);
}

/* Another's change that comes between what a round reads of the event and what it reads of the ledger. */
struct between { struct fixture *f; const char *body; int times; };

static int put_between(const struct object *there, void *arg, struct err *e)
{
	struct between *b = arg;

	if (b->times-- > 0)
		put(b->f, "a.ics", b->body);
	return 0;
}

/* Of an event cancelled already the cancellation changes nothing. It is decided on the ledger in which the
 * other has taken it back, so it counts only if the event is still what was read. */
static void test_late_cancelled_while_taken_back(void **state)
{
	struct fixture *f = *state;
	const char *cancelled = marie(f, "STATUS:CANCELLED\r\n");
	struct between between = { f, marie(f, "STATUS:CONFIRMED\r\n"), 1 };
	struct event_where where = { &f->work, "a.ics" };
	struct event_request rq;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->who = "client";
	f->now = at("2026-06-10T03:00:00Z");
	put(f, "a.ics", cancelled);
	assert_int_equal(owed(f), 8000);
	rq = request(f);
	rq.precondition = put_between;
	rq.arg = &between;
	assert_int_equal(event_put(&rq, &where, cancelled, strlen(cancelled), &f->result, &f->e), 0);
	assert_int_equal(owed(f), 8000);
	assert_string_equal(work_value(f, "a.ics", "STATUS"), "CANCELLED");
	put(f, "a.ics", marie(f, "STATUS:CONFIRMED\r\n"));
	assert_int_equal(owed(f), 0);
}

static void test_late_owner_types_the_cancellation(void **state)
{
	struct fixture *f = *state;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T03:00:00Z");
	put(f, "a.ics", marie(f, "STATUS:CANCELLED\r\n"));
	assert_int_equal(owed(f), 8000);
}

static void test_late_move_is_held(void **state)
{
	struct fixture *f = *state;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->who = "client";
	f->now = at("2026-06-10T05:00:00Z");
	put(f, "a.ics", event(f, "u1", "Marie 80€", "20260624T080000Z", ""));
	assert_int_equal(owed(f), 0);
	assert_true(str_starts(work_value(f, "a.ics", "SUMMARY"), "⚠ Marie"));
	put(f, "a.ics", stored(f, &f->work, "a.ics"));
	assert_true(f->result.unchanged);
	f->now = at("2026-06-14T08:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 8000);
}

static void test_late_retitled_by_client(void **state)
{
	struct fixture *f = *state;

	f->who = "anna";
	put(f, "a.ics", marie(f, ""));
	f->who = "client";
	f->now = at("2026-06-02T08:00:00Z");
	put(f, "a.ics",
		event(f, "u1", "Marie 1€", START, "")); /* the price is fixed with the slot */
	f->now = at("2026-06-09T12:00:00Z");
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 8000);
}

static void test_late_three_events_of_the_scenario(void **state)
{
	struct fixture *f = *state;

	f->who = "anna";
	f->now = at("2026-06-10T12:00:00Z");
	put(f, "1.ics", event(f, "e1", "Marc Petit 80 €", "20260615T120000Z", ""));
	put(f, "2.ics", event(f, "e2", "Marc Petit 80 €", "20260611T080000Z", ""));
	put(f, "3.ics", event(f, "e3", "Marc Petit 80 €", "20260611T090000Z", ""));
	assert_non_null(strstr(work_value(f, "1.ics", "DESCRIPTION"), "Free to cancel"));
	assert_non_null(strstr(work_value(f, "2.ics", "DESCRIPTION"), "80.00 EUR"));
	f->who = "client";
	f->now += 60;
	assert_int_equal(try_delete(f, &f->work, "1.ics"), 0);
	put(f, "2.ics",
		event(f, "e2", "Marc Petit 80 €", "20260611T080000Z", "STATUS:CANCELLED\r\n"));
	assert_int_equal(try_delete(f, &f->work, "3.ics"), 0);
	assert_int_equal(owed(f), 16000);
}

#define WITH(setup_, test) cmocka_unit_test_setup_teardown(test, setup_, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(setup, test_bytes_are_kept_without_policy),
		WITH(setup, test_bad_bodies),
		WITH(setup, test_precondition),
		WITH(setup, test_broken_objects),
		WITH(setup, test_withheld_objects),
		WITH(setup, test_booking_gets_its_block),
		WITH(setup, test_repeated_put_changes_nothing),
		WITH(setup, test_late_cancel_and_back),
		WITH(setup, test_delete_leaves_an_entry_in_fees),
		WITH(setup, test_entries_of_fees_are_the_servers),
		WITH(setup, test_roles),
		WITH(setup, test_no_appointment_is_left_alone),
		WITH(setup, test_ways_around_a_cancellation),
		WITH(setup, test_exchanged_client),
		WITH(setup, test_series),
		WITH(setup, test_cancelled_date_keeps_its_annotation),
		WITH(setup, test_refused_put),
		WITH(setup, test_refused_delete),
		WITH(setup, test_failing_module),
		WITH(setup, test_moves_between_calendars),
		WITH(setup, test_put_there_then_delete_here),
		WITH(setup, test_copy_by_a_program),
		WITH(setup, test_deleted_calendar),
		WITH(setup, test_waiting_pauses_the_session),
		WITH(setup, test_cancellations_at_once),
		WITH(setup, test_wake_and_tick),
		WITH(setup, test_wake_for_a_deleted_event),
		WITH(setup, test_clock_set_back),
		WITH(setup_late, test_late_book_and_cancel_in_time),
		WITH(setup_late, test_late_delegate),
		cmocka_unit_test(test_role_of_a_delegate),
		WITH(setup_late, test_late_status),
		WITH(setup_late, test_late_delete_and_again),
		WITH(setup_late, test_late_uncancel_and_higher_tier),
		WITH(setup_late, test_late_cancelled_while_taken_back),
		WITH(setup_late, test_late_owner_types_the_cancellation),
		WITH(setup_late, test_late_move_is_held),
		WITH(setup_late, test_late_retitled_by_client),
		WITH(setup_late, test_late_three_events_of_the_scenario),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
