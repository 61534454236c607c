/* The ledger, its signed heads, and wakes. */
#include "storage/memory/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "storage/audit.h"
#include "storage/chain.h"

static int compare_entry(const void *key, const void *item)
{
	const struct ledger_row *a = key, *b = &((const struct mem_entry *)item)->row;
	int order = strcmp(a->owner, b->owner);

	return order != 0 ? order : (a->seq > b->seq) - (a->seq < b->seq);
}

static int compare_wake(const void *key, const void *item)
{
	const struct wake *a = key, *b = &((const struct mem_wake *)item)->row;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	int order = strcmp(a->owner, b->owner);
	order = order != 0 ? order : strcmp(a->calendar, b->calendar);
	return order != 0 ? order : strcmp(a->name, b->name);
}

uint64_t last_incident(const struct memory *m, const char *owner)
{
	uint64_t last = 0;

	for (size_t i = 0; i < m->ledger.n; i++) {
		const struct ledger_row *l = &((struct mem_entry *)m->ledger.item[i])->row;
		if (l->incident && strcmp(l->owner, owner) == 0) {
			last = l->seq;
		}
	}
	return last;
}

void append_entry(struct memory *m, const struct ledger_row *from)
{
	struct mem_entry *l = xcalloc(1, sizeof(*l));
	size_t at;

	l->mem = arena_create();
	l->row = *from;
	l->row.owner = arena_strdup(l->mem, from->owner);
	l->row.kind = arena_strdup(l->mem, from->kind);
	l->row.ref = arena_strdup(l->mem, from->ref);
	l->row.client = arena_strdup(l->mem, from->client);
	l->row.uid = arena_strdup(l->mem, from->uid);
	l->row.text = arena_strdup(l->mem, from->text);
	list_search(&m->ledger, &(struct ledger_row){.owner = from->owner, .seq = UINT64_MAX},
		compare_entry, &at);
	const struct mem_entry *last = at == 0 ? NULL : m->ledger.item[at - 1];
	bool first = last == NULL || strcmp(last->row.owner, from->owner) != 0;
	l->row.seq = first ? 1 : last->row.seq + 1;
	chain_link(&l->row, first ? CHAIN_START : last->row.self);
	list_insert(&m->ledger, at, l);
}

void erase_entry(struct memory *m, const struct ledger_erasure *erasure)
{
	size_t at;

	if (list_search(&m->ledger, &(struct ledger_row){.owner = erasure->owner, .seq = erasure->seq},
		compare_entry, &at)) {
		struct ledger_row *l = &((struct mem_entry *)m->ledger.item[at])->row;
		l->text = l->client = l->uid = "";
	}
}

void add_wake(struct memory *m, const struct wake *from)
{
	size_t at;

	if (list_search(&m->wakes, from, compare_wake, &at))
		return;
	struct mem_wake *w = xcalloc(1, sizeof(*w));
	w->mem = arena_create();
	w->row = (struct wake){from->at, arena_strdup(w->mem, from->owner),
		arena_strdup(w->mem, from->calendar), arena_strdup(w->mem, from->name)};
	list_insert(&m->wakes, at, w);
}

void remove_wakes(struct memory *m, const char *owner, const char *calendar)
{
	for (size_t i = m->wakes.n; i-- > 0;) {
		struct mem_wake *w = m->wakes.item[i];
		if (strcmp(w->row.owner, owner) == 0 &&
			(calendar == NULL || strcmp(w->row.calendar, calendar) == 0)) {
			list_remove(&m->wakes, i);
			arena_destroy(w->mem);
			free(w);
		}
	}
}

static bool equal_or_any(const char *wanted, const char *value)
{
	return wanted == NULL || strcmp(wanted, value) == 0;
}

static bool entry_matches(const struct ledger_row *l, const struct ledger_query *q)
{
	return equal_or_any(q->owner, l->owner) && equal_or_any(q->uid, l->uid) &&
		equal_or_any(q->client, l->client) && equal_or_any(q->kind, l->kind) &&
		equal_or_any(q->ref, l->ref) && (q->slot == 0 || q->slot == l->slot) &&
		(q->since == 0 || l->when >= q->since) && l->seq > q->after &&
		(l->incident || !q->incidents_only);
}

int memory_ledger(struct store *s, const struct ledger_query *q, ledger_fn visit, void *arg,
	struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; i < m->ledger.n; i++) {
		const struct ledger_row *l = &((struct mem_entry *)m->ledger.item[i])->row;
		int status = entry_matches(l, q) ? visit(l, arg) : 0;
		if (status != 0)
			return status;
	}
	return 0;
}

int memory_ledger_head(struct store *s, const char *owner, uint64_t *incident, struct err *e)
{
	LOCKED(s);
	*incident = last_incident(m, owner);
	return 0;
}

int memory_ledger_owners(struct store *s, owner_fn visit, void *arg, struct err *e)
{
	LOCKED(s);
	const char *before = "";

	for (size_t i = 0; i < m->ledger.n; i++) {
		const struct ledger_row *l = &((struct mem_entry *)m->ledger.item[i])->row;
		int status = strcmp(before, l->owner) == 0 ? 0 : visit(l->owner, arg);
		if (status != 0)
			return status;
		before = l->owner;
	}
	return 0;
}

static int use_key(struct memory *m, struct err *e)
{
	return m->key != NULL ? 0 : signature_key_make(&m->key, e);
}

int memory_ledger_key(struct store *s, struct buf *out, struct err *e)
{
	LOCKED(s);
	return use_key(m, e) < 0 ? -1 : signature_key_write(m->key, false, out, e);
}

/* NULL: none. */
static const struct ledger_row *last_entry(const struct memory *m, const char *owner)
{
	size_t at;

	list_search(&m->ledger, &(struct ledger_row){.owner = owner, .seq = UINT64_MAX}, compare_entry, &at);
	const struct mem_entry *last = at == 0 ? NULL : m->ledger.item[at - 1];
	return last != NULL && strcmp(last->row.owner, owner) == 0 ? &last->row : NULL;
}

int memory_ledger_sign(struct store *s, const char *owner, int64_t now, struct signed_head *out,
	struct err *e)
{
	LOCKED(s);
	const struct ledger_row *last = last_entry(m, owner);
	struct signed_head h = {.owner = owner, .when = now};

	if (last == NULL)
		return err_set(e, ERR_NOT_FOUND, "the ledger of %s is empty", owner);
	for (size_t i = 0; i < m->heads.n; i++) {
		const struct signed_head *there = &((struct mem_head *)m->heads.item[i])->row;
		if (strcmp(there->owner, owner) == 0 && there->seq == last->seq) {
			*out = *there;
			out->owner = owner;
			return 0;
		}
	}
	h.seq = last->seq;
	memcpy(h.self, last->self, sizeof(h.self));
	if (use_key(m, e) < 0 || head_sign(&h, m->key, e) < 0)
		return -1;
	struct mem_head *kept = xcalloc(1, sizeof(*kept));
	kept->mem = arena_create();
	kept->row = h;
	kept->row.owner = arena_strdup(kept->mem, owner);
	list_insert(&m->heads, m->heads.n, kept);
	*out = h;
	return 0;
}

int memory_signed_heads(struct store *s, const char *owner, signed_head_fn visit, void *arg,
	struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; i < m->heads.n; i++) {
		const struct signed_head *h = &((struct mem_head *)m->heads.item[i])->row;
		int status = strcmp(h->owner, owner) == 0 ? visit(h, arg) : 0;
		if (status != 0)
			return status;
	}
	return 0;
}

static const char *audit_heads(const struct memory *m, const struct ledger_audit *a,
	char why[AUDIT_WHY_SIZE])
{
	const char *problem = NULL;

	for (size_t i = 0; i < m->heads.n && problem == NULL; i++) {
		const struct signed_head *h = &((struct mem_head *)m->heads.item[i])->row;
		if (strcmp(h->owner, a->v->owner) == 0)
			problem = audit_head(a, h, m->key, why);
	}
	return problem != NULL || a->v->kept == NULL ? problem : audit_head(a, a->v->kept, m->key, why);
}

int memory_ledger_verify(struct store *s, const struct ledger_verify *v, store_problem_fn problem,
	void *arg, struct err *e)
{
	LOCKED(s);
	char why[AUDIT_WHY_SIZE], line[AUDIT_WHY_SIZE + 128];
	const char *wrong = NULL;
	struct ledger_audit a;

	audit_init(&a, v);
	for (size_t i = 0; i < m->ledger.n && wrong == NULL; i++) {
		const struct ledger_row *l = &((struct mem_entry *)m->ledger.item[i])->row;
		if (strcmp(l->owner, v->owner) != 0)
			continue;
		wrong = audit_entry(&a, l);
		snprintf(line, sizeof(line), "ledger of %s, entry %llu: %s", v->owner,
			(unsigned long long)l->seq, wrong != NULL ? wrong : "");
	}
	if (wrong == NULL) {
		wrong = audit_heads(m, &a, why);
		snprintf(line, sizeof(line), "ledger of %s: %s", v->owner, wrong != NULL ? wrong : "");
	}
	audit_finish(&a);
	if (wrong != NULL)
		problem(line, arg);
	return 0;
}

int memory_wakes(struct store *s, int64_t until, wake_fn visit, void *arg, int64_t *next,
	struct err *e)
{
	LOCKED(s);
	int64_t following = INT64_MAX;

	for (size_t i = 0; i < m->wakes.n; i++) {
		const struct wake *w = &((struct mem_wake *)m->wakes.item[i])->row;
		if (w->at > until) {
			following = w->at;
			break;
		}
		int status = visit(w, arg);
		if (status != 0)
			return status;
	}
	*next = following;
	return 0;
}

int memory_wake_done(struct store *s, const struct wake *w, struct err *e)
{
	LOCKED(s);
	size_t at;

	if (!list_search(&m->wakes, w, compare_wake, &at))
		return 0;
	struct mem_wake *done = m->wakes.item[at];
	list_remove(&m->wakes, at);
	arena_destroy(done->mem);
	free(done);
	return 0;
}

int check_ledger(const struct memory *m, store_problem_fn problem, void *arg)
{
	const struct ledger_row *before = NULL;

	for (size_t i = 0; i < m->ledger.n; i++) {
		const struct ledger_row *l = &((struct mem_entry *)m->ledger.item[i])->row;
		bool first = before == NULL || strcmp(before->owner, l->owner) != 0;
		const char *why = chain_problem(l, first ? CHAIN_START : before->self);
		int status = why == NULL ? 0 : problem(why, arg);
		if (status != 0)
			return status;
		before = l;
	}
	return 0;
}
