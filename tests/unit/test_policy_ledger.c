/* Ledger entries: what is written is read again, what is unique, and the list of fees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/util.h"
#include "ical/zone.h"
#include "policy/fee_act.h"
#include "policy/fees.h"
#include "policy/ledger.h"

struct fixture {
	struct store *store;
	struct arena *mem;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err e;

	f->mem = arena_create();
	*state = f;
	return store_open("memory", NULL, NULL, &f->store, &e);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	arena_destroy(f->mem);
	free_cleanup(&f);
	return 0;
}

static struct policy_incident late_cancel(void)
{
	return (struct policy_incident){ .size = sizeof(struct policy_incident),
		.state = POLICY_DUE,
		.at = 1000,
		.slot = 5000,
		.slot_end = 8600,
		.acquired = 10,
		.anchor = 5000,
		.notice = 4000,
		.required = 86400,
		.free_until = 500,
		.class_ = "late-cancel",
		.outcome = "charged",
		.client = "marie",
		.title = "Marie",
		.uid = "u1",
		.occurrence = "",
		.ref = "7F3K-2Q9M",
		.by = "client",
		.actor = "marc",
		.basis = "100 % of 80.00 EUR",
		.currency = "EUR",
		.charge = 8000,
		.hold = 0,
		.price = 8000,
		.policy = "therapy",
		.version = "2026-01-01",
		.supersedes = "", .service = "", .attendee = "", .word = "", .reason = "", .zone = "" };
}

static struct policy_incident slot(void)
{
	struct policy_incident i = late_cancel();

	i.class_ = KIND_SLOT;
	i.outcome = "";
	i.state = POLICY_NONE;
	i.charge = 0;
	return i;
}

static struct entry *keep(
	struct fixture *f, struct entry_list *list, const struct policy_incident *i)
{
	struct entry *entry = entry_add(list, f->mem);

	entry->owner = "anna";
	entry->kind = i->class_;
	entry->incident = strcmp(i->class_, KIND_SLOT) != 0;
	entry->i = *i;
	return entry;
}

static void commit(struct fixture *f, const struct entry_list *list)
{
	struct ledger_row *rows = arena_array(f->mem, list->count, sizeof(*rows));
	struct commit c = { .now = 1000, .ledger = rows, .ledgers = list->count };
	struct err e = { 0 };

	for (size_t n = 0; n < list->count; n++) {
		assert_int_equal(
			ledger_row(&list->entries[n], list->entries[n].i.at, f->mem, &rows[n], &e),
			0);
	}
	if (store_commit(f->store, &c, &e)) {
		fail_msg("%s", e.text);
	}
}

static struct entry_list read_back(struct fixture *f)
{
	struct entry_list list = { 0 };
	struct err e;

	assert_int_equal(
		ledger_read(f->store, &(struct ledger_query){ .owner = "anna" }, f->mem, &list, &e),
		0);
	return list;
}

static void test_what_is_written_is_read(void **state)
{
	struct fixture *f = *state;
	struct policy_incident i = late_cancel();
	struct rendering shown = { .occurrence = "",
		.ref = "7F3K-2Q9M",
		.prefix = "✗ Late",
		.block = "a\nb",
		.transp = { "TRANSPARENT", NULL },
		.status = { "CANCELLED", "CONFIRMED" } };
	struct entry_list list = { 0 };

	keep(f, &list, &i)->shown = &shown;
	commit(f, &list);
	struct entry_list there = read_back(f);
	assert_int_equal(there.count, 1);
	const struct policy_incident *r = &there.entries[0].i;
	assert_int_equal(there.entries[0].seq, 1);
	assert_true(there.entries[0].incident);
	assert_int_equal(r->state, POLICY_DUE);
	assert_int_equal(r->slot, 5000);
	assert_int_equal(r->notice, 4000);
	assert_int_equal(r->required, 86400);
	assert_int_equal(r->price, 8000);
	assert_string_equal(r->basis, i.basis);
	assert_string_equal(r->version, "2026-01-01");
	assert_string_equal(r->supersedes, "");
	assert_true(rendering_equal(there.entries[0].shown, &shown));
	shown.status.was = NULL;
	assert_false(rendering_equal(there.entries[0].shown, &shown));
}

static void test_defaults_survive(void **state)
{
	struct fixture *f = *state;
	struct policy_incident i = slot();
	struct entry_list list = { 0 };

	i.price = -1;
	i.required = -1;
	i.free_until = 0;
	keep(f, &list, &i);
	commit(f, &list);
	struct entry_list there = read_back(f);
	assert_int_equal(there.entries[0].i.price, -1);
	assert_int_equal(there.entries[0].i.required, -1);
	assert_int_equal(there.entries[0].i.free_until, 0);
	assert_false(there.entries[0].incident);
	assert_null(there.entries[0].shown);
}

static void test_row_is_one_line_of_sorted_json_with_salt(void **state)
{
	struct fixture *f = *state;
	struct policy_incident i = late_cancel();
	struct entry_list list = { 0 };
	struct ledger_row one, two;
	const char *key, *last = "";
	json_t *value;

	i.title = "two\nlines\tand a tab";
	keep(f, &list, &i);
	assert_int_equal(ledger_row(&list.entries[0], 1, f->mem, &one, NULL), 0);
	assert_int_equal(ledger_row(&list.entries[0], 1, f->mem, &two, NULL), 0);
	assert_null(strpbrk(one.text, "\n\t"));
	assert_string_not_equal(one.text, two.text); /* the salts differ */
	assert_string_equal(one.kind, "late-cancel");
	assert_string_equal(one.client, "marie");
	assert_int_equal(one.slot, 5000);
	json_t *object = json_loads(one.text, 0, NULL);
	assert_non_null(json_object_get(object, "salt"));
	json_object_foreach(object, key, value) {
		assert_true(strcmp(last, key) < 0);
		last = key;
	}
	json_decref(object);
}

static void test_text_that_is_not_utf8_is_refused(void **state)
{
	struct fixture *f = *state;
	struct policy_incident i = late_cancel();
	struct entry_list list = { 0 };
	struct ledger_row row;
	struct err e;

	i.title = "\xff";
	keep(f, &list, &i);
	assert_int_equal(ledger_row(&list.entries[0], 1, f->mem, &row, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
}

static void test_incident_once(void **state)
{
	struct fixture *f = *state;
	struct policy_incident i = late_cancel(), other = late_cancel(), back = late_cancel();
	struct entry_list list = { 0 };

	assert_false(entry_is_repeat(&list, &i));
	keep(f, &list, &i);
	assert_true(entry_is_repeat(&list, &i));
	other.client = "paul";
	assert_false(entry_is_repeat(&list, &other));
	other = i;
	other.slot = 6000;
	assert_false(entry_is_repeat(&list, &other));
	other = i;
	other.occurrence = "20260610T080000Z";
	assert_false(entry_is_repeat(&list, &other));
	other = i;
	other.class_ = "no-show";
	assert_false(entry_is_repeat(&list, &other));
	other = i;
	other.at = 2000; /* the same, told later */
	other.notice = 3000;
	assert_true(entry_is_repeat(&list, &other));
	other.state = POLICY_WAIVED;
	assert_false(entry_is_repeat(&list, &other));

	back.class_ = "reinstated";
	back.state = POLICY_VOID;
	back.charge = 0;
	back.supersedes = i.ref;
	assert_false(entry_is_repeat(&list, &back));
	keep(f, &list, &back);
	assert_false(entry_is_repeat(&list, &i)); /* once it is void, it may happen again */
	keep(f, &list, &i);
	assert_true(entry_is_repeat(&list, &i));
}

static void test_slot_once_until_something_happens(void **state)
{
	struct fixture *f = *state;
	struct policy_incident s = slot(), i = late_cancel(), renamed = slot();
	struct entry_list list = { 0 };

	keep(f, &list, &s);
	assert_true(entry_is_repeat(&list, &s));
	renamed.title = "Marie D.";
	assert_false(entry_is_repeat(&list, &renamed));
	keep(f, &list, &i);
	s.acquired = 2000;
	assert_false(entry_is_repeat(&list, &s));
}

static void test_refs(void **state)
{
	struct fixture *f = *state;
	struct policy_incident s = slot(), date = slot();
	struct entry_list list = { 0 };
	const char *a, *b;

	date.occurrence = "19700101T012320Z";
	date.ref = "2345-6789";
	keep(f, &list, &s);
	assert_string_equal(entry_ref(&list, "", "", 5000), "7F3K-2Q9M");
	assert_string_equal(entry_ref(&list, "", "19700101T012320Z", 5000), "7F3K-2Q9M");
	keep(f, &list, &date);
	assert_string_equal(entry_ref(&list, "", "19700101T012320Z", 5000), "2345-6789");
	assert_string_equal(entry_ref(&list, "", "", 5000), "7F3K-2Q9M");
	assert_string_equal(entry_ref(&list, "", "", 6000), "");
	assert_string_equal(entry_ref(&list, "", "", 0), "7F3K-2Q9M");
	assert_string_equal(entry_ref(&list, "", "20260610T080000Z", 0), "");
	commit(f, &list);
	assert_int_equal(ledger_fresh_ref(f->store, f->mem, &a, NULL), 0);
	assert_int_equal(ledger_fresh_ref(f->store, f->mem, &b, NULL), 0);
	assert_string_not_equal(a, b);
	assert_true(ref_looks_right(a));
	assert_int_equal(strlen(a), 9);
	assert_false(ref_looks_right("7F3K 2Q9M"));
	assert_false(ref_looks_right("7F3K-2Q0M"));
	assert_false(ref_looks_right("7F3K-2Q"));
}

static void test_fees_follow_their_incident(void **state)
{
	struct fixture *f = *state;
	struct policy_incident s = slot(), i = late_cancel(), back = late_cancel(),
			       other = late_cancel();
	struct entry_list list = { 0 };
	struct fee_list fees;

	back.class_ = "reinstated";
	back.outcome = "void";
	back.state = POLICY_VOID;
	back.charge = 0;
	back.supersedes = i.ref;
	other.uid = "u2";
	other.ref = "2345-6789";
	keep(f, &list, &s);
	keep(f, &list, &i);
	keep(f, &list, &other);
	keep(f, &list, &back);
	keep(f, &list, &i); /* cancelled once more */
	other.state = POLICY_WAIVED;
	other.outcome = "waived";
	keep(f, &list, &other);
	commit(f, &list);

	assert_int_equal(fees_list(f->store, &(struct fee_filter){ 0 }, f->mem, &fees, NULL), 0);
	assert_int_equal(fees.count, 4);
	assert_string_equal(fees.fees[0].incident.class_, "late-cancel");
	assert_string_equal(fees.fees[0].state_name, "void");
	assert_string_equal(fees.fees[1].incident.uid, "u2");
	assert_string_equal(fees.fees[1].state_name, "waived");
	assert_string_equal(fees.fees[2].incident.class_, "reinstated");
	assert_string_equal(fees.fees[3].state_name, "due");
	assert_string_equal(fees.fees[3].owner, "anna");
	assert_int_equal(fees.fees[3].incident.charge, 8000);
	assert_int_equal(fees_list(f->store, &(struct fee_filter){ .owner = "marc" }, f->mem, &fees, NULL), 0);
	assert_int_equal(fees.count, 0);
}

/* References of the fees that match, in order. */
static const char *listed(struct fixture *f, const struct fee_filter *filter)
{
	struct fee_list fees;
	const char *refs = "";

	assert_int_equal(fees_list(f->store, filter, f->mem, &fees, NULL), 0);
	for (size_t n = 0; n < fees.count; n++)
		refs = arena_printf(f->mem, "%s%s%s", refs, n ? " " : "", fees.fees[n].incident.ref);
	return refs;
}

static void keep_three(struct fixture *f)
{
	struct policy_incident one = late_cancel(), two = late_cancel(), three = late_cancel();
	struct entry_list list = { 0 };

	one.client = "marie durand";
	one.title = "Marie Durand";
	one.at = 1780264799; /* 2026-05-31T21:59:59Z: 23:59:59 in Paris */
	two.ref = "2345-6789";
	two.uid = "u2";
	two.client = two.title = "zoe@example.org";
	two.at = 1780264800; /* 2026-06-01 in Paris */
	two.state = POLICY_PAID;
	three.ref = "2345-678A";
	three.uid = "u3";
	three.client = "zoe@example.org";
	three.title = "Zoé";
	three.at = 1782856800; /* 2026-07-01 in Paris */
	three.state = POLICY_WAIVED;
	keep(f, &list, &one);
	keep(f, &list, &two);
	keep(f, &list, &three)->owner = "paul";
	commit(f, &list);
}

static void test_fees_are_filtered(void **state)
{
	struct fixture *f = *state;
	const char *const all = "7F3K-2Q9M 2345-6789 2345-678A";

	keep_three(f);
	assert_string_equal(listed(f, &(struct fee_filter){ 0 }), all);
	assert_string_equal(listed(f, &(struct fee_filter){ .owner = "paul" }), "2345-678A");
	assert_string_equal(listed(f, &(struct fee_filter){ .ref = "2345-6789" }), "2345-6789");
	assert_string_equal(listed(f, &(struct fee_filter){ .uid = "u2" }), "2345-6789");
	assert_string_equal(listed(f, &(struct fee_filter){ .client = "MARIE  Durand" }), "7F3K-2Q9M");
	assert_string_equal(listed(f, &(struct fee_filter){ .client = "Zoe" }), "2345-678A");
	assert_string_equal(listed(f, &(struct fee_filter){ .client = "Zoe@Example.org" }), "2345-6789 2345-678A");
	assert_string_equal(listed(f, &(struct fee_filter){ .client = "Marie" }), "");
	assert_string_equal(listed(f, &(struct fee_filter){ .states = 1 << POLICY_PAID | 1 << POLICY_WAIVED }),
		"2345-6789 2345-678A");
	assert_string_equal(listed(f, &(struct fee_filter){ .states = 1 << POLICY_VOID }), "");
}

/* What a reference costs doesn't depend on what happened to all others. */
static void test_one_fee_is_found_by_itself(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct fixture *f = *state;
	struct policy_incident one = late_cancel(), other;
	struct entry_list list = { 0 };
	struct fee found;
	struct err e;

	keep(f, &list, &one);
	for (int n = 0; n < 400; n++) {
		other = late_cancel();
		other.uid = arena_printf(f->mem, "other%d", n);
		other.ref = arena_printf(f->mem, "2222-2%03d", n);
		keep(f, &list, &other)->owner = n % 2 ? "paul" : "anna";
	}
	commit(f, &list);
	assert_int_equal(fee_find(f->store, one.ref, mem, &found, &e), 0);
	assert_string_equal(found.owner, "anna");
	assert_string_equal(found.incident.uid, one.uid);
	assert_true(arena_used(mem) < 64 * 1024);
	assert_int_equal(fee_find(f->store, "9999-9999", mem, &found, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static struct policy_set *paris(void)
{
	const struct conf_schema *const sections[] = { &policy_schema, NULL };
	const struct conf_schema file = { .sections = sections };
	const struct conf_section *root;
	struct policy_set *set;
	struct err e;

	if (conf_parse("policy \"therapy\" { timezone = \"Europe/Paris\" }", "test", &file, &root, &e) ||
		policy_load(root, &(struct policy_options){ 0 }, &set, &e))
		fail_msg("%s", e.text);
	conf_destroy(root);
	return set;
}

/* June in the policy's zone, its first second and none of July's. */
static void test_fees_of_a_month(void **state)
{
	struct fixture *f = *state;
	struct policy_set *set;
	struct fee_filter june = { .by_day = true, .first_day = days_from_civil(2026, 6, 1),
		.last_day = days_from_civil(2026, 6, 30) };

	assert_int_equal(zone_init(NULL, NULL), 0);
	set = paris();
	keep_three(f);
	assert_string_equal(listed(f, &june), "2345-678A"); /* UTC: 30 June, 22:00 */
	june.policies = set;
	assert_string_equal(listed(f, &june), "2345-6789");
	june.first_day = INT64_MIN;
	assert_string_equal(listed(f, &june), "7F3K-2Q9M 2345-6789");
	june.last_day = INT64_MAX;
	assert_string_equal(listed(f, &june), "7F3K-2Q9M 2345-6789 2345-678A");
	policy_unload(set);
	zone_finish();
}

/* policy.md 5.3: these columns in this order. */
static void test_fees_as_csv(void **state)
{
	struct fixture *f = *state;
	struct policy_incident i = late_cancel();
	struct entry_list list = { 0 };
	struct fee_list fees;
	struct buf out cleanup_buf;

	assert_int_equal(zone_init(NULL, NULL), 0);
	i.client = "=cmd()";
	i.title = "=cmd(); Zoé";
	i.slot = 1781078400; /* 2026-06-10T08:00:00Z */
	i.at = 1781006400;   /* 2026-06-09T12:00:00Z */
	i.notice = 72000;
	i.required = 86400;
	i.tax = 1333;
	i.reason = "";
	keep(f, &list, &i);
	commit(f, &list);
	assert_int_equal(fees_list(f->store, &(struct fee_filter){ 0 }, f->mem, &fees, NULL), 0);
	buf_init(&out, 10000);
	struct policy_set *set = paris();
	fees_csv(&fees, set, ';', &out);
	assert_string_equal(out.data,
		"ref;client;uid;recurrence-id;start;zone;kind;by;received;notice;required;basis;amount;currency;net;"
		"tax;state;reason;policy;version\r\n"
		"7F3K-2Q9M;\"'=cmd(); Zoé\";u1;;2026-06-10T10:00;Europe/Paris;late-cancel;client;"
		"2026-06-09T12:00:00Z;72000;86400;100 % of 80.00 EUR;8000;EUR;6667;1333;due;;therapy;2026-01-01\r\n");
	policy_unload(set);
	zone_finish();
}

static void expect_format(int64_t minor, const char *currency, const char *expected)
{
	char text[MONEY_SIZE];

	assert_int_equal(money_format(minor, currency, text, sizeof(text)), 0);
	assert_string_equal(text, expected);
}

static void test_money(void **state)
{
	char currency[CURRENCY_SIZE], small[5];
	int64_t minor = 0;

	expect_format(8000, "EUR", "80.00");
	expect_format(5, "EUR", "0.05");
	expect_format(-50, "EUR", "-0.50");
	expect_format(5555, "JPY", "5555");
	expect_format(1500, "KWD", "1.500");
	expect_format(1, "CLF", "0.0001");
	expect_format(INT64_MIN, "JPY", "-9223372036854775808");
	assert_int_equal(money_format(8000, "EUR", small, sizeof(small)), -1);

	assert_int_equal(money_parse("80 EUR", &minor, currency, NULL), 0);
	assert_int_equal(minor, 8000);
	assert_string_equal(currency, "EUR");
	assert_int_equal(money_parse("80.5 EUR", &minor, currency, NULL), 0);
	assert_int_equal(minor, 8050);
	assert_int_equal(money_parse("0.05 CHF", &minor, currency, NULL), 0);
	assert_int_equal(minor, 5);
	static const char *const bad[] = { "80", "80EUR", "80.005 EUR", "80.5 JPY", "-1 EUR",
		"80. EUR", ".5 EUR", "80 XXX", "80  EUR", "80 eur", " EUR", "1e3 EUR",
		"1000000000000 EUR", "80,00 EUR", "" };
	for (size_t n = 0; n < ARRAY_SIZE(bad); n++) {
		assert_int_equal(money_parse(bad[n], &minor, currency, NULL), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_written_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_defaults_survive, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_row_is_one_line_of_sorted_json_with_salt, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_text_that_is_not_utf8_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_incident_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_slot_once_until_something_happens, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fees_follow_their_incident, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fees_are_filtered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_fee_is_found_by_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fees_of_a_month, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fees_as_csv, setup, teardown),
		cmocka_unit_test(test_money),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
