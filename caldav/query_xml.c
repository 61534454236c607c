#include "caldav/query_xml.h"

#include <string.h>

#include "base/util.h"

/* One filter's parsing. status: what was answered when something was refused. */
struct reader {
	struct dav_request *rq;
	size_t elements;
	int status;
};

static bool refused(struct reader *r, int status)
{
	r->status = status;
	return false;
}

static bool is_caldav(const struct xml_node *n, const char *name)
{
	return xml_is(n, NS_CALDAV, name);
}

/* An attribute that names a component, property or parameter. */
static const char *upper_name(struct arena *mem, const struct xml_node *n)
{
	const char *name = xml_attr(n, "name");

	if (!name || !*name)
		return NULL;
	char *copy = arena_strdup(mem, name);
	for (char *p = copy; *p; p++)
		*p = (char)ascii_toupper((unsigned char)*p);
	return copy;
}

/* What every filter element begins with: the limit on elements, and its name. */
static bool begin(struct reader *r, const struct xml_node *n, const char **name)
{
	if (++r->elements > r->rq->dav->settings.filters)
		return refused(r, refuse(r->rq, PRE_SUPPORTED_FILTER, "more than %zu elements in a filter",
			r->rq->dav->settings.filters));
	*name = upper_name(r->rq->mem, n);
	if (!*name)
		return refused(r, refuse(r->rq, PRE_VALID_FILTER, "%s without name", n->name));
	return true;
}

static bool unknown(struct reader *r, const struct xml_node *n)
{
	return refused(r, refuse(r->rq, PRE_SUPPORTED_FILTER, "unknown in a filter: %.60s", n->name));
}

/* <is-not-defined> excludes everything beside it (RFC 4791 9.7.1, 9.7.2, 9.7.3). */
static bool alone(struct reader *r, const struct xml_node *n)
{
	if (xml_next(xml_child(n)))
		return refused(r, refuse(r->rq, PRE_VALID_FILTER, "is-not-defined and something else"));
	return true;
}

/* ---- time ranges: RFC 4791 9.9 ---- */

static int read_instant(const char *text, int64_t otherwise, int64_t *out)
{
	struct ical_when w;

	if (!text) {
		*out = otherwise;
		return 0;
	}
	if (ical_when(NULL, text, NULL, NULL, &w, NULL) < 0 || w.form != ICAL_UTC)
		return -1;
	*out = w.utc;
	return 0;
}

/* RFC 4791 7.8, 7.9: the bounds of dates hold for what is asked, too. */
static int check_bounds(const struct ical_limits *limits, const struct xml_node *n, int64_t from,
	int64_t to, struct err *e)
{
	if (from != ICAL_MIN && from < limits->earliest)
		return err_set(e, ERR_EARLY, "%s begins before min-date-time", n->name);
	if (to != ICAL_MAX && to > limits->latest)
		return err_set(e, ERR_LATE, "%s ends after max-date-time", n->name);
	return 0;
}

int query_range(const struct xml_node *n, bool both, const struct ical_limits *limits, int64_t *from,
	int64_t *to, struct err *e)
{
	const char *start = xml_attr(n, "start"), *end = xml_attr(n, "end");

	if ((!start && !end) || (both && (!start || !end)))
		return err_set(e, ERR_INVALID, "%s without start or end", n->name);
	if (read_instant(start, ICAL_MIN, from) < 0 || read_instant(end, ICAL_MAX, to) < 0)
		return err_set(e, ERR_INVALID, "%s: times must be UTC", n->name);
	if (*from >= *to)
		return err_set(e, ERR_INVALID, "%s ends before it begins", n->name);
	return check_bounds(limits, n, *from, *to, e);
}

/* Malformed is what the filter, or a part of calendar-data, says. */
static int refuse_range(struct dav_request *rq, const struct err *e)
{
	return e->code == ERR_INVALID ? refuse(rq, PRE_VALID_FILTER, "%s", e->text) : fail_err(rq, e);
}

static bool read_range(struct reader *r, const struct xml_node *n, int64_t *from, int64_t *to)
{
	struct err e;

	if (query_range(n, false, &r->rq->dav->settings.ical, from, to, &e) < 0)
		return refused(r, refuse_range(r->rq, &e));
	return true;
}

/* ---- text: RFC 4791 9.7.5 ---- */

static bool read_collation(struct reader *r, const char *name, enum ical_collation *out)
{
	static const struct { const char *name; enum ical_collation collation; } rows[] = {
		{ "default", COLL_ASCII_CASEMAP },
		{ "i;ascii-casemap", COLL_ASCII_CASEMAP },
		{ "i;octet", COLL_OCTET },
		{ "i;unicode-casemap", COLL_UNICODE_CASEMAP },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!name || strcmp(name, rows[i].name) == 0) {
			*out = rows[i].collation;
			return true;
		}
	}
	return refused(r, refuse(r->rq, PRE_SUPPORTED_COLLATION, "collation %.60s", name));
}

static bool read_text(struct reader *r, const struct xml_node *n, const struct ical_text_match **out)
{
	struct ical_text_match *t = arena_alloc(r->rq->mem, sizeof(*t));
	const char *negate = xml_attr(n, "negate-condition"), *type = xml_attr(n, "match-type");

	if (type && strcmp(type, "contains") != 0) /* CardDAV's attribute; its default is ours */
		return refused(r, refuse(r->rq, PRE_SUPPORTED_FILTER, "match-type %.60s", type));
	if (negate && strcmp(negate, "yes") != 0 && strcmp(negate, "no") != 0)
		return refused(r, refuse(r->rq, PRE_VALID_FILTER, "negate-condition %.60s", negate));
	t->text = xml_text(n, r->rq->mem);
	t->negate = negate && strcmp(negate, "yes") == 0;
	*out = t;
	return read_collation(r, xml_attr(n, "collation"), &t->collation);
}

/* ---- param-filter, prop-filter, comp-filter: NULL when refused ---- */

static struct ical_param_filter *read_param(struct reader *r, const struct xml_node *n)
{
	struct ical_param_filter *f = arena_alloc(r->rq->mem, sizeof(*f));
	const struct xml_node *x = xml_child(n);

	if (!begin(r, n, &f->name))
		return NULL;
	if (!x)
		return f;
	if (xml_next(x)) {
		refused(r, refuse(r->rq, PRE_VALID_FILTER, "two conditions in a param-filter"));
		return NULL;
	}
	f->is_not_defined = is_caldav(x, "is-not-defined");
	if (is_caldav(x, "text-match"))
		return read_text(r, x, &f->match) ? f : NULL;
	return f->is_not_defined || unknown(r, x) ? f : NULL;
}

/* RFC 4791 7.8: a time range of what is no time is no valid filter. Nothing is known of X- names. */
static bool read_prop_range(struct reader *r, const struct xml_node *n, struct ical_prop_filter *f)
{
	if (!ical_is_time(f->name) && !str_starts(f->name, "X-"))
		return refused(r, refuse(r->rq, PRE_VALID_FILTER, "a time-range of %.60s", f->name));
	f->has_range = true;
	return read_range(r, n, &f->from, &f->to);
}

static bool read_prop_part(struct reader *r, const struct xml_node *n, struct ical_prop_filter *f,
	const struct ical_param_filter ***tail)
{
	if (is_caldav(n, "time-range") && !f->has_range)
		return read_prop_range(r, n, f);
	if (is_caldav(n, "text-match") && !f->match)
		return read_text(r, n, &f->match);
	if (!is_caldav(n, "param-filter"))
		return unknown(r, n);
	struct ical_param_filter *param = read_param(r, n);
	if (!param)
		return false;
	**tail = param;
	*tail = &param->next;
	return true;
}

static struct ical_prop_filter *read_prop(struct reader *r, const struct xml_node *n)
{
	struct ical_prop_filter *f = arena_alloc(r->rq->mem, sizeof(*f));
	const struct ical_param_filter **tail = &f->params;

	if (!begin(r, n, &f->name))
		return NULL;
	f->is_not_defined = xml_find(n, NS_CALDAV, "is-not-defined") != NULL;
	if (f->is_not_defined)
		return alone(r, n) ? f : NULL;
	for (const struct xml_node *x = xml_child(n); x; x = xml_next(x))
		if (!read_prop_part(r, x, f, &tail))
			return NULL;
	return f;
}

static struct ical_comp_filter *read_comp(struct reader *r, const struct xml_node *n,
	const char *above);

struct comp_tails { const struct ical_prop_filter **props; const struct ical_comp_filter **comps; };

static bool read_comp_part(struct reader *r, const struct xml_node *n, struct ical_comp_filter *f,
	struct comp_tails *tails)
{
	if (is_caldav(n, "time-range") && !f->has_range) {
		f->has_range = true;
		return read_range(r, n, &f->from, &f->to);
	}
	if (is_caldav(n, "prop-filter")) {
		struct ical_prop_filter *prop = read_prop(r, n);

		if (!prop)
			return false;
		*tails->props = prop;
		tails->props = &prop->next;
		return true;
	}
	if (!is_caldav(n, "comp-filter"))
		return unknown(r, n);
	struct ical_comp_filter *comp = read_comp(r, n, f->name);
	if (!comp)
		return false;
	*tails->comps = comp;
	tails->comps = &comp->next;
	return true;
}

/* RFC 4791 7.8: a VEVENT in a VTODO is no valid filter. What isn't listed may stand anywhere. */
static bool may_nest(const char *name, const char *above)
{
	static const struct { const char *name, *above; } rows[] = {
		{ "DAYLIGHT", "VTIMEZONE" },       { "STANDARD", "VTIMEZONE" },
		{ "VALARM", "VEVENT" },            { "VALARM", "VTODO" },
		{ "VAVAILABILITY", "VCALENDAR" },  { "VCALENDAR", "" },
		{ "VEVENT", "VCALENDAR" },         { "VFREEBUSY", "VCALENDAR" },
		{ "VJOURNAL", "VCALENDAR" },       { "VTIMEZONE", "VCALENDAR" },
		{ "VTODO", "VCALENDAR" },
	};
	bool listed = false;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool same = strcmp(rows[i].name, name) == 0;

		if (same && strcmp(rows[i].above, above) == 0)
			return true;
		listed = listed || same;
	}
	return !listed;
}

/* Nests as deep as the XML may. above: the name around it, "" for none. */
static struct ical_comp_filter *read_comp(struct reader *r, const struct xml_node *n, const char *above)
{
	struct ical_comp_filter *f = arena_alloc(r->rq->mem, sizeof(*f));
	struct comp_tails tails = { &f->props, &f->comps };

	if (!begin(r, n, &f->name))
		return NULL;
	if (!may_nest(f->name, above)) {
		refused(r, refuse(r->rq, PRE_VALID_FILTER, "%.60s in '%.60s'", f->name, above));
		return NULL;
	}
	f->is_not_defined = xml_find(n, NS_CALDAV, "is-not-defined") != NULL;
	if (f->is_not_defined)
		return alone(r, n) ? f : NULL;
	for (const struct xml_node *x = xml_child(n); x; x = xml_next(x))
		if (!read_comp_part(r, x, f, &tails))
			return NULL;
	return f;
}

static int read_filter(struct dav_request *rq, const struct xml_node *root,
	const struct ical_comp_filter **out)
{
	struct reader r = { .rq = rq };
	const struct xml_node *filter = xml_find(root, NS_CALDAV, "filter");
	const struct xml_node *first = filter ? xml_child(filter) : NULL;

	if (!first || !is_caldav(first, "comp-filter") || xml_next(first))
		return refuse(rq, PRE_VALID_FILTER, "a filter is one comp-filter");
	struct ical_comp_filter *f = read_comp(&r, first, "");
	if (!f)
		return r.status;
	if (strcmp(f->name, "VCALENDAR") != 0)
		return refuse(rq, PRE_VALID_FILTER, "the outermost comp-filter is VCALENDAR");
	if (f->has_range)
		return refuse(rq, PRE_SUPPORTED_FILTER, "a time range of VCALENDAR");
	*out = f;
	return 0;
}

/* ---- the request ---- */

/* RFC 7809 */
static int read_zone_id(struct dav_request *rq, const struct xml_node *n, const struct zone **out)
{
	*out = xml_child(n) ? NULL : zone_find(xml_text_trim(n, rq->mem));
	return *out ? 0 : refuse(rq, PRE_VALID_TIMEZONE, "timezone-id names no zone that is known here");
}

/* A whole object with one VTIMEZONE, where known zones win over what it says; or a name. */
int query_zone(struct dav_request *rq, const struct xml_node *root, const struct zone **out)
{
	const struct xml_node *n = xml_find(root, NS_CALDAV, "timezone");
	const struct xml_node *name = xml_find(root, NS_CALDAV, "timezone-id");

	if (n && name)
		return fail(rq, 400, "both timezone and timezone-id");
	if (name)
		return read_zone_id(rq, name, out);
	*out = n ? timezone_of(rq, xml_text_trim(n, rq->mem)) : NULL;
	if (n && !*out)
		return refuse(rq, PRE_VALID_CALENDAR_DATA, "timezone is no object with one VTIMEZONE");
	return 0;
}

/* The first component filter that demands something decides what the index is asked. */
static void plan_index(struct query *q)
{
	const struct ical_comp_filter *f = q->filter->comps;

	q->from = ICAL_MIN;
	q->to = ICAL_MAX;
	if (q->filter->is_not_defined || q->filter->props)
		return;
	q->exact = !f;
	if (!f || f->is_not_defined || !component_kind(f->name))
		return;
	q->kinds = component_kind(f->name);
	bool plain = !f->next && !f->props && !f->comps;
	q->exact = plain && !f->has_range;
	q->by_time = plain && f->has_range;
	if (f->has_range) {
		q->from = f->from;
		q->to = f->to;
	}
}

int query_parse(struct dav_request *rq, const struct xml_node *root, struct query *out)
{
	struct query q = { 0 };

	int status = read_filter(rq, root, &q.filter);
	if (!status)
		status = query_zone(rq, root, &q.floating);
	if (status)
		return status;
	plan_index(&q);
	*out = q;
	return 0;
}

/* ---- calendar-data: RFC 4791 9.6 ---- */

struct part_reader {
	struct arena *mem;
	struct err *e;
};

static struct ical_part *read_part(const struct part_reader *r, const struct xml_node *n);

static const char *part_name(const struct part_reader *r, const struct xml_node *n)
{
	const char *name = upper_name(r->mem, n);

	if (!name)
		err_set(r->e, ERR_INVALID, "%s without name", n->name);
	return name;
}

/* What is unknown is passed over (RFC 4918 17). False with e. */
static bool read_part_child(const struct part_reader *r, const struct xml_node *n, struct ical_part *out)
{
	out->all_props = out->all_props || is_caldav(n, "allprop");
	out->all_parts = out->all_parts || is_caldav(n, "allcomp");
	if (is_caldav(n, "comp")) {
		struct ical_part *part = read_part(r, n);

		if (part)
			part->next = out->parts;
		out->parts = part;
		return part;
	}
	if (is_caldav(n, "prop")) {
		const char *no_value = xml_attr(n, "novalue");
		struct ical_part_prop *p = arena_alloc(r->mem, sizeof(*p));

		*p = (struct ical_part_prop){ part_name(r, n), no_value && strcmp(no_value, "yes") == 0, out->props };
		out->props = p;
		return p->name;
	}
	return true;
}

/* A component of which nothing is asked is wanted whole (the VTIMEZONE in 7.8.1). */
static struct ical_part *read_part(const struct part_reader *r, const struct xml_node *n)
{
	struct ical_part *part = arena_alloc(r->mem, sizeof(*part));

	part->name = part_name(r, n);
	if (!part->name)
		return NULL;
	part->all_props = part->all_parts = !xml_child(n);
	for (const struct xml_node *x = xml_child(n); x; x = xml_next(x))
		if (!read_part_child(r, x, part))
			return NULL;
	return part;
}

static int read_calendar_part(struct arena *mem, const struct xml_node *n, struct ical_view *out,
	struct err *e)
{
	static const struct ical_part_prop prodid = { .name = "PRODID" };
	static const struct ical_part_prop version = { .name = "VERSION", .next = &prodid };
	struct ical_part *part = read_part(&(struct part_reader){ mem, e }, n);

	if (!part)
		return -1;
	if (out->part || strcmp(part->name, "VCALENDAR") != 0)
		return err_set(e, ERR_INVALID, "calendar-data begins with one comp, VCALENDAR");
	if (!part->props && !part->all_props)
		part->props = &version; /* without them it would be no iCalendar */
	out->part = part;
	return 0;
}

static int read_recurrences(const struct xml_node *n, enum ical_recurrences how,
	const struct ical_limits *limits, struct ical_view *out, struct err *e)
{
	if (out->recurrences != ICAL_AS_STORED)
		return err_set(e, ERR_INVALID, "expand and limit-recurrence-set");
	out->recurrences = how;
	return query_range(n, true, limits, &out->from, &out->to, e);
}

int query_view(const struct dav_request *rq, const struct xml_node *data, struct arena *mem,
	struct ical_view *out, struct err *e)
{
	const struct ical_limits *limits = &rq->dav->settings.ical;
	struct ical_view view = { .part = NULL };
	int rc = 0;

	for (const struct xml_node *x = xml_child(data); x && !rc; x = xml_next(x)) {
		if (is_caldav(x, "comp"))
			rc = read_calendar_part(mem, x, &view, e);
		else if (is_caldav(x, "expand"))
			rc = read_recurrences(x, ICAL_EXPANDED, limits, &view, e);
		else if (is_caldav(x, "limit-recurrence-set"))
			rc = read_recurrences(x, ICAL_LIMITED, limits, &view, e);
		else if (is_caldav(x, "limit-freebusy-set"))
			rc = query_range(x, true, limits, &view.busy_from, &view.busy_to, e);
		view.limit_busy = view.limit_busy || is_caldav(x, "limit-freebusy-set");
	}
	if (!rc)
		*out = view;
	return rc;
}

static int check_data(struct dav_request *rq, const struct xml_node *n)
{
	const char *type = xml_attr(n, "content-type"), *version = xml_attr(n, "version");
	struct ical_view view;
	struct err e;

	if ((type && ascii_casecmp(type, "text/calendar") != 0) || (version && strcmp(version, "2.0") != 0))
		return refuse(rq, PRE_SUPPORTED_CALENDAR_DATA, "only text/calendar 2.0");
	if (query_view(rq, n, rq->mem, &view, &e) < 0)
		return refuse_range(rq, &e);
	return 0;
}

int query_check_data(struct dav_request *rq, const struct prop_list *props)
{
	for (size_t i = 0; i < props->count; i++) {
		const struct prop_wanted *w = &props->wanted[i];
		int status = w->ns == NS_CALDAV && strcmp(w->name, "calendar-data") == 0 && w->node
			? check_data(rq, w->node) : 0;

		if (status)
			return status;
	}
	return 0;
}
