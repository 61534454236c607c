#include "server/tasks.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/util.h"
#include "policy/audit.h"
#include "policy/owner_daily.h"
#include "server/acquire.h"
#include "server/adopt.h"

/* A wake set meanwhile is seen after this at the latest; by the tests' server, whose clock leaps, sooner. */
#ifndef TIMER_MS
#define TIMER_MS (10 * 1000)
#endif

enum {
	SCAN_FIRST_MS = 15 * 1000,  /* after start */
	SCAN_PAUSE_MS = 50,         /* between two calendars */
	SCAN_AGAIN_MS = 24 * 3600 * 1000,
	RETRY_MS = 5 * 1000,
	ACQUIRE_PAUSE_MS = 1,       /* between two events */
	HOLDS = 32, HOLD_MS = 5 * 1000, HOLD_MAX_MS = 60 * 1000,
	WAKES = 256,
};

struct tasks {
	struct server *sv;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
	unsigned sites;             /* how many there were: one more with each reload */
	pthread_t threads[4];
	unsigned count;
};

/* False when it is time to end. */
static bool pause_for(struct tasks *t, int64_t ms)
{
	int64_t until = clock_monotonic_us() + ms * 1000;
	bool go_on;

	pthread_mutex_lock(&t->lock);
	while (!t->stopping && clock_wait(&t->wake, &t->lock, until))
		;
	go_on = !t->stopping;
	pthread_mutex_unlock(&t->lock);
	return go_on;
}

/* ---- files ---- */

/* Files that could not be taken in; 0 also when all is well. */
static size_t adopt(struct tasks *t, store_id collection)
{
	struct site *site = site_get(&t->sv->site);
	struct adopted adopted;
	struct err e;

	if (adopt_files(site, collection, clock_now(), &adopted, &e) != 0) {
		log_warn("looking for files edited on disk: %s", e.text);
		adopted.left = e.code != ERR_NOT_FOUND; /* nobody knows how many; a calendar that is gone has none */
	}
	site_release(site);
	return adopted.left;
}

/*
 * A broken file is noticed whenever somebody reads it. Its calendar is looked at again after
 * a while only, ever longer, until nothing is left over.
 */
struct held { store_id collection; int64_t due, pause; };
struct holds { struct held held[HOLDS]; size_t count; };

static bool is_held(const struct holds *h, store_id collection)
{
	for (size_t i = 0; i < h->count; i++) {
		if (h->held[i].collection == collection)
			return true;
	}
	return false;
}

static void adopt_or_hold(struct tasks *t, struct holds *h, store_id collection)
{
	if (is_held(h, collection) || adopt(t, collection) == 0 || h->count == HOLDS)
		return;
	h->held[h->count++] = (struct held){ collection, clock_monotonic_ms() + HOLD_MS, HOLD_MS };
}

static void adopt_held(struct tasks *t, struct holds *h)
{
	for (size_t i = 0; i < h->count;) {
		struct held *held = &h->held[i];

		if (held->due > clock_monotonic_ms()) {
			i++;
		} else if (adopt(t, held->collection) == 0) {
			*held = h->held[--h->count];
		} else {
			held->pause = held->pause * 2 < HOLD_MAX_MS ? held->pause * 2 : HOLD_MAX_MS;
			held->due = clock_monotonic_ms() + held->pause;
			i++;
		}
	}
}

/* In milliseconds; nobody has to look before, if none is held. */
static int64_t until_due(const struct holds *h)
{
	int64_t now = clock_monotonic_ms(), due = now + HOLD_MAX_MS;

	for (size_t i = 0; i < h->count; i++) {
		if (h->held[i].due < due)
			due = h->held[i].due;
	}
	return due > now ? due - now : 0;
}

static void *run_watch(void *arg)
{
	struct tasks *t = arg;
	struct holds holds = { 0 };
	store_id collection;
	struct err e;

	pthread_setname_np(pthread_self(), "watch");
	while (pause_for(t, 0)) {
		int rc = store_watch(t->sv->store, (int)until_due(&holds), &collection, &e);

		if (rc == 1)
			adopt_or_hold(t, &holds, collection);
		adopt_held(t, &holds);
		if (rc >= 0)
			continue;
		log_warn("watching folders: %s", e.text);
		if (!pause_for(t, RETRY_MS))
			break;
	}
	return NULL;
}

struct ids { store_id *id; size_t count; };

static int collect_id(const struct collection *c, void *arg)
{
	struct ids *ids = arg;

	ids->id = xreallocarray(ids->id, ids->count + 1, sizeof(*ids->id));
	ids->id[ids->count++] = c->id;
	return 0;
}

static bool scan_all(struct tasks *t)
{
	struct ids ids = { 0 };
	struct err e;
	bool go_on = true;

	if (store_collections(t->sv->store, NULL, collect_id, &ids, &e) < 0)
		log_warn("looking through the calendars: %s", e.text);
	for (size_t i = 0; i < ids.count && go_on; i++) {
		adopt(t, ids.id[i]);
		go_on = pause_for(t, SCAN_PAUSE_MS);
	}
	free(ids.id);
	return go_on;
}

static void *run_scan(void *arg)
{
	struct tasks *t = arg;
	int64_t wait = SCAN_FIRST_MS;

	pthread_setname_np(pthread_self(), "scan");
	while (pause_for(t, wait) && scan_all(t))
		wait = SCAN_AGAIN_MS;
	return NULL;
}

/* ---- wakes ---- */

struct due { struct arena *mem; struct wake wake[WAKES]; size_t count; };

static int collect_wake(const struct wake *w, void *arg)
{
	struct due *d = arg;

	if (d->count == WAKES)
		return 1;
	d->wake[d->count++] = (struct wake){
		.at = w->at,
		.owner = arena_strdup(d->mem, w->owner),
		.calendar = arena_strdup(d->mem, w->calendar),
		.name = arena_strdup(d->mem, w->name),
	};
	return 0;
}

/* When to look again, in milliseconds. */
static int64_t run_due(const struct site *site)
{
	cleanup_arena struct arena *mem = arena_create();
	struct due *d = arena_alloc(mem, sizeof(*d));
	int64_t now = clock_now(), next = INT64_MAX, wait = TIMER_MS;
	struct err e;

	d->mem = mem;
	if (store_wakes(site->dav.store, now, collect_wake, d, &next, &e) < 0) {
		log_warn("wakes: %s", e.text);
		return RETRY_MS;
	}
	metric_set(METRIC_TIMER_LAG, 0, d->count > 0 ? now - d->wake[0].at : 0);
	for (size_t i = 0; i < d->count; i++) {
		const struct wake *w = &d->wake[i];
		cleanup_arena struct arena *one = arena_create(); /* of a group each reads the entries of all */
		char reason[ERR_LOGGED_SIZE];
		int rc = site_tick(site, w, one, now, &e);

		metric_add(METRIC_WAKES, rc == 0 ? RESULT_DONE : RESULT_REFUSED, 1);
		if (rc != 0)
			log_warn("wake of %s/%s/%s: %s", w->owner, w->calendar, w->name,
				err_logged(e.text, reason));
	}
	if (next - now < wait / 1000)
		wait = next > now ? (next - now) * 1000 : 1000;
	return wait;
}

/* What the calendar asks for; each looks in the store whether it is done already. */
static void run_hourly(const struct site *site)
{
	int64_t now = clock_now();
	struct err e;

	if (ledger_sign_due(site->dav.store, now, &e) != 0)
		log_warn("%s", e.text);
}

/* Retention and reviews. */
static void run_owners(const struct site *site)
{
	cleanup_arena struct arena *mem = arena_create();
	struct event_request rq = site_event_request(site, mem, clock_now(), false);
	struct err e;

	if (owners_daily(&rq, &e) != 0)
		log_warn("%s", e.text);
}

/* What was done at what time of the wall clock, so that each is done anew when it was set. */
struct calendar_time { int64_t hour, day; };

/* When to look again, in milliseconds. Nothing comes due while nobody knows what time it is (15.25). */
static int64_t run_clock(const struct site *site, struct calendar_time *done)
{
	int64_t now = clock_now();

	if (clock_jumped())
		return TIMER_MS;
	if (done->hour != now / 3600) {
		done->hour = now / 3600;
		run_hourly(site);
	}
	if (done->day != now / 86400) {
		done->day = now / 86400;
		run_owners(site);
	}
	return run_due(site);
}

static void *run_timer(void *arg)
{
	struct tasks *t = arg;
	struct calendar_time done = { INT64_MIN, INT64_MIN };
	bool trusted = true;
	int64_t wait;

	pthread_setname_np(pthread_self(), "timer");
	do {
		struct site *site = site_get(&t->sv->site);

		wait = run_clock(site, &done);
		if (trusted && clock_jumped())
			log_warn("the clock has jumped: incidents are only proposed, and nothing comes due, until "
				 "'dedit clock ok'");
		trusted = !clock_jumped();
		site_release(site);
	} while (pause_for(t, wait));
	return NULL;
}

/* ---- calendars under a policy ---- */

/* Waits for a site not seen before; false when it is time to end. */
static bool next_site(struct tasks *t, unsigned *seen)
{
	bool go_on;

	pthread_mutex_lock(&t->lock);
	while (!t->stopping && t->sites == *seen)
		pthread_cond_wait(&t->wake, &t->lock);
	*seen = t->sites;
	go_on = !t->stopping;
	pthread_mutex_unlock(&t->lock);
	return go_on;
}

struct acquiring { struct tasks *tasks; unsigned site; };

/* Clients' requests go first. A newer site has its own walk. */
static bool keep_acquiring(void *arg)
{
	const struct acquiring *a = arg;
	bool current;

	if (!pause_for(a->tasks, ACQUIRE_PAUSE_MS))
		return false;
	pthread_mutex_lock(&a->tasks->lock);
	current = a->site == a->tasks->sites;
	pthread_mutex_unlock(&a->tasks->lock);
	return current;
}

static void *run_acquire(void *arg)
{
	struct acquiring a = { arg, 0 };
	const struct acquire_pace pace = { keep_acquiring, &a };

	pthread_setname_np(pthread_self(), "acquire");
	while (next_site(a.tasks, &a.site)) {
		struct site *site = site_get(&a.tasks->sv->site);

		acquire_slots(site, &pace);
		site_release(site);
	}
	return NULL;
}

void tasks_reloaded(struct tasks *t)
{
	pthread_mutex_lock(&t->lock);
	t->sites++;
	pthread_cond_broadcast(&t->wake);
	pthread_mutex_unlock(&t->lock);
}

/* ---- */

int tasks_start(struct server *sv, struct tasks **out, struct err *e)
{
	static void *(*const runs[])(void *) = { run_watch, run_scan, run_timer, run_acquire };
	struct tasks *t = xcalloc(1, sizeof(*t));

	t->sv = sv;
	t->sites = 1;
	pthread_mutex_init(&t->lock, NULL);
	clock_cond_init(&t->wake);
	for (; t->count < ARRAY_SIZE(runs); t->count++) {
		int rc = pthread_create(&t->threads[t->count], NULL, runs[t->count], t);

		if (rc != 0) {
			tasks_stop(t);
			errno = rc;
			return err_errno(e, ERR_IO, "background thread");
		}
	}
	*out = t;
	return 0;
}

void tasks_stop(struct tasks *t)
{
	if (t == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	t->stopping = true;
	pthread_cond_broadcast(&t->wake);
	pthread_mutex_unlock(&t->lock);
	store_watch_end(t->sv->store);
	for (unsigned i = 0; i < t->count; i++)
		pthread_join(t->threads[i], NULL);
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
	free(t);
}
