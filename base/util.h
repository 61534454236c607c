/* Small things every floor needs. x-functions end the process when memory is out. */
#ifndef DEDIT_BASE_UTIL_H
#define DEDIT_BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
/* n * size with overflow check. */
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);               /* NULL gives NULL */
char *xstrndup(const char *s, size_t len);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void free_cleanup(void *pp);
#define cleanup_free __attribute__((cleanup(free_cleanup)))

/* The whole string is a decimal number in [min, max]: 0; else -1 and *out untouched.
 * No sign for u64, optional '-' for i64, no blanks, no '+'. */
int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out);
int parse_i64(const char *s, int64_t min, int64_t max, int64_t *out);
/* The same over len bytes. */
int parse_u64n(const char *s, size_t len, uint64_t min, uint64_t max, uint64_t *out);

/* ASCII only, locale-free. */
int ascii_tolower(int c);
int ascii_toupper(int c);
bool ascii_isalnum(int c);
bool ascii_isdigit(int c);
int hex_digit(char c);                      /* its value, -1 if it is none */
int ascii_casecmp(const char *a, const char *b);
int ascii_ncasecmp(const char *a, const char *b, size_t n);
void ascii_lower(char *s);                  /* in place */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* FNV-1a: for tables; no secret, so who chooses the texts can have them collide. */
uint64_t str_hash(const char *s);

/* Well-formed UTF-8 (no surrogates, no over-long forms) without NUL. */
bool utf8_valid(const char *s, size_t len);
/* Length of the well-formed character that s (len > 0 bytes) begins with; 0 if there is none. */
size_t utf8_step(const char *s, size_t len);
/* One line for people (a name, a label): UTF-8 without control characters, of at most so many bytes. */
enum { TEXT_LINE_MAX = 200 };
bool text_line_valid(const char *s);

#endif
