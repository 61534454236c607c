/*
 * Conditional requests: If-Match, If-None-Match, If-Unmodified-Since (RFC 9110 13) and If (RFC 4918
 * 10.4). One place parses them, one function decides. If-Schedule-Tag-Match is not read: no resource
 * has a Schedule-Tag (clients.md, section 1).
 */
#include "caldav/dav.h"

#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "http/etag.h"

enum { IF_LISTS = 64, IF_CONDITIONS = 256, IF_BYTES = 8192 };

/* One condition of an If list: an ETag, or a state token. */
struct if_condition {
	bool negated;
	const char *etag, *token; /* one of them */
	const struct if_condition *next;
};

struct if_list {
	bool other;           /* tagged with another resource than the target */
	const char *there;    /* then: that one's ETag; "" for a collection, NULL if it does not exist */
	const struct resource *about; /* whose state tokens count; NULL: none's */
	const struct if_condition *conditions;
	const struct if_list *next;
};

struct conditions {
	const char *match, *none_match; /* lists of ETags, or NULL */
	const char *unmodified_since;
	bool reads;                     /* GET and HEAD: If-None-Match is a 304, not a 412 */
	const struct if_list *lists;    /* NULL: no If header */
};

/* All header lines of that name as one list (RFC 9110 5.3). */
static const char *joined_header(struct dav_request *rq, const char *name)
{
	size_t i = 0;
	const char *all = request_header_next(rq->http, name, &i);
	const char *more;

	while (all && (more = request_header_next(rq->http, name, &i)))
		all = arena_printf(rq->mem, "%s, %s", all, more);
	return all;
}

/* ---- the If header ---- */

struct if_parser {
	struct dav_request *rq;
	const char *at;
	size_t lists, conditions;
	struct err *e;
};

static void skip_blanks(struct if_parser *p)
{
	p->at += strspn(p->at, " \t");
}

static int malformed(struct if_parser *p)
{
	return err_set(p->e, ERR_INVALID, "malformed If header");
}

/* What stands between the opening character at p->at and `close`. */
static int take_enclosed(struct if_parser *p, char close, const char **out)
{
	const char *end = strchr(p->at + 1, close);

	if (!end || end == p->at + 1)
		return malformed(p);
	*out = arena_strndup(p->rq->mem, p->at + 1, (size_t)(end - p->at - 1));
	p->at = end + 1;
	return 0;
}

/* Condition = ["Not"] (State-token | "[" entity-tag "]") */
static int parse_condition(struct if_parser *p, struct if_condition *c)
{
	if (++p->conditions > IF_CONDITIONS)
		return malformed(p);
	if (ascii_ncasecmp(p->at, "Not", 3) == 0) {
		c->negated = true;
		p->at += 3;
		skip_blanks(p);
	}
	if (*p->at == '<')
		return take_enclosed(p, '>', &c->token);
	if (*p->at == '[')
		return take_enclosed(p, ']', &c->etag);
	return malformed(p);
}

/* List = "(" 1*Condition ")" */
static int parse_list(struct if_parser *p, struct if_list *list)
{
	const struct if_condition **tail = &list->conditions;

	if (++p->lists > IF_LISTS || *p->at != '(')
		return malformed(p);
	p->at++;
	skip_blanks(p);
	do {
		struct if_condition *c = arena_alloc(p->rq->mem, sizeof(*c));

		if (parse_condition(p, c) < 0)
			return -1;
		*tail = c;
		tail = &c->next;
		skip_blanks(p);
	} while (*p->at && *p->at != ')');
	if (*p->at != ')')
		return malformed(p);
	p->at++;
	skip_blanks(p);
	return 0;
}

static bool is_target(const struct dav_request *rq, const struct resource *res)
{
	const struct resource *t = &rq->target;

	if (res->kind != t->kind || res->coll.id != t->coll.id)
		return false;
	if (res->kind == RES_OBJECT)
		return strcmp(res->name, t->name) == 0;
	return strcmp(res->href, t->href) == 0;
}

/* Resource-Tag = "<" Simple-ref ">": the lists behind it speak of that resource. */
static int parse_tag(struct if_parser *p, struct if_list *tagged)
{
	struct resource *res = arena_alloc(p->rq->mem, sizeof(*res));
	const char *uri;

	if (take_enclosed(p, '>', &uri) < 0)
		return -1;
	skip_blanks(p);
	*tagged = (struct if_list){ .other = true };
	const char *path = resource_href_path(p->rq, uri);
	if (!path)
		return 0;
	if (resource_resolve(p->rq, path, res, p->e) < 0)
		return -1;
	tagged->other = !is_target(p->rq, res);
	tagged->about = res;
	if (res->exists)
		tagged->there = arena_strdup(p->rq->mem, res->object.etag);
	return 0;
}

/* If = 1*No-tag-list | 1*Tagged-list */
static int parse_if(struct dav_request *rq, const char *header, struct conditions *out, struct err *e)
{
	struct if_parser p = { .rq = rq, .at = header, .e = e };
	struct if_list tagged = { .about = &rq->target };
	const struct if_list **tail = &out->lists;

	if (strlen(header) > IF_BYTES)
		return malformed(&p);
	skip_blanks(&p);
	do {
		if (*p.at == '<' && parse_tag(&p, &tagged) < 0)
			return -1;
		struct if_list *list = arena_alloc(rq->mem, sizeof(*list));
		*list = tagged;
		if (parse_list(&p, list) < 0)
			return -1;
		*tail = list;
		tail = &list->next;
	} while (*p.at);
	return 0;
}

/*
 * The state tokens there are: the sync-token of a calendar or home, as it is now (RFC 6578 5). There are
 * no locks, and so DAV:no-lock never matches either. A calendar that matched is kept, that the change is
 * made only if it still does then; a home's token moves with anything in any calendar, and is looked at
 * once.
 */
static bool token_matches(struct dav_request *rq, const struct resource *about, const char *token)
{
	struct resource now;

	if (!about || !about->exists || !(about->kind & (RES_CALENDAR | RES_HOME)))
		return false;
	now = *about;
	if (now.kind == RES_CALENDAR && (store_collection(rq->store, about->coll.owner, about->coll.name,
		rq->mem, &now.coll, NULL) < 0 || now.coll.id != about->coll.id))
		return false;
	const char *current = resource_sync_token(rq, rq->mem, &now, NULL);
	if (!current || strcmp(current, token) != 0)
		return false;
	if (now.kind == RES_CALENDAR)
		rq->seen = (struct collection_seen){ now.coll.id, now.coll.seq };
	return true;
}

static bool list_holds(struct dav_request *rq, const struct if_list *list, const char *etag)
{
	for (const struct if_condition *c = list->conditions; c; c = c->next) {
		bool match = c->token ? token_matches(rq, list->about, c->token)
			: etag && *etag && etag_listed(c->etag, etag, false);

		if (match == c->negated)
			return false;
	}
	return true;
}

static bool if_holds(struct dav_request *rq, const char *etag)
{
	const struct conditions *c = rq->conditions;

	for (const struct if_list *l = c->lists; l; l = l->next) {
		rq->seen = (struct collection_seen){ 0 };
		if (list_holds(rq, l, l->other ? l->there : etag))
			return true;
	}
	return c->lists == NULL;
}

/* ---- */

const struct conditions *conditions_parse(struct dav_request *rq, struct err *e)
{
	struct conditions *c = arena_alloc(rq->mem, sizeof(*c));
	const char *header = request_header(rq->http, "If");

	c->match = joined_header(rq, "If-Match");
	c->none_match = joined_header(rq, "If-None-Match");
	c->unmodified_since = request_header(rq->http, "If-Unmodified-Since");
	c->reads = strcmp(rq->http->method, "GET") == 0 || strcmp(rq->http->method, "HEAD") == 0;
	if (header && parse_if(rq, header, c, e) < 0)
		return NULL;
	return c;
}

/* A list of ETags against what is there: "*" is any that exists (RFC 9110 13.1.1). */
static bool listed(const char *list, const struct object *there, bool weak_too)
{
	return there && etag_listed(list, there->etag, weak_too);
}

static bool unmodified(const struct conditions *c, const struct object *there)
{
	int64_t since;

	if (!c->unmodified_since || c->match || !there || http_date_parse(c->unmodified_since, &since) < 0)
		return true;
	return there->mtime <= since;
}

int conditions_check(const struct object *there, void *arg, struct err *e)
{
	struct dav_request *rq = arg;
	const struct conditions *c = rq->conditions;

	if (c->match && !listed(c->match, there, false))
		return err_set(e, ERR_CHANGED, "If-Match does not hold");
	if (c->none_match && !c->reads && listed(c->none_match, there, true))
		return err_set(e, ERR_CHANGED, "If-None-Match does not hold");
	if (!unmodified(c, there))
		return err_set(e, ERR_CHANGED, "If-Unmodified-Since does not hold");
	if (!if_holds(rq, there ? there->etag : NULL))
		return err_set(e, ERR_CHANGED, "If does not hold");
	return 0;
}

bool conditions_not_modified(const struct dav_request *rq, const char *etag)
{
	const char *list = rq->conditions->none_match;

	return list && etag_listed(list, etag, true);
}
