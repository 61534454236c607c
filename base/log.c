#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

enum { LINE_MAX_SIZE = 4096, MESSAGE_MAX_SIZE = 2048 };

static _Atomic int log_level = LOG_LEVEL_INFO;
static atomic_bool log_prefix;

static _Thread_local struct {
	uint64_t request;
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

void log_context(uint64_t request, const char *principal)
{
	context.request = request;
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

/* Length of the printable UTF-8 character at s, 0 for anything that has to be escaped. */
static size_t printable(const char *s, size_t len)
{
	unsigned char first = (unsigned char)s[0];

	if (first < 0x80)
		return first >= 0x20 && first != 0x7f;
	size_t step = utf8_step(s, len);
	/* C1 controls, line and paragraph separator: some viewers break lines there */
	if (step == 2 && first == 0xc2 && (unsigned char)s[1] < 0xa0)
		return 0;
	if (step == 3 && (memcmp(s, "\xe2\x80\xa8", 3) == 0 || memcmp(s, "\xe2\x80\xa9", 3) == 0))
		return 0;
	return step;
}

static void line_add_escaped(struct line *l, const char *s, size_t len)
{
	while (len > 0) {
		size_t step = printable(s, len);
		char escape[8];

		if (step > 0) {
			line_add(l, s, step);
		} else {
			step = 1;
			snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char)*s);
			line_add(l, escape, 4);
		}
		s += step;
		len -= step;
	}
}

static void line_add_context(struct line *l)
{
	char request[32];

	if (context.request != 0) {
		snprintf(request, sizeof(request), "[%" PRIu64 "] ", context.request);
		line_add(l, request, strlen(request));
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
