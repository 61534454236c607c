/* Sessions over SQLite: their snapshots, what they hold, and threads side by side. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/util.h"
#include "storage/sqlite/db.h"
#include "store_root.h"

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
		put_body(s, c, name, "BODY");
	}
	store_session_begin(s);
	assert_int_equal(store_find(s, c, "1.ics", mem, &o, &e), 0);
	store_session_end(s);
	off_t before = size_of("index.db-wal");
	usleep(1500000); /* the writer, being idle, copies the WAL */
	put_body(s, c, "new.ics", "BODY");
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
	put_body(r.s, r.c, "a.ics", body);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_create(&thread[i], NULL, read_beside, &r), 0);
		usleep(5000);
	}
	for (int i = 0; i < PUTS; i++) {
		body[i] = 'y';
		put_body(r.s, r.c, "a.ics", body);
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

	put_body(w->s, w->c, "a.ics", w->body);
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

	put_body(s, c, "a.ics", "BODY");
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

	put_body(s, c, "a.ics", "BODY");
	store_session_begin(s);
	assert_int_equal(store_find(s, c, "a.ics", mem, &o, &e), 0);
	sqlite3 *handle = db_reader((struct db *)s, &e)->handle;
	sqlite3_set_authorizer(handle, refuse_commit, NULL);
	put_body(s, c, "b.ics", "BODY");
	store_session_begin(s);
	assert_ptr_equal(db_reader((struct db *)s, &e)->handle, handle);
	sqlite3_set_authorizer(handle, NULL, NULL);
	assert_int_equal(store_find(s, c, "b.ics", mem, &o, &e), 0);
	store_session_end(s);
	store_close(s);
}

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
	static const struct CMUnitTest tests[] = {
		FILES(a_session_that_is_over_does_not_hold_the_wal),
		FILES(sessions_do_not_make_the_wal_longer_and_longer),
		FILES(a_session_reads_a_file_that_is_newer_than_its_snapshot),
		FILES(a_session_that_pauses_does_not_hold_the_wal),
		FILES(a_snapshot_that_cannot_be_committed_is_ended),
		FILES(threads_commit_and_read_side_by_side),
		FILES(of_those_who_make_the_same_object_one_wins),
	};

	return cmocka_run_group_tests_name("sessions over SQLite", tests, NULL, NULL);
}
