/* What store_ledger_verify() says of a ledger whose files somebody has been at (architecture.md 15.23). */
#include <dlfcn.h>
#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/util.h"
#include "storage/chain.h"
#include "storage/store.h"

#define JUNE "ledger/anna/2026-06.log"
#define JULY "ledger/anna/2026-07.log"
#define HEADS "ledger/anna/heads"

enum { ENTRIES = 6, IN_JUNE = 4 };

static char root[64];
static char found[1000];

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int setup(void **state)
{
	snprintf(root, sizeof(root), "/tmp/dedit-verify-XXXXXX");
	return mkdtemp(root) == NULL;
}

static int teardown(void **state)
{
	nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

static struct store *open_root(void)
{
	const struct store_options at_once = {.tombstone_days = 365};
	struct err e = {0};
	struct store *s;

	if (store_open("sqlite", root, &at_once, &s, &e) < 0)
		fail_msg("%s", e.text);
	return s;
}

static int64_t at(const char *text)
{
	int64_t t = 0;

	assert_int_equal(iso_date_parse(text, &t), 0);
	return t;
}

static void append(struct store *s, int64_t when, const char *text)
{
	struct ledger_row row = {.owner = "anna", .when = when, .slot = 5000, .incident = true, .kind = "late",
		.ref = "R1", .client = "marc", .uid = "u1", .text = text};
	struct commit commit = {.now = when, .ledger = &row, .ledgers = 1};
	struct err e = {0};

	if (store_commit(s, &commit, &e) < 0)
		fail_msg("%s", e.text);
}

static void sign(struct store *s, const char *when)
{
	struct signed_head h;
	struct err e = {0};

	if (store_ledger_sign(s, "anna", at(when), &h, &e) < 0)
		fail_msg("%s", e.text);
}

/* Four entries in June, two in July; the head was signed after the third one and at the end. */
static void fill(void)
{
	struct store *s = open_root();
	char text[20];

	for (int i = 1; i <= ENTRIES; i++) {
		snprintf(text, sizeof(text), "{\"n\":%d}", i);
		append(s, at(i <= IN_JUNE ? "2026-06-10T08:00:00Z" : "2026-07-01T08:00:00Z"), text);
		if (i == 3)
			sign(s, "2026-06-11T00:00:00Z");
	}
	sign(s, "2026-07-02T00:00:00Z");
	store_close(s);
}

static int note_problem(const char *line, void *arg)
{
	snprintf(found, sizeof(found), "%s", line);
	return 0;
}

static const char *verify_with(struct store *s, const struct signed_head *kept)
{
	const struct ledger_verify v = {.owner = "anna", .kept = kept};
	struct err e = {0};

	found[0] = '\0';
	if (store_ledger_verify(s, &v, note_problem, NULL, &e) < 0)
		fail_msg("%s", e.text);
	return found;
}

static const char *verify(void)
{
	struct store *s = open_root();

	verify_with(s, NULL);
	store_close(s);
	return found;
}

/* ---- files ---- */

static char *read_text(const char *rel)
{
	struct buf text cleanup_buf;
	int dir cleanup_fd = -1;

	buf_init(&text, 1 << 20);
	assert_int_equal(fs_open_dir(root, &dir, NULL), 0);
	assert_int_equal(fs_read(dir, rel, &text, NULL), 0);
	return xstrdup(text.data);
}

static void write_text(const char *rel, const char *text)
{
	int dir cleanup_fd = -1;

	assert_int_equal(fs_open_dir(root, &dir, NULL), 0);
	assert_int_equal(fs_replace(dir, rel, text, strlen(text), 0, NULL), 0);
}

/* The n-th line, from 1. */
static char *line_of(char *text, int n)
{
	while (--n > 0)
		text = strchr(text, '\n') + 1;
	return text;
}

static void replace(const char *rel, const char *old, const char *new)
{
	char *text cleanup_free = read_text(rel), *place = strstr(text, old);

	assert_non_null(place);
	assert_int_equal(strlen(old), strlen(new));
	memcpy(place, new, strlen(new));
	write_text(rel, text);
}

static void delete_line(const char *rel, int n)
{
	char *text cleanup_free = read_text(rel), *line = line_of(text, n), *next = strchr(line, '\n') + 1;

	memmove(line, next, strlen(next) + 1);
	write_text(rel, text);
}

static void keep_lines(const char *rel, int n)
{
	char *text cleanup_free = read_text(rel);

	*line_of(text, n + 1) = '\0';
	write_text(rel, text);
}

static void swap_lines(const char *rel, int n)
{
	char *text cleanup_free = read_text(rel), *first = line_of(text, n), *second = line_of(text, n + 1);
	char *rest = line_of(text, n + 2);
	char *swapped cleanup_free = xasprintf("%.*s%.*s%.*s%s", (int)(first - text), text,
		(int)(rest - second), second, (int)(second - first), first, rest);

	write_text(rel, swapped);
}

static int parse_body(const char *body, size_t len, struct arena *mem, struct store_parsed *out,
	struct err *e)
{
	return err_set(e, ERR_SYNTAX, "no events here");
}

static int ignore(const char *line, void *arg)
{
	return 0;
}

static void rebuild(void)
{
	struct store_counts counts;
	struct err e = {0};
	char *index cleanup_free = xasprintf("%s/index.db", root);

	assert_int_equal(unlink(index), 0);
	if (store_rebuild(root, parse_body, ignore, NULL, &counts, &e) < 0)
		fail_msg("%s", e.text);
}

/* ---- what is found ---- */

static void a_healthy_ledger_is_that_after_a_rebuild_too(void **state)
{
	struct store *s;

	fill();
	assert_string_equal(verify(), "");
	rebuild();
	assert_string_equal(verify(), "");
	s = open_root();
	append(s, at("2026-07-03T08:00:00Z"), "{}");
	sign(s, "2026-07-03T09:00:00Z");
	assert_string_equal(verify_with(s, NULL), "");
	store_close(s);
	rebuild();
	assert_string_equal(verify(), "");
}

static void a_byte_of_the_text_was_changed(void **state)
{
	fill();
	replace(JUNE, "{\"n\":3}", "{\"n\":9}");
	assert_string_equal(verify(), JUNE ":3: entry 3: text was changed");
	rebuild();
	assert_string_equal(verify(), JUNE ":3: entry 3: text was changed");
}

static void a_byte_of_a_digest_was_changed(void **state)
{
	fill();
	char *text cleanup_free = read_text(JUNE), *digest = line_of(text, 2);
	for (int tab = 0; tab < 3; tab++)
		digest = strchr(digest, '\t') + 1;
	digest[3] = digest[3] == 'A' ? 'B' : 'A';
	write_text(JUNE, text);
	assert_string_equal(verify(), JUNE ":2: entry 2: number, link or digest was changed");
}

static void a_column_of_the_index_was_changed(void **state)
{
	fill();
	replace(JUNE, "\tmarc\t", "\tmary\t"); /* no part of the chain */
	assert_string_equal(verify(), JUNE ":1: entry 1: differs from the index");
	replace(JUNE, "\tmary\t", "\tmarc\t");
	assert_string_equal(verify(), "");
	replace(JULY, "\t1782892800\t", "\t1780000000\t");
	assert_string_equal(verify(), JULY ":1: entry 5: its time belongs into another file");
}

static void a_line_was_deleted(void **state)
{
	fill();
	delete_line(JUNE, 2);
	assert_string_equal(verify(), JUNE ":2: entry 2: entry 3 stands in its place");
	rebuild();
	assert_string_equal(verify(), JUNE ":2: entry 2: entry 3 stands in its place");
}

static void two_lines_were_swapped(void **state)
{
	fill();
	swap_lines(JUNE, 2);
	assert_string_equal(verify(), JUNE ":2: entry 2: entry 3 stands in its place");
}

static void a_line_with_a_wrong_link_was_added(void **state)
{
	struct ledger_row row = {.owner = "anna", .seq = ENTRIES + 1, .when = at("2026-07-05T08:00:00Z"),
		.kind = "late", .ref = "", .client = "", .uid = "", .text = "{\"n\":7}"};
	char *text cleanup_free = NULL;
	struct buf line cleanup_buf;

	fill();
	buf_init(&line, 1000);
	chain_link(&row, CHAIN_START);
	chain_write_line(&line, &row);
	text = read_text(JULY);
	char *longer cleanup_free = xasprintf("%s%s", text, line.data);
	write_text(JULY, longer);
	assert_string_equal(verify(), JULY ":3: entry 7: does not follow the entry before it");
}

static void a_line_that_fits_was_added(void **state)
{
	struct ledger_row row = {.owner = "anna", .seq = ENTRIES + 1, .when = at("2026-07-05T08:00:00Z"),
		.kind = "late", .ref = "", .client = "", .uid = "", .text = "{\"n\":7}"}, last;
	char *text cleanup_free = NULL, *copy cleanup_free = NULL;
	struct buf line cleanup_buf;

	fill();
	buf_init(&line, 1000);
	text = read_text(JULY);
	copy = xstrdup(line_of(text, 2));
	copy[strlen(copy) - 1] = '\0';
	assert_int_equal(chain_parse_line(copy, &last, NULL), 0);
	chain_link(&row, last.self);
	chain_write_line(&line, &row);
	char *longer cleanup_free = xasprintf("%s%s", text, line.data);
	write_text(JULY, longer);
	assert_string_equal(verify(), JULY ":3: entry 7: not in the index");
}

static void the_end_was_cut_off(void **state)
{
	fill();
	keep_lines(JULY, 1);
	assert_string_equal(verify(), JULY ": entry 6 of the index is missing");
	/* with an index that knows no more either, the signed head does */
	rebuild();
	assert_string_equal(verify(), HEADS ":2: entry 6 was signed, but the ledger ends with entry 5");
}

static void half_a_line_is_left(void **state)
{
	fill();
	char *text cleanup_free = read_text(JULY);
	text[strlen(text) - 5] = '\0';
	write_text(JULY, text);
	assert_string_equal(verify(), JULY ":2: entry 6: the line is cut off");
}

static void a_file_was_replaced_by_an_older_copy(void **state)
{
	char *old cleanup_free = NULL;

	fill();
	old = read_text(JUNE);
	*line_of(old, 4) = '\0';
	write_text(JUNE, old);
	assert_string_equal(verify(), JUNE ": entry 4 of the index is missing");
	rebuild();
	assert_string_equal(verify(), JULY ":1: entry 4: entry 5 stands in its place");
}

static void a_file_is_missing(void **state)
{
	char *july cleanup_free = NULL;

	fill();
	july = xasprintf("%s/" JULY, root);
	struct store *s = open_root();
	assert_int_equal(unlink(july), 0);
	assert_string_equal(verify_with(s, NULL), JULY ": entry 5 of the index is missing");
	store_close(s);
	/* the index has it, so that the next start writes it anew */
	assert_string_equal(verify(), "");
}

/* Whoever makes the chain anew can make it fit, but not what was signed. */
static void the_chain_was_made_anew(void **state)
{
	char *text cleanup_free = NULL;
	struct buf out cleanup_buf;
	char prev[CHAIN_SIZE] = CHAIN_START;

	fill();
	buf_init(&out, 10000);
	text = read_text(JUNE);
	for (char *line = text, *next; *line; line = next) {
		struct ledger_row row;

		next = strchr(line, '\n') + 1;
		next[-1] = '\0';
		assert_int_equal(chain_parse_line(line, &row, NULL), 0);
		row.text = row.seq == 2 ? "{\"n\":0}" : row.text;
		chain_link(&row, prev);
		memcpy(prev, row.self, sizeof(prev));
		chain_write_line(&out, &row);
	}
	write_text(JUNE, out.data);
	char *july cleanup_free = xasprintf("%s/" JULY, root);
	assert_int_equal(unlink(july), 0);
	rebuild();
	assert_string_equal(verify(), HEADS ":1: entry 3 is not the one that was signed");
}

static void a_signature_was_forged(void **state)
{
	char *text cleanup_free = NULL, *end;

	fill();
	text = read_text(HEADS);
	end = strchr(text, '\n');
	end[-20] = end[-20] == 'A' ? 'B' : 'A';
	write_text(HEADS, text);
	assert_string_equal(verify(), HEADS ":1: the signature of the head of entry 3 is forged");
	rebuild();
	assert_string_equal(verify(), HEADS ":1: the signature of the head of entry 3 is forged");
	/* what was signed is all of it */
	end[-20] = end[-20] == 'A' ? 'B' : 'A';
	write_text(HEADS, text);
	rebuild();
	replace(HEADS, "2026-06-11", "2026-06-12");
	assert_string_equal(verify(), HEADS ":1: the signature of the head of entry 3 is forged");
}

static void signed_heads_were_taken_away(void **state)
{
	struct signature_key *other cleanup_signature_key = NULL;
	struct buf pem cleanup_buf;
	struct err e = {0};

	fill();
	delete_line(HEADS, 2);
	assert_string_equal(verify(), HEADS ":2: a signed head of the index is missing");
	rebuild();
	assert_string_equal(verify(), ""); /* only who has kept it elsewhere knows */
	write_text(HEADS, "rubbish\n");
	assert_string_equal(verify(), HEADS ":1: no signed head");
	buf_init(&pem, SIGNATURE_PEM_MAX);
	assert_int_equal(signature_key_make(&other, &e), 0);
	assert_int_equal(signature_key_write(other, true, &pem, &e), 0);
	rebuild();
	struct store *s = open_root();
	sign(s, "2026-07-04T00:00:00Z");
	store_close(s);
	write_text("ledger.key", pem.data);
	assert_string_equal(verify(), HEADS ":1: no signed head");
	delete_line(HEADS, 1);
	rebuild();
	assert_string_equal(verify(), HEADS ":1: the head of entry 6 is signed with another key than ledger.key");
	char *key cleanup_free = xasprintf("%s/ledger.key", root);
	assert_int_equal(unlink(key), 0);
	assert_string_equal(verify(), HEADS ":1: ledger.key, which signed the head of entry 6, is missing");
}

static void a_head_kept_elsewhere_finds_what_the_folder_has_forgotten(void **state)
{
	struct signed_head kept;
	char *text cleanup_free = NULL, *line;

	fill();
	text = read_text(HEADS);
	line = line_of(text, 2);
	*strchr(line, '\n') = '\0';
	assert_int_equal(head_parse_line(line, &kept, NULL), 0);
	keep_lines(HEADS, 1);
	keep_lines(JULY, 1);
	rebuild();
	struct store *s = open_root();
	assert_string_equal(verify_with(s, NULL), "");
	assert_string_equal(verify_with(s, &kept),
		"ledger of anna: entry 6 was signed, but the ledger ends with entry 5");
	kept.seq = 3;
	assert_string_equal(verify_with(s, &kept),
		"ledger of anna: the signature of the head of entry 3 is forged");
	store_close(s);
}

static void the_key_is_made_once_for_the_owner_alone(void **state)
{
	struct buf first cleanup_buf, again cleanup_buf;
	char *path cleanup_free = xasprintf("%s/ledger.key", root);
	struct stat st;
	struct err e = {0};
	struct store *s = open_root();

	buf_init(&first, SIGNATURE_PEM_MAX);
	buf_init(&again, SIGNATURE_PEM_MAX);
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(store_ledger_key(s, &first, &e), 0);
	assert_true(str_starts(first.data, "-----BEGIN PUBLIC KEY-----\n"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(store_ledger_key(s, &again, &e), 0);
	assert_string_equal(first.data, again.data);
	write_text("ledger.key", "rubbish");
	assert_int_equal(store_ledger_key(s, &again, &e), -1);
	assert_non_null(strstr(e.text, "ledger.key: no Ed25519 key"));
	store_close(s);
}

static void what_was_erased_leaves_the_chain_whole(void **state)
{
	const struct ledger_erasure gone[] = {{"anna", 2}, {"anna", 5}, {"anna", 99}};
	struct commit erase = {.now = 0, .erase = gone, .erasures = 3};
	char *june cleanup_free = NULL, *july cleanup_free = NULL;
	struct store_counts counts;
	struct err e = {0};
	struct store *s;

	fill();
	s = open_root();
	assert_int_equal(store_commit(s, &erase, &e), 0);
	append(s, at("2026-07-03T08:00:00Z"), "{\"n\":7}");
	assert_string_equal(verify_with(s, NULL), "");
	found[0] = '\0';
	assert_int_equal(store_check(s, true, NULL, note_problem, NULL, &counts, &e), 0);
	assert_string_equal(found, "");
	store_close(s);
	june = read_text(JUNE);
	july = read_text(JULY);
	assert_null(strstr(june, "{\"n\":2}"));
	assert_non_null(strstr(june, "{\"n\":3}"));
	assert_null(strstr(july, "{\"n\":5}"));
	assert_non_null(strstr(july, "{\"n\":7}"));
	*strchr(line_of(june, 2), '\n') = '\0';
	assert_null(strstr(line_of(june, 2), "marc"));
	assert_null(strstr(line_of(june, 2), "u1"));
	rebuild();
	assert_string_equal(verify(), "");
}

static void assert_nowhere(const char *secret)
{
	static const char *const files[] = {"index.db", "index.db-wal", JUNE};
	struct buf bytes cleanup_buf;
	int dir cleanup_fd = -1;

	buf_init(&bytes, 64 << 20);
	assert_int_equal(fs_open_dir(root, &dir, NULL), 0);
	for (size_t n = 0; n < ARRAY_SIZE(files); n++) {
		buf_reset(&bytes);
		assert_int_equal(fs_read(dir, files[n], &bytes, NULL), 0);
		if (memmem(bytes.data, bytes.len, secret, strlen(secret)) != NULL)
			fail_msg("%s still has it", files[n]);
	}
}

/* Neither in a page that is free now, nor in a frame of the WAL. */
static void what_was_erased_is_in_no_file(void **state)
{
	static const struct ledger_erasure gone[] = {{"anna", 2}};
	struct commit erase = {.now = 0, .erase = gone, .erasures = 1};
	char text[50000] = "{\"n\":\"";
	struct err e = {0};
	struct store *s;

	for (size_t n = strlen(text); n < sizeof(text) - 20; n = strlen(text))
		strcat(text, "most secret ");
	strcat(text, "\"}");
	s = open_root();
	append(s, at("2026-06-10T08:00:00Z"), "{\"n\":1}");
	append(s, at("2026-06-10T08:00:00Z"), text);
	append(s, at("2026-06-10T08:00:00Z"), "{\"n\":3}");
	assert_int_equal(store_commit(s, &erase, &e), 0);
	assert_nowhere("most secret");
	store_close(s);
}

/* ---- beside a writer ---- */

static struct { atomic_bool armed; sem_t visible; } commit_pause;

/* Stands before SQLite's: what was committed can be read, but who did it hasn't told anybody yet. */
int sqlite3_step(sqlite3_stmt *st)
{
	const char *sql = sqlite3_sql(st);
	bool commits = sql != NULL && strcmp(sql, "COMMIT") == 0 &&
		sqlite3_txn_state(sqlite3_db_handle(st), NULL) == SQLITE_TXN_WRITE;
	int status = ((int (*)(sqlite3_stmt *))dlsym(RTLD_NEXT, "sqlite3_step"))(st);

	if (commits && atomic_exchange(&commit_pause.armed, false)) {
		sem_post(&commit_pause.visible);
		nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	}
	return status;
}

static void *append_another(void *arg)
{
	append(arg, at("2026-06-11T08:00:00Z"), "{\"n\":2}");
	return NULL;
}

static void *sign_another(void *arg)
{
	sign(arg, "2026-06-11T00:00:00Z");
	return NULL;
}

static void verify_behind_commit_of(void *(*change)(void *))
{
	struct store *s = open_root();
	pthread_t thread;

	append(s, at("2026-06-10T08:00:00Z"), "{\"n\":1}");
	sem_init(&commit_pause.visible, 0, 0);
	atomic_store(&commit_pause.armed, true);
	assert_int_equal(pthread_create(&thread, NULL, change, s), 0);
	sem_wait(&commit_pause.visible);
	assert_string_equal(verify_with(s, NULL), "");
	pthread_join(thread, NULL);
	assert_string_equal(verify_with(s, NULL), "");
	sem_destroy(&commit_pause.visible);
	store_close(s);
}

static void an_entry_that_was_committed_just_now_is_waited_for(void **state)
{
	verify_behind_commit_of(append_another);
}

static void a_head_that_was_committed_just_now_is_waited_for(void **state)
{
	verify_behind_commit_of(sign_another);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_healthy_ledger_is_that_after_a_rebuild_too),
		TEST(a_byte_of_the_text_was_changed),
		TEST(a_byte_of_a_digest_was_changed),
		TEST(a_column_of_the_index_was_changed),
		TEST(a_line_was_deleted),
		TEST(two_lines_were_swapped),
		TEST(a_line_with_a_wrong_link_was_added),
		TEST(a_line_that_fits_was_added),
		TEST(the_end_was_cut_off),
		TEST(half_a_line_is_left),
		TEST(a_file_was_replaced_by_an_older_copy),
		TEST(a_file_is_missing),
		TEST(the_chain_was_made_anew),
		TEST(a_signature_was_forged),
		TEST(signed_heads_were_taken_away),
		TEST(a_head_kept_elsewhere_finds_what_the_folder_has_forgotten),
		TEST(the_key_is_made_once_for_the_owner_alone),
		TEST(what_was_erased_leaves_the_chain_whole),
		TEST(what_was_erased_is_in_no_file),
		TEST(an_entry_that_was_committed_just_now_is_waited_for),
		TEST(a_head_that_was_committed_just_now_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
