#include "policy/late/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "policy/late/directive.h"
#include "policy/late/phrase.h"

enum { EXPLAIN_MAX = 1 << 16, WEDNESDAY_NOON = 6 * 86400 + 43200 };

struct explaining {
	enum language l;
	const struct rules *r;
	struct arena *mem;
	struct buf *out;
};

static const char *in(const struct explaining *x, const char *english,
	const char *french) __attribute__((format_arg(2)));
static const char *in(const struct explaining *x, const char *english, const char *french)
{
	return x->l == LANGUAGE_FR ? french : english;
}

static const char *length(const struct explaining *x, const struct duration *d)
{
	return phrase_duration(x->l, d, x->mem);
}

static const char *fee_words(const struct explaining *x, const struct fee_rule *f)
{
	switch (f->kind) {
	case FEE_PERCENT:
		return arena_printf(x->mem, in(x, "%s of the price", "%s du prix"),
		phrase_percent(x->l, &f->percent, x->mem));
	case FEE_AMOUNT:
		return phrase_money(x->l, &f->amount, x->mem);
	case FEE_HOURLY:
		return arena_printf(x->mem, in(x, "%s an hour booked", "%s par heure réservée"),
			phrase_money(x->l, &f->amount, x->mem));
	case FEE_SESSION:
		return in(x, "one session", "une séance");
	case FEE_NONE:
		break;
	}
	return in(x, "nothing", "rien");
}

static const char *period_words(const struct explaining *x, const struct period *p)
{
	switch (p->kind) {
	case PERIOD_MONTH:
		return in(x, "per calendar month", "par mois civil");
	case PERIOD_YEAR:
		return in(x, "per calendar year", "par année civile");
	case PERIOD_EVER:
		return in(x, "in all", "en tout");
	case PERIOD_SECONDS:
		break;
	}
	return p->seconds % 86400 == 0 ?
		arena_printf(x->mem, in(x, "within %lld days", "en %lld jours"), (long long)(p->seconds / 86400)) :
		arena_printf(x->mem, in(x, "within %s", "en %s"), phrase_seconds(p->seconds, x->mem));
}

/* ---- one paragraph each ---- */

static int by_length(const void *a, const void *b)
{
	int64_t x = duration_ceiling(&((const struct tier *)a)->within),
		y = duration_ceiling(&((const struct tier *)b)->within);

	return (x < y) - (x > y);
}

static void say_tiers(const struct explaining *x)
{
	size_t count = x->r->tier_count;
	struct tier *tiers = arena_array(x->mem, count + 1, sizeof(*tiers));

	if (count == 0) {
		buf_adds(x->out, in(x, "Appointments can be cancelled and moved until they begin.\n",
			"Les rendez-vous peuvent être annulés et reportés jusqu'à leur début.\n"));
		return;
	}
	memcpy(tiers, x->r->tiers, count * sizeof(*tiers));
	qsort(tiers, count, sizeof(*tiers), by_length);
	buf_printf(x->out, in(x, "An appointment can be cancelled or moved free of charge until %s.",
		"Un rendez-vous peut être annulé ou reporté sans frais jusqu'à %s."),
		phrase_before(x->l, &tiers[0].within, x->mem));
	if (!x->r->record)
		buf_printf(x->out, in(x, " With less notice, cancelling costs %s.",
			" Avec un préavis plus court, l'annulation coûte %s."), fee_words(x, &tiers[0].fee));
	for (size_t n = 1; n < count && !x->r->record; n++)
		buf_printf(x->out, in(x, " With less than %s, it costs %s.", " À moins de %s, elle coûte %s."),
			length(x, &tiers[n].within), fee_words(x, &tiers[n].fee));
	buf_adds(x->out, x->r->record ? in(x, " Nothing is charged; what comes later is noted.\n",
		" Rien n'est facturé ; ce qui vient plus tard est noté.\n") : "\n");
}

static void say_moves(const struct explaining *x)
{
	static const char *const words[][2] = {
		[LATE_MOVE_HOLD] = {
			"Moving late costs nothing, unless the new appointment is cancelled or missed: "
			"then the fee of the first one falls due.\n",
			"Reporter tard ne coûte rien, sauf si le nouveau rendez-vous est annulé ou manqué : "
			"l'indemnité du premier est alors due.\n" },
		[LATE_MOVE_SAME] = { "Moving late costs the same as cancelling late.\n",
			"Reporter tard coûte autant qu'annuler tard.\n" },
		[LATE_MOVE_FREE] = { "Moving is free at any time.\n", "Reporter est gratuit à tout moment.\n" },
	};
	const struct rules *r = x->r;

	if (r->late_move == LATE_MOVE_FEE)
		buf_printf(x->out, in(x, "Moving late costs %s; the rest of the fee falls due if the new appointment is "
			"cancelled or missed.\n", "Reporter tard coûte %s ; le reste est dû si le nouveau rendez-vous est annulé "
			"ou manqué.\n"), fee_words(x, &r->late_move_fee));
	else if (r->tier_count > 0)
		buf_adds(x->out, words[r->late_move][x->l]);
	if (rules_has(r, DIRECTIVE_shift))
		buf_printf(x->out, in(x, "A move by no more than %s is none.\n",
		"Un décalage d'au plus %s n'en est pas un.\n"),
			length(x, &r->shift));
	if (rules_has(r, DIRECTIVE_move_limit))
		buf_printf(x->out, in(x, "%lld moves in time are free; each further one costs %s.\n",
			"%lld reports à temps sont gratuits ; chacun des suivants coûte %s.\n"), (long long)r->move_limit.count,
			fee_words(x, &r->move_limit.fee));
	if (rules_has(r, DIRECTIVE_grace))
		buf_printf(x->out, in(x, "Within %s after booking, changes are free.\n",
			"Dans les %s qui suivent la réservation, les changements sont gratuits.\n"), length(x, &r->grace.length));
}

static void say_absence(const struct explaining *x)
{
	const struct rules *r = x->r;

	if (rules_has(r, DIRECTIVE_no_show))
		buf_printf(x->out, in(x, "Who does not come owes %s; we wait %s.\n",
			"L'absence sans prévenir coûte %s ; nous attendons %s.\n"), fee_words(x, &r->no_show.fee),
			length(x, &r->no_show.wait));
	if (rules_has(r, DIRECTIVE_late_arrival))
		buf_printf(x->out, in(x, "Coming more than %s late counts as absence.\n",
			"Un retard de %s ou plus compte comme une absence.\n"), length(x, &r->late_arrival));
}

static void say_leniency(const struct explaining *x)
{
	const struct rules *r = x->r;

	if (rules_has(r, DIRECTIVE_forgive))
		buf_printf(x->out, in(x, "%lld of these %s are free.\n", "%lld de ces cas %s sont gratuits.\n"),
			(long long)r->forgive.count, period_words(x, &r->forgive.per));
	if (rules_has(r, DIRECTIVE_escalate))
		buf_printf(x->out, in(x, "From the %lld. %s on, the fee is %s.\n",
		"À partir du %lldᵉ %s, l'indemnité est de %s.\n"),
			(long long)r->escalate.from, period_words(x, &r->escalate.per), fee_words(x, &r->escalate.fee));
	if (r->refilled_waive)
		buf_adds(x->out, in(x, "If somebody else takes the time, nothing is owed.\n",
			"Si quelqu'un d'autre prend la place, rien n'est dû.\n"));
	if (rules_has(r, DIRECTIVE_review))
		buf_printf(x->out, in(x, "A fee is due after %s; until then we may drop it.\n",
			"Une indemnité est due après %s ; d'ici là nous pouvons y renoncer.\n"), length(x, &r->review));
	if (rules_has(r, DIRECTIVE_series_max))
		buf_printf(x->out, in(x, "Of a series that ends, at most %lld dates are charged.\n",
			"D'une série arrêtée, %lld dates au plus sont facturées.\n"), (long long)r->series_max);
}

static void say_money(const struct explaining *x)
{
	const struct rules *r = x->r;

	if (r->cap.kind == CAP_PERCENT)
		buf_printf(x->out, in(x, "One appointment never costs more than %s of its price.\n",
			"Un rendez-vous ne coûte jamais plus de %s de son prix.\n"),
			phrase_percent(x->l, &r->cap.percent, x->mem));
	else if (r->cap.kind == CAP_AMOUNT)
		buf_printf(x->out, in(x, "One appointment never costs more than %s.\n",
			"Un rendez-vous ne coûte jamais plus de %s.\n"), phrase_money(x->l, &r->cap.amount, x->mem));
	if (rules_has(r, DIRECTIVE_deposit))
		buf_adds(x->out, r->deposit.arrhes ?
			in(x, "A deposit is kept if the client withdraws, and returned twice over if we do.\n",
				"Les arrhes sont perdues si le client se dédit, rendues au double si c'est nous.\n") :
			in(x, "A deposit counts towards the fee; what is left of it goes back.\n",
				"L'acompte s'impute sur l'indemnité ; le reste est rendu.\n"));
	if (rules_has(r, DIRECTIVE_owner_late))
		buf_printf(x->out, in(x, "If we cancel or move with less than %s notice, we owe %s.\n",
			"Si nous annulons ou reportons à moins de %s, nous devons %s.\n"), length(x, &r->owner_late.within),
			fee_words(x, &r->owner_late.credit));
	if (r->acceptance)
		buf_adds(x->out, in(x, "This holds for who has agreed to it before booking.\n",
			"Cela vaut pour qui l'a accepté avant de réserver.\n"));
	if (rules_has(r, DIRECTIVE_tax) && r->tax.included)
		buf_printf(x->out, in(x, "Fees include %s of tax.\n", "Les indemnités comprennent %s de taxe.\n"),
			phrase_percent(x->l, &r->tax.rate, x->mem));
}

char *explain_policy(const struct policy_text *p, enum language l, int64_t when, struct arena *mem)
{
	struct buf out cleanup_buf;
	struct rules r;
	const struct explaining x = { l, &r, mem, &out };

	rules_for(p, when, &(struct rules_key){ "", "", "" }, WEDNESDAY_NOON, &r);
	buf_init(&out, EXPLAIN_MAX);
	say_tiers(&x);
	if (!r.record) {
		say_moves(&x);
		say_absence(&x);
		say_leniency(&x);
		say_money(&x);
	}
	return arena_strdup(mem, out.data);
}
