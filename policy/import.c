#include "policy/import.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"

enum { THREADS = 8 };

struct import {
	const struct import_plan *plan;
	struct store_info info;
	atomic_size_t next;
	atomic_bool broken;       /* no more is tried */
	pthread_mutex_t lock;     /* of told() */
};

static void tell(struct import *im, enum import_outcome outcome, uint64_t line, const char *uid,
	enum errcode code, const char *reason)
{
	struct import_told told = { outcome, line, uid, code, reason };

	pthread_mutex_lock(&im->lock);
	if (im->plan->told(&told, im->plan->arg) != 0)
		atomic_store(&im->broken, true);
	pthread_mutex_unlock(&im->lock);
}

/* "line 7: …" is of the object; who reads it has the file. */
static void refuse(struct import *im, const struct ical_piece *p, const char *uid, const struct err *e)
{
	uint64_t line = p->line, number;
	const char *text = e->text;
	size_t digits = str_starts(text, "line ") ? strspn(text + 5, "0123456789") : 0;

	if (digits > 0 && text[5 + digits] == ':' &&
		parse_u64n(text + 5, digits, 1, UINT32_MAX, &number) == 0) {
		line = ical_piece_line(p, (unsigned)number);
		text += 5 + digits + 1;
		text += strspn(text, " ");
	}
	tell(im, IMPORT_REFUSED, line, uid, e->code, text);
}

/* The object's own UID; "" if it can't be read, which event_put() will say better. */
static const char *uid_of(const struct import *im, const struct ical_piece *p, struct arena *mem)
{
	const struct ical_line *l;
	struct ical *ic;

	if (ical_parse(p->body, p->len, im->plan->rq->limits, mem, &ic, NULL) != 0 || ical_first(ic) == NULL)
		return "";
	l = ical_prop(ic, ical_first(ic), "UID");
	return l != NULL ? l->value : "";
}

/* Where the UID stands already, else a name made of it. */
static int find_place(const struct import *im, const char *uid, struct arena *mem, const char **name,
	bool *there, struct err *e)
{
	struct object row;
	char digest[DIGEST_SIZE];

	*there = store_find_uid(im->plan->rq->store, im->plan->calendar->id, uid, mem, &row, e) == 0;
	if (!*there && e->code != ERR_NOT_FOUND)
		return -1;
	digest_short(uid, strlen(uid), digest);
	*name = *there ? row.name : arena_printf(mem, "%s.ics", digest);
	return 0;
}

static int put(struct import *im, const struct ical_piece *p, const char *name, struct arena *mem,
	struct err *e)
{
	struct event_request rq = *im->plan->rq;
	struct event_where at = { im->plan->calendar, name };
	struct event_result result;

	rq.mem = mem;
	if (event_put(&rq, &at, p->body, p->len, &result, e) != 0)
		return -1;
	return result.denied ? err_set(e, ERR_DENIED, "%s", result.reason) : 0;
}

static void import_object(struct import *im, size_t n)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct event_request *rq = im->plan->rq;
	const char *uid, *name;
	struct ical_piece p;
	struct err e;
	bool there;

	if (ical_split_read(im->plan->split, n, rq->limits, im->info.host, rq->now, mem, &p, &e) != 0) {
		refuse(im, &p, "", &e);
		return;
	}
	uid = uid_of(im, &p, mem);
	if (find_place(im, uid, mem, &name, &there, &e) != 0) {
		atomic_store(&im->broken, true);
		refuse(im, &p, uid, &e);
	} else if (there && !im->plan->replace) {
		tell(im, IMPORT_SKIPPED, p.line, uid, ERR_NONE, NULL);
	} else if (put(im, &p, name, mem, &e) != 0) {
		if (e.code == ERR_IO || e.code == ERR_CORRUPT || e.code == ERR_FULL)
			atomic_store(&im->broken, true);
		refuse(im, &p, uid, &e);
	} else {
		tell(im, there ? IMPORT_REPLACED : IMPORT_NEW, p.line, uid, ERR_NONE, NULL);
	}
}

static void *import_some(void *arg)
{
	struct import *im = arg;
	size_t count = ical_split_count(im->plan->split), n;

	while (!atomic_load(&im->broken) && (n = atomic_fetch_add(&im->next, 1)) < count)
		import_object(im, n);
	return NULL;
}

void import_run(const struct import_plan *plan, bool *whole)
{
	struct import im = { .plan = plan };
	pthread_t threads[THREADS];
	size_t started = 0;

	store_info(plan->rq->store, &im.info);
	pthread_mutex_init(&im.lock, NULL);
	while (started < THREADS && pthread_create(&threads[started], NULL, import_some, &im) == 0)
		started++;
	if (started == 0)
		import_some(&im);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	pthread_mutex_destroy(&im.lock);
	*whole = !atomic_load(&im.broken);
}
