/* The scenarios over the SQLite backend, and what becomes files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/util.h"
#include "storage/sqlite/db.h"
#include "store_root.h"

static struct store *open_suite(void)
{
	make_root();
	return open_root(&quick);
}

static void close_suite(struct store *s)
{
	store_close(s);
	remove_root();
}

/* ---- files ---- */

static void files_hold_what_was_committed(void **state)
{
	const struct prop_row prop = {"", "DAV:", "displayname", "<d>\nA\tB</d>"};
	struct buf text cleanup_buf;
	struct store *s = open_root(&at_once);
	struct err e = {0};
	struct stat st;
	store_id c = suite_calendar(s, "anna", "Beruf & Co");

	buf_init(&text, 100000);
	put_body(s, c, "ä b.ics", "BODY\r\n");
	put_body(s, c, "plain", "no suffix");
	read_file("cal/anna/Beruf=20=26=20Co/=C3=A4=20b.ics", &text);
	assert_string_equal(text.data, "BODY\r\n");
	read_file("cal/anna/Beruf=20=26=20Co/plain=.ics", &text);
	char *path cleanup_free = path_of("cal/anna/Beruf=20=26=20Co/plain=.ics");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_mtim.tv_sec, SUITE_NOW);

	assert_int_equal(store_props_patch(s, c, &prop, 1, &e), 0);
	assert_int_equal(store_share_put(s, &(struct share){.collection = c, .user = "marc",
		.access = SHARE_WRITE}, &e), 0);
	read_file("cal/anna/Beruf=20=26=20Co/.props", &text);
	assert_string_equal(text.data, "calendar: Beruf & Co\ncomponents: 1\nflags: 0\n"
		"created: 1700000000\nprop: \tDAV:\tdisplayname\t<d>\\nA\\tB</d>\nshare: marc\twrite\n");
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "$y$"}, &e), 0);
	read_file("accounts/anna", &text);
	assert_non_null(strstr(text.data, "password: $y$\n"));
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":1}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":2}", true, &e), 0);
	read_file("ledger/anna/2023-11.log", &text);
	assert_true(str_starts(text.data, "1\tAAAA"));
	assert_non_null(strstr(text.data, "\n2\t"));
	assert_non_null(strstr(text.data, "\t{\"n\":2}\t1700000000\t5000\t1\tlate\tR1\tmarc\tu\n"));

	const struct prop_row dead = {"", "X:", "d", "<d/>"};
	assert_int_equal(store_place_patch(s, &(struct prop_place){PLACE_OBJECT, c, "plain"}, &dead, 1,
		&e), 0);
	read_file("cal/anna/Beruf=20=26=20Co/.props.d/plain=.ics", &text);
	assert_string_equal(text.data, "prop: \tX:\td\t<d/>\n");
	assert_int_equal(store_place_patch(s, &(struct prop_place){PLACE_HOME, 0, "anna"}, &dead, 1, &e),
		0);
	read_file("cal/anna/.props", &text);
	assert_string_equal(text.data, "prop: home\tX:\td\t<d/>\n");

	assert_int_equal(suite_delete(s, c, "plain", NULL, &e), 0);
	assert_false(exists("cal/anna/Beruf=20=26=20Co/plain=.ics"));
	assert_false(exists("cal/anna/Beruf=20=26=20Co/.props.d/plain=.ics"));
	assert_int_equal(store_place_patch(s, &(struct prop_place){PLACE_OBJECT, c, "ä b.ics"}, &dead, 1,
		&e), 0);
	struct commit drop = {.now = SUITE_NOW, .drop = c};
	assert_int_equal(store_commit(s, &drop, &e), 0);
	assert_false(exists("cal/anna/Beruf=20=26=20Co"));
	store_close(s);
}

static void bodies_come_from_the_journal_until_files_are_written(void **state)
{
	struct store *s = open_root(&slow);
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	put_body(s, c, "a.ics", "one");
	put_body(s, c, "a.ics", "two");
	assert_false(exists("cal/anna/w/a.ics"));
	assert_body(s, c, "a.ics", "two");
	assert_scan(s, 0, "");
	assert_int_equal(store_flush(s, &e), 0);
	assert_true(exists("cal/anna/w/a.ics"));
	assert_body(s, c, "a.ics", "two");
	assert_scan(s, 0, "");
	put_body(s, c, "b.ics", "written when it closes");
	store_close(s);
	assert_true(exists("cal/anna/w/b.ics"));
}

static void everything_is_there_after_opening_again(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store_info before, after;
	struct store *s = open_root(&quick);
	struct collection c1, c2;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	put_body(s, c, "a.ics", "one");
	assert_int_equal(store_collection(s, "anna", "w", mem, &c1, &e), 0);
	store_info(s, &before);
	store_close(s);
	s = open_root(&quick);
	store_info(s, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(store_collection(s, "anna", "w", mem, &c2, &e), 0);
	assert_int_equal(c1.seq, c2.seq);
	assert_body(s, c, "a.ics", "one");
	store_close(s);
	/* an epoch that isn't the file's ends all tokens */
	write_file("epoch", "another-epoch-entirely\n");
	s = open_root(&quick);
	store_info(s, &after);
	assert_string_not_equal(before.epoch, after.epoch);
	assert_string_equal(before.host, after.host);
	store_close(s);
}

static void a_second_opener_is_refused(void **state)
{
	struct store *s = open_root(&quick), *other;
	struct store_counts counts;
	struct buf problems cleanup_buf;
	struct err e = {0};

	buf_init(&problems, 1000);
	assert_int_equal(store_open("sqlite", root, &quick, &other, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(store_rebuild(root, parse_body, note_problem, &problems, &counts, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	store_close(s);
	store_close(open_root(&quick));
}

static void an_unsafe_folder_is_refused(void **state)
{
	struct store *s;
	struct err e = {0};

	assert_int_equal(chmod(root, 0777), 0);
	assert_int_equal(store_open("sqlite", root, &quick, &s, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_true(folder_is_remote(0x6969));     /* NFS */
	assert_true(folder_is_remote(0xff534d42)); /* CIFS */
	assert_false(folder_is_remote(0xef53));    /* ext4 */
	assert_false(folder_is_remote(0x01021994)); /* tmpfs */
}

static void a_dropped_calendar_takes_its_folder_but_no_strangers_file(void **state)
{
	struct store *s = open_root(&quick);
	struct err e = {0};
	store_id a = suite_calendar(s, "anna", "a"), b = suite_calendar(s, "anna", "b");

	put_body(s, a, "x.ics", "x");
	put_body(s, b, "x.ics", "x");
	assert_int_equal(store_flush(s, &e), 0);
	write_file("cal/anna/b/notes.txt", "mine");
	assert_int_equal(store_commit(s, &(struct commit){.now = SUITE_NOW, .drop = a}, &e), 0);
	assert_int_equal(store_commit(s, &(struct commit){.now = SUITE_NOW, .drop = b}, &e), 0);
	/* made anew before the mirror came to it */
	b = suite_calendar(s, "anna", "b");
	put_body(s, b, "y.ics", "y");
	assert_int_equal(store_flush(s, &e), 0);
	assert_false(exists("cal/anna/a"));
	assert_false(exists("cal/anna/b/x.ics"));
	assert_true(exists("cal/anna/b/notes.txt"));
	assert_true(exists("cal/anna/b/y.ics"));
	assert_true(exists("cal/anna/b/.props"));
	store_close(s);
}

static void a_closed_accounts_calendars_are_kept_aside(void **state)
{
	struct buf text cleanup_buf;
	struct store *s = open_root(&slow);
	struct err e = {0};

	buf_init(&text, 10000);
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "p"}, &e), 0);
	store_id c = suite_calendar(s, "anna", "w");
	put_body(s, c, "old.ics", "old");
	assert_int_equal(store_flush(s, &e), 0);
	put_body(s, c, "new.ics", "still in the journal");
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	assert_int_equal(store_flush(s, &e), 0);
	assert_false(exists("cal/anna"));
	read_file("removed/anna/w/old.ics", &text);
	assert_string_equal(text.data, "old");
	read_file("removed/anna/w/new.ics", &text);
	assert_string_equal(text.data, "still in the journal");
	read_file("accounts/anna", &text);
	assert_non_null(strstr(text.data, "removed: yes\n"));
	assert_null(strstr(text.data, "password"));
	store_close(s);
}

static void closing_an_account_twice_changes_nothing(void **state)
{
	struct store *s = open_root(&slow);
	struct err e = {0};

	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "p"}, &e), 0);
	store_id c = suite_calendar(s, "anna", "w");
	put_body(s, c, "old.ics", "old");
	assert_int_equal(store_flush(s, &e), 0);
	put_body(s, c, "new.ics", "still in the journal");
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	assert_int_equal(store_flush(s, &e), 0);
	assert_true(exists("removed/anna/w/old.ics"));
	assert_true(exists("removed/anna/w/new.ics"));
	assert_false(exists("removed/anna.2"));
	store_close(s);
}

/* ---- tombstones ---- */

static int count_object(const struct object *o, void *arg)
{
	++*(int *)arg;
	return 0;
}

static void old_tombstones_are_purged_and_old_tokens_refused(void **state)
{
	const struct store_options a_year = {.mirror_delay_ms = 5, .tombstone_days = 365};
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&quick);
	struct collection before, after;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");
	struct sync_point at = {0}, first = {0};
	bool more = true;
	int count = 0;

	for (int i = 0; i < 6; i++) {
		put_body(s, c, (char[]){(char)('a' + i), 0}, "x");
	}
	assert_int_equal(store_collection(s, "anna", "w", mem, &before, &e), 0);
	assert_int_equal(suite_delete(s, c, "a", NULL, &e), 0);
	put_body(s, c, "z", "x");
	store_close(s);
	/* what suite_delete writes is from 2023 */
	s = open_root(&a_year);
	assert_int_equal(suite_delete(s, c, "none", NULL, &e), 0); /* waits for the purge */
	assert_int_equal(store_collection(s, "anna", "w", mem, &after, &e), 0);
	assert_int_equal(after.oldest_seq, before.seq + 1);
	assert_int_equal(store_changes(s, c, &(struct sync_point){.since = before.seq}, 9, count_object,
		&count, &at, &more, &e), -1);
	assert_int_equal(e.code, ERR_TOKEN);
	/* a new client's pages never end on a token that is refused, however small they are */
	while (more) {
		int so_far = count;
		if (store_changes(s, c, &first, 2, count_object, &count, &first, &more, &e) < 0)
			fail_msg("after %d: %s", count, e.text);
		assert_true(count <= so_far + 2);
	}
	assert_int_equal(count, 6);
	store_close(s);
}

static int count_member(const struct home_member *m, void *arg)
{
	++*(int *)arg;
	return 0;
}

static int home_since(struct store *s, uint64_t since, bool deep, int *count, struct err *e)
{
	struct sync_point next;
	bool more;

	*count = 0;
	return store_home_changes(s, "anna", deep, &(struct sync_point){.since = since}, 9, count_member,
		count, &next, &more, e);
}

static uint64_t seq_of_home(struct store *s)
{
	uint64_t seq;

	assert_int_equal(store_home(s, "anna", NULL, NULL, &seq, NULL), 0);
	return seq;
}

static void a_home_that_disagrees_with_shares_is_reported(void **state)
{
	struct buf problems cleanup_buf;
	struct store *s = open_root(&quick);
	struct share share = {.user = "marc", .access = SHARE_READ};
	char path[100];
	struct err e = {0};
	sqlite3 *db;

	buf_init(&problems, 1000);
	share.collection = suite_calendar(s, "anna", "w");
	assert_int_equal(store_share_put(s, &share, &e), 0);
	check_problems(s, &problems);
	assert_string_equal(problems.data, "");
	store_close(s);
	snprintf(path, sizeof(path), "%s/index.db", root);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DELETE FROM member WHERE user = 'marc';"
		"INSERT INTO member SELECT 'zoe', owner, name, collection, 1, 1, 0, 0 FROM member", NULL, NULL,
		NULL), SQLITE_OK);
	sqlite3_close(db);
	s = open_root(&quick);
	check_problems(s, &problems);
	assert_non_null(strstr(problems.data, "in a home or in none, wrongly: marc/"));
	assert_non_null(strstr(problems.data, "in a home or in none, wrongly: zoe/"));
	store_close(s);
}

static int64_t in_two_days(void)
{
	return time(NULL) + 2 * 86400;
}

/* Homes forget what went after the same time, and their numbers don't go back with it. */
static void calendars_gone_long_ago_are_purged_and_old_tokens_refused(void **state)
{
	const struct store_options a_day = {.mirror_delay_ms = 5, .tombstone_days = 1};
	struct store *s = open_root(&quick);
	struct err e = {0};
	int count;

	store_id c = suite_calendar(s, "anna", "w"), gone = suite_calendar(s, "anna", "brief");
	uint64_t before = seq_of_home(s);
	struct commit drop = {.now = SUITE_NOW, .drop = gone};
	assert_int_equal(store_commit(s, &drop, &e), 0);
	uint64_t after = seq_of_home(s);
	store_close(s);
	s = open_root(&a_day);
	assert_int_equal(suite_delete(s, c, "none", NULL, &e), 0); /* waits for the purge */
	assert_int_equal(home_since(s, before, false, &count, &e), 0);
	assert_int_equal(count, 1);
	store_close(s);
	clock_set(in_two_days);
	s = open_root(&a_day);
	assert_int_equal(suite_delete(s, c, "none", NULL, &e), 0);
	assert_int_equal(home_since(s, before, false, &count, &e), -1);
	assert_int_equal(e.code, ERR_TOKEN);
	assert_int_equal(home_since(s, after, true, &count, &e), 0);
	assert_int_equal(count, 0);
	assert_int_equal(seq_of_home(s), after);
	/* objects' tombstones count for the deep level only */
	assert_int_equal(suite_put(s, c, "a", "a", "x", NULL, NULL, &e), 0);
	before = seq_of_home(s);
	assert_int_equal(suite_delete(s, c, "a", NULL, &e), 0); /* in 2023 */
	store_close(s);
	s = open_root(&a_day);
	clock_set(NULL);
	assert_int_equal(suite_delete(s, c, "none", NULL, &e), 0);
	assert_int_equal(home_since(s, before, true, &count, &e), -1);
	assert_int_equal(e.code, ERR_TOKEN);
	assert_int_equal(home_since(s, before, false, &count, &e), 0);
	assert_int_equal(count, 1);
	store_close(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FILES(files_hold_what_was_committed),
		FILES(bodies_come_from_the_journal_until_files_are_written),
		FILES(everything_is_there_after_opening_again),
		FILES(a_second_opener_is_refused),
		FILES(an_unsafe_folder_is_refused),
		FILES(a_dropped_calendar_takes_its_folder_but_no_strangers_file),
		FILES(a_closed_accounts_calendars_are_kept_aside),
		FILES(closing_an_account_twice_changes_nothing),
		FILES(old_tombstones_are_purged_and_old_tokens_refused),
		FILES(calendars_gone_long_ago_are_purged_and_old_tokens_refused),
		FILES(a_home_that_disagrees_with_shares_is_reported),
	};
	int failed = store_suite_run("store over SQLite", open_suite, close_suite);

	return failed + cmocka_run_group_tests_name("SQLite and files", tests, NULL, NULL);
}
