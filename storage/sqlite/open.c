#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/util.h"
#include "storage/sqlite/migrate.h"
#include "storage/sqlite/mirror.h"
#include "storage/sqlite/ops.h"
#include "storage/sqlite/open.h"
#include "storage/sqlite/salvage.h"
#include "storage/sqlite/watch.h"

static bool is_there(const struct db *db, const char *name)
{
	return faccessat(db->root, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- what is made once: <root>/key and what follows from it ---- */

int folder_read_key(struct db *db, struct err *e)
{
	struct buf bytes cleanup_buf;
	struct err why = {0};
	uint8_t mac[SHA256_SIZE];

	buf_init(&bytes, sizeof(db->info.key));
	if (fs_read(db->root, "key", &bytes, &why) == 0 && bytes.len == sizeof(db->info.key)) {
		memcpy(db->info.key, bytes.data, bytes.len);
		secret_zero(bytes.data, bytes.len);
	} else if (why.code == ERR_NOT_FOUND) {
		if (is_there(db, "epoch")) {
			log_warn("%s/key was missing and is made anew: links to fee notes that were given out end",
				db->path);
		}
		random_bytes(db->info.key, sizeof(db->info.key));
		if (fs_replace(db->root, "key", db->info.key, sizeof(db->info.key), 1, e) < 0)
			return -1;
	} else {
		return err_set(e, ERR_IO, "%s/key: %s", db->path,
			why.code == ERR_NONE ? "not 32 bytes; put it back from a backup, or remove it: links to fee "
			"notes end then" : why.text);
	}
	/* The host part of made-up UIDs never changes, also when the index is lost. */
	static const char purpose[] = "host part of UIDs";
	hmac_sha256(db->info.key, sizeof(db->info.key), purpose, strlen(purpose), mac);
	snprintf(db->info.host, sizeof(db->info.host), "%02x%02x%02x%02x%02x%02x%02x%02x.dedit", mac[0],
		mac[1], mac[2], mac[3], mac[4], mac[5], mac[6], mac[7]);
	return 0;
}

/* ---- epoch ---- */

static int store_epoch(struct db *db, struct conn *c, struct err *e)
{
	static const char put_sql[] = "INSERT OR REPLACE INTO meta(key, value) VALUES ('epoch', ?1)";

	return sql_run(c, e, put_sql, TEXT(db->info.epoch));
}

static bool is_link(const struct db *db, const char *name)
{
	struct stat st;

	return fstatat(db->root, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

/* An index from a backup, or one without its file: tokens of another history must end (15.19). */
static int check_epoch(struct db *db, struct conn *c, struct err *e)
{
	static const char epoch_sql[] = "SELECT value FROM meta WHERE key = 'epoch'";
	struct buf file cleanup_buf;
	struct err missing;
	char stored[DIGEST_SIZE] = "";

	buf_init(&file, DIGEST_SIZE);
	{
		sqlite3_stmt *st cleanup_stmt = sql_bind(c, e, epoch_sql, NULL, 0);
		if (st == NULL || sql_step(c, st, e) < 0)
			return -1;
		snprintf(stored, sizeof(stored), "%s", sql_text(st, 0));
	}
	bool read = fs_read(db->root, "epoch", &file, &missing) == 0;
	if (read && stored[0] != '\0' && file.len >= strlen(stored) &&
		memcmp(file.data, stored, strlen(stored)) == 0) {
		memcpy(db->info.epoch, stored, sizeof(stored));
		return 0;
	}
	/* nobody's tokens end because the disk can't be read now; a link's place is taken */
	if (!read && missing.code != ERR_NOT_FOUND && missing.code != ERR_LARGE && !is_link(db, "epoch"))
		return err_set(e, missing.code, "%s", missing.text);
	return epoch_renew(db, e) < 0 ? -1 : store_epoch(db, c, e);
}

/* ---- zone data ---- */

/* Spans of events in a zone whose rules changed meanwhile are those of then. A rebuilt index has no version
 * yet: it is of now. */
static int check_zones(const struct db *db, struct conn *c, struct err *e)
{
	static const char zones_sql[] = "SELECT value FROM meta WHERE key = 'zones'";
	static const char put_sql[] = "INSERT INTO meta(key, value) VALUES ('zones', ?1)";
	sqlite3_stmt *st cleanup_stmt = db->options.zones == NULL ? NULL : sql_bind(c, e, zones_sql, NULL, 0);

	if (db->options.zones == NULL)
		return 0;
	int status = st == NULL ? -1 : sql_step(c, st, e);
	if (status > 0 && strcmp(sql_text(st, 0), db->options.zones) != 0) {
		log_warn("the zone data is %s now, times in the index are of %s: 'dedit check --deep' names the events"
			" that this moves, 'dedit rebuild' works all out anew", db->options.zones, sql_text(st, 0));
	}
	return status != 0 ? status : sql_run(c, e, put_sql, TEXT(db->options.zones));
}

/* ---- index.db ---- */

/* 1, 0; -1: what can't be read may have some. */
static int has_entries(struct db *db, const char *name, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	int dir cleanup_fd = -1;
	struct err why = {0};
	const char **entry;
	size_t n = 0;

	if (fs_open_subdir(db->root, name, 0, &dir, &why) < 0)
		return why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s: %s", db->path, why.text);
	return fs_list(dir, mem, &entry, &n, e) < 0 ? -1 : n > 0;
}

bool folder_has_index(const struct db *db)
{
	struct stat st;

	return fstatat(db->root, "index.db", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0;
}

int index_make_file(struct db *db, const char *name, struct err *e)
{
	int fd cleanup_fd = openat(db->root, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || folder_give(db, fd) < 0)
		return err_errno(e, ERR_IO, "%s/%s", db->path, name);
	return 0;
}

int folder_check_restored(const struct db *db, struct err *e)
{
	if (is_there(db, "index.db") || !is_there(db, RESTORE_FOLDER))
		return 0;
	return err_set(e, ERR_INVALID,
		"a restore of %s was interrupted: empty that folder, then 'dedit restore' again", db->path);
}

/* An empty index over a full folder would make strangers of all files. */
static int make_index_file(struct db *db, struct err *e)
{
	static const char *const folders[] = {"cal", "accounts", "ledger"};
	int full = 0;

	if (folder_has_index(db))
		return 0;
	if (folder_check_restored(db, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(folders) && full == 0; i++) {
		full = has_entries(db, folders[i], e);
	}
	if (full != 0)
		return full < 0 ? -1 : err_set(e, ERR_INVALID,
			"%s has calendars but no index.db: make it anew with 'dedit rebuild'", db->path);
	return index_make_file(db, "index.db", e);
}

/*
 * What a killed process left is read from the cache, and shown to clients from now on: so it has to be
 * on disk first, though nobody was told of it. Of a new folder, its own name in the one around it.
 */
static int sync_all(struct db *db, bool unsure, struct err *e)
{
	if ((unsure ? syncfs(db->root) : fsync(db->root)) < 0)
		return err_errno(e, ERR_IO, "sync %s", db->path);
	return 0;
}

static const char used_mark[] = "in use\n";

int folder_mark_used(const struct db *db, bool used, struct err *e)
{
	size_t len = used ? strlen(used_mark) : 0;

	if (ftruncate(db->lock, (off_t)len) < 0 || pwrite(db->lock, used_mark, len, 0) != (ssize_t)len ||
		fdatasync(db->lock) < 0)
		return err_errno(e, ERR_IO, "%s/lock", db->path);
	return 0;
}

int folder_check_wal(const struct db *db, struct err *e)
{
	struct stat st;

	if (fstat(db->lock, &st) < 0)
		return err_errno(e, ERR_IO, "%s/lock", db->path);
	if (st.st_size == 0 || is_there(db, "index.db-wal"))
		return 0;
	return err_set(e, ERR_CORRUPT, "index.db-wal is missing since the server ended without a stop, and index.db "
		"is old without it: make it anew with 'dedit rebuild'");
}

/* The index is opened for the first time. Only a start that goes on takes the WAL away. */
static int look_at_index(struct db *db, bool *made, struct err *e)
{
	struct conn *c = conn_open(db, "index.db", true, e);
	int status = c == NULL || index_migrate(db, c, &index_migrations, made, e) < 0 ||
		check_epoch(db, c, e) < 0 || check_zones(db, c, e) < 0 || folder_mark_used(db, false, e) < 0 ? -1 : 0;

	if (status == 0) {
		conn_ends_wal(c);
	}
	conn_close(c);
	return status;
}

static int prepare_index(struct db *db, struct err *e)
{
	bool left = is_there(db, "index.db-wal"), made = false;
	struct err why = {0};

	if (make_index_file(db, e) < 0 || folder_check_wal(db, e) < 0 || folder_read_key(db, e) < 0)
		return -1;
	if (look_at_index(db, &made, &why) < 0)
		return err_set(e, why.code, "%.150s%s", why.text,
			why.code == ERR_CORRUPT ? "; 'dedit rebuild' makes it anew from the files" : "");
	return sync_all(db, left || made, e);
}

static void sqlite_close_store(struct store *s)
{
	struct db *db = (struct db *)s;

	/* the mirror prunes through the writer, so it ends first; the writer takes the WAL away, so it ends last */
	mirror_stop(db);
	db_close_readers(db);
	writer_stop(db);
	watch_destroy(db);
	folder_close(db);
}

static int start(struct db *db, struct err *e)
{
	if (prepare_index(db, e) < 0 || watch_create(db, e) < 0 || mirror_create(db, e) < 0)
		return -1;
	if (writer_start(db, e) < 0 || mirror_start(db, e) < 0)
		return -1;
	/* the WAL is there from here on, by name too */
	if (fsync(db->root) < 0)
		return err_errno(e, ERR_IO, "sync %s", db->path);
	if (folder_mark_used(db, true, e) < 0)
		return -1;
	/* Recovery: what a crash left in the journal. Bodies are read from there meanwhile, so a
	 * full disk is no reason not to start. */
	struct err why;
	if (mirror_flush(db, &why) < 0 || salvage_missing(db, &why) < 0) {
		log_warn("files are not up to date: %s", why.text);
	}
	return 0;
}

static int sqlite_open_store(const char *path, const struct store_options *o, struct store **out,
	struct err *e)
{
	struct db *db;

	if (!sqlite3_threadsafe())
		return err_set(e, ERR_INTERNAL, "SQLite was built without threads");
	/* Otherwise all connections count the memory that they take, under one lock. Once for the process: behind
	 * its first store this does nothing. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (folder_open(path, &db, e) < 0)
		return -1;
	db->base.ops = &store_sqlite;
	db->options = *o;
	if (start(db, e) < 0) {
		sqlite_close_store(&db->base);
		return -1;
	}
	*out = &db->base;
	return 0;
}

static void sqlite_health(struct store *s, struct store_health *out)
{
	struct db *db = (struct db *)s;
	struct statvfs fs;
	struct stat st;

	*out = (struct store_health){0};
	writer_health(db, out);
	mirror_health(db, out);
	if (fstatat(db->root, "index.db-wal", &st, AT_SYMLINK_NOFOLLOW) == 0) {
		out->wal_bytes = (uint64_t)st.st_size;
	}
	if (fstatvfs(db->root, &fs) == 0) {
		out->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	}
}

static void sqlite_info(struct store *s, struct store_info *out)
{
	*out = ((struct db *)s)->info;
}

static int sqlite_flush(struct store *s, struct err *e)
{
	db_session_pause((struct db *)s);
	return mirror_flush((struct db *)s, e);
}

static int sqlite_hold(struct store *s, struct err *e)
{
	db_session_pause((struct db *)s);
	return mirror_hold((struct db *)s, e);
}

static void sqlite_release(struct store *s)
{
	mirror_release((struct db *)s);
}

static void sqlite_session(struct store *s, enum store_session what)
{
	static void (*const run[])(struct db *) = {
		[SESSION_BEGIN] = db_session_begin, [SESSION_PAUSE] = db_session_pause, [SESSION_END] = db_session_end,
	};

	run[what]((struct db *)s);
}

const struct store_ops store_sqlite = {
	.abi = STORE_ABI,
	.size = sizeof(struct store_ops),
	.name = "sqlite",
	.open = sqlite_open_store,
	.close = sqlite_close_store,
	.info = sqlite_info,
	.collections = sqlite_collections,
	.collection = sqlite_collection,
	.collection_make = sqlite_collection_make,
	.props = sqlite_props,
	.props_patch = sqlite_props_patch,
	.place_props = sqlite_place_props,
	.objects_have_props = sqlite_objects_have_props,
	.usage = sqlite_usage,
	.shares = sqlite_shares,
	.share_put = sqlite_share_put,
	.shares_set = sqlite_shares_set,
	.delegations = sqlite_delegations,
	.delegation_put = sqlite_delegation_put,
	.delegates_set = sqlite_delegates_set,
	.ledger_owners = sqlite_ledger_owners,
	.ledger_key = sqlite_ledger_key,
	.ledger_sign = sqlite_ledger_sign,
	.signed_heads = sqlite_signed_heads,
	.ledger_verify = sqlite_ledger_verify,
	.find = sqlite_find,
	.find_uid = sqlite_find_uid,
	.body = sqlite_body,
	.list = sqlite_list,
	.page = sqlite_page,
	.changes = sqlite_changes,
	.home = sqlite_home,
	.home_changes = sqlite_home_changes,
	.commit = sqlite_commit,
	.account = sqlite_account,
	.accounts = sqlite_accounts,
	.account_put = sqlite_account_put,
	.account_close = sqlite_account_close,
	.ledger = sqlite_ledger,
	.ledger_head = sqlite_ledger_head,
	.wakes = sqlite_wakes,
	.wake_done = sqlite_wake_done,
	.scan = sqlite_scan,
	.watch = sqlite_watch,
	.watch_end = sqlite_watch_end,
	.flush = sqlite_flush,
	.hold = sqlite_hold,
	.release = sqlite_release,
	.check = sqlite_check,
	.feeds = sqlite_feeds,
	.feed = sqlite_feed,
	.feed_put = sqlite_feed_put,
	.feed_remove = sqlite_feed_remove,
	.feed_used = sqlite_feed_used,
	.health = sqlite_health,
	.size_now = sqlite_size,
	.session = sqlite_session,
	.token_account = sqlite_token_account,
	.token_used = sqlite_token_used,
	.count = sqlite_count,
};
