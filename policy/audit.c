#include "policy/audit.h"

#include <jansson.h>
#include <string.h>

#include "base/util.h"
#include "policy/ledger.h"

enum { DAY = 86400 };

/* ---- what was erased ---- */

struct range { uint64_t first, last; struct range *next; };
struct erased { struct arena *mem; struct range *ranges; };

static int take_erased(const struct ledger_row *row, void *arg)
{
	struct erased *all = arg;
	json_t *object = json_loads(row->text, 0, NULL);
	const json_t *list = json_object_get(object, "erased"), *pair;
	size_t n;

	json_array_foreach(list, n, pair) {
		struct range *r = arena_alloc(all->mem, sizeof(*r));

		*r = (struct range){ (uint64_t)json_integer_value(json_array_get(pair, 0)),
			(uint64_t)json_integer_value(json_array_get(pair, 1)), all->ranges };
		all->ranges = r;
	}
	json_decref(object);
	return 0;
}

static bool is_erased(const struct erased *all, uint64_t seq)
{
	for (const struct range *r = all->ranges; r; r = r->next) {
		if (seq >= r->first && seq <= r->last)
			return true;
	}
	return false;
}

static const char *check_row(const struct ledger_row *row, void *arg)
{
	bool erased = is_erased(arg, row->seq);

	if (*row->text == '\0')
		return erased && !*row->client && !*row->uid ? NULL : "it is blank, but no entry says so";
	return erased ? "it was erased, but its text is there" : ledger_row_problem(row);
}

int ledger_audit(struct store *s, const char *owner, const struct signed_head *kept, store_problem_fn problem,
	void *arg, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct erased erased = { .mem = mem };
	const struct ledger_query q = { .owner = owner, .kind = KIND_ERASED };
	const struct ledger_verify v = { .owner = owner, .check = check_row, .arg = &erased, .kept = kept };

	return store_ledger(s, &q, take_erased, &erased, e) < 0 ? -1 : store_ledger_verify(s, &v, problem, arg, e);
}

/* ---- heads ---- */

struct owner_item { const char *name; struct owner_item *next; };
struct owners { struct arena *mem; struct owner_item *first, **tail; };

static int take_owner(const char *owner, void *arg)
{
	struct owners *all = arg;
	struct owner_item *o = arena_alloc(all->mem, sizeof(*o));

	*o = (struct owner_item){ arena_strdup(all->mem, owner), NULL };
	*all->tail = o;
	all->tail = &o->next;
	return 0;
}

static int take_time(const struct signed_head *h, void *arg)
{
	*(int64_t *)arg = h->when;
	return 0;
}

static int sign_if_due(struct store *s, const char *owner, int64_t now, struct err *e)
{
	struct signed_head unused;
	int64_t last = INT64_MIN;
	struct err why;

	if (store_signed_heads(s, owner, take_time, &last, e) < 0)
		return -1;
	if (last <= now && last > now - DAY)
		return 0;
	if (store_ledger_sign(s, owner, now, &unused, &why) == 0 || why.code == ERR_NOT_FOUND)
		return 0;
	return err_set(e, why.code, "the ledger's head of %s isn't signed: %s", owner, why.text);
}

int ledger_sign_due(struct store *s, int64_t now, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct owners all = { .mem = mem };
	int rc = 0;

	all.tail = &all.first;
	if (store_ledger_owners(s, take_owner, &all, e) < 0)
		return -1;
	for (const struct owner_item *o = all.first; o; o = o->next) {
		if (sign_if_due(s, o->name, now, e) < 0)
			rc = -1;
	}
	return rc;
}
