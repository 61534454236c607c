/*
 * Linked into tests/policy/deditd_at, a server for tests alone: its clock is what stands in the file that
 * DEDIT_TEST_CLOCK names, a UTC time like 2026-06-10T08:00:00Z. deditd(8) has nothing of the kind.
 */
#include "base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const char *shown; /* the file in memory: a server may close what it has not opened itself */

static int64_t clock_of_file(void)
{
	char text[ISO_DATE_SIZE] = "";
	int64_t now = 0;

	memcpy(text, shown, sizeof(text) - 1);
	if (iso_date_parse(text, &now))
		abort(); /* a test that goes on with another time proves nothing */
	return now;
}

/* Before main(), while files can still be opened. */
static void __attribute__((constructor)) begin(void)
{
	const char *name = getenv("DEDIT_TEST_CLOCK");
	int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	void *map = file >= 0 ? mmap(NULL, ISO_DATE_SIZE, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;

	if (map == MAP_FAILED) {
		fprintf(stderr, "deditd_at: DEDIT_TEST_CLOCK must name a file with the time\n");
		exit(2);
	}
	shown = map;
	clock_set(clock_of_file);
}
