#include <inttypes.h>

#include "storage/backend.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/ops.h"
#include "storage/sqlite/watch.h"

void collection_row(sqlite3_stmt *st, struct collection *out)
{
	*out = (struct collection){
		.id = sqlite3_column_int64(st, 0),
		.seq = (uint64_t)sqlite3_column_int64(st, 1),
		.oldest_seq = (uint64_t)sqlite3_column_int64(st, 2),
		.owner = sql_text(st, 3),
		.name = sql_text(st, 4),
		.components = (unsigned)sqlite3_column_int64(st, 5),
		.flags = (unsigned)sqlite3_column_int64(st, 6),
		.created = sqlite3_column_int64(st, 7),
		.charged = (uint64_t)sqlite3_column_int64(st, 8),
	};
}

static int visit_collections(struct conn *c, sqlite3_stmt *stmt, collection_fn visit, void *arg,
	struct err *e)
{
	sqlite3_stmt *st cleanup_stmt = stmt;
	int status = st == NULL ? -1 : 1;
	struct collection row;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		collection_row(st, &row);
		int stop = visit(&row, arg);
		if (stop != 0)
			return stop;
	}
	return status;
}

int sqlite_collections(struct store *s, const char *owner, collection_fn visit, void *arg,
	struct err *e)
{
	static const char all_sql[] = "SELECT " COLLECTION_COLUMNS " FROM collection c ORDER BY owner, name";
	static const char owner_sql[] = "SELECT " COLLECTION_COLUMNS
		" FROM collection c WHERE owner = ?1 ORDER BY name";
	struct conn *c = db_reader((struct db *)s, e);

	if (c == NULL)
		return -1;
	sqlite3_stmt *st = owner == NULL ? sql_bind(c, e, all_sql, NULL, 0)
		: sql_query(c, e, owner_sql, TEXT(owner));
	return visit_collections(c, st, visit, arg, e);
}

struct collections { struct arena *mem; struct collection *item; size_t n, room; };

static int add_collection(const struct collection *c, void *arg)
{
	struct collections *all = arg;

	all->item = arena_room(all->mem, all->item, all->n, &all->room, sizeof(*all->item));
	all->item[all->n] = *c;
	all->item[all->n].owner = arena_strdup(all->mem, c->owner);
	all->item[all->n++].name = arena_strdup(all->mem, c->name);
	return 0;
}

int collections_list(struct db *db, struct arena *mem, struct collection **out, size_t *n, struct err *e)
{
	struct collections all = {.mem = mem};

	if (sqlite_collections(&db->base, NULL, add_collection, &all, e) < 0)
		return -1;
	*out = all.item;
	*n = all.n;
	return 0;
}

static int find_one(struct conn *c, sqlite3_stmt *stmt, struct arena *mem, struct collection *out,
	struct err *e)
{
	sqlite3_stmt *st cleanup_stmt = stmt;
	int status = st == NULL ? -1 : sql_step(c, st, e);

	if (status < 0)
		return -1;
	if (status == 0)
		return err_set(e, ERR_NOT_FOUND, "no such collection");
	collection_row(st, out);
	out->owner = arena_strdup(mem, out->owner);
	out->name = arena_strdup(mem, out->name);
	return 0;
}

int sqlite_collection(struct store *s, const char *owner, const char *name, struct arena *mem,
	struct collection *out, struct err *e)
{
	static const char find_sql[] = "SELECT " COLLECTION_COLUMNS
		" FROM collection c WHERE owner = ?1 AND name = ?2";
	struct conn *c = db_reader((struct db *)s, e);

	if (c == NULL || find_one(c, sql_query(c, e, find_sql, TEXT(owner), TEXT(name)), mem, out, e) < 0)
		return -1;
	watch_use((struct db *)s, out->id);
	return 0;
}

int collection_by_id(struct conn *c, store_id id, struct arena *mem, struct collection *out,
	struct err *e)
{
	static const char find_sql[] = "SELECT " COLLECTION_COLUMNS " FROM collection c WHERE id = ?1";

	return find_one(c, sql_query(c, e, find_sql, INT(id)), mem, out, e);
}

/* ---- properties ---- */

static int check_exists(struct conn *c, store_id id, struct err *e)
{
	static const char exists_sql[] = "SELECT 1 FROM collection WHERE id = ?1";
	int64_t found;

	if (sql_number(c, sql_query(c, e, exists_sql, INT(id)), 0, &found, e) < 0)
		return -1;
	return found != 0 ? 0 : err_set(e, ERR_NOT_FOUND, "no collection %" PRId64, id);
}

int sqlite_props(struct store *s, store_id collection, const char *user, prop_fn visit, void *arg,
	struct err *e)
{
	/* '' sorts before every user */
	static const char props_sql[] =
		"SELECT user, ns, name, xml FROM prop WHERE collection = ?1 AND user IN ('', ?2)"
		" ORDER BY user, ns, name";
	struct conn *c = db_reader((struct db *)s, e);

	if (c == NULL || check_exists(c, collection, e) < 0)
		return -1;
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, props_sql, INT(collection), TEXT(user));
	int status = st == NULL ? -1 : 1;
	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		int stop = visit(&(struct prop_row){sql_text(st, 0), sql_text(st, 1), sql_text(st, 2),
			sql_text(st, 3)}, arg);
		if (stop != 0)
			return stop;
	}
	return status;
}

static int patch(struct conn *c, store_id collection, const struct prop_row *p, struct err *e)
{
	static const char put_sql[] =
		"INSERT OR REPLACE INTO prop(collection, user, ns, name, xml) VALUES (?1, ?2, ?3, ?4, ?5)";
	static const char remove_sql[] =
		"DELETE FROM prop WHERE collection = ?1 AND user = ?2 AND ns = ?3 AND name = ?4";

	if (p->xml == NULL)
		return sql_run(c, e, remove_sql, INT(collection), TEXT(p->user), TEXT(p->ns),
			TEXT(p->name));
	return sql_run(c, e, put_sql, INT(collection), TEXT(p->user), TEXT(p->ns), TEXT(p->name),
		TEXT(p->xml));
}

static int patch_collection(struct change_log *log, const struct prop_patch *p, struct err *e)
{
	if (check_exists(log->conn, p->collection, e) < 0)
		return -1;
	for (size_t i = 0; i < p->n; i++) {
		const char *user = p->rows[i].user;
		bool same = i > 0 && strcmp(user, p->rows[i - 1].user) == 0;
		if (patch(log->conn, p->collection, &p->rows[i], e) < 0 ||
			(!same && member_touch(log, p->collection, user[0] == '\0' ? NULL : user, e) < 0))
			return -1;
	}
	return journal_props(log, p->collection, e);
}

struct patch_job { const struct prop_patch *patches; size_t n; };

static int run_patch(struct change_log *log, void *arg, struct err *e)
{
	const struct patch_job *j = arg;

	for (size_t i = 0; i < j->n; i++) {
		const struct prop_patch *p = &j->patches[i];
		if ((p->place != NULL ? place_patch(log, p, e) : patch_collection(log, p, e)) < 0)
			return -1;
	}
	return 0;
}

int sqlite_props_patch(struct store *s, const struct prop_patch *patches, size_t n, struct err *e)
{
	struct patch_job j = {patches, n};

	return writer_run((struct db *)s, run_patch, &j, 4096 * n, e);
}

/* ---- making and dropping ---- */

struct make_job {
	const struct collection *c;
	const struct prop_row *props;
	size_t n;
	int64_t now;
	store_id id;
};

static int run_make(struct change_log *log, void *arg, struct err *e)
{
	static const char find_sql[] = "SELECT id FROM collection WHERE owner = ?1 AND name = ?2";
	static const char make_sql[] =
		"INSERT INTO collection(owner, name, seq, oldest_seq, components, flags, created)"
		" VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)";
	struct make_job *j = arg;
	struct conn *c = log->conn;
	int64_t found;

	if (sql_number(c, sql_query(c, e, find_sql, TEXT(j->c->owner), TEXT(j->c->name)), 0, &found,
		e) < 0)
		return -1;
	if (found != 0)
		return err_set(e, ERR_EXISTS, "collection %s/%s exists", j->c->owner, j->c->name);
	log->seq = store_first_seq(j->now, log->seq);
	if (sql_run(c, e, make_sql, TEXT(j->c->owner), TEXT(j->c->name), INT(log->seq),
			INT(j->c->components), INT(j->c->flags), INT(j->now)) < 0)
		return -1;
	j->id = sqlite3_last_insert_rowid(c->handle);
	if (member_put(log, j->id, j->c->owner, e) < 0)
		return -1;
	for (size_t i = 0; i < j->n; i++) {
		if (patch(c, j->id, &j->props[i], e) < 0)
			return -1;
	}
	return journal_props(log, j->id, e);
}

int sqlite_collection_make(struct store *s, const struct collection *c,
	const struct prop_row *props,
	size_t n, int64_t now, store_id *id, struct err *e)
{
	struct make_job j = {.c = c, .props = props, .n = n, .now = now};

	if (writer_run((struct db *)s, run_make, &j, 4096, e) < 0)
		return -1;
	*id = j.id;
	return 0;
}

static int drop_object_props(struct change_log *log, const struct collection *c, struct err *e)
{
	static const char places_sql[] =
		"SELECT DISTINCT place FROM place_prop WHERE collection = ?1 ORDER BY place";
	sqlite3_stmt *st cleanup_stmt = sql_query(log->conn, e, places_sql, INT(c->id));
	int status = st == NULL ? -1 : 1;
	char path[PATH_SIZE];

	while (status > 0 && (status = sql_step(log->conn, st, e)) > 0) {
		path_object_props(c->owner, c->name, sql_text(st, 0), path);
		if (journal_file(log, path, NULL, 0, e) < 0)
			return -1;
	}
	return status;
}

/* Nothing is written into the folder any more; each file goes by a row of its own, so that a
 * calendar made anew under this name simply replaces the rows it needs. */
static int drop_files(struct change_log *log, const struct collection *c, struct err *e)
{
	static const char objects_sql[] =
		"SELECT name FROM object WHERE collection = ?1 AND deleted = 0 ORDER BY name";
	sqlite3_stmt *st cleanup_stmt = sql_query(log->conn, e, objects_sql, INT(c->id));
	int status = st == NULL ? -1 : 1;
	char folder[PATH_SIZE], path[PATH_SIZE];

	while (status > 0 && (status = sql_step(log->conn, st, e)) > 0) {
		path_object(c->owner, c->name, sql_text(st, 0), path);
		if (journal_file(log, path, NULL, 0, e) < 0)
			return -1;
	}
	path_folder(c->owner, c->name, folder);
	snprintf(path, sizeof(path), "%.*s/.props", (int)sizeof(path) - 8, folder);
	if (status < 0 || journal_file(log, path, NULL, 0, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "%.*s/" OBJECT_PROPS, (int)sizeof(path) - 10, folder);
	if (drop_object_props(log, c, e) < 0 || journal_rmdir(log, path, e) < 0)
		return -1;
	return journal_rmdir(log, folder, e);
}

/* What waits to be written keeps its path, but belongs to no object any more. */
static int drop_rows(struct conn *c, store_id id, struct err *e)
{
	static const char journal_sql[] =
		"UPDATE journal SET collection = NULL, name = NULL WHERE collection = ?1";
	static const char objects_sql[] = "DELETE FROM object WHERE collection = ?1";
	static const char props_sql[] = "DELETE FROM prop WHERE collection = ?1";
	static const char places_sql[] = "DELETE FROM place_prop WHERE collection = ?1";
	static const char shares_sql[] = "DELETE FROM share WHERE collection = ?1";
	static const char feeds_sql[] = "DELETE FROM feed WHERE collection = ?1";
	static const char collection_sql[] = "DELETE FROM collection WHERE id = ?1";
	static const char *const all_sql[] = {journal_sql, objects_sql, props_sql, places_sql, shares_sql,
		feeds_sql, collection_sql};

	for (size_t i = 0; i < sizeof(all_sql) / sizeof(all_sql[0]); i++) {
		if (sql_run(c, e, all_sql[i], INT(id)) < 0)
			return -1;
	}
	return 0;
}

int collection_drop(struct change_log *log, const struct collection *c, bool files, struct err *e)
{
	if (files && drop_files(log, c, e) < 0)
		return -1;
	if (wake_remove(log->conn, c->owner, c->name, e) < 0 || member_remove(log, c->id, NULL, e) < 0)
		return -1;
	return drop_rows(log->conn, c->id, e);
}

/* ---- shares ---- */

int sqlite_shares(struct store *s, store_id collection, const char *user, share_fn visit, void *arg,
	struct err *e)
{
	static const char by_collection_sql[] =
		"SELECT c.id, c.owner, c.name, s.user, s.access FROM share s JOIN collection c"
		" ON c.id = s.collection WHERE s.collection = ?1 AND (?2 IS NULL OR s.user = ?2)"
		" ORDER BY s.user";
	static const char by_user_sql[] =
		"SELECT c.id, c.owner, c.name, s.user, s.access FROM share s JOIN collection c"
		" ON c.id = s.collection WHERE s.user = ?1 ORDER BY c.owner, c.name";
	struct conn *c = db_reader((struct db *)s, e);

	if (c == NULL)
		return -1;
	sqlite3_stmt *st cleanup_stmt = collection != 0
		? sql_query(c, e, by_collection_sql, INT(collection), TEXT(user))
		: sql_query(c, e, by_user_sql, TEXT(user));
	int status = st == NULL ? -1 : 1;
	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		int stop = visit(&(struct share){sqlite3_column_int64(st, 0), sql_text(st, 1),
			sql_text(st, 2), sql_text(st, 3), (enum share_access)sqlite3_column_int(st, 4)}, arg);
		if (stop != 0)
			return stop;
	}
	return status;
}

/* The row, and whether the calendar stands in the sharee's home. */
static int set_share(struct change_log *log, store_id collection, const char *user,
	enum share_access access, struct err *e)
{
	static const char put_sql[] =
		"INSERT OR REPLACE INTO share(collection, user, access) VALUES (?1, ?2, ?3)";
	static const char remove_sql[] = "DELETE FROM share WHERE collection = ?1 AND user = ?2";
	int status = access == SHARE_NONE
		? sql_run(log->conn, e, remove_sql, INT(collection), TEXT(user))
		: sql_run(log->conn, e, put_sql, INT(collection), TEXT(user), INT(access));

	if (status < 0)
		return -1;
	return store_share_shows(access) ? member_put(log, collection, user, e)
		: member_remove(log, collection, user, e);
}

static int run_share(struct change_log *log, void *arg, struct err *e)
{
	const struct share *share = arg;

	if (check_exists(log->conn, share->collection, e) < 0 ||
		set_share(log, share->collection, share->user, share->access, e) < 0)
		return -1;
	return journal_props(log, share->collection, e);
}

struct shares_job { store_id collection; const struct share *rows; size_t n; };

static bool is_among(const struct shares_job *j, const char *user)
{
	for (size_t i = 0; i < j->n; i++) {
		if (strcmp(j->rows[i].user, user) == 0)
			return true;
	}
	return false;
}

/* Those who are not named any more. */
static int end_shares(struct change_log *log, const struct shares_job *j, struct err *e)
{
	static const char users_sql[] = "SELECT user FROM share WHERE collection = ?1";
	struct arena *mem cleanup_arena = arena_create();
	struct ended { const char *user; struct ended *next; } *first = NULL;
	sqlite3_stmt *st cleanup_stmt = sql_query(log->conn, e, users_sql, INT(j->collection));
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(log->conn, st, e)) > 0) {
		struct ended *row = arena_alloc(mem, sizeof(*row));
		if (is_among(j, sql_text(st, 0)))
			continue;
		*row = (struct ended){arena_strdup(mem, sql_text(st, 0)), first};
		first = row;
	}
	for (; first != NULL && status == 0; first = first->next) {
		status = set_share(log, j->collection, first->user, SHARE_NONE, e);
	}
	return status;
}

static int run_shares(struct change_log *log, void *arg, struct err *e)
{
	const struct shares_job *j = arg;

	if (check_exists(log->conn, j->collection, e) < 0 || end_shares(log, j, e) < 0)
		return -1;
	for (size_t i = 0; i < j->n; i++) {
		if (set_share(log, j->collection, j->rows[i].user, j->rows[i].access, e) < 0)
			return -1;
	}
	return journal_props(log, j->collection, e);
}

int sqlite_shares_set(struct store *s, store_id collection, const struct share *rows, size_t n,
	struct err *e)
{
	struct shares_job j = {collection, rows, n};

	return writer_run((struct db *)s, run_shares, &j, 4096, e);
}

int sqlite_share_put(struct store *s, const struct share *share, struct err *e)
{
	struct share copy = *share;

	return writer_run((struct db *)s, run_share, &copy, 1024, e);
}
