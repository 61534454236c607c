/* Lines are taken out, exchanged and added; every other byte of the body stays. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ical/ical.h"

enum { FOLD = 75 }; /* octets of a physical line, without its end: RFC 5545 3.1 */

struct op {
	size_t at;        /* index of the line that is exchanged, or before which text is added */
	size_t order;
	bool takes;       /* the line at `at` goes */
	const char *text; /* NULL: nothing comes */
};

struct ical_edit {
	const struct ical *ic;
	struct op *ops;
	size_t count, size;
};

struct ical_edit *ical_edit_begin(const struct ical *ic)
{
	struct ical_edit *ed = arena_alloc(ic->mem, sizeof(*ed));

	ed->ic = ic;
	return ed;
}

static void push(struct ical_edit *ed, size_t at, bool takes, const char *text)
{
	struct arena *mem = ed->ic->mem;

	if (ed->count == ed->size) {
		size_t size = ed->size ? 2 * ed->size : 8;
		struct op *ops = arena_array(mem, size, sizeof(*ops));
		if (ed->count) {
			memcpy(ops, ed->ops, ed->count * sizeof(*ops));
		}
		ed->ops = ops;
		ed->size = size;
	}
	ed->ops[ed->count] = (struct op){ at, ed->count, takes, arena_strdup(mem, text) };
	ed->count++;
}

static size_t line_index(const struct ical_edit *ed, const struct ical_line *l)
{
	size_t i = (size_t)(l - ed->ic->lines);

	assert(i < ed->ic->line_count && !l->end && strcmp(l->name, "END"));
	return i;
}

void ical_edit_remove(struct ical_edit *ed, const struct ical_line *l)
{
	push(ed, line_index(ed, l), true, NULL);
}

void ical_edit_replace(struct ical_edit *ed, const struct ical_line *l, const char *line)
{
	push(ed, line_index(ed, l), true, line);
}

void ical_edit_add(struct ical_edit *ed, const struct ical_comp *c, const char *line)
{
	push(ed, c->children ? c->children->first : c->last, false, line);
}

/* How much of p fits into `room` octets without cutting a character. */
static size_t fold_at(const char *p, size_t len, size_t room)
{
	size_t n = room;

	if (len <= room) {
		return len;
	}
	while (n > 1 && ((unsigned char)p[n] & 0xc0) == 0x80) {
		n--;
	}
	return n;
}

/* A control character would be a line of its own, or broken iCalendar: never written. */
static bool writable(const char *line)
{
	for (const char *p = line; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if ((c < 0x20 && c != '\t') || c == 0x7f) {
			return false;
		}
	}
	return true;
}

static int fold(struct buf *out, const char *line, const char *eol)
{
	size_t len = strlen(line), room = FOLD;

	if (!writable(line)) {
		return -1;
	}
	while (len > room) {
		size_t n = fold_at(line, len, room);
		buf_add(out, line, n);
		buf_adds(out, eol);
		buf_addc(out, ' ');
		line += n;
		len -= n;
		room = FOLD - 1; /* the blank counts */
	}
	buf_add(out, line, len);
	return buf_adds(out, eol);
}

int ical_fold(struct buf *out, const char *line)
{
	return fold(out, line, "\r\n");
}

static const char *line_end(const struct ical *ic)
{
	const char *nl = memchr(ic->body, '\n', ic->body_len);

	return nl && (nl == ic->body || nl[-1] != '\r') ? "\n" : "\r\n";
}

static int compare_ops(const void *a, const void *b)
{
	const struct op *x = a, *y = b;

	if (x->at != y->at) {
		return x->at < y->at ? -1 : 1;
	}
	return x->order < y->order ? -1 : x->order > y->order;
}

/* The operations on one line: additions in their order, then what becomes of the line itself, of
 * which the last word counts. *pos: behind the bytes that are done. */
static int write_group(const struct ical *ic, const struct op *op, size_t n, size_t *pos,
	struct buf *out)
{
	const struct ical_line *l = &ic->lines[op->at];
	const struct op *last = NULL;
	const char *eol = line_end(ic);

	buf_add(out, ic->body + *pos, l->offset - *pos);
	*pos = l->offset;
	for (size_t i = 0; i < n; i++) {
		if (op[i].takes) {
			last = &op[i];
		} else if (fold(out, op[i].text, eol)) {
			return -1;
		}
	}
	if (!last) {
		return 0;
	}
	*pos += l->len;
	return last->text ? fold(out, last->text, eol) : 0;
}

int ical_edit_write(const struct ical_edit *ed, struct buf *out, struct err *e)
{
	const struct ical *ic = ed->ic;
	struct op *ops = arena_array(ic->mem, ed->count + 1, sizeof(*ops));
	size_t pos = 0, n;

	if (ed->count) {
		memcpy(ops, ed->ops, ed->count * sizeof(*ops));
		qsort(ops, ed->count, sizeof(*ops), compare_ops);
	}
	for (size_t i = 0; i < ed->count; i += n) {
		for (n = 1; i + n < ed->count && ops[i + n].at == ops[i].at; n++) {
		}
		if (write_group(ic, &ops[i], n, &pos, out) && !out->full) {
			return err_set(e, ERR_INVALID, "a control character in a line to be written");
		}
	}
	buf_add(out, ic->body + pos, ic->body_len - pos);
	return out->full ? err_set(e, ERR_LARGE, "larger than %zu bytes", out->max) : 0;
}
