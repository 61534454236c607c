#include "policy/change.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"

/* What one VEVENT says of itself. */
struct view {
	const char *summary, *note, *status, *transp;
	size_t clients;              /* attendees other than the owner, rooms and onlookers */
	const char *address;         /* of the one client attendee, or "" */
	bool cancelled, appointment;
};

uint32_t change_role(const struct event_actor *actor, const char *owner, bool delegate)
{
	if (actor->external)
		return POLICY_ADMIN;
	if (strcmp(actor->name, owner) == 0)
		return POLICY_OWNER;
	if (delegate)
		return POLICY_DELEGATE;
	if (actor->admin)
		return POLICY_ADMIN;
	return *actor->name ? POLICY_CLIENT : POLICY_TIMER;
}

static const char *names_join(const struct event_actor *actor, struct arena *mem)
{
	const char *names = arena_printf(
		mem, "%s\n%s", actor->name, actor->displayname ? actor->displayname : "");

	for (const char *const *a = actor->addresses; a && *a; a++) {
		names = arena_printf(mem, "%s\n%s", names, *a);
	}
	return names;
}

/* ---- one VEVENT ---- */

static const char *text_of(const struct ical *ic, const struct ical_comp *c, const char *name,
	struct arena *mem)
{
	const struct ical_line *l = ical_prop(ic, c, name);
	return l ? ical_text(l->value, mem) : "";
}

static const char *word_of(const struct ical *ic, const struct ical_comp *c, const char *name,
	struct arena *mem)
{
	const struct ical_line *l = ical_prop(ic, c, name);
	char *word = arena_strdup(mem, l ? l->value : "");

	for (char *p = word; *p; p++) {
		*p = (char)ascii_toupper(*p);
	}
	return word;
}

/* The address behind "mailto:" in lower case, or NULL. */
static const char *mail_of(const struct ical_line *attendee, struct arena *mem)
{
	static const char scheme[] = "mailto:";

	if (ascii_ncasecmp(attendee->value, scheme, sizeof(scheme) - 1) != 0)
		return NULL;
	char *address = arena_strdup(mem, attendee->value + sizeof(scheme) - 1);
	ascii_lower(address);
	return address;
}

static bool param_is(const struct ical_line *l, const char *name, const char *value)
{
	const char *found = ical_param(l, name);
	return found && ascii_casecmp(found, value) == 0;
}

static bool is_client(const struct ical_line *attendee, const char *address,
	const struct owner_view *owner)
{
	if (!address || param_is(attendee, "CUTYPE", "ROOM") ||
		param_is(attendee, "CUTYPE", "RESOURCE") ||
		param_is(attendee, "ROLE", "NON-PARTICIPANT")) {
		return false;
	}
	for (const char *const *own = owner->addresses; own && *own; own++) {
		if (strcmp(*own, address) == 0)
			return false;
	}
	return true;
}

static void count_clients(struct view *v, const struct ical *ic, const struct ical_comp *c,
	const struct owner_view *owner, struct arena *mem)
{
	const struct ical_line *l = ical_prop(ic, c, "ATTENDEE");

	for (; l; l = ical_prop_next(ic, c, l, "ATTENDEE")) {
		const char *address = mail_of(l, mem);

		if (!is_client(l, address, owner)) {
			continue;
		}
		v->clients++;
		v->address = v->clients == 1 ? address : "";
	}
}

static void view_make(struct view *v, const struct ical *ic, const struct ical_comp *c,
	const struct owner_view *owner, struct arena *mem)
{
	*v = (struct view){
		.summary = text_of(ic, c, "SUMMARY", mem),
		.note = text_of(ic, c, "DESCRIPTION", mem),
		.status = word_of(ic, c, "STATUS", mem),
		.transp = word_of(ic, c, "TRANSP", mem),
		.address = "",
	};
	count_clients(v, ic, c, owner, mem);
	v->cancelled = strcmp(v->status, "CANCELLED") == 0;
	v->appointment = !v->cancelled && strcmp(v->status, "TENTATIVE") != 0 &&
		strcmp(v->transp, "TRANSPARENT") != 0 && (v->clients || *v->summary);
}

int change_occurrence(const struct ical *ic, const struct ical_comp *c, const struct zone *zone,
	struct arena *mem, const char **out)
{
	const struct ical_line *l = ical_prop(ic, c, "RECURRENCE-ID");
	struct ical_when when;
	char text[ICAL_UTC_SIZE];

	*out = "";
	if (!l)
		return 0;
	if (ical_line_when(ic, l, zone, &when, NULL))
		return -1;
	ical_utc(when.utc, text);
	*out = arena_strdup(mem, text);
	return 0;
}

static const struct ical_comp *next_event(const struct ical *ic, const struct ical_comp *after)
{
	const struct ical_comp *c = after ? after->next : ic->calendar->children;

	while (c && c->kind != ICAL_VEVENT) {
		c = c->next;
	}
	return c;
}

bool change_is_series(const struct ical *ic)
{
	const struct ical_comp *master = ical_master(ic);

	return !master || ical_prop(ic, master, "RRULE") || ical_prop(ic, master, "RDATE") ||
		next_event(ic, next_event(ic, NULL));
}

/* ---- times ---- */

static int read_end(const struct ical *ic, const struct ical_comp *c, const struct zone *zone,
	const struct ical_when *start, int64_t *end)
{
	const struct ical_line *dtend = ical_prop(ic, c, "DTEND");
	const struct ical_line *line = ical_prop(ic, c, "DURATION");
	struct ical_duration duration = { .days = start->form == ICAL_DATE };
	struct ical_when when;

	if (dtend) {
		if (ical_line_when(ic, dtend, zone, &when, NULL))
			return -1;
		*end = when.utc;
		return 0;
	}
	if (line && ical_duration(line->value, &duration, NULL))
		return -1;
	*end = ical_add(start, &duration);
	return 0;
}

static int comp_when(const struct ical *ic, const struct ical_comp *c, const struct zone *zone,
	struct ical_when *when, struct policy_when *out)
{
	const struct ical_line *l = ical_prop(ic, c, "DTSTART");

	if (!l || ical_line_when(ic, l, zone, when, NULL) || read_end(ic, c, zone, when, &out->end))
		return -1;
	out->start = when->utc;
	return 0;
}

static int take_first(const struct ical_instance *i, void *arg)
{
	struct policy_when *out = arg;

	if (i->override)
		return 0;
	*out = (struct policy_when){ i->start, i->end };
	return 1;
}

/* ---- the list ---- */

/* The VEVENTs of one side with their occurrences. */
struct keyed_comp { const char *occurrence; const struct ical_comp *comp; };
struct keyed_list { struct keyed_comp *comps; size_t count; };

struct collector {
	const struct change_source *src;
	struct change_list *list;
	struct keyed_list before, after;
	bool series_before, series_after;
	uint32_t role;
	const char *actor_names, *uid;
};

static struct policy_change *add_change(struct collector *col, uint32_t kind, const struct view *v)
{
	struct change_list *list = col->list;
	const struct change_source *src = col->src;

	if (list->count == list->size) {
		size_t size = list->size ? list->size * 2 : 4;
		struct policy_change *grown = arena_array(src->mem, size, sizeof(*grown));

		if (list->count) {
			memcpy(grown, list->changes, list->count * sizeof(*grown));
		}
		list->changes = grown;
		list->size = size;
	}
	struct policy_change *c = &list->changes[list->count++];
	*c = (struct policy_change){
		.size = sizeof(*c), .kind = src->tick ? POLICY_TICK : kind, .role = col->role,
		.flags = src->deleted ? POLICY_DELETE : 0, .now = src->now,
		.actor = src->actor->name, .actor_names = col->actor_names,
		.owner = src->owner->name, .owner_names = src->owner->names,
		.collection = src->collection, .name = src->name, .uid = col->uid, .occurrence = "",
		.old_occurrence = "", .summary = v->summary, .note = v->note, .status = v->status, .transp = v->transp,
		.old_summary = "", .client_address = v->address, .zone = "",
	};
	if (src->before) {
		c->old_ics = src->before->body;
		c->old_ics_len = src->before->body_len;
	}
	if (src->after) {
		c->new_ics = src->after->body;
		c->new_ics_len = src->after->body_len;
	}
	return c;
}

static const char *occurrence_of(const struct collector *col, const struct ical_instance *i,
	bool series)
{
	char text[ICAL_UTC_SIZE];

	if (!series)
		return "";
	ical_utc(i->recurrence, text);
	return arena_strdup(col->src->mem, text);
}

/* The VEVENT that shows that occurrence: its override, else the master, else none. */
static const struct keyed_comp *find_comp(const struct keyed_list *list, const char *occurrence)
{
	const struct keyed_comp *master = NULL;

	for (size_t n = 0; n < list->count; n++) {
		if (strcmp(list->comps[n].occurrence, occurrence) == 0)
			return &list->comps[n];
		if (!*list->comps[n].occurrence) {
			master = &list->comps[n];
		}
	}
	return master;
}

static bool was_cancelled(const struct collector *col, const char *occurrence)
{
	const struct keyed_comp *found = find_comp(&col->before, occurrence);
	const struct change_source *src = col->src;

	return found &&
		strcmp(word_of(src->before, found->comp, "STATUS", src->mem), "CANCELLED") == 0;
}

/* What an ical_change is about, seen from both sides. */
struct pair {
	const struct ical_change *change;
	const char *occurrence;
	struct view before, after;   /* zeroed where there is none */
	const struct view *shown;    /* after, or before if it is gone */
};

static void pair_make(const struct collector *col, const struct ical_change *x, struct pair *p)
{
	const struct change_source *src = col->src;
	const struct ical_comp *left = x->after ? x->after->comp : NULL;

	*p = (struct pair){ .change = x };
	p->occurrence = x->after ? occurrence_of(col, x->after, col->series_after) :
		occurrence_of(col, x->before, col->series_before);
	if (!left && !x->gone) {
		const struct keyed_comp *found = find_comp(&col->after, p->occurrence);
		left = found ? found->comp : NULL;
	}
	if (x->before) {
		view_make(&p->before, src->before, x->before->comp, src->owner, src->mem);
	}
	if (left) {
		view_make(&p->after, src->after, left, src->owner, src->mem);
	}
	p->shown = left ? &p->after : &p->before;
}

static struct policy_change *pair_add(struct collector *col, const struct pair *p, uint32_t kind)
{
	const struct ical_instance *before = p->change->before, *after = p->change->after;
	const struct ical_instance *i = after ? after : before;
	struct policy_change *c = add_change(col, kind, p->shown);

	c->occurrence = p->occurrence;
	c->old_occurrence = before ? occurrence_of(col, before, col->series_before) : c->occurrence;
	c->flags |= (p->change->gone ? POLICY_GONE : 0) | (i->override ? POLICY_OVERRIDE : 0) |
		(i->when.form == ICAL_DATE ? POLICY_ALL_DAY : 0) |
		(*p->occurrence ? POLICY_SERIES : 0);
	c->zone = i->when.form == ICAL_ZONED ? i->when.tzid : "";
	if (before) {
		c->before = (struct policy_when){ before->start, before->end };
		c->old_summary = p->before.summary;
	}
	if (after) {
		c->after = (struct policy_when){ after->start, after->end };
	}
	return c;
}

static void add_booked(struct collector *col, const struct pair *p)
{
	struct policy_change *c = pair_add(col, p, POLICY_BOOKED);

	c->before = (struct policy_when){ 0 };
	if (was_cancelled(col, p->occurrence)) {
		c->flags |= POLICY_WAS_CANCELLED;
	}
}

/* Not there any more for a policy, although a VEVENT may be left. */
static void add_cancelled(struct collector *col, const struct pair *p)
{
	pair_add(col, p, POLICY_CANCELLED)->after = (struct policy_when){ 0 };
}

/* The one client attendee was exchanged: a cancellation for the one, a booking for the other
 * (policy.md 3.5). */
static void add_exchanged(struct collector *col, const struct pair *p)
{
	struct policy_change *c = pair_add(col, p, POLICY_CANCELLED);

	c->after = (struct policy_when){ 0 };
	c->flags |= POLICY_GONE;
	c->client_address = p->before.address;
	c->summary = p->before.summary;
	c = pair_add(col, p, POLICY_BOOKED);
	c->before = (struct policy_when){ 0 };
	c->ref = ""; /* another client's slot has a reference of its own */
}

/* The client's ATTENDEE was taken out, which cancels, and is there again; or it is there from now on. */
static bool named_again(const struct collector *col, const struct ical_change *x, const struct pair *p)
{
	return col->src->known && x->kind == ICAL_CHANGED && !p->before.clients && p->after.clients;
}

static void add_pair(struct collector *col, const struct ical_change *x)
{
	const struct change_source *src = col->src;
	struct pair p;

	pair_make(col, x, &p);
	bool before = p.before.appointment, after = x->after && p.after.appointment;
	bool group = p.before.clients > 1 || p.after.clients > 1;

	/* with an entry in the ledger it was an appointment with one client and remains one
	 * (15.4) */
	if (!src->known && (group || (!before && !after)))
		return;
	if (before && after && *p.before.address && *p.after.address &&
		strcmp(p.before.address, p.after.address) != 0) {
		add_exchanged(col, &p);
	} else if (before && x->kind == ICAL_CANCELLED) {
		add_cancelled(col, &p);
	} else if (before && col->role == POLICY_CLIENT &&
		(!after || (p.before.clients && !p.after.clients))) {
		add_cancelled(col, &p);
	} else if (after && (!before || named_again(col, x, &p))) {
		add_booked(col, &p);
	} else if (before && after && x->kind == ICAL_MOVED) {
		pair_add(col, &p, POLICY_MOVED);
	} else if (!x->gone) {
		pair_add(col, &p, POLICY_CHANGED);
	}
}

static bool is_listed(const struct change_list *list, const char *occurrence)
{
	for (size_t n = 0; n < list->count; n++) {
		if (strcmp(list->changes[n].occurrence, occurrence) == 0)
			return true;
	}
	return false;
}

/* Asks about a VEVENT that didn't change what it means: for its annotation, or because a wake is
 * due. */
static void add_unchanged(struct collector *col, const struct keyed_comp *keyed)
{
	const struct change_source *src = col->src;
	const struct ical *ic = src->after;
	const char *occurrence = keyed->occurrence;
	struct policy_when when;
	struct ical_when start;
	struct view v;

	if (is_listed(col->list, occurrence) ||
		comp_when(ic, keyed->comp, src->zone, &start, &when))
		return;
	view_make(&v, ic, keyed->comp, src->owner, src->mem);
	if (!src->known && (v.clients > 1 || !v.appointment))
		return;
	struct policy_change *c = add_change(col, POLICY_CHANGED, &v);
	if (col->series_after && !*occurrence) {
		ical_expand(ic, src->zone, src->now, ICAL_MAX, take_first, &when, NULL);
	}
	c->occurrence = c->old_occurrence = occurrence;
	c->before = c->after = when;
	c->old_summary = v.summary;
	c->flags |= (col->series_after ? POLICY_SERIES : 0) | (*occurrence ? POLICY_OVERRIDE : 0) |
		(start.form == ICAL_DATE ? POLICY_ALL_DAY : 0);
	c->zone = start.form == ICAL_ZONED ? start.tzid : "";
}

/* The same date under another RECURRENCE-ID: a rule came, went, or was moved. */
static bool is_renumbered(const struct collector *col, const struct ical_change *x)
{
	return col->series_before != col->series_after ||
		x->before->recurrence != x->after->recurrence;
}

static int add_pairs(struct collector *col, struct err *e)
{
	const struct change_source *src = col->src;
	bool single = !col->series_before && !col->series_after;
	int64_t from = single ? ICAL_MIN : src->now;
	int64_t to = single ? ICAL_MAX : src->now + src->horizon;
	const struct ical_change *changes;
	size_t count;

	if (ical_diff(src->before, src->after, src->zone, from, to, !single, src->mem, &changes,
		&count, e)) {
		return -1;
	}
	for (size_t n = 0; n < count; n++) {
		if (changes[n].kind != ICAL_SAME || is_renumbered(col, &changes[n])) {
			add_pair(col, &changes[n]);
		}
	}
	return 0;
}

static void keyed_list_make(struct keyed_list *list, const struct ical *ic,
	const struct change_source *src)
{
	size_t count = 0;

	for (const struct ical_comp *c = ic ? next_event(ic, NULL) : NULL; c;
		c = next_event(ic, c)) {
		count++;
	}
	list->comps = arena_array(src->mem, count, sizeof(*list->comps));
	for (const struct ical_comp *c = ic ? next_event(ic, NULL) : NULL; c;
		c = next_event(ic, c)) {
		struct keyed_comp *keyed = &list->comps[list->count];

		if (change_occurrence(ic, c, src->zone, src->mem, &keyed->occurrence)) {
			continue;
		}
		keyed->comp = c;
		list->count++;
	}
}

int change_collect(const struct change_source *src, struct change_list *out, struct err *e)
{
	const struct ical *ic = src->after ? src->after : src->before;
	const struct ical_comp *first = ical_first(ic);

	*out = (struct change_list){ 0 };
	if (!first || first->kind != ICAL_VEVENT || !ical_prop(ic, first, "UID"))
		return 0;
	struct collector col = {
		.src = src, .list = out,
		.role = src->tick ? POLICY_TIMER : change_role(src->actor, src->owner->name, src->delegate),
		.actor_names = names_join(src->actor, src->mem),
		.uid = ical_prop(ic, first, "UID")->value,
		.series_before = src->before && change_is_series(src->before),
		.series_after = src->after && change_is_series(src->after),
	};
	keyed_list_make(&col.before, src->before, src);
	keyed_list_make(&col.after, src->after, src);
	if (!src->tick && add_pairs(&col, e))
		return -1;
	for (size_t n = 0; n < col.after.count; n++) {
		add_unchanged(&col, &col.after.comps[n]);
	}
	return 0;
}
