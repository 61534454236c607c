#include "http/request.h"

#include <string.h>

#include "base/util.h"

const char *request_header_next(const struct request *rq, const char *name, size_t *i)
{
	while (*i < rq->heads) {
		const struct header *h = &rq->head[(*i)++];
		if (ascii_casecmp(h->name, name) == 0)
			return h->value;
	}
	return NULL;
}

const char *request_header(const struct request *rq, const char *name)
{
	size_t i = 0;

	return request_header_next(rq, name, &i);
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* RFC 6265 4.2.1: name=value, with "; " between. */
static const char *find_cookie(const struct request *rq, const char *list, const char *name, size_t *count)
{
	size_t len = strlen(name);
	const char *found = NULL;

	while (*list != '\0') {
		const char *end = list + strcspn(list, ";");

		list = skip_blanks(list);
		if (strncmp(list, name, len) == 0 && list[len] == '=') {
			found = arena_strndup(rq->mem, list + len + 1, (size_t)(end - list) - len - 1);
			++*count;
		}
		list = end + (*end == ';');
	}
	return found;
}

const char *request_cookie(const struct request *rq, const char *name)
{
	const char *list, *found = NULL;
	size_t i = 0, count = 0;

	while ((list = request_header_next(rq, "Cookie", &i)) != NULL) {
		const char *here = find_cookie(rq, list, name, &count);

		if (here != NULL)
			found = here;
	}
	return count == 1 ? found : NULL;
}

const char *header_element_end(const char *s, char separator)
{
	bool quoted = false;

	for (; *s != '\0' && (quoted || *s != separator); s++) {
		if (*s == '"') {
			quoted = !quoted;
		} else if (quoted && *s == '\\' && s[1] != '\0') {
			s++;
		}
	}
	return s;
}

bool header_has_token(const char *list, const char *token)
{
	size_t len = strlen(token);

	while (list != NULL && *list != '\0') {
		list = skip_blanks(list);
		size_t found = strcspn(list, " \t,;=\"");
		if (found == len && len > 0 && ascii_ncasecmp(list, token, len) == 0)
			return true;
		list = header_element_end(list, ',');
		list += *list == ',';
	}
	return false;
}

const char *path_below(const char *base, const char *path)
{
	size_t len = base != NULL ? strlen(base) : 0;

	if (len == 0 || strncmp(path, base, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return path;
	return path[len] == '/' ? path + len : "/";
}

/* What stands behind the '=', without quotes. */
static bool is_value(const char *s, const char *value)
{
	size_t len = strlen(value);

	s = skip_blanks(s);
	if (*s != '=')
		return false;
	s = skip_blanks(s + 1);
	bool quoted = *s == '"';
	s += quoted;
	return ascii_ncasecmp(s, value, len) == 0 &&
		(quoted ? s[len] == '"' : strchr(" \t,;", s[len]) != NULL);
}

bool header_has_pair(const char *list, const char *token, const char *value)
{
	size_t len = strlen(token);

	while (list != NULL && *list != '\0') {
		list = skip_blanks(list);
		size_t found = strcspn(list, " \t,;=\"");
		if (found == len && ascii_ncasecmp(list, token, len) == 0)
			return is_value(list + found, value);
		list = header_element_end(list, ',');
		list += *list == ',';
	}
	return false;
}

/* The byte at raw[*i], decoded; moves on. -1 for a bad escape and for what no name may hold. */
static int next_byte(const char *raw, size_t len, size_t *i)
{
	int c = (unsigned char)raw[(*i)++];

	if (c == '%') {
		int high = *i < len ? hex_digit(raw[*i]) : -1;
		int low = *i + 1 < len ? hex_digit(raw[*i + 1]) : -1;
		if (high < 0 || low < 0)
			return -1;
		c = high << 4 | low;
		*i += 2;
	}
	return c < 0x20 || c == 0x7f || c == '/' ? -1 : c;
}

int path_decode_segment(const char *raw, size_t len, struct arena *mem, char **out)
{
	char *text = arena_alloc(mem, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		int c = next_byte(raw, len, &i);
		if (c < 0)
			return -1;
		text[n++] = (char)c;
	}
	if (!utf8_valid(text, n) || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return -1;
	*out = text;
	return 0;
}
