/*
 * Is a ledger what was written (doc/architecture.md 15.23)? Each line of its files is held against the
 * chain and against the index, and both against the signed heads. What is added meanwhile is behind what
 * was there before the files were written out, and isn't asked for.
 */
#include <inttypes.h>
#include <stdarg.h>

#include "base/arena.h"
#include "base/fsio.h"
#include "base/util.h"
#include "storage/audit.h"
#include "storage/chain.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/mirror.h"
#include "storage/sqlite/ops.h"

enum { ROUNDS = 3 };

/* One log, and how far it has been read. */
struct log_file {
	const char *name;
	char *next, *end;
	unsigned line;          /* number of the line that `next` begins */
	bool parsed, broken;    /* `row` is that line; or why it is none */
	struct ledger_row row;
	struct err why;
	char *after;            /* where the line behind it begins */
};

struct verify {
	struct db *db;
	struct conn *conn;
	struct arena *mem;
	const struct ledger_verify *asked;
	struct ledger_audit audit;
	struct log_file *log;
	size_t logs;
	char *heads;            /* the file's text, NULL if there is none */
	uint64_t entries, signs; /* what the index had before the files were written out */
	struct buf found;       /* the first thing that is wrong; empty: nothing */
	struct err *e;
};

/* 1: what is wrong has been found. */
__attribute__((format(printf, 2, 3)))
static int blame(struct verify *v, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	buf_adds(&v->found, text);
	return 1;
}

static int blame_line(struct verify *v, const struct log_file *f, uint64_t seq, const char *why)
{
	return blame(v, "ledger/%s/%s:%u: entry %" PRIu64 ": %s", v->asked->owner, f->name, f->line, seq, why);
}

/* ---- files ---- */

static int read_text(struct verify *v, int dir, const char *name, char **out, size_t *len)
{
	struct buf text cleanup_buf;

	buf_init(&text, LOG_LARGEST);
	if (fs_read(dir, name, &text, v->e) < 0)
		return -1;
	*out = arena_strndup(v->mem, text.data, text.len);
	*len = text.len;
	return 0;
}

static int read_files(struct verify *v)
{
	char *folder cleanup_free = xasprintf("ledger/%s", v->asked->owner);
	int dir cleanup_fd = -1;
	struct err why = {0};
	const char **entry;
	size_t n, len;

	if (fs_open_subdir(v->db->root, folder, 0, &dir, &why) < 0)
		return why.code == ERR_NOT_FOUND ? 0 : err_set(v->e, why.code, "%s", why.text);
	if (fs_list(dir, v->mem, &entry, &n, v->e) < 0)
		return -1;
	v->log = arena_array(v->mem, n, sizeof(*v->log));
	for (size_t i = 0; i < n; i++) {
		struct log_file *f = &v->log[v->logs];

		if (strcmp(entry[i], CHAIN_HEADS) == 0) {
			if (read_text(v, dir, entry[i], &v->heads, &len) < 0)
				return -1;
			continue;
		}
		*f = (struct log_file){.name = entry[i], .line = 1};
		if (read_text(v, dir, entry[i], &f->next, &len) < 0)
			return -1;
		f->end = f->next + len;
		v->logs++;
	}
	return 0;
}

/* False at the end of the file. */
static bool parse_next(struct log_file *f)
{
	if (f->next == f->end)
		return false;
	if (f->parsed)
		return true;
	char *lf = memchr(f->next, '\n', (size_t)(f->end - f->next));
	f->parsed = true;
	f->broken = lf == NULL || memchr(f->next, '\0', (size_t)(lf - f->next)) != NULL;
	if (f->broken) {
		err_set(&f->why, ERR_SYNTAX, "the line is cut off");
		return true;
	}
	*lf = '\0';
	f->after = lf + 1;
	f->broken = chain_parse_line(f->next, &f->row, &f->why) < 0;
	return true;
}

static void step(struct log_file *f)
{
	f->next = f->after;
	f->line++;
	f->parsed = false;
}

/* The log in which that entry is next. */
static struct log_file *find_next(struct verify *v, uint64_t seq)
{
	for (size_t i = 0; i < v->logs; i++) {
		if (parse_next(&v->log[i]) && !v->log[i].broken && v->log[i].row.seq == seq)
			return &v->log[i];
	}
	return NULL;
}

/* ---- the index ---- */

struct indexed { struct arena *mem; struct ledger_row row; bool found; };

static int take_row(const struct ledger_row *l, void *arg)
{
	struct indexed *x = arg;

	x->row = *l;
	x->row.kind = arena_strdup(x->mem, l->kind);
	x->row.ref = arena_strdup(x->mem, l->ref);
	x->row.client = arena_strdup(x->mem, l->client);
	x->row.uid = arena_strdup(x->mem, l->uid);
	x->row.text = arena_strdup(x->mem, l->text);
	x->found = true;
	return 1;
}

static int index_row(struct verify *v, uint64_t seq, struct indexed *out)
{
	const struct ledger_query q = {.owner = v->asked->owner, .after = seq - 1};

	out->found = false;
	if (ledger_visit(v->conn, &q, take_row, out, v->e) < 0)
		return -1;
	out->found = out->found && out->row.seq == seq;
	return 0;
}

static bool same_row(const struct ledger_row *a, const struct ledger_row *b)
{
	return a->when == b->when && a->slot == b->slot && a->incident == b->incident &&
		strcmp(a->kind, b->kind) == 0 && strcmp(a->ref, b->ref) == 0 &&
		strcmp(a->client, b->client) == 0 && strcmp(a->uid, b->uid) == 0 &&
		strcmp(a->text, b->text) == 0 && strcmp(a->prev, b->prev) == 0 &&
		strcmp(a->digest, b->digest) == 0 && strcmp(a->self, b->self) == 0;
}

/* ---- entries ---- */

static int check_line(struct verify *v, const struct log_file *f)
{
	struct arena *mem cleanup_arena = arena_create();
	struct indexed there = {.mem = mem};
	char name[CHAIN_LOG_NAME_SIZE];
	struct ledger_row row = f->row;

	row.owner = v->asked->owner;
	const char *why = audit_entry(&v->audit, &row);
	if (why != NULL)
		return blame_line(v, f, row.seq, why);
	chain_log_name(row.when, name);
	if (strcmp(name, f->name) != 0)
		return blame_line(v, f, row.seq, "its time belongs into another file");
	if (index_row(v, row.seq, &there) < 0)
		return -1;
	if (!there.found)
		return blame_line(v, f, row.seq, "not in the index");
	return same_row(&row, &there.row) ? 0 : blame_line(v, f, row.seq, "differs from the index");
}

static struct log_file *find_log(struct verify *v, const char *name)
{
	for (size_t i = 0; i < v->logs; i++) {
		if (strcmp(v->log[i].name, name) == 0)
			return &v->log[i];
	}
	return NULL;
}

/* What stands where that entry should. */
static int blame_place(struct verify *v, const struct log_file *f, uint64_t seq)
{
	char why[160];

	if (f->broken)
		return blame_line(v, f, seq, f->why.text);
	snprintf(why, sizeof(why), "entry %" PRIu64 " stands in its place", f->row.seq);
	return blame_line(v, f, seq, why);
}

/* The next entry is next in no file. The index knows in which it should be; else what is left is wrong. */
static int check_missing(struct verify *v, uint64_t seq)
{
	struct arena *mem cleanup_arena = arena_create();
	struct indexed there = {.mem = mem};
	struct log_file *f = NULL;
	char name[CHAIN_LOG_NAME_SIZE];

	if (index_row(v, seq, &there) < 0)
		return -1;
	if (there.found) {
		chain_log_name(there.row.when, name);
		f = find_log(v, name);
		if (f != NULL && parse_next(f))
			return blame_place(v, f, seq);
		if (seq <= v->entries)
			return blame(v, "ledger/%s/%s: entry %" PRIu64 " of the index is missing",
				v->asked->owner, name, seq);
	}
	for (size_t i = 0; i < v->logs; i++) {
		if (parse_next(&v->log[i]))
			return blame_place(v, &v->log[i], seq);
	}
	return 0;
}

static int check_entries(struct verify *v)
{
	struct log_file *f = NULL;
	int status = 0;

	for (;;) {
		uint64_t seq = v->audit.seq + 1;

		if (f == NULL || !parse_next(f) || f->broken || f->row.seq != seq)
			f = find_next(v, seq);
		if (f == NULL)
			return check_missing(v, seq);
		status = check_line(v, f);
		if (status != 0)
			return status;
		step(f);
	}
}

/* ---- signed heads ---- */

struct heads { struct arena *mem; struct signed_head *head; size_t n, room; };

static int take_head(const struct signed_head *h, void *arg)
{
	struct heads *all = arg;

	all->head = arena_room(all->mem, all->head, all->n, &all->room, sizeof(*all->head));
	all->head[all->n++] = *h;
	return 0;
}

static int blame_head(struct verify *v, unsigned line, const char *why)
{
	return blame(v, "ledger/%s/" CHAIN_HEADS ":%u: %s", v->asked->owner, line, why);
}

static bool same_head(const struct signed_head *a, const struct signed_head *b)
{
	return a->seq == b->seq && a->when == b->when && strcmp(a->self, b->self) == 0 &&
		strcmp(a->key, b->key) == 0 && strcmp(a->signature, b->signature) == 0;
}

static int check_head(struct verify *v, unsigned line, char *text, const struct heads *indexed,
	const struct signature_key *key)
{
	char why[AUDIT_WHY_SIZE];
	struct signed_head h;
	struct err bad;

	if (head_parse_line(text, &h, &bad) < 0)
		return blame_head(v, line, bad.text);
	const char *wrong = audit_head(&v->audit, &h, key, why);
	if (wrong != NULL)
		return blame_head(v, line, wrong);
	if (line > indexed->n || !same_head(&h, &indexed->head[line - 1]))
		return blame_head(v, line, "differs from the index");
	return 0;
}

static int check_heads_file(struct verify *v, const struct heads *indexed, const struct signature_key *key)
{
	unsigned lines = 0;
	int status = 0;

	for (char *line = v->heads; line != NULL && *line != '\0' && status == 0;) {
		char *lf = strchr(line, '\n');

		if (lf == NULL)
			return blame_head(v, lines + 1, "the line is cut off");
		*lf = '\0';
		status = check_head(v, ++lines, line, indexed, key);
		line = lf + 1;
	}
	if (status != 0 || lines >= v->signs)
		return status;
	return blame_head(v, lines + 1, "a signed head of the index is missing");
}

static int check_heads(struct verify *v)
{
	struct signature_key *key cleanup_signature_key = NULL;
	struct heads indexed = {.mem = v->mem};
	const struct signed_head *kept = v->asked->kept;
	char why[AUDIT_WHY_SIZE];
	struct err missing = {0};

	if (heads_visit(v->conn, v->asked->owner, take_head, &indexed, v->e) < 0)
		return -1;
	if (ledger_key_read(v->db, &key, &missing) < 0 && missing.code != ERR_NOT_FOUND)
		return err_set(v->e, missing.code, "%s", missing.text);
	int status = check_heads_file(v, &indexed, key);
	const char *wrong = status == 0 && kept != NULL ? audit_head(&v->audit, kept, key, why) : NULL;
	return wrong == NULL ? status : blame(v, "ledger of %s: %s", v->asked->owner, wrong);
}

/* ---- all of it ---- */

static int count(struct verify *v, uint64_t *entries, uint64_t *signs)
{
	static const char count_sql[] = "SELECT (SELECT coalesce(max(seq), 0) FROM ledger WHERE owner = ?1),"
		" (SELECT count(*) FROM signed_head WHERE owner = ?1)";
	sqlite3_stmt *st cleanup_stmt = sql_query(v->conn, v->e, count_sql, TEXT(v->asked->owner));

	if (st == NULL || sql_step(v->conn, st, v->e) <= 0)
		return -1;
	*entries = (uint64_t)sqlite3_column_int64(st, 0);
	*signs = (uint64_t)sqlite3_column_int64(st, 1);
	return 0;
}

static int verify_once(struct verify *v)
{
	if (count(v, &v->entries, &v->signs) < 0 || mirror_flush(v->db, v->e) < 0 || read_files(v) < 0)
		return -1;
	int status = check_entries(v);
	return status != 0 ? status : check_heads(v);
}

/* What is wrong may be what was erased between the reading of a file and of the index: then the ledger has
 * gone on, and is looked at again. */
int sqlite_ledger_verify(struct store *s, const struct ledger_verify *asked, store_problem_fn problem,
	void *arg, struct err *e)
{
	struct db *db = (struct db *)s;

	db_session_pause(db); /* its lines are held against an index that goes on */
	struct conn *c = db_reader(db, e);
	int status = c == NULL ? -1 : 1;

	for (int n = 0; n < ROUNDS && status == 1; n++) {
		struct arena *mem cleanup_arena = arena_create();
		struct verify v = {.db = db, .conn = c, .mem = mem, .asked = asked, .e = e};
		uint64_t entries, signs;

		buf_init(&v.found, 1024);
		audit_init(&v.audit, asked);
		status = verify_once(&v);
		if (status == 1 && (n == ROUNDS - 1 || (count(&v, &entries, &signs) == 0 &&
			entries == v.entries && signs == v.signs))) {
			problem(v.found.data, arg);
			status = 0;
		}
		audit_finish(&v.audit);
		buf_finish(&v.found);
	}
	return status;
}
