/*
 * What the owner and clients write into events, and what becomes of it, over a store in memory:
 * doc/policy.md 4.2,
 * and the rows of 3.5 that the vectors can't show. Wednesday 2026-06-10 10:00 in Paris is 08:00Z.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/update.h"
#include "tests/policy/whole.h"
#include "tests/unit/zones.h"

struct world {
	struct whole *whole;
	struct policy_sink sink;
};

static const char *const therapy[] = { "timezone", "Europe/Paris", "currency", "EUR", "price", "80 EUR",
	"owner-changes", "client", "tiers", "24h 100%", "no-show", "100% wait 15m until 14d", NULL };

static int64_t at(const char *text)
{
	int64_t t = 0;

	assert_int_equal(iso_date_parse(text, &t), 0);
	return t;
}

static struct world *world_make(const char *const *more)
{
	struct policy_setting all[40];
	struct world *w = test_calloc(1, sizeof(*w));
	char why[300] = "";
	size_t n = 0;

	for (const char *const *list = therapy; list; list = list == therapy ? more : NULL) {
		for (size_t i = 0; list[i]; i += 2)
			all[n++] = (struct policy_setting){ sizeof(all[0]), list[i], list[i + 1], "test", 1 };
	}
	w->sink.mem = arena_create();
	w->whole = whole_open("therapy", "Europe/Paris", all, n, why, sizeof(why));
	if (!w->whole)
		fail_msg("%s", why);
	return w;
}

static void world_drop(struct world *w)
{
	whole_close(w->whole);
	arena_destroy(w->sink.mem);
	test_free(w);
}

static const char *event(struct world *w, const char *title, const char *note, const char *more)
{
	return arena_printf(w->sink.mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nUID:1\r\n"
		"DTSTAMP:20260101T000000Z\r\nDTSTART:20260610T080000Z\r\nDTEND:20260610T090000Z\r\nSUMMARY:%s\r\n"
		"DESCRIPTION:%s\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n", title, note, more);
}

/* body NULL: deleted. actor "marie" is the client, "marie@example.org" has that address too. */
static void change(struct world *w, const char *when, const char *actor, const char *body)
{
	const char *const addresses[] = { actor, NULL };
	struct whole_change c = { .uid = "1", .body = body, .now = at(when),
		.actor = { .name = actor, .displayname = actor, .addresses = strchr(actor, '@') ? addresses : NULL } };
	char why[300] = "";

	if (whole_change(w->whole, &c, why, sizeof(why)) || whole_read(w->whole, "1", &w->sink, why, sizeof(why)))
		fail_msg("%s", why);
}

static const struct policy_incident *last(const struct world *w)
{
	for (size_t n = w->sink.count; n-- > 0;) {
		const char *class_ = w->sink.entries[n].class_;

		if (strcmp(class_, "slot") && strcmp(class_, "words") && strcmp(class_, "accepted"))
			return &w->sink.entries[n];
	}
	fail_msg("no incident");
	return NULL;
}

static void has(struct world *w, const char *what)
{
	const char *text = whole_text(w->whole, "1", NULL);

	if (!strstr(text, what))
		fail_msg("'%s' is not in\n%s", what, text);
}

static void has_not(struct world *w, const char *what)
{
	const char *text = whole_text(w->whole, "1", NULL);

	if (strstr(text, what))
		fail_msg("'%s' is in\n%s", what, text);
}

#define BOOKED "2026-05-20T09:00:00Z"
#define LATE "2026-06-10T05:00:00Z"
#define SINCE "2026-06-10T08:20:00Z"

static void words_go_out_of_the_text(void **state)
{
	struct world *w = world_make(NULL);

	change(w, BOOKED, "owner", event(w, "marie", "Bring the form.", ""));
	change(w, SINCE, "owner", event(w, "marie (#noshow)", "Bring the form.\\n#frais 30\\nDone.", ""));
	assert_string_equal(last(w)->class_, "no-show");
	assert_string_equal(last(w)->outcome, "adjusted");
	assert_int_equal(last(w)->charge, 3000);
	has(w, "SUMMARY:✗ No-show 30.00 EUR · marie\r\n");
	has(w, "DESCRIPTION:Bring the form.\\nDone.\\n\\n=== ");
	has_not(w, "#frais");
	has_not(w, "STATUS:");
	world_drop(w);
}

static void a_clients_words_stay_and_do_nothing(void **state)
{
	struct world *w = world_make(NULL);

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	change(w, LATE, "marie", event(w, "marie", "", "STATUS:CANCELLED\r\n"));
	change(w, "2026-06-10T05:10:00Z", "marie", event(w, "marie", "#waive", "STATUS:CANCELLED\r\n"));
	assert_int_equal(last(w)->state, POLICY_DUE);
	has(w, "DESCRIPTION:#waive\\n\\n=== ");
	/* nor when the owner's program moves or copies it (15.6) */
	change(w, "2026-06-10T05:20:00Z", "owner", event(w, "marie", "#waive",
		"STATUS:CANCELLED\r\nLOCATION:x\r\n"));
	assert_int_equal(last(w)->state, POLICY_DUE);
	change(w, "2026-06-10T05:30:00Z", "marie", event(w, "marie", "#waive #urgence", "STATUS:CANCELLED\r\n"));
	assert_int_equal(last(w)->state, POLICY_DISPUTED);
	assert_int_equal(last(w)->charge, 8000);
	has(w, "State: disputed.");
	world_drop(w);
}

static void quoted_lines_and_the_block_are_no_words(void **state)
{
	struct world *w = world_make(NULL);

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	change(w, LATE, "marie", event(w, "marie", "", "STATUS:CANCELLED\r\n"));
	change(w, "2026-06-10T06:00:00Z", "owner", event(w, "marie", "> #waive\\n=== x ===\\n#waive\\n=== end ===",
		"STATUS:CANCELLED\r\n"));
	assert_int_equal(last(w)->state, POLICY_DUE);
	world_drop(w);
}

static void words_that_are_refused_are_named(void **state)
{
	struct world *w = world_make(NULL);

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	change(w, SINCE, "owner", event(w, "marie", "#noshow #attended", ""));
	has(w, "The words contradict each other\\; none was acted on.");
	has(w, "#noshow #attended");
	/* what was refused is heard once it is understood */
	change(w, "2026-06-10T08:30:00Z", "owner", event(w, "marie", "#noshow", ""));
	assert_string_equal(last(w)->class_, "no-show");
	has_not(w, "contradict");
	change(w, "2026-06-10T08:40:00Z", "owner", event(w, "marie", "#fee 200000", ""));
	has(w, "An amount behind a word was not understood");
	assert_int_equal(last(w)->charge, 8000);
	world_drop(w);
}

static void words_work_in_fees(void **state)
{
	struct world *w = world_make(NULL);
	const char *ref;
	char why[300];

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	change(w, LATE, "marie", NULL);
	ref = last(w)->ref;
	assert_non_null(strstr(whole_text(w->whole, "1", ref), "SUMMARY:✗ Late cancel 80.00 EUR · marie\r\n"));
	assert_int_equal(whole_fee_words(w->whole, ref, "#urgence", at("2026-06-10T06:00:00Z"), why,
		sizeof(why)), 0);
	assert_int_equal(whole_read(w->whole, "1", &w->sink, why, sizeof(why)), 0);
	assert_int_equal(last(w)->state, POLICY_WAIVED);
	assert_string_equal(last(w)->reason, "emergency");
	assert_non_null(strstr(whole_text(w->whole, "1", ref), "SUMMARY:✗ Late cancel (waived) · marie\r\n"));
	assert_null(strstr(whole_text(w->whole, "1", ref), "#urgence"));
	world_drop(w);
}

static void the_administrator_says_words_for_the_owner(void **state)
{
	const struct event_actor root = { .name = "root", .admin = true };
	struct world *w = world_make(NULL);
	struct event_request rq = whole_request(w->whole, &root, at("2026-06-10T06:00:00Z"));
	bool changed = false;
	char why[300];
	struct err e;

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	change(w, LATE, "marie", event(w, "marie", "", "STATUS:CANCELLED\r\n"));
	assert_int_equal(event_say(&rq, last(w)->ref, "#paid", &changed, &e), 0);
	assert_true(changed);
	assert_int_equal(whole_read(w->whole, "1", &w->sink, why, sizeof(why)), 0);
	assert_int_equal(last(w)->state, POLICY_PAID);
	/* the event says so as well, without waiting for the timer */
	has(w, "State: paid.");
	assert_int_equal(event_say(&rq, last(w)->ref, "#paid", &changed, &e), 0);
	assert_false(changed);
	assert_int_equal(event_say(&rq, "2222-2222", "#paid", &changed, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	world_drop(w);
}

static void say(struct world *w, const char *words, bool expected)
{
	const struct event_actor root = { .name = "", .admin = true };
	struct event_request rq = whole_request(w->whole, &root, at("2026-06-10T06:00:00Z"));
	bool changed = !expected;
	char why[300];
	struct err e;

	if (event_say(&rq, last(w)->ref, words, &changed, &e))
		fail_msg("%s: %s", words, e.text);
	if (changed != expected)
		fail_msg("%s: %d", words, changed);
	assert_int_equal(whole_read(w->whole, "1", &w->sink, why, sizeof(why)), 0);
}

static void a_reason_stands_beside_the_word(void **state)
{
	struct world *w = world_make(NULL);

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	change(w, LATE, "marie", event(w, "marie", "", "STATUS:CANCELLED\r\n"));
	say(w, "#dispute says  she was #ill, since Monday", true);
	assert_string_equal(last(w)->reason, "says she was #ill, since Monday");
	assert_int_equal(last(w)->state, POLICY_DISPUTED);
	say(w, "#ok", true);
	assert_string_equal(last(w)->reason, "");
	say(w, "#fee 30.00 EUR as agreed", true);
	assert_int_equal(last(w)->charge, 3000);
	assert_string_equal(last(w)->reason, "as agreed");
	say(w, "#fee 30.00 EUR as agreed", false);
	say(w, "#waive", true);
	assert_string_equal(last(w)->reason, "goodwill");
	say(w, "#undo", true);
	say(w, "#emergency of her son", true);
	assert_string_equal(last(w)->reason, "emergency");
	world_drop(w);
}

/* In an event's notes anything may stand. */
static void the_notes_are_no_reason(void **state)
{
	struct world *w = world_make(NULL);

	change(w, BOOKED, "owner", event(w, "marie", "Bring the form.", ""));
	change(w, LATE, "marie", event(w, "marie", "Bring the form.", "STATUS:CANCELLED\r\n"));
	change(w, "2026-06-10T06:00:00Z", "owner", event(w, "marie", "Bring the form. #waive",
		"STATUS:CANCELLED\r\n"));
	assert_string_equal(last(w)->reason, "goodwill");
	world_drop(w);
}

static void a_quote_stores_nothing(void **state)
{
	const struct event_actor root = { .name = "root", .admin = true };
	struct world *w = world_make(NULL);
	struct event_request rq = whole_request(w->whole, &root, at(BOOKED));
	struct event_where there = whole_where(w->whole, "1");
	struct fee_list quote;
	struct err e;
	size_t entries;

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	entries = w->sink.count;
	assert_int_equal(event_quote(&rq, &there, at(LATE), &quote, &e), 0);
	assert_int_equal(quote.count, 1);
	assert_int_equal(quote.fees[0].incident.charge, 8000);
	assert_string_equal(quote.fees[0].state_name, "due");
	assert_int_equal(event_quote(&rq, &there, at("2026-06-09T08:00:00Z"), &quote, &e), 0);
	assert_int_equal(quote.fees[0].incident.charge, 0);
	change(w, LATE, "owner", event(w, "marie", "", "LOCATION:x\r\n"));
	assert_int_equal(w->sink.count, entries);
	world_drop(w);
}

static void acceptance_is_entered(void **state)
{
	static const char *const required[] = { "acceptance", "required", NULL };
	const struct event_actor root = { .name = "root", .admin = true };
	struct world *w = world_make(required);
	struct event_request rq = whole_request(w->whole, &root, at("2026-05-19T09:00:00Z"));
	struct err e;

	assert_int_equal(event_accept(&rq, "owner", "nothing", "marie", at("2026-05-19T09:00:00Z"), &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(event_accept(&rq, "another", "therapy", "marie", at("2026-05-19T09:00:00Z"), &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(event_accept(&rq, "owner", "therapy", " ", at("2026-05-19T09:00:00Z"), &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(event_accept(&rq, "owner", "therapy", "marie", at("2026-05-19T09:00:01Z"), &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(event_accept(&rq, "owner", "therapy", "marie", at("2026-05-19T09:00:00Z"), &e), 0);
	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	change(w, LATE, "marie", NULL);
	assert_string_equal(last(w)->outcome, "charged");
	world_drop(w);
}

static void what_is_deleted_may_stay(void **state)
{
	static const char *const keep[] = { "on-delete", "keep", NULL };
	struct world *w = world_make(keep);

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	change(w, LATE, "marie", NULL);
	has(w, "STATUS:CANCELLED\r\n");
	has(w, "SUMMARY:✗ Late cancel 80.00 EUR · marie\r\n");
	assert_int_equal(last(w)->charge, 8000);
	change(w, "2026-06-10T06:00:00Z", "owner", NULL); /* once more, and it is gone */
	assert_string_equal(whole_text(w->whole, "1", NULL), "");
	world_drop(w);
}

static void status_may_be_left_alone(void **state)
{
	static const char *const keep[] = { "status", "keep", NULL };
	struct world *w = world_make(keep);

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	change(w, LATE, "marie", event(w, "marie", "", "TRANSP:TRANSPARENT\r\n"));
	assert_string_equal(last(w)->class_, "late-cancel");
	has_not(w, "STATUS:CANCELLED");
	has(w, "SUMMARY:✗ Late cancel 80.00 EUR · marie\r\n");
	world_drop(w);
}

static void a_shortened_appointment_costs_its_part(void **state)
{
	static const char *const prorata[] = { "shorten", "prorata", NULL };
	struct world *w = world_make(prorata);
	const char *shorter;

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	shorter = event(w, "marie", "", "");
	memcpy(strstr(shorter, "DTEND:20260610T090000Z"), "DTEND:20260610T081500Z", 22);
	change(w, LATE, "marie", shorter);
	assert_string_equal(last(w)->class_, "shortened");
	assert_int_equal(last(w)->charge, 6000); /* 45 of 60 minutes */
	change(w, "2026-06-10T06:00:00Z", "marie", NULL);
	assert_string_equal(last(w)->class_, "late-cancel");
	assert_int_equal(last(w)->charge, 2000); /* capped at the price */
	world_drop(w);
}

static void what_is_taken_back_elsewhere_leaves_fees(void **state)
{
	struct world *w = world_make(NULL);
	const struct event_actor marie = { .name = "marie", .displayname = "marie" };
	struct whole_change again = { .uid = "2", .actor = marie, .now = at("2026-06-10T05:01:00Z") };
	const char *ref, *copy;
	char why[300];

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	change(w, LATE, "marie", NULL);
	ref = last(w)->ref;
	copy = event(w, "marie", "", "");
	memcpy(strstr(copy, "UID:1"), "UID:2", 5);
	again.body = copy;
	assert_int_equal(whole_change(w->whole, &again, why, sizeof(why)), 0);
	assert_string_equal(whole_text(w->whole, "1", ref), ""); /* a phone deleted it and made it again */
	world_drop(w);
}

static void a_move_over_the_limit_stands_in_fees(void **state)
{
	static const char *const limit[] = { "move-limit", "0 50%", NULL };
	struct world *w = world_make(limit);
	const char *moved;

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	moved = event(w, "marie", "", "");
	memcpy(strstr(moved, "DTSTART:20260610"), "DTSTART:20260617", 16);
	memcpy(strstr(moved, "DTEND:20260610"), "DTEND:20260617", 14);
	change(w, "2026-06-01T08:00:00Z", "marie", moved);
	assert_string_equal(last(w)->class_, "over-limit-move");
	assert_non_null(strstr(whole_text(w->whole, "1", last(w)->ref), "STATE=DUE;BASIS=\"50%\":40.00\r\n"));
	has(w, "After that: 40.00 EUR."); /* what the cap leaves */
	world_drop(w);
}

/* A fee whose review is over falls due with the change that brings another one: each entry in Fees soon tells
 * its own. */
static void two_incidents_in_one_change(void **state)
{
	static const char *const more[] = { "late-move", "same", "review", "24h", "cap", "none", NULL };
	struct world *w = world_make(more);
	const char *moved = arena_printf(w->sink.mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n"
		"BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260611T080000Z\r\n"
		"DTEND:20260611T090000Z\r\nSUMMARY:marie\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
	const char *move, *text;
	char why[300];

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	change(w, "2026-06-09T12:00:00Z", "marie", moved);
	assert_string_equal(last(w)->class_, "late-move");
	move = last(w)->ref;
	text = whole_text(w->whole, "1", move);
	assert_non_null(strstr(text, "SUMMARY:✗ Late move 80.00 EUR · marie\r\n"));
	assert_non_null(strstr(text, "State: in review."));
	change(w, "2026-06-10T13:00:00Z", "marie", NULL);
	assert_string_equal(last(w)->class_, "late-cancel");
	assert_string_not_equal(last(w)->ref, move);
	assert_int_equal(whole_tick(w->whole, at("2026-06-10T13:00:01Z"), why, sizeof(why)), 0);
	text = whole_text(w->whole, "1", move);
	assert_non_null(strstr(text, "SUMMARY:✗ Late move 80.00 EUR · marie\r\n"));
	assert_non_null(strstr(text, "State: due."));
	assert_non_null(strstr(text, "DTSTART:20260610T080000Z\r\n"));
	text = whole_text(w->whole, "1", last(w)->ref);
	assert_non_null(strstr(text, "SUMMARY:✗ Late cancel 80.00 EUR · marie\r\n"));
	assert_non_null(strstr(text, "State: in review."));
	world_drop(w);
}

static void priority_makes_a_proposal(void **state)
{
	static const char *const on[] = { "priority-propose", "on", NULL };
	struct world *w = world_make(on);

	change(w, BOOKED, "owner", event(w, "marie", "", "PRIORITY:4\r\n"));
	change(w, LATE, "marie", event(w, "marie", "", "PRIORITY:4\r\nSTATUS:CANCELLED\r\n"));
	assert_int_equal(last(w)->state, POLICY_PROPOSED);
	world_drop(w);
}

static void the_first_appointment_brings_its_checklist(void **state)
{
	static const char *const intake[] = { "intake", "Ask for the letter.", NULL };
	struct world *w = world_make(intake);

	change(w, BOOKED, "owner", event(w, "marie", "", ""));
	has(w, "Ask for the letter.\\n");
	world_drop(w);
}

/* ---- groups ---- */

#define GUESTS(ana) "ATTENDEE;CN=Ana;PARTSTAT=" ana ":mailto:ana@example.org\r\n" \
	"ATTENDEE;CN=Ben;PARTSTAT=ACCEPTED:mailto:ben@example.org\r\n"

static void an_attendee_answers_for_itself_alone(void **state)
{
	struct world *w = world_make(NULL);

	change(w, BOOKED, "owner", event(w, "Yoga", "Mats", GUESTS("ACCEPTED")));
	has_not(w, "80.00");
	has(w, "Please cancel or move until Tue 9 June 2026 10:00 (24 h before).");
	change(w, LATE, "ana@example.org", event(w, "Hacked", "x", "STATUS:CANCELLED\r\n" GUESTS("DECLINED")));
	assert_string_equal(last(w)->client, "ana@example.org");
	assert_int_equal(last(w)->charge, 8000);
	has(w, "SUMMARY:Yoga\r\n");
	has(w, "DESCRIPTION:Mats");
	has(w, "PARTSTAT=DECLINED:mailto:ana@example.org");
	has(w, "PARTSTAT=ACCEPTED:mailto:ben@example.org");
	has_not(w, "STATUS:CANCELLED");
	has_not(w, "80.00");
	assert_non_null(strstr(whole_text(w->whole, "1", last(w)->ref), "Fee 80.00 EUR"));
	change(w, "2026-06-10T06:00:00Z", "ben@example.org", NULL); /* a decline: the event stays */
	has(w, "PARTSTAT=DECLINED:mailto:ben@example.org");
	assert_string_equal(last(w)->client, "ben@example.org");
	world_drop(w);
}

static void words_name_an_attendee(void **state)
{
	struct world *w = world_make(NULL);

	change(w, BOOKED, "owner", event(w, "Yoga", "", GUESTS("ACCEPTED")));
	change(w, SINCE, "owner", event(w, "Yoga", "#noshow Ben", GUESTS("ACCEPTED")));
	assert_string_equal(last(w)->client, "ben@example.org");
	for (size_t n = 0; n < w->sink.count; n++) {
		if (strcmp(w->sink.entries[n].class_, "no-show") == 0)
			assert_string_equal(w->sink.entries[n].client, "ben@example.org");
	}
	has_not(w, "#noshow");
	world_drop(w);
}

/* ---- series ---- */

static void an_absence_written_into_the_series_is_about_its_last_date(void **state)
{
	struct world *w = world_make(NULL);

	change(w, BOOKED, "owner", event(w, "marie", "", "RRULE:FREQ=WEEKLY;COUNT=5\r\n"));
	change(w, "2026-06-17T08:20:00Z", "owner", event(w, "marie", "#noshow", "RRULE:FREQ=WEEKLY;COUNT=5\r\n"));
	assert_string_equal(last(w)->class_, "no-show");
	assert_int_equal(last(w)->slot, at("2026-06-17T08:00:00Z"));
	has_not(w, "#noshow");
	world_drop(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_go_out_of_the_text),
		cmocka_unit_test(a_clients_words_stay_and_do_nothing),
		cmocka_unit_test(quoted_lines_and_the_block_are_no_words),
		cmocka_unit_test(words_that_are_refused_are_named),
		cmocka_unit_test(words_work_in_fees),
		cmocka_unit_test(the_administrator_says_words_for_the_owner),
		cmocka_unit_test(a_reason_stands_beside_the_word),
		cmocka_unit_test(the_notes_are_no_reason),
		cmocka_unit_test(a_quote_stores_nothing),
		cmocka_unit_test(acceptance_is_entered),
		cmocka_unit_test(what_is_deleted_may_stay),
		cmocka_unit_test(status_may_be_left_alone),
		cmocka_unit_test(a_shortened_appointment_costs_its_part),
		cmocka_unit_test(what_is_taken_back_elsewhere_leaves_fees),
		cmocka_unit_test(a_move_over_the_limit_stands_in_fees),
		cmocka_unit_test(two_incidents_in_one_change),
		cmocka_unit_test(priority_makes_a_proposal),
		cmocka_unit_test(the_first_appointment_brings_its_checklist),
		cmocka_unit_test(an_attendee_answers_for_itself_alone),
		cmocka_unit_test(words_name_an_attendee),
		cmocka_unit_test(an_absence_written_into_the_series_is_about_its_last_date),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
