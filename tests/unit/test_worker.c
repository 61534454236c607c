#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/worker.h"

struct gate { pthread_mutex_t lock; atomic_uint entered, done; };

static void job_count(void *arg)
{
	atomic_fetch_add((atomic_uint *)arg, 1);
}

static void job_blocked(void *arg)
{
	struct gate *g = arg;

	atomic_fetch_add(&g->entered, 1);
	pthread_mutex_lock(&g->lock);
	pthread_mutex_unlock(&g->lock);
	atomic_fetch_add(&g->done, 1);
}

static struct workers *make(unsigned threads, unsigned queue)
{
	struct workers *w;
	struct err e;

	assert_int_equal(workers_create("test", threads, queue, &w, &e), 0);
	return w;
}

static void test_runs_everything(void **state)
{
	struct workers *w = make(4, 1000);
	atomic_uint n = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(workers_submit(w, job_count, &n), 0);
	workers_destroy(w);
	assert_int_equal(atomic_load(&n), 1000);
}

static void test_full_queue_refuses(void **state)
{
	struct gate g = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct workers *w = make(1, 2);

	(void)state;
	pthread_mutex_lock(&g.lock);
	assert_int_equal(workers_submit(w, job_blocked, &g), 0);
	while (atomic_load(&g.entered) == 0)
		usleep(1000);
	assert_int_equal(workers_submit(w, job_blocked, &g), 0);
	assert_int_equal(workers_submit(w, job_blocked, &g), 0);
	assert_int_equal(workers_submit(w, job_blocked, &g), -1);
	pthread_mutex_unlock(&g.lock);
	workers_destroy(w);
	assert_int_equal(atomic_load(&g.done), 3);
}

static void test_stopped_refuses_but_finishes(void **state)
{
	struct workers *w = make(2, 16);
	atomic_uint n = 0;

	(void)state;
	for (int i = 0; i < 16; i++)
		assert_int_equal(workers_submit(w, job_count, &n), 0);
	workers_stop(w);
	assert_int_equal(atomic_load(&n), 16);
	assert_int_equal(workers_submit(w, job_count, &n), -1);
	workers_stop(w);
	workers_destroy(w);
	workers_destroy(NULL);
	assert_int_equal(atomic_load(&n), 16);
}

static void test_threads_run_side_by_side(void **state)
{
	struct gate g = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct workers *w = make(3, 8);

	(void)state;
	pthread_mutex_lock(&g.lock);
	for (int i = 0; i < 3; i++)
		assert_int_equal(workers_submit(w, job_blocked, &g), 0);
	for (int i = 0; i < 5000 && atomic_load(&g.entered) < 3; i++)
		usleep(1000);
	assert_int_equal(atomic_load(&g.entered), 3);
	pthread_mutex_unlock(&g.lock);
	workers_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_everything),
		cmocka_unit_test(test_full_queue_refuses),
		cmocka_unit_test(test_stopped_refuses_but_finishes),
		cmocka_unit_test(test_threads_run_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
