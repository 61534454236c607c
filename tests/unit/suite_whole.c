/* Scenarios: what concerns a store as a whole. */
#include "suite_kit.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/util.h"

static void strange_texts_come_back_as_they_were(void **state)
{
	static const char *const texts[] = {"it's", "\"quoted\"", "100%_\\", "'; DROP TABLE object; --",
		"é\xcc\x81", "a?b#c", "=2F", "..ics", "%2e%2e", "no suffix", "con.ics"};
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = *state;
	struct object o;
	struct err e = {0};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct buf body cleanup_buf;
		store_id c = suite_calendar(s, "anna", texts[i]);
		put_ok(s, c, texts[i], texts[i], texts[i]);
		buf_init(&body, 100);
		assert_int_equal(store_flush(s, &e), 0);
		assert_int_equal(store_find_uid(s, c, texts[i], mem, &o, &e), 0);
		assert_string_equal(o.name, texts[i]);
		assert_int_equal(store_body(s, c, texts[i], mem, &o, &body, &e), 0);
		assert_string_equal(body.data, texts[i]);
	}
}

static int count_problem(const char *line, void *arg)
{
	print_message("problem: %s\n", line);
	++*(int *)arg;
	return 0;
}

static void a_check_counts_and_finds_nothing_wrong(void **state)
{
	struct store *s = *state;
	struct store_counts counts = {0};
	struct store_info info;
	struct err e = {0};
	int problems = 0;
	store_id c = suite_calendar(s, "anna", "w");

	assert_int_equal(store_account_put(s, &(struct account){.name = "anna"}, &e), 0);
	put_ok(s, c, "a.ics", "a", "1");
	put_ok(s, c, "b.ics", "b", "1");
	delete_ok(s, c, "a.ics");
	assert_int_equal(suite_entry(s, "anna", "a", "{}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "a", "{}", true, &e), 0);
	assert_int_equal(store_flush(s, &e), 0);
	assert_int_equal(store_check(s, true, NULL, count_problem, &problems, &counts, &e), 0);
	assert_int_equal(problems, 0);
	assert_int_equal(counts.accounts, 1);
	assert_int_equal(counts.collections, 1);
	assert_int_equal(counts.objects, 1);
	assert_int_equal(counts.ledger, 2);
	assert_int_equal(counts.journal, 0);
	store_info(s, &info);
	assert_int_equal(strlen(info.epoch), 22);
	assert_true(strlen(info.host) > 0);
}

static void the_size_is_of_what_is_there(void **state)
{
	struct store *s = *state;
	struct store_size size;
	struct err e = {0};

	assert_int_equal(store_size(s, &size, &e), 0);
	assert_int_equal(size.accounts, 0);
	assert_int_equal(size.collections, 0);
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna"}, &e), 0);
	assert_int_equal(store_account_put(s, &(struct account){.name = "marc"}, &e), 0);
	suite_calendar(s, "anna", "w");
	suite_calendar(s, "anna", "v");
	suite_calendar(s, "marc", "w");
	assert_int_equal(store_size(s, &size, &e), 0);
	assert_int_equal(size.accounts, 2);
	assert_int_equal(size.collections, 3);
	assert_int_equal(store_account_close(s, "marc", &e), 0);
	assert_int_equal(store_size(s, &size, &e), 0);
	assert_int_equal(size.accounts, 1);
	assert_int_equal(size.collections, 2);
}

enum { WATCH_MS = 60 * 1000 };

static void *watch(void *store)
{
	store_id found;
	struct err e;

	return store_watch(store, WATCH_MS, &found, &e) == 0 ? store : NULL;
}

static void watching_ends_when_it_is_told_to(void **state)
{
	struct store *s = *state;
	int64_t began = clock_monotonic_ms();
	pthread_t thread;
	void *ended;

	assert_int_equal(pthread_create(&thread, NULL, watch, s), 0);
	usleep(50 * 1000); /* it may be waiting by now */
	store_watch_end(s);
	assert_int_equal(pthread_join(thread, &ended), 0);
	assert_ptr_equal(ended, s);
	assert_ptr_equal(watch(s), s);
	assert_true(clock_monotonic_ms() - began < WATCH_MS);
}

static const struct CMUnitTest scenarios[] = {
	SCENARIO(strange_texts_come_back_as_they_were),
	SCENARIO(the_size_is_of_what_is_there),
	SCENARIO(a_check_counts_and_finds_nothing_wrong),
	SCENARIO(watching_ends_when_it_is_told_to),
};
const struct suite_part suite_whole = {"the whole", scenarios, ARRAY_SIZE(scenarios)};
