#include "http/refused.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

struct refused {
	pthread_mutex_t lock;
	size_t count;
	struct refused_login row[REFUSED_MOST]; /* the latest last */
};

struct refused *refused_create(void)
{
	struct refused *r = xcalloc(1, sizeof(*r));

	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void refused_destroy(struct refused *r)
{
	if (r == NULL)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static bool is_same(const struct refused_login *a, const struct refused_login *b)
{
	return a->why == b->why && strcmp(a->address, b->address) == 0 && strcmp(a->name, b->name) == 0;
}

/* The one that is the same, else, without room for one more, the oldest; count: there is room. */
static size_t place_of(const struct refused *r, const struct refused_login *l)
{
	size_t i = 0;

	while (i < r->count && !is_same(&r->row[i], l))
		i++;
	return i < r->count || r->count < REFUSED_MOST ? i : 0;
}

void refused_add(struct refused *r, enum refused_why why, const char *address, const char *name, int64_t now)
{
	struct refused_login l = { .why = why, .first = now, .last = now, .times = 1 };
	size_t at;

	snprintf(l.address, sizeof(l.address), "%s", address);
	snprintf(l.name, sizeof(l.name), "%s", name != NULL ? name : "");
	pthread_mutex_lock(&r->lock);
	at = place_of(r, &l);
	if (at == r->count) {
		r->count++;
	} else {
		if (is_same(&r->row[at], &l)) {
			l.first = r->row[at].first;
			l.times += r->row[at].times;
		}
		memmove(&r->row[at], &r->row[at + 1], (r->count - at - 1) * sizeof(r->row[0]));
	}
	r->row[r->count - 1] = l;
	pthread_mutex_unlock(&r->lock);
}

size_t refused_list(struct refused *r, struct refused_login out[REFUSED_MOST])
{
	size_t n;

	pthread_mutex_lock(&r->lock);
	n = r->count;
	for (size_t i = 0; i < n; i++)
		out[i] = r->row[n - 1 - i];
	pthread_mutex_unlock(&r->lock);
	return n;
}
