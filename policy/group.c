#include "policy/group.h"

#include <string.h>

#include "base/util.h"
#include "policy/change.h"

static bool is_mine(const struct subject *s, const struct ical_line *attendee)
{
	static const char scheme[] = "mailto:";
	const char *const *mine = s->rq->actor.addresses;
	size_t len = sizeof(scheme) - 1;

	if (ascii_ncasecmp(attendee->value, scheme, len) != 0)
		return false;
	for (; mine && *mine; mine++) {
		if (ascii_casecmp(*mine, attendee->value + len) == 0)
			return true;
	}
	return false;
}

static const struct ical_line *my_line(const struct subject *s, const struct ical *ic,
	const struct ical_comp *c)
{
	const struct ical_line *l = ical_prop(ic, c, "ATTENDEE");

	while (l && !is_mine(s, l)) {
		l = ical_prop_next(ic, c, l, "ATTENDEE");
	}
	return l;
}

bool group_answer(const struct subject *s, const struct body *sent)
{
	bool now = sent && change_is_group(sent->full, &s->owner, s->rq->mem);

	return s->old.clean && change_role(&s->rq->actor, s->owner.name, s->delegate) == POLICY_CLIENT &&
		(now || change_is_group(s->old.clean, &s->owner, s->rq->mem));
}

/* The VEVENT of the same date. */
static const struct ical_comp *same_date(const struct subject *s, const struct ical *ic,
	const char *occurrence)
{
	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		const char *there;

		if (c->kind == ICAL_VEVENT && change_occurrence(ic, c, s->zone, s->rq->mem, &there) == 0 &&
			strcmp(there, occurrence) == 0)
			return c;
	}
	return NULL;
}

/* PARTSTAT as the client sent it; NULL: as it is. */
static const char *answer_for(const struct subject *s, const struct body *sent, const struct ical_comp *c)
{
	const struct ical_comp *there = NULL;
	const struct ical_line *l;
	const char *occurrence;

	if (!sent)
		return "DECLINED";
	if (change_occurrence(s->old.clean, c, s->zone, s->rq->mem, &occurrence) == 0) {
		there = same_date(s, sent->full, occurrence);
	}
	if (!there)
		return NULL;
	if (ical_is_cancelled(sent->full, there))
		return "DECLINED";
	l = my_line(s, sent->full, there);
	return l ? ical_param(l, "PARTSTAT") : "DECLINED";
}

static const char *answered_line(const struct ical_line *l, const char *answer, struct arena *mem)
{
	const char *head = l->name;

	for (size_t n = 0; n < l->param_count; n++) {
		const struct ical_param *p = &l->params[n];

		if (strcmp(p->name, "PARTSTAT") != 0 && !strpbrk(p->value, "\"\n")) {
			head = arena_printf(mem, "%s;%s=\"%s\"", head, p->name, p->value);
		}
	}
	return arena_printf(mem, "%s;PARTSTAT=%s:%s", head, answer, l->value);
}

int group_answered(const struct subject *s, const struct body *sent, struct body *out, struct err *e)
{
	static const char *const answers[] = { "ACCEPTED", "DECLINED", "TENTATIVE", "NEEDS-ACTION" };
	const struct ical *ic = s->old.clean;
	struct ical_edit *ed = ical_edit_begin(ic);
	struct buf bytes cleanup_buf;

	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		const struct ical_line *l = c->kind == ICAL_VEVENT ? my_line(s, ic, c) : NULL;
		const char *answer = l ? answer_for(s, sent, c) : NULL;

		for (size_t n = 0; answer && n < ARRAY_SIZE(answers); n++) {
			const char *now = ical_param(l, "PARTSTAT");

			if (ascii_casecmp(answers[n], answer) == 0 && (!now || ascii_casecmp(now, answer) != 0)) {
				ical_edit_replace(ed, l, answered_line(l, answers[n], s->rq->mem));
			}
		}
	}
	buf_init(&bytes, s->old.len + EVENT_RENDERING_MAX);
	if (ical_edit_write(ed, &bytes, e))
		return -1;
	const char *text = arena_strndup(s->rq->mem, bytes.data, bytes.len);
	if (body_parse(s->rq, text, bytes.len, true, out, e))
		return -1;
	out->clean = out->full;
	return 0;
}
