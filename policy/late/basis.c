#include "policy/late/basis.h"

#include "policy/late/phrase.h"
#include "policy/late/render.h"

const char *basis_fee(const struct deal *d, const struct fee_rule *fee, const struct money *price)
{
	const char *amount = phrase_money(render_language(d), fee->kind == FEE_PERCENT ? price : &fee->amount,
		d->mem);

	switch (fee->kind) {
	case FEE_PERCENT:
		return arena_printf(d->mem, render_in(d, "%s of %s", "%s de %s"),
			phrase_percent(render_language(d), &fee->percent, d->mem), amount);
	case FEE_AMOUNT:
		return arena_printf(d->mem, render_in(d, "flat %s", "forfait %s"), amount);
	case FEE_HOURLY:
		return arena_printf(d->mem, render_in(d, "%s an hour", "%s par heure"), amount);
	case FEE_SESSION:
		return render_in(d, "one session", "une séance");
	case FEE_NONE:
		break;
	}
	return "";
}

const char *basis_no_price(const struct deal *d)
{
	return render_in(d, "no price known", "prix inconnu");
}

const char *basis_arrhes(const struct deal *d)
{
	return render_in(d, "the deposit (arrhes)", "les arrhes versées");
}

const char *basis_held(const struct deal *d, const char *basis, const struct money *held)
{
	const char *amount = phrase_money(render_language(d), held, d->mem);

	return arena_printf(d->mem, render_in(d, "%s%s%s held", "%s%s%s retenus"), basis, *basis ? " + " : "",
		amount);
}

const char *basis_capped(const struct deal *d, const struct money *charge, const char *basis)
{
	return arena_printf(d->mem, render_in(d, "%s, at most %s", "%s, au plus %s"), basis,
		phrase_money(render_language(d), charge, d->mem));
}

const char *basis_forgiven(const struct deal *d, int64_t number, int64_t of, const struct period *per)
{
	const char *period = "";

	if (per->kind == PERIOD_YEAR)
		period = render_in(d, " this year", " cette année");
	else if (per->kind == PERIOD_MONTH)
		period = render_in(d, " this month", " ce mois-ci");
	else if (per->kind == PERIOD_SECONDS && per->seconds % 86400 == 0)
		period = arena_printf(d->mem, render_in(d, " in %lld days", " en %lld jours"),
			(long long)(per->seconds / 86400));
	else if (per->kind == PERIOD_SECONDS)
		period = arena_printf(d->mem, render_in(d, " in %s", " en %s"), phrase_seconds(per->seconds, d->mem));
	return arena_printf(d->mem, render_in(d, "%lld of %lld%s", "%lld sur %lld%s"), (long long)number,
		(long long)of, period);
}

const char *basis_adjusted(const struct deal *d)
{
	return render_in(d, "set by us", "fixée par nous");
}
