/* ical/value.c: dates, times, zones by name, durations, periods, text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"
#include "ical/internal.h"

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

static int64_t at(const char *iso)
{
	int64_t t = 0;

	assert_int_equal(iso_date_parse(iso, &t), 0);
	return t;
}

static struct ical_when when(const char *value, const char *tzid, const struct zone *floating)
{
	struct ical_when w = { 0 };
	struct err e = { 0 };

	if (ical_when(NULL, value, tzid, floating, &w, &e)) {
		fail_msg("%s", e.text);
	}
	return w;
}

static void utc_floating_and_dates(void **state)
{
	struct ical_when w = when("20240229T235960Z", NULL, NULL);

	assert_int_equal(w.form, ICAL_UTC);
	assert_int_equal(w.utc, at("2024-02-29T23:59:59Z"));
	assert_null(w.zone);
	w = when("20240701T120000", NULL, zone_find("Europe/Berlin"));
	assert_int_equal(w.form, ICAL_FLOATING);
	assert_int_equal(w.utc, at("2024-07-01T10:00:00Z"));
	assert_null(w.zone);
	w = when("20240701T120000", NULL, NULL);
	assert_int_equal(w.utc, at("2024-07-01T12:00:00Z"));
	w = when("20240701", NULL, zone_find("Europe/Berlin"));
	assert_int_equal(w.form, ICAL_DATE);
	assert_int_equal(w.utc, at("2024-06-30T22:00:00Z"));
	assert_int_equal(w.wall.month, 7);
	w = when("20240701", "Europe/Berlin", NULL);
	assert_int_equal(w.form, ICAL_DATE);
	assert_int_equal(w.utc, at("2024-07-01T00:00:00Z"));
	w = when("20240701T120000Z", "Europe/Berlin", NULL);
	assert_int_equal(w.form, ICAL_UTC);
}

static void zones_by_every_spelling(void **state)
{
	static const char *const same[] = {
		"Europe/Berlin", "Europe/Berlin ", "Europe/Berlin \t", "/freeassociation.sourceforge.net/Europe/Berlin",
		"/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "/mozilla.org/20050126_1/Europe/Berlin",
		"/citadel.org/20210210_1/Europe/Berlin", "/Europe/Berlin",
	};
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		struct ical_when w = when("20240701T120000", same[i], NULL);
		assert_int_equal(w.form, ICAL_ZONED);
		assert_string_equal(zone_name(w.zone), "Europe/Berlin");
		assert_string_equal(w.tzid, same[i]);
		assert_int_equal(w.utc, at("2024-07-01T10:00:00Z"));
	}
	assert_int_equal(when("20240701T120000", "/x.org/America/Argentina/Buenos_Aires", NULL).utc,
		at("2024-07-01T15:00:00Z"));
}

static void unknown_zones_float(void **state)
{
	static const char *const unknown[] = {
		"", " ", "Nowhere", "../../etc/passwd", "/../../etc/passwd", "/etc/localtime",
		"W. Europe Standard Time", "/", "//", "Europe/",
	};
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		struct ical_when w = when("20240701T120000", unknown[i], NULL);
		assert_int_equal(w.form, ICAL_FLOATING);
		assert_null(w.zone);
		assert_int_equal(w.utc, at("2024-07-01T12:00:00Z"));
	}
}

static void gap_and_overlap(void **state)
{
	assert_int_equal(when("20240331T023000", "Europe/Berlin", NULL).utc, at("2024-03-31T01:30:00Z"));
	assert_int_equal(when("20241027T023000", "Europe/Berlin", NULL).utc, at("2024-10-27T00:30:00Z"));
}

static void malformed_times(void **state)
{
	static const char *const bad[] = {
		"", "2024", "20240230", "20241301", "20240001", "20240100", "20230229", "2024-01-01", "20240101T",
		"20240101T1200", "20240101T240000", "20240101T126000", "20240101T120061", "20240101T120000z",
		"20240101T120000+0100", "20240101 120000", "20240101T120000ZZ", " 20240101", "20240101 ",
		"-0240101", "2024010a", "20240101T12000a", "99999999T999999Z",
	};
	struct ical_when w;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!ical_when(NULL, bad[i], NULL, NULL, &w, &e) || e.code != ERR_SYNTAX) {
			fail_msg("'%s'", bad[i]);
		}
	}
	assert_int_equal(ical_when(NULL, "00000101T000000Z", NULL, NULL, &w, &e), -1);
	assert_int_equal(e.code, ERR_EARLY);
	assert_int_equal(ical_when(NULL, "00010101T000000Z", NULL, NULL, &w, &e), 0);
	assert_int_equal(ical_when(NULL, "99991231T235959", "Pacific/Kiritimati", NULL, &w, &e), 0);
}

static void durations(void **state)
{
	static const struct { const char *text; int64_t days, seconds; } good[] = {
		{ "P1W", 7, 0 }, { "P15DT5H0M20S", 15, 18020 }, { "PT5H20S", 0, 18020 }, { "-PT15M", 0, -900 },
		{ "+P2D", 2, 0 }, { "PT0S", 0, 0 }, { "-P1DT1S", -1, -1 }, { "PT86400S", 0, 86400 },
		{ "P1W2D", 9, 0 }, { "PT1H30M", 0, 5400 },
	};
	static const char *const bad[] = {
		"", "P", "PT", "P1DT", "1D", "P1", "PD", "P1H", "PT1D", "P1D1D", "P1D2W", "PT1S1M", "P-1D", "--P1D",
		"P1.5D", "PT1HT1M", "P1Y", "P 1D", "P1D ", "p1d",
	};
	struct ical_duration d;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(ical_duration(good[i].text, &d, &e), 0);
		assert_int_equal(d.days, good[i].days);
		assert_int_equal(d.seconds, good[i].seconds);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!ical_duration(bad[i], &d, &e) || e.code != ERR_SYNTAX) {
			fail_msg("'%s'", bad[i]);
		}
	}
	assert_int_equal(ical_duration("P1000000000000W", &d, &e), -1);
	assert_int_equal(e.code, ERR_LATE);
	assert_int_equal(ical_duration("PT99999999999999999999999999999S", &d, &e), -1);
	assert_int_equal(e.code, ERR_LATE);
}

static void days_are_nominal_seconds_exact(void **state)
{
	struct ical_when w = when("20240330T120000", "Europe/Berlin", NULL);
	struct ical_when day = when("20240331", NULL, zone_find("Europe/Berlin"));

	assert_int_equal(ical_add(&w, &(struct ical_duration){ 1, 0 }), at("2024-03-31T10:00:00Z"));
	assert_int_equal(ical_add(&w, &(struct ical_duration){ 0, 86400 }), at("2024-03-31T11:00:00Z"));
	assert_int_equal(ical_add(&w, &(struct ical_duration){ -1, -60 }), at("2024-03-29T10:59:00Z"));
	/* an all-day date where clocks change has 23 hours */
	assert_int_equal(ical_add(&day, &(struct ical_duration){ 1, 0 }) - day.utc, 23 * 3600);
}

static void periods_and_lists(void **state)
{
	struct ical_when start;
	char item[ICAL_ITEM_SIZE];
	const char *list = "a,,b", *text;
	struct err e;
	int64_t end;

	assert_int_equal(ical_period(NULL, "20240101T100000Z/20240101T110000Z", NULL, NULL, &start, &end, &e), 0);
	assert_int_equal(end - start.utc, 3600);
	assert_int_equal(ical_period(NULL, "20240330T120000/P1D", "Europe/Berlin", NULL, &start, &end, &e), 0);
	assert_int_equal(end - start.utc, 23 * 3600);
	text = "20240101T100000Z";
	assert_int_equal(ical_period(NULL, text, NULL, NULL, &start, &end, &e), -1);
	assert_int_equal(ical_period(NULL, "20240101T100000Z/20240101T090000Z", NULL, NULL, &start, &end, &e), -1);
	assert_int_equal(ical_period(NULL, "20240101T100000Z/", NULL, NULL, &start, &end, &e), -1);
	assert_int_equal(ical_period(NULL, "/PT1H", NULL, NULL, &start, &end, &e), -1);
	assert_int_equal(ical_period(NULL, "20240101/P1D", NULL, NULL, &start, &end, &e), -1);

	assert_int_equal(ical_list_next(&list, item), 1);
	assert_string_equal(item, "a");
	assert_int_equal(ical_list_next(&list, item), 1);
	assert_string_equal(item, "");
	assert_int_equal(ical_list_next(&list, item), 1);
	assert_string_equal(item, "b");
	assert_int_equal(ical_list_next(&list, item), 0);
}

static void text_there_and_back(void **state)
{
	static const char plain[] = "a;b,c\\d\ne\tf \xc3\xa9";
	cleanup_buf struct buf b;

	assert_string_equal(ical_text("a\\nb\\Nc\\;\\,\\\\n\\x\\", mem), "a\nb\nc;,\\n\\x\\");
	buf_init(&b, 1000);
	assert_int_equal(ical_escape(&b, plain), 0);
	assert_string_equal(b.data, "a\\;b\\,c\\\\d\\ne\tf \xc3\xa9");
	assert_string_equal(ical_text(b.data, mem), plain);
	buf_reset(&b);
	/* whatever a name holds, it makes no second line */
	ical_escape(&b, "x\r\nATTENDEE:y\rz\x01\x7f\xe2\x80\xa8\"");
	assert_string_equal(b.data, "x\\nATTENDEE:y\\nz\xe2\x80\xa8\"");
	buf_reset(&b);
	b.max = 3;
	assert_int_equal(ical_escape(&b, "a;bc"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utc_floating_and_dates),
		cmocka_unit_test(zones_by_every_spelling),
		cmocka_unit_test(unknown_zones_float),
		cmocka_unit_test(gap_and_overlap),
		cmocka_unit_test(malformed_times),
		cmocka_unit_test(durations),
		cmocka_unit_test(days_are_nominal_seconds_exact),
		cmocka_unit_test(periods_and_lists),
		cmocka_unit_test(text_there_and_back),
	};
	return cmocka_run_group_tests_name("ical values", tests, setup, teardown);
}
