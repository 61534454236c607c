/*
 * The head of a request as it arrives, before anybody knows who asks:
 *     METHOD TARGET VERSION
 *     Name: value
 * What the guard lets through is sound, and what a proxy says is said in form or not at all.
 */
#include <arpa/inet.h>

#include "base/util.h"
#include "server/guard.h"
#include "server/proxy.h"
#include "tests/fuzz/fuzz.h"

enum { HEADERS = 32 };

static size_t count(const struct header *head, size_t heads, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < heads; i++)
		n += ascii_casecmp(head[i].name, name) == 0;
	return n;
}

/* RFC 9112 3.2, 6.1, 6.3 */
static void check_framing(const char *version, const struct header *head, size_t heads)
{
	struct framing f;

	if (guard_framing(version, head, heads, &f) != NULL)
		return;
	size_t lengths = count(head, heads, "Content-Length"), codings = count(head, heads, "Transfer-Encoding");
	must(lengths + codings <= 1 && count(head, heads, "Host") <= 1);
	must(f.chunked == (codings == 1) && f.length_known == !f.chunked);
	must(f.length == 0 || lengths == 1);
	must(strcmp(version, "HTTP/1.1") == 0 ? count(head, heads, "Host") == 1 : !f.chunked);
	for (size_t i = 0; i < heads; i++)
		must(strpbrk(head[i].name, " \t:\r\n\"") == NULL && strpbrk(head[i].value, "\r\n\x7f\x01\x1b") == NULL);
}

static void check_target(const char *method, const char *target, struct arena *mem)
{
	const char *path, *query;

	if (guard_target(method, target, mem, &path, &query) != NULL)
		return;
	must(path[0] == '/' && strpbrk(path, "?# \t\r\n\x7f") == NULL);
	must(query == NULL || strpbrk(query, "# \t\r\n\x7f") == NULL);
	must((strchr(target, '?') != NULL) == (query != NULL));
	must(path_below("/dedit", path)[0] == '/');
}

static void check_address(const char *text)
{
	uint8_t bytes[16];

	must(inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1);
}

static void check_proxy(const struct request *rq, bool standard)
{
	static struct network ours;
	const struct proxy_rule rule = { .networks = &ours, .count = 1, .standard = standard };
	struct forwarded f;

	must(network_parse("10.0.0.0/8", &ours, NULL) == 0);
	proxy_read(&rule, rq, &f);
	if (f.address != NULL)
		check_address(f.address);
	must(f.host == NULL || (*f.host != '\0' && strpbrk(f.host, "/\\ \t\r\n\"'<>@?#,;") == NULL));
	must(f.prefix == NULL || base_path_valid(f.prefix));
}

static void check_network(const char *text)
{
	struct network n;
	struct proxy_rule rule = { .networks = &n, .count = 1 };
	char address[INET6_ADDRSTRLEN];

	if (network_parse(text, &n, NULL) != 0)
		return;
	must(n.bits <= 128);
	/* a network holds the address it is named by */
	must(inet_ntop(AF_INET6, n.address, address, sizeof(address)) != NULL);
	must(proxy_is_trusted(&rule, address));
}

static size_t read_headers(char *at, char *end, struct header *head)
{
	size_t n = 0;
	char *line;

	while (n < HEADERS && (line = cut_line(&at, end)) != NULL) {
		char *colon = strchr(line, ':');

		if (colon == NULL)
			continue;
		*colon = '\0';
		head[n++] = (struct header){ line, colon + 1 + (colon[1] == ' ') };
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena *mem = arena_create();
	cleanup_free char *text = copy_text(data, size);
	char *at = text, *line = cut_line(&at, text + size);
	struct header head[HEADERS];

	if (line == NULL)
		return 0;
	const char *method = strsep(&line, " "), *target = line != NULL ? strsep(&line, " ") : "";
	const char *version = line != NULL ? line : "HTTP/1.1";
	struct request rq = { .mem = mem, .method = method, .head = head };
	rq.heads = read_headers(at, text + size, head);
	check_target(method, target, mem);
	check_network(target);
	check_framing(version, head, rq.heads);
	check_proxy(&rq, false);
	check_proxy(&rq, true);
	for (size_t i = 0; i < rq.heads; i++) {
		header_has_token(head[i].value, "chunked");
		header_has_pair(head[i].value, "return", "minimal");
	}
	return 0;
}
