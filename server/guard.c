#include "server/guard.h"

#include <string.h>

#include "base/util.h"

/* RFC 9110 5.6.2 */
static bool is_token(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (!ascii_isalnum((unsigned char)*s) && strchr("!#$%&'*+-.^_`|~", *s) == NULL)
			return false;
	}
	return true;
}

/* RFC 9110 5.5: no control characters but the tab. A bare CR would be one. */
static bool is_value(const char *s)
{
	for (; *s != '\0'; s++) {
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return false;
	}
	return true;
}

/* The parser below us glues a folded line (RFC 9112 5.2) to the header's *name*. */
static bool is_glued(const char *name, const char *known)
{
	size_t len = strlen(known);

	return ascii_ncasecmp(name, known, len) == 0 && name[len] != '\0';
}

struct counts { unsigned length, encoding, host; const char *length_value, *encoding_value; };

static const char *count_header(const struct header *h, struct counts *c)
{
	if (!is_token(h->name))
		return "a header name that is no token";
	if (!is_value(h->value))
		return "a control character in a header";
	if (is_glued(h->name, "Content-Length") || is_glued(h->name, "Transfer-Encoding"))
		return "a folded framing header";
	if (ascii_casecmp(h->name, "Content-Length") == 0) {
		c->length++;
		c->length_value = h->value;
	} else if (ascii_casecmp(h->name, "Transfer-Encoding") == 0) {
		c->encoding++;
		c->encoding_value = h->value;
	} else if (ascii_casecmp(h->name, "Host") == 0) {
		c->host++;
	}
	return NULL;
}

/* RFC 9112 6.1, 6.3: one of the two, once, and nothing that needs interpretation. */
static const char *check_counts(const struct counts *c, bool http11, struct framing *out)
{
	if (c->host > 1 || (c->host == 0 && http11))
		return "not exactly one Host";
	if (c->length > 1 || c->encoding > 1)
		return "a framing header twice";
	if (c->length + c->encoding > 1)
		return "Content-Length with Transfer-Encoding";
	if (c->encoding == 1 && (!http11 || ascii_casecmp(c->encoding_value, "chunked") != 0))
		return "a Transfer-Encoding other than chunked";
	out->chunked = c->encoding == 1;
	out->length_known = !out->chunked;
	out->length = 0;
	if (c->length == 1 && parse_u64(c->length_value, 0, INT64_MAX, &out->length) != 0)
		return "a Content-Length that is no number";
	return NULL;
}

const char *guard_framing(const char *version, const struct header *head, size_t heads,
	struct framing *out)
{
	struct counts c = { 0 };
	bool http11 = strcmp(version, "HTTP/1.1") == 0;

	if (!http11 && strcmp(version, "HTTP/1.0") != 0)
		return "a version other than HTTP/1.0 and 1.1";
	out->expect_continue = false;
	for (size_t i = 0; i < heads; i++) {
		const char *why = count_header(&head[i], &c);

		if (why != NULL)
			return why;
		if (ascii_casecmp(head[i].name, "Expect") == 0)
			out->expect_continue = ascii_casecmp(head[i].value, "100-continue") == 0;
	}
	return check_counts(&c, http11, out);
}

/* Behind scheme and authority of an absolute form; NULL if it is none. */
static const char *skip_authority(const char *target)
{
	size_t scheme = ascii_ncasecmp(target, "http://", 7) == 0 ? 7 :
		ascii_ncasecmp(target, "https://", 8) == 0 ? 8 : 0;
	size_t host = scheme != 0 ? strcspn(target + scheme, "/?") : 0;

	return host != 0 ? target + scheme + host : NULL;
}

const char *guard_target(const char *method, const char *target, struct arena *mem,
	const char **path, const char **query)
{
	const char *mark;

	if (strcmp(target, "*") == 0 && strcmp(method, "OPTIONS") == 0)
		target = "/";
	else if (target[0] != '/')
		target = skip_authority(target);
	if (target == NULL)
		return "a request target that is no path";
	for (const char *p = target; *p != '\0'; p++) {
		if ((unsigned char)*p <= 0x20 || *p == 0x7f || *p == '#')
			return "a blank or control character in the request target";
	}
	mark = strchr(target, '?');
	*query = mark != NULL ? arena_strdup(mem, mark + 1) : NULL;
	*path = arena_strndup(mem, target, mark != NULL ? (size_t)(mark - target) : strlen(target));
	if (**path == '\0')
		*path = "/";
	return NULL;
}
