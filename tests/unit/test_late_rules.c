/* The policy's text: directives, overrides, versions, checks at load (doc/policy.md 5.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/late/directive.h"
#include "policy/late/rules.h"
#include "zones.h"

enum { LINES_MAX = 16 };

static char warnings[1000];

static void note_warning(const char *text, void *arg)
{
	size_t used = strlen(warnings);

	(void)arg;
	snprintf(warnings + used, sizeof(warnings) - used, "%s\n", text);
}

/* lines: key, value, …, NULL. The zone is always there. */
static struct policy_text *load(const char *const *lines, char *why, size_t why_size)
{
	struct policy_setting all[LINES_MAX] = { { sizeof(all[0]), "timezone", "Europe/Paris",
		"late.conf", 1 } };
	size_t n = 1;

	warnings[0] = '\0';
	why[0] = '\0';
	for (size_t i = 0; lines[i]; i += 2, n++)
		all[n] = (struct policy_setting){ sizeof(all[0]), lines[i], lines[i + 1], "late.conf", (int)n + 1 };
	return rules_load("therapy", "digest", all, n, note_warning, NULL, why, why_size);
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static struct policy_text *loaded(const char *const *lines)
{
	char why[300];
	struct policy_text *p = load(lines, why, sizeof(why));

	if (!p)
		fail_msg("%s", why);
	return p;
}

static void assert_refused(const char *const *lines, const char *reason)
{
	char why[300];
	struct policy_text *p = load(lines, why, sizeof(why));

	assert_null(p);
	if (!strstr(why, reason))
		fail_msg("got '%s', expected '%s'", why, reason);
}

static void assert_fine(const char *const *lines)
{
	rules_free(loaded(lines));
}

static int64_t at(const char *text)
{
	int64_t t = 0;

	assert_int_equal(iso_date_parse(text, &t), 0);
	return t;
}

static void every_directive_has_an_example_that_it_takes(void **state)
{
	static const struct { const char *name, *good, *bad; } rows[] = {
		{ "timezone", "Europe/Paris", "Europe/Nowhere" }, { "currency", "EUR", "EURO" }, { "language",
			"fr", "de" },
		{ "use", "fair", "nice" }, { "mode", "record", "off" }, { "owner-changes", "propose", "ask" },
		{ "tiers", "24h 100%", "24h" }, { "tiers", "1d@17:00 12.00 EUR", "24h 100% 50%" },
		{ "tiers", "2bd 30 EUR/h", "0h 100%" }, { "tiers", "12h session", "12h 12.345 EUR" },
		{ "no-show", "100% wait 15m until 14d", "100% until 14d wait 15m" },
		{ "late-move", "20%", "later" }, { "late-arrival", "noshow-after 15m", "15m" }, { "cap", "none",
			"100" },
		{ "min", "15.00 EUR", "15" }, { "max", "60 EUR", "60 EUR/h" }, { "round", "0.05 CHF", "0 CHF" },
		{ "grace", "30m not-within 3h", "30m within 3h" }, { "shift", "60m", "60" },
		{ "move-limit", "3 50%", "3" }, { "forgive", "1 per 365d late-cancel late-move", "1 per 365d" },
		{ "forgive", "1 per year no-show", "1 per decade no-show" },
		{ "escalate", "from 3 per 180d 100%", "3 per 180d 100%" },
		{ "hours", "mon-fri 09:00-12:00 14:00-18:00", "mon-fri 14:00-18:00 09:00-12:00" },
		{ "hours", "sat 10:00-24:00", "someday 10:00-12:00" }, { "holidays", "2026-05-01", "2026-02-30" },
		{ "deposit", "30 EUR credit", "30 EUR" }, { "owner-late", "24h credit 20%", "24h 20%" },
		{ "refilled", "keep", "yes" }, { "review", "24h", "1 day" }, { "acceptance", "optional", "yes" },
		{ "series-max", "2", "-1" }, { "tax", "included 20% of it", "20%" }, { "shorten", "free", "no" },
		{ "price", "18 EUR per attendee", "80" }, { "rate", "120 EUR/h", "120 EUR" }, { "price-from", "title",
		"note" },
		{ "priority-propose", "off", "maybe" }, { "allday", "off", "0" }, { "extras", "on", "1" },
		{ "title", "mark", "short" }, { "status", "keep", "leave" }, { "on-delete", "note", "no" },
		{ "remind", "24h before-deadline", "24h" }, { "link-check", "2d", "two" },
		{ "review-terms", "6 months", "6" }, { "keep-incidents", "10 years", "10 decades" },
		{ "account", "marc", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum directive_id id = directive_find(rows[i].name);
		struct err e = { 0 };

		assert_true(id < DIRECTIVE_COUNT);
		if (directive_check(id, rows[i].good, &e))
			fail_msg("%s = %s: %s", rows[i].name, rows[i].good, e.text);
		if (!directive_check(id, rows[i].bad, &e))
			fail_msg("%s = %s was taken", rows[i].name, rows[i].bad);
		assert_non_null(strstr(e.text, "expected"));
	}
}

static void no_directive_is_left_out(void **state)
{
	assert_fine(LINES("late-arrival", "noshow-after 15m", "deposit", "30% arrhes", "owner-late",
		"24h credit 20%"));
	assert_fine(LINES("refilled", "waive", "acceptance", "required", "shorten", "prorata"));
	assert_fine(LINES("priority-propose", "on", "holidays", "fr", "service/yoga/price", "18 EUR"));
	assert_string_equal(warnings, "");
	assert_fine(LINES("remind", "24h before-deadline", "link-check", "2d", "review-terms", "6 months",
		"keep-incidents", "3 years", "extras", "on"));
	assert_string_equal(warnings, "");
	assert_refused(LINES("holidays", "xx"), "one of the countries fr, de, be, ch, us, gb");
	assert_refused(LINES("holidays", "nowhere.ics"), "nowhere.ics: No such file");
}

static void services_stand_between_weekday_and_client(void **state)
{
	struct policy_text *p = loaded(LINES("tiers", "24h 100%", "weekday/sat/tiers", "48h 100%",
		"service/Yoga 60/tiers", "6h 50%", "client/marie/tiers", "1h 10%"));
	struct rules r;

	rules_for(p, 0, &(struct rules_key){ "zoe", "zoe", "yoga 60" }, at("2026-06-13T08:00:00Z"), &r);
	assert_int_equal(r.tiers[0].within.count, 6);
	rules_for(p, 0, &(struct rules_key){ "zoe", "zoe", "" }, at("2026-06-13T08:00:00Z"), &r);
	assert_int_equal(r.tiers[0].within.count, 48);
	rules_for(p, 0, &(struct rules_key){ "marie", "marie", "yoga 60" }, at("2026-06-13T08:00:00Z"), &r);
	assert_int_equal(r.tiers[0].within.count, 1);
	assert_true(rules_service(p, "yoga 60"));
	assert_false(rules_service(p, "yoga"));
	rules_free(p);
}

static void checks_look_at_several_directives(void **state)
{
	assert_refused(LINES("tiers", "48h 100%", "tiers", "24h 50%"), "a longer notice is dearer");
	assert_refused(LINES("tiers", "24h 150%"), "expected a cap in words");
	assert_fine(LINES("tiers", "24h 150%", "cap", "none"));
	assert_refused(LINES("price", "80 EUR", "tiers", "24h 90 EUR"), "expected a cap in words");
	assert_refused(LINES("price", "80 EUR", "no-show", "90 EUR"), "late.conf:3: option 'no-show': a "
		"fee is above");
	assert_refused(LINES("late-move", "101%"), "expected a cap in words");
	assert_refused(LINES("move-limit", "2 150%"), "expected a cap in words");
	assert_refused(LINES("escalate", "from 3 per 180d 200%"), "expected a cap in words");
	assert_fine(LINES("price", "80 EUR", "no-show", "90 EUR", "cap", "100 EUR"));
	assert_fine(LINES("tiers", "24h 150%", "cap", "100%", "client/marie/tiers", "24h 120%"));
	assert_refused(LINES("tiers", "2bd 50%"), "need opening hours");
	assert_fine(LINES("tiers", "2bd 50%", "hours", "mon-fri 09:00-18:00"));
	assert_fine(LINES("hours", "mon-fri 09:00-18:00", "client/marie/tiers", "2bd 50%"));
	assert_refused(LINES("tiers", "1h 100%", "grace", "2h"), "shorter than the shortest notice");
	assert_refused(LINES("price", "80 EUR", "rate", "80 EUR/h"), "not both");
	assert_refused(LINES("price", "80 EUR", "price", "90 EUR"), "expected once");
	assert_refused(LINES("version/2026-01-01/mode", "record", "version/2025-12-31T23:00:00Z/mode",
		"charge"),
		"another time");
	assert_refused(LINES("version/2026-01-01/mode", "record",
		"version/2025-12-31T23:00:00Z/client/marie/mode", "charge"), "another time");
	assert_refused(LINES("version/soon/mode", "record"), "expected a date or a UTC time");
	assert_refused(LINES("weekday/sunday/mode", "record"), "expected a day");
	assert_refused(LINES("weekday/sat/currency", "EUR"), "outside of sections");
	assert_refused(LINES("account", "marc"), "in a client section");
	assert_refused(LINES("colour", "red"), "no such option");
	assert_fine(LINES("tiers", "24h 100%", "no-show", "50%"));
	assert_non_null(strstr(warnings, "staying away is cheaper than telling you"));
}

/* doc/policy.md 5.1: each with file, line, option, what was expected. That versions don't begin in the past
 * is test_policy_load's. */
static void every_check_at_load_has_a_proposal(void **state)
{
	const struct { const char *const *lines; const char *reason; } rows[] = {
		{ LINES("currency", "EUR", "tiers", "48h 100%", "tiers", "24h 50%"),
			"late.conf:4: option 'tiers': a longer notice is dearer than a shorter one: expected fees that "
			"rise towards the start, for example { \"48h 50%\", \"24h 100%\" }" },
		{ LINES("price", "80 EUR", "tiers", "24h 90 EUR"), "late.conf:3: option 'tiers': a fee is above the "
			"price: expected a cap in words too, for example cap = none" },
		{ LINES("price", "80 EUR", "no-show", "100 EUR"),
			"late.conf:3: option 'no-show': a fee is above the price: " },
		{ LINES("late-move", "120%"), "late.conf:2: option 'late-move': a fee is above the price: " },
		{ LINES("move-limit", "3 101%"), "late.conf:2: option 'move-limit': a fee is above the price: " },
		{ LINES("escalate", "from 3 per 180d 200%"),
			"late.conf:2: option 'escalate': a fee is above the price: " },
		{ LINES("tiers", "2bh 50%"),
			"late.conf:2: option 'tiers': bd and bh need opening hours, for example hours = " },
		{ LINES("review", "1bd"),
			"late.conf:2: option 'review': bd and bh need opening hours, for example hours = " },
		{ LINES("tiers", "1h 100%", "grace", "2h"), "late.conf:3: option 'grace': expected a grace period "
			"that is shorter than the shortest notice, for example \"15m\"" },
		{ LINES("currency", "EURO"), "late.conf:2: option 'currency': expected an ISO 4217 currency code, for "
			"example \"EUR\"" },
		{ LINES("tiers", "24h 12.345 EUR"),
			"late.conf:2: option 'tiers': expected a notice and a fee, for example " },
		{ LINES("price", "80.5 JPY"),
			"late.conf:2: option 'price': expected an amount with its currency, for example " },
		{ LINES("price", "80 XXY"),
			"late.conf:2: option 'price': expected an amount with its currency, for example " },
		{ LINES("version/2026-01-01/mode", "record", "version/2025-12-31T23:00:00Z/mode", "charge"),
			"late.conf:3: option 'version/2025-12-31T23:00:00Z/mode': expected each version to begin at "
			"another time" },
		{ LINES("price", "80 EUR", "deposit", "30 CHF credit"), "late.conf:3: option 'deposit': the deposit is "
			"in CHF and the price in EUR: expected one currency, for example deposit = \"30 EUR credit\"" },
		{ LINES("deposit", "30 CHF credit", "service/yoga/price", "18 EUR"), "late.conf:3: option "
			"'service/yoga/price': the deposit is in CHF and the price in EUR" },
		{ LINES("rate", "120 EUR/h", "deposit", "30 GBP arrhes"),
			"late.conf:3: option 'deposit': the deposit is in" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_refused(rows[i].lines, rows[i].reason);
	assert_fine(LINES("price", "80 EUR", "no-show", "100 EUR", "cap", "none"));
	assert_fine(LINES("price", "80 EUR", "deposit", "30% credit"));
	assert_fine(LINES("price", "80 EUR", "deposit", "30 EUR credit", "min", "5 EUR"));
	assert_string_equal(warnings, "");
	assert_fine(LINES("price", "80 EUR", "min", "5 CHF"));
	assert_non_null(strstr(warnings, "late.conf:3: option 'min': no effect on fees in EUR"));
	assert_fine(LINES("tiers", "24h 100%", "no-show", "50%"));
	assert_non_null(strstr(warnings, "late.conf:3: option 'no-show': staying away is cheaper than telling you"));
}

static void errors_name_file_line_and_option(void **state)
{
	assert_refused(LINES("currency", "EUR", "tiers", "tomorrow"),
		"late.conf:3: option 'tiers': expected a notice and a fee, for example \"24h 100%\"");
}

static void a_zone_is_needed(void **state)
{
	const struct policy_setting one = { sizeof(one), "currency", "EUR", "late.conf", 1 };
	char why[300];

	assert_null(rules_load("x", "", &one, 1, NULL, NULL, why, sizeof(why)));
	assert_non_null(strstr(why, "'timezone' is missing"));
}

static void overrides_beat_each_other(void **state)
{
	struct policy_text *p = loaded(LINES("tiers", "24h 100%", "tiers", "12h 100%", "grace", "15m",
		"weekday/sat/tiers", "48h 100%", "client/Zoé D/tiers", "6h 50%", "client/a/b/mode", "record",
		"client/zoe d/mode", "record"));
	struct rules r;

	rules_for(p, 0, &(struct rules_key){ "marc", "marc", "" }, at("2026-06-10T08:00:00Z"),
		&r); /* a Wednesday */
	assert_int_equal(r.tier_count, 2);
	rules_for(p, 0, &(struct rules_key){ "marc", "marc", "" }, at("2026-06-13T08:00:00Z"), &r);
	assert_int_equal(r.tier_count, 1);
	assert_int_equal(r.tiers[0].within.count, 48);
	assert_true(rules_has(&r, DIRECTIVE_grace));
	/* Saturday begins in the policy's zone */
	rules_for(p, 0, &(struct rules_key){ "marc", "marc", "" }, at("2026-06-12T22:30:00Z"), &r);
	assert_int_equal(r.tiers[0].within.count, 48);
	rules_for(p, 0, &(struct rules_key){ "zoe d", "zoe d", "" }, at("2026-06-13T08:00:00Z"), &r);
	assert_int_equal(r.tiers[0].within.count, 6);
	assert_true(r.record);
	rules_for(p, 0, &(struct rules_key){ "z@example.org", "zoe d", "" }, at("2026-06-13T08:00:00Z"), &r);
	assert_int_equal(r.tiers[0].within.count, 6);
	rules_for(p, 0, &(struct rules_key){ "a/b", "", "" }, at("2026-06-13T08:00:00Z"), &r);
	assert_true(r.record);
	rules_free(p);
}

static void versions_hold_from_their_day(void **state)
{
	struct policy_text *p = loaded(LINES("price", "80 EUR", "tiers", "24h 50%",
		"version/2027-01-01/price", "85 EUR", "version/2028-01-01/mode", "record",
		"version/2027-01-01/client/marie/price", "70 EUR"));
	struct rules r;

	rules_for(p, at("2026-12-31T22:59:59Z"), &(struct rules_key){ "marie", "", "" }, 0, &r);
	assert_int_equal(r.price.minor, 8000);
	assert_string_equal(rules_version(p, at("2026-12-31T22:59:59Z")), "");
	rules_for(p, at("2026-12-31T23:00:00Z"), &(struct rules_key){ "x", "", "" }, 0, &r);
	assert_int_equal(r.price.minor, 8500);
	assert_string_equal(rules_version(p, at("2026-12-31T23:00:00Z")), "2027-01-01");
	rules_for(p, at("2028-06-01T00:00:00Z"), &(struct rules_key){ "marie", "", "" }, 0, &r);
	assert_int_equal(r.price.minor, 7000);
	assert_true(r.record);
	assert_int_equal(r.tier_count, 1);
	rules_free(p);
	p = loaded(LINES("version/2026-05-31T22:00:00Z/mode", "record"));
	assert_string_equal(rules_version(p, at("2026-05-31T22:00:00Z")), "2026-06-01"); /* in Paris */
	rules_free(p);
}

static void expect_percent(const struct fee_rule *f, int64_t percent)
{
	assert_int_equal(f->kind, FEE_PERCENT);
	assert_int_equal(f->percent.num * 100, percent * f->percent.den);
}

static void expect_tier(const struct rules *r, size_t n, int64_t hours, int64_t percent)
{
	assert_true(n < r->tier_count);
	assert_int_equal(r->tiers[n].within.unit, UNIT_HOUR);
	assert_int_equal(r->tiers[n].within.count, hours);
	expect_percent(&r->tiers[n].fee, percent);
}

/* policy.md 5.1 */
static void presets_are_what_they_say(void **state)
{
	static const struct { const char *name; size_t tiers; int64_t hours[2], fee[2], absence; } rows[] = {
		{ "mild", 1, { 24 }, { 0 }, 50 }, { "fair", 1, { 24 }, { 50 }, 100 },
		{ "strict", 2, { 48, 24 }, { 50, 100 }, 100 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy_text *p = loaded(LINES("use", rows[i].name));
		struct rules r;

		rules_general(p, 0, &r);
		assert_int_equal(r.tier_count, rows[i].tiers);
		for (size_t n = 0; n < rows[i].tiers; n++)
			expect_tier(&r, n, rows[i].hours[n], rows[i].fee[n]);
		expect_percent(&r.no_show.fee, rows[i].absence);
		rules_free(p);
	}
}

static void a_preset_lies_under_what_is_said(void **state)
{
	struct policy_text *p = loaded(LINES("tiers", "12h 50%", "use", "strict", "no-show", "30 EUR",
		"grace", "15m",
		"client/marie/use", "mild", "version/2027-01-01/tiers", "6h 100%"));
	struct rules r;

	rules_general(p, 0, &r);
	assert_int_equal(r.tier_count, 1);
	expect_tier(&r, 0, 12, 50);
	assert_int_equal(r.no_show.fee.kind, FEE_AMOUNT);
	assert_true(rules_has(&r, DIRECTIVE_grace));
	rules_general(p, at("2027-01-01T00:00:00Z"), &r);
	expect_tier(&r, 0, 6, 100);
	rules_for(p, 0, &(struct rules_key){ "marie", "", "" }, 0, &r);
	expect_tier(&r, 0, 24, 0);
	expect_percent(&r.no_show.fee, 50);
	rules_free(p);
	p = loaded(LINES("use", "strict", "no-show", "30 EUR"));
	rules_general(p, 0, &r);
	assert_int_equal(r.tier_count, 2);
	expect_tier(&r, 1, 24, 100);
	rules_free(p);
}

static void what_is_left_out_has_its_default(void **state)
{
	struct policy_text *p = loaded(LINES("currency", "EUR"));
	struct rules r;

	rules_for(p, 0, &(struct rules_key){ "", "", "" }, 0, &r);
	assert_int_equal(r.owner_changes, OWNER_CHANGES_PROPOSE);
	assert_int_equal(r.late_move, LATE_MOVE_HOLD);
	assert_int_equal(r.cap.kind, CAP_PERCENT);
	assert_int_equal(r.cap.percent.num, 100);
	assert_int_equal(r.tier_count, 0);
	assert_int_equal(r.price.minor, -1);
	assert_false(r.record);
	rules_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_directive_has_an_example_that_it_takes),
		cmocka_unit_test(no_directive_is_left_out),
		cmocka_unit_test(services_stand_between_weekday_and_client),
		cmocka_unit_test(checks_look_at_several_directives),
		cmocka_unit_test(every_check_at_load_has_a_proposal),
		cmocka_unit_test(errors_name_file_line_and_option),
		cmocka_unit_test(a_zone_is_needed),
		cmocka_unit_test(overrides_beat_each_other),
		cmocka_unit_test(versions_hold_from_their_day),
		cmocka_unit_test(presets_are_what_they_say),
		cmocka_unit_test(a_preset_lies_under_what_is_said),
		cmocka_unit_test(what_is_left_out_has_its_default),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
