/* Events that nobody changed: time passes, or a calendar comes under a policy. */
#include "policy/update.h"

#include <string.h>

#include "policy/notices.h"
#include "policy/round.h"

struct tick { const struct event_request *rq; const struct event_where *at; };

static bool plan_is_empty(const struct plan *p)
{
	return !p->change_count && !p->row_count && !p->wake_count;
}

/* Asks about an event that nobody changed, and writes what it shows now. There is nothing to refuse. */
static int look_again(struct subject *s, unsigned flags, struct plan *plan, struct err *e)
{
	struct event_result unused = { 0 };
	const char *bytes;
	size_t len;

	if (subject_ask(s, s->old.clean, s->old.clean, flags, plan, e))
		return -1;
	if (s->denied)
		return 0;
	if (subject_render(s, &s->old, &bytes, &len, e))
		return -1;
	if (!same_bytes(bytes, len, s->old.bytes, s->old.len) &&
		subject_plan_put(s, &s->old, bytes, len, plan, e))
		return -1;
	if (plan_decision(plan, &s->decision, e))
		return -1;
	return plan_is_empty(plan) ? 0 : round_commit(plan, s, &unused, e);
}

static int tick_round(void *arg, struct err *e)
{
	const struct tick *t = arg;
	struct subject s;
	struct plan plan;

	round_begin(&plan, t->rq);
	if (subject_read(&s, t->rq, t->at->calendar, t->at->name, e))
		return -1;
	if (s.calendar->flags & COLL_FEES) { /* also if its owner has deleted the entry */
		if (subject_tick_fee(&s, &plan, e))
			return -1;
		return plan_is_empty(&plan) ? 0 : plan_commit(&plan, e);
	}
	if (!s.exists || !s.policy)
		return 0;
	if (subject_begin(&s, NULL, e))
		return -1;
	return s.old.clean ? look_again(&s, DECIDE_TICK, &plan, e) : 0;
}

int event_tick(const struct event_request *rq, const struct event_where *at, struct err *e)
{
	struct tick tick = { rq, at };
	return rounds_run(rq, at->calendar->owner, NULL, tick_round, &tick, e);
}

struct acquisition { const struct event_request *rq; const struct event_where *at; bool *acquired; };

static bool has_slot(const struct entry_list *list, const char *policy)
{
	for (size_t n = 0; n < list->count; n++) {
		if (strcmp(list->entries[n].kind, KIND_SLOT) == 0 &&
			strcmp(list->entries[n].i.policy, policy) == 0)
			return true;
	}
	return false;
}

static int acquire_round(void *arg, struct err *e)
{
	const struct acquisition *a = arg;
	struct subject s;
	struct plan plan;

	round_begin(&plan, a->rq);
	*a->acquired = false;
	if (subject_read(&s, a->rq, a->at->calendar, a->at->name, e))
		return -1;
	if (!s.exists || !s.policy)
		return 0;
	if (subject_begin(&s, NULL, e))
		return -1;
	if (!s.old.clean)
		return 0;
	if (has_slot(&s.decision.known, s.policy->name)) { /* the text may ask for other notices now */
		if (notices_plan(&s, s.old.clean, NOTICES_ALWAYS, &plan, e))
			return -1;
		return plan_is_empty(&plan) ? 0 : plan_commit(&plan, e);
	}
	int status = look_again(&s, 0, &plan, e);
	*a->acquired = has_slot(&s.decision.fresh, s.policy->name);
	return status;
}

int event_acquire(const struct event_request *rq, const struct event_where *at, bool *acquired,
	struct err *e)
{
	struct acquisition acquisition = { rq, at, acquired };
	return rounds_run(rq, at->calendar->owner, NULL, acquire_round, &acquisition, e);
}
