#include "policy/owner_daily.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/util.h"
#include "policy/fees.h"
#include "policy/late/late.h"
#include "policy/own_entry.h"
#include "policy/report/facts.h"

enum {
	DAY = 86400,
	REVIEW_OPEN = 7 * DAY, /* so long after a review its entry shows what led to it */
	MONTH_DAY_MAX = 28,    /* that every month has */
	ERASE_MAX = 2000,      /* entries at once */
};

struct day {
	const struct event_request *rq;
	const char *owner;
	struct arena *mem;
	struct facts facts;
};

/* ---- months ---- */

/* 00:00 of the day so many months after (or before) an instant, in that zone. */
static int64_t months_from(const struct zone *zone, int64_t from, int64_t months)
{
	struct wall w;
	int64_t month;

	zone_from_utc(zone, from, &w);
	month = w.year * INT64_C(12) + w.month - 1 + months;
	w = (struct wall){ .year = (int)(month / 12), .month = (int)(month % 12) + 1,
		.day = w.day < MONTH_DAY_MAX ? w.day : MONTH_DAY_MAX };
	return zone_to_utc(zone, &w);
}

static const struct policy *late_policy(const struct day *d, const char *name)
{
	const struct policy *p = policy_find(d->rq->policies, name);

	return p && p->module == dedit_policy_late() ? p : NULL;
}

/* ---- review-terms ---- */

/* A client by its bookings: the first one, and the last slot entry. */
struct client { const char *key; int64_t first; const struct policy_incident *last; struct client *next; };

static struct client *find_clients(const struct day *d)
{
	struct client *all = NULL, **end = &all;

	for (size_t n = 0; n < d->facts.entries.count; n++) {
		const struct entry *entry = &d->facts.entries.entries[n];
		struct client *c = all;

		if (strcmp(entry->kind, KIND_SLOT) != 0 || !*entry->i.client)
			continue;
		while (c && strcmp(c->key, entry->i.client) != 0)
			c = c->next;
		if (!c) {
			c = arena_alloc(d->mem, sizeof(*c));
			*c = (struct client){ .key = entry->i.client, .first = entry->i.acquired };
			*end = c;
			end = &c->next;
		}
		c->last = &entry->i;
	}
	return all;
}

static bool is_open(uint32_t state)
{
	return state == POLICY_PROPOSED || state == POLICY_PENDING || state == POLICY_DUE ||
		state == POLICY_DISPUTED;
}

static void add_money(struct late_review *r, const struct policy_incident *i)
{
	size_t n = 0;

	if (!i || i->charge == 0 || i->state == POLICY_VOID)
		return;
	while (n < r->currencies && strcmp(r->money[n].currency, i->currency) != 0)
		n++;
	if (n == ARRAY_SIZE(r->money))
		return;
	r->money[n].currency = i->currency;
	r->money[n].assessed += i->charge;
	r->money[n].open += is_open(i->state) ? i->charge : 0;
	r->currencies += n == r->currencies;
}

/* False: nothing since, and nothing to come. */
static bool count_facts(const struct day *d, const struct client *c, int64_t since, struct late_review *r)
{
	bool active = false;

	for (size_t n = 0; n < d->facts.count; n++) {
		const struct fact *f = &d->facts.at[n];

		if (strcmp(f->client, c->key) != 0 || (f->how != ENDING_OPEN && f->ended < since))
			continue;
		active = true;
		r->kept += f->how == ENDING_KEPT;
		r->in_time += fact_is_in_time(f);
		r->absent += f->how == ENDING_ABSENT;
		r->late += fact_is_late(f) && f->how != ENDING_ABSENT;
		r->ours += fact_is_owners(f);
		add_money(r, f->loss);
	}
	return active;
}

/* The last review, or the first booking; one that has just been is still under way. */
static int64_t last_review(const struct zone *zone, int64_t first, int64_t months, int64_t now)
{
	int64_t last = first, next;

	for (int64_t n = months; (next = months_from(zone, first, n)) <= now - REVIEW_OPEN; n += months)
		last = next;
	return last;
}

static int keep_review(const struct day *d, const struct client *c, const struct policy *p, int64_t months,
	const char *name, struct plan *plan, struct err *e)
{
	int64_t start = months_from(p->zone, c->first, months);
	struct late_review r = { .since = last_review(p->zone, c->first, months, d->rq->now) };
	struct wall w;
	bool changed;

	if (!count_facts(d, c, r.since, &r))
		return own_entry_drop(plan, d->owner, name, &changed, e);
	late_review_texts(p->self, c->last, &r, d->mem);
	zone_from_utc(p->zone, start, &w);
	const struct own_entry entry = { .name = name, .title = r.title, .note = r.note, .related = "",
		.start = arena_printf(d->mem, ";VALUE=DATE:%04d%02d%02d", w.year, w.month, w.day),
		.rule = arena_printf(d->mem, "FREQ=MONTHLY;INTERVAL=%d", (int)months), .stamp = c->first };

	return own_entry_keep(plan, d->owner, &entry, &changed, e);
}

static int plan_reviews(const struct day *d, struct plan *plan, struct err *e)
{
	for (const struct client *c = find_clients(d); c; c = c->next) {
		const char *name = own_entry_name("review", c->key, d->mem);
		const struct policy *p = late_policy(d, c->last->policy);
		int64_t months = p ? late_review_months(p->self, c->last, d->rq->now, d->mem) : 0;
		bool changed;

		if (months ? keep_review(d, c, p, months, name, plan, e) :
				own_entry_drop(plan, d->owner, name, &changed, e))
			return -1;
	}
	return 0;
}

/* ---- keep-incidents ---- */

/* What the ledger has of one date of one event. */
struct date {
	const char *uid, *occurrence;
	int64_t newest;
	int64_t before;                     /* too old are those that end before; INT64_MIN: none */
	bool told;                          /* an entry with a policy was seen */
	bool series, open, gone;            /* gone: may be erased */
};
struct dates { struct date *at; size_t count; }; /* by UID and occurrence */

static int compare_dates(const void *a, const void *b)
{
	const struct date *x = a, *y = b;
	int uid = strcmp(x->uid, y->uid);

	return uid ? uid : strcmp(x->occurrence, y->occurrence);
}

static struct date *find_date(const struct dates *all, const char *uid, const char *occurrence)
{
	const struct date key = { .uid = uid, .occurrence = occurrence };

	return all->count ? bsearch(&key, all->at, all->count, sizeof(key), compare_dates) : NULL;
}

/* Each once. */
static void make_dates(const struct day *d, struct dates *all)
{
	size_t kept = 0;

	*all = (struct dates){ arena_array(d->mem, d->facts.entries.count, sizeof(*all->at)), 0 };
	for (size_t n = 0; n < d->facts.entries.count; n++) {
		const struct policy_incident *i = &d->facts.entries.entries[n].i;

		if (*i->uid)
			all->at[all->count++] = (struct date){ .uid = i->uid, .occurrence = i->occurrence,
				.newest = INT64_MIN, .before = INT64_MIN };
	}
	if (all->count)
		qsort(all->at, all->count, sizeof(*all->at), compare_dates);
	for (size_t n = 0; n < all->count; n++) {
		if (!kept || compare_dates(&all->at[kept - 1], &all->at[n]) != 0)
			all->at[kept++] = all->at[n];
	}
	all->count = kept;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Until when everything is too old for that policy; INT64_MIN: it is kept for ever. */
static int64_t cutoff(const struct day *d, const struct policy_incident *i)
{
	const struct policy *p = late_policy(d, i->policy);
	int64_t months = p ? late_keep_months(p->self, i, d->rq->now, d->mem) : 0;

	return months ? months_from(p->zone, d->rq->now, -months) : INT64_MIN;
}

/* Several clients may hold a date, each with a time of its own: the longest one counts. */
static void keep_longest(struct date *x, int64_t before)
{
	x->before = !x->told || before < x->before ? before : x->before;
	x->told = true;
}

static void collect_dates(const struct day *d, struct dates *all)
{
	make_dates(d, all);
	for (size_t n = 0; n < d->facts.entries.count; n++) {
		const struct policy_incident *i = &d->facts.entries.entries[n].i;
		struct date *x = *i->uid ? find_date(all, i->uid, i->occurrence) : NULL;

		if (!x)
			continue;
		x->newest = later(x->newest, later(i->at, later(i->slot, i->slot_end)));
		x->series = x->series || strcmp(i->outcome, "series") == 0;
		if (*i->policy)
			keep_longest(x, cutoff(d, i));
	}
}

static int mark_open(const struct day *d, const struct dates *all, struct err *e)
{
	const struct fee_filter filter = { .owner = d->owner };
	struct fee_list fees;

	if (fees_list(d->rq->store, &filter, d->mem, &fees, e))
		return -1;
	for (size_t n = 0; n < fees.count; n++) {
		struct date *x = find_date(all, fees.fees[n].incident.uid, fees.fees[n].incident.occurrence);

		if (x)
			x->open = x->open || is_open(fees.fees[n].state);
	}
	return 0;
}

/* 1: the event is in that calendar, and has dates that aren't too old; 0: not; -1. */
static int stands_in(const struct day *d, const char *calendar, const char *uid, int64_t since, struct err *e)
{
	struct collection c;
	struct object found;
	struct err why;

	if (store_collection(d->rq->store, d->owner, calendar, d->mem, &c, &why) ||
		store_find_uid(d->rq->store, c.id, uid, d->mem, &found, &why))
		return why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s", why.text);
	return found.last >= since;
}

/* The same for all calendars of the owner. */
static int stands(const struct day *d, const char *uid, int64_t since, struct err *e)
{
	const struct policy_set *set = d->rq->policies;
	int rc = 0;

	for (size_t n = 0; n < set->calendar_count && rc == 0; n++) {
		if (strcmp(set->calendars[n].owner, d->owner) == 0)
			rc = stands_in(d, set->calendars[n].name, uid, since, e);
	}
	return rc;
}

/* Is there another date of it that stays? They stand beside it. */
static bool others_stay(const struct dates *all, const struct date *series)
{
	for (const struct date *x = series + 1; x < all->at + all->count && strcmp(x->uid, series->uid) == 0; x++) {
		if (!x->gone)
			return true;
	}
	return false;
}

static int mark_series(const struct day *d, const struct dates *all, struct date *series, struct err *e)
{
	int stays = others_stay(all, series) ? 1 : stands(d, series->uid, series->before, e);

	series->gone = stays == 0;
	return stays < 0 ? -1 : 0;
}

/* Dates first, then series none of whose dates is left. */
static int mark_gone(const struct day *d, const struct dates *all, struct err *e)
{
	struct date *const end = all->at + all->count;

	for (struct date *x = all->at; x < end; x++)
		x->gone = !x->series && !x->open && x->newest < x->before;
	for (struct date *x = all->at; x < end; x++) {
		if (x->series && !x->open && x->newest < x->before && mark_series(d, all, x, e))
			return -1;
	}
	return 0;
}

static bool client_stays(const struct day *d, const struct dates *all, const char *client)
{
	for (size_t n = 0; n < d->facts.entries.count; n++) {
		const struct policy_incident *i = &d->facts.entries.entries[n].i;
		const struct date *x = *i->uid && strcmp(i->client, client) == 0 ?
			find_date(all, i->uid, i->occurrence) : NULL;

		if (x && !x->gone)
			return true;
	}
	return false;
}

static bool is_gone(const struct day *d, const struct dates *all, const struct entry *entry)
{
	const struct date *x = *entry->i.uid ? find_date(all, entry->i.uid, entry->i.occurrence) : NULL;

	if (x)
		return x->gone;
	return strcmp(entry->kind, KIND_ACCEPTED) == 0 && entry->i.at < cutoff(d, &entry->i) &&
		!client_stays(d, all, entry->i.client);
}

/* ---- erasing ---- */

struct erasing {
	const struct day *day;
	struct plan *plan;
	struct ledger_erasure list[ERASE_MAX];
	size_t count;
	json_t *ranges, *counts;
};

static void add_range(json_t *ranges, uint64_t seq)
{
	size_t n = json_array_size(ranges);
	json_t *last = n ? json_array_get(ranges, n - 1) : NULL;

	if (last && (uint64_t)json_integer_value(json_array_get(last, 1)) + 1 == seq)
		json_array_set_new(last, 1, json_integer((json_int_t)seq));
	else
		json_array_append_new(ranges, json_pack("[II]", (json_int_t)seq, (json_int_t)seq));
}

/* What is left says nothing of anybody: how many of a kind in a month, and their sum. */
static void add_count(json_t *counts, const struct policy_incident *i)
{
	char date[ISO_DATE_SIZE], key[64];
	json_t *sum;

	iso_date(i->slot, date);
	snprintf(key, sizeof(key), "%.7s %s %s %s", date, i->class_, state_name(i->state), i->currency);
	sum = json_object_get(counts, key);
	if (!sum) {
		sum = json_pack("[II]", (json_int_t)0, (json_int_t)0);
		json_object_set_new(counts, key, sum);
	}
	json_array_set_new(sum, 0, json_integer(json_integer_value(json_array_get(sum, 0)) + 1));
	json_array_set_new(sum, 1, json_integer(json_integer_value(json_array_get(sum, 1)) + i->charge));
}

static int erase_entry(struct erasing *x, const struct entry *entry, struct err *e)
{
	bool changed;

	x->list[x->count++] = (struct ledger_erasure){ x->day->owner, entry->seq };
	add_range(x->ranges, entry->seq);
	if (!entry->incident)
		return 0;
	add_count(x->counts, &entry->i);
	return *entry->i.ref ? own_entry_drop(x->plan, x->day->owner, entry->i.ref, &changed, e) : 0;
}

static char *erasure_text(const struct erasing *x)
{
	uint8_t raw[16];
	char salt[base64url_size(sizeof(raw))];
	json_t *object;
	char *text;

	random_bytes(raw, sizeof(raw));
	base64url(raw, sizeof(raw), salt);
	object = json_pack("{ssssss sOsO}", "class", KIND_ERASED, "by", "timer", "salt", salt, "erased", x->ranges,
		"counts", x->counts);
	text = json_dumps(object, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(object);
	return text;
}

static int commit_erasure(struct erasing *x, struct err *e)
{
	cleanup_free char *text = erasure_text(x);
	const struct ledger_row row = { .owner = x->day->owner, .when = x->day->rq->now, .kind = KIND_ERASED,
		.ref = "", .client = "", .uid = "", .text = text };
	struct commit c = { .now = x->day->rq->now, .change = x->plan->changes, .changes = x->plan->change_count,
		.ledger = &row, .ledgers = 1, .erase = x->list, .erasures = x->count };

	return text ? store_commit(x->day->rq->store, &c, e) : err_set(e, ERR_INTERNAL, "out of memory");
}

static int erase_gone(const struct day *d, const struct dates *all, struct plan *plan, struct err *e)
{
	struct erasing *x = arena_alloc(d->mem, sizeof(*x));
	int rc = 0;

	*x = (struct erasing){ .day = d, .plan = plan, .ranges = json_array(), .counts = json_object() };
	for (size_t n = 0; n < d->facts.entries.count && x->count < ERASE_MAX && rc == 0; n++) {
		if (is_gone(d, all, &d->facts.entries.entries[n]))
			rc = erase_entry(x, &d->facts.entries.entries[n], e);
	}
	if (rc == 0 && x->count)
		rc = commit_erasure(x, e);
	json_decref(x->ranges);
	json_decref(x->counts);
	return rc < 0 ? -1 : (int)x->count;
}

/* How many were erased, or -1. */
static int erase_some(const struct day *d, struct err *e)
{
	struct plan plan = { .store = d->rq->store, .mem = d->mem, .now = d->rq->now };
	struct dates all;

	collect_dates(d, &all);
	if (mark_open(d, &all, e) || mark_gone(d, &all, e))
		return -1;
	return erase_gone(d, &all, &plan, e);
}

/* ---- a day ---- */

static int read_day(struct day *d, const struct event_request *rq, const char *owner, struct arena *mem,
	struct err *e)
{
	const struct facts_query q = { rq->store, rq->policies, rq->limits, owner, rq->now };

	*d = (struct day){ .rq = rq, .owner = owner, .mem = mem };
	return facts_read(&q, mem, &d->facts, e);
}

static int erase_all(const struct event_request *rq, const char *owner, struct err *e)
{
	int erased;

	do {
		cleanup_arena struct arena *mem = arena_create();
		struct day d;

		erased = read_day(&d, rq, owner, mem, e) ? -1 : erase_some(&d, e);
	} while (erased == ERASE_MAX);
	return erased < 0 ? -1 : 0;
}

static int review_all(const struct event_request *rq, const char *owner, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct plan plan = { .store = rq->store, .mem = mem, .now = rq->now };
	struct day d;

	if (read_day(&d, rq, owner, mem, e) || plan_reviews(&d, &plan, e))
		return -1;
	/* what moved meanwhile is looked at again the next time */
	return plan.change_count && plan_commit(&plan, e) < 0 ? -1 : 0;
}

static bool is_asked(const struct policy_set *set)
{
	for (size_t n = 0; n < set->policy_count; n++) {
		if (set->policies[n].module == dedit_policy_late() && late_asks_daily(set->policies[n].self))
			return true;
	}
	return false;
}

static int take_review(const struct object *o, void *arg)
{
	return str_starts(o->name, "review-");
}

/* Reviews that an earlier text asked for have to go. 1, 0, or -1. */
static int has_reviews(const struct event_request *rq, const char *owner, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct collection fees;
	struct err why;

	if (store_collection(rq->store, owner, FEES_CALENDAR, mem, &fees, &why))
		return why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s", why.text);
	return store_list(rq->store, fees.id, ICAL_VEVENT, INT64_MIN, INT64_MAX, take_review, NULL, NULL, e);
}

/* Reads all of the owner's ledger, but only where something is asked for. */
static int owner_daily(const struct event_request *rq, const char *owner, struct err *e)
{
	int needed = is_asked(rq->policies) ? 1 : has_reviews(rq, owner, e);

	if (needed <= 0)
		return needed;
	return erase_all(rq, owner, e) || review_all(rq, owner, e) ? -1 : 0;
}

static bool had_turn(const struct policy_set *set, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		if (strcmp(set->calendars[k].owner, set->calendars[n].owner) == 0)
			return true;
	}
	return false;
}

int owners_daily(const struct event_request *rq, struct err *e)
{
	const struct policy_set *set = rq->policies;
	int rc = 0;

	for (size_t n = 0; n < set->calendar_count; n++) {
		const char *owner = set->calendars[n].owner;
		struct err why;

		if (had_turn(set, n))
			continue;
		if (owner_daily(rq, owner, &why))
			rc = err_set(e, why.code, "the day of %s: %s", owner, why.text);
	}
	return rc;
}
