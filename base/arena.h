/*
 * Memory that is freed at once: everything that lives as long as a request.
 * Allocation never fails (the process ends; the store makes that harmless), so
 * sizes that a client chooses are checked against a limit before they get here.
 * Not thread-safe.
 */
#ifndef DEDIT_BASE_ARENA_H
#define DEDIT_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_create(void);
void arena_destroy(struct arena *a); /* accepts NULL */

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
/* n * size with overflow check. */
void *arena_array(struct arena *a, size_t n, size_t size);
/* Room for one more element of `each` bytes behind `count` of them: list, or a copy with twice the room;
 * *size is how many fit. list may be NULL while count is 0. */
void *arena_room(struct arena *a, void *list, size_t count, size_t *size, size_t each);
char *arena_strdup(struct arena *a, const char *s);              /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t len); /* adds the NUL */
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
size_t arena_used(const struct arena *a);

void arena_cleanup(struct arena **a);
#define cleanup_arena __attribute__((cleanup(arena_cleanup)))

#endif
