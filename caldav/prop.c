#include "caldav/prop.h"

#include <string.h>

#include "base/util.h"

enum { WANTED_NAMES = 1000 };

static const struct prop *const tables[] = { props_dav, props_acl, props_caldav, props_zone, props_apple };

const struct prop *prop_find(enum ns ns, const char *name)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (const struct prop *p = tables[t]; p->name; p++)
			if (p->ns == ns && strcmp(p->name, name) == 0)
				return p;
	return NULL;
}

int prop_check_text(const struct prop *p, struct dav_request *rq, const struct xml_node *value,
	enum precond *why)
{
	(void)p;
	(void)rq;
	(void)why;
	return value && xml_child(value) ? 409 : 200;
}

/* ---- what a request asks for ---- */

static bool is_wanted(const struct prop_list *list, const char *uri, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->wanted[i].name, name) == 0 && strcmp(list->wanted[i].uri, uri) == 0)
			return true;
	return false;
}

/* With what something of that name is stored: a dead property can be anywhere. */
static unsigned keepers(const struct prop *row)
{
	if (!row)
		return RES_KEEPERS;
	return row->flags & PROP_STORED ? row->on : 0;
}

struct prop_wanted *prop_list_add(struct prop_list *list, enum ns ns, const char *uri, const char *name)
{
	if (is_wanted(list, uri, name))
		return NULL;
	struct prop_wanted *w = &list->wanted[list->count++];
	*w = (struct prop_wanted){ .row = prop_find(ns, name), .ns = ns, .uri = uri, .name = name };
	list->body = list->body || (w->row && w->row->flags & PROP_BODY);
	list->stored |= keepers(w->row);
	return w;
}

/* The names inside <prop> or <include>, each once: a short request that names calendar-data many
 * times must not become a long answer. */
static int parse_names(struct dav_request *rq, const struct xml_node *names, struct prop_list *out,
	struct err *e)
{
	size_t n = 0;

	for (const struct xml_node *x = xml_child(names); x; x = xml_next(x))
		n++;
	if (n > WANTED_NAMES)
		return err_set(e, ERR_INVALID, "more than %d properties asked for", WANTED_NAMES);
	out->wanted = arena_array(rq->mem, n, sizeof(*out->wanted));
	for (const struct xml_node *x = xml_child(names); x; x = xml_next(x)) {
		struct prop_wanted *w = prop_list_add(out, x->ns, x->uri, x->name);

		if (w)
			w->node = x;
	}
	return 0;
}

int prop_list_parse(struct dav_request *rq, const struct xml_node *parent, enum prop_mode otherwise,
	struct prop_list *out, struct err *e)
{
	const struct xml_node *named = parent ? xml_find(parent, NS_DAV, "prop") : NULL;
	const struct xml_node *all = parent ? xml_find(parent, NS_DAV, "allprop") : NULL;
	const struct xml_node *names = parent ? xml_find(parent, NS_DAV, "propname") : NULL;
	const struct xml_node *include = all ? xml_find(parent, NS_DAV, "include") : NULL;

	if (!!named + !!all + !!names > 1)
		return err_set(e, ERR_INVALID, "more than one of prop, allprop, propname");
	*out = (struct prop_list){ .mode = named ? PROPS_NAMED : all ? PROPS_ALL
		: names ? PROPS_NAMES : otherwise };
	out->stored = out->mode != PROPS_NAMED ? RES_KEEPERS : 0;
	if (named || include)
		return parse_names(rq, named ? named : include, out, e);
	return 0;
}

void prop_list_drop_bodies(struct prop_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->wanted[i].row && list->wanted[i].row->flags & PROP_BODY)
			list->wanted[i].row = NULL;
	list->body = false;
}

/* ---- what is stored ---- */

struct collect {
	struct arena *mem;
	struct stored_prop *first, **tail;
};

static bool is_personal(const char *uri, const char *name)
{
	const struct prop *row = prop_find(xml_ns_find(uri), name);

	return row && row->flags & PROP_PERSONAL;
}

struct stored_prop *stored_prop_find(struct stored_prop *list, const char *uri, const char *name)
{
	for (; list; list = list->next)
		if (strcmp(list->name, name) == 0 && strcmp(list->ns, uri) == 0)
			return list;
	return NULL;
}

/* Common rows come first, so that the reader's own replace them. */
static int collect_row(const struct prop_row *p, void *arg)
{
	struct collect *c = arg;

	if (*p->user && !is_personal(p->ns, p->name))
		return 0;
	struct stored_prop *to = stored_prop_find(c->first, p->ns, p->name);
	if (!to) {
		to = arena_alloc(c->mem, sizeof(*to));
		to->ns = arena_strdup(c->mem, p->ns);
		to->name = arena_strdup(c->mem, p->name);
		*c->tail = to;
		c->tail = &to->next;
	}
	to->xml = arena_strdup(c->mem, p->xml);
	to->own = *p->user != '\0';
	return 0;
}

int stored_props_read(struct dav_request *rq, struct arena *mem, const struct collection *c,
	const char *reader, struct stored_prop **out, struct err *e)
{
	struct collect collect = { .mem = mem };

	collect.tail = &collect.first;
	if (store_props(rq->store, c->id, reader, collect_row, &collect, e) < 0)
		return -1;
	*out = collect.first;
	return 0;
}

/* Where the store keeps the properties of what is no calendar. */
static struct prop_place place_of(const struct resource *res)
{
	if (res->kind == RES_OBJECT)
		return (struct prop_place){ PLACE_OBJECT, res->coll.id, res->name };
	return (struct prop_place){ res->kind == RES_HOME ? PLACE_HOME : PLACE_PRINCIPAL, 0, res->user };
}

/* Asked once for a calendar, since most have none: a listing asks for each of its events. */
static int has_none(struct dav_request *rq, const struct resource *res, bool *out, struct err *e)
{
	*out = false;
	if (res->kind != RES_OBJECT)
		return 0;
	if (rq->object_props.calendar != res->coll.id) {
		if (store_objects_have_props(rq->store, res->coll.id, &rq->object_props.any, e) < 0)
			return -1;
		rq->object_props.calendar = res->coll.id;
	}
	*out = !rq->object_props.any;
	return 0;
}

int stored_props_of(struct dav_request *rq, struct arena *mem, const struct resource *res,
	struct stored_prop **out, struct err *e)
{
	struct collect collect = { .mem = mem };
	bool none;

	if (res->kind == RES_CALENDAR)
		return stored_props_read(rq, mem, &res->coll, res->reader, out, e);
	collect.tail = &collect.first;
	*out = NULL;
	if (has_none(rq, res, &none, e) < 0)
		return -1;
	if (res->kind & RES_KEEPERS && !none) {
		struct prop_place place = place_of(res);

		if (store_place_props(rq->store, &place, collect_row, &collect, e) < 0)
			return -1;
	}
	*out = collect.first;
	return 0;
}

int stored_props_patch(struct dav_request *rq, const struct resource *res, const struct prop_row *rows,
	size_t n, struct err *e)
{
	struct prop_place place = place_of(res);

	if (res->kind == RES_CALENDAR)
		return store_props_patch(rq->store, res->coll.id, rows, n, e);
	return store_place_patch(rq->store, &place, rows, n, e);
}

const struct xml_node *stored_prop_value(const struct dav_request *rq, struct arena *mem,
	const struct stored_prop *p)
{
	struct xml_limits limits = rq->dav->settings.xml;
	struct xml_node *root;

	if (!p)
		return NULL;
	limits.bytes = strlen(p->xml); /* was within the limits when it came; namespaces were added */
	return xml_parse(p->xml, limits.bytes, &limits, mem, &root, NULL) < 0 ? NULL : root;
}

const char *stored_prop_text(const struct dav_request *rq, struct arena *mem,
	const struct stored_prop *p)
{
	const struct xml_node *root = stored_prop_value(rq, mem, p);

	return root ? xml_text(root, mem) : "";
}

/* ---- writing ---- */

/* Statuses other than 200 that a property of a resource can have, as propstats. */
struct failures {
	struct { const struct prop_wanted *wanted; int status; } *rows;
	size_t count;
};

void prop_start(struct xmlw *w, enum ns ns, const char *uri, const char *name)
{
	if (ns == NS_OTHER)
		xmlw_start_uri(w, uri, name);
	else
		xmlw_start(w, ns, name);
}

/* The stored value, unless it is the owner's and the row says what holds for a sharee instead. */
const struct stored_prop *prop_stored(const struct prop *row, const struct propctx *c)
{
	const struct stored_prop *s;

	if (!(row->flags & PROP_STORED))
		return NULL;
	s = stored_prop_find(c->stored, xml_ns_uri(row->ns), row->name);
	if (s && !s->own && *c->res->reader && row->flags & PROP_PERSONAL && row->get)
		return NULL;
	return s;
}

static int write_live(const struct prop *row, struct propctx *c, struct xmlw *w)
{
	const struct stored_prop *s = row->on & c->res->kind ? prop_stored(row, c) : NULL;

	if (!(row->on & c->res->kind) || (!s && !row->get))
		return 404;
	if (s) {
		xmlw_raw(w, s->xml, strlen(s->xml));
		return 200;
	}
	struct xmlw_mark mark = xmlw_mark(w);
	xmlw_start(w, row->ns, row->name);
	int status = row->get(row, c, w);
	if (status == 200)
		xmlw_end(w);
	else
		xmlw_rollback(w, mark);
	return status;
}

static int write_dead(const struct prop_wanted *wanted, const struct propctx *c, struct xmlw *w)
{
	const struct stored_prop *s = stored_prop_find(c->stored, wanted->uri, wanted->name);

	if (!s)
		return 404;
	xmlw_raw(w, s->xml, strlen(s->xml));
	return 200;
}

int prop_write_value(const struct prop_wanted *wanted, struct propctx *c, struct xmlw *w)
{
	c->asked = wanted->node;
	return wanted->row ? write_live(wanted->row, c, w) : write_dead(wanted, c, w);
}

/* <include> may name what allprop has anyway: once is enough. */
static bool in_allprop(const struct prop_wanted *wanted, const struct propctx *c)
{
	if (wanted->row)
		return wanted->row->flags & PROP_ALLPROP && wanted->row->on & c->res->kind;
	return stored_prop_find(c->stored, wanted->uri, wanted->name) != NULL;
}

/* The one loop of named properties: what nothing answers is 404. */
static void write_wanted(const struct prop_list *list, struct propctx *c, struct xmlw *w,
	struct failures *failed)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct prop_wanted *wanted = &list->wanted[i];

		if (list->mode == PROPS_ALL && in_allprop(wanted, c))
			continue;
		int status = wanted->expand ? expand_write(wanted, c, w) : prop_write_value(wanted, c, w);
		if (status == 200)
			continue;
		failed->rows[failed->count].wanted = wanted;
		failed->rows[failed->count++].status = status;
	}
	c->asked = NULL;
}

static void write_all(struct propctx *c, struct xmlw *w)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (const struct prop *p = tables[t]; p->name; p++)
			if (p->flags & PROP_ALLPROP)
				write_live(p, c, w);
	for (const struct stored_prop *s = c->stored; s; s = s->next)
		if (!prop_find(xml_ns_find(s->ns), s->name))
			xmlw_raw(w, s->xml, strlen(s->xml));
}

static void write_name(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	struct xmlw_mark mark = xmlw_mark(w);

	if (p->flags & PROP_BODY || write_live(p, c, w) != 200)
		return;
	xmlw_rollback(w, mark);
	xmlw_empty(w, p->ns, p->name);
}

static void write_names(struct propctx *c, struct xmlw *w)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (const struct prop *p = tables[t]; p->name; p++)
			write_name(p, c, w);
	for (const struct stored_prop *s = c->stored; s; s = s->next) {
		if (prop_find(xml_ns_find(s->ns), s->name))
			continue;
		prop_start(w, xml_ns_find(s->ns), s->ns, s->name);
		xmlw_end(w);
	}
}

static void end_propstat(struct xmlw *w, int status)
{
	xmlw_end(w);
	xmlw_elem(w, NS_DAV, "status", status_line(status));
	xmlw_end(w);
}

static void start_propstat(struct xmlw *w)
{
	xmlw_start(w, NS_DAV, "propstat");
	xmlw_start(w, NS_DAV, "prop");
}

/* One propstat for each status, in the order in which they first came up. */
static void write_failures(struct failures *failed, struct xmlw *w)
{
	for (size_t i = 0; i < failed->count; i++) {
		int status = failed->rows[i].status;

		if (!status)
			continue;
		start_propstat(w);
		for (size_t j = i; j < failed->count; j++) {
			const struct prop_wanted *x = failed->rows[j].wanted;

			if (failed->rows[j].status != status)
				continue;
			prop_start(w, x->ns, x->uri, x->name);
			xmlw_end(w);
			failed->rows[j].status = 0;
		}
		end_propstat(w, status);
	}
}

/* RFC 8144 2.1: no word of what is not there. */
static void forget_missing(struct failures *failed)
{
	for (size_t i = 0; i < failed->count; i++)
		if (failed->rows[i].status == 404)
			failed->rows[i].status = 0;
}

int prop_write(struct dav_request *rq, const struct resource *res, const struct buf *body,
	const struct prop_list *list, struct arena *mem, struct xmlw *w, struct err *e)
{
	struct propctx c = { .rq = rq, .res = res, .mem = mem, .body = body };
	struct failures failed = { .rows = arena_array(mem, list->count, sizeof(*failed.rows)) };

	if (list->stored & res->kind && stored_props_of(rq, mem, res, &c.stored, e) < 0)
		return -1;
	struct xmlw_mark mark = xmlw_mark(w);
	start_propstat(w);
	if (list->mode == PROPS_NAMES)
		write_names(&c, w);
	if (list->mode == PROPS_ALL)
		write_all(&c, w);
	write_wanted(list, &c, w, &failed);
	if (list->mode == PROPS_NAMED && failed.count > 0 && failed.count == list->count
		&& !rq->prefer.minimal)
		xmlw_rollback(w, mark);
	else
		end_propstat(w, 200);
	if (rq->prefer.minimal)
		forget_missing(&failed);
	write_failures(&failed, w);
	return 0;
}
