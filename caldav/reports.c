#include "caldav/reports.h"

#include <string.h>

#include "caldav/query_xml.h"

int report_props(struct dav_request *rq, const struct xml_node *root, struct prop_list **out)
{
	struct prop_list *props = arena_alloc(rq->mem, sizeof(*props));
	struct err e;

	if (prop_list_parse(rq, root, PROPS_NAMED, props, &e) < 0)
		return fail_err(rq, &e);
	*out = props;
	return query_check_data(rq, props);
}

const struct resource *report_calendar(struct dav_request *rq)
{
	struct resource *calendar = arena_alloc(rq->mem, sizeof(*calendar));
	const char *slash = strrchr(rq->target.href, '/');

	*calendar = rq->target;
	if (calendar->kind == RES_OBJECT) {
		calendar->kind = RES_CALENDAR;
		calendar->name = NULL;
		calendar->href = arena_strndup(rq->mem, rq->target.href, (size_t)(slash - rq->target.href) + 1);
	}
	return calendar;
}

void report_names_add(struct dav_request *rq, struct report_names *n, const char *text)
{
	size_t len = strlen(text);
	struct report_name *name = arena_alloc(rq->mem, sizeof(*name) + len + 1);

	memcpy(name->text, text, len + 1);
	name->next = NULL;
	*(n->first ? n->tail : &n->first) = name;
	n->tail = &name->next;
}

bool report_row_suffices(const struct object *o, int64_t from, int64_t to)
{
	return o->traits & ICAL_EXACT && (!o->spans.data || spans_find(&o->spans, from, to) == SPANS_SOME);
}

int report_parse(struct dav_request *rq, const struct buf *body, uint64_t *budget, struct arena *mem,
	struct ical **out, struct err *e)
{
	struct ical_limits *limits = arena_alloc(mem, sizeof(*limits));

	if (budget && *budget == 0)
		return err_set(e, ERR_INSTANCES, "more than %zu occurrences in one answer",
			rq->dav->settings.instances);
	*limits = rq->dav->settings.ical;
	limits->bytes = limits->line = body->len;
	limits->budget = budget;
	return ical_parse(body->data, body->len, limits, mem, out, e);
}

int report_leave_out(struct dav_request *rq, const char *name, const struct err *e)
{
	rq->http->res->reason = arena_printf(rq->mem, "%s left out: %s", name, e->text);
	return 0;
}
