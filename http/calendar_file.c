#include "http/calendar_file.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"

enum {
	PIECE_BYTES = 32 * 1024,      /* a piece ends with the object that passes this */
	PIECE_MAX = 64 * 1024 * 1024, /* one object with its time zones, CRLF instead of LF */
	BODY_MAX = 32 * 1024 * 1024,  /* four times what can be stored at all */
};

struct name { const char *text; struct name *next; };

struct calendar_file {
	struct calendar_file_plan plan;
	struct arena *mem;
	struct ical_merge *merge;
	uint64_t seq;
	struct name *first, **tail; /* objects that are still to be written */
	bool ended;
	struct buf piece;           /* made, but not yet handed out */
	size_t taken;               /* of it */
	char problem[256];
	struct response *res;       /* where the problem is to be told, or NULL */
};

static int note_name(const struct object *o, void *arg)
{
	struct calendar_file *f = arg;
	struct name *n = arena_alloc(f->mem, sizeof(*n));

	n->text = arena_strdup(f->mem, o->name);
	*f->tail = n;
	f->tail = &n->next;
	return 0;
}

static void note_problem(struct calendar_file *f, const char *name, const char *text)
{
	snprintf(f->problem, sizeof(f->problem), "%s%s%s", name, *name ? " left out: " : "", text);
	if (f->res)
		f->res->reason = f->problem;
}

/* A stored body, whatever its size: it was let in, with an annotation or under other settings. */
static int parse_stored(const struct calendar_file *f, const struct buf *body, struct arena *mem,
	struct ical **out, struct err *e)
{
	struct ical_limits *limits = arena_alloc(mem, sizeof(*limits));

	*limits = *f->plan.limits;
	limits->bytes = limits->line = body->len;
	return ical_parse(body->data, body->len, limits, mem, out, e);
}

static int show(struct calendar_file *f, const struct object *row, const struct buf *body,
	struct arena *mem, struct err *e)
{
	struct ical *ic;

	if (parse_stored(f, body, mem, &ic, e) < 0)
		return -1;
	if (f->plan.show && f->plan.show(f->plan.arg, row, mem, &ic, e) < 0)
		return -1;
	return ic ? ical_merge_add(f->merge, ic, &f->piece, e) : 0;
}

/* What has gone since, or can't be read, costs itself only. */
static int write_object(struct calendar_file *f, const char *name, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf body;
	struct object row;

	buf_init(&body, BODY_MAX);
	if (store_body(f->plan.store, f->plan.calendar->id, name, mem, &row, &body, e) < 0) {
		if (err_costs_one(e))
			note_problem(f, name, e->text);
		return e->code == ERR_NOT_FOUND || err_costs_one(e) ? 0 : -1;
	}
	if (show(f, &row, &body, mem, e) < 0) {
		note_problem(f, name, e->text);
		return f->piece.full ? -1 : 0;
	}
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

int calendar_file_next(void *file, struct buf *out)
{
	struct calendar_file *f = file;
	struct err e;

	if (f->taken == f->piece.len && !f->ended) {
		buf_reset(&f->piece);
		f->taken = 0;
		if (make_piece(f, &e) < 0) {
			note_problem(f, "", e.text);
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

void calendar_file_close(void *file)
{
	struct calendar_file *f = file;

	buf_finish(&f->piece);
}

const char *calendar_file_problem(const struct calendar_file *f)
{
	return *f->problem ? f->problem : NULL;
}

int calendar_file_open(const struct calendar_file_plan *plan, struct arena *mem,
	struct calendar_file **out, struct err *e)
{
	struct calendar_file *f = arena_alloc(mem, sizeof(*f));

	*f = (struct calendar_file){ .plan = *plan, .mem = mem, .tail = &f->first };
	buf_init(&f->piece, PIECE_MAX);
	f->merge = ical_merge_begin(&plan->head, mem, &f->piece);
	if (store_list(plan->store, plan->calendar->id, 0, plan->from, plan->to, note_name, f, &f->seq, e)
		< 0) {
		calendar_file_close(f);
		return -1;
	}
	*out = f;
	return 0;
}

const char *calendar_file_etag(const struct calendar_file *f, const char *more)
{
	struct store_info info;
	char *etag = arena_alloc(f->mem, DIGEST_SIZE);

	store_info(f->plan.store, &info);
	const char *all = arena_printf(f->mem, "%s/%lld/%llu\n%s\n%s", info.epoch,
		(long long)f->plan.calendar->id, (unsigned long long)f->seq, more, f->piece.data);
	digest_short(all, strlen(all), etag);
	return etag;
}

int calendar_file_answer(struct calendar_file *f, struct response *res)
{
	response_header(res, "Content-Type", "text/calendar; charset=utf-8");
	f->res = res;
	res->next = calendar_file_next;
	res->next_free = calendar_file_close;
	res->next_arg = f;
	return res->status = 200;
}
