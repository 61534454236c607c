/* RFC 7809 3.1: definitions of zones that everybody knows are left out or added; nothing else changes. */
#include "tests/unit/ical_text.h"
#include "tests/unit/zones.h"

#define OWN "BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nDTSTART:20000101T000000\nTZOFFSETFROM:+0100\n" \
	"TZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"
#define KNOWN "BEGIN:VTIMEZONE\nTZID:Europe/Paris \nX-A:1\nBEGIN:STANDARD\nDTSTART:20000101T000000\n" \
	"TZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"
#define EVENT "BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Paris:20260101T100000\n" \
	"DTEND;TZID=Mine:20260101T110000\nEXDATE;TZID=\"Europe/Paris\":20260102T100000\n" \
	"X-Z;TZID=Nowhere/At_All:1\nEND:VEVENT\n"
#define AROUND(inner) "BEGIN:VCALENDAR\nVERSION:2.0\nX-B:2\n" inner "END:VCALENDAR\n"

static char *rendered(struct arena *mem, const char *body, enum ical_zones want)
{
	cleanup_buf struct buf out;
	struct ical *ic;
	struct err e = { 0 };

	buf_init(&out, 1 << 20);
	assert_int_equal(ical_parse(body, strlen(body), NULL, mem, &ic, &e), 0);
	assert_int_equal(ical_render_zones(ic, want, &out), 0);
	return arena_strdup(mem, out.data);
}

static void own_zones_stay_and_known_ones_go(void **state)
{
	cleanup_arena struct arena *mem = arena_create();

	(void)state;
	assert_string_equal(rendered(mem, AROUND(OWN KNOWN EVENT), ICAL_ZONES_OWN_ONLY), AROUND(OWN EVENT));
	assert_string_equal(rendered(mem, AROUND(EVENT KNOWN), ICAL_ZONES_OWN_ONLY), AROUND(EVENT));
	assert_string_equal(rendered(mem, AROUND(OWN KNOWN EVENT), ICAL_ZONES_AS_THEY_ARE),
		AROUND(OWN KNOWN EVENT));
}

static void what_is_defined_is_not_added(void **state)
{
	cleanup_arena struct arena *mem = arena_create();

	(void)state;
	assert_string_equal(rendered(mem, AROUND(OWN KNOWN EVENT), ICAL_ZONES_ALL), AROUND(OWN KNOWN EVENT));
}

static void a_known_zone_is_added_once_in_front(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const char *text = rendered(mem, AROUND(OWN EVENT), ICAL_ZONES_ALL);
	const char *zone = strstr(text, "BEGIN:VTIMEZONE\nTZID:Europe/Paris\n");

	(void)state;
	assert_non_null(zone);
	assert_null(strstr(strstr(text, "TZID:Europe/Paris\n") + 1, "TZID:Europe/Paris\n"));
	assert_null(strchr(text, '\r')); /* line ends as the object has them */
	assert_ptr_equal(strstr(text, "X-B:2\nBEGIN:VTIMEZONE\nTZID:Europe/Paris\n"),
		text + strlen("BEGIN:VCALENDAR\nVERSION:2.0\n"));
	assert_non_null(strstr(text, OWN EVENT "END:VCALENDAR\n"));
	assert_null(strstr(text, "TZID:Nowhere"));
	assert_string_equal(rendered(mem, text, ICAL_ZONES_OWN_ONLY), AROUND(OWN EVENT));
}

static void a_full_buffer_is_told(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf out;
	const char *body = AROUND(OWN EVENT);
	struct ical *ic;

	(void)state;
	buf_init(&out, 500);
	assert_int_equal(ical_parse(body, strlen(body), NULL, mem, &ic, NULL), 0);
	assert_int_equal(ical_render_zones(ic, ICAL_ZONES_ALL, &out), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_zones_stay_and_known_ones_go),
		cmocka_unit_test(what_is_defined_is_not_added),
		cmocka_unit_test(a_known_zone_is_added_once_in_front),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
