#include "policy/find.h"

#include <string.h>

#include "policy/host.h"

/* In this calendar: 1, 0, -1. */
static int look_into(struct event_finder *f, const struct policy_calendar *c, struct err *e)
{
	struct err why;

	if (store_collection(f->store, c->owner, c->name, f->mem, &f->calendar, &why) == 0 &&
		store_find_uid(f->store, f->calendar.id, f->uid, f->mem, &f->object, &why) == 0)
		return 1;
	return why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s", why.text);
}

int event_find_next(struct event_finder *f, struct err *e)
{
	const struct policy_set *set = f->policies;
	int found = 0;

	while (found == 0 && f->next < set->calendar_count) {
		const struct policy_calendar *c = &set->calendars[f->next++];

		found = strcmp(c->owner, f->owner) == 0 ? look_into(f, c, e) : 0;
	}
	return found;
}
