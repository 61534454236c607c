/* ical/merge.c and ical/lines.c: many objects as one VCALENDAR. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "ical/ical.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//EN\r\n"
#define CAL(lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//other//EN\r\nX-WR-CALNAME:no\r\n" \
	lines "END:VCALENDAR\r\n"
#define EVENT(uid, lines) "BEGIN:VEVENT\r\nUID:" uid "\r\n" lines "END:VEVENT\r\n"
#define ZONE(name, offset) "BEGIN:VTIMEZONE\r\nTZID:" name "\r\n" \
	"BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n" \
	"TZOFFSETFROM:" offset "\r\nTZOFFSETTO:" offset "\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"

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

/* The objects, up to NULL, as one; it is itself well-formed. */
static const char *merged(const struct ical_merge_head *head, const char *const *objects)
{
	cleanup_buf struct buf out;
	struct err e = { 0 };

	buf_init(&out, 1 << 20);
	struct ical_merge *m = ical_merge_begin(head, mem, &out);
	for (; *objects; objects++) {
		if (ical_merge_add(m, parse(*objects), &out, &e)) {
			fail_msg("%s", e.text);
		}
	}
	ical_merge_end(m, &out);
	parse(out.data);
	return arena_strdup(mem, out.data);
}

#define MERGED(...) merged(&(struct ical_merge_head){ 0 }, (const char *const[]){ __VA_ARGS__ })

static void the_head(void **state)
{
	const struct ical_merge_head full = { "Work, home", "a\nb", "#ff0000", "Europe/Paris", 5400 };
	const struct ical_merge_head css = { .name = "", .color = "tomato", .refresh = 7200 };
	const char *none[] = { NULL };

	assert_string_equal(merged(&full, none), HEAD "NAME:Work\\, home\r\nX-WR-CALNAME:Work\\, home\r\n"
		"DESCRIPTION:a\\nb\r\nX-WR-CALDESC:a\\nb\r\nX-APPLE-CALENDAR-COLOR:#ff0000\r\n"
		"X-WR-TIMEZONE:Europe/Paris\r\n"
		"REFRESH-INTERVAL;VALUE=DURATION:PT90M\r\nX-PUBLISHED-TTL:PT90M\r\nEND:VCALENDAR\r\n");
	assert_string_equal(merged(&css, none), HEAD "COLOR:tomato\r\n"
		"REFRESH-INTERVAL;VALUE=DURATION:PT2H\r\nX-PUBLISHED-TTL:PT2H\r\nEND:VCALENDAR\r\n");
	assert_string_equal(MERGED(NULL), HEAD "END:VCALENDAR\r\n");
}

static void components_as_sent(void **state)
{
	assert_string_equal(MERGED(
		CAL(EVENT("1", "SUMMARY:a\r\n  b\r\n") EVENT("1", "RECURRENCE-ID:20270101T000000Z\r\n")),
		"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:2\n\nSUMMARY;X=\"a:b\":c\n\td\n"
		"BEGIN:VALARM\nEND:VALARM\nBEGIN:PARTICIPANT\nEND:PARTICIPANT\nEND:VEVENT\nEND:VCALENDAR",
		NULL), HEAD
		EVENT("1", "SUMMARY:a\r\n  b\r\n") EVENT("1", "RECURRENCE-ID:20270101T000000Z\r\n")
		"BEGIN:VEVENT\r\nUID:2\r\nSUMMARY;X=\"a:b\":c\r\n\td\r\n"
		"BEGIN:VALARM\r\nEND:VALARM\r\nBEGIN:PARTICIPANT\r\nEND:PARTICIPANT\r\nEND:VEVENT\r\n"
		"END:VCALENDAR\r\n");
	/* the scanner takes a continuation of an empty line for a line */
	assert_string_equal(MERGED("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:3\n\n SUMMARY:x\nEND:VEVENT\nEND:VCALENDAR\n",
		NULL), HEAD EVENT("3", "SUMMARY:x\r\n") "END:VCALENDAR\r\n");
}

static void each_zone_once(void **state)
{
	assert_string_equal(MERGED(
		CAL(ZONE("Here", "+0100") EVENT("1", "DTSTART;TZID=Here:20270101T000000\r\n")),
		CAL(EVENT("2", "DTSTART;TZID=Here:20270101T000000\r\n") ZONE("There", "+0200")),
		CAL(ZONE("There", "+0200") ZONE("Here", "+0100") EVENT("3", "")), NULL), HEAD
		ZONE("Here", "+0100") EVENT("1", "DTSTART;TZID=Here:20270101T000000\r\n")
		ZONE("There", "+0200") EVENT("2", "DTSTART;TZID=Here:20270101T000000\r\n")
		EVENT("3", "") "END:VCALENDAR\r\n");
}

/* Two programs' definitions of a zone of the database: the database is what counts. */
static void known_zones_are_one(void **state)
{
	assert_string_equal(MERGED(
		CAL(ZONE("Europe/Paris", "+0100") EVENT("1", "")),
		CAL(ZONE("Europe/Paris", "+005328") EVENT("2", "")), NULL), HEAD
		ZONE("Europe/Paris", "+0100") EVENT("1", "") EVENT("2", "") "END:VCALENDAR\r\n");
}

static void one_name_two_zones(void **state)
{
	assert_string_equal(MERGED(
		CAL(ZONE("Here", "+0100") EVENT("1", "DTSTART;TZID=Here:20270101T000000\r\n")),
		CAL(ZONE("Here", "+0200") EVENT("2",
			"DTSTART;VALUE=DATE-TIME;tzid=\"Here\";X-A=\"b;TZID=c\":20270101T000000\r\n"
			"EXDATE;TZID=\r\n Here:20270102T000000\r\nDTEND;TZID=Europe/Paris:20270101T000000\r\n")),
		CAL(ZONE("Here", "+0300") EVENT("3", "")),
		CAL(ZONE("Here", "+0200") EVENT("4", "DTSTART;TZID=Here:20270101T000000\r\n")), NULL), HEAD
		ZONE("Here", "+0100") EVENT("1", "DTSTART;TZID=Here:20270101T000000\r\n")
		ZONE("Here-2", "+0200")
		EVENT("2", "DTSTART;VALUE=DATE-TIME;TZID=\"Here-2\";X-A=\"b;TZID=c\":20270101T000000\r\n"
			"EXDATE;TZID=\"Here-2\":20270102T000000\r\nDTEND;TZID=Europe/Paris:20270101T000000\r\n")
		ZONE("Here-3", "+0300") EVENT("3", "")
		EVENT("4", "DTSTART;TZID=\"Here-2\":20270101T000000\r\n") "END:VCALENDAR\r\n");
}

static void the_first_definition_of_an_object_counts(void **state)
{
	assert_string_equal(MERGED(
		CAL(ZONE("Here", "+0100") ZONE("Here", "+0200") EVENT("1", "DTSTART;TZID=Here:20270101T000000\r\n")),
		NULL), HEAD ZONE("Here", "+0100") EVENT("1", "DTSTART;TZID=Here:20270101T000000\r\n")
		"END:VCALENDAR\r\n");
}

static void limits(void **state)
{
	const struct ical_merge_head head = { 0 };
	cleanup_buf struct buf out;
	struct err e = { 0 };
	int rc = 0;

	buf_init(&out, 4 << 20);
	struct ical_merge *m = ical_merge_begin(&head, mem, &out);
	for (int i = 0; i < 1001 && !rc; i++) {
		rc = ical_merge_add(m, parse(arena_printf(mem, CAL(ZONE("Z%d", "+0100") "BEGIN:VEVENT\r\nUID:u%d\r\n"
			"END:VEVENT\r\n"), i, i)), &out, &e);
	}
	assert_int_equal(rc, -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(out.data, "UID:u999\r\n"));
	assert_null(strstr(out.data, "UID:u1000\r\n"));
	buf_reset(&out);
	out.max = 100;
	assert_int_equal(ical_merge_add(m, parse(CAL(EVENT("long", "SUMMARY:0123456789012345678901234567890123456789"
		"01234567890123456789012345678901234567890123456789012345678\r\n"))), &out, &e), -1);
	assert_int_equal(e.code, ERR_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head),
		cmocka_unit_test(components_as_sent),
		cmocka_unit_test(each_zone_once),
		cmocka_unit_test(known_zones_are_one),
		cmocka_unit_test(one_name_two_zones),
		cmocka_unit_test(the_first_definition_of_an_object_counts),
		cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
