/* What the index keeps of an object never leaves out what an expansion finds, and where it says that it is
 * exact, it says the same. */
#include "tests/unit/ical_text.h"

#include <stdlib.h>

#include "base/util.h"
#include "ical/zone.h"
#include "tests/unit/zones.h"

#define EVENT(lines) "BEGIN:VEVENT\nUID:x\n" lines "\nEND:VEVENT"

static const char *const zones[] = { "UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin" };

static struct ical_index index_of(struct arena *mem, const struct ical *ic)
{
	struct ical_index x;
	struct err e;

	if (ical_index(ic, mem, &x, &e)) {
		fail_msg("%s", e.text);
	}
	return x;
}

static int hit(const struct ical_instance *i, void *arg)
{
	(void)i;
	*(bool *)arg = true;
	return 1;
}

static bool occurs(const struct ical *ic, const struct zone *z, int64_t from, int64_t to)
{
	bool found = false;

	assert_int_equal(ical_expand(ic, z, from, to, hit, &found, NULL), 0);
	return found;
}

/* As a store answers. */
static enum spans_answer answer(const struct ical_index *x, int64_t from, int64_t to)
{
	bool span = x->first < to && (x->last > from || (x->first == x->last && x->first >= from));

	if (!span) {
		return SPANS_NONE;
	}
	return x->spans.data || !(x->traits & ICAL_EXACT) ? spans_find(&x->spans, from, to) : SPANS_SOME;
}

struct tally { size_t found, left_out, exact; };

static void check(const struct ical *ic, const struct ical_index *x, int64_t from, int64_t to,
	struct tally *t)
{
	enum spans_answer a = answer(x, from, to);

	for (size_t z = 0; z < ARRAY_SIZE(zones); z++) {
		bool found = occurs(ic, zone_find(zones[z]), from, to);

		if (found && a == SPANS_NONE) {
			fail_msg("left out in %s from %lld to %lld: %s", zones[z], (long long)from, (long long)to, ic->body);
		}
		if (!found && a == SPANS_SOME && x->traits & ICAL_EXACT) {
			fail_msg("not there in %s from %lld to %lld: %s", zones[z], (long long)from, (long long)to, ic->body);
		}
		t->found += found;
	}
	t->left_out += a == SPANS_NONE && x->first < to && x->last > from;
	t->exact += a == SPANS_SOME && x->traits & ICAL_EXACT;
}

/* ---- random series ---- */

static const char *pick(unsigned *seed, const char *const *list, size_t n)
{
	return list[(size_t)rand_r(seed) % n];
}
#define PICK(seed, ...) \
	pick((seed), (const char *const[]){ __VA_ARGS__ }, ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })))

/* ";TZID=…:20240331T023000", in one form for the whole object, mostly. */
static const char *when(struct arena *mem, unsigned *seed, int form, int day)
{
	int month = 1 + rand_r(seed) % 12, hour = rand_r(seed) % 24, minute = rand_r(seed) % 4 * 15;
	const char *date;

	if (rand_r(seed) % 20 == 0) {
		form = rand_r(seed) % 4;
	}
	if (day == 0) {
		day = 1 + rand_r(seed) % 28;
	} else {
		month = 3;
		hour = 2;
		minute = 30;
	}
	date = arena_printf(mem, "2024%02d%02d", month, day);
	switch (form) {
	case ICAL_UTC:
		return arena_printf(mem, ":%sT%02d%02d00Z", date, hour, minute);
	case ICAL_ZONED:
		return arena_printf(mem, ";TZID=Europe/Berlin:%sT%02d%02d00", date, hour, minute);
	case ICAL_FLOATING:
		return arena_printf(mem, ":%sT%02d%02d00", date, hour, minute);
	default:
		return arena_printf(mem, ";VALUE=DATE:%s", date);
	}
}

static const char *random_rule(struct arena *mem, unsigned *seed)
{
	const char *rule = PICK(seed, "WEEKLY", "WEEKLY;INTERVAL=2", "WEEKLY;BYDAY=MO,WE,FR", "DAILY",
		"DAILY;INTERVAL=3",
		"MONTHLY", "MONTHLY;BYDAY=2TU", "MONTHLY;BYMONTHDAY=-1", "YEARLY", "HOURLY;INTERVAL=7");
	const char *end = PICK(seed, "", ";COUNT=1", ";COUNT=9", ";COUNT=40", ";UNTIL=20241020T003000Z",
		";UNTIL=20240701",
		";COUNT=300");

	return arena_printf(mem, "RRULE:FREQ=%s%s\n", rule, end);
}

static char *random_series(struct arena *mem, unsigned *seed)
{
	int form = rand_r(seed) % 4, day = rand_r(seed) % 3 ? 25 + rand_r(seed) % 6 : 0;
	const char *start = when(mem, seed, form, day), *text = "";

	for (int n = rand_r(seed) % 3; n > 0; n--) {
		text = arena_printf(mem, "%sEXDATE%s\n", text, when(mem, seed, form, day ? 25 + (day + n) % 7 : 0));
	}
	if (rand_r(seed) % 3 == 0) {
		text = arena_printf(mem, "%sRDATE%s\n", text, when(mem, seed, form, 0));
	}
	if (rand_r(seed) % 8 == 0) {
		text = arena_printf(mem, "%sRDATE;VALUE=PERIOD:20240520T100000Z/P3D\n", text);
	}
	if (rand_r(seed) % 9 == 0) {
		text = arena_printf(mem, "%sEXRULE:FREQ=MONTHLY;BYDAY=1MO,2TU\n", text);
	}
	text = arena_printf(mem, "BEGIN:VEVENT\nUID:x\nDTSTART%s\n%s%s%sEND:VEVENT\n", start,
		PICK(seed, "", "", "DURATION:PT1H\n", "DURATION:P1D\n", "DURATION:P9D\n", "DURATION:P1DT30M\n"),
		rand_r(seed) % 6 ? random_rule(mem, seed) : "", text);
	for (int n = rand_r(seed) % 3; n > 0; n--) {
		text = arena_printf(mem, "%sBEGIN:VEVENT\nUID:x\nRECURRENCE-ID%s%s\nDTSTART%s\n%sEND:VEVENT\n", text,
			rand_r(seed) % 4 ? "" : ";RANGE=THISANDFUTURE", n == 1 ? start : when(mem, seed, form, day),
			when(mem, seed, form, 0), PICK(seed, "", "DURATION:PT3H\n", "DURATION:P2D\n"));
	}
	return arena_printf(mem, "%s", text);
}

static void random_series_are_never_left_out(void **state)
{
	struct tally t = { 0 };
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 1500; round++) {
		cleanup_arena struct arena *mem = arena_create();
		char *lines = random_series(mem, &seed);

		lines[strlen(lines) - 1] = '\0';
		const struct ical *ic = object(mem, lines);
		struct ical_index x = index_of(mem, ic);

		for (int n = 0; n < 60; n++) {
			/* at first in 2024, where most is; the later, the rarer */
			int64_t from = at("20231215T000000Z") + rand_r(&seed) % (n < 40 ? 600 : 4000) * 86400
				+ rand_r(&seed) % 96 * 900;
			int64_t length = n % 3 == 0 ? 1 : n % 3 == 1 ? 900 * (rand_r(&seed) % 96 + 1)
				: 86400 * (rand_r(&seed) % 32 + 1);

			check(ic, &x, from, from + length, &t);
		}
	}
	/* it is of use, too */
	assert_true(t.found > 10000 && t.left_out > 10000 && t.exact > 1000);
}

/* ---- by hand ---- */

static void what_is_known_is_exact(void **state)
{
	static const struct { const char *lines; bool exact, listed; } rows[] = {
		{ EVENT("DTSTART:20240601T100000Z\nDTEND:20240601T110000Z"), true, false },
		{ EVENT("DTSTART;TZID=Europe/Berlin:20240601T100000\nDURATION:P1D"), true, false },
		{ EVENT("DTSTART:20240601T100000"), false, false },
		{ EVENT("DTSTART;VALUE=DATE:20240601"), false, false },
		{ EVENT("DTSTART:20240601T100000Z\nRRULE:FREQ=WEEKLY;COUNT=10"), true, true },
		{ EVENT("DTSTART:20240601T100000Z\nRRULE:FREQ=WEEKLY"), true, true },
		{ EVENT("DTSTART;VALUE=DATE:20240601\nRRULE:FREQ=YEARLY"), false, true },
		/* which date is left out goes by the zone of who asks */
		{ EVENT("DTSTART:20240601T100000\nRRULE:FREQ=WEEKLY;COUNT=10\nEXDATE:20240608T080000Z"), false, false },
		{ "BEGIN:VTODO\nUID:x\nDTSTART:20240601T100000Z\nDUE:20240601T110000Z\nEND:VTODO", false, false },
		{ "BEGIN:VTODO\nUID:x\nDTSTART:20240601T100000Z\nRRULE:FREQ=DAILY;COUNT=3\nEND:VTODO", false, true },
		{ "BEGIN:VTODO\nUID:x\nEND:VTODO", false, false },
		{ "BEGIN:VAVAILABILITY\nUID:x\nEND:VAVAILABILITY", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_arena struct arena *mem = arena_create();
		struct ical_index x = index_of(mem, object(mem, rows[i].lines));

		bool exact = x.traits & ICAL_EXACT, listed = x.spans.data != NULL;

		if (exact != rows[i].exact || listed != rows[i].listed) {
			fail_msg("%s: traits %u, %zu bytes", rows[i].lines, x.traits, x.spans.len);
		}
	}
}

/* A birthday in March can't be in April, whatever the zone. */
static void yearly_dates_leave_out_other_months(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	struct ical_index x = index_of(mem, event(mem, "DTSTART;VALUE=DATE:19840310\nRRULE:FREQ=YEARLY"));

	(void)state;
	assert_int_equal(spans_find(&x.spans, at("20240401T000000Z"), at("20240501T000000Z")), SPANS_NONE);
	assert_int_equal(spans_find(&x.spans, at("20240301T000000Z"), at("20240401T000000Z")), SPANS_SOME);
	assert_int_equal(x.last, ICAL_MAX);
}

static void a_series_of_nothing_is_never_found(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	struct ical_index x = index_of(mem, event(mem, "DTSTART:20240601T100000Z\nRRULE:FREQ=DAILY;COUNT=2\n"
		"EXDATE:20240601T100000Z,20240602T100000Z"));

	(void)state;
	assert_true(x.first > x.last);
	x = index_of(mem, event(mem, "DTSTART:20240601T100000Z\nEXDATE:20240601T100000Z"));
	assert_true(x.first > x.last);
}

static void what_cannot_be_listed_is_possible(void **state)
{
	static const char *const rules[] = {
		"RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"RRULE:FREQ=SECONDLY;COUNT=1000000000",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		cleanup_arena struct arena *mem = arena_create();
		int64_t before = cpu_ms();
		const char *lines = arena_printf(mem, "DTSTART:20240601T100000Z\n%s", rules[i]);
		struct ical_index x = index_of(mem, event(mem, lines));

		assert_true(cpu_ms() - before < 200);
		assert_int_equal(answer(&x, at("21240601T100000Z"), at("21240701T100000Z")), SPANS_PERHAPS);
	}
}

static void who_is_busy_is_told_if_it_is_the_same_always(void **state)
{
	static const struct { const char *master, *override; unsigned traits; } rows[] = {
		{ "", "", ICAL_ALWAYS_BUSY },
		{ "TRANSP:OPAQUE", "STATUS:CONFIRMED", ICAL_ALWAYS_BUSY },
		{ "TRANSP:TRANSPARENT", "TRANSP:TRANSPARENT", ICAL_ALWAYS_FREE },
		{ "STATUS:CANCELLED", "TRANSP:TRANSPARENT", ICAL_ALWAYS_FREE },
		{ "STATUS:TENTATIVE", "STATUS:TENTATIVE", ICAL_ALWAYS_TENTATIVE },
		{ "STATUS:TENTATIVE", "", 0 },
		{ "", "STATUS:CANCELLED", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_arena struct arena *mem = arena_create();
		struct ical_index x = index_of(mem, object(mem, arena_printf(mem, EVENT("DTSTART:20240601T100000Z\n"
			"RRULE:FREQ=DAILY;COUNT=2\n%s") "\n" EVENT("RECURRENCE-ID:20240601T100000Z\nDTSTART:20240601T100000Z\n%s"),
			*rows[i].master ? rows[i].master : "COMMENT:", *rows[i].override ? rows[i].override : "COMMENT:")));

		assert_int_equal(x.traits & ~(unsigned)ICAL_EXACT, rows[i].traits);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_series_are_never_left_out),
		cmocka_unit_test(what_is_known_is_exact),
		cmocka_unit_test(yearly_dates_leave_out_other_months),
		cmocka_unit_test(a_series_of_nothing_is_never_found),
		cmocka_unit_test(what_cannot_be_listed_is_possible),
		cmocka_unit_test(who_is_busy_is_told_if_it_is_the_same_always),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
