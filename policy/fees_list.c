/* The ledger's entries as a list of incidents, each in its last state. */
#include "policy/fees.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/zone.h"
#include "policy/late/fold.h"

/* ---- entries to incidents ---- */

/* Incidents by reference: each is listed behind the younger ones of its bucket. */
struct book {
	struct fee *fees;
	size_t count;
	size_t *buckets, *older; /* numbers from 1 on; 0: none */
	size_t bucket_count;     /* a power of two */
};

static size_t bucket_of(const struct book *b, const char *ref)
{
	return (size_t)(str_hash(ref) & (b->bucket_count - 1));
}

static void book_make(struct book *b, size_t entries, struct arena *mem)
{
	*b = (struct book){ .bucket_count = 16 };
	while (b->bucket_count < entries)
		b->bucket_count *= 2;
	b->fees = arena_array(mem, entries, sizeof(*b->fees));
	b->older = arena_array(mem, entries, sizeof(*b->older));
	b->buckets = arena_array(mem, b->bucket_count, sizeof(*b->buckets));
}

static void book_add(struct book *b, const struct entry *entry)
{
	size_t bucket = bucket_of(b, entry->i.ref);

	b->older[b->count] = b->buckets[bucket];
	b->fees[b->count] = (struct fee){ .incident = entry->i, .owner = entry->owner, .seq = entry->seq,
		.changed = entry->when, .state = entry->i.state };
	b->buckets[bucket] = ++b->count;
}

/* A later entry about an incident changes its state: one that takes it back, or the same incident in a new
 * state. true: that's what the entry is, so it is none by itself. */
static bool fee_follows(struct fee *fee, const struct entry *later)
{
	if (strcmp(fee->owner, later->owner) != 0 || fee->state == POLICY_VOID)
		return false;
	if (strcmp(fee->incident.ref, later->i.supersedes) == 0) {
		fee->state = later->i.state;
		fee->changed = later->when;
	}
	if (!incident_same(&fee->incident, &later->i) || strcmp(fee->incident.ref, later->i.ref) != 0)
		return false;
	fee->state = later->i.state;
	fee->changed = later->when;
	fee->incident = later->i;
	return true;
}

static bool follow_ref(struct book *b, const char *ref, const struct entry *later)
{
	if (!*ref)
		return false;
	for (size_t n = b->buckets[bucket_of(b, ref)]; n; n = b->older[n - 1]) {
		if (fee_follows(&b->fees[n - 1], later))
			return true;
	}
	return false;
}

static bool book_follow(struct book *b, const struct entry *later)
{
	const char *taken_back = later->i.supersedes;

	if (strcmp(taken_back, later->i.ref) != 0 && follow_ref(b, taken_back, later))
		return true;
	return follow_ref(b, later->i.ref, later);
}

/* ---- what is asked for ---- */

static const struct zone *owners_zone(const struct policy_set *set, const char *owner)
{
	for (size_t n = 0; set && n < set->calendar_count; n++) {
		if (strcmp(set->calendars[n].owner, owner) == 0)
			return set->calendars[n].policy->zone;
	}
	return zone_utc();
}

const struct zone *fee_zone(const struct policy_set *set, const struct fee *f)
{
	const struct policy *policy = set ? policy_find(set, f->incident.policy) : NULL;

	return policy ? policy->zone : owners_zone(set, f->owner);
}

/* The key of a client without an address is the name without case and accents (15.2). */
const char *fee_client(const struct fee *f)
{
	const struct policy_incident *i = &f->incident;

	return strchr(i->client, '@') || !*i->title ? i->client : i->title;
}

const char *fee_professional(struct store *s, const char *owner, struct arena *mem)
{
	struct account account;
	struct err e;

	if (store_account(s, owner, mem, &account, &e) < 0 || !account.displayname || !*account.displayname)
		return owner;
	return account.displayname;
}

static bool client_matches(const struct fee *f, const char *folded, struct arena *mem)
{
	return strcmp(text_folded(f->incident.client, mem), folded) == 0 ||
		strcmp(text_folded(f->incident.title, mem), folded) == 0;
}

static bool day_matches(const struct fee *f, const struct fee_filter *filter)
{
	struct wall w;
	int64_t day;

	zone_from_utc(fee_zone(filter->policies, f), f->incident.at, &w);
	day = days_from_civil(w.year, w.month, w.day);
	return day >= filter->first_day && day <= filter->last_day;
}

static bool fee_matches(const struct fee *f, const struct fee_filter *filter, const char *client,
	struct arena *mem)
{
	return (!filter->ref || strcmp(filter->ref, f->incident.ref) == 0) &&
		(!filter->states || filter->states >> f->state & 1) &&
		(!filter->by_day || day_matches(f, filter)) && (!client || client_matches(f, client, mem));
}

int fees_list(struct store *s, const struct fee_filter *filter, struct arena *mem, struct fee_list *out,
	struct err *e)
{
	const struct ledger_query q = { .owner = filter->owner, .uid = filter->uid, .incidents_only = true };
	const char *client = filter->client ? text_folded(filter->client, mem) : NULL;
	struct entry_list entries = { 0 };
	struct fee_list list = { 0 };
	struct book book;

	if (ledger_read(s, &q, mem, &entries, e))
		return -1;
	for (size_t n = 0; filter->also && n < filter->also->count; n++) {
		if (filter->also->entries[n].incident)
			*entry_add(&entries, mem) = filter->also->entries[n];
	}
	book_make(&book, entries.count, mem);
	for (size_t n = 0; n < entries.count; n++) {
		if (!book_follow(&book, &entries.entries[n]))
			book_add(&book, &entries.entries[n]);
	}
	list.fees = book.fees;
	for (size_t n = 0; n < book.count; n++) {
		if (fee_matches(&book.fees[n], filter, client, mem))
			list.fees[list.count++] = book.fees[n];
	}
	for (size_t n = 0; n < list.count; n++)
		list.fees[n].state_name = state_name(list.fees[n].state);
	*out = list;
	return 0;
}

int fee_states(const char *list, uint32_t *out)
{
	char name[16];

	*out = 0;
	for (const char *at = list;; at += strcspn(at, ",") + 1) {
		int state = snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, ","), at) < (int)sizeof(name) ?
			state_find(name) : -1;

		if (state < 0)
			return -1;
		*out |= UINT32_C(1) << state;
		if (!strchr(at, ','))
			return 0;
	}
}

/* ---- sums ---- */

static void sums_add(struct fee_sums *s, const struct fee *f)
{
	const struct policy_incident *i = &f->incident;

	s->count++;
	switch (f->state) {
	case POLICY_PROPOSED:
	case POLICY_PENDING:
		s->undecided += i->charge;
		return;
	case POLICY_DUE:
	case POLICY_DISPUTED:
		s->paid += i->deposit;
		s->open += i->charge - i->deposit;
		break;
	case POLICY_PAID:
		s->paid += i->charge;
		break;
	case POLICY_WAIVED:
	case POLICY_CREDITED:
		s->waived += i->charge;
		break;
	default:
		return;
	}
	s->assessed += i->charge;
	s->credit += i->credit + i->refund;
}

void fee_sums_add(struct fee_sums *list, size_t *count, const struct fee *f)
{
	const char *currency = f->incident.currency;
	size_t at = 0;

	if (!*currency)
		return;
	while (at < *count && strcmp(list[at].currency, currency) != 0)
		at++;
	if (at == *count)
		list[(*count)++] = (struct fee_sums){ .currency = currency };
	sums_add(&list[at], f);
}
