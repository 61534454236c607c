/*
 * Zones that an object defines itself (RFC 5545 3.6.5). Their names mean something in this object
 * only. Each observance's onsets are put into one table; endless rules are written out until
 * the table can repeat (zonetab.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/internal.h"
#include "ical/recur.h"
#include "ical/zonetab.h"

enum {
	DAY = 86400,
	ONSETS_MAX = 10000,
	STEPS_MAX = 200000,
	STEPS_FREE = 75000, /* of one object: two zones as programs send them */
	OBSERVANCES_MAX = 500,
};

struct observance {
	const struct ical_comp *comp;
	int32_t before, after;  /* TZOFFSETFROM, TZOFFSETTO */
	struct wall start;
	bool endless;
};

struct onset {
	int64_t at;
	int32_t before, after;
};

struct maker {
	const struct ical *ic;
	struct observance *observances;
	size_t observance_count;
	struct onset *onsets;
	size_t count, size;
	int64_t last;     /* latest onset, and start of an endless rule, that the text gives a date for */
	int64_t cycle;
	uint64_t steps;
};

/* UTC-OFFSET, RFC 5545 3.3.14: [+-]hhmm[ss] */
static int parse_offset(const char *text, int32_t *out)
{
	size_t len = strlen(text);
	uint64_t v;

	if ((*text != '+' && *text != '-') || (len != 5 && len != 7)
		|| parse_u64n(text + 1, len - 1, 0, 999999, &v)) {
		return -1;
	}
	v = len == 5 ? v * 100 : v;
	int32_t seconds = (int32_t)(v / 10000 * 3600 + v / 100 % 100 * 60 + v % 100);
	if (seconds > ZONE_OFFSET_MAX) {
		return -1;
	}
	*out = *text == '-' ? -seconds : seconds;
	return 0;
}

static int add_onset(struct maker *m, const struct observance *o, int64_t local)
{
	if (m->count == ONSETS_MAX) {
		return -1;
	}
	if (m->count == m->size) {
		m->size = m->size ? m->size * 2 : 64;
		m->onsets = xreallocarray(m->onsets, m->size, sizeof(*m->onsets));
	}
	m->onsets[m->count++] = (struct onset) {
		.at = local - o->before, .before = o->before, .after = o->after,
	};
	return 0;
}

static void note_date(struct maker *m, int64_t local)
{
	m->last = local > m->last ? local : m->last;
}

static int add_rdates(struct maker *m, const struct observance *o)
{
	const struct ical_line *l = ical_prop(m->ic, o->comp, "RDATE");
	char item[ICAL_ITEM_SIZE];
	struct ical_when w;

	for (; l; l = ical_prop_next(m->ic, o->comp, l, "RDATE")) {
		const char *at = l->value;

		while (ical_list_next(&at, item) > 0) {
			if (ical_when(NULL, item, NULL, NULL, &w, NULL) || add_onset(m, o, wall_seconds(&w.wall))) {
				return -1;
			}
			note_date(m, wall_seconds(&w.wall));
		}
	}
	return 0;
}

/* UNTIL is UTC there by the RFC, local in what some programs write. */
static int64_t rule_until(const struct rule *r, const struct observance *o)
{
	int64_t t = wall_seconds(&r->until.wall);

	if (!r->has_until) {
		return INT64_MAX;
	}
	return r->until.form == ICAL_UTC ? t + o->before : r->until.form == ICAL_DATE ? t + DAY - 1 : t;
}

static bool is_endless(const struct rule *r)
{
	return !r->has_until && !r->count;
}

/* Onsets up to `end`, local; INT64_MAX: all, of a rule that ends. */
static int add_rule(struct maker *m, const struct observance *o, const struct rule *rule, int64_t end)
{
	int64_t until = rule_until(rule, o), local;
	struct recur r;
	int rc;

	recur_open(&r, rule, &o->start, until < end ? until : end, true, &m->steps);
	while ((rc = recur_next(&r, &local)) > 0) {
		if (add_onset(m, o, local)) {
			return -1;
		}
		if (!is_endless(rule)) {
			note_date(m, local);
		}
	}
	return rc;
}

/* Those that end, or those that don't, up to the end of the table. */
static int add_rules(struct maker *m, struct observance *o, bool endless)
{
	const struct ical_line *l = ical_prop(m->ic, o->comp, "RRULE");
	int64_t end = endless ? m->cycle + CYCLE_SECONDS + 400 * DAY : INT64_MAX;
	struct rule rule;

	for (; l; l = ical_prop_next(m->ic, o->comp, l, "RRULE")) {
		if (rule_parse(l->value, &rule, NULL)) {
			return -1;
		}
		o->endless |= is_endless(&rule);
		if (is_endless(&rule) == endless && add_rule(m, o, &rule, end)) {
			return -1;
		}
	}
	return 0;
}

static int read_observance(struct maker *m, const struct ical_comp *c)
{
	const struct ical_line *from = ical_prop(m->ic, c, "TZOFFSETFROM");
	const struct ical_line *to = ical_prop(m->ic, c, "TZOFFSETTO");
	const struct ical_line *start = ical_prop(m->ic, c, "DTSTART");
	struct observance *o = &m->observances[m->observance_count];
	struct ical_when w;

	if (!from || !to || !start || parse_offset(from->value, &o->before)
		|| parse_offset(to->value, &o->after) || ical_when(NULL, start->value, NULL, NULL, &w, NULL)) {
		return -1;
	}
	o->comp = c;
	o->start = w.wall;
	m->observance_count++;
	note_date(m, wall_seconds(&o->start));
	return add_onset(m, o, wall_seconds(&o->start)) || add_rdates(m, o) || add_rules(m, o, false);
}

static int read_observances(struct maker *m, const struct ical_comp *c)
{
	size_t n = 0;

	for (const struct ical_comp *k = c->children; k; k = k->next) {
		n++;
	}
	if (!n || n > OBSERVANCES_MAX) {
		return -1;
	}
	m->observances = arena_array(m->ic->mem, n, sizeof(*m->observances));
	for (const struct ical_comp *k = c->children; k; k = k->next) {
		bool standard = !strcmp(k->name, "STANDARD");

		if ((standard || !strcmp(k->name, "DAYLIGHT")) && read_observance(m, k)) {
			return -1;
		}
	}
	return m->count ? 0 : -1;
}

static int write_out_endless(struct maker *m, bool *repeats)
{
	int64_t year;
	int month, day;

	civil_from_days(m->last / DAY, &year, &month, &day);
	m->cycle = days_from_civil(year + 1, 1, 1) * DAY;
	for (size_t i = 0; i < m->observance_count; i++) {
		struct observance *o = &m->observances[i];

		*repeats |= o->endless;
		if (o->endless && add_rules(m, o, true)) {
			return -1;
		}
	}
	return 0;
}

static int by_instant(const void *a, const void *b)
{
	const struct onset *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static struct zone *finish_zone(struct maker *m, const char *name, bool repeats)
{
	struct zone *z = arena_alloc(m->ic->mem, sizeof(*z));

	qsort(m->onsets, m->count, sizeof(*m->onsets), by_instant);
	z->name = name;
	z->first = m->onsets[0].before;
	z->changes = arena_array(m->ic->mem, m->count, sizeof(*z->changes));
	z->repeats = repeats;
	z->cycle = m->cycle;
	for (size_t i = 0; i < m->count; i++) {
		if (z->count && z->changes[z->count - 1].at == m->onsets[i].at) {
			z->count--;
		}
		z->changes[z->count++] = (struct zone_change) {
			.at = m->onsets[i].at, .offset = m->onsets[i].after,
		};
	}
	return z;
}

/* No zone is refused for want of budget: times would be understood in another one. */
static void spend(struct ical *memo, uint64_t steps)
{
	uint64_t left = memo->zone_steps < STEPS_FREE ? STEPS_FREE - memo->zone_steps : 0;

	memo->zone_steps += steps;
	ical_spend(memo->limits, steps > left ? steps - left : 0);
}

static const struct zone *make_zone(struct ical *memo, const struct ical_comp *c, const char *name)
{
	struct maker m = { .ic = memo, .steps = STEPS_MAX, .last = INT64_MIN };
	struct zone *z = NULL;
	bool repeats = false;

	if (!read_observances(&m, c) && !write_out_endless(&m, &repeats)) {
		z = finish_zone(&m, name, repeats);
	}
	spend(memo, STEPS_MAX - m.steps);
	free(m.onsets);
	return z;
}

/* As value.c reads a TZID parameter: blanks at its end don't count. */
static const char *tzid_of(const struct ical *ic, const struct ical_comp *c)
{
	const struct ical_line *l = ical_prop(ic, c, "TZID");
	size_t len = l ? strlen(l->value) : 0;

	while (len && (l->value[len - 1] == ' ' || l->value[len - 1] == '\t')) {
		len--;
	}
	return len ? arena_strndup(ic->mem, l->value, len) : NULL;
}

static void list_zones(struct ical *memo)
{
	struct ical_zone **tail = &memo->zones;

	memo->zones_made = true;
	for (const struct ical_comp *c = memo->calendar->children; c; c = c->next) {
		const char *tzid = c->kind == ICAL_VTIMEZONE ? tzid_of(memo, c) : NULL;

		if (!tzid) {
			continue;
		}
		*tail = arena_alloc(memo->mem, sizeof(**tail));
		(*tail)->tzid = tzid;
		(*tail)->comp = c;
		tail = &(*tail)->next;
	}
}

const struct zone *ical_object_zone(const struct ical *ic, const char *tzid)
{
	struct ical *memo = (struct ical *)ic; /* the object's meaning doesn't change by it */

	if (!ic->zones_made) {
		list_zones(memo);
	}
	for (struct ical_zone *z = ic->zones; z; z = z->next) {
		if (strcmp(z->tzid, tzid) != 0) {
			continue;
		}
		if (!z->made) {
			z->made = true;
			z->zone = make_zone(memo, z->comp, z->tzid);
		}
		return z->zone;
	}
	return NULL;
}
