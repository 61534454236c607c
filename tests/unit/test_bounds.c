/* The span that an index keeps: never too narrow. */
#include "tests/unit/ical_text.h"

#include "base/util.h"
#include "ical/zone.h"
#include "tests/unit/zones.h"

static void bounds(const char *lines, int64_t *first, int64_t *last)
{
	cleanup_arena struct arena *mem = arena_create();
	struct err e;

	if (ical_bounds(object(mem, lines), first, last, &e)) {
		fail_msg("%s: %s", lines, e.text);
	}
}

#define EVENT(lines) "BEGIN:VEVENT\nUID:x\n" lines "\nEND:VEVENT"
#define TODO(lines) "BEGIN:VTODO\nUID:x\n" lines "\nEND:VTODO"

static void single_events_are_exact(void **state)
{
	int64_t first, last;

	(void)state;
	bounds(EVENT("DTSTART:20240601T100000Z\nDTEND:20240601T110000Z"), &first, &last);
	assert_int_equal(first, at("20240601T100000Z"));
	assert_int_equal(last, at("20240601T110000Z"));
}

static void d29_endless_rules_have_no_end(void **state)
{
	static const char *const endless[] = {
		EVENT("DTSTART:20240601T100000Z\nRRULE:FREQ=DAILY"),
		EVENT("DTSTART:20240601T100000Z\nRRULE:FREQ=SECONDLY;COUNT=1000000000"),
		EVENT("DTSTART:20240601T100000Z\nRRULE:FREQ=DAILY;COUNT=3\nRRULE:FREQ=YEARLY"),
		TODO("SUMMARY:whenever"), TODO("CREATED:20240101T000000Z"),
	};
	int64_t first, last;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(endless); i++) {
		bounds(endless[i], &first, &last);
		assert_int_equal(last, ICAL_MAX);
	}
	bounds(TODO("SUMMARY:whenever"), &first, &last);
	assert_int_equal(first, ICAL_MIN);
}

static void rules_that_end_do(void **state)
{
	static const char *const ending[] = {
		EVENT("DTSTART:20240601T100000Z\nRRULE:FREQ=DAILY;COUNT=10"),
		EVENT("DTSTART:20240601T100000Z\nRRULE:FREQ=DAILY;UNTIL=20240610"),
		EVENT("DTSTART:20240601T100000Z\nRRULE:FREQ=SECONDLY;UNTIL=20240610T100000Z"),
		EVENT("DTSTART:20240601T100000Z\nRRULE:FREQ=SECONDLY;COUNT=1000000000;UNTIL=20240610T100000Z"),
	};
	int64_t first, last;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++) {
		bounds(ending[i], &first, &last);
		if (strstr(ending[i], "COUNT=1000000000")) {
			continue; /* may be too wide */
		}
		assert_true(first <= at("20240601T100000Z") && first > at("20240528T000000Z"));
		assert_true(last > at("20240610T100000Z") && last < at("20240615T000000Z"));
	}
}

static void empty_objects_are_never_found(void **state)
{
	int64_t first, last;

	(void)state;
	bounds("BEGIN:VJOURNAL\nUID:x\nSUMMARY:no date\nEND:VJOURNAL", &first, &last);
	assert_true(first > last);
}

/* A zone that changes once, at midnight from 2 to 3 June 2024 on the clock before. */
#define ZONE(id, before, after) "BEGIN:VTIMEZONE\nTZID:" id "\n" \
	"BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:" before "\nTZOFFSETTO:" before "\nEND:STANDARD\n" \
	"BEGIN:STANDARD\nDTSTART:20240603T000000\nTZOFFSETFROM:" before "\nTZOFFSETTO:" after "\nEND:STANDARD\n" \
	"END:VTIMEZONE\n"
#define FAR_EAST ZONE("East", "+2600", "+2600")
#define FAR_WEST ZONE("West", "-2600", "-2600")

/* Whatever a question in any zone finds, the index lets through. */
static const char *const objects[] = {
	EVENT("DTSTART:20240601T100000Z"), EVENT("DTSTART:20240601T100000\nDURATION:PT1H"),
		EVENT("DTSTART;VALUE=DATE:20240601"),
	EVENT("DTSTART;VALUE=DATE:20240601\nDURATION:P3D\nRRULE:FREQ=WEEKLY;COUNT=3"),
	EVENT("DTSTART:20240601T233000\nRRULE:FREQ=DAILY;UNTIL=20240605"),
	EVENT("DTSTART;TZID=Pacific/Kiritimati:20240601T003000\nRRULE:FREQ=DAILY;COUNT=4"),
	EVENT("DTSTART;TZID=Europe/Berlin:20240329T023000\nDURATION:P2D\n"
	"RRULE:FREQ=DAILY;UNTIL=20240331T013000Z"),
	EVENT("DTSTART:20240601T100000Z\nRDATE:20230601T100000Z\nRDATE;VALUE=PERIOD:20240901T100000Z/P40D"),
	EVENT("DTSTART:20240601T100000Z\nRRULE:FREQ=DAILY;COUNT=5") "\n"
	EVENT("RECURRENCE-ID:20240603T100000Z\nDTSTART:20230101T000000Z\nDURATION:PT1H") "\n"
	EVENT("RECURRENCE-ID:20240604T100000Z\nDTSTART:20260101T000000Z\nDURATION:P9D"),
	EVENT("DTSTART:20240601T100000Z\nRRULE:FREQ=DAILY;COUNT=5") "\n"
	EVENT("RECURRENCE-ID;RANGE=THISANDFUTURE:20240603T100000Z\nDTSTART:20240703T120000Z\nDURATION:P5D"),
	EVENT("DTSTART:20240601T100000Z\nRRULE:FREQ=DAILY;COUNT=5") "\n"
	EVENT("RECURRENCE-ID;RANGE=THISANDFUTURE:20240603T100000Z\nDTSTART:20240403T120000Z"),
	EVENT("RECURRENCE-ID:20240603T100000Z\nDTSTART:20240604T100000Z"),
	TODO("DUE:20240601T100000Z"), TODO("DTSTART:20240601T090000Z\nDURATION:PT1H"),
	TODO("COMPLETED:20240601T100000Z"),
	TODO("DTSTART:20240601T090000Z\nDUE:20240601T100000Z\nRRULE:FREQ=MONTHLY;COUNT=2"),
	TODO("DUE;VALUE=DATE:20240601"),
	TODO("CREATED:20240101T000000Z\nCOMPLETED:20240601T100000Z"),
	ZONE("Gap", "-2600", "+2600")
	EVENT("DTSTART;TZID=Gap:20240601T233000\nDURATION:P2D\nRRULE:FREQ=DAILY;UNTIL=20240604"),
	ZONE("Twice", "+2600", "-2600")
	EVENT("DTSTART;TZID=Twice:20240601T003000\nDURATION:P2D\nRRULE:FREQ=DAILY;COUNT=4"),
};

/* The zone of that VTIMEZONE; good as long as mem. */
static const struct zone *zone_made(struct arena *mem, const char *lines, const char *id)
{
	struct ical_when w;

	assert_int_equal(ical_when(object(mem, lines), "20240101T000000", id, NULL, &w, NULL), 0);
	assert_non_null(w.zone);
	return w.zone;
}

static int hit(const struct ical_instance *i, void *arg)
{
	(void)i;
	*(bool *)arg = true;
	return 1;
}

/* As a store compares; a moment lies in what begins with it (RFC 4791 9.9). */
static bool overlaps(int64_t first, int64_t last, int64_t from, int64_t to)
{
	return first < to && (last > from || (first == last && first >= from));
}

static void bounds_are_never_too_narrow(void **state)
{
	cleanup_arena struct arena *own = arena_create();
	const struct zone *const zones[] = { zone_find("UTC"), zone_find("Pacific/Kiritimati"),
		zone_find("Etc/GMT+12"), zone_find("Europe/Berlin"), zone_made(own, FAR_EAST, "East"),
		zone_made(own, FAR_WEST, "West") };
	size_t hits = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		cleanup_arena struct arena *mem = arena_create();
		const struct ical *ic = object(mem, objects[i]);
		int64_t first, last;

		assert_int_equal(ical_bounds(ic, &first, &last, NULL), 0);
		for (size_t z = 0; z < ARRAY_SIZE(zones); z++) {
			for (int64_t from = at("20221201T000000Z"); from < at("20260301T000000Z"); from += 1800 * 7) {
				for (int64_t len = 1; len < 4000; len += 1799) {
					bool found = false;

					assert_int_equal(ical_expand(ic, zones[z], from, from + len, hit, &found, NULL), 0);
					if (found && !overlaps(first, last, from, from + len)) {
						fail_msg("%s in zone %zu", objects[i], z);
					}
					hits += found;
				}
			}
		}
	}
	assert_true(hits > 1000);
}

static void exact_ends_are_found(void **state)
{
	static const char *const from_to[][2] = {
		{ "20240601T100000Z", "20240601T100001Z" }, { "20240601T090000Z", "20240601T100000Z" },
		{ "20240601T095959Z", "20240601T100000Z" }, { "20240601T100000Z", "20240601T110000Z" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		cleanup_arena struct arena *mem = arena_create();
		const struct ical *ic = object(mem, objects[i]);
		int64_t first, last;

		assert_int_equal(ical_bounds(ic, &first, &last, NULL), 0);
		for (size_t k = 0; k < ARRAY_SIZE(from_to); k++) {
			int64_t from = at(from_to[k][0]), to = at(from_to[k][1]);
			bool found = false;

			assert_int_equal(ical_expand(ic, NULL, from, to, hit, &found, NULL), 0);
			assert_true(!found || overlaps(first, last, from, to));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_events_are_exact),
		cmocka_unit_test(d29_endless_rules_have_no_end),
		cmocka_unit_test(rules_that_end_do),
		cmocka_unit_test(empty_objects_are_never_found),
		cmocka_unit_test(bounds_are_never_too_narrow),
		cmocka_unit_test(exact_ends_are_found),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
