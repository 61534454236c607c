#include "storage/sqlite/salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/util.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/mirror.h"
#include "storage/sqlite/ops.h"
#include "storage/sqlite/scan.h"
#include "storage/sqlite/texts.h"

struct salvage {
	struct db *db;
	struct conn *conn;
	bool all;
	store_problem_fn problem;
	void *arg;
	struct arena *mem;
	const struct text_file **lost;
	size_t n, room;
};

static int log_problem(const char *line, void *arg)
{
	log_warn("%s", line);
	return 0;
}

/* ---- texts ---- */

static int take(struct salvage *s, const struct text_file *f, const char *why)
{
	char *line cleanup_free = xasprintf("%s: %s; written anew from the index", f->path, why);

	s->lost = arena_room(s->mem, s->lost, s->n, &s->room, sizeof(*s->lost));
	s->lost[s->n++] = f;
	return s->problem(line, s->arg);
}

static bool is_there(const struct salvage *s, const char *path)
{
	return faccessat(s->db->root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Properties of an event go with its file; if a folder is gone, what is in it may be missing by accident. */
static bool has_anchor(const struct salvage *s, const struct text_file *f)
{
	static const char below[] = "/" OBJECT_PROPS;
	char *path cleanup_free = xstrdup(f->path);

	if (f->kind == TEXT_OBJECT) {
		char *cut = strstr(path, below);
		memmove(cut, cut + strlen(below), strlen(cut + strlen(below)) + 1);
		return is_there(s, path);
	}
	if (s->all || f->kind == TEXT_ACCOUNT || f->kind == TEXT_LOG)
		return true;
	*strrchr(path, '/') = '\0';
	return is_there(s, path);
}

static bool is_cut_off(const struct text_file *f, const struct buf *file, const struct buf *index)
{
	return f->kind == TEXT_LOG && file->len < index->len &&
		(file->len == 0 || memcmp(file->data, index->data, file->len) == 0);
}

/* It is there; does it say less than the index? What reads well is the administrator's. */
static int examine_text(struct salvage *s, const struct text_file *f, const struct buf *file, struct err *e)
{
	struct buf index cleanup_buf;
	struct err why = {0};

	buf_init(&index, text_largest(f));
	if (text_of(s->conn, f, &index, e) < 0)
		return -1;
	if (text_same(f, file, &index) || !text_readable(f, &index, &why))
		return 0;
	if (is_cut_off(f, file, &index))
		return take(s, f, "cut off");
	return text_readable(f, file, &why) ? 0 : take(s, f, why.text);
}

static int examine(struct salvage *s, const struct text_file *f, struct err *e)
{
	struct buf file cleanup_buf;
	struct err why = {0};
	bool pending;

	buf_init(&file, text_largest(f));
	if (journal_pending(s->conn, f->path, &pending, e) < 0)
		return -1;
	if (pending)
		return 0;
	if (!is_there(s, f->path))
		return errno == ENOENT && has_anchor(s, f) ? take(s, f, "missing") : 0;
	if (!s->all)
		return 0;
	if (fs_read(s->db->root, f->path, &file, &why) < 0)
		return 0; /* the rebuild says why */
	return examine_text(s, f, &file, e);
}

static int run_journal(struct change_log *log, void *arg, struct err *e)
{
	const struct salvage *s = arg;

	for (size_t i = 0; i < s->n; i++) {
		if (text_journal(log, s->lost[i], e) < 0)
			return -1;
	}
	return 0;
}

static int salvage_texts(struct salvage *s, struct err *e)
{
	struct text_file *file;
	size_t n;
	int status = texts_list(s->conn, s->mem, &file, &n, e);

	for (size_t i = 0; i < n && status == 0; i++) {
		status = examine(s, &file[i], e);
	}
	if (status != 0 || s->n == 0)
		return status;
	return writer_run_internal(s->db, run_journal, s, 0, e) < 0 ? -1 : mirror_flush(s->db, e);
}

int salvage_missing(struct db *db, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct salvage s = {.db = db, .conn = db_reader(db, e), .problem = log_problem, .mem = mem};

	return s.conn == NULL ? -1 : salvage_texts(&s, e);
}

/* ---- events ---- */

static int tell_event(const struct collection *c, const char *file, const char *name, enum difference kind,
	const struct buf *body, void *arg)
{
	const struct salvage *s = arg;
	char folder[PATH_SIZE];

	if (kind != DIFF_GONE && kind != DIFF_CHANGED)
		return 0;
	path_folder(c->owner, c->name, folder);
	char *line cleanup_free = xasprintf("%s/%s: %s", folder, file, kind == DIFF_GONE ?
		"missing; the event is lost" : "another than the index knew; taken as it is, if it can be read");
	return s->problem(line, s->arg);
}

int salvage_all(struct db *db, store_problem_fn problem, void *arg, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct salvage s = {.db = db, .conn = db_reader(db, e), .all = true, .problem = problem, .arg = arg,
		.mem = mem};
	struct collection *all;
	size_t n = 0;

	if (s.conn == NULL)
		return -1;
	int status = salvage_texts(&s, e);
	status = status != 0 ? status : collections_list(db, mem, &all, &n, e);
	for (size_t i = 0; i < n && status == 0; i++) {
		status = scan_differences(db, &all[i], SCAN_DEEP | SCAN_REPORT, tell_event, &s, e);
	}
	return status;
}
