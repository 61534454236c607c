/* What is written on an event: doc/policy.md 4.3. */
#include <string.h>

#include "base/util.h"
#include "late_world.h"
#include "zones.h"

static void a_booking_says_until_when_it_is_free(void **state)
{
	static const char *const one[] = { "timezone", "Europe/Paris", "tiers", "24h 100%", "price-from", "title",
		"version/2026-01-01/owner-changes", "client", NULL };
	struct world *w = world_make(one, NULL);

	book_at(w, BOOKED, START);
	assert_string_equal(w->sink.shown.block,
		"Free to cancel or move until Tue 9 June 2026 10:00 (24 h before).\n"
		"After that: 80.00 EUR. Policy “Therapy”, version of 1 January 2026.");
	assert_string_equal(w->sink.shown.ref, "REFX-0001");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-FREE-UNTIL"), "20260609T080000Z");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-POLICY;VERSION=2026-01-01;DIGEST=sha256-d1g3st"),
		"therapy");
	assert_null(w->sink.shown.prefix);
	assert_null(w->sink.shown.status);
	assert_string_equal(last(w, "slot")->client, "marc petit");
	assert_string_equal(last(w, "slot")->title, "Marc Petit");
	world_drop(w);
}

static void several_tiers_make_several_sentences(void **state)
{
	struct world *w = world_make(therapy, NULL);

	book_at(w, BOOKED, START);
	assert_string_equal(w->sink.shown.block,
		"Free to cancel or move until Mon 8 June 2026 10:00 (48 h before).\n"
		"From then on: 40.00 EUR. From Tue 9 June 10:00: 80.00 EUR. Policy “Therapy”.");
	book_at(w, "2026-06-09T09:00:00Z", START);
	world_drop(w);
}

static void a_late_booking_says_what_it_costs_from_the_start(void **state)
{
	struct world *w = world_make(therapy, NULL);

	book_at(w, "2026-06-09T05:00:00Z", START);
	assert_string_equal(w->sink.shown.block,
		"Booked less than 48 h before: cancelling or moving costs 40.00 EUR from the start.\n"
		"From Tue 9 June 10:00: 80.00 EUR. Policy “Therapy”.");
	world_drop(w);
}

static void french_is_french(void **state)
{
	static const char *const french[] = { "language", "fr", "forgive", "1 per year late-cancel", NULL };
	struct world *w = world_make(therapy, french);

	book_at(w, BOOKED, START);
	assert_string_equal(w->sink.shown.block,
		"Annulation ou report sans frais jusqu'au lundi 8 juin 2026 à 10 h 00 (48 h avant).\n"
		"Dès lors : 40,00 EUR. À partir du mardi 9 juin à 10 h 00 : 80,00 EUR. Politique « Therapy ».");
	ask(w, cancel("2026-06-09T12:00:00Z", START));
	assert_string_equal(w->sink.shown.prefix, "✗ Annulé tard (sans frais, 1 sur 1 cette année)");
	world_drop(w);
	w = world_make(therapy, (const char *const[]){ "language", "fr", NULL });
	book_at(w, "2026-06-09T12:00:00Z", START);
	assert_string_equal(w->sink.shown.block,
		"Réservé moins de 24 h avant : annuler ou reporter coûte 80,00 EUR dès maintenant.\n"
		"Politique « Therapy ».");
	ask(w, cancel("2026-06-09T13:00:00Z", START));
	assert_string_equal(w->sink.shown.prefix, "✗ Annulé tard 80,00 EUR");
	assert_string_equal(w->sink.shown.block,
		"Annulation tardive par le client, reçue mardi 9 juin 2026 à 15 h 00.\nPréavis 19 h, convenu 24 h.\n"
		"Indemnité 80,00 EUR (100 % de 80,00 EUR). État : due.\nPolitique « Therapy ».\n"
		"Professionnel : #offert · #frais 40 · #moi · #payé");
	world_drop(w);
}

static void nothing_is_written_where_no_fee_can_arise(void **state)
{
	static const char *const none[] = { "timezone", "Europe/Paris", "price", "80 EUR", NULL };
	static const char *const record[] = { "mode", "record", NULL };
	struct world *w = world_make(none, NULL);
	struct policy_change c;

	book_at(w, BOOKED, START);
	assert_null(w->sink.shown.block);
	assert_int_equal(w->sink.shown.lines, 0);
	world_drop(w);
	w = world_make(therapy, record);
	book_at(w, BOOKED, START);
	assert_string_equal(w->sink.shown.block, "Please cancel or move until Mon 8 June 2026 10:00 (48 h before).\n"
		"Nothing is charged after that. Policy “Therapy”.");
	world_drop(w);
	w = world_make(therapy, record);
	book_at(w, "2026-06-09T12:00:00Z", START);
	assert_string_equal(w->sink.shown.block,
		"Booked less than 24 h before.\nNothing is charged. Policy “Therapy”.");
	world_drop(w);
	w = world_make(therapy, NULL);
	c = change(POLICY_BOOKED, BOOKED);
	c.summary = "Marc Petit";
	c.after = hour_from(START);
	ask(w, c);
	assert_string_equal(w->sink.shown.block,
		"Please cancel or move until Mon 8 June 2026 10:00 (48 h before).\nPolicy “Therapy”.");
	world_drop(w);
}

static void a_late_cancellation_is_annotated(void **state)
{
	static const char *const dated[] = { "version/2026-01-01/mode", "charge", NULL };
	struct world *w = world_make(therapy, dated);

	book_at(w, BOOKED, START);
	ask(w, cancel("2026-06-09T12:00:00Z", START));
	assert_string_equal(w->sink.shown.prefix, "✗ Late cancel 80.00 EUR");
	assert_string_equal(w->sink.shown.block,
		"Late cancellation by the client, received Tue 9 June 2026 14:00.\nNotice 20 h, agreed 24 h.\n"
		"Fee 80.00 EUR (100 % of 80.00 EUR). State: due.\nPolicy “Therapy”, version of 1 January 2026.\n"
		"Owner: #waive · #fee 40 · #me · #paid");
	assert_string_equal(w->sink.shown.comment_name, "COMMENT;LANGUAGE=en");
	assert_string_equal(w->sink.shown.comment, "Late cancellation: 20 h notice, 24 h agreed. Fee 80.00 EUR.");
	assert_string_equal(w->sink.shown.status, "CANCELLED");
	assert_string_equal(w->sink.shown.transp, "TRANSPARENT");
	assert_string_equal(w->sink.shown.category, "Late cancellation");
	assert_string_equal(w->sink.shown.color, "tomato");
	assert_string_equal(w->sink.shown.fee_title, "Marc Petit");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-CLASS"), "LATE-CANCEL");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-FEE;CURRENCY=EUR;STATE=DUE;BASIS=\"100%\""),
		"80.00");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-BY;ACTOR=CLIENT"), "CLIENT");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-AT"), "20260609T120000Z");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-NOTICE;REQUIRED=PT24H"), "PT20H");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-FREE-UNTIL"), "20260608T080000Z");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-REF"), w->sink.shown.ref);
	world_drop(w);
}

/* Asking again changes nothing and gives the same bytes. */
static void the_same_state_gives_the_same_bytes(void **state)
{
	struct world *w = world_make(therapy, NULL);
	struct policy_change c;
	const char *block, *prefix;
	size_t count;

	book_at(w, BOOKED, START);
	ask(w, cancel("2026-06-09T12:00:00Z", START));
	block = w->sink.shown.block;
	prefix = w->sink.shown.prefix;
	count = w->sink.count;
	c = by_client(change(POLICY_CHANGED, "2026-06-09T14:00:00Z"));
	c.before = c.after = hour_from(START);
	c.status = "CANCELLED";
	ask(w, c);
	assert_string_equal(w->sink.shown.block, block);
	assert_string_equal(w->sink.shown.prefix, prefix);
	assert_int_equal(w->sink.count, count);
	world_drop(w);
}

static void a_held_move_warns(void **state)
{
	struct world *w = world_make(therapy, NULL);

	book_at(w, BOOKED, START);
	move_to(w, "2026-06-10T05:00:00Z", START, "2026-06-24T08:00:00Z");
	assert_string_equal(w->sink.shown.prefix, "⚠");
	assert_string_equal(w->sink.shown.block, "Moved late from Wed 10 June 10:00 (3 h notice). "
		"80.00 EUR fall due if this appointment is cancelled or missed; otherwise nothing.\nPolicy “Therapy”.");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-CLASS"), "LATE-MOVE");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-HELD;CURRENCY=EUR"), "80.00");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-LOST;VALUE=DATE-TIME"), "20260610T080000Z");
	assert_null(w->sink.shown.status);
	assert_true(w->sink.wake == at("2026-06-25T09:00:00Z"));
	world_drop(w);
}

/* Each date that was given up, as one comma list (4.3 c). */
static void several_lost_dates_are_one_list(void **state)
{
	struct world *w = world_make(therapy, NULL);

	book_at(w, BOOKED, START);
	move_to(w, "2026-06-10T05:00:00Z", START, "2026-06-11T08:00:00Z");
	move_to(w, "2026-06-11T05:00:00Z", "2026-06-11T08:00:00Z", "2026-06-24T08:00:00Z");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-LOST;VALUE=DATE-TIME"),
		"20260610T080000Z,20260611T080000Z");
	assert_string_equal(late_host_property(&w->sink, "X-DEDIT-HELD;CURRENCY=EUR"), "80.00"); /* capped */
	assert_non_null(strstr(w->sink.shown.block, "Moved late from Wed 10 June 10:00 (3 h notice). "
		"Moved late from Thu 11 June 10:00 (3 h notice). 80.00 EUR fall due"));
	assert_string_equal(w->sink.shown.prefix, "⚠");
	world_drop(w);
}

static void a_grace_period_is_named(void **state)
{
	struct world *w = world_make(therapy, (const char *const[]){ "grace", "30m not-within 3h", NULL });

	book_at(w, "2026-06-09T12:00:00Z", START);
	assert_string_equal(w->sink.shown.block,
		"Booked less than 24 h before: cancelling or moving costs 80.00 EUR from the start, after"
		" a grace period until Tue 9 June 2026 14:30.\nPolicy “Therapy”.");
	world_drop(w);
	w = world_make(therapy, (const char *const[]){ "grace", "30m not-within 3h", "language", "fr", NULL });
	book_at(w, "2026-06-09T12:00:00Z", START);
	assert_string_equal(w->sink.shown.block, "Réservé moins de 24 h avant : annuler ou reporter coûte 80,00 EUR "
		"dès maintenant, sauf correction jusqu'au mardi 9 juin 2026 à 14 h 30.\nPolitique « Therapy ».");
	world_drop(w);
	/* none where it doesn't reach */
	w = world_make(therapy, (const char *const[]){ "grace", "30m not-within 3h", NULL });
	book_at(w, "2026-06-10T05:00:00Z", START);
	assert_null(strstr(w->sink.shown.block, "grace"));
	world_drop(w);
}

/* What the prefix says, by what came of it: 4.3 b), d) to g), in both languages. */
static void prefixes(const char *const *more, const char *english, const char *french,
	void (*act)(struct world *w))
{
	static const char *const languages[] = { "en", "fr" };

	for (size_t n = 0; n < ARRAY_SIZE(languages); n++) {
		const char *both[16] = { "language", languages[n] };
		struct world *w;

		for (size_t k = 0; more[k]; k++)
			both[2 + k] = more[k];
		w = world_make(therapy, both);
		book_at(w, BOOKED, START);
		act(w);
		assert_string_equal(w->sink.shown.prefix, n ? french : english);
		world_drop(w);
	}
}

static void cancelled_late(struct world *w)
{
	ask(w, cancel("2026-06-09T12:00:00Z", START));
}

static void cancelled_after_the_start(struct world *w)
{
	ask(w, cancel("2026-06-10T08:05:00Z", START));
	assert_null(w->sink.shown.status);
}

static void cancelled_by_us(struct world *w)
{
	struct policy_change c = cancel("2026-06-09T12:00:00Z", START);

	c.role = POLICY_OWNER;
	c.actor = c.owner;
	c.actor_names = c.owner;
	c.note = "#me";
	ask(w, c);
	assert_string_equal(w->sink.shown.status, "CANCELLED");
}

static void every_prefix_in_both_languages(void **state)
{
	static const char *const none[] = { NULL }, *const noshow[] = { "no-show", "100%", NULL },
		*const forgive[] = { "forgive", "1 per year late-cancel", NULL };

	prefixes(none, "✗ Late cancel 80.00 EUR", "✗ Annulé tard 80,00 EUR", cancelled_late);
	prefixes(noshow, "✗ No-show 80.00 EUR", "✗ Absence 80,00 EUR", cancelled_after_the_start);
	prefixes(forgive, "✗ Late cancel (free, 1 of 1 this year)",
		"✗ Annulé tard (sans frais, 1 sur 1 cette année)", cancelled_late);
	prefixes(none, "✗ Cancelled by us", "✗ Annulé par nous", cancelled_by_us);
}

static void a_title_may_be_left_alone(void **state)
{
	struct world *w = world_make(therapy, (const char *const[]){ "title", "none", NULL });

	book_at(w, BOOKED, START);
	ask(w, cancel("2026-06-09T12:00:00Z", START));
	assert_null(w->sink.shown.prefix);
	assert_string_equal(w->sink.shown.status, "CANCELLED");
	assert_non_null(strstr(w->sink.shown.block, "Fee 80.00 EUR"));
	world_drop(w);
}

static void a_shared_screen_shows_only_a_mark(void **state)
{
	static const char *const mark[] = { "title", "mark", NULL };
	struct world *w = world_make(therapy, mark);

	book_at(w, BOOKED, START);
	ask(w, cancel("2026-06-09T12:00:00Z", START));
	assert_string_equal(w->sink.shown.prefix, "✗");
	world_drop(w);
}

static void times_name_the_zone_where_the_client_has_another(void **state)
{
	struct world *w = world_make(therapy, NULL);
	struct policy_change c = change(POLICY_BOOKED, BOOKED);

	c.zone = "Europe/London";
	c.after = hour_from(START);
	ask(w, c);
	assert_non_null(strstr(w->sink.shown.block, "until Mon 8 June 2026 10:00 Europe/Paris (48 h before)"));
	world_drop(w);
}

static void a_series_states_its_rule_without_instants(void **state)
{
	struct world *w = world_make(therapy, NULL);
	struct policy_change c = change(POLICY_BOOKED, BOOKED);

	c.flags = POLICY_SERIES;
	c.occurrence = "20260610T080000Z";
	c.after = hour_from(START);
	ask(w, c);
	c.occurrence = "20260617T080000Z";
	c.after = hour_from("2026-06-17T08:00:00Z");
	ask(w, c);
	c = change(POLICY_CHANGED, BOOKED);
	c.flags = POLICY_SERIES;
	c.before = c.after = hour_from(START);
	ask(w, c);
	assert_string_equal(w->sink.shown.block, "Free to cancel or move until 48 h before each date.\n"
		"From then on: 40.00 EUR. From 24 h before: 80.00 EUR. Policy “Therapy”.");
	assert_null(late_host_property(&w->sink, "X-DEDIT-FREE-UNTIL"));
	/* one entry for all dates; a date lost later has its terms */
	assert_int_equal(w->sink.count, 1);
	c = cancel("2026-06-16T12:00:00Z", "2026-06-17T08:00:00Z");
	c.flags = POLICY_SERIES;
	c.occurrence = "20260617T080000Z";
	ask(w, c);
	assert_told(w, "late-cancel", "charged", 8000, 0);
	assert_string_not_equal(last(w, "late-cancel")->ref, w->sink.entries[0].ref);
	world_drop(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_booking_says_until_when_it_is_free),
		cmocka_unit_test(several_tiers_make_several_sentences),
		cmocka_unit_test(a_late_booking_says_what_it_costs_from_the_start),
		cmocka_unit_test(french_is_french),
		cmocka_unit_test(nothing_is_written_where_no_fee_can_arise),
		cmocka_unit_test(a_late_cancellation_is_annotated),
		cmocka_unit_test(the_same_state_gives_the_same_bytes),
		cmocka_unit_test(a_held_move_warns),
		cmocka_unit_test(several_lost_dates_are_one_list),
		cmocka_unit_test(a_grace_period_is_named),
		cmocka_unit_test(every_prefix_in_both_languages),
		cmocka_unit_test(a_title_may_be_left_alone),
		cmocka_unit_test(a_shared_screen_shows_only_a_mark),
		cmocka_unit_test(times_name_the_zone_where_the_client_has_another),
		cmocka_unit_test(a_series_states_its_rule_without_instants),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
