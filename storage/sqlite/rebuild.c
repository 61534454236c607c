/*
 * A new index from the files (doc/architecture.md 15.19). It is built beside the old one under
 * another name and takes its place by a rename; files are only read. What can't be read stays
 * where it is and is reported.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/fsio.h"
#include "base/util.h"
#include "storage/backend.h"
#include "storage/chain.h"
#include "storage/props.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/open.h"
#include "storage/sqlite/ops.h"
#include "storage/sqlite/salvage.h"
#include "storage/sqlite/shelf.h"

struct rebuild {
	struct db *db;
	struct conn *conn;
	struct change_log log; /* for the numbers of what is found; there is no journal */
	store_parse_fn parse;
	store_problem_fn problem;
	void *arg;
	int64_t now;
};

/* Returns what the visitor says: non-zero stops. */
__attribute__((format(printf, 2, 3)))
static int report(const struct rebuild *r, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return r->problem(text, r->arg);
}

/* What may pass by itself ends the rebuild: the index would be without it. */
static int unreadable(const struct rebuild *r, const char *path, const struct err *why, struct err *e)
{
	return why->code == ERR_BUSY ? err_set(e, why->code, "%s", why->text)
		: report(r, "%s: %s", path, why->text);
}

/* The same of a file in a folder. */
static int unreadable_file(const struct rebuild *r, const char *folder, const char *file,
	const struct err *why, struct err *e)
{
	char *path cleanup_free = xasprintf("%s/%s", folder, file);

	return unreadable(r, path, why, e);
}

/* Calls visit for each entry of a folder below the root, sorted; a missing folder has none. */
typedef int (*entry_fn)(struct rebuild *r, int dir, const char *path, const char *name, void *arg,
	struct err *e);

static int for_each_entry(struct rebuild *r, const char *path, entry_fn visit, void *arg,
	struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	int dir cleanup_fd = -1;
	struct err why = {0};
	const char **entry;
	int status = 0;
	size_t n;

	if (fs_open_subdir(r->db->root, path, 0, &dir, &why) < 0)
		return why.code == ERR_NOT_FOUND ? 0 : unreadable(r, path, &why, e);
	if (fs_list(dir, mem, &entry, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && status == 0; i++) {
		status = visit(r, dir, path, entry[i], arg, e);
	}
	return status;
}

/* ---- accounts ---- */

static int add_account(struct rebuild *r, int dir, const char *path, const char *name, void *arg,
	struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf text cleanup_buf;
	struct account a;
	struct delegates acting;
	struct err why;

	buf_init(&text, ACCOUNT_LARGEST);
	if (fs_read(dir, name, &text, &why) < 0 ||
		account_parse(text.data, text.len, mem, &a, &acting, &why) < 0)
		return unreadable_file(r, path, name, &why, e);
	if (strcmp(a.name, name) != 0 || !name_owner_valid(name))
		return report(r, "%s/%s: the name in the file is another", path, name);
	for (size_t i = 0; i < acting.n; i++) {
		if (delegation_store(r->conn, &acting.row[i], e) < 0)
			return -1;
	}
	return account_store(r->conn, &a, e);
}

/* ---- calendars ---- */

struct calendar {
	struct collection row;
	struct props props;
	unsigned kinds; /* of the events that were found */
};

static int insert_collection(struct rebuild *r, struct calendar *c, struct err *e)
{
	static const char insert_sql[] =
		"INSERT INTO collection(owner, name, seq, oldest_seq, components, flags, created)"
		" VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)";

	if (sql_run(r->conn, e, insert_sql, TEXT(c->row.owner), TEXT(c->row.name), INT(c->row.seq),
			INT(c->props.components), INT(c->props.flags), INT(c->props.created)) < 0)
		return -1;
	c->row.id = sqlite3_last_insert_rowid(r->conn->handle);
	return member_put(&r->log, c->row.id, c->row.owner, e);
}

static int insert_props(struct rebuild *r, const struct calendar *c, struct err *e)
{
	static const char prop_sql[] =
		"INSERT OR REPLACE INTO prop(collection, user, ns, name, xml) VALUES (?1, ?2, ?3, ?4, ?5)";
	static const char share_sql[] =
		"INSERT OR REPLACE INTO share(collection, user, access) VALUES (?1, ?2, ?3)";

	for (size_t i = 0; i < c->props.rows; i++) {
		const struct prop_row *p = &c->props.row[i];
		if (sql_run(r->conn, e, prop_sql, INT(c->row.id), TEXT(p->user), TEXT(p->ns), TEXT(p->name),
				TEXT(p->xml)) < 0)
			return -1;
	}
	for (size_t i = 0; i < c->props.shares; i++) {
		const struct share *s = &c->props.share[i];
		if (sql_run(r->conn, e, share_sql, INT(c->row.id), TEXT(s->user), INT(s->access)) < 0 ||
			(store_share_shows(s->access) && member_put(&r->log, c->row.id, s->user, e) < 0))
			return -1;
	}
	return 0;
}

/* A folder that was copied by hand brings the links of the other one along. */
static int insert_feeds(struct rebuild *r, const struct calendar *c, const char *path, struct err *e)
{
	static const char taken_sql[] = "SELECT 1 FROM feed WHERE id = ?1 OR hash = ?2";

	for (size_t i = 0; i < c->props.feeds; i++) {
		struct feed *f = &c->props.feed[i];
		int64_t taken;

		f->collection = c->row.id;
		if (sql_number(r->conn, sql_query(r->conn, e, taken_sql, TEXT(f->id), TEXT(f->hash)), 0, &taken,
				e) < 0)
			return -1;
		int status = taken != 0 ? report(r, "%s/.props: there is a feed %s already", path, f->id)
					: feed_store(r->conn, f, e);
		if (status != 0)
			return status;
	}
	return 0;
}

static int finish_collection(struct rebuild *r, const struct calendar *c, struct err *e)
{
	static const char finish_sql[] =
		"UPDATE collection SET seq = ?2, components = ?3, charged = ?4 WHERE id = ?1";
	unsigned components = c->props.components != 0 ? c->props.components : c->kinds;

	return sql_run(r->conn, e, finish_sql, INT(c->row.id), INT(c->row.seq), INT(components),
		INT(c->row.charged));
}

static int insert_object(struct rebuild *r, struct calendar *c, const char *name,
	const struct store_parsed *parsed, const struct buf *body, int64_t mtime, struct err *e)
{
	static const char insert_sql[] =
		"INSERT INTO object(collection, name, id, seq, uid, digest, size, component, first, last,"
		" mtime, created, deleted, charged, shelf, spans, traits) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7,"
		" ?8, ?9, ?10, ?10, 0, ?11, ?12, ?13, ?14)";
	/* what stands in Fees is the server's */
	uint64_t charged = c->props.flags & COLL_FEES ? 0 : parsed->charged;
	char digest[DIGEST_SIZE];

	digest_short(body->data, body->len, digest);
	c->row.seq = seq_next(&r->log);
	c->row.charged += charged;
	c->kinds |= parsed->component;
	return sql_run(r->conn, e, insert_sql, INT(c->row.id), TEXT(name), INT(c->row.seq),
		TEXT(parsed->uid), TEXT(digest), INT(body->len), INT(parsed->component),
		INT(parsed->first), INT(parsed->last), INT(mtime), INT(charged),
		INT(shelf_of(parsed->first, parsed->last, &parsed->spans)),
		BLOB(parsed->spans.data, parsed->spans.len), INT(parsed->traits));
}

/* The name of what a file holds, or why it is no event's file. */
static const char *event_name(const struct calendar *c, const char *file, char name[NAME_FILE_SIZE])
{
	char canonical[NAME_FILE_SIZE];

	for (size_t i = 0; i < c->props.names; i++) {
		const struct long_name *n = &c->props.name[i];
		if (strcmp(n->file, file) != 0 || !name_valid(n->name))
			continue;
		snprintf(name, NAME_FILE_SIZE, "%s", n->name);
		name_to_file(name, canonical);
		return strcmp(canonical, file) == 0 ? NULL : "its name in .props does not fit";
	}
	if (name_from_file(file, name) < 0)
		return "no event's file name";
	name_to_file(name, canonical);
	return strcmp(canonical, file) == 0 ? NULL : "another spelling; a rescan adopts it";
}

static int uid_holder(struct rebuild *r, store_id collection, const char *uid, int64_t *out,
	struct err *e)
{
	static const char holder_sql[] =
		"SELECT 1 FROM object WHERE collection = ?1 AND uid = ?2 AND deleted = 0";

	return sql_number(r->conn, sql_query(r->conn, e, holder_sql, INT(collection), TEXT(uid)), 0,
		out, e);
}

/* A place's properties, if it has a file of them. word: what stands in the lines' first field. */
static int add_place(struct rebuild *r, int dir, const char *path, const char *file,
	const struct prop_place *place, const char *word, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf text cleanup_buf;
	struct props props = {0};
	struct err why;

	buf_init(&text, PROPS_LARGEST);
	if (fs_read(dir, file, &text, &why) < 0)
		return why.code == ERR_NOT_FOUND ? 0 : unreadable_file(r, path, file, &why, e);
	if (props_parse(text.data, text.len, mem, &props, &why) < 0)
		return report(r, "%s/%s: %s", path, file, why.text);
	for (size_t i = 0; i < props.rows; i++) {
		if (strcmp(props.row[i].user, word) == 0 &&
			place_store(r->conn, place, &props.row[i], e) < 0)
			return -1;
	}
	return 0;
}

static int add_event(struct rebuild *r, int dir, const char *path, const char *file, void *arg,
	struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf body cleanup_buf;
	struct calendar *c = arg;
	struct store_parsed parsed = {0};
	struct err bad = {0};
	char name[NAME_FILE_SIZE];
	struct stat st;
	int64_t taken;

	buf_init(&body, BODY_LARGEST);
	const char *why = event_name(c, file, name);
	if (why != NULL)
		return report(r, "%s/%s: %s, left alone", path, file, why);
	if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return report(r, "%s/%s: %s", path, file, strerror(errno));
	if (fs_read(dir, file, &body, &bad) < 0 || r->parse(body.data, body.len, mem, &parsed,
		&bad) < 0)
		return unreadable_file(r, path, file, &bad, e);
	if (uid_holder(r, c->row.id, parsed.uid, &taken, e) < 0)
		return -1;
	if (taken != 0)
		return report(r, "%s/%s: another event has its UID", path, file);
	if (insert_object(r, c, name, &parsed, &body, st.st_mtim.tv_sec, e) < 0)
		return -1;
	char *props cleanup_free = xasprintf(OBJECT_PROPS "/%s", file);
	return add_place(r, dir, path, props, &(struct prop_place){PLACE_OBJECT, c->row.id, name}, "", e);
}

/* The calendar's name: as its folder says, or .props if that is a digest. */
static const char *calendar_name(const struct calendar *c, const char *folder,
	char name[NAME_FILE_SIZE])
{
	char canonical[NAME_FILE_SIZE];

	if (c->props.calendar != NULL && name_valid(c->props.calendar)) {
		name_to_folder(c->props.calendar, canonical);
		if (strcmp(canonical, folder) == 0)
			return c->props.calendar;
	}
	if (name_from_folder(folder, name) < 0)
		return NULL;
	name_to_folder(name, canonical);
	return strcmp(canonical, folder) == 0 ? name : NULL;
}

static int read_props(struct rebuild *r, int dir, const char *path, struct arena *mem,
	struct calendar *c, struct err *e)
{
	struct buf text cleanup_buf;
	struct err why = {0};

	buf_init(&text, PROPS_LARGEST);
	c->props = (struct props){.created = r->now};
	if (fs_read(dir, ".props", &text, &why) == 0 &&
		props_parse(text.data, text.len, mem, &c->props, &why) == 0)
		return 0;
	if (why.code == ERR_BUSY)
		return err_set(e, why.code, "%s", why.text);
	return report(r, "%s/.props: %s; the calendar has no properties and shares", path, why.text);
}

static int add_calendar(struct rebuild *r, int dir, const char *path, const char *folder, void *arg,
	struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	int own cleanup_fd = -1;
	struct calendar c = {.row = {.owner = arg, .seq = seq_next(&r->log)}};
	char name[NAME_FILE_SIZE];
	struct err why;

	char *below cleanup_free = xasprintf("%s/%s", path, folder);
	if (fs_open_subdir(dir, folder, 0, &own, &why) < 0)
		return unreadable(r, below, &why, e);
	int status = read_props(r, own, below, mem, &c, e);
	if (status != 0)
		return status;
	c.row.name = calendar_name(&c, folder, name);
	if (c.row.name == NULL)
		return report(r, "%s: no calendar's folder name, left alone", below);
	if (insert_collection(r, &c, e) < 0 || insert_props(r, &c, e) < 0)
		return -1;
	status = insert_feeds(r, &c, below, e);
	status = status != 0 ? status : for_each_entry(r, below, add_event, &c, e);
	return status != 0 ? status : finish_collection(r, &c, e);
}

static int add_owner_props(struct rebuild *r, int dir, const char *path, const char *owner,
	struct err *e)
{
	char *file cleanup_free = xasprintf("%s/.props", owner);
	int status = 0;

	for (enum prop_place_kind kind = PLACE_HOME; kind <= PLACE_PRINCIPAL && status == 0; kind++) {
		status = add_place(r, dir, path, file, &(struct prop_place){kind, 0, owner},
			place_word(kind), e);
	}
	return status;
}

static int add_owner(struct rebuild *r, int dir, const char *path, const char *owner, void *arg,
	struct err *e)
{
	static const char account_sql[] = "SELECT 1 FROM account WHERE name = ?1";
	char *below cleanup_free = xasprintf("%s/%s", path, owner);
	char *copy cleanup_free = xstrdup(owner);
	int64_t known;

	if (!name_owner_valid(owner))
		return report(r, "%s: no user's name, left alone", below);
	if (sql_number(r->conn, sql_query(r->conn, e, account_sql, TEXT(owner)), 0, &known, e) < 0)
		return -1;
	int status = known != 0 ? add_owner_props(r, dir, path, copy, e)
		: report(r, "%s: there is no account of this name", below);
	return status != 0 ? status : for_each_entry(r, below, add_calendar, copy, e);
}

/* ---- the ledger ---- */

struct entries { struct arena *mem; struct ledger_row *row; size_t n, room; };

static void add_entry(struct entries *all, const struct ledger_row *row)
{
	if (all->n == all->room) {
		all->room = all->room == 0 ? 64 : all->room * 2;
		all->row = xreallocarray(all->row, all->room, sizeof(*all->row));
	}
	all->row[all->n++] = *row;
}

static int set_log_size(struct rebuild *r, const char *path, size_t size, struct err *e)
{
	static const char size_sql[] = "INSERT OR REPLACE INTO ledger_log(path, size) VALUES (?1, ?2)";

	return sql_run(r->conn, e, size_sql, TEXT(path), INT(size));
}

/* A crash can leave half a line at the end; the next entry has to begin where it began. */
static int cut_half_line(struct rebuild *r, int dir, const char *path, const char *file,
	const char *text, size_t whole, struct err *e)
{
	/* Not in place: the file may have another name, in a copy. */
	if (fs_replace(dir, file, text, whole, 1, e) < 0)
		return -1;
	return report(r, "%s: half a line at the end was cut off: %s", path, text + whole);
}

/* One line, without its LF: 0, or -1 with what is wrong with it. */
typedef int (*line_fn)(struct rebuild *r, char *line, void *arg, struct err *why);

static int add_entry_line(struct rebuild *r, char *line, void *arg, struct err *why)
{
	struct ledger_row row;

	if (chain_parse_line(line, &row, why) < 0)
		return -1;
	add_entry(arg, &row);
	return 0;
}

static int add_head_line(struct rebuild *r, char *line, void *arg, struct err *why)
{
	struct signed_head h;

	return head_parse_line(line, &h, why) < 0 ? -1 : head_store(r->conn, &h, why);
}

static int add_log(struct rebuild *r, int dir, const char *path, const char *file, void *arg,
	struct err *e)
{
	line_fn add = strcmp(file, CHAIN_HEADS) == 0 ? add_head_line : add_entry_line;
	struct buf text cleanup_buf;
	struct entries *all = arg;
	struct err why = {0};
	int status = 0;

	char *below cleanup_free = xasprintf("%s/%s", path, file);
	buf_init(&text, LOG_LARGEST);
	if (fs_read(dir, file, &text, &why) < 0)
		return unreadable(r, below, &why, e);
	/* the rows' strings stay in this copy */
	char *start = arena_alloc(all->mem, text.len + 1), *line = start;
	memcpy(start, text.data, text.len);
	for (unsigned number = 1; line < start + text.len && status == 0; number++) {
		char *end = memchr(line, '\n', text.len - (size_t)(line - start));
		if (end == NULL) {
			status = cut_half_line(r, dir, below, file, text.data, (size_t)(line - start), e);
			break;
		}
		*end = '\0';
		if (add(r, line, all, &why) < 0) {
			status = report(r, "%s: line %u: %s", below, number, why.text);
		}
		line = end + 1;
	}
	return status != 0 ? status : set_log_size(r, below, (size_t)(line - start), e);
}

static int compare_entries(const void *a, const void *b)
{
	const struct ledger_row *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* What stands in the log is kept even where the chain is broken; the report says where. */
static int insert_entries(struct rebuild *r, struct entries *all, const char *owner, struct err *e)
{
	const char *prev = CHAIN_START;
	uint64_t seq = 0;
	int status = 0;

	if (all->n > 0) {
		qsort(all->row, all->n, sizeof(*all->row), compare_entries);
	}
	for (size_t i = 0; i < all->n && status == 0; i++) {
		struct ledger_row *l = &all->row[i];
		l->owner = owner;
		if (l->seq == seq) {
			status = report(r, "ledger of %s: entry %" PRIu64 " stands there twice", owner, seq);
			continue;
		}
		const char *why = l->seq != seq + 1 ? "entries before it are missing" : chain_problem(l, prev);
		if (why != NULL) {
			status = report(r, "ledger of %s, entry %" PRIu64 ": %s", owner, l->seq, why);
		}
		if (ledger_store(r->conn, l, e) < 0)
			return -1;
		prev = l->self;
		seq = l->seq;
	}
	return status;
}

static int add_ledger(struct rebuild *r, int dir, const char *path, const char *owner, void *arg,
	struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct entries all = {.mem = mem};
	char *below cleanup_free = xasprintf("%s/%s", path, owner);
	char *copy cleanup_free = xstrdup(owner);

	if (!name_owner_valid(owner))
		return report(r, "%s: no user's name, left alone", below);
	int status = for_each_entry(r, below, add_log, &all, e);
	status = status != 0 ? status : insert_entries(r, &all, copy, e);
	free(all.row);
	return status;
}

/* Open reviews, holds and absences: whatever the ledger knows is asked again at once; of events that are
 * gone, their entries in Fees, which are named by their reference. */
static int add_wakes(struct rebuild *r, struct err *e)
{
	static const char wakes_sql[] =
		"INSERT OR IGNORE INTO wake(at, owner, calendar, name)"
		" SELECT ?1, c.owner, c.name, o.name FROM object o JOIN collection c ON c.id = o.collection"
		" WHERE EXISTS (SELECT 1 FROM ledger l WHERE l.uid = o.uid AND l.owner = c.owner)"
		" OR (c.flags & ?2 AND EXISTS (SELECT 1 FROM ledger l"
		" WHERE l.ref = substr(o.name, 1, length(o.name) - 4) AND l.owner = c.owner))";

	return sql_run(r->conn, e, wakes_sql, INT(r->now), INT(COLL_FEES));
}

/* ---- the whole ---- */

static int fill(struct rebuild *r, struct store_counts *out, struct err *e)
{
	static const char epoch_sql[] = "INSERT INTO meta(key, value) VALUES ('epoch', ?1)";

	int status = for_each_entry(r, "accounts", add_account, NULL, e);
	status = status != 0 ? status : for_each_entry(r, "cal", add_owner, NULL, e);
	status = status != 0 ? status : for_each_entry(r, "ledger", add_ledger, NULL, e);
	if (status != 0)
		return status;
	if (add_wakes(r, e) < 0 || epoch_renew(r->db, e) < 0 ||
		sql_run(r->conn, e, epoch_sql, TEXT(r->db->info.epoch)) < 0)
		return -1;
	return count_all(r->conn, out, e);
}

static int remove_files(struct db *db, const char *const *name, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (fs_remove(db->root, name[i], e) < 0)
			return -1;
	}
	return 0;
}

static int build(struct rebuild *r, struct store_counts *out, struct err *e)
{
	static const char *const old[] = {"rebuild.db", "rebuild.db-wal", "rebuild.db-shm",
		"rebuild.db-journal"};

	if (remove_files(r->db, old, ARRAY_SIZE(old), e) < 0 ||
		index_make_file(r->db, "rebuild.db", e) < 0)
		return -1;
	r->conn = conn_open(r->db, "rebuild.db", true, e);
	if (r->conn == NULL)
		return -1;
	r->log = (struct change_log){.conn = r->conn, .seq = store_first_seq(r->now, 0)};
	int status = schema_make(r->conn, e) < 0 || sql_exec(r->conn, "BEGIN", e) < 0 ? -1 : 0;
	status = status != 0 ? status : fill(r, out, e);
	if (status == 0 && (sql_exec(r->conn, "COMMIT", e) < 0 ||
			sql_exec(r->conn, "PRAGMA wal_checkpoint(TRUNCATE)", e) < 0 ||
			sql_exec(r->conn, "PRAGMA journal_mode = DELETE", e) < 0)) {
		status = -1;
	}
	conn_close(r->conn);
	return status;
}

static int put_aside(struct db *db, const char *name, const char *aside, struct err *e)
{
	if (renameat(db->root, name, db->root, aside) < 0 && errno != ENOENT)
		return err_errno(e, ERR_IO, "put the old index aside");
	return 0;
}

/* With its WAL: who mends it needs both. A rebuild that was killed in between has left that, alone. */
static int put_broken_aside(struct db *db, struct err *e)
{
	/* the WAL of one before would be played into this one */
	if (faccessat(db->root, "index.db", F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
		fs_remove(db->root, "index.db.broken-wal", e) < 0)
		return -1;
	if (put_aside(db, "index.db", "index.db.broken", e) < 0)
		return -1;
	if (fsync(db->root) < 0)
		return err_errno(e, ERR_IO, "sync %s", db->path);
	return put_aside(db, "index.db-wal", "index.db.broken-wal", e);
}

/* Between the renames there is no index.db, and a start says that a rebuild is needed. */
static int take_place(struct db *db, bool keep_old, struct err *e)
{
	static const char *const side[] = {"index.db-wal", "index.db-shm", "index.db-journal"};

	if ((keep_old ? put_broken_aside(db, e) : put_aside(db, "index.db", "index.db.old", e)) < 0)
		return -1;
	FAILPOINT("rebuild-before-rename");
	if (remove_files(db, side, ARRAY_SIZE(side), e) < 0)
		return -1;
	/* an old WAL beside the new index would be played back into it */
	if (fsync(db->root) < 0)
		return err_errno(e, ERR_IO, "sync %s", db->path);
	if (folder_mark_used(db, false, e) < 0)
		return -1;
	if (renameat(db->root, "rebuild.db", db->root, "index.db") < 0 || fsync(db->root) < 0)
		return err_errno(e, ERR_IO, "put the new index in its place");
	return fs_remove(db->root, "index.db.old", e);
}

static int check_pages(struct conn *c, struct err *e)
{
	static const char check_sql[] = "PRAGMA quick_check";
	sqlite3_stmt *st cleanup_stmt = sql_bind(c, e, check_sql, NULL, 0);

	if (st == NULL || sql_step(c, st, e) < 0)
		return -1;
	return strcmp(sql_text(st, 0), "ok") == 0 ? 0 : err_set(e, ERR_CORRUPT, "%.140s", sql_text(st, 0));
}

/* Is its WAL there, and every page readable? The journal of a damaged index must not be written over
 * good files. */
static int check_old(const char *path, struct err *e)
{
	struct db *db;

	if (folder_open(path, &db, e) < 0)
		return -1;
	struct conn *c = folder_check_wal(db, e) < 0 ? NULL : conn_open(db, "index.db", false, e);
	int status = c == NULL ? -1 : check_pages(c, e);

	conn_close(c);
	folder_close(db);
	return status;
}

/* Opening writes the journal out, and what files have lost besides. *kept: the old index is damaged and is
 * kept aside. Whatever else keeps it from being read may pass, so its journal isn't given up for that. */
static int save_journal(const char *path, bool there, struct rebuild *r, bool *kept, struct err *e)
{
	static const struct store_options options = {.tombstone_days = 365};
	struct store *old;
	struct err why = {0};
	bool done = false;

	*kept = !there;
	if (!there)
		return report(r, "there is no index.db; what was younger than mirror-delay is lost");
	if (check_old(path, &why) == 0 && store_sqlite.open(path, &options, &old, &why) == 0) {
		int status = store_sqlite.flush(old, &why);
		status = status < 0 ? -1 : salvage_all((struct db *)old, r->problem, r->arg, &why);
		store_sqlite.close(old);
		if (status > 0)
			return status;
		done = status == 0;
	}
	if (done)
		return 0;
	if (why.code != ERR_CORRUPT)
		return err_set(e, why.code, "%s", why.text);
	*kept = true;
	return report(r, "index.db can't be read (%s); it is kept as index.db.broken,"
		" and what was younger than mirror-delay is lost", why.text);
}

int store_sqlite_rebuild(const char *path, store_parse_fn parse, store_problem_fn problem,
	void *arg,
	struct store_counts *out, struct err *e)
{
	struct rebuild r = {.parse = parse, .problem = problem, .arg = arg, .now = clock_now()};
	struct store_counts counts = {0};
	bool kept;

	if (access(path, F_OK) < 0)
		return err_errno(e, ERR_NOT_FOUND, "%s", path);
	/* the lock first: a server that runs is no broken index */
	if (folder_open(path, &r.db, e) < 0)
		return -1;
	int status = folder_check_restored(r.db, e);
	bool there = folder_has_index(r.db);
	folder_close(r.db);
	status = status != 0 ? status : save_journal(path, there, &r, &kept, e);
	if (status != 0)
		return status;
	if (folder_open(path, &r.db, e) < 0)
		return -1;
	status = build(&r, &counts, e);
	FAILPOINT("rebuild-built");
	status = status != 0 ? status : take_place(r.db, kept, e);
	folder_close(r.db);
	if (status == 0) {
		*out = counts;
	}
	return status;
}
