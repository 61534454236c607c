#include "store_root.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/util.h"

enum { SLOW = 600000 };

char root[64];

const struct store_options at_once = {.mirror_delay_ms = 0, .tombstone_days = 36500,
	.watch_folders = 16};
const struct store_options quick = {.mirror_delay_ms = 5, .tombstone_days = 36500,
	.watch_folders = 16};
const struct store_options slow = {.mirror_delay_ms = SLOW, .tombstone_days = 36500,
	.watch_folders = 16};

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

void make_root(void)
{
	snprintf(root, sizeof(root), "/tmp/dedit-store-XXXXXX");
	assert_non_null(mkdtemp(root));
}

void remove_folder(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void remove_root(void)
{
	remove_folder(root);
}

struct store *open_root(const struct store_options *o)
{
	struct err e = {0};
	struct store *s;

	if (store_open("sqlite", root, o, &s, &e) < 0)
		fail_msg("open: %s", e.text);
	return s;
}

int root_setup(void **state)
{
	make_root();
	return 0;
}

int root_teardown(void **state)
{
	remove_root();
	return 0;
}

char *path_of(const char *rel)
{
	return xasprintf("%s/%s", root, rel);
}

static void put_text(const char *rel, const char *mode, const char *text)
{
	char *path cleanup_free = path_of(rel);
	FILE *f = fopen(path, mode);

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

void write_file(const char *rel, const char *text)
{
	put_text(rel, "w", text);
}

void append_file(const char *rel, const char *text)
{
	put_text(rel, "a", text);
}

bool exists(const char *rel)
{
	char *path cleanup_free = path_of(rel);

	return access(path, F_OK) == 0;
}

void unlink_file(const char *rel)
{
	char *path cleanup_free = path_of(rel);

	assert_int_equal(unlink(path), 0);
}

void read_file(const char *rel, struct buf *out)
{
	int dir cleanup_fd = -1;

	buf_reset(out);
	assert_int_equal(fs_open_dir(root, &dir, NULL), 0);
	assert_int_equal(fs_read(dir, rel, out, NULL), 0);
}

void put_body(struct store *s, store_id c, const char *name, const char *body)
{
	struct err e = {0};

	if (suite_put(s, c, name, name, body, NULL, NULL, &e) < 0)
		fail_msg("put %s: %s", name, e.text);
}

void assert_body(struct store *s, store_id c, const char *name, const char *expected)
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

void assert_scan(struct store *s, store_id c, const char *expected)
{
	struct buf notes cleanup_buf;
	struct err e = {0};

	buf_init(&notes, 10000);
	if (store_scan(s, c, note_found, &notes, &e) < 0)
		fail_msg("scan: %s", e.text);
	assert_string_equal(notes.data, expected);
}

int note_problem(const char *line, void *arg)
{
	buf_printf(arg, "%s\n", line);
	return 0;
}

void check_problems(struct store *s, struct buf *out)
{
	struct store_counts counts;
	struct err e = {0};

	buf_reset(out);
	assert_int_equal(store_check(s, true, NULL, note_problem, out, &counts, &e), 0);
}

int parse_body(const char *body, size_t len, struct arena *mem, struct store_parsed *out,
	struct err *e)
{
	if (!str_starts(body, "UID:"))
		return err_set(e, ERR_SYNTAX, "no UID");
	/* [10, 11) and [19, 20), with spans.h's bytes */
	*out = (struct store_parsed){.uid = arena_strdup(mem, body + 4), .component = 1, .first = 10, .last = 21,
		.spans = {"\x14\x05\x01\x09", 4}, .traits = 2, .charged = len};
	return 0;
}

void rebuild(struct buf *problems)
{
	struct store_counts counts;
	struct err e = {0};

	buf_reset(problems);
	if (store_rebuild(root, parse_body, note_problem, problems, &counts, &e) < 0)
		fail_msg("rebuild: %s", e.text);
}
