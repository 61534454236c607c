/* RFC 4791 9.7: does an object match a calendar-query's filter. */
#include <string.h>

#include "base/util.h"
#include "ical/casefold.h"
#include "ical/ical.h"
#include "ical/range.h"

/* Alarms asked in one match; each is an expansion of its own. */
enum { ALARMS_MAX = 128 };

struct match {
	const struct ical *ic;
	const struct zone *floating;
	unsigned *alarms; /* asked so far */
	struct arena *mem; /* for the texts of one property filter */
	struct err *e;
};

/* ---- text ---- */

static char *lower(const char *text, struct arena *mem)
{
	char *copy = arena_strdup(mem, text);

	ascii_lower(copy);
	return copy;
}

/* Folding shortens to a third at most and lengthens by half: what is much longer than the text isn't
 * in it. So thousands of short lines don't each cost a walk through a long filter. */
static bool is_too_long(const char *sought, const char *text)
{
	size_t most = 5 * strlen(text);

	return strnlen(sought, most + 1) > most;
}

/* RFC 4791 9.7.5: the text contains what is looked for. */
static bool text_matches(const struct match *m, const struct ical_text_match *t, const char *text)
{
	struct arena *mem = m->mem;
	bool found = false;

	if (is_too_long(t->text, text)) {
		return t->negate;
	}
	switch (t->collation) {
	case COLL_OCTET:
		found = strstr(text, t->text) != NULL;
		break;
	case COLL_ASCII_CASEMAP:
		found = strstr(lower(text, mem), lower(t->text, mem)) != NULL;
		break;
	case COLL_UNICODE_CASEMAP:
		found = strstr(casefold(text, mem), casefold(t->text, mem)) != NULL;
		break;
	}
	return found != t->negate;
}

/* ---- properties ---- */

static bool param_matches(const struct match *m, const struct ical_line *l,
	const struct ical_param_filter *f)
{
	const char *value = ical_param(l, f->name);

	if (f->is_not_defined || !value) {
		return f->is_not_defined && !value;
	}
	return !f->match || text_matches(m, f->match, value);
}

static bool line_matches(const struct match *m, const struct ical_line *l,
	const struct ical_prop_filter *f)
{
	struct time_range range = { f->from, f->to, m->floating };

	if (f->has_range && !range_prop(m->ic, l, &range)) {
		return false;
	}
	if (f->match && !text_matches(m, f->match, ical_text(l->value, m->mem))) {
		return false;
	}
	for (const struct ical_param_filter *p = f->params; p; p = p->next) {
		if (!param_matches(m, l, p)) {
			return false;
		}
	}
	return true;
}

static bool prop_matches(const struct match *m, const struct ical_comp *c,
	const struct ical_prop_filter *f)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical_line *l = ical_prop(m->ic, c, f->name);
	struct match one = *m;

	if (f->is_not_defined) {
		return !l;
	}
	one.mem = mem;
	while (l && !line_matches(&one, l, f)) {
		l = ical_prop_next(m->ic, c, l, f->name);
	}
	return l != NULL;
}

/* ---- components ---- */

static int comps_match(const struct match *m, const struct ical_comp *parent,
	const struct ical_comp_filter *f);

/* Everything in the filter but its time range. */
static int body_matches(const struct match *m, const struct ical_comp *c,
	const struct ical_comp_filter *f)
{
	for (const struct ical_prop_filter *p = f->props; p; p = p->next) {
		if (!prop_matches(m, c, p)) {
			return 0;
		}
	}
	for (const struct ical_comp_filter *part = f->comps; part; part = part->next) {
		int rc = comps_match(m, c, part);
		if (rc <= 0) {
			return rc;
		}
	}
	return 1;
}

/* The answer for the component asked last: occurrences of a master come in long rows. */
struct accept {
	const struct match *m;
	const struct ical_comp_filter *f;
	const struct ical_comp *last;
	int answer;
};

static int accept(const struct ical_comp *c, void *arg)
{
	struct accept *a = arg;

	if (c != a->last) {
		a->last = c;
		a->answer = body_matches(a->m, c, a->f);
	}
	return a->answer;
}

/* An occurrence in the range whose component matches the rest. Asked only if some component
 * does: an endless rule is not walked in vain. */
static int occurrences_match(const struct match *m, const struct ical_comp_filter *f,
	const struct time_range *range)
{
	struct accept a = { .m = m, .f = f };
	int rc = range_occurs(m->ic, range, accept, &a, m->e);

	return rc > 0 ? a.answer : rc;
}

static int range_matches(const struct match *m, const struct ical_comp *c,
	const struct ical_comp_filter *f, const struct time_range *range)
{
	switch (c->kind) {
	case ICAL_VEVENT:
	case ICAL_VTODO:
	case ICAL_VJOURNAL:
		return c->parent == m->ic->calendar ? occurrences_match(m, f, range) : 0;
	case ICAL_VFREEBUSY:
		return range_freebusy(m->ic, c, range);
	case ICAL_VALARM:
		if (++*m->alarms > ALARMS_MAX) {
			return err_set(m->e, ERR_LIMIT, "more than %d alarms in question", ALARMS_MAX);
		}
		return range_alarm(m->ic, c, range, m->e);
	default:
		return range_span(m->ic, c, range);
	}
}

/* The filter against all components of that name below `parent`. */
static int comps_match(const struct match *m, const struct ical_comp *parent,
	const struct ical_comp_filter *f)
{
	struct time_range range = { f->from, f->to, m->floating };
	bool defined = false;

	for (const struct ical_comp *c = parent->children; c; c = c->next) {
		if (strcmp(c->name, f->name)) {
			continue;
		}
		defined = true;
		int rc = f->is_not_defined ? 0 : body_matches(m, c, f);
		if (rc > 0 && f->has_range) {
			rc = range_matches(m, c, f, &range);
			if (rc == 0 && c->kind & (ICAL_VEVENT | ICAL_VTODO | ICAL_VJOURNAL)) {
				return 0; /* that was the answer for all of them */
			}
		}
		if (rc) {
			return rc;
		}
	}
	return f->is_not_defined && !defined;
}

int ical_match(const struct ical *ic, const struct ical_comp_filter *filter,
	const struct zone *floating, struct err *e)
{
	unsigned alarms = 0;
	struct match m = { .ic = ic, .floating = floating, .alarms = &alarms, .e = e };

	if (strcmp(filter->name, "VCALENDAR") || filter->is_not_defined) {
		return 0;
	}
	return body_matches(&m, ic->calendar, filter);
}
