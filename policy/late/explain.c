#include "policy/late/explain.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "policy/late/directive.h"
#include "policy/late/phrase.h"

enum { EXPLAIN_MAX = 1 << 16, CLAUSE_MAX = 1 << 13 };

struct explaining {
	enum language l;
	const struct policy_text *text;
	const struct rules *r;
	int64_t when;
	struct arena *mem;
	struct buf *out;
};

static const char *in(const struct explaining *x, const char *english,
	const char *french) __attribute__((format_arg(2)));
static const char *in(const struct explaining *x, const char *english, const char *french)
{
	return x->l == LANGUAGE_FR ? french : english;
}

/* A sentence follows on what stands there already. */
__attribute__((format(printf, 2, 3)))
static void say(const struct explaining *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_printf(x->out, "%s%s", x->out->len > 0 ? " " : "", arena_vprintf(x->mem, fmt, ap));
	va_end(ap);
}

static bool has(const struct explaining *x, enum directive_id id)
{
	return rules_has(x->r, (int)id);
}

static const char *length(const struct explaining *x, const struct duration *d)
{
	return phrase_length(x->l, d, x->mem);
}

static const char *money(const struct explaining *x, const struct money *m)
{
	return phrase_money(x->l, m, x->mem);
}

/* ---- fees ---- */

static bool is_nothing(const struct fee_rule *f)
{
	return f->kind == FEE_NONE || (f->kind == FEE_PERCENT && f->percent.num == 0) ||
		((f->kind == FEE_AMOUNT || f->kind == FEE_HOURLY) && f->amount.minor == 0);
}

static const char *fee_words(const struct explaining *x, const struct fee_rule *f)
{
	if (is_nothing(f))
		return in(x, "nothing", "rien");
	switch (f->kind) {
	case FEE_PERCENT:
		return arena_printf(x->mem, in(x, "%s of the price", "%s du prix"),
			phrase_percent(x->l, &f->percent, x->mem));
	case FEE_AMOUNT:
		return money(x, &f->amount);
	case FEE_HOURLY:
		return arena_printf(x->mem, in(x, "%s for each hour booked", "%s par heure réservée"),
			money(x, &f->amount));
	case FEE_SESSION:
		return in(x, "one session", "une séance");
	case FEE_NONE:
		break;
	}
	return "";
}

/* "costs 50 % of the price", "costs nothing, but is noted" */
static const char *costs(const struct explaining *x, const struct fee_rule *f)
{
	if (is_nothing(f))
		return in(x, "costs nothing, but is noted", "ne coûte rien, mais est notée");
	return arena_printf(x->mem, in(x, "costs %s", "coûte %s"), fee_words(x, f));
}

static const char *period_words(const struct explaining *x, const struct period *p)
{
	const int64_t day = 86400;

	switch (p->kind) {
	case PERIOD_MONTH:
		return in(x, "in each calendar month", "par mois civil");
	case PERIOD_YEAR:
		return in(x, "in each calendar year", "par année civile");
	case PERIOD_EVER:
		return in(x, "in all", "en tout");
	case PERIOD_SECONDS:
		break;
	}
	const struct duration d = { p->seconds % day ? p->seconds : p->seconds / day,
		p->seconds % day ? UNIT_SECOND : UNIT_DAY, -1 };
	return arena_printf(x->mem, in(x, "within any %s", "sur toute période de %s"), length(x, &d));
}

/* ---- clauses: each writes its sentences, or nothing ---- */

static void say_price(const struct explaining *x)
{
	const struct rules *r = x->r;
	const char *unless = r->price_from_title ?
		in(x, ", unless another price was agreed when it was booked",
			", sauf si un autre prix a été convenu à la réservation") : "";

	if (has(x, DIRECTIVE_price))
		say(x, in(x, "An appointment costs %s%s.", "Un rendez-vous coûte %s%s."), money(x, &r->price), unless);
	else if (has(x, DIRECTIVE_rate))
		say(x, in(x, "An appointment costs %s for each hour booked%s.",
			"Un rendez-vous coûte %s par heure réservée%s."), money(x, &r->rate), unless);
	else if (r->price_from_title)
		say(x, "%s", in(x, "The price of an appointment is the one agreed when it was booked.",
			"Le prix d'un rendez-vous est celui qui a été convenu à la réservation."));
}

static int by_length(const void *a, const void *b)
{
	int64_t x = duration_ceiling(&((const struct tier *)a)->within),
		y = duration_ceiling(&((const struct tier *)b)->within);

	return (x < y) - (x > y);
}

static void say_tiers(const struct explaining *x, const struct tier *tiers, size_t count)
{
	const char *and = in(x, "cancelling it", "une annulation");

	say(x, in(x, "The client can cancel an appointment free of charge until %s.",
		"Le client peut annuler un rendez-vous sans frais jusqu'à %s."),
		phrase_limit(x->l, &tiers[0].within, x->mem));
	say(x, in(x, "After that, cancelling it %s", "Une annulation plus tardive %s"), costs(x,
		&tiers[0].fee));
	for (size_t n = 1; n < count; n++)
		buf_printf(x->out, "%s %s %s %s", in(x, ";", " ;"), and, phrase_beyond(x->l, &tiers[n].within, x->mem),
			costs(x, &tiers[n].fee));
	buf_addc(x->out, '.');
}

static void say_cancelling(const struct explaining *x)
{
	size_t count = x->r->tier_count;
	struct tier *tiers = arena_array(x->mem, count + 1, sizeof(*tiers));

	if (count == 0) {
		say(x, "%s", in(x, "The client can cancel an appointment free of charge until it starts.",
			"Le client peut annuler un rendez-vous sans frais jusqu'à son début."));
		return;
	}
	memcpy(tiers, x->r->tiers, count * sizeof(*tiers));
	qsort(tiers, count, sizeof(*tiers), by_length);
	if (!x->r->record) {
		say_tiers(x, tiers, count);
		return;
	}
	say(x, in(x, "The client is asked to cancel or move an appointment no later than %s%s.",
		"Le client est prié d'annuler ou de reporter un rendez-vous au plus tard %s%s."),
		tiers[0].within.at >= 0 ? in(x, "", "à ") : "", phrase_limit(x->l, &tiers[0].within, x->mem));
	say(x, "%s", in(x, "What comes later is noted; nothing is charged for it.",
		"Ce qui vient plus tard est noté ; rien n'est facturé."));
}

/* What follows "can be moved free of charge" where moves are counted. */
static const char *move_limit(const struct explaining *x)
{
	const struct rules *r = x->r;

	if (!has(x, DIRECTIVE_move_limit))
		return "";
	return arena_printf(x->mem, in(x, ", %lld times at most; each further move costs %s",
		", %lld fois au plus ; chaque report supplémentaire coûte %s"), (long long)r->move_limit.count,
		fee_words(x, &r->move_limit.fee));
}

static void say_late_move(const struct explaining *x)
{
	const struct rules *r = x->r;

	switch (r->late_move) {
	case LATE_MOVE_HOLD:
		say(x, "%s", in(x, "Once it can no longer be cancelled free of charge, moving it costs nothing at "
			"first; but if the new appointment is then cancelled or missed, at whatever notice, the fee for "
			"cancelling the first one falls due as well.",
			"Lorsqu'il ne peut plus être annulé sans frais, le reporter ne coûte d'abord rien ; mais si le "
			"nouveau rendez-vous est ensuite annulé ou manqué, quel que soit le préavis, l'indemnité "
			"d'annulation du premier est due elle aussi."));
		break;
	case LATE_MOVE_SAME:
		say(x, "%s", in(x, "Once it can no longer be cancelled free of charge, moving it costs the same as "
			"cancelling it.",
			"Lorsqu'il ne peut plus être annulé sans frais, le reporter coûte autant que l'annuler."));
		break;
	case LATE_MOVE_FEE:
		say(x, in(x, "Once it can no longer be cancelled free of charge, moving it costs %s, but never more "
			"than cancelling it; if the new appointment is then cancelled or missed, at whatever notice, the "
			"rest of the fee for cancelling the first one falls due as well.",
			"Lorsqu'il ne peut plus être annulé sans frais, le reporter coûte %s, sans jamais dépasser "
			"l'indemnité d'annulation ; si le nouveau rendez-vous est ensuite annulé ou manqué, quel que soit le "
			"préavis, le reste de cette indemnité est dû lui aussi."), fee_words(x, &r->late_move_fee));
		break;
	case LATE_MOVE_FREE:
		break;
	}
}

/* No notice is too short to move. */
static bool moves_any_time(const struct rules *r)
{
	for (size_t n = 0; n < r->tier_count; n++) {
		if (!is_nothing(&r->tiers[n].fee))
			return r->late_move == LATE_MOVE_FREE;
	}
	return true;
}

static void say_moving(const struct explaining *x)
{
	bool any_time = moves_any_time(x->r);

	if (any_time)
		say(x, in(x, "The client can move an appointment free of charge until it starts%s.",
			"Le client peut reporter un rendez-vous sans frais jusqu'à son début%s."), move_limit(x));
	else
		say(x, in(x, "As long as an appointment can be cancelled free of charge, it can also be moved free of "
			"charge%s.", "Tant qu'un rendez-vous peut être annulé sans frais, il peut aussi être reporté sans "
			"frais%s."), move_limit(x));
	if (!any_time)
		say_late_move(x);
	if (has(x, DIRECTIVE_shift))
		say(x, in(x, "Shifting an appointment by no more than %s from the time agreed costs nothing and does "
			"not count as a move.", "Un décalage de %s au plus par rapport à l'heure convenue ne coûte rien et "
			"ne compte pas comme un report."), length(x, &x->r->shift));
}

static void say_grace(const struct explaining *x)
{
	const struct rules *r = x->r;

	if (!has(x, DIRECTIVE_grace))
		return;
	say(x, in(x, "Within %s after booking or moving an appointment, the client can cancel or move it free "
		"of charge", "Dans un délai de %s après la réservation ou le report d'un rendez-vous, le client peut "
		"l'annuler ou le reporter sans frais"), length(x, &r->grace.length));
	if (r->grace.has_not_within)
		buf_printf(x->out, in(x, ", provided that there are at least %s left until it starts",
			", à condition qu'il reste au moins %s jusqu'à son début"), length(x, &r->grace.not_within));
	buf_addc(x->out, '.');
	if (!moves_any_time(r) && r->late_move != LATE_MOVE_SAME)
		say(x, "%s", in(x, "If it is cancelled, a fee that was put off by a late move is due nevertheless.",
			"En cas d'annulation, l'indemnité différée par un report tardif est due néanmoins."));
}

static void say_absence(const struct explaining *x)
{
	const struct rules *r = x->r;
	bool free = !has(x, DIRECTIVE_no_show) || is_nothing(&r->no_show.fee);

	if (free || r->record)
		say(x, "%s", in(x, "The absence of a client who does not come is noted; nothing is charged for it.",
			"L'absence d'un client qui ne vient pas est notée ; rien n'est facturé."));
	else
		say(x, in(x, "A client who does not come owes %s.", "Le client qui ne vient pas doit %s."),
			fee_words(x, &r->no_show.fee));
	if (r->no_show.wait.count > 0)
		say(x, in(x, "We wait %s before we take a client for absent.",
			"Nous attendons %s avant de constater une absence."), length(x, &r->no_show.wait));
	if (r->no_show.has_until && !free && !r->record)
		say(x, in(x, "An absence that we have not noted within %s after the start costs nothing.",
			"Une absence que nous n'avons pas constatée dans un délai de %s après le début ne coûte rien."),
			length(x, &r->no_show.until));
	if (has(x, DIRECTIVE_late_arrival))
		say(x, in(x, "A client who comes %s late or more counts as absent.",
			"Un retard de %s ou plus vaut absence."), length(x, &r->late_arrival));
	say(x, "%s", in(x, "Cancelling or moving an appointment after its start counts as absence.",
		"Annuler ou reporter un rendez-vous après son début vaut absence."));
}

/* ---- leniency and its opposite ---- */

static const struct { unsigned kind; const char *one[2], *many[2]; } kinds[] = {
	{ KIND_LATE_CANCEL, { "late cancellation", "une annulation tardive" },
		{ "late cancellations", "annulations tardives" } },
	{ KIND_LATE_MOVE, { "late move", "un report tardif" }, { "late moves", "reports tardifs" } },
	{ KIND_NO_SHOW, { "absence", "une absence" }, { "absences", "absences" } },
};

/* "late cancellation, late move or absence" */
static const char *kind_words(const struct explaining *x, unsigned mask, bool one)
{
	const char *text = "";

	for (size_t n = 0; n < ARRAY_SIZE(kinds); n++) {
		const char *kind = (one ? kinds[n].one : kinds[n].many)[x->l];

		if (!(mask & kinds[n].kind))
			continue;
		mask &= ~kinds[n].kind;
		if (*text)
			kind = arena_printf(x->mem, "%s%s", mask ? ", " : in(x, " or ", " ou "), kind);
		text = arena_printf(x->mem, "%s%s", text, kind);
	}
	return text;
}

static void say_forgiveness(const struct explaining *x)
{
	const struct rules *r = x->r;
	const char *period, *what;

	if (!has(x, DIRECTIVE_forgive) || r->forgive.count == 0)
		return;
	period = period_words(x, &r->forgive.per);
	what = kind_words(x, r->forgive.kinds, r->forgive.count == 1);
	if (r->forgive.count == 1)
		say(x, in(x, "For each client, one %s %s is free of charge.",
			"Pour chaque client, %s %s est sans frais."), what, period);
	else
		say(x, in(x, "For each client, %lld %s %s are free of charge.",
			"Pour chaque client, %lld %s %s sont sans frais."), (long long)r->forgive.count, what, period);
}

static const char *ordinal(const struct explaining *x, int64_t n)
{
	static const char *const english[] = { "th", "st", "nd", "rd" };
	bool teens = n % 100 >= 11 && n % 100 <= 13;

	if (x->l == LANGUAGE_FR)
		return arena_printf(x->mem, n == 1 ? "%lldᵉʳ" : "%lldᵉ", (long long)n);
	return arena_printf(x->mem, "%lld%s", (long long)n, english[!teens && n % 10 < 4 ? n % 10 : 0]);
}

static void say_escalation(const struct explaining *x)
{
	const struct rules *r = x->r;

	if (!has(x, DIRECTIVE_escalate))
		return;
	say(x, in(x, "From a client's %s late cancellation, late move or absence %s on, the fee is %s.",
		"À partir du %s cas d'annulation tardive, de report tardif ou d'absence d'un client %s, l'indemnité "
		"est de %s."), ordinal(x, r->escalate.from), period_words(x, &r->escalate.per),
		fee_words(x, &r->escalate.fee));
}

static void say_refilled(const struct explaining *x)
{
	if (x->r->refilled_waive)
		say(x, "%s", in(x, "If another client takes the freed time before the appointment would have started, "
			"no fee is owed.", "Si un autre client prend le créneau libéré avant l'heure prévue, aucune "
			"indemnité n'est due."));
}

/* ---- money ---- */

static void say_review(const struct explaining *x)
{
	if (has(x, DIRECTIVE_review))
		say(x, in(x, "A fee falls due %s after the cancellation, move or absence; until then we may waive it.",
			"Une indemnité est exigible %s après l'annulation, le report ou l'absence ; d'ici là, nous pouvons y "
			"renoncer."), length(x, &x->r->review));
}

static void say_amounts(const struct explaining *x)
{
	const struct rules *r = x->r;
	const char *most = r->cap.kind == CAP_AMOUNT ? money(x, &r->cap.amount) : r->cap.kind == CAP_PERCENT ?
		arena_printf(x->mem, in(x, "%s of its price", "%s de son prix"),
			phrase_percent(x->l, &r->cap.percent, x->mem)) : NULL;

	if (has(x, DIRECTIVE_min))
		say(x, in(x, "A fee is %s at least.", "Une indemnité est de %s au moins."), money(x, &r->min));
	if (has(x, DIRECTIVE_max))
		say(x, in(x, "A fee is %s at most.", "Une indemnité est de %s au plus."), money(x, &r->max));
	if (has(x, DIRECTIVE_round))
		say(x, in(x, "Fees are rounded to the nearest multiple of %s, halves upwards.",
			"Les indemnités sont arrondies au multiple de %s le plus proche, les moitiés vers le haut."),
			money(x, &r->round));
	if (most && r->tier_count > 0)
		say(x, in(x, "All fees for one appointment together never exceed %s.",
			"Pour un même rendez-vous, le total des indemnités ne dépasse jamais %s."), most);
}

static const char *deposit_asked(const struct explaining *x)
{
	const struct rules *r = x->r;

	if (*r->deposit.amount.currency)
		return money(x, &r->deposit.amount);
	return r->deposit.percent.den ? arena_printf(x->mem, in(x, "%s of the price", "%s du prix"),
		phrase_percent(x->l, &r->deposit.percent, x->mem)) : NULL;
}

static void say_deposit(const struct explaining *x)
{
	const char *asked = deposit_asked(x);

	if (!has(x, DIRECTIVE_deposit))
		return;
	if (asked)
		say(x, in(x, "When booking, the client pays %s in advance.",
			"À la réservation, le client verse %s d'avance."), asked);
	say(x, "%s", x->r->deposit.arrhes ?
		in(x, "Even where cancelling is free of charge otherwise, a client who cancels loses what was paid in "
			"advance; if we cancel, we return twice that sum (arrhes).",
			"La somme versée d'avance constitue des arrhes : même lorsque l'annulation est par ailleurs sans "
			"frais, le client qui annule la perd ; si nous annulons, nous en restituons le double.") :
		in(x, "What was paid in advance counts towards a fee; what is left of it is returned.",
			"La somme versée d'avance constitue un acompte, qui s'impute sur l'indemnité ; le reste est rendu."));
}

static void say_own(const struct explaining *x)
{
	const struct rules *r = x->r;

	say(x, "%s", in(x, "For what we cancel or move ourselves, the client owes nothing, and can decline "
		"free of charge a time that we chose.", "Pour ce que nous annulons ou reportons nous-mêmes, le client "
		"ne doit rien, et il peut refuser sans frais un horaire choisi par nous."));
	if (has(x, DIRECTIVE_owner_late))
		say(x, in(x, "If we cancel or move an appointment %s, we owe the client %s.",
			"Si nous annulons ou reportons un rendez-vous %s, nous devons au client %s."),
			phrase_beyond(x->l, &r->owner_late.within, x->mem), fee_words(x, &r->owner_late.credit));
}

static void say_series(const struct explaining *x)
{
	int64_t n = x->r->series_max;

	if (!has(x, DIRECTIVE_series_max))
		return;
	say(x, "%s", in(x, "Each date of a series is an appointment of its own.",
		"Chaque date d'une série est un rendez-vous à part entière."));
	if (n == 0)
		say(x, "%s", in(x, "When a series is cancelled or moved, no fee is charged.",
			"Lorsqu'une série est annulée ou reportée, aucune indemnité n'est facturée."));
	else if (n == 1)
		say(x, "%s", in(x, "When several dates are cancelled or moved at once, only the first late one is "
			"charged.",
			"Lorsque plusieurs dates sont annulées ou reportées en une fois, seule la première date tardive est "
			"facturée."));
	else
		say(x, in(x, "When several dates are cancelled or moved at once, only the first %lld late ones are "
			"charged.",
			"Lorsque plusieurs dates sont annulées ou reportées en une fois, seules les %lld premières dates "
			"tardives sont facturées."), (long long)n);
}

static void say_shortening(const struct explaining *x)
{
	if (x->r->prorata)
		say(x, "%s", in(x, "Shortening an appointment when it can no longer be cancelled free of charge costs "
			"the fee for the part that is lost.", "Raccourcir un rendez-vous qui ne peut plus être annulé sans "
			"frais coûte l'indemnité correspondant à la durée supprimée."));
}

static void say_tax(const struct explaining *x)
{
	const struct rules *r = x->r;
	const char *reason = "";

	if (!has(x, DIRECTIVE_tax))
		return;
	if (*r->tax.reason)
		reason = arena_printf(x->mem, " (%s)", r->tax.reason);
	if (r->tax.included)
		say(x, in(x, "Fees include tax at %s%s.", "Les indemnités s'entendent taxe de %s comprise%s."),
			phrase_percent(x->l, &r->tax.rate, x->mem), reason);
	else
		say(x, in(x, "Fees are charged without tax%s.", "Les indemnités sont facturées sans taxe%s."), reason);
}

/* ---- opening hours, where days or hours of business count ---- */

static bool same_day(const struct opening *o, int a, int b)
{
	return o->count[a] == o->count[b] && memcmp(o->span[a], o->span[b],
		o->count[a] * sizeof(*o->span[a])) == 0;
}

/* "Monday to Friday 09:00–12:00 and 14:00–18:00" */
static const char *day_words(const struct explaining *x, const struct opening *o, int first, int last)
{
	const char *text = phrase_weekday(x->l, first);

	if (last > first)
		text = arena_printf(x->mem, in(x, "%s to %s", "du %s au %s"), text, phrase_weekday(x->l, last));
	for (size_t n = 0; n < o->count[first]; n++)
		text = arena_printf(x->mem, "%s%s%s–%s", text, n == 0 ? " " : in(x, " and ", " et "),
			phrase_clock(x->l, o->span[first][n].from, x->mem), phrase_clock(x->l, o->span[first][n].to, x->mem));
	return text;
}

static void say_opening(const struct explaining *x)
{
	const struct opening *o = x->r->opening;
	const char *text = "";
	int directive;

	if (!o || !rules_want_opening(x->r, &directive))
		return;
	for (int day = 0, last; day < 7; day = last + 1) {
		for (last = day; last < 6 && same_day(o, day, last + 1); last++)
			;
		if (o->count[day] > 0)
			text = arena_printf(x->mem, "%s%s%s", text, *text ? ", " : "", day_words(x, o, day, last));
	}
	say(x, in(x, "Business days and hours are: %s%s.", "Les jours et heures ouvrés sont : %s%s."), text,
		x->r->holidays ? in(x, ", except on public holidays", ", hors jours fériés") : "");
}

static void say_acceptance(const struct explaining *x)
{
	if (x->r->acceptance)
		say(x, "%s", in(x, "Only a client who accepted these terms before booking owes a fee.",
			"Seul le client qui a accepté ces conditions avant de réserver doit une indemnité."));
}

static void say_validity(const struct explaining *x)
{
	const char *version = rules_version(x->text, x->when);

	say(x, in(x, "What counts is the moment at which a change reaches our calendar; all times are those of "
		"the time zone %s.", "Est déterminant le moment où un changement parvient à notre agenda ; toutes les "
		"heures sont celles du fuseau horaire %s."), zone_name(rules_options(x->text)->zone));
	say(x, "%s", in(x, "An appointment keeps the terms that were in force when it was booked or last moved.",
		"Un rendez-vous reste soumis aux conditions en vigueur lors de sa réservation ou de son dernier "
		"report."));
	if (*version)
		say(x, in(x, "These terms apply to what is booked or moved from %s on.",
			"Ces conditions s'appliquent à ce qui est réservé ou reporté à partir du %s."),
			phrase_date(x->l, version, x->mem));
}

/* ---- all of them, in order ---- */

#define BIT(id) (UINT64_C(1) << DIRECTIVE_##id)
#define TIERS (BIT(tiers) | BIT(mode) | BIT(use))

enum clause_flags { CLAUSE_RECORD = 1 }; /* also where nothing is ever charged */

static const struct clause {
	uint64_t directives;  /* that it is about: said anew where one of them differs */
	unsigned flags;
	const char *title[2];
	void (*say)(const struct explaining *x);
} clauses[] = {
	{ BIT(price) | BIT(rate) | BIT(price_from), CLAUSE_RECORD, { "Price", "Prix" }, say_price },
	{ TIERS, CLAUSE_RECORD, { "Cancellation", "Annulation" }, say_cancelling },
	{ BIT(late_move) | BIT(shift) | BIT(move_limit), 0, { "Moving", "Report" }, say_moving },
	{ BIT(grace), 0, { "Corrections", "Corrections" }, say_grace },
	{ BIT(no_show) | BIT(late_arrival) | BIT(mode) | BIT(use), CLAUSE_RECORD, { "Absence", "Absence" },
		say_absence },
	{ BIT(forgive), 0, { "Leniency", "Tolérance" }, say_forgiveness },
	{ BIT(escalate), 0, { "Repeated cases", "Cas répétés" }, say_escalation },
	{ BIT(series_max), 0, { "Series", "Séries" }, say_series },
	{ BIT(shorten), 0, { "Shortening", "Raccourcissement" }, say_shortening },
	{ BIT(refilled), 0, { "Freed time", "Créneau libéré" }, say_refilled },
	{ BIT(review), 0, { "Time for review", "Délai de réexamen" }, say_review },
	{ BIT(min) | BIT(max) | BIT(round) | BIT(cap), 0, { "Amounts", "Montants" }, say_amounts },
	{ BIT(deposit), 0, { "Payment in advance", "Versement d'avance" }, say_deposit },
	{ BIT(owner_late), 0, { "Our own changes", "Changements de notre fait" }, say_own },
	{ BIT(tax), 0, { "Tax", "Taxe" }, say_tax },
	{ BIT(hours) | BIT(holidays), CLAUSE_RECORD, { "Business days", "Jours ouvrés" }, say_opening },
	{ BIT(acceptance), 0, { "Acceptance", "Acceptation" }, say_acceptance },
};

static const struct clause validity = { 0, CLAUSE_RECORD, { "Validity", "Validité" }, say_validity };

#undef TIERS
#undef BIT

static void clause_say(const struct clause *c, const struct explaining *x)
{
	if (!x->r->record || (c->flags & CLAUSE_RECORD))
		c->say(x);
}

static void write_clause(struct buf *out, int *number, const char *title, const char *text)
{
	if (*text)
		buf_printf(out, "%d. %s. %s\n", ++*number, title, text);
}

static void explain_clause(const struct clause *c, struct explaining *x, struct buf *out, int *number)
{
	struct buf text cleanup_buf;

	buf_init(&text, CLAUSE_MAX);
	x->out = &text;
	clause_say(c, x);
	write_clause(out, number, c->title[x->l], text.data);
}

static const char *part_title(const struct explaining *x, const struct rules_part *part)
{
	if (part->weekday < 0)
		return arena_printf(x->mem, in(x, "For “%s”", "Pour « %s »"), part->service);
	return arena_printf(x->mem, in(x, "On %ss", "Le %s"), phrase_weekday(x->l, part->weekday));
}

static void explain_part(const struct rules_part *part, struct explaining *x, struct buf *out,
	int *number)
{
	struct buf text cleanup_buf;
	const struct rules *general = x->r;

	buf_init(&text, CLAUSE_MAX);
	x->out = &text;
	x->r = &part->rules;
	for (size_t n = 0; n < ARRAY_SIZE(clauses); n++) {
		if (part->said & clauses[n].directives)
			clause_say(&clauses[n], x);
	}
	x->r = general;
	if (text.len > 0)
		write_clause(out, number, part_title(x, part), arena_printf(x->mem, "%s %s",
			in(x, "The following holds instead.", "Par dérogation, les règles suivantes s'appliquent."),
				text.data));
}

char *explain_policy(const struct policy_text *p, enum language l, int64_t when, struct arena *mem)
{
	struct buf out cleanup_buf;
	struct rules general;
	struct explaining x = { .l = l, .text = p, .r = &general, .when = when, .mem = mem };
	struct rules_part *parts;
	size_t count = rules_parts(p, when, mem, &parts);
	int number = 0;

	rules_general(p, when, &general);
	buf_init(&out, EXPLAIN_MAX);
	for (size_t n = 0; n < ARRAY_SIZE(clauses); n++)
		explain_clause(&clauses[n], &x, &out, &number);
	for (size_t n = 0; n < count; n++)
		explain_part(&parts[n], &x, &out, &number);
	explain_clause(&validity, &x, &out, &number);
	return arena_strdup(mem, out.data);
}
