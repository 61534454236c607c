/* Whole calendars in and out as files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "http/calendar_file.h"
#include "policy/import.h"
#include "server/admin.h"

enum { PIECE_MAX = 64 * 1024 * 1024 };

/* ---- import ---- */

struct import {
	struct admin *a;
	struct collection calendar;
	const char *file;
	bool replace;
	size_t count[IMPORT_OUTCOMES];
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

static int told(const struct import_told *told, void *arg)
{
	struct import *im = arg;
	unsigned long long line = told->line;

	im->count[told->outcome]++;
	if (told->outcome == IMPORT_REFUSED)
		admin_fail(im->a, "%s:%llu: %s", im->file, line, told->reason);
	else if (told->outcome != IMPORT_NEW)
		buf_printf(&im->a->out, "%s:%llu: %s: %s\n", im->file, line, told->uid,
			told->outcome == IMPORT_REPLACED ? "replaced" : "skipped, it is there already");
	return 0;
}

static int import_file(struct import *im)
{
	struct admin *a = im->a;
	struct event_request rq = site_event_request(a->site, a->mem, a->now, false);
	struct ical_split *split;
	struct err e;
	bool whole;

	if (ical_split_open(read_file, im, a->mem, &split, &e) != 0)
		return admin_fail(a, "%s: %s", im->file, e.text);
	import_run(&(struct import_plan){ .rq = &rq, .calendar = &im->calendar, .split = split,
		.replace = im->replace, .told = told, .arg = im }, &whole);
	buf_printf(&a->out, "%zu imported, %zu replaced, %zu skipped, %zu refused\n", im->count[IMPORT_NEW],
		im->count[IMPORT_REPLACED], im->count[IMPORT_SKIPPED], im->count[IMPORT_REFUSED]);
	if (!whole)
		return admin_fail(a, "the import was broken off");
	return im->count[IMPORT_REFUSED] > 0 ? ADMIN_FAILED : ADMIN_OK;
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
