/*
 * Plays the test vectors of doc/policy.md, section 0, against the policy "late" through its ABI.
 *
 *   vectors FILE.json ...
 *
 * Each is played twice: against the decision function alone, its ledger kept here in memory, and through
 * event_put() and event_delete() over a store; both must agree with it. Prints "ok ID" or "not ok ID:
 * got ..., expected ..." a line, and "N passed, M failed" at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "policy/late/words.h"
#include "tests/policy/vectors.h"

/* ---- one vector of kind parse ---- */

static json_t *money_json(const struct money *m)
{
	char number_text[MONEY_SIZE], text[MONEY_SIZE + CURRENCY_SIZE + 1];

	if (m->minor < 0 || money_format(m->minor, m->currency, number_text, sizeof(number_text)))
		return json_null();
	snprintf(text, sizeof(text), "%s %s", number_text, m->currency);
	return json_string(text);
}

static json_t *words_json(const struct words *w, bool summary)
{
	json_t *result = json_object(), *tags = json_array();

	for (int n = 0; n < WORD_COUNT; n++) {
		if (w->tags >> n & 1)
			json_array_append_new(tags, json_string(word_name(n)));
	}
	json_object_set_new(result, "tags", tags);
	json_object_set_new(result, "price", money_json(&w->price));
	if (summary)
		json_object_set_new(result, "client", json_string(w->client));
	if (w->amount.minor >= 0)
		json_object_set_new(result, "amount", money_json(&w->amount));
	if (w->minutes >= 0)
		json_object_set_new(result, "minutes", json_integer(w->minutes));
	if (w->error)
		json_object_set_new(result, "error", json_string(words_error_name(w->error)));
	return result;
}

static bool run_parse(const json_t *vector, struct arena *mem, char *why, size_t why_size)
{
	bool summary = strcmp(text_of(vector, "where"), "summary") == 0, ok;
	const json_t *expect = json_object_get(vector, "expect");
	struct words w;
	json_t *got;

	if (summary)
		words_in_title(text_of(vector, "text"), text_of(vector, "currency"), mem, &w);
	else
		words_in_note(text_of(vector, "text"), text_of(vector, "currency"), mem, &w);
	got = words_json(&w, summary);
	ok = json_equal(got, (json_t *)(uintptr_t)expect);
	if (!ok) {
		char *a = json_dumps(got, JSON_COMPACT), *b = json_dumps(expect, JSON_COMPACT);

		snprintf(why, why_size, "got %s, expected %s", a, b);
		free(a);
		free(b);
	}
	json_decref(got);
	return ok;
}

/* ---- is it a vector at all? ---- */

enum { NEEDS_MAX = 6 };

/* What the operations can't do without. */
static const struct { const char *op, *needs[NEEDS_MAX]; } arguments[] = {
	{ "fill", { "client", "start", "end" } },
	{ "instance_cancel", { "recurrence_id" } },
	{ "move_instance", { "recurrence_id", "start" } },
	{ "remove_attendee", { "attendee" } },
	{ "split_same", { "split_at" } },
	{ "until", { "until" } },
};

static bool has_all(const json_t *object, const char *const needs[NEEDS_MAX])
{
	for (int n = 0; n < NEEDS_MAX && needs[n]; n++) {
		if (!text_of(object, needs[n]))
			return false;
	}
	return true;
}

static bool each_has_all(const json_t *list, const char *const needs[NEEDS_MAX])
{
	for (size_t n = 0; n < json_array_size(list); n++) {
		if (!has_all(json_array_get(list, n), needs))
			return false;
	}
	return true;
}

static bool are_strings(const json_t *list)
{
	for (size_t n = 0; n < json_array_size(list); n++) {
		if (!json_is_string(json_array_get(list, n)))
			return false;
	}
	return true;
}

static bool is_step(const json_t *step, bool series)
{
	static const char *const step_needs[NEEDS_MAX] = { "at", "actor", "op" };
	static const char *const expect_needs[NEEDS_MAX] = { "class", "outcome" };
	const char *op = text_of(step, "op");

	if (!has_all(step, step_needs) || !has_all(json_object_get(step, "expect"), expect_needs) ||
			!are_strings(json_object_get(step, "dates")) || !are_strings(json_object_get(step, "tags")))
		return false;
	if (!series && (strcmp(op, "until") == 0 || strcmp(op, "split_same") == 0))
		return false;
	for (size_t n = 0; n < ARRAY_SIZE(arguments); n++) {
		if (strcmp(op, arguments[n].op) == 0 && !has_all(step, arguments[n].needs))
			return false;
	}
	return true;
}

static bool is_vector(const json_t *vector)
{
	static const char *const parse_needs[NEEDS_MAX] = { "where", "text", "currency" };
	static const char *const needs[NEEDS_MAX] = { "client", "booked_at", "start", "end" };
	static const char *const guest_needs[NEEDS_MAX] = { "addr", "partstat" };
	static const char *const history_needs[NEEDS_MAX] = { "client", "kind", "at", "outcome" };
	static const char *const policy_needs[NEEDS_MAX] = { "timezone" };
	static const char *const version_needs[NEEDS_MAX] = { "timezone", "from" };
	const json_t *a = json_object_get(vector, "appointment"), *policy = json_object_get(vector, "policy"),
		*steps = json_object_get(vector, "steps");
	const char *kind = text_of(vector, "kind");

	if (!kind || (strcmp(kind, "parse") && strcmp(kind, "policy")))
		return false;
	if (strcmp(kind, "parse") == 0)
		return has_all(vector, parse_needs);
	if (!has_all(a, needs) || !each_has_all(json_object_get(a, "attendees"), guest_needs) ||
			!each_has_all(json_object_get(vector, "history"), history_needs))
		return false;
	if (json_is_array(policy) ? json_array_size(policy) == 0 || !each_has_all(policy, version_needs) :
			!has_all(policy, policy_needs))
		return false;
	for (size_t n = 0; n < json_array_size(steps); n++) {
		if (!is_step(json_array_get(steps, n), text_of(a, "rrule")))
			return false;
	}
	return json_array_size(steps) > 0;
}

/* ---- all of a file ---- */

static bool run(const json_t *vector)
{
	struct arena *mem cleanup_arena = arena_create();
	const char *id = text_of(vector, "id");
	char why[1000] = "it isn't of the form of doc/policy.md, section 0";
	bool ok = is_vector(vector);

	if (ok && strcmp(text_of(vector, "kind"), "parse") == 0)
		ok = run_parse(vector, mem, why, sizeof(why));
	else if (ok)
		ok = run_policy(vector, false, mem, why, sizeof(why)) && run_policy(vector, true, mem, why, sizeof(why));
	if (ok)
		printf("ok %s\n", id ? id : "?");
	else
		printf("not ok %s: %s\n", id ? id : "?", why);
	return ok;
}

struct score { size_t passed, failed; };

static void run_file(const char *path, struct score *score)
{
	json_error_t why;
	json_t *vectors = json_load_file(path, 0, &why), *vector;
	size_t n;

	if (!json_is_array(vectors)) {
		printf("not ok %s: %s\n", path, vectors ? "it is no array" : why.text);
		score->failed++;
	}
	json_array_foreach(vectors, n, vector) {
		if (run(vector))
			score->passed++;
		else
			score->failed++;
	}
	json_decref(vectors);
}

int main(int argc, char **argv)
{
	struct score score = { 0 };
	struct err e = { 0 };

	if (argc == 1) {
		fprintf(stderr, "usage: %s FILE.json ...\n", argv[0]);
		return 2;
	}
	if (zone_init(NULL, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 2;
	}
	for (int n = 1; n < argc; n++)
		run_file(argv[n], &score);
	zone_finish();
	printf("%zu passed, %zu failed\n", score.passed, score.failed);
	return score.failed > 0;
}
