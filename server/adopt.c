#include "server/adopt.h"

#include <string.h>

#include "base/log.h"
#include "base/util.h"

enum { ROUND_FILES = 256, ROUND_BYTES = 32 * 1024 * 1024, OVERTAKEN_MOST = 3 /* rounds */ };

struct round {
	struct arena *mem;
	struct store_found file[ROUND_FILES];
	size_t count;
	bool full;
};

static int collect(const struct store_found *f, void *arg)
{
	struct round *r = arg;
	struct store_found *to = &r->file[r->count++];

	*to = *f;
	to->name = arena_strdup(r->mem, f->name);
	to->body = f->body != NULL ? arena_strndup(r->mem, f->body, f->len) : NULL;
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

enum outcome { TAKEN, LEFT, OVERTAKEN };

static enum outcome adopt_one(const struct site *site, const struct store_found *f, struct search *s,
	int64_t now)
{
	struct event_request rq = site_event_request(site, s->mem, now, true);
	struct event_where at = { &s->found, f->name };
	struct event_result result;
	char reason[ERR_LOGGED_SIZE];
	struct err e;
	int rc;

	rq.found = f;
	rc = find_calendar(rq.store, s, f->collection, &e);
	if (rc == 0)
		rc = f->body != NULL ? event_put(&rq, &at, f->body, f->len, &result, &e)
				     : event_delete(&rq, &at, &result, &e);
	/* else it would be found again at once, and again */
	if (rc == 0 && f->body != NULL && result.unchanged)
		rc = err_set(&e, ERR_DENIED, "nothing of it can be taken in");
	if (rc == 0) {
		log_info("%s/%s/%s: %s on disk, taken in", s->found.owner, s->found.name, f->name,
			f->body != NULL ? "edited" : "removed");
		return TAKEN;
	}
	/* by who edits it, or by the watch or `dedit rescan`, which found it too */
	if (e.code == ERR_BUSY || (f->body == NULL && e.code == ERR_NOT_FOUND)) {
		log_debug("%s, edited on disk, is looked at again: %s", f->name, err_logged(e.text, reason));
		return OVERTAKEN;
	}
	log_warn("%s/%s/%s, edited on disk: %s", s->found.owner ? s->found.owner : "",
		s->found.name ? s->found.name : "", f->name, err_logged(e.text, reason));
	return LEFT;
}

/* What is gone first: under its new name a renamed file has the same UID. */
static void adopt_all(const struct site *site, const struct round *r, bool gone, struct search *s,
	int64_t now, size_t count[])
{
	for (size_t i = 0; i < r->count; i++) {
		if ((r->file[i].body == NULL) == gone)
			count[adopt_one(site, &r->file[i], s, now)]++;
	}
}

/* One bounded round; *more: there may be others; *overtaken: some were, and are left so far. */
static int adopt_round(const struct site *site, store_id collection, int64_t now,
	struct adopted *out, bool *more, bool *overtaken, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct round *r = arena_alloc(mem, sizeof(*r));
	size_t gone[OVERTAKEN + 1] = { 0 }, there[OVERTAKEN + 1] = { 0 };
	struct search s = { .mem = mem };

	r->mem = mem;
	if (store_scan(site->dav.store, collection, collect, r, e) < 0)
		return -1;
	adopt_all(site, r, true, &s, now, gone);
	adopt_all(site, r, false, &s, now, there);
	out->taken += gone[TAKEN] + there[TAKEN];
	*overtaken = gone[OVERTAKEN] + there[OVERTAKEN] > 0;
	out->left = gone[LEFT] + there[LEFT] + gone[OVERTAKEN] + there[OVERTAKEN];
	/* What can't be taken in is found again: without progress there is nothing more to do. What was taken
	 * for removed may be back by now, as part of a backup that is put back. */
	*more = r->full ? gone[TAKEN] + there[TAKEN] > 0 : gone[TAKEN] > 0;
	return 0;
}

int adopt_files(const struct site *site, store_id collection, int64_t now, struct adopted *out,
	struct err *e)
{
	bool more = true, overtaken = false;

	*out = (struct adopted){ 0 };
	for (int again = 0; more || (overtaken && again < OVERTAKEN_MOST); again += overtaken) {
		if (adopt_round(site, collection, now, out, &more, &overtaken, e) != 0)
			return -1;
	}
	return 0;
}
