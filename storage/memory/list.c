#include "storage/memory/memory.h"

#include <string.h>

#include "base/util.h"

void list_insert(struct list *l, size_t at, void *item)
{
	l->item = xreallocarray(l->item, l->n + 1, sizeof(*l->item));
	memmove(&l->item[at + 1], &l->item[at], (l->n - at) * sizeof(*l->item));
	l->item[at] = item;
	l->n++;
}

void list_remove(struct list *l, size_t at)
{
	l->n--;
	memmove(&l->item[at], &l->item[at + 1], (l->n - at) * sizeof(*l->item));
}

bool list_search(const struct list *l, const void *key, list_compare compare, size_t *at)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(key, l->item[middle]) > 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*at = low;
	return low < l->n && compare(key, l->item[low]) == 0;
}
