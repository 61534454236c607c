#include "policy/plain_name.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/util.h"
#include "policy/late/fold.h"

enum { NAME_MAX_BYTES = 200 };

/* General category L of the scripts people are called in; of those with vowel signs the letters alone. */
static const struct { uint32_t first, last; } letters[] = {
	{ 'A', 'Z' }, { 'a', 'z' }, { 0xC0, 0xD6 }, { 0xD8, 0xF6 }, { 0xF8, 0x24F },  /* Latin */
	{ 0x370, 0x373 }, { 0x376, 0x377 }, { 0x386, 0x386 }, { 0x388, 0x38A }, { 0x38C, 0x38C },
	{ 0x38E, 0x3A1 }, { 0x3A3, 0x3F5 },                                           /* Greek */
	{ 0x400, 0x481 }, { 0x48A, 0x52F }, { 0x531, 0x556 }, { 0x561, 0x587 },       /* Cyrillic, Armenian */
	{ 0x5D0, 0x5EA }, { 0x620, 0x64A }, { 0x904, 0x939 }, { 0xE01, 0xE30 },       /* Hebrew to Thai */
	{ 0x10D0, 0x10FA }, { 0x1E00, 0x1EFF }, { 0x3041, 0x3096 }, { 0x30A1, 0x30FA },
	{ 0x3400, 0x4DB5 }, { 0x4E00, 0x9FA5 }, { 0xAC00, 0xD7A3 },
};

static bool is_plain(uint32_t c)
{
	if (c >= '0' && c <= '9')
		return true;
	for (size_t n = 0; n < ARRAY_SIZE(letters); n++) {
		if (c >= letters[n].first && c <= letters[n].last)
			return true;
	}
	return false;
}

const char *plain_name(const char *text, struct arena *mem)
{
	char *out = arena_alloc(mem, NAME_MAX_BYTES + 1);
	size_t len = 0, n;
	bool blank = false;
	uint32_t c;

	for (; (n = utf8_next(text, &c)) > 0 && len + n + 1 <= NAME_MAX_BYTES; text += n) {
		if (letter_is_mark(c))
			continue; /* of the letter before, which stays */
		if (!is_plain(c)) {
			blank = len > 0;
			continue;
		}
		if (blank)
			out[len++] = ' ';
		blank = false;
		memcpy(out + len, text, n);
		len += n;
	}
	return out;
}

/* It has to begin with a letter in upper case or a digit. */
const char *plain_component(const char *name, struct arena *mem)
{
	char *out = arena_printf(mem, "%s%s", ascii_isalnum((unsigned char)*name) ? "" : "Client-", name);
	bool begins = true;

	for (char *p = out; *p != '\0'; p++) {
		if (begins)
			*p = (char)ascii_toupper((unsigned char)*p);
		begins = *p == ' ';
		if (begins)
			*p = '-';
	}
	return out;
}

const char *plain_code(const char *text, const char *also, struct arena *mem)
{
	char *out = arena_strdup(mem, text), *end = out;

	for (; *text != '\0'; text++) {
		if (ascii_isalnum((unsigned char)*text) || strchr(also, *text) != NULL)
			*end++ = *text;
	}
	*end = '\0';
	return out;
}
