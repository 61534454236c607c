#include "policy/late/word_acts.h"

#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "policy/late/act.h"
#include "policy/late/assess.h"
#include "policy/late/basis.h"
#include "policy/late/booking.h"
#include "policy/late/directive.h"
#include "policy/late/slot.h"

enum { REASON_MAX = 200 };

/* ---- which entry a word is about ---- */

static bool of_master(const struct deal *d)
{
	return (d->c->flags & POLICY_SERIES) && !*d->c->occurrence;
}

static bool can_be_about(const struct policy_incident *i)
{
	static const char *const classes[] = { "late-cancel", "late-move", "no-show", "over-limit-move",
		"on-time-cancel", "grace", "shortened" };

	for (size_t n = 0; n < ARRAY_SIZE(classes); n++) {
		if (entry_is(i, classes[n]))
			return i->state != POLICY_VOID;
	}
	return false;
}

/* Of a series' master, any of its dates. */
static const struct policy_incident *target(const struct deal *d)
{
	const struct entries *list = &d->entries;

	for (size_t n = list->count; n-- > (of_master(d) ? 0 : d->chain.first);) {
		const struct policy_incident *i = &list->at[n];

		if (d->c->flags & POLICY_GONE && *d->c->ref && strcmp(i->ref, d->c->ref))
			continue; /* the entry of one incident */
		if (strcmp(i->uid, d->c->uid) == 0 && (of_master(d) || strcmp(i->occurrence, d->c->occurrence) == 0) &&
				can_be_about(i))
			return i;
	}
	return NULL;
}

/* Length of the word that was typed there, with its argument; 0: none was. */
static size_t typed_at(const struct words *w, const char *at)
{
	for (size_t n = 0; n < w->typed_count; n++) {
		size_t len = strlen(w->typed[n].text);

		if (strncmp(at, w->typed[n].text, len) == 0 && !ascii_isalnum((unsigned char)at[len]))
			return len;
	}
	return 0;
}

/* What else was written into the notes of an entry in Fees is why: "#dispute says that she was ill".
 * In an event's notes anything may stand. */
static const char *said_reason(const struct deal *d)
{
	struct buf text cleanup_buf;
	size_t len;

	buf_init(&text, REASON_MAX);
	if (!(d->c->flags & POLICY_GONE) || d->c->kind != POLICY_CHANGED)
		return "";
	for (const char *at = d->c->note; *at; at += len) {
		bool blank = *at == ' ' || *at == '\n';

		len = typed_at(&d->said, at);
		if (len > 0 || (blank && (text.len == 0 || text.data[text.len - 1] == ' '))) {
			len = len > 0 ? len : 1;
			continue;
		}
		len = blank ? 1 : utf8_step(at, strlen(at));
		if (len == 0 || buf_add(&text, blank ? " " : at, len))
			break;
	}
	len = text.len > 0 && text.data[text.len - 1] == ' ' ? text.len - 1 : text.len;
	return arena_strndup(d->mem, text.data, len);
}

static int tell_next(struct deal *d, struct policy_incident i)
{
	i.supersedes = i.ref;
	i.word = NULL;
	return deal_tell(d, &i);
}

static bool rules_record(const struct deal *d, const struct policy_incident *i)
{
	struct rules r;

	deal_rules(d, i, &r);
	return r.record;
}

static int act(struct deal *d, enum act what, const struct policy_incident *about)
{
	const char *reason = said_reason(d);
	struct policy_incident i;

	if (!about)
		return 0;
	i = *about;
	i.reason = "";
	if (!act_on(&i, what, &d->said.amount))
		return 0;
	if (*reason && what != ACT_EMERGENCY) /* that word is the reason, and is counted by */
		i.reason = reason;
	if (what == ACT_ADJUST && rules_record(d, &i))
		return 0; /* where no fee may be asked for, none can be set */
	if (what == ACT_ADJUST)
		i.basis = basis_adjusted(d);
	return tell_next(d, i);
}

/* Dates of a series that went with one change go on together. */
static int act_all(struct deal *d, enum act what)
{
	const struct policy_incident *about = target(d);
	const struct entries all = deal_copy(d);
	int64_t at = about ? about->at : 0;

	if (!of_master(d) || !about)
		return act(d, what, about);
	if (at == d->t)
		return 0; /* the date in question was asked about already */
	for (size_t n = 0; n < all.count; n++) {
		if (strcmp(all.at[n].uid, d->c->uid) == 0 && all.at[n].at == at && can_be_about(&all.at[n]) &&
				act(d, what, &all.at[n]))
			return -1;
	}
	return 0;
}

/* ---- did the client come? ---- */

static int tell_aside(struct deal *d, const struct slot *s, const char *outcome)
{
	struct policy_incident i = deal_incident(d, s, "none", PARTY_OWNER);

	i.outcome = outcome;
	return deal_tell(d, &i);
}

/* The slot that may have been missed: the one held, or one that was taken for kept. */
static bool slot_to_miss(const struct deal *d, struct slot *out)
{
	int64_t start = d->c->before.start ? d->c->before.start : d->c->after.start;
	const struct slot *s = d->chain.current;

	for (size_t n = 0; !s && n < d->chain.count; n++) {
		const struct slot *lost = &d->chain.slots[n];

		if (lost->loss && lost->start == start && entry_is(lost->loss, "attended"))
			s = lost;
	}
	if (s)
		*out = *s;
	return s != NULL;
}

static int missed(struct deal *d)
{
	struct terms terms;
	int64_t from;
	struct slot s;

	if (!slot_to_miss(d, &s))
		return 0;
	slot_terms(d, &s, d->t, &terms);
	from = notice_after(&terms.days, s.start, &terms.rules.no_show.wait);
	if (terms.rules.no_show.has_until && d->t > notice_after(&terms.days, s.start, &terms.rules.no_show.until))
		return tell_aside(d, &s, "too-late");
	if (d->t < from)
		return tell_aside(d, &s, "deferred") || d->host->wake(d->sink, from) ? -1 : 0;
	chain_assume(&d->chain, &s);
	return slot_missed(d, "noshow");
}

int words_deferred(struct deal *d)
{
	const struct policy_incident *last = NULL;
	struct terms terms;
	int64_t from;

	if (!d->chain.current)
		return 0;
	last = entries_find(&d->entries, d->c->uid, d->c->occurrence, "none", d->chain.current->start);
	if (!last || strcmp(last->outcome, "deferred"))
		return 0;
	slot_terms(d, d->chain.current, d->t, &terms);
	from = notice_after(&terms.days, d->chain.current->start, &terms.rules.no_show.wait);
	return d->t < from ? d->host->wake(d->sink, from) : slot_missed(d, "noshow");
}

static int arrived_late(struct deal *d)
{
	struct terms terms;
	int64_t limit;
	struct slot s;

	if (!slot_to_miss(d, &s))
		return 0;
	slot_terms(d, &s, d->t, &terms);
	limit = notice_after(&terms.days, s.start, &terms.rules.late_arrival);
	if (rules_has(&terms.rules, DIRECTIVE_late_arrival) && d->said.minutes >= 0 &&
			s.start + d->said.minutes * 60 >= limit)
		return missed(d);
	return tell_aside(d, &s, "recorded");
}

static int came(struct deal *d)
{
	int64_t start = d->c->after.start ? d->c->after.start : d->c->before.start;
	const struct policy_incident *absence = entries_find(&d->entries, d->c->uid,
		d->c->occurrence, "no-show", start);
	struct policy_incident i;

	if (absence) {
		i = *absence;
		i.class_ = "attended";
		i.outcome = "void";
		i.state = POLICY_VOID;
		i.at = d->t;
		i.charge = i.hold = i.credit = i.deposit = i.refund = 0;
		return tell_next(d, i);
	}
	if (!d->chain.current || d->t < d->chain.current->start)
		return 0;
	i = deal_incident(d, d->chain.current, "attended", PARTY_OWNER);
	i.outcome = d->chain.hold.minor > 0 ? "released" : "none";
	return deal_tell(d, &i);
}

static int cancelled_late(struct deal *d)
{
	enum after_loss after;

	return d->chain.current ? slot_lose(d, HOW_CANCEL, &after) : 0;
}

/* ---- whose doing it was ---- */

/* What was held against the client becomes the owner's doing, with what the owner owes for it. */
static int own_doing(struct deal *d)
{
	const struct policy_incident *about = target(d);
	bool move = about && (entry_is(about, "late-move") || entry_is(about, "over-limit-move"));
	struct policy_incident i;
	struct assessment owed;
	struct terms terms;
	struct slot s;

	if (!about || (about->state == POLICY_NONE && strcmp(about->outcome, "none") == 0))
		return 0;
	i = *about;
	s = (struct slot){ .start = i.slot, .end = i.slot_end, .acquired = i.acquired, .anchor = i.anchor,
		.price = { .minor = i.price }, .deposit = i.deposit + i.refund, .client = i.client, .title = i.title,
		.service = i.service, .version = i.version, .digest = deal_digest(d, about), .ref = i.ref };
	memcpy(s.price.currency, i.currency, strnlen(i.currency, CURRENCY_SIZE - 1));
	slot_terms(d, &s, i.at, &terms);
	assess_owner(d, &s, &terms, !move, &owed);
	i.class_ = move ? "owner-move" : "owner-cancel";
	i.outcome = "void";
	i.state = POLICY_VOID;
	i.by = "owner";
	i.charge = i.hold = 0;
	i.credit = owed.credit;
	i.refund = terms.rules.deposit.arrhes && !move ? 0 : s.deposit;
	i.deposit = 0;
	if (tell_next(d, i))
		return -1;
	if (!move || !d->chain.current)
		return 0;
	s = *d->chain.current;
	return deal_tell_slot(d, &s, "imposed", NULL);
}

/* ---- money ---- */

static int64_t asked_in_advance(const struct rules *r, const struct slot *s)
{
	const struct fee_rule part = { .kind = FEE_PERCENT, .percent = r->deposit.percent };
	const struct fee_limits limits = { .round = r->round };
	const struct fee_base base = slot_base(s);
	struct money m;

	if (*r->deposit.amount.currency)
		return s->price.minor < 0 || strcmp(s->price.currency, r->deposit.amount.currency) == 0 ?
			r->deposit.amount.minor : 0;
	return r->deposit.percent.den && fee_amount(&part, &limits, &base, &m) == 0 ? m.minor : 0;
}

/* Before anything happened to a slot, the deposit is what can be paid. */
static int deposit_paid(struct deal *d, bool paid)
{
	struct terms terms;
	struct slot s;

	if (!d->chain.current)
		return 0;
	s = *d->chain.current;
	slot_terms(d, &s, d->t, &terms);
	s.deposit = paid ? asked_in_advance(&terms.rules, &s) : 0;
	if (s.price.minor < 0 && *terms.rules.deposit.amount.currency)
		memcpy(s.price.currency, terms.rules.deposit.amount.currency, CURRENCY_SIZE);
	return s.deposit == d->chain.current->deposit ? 0 : deal_tell_slot(d, &s, "renamed", NULL);
}

static int pay(struct deal *d, bool paid)
{
	const struct policy_incident *about = target(d);
	bool owed = about && entry_has_money(about) && about->charge > 0;

	d->word = paid ? "paid" : "unpaid";
	return owed ? act_all(d, paid ? ACT_PAY : ACT_UNPAY) : deposit_paid(d, paid);
}

static int set_price(struct deal *d)
{
	struct slot s;

	if (!d->chain.current || d->said.price.minor < 0 || booking_has_incident(d))
		return 0;
	s = *d->chain.current;
	s.price = d->said.price;
	s.priced = true;
	d->word = "price";
	return deal_tell_slot(d, &s, "renamed", NULL);
}

/* ---- #undo ---- */

static const struct policy_incident *last_by_word(const struct deal *d)
{
	for (size_t n = d->entries.count; n-- > 0;) {
		const struct policy_incident *i = &d->entries.at[n];

		if (*i->word && strcmp(i->uid, d->c->uid) == 0 &&
				(of_master(d) || strcmp(i->occurrence, d->c->occurrence) == 0))
			return strcmp(i->word, "undo") ? i : NULL;
	}
	return NULL;
}

/* What the entry took back, which was told last with its reference. */
static const struct policy_incident *what_was_before(const struct deal *d, const struct policy_incident *i)
{
	for (size_t n = d->entries.gone_count; n-- > 0 && *i->supersedes;) {
		const struct policy_incident *gone = d->entries.gone[n];

		if (strcmp(gone->ref, i->ref) == 0 && entry_is(gone, "slot") == entry_is(i, "slot"))
			return gone;
	}
	return NULL;
}

static int undo(struct deal *d)
{
	const struct policy_incident *last = last_by_word(d), *before;
	struct policy_incident i;

	if (!last)
		return 0;
	before = what_was_before(d, last);
	d->word = "undo";
	if (before && !entry_is(before, "reinstated")) {
		i = *before;
		i.outcome = entry_is(&i, "slot") ? "renamed" : i.outcome;
		return tell_next(d, i);
	}
	i = *last;
	i.class_ = entry_is(last, "none") ? "none" : "reinstated";
	i.outcome = entry_is(last, "none") ? "none" : "void";
	i.state = entry_is(last, "none") ? POLICY_NONE : POLICY_VOID;
	i.charge = i.hold = i.credit = i.deposit = i.refund = 0;
	return tell_next(d, i);
}

/* ---- in order ---- */

static int state_words(struct deal *d)
{
	if (d->fresh & WORD_NOSHOW) {
		d->word = "noshow";
		return missed(d);
	}
	if (d->fresh & WORD_LATE) {
		d->word = "late";
		return arrived_late(d);
	}
	if (d->fresh & WORD_ATTENDED) {
		d->word = "attended";
		return came(d);
	}
	if (d->fresh & WORD_LATECANCEL) {
		d->word = "latecancel";
		return cancelled_late(d);
	}
	return 0;
}

static int money_words(struct deal *d)
{
	if (d->fresh & WORD_FEE) {
		d->word = "fee";
		return act_all(d, ACT_ADJUST);
	}
	if (d->fresh & WORD_WAIVE) {
		d->word = "waive";
		return act_all(d, ACT_WAIVE);
	}
	if (d->fresh & WORD_EMERGENCY) {
		d->word = "emergency";
		return act_all(d, ACT_EMERGENCY);
	}
	return d->fresh & (WORD_PAID | WORD_UNPAID) ? pay(d, d->fresh & WORD_PAID) : 0;
}

static int other_words(struct deal *d)
{
	if (d->fresh & WORD_ME && d->c->kind != POLICY_MOVED && d->c->kind != POLICY_CANCELLED) {
		d->word = "me";
		if (own_doing(d))
			return -1;
	}
	if (d->fresh & WORD_OK) {
		d->word = "ok";
		if (act_all(d, ACT_OK))
			return -1;
	}
	if (d->fresh & WORD_DISPUTE) {
		d->word = "dispute";
		if (act_all(d, ACT_DISPUTE))
			return -1;
	}
	return d->fresh & WORD_UNDO ? undo(d) : 0;
}

static bool ends_here(const struct deal *d)
{
	return d->c->kind == POLICY_CANCELLED || d->c->kind == POLICY_DECLINED;
}

int words_before(struct deal *d)
{
	int rc = 0;

	if (!deal_by_owner(d->c))
		return 0;
	if (d->fresh & WORD_PRICE)
		rc = set_price(d);
	if (rc == 0 && ends_here(d))
		rc = state_words(d);
	d->word = NULL;
	return rc;
}

int words_after(struct deal *d)
{
	int rc = 0;

	if (d->c->role == POLICY_CLIENT) {
		d->word = d->fresh & WORD_EMERGENCY ? "emergency" : "dispute";
		rc = d->fresh ? act_all(d, ACT_DISPUTE) : 0;
	} else if (deal_by_owner(d->c)) {
		rc = !ends_here(d) ? state_words(d) : 0;
		rc = rc || money_words(d) || other_words(d) ? -1 : 0;
	}
	d->word = NULL;
	return rc;
}

/* ---- a freed slot is sold again ---- */

static bool is_refilled_by(const struct deal *d, const struct policy_incident *i)
{
	struct rules r;

	if ((!entry_is(i, "late-cancel") && !entry_is(i, "late-move")) || !entry_has_money(i) ||
			i->state == POLICY_WAIVED || i->state == POLICY_CREDITED || strcmp(i->client, d->client) == 0)
		return false;
	deal_rules(d, i, &r);
	return r.refilled_waive;
}

int words_refilled(struct deal *d, int64_t start)
{
	const struct policy_query q = { .size = sizeof(q), .slot = start };
	const char *word = d->word;
	struct entries list;
	int rc = 0;

	if (d->t >= start)
		return 0;
	if (entries_load_incidents(d->host, d->sink, &q, d->mem, &list))
		return -1;
	for (size_t n = 0; n < list.count; n++) {
		struct policy_incident i = list.at[n];

		if (!is_refilled_by(d, &i))
			continue;
		act_waive(&i, "refilled");
		d->word = NULL;
		rc = tell_next(d, i);
		break; /* one client for one */
	}
	d->word = word;
	return rc;
}
