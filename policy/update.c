#include "policy/update.h"

#include <string.h>

#include "base/util.h"
#include "policy/decide.h"
#include "policy/fees.h"
#include "policy/find.h"
#include "policy/group.h"
#include "policy/late/fold.h"
#include "policy/locks.h"
#include "policy/notices.h"

enum {
	ROUNDS_TOGETHER = 2, /* after that alone (15.22) */
	ROUNDS = 6,          /* the last ones lose only to what doesn't come this way */
};

/* ---- rounds ---- */

/* One round: 0 done, 1 something moved meanwhile, -1 with e. */
typedef int (*round_fn)(void *arg, struct err *e);

/* What a session holds in the store is let go before anybody is waited for. */
static void take_owners(const struct event_request *rq, const char *owner, const char *other, bool alone,
	struct owner_hold *hold)
{
	struct owner_locks *locks = rq->policies->locks;

	if (owner_try_lock(locks, owner, other, alone, hold))
		return;
	store_session_pause(rq->store);
	owner_lock(locks, owner, other, alone, hold);
}

static int run_rounds(const struct event_request *rq, const char *owner, const char *other,
	round_fn round, void *arg, struct err *e)
{
	struct err own;

	e = e ? e : &own;
	for (int n = 0; n < ROUNDS; n++) {
		struct owner_hold hold;

		take_owners(rq, owner, other, n >= ROUNDS_TOGETHER, &hold);
		int status = round(arg, e);
		owner_unlock(&hold);
		if (status < 0 && e->code == ERR_BUSY && n < ROUNDS_TOGETHER) {
			n = ROUNDS_TOGETHER - 1; /* perhaps what it read changed under the module's hands */
		} else if (status <= 0) {
			return status;
		}
	}
	return err_set(e, ERR_BUSY, "too much happens to this event at once");
}

static void plan_init(struct plan *p, const struct event_request *rq)
{
	*p = (struct plan){ .store = rq->store, .mem = rq->mem, .now = rq->now, .quotas = rq->quotas,
		.preview = rq->preview, .entered = rq->entered };
	if (rq->entered)
		rq->entered->count = 0; /* what a round before this one would have entered */
}

/* The plan of the round was begun before: it takes what the answer rests on. */
static int check_precondition(const struct event_request *rq, const struct subject *s, struct plan *p,
	struct err *e)
{
	if (rq->precondition && rq->precondition(s->exists ? &s->row : NULL, rq->arg, e))
		return -1;
	if (rq->seen)
		p->seen = *rq->seen;
	return 0;
}

static bool same_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

static void tell_etag(struct event_result *out, const char *etag)
{
	memcpy(out->etag, etag, sizeof(out->etag));
}

static void tell_denied(struct event_result *out, const struct subject *s)
{
	size_t len = strlen(s->denied);

	if (len >= sizeof(out->reason)) {
		len = sizeof(out->reason) - 1;
	}
	while (len && ((unsigned char)s->denied[len] & 0xc0) == 0x80) {
		len--; /* never inside a character */
	}
	memcpy(out->reason, s->denied, len);
	out->reason[len] = '\0';
	out->denied = true;
}

/* The etag of the change of that resource, after the commit. */
static void tell_change(struct event_result *out, const struct plan *p, const struct subject *s)
{
	for (size_t n = 0; n < p->change_count; n++) {
		if (p->changes[n].collection == s->calendar->id &&
			strcmp(p->changes[n].name, s->name) == 0) {
			tell_etag(out, p->changes[n].etag);
		}
	}
}

static int commit(struct plan *p, const struct subject *s, struct event_result *out, struct err *e)
{
	int status = plan_commit(p, e);

	out->conflict = p->conflict;
	if (status == 0) {
		tell_change(out, p, s);
	}
	return status;
}

/* The refused change is forgotten; the resource gets a new version that says why (clients.md,
 * section 2). */
static int commit_refusal(struct subject *s, const struct body *kept, struct event_result *out,
	struct err *e)
{
	struct plan plan;
	const char *bytes;
	size_t len;

	plan_init(&plan, s->rq);
	tell_denied(out, s);
	if (subject_refuse(s, kept, kept != &s->old, e) ||
		subject_render(s, kept, &bytes, &len, e) ||
		subject_plan_put(s, kept, bytes, len, &plan, e) ||
		plan_decision(&plan, &s->decision, e)) {
		return -1;
	}
	return commit(&plan, s, out, e);
}

/* ---- the same event in two calendars ---- */

static bool start_of(const struct ical *ic, const struct zone *zone, int64_t *out)
{
	const struct ical_comp *first = ical_first(ic);
	const struct ical_line *l = first ? ical_prop(ic, first, "DTSTART") : NULL;
	struct ical_when when;

	if (!l || ical_line_when(ic, l, zone, &when, NULL))
		return false;
	*out = when.utc;
	return true;
}

/* That event as it stands in another calendar under a policy, at the same time; NULL: it doesn't. */
static const struct ical *twin_in(const struct subject *s, const struct body *event,
	const struct policy_calendar *other)
{
	struct arena *mem = s->rq->mem;
	int64_t here, there;
	struct collection *calendar = arena_alloc(mem, sizeof(*calendar));
	struct object found;
	struct subject twin;

	if (store_collection(s->rq->store, other->owner, other->name, mem, calendar, NULL) ||
		calendar->id == s->calendar->id ||
		store_find_uid(s->rq->store, calendar->id, event->info.uid, mem, &found, NULL) ||
		subject_read(&twin, s->rq, calendar, found.name, NULL) || !twin.exists ||
		subject_begin(&twin, NULL, NULL) || !twin.old.clean) {
		return NULL;
	}
	return start_of(event->full, s->zone, &here) && start_of(twin.old.clean, s->zone, &there) &&
		here == there ? twin.old.clean : NULL;
}

/* Programs move between calendars by a PUT there, then a DELETE here (15.26): in between it stands
 * twice. An event that the ledger has never seen doesn't. */
static const struct ical *find_twin(const struct subject *s, const struct body *event)
{
	const struct policy_set *set = s->rq->policies;
	const struct ical *twin = NULL;

	for (size_t n = 0; n < set->calendar_count && s->decision.known.count && !twin; n++) {
		if (strcmp(set->calendars[n].owner, s->calendar->owner) == 0) {
			twin = twin_in(s, event, &set->calendars[n]);
		}
	}
	return twin;
}

/* ---- PUT ---- */

struct put {
	const struct event_request *rq;
	const struct event_where *at;
	const struct body *sent;
	struct event_result *out;
};

/* RFC 4791 5.3.2.1: a resource keeps its UID; named is who has the one that was sent, if
 * anybody. */
static int check_uid(const struct subject *s, const struct body *sent, struct event_result *out,
	struct err *e)
{
	struct object holder;

	if (!s->exists || strcmp(s->row.uid, sent->info.uid) == 0)
		return 0;
	bool taken = !store_find_uid(s->rq->store, s->calendar->id, sent->info.uid, s->rq->mem,
		&holder, NULL);
	out->conflict = taken ? holder.name : s->name;
	return err_set(e, ERR_UID_TAKEN, "%s has another UID", s->name);
}

static int check_component(const struct collection *calendar, const struct body *b, struct err *e)
{
	if (calendar->components == 0 || (calendar->components & (unsigned)b->info.kind))
		return 0;
	return err_set(e, ERR_COMPONENT, "calendar %s doesn't take this kind of component",
		calendar->name);
}

/* Of what a client wrote: the annotation that its program sends back doesn't count (15.18). */
static int check_size(const struct event_request *rq, size_t len, struct err *e)
{
	if (len <= rq->limits->bytes)
		return 0;
	return err_set(e, ERR_LARGE, "larger than %zu bytes", rq->limits->bytes);
}

static int put_commit(struct subject *s, const struct put *put, const struct body *body,
	const char *bytes, size_t len, struct plan *plan, struct err *e)
{
	struct event_result *out = put->out;

	out->created = !s->exists;
	out->exact = same_bytes(bytes, len, put->sent->bytes, put->sent->len);
	out->unchanged = s->exists && same_bytes(bytes, len, s->old.bytes, s->old.len);
	if (s->exists) {
		tell_etag(out, s->row.etag);
	}
	if (out->unchanged && s->decision.fresh.count == 0 && plan->change_count == 0)
		return 0;
	if (plan_decision(plan, &s->decision, e))
		return -1;
	if (out->unchanged)
		return plan_commit(plan, e);
	if (subject_plan_put(s, body, bytes, len, plan, e))
		return -1;
	return commit(plan, s, out, e);
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

	plan_init(&plan, put->rq);
	*put->out = (struct event_result){ 0 };
	if (subject_read(&s, put->rq, put->at->calendar, put->at->name, e) ||
		check_precondition(put->rq, &s, &plan, e) || check_uid(&s, &body, put->out, e)) {
		return -1;
	}
	if (!s.policy)
		return put_commit(&s, put, &body, bytes, len, &plan, e);
	if (subject_begin(&s, &body, e) || check_size(put->rq, body.clean->body_len, e))
		return -1;
	if (group_answer(&s, &body) && group_answered(&s, &body, &body, e))
		return -1;
	before = s.exists ? s.old.clean : find_twin(&s, &body);
	if (subject_ask(&s, before, body.clean, 0, &plan, e))
		return -1;
	if (s.denied) {
		put->out->created = !s.exists;
		return commit_refusal(&s, s.old.clean ? &s.old : &body, put->out, e);
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

	plan_init(&plan, put->rq);
	*out = (struct event_result){ 0 };
	if (subject_read(&s, put->rq, put->at->calendar, put->at->name, e) ||
		check_precondition(put->rq, &s, &plan, e)) {
		return -1;
	}
	if (!s.exists)
		return err_set(e, ERR_DENIED, "nothing can be made in the calendar of fees");
	if (put->sent->full && body_parse(put->rq, s.old.bytes, s.old.len, true, &s.old, NULL) == 0) {
		const char *title = text_in(s.old.full, "SUMMARY");
		const char *note = new_lines(text_in(put->sent->full, "DESCRIPTION"),
			text_in(s.old.full, "DESCRIPTION"), put->rq->mem);

		if (subject_words_fee(&s, text_in(put->sent->full, "SUMMARY"), note, title, &plan, &changed, e))
			return -1;
	}
	tell_etag(out, s.row.etag);
	out->unchanged = !changed;
	out->exact = !changed && same_bytes(put->sent->bytes, put->sent->len, s.old.bytes, s.old.len);
	return changed ? commit(&plan, &s, out, e) : 0;
}

static int put_fee(const struct put *put, struct body *sent, const char *body, size_t len, struct err *e)
{
	if (body_parse(put->rq, body, len, true, sent, NULL)) {
		*sent = (struct body){ .bytes = body, .len = len };
	}
	return run_rounds(put->rq, put->at->calendar->owner, NULL, put_fee_round, (void *)(uintptr_t)put, e);
}

int event_put(const struct event_request *rq, const struct event_where *at, const char *body,
	size_t len, struct event_result *out, struct err *e)
{
	struct body sent;
	struct put put = { rq, at, &sent, out };

	*out = (struct event_result){ 0 };
	if (at->calendar->flags & COLL_FEES)
		return put_fee(&put, &sent, body, len, e);
	if (!policy_for(rq->policies, at->calendar->owner, at->calendar->name) && check_size(rq, len, e))
		return -1;
	if (body_parse(rq, body, len, false, &sent, e) || ical_within(sent.full, e) ||
		check_component(at->calendar, &sent, e)) {
		return -1;
	}
	return run_rounds(rq, at->calendar->owner, NULL, put_round, &put, e);
}

/* ---- DELETE ---- */

struct removal {
	const struct event_request *rq;
	const struct event_where *at;
	struct event_result *out;
};

static int ask_removal(struct subject *s, struct plan *plan, struct err *e)
{
	if (!s->policy || !s->old.clean || find_twin(s, &s->old))
		return 0;
	return subject_ask(s, s->old.clean, NULL, DECIDE_DELETED, plan, e);
}

static int plan_removal(struct subject *s, struct plan *plan, struct err *e)
{
	plan_change(plan, CHANGE_DELETE, s->calendar->id, s->name, s->row.etag);
	return s->policy ? plan_decision(plan, &s->decision, e) : 0;
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
		return commit_refusal(s, &s->old, out, e);
	if (subject_render(s, &body, &bytes, &len, e) || subject_plan_put(s, &body, bytes, len, plan, e) ||
		plan_decision(plan, &s->decision, e)) {
		return -1;
	}
	return commit(plan, s, out, e);
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

	plan_init(&plan, r->rq);
	if (subject_read(&s, r->rq, r->at->calendar, r->at->name, e) || subject_begin(&s, NULL, e) ||
		cancelled_body(&s, &body, e) || subject_ask(&s, s.old.clean, body.clean, 0, &plan, e) ||
		subject_render(&s, &body, &bytes, &len, e) || subject_plan_put(&s, &body, bytes, len, &plan, e) ||
		plan_decision(&plan, &s.decision, e)) {
		return -1;
	}
	return commit(&plan, &s, r->out, e);
}

static int delete_round(void *arg, struct err *e)
{
	const struct removal *r = arg;
	struct subject s;
	struct plan plan;

	plan_init(&plan, r->rq);
	*r->out = (struct event_result){ 0 };
	if (subject_read(&s, r->rq, r->at->calendar, r->at->name, e))
		return -1;
	if (!s.exists)
		return err_set(e, ERR_NOT_FOUND, "%s", r->at->name);
	if (check_precondition(r->rq, &s, &plan, e))
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
		return commit_refusal(&s, &s.old, r->out, e);
	if (s.keep)
		return cancel_by_delete(r, e);
	return plan_removal(&s, &plan, e) ? -1 : plan_commit(&plan, e);
}

int event_delete(const struct event_request *rq, const struct event_where *at,
	struct event_result *out, struct err *e)
{
	struct removal removal = { rq, at, out };
	return run_rounds(rq, at->calendar->owner, NULL, delete_round, &removal, e);
}

/* ---- MOVE and COPY ---- */

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
	if (check_size(m->rq, *len, e))
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
	if (check_precondition(m->rq, from, plan, e) ||
		subject_read(to, m->rq, m->to->calendar, m->to->name, e))
		return -1;
	if (to->exists && !m->overwrite)
		return err_set(e, ERR_EXISTS, "%s is there already", m->to->name);
	if (!from->old.len)
		return err_set(e, ERR_BROKEN, "%s can't be read", m->from->name);
	return body_parse(m->rq, from->old.bytes, from->old.len, true, moving, e) ||
		ical_within(moving->full, e) || check_component(to->calendar, moving, e) ||
		check_uid(to, moving, m->out, e) ? -1 : 0;
}

static int move_denied(const struct move *m, struct subject *from, const struct subject *refused,
	struct err *e)
{
	from->denied = refused->denied;
	if (m->remove && from->old.clean)
		return commit_refusal(from, &from->old, m->out, e);
	tell_denied(m->out, refused);
	return 0;
}

static int move_commit(const struct move *m, struct subject *from, struct subject *to,
	const struct body *moving, const char *bytes, size_t len, struct plan *plan, struct err *e)
{
	if (m->remove && plan_removal(from, plan, e))
		return -1;
	if (subject_plan_put(to, moving, bytes, len, plan, e))
		return -1;
	plan_carry(plan, to->calendar->id, to->name, &from->row, m->remove);
	if (to->policy && plan_decision(plan, &to->decision, e))
		return -1;
	m->out->created = !to->exists;
	m->out->exact = same_bytes(bytes, len, from->old.bytes, from->old.len);
	return commit(plan, to, m->out, e);
}

static int move_round(void *arg, struct err *e)
{
	const struct move *m = arg;
	struct subject from, to;
	struct body moving;
	struct plan plan;
	const char *bytes;
	size_t len;

	plan_init(&plan, m->rq);
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
	return run_rounds(rq, from->calendar->owner, to->calendar->owner, move_round, &move, e);
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
		if (!find_twin(&s, &s.old) && subject_ask(&s, s.old.clean, NULL, DECIDE_DELETED, plan, e))
			return -1;
		if (s.denied) {
			tell_denied(r->out, &s);
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

	plan_init(&plan, r->rq);
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
	return run_rounds(rq, calendar->owner, NULL, delete_calendar_round, &removal, e);
}

/* ---- time passes ---- */

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
	return plan_is_empty(plan) ? 0 : commit(plan, s, &unused, e);
}

static int tick_round(void *arg, struct err *e)
{
	const struct tick *t = arg;
	struct subject s;
	struct plan plan;

	plan_init(&plan, t->rq);
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
	return run_rounds(rq, at->calendar->owner, NULL, tick_round, &tick, e);
}

/* ---- a calendar comes under a policy ---- */

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

	plan_init(&plan, a->rq);
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
	return run_rounds(rq, at->calendar->owner, NULL, acquire_round, &acquisition, e);
}

/* ---- the administrator and the pages ---- */

struct saying { const struct event_request *rq; const char *ref, *words; bool *changed; };

/* Whose ledger has a reference (owner NULL: nobody's), and about which event. */
struct ref_place { struct arena *mem; const char *owner, *uid; };

static int take_place(const struct ledger_row *row, void *arg)
{
	struct ref_place *place = arg;

	place->owner = arena_strdup(place->mem, row->owner);
	place->uid = arena_strdup(place->mem, row->uid);
	return 1;
}

static struct ref_place find_ref(const struct event_request *rq, const char *ref)
{
	const struct ledger_query q = { .ref = ref, .incidents_only = true };
	struct ref_place place = { .mem = rq->mem };

	if (store_ledger(rq->store, &q, take_place, &place, NULL) <= 0)
		place.owner = NULL;
	return place;
}

static int say_round(void *arg, struct err *e)
{
	const struct saying *say = arg;
	const char *owner = find_ref(say->rq, say->ref).owner;
	struct event_result unused = { 0 };
	struct collection fees;
	struct subject s;
	struct plan plan;

	plan_init(&plan, say->rq);
	if (!owner)
		return err_set(e, ERR_NOT_FOUND, "no incident has the reference %s", say->ref);
	if (event_fees_calendar(say->rq->store, owner, say->rq->now, say->rq->mem, &fees, e) ||
		subject_read(&s, say->rq, &fees, arena_printf(say->rq->mem, "%s.ics", say->ref), e) ||
		subject_words_fee(&s, "", say->words, "", &plan, say->changed, e))
		return -1;
	return *say->changed ? commit(&plan, &s, &unused, e) : 0;
}

/* The event shows at once what was said of it. The words are in force: if this fails, the wake that came
 * with them brings it. */
static void show_said(const struct event_request *rq, const struct ref_place *place)
{
	static const char *const none[] = { NULL };
	struct event_finder f = { .store = rq->store, .policies = rq->policies, .mem = rq->mem,
		.owner = place->owner, .uid = place->uid };
	struct event_request tick = *rq;

	tick.entered = NULL;
	tick.actor = (struct event_actor){ .name = "", .displayname = "", .addresses = none };
	while (event_find_next(&f))
		(void)event_tick(&tick, &(struct event_where){ &f.calendar, f.object.name }, NULL);
}

int event_say(const struct event_request *rq, const char *ref, const char *words, bool *changed,
	struct err *e)
{
	struct event_request as = *rq;
	struct saying say = { &as, ref, words, changed };
	const struct ref_place place = find_ref(rq, ref);

	as.actor.admin = as.actor.external = false;
	as.actor.delegate = true; /* for the owner (15.1) */
	if (run_rounds(&as, place.owner ? place.owner : "", NULL, say_round, &say, e))
		return -1;
	if (*changed && !rq->preview)
		show_said(rq, &place);
	return 0;
}

int event_quote(const struct event_request *rq, const struct event_where *at, int64_t when,
	struct fee_list *out, struct err *e)
{
	struct event_request then = *rq;
	struct subject s;
	struct plan aside;

	then.now = when;
	*out = (struct fee_list){ 0 };
	plan_init(&aside, &then);
	if (subject_read(&s, &then, at->calendar, at->name, e))
		return -1;
	if (!s.exists)
		return err_set(e, ERR_NOT_FOUND, "%s", at->name);
	if (!s.policy)
		return 0;
	if (subject_begin(&s, NULL, e) ||
		(s.old.clean && subject_ask(&s, s.old.clean, NULL, DECIDE_DELETED | DECIDE_CLIENT | DECIDE_ALONE,
			&aside, e)))
		return -1;
	out->fees = arena_array(rq->mem, s.apart.count, sizeof(*out->fees));
	for (size_t n = 0; n < s.apart.count; n++) {
		const struct entry *entry = &s.apart.entries[n];

		if (entry->incident) {
			out->fees[out->count++] = (struct fee){ .incident = entry->i, .owner = entry->owner,
				.state = entry->i.state, .state_name = state_name(entry->i.state) };
		}
	}
	return 0;
}

static const char *lower(const char *text, struct arena *mem)
{
	char *copy = arena_strdup(mem, text);

	ascii_lower(copy);
	return copy;
}

int event_accept(const struct event_request *rq, const char *owner, const char *policy, const char *client,
	int64_t when, struct err *e)
{
	struct entry_list list = { 0 };
	struct entry *accepted = entry_add(&list, rq->mem);
	struct ledger_row row;
	struct commit c = { .now = rq->now, .ledger = &row, .ledgers = 1 };

	if (!policy_find(rq->policies, policy))
		return err_set(e, ERR_NOT_FOUND, "there is no policy '%s'", policy);
	accepted->owner = owner;
	accepted->kind = accepted->i.class_ = KIND_ACCEPTED;
	accepted->i.at = when;
	accepted->i.client = strchr(client, '@') ? lower(client, rq->mem) : text_folded(client, rq->mem);
	accepted->i.policy = policy;
	accepted->i.by = "client";
	accepted->i.actor = rq->actor.name;
	return ledger_row(accepted, rq->now, rq->mem, &row, e) || store_commit(rq->store, &c, e) ? -1 : 0;
}
