/*
 * Runs of spans that have one length and come in even steps. Of each run stand, as numbers of variable
 * length (seven bits a byte, the least first): how far it starts behind the last start before it (the first
 * one: behind 0, with its sign in the lowest bit), then 2 * count, plus 1 if length and step differ from
 * those before, in which case they follow. A run with count 0 is the open end.
 */
#include "base/spans.h"

enum { NUMBER_BYTES = 10, RUN_BYTES = 4 * NUMBER_BYTES, OPEN_END_BYTES = 2 };

/* Unsigned, so that bytes which make no sense can't overflow anything. */
struct run { uint64_t start, length, step, count; };

/* ---- writing ---- */

struct text { uint8_t data[RUN_BYTES]; size_t len; };

static void add_number(struct text *t, uint64_t v)
{
	while (v > 0x7f) {
		t->data[t->len++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	t->data[t->len++] = (uint8_t)v;
}

static uint64_t fold_sign(int64_t v)
{
	return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static void add_start(struct text *t, int64_t start, const int64_t *before)
{
	add_number(t, before ? (uint64_t)start - (uint64_t)*before : fold_sign(start));
}

static uint64_t length_of(const struct span *s)
{
	return (uint64_t)s->end - (uint64_t)s->start;
}

static uint64_t step_to(const struct span *s)
{
	return (uint64_t)s[1].start - (uint64_t)s[0].start;
}

/* The longest run at the beginning of the list. */
static struct run first_run(const struct span *list, size_t n, const struct run *before)
{
	struct run r = { .length = length_of(list), .count = 1 };

	/* one that stands alone needs no step of its own */
	r.step = n > 1 && length_of(list + 1) == r.length ? step_to(list) : before->step;
	while (r.count < n && length_of(list + r.count) == r.length && step_to(list + r.count - 1) == r.step)
		r.count++;
	return r;
}

bool spans_write(const struct span *list, size_t n, bool more, struct buf *out)
{
	const int64_t *before = NULL; /* the last start told */
	struct run last = { .count = 0 };
	size_t used = 0;

	for (size_t i = 0; i < n;) {
		struct run r = first_run(list + i, n - i, &last);
		bool other = r.length != last.length || r.step != last.step;
		struct text t = { .len = 0 };

		add_start(&t, list[i].start, before);
		add_number(&t, r.count << 1 | other);
		if (other) {
			add_number(&t, r.length);
			add_number(&t, r.step);
		}
		if (used + t.len > SPANS_BYTES_MAX - OPEN_END_BYTES) {
			n = i; /* told up to here */
			more = true;
			break;
		}
		buf_add(out, t.data, t.len);
		used += t.len;
		i += r.count;
		before = &list[i - 1].start;
		last = r;
	}
	if (more)
		buf_add(out, (const uint8_t[OPEN_END_BYTES]){ 0, 0 }, OPEN_END_BYTES);
	return !more;
}

/* ---- reading ---- */

struct reader {
	const uint8_t *at, *end;
	struct run run;
	bool begun;
};

static bool read_number(struct reader *r, uint64_t *out)
{
	unsigned shift = 0;

	*out = 0;
	while (r->at < r->end && shift < 64) {
		uint8_t byte = *r->at++;

		*out |= (uint64_t)(byte & 0x7f) << shift;
		if (byte <= 0x7f)
			return true;
		shift += 7;
	}
	return false;
}

/* 1, 0 at the end, -1: bytes that make no sense. */
static int read_run(struct reader *r)
{
	struct run *run = &r->run;
	uint64_t way, count;

	if (r->at == r->end)
		return 0;
	if (!read_number(r, &way) || !read_number(r, &count))
		return -1;
	if (r->begun)
		run->start += (run->count - 1) * run->step + way;
	else
		run->start = way >> 1 ^ (way & 1 ? UINT64_MAX : 0);
	r->begun = true;
	run->count = count >> 1;
	if (count & 1 && (!read_number(r, &run->length) || !read_number(r, &run->step)))
		return -1;
	return run->count <= SPANS_MAX ? 1 : -1;
}

static bool overlaps(const struct span *s, int64_t from, int64_t to)
{
	return s->start < to && (s->end > from || (s->end == s->start && s->start >= from));
}

static struct span nth(const struct run *r, uint64_t n)
{
	uint64_t start = r->start + n * r->step;

	return (struct span){ (int64_t)start, (int64_t)(start + r->length) };
}

/* The first of a run that may overlap what is from there on. */
static uint64_t first_from(const struct run *r, int64_t from)
{
	int64_t end = (int64_t)(r->start + r->length);

	if (end >= from || r->step == 0)
		return 0;
	return ((uint64_t)from - (uint64_t)end) / r->step;
}

enum spans_answer spans_visit(const struct span_set *s, int64_t from, int64_t to, span_fn visit, void *arg)
{
	struct reader r = { .at = s->data };
	enum spans_answer answer = SPANS_NONE;
	int rc = -1;

	if (!s->data)
		return SPANS_PERHAPS;
	r.end = r.at + s->len;
	while ((rc = read_run(&r)) > 0 && (int64_t)r.run.start < to) {
		if (r.run.count == 0)
			return SPANS_PERHAPS;
		for (uint64_t n = first_from(&r.run, from); n < r.run.count; n++) {
			struct span one = nth(&r.run, n);

			if (one.start >= to)
				break;
			if (!overlaps(&one, from, to))
				continue;
			answer = SPANS_SOME;
			if (visit(&one, arg))
				return answer;
		}
	}
	return rc < 0 ? SPANS_PERHAPS : answer;
}

static int stop(const struct span *s, void *arg)
{
	(void)s;
	*(bool *)arg = true;
	return 1;
}

enum spans_answer spans_find(const struct span_set *s, int64_t from, int64_t to)
{
	bool found = false;
	enum spans_answer answer = spans_visit(s, from, to, stop, &found);

	return found ? SPANS_SOME : answer;
}
