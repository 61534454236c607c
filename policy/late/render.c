#include "policy/late/render.h"

#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/late/phrase.h"
#include "policy/late/tell.h"

enum language render_language(const struct deal *d)
{
	return rules_options(d->text)->language;
}

const char *render_in(const struct deal *d, const char *english, const char *french)
{
	return render_language(d) == LANGUAGE_FR ? french : english;
}

struct teller render_teller(const struct deal *d)
{
	return (struct teller){ .language = render_language(d), .zone = rules_options(d->text)->zone,
		.event_zone = d->c->zone, .mem = d->mem };
}

const char *render_money(const struct deal *d, int64_t minor, const char *currency)
{
	const struct teller t = render_teller(d);

	return tell_money(&t, minor, currency);
}

void render_put(struct rendering *r, enum policy_place place, const char *name, const char *value)
{
	if (r->d->host->annotate(r->d->sink, place | r->where, name, value))
		r->failed = true;
}

void render_utc(struct rendering *r, const char *name, int64_t when)
{
	char text[ICAL_UTC_SIZE];

	ical_utc(when, text);
	render_put(r, POLICY_PROPERTY, name, text);
}

const char *render_upper(const struct deal *d, const char *text)
{
	char *copy = arena_strdup(d->mem, text);

	for (char *p = copy; *p; p++)
		*p = (char)ascii_toupper(*p);
	return copy;
}

void render_policy(struct rendering *r, const char *version, const char *digest)
{
	const struct deal *d = r->d;
	const char *name = "X-DEDIT-POLICY";

	if (tell_is_date(version))
		name = arena_printf(d->mem, "%s;VERSION=%s", name, version);
	else if (!*digest)
		digest = version;
	if (*digest)
		name = arena_printf(d->mem, "%s;DIGEST=sha256-%s", name, digest);
	render_put(r, POLICY_PROPERTY, name, rules_options(d->text)->name);
}

void render_ref(struct rendering *r, const char *ref)
{
	render_put(r, POLICY_REF, NULL, ref);
	render_put(r, POLICY_PROPERTY, "X-DEDIT-REF", ref);
}

bool render_has_note(const struct policy_incident *i)
{
	if (!i || i->state == POLICY_VOID)
		return false;
	return i->state != POLICY_NONE || (entry_ends(i) && strcmp(i->outcome, "none") != 0);
}

/* For strangers: what is to be paid, or was (schema.org). Nothing before that is settled. */
static void render_invoice(struct rendering *r, const struct policy_incident *i)
{
	int64_t due = i->charge > i->deposit ? i->charge - i->deposit : 0;
	bool paid = i->state == POLICY_PAID || due == 0;
	char number[MONEY_SIZE];

	if (i->charge == 0 || money_format(due, i->currency, number, sizeof(number)) ||
			(i->state != POLICY_DUE && i->state != POLICY_PAID && i->state != POLICY_DISPUTED))
		return;
	render_put(r, POLICY_EXTRA,
		"STRUCTURED-DATA;VALUE=TEXT;FMTTYPE=application/ld+json;SCHEMA=\"https://schema.org/Invoice\"",
		arena_printf(r->d->mem, "{\"@type\":\"Invoice\",\"identifier\":\"%s\",\"totalPaymentDue\":"
			"{\"@type\":\"MonetaryAmount\",\"value\":\"%s\",\"currency\":\"%s\"},\"paymentStatus\":\"%s\"}",
			i->ref, number, i->currency, paid ? "PaymentComplete" : "PaymentDue"));
}

void render_extras(struct rendering *r, const struct rules *rules, const char *ref, const char *version,
	const struct policy_incident *i)
{
	if (render_has_note(i))
		render_put(r, POLICY_FEE_LINK, NULL, i->ref);
	if (!rules->extras)
		return;
	if (*version)
		render_put(r, POLICY_TERMS_LINK, NULL, version);
	if (*ref)
		render_put(r, POLICY_EXTRA, "REFID", ref);
	if (i)
		render_invoice(r, i);
}

void render_client_link(struct rendering *r, const char *ref)
{
	render_put(r, POLICY_CLIENT_LINK, render_in(r->d, "To cancel, or to ask for another time: ",
		"Pour annuler ou demander un autre horaire : "), ref);
}

const char *render_time(const struct deal *d, int64_t when, bool year)
{
	const struct teller t = render_teller(d);

	return tell_time(&t, when, year);
}

/* What stands in the text and was not acted on. */
static void say_refused(struct rendering *r)
{
	const struct deal *d = r->d;

	if (!d->said.refused)
		return;
	buf_adds(&r->note, d->said.error == WORDS_CONTRADICTORY ?
		render_in(d, "The words contradict each other; none was acted on.\n",
			"Les mots se contredisent ; aucun n'a été suivi.\n") :
		render_in(d, "An amount behind a word was not understood; no word was acted on.\n",
			"Un montant derrière un mot n'a pas été compris ; aucun mot n'a été suivi.\n"));
}

/* Behind the policy. */
static void say_words(struct rendering *r, const struct policy_incident *i)
{
	static const char *const words[][2] = {
		[POLICY_PROPOSED] = { "#ok · #waive · #fee 40 · #me", "#ok · #offert · #frais 40 · #moi" },
		[POLICY_PENDING] = { "#ok · #waive · #fee 40 · #me", "#ok · #offert · #frais 40 · #moi" },
		[POLICY_DUE] = { "#waive · #fee 40 · #me · #paid", "#offert · #frais 40 · #moi · #payé" },
		[POLICY_PAID] = { "#unpaid", "#impayé" },
		[POLICY_DISPUTED] = { "#ok · #waive · #fee 40", "#ok · #offert · #frais 40" },
	};

	if (i->state < ARRAY_SIZE(words) && words[i->state][0])
		buf_printf(&r->note, render_in(r->d, "\nOwner: %s", "\nProfessionnel : %s"),
			words[i->state][render_language(r->d)]);
}

void render_done(struct rendering *r, const char *version, const struct policy_incident *i)
{
	const struct teller t = render_teller(r->d);

	say_refused(r);
	buf_printf(&r->note, "%s.", tell_policy(&t, rules_options(r->d->text)->name, version));
	if (i && (i->charge > 0 || i->hold > 0))
		say_words(r, i);
	render_put(r, POLICY_NOTE_BLOCK, NULL, r->note.data);
}

static const char *state_name(const struct policy_incident *i)
{
	static const char *const names[] = { "NONE", "PROPOSED", "PENDING", "DUE", "PAID", "WAIVED", "VOID",
		"DISPUTED", "CREDITED" };

	return i->state < ARRAY_SIZE(names) ? names[i->state] : "NONE";
}

/* BASIS="100%": the percentage alone, else the words (quotes can't stand in a parameter). */
static const char *basis_parameter(const struct deal *d, const char *basis)
{
	size_t digits = strspn(basis, "0123456789.,");
	char *text;

	if (digits > 0 && str_starts(basis + digits, " %"))
		return arena_printf(d->mem, "%.*s%%", (int)digits, basis);
	text = arena_strdup(d->mem, basis);
	for (char *p = text; *p; p++) {
		if (*p == '"')
			*p = '\'';
	}
	return text;
}

/* ";REASON=EMERGENCY" for the one word that a program may know; sentences are for people. */
static const char *reason_parameter(const struct deal *d, const char *reason)
{
	if (!*reason || reason[strspn(reason, "abcdefghijklmnopqrstuvwxyz-")] != '\0')
		return "";
	return arena_printf(d->mem, ";REASON=%s", render_upper(d, reason));
}

void render_fee(struct rendering *r, const struct policy_incident *i)
{
	const struct deal *d = r->d;
	char number[MONEY_SIZE];

	if (i->charge == 0 || money_format(i->charge, i->currency, number, sizeof(number)))
		return;
	render_put(r, POLICY_PROPERTY, arena_printf(d->mem, "X-DEDIT-FEE;CURRENCY=%s;STATE=%s%s;BASIS=\"%s\"",
		i->currency, state_name(i), reason_parameter(d, i->reason), basis_parameter(d, i->basis)), number);
}

void render_amount(struct rendering *r, const char *name, int64_t minor, const char *currency)
{
	char number[MONEY_SIZE];

	if (minor > 0 && *currency && money_format(minor, currency, number, sizeof(number)) == 0)
		render_put(r, POLICY_PROPERTY, arena_printf(r->d->mem, "%s;CURRENCY=%s", name, currency), number);
}

void render_facts(struct rendering *r, const struct policy_incident *i)
{
	const struct deal *d = r->d;
	const char *by = render_upper(d, i->by), *notice = "X-DEDIT-NOTICE";
	const char *actor = strcmp(i->actor, d->c->owner) == 0 ? "OWNER" : by;

	render_put(r, POLICY_PROPERTY, arena_printf(d->mem, "X-DEDIT-BY;ACTOR=%s", actor), by);
	render_utc(r, "X-DEDIT-AT", i->at);
	if (i->required >= 0)
		notice = arena_printf(d->mem, "%s;REQUIRED=%s", notice, phrase_iso(i->required, d->mem));
	render_put(r, POLICY_PROPERTY, notice, phrase_iso(i->notice, d->mem));
}

void render_say_fee(struct rendering *r, const struct policy_incident *i)
{
	const struct teller t = render_teller(r->d);

	buf_printf(&r->note, render_in(r->d, "Fee %s. State: %s.\n", "Indemnité %s. État : %s.\n"), tell_fee(&t, i),
		tell_state(&t, i->state));
}

void render_prefix(struct rendering *r, const struct rules *rules, const char *mark, const char *words)
{
	if (rules->title == TITLE_NONE)
		return;
	render_put(r, POLICY_TITLE_PREFIX, NULL, rules->title == TITLE_MARK || !*words ? mark :
		arena_printf(r->d->mem, "%s %s", mark, words));
}
