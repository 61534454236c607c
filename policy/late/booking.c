#include "policy/late/booking.h"

#include <string.h>

#include "base/util.h"
#include "policy/late/directive.h"
#include "policy/late/fold.h"
#include "policy/late/slot.h"
#include "policy/late/word_acts.h"
#include "policy/late/word_seen.h"

enum { NUMBERS_MAX = 16 };

static bool same_price(const struct money *m, const struct policy_incident *i)
{
	return m->minor == i->price && strcmp(m->currency, i->currency) == 0;
}

/* A price in the title counts if the owner's side wrote it: now, or for this client once before. A client's
 * program that splits a series or makes an event again sends the owner's title with it. */
static int trust_title(struct deal *d)
{
	const struct policy_incident *series = entries_series(&d->entries, d->c->uid);
	const struct policy_query query = { .size = sizeof(query), .client = d->client };
	const struct entries *list = &d->entries;
	struct entries all;

	d->title_trusted = d->c->role != POLICY_CLIENT || (series && same_price(&d->words.price, series));
	if (d->title_trusted || d->words.price.minor < 0)
		return 0;
	if (!series) { /* else the first of its dates has asked */
		if (entries_load(d->host, d->sink, &query, d->mem, &all))
			return -1;
		list = &all;
	}
	for (size_t n = 0; n < list->count && !d->title_trusted; n++)
		d->title_trusted = same_price(&d->words.price, &list->at[n]);
	return 0;
}

/* The price is fixed with the slot (15, 2). */
static struct money price_now(const struct deal *d, const struct rules *r, int64_t seconds)
{
	if ((d->fresh & WORD_PRICE) && d->said.price.minor >= 0)
		return d->said.price;
	if (r->price_from_title && d->title_trusted && d->words.price.minor >= 0)
		return d->words.price;
	if (r->price_from_title && d->title_trusted && d->words.price_unclear)
		return (struct money){ .minor = -1 }; /* another one than meant would be worse */
	if (rules_has(r, DIRECTIVE_price))
		return r->price;
	if (rules_has(r, DIRECTIVE_rate))
		return fee_rate(&r->rate, seconds);
	return (struct money){ .minor = -1 };
}

const char *booking_version(const struct deal *d, int64_t acquired)
{
	const char *version = rules_version(d->text, acquired);

	return *version ? version : rules_options(d->text)->digest;
}

/* Of another client's slot at that time neither the reference: his incident has it. */
static const char *ref_now(const struct deal *d)
{
	const struct slot *there = chain_find((struct chain *)(uintptr_t)&d->chain, d->c->after.start);

	return *d->c->ref && !(there && there->loss && deal_is_other_client(d, there->client)) ? d->c->ref :
		d->c->fresh_ref;
}

static struct slot slot_now(const struct deal *d)
{
	const struct policy_when *when = &d->c->after;
	struct slot s = {
		.start = when->start, .end = when->end, .acquired = d->t, .anchor = when->start,
		.client = d->client, .title = *d->words.client ? d->words.client : d->client,
		.service = d->service, .priced = (d->fresh & WORD_PRICE) && d->said.price.minor >= 0,
		.version = booking_version(d, d->t), .digest = rules_options(d->text)->digest,
		.ref = ref_now(d),
	};
	const struct rules_key key = slot_key(d, &s);
	struct rules r;

	rules_for(d->text, d->t, &key, s.start, &r);
	s.price = price_now(d, &r, s.end > s.start ? s.end - s.start : 0);
	return s;
}

/* What is booked again costs what it did, unless somebody may say otherwise. */
static struct slot slot_again(const struct deal *d, const struct slot *earlier)
{
	struct slot s = slot_now(d);

	if (s.price.minor < 0)
		s.price = earlier->price;
	return s;
}

bool booking_is_appointment(const struct deal *d)
{
	const struct policy_change *c = d->c;
	struct rules r;

	if (!*d->client || ascii_casecmp(c->status, "TENTATIVE") == 0 || ascii_casecmp(c->status, "CANCELLED") == 0)
		return false;
	if (ascii_casecmp(c->transp, "TRANSPARENT") == 0)
		return false;
	if (words_private(d))
		return false;
	rules_for(d->text, d->t, &(struct rules_key){ d->client, "", d->service }, c->after.start, &r);
	return !((c->flags & POLICY_ALL_DAY) && r.no_all_day);
}

/* A series has one entry that holds for all its dates (15, 21). */
static int book_series(struct deal *d, const struct slot *s)
{
	struct slot series = *s;

	if (!(d->c->flags & POLICY_SERIES) || entries_series(&d->entries, d->c->uid))
		return 0;
	series.ref = deal_second_ref(d); /* the date may need the first for a fee of its own */
	return deal_tell_slot(d, &series, "series", "");
}

/* An appointment begins. A date of a series has an entry of its own if it differs, or is so near that it may
 * be lost late: then it can be found by its time. */
static int book(struct deal *d, const struct slot *s)
{
	const struct policy_incident *series = entries_series(&d->entries, d->c->uid);

	if (series && (d->c->flags & POLICY_SERIES) && s->start > d->t + rules_longest(d->text) &&
			series->acquired == s->acquired && series->price == s->price.minor &&
			strcmp(series->client, s->client) == 0 && d->chain.count == 0) {
		chain_assume(&d->chain, s);
		return 0;
	}
	return deal_tell_slot(d, s, "new-booking", NULL) || words_refilled(d, s->start) ? -1 : 0;
}

/* Looks at one UID's slot. 1: it is what is looked for. */
static int look_at(struct deal *d, const struct policy_incident *hint, bool lost, struct elsewhere *out)
{
	const struct policy_query there = { .size = sizeof(there), .uid = hint->uid,
		.client = *d->c->attendee ? d->c->attendee : NULL };
	struct chain chain;
	struct slot *s;

	if (entries_load(d->host, d->sink, &there, d->mem, &out->entries))
		return -1;
	chain_make(&out->entries, hint->uid, hint->occurrence, &chain);
	s = chain_find(&chain, hint->slot);
	if (!s || (lost ? !s->loss || !entry_ends(s->loss) : s != chain.current))
		return 0;
	out->uid = hint->uid;
	out->occurrence = hint->occurrence;
	out->slot = *s;
	out->loss = s->loss;
	return 1;
}

int booking_elsewhere(struct deal *d, const char *client, int64_t start, bool lost, struct elsewhere *out)
{
	const struct policy_query here = { .size = sizeof(here), .client = client, .slot = start };
	struct entries list;
	int found = 0;

	*out = (struct elsewhere){ .uid = NULL };
	if (entries_load(d->host, d->sink, &here, d->mem, &list))
		return -1;
	for (size_t n = list.count; n-- > 0 && found == 0;) {
		if (strcmp(list.at[n].uid, d->c->uid))
			found = look_at(d, &list.at[n], lost, out);
	}
	return found < 0 ? -1 : 0;
}

/* What the other UID would hold and have charged without the loss that is taken back. */
static void bring_along(struct elsewhere *there, struct policy_incident *i)
{
	struct entries *list = &there->entries;
	struct chain chain;
	size_t kept = 0;

	for (size_t n = 0; n < list->count; n++) {
		if (&list->at[n] != there->loss)
			list->at[kept++] = list->at[n];
	}
	list->count = kept;
	chain_make(list, there->uid, there->occurrence, &chain);
	i->hold = chain.hold.minor;
	i->state = chain.hold_proposed ? POLICY_PROPOSED : POLICY_NONE;
	i->charge = chain_charged(&chain, list, there->uid, there->occurrence, there->slot.price.currency);
}

static int close_there(struct deal *d, const struct elsewhere *there)
{
	struct policy_incident gone = deal_incident(d, &there->slot, "slot", PARTY_CLIENT);

	gone.uid = there->uid;
	gone.occurrence = there->occurrence;
	gone.supersedes = there->slot.ref;
	gone.outcome = "closed";
	return deal_tell(d, &gone);
}

/* The slot goes on here on its old terms; there nothing is left of it. */
static int take_over(struct deal *d, struct elsewhere *there, int64_t end)
{
	struct policy_incident here;
	struct slot s = there->slot;

	s.end = end;
	here = deal_incident(d, &s, "slot", PARTY_CLIENT);
	here.outcome = "new-booking";
	here.notice = 0;
	here.basis = s.digest;
	if (close_there(d, there))
		return -1;
	bring_along(there, &here);
	return deal_tell(d, &here);
}

static int continue_slot(struct deal *d, struct elsewhere *there)
{
	struct policy_incident back = deal_incident(d, &there->slot, "reinstated", PARTY_CLIENT);

	back.uid = there->uid;
	back.occurrence = there->occurrence;
	back.outcome = "void";
	back.state = POLICY_VOID;
	back.supersedes = there->slot.ref;
	return deal_tell(d, &back) || take_over(d, there, d->c->after.end) ? -1 : 0;
}

/* The RECURRENCE-ID that a date had before: where the slot was closed with which this one began, or NULL. */
static const char *number_before(const struct deal *d, const char *occurrence)
{
	const struct policy_incident *at = d->entries.at;

	for (size_t n = d->entries.count; n-- > 0;) {
		if (!entry_is_of(&at[n], d->c->uid, occurrence) || strcmp(at[n].outcome, "new-booking"))
			continue;
		for (size_t k = 0; k < n; k++) {
			if (strcmp(at[k].ref, at[n].ref) == 0 && strcmp(at[k].outcome, "closed") == 0 &&
					strcmp(at[k].uid, d->c->uid) == 0)
				return at[k].occurrence;
		}
	}
	return NULL;
}

/* Moved back by its rule: the slot lost by a move under one of its earlier numbers. */
static bool find_way_back(const struct deal *d, struct chain *chain, struct elsewhere *out)
{
	const char *key = d->c->old_occurrence;

	if (d->c->kind != POLICY_MOVED || d->t >= d->c->after.start)
		return false;
	for (int n = 0; key && n < NUMBERS_MAX; n++, key = number_before(d, key)) {
		const struct slot *s;

		chain_make(&d->entries, d->c->uid, key, chain);
		s = chain_find(chain, d->c->after.start);
		if (s && s->loss && !entry_ends(s->loss)) {
			*out = (struct elsewhere){ .uid = d->c->uid, .occurrence = key, .slot = *s, .loss = s->loss };
			return true;
		}
	}
	return false;
}

/* Attributed to the client, as each move is that can be taken back (3.4). */
static bool may_go_back(const struct deal *d, const struct slot *s)
{
	struct terms terms;
	struct blame blame;

	slot_terms(d, s, d->t, &terms);
	return deal_attribute(d, s, &terms.rules, &blame) == PARTY_CLIENT;
}

int booking_renumbered(struct deal *d)
{
	const struct policy_change *c = d->c;
	struct elsewhere there = { .uid = c->uid, .occurrence = c->old_occurrence }, back;
	struct chain chain, earlier;

	if (!c->old_occurrence || strcmp(c->old_occurrence, c->occurrence) == 0)
		return 0;
	chain_make(&d->entries, c->uid, c->old_occurrence, &chain);
	chain_choose(&chain, c->before.start);
	if (!*c->occurrence && chain.count == 0 && deal_date_of_series(d, &there.slot))
		return deal_tell_slot(d, &there.slot, "new-booking", NULL); /* a series no more */
	if (!chain.current)
		return 0;
	there.slot = *chain.current;
	there.entries = deal_copy(d);
	if (may_go_back(d, &there.slot) && find_way_back(d, &earlier, &back)) {
		back.entries = there.entries;
		back.loss = back.entries.at + (back.loss - d->entries.at);
		if (strcmp(back.occurrence, there.occurrence) && close_there(d, &there))
			return -1;
		return continue_slot(d, &back);
	}
	return take_over(d, &there, there.slot.end);
}

static int reappear_elsewhere(struct deal *d, struct elsewhere *there)
{
	struct slot s = slot_again(d, &there->slot);

	if (d->t >= there->slot.start)
		return deal_tell_slot(d, &s, "new-booking", NULL);
	if (entry_is(there->loss, "on-time-cancel") && there->loss->charge == 0)
		return deal_tell_slot(d, &s, "rebooked", NULL);
	return continue_slot(d, there);
}

/* A slot of this UID that was lost is there again (3.5, un-cancelled). */
static int reappear(struct deal *d, const struct slot *lost)
{
	bool after_start = d->t >= lost->start;
	struct slot s;

	if (after_start && !deal_by_owner(d->c))
		return 0;
	if (!entry_is(lost->loss, "on-time-cancel") || lost->loss->charge > 0)
		return slot_reinstate(d, lost);
	s = slot_again(d, lost);
	s.ref = lost->ref;
	return deal_tell_slot(d, &s, "rebooked", NULL);
}

/* The slot as this client lost it, if another one had it since. */
static bool lost_before(const struct deal *d, struct slot *out)
{
	for (size_t n = d->entries.count; n-- > 0;) {
		const struct policy_incident *i = &d->entries.at[n];

		if (!entry_is_of(i, d->c->uid, d->c->occurrence) || !entry_ends(i) || i->slot != d->c->after.start ||
				strcmp(i->client, d->client))
			continue;
		*out = (struct slot){
			.start = i->slot, .end = i->slot_end, .acquired = i->acquired, .anchor = i->anchor,
			.price = { .minor = i->price }, .client = i->client, .title = i->title,
			.version = i->version, .digest = "", .ref = i->ref, .loss = i, .service = i->service,
			.deposit = i->deposit + i->refund,
		};
		memcpy(out->price.currency, i->currency, strnlen(i->currency, CURRENCY_SIZE - 1));
		return true;
	}
	return false;
}

int booking_made(struct deal *d)
{
	struct slot *known = chain_find(&d->chain, d->c->after.start);
	struct elsewhere there;
	struct slot s, lost;

	if (known && known == d->chain.current)
		return deal_by_owner(d->c) ? booking_renamed(d) : 0;
	if (d->c->flags & POLICY_INVITED)
		return 0; /* not committed (3.3) */
	if (trust_title(d))
		return -1;
	if (known && known->loss) {
		lost = *known;
		if (!deal_is_other_client(d, known->client) || lost_before(d, &lost))
			return reappear(d, &lost);
	}
	if (!booking_is_appointment(d))
		return 0;
	s = slot_now(d);
	if (book_series(d, &s) || booking_elsewhere(d, d->client, d->c->after.start, true, &there))
		return -1;
	return there.uid ? reappear_elsewhere(d, &there) : book(d, &s);
}

/* ---- other facts ---- */

bool booking_has_incident(const struct deal *d)
{
	for (size_t n = d->chain.first; n < d->entries.count; n++) {
		const struct policy_incident *i = &d->entries.at[n];

		if (entry_is_of(i, d->c->uid, d->c->occurrence) && !entry_is(i, "slot") && (i->charge || i->hold))
			return true;
	}
	return false;
}

int booking_renamed(struct deal *d)
{
	struct slot s = *d->chain.current, now;
	bool far = (d->c->flags & POLICY_SERIES) && s.start > d->t + rules_longest(d->text);
	struct rules r;
	struct rules_key key;
	bool same;

	if (s.start != d->c->after.start)
		return 0;
	if (trust_title(d))
		return -1;
	now = slot_now(d);
	same = s.end == now.end && strcmp(s.client, now.client) == 0 && strcmp(s.title, now.title) == 0 &&
		strcmp(s.service, now.service) == 0;
	key = slot_key(d, &now);
	rules_for(slot_text(d, &s), s.acquired, &key, s.start, &r);
	now.price = price_now(d, &r, now.end > now.start ? now.end - now.start : 0);
	if (booking_has_incident(d) || s.priced)
		now.price = s.price;
	if (far && !deal_has_entry(d) && !(d->c->flags & POLICY_OVERRIDE))
		return 0; /* the series' own entry tells it */
	if (same && now.price.minor == s.price.minor && strcmp(now.price.currency, s.price.currency) == 0)
		return 0;
	s.end = now.end;
	s.client = now.client;
	s.title = now.title;
	s.service = now.service;
	s.price = now.price;
	return deal_tell_slot(d, &s, "renamed", NULL);
}

int booking_series_changed(struct deal *d)
{
	const struct policy_incident *series = entries_series(&d->entries, d->c->uid);
	struct slot s;

	if (trust_title(d))
		return -1;
	s = slot_now(d);
	if (series && strcmp(series->reason, "price") == 0 && !s.priced) {
		s.priced = true;
		s.price.minor = series->price;
		memcpy(s.price.currency, series->currency, strnlen(series->currency, CURRENCY_SIZE - 1) + 1);
	}
	if (!booking_is_appointment(d) || (!series && s.start <= d->t))
		return 0;
	if (!series)
		return deal_tell_slot(d, &s, "series", "");
	if (!deal_by_owner(d->c) || (strcmp(s.client, series->client) == 0 &&
			strcmp(s.title, series->title) == 0 && s.price.minor == series->price &&
			strcmp(s.price.currency, series->currency) == 0))
		return 0;
	s.start = s.anchor = series->slot;
	s.end = series->slot_end;
	s.acquired = series->acquired;
	s.version = series->version;
	s.digest = series->basis;
	s.ref = series->ref;
	return deal_tell_slot(d, &s, "series", "");
}

