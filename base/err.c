#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

enum { LOGGED_MAX = ERR_LOGGED_SIZE - 8 }; /* the quotes behind it have their room */

/* What was given may stand in the text, whatever it is, and the text may be cut. */
static void make_one_line(char *text)
{
	size_t left = strlen(text), len;

	for (; left > 0; text += len, left -= len) {
		len = utf8_step(text, left);
		if (len == 0)
			*text = '?';
		else if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = ' ';
		len += len == 0;
	}
}

int err_set(struct err *e, enum errcode code, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return -1;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	make_one_line(e->text);
	return -1;
}

/* An apostrophe within a word quotes nothing. */
static size_t before_quote(const char *text)
{
	const char *at = strchr(text, '\'');

	while (at != NULL && at > text && ascii_isalnum((unsigned char)at[-1]))
		at = strchr(at + 1, '\'');
	return at != NULL ? (size_t)(at - text) : strlen(text);
}

const char *err_logged(const char *text, char out[ERR_LOGGED_SIZE])
{
	size_t len = before_quote(text);

	snprintf(out, ERR_LOGGED_SIZE, "%.*s%s", (int)(len < LOGGED_MAX ? len : LOGGED_MAX), text,
		text[len] != '\0' ? "'…'" : "");
	return out;
}

static enum errcode code_of_errno(int number, enum errcode other)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
		return ERR_FULL;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return ERR_BUSY;
	default:
		return other;
	}
}

int err_errno(struct err *e, enum errcode code, const char *fmt, ...)
{
	int saved = errno;
	char reason[80];
	va_list ap;

	if (e == NULL)
		return -1;
	e->code = code_of_errno(saved, code);
	va_start(ap, fmt);
	int len = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < sizeof(e->text)) {
		snprintf(e->text + len, sizeof(e->text) - (size_t)len, ": %s",
			strerror_r(saved, reason, sizeof(reason)));
	}
	make_one_line(e->text);
	errno = saved;
	return -1;
}
