/* The calendars in a home, and how a home has changed. */
#include "storage/memory/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static int compare_member(const void *key, const void *item)
{
	const struct mem_member *a = key, *b = item;
	int order = strcmp(a->user, b->user);
	bool other_a = strcmp(a->owner, a->user) != 0, other_b = strcmp(b->owner, b->user) != 0;

	order = order != 0 ? order : other_a - other_b;
	order = order != 0 ? order : strcmp(a->owner, b->owner);
	return order != 0 ? order : strcmp(a->name, b->name);
}

void put_member(struct memory *m, const struct mem_collection *c, const char *user)
{
	struct mem_member key = {(char *)user, c->owner, c->name, 0, 0, 0, 0}, *row;
	size_t at;

	m->seq++;
	if (list_search(&m->members, &key, compare_member, &at)) {
		row = m->members.item[at];
	} else {
		row = xcalloc(1, sizeof(*row));
		*row = (struct mem_member){xstrdup(user), xstrdup(c->owner), xstrdup(c->name), 0, 0, 0, 0};
		list_insert(&m->members, at, row);
	}
	row->changed = m->seq;
	row->mapped = row->collection == c->row.id ? row->mapped : m->seq;
	row->collection = c->row.id;
}

void touch_members(struct memory *m, store_id collection, const char *user, bool remove)
{
	m->seq++;
	for (size_t i = 0; i < m->members.n; i++) {
		struct mem_member *row = m->members.item[i];
		if (row->collection != collection || (user != NULL && strcmp(user, row->user) != 0))
			continue;
		row->changed = m->seq;
		if (remove) {
			row->gone = m->seq;
			row->collection = 0;
		}
	}
}

void free_member(struct mem_member *row)
{
	free(row->user);
	free(row->owner);
	free(row->name);
	free(row);
}

/* Of the last change in whatever way. */
static uint64_t member_seq(struct memory *m, const struct mem_member *row)
{
	const struct mem_collection *c =
		row->collection == 0 ? NULL : find_collection(m, row->collection, NULL);

	return c != NULL && c->row.seq > row->changed ? c->row.seq : row->changed;
}

static uint64_t home_seq(struct memory *m, const char *user)
{
	uint64_t last = 1;

	for (size_t i = 0; i < m->members.n; i++) {
		const struct mem_member *row = m->members.item[i];
		if (strcmp(row->user, user) == 0 && member_seq(m, row) > last) {
			last = member_seq(m, row);
		}
	}
	return last;
}

int memory_home(struct store *s, const char *user, collection_fn visit, void *arg,
	uint64_t *seq, struct err *e)
{
	LOCKED(s);
	for (size_t i = 0; visit != NULL && i < m->members.n; i++) {
		const struct mem_member *row = m->members.item[i];
		if (row->collection == 0 || strcmp(row->user, user) != 0)
			continue;
		int status = visit(&find_collection(m, row->collection, NULL)->row, arg);
		if (status != 0)
			return status;
	}
	if (seq != NULL) {
		*seq = home_seq(m, user);
	}
	return 0;
}

static const struct mem_member *next_calendar(struct memory *m, const char *user,
	const struct sync_point *at)
{
	const struct mem_member *next = NULL;

	for (size_t i = 0; i < m->members.n; i++) {
		const struct mem_member *row = m->members.item[i];
		uint64_t seq = member_seq(m, row);
		if (strcmp(row->user, user) == 0 && seq > at->at && seq <= at->until &&
			(row->collection != 0 || at->since != 0) &&
			(next == NULL || seq < member_seq(m, next))) {
			next = row;
		}
	}
	return next;
}

/* The first after `at`, calendar by calendar; *in: which. What is new in this home is listed whole. */
static const struct object *next_content(struct memory *m, const char *user,
	const struct sync_point *at, const struct mem_collection **in)
{
	const struct object *next = NULL;

	for (size_t i = 0; i < m->members.n; i++) {
		const struct mem_member *row = m->members.item[i];
		if (strcmp(row->user, user) != 0 || row->collection == 0 || row->mapped > at->until ||
			row->collection < at->calendar || (next != NULL && row->collection > next->collection))
			continue;
		const struct mem_collection *c = find_collection(m, row->collection, NULL);
		uint64_t after = row->mapped > at->since ? 0 : at->since;
		if (row->collection == at->calendar && at->at > after) {
			after = at->at;
		}
		const struct object *o = next_change(c, after, at->until, row->mapped <= at->since);
		if (o != NULL) {
			next = o;
			*in = c;
		}
	}
	return next;
}

/* Did a calendar go and come back after `known`? */
static bool came_back(const struct memory *m, const char *user, uint64_t known)
{
	for (size_t i = 0; i < m->members.n; i++) {
		const struct mem_member *row = m->members.item[i];
		if (strcmp(row->user, user) == 0 && row->collection != 0 && row->gone > known)
			return true;
	}
	return false;
}

/* What comes next, after which `at` stands behind it; false: nothing is left. */
static bool next_member(struct memory *m, const char *user, bool deep, struct sync_point *at,
	struct home_member *out)
{
	const struct mem_member *row = at->calendar == 0 ? next_calendar(m, user, at) : NULL;
	const struct mem_collection *in = NULL;

	if (row != NULL) {
		at->at = member_seq(m, row);
		*out = (struct home_member){.gone = row->collection == 0,
			.calendar = {.owner = row->owner, .name = row->name}};
		if (!out->gone) {
			out->calendar = find_collection(m, row->collection, NULL)->row;
		}
		return true;
	}
	const struct object *o = deep ? next_content(m, user, at, &in) : NULL;
	if (o == NULL)
		return false;
	*out = (struct home_member){.calendar = in->row, .object = o};
	at->calendar = o->collection;
	at->at = o->seq;
	return true;
}

int memory_home_changes(struct store *s, const char *user, bool deep,
	const struct sync_point *from, size_t limit, home_member_fn visit, void *arg,
	struct sync_point *next, bool *more, struct err *e)
{
	LOCKED(s);
	uint64_t now = home_seq(m, user), known = from->since != 0 ? from->since : from->until;
	struct sync_point at = store_sync_begin(from, now), ahead = at;
	struct home_member member;
	bool left;

	if (at.since > now || at.until > now)
		return err_set(e, ERR_TOKEN, "the token's number is out of range");
	if (deep && known != 0 && came_back(m, user, known))
		return err_set(e, ERR_TOKEN, "a calendar of the home was made anew since");
	while ((left = next_member(m, user, deep, &ahead, &member)) && limit > 0) {
		int status = visit(&member, arg);
		if (status != 0)
			return status;
		at = ahead;
		limit--;
	}
	store_sync_end(&at, left, now, next, more);
	return 0;
}
