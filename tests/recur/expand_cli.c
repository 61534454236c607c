/*
 * Expands rules for compare.py. Reads lines "DTSTART TAB rule TAB from TAB to TAB limit": a floating
 * DATE-TIME or DATE, an RRULE value, and "YYYYMMDDTHHMMSSZ" bounds. Answers each with one line: the
 * starts, separated by blanks, at most `limit`; "!" and the error's text if there is one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"

struct output { uint64_t limit, count; };

static int print_start(const struct ical_instance *i, void *arg)
{
	struct output *out = arg;
	char text[ICAL_UTC_SIZE];

	if (out->count == out->limit) {
		return 1;
	}
	ical_utc(i->start, text);
	printf("%s%.15s", out->count++ ? " " : "", text);
	return 0;
}

static int instant(const char *text, int64_t *out)
{
	struct ical_when w;

	if (ical_when(NULL, text, NULL, NULL, &w, NULL)) {
		return -1;
	}
	*out = w.utc;
	return 0;
}

static int answer(char *const field[5])
{
	cleanup_arena struct arena *mem = arena_create();
	struct output out = { 0 };
	struct ical *ic;
	struct err e;
	int64_t from, to;

	const char *body = arena_printf(mem,
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:x\r\nDTSTART%s:%s\r\nRRULE:%s\r\n"
		"END:VEVENT\r\nEND:VCALENDAR\r\n", strlen(field[0]) == 8 ? ";VALUE=DATE" : "", field[0], field[1]);
	if (instant(field[2], &from) || instant(field[3], &to)
		|| parse_u64(field[4], 1, 1000000, &out.limit)) {
		return -1;
	}
	if (ical_parse(body, strlen(body), NULL, mem, &ic, &e)
		|| ical_expand(ic, zone_utc(), from, to, print_start, &out, &e)) {
		printf("!%s", e.text);
	}
	putchar('\n');
	return 0;
}

int main(void)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		char *field[5], *rest = line;

		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
			field[i] = strsep(&rest, "\t");
		}
		if (!field[4] || rest || answer(field)) {
			fprintf(stderr, "expand_cli: malformed line\n");
			return 2;
		}
	}
	return 0;
}
