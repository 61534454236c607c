#include "policy/late/chain.h"

#include <string.h>

#include "base/util.h"

bool entry_is(const struct policy_incident *i, const char *class_)
{
	return strcmp(i->class_, class_) == 0;
}

bool entry_is_of(const struct policy_incident *i, const char *uid, const char *occurrence)
{
	return strcmp(i->uid, uid) == 0 && strcmp(i->occurrence, occurrence) == 0;
}

bool entry_ends(const struct policy_incident *i)
{
	return entry_is(i, "late-cancel") || entry_is(i, "on-time-cancel") || entry_is(i, "no-show") ||
		entry_is(i, "owner-cancel") || entry_is(i, "attended") || entry_is(i, "grace");
}

/* Says something about a slot that changes nothing of it. */
static bool entry_is_aside(const struct policy_incident *i)
{
	return entry_is(i, "none") || entry_is(i, "words") || entry_is(i, "accepted") || entry_is(i, "shortened");
}

bool entry_has_money(const struct policy_incident *i)
{
	return !entry_is(i, "slot") && i->state != POLICY_VOID && (i->state != POLICY_NONE || i->hold > 0);
}

const struct policy_incident *entries_find(const struct entries *list, const char *uid,
	const char *occurrence,
	const char *class_, int64_t slot)
{
	for (size_t n = list->count; n-- > 0;) {
		const struct policy_incident *i = &list->at[n];

		if (entry_is_of(i, uid, occurrence) && i->slot == slot && entry_is(i, class_))
			return i;
	}
	return NULL;
}

bool slot_is_past(const struct slot *s)
{
	return s->acquired >= s->start;
}

/* ---- entries in force ---- */

static const char *keep(struct arena *mem, const char *s)
{
	return s ? arena_strdup(mem, s) : "";
}

static struct policy_incident entry_copy(const struct policy_incident *i, struct arena *mem)
{
	struct policy_incident copy = *i;

	copy.class_ = keep(mem, i->class_);
	copy.outcome = keep(mem, i->outcome);
	copy.client = keep(mem, i->client);
	copy.title = keep(mem, i->title);
	copy.uid = keep(mem, i->uid);
	copy.occurrence = keep(mem, i->occurrence);
	copy.ref = keep(mem, i->ref);
	copy.by = keep(mem, i->by);
	copy.actor = keep(mem, i->actor);
	copy.basis = keep(mem, i->basis);
	copy.currency = keep(mem, i->currency);
	copy.policy = keep(mem, i->policy);
	copy.version = keep(mem, i->version);
	copy.supersedes = keep(mem, i->supersedes);
	copy.service = keep(mem, i->service);
	copy.attendee = keep(mem, i->attendee);
	copy.word = keep(mem, i->word);
	copy.reason = keep(mem, i->reason);
	copy.zone = keep(mem, i->zone);
	return copy;
}

/* A later state of the same thing: a renamed slot, a fee that fell due after its review. */
static bool replaces(const struct policy_incident *later, const struct policy_incident *i)
{
	if (entry_is(later, "slot"))
		return strcmp(later->outcome, "renamed") == 0;
	return entry_is(later, i->class_) && later->acquired == i->acquired;
}

static void remember(struct entries *list, const struct policy_incident *gone, struct arena *mem)
{
	struct policy_incident *copy = arena_alloc(mem, sizeof(*copy));

	*copy = *gone;
	list->gone = arena_room(mem, list->gone, list->gone_count, &list->gone_size, sizeof(*list->gone));
	list->gone[list->gone_count++] = copy;
}

static bool is_taken_back(const struct policy_incident *e, const struct policy_incident *by)
{
	/* references differ in their first letter already, as a rule */
	return *e->ref == *by->supersedes && strcmp(e->ref, by->supersedes) == 0 &&
		entry_is(e, "slot") == entry_is(by, "slot");
}

/* Takes out what i takes back. True if i took the place of one of them. */
static bool take_back(struct entries *list, const struct policy_incident *i, struct arena *mem)
{
	bool placed = false;
	size_t n = 0, kept;

	while (n < list->count && !is_taken_back(&list->at[n], i)) /* one of many, as a rule */
		n++;
	for (kept = n; n < list->count; n++) {
		const struct policy_incident *e = &list->at[n];

		if (!is_taken_back(e, i)) {
			list->at[kept++] = *e;
			continue;
		}
		remember(list, e, mem);
		if (placed || !replaces(i, e))
			continue;
		placed = true;
		list->at[kept++] = *i;
	}
	list->count = kept;
	return placed;
}

void entries_add(struct entries *list, const struct policy_incident *i, struct arena *mem)
{
	struct policy_incident copy = entry_copy(i, mem);

	if (copy.at > list->latest)
		list->latest = copy.at;
	if (*copy.supersedes && take_back(list, &copy, mem))
		return;
	list->at = arena_room(mem, list->at, list->count, &list->size, sizeof(*list->at));
	list->at[list->count++] = copy;
}

struct loading { struct entries *list; struct arena *mem; bool no_slots; };

static int load_one(const struct policy_incident *i, void *arg)
{
	struct loading *l = arg;

	if (!l->no_slots || !entry_is(i, "slot"))
		entries_add(l->list, i, l->mem);
	return 0;
}

int entries_load(const struct policy_host *host, struct policy_sink *sink, const struct policy_query *q,
	struct arena *mem, struct entries *out)
{
	struct loading l = { out, mem, false };

	*out = (struct entries){ .latest = INT64_MIN };
	return host->history(sink, q, load_one, &l);
}

int entries_load_incidents(const struct policy_host *host, struct policy_sink *sink,
	const struct policy_query *q, struct arena *mem, struct entries *out)
{
	struct loading l = { out, mem, true };

	*out = (struct entries){ .latest = INT64_MIN };
	return host->history(sink, q, load_one, &l);
}

const struct policy_incident *entries_series(const struct entries *list, const char *uid)
{
	for (size_t n = 0; n < list->count; n++) {
		if (entry_is_of(&list->at[n], uid, "") && strcmp(list->at[n].outcome, "series") == 0)
			return &list->at[n];
	}
	return NULL;
}

/* ---- the chain ---- */

struct slot *chain_find(struct chain *ch, int64_t start)
{
	for (size_t n = 0; n < ch->count; n++) {
		if (ch->slots[n].start == start)
			return &ch->slots[n];
	}
	return NULL;
}

/* Of the same event at two times in two calendars, the other one may be the current one. */
static void forget(struct chain *ch, struct slot *s)
{
	size_t after = (size_t)(ch->slots + ch->count - (s + 1));

	if (ch->current == s)
		ch->current = NULL;
	else if (ch->current > s)
		ch->current--;
	memmove(s, s + 1, after * sizeof(*s));
	ch->count--;
}

static struct slot *chain_slot(struct chain *ch, int64_t start)
{
	struct slot *s = chain_find(ch, start);

	if (s)
		return s;
	if (ch->count == CHAIN_SLOTS_MAX)
		forget(ch, ch->slots);
	s = &ch->slots[ch->count++];
	*s = (struct slot){ .start = start };
	return s;
}

static void currency_set(struct money *m, const char *currency)
{
	memset(m->currency, 0, sizeof(m->currency));
	memcpy(m->currency, currency, strnlen(currency, CURRENCY_SIZE - 1));
}

static void slot_fill(struct slot *s, const struct policy_incident *i)
{
	s->end = i->slot_end;
	s->acquired = i->acquired;
	s->anchor = i->anchor;
	s->price.minor = i->price;
	currency_set(&s->price, i->currency);
	s->client = i->client;
	s->title = i->title;
	s->service = i->service;
	s->version = i->version;
	s->ref = i->ref;
	if (entry_is(i, "slot")) {
		s->deposit = i->deposit;
		s->priced = strcmp(i->reason, "price") == 0;
		s->imposed = strcmp(i->outcome, "imposed") == 0 || (s->imposed && strcmp(i->outcome, "renamed") == 0);
		s->digest = i->basis;
	} else if (!s->digest) {
		s->digest = "";
	}
}

static void hold_add(struct chain *ch, const struct policy_incident *i)
{
	if (i->hold == 0 || i->state == POLICY_VOID || i->state == POLICY_WAIVED)
		return;
	if (ch->hold.minor > 0 && strcmp(ch->hold.currency, i->currency))
		return; /* amounts in two currencies don't add up; the first one stays */
	currency_set(&ch->hold, i->currency);
	ch->hold.minor += i->hold;
	ch->hold_proposed |= i->state == POLICY_PROPOSED;
}

static void hold_drop(struct chain *ch)
{
	ch->hold = (struct money){ 0 };
	ch->hold_proposed = false;
}

static void fold_slot(struct chain *ch, const struct policy_incident *i, size_t index)
{
	if (strcmp(i->outcome, "closed") == 0) {
		struct slot *gone = chain_find(ch, i->slot);

		if (gone)
			forget(ch, gone);
		return;
	}
	ch->current = chain_slot(ch, i->slot);
	slot_fill(ch->current, i);
	ch->current->loss = NULL;
	if (strcmp(i->outcome, "new-booking") == 0) {
		hold_drop(ch);
		ch->moves = 0;
		ch->first = index;
		ch->brought = (struct money){ .minor = i->charge };
		currency_set(&ch->brought, i->currency);
		hold_add(ch, i);
	}
}

/* Back at a slot lost earlier: what was held in between counts as never held, or a second round would
 * be free. */
static void fold_reinstated(struct chain *ch, const struct policy_incident *i, size_t index)
{
	int64_t between = ch->current && ch->current->start != i->slot ? ch->current->start : 0;
	struct slot *s = chain_slot(ch, i->slot);

	if (s->client && strcmp(s->client, i->client)) { /* another client had it in between */
		s->client = NULL;
		ch->first = index;
	}
	if (!s->client)
		slot_fill(s, i);
	s->loss = NULL;
	if (between && chain_find(ch, between))
		forget(ch, chain_find(ch, between));
	ch->current = chain_find(ch, i->slot);
}

static void fold_loss(struct chain *ch, const struct policy_incident *i)
{
	struct slot *s = chain_slot(ch, i->slot);

	if (!s->client)
		slot_fill(s, i);
	s->loss = i;
	if (ch->current && ch->current != s)
		return;
	ch->current = NULL;
	if (entry_is(i, "late-move"))
		hold_add(ch, i);
	else if (entry_ends(i) && !entry_is(i, "grace"))
		hold_drop(ch);
	if (entry_is(i, "on-time-move") || entry_is(i, "over-limit-move"))
		ch->moves++;
}

void chain_make(const struct entries *list, const char *uid, const char *occurrence, struct chain *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t n = 0; n < list->count; n++) {
		const struct policy_incident *i = &list->at[n];

		if (!entry_is_of(i, uid, occurrence) || strcmp(i->outcome, "series") == 0 || entry_is_aside(i))
			continue;
		if (entry_is(i, "slot"))
			fold_slot(out, i, n);
		else if (entry_is(i, "reinstated"))
			fold_reinstated(out, i, n);
		else
			fold_loss(out, i);
	}
}

void chain_choose(struct chain *ch, int64_t start)
{
	struct slot *s = start ? chain_find(ch, start) : NULL;

	if (s && !s->loss)
		ch->current = s;
}

void chain_assume(struct chain *ch, const struct slot *s)
{
	struct slot *mine = chain_slot(ch, s->start);

	*mine = *s;
	ch->current = mine;
}

int64_t chain_charged(const struct chain *ch, const struct entries *list, const char *uid,
	const char *occurrence, const char *currency)
{
	int64_t total = strcmp(ch->brought.currency, currency) == 0 ? ch->brought.minor : 0;

	for (size_t n = ch->first; n < list->count; n++) {
		const struct policy_incident *i = &list->at[n];
		bool stands = i->state != POLICY_NONE && i->state != POLICY_VOID && i->state != POLICY_WAIVED &&
			i->state != POLICY_CREDITED;

		if (stands && entry_is_of(i, uid, occurrence) && !entry_is(i, "slot") &&
				strcmp(i->currency, currency) == 0)
			total += i->charge;
	}
	return total;
}
