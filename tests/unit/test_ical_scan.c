/* ical/scan.c and ical/parse.c: content lines and the tree of components. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/util.h"
#include "ical/ical.h"

#define CAL(lines) "BEGIN:VCALENDAR\r\n" lines "END:VCALENDAR\r\n"
#define EVENT(lines) CAL("BEGIN:VEVENT\r\n" lines "END:VEVENT\r\n")

static int setup(void **state)
{
	*state = arena_create();
	return 0;
}

static int teardown(void **state)
{
	arena_destroy(*state);
	return 0;
}

static struct ical *parse_n(void **state, const char *text, size_t len)
{
	struct ical *ic = NULL;
	struct err e = { 0 };

	if (ical_parse(text, len, NULL, *state, &ic, &e)) {
		fail_msg("refused: %s", e.text);
	}
	assert_int_equal(ic->body_len, len);
	assert_memory_equal(ic->body, text, len);
	return ic;
}

static struct ical *parse(void **state, const char *text)
{
	return parse_n(state, text, strlen(text));
}

static const struct ical_line *prop(const struct ical *ic, const char *name)
{
	const struct ical_line *l = ical_prop(ic, ical_first(ic), name);

	assert_non_null(l);
	return l;
}

static enum errcode refused_n(void **state, const char *text, size_t len, struct err *e)
{
	struct ical *ic = NULL;

	memset(e, 0, sizeof(*e));
	assert_int_equal(ical_parse(text, len, NULL, *state, &ic, e), -1);
	assert_null(ic);
	assert_true(e->text[0] != '\0');
	return e->code;
}

static enum errcode refused(void **state, const char *text)
{
	struct err e;

	return refused_n(state, text, strlen(text), &e);
}

static void lines_names_values(void **state)
{
	struct ical *ic = parse(state, EVENT("uid:a\r\nSummary;LANGUAGE=de:Gr\xc3\xbc\xc3\x9f e\r\nX-a_b:\r\n"));

	assert_int_equal(ic->line_count, 7);
	assert_string_equal(prop(ic, "UID")->value, "a");
	assert_string_equal(prop(ic, "SUMMARY")->value, "Gr\xc3\xbc\xc3\x9f e");
	assert_string_equal(ical_param(prop(ic, "SUMMARY"), "LANGUAGE"), "de");
	assert_null(ical_param(prop(ic, "SUMMARY"), "X"));
	assert_string_equal(prop(ic, "X-A_B")->value, "");
	assert_int_equal(prop(ic, "UID")->number, 3);
	assert_int_equal(prop(ic, "UID")->offset, 17 + 14);
	assert_int_equal(prop(ic, "UID")->len, 7);
}

static void folds_of_every_kind(void **state)
{
	struct ical *ic = parse(state, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUM\n MARY:a\r\n\tb\r\n  c\n\n"
		"DESCRIPTION:\xc3\r\n \xa9\r\nEND:VEVENT\nEND:VCALENDAR");

	assert_string_equal(prop(ic, "SUMMARY")->value, "ab c");
	assert_string_equal(prop(ic, "DESCRIPTION")->value, "\xc3\xa9");
	assert_int_equal(prop(ic, "SUMMARY")->number, 3);
	assert_int_equal(prop(ic, "DESCRIPTION")->number, 8);
	assert_int_equal(prop(ic, "SUMMARY")->len, strlen("SUM\n MARY:a\r\n\tb\r\n  c\n"));
}

static void parameters_quoted_lists_and_carets(void **state)
{
	struct ical *ic = parse(state, EVENT(
		"A;CN=\"Petit; Marc: x\";ROLE=CHAIR:mailto:m@example.org\r\n"
		"B;CN=a^'b^'^^^n^x:1\r\n"
		"C;MEMBER=\"mailto:a,b\",\"mailto:c\";X=:2\r\n"
		"D;FEATURE=AUDIO,VIDEO:3\r\n"
		"E;CN=\"\":4\r\n"));

	assert_string_equal(ical_param(prop(ic, "A"), "CN"), "Petit; Marc: x");
	assert_string_equal(ical_param(prop(ic, "A"), "ROLE"), "CHAIR");
	assert_string_equal(prop(ic, "A")->value, "mailto:m@example.org");
	assert_string_equal(ical_param(prop(ic, "B"), "CN"), "a\"b\"^\n^x");
	assert_string_equal(ical_param(prop(ic, "C"), "MEMBER"), "\"mailto:a,b\",\"mailto:c\"");
	assert_string_equal(ical_param(prop(ic, "C"), "X"), "");
	assert_string_equal(ical_param(prop(ic, "D"), "FEATURE"), "AUDIO,VIDEO");
	assert_string_equal(ical_param(prop(ic, "E"), "CN"), "");
}

static void groups_and_byte_order_mark(void **state)
{
	struct ical *ic = parse(state, "\xef\xbb\xbf" EVENT("ITEM1.URL:x\r\n"));

	assert_string_equal(prop(ic, "URL")->value, "x");
	assert_int_equal(ic->lines[0].offset, 3);
}

static void tree_of_components(void **state)
{
	struct ical *ic = parse(state, CAL("BEGIN:VTIMEZONE\r\nBEGIN:DAYLIGHT\r\nEND:DAYLIGHT\r\n"
		"END:VTIMEZONE\r\nBEGIN:vevent\r\nUID:1\r\nBEGIN:VALARM\r\nUID:2\r\nEND:VALARM \r\n"
		"BEGIN:X-Comp\r\nEND:X-COMP\r\nSUMMARY:s\r\nEND:VEVENT\r\nMETHOD:X\r\n"));
	const struct ical_comp *c = ic->calendar->children;

	assert_int_equal(c->kind, ICAL_VTIMEZONE);
	assert_int_equal(c->children->kind, ICAL_OTHER);
	assert_string_equal(c->children->name, "DAYLIGHT");
	c = c->next;
	assert_ptr_equal(c, ical_first(ic));
	assert_ptr_equal(c, ical_master(ic));
	assert_string_equal(c->name, "VEVENT");
	assert_int_equal(c->children->kind, ICAL_VALARM);
	assert_string_equal(c->children->next->name, "X-COMP");
	assert_null(c->next);
	assert_ptr_equal(c->children->parent, c);
	assert_string_equal(prop(ic, "UID")->value, "1");
	assert_null(ical_prop_next(ic, c, prop(ic, "UID"), "UID"));
	assert_string_equal(prop(ic, "SUMMARY")->value, "s");
	assert_non_null(ical_prop(ic, ic->calendar, "METHOD"));
	assert_string_equal(ical_prop(ic, c->children, "UID")->value, "2");
}

static void malformed_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "\r\n", "junk", "BEGIN:VCALENDAR\r\n", "END:VCALENDAR\r\n",
		" BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
		CAL("") CAL(""), CAL("") "X:1\r\n", "X:1\r\n" CAL(""),
		"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
		CAL("BEGIN:VEVENT\r\nBEGIN:VALARM\r\nEND:VEVENT\r\nEND:VALARM\r\n"),
		CAL("END:VEVENT\r\n"), CAL("BEGIN:VEVENT\r\n"), CAL("BEGIN:\r\nEND:\r\n"),
		CAL("BEGIN:A B\r\nEND:A B\r\n"), CAL("BEGIN;X=1:A\r\nEND:A\r\n"),
		CAL("NOCOLON\r\n"), CAL(":x\r\n"), CAL("A B:x\r\n"), CAL("G.:x\r\n"), CAL(".A:x\r\n"),
		CAL("A;B:x\r\n"), CAL("A;:x\r\n"), CAL("A;=b:x\r\n"), CAL("A;B=\"x:y\r\n"),
		CAL("A;B=\"x\"\r\n"), CAL("A;B C=1:x\r\n"), CAL("A;\"=\":x\r\n"),
		CAL("A:\x01\r\n"), CAL("A:a\rb\r\n"), CAL("A:\x7f\r\n"), CAL("A:x\r\r\n"), CAL("A:\x1b[0m\r\n"),
		CAL("A:\xff\r\n"), CAL("A:\xc0\xaf\r\n"), CAL("A:\xed\xa0\x80\r\n"), CAL("A:\xc3\r\n"),
		CAL("A:\xef\xbf\xbf\r\n"), CAL("\xc3\xa9:1\r\n"),
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (refused(state, bad[i]) != ERR_SYNTAX) {
			fail_msg("case %zu", i);
		}
	}
	struct err e;
	assert_int_equal(refused_n(state, "BEGIN:VCALENDAR\r\nX:\0a\r\nEND:VCALENDAR\r\n", 37, &e),
		ERR_SYNTAX);
	assert_int_equal(refused(state, EVENT("A:1\r\nB\r\n")), ERR_SYNTAX);
	refused_n(state, EVENT("A:1\r\n b\r\nB\r\n"), strlen(EVENT("A:1\r\n b\r\nB\r\n")), &e);
	assert_non_null(strstr(e.text, "line 5"));
}

/* text, n times `piece`, tail */
static void repeat(struct buf *b, const char *head, const char *piece, size_t n, const char *tail)
{
	buf_init(b, 64 << 20);
	buf_adds(b, head);
	for (size_t i = 0; i < n; i++) {
		buf_adds(b, piece);
	}
	buf_adds(b, tail);
	assert_false(b->full);
}

static enum errcode repeat_refused(void **state, const char *head, const char *piece, size_t n,
	const char *tail)
{
	cleanup_buf struct buf b;
	struct err e;

	repeat(&b, head, piece, n, tail);
	return refused_n(state, b.data, b.len, &e);
}

static void limits_hold(void **state)
{
	static const char head[] = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n";
	static const char tail[] = "END:VEVENT\r\nEND:VCALENDAR\r\n";

	assert_int_equal(repeat_refused(state, "BEGIN:VCALENDAR\r\n", "BEGIN:A\r\n", 100000, ""), ERR_LIMIT);
	assert_int_equal(repeat_refused(state, "BEGIN:VCALENDAR\r\n", "BEGIN:A\r\n", 8, ""), ERR_LIMIT);
	assert_int_equal(repeat_refused(state, "", "BEGIN:VCALENDAR\r\n", 7, ""), ERR_SYNTAX);
	assert_int_equal(repeat_refused(state, head, "X:1\r\n", 60000, tail), ERR_LIMIT);
	assert_int_equal(repeat_refused(state, "BEGIN:VCALENDAR\r\nX", ";A=1", 20000, ":v\r\nEND:VCALENDAR\r\n"),
		ERR_LIMIT);
	assert_int_equal(repeat_refused(state, head, "ATTENDEE:mailto:a@b\r\n", 1001, tail), ERR_ATTENDEES);
	assert_int_equal(repeat_refused(state, "BEGIN:VCALENDAR\r\n", "BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n",
		101, "END:VCALENDAR\r\n"), ERR_LIMIT);
	assert_int_equal(repeat_refused(state, head, "X:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 40000, tail),
		ERR_LARGE);
}

static void limits_given_by_the_caller(void **state)
{
	struct ical_limits few = ical_default_limits;
	struct ical *ic = NULL;
	struct err e;
	static const char text[] = EVENT("ABCDEFGHIJKLMNOPQRSTUVWXYZ:12345678901234567890\r\n");

	few.line = 46;
	assert_int_equal(ical_parse(text, strlen(text), &few, *state, &ic, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	few.line = 47;
	assert_int_equal(ical_parse(text, strlen(text), &few, *state, &ic, &e), 0);
	few.bytes = strlen(text) - 1;
	assert_int_equal(ical_parse(text, strlen(text), &few, *state, &ic, &e), -1);
	assert_int_equal(e.code, ERR_LARGE);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Megabytes of each hostile shape take a blink: nothing is quadratic. */
static void time_is_linear(void **state)
{
	cleanup_buf struct buf folded = { 0 }, alarms = { 0 }, flat = { 0 };
	double start = seconds();

	repeat(&folded, "BEGIN:VCALENDAR\r\nX:", "a\r\n ", 200000, "\r\nEND:VCALENDAR\r\n");
	assert_int_equal(parse_n(state, folded.data, folded.len)->line_count, 3);
	repeat(&flat, "BEGIN:VCALENDAR\r\nX:", "a\\;,:\"^", 140000, "\r\nEND:VCALENDAR\r\n");
	parse_n(state, flat.data, flat.len);

	repeat(&alarms, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n", "BEGIN:VALARM\nEND:VALARM\n", 24900,
		"SUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
	struct ical *ic = parse_n(state, alarms.data, alarms.len);
	assert_string_equal(prop(ic, "SUMMARY")->value, "x");
	assert_true(seconds() - start < 2.0);
}

static void master_and_overrides(void **state)
{
	struct ical *ic = parse(state, CAL("BEGIN:VEVENT\r\nRECURRENCE-ID:1\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:m\r\nEND:VEVENT\r\n"));
	assert_non_null(ical_prop(ic, ical_master(ic), "UID"));

	ic = parse(state, EVENT("RECURRENCE-ID:1\r\n"));
	assert_null(ical_master(ic));
	ic = parse(state, CAL("BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\nBEGIN:X-A\r\nEND:X-A\r\n"));
	assert_null(ical_first(ic));
	assert_null(ical_master(ic));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_names_values, setup, teardown),
		cmocka_unit_test_setup_teardown(folds_of_every_kind, setup, teardown),
		cmocka_unit_test_setup_teardown(parameters_quoted_lists_and_carets, setup, teardown),
		cmocka_unit_test_setup_teardown(groups_and_byte_order_mark, setup, teardown),
		cmocka_unit_test_setup_teardown(tree_of_components, setup, teardown),
		cmocka_unit_test_setup_teardown(malformed_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(limits_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(limits_given_by_the_caller, setup, teardown),
		cmocka_unit_test_setup_teardown(time_is_linear, setup, teardown),
		cmocka_unit_test_setup_teardown(master_and_overrides, setup, teardown),
	};
	return cmocka_run_group_tests_name("ical scan and parse", tests, NULL, NULL);
}
