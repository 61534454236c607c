#include "base/uri.h"

#include <stdbool.h>
#include <string.h>

#include "base/util.h"

/* RFC 3986 §3.3 pchar. ';' is escaped: some programs take it for the start of parameters. */
static bool is_plain(char c)
{
	return c != '\0' && (ascii_isalnum((unsigned char)c) || strchr("-._~!$&'()*+,=:@", c) != NULL);
}

static char *encode(const char *text, bool (*keep)(char c), struct arena *mem)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = arena_array(mem, strlen(text) + 1, 3), *p = out;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (keep((char)c)) {
			*p++ = (char)c;
		} else {
			*p++ = '%';
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
		}
	}
	return out; /* the arena's zeros end it */
}

char *path_encode_segment(const char *segment, struct arena *mem)
{
	return encode(segment, is_plain, mem);
}

static bool is_attribute(char c)
{
	return c != '\0' && (ascii_isalnum((unsigned char)c) || strchr("!#$&+-.^_`|~", c) != NULL);
}

char *path_encode_attribute(const char *text, struct arena *mem)
{
	return encode(text, is_attribute, mem);
}
