/* Scenarios: calendars, quotas, shares and feeds. */
#include "suite_kit.h"

#include "base/buf.h"
#include "base/util.h"

static void collections_are_listed_by_owner_and_name(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;

	buf_init(&notes, 1000);
	suite_calendar(s, "marc", "a");
	suite_calendar(s, "anna", "z");
	suite_calendar(s, "anna", "b");
	assert_int_equal(store_collections(s, NULL, note_collection, &notes, NULL), 0);
	assert_notes(&notes, "anna/b anna/z marc/a ");
	assert_int_equal(store_collections(s, "anna", note_collection, &notes, NULL), 0);
	assert_notes(&notes, "anna/b anna/z ");
}

static void a_collection_is_made_once_and_starts_at_milliseconds_since_2020(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = *state;
	struct collection c, again = {.owner = "anna", .name = "work"};
	struct err e = {0};
	store_id id = suite_calendar(s, "anna", "work"), other;

	assert_int_equal(store_collection(s, "anna", "work", mem, &c, &e), 0);
	assert_int_equal(c.id, id);
	assert_int_equal(c.seq, (SUITE_NOW - 1577836800LL) * 1000);
	assert_int_equal(c.oldest_seq, c.seq);
	assert_int_equal(c.components, 1);
	assert_int_equal(c.created, SUITE_NOW);
	assert_string_equal(c.name, "work");
	assert_int_equal(store_collection_make(s, &again, NULL, 0, SUITE_NOW, &other, &e), -1);
	assert_int_equal(e.code, ERR_EXISTS);
	assert_int_equal(store_collection(s, "anna", "none", mem, &c, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void bad_names_are_refused(void **state)
{
	static const char *const owners[] = {"", "..", "Anna", "a/b", "-x", "a b"};
	static const char *const names[] = {"", ".", "..", "a/b", "a\nb", "\xff"};
	struct store *s = *state;
	struct err e;
	store_id id;

	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		struct collection c = {.owner = owners[i], .name = "x"};
		assert_int_equal(store_collection_make(s, &c, NULL, 0, SUITE_NOW, &id, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
	id = suite_calendar(s, "anna", "x");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct collection c = {.owner = "anna", .name = names[i]};
		store_id other;
		assert_int_equal(store_collection_make(s, &c, NULL, 0, SUITE_NOW, &other, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(suite_put(s, id, names[i], "u", "b", NULL, NULL, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
}

static void a_dropped_collection_takes_all_with_it_and_its_seqs_never_return(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct share share = {.user = "marc", .access = SHARE_READ};
	struct wake wake = {SUITE_NOW, "anna", "work", "a.ics"};
	struct collection before, after;
	struct commit commit = {.now = SUITE_NOW, .wake = &wake, .wakes = 1};
	char etag[ETAG_SIZE], again[ETAG_SIZE];
	struct object o;
	struct err e = {0};
	int64_t next;

	buf_init(&notes, 1000);
	store_id id = share.collection = suite_calendar(s, "anna", "work");
	assert_int_equal(suite_put(s, id, "a.ics", "u", "body", "", etag, &e), 0);
	assert_int_equal(store_share_put(s, &share, &e), 0);
	assert_int_equal(store_commit(s, &commit, &e), 0);
	assert_int_equal(store_collection(s, "anna", "work", mem, &before, &e), 0);
	/* only as it was seen */
	struct change last = {.kind = CHANGE_DELETE, .collection = id, .name = "a.ics"};
	commit = (struct commit){.now = SUITE_NOW, .change = &last, .changes = 1,
		.drop = id, .drop_seq = before.seq - 1};
	assert_int_equal(store_commit(s, &commit, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	commit.drop_seq = before.seq;
	assert_int_equal(store_commit(s, &commit, &e), 0);
	commit = (struct commit){.now = SUITE_NOW, .drop = id};
	assert_int_equal(store_commit(s, &commit, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_find(s, id, "a.ics", mem, &o, &e), -1);
	assert_int_equal(store_shares(s, 0, "marc", note_share, &notes, &e), 0);
	assert_int_equal(store_wakes(s, INT64_MAX, note_wake, &notes, &next, &e), 0);
	assert_notes(&notes, "");

	store_id fresh = suite_calendar(s, "anna", "work");
	assert_int_not_equal(fresh, id);
	assert_int_equal(store_collection(s, "anna", "work", mem, &after, &e), 0);
	assert_true(after.seq > before.seq);
	assert_int_equal(suite_put(s, fresh, "a.ics", "u", "body", "", again, &e), 0);
	assert_string_not_equal(etag, again);
}

static int put_charged(struct store *s, store_id c, const char *name, uint64_t charged,
	const struct quotas *quotas, struct err *e)
{
	struct change change = {.kind = CHANGE_PUT, .collection = c, .name = name, .uid = name,
		.body = "A", .body_len = 1, .charged = charged};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1, .quotas = quotas};

	return store_commit(s, &commit, e);
}

static uint64_t usage(struct store *s, const char *owner)
{
	uint64_t bytes;
	struct err e = {0};

	assert_int_equal(store_usage(s, owner, &bytes, &e), 0);
	return bytes;
}

/* RFC 4331: over all calendars of the owner; what makes it less is always allowed. */
static void a_quota_bounds_an_owners_calendars_together(void **state)
{
	const struct quota paul = {"paul", 0};
	const struct quotas quotas = {.bytes = 100, .owner = &paul, .owners = 1};
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w"), other = suite_calendar(s, "anna", "o");
	store_id his = suite_calendar(s, "paul", "w");

	assert_int_equal(put_charged(s, c, "a", 60, &quotas, &e), 0);
	assert_int_equal(put_charged(s, other, "b", 40, &quotas, &e), 0);
	assert_int_equal(usage(s, "anna"), 100);
	assert_int_equal(put_charged(s, other, "c", 1, &quotas, &e), -1);
	assert_int_equal(e.code, ERR_QUOTA);
	assert_int_equal(put_charged(s, c, "a", 61, &quotas, &e), -1);
	assert_int_equal(usage(s, "anna"), 100);
	assert_int_equal(put_charged(s, his, "a", 1000, &quotas, &e), 0);
	assert_int_equal(put_charged(s, c, "a", 500, NULL, &e), 0);
	assert_int_equal(put_charged(s, c, "a", 400, &quotas, &e), 0);
	assert_int_equal(usage(s, "anna"), 440);
	delete_ok(s, c, "a");
	assert_int_equal(usage(s, "anna"), 40);
	assert_int_equal(put_charged(s, c, "a", 60, &quotas, &e), 0);
	struct commit drop = {.now = SUITE_NOW, .drop = c};
	assert_int_equal(store_commit(s, &drop, &e), 0);
	assert_int_equal(usage(s, "anna"), 40);
	assert_int_equal(usage(s, "nobody"), 0);
}

static void shares_are_found_from_both_sides(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	store_id a = suite_calendar(s, "anna", "a"), b = suite_calendar(s, "paul", "b");
	struct share shares[] = {{.collection = a, .user = "marc", .access = SHARE_WRITE},
		{.collection = a, .user = "lea", .access = SHARE_READ},
		{.collection = b, .user = "marc", .access = SHARE_READ}};

	buf_init(&notes, 1000);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(store_share_put(s, &shares[i], &e), 0);
	}
	assert_int_equal(store_shares(s, a, NULL, note_share, &notes, &e), 0);
	assert_notes(&notes, "anna/a:lea=2 anna/a:marc=3 ");
	assert_int_equal(store_shares(s, 0, "marc", note_share, &notes, &e), 0);
	assert_notes(&notes, "anna/a:marc=3 paul/b:marc=2 ");
	assert_int_equal(store_shares(s, b, "lea", note_share, &notes, &e), 0);
	assert_notes(&notes, "");
	shares[0].access = SHARE_NONE;
	assert_int_equal(store_share_put(s, &shares[0], &e), 0);
	assert_int_equal(store_shares(s, a, "marc", note_share, &notes, &e), 0);
	assert_notes(&notes, "");
	const struct share now[] = {{.user = "paul", .access = SHARE_FREE_BUSY},
		{.user = "marc", .access = SHARE_READ}};
	assert_int_equal(store_shares_set(s, a, now, 2, &e), 0);
	assert_int_equal(store_shares(s, a, NULL, note_share, &notes, &e), 0);
	assert_notes(&notes, "anna/a:marc=2 anna/a:paul=1 ");
	assert_int_equal(store_home(s, "marc", note_collection, &notes, NULL, &e), 0);
	assert_notes(&notes, "anna/a paul/b ");
	assert_int_equal(store_home(s, "paul", note_collection, &notes, NULL, &e), 0);
	assert_notes(&notes, "paul/b "); /* free-busy alone shows nothing */
	assert_int_equal(store_shares_set(s, a, NULL, 0, &e), 0);
	assert_int_equal(store_home(s, "marc", note_collection, &notes, NULL, &e), 0);
	assert_notes(&notes, "paul/b ");
	assert_int_equal(store_shares(s, a, NULL, note_share, &notes, &e), 0);
	assert_notes(&notes, "");
	assert_int_equal(store_shares(s, b, NULL, note_share, &notes, &e), 0);
	assert_notes(&notes, "paul/b:marc=2 ");
	assert_int_equal(store_shares_set(s, 9999, now, 2, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

#define HASH_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

#define HASH_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

#define HASH_C "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"

static void feeds_are_found_by_their_hash(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	struct feed got;
	store_id a = suite_calendar(s, "anna", "a"), b = suite_calendar(s, "paul", "b");
	struct feed feeds[] = {
		{.id = "bb", .label = "Phone", .hash = HASH_B, .collection = a, .flags = FEED_BUSY,
			.back = 86400, .ahead = -1, .created = 7, .used = 99},
		{.id = "aa", .label = "", .hash = HASH_A, .collection = a, .back = -1, .ahead = -1},
		{.id = "cc", .label = "Wall", .hash = HASH_C, .collection = b, .back = 0, .ahead = 5},
	};

	buf_init(&notes, 1000);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(store_feed_put(s, &feeds[i], &e), 0);
	}
	assert_int_equal(store_feeds(s, a, note_feed, &notes, &e), 0);
	assert_notes(&notes, "anna/a:aa=(0,-1,-1,0,0) anna/a:bb=Phone(1,86400,-1,7,0) ");
	assert_int_equal(store_feed(s, HASH_C, mem, &got, &e), 0);
	assert_string_equal(got.id, "cc");
	assert_string_equal(got.owner, "paul");
	assert_int_equal(got.collection, b);
	assert_int_equal(store_feed(s, "none", mem, &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);

	assert_int_equal(store_feed_used(s, "bb", 55, &e), 0);
	assert_int_equal(store_feed_used(s, "none", 55, &e), 0);
	assert_int_equal(store_feed_remove(s, "aa", &e), 0);
	assert_int_equal(store_feed(s, HASH_A, mem, &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_feeds(s, 0, note_feed, &notes, &e), 0);
	assert_notes(&notes, "anna/a:bb=Phone(1,86400,-1,7,55) paul/b:cc=Wall(0,0,5,0,0) ");
	assert_int_equal(store_feed_remove(s, "aa", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	feeds[2].hash = HASH_A;
	assert_int_equal(store_feed_put(s, &feeds[2], &e), -1);
	assert_int_equal(e.code, ERR_EXISTS);
	feeds[1].collection = b + 99;
	assert_int_equal(store_feed_put(s, &feeds[1], &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void feeds_end_with_their_calendar(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	store_id a = suite_calendar(s, "anna", "a"), b = suite_calendar(s, "anna", "b");
	struct feed feed = {.id = "aa", .label = "", .hash = HASH_A, .collection = a};

	buf_init(&notes, 1000);
	assert_int_equal(store_feed_put(s, &feed, &e), 0);
	feed = (struct feed){.id = "bb", .label = "", .hash = HASH_B, .collection = b};
	assert_int_equal(store_feed_put(s, &feed, &e), 0);
	assert_int_equal(store_commit(s, &(struct commit){.now = SUITE_NOW, .drop = a}, &e), 0);
	assert_int_equal(store_feeds(s, 0, note_feed, &notes, &e), 0);
	assert_notes(&notes, "anna/b:bb=(0,0,0,0,0) ");
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "x"}, &e), 0);
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	assert_int_equal(store_feeds(s, 0, note_feed, &notes, &e), 0);
	assert_notes(&notes, "");
}

static const struct CMUnitTest scenarios[] = {
	SCENARIO(collections_are_listed_by_owner_and_name),
	SCENARIO(a_collection_is_made_once_and_starts_at_milliseconds_since_2020),
	SCENARIO(bad_names_are_refused),
	SCENARIO(a_dropped_collection_takes_all_with_it_and_its_seqs_never_return),
	SCENARIO(a_quota_bounds_an_owners_calendars_together),
	SCENARIO(shares_are_found_from_both_sides),
	SCENARIO(feeds_are_found_by_their_hash),
	SCENARIO(feeds_end_with_their_calendar),
};
const struct suite_part suite_collections = {"collections", scenarios, ARRAY_SIZE(scenarios)};
