#include <assert.h>
#include <string.h>

#include "http/request.h"

void response_init(struct response *res, size_t body_max)
{
	*res = (struct response){.status = 0};
	buf_init(&res->body, body_max);
}

static void generator_end(struct response *res)
{
	if (res->next_free != NULL) {
		res->next_free(res->next_arg);
	}
	res->next = NULL;
	res->next_free = NULL;
	res->next_arg = NULL;
}

void response_reset(struct response *res)
{
	generator_end(res);
	buf_reset(&res->body);
	res->status = 0;
	res->heads = 0;
	res->reason = NULL;
	res->wrong_link = false;
}

void response_finish(struct response *res)
{
	generator_end(res);
	buf_finish(&res->body);
}

void response_header(struct response *res, const char *name, const char *value)
{
	/* a line break in a value would let it forge headers (trust.md T-12) */
	assert(strpbrk(name, "\r\n:") == NULL && strpbrk(value, "\r\n") == NULL);
	assert(res->heads < RESPONSE_HEADERS);
	res->head[res->heads++] = (struct header){.name = name, .value = value};
}
