/* The ledger as bookkeeping (doc/policy.md 5.3), and names that must not become syntax (architecture.md
 * 15.36). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/util.h"
#include "policy/books.h"
#include "policy/plain_name.h"
#include "tests/unit/ledger_fixture.h"

/* 80.00 EUR for an appointment of Marie's. */
static struct policy_incident incident(const char *class_, uint32_t state)
{
	return (struct policy_incident){ .size = sizeof(struct policy_incident), .class_ = class_, .state = state,
		.outcome = "charged", .client = "marie durand", .title = "Marie Durand", .uid = "u1",
		.ref = "7F3K-2Q9M", .currency = "EUR", .charge = 8000, .price = 8000, .policy = "therapy",
		.version = "2026-01-01", .acquired = 10, .slot = 5000, .slot_end = 8600, .required = -1 };
}

/* The same one later on. */
static struct policy_incident later(struct policy_incident i, uint32_t state, const char *reason)
{
	i.state = state;
	i.supersedes = i.ref;
	i.reason = reason;
	return i;
}

static struct books read_books(struct ledger_fixture *f)
{
	struct books b;
	struct err e;

	if (books_read(f->store, f->policies, LEDGER_OWNER, f->mem, &b, &e))
		fail_msg("%s", e.text);
	return b;
}

static const char *written(struct ledger_fixture *f, enum books_format format)
{
	struct books b = read_books(f);
	struct buf out;
	const char *text;

	buf_init(&out, 1 << 20);
	books_write(&b, format, INT64_MIN, INT64_MAX, f->mem, &out);
	text = arena_strdup(f->mem, out.data);
	buf_finish(&out);
	return text;
}

static void assert_holds(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("not in it: %s\n%s", part, text);
}

static int64_t balance(const struct books *b, enum book_account account, const char *currency)
{
	int64_t sum = 0;

	for (size_t n = 0; n < b->count; n++) {
		for (size_t p = 0; p < b->transactions[n].parts; p++) {
			const struct book_position *part = &b->transactions[n].part[p];

			sum += strcmp(part->currency, currency) == 0 ? part->minor[account] : 0;
		}
	}
	return sum;
}

/* Whatever happens, debits and credits are equal. */
static void assert_balanced(const struct books *b)
{
	for (size_t n = 0; n < b->count; n++) {
		for (size_t p = 0; p < b->transactions[n].parts; p++) {
			int64_t sum = 0;

			for (size_t a = 0; a < BOOK_ACCOUNTS; a++)
				sum += b->transactions[n].part[p].minor[a];
			assert_int_equal(sum, 0);
		}
	}
}

static void test_charged_and_waived_read_as_in_the_specification(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident i = incident("late-cancel", POLICY_DUE);
	const char *text;

	ledger_say(f, "2026-06-09T12:00:00Z", i);
	ledger_say(f, "2026-06-11T12:00:00Z", later(i, POLICY_WAIVED, "emergency"));
	text = written(f, BOOKS_HLEDGER);
	assert_holds(text,
		"2026-06-09 * Late cancellation | Marie Durand  ; ref: 7F3K-2Q9M, policy: therapy 2026-01-01\n"
		"    assets:receivable:marie durand                    80.00 EUR\n"
		"    income:cancellation fees                         -80.00 EUR\n");
	assert_holds(text,
		"2026-06-11 * Waived (emergency) | Marie Durand  ; ref: 7F3K-2Q9M, policy: therapy 2026-01-01\n"
		"    assets:receivable:marie durand                   -80.00 EUR\n"
		"    income:cancellation fees                          80.00 EUR\n");
	assert_holds(text, "commodity EUR\n    format 1000.00 EUR\n");
	assert_holds(text, "account assets:receivable:marie durand\naccount income:cancellation fees\n");
	text = written(f, BOOKS_BEANCOUNT);
	assert_holds(text, "2026-06-09 open Assets:Receivable:Marie-Durand\n");
	assert_holds(text, "2026-06-09 * \"Marie Durand\" \"Late cancellation\" ^7F3K-2Q9M\n"
		"  policy: \"therapy 2026-01-01\"\n"
		"  Assets:Receivable:Marie-Durand                    80.00 EUR\n"
		"  Income:Cancellation-Fees                         -80.00 EUR\n");
}

struct expected { int64_t receivable, disputed, payments, deposits, credits, tax, income, expense; };

static void assert_balances(struct ledger_fixture *f, const struct expected *x)
{
	struct books b = read_books(f);

	assert_balanced(&b);
	assert_int_equal(balance(&b, BOOK_RECEIVABLE, "EUR"), x->receivable);
	assert_int_equal(balance(&b, BOOK_DISPUTED, "EUR"), x->disputed);
	assert_int_equal(balance(&b, BOOK_PAYMENTS, "EUR"), x->payments);
	assert_int_equal(balance(&b, BOOK_DEPOSITS, "EUR"), x->deposits);
	assert_int_equal(balance(&b, BOOK_CREDITS, "EUR"), x->credits);
	assert_int_equal(balance(&b, BOOK_TAX, "EUR"), x->tax);
	assert_int_equal(balance(&b, BOOK_INCOME, "EUR"), x->income);
	assert_int_equal(balance(&b, BOOK_EXPENSE, "EUR"), x->expense);
}

static void test_each_state_has_its_balances(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident i = incident("no-show", POLICY_PENDING);

	ledger_say(f, "2026-06-09T12:00:00Z", i);
	assert_balances(f, &(struct expected){ 0 });
	i.tax = 1333; /* 80.00 with 20 %: 66.67 net */
	ledger_say(f, "2026-06-10T12:00:00Z", later(i, POLICY_DUE, ""));
	assert_balances(f, &(struct expected){ .receivable = 8000, .tax = -1333, .income = -6667 });
	ledger_say(f, "2026-06-11T12:00:00Z", later(i, POLICY_DISPUTED, ""));
	assert_balances(f, &(struct expected){ .disputed = 8000, .tax = -1333, .income = -6667 });
	ledger_say(f, "2026-06-12T12:00:00Z", later(i, POLICY_DUE, ""));
	ledger_say(f, "2026-06-13T12:00:00Z", later(i, POLICY_PAID, ""));
	assert_balances(f, &(struct expected){ .payments = 8000, .tax = -1333, .income = -6667 });
	ledger_say(f, "2026-06-14T12:00:00Z", later(i, POLICY_DUE, ""));
	assert_balances(f, &(struct expected){ .receivable = 8000, .tax = -1333, .income = -6667 });
	i.charge = 3000;
	i.tax = 500;
	ledger_say(f, "2026-06-15T12:00:00Z", later(i, POLICY_DUE, ""));
	assert_balances(f, &(struct expected){ .receivable = 3000, .tax = -500, .income = -2500 });
	ledger_say(f, "2026-06-16T12:00:00Z", later(i, POLICY_VOID, ""));
	assert_balances(f, &(struct expected){ 0 });
	assert_holds(written(f, BOOKS_LEDGER), "2026-06-14 * Unpaid | ");
	assert_holds(written(f, BOOKS_LEDGER), "2026-06-12 * Dispute settled | ");
	assert_holds(written(f, BOOKS_LEDGER), "2026-06-15 * Adjusted | ");
	assert_holds(written(f, BOOKS_LEDGER), "2026-06-16 * Void | ");
}

static void test_what_was_paid_and_falls_away_is_owed_to_the_client(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident i = incident("late-cancel", POLICY_DUE);

	ledger_say(f, "2026-06-09T12:00:00Z", i);
	ledger_say(f, "2026-06-10T12:00:00Z", later(i, POLICY_PAID, ""));
	i.charge = 3000; /* #fee 30 on what was paid: 50.00 are owed back */
	i.credit = 5000;
	ledger_say(f, "2026-06-11T12:00:00Z", later(i, POLICY_PAID, ""));
	assert_balances(f, &(struct expected){ .payments = 8000, .credits = -5000, .income = -3000 });
	i.credit = 8000;
	ledger_say(f, "2026-06-12T12:00:00Z", later(i, POLICY_CREDITED, "goodwill"));
	assert_balances(f, &(struct expected){ .payments = 8000, .credits = -8000 });
	assert_holds(written(f, BOOKS_HLEDGER), "2026-06-12 * Credited (goodwill) | Marie Durand");
}

/* Reinstated: another class takes the incident back by its reference. */
static void test_what_is_taken_back_has_no_position(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident i = incident("late-cancel", POLICY_DUE), back = incident("reinstated", POLICY_VOID);

	ledger_say(f, "2026-06-09T12:00:00Z", i);
	back.charge = 0;
	back.supersedes = i.ref;
	ledger_say(f, "2026-06-09T13:00:00Z", back);
	assert_balances(f, &(struct expected){ 0 });
	i.supersedes = i.ref; /* cancelled once more */
	i.charge = 4000;
	ledger_say(f, "2026-06-09T14:00:00Z", i);
	assert_balances(f, &(struct expected){ .receivable = 4000, .income = -4000 });
}

static struct policy_incident slot(const char *outcome, int64_t deposit)
{
	struct policy_incident i = incident("slot", POLICY_NONE);

	i.outcome = outcome;
	i.charge = 0;
	i.deposit = deposit;
	return i;
}

/* doc/policy.md K01, K02: the deposit counts towards the fee, the rest goes back. */
static void test_deposits(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident i = incident("late-cancel", POLICY_DUE), paid = slot("renamed", 3000);

	paid.supersedes = paid.ref;
	ledger_say(f, "2026-05-20T09:00:00Z", slot("new-booking", 0));
	ledger_say(f, "2026-05-21T09:00:00Z", paid);
	assert_balances(f, &(struct expected){ .payments = 3000, .deposits = -3000 });
	i.charge = 2000;
	i.deposit = 2000;
	i.refund = 1000;
	ledger_say(f, "2026-06-09T12:00:00Z", i);
	assert_balances(f, &(struct expected){ .payments = 3000, .credits = -1000, .income = -2000 });
	i.refund = 3000;
	i.deposit = 0;
	ledger_say(f, "2026-06-10T12:00:00Z", later(i, POLICY_WAIVED, "goodwill"));
	assert_balances(f, &(struct expected){ .payments = 3000, .credits = -3000 });
}

/* K05, K07: arrhes are returned twice, half of which was the client's own; a credit is an expense. */
static void test_what_the_owner_owes(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident i = incident("owner-cancel", POLICY_CREDITED), paid = slot("renamed", 3000);

	paid.supersedes = paid.ref;
	ledger_say(f, "2026-05-20T09:00:00Z", slot("new-booking", 0));
	ledger_say(f, "2026-05-21T09:00:00Z", paid);
	i.charge = 0;
	i.credit = 6000;
	ledger_say(f, "2026-06-09T12:00:00Z", i);
	assert_balances(f, &(struct expected){ .payments = 3000, .credits = -6000, .expense = 3000 });
	i.uid = "u2";
	i.ref = "8F3K-2Q9M";
	i.credit = 1600;
	ledger_say(f, "2026-06-10T12:00:00Z", i);
	assert_balances(f, &(struct expected){ .payments = 3000, .credits = -7600, .expense = 4600 });
}

static void test_amounts_in_another_currency(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident i = incident("late-cancel", POLICY_DUE);
	struct books b;

	ledger_say(f, "2026-06-09T12:00:00Z", i);
	i.currency = "JPY";
	i.charge = 5000;
	ledger_say(f, "2026-06-10T12:00:00Z", later(i, POLICY_DUE, ""));
	b = read_books(f);
	assert_balanced(&b);
	assert_int_equal(balance(&b, BOOK_RECEIVABLE, "EUR"), 0);
	assert_int_equal(balance(&b, BOOK_RECEIVABLE, "JPY"), 5000);
	assert_holds(written(f, BOOKS_HLEDGER), "commodity JPY\n    format 1000. JPY\n");
	assert_holds(written(f, BOOKS_LEDGER), "commodity JPY\n    format 1000 JPY\n");
}

static void test_a_currency_that_is_none_is_an_error(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident i = incident("late-cancel", POLICY_DUE);
	struct books b;
	struct err e;

	i.currency = "E;R";
	ledger_say(f, "2026-06-09T12:00:00Z", i);
	assert_int_equal(books_read(f->store, f->policies, LEDGER_OWNER, f->mem, &b, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

/* Names keep letters, digits and single blanks; every key has an account of its own. */
static void test_hostile_names(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident i = incident("late-cancel", POLICY_DUE);
	static const char *const keys[] = { "eve\n2026-01-01 open Assets:Eve", "a  -5 eur", "a -5 eur", "\"; }",
		"王 芳", "=cmd|' /c'", "" };
	static const char *const names[] = { "eve 2026 01 01 open assets eve", "a 5 eur", "a 5 eur 2", "client",
		"王 芳", "cmd c", "client 2" };
	struct books b;

	for (size_t n = 0; n < ARRAY_SIZE(keys); n++) {
		i.uid = arena_printf(f->mem, "u%zu", n);
		i.client = keys[n];
		i.title = keys[n];
		i.version = "1\"\n";
		i.policy = "x\"\n2026 *";
		i.ref = "AAAA-\"\n^A";
		ledger_say(f, "2026-06-09T12:00:00Z", i);
	}
	b = read_books(f);
	assert_int_equal(b.count, ARRAY_SIZE(keys));
	for (size_t n = 0; n < b.count; n++) {
		assert_int_equal(ascii_casecmp(b.transactions[n].account, names[n]), 0);
		assert_string_equal(b.transactions[n].ref, "AAAA-A");
		assert_string_equal(b.transactions[n].policy, "x 2026");
	}
	assert_string_equal(b.transactions[4].component, "Client-王-芳");
	assert_string_equal(plain_name("Ana  María\tLópez-Ruiz", f->mem), "Ana María López Ruiz");
	assert_string_equal(plain_name("\xff\xc3(x)\xE3\x80\x80y", f->mem), "x y");
}

/* Thousands of keys with one plain name. */
static void test_many_of_one_name(void **state)
{
	enum { MANY = 5000 };
	struct ledger_fixture *f = *state;
	struct policy_incident i = incident("late-cancel", POLICY_DUE);
	char key[MANY + 5];
	struct books b;

	memset(key, '-', sizeof(key));
	for (size_t n = 0; n < MANY; n++) {
		i.uid = arena_printf(f->mem, "u%zu", n);
		i.client = arena_printf(f->mem, "eve%s", n ? arena_strndup(f->mem, key, n % 70 + 1) : "");
		i.client = arena_printf(f->mem, "%s eve%.*s", i.client, (int)(n / 70), key);
		i.title = i.client;
		ledger_say(f, "2026-06-09T12:00:00Z", i);
	}
	b = read_books(f);
	assert_int_equal(b.count, MANY);
	assert_string_equal(b.transactions[0].account, "eve eve");
	for (size_t n = 1; n < MANY; n++)
		assert_string_equal(b.transactions[n].account, arena_printf(f->mem, "eve eve %zu", n + 1));
	assert_string_equal(b.transactions[MANY - 1].component, "Eve-Eve-5000");
}

static void test_a_period(void **state)
{
	struct ledger_fixture *f = *state;
	struct policy_incident i = incident("late-cancel", POLICY_DUE);
	struct buf out cleanup_buf;
	struct books b;

	ledger_say(f, "2026-06-09T12:00:00Z", i);
	ledger_say(f, "2026-06-11T12:00:00Z", later(i, POLICY_PAID, ""));
	b = read_books(f);
	buf_init(&out, 1 << 20);
	books_write(&b, BOOKS_HLEDGER, b.transactions[1].day, b.transactions[1].day + 1, f->mem, &out);
	assert_holds(out.data, "2026-06-11 * Paid | ");
	assert_null(strstr(out.data, "2026-06-09"));
	assert_null(strstr(out.data, "account income"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)
		T(test_charged_and_waived_read_as_in_the_specification),
		T(test_each_state_has_its_balances),
		T(test_what_was_paid_and_falls_away_is_owed_to_the_client),
		T(test_what_is_taken_back_has_no_position),
		T(test_deposits),
		T(test_what_the_owner_owes),
		T(test_amounts_in_another_currency),
		T(test_a_currency_that_is_none_is_an_error),
		T(test_hostile_names),
		T(test_many_of_one_name),
		T(test_a_period),
#undef T
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
