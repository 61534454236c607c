/* Scenarios: the calendars of a home, and what has changed in it since. */
#include "suite_kit.h"

#include "base/buf.h"
#include "base/util.h"

static int note_member(const struct home_member *m, void *arg)
{
	const struct object *o = m->object;

	buf_printf(arg, "%s%s/%s%s%s ", m->gone || (o != NULL && o->deleted) ? "-" : "",
		m->calendar.owner, m->calendar.name, o == NULL ? "" : "/", o == NULL ? "" : o->name);
	return 0;
}

static bool note_home(struct store *s, const char *user, bool deep, struct sync_point *at,
	size_t limit, struct buf *notes)
{
	struct err e = {0};
	bool more;

	if (store_home_changes(s, user, deep, at, limit, note_member, notes, at, &more, &e) < 0)
		fail_msg("home: %s", e.text);
	return more;
}

static uint64_t seq_of_home(struct store *s, const char *user)
{
	uint64_t seq;

	assert_int_equal(store_home(s, user, NULL, NULL, &seq, NULL), 0);
	return seq;
}

static void share_ok(struct store *s, store_id c, const char *user, enum share_access access)
{
	struct share share = {.collection = c, .user = user, .access = access};
	struct err e = {0};

	if (store_share_put(s, &share, &e) < 0)
		fail_msg("share: %s", e.text);
}

static void drop_ok(struct store *s, store_id c)
{
	struct commit commit = {.now = SUITE_NOW, .drop = c};
	struct err e = {0};

	if (store_commit(s, &commit, &e) < 0)
		fail_msg("drop: %s", e.text);
}

static void a_home_shows_own_calendars_then_shared_ones(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	uint64_t seq;
	store_id z = suite_calendar(s, "anna", "z");
	suite_calendar(s, "anna", "a");
	suite_calendar(s, "marc", "m");
	suite_calendar(s, "zoe", "b");

	buf_init(&notes, 1000);
	share_ok(s, suite_calendar(s, "zoe", "a"), "marc", SHARE_READ);
	share_ok(s, z, "marc", SHARE_WRITE);
	assert_int_equal(store_home(s, "marc", note_collection, &notes, &seq, NULL), 0);
	assert_notes(&notes, "marc/m anna/z zoe/a ");
	assert_int_equal(seq, seq_of_home(s, "marc"));
	assert_int_equal(store_home(s, "anna", note_collection, &notes, NULL, NULL), 0);
	assert_notes(&notes, "anna/a anna/z ");
	assert_int_equal(store_home(s, "nobody", note_collection, &notes, &seq, NULL), 0);
	assert_notes(&notes, "");
	assert_true(seq > 0); /* 0 would be no token */
	share_ok(s, z, "marc", SHARE_NONE);
	assert_int_equal(store_home(s, "marc", note_collection, &notes, NULL, NULL), 0);
	assert_notes(&notes, "marc/m zoe/a ");
}

static void a_homes_number_moves_with_all_that_is_in_it(void **state)
{
	const struct prop_row common = {"", "DAV:", "displayname", "<a/>"},
		own = {"marc", "DAV:", "displayname", "<b/>"};
	struct store *s = *state;
	struct err e = {0};
	uint64_t anna, marc;
	store_id work = suite_calendar(s, "anna", "work");
	store_id far = suite_calendar(s, "zoe", "far");

	share_ok(s, work, "marc", SHARE_READ);
#define MOVES(a, m, what) do { \
	anna = seq_of_home(s, "anna"), marc = seq_of_home(s, "marc"); \
	what; \
	assert_int_equal(seq_of_home(s, "anna") > anna, a); \
	assert_int_equal(seq_of_home(s, "marc") > marc, m); \
} while (0)
	MOVES(1, 1, put_ok(s, work, "a.ics", "a", "1"));
	MOVES(1, 1, delete_ok(s, work, "a.ics"));
	MOVES(0, 0, delete_ok(s, work, "a.ics"));
	MOVES(0, 0, put_ok(s, far, "a.ics", "a", "1"));
	MOVES(1, 1, assert_int_equal(store_props_patch(s, work, &common, 1, &e), 0));
	MOVES(0, 1, assert_int_equal(store_props_patch(s, work, &own, 1, &e), 0));
	MOVES(1, 0, suite_calendar(s, "anna", "more"));
	MOVES(0, 1, share_ok(s, far, "marc", SHARE_READ));
	MOVES(0, 1, share_ok(s, far, "marc", SHARE_WRITE));
	MOVES(0, 1, share_ok(s, far, "marc", SHARE_NONE));
	MOVES(1, 1, drop_ok(s, work));
#undef MOVES
}

static void changes_of_a_home_are_its_calendars(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point at = {0}, fresh = {0};
	store_id work = suite_calendar(s, "anna", "work"), own = suite_calendar(s, "marc", "own");

	buf_init(&notes, 1000);
	share_ok(s, work, "marc", SHARE_READ);
	assert_false(note_home(s, "marc", false, &at, 9, &notes));
	assert_notes(&notes, "marc/own anna/work ");
	note_home(s, "marc", false, &at, 9, &notes);
	assert_notes(&notes, "");
	put_ok(s, own, "a.ics", "a", "1");
	note_home(s, "marc", false, &at, 9, &notes);
	assert_notes(&notes, "marc/own ");
	drop_ok(s, own);
	share_ok(s, work, "marc", SHARE_NONE);
	note_home(s, "marc", false, &at, 9, &notes);
	assert_notes(&notes, "-marc/own -anna/work ");
	/* made and gone between two questions: RFC 6578 3.5.2 wants to be told */
	drop_ok(s, suite_calendar(s, "marc", "brief"));
	note_home(s, "marc", false, &at, 9, &notes);
	assert_notes(&notes, "-marc/brief ");
	/* gone and back: changed, not removed (3.5.1) */
	share_ok(s, work, "marc", SHARE_READ);
	note_home(s, "marc", false, &at, 9, &notes);
	share_ok(s, work, "marc", SHARE_NONE);
	share_ok(s, work, "marc", SHARE_READ);
	buf_reset(&notes);
	note_home(s, "marc", false, &at, 9, &notes);
	assert_notes(&notes, "anna/work ");
	note_home(s, "marc", false, &fresh, 9, &notes);
	assert_notes(&notes, "anna/work "); /* 3.4: nothing that is gone */
	assert_int_equal(fresh.since, at.since);
}

static void deep_changes_of_a_home_are_its_objects_too(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point at = {0}, old;
	struct err e = {0};
	bool more;
	store_id work = suite_calendar(s, "anna", "work"), own = suite_calendar(s, "marc", "own");

	buf_init(&notes, 1000);
	put_ok(s, work, "a.ics", "a", "1");
	put_ok(s, work, "b.ics", "b", "1");
	put_ok(s, own, "c.ics", "c", "1");
	delete_ok(s, work, "b.ics");
	note_home(s, "marc", true, &at, 9, &notes);
	assert_notes(&notes, "marc/own marc/own/c.ics ");
	/* old objects of what is new here */
	share_ok(s, work, "marc", SHARE_READ);
	delete_ok(s, own, "c.ics");
	note_home(s, "marc", true, &at, 9, &notes);
	assert_notes(&notes, "anna/work marc/own anna/work/a.ics -marc/own/c.ics ");
	/* a calendar that goes takes its objects along in silence (RFC 6578 3.5.2) */
	old = at;
	put_ok(s, work, "d.ics", "d", "1");
	drop_ok(s, work);
	note_home(s, "marc", true, &at, 9, &notes);
	assert_notes(&notes, "-anna/work ");
	/* made anew, nobody knows what the old one held; who was told that it went needs not to */
	share_ok(s, suite_calendar(s, "anna", "work"), "marc", SHARE_READ);
	assert_int_equal(store_home_changes(s, "marc", true, &old, 9, note_member, &notes, &old, &more, &e),
		-1);
	assert_int_equal(e.code, ERR_TOKEN);
	note_home(s, "marc", true, &at, 9, &notes);
	assert_notes(&notes, "anna/work ");
	note_home(s, "marc", false, &old, 9, &notes);
	assert_notes(&notes, "anna/work ");
}

static void a_homes_pages_join_across_calendars(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	store_id a = suite_calendar(s, "anna", "a"), b = suite_calendar(s, "anna", "b");

	buf_init(&notes, 1000);
	put_numbered(s, b, 3);
	put_numbered(s, a, 2);
	delete_ok(s, b, "1.ics");
	for (size_t limit = 1; limit < 9; limit++) {
		struct sync_point at = {0};
		for (size_t pages = 0; note_home(s, "anna", true, &at, limit, &notes); pages++) {
			assert_true(pages < 9);
		}
		assert_notes(&notes, "anna/a anna/b anna/a/0.ics anna/a/1.ics anna/b/0.ics anna/b/2.ics ");
	}
}

/* While a client reads page after page, others write. */
static void changes_between_a_homes_pages_come_after_them(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point at = {0};
	store_id a = suite_calendar(s, "anna", "a"), b = suite_calendar(s, "zoe", "b");

	buf_init(&notes, 1000);
	put_numbered(s, a, 3);
	put_numbered(s, b, 2);
	assert_true(note_home(s, "anna", true, &at, 2, &notes));
	assert_notes(&notes, "anna/a anna/a/0.ics ");
	delete_ok(s, a, "0.ics");
	share_ok(s, b, "anna", SHARE_READ);
	suite_calendar(s, "anna", "c");
	assert_true(note_home(s, "anna", true, &at, 2, &notes));
	assert_notes(&notes, "anna/a/1.ics anna/a/2.ics ");
	assert_true(note_home(s, "anna", true, &at, 4, &notes));
	assert_notes(&notes, "anna/a zoe/b anna/c -anna/a/0.ics ");
	/* a token of the one level goes on at the other (RFC 6578 3.3) */
	struct sync_point flat = at;
	assert_false(note_home(s, "anna", true, &at, 4, &notes));
	assert_notes(&notes, "zoe/b/0.ics zoe/b/1.ics ");
	assert_false(note_home(s, "anna", false, &flat, 4, &notes));
	assert_notes(&notes, "");
}

static void points_of_no_home_are_refused(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point next;
	struct err e = {0};
	bool more;
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&notes, 1000);
	put_ok(s, c, "a.ics", "a", "1");
	uint64_t seq = seq_of_home(s, "anna");
	const struct sync_point bad[] = {{.since = seq + 1}, {.until = seq + 1},
		{.since = seq, .until = 1}, {.until = seq, .at = seq + 1}, {.since = seq, .calendar = c},
		{.until = seq, .calendar = -1}, {.since = UINT64_MAX}};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (store_home_changes(s, "anna", i % 2, &bad[i], 9, note_member, &notes, &next, &more, &e)
			!= -1)
			fail_msg("point %zu was taken", i);
		assert_int_equal(e.code, ERR_TOKEN);
	}
}

static int stop_at_once(const struct home_member *m, void *arg)
{
	return 7;
}

static void a_visitor_stops_a_walk_of_a_home(void **state)
{
	struct store *s = *state;
	struct sync_point next;
	bool more;

	suite_calendar(s, "anna", "w");
	assert_int_equal(store_home_changes(s, "anna", true, &(struct sync_point){0}, 9, stop_at_once,
		NULL, &next, &more, NULL), 7);
}

static void who_is_closed_leaves_all_homes(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct account a = {.name = "anna"};
	struct sync_point at = {0};
	struct err e = {0};

	buf_init(&notes, 1000);
	assert_int_equal(store_account_put(s, &a, &e), 0);
	share_ok(s, suite_calendar(s, "anna", "w"), "marc", SHARE_READ);
	share_ok(s, suite_calendar(s, "marc", "m"), "anna", SHARE_READ);
	note_home(s, "marc", true, &at, 9, &notes);
	assert_notes(&notes, "anna/w marc/m ");
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	note_home(s, "marc", true, &at, 9, &notes);
	assert_notes(&notes, "-anna/w ");
	assert_int_equal(store_home(s, "anna", note_collection, &notes, NULL, &e), 0);
	assert_notes(&notes, "");
}

static const struct CMUnitTest scenarios[] = {
	SCENARIO(a_home_shows_own_calendars_then_shared_ones),
	SCENARIO(a_homes_number_moves_with_all_that_is_in_it),
	SCENARIO(changes_of_a_home_are_its_calendars),
	SCENARIO(deep_changes_of_a_home_are_its_objects_too),
	SCENARIO(a_homes_pages_join_across_calendars),
	SCENARIO(changes_between_a_homes_pages_come_after_them),
	SCENARIO(points_of_no_home_are_refused),
	SCENARIO(a_visitor_stops_a_walk_of_a_home),
	SCENARIO(who_is_closed_leaves_all_homes),
};
const struct suite_part suite_homes = {"homes", scenarios, ARRAY_SIZE(scenarios)};
