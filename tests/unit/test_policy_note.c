/* The words of fee notes, from a ledger without an event: architecture.md 15.33. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "policy/ledger.h"
#include "policy/link.h"
#include "policy/note.h"

#define REF "7F3K-2Q9M"

struct fixture {
	struct store *store;
	struct policy_set *none;
	struct arena *mem;
	char mac[LINK_MAC_SIZE];
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct store_info info;
	struct err e;

	f->mem = arena_create();
	f->none = policy_none();
	*state = f;
	if (store_open("memory", NULL, NULL, &f->store, &e))
		return -1;
	store_info(f->store, &info);
	link_mac(&info, "fee", REF, "marie", f->mac);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	policy_unload(f->none);
	arena_destroy(f->mem);
	free_cleanup(&f);
	return 0;
}

/* Of class and state, at a time; what takes back names REF. */
static void enter(struct fixture *f, const char *class_, uint32_t state, int64_t when, bool takes_back)
{
	struct entry_list list = { 0 };
	struct entry *entry = entry_add(&list, f->mem);
	struct ledger_row row;
	struct commit c = { .now = when, .ledger = &row, .ledgers = 1 };
	struct err e;

	entry->owner = "anna";
	entry->kind = entry->i.class_ = class_;
	entry->incident = true;
	entry->i.state = state;
	entry->i.outcome = "charged";
	entry->i.at = 1781006400; /* 2026-06-09T12:00:00Z */
	entry->i.slot = entry->i.anchor = 1781078400; /* 2026-06-10T08:00:00Z */
	entry->i.slot_end = 1781082000;
	entry->i.notice = 72000;
	entry->i.required = 86400;
	entry->i.charge = state == POLICY_VOID ? 0 : 8000;
	entry->i.currency = "EUR";
	entry->i.basis = "100 % of 80.00 EUR";
	entry->i.client = "marie";
	entry->i.title = "Marie";
	entry->i.uid = "u1";
	entry->i.ref = REF;
	entry->i.policy = "therapy";
	entry->i.version = "2026-01-01";
	entry->i.supersedes = takes_back ? REF : "";
	assert_int_equal(ledger_row(entry, when, f->mem, &row, &e), 0);
	assert_int_equal(store_commit(f->store, &c, &e), 0);
}

static const char *fact(const struct note *n, const char *label)
{
	for (size_t k = 0; k < n->fact_count; k++) {
		if (strcmp(n->facts[k].label, label) == 0)
			return n->facts[k].text;
	}
	return NULL;
}

static struct note read_note(struct fixture *f)
{
	struct note n;
	struct err e;

	assert_int_equal(note_read(f->store, f->none, REF, f->mac, f->mem, &n, &e), 0);
	return n;
}

static void test_words(void **state)
{
	struct fixture *f = *state;

	enter(f, "late-cancel", POLICY_DUE, 1781006400, false);
	struct note n = read_note(f);
	assert_string_equal(n.language, "en");
	assert_string_equal(n.title, "Late cancellation");
	assert_string_equal(n.happened, "Late cancellation by the client, received Tue 9 June 2026 12:00.");
	assert_string_equal(n.notice, "Notice 20 h, agreed 24 h.");
	assert_string_equal(fact(&n, "Appointment"), "Wed 10 June 2026 08:00 – 09:00");
	assert_string_equal(fact(&n, "Time zone"), "UTC");
	assert_string_equal(fact(&n, "Client"), "Marie");
	assert_string_equal(fact(&n, "Fee"), "80.00 EUR (100 % of 80.00 EUR)");
	assert_string_equal(fact(&n, "To pay"), "80.00 EUR");
	assert_null(fact(&n, "Tax"));
	assert_null(fact(&n, "Price")); /* unknown */
	assert_string_equal(n.terms, "Policy “Therapy”, version of 1 January 2026");
	assert_string_equal(n.terms_path, "/policy/therapy/2026-01-01");
	assert_int_equal(n.history_count, 1);
}

/* What is taken back is told as void; lost again, as what it is now. */
static void test_taken_back_and_lost_again(void **state)
{
	struct fixture *f = *state;

	enter(f, "late-cancel", POLICY_DUE, 1781006400, false);
	enter(f, "reinstated", POLICY_VOID, 1781006460, true);
	struct note n = read_note(f);
	assert_string_equal(n.title, "Late cancellation");
	assert_string_equal(fact(&n, "State"), "void");
	enter(f, "late-cancel", POLICY_DUE, 1781006520, false);
	n = read_note(f);
	assert_string_equal(fact(&n, "State"), "due");
	assert_int_equal(n.history_count, 3);
	assert_string_equal(n.history[1].label, "Tue 9 June 2026 12:01");
	assert_string_equal(n.history[1].text, "void");
}

/* Classes of other modules have no words here: their name stands for itself. */
static void test_class_of_another_module(void **state)
{
	struct fixture *f = *state;

	enter(f, "room-left-dirty", POLICY_DUE, 1781006400, false);
	struct note n = read_note(f);
	assert_string_equal(n.title, "room-left-dirty");
	assert_string_equal(n.happened, "Tue 9 June 2026 12:00");
}

/* What was erased (15.23) is told no more, whoever has the link. */
static void test_erased(void **state)
{
	struct fixture *f = *state;
	const struct ledger_erasure gone[] = { { "anna", 1 } };
	struct commit c = { .now = 1781006460, .erase = gone, .erasures = 1 };
	struct note n;
	struct err e;

	enter(f, "late-cancel", POLICY_DUE, 1781006400, false);
	read_note(f);
	assert_int_equal(store_commit(f->store, &c, &e), 0);
	assert_int_equal(note_read(f->store, f->none, REF, f->mac, f->mem, &n, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void test_wrong_ones(void **state)
{
	struct fixture *f = *state;
	char longer[64];
	struct note n;
	struct err e;

	assert_int_equal(note_read(f->store, f->none, REF, f->mac, f->mem, &n, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND); /* there is none yet */
	enter(f, "late-cancel", POLICY_DUE, 1781006400, false);
	snprintf(longer, sizeof(longer), "%sA", f->mac);
	for (const char *const *mac = (const char *const[]){ "", "x", longer, f->mac + 1, NULL }; *mac; mac++) {
		assert_int_equal(note_read(f->store, f->none, REF, *mac, f->mem, &n, &e), -1);
		assert_int_equal(e.code, ERR_NOT_FOUND);
	}
	assert_int_equal(note_read(f->store, f->none, "2222-2222", f->mac, f->mem, &n, &e), -1);
	assert_int_equal(note_read(f->store, f->none, "", f->mac, f->mem, &n, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_taken_back_and_lost_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_class_of_another_module, setup, teardown),
		cmocka_unit_test_setup_teardown(test_erased, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_ones, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
