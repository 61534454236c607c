#include "event_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/util.h"
#include "ical/zone.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\n"
#define TAIL "END:VEVENT\r\nEND:VCALENDAR\r\n"

int64_t at(const char *text)
{
	int64_t when = 0;

	assert_int_equal(iso_date_parse(text, &when), 0);
	return when;
}

static void make_calendar(struct fixture *f, const char *name, struct collection *out)
{
	const struct collection c = { .owner = "anna", .name = name, .components = ICAL_VEVENT };
	store_id id;

	assert_int_equal(store_collection_make(f->store, &c, NULL, 0, f->now, &id, &f->e), 0);
	assert_int_equal(store_collection(f->store, "anna", name, f->mem, out, &f->e), 0);
}

int make_fixture(void **state)
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

int drop_fixture(void **state)
{
	struct fixture *f = *state;

	policy_unload(f->policies);
	store_close(f->store);
	zone_finish();
	arena_destroy(f->mem);
	free_cleanup(&f);
	return 0;
}

struct event_request request(struct fixture *f)
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

int try_put(
	struct fixture *f, const struct collection *c, const char *name, const char *body)
{
	struct event_request rq = request(f);
	struct event_where where = { c, name };

	return event_put(&rq, &where, body, strlen(body), &f->result, &f->e);
}

void put(struct fixture *f, const char *name, const char *body)
{
	if (try_put(f, &f->work, name, body)) {
		fail_msg("%s", f->e.text);
	}
}

int try_delete(struct fixture *f, const struct collection *c, const char *name)
{
	struct event_request rq = request(f);
	struct event_where where = { c, name };

	return event_delete(&rq, &where, &f->result, &f->e);
}

int try_move(struct fixture *f, const struct collection *from, const char *name,
	const struct collection *to, const char *as, bool remove)
{
	struct event_request rq = request(f);

	return event_move(&rq, &(struct event_where){ from, name }, &(struct event_where){ to, as },
		remove, true, &f->result, &f->e);
}

const char *stored(struct fixture *f, const struct collection *c, const char *name)
{
	struct object o;
	struct buf body cleanup_buf;

	buf_init(&body, 1 << 20);
	if (store_body(f->store, c->id, name, f->mem, &o, &body, &f->e))
		return NULL;
	return arena_strdup(f->mem, body.data);
}

const char *value_of(struct fixture *f, const char *body, const char *name)
{
	struct ical *ic = NULL;

	assert_non_null(body);
	assert_int_equal(ical_parse(body, strlen(body), NULL, f->mem, &ic, &f->e), 0);
	const struct ical_line *l = ical_prop(ic, ical_first(ic), name);
	return l ? ical_text(l->value, f->mem) : NULL;
}

const char *work_value(struct fixture *f, const char *name, const char *property)
{
	return value_of(f, stored(f, &f->work, name), property);
}

const char *event(
	struct fixture *f, const char *uid, const char *title, const char *start, const char *more)
{
	return arena_printf(f->mem,
		HEAD "UID:%s\r\nDTSTAMP:20260601T000000Z\r\nDTSTART:%s\r\nDURATION:PT1H\r\n"
		     "SUMMARY:%s\r\n%s" TAIL,
		uid, start, title, more);
}

const char *marie(struct fixture *f, const char *more)
{
	return event(f, "u1", "Marie 80€", START, more);
}

struct fee_list fees(struct fixture *f)
{
	struct fee_list list;

	assert_int_equal(fees_list(f->store, &(struct fee_filter){ 0 }, f->mem, &list, &f->e), 0);
	return list;
}

int64_t owed(struct fixture *f)
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

int ledger_size(struct fixture *f)
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

int fee_entries(struct fixture *f, struct collection *calendar, const char **name)
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
