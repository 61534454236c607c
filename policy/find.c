#include "policy/find.h"

#include <string.h>

#include "policy/host.h"

bool event_find_next(struct event_finder *f)
{
	const struct policy_set *set = f->policies;

	while (f->next < set->calendar_count) {
		const struct policy_calendar *c = &set->calendars[f->next++];

		if (strcmp(c->owner, f->owner) == 0 &&
			store_collection(f->store, c->owner, c->name, f->mem, &f->calendar, NULL) == 0 &&
			store_find_uid(f->store, f->calendar.id, f->uid, f->mem, &f->object, NULL) == 0)
			return true;
	}
	return false;
}
