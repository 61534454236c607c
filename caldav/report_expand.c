/*
 * expand-property (RFC 3253 3.8): a PROPFIND in which each DAV:href of a property is replaced by the
 * properties of what it names. Rights are looked up for each target; what may not be known looks
 * as if it weren't there.
 */
#include <string.h>

#include "base/util.h"
#include "caldav/reports.h"

enum {
	NAMES = 1000,
	ANSWER_BYTES = 8 * 1024 * 1024, /* with a response of that size no more hrefs are followed */
};

struct reading { struct dav_request *rq; size_t names; };

static size_t count_children(const struct xml_node *n)
{
	size_t count = 0;

	for (const struct xml_node *x = xml_child(n); x; x = xml_next(x))
		count++;
	return count;
}

/* <property name="…" namespace="…">, DAV: by default. Those of reports have no body here (9.6). */
static int read_names(struct reading *r, const struct xml_node *parent, unsigned levels,
	struct prop_list *out, struct err *e)
{
	*out = (struct prop_list){ .mode = PROPS_NAMED };
	out->wanted = arena_array(r->rq->mem, count_children(parent), sizeof(*out->wanted));
	if (levels == 0)
		return err_set(e, ERR_LIMIT, "more than %u levels", r->rq->dav->settings.expand_levels);
	for (const struct xml_node *x = xml_child(parent); x; x = xml_next(x)) {
		const char *name = xml_attr(x, "name"), *uri = xml_attr(x, "namespace");

		if (!xml_is(x, NS_DAV, "property"))
			continue;
		uri = uri ? uri : xml_ns_uri(NS_DAV);
		if (!name || !xml_name_valid(name))
			return err_set(e, ERR_INVALID, "DAV:property without a name");
		struct prop_wanted *w = prop_list_add(out, xml_ns_find(uri), uri, name);
		if (!w)
			continue;
		if (++r->names > NAMES)
			return err_set(e, ERR_INVALID, "more than %d properties asked for", NAMES);
		if (xml_find(x, NS_DAV, "property")) {
			struct prop_list *inner = arena_alloc(r->rq->mem, sizeof(*inner));

			if (read_names(r, x, levels - 1, inner, e) < 0)
				return -1;
			w->expand = inner;
		}
	}
	prop_list_drop_bodies(out);
	return 0;
}

/* ---- writing ---- */

struct expansion { struct propctx *c; const struct prop_list *props; struct err *e; };

static void write_status(struct xmlw *w, const char *href, int status)
{
	xmlw_start(w, NS_DAV, "response");
	xmlw_href(w, href);
	xmlw_elem(w, NS_DAV, "status", status_line(status));
	xmlw_end(w);
}

/* What names no resource of this server (mailto:) stays as it is. */
static int write_target(struct expansion *x, const char *href, struct xmlw *w)
{
	struct dav_request *rq = x->c->rq;
	const char *path = resource_href_path(rq, href);
	struct resource res = { .exists = false };

	if (!path) {
		xmlw_href(w, href);
		return 0;
	}
	if (rq->expanded++ >= rq->dav->settings.hrefs || w->out->len >= ANSWER_BYTES) {
		write_status(w, path, 507);
		return 0;
	}
	if (resource_resolve(rq, path, &res, x->e) < 0 && x->e->code != ERR_INVALID)
		return -1;
	if (!res.exists || !(res.privileges & PRIV_READ)) {
		write_status(w, path, 404);
		return 0;
	}
	xmlw_start(w, NS_DAV, "response");
	xmlw_href(w, res.href);
	if (prop_write(rq, &res, NULL, x->props, x->c->mem, w, x->e) < 0)
		return -1;
	xmlw_end(w);
	return 0;
}

static int write_copy(struct expansion *x, const struct xml_node *n, struct xmlw *w)
{
	if (!n->name) {
		xmlw_text(w, n->text);
		return 0;
	}
	if (xml_is(n, NS_DAV, "href"))
		return write_target(x, xml_text_trim(n, x->c->mem), w);
	prop_start(w, n->ns, n->uri, n->name);
	for (const struct xml_attr *a = n->attrs; a; a = a->next)
		if (a->ns == NS_NONE)
			xmlw_attr(w, a->name, a->value);
	for (const struct xml_node *child = n->children; child; child = child->next)
		if (write_copy(x, child, w) < 0)
			return -1;
	xmlw_end(w);
	return 0;
}

int expand_write(const struct prop_wanted *wanted, struct propctx *c, struct xmlw *w)
{
	struct xml_limits limits = c->rq->dav->settings.xml;
	struct expansion x = { .c = c, .props = wanted->expand };
	cleanup_buf struct buf value;
	struct xml_node *root;
	struct err e = { 0 };
	struct xmlw plain;

	x.e = &e;
	buf_init(&value, w->out->max);
	writer_begin(c->rq, &plain, &value);
	xmlw_root(&plain, NS_DAV, "prop");
	int status = prop_write_value(wanted, c, &plain);
	xmlw_end(&plain);
	if (status != 200)
		return status;
	limits.bytes = value.len; /* the server's own */
	limits.nodes = limits.tag = value.len;
	struct xmlw_mark mark = xmlw_mark(w);
	if (xml_parse(value.data, value.len, &limits, c->mem, &root, &e) == 0
		&& write_copy(&x, xml_child(root), w) == 0)
		return 200;
	xmlw_rollback(w, mark);
	return 500;
}

/* ---- */

int report_expand(struct dav_request *rq, const struct xml_node *root)
{
	struct reading r = { .rq = rq };
	struct prop_list *props = arena_alloc(rq->mem, sizeof(*props));
	struct plan *plan = plan_create(rq);
	struct err e;

	if (rq->depth == DEPTH_INFINITY)
		return fail(rq, 400, "Depth 0 or 1 only");
	if (read_names(&r, root, rq->dav->settings.expand_levels, props, &e) < 0)
		return fail_err(rq, &e);
	plan_resource(plan, &rq->target);
	if (rq->depth == 1 && plan_children(rq, plan, &e) < 0)
		return fail_err(rq, &e);
	return plan_answer(rq, plan, props, NULL);
}
