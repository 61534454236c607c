#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* What data points to while nothing is allocated; never written to. */
static char *empty_text(void)
{
	return (char *)"";
}

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.data = empty_text(), .max = max < SIZE_MAX / 2 ? max : SIZE_MAX / 2};
}

void buf_finish(struct buf *b)
{
	if (b->size > 0) {
		free(b->data);
	}
	buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->full = false;
	if (b->size > 0) {
		b->data[0] = '\0';
	}
}

/* Grows by doubling, never far past max; there is always room for the NUL as well. */
static int make_room(struct buf *b, size_t len)
{
	if (b->full || len > b->max - b->len) {
		b->full = true;
		return -1;
	}
	size_t need = b->len + len + 1;
	if (need <= b->size) {
		return 0;
	}
	size_t size = b->size < 64 ? 64 : b->size;
	while (size < need) {
		size *= 2;
	}
	if (size > b->max) {
		size = b->max + 1;
	}
	b->data = xrealloc(b->size > 0 ? b->data : NULL, size);
	b->size = size;
	return 0;
}

static void add_len(struct buf *b, size_t len)
{
	b->len += len;
	b->data[b->len] = '\0';
}

int buf_room(struct buf *b, size_t len)
{
	return make_room(b, len);
}

void buf_took(struct buf *b, size_t len)
{
	assert(len < b->size - b->len);
	add_len(b, len);
}

int buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (make_room(b, len) < 0)
		return -1;
	if (len > 0) {
		memcpy(b->data + b->len, bytes, len);
	}
	add_len(b, len);
	return 0;
}

int buf_adds(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

int buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0) {
		b->full = true;
		return -1;
	}
	if ((size_t)len < sizeof(text))
		return buf_add(b, text, (size_t)len);
	if (make_room(b, (size_t)len) < 0)
		return -1;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)len;
	return 0;
}

char *buf_detach(struct buf *b, size_t *len)
{
	char *data = b->size > 0 ? b->data : xstrdup("");

	if (len != NULL) {
		*len = b->len;
	}
	buf_init(b, b->max);
	return data;
}
