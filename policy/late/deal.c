#include "policy/late/deal.h"

#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "policy/late/fold.h"
#include "policy/late/tell.h"

enum { CLOCK_TOLERANCE = 300 }; /* 3.5: clock set back */

/* ---- what holds for a slot ---- */

struct rules_key slot_key(const struct deal *d, const struct slot *s)
{
	return (struct rules_key){ s->client, text_folded(s->title, d->mem), s->service ? s->service : "" };
}

struct fee_base slot_base(const struct slot *s)
{
	return (struct fee_base){ s->price, s->end > s->start ? s->end - s->start : 0 };
}

struct fee_limits rules_limits(const struct rules *r)
{
	return (struct fee_limits){ r->min, r->max, r->round };
}

const struct policy_text *slot_text(const struct deal *d, const struct slot *s)
{
	return rules_text(d->text, s->digest && *s->digest ? s->digest : s->version ? s->version : "");
}

struct search { const struct policy_incident *about; const char *digest; struct arena *mem; };

static bool is_slot_of(const struct policy_incident *slot, const struct policy_incident *i)
{
	return entry_is(slot, "slot") && strcmp(slot->ref, i->ref) == 0 && strcmp(slot->version, i->version) == 0;
}

static int find_slot(const struct policy_incident *slot, void *arg)
{
	struct search *s = arg;

	if (is_slot_of(slot, s->about))
		s->digest = arena_strdup(s->mem, slot->basis);
	return 0;
}

const char *deal_digest(const struct deal *d, const struct policy_incident *i)
{
	const struct policy_query there = { .size = sizeof(there), .uid = i->uid };
	struct search s = { i, i->version, d->mem };

	for (size_t n = d->entries.count; n-- > 0;) {
		if (is_slot_of(&d->entries.at[n], i))
			return d->entries.at[n].basis;
	}
	if (*i->version && i->uid && strcmp(i->uid, d->c->uid) != 0)
		d->host->history(d->sink, &there, find_slot, &s);
	return s.digest;
}

void deal_rules(const struct deal *d, const struct policy_incident *i, struct rules *out)
{
	const struct rules_key key = { i->client, text_folded(i->title, d->mem), i->service };

	rules_for(rules_text(d->text, deal_digest(d, i)), i->acquired, &key, i->slot, out);
}

void slot_terms(const struct deal *d, const struct slot *s, int64_t t, struct terms *out)
{
	const struct policy_text *text = slot_text(d, s);
	const struct rules_key key = slot_key(d, s);
	int64_t latest = INT64_MIN;

	*out = (struct terms){ .required = -1 };
	rules_for(text, s->acquired, &key, s->start, &out->rules);
	out->days = rules_days(text, &out->rules);
	for (size_t i = 0; i < out->rules.tier_count; i++) {
		const struct tier *tier = &out->rules.tiers[i];
		int64_t deadline = notice_deadline(&out->days, s->anchor, &tier->within);

		if (i == 0 || deadline < out->free_until)
			out->free_until = deadline;
		if (t > deadline && deadline > latest) {
			latest = deadline;
			out->tier = tier;
			out->required = s->anchor - deadline;
		}
	}
}

/* ---- who (3.3) ---- */

bool deal_by_owner(const struct policy_change *c)
{
	return c->role == POLICY_OWNER || c->role == POLICY_DELEGATE;
}

static bool actor_has_name(const struct deal *d, const char *folded)
{
	char *names = arena_strdup(d->mem, d->c->actor_names), *line = names;

	while (*folded && *line) {
		size_t len = strcspn(line, "\n");
		bool last = line[len] == '\0';

		line[len] = '\0';
		if (*line && strcmp(text_folded(line, d->mem), folded) == 0)
			return true;
		line += len + !last;
	}
	return false;
}

/* architecture.md 15, 3. Where both have addresses, the title decides nothing. */
static bool actor_is_client(const struct deal *d, const struct slot *s, const struct rules *r)
{
	bool addresses = strchr(s->client, '@') && strchr(d->c->actor_names, '@');

	return actor_has_name(d, text_folded(s->client, d->mem)) ||
		(!addresses && actor_has_name(d, text_folded(s->title, d->mem))) ||
		(r->account && ascii_casecmp(r->account, d->c->actor) == 0);
}

bool deal_is_other_client(const struct deal *d, const char *client)
{
	return *d->c->client_address && strchr(client, '@') && strcmp(client, d->c->client_address);
}

enum party deal_attribute(const struct deal *d, const struct slot *s, const struct rules *r,
	struct blame *blame)
{
	*blame = (struct blame){ .by_owner = deal_by_owner(d->c),
		.proposed = d->clock_behind || (r->priority_propose && d->c->priority >= 1 && d->c->priority <= 4) };
	if (d->c->role == POLICY_CLIENT) {
		blame->proposed |= !actor_is_client(d, s, r);
		return PARTY_CLIENT;
	}
	if (!blame->by_owner)
		return PARTY_NOBODY;
	if (d->fresh & WORD_ME)
		return PARTY_OWNER;
	if (d->fresh & (WORD_CLIENT | WORD_LATECANCEL))
		return PARTY_CLIENT;
	if ((d->c->flags & POLICY_SEVERAL) || r->owner_changes == OWNER_CHANGES_OWNER)
		return PARTY_OWNER;
	blame->proposed |= r->owner_changes == OWNER_CHANGES_PROPOSE;
	return PARTY_CLIENT;
}

/* ---- telling the host ---- */

/* Of what is charged, by the rules of the slot. */
static int64_t deal_tax(const struct deal *d, const struct policy_incident *i)
{
	struct rules r;

	if (i->charge == 0 || entry_is(i, "slot"))
		return 0;
	deal_rules(d, i, &r);
	return r.tax.included ? i->charge - fee_net(i->charge, &r.tax.rate) : 0;
}

int deal_tell(struct deal *d, struct policy_incident *i)
{
	const struct policy_change *c = d->c;
	const struct policy_incident *told;

	i->size = sizeof(*i);
	i->uid = i->uid ? i->uid : c->uid;
	i->occurrence = i->occurrence ? i->occurrence : c->occurrence;
	i->actor = c->actor;
	i->policy = rules_options(d->text)->name;
	i->basis = i->basis ? i->basis : "";
	i->supersedes = i->supersedes ? i->supersedes : "";
	i->attendee = i->attendee ? i->attendee : c->attendee;
	i->word = i->word ? i->word : d->word ? d->word : "";
	i->reason = i->reason ? i->reason : "";
	i->service = i->service ? i->service : "";
	i->zone = i->zone ? i->zone : c->zone;
	i->tax = deal_tax(d, i);
	if (d->host->incident(d->sink, i))
		return -1;
	entries_add(&d->entries, i, d->mem);
	chain_make(&d->entries, d->c->uid, d->c->occurrence, &d->chain);
	told = entries_find(&d->entries, i->uid, i->occurrence, i->class_, i->slot);
	if (told && tell_words(told)) {
		d->told = *told;
		d->has_told = true;
	}
	return 0;
}

static const char *by_name(const struct deal *d, enum party party)
{
	if (d->c->role == POLICY_ADMIN)
		return "admin";
	if (d->c->role == POLICY_TIMER)
		return "timer";
	return party == PARTY_OWNER ? "owner" : "client";
}

static bool is_entry_of(const struct policy_incident *e, const struct slot *s, const char *class_)
{
	return e->slot == s->start && strcmp(e->ref, s->ref) == 0 && entry_is(e, class_);
}

/* Did this slot have an entry of that class before, even one taken back? Then the next one must say so. */
static const char *supersedes_earlier(const struct deal *d, const struct slot *s, const char *class_)
{
	const struct entries *list = &d->entries;

	for (size_t n = 0; n < list->count; n++) {
		if (is_entry_of(&list->at[n], s, class_))
			return s->ref;
	}
	for (size_t n = 0; n < list->gone_count; n++) {
		if (is_entry_of(list->gone[n], s, class_))
			return s->ref;
	}
	return "";
}

struct policy_incident deal_incident(const struct deal *d, const struct slot *s, const char *class_,
	enum party party)
{
	return (struct policy_incident){
		.class_ = class_, .outcome = "none", .at = d->t, .slot = s->start, .slot_end = s->end,
		.acquired = s->acquired, .anchor = s->anchor, .notice = s->anchor - d->t, .required = -1,
		.client = s->client, .title = s->title, .ref = s->ref, .by = by_name(d, party),
		.currency = s->price.currency, .price = s->price.minor, .version = s->version,
		.service = s->service ? s->service : "", .deposit = strcmp(class_, "slot") ? 0 : s->deposit,
		.reason = strcmp(class_, "slot") == 0 && s->priced ? "price" : "",
	};
}

static bool counts_as_charged(const struct policy_incident *i)
{
	return i->state != POLICY_NONE && i->state != POLICY_VOID && i->state != POLICY_WAIVED &&
		i->state != POLICY_CREDITED;
}

void deal_share_deposit(const struct deal *d, int64_t paid, const struct policy_incident *before,
	struct policy_incident *i)
{
	int64_t owed = chain_charged(&d->chain, &d->entries, i->uid ? i->uid : d->c->uid,
		i->occurrence ? i->occurrence : d->c->occurrence, i->currency);

	if (paid == 0)
		return;
	if (before && counts_as_charged(before))
		owed -= before->charge;
	if (counts_as_charged(i))
		owed += i->charge;
	i->deposit = owed < paid ? owed : paid;
	i->refund = paid - i->deposit;
}

int deal_tell_loss(struct deal *d, const struct slot *s, const struct terms *terms, const char *class_,
	enum party party, const struct assessment *a)
{
	struct policy_incident i = deal_incident(d, s, class_, party);

	i.required = terms->required;
	i.free_until = terms->free_until;
	i.supersedes = supersedes_earlier(d, s, class_);
	if (a) {
		const char *currency = *a->charge.currency ? a->charge.currency : a->hold.currency;

		i.outcome = a->outcome;
		i.state = a->state;
		i.charge = a->charge.minor;
		i.hold = a->hold.minor;
		i.basis = a->basis;
		i.credit = a->credit;
		i.reason = a->reason;
		if (*currency)
			i.currency = currency;
		if (a->wake && d->host->wake(d->sink, a->wake))
			return -1;
	}
	/* Twice the deposit holds the deposit itself (3.4, arrhes). */
	if (entry_ends(&i) && !(terms->rules.deposit.arrhes && entry_is(&i, "owner-cancel")))
		deal_share_deposit(d, s->deposit, NULL, &i);
	return deal_tell(d, &i);
}

int deal_tell_slot(struct deal *d, const struct slot *s, const char *outcome, const char *occurrence)
{
	struct policy_incident i = deal_incident(d, s, "slot", PARTY_CLIENT);

	i.outcome = outcome;
	i.occurrence = occurrence;
	i.notice = 0;
	i.basis = s->digest;
	i.supersedes = supersedes_earlier(d, s, "slot");
	return deal_tell(d, &i);
}

int deal_tell_closed(struct deal *d, const struct slot *s)
{
	return deal_tell_slot(d, s, "closed", NULL);
}

const char *deal_second_ref(struct deal *d)
{
	static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
	uint8_t hash[SHA256_SIZE];
	char ref[10] = "0000-0000";

	sha256(d->c->fresh_ref, strlen(d->c->fresh_ref), hash);
	for (size_t i = 0; i < 9; i++) {
		if (i != 4)
			ref[i] = alphabet[hash[i] % 32];
	}
	return arena_strdup(d->mem, ref);
}

/* ---- one call ---- */

struct entries deal_copy(const struct deal *d)
{
	struct entries copy = d->entries;

	copy.size = copy.count;
	copy.at = arena_array(d->mem, copy.count, sizeof(*copy.at));
	if (copy.count)
		memcpy(copy.at, d->entries.at, copy.count * sizeof(*copy.at));
	return copy;
}

bool deal_has_entry(const struct deal *d)
{
	for (size_t n = 0; n < d->entries.count; n++) {
		if (entry_is_of(&d->entries.at[n], d->c->uid, d->c->occurrence) &&
				strcmp(d->entries.at[n].outcome, "series"))
			return true;
	}
	return false;
}

bool deal_date_of_series(const struct deal *d, struct slot *out)
{
	const struct policy_incident *series = entries_series(&d->entries, d->c->uid);
	const struct policy_change *c = d->c;

	if (!series || c->before.start == 0 || deal_has_entry(d))
		return false;
	*out = (struct slot){
		.start = c->before.start, .end = c->before.end, .acquired = series->acquired,
		.anchor = c->before.start, .price = { .minor = series->price }, .client = series->client,
		.title = series->title, .service = series->service, .version = series->version, .digest = series->basis,
		.priced = strcmp(series->reason, "price") == 0, .deposit = series->deposit,
		.ref = *c->ref ? c->ref : c->fresh_ref,
	};
	memcpy(out->price.currency, series->currency, strnlen(series->currency, CURRENCY_SIZE - 1));
	return true;
}

static void assume_date(struct deal *d)
{
	struct slot s;

	if ((d->c->flags & POLICY_SERIES) && *d->c->occurrence && deal_date_of_series(d, &s))
		chain_assume(&d->chain, &s);
}

/* One of its categories; where the clients are attendees, the title can be a service's name. */
static const char *service_now(const struct deal *d)
{
	const char *title = text_folded(d->words.client, d->mem);
	char *line = arena_strdup(d->mem, d->c->categories);

	while (*line) {
		size_t len = strcspn(line, "\n");
		bool last = line[len] == '\0';
		const char *name;

		line[len] = '\0';
		name = text_folded(line, d->mem);
		if (*name && rules_service(d->text, name))
			return name;
		line += len + !last;
	}
	return (*d->c->attendee || *d->c->client_address) && rules_service(d->text, title) ? title : "";
}

int deal_open(struct deal *d, const struct policy_host *host, struct policy_sink *sink,
	const struct policy_text *text, const struct policy_change *c, struct arena *mem)
{
	const struct policy_query mine = { .size = sizeof(mine), .uid = c->uid,
		.client = *c->attendee ? c->attendee : NULL };

	*d = (struct deal){ .host = host, .sink = sink, .text = text, .c = c, .mem = mem, .t = c->now,
		.clock_behind = c->flags & POLICY_CLOCK_DOUBTFUL };
	words_in_title(c->summary, rules_options(text)->currency, mem, &d->words);
	d->client = *c->attendee ? c->attendee : *c->client_address ? c->client_address :
		text_folded(d->words.client, mem);
	d->service = service_now(d);
	if (entries_load(host, sink, &mine, mem, &d->entries))
		return -1;
	if (d->entries.latest > d->t) {
		d->clock_behind |= d->entries.latest - d->t > CLOCK_TOLERANCE;
		d->t = d->entries.latest;
	}
	chain_make(&d->entries, c->uid, c->occurrence, &d->chain);
	chain_choose(&d->chain, c->before.start);
	assume_date(d);
	return 0;
}

