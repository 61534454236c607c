#include "server/acquire.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"

struct walk {
	const struct site *site;
	const struct acquire_pace *pace;
	struct collection calendar;
	const char *policy;
};

/* 1: acquired, 0: nothing to do, -1. What is gone meanwhile needs nothing. */
static int acquire_one(const struct walk *w, const char *name)
{
	cleanup_arena struct arena *mem = arena_create();
	struct event_request rq = site_event_request(w->site, mem, clock_now(), false);
	struct event_where at = { &w->calendar, name };
	char reason[ERR_LOGGED_SIZE];
	bool acquired;
	struct err e;

	if (event_acquire(&rq, &at, &acquired, &e) == 0)
		return acquired;
	if (e.code == ERR_NOT_FOUND)
		return 0;
	log_warn("%s/%s/%s under policy \"%s\": %s", w->calendar.owner, w->calendar.name, name,
		w->policy, err_logged(e.text, reason));
	return -1;
}

static int walk_names(const struct walk *w, const struct object_names *list)
{
	size_t taken = 0, failed = 0;
	bool go_on = true;

	for (size_t n = 0; n < list->count && go_on; n++) {
		int rc = acquire_one(w, list->name[n]);

		taken += rc > 0;
		failed += rc < 0;
		go_on = w->pace->go_on(w->pace->arg);
	}
	if (taken + failed > 0)
		log_info("%s/%s came under policy \"%s\": %zu events acquired their slots, %zu failed",
			w->calendar.owner, w->calendar.name, w->policy, taken, failed);
	return go_on ? 0 : 1;
}

/* A calendar that doesn't exist yet was warned about at start. */
static int walk_calendar(const char *owner, const char *calendar, const char *policy, void *arg)
{
	cleanup_arena struct arena *mem = arena_create();
	struct walk w = *(const struct walk *)arg;
	struct object_names list = { .mem = mem };
	struct store *store = w.site->dav.store;
	struct err e;

	w.policy = policy;
	if (store_collection(store, owner, calendar, mem, &w.calendar, &e) != 0)
		return 0;
	if (store_list(store, w.calendar.id, ICAL_VEVENT, clock_now(), ICAL_MAX, object_names_take, &list,
		NULL, &e) < 0) {
		log_warn("%s/%s under policy \"%s\": %s", owner, calendar, policy, e.text);
		return 0;
	}
	return walk_names(&w, &list);
}

void acquire_slots(const struct site *site, const struct acquire_pace *pace)
{
	struct walk w = { .site = site, .pace = pace };

	policy_calendars(site->policies, walk_calendar, &w);
}
