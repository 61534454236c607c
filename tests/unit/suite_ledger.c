/* Scenarios: the ledger and wakes. */
#include "suite_kit.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/util.h"

static int keep_entry(const struct ledger_row *l, void *arg)
{
	struct ledger_row *rows = arg;

	if (l->seq < 4) {
		rows[l->seq] = *l;
	}
	return 0;
}

static void ledger_entries_are_numbered_and_chained_per_owner(void **state)
{
	struct store *s = *state;
	struct ledger_row row[4] = {0};
	struct err e = {0};
	char expected[CHAIN_SIZE], text[256];

	assert_int_equal(suite_entry(s, "anna", "u1", "{\"a\":1}", true, &e), 0);
	assert_int_equal(suite_entry(s, "paul", "u1", "{\"p\":1}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u2", "{\"a\":2}", false, &e), 0);
	assert_int_equal(store_ledger(s, &(struct ledger_query){.owner = "anna"}, keep_entry, row, &e), 0);
	assert_string_equal(row[2].prev, row[1].self);
	digest_chain("{\"a\":2}", 7, expected);
	assert_string_equal(row[2].digest, expected);
	int len = snprintf(text, sizeof(text), "2\t%s\t%s", row[2].prev, row[2].digest);
	digest_chain(text, (size_t)len, expected);
	assert_string_equal(row[2].self, expected);
	assert_int_equal(row[2].incident, false);
	assert_int_equal(row[1].slot, 5000);
	assert_int_equal(row[1].when, SUITE_NOW);
}

static void ledger_queries_combine(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	struct ledger_row rows[] = {
		{.owner = "anna", .when = 10, .slot = 1, .incident = true, .kind = "late", .ref = "R1",
			.client = "marc", .uid = "u1", .text = "1"},
		{.owner = "anna", .when = 20, .slot = 2, .kind = "booked", .ref = "R2", .client = "lea",
			.uid = "u1", .text = "2"},
		{.owner = "anna", .when = 30, .slot = 2, .incident = true, .kind = "late", .ref = "R3",
			.client = "marc", .uid = "u2", .text = "3"},
		{.owner = "paul", .when = 30, .slot = 2, .kind = "late", .ref = "R3", .client = "marc",
			.uid = "u1", .text = "4"}};
	struct commit commit = {.now = SUITE_NOW, .ledger = rows, .ledgers = 4};
	const struct { struct ledger_query q; const char *expected; } cases[] = {
		{{0}, "anna1:1 anna2:2 anna3:3 paul1:4 "},
		{{.owner = "anna"}, "anna1:1 anna2:2 anna3:3 "},
		{{.uid = "u1"}, "anna1:1 anna2:2 paul1:4 "},
		{{.owner = "anna", .uid = "u1"}, "anna1:1 anna2:2 "},
		{{.client = "marc"}, "anna1:1 anna3:3 paul1:4 "},
		{{.kind = "late", .owner = "anna"}, "anna1:1 anna3:3 "},
		{{.ref = "R3"}, "anna3:3 paul1:4 "},
		{{.slot = 2, .owner = "anna"}, "anna2:2 anna3:3 "},
		{{.since = 20, .owner = "anna"}, "anna2:2 anna3:3 "},
		{{.after = 1, .owner = "anna"}, "anna2:2 anna3:3 "},
		{{.incidents_only = true}, "anna1:1 anna3:3 "},
		{{.owner = "anna", .client = "marc", .slot = 2, .incidents_only = true}, "anna3:3 "},
		{{.owner = "nobody"}, ""},
	};

	buf_init(&notes, 1000);
	assert_int_equal(store_commit(s, &commit, &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(store_ledger(s, &cases[i].q, note_entry, &notes, &e), 0);
		assert_notes(&notes, cases[i].expected);
	}
}

static void a_decision_on_an_old_ledger_is_refused(void **state)
{
	struct store *s = *state;
	struct err e = {0};
	uint64_t head;
	store_id c = suite_calendar(s, "anna", "w");
	struct change change = {.kind = CHANGE_PUT, .collection = c, .name = "a.ics", .uid = "u",
		.body = "x", .body_len = 1};
	struct ledger_head seen = {"anna", 0};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1, .expect = &seen,
		.expects = 1};

	assert_int_equal(store_ledger_head(s, "anna", &head, &e), 0);
	assert_int_equal(head, 0);
	/* a booking is no incident: it holds up nobody */
	assert_int_equal(suite_entry(s, "anna", "u", "{}", false, &e), 0);
	assert_int_equal(store_commit(s, &commit, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{}", true, &e), 0);
	assert_int_equal(store_commit(s, &commit, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	assert_int_equal(store_ledger_head(s, "anna", &head, &e), 0);
	assert_int_equal(head, 2);
	seen.incident = head;
	assert_int_equal(suite_entry(s, "paul", "u", "{}", true, &e), 0);
	assert_int_equal(store_commit(s, &commit, &e), 0);
}

static int note_head(const struct signed_head *h, void *arg)
{
	buf_printf(arg, "%s%llu:%lld ", h->owner, (unsigned long long)h->seq, (long long)h->when);
	return 0;
}

static int note_line(const char *line, void *arg)
{
	buf_printf(arg, "%s\n", line);
	return 0;
}

static int note_owner(const char *owner, void *arg)
{
	buf_printf(arg, "%s ", owner);
	return 0;
}

static const char *dislike(const struct ledger_row *l, void *arg)
{
	return strcmp(l->text, arg) == 0 ? "is disliked" : NULL;
}

static void a_ledgers_head_is_signed_once(void **state)
{
	struct buf notes cleanup_buf, pem cleanup_buf;
	struct signed_head first, again;
	struct store *s = *state;
	struct err e = {0};
	struct ledger_verify v = {.owner = "anna"};

	buf_init(&notes, 1000);
	buf_init(&pem, SIGNATURE_PEM_MAX);
	assert_int_equal(store_ledger_sign(s, "anna", SUITE_NOW, &first, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_ledger_sign(s, "no body", SUITE_NOW, &first, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(suite_entry(s, "paul", "u", "{}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":2}", false, &e), 0);
	assert_int_equal(store_ledger_owners(s, note_owner, &notes, &e), 0);
	assert_notes(&notes, "anna paul ");
	assert_int_equal(store_ledger_sign(s, "anna", SUITE_NOW, &first, &e), 0);
	assert_int_equal(first.seq, 2);
	assert_int_equal(store_ledger_sign(s, "anna", SUITE_NOW + 9, &again, &e), 0);
	assert_memory_equal(first.signature, again.signature, sizeof(first.signature));
	assert_int_equal(again.when, SUITE_NOW);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":3}", false, &e), 0);
	assert_int_equal(store_ledger_sign(s, "anna", SUITE_NOW + 9, &again, &e), 0);
	assert_int_equal(store_signed_heads(s, "anna", note_head, &notes, &e), 0);
	assert_notes(&notes, "anna2:1700000000 anna3:1700000009 ");
	assert_int_equal(store_signed_heads(s, "paul", note_head, &notes, &e), 0);
	assert_notes(&notes, "");
	assert_int_equal(store_ledger_key(s, &pem, &e), 0);
	assert_non_null(strstr(pem.data, "BEGIN PUBLIC KEY"));
	/* and all of it fits */
	assert_int_equal(store_ledger_verify(s, &v, note_line, &notes, &e), 0);
	assert_notes(&notes, "");
	v.kept = &again;
	again.seq = 1;
	assert_int_equal(store_ledger_verify(s, &v, note_line, &notes, &e), 0);
	assert_notes(&notes, "ledger of anna: the signature of the head of entry 1 is forged\n");
	v = (struct ledger_verify){.owner = "anna", .check = dislike, .arg = (char[]){"{\"n\":2}"}};
	assert_int_equal(store_ledger_verify(s, &v, note_line, &notes, &e), 0);
	assert_non_null(strstr(notes.data, "entry 2: is disliked\n"));
}

static void erased_entries_keep_their_place(void **state)
{
	const struct ledger_erasure gone[] = {{"anna", 1}, {"anna", 7}, {"eve", 1}};
	struct ledger_row entered = {.owner = "anna", .when = SUITE_NOW, .kind = "erased", .ref = "", .client = "",
		.uid = "", .text = "{}"};
	struct commit commit = {.now = SUITE_NOW, .ledger = &entered, .ledgers = 1, .erase = gone,
		.erasures = 3};
	const struct ledger_verify v = {.owner = "anna"};
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};

	buf_init(&notes, 1000);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":1}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":2}", true, &e), 0);
	assert_int_equal(store_commit(s, &commit, &e), 0);
	assert_int_equal(store_ledger(s, &(struct ledger_query){.owner = "anna"}, note_entry, &notes, &e), 0);
	assert_notes(&notes, "anna1: anna2:{\"n\":2} anna3:{} ");
	assert_int_equal(store_ledger(s, &(struct ledger_query){.client = "marc"}, note_entry, &notes, &e), 0);
	assert_notes(&notes, "anna2:{\"n\":2} ");
	assert_int_equal(store_ledger(s, &(struct ledger_query){.uid = "u"}, note_entry, &notes, &e), 0);
	assert_notes(&notes, "anna2:{\"n\":2} ");
	assert_int_equal(store_ledger_verify(s, &v, note_line, &notes, &e), 0);
	assert_notes(&notes, "");
}

static void a_ledger_text_is_one_line(void **state)
{
	struct err e;

	assert_int_equal(suite_entry(*state, "anna", "u", "{\n}", true, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(suite_entry(*state, "anna", "u", "{\t}", true, &e), -1);
}

static void wakes_come_when_they_are_due(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	struct wake wakes[] = {{300, "anna", "w", "c"}, {100, "anna", "w", "b"}, {100, "anna", "w", "a"},
		{100, "anna", "w", "a"}};
	struct commit commit = {.now = SUITE_NOW, .wake = wakes, .wakes = 4};
	int64_t next;

	buf_init(&notes, 1000);
	assert_int_equal(store_wakes(s, 1000, note_wake, &notes, &next, &e), 0);
	assert_int_equal(next, INT64_MAX);
	assert_int_equal(store_commit(s, &commit, &e), 0);
	assert_int_equal(store_wakes(s, 99, note_wake, &notes, &next, &e), 0);
	assert_int_equal(next, 100);
	assert_notes(&notes, "");
	assert_int_equal(store_wakes(s, 100, note_wake, &notes, &next, &e), 0);
	assert_notes(&notes, "100:anna/w/a 100:anna/w/b ");
	assert_int_equal(next, 300);
	assert_int_equal(store_wake_done(s, &wakes[1], &e), 0);
	assert_int_equal(store_wake_done(s, &wakes[1], &e), 0);
	assert_int_equal(store_wakes(s, 300, note_wake, &notes, &next, &e), 0);
	assert_notes(&notes, "100:anna/w/a 300:anna/w/c ");
	assert_int_equal(next, INT64_MAX);
}

static const struct CMUnitTest scenarios[] = {
	SCENARIO(ledger_entries_are_numbered_and_chained_per_owner),
	SCENARIO(ledger_queries_combine),
	SCENARIO(a_decision_on_an_old_ledger_is_refused),
	SCENARIO(a_ledgers_head_is_signed_once),
	SCENARIO(erased_entries_keep_their_place),
	SCENARIO(a_ledger_text_is_one_line),
	SCENARIO(wakes_come_when_they_are_due),
};
const struct suite_part suite_ledger = {"ledger", scenarios, ARRAY_SIZE(scenarios)};
