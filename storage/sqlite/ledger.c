#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fsio.h"
#include "storage/chain.h"
#include "storage/sqlite/journal.h"
#include "storage/sqlite/ops.h"

#define LEDGER_KEY "ledger.key"

enum { LINE_LARGEST = 4 << 20 };

#define LEDGER_COLUMNS \
	"owner, seq, at, slot, incident, kind, ref, client, uid, text, prev, digest, self"

/* ---- lists of names ---- */

struct names { struct arena *mem; const char **name; size_t n, room; };

static void add_name(struct names *all, const char *name)
{
	all->name = arena_room(all->mem, all->name, all->n, &all->room, sizeof(*all->name));
	all->name[all->n++] = arena_strdup(all->mem, name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each once. */
static void sort_names(struct names *all)
{
	size_t kept = 0;

	if (all->n > 0)
		qsort(all->name, all->n, sizeof(*all->name), compare_names);
	for (size_t i = 0; i < all->n; i++) {
		if (kept == 0 || strcmp(all->name[kept - 1], all->name[i]) != 0)
			all->name[kept++] = all->name[i];
	}
	all->n = kept;
}

static void ledger_row(sqlite3_stmt *st, struct ledger_row *out)
{
	*out = (struct ledger_row){
		.owner = sql_text(st, 0),
		.seq = (uint64_t)sqlite3_column_int64(st, 1),
		.when = sqlite3_column_int64(st, 2),
		.slot = sqlite3_column_int64(st, 3),
		.incident = sqlite3_column_int(st, 4) != 0,
		.kind = sql_text(st, 5),
		.ref = sql_text(st, 6),
		.client = sql_text(st, 7),
		.uid = sql_text(st, 8),
		.text = sql_text(st, 9),
	};
	snprintf(out->prev, sizeof(out->prev), "%s", sql_text(st, 10));
	snprintf(out->digest, sizeof(out->digest), "%s", sql_text(st, 11));
	snprintf(out->self, sizeof(out->self), "%s", sql_text(st, 12));
}

/* ---- appending ---- */

/* Number of the owner's last entry (0: none) and its link. */
static int read_last(struct conn *c, const char *owner, uint64_t *seq, char self[CHAIN_SIZE],
	struct err *e)
{
	static const char last_sql[] =
		"SELECT seq, self FROM ledger WHERE owner = ?1 ORDER BY seq DESC LIMIT 1";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, last_sql, TEXT(owner));
	int status = st == NULL ? -1 : sql_step(c, st, e);

	if (status < 0)
		return -1;
	*seq = status == 0 ? 0 : (uint64_t)sqlite3_column_int64(st, 0);
	snprintf(self, CHAIN_SIZE, "%s", status == 0 ? CHAIN_START : sql_text(st, 1));
	return 0;
}

int ledger_store(struct conn *c, const struct ledger_row *l, struct err *e)
{
	static const char insert_sql[] = "INSERT INTO ledger(" LEDGER_COLUMNS ")"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

	return sql_run(c, e, insert_sql, TEXT(l->owner), INT(l->seq), INT(l->when), INT(l->slot),
		INT(l->incident), TEXT(l->kind), TEXT(l->ref), TEXT(l->client), TEXT(l->uid), TEXT(l->text),
		TEXT(l->prev), TEXT(l->digest), TEXT(l->self));
}

/* "ledger/<owner>/<yyyy-mm>.log" */
static void log_path(const char *owner, int64_t when, char out[PATH_SIZE])
{
	char month[CHAIN_LOG_NAME_SIZE];

	chain_log_name(when, month);
	snprintf(out, PATH_SIZE, "ledger/%s/%s", owner, month);
}

static int set_log_size(struct conn *c, const char *path, int64_t size, struct err *e)
{
	static const char size_sql[] = "INSERT OR REPLACE INTO ledger_log(path, size) VALUES (?1, ?2)";

	return sql_run(c, e, size_sql, TEXT(path), INT(size));
}

/* The place in the file is fixed here, so that writing there twice does no harm. */
static int journal_line(struct change_log *log, const char *path, const struct buf *line, struct err *e)
{
	static const char size_sql[] = "SELECT size FROM ledger_log WHERE path = ?1";
	int64_t size;

	if (line->full)
		return err_set(e, ERR_LARGE, "a ledger entry too long");
	if (sql_number(log->conn, sql_query(log->conn, e, size_sql, TEXT(path)), 0, &size, e) < 0 ||
		set_log_size(log->conn, path, size + (int64_t)line->len, e) < 0)
		return -1;
	return journal_append(log, path, size, line->data, line->len, e);
}

int ledger_append(struct change_log *log, const struct ledger_row *row, struct err *e)
{
	struct ledger_row l = *row;
	struct buf line cleanup_buf;
	char prev[CHAIN_SIZE], path[PATH_SIZE];
	uint64_t last;

	buf_init(&line, LINE_LARGEST);
	if (read_last(log->conn, l.owner, &last, prev, e) < 0)
		return -1;
	l.seq = last + 1;
	chain_link(&l, prev);
	if (ledger_store(log->conn, &l, e) < 0)
		return -1;
	chain_write_line(&line, &l);
	log_path(l.owner, l.when, path);
	return journal_line(log, path, &line, e);
}

/* ---- erasing ---- */

/* Where the entry's line stands; "" if there is no such entry. */
static int blank_entry(struct conn *c, const struct ledger_erasure *erasure, char path[PATH_SIZE],
	struct err *e)
{
	static const char at_sql[] = "SELECT at FROM ledger WHERE owner = ?1 AND seq = ?2";
	static const char blank_sql[] =
		"UPDATE ledger SET text = '', client = '', uid = '' WHERE owner = ?1 AND seq = ?2";
	int64_t at;

	path[0] = '\0';
	if (sql_number(c, sql_query(c, e, at_sql, TEXT(erasure->owner), INT(erasure->seq)), INT64_MIN, &at,
			e) < 0)
		return -1;
	if (at != INT64_MIN)
		log_path(erasure->owner, at, path);
	return sql_run(c, e, blank_sql, TEXT(erasure->owner), INT(erasure->seq));
}

static int rewrite_log(struct change_log *log, const char *path, struct err *e)
{
	struct buf text cleanup_buf;

	buf_init(&text, LOG_LARGEST);
	if (ledger_log_text(log->conn, path, &text, e) < 0 ||
		set_log_size(log->conn, path, (int64_t)text.len, e) < 0)
		return -1;
	return journal_log(log, path, e);
}

int ledger_erase(struct change_log *log, const struct ledger_erasure *list, size_t n, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct names paths = {.mem = mem};
	char path[PATH_SIZE];

	for (size_t i = 0; i < n; i++) {
		if (blank_entry(log->conn, &list[i], path, e) < 0)
			return -1;
		if (path[0] != '\0')
			add_name(&paths, path);
	}
	sort_names(&paths);
	for (size_t i = 0; i < paths.n; i++) {
		if (rewrite_log(log, paths.name[i], e) < 0)
			return -1;
	}
	log->erased = true;
	return 0;
}

/* ---- reading ---- */

int ledger_last_incident(struct conn *c, const char *owner, uint64_t *out, struct err *e)
{
	static const char last_sql[] =
		"SELECT seq FROM ledger INDEXED BY ledger_incident"
		" WHERE owner = ?1 AND incident = 1 ORDER BY seq DESC LIMIT 1";
	int64_t seq;

	if (sql_number(c, sql_query(c, e, last_sql, TEXT(owner)), 0, &seq, e) < 0)
		return -1;
	*out = (uint64_t)seq;
	return 0;
}

/* One condition for all queries; what differs is the index to begin with. */
#define LEDGER_SELECT(index) "SELECT " LEDGER_COLUMNS " FROM ledger " index \
	" WHERE (?1 IS NULL OR owner = ?1) AND (?2 IS NULL OR uid = ?2)" \
	" AND (?3 IS NULL OR client = ?3) AND (?4 IS NULL OR kind = ?4)" \
	" AND (?5 IS NULL OR ref = ?5) AND (?6 = 0 OR slot = ?6) AND (?7 = 0 OR at >= ?7)" \
	" AND seq > ?8 AND (?9 = 0 OR incident = 1)"
#define LEDGER_ORDER " ORDER BY owner, seq"

static const char *ledger_sql(const struct ledger_query *q)
{
	static const char by_uid[] = LEDGER_SELECT("INDEXED BY ledger_uid") " AND uid = ?2" LEDGER_ORDER;
	/* of a group, one attendee's: those of all the others are not looked at */
	static const char by_uid_client[] =
		LEDGER_SELECT("INDEXED BY ledger_uid") " AND uid = ?2 AND client = ?3" LEDGER_ORDER;
	static const char by_ref[] = LEDGER_SELECT("INDEXED BY ledger_ref") " AND ref = ?5" LEDGER_ORDER;
	static const char by_slot[] =
		LEDGER_SELECT("INDEXED BY ledger_slot") " AND slot = ?6" LEDGER_ORDER;
	static const char by_slot_client[] =
		LEDGER_SELECT("INDEXED BY ledger_slot") " AND slot = ?6 AND client = ?3" LEDGER_ORDER;
	static const char by_client[] =
		LEDGER_SELECT("INDEXED BY ledger_client") " AND client = ?3" LEDGER_ORDER;
	static const char by_time[] =
		LEDGER_SELECT("INDEXED BY ledger_time") " AND owner = ?1 AND at >= ?7" LEDGER_ORDER;
	static const char by_owner[] = LEDGER_SELECT("") " AND owner = ?1" LEDGER_ORDER;
	static const char all[] = LEDGER_SELECT("") LEDGER_ORDER;

	if (q->uid != NULL)
		return q->client != NULL ? by_uid_client : by_uid;
	if (q->ref != NULL)
		return by_ref;
	if (q->slot != 0)
		return q->client != NULL ? by_slot_client : by_slot;
	if (q->client != NULL)
		return by_client;
	if (q->owner != NULL)
		return q->since != 0 ? by_time : by_owner;
	return all;
}

int ledger_visit(struct conn *c, const struct ledger_query *q, ledger_fn visit, void *arg,
	struct err *e)
{
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, ledger_sql(q), TEXT(q->owner), TEXT(q->uid),
		TEXT(q->client), TEXT(q->kind), TEXT(q->ref), INT(q->slot), INT(q->since), INT(q->after),
		INT(q->incidents_only));
	int status = st == NULL ? -1 : 1;
	struct ledger_row l;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		ledger_row(st, &l);
		int stop = visit(&l, arg);
		if (stop != 0)
			return stop;
	}
	return status;
}

int sqlite_ledger(struct store *s, const struct ledger_query *q, ledger_fn visit, void *arg,
	struct err *e)
{
	struct conn *c = db_reader((struct db *)s, e);

	return c == NULL ? -1 : ledger_visit(c, q, visit, arg, e);
}

int sqlite_ledger_head(struct store *s, const char *owner, uint64_t *incident, struct err *e)
{
	struct conn *c = db_reader((struct db *)s, e);

	return c == NULL ? -1 : ledger_last_incident(c, owner, incident, e);
}

int sqlite_ledger_owners(struct store *s, owner_fn visit, void *arg, struct err *e)
{
	static const char owners_sql[] = "SELECT DISTINCT owner FROM ledger";
	struct arena *mem cleanup_arena = arena_create();
	struct db *db = (struct db *)s;
	struct conn *c = db_reader(db, e);
	sqlite3_stmt *st cleanup_stmt = c == NULL ? NULL : sql_bind(c, e, owners_sql, NULL, 0);
	int dir cleanup_fd = -1, status = st == NULL ? -1 : 1;
	struct names all = {.mem = mem};
	const char **entry = NULL;
	size_t n = 0;

	while (status > 0 && (status = sql_step(c, st, e)) > 0)
		add_name(&all, sql_text(st, 0));
	if (status < 0)
		return -1;
	if (fs_open_subdir(db->root, "ledger", 0, &dir, NULL) == 0 && fs_list(dir, mem, &entry, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		add_name(&all, entry[i]);
	sort_names(&all);
	status = 0;
	for (size_t i = 0; i < all.n && status == 0; i++)
		status = name_owner_valid(all.name[i]) ? visit(all.name[i], arg) : 0;
	return status;
}

struct log_reader { const char *month; struct buf *out; };

static int add_line(const struct ledger_row *l, void *arg)
{
	struct log_reader *r = arg;
	char month[CHAIN_LOG_NAME_SIZE];

	chain_log_name(l->when, month);
	if (strcmp(month, r->month) == 0) {
		chain_write_line(r->out, l);
	}
	return r->out->full ? 1 : 0;
}

static int add_head(const struct signed_head *h, void *arg)
{
	head_write_line(arg, h);
	return ((struct buf *)arg)->full ? 1 : 0;
}

int ledger_log_text(struct conn *c, const char *path, struct buf *out, struct err *e)
{
	char owner[OWNER_LONGEST + 1];
	const char *from = strchr(path, '/') + 1, *slash = strrchr(path, '/');
	struct log_reader r = {slash + 1, out};

	snprintf(owner, sizeof(owner), "%.*s", (int)(slash - from), from);
	int status = strcmp(r.month, CHAIN_HEADS) == 0 ? heads_visit(c, owner, add_head, out, e)
		: ledger_visit(c, &(struct ledger_query){.owner = owner}, add_line, &r, e);
	return status <= 0 ? status : err_set(e, ERR_LARGE, "%s is too long", path);
}

/* ---- signed heads ---- */

int head_store(struct conn *c, const struct signed_head *h, struct err *e)
{
	static const char insert_sql[] =
		"INSERT INTO signed_head(owner, seq, at, self, key, signature) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

	return sql_run(c, e, insert_sql, TEXT(h->owner), INT(h->seq), INT(h->when), TEXT(h->self), TEXT(h->key),
		TEXT(h->signature));
}

int heads_visit(struct conn *c, const char *owner, signed_head_fn visit, void *arg, struct err *e)
{
	static const char heads_sql[] =
		"SELECT seq, at, self, key, signature FROM signed_head WHERE owner = ?1 ORDER BY id";
	sqlite3_stmt *st cleanup_stmt = sql_query(c, e, heads_sql, TEXT(owner));
	int status = st == NULL ? -1 : 1;

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		struct signed_head h = {.owner = owner, .seq = (uint64_t)sqlite3_column_int64(st, 0),
			.when = sqlite3_column_int64(st, 1)};

		snprintf(h.self, sizeof(h.self), "%s", sql_text(st, 2));
		snprintf(h.key, sizeof(h.key), "%s", sql_text(st, 3));
		snprintf(h.signature, sizeof(h.signature), "%s", sql_text(st, 4));
		int stop = visit(&h, arg);
		if (stop != 0)
			return stop;
	}
	return status;
}

int sqlite_signed_heads(struct store *s, const char *owner, signed_head_fn visit, void *arg, struct err *e)
{
	struct conn *c = db_reader((struct db *)s, e);

	return c == NULL ? -1 : heads_visit(c, owner, visit, arg, e);
}

int ledger_key_read(const struct db *db, struct signature_key **out, struct err *e)
{
	struct buf pem cleanup_buf;
	struct err why = {0};
	int status;

	buf_init(&pem, SIGNATURE_PEM_MAX);
	if (fs_read(db->root, LEDGER_KEY, &pem, &why) < 0)
		return err_set(e, why.code, "%s/" LEDGER_KEY ": %s", db->path, why.text);
	status = signature_key_read(pem.data, pem.len, out, &why);
	secret_zero(pem.data, pem.len);
	return status == 0 ? 0 : err_set(e, why.code, "%s/" LEDGER_KEY ": %s", db->path, why.text);
}

static int make_key(struct db *db, struct signature_key **out, struct err *e)
{
	struct signature_key *k cleanup_signature_key = NULL;
	struct buf pem cleanup_buf;
	int status;

	buf_init(&pem, SIGNATURE_PEM_MAX);
	if (signature_key_make(&k, e) < 0 || signature_key_write(k, true, &pem, e) < 0)
		return -1;
	status = fs_replace(db->root, LEDGER_KEY, pem.data, pem.len, 1, e);
	secret_zero(pem.data, pem.len);
	if (status < 0)
		return -1;
	*out = k;
	k = NULL;
	return 0;
}

/* In the writer's thread, so that only one is made. */
static int use_key(struct db *db, struct signature_key **out, struct err *e)
{
	struct err why = {0};

	if (ledger_key_read(db, out, &why) == 0)
		return 0;
	return why.code == ERR_NOT_FOUND ? make_key(db, out, e) : err_set(e, why.code, "%s", why.text);
}

static int run_key(struct change_log *log, void *arg, struct err *e)
{
	struct signature_key *k cleanup_signature_key = NULL;

	return use_key(log->conn->db, &k, e) < 0 ? -1 : signature_key_write(k, false, arg, e);
}

int sqlite_ledger_key(struct store *s, struct buf *out, struct err *e)
{
	return writer_run((struct db *)s, run_key, out, 0, e);
}

static int take_last(const struct signed_head *h, void *arg)
{
	*(struct signed_head *)arg = *h;
	return 0;
}

static int run_sign(struct change_log *log, void *arg, struct err *e)
{
	struct signed_head *h = arg, last = {0};
	struct signature_key *k cleanup_signature_key = NULL;
	struct buf line cleanup_buf;
	char path[PATH_SIZE], key[DIGEST_SIZE];

	buf_init(&line, LINE_LARGEST);
	if (read_last(log->conn, h->owner, &h->seq, h->self, e) < 0 ||
		heads_visit(log->conn, h->owner, take_last, &last, e) < 0)
		return -1;
	if (h->seq == 0)
		return err_set(e, ERR_NOT_FOUND, "the ledger of %s is empty", h->owner);
	if (use_key(log->conn->db, &k, e) < 0)
		return -1;
	signature_key_name(k, key);
	if (last.seq == h->seq && strcmp(last.self, h->self) == 0 && strcmp(last.key, key) == 0) {
		*h = last;
		return 0;
	}
	if (head_sign(h, k, e) < 0 || head_store(log->conn, h, e) < 0)
		return -1;
	head_write_line(&line, h);
	snprintf(path, sizeof(path), "ledger/%s/" CHAIN_HEADS, h->owner);
	return journal_line(log, path, &line, e);
}

int sqlite_ledger_sign(struct store *s, const char *owner, int64_t now, struct signed_head *out,
	struct err *e)
{
	struct signed_head h = {.owner = owner, .when = now};

	if (writer_run((struct db *)s, run_sign, &h, LINE_LARGEST, e) < 0)
		return -1;
	*out = h;
	return 0;
}

/* ---- wakes ---- */

int wake_add(struct conn *c, const struct wake *w, struct err *e)
{
	static const char add_sql[] =
		"INSERT OR IGNORE INTO wake(at, owner, calendar, name) VALUES (?1, ?2, ?3, ?4)";

	return sql_run(c, e, add_sql, INT(w->at), TEXT(w->owner), TEXT(w->calendar), TEXT(w->name));
}

int wake_remove(struct conn *c, const char *owner, const char *calendar, struct err *e)
{
	static const char remove_sql[] =
		"DELETE FROM wake WHERE owner = ?1 AND (?2 IS NULL OR calendar = ?2)";

	return sql_run(c, e, remove_sql, TEXT(owner), TEXT(calendar));
}

static int next_wake(struct conn *c, int64_t until, int64_t *out, struct err *e)
{
	static const char next_sql[] = "SELECT min(at) FROM wake WHERE at > ?1";

	return sql_number(c, sql_query(c, e, next_sql, INT(until)), INT64_MAX, out, e);
}

int sqlite_wakes(struct store *s, int64_t until, wake_fn visit, void *arg, int64_t *next,
	struct err *e)
{
	static const char due_sql[] =
		"SELECT at, owner, calendar, name FROM wake WHERE at <= ?1 ORDER BY at, owner, calendar, name";
	struct conn *c = db_reader((struct db *)s, e);

	if (c == NULL || snapshot_begin(c, e) < 0)
		return -1;
	struct conn *snapshot cleanup_snapshot = c;
	sqlite3_stmt *st cleanup_stmt = sql_query(snapshot, e, due_sql, INT(until));
	int status = st == NULL ? -1 : 1;
	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		int stop = visit(&(struct wake){sqlite3_column_int64(st, 0), sql_text(st, 1),
			sql_text(st, 2), sql_text(st, 3)}, arg);
		if (stop != 0)
			return stop;
	}
	return status < 0 ? -1 : next_wake(c, until, next, e);
}

static int run_done(struct change_log *log, void *arg, struct err *e)
{
	static const char done_sql[] =
		"DELETE FROM wake WHERE at = ?1 AND owner = ?2 AND calendar = ?3 AND name = ?4";
	const struct wake *w = arg;

	return sql_run(log->conn, e, done_sql, INT(w->at), TEXT(w->owner), TEXT(w->calendar),
		TEXT(w->name));
}

int sqlite_wake_done(struct store *s, const struct wake *w, struct err *e)
{
	struct wake copy = *w;

	return writer_run((struct db *)s, run_done, &copy, 256, e);
}
