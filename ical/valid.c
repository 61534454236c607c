/*
 * Is this a calendar object resource (RFC 4791 4.1) of well-formed values (RFC 5545)?
 *
 * Refused is what would make the object mean two things or nothing. Tolerated is what programs
 * in use send and what harms nobody: no DTSTAMP, no PRODID, no VTIMEZONE, alarms without
 * trigger, creation dates in the year 0000, a task that is due before it starts.
 */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ical/ical.h"
#include "ical/internal.h"

enum {
	UID_MAX = 1024,
	STORED = ICAL_VEVENT | ICAL_VTODO | ICAL_VJOURNAL | ICAL_VFREEBUSY | ICAL_VAVAILABILITY,
	EVERY = STORED | ICAL_VALARM,
	DATED = ICAL_VEVENT | ICAL_VTODO | ICAL_VJOURNAL,
};

/* RFC 5545 3.6: how often and of what form, sorted by name. */
static const struct rule {
	const char *name;
	enum ical_value_type type;
	unsigned once; /* kinds in which it may come once only */
} rules[] = {
	/* clang-format off */
	{ "ACTION",           VALUE_ANY,     ICAL_VALARM },
	{ "CLASS",            VALUE_ANY,     STORED },
	{ "COLOR",            VALUE_ANY,     STORED },
	{ "COMPLETED",        VALUE_TIME,    ICAL_VTODO },
	{ "CREATED",          VALUE_ANY,     STORED },
	{ "DESCRIPTION",      VALUE_ANY,     EVERY & ~ICAL_VJOURNAL },
	{ "DTEND",            VALUE_TIME,    STORED },
	{ "DTSTAMP",          VALUE_ANY,     STORED },
	{ "DTSTART",          VALUE_TIME,    STORED },
	{ "DUE",              VALUE_TIME,    ICAL_VTODO },
	{ "DURATION",         VALUE_SPAN,    EVERY },
	{ "EXDATE",           VALUE_TIMES,   0 },
	{ "EXRULE",           VALUE_RULE,    0 },
	{ "FREEBUSY",         VALUE_PERIODS, 0 },
	{ "GEO",              VALUE_ANY,     STORED },
	{ "LAST-MODIFIED",    VALUE_ANY,     STORED },
	{ "LOCATION",         VALUE_ANY,     STORED },
	{ "ORGANIZER",        VALUE_ANY,     STORED },
	{ "PERCENT-COMPLETE", VALUE_ANY,     ICAL_VTODO },
	{ "PRIORITY",         VALUE_ANY,     STORED },
	{ "RDATE",            VALUE_TIMES,   0 },
	{ "RECURRENCE-ID",    VALUE_TIME,    STORED },
	{ "REPEAT",           VALUE_ANY,     ICAL_VALARM },
	{ "RRULE",            VALUE_RULE,    0 },
	{ "SEQUENCE",         VALUE_ANY,     STORED },
	{ "STATUS",           VALUE_ANY,     STORED },
	{ "SUMMARY",          VALUE_ANY,     EVERY },
	{ "TRANSP",           VALUE_ANY,     ICAL_VEVENT },
	{ "TRIGGER",          VALUE_TRIGGER, ICAL_VALARM },
	{ "UID",              VALUE_ANY,     EVERY },
	{ "URL",              VALUE_ANY,     STORED },
	/* clang-format on */
};

/* ---- values ---- */

static int check_time(const struct ical *ic, const struct ical_line *l, const char *value,
	struct err *e)
{
	struct ical_when when;

	return ical_when(ic, value, ical_param(l, "TZID"), NULL, &when, e);
}

static int check_period(const struct ical *ic, const struct ical_line *l, const char *value,
	struct err *e)
{
	struct ical_when start;
	int64_t end;

	return ical_period(ic, value, ical_param(l, "TZID"), NULL, &start, &end, e);
}

/* Dates, times and, in RDATE, periods may stand in one list. */
static int check_list(const struct ical *ic, const struct ical_line *l, bool periods, struct err *e)
{
	char item[ICAL_ITEM_SIZE];
	const char *at = l->value;
	int more;

	while ((more = ical_list_next(&at, item)) > 0) {
		int rc = periods || strchr(item, '/') ? check_period(ic, l, item, e)
			: check_time(ic, l, item, e);
		if (rc) {
			return -1;
		}
	}
	return more ? err_set(e, ERR_SYNTAX, "no list of dates") : 0;
}

static int check_trigger(const struct ical *ic, const struct ical_line *l, struct err *e)
{
	struct ical_duration d;
	const char *v = l->value;

	return ascii_isdigit((unsigned char)*v) ? check_time(ic, l, v, e) : ical_duration(v, &d, e);
}

static int check_value(const struct ical *ic, const struct ical_line *l, enum ical_value_type type,
	struct err *e)
{
	struct ical_duration d;

	switch (type) {
	case VALUE_TIME:
		return check_time(ic, l, l->value, e);
	case VALUE_TIMES:
	case VALUE_PERIODS:
		return check_list(ic, l, type == VALUE_PERIODS, e);
	case VALUE_SPAN:
		return ical_duration(l->value, &d, e);
	case VALUE_TRIGGER:
		return check_trigger(ic, l, e);
	case VALUE_RULE:
		return ical_rule_check(l->value, e);
	case VALUE_ANY:
		break;
	}
	return 0;
}

/* Puts the place in front of what is wrong there. */
static int blame(const struct ical_line *l, struct err *e)
{
	struct err inner = { 0 };

	if (e) {
		inner = *e;
		err_set(e, inner.code, "line %u: %.30s: %.150s", l->number, l->name, inner.text);
	}
	return -1;
}

static int compare_rule(const void *key, const void *row)
{
	return strcmp(key, ((const struct rule *)row)->name);
}

static const struct rule *find_rule(const char *name)
{
	return bsearch(name, rules, ARRAY_SIZE(rules), sizeof(*rules), compare_rule);
}

enum ical_value_type ical_value_type(const char *name)
{
	const struct rule *r = find_rule(name);

	return r ? r->type : VALUE_ANY;
}

bool ical_is_time(const char *name)
{
	static const char *const unchecked[] = { "ACKNOWLEDGED", "CREATED", "DTSTAMP", "LAST-MODIFIED" };

	for (size_t i = 0; i < ARRAY_SIZE(unchecked); i++) {
		if (!strcmp(name, unchecked[i])) {
			return true;
		}
	}
	switch (ical_value_type(name)) {
	case VALUE_TIME:
	case VALUE_TIMES:
	case VALUE_PERIODS:
	case VALUE_TRIGGER:
		return true;
	default:
		return false;
	}
}

/* Each property of one component by the table, nested components left out. */
static int check_props(const struct ical *ic, const struct ical_comp *c, struct err *e)
{
	uint64_t seen = 0;

	_Static_assert(ARRAY_SIZE(rules) <= 64, "one bit for each row");
	for (const struct ical_line *l = NULL; (l = ical_line_next(ic, c, l));) {
		const struct rule *r = find_rule(l->name);
		if (!r) {
			continue;
		}
		uint64_t bit = UINT64_C(1) << (r - rules);
		if ((seen & bit) && (r->once & c->kind)) {
			return err_set(e, ERR_RULES, "line %u: a second %s", l->number, l->name);
		}
		seen |= bit;
		if (check_value(ic, l, r->type, e)) {
			return blame(l, e);
		}
	}
	return 0;
}

/* ---- what belongs together ---- */

/* Comparable are two times that both know their zone, or neither. */
static bool before_start(const struct ical_when *start, const struct ical_when *end)
{
	bool fixed = start->form == ICAL_UTC || start->form == ICAL_ZONED;

	return fixed == (end->form == ICAL_UTC || end->form == ICAL_ZONED) && end->utc < start->utc;
}

static int check_event_end(const struct ical *ic, const struct ical_comp *c,
	const struct ical_line *start, struct err *e)
{
	const struct ical_line *end = ical_prop(ic, c, "DTEND");
	struct ical_when from, to;

	if (!end) {
		return 0;
	}
	if (ical_prop(ic, c, "DURATION")) {
		return err_set(e, ERR_RULES, "line %u: DTEND and DURATION", end->number);
	}
	if (ical_line_when(ic, start, NULL, &from, e) || ical_line_when(ic, end, NULL, &to, e)) {
		return -1;
	}
	if ((from.form == ICAL_DATE) != (to.form == ICAL_DATE)) {
		return err_set(e, ERR_RULES, "line %u: DTSTART and DTEND: one date, one time", end->number);
	}
	if (before_start(&from, &to)) {
		return err_set(e, ERR_RULES, "line %u: DTEND before DTSTART", end->number);
	}
	return 0;
}

static int check_event(const struct ical *ic, const struct ical_comp *c, struct err *e)
{
	const struct ical_line *start = ical_prop(ic, c, "DTSTART");
	const struct ical_line *length = ical_prop(ic, c, "DURATION");

	if (!start) {
		return err_set(e, ERR_RULES, "line %u: %s without DTSTART", ic->lines[c->first].number,
			c->name);
	}
	if (length && *length->value == '-') {
		return err_set(e, ERR_RULES, "line %u: negative DURATION", length->number);
	}
	return check_event_end(ic, c, start, e);
}

/* RFC 5545 3.6.2. DUE before DTSTART is tolerated: programs for tasks make it. */
static int check_todo(const struct ical *ic, const struct ical_comp *c, struct err *e)
{
	const struct ical_line *length = ical_prop(ic, c, "DURATION");

	if (!length) {
		return 0;
	}
	if (*length->value == '-') {
		return err_set(e, ERR_RULES, "line %u: negative DURATION", length->number);
	}
	if (ical_prop(ic, c, "DUE")) {
		return err_set(e, ERR_RULES, "line %u: DUE and DURATION", length->number);
	}
	if (!ical_prop(ic, c, "DTSTART")) {
		return err_set(e, ERR_RULES, "line %u: DURATION without DTSTART", length->number);
	}
	return 0;
}

static int check_uid(const struct ical *ic, const struct ical_comp *c, const char **uid, struct err *e)
{
	const struct ical_line *l = ical_prop(ic, c, "UID");
	unsigned number = ic->lines[c->first].number;

	if (!l || !*l->value) {
		return err_set(e, ERR_RULES, "line %u: %s without UID", number, c->name);
	}
	if (strlen(l->value) > UID_MAX) {
		return err_set(e, ERR_RULES, "line %u: UID longer than %d bytes", l->number, UID_MAX);
	}
	if (*uid && strcmp(*uid, l->value)) {
		return err_set(e, ERR_RULES, "line %u: a second UID", l->number);
	}
	*uid = l->value;
	return 0;
}

/* RFC 7953 3.1: each AVAILABLE is as an event, with a UID of its own. */
static int check_availability(const struct ical *ic, const struct ical_comp *c, struct err *e)
{
	if (!ical_prop(ic, c, "DTSTART") && ical_prop(ic, c, "DURATION")) {
		return err_set(e, ERR_RULES, "line %u: DURATION without DTSTART", ic->lines[c->first].number);
	}
	if (ical_prop(ic, c, "DTSTART") && check_event(ic, c, e)) {
		return -1;
	}
	for (const struct ical_comp *part = c->children; part; part = part->next) {
		const char *uid = NULL;

		if (strcmp(part->name, "AVAILABLE") != 0) {
			continue;
		}
		if (check_uid(ic, part, &uid, e) || check_props(ic, part, e) || check_event(ic, part, e)) {
			return -1;
		}
	}
	return 0;
}

/* The component, and its alarms or other parts. Depth is bounded by the parser. */
static int check_comp(const struct ical *ic, const struct ical_comp *c, struct err *e)
{
	if (check_props(ic, c, e)) {
		return -1;
	}
	if (c->kind == ICAL_VEVENT && check_event(ic, c, e)) {
		return -1;
	}
	if (c->kind == ICAL_VTODO && check_todo(ic, c, e)) {
		return -1;
	}
	if (c->kind == ICAL_VAVAILABILITY && check_availability(ic, c, e)) {
		return -1;
	}
	for (const struct ical_comp *part = c->children; part; part = part->next) {
		if (part->kind == ICAL_VALARM && check_props(ic, part, e)) {
			return -1;
		}
	}
	return 0;
}

/* ---- the object as a whole: RFC 4791 4.1 ---- */

static int check_calendar(const struct ical *ic, struct err *e)
{
	const struct ical_line *version = ical_prop(ic, ic->calendar, "VERSION");
	const struct ical_line *method = ical_prop(ic, ic->calendar, "METHOD");

	if (!version || strcmp(version->value, "2.0")) {
		return err_set(e, ERR_SYNTAX, "no VERSION:2.0");
	}
	if (method) {
		return err_set(e, ERR_RULES, "line %u: METHOD", method->number);
	}
	return 0;
}

static int check_kinds(const struct ical *ic, enum ical_kind *out, struct err *e)
{
	const struct ical_comp *first = ical_first(ic);

	if (!first) {
		return err_set(e, ERR_COMPONENT, "nothing but time zones or unknown components");
	}
	for (const struct ical_comp *c = first; c; c = c->next) {
		if (c->kind == ICAL_VTIMEZONE || c->kind == ICAL_OTHER) {
			continue;
		}
		if (!(c->kind & STORED)) {
			return err_set(e, ERR_RULES, "line %u: %s out of place",
				ic->lines[c->first].number, c->name);
		}
		if (c->kind != first->kind) {
			return err_set(e, ERR_RULES, "line %u: %s beside %s",
				ic->lines[c->first].number, c->name, first->name);
		}
	}
	*out = first->kind;
	return 0;
}

static int compare_instants(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int check_distinct(int64_t *ids, size_t n, size_t masters, struct err *e)
{
	if (masters > 1) {
		return err_set(e, ERR_RULES, "two components without RECURRENCE-ID");
	}
	if (n) {
		qsort(ids, n, sizeof(*ids), compare_instants);
	}
	for (size_t i = 1; i < n; i++) {
		if (ids[i] == ids[i - 1]) {
			return err_set(e, ERR_RULES, "two components with the same RECURRENCE-ID");
		}
	}
	return 0;
}

static size_t count_kind(const struct ical_comp *c, enum ical_kind kind)
{
	size_t n = 0;

	for (; c; c = c->next) {
		n += c->kind == kind;
	}
	return n;
}

/* UIDs, masters, overrides, and each component by itself. */
static int check_set(const struct ical *ic, const struct ical_comp *first, const char **uid,
	struct err *e)
{
	int64_t *ids = arena_array(ic->mem, count_kind(first, first->kind), sizeof(*ids));
	size_t overrides = 0, masters = 0;

	for (const struct ical_comp *c = first; c; c = c->next) {
		struct ical_when id;
		if (c->kind != first->kind) {
			continue;
		}
		if (check_uid(ic, c, uid, e) || check_comp(ic, c, e)) {
			return -1;
		}
		const struct ical_line *l = ical_prop(ic, c, "RECURRENCE-ID");
		if (!l) {
			masters++;
		} else if (ical_line_when(ic, l, NULL, &id, e)) {
			return -1;
		} else {
			ids[overrides++] = id.utc;
		}
	}
	return check_distinct(ids, overrides, masters, e);
}

int ical_valid(const struct ical *ic, struct ical_info *out, struct err *e)
{
	struct ical_info info = { 0 };

	if (check_calendar(ic, e) || check_kinds(ic, &info.kind, e)
		|| check_set(ic, ical_first(ic), &info.uid, e)) {
		return -1;
	}
	*out = info;
	return 0;
}

int ical_availability_valid(const struct ical *ic, struct err *e)
{
	size_t n = 0;

	if (check_calendar(ic, e)) {
		return -1;
	}
	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		const char *uid = NULL;

		if (c->kind == ICAL_VTIMEZONE) {
			continue;
		}
		if (c->kind != ICAL_VAVAILABILITY) {
			return err_set(e, ERR_RULES, "line %u: %s beside VAVAILABILITY", ic->lines[c->first].number,
				c->name);
		}
		if (check_uid(ic, c, &uid, e) || check_comp(ic, c, e)) {
			return -1;
		}
		n++;
	}
	return n ? 0 : err_set(e, ERR_COMPONENT, "no VAVAILABILITY");
}

int ical_alarms_valid(const struct ical *ic, struct err *e)
{
	const struct ical_comp *c = ic->calendar->children;

	if (!c) {
		return err_set(e, ERR_COMPONENT, "no VALARM");
	}
	for (; c; c = c->next) {
		if (c->kind != ICAL_VALARM || !ical_prop(ic, c, "ACTION") || !ical_prop(ic, c, "TRIGGER")) {
			return err_set(e, ERR_RULES, "line %u: no VALARM with ACTION and TRIGGER",
				ic->lines[c->first].number);
		}
		if (check_props(ic, c, e)) {
			return -1;
		}
	}
	return 0;
}
