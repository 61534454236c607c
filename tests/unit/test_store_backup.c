/* Files are held for a backup, and it ends at any time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "store_root.h"

static void files_are_held_until_they_are_released(void **state)
{
	struct store *s = open_root(&at_once);
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "work");

	put_body(s, c, "before.ics", "before");
	assert_int_equal(store_hold(s, &e), 0);
	assert_int_equal(store_hold(s, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	/* mirror-delay 0 has writers wait for files; not for these */
	put_body(s, c, "held.ics", "held");
	assert_body(s, c, "held.ics", "held");
	assert_true(exists("cal/anna/work/before.ics"));
	assert_false(exists("cal/anna/work/held.ics"));
	/* nobody waits for the end of a backup */
	assert_int_equal(store_flush(s, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_string_equal(e.text, "a backup is being made");
	store_release(s);
	assert_int_equal(store_flush(s, &e), 0);
	assert_true(exists("cal/anna/work/held.ics"));
	/* a store that closes writes out what it has, held or not */
	assert_int_equal(store_hold(s, &e), 0);
	put_body(s, c, "last.ics", "last");
	store_close(s);
	assert_true(exists("cal/anna/work/last.ics"));
}

enum { BACKED_UP = 400 };

/* Whoever holds the files for a backup: asked so often, and of these before the index was there. */
struct holder { const char *index; size_t until, asked, early; };

static int hold_on(void *arg, struct err *e)
{
	struct holder *h = arg;
	struct stat st;

	h->early += stat(h->index, &st) < 0 || st.st_size == 0;
	return h->asked++ < h->until ? 0 : err_set(e, ERR_BUSY, "it has to end");
}

static void a_backup_is_given_up_at_any_time_and_leaves_nothing(void **state)
{
	struct store *s = open_root(&quick);
	store_id c = suite_calendar(s, "anna", "work");
	char *to = xasprintf("%s-backup", root), *index cleanup_free = xasprintf("%s/index.db", to);
	struct store_backup made;
	struct holder h = {.index = index, .until = SIZE_MAX};
	struct store_backup_source from = {.path = root, .held = hold_on, .arg = &h};
	char name[24];
	struct err e;
	size_t all;

	for (int i = 0; i < BACKED_UP; i++) {
		snprintf(name, sizeof(name), "%d.ics", i);
		put_body(s, c, name, "one");
	}
	assert_int_equal(store_flush(s, &e), 0);
	assert_int_equal(store_backup_open(s, &from, to, &made, &e), 0);
	assert_true(made.files > BACKED_UP);
	assert_true(h.early > 0);
	assert_true(h.asked >= h.early + BACKED_UP);
	remove_folder(to);
	all = h.asked;
	for (size_t until = 0; until < all - all / 7; until += all / 7) {
		h = (struct holder){.index = index, .until = until};
		assert_int_equal(store_backup_open(s, &from, to, &made, &e), -1);
		assert_int_equal(e.code, ERR_BUSY);
		assert_string_equal(e.text, "it has to end");
		assert_int_equal(access(to, F_OK), -1);
	}
	put_body(s, c, "later.ics", "one");
	store_close(s);
	free(to);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FILES(files_are_held_until_they_are_released),
		FILES(a_backup_is_given_up_at_any_time_and_leaves_nothing),
	};

	return cmocka_run_group_tests_name("backups", tests, NULL, NULL);
}
