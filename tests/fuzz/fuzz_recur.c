/*
 * A recurrence rule and a start: expanded over a year by stepping and after a seek. Input: the
 * first byte chooses the start, the rest is the RRULE value. Beside memory errors it looks for
 * times that don't go on, that lie outside what was asked for, and for steps that aren't counted.
 */
#include "base/clock.h"
#include "base/util.h"
#include "ical/recur.h"
#include "tests/fuzz/fuzz.h"

enum { STEPS = 100000, RULE_MAX = 2000 };
#define YEAR INT64_C(31622400)

static struct wall start_for(uint8_t choice)
{
	static const struct wall starts[] = {
		{ 2024, 2, 29, 10, 15, 0 }, { 1970, 1, 1, 0, 0, 0 }, { 1997, 9, 2, 9, 0, 0 },
		{ 2023, 12, 31, 23, 59, 59 }, { 1, 1, 1, 0, 0, 0 }, { 9999, 1, 1, 12, 0, 0 },
		{ 2020, 8, 31, 2, 30, 0 }, { 2000, 2, 28, 23, 0, 30 },
	};

	return starts[choice % ARRAY_SIZE(starts)];
}

/* Times in [from, from + a year]; returns what recur_next() said last. */
static int walk(struct recur *r, int64_t from, int64_t *first, const uint64_t *steps)
{
	int64_t t, last = INT64_MIN;
	uint64_t before = *steps;
	int rc;

	*first = INT64_MAX;
	while ((rc = recur_next(r, &t)) > 0) {
		must(t > last && *steps < before);
		if (t >= from && *first == INT64_MAX) {
			*first = t;
		}
		last = t;
		before = *steps;
		if (t > from + YEAR) {
			break;
		}
	}
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[RULE_MAX + 1];
	struct rule rule;

	if (!size || size > RULE_MAX) {
		return 0;
	}
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (rule_parse(text, &rule, NULL)) {
		return 0;
	}
	struct wall start = start_for(data[0]);
	uint64_t steps = STEPS, more = STEPS;
	int64_t from = wall_seconds(&start), at = from + 1000 * INT64_C(86400), first, sought;
	struct recur r, s;

	recur_open(&r, &rule, &start, INT64_MAX, data[0] & 8, &steps);
	int rc = walk(&r, from, &first, &steps);
	must(!(data[0] & 8) || first == from);

	/* what a seek finds is what stepping comes to */
	steps = STEPS * 10;
	recur_open(&r, &rule, &start, INT64_MAX, true, &steps);
	recur_open(&s, &rule, &start, INT64_MAX, true, &more);
	if (recur_seek(&s, at) || rc < 0) {
		return 0;
	}
	rc = recur_next(&s, &sought);
	must(rc <= 0 || sought >= at);
	do {
		rc = rc < 0 ? rc : recur_next(&r, &first);
	} while (rc > 0 && first < at);
	must(rc <= 0 || more == 0 || first == sought);
	return 0;
}
