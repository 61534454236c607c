/* A check's half that reads files. What changes while it looks is looked at again, or passed over. */
#include "storage/sqlite/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fsio.h"
#include "base/util.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/open.h"
#include "storage/sqlite/scan.h"
#include "storage/sqlite/texts.h"

enum { ROUNDS = 3 };

/* ---- texts ---- */

static const char *advice_of(const struct text_file *f)
{
	return f->kind == TEXT_LOG ? "'dedit ledger verify' names the line; 'dedit rebuild' writes it anew if it is "
		"missing, cut off or can't be read"
		: "'dedit rebuild' takes what stands there, or writes it anew if it is missing or can't be read";
}

/* 1: looked at while nothing changed, and *why says what is wrong, or "" nothing; 0: it was changing. */
static int compare_text(const struct check *k, const struct text_file *f, char why[256])
{
	struct buf before cleanup_buf, file cleanup_buf, after cleanup_buf;
	struct err missing = {0};
	bool pending;

	buf_init(&before, text_largest(f));
	buf_init(&file, text_largest(f));
	buf_init(&after, text_largest(f));
	if (text_of(k->conn, f, &before, k->e) < 0)
		return -1;
	bool there = fs_read(k->db->root, f->path, &file, &missing) == 0;
	if (journal_pending(k->conn, f->path, &pending, k->e) < 0 || text_of(k->conn, f, &after, k->e) < 0)
		return -1;
	if (pending || before.len != after.len || (before.len > 0 && memcmp(before.data, after.data,
		before.len) != 0))
		return 0;
	why[0] = '\0';
	if (!there && missing.code == ERR_NOT_FOUND) {
		/* the file of what went since the list was made */
		snprintf(why, 256, "%s", before.len > 0 ? "missing" : "");
	} else if (!there) {
		snprintf(why, 256, "%s", missing.text);
	} else if (k->deep && !text_same(f, &file, &before)) {
		snprintf(why, 256, "differs from the index");
	}
	return 1;
}

static int check_text(const struct check *k, const struct text_file *f)
{
	char why[256] = "";
	int status = 0;

	for (int i = 0; i < ROUNDS && status == 0; i++) {
		status = compare_text(k, f, why);
	}
	if (status < 0 || why[0] == '\0')
		return status < 0 ? -1 : 0;
	return check_report(k, "%s: %s; %s", f->path, why, advice_of(f));
}

/* A text whose row goes meanwhile can't be made any more. */
int check_texts(const struct check *k)
{
	struct arena *mem cleanup_arena = arena_create();
	struct text_file *file;
	size_t n;
	int status = texts_list(k->conn, mem, &file, &n, k->e);

	for (size_t i = 0; i < n && status == 0; i++) {
		status = check_text(k, &file[i]);
		if (status < 0 && k->e->code == ERR_NOT_FOUND) {
			status = 0;
		}
	}
	return status;
}

/* ---- one event ---- */

struct event {
	struct arena *mem;
	struct object row;
	char path[PATH_SIZE];
	struct buf body;
};

/* Row and body of one moment: 1; 0: it is gone, or scan_differences() tells what is wrong with its file. */
static int read_event(const struct check *k, const struct collection *c, const char *name, struct event *out)
{
	static const char event_sql[] = "SELECT " OBJECT_COLUMNS ", j.body FROM object o"
		" LEFT JOIN journal j ON j.collection = o.collection AND j.name = o.name"
		" WHERE o.collection = ?1 AND o.name = ?2 AND o.deleted = 0";
	sqlite3_stmt *st cleanup_stmt = sql_query(k->conn, k->e, event_sql, INT(c->id), TEXT(name));
	int status = st == NULL ? -1 : sql_step(k->conn, st, k->e);
	char digest[DIGEST_SIZE];

	if (status <= 0)
		return status;
	object_row(st, &out->row);
	out->row.uid = arena_strdup(out->mem, out->row.uid);
	store_copy_spans(&out->row.spans, out->mem, &out->row.spans);
	path_object(c->owner, c->name, name, out->path);
	if (sqlite3_column_type(st, OBJECT_COLUMN_COUNT) != SQLITE_NULL) {
		buf_add(&out->body, sqlite3_column_blob(st, OBJECT_COLUMN_COUNT),
			(size_t)sqlite3_column_bytes(st, OBJECT_COLUMN_COUNT));
	} else if (fs_read(k->db->root, out->path, &out->body, NULL) < 0) {
		return 0;
	}
	digest_short(out->body.data, out->body.len, digest);
	return strcmp(digest, out->row.digest) == 0;
}

static bool same_spans(const struct span_set *a, const struct span_set *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static const char *wrong_column(const struct event *v, const struct store_parsed *p)
{
	return v->row.size != v->body.len ? "size" : strcmp(v->row.uid, p->uid) != 0 ? "UID"
		: v->row.component != p->component ? "kind"
		: v->row.first != p->first || v->row.last != p->last || !same_spans(&v->row.spans, &p->spans)
			? "span of time" : v->row.traits != p->traits ? "nature" : NULL;
}

static int judge_event(const struct check *k, const struct event *v)
{
	struct store_parsed parsed = {0};
	struct err bad = {0};

	if (k->parse(v->body.data, v->body.len, v->mem, &parsed, &bad) < 0)
		return check_report(k, "%s: %s; write it anew from a calendar program, or remove it", v->path, bad.text);
	const char *wrong = wrong_column(v, &parsed);
	return wrong == NULL ? 0
		: check_report(k, "%s: its %s is another in the index; 'dedit rebuild' makes that anew", v->path, wrong);
}

static int check_event(const struct check *k, const struct collection *c, const char *name)
{
	struct arena *mem cleanup_arena = arena_create();
	struct event v = {.mem = mem};

	buf_init(&v.body, BODY_LARGEST);
	int status = read_event(k, c, name, &v);
	status = status <= 0 ? status : judge_event(k, &v);
	buf_finish(&v.body);
	return status;
}

/* Only their names are taken together. */
static int check_events(const struct check *k, const struct collection *c)
{
	static const char names_sql[] = "SELECT name FROM object WHERE collection = ?1 AND deleted = 0";
	struct arena *mem cleanup_arena = arena_create();
	struct check_names all = {.mem = mem};
	int status = check_take_names(k, sql_query(k->conn, k->e, names_sql, INT(c->id)), &all);

	for (size_t i = 0; i < all.n && status == 0; i++) {
		status = check_event(k, c, all.name[i]);
	}
	return status;
}

/* ---- calendars ---- */

static int report_difference(const struct collection *c, const char *file, const char *name,
	enum difference kind, const struct buf *body, void *arg)
{
	static const struct { const char *what, *advice; } words[] = {
		[DIFF_NEW] = {"not in the index", "'dedit rescan' takes it in"},
		[DIFF_CHANGED] = {"differs from the index",
			"'dedit rescan' takes it as edited by hand, or put it back from a backup"},
		[DIFF_GONE] = {"missing", "put it back from a backup, or 'dedit rescan' takes it as deleted"},
		[DIFF_FOREIGN] = {"no event's file name, left alone", "rename it, or move it away"},
	};
	char folder[PATH_SIZE];

	path_folder(c->owner, c->name, folder);
	return check_report(arg, "%s/%s: %s; %s", folder, file, words[kind].what, words[kind].advice);
}

int check_calendars(const struct check *k)
{
	struct arena *mem cleanup_arena = arena_create();
	unsigned flags = SCAN_REPORT | (k->deep ? SCAN_DEEP : 0);
	struct collection *all;
	size_t n = 0;
	int status = collections_list(k->db, mem, &all, &n, k->e);

	for (size_t i = 0; i < n && status == 0; i++) {
		status = scan_differences(k->db, &all[i], flags, report_difference, (void *)k, k->e);
		if (status == 0 && k->deep && k->parse != NULL) {
			status = check_events(k, &all[i]);
		}
	}
	return status;
}

/* ---- strangers ---- */

/* The paths of all texts, sorted. */
struct known { struct arena *mem; const char **path; size_t n; };

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int take_known(const struct check *k, struct known *out)
{
	struct text_file *file;

	if (texts_list(k->conn, out->mem, &file, &out->n, k->e) < 0)
		return -1;
	out->path = arena_array(out->mem, out->n + 1, sizeof(*out->path));
	for (size_t i = 0; i < out->n; i++) {
		out->path[i] = file[i].path;
	}
	qsort(out->path, out->n, sizeof(*out->path), compare_paths);
	return 0;
}

static bool is_known(const struct known *all, const char *path)
{
	return bsearch(&path, all->path, all->n, sizeof(*all->path), compare_paths) != NULL;
}

/* What is in a folder of each level is known by a path: its own, or that of a text that belongs to it. */
enum known_by { BY_ITSELF, BY_ACCOUNT, BY_PROPS, BY_WHAT_IS_BELOW };
struct level {
	enum known_by by;
	const char *advice;
	const char *below; /* the folder in it that is looked at next, as a suffix */
	const struct level *next;
};

#define TAKE_OR_MOVE "'dedit rebuild' takes it in, or move it away"
static const struct level object_props = {BY_ITSELF, "move it away", NULL, NULL};
static const struct level calendars = {BY_PROPS, TAKE_OR_MOVE, "/" OBJECT_PROPS, &object_props};
static const struct level homes = {BY_ACCOUNT, "make the account with 'dedit user add', or move it away", "",
	&calendars};
static const struct level accounts = {BY_ITSELF, TAKE_OR_MOVE, NULL, NULL};
static const struct level logs = {BY_ITSELF, TAKE_OR_MOVE, NULL, NULL};
static const struct level ledgers = {BY_WHAT_IS_BELOW, "", "", &logs};
static const struct { const char *folder; const struct level *level; } roots[] = {
	{"accounts", &accounts}, {"cal", &homes}, {"ledger", &ledgers},
};

static char *key_of(const struct level *l, const char *path, const char *name)
{
	return l->by == BY_ACCOUNT ? xasprintf("accounts/%s", name)
		: l->by == BY_PROPS ? xasprintf("%s/.props", path) : xstrdup(path);
}

/* What came since the paths were taken, or is about to go, or went, is none. */
static int is_stranger(const struct check *k, const char *path, const char *key, bool *out)
{
	static const char pending_sql[] =
		"SELECT 1 FROM journal WHERE path = ?1 OR (path >= ?1 || '/' AND path < ?1 || '0')";
	struct arena *mem cleanup_arena = arena_create();
	struct known now = {.mem = mem};
	int64_t pending;

	if (sql_number(k->conn, sql_query(k->conn, k->e, pending_sql, TEXT(path)), 0, &pending, k->e) < 0 ||
		take_known(k, &now) < 0)
		return -1;
	*out = pending == 0 && !is_known(&now, key) &&
		faccessat(k->db->root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	return 0;
}

static int check_folder(const struct check *k, const struct known *all, const char *folder,
	const struct level *l);

static int check_entry(const struct check *k, const struct known *all, const char *folder, const char *name,
	const struct level *l)
{
	char *path cleanup_free = xasprintf("%s/%s", folder, name);
	char *key cleanup_free = key_of(l, path, name);
	bool stranger = false;

	bool asked = l->by != BY_WHAT_IS_BELOW && (l->by != BY_ACCOUNT || k->parse != NULL);

	if (asked && !is_known(all, key) && is_stranger(k, path, key, &stranger) < 0)
		return -1;
	if (stranger)
		return check_report(k, "%s: not in the index; %s", path, l->advice);
	if (l->next == NULL)
		return 0;
	char *below cleanup_free = xasprintf("%s%s", path, l->below);
	return check_folder(k, all, below, l->next);
}

static int check_folder(const struct check *k, const struct known *all, const char *folder,
	const struct level *l)
{
	struct arena *mem cleanup_arena = arena_create();
	int dir cleanup_fd = -1;
	struct err why = {0};
	const char **name;
	int status = 0;
	size_t n;

	if (fs_open_subdir(k->db->root, folder, 0, &dir, &why) < 0)
		return why.code == ERR_NOT_FOUND ? 0 : check_report(k, "%s; move it away", why.text);
	if (fs_list(dir, mem, &name, &n, k->e) < 0)
		return -1;
	for (size_t i = 0; i < n && status == 0; i++) {
		status = check_entry(k, all, folder, name[i], l);
	}
	return status;
}

int check_strangers(const struct check *k)
{
	struct arena *mem cleanup_arena = arena_create();
	struct known all = {.mem = mem};
	int status = take_known(k, &all);

	for (size_t i = 0; i < ARRAY_SIZE(roots) && status == 0; i++) {
		status = check_folder(k, &all, roots[i].folder, roots[i].level);
	}
	if (status == 0 && faccessat(k->db->root, RESTORE_FOLDER, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		status = check_report(k, RESTORE_FOLDER ": left by a restore that was interrupted; remove it");
	}
	return status;
}
