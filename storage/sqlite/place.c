/*
 * Properties of what is no calendar: objects, homes, principals. An object's stand in a file of its own
 * (cal/<owner>/<calendar>/.props.d/<file>), so that setting one costs the same in a calendar of any size;
 * a user's stand in cal/<owner>/.props.
 */
#include <inttypes.h>

#include "base/arena.h"
#include "base/buf.h"
#include "storage/props.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/ops.h"

const char *place_word(enum prop_place_kind kind)
{
	return kind == PLACE_HOME ? "home" : "principal";
}

int place_store(struct conn *c, const struct prop_place *place, const struct prop_row *p, struct err *e)
{
	static const char put_sql[] =
		"INSERT OR REPLACE INTO place_prop(collection, kind, place, ns, name, xml)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

	return sql_run(c, e, put_sql, INT(place->collection), INT(place->kind), TEXT(place->name),
		TEXT(p->ns), TEXT(p->name), TEXT(p->xml));
}

static int unset(struct conn *c, const struct prop_place *place, const struct prop_row *p,
	struct err *e)
{
	static const char remove_sql[] =
		"DELETE FROM place_prop WHERE collection = ?1 AND kind = ?2 AND place = ?3 AND ns = ?4"
		" AND name = ?5";

	return sql_run(c, e, remove_sql, INT(place->collection), INT(place->kind), TEXT(place->name),
		TEXT(p->ns), TEXT(p->name));
}

static int visit_rows(struct conn *c, const struct prop_place *place, prop_fn visit, void *arg,
	struct err *e)
{
	static const char rows_sql[] =
		"SELECT ns, name, xml FROM place_prop WHERE collection = ?1 AND kind = ?2 AND place = ?3"
		" ORDER BY ns, name";
	sqlite3_stmt *st cleanup_stmt =
		sql_query(c, e, rows_sql, INT(place->collection), INT(place->kind), TEXT(place->name));
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		int stop = visit(&(struct prop_row){"", sql_text(st, 0), sql_text(st, 1), sql_text(st, 2)},
			arg);
		if (stop != 0)
			return stop;
	}
	return status;
}

int sqlite_place_props(struct store *s, const struct prop_place *place, prop_fn visit, void *arg,
	struct err *e)
{
	struct conn *c = db_reader((struct db *)s, e);

	return c == NULL ? -1 : visit_rows(c, place, visit, arg, e);
}

int sqlite_objects_have_props(struct store *s, store_id collection, bool *out, struct err *e)
{
	static const char any_sql[] = "SELECT 1 FROM place_prop WHERE collection = ?1 AND kind = ?2 LIMIT 1";
	struct conn *c = db_reader((struct db *)s, e);
	int64_t found;

	if (c == NULL || sql_number(c, sql_query(c, e, any_sql, INT(collection), INT(PLACE_OBJECT)), 0,
		&found, e) < 0)
		return -1;
	*out = found != 0;
	return 0;
}

/* ---- files ---- */

struct text { struct buf *out; const char *word; };

static int write_row(const struct prop_row *p, void *arg)
{
	struct text *t = arg;

	props_write_row(t->out, &(struct prop_row){t->word, p->ns, p->name, p->xml});
	return 0;
}

/* A file without lines goes away. */
static int journal_text(struct change_log *log, const char *path, const struct buf *text,
	struct err *e)
{
	if (text->full)
		return err_set(e, ERR_LIMIT, "too many properties for %s", path);
	return journal_file(log, path, text->len > 0 ? text->data : NULL, text->len, e);
}

int place_object_text(struct conn *c, store_id collection, const char *name, struct buf *out, struct err *e)
{
	return visit_rows(c, &(struct prop_place){PLACE_OBJECT, collection, name}, write_row,
		&(struct text){out, ""}, e);
}

int place_owner_text(struct conn *c, const char *owner, struct buf *out, struct err *e)
{
	for (enum prop_place_kind kind = PLACE_HOME; kind <= PLACE_PRINCIPAL; kind++) {
		const struct prop_place place = {kind, 0, owner};
		if (visit_rows(c, &place, write_row, &(struct text){out, place_word(kind)}, e) < 0)
			return -1;
	}
	return 0;
}

static int journal_object_props(struct change_log *log, const struct collection *in,
	const char *name, struct err *e)
{
	struct buf text cleanup_buf;
	char path[PATH_SIZE];

	buf_init(&text, PROPS_LARGEST);
	path_object_props(in->owner, in->name, name, path);
	if (place_object_text(log->conn, in->id, name, &text, e) < 0)
		return -1;
	return journal_text(log, path, &text, e);
}

static int journal_owner_props(struct change_log *log, const char *owner, struct err *e)
{
	struct buf text cleanup_buf;
	char path[PATH_SIZE];

	buf_init(&text, PROPS_LARGEST);
	snprintf(path, sizeof(path), "cal/%s/.props", owner);
	if (place_owner_text(log->conn, owner, &text, e) < 0)
		return -1;
	return journal_text(log, path, &text, e);
}

/* ---- changes ---- */

static int object_exists(struct conn *c, const struct prop_place *place, struct err *e)
{
	static const char exists_sql[] =
		"SELECT 1 FROM object WHERE collection = ?1 AND name = ?2 AND deleted = 0";
	int64_t found;

	if (sql_number(c, sql_query(c, e, exists_sql, INT(place->collection), TEXT(place->name)), 0,
		&found, e) < 0)
		return -1;
	return found != 0 ? 0 : err_set(e, ERR_NOT_FOUND, "no object %s", place->name);
}

int place_journal(struct change_log *log, const struct prop_place *place, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct collection in;

	if (place->kind != PLACE_OBJECT)
		return journal_owner_props(log, place->name, e);
	if (collection_by_id(log->conn, place->collection, mem, &in, e) < 0)
		return -1;
	return journal_object_props(log, &in, place->name, e);
}

int place_patch(struct change_log *log, const struct prop_patch *patch, struct err *e)
{
	const struct prop_place *place = patch->place;
	struct conn *c = log->conn;

	if (place->kind == PLACE_OBJECT && object_exists(c, place, e) < 0)
		return -1;
	for (size_t i = 0; i < patch->n; i++) {
		const struct prop_row *p = &patch->rows[i];
		if ((p->xml != NULL ? place_store(c, place, p, e) : unset(c, place, p, e)) < 0)
			return -1;
	}
	return place_journal(log, place, e);
}

static int remove_rows(struct change_log *log, const struct prop_place *place, bool *removed,
	struct err *e)
{
	static const char remove_sql[] =
		"DELETE FROM place_prop WHERE collection = ?1 AND kind = ?2 AND place = ?3";

	if (sql_run(log->conn, e, remove_sql, INT(place->collection), INT(place->kind),
		TEXT(place->name)) < 0)
		return -1;
	*removed = sqlite3_changes(log->conn->handle) > 0;
	return 0;
}

int place_remove(struct change_log *log, const struct collection *in, const char *name, struct err *e)
{
	bool removed;

	if (remove_rows(log, &(struct prop_place){PLACE_OBJECT, in->id, name}, &removed, e) < 0)
		return -1;
	return removed ? journal_object_props(log, in, name, e) : 0;
}

int place_copy(struct change_log *log, const struct collection *from, const char *from_name,
	const struct collection *to, const char *to_name, struct err *e)
{
	static const char copy_sql[] =
		"INSERT INTO place_prop(collection, kind, place, ns, name, xml)"
		" SELECT ?3, kind, ?4, ns, name, xml FROM place_prop"
		" WHERE collection = ?1 AND kind = ?5 AND place = ?2";
	bool removed;

	if (remove_rows(log, &(struct prop_place){PLACE_OBJECT, to->id, to_name}, &removed, e) < 0 ||
		sql_run(log->conn, e, copy_sql, INT(from->id), TEXT(from_name), INT(to->id), TEXT(to_name),
			INT(PLACE_OBJECT)) < 0)
		return -1;
	bool copied = sqlite3_changes(log->conn->handle) > 0;
	return removed || copied ? journal_object_props(log, to, to_name, e) : 0;
}

int place_forget(struct conn *c, const char *user, struct err *e)
{
	static const char forget_sql[] = "DELETE FROM place_prop WHERE collection = 0 AND place = ?1";

	return sql_run(c, e, forget_sql, TEXT(user));
}
