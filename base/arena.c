#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/asan.h"
#include "base/util.h"

enum {
	CHUNK_FIRST = 4096,
	CHUNK_LAST = 65536,
	ALIGN = alignof(max_align_t),
};

struct chunk {
	struct chunk *next;
	size_t size, used;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct chunk *chunks; /* the first one is being filled */
	size_t next_size;     /* of the next chunk; they grow up to CHUNK_LAST */
	size_t used;
};

struct arena *arena_create(void)
{
	struct arena *a = xcalloc(1, sizeof(*a));

	a->next_size = CHUNK_FIRST;
	return a;
}

void arena_destroy(struct arena *a)
{
	if (a == NULL)
		return;
	struct chunk *c = a->chunks;
	while (c != NULL) {
		struct chunk *next = c->next;
		free(c);
		c = next;
	}
	free(a);
}

void arena_cleanup(struct arena **a)
{
	arena_destroy(*a);
}

static struct chunk *chunk_create(size_t size)
{
	/* calloc's pages are zero already; that is what makes arena_alloc's memory zero. */
	struct chunk *c = xcalloc(1, sizeof(*c) + size);

	c->size = size;
	ASAN_POISON_MEMORY_REGION(c->bytes, size);
	return c;
}

/* The next `room` bytes of a chunk, of which `size` were asked for. */
static void *take(struct chunk *c, size_t room, size_t size)
{
	void *p = c->bytes + c->used;

	c->used += room;
	ASAN_UNPOISON_MEMORY_REGION(p, size);
	return p;
}

/* A piece that would waste most of a chunk gets one of its own, behind the one being filled. */
static void *alloc_large(struct arena *a, size_t room, size_t size)
{
	struct chunk *c = chunk_create(room);

	if (a->chunks == NULL) {
		a->chunks = c;
	} else {
		c->next = a->chunks->next;
		a->chunks->next = c;
	}
	return take(c, room, size);
}

void *arena_alloc(struct arena *a, size_t size)
{
	if (size > SIZE_MAX / 2) {
		abort();
	}
	size_t room = size == 0 ? ALIGN : (size + ALIGN - 1) / ALIGN * ALIGN;
	a->used += room;
	room += ASAN_GAP;
	struct chunk *c = a->chunks;
	if (c == NULL || c->size - c->used < room) {
		if (room > a->next_size / 4)
			return alloc_large(a, room, size);
		c = chunk_create(a->next_size);
		c->next = a->chunks;
		a->chunks = c;
		if (a->next_size < CHUNK_LAST) {
			a->next_size *= 2;
		}
	}
	return take(c, room, size);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		abort();
	}
	return arena_alloc(a, bytes);
}

void *arena_room(struct arena *a, void *list, size_t count, size_t *size, size_t each)
{
	void *grown;

	if (count < *size)
		return list;
	*size = *size > 0 ? 2 * *size : 8;
	grown = arena_array(a, *size, each);
	if (count > 0)
		memcpy(grown, list, count * each);
	return grown;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	if (len == SIZE_MAX) {
		abort();
	}
	char *copy = arena_alloc(a, len + 1);
	if (len > 0) {
		memcpy(copy, s, len);
	}
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s != NULL ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char most[256]; /* of all texts: formatted once */
	va_list again;

	va_copy(again, ap);
	int len = vsnprintf(most, sizeof(most), fmt, again);
	va_end(again);
	if (len < 0) {
		abort();
	}
	if ((size_t)len < sizeof(most))
		return arena_strndup(a, most, (size_t)len);
	char *text = arena_alloc(a, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, fmt, ap);
	return text;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return text;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
