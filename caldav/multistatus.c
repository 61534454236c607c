/*
 * 207 Multi-Status (RFC 4918 13): planned in one snapshot, but a calendar's members page by page; written
 * piece by piece, straight into the answer. What fits into 64 KiB is made at once; the rest by a generator.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "caldav/prop.h"

enum {
	WHOLE_BYTES = 64 * 1024,        /* answers up to this are made at once */
	PIECE_BYTES = 32 * 1024,        /* a piece ends with the response that passes this */
	PAGE = 500,                     /* members of a calendar that are known at once */
	BODY_MAX = 128 * 1024 * 1024,   /* of an object: it was small enough when it was stored */
};

struct plan_item {
	const char *href;                 /* of a status, or an object's own spelling; else NULL */
	const struct resource *resource;  /* itself, or the object's calendar; NULL: a status */
	const struct object *row;         /* NULL: resource itself, or what has that name in it */
	const char *name;
	const struct buf *body;           /* of the row; NULL: read when it is written */
	bool members;                     /* of resource, instead of itself */
	int status;
	enum precond why;
	struct plan_item *next;
};

struct plan {
	struct arena *mem;
	struct plan_item *first, **tail;
	size_t count;
};

struct plan *plan_create(struct dav_request *rq)
{
	struct plan *p = arena_alloc(rq->mem, sizeof(*p));

	p->mem = rq->mem;
	p->tail = &p->first;
	return p;
}

size_t plan_count(const struct plan *p)
{
	return p->count;
}

static struct plan_item *plan_add(struct plan *p)
{
	struct plan_item *item = arena_alloc(p->mem, sizeof(*item));

	*p->tail = item;
	p->tail = &item->next;
	p->count++;
	return item;
}

void plan_resource(struct plan *p, const struct resource *res)
{
	plan_add(p)->resource = res;
}

static struct plan_item *add_object(struct plan *p, const struct resource *calendar,
	const struct object *row, const char *href)
{
	struct plan_item *item = plan_add(p);
	struct object *copy = arena_alloc(p->mem, sizeof(*copy));

	*copy = *row;
	copy->name = arena_strdup(p->mem, row->name);
	copy->uid = NULL; /* no property shows these */
	copy->spans = (struct span_set){ .data = NULL };
	item->resource = calendar;
	item->row = copy;
	item->href = arena_strdup(p->mem, href);
	return item;
}

void plan_object(struct plan *p, const struct resource *calendar, const struct object *row,
	const char *href)
{
	add_object(p, calendar, row, href);
}

void plan_object_body(struct plan *p, const struct resource *calendar, const struct object *row,
	const struct buf *body)
{
	add_object(p, calendar, row, NULL)->body = body;
}

void plan_name(struct plan *p, const struct resource *calendar, const char *name)
{
	struct plan_item *item = plan_add(p);

	item->resource = calendar;
	item->name = arena_strdup(p->mem, name);
}

void plan_members(struct plan *p, const struct resource *calendar)
{
	struct plan_item *item = plan_add(p);

	item->resource = calendar;
	item->members = true;
}

void plan_status(struct plan *p, const char *href, int status, enum precond why)
{
	struct plan_item *item = plan_add(p);

	item->href = arena_strdup(p->mem, href);
	item->status = status;
	item->why = why;
}

/* ---- writing ---- */

struct multistatus {
	struct dav_request *rq;
	const struct prop_list *props;
	const struct plan_item *at; /* next to be written, or whose members are */
	struct plan page;           /* of members, in memory of its own */
	const struct plan_item *member; /* next of it, NULL: none */
	const char *last;           /* name of the page's last one, NULL: before the first page */
	const char *token;
	bool started, ended;
};

static void write_status(struct xmlw *w, const char *href, int status, enum precond why)
{
	xmlw_start(w, NS_DAV, "response");
	xmlw_href(w, href);
	xmlw_elem(w, NS_DAV, "status", status_line(status));
	if (why) {
		xmlw_start(w, NS_DAV, "error");
		xmlw_empty(w, precond_row(why)->ns, precond_row(why)->element);
		xmlw_end(w);
	}
	xmlw_end(w);
}

static int write_properties(struct multistatus *m, const struct resource *res, const struct buf *body,
	struct arena *mem, struct xmlw *w, struct err *e)
{
	xmlw_start(w, NS_DAV, "response");
	xmlw_href(w, res->href);
	if (prop_write(m->rq, res, body, m->props, mem, w, e) < 0)
		return -1;
	xmlw_end(w);
	return 0;
}

/* A body that cannot be read costs its own response only (clients take a 404, but no other status). */
static int write_object(struct multistatus *m, const struct plan_item *item, struct arena *mem,
	struct xmlw *w, struct err *e)
{
	struct store *store = m->rq->store;
	struct resource res;
	struct object row = item->row ? *item->row : (struct object){ .name = item->name };
	cleanup_buf struct buf body;

	assert(item->row || m->props->body);
	buf_init(&body, BODY_MAX);
	resource_object(mem, item->resource, &row, &res);
	if (item->href)
		res.href = item->href;
	if (!m->props->body || item->body)
		return write_properties(m, &res, item->body, mem, w, e);
	if (store_body(store, item->resource->coll.id, row.name, mem, &res.object, &body, e) == 0)
		return write_properties(m, &res, &body, mem, w, e);
	if (e->code != ERR_NOT_FOUND && !err_costs_one(e))
		return -1;
	if (err_costs_one(e))
		m->rq->http->res->reason = arena_strdup(m->rq->mem, e->text);
	/* It is there still: a sync must not call it removed, nor would it be told of it again. */
	if (err_costs_one(e) && m->token)
		return write_properties(m, &res, NULL, mem, w, e);
	write_status(w, res.href, 404, PRE_NONE);
	return 0;
}

/* A calendar that has gone since it was planned costs its own response only. */
static int write_resource(struct multistatus *m, const struct resource *res, struct arena *mem,
	struct xmlw *w, struct err *e)
{
	struct xmlw_mark mark = xmlw_mark(w);

	if (write_properties(m, res, NULL, mem, w, e) == 0)
		return 0;
	if (e->code != ERR_NOT_FOUND)
		return -1;
	xmlw_rollback(w, mark);
	write_status(w, res->href, 404, PRE_NONE);
	return 0;
}

static int write_item(struct multistatus *m, const struct plan_item *item, struct arena *mem,
	struct xmlw *w, struct err *e)
{
	if (!item->resource) {
		write_status(w, item->href, item->status, item->why);
		return 0;
	}
	if (item->row || item->name)
		return write_object(m, item, mem, w, e);
	return write_resource(m, item->resource, mem, w, e);
}

static int note_member(const struct object *o, void *arg)
{
	struct multistatus *m = arg;

	m->last = add_object(&m->page, m->at->resource, o, NULL)->row->name;
	return 0;
}

/* Only one page is kept: a listing of any length takes no more memory than that. A calendar that has gone
 * has no more members. */
static int read_page(struct multistatus *m, struct err *e)
{
	struct arena *before = m->page.mem;
	int status;

	m->page = (struct plan){ .mem = arena_create() };
	m->page.tail = &m->page.first;
	status = store_page(m->rq->store, m->at->resource->coll.id, m->last ? m->last : "", PAGE, note_member,
		m, e);
	arena_destroy(before);
	m->member = m->page.first;
	return status < 0 && e->code != ERR_NOT_FOUND ? -1 : 0;
}

/* *out: what is to be written next, NULL behind the last. */
static int next_item(struct multistatus *m, const struct plan_item **out, struct err *e)
{
	while (m->at && m->at->members) {
		if (!m->member && read_page(m, e) < 0)
			return -1;
		*out = m->member;
		if (m->member) {
			m->member = m->member->next;
			return 0;
		}
		m->at = m->at->next;
		m->last = NULL;
	}
	*out = m->at;
	m->at = m->at ? m->at->next : NULL;
	return 0;
}

/* Appends to out some `bytes` or more, or all that is left. */
static int make_piece(struct multistatus *m, size_t bytes, struct buf *out, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct plan_item *item;
	size_t before = out->len;
	struct xmlw w;

	writer_begin(m->rq, &w, out);
	if (m->started)
		xmlw_resume(&w, NS_DAV, "multistatus");
	else
		xmlw_root(&w, NS_DAV, "multistatus");
	m->started = true;
	do {
		if (next_item(m, &item, e) < 0 || (item && write_item(m, item, mem, &w, e) < 0))
			return -1;
	} while (item && out->len - before < bytes);
	if (!item) {
		if (m->token)
			xmlw_elem(&w, NS_DAV, "sync-token", m->token);
		xmlw_end(&w);
		m->ended = true;
	}
	return out->full ? err_set(e, ERR_INTERNAL, "a response passed %zu bytes", out->max) : 0;
}

static int multistatus_next(void *arg, struct buf *out)
{
	struct multistatus *m = arg;
	struct err e;

	if (make_piece(m, PIECE_BYTES, out, &e) < 0) {
		m->rq->http->res->reason = arena_strdup(m->rq->mem, e.text);
		return -1;
	}
	return !m->ended;
}

static void multistatus_free(void *arg)
{
	struct multistatus *m = arg;

	arena_destroy(m->page.mem);
}

int plan_answer(struct dav_request *rq, struct plan *p, const struct prop_list *props,
	const char *token)
{
	struct multistatus *m = arena_alloc(rq->mem, sizeof(*m));
	struct response *res = rq->http->res;
	struct err e = { 0 };

	*m = (struct multistatus){ .rq = rq, .props = props, .at = p->first, .token = token };
	if (make_piece(m, WHOLE_BYTES, &res->body, &e) < 0) {
		multistatus_free(m);
		buf_reset(&res->body);
		return fail_err(rq, &e);
	}
	res->status = 207;
	response_header(res, "Content-Type", "application/xml; charset=utf-8");
	if (rq->prefer.minimal)
		preference_applied(rq, "return=minimal");
	if (m->ended) {
		multistatus_free(m);
		return 207;
	}
	res->next = multistatus_next;
	res->next_free = multistatus_free;
	res->next_arg = m;
	return 207;
}
