#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/metrics.h"
#include "base/util.h"

enum { LINE_MAX_SIZE = 4096, MESSAGE_MAX_SIZE = 2048 };

static _Atomic int log_level = LOG_LEVEL_INFO;
static atomic_bool log_prefix;

static _Thread_local struct {
	char request[LOG_REQUEST_SIZE];
	char principal[96];
} context;

struct line {
	char text[LINE_MAX_SIZE];
	size_t len;
};

void log_open(enum log_level level, int prefix)
{
	atomic_store(&log_level, (int)level);
	atomic_store(&log_prefix, prefix != 0);
}

void log_context(const char *request, const char *principal)
{
	snprintf(context.request, sizeof(context.request), "%s", request != NULL ? request : "");
	snprintf(context.principal, sizeof(context.principal), "%s",
		principal != NULL ? principal : "");
}

static void line_add(struct line *l, const char *bytes, size_t len)
{
	/* one byte stays free for the line feed */
	if (len < sizeof(l->text) - l->len) {
		memcpy(l->text + l->len, bytes, len);
		l->len += len;
	}
}

/*
 * What viewers obey instead of showing it: C1 controls, marks that turn the direction of text around, breaks
 * of lines and paragraphs, and what takes no room.
 */
static bool is_invisible(uint32_t c)
{
	static const struct { uint32_t first, last; } ranges[] = {
		{ 0x80, 0x9f },     { 0xad, 0xad },     { 0x61c, 0x61c },   { 0x180e, 0x180e },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	}
	return false;
}

/* Of a well-formed character of step > 1 bytes. */
static uint32_t code_point(const char *s, size_t step)
{
	uint32_t c = (unsigned char)s[0] & (0x7fu >> step);

	for (size_t i = 1; i < step; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3fu);
	return c;
}

/* Length of the printable UTF-8 character at s, 0 for anything that has to be escaped. */
static size_t printable(const char *s, size_t len, const char *also)
{
	unsigned char first = (unsigned char)s[0];

	if (first < 0x80)
		return first >= 0x20 && first != 0x7f && strchr(also, first) == NULL;
	size_t step = utf8_step(s, len);
	return step > 0 && is_invisible(code_point(s, step)) ? 0 : step;
}

size_t log_escape(char *out, size_t size, const char *s, size_t len, const char *also)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0;

	while (len > 0) {
		size_t step = printable(s, len, also), shown = step > 0 ? step : 4;

		if (shown > size - used)
			break;
		if (step > 0) {
			memcpy(out + used, s, step);
		} else {
			const char escape[] = { '\\', 'x', hex[(unsigned char)*s >> 4], hex[*s & 15] };

			memcpy(out + used, escape, sizeof(escape));
			step = 1;
		}
		used += shown;
		s += step;
		len -= step;
	}
	return used;
}

static void line_add_escaped(struct line *l, const char *s, size_t len)
{
	/* one byte stays free for the line feed */
	l->len += log_escape(l->text + l->len, sizeof(l->text) - l->len - 1, s, len, "");
}

static void line_add_context(struct line *l)
{
	if (context.request[0] != '\0') {
		line_add(l, "[", 1);
		line_add_escaped(l, context.request, strlen(context.request));
		line_add(l, "] ", 2);
	}
	if (context.principal[0] != '\0') {
		line_add_escaped(l, context.principal, strlen(context.principal));
		line_add(l, ": ", 2);
	}
}

static void line_write(struct line *l)
{
	ssize_t n;

	l->text[l->len++] = '\n';
	do {
		n = write(STDERR_FILENO, l->text, l->len);
	} while (n < 0 && errno == EINTR);
}

__attribute__((format(printf, 3, 0)))
static void log_line(enum log_level level, int error, const char *fmt, va_list ap)
{
	char message[MESSAGE_MAX_SIZE], reason[80];
	struct line l = {.len = 0};
	int saved = errno;

	if ((int)level > atomic_load(&log_level))
		return;
	if (atomic_load(&log_prefix)) {
		char mark[] = {'<', (char)('0' + level), '>'};
		line_add(&l, mark, sizeof(mark));
	}
	line_add_context(&l);
	int len = vsnprintf(message, sizeof(message), fmt, ap);
	if (len > 0) {
		bool cut = (size_t)len >= sizeof(message);
		line_add_escaped(&l, message, cut ? sizeof(message) - 1 : (size_t)len);
		line_add(&l, "...", cut ? 3 : 0);
	}
	if (error != 0) {
		const char *text = strerror_r(error, reason, sizeof(reason));
		line_add(&l, ": ", 2);
		line_add(&l, text, strlen(text));
	}
	line_write(&l);
	metric_add(METRIC_LOG_LINES, level == LOG_LEVEL_ERROR ? 0 : level == LOG_LEVEL_WARN ? 1 :
		level == LOG_LEVEL_INFO ? 2 : 3, 1);
	errno = saved;
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_ERROR, 0, fmt, ap);
	va_end(ap);
}

void log_error_errno(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_ERROR, error, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_WARN, 0, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_INFO, 0, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_DEBUG, 0, fmt, ap);
	va_end(ap);
}
