#include "web/form.h"

#include <string.h>

#include "base/util.h"

int form_check(struct page_request *rq)
{
	const char *type = request_header(rq->http, "Content-Type");
	static const char form[] = "application/x-www-form-urlencoded";
	size_t len = type ? strcspn(type, "; \t") : 0;

	if (len != strlen(form) || ascii_ncasecmp(type, form, len) != 0)
		return page_text(rq, 415, "a form is expected: application/x-www-form-urlencoded");
	return 0;
}

/* Decodes [from, to) into out, which has room for as much; the length, or -1 for a NUL. */
static long decode(const char *from, const char *to, char *out)
{
	char *at = out;

	for (; from < to; from++) {
		int high = *from == '%' && to - from > 2 ? hex_digit(from[1]) : -1;
		int low = high >= 0 ? hex_digit(from[2]) : -1;

		*at = *from == '+' ? ' ' : *from;
		if (low >= 0) {
			*at = (char)(high << 4 | low);
			from += 2;
		}
		if (*at++ == '\0')
			return -1;
	}
	*at = '\0';
	return at - out;
}

const char *form_value(const struct page_request *rq, const char *name)
{
	const char *at = rq->http->body, *end = at + rq->http->body_len;
	char *text = arena_alloc(rq->http->mem, rq->http->body_len + 1);

	while (at < end) {
		const char *next = memchr(at, '&', (size_t)(end - at)), *stop = next ? next : end;
		const char *equals = memchr(at, '=', (size_t)(stop - at)), *split = equals ? equals : stop;

		if (decode(at, split, text) >= 0 && strcmp(text, name) == 0)
			return decode(equals ? equals + 1 : stop, stop, text) >= 0 ? text : NULL;
		at = next ? next + 1 : end;
	}
	return NULL;
}
