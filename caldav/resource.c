/* URLs: the only place that knows what a path means and how one is written. */
#include "caldav/dav.h"

#include <string.h>

#include "base/util.h"
#include "caldav/principal.h"
#include "http/origin.h"

enum { PATH_BYTES = 2048, SEGMENTS = 4 };

/* A path cut at its slashes; `//` counts as one. */
struct path {
	char *part[SEGMENTS]; /* decoded */
	size_t count;         /* SEGMENTS + 1: too deep to be anything */
	bool slash;           /* ended in one */
};

/* Keeps what the client wrote, so that it finds its own spelling in the answer (asks.md 21). */
static void add_spelling(struct buf *out, const char *raw, size_t len)
{
	static const char keep[] = "%-._~!$&'()*+,=:@";

	buf_addc(out, '/');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)raw[i];

		if (ascii_isalnum(c) || (c && strchr(keep, c)))
			buf_addc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

/* spelling: the path as sent, without `//`, what may not stand in a URL encoded. */
static int path_split(struct arena *mem, const char *raw, struct path *out, struct buf *spelling,
	struct err *e)
{
	while (*raw) {
		size_t len = strcspn(raw, "/");
		char *part;

		if (len > 0) {
			if (path_decode_segment(raw, len, mem, &part) < 0)
				return err_set(e, ERR_INVALID, "malformed path");
			if (out->count < SEGMENTS)
				out->part[out->count] = part;
			if (out->count <= SEGMENTS)
				out->count++;
			add_spelling(spelling, raw, len);
		}
		raw += len;
		out->slash = *raw == '/';
		raw += out->slash;
	}
	return 0;
}

bool resource_is_calendar_path(const char *path)
{
	static const char homes[] = "calendars";

	path += strspn(path, "/");
	return str_starts(path, homes) && (path[sizeof(homes) - 1] == '/' || !path[sizeof(homes) - 1]);
}

bool resource_is_event_path(const char *path)
{
	size_t parts = 0;

	if (!resource_is_calendar_path(path))
		return false;
	while (*path) {
		size_t len = strcspn(path, "/");

		parts += len > 0;
		path += len;
		if (*path && !path[1])
			return false;
		path += *path == '/';
	}
	return parts == SEGMENTS;
}

char *principal_href(struct arena *mem, const char *user)
{
	return arena_printf(mem, "/principals/%s/", path_encode_segment(user, mem));
}

char *home_href(struct arena *mem, const char *user)
{
	return arena_printf(mem, "/calendars/%s/", path_encode_segment(user, mem));
}

char *resource_object_href(struct arena *mem, const struct resource *calendar, const char *name)
{
	return arena_printf(mem, "%s%s", calendar->href, path_encode_segment(name, mem));
}

void resource_object(struct arena *mem, const struct resource *calendar, const struct object *row,
	struct resource *out)
{
	*out = *calendar;
	out->kind = RES_OBJECT;
	out->href = resource_object_href(mem, calendar, row->name);
	out->name = row->name;
	out->object = *row;
	out->privileges = access_member(calendar->privileges);
}

/* ---- what is there ---- */

static int account_exists(struct dav_request *rq, struct resource *res, struct err *e)
{
	const struct principal *who = &rq->http->who;

	if (who->name && strcmp(who->name, res->user) == 0) {
		res->account = (struct account){ .name = who->name, .displayname = who->displayname,
			.language = who->language, .addresses = who->addresses };
		res->exists = true;
		return 0;
	}
	if (store_account(rq->store, res->user, rq->mem, &res->account, e) < 0)
		return e->code == ERR_NOT_FOUND ? 0 : -1;
	res->exists = !res->account.removed;
	res->account.password = NULL;
	res->account.tokens = NULL;
	res->account.token_count = 0;
	return 0;
}

static int find_principal(struct dav_request *rq, struct resource *res, struct err *e)
{
	bool visible;

	if (access_principal(rq, res->user, &visible, e) < 0)
		return -1;
	if (!visible)
		return 0;
	res->privileges = access_public(rq, res);
	return account_exists(rq, res, e);
}

static int find_group(struct dav_request *rq, struct resource *res, struct err *e)
{
	const struct dav_group *group = dav_group_find(&rq->dav->settings, group_of_segment(res->segment));

	if (!group || access_group(rq, group, &res->exists, e) < 0)
		return group ? -1 : 0;
	if (!res->exists)
		return 0;
	res->group = group;
	res->privileges = access_public(rq, res);
	return 0;
}

static int find_home(struct dav_request *rq, struct resource *res, struct err *e)
{
	if (access_home(rq, res->user, &res->privileges, e) < 0)
		return -1;
	if (!res->privileges)
		return 0;
	return account_exists(rq, res, e);
}

static int note_share(const struct share *s, void *arg)
{
	bool *shared = arg;

	*shared = s->access != SHARE_FREE_BUSY;
	return 0;
}

static int is_shared_to(struct dav_request *rq, const struct collection *c, const char *user, bool *out,
	struct err *e)
{
	*out = false;
	return store_shares(rq->store, c->id, user, note_share, out, e) < 0 ? -1 : 0;
}

/* Whose own displayname and colour count where `user`'s home shows it (15.16). Who acts for the owner in
 * writing sets the owner's. */
static int find_reader(struct dav_request *rq, const struct collection *c, const char *user,
	const char **out, struct err *e)
{
	enum share_access acting;

	*out = user;
	if (strcmp(c->owner, user) != 0)
		return 0;
	*out = "";
	if (rq->http->who.admin || strcmp(c->owner, rq->http->who.name) == 0)
		return 0;
	if (access_acts_for(rq, c->owner, &acting, e) < 0)
		return -1;
	if (acting != SHARE_WRITE)
		*out = rq->http->who.name;
	return 0;
}

bool resource_home_shows(const struct dav_request *rq, const char *user, const char *owner)
{
	const struct principal *who = &rq->http->who;

	return strcmp(owner, user) == 0 || who->admin || strcmp(who->name, user) == 0;
}

/* The row behind a calendar's segment; ERR_NOT_FOUND if there is none, or none in this home. */
static int find_row(struct dav_request *rq, struct resource *res, struct collection *row, struct err *e)
{
	const char *tilde = strchr(res->segment, '~');
	bool shared;

	if (!tilde)
		return store_collection(rq->store, res->user, res->segment, rq->mem, row, e);
	char *owner = arena_strndup(rq->mem, res->segment, (size_t)(tilde - res->segment));
	ascii_lower(owner);
	if (!resource_home_shows(rq, res->user, owner) || strcmp(owner, res->user) == 0)
		return err_set(e, ERR_NOT_FOUND, "not in this home");
	if (store_collection(rq->store, owner, tilde + 1, rq->mem, row, e) < 0)
		return -1;
	if (is_shared_to(rq, row, res->user, &shared, e) < 0)
		return -1;
	return shared ? 0 : err_set(e, ERR_NOT_FOUND, "not shared");
}

/* Sets coll, privileges, reader; coll.id stays 0 if the asking user sees no such calendar. */
static int find_calendar(struct dav_request *rq, struct resource *res, struct err *e)
{
	const struct resource *t = &rq->target;
	struct collection row;
	unsigned mask;

	if (t->kind == RES_CALENDAR && t->coll.id && strcmp(t->user, res->user) == 0
		&& strcmp(t->segment, res->segment) == 0) {
		res->coll = t->coll;
		res->privileges = t->privileges;
		res->reader = t->reader;
		return 0;
	}
	if (find_row(rq, res, &row, e) < 0)
		return e->code == ERR_NOT_FOUND ? 0 : -1;
	if (access_calendar(rq, &row, &mask, e) < 0)
		return -1;
	if (!mask)
		return 0;
	res->coll = row;
	res->privileges = mask;
	return find_reader(rq, &row, res->user, &res->reader, e);
}

static int find_existing_calendar(struct dav_request *rq, struct resource *res, struct err *e)
{
	struct resource home = { .user = res->user };

	if (find_calendar(rq, res, e) < 0)
		return -1;
	res->exists = res->coll.id != 0;
	res->parent_exists = res->exists;
	if (res->exists)
		return 0;
	if (find_home(rq, &home, e) < 0)
		return -1;
	res->parent_exists = home.exists;
	res->privileges = home.exists ? home.privileges : 0;
	return 0;
}

static int find_object(struct dav_request *rq, struct resource *res, struct err *e)
{
	if (find_calendar(rq, res, e) < 0)
		return -1;
	if (!(res->privileges & PRIV_READ)) { /* free-busy alone tells of no object */
		res->coll = (struct collection){ 0 };
		res->privileges = 0;
		return 0;
	}
	res->parent_exists = true;
	res->privileges = access_member(res->privileges);
	if (store_find(rq->store, res->coll.id, res->name, rq->mem, &res->object, e) < 0)
		return e->code == ERR_NOT_FOUND ? 0 : -1;
	res->exists = true;
	return 0;
}

const char *resource_calendar_segment(struct arena *mem, const struct resource *home,
	const struct collection *row)
{
	if (strcmp(row->owner, home->user) == 0)
		return row->name;
	return arena_printf(mem, "%s~%s", row->owner, row->name);
}

char *resource_calendar_href(struct arena *mem, const struct resource *home, const struct collection *row)
{
	const char *segment = resource_calendar_segment(mem, home, row);

	return arena_printf(mem, "%s%s/", home->href, path_encode_segment(segment, mem));
}

int resource_calendar(struct dav_request *rq, const struct resource *home, const struct collection *row,
	struct resource *out, struct err *e)
{
	*out = (struct resource){ .kind = RES_CALENDAR, .exists = true, .parent_exists = true,
		.user = home->user, .coll = *row };
	out->segment = resource_calendar_segment(rq->mem, home, row);
	out->href = resource_calendar_href(rq->mem, home, row);
	if (!resource_home_shows(rq, home->user, row->owner))
		return 0; /* no privileges */
	if (find_reader(rq, row, home->user, &out->reader, e) < 0)
		return -1;
	return access_calendar(rq, row, &out->privileges, e);
}

struct home_rows {
	struct arena *mem;
	struct home_row { struct collection row; struct home_row *next; } *first, **tail;
};

/* Copied out of the store's walk, within which no other question may be asked. */
static int note_row(const struct collection *c, void *arg)
{
	struct home_rows *rows = arg;
	struct home_row *copy = arena_alloc(rows->mem, sizeof(*copy));

	*copy = (struct home_row){ .row = *c };
	copy->row.owner = arena_strdup(rows->mem, c->owner);
	copy->row.name = arena_strdup(rows->mem, c->name);
	*rows->tail = copy;
	rows->tail = &copy->next;
	return 0;
}

int resource_home_calendars(struct dav_request *rq, const struct resource *home, struct home_calendar **out,
	uint64_t *seq, struct err *e)
{
	struct home_rows rows = { .mem = rq->mem };

	rows.tail = &rows.first;
	*out = NULL;
	if (store_home(rq->store, home->user, note_row, &rows, seq, e) < 0)
		return -1;
	for (const struct home_row *r = rows.first; r; r = r->next) {
		struct home_calendar *c = arena_alloc(rq->mem, sizeof(*c));

		c->next = NULL;
		if (resource_calendar(rq, home, &r->row, &c->res, e) < 0)
			return -1;
		if (!(c->res.privileges & PRIV_READ)) /* a delegate doesn't see what others share with the owner */
			continue;
		*out = c;
		out = &c->next;
	}
	return 0;
}

/* ---- from a path ---- */

static enum resource_kind principal_kind(const struct path *p)
{
	switch (p->count) {
	case 1:
		return RES_PRINCIPALS;
	case 2:
		return group_of_segment(p->part[1]) ? RES_GROUP : RES_PRINCIPAL;
	case 3:
		return proxy_kind(p->part[2]);
	default:
		return RES_UNKNOWN;
	}
}

/* Which kind a path's form says. */
static enum resource_kind path_kind(const struct path *p)
{
	if (p->count == 0)
		return RES_ROOT;
	if (strcmp(p->part[0], "principals") == 0)
		return principal_kind(p);
	if (strcmp(p->part[0], "calendars") != 0)
		return RES_UNKNOWN;
	switch (p->count) {
	case 1:
		return RES_HOMES;
	case 2:
		return RES_HOME;
	case 3:
		return RES_CALENDAR;
	case 4:
		return p->slash ? RES_UNKNOWN : RES_OBJECT;
	default:
		return RES_UNKNOWN;
	}
}

static int find_by_kind(struct dav_request *rq, struct resource *res, struct err *e)
{
	switch (res->kind) {
	case RES_ROOT:
	case RES_PRINCIPALS:
	case RES_HOMES:
		res->exists = true;
		res->privileges = access_public(rq, res);
		return 0;
	case RES_GROUP:
		return find_group(rq, res, e);
	case RES_PROXY_READ:
	case RES_PROXY_WRITE:
	case RES_PRINCIPAL:
		return find_principal(rq, res, e);
	case RES_HOME:
		return find_home(rq, res, e);
	case RES_CALENDAR:
		return find_existing_calendar(rq, res, e);
	case RES_OBJECT:
		return find_object(rq, res, e);
	default:
		return 0;
	}
}

int resource_parse(struct dav_request *rq, const char *path, struct resource *out, struct err *e)
{
	struct path p = { 0 };
	struct resource res = { .reader = "" };

	if (path[0] != '/' || strlen(path) > PATH_BYTES)
		return err_set(e, ERR_INVALID, "malformed path");
	cleanup_buf struct buf spelling;
	buf_init(&spelling, PATH_BYTES + 1);
	if (path_split(rq->mem, path, &p, &spelling, e) < 0)
		return -1;
	res.kind = path_kind(&p);
	if (res.kind & RES_COLLECTIONS)
		buf_addc(&spelling, '/');
	if (spelling.full) /* as it is told to clients they couldn't ask for it again */
		return err_set(e, ERR_INVALID, "malformed path");
	res.href = arena_strndup(rq->mem, spelling.data, spelling.len);
	if (res.kind == RES_GROUP)
		res.segment = p.part[1];
	if (res.kind & (RES_PRINCIPAL | RES_PROXIES | RES_HOME | RES_CALENDAR | RES_OBJECT)) {
		ascii_lower(p.part[1]);
		res.user = p.part[1];
		res.segment = p.part[2];
		res.name = p.part[3];
	}
	*out = res;
	return 0;
}

int resource_resolve(struct dav_request *rq, const char *path, struct resource *out, struct err *e)
{
	struct resource res;

	if (resource_parse(rq, path, &res, e) < 0 || find_by_kind(rq, &res, e) < 0)
		return -1;
	*out = res;
	return 0;
}

int resource_parent(struct dav_request *rq, const struct resource *res, struct resource *out,
	struct err *e)
{
	size_t len = strlen(res->href);

	while (len > 1 && res->href[len - 1] == '/')
		len--;
	while (len > 1 && res->href[len - 1] != '/')
		len--;
	return resource_resolve(rq, arena_strndup(rq->mem, res->href, len), out, e);
}

/* ---- from an href ---- */

const char *resource_href_path(struct dav_request *rq, const char *href)
{
	const char *path = href;

	if (origin_is_uri(href)) {
		path = origin_path(rq->http, href, rq->dav->settings.public_url);
		if (!path)
			return NULL;
		if (*path != '/')
			path = "/";
	}
	if (*path != '/')
		return NULL;
	path = arena_strndup(rq->mem, path, strcspn(path, "?#"));
	return path_below(rq->http->base, path);
}
