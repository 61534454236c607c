/* Content lines to a tree of components, and how the tree is walked. */
#include <string.h>

#include "base/util.h"
#include "ical/internal.h"
#include "ical/scan.h"

const struct ical_limits ical_default_limits = {
	.bytes = 1 << 20,
	.line = 1 << 20,
	.lines = 50000,
	.depth = 8,
	.params = 64,
	.attendees = 1000,
	.zones = 100,
	.instances = 30000,
	.steps = 1000000,
	.earliest = -INT64_C(62135596800), /* 0001-01-01T00:00:00Z */
	.latest = INT64_C(253402300799),   /* 9999-12-31T23:59:59Z */
};

uint64_t ical_steps(const struct ical_limits *l)
{
	return l->budget && *l->budget < l->steps ? *l->budget : l->steps;
}

void ical_spend(const struct ical_limits *l, uint64_t steps)
{
	if (l->budget) {
		*l->budget -= steps < *l->budget ? steps : *l->budget;
	}
}

static const struct { const char *name; enum ical_kind kind; } kinds[] = {
	{ "VALARM", ICAL_VALARM },
	{ "VAVAILABILITY", ICAL_VAVAILABILITY },
	{ "VCALENDAR", ICAL_VCALENDAR },
	{ "VEVENT", ICAL_VEVENT },
	{ "VFREEBUSY", ICAL_VFREEBUSY },
	{ "VJOURNAL", ICAL_VJOURNAL },
	{ "VTIMEZONE", ICAL_VTIMEZONE },
	{ "VTODO", ICAL_VTODO },
};

/* A component whose END has not come yet. */
struct open {
	struct ical_comp *comp, **tail;
	size_t attendees;
};

struct parser {
	const struct ical_limits *limits;
	struct arena *mem;
	struct ical_line *lines;
	struct open *stack;
	unsigned depth;
	size_t zones;
	struct ical_comp *calendar;
};

/* BEGIN's and END's value without trailing blanks. */
static size_t comp_name_len(const char *value)
{
	size_t n = strlen(value);

	while (n && (value[n - 1] == ' ' || value[n - 1] == '\t')) {
		n--;
	}
	return n;
}

static bool comp_name_valid(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!ascii_isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_') {
			return false;
		}
	}
	return len > 0;
}

static void name_comp(struct ical_comp *c, const char *name, size_t len, struct arena *mem)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strlen(kinds[i].name) == len && !ascii_ncasecmp(kinds[i].name, name, len)) {
			c->kind = kinds[i].kind;
			c->name = kinds[i].name;
			return;
		}
	}
	char *copy = arena_strndup(mem, name, len);
	for (char *p = copy; *p; p++) {
		*p = (char)ascii_toupper((unsigned char)*p);
	}
	c->kind = ICAL_OTHER;
	c->name = copy;
}

/* The first component must be the VCALENDAR, and none may stand beside it. */
static int attach(struct parser *p, struct ical_comp *c, unsigned number, struct err *e)
{
	if (p->depth) {
		struct open *above = &p->stack[p->depth - 1];
		c->parent = above->comp;
		*above->tail = c;
		above->tail = &c->next;
		return 0;
	}
	if (p->calendar) {
		return err_set(e, ERR_SYNTAX, "line %u: a second calendar", number);
	}
	if (c->kind != ICAL_VCALENDAR) {
		return err_set(e, ERR_SYNTAX, "line %u: %.40s outside a VCALENDAR", number, c->name);
	}
	p->calendar = c;
	return 0;
}

static int begin_comp(struct parser *p, size_t i, struct err *e)
{
	const struct ical_line *l = &p->lines[i];
	size_t len = comp_name_len(l->value);

	if (!comp_name_valid(l->value, len) || l->param_count) {
		return err_set(e, ERR_SYNTAX, "line %u: malformed BEGIN", l->number);
	}
	if (p->depth == p->limits->depth) {
		return err_set(e, ERR_LIMIT, "line %u: components nested deeper than %u", l->number,
			p->limits->depth);
	}
	struct ical_comp *c = arena_alloc(p->mem, sizeof(*c));
	name_comp(c, l->value, len, p->mem);
	c->first = i;
	if (c->kind == ICAL_VTIMEZONE && ++p->zones > p->limits->zones) {
		return err_set(e, ERR_LIMIT, "line %u: more than %zu time zones", l->number, p->limits->zones);
	}
	if (attach(p, c, l->number, e)) {
		return -1;
	}
	p->stack[p->depth++] = (struct open){ .comp = c, .tail = &c->children };
	return 0;
}

static int end_comp(struct parser *p, size_t i, struct err *e)
{
	const struct ical_line *l = &p->lines[i];
	size_t len = comp_name_len(l->value);

	if (!p->depth) {
		return err_set(e, ERR_SYNTAX, "line %u: END without BEGIN", l->number);
	}
	struct ical_comp *c = p->stack[p->depth - 1].comp;
	if (l->param_count || strlen(c->name) != len || ascii_ncasecmp(c->name, l->value, len)) {
		return err_set(e, ERR_SYNTAX, "line %u: END does not fit %.40s", l->number, c->name);
	}
	c->last = i;
	p->lines[c->first].end = i;
	p->depth--;
	return 0;
}

static int property(struct parser *p, size_t i, struct err *e)
{
	const struct ical_line *l = &p->lines[i];

	if (!p->depth) {
		return err_set(e, ERR_SYNTAX, "line %u: outside the calendar", l->number);
	}
	if (!strcmp(l->name, "ATTENDEE") && ++p->stack[p->depth - 1].attendees > p->limits->attendees) {
		return err_set(e, ERR_ATTENDEES, "line %u: more than %zu attendees", l->number,
			p->limits->attendees);
	}
	return 0;
}

static int build(struct parser *p, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = p->lines[i].name;
		int rc = !strcmp(name, "BEGIN") ? begin_comp(p, i, e)
			: !strcmp(name, "END") ? end_comp(p, i, e) : property(p, i, e);
		if (rc) {
			return -1;
		}
	}
	if (p->depth) {
		return err_set(e, ERR_SYNTAX, "%.40s has no END", p->stack[p->depth - 1].comp->name);
	}
	return p->calendar ? 0 : err_set(e, ERR_SYNTAX, "no VCALENDAR");
}

int ical_parse(const char *bytes, size_t len, const struct ical_limits *limits, struct arena *mem,
	struct ical **out, struct err *e)
{
	struct parser p = { .limits = limits ? limits : &ical_default_limits, .mem = mem };
	size_t count;

	if (len > p.limits->bytes) {
		return err_set(e, ERR_LARGE, "larger than %zu bytes", p.limits->bytes);
	}
	if (scan_lines(bytes, len, p.limits, mem, &p.lines, &count, e)) {
		return -1;
	}
	p.stack = arena_array(mem, p.limits->depth, sizeof(*p.stack));
	if (build(&p, count, e)) {
		return -1;
	}
	struct ical *ic = arena_alloc(mem, sizeof(*ic));
	ic->body = arena_strndup(mem, bytes, len);
	ic->body_len = len;
	ic->lines = p.lines;
	ic->line_count = count;
	ic->calendar = p.calendar;
	ic->mem = mem;
	ic->limits = p.limits;
	*out = ic;
	return 0;
}

const struct ical_line *ical_line_next(const struct ical *ic, const struct ical_comp *c,
	const struct ical_line *after)
{
	size_t i = after ? (size_t)(after - ic->lines) + 1 : c->first + 1;

	while (i < c->last && ic->lines[i].end) {
		i = ic->lines[i].end + 1;
	}
	return i < c->last ? &ic->lines[i] : NULL;
}

const struct ical_line *ical_prop_next(const struct ical *ic, const struct ical_comp *c,
	const struct ical_line *after, const char *name)
{
	const struct ical_line *l = after;

	while ((l = ical_line_next(ic, c, l)) && strcmp(l->name, name)) {
	}
	return l;
}

const struct ical_line *ical_prop(const struct ical *ic, const struct ical_comp *c, const char *name)
{
	return ical_prop_next(ic, c, NULL, name);
}

const char *ical_param(const struct ical_line *l, const char *name)
{
	for (size_t i = 0; i < l->param_count; i++) {
		if (!strcmp(l->params[i].name, name)) {
			return l->params[i].value;
		}
	}
	return NULL;
}

const struct ical_comp *ical_first(const struct ical *ic)
{
	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		if (c->kind != ICAL_VTIMEZONE && c->kind != ICAL_OTHER) {
			return c;
		}
	}
	return NULL;
}

const struct ical_comp *ical_master(const struct ical *ic)
{
	const struct ical_comp *first = ical_first(ic);

	for (const struct ical_comp *c = first; c; c = c->next) {
		if (c->kind == first->kind && !ical_prop(ic, c, "RECURRENCE-ID")) {
			return c;
		}
	}
	return NULL;
}

bool ical_is_cancelled(const struct ical *ic, const struct ical_comp *c)
{
	const struct ical_line *status = ical_prop(ic, c, "STATUS");

	return status && ascii_casecmp(status->value, "CANCELLED") == 0;
}
