/* calendar-multiget (RFC 4791 7.9): the objects named, each once, in the order asked for. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "caldav/query_xml.h"
#include "caldav/reports.h"

/* One href. object.id is 0 for what is not there, or not here. */
struct wanted {
	const char *href; /* in the client's spelling */
	struct object object;
	bool again;       /* named before */
};

/* Only what lies below the URL asked: any other place looks as if it were empty. */
static bool is_below(const struct resource *target, const struct resource *res)
{
	if (!res->exists || res->kind != RES_OBJECT || res->coll.id != target->coll.id)
		return false;
	if (strcmp(res->user, target->user) != 0 || strcmp(res->segment, target->segment) != 0)
		return false;
	return target->kind == RES_CALENDAR || strcmp(res->name, target->name) == 0;
}

static int find_href(struct dav_request *rq, const char *href, struct wanted *out, struct err *e)
{
	const char *path = resource_href_path(rq, href);
	struct resource res;

	out->href = *href == '/' ? path_below(rq->http->base, href) : href;
	if (!path)
		return 0;
	if (resource_resolve(rq, path, &res, e) < 0)
		return e->code == ERR_INVALID ? 0 : -1;
	out->href = res.href;
	if (is_below(&rq->target, &res))
		out->object = res.object;
	return 0;
}

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted *x = *(const struct wanted *const *)a, *y = *(const struct wanted *const *)b;

	if (x->object.id != y->object.id)
		return x->object.id < y->object.id ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* A short request that names one large object many times must not become a long answer. */
static void mark_repeats(struct arena *mem, struct wanted *list, size_t n)
{
	struct wanted **by_id = arena_array(mem, n, sizeof(*by_id));

	for (size_t i = 0; i < n; i++)
		by_id[i] = &list[i];
	qsort(by_id, n, sizeof(*by_id), compare_wanted);
	for (size_t i = 1; i < n; i++)
		by_id[i]->again = by_id[i]->object.id && by_id[i]->object.id == by_id[i - 1]->object.id;
}

static size_t count_hrefs(const struct xml_node *root)
{
	size_t n = 0;

	for (const struct xml_node *x = xml_find(root, NS_DAV, "href"); x; x = xml_next_same(x))
		n++;
	return n;
}

static int find_all(struct dav_request *rq, const struct xml_node *root, struct wanted *list,
	struct err *e)
{
	for (const struct xml_node *x = xml_find(root, NS_DAV, "href"); x; x = xml_next_same(x))
		if (find_href(rq, xml_text_trim(x, rq->mem), list++, e) < 0)
			return -1;
	return 0;
}

static struct plan *make_plan(struct dav_request *rq, const struct wanted *list, size_t n)
{
	const struct resource *calendar = report_calendar(rq);
	struct plan *plan = plan_create(rq);

	for (size_t i = 0; i < n; i++) {
		if (!list[i].object.id)
			plan_status(plan, list[i].href, 404, PRE_NONE);
		else if (!list[i].again)
			plan_object(plan, calendar, &list[i].object, list[i].href);
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
	if (find_all(rq, root, list, &e) < 0)
		return fail_err(rq, &e);
	mark_repeats(rq->mem, list, n);
	return plan_answer(rq, make_plan(rq, list, n), props, NULL);
}
