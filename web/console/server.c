/* For administrators: how the server is, and who was turned away. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "policy/audit.h"
#include "policy/host.h"
#include "storage/chain.h"
#include "web/backups.h"
#include "web/console/api.h"

#include "config.h"

enum { PROBLEMS_MOST = 200, LEDGER_TEXT_MOST = 64 * 1024 };

int api_server(struct api *a)
{
	struct web_health health;
	struct store_health h;
	struct store_size size;
	struct err e;

	if (store_size(a->web->store, &size, &e) != 0)
		return api_fail(a, &e);
	store_health(a->web->store, &h);
	health = web_health(&h, clock_jumped());
	return api_send(a, 200, json_pack("{s:s, s:s, s:s, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}",
		"version", PACKAGE_VERSION, "health", health.text, "health-state", health.state, "health-seconds",
		(json_int_t)health.seconds, "healthy", health.status == 200, "accounts", (json_int_t)size.accounts,
		"calendars", (json_int_t)size.collections, "journal", (json_int_t)h.journal_rows, "free-bytes",
		(json_int_t)h.free_bytes, "wal-bytes", (json_int_t)h.wal_bytes, "sessions",
		(json_int_t)sessions_count(a->http->sessions, &a->http->session_rule, NULL, clock_monotonic_ms()),
		"policies", (json_int_t)a->web->policies->policy_count, "public-url",
		a->web->public_base ? a->web->public_base : ""));
}

static const char *const refused_names[] = { [REFUSED_PASSWORD] = "password", [REFUSED_UNKNOWN] = "unknown",
	[REFUSED_CLOSED] = "closed", [REFUSED_WAITING] = "waiting", [REFUSED_TOKEN] = "token" };

int api_logins(struct api *a)
{
	struct refused_login *rows = arena_array(a->mem, REFUSED_MOST, sizeof(*rows));
	size_t count = refused_list(a->http->refused, rows);
	json_t *list = json_array();

	for (size_t n = 0; n < count; n++)
		json_array_append_new(list, json_pack("{s:o, s:o, s:I, s:s, s:o, s:s}", "time", json_time(rows[n].last),
			"first", json_time(rows[n].first), "times", (json_int_t)rows[n].times, "address", rows[n].address,
			"name", *rows[n].name ? json_string(rows[n].name) : json_null(), "reason",
			refused_names[rows[n].why]));
	return api_send(a, 200, json_pack("{s:i, s:o}", "most", REFUSED_MOST, "logins", list));
}

/* ---- backups ---- */

static json_t *ended_json(const struct backup_run *r)
{
	bool ok = r->why.code == ERR_NONE;
	const struct store_counts *n = &r->made.counts;

	return json_pack("{s:o, s:o, s:b, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "began", json_time(r->began),
		"ended", json_time(r->ended), "ok", ok, "name", ok ? json_string(r->name) : json_null(), "problem",
		ok ? json_null() : json_text(r->why.text), "files", (json_int_t)r->made.files, "bytes",
		(json_int_t)r->made.bytes, "accounts", (json_int_t)n->accounts, "calendars",
		(json_int_t)n->collections, "objects", (json_int_t)n->objects, "left-out", (json_int_t)r->left_out);
}

static int send_backup(struct api *a, int status)
{
	struct backup_run now, last;

	backups_state(a->http->backups, &now, &last);
	return api_send(a, status, json_pack("{s:o, s:o, s:o}", "folder",
		a->web->backup ? json_text(a->web->backup) : json_null(), "running",
		now.began ? json_pack("{s:o, s:s}", "began", json_time(now.began), "name", now.name) : json_null(),
		"last", last.began ? ended_json(&last) : json_null()));
}

int api_backup(struct api *a)
{
	return send_backup(a, 200);
}

int api_backup_begin(struct api *a)
{
	struct err e;

	if (backups_begin(a->http->backups, a->web, a->http->now, &e) == 0) {
		log_info("a backup is begun by %s", a->http->who.name);
		return send_backup(a, 202);
	}
	if (e.code == ERR_INVALID)
		return api_refuse_as(a, PROBLEM_BACKUP_FOLDER, 409, "%s", e.text);
	return api_fail_as(a, e.code == ERR_EXISTS ? PROBLEM_BACKUP_RUNNING : e.code == ERR_FULL ? PROBLEM_BACKUPS :
		PROBLEM_NONE, &e);
}

/* ---- is all well? ---- */

struct problems { json_t *list; bool truncated; };

static int add_problem(const char *line, void *arg)
{
	struct problems *p = arg;

	p->truncated = json_array_size(p->list) >= PROBLEMS_MOST;
	return p->truncated || json_array_append_new(p->list, json_text(line)) != 0;
}

static int send_problems(struct api *a, struct problems *p)
{
	return api_send(a, 200, json_pack("{s:b, s:b, s:o}", "ok", json_array_size(p->list) == 0, "truncated",
		p->truncated, "problems", p->list));
}

int api_check_store(struct api *a)
{
	struct problems p = { .list = json_array() };
	struct store_counts counts;
	struct err e;

	if (store_check(a->web->store, false, NULL, add_problem, &p, &counts, &e) < 0) {
		json_decref(p.list);
		return api_fail(a, &e);
	}
	return send_problems(a, &p);
}

struct ledgers { struct arena *mem; const char **owners; size_t count, size; };

static int take_owner(const char *owner, void *arg)
{
	struct ledgers *l = arg;

	l->owners = arena_room(l->mem, l->owners, l->count, &l->size, sizeof(*l->owners));
	l->owners[l->count++] = arena_strdup(l->mem, owner);
	return 0;
}

int api_check_ledgers(struct api *a)
{
	struct problems p = { .list = json_array() };
	struct ledgers l = { .mem = a->mem };
	struct err e;
	int rc = store_ledger_owners(a->web->store, take_owner, &l, &e);

	for (size_t n = 0; rc >= 0 && n < l.count && !p.truncated; n++)
		rc = ledger_audit(a->web->store, l.owners[n], NULL, add_problem, &p, &e);
	if (rc >= 0)
		return send_problems(a, &p);
	json_decref(p.list);
	return api_fail(a, &e);
}

/* `dedit ledger head`: lines to be kept where nobody of this server comes, and the key that signed them. */
int api_ledger_heads(struct api *a)
{
	struct ledgers l = { .mem = a->mem };
	cleanup_buf struct buf text;
	struct signed_head h;
	json_t *heads;
	struct err e;

	buf_init(&text, LEDGER_TEXT_MOST);
	if (store_ledger_owners(a->web->store, take_owner, &l, &e) < 0)
		return api_fail(a, &e);
	heads = json_array();
	for (size_t n = 0; n < l.count; n++) {
		buf_reset(&text);
		if (store_ledger_sign(a->web->store, l.owners[n], a->http->now, &h, &e) == 0) {
			head_write_line(&text, &h);
			json_array_append_new(heads, json_pack("{s:s, s:s%}", "owner", l.owners[n], "head", text.data,
				strcspn(text.data, "\n")));
		} else if (e.code != ERR_NOT_FOUND) {
			json_decref(heads);
			return api_fail(a, &e);
		}
	}
	buf_reset(&text);
	if (store_ledger_key(a->web->store, &text, &e) == 0)
		return api_send(a, 200, json_pack("{s:o, s:s}", "heads", heads, "key", text.data));
	json_decref(heads);
	return api_fail(a, &e);
}

/* `dedit ledger verify --head`. */
int api_ledger_compare(struct api *a)
{
	const json_t *given = json_object_get(a->body, "head");
	const char *line = json_string_value(given);
	struct problems p = { .list = NULL };
	struct signed_head kept;
	struct err e;

	if (!line || head_parse_line(arena_strdup(a->mem, line), &kept, &e) < 0)
		return api_refuse_as(a, PROBLEM_LEDGER_HEAD, 400, "head: a line of 'dedit ledger head'");
	p.list = json_array();
	if (ledger_audit(a->web->store, kept.owner, &kept, add_problem, &p, &e) == 0)
		return send_problems(a, &p);
	json_decref(p.list);
	return api_fail(a, &e);
}
