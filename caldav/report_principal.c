/*
 * Reports about principals: RFC 3744 9.2 to 9.5, and CalendarServer's calendarserver-principal-search.
 * Whom the asking user may not find (15.31) is in no answer.
 */
#include <string.h>

#include "base/util.h"
#include "caldav/acl.h"
#include "caldav/principal.h"
#include "caldav/reports.h"
#include "ical/casefold.h"

/* RFC 3744 9: these reports are defined for Depth 0 only, which is also what none means. */
static int check_depth(struct dav_request *rq)
{
	if (rq->depth == 0 || rq->depth == DEPTH_MISSING)
		return 0;
	return fail(rq, 400, "this report is for Depth 0 only");
}

/* Bodies are for reports on calendars. */
static int read_props(struct dav_request *rq, const struct xml_node *root, struct prop_list **out)
{
	int refused = check_depth(rq);

	if (!refused)
		refused = report_props(rq, root, out);
	if (!refused)
		prop_list_drop_bodies(*out);
	return refused;
}

/* ---- an answer of principals ---- */

struct hits {
	struct dav_request *rq;
	struct plan *plan;
	size_t max;
	bool full;
};

/* By its URL; left out if it isn't there for who asks. */
static int add_hit(struct hits *h, const char *href, struct err *e)
{
	struct resource *res = arena_alloc(h->rq->mem, sizeof(*res));

	if (h->full || resource_resolve(h->rq, href, res, e) < 0)
		return h->full ? 0 : -1;
	if (!res->exists || !(res->privileges & PRIV_READ))
		return 0;
	if (plan_count(h->plan) == h->max) {
		plan_status(h->plan, h->rq->target.href, 507, PRE_NUMBER_OF_MATCHES);
		h->full = true;
		return 0;
	}
	plan_resource(h->plan, res);
	return 0;
}

/* ---- searching: what is compared ---- */

enum field { FIELD_NONE, FIELD_NAME, FIELD_MAIL, FIELD_ADDRESS, FIELD_TYPE };

/* RFC 3744 9.5: what can be searched for. */
static const struct searchable { enum field field; enum ns ns; const char *name, *description; }
searchables[] = {
	{ FIELD_NAME,    NS_DAV,    "displayname",               "Name" },
	{ FIELD_MAIL,    NS_CS,     "email-address-set",         "Mail address" },
	{ FIELD_ADDRESS, NS_CALDAV, "calendar-user-address-set", "Calendar address" },
	{ FIELD_TYPE,    NS_CALDAV, "calendar-user-type",        "INDIVIDUAL or GROUP" },
};

enum how { HOW_CONTAINS, HOW_STARTS, HOW_ENDS, HOW_EQUALS };

struct criterion { enum field field; enum how how; const char *text; /* folded */ };

/* One account or group as it is searched. */
struct candidate {
	struct arena *mem;
	const char *name, *href, *type;
	const char *const *addresses;
};

static bool compare(const struct candidate *c, const char *text, const struct criterion *k)
{
	const char *folded = casefold(text, c->mem);
	size_t len = strlen(folded), wanted = strlen(k->text);

	switch (k->how) {
	case HOW_STARTS:
		return str_starts(folded, k->text);
	case HOW_ENDS:
		return len >= wanted && strcmp(folded + len - wanted, k->text) == 0;
	case HOW_EQUALS:
		return strcmp(folded, k->text) == 0;
	default:
		return strstr(folded, k->text) != NULL;
	}
}

static bool compare_addresses(const struct candidate *c, const char *scheme, const struct criterion *k)
{
	for (const char *const *a = c->addresses; a && *a; a++)
		if (compare(c, arena_printf(c->mem, "%s%s", scheme, *a), k))
			return true;
	return false;
}

static bool meets(const struct candidate *c, const struct criterion *k)
{
	switch (k->field) {
	case FIELD_NAME:
		return compare(c, c->name, k);
	case FIELD_MAIL:
		return compare_addresses(c, "", k);
	case FIELD_ADDRESS:
		return compare_addresses(c, "mailto:", k) || compare(c, c->href, k);
	case FIELD_TYPE:
		return compare(c, c->type, k);
	default:
		return false;
	}
}

/* ---- searching: through all principals ---- */

struct search {
	struct dav_request *rq;
	const struct criterion *criteria;
	size_t count;
	bool any;                    /* one criterion is enough */
	bool (*match)(const struct search *s, const struct candidate *c);
	bool users, groups;
	struct found { const char *href; struct found *next; } *first, **tail;
};

static bool match_criteria(const struct search *s, const struct candidate *c)
{
	for (size_t i = 0; i < s->count; i++)
		if (meets(c, &s->criteria[i]) == s->any)
			return s->any;
	return !s->any;
}

static void try_candidate(struct search *s, const struct candidate *c)
{
	if (!s->match(s, c))
		return;
	struct found *f = arena_alloc(s->rq->mem, sizeof(*f));
	f->href = arena_strdup(s->rq->mem, c->href);
	*s->tail = f;
	s->tail = &f->next;
}

static int try_account(const struct account *a, void *arg)
{
	struct search *s = arg;
	cleanup_arena struct arena *mem = arena_create();

	if (!a->removed)
		try_candidate(s, &(struct candidate){ .mem = mem, .href = principal_href(mem, a->name),
			.name = a->displayname && *a->displayname ? a->displayname : a->name,
			.type = "INDIVIDUAL", .addresses = a->addresses });
	return 0;
}

/* First by what is written, which is cheap; rights are looked up for those who match. */
static int run_search(struct search *s, struct hits *h, struct err *e)
{
	const struct dav_group *groups = s->groups ? s->rq->dav->settings.groups : NULL;

	s->tail = &s->first;
	if (s->users && store_accounts(s->rq->store, try_account, s, e) < 0)
		return -1;
	for (const struct dav_group *g = groups; g && g->name; g++) {
		cleanup_arena struct arena *mem = arena_create();

		try_candidate(s, &(struct candidate){ .mem = mem, .href = group_href(mem, g->name),
			.name = g->name, .type = "GROUP" });
	}
	for (const struct found *f = s->first; f; f = f->next)
		if (add_hit(h, f->href, e) < 0)
			return -1;
	return 0;
}

/* ---- principal-property-search (RFC 3744 9.4) ---- */

/* CalendarServer's attribute of <match>; without it, the RFC's: anywhere. */
static enum how read_how(const struct xml_node *match)
{
	static const struct { const char *name; enum how how; } rows[] = {
		{ "starts-with", HOW_STARTS }, { "ends-with", HOW_ENDS }, { "equals", HOW_EQUALS },
		{ "is", HOW_EQUALS },
	};
	const char *type = xml_attr(match, "match-type");

	for (size_t i = 0; type && i < ARRAY_SIZE(rows); i++)
		if (strcmp(type, rows[i].name) == 0)
			return rows[i].how;
	return HOW_CONTAINS;
}

static enum field searchable_field(const struct xml_node *x)
{
	for (size_t i = 0; i < ARRAY_SIZE(searchables); i++)
		if (xml_is(x, searchables[i].ns, searchables[i].name))
			return searchables[i].field;
	return FIELD_NONE; /* which nobody meets */
}

static size_t count_criteria(const struct xml_node *root)
{
	size_t n = 0;

	for (const struct xml_node *s = xml_find(root, NS_DAV, "property-search"); s; s = xml_next_same(s))
		for (const struct xml_node *x = xml_child(xml_find(s, NS_DAV, "prop")); x; x = xml_next(x))
			n++;
	return n;
}

/* Each property of each <property-search> is one criterion. */
static int read_criteria(struct dav_request *rq, const struct xml_node *root, struct search *out)
{
	const char *test = xml_attr(root, "test");
	size_t n = count_criteria(root);

	if (!n)
		return fail(rq, 400, "nothing to search for");
	if (n > rq->dav->settings.filters)
		return fail(rq, 403, "more than %zu criteria", rq->dav->settings.filters);
	struct criterion *k = arena_array(rq->mem, n, sizeof(*k));
	*out = (struct search){ .rq = rq, .criteria = k, .match = match_criteria, .users = true,
		.groups = true, .any = test && strcmp(test, "anyof") == 0 };
	for (const struct xml_node *s = xml_find(root, NS_DAV, "property-search"); s; s = xml_next_same(s)) {
		const struct xml_node *match = xml_find(s, NS_DAV, "match");

		if (!match)
			return fail(rq, 400, "DAV:property-search without DAV:match");
		for (const struct xml_node *x = xml_child(xml_find(s, NS_DAV, "prop")); x; x = xml_next(x))
			k[out->count++] = (struct criterion){ searchable_field(x), read_how(match),
				casefold(xml_text_trim(match, rq->mem), rq->mem) };
	}
	return 0;
}

/* Principals are below / and /principals/, and nowhere else. */
static bool has_principals(const struct dav_request *rq)
{
	return rq->target.kind & (RES_ROOT | RES_PRINCIPALS);
}

int report_principal_search(struct dav_request *rq, const struct xml_node *root)
{
	struct hits h = { .rq = rq, .plan = plan_create(rq), .max = rq->dav->settings.results };
	struct prop_list *props;
	struct search s;
	struct err e;

	int refused = read_props(rq, root, &props);
	if (!refused)
		refused = read_criteria(rq, root, &s);
	if (refused)
		return refused;
	bool everywhere = xml_find(root, NS_DAV, "apply-to-principal-collection-set") != NULL;
	if ((everywhere || has_principals(rq)) && run_search(&s, &h, &e) < 0)
		return fail_err(rq, &e);
	return plan_answer(rq, h.plan, props, NULL);
}

/* ---- principal-search-property-set (9.5) ---- */

int report_searchable(struct dav_request *rq, const struct xml_node *root)
{
	struct response *res = rq->http->res;
	struct xmlw w;

	(void)root;
	int refused = check_depth(rq);
	if (refused)
		return refused;
	res->status = 200;
	response_header(res, "Content-Type", "application/xml; charset=utf-8");
	writer_begin(rq, &w, &res->body);
	xmlw_root(&w, NS_DAV, "principal-search-property-set");
	for (size_t i = 0; i < ARRAY_SIZE(searchables); i++) {
		xmlw_start(&w, NS_DAV, "principal-search-property");
		xmlw_start(&w, NS_DAV, "prop");
		xmlw_empty(&w, searchables[i].ns, searchables[i].name);
		xmlw_end(&w);
		xmlw_start(&w, NS_DAV, "description");
		xmlw_attr(&w, "xml:lang", "en");
		xmlw_text(&w, searchables[i].description);
		xmlw_end(&w);
		xmlw_end(&w);
	}
	xmlw_end(&w);
	return 200;
}

/* ---- calendarserver-principal-search ---- */

/* Each word stands somewhere in the name, or in an address. */
static bool match_words(const struct search *s, const struct candidate *c)
{
	for (size_t i = 0; i < s->count; i++) {
		struct criterion k = s->criteria[i];

		if (compare(c, c->name, &k) || compare_addresses(c, "", &k))
			continue;
		return false;
	}
	return true;
}

static int read_words(struct dav_request *rq, const struct xml_node *root, struct search *out)
{
	const char *context = xml_attr(root, "context");
	size_t n = 0;

	for (const struct xml_node *x = xml_find(root, NS_CS, "search-token"); x; x = xml_next_same(x))
		n++;
	if (!n)
		return fail(rq, 400, "nothing to search for");
	if (n > rq->dav->settings.filters)
		return fail(rq, 403, "more than %zu words", rq->dav->settings.filters);
	struct criterion *k = arena_array(rq->mem, n, sizeof(*k));
	*out = (struct search){ .rq = rq, .criteria = k, .match = match_words };
	for (const struct xml_node *x = xml_find(root, NS_CS, "search-token"); x; x = xml_next_same(x))
		k[out->count++] = (struct criterion){ .how = HOW_CONTAINS,
			.text = casefold(xml_text_trim(x, rq->mem), rq->mem) };
	/* There are no rooms and no resources. */
	bool all = !context || strcmp(context, "attendee") == 0;
	out->users = all || strcmp(context, "user") == 0;
	out->groups = all || strcmp(context, "group") == 0;
	return 0;
}

static int read_limit(struct dav_request *rq, const struct xml_node *root, size_t *max)
{
	const struct xml_node *limit = xml_find(root, NS_CS, "limit");
	const struct xml_node *n = xml_find(limit, NS_CS, "nresults");
	uint64_t wanted;

	*max = rq->dav->settings.results;
	if (!limit)
		return 0;
	if (!n || parse_u64(xml_text_trim(n, rq->mem), 1, UINT64_MAX, &wanted) < 0)
		return fail(rq, 400, "limit without a number");
	if (wanted < *max)
		*max = (size_t)wanted;
	return 0;
}

int report_cs_search(struct dav_request *rq, const struct xml_node *root)
{
	struct hits h = { .rq = rq, .plan = plan_create(rq) };
	struct prop_list *props;
	struct search s;
	struct err e;

	int refused = read_props(rq, root, &props);
	if (!refused)
		refused = read_words(rq, root, &s);
	if (!refused)
		refused = read_limit(rq, root, &h.max);
	if (refused)
		return refused;
	if (run_search(&s, &h, &e) < 0)
		return fail_err(rq, &e);
	return plan_answer(rq, h.plan, props, NULL);
}

/* ---- principal-match (9.3) ---- */

static bool is_below(const struct dav_request *rq, const char *href)
{
	return str_starts(href, rq->target.href) && strlen(href) > strlen(rq->target.href);
}

static int match_self(const char *href, void *arg, struct err *e)
{
	struct hits *h = arg;

	return is_below(h->rq, href) ? add_hit(h, href, e) : 0;
}

static int add_selves(struct hits *h, struct err *e)
{
	struct dav_request *rq = h->rq;
	const char *who = rq->http->who.name;

	if (match_self(principal_href(rq->mem, who), h, e) < 0)
		return -1;
	return principal_visit_memberships(rq, who, rq->mem, match_self, h, e);
}

/* Calendars of the asking user, copied out of the store's walk. */
struct calendars {
	struct hits *h;
	struct own { const char *href; struct own *next; } *first;
};

static int note_calendar(const struct collection *c, void *arg)
{
	struct calendars *l = arg;
	struct arena *mem = l->h->rq->mem;
	struct own *o = arena_alloc(mem, sizeof(*o));

	*o = (struct own){ arena_printf(mem, "%s%s/", home_href(mem, c->owner),
		path_encode_segment(c->name, mem)), l->first };
	l->first = o;
	return 0;
}

struct members { struct hits *h; const struct resource *calendar; };

static int note_object(const struct object *o, void *arg)
{
	struct members *m = arg;
	struct hits *h = m->h;

	if (plan_count(h->plan) == h->max) {
		plan_status(h->plan, h->rq->target.href, 507, PRE_NUMBER_OF_MATCHES);
		h->full = true;
		return 1;
	}
	plan_object(h->plan, m->calendar, o, NULL);
	return 0;
}

/* A calendar, if it is below what was asked, and all that is in it. */
static int add_calendar(struct hits *h, const char *href, struct err *e)
{
	struct resource *res = arena_alloc(h->rq->mem, sizeof(*res));
	struct members m = { h, res };

	if (!is_below(h->rq, href) && strcmp(href, h->rq->target.href) != 0)
		return 0;
	if (resource_resolve(h->rq, href, res, e) < 0)
		return -1;
	if (is_below(h->rq, href) && add_hit(h, href, e) < 0)
		return -1;
	if (!res->exists || h->full)
		return 0;
	return store_list(h->rq->store, res->coll.id, 0, INT64_MIN, INT64_MAX, note_object, &m, NULL, e) < 0
		? -1 : 0;
}

/* What the asking user owns: principal, its groups of delegates, home, calendars, and what is in them. */
static int add_owned(struct hits *h, struct err *e)
{
	struct dav_request *rq = h->rq;
	const char *who = rq->http->who.name;
	const char *fixed[] = { principal_href(rq->mem, who), proxy_href(rq->mem, who, RES_PROXY_READ),
		proxy_href(rq->mem, who, RES_PROXY_WRITE), home_href(rq->mem, who) };
	struct calendars l = { .h = h };

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		if (match_self(fixed[i], h, e) < 0)
			return -1;
	if (store_collections(rq->store, who, note_calendar, &l, e) < 0)
		return -1;
	for (const struct own *o = l.first; o && !h->full; o = o->next)
		if (add_calendar(h, o->href, e) < 0)
			return -1;
	return 0;
}

/* The only properties whose principal isn't the same everywhere are DAV:owner and principal-URL. */
int report_principal_match(struct dav_request *rq, const struct xml_node *root)
{
	const struct xml_node *by = xml_child(xml_find(root, NS_DAV, "principal-property"));
	bool self = xml_find(root, NS_DAV, "self") != NULL;
	struct hits h = { .rq = rq, .plan = plan_create(rq), .max = rq->dav->settings.results };
	struct prop_list *props;
	struct err e;
	int rc = 0;

	int refused = read_props(rq, root, &props);
	if (refused)
		return refused;
	if (self == (by != NULL))
		return fail(rq, 400, "either DAV:self or a DAV:principal-property");
	if (self)
		rc = add_selves(&h, &e);
	else if (xml_is(by, NS_DAV, "owner"))
		rc = add_owned(&h, &e);
	else if (xml_is(by, NS_DAV, "principal-URL"))
		rc = match_self(principal_href(rq->mem, rq->http->who.name), &h, &e);
	return rc < 0 ? fail_err(rq, &e) : plan_answer(rq, h.plan, props, NULL);
}

/* ---- acl-principal-prop-set (9.2) ---- */

/* The URL of an entry's principal; NULL: it has none. */
static const char *ace_href(struct dav_request *rq, const struct ace *ace)
{
	const struct resource *t = &rq->target;

	if (ace->who == ACE_OWNER)
		return principal_href(rq->mem, t->coll.id ? t->coll.owner : t->user);
	return ace->principal;
}

int report_acl_principals(struct dav_request *rq, const struct xml_node *root)
{
	struct hits h = { .rq = rq, .plan = plan_create(rq), .max = rq->dav->settings.results };
	struct prop_list *props;
	const struct ace *ace;
	struct err e;

	int refused = read_props(rq, root, &props);
	if (refused)
		return refused;
	if (access_entries(rq, &rq->target, rq->mem, &ace, &e) < 0)
		return fail_err(rq, &e);
	for (; ace; ace = ace->next) { /* each principal has one entry */
		const char *href = ace_href(rq, ace);

		if (href && add_hit(&h, href, &e) < 0)
			return fail_err(rq, &e);
	}
	return plan_answer(rq, h.plan, props, NULL);
}
