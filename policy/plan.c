#include "policy/plan.h"

#include <assert.h>
#include <string.h>

#include "base/failpoint.h"
#include "ical/ical.h"

static struct change *find_change(struct plan *p, store_id collection, const char *name)
{
	for (size_t n = 0; n < p->change_count; n++) {
		if (p->changes[n].collection == collection && strcmp(p->changes[n].name, name) == 0)
			return &p->changes[n];
	}
	return NULL;
}

static bool is_found(const struct store_found *found, store_id collection, const char *name)
{
	return found && found->collection == collection && strcmp(found->name, name) == 0;
}

struct change *plan_change(struct plan *p, enum change_kind kind, store_id collection,
	const char *name, const char *expect)
{
	struct change *c = find_change(p, collection, name);

	if (!c) {
		p->changes = arena_room(p->mem, p->changes, p->change_count, &p->change_size, sizeof(*c));
		c = &p->changes[p->change_count++];
	}
	*c = (struct change){ .kind = kind,
		.collection = collection,
		.found = is_found(p->found, collection, name) ? p->found : NULL,
		.name = arena_strdup(p->mem, name),
		.expect = arena_strdup(p->mem, expect) };
	return c;
}

void plan_rests_on(struct plan *p, store_id collection, const char *name, const char *etag)
{
	p->still = (struct object_seen){ collection, arena_strdup(p->mem, name), arena_strdup(p->mem, etag) };
}

int plan_index(const struct plan *p, struct change *c, const struct ical *ic, struct err *e)
{
	struct ical_index x;

	if (ical_index(ic, p->mem, &x, e))
		return -1;
	c->first = x.first;
	c->last = x.last;
	c->spans = x.spans;
	c->traits = x.traits;
	return 0;
}

int plan_put_own(struct plan *p, store_id collection, const char *name, const char *expect,
	const char *uid, const struct buf *bytes, struct err *e)
{
	const char *body = arena_strndup(p->mem, bytes->data, bytes->len);
	struct change *c;
	struct ical *ic;

	if (ical_parse(body, bytes->len, NULL, p->mem, &ic, e))
		return -1;
	c = plan_change(p, CHANGE_PUT, collection, name, expect);
	c->uid = uid;
	c->body = body;
	c->body_len = bytes->len;
	c->component = ICAL_VEVENT;
	return plan_index(p, c, ic, e);
}

void plan_carry(struct plan *p, store_id collection, const char *name, const struct object *from,
	bool moved)
{
	struct change *c = find_change(p, collection, name);

	assert(c && c->kind == CHANGE_PUT);
	c->from_collection = from->collection;
	c->from = from->name;
	c->created = moved ? from->created : 0;
}

void plan_wake(struct plan *p, int64_t at, const char *owner, const char *calendar,
	const char *name)
{
	p->wakes = arena_room(p->mem, p->wakes, p->wake_count, &p->wake_size, sizeof(*p->wakes));
	p->wakes[p->wake_count++] = (struct wake){ at, owner, calendar, name };
}

int plan_decision(struct plan *p, const struct decision *d, struct err *e)
{
	for (size_t n = 0; n < d->fresh.count; n++) {
		p->rows = arena_room(p->mem, p->rows, p->row_count, &p->row_size, sizeof(*p->rows));
		if (ledger_row(&d->fresh.entries[n], d->now, p->mem, &p->rows[p->row_count], e))
			return -1;
		p->row_count++;
	}
	for (size_t n = 0; n < p->head_count; n++) {
		if (strcmp(p->heads[n].owner, d->owner) == 0) {
			return 0; /* the older head: if it moved since, the commit will find out */
		}
	}
	if (d->history) {
		p->heads[p->head_count++] = (struct ledger_head){ d->owner, d->head };
	}
	return 0;
}

int plan_commit(struct plan *p, struct err *e)
{
	struct commit c = {
		.now = p->now,
		.quotas = p->quotas,
		.seen = p->seen,
		.still = p->still,
		.change = p->changes,
		.changes = p->change_count,
		.expect = p->heads,
		.expects = p->head_count,
		.ledger = p->rows,
		.ledgers = p->row_count,
		.wake = p->wakes,
		.wakes = p->wake_count,
		.drop = p->drop,
		.drop_seq = p->drop_seq,
	};
	struct err why;

	for (size_t n = 0; p->entered && n < p->row_count; n++)
		ledger_read_row(&p->rows[n], p->mem, p->entered);
	if (p->preview)
		return 0;
	FAILPOINT("decided");
	if (store_commit(p->store, &c, &why) == 0)
		return 0;
	if (why.code == ERR_CHANGED)
		return 1;
	if (why.code == ERR_UID_TAKEN) {
		p->conflict = arena_strdup(p->mem, c.conflict);
	}
	return err_set(e, why.code, "%s", why.text);
}
