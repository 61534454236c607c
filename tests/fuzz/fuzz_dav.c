/*
 * Whole requests against a server in memory. An input is one request or several, "---" lines between:
 *     WHO METHOD PATH
 *     Name: value
 *     (an empty line)
 *     body
 * Beside memory errors it looks for answers that no client may cause: 500, 503, XML that is none.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "dav_server.h"

enum { HEADERS = 16, REQUESTS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts a word off *line; "" at its end. */
static char *word(char **line)
{
	char *start = *line;
	size_t n = strcspn(start, " ");

	*line = start + n;
	if (start[n]) {
		start[n] = '\0';
		++*line;
	}
	return start;
}

/* Cuts the line off that begins at *at, which then is the next; NULL at the end. */
static char *cut_line(char **at, char *end)
{
	char *start = *at;

	if (start >= end)
		return NULL;
	char *nl = memchr(start, '\n', (size_t)(end - start));
	*at = nl ? nl + 1 : end;
	if (nl)
		*nl = '\0';
	return start;
}

static size_t read_headers(char **at, char *end, struct header *head)
{
	size_t n = 0;
	char *line;

	while ((line = cut_line(at, end)) && *line) {
		char *colon = strstr(line, ": ");

		if (!colon || n == HEADERS || strchr(line, '\r'))
			continue;
		*colon = '\0';
		head[n++] = (struct header){ line, colon + 2 };
	}
	return n;
}

/* text[len] is a NUL of our own. */
static void ask(struct dav_server *s, char *text, size_t len)
{
	struct header head[HEADERS];
	char *at = text, *end = text + len;
	char *line = cut_line(&at, end);

	if (!line)
		return;
	const char *who = strcmp(word(&line), "marc") == 0 ? "marc" : "anna";
	const char *method = word(&line);
	if (line[0] != '/')
		return;
	size_t heads = read_headers(&at, end, head);
	dav_server_ask(s, who, method, line, head, heads, at, (size_t)(end - at));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xmalloc(size + 1);
	struct dav_server s;
	size_t requests = 0;

	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	dav_server_start(&s);
	for (char *at = text; at < text + size && requests < REQUESTS; requests++) {
		char *next = memmem(at, (size_t)(text + size - at), "\n---\n", 5);
		size_t len = (size_t)((next ? next : text + size) - at);

		at[len] = '\0';
		ask(&s, at, len);
		at += len + (next ? 5 : 0);
	}
	dav_server_stop(&s);
	return 0;
}
