#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* No log here: it could want memory itself. */
_Noreturn static void out_of_memory(void)
{
	static const char text[] = "out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)ignored;
	abort();
}

void *xmalloc(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	if (p == NULL) {
		out_of_memory();
	}
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = n > 0 && size > 0 ? calloc(n, size) : calloc(1, 1);

	if (p == NULL) {
		out_of_memory();
	}
	return p;
}

void *xrealloc(void *p, size_t size)
{
	void *q = realloc(p, size > 0 ? size : 1);

	if (q == NULL) {
		out_of_memory();
	}
	return q;
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		out_of_memory();
	}
	return xrealloc(p, bytes);
}

char *xstrndup(const char *s, size_t len)
{
	if (len == SIZE_MAX) {
		out_of_memory();
	}
	char *copy = xmalloc(len + 1);
	if (len > 0) {
		memcpy(copy, s, len);
	}
	copy[len] = '\0';
	return copy;
}

char *xstrdup(const char *s)
{
	return s != NULL ? xstrndup(s, strlen(s)) : NULL;
}

char *xasprintf(const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	int len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0) {
		out_of_memory();
	}
	return text;
}

void free_cleanup(void *pp)
{
	void *p;

	memcpy(&p, pp, sizeof(p)); /* pp is the address of a pointer of any type */
	free(p);
}

int parse_u64n(const char *s, size_t len, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (len == 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (!ascii_isdigit((unsigned char)s[i]))
			return -1;
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(s[i] - '0'), &value))
			return -1;
	}
	if (value < min || value > max)
		return -1;
	*out = value;
	return 0;
}

int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	return parse_u64n(s, strlen(s), min, max, out);
}

int parse_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = s[0] == '-';
	uint64_t size;
	int64_t value;

	if (parse_u64(s + negative, 0, (uint64_t)INT64_MAX + negative, &size) < 0)
		return -1;
	/* -(size - 1) - 1: INT64_MIN has no positive counterpart */
	value = negative && size > 0 ? -(int64_t)(size - 1) - 1 : (int64_t)size;
	if (value < min || value > max)
		return -1;
	*out = value;
	return 0;
}

int ascii_tolower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

int ascii_toupper(int c)
{
	return c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c;
}

bool ascii_isdigit(int c)
{
	return c >= '0' && c <= '9';
}

bool ascii_isalnum(int c)
{
	int lower = ascii_tolower(c);

	return ascii_isdigit(c) || (lower >= 'a' && lower <= 'z');
}

int ascii_ncasecmp(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int diff = ascii_tolower((unsigned char)a[i]) - ascii_tolower((unsigned char)b[i]);
		if (diff != 0 || a[i] == '\0')
			return diff;
	}
	return 0;
}

int hex_digit(char c)
{
	if (ascii_isdigit((unsigned char)c))
		return c - '0';
	int lower = ascii_tolower((unsigned char)c);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int ascii_casecmp(const char *a, const char *b)
{
	return ascii_ncasecmp(a, b, SIZE_MAX);
}

void ascii_lower(char *s)
{
	for (; *s != '\0'; s++) {
		*s = (char)ascii_tolower((unsigned char)*s);
	}
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

uint64_t str_hash(const char *s)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *s != '\0'; s++)
		hash = (hash ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return hash;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), tail = strlen(suffix);

	return len >= tail && memcmp(s + len - tail, suffix, tail) == 0;
}

/* Unicode, table 3-7. */
size_t utf8_step(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] != 0 && s[0] < 0x80)
		return 1;
	size_t need = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len < need)
		return 0;
	unsigned char low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return need;
}

/* Eight bytes of ASCII without a NUL, as most of most texts is. */
static bool is_plain_ascii(const char *s)
{
	const uint64_t ones = UINT64_MAX / 0xff, tops = ones << 7;
	uint64_t eight;

	memcpy(&eight, s, sizeof(eight));
	/* a byte below 0x80 passes into it when 0x7f is added, save 0 */
	return (eight & tops) == 0 && ((eight + (tops - ones)) & tops) == tops;
}

bool utf8_valid(const char *s, size_t len)
{
	while (len > 0) {
		if (len >= sizeof(uint64_t) && is_plain_ascii(s)) {
			s += sizeof(uint64_t);
			len -= sizeof(uint64_t);
			continue;
		}
		size_t step = utf8_step(s, len);
		if (step == 0)
			return false;
		s += step;
		len -= step;
	}
	return true;
}

bool text_line_valid(const char *s)
{
	size_t len = strlen(s);

	if (len > TEXT_LINE_MAX || !utf8_valid(s, len))
		return false;
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	}
	return true;
}
