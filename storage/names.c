#include "storage/names.h"

#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/util.h"

enum { FILE_LONGEST = 250 };

static const char hex[] = "0123456789ABCDEF";

bool name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > NAME_LONGEST || !utf8_valid(name, len))
		return false;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const char *p = name; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		if (c < 0x20 || c == 0x7f || c == '/')
			return false;
	}
	return true;
}

static bool is_plain(char c)
{
	return ascii_isalnum((unsigned char)c) || (c != '\0' && strchr("._@-", c) != NULL);
}

bool name_typed_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > OWNER_LONGEST || !ascii_isalnum((unsigned char)name[0]))
		return false;
	for (const char *p = name; *p != '\0'; p++) {
		if (!is_plain(*p))
			return false;
	}
	return true;
}

bool name_owner_valid(const char *name)
{
	for (const char *p = name; *p != '\0'; p++) {
		if (ascii_tolower((unsigned char)*p) != (unsigned char)*p)
			return false;
	}
	return name_typed_valid(name);
}

static void escape(const char *name, struct buf *out)
{
	for (const char *p = name; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		if (is_plain(*p) && !(p == name && *p == '.')) {
			buf_addc(out, *p);
		} else {
			buf_add(out, (char[]){'=', hex[c >> 4], hex[c & 15]}, 3);
		}
	}
}

static bool to_file(const char *name, const char *suffix, const char *hashed_suffix,
	char out[NAME_FILE_SIZE])
{
	struct buf text cleanup_buf;
	char digest[DIGEST_SIZE];
	bool readable;

	buf_init(&text, FILE_LONGEST);
	escape(name, &text);
	buf_adds(&text, suffix);
	readable = !text.full;
	if (!readable) {
		buf_reset(&text);
		digest_short(name, strlen(name), digest);
		buf_printf(&text, "=~%s%s", digest, hashed_suffix);
	}
	memcpy(out, text.data, text.len + 1);
	return readable;
}

bool name_to_file(const char *name, char out[NAME_FILE_SIZE])
{
	/* of ".ics" alone the dot leads, is escaped, and no suffix is left */
	bool has_suffix = str_ends(name, ".ics") && strlen(name) > strlen(".ics");

	return to_file(name, has_suffix ? "" : "=.ics", ".ics", out);
}

bool name_to_folder(const char *name, char out[NAME_FILE_SIZE])
{
	return to_file(name, "", "", out);
}

static int hex_value(char c)
{
	const char *at = c == '\0' ? NULL : strchr(hex, ascii_toupper((unsigned char)c));

	return at == NULL ? -1 : (int)(at - hex);
}

/* A '=' that begins no escape stands for itself: somebody wrote the file's name by hand. */
static int unescape(const char *text, size_t len, char out[NAME_FILE_SIZE])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c == '=' && i + 2 < len && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
			c = (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
			i += 2;
		}
		if (n + 1 >= NAME_FILE_SIZE || c == '\0')
			return -1;
		out[n++] = c;
	}
	out[n] = '\0';
	return name_valid(out) ? 0 : -1;
}

int name_from_file(const char *file, char out[NAME_FILE_SIZE])
{
	size_t len = strlen(file);

	if (file[0] == '.' || str_starts(file, "=~") || !str_ends(file, ".ics"))
		return -1;
	if (str_ends(file, "=.ics")) {
		len -= strlen("=.ics");
	}
	return unescape(file, len, out);
}

int name_from_folder(const char *folder, char out[NAME_FILE_SIZE])
{
	if (folder[0] == '.' || str_starts(folder, "=~"))
		return -1;
	return unescape(folder, strlen(folder), out);
}
