/* Words, prices and names in titles and notes: doc/policy.md 4.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "policy/late/fold.h"
#include "policy/late/words.h"

static int make_arena(void **state)
{
	*state = arena_create();
	return 0;
}

static int drop_arena(void **state)
{
	arena_destroy(*state);
	return 0;
}

static const char *amount_text(const struct money *m, struct arena *mem)
{
	char number[MONEY_SIZE];

	if (m->minor < 0)
		return "";
	assert_int_equal(money_format(m->minor, m->currency, number, sizeof(number)), 0);
	return arena_printf(mem, "%s %s", number, m->currency);
}

struct title { const char *text, *currency, *price, *client, *error; };

static void check_titles(const struct title *rows, size_t n, struct arena *mem)
{
	for (size_t i = 0; i < n; i++) {
		struct words w;

		words_in_title(rows[i].text, rows[i].currency, mem, &w);
		if (strcmp(amount_text(&w.price, mem), rows[i].price) || strcmp(w.client, rows[i].client) ||
				strcmp(words_error_name(w.error), rows[i].error))
			print_message("%s: %s|%s|%s\n", rows[i].text, amount_text(&w.price, mem), w.client,
				words_error_name(w.error));
		assert_string_equal(amount_text(&w.price, mem), rows[i].price);
		assert_string_equal(w.client, rows[i].client);
		assert_string_equal(words_error_name(w.error), rows[i].error);
	}
}

static void prices_in_all_their_forms(void **state)
{
	static const struct title rows[] = {
		{ "Marie 80€", "EUR", "80.00 EUR", "Marie", "" },
		{ "Marie 80 €", "EUR", "80.00 EUR", "Marie", "" },
		{ "Marie €80", "EUR", "80.00 EUR", "Marie", "" },
		{ "Marie € 80", "EUR", "80.00 EUR", "Marie", "" },
		{ "Marie 80 EUR", "EUR", "80.00 EUR", "Marie", "" },
		{ "Marie EUR 80", "EUR", "80.00 EUR", "Marie", "" },
		{ "Marie 80 eur", "EUR", "80.00 EUR", "Marie", "" },
		{ "Marie 80,50 €", "EUR", "80.50 EUR", "Marie", "" },
		{ "Marie 80.5 €", "EUR", "80.50 EUR", "Marie", "" },
		{ "Marie 1 200,00 €", "EUR", "1200.00 EUR", "Marie", "" },
		{ "Marie 1\u00a0200,00\u00a0€", "EUR", "1200.00 EUR", "Marie", "" },
		{ "Marie 1\u202f200,00\u202f€", "EUR", "1200.00 EUR", "Marie", "" },
		{ "Marie 1 200 €", "EUR", "1200.00 EUR", "Marie", "" },
		{ "Marie 1.200,00 €", "EUR", "1200.00 EUR", "Marie", "" },
		{ "Marie 1,200.00 €", "EUR", "1200.00 EUR", "Marie", "" },
		{ "Marie 1'200.50 CHF", "EUR", "1200.50 CHF", "Marie", "" },
		{ "80€ Marie", "EUR", "80.00 EUR", "Marie", "" },
		{ "(80€) Marie", "EUR", "80.00 EUR", "Marie", "" },
		{ "Marie (80 €, )", "EUR", "80.00 EUR", "Marie", "" },
		{ "Marie 5000 JPY", "EUR", "5000 JPY", "Marie", "" },
		{ "Marie 1.500 KWD", "EUR", "1.500 KWD", "Marie", "" },
		{ "Marie £40", "EUR", "40.00 GBP", "Marie", "" },
		{ "Marie $40", "EUR", "40.00 USD", "Marie", "" },
		{ "Marie $40", "CAD", "40.00 CAD", "Marie", "" },
		{ "Marie ¥40", "EUR", "40 JPY", "Marie", "" },
		{ "Marie ¥40", "CNY", "40.00 CNY", "Marie", "" },
	};

	check_titles(rows, ARRAY_SIZE(rows), *state);
}

static void what_can_be_read_in_two_ways_is_no_price(void **state)
{
	static const struct title rows[] = {
		{ "Marie 1,200 €", "EUR", "", "Marie 1,200 €", "ambiguous-amount" },
		{ "Marie 80.505 EUR", "EUR", "", "Marie 80.505 EUR", "ambiguous-amount" },
		{ "Marie 80 € 90 €", "EUR", "", "Marie 80 € 90 €", "ambiguous-amount" },
		{ "Marie 80,5055 €", "EUR", "", "Marie 80,5055 €", "bad-amount" },
		{ "Marie 80.50 JPY", "EUR", "", "Marie 80.50 JPY", "bad-amount" },
		{ "Marie -80 €", "EUR", "", "Marie -80 €", "bad-amount" },
		{ "Marie 100001 €", "EUR", "", "Marie 100001 €", "bad-amount" },
	};

	check_titles(rows, ARRAY_SIZE(rows), *state);
}

static void what_only_looks_like_a_price_is_text(void **state)
{
	static const struct title rows[] = {
		{ "Marie 80", "EUR", "", "Marie 80", "" },
		{ "Marie A80€", "EUR", "", "Marie A80€", "" },
		{ "Salle 80EUROS", "EUR", "", "Salle 80EUROS", "" },
		{ "20 all ages", "EUR", "", "20 all ages", "" },
		{ "Cours 80 €/h", "EUR", "", "Cours 80 €/h", "" },
		{ "", "EUR", "", "", "" },
	};

	check_titles(rows, ARRAY_SIZE(rows), *state);
}

static void a_client_is_what_is_left(void **state)
{
	static const struct title rows[] = {
		{ "  Marie \t Durand\u00a0 80€ ", "EUR", "80.00 EUR", "Marie Durand", "" },
		{ "Marie #noshow (#moi)", "EUR", "", "Marie", "contradictory" },
		{ "Marie [#visio] (Paris)", "EUR", "", "Marie (Paris)", "" },
		{ "Marie ([ 80 € ])", "EUR", "80.00 EUR", "Marie", "" },
		{ "Marie (", "EUR", "", "Marie (", "" },
		{ "✗ Late cancel 80.00 EUR · Marie Durand", "EUR", "", "Marie Durand", "" },
		{ "⚠ Marie", "EUR", "", "Marie", "" },
		{ "Marie #late 20 80 €", "EUR", "80.00 EUR", "Marie", "" },
		{ "#1 Marie", "EUR", "", "#1 Marie", "" },
		{ "((((((((((((((((((((x))))))))))))))))))))", "EUR", "", "((((((((((((((((((((x))))))))))))))))))))", "" },
	};

	check_titles(rows, ARRAY_SIZE(rows), *state);
}

/* Names have room for 255 bytes everywhere; the cut is never inside a character. */
static void a_long_title_is_no_long_name(void **state)
{
	char title[400];
	struct words w;

	memset(title, 'x', sizeof(title));
	memcpy(title + 254, "é", 2);
	title[sizeof(title) - 1] = '\0';
	words_in_title(title, "EUR", *state, &w);
	assert_int_equal(strlen(w.client), 254);
}

static const char *tags_text(const struct words *w, struct arena *mem)
{
	const char *text = "";

	for (int n = 0; n < WORD_COUNT; n++) {
		if (w->tags >> n & 1)
			text = arena_printf(mem, "%s%s%s", text, *text ? " " : "", word_name(n));
	}
	return text;
}

static void words_are_known_by_a_fixed_list(void **state)
{
	static const struct { const char *text, *tags; } rows[] = {
		{ "#noshow", "noshow" }, { "#NoShow", "noshow" }, { "#no-show", "noshow" }, { "#Absente", "noshow" },
		{ "#PAYÉ", "paid" }, { "#paye\u0301", "paid" }, { "#impayé", "unpaid" }, { "(#urgence)", "emergency" },
		{ "[#ok]", "ok" }, { "x #ok.", "ok" }, { "#late-cancel", "latecancel" }, { "#privé", "private" },
		{ "#noshowing", "" }, { "x#noshow", "" }, { "/#noshow", "" }, { "# noshow", "" }, { "#no_show", "" },
		{ "#noshow-", "" }, { "##noshow", "" }, { "#", "" },
		{ "> #noshow", "" }, { "a\n>#noshow\n#paid", "paid" },
		{ "=== 7F3K-2Q9M · do not edit below ===\n#waive\n=== end ===\n#paid", "paid" },
		{ "=== 7F3K-2Q9M · do not edit below ===\n#waive\n#paid", "" },
		{ "a\r\n#offert\r\nb", "waive" }, { "a\u00a0#ok", "ok" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct words w;

		words_in_note(rows[i].text, "EUR", *state, &w);
		assert_string_equal(tags_text(&w, *state), rows[i].tags);
		assert_null(w.client);
	}
}

static void words_take_their_arguments(void **state)
{
	struct words w;

	words_in_note("#frais 30,50 et #prix 80€ #retard 20", "EUR", *state, &w);
	assert_string_equal(tags_text(&w, *state), "fee late price");
	assert_string_equal(amount_text(&w.amount, *state), "30.50 EUR");
	assert_string_equal(amount_text(&w.price, *state), "80.00 EUR");
	assert_int_equal(w.minutes, 20);
	words_in_note("#fee -5", "EUR", *state, &w);
	assert_int_equal(w.tags, 0);
	assert_int_equal(w.error, WORDS_BAD_AMOUNT);
	words_in_note("#fee 100000.01", "EUR", *state, &w);
	assert_int_equal(w.error, WORDS_BAD_AMOUNT);
	words_in_note("#fee", "EUR", *state, &w);
	assert_int_equal(w.error, WORDS_BAD_AMOUNT);
	words_in_note("#late", "EUR", *state, &w);
	assert_int_equal(w.minutes, -1);
}

static void contradictions_are_said(void **state)
{
	struct words w;

	words_in_note("#noshow #attended", "EUR", *state, &w);
	assert_int_equal(w.error, WORDS_CONTRADICTORY);
	words_in_note("#waive #fee 30", "EUR", *state, &w);
	assert_int_equal(w.error, WORDS_CONTRADICTORY);
	words_in_note("#noshow #waive", "EUR", *state, &w);
	assert_int_equal(w.error, WORDS_FINE);
}

static void names_fold_alike(void **state)
{
	assert_string_equal(text_folded("  Zoé  DURAND ", *state), "zoe durand");
	assert_string_equal(text_folded("Zoe\u0301 Durand", *state), "zoe durand");
	assert_string_equal(text_folded("Ångström Øystein Łukasz Nguyễn", *state), "angstrom øystein łukasz nguyen");
	assert_string_equal(text_folded("Ελένη ЖАННА Ёлка", *state), "ελενη жанна елка");
	assert_string_equal(text_folded("李明", *state), "李明");
	assert_string_equal(text_folded("\xff\xc3", *state), "\xef\xbf\xbd\xef\xbf\xbd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prices_in_all_their_forms),
		cmocka_unit_test(what_can_be_read_in_two_ways_is_no_price),
		cmocka_unit_test(what_only_looks_like_a_price_is_text),
		cmocka_unit_test(a_client_is_what_is_left),
		cmocka_unit_test(a_long_title_is_no_long_name),
		cmocka_unit_test(words_are_known_by_a_fixed_list),
		cmocka_unit_test(words_take_their_arguments),
		cmocka_unit_test(contradictions_are_said),
		cmocka_unit_test(names_fold_alike),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
