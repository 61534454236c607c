/* ical/render.c and ical/freebusy.c: RFC 4791 9.6.5, 7.10. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"

#define CAL(lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" lines "END:VCALENDAR\r\n"
#define EVENT(lines) "BEGIN:VEVENT\r\nUID:u\r\n" lines "END:VEVENT\r\n"
#define ALARM "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"

static struct arena *mem;

static int setup(void **state)
{
	struct err e;

	mem = arena_create();
	return zone_init(NULL, &e);
}

static int teardown(void **state)
{
	arena_destroy(mem);
	zone_finish();
	return 0;
}

static struct ical *parse(const char *text)
{
	struct ical *ic = NULL;
	struct err e = { 0 };

	if (ical_parse(text, strlen(text), NULL, mem, &ic, &e)) {
		fail_msg("%s", e.text);
	}
	return ic;
}

static int64_t at(const char *value)
{
	struct ical_when w;

	assert_int_equal(ical_when(NULL, value, NULL, NULL, &w, NULL), 0);
	return w.utc;
}

static const char *expanded(const char *text, const char *from, const char *to)
{
	const struct ical_view view = { .recurrences = ICAL_EXPANDED, .from = at(from), .to = at(to),
		.floating = zone_find("Europe/Berlin") };
	cleanup_buf struct buf b;
	struct err e = { 0 };

	buf_init(&b, 1 << 20);
	if (ical_render(parse(text), &view, &b, &e)) {
		fail_msg("%s", e.text);
	}
	return arena_strdup(mem, b.data);
}

static void zoned_times_become_utc(void **state)
{
	static const char weekly[] = CAL(
		"BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\n"
		EVENT("DTSTART;TZID=Europe/Berlin:20240325T100000\r\nDTEND;TZID=Europe/Berlin:20240325T110000\r\n"
			"RRULE:FREQ=WEEKLY\r\nEXDATE;TZID=Europe/Berlin:20240408T100000\r\nX-A:1\r\n" ALARM)
		EVENT("RECURRENCE-ID;TZID=Europe/Berlin:20240401T100000\r\nDTSTART;TZID=Europe/Paris:20240402T120000\r\n"
			"DURATION:PT30M\r\n"));

	assert_string_equal(expanded(weekly, "20240320", "20240410"), CAL(
		EVENT("DTSTART:20240325T090000Z\r\nDTEND:20240325T100000Z\r\nX-A:1\r\n"
			"RECURRENCE-ID:20240325T090000Z\r\n" ALARM)
		EVENT("DTSTART:20240402T100000Z\r\nDURATION:PT30M\r\nRECURRENCE-ID:20240401T080000Z\r\n")));
	assert_string_equal(expanded(weekly, "20200101", "20200102"), CAL(""));
}

static void dates_and_floating_times_stay(void **state)
{
	assert_string_equal(expanded(CAL(EVENT("DTSTART;VALUE=DATE:20240330\r\nRRULE:FREQ=DAILY;COUNT=2\r\n")),
		"20240301", "20240501"), CAL(
		EVENT("DTSTART;VALUE=DATE:20240330\r\nRECURRENCE-ID;VALUE=DATE:20240330\r\n")
		EVENT("DTSTART;VALUE=DATE:20240331\r\nRECURRENCE-ID;VALUE=DATE:20240331\r\n")));
	assert_string_equal(expanded(CAL(EVENT("DTSTART:20240331T100000\r\nDURATION:PT1H\r\n")),
		"20240301", "20240501"), CAL(EVENT("DTSTART:20240331T100000\r\nDURATION:PT1H\r\n")));
	assert_string_equal(expanded(CAL("BEGIN:VTODO\r\nUID:u\r\n"
		"DTSTART:20240331T100000Z\r\nDUE:20240331T110000Z\r\n"
		"END:VTODO\r\n"), "20240301", "20240501"), CAL("BEGIN:VTODO\r\nUID:u\r\nDTSTART:20240331T100000Z\r\n"
		"DUE:20240331T110000Z\r\nEND:VTODO\r\n"));
}

/* RFC 4791 9.6.5: the places are said as the series says its start, whatever an override does. */
static void places_have_the_form_of_the_series(void **state)
{
	assert_string_equal(expanded(CAL(
		EVENT("DTSTART;VALUE=DATE:20240330\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEXDATE;VALUE=DATE:20240330\r\n")
		EVENT("RECURRENCE-ID;VALUE=DATE:20240331\r\nDTSTART:20240331T100000Z\r\n")),
		"20240301", "20240501"), CAL(
		EVENT("DTSTART:20240331T100000Z\r\nRECURRENCE-ID;VALUE=DATE:20240331\r\n")
		EVENT("DTSTART;VALUE=DATE:20240401\r\nRECURRENCE-ID;VALUE=DATE:20240401\r\n")));
	assert_string_equal(expanded(CAL(
		EVENT("DTSTART:20240331T100000\r\nRRULE:FREQ=DAILY;COUNT=2\r\n")
		EVENT("RECURRENCE-ID:20240401T100000\r\nDTSTART;TZID=Europe/Berlin:20240402T120000\r\n")),
		"20240301", "20240501"), CAL(
		EVENT("DTSTART:20240331T100000\r\nRECURRENCE-ID:20240331T100000\r\n")
		EVENT("DTSTART:20240402T100000Z\r\nRECURRENCE-ID:20240401T100000\r\n")));
	/* overrides alone have only their own word */
	assert_string_equal(expanded(CAL(
		EVENT("RECURRENCE-ID;VALUE=DATE:20240331\r\nDTSTART:20240331T100000Z\r\n")), "20240301", "20240501"),
		CAL(EVENT("DTSTART:20240331T100000Z\r\nRECURRENCE-ID;VALUE=DATE:20240331\r\n")));
}

static void lengths(void **state)
{
	/* a nominal day over the change of clocks is 23 hours of UTC */
	assert_string_equal(expanded(CAL(
		EVENT("DTSTART;TZID=Europe/Berlin:20240330T120000\r\nDURATION:P1D\r\n")), "20240301", "20240501"),
		CAL(EVENT("DTSTART:20240330T110000Z\r\nDTEND:20240331T100000Z\r\n")));
	/* periods have lengths of their own */
	assert_string_equal(expanded(CAL(EVENT("DTSTART:20240330T120000Z\r\nDURATION:PT1H\r\n"
		"RDATE;VALUE=PERIOD:20240331T120000Z/PT2H,20240401T120000Z/20240401T130000Z\r\n")),
		"20240301", "20240501"), CAL(
		EVENT("DTSTART:20240330T120000Z\r\nDURATION:PT1H\r\nRECURRENCE-ID:20240330T120000Z\r\n")
		EVENT("DTSTART:20240331T120000Z\r\nDTEND:20240331T140000Z\r\nRECURRENCE-ID:20240331T120000Z\r\n")
		EVENT("DTSTART:20240401T120000Z\r\nDURATION:PT1H\r\nRECURRENCE-ID:20240401T120000Z\r\n")));
	assert_string_equal(expanded(CAL(EVENT("DTSTART:20240330T120000Z\r\n"
		"RDATE;VALUE=PERIOD:20240331T120000Z/PT2H\r\n")), "20240331", "20240501"), CAL(
		EVENT("DTSTART:20240331T120000Z\r\nRECURRENCE-ID:20240331T120000Z\r\nDTEND:20240331T140000Z\r\n")));
	assert_string_equal(expanded(CAL("BEGIN:VJOURNAL\r\nDTSTART;VALUE=DATE:20240331\r\nEND:VJOURNAL\r\n"),
		"20240301", "20240501"), CAL("BEGIN:VJOURNAL\r\nDTSTART;VALUE=DATE:20240331\r\nEND:VJOURNAL\r\n"));
}

/* No reference to a time zone is left. */
static void other_zoned_times_become_utc(void **state)
{
	assert_string_equal(expanded(CAL(EVENT("DTSTART;TZID=Europe/Berlin:20240325T100000\r\n"
		"X-A;TZID=Europe/Berlin;X-B=c:20240325T120000\r\nX-D;TZID=Europe/Berlin:words\r\n"
		"BEGIN:VALARM\r\nACKNOWLEDGED;TZID=Europe/Berlin:20240325T090000\r\nEND:VALARM\r\n")),
		"20240301", "20240501"), CAL(EVENT("DTSTART:20240325T090000Z\r\nX-A;X-B=c:20240325T110000Z\r\n"
		"X-D;TZID=Europe/Berlin:words\r\n"
		"BEGIN:VALARM\r\nACKNOWLEDGED:20240325T080000Z\r\nEND:VALARM\r\n")));
}

/* ---- parts: 9.6.1 ---- */

static const char *viewed(const char *text, const struct ical_view *view)
{
	cleanup_buf struct buf b;
	struct err e = { 0 };

	buf_init(&b, 1 << 20);
	if (ical_render(parse(text), view, &b, &e)) {
		fail_msg("%s", e.text);
	}
	return arena_strdup(mem, b.data);
}

static void parts(void **state)
{
	static const char text[] = CAL("X-C:1\r\nBEGIN:VTIMEZONE\r\nTZID:Z\r\nEND:VTIMEZONE\r\n"
		EVENT("SUMMARY;X=\"a:b\":long\r\n  er\r\nRRULE:FREQ=DAILY;COUNT=2\r\nDTSTART:20240101T000000Z\r\n" ALARM));
	const struct ical_part_prop uid = { .name = "UID" };
	const struct ical_part_prop title = { .name = "SUMMARY", .no_value = true, .next = &uid };
	const struct ical_part_prop id = { .name = "RECURRENCE-ID", .next = &uid };
	struct ical_part event = { .name = "VEVENT", .props = &title };
	struct ical_part zone = { .name = "VTIMEZONE", .all_props = true, .all_parts = true, .next = &event };
	struct ical_part calendar = { .name = "VCALENDAR", .parts = &zone };
	struct ical_view view = { .part = &calendar };

	assert_string_equal(viewed(text, &view), "BEGIN:VCALENDAR\r\n"
		"BEGIN:VTIMEZONE\r\nTZID:Z\r\nEND:VTIMEZONE\r\n"
		"BEGIN:VEVENT\r\nUID:u\r\nSUMMARY;X=\"a:b\":\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
	calendar.parts = &event;
	calendar.all_props = true;
	event.all_parts = true;
	event.props = NULL;
	assert_string_equal(viewed(text, &view), CAL("X-C:1\r\nBEGIN:VEVENT\r\n" ALARM "END:VEVENT\r\n"));
	event.all_parts = false;
	event.props = &id;
	view.recurrences = ICAL_EXPANDED;
	view.from = at("20240102");
	view.to = at("20250101");
	assert_string_equal(viewed(text, &view), CAL("X-C:1\r\n"
		EVENT("RECURRENCE-ID:20240102T000000Z\r\n")));
	calendar.parts = NULL;
	calendar.all_parts = true;
	view.part = NULL;
	view.recurrences = ICAL_AS_STORED;
	assert_string_equal(viewed(text, &view), text);
}

/* ---- limit-recurrence-set: 9.6.6 ---- */

#define OVERRIDE(place, start) EVENT("RECURRENCE-ID" place "\r\nDTSTART:" start "\r\nDURATION:PT1H\r\n")

static void overrides_in_range(void **state)
{
	static const char series[] = EVENT("DTSTART:20240101T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n");
	static const char into[] = OVERRIDE(":20240105T100000Z", "20240110T100000Z");
	static const char out_of[] = OVERRIDE(":20240110T100000Z", "20240120T100000Z");
	static const char far[] = OVERRIDE(":20240125T100000Z", "20240126T100000Z");
	static const char future[] = OVERRIDE(";RANGE=THISANDFUTURE:20240103T100000Z", "20240103T110000Z");
	static const char later[] = OVERRIDE(";RANGE=THISANDFUTURE:20240201T100000Z", "20240201T110000Z");
	const char *text = arena_printf(mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n%s%s%s%s%s%sEND:VCALENDAR\r\n",
		series, into, out_of, far, future, later);
	const struct ical_view view = { .recurrences = ICAL_LIMITED, .from = at("20240110"),
		.to = at("20240111") };

	assert_string_equal(viewed(text, &view), arena_printf(mem,
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n%s%s%s%sEND:VCALENDAR\r\n", series, into, out_of, future));
}

/* ---- limit-freebusy-set: 9.6.7 ---- */

static void periods_in_range(void **state)
{
	static const char text[] = CAL("BEGIN:VFREEBUSY\r\nUID:u\r\nDTSTART:20240101T000000Z\r\n"
		"DTEND:20240201T000000Z\r\n"
		"FREEBUSY;FBTYPE=BUSY:20240101T100000Z/PT1H,20240110T100000Z/PT1H,20240110T235959Z/PT1H,\r\n"
		" 20240111T000000Z/PT1H\r\nFREEBUSY:20240120T100000Z/20240120T110000Z\r\nEND:VFREEBUSY\r\n");
	const struct ical_view view = { .limit_busy = true, .busy_from = at("20240110"),
		.busy_to = at("20240111"), .recurrences = ICAL_EXPANDED, .from = at("20300101"),
		.to = at("20300102") };

	assert_string_equal(viewed(text, &view), CAL("BEGIN:VFREEBUSY\r\nUID:u\r\nDTSTART:20240101T000000Z\r\n"
		"DTEND:20240201T000000Z\r\n"
		"FREEBUSY;FBTYPE=BUSY:20240110T100000Z/PT1H,20240110T235959Z/PT1H\r\nEND:VFREEBUSY\r\n"));
}

static void limits_of_expansion(void **state)
{
	struct ical *bomb = parse(CAL(EVENT("DTSTART:20240101T000000Z\r\nRRULE:FREQ=SECONDLY\r\n")));
	const struct ical_view year = { .recurrences = ICAL_EXPANDED, .from = at("20240101"),
		.to = at("20250101") };
	const struct ical_view day = { .recurrences = ICAL_EXPANDED, .from = at("20240101"),
		.to = at("20240102") };
	cleanup_buf struct buf b;
	struct err e = { 0 };

	buf_init(&b, 64 << 20);
	assert_int_equal(ical_render(bomb, &year, &b, &e), -1);
	assert_int_equal(e.code, ERR_INSTANCES);
	buf_reset(&b);
	b.max = 1000;
	assert_int_equal(ical_render(bomb, &day, &b, &e), -1);
	assert_int_equal(e.code, ERR_LARGE);
}

static void whole_without_split_characters(void **state)
{
	static const struct { const char *from, *to; } rows[] = {
		{ "A:a\r\n b\r\n", "A:a\r\n b\r\n" },
		{ "A:\xc3\r\n \xa9\r\n", "A:\xc3\xa9\r\n" },
		{ "A:\xe2\n\t\x82\r\n \xac\n x\n", "A:\xe2\x82\xac\n x\n" },
		{ "\n", "\n" }, { "", "" }, { "\r\n ", "\r\n " }, { "\xc3\r\n\xa9", "\xc3\r\n\xa9" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_buf struct buf b;

		buf_init(&b, 1000);
		assert_int_equal(ical_render_whole(rows[i].from, strlen(rows[i].from), &b), 0);
		assert_string_equal(b.data, rows[i].to);
	}
}

static const char *busy(const char *const *texts, size_t n, const char *from, const char *to)
{
	struct ical_busy_list list = { .mem = mem, .max = 100 };
	cleanup_buf struct buf b;
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(ical_busy_add(&list, parse(texts[i]), NULL, at(from), at(to), &e), 0);
	}
	buf_init(&b, 1 << 20);
	assert_int_equal(ical_busy_write(&list, at(from), at(to), at("20240101"), &b, &e), 0);
	parse(b.data);
	return arena_strdup(mem, b.data);
}

static void busy_times(void **state)
{
	static const char *const texts[] = {
		CAL(EVENT("DTSTART:20240102T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2\r\n")),
		CAL(EVENT("DTSTART:20240102T103000Z\r\nDURATION:PT1H\r\n")),
		CAL(EVENT("DTSTART:20240102T113000Z\r\nDURATION:PT30M\r\n")),
		CAL(EVENT("DTSTART:20240102T140000Z\r\nDURATION:PT1H\r\nTRANSP:TRANSPARENT\r\n")),
		CAL(EVENT("DTSTART:20240102T150000Z\r\nDURATION:PT1H\r\nSTATUS:CANCELLED\r\n")),
		CAL(EVENT("DTSTART:20240102T160000Z\r\nDURATION:PT1H\r\nSTATUS:tentative\r\n")),
		CAL(EVENT("DTSTART:20240101T230000Z\r\nDURATION:PT2H\r\n")),
		CAL(EVENT("DTSTART:20240102T200000Z\r\n")),
		CAL("BEGIN:VTODO\r\nUID:t\r\nDTSTART:20240102T180000Z\r\nDURATION:PT1H\r\nEND:VTODO\r\n"),
		CAL("BEGIN:VFREEBUSY\r\nUID:f\r\nFREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20240102T190000Z/PT1H,"
			"20240105T190000Z/PT1H\r\nFREEBUSY;FBTYPE=FREE:20240102T210000Z/PT1H\r\nEND:VFREEBUSY\r\n"),
	};
	assert_string_equal(busy(texts, ARRAY_SIZE(texts), "20240102", "20240104"),
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//EN\r\nBEGIN:VFREEBUSY\r\n"
		"DTSTAMP:20240101T000000Z\r\nDTSTART:20240102T000000Z\r\nDTEND:20240104T000000Z\r\n"
		"FREEBUSY;FBTYPE=BUSY:20240102T000000Z/20240102T010000Z\r\n"
		"FREEBUSY;FBTYPE=BUSY:20240102T100000Z/20240102T120000Z\r\n"
		"FREEBUSY;FBTYPE=BUSY:20240103T100000Z/20240103T110000Z\r\n"
		"FREEBUSY;FBTYPE=BUSY-TENTATIVE:20240102T160000Z/20240102T170000Z\r\n"
		"FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20240102T190000Z/20240102T200000Z\r\n"
		"END:VFREEBUSY\r\nEND:VCALENDAR\r\n");
}

static void too_many_busy_times(void **state)
{
	struct ical_busy_list list = { .mem = mem, .max = 100 };
	struct err e = { 0 };

	assert_int_equal(ical_busy_add(&list, parse(CAL(EVENT("DTSTART:20240101T000000Z\r\nDURATION:PT1M\r\n"
		"RRULE:FREQ=HOURLY\r\n"))), NULL, at("20240101"), at("20250101"), &e), -1);
	assert_int_equal(e.code, ERR_INSTANCES);
	assert_int_equal(list.count, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zoned_times_become_utc),
		cmocka_unit_test(dates_and_floating_times_stay),
		cmocka_unit_test(places_have_the_form_of_the_series),
		cmocka_unit_test(lengths),
		cmocka_unit_test(other_zoned_times_become_utc),
		cmocka_unit_test(parts),
		cmocka_unit_test(overrides_in_range),
		cmocka_unit_test(periods_in_range),
		cmocka_unit_test(limits_of_expansion),
		cmocka_unit_test(whole_without_split_characters),
		cmocka_unit_test(busy_times),
		cmocka_unit_test(too_many_busy_times),
	};
	return cmocka_run_group_tests_name("ical rendering", tests, setup, teardown);
}
