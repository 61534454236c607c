#include "policy/late/offer.h"

#include <string.h>

#include "base/util.h"
#include "policy/late/basis.h"
#include "policy/late/directive.h"
#include "policy/late/phrase.h"

static void offer_price(const struct deal *d, const struct slot *s, const struct terms *terms,
	struct offer *o, struct offers *all)
{
	struct fee_limits limits = rules_limits(&terms->rules);
	struct fee_base base = slot_base(s);
	const struct money *hold = &d->chain.hold;
	struct money m;
	int64_t cap;

	if (o->tier->fee.kind == FEE_SESSION) {
		o->amount = basis_fee(d, &o->tier->fee, &s->price);
		all->nameable = true;
		return;
	}
	if (fee_amount(&o->tier->fee, &limits, &base, &m)) {
		all->unknown = true;
		return;
	}
	if (hold->minor > 0 && strcmp(hold->currency, m.currency) == 0)
		m.minor += hold->minor;
	if (fee_cap(&terms->rules.cap, &s->price, m.currency, &cap)) {
		cap -= chain_charged(&d->chain, &d->entries, d->c->uid, d->c->occurrence, m.currency);
		if (m.minor > cap)
			m.minor = cap > 0 ? cap : 0;
	}
	o->minor = m.minor;
	if (m.minor > 0) {
		o->amount = phrase_money(render_language(d), &m, d->mem);
		all->nameable = true;
	}
}

void offers_make(const struct deal *d, const struct slot *s, const struct terms *terms, struct offers *out)
{
	*out = (struct offers){ .count = 0 };
	for (size_t i = 0; i < terms->rules.tier_count && i < ARRAY_SIZE(out->list); i++) {
		struct offer o = { .tier = &terms->rules.tiers[i] };
		size_t at = out->count;

		o.deadline = notice_deadline(&terms->days, s->anchor, &o.tier->within);
		offer_price(d, s, terms, &o, out);
		while (at > 0 && out->list[at - 1].deadline > o.deadline)
			at--;
		memmove(&out->list[at + 1], &out->list[at], (out->count - at) * sizeof(o));
		out->list[at] = o;
		out->count++;
	}
}

const char *offer_start(const struct deal *d, const struct offer *o, bool instants)
{
	return instants ? phrase_time(render_language(d), rules_options(d->text)->zone, o->deadline, false, d->mem) :
		phrase_before(render_language(d), &o->tier->within, d->mem);
}

void offers_say_amounts(struct rendering *r, const struct offers *all, size_t first, bool instants)
{
	const struct deal *d = r->d;

	for (size_t i = first; i < all->count; i++) {
		const struct offer *o = &all->list[i];

		if (!o->amount)
			continue;
		if (i > 0)
			buf_printf(&r->note, render_in(d, "From %s%s: %s. ", "À partir %s%s : %s. "),
				render_in(d, "", instants ? "du " : "de "), offer_start(d, o, instants), o->amount);
		else if (all->count == 1)
			buf_printf(&r->note, render_in(d, "After that: %s. ", "Ensuite : %s. "), o->amount);
		else
			buf_printf(&r->note, render_in(d, "From then on: %s. ", "Dès lors : %s. "), o->amount);
	}
}

void offers_say_too_late(struct rendering *r, const struct slot *s, const struct terms *terms,
	const struct offers *all, size_t applies)
{
	const struct deal *d = r->d;
	const struct offer *o = &all->list[applies];
	const struct rules *rules = &terms->rules;
	const char *length = phrase_duration(render_language(d), &o->tier->within, d->mem), *grace = "";
	int64_t end;

	if (rules->record) {
		buf_printf(&r->note, render_in(d, "Booked less than %s before.\nNothing is charged. ",
			"Réservé moins de %s avant.\nRien n'est facturé. "), length);
		return;
	}
	if (rules_has(rules, DIRECTIVE_grace)) {
		end = notice_after(&terms->days, s->acquired, &rules->grace.length);
		if (!rules->grace.has_not_within ||
				end <= notice_deadline(&terms->days, s->start, &rules->grace.not_within))
			grace = arena_printf(d->mem, render_in(d, ", after a grace period until %s",
				", sauf correction jusqu'au %s"), render_time(d, end, true));
	}
	if (o->amount)
		buf_printf(&r->note, render_in(d,
			"Booked less than %s before: cancelling or moving costs %s from the start%s.\n",
			"Réservé moins de %s avant : annuler ou reporter coûte %s dès maintenant%s.\n"),
			length, o->amount, grace);
	else
		buf_printf(&r->note, render_in(d, "Booked less than %s before.\n", "Réservé moins de %s avant.\n"), length);
	offers_say_amounts(r, all, applies + 1, true);
}

void offers_say_free(struct rendering *r, const struct offers *all, const struct terms *terms)
{
	const struct deal *d = r->d;
	const struct offer *o = &all->list[0];
	const char *until = render_time(d, o->deadline, true);
	const char *before = phrase_before(render_language(d), &o->tier->within, d->mem);

	if (terms->rules.record) {
		buf_printf(&r->note, render_in(d, "Please cancel or move until %s (%s).\nNothing is charged after that. ",
			"Merci d'annuler ou de reporter jusqu'au %s (%s).\nRien n'est facturé ensuite. "), until, before);
	} else if (!all->nameable) {
		buf_printf(&r->note, render_in(d, "Please cancel or move until %s (%s).\n",
			"Merci d'annuler ou de reporter jusqu'au %s (%s).\n"), until, before);
	} else {
		buf_printf(&r->note, render_in(d, "Free to cancel or move until %s (%s).\n",
			"Annulation ou report sans frais jusqu'au %s (%s).\n"), until, before);
		offers_say_amounts(r, all, 0, true);
	}
}

size_t offers_at(const struct offers *all, int64_t acquired)
{
	size_t applies = all->count;

	for (size_t i = 0; i < all->count; i++) {
		if (acquired > all->list[i].deadline)
			applies = i;
	}
	return applies;
}

bool offers_worth_saying(const struct slot *s, const struct terms *terms, const struct offers *all)
{
	if (all->count == 0 || s->imposed)
		return false;
	return terms->rules.record || all->nameable || all->unknown;
}
