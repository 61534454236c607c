#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ical/ical.h"

static const char series[] =
	"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\nX-WR-CALNAME:secret\nBEGIN:VTIMEZONE\nTZID:Here\n"
	"X-SECRET:secret\nTZURL:secret\nBEGIN:STANDARD\nCOMMENT:secret\nTZNAME;X-SECRET=secret:CET\n"
	"DTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\n"
	"END:VTIMEZONE\nBEGIN:VEVENT\nUID:secret@example.org\nDTSTAMP:20260101T000000Z\n"
	"DTSTART;X-SECRET=\"secret:secret\";TZID=Here:20270601T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=4\n"
	"EXDATE;TZID=Here:20270608T100000\nSUMMARY:secret\nDESCRIPTION:secret\n secret\nLOCATION:secret\n"
	"ATTENDEE;CN=secret:mailto:secret@example.org\nORGANIZER:mailto:secret@example.org\n"
	"CATEGORIES:secret\nURL:https://secret.example/\nX-SECRET:secret\nCLASS:PRIVATE\nSTATUS:CONFIRMED\n"
	"TRANSP:OPAQUE\nSEQUENCE:3\nCOMMENT:secret\nCONTACT:secret\nGEO:1;1\nCOLOR:red\n"
	"BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nDESCRIPTION:secret\nEND:VALARM\n"
	"BEGIN:PARTICIPANT\nUID:secret\nEND:PARTICIPANT\nEND:VEVENT\nBEGIN:VEVENT\nUID:secret@example.org\n"
	"DTSTAMP:20260101T000000Z\nRECURRENCE-ID;TZID=Here:20270615T100000\nDTSTART;TZID=Here:\n"
	" 20270615T120000\nDTEND;TZID=Here:20270615T130000\nSUMMARY:secret\nEND:VEVENT\nEND:VCALENDAR\n";

static struct ical *parse(struct arena *mem, const char *text)
{
	struct ical *ic;
	struct err e;

	if (ical_parse(text, strlen(text), NULL, mem, &ic, &e) < 0)
		fail_msg("%s", e.text);
	return ic;
}

static const char *concealed(struct arena *mem, const char *text, const char *salt)
{
	struct buf out;
	struct err e;

	buf_init(&out, 10000);
	assert_int_equal(ical_conceal(parse(mem, text), salt, &out, &e), 0);
	const char *copy = arena_strdup(mem, out.data);
	buf_finish(&out);
	return copy;
}

static int count(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what)) != NULL) {
		n++;
		text += strlen(what);
	}
	return n;
}

static void keeps_times_alone(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const char *text = concealed(mem, series, "salt");
	static const char *const there[] = {
		"\r\nDTSTART;TZID=Here:20270601T100000\r\n", "\r\nDURATION:PT1H\r\n",
		"\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\n", "\r\nEXDATE;TZID=Here:20270608T100000\r\n",
		"\r\nRECURRENCE-ID;TZID=Here:20270615T100000\r\n", "\r\nSTATUS:CONFIRMED\r\n",
		"\r\nTRANSP:OPAQUE\r\n", "\r\nSEQUENCE:3\r\n", "\r\nTZID:Here\r\n",
		"\r\nDTEND;TZID=Here:20270615T130000\r\n", "\r\nTZNAME:CET\r\n",
	};
	static const char *const gone[] = {
		"secret", "VALARM", "PARTICIPANT", "CLASS", "GEO", "COLOR", "X-", "SUMMARY", "ATTENDEE",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++)
		assert_non_null(strstr(text, there[i]));
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		assert_null(strstr(text, gone[i]));
	assert_int_equal(count(text, "BEGIN:VEVENT"), 2);
	/* It is an object as RFC 4791 4.1 wants it, one UID in both. */
	struct ical_info info;
	struct err e;
	assert_int_equal(ical_valid(parse(mem, text), &info, &e), 0);
	assert_int_equal(info.kind, ICAL_VEVENT);
}

static void makes_uids_by_the_salt(void **state)
{
	cleanup_arena struct arena *mem = arena_create();

	(void)state;
	assert_string_equal(concealed(mem, series, "a"), concealed(mem, series, "a"));
	assert_string_not_equal(concealed(mem, series, "a"), concealed(mem, series, "b"));
}

static void shows_nothing_of_a_task(void **state)
{
	cleanup_arena struct arena *mem = arena_create();

	(void)state;
	assert_string_equal(concealed(mem, "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTODO\nUID:1\nSUMMARY:x\n"
		"END:VTODO\nEND:VCALENDAR\n", "a"), "");
}

static void tells_what_is_private(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	static const struct { const char *line; bool hidden; } rows[] = {
		{ "", false }, { "CLASS:PUBLIC\n", false }, { "CLASS:public\n", false },
		{ "CLASS:PRIVATE\n", true }, { "CLASS:confidential\n", true }, { "CLASS:X-MINE\n", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(ical_is_private(parse(mem, arena_printf(mem, "BEGIN:VCALENDAR\nVERSION:2.0\n"
			"BEGIN:VEVENT\nUID:1\nDTSTART:20270101T000000Z\n%sEND:VEVENT\nEND:VCALENDAR\n",
			rows[i].line))), rows[i].hidden);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_times_alone),
		cmocka_unit_test(makes_uids_by_the_salt),
		cmocka_unit_test(shows_nothing_of_a_task),
		cmocka_unit_test(tells_what_is_private),
	};
	struct err e;

	if (zone_init(NULL, &e) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
