#include "policy/notices.h"

#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/late/late.h"
#include "policy/own_entry.h"

enum {
	AHEAD = 400 * 86400,  /* how far dates are looked for */
	DATES_MAX = 64,       /* of a series, until one is found */
	GUESTS_MAX = 64,
};

/* ---- which slot a date has ---- */

/* Entries of a UID, stored and of this commit. */
struct slots { const struct entry_list *known, *fresh; const char *uid; };

struct held { const char *attendee; const struct policy_incident *slot; };
struct holders { struct held of[GUESTS_MAX]; size_t count; };

static void note_slot(struct holders *all, const struct policy_incident *i)
{
	size_t n = 0;

	while (n < all->count && strcmp(all->of[n].attendee, i->attendee) != 0)
		n++;
	if (n == GUESTS_MAX)
		return;
	all->of[n] = (struct held){ i->attendee, i };
	all->count += n == all->count;
}

/* The last word about that date, for each attendee; a date without entries stands on its series'. */
static void find_holders(const struct slots *s, const char *occurrence, int64_t start, struct holders *out)
{
	const struct entry_list *const lists[] = { s->known, s->fresh };
	struct holders series = { .count = 0 };

	out->count = 0;
	for (size_t l = 0; l < ARRAY_SIZE(lists); l++) {
		for (size_t n = 0; n < lists[l]->count; n++) {
			const struct policy_incident *i = &lists[l]->entries[n].i;

			if (strcmp(lists[l]->entries[n].kind, KIND_SLOT) != 0 || strcmp(i->uid, s->uid) != 0)
				continue;
			if (strcmp(i->outcome, "series") == 0)
				note_slot(&series, i);
			else if (strcmp(i->occurrence, occurrence) == 0)
				note_slot(out, i);
		}
	}
	if (!out->count && *occurrence)
		*out = series;
	for (size_t n = 0; n < out->count; n++) {
		const struct policy_incident *i = out->of[n].slot;

		if (strcmp(i->outcome, "closed") == 0 || (strcmp(i->outcome, "series") != 0 && i->slot != start))
			out->of[n] = out->of[--out->count], n--;
	}
}

/* ---- dates ---- */

static const char *text_of(const struct ical *ic, const struct ical_comp *c, const char *name,
	struct arena *mem)
{
	const struct ical_line *l = ical_prop(ic, c, name);

	return l ? ical_text(l->value, mem) : "";
}

static bool wants_link(const struct ical *ic, const struct ical_comp *c, struct arena *mem)
{
	const char *link = text_of(ic, c, "CONFERENCE", mem);

	return late_link_wanted(text_of(ic, c, "SUMMARY", mem), text_of(ic, c, "DESCRIPTION", mem),
		*link ? link : text_of(ic, c, "URL", mem), mem);
}

/* ---- what is due ---- */

struct wanted { bool found; struct late_notice notice; const struct policy_incident *slot; };

struct finder {
	const struct ical *ic;
	const struct slots *slots;
	void *module;
	int64_t now;
	struct arena *mem;
	bool series;
	size_t dates;
	struct wanted reminder, link;
};

/* Of a group the earliest one. */
static void take_earlier(struct wanted *w, const struct late_notice *n, const struct policy_incident *slot)
{
	if (!w->found || n->until < w->notice.until)
		*w = (struct wanted){ true, *n, slot };
}

static int look_at_date(const struct ical_instance *i, void *arg)
{
	struct finder *f = arg;
	bool seek_reminder = !f->reminder.found, seek_link = !f->link.found;
	char occurrence[ICAL_UTC_SIZE] = "";
	struct holders holders;
	struct late_notice n;

	if (ical_is_cancelled(f->ic, i->comp))
		return 0;
	if (f->series)
		ical_utc(i->recurrence, occurrence);
	seek_link = seek_link && wants_link(f->ic, i->comp, f->mem);
	find_holders(f->slots, occurrence, i->start, &holders);
	for (size_t k = 0; k < holders.count; k++) {
		const struct policy_incident *slot = holders.of[k].slot;

		if (seek_reminder && late_reminder(f->module, slot, i->start, f->now, f->mem, &n))
			take_earlier(&f->reminder, &n, slot);
		if (seek_link && late_link_check(f->module, slot, i->start, f->now, f->mem, &n))
			take_earlier(&f->link, &n, slot);
	}
	return (f->reminder.found && f->link.found) || ++f->dates == DATES_MAX;
}

/* ---- entries ---- */

/* One kind of an event's notices. When it is over, the next date's turn comes. */
static int plan_notice(struct subject *s, const char *kind, const char *uid, const struct wanted *w,
	bool wake, struct plan *plan, struct err *e)
{
	struct arena *mem = s->rq->mem;
	const char *name = own_entry_name(kind, uid, mem);
	char at[ICAL_UTC_SIZE];
	bool changed;

	if (!w->found)
		return own_entry_drop(plan, s->calendar->owner, name, &changed, e);
	ical_utc(w->notice.at, at);
	const struct own_entry entry = { .name = name, .title = w->notice.title, .note = "", .related = w->slot->uid,
		.start = arena_printf(mem, ":%s", at), .rule = "", .stamp = w->slot->at, .first = w->notice.at };
	if (own_entry_keep(plan, s->calendar->owner, &entry, &changed, e))
		return -1;
	if (changed || wake)
		plan_wake(plan, w->notice.until + 1, s->calendar->owner, s->calendar->name, s->name);
	return 0;
}

static const char *uid_of(const struct subject *s, const struct ical *after)
{
	const struct ical *ic = after ? after : s->old.clean;
	const struct ical_comp *first = ic ? ical_first(ic) : NULL;
	const struct ical_line *uid = first ? ical_prop(ic, first, "UID") : NULL;

	return uid ? uid->value : NULL;
}

static void find(struct finder *f, const struct zone *zone)
{
	f->series = change_is_series(f->ic);
	ical_expand(f->ic, zone, f->now, f->now + AHEAD, look_at_date, f, NULL);
}

int notices_plan(struct subject *s, const struct ical *after, unsigned flags, struct plan *plan,
	struct err *e)
{
	const struct policy *p = s->policy;
	const char *uid = uid_of(s, after);
	const struct slots slots = { &s->decision.known, &s->decision.fresh, uid };
	struct finder f = { .ic = after, .slots = &slots, .module = p->self, .now = s->decision.now,
		.mem = s->rq->mem };
	bool asked = p->module == dedit_policy_late() && late_asks_notices(p->self), wake = flags & NOTICES_WAKE;

	if (!uid || (!asked && !(flags & NOTICES_ALWAYS)))
		return 0;
	if (asked && after)
		find(&f, s->zone);
	return plan_notice(s, "remind", uid, &f.reminder, wake, plan, e) ||
		plan_notice(s, "link", uid, &f.link, wake, plan, e) ? -1 : 0;
}

/* ---- for reports ---- */

struct link_finder {
	const struct event_request *rq;
	struct subject *subject;
	const struct slots *slots;
	bool series;
	struct link_missing **tail;
};

static int take_missing(const struct ical_instance *i, void *arg)
{
	struct link_finder *f = arg;
	const struct ical *ic = f->subject->old.clean;
	struct arena *mem = f->rq->mem;
	char occurrence[ICAL_UTC_SIZE] = "";
	struct late_notice n = { .at = INT64_MAX };
	struct holders holders;

	if (f->series)
		ical_utc(i->recurrence, occurrence);
	find_holders(f->slots, occurrence, i->start, &holders);
	if (ical_is_cancelled(ic, i->comp))
		return 0;
	for (size_t k = 0; k < holders.count && wants_link(ic, i->comp, mem); k++) {
		const struct policy_incident *slot = holders.of[k].slot;

		if (!late_link_check(f->subject->policy->self, slot, i->start, f->rq->now, mem, &n) ||
			n.at > f->rq->now) {
			continue;
		}
		*f->tail = arena_alloc(mem, sizeof(**f->tail));
		**f->tail = (struct link_missing){ .owner = f->subject->calendar->owner,
			.calendar = f->subject->calendar->name, .name = f->subject->name, .uid = slot->uid,
			.occurrence = arena_strdup(mem, occurrence), .client = slot->client, .title = slot->title,
			.start = i->start, .end = i->end, .asked = n.at };
		f->tail = &(*f->tail)->next;
	}
	return 0;
}

static int look_at_event(const struct event_request *rq, const struct collection *calendar, const char *name,
	struct link_missing ***tail, struct err *e)
{
	struct subject s;

	if (subject_read(&s, rq, calendar, name, e) || (s.exists && subject_begin(&s, NULL, e)))
		return -1;
	if (!s.exists || !s.old.clean)
		return 0;
	const struct entry_list none = { 0 };
	const struct slots slots = { &s.decision.known, &none, s.old.info.uid };
	struct link_finder f = { rq, &s, &slots, change_is_series(s.old.clean), *tail };

	ical_expand(s.old.clean, s.zone, rq->now, rq->now + AHEAD, take_missing, &f, NULL);
	*tail = f.tail;
	return 0;
}

static int look_at_calendar(const struct event_request *rq, const struct policy_calendar *c,
	struct link_missing ***tail, struct err *e)
{
	struct object_names names = { .mem = rq->mem };
	struct collection *calendar = arena_alloc(rq->mem, sizeof(*calendar));
	struct err why;

	if (store_collection(rq->store, c->owner, c->name, rq->mem, calendar, &why))
		return why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s", why.text);
	if (store_list(rq->store, calendar->id, ICAL_VEVENT, rq->now, rq->now + AHEAD, object_names_take, &names,
			NULL, e) < 0)
		return -1;
	for (size_t n = 0; n < names.count; n++) {
		if (look_at_event(rq, calendar, names.name[n], tail, e))
			return -1;
	}
	return 0;
}

int links_missing(const struct event_request *rq, const char *owner, struct link_missing **out,
	struct err *e)
{
	const struct policy_set *set = rq->policies;
	struct link_missing *first = NULL, **tail = &first;

	for (size_t n = 0; n < set->calendar_count; n++) {
		const struct policy_calendar *c = &set->calendars[n];

		if ((owner && strcmp(owner, c->owner) != 0) || c->policy->module != dedit_policy_late())
			continue;
		if (look_at_calendar(rq, c, &tail, e))
			return -1;
	}
	*out = first;
	return 0;
}
