/*
 * Lines on stderr with a "<n>" priority prefix, as systemd reads them. Each line
 * carries the thread's request id and principal, if set. What in arguments isn't to be seen
 * as it stands (control characters, marks of direction, broken UTF-8) is escaped as \xNN,
 * so no input can forge a line (trust.md T-51).
 * log_warn and log_error append nothing by themselves; the _errno forms add
 * ": strerror(errno)". Thread-safe: one write() a line.
 */
#ifndef DEDIT_BASE_LOG_H
#define DEDIT_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* prefix: write "<n>" before each line (on under systemd, off on a terminal). */
void log_open(enum log_level level, int prefix);
/* For the calling thread until changed; NULL takes either off. Copies both. */
enum { LOG_REQUEST_SIZE = 72 };
void log_context(const char *request, const char *principal);
/* Text as lines may show it, into out: at most size bytes, no NUL, no character cut in two. also: ASCII
 * characters that are escaped too. Returns how many bytes were written. */
size_t log_escape(char *out, size_t size, const char *text, size_t len, const char *also);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_error_errno(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
