/* Video appointments without a link (doc/policy.md 5.2, 12). */
#include "base/util.h"
#include "policy/notices.h"
#include "policy/report/kinds.h"

int gather_links(const struct report_source *s, struct report *r, struct err *e)
{
	static const struct report_column columns[] = { { "start", false, false }, { "client", false, true },
		{ "calendar", false, false }, { "event", false, true }, { "asked-since", false, false } };
	static const char *const none[] = { NULL };
	struct report_table *t = report_table(r, "links", columns, ARRAY_SIZE(columns));
	const struct facts_query *q = &s->q->facts;
	const struct event_request rq = { .store = q->store, .policies = q->policies, .limits = q->limits,
		.mem = r->mem, .now = q->now, .actor = { .name = "", .displayname = "", .addresses = none } };
	struct link_missing *missing;

	if (links_missing(&rq, q->owner, &missing, e))
		return -1;
	for (; missing; missing = missing->next) {
		struct cell *c;

		if (!report_is_in(r, missing->start) || !report_wants(s, r, missing->client, missing->title))
			continue;
		c = report_row(t);
		c[0] = cell_time(missing->start);
		c[1] = cell_text(missing->title);
		c[2] = cell_text(missing->calendar);
		c[3] = cell_text(missing->uid);
		c[4] = cell_time(missing->asked);
	}
	report_note(r,
		"of calendars whose policy has link-check; a video appointment is one with #video or #visio");
	return 0;
}
