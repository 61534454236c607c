#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/fsio.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/ops.h"
#include "storage/sqlite/shelf.h"

struct commit_job {
	struct commit *commit;
	struct arena *mem;
	struct collection last; /* of the change before: most commits stay in one calendar */
};

static int use_collection(struct commit_job *j, struct conn *c, store_id id, struct err *e)
{
	if (id != 0 && j->last.id == id)
		return 0;
	return collection_by_id(c, id, j->mem, &j->last, e);
}

static int check_head(struct conn *c, const struct ledger_head *head, struct err *e)
{
	uint64_t last;

	if (ledger_last_incident(c, head->owner, &last, e) < 0)
		return -1;
	if (last != head->incident)
		return err_set(e, ERR_CHANGED, "the ledger of %s went on", head->owner);
	return 0;
}

/* Before the changes, which count too. */
static int check_drop(struct commit_job *j, struct conn *c, const struct commit *commit,
	struct err *e)
{
	if (commit->drop_seq == 0)
		return 0;
	if (use_collection(j, c, commit->drop, e) < 0)
		return -1;
	if (j->last.seq != commit->drop_seq)
		return err_set(e, ERR_CHANGED, "calendar %s was changed meanwhile", j->last.name);
	return 0;
}

static int check_seen(struct commit_job *j, struct conn *c, const struct collection_seen *seen,
	struct err *e)
{
	if (seen->collection == 0)
		return 0;
	if (use_collection(j, c, seen->collection, e) < 0)
		return -1;
	return j->last.seq == seen->seq ? 0
		: err_set(e, ERR_CHANGED, "calendar %s was changed meanwhile", j->last.name);
}

/* The live object's etag, "" if there is none. */
static int read_etag(struct conn *c, store_id collection, const char *name, char out[ETAG_SIZE],
	struct err *e)
{
	static const char etag_sql[] =
		"SELECT digest, seq FROM object WHERE collection = ?1 AND name = ?2 AND deleted = 0";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, etag_sql, INT(collection), TEXT(name));
	int status = st == NULL ? -1 : sql_step(c, st, e);

	if (status < 0)
		return -1;
	out[0] = '\0';
	if (status > 0) {
		store_etag(sql_text(st, 0), (uint64_t)sqlite3_column_int64(st, 1), out);
	}
	return 0;
}

/* expect: an etag, "": none is there, NULL: whatever is there. */
static int check_object(struct commit_job *j, struct conn *c, store_id collection, const char *name,
	const char *expect, struct err *e)
{
	char etag[ETAG_SIZE];

	if (use_collection(j, c, collection, e) < 0)
		return -1;
	if (expect == NULL)
		return 0;
	if (read_etag(c, collection, name, etag, e) < 0)
		return -1;
	return strcmp(expect, etag) == 0 ? 0 : err_set(e, ERR_CHANGED, "%s was changed meanwhile", name);
}

static int check_uid(struct conn *c, const struct change *change, struct commit *commit,
	struct err *e)
{
	static const char holder_sql[] =
		"SELECT name FROM object WHERE collection = ?1 AND uid = ?2 AND deleted = 0 AND name <> ?3";
	sqlite3_stmt *st cleanup_stmt =
		sql_query(c, e, holder_sql, INT(change->collection), TEXT(change->uid), TEXT(change->name));
	int status = st == NULL ? -1 : sql_step(c, st, e);

	if (status <= 0)
		return status;
	snprintf(commit->conflict, sizeof(commit->conflict), "%s", sql_text(st, 0));
	return err_set(e, ERR_UID_TAKEN, "%s has this UID", commit->conflict);
}

/* Also counts what the calendar is charged with, while the object's row is still the old one. */
static int next_seq(struct change_log *log, const struct change *change, uint64_t *out, struct err *e)
{
	static const char next_sql[] =
		"UPDATE collection SET seq = ?2, charged = charged + ?4 - coalesce((SELECT o.charged"
		" FROM object o WHERE o.collection = ?1 AND o.name = ?3), 0) WHERE id = ?1";
	uint64_t charged = change->kind == CHANGE_PUT ? change->charged : 0;

	*out = seq_next(log);
	return sql_run(log->conn, e, next_sql, INT(change->collection), INT(*out), TEXT(change->name),
		INT(charged));
}

/* Is the file as it was found? Others may have written it since, or taken it away. */
static bool is_as_found(const struct db *db, const char *path, const struct store_found *found)
{
	struct buf bytes cleanup_buf;

	buf_init(&bytes, found->len);
	if (found->body == NULL)
		return faccessat(db->root, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
	return fs_read(db->root, path, &bytes, NULL) == 0 && bytes.len == found->len &&
		memcmp(bytes.data, found->body, bytes.len) == 0;
}

/* Then there is nothing to be written. */
static bool is_what_was_found(const struct change *change)
{
	const struct store_found *found = change->found;

	if (found == NULL || (found->body != NULL) != (change->kind == CHANGE_PUT))
		return false;
	return found->body == NULL ||
		(found->len == change->body_len && memcmp(found->body, change->body, found->len) == 0);
}

static int journal_change(struct change_log *log, const struct collection *in,
	const struct change *change,
	int64_t now, struct err *e)
{
	bool put = change->kind == CHANGE_PUT, pending = false;
	char path[PATH_SIZE], file[NAME_FILE_SIZE];

	path_object(in->owner, in->name, change->name, path);
	if (change->found != NULL && journal_pending(log->conn, path, &pending, e) < 0)
		return -1;
	if (change->found != NULL && (pending || !is_as_found(log->conn->db, path, change->found)))
		return err_set(e, ERR_BUSY, "the file of %s changed again", change->name);
	if (!is_what_was_found(change) && journal_object(log, in->id, path, change->name, now,
			put ? change->body : NULL, put ? change->body_len : 0, e) < 0)
		return -1;
	/* its name can't be read back from the file's: .props has it */
	return name_to_file(change->name, file) ? 0 : journal_props(log, in->id, e);
}

static int apply_put(struct commit_job *j, struct change_log *log, struct change *change,
	struct err *e)
{
	static const char put_sql[] =
		"INSERT INTO object(collection, name, id, seq, uid, digest, size, component, first, last,"
		" mtime, deleted, charged, created, shelf, spans, traits) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7,"
		" ?8, ?9, ?10, 0, ?11, coalesce(nullif(?12, 0), ?10), ?13, ?14, ?15)"
		" ON CONFLICT(collection, name) DO UPDATE SET seq = excluded.seq, uid = excluded.uid,"
		" digest = excluded.digest, size = excluded.size, component = excluded.component,"
		" first = excluded.first, last = excluded.last, mtime = excluded.mtime, deleted = 0,"
		" created = CASE WHEN deleted OR ?12 <> 0 THEN excluded.created ELSE created END,"
		" charged = excluded.charged, shelf = excluded.shelf, spans = excluded.spans,"
		" traits = excluded.traits";
	struct conn *c = log->conn;
	char digest[DIGEST_SIZE];

	if (use_collection(j, c, change->collection, e) < 0 ||
		check_uid(c, change, j->commit, e) < 0 || next_seq(log, change, &change->seq, e) < 0)
		return -1;
	digest_short(change->body, change->body_len, digest);
	store_etag(digest, change->seq, change->etag);
	if (sql_run(c, e, put_sql, INT(change->collection), TEXT(change->name), INT(change->seq),
			TEXT(change->uid), TEXT(digest), INT(change->body_len), INT(change->component),
			INT(change->first), INT(change->last), INT(j->commit->now), INT(change->charged),
			INT(change->created), INT(shelf_of(change->first, change->last, &change->spans)),
			BLOB(change->spans.data, change->spans.len), INT(change->traits)) < 0)
		return -1;
	return journal_change(log, &j->last, change, j->commit->now, e);
}

static int apply_delete(struct commit_job *j, struct change_log *log, struct change *change,
	struct err *e)
{
	static const char delete_sql[] =
		"UPDATE object SET deleted = 1, seq = ?3, digest = '', size = 0, component = 0, first = 0,"
		" last = 0, shelf = 0, spans = NULL, traits = 0, mtime = ?4, charged = 0"
		" WHERE collection = ?1 AND name = ?2";
	struct conn *c = log->conn;
	char etag[ETAG_SIZE];

	if (use_collection(j, c, change->collection, e) < 0 ||
		read_etag(c, change->collection, change->name, etag, e) < 0)
		return -1;
	if (etag[0] == '\0') {
		/* nothing there: nothing changes, and nobody's token moves */
		static const char seq_sql[] = "SELECT seq FROM collection WHERE id = ?1";
		int64_t seq;
		if (sql_number(c, sql_query(c, e, seq_sql, INT(change->collection)), 0, &seq, e) < 0)
			return -1;
		change->seq = (uint64_t)seq;
		return 0;
	}
	if (next_seq(log, change, &change->seq, e) < 0 ||
		sql_run(c, e, delete_sql, INT(change->collection), TEXT(change->name), INT(change->seq),
			INT(j->commit->now)) < 0 || place_remove(log, &j->last, change->name, e) < 0)
		return -1;
	return journal_change(log, &j->last, change, j->commit->now, e);
}

/* The properties that a MOVE or COPY takes along, before its source goes. */
static int carry_props(struct commit_job *j, struct change_log *log, const struct change *change,
	struct err *e)
{
	struct collection from, to;

	if (change->kind != CHANGE_PUT || change->from == NULL)
		return 0;
	if (collection_by_id(log->conn, change->from_collection, j->mem, &from, e) < 0 ||
		collection_by_id(log->conn, change->collection, j->mem, &to, e) < 0)
		return -1;
	return place_copy(log, &from, change->from, &to, change->name, e);
}

/* Deletions first: a MOVE may name its two halves in any order. */
static int apply_changes(struct commit_job *j, struct change_log *log, struct err *e)
{
	struct commit *commit = j->commit;

	for (size_t i = 0; i < commit->changes; i++) {
		if (carry_props(j, log, &commit->change[i], e) < 0)
			return -1;
	}
	for (size_t i = 0; i < commit->changes; i++) {
		if (commit->change[i].kind == CHANGE_DELETE &&
			apply_delete(j, log, &commit->change[i], e) < 0)
			return -1;
	}
	for (size_t i = 0; i < commit->changes; i++) {
		if (commit->change[i].kind == CHANGE_PUT && apply_put(j, log, &commit->change[i], e) < 0)
			return -1;
	}
	return 0;
}

/* ---- quota ---- */

int owner_usage(struct conn *c, const char *owner, uint64_t *bytes, struct err *e)
{
	static const char usage_sql[] = "SELECT sum(charged) FROM collection WHERE owner = ?1";
	int64_t sum;

	if (sql_number(c, sql_query(c, e, usage_sql, TEXT(owner)), 0, &sum, e) < 0)
		return -1;
	*bytes = (uint64_t)sum;
	return 0;
}

int sqlite_usage(struct store *s, const char *owner, uint64_t *bytes, struct err *e)
{
	struct conn *c = db_reader((struct db *)s, e);

	return c == NULL ? -1 : owner_usage(c, owner, bytes, e);
}

/* One for each owner who has a quota and into whose calendars something is put. */
struct usage { const char *owner; uint64_t quota, before; struct usage *next; };

static int note_usage(struct commit_job *j, struct conn *c, store_id collection, struct usage **list,
	struct err *e)
{
	if (use_collection(j, c, collection, e) < 0)
		return -1;
	uint64_t quota = quota_of(j->commit->quotas, j->last.owner);
	for (const struct usage *u = *list; u != NULL; u = u->next) {
		if (strcmp(u->owner, j->last.owner) == 0)
			return 0;
	}
	if (quota == 0)
		return 0;
	struct usage *u = arena_alloc(j->mem, sizeof(*u));
	*u = (struct usage){.owner = j->last.owner, .quota = quota, .next = *list};
	*list = u;
	return owner_usage(c, u->owner, &u->before, e);
}

static int note_usages(struct commit_job *j, struct conn *c, struct usage **list, struct err *e)
{
	const struct commit *commit = j->commit;

	for (size_t i = 0; commit->quotas != NULL && i < commit->changes; i++) {
		if (commit->change[i].kind == CHANGE_PUT &&
			note_usage(j, c, commit->change[i].collection, list, e) < 0)
			return -1;
	}
	return 0;
}

static int check_usages(struct conn *c, const struct usage *list, struct err *e)
{
	uint64_t after;

	for (const struct usage *u = list; u != NULL; u = u->next) {
		if (owner_usage(c, u->owner, &after, e) < 0)
			return -1;
		if (after > u->before && after > u->quota)
			return err_set(e, ERR_QUOTA, "%s would hold %" PRIu64 " bytes, the quota is %" PRIu64,
				u->owner, after, u->quota);
	}
	return 0;
}

static int run_commit(struct change_log *log, void *arg, struct err *e)
{
	struct commit_job *j = arg;
	struct commit *commit = j->commit;
	struct conn *c = log->conn;
	struct usage *usages = NULL;

	for (size_t i = 0; i < commit->expects; i++) {
		if (check_head(c, &commit->expect[i], e) < 0)
			return -1;
	}
	for (size_t i = 0; i < commit->changes; i++) {
		const struct change *change = &commit->change[i];
		if (check_object(j, c, change->collection, change->name, change->expect, e) < 0)
			return -1;
	}
	if (commit->still.collection != 0 &&
		check_object(j, c, commit->still.collection, commit->still.name, commit->still.etag, e) < 0)
		return -1;
	if (check_seen(j, c, &commit->seen, e) < 0 || check_drop(j, c, commit, e) < 0 ||
		note_usages(j, c, &usages, e) < 0 || apply_changes(j, log, e) < 0 || check_usages(c, usages, e) < 0)
		return -1;
	for (size_t i = 0; i < commit->ledgers; i++) {
		if (ledger_append(log, &commit->ledger[i], e) < 0)
			return -1;
	}
	if (commit->erasures > 0 && ledger_erase(log, commit->erase, commit->erasures, e) < 0)
		return -1;
	if (commit->drop != 0 && (use_collection(j, c, commit->drop, e) < 0 ||
			collection_drop(log, &j->last, true, e) < 0))
		return -1;
	for (size_t i = 0; i < commit->wakes; i++) {
		if (wake_add(c, &commit->wake[i], e) < 0)
			return -1;
	}
	return 0;
}

static size_t commit_bytes(const struct commit *c)
{
	size_t bytes = 256;

	for (size_t i = 0; i < c->changes; i++) {
		bytes += 512 + (c->change[i].kind == CHANGE_PUT ? c->change[i].body_len : 0);
	}
	for (size_t i = 0; i < c->ledgers; i++) {
		bytes += 512 + 2 * strlen(c->ledger[i].text);
	}
	return bytes;
}

int sqlite_commit(struct store *s, struct commit *c, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct commit_job j = {.commit = c, .mem = mem};

	return writer_run((struct db *)s, run_commit, &j, commit_bytes(c), e);
}
