/* Ledger entries: what is written is read again, what is unique, and the list of fees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/util.h"
#include "policy/ledger.h"
#include "policy/policy.h"

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
		.supersedes = "", .service = "", .attendee = "", .word = "", .reason = "" };
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

	assert_int_equal(fees_list(f->store, NULL, f->mem, &fees, NULL), 0);
	assert_int_equal(fees.count, 4);
	assert_string_equal(fees.fees[0].incident.class_, "late-cancel");
	assert_string_equal(fees.fees[0].state_name, "void");
	assert_string_equal(fees.fees[1].incident.uid, "u2");
	assert_string_equal(fees.fees[1].state_name, "waived");
	assert_string_equal(fees.fees[2].incident.class_, "reinstated");
	assert_string_equal(fees.fees[3].state_name, "due");
	assert_string_equal(fees.fees[3].owner, "anna");
	assert_int_equal(fees.fees[3].incident.charge, 8000);
	assert_int_equal(fees_list(f->store, "marc", f->mem, &fees, NULL), 0);
	assert_int_equal(fees.count, 0);
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
		cmocka_unit_test(test_money),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
