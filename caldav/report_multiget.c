/* calendar-multiget (RFC 4791 7.9): the objects named, each once, in the order asked for. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "caldav/query_xml.h"
#include "caldav/reports.h"

/* One href. row.name is NULL for what is not there, or not here. */
struct wanted {
	const char *href; /* in the client's spelling */
	struct object row;
	bool again;       /* named before */
};

/* Only what lies below the URL asked: any other place looks as if it were empty. */
static bool is_below(const struct resource *target, const struct resource *res)
{
	if (res->kind != RES_OBJECT || strcmp(res->user, target->user) != 0 ||
		strcmp(res->segment, target->segment) != 0)
		return false;
	return target->kind == RES_CALENDAR || strcmp(res->name, target->name) == 0;
}

/* The row, unless it comes with the body: that says then whether there is one. */
static int find_row(struct dav_request *rq, const char *name, bool body, struct object *out, struct err *e)
{
	if (body)
		*out = (struct object){ .name = name };
	else if (store_find(rq->store, rq->target.coll.id, name, rq->mem, out, e) < 0)
		return e->code == ERR_NOT_FOUND ? 0 : -1;
	return 0;
}

static int find_href(struct dav_request *rq, const char *href, bool body, struct wanted *out, struct err *e)
{
	const char *path = resource_href_path(rq, href);
	struct resource res;

	out->href = *href == '/' ? path_below(rq->http->base, href) : href;
	if (!path || resource_parse(rq, path, &res, e) < 0)
		return 0;
	out->href = res.href;
	return is_below(&rq->target, &res) ? find_row(rq, res.name, body, &out->row, e) : 0;
}

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted *x = *(const struct wanted *const *)a, *y = *(const struct wanted *const *)b;
	int order = strcmp(x->row.name ? x->row.name : "", y->row.name ? y->row.name : "");

	return order != 0 ? order : x < y ? -1 : x > y;
}

/* A short request that names one large object many times must not become a long answer. */
static void mark_repeats(struct arena *mem, struct wanted *list, size_t n)
{
	struct wanted **by_name = arena_array(mem, n, sizeof(*by_name));

	for (size_t i = 0; i < n; i++)
		by_name[i] = &list[i];
	qsort(by_name, n, sizeof(*by_name), compare_wanted);
	for (size_t i = 1; i < n; i++)
		by_name[i]->again = by_name[i]->row.name && by_name[i - 1]->row.name &&
			strcmp(by_name[i]->row.name, by_name[i - 1]->row.name) == 0;
}

static size_t count_hrefs(const struct xml_node *root)
{
	size_t n = 0;

	for (const struct xml_node *x = xml_find(root, NS_DAV, "href"); x; x = xml_next_same(x))
		n++;
	return n;
}

static int find_all(struct dav_request *rq, const struct xml_node *root, bool body, struct wanted *list,
	struct err *e)
{
	for (const struct xml_node *x = xml_find(root, NS_DAV, "href"); x; x = xml_next_same(x))
		if (find_href(rq, xml_text_trim(x, rq->mem), body, list++, e) < 0)
			return -1;
	return 0;
}

static struct plan *make_plan(struct dav_request *rq, const struct wanted *list, size_t n)
{
	const struct resource *calendar = report_calendar(rq);
	struct plan *plan = plan_create(rq);

	for (size_t i = 0; i < n; i++) {
		if (!list[i].row.name)
			plan_status(plan, list[i].href, 404, PRE_NONE);
		else if (!list[i].again)
			plan_object(plan, calendar, &list[i].row, list[i].href);
	}
	return plan;
}

int report_multiget(struct dav_request *rq, const struct xml_node *root)
{
	size_t n = count_hrefs(root);
	struct prop_list *props;
	struct err e;

	if (!n)
		return fail(rq, 400, "no href");
	if (n > rq->dav->settings.hrefs)
		return refuse(rq, PRE_NUMBER_OF_MATCHES, "more than %zu hrefs", rq->dav->settings.hrefs);
	int status = report_props(rq, root, &props);
	if (status)
		return status;
	struct wanted *list = arena_array(rq->mem, n, sizeof(*list));
	if (find_all(rq, root, props->body, list, &e) < 0)
		return fail_err(rq, &e);
	mark_repeats(rq->mem, list, n);
	return plan_answer(rq, make_plan(rq, list, n), props, NULL);
}
