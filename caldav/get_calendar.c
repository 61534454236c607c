/*
 * GET of a calendar: all that is in it as one .ics, for browsers and programs that only read. Listed in
 * one snapshot, written piece by piece with one object in memory.
 */
#include <string.h>

#include "base/util.h"
#include "caldav/prop.h"
#include "caldav/reports.h"

enum {
	PIECE_BYTES = 32 * 1024,      /* a piece ends with the object that passes this */
	PIECE_MAX = 64 * 1024 * 1024, /* one object with its time zones, CRLF instead of LF */
};

struct name { const char *text; struct name *next; };

struct calendar_file {
	struct dav_request *rq;
	struct ical_merge *merge;
	struct name *first, **tail; /* objects that are still to be written */
	bool ended;
	struct buf piece;           /* made, but not yet handed out */
	size_t taken;               /* of it */
};

static int note_name(const struct object *o, void *arg)
{
	struct calendar_file *f = arg;
	struct name *n = arena_alloc(f->rq->mem, sizeof(*n));

	n->text = arena_strdup(f->rq->mem, o->name);
	*f->tail = n;
	f->tail = &n->next;
	return 0;
}

/* What has gone since, or can't be read, costs itself only. */
static int write_object(struct calendar_file *f, const char *name, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf body;
	struct dav_request *rq = f->rq;
	struct object row;
	struct ical *ic;

	buf_init(&body, REPORT_BODY_MAX);
	if (store_body(rq->store, rq->target.coll.id, name, mem, &row, &body, e) < 0)
		return e->code == ERR_NOT_FOUND ? 0 : e->code == ERR_BROKEN ? report_leave_out(rq, name, e) : -1;
	if (report_parse(rq, &body, mem, &ic, e) < 0 || ical_merge_add(f->merge, ic, &f->piece, e) < 0)
		return f->piece.full ? -1 : report_leave_out(rq, name, e);
	return 0;
}

static int make_piece(struct calendar_file *f, struct err *e)
{
	for (; f->first && f->piece.len < PIECE_BYTES; f->first = f->first->next)
		if (write_object(f, f->first->text, e) < 0)
			return -1;
	if (!f->first) {
		ical_merge_end(f->merge, &f->piece);
		f->ended = true;
	}
	return f->piece.full ? err_set(e, ERR_INTERNAL, "a piece passed %d bytes", PIECE_MAX) : 0;
}

static int file_next(void *arg, struct buf *out)
{
	struct calendar_file *f = arg;
	struct err e;

	if (f->taken == f->piece.len && !f->ended) {
		buf_reset(&f->piece);
		f->taken = 0;
		if (make_piece(f, &e) < 0) {
			f->rq->http->res->reason = arena_strdup(f->rq->mem, e.text);
			return -1;
		}
	}
	size_t left = f->piece.len - f->taken, room = out->max - out->len;
	size_t part = left < room ? left : room;
	if (buf_add(out, f->piece.data + f->taken, part) < 0)
		return -1;
	f->taken += part;
	return f->taken < f->piece.len || !f->ended;
}

static void file_free(void *arg)
{
	struct calendar_file *f = arg;

	buf_finish(&f->piece);
}

/* ---- what the calendar says of itself ---- */

static const char *text_of(struct dav_request *rq, struct stored_prop *stored, enum ns ns,
	const char *name)
{
	const char *text = stored_prop_text(rq, rq->mem, stored_prop_find(stored, xml_ns_uri(ns), name));

	text += strspn(text, " \t\r\n");
	return *text ? text : NULL;
}

static int begin_file(struct calendar_file *f, struct err *e)
{
	struct dav_request *rq = f->rq;
	const struct resource *t = &rq->target;
	const struct zone *zone = calendar_zone(rq, &t->coll);
	struct stored_prop *stored;

	if (stored_props_read(rq, rq->mem, &t->coll, t->reader, &stored, e) < 0)
		return -1;
	struct ical_merge_head head = {
		.name = text_of(rq, stored, NS_DAV, "displayname"),
		.description = text_of(rq, stored, NS_CALDAV, "calendar-description"),
		.color = text_of(rq, stored, NS_APPLE, "calendar-color"),
		.zone = zone ? zone_name(zone) : NULL,
		.refresh = rq->dav->settings.refresh,
	};
	if (!head.name)
		head.name = t->segment;
	f->merge = ical_merge_begin(&head, rq->mem, &f->piece);
	return 0;
}

/* By what is said of the calendar, and its last change. Weak: objects are read after the list. */
static char *file_etag(struct calendar_file *f, uint64_t seq)
{
	struct dav_request *rq = f->rq;
	const char *token = sync_token(rq, rq->mem, &rq->target.coll, seq);
	const char *all = arena_printf(rq->mem, "%s\n%s", token, f->piece.data);
	char *etag = arena_alloc(rq->mem, DIGEST_SIZE);

	digest_short(all, strlen(all), etag);
	return etag;
}

static int answer(struct calendar_file *f, uint64_t seq)
{
	struct dav_request *rq = f->rq;
	struct response *res = rq->http->res;
	const char *etag = file_etag(f, seq);

	response_header(res, "ETag", arena_printf(rq->mem, "W/\"%s\"", etag));
	if (conditions_not_modified(rq, etag)) {
		file_free(f);
		return res->status = 304;
	}
	response_header(res, "Content-Type", "text/calendar; charset=utf-8");
	res->next = file_next;
	res->next_free = file_free;
	res->next_arg = f;
	return res->status = 200;
}

int get_calendar(struct dav_request *rq)
{
	struct calendar_file *f = arena_alloc(rq->mem, sizeof(*f));
	uint64_t seq;
	struct err e;

	int refused = access_need(rq, &rq->target, rq->target.privileges, PRIV_READ);
	if (refused)
		return refused;
	*f = (struct calendar_file){ .rq = rq, .tail = &f->first };
	buf_init(&f->piece, PIECE_MAX);
	if (begin_file(f, &e) < 0
		|| store_list(rq->store, rq->target.coll.id, 0, INT64_MIN, INT64_MAX, note_name, f, &seq, &e) < 0) {
		file_free(f);
		return fail_err(rq, &e);
	}
	return answer(f, seq);
}
