#include "storage/sqlite/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/util.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/ops.h"

enum { ACCIDENT = 10, ACCIDENT_PART = 20 };

/* What the index says of one name. */
struct state {
	bool live, pending; /* pending: the journal has something for its file */
	char digest[DIGEST_SIZE];
	int64_t seq, size, mtime; /* seq: a tombstone's, too */
};

struct entry { const char *name, *file; struct state state; bool seen; };

struct scan {
	struct db *db;
	const struct collection *c;
	unsigned flags;
	difference_fn visit;
	void *arg;
	struct arena *mem;
	struct conn *conn;
	int dir;
	struct entry *entry; /* sorted by file */
	size_t entries;
};

/* ---- one file ---- */

/* By path, since what a dropped calendar left to be removed belongs to no object any more. */
static int read_state(struct conn *c, const struct collection *in, const char *name,
	struct state *out, struct err *e)
{
	static const char state_sql[] =
		"SELECT EXISTS (SELECT 1 FROM journal j WHERE j.path = ?3),"
		" o.digest, o.size, o.mtime, o.seq, o.deleted = 0 FROM (SELECT 1) LEFT JOIN object o"
		" ON o.collection = ?1 AND o.name = ?2";
	char path[PATH_SIZE];

	path_object(in->owner, in->name, name, path);
	sqlite3_stmt *st cleanup_stmt =
		sql_query(c, e, state_sql, INT(in->id), TEXT(name), TEXT(path));
	int status = st == NULL ? -1 : sql_step(c, st, e);
	if (status < 0)
		return -1;
	*out = (struct state){
		.pending = sqlite3_column_int(st, 0) != 0,
		.live = sqlite3_column_int(st, 5) != 0,
		.seq = sqlite3_column_int64(st, 4),
		.size = sqlite3_column_int64(st, 2),
		.mtime = sqlite3_column_int64(st, 3),
	};
	snprintf(out->digest, sizeof(out->digest), "%s", sql_text(st, 1));
	return 0;
}

/* The mirror gives a file its row's time, without a fraction of a second; an editor doesn't. */
static bool looks_same(int dir, const char *file, const struct state *s)
{
	struct stat st;

	return fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		st.st_size == s->size && st.st_mtim.tv_sec == s->mtime && st.st_mtim.tv_nsec == 0;
}

/* What is adopted becomes the truth, so it has to be on disk as well, by its name; or gone from there. */
static int sync_found(int dir, const char *file, bool there)
{
	int fd cleanup_fd =
		there ? openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;

	if (there && (fd < 0 || fdatasync(fd) < 0))
		return -1;
	return fsync(dir);
}

/*
 * 1: a difference, *kind says which. The row is read before the file and behind it: only if it
 * stayed the same and nothing waited to be written, the file isn't the server's own work. dir -1: the
 * folder is gone.
 */
static int compare_file(struct conn *c, const struct collection *in, int dir, const char *file,
	const char *name,
	struct buf *bytes, enum difference *kind, struct err *e)
{
	char digest[DIGEST_SIZE];
	struct err why = {0};
	struct state before, s;

	if (read_state(c, in, name, &before, e) < 0)
		return -1;
	bool there = dir >= 0 && fs_read(dir, file, bytes, &why) == 0;
	if (!there && dir >= 0 && why.code != ERR_NOT_FOUND) {
		log_warn("%s: %s", file, why.text);
		return 0;
	}
	if (read_state(c, in, name, &s, e) < 0)
		return -1;
	if (before.pending || s.pending || before.seq != s.seq || (!there && !s.live))
		return 0;
	digest_short(bytes->data, bytes->len, digest);
	if (there && s.live && strcmp(digest, s.digest) == 0)
		return 0;
	if (dir >= 0 && sync_found(dir, file, there) < 0) {
		log_warn("%s, edited on disk, is not taken in: sync: %m", file);
		return 0;
	}
	*kind = !there ? DIFF_GONE : s.live ? DIFF_CHANGED : DIFF_NEW;
	return 1;
}

int scan_file_differs(struct db *db, const struct collection *c, const char *file, struct err *e)
{
	struct conn *conn = db_reader(db, e);
	struct buf bytes cleanup_buf;
	char name[NAME_FILE_SIZE], canonical[NAME_FILE_SIZE], folder[PATH_SIZE];
	int dir cleanup_fd = -1;
	enum difference kind;
	struct state s;

	buf_init(&bytes, BODY_LARGEST);
	if (conn == NULL)
		return -1;
	if (file[0] == '.' || !str_ends(file, ".ics"))
		return 0;
	if (name_from_file(file, name) < 0)
		return 1;
	name_to_file(name, canonical);
	if (strcmp(canonical, file) != 0)
		return 1;
	path_folder(c->owner, c->name, folder);
	if (fs_open_subdir(db->root, folder, 0, &dir, e) < 0 ||
		read_state(conn, c, name, &s, e) < 0)
		return -1;
	if (s.live && looks_same(dir, file, &s))
		return 0;
	return compare_file(conn, c, dir, file, name, &bytes, &kind, e);
}

/* ---- a whole calendar ---- */

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->file, ((const struct entry *)b)->file);
}

static int load_entries(struct scan *s, struct err *e)
{
	static const char entries_sql[] =
		"SELECT o.name, o.digest, o.size, o.mtime, j.seq FROM object o LEFT JOIN journal j"
		" ON j.collection = o.collection AND j.name = o.name"
		" WHERE o.collection = ?1 AND o.deleted = 0";
	sqlite3_stmt *st cleanup_stmt = sql_query(s->conn, e, entries_sql, INT(s->c->id));
	int status = st == NULL ? -1 : 1;
	char file[NAME_FILE_SIZE];
	size_t room = 0;

	while (status > 0 && (status = sql_step(s->conn, st, e)) > 0) {
		if (s->entries == room) {
			room = room == 0 ? 64 : room * 2;
			s->entry = xreallocarray(s->entry, room, sizeof(*s->entry));
		}
		struct entry *x = &s->entry[s->entries++];
		*x = (struct entry){.name = arena_strdup(s->mem, sql_text(st, 0)),
			.state = {.live = true, .pending = sqlite3_column_type(st, 4) != SQLITE_NULL,
				.size = sqlite3_column_int64(st, 2), .mtime = sqlite3_column_int64(st, 3)}};
		name_to_file(x->name, file);
		x->file = arena_strdup(s->mem, file);
	}
	if (s->entries > 0) {
		qsort(s->entry, s->entries, sizeof(*s->entry), compare_entries);
	}
	return status;
}

static struct entry *find_entry(struct scan *s, const char *file)
{
	struct entry key = {.file = file};

	return s->entries == 0 ? NULL
		: bsearch(&key, s->entry, s->entries, sizeof(key), compare_entries);
}

static int report(struct scan *s, const char *file, const char *name, struct err *e)
{
	struct buf bytes cleanup_buf;
	enum difference kind;

	buf_init(&bytes, BODY_LARGEST);
	int status = compare_file(s->conn, s->c, s->dir, file, name, &bytes, &kind, e);
	return status <= 0 ? status : s->visit(s->c, file, name, kind, &bytes, s->arg);
}

/* Somebody's own spelling of a name gets ours, unless there is such an event already (15.14). */
static bool respell(struct scan *s, const char *file, const char *canonical)
{
	if ((s->flags & SCAN_REPORT) != 0 || find_entry(s, canonical) != NULL)
		return false;
	return renameat2(s->dir, file, s->dir, canonical, RENAME_NOREPLACE) == 0;
}

static int scan_file(struct scan *s, const char *file, struct err *e)
{
	char name[NAME_FILE_SIZE], canonical[NAME_FILE_SIZE];
	struct entry *x = find_entry(s, file);

	if (x != NULL) {
		x->seen = true;
		if (x->state.pending || ((s->flags & SCAN_DEEP) == 0 && looks_same(s->dir, file,
			&x->state)))
			return 0;
		return report(s, file, x->name, e);
	}
	if (name_from_file(file, name) < 0)
		return s->visit(s->c, file, NULL, DIFF_FOREIGN, NULL, s->arg);
	name_to_file(name, canonical);
	if (strcmp(file, canonical) != 0 && !respell(s, file, canonical))
		return s->visit(s->c, file, name, DIFF_FOREIGN, NULL, s->arg);
	return report(s, canonical, name, e);
}

/* Files don't go by the dozen: a disk that isn't mounted, a backup half restored (15.20). */
static bool is_accident(const struct scan *s, size_t missing, size_t files)
{
	size_t allowed = s->entries / ACCIDENT_PART > ACCIDENT ? s->entries / ACCIDENT_PART : ACCIDENT;

	if ((s->flags & SCAN_REPORT) != 0 || (missing <= allowed && files > 0))
		return false;
	log_warn("%zu of %zu files of calendar %s/%s are missing together: taken for an accident,"
		" nothing is deleted; 'dedit check' lists them", missing, s->entries, s->c->owner, s->c->name);
	return true;
}

static int scan_missing(struct scan *s, bool folder, struct err *e)
{
	size_t missing = 0;
	int status = 0;

	for (size_t i = 0; i < s->entries; i++) {
		missing += !s->entry[i].seen && !s->entry[i].state.pending;
	}
	if (missing == 0 || is_accident(s, missing, folder))
		return 0;
	for (size_t i = 0; i < s->entries && status == 0; i++) {
		const struct entry *x = &s->entry[i];
		if (!x->seen && !x->state.pending) {
			status = report(s, x->file, x->name, e);
		}
	}
	return status;
}

static int scan_all(struct scan *s, struct err *e)
{
	struct err why = {0};
	char folder[PATH_SIZE];
	const char **file = NULL;
	size_t files = 0;
	int status = 0;

	path_folder(s->c->owner, s->c->name, folder);
	/* rows first: what is committed after this looks new or changed, and is compared again */
	if (load_entries(s, e) < 0)
		return -1;
	bool there = fs_open_subdir(s->db->root, folder, 0, &s->dir, &why) == 0;
	if (!there && why.code != ERR_NOT_FOUND)
		return err_set(e, why.code, "%s", why.text);
	if (there && fs_list(s->dir, s->mem, &file, &files, e) < 0)
		return -1;
	for (size_t i = 0; i < files && status == 0; i++) {
		status = scan_file(s, file[i], e);
	}
	return status != 0 ? status : scan_missing(s, there, e);
}

int scan_differences(struct db *db, const struct collection *c, unsigned flags, difference_fn visit,
	void *arg, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct scan s = {.db = db, .c = c, .flags = flags, .visit = visit, .arg = arg, .mem = mem,
		.dir = -1, .conn = db_reader(db, e)};
	int status = s.conn == NULL ? -1 : scan_all(&s, e);

	free(s.entry);
	fd_cleanup(&s.dir);
	return status;
}

/* ---- store_scan ---- */

struct scan_visit { found_fn visit; void *arg; };

static int give_found(const struct collection *c, const char *file, const char *name,
	enum difference kind, const struct buf *body, void *arg)
{
	const struct scan_visit *v = arg;

	if (kind == DIFF_FOREIGN) {
		log_debug("%s/%s: %s is left alone", c->owner, c->name, file);
		return 0;
	}
	bool gone = kind == DIFF_GONE;
	return v->visit(&(struct store_found){c->id, name, gone ? NULL : body->data,
		gone ? 0 : body->len}, v->arg);
}

struct ids { store_id *id; size_t n; };

static int add_id(const struct collection *c, void *arg)
{
	struct ids *all = arg;

	all->id = xreallocarray(all->id, all->n + 1, sizeof(*all->id));
	all->id[all->n++] = c->id;
	return 0;
}

static int scan_one(struct db *db, store_id id, struct scan_visit *v, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct conn *conn = db_reader(db, e);
	struct collection c;

	if (conn == NULL || collection_by_id(conn, id, mem, &c, e) < 0)
		return -1;
	return scan_differences(db, &c, 0, give_found, v, e);
}

int sqlite_scan(struct store *s, store_id collection, found_fn visit, void *arg, struct err *e)
{
	struct scan_visit v = {visit, arg};
	struct ids all = {0};
	struct err why = {0};

	db_session_pause((struct db *)s); /* a row is read before its file and behind it */
	if (collection != 0)
		return scan_one((struct db *)s, collection, &v, e);
	int status = sqlite_collections(s, NULL, add_id, &all, e);
	for (size_t i = 0; i < all.n && status == 0; i++) {
		status = scan_one((struct db *)s, all.id[i], &v, &why);
		if (status < 0 && why.code == ERR_NOT_FOUND) {
			status = 0; /* dropped meanwhile */
		} else if (status < 0) {
			err_set(e, why.code, "%s", why.text);
		}
	}
	free(all.id);
	return status;
}
