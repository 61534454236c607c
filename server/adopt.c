#include "server/adopt.h"

#include <string.h>

#include "base/log.h"
#include "base/util.h"

enum { ROUND_FILES = 256, ROUND_BYTES = 32 * 1024 * 1024 };

struct found { store_id collection; const char *name, *body; size_t len; };

struct round {
	struct arena *mem;
	struct found file[ROUND_FILES];
	size_t count;
	bool full;
};

static int collect(const struct store_found *f, void *arg)
{
	struct round *r = arg;
	struct found *to = &r->file[r->count++];

	to->collection = f->collection;
	to->name = arena_strdup(r->mem, f->name);
	to->body = f->body != NULL ? arena_strndup(r->mem, f->body, f->len) : NULL;
	to->len = f->len;
	r->full = r->count == ROUND_FILES || arena_used(r->mem) > ROUND_BYTES;
	return r->full ? 1 : 0;
}

/* The calendar of the file before is usually that of the next. */
struct search { store_id id; struct arena *mem; struct collection found; };

static int match_id(const struct collection *c, void *arg)
{
	struct search *s = arg;

	if (c->id != s->id)
		return 0;
	s->found = *c;
	s->found.owner = arena_strdup(s->mem, c->owner);
	s->found.name = arena_strdup(s->mem, c->name);
	return 1;
}

static int find_calendar(struct store *store, struct search *s, store_id id, struct err *e)
{
	int rc;

	if (s->found.id == id)
		return 0;
	s->id = id;
	rc = store_collections(store, NULL, match_id, s, e);
	return rc == 0 ? err_set(e, ERR_NOT_FOUND, "the calendar is gone") : rc == 1 ? 0 : -1;
}

/* 0: taken in; 1: the watch and `dedit rescan` found the same file gone, and the other was first. */
static int adopt_one(const struct site *site, const struct found *f, struct search *s, int64_t now,
	struct err *e)
{
	struct event_request rq = site_event_request(site, s->mem, now, true);
	struct event_where at = { &s->found, f->name };
	struct event_result result;
	char reason[ERR_LOGGED_SIZE];
	int rc;

	if (find_calendar(rq.store, s, f->collection, e) != 0)
		return -1;
	rc = f->body != NULL ? event_put(&rq, &at, f->body, f->len, &result, e)
			     : event_delete(&rq, &at, &result, e);
	if (rc != 0 && f->body == NULL && e->code == ERR_NOT_FOUND)
		return 1;
	/* else it would be found again at once, and again */
	if (rc == 0 && f->body != NULL && result.unchanged)
		rc = err_set(e, ERR_DENIED, "nothing of it can be taken in");
	if (rc != 0)
		log_warn("%s/%s/%s, edited on disk: %s", s->found.owner, s->found.name, f->name,
			err_logged(e->text, reason));
	else
		log_info("%s/%s/%s: %s on disk, taken in", s->found.owner, s->found.name, f->name,
			f->body != NULL ? "edited" : "removed");
	return rc;
}

/* What is gone first: under its new name a renamed file has the same UID. */
static void adopt_all(const struct site *site, const struct round *r, bool gone, struct search *s,
	int64_t now, struct adopted *out)
{
	struct err ignored;
	int rc;

	for (size_t i = 0; i < r->count; i++) {
		if ((r->file[i].body == NULL) != gone)
			continue;
		rc = adopt_one(site, &r->file[i], s, now, &ignored);
		out->taken += rc == 0;
		out->left += rc < 0;
	}
}

/* One bounded round; *more: there may be others. */
static int adopt_round(const struct site *site, store_id collection, int64_t now,
	struct adopted *out, bool *more, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct round *r = arena_alloc(mem, sizeof(*r));
	struct search s = { .mem = mem };
	size_t before = out->taken;
	bool again;

	r->mem = mem;
	if (store_scan(site->dav.store, collection, collect, r, e) < 0)
		return -1;
	out->left = 0;
	adopt_all(site, r, true, &s, now, out);
	/* one whose event went may be back by now, as part of a backup that is put back */
	again = r->full || out->taken > before;
	adopt_all(site, r, false, &s, now, out);
	/* What can't be taken in is found again: without progress there is nothing more to do. */
	*more = again && out->taken > before;
	return 0;
}

int adopt_files(const struct site *site, store_id collection, int64_t now, struct adopted *out,
	struct err *e)
{
	bool more = true;

	*out = (struct adopted){ 0 };
	while (more) {
		if (adopt_round(site, collection, now, out, &more, e) != 0)
			return -1;
	}
	return 0;
}
