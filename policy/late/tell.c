#include "policy/late/tell.h"

#include <string.h>

#include "base/util.h"
#include "policy/late/phrase.h"

enum language tell_language(const char *name)
{
	return strcmp(name, "fr") == 0 ? LANGUAGE_FR : LANGUAGE_EN;
}

const char *tell_in(const struct teller *t, const char *english, const char *french)
{
	return t->language == LANGUAGE_FR ? french : english;
}

const char *tell_time(const struct teller *t, int64_t when, bool year)
{
	const char *text = phrase_time(t->language, t->zone, when, year, t->mem);

	if (*t->event_zone && strcmp(t->event_zone, zone_name(t->zone)))
		text = arena_printf(t->mem, "%s %s", text, zone_name(t->zone));
	return text;
}

const char *tell_money(const struct teller *t, int64_t minor, const char *currency)
{
	struct money m = { .minor = minor };

	memcpy(m.currency, currency, strnlen(currency, CURRENCY_SIZE - 1));
	return phrase_money(t->language, &m, t->mem);
}

/* ---- what happened ---- */

static const struct tell_words words[] = {
	{ "late-cancel", { "Late cancel", "Annulé tard" },
		{ "Late cancellation by the client, received %s.", "Annulation tardive par le client, reçue %s." },
		{ "Late cancellation", "Annulation tardive" } },
	{ "no-show", { "No-show", "Absence" },
		{ "The client did not come; noted %s.", "Le client n'est pas venu ; noté %s." },
		{ "No-show", "Absence" } },
	{ "owner-cancel", { "Cancelled by us", "Annulé par nous" },
		{ "Cancelled by us, %s.", "Annulé par nous, %s." }, { "Cancelled by us", "Annulé par nous" } },
	{ "late-move", { "Late move", "Reporté tard" },
		{ "Moved late by the client, received %s.", "Reporté tard par le client, reçu %s." },
		{ "Late move", "Report tardif" } },
	{ "over-limit-move", { "Moved too often", "Trop de reports" },
		{ "Moved once more than is free, received %s.", "Reporté une fois de trop, reçu %s." },
		{ "Moved too often", "Trop de reports" } },
	{ "shortened", { "Shortened late", "Raccourci tard" },
		{ "Shortened late by the client, received %s.", "Raccourci tard par le client, reçu %s." },
		{ "Shortened late", "Raccourci tard" } },
	{ "on-time-cancel", { "", "" },
		{ "Cancelled in time by the client, received %s.", "Annulé à temps par le client, reçu %s." },
		{ "Cancelled in time", "Annulé à temps" } },
	{ "grace", { "", "" },
		{ "Cancelled within the grace period, received %s.", "Annulé dans le délai de correction, reçu %s." },
		{ "Cancelled within the grace period", "Annulé dans le délai de correction" } },
};

const struct tell_words *tell_words(const struct policy_incident *i)
{
	for (size_t n = 0; n < ARRAY_SIZE(words); n++) {
		if (strcmp(i->class_, words[n].class_) == 0)
			return &words[n];
	}
	return NULL;
}

const char *tell_happened(const struct teller *t, const struct policy_incident *i)
{
	const char *text = arena_printf(t->mem, tell_words(i)->sentence[t->language],
		tell_time(t, i->at, true));

	if (i->state == POLICY_PROPOSED)
		text = arena_printf(t->mem, "%s%s", text, tell_in(t, " To be confirmed by the owner.",
			" À confirmer par le professionnel."));
	return text;
}

const char *tell_notice(const struct teller *t, const struct policy_incident *i)
{
	if (i->required < 0)
		return NULL;
	return arena_printf(t->mem, tell_in(t, "Notice %s, agreed %s.", "Préavis %s, convenu %s."),
		phrase_seconds(i->notice, t->mem), phrase_seconds(i->required, t->mem));
}

/* ---- what it costs ---- */

const char *tell_fee(const struct teller *t, const struct policy_incident *i)
{
	const char *amount = tell_money(t, i->charge, i->currency);

	return *i->basis ? arena_printf(t->mem, "%s (%s)", amount, i->basis) : amount;
}

const char *tell_no_fee(const struct teller *t, const struct policy_incident *i)
{
	static const struct { const char *outcome, *words[2]; } reasons[] = {
		{ "forgiven", { "No fee: forgiven", "Pas d'indemnité : pardonné" } },
		{ "exempt", { "No fee: we had moved this appointment",
			"Pas d'indemnité : nous avions déplacé ce rendez-vous" } },
		{ "session", { "One session is used", "Une séance est utilisée" } },
		{ "recorded", { "No fee, only noted", "Pas d'indemnité, seulement noté" } },
		{ "unaccepted", { "No fee: the policy was not accepted before",
			"Pas d'indemnité : les conditions n'avaient pas été acceptées" } },
		{ "waived", { "Fee waived", "Indemnité abandonnée" } },
	};

	for (size_t n = 0; n < ARRAY_SIZE(reasons); n++) {
		if (strcmp(reasons[n].outcome, i->outcome))
			continue;
		if (strcmp(i->outcome, "forgiven") == 0)
			return arena_printf(t->mem, "%s (%s)", reasons[n].words[t->language], i->basis);
		return reasons[n].words[t->language];
	}
	return tell_in(t, "No fee", "Pas d'indemnité");
}

const char *tell_hold(const struct teller *t, int64_t minor, const char *currency)
{
	return arena_printf(t->mem, tell_in(t,
		"%s fall due if this appointment is cancelled or missed; otherwise nothing.",
		"%s seront dus si ce rendez-vous est annulé ou manqué ; sinon rien."), tell_money(t, minor, currency));
}

const char *tell_state(const struct teller *t, uint32_t state)
{
	static const char *const states[][2] = {
		[POLICY_NONE] = { "nothing owed", "rien de dû" }, [POLICY_PROPOSED] = { "proposed", "proposée" },
		[POLICY_PENDING] = { "in review", "en attente" }, [POLICY_DUE] = { "due", "due" },
		[POLICY_PAID] = { "paid", "payée" }, [POLICY_WAIVED] = { "waived", "abandonnée" },
		[POLICY_VOID] = { "void", "annulée" }, [POLICY_DISPUTED] = { "disputed", "contestée" },
		[POLICY_CREDITED] = { "credited", "créditée" },
	};

	return state < ARRAY_SIZE(states) ? states[state][t->language] : "";
}

const char *tell_reason(const struct teller *t, const char *reason)
{
	static const char *const reasons[][3] = {
		{ "emergency", "emergency", "urgence" }, { "goodwill", "goodwill", "geste commercial" },
		{ "refilled", "the time was taken by somebody else", "la place a été reprise" },
		{ "forgiven", "forgiven", "pardonné" }, { "error", "error", "erreur" },
	};

	for (size_t n = 0; n < ARRAY_SIZE(reasons); n++) {
		if (strcmp(reasons[n][0], reason) == 0)
			return reasons[n][t->language == LANGUAGE_FR ? 2 : 1];
	}
	return reason;
}

/* ---- on which terms ---- */

bool tell_is_date(const char *version)
{
	return strlen(version) == 10 && version[4] == '-' && version[7] == '-' &&
		strspn(version, "0123456789-") == 10;
}

const char *tell_policy(const struct teller *t, const char *name, const char *version)
{
	char *title = arena_strdup(t->mem, name);

	*title = (char)ascii_toupper(*title); /* ASCII; others stay */
	if (!tell_is_date(version))
		return arena_printf(t->mem, tell_in(t, "Policy “%s”", "Politique « %s »"), title);
	return arena_printf(t->mem, tell_in(t, "Policy “%s”, version of %s", "Politique « %s », version du %s"),
		title, phrase_date(t->language, version, t->mem));
}
