#include "policy/change.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/util.h"

/* A client among the attendees, and whether the time is agreed with it (policy.md 3.3, committed). */
enum guest_state { GUEST_ABSENT, GUEST_DECLINED, GUEST_INVITED, GUEST_COMMITTED };
struct guest { const char *address, *name; enum guest_state state; };

enum {
	LOOK_BACK = 100 * 86400,
	QUESTIONS_MAX = 500, /* about the nearest dates of a series, each with all of its attendees. The others
	                      * count as beyond the horizon: a series of every hour can still be deleted. */
};

/* What one VEVENT says of itself. */
struct view {
	const char *summary, *note, *status, *transp, *categories, *link;
	int64_t priority;
	struct guest *guests;
	size_t clients;              /* attendees other than the owner, rooms and onlookers */
	const char *address;         /* of the one client attendee, or "" */
	const char *guest_list;      /* for words that name some of them */
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

/* Who can't answer is committed from the beginning. */
static enum guest_state guest_state(const struct change_source *src, const struct ical_line *attendee,
	const char *address)
{
	if (param_is(attendee, "PARTSTAT", "ACCEPTED"))
		return GUEST_COMMITTED;
	if (param_is(attendee, "PARTSTAT", "DECLINED"))
		return GUEST_DECLINED;
	if (ical_param(attendee, "PARTSTAT") && !param_is(attendee, "PARTSTAT", "NEEDS-ACTION"))
		return GUEST_INVITED;
	return src->can_answer && src->can_answer(address, src->arg) ? GUEST_INVITED : GUEST_COMMITTED;
}

static const char *guest_list(const struct view *v, struct arena *mem)
{
	struct buf list cleanup_buf;

	buf_init(&list, SIZE_MAX / 2);
	for (size_t n = 0; n < v->clients; n++) {
		buf_printf(&list, "%s\t%s\n", v->guests[n].address, v->guests[n].name);
	}
	return arena_strndup(mem, list.data, list.len);
}

static void view_guests(struct view *v, const struct change_source *src, const struct ical *ic,
	const struct ical_comp *c)
{
	const struct ical_line *first = ical_prop(ic, c, "ATTENDEE"), *l = first;
	size_t count = 0;

	for (; l; l = ical_prop_next(ic, c, l, "ATTENDEE")) {
		count++;
	}
	v->guests = arena_array(src->mem, count, sizeof(*v->guests));
	for (l = first; l; l = ical_prop_next(ic, c, l, "ATTENDEE")) {
		const char *address = mail_of(l, src->mem), *name = ical_param(l, "CN");

		if (is_client(l, address, src->owner)) {
			v->guests[v->clients++] = (struct guest){ address, name ? name : "",
				guest_state(src, l, address) };
		}
	}
	v->address = v->clients == 1 ? v->guests[0].address : "";
	v->guest_list = guest_list(v, src->mem);
}

/* One line for each of the categories. */
static const char *categories_of(const struct ical *ic, const struct ical_comp *c, struct arena *mem)
{
	const struct ical_line *l = ical_prop(ic, c, "CATEGORIES");
	struct buf all cleanup_buf;

	buf_init(&all, SIZE_MAX / 2);

	for (; l; l = ical_prop_next(ic, c, l, "CATEGORIES")) {
		char *items = arena_strdup(mem, l->value);

		for (char *p = items; *p; p++) {
			if (*p == '\\' && p[1]) {
				p++;
			} else if (*p == ',') {
				*p = '\n';
			}
		}
		buf_printf(&all, "%s%s", all.len ? "\n" : "", ical_text(items, mem));
	}
	return arena_strndup(mem, all.data, all.len);
}

static int64_t priority_of(const struct ical *ic, const struct ical_comp *c)
{
	const struct ical_line *l = ical_prop(ic, c, "PRIORITY");
	int64_t priority;

	return l && parse_i64(l->value, 0, 9, &priority) == 0 ? priority : 0;
}

static void view_make(struct view *v, const struct change_source *src, const struct ical *ic,
	const struct ical_comp *c)
{
	struct arena *mem = src->mem;

	*v = (struct view){
		.summary = text_of(ic, c, "SUMMARY", mem),
		.note = text_of(ic, c, "DESCRIPTION", mem),
		.status = word_of(ic, c, "STATUS", mem),
		.transp = word_of(ic, c, "TRANSP", mem),
		.categories = categories_of(ic, c, mem),
		.link = text_of(ic, c, "CONFERENCE", mem),
		.priority = priority_of(ic, c),
		.address = "",
	};
	if (!*v->link) {
		v->link = text_of(ic, c, "URL", mem);
	}
	view_guests(v, src, ic, c);
	v->cancelled = ical_is_cancelled(ic, c);
	v->appointment = !v->cancelled && strcmp(v->status, "TENTATIVE") != 0 &&
		strcmp(v->transp, "TRANSPARENT") != 0 && (v->clients || *v->summary);
}

static enum guest_state guest_in(const struct view *v, const char *address)
{
	for (size_t n = 0; n < v->clients; n++) {
		if (strcmp(v->guests[n].address, address) == 0)
			return v->guests[n].state;
	}
	return GUEST_ABSENT;
}

static size_t committed(const struct view *v)
{
	size_t count = 0;

	for (size_t n = 0; n < v->clients; n++) {
		count += v->guests[n].state == GUEST_COMMITTED;
	}
	return count;
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

bool change_is_group(const struct ical *ic, const struct owner_view *owner, struct arena *mem)
{
	const struct change_source src = { .owner = owner, .mem = mem };

	for (const struct ical_comp *c = next_event(ic, NULL); c; c = next_event(ic, c)) {
		struct view v = { .clients = 0 };

		view_guests(&v, &src, ic, c);
		if (v.clients > 1)
			return true;
	}
	return false;
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

	list->changes = arena_room(src->mem, list->changes, list->count, &list->size, sizeof(*list->changes));
	struct policy_change *c = &list->changes[list->count++];
	*c = (struct policy_change){
		.size = sizeof(*c), .kind = src->tick ? POLICY_TICK : kind, .role = col->role,
		.flags = src->deleted ? POLICY_DELETE : 0, .now = src->now,
		.actor = src->actor->name, .actor_names = col->actor_names,
		.owner = src->owner->name, .owner_names = src->owner->names,
		.collection = src->collection, .name = src->name, .uid = col->uid, .occurrence = "",
		.old_occurrence = "", .summary = v->summary, .note = v->note, .status = v->status, .transp = v->transp,
		.old_summary = "", .old_note = "", .client_address = v->address, .zone = "",
		.categories = v->categories, .link = v->link, .priority = v->priority, .attendee = "", .attendees = "",
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

	return found && ical_is_cancelled(col->src->before, found->comp);
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
		view_make(&p->before, src, src->before, x->before->comp);
	}
	if (left) {
		view_make(&p->after, src, src->after, left);
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
	if (p->shown->clients == 1 && p->shown->guests[0].state < GUEST_COMMITTED) {
		c->flags |= POLICY_INVITED;
	}
	if (before) {
		c->before = (struct policy_when){ before->start, before->end };
		c->old_summary = p->before.summary;
		c->old_note = p->before.note;
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
static struct policy_change *add_cancelled(struct collector *col, const struct pair *p, uint32_t kind)
{
	struct policy_change *c = pair_add(col, p, kind);

	c->after = (struct policy_when){ 0 };
	return c;
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

/* ---- the one client among the attendees ---- */

static bool has_declined(const struct pair *p)
{
	return p->after.clients == 1 && p->after.guests[0].state == GUEST_DECLINED &&
		guest_in(&p->before, p->after.address) != GUEST_DECLINED;
}

static bool has_accepted(const struct pair *p)
{
	enum guest_state before;

	if (p->after.clients != 1 || p->after.guests[0].state != GUEST_COMMITTED)
		return false;
	before = guest_in(&p->before, p->after.address);
	return before == GUEST_INVITED || before == GUEST_DECLINED;
}

static void add_single(struct collector *col, const struct ical_change *x, const struct pair *p)
{
	const struct view *b = &p->before, *a = &p->after;
	bool before = b->appointment, after = x->after && a->appointment;
	struct policy_change *c = NULL;

	/* with an entry in the ledger it was an appointment and remains one (15.4) */
	if (!col->src->known && !before && !after)
		return;
	if (before && after && *b->address && *a->address && strcmp(b->address, a->address) != 0) {
		add_exchanged(col, p);
	} else if (before && x->kind == ICAL_CANCELLED) {
		add_cancelled(col, p, POLICY_CANCELLED);
	} else if (before && after && has_declined(p)) {
		add_cancelled(col, p, POLICY_DECLINED);
	} else if (before && col->role == POLICY_CLIENT && (!after || (b->clients && !a->clients))) {
		add_cancelled(col, p, POLICY_CANCELLED);
	} else if (after && (!before || named_again(col, x, p))) {
		add_booked(col, p);
	} else if (before && after && x->kind == ICAL_MOVED) {
		c = pair_add(col, p, POLICY_MOVED);
	} else if (before && after && has_accepted(p)) {
		add_booked(col, p);
		c = &col->list->changes[col->list->count - 1];
	} else if (!x->gone) {
		pair_add(col, p, POLICY_CHANGED);
	}
	if (c && has_accepted(p)) {
		c->flags |= POLICY_ACCEPTED;
	}
}

/* ---- groups ---- */

/* What becomes of one attendee's place. */
static struct policy_change *add_place(struct collector *col, const struct ical_change *x,
	const struct pair *p,
	enum guest_state before, enum guest_state after)
{
	bool was = p->before.appointment && before >= GUEST_INVITED;
	bool is = x->after && p->after.appointment && after >= GUEST_INVITED;
	bool whole = x->kind == ICAL_CANCELLED || !x->after || !p->after.appointment;
	struct policy_change *c;

	if (was && !is) {
		c = add_cancelled(col, p, !whole && after == GUEST_DECLINED ? POLICY_DECLINED : POLICY_CANCELLED);
		c->flags |= whole ? POLICY_SEVERAL : after == GUEST_ABSENT ? POLICY_GONE : 0;
		return c;
	}
	if (is && (!was || (before == GUEST_INVITED && after == GUEST_COMMITTED && x->kind != ICAL_MOVED))) {
		add_booked(col, p);
		c = &col->list->changes[col->list->count - 1];
		c->flags |= was ? POLICY_ACCEPTED : 0;
		return c;
	}
	if (x->gone || (!is && !x->after))
		return NULL;
	c = pair_add(col, p, was && is && x->kind == ICAL_MOVED ? POLICY_MOVED : POLICY_CHANGED);
	c->flags |= POLICY_SEVERAL;
	return c;
}

static void about_guest(const struct collector *col, struct policy_change *c, const struct view *shown,
	const char *address, enum guest_state state)
{
	c->attendee = c->client_address = address;
	c->attendees = shown->guest_list;
	c->flags |= POLICY_GROUP | (state < GUEST_COMMITTED ? POLICY_INVITED : 0);
}

static void add_group(struct collector *col, const struct ical_change *x, const struct pair *p)
{
	bool several = committed(&p->before) > 1;

	if (!col->src->known && !p->before.appointment && !p->after.appointment)
		return;
	for (size_t n = 0; n < p->before.clients + p->after.clients; n++) {
		bool left = n < p->before.clients;
		const char *address = left ? p->before.guests[n].address :
			p->after.guests[n - p->before.clients].address;
		enum guest_state before = guest_in(&p->before, address), after = guest_in(&p->after, address);
		struct policy_change *c;

		if (!left && before != GUEST_ABSENT)
			continue; /* had its turn */
		c = add_place(col, x, p, before, after);
		if (!c)
			continue;
		about_guest(col, c, p->shown, address, after == GUEST_ABSENT ? before : after);
		if (!several || (col->role != POLICY_OWNER && col->role != POLICY_DELEGATE)) {
			c->flags &= ~(uint32_t)POLICY_SEVERAL;
		}
	}
}

static void add_pair(struct collector *col, const struct ical_change *x)
{
	struct pair p;

	pair_make(col, x, &p);
	if (col->src->group || p.before.clients > 1 || p.after.clients > 1) {
		add_group(col, x, &p);
	} else {
		add_single(col, x, &p);
	}
}

static bool is_listed(const struct change_list *list, const char *occurrence, const char *attendee)
{
	for (size_t n = 0; n < list->count; n++) {
		const struct policy_change *c = &list->changes[n];

		if (!(c->flags & POLICY_GONE) && strcmp(c->occurrence, occurrence) == 0 &&
			strcmp(c->attendee, attendee) == 0)
			return true;
	}
	return false;
}

/* What the same VEVENT said before. */
static void old_texts(const struct collector *col, const char *occurrence, struct policy_change *c)
{
	const struct keyed_comp *found = find_comp(&col->before, occurrence);
	const struct change_source *src = col->src;

	if (found) {
		c->old_summary = text_of(src->before, found->comp, "SUMMARY", src->mem);
		c->old_note = text_of(src->before, found->comp, "DESCRIPTION", src->mem);
	}
}

static struct policy_change *ask_unchanged(struct collector *col, const struct keyed_comp *keyed,
	const struct view *v, struct policy_when when, const struct ical_when *start)
{
	struct policy_change *c = add_change(col, POLICY_CHANGED, v);

	c->occurrence = c->old_occurrence = keyed->occurrence;
	c->before = c->after = when;
	c->flags |= (col->series_after ? POLICY_SERIES : 0) | (*keyed->occurrence ? POLICY_OVERRIDE : 0) |
		(start->form == ICAL_DATE ? POLICY_ALL_DAY : 0);
	c->zone = start->form == ICAL_ZONED ? start->tzid : "";
	old_texts(col, keyed->occurrence, c);
	return c;
}

/* Asks about a VEVENT that didn't change what it means: for its words and its annotation, or because a
 * wake is due. */
static void add_unchanged(struct collector *col, const struct keyed_comp *keyed)
{
	const struct change_source *src = col->src;
	const struct ical *ic = src->after;
	struct policy_when when;
	struct ical_when start;
	struct view v;

	if (comp_when(ic, keyed->comp, src->zone, &start, &when))
		return;
	view_make(&v, src, ic, keyed->comp);
	bool group = src->group || v.clients > 1;
	if (!src->known && !v.appointment)
		return;
	if (col->series_after && !*keyed->occurrence) {
		ical_expand(ic, src->zone, src->now, ICAL_MAX, take_first, &when, NULL);
	}
	if (!group && !is_listed(col->list, keyed->occurrence, "")) {
		struct policy_change *c = ask_unchanged(col, keyed, &v, when, &start);

		c->flags |= v.clients == 1 && v.guests[0].state < GUEST_COMMITTED ? POLICY_INVITED : 0;
	}
	for (size_t n = 0; group && n < v.clients; n++) {
		if (!is_listed(col->list, keyed->occurrence, v.guests[n].address)) {
			about_guest(col, ask_unchanged(col, keyed, &v, when, &start), &v, v.guests[n].address,
				v.guests[n].state);
		}
	}
}

/* The same date under another RECURRENCE-ID: a rule came, went, or was moved. */
static bool is_renumbered(const struct collector *col, const struct ical_change *x)
{
	return col->series_before != col->series_after ||
		x->before->recurrence != x->after->recurrence;
}

/* Of a rule that gives more dates than anybody keeps, the nearest ones: it is stored with a policy as it is
 * without. */
static int diff_series(const struct change_source *src, const struct ical_change **out, size_t *count,
	struct err *e)
{
	for (int64_t span = src->horizon;; span /= 2) {
		int status = ical_diff(src->before, src->after, src->zone, src->now, src->now + span, true,
			src->mem, out, count, e);

		if (status == 0 || e->code != ERR_INSTANCES || span == 0)
			return status;
	}
}

static int add_pairs(struct collector *col, struct err *e)
{
	const struct change_source *src = col->src;
	bool single = !col->series_before && !col->series_after;
	const struct ical_change *changes;
	size_t count;

	if (single ? ical_diff(src->before, src->after, src->zone, ICAL_MIN, ICAL_MAX, false, src->mem, &changes,
			&count, e) : diff_series(src, &changes, &count, e)) {
		return -1;
	}
	for (size_t n = 0; n < count && col->list->count < QUESTIONS_MAX; n++) {
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

/* ---- words in a series ---- */

struct current { int64_t now; struct ical_instance last; bool found; };

static int take_current(const struct ical_instance *i, void *arg)
{
	struct current *current = arg;

	if (i->start <= current->now && !i->override) {
		current->last = *i;
		current->found = true;
	}
	return 0;
}

static bool texts_differ(const struct change_source *src, const char *name)
{
	const struct ical_comp *before = ical_master(src->before), *after = ical_master(src->after);

	return before && after &&
		strcmp(text_of(src->before, before, name, src->mem), text_of(src->after, after, name, src->mem)) != 0;
}

/* What is written into the whole series may be about the date that began last: who was absent, or late. */
static void add_current(struct collector *col)
{
	const struct change_source *src = col->src;
	struct current current = { .now = src->now };
	struct ical_change x = { .kind = ICAL_SAME };

	if (src->tick || !src->before || !src->after || !col->series_before || !col->series_after ||
		(!texts_differ(src, "SUMMARY") && !texts_differ(src, "DESCRIPTION"))) {
		return;
	}
	ical_expand(src->after, src->zone, src->now - LOOK_BACK, src->now + 1, take_current, &current, NULL);
	if (!current.found)
		return;
	x.before = x.after = &current.last;
	struct pair p;
	pair_make(col, &x, &p);
	view_make(&p.before, src, src->before, ical_master(src->before));
	view_make(&p.after, src, src->after, ical_master(src->after));
	if (p.after.clients > 1 || src->group) {
		add_group(col, &x, &p);
	} else if (!is_listed(col->list, p.occurrence, "")) {
		pair_add(col, &p, POLICY_CHANGED);
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
	add_current(&col);
	for (size_t n = 0; n < col.after.count; n++) {
		add_unchanged(&col, &col.after.comps[n]);
	}
	return 0;
}
