#include "http/form.h"

#include <string.h>

#include "base/util.h"

static char *decode(const char *raw, size_t len, struct arena *mem)
{
	char *text = arena_alloc(mem, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int c = raw[i] == '+' ? ' ' : (unsigned char)raw[i];

		if (c == '%') {
			int high = i + 1 < len ? hex_digit(raw[i + 1]) : -1;
			int low = high >= 0 && i + 2 < len ? hex_digit(raw[i + 2]) : -1;

			c = low >= 0 ? high << 4 | low : 0;
			i += 2;
		}
		if (c == 0)
			return NULL;
		text[n++] = (char)c;
	}
	text[n] = '\0';
	return utf8_valid(text, n) ? text : NULL;
}

const char *form_next(const char *text, size_t len, const char *name, size_t *at, struct arena *mem)
{
	size_t name_len = strlen(name);

	while (*at < len) {
		const char *member = text + *at, *stop = memchr(member, '&', len - *at);
		size_t end = stop ? (size_t)(stop - member) : len - *at;

		*at += end + (stop != NULL);
		if (end > name_len && memcmp(member, name, name_len) == 0 && member[name_len] == '=')
			return decode(member + name_len + 1, end - name_len - 1, mem);
	}
	return NULL;
}
