/* Pictures: text can't become markup, and values that aren't known leave gaps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "policy/report/chart.h"
#include "policy/report/svg.h"

static void assert_escaped(const char *text, const char *wanted)
{
	struct buf out cleanup_buf;

	buf_init(&out, 1000);
	svg_escape(&out, text);
	assert_string_equal(out.data, wanted);
}

static void test_text_is_escaped(void **state)
{
	assert_escaped("a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&apos;");
	assert_escaped("]]>", "]]&gt;");
	assert_escaped("\x01\x1b[31m", "\xEF\xBF\xBD\xEF\xBF\xBD[31m");
	assert_escaped("\xff\xc3", "\xEF\xBF\xBD\xEF\xBF\xBD");
	assert_escaped("\xEF\xBF\xBE\xEF\xBF\xBF",
		"\xEF\xBF\xBD\xEF\xBF\xBD"); /* U+FFFE and U+FFFF are no XML */
	assert_escaped("Élodie 王\t", "Élodie 王\t");
}

/* How often a tag is opened. */
static int count(const char *text, const char *tag)
{
	int n = 0;

	for (const char *at = text; (at = strstr(at, tag)) != NULL; at += strlen(tag))
		n++;
	return n;
}

static const char *const labels[] = { "<1 h", "a & b", "c", "d" };
static const struct chart_box box = { 0, 0, 400, 200, "heading <&>" };

static void draw_all(struct svg *s, const double *values)
{
	const struct chart_mark mark = { 1.5, "24 h" };
	const struct chart_axis axis = { labels, ARRAY_SIZE(labels), &mark, 1, false };
	const struct chart_series series[] = { { "one", values }, { "two", values } };
	const struct chart_row rows[] = { { "<row>", 0.5, 0.25, 0.75, values, 4, false },
		{ "none", (double)NAN, (double)NAN, (double)NAN, NULL, 0, true } };
	const struct chart_pair pair = { "p", values[0], values[1] };
	const struct chart_event event = { 0.5, "2026-06-10 10:00", "what <happened>", true };

	chart_bars(s, &box, &axis, series, ARRAY_SIZE(series), CHART_COUNT);
	chart_line(s, &box, &axis, values, values, values, CHART_SHARE);
	chart_dots(s, &box, rows, ARRAY_SIZE(rows));
	chart_pairs(s, &box, &pair, 1, "old", "new");
	chart_heat(s, &box, &(struct chart_grid){ labels, labels, 2, 2, values, NULL }, CHART_NUMBER);
	chart_events(s, &box, &event, 1);
	chart_spark(s, &box, values, ARRAY_SIZE(labels));
}

static void assert_sound(const char *text)
{
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf"));
	assert_int_equal(count(text, "<text "), count(text, "</text>"));
	assert_null(strstr(text, "<row>"));
	assert_null(strstr(text, "& b"));
}

static void test_unknown_values_leave_gaps(void **state)
{
	const double some[] = { 0.25, (double)NAN, 0.5, 1 }, none[] = { 0, 0, 0, 0 },
		unknown[] = { (double)NAN, (double)NAN, (double)NAN, (double)NAN };
	const double *const all[] = { some, none, unknown };
	struct buf out cleanup_buf;
	struct svg s;

	buf_init(&out, 1 << 20);
	for (size_t n = 0; n < ARRAY_SIZE(all); n++) {
		buf_reset(&out);
		svg_begin(&s, &out, 400, 200, "t");
		draw_all(&s, all[n]);
		svg_end(&s);
		assert_sound(out.data);
	}
	/* One line before the gap, which is a single point, and one behind it. */
	buf_reset(&out);
	chart_spark(&s, &box, some, ARRAY_SIZE(some));
	assert_int_equal(count(out.data, "<polyline "), 2);
	buf_reset(&out);
	chart_spark(&s, &box, unknown, ARRAY_SIZE(unknown));
	assert_int_equal(out.len, 0);
}

/* Bars of a series stand on those of the one before: 1 and 3 of 4 are 41 and 123 of 164 pixels. */
static void test_stacked_bars(void **state)
{
	const double one[] = { 1 }, three[] = { 3 };
	const struct chart_series series[] = { { "one", one }, { "three", three } };
	struct buf out cleanup_buf;
	struct svg s = { &out, 400, 228 };
	const struct chart_box tall = { 0, 0, 468, 228, "" }; /* 400 x 164 without labels */

	buf_init(&out, 1 << 20);
	chart_bars(&s, &tall, &(struct chart_axis){ labels, 1, NULL, 0, false }, series, 2, CHART_COUNT);
	assert_non_null(strstr(out.data,
		"<rect class=\"fa\" x=\"226.0\" y=\"151.0\" width=\"60.0\" height=\"41.0\"/>"));
	assert_non_null(strstr(out.data,
		"<rect class=\"fb\" x=\"226.0\" y=\"28.0\" width=\"60.0\" height=\"123.0\"/>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_escaped),
		cmocka_unit_test(test_unknown_values_leave_gaps),
		cmocka_unit_test(test_stacked_bars),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
