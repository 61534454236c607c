/* Occurrences of whole objects: overrides, exceptions, lengths, zones, RFC 4791 9.9. */
#include "tests/unit/ical_text.h"

#include "base/util.h"
#include "ical/zone.h"
#include "tests/unit/zones.h"

#define YEAR_2024 at("20240101T000000Z"), at("20250101T000000Z")

struct expectation {
	const char *lines;    /* of one VEVENT */
	const char *from, *to;
	const char *spans;
};

static void check_event(const struct expectation *x, const char *zone)
{
	cleanup_arena struct arena *mem = arena_create();
	const char *got = expanded(mem, event(mem, x->lines), zone ? zone_find(zone) : NULL,
		x->from ? at(x->from) : ICAL_MIN, x->to ? at(x->to) : ICAL_MAX, true, SIZE_MAX);

	if (strcmp(got, x->spans) != 0) {
		fail_msg("%s\n  expected %s\n  got      %s", x->lines, x->spans, got);
	}
}

static void check_all(const struct expectation *list, size_t n, const char *zone)
{
	for (size_t i = 0; i < n; i++) {
		check_event(&list[i], zone);
	}
}

#define CHECK(list, zone) check_all(list, ARRAY_SIZE(list), zone)

static void d26_ten_o_clock_stays_ten_o_clock(void **state)
{
	static const struct expectation list[] = {
		{ "DTSTART;TZID=Europe/Berlin:20240324T100000\nDTEND;TZID=Europe/Berlin:20240324T110000\n"
			"RRULE:FREQ=WEEKLY;COUNT=3", NULL, NULL,
			"20240324T090000Z/20240324T100000Z 20240331T080000Z/20240331T090000Z "
			"20240407T080000Z/20240407T090000Z" },
		{ "DTSTART;TZID=America/New_York:20241027T183000\nDURATION:PT30M\nRRULE:FREQ=WEEKLY;COUNT=2", NULL,
			NULL,
			"20241027T223000Z/20241027T230000Z 20241103T233000Z/20241104T000000Z" },
	};

	(void)state;
	CHECK(list, NULL);
}

static void b7_weekly_in_the_gap_and_its_exdate(void **state)
{
	static const struct expectation list[] = {
		{ "DTSTART;TZID=Europe/Berlin:20240324T023000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=4\n"
			"EXDATE;TZID=Europe/Berlin:20240407T023000",
			NULL, NULL,
			"20240324T013000Z/20240324T023000Z 20240331T013000Z/20240331T023000Z "
			"20240414T003000Z/20240414T013000Z" },
		{ "DTSTART;TZID=Europe/Berlin:20240324T023000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3\n"
			"EXDATE;TZID=Europe/Berlin:20240331T023000",
			NULL, NULL, "20240324T013000Z/20240324T023000Z 20240407T003000Z/20240407T013000Z" },
	};

	(void)state;
	CHECK(list, NULL);
}

/* 02:00 and 02:30 don't exist: they are 03:00 and 03:30, which come from the rule as well. */
static void times_in_a_gap_come_in_order_and_once(void **state)
{
	static const struct expectation list[] = {
		{ "DTSTART;TZID=Europe/Berlin:20240331T013000\nRRULE:FREQ=MINUTELY;INTERVAL=30;COUNT=6", NULL, NULL,
			"20240331T003000Z/20240331T003000Z 20240331T010000Z/20240331T010000Z "
			"20240331T013000Z/20240331T013000Z "
			"20240331T020000Z/20240331T020000Z" },
		{ "DTSTART;TZID=Europe/Berlin:20240331T014500\nRRULE:FREQ=MINUTELY;INTERVAL=40;COUNT=4", NULL, NULL,
			"20240331T004500Z/20240331T004500Z 20240331T010500Z/20240331T010500Z "
			"20240331T012500Z/20240331T012500Z "
			"20240331T014500Z/20240331T014500Z" },
		{ "DTSTART;TZID=Europe/Berlin:20240331T023000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;COUNT=3",
			NULL, NULL,
			"20240331T013000Z/20240331T013000Z 20250330T013000Z/20250330T013000Z "
			"20260329T013000Z/20260329T013000Z" },
	};

	(void)state;
	CHECK(list, NULL);
}

static void d25_exdate_in_any_zone_is_an_instant(void **state)
{
	static const struct expectation list[] = {
#define DAILY "DTSTART;TZID=Europe/Berlin:20240601T100000\nRRULE:FREQ=DAILY;COUNT=3\n"
#define FIRST_AND_THIRD "20240601T080000Z/20240601T080000Z 20240603T080000Z/20240603T080000Z"
		{ DAILY "EXDATE:20240602T080000Z", NULL, NULL, FIRST_AND_THIRD },
		{ DAILY "EXDATE;TZID=America/New_York:20240602T040000", NULL, NULL, FIRST_AND_THIRD },
		{ DAILY "EXDATE;TZID=Europe/Paris:20240602T100000", NULL, NULL, FIRST_AND_THIRD },
		{ DAILY "EXDATE;VALUE=DATE:20240602", NULL, NULL, FIRST_AND_THIRD },
		{ DAILY "EXDATE:20240602T080000Z,20240602T080000Z", NULL, NULL, FIRST_AND_THIRD },
		{ DAILY "EXDATE;TZID=Europe/Berlin:20240601T100000\nEXDATE;TZID=Europe/Berlin:20240603T100000",
			NULL, NULL,
			"20240602T080000Z/20240602T080000Z" },
	};

	(void)state;
	CHECK(list, NULL);
}

static void exdates_of_all_day_series(void **state)
{
	static const struct expectation list[] = {
#define DAYS "DTSTART;VALUE=DATE:20240601\nRRULE:FREQ=DAILY;COUNT=3\n"
#define BERLIN_DAYS "20240531T220000Z/20240601T220000Z 20240602T220000Z/20240603T220000Z"
		{ DAYS "EXDATE;VALUE=DATE:20240602", NULL, NULL, BERLIN_DAYS },
		{ DAYS "EXDATE:20240602T000000Z", NULL, NULL, BERLIN_DAYS },
		{ DAYS "EXDATE:20240602T000000", NULL, NULL, BERLIN_DAYS },
		{ DAYS "EXDATE;TZID=America/New_York:20240602T000000", NULL, NULL, BERLIN_DAYS },
		{ DAYS "EXDATE:20240601T220000Z", NULL, NULL, BERLIN_DAYS },
	};

	(void)state;
	CHECK(list, "Europe/Berlin");
}

static void b7_rdates(void **state)
{
	static const struct expectation list[] = {
		{ "DTSTART;TZID=Europe/Berlin:20240601T100000\nDURATION:PT1H\n"
			"RDATE;TZID=Europe/Berlin:20240603T120000", NULL, NULL,
			"20240601T080000Z/20240601T090000Z 20240603T100000Z/20240603T110000Z" },
		{ "DTSTART;TZID=Europe/Berlin:20240601T100000\nDURATION:PT1H\n"
			"RDATE;TZID=America/New_York:20240603T120000", NULL, NULL,
			"20240601T080000Z/20240601T090000Z 20240603T160000Z/20240603T170000Z" },
		{ "DTSTART:20240601T100000Z\nDURATION:PT1H\n"
			"RDATE;VALUE=PERIOD:20240603T120000Z/PT3H,20240604T120000Z/20240604T123000Z", NULL, NULL,
			"20240601T100000Z/20240601T110000Z 20240603T120000Z/20240603T150000Z "
			"20240604T120000Z/20240604T123000Z" },
		{ "DTSTART:20240601T100000Z\nRRULE:FREQ=DAILY;COUNT=2\nRDATE:20240602T100000Z,20240531T100000Z",
			NULL, NULL,
			"20240531T100000Z/20240531T100000Z 20240601T100000Z/20240601T100000Z "
			"20240602T100000Z/20240602T100000Z" },
		{ "DTSTART;VALUE=DATE:20240601\nRDATE;VALUE=DATE:20240605", NULL, NULL,
			"20240601T000000Z/20240602T000000Z 20240605T000000Z/20240606T000000Z" },
		{ "DTSTART;TZID=Europe/Berlin:20240601T100000\nRDATE;VALUE=DATE:20240605", NULL, NULL,
			"20240601T080000Z/20240601T080000Z 20240605T080000Z/20240605T080000Z" },
		/* a long period reaches into the range from far before it */
		{ "DTSTART:20240601T100000Z\nRDATE;VALUE=PERIOD:20240603T120000Z/P30D", "20240620T000000Z",
			"20240621T000000Z",
			"20240603T120000Z/20240703T120000Z" },
	};

	(void)state;
	CHECK(list, NULL);
}

static void b7_lengths(void **state)
{
	static const struct expectation list[] = {
		/* all-day: one day, also where that has 23 or 25 hours */
		{ "DTSTART;VALUE=DATE:20240331", NULL, NULL, "20240330T230000Z/20240331T220000Z" },
		{ "DTSTART;VALUE=DATE:20241027\nDTEND;VALUE=DATE:20241028", NULL, NULL,
			"20241026T220000Z/20241027T230000Z" },
		{ "DTSTART;VALUE=DATE:20240330\nDTEND;VALUE=DATE:20240402", NULL, NULL,
			"20240329T230000Z/20240401T220000Z" },
		{ "DTSTART;VALUE=DATE:20240330\nDURATION:P2D", NULL, NULL, "20240329T230000Z/20240331T220000Z" },
		/* DTEND before or at the start */
		{ "DTSTART:20240601T100000Z\nDTEND:20240601T090000Z", NULL, NULL,
			"20240601T100000Z/20240601T100000Z" },
		{ "DTSTART;VALUE=DATE:20240601\nDTEND;VALUE=DATE:20240601", NULL, NULL,
			"20240531T220000Z/20240531T220000Z" },
		{ "DTSTART:20240601T100000Z\nDURATION:-PT1H", NULL, NULL, "20240601T100000Z/20240601T100000Z" },
		/* DTEND: same exact length; DURATION in days: nominal (RFC 5545 3.8.5.3) */
		{ "DTSTART;TZID=Europe/Berlin:20240329T220000\nDTEND;TZID=Europe/Berlin:20240330T060000\n"
			"RRULE:FREQ=DAILY;COUNT=2", NULL, NULL,
			"20240329T210000Z/20240330T050000Z 20240330T210000Z/20240331T050000Z" },
		{ "DTSTART;TZID=Europe/Berlin:20240329T220000\nDURATION:P1D\nRRULE:FREQ=DAILY;COUNT=2", NULL, NULL,
			"20240329T210000Z/20240330T210000Z 20240330T210000Z/20240331T200000Z" },
		{ "DTSTART:20240601T100000Z", NULL, NULL, "20240601T100000Z/20240601T100000Z" },
	};

	(void)state;
	CHECK(list, "Europe/Berlin");
}

static void b7_until(void **state)
{
	static const struct expectation list[] = {
#define AT_TEN "DTSTART;TZID=Europe/Berlin:20240601T100000\nRRULE:FREQ=DAILY;UNTIL="
#define TWO "20240601T080000Z/20240601T080000Z 20240602T080000Z/20240602T080000Z"
		{ AT_TEN "20240602", NULL, NULL, TWO },           /* the whole day */
		{ AT_TEN "20240602T080000Z", NULL, NULL, TWO },   /* inclusive */
		{ AT_TEN "20240603T075959Z", NULL, NULL, TWO },
		{ AT_TEN "20240602T100000", NULL, NULL, TWO },    /* local */
		{ AT_TEN "20240603T095959", NULL, NULL, TWO },
		{ "DTSTART;VALUE=DATE:20240601\nRRULE:FREQ=DAILY;UNTIL=20240602", NULL, NULL,
			"20240601T000000Z/20240602T000000Z 20240602T000000Z/20240603T000000Z" },
		{ "DTSTART;VALUE=DATE:20240601\nRRULE:FREQ=DAILY;UNTIL=20240602T000000Z", NULL, NULL,
			"20240601T000000Z/20240602T000000Z 20240602T000000Z/20240603T000000Z" },
		{ "DTSTART;VALUE=DATE:20240601\nRRULE:FREQ=DAILY;UNTIL=20240602T235959", NULL, NULL,
			"20240601T000000Z/20240602T000000Z 20240602T000000Z/20240603T000000Z" },
		{ AT_TEN "20240101", NULL, NULL, "20240601T080000Z/20240601T080000Z" },
			/* DTSTART is the first anyway */
		/* the later of two equal times ends it */
		{ "DTSTART;TZID=Europe/Berlin:20241027T013000\nRRULE:FREQ=HOURLY;UNTIL=20241027T011000Z", NULL, NULL,
			"20241026T233000Z/20241026T233000Z 20241027T003000Z/20241027T003000Z" },
	};

	(void)state;
	CHECK(list, NULL);
}

static void exrule_takes_out(void **state)
{
	static const struct expectation list[] = {
		{ "DTSTART:20240601T100000Z\nRRULE:FREQ=DAILY;COUNT=6\nEXRULE:FREQ=WEEKLY;BYDAY=SU,MO", NULL, NULL,
			"20240601T100000Z/20240601T100000Z 20240604T100000Z/20240604T100000Z "
			"20240605T100000Z/20240605T100000Z "
			"20240606T100000Z/20240606T100000Z" },
		{ "DTSTART:20240601T100000Z\nRRULE:FREQ=DAILY;COUNT=3\nEXRULE:FREQ=DAILY;INTERVAL=2", NULL, NULL,
			"20240602T100000Z/20240602T100000Z" },
	};

	(void)state;
	CHECK(list, NULL);
}

static void two_rules_unite(void **state)
{
	static const struct expectation list[] = {
		{ "DTSTART:20240601T100000Z\nRRULE:FREQ=DAILY;COUNT=3\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=3", NULL,
			NULL,
			"20240601T100000Z/20240601T100000Z 20240602T100000Z/20240602T100000Z "
			"20240603T100000Z/20240603T100000Z "
			"20240605T100000Z/20240605T100000Z" },
	};

	(void)state;
	CHECK(list, NULL);
}

static void d27_floating_and_all_day_are_read_in_the_zone_asked_for(void **state)
{
	static const struct expectation list[] = {
		{ "DTSTART:20240601T100000\nDURATION:PT1H", NULL, NULL, "20240601T140000Z/20240601T150000Z" },
		{ "DTSTART;TZID=No such zone:20240601T100000\nDURATION:PT1H", NULL, NULL,
			"20240601T140000Z/20240601T150000Z" },
		{ "DTSTART;VALUE=DATE:20240601", NULL, NULL, "20240601T040000Z/20240602T040000Z" },
		{ "DTSTART:20240309T100000\nRRULE:FREQ=DAILY;COUNT=2", NULL, NULL,
			"20240309T150000Z/20240309T150000Z 20240310T140000Z/20240310T140000Z" },
	};

	(void)state;
	CHECK(list, "America/New_York");
}

/* ---- RFC 4791 9.9: what overlaps [10:00, 12:00) ---- */

static void overlap_of_events(void **state)
{
	static const struct { const char *lines; bool hit; } list[] = {
		{ "DTSTART:20240601T090000Z\nDTEND:20240601T100000Z", false },
		{ "DTSTART:20240601T090000Z\nDTEND:20240601T100001Z", true },
		{ "DTSTART:20240601T120000Z\nDTEND:20240601T130000Z", false },
		{ "DTSTART:20240601T115959Z\nDTEND:20240601T130000Z", true },
		{ "DTSTART:20240601T080000Z\nDTEND:20240601T200000Z", true },
		{ "DTSTART:20240601T100000Z", true },
		{ "DTSTART:20240601T100000Z\nDURATION:PT0S", true },
		{ "DTSTART:20240601T120000Z", false },
		{ "DTSTART:20240601T095959Z", false },
		{ "DTSTART;VALUE=DATE:20240601", true },
		{ "DTSTART;VALUE=DATE:20240602", false },
		{ "DTSTART;VALUE=DATE:20240531", false },
		{ "DTSTART:20240501T110000Z\nRRULE:FREQ=DAILY", true },
		{ "DTSTART:20240501T130000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY", false },
		{ "DTSTART:20240501T130000Z\nDURATION:PT22H\nRRULE:FREQ=DAILY", true },
		{ "DTSTART:20230501T130000Z\nDURATION:P300D\nRRULE:FREQ=YEARLY;COUNT=2", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		cleanup_arena struct arena *mem = arena_create();
		const char *got = expanded(mem, event(mem, list[i].lines), NULL, at("20240601T100000Z"),
			at("20240601T120000Z"), false, SIZE_MAX);

		if ((*got != '\0') != list[i].hit) {
			fail_msg("%s: %s", list[i].lines, got);
		}
	}
}

static void overlap_of_tasks_and_journals(void **state)
{
	static const struct { const char *kind, *lines; bool hit; } list[] = {
		{ "VTODO", "DTSTART:20240601T090000Z\nDURATION:PT1H", true }, /* ends at the range's start */
		{ "VTODO", "DTSTART:20240601T090000Z\nDURATION:PT59M", false },
		{ "VTODO", "DTSTART:20240601T120000Z\nDURATION:PT1H", false },
		{ "VTODO", "DTSTART:20240601T090000Z\nDUE:20240601T100000Z", false },
		{ "VTODO", "DTSTART:20240601T090000Z\nDUE:20240601T110000Z", true },
		{ "VTODO", "DTSTART:20240601T100000Z\nDUE:20240601T100000Z", true },
		{ "VTODO", "DTSTART:20240601T100000Z", true },
		{ "VTODO", "DTSTART:20240601T095900Z", false },
		{ "VTODO", "DUE:20240601T100000Z", false },
		{ "VTODO", "DUE:20240601T100001Z", true },
		{ "VTODO", "DUE:20240601T120000Z", true },
		{ "VTODO", "DUE:20240601T120001Z", false },
		{ "VTODO", "CREATED:20240101T000000Z\nCOMPLETED:20240701T000000Z", true },
		{ "VTODO", "CREATED:20240101T000000Z\nCOMPLETED:20240201T000000Z", false },
		{ "VTODO", "COMPLETED:20240601T120000Z", true },
		{ "VTODO", "COMPLETED:20240601T120001Z", false },
		{ "VTODO", "CREATED:20240601T115959Z", true },
		{ "VTODO", "CREATED:20240601T120000Z", false },
		{ "VTODO", "SUMMARY:whenever", true },
		{ "VTODO", "DTSTART:20240101T090000Z\nDUE:20240101T103000Z\nRRULE:FREQ=DAILY", true },
		{ "VTODO", "DUE:20240101T110000Z\nRRULE:FREQ=DAILY", true },
			/* recurs from DUE: some programs write that */
		{ "VJOURNAL", "DTSTART:20240601T100000Z", true },
		{ "VJOURNAL", "DTSTART:20240601T120000Z", false },
		{ "VJOURNAL", "DTSTART;VALUE=DATE:20240601", true },
		{ "VJOURNAL", "SUMMARY:no date", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		cleanup_arena struct arena *mem = arena_create();
		const struct ical *ic = object(mem, arena_printf(mem, "BEGIN:%s\nUID:x\n%s\nEND:%s", list[i].kind,
			list[i].lines, list[i].kind));
		const char *got = expanded(mem, ic, NULL, at("20240601T100000Z"), at("20240601T120000Z"), false,
			SIZE_MAX);

		if ((*got != '\0') != list[i].hit) {
			fail_msg("%s %s: %s", list[i].kind, list[i].lines, got);
		}
	}
}

static void b7_due_is_the_length_of_a_task(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical *ic = object(mem, "BEGIN:VTODO\nUID:x\nDTSTART:20240601T100000Z\n"
		"DUE:20240601T150000Z\n"
		"RRULE:FREQ=DAILY;COUNT=2\nEND:VTODO");

	(void)state;
	assert_string_equal(expanded(mem, ic, NULL, YEAR_2024, true, SIZE_MAX),
		"20240601T100000Z/20240601T150000Z 20240602T100000Z/20240602T150000Z");
}

/* ---- overrides ---- */

#define MASTER "BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Berlin:20240601T100000\nDURATION:PT1H\n" \
	"RRULE:FREQ=DAILY;COUNT=5\n"
#define OVERRIDE(id, lines) "END:VEVENT\nBEGIN:VEVENT\nUID:x\nRECURRENCE-ID" id "\n" lines "\n"

static void check_object(const char *lines, const char *from, const char *to, const char *spans)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical *ic = object(mem, arena_printf(mem, "%sEND:VEVENT", lines));
	const char *got = expanded(mem, ic, NULL, from ? at(from) : ICAL_MIN, to ? at(to) : ICAL_MAX, true,
		SIZE_MAX);

	if (strcmp(got, spans) != 0) {
		fail_msg("%s\n  expected %s\n  got      %s", lines, spans, got);
	}
}

static void d25_override_by_instant(void **state)
{
	static const char *const ids[] = {
		";TZID=Europe/Berlin:20240603T100000", ":20240603T080000Z", ";TZID=America/New_York:20240603T040000",
		";VALUE=DATE:20240603",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		cleanup_arena struct arena *mem = arena_create();

		check_object(arena_printf(mem, MASTER OVERRIDE("%s", "DTSTART;TZID=Europe/Berlin:20240603T140000\n"
			"DURATION:PT2H"),
			ids[i]), NULL, NULL,
			"20240601T080000Z/20240601T090000Z 20240602T080000Z/20240602T090000Z "
			"20240603T120000Z/20240603T140000Z "
			"20240604T080000Z/20240604T090000Z 20240605T080000Z/20240605T090000Z");
	}
}

static void overrides_move_in_and_out_of_the_range_and_keep_the_order(void **state)
{
	(void)state;
	/* out of a range */
	check_object(MASTER OVERRIDE(":20240603T080000Z", "DTSTART:20240801T100000Z\nDURATION:PT1H"),
		"20240603T000000Z", "20240604T000000Z", "");
	/* into one, ordered by start */
	check_object(MASTER OVERRIDE(":20240605T080000Z", "DTSTART:20240601T070000Z\nDURATION:PT1H"),
		"20240601T000000Z", "20240603T000000Z",
		"20240601T070000Z/20240601T080000Z 20240601T080000Z/20240601T090000Z "
		"20240602T080000Z/20240602T090000Z");
	check_object(MASTER OVERRIDE(":20240601T080000Z", "DTSTART:20240810T070000Z\nDURATION:PT1H"),
		"20240810T000000Z", NULL, "20240810T070000Z/20240810T080000Z");
}

static void override_whose_place_is_not_in_the_series(void **state)
{
	(void)state;
	/* shown, as programs do */
	check_object(MASTER OVERRIDE(":20240701T080000Z", "DTSTART:20240701T090000Z\nDURATION:PT1H"),
		"20240605T000000Z", NULL, "20240605T080000Z/20240605T090000Z 20240701T090000Z/20240701T100000Z");
	/* but not if it is excluded by name */
	check_object(MASTER "EXDATE:20240603T080000Z\n" OVERRIDE(":20240603T080000Z",
		"DTSTART:20240603T090000Z\nDURATION:PT1H"),
		"20240602T000000Z", "20240605T000000Z",
		"20240602T080000Z/20240602T090000Z 20240604T080000Z/20240604T090000Z");
}

static void overrides_without_master(void **state)
{
	(void)state;
	check_object("BEGIN:VEVENT\nUID:x\nRECURRENCE-ID:20240603T080000Z\nDTSTART:20240603T100000Z\n"
		"DURATION:PT1H\n"
		"END:VEVENT\nBEGIN:VEVENT\nUID:x\nRECURRENCE-ID:20240602T080000Z\nDTSTART:20240602T100000Z\n"
		"DURATION:PT1H\n",
		NULL, NULL, "20240602T100000Z/20240602T110000Z 20240603T100000Z/20240603T110000Z");
}

static void b7_this_and_future(void **state)
{
	(void)state;
	/* time, length and all that follow; 14:00 stays 14:00 */
	check_object(MASTER OVERRIDE(";RANGE=THISANDFUTURE;TZID=Europe/Berlin:20240603T100000",
		"DTSTART;TZID=Europe/Berlin:20240603T140000\nDURATION:PT2H"), NULL, NULL,
		"20240601T080000Z/20240601T090000Z 20240602T080000Z/20240602T090000Z "
		"20240603T120000Z/20240603T140000Z "
		"20240604T120000Z/20240604T140000Z 20240605T120000Z/20240605T140000Z");
	/* a single override inside keeps its own, a second range takes over */
	check_object(MASTER OVERRIDE(";RANGE=THISANDFUTURE:20240602T080000Z",
		"DTSTART:20240602T090000Z\nDURATION:PT2H")
		OVERRIDE(":20240603T080000Z", "DTSTART:20240603T200000Z\nDURATION:PT1M")
		OVERRIDE(";RANGE=THISANDFUTURE:20240605T080000Z", "DTSTART:20240604T060000Z\nDURATION:PT3H"), NULL,
		NULL,
		"20240601T080000Z/20240601T090000Z 20240602T090000Z/20240602T110000Z "
		"20240603T200000Z/20240603T200100Z "
		"20240604T060000Z/20240604T090000Z 20240604T090000Z/20240604T110000Z");
	/* across a change of clocks */
	check_object("BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Berlin:20240329T100000\n"
		"RRULE:FREQ=DAILY;COUNT=4\n"
		OVERRIDE(";RANGE=THISANDFUTURE;TZID=Europe/Berlin:20240330T100000",
		"DTSTART;TZID=Europe/Berlin:20240330T113000"),
		NULL, NULL, "20240329T090000Z/20240329T090000Z 20240330T103000Z/20240330T103000Z "
		"20240331T093000Z/20240331T093000Z 20240401T093000Z/20240401T093000Z");
	/* shifted into the gap: in the order of instants */
	check_object("BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Berlin:20240331T000000\n"
		"RRULE:FREQ=MINUTELY;INTERVAL=20;COUNT=6\n"
		OVERRIDE(";RANGE=THISANDFUTURE:20240330T230000Z", "DTSTART;TZID=Europe/Berlin:20240331T013000"),
		NULL, NULL, "20240331T003000Z/20240331T003000Z 20240331T005000Z/20240331T005000Z "
		"20240331T011000Z/20240331T011000Z "
		"20240331T011000Z/20240331T011000Z 20240331T013000Z/20240331T013000Z "
		"20240331T015000Z/20240331T015000Z");
	/* far shifts are found from the range's side */
	check_object("BEGIN:VEVENT\nUID:x\nDTSTART:20240101T100000Z\nRRULE:FREQ=WEEKLY\n"
		OVERRIDE(";RANGE=THISANDFUTURE:20240108T100000Z", "DTSTART:20260108T100000Z"),
		"20260108T000000Z", "20260116T000000Z", "20260108T100000Z/20260108T100000Z "
		"20260115T100000Z/20260115T100000Z");
}

struct seen { const struct ical_comp *comp[8]; int64_t recurrence[8]; bool override[8]; size_t count; };

static int see(const struct ical_instance *i, void *arg)
{
	struct seen *s = arg;

	assert_true(s->count < 8);
	s->comp[s->count] = i->comp;
	s->recurrence[s->count] = i->recurrence;
	s->override[s->count++] = i->override;
	return 0;
}

static void instances_tell_where_they_come_from(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	struct seen s = { .count = 0 };
	struct err e;
	const struct ical *ic = object(mem, MASTER OVERRIDE(":20240602T080000Z",
		"DTSTART:20240602T180000Z") "END:VEVENT");

	(void)state;
	assert_int_equal(ical_expand(ic, NULL, at("20240601T000000Z"), at("20240604T000000Z"), see, &s, &e),
		0);
	assert_int_equal(s.count, 3);
	assert_ptr_equal(s.comp[0], ical_master(ic));
	assert_ptr_equal(s.comp[1], ical_master(ic)->next);
	assert_false(s.override[0]);
	assert_true(s.override[1]);
	assert_int_equal(s.recurrence[1], at("20240602T080000Z"));
	assert_int_equal(s.recurrence[2], at("20240603T080000Z"));
}

/* ---- bounds of the work ---- */

static void d29_visitor_ends_an_endless_rule(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical *ic = event(mem, "DTSTART:19700101T100000Z\nRRULE:FREQ=DAILY");

	(void)state;
	assert_string_equal(expanded(mem, ic, NULL, at("20260601T000000Z"), ICAL_MAX, false, 2),
		"20260601T100000Z 20260602T100000Z");
	assert_string_equal(expanded(mem, ic, NULL, ICAL_MIN, ICAL_MAX, false, 1), "19700101T100000Z");
}

static void d28_instances_are_limited(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	struct ical_limits limits = ical_default_limits;
	struct shown s = { .limit = SIZE_MAX };
	struct err e;
	struct ical *ic = event(mem, "DTSTART:20240101T100000Z\nRRULE:FREQ=DAILY");

	(void)state;
	limits.instances = 10;
	ic->limits = &limits;
	buf_init(&s.text, 1 << 16);
	assert_int_equal(ical_expand(ic, NULL, YEAR_2024, show, &s, &e), -1);
	assert_int_equal(e.code, ERR_INSTANCES);
	assert_int_equal(s.count, 10);
	assert_int_equal(ical_expand(ic, NULL, at("20240101T000000Z"), at("20240111T000000Z"), show, &s,
		&e), 0);
	limits.steps = 5;
	assert_int_equal(ical_expand(ic, NULL, at("20240101T000000Z"), at("20240111T000000Z"), show, &s,
		&e), -1);
	assert_int_equal(e.code, ERR_INSTANCES);
	buf_finish(&s.text);
}

/* trust.md T-01: what one object costs, many don't cost many times. */
static void expansions_share_a_budget(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	struct ical *ic = event(mem, "DTSTART:20240101T000000Z\nRRULE:FREQ=DAILY");
	uint64_t budget = 25 * ICAL_OCCURRENCE_STEPS;
	struct ical_limits limits = ical_default_limits;
	struct shown s = { .limit = SIZE_MAX };
	int64_t from = at("20240101T000000Z"), to = at("20240111T000000Z");
	struct err e;

	(void)state;
	limits.budget = &budget;
	ic->limits = &limits;
	buf_init(&s.text, 1 << 16);
	for (int i = 0; i < 3; i++) { /* the last one goes over it */
		assert_int_equal(ical_expand(ic, NULL, from, to, show, &s, &e), 0);
	}
	assert_int_equal(s.count, 30);
	assert_int_equal(budget, 0);
	assert_int_equal(ical_expand(ic, NULL, from, to, show, &s, &e), -1);
	assert_int_equal(e.code, ERR_INSTANCES);
	assert_int_equal(s.count, 30);
	buf_finish(&s.text);
}

static void many_lines_end_quickly(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	struct buf b;
	struct err e;
	struct shown s = { .limit = SIZE_MAX };

	(void)state;
	buf_init(&b, 1 << 20);
	buf_adds(&b, "DTSTART:20240101T000000Z\nRRULE:FREQ=DAILY\nEXDATE:20240101T000000Z");
	for (int64_t i = 0; i < 40000; i++) { /* T-04 */
		char utc[ICAL_UTC_SIZE];

		ical_utc(at("20240102T000000Z") + i * 86400, utc);
		buf_printf(&b, ",%s", utc);
	}
	const struct ical *ic = event(mem, b.data);
	int64_t before = cpu_ms();
	assert_string_equal(expanded(mem, ic, NULL, at("20300101T000000Z"), at("21300101T000000Z"), false,
		SIZE_MAX), "");
	assert_true(cpu_ms() - before < 1000);
	buf_reset(&b);
	buf_adds(&b, "DTSTART:20240101T000000Z");
	for (int i = 0; i < 1000; i++) {
		buf_adds(&b, "\nRRULE:FREQ=DAILY");
	}
	buf_init(&s.text, 1 << 16);
	assert_int_equal(ical_expand(event(mem, b.data), NULL, YEAR_2024, show, &s, &e), -1);
	assert_int_equal(e.code, ERR_INSTANCES);
	buf_finish(&s.text);
	buf_finish(&b);
}

static void malformed_values_are_errors(void **state)
{
	static const char *const list[] = {
		"DTSTART:tomorrow", "DTSTART:20240101T000000Z\nDTEND:x", "DTSTART:20240101T000000Z\nDURATION:x",
		"DTSTART:20240101T000000Z\nRRULE:x", "DTSTART:20240101T000000Z\nRDATE:x",
		"DTSTART:20240101T000000Z\nEXDATE:x",
		"DTSTART:20240101T000000Z\nRDATE;VALUE=PERIOD:20240101T000000Z/x",
		"DTSTART:20240101T000000Z\nEXRULE:FREQ=",
		"DTSTART:20240101T000000Z\nRECURRENCE-ID:x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		cleanup_arena struct arena *mem = arena_create();

		assert_string_equal(expanded(mem, event(mem, list[i]), NULL, ICAL_MIN, ICAL_MAX, false, SIZE_MAX),
			arena_printf(mem, "!%d", ERR_SYNTAX));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d25_exdate_in_any_zone_is_an_instant),
		cmocka_unit_test(d25_override_by_instant),
		cmocka_unit_test(d26_ten_o_clock_stays_ten_o_clock),
		cmocka_unit_test(d27_floating_and_all_day_are_read_in_the_zone_asked_for),
		cmocka_unit_test(d28_instances_are_limited),
		cmocka_unit_test(d29_visitor_ends_an_endless_rule),
		cmocka_unit_test(b7_weekly_in_the_gap_and_its_exdate),
		cmocka_unit_test(times_in_a_gap_come_in_order_and_once),
		cmocka_unit_test(exdates_of_all_day_series),
		cmocka_unit_test(b7_rdates),
		cmocka_unit_test(b7_lengths),
		cmocka_unit_test(b7_until),
		cmocka_unit_test(b7_due_is_the_length_of_a_task),
		cmocka_unit_test(b7_this_and_future),
		cmocka_unit_test(exrule_takes_out),
		cmocka_unit_test(two_rules_unite),
		cmocka_unit_test(overlap_of_events),
		cmocka_unit_test(overlap_of_tasks_and_journals),
		cmocka_unit_test(overrides_move_in_and_out_of_the_range_and_keep_the_order),
		cmocka_unit_test(override_whose_place_is_not_in_the_series),
		cmocka_unit_test(overrides_without_master),
		cmocka_unit_test(instances_tell_where_they_come_from),
		cmocka_unit_test(expansions_share_a_budget),
		cmocka_unit_test(many_lines_end_quickly),
		cmocka_unit_test(malformed_values_are_errors),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
