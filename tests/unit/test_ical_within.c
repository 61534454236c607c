/* ical/within.c: RFC 4791 5.2.6 to 5.2.8. */
#include "tests/unit/ical_text.h"

#include "base/util.h"
#include "tests/unit/zones.h"

/* Code of what is wrong, ERR_NONE if nothing is. */
static enum errcode within(const char *lines, const char *from, const char *to, size_t instances)
{
	cleanup_arena struct arena *mem = arena_create();
	struct ical_limits limits = ical_default_limits;
	struct ical *ic = event(mem, lines);
	struct err e = { 0 };

	limits.earliest = at(from);
	limits.latest = at(to);
	limits.instances = instances;
	ic->limits = &limits;
	return ical_within(ic, &e) ? e.code : ERR_NONE;
}

static void dates_and_instances(void **state)
{
	static const struct { const char *lines; enum errcode code; } rows[] = {
		{ "DTSTART:20240101T000000Z", ERR_NONE },
		{ "DTSTART:20231231T235959Z", ERR_EARLY },
		{ "DTSTART:20241231T235959Z", ERR_NONE },
		{ "DTSTART:20250101T000000Z", ERR_LATE },
		{ "DTSTART:20240101T000000Z\nDURATION:P2000D", ERR_NONE },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=DAILY;COUNT=10", ERR_NONE },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=DAILY;COUNT=11", ERR_INSTANCES },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=DAILY;COUNT=11\nEXDATE:20240605T000000Z", ERR_NONE },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=DAILY;UNTIL=20240610", ERR_NONE },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=DAILY;UNTIL=20240611", ERR_INSTANCES },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=DAILY", ERR_NONE },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=DAILY\nRRULE:FREQ=DAILY;COUNT=1000", ERR_NONE },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=YEARLY;COUNT=2", ERR_LATE },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=SECONDLY;INTERVAL=1000000;COUNT=5", ERR_NONE },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=SECONDLY;UNTIL=20240601T000009Z", ERR_NONE },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=SECONDLY;UNTIL=20240601T000010Z", ERR_INSTANCES },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=DAILY;BYHOUR=0,1;BYMINUTE=0,1,2;BYSECOND=0,1;UNTIL=20240602",
			ERR_INSTANCES },
		{ "DTSTART:20240601T000000Z\nRRULE:FREQ=DAILY;UNTIL=20200101", ERR_EARLY },
		{ "DTSTART:20240601T000000Z\nRDATE:20240602,20260101", ERR_LATE },
		{ "DTSTART:20240601T000000Z\nCREATED:19700101T000000Z", ERR_NONE },
		{ "DTSTART:20240601T000000Z\nBEGIN:VALARM\nTRIGGER:-P1000D\nEND:VALARM", ERR_NONE },
		{ "DTSTART:20240601T000000Z\nBEGIN:VALARM\nTRIGGER:20200101T000000Z\nEND:VALARM", ERR_EARLY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum errcode code = within(rows[i].lines, "20240101T000000Z", "20241231T235959Z", 10);

		if (code != rows[i].code) {
			fail_msg("%s: %d", rows[i].lines, code);
		}
	}
}

/* What is far from the limits is not expanded. */
static void usual_series_cost_nothing(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	int64_t before = cpu_ms();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(ical_within(event(mem, "DTSTART:20240101T000000Z\nRRULE:FREQ=DAILY;UNTIL=20991231"),
			NULL), 0);
	}
	assert_true(cpu_ms() - before < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_and_instances),
		cmocka_unit_test(usual_series_cost_nothing),
	};
	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
