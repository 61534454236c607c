/* The scenarios over the SQLite backend, and what only a store with files can do. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fsio.h"
#include "base/util.h"
#include "storage/sqlite/db.h"
#include "store_suite.h"

enum { SLOW = 600000 };

static char root[64];

static const struct store_options at_once = {.mirror_delay_ms = 0, .tombstone_days = 36500,
	.watch_folders = 16};
static const struct store_options quick = {.mirror_delay_ms = 5, .tombstone_days = 36500,
	.watch_folders = 16};
static const struct store_options slow = {.mirror_delay_ms = SLOW, .tombstone_days = 36500,
	.watch_folders = 16};

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void make_root(void)
{
	snprintf(root, sizeof(root), "/tmp/dedit-store-XXXXXX");
	assert_non_null(mkdtemp(root));
}

static void remove_root(void)
{
	nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static struct store *open_root(const struct store_options *o)
{
	struct err e = {0};
	struct store *s;

	if (store_open("sqlite", root, o, &s, &e) < 0)
		fail_msg("open: %s", e.text);
	return s;
}

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

static int setup(void **state)
{
	make_root();
	return 0;
}

static int teardown(void **state)
{
	remove_root();
	return 0;
}

static char *path_of(const char *rel)
{
	return xasprintf("%s/%s", root, rel);
}

static void write_file(const char *rel, const char *text)
{
	char *path cleanup_free = path_of(rel);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void append_file(const char *rel, const char *text)
{
	char *path cleanup_free = path_of(rel);
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static bool exists(const char *rel)
{
	char *path cleanup_free = path_of(rel);

	return access(path, F_OK) == 0;
}

static void unlink_file(const char *rel)
{
	char *path cleanup_free = path_of(rel);

	assert_int_equal(unlink(path), 0);
}

/* Appends to out, which is emptied first. */
static void read_file(const char *rel, struct buf *out)
{
	int dir cleanup_fd = -1;

	buf_reset(out);
	assert_int_equal(fs_open_dir(root, &dir, NULL), 0);
	assert_int_equal(fs_read(dir, rel, out, NULL), 0);
}

static void put_ok(struct store *s, store_id c, const char *name, const char *body)
{
	struct err e = {0};

	if (suite_put(s, c, name, name, body, NULL, NULL, &e) < 0)
		fail_msg("put %s: %s", name, e.text);
}

static void assert_body(struct store *s, store_id c, const char *name, const char *expected)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf body cleanup_buf;
	struct err e = {0};
	struct object o;

	buf_init(&body, 100000);
	if (store_body(s, c, name, mem, &o, &body, &e) < 0)
		fail_msg("body of %s: %s", name, e.text);
	assert_string_equal(body.data, expected);
}

static int note_found(const struct store_found *f, void *arg)
{
	buf_printf(arg, "%s=%.*s ", f->name, (int)f->len, f->body == NULL ? "" : f->body);
	return 0;
}

static void assert_scan(struct store *s, store_id c, const char *expected)
{
	struct buf notes cleanup_buf;
	struct err e = {0};

	buf_init(&notes, 10000);
	if (store_scan(s, c, note_found, &notes, &e) < 0)
		fail_msg("scan: %s", e.text);
	assert_string_equal(notes.data, expected);
}

static int note_problem(const char *line, void *arg)
{
	buf_printf(arg, "%s\n", line);
	return 0;
}

static void check_problems(struct store *s, struct buf *out)
{
	struct store_counts counts;
	struct err e = {0};

	buf_reset(out);
	assert_int_equal(store_check(s, true, NULL, note_problem, out, &counts, &e), 0);
}

/* "UID:x" at the beginning; everything else can't be parsed. */
static int parse_body(const char *body, size_t len, struct arena *mem, struct store_parsed *out,
	struct err *e)
{
	if (!str_starts(body, "UID:"))
		return err_set(e, ERR_SYNTAX, "no UID");
	/* [10, 11) and [19, 20), with spans.h's bytes */
	*out = (struct store_parsed){.uid = arena_strdup(mem, body + 4), .component = 1, .first = 10, .last = 21,
		.spans = {"\x14\x05\x01\x09", 4}, .traits = 2, .charged = len};
	return 0;
}

static int note_wrongly(const struct object *o, void *arg)
{
	(void)arg;
	fail_msg("%s", o->name);
	return 0;
}

static void rebuild(struct buf *problems)
{
	struct store_counts counts;
	struct err e = {0};

	buf_reset(problems);
	if (store_rebuild(root, parse_body, note_problem, problems, &counts, &e) < 0)
		fail_msg("rebuild: %s", e.text);
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
	put_ok(s, c, "ä b.ics", "BODY\r\n");
	put_ok(s, c, "plain", "no suffix");
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

	put_ok(s, c, "a.ics", "one");
	put_ok(s, c, "a.ics", "two");
	assert_false(exists("cal/anna/w/a.ics"));
	assert_body(s, c, "a.ics", "two");
	assert_scan(s, 0, "");
	assert_int_equal(store_flush(s, &e), 0);
	assert_true(exists("cal/anna/w/a.ics"));
	assert_body(s, c, "a.ics", "two");
	assert_scan(s, 0, "");
	put_ok(s, c, "b.ics", "written when it closes");
	store_close(s);
	assert_true(exists("cal/anna/w/b.ics"));
}

static off_t size_of(const char *rel)
{
	char *path cleanup_free = path_of(rel);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* What a session leaves open for the next one must not make the WAL longer and longer. */
static void a_session_that_is_over_does_not_hold_the_wal(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&at_once);
	store_id c = suite_calendar(s, "anna", "w");
	struct err e = {0};
	struct object o;
	char name[16];

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "%d.ics", i);
		put_ok(s, c, name, "BODY");
	}
	store_session_begin(s);
	assert_int_equal(store_find(s, c, "1.ics", mem, &o, &e), 0);
	store_session_end(s);
	off_t before = size_of("index.db-wal");
	usleep(1500000); /* the writer, being idle, copies the WAL */
	put_ok(s, c, "new.ics", "BODY");
	assert_int_equal(size_of("index.db-wal"), before);
	store_session_begin(s);
	assert_int_equal(store_find(s, c, "new.ics", mem, &o, &e), 0);
	store_session_end(s);
	store_close(s);
}

struct reading { struct store *s; store_id c; atomic_bool stop; };

/* In a session nearly all the time, and mostly busy with something else. */
static void *read_beside(void *arg)
{
	struct arena *mem cleanup_arena = arena_create();
	struct reading *r = arg;
	struct object o;

	while (!atomic_load(&r->stop)) {
		store_session_begin(r->s);
		store_find(r->s, r->c, "a.ics", mem, &o, NULL);
		usleep(20000);
		store_session_end(r->s);
	}
	return NULL;
}

/* Three times what makes the WAL long is written while somebody is always in a session. */
static void sessions_do_not_make_the_wal_longer_and_longer(void **state)
{
	enum { READERS = 4, BODY = 200000, PUTS = 240, BOUND = 32 << 20 };
	struct reading r = {.s = open_root(&slow)};
	char *body cleanup_free = xmalloc(BODY + 1);
	pthread_t thread[READERS];

	memset(body, 'x', BODY);
	body[BODY] = '\0';
	r.c = suite_calendar(r.s, "anna", "w");
	put_ok(r.s, r.c, "a.ics", body);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_create(&thread[i], NULL, read_beside, &r), 0);
		usleep(5000);
	}
	for (int i = 0; i < PUTS; i++) {
		body[i] = 'y';
		put_ok(r.s, r.c, "a.ics", body);
	}
	atomic_store(&r.stop, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(thread[i], NULL);
	assert_in_range(size_of("index.db-wal"), 1, BOUND);
	store_close(r.s);
}

struct putting { struct store *s; store_id c; const char *body; };

static void *write_beside(void *arg)
{
	const struct putting *w = arg;
	struct err e = {0};

	put_ok(w->s, w->c, "a.ics", w->body);
	assert_int_equal(store_flush(w->s, &e), 0);
	return NULL;
}

static void put_beside(struct store *s, store_id c, const char *body)
{
	struct putting w = {s, c, body};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, write_beside, &w), 0);
	pthread_join(thread, NULL);
}

/* The mirror sees a commit as soon as SQLite has it, the sessions when it is counted. */
static void a_session_reads_a_file_that_is_newer_than_its_snapshot(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&at_once);
	store_id c = suite_calendar(s, "anna", "w");
	struct db *db = (struct db *)s;
	struct buf body cleanup_buf;
	struct err e = {0};
	struct object o;

	buf_init(&body, 1000);
	put_beside(s, c, "old");
	uint64_t commits = atomic_load(&db->commits);
	store_session_begin(s);
	assert_int_equal(store_find(s, c, "a.ics", mem, &o, &e), 0);
	put_beside(s, c, "new");
	atomic_store(&db->commits, commits);
	assert_int_equal(store_body(s, c, "a.ics", mem, &o, &body, &e), 0);
	store_session_end(s);
	assert_string_equal(body.data, "new");
	store_close(s);
}

/* Who waits in a session lets others have what it holds; without one a pause takes no connection away. */
static void a_session_that_pauses_does_not_hold_the_wal(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&at_once);
	store_id c = suite_calendar(s, "anna", "w");
	struct db *db = (struct db *)s;
	struct err e = {0};
	struct object o;

	put_ok(s, c, "a.ics", "BODY");
	store_session_begin(s);
	assert_int_equal(store_find(s, c, "a.ics", mem, &o, &e), 0);
	const struct conn *held = db_reader(db, &e);
	store_session_pause(s);
	assert_ptr_equal(db->idle, held);
	assert_int_equal(store_find(s, c, "a.ics", mem, &o, &e), 0);
	store_session_pause(s);
	assert_null(db->idle);
	assert_int_not_equal(sqlite3_get_autocommit(held->handle), 0);
	store_session_end(s);
	assert_ptr_equal(db->idle, held);
	store_close(s);
}

static int refuse_commit(void *arg, int action, const char *what, const char *b, const char *c, const char *d)
{
	return action == SQLITE_TRANSACTION && strcmp(what, "COMMIT") == 0 ? SQLITE_DENY : SQLITE_OK;
}

/* As a device may refuse it: the connection goes to the next session as good as new. */
static void a_snapshot_that_cannot_be_committed_is_ended(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&at_once);
	store_id c = suite_calendar(s, "anna", "w");
	struct err e = {0};
	struct object o;

	put_ok(s, c, "a.ics", "BODY");
	store_session_begin(s);
	assert_int_equal(store_find(s, c, "a.ics", mem, &o, &e), 0);
	sqlite3 *handle = db_reader((struct db *)s, &e)->handle;
	sqlite3_set_authorizer(handle, refuse_commit, NULL);
	put_ok(s, c, "b.ics", "BODY");
	store_session_begin(s);
	assert_ptr_equal(db_reader((struct db *)s, &e)->handle, handle);
	sqlite3_set_authorizer(handle, NULL, NULL);
	assert_int_equal(store_find(s, c, "b.ics", mem, &o, &e), 0);
	store_session_end(s);
	store_close(s);
}

static void everything_is_there_after_opening_again(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store_info before, after;
	struct store *s = open_root(&quick);
	struct collection c1, c2;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	put_ok(s, c, "a.ics", "one");
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

	put_ok(s, a, "x.ics", "x");
	put_ok(s, b, "x.ics", "x");
	assert_int_equal(store_flush(s, &e), 0);
	write_file("cal/anna/b/notes.txt", "mine");
	assert_int_equal(store_commit(s, &(struct commit){.now = SUITE_NOW, .drop = a}, &e), 0);
	assert_int_equal(store_commit(s, &(struct commit){.now = SUITE_NOW, .drop = b}, &e), 0);
	/* made anew before the mirror came to it */
	b = suite_calendar(s, "anna", "b");
	put_ok(s, b, "y.ics", "y");
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
	put_ok(s, c, "old.ics", "old");
	assert_int_equal(store_flush(s, &e), 0);
	put_ok(s, c, "new.ics", "still in the journal");
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
	put_ok(s, c, "old.ics", "old");
	assert_int_equal(store_flush(s, &e), 0);
	put_ok(s, c, "new.ics", "still in the journal");
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	assert_int_equal(store_flush(s, &e), 0);
	assert_true(exists("removed/anna/w/old.ics"));
	assert_true(exists("removed/anna/w/new.ics"));
	assert_false(exists("removed/anna.2"));
	store_close(s);
}

/* ---- other hands ---- */

static int adopt(struct store *s, store_id c, const char *name, const char *body)
{
	struct change change = {.kind = body == NULL ? CHANGE_DELETE : CHANGE_PUT, .collection = c,
		.name = name, .uid = name, .body = body, .body_len = body == NULL ? 0 : strlen(body),
		.component = 1, .on_disk = true};
	struct commit commit = {.now = SUITE_NOW + 60, .change = &change, .changes = 1};

	return store_commit(s, &commit, NULL);
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
	put_ok(s, c, "a.ics", "a");
	put_ok(s, c, "b.ics", "b");
	put_ok(s, c, "c.ics", "c");
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

	put_ok(s, c, "a.ics", "same");
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

	put_ok(s, c, "a.ics", "one");
	assert_int_equal(store_flush(s, &e), 0);
	put_ok(s, c, "a.ics", "two");
	write_file("cal/anna/w/a.ics", "by hand");
	assert_scan(s, c, "");
	assert_body(s, c, "a.ics", "two");
	/* adopted bytes replace those that wait, else the mirror would write old ones over them */
	assert_int_equal(adopt(s, c, "a.ics", "by hand"), 0);
	assert_body(s, c, "a.ics", "by hand");
	assert_int_equal(store_flush(s, &e), 0);
	assert_body(s, c, "a.ics", "by hand");
	assert_scan(s, c, "");
	store_close(s);
}

/* A client's PUT came between the scan that read the file and the commit that adopts it. */
static void bytes_that_are_no_longer_on_disk_are_written_again(void **state)
{
	struct buf file cleanup_buf;
	struct store *s = open_root(&at_once);
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&file, 1000);
	put_ok(s, c, "a.ics", "by a client");
	assert_int_equal(adopt(s, c, "a.ics", "by hand"), 0);
	assert_body(s, c, "a.ics", "by hand");
	read_file("cal/anna/w/a.ics", &file);
	assert_string_equal(file.data, "by hand");
	assert_int_equal(adopt(s, c, "a.ics", NULL), 0);
	assert_false(exists("cal/anna/w/a.ics"));
	assert_scan(s, c, "");
	store_close(s);
}

static void files_of_a_dropped_calendar_are_not_adopted_by_its_successor(void **state)
{
	struct store *s = open_root(&slow);
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	put_ok(s, c, "a.ics", "old");
	put_ok(s, c, "b.ics", "old");
	assert_int_equal(store_flush(s, &e), 0);
	assert_int_equal(store_commit(s, &(struct commit){.now = SUITE_NOW, .drop = c}, &e), 0);
	c = suite_calendar(s, "anna", "w");
	assert_scan(s, c, "");
	/* who adopts such a file all the same keeps it */
	assert_int_equal(adopt(s, c, "b.ics", "old"), 0);
	assert_int_equal(store_flush(s, &e), 0);
	assert_false(exists("cal/anna/w/a.ics"));
	assert_body(s, c, "b.ics", "old");
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
		put_ok(w->s, w->c, "a.ics", large);
		assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
		usleep(2000);
		for (int k = 0; k < SMALL_ONES; k++) {
			put_ok(w->s, w->c, "a.ics", k % 2 == 0 ? "small" : "SMALL");
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
		put_ok(s, c, name, "x");
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

	put_ok(s, c, "a.ics", "x");
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
	put_ok(s, c, "a.ics", "a");
	assert_body(s, c, "a.ics", "a");
	/* who begins to watch looks at all of it first */
	assert_int_equal(store_watch(s, 5000, &found, &e), 1);
	assert_int_equal(found, c);
	assert_int_equal(store_watch(s, 0, &found, &e), 0);
	put_ok(s, c, "a.ics", "b");
	put_ok(s, c, "b.ics", "b");
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

	put_ok(s, c, "a.ics", "a");
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

	put_ok(s, c, "a.ics", "a");
	assert_int_equal(store_flush(s, &e), 0);
	assert_body(s, c, "a.ics", "a");
	begin_watch(s, c);
	/* the folder stays: the mirror comes to it only after the successor has one there too */
	assert_int_equal(store_commit(s, &(struct commit){.now = SUITE_NOW, .drop = c}, &e), 0);
	c = suite_calendar(s, "anna", "w");
	put_ok(s, c, "b.ics", "b");
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
	put_ok(s, c, "a.ics", "a");
	put_ok(s, c, "b.ics", "b");
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
	put_ok(s, d.event_of, "b.ics", "b");
	put_ok(s, d.calendar, "c.ics", "c");
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

	put_ok(d->s, d->event_of, "b.ics", "newer");
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
	put_ok(s, d.event_of, "a.ics", "a");
	put_ok(s, d.event_of, "b.ics", "b");
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

/* ---- a backup's hold ---- */

static void files_are_held_until_they_are_released(void **state)
{
	struct store *s = open_root(&at_once);
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "work");

	put_ok(s, c, "before.ics", "before");
	assert_int_equal(store_hold(s, &e), 0);
	assert_int_equal(store_hold(s, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	/* mirror-delay 0 has writers wait for files; not for these */
	put_ok(s, c, "held.ics", "held");
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
	put_ok(s, c, "last.ics", "last");
	store_close(s);
	assert_true(exists("cal/anna/work/last.ics"));
}

/* ---- rebuild ---- */

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
		put_ok(s, c, name, "one");
	}
	assert_int_equal(store_flush(s, &e), 0);
	assert_int_equal(store_backup_open(s, &from, to, &made, &e), 0);
	assert_true(made.files > BACKED_UP);
	assert_true(h.early > 0);
	assert_true(h.asked >= h.early + BACKED_UP);
	nftw(to, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	all = h.asked;
	for (size_t until = 0; until < all - all / 7; until += all / 7) {
		h = (struct holder){.index = index, .until = until};
		assert_int_equal(store_backup_open(s, &from, to, &made, &e), -1);
		assert_int_equal(e.code, ERR_BUSY);
		assert_string_equal(e.text, "it has to end");
		assert_int_equal(access(to, F_OK), -1);
	}
	put_ok(s, c, "later.ics", "one");
	store_close(s);
	free(to);
}

static void fill_for_rebuild(struct store *s, const char *long_name)
{
	static const struct collection fees = {.owner = "anna", .name = "fees", .components = 1,
		.flags = COLL_FEES};
	static const char *const addresses[] = {"anna@example.org", NULL};
	const struct account_token token = {"id", "phone", "hash", 5, TOKEN_API_READ, 0};
	const struct prop_row rows[] = {{"", "DAV:", "displayname", "<d>A</d>"},
		{"marc", "X:", "color", "<c>\\</c>"}};
	const struct prop_row dead = {"", "X:", "dead", "<d>\n\\</d>"};
	struct signed_head head;
	struct err e = {0};
	store_id f;

	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .displayname = "Anna",
		.language = "de", .addresses = addresses, .password = "p", .tokens = &token,
		.token_count = 1}, &e), 0);
	assert_int_equal(store_account_put(s, &(struct account){.name = "gone", .password = "p"}, &e), 0);
	assert_int_equal(store_delegates_set(s, "anna", SHARE_READ, (const char *const[]){"gone", "eve"},
		2, &e), 0);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"anna", "marc", SHARE_WRITE}, &e), 0);
	assert_int_equal(store_account_close(s, "gone", &e), 0);
	store_id c = suite_calendar(s, "anna", "Wörk");
	assert_int_equal(suite_put(s, c, "a.ics", "1", "UID:1", "", NULL, &e), 0);
	assert_int_equal(suite_put(s, c, long_name, "2", "UID:2", "", NULL, &e), 0);
	assert_int_equal(suite_put(s, c, "plain", "3", "UID:3", "", NULL, &e), 0);
	assert_int_equal(store_collection_make(s, &fees, NULL, 0, 0, &f, &e), 0);
	assert_int_equal(suite_put(s, f, "R1.ics", "fee-R1", "UID:fee-R1", "", NULL, &e), 0);
	assert_int_equal(suite_put(s, f, "R2.ics", "fee-R2", "UID:fee-R2", "", NULL, &e), 0);
	assert_int_equal(store_props_patch(s, c, rows, 2, &e), 0);
	const struct prop_place places[] = {{PLACE_OBJECT, c, "a.ics"}, {PLACE_OBJECT, c, long_name},
		{PLACE_HOME, 0, "anna"}, {PLACE_PRINCIPAL, 0, "anna"}};
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		assert_int_equal(store_place_patch(s, &places[i], &dead, 1, &e), 0);
	assert_int_equal(store_share_put(s, &(struct share){.collection = c, .user = "marc",
		.access = SHARE_READ}, &e), 0);
	assert_int_equal(store_feed_put(s, &(struct feed){.id = "k1", .label = "My\tphone",
		.hash = "HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH", .collection = c, .flags = FEED_PLAIN,
		.back = 86400, .ahead = -1, .created = 5}, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "1", "{\"a\":1}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "2", "{\"a\":2}", false, &e), 0);
	assert_int_equal(store_ledger_sign(s, "anna", SUITE_NOW, &head, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "2", "{\"a\":3}", false, &e), 0);
	assert_int_equal(store_ledger_sign(s, "anna", SUITE_NOW + 1, &head, &e), 0);
}

static int note_row(const struct object *o, void *arg)
{
	buf_printf(arg, "object %s %s %u %s\n", o->name, o->digest, o->component, o->uid);
	return 0;
}

static int note_prop(const struct prop_row *p, void *arg)
{
	buf_printf(arg, "prop %s %s %s %s\n", p->user, p->ns, p->name, p->xml);
	return 0;
}

static int note_share(const struct share *s, void *arg)
{
	buf_printf(arg, "share %s/%s %s %d\n", s->owner, s->calendar, s->user, s->access);
	return 0;
}

static int note_feed(const struct feed *f, void *arg)
{
	buf_printf(arg, "feed %s %s %s %u %lld %lld %lld\n", f->id, f->label, f->hash, f->flags,
		(long long)f->back, (long long)f->ahead, (long long)f->created);
	return 0;
}

static int note_delegation(const struct delegation *d, void *arg)
{
	buf_printf(arg, "delegate %s of %s %d\n", d->user, d->owner, d->access);
	return 0;
}

static int note_account(const struct account *a, void *arg)
{
	buf_printf(arg, "account %s %s %s %s %s %zu %d %llu\n", a->name,
		a->displayname == NULL ? "-" : a->displayname, a->language == NULL ? "-" : a->language,
		a->addresses[0] == NULL ? "-" : a->addresses[0], a->password == NULL ? "-" : a->password,
		a->token_count, a->removed, (unsigned long long)a->generation);
	return 0;
}

static int note_entry(const struct ledger_row *l, void *arg)
{
	buf_printf(arg, "entry %s %llu %lld %lld %d %s %s %s %s %s %s\n", l->owner,
		(unsigned long long)l->seq, (long long)l->when, (long long)l->slot, l->incident, l->kind,
		l->ref, l->client, l->uid, l->text, l->self);
	return 0;
}

static int note_head(const struct signed_head *h, void *arg)
{
	buf_printf(arg, "head %s %llu %lld %s %s %s\n", h->owner, (unsigned long long)h->seq,
		(long long)h->when, h->self, h->key, h->signature);
	return 0;
}

static int note_home(const struct collection *c, void *arg)
{
	buf_printf(arg, "home %s/%s\n", c->owner, c->name);
	return 0;
}

static int note_place(const struct object *o, void *arg)
{
	buf_printf(arg, "%s\n", o->name);
	return 0;
}

static void describe_places(struct store *s, store_id c, struct buf *out)
{
	struct buf names cleanup_buf;
	struct err e = {0};
	char *next;

	buf_init(&names, 10000);
	assert_int_equal(store_list(s, c, 0, INT64_MIN, INT64_MAX, note_place, &names, NULL, &e), 0);
	for (char *name = strtok_r(names.data, "\n", &next); name; name = strtok_r(NULL, "\n", &next)) {
		buf_printf(out, "%s:\n", name);
		assert_int_equal(store_place_props(s, &(struct prop_place){PLACE_OBJECT, c, name}, note_prop,
			out, &e), 0);
	}
	for (enum prop_place_kind kind = PLACE_HOME; kind <= PLACE_PRINCIPAL; kind++)
		assert_int_equal(store_place_props(s, &(struct prop_place){kind, 0, "anna"}, note_prop, out,
			&e), 0);
}

/* Everything in a store as text, but for sequence numbers. */
static void describe(struct store *s, struct buf *out)
{
	struct arena *mem cleanup_arena = arena_create();
	struct collection c;
	struct err e = {0};

	buf_reset(out);
	assert_int_equal(store_accounts(s, note_account, out, &e), 0);
	assert_int_equal(store_delegations(s, "anna", NULL, note_delegation, out, &e), 0);
	assert_non_null(strstr(out->data, "delegate eve of anna 2\ndelegate marc of anna 3\n"));
	assert_int_equal(store_collection(s, "anna", "Wörk", mem, &c, &e), 0);
	buf_printf(out, "calendar %u %u %lld %llu\n", c.components, c.flags, (long long)c.created,
		(unsigned long long)c.charged);
	describe_places(s, c.id, out);
	assert_int_equal(store_list(s, c.id, 0, INT64_MIN, INT64_MAX, note_row, out, NULL, &e), 0);
	assert_int_equal(store_props(s, c.id, "marc", note_prop, out, &e), 0);
	assert_int_equal(store_shares(s, c.id, NULL, note_share, out, &e), 0);
	assert_int_equal(store_feeds(s, c.id, note_feed, out, &e), 0);
	assert_int_equal(store_home(s, "anna", note_home, out, NULL, &e), 0);
	assert_int_equal(store_home(s, "marc", note_home, out, NULL, &e), 0);
	assert_int_equal(store_ledger(s, &(struct ledger_query){0}, note_entry, out, &e), 0);
	assert_int_equal(store_signed_heads(s, "anna", note_head, out, &e), 0);
	assert_non_null(strstr(out->data, "head anna 3 "));
}

/* In UTF-8 more than 80 letters: its file has to be named by a digest. */
static void make_long_name(char out[201])
{
	out[0] = '\0';
	for (size_t i = 0; i < 95; i++) {
		memcpy(out + 2 * i, "ü", 3);
	}
	memcpy(out + 190, ".ics", 5);
}

static int note_wake(const struct wake *w, void *arg)
{
	buf_printf(arg, "%s/%s/%s ", w->owner, w->calendar, w->name);
	return 0;
}

static void a_rebuild_brings_everything_back(void **state)
{
	struct buf before cleanup_buf, after cleanup_buf, problems cleanup_buf;
	struct arena *mem cleanup_arena = arena_create();
	struct store_info info, fresh;
	struct store *s = open_root(&slow), *refused;
	char long_name[201], wakes[300];
	struct collection c;
	struct object o;
	struct err e = {0};
	int64_t next;

	buf_init(&before, 100000);
	buf_init(&after, 100000);
	buf_init(&problems, 100000);
	make_long_name(long_name);
	snprintf(wakes, sizeof(wakes), "anna/Wörk/a.ics anna/Wörk/%s anna/fees/R1.ics ", long_name);
	fill_for_rebuild(s, long_name);
	describe(s, &before);
	store_info(s, &info);
	store_close(s);

	unlink_file("index.db");
	assert_int_equal(store_open("sqlite", root, &slow, &refused, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.text, "rebuild"));
	rebuild(&problems);
	assert_string_equal(problems.data,
		"there is no index.db; what was younger than mirror-delay is lost\n");

	s = open_root(&slow);
	describe(s, &after);
	assert_string_equal(after.data, before.data);
	store_info(s, &fresh);
	assert_string_not_equal(info.epoch, fresh.epoch);
	assert_string_equal(info.host, fresh.host);
	assert_memory_equal(info.key, fresh.key, sizeof(info.key));
	assert_int_equal(store_collection(s, "anna", "Wörk", mem, &c, &e), 0);
	assert_int_equal(store_find_uid(s, c.id, "2", mem, &o, &e), 0);
	assert_string_equal(o.name, long_name);
	assert_int_equal(o.traits, 2);
	assert_int_equal(spans_find(&o.spans, 11, 19), SPANS_NONE);
	assert_int_equal(spans_find(&o.spans, 19, 20), SPANS_SOME);
	assert_int_equal(store_list(s, c.id, 0, 11, 19, note_wrongly, NULL, NULL, &e), 0);
	assert_body(s, c.id, long_name, "UID:2");
	assert_scan(s, 0, "");
	check_problems(s, &problems);
	assert_string_equal(problems.data, "");
	/* the ledger goes on where it ended, in the index and in its file */
	assert_int_equal(suite_entry(s, "anna", "1", "{}", true, &e), 0);
	assert_int_equal(store_flush(s, &e), 0);
	check_problems(s, &problems);
	assert_string_equal(problems.data, "");
	/* what has ledger entries is asked again at once */
	buf_reset(&problems);
	assert_int_equal(store_wakes(s, INT64_MAX, note_wake, &problems, &next, &e), 0);
	assert_string_equal(problems.data, wakes);
	store_close(s);
}

/* Folders that are copied by hand must not stand in the way of a rebuild, nor double a link. */
static void a_rebuild_takes_each_feed_once(void **state)
{
	struct buf text cleanup_buf, out cleanup_buf;
	struct store *s = open_root(&at_once);
	struct err e = {0};

	(void)state;
	buf_init(&text, 10000);
	buf_init(&out, 10000);
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "p"}, &e), 0);
	store_id a = suite_calendar(s, "anna", "a");
	suite_calendar(s, "anna", "b");
	assert_int_equal(store_feed_put(s, &(struct feed){.id = "k1", .label = "",
		.hash = "HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH", .collection = a, .back = -1,
		.ahead = -1}, &e), 0);
	store_close(s);
	read_file("cal/anna/a/.props", &text);
	write_file("cal/anna/b/.props", text.data);
	rebuild(&out);
	assert_string_equal(out.data, "cal/anna/b/.props: there is a feed k1 already\n");
	s = open_root(&at_once);
	buf_reset(&out);
	assert_int_equal(store_feeds(s, 0, note_feed, &out, &e), 0);
	assert_string_equal(out.data, "feed k1  HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH 0 -1 -1 0\n");
	store_close(s);
}

static void a_rebuild_writes_the_journal_out_first(void **state)
{
	struct buf problems cleanup_buf;
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&slow);
	struct collection c;
	struct err e = {0};

	buf_init(&problems, 10000);
	put_ok(s, suite_calendar(s, "anna", "w"), "a.ics", "UID:1");
	store_close(s);
	rebuild(&problems);
	assert_string_equal(problems.data, "cal/anna: there is no account of this name\n");
	s = open_root(&slow);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	assert_false(exists("index.db.old"));
	assert_false(exists("rebuild.db"));
	store_close(s);
}

static void a_damaged_index_is_kept_aside(void **state)
{
	struct buf problems cleanup_buf;
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&at_once);
	struct collection c;
	struct err e = {0};

	buf_init(&problems, 10000);
	put_ok(s, suite_calendar(s, "anna", "w"), "a.ics", "UID:1");
	store_close(s);
	write_file("index.db", "this is no database, whatever else it may be");
	rebuild(&problems);
	assert_non_null(strstr(problems.data, "is kept as index.db.broken"));
	assert_true(exists("index.db.broken"));
	s = open_root(&slow);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	store_close(s);
}

static void a_damaged_index_keeps_its_wal(void **state)
{
	struct buf problems cleanup_buf, text cleanup_buf;
	struct store *s = open_root(&at_once);

	buf_init(&problems, 10000);
	buf_init(&text, 10000);
	put_ok(s, suite_calendar(s, "anna", "w"), "a.ics", "UID:1");
	store_close(s);
	for (int i = 0; i < 2; i++) {
		write_file("index.db", "this is no database, whatever else it may be");
		write_file("index.db-wal", i == 0 ? "its WAL" : "another");
		rebuild(&problems);
		assert_false(exists("index.db-wal"));
		read_file("index.db.broken-wal", &text);
		assert_string_equal(text.data, i == 0 ? "its WAL" : "another");
	}
	/* that of another index would be played into this one */
	write_file("index.db", "this is no database, whatever else it may be");
	rebuild(&problems);
	assert_true(exists("index.db.broken"));
	assert_false(exists("index.db.broken-wal"));
	/* killed between the renames */
	write_file("index.db-wal", "its WAL");
	unlink_file("index.db");
	rebuild(&problems);
	assert_true(exists("index.db.broken"));
	read_file("index.db.broken-wal", &text);
	assert_string_equal(text.data, "its WAL");
}

/* As a kill leaves it: the WAL alone has the event. */
static void leave_without_a_word(void)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		struct store *s = open_root(&slow);
		put_ok(s, suite_calendar(s, "anna", "w"), "a.ics", "UID:1");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_rebuild_that_cannot_work_changes_nothing(void **state)
{
	char *shm cleanup_free = path_of("index.db-shm");
	struct arena *mem cleanup_arena = arena_create();
	struct buf problems cleanup_buf;
	struct store_counts counts;
	struct collection c;
	struct err e = {0};

	buf_init(&problems, 10000);
	leave_without_a_word();
	/* for SQLite the same as an error of the disk */
	unlink_file("index.db-shm");
	assert_int_equal(mkdir(shm, 0700), 0);
	assert_int_equal(store_rebuild(root, parse_body, note_problem, &problems, &counts, &e), -1);
	assert_true(exists("index.db"));
	assert_true(exists("index.db-wal"));
	assert_false(exists("index.db.broken"));
	assert_int_equal(rmdir(shm), 0);
	rebuild(&problems);
	assert_null(strstr(problems.data, "lost"));
	struct store *s = open_root(&slow);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	store_close(s);
}

static bool reads_fail;

static ssize_t read_or_fail(int fd, void *bytes, size_t len, off_t at)
{
	if (!reads_fail)
		return pread(fd, bytes, len, at);
	errno = EIO;
	return -1;
}

/* Within a statement SQLite calls it malformed. */
static void a_query_that_cannot_read(struct err *e)
{
	static const char query[] = "SELECT count(*) FROM object";
	struct db *db;
	int64_t n;

	assert_int_equal(folder_open(root, &db, NULL), 0);
	struct conn *c = conn_open(db, "index.db", false, NULL);
	assert_non_null(c);
	assert_int_equal(sql_number(c, sql_bind(c, NULL, query, NULL, 0), 0, &n, NULL), 0);
	sqlite3_db_release_memory(c->handle);
	reads_fail = true;
	assert_int_equal(sql_number(c, sql_bind(c, NULL, query, NULL, 0), 0, &n, e), -1);
	reads_fail = false;
	conn_close(c);
	folder_close(db);
}

static void an_index_that_cannot_be_read_is_not_damaged(void **state)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	struct arena *mem cleanup_arena = arena_create();
	struct buf problems cleanup_buf;
	struct store_counts counts;
	struct collection c;
	struct store *s;
	struct err e = {0};

	buf_init(&problems, 10000);
	/* under which of its two names depends on how SQLite was built */
	assert_int_equal(vfs->xSetSystemCall(vfs, "pread", (sqlite3_syscall_ptr)read_or_fail), SQLITE_OK);
	assert_int_equal(vfs->xSetSystemCall(vfs, "pread64", (sqlite3_syscall_ptr)read_or_fail), SQLITE_OK);
	leave_without_a_word();
	a_query_that_cannot_read(&e);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.text, "Input/output error"));
	reads_fail = true;
	assert_int_equal(store_open("sqlite", root, &slow, &s, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.text, "Input/output error"));
	assert_null(strstr(e.text, "rebuild"));
	assert_int_equal(store_rebuild(root, parse_body, note_problem, &problems, &counts, &e), -1);
	reads_fail = false;
	assert_int_equal(e.code, ERR_IO);
	assert_false(exists("index.db.broken"));
	s = open_root(&slow);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	store_close(s);
	assert_int_equal(vfs->xSetSystemCall(vfs, NULL, NULL), SQLITE_OK);
}

/* Whatever it can't open now, it would leave out. */
static void a_rebuild_with_too_few_descriptors_makes_no_index(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf problems cleanup_buf;
	struct store *s = open_root(&at_once);
	struct store_counts counts;
	struct rlimit all, few;
	struct collection c;
	struct err e = {0};
	int status = -1;

	buf_init(&problems, 10000);
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "p"}, &e), 0);
	put_ok(s, suite_calendar(s, "anna", "w"), "a.ics", "UID:1");
	assert_int_equal(suite_entry(s, "anna", "u", "{}", true, &e), 0);
	store_close(s);
	unlink_file("index.db");
	int lowest = dup(0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	for (few = all, few.rlim_cur = (rlim_t)lowest; status < 0; few.rlim_cur++) {
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		status = store_rebuild(root, parse_body, note_problem, &problems, &counts, &e);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
		assert_int_equal(exists("index.db"), status == 0);
	}
	assert_int_equal(counts.objects, 1);
	assert_int_equal(counts.ledger, 1);
	s = open_root(&slow);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	store_close(s);
}

/* Nor does it say that the folder is what it can't look into. */
static void a_start_with_too_few_descriptors_asks_for_no_rebuild(void **state)
{
	char *cal cleanup_free = path_of("cal"), *ledger cleanup_free = path_of("ledger");
	struct rlimit all, few;
	struct store *s = NULL;
	struct err e = {0};
	int status = -1, lowest = dup(0);

	close(lowest);
	assert_int_equal(mkdir(cal, 0700), 0);
	assert_int_equal(mkdir(ledger, 0700), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	for (few = all, few.rlim_cur = (rlim_t)lowest; status < 0; few.rlim_cur++) {
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		status = store_open("sqlite", root, &slow, &s, &e);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
		assert_true(status == 0 || strstr(e.text, "rebuild") == NULL);
	}
	store_close(s);
}

/* Every program would have to fetch everything again. */
static void an_epoch_that_cannot_be_read_is_not_made_anew(void **state)
{
	char *epoch cleanup_free = path_of("epoch"), *away cleanup_free = path_of("epoch.away");
	struct store *s = open_root(&slow);
	struct store_info before, after;
	struct err e = {0};

	store_info(s, &before);
	store_close(s);
	assert_int_equal(rename(epoch, away), 0);
	assert_int_equal(mkfifo(epoch, 0600), 0); /* a link would be replaced (trust.md T-28) */
	assert_int_equal(store_open("sqlite", root, &slow, &s, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.text, "epoch"));
	assert_int_equal(rename(away, epoch), 0);
	s = open_root(&slow);
	store_info(s, &after);
	assert_string_equal(before.epoch, after.epoch);
	store_close(s);
}

/* It would make strangers of all files, and opening it would take its WAL away. */
static void an_empty_index_is_none(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&at_once);
	struct buf problems cleanup_buf;
	struct collection c;
	struct err e = {0};

	buf_init(&problems, 10000);
	put_ok(s, suite_calendar(s, "anna", "w"), "a.ics", "UID:1");
	store_close(s);
	write_file("index.db", "");
	assert_int_equal(store_open("sqlite", root, &slow, &s, &e), -1);
	assert_non_null(strstr(e.text, "rebuild"));
	rebuild(&problems);
	assert_non_null(strstr(problems.data, "there is no index.db"));
	s = open_root(&slow);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	store_close(s);
}

static void a_rebuild_keeps_and_reports_what_it_cannot_read(void **state)
{
	struct buf problems cleanup_buf, text cleanup_buf;
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&at_once);
	struct collection c;
	struct err e = {0};
	store_id id = suite_calendar(s, "anna", "w");

	buf_init(&problems, 10000);
	buf_init(&text, 10000);
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna"}, &e), 0);
	put_ok(s, id, "a.ics", "UID:1");
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":1}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":2}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":3}", true, &e), 0);
	store_close(s);
	write_file("cal/anna/w/bad.ics", "rubbish");
	write_file("cal/anna/w/twin.ics", "UID:1");
	write_file("cal/anna/w/notes.txt", "text");
	write_file("accounts/marc", "no colon\n");
	read_file("ledger/anna/2023-11.log", &text);
	memcpy(strstr(text.data, "{\"n\":2}"), "{\"n\":9}", 7);
	write_file("ledger/anna/2023-11.log", text.data);
	append_file("ledger/anna/2023-11.log", "4\thalf");
	rebuild(&problems);
	assert_string_equal(problems.data,
		"accounts/marc: line 1: no \"key: value\"\n"
		"cal/anna/w/bad.ics: no UID\n"
		"cal/anna/w/notes.txt: no event's file name, left alone\n"
		"cal/anna/w/twin.ics: another event has its UID\n"
		"ledger/anna/2023-11.log: half a line at the end was cut off: 4\thalf\n"
		"ledger of anna, entry 2: text was changed\n");
	assert_true(exists("cal/anna/w/bad.ics"));
	s = open_root(&at_once);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	assert_scan(s, c.id, "bad.ics=rubbish twin.ics=UID:1 ");
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":4}", true, &e), 0);
	check_problems(s, &problems);
	assert_non_null(strstr(problems.data, "entry 2: text was changed"));
	assert_null(strstr(problems.data, "entry 4"));
	assert_null(strstr(problems.data, ".log"));
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
		put_ok(s, c, (char[]){(char)('a' + i), 0}, "x");
	}
	assert_int_equal(store_collection(s, "anna", "w", mem, &before, &e), 0);
	assert_int_equal(suite_delete(s, c, "a", NULL, &e), 0);
	put_ok(s, c, "z", "x");
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

/* ---- failing devices ---- */

/* What SQLite's next writes end with; 0: they work. */
static atomic_int write_error;

static ssize_t failing_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	int error = atomic_load(&write_error);

	if (error != 0) {
		errno = error;
		return -1;
	}
	return pwrite(fd, bytes, len, offset);
}

/* error -1: SQLite's own functions again. */
static void set_write_error(int error)
{
	static const char *const calls[] = {"pwrite", "pwrite64"};
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	atomic_store(&write_error, error < 0 ? 0 : error);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		vfs->xSetSystemCall(vfs, calls[i],
			error < 0 ? NULL : (sqlite3_syscall_ptr)(void (*)(void))failing_pwrite);
	}
}

static void a_full_disk_refuses_commits_and_nothing_more(void **state)
{
	struct buf problems cleanup_buf;
	struct err e = {0};

	buf_init(&problems, 10000);
	set_write_error(0);
	struct store *s = open_root(&quick);
	store_id c = suite_calendar(s, "anna", "w");
	put_ok(s, c, "a.ics", "before");
	assert_int_equal(store_flush(s, &e), 0);
	set_write_error(ENOSPC);
	assert_int_equal(suite_put(s, c, "a.ics", "a.ics", "lost", NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_FULL);
	assert_body(s, c, "a.ics", "before");
	set_write_error(0);
	put_ok(s, c, "a.ics", "after");
	assert_int_equal(store_flush(s, &e), 0);
	assert_body(s, c, "a.ics", "after");
	check_problems(s, &problems);
	assert_string_equal(problems.data, "");
	store_close(s);
	set_write_error(-1);
}

/* What a failed write left on disk nobody knows: the process has to end and to start anew. */
static void a_failing_device_ends_the_process(void **state)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		set_write_error(0);
		struct store *s = open_root(&quick);
		store_id c = suite_calendar(s, "anna", "w");
		put_ok(s, c, "a.ics", "acknowledged");
		set_write_error(EIO);
		signal(SIGABRT, SIG_DFL);
		suite_put(s, c, "a.ics", "a.ics", "never", NULL, NULL, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&quick);
	struct collection c;
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, NULL), 0);
	assert_body(s, c.id, "a.ics", "acknowledged");
	store_close(s);
}

static void a_folder_goes_with_the_last_file_that_could_not(void **state)
{
	struct store *s = open_root(&slow);
	char *way cleanup_free = path_of("cal/anna/w/a.ics");
	store_id c = suite_calendar(s, "anna", "w");
	struct err e = {0};

	put_ok(s, c, "a.ics", "a");
	assert_int_equal(store_flush(s, &e), 0);
	unlink_file("cal/anna/w/a.ics");
	assert_int_equal(mkdir(way, 0700), 0);
	assert_int_equal(store_commit(s, &(struct commit){.now = SUITE_NOW, .drop = c}, &e), 0);
	assert_int_equal(store_flush(s, &e), -1);
	assert_true(exists("cal/anna/w/a.ics"));
	assert_int_equal(rmdir(way), 0);
	assert_int_equal(store_flush(s, &e), 0);
	assert_false(exists("cal/anna/w"));
	store_close(s);
}

static void a_file_that_cannot_be_written_costs_only_itself(void **state)
{
	struct store *s = open_root(&quick);
	struct err e = {0};
	char *way cleanup_free = path_of("cal/anna/w/a.ics");
	store_id c = suite_calendar(s, "anna", "w");

	assert_int_equal(store_flush(s, &e), 0);
	assert_int_equal(mkdir(way, 0700), 0);
	put_ok(s, c, "a.ics", "a");
	put_ok(s, c, "b.ics", "b");
	assert_int_equal(store_flush(s, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_body(s, c, "a.ics", "a");
	assert_true(exists("cal/anna/w/b.ics"));
	assert_int_equal(rmdir(way), 0);
	assert_int_equal(store_flush(s, &e), 0);
	assert_true(exists("cal/anna/w/a.ics"));
	store_close(s);
}

/* ---- threads ---- */

enum { THREADS = 8, ROUNDS = 60 };

struct crowd { struct store *s; store_id c; atomic_int failures; };
struct member { struct crowd *crowd; int number; uint64_t last_seq; };

static bool write_once(struct member *m, int round)
{
	struct crowd *crowd = m->crowd;
	char name[32], body[64], etag[ETAG_SIZE], digest[DIGEST_SIZE];

	snprintf(name, sizeof(name), "%d-%d.ics", m->number, round % 5);
	snprintf(body, sizeof(body), "body %d %d", m->number, round);
	struct change change = {.kind = CHANGE_PUT, .collection = crowd->c, .name = name, .uid = name,
		.body = body, .body_len = strlen(body), .component = 1};
	struct ledger_row row = {.owner = "anna", .when = SUITE_NOW, .incident = true, .kind = "late",
		.ref = "", .client = "", .uid = name, .text = body};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1, .ledger = &row,
		.ledgers = 1};
	if (store_commit(crowd->s, &commit, NULL) < 0 || change.seq <= m->last_seq)
		return false;
	m->last_seq = change.seq;
	digest_short(body, strlen(body), digest);
	snprintf(etag, sizeof(etag), "%s-%llu", digest, (unsigned long long)change.seq);
	return strcmp(etag, change.etag) == 0;
}

/* Somebody else's object: whatever body comes is the one of its etag. */
static bool read_once(struct member *m, int round)
{
	struct crowd *crowd = m->crowd;
	struct arena *mem cleanup_arena = arena_create();
	struct buf body cleanup_buf;
	char name[32], digest[DIGEST_SIZE];
	struct object o;
	struct err e = {0};

	buf_init(&body, 1000);
	snprintf(name, sizeof(name), "%d-%d.ics", (m->number + 1) % THREADS, round % 5);
	if (store_body(crowd->s, crowd->c, name, mem, &o, &body, &e) < 0)
		return e.code == ERR_NOT_FOUND;
	digest_short(body.data, body.len, digest);
	return strncmp(digest, o.etag, strlen(digest)) == 0;
}

static void *member_main(void *arg)
{
	struct member *m = arg;

	for (int round = 0; round < ROUNDS; round++) {
		if (!write_once(m, round) || !read_once(m, round)) {
			atomic_fetch_add(&m->crowd->failures, 1);
		}
	}
	return NULL;
}

static int note_max_seq(const struct object *o, void *arg)
{
	uint64_t *last = arg;

	if (o->seq <= *last)
		return 1;
	*last = o->seq;
	return 0;
}

static void threads_commit_and_read_side_by_side(void **state)
{
	const struct store_options busy = {.mirror_delay_ms = 1, .tombstone_days = 36500,
		.watch_folders = 4};
	struct arena *mem cleanup_arena = arena_create();
	struct buf problems cleanup_buf;
	struct crowd crowd = {.s = open_root(&busy)};
	struct member member[THREADS];
	pthread_t thread[THREADS];
	struct collection before, after;
	struct err e = {0};
	struct sync_point from = {0}, next;
	uint64_t last = 0, head;
	bool more;

	buf_init(&problems, 100000);
	crowd.c = suite_calendar(crowd.s, "anna", "w");
	assert_int_equal(store_collection(crowd.s, "anna", "w", mem, &before, &e), 0);
	for (int i = 0; i < THREADS; i++) {
		member[i] = (struct member){&crowd, i, 0};
		assert_int_equal(pthread_create(&thread[i], NULL, member_main, &member[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
	}
	assert_int_equal(crowd.failures, 0);
	assert_int_equal(store_collection(crowd.s, "anna", "w", mem, &after, &e), 0);
	assert_true(after.seq - before.seq >= THREADS * ROUNDS);
	assert_int_equal(store_changes(crowd.s, crowd.c, &from, 1000, note_max_seq, &last, &next, &more,
		&e), 0);
	assert_int_equal(last, next.since);
	assert_int_equal(store_ledger_head(crowd.s, "anna", &head, &e), 0);
	assert_int_equal(head, THREADS * ROUNDS);
	assert_int_equal(store_flush(crowd.s, &e), 0);
	check_problems(crowd.s, &problems);
	assert_string_equal(problems.data, "");
	store_close(crowd.s);
}

static void *race_main(void *arg)
{
	struct crowd *crowd = arg;
	struct err e = {0};

	if (suite_put(crowd->s, crowd->c, "one.ics", "u", "mine", "", NULL, &e) < 0) {
		assert_int_equal(e.code, ERR_CHANGED);
		atomic_fetch_add(&crowd->failures, 1);
	}
	return NULL;
}

static void of_those_who_make_the_same_object_one_wins(void **state)
{
	struct crowd crowd = {.s = open_root(&quick)};
	pthread_t thread[THREADS];

	crowd.c = suite_calendar(crowd.s, "anna", "w");
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&thread[i], NULL, race_main, &crowd), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
	}
	assert_int_equal(crowd.failures, THREADS - 1);
	store_close(crowd.s);
}

int main(void)
{
#define FILES(f) {#f, f, setup, teardown, NULL}
	static const struct CMUnitTest tests[] = {
		FILES(files_hold_what_was_committed),
		FILES(bodies_come_from_the_journal_until_files_are_written),
		FILES(everything_is_there_after_opening_again),
		FILES(a_session_that_is_over_does_not_hold_the_wal),
		FILES(sessions_do_not_make_the_wal_longer_and_longer),
		FILES(a_session_reads_a_file_that_is_newer_than_its_snapshot),
		FILES(a_session_that_pauses_does_not_hold_the_wal),
		FILES(a_snapshot_that_cannot_be_committed_is_ended),
		FILES(a_second_opener_is_refused),
		FILES(an_unsafe_folder_is_refused),
		FILES(a_dropped_calendar_takes_its_folder_but_no_strangers_file),
		FILES(a_closed_accounts_calendars_are_kept_aside),
		FILES(closing_an_account_twice_changes_nothing),
		FILES(edits_by_hand_are_found_and_adopted),
		FILES(a_touched_file_is_no_difference_and_a_same_sized_edit_is_one),
		FILES(what_the_journal_holds_wins_over_an_edit),
		FILES(bytes_that_are_no_longer_on_disk_are_written_again),
		FILES(files_of_a_dropped_calendar_are_not_adopted_by_its_successor),
		FILES(a_scan_beside_changes_takes_none_of_them_for_an_edit),
		FILES(many_missing_files_are_an_accident),
		FILES(a_folder_that_is_gone_is_an_accident),
		FILES(a_watched_folder_reports_edits_but_not_our_own),
		FILES(what_cannot_be_compared_now_is_not_forgotten),
		FILES(a_calendar_made_anew_is_watched_too),
		FILES(a_log_that_was_cut_is_written_anew),
		FILES(a_check_says_what_is_wrong),
		FILES(what_is_deleted_during_a_check_is_not_missing),
		FILES(what_comes_and_goes_during_a_check_is_no_stranger),
		FILES(a_check_in_a_session_sees_what_changes_meanwhile),
		FILES(a_ledger_is_verified_in_a_session_while_entries_come),
		FILES(files_are_held_until_they_are_released),
		FILES(a_backup_is_given_up_at_any_time_and_leaves_nothing),
		FILES(a_rebuild_brings_everything_back),
		FILES(a_rebuild_takes_each_feed_once),
		FILES(a_rebuild_writes_the_journal_out_first),
		FILES(a_damaged_index_is_kept_aside),
		FILES(a_damaged_index_keeps_its_wal),
		FILES(a_rebuild_that_cannot_work_changes_nothing),
		FILES(an_index_that_cannot_be_read_is_not_damaged),
		FILES(a_rebuild_with_too_few_descriptors_makes_no_index),
		FILES(a_start_with_too_few_descriptors_asks_for_no_rebuild),
		FILES(an_epoch_that_cannot_be_read_is_not_made_anew),
		FILES(an_empty_index_is_none),
		FILES(a_rebuild_keeps_and_reports_what_it_cannot_read),
		FILES(old_tombstones_are_purged_and_old_tokens_refused),
		FILES(calendars_gone_long_ago_are_purged_and_old_tokens_refused),
		FILES(a_home_that_disagrees_with_shares_is_reported),
		FILES(a_full_disk_refuses_commits_and_nothing_more),
		FILES(a_failing_device_ends_the_process),
		FILES(a_folder_goes_with_the_last_file_that_could_not),
		FILES(a_file_that_cannot_be_written_costs_only_itself),
		FILES(threads_commit_and_read_side_by_side),
		FILES(of_those_who_make_the_same_object_one_wins),
	};
	int failed = store_suite_run("store over SQLite", open_suite, close_suite);

	return failed + cmocka_run_group_tests_name("SQLite and files", tests, NULL, NULL);
}
