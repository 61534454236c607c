#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum errcode code, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return -1;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
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
	errno = saved;
	return -1;
}
