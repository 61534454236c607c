/* DELETE, of one event and of a whole calendar. */
#include "policy/update.h"

#include "policy/fees.h"
#include "policy/group.h"
#include "policy/round.h"

/* ---- one event ---- */

struct removal {
	const struct event_request *rq;
	const struct event_where *at;
	struct event_result *out;
};

static int ask_removal(struct subject *s, struct plan *plan, struct err *e)
{
	const struct ical *twin;

	if (!s->policy || !s->old.clean)
		return 0;
	if (subject_twin(s, &s->old, &twin, e))
		return -1;
	return twin ? 0 : subject_ask(s, s->old.clean, NULL, DECIDE_DELETED, plan, e);
}

/* The client's DELETE of a group's event is that attendee's decline: the event stays, under a new ETag. */
static int decline_by_delete(struct subject *s, struct event_result *out, struct plan *plan, struct err *e)
{
	struct body body;
	const char *bytes;
	size_t len;

	if (group_answered(s, NULL, &body, e) || subject_ask(s, s->old.clean, body.clean, 0, plan, e))
		return -1;
	if (s->denied)
		return round_refuse(s, &s->old, out, e);
	if (subject_render(s, &body, &bytes, &len, e) || subject_plan_put(s, &body, bytes, len, plan, e) ||
		plan_decision(plan, &s->decision, e)) {
		return -1;
	}
	return round_commit(plan, s, out, e);
}

/* Every VEVENT with STATUS:CANCELLED. */
static int cancelled_body(const struct subject *s, struct body *out, struct err *e)
{
	const struct ical *ic = s->old.clean;
	struct ical_edit *ed = ical_edit_begin(ic);
	struct buf bytes cleanup_buf;

	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		const struct ical_line *l = c->kind == ICAL_VEVENT ? ical_prop(ic, c, "STATUS") : NULL;

		if (l) {
			ical_edit_replace(ed, l, "STATUS:CANCELLED");
		} else if (c->kind == ICAL_VEVENT) {
			ical_edit_add(ed, c, "STATUS:CANCELLED");
		}
	}
	buf_init(&bytes, s->old.len + EVENT_RENDERING_MAX);
	if (ical_edit_write(ed, &bytes, e) || body_parse(s->rq, arena_strndup(s->rq->mem, bytes.data, bytes.len),
		bytes.len, true, out, e)) {
		return -1;
	}
	out->clean = out->full;
	return 0;
}

/* The policy keeps what is deleted (on-delete): the change is a cancellation instead. */
static int cancel_by_delete(const struct removal *r, struct err *e)
{
	struct subject s;
	struct plan plan;
	struct body body;
	const char *bytes;
	size_t len;

	round_begin(&plan, r->rq);
	if (subject_read(&s, r->rq, r->at->calendar, r->at->name, e) || subject_begin(&s, NULL, e) ||
		cancelled_body(&s, &body, e) || subject_ask(&s, s.old.clean, body.clean, 0, &plan, e) ||
		subject_render(&s, &body, &bytes, &len, e) || subject_plan_put(&s, &body, bytes, len, &plan, e) ||
		plan_decision(&plan, &s.decision, e)) {
		return -1;
	}
	return round_commit(&plan, &s, r->out, e);
}

static int delete_round(void *arg, struct err *e)
{
	const struct removal *r = arg;
	struct subject s;
	struct plan plan;

	round_begin(&plan, r->rq);
	*r->out = (struct event_result){ 0 };
	if (subject_read(&s, r->rq, r->at->calendar, r->at->name, e))
		return -1;
	if (!s.exists)
		return err_set(e, ERR_NOT_FOUND, "%s", r->at->name);
	if (round_check(r->rq, &s, &plan, e))
		return -1;
	if (s.calendar->flags & COLL_FEES) {
		s.decision = (struct decision){ .mem = r->rq->mem, .owner = s.calendar->owner,
			.now = r->rq->now };
		if (fees_hide(&plan, &s.decision, s.calendar, &s.row, e))
			return -1;
		return plan_commit(&plan, e);
	}
	if (s.policy && subject_begin(&s, NULL, e))
		return -1;
	if (s.policy && group_answer(&s, NULL))
		return decline_by_delete(&s, r->out, &plan, e);
	if (ask_removal(&s, &plan, e))
		return -1;
	if (s.denied)
		return round_refuse(&s, &s.old, r->out, e);
	if (s.keep)
		return cancel_by_delete(r, e);
	return subject_plan_removal(&s, &plan, e) ? -1 : plan_commit(&plan, e);
}

int event_delete(const struct event_request *rq, const struct event_where *at,
	struct event_result *out, struct err *e)
{
	struct removal removal = { rq, at, out };
	return rounds_run(rq, at->calendar->owner, NULL, delete_round, &removal, e);
}

/* ---- a whole calendar ---- */

struct calendar_removal {
	const struct event_request *rq;
	const struct collection *calendar;
	struct event_result *out;
};

/* One decision for all: each event's history has the entries of those before it. */
static int ask_all(const struct calendar_removal *r, const struct object_names *names, struct plan *plan,
	struct err *e)
{
	struct decision all = { 0 };
	struct subject s;

	for (size_t n = 0; n < names->count; n++) {
		if (subject_read(&s, r->rq, r->calendar, names->name[n], e) ||
			subject_begin(&s, NULL, e))
			return -1;
		if (!s.old.clean) {
			continue;
		}
		s.decision.fresh = all.fresh;
		s.decision.history = all.history;
		if (ask_removal(&s, plan, e))
			return -1;
		if (s.denied) {
			round_tell_denied(r->out, &s);
			return 0;
		}
		plan_change(plan, CHANGE_DELETE, r->calendar->id, names->name[n], s.row.etag);
		s.decision.head = all.owner ? all.head : s.decision.head;
		all = s.decision;
	}
	return all.owner ? plan_decision(plan, &all, e) : 0;
}

static int delete_calendar_round(void *arg, struct err *e)
{
	const struct calendar_removal *r = arg;
	struct object_names names = { .mem = r->rq->mem };
	struct plan plan;

	round_begin(&plan, r->rq);
	*r->out = (struct event_result){ 0 };
	plan.drop = r->calendar->id;
	if (r->rq->seen)
		plan.seen = *r->rq->seen;
	if (!policy_for(r->rq->policies, r->calendar->owner, r->calendar->name))
		return plan_commit(&plan, e);
	/* what is over makes no incident */
	if (store_list(r->rq->store, r->calendar->id, ICAL_VEVENT, r->rq->now, ICAL_MAX, object_names_take,
		&names, &plan.drop_seq, e) < 0 || ask_all(r, &names, &plan, e)) {
		return -1;
	}
	return r->out->denied ? 0 : plan_commit(&plan, e);
}

int event_delete_calendar(const struct event_request *rq, const struct collection *calendar,
	struct event_result *out, struct err *e)
{
	struct calendar_removal removal = { rq, calendar, out };

	if (calendar->flags & COLL_FEES)
		return err_set(e, ERR_DENIED, "the calendar of fees stays");
	return rounds_run(rq, calendar->owner, NULL, delete_calendar_round, &removal, e);
}
