/* PROPPATCH: RFC 4918 9.2. */
#include <string.h>

#include "caldav/busy_set.h"
#include "caldav/principal.h"
#include "caldav/prop.h"

/* Dead properties that are there already and are not among the changes. */
static size_t dead_properties(struct stored_prop *stored, const struct prop_changes *c)
{
	size_t n = 0;

	for (const struct stored_prop *s = stored; s; s = s->next) {
		bool changed = false;

		for (size_t i = 0; i < c->count && !changed; i++)
			changed = strcmp(s->name, c->rows[i].name) == 0 && strcmp(s->ns, c->rows[i].uri) == 0;
		n += !changed && !prop_find(xml_ns_find(s->ns), s->name);
	}
	return n;
}

/* Refuses the dead properties that are too many (15: every size has a limit). */
static int limit_dead_properties(struct dav_request *rq, struct prop_changes *c, struct err *e)
{
	struct stored_prop *stored;

	if (stored_props_of(rq, rq->mem, &rq->target, &stored, e) < 0)
		return -1;
	size_t n = dead_properties(stored, c);
	for (size_t i = 0; i < c->count; i++) {
		struct prop_change *x = &c->rows[i];

		if (!x->row && x->value && x->status == 200 && ++n > rq->dav->settings.dead_properties)
			x->status = 403;
	}
	return 0;
}

/* A sharee's own displayname and colour are theirs to change (15.16). */
static unsigned needed(const struct dav_request *rq, const struct prop_changes *c)
{
	if (rq->target.kind != RES_CALENDAR || !*rq->target.reader)
		return PRIV_WRITE_PROPERTIES;
	for (size_t i = 0; i < c->count; i++)
		if (!c->rows[i].row || !(c->rows[i].row->flags & PROP_PERSONAL))
			return PRIV_WRITE_PROPERTIES;
	return PRIV_READ;
}

/* RFC 8144 2.2: all went well, and the client wants to hear no more than that. */
static int done(struct dav_request *rq)
{
	preference_applied(rq, "return=minimal");
	return rq->http->res->status = 200;
}

static int patch(struct dav_request *rq, struct prop_changes *c)
{
	const struct resource *t = &rq->target;
	struct err e;
	size_t n;

	int refused = access_need(rq, t, t->privileges, needed(rq, c));
	if (refused)
		return refused;
	if (limit_dead_properties(rq, c, &e) < 0)
		return fail_err(rq, &e);
	if (prop_changes_settle(c)) {
		const struct prop_change *busy = busy_set_take(rq, c);
		const struct prop_row *rows = prop_changes_rows(rq, c, t->reader, &n);

		if ((busy ? busy_set_patch(rq, busy->value, rows, n, &e) : stored_props_patch(rq, t, rows, n, &e)) < 0)
			return fail_err(rq, &e);
		if (rq->prefer.minimal)
			return done(rq);
	}
	return prop_changes_answer(rq, c);
}

int method_proppatch(struct dav_request *rq)
{
	const struct xml_node *root;
	struct prop_changes changes;
	struct err e;

	int refused = request_xml(rq, &root);
	if (refused)
		return refused;
	if (!xml_is(root, NS_DAV, "propertyupdate"))
		return fail(rq, 400, "not a DAV:propertyupdate");
	if (prop_changes_parse(rq, root, &changes, &e) < 0)
		return fail_err(rq, &e);
	if (changes.count == 0)
		return fail(rq, 400, "no property to set or remove");
	if (rq->target.kind & RES_PROXIES)
		return patch_delegates(rq, &changes);
	for (size_t i = 0; i < changes.count; i++)
		prop_change_check(rq, rq->target.kind, &changes.rows[i]);
	if (rq->target.kind & RES_KEEPERS)
		return patch(rq, &changes);
	prop_changes_settle(&changes);
	return prop_changes_answer(rq, &changes);
}
