/* Zones written as VTIMEZONE, and read back: what our own reader makes of them must be the zone itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ical/internal.h"
#include "ical/zonetab.h"
#include "tests/unit/ical_text.h"
#include "tests/unit/zones.h"

enum { TEXT_MAX = 1 << 20 };
#define YEAR_0 (-INT64_C(62167219200))
#define YEAR_1 (-INT64_C(62135596800))
#define YEAR_1970 INT64_C(0)
#define YEAR_2038 INT64_C(2145916800)
#define YEAR_2100 INT64_C(4102444800)

static const char *whole_text(struct arena *mem, const struct zone *z, const char *tzid, int64_t from,
	int64_t to)
{
	cleanup_buf struct buf out;

	buf_init(&out, TEXT_MAX);
	buf_adds(&out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n");
	assert_int_equal(zone_vtimezone(z, tzid, NULL, from, to, &out), 0);
	buf_adds(&out, "END:VCALENDAR\r\n");
	return arena_strdup(mem, out.data);
}

static const struct zone *read_back(struct arena *mem, const char *text, const char *tzid)
{
	struct ical *ic;
	struct err e = { 0 };

	assert_int_equal(ical_parse(text, strlen(text), NULL, mem, &ic, &e), 0);
	const struct zone *z = ical_object_zone(ic, tzid);
	if (!z)
		fail_msg("unreadable: %s", text);
	return z;
}

static void same_at(const struct zone *z, const struct zone *back, int64_t at, const char *text)
{
	char when[ICAL_UTC_SIZE];

	if (zone_offset(z, at) == zone_offset(back, at))
		return;
	ical_utc(at, when);
	fail_msg("%s at %s: %d, read back as %d\n%s", zone_name(z), when, (int)zone_offset(z, at),
		(int)zone_offset(back, at), text);
}

/* At each change, a second before it, and at noon of every 30th day or so. */
static void same_between(const struct zone *z, const struct zone *back, int64_t from, int64_t to,
	const char *text)
{
	for (size_t i = 0; i < z->count; i++) {
		if (z->changes[i].at <= from || z->changes[i].at >= to)
			continue;
		same_at(z, back, z->changes[i].at - 1, text);
		same_at(z, back, z->changes[i].at, text);
	}
	for (int64_t at = from; at < to; at += 30 * 86400 + 43210)
		same_at(z, back, at, text);
}

static void every_zone_reads_back_as_itself(void **state)
{
	(void)state;
	assert_true(zone_count() > 300);
	for (size_t i = 0; i < zone_count(); i++) {
		cleanup_arena struct arena *mem = arena_create();
		const struct zone *z = zone_find(zone_at(i).name);

		assert_non_null(z);
		const char *text = whole_text(mem, z, "X-Test", INT64_MIN, INT64_MAX);
		const struct zone *back = read_back(mem, text, "X-Test");
		same_between(z, back, YEAR_1970, YEAR_2038, text);
		same_between(z, back, YEAR_2038, YEAR_2100, text);
	}
}

/* RFC 7808 3.9 */
static void every_zone_reads_back_cut_off(void **state)
{
	const int64_t from = INT64_C(1104537600) /* 2005 */, to = INT64_C(1577836800) /* 2020 */;

	(void)state;
	for (size_t i = 0; i < zone_count(); i++) {
		cleanup_arena struct arena *mem = arena_create();
		const struct zone *z = zone_find(zone_at(i).name);
		const char *text = whole_text(mem, z, "X-Test", from, to);

		assert_non_null(strstr(text, "TZUNTIL:20200101T000000Z\r\n"));
		same_between(z, read_back(mem, text, "X-Test"), from, to, text);
	}
}

static void it_is_short_where_a_rule_says_it(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const char *text = whole_text(mem, zone_find("Europe/Paris"), "Europe/Paris", YEAR_2038, INT64_MAX);

	(void)state;
	assert_non_null(strstr(text, "BEGIN:DAYLIGHT\r\nTZNAME:CEST\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
		"DTSTART:20380328T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n"));
	assert_non_null(strstr(text, "BEGIN:STANDARD\r\nTZNAME:CET\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
		"DTSTART:20381031T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n"));
	/* what held when the part began: no change, hence twice the same offset */
	assert_non_null(strstr(text, "BEGIN:STANDARD\r\nTZNAME:CET\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\n"
		"DTSTART:20380101T010000\r\nEND:STANDARD\r\n"));
	assert_null(strstr(text, "RDATE"));
}

/* Since 1996 by the rule of the European Union, whatever years the file lists. */
static void the_rule_begins_where_it_began(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const char *text = whole_text(mem, zone_find("Europe/Paris"), "Europe/Paris", INT64_MIN, INT64_MAX);

	(void)state;
	assert_non_null(strstr(text, "DTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"));
}

static void a_day_may_be_carried_over(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const char *text = whole_text(mem, zone_find("Asia/Jerusalem"), "x", YEAR_2038, INT64_MAX);

	(void)state;
	/* the Friday behind March's fourth Thursday */
	assert_non_null(strstr(text, "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=FR;BYMONTHDAY=23,24,25,26,27,28,29\r\n"));
}

/* A file without changes, but with that footer. */
static const char *footer_text(struct arena *mem, const char *footer, struct zone *made)
{
	static const unsigned char head[44] = "TZif2";
	unsigned char bytes[256] = { 0 };
	size_t at = 2 * sizeof(head);

	memcpy(bytes, head, sizeof(head));
	memcpy(bytes + sizeof(head), head, sizeof(head));
	bytes[sizeof(head) + 39] = 1; /* one type */
	bytes[sizeof(head) + 43] = 4; /* four bytes of names */
	memcpy(bytes + at + 6, "LMT", 4);
	at += 10;
	at += (size_t)snprintf((char *)bytes + at, sizeof(bytes) - at, "\n%s\n", footer);
	assert_int_equal(zone_read_tzif(bytes, at, made), 0);
	made->name = "made";
	const char *text = whole_text(mem, made, "X-Test", INT64_MIN, INT64_MAX);
	same_between(made, read_back(mem, text, "X-Test"), YEAR_2038, YEAR_2100, text);
	free(made->changes);
	free(made->names);
	return text;
}

/* RFC 9636 3.3: every form that a footer may have. */
static void every_form_of_a_turn_reads_back(void **state)
{
	static const struct { const char *footer, *has; } rows[] = {
		{ "AAA-1BBB,M3.2.0,M11.1.0", "BYMONTH=3;BYDAY=2SU" },
		{ "AAA-1BBB,M3.5.0/-1,M10.5.0/0", "BYMONTH=3;BYDAY=SA;BYMONTHDAY=24,25,26,27,28,29,30" },
		{ "AAA3BBB,J60/2,J300/2", "BYMONTH=3;BYMONTHDAY=1" },
		{ "AAA3BBB,J50/2,J300/26", "BYMONTH=10;BYMONTHDAY=28" },
		{ "AAA3BBB,9/2,49/2", "BYMONTH=2;BYMONTHDAY=19" },
		{ "AAA3BBB,49/2,299/2", "RDATE" },          /* behind 29 February, which it counts */
		{ "AAA3BBB,J60/-2,J300/2", "RDATE" },
		{ "AAA3BBB,M2.5.0/26,M10.1.0", "RDATE" },   /* where a leap year moves it */
		{ "AAA3BBB,M3.5.0/50,M10.1.0", "RDATE" },   /* into the next month */
		{ "AAA3BBB,J1/-3,J300/2", "RDATE" },        /* into the last year */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_arena struct arena *mem = arena_create();
		struct zone made;
		const char *text = footer_text(mem, rows[i].footer, &made);

		if (!strstr(text, rows[i].has))
			fail_msg("%s: %s", rows[i].footer, text);
	}
}

static void a_zone_without_changes_has_one_observance(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const char *text = whole_text(mem, zone_find("Etc/GMT+5"), "Etc/GMT+5", INT64_MIN, INT64_MAX);

	(void)state;
	assert_string_equal(text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VTIMEZONE\r\n"
		"TZID:Etc/GMT+5\r\nBEGIN:STANDARD\r\nTZNAME:-05\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\n"
		"DTSTART:18000101T000000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n");
}

static void an_alias_says_of_what(void **state)
{
	cleanup_buf struct buf out;
	struct zone_entry entry;

	(void)state;
	assert_true(zone_entry_find("US/Eastern", &entry));
	assert_string_equal(entry.alias_of, "America/New_York");
	assert_true(zone_entry_find("America/New_York", &entry));
	assert_null(entry.alias_of);
	assert_false(zone_entry_find("../../etc/passwd", &entry));
	assert_false(zone_entry_find("", &entry));
	buf_init(&out, TEXT_MAX);
	assert_int_equal(zone_vtimezone(zone_find("US/Eastern"), "US/Eastern", "America/New_York", INT64_MIN,
		INT64_MAX, &out), 0);
	assert_non_null(strstr(out.data, "TZID:US/Eastern\r\nTZID-ALIAS-OF:America/New_York\r\n"));
	assert_true(strlen(zone_version()) >= 5);
	assert_true(zone_modified() > 0);
}

static int count_periods(const struct zone_period *p, void *arg)
{
	size_t *n = arg;

	if (*n == 0)
		assert_true(p->at == YEAR_2038 && p->before == p->after && !strcmp(p->name, "CET"));
	if (*n == 1)
		assert_true(p->before == 3600 && p->after == 7200 && p->daylight && !strcmp(p->name, "CEST"));
	++*n;
	return 0;
}

static void periods_begin_where_asked(void **state)
{
	size_t n = 0;

	(void)state;
	assert_int_equal(zone_periods(zone_find("Europe/Paris"), YEAR_2038, YEAR_2038 + 366 * 86400,
		count_periods, &n), 0);
	assert_int_equal(n, 3);
}

/* RFC 5545 3.3.4: a date has four digits, and there is no year 0 before which one could begin. */
static void nothing_begins_before_the_year_1(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct zone *z = zone_find("America/New_York");

	(void)state;
	assert_null(strstr(whole_text(mem, z, "X-Test", YEAR_0, INT64_MAX), "DTSTART:0000"));
	assert_null(strstr(whole_text(mem, z, "X-Test", YEAR_1, INT64_MAX), "DTSTART:0000"));
}

static void a_full_buffer_is_told(void **state)
{
	cleanup_buf struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_int_equal(zone_vtimezone(zone_find("Europe/Paris"), "Europe/Paris", NULL, INT64_MIN, INT64_MAX,
		&out), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_zone_reads_back_as_itself),
		cmocka_unit_test(every_zone_reads_back_cut_off),
		cmocka_unit_test(it_is_short_where_a_rule_says_it),
		cmocka_unit_test(the_rule_begins_where_it_began),
		cmocka_unit_test(a_day_may_be_carried_over),
		cmocka_unit_test(every_form_of_a_turn_reads_back),
		cmocka_unit_test(a_zone_without_changes_has_one_observance),
		cmocka_unit_test(an_alias_says_of_what),
		cmocka_unit_test(periods_begin_where_asked),
		cmocka_unit_test(nothing_begins_before_the_year_1),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
