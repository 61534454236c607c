/* What PROPPATCH, MKCALENDAR and MKCOL do to properties: all instructions or none. */
#include <string.h>

#include "base/util.h"
#include "caldav/prop.h"

enum { CHANGES_MAX = 1000 };

/* Names inside the <prop>s of an instruction. */
static const struct xml_node *first_name(const struct xml_node *instruction)
{
	const struct xml_node *prop = xml_find(instruction, NS_DAV, "prop");

	return prop ? xml_child(prop) : NULL;
}

static bool is_instruction(const struct xml_node *x)
{
	return xml_is(x, NS_DAV, "set") || xml_is(x, NS_DAV, "remove");
}

static size_t count_changes(const struct xml_node *root)
{
	size_t n = 0;

	for (const struct xml_node *x = xml_child(root); x; x = xml_next(x))
		for (const struct xml_node *p = is_instruction(x) ? first_name(x) : NULL; p; p = xml_next(p))
			n++;
	return n;
}

int prop_changes_parse(struct dav_request *rq, const struct xml_node *root, struct prop_changes *out,
	struct err *e)
{
	size_t n = count_changes(root);

	if (n > CHANGES_MAX)
		return err_set(e, ERR_INVALID, "more than %d properties", CHANGES_MAX);
	*out = (struct prop_changes){ .rows = arena_array(rq->mem, n, sizeof(*out->rows)) };
	for (const struct xml_node *x = xml_child(root); x; x = xml_next(x)) {
		if (!is_instruction(x))
			continue;
		for (const struct xml_node *p = first_name(x); p; p = xml_next(p))
			out->rows[out->count++] = (struct prop_change){ .row = prop_find(p->ns, p->name),
				.ns = p->ns, .uri = p->uri, .name = p->name, .status = 200,
				.value = xml_is(x, NS_DAV, "set") ? p : NULL };
	}
	return 0;
}

/* ---- may it be? ---- */

static void deny(struct prop_change *c, int status, enum precond why)
{
	c->status = status;
	c->why = why;
}

static void take_value(struct dav_request *rq, struct prop_change *c)
{
	cleanup_buf struct buf xml;

	buf_init(&xml, rq->dav->settings.property);
	if (xml_serialize(c->value, &xml) < 0)
		deny(c, 403, PRE_NONE);
	else
		c->xml = arena_strndup(rq->mem, xml.data, xml.len);
}

void prop_change_check(struct dav_request *rq, enum resource_kind kind, struct prop_change *c)
{
	/* Names of DAV: belong to the RFCs: one that is not known here may mean something later. */
	if ((c->row && (!c->row->check || !(c->row->on & kind))) || (!c->row && c->ns == NS_DAV)) {
		deny(c, 403, PRE_CANNOT_MODIFY_PROTECTED_PROPERTY);
		return;
	}
	if (!(kind & RES_KEEPERS)) {
		deny(c, 403, PRE_NONE);
		return;
	}
	if (c->row)
		c->status = c->row->check(c->row, rq, c->value, &c->why);
	if (c->status == 200 && c->value)
		take_value(rq, c);
}

bool prop_changes_settle(struct prop_changes *c)
{
	bool failed = false;

	for (size_t i = 0; i < c->count; i++)
		failed = failed || c->rows[i].status != 200;
	for (size_t i = 0; failed && i < c->count; i++)
		if (c->rows[i].status == 200)
			c->rows[i].status = 424;
	return !failed;
}

static bool says_zone(const struct prop_change *c)
{
	return c->row && c->row->flags & PROP_ZONE;
}

/* RFC 7809 5.2: a zone said by name replaces one said by definition, and the other way round. `last` is the
 * last change that says one; those before count for nothing. */
static const struct prop_change *last_zone(const struct prop_changes *c)
{
	const struct prop_change *last = NULL;

	for (size_t i = 0; i < c->count; i++)
		last = says_zone(&c->rows[i]) ? &c->rows[i] : last;
	return last;
}

/* Takes the other ways to say the zone away. */
static size_t forget_zones(const struct prop_change *said, struct prop_row *rows)
{
	size_t n = 0;

	for (const struct prop *p = props_zone; p->name; p++)
		if (p->flags & PROP_ZONE && p != said->row)
			rows[n++] = (struct prop_row){ .user = "", .ns = xml_ns_uri(p->ns), .name = p->name };
	return n;
}

const struct prop_row *prop_changes_rows(struct dav_request *rq, const struct prop_changes *c,
	const char *reader, size_t *n)
{
	struct prop_row *rows = arena_array(rq->mem, c->count + 1, sizeof(*rows));
	const struct prop_change *zone = last_zone(c);

	*n = zone && rq->target.exists ? forget_zones(zone, rows) : 0;
	for (size_t i = 0; i < c->count; i++) {
		const struct prop_change *x = &c->rows[i];
		bool personal = x->row && x->row->flags & PROP_PERSONAL;

		if (!x->done && (!says_zone(x) || x == zone))
			rows[(*n)++] = (struct prop_row){ .user = personal ? reader : "", .ns = x->uri,
				.name = x->name, .xml = x->xml };
	}
	return rows;
}

/* ---- the answer ---- */

static bool same_answer(const struct prop_change *a, const struct prop_change *b)
{
	return a->status == b->status && a->why == b->why;
}

static void write_propstat(const struct prop_changes *c, const struct prop_change *like, struct xmlw *w)
{
	xmlw_start(w, NS_DAV, "propstat");
	xmlw_start(w, NS_DAV, "prop");
	for (size_t i = 0; i < c->count; i++) {
		const struct prop_change *x = &c->rows[i];

		if (!same_answer(x, like))
			continue;
		prop_start(w, x->ns, x->uri, x->name);
		xmlw_end(w);
	}
	xmlw_end(w);
	xmlw_elem(w, NS_DAV, "status", status_line(like->status));
	if (like->why) {
		xmlw_start(w, NS_DAV, "error");
		xmlw_empty(w, precond_row(like->why)->ns, precond_row(like->why)->element);
		xmlw_end(w);
	}
	xmlw_end(w);
}

void prop_changes_write(const struct prop_changes *c, struct xmlw *w)
{
	for (size_t i = 0; i < c->count; i++) {
		bool first = true;

		for (size_t j = 0; j < i && first; j++)
			first = !same_answer(&c->rows[i], &c->rows[j]);
		if (first)
			write_propstat(c, &c->rows[i], w);
	}
}

int prop_changes_answer(struct dav_request *rq, const struct prop_changes *c)
{
	struct response *res = rq->http->res;
	struct xmlw w;

	res->status = 207;
	response_header(res, "Content-Type", "application/xml; charset=utf-8");
	writer_begin(rq, &w, &res->body);
	xmlw_root(&w, NS_DAV, "multistatus");
	xmlw_start(&w, NS_DAV, "response");
	xmlw_href(&w, rq->target.href);
	prop_changes_write(c, &w);
	xmlw_end(&w);
	xmlw_end(&w);
	return 207;
}
