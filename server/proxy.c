#include "server/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/util.h"

enum {
	BITS_MAX = 128, MAPPED_BITS = 96,
	PREFIX_BYTES = 200, HOST_BYTES = 255, REQUEST_ID_MAX = 64,
	CHAIN_MAX = 32,
};

/* ---- addresses ---- */

static bool address_parse(const char *text, uint8_t out[16], bool *four)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	*four = inet_pton(AF_INET, text, out + sizeof(mapped)) == 1;
	if (*four)
		memcpy(out, mapped, sizeof(mapped));
	return *four || inet_pton(AF_INET6, text, out) == 1;
}

int network_parse(const char *text, struct network *out, struct err *e)
{
	char address[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "/");
	struct network found = { .bits = BITS_MAX };
	uint64_t bits;
	bool four;

	if (len >= sizeof(address))
		return err_set(e, ERR_INVALID, "an address, or a network as address/bits");
	memcpy(address, text, len);
	address[len] = '\0';
	if (!address_parse(address, found.address, &four))
		return err_set(e, ERR_INVALID, "an address, or a network as address/bits");
	if (text[len] == '/') {
		if (parse_u64(text + len + 1, 0, four ? 32 : BITS_MAX, &bits) != 0)
			return err_set(e, ERR_INVALID, "0 to %d bits of the address", four ? 32 : BITS_MAX);
		found.bits = (unsigned)bits + (four ? MAPPED_BITS : 0);
	}
	*out = found;
	return 0;
}

static bool network_holds(const struct network *n, const uint8_t address[16])
{
	size_t whole = n->bits / 8;
	unsigned mask = 0xffu << (8 - n->bits % 8);

	if (memcmp(n->address, address, whole) != 0)
		return false;
	return n->bits % 8 == 0 || ((n->address[whole] ^ address[whole]) & mask & 0xff) == 0;
}

bool proxy_is_trusted(const struct proxy_rule *rule, const char *peer)
{
	uint8_t address[16];
	bool four;

	if (strcmp(peer, "unix") == 0)
		return true;
	if (!address_parse(peer, address, &four))
		return false;
	for (size_t i = 0; i < rule->count; i++) {
		if (network_holds(&rule->networks[i], address))
			return true;
	}
	return false;
}

/* ---- values ---- */

bool base_path_valid(const char *path)
{
	size_t len = strlen(path);

	if (len < 2 || len > PREFIX_BYTES || path[0] != '/' || path[len - 1] == '/')
		return false;
	for (const char *p = path; *p != '\0'; p++) {
		if (*p == '/' && (p[1] == '/' || p[1] == '.'))
			return false;
		if (!ascii_isalnum((unsigned char)*p) && strchr("/-._~", *p) == NULL)
			return false;
	}
	return true;
}

static bool host_valid(const char *host)
{
	size_t len = strlen(host);

	return len > 0 && len <= HOST_BYTES && strspn(host, "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:[]%") == len;
}

/* "192.0.2.1", "192.0.2.1:4711", "[2001:db8::1]:4711", "2001:db8::1"; else NULL ("unknown", "_hidden"). */
static const char *node_address(struct arena *mem, const char *node)
{
	const char *colon = strchr(node, ':');
	char *text = arena_strdup(mem, node);
	uint8_t bytes[16];
	bool four;

	if (text[0] == '[') {
		text++;
		text[strcspn(text, "]")] = '\0';
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		text[colon - node] = '\0';
	}
	return address_parse(text, bytes, &four) ? text : NULL;
}

/* ---- lists ---- */

/* The elements of every header of that name in order, quotes kept; the last CHAIN_MAX of them. */
struct chain { const char *item[CHAIN_MAX]; size_t count; };

static void chain_add(struct chain *c, const char *item)
{
	if (c->count == CHAIN_MAX)
		memmove(&c->item[0], &c->item[1], --c->count * sizeof(c->item[0]));
	c->item[c->count++] = item;
}

static void chain_read(const struct request *rq, const char *name, struct chain *out)
{
	const char *value, *from;
	size_t i = 0;

	out->count = 0;
	while ((value = request_header_next(rq, name, &i)) != NULL) {
		while (*value != '\0') {
			from = value + strspn(value, " \t,");
			value = header_element_end(from, ',');
			size_t len = (size_t)(value - from);

			while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\t'))
				len--;
			if (len > 0)
				chain_add(out, arena_strndup(rq->mem, from, len));
		}
	}
}

static const char *chain_last(const struct request *rq, const char *name)
{
	struct chain c;

	chain_read(rq, name, &c);
	return c.count > 0 ? c.item[c.count - 1] : NULL;
}

/* ---- X-Forwarded-* ---- */

/* Each proxy adds whom it saw: from the right, the first one that isn't a proxy of ours. */
static void read_private(const struct proxy_rule *rule, const struct request *rq,
	struct forwarded *out)
{
	const char *proto = chain_last(rq, "X-Forwarded-Proto");
	struct chain c;

	chain_read(rq, "X-Forwarded-For", &c);
	while (c.count > 0) {
		const char *address = node_address(rq->mem, c.item[--c.count]);

		if (address == NULL)
			break;
		out->address = address;
		if (!proxy_is_trusted(rule, address))
			break;
	}
	out->host = chain_last(rq, "X-Forwarded-Host");
	out->secure = proto != NULL && ascii_casecmp(proto, "https") == 0;
}

/* ---- Forwarded: RFC 7239 4 ---- */

/* The value of a pair in "for=…;proto=…;host=…", without quotes; NULL if there is none. */
static const char *pair_value(struct arena *mem, const char *element, const char *name)
{
	size_t len = strlen(name);

	while (*element != '\0') {
		const char *from = element + strspn(element, " \t;");
		const char *end = header_element_end(from, ';');

		if (ascii_ncasecmp(from, name, len) == 0 && from[len] == '=') {
			from += len + 1;
			if (*from == '"' && end - from >= 2 && end[-1] == '"')
				return arena_strndup(mem, from + 1, (size_t)(end - from) - 2);
			return arena_strndup(mem, from, (size_t)(end - from));
		}
		element = end;
	}
	return NULL;
}

static void read_standard(const struct proxy_rule *rule, const struct request *rq,
	struct forwarded *out)
{
	struct chain c;

	chain_read(rq, "Forwarded", &c);
	while (c.count > 0) {
		const char *element = c.item[--c.count];
		const char *node = pair_value(rq->mem, element, "for");
		const char *proto = pair_value(rq->mem, element, "proto");
		const char *address = node != NULL ? node_address(rq->mem, node) : NULL;

		out->host = pair_value(rq->mem, element, "host");
		out->secure = proto != NULL && ascii_casecmp(proto, "https") == 0;
		if (address == NULL)
			break;
		out->address = address;
		if (!proxy_is_trusted(rule, address))
			break;
	}
}

/* It stands in log lines and in a header. */
static bool id_valid(const char *id)
{
	size_t len = strlen(id);

	for (size_t i = 0; i < len; i++) {
		if (!ascii_isalnum((unsigned char)id[i]) && strchr("-_.~:+/=@", id[i]) == NULL)
			return false;
	}
	return len > 0 && len <= REQUEST_ID_MAX;
}

void proxy_read(const struct proxy_rule *rule, const struct request *rq, struct forwarded *out)
{
	struct forwarded found = { 0 };

	if (rule->standard)
		read_standard(rule, rq, &found);
	else
		read_private(rule, rq, &found);
	found.prefix = chain_last(rq, "X-Forwarded-Prefix"); /* the standard has none */
	if (found.prefix != NULL && !base_path_valid(found.prefix))
		found.prefix = NULL;
	if (found.host != NULL && !host_valid(found.host))
		found.host = NULL;
	found.id = request_header(rq, "X-Request-Id");
	if (found.id != NULL && !id_valid(found.id))
		found.id = NULL;
	*out = found;
}
