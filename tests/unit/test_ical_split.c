#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "ical/split.h"

enum { NOW = 1800000000 }; /* 20270115T080000Z */

static int read_text(void *arg, uint64_t offset, size_t len, struct buf *out, struct err *e)
{
	const char *text = arg;
	size_t all = strlen(text);

	(void)e;
	if (offset < all)
		buf_add(out, text + offset, all - offset < len ? all - offset : len);
	return 0;
}

static struct ical_split *open_text(struct arena *mem, const char *text)
{
	struct ical_split *s;
	struct err e;

	if (ical_split_open(read_text, (void *)(uintptr_t)text, mem, &s, &e) < 0)
		fail_msg("%s", e.text);
	return s;
}

static struct ical_piece piece(struct arena *mem, const struct ical_split *s, size_t n)
{
	struct ical_piece p;
	struct err e;

	if (ical_split_read(s, n, &ical_default_limits, "host.example", NOW, mem, &p, &e) < 0)
		fail_msg("%s", e.text);
	return p;
}

#define EVENT(uid, more) "BEGIN:VEVENT\r\n" uid "DTSTAMP:20260101T000000Z\r\n" more "END:VEVENT\r\n"
#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//import//EN\r\n"

static void groups_by_uid(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical_split *s = open_text(mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:x\r\n"
		EVENT("UID:b\r\n", "SUMMARY:1\r\n") EVENT("UID:a\r\n", "SUMMARY:2\r\n")
		EVENT("UID:b\r\n", "RECURRENCE-ID:20270101T000000Z\r\n") "END:VCALENDAR\r\n");

	(void)state;
	assert_int_equal(ical_split_count(s), 2);
	struct ical_piece p = piece(mem, s, 0);
	assert_int_equal(p.line, 4);
	assert_string_equal(p.body, HEAD EVENT("UID:b\r\n", "SUMMARY:1\r\n")
		EVENT("UID:b\r\n", "RECURRENCE-ID:20270101T000000Z\r\n") "END:VCALENDAR\r\n");
	p = piece(mem, s, 1);
	assert_int_equal(p.line, 9);
	assert_string_equal(p.body, HEAD EVENT("UID:a\r\n", "SUMMARY:2\r\n") "END:VCALENDAR\r\n");
}

#define ZONE(name, offset) "BEGIN:VTIMEZONE\nTZID:" name "\nBEGIN:STANDARD\nDTSTART:19700101T000000\n" \
	"TZOFFSETFROM:" offset "\nTZOFFSETTO:" offset "\nEND:STANDARD\nEND:VTIMEZONE\n"

static void brings_the_zones_along(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical_split *s = open_text(mem, "BEGIN:VCALENDAR\nVERSION:2.0\n" ZONE("A", "+0100")
		ZONE("B", "+0200") "BEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\nDTSTART;TZID=\"B\":20270101T000000\n"
		"END:VEVENT\nEND:VCALENDAR\nBEGIN:VCALENDAR\nVERSION:2.0\n" ZONE("B", "+0300")
		"BEGIN:VEVENT\nUID:2\nDTSTAMP:20260101T000000Z\nDTSTART;TZ\n ID=B:20270101T000000\n"
		"DTEND;TZID=A:20270101T010000\nEND:VEVENT\nEND:VCALENDAR\n");

	(void)state;
	assert_int_equal(ical_split_count(s), 2);
	const char *body = piece(mem, s, 0).body;
	assert_non_null(strstr(body, "+0200"));
	assert_null(strstr(body, "+0100"));
	assert_null(strstr(body, "+0300"));
	body = piece(mem, s, 1).body;
	assert_non_null(strstr(body, "+0300")); /* its own VCALENDAR's B */
	assert_non_null(strstr(body, "+0100")); /* A of the other one */
	assert_null(strstr(body, "+0200"));
}

static void writes_what_is_missing(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	static const char text[] = "\xef\xbb\xbf"
		"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nDTSTART:20270101T000000Z\n"
		"SUMMARY:one\nEND:VEVENT\nBEGIN:VEVENT\nUID:\nDTSTART:20270101T000000Z\nSUMMARY:two\n"
		"BEGIN:VALARM\nUID:alarm\nDTSTAMP:20260101T000000Z\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR";
	const struct ical_split *s = open_text(mem, text);

	(void)state;
	assert_int_equal(ical_split_count(s), 2);
	struct ical_piece p = piece(mem, s, 0);
	assert_non_null(strstr(p.body, "BEGIN:VEVENT\nUID:"));
	assert_non_null(strstr(p.body, "@host.example\r\nDTSTAMP:20270115T080000Z\r\nDTSTART"));
	assert_string_equal(p.body, piece(mem, open_text(mem, text), 0).body); /* the same UID each time */
	assert_string_not_equal(p.body, piece(mem, s, 1).body);
	assert_int_equal(ical_piece_line(&p, 4), 3);  /* BEGIN:VEVENT */
	assert_int_equal(ical_piece_line(&p, 5), 3);  /* the UID that was made up */
	assert_int_equal(ical_piece_line(&p, 7), 4);  /* DTSTART */
	assert_int_equal(ical_piece_line(&p, 8), 5);
}

/* A NUL is refused where the object is judged, and until then it is a byte like others. */
static int read_with_nul(void *arg, uint64_t offset, size_t len, struct buf *out, struct err *e)
{
	int got = read_text(arg, offset, len, out, e);

	for (size_t i = 0; i < out->len; i++)
		out->data[i] = out->data[i] == '!' ? '\0' : out->data[i];
	return got;
}

static void counts_lines_behind_a_nul(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	static const char text[] = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:!\nDESCRIPTION:!\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:1\nSUMMARY:two\nEND:VEVENT\nEND:VCALENDAR\n";
	struct ical_split *s;
	struct err e;

	(void)state;
	assert_int_equal(ical_split_open(read_with_nul, (void *)(uintptr_t)text, mem, &s, &e), 0);
	struct ical_piece p = piece(mem, s, 0);
	/* behind the three lines of the head, and DTSTAMP that is made up in each */
	assert_int_equal(ical_piece_line(&p, 4), 2);
	assert_int_equal(ical_piece_line(&p, 7), 4);
	assert_int_equal(ical_piece_line(&p, 10), 7);
	assert_int_equal(ical_piece_line(&p, 13), 9);
}

static void says_where_it_is_broken(void **state)
{
	static const struct { const char *text, *why; } rows[] = {
		{ "", "line 1: no iCalendar" },
		{ "hello\n", "line 1: no iCalendar" },
		{ "\n\nBEGIN:VEVENT\nEND:VEVENT\n", "line 3: VEVENT outside of a VCALENDAR" },
		{ "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n", "line 3: the file ends within a component" },
		{ "BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VEVENT\n", "line 3: END without BEGIN" },
		{ "BEGIN:VCALENDAR\nEND:VCALENDAR\nrest\n", "line 3: no iCalendar" },
	};
	struct ical_split *s;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_arena struct arena *mem = arena_create();

		assert_int_equal(ical_split_open(read_text, (void *)(uintptr_t)rows[i].text, mem, &s, &e), -1);
		assert_int_equal(e.code, ERR_SYNTAX);
		assert_string_equal(e.text, rows[i].why);
	}
}

static void refuses_large_objects_alone(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	struct ical_limits limits = ical_default_limits;
	struct ical_piece p;
	struct err e;
	const struct ical_split *s = open_text(mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
		EVENT("UID:b\r\n", "SUMMARY:1234567890123456789012345678901234567890123456789012345678901234567890\r\n")
		EVENT("UID:a\r\n", "") "END:VCALENDAR\r\n");

	(void)state;
	limits.bytes = 170;
	assert_int_equal(ical_split_read(s, 0, &limits, "h", NOW, mem, &p, &e), -1);
	assert_int_equal(e.code, ERR_LARGE);
	assert_int_equal(p.line, 3);
	assert_int_equal(ical_split_read(s, 1, &limits, "h", NOW, mem, &p, &e), 0);
}

/* Lines longer than what is kept of them, and chunks that end anywhere. */
static void reads_long_lines(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_adds(&text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n");
	for (int i = 0; i < 50; i++) {
		buf_printf(&text, "BEGIN:VEVENT\r\nUID:u\r\n %d\r\nDESCRIPTION:", i);
		for (int k = 0; k < 300 + i; k++)
			buf_adds(&text, "0123456789");
		buf_adds(&text, "\r\nEND:VEVENT\r\n");
	}
	buf_adds(&text, "END:VCALENDAR\r\n");
	const struct ical_split *s = open_text(mem, text.data);
	assert_int_equal(ical_split_count(s), 50);
	for (size_t i = 0; i < 50; i++) {
		struct ical_piece p = piece(mem, s, i);
		assert_int_equal(p.line, 3 + 5 * i);
		assert_non_null(strstr(p.body, arena_printf(mem, "UID:u\r\n %zu\r\n", i)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_by_uid),
		cmocka_unit_test(brings_the_zones_along),
		cmocka_unit_test(writes_what_is_missing),
		cmocka_unit_test(counts_lines_behind_a_nul),
		cmocka_unit_test(says_where_it_is_broken),
		cmocka_unit_test(refuses_large_objects_alone),
		cmocka_unit_test(reads_long_lines),
	};
	struct err e;

	if (zone_init(NULL, &e) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
