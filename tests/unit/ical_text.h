/* Calendar objects and occurrences as text, for the tests of floor ical. */
#ifndef DEDIT_TESTS_ICAL_TEXT_H
#define DEDIT_TESTS_ICAL_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ical/ical.h"

/* Milliseconds of work, however busy the machine is. */
static inline int64_t cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* "20240331T013000Z" */
static inline int64_t at(const char *text)
{
	struct ical_when w;
	struct err e;

	if (ical_when(NULL, text, NULL, NULL, &w, &e)) {
		fail_msg("%s: %s", text, e.text);
	}
	return w.utc;
}

/* A VCALENDAR around lines that are separated by '\n'. */
static inline struct ical *object(struct arena *mem, const char *lines)
{
	struct ical *ic;
	struct err e;
	const char *body = arena_printf(mem, "BEGIN:VCALENDAR\nVERSION:2.0\n%s\nEND:VCALENDAR\n", lines);

	if (ical_parse(body, strlen(body), NULL, mem, &ic, &e)) {
		fail_msg("%s: %s", lines, e.text);
	}
	return ic;
}

/* The same around one VEVENT, UID included. */
static inline struct ical *event(struct arena *mem, const char *lines)
{
	return object(mem, arena_printf(mem, "BEGIN:VEVENT\nUID:x\n%s\nEND:VEVENT", lines));
}

struct shown {
	struct buf text;
	bool ends;      /* "start/end" */
	size_t limit;
	size_t count;
};

static inline int show(const struct ical_instance *i, void *arg)
{
	struct shown *s = arg;
	char start[ICAL_UTC_SIZE], end[ICAL_UTC_SIZE];

	if (s->count++ == s->limit) {
		return 1;
	}
	ical_utc(i->start, start);
	ical_utc(i->end, end);
	if (s->ends) {
		buf_printf(&s->text, "%s%s/%s", s->text.len ? " " : "", start, end);
	} else {
		buf_printf(&s->text, "%s%s", s->text.len ? " " : "", start);
	}
	return 0;
}

/* The occurrences that overlap, in words; "!" and the code if it fails. The visitor stops at
 * `limit`. */
static inline char *expanded(struct arena *mem, const struct ical *ic, const struct zone *floating,
	int64_t from,
	int64_t to, bool ends, size_t limit)
{
	struct shown s = { .ends = ends, .limit = limit };
	struct err e;

	buf_init(&s.text, 1 << 20);
	if (ical_expand(ic, floating, from, to, show, &s, &e)) {
		buf_printf(&s.text, "!%d", e.code);
	}
	char *text = arena_strdup(mem, s.text.data);
	buf_finish(&s.text);
	return text;
}

#endif
