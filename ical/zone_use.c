/* Which zones an object defines and which it only names (RFC 7809): definitions are left out or added. */
#include <string.h>

#include "base/util.h"
#include "ical/ical.h"

/* Of a VTIMEZONE, or of a parameter: blanks at the end don't count, as in value.c. */
static const char *trimmed(struct arena *mem, const char *tzid)
{
	size_t len = strlen(tzid);

	while (len && (tzid[len - 1] == ' ' || tzid[len - 1] == '\t')) {
		len--;
	}
	return arena_strndup(mem, tzid, len);
}

/* The name of the system's zone that a component defines; NULL: it is none. */
static const char *defines(const struct ical *ic, const struct ical_comp *c)
{
	const struct ical_line *l = c->kind == ICAL_VTIMEZONE ? ical_prop(ic, c, "TZID") : NULL;
	const char *tzid = l ? trimmed(ic->mem, l->value) : NULL;

	return tzid && zone_find(tzid) ? tzid : NULL;
}

static int leave_out(const struct ical *ic, struct buf *out)
{
	size_t done = 0;

	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		const struct ical_line *last = &ic->lines[c->last];

		if (!defines(ic, c)) {
			continue;
		}
		buf_add(out, ic->body + done, ic->lines[c->first].offset - done);
		done = last->offset + last->len;
	}
	return buf_add(out, ic->body + done, ic->body_len - done);
}

struct names { const char *name; struct names *next; };

static bool has_name(const struct names *n, const char *name)
{
	while (n && strcmp(n->name, name) != 0) {
		n = n->next;
	}
	return n != NULL;
}

static struct names *with_name(const struct ical *ic, struct names *list, const char *name)
{
	struct names *n = arena_alloc(ic->mem, sizeof(*n));

	*n = (struct names){ name, list };
	return n;
}

/* What the object defines itself, of the system's or not: it needs no other. */
static struct names *defined(const struct ical *ic)
{
	struct names *list = NULL;

	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		const struct ical_line *l = c->kind == ICAL_VTIMEZONE ? ical_prop(ic, c, "TZID") : NULL;

		if (l) {
			list = with_name(ic, list, trimmed(ic->mem, l->value));
		}
	}
	return list;
}

/* As the object's first line ends. */
static void add_lines(const struct ical *ic, const char *text, struct buf *out)
{
	const char *end = memchr(ic->body, '\n', ic->body_len);
	bool bare = end && (end == ic->body || end[-1] != '\r');

	for (; *text; text++) {
		if (*text != '\r' || !bare) {
			buf_addc(out, *text);
		}
	}
}

static void add_zone(const struct ical *ic, const char *name, struct buf *out)
{
	cleanup_buf struct buf text;
	struct zone_entry entry = { 0 };

	buf_init(&text, out->max);
	zone_entry_find(name, &entry);
	if (zone_vtimezone(zone_find(name), name, entry.alias_of, INT64_MIN, INT64_MAX, &text)) {
		out->full = true;
	}
	add_lines(ic, text.data, out);
}

static int add_missing(const struct ical *ic, struct buf *out)
{
	const struct ical_comp *first = ic->calendar->children;
	size_t at = ic->lines[first ? first->first : ic->calendar->last].offset;
	struct names *there = defined(ic);

	buf_add(out, ic->body, at);
	for (size_t i = 0; i < ic->line_count; i++) {
		const char *tzid = ical_param(&ic->lines[i], "TZID");

		if (!tzid || has_name(there, tzid = trimmed(ic->mem, tzid)) || !zone_find(tzid)) {
			continue;
		}
		there = with_name(ic, there, tzid);
		add_zone(ic, tzid, out);
	}
	buf_add(out, ic->body + at, ic->body_len - at);
	return out->full ? -1 : 0;
}

int ical_render_zones(const struct ical *ic, enum ical_zones want, struct buf *out)
{
	switch (want) {
	case ICAL_ZONES_OWN_ONLY:
		return leave_out(ic, out);
	case ICAL_ZONES_ALL:
		return add_missing(ic, out);
	case ICAL_ZONES_AS_THEY_ARE:
		break;
	}
	return buf_add(out, ic->body, ic->body_len);
}
