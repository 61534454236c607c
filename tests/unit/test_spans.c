/* A set of spans in a few bytes says of any range what a walk over the spans says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/spans.h"
#include "base/util.h"

enum { HOUR = 3600, WEEK = 7 * 86400 };

static bool overlaps(const struct span *s, int64_t from, int64_t to)
{
	return s->start < to && (s->start == s->end ? s->start >= from : s->end > from);
}

static bool any(const struct span *list, size_t n, int64_t from, int64_t to)
{
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		found = found || overlaps(&list[i], from, to);
	}
	return found;
}

static struct span_set written(const struct span *list, size_t n, bool more, bool *all, struct buf *out)
{
	buf_init(out, SPANS_BYTES_MAX);
	*all = spans_write(list, n, more, out);
	assert_false(out->full);
	return (struct span_set){ out->data, out->len };
}

static void weekly(struct span *list, size_t n, int64_t start)
{
	for (size_t i = 0; i < n; i++) {
		int64_t summer = i % 52 > 12 && i % 52 < 43 ? HOUR : 0;

		list[i].start = start + (int64_t)i * WEEK - summer;
		list[i].end = list[i].start + HOUR;
	}
}

static void what_is_even_is_short(void **state)
{
	struct span list[156];
	cleanup_buf struct buf text;
	bool all;

	(void)state;
	weekly(list, ARRAY_SIZE(list), 1735689600);
	struct span_set s = written(list, ARRAY_SIZE(list), false, &all, &text);
	assert_true(all);
	assert_in_range(s.len, 1, 60);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		assert_int_equal(spans_find(&s, list[i].start, list[i].start + 1), SPANS_SOME);
		assert_int_equal(spans_find(&s, list[i].end - 1, list[i].end), SPANS_SOME);
		assert_int_equal(spans_find(&s, list[i].end, list[i].start + WEEK - HOUR), SPANS_NONE);
	}
}

static void nothing_is_known_without_bytes(void **state)
{
	const struct span_set none = { NULL, 0 };

	(void)state;
	assert_int_equal(spans_find(&none, 0, 1), SPANS_PERHAPS);
}

static void behind_the_open_end_all_is_possible(void **state)
{
	const struct span list[] = { { -5, -5 }, { 10, 20 } };
	cleanup_buf struct buf text;
	bool all;

	(void)state;
	struct span_set s = written(list, ARRAY_SIZE(list), true, &all, &text);
	assert_false(all);
	assert_int_equal(spans_find(&s, -100, -5), SPANS_NONE);
	assert_int_equal(spans_find(&s, -5, -4), SPANS_SOME);
	assert_int_equal(spans_find(&s, -4, 10), SPANS_NONE);
	assert_int_equal(spans_find(&s, 10, 11), SPANS_SOME);
	assert_int_equal(spans_find(&s, 20, 21), SPANS_PERHAPS);
	assert_int_equal(spans_find(&s, INT64_MAX - 1, INT64_MAX), SPANS_PERHAPS);
}

struct walk { const struct span *list; size_t n; int64_t from, to; size_t seen; };

static int count_one(const struct span *s, void *arg)
{
	struct walk *w = arg;
	bool there = false;

	for (size_t i = 0; i < w->n; i++) {
		there = there || (w->list[i].start == s->start && w->list[i].end == s->end);
	}
	assert_true(there && overlaps(s, w->from, w->to));
	w->seen++;
	return 0;
}

static size_t count_overlaps(const struct span *list, size_t n, int64_t from, int64_t to)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		count += overlaps(&list[i], from, to);
	}
	return count;
}

/* Few different numbers, so that runs of all kinds come about. */
static size_t random_list(struct span *list, unsigned *seed)
{
	size_t n = 1 + (size_t)rand_r(seed) % SPANS_MAX;
	int64_t start = rand_r(seed) % 200 - 100, step = rand_r(seed) % 4, length = rand_r(seed) % 9;
	int evenness = 1 + rand_r(seed) % 8;

	for (size_t i = 0; i < n; i++) {
		if (rand_r(seed) % evenness == 0) {
			step = rand_r(seed) % 4;
		}
		if (rand_r(seed) % 12 == 0) {
			length = rand_r(seed) % 9;
		}
		list[i] = (struct span){ start, start + length };
		start += step;
	}
	return n;
}

static void random_sets_say_what_they_hold(void **state)
{
	struct span list[SPANS_MAX];
	unsigned seed = 1;
	size_t whole = 0, cut = 0;

	(void)state;
	for (int round = 0; round < 300; round++) {
		cleanup_buf struct buf text;
		size_t n = random_list(list, &seed);
		bool all;
		struct span_set s = written(list, n, false, &all, &text);

		for (int64_t from = -110; from < 600; from += 1 + rand_r(&seed) % 7) {
			int64_t to = from + 1 + rand_r(&seed) % 12;
			enum spans_answer answer = spans_find(&s, from, to);
			struct walk w = { list, n, from, to, 0 };

			spans_visit(&s, from, to, count_one, &w);
			if (all) {
				assert_int_equal(answer, any(list, n, from, to) ? SPANS_SOME : SPANS_NONE);
				assert_int_equal(w.seen, count_overlaps(list, n, from, to));
			} else if (answer != SPANS_PERHAPS) {
				assert_int_equal(answer == SPANS_SOME, any(list, n, from, to));
			}
		}
		*(all ? &whole : &cut) += 1;
	}
	assert_true(whole > 20 && cut > 20);
}

static void extreme_times_are_kept(void **state)
{
	const struct span list[] = { { INT64_MIN, INT64_MIN }, { -1, 0 }, { INT64_MAX - 1, INT64_MAX } };
	cleanup_buf struct buf text;
	bool all;

	(void)state;
	struct span_set s = written(list, ARRAY_SIZE(list), false, &all, &text);
	assert_true(all);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		assert_int_equal(spans_find(&s, list[i].start, list[i].start + 1), SPANS_SOME);
	}
	assert_int_equal(spans_find(&s, 0, INT64_MAX - 1), SPANS_NONE);
}

static void bytes_without_sense_are_unknown(void **state)
{
	uint8_t bytes[24];
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct span_set s = { bytes, (size_t)rand_r(&seed) % sizeof(bytes) };

		for (size_t i = 0; i < sizeof(bytes); i++) {
			bytes[i] = (uint8_t)(rand_r(&seed) % 3 ? 0xff : rand_r(&seed));
		}
		assert_in_range(spans_find(&s, -5, 5), SPANS_NONE, SPANS_SOME);
	}
	assert_int_equal(spans_find(&(struct span_set){ "\xff", 1 }, 0, 1), SPANS_PERHAPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_even_is_short),
		cmocka_unit_test(nothing_is_known_without_bytes),
		cmocka_unit_test(behind_the_open_end_all_is_possible),
		cmocka_unit_test(random_sets_say_what_they_hold),
		cmocka_unit_test(extreme_times_are_kept),
		cmocka_unit_test(bytes_without_sense_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
