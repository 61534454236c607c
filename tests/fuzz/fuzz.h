/* What every fuzz target is made of. */
#ifndef DEDIT_TESTS_FUZZ_H
#define DEDIT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer calls this for each input; so does replay.c. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise is a finding, as a crash is. */
#define must(holds) ((holds) ? (void)0 : broken_promise(__FILE__, __LINE__, #holds))

static inline void broken_promise(const char *file, int line, const char *promise)
{
	fprintf(stderr, "%s:%d: a broken promise: %s\n", file, line, promise);
	abort();
}

/* A copy that can be cut, NULs and all, with one more NUL behind it; the caller frees it. */
static inline char *copy_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* Cuts the line off that begins at *at, which then is the next; NULL at the end. *end is a NUL
 * of the caller's. */
static inline char *cut_line(char **at, char *end)
{
	char *start = *at;

	if (start >= end)
		return NULL;
	char *nl = memchr(start, '\n', (size_t)(end - start));
	*at = nl != NULL ? nl + 1 : end;
	if (nl != NULL)
		*nl = '\0';
	return start;
}

/* The same for the pieces of an input, "---" lines between; *len is the piece's. */
static inline char *cut_piece(char **at, char *end, size_t *len)
{
	char *start = *at;

	if (start >= end)
		return NULL;
	char *next = memmem(start, (size_t)(end - start), "\n---\n", 5);
	*len = (size_t)((next != NULL ? next : end) - start);
	*at = next != NULL ? next + 5 : end;
	start[*len] = '\0';
	return start;
}

#endif
