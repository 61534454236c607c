/* Scenarios: what has changed in a calendar since. */
#include "suite_kit.h"

#include "base/buf.h"
#include "base/util.h"
#include "sync_model.h"

/* All that changed since *at, with where it ended; whether there is more. */
static bool note_changes(struct store *s, store_id c, struct sync_point *at, size_t limit,
	struct buf *notes)
{
	struct err e = {0};
	bool more;

	if (store_changes(s, c, at, limit, note_object, notes, at, &more, &e) < 0)
		fail_msg("changes: %s", e.text);
	return more;
}

static void changes_since_a_token_are_rows_and_tombstones_in_order(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point at = {0}, fresh = {0};
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&notes, 1000);
	put_ok(s, c, "a.ics", "a", "1");
	put_ok(s, c, "b.ics", "b", "1");
	assert_false(note_changes(s, c, &at, 100, &notes));
	assert_notes(&notes, "a.ics b.ics ");
	put_ok(s, c, "c.ics", "c", "1");
	delete_ok(s, c, "a.ics");
	put_ok(s, c, "b.ics", "b", "2");
	uint64_t before = at.since;
	assert_false(note_changes(s, c, &at, 100, &notes));
	assert_notes(&notes, "c.ics -a.ics b.ics ");
	assert_int_equal(at.since, before + 3);
	assert_int_equal(at.until, 0);
	note_changes(s, c, &at, 100, &notes);
	assert_notes(&notes, "");
	/* a client that knows nothing hears of nobody's death */
	note_changes(s, c, &fresh, 100, &notes);
	assert_notes(&notes, "c.ics b.ics ");
	assert_int_equal(fresh.since, at.since);
	/* what comes back isn't dead any more */
	put_ok(s, c, "a.ics", "a", "3");
	note_changes(s, c, &at, 100, &notes);
	assert_notes(&notes, "a.ics ");
}

static void a_limit_gives_pages_that_join(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point at = {0};
	store_id c = suite_calendar(s, "anna", "w");
	int pages = 1;

	buf_init(&notes, 1000);
	put_numbered(s, c, 7);
	while (note_changes(s, c, &at, 3, &notes)) {
		pages++;
	}
	assert_notes(&notes, "0.ics 1.ics 2.ics 3.ics 4.ics 5.ics 6.ics ");
	assert_int_equal(pages, 3);
}

/* What changes between two pages comes after the last; a first pass tells of nobody's death. */
static void changes_between_pages_come_after_them(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point at = {0};
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&notes, 1000);
	put_numbered(s, c, 5);
	delete_ok(s, c, "3.ics");
	assert_true(note_changes(s, c, &at, 2, &notes));
	assert_notes(&notes, "0.ics 1.ics ");
	put_ok(s, c, "2.ics", "2.ics", "y");
	delete_ok(s, c, "0.ics");
	assert_true(note_changes(s, c, &at, 2, &notes)); /* the pass is over, but not the news */
	assert_notes(&notes, "4.ics ");
	assert_false(note_changes(s, c, &at, 2, &notes));
	assert_notes(&notes, "2.ics -0.ics ");
}

static void tokens_from_before_and_from_the_future_are_refused(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct collection row;
	struct err e = {0};
	bool more;
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&notes, 1000);
	put_ok(s, c, "a.ics", "a", "1");
	assert_int_equal(store_collection(s, "anna", "w", mem, &row, &e), 0);
	const struct sync_point bad[] = {{.since = row.seq + 1}, {.since = row.oldest_seq - 1},
		{.until = row.seq + 1}, {.until = row.oldest_seq - 1}, {.since = row.seq, .until = 1},
		{.until = row.seq, .at = row.seq + 1}, {.since = row.seq, .at = 1},
		{.until = row.seq, .calendar = c, .at = row.seq}, {.since = UINT64_MAX}};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct sync_point next;
		if (store_changes(s, c, &bad[i], 9, note_object, &notes, &next, &more, &e) != -1)
			fail_msg("point %zu was taken", i);
		assert_int_equal(e.code, ERR_TOKEN);
	}
	note_changes(s, c, &(struct sync_point){.since = row.oldest_seq}, 9, &notes);
	assert_notes(&notes, "a.ics ");
}

static void random_changes_reach_every_client(void **state)
{
	sync_model_run(*state, 20261126, 1000);
}

static const struct CMUnitTest scenarios[] = {
	SCENARIO(changes_since_a_token_are_rows_and_tombstones_in_order),
	SCENARIO(a_limit_gives_pages_that_join),
	SCENARIO(changes_between_pages_come_after_them),
	SCENARIO(tokens_from_before_and_from_the_future_are_refused),
	SCENARIO(random_changes_reach_every_client),
};
const struct suite_part suite_sync = {"synchronization", scenarios, ARRAY_SIZE(scenarios)};
