/*
 * Whole requests against a server in memory. An input is one request or several, "---" lines
 * between:
 *     WHO METHOD PATH
 *     Name: value
 *     (an empty line)
 *     body
 * Beside memory errors it looks for answers that no client may cause: 500, 503, XML that is none.
 */
#include "base/util.h"
#include "tests/fuzz/dav_server.h"
#include "tests/fuzz/fuzz.h"

enum { HEADERS = 16, REQUESTS = 8 };

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
	struct dav_question q = { .head = head, .who = strcmp(word(&line), "marc") == 0 ? "marc" : "anna" };
	q.method = word(&line);
	q.path = line;
	if (line[0] != '/')
		return;
	q.heads = read_headers(&at, end, head);
	q.body = at;
	q.len = (size_t)(end - at);
	dav_server_ask(s, &q, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dav_server server;
	cleanup_free char *text = copy_text(data, size);
	char *at = text, *piece;
	size_t len;

	dav_server_fresh(&server);
	for (size_t i = 0; i < REQUESTS && (piece = cut_piece(&at, text + size, &len)); i++)
		ask(&server, piece, len);
	return 0;
}
