/* Other hands than the store's in its folder: scanned and watched. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "store_root.h"

/* What was found there, NULL: nothing, becomes that. 0, or the error. */
static int adopt_as(struct store *s, store_id c, const char *name, const char *there, const char *body)
{
	struct err e = {0};
	struct store_found found = {c, name, there, there == NULL ? 0 : strlen(there)};
	struct change change = {.kind = body == NULL ? CHANGE_DELETE : CHANGE_PUT, .collection = c,
		.name = name, .uid = name, .body = body, .body_len = body == NULL ? 0 : strlen(body),
		.component = 1, .found = &found};
	struct commit commit = {.now = SUITE_NOW + 60, .change = &change, .changes = 1};

	return store_commit(s, &commit, &e) == 0 ? 0 : (int)e.code;
}

static int adopt(struct store *s, store_id c, const char *name, const char *body)
{
	return adopt_as(s, c, name, body, body);
}

static void edits_by_hand_are_found_and_adopted(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf body cleanup_buf;
	struct store *s = open_root(&at_once);
	struct object o;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&body, 1000);
	put_body(s, c, "a.ics", "a");
	put_body(s, c, "b.ics", "b");
	put_body(s, c, "c.ics", "c");
	assert_scan(s, 0, "");
	write_file("cal/anna/w/a.ics", "A");
	write_file("cal/anna/w/neu und schön.ics", "N");
	write_file("cal/anna/w/.hidden.ics", "H");
	write_file("cal/anna/w/notes.txt", "T");
	unlink_file("cal/anna/w/b.ics");
	assert_scan(s, c, "a.ics=A neu und schön.ics=N b.ics= ");
	assert_true(exists("cal/anna/w/neu=20und=20sch=C3=B6n.ics"));
	assert_int_equal(store_body(s, c, "a.ics", mem, &o, &body, &e), -1);
	assert_int_equal(e.code, ERR_BROKEN);
	assert_body(s, c, "c.ics", "c");
	assert_int_equal(adopt(s, c, "a.ics", "A"), 0);
	assert_int_equal(adopt(s, c, "neu und schön.ics", "N"), 0);
	assert_int_equal(adopt(s, c, "b.ics", NULL), 0);
	assert_scan(s, c, "");
	assert_body(s, c, "a.ics", "A");
	assert_body(s, c, "neu und schön.ics", "N");
	store_close(s);
}

static void a_touched_file_is_no_difference_and_a_same_sized_edit_is_one(void **state)
{
	struct store *s = open_root(&at_once);
	store_id c = suite_calendar(s, "anna", "w");

	put_body(s, c, "a.ics", "same");
	write_file("cal/anna/w/a.ics", "same");
	assert_scan(s, c, "");
	write_file("cal/anna/w/a.ics", "SAME");
	assert_scan(s, c, "a.ics=SAME ");
	store_close(s);
}

static void what_the_journal_holds_wins_over_an_edit(void **state)
{
	struct store *s = open_root(&slow);
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	put_body(s, c, "a.ics", "one");
	assert_int_equal(store_flush(s, &e), 0);
	put_body(s, c, "a.ics", "two");
	write_file("cal/anna/w/a.ics", "by hand");
	assert_scan(s, c, "");
	assert_body(s, c, "a.ics", "two");
	/* found before the client sent its own */
	assert_int_equal(adopt(s, c, "a.ics", "by hand"), ERR_BUSY);
	assert_body(s, c, "a.ics", "two");
	assert_int_equal(store_flush(s, &e), 0);
	assert_body(s, c, "a.ics", "two");
	assert_scan(s, c, "");
	store_close(s);
}

/* Between the scan and the commit others may write the file, or put it back: that one is looked at next. */
static void what_is_no_longer_on_disk_is_not_adopted(void **state)
{
	struct buf file cleanup_buf;
	struct store *s = open_root(&at_once);
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&file, 1000);
	put_body(s, c, "a.ics", "by a client");
	assert_int_equal(adopt(s, c, "a.ics", "by hand"), ERR_BUSY);
	assert_int_equal(adopt(s, c, "a.ics", NULL), ERR_BUSY);
	assert_body(s, c, "a.ics", "by a client");
	assert_scan(s, c, "");
	write_file("cal/anna/w/a.ics", "by hand");
	assert_int_equal(adopt(s, c, "a.ics", "by hand"), 0);
	unlink_file("cal/anna/w/a.ics");
	assert_int_equal(adopt(s, c, "a.ics", NULL), 0);
	write_file("cal/anna/w/a.ics", "back");
	assert_int_equal(store_flush(s, NULL), 0);
	read_file("cal/anna/w/a.ics", &file);
	assert_string_equal(file.data, "back");
	assert_scan(s, c, "a.ics=back ");
	store_close(s);
}

/* With an annotation, say; or refused, or kept in spite of its deletion. */
static void what_is_made_of_it_is_written_over_what_was_found_alone(void **state)
{
	struct buf file cleanup_buf;
	struct store *s = open_root(&at_once);
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&file, 1000);
	put_body(s, c, "a.ics", "ours");
	write_file("cal/anna/w/a.ics", "by hand, again");
	assert_int_equal(adopt_as(s, c, "a.ics", "by hand", "by hand, annotated"), ERR_BUSY);
	assert_int_equal(store_flush(s, NULL), 0);
	read_file("cal/anna/w/a.ics", &file);
	assert_string_equal(file.data, "by hand, again");
	assert_int_equal(adopt_as(s, c, "a.ics", "by hand, again", "by hand, annotated"), 0);
	assert_int_equal(store_flush(s, NULL), 0);
	assert_body(s, c, "a.ics", "by hand, annotated");
	assert_int_equal(adopt_as(s, c, "a.ics", NULL, "kept"), ERR_BUSY);
	unlink_file("cal/anna/w/a.ics");
	assert_int_equal(adopt_as(s, c, "a.ics", NULL, "kept"), 0);
	assert_int_equal(store_flush(s, NULL), 0);
	assert_body(s, c, "a.ics", "kept");
	/* a fee's file that was edited, of an entry that is gone by now */
	write_file("cal/anna/w/a.ics", "by hand");
	assert_int_equal(adopt_as(s, c, "a.ics", "by hand", NULL), 0);
	assert_int_equal(store_flush(s, NULL), 0);
	assert_false(exists("cal/anna/w/a.ics"));
	assert_scan(s, c, "");
	store_close(s);
}

static void files_of_a_dropped_calendar_are_not_adopted_by_its_successor(void **state)
{
	struct store *s = open_root(&slow);
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	put_body(s, c, "a.ics", "old");
	put_body(s, c, "b.ics", "old");
	assert_int_equal(store_flush(s, &e), 0);
	assert_int_equal(store_commit(s, &(struct commit){.now = SUITE_NOW, .drop = c}, &e), 0);
	c = suite_calendar(s, "anna", "w");
	assert_scan(s, c, "");
	/* found before the calendar was dropped */
	assert_int_equal(adopt(s, c, "b.ics", "old"), ERR_BUSY);
	assert_int_equal(store_flush(s, &e), 0);
	assert_false(exists("cal/anna/w/a.ics"));
	assert_false(exists("cal/anna/w/b.ics"));
	assert_scan(s, c, "");
	store_close(s);
}

struct writing { struct store *s; store_id c; atomic_bool stop; };

/* A touched file is read by each scan, whatever its size says. */
static void *writing_main(void *arg)
{
	enum { LARGE = 8 << 20, ROUNDS_EACH = 12, SMALL_ONES = 8 };
	struct writing *w = arg;
	char *large cleanup_free = xmalloc(LARGE + 1), *path cleanup_free = path_of("cal/anna/w/a.ics");

	memset(large, 'x', LARGE);
	large[LARGE] = '\0';
	for (int i = 0; i < ROUNDS_EACH; i++) {
		put_body(w->s, w->c, "a.ics", large);
		assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
		usleep(2000);
		for (int k = 0; k < SMALL_ONES; k++) {
			put_body(w->s, w->c, "a.ics", k % 2 == 0 ? "small" : "SMALL");
			assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
		}
	}
	atomic_store(&w->stop, true);
	return NULL;
}

/* While a large file is being read, a small one takes its place, row and all. */
static void a_scan_beside_changes_takes_none_of_them_for_an_edit(void **state)
{
	struct writing w = {.s = open_root(&at_once)};
	pthread_t thread;

	w.c = suite_calendar(w.s, "anna", "w");
	assert_int_equal(pthread_create(&thread, NULL, writing_main, &w), 0);
	while (!atomic_load(&w.stop)) {
		assert_scan(w.s, w.c, "");
	}
	pthread_join(thread, NULL);
	store_close(w.s);
}

static void many_missing_files_are_an_accident(void **state)
{
	struct store *s = open_root(&quick);
	struct buf found cleanup_buf;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&found, 10000);
	for (int i = 0; i < 30; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%02d.ics", i);
		put_body(s, c, name, "x");
	}
	assert_int_equal(store_flush(s, &e), 0);
	for (int i = 0; i < 10; i++) {
		char path[64];
		snprintf(path, sizeof(path), "cal/anna/w/%02d.ics", i);
		unlink_file(path);
	}
	assert_scan(s, c, "00.ics= 01.ics= 02.ics= 03.ics= 04.ics= 05.ics= 06.ics= 07.ics= 08.ics= 09.ics= ");
	unlink_file("cal/anna/w/10.ics");
	assert_scan(s, c, "");
	check_problems(s, &found);
	assert_non_null(strstr(found.data, "cal/anna/w/10.ics: missing"));
	store_close(s);
}

static void a_folder_that_is_gone_is_an_accident(void **state)
{
	struct store *s = open_root(&at_once);
	char *from cleanup_free = path_of("cal/anna/w"), *to cleanup_free = path_of("elsewhere");
	store_id c = suite_calendar(s, "anna", "w");

	put_body(s, c, "a.ics", "x");
	assert_int_equal(rename(from, to), 0);
	assert_scan(s, c, "");
	assert_int_equal(rename(to, from), 0);
	assert_body(s, c, "a.ics", "x");
	store_close(s);
}

static void a_watched_folder_reports_edits_but_not_our_own(void **state)
{
	struct buf body cleanup_buf;
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&at_once);
	struct object o;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w"), found = -1;

	buf_init(&body, 1000);
	put_body(s, c, "a.ics", "a");
	assert_body(s, c, "a.ics", "a");
	/* who begins to watch looks at all of it first */
	assert_int_equal(store_watch(s, 5000, &found, &e), 1);
	assert_int_equal(found, c);
	assert_int_equal(store_watch(s, 0, &found, &e), 0);
	put_body(s, c, "a.ics", "b");
	put_body(s, c, "b.ics", "b");
	assert_int_equal(suite_delete(s, c, "b.ics", NULL, &e), 0);
	assert_int_equal(store_watch(s, 50, &found, &e), 0);
	write_file("cal/anna/w/a.ics", "edited");
	assert_int_equal(store_watch(s, 5000, &found, &e), 1);
	assert_int_equal(found, c);
	assert_int_equal(adopt(s, c, "a.ics", "edited"), 0);
	assert_int_equal(store_watch(s, 50, &found, &e), 0);
	unlink_file("cal/anna/w/a.ics");
	assert_int_equal(store_watch(s, 5000, &found, &e), 1);
	/* a reader that stumbles over it says so too */
	assert_int_equal(store_body(s, c, "a.ics", mem, &o, &body, &e), -1);
	assert_int_equal(store_watch(s, 0, &found, &e), 1);
	assert_int_equal(found, c);
	store_close(s);
}

/* Waits for the first look at a folder that is watched now. */
static void begin_watch(struct store *s, store_id c)
{
	struct err e = {0};
	store_id found = -1;

	while (found != c) {
		assert_int_equal(store_watch(s, 5000, &found, &e), 1);
	}
	assert_int_equal(store_watch(s, 0, &found, &e), 0);
}

/* Whoever is out of descriptors has to look again. */
static void what_cannot_be_compared_now_is_not_forgotten(void **state)
{
	struct store *s = open_root(&at_once);
	struct rlimit all, few;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w"), found = -1;

	put_body(s, c, "a.ics", "a");
	assert_body(s, c, "a.ics", "a");
	begin_watch(s, c);
	write_file("cal/anna/w/a.ics", "edited");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = all;
	few.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	int status = store_watch(s, 5000, &found, &e);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	assert_int_equal(status, 1);
	assert_int_equal(found, c);
	assert_int_equal(adopt(s, c, "a.ics", "edited"), 0);
	store_close(s);
}

static void a_calendar_made_anew_is_watched_too(void **state)
{
	struct store *s = open_root(&slow);
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w"), found = -1;

	put_body(s, c, "a.ics", "a");
	assert_int_equal(store_flush(s, &e), 0);
	assert_body(s, c, "a.ics", "a");
	begin_watch(s, c);
	/* the folder stays: the mirror comes to it only after the successor has one there too */
	assert_int_equal(store_commit(s, &(struct commit){.now = SUITE_NOW, .drop = c}, &e), 0);
	c = suite_calendar(s, "anna", "w");
	put_body(s, c, "b.ics", "b");
	assert_body(s, c, "b.ics", "b");
	begin_watch(s, c);
	write_file("cal/anna/w/c.ics", "by hand");
	assert_int_equal(store_watch(s, 5000, &found, &e), 1);
	assert_int_equal(found, c);
	unlink_file("cal/anna/w/c.ics");
	/* now it goes and comes back */
	assert_int_equal(store_flush(s, &e), 0);
	while (store_watch(s, 50, &found, &e) == 1) {
	}
	assert_body(s, c, "b.ics", "b");
	while (store_watch(s, 600, &found, &e) == 1) {
	}
	write_file("cal/anna/w/c.ics", "by hand");
	assert_int_equal(store_watch(s, 5000, &found, &e), 1);
	assert_int_equal(found, c);
	store_close(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FILES(edits_by_hand_are_found_and_adopted),
		FILES(a_touched_file_is_no_difference_and_a_same_sized_edit_is_one),
		FILES(what_the_journal_holds_wins_over_an_edit),
		FILES(what_is_no_longer_on_disk_is_not_adopted),
		FILES(what_is_made_of_it_is_written_over_what_was_found_alone),
		FILES(files_of_a_dropped_calendar_are_not_adopted_by_its_successor),
		FILES(a_scan_beside_changes_takes_none_of_them_for_an_edit),
		FILES(many_missing_files_are_an_accident),
		FILES(a_folder_that_is_gone_is_an_accident),
		FILES(a_watched_folder_reports_edits_but_not_our_own),
		FILES(what_cannot_be_compared_now_is_not_forgotten),
		FILES(a_calendar_made_anew_is_watched_too),
	};

	return cmocka_run_group_tests_name("other hands in the folder", tests, NULL, NULL);
}
