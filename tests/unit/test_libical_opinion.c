/*
 * A second opinion: on rules that libical 3.0 is known to read rightly (those that calendar programs
 * write; libraries.md B7), the expander gives the same times. Its conversions of times that exist,
 * once, must be the same as well. What libical gets wrong is in test_zone, test_recur and test_expand.
 */
#include "tests/unit/ical_text.h"

#include <libical/ical.h>

#include "base/util.h"
#include "ical/recur.h"
#include "ical/zone.h"
#include "tests/unit/zones.h"

static const char *const rules[] = {
	"FREQ=DAILY", "FREQ=DAILY;INTERVAL=2", "FREQ=DAILY;COUNT=30", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
	"FREQ=DAILY;BYMONTH=1,7", "FREQ=DAILY;BYHOUR=9,17", "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2",
	"FREQ=WEEKLY;BYDAY=TU,TH", "FREQ=WEEKLY;WKST=SU;BYDAY=MO,WE,FR",
	"FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU",
	"FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=TU,SU", "FREQ=WEEKLY;COUNT=8",
	"FREQ=WEEKLY;UNTIL=20261231T235959Z",
	"FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=15", "FREQ=MONTHLY;BYMONTHDAY=31",
	"FREQ=MONTHLY;BYMONTHDAY=-1",
	"FREQ=MONTHLY;BYMONTHDAY=1,-1", "FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=-1FR",
	"FREQ=MONTHLY;BYDAY=TU,-2MO",
	"FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
	"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=1", "FREQ=MONTHLY;INTERVAL=3",
	"FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
	"FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "FREQ=YEARLY",
	"FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
	"FREQ=YEARLY;BYMONTH=10;BYDAY=2MO", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;INTERVAL=2",
	"FREQ=YEARLY;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
	"FREQ=YEARLY;BYDAY=20MO",
	"FREQ=YEARLY;BYYEARDAY=1,100,200", "FREQ=YEARLY;BYMONTH=1,2,3", "FREQ=HOURLY;INTERVAL=3",
	"FREQ=MINUTELY;INTERVAL=15",
	"FREQ=MINUTELY;INTERVAL=90",
};

/* Each from the first time that it gives itself, on or after these. */
static const char *const starts[] = { "20240229T101500", "20250101T090000", "19970902T090000",
	"20231231T233000" };

static int64_t seconds_of(struct icaltimetype t)
{
	struct wall w = { t.year, t.month, t.day, t.hour, t.minute, t.second };

	return wall_seconds(&w);
}

static void compare(const char *text, const char *start)
{
	struct rule rule;
	struct ical_when w;
	uint64_t steps = 1000000;
	struct recur recur;
	int64_t ours;

	assert_int_equal(rule_parse(text, &rule, NULL), 0);
	assert_int_equal(ical_when(NULL, start, NULL, NULL, &w, NULL), 0);
	/* libical begins with DTSTART whether the rule gives it or not: begin where both agree */
	recur_open(&recur, &rule, &w.wall, INT64_MAX, false, &steps);
	assert_int_equal(recur_next(&recur, &ours), 1);
	wall_from_seconds(ours, &w.wall);

	int64_t until = rule.has_until ? wall_seconds(&rule.until.wall) : INT64_MAX;
	recur_open(&recur, &rule, &w.wall, until, true, &steps);
	struct icalrecurrencetype theirs = icalrecurrencetype_from_string(text);
	struct icaltimetype dtstart = icaltime_null_time();
	dtstart.year = w.wall.year;
	dtstart.month = w.wall.month;
	dtstart.day = w.wall.day;
	dtstart.hour = w.wall.hour;
	dtstart.minute = w.wall.min;
	dtstart.second = w.wall.sec;
	icalrecur_iterator *it = icalrecur_iterator_new(theirs, dtstart);
	assert_non_null(it);
	for (size_t n = 0; n < 120; n++) {
		struct icaltimetype t = icalrecur_iterator_next(it);
		int rc = recur_next(&recur, &ours);

		if (icaltime_is_null_time(t) != (rc == 0) || (rc > 0 && seconds_of(t) != ours)) {
			fail_msg("%s from %s, the %zuth: %s", text, start, n, icaltime_as_ical_string(t));
		}
		if (!rc) {
			break;
		}
	}
	icalrecur_iterator_free(it);
}

static void rules_that_programs_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(starts); k++) {
			compare(rules[i], starts[k]);
		}
	}
}

static void conversions_of_times_that_exist_once(void **state)
{
	static const char *const names[] = { "Europe/Berlin", "America/New_York", "Asia/Kathmandu",
		"Australia/Sydney" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		icaltimezone *theirs = icaltimezone_get_builtin_timezone(names[i]);
		const struct zone *z = zone_find(names[i]);

		assert_non_null(theirs);
		assert_non_null(z);
		for (int64_t t = at("19710101T000000Z"); t < at("20370101T000000Z"); t += 86400 * 3 + 3607) {
			struct icaltimetype utc = icaltime_from_timet_with_zone((time_t)t, 0,
				icaltimezone_get_utc_timezone());
			struct icaltimetype local = icaltime_convert_to_zone(utc, theirs);

			assert_int_equal(seconds_of(local), t + zone_offset(z, t));
		}
	}
}

static int stop(void **state)
{
	(void)state;
	zone_finish();
	icaltimezone_free_builtin_timezones();
	icalmemory_free_ring();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_that_programs_write),
		cmocka_unit_test(conversions_of_times_that_exist_once),
	};

	return cmocka_run_group_tests(tests, zones_begin, stop);
}
