#include "ical/zone.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/ical_text.h"
#include "tests/unit/zones.h"

static const struct zone *named(const char *name)
{
	const struct zone *z = zone_find(name);

	assert_non_null(z);
	return z;
}

/* "20240331T023000" in a zone, as UTC text. */
static const char *utc_of(struct arena *mem, const struct zone *z, const char *local)
{
	struct ical_when w;
	char *out = arena_alloc(mem, ICAL_UTC_SIZE);

	assert_int_equal(ical_when(NULL, local, NULL, z, &w, NULL), 0);
	ical_utc(zone_to_utc(z, &w.wall), out);
	return out;
}

static void check(const char *zone, const char *local, const char *utc)
{
	cleanup_arena struct arena *mem = arena_create();

	assert_string_equal(utc_of(mem, named(zone), local), utc);
}

static void b6_time_in_a_gap_has_the_offset_before_it(void **state)
{
	(void)state;
	check("Europe/Berlin", "20240331T023000", "20240331T013000Z");
	check("Europe/Berlin", "20240331T020000", "20240331T010000Z");
	check("Europe/Berlin", "20240331T015959", "20240331T005959Z");
	check("Europe/Berlin", "20240331T030000", "20240331T010000Z");
	check("America/New_York", "20070311T023000", "20070311T073000Z");
	check("Australia/Lord_Howe", "20241006T021500", "20241005T154500Z");
	check("Pacific/Apia", "20111230T120000", "20111230T220000Z");
}

static void b6_time_that_exists_twice_is_the_first(void **state)
{
	(void)state;
	check("Europe/Berlin", "20241027T023000", "20241027T003000Z");
	check("Europe/Berlin", "20241027T020000", "20241027T000000Z");
	check("Europe/Berlin", "20241027T030000", "20241027T020000Z");
	check("America/New_York", "20071104T013000", "20071104T053000Z");
	check("Europe/Dublin", "20241027T013000", "20241027T003000Z");
}

static void far_years(void **state)
{
	(void)state;
	check("Europe/Berlin", "18900701T120000", "18900701T110632Z"); /* local mean time, +0:53:28 */
	check("Europe/Berlin", "19160701T120000", "19160701T100000Z");
	check("Europe/Berlin", "19650701T120000", "19650701T110000Z");
	check("Europe/Berlin", "20500701T120000", "20500701T100000Z");
	check("Europe/Berlin", "21500101T120000", "21500101T110000Z");
	check("Europe/Berlin", "21500701T120000", "21500701T100000Z");
	check("Europe/Berlin", "99990701T120000", "99990701T100000Z");
	check("Europe/Berlin", "99991231T235959", "99991231T225959Z");
	check("Europe/Berlin", "00010101T000000", "00001231T230632Z");
	check("America/Sao_Paulo", "99990101T000000", "99990101T030000Z");
}

/* 28 March 9999 is the last Sunday of that March. */
static void far_gap_and_overlap(void **state)
{
	(void)state;
	check("Europe/Berlin", "99990328T023000", "99990328T013000Z");
	check("Europe/Berlin", "99991031T023000", "99991031T003000Z");
}

static void daylight_time_in_the_south_and_odd_rules(void **state)
{
	(void)state;
	check("Australia/Sydney", "20600115T120000", "20600115T010000Z");
	check("Australia/Sydney", "20600715T120000", "20600715T020000Z");
	check("America/Nuuk", "20500701T120000", "20500701T130000Z"); /* changes at -1 o'clock */
	check("Africa/Cairo", "20500701T120000", "20500701T090000Z"); /* at 24 o'clock */
	check("Asia/Kathmandu", "20240101T054500", "20240101T000000Z");
}

static void there_and_back(void **state)
{
	static const char *const names[] = {
		"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Tehran", "UTC",
		"Europe/Dublin", "Africa/Casablanca",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct zone *z = named(names[i]);

		for (int64_t t = at("18800101"); t < at("25000101"); t += 1234567) {
			struct wall w;

			zone_from_utc(z, t, &w);
			int64_t back = zone_to_utc(z, &w);
			/* a second one of two equal times comes back as the first */
			if (back != t) {
				struct wall again;

				zone_from_utc(z, back, &again);
				assert_true(back < t);
				assert_int_equal(wall_seconds(&again), wall_seconds(&w));
			}
			assert_int_equal(wall_seconds(&w) - t, zone_offset(z, t));
		}
	}
}

static void extremes_do_not_overflow(void **state)
{
	struct wall w;

	(void)state;
	const struct zone *z = named("Europe/Berlin");
	zone_from_utc(z, INT64_MAX, &w);
	zone_from_utc(z, INT64_MIN, &w);
	(void)zone_offset(z, INT64_MAX);
	assert_int_equal(zone_offset(z, INT64_MIN), 3208);
	w = (struct wall) { .year = 2147483647, .month = 12, .day = 31 };
	(void)zone_to_utc(z, &w);
}

static void a_day_begins_where_it_is(void **state)
{
	const struct zone *paris = zone_find("Europe/Paris"), *havana = zone_find("America/Havana");
	int64_t day;

	(void)state;
	assert_int_equal(date_parse("2026-06-10", &day), 0);
	assert_int_equal(zone_day_begin(zone_utc(), day), at("20260610T000000Z"));
	assert_int_equal(zone_day_begin(paris, day), at("20260609T220000Z"));
	/* the hour from midnight is left out that day */
	assert_int_equal(date_parse("2024-03-10", &day), 0);
	assert_int_equal(zone_day_begin(havana, day), at("20240310T050000Z"));
	assert_int_equal(zone_day_begin(paris, -1), at("19691230T230000Z"));
}

static void leap_second_counts_as_59(void **state)
{
	struct wall w = { 2016, 12, 31, 23, 59, 60 };

	(void)state;
	assert_int_equal(zone_to_utc(zone_utc(), &w), at("20161231T235959Z"));
}

static void names_are_exact_and_no_paths(void **state)
{
	(void)state;
	static const char *const none[] = {
		"europe/berlin", "Europe/Berlin ", "Europe", "Europe/", "/Europe/Berlin", "../../etc/passwd",
		"Europe/../Europe/Berlin", "posix/Europe/Berlin", "right/Europe/Berlin", "zone.tab", "tzdata.zi", "",
		"localtime", "posixrules", "W. Europe Standard Time", "./UTC", "leapseconds",
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		assert_null(zone_find(none[i]));
	}
	static const char *const there[] = {
		"Europe/Berlin", "Europe/Kyiv", "EST5EDT", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+5",
	};
	for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++) {
		assert_string_equal(zone_name(named(there[i])), there[i]);
	}
}

static void *finder(void *arg)
{
	const struct zone **out = arg;

	for (size_t i = 0; i < 100; i++) {
		*out = zone_find("America/Montevideo");
	}
	return NULL;
}

static void first_use_from_many_threads_gives_one_zone(void **state)
{
	pthread_t threads[8];
	const struct zone *found[8];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, finder, &found[i]), 0);
	}
	for (size_t i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_non_null(found[i]);
		assert_ptr_equal(found[i], found[0]);
	}
}

/* ---- damaged and strange files ---- */

static void put(const char *folder, const char *name, const void *bytes, size_t len)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

static size_t berlin(unsigned char *bytes, size_t size)
{
	int fd = open("/usr/share/zoneinfo/Europe/Berlin", O_RDONLY);
	ssize_t n = read(fd, bytes, size);

	close(fd);
	assert_true(n > 500 && (size_t)n < size);
	return (size_t)n;
}

static void damaged_files_give_no_zone(void **state)
{
	char folder[] = "/tmp/test_zone.XXXXXX", path[256];
	unsigned char bytes[8192], copy[8192];
	size_t len = berlin(bytes, sizeof(bytes));
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(folder));
	put(folder, "Cut", bytes, len / 2);
	put(folder, "Short", bytes, 44);
	put(folder, "Good", bytes, len);
	memcpy(copy, bytes, len);
	copy[4] = 0; /* version 1: no 64-bit times */
	put(folder, "Old", copy, len);
	for (size_t i = 0; i < len; i++) {
		memcpy(copy, bytes, len);
		copy[i] ^= 0x80;
		put(folder, "Bad", copy, len);
		assert_int_equal(zone_init(folder, &e), 0);
		const struct zone *z = zone_find("Bad"); /* any answer but a crash */
		if (z) {
			(void)zone_offset(z, at("20240101T000000Z"));
			(void)zone_offset(z, at("22220101T000000Z"));
		}
	}
	assert_int_equal(zone_init(folder, &e), 0);
	assert_non_null(zone_find("Good"));
	assert_null(zone_find("Cut"));
	assert_null(zone_find("Short"));
	assert_null(zone_find("Old"));
	static const char *const names[] = { "Cut", "Short", "Good", "Old", "Bad" };
	for (size_t i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	assert_int_equal(zone_init(folder, &e), -1); /* no zones at all */
	rmdir(folder);
	assert_int_equal(zone_init(folder, &e), -1);
	assert_int_equal(zone_init(NULL, &e), 0);
}

/* A process that has no file left for a moment. */
static void what_could_not_be_read_once_is_read_later(void **state)
{
	char folder[] = "/tmp/test_zone.XXXXXX", path[256];
	unsigned char bytes[8192];
	struct rlimit before, none;
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(folder));
	put(folder, "Good", bytes, berlin(bytes, sizeof(bytes)));
	assert_int_equal(zone_init(folder, &e), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	const struct zone *early = zone_find("Good");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_null(early);
	assert_non_null(zone_find("Good"));
	snprintf(path, sizeof(path), "%s/Good", folder);
	unlink(path);
	rmdir(folder);
	assert_int_equal(zone_init(NULL, &e), 0);
}

static void every_system_zone_loads(void **state)
{
	(void)state;
	FILE *f = fopen("/usr/share/zoneinfo/tzdata.zi", "r");
	char line[512], name[200];
	size_t n = 0;

	if (!f) {
		skip();
	}
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Z %199s", name) == 1 && strcmp(name, "Factory") != 0) {
			assert_non_null(zone_find(name));
			n++;
		}
	}
	fclose(f);
	assert_true(n > 300);
}

/* ---- VTIMEZONE ---- */

#define PRIVATE(rules) "BEGIN:VTIMEZONE\nTZID:Private\n" rules "END:VTIMEZONE\n" \
	"BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Private:20240101T000000\nEND:VEVENT"
#define STANDARD(from, to, start, rule) "BEGIN:STANDARD\nDTSTART:" start "\nTZOFFSETFROM:" from \
	"\nTZOFFSETTO:" to "\n" rule "END:STANDARD\n"
#define DAYLIGHT(from, to, start, rule) "BEGIN:DAYLIGHT\nDTSTART:" start "\nTZOFFSETFROM:" from \
	"\nTZOFFSETTO:" to "\n" rule "END:DAYLIGHT\n"

static const char *private_utc(struct arena *mem, const struct ical *ic, const char *local)
{
	struct ical_when w;
	char *out = arena_alloc(mem, ICAL_UTC_SIZE);

	assert_int_equal(ical_when(ic, local, "Private", NULL, &w, NULL), 0);
	if (w.form != ICAL_ZONED) {
		return "floating";
	}
	ical_utc(w.utc, out);
	return out;
}

static void vtimezone_as_outlook_writes_it(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical *ic = object(mem, PRIVATE(
		STANDARD("+0200", "+0100", "16011028T030000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n")
		DAYLIGHT("+0100", "+0200", "16010325T020000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\n")));
	const struct zone *z = named("Europe/Berlin");

	(void)state;
	assert_string_equal(private_utc(mem, ic, "20240331T023000"), "20240331T013000Z");
	assert_string_equal(private_utc(mem, ic, "20241027T023000"), "20241027T003000Z");
	for (int year = 1997; year < 9999; year += 13) {
		for (int month = 1; month <= 12; month++) {
			const char *local = arena_printf(mem, "%04d%02d30T120000", year, month == 2 ? 1 : month);

			assert_string_equal(private_utc(mem, ic, local), utc_of(mem, z, local));
		}
	}
}

static void vtimezone_with_seconds_local_until_and_rdate(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical *ic = object(mem, PRIVATE(
		STANDARD("+005328", "+0100", "18930401T000000", "")
		DAYLIGHT("+0100", "+0200", "19800406T020000",
		"RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=19820404T020000\n")
		STANDARD("+0200", "+0100", "19800928T030000", "RDATE:19810927T030000,19820926T030000\n")));

	(void)state;
	assert_string_equal(private_utc(mem, ic, "18900101T000000"), "18891231T230632Z");
	assert_string_equal(private_utc(mem, ic, "18930401T000000"), "18930331T230632Z");
	assert_string_equal(private_utc(mem, ic, "19810701T120000"), "19810701T100000Z");
	assert_string_equal(private_utc(mem, ic, "19820701T120000"), "19820701T100000Z");
	assert_string_equal(private_utc(mem, ic, "19821001T120000"), "19821001T110000Z");
	assert_string_equal(private_utc(mem, ic, "19830701T120000"), "19830701T110000Z"); /* until then */
}

static void d27_olson_name_wins_over_what_was_sent(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	struct ical_when w;
	const struct ical *ic = object(mem, "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\n"
		STANDARD("+0900", "+0900", "19700101T000000", "") "END:VTIMEZONE\n"
		"BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Berlin:20240701T120000\nEND:VEVENT");

	(void)state;
	assert_int_equal(ical_when(ic, "20240701T120000", "Europe/Berlin", NULL, &w, NULL), 0);
	assert_int_equal(w.utc, at("20240701T100000Z"));
	assert_int_equal(ical_when(ic, "20240701T120000", "Europe/Berlin  ", NULL, &w, NULL), 0);
	assert_int_equal(w.utc, at("20240701T100000Z"));
}

static void t09_hostile_vtimezone_is_quick_and_unknown(void **state)
{
	static const char *const rules[] = {
		"FREQ=SECONDLY", "FREQ=MINUTELY;COUNT=1000000000", "FREQ=SECONDLY;BYMONTH=2,3;BYMONTHDAY=30",
		"FREQ=DAILY", "FREQ=YEARLY;INTERVAL=0", "nonsense",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		cleanup_arena struct arena *mem = arena_create();
		int64_t before = cpu_ms();
		const struct ical *ic = object(mem, arena_printf(mem, "BEGIN:VTIMEZONE\nTZID:Private\n"
			STANDARD("+0100", "+0200", "19000101T000000", "RRULE:%s\n") "END:VTIMEZONE\n"
			"BEGIN:VEVENT\nUID:x\nEND:VEVENT", rules[i]));

		assert_string_equal(private_utc(mem, ic, "20240101T000000"), "floating");
		assert_true(cpu_ms() - before < 100);
	}
}

static void vtimezone_without_sense_is_unknown(void **state)
{
	static const char *const bodies[] = {
		"", "BEGIN:STANDARD\nEND:STANDARD\n", STANDARD("+01", "+0200", "19700101T000000", ""),
		STANDARD("+9900", "+9900", "19700101T000000", ""), STANDARD("+0100", "+0200", "yesterday", ""),
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		cleanup_arena struct arena *mem = arena_create();
		const struct ical *ic = object(mem, arena_printf(mem,
			"BEGIN:VTIMEZONE\nTZID:Private\n%sEND:VTIMEZONE\nBEGIN:VEVENT\nUID:x\nEND:VEVENT", bodies[i]));

		assert_string_equal(private_utc(mem, ic, "20240101T000000"), "floating");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_use_from_many_threads_gives_one_zone),
		cmocka_unit_test(b6_time_in_a_gap_has_the_offset_before_it),
		cmocka_unit_test(b6_time_that_exists_twice_is_the_first),
		cmocka_unit_test(far_years),
		cmocka_unit_test(far_gap_and_overlap),
		cmocka_unit_test(daylight_time_in_the_south_and_odd_rules),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(extremes_do_not_overflow),
		cmocka_unit_test(a_day_begins_where_it_is),
		cmocka_unit_test(leap_second_counts_as_59),
		cmocka_unit_test(names_are_exact_and_no_paths),
		cmocka_unit_test(every_system_zone_loads),
		cmocka_unit_test(vtimezone_as_outlook_writes_it),
		cmocka_unit_test(vtimezone_with_seconds_local_until_and_rdate),
		cmocka_unit_test(d27_olson_name_wins_over_what_was_sent),
		cmocka_unit_test(t09_hostile_vtimezone_is_quick_and_unknown),
		cmocka_unit_test(vtimezone_without_sense_is_unknown),
		cmocka_unit_test(damaged_files_give_no_zone),
		cmocka_unit_test(what_could_not_be_read_once_is_read_later),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
