#include "policy/report/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/fees.h"
#include "policy/find.h"
#include "policy/host.h"
#include "policy/late/chain.h"

enum { BODY_MAX = 16 * 1024 * 1024 };

bool fact_is_in_time(const struct fact *f)
{
	return f->how == ENDING_CANCEL_IN_TIME || f->how == ENDING_MOVE_IN_TIME;
}

bool fact_is_late(const struct fact *f)
{
	return f->how == ENDING_LATE_CANCEL || f->how == ENDING_LATE_MOVE;
}

bool fact_is_lost(const struct fact *f)
{
	return fact_is_in_time(f) || fact_is_late(f);
}

bool fact_is_owners(const struct fact *f)
{
	return f->how == ENDING_OWNER_CANCEL || f->how == ENDING_OWNER_MOVE;
}

bool fact_counts(const struct fact *f)
{
	return !f->emergency && (f->how == ENDING_KEPT || f->how == ENDING_ABSENT || fact_is_lost(f));
}

/* ---- how a slot ended ---- */

static const struct { const char *class_; enum ending how; } endings[] = {
	{ "attended", ENDING_KEPT }, { "on-time-cancel", ENDING_CANCEL_IN_TIME },
	{ "on-time-move", ENDING_MOVE_IN_TIME }, { "over-limit-move", ENDING_MOVE_IN_TIME },
	{ "late-cancel", ENDING_LATE_CANCEL }, { "late-move", ENDING_LATE_MOVE }, { "no-show", ENDING_ABSENT },
	{ "owner-cancel", ENDING_OWNER_CANCEL }, { "owner-move", ENDING_OWNER_MOVE },
};

/* Grace is in time, whether it was cancelled or moved. */
static enum ending ending_of(const struct policy_incident *loss, bool moved)
{
	for (size_t n = 0; n < ARRAY_SIZE(endings); n++) {
		if (entry_is(loss, endings[n].class_))
			return endings[n].how;
	}
	if (entry_is(loss, "grace"))
		return moved ? ENDING_MOVE_IN_TIME : ENDING_CANCEL_IN_TIME;
	return ENDING_OTHER;
}

static bool is_emergency(const struct policy_incident *i)
{
	return (i->state == POLICY_WAIVED || i->state == POLICY_CREDITED) && strcmp(i->reason,
		"emergency") == 0;
}

/* ---- adding ---- */

struct reading {
	const struct facts_query *q;
	struct arena *mem;
	struct facts *out;
	/* One event's entries, of one attendee if it is a group's; in force. */
	struct entries entries;
	const char *uid;
};

static struct fact *add(struct reading *r)
{
	struct facts *out = r->out;

	out->at = arena_room(r->mem, out->at, out->count, &out->size, sizeof(*out->at));
	return &out->at[out->count++];
}

static void add_slot(struct reading *r, const struct slot *s, const char *occurrence, bool moved)
{
	const struct policy_incident *loss = s->loss;
	int64_t end = s->end > s->start ? s->end : s->start;
	struct fact *f;

	if ((loss && entry_is(loss, "shift")) || (!loss && slot_is_past(s)))
		return; /* tolerated: the agreed time goes on; booked afterwards: nobody could keep it */
	f = add(r);
	*f = (struct fact){ .start = s->start, .end = end, .acquired = s->acquired, .client = s->client,
		.name = strchr(s->client, '@') || !*s->title ? s->client : s->title, .uid = r->uid,
		.occurrence = occurrence, .ref = s->ref, .service = s->service ? s->service : "",
		.price = s->price.minor, .loss = loss, .ended = end,
		.currency = arena_strdup(r->mem, s->price.currency) };
	if (loss) {
		f->how = ending_of(loss, moved);
		f->ended = loss->at < end ? loss->at : end;
		f->emergency = is_emergency(loss);
	} else {
		f->how = end <= r->q->now ? ENDING_KEPT : ENDING_OPEN;
	}
}

/* ---- one occurrence ---- */

static void add_occurrence(struct reading *r, const char *occurrence)
{
	struct chain ch;

	chain_make(&r->entries, r->uid, occurrence, &ch);
	for (size_t n = 0; n < ch.count; n++) {
		const struct slot *s = &ch.slots[n];

		if (s->client && (s->loss || s == ch.current))
			add_slot(r, s, occurrence, s->loss && ch.current && ch.current != s);
	}
}

static bool is_series(const struct policy_incident *i)
{
	return strcmp(i->outcome, "series") == 0;
}

static bool has_occurrence(const struct reading *r, const char *occurrence, size_t before)
{
	for (size_t n = 0; n < before; n++) {
		if (strcmp(r->entries.at[n].occurrence, occurrence) == 0 && !is_series(&r->entries.at[n]))
			return true;
	}
	return false;
}

/* ---- the dates of a series to which nothing happened ---- */

static int read_event(struct reading *r, struct ical **out, struct err *e)
{
	struct event_finder f = { .store = r->q->store, .policies = r->q->policies, .mem = r->mem,
		.owner = r->q->owner, .uid = r->uid };
	struct buf body cleanup_buf;
	struct err why = { 0 };
	int found;

	buf_init(&body, BODY_MAX);
	*out = NULL;
	found = event_find_next(&f, e);
	if (found <= 0)
		return found;
	if (store_body(f.store, f.calendar.id, f.object.name, f.mem, &f.object, &body, &why) != 0)
		return why.code == ERR_IO || why.code == ERR_CORRUPT ? err_set(e, why.code, "%s", why.text) : 0;
	return ical_parse(body.data, body.len, r->q->limits, r->mem, out, &why) == 0 ? 0 : (*out = NULL, 0);
}

struct dates { struct reading *r; const struct policy_incident *series; };

struct visit { struct dates *dates; const struct ical *ic; };

static int add_date(const struct ical_instance *i, void *arg)
{
	const struct visit *v = arg;
	struct reading *r = v->dates->r;
	const struct policy_incident *s = v->dates->series;
	char *occurrence = arena_alloc(r->mem, ICAL_UTC_SIZE);
	struct fact *f;

	ical_utc(i->recurrence, occurrence);
	if (i->start < s->acquired || i->end > r->q->now || ical_is_cancelled(v->ic, i->comp) ||
		has_occurrence(r, occurrence, r->entries.count))
		return 0;
	f = add(r);
	*f = (struct fact){ .how = ENDING_KEPT, .start = i->start, .end = i->end, .ended = i->end,
		.acquired = s->acquired, .client = s->client, .uid = r->uid, .occurrence = occurrence, .ref = "",
		.name = strchr(s->client, '@') || !*s->title ? s->client : s->title, .service = s->service,
		.price = s->price, .currency = s->currency, .no_entry = true };
	return 0;
}

static int add_series(struct reading *r, struct err *e)
{
	struct dates dates = { r, entries_series(&r->entries, r->uid) };
	struct visit v = { .dates = &dates };
	struct ical *ic;
	struct err why;

	if (!dates.series)
		return 0;
	if (read_event(r, &ic, e))
		return -1;
	v.ic = ic;
	if (!ic || ical_expand(ic, r->out->zone, dates.series->acquired, r->q->now, add_date, &v, &why))
		r->out->series_gone++;
	return 0;
}

/* ---- all entries, event by event ---- */

static int read_group(struct reading *r, const struct entry *const *list, size_t count,
	const char *client,
	struct err *e)
{
	r->entries = (struct entries){ .latest = INT64_MIN };
	r->uid = list[0]->i.uid;
	for (size_t n = 0; n < count; n++) {
		const struct entry *entry = list[n];

		if (client && strcmp(entry->i.client, client) != 0)
			continue;
		if (entry_kind_is_incident(entry->kind) || strcmp(entry->kind, KIND_SLOT) == 0)
			entries_add(&r->entries, &entry->i, r->mem);
	}
	for (size_t n = 0; n < r->entries.count; n++) {
		const char *occurrence = r->entries.at[n].occurrence;

		if (!is_series(&r->entries.at[n]) && !has_occurrence(r, occurrence, n))
			add_occurrence(r, occurrence);
	}
	return add_series(r, e);
}

/* Of a group, each attendee by itself. */
static int read_uid(const struct entry *const *list, size_t count, void *arg, struct err *e)
{
	struct reading *r = arg;
	bool group = false;

	for (size_t n = 0; n < count; n++)
		group |= *list[n]->i.attendee != '\0';
	if (!group)
		return read_group(r, list, count, NULL, e);
	for (size_t n = 0; n < count; n++) {
		bool seen = false;

		for (size_t k = 0; k < n && !seen; k++)
			seen = strcmp(list[k]->i.client, list[n]->i.client) == 0;
		if (!seen && *list[n]->i.client && read_group(r, list, count, list[n]->i.client, e))
			return -1;
	}
	return 0;
}

static int by_end(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;

	if (x->ended != y->ended)
		return x->ended > y->ended ? 1 : -1;
	return x->start != y->start ? (x->start > y->start ? 1 : -1) : strcmp(x->uid, y->uid);
}

int facts_read(const struct facts_query *q, struct arena *mem, struct facts *out, struct err *e)
{
	const struct fee of_owner = { .owner = q->owner, .incident.policy = "" };
	struct facts facts = { .zone = fee_zone(q->policies, &of_owner) };
	struct reading r = { .q = q, .mem = mem, .out = &facts };

	if (ledger_read(q->store, &(struct ledger_query){ .owner = q->owner }, mem, &facts.entries, e) ||
		entry_each_uid(&facts.entries, mem, read_uid, &r, e))
		return -1;
	if (facts.count > 0)
		qsort(facts.at, facts.count, sizeof(*facts.at), by_end);
	*out = facts;
	return 0;
}
