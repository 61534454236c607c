/* ical/valid.c: what may be stored (RFC 4791 4.1), and what has to be tolerated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "ical/ical.h"

#define CAL(lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" lines "END:VCALENDAR\r\n"
#define COMP(kind, lines) "BEGIN:" kind "\r\n" lines "END:" kind "\r\n"
#define EVENT(lines) CAL(COMP("VEVENT", "UID:u1\r\nDTSTART:20240101T100000Z\r\n" lines))
#define TODO(lines) CAL(COMP("VTODO", "UID:u1\r\n" lines))

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

static int check(const char *text, struct ical_info *info, struct err *e)
{
	struct ical *ic = NULL;

	memset(e, 0, sizeof(*e));
	if (ical_parse(text, strlen(text), NULL, mem, &ic, e)) {
		fail_msg("does not parse: %s", e->text);
	}
	return ical_valid(ic, info, e);
}

static void accepted(const char *text)
{
	struct ical_info info = { 0 };
	struct err e;

	if (check(text, &info, &e)) {
		fail_msg("%s\n%s", e.text, text);
	}
	assert_string_equal(info.uid, "u1");
}

static void refused(enum errcode code, const char *text)
{
	struct ical_info info = { 0 };
	struct err e;

	if (!check(text, &info, &e) || e.code != code) {
		fail_msg("code %d, %s\n%s", e.code, e.text, text);
	}
	assert_null(info.uid);
}

static void kinds_and_uids(void **state)
{
	struct ical_info info;
	struct err e;

	assert_int_equal(check(EVENT(""), &info, &e), 0);
	assert_int_equal(info.kind, ICAL_VEVENT);
	assert_int_equal(check(TODO(""), &info, &e), 0);
	assert_int_equal(info.kind, ICAL_VTODO);
	accepted(CAL(COMP("VJOURNAL", "UID:u1\r\nDESCRIPTION:a\r\nDESCRIPTION:b\r\n")));
	accepted(CAL(COMP("VFREEBUSY", "UID:u1\r\nFREEBUSY:20240101T100000Z/PT1H,20240102T100000Z/PT1H\r\n")));
	accepted(CAL(COMP("VAVAILABILITY", "UID:u1\r\n" COMP("AVAILABLE", "UID:u2\r\nDTSTART:20240101\r\n"))));
	accepted(CAL(COMP("X-NEW", "UID:other\r\n") COMP("VEVENT", "UID:u1\r\nDTSTART:20240101\r\n")));

	refused(ERR_RULES, CAL(COMP("VAVAILABILITY", "UID:u1\r\n" COMP("AVAILABLE", "UID:u2\r\n"))));
	refused(ERR_COMPONENT, CAL(""));
	refused(ERR_COMPONENT, CAL(COMP("VTIMEZONE", "TZID:x\r\n")));
	refused(ERR_COMPONENT, CAL(COMP("X-NEW", "")));
	refused(ERR_RULES, CAL(COMP("VALARM", "")));
	refused(ERR_RULES, CAL(COMP("VEVENT", "UID:u1\r\nDTSTART:20240101\r\n") COMP("VTODO", "UID:u1\r\n")));
	refused(ERR_RULES, CAL(COMP("VEVENT", "DTSTART:20240101\r\n")));
	refused(ERR_RULES, CAL(COMP("VEVENT", "UID:\r\nDTSTART:20240101\r\n")));
	refused(ERR_RULES, EVENT("UID:u1\r\n"));
	refused(ERR_RULES, EVENT("METHOD:x\r\nUID:u2\r\n"));
	refused(ERR_RULES, CAL("METHOD:REQUEST\r\n" COMP("VEVENT", "UID:u1\r\nDTSTART:20240101\r\n")));
	refused(ERR_SYNTAX, "BEGIN:VCALENDAR\r\n" COMP("VEVENT", "UID:u1\r\nDTSTART:20240101\r\n")
		"END:VCALENDAR\r\n");
	refused(ERR_SYNTAX, "BEGIN:VCALENDAR\r\nVERSION:1.0\r\n" COMP("VEVENT", "UID:u1\r\nDTSTART:20240101\r\n")
		"END:VCALENDAR\r\n");
}

static void long_uid(void **state)
{
	char text[3000], uid[1026];
	static const char form[] = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:%s\r\nEND:VTODO\r\n"
		"END:VCALENDAR\r\n";
	struct ical_info info;
	struct err e;

	memset(uid, 'u', 1025);
	uid[1025] = '\0';
	snprintf(text, sizeof(text), form, uid);
	refused(ERR_RULES, text);
	uid[1024] = '\0';
	snprintf(text, sizeof(text), form, uid);
	assert_int_equal(check(text, &info, &e), 0);
}

#define OVER(uid, id) COMP("VEVENT", "UID:" uid "\r\nRECURRENCE-ID" id "\r\nDTSTART:20240102T100000Z\r\n")
#define MASTER COMP("VEVENT", "UID:u1\r\nDTSTART:20240101T100000Z\r\nRRULE:FREQ=DAILY\r\n")

static void masters_and_overrides(void **state)
{
	accepted(CAL(MASTER OVER("u1", ":20240102T100000Z") OVER("u1", ":20240103T100000Z")));
	accepted(CAL(OVER("u1", ":20240102T100000Z") OVER("u1", ":20240103T100000Z")));
	accepted(CAL(OVER("u1", ":20240103T100000Z") MASTER));
	refused(ERR_RULES, CAL(MASTER MASTER));
	refused(ERR_RULES, CAL(MASTER OVER("u2", ":20240102T100000Z")));
	refused(ERR_RULES, CAL(OVER("u1", ":20240102T100000Z") MASTER OVER("u1", ":20240102T100000Z")));
	/* one instant in two spellings */
	refused(ERR_RULES, CAL(OVER("u1", ":20240702T100000Z")
		OVER("u1", ";TZID=Europe/Berlin:20240702T120000")));
	refused(ERR_SYNTAX, CAL(OVER("u1", ":tomorrow")));
}

static void times_of_events(void **state)
{
	accepted(EVENT("DTEND:20240101T110000Z\r\n"));
	accepted(EVENT("DTEND:20240101T100000Z\r\n"));
	accepted(EVENT("DURATION:PT1H\r\n"));
	accepted(CAL(COMP("VEVENT", "UID:u1\r\nDTSTART:20240101\r\nDTEND:20240101\r\n")));
	accepted(CAL(COMP("VEVENT", "UID:u1\r\nDTSTART;TZID=Nowhere:20240101T100000\r\n"
		"DTEND:20240101T090000Z\r\n")));
	refused(ERR_RULES, CAL(COMP("VEVENT", "UID:u1\r\nSUMMARY:x\r\n")));
	refused(ERR_RULES, EVENT("DTSTART:20240101T100000Z\r\n"));
	refused(ERR_RULES, EVENT("DTEND:20240101T095959Z\r\n"));
	refused(ERR_RULES, EVENT("DTEND;TZID=Europe/Berlin:20240101T103000\r\n"));
	refused(ERR_RULES, EVENT("DTEND:20240101T110000Z\r\nDURATION:PT1H\r\n"));
	refused(ERR_RULES, EVENT("DURATION:-PT1H\r\n"));
	refused(ERR_RULES, EVENT("DTEND;VALUE=DATE:20240102\r\n"));
	refused(ERR_RULES, EVENT("DTEND:20240101T110000Z\r\nDTEND:20240101T110000Z\r\n"));
}

static void times_of_tasks(void **state)
{
	accepted(TODO("DTSTART:20240102\r\nDUE:20240101\r\n"));
	accepted(TODO("DTSTART:20240102\r\nDURATION:P1D\r\nCOMPLETED:20240101T000000Z\r\n"));
	refused(ERR_RULES, TODO("DURATION:P1D\r\n"));
	refused(ERR_RULES, TODO("DTSTART:20240102\r\nDURATION:P1D\r\nDUE:20240103\r\n"));
	refused(ERR_RULES, TODO("DUE:20240102\r\nDUE:20240102\r\n"));
	refused(ERR_SYNTAX, TODO("DUE:soon\r\n"));
	refused(ERR_SYNTAX, TODO("COMPLETED:yes\r\n"));
}

static void malformed_values(void **state)
{
	struct err e;
	struct ical_info info;

	refused(ERR_SYNTAX, CAL(COMP("VEVENT", "UID:u1\r\nDTSTART:\r\n")));
	refused(ERR_SYNTAX, EVENT("DURATION:1 hour\r\n"));
	refused(ERR_SYNTAX, EVENT("EXDATE:20240102T100000Z,x\r\n"));
	refused(ERR_SYNTAX, EVENT("EXDATE:\r\n"));
	refused(ERR_SYNTAX, EVENT("RDATE;VALUE=PERIOD:20240102T100000Z/\r\n"));
	refused(ERR_SYNTAX, EVENT("RRULE:FREQ=SOMETIMES\r\n"));
	refused(ERR_SYNTAX, EVENT("RRULE:FREQ=DAILY;COUNT=0\r\n"));
	refused(ERR_SYNTAX, EVENT("RRULE:FREQ=DAILY;INTERVAL=0\r\n"));
	refused(ERR_SYNTAX, EVENT("EXRULE:\r\n"));
	refused(ERR_SYNTAX, EVENT("BEGIN:VALARM\r\nTRIGGER:15 minutes\r\nEND:VALARM\r\n"));
	refused(ERR_LATE, EVENT("DURATION:P1000000000000W\r\n"));
	refused(ERR_EARLY, EVENT("RDATE:00000102T100000Z\r\n"));
	refused(ERR_LATE, EVENT("BEGIN:VALARM\r\nTRIGGER:-P99999999999W\r\nEND:VALARM\r\n"));
	assert_int_equal(check(EVENT("EXDATE:x\r\n"), &info, &e), -1);
	assert_non_null(strstr(e.text, "line 6: EXDATE"));
}

static void well_formed_values(void **state)
{
	accepted(EVENT("RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20250101T000000Z\r\n"
		"EXDATE:20240102T100000Z,20240103T100000Z\r\nEXDATE;VALUE=DATE:20240104\r\n"
		"RDATE;VALUE=PERIOD:20240102T100000Z/PT2H,20240103T100000Z/20240103T110000Z\r\n"
		"RDATE;TZID=Europe/Berlin:20240105T100000\r\n"));
	accepted(EVENT("BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;RELATED=END:-PT15M\r\nEND:VALARM\r\n"
		"BEGIN:VALARM\r\nACTION:NONE\r\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\r\nEND:VALARM\r\n"));
}

/* Each of these a program in use sends; refusing it would stop a phone's calendar. */
static void tolerated(void **state)
{
	accepted(EVENT("")); /* no DTSTAMP, no PRODID */
	accepted(EVENT("CREATED:00001231T000000Z\r\n"));
	accepted(CAL(COMP("VEVENT", "UID:u1\r\nDTSTART;TZID=Europe/Paris:20240101T100000\r\n")));
	accepted(CAL(COMP("VEVENT", "UID:u1\r\nDTSTART;TZID=My Office:20240101T100000\r\n")));
	accepted(EVENT("BEGIN:VALARM\r\nEND:VALARM\r\n"));
	accepted(EVENT("SEQUENCE:99999999999\r\nPRIORITY:abc\r\nGEO:1\r\nSTATUS:WHATEVER\r\n"));
	accepted(EVENT("COMMENT:\r\nCOMMENT:\r\nX-A:1\r\nX-A:2\r\nIMAGE:x\r\nIMAGE:y\r\n"));
	accepted(EVENT("X-MOZ-GENERATION:3\r\nX-MOZ-LASTACK:20240101T000000Z\r\n"
		"X-MOZ-SNOOZE-TIME-1:20240101T000000Z\r\n"));
	accepted(CAL(COMP("VTIMEZONE", "TZID:Europe/Berlin\r\nX-TZINFO:Europe/Berlin[2024a]\r\n"
		COMP("STANDARD", "TZOFFSETTO:+005328\r\nTZOFFSETFROM:+005328\r\nTZNAME:Europe/Berlin(STD)\r\n"
		"DTSTART:18930401T000000\r\nRDATE:18930401T000000\r\n")
		COMP("STANDARD", "TZOFFSETTO:+010000\r\nTZOFFSETFROM:+020000\r\nTZNAME:\r\nDTSTART:19961027T030000\r\n"
		"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20251026T030000\r\n"))
		COMP("VEVENT", "UID:u1\r\nDTSTART;TZID=Europe/Berlin:20240101T100000\r\n")));
	accepted(CAL(COMP("VTIMEZONE", "") COMP("VEVENT", "UID:u1\r\nDTSTART:20240101T100000\r\n")));
}

/* 10^5 dates, 10^4 overrides: linear, or nearly so. */
static void large_objects(void **state)
{
	cleanup_buf struct buf b;
	struct ical_limits limits = ical_default_limits;
	struct ical_info info;
	struct ical *ic;
	struct err e;

	limits.bytes = limits.line = 8 << 20;
	buf_init(&b, 8 << 20);
	buf_adds(&b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u1\r\n"
		"DTSTART:20240101T000000Z\r\nRDATE:");
	for (int i = 0; i < 100000; i++) {
		buf_printf(&b, "%s%04d0101T0%d0000Z", i ? "," : "", 1 + i % 9999, i % 10);
	}
	buf_adds(&b, "\r\nEND:VEVENT\r\n");
	for (int i = 0; i < 9000; i++) {
		buf_printf(&b, "BEGIN:VEVENT\r\nUID:u1\r\nRECURRENCE-ID:%04d0102\r\nDTSTART:20240101\r\nEND:VEVENT\r\n",
			9000 - i);
	}
	buf_adds(&b, "END:VCALENDAR\r\n");
	assert_int_equal(ical_parse(b.data, b.len, &limits, mem, &ic, &e), 0);
	assert_int_equal(ical_valid(ic, &info, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_and_uids),
		cmocka_unit_test(long_uid),
		cmocka_unit_test(masters_and_overrides),
		cmocka_unit_test(times_of_events),
		cmocka_unit_test(times_of_tasks),
		cmocka_unit_test(malformed_values),
		cmocka_unit_test(well_formed_values),
		cmocka_unit_test(tolerated),
		cmocka_unit_test(large_objects),
	};
	return cmocka_run_group_tests_name("ical validity", tests, setup, teardown);
}
