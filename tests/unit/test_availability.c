/* RFC 7953: what VAVAILABILITY leaves of a time. Days are those of June 2026, the 1st a Monday. */
#include "tests/unit/ical_text.h"
#include "tests/unit/zones.h"

#define WORK "BEGIN:AVAILABLE\nUID:a\nDTSTART:20260601T090000Z\nDTEND:20260601T170000Z\n" \
	"RRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR\nEND:AVAILABLE\n"
#define LAYER(lines, parts) "BEGIN:VAVAILABILITY\nUID:v\n" lines parts "END:VAVAILABILITY"

static const char *busy(struct arena *mem, const char *lines, const char *from, const char *to)
{
	struct ical_busy_list list = { .mem = mem, .max = 100 };
	const struct ical *ic = object(mem, lines);
	cleanup_buf struct buf out;
	struct err e = { 0 };

	buf_init(&out, 100000);
	if (ical_availability_add(&list, &ic, 1, NULL, at(from), at(to), &e)
		|| ical_busy_write(&list, at(from), at(to), 0, &out, &e)) {
		return arena_printf(mem, "!%d", e.code);
	}
	char *text = arena_strdup(mem, "");
	for (char *line = strstr(out.data, "FREEBUSY;"); line; line = strstr(line + 1, "FREEBUSY;")) {
		const char *type = strchr(line, '=') + 1;
		text = arena_printf(mem, "%s%.*s ", text, (int)strcspn(type, "\r"), type);
	}
	return text;
}

static void outside_of_what_is_available_is_busy(void **state)
{
	cleanup_arena struct arena *mem = arena_create();

	(void)state;
	assert_string_equal(busy(mem, LAYER("", WORK), "20260601T000000Z", "20260603T000000Z"),
		"BUSY-UNAVAILABLE:20260601T000000Z/20260601T090000Z "
		"BUSY-UNAVAILABLE:20260601T170000Z/20260602T090000Z "
		"BUSY-UNAVAILABLE:20260602T170000Z/20260603T000000Z ");
	assert_string_equal(busy(mem, LAYER("", WORK), "20260601T100000Z", "20260601T110000Z"), "");
	assert_string_equal(busy(mem, LAYER("BUSYTYPE:BUSY\n", ""), "20260601T100000Z", "20260601T110000Z"),
		"BUSY:20260601T100000Z/20260601T110000Z ");
}

static void it_says_nothing_outside_of_its_own_time(void **state)
{
	cleanup_arena struct arena *mem = arena_create();

	(void)state;
	assert_string_equal(busy(mem, LAYER("DTSTART:20260601T120000Z\nDTEND:20260602T000000Z\n", WORK),
		"20260601T000000Z", "20260603T000000Z"), "BUSY-UNAVAILABLE:20260601T170000Z/20260602T000000Z ");
	assert_string_equal(busy(mem, LAYER("DTSTART:20260601T120000Z\nDURATION:PT6H\n", ""),
		"20260601T000000Z", "20260603T000000Z"), "BUSY-UNAVAILABLE:20260601T120000Z/20260601T180000Z ");
	assert_string_equal(busy(mem, LAYER("DTEND:20260601T060000Z\n", ""), "20260601T000000Z",
		"20260603T000000Z"), "BUSY-UNAVAILABLE:20260601T000000Z/20260601T060000Z ");
}

static void exceptions_and_overrides_hold(void **state)
{
	cleanup_arena struct arena *mem = arena_create();

	(void)state;
	assert_string_equal(busy(mem, LAYER("", "BEGIN:AVAILABLE\nUID:a\nDTSTART:20260601T090000Z\n"
		"DURATION:PT8H\nRRULE:FREQ=DAILY\nEXDATE:20260602T090000Z\nEND:AVAILABLE\n"
		"BEGIN:AVAILABLE\nUID:a\nRECURRENCE-ID:20260603T090000Z\nDTSTART:20260603T100000Z\n"
		"DTEND:20260603T120000Z\nEND:AVAILABLE\n"), "20260602T000000Z", "20260604T000000Z"),
		"BUSY-UNAVAILABLE:20260602T000000Z/20260603T100000Z "
		"BUSY-UNAVAILABLE:20260603T120000Z/20260604T000000Z ");
}

/* RFC 7953 4 and its examples: a holiday of higher priority over the working week. */
static void higher_priority_wins(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const char *low = LAYER("PRIORITY:9\n", WORK) "\n";

	(void)state;
	assert_string_equal(busy(mem, arena_printf(mem, "%s%s", low,
		"BEGIN:VAVAILABILITY\nUID:w\nPRIORITY:1\nBUSYTYPE:BUSY\nDTSTART:20260602T000000Z\n"
		"DTEND:20260603T000000Z\nEND:VAVAILABILITY"), "20260601T120000Z", "20260603T120000Z"),
		"BUSY:20260602T000000Z/20260603T000000Z "
		"BUSY-UNAVAILABLE:20260601T170000Z/20260602T000000Z "
		"BUSY-UNAVAILABLE:20260603T000000Z/20260603T090000Z ");
	/* and the other way round: no priority is the lowest */
	assert_string_equal(busy(mem, arena_printf(mem, "%s%s",
		"BEGIN:VAVAILABILITY\nUID:w\nBUSYTYPE:BUSY\nEND:VAVAILABILITY\n", LAYER("PRIORITY:9\n", WORK)),
		"20260601T100000Z", "20260601T180000Z"), "BUSY-UNAVAILABLE:20260601T170000Z/20260601T180000Z ");
}

static void times_are_those_of_the_zone(void **state)
{
	cleanup_arena struct arena *mem = arena_create();

	(void)state;
	assert_string_equal(busy(mem, LAYER("", "BEGIN:AVAILABLE\nUID:a\n"
		"DTSTART;TZID=Europe/Paris:20260323T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nEND:AVAILABLE\n"),
		"20260330T060000Z", "20260330T090000Z"), /* summer time since the 29th */
		"BUSY-UNAVAILABLE:20260330T060000Z/20260330T070000Z "
		"BUSY-UNAVAILABLE:20260330T080000Z/20260330T090000Z ");
}

static void too_much_is_told(void **state)
{
	cleanup_arena struct arena *mem = arena_create();

	(void)state;
	assert_string_equal(busy(mem, LAYER("", WORK), "20260101T000000Z", "20280101T000000Z"),
		arena_printf(mem, "!%d", ERR_INSTANCES));
}

static int validity(struct arena *mem, const char *lines)
{
	struct err e = { 0 };

	return ical_availability_valid(object(mem, lines), &e);
}

static void validity_of_the_property(void **state)
{
	cleanup_arena struct arena *mem = arena_create();

	(void)state;
	assert_int_equal(validity(mem, LAYER("", WORK)), 0);
	assert_int_equal(validity(mem, LAYER("", "")), 0);
	assert_int_equal(validity(mem, "BEGIN:VEVENT\nUID:x\nDTSTART:20260601T090000Z\nEND:VEVENT"), -1);
	assert_int_equal(validity(mem, LAYER("DURATION:PT1H\n", "")), -1);
	assert_int_equal(validity(mem, LAYER("DTSTART:nonsense\n", "")), -1);
	assert_int_equal(validity(mem, LAYER("", "BEGIN:AVAILABLE\nUID:a\nEND:AVAILABLE\n")), -1);
	assert_int_equal(validity(mem, LAYER("", "BEGIN:AVAILABLE\nDTSTART:20260601T090000Z\nEND:AVAILABLE\n")),
		-1);
	assert_int_equal(validity(mem, "BEGIN:VAVAILABILITY\nEND:VAVAILABILITY"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outside_of_what_is_available_is_busy),
		cmocka_unit_test(it_says_nothing_outside_of_its_own_time),
		cmocka_unit_test(exceptions_and_overrides_hold),
		cmocka_unit_test(higher_priority_wins),
		cmocka_unit_test(times_are_those_of_the_zone),
		cmocka_unit_test(too_much_is_told),
		cmocka_unit_test(validity_of_the_property),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
