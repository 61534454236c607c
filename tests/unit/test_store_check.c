/* What a check of the data folder says, and doesn't, while others write. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/util.h"
#include "store_root.h"

static void a_log_that_was_cut_is_written_anew(void **state)
{
	struct buf text cleanup_buf;
	struct store *s = open_root(&at_once);
	struct err e = {0};

	buf_init(&text, 100000);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(suite_entry(s, "anna", "u", "{}", true, &e), 0);
	}
	unlink_file("ledger/anna/2023-11.log");
	check_problems(s, &text);
	assert_non_null(strstr(text.data, "ledger/anna/2023-11.log: missing; "));
	assert_int_equal(suite_entry(s, "anna", "u", "{}", true, &e), 0);
	check_problems(s, &text);
	assert_string_equal(text.data, "");
	store_close(s);
}

static void a_check_says_what_is_wrong(void **state)
{
	struct buf text cleanup_buf;
	struct store *s = open_root(&at_once);
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&text, 100000);
	put_body(s, c, "a.ics", "a");
	put_body(s, c, "b.ics", "b");
	assert_int_equal(suite_entry(s, "anna", "u", "{\"fee\":8000}", true, &e), 0);
	write_file("cal/anna/w/a.ics", "x");
	unlink_file("cal/anna/w/b.ics");
	unlink_file("cal/anna/w/.props");
	check_problems(s, &text);
	assert_string_equal(text.data, "cal/anna/w/.props: missing; 'dedit rebuild' takes what stands there,"
		" or writes it anew if it is missing or can't be read\n"
		"cal/anna/w/a.ics: differs from the index; 'dedit rescan' takes it as edited by hand,"
		" or put it back from a backup\n"
		"cal/anna/w/b.ics: missing; put it back from a backup, or 'dedit rescan' takes it as deleted\n");
	store_close(s);
}

struct deleter { struct store *s; store_id event_of, calendar; struct buf *problems; };

/* A check takes long: what it has still to look at is deleted behind its first line. */
static int delete_meanwhile(const char *line, void *arg)
{
	struct deleter *d = arg;
	struct err e = {0};

	buf_printf(d->problems, "%s\n", line);
	if (d->s == NULL)
		return 0;
	assert_int_equal(suite_delete(d->s, d->event_of, "b.ics", NULL, &e), 0);
	assert_int_equal(store_commit(d->s, &(struct commit){.now = SUITE_NOW, .drop = d->calendar}, &e), 0);
	assert_int_equal(store_flush(d->s, &e), 0);
	d->s = NULL;
	return 0;
}

static void what_is_deleted_during_a_check_is_not_missing(void **state)
{
	struct prop_row note = {"", "DAV:", "note", "<n/>"};
	struct buf text cleanup_buf;
	struct store *s = open_root(&at_once);
	struct store_counts counts;
	struct err e = {0};
	struct deleter d = {s, suite_calendar(s, "anna", "w"), suite_calendar(s, "anna", "x"), &text};

	buf_init(&text, 10000);
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "p"}, &e), 0);
	put_body(s, d.event_of, "b.ics", "b");
	put_body(s, d.calendar, "c.ics", "c");
	const struct prop_place b = {PLACE_OBJECT, d.event_of, "b.ics"}, c = {PLACE_OBJECT, d.calendar, "c.ics"};
	assert_int_equal(store_place_patch(s, &b, &note, 1, &e), 0);
	assert_int_equal(store_place_patch(s, &c, &note, 1, &e), 0);
	write_file("accounts/anna", "name: anna\ndisplayname: Another\n");
	assert_int_equal(store_check(s, true, NULL, delete_meanwhile, &d, &counts, &e), 0);
	assert_non_null(strstr(text.data, "accounts/anna: differs"));
	assert_null(strstr(text.data, ": missing"));
	assert_ptr_equal(strchr(text.data, '\n') + 1, text.data + text.len);
	store_close(s);
}

/* A calendar is made, and deleted when its name has been read in its home's folder. */
static int come_and_go(const char *line, void *arg)
{
	struct deleter *d = arg;
	struct err e = {0};

	buf_printf(d->problems, "%s\n", line);
	if (str_starts(line, "accounts/zoe")) {
		d->calendar = suite_calendar(d->s, "anna", "x");
	} else if (str_starts(line, "cal/anna/a")) {
		assert_int_equal(store_commit(d->s, &(struct commit){.now = SUITE_NOW, .drop = d->calendar}, &e), 0);
	}
	assert_int_equal(store_flush(d->s, &e), 0);
	return 0;
}

static void what_comes_and_goes_during_a_check_is_no_stranger(void **state)
{
	struct buf text cleanup_buf;
	struct store *s = open_root(&at_once);
	struct store_counts counts;
	struct err e = {0};
	struct deleter d = {.s = s, .problems = &text};

	buf_init(&text, 10000);
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "p"}, &e), 0);
	suite_calendar(s, "anna", "w");
	write_file("accounts/zoe", "name: zoe\n");
	write_file("cal/anna/a", "");
	assert_int_equal(store_check(s, true, NULL, come_and_go, &d, &counts, &e), 0);
	assert_non_null(strstr(text.data, "accounts/zoe: not in the index"));
	assert_non_null(strstr(text.data, "cal/anna/a: not in the index"));
	assert_null(strstr(text.data, "cal/anna/x"));
	store_close(s);
}

static void *change_beside(void *arg)
{
	struct deleter *d = arg;
	struct err e = {0};

	put_body(d->s, d->event_of, "b.ics", "newer");
	assert_int_equal(store_flush(d->s, &e), 0);
	return NULL;
}

/* Behind the first line something is changed by another thread. */
static int change_meanwhile(const char *line, void *arg)
{
	struct deleter *d = arg;
	pthread_t thread;

	buf_printf(d->problems, "%s\n", line);
	assert_int_equal(pthread_create(&thread, NULL, change_beside, d), 0);
	pthread_join(thread, NULL);
	return 0;
}

/* The console asks for a check within a request. */
static void a_check_in_a_session_sees_what_changes_meanwhile(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf text cleanup_buf;
	struct store *s = open_root(&at_once);
	struct store_counts counts;
	struct err e = {0};
	struct deleter d = {.s = s, .event_of = suite_calendar(s, "anna", "w"), .problems = &text};
	struct object o;

	buf_init(&text, 10000);
	put_body(s, d.event_of, "a.ics", "a");
	put_body(s, d.event_of, "b.ics", "b");
	write_file("cal/anna/w/a.ics", "edited");
	store_session_begin(s);
	assert_int_equal(store_find(s, d.event_of, "b.ics", mem, &o, &e), 0);
	assert_int_equal(store_check(s, true, NULL, change_meanwhile, &d, &counts, &e), 0);
	store_session_end(s);
	assert_true(str_starts(text.data, "cal/anna/w/a.ics: differs"));
	assert_ptr_equal(strchr(text.data, '\n') + 1, text.data + text.len);
	store_close(s);
}

struct entering { struct store *s; atomic_bool done; };

static void *enter_beside(void *arg)
{
	struct entering *x = arg;
	struct err e = {0};

	for (int i = 0; i < 50; i++)
		assert_int_equal(suite_entry(x->s, "anna", "u", "{}", false, &e), 0);
	atomic_store(&x->done, true);
	return NULL;
}

static void a_ledger_is_verified_in_a_session_while_entries_come(void **state)
{
	const struct ledger_verify v = {.owner = "anna"};
	struct buf text cleanup_buf;
	struct entering beside = {.s = open_root(&at_once)};
	struct err e = {0};
	pthread_t thread;

	buf_init(&text, 10000);
	assert_int_equal(pthread_create(&thread, NULL, enter_beside, &beside), 0);
	while (!atomic_load(&beside.done)) {
		store_session_begin(beside.s);
		assert_int_equal(store_ledger_verify(beside.s, &v, note_problem, &text, &e), 0);
		store_session_end(beside.s);
	}
	pthread_join(thread, NULL);
	assert_string_equal(text.data, "");
	store_close(beside.s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FILES(a_log_that_was_cut_is_written_anew),
		FILES(a_check_says_what_is_wrong),
		FILES(what_is_deleted_during_a_check_is_not_missing),
		FILES(what_comes_and_goes_during_a_check_is_no_stranger),
		FILES(a_check_in_a_session_sees_what_changes_meanwhile),
		FILES(a_ledger_is_verified_in_a_session_while_entries_come),
	};

	return cmocka_run_group_tests_name("checks of the folder", tests, NULL, NULL);
}
