#include "policy/late/assess.h"

#include <string.h>

#include "base/util.h"
#include "policy/late/basis.h"
#include "policy/late/directive.h"

/* What is to be found out about one incident. */
struct question {
	struct deal *d;
	const struct slot *slot;
	const struct terms *terms;
	const struct blame *blame;
	const struct fee_rule *fee;
	unsigned kind;
};

static unsigned kind_of(const struct policy_incident *i)
{
	if (entry_is(i, "late-cancel"))
		return KIND_LATE_CANCEL;
	if (entry_is(i, "late-move"))
		return KIND_LATE_MOVE;
	return entry_is(i, "no-show") ? KIND_NO_SHOW : 0;
}

/* The client's entries in all of the owner's calendars. */
static int client_entries(struct question *q, struct entries *out)
{
	const struct policy_query query = { .size = sizeof(query), .client = q->slot->client };

	return entries_load(q->d->host, q->d->sink, &query, q->d->mem, out);
}

static int forgiven_count(struct question *q, int64_t *out)
{
	const struct rules *r = &q->terms->rules;
	int64_t since = period_start(&q->terms->days, q->d->t, &r->forgive.per);
	struct entries list;
	int rc = client_entries(q, &list);

	*out = 0;
	for (size_t n = 0; rc == 0 && n < list.count; n++) {
		const struct policy_incident *i = &list.at[n];

		*out += (kind_of(i) & r->forgive.kinds) && i->at >= since && i->state != POLICY_VOID &&
			strcmp(i->outcome, "forgiven") == 0;
	}
	return rc;
}

/* How many count for escalation (3.4, last lines but two). */
static int counted(struct question *q, int64_t *out)
{
	int64_t since = period_start(&q->terms->days, q->d->t, &q->terms->rules.escalate.per);
	struct entries list;
	int rc = client_entries(q, &list);

	*out = 0;
	for (size_t n = 0; rc == 0 && n < list.count; n++) {
		const struct policy_incident *i = &list.at[n];
		bool emergency = i->state == POLICY_WAIVED && strcmp(i->reason, "emergency") == 0;

		*out += kind_of(i) && i->at >= since && i->state != POLICY_VOID && !emergency &&
			strcmp(i->outcome, "none");
	}
	return rc;
}

/* Dates of this series already charged in this very change, in money or in sessions. */
static int64_t series_charged(const struct question *q)
{
	const struct entries *list = &q->d->entries;
	int64_t count = 0;

	for (size_t n = 0; n < list->count; n++) {
		const struct policy_incident *i = &list->at[n];
		bool charged = i->charge > 0 || strcmp(i->outcome, "session") == 0;

		count += charged && i->at == q->d->t && entry_is(i, "late-cancel");
	}
	return count;
}

static void end_without_fee(struct assessment *out, const char *outcome)
{
	out->outcome = outcome;
	out->state = POLICY_NONE;
}

static void cap_charge(const struct question *q, struct assessment *out)
{
	const struct deal *d = q->d;
	int64_t cap, left;

	if (!fee_cap(&q->terms->rules.cap, &q->slot->price, out->charge.currency, &cap))
		return;
	left = cap - chain_charged(&d->chain, &d->entries, d->c->uid, d->c->occurrence, out->charge.currency);
	if (left < 0)
		left = 0;
	if (out->charge.minor > left) {
		out->charge.minor = left;
		out->basis = basis_capped(d, &out->charge, out->basis);
	}
}

static void add_held(const struct question *q, const struct money *held, struct assessment *out)
{
	if (held->minor == 0)
		return;
	if (out->charge.minor == 0)
		out->charge = (struct money){ 0 };
	if (out->charge.minor > 0 && strcmp(out->charge.currency, held->currency))
		return;
	out->basis = basis_held(q->d, out->charge.minor > 0 ? out->basis : "", held);
	out->charge.minor += held->minor;
	memcpy(out->charge.currency, held->currency, CURRENCY_SIZE);
}

/* What becomes of an amount that is owed. */
static void settle(const struct question *q, struct assessment *out)
{
	const struct rules *r = &q->terms->rules;

	if (out->charge.minor == 0) {
		end_without_fee(out, "recorded");
	} else if (q->blame->proposed) {
		out->outcome = "proposed";
		out->state = POLICY_PROPOSED;
	} else if (rules_has(r, DIRECTIVE_review) && r->review.count > 0) {
		out->outcome = "pending";
		out->state = POLICY_PENDING;
		out->wake = notice_after(&q->terms->days, q->d->t, &r->review);
	} else {
		out->outcome = "charged";
		out->state = POLICY_DUE;
	}
}

/* Had the client agreed to this policy when the slot was acquired? */
static int ask_acceptance(struct question *q, bool *accepted)
{
	const char *policy = rules_options(q->d->text)->name;
	struct entries list;
	int rc = client_entries(q, &list);

	*accepted = false;
	for (size_t n = 0; rc == 0 && n < list.count; n++) {
		const struct policy_incident *i = &list.at[n];

		*accepted |= entry_is(i, "accepted") && i->at <= q->slot->acquired && strcmp(i->policy, policy) == 0;
	}
	return rc;
}

/* The lines that end it before an amount is asked for. *ended: out says how. */
static int end_early(struct question *q, struct assessment *out, bool *ended)
{
	const struct rules *r = &q->terms->rules;
	bool accepted = true;

	*ended = true;
	if (q->slot->imposed) {
		end_without_fee(out, "exempt");
		return 0;
	}
	if (r->record || ((q->d->c->flags & POLICY_SERIES) && series_charged(q) >= r->series_max)) {
		end_without_fee(out, "recorded");
		return 0;
	}
	if (r->acceptance && ask_acceptance(q, &accepted))
		return -1;
	if (!accepted)
		end_without_fee(out, "unaccepted");
	*ended = !accepted;
	return 0;
}

static int ask_forgiveness(struct question *q, struct assessment *out, bool *forgiven)
{
	const struct rules *r = &q->terms->rules;
	int64_t before;

	*forgiven = false;
	if (!q->fee || !rules_has(r, DIRECTIVE_forgive) || !(q->kind & r->forgive.kinds))
		return 0;
	if (forgiven_count(q, &before))
		return -1;
	*forgiven = before < r->forgive.count;
	if (*forgiven) {
		end_without_fee(out, "forgiven");
		out->basis = basis_forgiven(q->d, before + 1, r->forgive.count, &r->forgive.per);
	}
	return 0;
}

static int ask_escalation(struct question *q)
{
	const struct rules *r = &q->terms->rules;
	int64_t before;

	if (!q->fee || !q->kind || !rules_has(r, DIRECTIVE_escalate))
		return 0;
	if (counted(q, &before))
		return -1;
	if (before + 1 >= r->escalate.from)
		q->fee = &r->escalate.fee;
	return 0;
}

int assess_fee(struct deal *d, const struct slot *s, const struct terms *terms, const struct blame *blame,
	const struct fee_rule *fee, const struct money *held, unsigned kind, struct assessment *out)
{
	struct question q = { d, s, terms, blame, fee, kind };
	struct fee_limits limits = rules_limits(&terms->rules);
	struct fee_base base = slot_base(s);
	bool ended;

	*out = (struct assessment){ .basis = "" };
	if (end_early(&q, out, &ended) || (!ended && ask_forgiveness(&q, out, &ended)))
		return -1;
	if (ended)
		return 0;
	if (ask_escalation(&q))
		return -1;
	if (q.fee && q.fee->kind == FEE_SESSION) {
		end_without_fee(out, "session");
		out->basis = basis_fee(d, q.fee, &s->price);
		return 0;
	}
	if (q.fee && fee_amount(q.fee, &limits, &base, &out->charge)) {
		out->basis = basis_no_price(d);
		if (held->minor == 0) {
			end_without_fee(out, "recorded");
			return 0;
		}
	} else if (q.fee) {
		out->basis = basis_fee(d, q.fee, &s->price);
	}
	add_held(&q, held, out);
	cap_charge(&q, out);
	settle(&q, out);
	return 0;
}

/* min(X, F0) is charged, the rest of F0 held. */
static int assess_cheap_move(struct deal *d, const struct slot *s, const struct terms *terms,
	const struct blame *blame, const struct money *whole, struct assessment *out)
{
	const struct fee_rule *fee = &terms->rules.late_move_fee;
	struct fee_limits limits = rules_limits(&terms->rules);
	struct fee_base base = slot_base(s);
	struct money asked = { 0 };

	if (assess_fee(d, s, terms, blame, fee, &asked, KIND_LATE_MOVE, out))
		return -1;
	if (strcmp(out->outcome, "exempt") == 0 || strcmp(out->outcome, "unaccepted") == 0 || terms->rules.record)
		return 0;
	fee_amount(fee, &limits, &base, &asked);
	if (out->charge.minor > whole->minor && strcmp(out->charge.currency, whole->currency) == 0)
		out->charge.minor = whole->minor;
	if (out->charge.minor > 0)
		asked = out->charge;
	if (*asked.currency && strcmp(asked.currency, whole->currency))
		return 0;
	out->hold = *whole;
	out->hold.minor -= asked.minor < whole->minor ? asked.minor : whole->minor;
	if (out->hold.minor > 0 && strcmp(out->outcome, "recorded") == 0) {
		out->outcome = "held";
		out->state = blame->proposed ? POLICY_PROPOSED : POLICY_NONE;
	}
	return 0;
}

/* A hold is made without asking forgive or escalate. */
static int assess_hold(struct deal *d, const struct slot *s, const struct terms *terms,
	const struct blame *blame, const struct money *whole, struct assessment *out)
{
	struct question q = { d, s, terms, blame, &terms->tier->fee, 0 };
	bool ended;

	*out = (struct assessment){ .basis = basis_fee(d, &terms->tier->fee, &s->price) };
	if (end_early(&q, out, &ended))
		return -1;
	if (ended)
		return 0;
	out->hold = *whole;
	out->outcome = whole->minor > 0 ? "held" : "recorded";
	out->state = whole->minor > 0 && blame->proposed ? POLICY_PROPOSED : POLICY_NONE;
	return 0;
}

/* ---- deposits, and what the owner owes ---- */

void assess_arrhes(const struct slot *s, const struct terms *terms, struct assessment *out)
{
	if (!terms->rules.deposit.arrhes || out->state == POLICY_NONE || out->charge.minor >= s->deposit)
		return;
	out->charge.minor = s->deposit;
}

int assess_withdrawal(struct deal *d, const struct slot *s, const struct terms *terms,
	const struct blame *blame, struct assessment *out)
{
	struct question q = { d, s, terms, blame, NULL, 0 };
	bool ended;

	*out = (struct assessment){ .basis = basis_arrhes(d) };
	if (end_early(&q, out, &ended))
		return -1;
	if (ended) {
		out->outcome = "none";
		return 0;
	}
	out->charge = s->price;
	out->charge.minor = s->deposit;
	settle(&q, out);
	return 0;
}

void assess_owner(struct deal *d, const struct slot *s, const struct terms *terms, bool cancelled,
	struct assessment *out)
{
	const struct rules *r = &terms->rules;
	const struct fee_limits limits = { .round = r->round };
	const struct fee_base base = slot_base(s);
	struct money late;

	*out = (struct assessment){ .outcome = "none", .basis = "", .charge = s->price };
	out->charge.minor = 0;
	if (cancelled && r->deposit.arrhes)
		out->credit = 2 * s->deposit;
	if (rules_has(r, DIRECTIVE_owner_late) && d->t > notice_deadline(&terms->days, s->start,
		&r->owner_late.within) &&
			fee_amount(&r->owner_late.credit, &limits, &base, &late) == 0) {
		out->credit += late.minor;
		out->charge = (struct money){ 0 };
		memcpy(out->charge.currency, late.currency, CURRENCY_SIZE);
		out->basis = basis_fee(d, &r->owner_late.credit, &s->price);
	}
	if (out->credit > 0) {
		out->outcome = "credited";
		out->state = POLICY_CREDITED;
	}
}

int assess_shortened(struct deal *d, const struct slot *s, const struct terms *terms,
	const struct blame *blame,
	int64_t lost, struct assessment *out)
{
	static const struct money nothing;
	struct fee_rule part = terms->tier->fee;
	int64_t whole = s->end - s->start;
	struct slot lost_part = *s;

	if (part.kind == FEE_HOURLY)
		lost_part.end = s->start + lost; /* so much an hour of what is lost */
	else if (part.kind == FEE_AMOUNT)
		part.amount.minor = part.amount.minor * lost / whole;
	part.percent.num *= lost;
	part.percent.den *= whole;
	if (part.kind == FEE_SESSION)
		part = (struct fee_rule){ .kind = FEE_NONE };
	return assess_fee(d, &lost_part, terms, blame, &part, &nothing, 0, out);
}

int assess_late_move(struct deal *d, const struct slot *s, const struct terms *terms,
	const struct blame *blame, struct assessment *out)
{
	static const struct money nothing;
	const struct rules *r = &terms->rules;
	struct fee_limits limits = rules_limits(r);
	struct fee_base base = slot_base(s);
	struct money whole;

	if (r->late_move == LATE_MOVE_FREE) {
		*out = (struct assessment){ .basis = "" };
		end_without_fee(out, "none");
		return 0;
	}
	if (r->late_move == LATE_MOVE_SAME || terms->tier->fee.kind == FEE_SESSION ||
			fee_amount(&terms->tier->fee, &limits, &base, &whole))
		return assess_fee(d, s, terms, blame, &terms->tier->fee, &nothing,
			r->late_move == LATE_MOVE_HOLD ? 0 : KIND_LATE_MOVE, out);
	if (r->late_move == LATE_MOVE_FEE)
		return assess_cheap_move(d, s, terms, blame, &whole, out);
	return assess_hold(d, s, terms, blame, &whole, out);
}
