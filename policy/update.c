#include "policy/update.h"

#include <string.h>

#include "policy/group.h"
#include "policy/round.h"

struct put {
	const struct event_request *rq;
	const struct event_where *at;
	const struct body *sent;
	struct event_result *out;
};

static int put_commit(struct subject *s, const struct put *put, const struct body *body,
	const char *bytes, size_t len, struct plan *plan, struct err *e)
{
	struct event_result *out = put->out;

	out->created = !s->exists;
	out->exact = same_bytes(bytes, len, put->sent->bytes, put->sent->len);
	out->unchanged = s->exists && same_bytes(bytes, len, s->old.bytes, s->old.len);
	if (s->exists) {
		round_tell_etag(out, s->row.etag);
	}
	if (out->unchanged && s->decision.fresh.count == 0 && plan->change_count == 0)
		return 0;
	if (plan_decision(plan, &s->decision, e))
		return -1;
	if (out->unchanged)
		return plan_commit(plan, e);
	if (subject_plan_put(s, body, bytes, len, plan, e))
		return -1;
	return round_commit(plan, s, out, e);
}

static int put_round(void *arg, struct err *e)
{
	const struct put *put = arg;
	struct body body = *put->sent;
	const char *bytes = body.bytes;
	size_t len = body.len;
	const struct ical *before;
	struct subject s;
	struct plan plan;

	round_begin(&plan, put->rq);
	*put->out = (struct event_result){ 0 };
	if (subject_read(&s, put->rq, put->at->calendar, put->at->name, e) ||
		round_check(put->rq, &s, &plan, e) || put_check_uid(&s, &body, put->out, e)) {
		return -1;
	}
	if (!s.policy)
		return put_commit(&s, put, &body, bytes, len, &plan, e);
	if (subject_begin(&s, &body, e) || put_check_size(put->rq, body.clean->body_len, e))
		return -1;
	if (group_answer(&s, &body) && group_answered(&s, &body, &body, e))
		return -1;
	before = s.old.clean;
	if (!s.exists && subject_twin(&s, &body, &before, e))
		return -1;
	if (subject_ask(&s, before, body.clean, 0, &plan, e))
		return -1;
	if (s.denied) {
		put->out->created = !s.exists;
		return round_refuse(&s, s.old.clean ? &s.old : &body, put->out, e);
	}
	if (subject_render(&s, &body, &bytes, &len, e))
		return -1;
	return put_commit(&s, put, &body, bytes, len, &plan, e);
}

/* ---- words in Fees ---- */

static const char *text_in(const struct ical *ic, const char *name)
{
	const struct ical_comp *first = ical_first(ic);
	const struct ical_line *l = first ? ical_prop(ic, first, name) : NULL;

	return l ? ical_text(l->value, ic->mem) : "";
}

static bool has_line(const char *text, const char *line, size_t len)
{
	for (;;) {
		size_t n = strcspn(text, "\n");

		if (n == len && memcmp(text, line, len) == 0)
			return true;
		if (!text[n])
			return false;
		text += n + 1;
	}
}

/* Lines of a text that were not in the old one: the block's own words say nothing. */
static const char *new_lines(const char *text, const char *old, struct arena *mem)
{
	const char *fresh = "";

	for (;;) {
		size_t len = strcspn(text, "\n");

		if (!has_line(old, text, len)) {
			fresh = arena_printf(mem, "%s%.*s\n", fresh, (int)len, text);
		}
		if (!text[len])
			return fresh;
		text += len + 1;
	}
}

/* Everything in Fees is the server's: only the owner's words count, what was sent is put back (15.11). */
static int put_fee_round(void *arg, struct err *e)
{
	const struct put *put = arg;
	struct event_result *out = put->out;
	bool changed = false;
	struct subject s;
	struct plan plan;

	round_begin(&plan, put->rq);
	*out = (struct event_result){ 0 };
	if (subject_read(&s, put->rq, put->at->calendar, put->at->name, e) ||
		round_check(put->rq, &s, &plan, e)) {
		return -1;
	}
	if (!s.exists)
		return err_set(e, ERR_DENIED, "nothing can be made in the calendar of fees");
	if (body_parse(put->rq, s.old.bytes, s.old.len, true, &s.old, NULL)) {
		/* edited on disk, or damaged: what was there comes out of the ledger */
		if (subject_tick_fee(&s, &plan, e))
			return -1;
		changed = plan.change_count > 0;
	} else if (put->sent->full) {
		const char *title = text_in(s.old.full, "SUMMARY");
		const char *note = new_lines(text_in(put->sent->full, "DESCRIPTION"),
			text_in(s.old.full, "DESCRIPTION"), put->rq->mem);

		if (subject_words_fee(&s, text_in(put->sent->full, "SUMMARY"), note, title, &plan, &changed, e))
			return -1;
	}
	round_tell_etag(out, s.row.etag);
	out->unchanged = !changed;
	out->exact = !changed && same_bytes(put->sent->bytes, put->sent->len, s.old.bytes, s.old.len);
	return changed ? round_commit(&plan, &s, out, e) : 0;
}

static int put_fee(const struct put *put, struct body *sent, const char *body, size_t len, struct err *e)
{
	if (body_parse(put->rq, body, len, true, sent, NULL)) {
		*sent = (struct body){ .bytes = body, .len = len };
	}
	return rounds_run(put->rq, put->at->calendar->owner, NULL, put_fee_round, (void *)(uintptr_t)put, e);
}

int event_put(const struct event_request *rq, const struct event_where *at, const char *body,
	size_t len, struct event_result *out, struct err *e)
{
	struct body sent;
	struct put put = { rq, at, &sent, out };

	*out = (struct event_result){ 0 };
	if (at->calendar->flags & COLL_FEES)
		return put_fee(&put, &sent, body, len, e);
	if (!policy_for(rq->policies, at->calendar->owner, at->calendar->name) && put_check_size(rq, len, e))
		return -1;
	if (body_parse(rq, body, len, false, &sent, e) || ical_within(sent.full, e) ||
		put_check_component(at->calendar, &sent, e)) {
		return -1;
	}
	return rounds_run(rq, at->calendar->owner, NULL, put_round, &put, e);
}
