/* MOVE and COPY. */
#include "policy/update.h"

#include <string.h>

#include "policy/round.h"

struct move {
	const struct event_request *rq;
	const struct event_where *from, *to;
	bool remove, overwrite;
	struct event_result *out;
};

/* Between policy calendars of one owner the slot lives on: nobody is asked about the source. */
static bool slot_lives_on(const struct move *m, const struct subject *from,
	const struct subject *to)
{
	return m->remove && from->policy && to->policy &&
		strcmp(from->calendar->owner, to->calendar->owner) == 0;
}

static int move_into_policy(const struct move *m, struct subject *from, struct subject *to,
	struct body *moving, struct plan *plan, const char **bytes, size_t *len, struct err *e)
{
	const struct ical *before;

	if (subject_begin(to, moving, e))
		return -1;
	before = slot_lives_on(m, from, to) ? from->old.clean : to->old.clean;
	if (subject_ask(to, before, moving->clean, 0, plan, e))
		return -1;
	return to->denied ? 0 : subject_render(to, moving, bytes, len, e);
}

/* The bytes at the destination: as stored, without rendering outside policies, rendered anew
 * inside. The size that counts is without it (15.18). */
static int move_body(const struct move *m, struct subject *from, struct subject *to,
	struct body *moving, struct plan *plan, const char **bytes, size_t *len, struct err *e)
{
	*bytes = moving->bytes;
	*len = moving->len;
	if (from->old.clean) {
		*bytes = from->old.clean->body;
		*len = from->old.clean->body_len;
	}
	if (put_check_size(m->rq, *len, e))
		return -1;
	return to->policy ? move_into_policy(m, from, to, moving, plan, bytes, len, e) : 0;
}

static int move_read(const struct move *m, struct subject *from, struct subject *to,
	struct body *moving, struct plan *plan, struct err *e)
{
	if (subject_read(from, m->rq, m->from->calendar, m->from->name, e))
		return -1;
	if (!from->exists)
		return err_set(e, ERR_NOT_FOUND, "%s", m->from->name);
	if (round_check(m->rq, from, plan, e) ||
		subject_read(to, m->rq, m->to->calendar, m->to->name, e))
		return -1;
	if (to->exists && !m->overwrite)
		return err_set(e, ERR_EXISTS, "%s is there already", m->to->name);
	if (!from->old.len)
		return err_set(e, ERR_BROKEN, "%s can't be read", m->from->name);
	return body_parse(m->rq, from->old.bytes, from->old.len, true, moving, e) ||
		ical_within(moving->full, e) || put_check_component(to->calendar, moving, e) ||
		put_check_uid(to, moving, m->out, e) ? -1 : 0;
}

static int move_denied(const struct move *m, struct subject *from, const struct subject *refused,
	struct err *e)
{
	from->denied = refused->denied;
	if (m->remove && from->old.clean)
		return round_refuse(from, &from->old, m->out, e);
	round_tell_denied(m->out, refused);
	return 0;
}

static int move_commit(const struct move *m, struct subject *from, struct subject *to,
	const struct body *moving, const char *bytes, size_t len, struct plan *plan, struct err *e)
{
	if (m->remove && subject_plan_removal(from, plan, e))
		return -1;
	if (subject_plan_put(to, moving, bytes, len, plan, e))
		return -1;
	plan_carry(plan, to->calendar->id, to->name, &from->row, m->remove);
	if (to->policy && plan_decision(plan, &to->decision, e))
		return -1;
	m->out->created = !to->exists;
	m->out->exact = same_bytes(bytes, len, from->old.bytes, from->old.len);
	return round_commit(plan, to, m->out, e);
}

static int move_round(void *arg, struct err *e)
{
	const struct move *m = arg;
	struct subject from, to;
	struct body moving;
	struct plan plan;
	const char *bytes;
	size_t len;

	round_begin(&plan, m->rq);
	*m->out = (struct event_result){ 0 };
	if (move_read(m, &from, &to, &moving, &plan, e) || (from.policy && subject_begin(&from, NULL, e)))
		return -1;
	if (m->remove && from.old.clean && !slot_lives_on(m, &from, &to) &&
		subject_ask(&from, from.old.clean, NULL, DECIDE_DELETED, &plan, e)) {
		return -1;
	}
	if (from.denied)
		return move_denied(m, &from, &from, e);
	if (move_body(m, &from, &to, &moving, &plan, &bytes, &len, e))
		return -1;
	if (to.denied)
		return move_denied(m, &from, &to, e);
	return move_commit(m, &from, &to, &moving, bytes, len, &plan, e);
}

int event_move(const struct event_request *rq, const struct event_where *from,
	const struct event_where *to, bool remove_source, bool overwrite, struct event_result *out,
	struct err *e)
{
	struct move move = { rq, from, to, remove_source, overwrite, out };

	*out = (struct event_result){ 0 };
	if ((from->calendar->flags | to->calendar->flags) & COLL_FEES)
		return err_set(e, ERR_DENIED,
			"nothing can be made in the calendar of fees, or moved out of it");
	if (from->calendar->id == to->calendar->id && strcmp(from->name, to->name) == 0)
		return err_set(e, ERR_DENIED, "source and destination are the same");
	return rounds_run(rq, from->calendar->owner, to->calendar->owner, move_round, &move, e);
}
