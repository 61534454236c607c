#include "ical/split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/util.h"
#include "ical/internal.h"

enum {
	CHUNK = 64 * 1024,
	LINE_KEPT = 2048,       /* of an unfolded line: names, UIDs and TZIDs are shorter */
	PARTS_MAX = 5000000,    /* components of one file */
};

/* A component right below a VCALENDAR: where it stands. */
struct part {
	uint64_t offset, len, line;
	size_t order;
	unsigned calendar;          /* which VCALENDAR of the file */
	bool has_uid, has_stamp, is_zone;
	char digest[DIGEST_SIZE];   /* of its UID; of its place if it has none */
	const char *name;           /* of a zone: its TZID; else the kind, "VEVENT" */
};

struct object { size_t first, count; }; /* in parts */

struct ical_split {
	ical_read_fn read;
	void *arg;
	struct arena *mem;
	struct part *parts, *zones;
	size_t part_count, part_size, zone_count, zone_size;
	struct object *objects;     /* in the order of the file */
	size_t object_count;
};

/* Where the lines of a body came from. */
struct ical_split_map {
	size_t count;
	struct { unsigned from, added; uint64_t line; } part[];
};

/* ---- reading forward ---- */

struct reader {
	struct ical_split *s;
	struct buf chunk;
	uint64_t offset;        /* of the chunk in the file */
	size_t at;              /* in the chunk */
	bool end;
	/* the content line that is being read */
	char line[LINE_KEPT + 1];
	size_t len;
	uint64_t line_offset, line_number, next_number;
	/* where in the structure */
	unsigned depth, calendars;
	struct part part;
	char kind[64], value[LINE_KEPT + 1];
};

static int fill(struct reader *r, struct err *e)
{
	r->offset += r->chunk.len;
	buf_reset(&r->chunk);
	r->at = 0;
	if (r->s->read(r->s->arg, r->offset, CHUNK, &r->chunk, e) < 0)
		return -1;
	r->end = r->chunk.len == 0;
	return 0;
}

/* The next byte without taking it, -1 at the end, -2 with e. */
static int peek(struct reader *r, struct err *e)
{
	if (r->at == r->chunk.len && !r->end && fill(r, e) < 0)
		return -2;
	return r->end ? -1 : (unsigned char)r->chunk.data[r->at];
}

/* Adds a physical line without its end. 1; 0 at the end of the file, -1 with e. */
static int take_physical(struct reader *r, struct err *e)
{
	int c = peek(r, e);

	if (c < 0)
		return c == -1 ? 0 : -1;
	r->next_number++;
	for (; (c = peek(r, e)) >= 0; r->at++) {
		if (c == '\n') {
			r->at++;
			break;
		}
		if (r->len < LINE_KEPT && c != '\r')
			r->line[r->len++] = (char)c;
	}
	return c == -2 ? -1 : 1;
}

/* An unfolded line, what is kept of it. 1; 0 at the end, -1 with e. */
static int take_line(struct reader *r, struct err *e)
{
	int got, c;

	r->len = 0;
	r->line_offset = r->offset + r->at;
	r->line_number = r->next_number + 1;
	got = take_physical(r, e);
	while (got == 1 && ((c = peek(r, e)) == ' ' || c == '\t')) {
		r->at++;
		got = take_physical(r, e);
	}
	r->line[r->len] = '\0';
	return got;
}

static uint64_t here(const struct reader *r)
{
	return r->offset + r->at;
}

/* ---- structure ---- */

/* Doubles at each power of two. */
static struct part *part_add(struct arena *mem, struct part **list, size_t *count, size_t *size)
{
	if (*count == *size) {
		size_t larger = *size ? 2 * *size : 64;
		struct part *copy = arena_array(mem, larger, sizeof(*copy));

		if (*count)
			memcpy(copy, *list, *count * sizeof(*copy));
		*list = copy;
		*size = larger;
	}
	return &(*list)[(*count)++];
}

static void begin_part(struct reader *r, const char *kind)
{
	r->part = (struct part){ .offset = r->line_offset, .line = r->line_number, .calendar = r->calendars,
		.is_zone = ascii_casecmp(kind, "VTIMEZONE") == 0 };
	snprintf(r->kind, sizeof(r->kind), "%s", kind);
	r->value[0] = '\0';
}

static int end_part(struct reader *r, struct err *e)
{
	struct ical_split *s = r->s;
	struct part *p = &r->part;

	if (s->part_count + s->zone_count >= PARTS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d components", PARTS_MAX);
	p->len = here(r) - p->offset;
	p->order = s->part_count;
	if (p->is_zone) {
		p->name = arena_strdup(s->mem, r->value);
		*part_add(s->mem, &s->zones, &s->zone_count, &s->zone_size) = *p;
		return 0;
	}
	p->name = arena_strdup(s->mem, r->kind);
	if (!p->has_uid)
		snprintf(r->value, sizeof(r->value), "\n%llu", (unsigned long long)p->offset);
	digest_short(r->value, strlen(r->value), p->digest);
	*part_add(s->mem, &s->parts, &s->part_count, &s->part_size) = *p;
	return 0;
}

/* The value behind "NAME:" or "NAME;…:"; NULL if the line has another name. */
static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);
	bool quoted = false;

	if (ascii_ncasecmp(line, name, len) != 0 || (line[len] != ':' && line[len] != ';'))
		return NULL;
	for (line += len; *line && (quoted || *line != ':'); line++)
		quoted ^= *line == '"';
	return *line ? line + 1 : NULL;
}

static int begin_component(struct reader *r, const char *kind, struct err *e)
{
	if (r->depth == 0) {
		if (ascii_casecmp(kind, "VCALENDAR") != 0)
			return err_set(e, ERR_SYNTAX, "line %llu: %.40s outside of a VCALENDAR",
				(unsigned long long)r->line_number, kind);
		r->calendars++;
	} else if (r->depth == 1) {
		begin_part(r, kind);
	}
	r->depth++;
	return 0;
}

static int end_component(struct reader *r, struct err *e)
{
	if (r->depth == 0)
		return err_set(e, ERR_SYNTAX, "line %llu: END without BEGIN", (unsigned long long)r->line_number);
	return --r->depth == 1 ? end_part(r, e) : 0;
}

static int read_line(struct reader *r, struct err *e)
{
	const char *value = value_of(r->line, "BEGIN");

	if (value)
		return begin_component(r, value, e);
	if (value_of(r->line, "END"))
		return end_component(r, e);
	if (r->depth == 0 && r->line[strspn(r->line, " \t")] != '\0')
		return err_set(e, ERR_SYNTAX, "line %llu: no iCalendar", (unsigned long long)r->line_number);
	if (r->depth != 2)
		return 0;
	value = value_of(r->line, r->part.is_zone ? "TZID" : "UID");
	if (value && *value) {
		snprintf(r->value, sizeof(r->value), "%s", value);
		r->part.has_uid = true;
	}
	r->part.has_stamp = r->part.has_stamp || value_of(r->line, "DTSTAMP");
	return 0;
}

static int read_all(struct reader *r, struct err *e)
{
	static const char mark[] = "\xef\xbb\xbf";
	int got;

	while ((got = take_line(r, e)) == 1) {
		if (r->line_number == 1 && str_starts(r->line, mark))
			memmove(r->line, r->line + 3, r->len - 2);
		if (read_line(r, e) < 0)
			return -1;
	}
	if (got < 0)
		return -1;
	if (r->depth > 0)
		return err_set(e, ERR_SYNTAX, "line %llu: the file ends within a component",
			(unsigned long long)r->next_number);
	return r->calendars ? 0 : err_set(e, ERR_SYNTAX, "line 1: no iCalendar");
}

/* ---- grouping ---- */

static int by_uid(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int order = strcmp(x->digest, y->digest);

	return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

static int by_zone(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	order = order ? order : x->calendar < y->calendar ? -1 : x->calendar > y->calendar;
	return order ? order : x->offset < y->offset ? -1 : 1;
}

struct sorted { struct object object; size_t order; };

static int by_order(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	return x->order < y->order ? -1 : x->order > y->order;
}

static void group(struct ical_split *s)
{
	struct sorted *list = arena_array(s->mem, s->part_count + 1, sizeof(*list));
	size_t n = 0;

	if (s->part_count)
		qsort(s->parts, s->part_count, sizeof(*s->parts), by_uid);
	if (s->zone_count)
		qsort(s->zones, s->zone_count, sizeof(*s->zones), by_zone);
	for (size_t i = 0; i < s->part_count; i++) {
		if (i && strcmp(s->parts[i].digest, s->parts[i - 1].digest) == 0)
			list[n - 1].object.count++;
		else
			list[n++] = (struct sorted){ { i, 1 }, s->parts[i].order };
	}
	if (n)
		qsort(list, n, sizeof(*list), by_order);
	s->objects = arena_array(s->mem, n + 1, sizeof(*s->objects));
	s->object_count = n;
	for (size_t i = 0; i < n; i++)
		s->objects[i] = list[i].object;
}

int ical_split_open(ical_read_fn read, void *arg, struct arena *mem, struct ical_split **out,
	struct err *e)
{
	struct ical_split *s = arena_alloc(mem, sizeof(*s));
	struct reader *r = arena_alloc(mem, sizeof(*r));
	int rc;

	*s = (struct ical_split){ .read = read, .arg = arg, .mem = mem };
	r->s = s;
	buf_init(&r->chunk, CHUNK);
	rc = read_all(r, e);
	buf_finish(&r->chunk);
	if (rc < 0)
		return -1;
	group(s);
	*out = s;
	return 0;
}

size_t ical_split_count(const struct ical_split *s)
{
	return s->object_count;
}

/* ---- one object ---- */

static int read_part(const struct ical_split *s, const struct part *p, struct buf *out, struct err *e)
{
	if (p->len > out->max || s->read(s->arg, p->offset, (size_t)p->len, out, e) < 0)
		return out->full || p->len > out->max
			? err_set(e, ERR_LARGE, "larger than %zu bytes", out->max) : -1;
	if (out->len && out->data[out->len - 1] != '\n')
		buf_adds(out, "\r\n");
	return 0;
}

static unsigned count_lines(const struct buf *b)
{
	unsigned n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

/* The UID of a component without one: made of its bytes, so that importing it again finds it. */
static const char *make_uid(const struct buf *text, const char *host, struct arena *mem)
{
	char digest[DIGEST_SIZE];

	digest_short(text->data, text->len, digest);
	return arena_printf(mem, "%s@%s", digest, host);
}

/* Behind its BEGIN line goes what is missing. *added: how many lines. */
static int add_part(const struct part *p, const struct buf *text, const char *uid, int64_t now,
	struct buf *out, unsigned *added, struct err *e)
{
	const char *first = memchr(text->data, '\n', text->len);
	size_t head = first ? (size_t)(first - text->data) + 1 : text->len;
	char stamp[ICAL_UTC_SIZE];

	*added = 0;
	buf_add(out, text->data, head);
	if (!p->has_uid) {
		buf_printf(out, "UID:%s\r\n", uid);
		++*added;
	}
	if (!p->has_stamp) {
		ical_utc(now, stamp);
		buf_printf(out, "DTSTAMP:%s\r\n", stamp);
		++*added;
	}
	buf_add(out, text->data + head, text->len - head);
	return out->full ? err_set(e, ERR_LARGE, "larger than %zu bytes", out->max) : 0;
}

static int zone_order(const struct part *a, const char *name, unsigned calendar)
{
	int order = strcmp(a->name, name);

	return order ? order : a->calendar < calendar ? -1 : a->calendar > calendar;
}

/* The definition of that name in the same VCALENDAR, else in another. */
static const struct part *find_zone(const struct ical_split *s, unsigned calendar, const char *tzid)
{
	size_t low = 0, high = s->zone_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone_order(&s->zones[middle], tzid, calendar) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == s->zone_count || strcmp(s->zones[low].name, tzid) != 0)
		low--; /* of an earlier VCALENDAR, or none: then it wraps, too */
	return low < s->zone_count && strcmp(s->zones[low].name, tzid) == 0 ? &s->zones[low] : NULL;
}

struct zone_list { const struct part **item; size_t count, max; };

static void zone_list_add(struct zone_list *l, const struct part *zone)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->item[i] == zone)
			return;
	if (l->count < l->max)
		l->item[l->count++] = zone;
}

/* The zones that the object's lines name. */
static void list_zones(const struct ical_split *s, unsigned calendar, const struct buf *components,
	const struct ical_limits *limits, struct zone_list *out)
{
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf body;
	struct ical *ic;

	buf_init(&body, components->len + 64);
	buf_adds(&body, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n");
	buf_add(&body, components->data, components->len);
	buf_adds(&body, "END:VCALENDAR\r\n");
	if (ical_parse(body.data, body.len, limits, mem, &ic, NULL) < 0)
		return; /* who stores it will say why it can't be read */
	for (size_t i = 0; i < ic->line_count; i++) {
		const char *tzid = ical_param(&ic->lines[i], "TZID");
		const struct part *zone = tzid ? find_zone(s, calendar, tzid) : NULL;

		if (zone)
			zone_list_add(out, zone);
	}
}

static int write_zones(const struct ical_split *s, const struct zone_list *zones, struct buf *out,
	struct err *e)
{
	cleanup_buf struct buf text;

	buf_init(&text, out->max);
	for (size_t i = 0; i < zones->count; i++) {
		buf_reset(&text);
		if (read_part(s, zones->item[i], &text, e) < 0)
			return -1;
		buf_add(out, text.data, text.len);
	}
	return 0;
}

/* The components of object n, with what they lack; their places go into *map, relative to the first. */
static int read_components(const struct ical_split *s, const struct object *o, const char *host,
	int64_t now, struct arena *mem, struct buf *out, struct ical_split_map *map,
	struct err *e)
{
	const char *uid = NULL;
	cleanup_buf struct buf text;

	buf_init(&text, out->max);
	for (size_t i = 0; i < o->count; i++) {
		const struct part *p = &s->parts[o->first + i];
		unsigned from = count_lines(out), added;

		buf_reset(&text);
		if (read_part(s, p, &text, e) < 0)
			return -1;
		if (!p->has_uid)
			uid = make_uid(&text, host, mem);
		if (add_part(p, &text, uid, now, out, &added, e) < 0)
			return -1;
		map->part[i].from = from;
		map->part[i].added = added;
		map->part[i].line = p->line;
	}
	return 0;
}

static int write_body(const struct ical_split *s, const struct object *o, const struct buf *components,
	const struct ical_limits *limits, struct ical_split_map *map, struct buf *out, struct err *e)
{
	cleanup_free const struct part **item = xcalloc(limits->zones + 1, sizeof(*item));
	struct zone_list zones = { item, 0, limits->zones };

	list_zones(s, s->parts[o->first].calendar, components, limits, &zones);
	buf_adds(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//import//EN\r\n");
	if (write_zones(s, &zones, out, e) < 0)
		return -1;
	unsigned before = count_lines(out);
	for (size_t i = 0; i < map->count; i++)
		map->part[i].from += before;
	buf_add(out, components->data, components->len);
	buf_adds(out, "END:VCALENDAR\r\n");
	return out->full ? err_set(e, ERR_LARGE, "larger than %zu bytes", out->max) : 0;
}

int ical_split_read(const struct ical_split *s, size_t n, const struct ical_limits *limits,
	const char *host, int64_t now, struct arena *mem, struct ical_piece *out, struct err *e)
{
	const struct object *o = &s->objects[n];
	struct ical_split_map *map = arena_alloc(mem, sizeof(*map) + o->count * sizeof(map->part[0]));
	cleanup_buf struct buf components, body;

	*out = (struct ical_piece){ .line = s->parts[o->first].line, .map = map };
	map->count = o->count;
	buf_init(&components, limits->bytes);
	buf_init(&body, limits->bytes);
	if (read_components(s, o, host, now, mem, &components, map, e) < 0 ||
		write_body(s, o, &components, limits, map, &body, e) < 0)
		return -1;
	out->body = arena_strndup(mem, body.data, body.len);
	out->len = body.len;
	return 0;
}

uint64_t ical_piece_line(const struct ical_piece *p, unsigned number)
{
	const struct ical_split_map *m = p->map;
	uint64_t line = p->line;

	for (size_t i = 0; i < m->count && m->part[i].from < number; i++) {
		unsigned within = number - m->part[i].from - 1; /* from: lines before it */

		if (within > m->part[i].added)
			within -= m->part[i].added;
		else if (within > 0)
			within = 0;
		line = m->part[i].line + within;
	}
	return line;
}
