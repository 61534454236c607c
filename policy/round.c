#include "policy/round.h"

#include <string.h>

#include "policy/find.h"
#include "policy/locks.h"

enum {
	ROUNDS_TOGETHER = 2, /* after that alone (15.22) */
	ROUNDS = 6,          /* the last ones lose only to what doesn't come this way */
};

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

int rounds_run(const struct event_request *rq, const char *owner, const char *other,
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

void round_begin(struct plan *p, const struct event_request *rq)
{
	*p = (struct plan){ .store = rq->store, .mem = rq->mem, .now = rq->now, .quotas = rq->quotas,
		.found = rq->found, .preview = rq->preview, .entered = rq->entered };
	if (rq->entered)
		rq->entered->count = 0; /* what a round before this one would have entered */
}

int round_check(const struct event_request *rq, const struct subject *s, struct plan *p,
	struct err *e)
{
	if (rq->precondition && rq->precondition(s->exists ? &s->row : NULL, rq->arg, e))
		return -1;
	if (rq->seen)
		p->seen = *rq->seen;
	return 0;
}

void round_tell_etag(struct event_result *out, const char *etag)
{
	memcpy(out->etag, etag, sizeof(out->etag));
}

void round_tell_denied(struct event_result *out, const struct subject *s)
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
			round_tell_etag(out, p->changes[n].etag);
		}
	}
}

int round_commit(struct plan *p, const struct subject *s, struct event_result *out, struct err *e)
{
	int status = plan_commit(p, e);

	out->conflict = p->conflict;
	if (status == 0) {
		tell_change(out, p, s);
	}
	return status;
}

int round_refuse(struct subject *s, const struct body *kept, struct event_result *out,
	struct err *e)
{
	struct plan plan;
	const char *bytes;
	size_t len;

	round_begin(&plan, s->rq);
	round_tell_denied(out, s);
	if (subject_refuse(s, kept, kept != &s->old, e) ||
		subject_render(s, kept, &bytes, &len, e) ||
		subject_plan_put(s, kept, bytes, len, &plan, e) ||
		plan_decision(&plan, &s->decision, e)) {
		return -1;
	}
	return round_commit(&plan, s, out, e);
}

/* ---- what may be put ---- */

int put_check_uid(const struct subject *s, const struct body *sent, struct event_result *out,
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

int put_check_component(const struct collection *calendar, const struct body *b, struct err *e)
{
	if (calendar->components == 0 || (calendar->components & (unsigned)b->info.kind))
		return 0;
	return err_set(e, ERR_COMPONENT, "calendar %s doesn't take this kind of component",
		calendar->name);
}

int put_check_size(const struct event_request *rq, size_t len, struct err *e)
{
	if (len <= rq->limits->bytes)
		return 0;
	return err_set(e, ERR_LARGE, "larger than %zu bytes", rq->limits->bytes);
}

/* ---- events that go ---- */

int subject_plan_removal(struct subject *s, struct plan *plan, struct err *e)
{
	plan_change(plan, CHANGE_DELETE, s->calendar->id, s->name, s->row.etag);
	return s->policy ? plan_decision(plan, &s->decision, e) : 0;
}

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

/* The event that was found elsewhere, if it is at the same time. *twin NULL: it isn't. */
static int read_twin(const struct subject *s, const struct body *event, const struct event_finder *f,
	const struct ical **twin, struct err *e)
{
	struct collection *calendar = arena_alloc(s->rq->mem, sizeof(*calendar));
	struct subject other;
	int64_t here, there;

	*calendar = f->calendar;
	if (subject_read(&other, s->rq, calendar, f->object.name, e))
		return -1;
	if (!other.exists)
		return 0;
	if (subject_begin(&other, NULL, e))
		return -1;
	if (!start_of(event->full, s->zone, &here))
		return 0;
	/* of one whose file is damaged the index tells when it is; it is taken for the same as this one */
	if (!other.old.clean && f->object.first == here)
		*twin = event->clean;
	if (other.old.clean && start_of(other.old.clean, s->zone, &there) && here == there)
		*twin = other.old.clean;
	return 0;
}

int subject_twin(const struct subject *s, const struct body *event, const struct ical **twin, struct err *e)
{
	struct event_finder f = { .store = s->rq->store, .policies = s->rq->policies, .mem = s->rq->mem,
		.owner = s->calendar->owner, .uid = event->info.uid };
	int found = 0;

	*twin = NULL;
	if (!s->decision.known.count)
		return 0;
	while (!*twin && (found = event_find_next(&f, e)) > 0) {
		if (f.calendar.id != s->calendar->id && read_twin(s, event, &f, twin, e))
			return -1;
	}
	return found < 0 ? -1 : 0;
}
