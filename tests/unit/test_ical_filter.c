/* ical/filter.c, ical/range.c, ical/casefold.c: RFC 4791 9.7 and 9.9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/casefold.h"
#include "ical/ical.h"

#define CAL(lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" lines "END:VCALENDAR\r\n"
#define COMP(kind, lines) "BEGIN:" kind "\r\n" lines "END:" kind "\r\n"
#define EVENT(lines) CAL(COMP("VEVENT", "UID:u1\r\n" lines))
#define TODO(lines) CAL(COMP("VTODO", "UID:u1\r\n" lines))
#define JOURNAL(lines) CAL(COMP("VJOURNAL", "UID:u1\r\n" lines))

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

static int match_in(const char *text, const struct ical_comp_filter *inner, const struct zone *floating)
{
	struct ical_comp_filter root = { .name = "VCALENDAR", .comps = inner };
	struct ical *ic = NULL;
	struct err e = { 0 };

	if (ical_parse(text, strlen(text), NULL, mem, &ic, &e)) {
		fail_msg("%s", e.text);
	}
	int rc = ical_match(ic, &root, floating, &e);
	if (rc < 0) {
		fail_msg("%s", e.text);
	}
	return rc;
}

static bool matches(const char *text, const struct ical_comp_filter *inner)
{
	return match_in(text, inner, NULL) == 1;
}

static int64_t at(const char *value)
{
	struct ical_when w;

	if (!value) {
		return 0;
	}
	assert_int_equal(ical_when(NULL, value, NULL, NULL, &w, NULL), 0);
	return w.utc;
}

/* NULL: open end */
static struct ical_comp_filter within(const char *name, const char *from, const char *to)
{
	return (struct ical_comp_filter){ .name = name, .has_range = true,
		.from = from ? at(from) : ICAL_MIN, .to = to ? at(to) : ICAL_MAX };
}

static bool in_range(const char *text, const char *kind, const char *from, const char *to)
{
	struct ical_comp_filter f = within(kind, from, to);

	return matches(text, &f);
}

static void components(void **state)
{
	static const char event[] = EVENT("DTSTART:20240101T100000Z\r\n");
	struct ical_comp_filter f = { .name = "VEVENT" }, inner = { .name = "VALARM" };
	struct ical_comp_filter root = { .name = "VEVENT" };
	struct ical *ic;
	struct err e;

	assert_true(matches(event, &f));
	f.is_not_defined = true;
	assert_false(matches(event, &f));
	f.name = "VTODO";
	assert_true(matches(event, &f));
	f.is_not_defined = false;
	assert_false(matches(event, &f));
	f = (struct ical_comp_filter){ .name = "VEVENT", .comps = &inner };
	assert_false(matches(event, &f));
	assert_true(matches(EVENT(COMP("VALARM", "")), &f));
	inner.is_not_defined = true;
	assert_true(matches(event, &f));
	assert_true(matches(event, NULL));
	/* the root is the calendar, and nothing else */
	ical_parse(event, strlen(event), NULL, mem, &ic, &e);
	assert_int_equal(ical_match(ic, &root, NULL, &e), 0);
}

static bool prop_match(const char *text, struct ical_prop_filter p)
{
	struct ical_comp_filter f = { .name = "VEVENT", .props = &p };

	return matches(text, &f);
}

static void properties(void **state)
{
	static const char event[] = EVENT("SUMMARY:One\r\nCATEGORIES:work\r\nCATEGORIES:Home\\, sweet\r\n"
		COMP("VALARM", "LOCATION:not here\r\n"));
	struct ical_text_match work = { .text = "HOME, SW" }, no = { .text = "xyz" };

	assert_true(prop_match(event, (struct ical_prop_filter){ .name = "SUMMARY" }));
	assert_false(prop_match(event, (struct ical_prop_filter){ .name = "LOCATION" }));
	assert_true(prop_match(event, (struct ical_prop_filter){ .name = "LOCATION", .is_not_defined = true }));
	assert_false(prop_match(event, (struct ical_prop_filter){ .name = "SUMMARY", .is_not_defined = true }));
	assert_true(prop_match(event, (struct ical_prop_filter){ .name = "CATEGORIES", .match = &work }));
	assert_false(prop_match(event, (struct ical_prop_filter){ .name = "CATEGORIES", .match = &no }));
	assert_false(prop_match(event, (struct ical_prop_filter){ .name = "LOCATION", .match = &work }));
}

static bool text_match(const char *text, const char *wanted, enum ical_collation c, bool negate)
{
	struct ical_text_match m = { .text = wanted, .collation = c, .negate = negate };

	return prop_match(arena_printf(mem, EVENT("SUMMARY:%s\r\n"), text),
		(struct ical_prop_filter){ .name = "SUMMARY", .match = &m });
}

static void collations(void **state)
{
	assert_true(text_match("A Meeting", "meet", COLL_ASCII_CASEMAP, false));
	assert_false(text_match("A Meeting", "meet", COLL_OCTET, false));
	assert_true(text_match("A Meeting", "Meet", COLL_OCTET, false));
	assert_true(text_match("A Meeting", "", COLL_OCTET, false));
	assert_false(text_match("A Meeting", "meet", COLL_ASCII_CASEMAP, true));
	assert_true(text_match("A Meeting", "lunch", COLL_ASCII_CASEMAP, true));
	/* É and é: one for Unicode, two for ASCII */
	assert_false(text_match("\xc3\x89t\xc3\xa9", "\xc3\xa9t\xc3\x89", COLL_ASCII_CASEMAP, false));
	assert_true(text_match("\xc3\x89t\xc3\xa9", "\xc3\xa9t\xc3\x89", COLL_UNICODE_CASEMAP, false));
	/* ΟΔΟΣ contains "οδος" with a final sigma; Москва; K of Kelvin */
	assert_true(text_match("\xce\x9f\xce\x94\xce\x9f\xce\xa3", "\xce\xbf\xce\xb4\xce\xbf\xcf\x82",
		COLL_UNICODE_CASEMAP, false));
	assert_true(text_match("\xd0\x9c\xd0\x9e\xd0\xa1\xd0\x9a\xd0\x92\xd0\x90",
		"\xd0\xbc\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0", COLL_UNICODE_CASEMAP, false));
	assert_true(text_match("\xe2\x84\xaa", "k", COLL_UNICODE_CASEMAP, false));
	assert_true(text_match("k", "\xe2\x84\xaa", COLL_UNICODE_CASEMAP, false));
	assert_false(text_match("\xc3\xa9", "\xc3\xa8", COLL_UNICODE_CASEMAP, false));
}

static void folding_of_case(void **state)
{
	static const struct { uint32_t from, to; } pairs[] = {
		{ 'A', 'a' }, { 'z', 'z' }, { 0xc0, 0xe0 }, { 0xd7, 0xd7 }, { 0xde, 0xfe }, { 0xdf, 0xdf },
		{ 0x100, 0x101 }, { 0x101, 0x101 }, { 0x178, 0xff }, { 0x179, 0x17a }, { 0x130, 0x130 },
		{ 0x1c4, 0x1c6 }, { 0x1c5, 0x1c6 }, { 0x391, 0x3b1 }, { 0x3c2, 0x3c3 }, { 0x401, 0x451 },
		{ 0x410, 0x430 }, { 0x4c0, 0x4cf }, { 0x531, 0x561 }, { 0x1e9e, 0xdf }, { 0x1f88, 0x1f80 },
		{ 0x2160, 0x2170 }, { 0x2c60, 0x2c61 }, { 0xff21, 0xff41 }, { 0x10400, 0x10428 }, { 0x4e00, 0x4e00 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		assert_int_equal(casefold_char(pairs[i].from), pairs[i].to);
		assert_int_equal(casefold_char(pairs[i].to), pairs[i].to);
	}
	/* two bytes become three */
	assert_string_equal(casefold("\xc8\xba\xc8\xba\xc8\xba", mem), "\xe2\xb1\xa5\xe2\xb1\xa5\xe2\xb1\xa5");
	assert_string_equal(casefold("\xffQ\xc3", mem), "\xffq\xc3");
}

static void parameters(void **state)
{
	static const char event[] = EVENT("ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=\"Marc, P\":mailto:marc@example.org\r\n"
		"ATTENDEE:mailto:x@example.org\r\n");
	struct ical_text_match marc = { .text = "mailto:MARC" }, needs = { .text = "needs-action" };
	struct ical_text_match cn = { .text = "c, p" }, other = { .text = "mailto:x@" };
	struct ical_param_filter partstat = { .name = "PARTSTAT", .match = &needs };
	struct ical_param_filter name = { .name = "CN", .match = &cn, .next = &partstat };
	struct ical_param_filter none = { .name = "PARTSTAT", .is_not_defined = true };
	struct ical_prop_filter f = { .name = "ATTENDEE", .match = &marc, .params = &name };

	assert_true(prop_match(event, f));
	/* both must hold for the same property */
	f.match = &other;
	assert_false(prop_match(event, f));
	f.params = &none;
	assert_true(prop_match(event, f));
	f.match = &marc;
	assert_false(prop_match(event, f));
	f.params = &(struct ical_param_filter){ .name = "ROLE" };
	assert_false(prop_match(event, f));
}

static void dates_of_properties(void **state)
{
	static const char event[] = EVENT("DTSTART;VALUE=DATE:20240102\r\n"
		"CREATED:20240101T000000Z\r\nDTSTAMP:x\r\n");
	struct ical_prop_filter f = { .name = "CREATED", .has_range = true, .from = at("20240101T000000Z"),
		.to = at("20240101T000001Z") };

	assert_true(prop_match(event, f));
	f.from++;
	assert_false(prop_match(event, f));
	f.from = ICAL_MIN;
	f.to = at("20240101T000000Z");
	assert_false(prop_match(event, f));
	f.name = "DTSTART";
	f.from = at("20240102T230000Z");
	f.to = ICAL_MAX;
	assert_true(prop_match(event, f));
	f.from = at("20240103");
	assert_false(prop_match(event, f));
	f.name = "DTSTAMP";
	f.from = ICAL_MIN;
	assert_false(prop_match(event, f));
}

static void events_in_time(void **state)
{
	static const char hour[] = EVENT("DTSTART:20240101T100000Z\r\nDTEND:20240101T110000Z\r\n");
	static const char point[] = EVENT("DTSTART:20240101T100000Z\r\n");
	static const char day[] = EVENT("DTSTART;VALUE=DATE:20240101\r\n");
	static const char local[] = EVENT("DTSTART:20240101T003000\r\nDURATION:PT1H\r\n");

	assert_true(in_range(hour, "VEVENT", "20240101T103000Z", "20240101T104000Z"));
	assert_false(in_range(hour, "VEVENT", "20240101T110000Z", "20240101T120000Z"));
	assert_false(in_range(hour, "VEVENT", "20240101T090000Z", "20240101T100000Z"));
	assert_true(in_range(hour, "VEVENT", "20240101T105959Z", NULL));
	assert_true(in_range(hour, "VEVENT", NULL, "20240101T100001Z"));
	assert_true(in_range(point, "VEVENT", "20240101T100000Z", "20240101T100001Z"));
	assert_false(in_range(point, "VEVENT", "20240101T100001Z", "20240101T110000Z"));
	assert_false(in_range(point, "VEVENT", "20240101T090000Z", "20240101T100000Z"));
	assert_true(in_range(day, "VEVENT", "20240101T235959Z", "20240102T000000Z"));
	assert_false(in_range(day, "VEVENT", "20240102T000000Z", "20240103T000000Z"));
	assert_false(in_range(hour, "VTODO", NULL, NULL));

	struct ical_comp_filter f = within("VEVENT", "20231231T233000Z", "20240101T000000Z");
	assert_int_equal(match_in(local, &f, zone_find("Europe/Berlin")), 1);
	assert_int_equal(match_in(local, &f, NULL), 0);
}

static void recurring_events(void **state)
{
	static const char daily[] = EVENT("DTSTART;TZID=Europe/Berlin:20200101T100000\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=DAILY\r\nEXDATE;TZID=Europe/Berlin:20240702T100000\r\nSUMMARY:plain\r\n");
	static const char moved[] = CAL(COMP("VEVENT", "UID:1\r\nDTSTART:20240101T100000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=DAILY;COUNT=3\r\nSUMMARY:plain\r\n")
		COMP("VEVENT", "UID:1\r\nRECURRENCE-ID:20240102T100000Z\r\nDTSTART:20240105T100000Z\r\n"
		"DURATION:PT1H\r\nSUMMARY:moved\r\n"));
	struct ical_text_match text = { .text = "moved" };
	struct ical_prop_filter summary = { .name = "SUMMARY", .match = &text };

	assert_true(in_range(daily, "VEVENT", "20240701T083000Z", "20240701T083100Z"));
	assert_false(in_range(daily, "VEVENT", "20240701T093000Z", "20240701T100000Z"));
	assert_false(in_range(daily, "VEVENT", "20240702T000000Z", "20240703T000000Z"));
	assert_true(in_range(daily, "VEVENT", "20990101T000000Z", NULL));

	assert_true(in_range(moved, "VEVENT", "20240105T000000Z", "20240106T000000Z"));
	assert_false(in_range(moved, "VEVENT", "20240102T000000Z", "20240103T000000Z"));
	/* the range and the text must hold for the same occurrence */
	struct ical_comp_filter f = within("VEVENT", "20240101", "20240102");
	f.props = &summary;
	assert_false(matches(moved, &f));
	f = within("VEVENT", "20240101", "20240106");
	f.props = &summary;
	assert_true(matches(moved, &f));
	/* an endless rule is not walked for a text it does not have */
	f = within("VEVENT", "20240101", NULL);
	f.props = &summary;
	assert_false(matches(daily, &f));
}

/* RFC 4791 9.9, the table of VTODO from top to bottom. */
static void tasks_in_time(void **state)
{
	static const char with_duration[] = TODO("DTSTART:20240110T100000Z\r\nDURATION:PT1H\r\n");
	static const char with_due[] = TODO("DTSTART:20240110T100000Z\r\nDUE:20240110T110000Z\r\n");
	static const char start_only[] = TODO("DTSTART:20240110T100000Z\r\n");
	static const char due_only[] = TODO("DUE:20240110T100000Z\r\n");
	static const char both[] = TODO("COMPLETED:20240110T100000Z\r\nCREATED:20240105T100000Z\r\n");
	static const char completed[] = TODO("COMPLETED:20240110T100000Z\r\n");
	static const char created[] = TODO("CREATED:20240110T100000Z\r\n");
	static const char nothing[] = TODO("SUMMARY:x\r\n");
	static const char odd[] = TODO("CREATED:00001231T000000Z\r\n");
	static const struct { const char *text, *from, *to; bool expected; } rows[] = {
		{ with_duration, "20240110T110000Z", "20240111", true },
		{ with_duration, "20240110T110001Z", "20240111", false },
		{ with_duration, "20240109", "20240110T100000Z", false },
		{ with_duration, "20240109", "20240110T100001Z", true },
		{ with_due, "20240110T105959Z", "20240111", true },
		{ with_due, "20240110T110000Z", "20240111", false },
		{ with_due, "20240109", "20240110T100000Z", false },
		{ with_due, "20240109", "20240110T100001Z", true },
		{ start_only, "20240110T100000Z", "20240111", true },
		{ start_only, "20240110T100001Z", "20240111", false },
		{ start_only, "20240109", "20240110T100000Z", false },
		{ due_only, "20240110T095959Z", "20240111", true },
		{ due_only, "20240110T100000Z", "20240111", false },
		{ due_only, "20240109", "20240110T100000Z", true },
		{ due_only, "20240109", "20240110T095959Z", false },
		{ both, "20240110T100000Z", "20240111", true },
		{ both, "20240110T100001Z", "20240111", false },
		{ both, "20240101", "20240105T100000Z", true },
		{ both, "20240101", "20240105T095959Z", false },
		{ both, "20240107", "20240108", true },
		{ completed, "20240110T100000Z", "20240111", true },
		{ completed, "20240110T100001Z", "20240111", false },
		{ completed, "20240109", "20240110T100000Z", true },
		{ completed, "20240109", "20240110T095959Z", false },
		{ created, "20240111", "20240112", true },
		{ created, "20240109", "20240110T100001Z", true },
		{ created, "20240109", "20240110T100000Z", false },
		{ nothing, "20240109", "20240110", true },
		{ odd, "20240109", "20240110", true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (in_range(rows[i].text, "VTODO", rows[i].from, rows[i].to) != rows[i].expected) {
			fail_msg("row %zu", i);
		}
	}
}

static void recurring_tasks(void **state)
{
	static const char weekly[] = TODO("DTSTART:20240101T100000Z\r\nDUE:20240101T110000Z\r\n"
		"RRULE:FREQ=WEEKLY\r\n");

	assert_true(in_range(weekly, "VTODO", "20240108T105959Z", "20240109"));
	assert_false(in_range(weekly, "VTODO", "20240108T110000Z", "20240109"));
	assert_true(in_range(weekly, "VTODO", "20240108T090000Z", "20240108T100001Z"));
	assert_false(in_range(weekly, "VTODO", "20240108T090000Z", "20240108T100000Z"));
}

static void journals_and_free_busy(void **state)
{
	static const char journal[] = JOURNAL("DTSTART:20240101T100000Z\r\n");
	static const char date[] = JOURNAL("DTSTART;VALUE=DATE:20240101\r\n");
	static const char busy[] = CAL(COMP("VFREEBUSY", "UID:1\r\n"
		"DTSTART:20240101T100000Z\r\nDTEND:20240101T110000Z\r\n"));
	static const char periods[] = CAL(COMP("VFREEBUSY", "UID:1\r\n"
		"FREEBUSY:20240101T100000Z/PT1H,20240103T100000Z/PT1H\r\n"));

	assert_true(in_range(journal, "VJOURNAL", "20240101T100000Z", "20240101T100001Z"));
	assert_false(in_range(journal, "VJOURNAL", "20240101T100001Z", "20240102"));
	assert_false(in_range(journal, "VJOURNAL", "20231231", "20240101T100000Z"));
	assert_true(in_range(date, "VJOURNAL", "20240101T235959Z", "20240103"));
	assert_false(in_range(date, "VJOURNAL", "20240102", "20240103"));
	assert_false(in_range(JOURNAL("SUMMARY:x\r\n"), "VJOURNAL", NULL, "20240103"));

	assert_true(in_range(busy, "VFREEBUSY", "20240101T110000Z", "20240102"));
	assert_false(in_range(busy, "VFREEBUSY", "20240101T110001Z", "20240102"));
	assert_false(in_range(busy, "VFREEBUSY", "20231231", "20240101T100000Z"));
	assert_true(in_range(periods, "VFREEBUSY", "20240103T105959Z", "20240104"));
	assert_false(in_range(periods, "VFREEBUSY", "20240101T110000Z", "20240103T100000Z"));
	assert_false(in_range(CAL(COMP("VFREEBUSY", "UID:1\r\n")), "VFREEBUSY", "20240101", "20240104"));
}

static bool rings(const char *text, const char *kind, const char *from, const char *to)
{
	struct ical_comp_filter alarm = within("VALARM", from, to);
	struct ical_comp_filter f = { .name = kind, .comps = &alarm };

	return matches(text, &f);
}

static void alarms(void **state)
{
	static const char before[] = EVENT("DTSTART:20240101T100000Z\r\nDURATION:PT1H\r\n"
		COMP("VALARM", "TRIGGER:-PT15M\r\n"));
	static const char after_end[] = EVENT("DTSTART:20240101T100000Z\r\nDURATION:PT1H\r\n"
		COMP("VALARM", "TRIGGER;RELATED=END:PT5M\r\nREPEAT:2\r\nDURATION:PT10M\r\n"));
	static const char fixed[] = EVENT("DTSTART:20240101T100000Z\r\n"
		COMP("VALARM", "TRIGGER;VALUE=DATE-TIME:20230601T120000Z\r\n"));
	static const char daily[] = EVENT("DTSTART;TZID=Europe/Berlin:20240101T100000\r\nRRULE:FREQ=DAILY\r\n"
		COMP("VALARM", "TRIGGER:-P1DT1H\r\n"));
	static const char task[] = TODO("DUE:20240101T100000Z\r\n" COMP("VALARM", "TRIGGER;RELATED=END:-PT1H\r\n"));

	assert_true(rings(before, "VEVENT", "20240101T094500Z", "20240101T094501Z"));
	assert_false(rings(before, "VEVENT", "20240101T094501Z", "20240102"));
	assert_false(rings(before, "VEVENT", "20240101", "20240101T094500Z"));
	assert_true(rings(after_end, "VEVENT", "20240101T110500Z", "20240101T110501Z"));
	assert_true(rings(after_end, "VEVENT", "20240101T112500Z", "20240101T112501Z"));
	assert_false(rings(after_end, "VEVENT", "20240101T112501Z", "20240102"));
	assert_false(rings(after_end, "VEVENT", "20240101T110501Z", "20240101T111500Z"));
	assert_true(rings(fixed, "VEVENT", "20230601T120000Z", "20230602"));
	assert_false(rings(fixed, "VEVENT", "20240101", "20240102"));
	/* a day is nominal: 1 h and a day before 10:00 of the day after the change is 9:00 */
	assert_true(rings(daily, "VEVENT", "20240330T080000Z", "20240330T080001Z"));
	assert_true(rings(daily, "VEVENT", "20240331T070000Z", "20240331T070001Z"));
	assert_false(rings(daily, "VEVENT", "20240331T080000Z", "20240331T080001Z"));
	assert_true(rings(daily, "VEVENT", "20500101", NULL));
	assert_true(rings(task, "VTODO", "20240101T090000Z", "20240101T090001Z"));
	assert_false(rings(task, "VTODO", "20240101T090001Z", "20240102"));
	assert_false(rings(EVENT("DTSTART:20240101T100000Z\r\n" COMP("VALARM", "ACTION:NONE\r\n")), "VEVENT",
		NULL, NULL));
}

/* More alarms than anybody has: an error, not an hour. */
static void flood_of_alarms(void **state)
{
	struct ical_comp_filter alarm = within("VALARM", "21000101", NULL);
	struct ical_comp_filter event = { .name = "VEVENT", .comps = &alarm };
	struct ical_comp_filter root = { .name = "VCALENDAR", .comps = &event };
	cleanup_buf struct buf b;
	struct err e = { 0 };
	struct ical *ic;

	buf_init(&b, 1 << 20);
	buf_adds(&b, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20240101T100000Z\r\n");
	for (int i = 0; i < 10000; i++) {
		buf_adds(&b, COMP("VALARM", "TRIGGER:-PT15M\r\n"));
	}
	buf_adds(&b, "END:VEVENT\r\nEND:VCALENDAR\r\n");
	assert_int_equal(ical_parse(b.data, b.len, NULL, mem, &ic, &e), 0);
	assert_int_equal(ical_match(ic, &root, NULL, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
}

/* A long text looked for in many short lines: neither time nor memory for each. */
static void long_texts_and_many_lines(void **state)
{
	enum { SOUGHT = 100000, LINES = 20000 };
	cleanup_arena struct arena *scratch = arena_create();
	char *sought = arena_alloc(scratch, SOUGHT + 1);
	struct ical_text_match text = { .text = sought };
	struct ical_prop_filter prop = { .name = "X-A", .match = &text };
	struct ical_comp_filter event = { .name = "VEVENT", .props = &prop };
	struct ical_comp_filter root = { .name = "VCALENDAR", .comps = &event };
	cleanup_buf struct buf b;
	struct err e = { 0 };
	struct ical *ic;

	(void)state;
	memset(sought, 'q', SOUGHT);
	buf_init(&b, 1 << 20);
	buf_adds(&b, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n");
	for (int i = 0; i < LINES; i++) {
		buf_adds(&b, "X-A:Q\r\n");
	}
	buf_adds(&b, "END:VEVENT\r\nEND:VCALENDAR\r\n");
	assert_int_equal(ical_parse(b.data, b.len, NULL, scratch, &ic, &e), 0);
	size_t used = arena_used(scratch);
	for (enum ical_collation c = COLL_ASCII_CASEMAP; c <= COLL_UNICODE_CASEMAP; c++) {
		text.collation = c;
		assert_int_equal(ical_match(ic, &root, NULL, &e), 0);
	}
	sought[1] = '\0';
	text.collation = COLL_UNICODE_CASEMAP;
	assert_int_equal(ical_match(ic, &root, NULL, &e), 1);
	assert_int_equal(arena_used(scratch), used);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(components),
		cmocka_unit_test(properties),
		cmocka_unit_test(collations),
		cmocka_unit_test(folding_of_case),
		cmocka_unit_test(parameters),
		cmocka_unit_test(dates_of_properties),
		cmocka_unit_test(events_in_time),
		cmocka_unit_test(recurring_events),
		cmocka_unit_test(tasks_in_time),
		cmocka_unit_test(recurring_tasks),
		cmocka_unit_test(journals_and_free_busy),
		cmocka_unit_test(alarms),
		cmocka_unit_test(flood_of_alarms),
		cmocka_unit_test(long_texts_and_many_lines),
	};
	return cmocka_run_group_tests_name("ical filter", tests, setup, teardown);
}
