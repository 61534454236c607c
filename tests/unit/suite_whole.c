/* Scenarios: what concerns a store as a whole. */
#include "suite_kit.h"

#include <string.h>

#include "base/buf.h"
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

static const struct CMUnitTest scenarios[] = {
	SCENARIO(strange_texts_come_back_as_they_were),
	SCENARIO(the_size_is_of_what_is_there),
	SCENARIO(a_check_counts_and_finds_nothing_wrong),
};
const struct suite_part suite_whole = {"the whole", scenarios, ARRAY_SIZE(scenarios)};
