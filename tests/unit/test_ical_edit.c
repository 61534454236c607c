/* ical/edit.c: what is not edited stays byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "ical/ical.h"

static int setup(void **state)
{
	*state = arena_create();
	return 0;
}

static int teardown(void **state)
{
	arena_destroy(*state);
	return 0;
}

static struct ical *parse(void **state, const char *text)
{
	struct ical *ic = NULL;
	struct err e = { 0 };

	if (ical_parse(text, strlen(text), NULL, *state, &ic, &e)) {
		fail_msg("%s", e.text);
	}
	return ic;
}

static const char *written(void **state, const struct ical_edit *ed)
{
	cleanup_buf struct buf b;
	struct err e = { 0 };

	buf_init(&b, 1 << 20);
	if (ical_edit_write(ed, &b, &e)) {
		fail_msg("%s", e.text);
	}
	return arena_strdup(*state, b.data);
}

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
#define TAIL "END:VEVENT\r\nEND:VCALENDAR\r\n"

/* Everything that the common library loses or rewrites. */
static const char odd[] =
	"UID:round-trip\r\n"
	"dtstart;value=date-time;tzid=\"Europe/Berlin\":20240101T100000\r\n"
	"STRUCTURED-DATA;FMTTYPE=application/ld+json;VALUE=TEXT:{\\\"a\\\":1}\r\n"
	"STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<b>x</b>\r\n"
	"LINK;LINKREL=\"SOURCE\";LABEL=Venue:https://example.org/\r\n"
	"PROXIMITY:ARRIVE\r\n"
	"X-UNKNOWN-NEW:\\x\\y\r\n"
	"NEW-IANA-PROP;A=b:c\r\n"
	"CATEGORIES:A,B,C\\,D\r\n"
	"EXDATE:20240102T100000Z,20240103T100000Z\r\n"
	"SEQUENCE:99999999999\r\n"
	"PRIORITY:abc\r\n"
	"COMMENT:\r\n"
	"CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=\"plain\":https://example.org/c\r\n"
	"ATTENDEE;CN=\"quoted\";X=a^'b^n:mailto:a@example.org\r\n"
	"GEO:37.38;-122.0\r\n"
	"DURATION:PT5H0M20S\r\n"
	"RRULE:BYDAY=MO;FREQ=WEEKLY;INTERVAL=1\r\n"
	"REQUEST-STATUS:2.0;Success\r\n"
	"ATTACH;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=text/plain:VGhl\r\n"
	"X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS=\"1\\\\nParis\";X-APPLE-RADIUS\r\n"
	" =70;X-TITLE=Caf\xc3\r\n \xa9:geo:37.33,-122.01\r\n"
	"COLOR:teal\r\nIMAGE;VALUE=URI:x\r\nREFRESH-INTERVAL;VALUE=DURATION:P1D\r\nSOURCE:x\r\n"
	"ACKNOWLEDGED:20240101T000000Z\r\nX-MOZ-LASTACK:20240101T000000Z\r\n"
	"DESCRIPTION:a fold\r\n  at another place than ours\r\n\t and one by a tab\r\n"
	"\r\n"
	"URL:only-lf\n";
static const char parts[] =
	"BEGIN:PARTICIPANT\r\nUID:p\r\nEND:PARTICIPANT\r\n"
	"BEGIN:VLOCATION\r\nEND:VLOCATION\r\n"
	"BEGIN:X-COMP\r\nX:1\r\nEND:X-COMP\r\n"
	"BEGIN:valarm\r\nACKNOWLEDGED:20240101T000000Z\r\nend:VALARM\r\n";

static const char *joined(void **state, const char *middle)
{
	return arena_printf(*state, "%s%s%s%s%s", HEAD, odd, middle, parts, TAIL);
}

static void nothing_edited_is_the_same(void **state)
{
	const char *text = joined(state, "");
	struct ical_edit *ed = ical_edit_begin(parse(state, text));

	assert_string_equal(written(state, ed), text);
}

static void odd_lines_survive_an_edit(void **state)
{
	struct ical *ic = parse(state, joined(state, ""));
	struct ical_edit *ed = ical_edit_begin(ic);

	ical_edit_add(ed, ical_first(ic), "X-DEDIT-STATE:due");
	ical_edit_add(ed, ical_first(ic), "STATUS:CANCELLED");
	assert_string_equal(written(state, ed), joined(state, "X-DEDIT-STATE:due\r\nSTATUS:CANCELLED\r\n"));
}

static void remove_replace_add(void **state)
{
	struct ical *ic = parse(state, HEAD "UID:1\r\nSUMMARY:long\r\n er\r\nX-A:1\r\nX-B:2\r\n" TAIL);
	const struct ical_comp *c = ical_first(ic);
	struct ical_edit *ed = ical_edit_begin(ic);

	ical_edit_add(ed, c, "Z:1");
	ical_edit_remove(ed, ical_prop(ic, c, "X-B"));
	ical_edit_replace(ed, ical_prop(ic, c, "SUMMARY"), "SUMMARY:short");
	ical_edit_add(ed, c, "Z:2");
	ical_edit_add(ed, ic->calendar, "METHOD:X");
	assert_string_equal(written(state, ed), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:X\r\nBEGIN:VEVENT\r\n"
		"UID:1\r\nSUMMARY:short\r\nX-A:1\r\nZ:1\r\nZ:2\r\n" TAIL);
	/* the last word on a line counts, and writing twice gives the same */
	ical_edit_replace(ed, ical_prop(ic, c, "X-A"), "X-A:old");
	ical_edit_replace(ed, ical_prop(ic, c, "X-A"), "X-A:new");
	ical_edit_replace(ed, ical_prop(ic, c, "X-B"), "X-B:kept");
	const char *once = written(state, ed);
	assert_non_null(strstr(once, "X-A:new\r\nX-B:kept\r\nZ:1\r\n"));
	assert_null(strstr(once, "old"));
	assert_string_equal(written(state, ed), once);
}

static void the_bodys_own_line_ends(void **state)
{
	struct ical *ic = parse(state, "\xef\xbb\xbf" "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n"
		"END:VEVENT\nEND:VCALENDAR");
	struct ical_edit *ed = ical_edit_begin(ic);

	ical_edit_add(ed, ical_first(ic), "A:1");
	ical_edit_add(ed, ic->calendar, "B:2");
	assert_string_equal(written(state, ed), "\xef\xbb\xbf" "BEGIN:VCALENDAR\nB:2\nBEGIN:VEVENT\nUID:1\nA:1\n"
		"END:VEVENT\nEND:VCALENDAR");
}

static void folding(void **state)
{
	static const char *const sign[] = { "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };
	cleanup_buf struct buf b, line;
	char short_line[76];
	size_t rest;

	buf_init(&b, 10000);
	buf_init(&line, 10000);
	memset(short_line, 'a', 75);
	short_line[75] = '\0';
	assert_int_equal(ical_fold(&b, short_line), 0);
	assert_int_equal(b.len, 77);
	buf_reset(&b);
	/* 100 characters of 2, 3 and 4 bytes: no physical line above 75 octets, none cut */
	buf_adds(&line, "X:");
	for (int i = 0; i < 100; i++) {
		buf_adds(&line, sign[i % 3]);
	}
	assert_int_equal(ical_fold(&b, line.data), 0);
	for (const char *at = b.data; *at; at += rest + 2) {
		rest = strcspn(at, "\r");
		assert_true(rest <= 75);
		assert_true(utf8_valid(at, rest));
		assert_memory_equal(at + rest, "\r\n", 2);
	}
	const char *text = arena_printf(*state, "%s%s%s", HEAD, b.data, TAIL);
	struct ical *ic = parse(state, text);
	assert_string_equal(ical_prop(ic, ical_first(ic), "X")->value, line.data + 2);
}

static void no_line_is_forged(void **state)
{
	static const char *const bad[] = { "A:x\r\nB:y", "A:x\ny", "A:\rx", "A:\x01", "A:\x7f" };
	struct ical *ic = parse(state, HEAD "UID:1\r\n" TAIL);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ical_edit *ed = ical_edit_begin(ic);
		cleanup_buf struct buf b;
		struct err e = { 0 };

		ical_edit_add(ed, ical_first(ic), bad[i]);
		buf_init(&b, 1000);
		assert_int_equal(ical_edit_write(ed, &b, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		buf_reset(&b);
		assert_int_equal(ical_fold(&b, bad[i]), -1);
		assert_int_equal(b.len, 0);
	}
}

static void a_full_buffer_is_an_error(void **state)
{
	struct ical *ic = parse(state, HEAD "UID:1\r\n" TAIL);
	struct ical_edit *ed = ical_edit_begin(ic);
	cleanup_buf struct buf b;
	struct err e = { 0 };

	ical_edit_add(ed, ical_first(ic), "SUMMARY:x");
	buf_init(&b, ic->body_len + 4);
	assert_int_equal(ical_edit_write(ed, &b, &e), -1);
	assert_int_equal(e.code, ERR_LARGE);
}

static void many_edits(void **state)
{
	cleanup_buf struct buf b;

	buf_init(&b, 1 << 20);
	buf_adds(&b, HEAD);
	for (int i = 0; i < 20000; i++) {
		buf_printf(&b, "X-%d:%d\r\n", i, i);
	}
	buf_adds(&b, TAIL);
	struct ical *ic = parse(state, b.data);
	struct ical_edit *ed = ical_edit_begin(ic);
	for (const struct ical_line *l = NULL; (l = ical_line_next(ic, ical_first(ic), l));) {
		ical_edit_remove(ed, l);
	}
	assert_string_equal(written(state, ed), HEAD TAIL);
}

/* 2024-06-10 10:00 in Berlin, as a date of the series that `start` begins. */
static const char *date_of(void **state, const char *start)
{
	const char *body = arena_printf(*state, HEAD "UID:1\r\n%s\r\n" TAIL, start);
	const struct ical *ic = parse(state, body);
	const struct ical_line *like = ical_prop(ic, ic->calendar->children, "DTSTART");
	const char *line = ical_date_line(ic, like, "EXDATE", 1718006400, zone_find("Europe/Berlin"), *state);

	return line ? line : "";
}

static void a_date_is_written_as_the_series_has_it(void **state)
{
	struct err e;

	assert_int_equal(zone_init(NULL, &e), 0);
	assert_string_equal(date_of(state, "DTSTART:20240101T080000Z"), "EXDATE:20240610T080000Z");
	assert_string_equal(date_of(state, "DTSTART:20240101T100000"), "EXDATE:20240610T100000");
	assert_string_equal(date_of(state, "DTSTART;VALUE=DATE:20240101"), "EXDATE;VALUE=DATE:20240610");
	assert_string_equal(date_of(state, "DTSTART;TZID=Europe/Berlin:20240101T100000"),
		"EXDATE;TZID=Europe/Berlin:20240610T100000");
	/* both parameters, in any order; the value's type is the one that is there without */
	assert_string_equal(date_of(state, "DTSTART;TZID=Asia/Tokyo;VALUE=DATE-TIME:20240101T170000"),
		"EXDATE;TZID=Asia/Tokyo:20240610T170000");
	assert_string_equal(date_of(state, "DTSTART;VALUE=DATE-TIME;TZID=Asia/Tokyo:20240101T170000"),
		"EXDATE;TZID=Asia/Tokyo:20240610T170000");
	/* RFC 5545 3.2: a value with ':', ';' or ',' stands in quotes */
	assert_string_equal(date_of(state, "DTSTART;TZID=\"Room: 2, Berlin\":20240101T100000"),
		"EXDATE;TZID=\"Room: 2, Berlin\":20240610T100000");
	assert_string_equal(date_of(state, "DTSTART;X-A=\"b;TZID=c\";tzid=\"Europe/\r\n Berlin\":20240101T100000"),
		"EXDATE;tzid=\"Europe/Berlin\":20240610T100000");
	assert_string_equal(date_of(state, "DTSTART:soon"), "");
	zone_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_edited_is_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(odd_lines_survive_an_edit, setup, teardown),
		cmocka_unit_test_setup_teardown(remove_replace_add, setup, teardown),
		cmocka_unit_test_setup_teardown(the_bodys_own_line_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(folding, setup, teardown),
		cmocka_unit_test_setup_teardown(no_line_is_forged, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_buffer_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(many_edits, setup, teardown),
		cmocka_unit_test_setup_teardown(a_date_is_written_as_the_series_has_it, setup, teardown),
	};
	return cmocka_run_group_tests_name("ical editing", tests, NULL, NULL);
}
