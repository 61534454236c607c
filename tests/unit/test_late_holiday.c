/* Public holidays against what the countries' calendars say, and lists and files of dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/zone.h"
#include "policy/late/holiday.h"

struct row { const char *country, *date; bool closed; };

static int64_t day_of(const char *date)
{
	char full[ISO_DATE_SIZE];
	int64_t t = 0;

	snprintf(full, sizeof(full), "%sT00:00:00Z", date);
	assert_int_equal(iso_date_parse(full, &t), 0);
	return t / 86400;
}

static void check(const struct row *rows, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		const struct holidays h = { .countries = holiday_country(rows[n].country) };

		if (holiday_is(&h, day_of(rows[n].date)) != rows[n].closed)
			fail_msg("%s %s", rows[n].country, rows[n].date);
	}
}

static void countries_keep_their_days(void **state)
{
	static const struct row rows[] = {
		/* Easter: 12 April 2020, 4 April 2021, 31 March 2024, 20 April 2025, 5 April 2026, 25 April 2038 */
		{ "fr", "2026-04-06", true }, { "fr", "2026-04-03", false }, { "fr", "2026-05-14", true },
		{ "fr", "2026-05-25", true }, { "fr", "2026-05-08", true }, { "fr", "2026-07-14", true },
		{ "fr", "2026-08-15", true }, { "fr", "2026-11-11", true }, { "fr", "2026-12-26", false },
		{ "fr", "2038-04-26", true }, { "fr", "2026-06-10", false },
		{ "de", "2026-04-03", true }, { "de", "2026-10-03", true }, { "de", "2026-12-26", true },
		{ "de", "2026-11-01", false }, { "de", "2017-10-31", true }, { "de", "2018-10-31", false },
		{ "de", "2025-05-29", true }, { "de", "2025-06-09", true },
		{ "be", "2026-07-21", true }, { "be", "2026-05-08", false }, { "be", "2024-04-01", true },
		{ "be", "2026-11-11", true }, { "be", "2026-12-25", true },
		{ "ch", "2026-08-01", true }, { "ch", "2026-05-14", true }, { "ch", "2026-05-25", false },
		{ "ch", "2026-12-25", true }, { "ch", "2026-01-02", false },
		{ "us", "2026-01-19", true }, { "us", "2026-02-16", true }, { "us", "2026-05-25", true },
		{ "us", "2026-06-19", true }, { "us", "2020-06-19", false }, { "us", "2026-07-03", true },
		{ "us", "2026-07-04", true }, { "us", "2021-12-31", true }, { "us", "2026-09-07", true },
		{ "us", "2026-10-12", true }, { "us", "2026-11-26", true }, { "us", "2026-11-27", false },
		{ "us", "2022-12-26", true }, { "us", "2023-01-02", true },
		{ "gb", "2026-04-03", true }, { "gb", "2026-05-04", true }, { "gb", "2026-05-25", true },
		{ "gb", "2026-08-31", true }, { "gb", "2026-12-28", true }, { "gb", "2026-12-26", false },
		{ "gb", "2021-12-27", true }, { "gb", "2021-12-28", true }, { "gb", "2022-12-26", true },
		{ "gb", "2022-12-27", true }, { "gb", "2022-01-03", true }, { "gb", "2023-01-02", true },
		{ "gb", "2020-05-04", false }, { "gb", "2020-05-08", true }, { "gb", "2022-05-30", false },
		{ "gb", "2022-06-02", true }, { "gb", "2022-06-03", true }, { "gb", "2022-09-19", true },
		{ "gb", "2023-05-08", true }, { "gb", "2024-05-08", false }, { "gb", "2011-04-29", true },
	};

	check(rows, ARRAY_SIZE(rows));
	assert_int_equal(holiday_country("xx"), 0);
	assert_int_equal(holiday_country("FR"), 0);
}

static void dates_and_countries_add_up(void **state)
{
	struct arena *mem = arena_create();
	const struct holidays *h = holiday_add(NULL, 100, mem);

	h = holiday_add_country(h, holiday_country("fr"), mem);
	h = holiday_add(h, 200, mem);
	assert_true(holiday_is(h, 100) && holiday_is(h, 200) && holiday_is(h, day_of("2026-07-14")));
	assert_false(holiday_is(h, 101));
	for (int n = 2; h && n < HOLIDAYS_MAX; n++)
		h = holiday_add(h, n, mem);
	assert_non_null(h);
	assert_null(holiday_add(h, 1, mem));
	arena_destroy(mem);
}

static const struct holidays *from_file(const char *text, struct arena *mem, struct err *e)
{
	char path[] = "/tmp/dedit-holidays-XXXXXX";
	const struct holidays *h;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	h = holiday_add_file(NULL, path, mem, e);
	unlink(path);
	return h;
}

static void files_give_all_days_of_their_events(void **state)
{
	struct arena *mem = arena_create();
	struct err e;
	const struct holidays *h = from_file("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
		"BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20260801\r\n"
		"DTEND;VALUE=DATE:20260803\r\nSUMMARY:Closed\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:b\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20200106\r\n"
		"RRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", mem, &e);

	assert_non_null(h);
	assert_true(holiday_is(h, day_of("2026-08-01")) && holiday_is(h, day_of("2026-08-02")));
	assert_false(holiday_is(h, day_of("2026-08-03")));
	assert_true(holiday_is(h, day_of("2026-01-06")) && holiday_is(h, day_of("2099-01-06")));
	assert_null(from_file("nothing", mem, &e));
	assert_non_null(strstr(e.text, "no event in it"));
	assert_null(holiday_add_file(NULL, "/nowhere/x.ics", mem, &e));
	assert_non_null(strstr(e.text, "/nowhere/x.ics: No such file"));
	arena_destroy(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(countries_keep_their_days),
		cmocka_unit_test(dates_and_countries_add_up),
		cmocka_unit_test(files_give_all_days_of_their_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
