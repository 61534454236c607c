/* Ledgers as they are audited: texts, columns, erasures, and heads signed in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "policy/audit.h"
#include "policy/ledger.h"

enum { DAY = 86400, NOW = 1000 * DAY };

static char found[500];

static int setup(void **state)
{
	struct err e;

	return store_open("memory", NULL, NULL, (struct store **)state, &e);
}

static int teardown(void **state)
{
	store_close(*state);
	return 0;
}

static struct ledger_row row(const char *text)
{
	return (struct ledger_row){ .owner = "anna", .when = NOW, .slot = 5000, .incident = true,
		.kind = "late-cancel", .ref = "7F3K-2Q9M", .client = "marie", .uid = "u1", .text = text };
}

#define TEXT "{\"class\":\"late-cancel\",\"client\":\"marie\",\"ref\":\"7F3K-2Q9M\",\"salt\":\"x\"," \
	"\"slot\":5000,\"uid\":\"u1\"}"

static void append(struct store *s, const struct ledger_row *l)
{
	struct commit c = { .now = NOW, .ledger = l, .ledgers = 1 };
	struct err e = { 0 };

	if (store_commit(s, &c, &e))
		fail_msg("%s", e.text);
}

static void append_one(struct store *s)
{
	struct ledger_row l = row(TEXT);

	append(s, &l);
}

static int note_problem(const char *line, void *arg)
{
	snprintf(found, sizeof(found), "%s", line);
	return 0;
}

static const char *audit(struct store *s)
{
	struct err e = { 0 };

	found[0] = '\0';
	if (ledger_audit(s, "anna", NULL, note_problem, NULL, &e))
		fail_msg("%s", e.text);
	return found;
}

static void what_the_host_writes_is_fine(void **state)
{
	struct store *s = *state;
	cleanup_arena struct arena *mem = arena_create();
	static const char *const kinds[] = { "late-cancel", KIND_SLOT, KIND_WORDS, KIND_ACCEPTED, KIND_SHOWN,
		KIND_HIDDEN };
	struct err e;

	for (size_t n = 0; n < ARRAY_SIZE(kinds); n++) {
		struct entry_list list = { 0 };
		struct entry *entry = entry_add(&list, mem);
		struct ledger_row l;

		entry->owner = "anna";
		entry->kind = kinds[n];
		entry->incident = entry_kind_is_incident(kinds[n]);
		if (strcmp(kinds[n], KIND_SHOWN) != 0 && strcmp(kinds[n], KIND_HIDDEN) != 0)
			entry->i.class_ = kinds[n];
		entry->i.uid = "u1";
		entry->i.slot = n % 2 ? 5000 : 0;
		assert_int_equal(ledger_row(entry, NOW, mem, &l, &e), 0);
		append(s, &l);
	}
	assert_string_equal(audit(s), "");
}

static void columns_say_what_the_text_says(void **state)
{
	struct ledger_row rows[] = { row("{\"salt\":\"x\"}"), row("[]"), row("nothing"), row("{}"), row(TEXT),
		row(TEXT), row(TEXT), row(TEXT), row(TEXT), row(TEXT) };
	static const char *const reasons[] = { "its reference is not that of its text", "its text is no JSON object",
		"its text is no JSON object", "its text has no salt", "its kind is not that of its text",
		"whether it is an incident was changed", "its reference is not that of its text",
		"its client is not that of its text", "its UID is not that of its text",
		"its appointment is not that of its text" };

	rows[4].kind = "slot";
	rows[5].incident = false;
	rows[6].ref = "7F3K-2Q9N";
	rows[7].client = "";
	rows[8].uid = "u2";
	rows[9].slot = 5001;
	for (size_t n = 0; n < ARRAY_SIZE(rows); n++) {
		const char *why = ledger_row_problem(&rows[n]);

		assert_non_null(why);
		assert_string_equal(why, reasons[n]);
	}
	assert_null(ledger_row_problem(&(struct ledger_row){ .kind = "late-cancel", .incident = true, .slot = 5000,
		.ref = "7F3K-2Q9M", .client = "marie", .uid = "u1", .text = TEXT }));
	append_one(*state);
	append(*state, &rows[7]);
	assert_string_equal(audit(*state), "ledger of anna, entry 2: its client is not that of its text");
}

static void blank_entries_must_be_entered_as_erased(void **state)
{
	const struct ledger_erasure gone[] = { { "anna", 1 }, { "anna", 3 } };
	struct ledger_row entered = { .owner = "anna", .when = NOW, .kind = KIND_ERASED, .ref = "", .client = "",
		.uid = "", .text = "{\"erased\":[[1,1],[3,3]],\"salt\":\"x\"}" };
	struct commit erase = { .now = NOW, .erase = gone, .erasures = 2 };
	struct store *s = *state;
	struct err e;

	for (int n = 0; n < 3; n++)
		append_one(s);
	append(s, &entered);
	assert_string_equal(audit(s), "ledger of anna, entry 1: it was erased, but its text is there");
	assert_int_equal(store_commit(s, &erase, &e), 0);
	assert_string_equal(audit(s), "");
	erase.erase = &(struct ledger_erasure){ "anna", 2 };
	erase.erasures = 1;
	assert_int_equal(store_commit(s, &erase, &e), 0);
	assert_string_equal(audit(s), "ledger of anna, entry 2: it is blank, but no entry says so");
}

static int count_head(const struct signed_head *h, void *arg)
{
	*(int64_t *)arg = *(int64_t *)arg * 100 + h->when / DAY % 100;
	return 0;
}

/* The days on which heads were signed, two digits each. */
static int64_t days(struct store *s)
{
	int64_t all = 0;
	struct err e;

	assert_int_equal(store_signed_heads(s, "anna", count_head, &all, &e), 0);
	return all;
}

static void sign_due(struct store *s, int64_t now)
{
	struct err e = { 0 };

	if (ledger_sign_due(s, now, &e))
		fail_msg("%s", e.text);
}

static void heads_are_signed_daily_if_something_was_entered(void **state)
{
	struct store *s = *state;

	sign_due(s, NOW);
	assert_int_equal(days(s), 0);
	append_one(s);
	sign_due(s, NOW + DAY);
	assert_int_equal(days(s), 1);
	append_one(s);
	sign_due(s, NOW + 2 * DAY - 1);
	assert_int_equal(days(s), 1);
	sign_due(s, NOW + 2 * DAY);
	sign_due(s, NOW + 2 * DAY);
	assert_int_equal(days(s), 102);
	sign_due(s, NOW + 7 * DAY); /* nothing new */
	assert_int_equal(days(s), 102);
	append_one(s);
	sign_due(s, NOW + 9 * DAY);
	append_one(s);
	sign_due(s, NOW + 4 * DAY); /* the clock was wrong */
	assert_int_equal(days(s), 1020904);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_the_host_writes_is_fine, setup, teardown),
		cmocka_unit_test_setup_teardown(columns_say_what_the_text_says, setup, teardown),
		cmocka_unit_test_setup_teardown(blank_entries_must_be_entered_as_erased, setup, teardown),
		cmocka_unit_test_setup_teardown(heads_are_signed_daily_if_something_was_entered, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
