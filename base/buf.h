/*
 * A growing run of bytes with a compulsory maximum.
 *
 * data is always NUL-terminated (also when empty: it then points to a static
 * empty string). When an addition would pass max, nothing is added, `full` is
 * set and stays set, and every further addition fails: a caller may add many
 * times and look at `full` once. Not thread-safe.
 */
#ifndef DEDIT_BASE_BUF_H
#define DEDIT_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len, size, max;
	bool full;
};

/* Starts empty; holds at most `max` bytes (the terminating NUL not counted). */
void buf_init(struct buf *b, size_t max);
/* Frees; accepts a zeroed struct. The buffer can be initialised again. */
void buf_finish(struct buf *b);
/* Empties without freeing; clears `full`. */
void buf_reset(struct buf *b);

/* All return 0, or -1 when the maximum would be passed. */
int buf_add(struct buf *b, const void *bytes, size_t len);
int buf_adds(struct buf *b, const char *text);
int buf_addc(struct buf *b, char c);
int buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Room for len bytes more, to be written to at data + len; then buf_took() says how many were. */
int buf_room(struct buf *b, size_t len);
void buf_took(struct buf *b, size_t len);

/* Hands the bytes to the caller, who frees them with free(); *len may be NULL. */
char *buf_detach(struct buf *b, size_t *len);

#define cleanup_buf __attribute__((cleanup(buf_finish)))

#endif
