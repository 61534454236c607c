/* A policy as a contract's clauses, in both languages (doc/policy.md 5.1, S19). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ical/zone.h"
#include "policy/late/explain.h"

enum { LINES_MAX = 40 };

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static struct policy_text *load(const char *const *lines)
{
	struct policy_setting all[LINES_MAX] = { { sizeof(all[0]), "timezone", "Europe/Paris",
		"late.conf", 1 } };
	char why[300] = "";
	size_t n = 1;

	for (size_t i = 0; lines[i]; i += 2, n++)
		all[n] = (struct policy_setting){ sizeof(all[0]), lines[i], lines[i + 1], "late.conf", (int)n + 1 };
	struct policy_text *p = rules_load("therapy", "digest", all, n, NULL, NULL, why, sizeof(why));
	if (!p)
		fail_msg("%s", why);
	return p;
}

/* Every sentence expected is there. */
static void expect_at(const char *const *lines, enum language l, int64_t when,
	const char *const *sentences)
{
	struct arena *mem cleanup_arena = arena_create();
	struct policy_text *p = load(lines);
	const char *text = explain_policy(p, l, when, mem);

	for (; *sentences; sentences++) {
		if (!strstr(text, *sentences))
			fail_msg("'%s' is not in\n%s", *sentences, text);
	}
	rules_free(p);
}

static void expect(const char *const *lines, enum language l, const char *const *sentences)
{
	expect_at(lines, l, 0, sentences);
}

static void expect_not(const char *const *lines, const char *words)
{
	struct arena *mem cleanup_arena = arena_create();
	struct policy_text *p = load(lines);
	const char *text = explain_policy(p, LANGUAGE_EN, 0, mem);

	if (strstr(text, words))
		fail_msg("'%s' is in\n%s", words, text);
	rules_free(p);
}

/* The therapist's file of doc/policy.md 5.1. */
static const char *const therapy[] = { "currency", "EUR", "price", "80 EUR", "price-from", "title",
	"tiers", "48h 50%", "tiers", "24h 100%", "no-show", "100% wait 15m until 14d",
	"late-arrival", "noshow-after 15m", "series-max", "2", "late-move", "hold", "grace", "30m not-within 3h",
	"shift", "60m", "move-limit", "3 50%", "forgive", "1 per 365d late-cancel late-move",
	"owner-changes", "propose", "owner-late", "24h credit 20%", "review", "24h", "cap", "100%",
	"title", "mark", "acceptance", "required", "tax", "none indemnity, outside the scope of VAT",
	"weekday/sat/tiers", "72h 100%", "client/marie.d@example.org/tiers", "12h 50%",
	"client/assoc-x/mode", "record", "version/2027-01-01/price", "85 EUR", NULL };

static const char english[] =
	"1. Price. An appointment costs 80.00 EUR, unless another price was agreed when it was booked.\n"
	"2. Cancellation. The client can cancel an appointment free of charge until 48 hours before it starts. "
	"After that, cancelling it costs 50 % of the price; cancelling it less than 24 hours before it starts "
	"costs 100 % of the price.\n"
	"3. Moving. As long as an appointment can be cancelled free of charge, it can also be moved free of "
	"charge, 3 times at most; each further move costs 50 % of the price. Once it can no longer be "
	"cancelled free of charge, moving it costs nothing at first; but if the new appointment is then "
	"cancelled or missed, at whatever notice, the fee for cancelling the first one falls due as well. "
	"Shifting an appointment by no more than 60 minutes from the time agreed costs nothing and does not "
	"count as a move.\n"
	"4. Corrections. Within 30 minutes after booking or moving an appointment, the client can cancel or "
	"move it free of charge, provided that there are at least 3 hours left until it starts. If it is "
	"cancelled, a fee that was put off by a late move is due nevertheless.\n"
	"5. Absence. A client who does not come owes 100 % of the price. We wait 15 minutes before we take a "
	"client for absent. An absence that we have not noted within 14 days after the start costs nothing. A "
	"client who comes 15 minutes late or more counts as absent. Cancelling or moving an appointment after "
	"its start counts as absence.\n"
	"6. Leniency. For each client, one late cancellation or late move within any 365 days is free of charge.\n"
	"7. Series. Each date of a series is an appointment of its own. When several dates are cancelled or "
	"moved at once, only the first 2 late ones are charged.\n"
	"8. Time for review. A fee falls due 24 hours after the cancellation, move or absence; until then we "
	"may waive it.\n"
	"9. Amounts. All fees for one appointment together never exceed 100 % of its price.\n"
	"10. Our own changes. For what we cancel or move ourselves, the client owes nothing, and can decline "
	"free of charge a time that we chose. If we cancel or move an appointment less than 24 hours before it "
	"starts, we owe the client 20 % of the price.\n"
	"11. Tax. Fees are charged without tax (indemnity, outside the scope of VAT).\n"
	"12. Acceptance. Only a client who accepted these terms before booking owes a fee.\n"
	"13. On Saturdays. The following holds instead. The client can cancel an appointment free of charge "
	"until 72 hours before it starts. After that, cancelling it costs 100 % of the price.\n"
	"14. Validity. What counts is the moment at which a change reaches our calendar; all times are those "
	"of the time zone Europe/Paris. An appointment keeps the terms that were in force when it was booked "
	"or last moved.\n";

static const char french[] =
	"1. Prix. Un rendez-vous coûte 80,00 EUR, sauf si un autre prix a été convenu à la réservation.\n"
	"2. Annulation. Le client peut annuler un rendez-vous sans frais jusqu'à 48 heures avant son début. "
	"Une annulation plus tardive coûte 50 % du prix ; une annulation moins de 24 heures avant son début "
	"coûte 100 % du prix.\n"
	"3. Report. Tant qu'un rendez-vous peut être annulé sans frais, il peut aussi être reporté sans frais, "
	"3 fois au plus ; chaque report supplémentaire coûte 50 % du prix. Lorsqu'il ne peut plus être annulé "
	"sans frais, le reporter ne coûte d'abord rien ; mais si le nouveau rendez-vous est ensuite annulé ou "
	"manqué, quel que soit le préavis, l'indemnité d'annulation du premier est due elle aussi. Un décalage "
	"de 60 minutes au plus par rapport à l'heure convenue ne coûte rien et ne compte pas comme un report.\n"
	"4. Corrections. Dans un délai de 30 minutes après la réservation ou le report d'un rendez-vous, le "
	"client peut l'annuler ou le reporter sans frais, à condition qu'il reste au moins 3 heures jusqu'à "
	"son début. En cas d'annulation, l'indemnité différée par un report tardif est due néanmoins.\n"
	"5. Absence. Le client qui ne vient pas doit 100 % du prix. Nous attendons 15 minutes avant de "
	"constater une absence. Une absence que nous n'avons pas constatée dans un délai de 14 jours après le "
	"début ne coûte rien. Un retard de 15 minutes ou plus vaut absence. Annuler ou reporter un rendez-vous "
	"après son début vaut absence.\n"
	"6. Tolérance. Pour chaque client, une annulation tardive ou un report tardif sur toute période de 365 "
	"jours est sans frais.\n"
	"7. Séries. Chaque date d'une série est un rendez-vous à part entière. Lorsque plusieurs dates sont "
	"annulées ou reportées en une fois, seules les 2 premières dates tardives sont facturées.\n"
	"8. Délai de réexamen. Une indemnité est exigible 24 heures après l'annulation, le report ou l'absence "
	"; d'ici là, nous pouvons y renoncer.\n"
	"9. Montants. Pour un même rendez-vous, le total des indemnités ne dépasse jamais 100 % de son prix.\n"
	"10. Changements de notre fait. Pour ce que nous annulons ou reportons nous-mêmes, le client ne doit "
	"rien, et il peut refuser sans frais un horaire choisi par nous. Si nous annulons ou reportons un "
	"rendez-vous moins de 24 heures avant son début, nous devons au client 20 % du prix.\n"
	"11. Taxe. Les indemnités sont facturées sans taxe (indemnity, outside the scope of VAT).\n"
	"12. Acceptation. Seul le client qui a accepté ces conditions avant de réserver doit une indemnité.\n"
	"13. Le samedi. Par dérogation, les règles suivantes s'appliquent. Le client peut annuler un "
	"rendez-vous sans frais jusqu'à 72 heures avant son début. Une annulation plus tardive coûte 100 % du "
	"prix.\n"
	"14. Validité. Est déterminant le moment où un changement parvient à notre agenda ; toutes les heures "
	"sont celles du fuseau horaire Europe/Paris. Un rendez-vous reste soumis aux conditions en vigueur "
	"lors de sa réservation ou de son dernier report.\n";

static void the_example_reads_like_a_contract(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct policy_text *p = load(therapy);

	assert_string_equal(explain_policy(p, LANGUAGE_EN, 0, mem), english);
	assert_string_equal(explain_policy(p, LANGUAGE_FR, 0, mem), french);
	rules_free(p);
}

static void a_version_is_explained_for_its_time(void **state)
{
	int64_t when = 0;

	assert_int_equal(iso_date_parse("2026-12-31T23:00:00Z", &when), 0); /* midnight in Paris */
	expect_at(therapy, LANGUAGE_EN, when, LINES("An appointment costs 85.00 EUR, unless",
		"These terms apply to what is booked or moved from 1 January 2027 on.\n"));
	expect_at(therapy, LANGUAGE_FR, when, LINES("Un rendez-vous coûte 85,00 EUR, sauf si",
		"Ces conditions s'appliquent à ce qui est réservé ou reporté à partir du 1er janvier 2027.\n"));
	expect_at(therapy, LANGUAGE_EN, when - 1, LINES("An appointment costs 80.00 EUR, unless"));
}

static void notice_to_an_hour(void **state)
{
	const char *const *lines = LINES("tiers", "2d@17:00 50%", "tiers", "1d@17:00 100%", "owner-late",
		"1d@09:30 credit 20 EUR");

	expect(lines, LANGUAGE_EN, LINES("free of charge until 17:00, 2 days before. After that, cancelling it "
		"costs 50 % of the price; cancelling it after 17:00 on the day before costs 100 % of the price.",
		"If we cancel or move an appointment after 09:30 on the day before, we owe the client 20.00 EUR."));
	expect(lines, LANGUAGE_FR, LINES("sans frais jusqu'à 17 h 00, 2 jours avant. Une annulation plus "
		"tardive coûte 50 % du prix ; une annulation après 17 h 00 la veille coûte 100 % du prix.",
		"Si nous annulons ou reportons un rendez-vous après 9 h 30 la veille, nous devons au client 20,00 EUR."));
}

static void business_days_are_named(void **state)
{
	const char *const *lines = LINES("tiers", "2bd 50%", "hours", "mon-thu 09:00-12:00 14:00-18:00",
		"hours",
		"sat 10:00-12:00", "holidays", "fr", "rate", "120 EUR/h", "round", "1 EUR", "min", "50 EUR");

	expect(lines, LANGUAGE_EN, LINES("until 2 business days before it starts",
		"Business days and hours are: Monday to Thursday 09:00–12:00 and 14:00–18:00, Saturday 10:00–12:00, "
		"except on public holidays.", "An appointment costs 120.00 EUR for each hour booked.",
		"A fee is 50.00 EUR at least.", "Fees are rounded to the nearest multiple of 1.00 EUR"));
	expect(lines, LANGUAGE_FR, LINES("Les jours et heures ouvrés sont : du lundi au jeudi 9 h 00–12 h 00 "
		"et 14 h 00–18 h 00, samedi 10 h 00–12 h 00, hors jours fériés."));
	expect_not(LINES("tiers", "2d 50%", "hours", "mon-thu 09:00-12:00"), "Business days");
	expect(LINES("tiers", "2d 50%", "hours", "mon-thu 09:00-12:00", "remind", "1bd before-deadline"),
		LANGUAGE_EN, LINES("Business days and hours are: Monday to Thursday 09:00–12:00"));
	expect(LINES("tiers", "2d 50%", "hours", "mon-thu 09:00-12:00", "link-check", "1bd"), LANGUAGE_EN,
		LINES("Business days and hours are: Monday to Thursday 09:00–12:00"));
}

static void moves(void **state)
{
	expect(LINES("tiers", "24h 100%", "late-move", "same"), LANGUAGE_EN,
		LINES("Once it can no longer be cancelled free of charge, moving it costs the same as cancelling it."));
	expect(LINES("tiers", "24h 100%", "late-move", "20%"), LANGUAGE_EN,
		LINES("Once it can no longer be cancelled free of charge, moving it costs 20 % of the price, but "
			"never more than cancelling it;"));
	expect(LINES("tiers", "24h 100%", "late-move", "free", "move-limit", "2 10 EUR"), LANGUAGE_EN,
		LINES("The client can move an appointment free of charge until it starts, 2 times at most; each "
			"further move costs 10.00 EUR."));
}

static void leniency(void **state)
{
	expect(LINES("forgive", "3 per year late-cancel late-move no-show"), LANGUAGE_EN, LINES("For each "
		"client, 3 late cancellations, late moves or absences in each calendar year are free of charge."));
	expect(LINES("forgive", "1 per month no-show"), LANGUAGE_FR,
		LINES("Pour chaque client, une absence par mois civil est sans frais."));
	expect(LINES("escalate", "from 3 per 180d 100%"), LANGUAGE_EN, LINES("From a client's 3rd late "
		"cancellation, late move or absence within any 180 days on, the fee is 100 % of the price."));
	expect(LINES("escalate", "from 11 per ever 5 EUR"), LANGUAGE_EN, LINES("From a client's 11th late "
		"cancellation"));
	expect(LINES("refilled", "waive"), LANGUAGE_EN, LINES("no fee is owed."));
}

static void money_in_advance(void **state)
{
	expect(LINES("deposit", "30 EUR credit"), LANGUAGE_EN, LINES("the client pays 30.00 EUR in advance. "
		"What was paid in advance counts towards a fee; what is left of it is returned."));
	expect(LINES("deposit", "30% arrhes"), LANGUAGE_FR, LINES("À la réservation, le client verse 30 % du "
		"prix d'avance. La somme versée d'avance constitue des arrhes : même lorsque l'annulation est par "
		"ailleurs sans frais, le client qui annule la perd ; si nous annulons, nous en restituons le double."));
}

/* Where no fee may be asked for, none is spoken of. */
static void nothing_is_charged(void **state)
{
	const char *const *lines = LINES("mode", "record", "tiers", "1d@17:00 50%", "no-show", "100% wait 10m",
		"review", "24h");

	expect(lines, LANGUAGE_EN, LINES("1. Cancellation. The client is asked to cancel or move an "
		"appointment no later than 17:00 on the day before. What comes later is noted; nothing is charged for "
		"it.\n",
		"2. Absence. The absence of a client who does not come is noted; nothing is charged for it."));
	expect(lines, LANGUAGE_FR, LINES("au plus tard à 17 h 00 la veille."));
	expect_not(lines, "fee");
	expect_not(lines, "%");
}

/* policy.md 5.1: mild is 24 h 0 % and 50 %, fair 24 h 50 % and 100 %, strict 48 h 50 %,
	24 h 100 % and 100 %. */
static void presets(void **state)
{
	expect(LINES("use", "mild"), LANGUAGE_EN, LINES("until 24 hours before it starts. After that, "
		"cancelling it costs nothing, but is noted.\n", "The client can move an appointment free of charge "
		"until it starts.\n",
		"A client who does not come owes 50 % of the price."));
	expect(LINES("use", "fair"), LANGUAGE_EN, LINES("until 24 hours before it starts. After that, "
		"cancelling it costs 50 % of the price.\n", "A client who does not come owes 100 % of the price."));
	expect(LINES("use", "strict"), LANGUAGE_EN, LINES("until 48 hours before it starts. After that, "
		"cancelling it costs 50 % of the price; cancelling it less than 24 hours before it starts costs 100 % "
		"of the price.\n",
		"A client who does not come owes 100 % of the price."));
}

static void services_and_weekdays_come_after(void **state)
{
	const char *const *lines = LINES("tiers", "24h 100%", "service/Yoga 60/price", "18 EUR",
		"service/Yoga 60/title", "mark", "weekday/sun/title", "none", "weekday/mon/no-show", "10 EUR");

	expect(lines, LANGUAGE_EN, LINES(". On Mondays. The following holds instead. A client who does not "
		"come owes 10.00 EUR.", ". For “Yoga 60”. The following holds instead. An appointment costs 18.00 "
		"EUR.\n"));
	expect(lines, LANGUAGE_FR, LINES(". Le lundi. Par dérogation, les règles suivantes s'appliquent. Le "
		"client"));
	expect_not(lines, "Sunday");
}

static int group_setup(void **state)
{
	return zone_init(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_reads_like_a_contract),
		cmocka_unit_test(a_version_is_explained_for_its_time),
		cmocka_unit_test(notice_to_an_hour),
		cmocka_unit_test(business_days_are_named),
		cmocka_unit_test(moves),
		cmocka_unit_test(leniency),
		cmocka_unit_test(money_in_advance),
		cmocka_unit_test(nothing_is_charged),
		cmocka_unit_test(presets),
		cmocka_unit_test(services_and_weekdays_come_after),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
