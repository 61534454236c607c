#include "storage/store.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/digest.h"
#include "base/metrics.h"
#include "base/util.h"
#include "storage/backend.h"
#include "storage/names.h"

/* Far above what the settings allow (15.18): a last line against a caller that forgot its limit. */
enum { BODY_LARGEST = 64 << 20, TEXT_LONGEST = 1 << 20 };

static const struct store_ops *const backends[] = {&store_sqlite, &store_memory};

static const struct store_options default_options = {
	.mirror_delay_ms = 250, .tombstone_days = 365, .watch_folders = 8192,
};

int store_open(const char *backend, const char *path, const struct store_options *o,
	struct store **out,
	struct err *e)
{
	assert(backend != NULL && out != NULL);
	for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
		if (strcmp(backends[i]->name, backend) == 0) {
			assert(backends[i]->abi == STORE_ABI && backends[i]->size == sizeof(struct store_ops));
			return backends[i]->open(path, o == NULL ? &default_options : o, out, e);
		}
	}
	return err_set(e, ERR_INVALID, "no storage backend '%s'", backend);
}

void store_close(struct store *s)
{
	if (s != NULL) {
		s->ops->close(s);
	}
}

void store_info(struct store *s, struct store_info *out)
{
	s->ops->info(s, out);
}

void store_health(struct store *s, struct store_health *out)
{
	s->ops->health(s, out);
}

void store_session_begin(struct store *s)
{
	s->ops->session(s, SESSION_BEGIN);
}

void store_session_end(struct store *s)
{
	s->ops->session(s, SESSION_END);
}

void store_session_pause(struct store *s)
{
	s->ops->session(s, SESSION_PAUSE);
}

int store_size(struct store *s, struct store_size *out, struct err *e)
{
	return s->ops->size_now(s, out, e);
}

static int check_owner(const char *owner, struct err *e)
{
	assert(owner != NULL);
	return name_owner_valid(owner) ? 0 : err_set(e, ERR_INVALID, "no user name: '%s'", owner);
}

static int check_name(const char *name, struct err *e)
{
	assert(name != NULL);
	return name_valid(name) ? 0 : err_set(e, ERR_INVALID, "no valid name: '%.80s'", name);
}

int store_collections(struct store *s, const char *owner, collection_fn visit, void *arg,
	struct err *e)
{
	assert(visit != NULL);
	return s->ops->collections(s, owner, visit, arg, e);
}

int store_collection(struct store *s, const char *owner, const char *name, struct arena *mem,
	struct collection *out, struct err *e)
{
	assert(owner != NULL && name != NULL && mem != NULL && out != NULL);
	return s->ops->collection(s, owner, name, mem, out, e);
}

static int check_rows(const struct prop_row *rows, size_t n, bool remove, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const struct prop_row *p = &rows[i];
		assert(p->user != NULL && p->ns != NULL && p->name != NULL);
		assert(p->xml != NULL || remove);
		if (p->user[0] != '\0' && check_owner(p->user, e) < 0)
			return -1;
		/* an empty one couldn't be told from none in .props */
		if (p->name[0] == '\0' || (p->xml != NULL && p->xml[0] == '\0'))
			return err_set(e, ERR_INVALID, "a property without name or element");
		if (p->xml != NULL && !utf8_valid(p->xml, strlen(p->xml)))
			return err_set(e, ERR_INVALID, "not UTF-8: the property '%.80s'", p->name);
		if (!utf8_valid(p->ns, strlen(p->ns)) || !utf8_valid(p->name, strlen(p->name)))
			return err_set(e, ERR_INVALID, "a property's name is not UTF-8");
	}
	return 0;
}

int store_collection_make(struct store *s, const struct collection *c, const struct prop_row *props,
	size_t n, int64_t now, store_id *id, struct err *e)
{
	assert(c != NULL && id != NULL && (n == 0 || props != NULL));
	if (check_owner(c->owner, e) < 0 || check_name(c->name, e) < 0 ||
		check_rows(props, n, false, e) < 0)
		return -1;
	return s->ops->collection_make(s, c, props, n, now, id, e);
}

int store_props(struct store *s, store_id collection, const char *user, prop_fn visit, void *arg,
	struct err *e)
{
	assert(visit != NULL);
	return s->ops->props(s, collection, user == NULL ? "" : user, visit, arg, e);
}

int store_props_patch(struct store *s, store_id collection, const struct prop_row *rows, size_t n,
	struct err *e)
{
	const struct prop_patch patch = {NULL, collection, rows, n};

	return store_props_patch_all(s, &patch, 1, e);
}

static int check_place(const struct prop_place *place, struct err *e)
{
	assert(place != NULL && place->name != NULL);
	return place->kind == PLACE_OBJECT ? 0 : check_owner(place->name, e);
}

int store_place_props(struct store *s, const struct prop_place *place, prop_fn visit, void *arg,
	struct err *e)
{
	assert(visit != NULL);
	if (check_place(place, e) < 0)
		return -1;
	return s->ops->place_props(s, place, visit, arg, e);
}

int store_objects_have_props(struct store *s, store_id collection, bool *out, struct err *e)
{
	return s->ops->objects_have_props(s, collection, out, e);
}

int store_place_patch(struct store *s, const struct prop_place *place, const struct prop_row *rows,
	size_t n, struct err *e)
{
	const struct prop_patch patch = {place, 0, rows, n};

	assert(place != NULL);
	return store_props_patch_all(s, &patch, 1, e);
}

static int check_patch(const struct prop_patch *p, struct err *e)
{
	assert(p->n == 0 || p->rows != NULL);
	if ((p->place != NULL && check_place(p->place, e) < 0) || check_rows(p->rows, p->n, true, e) < 0)
		return -1;
	for (size_t i = 0; p->place != NULL && i < p->n; i++)
		assert(p->rows[i].user[0] == '\0');
	return 0;
}

int store_props_patch_all(struct store *s, const struct prop_patch *patches, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (check_patch(&patches[i], e) < 0)
			return -1;
	return s->ops->props_patch(s, patches, n, e);
}

int store_usage(struct store *s, const char *owner, uint64_t *bytes, struct err *e)
{
	assert(owner != NULL && bytes != NULL);
	return s->ops->usage(s, owner, bytes, e);
}

uint64_t quota_of(const struct quotas *q, const char *owner)
{
	for (size_t i = 0; q != NULL && i < q->owners; i++) {
		if (strcmp(q->owner[i].owner, owner) == 0)
			return q->owner[i].bytes;
	}
	return q != NULL ? q->bytes : 0;
}

int store_shares(struct store *s, store_id collection, const char *user, share_fn visit, void *arg,
	struct err *e)
{
	assert(visit != NULL && (collection != 0 || user != NULL));
	return s->ops->shares(s, collection, user, visit, arg, e);
}

static int take_share(const struct share *s, void *arg)
{
	*(enum share_access *)arg = s->access;
	return 0;
}

int store_shared_with(struct store *s, store_id collection, const char *user, enum share_access *out,
	struct err *e)
{
	assert(collection != 0 && user != NULL);
	*out = SHARE_NONE;
	return store_shares(s, collection, user, take_share, out, e);
}

int store_share_put(struct store *s, const struct share *share, struct err *e)
{
	assert(share != NULL && share->access <= SHARE_WRITE);
	if (check_owner(share->user, e) < 0)
		return -1;
	return s->ops->share_put(s, share, e);
}

int store_feeds(struct store *s, store_id collection, feed_fn visit, void *arg, struct err *e)
{
	assert(visit != NULL);
	return s->ops->feeds(s, collection, visit, arg, e);
}

int store_feed(struct store *s, const char *hash, struct arena *mem, struct feed *out, struct err *e)
{
	assert(hash != NULL && mem != NULL && out != NULL);
	return s->ops->feed(s, hash, mem, out, e);
}

int store_feed_put(struct store *s, const struct feed *f, struct err *e)
{
	assert(f != NULL && f->id[0] != '\0' && strlen(f->hash) == CHAIN_SIZE - 1 && f->label != NULL);
	assert(f->back >= -1 && f->ahead >= -1);
	if (!utf8_valid(f->label, strlen(f->label)))
		return err_set(e, ERR_INVALID, "a label that is not UTF-8");
	return s->ops->feed_put(s, f, e);
}

int store_feed_remove(struct store *s, const char *id, struct err *e)
{
	assert(id != NULL);
	return s->ops->feed_remove(s, id, e);
}

int store_feed_used(struct store *s, const char *id, int64_t when, struct err *e)
{
	assert(id != NULL);
	return s->ops->feed_used(s, id, when, e);
}

int store_shares_set(struct store *s, store_id collection, const struct share *rows, size_t n,
	struct err *e)
{
	assert(n == 0 || rows != NULL);
	for (size_t i = 0; i < n; i++) {
		assert(rows[i].access > SHARE_NONE && rows[i].access <= SHARE_WRITE);
		if (check_owner(rows[i].user, e) < 0)
			return -1;
	}
	return s->ops->shares_set(s, collection, rows, n, e);
}

int store_delegations(struct store *s, const char *owner, const char *user, delegation_fn visit,
	void *arg, struct err *e)
{
	assert(visit != NULL && (owner != NULL || user != NULL));
	return s->ops->delegations(s, owner, user, visit, arg, e);
}

static int take_delegation(const struct delegation *d, void *arg)
{
	*(enum share_access *)arg = d->access;
	return 0;
}

int store_acts_for(struct store *s, const char *owner, const char *user, enum share_access *out,
	struct err *e)
{
	assert(owner != NULL && user != NULL);
	*out = SHARE_NONE;
	return store_delegations(s, owner, user, take_delegation, out, e);
}

/* Nobody is the own delegate. */
static int check_delegate(const char *owner, const char *user, struct err *e)
{
	if (check_owner(owner, e) < 0 || check_owner(user, e) < 0)
		return -1;
	return strcmp(owner, user) != 0 ? 0 : err_set(e, ERR_INVALID, "%s needs no delegation", user);
}

int store_delegation_put(struct store *s, const struct delegation *d, struct err *e)
{
	assert(d != NULL && d->access <= SHARE_WRITE && d->access != SHARE_FREE_BUSY);
	if (check_delegate(d->owner, d->user, e) < 0)
		return -1;
	return s->ops->delegation_put(s, d, e);
}

int store_delegates_set(struct store *s, const char *owner, enum share_access access,
	const char *const *users, size_t n, struct err *e)
{
	assert((access == SHARE_READ || access == SHARE_WRITE) && (n == 0 || users != NULL));
	for (size_t i = 0; i < n; i++) {
		if (check_delegate(owner, users[i], e) < 0)
			return -1;
	}
	return s->ops->delegates_set(s, owner, access, users, n, e);
}

int store_find(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct err *e)
{
	assert(name != NULL && mem != NULL && out != NULL);
	return s->ops->find(s, collection, name, mem, out, e);
}

int store_find_uid(struct store *s, store_id collection, const char *uid, struct arena *mem,
	struct object *out, struct err *e)
{
	assert(uid != NULL && mem != NULL && out != NULL);
	return s->ops->find_uid(s, collection, uid, mem, out, e);
}

int store_body(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e)
{
	assert(name != NULL && mem != NULL && out != NULL && body != NULL);
	return s->ops->body(s, collection, name, mem, out, body, e);
}

int store_list(struct store *s, store_id collection, unsigned components, int64_t from, int64_t to,
	object_fn visit, void *arg, uint64_t *seq, struct err *e)
{
	assert(visit != NULL && from <= to);
	return s->ops->list(s, collection, components, from, to, visit, arg, seq, e);
}

int store_page(struct store *s, store_id collection, const char *after, size_t limit, object_fn visit,
	void *arg, struct err *e)
{
	assert(visit != NULL && after != NULL && limit > 0);
	return s->ops->page(s, collection, after, limit, visit, arg, e);
}

int object_names_take(const struct object *o, void *arg)
{
	struct object_names *list = arg;

	list->name = arena_room(list->mem, list->name, list->count, &list->size, sizeof(*list->name));
	list->name[list->count++] = arena_strdup(list->mem, o->name);
	return 0;
}

int store_count(struct store *s, store_id collection, uint64_t *out, struct err *e)
{
	assert(out != NULL);
	return s->ops->count(s, collection, out, e);
}

/* One that a store gave out has its numbers in this order. */
static int check_point(const struct sync_point *p, struct err *e)
{
	if (p->until == 0)
		return p->calendar == 0 && p->at == 0 ? 0 : err_set(e, ERR_TOKEN, "a point of no pass");
	if (p->until < p->since || p->at > p->until || p->calendar < 0)
		return err_set(e, ERR_TOKEN, "a point outside its pass");
	return 0;
}

int store_changes(struct store *s, store_id collection, const struct sync_point *from,
	size_t limit, object_fn visit, void *arg, struct sync_point *next, bool *more, struct err *e)
{
	assert(from != NULL && visit != NULL && limit > 0 && next != NULL && more != NULL);
	if (check_point(from, e) < 0)
		return -1;
	if (from->calendar != 0)
		return err_set(e, ERR_TOKEN, "a home's point");
	return s->ops->changes(s, collection, from, limit, visit, arg, next, more, e);
}

int store_home(struct store *s, const char *user, collection_fn visit, void *arg, uint64_t *seq,
	struct err *e)
{
	assert(user != NULL && (visit != NULL || seq != NULL));
	return s->ops->home(s, user, visit, arg, seq, e);
}

int store_home_changes(struct store *s, const char *user, bool deep,
	const struct sync_point *from, size_t limit, home_member_fn visit, void *arg,
	struct sync_point *next, bool *more, struct err *e)
{
	assert(user != NULL && from != NULL && visit != NULL && limit > 0);
	assert(next != NULL && more != NULL);
	if (check_point(from, e) < 0)
		return -1;
	return s->ops->home_changes(s, user, deep, from, limit, visit, arg, next, more, e);
}

/* Two changes of one object in a commit have no order. Asserted where it costs little. */
static bool is_distinct(const struct commit *c, size_t at)
{
	for (size_t i = 0; i < at && at < 64; i++) {
		if (c->change[i].collection == c->change[at].collection &&
			strcmp(c->change[i].name, c->change[at].name) == 0)
			return false;
	}
	return true;
}

static int check_change(const struct change *c, struct err *e)
{
	if (check_name(c->name, e) < 0)
		return -1;
	if (c->kind == CHANGE_DELETE)
		return 0;
	assert(c->kind == CHANGE_PUT && c->uid != NULL && c->body != NULL);
	if (c->uid[0] == '\0')
		return err_set(e, ERR_INVALID, "an object without UID");
	return c->body_len <= BODY_LARGEST ? 0 : err_set(e, ERR_LARGE, "a body of %zu bytes", c->body_len);
}

/* The log keeps an entry as one line with TABs between fields. */
static int check_entry(const struct ledger_row *l, struct err *e)
{
	assert(l->kind != NULL && l->ref != NULL && l->client != NULL && l->uid != NULL);
	assert(l->text != NULL);
	if (check_owner(l->owner, e) < 0)
		return -1;
	for (const char *p = l->text; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20)
			return err_set(e, ERR_INVALID, "a ledger entry with a control character");
	}
	return strlen(l->text) <= TEXT_LONGEST ? 0 : err_set(e, ERR_LARGE, "a ledger entry too long");
}

static void count_incidents(const struct commit *c)
{
	for (size_t i = 0; i < c->ledgers; i++) {
		if (c->ledger[i].incident) {
			metric_add(METRIC_INCIDENTS, metric_cell(METRIC_INCIDENTS, c->ledger[i].kind), 1);
		}
	}
}

int store_commit(struct store *s, struct commit *c, struct err *e)
{
	assert(c != NULL);
	assert((c->changes == 0 || c->change != NULL) && (c->ledgers == 0 || c->ledger != NULL));
	assert((c->expects == 0 || c->expect != NULL) && (c->wakes == 0 || c->wake != NULL));
	assert(c->erasures == 0 || c->erase != NULL);
	for (size_t i = 0; i < c->changes; i++) {
		if (check_change(&c->change[i], e) < 0)
			return -1;
		assert(is_distinct(c, i));
	}
	for (size_t i = 0; i < c->ledgers; i++) {
		if (check_entry(&c->ledger[i], e) < 0)
			return -1;
	}
	if (s->ops->commit(s, c, e) < 0)
		return -1;
	count_incidents(c);
	return 0;
}

int store_account(struct store *s, const char *name, struct arena *mem, struct account *out,
	struct err *e)
{
	assert(name != NULL && mem != NULL && out != NULL);
	return s->ops->account(s, name, mem, out, e);
}

int store_accounts(struct store *s, account_fn visit, void *arg, struct err *e)
{
	assert(visit != NULL);
	return s->ops->accounts(s, visit, arg, e);
}

int store_account_put(struct store *s, const struct account *a, struct err *e)
{
	assert(a != NULL && (a->token_count == 0 || a->tokens != NULL));
	if (check_owner(a->name, e) < 0)
		return -1;
	if (a->displayname != NULL && !utf8_valid(a->displayname, strlen(a->displayname)))
		return err_set(e, ERR_INVALID, "a display name that is not UTF-8");
	return s->ops->account_put(s, a, e);
}

const struct account_token *store_find_token(const struct account *a, const char *hash)
{
	size_t len = strlen(hash);

	for (size_t i = 0; i < a->token_count; i++) {
		const char *kept = a->tokens[i].hash;
		if (strlen(kept) == len && equal_const_time(kept, hash, len))
			return &a->tokens[i];
	}
	return NULL;
}

int store_token_account(struct store *s, const char *hash, struct arena *mem, struct account *out,
	size_t *token, struct err *e)
{
	const struct account_token *t;
	struct account a;

	assert(hash != NULL && mem != NULL && out != NULL && token != NULL);
	if (s->ops->token_account(s, hash, mem, &a, e) < 0)
		return -1;
	t = store_find_token(&a, hash);
	if (t == NULL)
		return err_set(e, ERR_NOT_FOUND, "no such token");
	*out = a;
	*token = (size_t)(t - a.tokens);
	return 0;
}

int store_token_used(struct store *s, const char *account, const char *id, int64_t when, struct err *e)
{
	assert(account != NULL && id != NULL);
	return s->ops->token_used(s, account, id, when, e);
}

static const char *const scope_names[] = { [TOKEN_CALENDAR] = "calendar", [TOKEN_API_READ] = "api-read",
	[TOKEN_API] = "api" };

const char *token_scope_name(enum token_scope scope)
{
	return scope_names[scope];
}

int token_scope_parse(const char *name, enum token_scope *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(scope_names); i++) {
		if (strcmp(name, scope_names[i]) == 0) {
			*out = (enum token_scope)i;
			return 0;
		}
	}
	return -1;
}

int store_account_close(struct store *s, const char *name, struct err *e)
{
	if (check_owner(name, e) < 0)
		return -1;
	return s->ops->account_close(s, name, e);
}

int store_ledger(struct store *s, const struct ledger_query *q, ledger_fn visit, void *arg,
	struct err *e)
{
	assert(q != NULL && visit != NULL);
	return s->ops->ledger(s, q, visit, arg, e);
}

int store_ledger_head(struct store *s, const char *owner, uint64_t *incident, struct err *e)
{
	assert(owner != NULL && incident != NULL);
	return s->ops->ledger_head(s, owner, incident, e);
}

int store_ledger_owners(struct store *s, owner_fn visit, void *arg, struct err *e)
{
	assert(visit != NULL);
	return s->ops->ledger_owners(s, visit, arg, e);
}

int store_ledger_key(struct store *s, struct buf *out, struct err *e)
{
	assert(out != NULL);
	return s->ops->ledger_key(s, out, e);
}

int store_ledger_sign(struct store *s, const char *owner, int64_t now, struct signed_head *out,
	struct err *e)
{
	assert(out != NULL);
	if (check_owner(owner, e) < 0)
		return -1;
	return s->ops->ledger_sign(s, owner, now, out, e);
}

int store_signed_heads(struct store *s, const char *owner, signed_head_fn visit, void *arg, struct err *e)
{
	assert(owner != NULL && visit != NULL);
	return s->ops->signed_heads(s, owner, visit, arg, e);
}

int store_ledger_verify(struct store *s, const struct ledger_verify *v, store_problem_fn problem, void *arg,
	struct err *e)
{
	assert(v != NULL && problem != NULL);
	if (check_owner(v->owner, e) < 0)
		return -1;
	return s->ops->ledger_verify(s, v, problem, arg, e);
}

int store_wakes(struct store *s, int64_t until, wake_fn visit, void *arg, int64_t *next,
	struct err *e)
{
	assert(visit != NULL && next != NULL);
	return s->ops->wakes(s, until, visit, arg, next, e);
}

int store_wake_done(struct store *s, const struct wake *w, struct err *e)
{
	assert(w != NULL && w->owner != NULL && w->calendar != NULL && w->name != NULL);
	return s->ops->wake_done(s, w, e);
}

int store_scan(struct store *s, store_id collection, found_fn visit, void *arg, struct err *e)
{
	assert(visit != NULL);
	return s->ops->scan(s, collection, visit, arg, e);
}

int store_watch(struct store *s, int timeout_ms, store_id *collection, struct err *e)
{
	assert(collection != NULL && timeout_ms >= 0);
	return s->ops->watch(s, timeout_ms, collection, e);
}

void store_watch_end(struct store *s)
{
	s->ops->watch_end(s);
}

int store_flush(struct store *s, struct err *e)
{
	return s->ops->flush(s, e);
}

int store_hold(struct store *s, struct err *e)
{
	return s->ops->hold(s, e);
}

void store_release(struct store *s)
{
	s->ops->release(s);
}

int store_check(struct store *s, bool deep, store_parse_fn parse, store_problem_fn problem, void *arg,
	struct store_counts *out, struct err *e)
{
	assert(problem != NULL && out != NULL);
	return s->ops->check(s, deep, parse, problem, arg, out, e);
}

int store_rebuild(const char *path, store_parse_fn parse, store_problem_fn problem, void *arg,
	struct store_counts *out, struct err *e)
{
	assert(path != NULL && parse != NULL && problem != NULL && out != NULL);
	return store_sqlite_rebuild(path, parse, problem, arg, out, e);
}

int store_backup(const struct store_backup_source *from, const char *to, struct store_backup *out,
	struct err *e)
{
	assert(from != NULL && from->path != NULL && to != NULL && out != NULL);
	return store_sqlite_backup(from, to, out, e);
}

int store_backup_open(struct store *s, const struct store_backup_source *from, const char *to,
	struct store_backup *out, struct err *e)
{
	assert(from != NULL && from->path != NULL && from->held != NULL && to != NULL && out != NULL);
	return store_sqlite_backup_open(s, from, to, out, e);
}

int store_backups(const char *path, size_t *out, struct err *e)
{
	assert(path != NULL && out != NULL);
	return store_sqlite_backups(path, out, e);
}

int store_restore(const char *path, const char *from, bool damaged, store_parse_fn parse,
	store_problem_fn problem, void *arg, struct store_backup *out, struct err *e)
{
	assert(path != NULL && from != NULL && parse != NULL && problem != NULL && out != NULL);
	return store_sqlite_restore(path, from, damaged, parse, problem, arg, out, e);
}
