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
	cleanup_buf struct buf b;
	struct err e = { 0 };

	buf_init(&b, 1 << 20);
	if (ical_render_expanded(parse(text), zone_find("Europe/Berlin"), at(from), at(to), &b, &e)) {
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
		EVENT("DTSTART:20240325T090000Z\r\nRECURRENCE-ID:20240325T090000Z\r\nDTEND:20240325T100000Z\r\n"
			"X-A:1\r\n" ALARM)
		EVENT("DTSTART:20240402T100000Z\r\nRECURRENCE-ID:20240401T080000Z\r\nDTEND:20240402T103000Z\r\n")));
	assert_string_equal(expanded(weekly, "20200101", "20200102"), CAL(""));
}

static void dates_and_floating_times_stay(void **state)
{
	assert_string_equal(expanded(CAL(EVENT("DTSTART;VALUE=DATE:20240330\r\nRRULE:FREQ=DAILY;COUNT=2\r\n")),
		"20240301", "20240501"), CAL(
		EVENT("DTSTART;VALUE=DATE:20240330\r\nRECURRENCE-ID;VALUE=DATE:20240330\r\n")
		EVENT("DTSTART;VALUE=DATE:20240331\r\nRECURRENCE-ID;VALUE=DATE:20240331\r\n")));
	assert_string_equal(expanded(CAL(EVENT("DTSTART:20240331T100000\r\nDURATION:PT1H\r\n")),
		"20240301", "20240501"), CAL(EVENT("DTSTART:20240331T100000\r\nDTEND:20240331T110000\r\n")));
	assert_string_equal(expanded(CAL("BEGIN:VTODO\r\nUID:u\r\n"
		"DTSTART:20240331T100000Z\r\nDUE:20240331T110000Z\r\n"
		"END:VTODO\r\n"), "20240301", "20240501"), CAL("BEGIN:VTODO\r\nUID:u\r\nDTSTART:20240331T100000Z\r\n"
		"DUE:20240331T110000Z\r\nEND:VTODO\r\n"));
}

static void limits_of_expansion(void **state)
{
	struct ical *bomb = parse(CAL(EVENT("DTSTART:20240101T000000Z\r\nRRULE:FREQ=SECONDLY\r\n")));
	cleanup_buf struct buf b;
	struct err e = { 0 };

	buf_init(&b, 64 << 20);
	assert_int_equal(ical_render_expanded(bomb, NULL, at("20240101"), at("20250101"), &b, &e), -1);
	assert_int_equal(e.code, ERR_INSTANCES);
	buf_reset(&b);
	b.max = 1000;
	assert_int_equal(ical_render_expanded(bomb, NULL, at("20240101"), at("20240102"), &b, &e), -1);
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
		cmocka_unit_test(limits_of_expansion),
		cmocka_unit_test(whole_without_split_characters),
		cmocka_unit_test(busy_times),
		cmocka_unit_test(too_many_busy_times),
	};
	return cmocka_run_group_tests_name("ical rendering", tests, setup, teardown);
}
