#include "caldav/publish.h"

#include <string.h>

#include "http/feed_link.h"

static const char publish[] = "publish-calendar", unpublish[] = "unpublish-calendar";

struct published {
	const char *id;
	char token[PUBLISHED_TOKEN_SIZE];
	bool known;             /* the token is this feed's: else the store's key was another one then */
	struct published *next;
};

/* The feeds of a calendar. */
struct feeds {
	struct arena *mem;
	struct store_info info;
	size_t count;            /* those of `dedit feed` too */
	struct published *first; /* those alone that programs made */
};

static int note_feed(const struct feed *f, void *arg)
{
	struct feeds *feeds = arg;
	char hash[CHAIN_SIZE];

	feeds->count++;
	if (!(f->flags & FEED_PUBLISHED))
		return 0;
	struct published *p = arena_alloc(feeds->mem, sizeof(*p));
	*p = (struct published){ .id = arena_strdup(feeds->mem, f->id), .next = feeds->first };
	feed_published_token(&feeds->info, f->id, p->token);
	digest_chain(p->token, strlen(p->token), hash);
	p->known = strcmp(hash, f->hash) == 0;
	feeds->first = p;
	return 0;
}

static int read_feeds(struct dav_request *rq, const struct collection *c, struct arena *mem,
	struct feeds *out, struct err *e)
{
	*out = (struct feeds){ .mem = mem };
	store_info(rq->store, &out->info);
	return store_feeds(rq->store, c->id, note_feed, out, e);
}

static const struct published *published(const struct feeds *feeds)
{
	const struct published *p = feeds->first;

	while (p && !p->known)
		p = p->next;
	return p;
}

/* ---- properties ---- */

/* 200, or what the property is to others. */
static int status_for(struct propctx *c)
{
	bool may;
	struct err e;

	if (access_publishes(c->rq, &c->res->coll, &may, &e) < 0)
		return 500;
	return may ? 200 : 404;
}

int get_publish_url(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	const char *server = c->rq->dav->settings.public_url, *base = c->rq->http->base;
	struct feeds feeds;
	struct err e;
	int status = status_for(c);

	(void)p;
	if (status != 200)
		return status;
	if (read_feeds(c->rq, &c->res->coll, c->mem, &feeds, &e) < 0)
		return 500;
	const struct published *feed = published(&feeds);
	if (!feed)
		return 404;
	const char *path = feed_path(c->mem, feed->token, c->res->coll.name);
	xmlw_href(w, server ? arena_printf(c->mem, "%s%s%s", server, base ? base : "", path) : path);
	return 200;
}

int get_sharing_modes(const struct prop *p, struct propctx *c, struct xmlw *w)
{
	int status = status_for(c);

	(void)p;
	if (status == 200)
		xmlw_empty(w, NS_CS, "can-be-published");
	return status;
}

/* ---- POST ---- */

bool is_publishing(const struct xml_node *root)
{
	return xml_is(root, NS_CS, publish) || xml_is(root, NS_CS, unpublish);
}

/* Details, but not what policies wrote into the events: that is for those whom it is about. */
static int add_feed(struct dav_request *rq, const struct feeds *feeds, struct err *e)
{
	char id[FEED_ID_SIZE], token[PUBLISHED_TOKEN_SIZE], hash[CHAIN_SIZE];

	random_word(id, FEED_ID_SIZE - 1);
	feed_published_token(&feeds->info, id, token);
	digest_chain(token, strlen(token), hash);
	secret_zero(token, sizeof(token));
	const struct feed feed = { .id = id, .label = "", .hash = hash, .collection = rq->target.coll.id,
		.flags = FEED_PUBLISHED | FEED_PLAIN, .back = -1, .ahead = -1, .created = rq->http->now };
	return store_feed_put(rq->store, &feed, e);
}

static int remove_feeds(struct dav_request *rq, const struct feeds *feeds, struct err *e)
{
	for (const struct published *p = feeds->first; p; p = p->next)
		if (store_feed_remove(rq->store, p->id, e) < 0 && e->code != ERR_NOT_FOUND)
			return -1;
	return 0;
}

int post_publishing(struct dav_request *rq, const struct xml_node *root)
{
	const struct resource *t = &rq->target;
	bool on = xml_is(root, NS_CS, publish), may;
	struct feeds feeds;
	struct err e;

	if (access_publishes(rq, &t->coll, &may, &e) < 0)
		return fail_err(rq, &e);
	if (!may)
		return refuse_href(rq, PRE_NEED_PRIVILEGES, t->href, "it is its owner's to publish");
	if (read_feeds(rq, &t->coll, rq->mem, &feeds, &e) < 0)
		return fail_err(rq, &e);
	bool add = on && !published(&feeds);
	if (add && feeds.count >= rq->dav->settings.feeds)
		return fail(rq, 507, "the calendar has %zu feeds already", feeds.count);
	if ((add && add_feed(rq, &feeds, &e) < 0) || (!on && remove_feeds(rq, &feeds, &e) < 0))
		return fail_err(rq, &e);
	return rq->http->res->status = 200;
}
