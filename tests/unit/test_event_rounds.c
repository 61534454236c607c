/* Rounds of several at once, and what time does to an event. */
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#include "policy/locks.h"
#include "storage/backend.h"
#include "event_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(setup_module, test_waiting_pauses_the_session),
		WITH(setup_module, test_cancellations_at_once),
		WITH(setup_module, test_wake_and_tick),
		WITH(setup_module, test_wake_for_a_deleted_event),
		WITH(setup_module, test_clock_set_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
