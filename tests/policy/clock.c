/*
 * Linked into tests/policy/deditd_at, a server for tests alone: its clock is what stands in the file that
 * DEDIT_TEST_CLOCK names, a UTC time like 2026-06-10T08:00:00Z. Behind it, and a blank, may stand by how many
 * seconds (nine digits) it is ahead of the clock that only goes on. deditd(8) has nothing of the kind.
 */
#include "base/clock.h"
#include "base/util.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { AHEAD_AT = 21, AHEAD_DIGITS = 9, FILE_MAX = AHEAD_AT + AHEAD_DIGITS };

static const char *shown; /* the file in memory: a server may close what it has not opened itself */

static int64_t clock_of_file(void)
{
	char text[ISO_DATE_SIZE] = "";
	int64_t now = 0;

	memcpy(text, shown, AHEAD_AT - 1);
	if (iso_date_parse(text, &now))
		abort(); /* a test that goes on with another time proves nothing */
	return now;
}

static int64_t steady_of_file(void)
{
	uint64_t ahead = 0;

	if (shown[AHEAD_AT - 1] == ' ' && parse_u64n(shown + AHEAD_AT, AHEAD_DIGITS, 0, INT64_MAX, &ahead))
		abort();
	return clock_of_file() - (int64_t)ahead;
}

/* Before main(), while files can still be opened. */
static void __attribute__((constructor)) begin(void)
{
	const char *name = getenv("DEDIT_TEST_CLOCK");
	int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	void *map = file >= 0 ? mmap(NULL, FILE_MAX, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;

	if (map == MAP_FAILED) {
		fprintf(stderr, "deditd_at: DEDIT_TEST_CLOCK must name a file with the time\n");
		exit(2);
	}
	shown = map;
	clock_set(clock_of_file);
	clock_set_steady(steady_of_file);
}
