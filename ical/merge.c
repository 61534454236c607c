/*
 * Many calendar objects as one VCALENDAR. Components are copied as they were sent. Time zones are the
 * one thing that objects share by name: each is written where it is first needed.
 */
#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "ical/internal.h"

enum {
	ZONES_MAX = 1000,      /* of one calendar; the world has some 600 */
	ZONE_BYTES = 8 << 20,  /* of one definition: no object is larger */
};

struct merged_zone {
	const char *name;
	char digest[DIGEST_SIZE]; /* of its definition as written */
};

struct ical_merge {
	struct arena *mem;
	struct merged_zone *zones; /* by name */
	size_t count;
};

/* A TZID of one object, and what it is called in the whole. */
struct renamed { const char *from, *to; struct renamed *next; };

/* ---- the beginning ---- */

static void write_text(struct buf *out, const char *property, const char *text)
{
	cleanup_buf struct buf line = { 0 };

	if (!text || !*text) {
		return;
	}
	buf_init(&line, 2 * strlen(text) + 64);
	buf_printf(&line, "%s:", property);
	ical_escape(&line, text);
	ical_fold(out, line.data);
}

static void write_refresh(struct buf *out, int64_t seconds)
{
	const char *unit = seconds % 3600 == 0 ? "H" : seconds % 60 == 0 ? "M" : "S";
	long long n = seconds / (*unit == 'H' ? 3600 : *unit == 'M' ? 60 : 1);

	if (seconds > 0) {
		buf_printf(out, "REFRESH-INTERVAL;VALUE=DURATION:PT%lld%s\r\n", n, unit);
		buf_printf(out, "X-PUBLISHED-TTL:PT%lld%s\r\n", n, unit);
	}
}

/* Each twice where programs in use know the older, private name only. */
struct ical_merge *ical_merge_begin(const struct ical_merge_head *head, struct arena *mem,
	struct buf *out)
{
	struct ical_merge *m = arena_alloc(mem, sizeof(*m));
	bool hex = head->color && *head->color == '#';

	m->mem = mem;
	m->zones = arena_array(mem, ZONES_MAX, sizeof(*m->zones));
	buf_adds(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//EN\r\n");
	write_text(out, "NAME", head->name);
	write_text(out, "X-WR-CALNAME", head->name);
	write_text(out, "DESCRIPTION", head->description);
	write_text(out, "X-WR-CALDESC", head->description);
	write_text(out, hex ? "X-APPLE-CALENDAR-COLOR" : "COLOR", head->color);
	write_text(out, "X-WR-TIMEZONE", head->zone);
	write_refresh(out, head->refresh);
	return m;
}

void ical_merge_end(const struct ical_merge *m, struct buf *out)
{
	(void)m;
	buf_adds(out, "END:VCALENDAR\r\n");
}

/* ---- lines under another zone's name ---- */

static const char *new_name(const struct renamed *list, const char *tzid)
{
	for (; list && tzid; list = list->next) {
		if (!strcmp(list->from, tzid)) {
			return list->to;
		}
	}
	return NULL;
}

static void write_renamed(const struct ical *ic, const struct ical_line *l, const char *tzid,
	struct buf *out)
{
	char *head = ical_line_head(ic, l, ic->mem);
	size_t len = 0;
	const char *at = ical_head_param(head, "TZID", &len);

	ical_fold(out, arena_printf(ic->mem, "%.*s;TZID=\"%s\"%s:%s", (int)(at - head), head, tzid, at + len,
		l->value));
}

static void write_component(const struct ical *ic, const struct ical_comp *c,
	const struct renamed *renamed, struct buf *out)
{
	for (size_t i = c->first; i <= c->last; i++) {
		const struct ical_line *l = &ic->lines[i];
		const char *tzid = new_name(renamed, ical_param(l, "TZID"));

		if (tzid) {
			write_renamed(ic, l, tzid, out);
		} else {
			ical_line_write(ic, l, out);
		}
	}
}

/* ---- time zones ---- */

/* Its definition with CRLF, called `name`. */
static void define_zone(const struct ical *ic, const struct ical_comp *c, const char *name,
	struct buf *out)
{
	const struct ical_line *id = ical_prop(ic, c, "TZID");

	for (size_t i = c->first; i <= c->last; i++) {
		if (&ic->lines[i] != id || !strcmp(id->value, name)) {
			ical_line_write(ic, &ic->lines[i], out);
		} else {
			ical_fold(out, arena_printf(ic->mem, "TZID:%s", name));
		}
	}
}

/* Where a name stands, or would. */
static size_t zone_place(const struct ical_merge *m, const char *name)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(m->zones[mid].name, name) < 0) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

static void note_zone(struct ical_merge *m, size_t at, const char *name, const char *digest)
{
	memmove(&m->zones[at + 1], &m->zones[at], (m->count - at) * sizeof(*m->zones));
	m->zones[at].name = arena_strdup(m->mem, name);
	memcpy(m->zones[at].digest, digest, DIGEST_SIZE);
	m->count++;
}

/* A zone that the system knows means the same everywhere, however it is defined (value.c). */
static bool is_known(const char *tzid)
{
	struct ical_when w;

	return !ical_when(NULL, "20000101T000000", tzid, NULL, &w, NULL) && w.zone;
}

/* Goes between quotes in a parameter. */
static const char *other_name(const struct ical *ic, const char *tzid, unsigned n)
{
	return arena_printf(ic->mem, "%s-%u", strchr(tzid, '"') ? "zone" : tzid, n);
}

/*
 * What the zone is called in the whole: its own name, or the first of "name-2", "name-3" … that is free
 * or means the same. *first: nobody has defined it yet. NULL: there are too many.
 */
static const char *settle_name(struct ical_merge *m, const struct ical *ic, const char *tzid,
	const char *digest, bool *first)
{
	bool known = is_known(tzid);
	const char *name = tzid;

	for (unsigned n = 2;; n++) {
		size_t at = zone_place(m, name);

		*first = at == m->count || strcmp(m->zones[at].name, name) != 0;
		if (*first && m->count == ZONES_MAX) {
			return NULL;
		}
		if (*first) {
			note_zone(m, at, name, digest);
		}
		if (*first || known || !strcmp(m->zones[at].digest, digest)) {
			return name;
		}
		name = other_name(ic, tzid, n);
	}
}

static int add_zone(struct ical_merge *m, const struct ical *ic, const struct ical_comp *c,
	struct renamed **renamed, struct buf *out, struct err *e)
{
	const struct ical_line *id = ical_prop(ic, c, "TZID");
	char digest[DIGEST_SIZE];
	cleanup_buf struct buf text = { 0 };
	bool first;

	if (!id) {
		return 0;
	}
	buf_init(&text, ZONE_BYTES);
	ical_comp_write(ic, c, &text);
	digest_short(text.data, text.len, digest);
	const char *name = settle_name(m, ic, id->value, digest, &first);
	if (!name) {
		return err_set(e, ERR_LIMIT, "more than %d time zones in one calendar", ZONES_MAX);
	}
	if (strcmp(name, id->value) != 0) {
		struct renamed *r = arena_alloc(ic->mem, sizeof(*r));

		*r = (struct renamed){ id->value, name, *renamed };
		*renamed = r;
	}
	if (first) {
		define_zone(ic, c, name, out);
	}
	return 0;
}

/* Within an object the first definition of a name counts (vtimezone.c). */
static bool is_repeated(const struct ical *ic, const struct ical_comp *zone)
{
	const struct ical_line *id = ical_prop(ic, zone, "TZID"), *other;

	for (const struct ical_comp *c = ic->calendar->children; id && c != zone; c = c->next) {
		other = c->kind == ICAL_VTIMEZONE ? ical_prop(ic, c, "TZID") : NULL;
		if (other && !strcmp(other->value, id->value)) {
			return true;
		}
	}
	return false;
}

int ical_merge_add(struct ical_merge *m, const struct ical *ic, struct buf *out, struct err *e)
{
	struct renamed *renamed = NULL;

	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		if (c->kind == ICAL_VTIMEZONE && !is_repeated(ic, c) && add_zone(m, ic, c, &renamed, out, e)) {
			return -1;
		}
	}
	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		if (c->kind != ICAL_VTIMEZONE) {
			write_component(ic, c, renamed, out);
		}
	}
	return out->full ? err_set(e, ERR_LARGE, "larger than %zu bytes", out->max) : 0;
}
