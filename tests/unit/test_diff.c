/* What a change does to occurrences, whatever way it is spelled: policy.md 3.5. */
#include "tests/unit/ical_text.h"

#include "base/util.h"
#include "tests/unit/zones.h"

#define SERIES(rule) "BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Paris:20260603T100000\nDURATION:PT1H\n" \
	"SUMMARY:Marc 80\nRRULE:" rule "\n"
#define SINGLE "BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Paris:20260610T100000\nDURATION:PT1H\n" \
	"SUMMARY:Marc 80\n"
#define END "END:VEVENT\n"
#define OVERRIDE(id, lines) END "BEGIN:VEVENT\nUID:x\nDURATION:PT1H\nSUMMARY:Marc 80\n" \
	"RECURRENCE-ID;TZID=Europe/Paris:" id "\n" lines "\n"

/* "moved 20260610T080000Z>20260611T080000Z", one a line. */
static char *changes(struct arena *mem, const struct ical *before, const struct ical *after, bool all)
{
	static const char *const names[] = {
		[ICAL_BOOKED] = "booked", [ICAL_MOVED] = "moved", [ICAL_CANCELLED] = "cancelled",
		[ICAL_CHANGED] = "changed", [ICAL_SAME] = "same",
	};
	const struct ical_change *list;
	size_t count;
	struct err e;
	struct buf b;

	if (ical_diff(before, after, NULL, at("20260609T120000Z"), at("20260701T000000Z"), all, mem, &list,
		&count, &e)) {
		return arena_printf(mem, "!%s", e.text);
	}
	buf_init(&b, 1 << 16);
	for (size_t i = 0; i < count; i++) {
		char from[ICAL_UTC_SIZE] = "", to[ICAL_UTC_SIZE] = "";

		if (list[i].before) {
			ical_utc(list[i].before->start, from);
		}
		if (list[i].after) {
			ical_utc(list[i].after->start, to);
		}
		buf_printf(&b, "%s%s%s %.13s>%.13s", i ? ", " : "", names[list[i].kind],
			list[i].gone ? "-gone" : "", from, to);
	}
	char *text = arena_strdup(mem, b.data);
	buf_finish(&b);
	return text;
}

/* NULL: there is no object. */
static void check(const char *before, const char *after, const char *expect)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical *a = before ? object(mem, arena_printf(mem, "%s" END, before)) : NULL;
	const struct ical *b = after ? object(mem, arena_printf(mem, "%s" END, after)) : NULL;
	const char *got = changes(mem, a, b, false);

	if (strcmp(got, expect) != 0) {
		fail_msg("%s\n--\n%s\n  expected %s\n  got      %s", before ? before : "", after ? after : "",
			expect, got);
	}
}

static void single_event(void **state)
{
	(void)state;
	check(NULL, SINGLE, "booked >20260610T0800");
	check(SINGLE, NULL, "cancelled-gone 20260610T0800>");
	check(SINGLE, SINGLE, "");
	check(SINGLE, SINGLE "STATUS:CANCELLED\n", "cancelled 20260610T0800>20260610T0800");
	check(SINGLE "STATUS:CANCELLED\n", SINGLE, "booked >20260610T0800");
	check(SINGLE "STATUS:CANCELLED\n", NULL, "");
	check(SINGLE "STATUS:CANCELLED\n", SINGLE "STATUS:CANCELLED\nCOMMENT:x\n", "");
	check(SINGLE "STATUS:CONFIRMED\n", SINGLE "STATUS:TENTATIVE\n", "changed 20260610T0800>20260610T0800");
	check(SINGLE, SINGLE "DESCRIPTION:note\n", "changed 20260610T0800>20260610T0800");
	check(SINGLE, SINGLE "BEGIN:VALARM\nACTION:DISPLAY\nEND:VALARM\n",
		"changed 20260610T0800>20260610T0800");
}

static void single_event_moved(void **state)
{
	static const char to_friday[] = "BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Paris:20260612T100000\n"
		"DURATION:PT1H\nSUMMARY:Other\n";
	static const char away[] = "BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Paris:20270612T100000\n"
		"DURATION:PT1H\nSUMMARY:Marc 80\n";
	static const char past[] = "BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Paris:20250612T100000\n"
		"DURATION:PT1H\nSUMMARY:Marc 80\n";
	static const char longer[] = "BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Paris:20260610T100000\n"
		"DURATION:PT2H\nSUMMARY:Marc 80\n";

	(void)state;
	check(SINGLE, to_friday, "moved 20260610T0800>20260612T0800"); /* and the title changed */
	check(SINGLE, away, "moved 20260610T0800>20270612T0800");      /* out of the range */
	check(away, SINGLE, "moved 20270612T0800>20260610T0800");
	check(SINGLE, past, "moved 20260610T0800>20250612T0800");
	check(past, SINGLE, "moved 20250612T0800>20260610T0800");
	check(past, away, "");
	check(past, NULL, "");
	check(SINGLE, longer, "changed 20260610T0800>20260610T0800");
}

static void what_programs_touch_at_each_save_is_no_change(void **state)
{
	(void)state;
	check(SINGLE "DTSTAMP:20260101T000000Z\nSEQUENCE:1\nLOCATION:A\n",
		"BEGIN:VEVENT\nLOCATION:A\nSUMMARY:Marc 80\nUID:x\nDTSTAMP:20260501T000000Z\n"
		"LAST-MODIFIED:20260501T000000Z\n"
		"SEQUENCE:2\nDTSTART;TZID=Europe/Paris:20260610T100000\nDTEND;TZID=Europe/Paris:20260610T110000\n",
		"");
	/* the same instant in another zone */
	check(SINGLE, "BEGIN:VEVENT\nUID:x\nDTSTART:20260610T080000Z\nDURATION:PT1H\nSUMMARY:Marc 80\n",
		"changed 20260610T0800>20260610T0800");
}

static void one_date_of_a_series_cancelled(void **state)
{
	(void)state;
	check(SERIES("FREQ=WEEKLY;COUNT=8"),
		SERIES("FREQ=WEEKLY;COUNT=8") "EXDATE;TZID=Europe/Paris:20260610T100000\n",
		"cancelled-gone 20260610T0800>");
	check(SERIES("FREQ=WEEKLY;COUNT=8"), SERIES("FREQ=WEEKLY;COUNT=8")
		OVERRIDE("20260610T100000", "DTSTART;TZID=Europe/Paris:20260610T100000\nSTATUS:CANCELLED"),
		"cancelled 20260610T0800>20260610T0800");
	/* one spelling becomes the other: nothing happens */
	check(SERIES("FREQ=WEEKLY;COUNT=8") "EXDATE;TZID=Europe/Paris:20260610T100000\n",
		SERIES("FREQ=WEEKLY;COUNT=8")
		OVERRIDE("20260610T100000", "DTSTART;TZID=Europe/Paris:20260610T100000\nSTATUS:CANCELLED"), "");
	/* un-cancelled */
	check(SERIES("FREQ=WEEKLY;COUNT=8") "EXDATE;TZID=Europe/Paris:20260610T100000\n",
		SERIES("FREQ=WEEKLY;COUNT=8"),
		"booked >20260610T0800");
	check(SERIES("FREQ=WEEKLY;COUNT=8")
		OVERRIDE("20260610T100000", "DTSTART;TZID=Europe/Paris:20260610T100000\nSTATUS:CANCELLED"),
		SERIES("FREQ=WEEKLY;COUNT=8"), "booked >20260610T0800");
}

static void whole_series(void **state)
{
	(void)state;
	/* 3 June is past and left alone */
	check(SERIES("FREQ=WEEKLY;COUNT=4"), NULL, "cancelled-gone 20260610T0800>, cancelled-gone "
		"20260617T0800>, "
		"cancelled-gone 20260624T0800>");
	check(SERIES("FREQ=WEEKLY;COUNT=4"), SERIES("FREQ=WEEKLY;COUNT=4") "STATUS:CANCELLED\n",
		"cancelled 20260610T0800>20260610T0800, cancelled 20260617T0800>20260617T0800, cancelled "
		"20260624T0800>20260624T0800");
	check(NULL, SERIES("FREQ=WEEKLY;COUNT=3"), "booked >20260610T0800, booked >20260617T0800");
}

static void until_and_count_shortened(void **state)
{
	static const char gone[] = "cancelled-gone 20260610T0800>, cancelled-gone 20260617T0800>, "
		"cancelled-gone 20260624T0800>";

	(void)state;
	check(SERIES("FREQ=WEEKLY"), SERIES("FREQ=WEEKLY;UNTIL=20260607T220000Z"), gone);
	check(SERIES("FREQ=WEEKLY;COUNT=8"), SERIES("FREQ=WEEKLY;UNTIL=20260607T220000Z"), gone);
	check(SERIES("FREQ=WEEKLY;COUNT=8"), SERIES("FREQ=WEEKLY;COUNT=3"), "cancelled-gone 20260624T0800>");
	check(SERIES("FREQ=WEEKLY;COUNT=3"), SERIES("FREQ=WEEKLY;COUNT=4"), "booked >20260624T0800");
	check(SERIES("FREQ=WEEKLY;COUNT=4"), SERIES("FREQ=WEEKLY;INTERVAL=2;COUNT=2"),
		"cancelled-gone 20260610T0800>, cancelled-gone 20260624T0800>");
}

static void one_date_moved(void **state)
{
	(void)state;
	check(SERIES("FREQ=WEEKLY;COUNT=8"),
		SERIES("FREQ=WEEKLY;COUNT=8") OVERRIDE("20260610T100000",
		"DTSTART;TZID=Europe/Paris:20260612T100000"),
		"moved 20260610T0800>20260612T0800");
	/* and back */
	check(SERIES("FREQ=WEEKLY;COUNT=8") OVERRIDE("20260610T100000",
		"DTSTART;TZID=Europe/Paris:20260612T100000"),
		SERIES("FREQ=WEEKLY;COUNT=8"), "moved 20260612T0800>20260610T0800");
	/* out of the range and into it */
	check(SERIES("FREQ=WEEKLY;COUNT=8"),
		SERIES("FREQ=WEEKLY;COUNT=8") OVERRIDE("20260610T100000",
		"DTSTART;TZID=Europe/Paris:20261212T100000"),
		"moved 20260610T0800>20261212T0900");
	check(SERIES("FREQ=WEEKLY;COUNT=9"),
		SERIES("FREQ=WEEKLY;COUNT=9") OVERRIDE("20260729T100000",
		"DTSTART;TZID=Europe/Paris:20260612T100000"),
		"moved 20260729T0800>20260612T0800");
	/* moved, then cancelled: it counts where it is */
	check(SERIES("FREQ=WEEKLY;COUNT=8") OVERRIDE("20260610T100000",
		"DTSTART;TZID=Europe/Paris:20260612T100000"),
		SERIES("FREQ=WEEKLY;COUNT=8") "EXDATE;TZID=Europe/Paris:20260610T100000\n",
		"cancelled-gone 20260612T0800>");
	check(SERIES("FREQ=WEEKLY;COUNT=8") OVERRIDE("20260610T100000",
		"DTSTART;TZID=Europe/Paris:20260612T100000"),
		SERIES("FREQ=WEEKLY;COUNT=8") OVERRIDE("20260610T100000",
		"DTSTART;TZID=Europe/Paris:20260612T100000\nSTATUS:CANCELLED"),
		"cancelled 20260612T0800>20260612T0800");
	/* spelled as exception and addition */
	check(SERIES("FREQ=WEEKLY;COUNT=8"), SERIES("FREQ=WEEKLY;COUNT=8")
		"EXDATE;TZID=Europe/Paris:20260610T100000\nRDATE;TZID=Europe/Paris:20260611T100000\n",
		"moved 20260610T0800>20260611T0800");
}

#define SHIFTED(day, rule) "BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Paris:" day "\n" \
	"DURATION:PT1H\nSUMMARY:Marc 80\nRRULE:" rule "\n"

static void master_shifted_moves_all_that_remain(void **state)
{
	(void)state;
	check(SERIES("FREQ=WEEKLY;COUNT=4"), SHIFTED("20260604T100000", "FREQ=WEEKLY;COUNT=4"),
		"moved 20260610T0800>20260611T0800, moved 20260617T0800>20260618T0800, moved "
		"20260624T0800>20260625T0800");
	check(SERIES("FREQ=WEEKLY"), SHIFTED("20260603T110000", "FREQ=WEEKLY"),
		"moved 20260610T0800>20260610T0900, moved 20260617T0800>20260617T0900, moved "
		"20260624T0800>20260624T0900");
	/* now lies between an old date, which is past, and its new place: that isn't another's move */
	check(SHIFTED("20260602T100000", "FREQ=WEEKLY"), SHIFTED("20260603T100000", "FREQ=WEEKLY"),
		"moved 20260609T0800>20260610T0800, moved 20260616T0800>20260617T0800, moved "
		"20260623T0800>20260624T0800, "
		"moved 20260630T0800>20260701T0800");
	/* across a change of clocks the time of day counts */
	check(SHIFTED("20260114T100000", "FREQ=WEEKLY"), SHIFTED("20260114T110000", "FREQ=WEEKLY"),
		"moved 20260610T0800>20260610T0900, moved 20260617T0800>20260617T0900, moved "
		"20260624T0800>20260624T0900");
}

static void master_shifted_with_exceptions(void **state)
{
	(void)state;
	/* programs move the exceptions as well: what had been moved stays where it is */
	check(SERIES("FREQ=WEEKLY;COUNT=4") "EXDATE;TZID=Europe/Paris:20260617T100000\n"
		OVERRIDE("20260610T100000", "DTSTART;TZID=Europe/Paris:20260612T140000"),
		SHIFTED("20260603T110000", "FREQ=WEEKLY;COUNT=4") "EXDATE;TZID=Europe/Paris:20260617T110000\n"
		OVERRIDE("20260610T110000", "DTSTART;TZID=Europe/Paris:20260612T140000"),
		"moved 20260624T0800>20260624T0900");
	/* or drop them: the excluded date comes back, the others keep their partners */
	check(SERIES("FREQ=WEEKLY;COUNT=4") "EXDATE;TZID=Europe/Paris:20260617T100000\n",
		SHIFTED("20260603T110000", "FREQ=WEEKLY;COUNT=4"),
		"moved 20260610T0800>20260610T0900, booked >20260617T0900, moved 20260624T0800>20260624T0900");
}

static void rule_changed_pairs_by_order(void **state)
{
	(void)state;
	/* Wednesday and Friday become Wednesday and Thursday */
	check(SERIES("FREQ=WEEKLY;BYDAY=WE,FR"), SERIES("FREQ=WEEKLY;BYDAY=WE,TH"),
		"moved 20260612T0800>20260611T0800, moved 20260619T0800>20260618T0800, moved "
		"20260626T0800>20260625T0800");
	/* a series begun two weeks later: both ends differ, the middle is untouched */
	check(SHIFTED("20260610T100000", "FREQ=DAILY;COUNT=6"), SHIFTED("20260612T100000",
		"FREQ=DAILY;COUNT=6"),
		"moved 20260610T0800>20260616T0800, moved 20260611T0800>20260617T0800");
	/* one date becomes a series and back */
	check(SINGLE, SINGLE "RRULE:FREQ=WEEKLY;COUNT=2\n", "booked >20260617T0800");
	check(SINGLE "RRULE:FREQ=WEEKLY;COUNT=2\n", SINGLE, "cancelled-gone 20260617T0800>");
}

static void split_series_ends_here(void **state)
{
	(void)state;
	/* "this and following" by UNTIL; the other half is another object */
	check(SERIES("FREQ=WEEKLY;COUNT=8"), SERIES("FREQ=WEEKLY;UNTIL=20260610T075959Z"),
		"cancelled-gone 20260610T0800>, cancelled-gone 20260617T0800>, cancelled-gone 20260624T0800>");
	/* or by RANGE */
	check(SERIES("FREQ=WEEKLY;COUNT=4"), SERIES("FREQ=WEEKLY;COUNT=4")
		"END:VEVENT\nBEGIN:VEVENT\nUID:x\nSUMMARY:Marc 80\nDURATION:PT1H\n"
		"RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Paris:20260617T100000\n"
		"DTSTART;TZID=Europe/Paris:20260617T120000\n",
		"moved 20260617T0800>20260617T1000, moved 20260624T0800>20260624T1000");
}

static void same_ones_are_listed_if_asked_for(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical *a = object(mem, SERIES("FREQ=WEEKLY;COUNT=3") END);
	const struct ical *b = object(mem, SERIES("FREQ=WEEKLY;COUNT=4") "DTSTAMP:20260101T000000Z\n" END);

	(void)state;
	assert_string_equal(changes(mem, a, b, true),
		"same 20260610T0800>20260610T0800, same 20260617T0800>20260617T0800, booked >20260624T0800");
	assert_string_equal(changes(mem, NULL, NULL, true), "");
}

static void override_changes_one_only(void **state)
{
	(void)state;
	check(SERIES("FREQ=WEEKLY;COUNT=8"), SERIES("FREQ=WEEKLY;COUNT=8")
		OVERRIDE("20260610T100000", "DTSTART;TZID=Europe/Paris:20260610T100000\nLOCATION:elsewhere"),
		"changed 20260610T0800>20260610T0800");
	check(SERIES("FREQ=WEEKLY;COUNT=3"), SERIES("FREQ=WEEKLY;COUNT=3") "LOCATION:elsewhere\n",
		"changed 20260610T0800>20260610T0800, changed 20260617T0800>20260617T0800");
	/* an override that repeats what the master says */
	check(SERIES("FREQ=WEEKLY;COUNT=8"), SERIES("FREQ=WEEKLY;COUNT=8")
		OVERRIDE("20260610T100000", "DTSTART;TZID=Europe/Paris:20260610T100000"), "");
}

static void floating_and_all_day_dates(void **state)
{
	(void)state;
	check("BEGIN:VEVENT\nUID:x\nDTSTART;VALUE=DATE:20260610\n", "BEGIN:VEVENT\nUID:x\n"
		"DTSTART;VALUE=DATE:20260611\n",
		"moved 20260610T0000>20260611T0000");
	check("BEGIN:VEVENT\nUID:x\nDTSTART:20260610T100000\nRRULE:FREQ=DAILY;COUNT=2\n",
		"BEGIN:VEVENT\nUID:x\nDTSTART:20260610T110000\nRRULE:FREQ=DAILY;COUNT=2\n",
		"moved 20260610T1000>20260610T1100, moved 20260611T1000>20260611T1100");
	check("BEGIN:VTODO\nUID:x\nSUMMARY:whenever\nEND:VTODO\nBEGIN:VEVENT\nUID:y\n", NULL, "");
}

static void bombs_are_refused_in_time(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical *a = object(mem, SERIES("FREQ=SECONDLY") END);
	int64_t before = cpu_ms();

	(void)state;
	assert_int_equal(changes(mem, a, NULL, false)[0], '!');
	assert_int_equal(changes(mem, NULL, a, false)[0], '!');
	assert_true(cpu_ms() - before < 1000);
}

/* A long master, and every second of its dates described by itself: each is read once. */
static void long_components_are_read_once(void **state)
{
	enum { LINES = 20000, DATES = 3000 };
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf text;
	const struct ical_change *list;
	struct err e = { 0 };
	size_t count;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_adds(&text, "BEGIN:VEVENT\nUID:x\nDTSTART:20260603T000000Z\nRRULE:FREQ=HOURLY\n");
	for (int i = 0; i < LINES; i++) {
		buf_printf(&text, "X-A:%d\n", i);
	}
	const struct ical *a = object(mem, arena_printf(mem, "%sEND:VEVENT", text.data));
	buf_adds(&text, "END:VEVENT");
	for (int i = 0; i < DATES; i++) {
		char when[ICAL_UTC_SIZE];

		ical_utc(at("20260603T000000Z") + i * 7200, when);
		buf_printf(&text, "\nBEGIN:VEVENT\nUID:x\nRECURRENCE-ID:%s\nDTSTART:%s\nEND:VEVENT", when, when);
	}
	const struct ical *b = object(mem, text.data);
	int64_t before = cpu_ms();
	assert_int_equal(ical_diff(a, b, NULL, at("20260603T000000Z"), at("20270603T000000Z"), false, mem,
		&list, &count, &e), 0);
	assert_int_equal(count, DATES);
	assert_int_equal(ical_diff(b, b, NULL, at("20260603T000000Z"), at("20270603T000000Z"), false, mem,
		&list, &count, &e), 0);
	assert_int_equal(count, 0);
	assert_true(cpu_ms() - before < 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_event),
		cmocka_unit_test(single_event_moved),
		cmocka_unit_test(what_programs_touch_at_each_save_is_no_change),
		cmocka_unit_test(one_date_of_a_series_cancelled),
		cmocka_unit_test(whole_series),
		cmocka_unit_test(until_and_count_shortened),
		cmocka_unit_test(one_date_moved),
		cmocka_unit_test(master_shifted_moves_all_that_remain),
		cmocka_unit_test(master_shifted_with_exceptions),
		cmocka_unit_test(rule_changed_pairs_by_order),
		cmocka_unit_test(split_series_ends_here),
		cmocka_unit_test(same_ones_are_listed_if_asked_for),
		cmocka_unit_test(override_changes_one_only),
		cmocka_unit_test(floating_and_all_day_dates),
		cmocka_unit_test(bombs_are_refused_in_time),
		cmocka_unit_test(long_components_are_read_once),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
