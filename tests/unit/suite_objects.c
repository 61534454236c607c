/* Scenarios: objects, by themselves and in lists. */
#include "suite_kit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/util.h"

static void a_put_is_found_by_name_and_uid_with_its_bytes(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf body cleanup_buf;
	struct store *s = *state;
	struct object o, by_uid;
	char etag[ETAG_SIZE], digest[DIGEST_SIZE];
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&body, 1000);
	assert_int_equal(suite_put(s, c, "a.ics", "uid-1", "BODY", "", etag, &e), 0);
	assert_int_equal(store_find(s, c, "a.ics", mem, &o, &e), 0);
	assert_string_equal(o.uid, "uid-1");
	assert_string_equal(o.etag, etag);
	assert_int_equal(o.size, 4);
	assert_int_equal(o.first, 1000);
	assert_int_equal(o.last, 2000);
	assert_int_equal(o.mtime, SUITE_NOW);
	digest_short("BODY", 4, digest);
	assert_memory_equal(etag, digest, strlen(digest));
	assert_int_equal(store_find_uid(s, c, "uid-1", mem, &by_uid, &e), 0);
	assert_string_equal(by_uid.name, "a.ics");
	buf_adds(&body, "before ");
	assert_int_equal(store_body(s, c, "a.ics", mem, &o, &body, &e), 0);
	assert_string_equal(body.data, "before BODY");
	assert_int_equal(store_find(s, c, "A.ics", mem, &o, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

struct putting { struct store *s; store_id c; };

static void *put_beside(void *arg)
{
	struct putting *p = arg;

	put_ok(p->s, p->c, "b.ics", "uid-b", "BESIDE");
	return NULL;
}

/* Whoever commits, and as often as it is asked before. */
static void a_session_shows_each_question_all_that_was_committed_before_it(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = *state;
	struct putting beside = {.s = s, .c = suite_calendar(s, "anna", "w")};
	struct err e = {0};
	struct object o;
	pthread_t thread;

	store_session_begin(s);
	assert_int_equal(store_find(s, beside.c, "a.ics", mem, &o, &e), -1);
	put_ok(s, beside.c, "a.ics", "uid-a", "ONE");
	assert_int_equal(store_find(s, beside.c, "a.ics", mem, &o, &e), 0);
	store_session_end(s);
	store_session_begin(s);
	assert_int_equal(store_find(s, beside.c, "b.ics", mem, &o, &e), -1);
	assert_int_equal(pthread_create(&thread, NULL, put_beside, &beside), 0);
	pthread_join(thread, NULL);
	assert_int_equal(store_find(s, beside.c, "b.ics", mem, &o, &e), 0);
	store_session_end(s);
	delete_ok(s, beside.c, "a.ics");
	store_session_begin(s);
	assert_int_equal(store_find(s, beside.c, "a.ics", mem, &o, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	store_session_end(s);
}

static void going_back_to_an_earlier_text_gives_a_new_etag(void **state)
{
	struct store *s = *state;
	char one[ETAG_SIZE], two[ETAG_SIZE], three[ETAG_SIZE];
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	assert_int_equal(suite_put(s, c, "a.ics", "u", "A", "", one, &e), 0);
	assert_int_equal(suite_put(s, c, "a.ics", "u", "B", one, two, &e), 0);
	assert_int_equal(suite_put(s, c, "a.ics", "u", "A", two, three, &e), 0);
	assert_string_not_equal(one, three);
	assert_memory_equal(one, three, DIGEST_SIZE - 1);
}

static void an_expectation_that_fails_changes_nothing(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf notes cleanup_buf;
	struct store *s = *state;
	char etag[ETAG_SIZE];
	struct collection before, after;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&notes, 1000);
	assert_int_equal(suite_put(s, c, "a.ics", "u", "A", "", etag, &e), 0);
	assert_int_equal(store_collection(s, "anna", "w", mem, &before, &e), 0);
	assert_int_equal(suite_put(s, c, "a.ics", "u", "B", "", NULL, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	assert_int_equal(suite_put(s, c, "a.ics", "u", "B", "stale-1", NULL, &e), -1);
	assert_int_equal(suite_put(s, c, "new.ics", "v", "B", etag, NULL, &e), -1);
	assert_int_equal(suite_delete(s, c, "a.ics", "stale-1", &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);

	/* the good half of a commit goes with the bad one */
	struct change both[] = {
		{.kind = CHANGE_PUT, .collection = c, .name = "b.ics", .uid = "w", .body = "b", .body_len = 1},
		{.kind = CHANGE_DELETE, .collection = c, .name = "a.ics", .expect = "stale-1"}};
	struct ledger_row row = {.owner = "anna", .when = 1, .kind = "k", .ref = "", .client = "",
		.uid = "", .text = "{}"};
	struct commit commit = {.now = SUITE_NOW, .change = both, .changes = 2, .ledger = &row,
		.ledgers = 1};
	assert_int_equal(store_commit(s, &commit, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	assert_int_equal(store_list(s, c, 0, INT64_MIN, INT64_MAX, note_object, &notes, NULL, &e), 0);
	assert_int_equal(store_ledger(s, &(struct ledger_query){0}, note_entry, &notes, &e), 0);
	assert_notes(&notes, "a.ics ");
	assert_int_equal(store_collection(s, "anna", "w", mem, &after, &e), 0);
	assert_int_equal(before.seq, after.seq);
}

/* Entries alone, about an object that has to be what they were decided on. */
static int commit_entry(struct store *s, const struct object_seen *still, struct err *e)
{
	struct ledger_row row = {.owner = "anna", .when = 1, .kind = "k", .ref = "", .client = "",
		.uid = "", .text = "{}"};
	struct commit commit = {.now = SUITE_NOW, .ledger = &row, .ledgers = 1, .still = *still};

	return store_commit(s, &commit, e);
}

static void entries_rest_on_an_object_as_it_was(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");
	char etag[ETAG_SIZE];

	buf_init(&notes, 1 << 20);
	assert_int_equal(suite_put(s, c, "a.ics", "u", "A", "", etag, &e), 0);
	assert_int_equal(commit_entry(s, &(struct object_seen){c, "a.ics", etag}, &e), 0);
	assert_int_equal(commit_entry(s, &(struct object_seen){c, "b.ics", ""}, &e), 0);
	assert_int_equal(commit_entry(s, &(struct object_seen){c, "a.ics", ""}, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	put_ok(s, c, "a.ics", "u", "B");
	assert_int_equal(commit_entry(s, &(struct object_seen){c, "a.ics", etag}, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	delete_ok(s, c, "a.ics");
	assert_int_equal(commit_entry(s, &(struct object_seen){c, "a.ics", etag}, &e), -1);
	assert_int_equal(store_ledger(s, &(struct ledger_query){0}, note_entry, &notes, &e), 0);
	assert_notes(&notes, "anna1:{} anna2:{} ");
}

static void a_uid_is_unique_in_its_calendar(void **state)
{
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w"), other = suite_calendar(s, "anna", "x");
	struct change change = {.kind = CHANGE_PUT, .collection = c, .name = "b.ics", .uid = "u",
		.body = "B", .body_len = 1};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1};

	put_ok(s, c, "a.ics", "u", "A");
	assert_int_equal(store_commit(s, &commit, &e), -1);
	assert_int_equal(e.code, ERR_UID_TAKEN);
	assert_string_equal(commit.conflict, "a.ics");
	put_ok(s, other, "b.ics", "u", "B");
	put_ok(s, c, "c.ics", "U", "octets, not letters");
	put_ok(s, c, "a.ics", "changed", "A");
	put_ok(s, c, "b.ics", "u", "B");
	delete_ok(s, c, "b.ics");
	put_ok(s, c, "d.ics", "u", "free again");
}

static void a_move_is_one_commit_in_any_order(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");
	struct change move[] = {
		{.kind = CHANGE_PUT, .collection = c, .name = "b.ics", .expect = "", .uid = "u", .body = "A",
			.body_len = 1},
		{.kind = CHANGE_DELETE, .collection = c, .name = "a.ics"}};
	struct commit commit = {.now = SUITE_NOW, .change = move, .changes = 2};

	buf_init(&notes, 1000);
	put_ok(s, c, "a.ics", "u", "A");
	assert_int_equal(store_commit(s, &commit, &e), 0);
	assert_true(move[0].seq != move[1].seq);
	assert_int_equal(store_list(s, c, 0, INT64_MIN, INT64_MAX, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "b.ics ");
}

static void deleting_what_is_not_there_moves_nothing(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = *state;
	struct collection before, after;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	assert_int_equal(store_collection(s, "anna", "w", mem, &before, &e), 0);
	delete_ok(s, c, "none.ics");
	assert_int_equal(store_collection(s, "anna", "w", mem, &after, &e), 0);
	assert_int_equal(before.seq, after.seq);
	assert_int_equal(suite_delete(s, c + 99, "a.ics", NULL, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(suite_put(s, c + 99, "a.ics", "u", "A", NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void put_span(struct store *s, store_id c, const char *name, unsigned component,
	int64_t first,
	int64_t last)
{
	struct change change = {.kind = CHANGE_PUT, .collection = c, .name = name, .uid = name,
		.body = "x", .body_len = 1, .component = component, .first = first, .last = last};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1};

	assert_int_equal(store_commit(s, &commit, NULL), 0);
}

static void a_list_is_by_kind_and_half_open_span(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	uint64_t seq;
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&notes, 1000);
	put_span(s, c, "c.ics", 2, INT64_MIN, INT64_MAX);
	put_span(s, c, "a.ics", 1, 100, 200);
	put_span(s, c, "b.ics", 1, 200, 200);
	put_span(s, c, "d.ics", 1, 150, 300);
	delete_ok(s, c, "d.ics");
	assert_int_equal(store_list(s, c, 0, INT64_MIN, INT64_MAX, note_object, &notes, &seq, &e), 0);
	assert_notes(&notes, "a.ics b.ics c.ics ");
	assert_int_equal(store_list(s, c, 1, INT64_MIN, INT64_MAX, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "a.ics b.ics ");
	assert_int_equal(store_list(s, c, 3, 0, 100, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "c.ics ");
	assert_int_equal(store_list(s, c, 1, 0, 101, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "a.ics ");
	assert_int_equal(store_list(s, c, 1, 200, 300, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "b.ics ");
	assert_int_equal(store_list(s, c, 1, 201, INT64_MAX, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "");
	assert_int_equal(store_list(s, c + 99, 0, 0, 1, note_object, &notes, NULL, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

/* Of what has spans those count, and what is shorter or longer than another is found like it. */
static void a_list_goes_by_the_spans_that_are_known(void **state)
{
	static const struct span twice[] = {{100, 110}, {500, 500}};
	struct buf notes cleanup_buf, bytes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");
	struct change change = {.kind = CHANGE_PUT, .collection = c, .name = "twice.ics", .uid = "t", .body = "x",
		.body_len = 1, .component = 1, .first = 100, .last = 501, .traits = 5};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1};
	struct arena *mem cleanup_arena = arena_create();
	struct object o;

	buf_init(&notes, 1000);
	buf_init(&bytes, SPANS_BYTES_MAX);
	spans_write(twice, 2, false, &bytes);
	change.spans = (struct span_set){bytes.data, bytes.len};
	assert_int_equal(store_commit(s, &commit, NULL), 0);
	put_span(s, c, "day.ics", 1, 100, 100 + 86400);
	put_span(s, c, "never.ics", 1, INT64_MAX, INT64_MIN);
	put_span(s, c, "open.ics", 1, 300, INT64_MAX);
	put_span(s, c, "old.ics", 1, -40 * 365 * INT64_C(86400), 105);
	assert_int_equal(store_list(s, c, 0, 100, 101, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "day.ics old.ics twice.ics ");
	assert_int_equal(store_list(s, c, 0, 110, 500, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "day.ics open.ics ");
	assert_int_equal(store_list(s, c, 0, 500, 501, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "day.ics open.ics twice.ics ");
	assert_int_equal(store_list(s, c, 0, 90000, INT64_MAX, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "open.ics ");
	assert_int_equal(store_list(s, c, 0, INT64_MIN, 0, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "old.ics ");
	assert_int_equal(store_find(s, c, "twice.ics", mem, &o, &e), 0);
	assert_int_equal(o.traits, 5);
	assert_int_equal(o.spans.len, bytes.len);
	assert_memory_equal(o.spans.data, bytes.data, bytes.len);
	/* without them it may be anywhere in its span */
	put_span(s, c, "twice.ics", 1, 100, 501);
	assert_int_equal(store_list(s, c, 0, 110, 300, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "day.ics twice.ics ");
}

static void pages_follow_each_other_by_name(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w"), other = suite_calendar(s, "anna", "x");

	buf_init(&notes, 1000);
	put_span(s, c, "c.ics", 2, INT64_MIN, INT64_MAX);
	put_span(s, c, "a.ics", 1, 100, 200);
	put_span(s, c, "b.ics", 1, 200, 200);
	put_span(s, c, "d.ics", 1, 150, 300);
	put_span(s, other, "bb.ics", 1, 150, 300);
	delete_ok(s, c, "b.ics");
	assert_int_equal(store_page(s, c, "", 2, note_object, &notes, &e), 0);
	assert_notes(&notes, "a.ics c.ics ");
	assert_int_equal(store_page(s, c, "c.ics", 2, note_object, &notes, &e), 0);
	assert_notes(&notes, "d.ics ");
	assert_int_equal(store_page(s, c, "b", 1, note_object, &notes, &e), 0);
	assert_notes(&notes, "c.ics ");
	assert_int_equal(store_page(s, c, "d.ics", 9, note_object, &notes, &e), 0);
	assert_notes(&notes, "");
	assert_int_equal(store_page(s, c + 99, "", 1, note_object, &notes, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static int stop_at_second(const struct object *o, void *arg)
{
	return ++*(int *)arg == 2 ? 7 : 0;
}

static void a_visitor_stops_the_walk(void **state)
{
	struct store *s = *state;
	struct err e = {0};
	int visited = 0;
	store_id c = suite_calendar(s, "anna", "w");

	for (int i = 0; i < 5; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%d.ics", i);
		put_ok(s, c, name, name, "x");
	}
	assert_int_equal(store_list(s, c, 0, INT64_MIN, INT64_MAX, stop_at_second, &visited, NULL, &e),
		7);
	assert_int_equal(visited, 2);
	put_ok(s, c, "5.ics", "5.ics", "the store is usable after it");
}

static uint64_t count(struct store *s, store_id collection)
{
	uint64_t objects = 99;
	struct err e = {0};

	assert_int_equal(store_count(s, collection, &objects, &e), 0);
	return objects;
}

static void live_objects_are_counted(void **state)
{
	struct store *s = *state;
	store_id c = suite_calendar(s, "anna", "w"), other = suite_calendar(s, "anna", "o");
	struct commit drop = {.now = SUITE_NOW, .drop = c};
	struct err e = {0};

	assert_int_equal(count(s, c), 0);
	put_ok(s, c, "a.ics", "u", "A");
	put_ok(s, c, "b.ics", "v", "B");
	put_ok(s, other, "a.ics", "u", "A");
	assert_int_equal(count(s, c), 2);
	put_ok(s, c, "a.ics", "u", "changed");
	assert_int_equal(count(s, c), 2);
	delete_ok(s, c, "a.ics");
	assert_int_equal(count(s, c), 1);
	put_ok(s, c, "a.ics", "u", "again");
	assert_int_equal(count(s, c), 2);
	assert_int_equal(store_commit(s, &drop, &e), 0);
	assert_int_equal(count(s, c), 0);
	assert_int_equal(count(s, other), 1);
}

static const struct CMUnitTest scenarios[] = {
	SCENARIO(a_put_is_found_by_name_and_uid_with_its_bytes),
	SCENARIO(a_session_shows_each_question_all_that_was_committed_before_it),
	SCENARIO(going_back_to_an_earlier_text_gives_a_new_etag),
	SCENARIO(an_expectation_that_fails_changes_nothing),
	SCENARIO(entries_rest_on_an_object_as_it_was),
	SCENARIO(a_uid_is_unique_in_its_calendar),
	SCENARIO(a_move_is_one_commit_in_any_order),
	SCENARIO(deleting_what_is_not_there_moves_nothing),
	SCENARIO(a_list_is_by_kind_and_half_open_span),
	SCENARIO(a_list_goes_by_the_spans_that_are_known),
	SCENARIO(pages_follow_each_other_by_name),
	SCENARIO(a_visitor_stops_the_walk),
	SCENARIO(live_objects_are_counted),
};
const struct suite_part suite_objects = {"objects", scenarios, ARRAY_SIZE(scenarios)};
