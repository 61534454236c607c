/* Whole calendars in and out as files. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/util.h"
#include "http/calendar_file.h"
#include "ical/split.h"
#include "server/admin.h"

enum {
	THREADS = 8,               /* commits of several go to disk together */
	PIECE_MAX = 64 * 1024 * 1024,
};

/* ---- import ---- */

struct import {
	struct admin *a;
	struct collection calendar;
	const char *file;
	bool replace;
	struct ical_split *split;
	struct store_info info;
	atomic_size_t next;
	atomic_bool broken;        /* the store failed: no more is tried */
	pthread_mutex_t lock;      /* of what is below, and of a->out and a->errors */
	size_t imported, replaced, skipped, refused;
};

static int read_file(void *arg, uint64_t offset, size_t len, struct buf *out, struct err *e)
{
	const struct import *im = arg;
	char bytes[65536];

	while (len > 0) {
		size_t want = len < sizeof(bytes) ? len : sizeof(bytes);
		ssize_t n = pread(im->a->file, bytes, want, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, ERR_IO, "%s", im->file);
		if (n == 0)
			return 0;
		if (buf_add(out, bytes, (size_t)n) != 0)
			return err_set(e, ERR_LARGE, "larger than %zu bytes", out->max);
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* "line 7: …" is of the object; who reads it has the file. */
static void refuse(struct import *im, const struct ical_piece *p, const struct err *e)
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
	pthread_mutex_lock(&im->lock);
	im->refused++;
	admin_fail(im->a, "%s:%llu: %s", im->file, (unsigned long long)line, text);
	pthread_mutex_unlock(&im->lock);
}

static void note(struct import *im, size_t *count, const struct ical_piece *p, const char *uid,
	const char *what)
{
	pthread_mutex_lock(&im->lock);
	++*count;
	if (what != NULL)
		buf_printf(&im->a->out, "%s:%llu: %s: %s\n", im->file, (unsigned long long)p->line, uid, what);
	pthread_mutex_unlock(&im->lock);
}

/* The object's own UID; "" if it can't be read, which event_put() will say better. */
static const char *uid_of(const struct import *im, const struct ical_piece *p, struct arena *mem)
{
	const struct ical_line *l;
	struct ical *ic;

	if (ical_parse(p->body, p->len, &im->a->site->dav.settings.ical, mem, &ic, NULL) != 0 ||
		ical_first(ic) == NULL)
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

	*there = store_find_uid(im->a->site->dav.store, im->calendar.id, uid, mem, &row, e) == 0;
	if (!*there && e->code != ERR_NOT_FOUND)
		return -1;
	digest_short(uid, strlen(uid), digest);
	*name = *there ? row.name : arena_printf(mem, "%s.ics", digest);
	return 0;
}

static int put(struct import *im, const struct ical_piece *p, const char *name, struct arena *mem,
	struct err *e)
{
	struct event_request rq = site_event_request(im->a->site, mem, im->a->now, false);
	struct event_where at = { &im->calendar, name };
	struct event_result result;

	if (event_put(&rq, &at, p->body, p->len, &result, e) != 0)
		return -1;
	return result.denied ? err_set(e, ERR_RULES, "%s", result.reason) : 0;
}

static void import_object(struct import *im, size_t n)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical_limits *limits = &im->a->site->dav.settings.ical;
	const char *uid, *name;
	struct ical_piece p;
	struct err e;
	bool there;

	if (ical_split_read(im->split, n, limits, im->info.host, im->a->now, mem, &p, &e) != 0) {
		refuse(im, &p, &e);
		return;
	}
	uid = uid_of(im, &p, mem);
	if (find_place(im, uid, mem, &name, &there, &e) != 0) {
		atomic_store(&im->broken, true);
		refuse(im, &p, &e);
	} else if (there && !im->replace) {
		note(im, &im->skipped, &p, uid, "skipped, it is there already");
	} else if (put(im, &p, name, mem, &e) != 0) {
		if (e.code == ERR_IO || e.code == ERR_CORRUPT || e.code == ERR_FULL)
			atomic_store(&im->broken, true);
		refuse(im, &p, &e);
	} else {
		note(im, there ? &im->replaced : &im->imported, &p, uid, there ? "replaced" : NULL);
	}
}

static void *import_some(void *arg)
{
	struct import *im = arg;
	size_t count = ical_split_count(im->split), n;

	while (!atomic_load(&im->broken) && (n = atomic_fetch_add(&im->next, 1)) < count)
		import_object(im, n);
	return NULL;
}

static void import_all(struct import *im)
{
	pthread_t threads[THREADS];
	size_t started = 0;

	while (started < THREADS && pthread_create(&threads[started], NULL, import_some, im) == 0)
		started++;
	if (started == 0)
		import_some(im);
	while (started > 0)
		pthread_join(threads[--started], NULL);
}

static int import_file(struct import *im)
{
	struct admin *a = im->a;
	struct err e;

	if (ical_split_open(read_file, im, a->mem, &im->split, &e) != 0)
		return admin_fail(a, "%s: %s", im->file, e.text);
	store_info(a->site->dav.store, &im->info);
	pthread_mutex_init(&im->lock, NULL);
	import_all(im);
	pthread_mutex_destroy(&im->lock);
	buf_printf(&a->out, "%zu imported, %zu replaced, %zu skipped, %zu refused\n", im->imported,
		im->replaced, im->skipped, im->refused);
	if (atomic_load(&im->broken))
		return admin_fail(a, "the import was broken off");
	return im->refused > 0 ? ADMIN_FAILED : ADMIN_OK;
}

int admin_import(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	struct import im = { .a = a, .replace = admin_option(args, "--replace", NULL) };
	int code;

	if (admin_expect(a, args, 2, 2) < 0)
		return ADMIN_USAGE;
	code = admin_calendar(a, args[1], &im.calendar);
	if (code != ADMIN_OK)
		return code;
	if (im.calendar.flags & COLL_FEES)
		return admin_misuse(a, "nothing is imported into the calendar of incidents");
	im.file = strcmp(args[0], "-") == 0 ? "standard input" : args[0];
	return import_file(&im);
}

/* ---- export ---- */

static int write_piece(struct admin *a, const struct buf *piece)
{
	size_t done = 0;

	while (done < piece->len) {
		ssize_t n = write(a->file, piece->data + done, piece->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return admin_fail(a, "temporary file: %s", strerror(errno));
		done += (size_t)n;
	}
	return ADMIN_OK;
}

static int export_file(struct admin *a, struct calendar_file *file)
{
	cleanup_buf struct buf piece;
	const char *before = NULL, *problem;
	int more = 1, code = ADMIN_OK;

	buf_init(&piece, PIECE_MAX);
	while (more == 1 && code != ADMIN_FAILED) {
		buf_reset(&piece);
		more = calendar_file_next(file, &piece);
		if (write_piece(a, &piece) != ADMIN_OK)
			code = ADMIN_FAILED;
		problem = calendar_file_problem(file);
		if (problem != NULL && (before == NULL || strcmp(problem, before) != 0)) {
			admin_fail(a, "%s", problem);
			before = arena_strdup(a->mem, problem);
		}
	}
	return more < 0 || before != NULL ? ADMIN_FAILED : code;
}

int admin_write_calendar(struct admin *a, const struct collection *c, int64_t refresh)
{
	const struct site *site = a->site;
	struct calendar_file_plan plan = { .store = site->dav.store, .calendar = c,
		.limits = &site->dav.settings.ical, .from = INT64_MIN, .to = INT64_MAX };
	struct calendar_file *file;
	struct err e;
	int code;

	if (web_calendar_head(plan.store, c, false, a->mem, &plan.head, &e) != 0)
		return admin_fail(a, "%s", e.text);
	plan.head.refresh = refresh;
	if (calendar_file_open(&plan, a->mem, &file, &e) != 0)
		return admin_fail(a, "%s", e.text);
	code = export_file(a, file);
	calendar_file_close(file);
	return code;
}

int admin_export(struct admin *a, char *const *args)
{
	struct collection c;
	int code;

	if (admin_expect(a, args, 1, 1) < 0)
		return ADMIN_USAGE;
	code = admin_calendar(a, args[0], &c);
	return code == ADMIN_OK ? admin_write_calendar(a, &c, 0) : code;
}
