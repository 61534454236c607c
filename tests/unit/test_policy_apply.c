/* Strip and render: policy.md 4.3, architecture.md 15.8 to 15.10. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "policy/apply.h"
#include "policy/block.h"

#define LATE "✗ Late cancel 80.00 EUR"
#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
#define EVENT \
	HEAD "BEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20260601T000000Z\r\nDTSTART:20260610T080000Z\r\n" \
	     "DTEND:20260610T090000Z\r\n"
#define TAIL "END:VEVENT\r\nEND:VCALENDAR\r\n"

struct fixture {
	struct arena *mem;
	struct entry_list known;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->mem = arena_create();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_destroy(f->mem);
	free_cleanup(&f);
	return 0;
}

static struct ical *parse(struct fixture *f, const char *body)
{
	struct ical *ic = NULL;
	struct err e = { 0 };

	if (ical_parse(body, strlen(body), NULL, f->mem, &ic, &e)) {
		fail_msg("%s", e.text);
	}
	return ic;
}

/* Renders and keeps what was shown, as update.c does. */
static const char *render(struct fixture *f, const char *body, struct rendering want)
{
	struct rendering *shown = arena_alloc(f->mem, sizeof(*shown));
	struct buf out cleanup_buf;

	buf_init(&out, 1 << 20);
	*shown = want;
	shown->occurrence = shown->occurrence ? shown->occurrence : "";
	assert_int_equal(
		apply_render(parse(f, body), &f->known, zone_utc(), shown, 1, &out, NULL), 0);
	if (!rendering_equal(entry_shown(&f->known, shown->occurrence), shown)) {
		entry_add(&f->known, f->mem)->shown = shown;
	}
	return arena_strdup(f->mem, out.data);
}

static const char *strip(struct fixture *f, const char *body)
{
	struct buf out cleanup_buf;

	buf_init(&out, 1 << 20);
	assert_int_equal(apply_strip(parse(f, body), &f->known, zone_utc(), &out, NULL), 0);
	return arena_strdup(f->mem, out.data);
}

static const char *value_of(struct fixture *f, const char *body, const char *name)
{
	struct ical *ic = parse(f, body);
	const struct ical_line *l = ical_prop(ic, ical_first(ic), name);

	return l ? ical_text(l->value, f->mem) : NULL;
}

static struct rendering cancelled(struct fixture *f)
{
	const char **lines = arena_array(f->mem, 2, sizeof(*lines));

	lines[0] = "X-DEDIT-REF:7F3K-2Q9M";
	lines[1] = "X-DEDIT-FEE;CURRENCY=EUR;STATE=DUE:80.00";
	return (struct rendering){ .ref = "7F3K-2Q9M",
		.prefix = LATE,
		.block = "Late, by the client.\nFee 80.00 EUR; due.",
		.comment = "Late cancellation.",
		.comment_name = "COMMENT;LANGUAGE=en",
		.category = "Late cancellation",
		.status.value = "CANCELLED",
		.transp.value = "TRANSPARENT",
		.color.value = "tomato",
		.lines = lines,
		.line_count = 2 };
}

static void test_render_writes_everything(void **state)
{
	struct fixture *f = *state;
	const char *out = render(f,
		EVENT "SUMMARY:Marie\r\nDESCRIPTION:Bring it.\r\nCATEGORIES:Therapy\r\n" TAIL,
		cancelled(f));

	assert_string_equal(value_of(f, out, "SUMMARY"), LATE " · Marie");
	assert_string_equal(value_of(f, out, "DESCRIPTION"),
		"Bring it.\n\n"
		"=== 7F3K-2Q9M · do not edit below ===\nLate, by the client.\nFee 80.00 EUR; due.\n=== end ===");
	assert_string_equal(value_of(f, out, "CATEGORIES"), "Therapy,Late cancellation");
	assert_string_equal(value_of(f, out, "COMMENT"), "Late cancellation.");
	assert_string_equal(value_of(f, out, "STATUS"), "CANCELLED");
	assert_string_equal(value_of(f, out, "TRANSP"), "TRANSPARENT");
	assert_string_equal(value_of(f, out, "COLOR"), "tomato");
	assert_string_equal(value_of(f, out, "X-DEDIT-FEE"), "80.00");
	assert_non_null(strstr(out, "COMMENT;LANGUAGE=en:"));
}

static void test_strip_gives_the_sent_bytes_back(void **state)
{
	struct fixture *f = *state;
	static const char *const bodies[] = {
		EVENT
		"SUMMARY:Marie\\, Durand; 80€\r\nDESCRIPTION:a\\nb\\n\r\nCATEGORIES:A,B\\,C\r\n" TAIL,
		EVENT
		"SUMMARY;LANGUAGE=fr:Marie\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\nCOLOR:blue\r\n" TAIL,
		EVENT TAIL,
		EVENT
		"SUMMARY:x\r\nCATEGORIES:A\r\nCATEGORIES:B\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\n"
		"DESCRIPTION:Ring\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n" TAIL,
	};

	for (size_t n = 0; n < ARRAY_SIZE(bodies); n++) {
		const char *out;

		f->known = (struct entry_list){ 0 };
		out = render(f, bodies[n], cancelled(f));
		assert_string_not_equal(out, bodies[n]);
		assert_string_equal(strip(f, out), bodies[n]);
	}
}

static void test_same_rendering_is_the_same_bytes(void **state)
{
	struct fixture *f = *state;
	const char *out = render(f, EVENT "SUMMARY:Marie\r\nTRANSP:OPAQUE\r\n" TAIL, cancelled(f));
	size_t known = f->known.count;

	assert_string_equal(render(f, out, cancelled(f)), out);
	assert_int_equal(f->known.count, known);
	/* a program that puts lines into an order of its own gets its order back */
	const char *shuffled = EVENT
		"X-DEDIT-REF:7F3K-2Q9M\r\nX-DEDIT-FEE;CURRENCY=EUR;STATE=DUE:80.00\r\n"
		"TRANSP:TRANSPARENT\r\nCATEGORIES:Late cancellation\r\nCOMMENT;LANGUAGE=en:Late cancellation.\r\n"
		"COLOR:tomato\r\nSTATUS:CANCELLED\r\nSUMMARY:" LATE
		" · Marie\r\nDESCRIPTION:=== 7F3K-2Q9M · "
		"do not edit below ===\\nLate\\, by \r\n the client.\\nFee 80.00 EUR\\; due.\\n=== end ===\r\n" TAIL;
	assert_string_equal(render(f, shuffled, cancelled(f)), shuffled);
}

static void test_values_come_back_when_it_goes(void **state)
{
	struct fixture *f = *state;
	const char *out = render(
		f, EVENT "SUMMARY:M\r\nSTATUS:CONFIRMED\r\nCOLOR:blue\r\n" TAIL, cancelled(f));
	const char *plain = render(f, out, (struct rendering){ 0 });

	assert_string_equal(value_of(f, plain, "STATUS"), "CONFIRMED");
	assert_string_equal(value_of(f, plain, "COLOR"), "blue");
	assert_null(value_of(f, plain, "TRANSP"));
	assert_null(value_of(f, plain, "CATEGORIES"));
	assert_null(value_of(f, plain, "COMMENT"));
	assert_null(value_of(f, plain, "X-DEDIT-REF"));
	assert_string_equal(value_of(f, plain, "SUMMARY"), "M");
}

static void test_a_users_new_value_holds(void **state)
{
	struct fixture *f = *state;

	render(f, EVENT "SUMMARY:M\r\nSTATUS:CONFIRMED\r\nCOLOR:blue\r\n" TAIL, cancelled(f));
	const char *clean = strip(f,
		EVENT
		"SUMMARY:M\r\nSTATUS:TENTATIVE\r\nCOLOR:green\r\nTRANSP:TRANSPARENT\r\n" TAIL);
	assert_string_equal(value_of(f, clean, "STATUS"), "TENTATIVE");
	assert_string_equal(value_of(f, clean, "COLOR"), "green");
	assert_null(value_of(f, clean, "TRANSP"));
}

static struct rendering with_extras(struct fixture *f)
{
	static const struct shown_line lines[] = {
		{ "ATTACH;FMTTYPE=text/html", "https://cal.example.org/fee/7F3K-2Q9M/mac" },
		{ "LINK;VALUE=URI;LINKREL=terms-of-service", "https://cal.example.org/policy/therapy/2026-01-01" },
		{ "REFID", "7F3K-2Q9M" },
		{ "STRUCTURED-DATA;VALUE=TEXT;SCHEMA=\"https://schema.org/Invoice\"", "{\"a\":1\\,\"b\":2}" },
	};
	struct rendering r = cancelled(f);
	struct shown_line *copy = arena_array(f->mem, ARRAY_SIZE(lines), sizeof(*copy));

	memcpy(copy, lines, sizeof(lines));
	r.extras = copy;
	r.extra_count = ARRAY_SIZE(lines);
	return r;
}

static size_t count_of(struct fixture *f, const char *body, const char *name)
{
	struct ical *ic = parse(f, body);
	const struct ical_line *l = ical_prop(ic, ical_first(ic), name);
	size_t count = 0;

	for (; l; l = ical_prop_next(ic, ical_first(ic), l, name)) {
		count++;
	}
	return count;
}

static void test_extras_come_and_go(void **state)
{
	static const char *const names[] = { "ATTACH", "LINK", "REFID", "STRUCTURED-DATA" };
	struct fixture *f = *state;
	static const char body[] = EVENT "SUMMARY:M\r\n" TAIL;
	const char *out = render(f, body, with_extras(f));
	size_t known = f->known.count;

	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		assert_int_equal(count_of(f, out, names[n]), 1);
	}
	assert_string_equal(render(f, out, with_extras(f)), out);
	assert_int_equal(f->known.count, known);
	assert_string_equal(strip(f, out), body);
	/* a program that knows no FILENAME, and one that sends a line twice */
	const char *changed = EVENT "SUMMARY:M\r\nATTACH:https://cal.example.org/fee/7F3K-2Q9M/mac\r\n"
		"ATTACH;X=1:https://cal.example.org/fee/7F3K-2Q9M/mac\r\nREFID;X=2:7F3K-2Q9M\r\n" TAIL;
	const char *again = render(f, changed, with_extras(f));
	assert_int_equal(count_of(f, again, "ATTACH"), 1);
	assert_non_null(strstr(again, "ATTACH;FMTTYPE=text/html:"));
	assert_non_null(strstr(again, "\r\nREFID:7F3K-2Q9M\r\n"));
	assert_string_equal(strip(f, changed), body);
}

/* Of all but ATTACH programs keep one (clients.md, section 4): the user's. */
static void test_own_extras_stay(void **state)
{
	struct fixture *f = *state;
	static const char body[] = EVENT "SUMMARY:M\r\nATTACH:https://example.org/a.pdf\r\n"
		"LINK;VALUE=URI;LINKREL=related:https://example.org/\r\nREFID:mine\r\n"
		"STRUCTURED-DATA;VALUE=TEXT;FMTTYPE=text/plain;SCHEMA=\"x:y\":own\r\n" TAIL;
	const char *out = render(f, body, with_extras(f));

	assert_int_equal(count_of(f, out, "ATTACH"), 2);
	assert_non_null(strstr(out, "\r\nATTACH:https://example.org/a.pdf\r\n"));
	assert_string_equal(value_of(f, out, "LINK"), "https://example.org/");
	assert_string_equal(value_of(f, out, "REFID"), "mine");
	assert_string_equal(value_of(f, out, "STRUCTURED-DATA"), "own");
	assert_int_equal(count_of(f, out, "LINK"), 1);
	assert_int_equal(count_of(f, out, "REFID"), 1);
	assert_int_equal(count_of(f, out, "STRUCTURED-DATA"), 1);
	assert_string_equal(strip(f, out), body);
	/* so it isn't remembered as shown: what the user types later in its words is the user's */
	assert_int_equal(entry_shown(&f->known, "")->extra_count, 1);
}

static void test_own_sign_in_title_remains(void **state)
{
	struct fixture *f = *state;
	static const char body[] = EVENT "SUMMARY:⚠ · call Marie\r\n" TAIL;

	assert_string_equal(strip(f, body), body);
	const char *out = render(f, body, (struct rendering){ .prefix = LATE });
	assert_string_equal(value_of(f, out, "SUMMARY"), LATE " · ⚠ · call Marie");
	assert_string_equal(strip(f, out), body);
	/* of a prefix that was written only the whole of it is taken */
	assert_string_equal(
		value_of(f, strip(f, EVENT "SUMMARY:" LATE " Marie\r\n" TAIL), "SUMMARY"),
		LATE " Marie");
}

static void test_mark_in_front_of_an_own_sign(void **state)
{
	struct fixture *f = *state;
	static const char body[] = EVENT "SUMMARY:⚠ Marie\r\n" TAIL;
	const char *out = render(f, body, (struct rendering){ .prefix = "⚠" });

	assert_string_equal(value_of(f, out, "SUMMARY"), "⚠ ⚠ Marie");
	assert_string_equal(strip(f, out), body);
	assert_string_equal(render(f, out, (struct rendering){ .prefix = "⚠" }), out);
	/* once the mark is gone, what begins with one is the user's */
	assert_string_equal(render(f, out, (struct rendering){ 0 }), body);
	assert_string_equal(strip(f, body), body);
}

static void test_older_prefix_of_a_stale_program_goes(void **state)
{
	struct fixture *f = *state;

	render(f, EVENT "SUMMARY:Marie\r\n" TAIL, (struct rendering){ .prefix = LATE });
	render(f, EVENT "SUMMARY:Marie\r\n" TAIL,
		(struct rendering){ .prefix = "✗ Late cancel (waived)" });
	assert_string_equal(
		value_of(f, strip(f, EVENT "SUMMARY:" LATE " · Marie\r\n" TAIL), "SUMMARY"),
		"Marie");
	/* trimmed to nothing but the prefix */
	assert_null(value_of(f, strip(f, EVENT "SUMMARY:" LATE " ·\r\n" TAIL), "SUMMARY"));
}

static const char *notes_after(struct fixture *f, const char *notes)
{
	return value_of(f,
		strip(f, arena_printf(f->mem, EVENT "SUMMARY:M\r\nDESCRIPTION:%s\r\n" TAIL, notes)),
		"DESCRIPTION");
}

#define BEGIN_BLOCK "=== 7F3K-2Q9M · do not edit below ==="

static void test_damaged_blocks(void **state)
{
	struct fixture *f = *state;

	render(f, EVENT "SUMMARY:M\r\n" TAIL, cancelled(f));
	/* a line of the user's inside, and one below */
	assert_string_equal(notes_after(f,
				    "mine\\n\\n" BEGIN_BLOCK "\\nLate\\, by the client.\\ninside\\n"
				    "Fee 80.00 EUR\\; due.\\n=== end ===\\nbelow"),
		"mine\ninside\nbelow");
	/* the end line is gone: what the server didn't write is the user's */
	assert_string_equal(
		notes_after(f, BEGIN_BLOCK "\\nLate\\, by the client.\\nafter"), "after");
	/* the notes were cut */
	assert_string_equal(
		notes_after(f, "mine\\n\\n" BEGIN_BLOCK "\\nLate\\, by the cl"), "mine");
	/* the first line is gone */
	assert_string_equal(
		notes_after(f,
			"mine\\n\\nLate\\, by the client.\\nFee 80.00 EUR\\; due.\\n=== end ==="),
		"mine");
	/* twice, and blanks at line ends */
	assert_string_equal(
		notes_after(f,
			"a\\n\\n" BEGIN_BLOCK
			" \\nLate\\, by the client.  \\n=== end ===\\nb\\n\\n" BEGIN_BLOCK
			"\\n=== end ==="),
		"a\nb");
	assert_null(notes_after(f, BEGIN_BLOCK "\\nLate\\, by the client.\\n=== end ==="));
}

static void test_text_that_looks_like_a_block_is_kept(void **state)
{
	struct fixture *f = *state;
	static const char *const notes[] = {
		"=== end ===", "=== a · do not edit below ===", "a\\n=== end ===\\nb"
	};

	render(f, EVENT "SUMMARY:M\r\n" TAIL, cancelled(f));
	for (size_t n = 0; n < ARRAY_SIZE(notes); n++) {
		assert_string_equal(notes_after(f, notes[n]), ical_text(notes[n], f->mem));
	}
	/* a block that nobody here wrote: its lines may be somebody's */
	assert_string_equal(
		notes_after(f, "=== 2345-6789 · do not edit below ===\\nunknown\\n=== end ==="),
		"unknown");
}

static void test_rich_text_goes_with_a_block(void **state)
{
	struct fixture *f = *state;
	const char *out = render(f, EVENT "DESCRIPTION;ALTREP=\"http://x/\";LANGUAGE=fr:notes\r\n"
		"X-ALT-DESC;FMTTYPE=text/html:<b>notes</b>\r\n" TAIL, cancelled(f));

	assert_null(strstr(out, "ALTREP"));
	assert_null(strstr(out, "X-ALT-DESC"));
	assert_non_null(strstr(out, "LANGUAGE=\"fr\""));
}

static void test_comment_only_where_there_is_none(void **state)
{
	struct fixture *f = *state;
	const char *out = render(f, EVENT "COMMENT:mine\r\n" TAIL, cancelled(f));

	assert_string_equal(value_of(f, out, "COMMENT"), "mine");
	assert_null(strstr(out, "Late cancellation."));
	assert_string_equal(value_of(f, strip(f, out), "COMMENT"), "mine");
}

static void test_own_category_stays(void **state)
{
	struct fixture *f = *state;
	static const char body[] = EVENT "CATEGORIES:Late cancellation,X\r\n" TAIL;
	const char *out = render(f, body, cancelled(f));

	assert_string_equal(value_of(f, out, "CATEGORIES"), "Late cancellation,X");
	assert_string_equal(strip(f, out), body);
}

static void test_forged_properties_go(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(
		strip(f,
			HEAD
			"X-DEDIT-A:1\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTART:20260610T080000Z\r\n"
			"X-DEDIT-FEE:0\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nX-DEDIT-B:1\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n" TAIL),
		HEAD "BEGIN:VEVENT\r\nUID:u1\r\nDTSTART:20260610T080000Z\r\n"
		     "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n" TAIL);
}

static void test_override_has_a_rendering_of_its_own(void **state)
{
	struct fixture *f = *state;
	static const char body[] = HEAD
		"BEGIN:VEVENT\r\nUID:s\r\nDTSTART:20260603T080000Z\r\nRRULE:FREQ=WEEKLY\r\n"
		"SUMMARY:M\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:s\r\nRECURRENCE-ID:20260610T080000Z\r\n"
		"DTSTART:20260610T080000Z\r\nSUMMARY:M\r\nSTATUS:CANCELLED\r\n" TAIL;
	struct rendering want = { .occurrence = "20260610T080000Z", .prefix = LATE };
	const char *out = render(f, body, want);

	assert_non_null(strstr(out, "STATUS:CANCELLED"));
	const char *first = strstr(out, "SUMMARY:M"), *second = strstr(out, "SUMMARY:" LATE);
	assert_non_null(first);
	assert_non_null(second);
	assert_true(first < second);
	assert_string_equal(strip(f, out), body);
}

static void test_refs_of_a_body(void **state)
{
	struct fixture *f = *state;
	const char *refs[4];
	struct ical *ic = parse(f,
		EVENT "DESCRIPTION:x\\n" BEGIN_BLOCK "\\n=== end ===\r\nX-DEDIT-REF:2345-6789\r\n"
		      "X-DEDIT-REF:nonsense\r\n" TAIL);

	assert_int_equal(apply_refs(ic, refs, 4), 2);
	assert_string_equal(refs[0], "7F3K-2Q9M");
	assert_string_equal(refs[1], "2345-6789");
	assert_int_equal(apply_refs(ic, refs, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_render_writes_everything, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_strip_gives_the_sent_bytes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_same_rendering_is_the_same_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_values_come_back_when_it_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_users_new_value_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_extras_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_extras_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_sign_in_title_remains, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mark_in_front_of_an_own_sign, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_older_prefix_of_a_stale_program_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_text_that_looks_like_a_block_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rich_text_goes_with_a_block, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_comment_only_where_there_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_category_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forged_properties_go, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_override_has_a_rendering_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refs_of_a_body, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
