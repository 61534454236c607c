#include "policy/decide.h"

#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/apply.h"
#include "policy/fees.h"
#include "policy/find.h"
#include "policy/notices.h"

enum {
	RENDERING_LINES = 1 << 14,
	STORED_MAX = 1 << 24,       /* accepted under limits that may have been others then */
	READS = 8,
	REFS_MAX = 8,               /* references of others that one body may carry */
	HORIZON_MAX = 400 * 86400,
	CLOCK_TOLERANCE = 300,      /* seconds that the clock may stand behind the ledger (15.25) */
};

/* ---- bodies ---- */

int body_parse(const struct event_request *rq, const char *bytes, size_t len, bool stored,
	struct body *out, struct err *e)
{
	struct ical_limits *limits = arena_alloc(rq->mem, sizeof(*limits));

	*limits = *rq->limits;
	limits->bytes += EVENT_RENDERING_MAX;
	limits->line += EVENT_RENDERING_MAX; /* notes of one line with the block in them */
	limits->lines += RENDERING_LINES;
	if (stored) {
		limits->bytes = len + EVENT_RENDERING_MAX;
		limits->line = len + EVENT_RENDERING_MAX;
	}
	*out = (struct body){ .bytes = bytes, .len = len };
	return ical_parse(bytes, len, limits, rq->mem, &out->full, e) ||
			ical_valid(out->full, &out->info, e) ?
		-1 :
		0;
}

static int body_clean(const struct subject *s, struct body *b, struct err *e)
{
	struct buf bytes cleanup_buf;

	buf_init(&bytes, b->len + EVENT_RENDERING_MAX);
	if (apply_strip(b->full, &s->shown, s->zone, &bytes, e))
		return -1;
	return ical_parse(bytes.data, bytes.len, b->full->limits, s->rq->mem, &b->clean, e);
}

static void take_bytes(struct subject *s, const struct buf *bytes)
{
	s->exists = true;
	s->old.bytes = arena_strndup(s->rq->mem, bytes->data, bytes->len);
	s->old.len = bytes->len;
}

/*
 * What can't be read is replaced or removed as if it were empty; of a file edited on disk, what was
 * there before is gone. An object that others change meanwhile only looks like that: its row has to
 * be the same twice.
 */
static int read_there(struct subject *s, struct err *e)
{
	struct store *store = s->rq->store;
	struct buf bytes cleanup_buf;
	uint64_t seen = 0;
	struct err why;

	buf_init(&bytes, STORED_MAX);
	for (int n = 0; n < READS; n++) {
		if (store_body(store, s->calendar->id, s->name, s->rq->mem, &s->row, &bytes,
			    &why) == 0) {
			take_bytes(s, &bytes);
			return 0;
		}
		if (why.code == ERR_BROKEN &&
			store_find(store, s->calendar->id, s->name, s->rq->mem, &s->row, &why) == 0) {
			if (s->row.seq == seen) {
				take_bytes(s, &bytes);
				return 0;
			}
			seen = s->row.seq;
			continue;
		}
		return why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s", why.text);
	}
	return err_set(e, ERR_BUSY, "%s changes too often to be read", s->name);
}

int subject_read(struct subject *s, const struct event_request *rq,
	const struct collection *calendar, const char *name, struct err *e)
{
	*s = (struct subject){ .rq = rq, .calendar = calendar, .name = name };
	s->policy = policy_for(rq->policies, calendar->owner, calendar->name);
	return read_there(s, e);
}

/* ---- who and when ---- */

/* One without an account any more is known by name alone. */
static int read_owner(struct subject *s, struct err *e)
{
	struct account *account = arena_alloc(s->rq->mem, sizeof(*account));
	const char *name = s->calendar->owner;
	struct err why;

	s->owner = (struct owner_view){ .name = name, .names = name };
	if (store_account(s->rq->store, name, s->rq->mem, account, &why))
		return why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s", why.text);
	s->owner.addresses = account->addresses;
	s->owner.names = arena_printf(
		s->rq->mem, "%s\n%s", name, account->displayname ? account->displayname : "");
	for (const char *const *a = account->addresses; a && *a; a++) {
		s->owner.names = arena_printf(s->rq->mem, "%s\n%s", s->owner.names, *a);
	}
	return 0;
}

/* 15.1: members of the owner's calendar-proxy-write group, and who is told to be one. */
static int read_delegate(struct subject *s, struct err *e)
{
	const char *actor = s->rq->actor.name;
	enum share_access acting;

	s->delegate = s->rq->actor.delegate;
	if (s->delegate || !*actor || strcmp(actor, s->calendar->owner) == 0)
		return 0;
	if (store_acts_for(s->rq->store, s->calendar->owner, actor, &acting, e) < 0)
		return -1;
	s->delegate = acting == SHARE_WRITE;
	return 0;
}

struct zone_finder { const struct zone *zone; struct arena *mem; };

/* The property is XML around a VCALENDAR (RFC 4791 5.2.2), of which only the name is of use. */
static int find_zone_name(const struct prop_row *row, void *arg)
{
	struct zone_finder *finder = arg;
	const char *tzid = strcmp(row->name, "calendar-timezone") == 0 ?
		strstr(row->xml, "\nTZID:") :
		NULL;

	if (!tzid)
		return 0;
	tzid += strlen("\nTZID:");
	finder->zone = zone_find(arena_strndup(finder->mem, tzid, strcspn(tzid, "\r\n&<")));
	return 1;
}

int event_zone(struct store *store, const struct policy_set *policies, const struct collection *calendar,
	const struct ical *ic, struct arena *mem, const struct zone **zone, struct err *e)
{
	const struct policy *policy = policy_for(policies, calendar->owner, calendar->name);
	const struct ical_comp *first = ical_first(ic);
	const struct ical_line *start = first ? ical_prop(ic, first, "DTSTART") : NULL;
	struct zone_finder finder = { .mem = mem };
	struct ical_when when;

	if (policy)
		*zone = policy->zone;
	if (!start || ical_line_when(ic, start, NULL, &when, NULL) || when.form != ICAL_FLOATING)
		return 0;
	if (store_props(store, calendar->id, NULL, find_zone_name, &finder, e) < 0)
		return -1;
	if (finder.zone)
		*zone = finder.zone;
	return 0;
}

static int take_when(const struct ledger_row *row, void *arg)
{
	int64_t *last = arg;

	if (row->when > *last) {
		*last = row->when;
	}
	return 0;
}

/* The clock may have been set back; the ledger's time never goes back (15.25), so its last
 * entries tell. */
static int begin_decision(struct subject *s, struct err *e)
{
	const struct event_request *rq = s->rq;
	struct ledger_query later = { .owner = s->calendar->owner, .since = rq->now + 1 };
	struct decision *d = &s->decision;

	*d = (struct decision){ .store = rq->store, .mem = rq->mem, .policy = s->policy,
		.owner = s->calendar->owner, .now = rq->now };
	if (store_ledger_head(rq->store, d->owner, &d->head, e))
		return -1;
	later.after = d->head ? d->head - 1 : 0;
	if (store_ledger(rq->store, &later, take_when, &d->now, e) < 0)
		return -1;
	d->clock_doubtful = d->now - rq->now > CLOCK_TOLERANCE || clock_jumped();
	return 0;
}

/* ---- what was ever shown ---- */

static bool ref_known(const struct entry_list *list, const char *ref)
{
	for (size_t n = 0; n < list->count; n++) {
		if (strcmp(list->entries[n].i.ref, ref) == 0)
			return true;
	}
	return false;
}

/* A copy with a UID of its own brings the rendering of its original along. */
static int read_foreign(struct subject *s, const struct ical *ic, struct err *e)
{
	const char *refs[REFS_MAX];
	size_t count = apply_refs(ic, refs, REFS_MAX);

	for (size_t n = 0; n < count; n++) {
		const struct ledger_query q = { .ref = refs[n] };

		if (ref_known(&s->decision.known, refs[n]) || ref_known(&s->shown, refs[n])) {
			continue;
		}
		if (ledger_read(s->rq->store, &q, s->rq->mem, &s->shown, e))
			return -1;
	}
	return 0;
}

int subject_begin(struct subject *s, struct body *incoming, struct err *e)
{
	struct ledger_query q = { .owner = s->calendar->owner };
	const struct event_request *rq = s->rq;

	if (begin_decision(s, e))
		return -1;
	/* one that can't be read any more says nothing, and must be possible to replace */
	if (s->exists && body_parse(s->rq, s->old.bytes, s->old.len, true, &s->old, NULL)) {
		s->old = (struct body){ .bytes = s->old.bytes, .len = s->old.len };
	}
	const struct body *told = incoming ? incoming : &s->old;
	if (!told->full)
		return 0;
	q.uid = told->info.uid;
	if (read_owner(s, e) || read_delegate(s, e) ||
		event_zone(rq->store, rq->policies, s->calendar, told->full, rq->mem, &s->zone, e) ||
		ledger_read(rq->store, &q, rq->mem, &s->decision.known, e) ||
		read_foreign(s, told->full, e) ||
		(s->old.full && read_foreign(s, s->old.full, e))) {
		return -1;
	}
	/* the UID's own come last: where both say something, they hold */
	for (size_t n = 0; n < s->decision.known.count; n++) {
		*entry_add(&s->shown, s->rq->mem) = s->decision.known.entries[n];
	}
	return (s->old.full && body_clean(s, &s->old, e)) ||
			(incoming && body_clean(s, incoming, e)) ?
		-1 :
		0;
}

/* ---- asking ---- */

/* One empty rendering for each VEVENT: what isn't asked for is taken off. */
static void prepare_renderings(struct subject *s, const struct ical *after)
{
	size_t count = 0;

	for (const struct ical_comp *c = after->calendar->children; c; c = c->next) {
		count += c->kind == ICAL_VEVENT;
	}
	s->want = arena_array(s->rq->mem, count, sizeof(*s->want));
	s->want_count = 0;
	for (const struct ical_comp *c = after->calendar->children; c; c = c->next) {
		if (c->kind == ICAL_VEVENT && change_occurrence(after, c, s->zone, s->rq->mem,
			&s->want[s->want_count].occurrence) == 0) {
			s->want_count++;
		}
	}
}

static void keep_rendering(struct subject *s, const struct policy_change *c,
	const struct rendering *shown)
{
	for (size_t n = 0; n < s->want_count && !(c->flags & POLICY_GONE); n++) {
		if (strcmp(s->want[n].occurrence, c->occurrence) != 0) {
			continue;
		}
		if (!(*c->attendee && s->want[n].block)) { /* all attendees see the first one's */
			const struct taken_word *taken = s->want[n].taken; /* said to others */
			s->want[n] = *shown;
			s->want[n].taken = taken;
		}
		for (const struct taken_word *t = shown->taken; t; t = t->next) {
			rendering_take_out(&s->want[n], t->text, s->rq->mem);
		}
		if (shown->block && !shown->ref && *c->ref) {
			s->want[n].ref = c->ref;
		}
	}
}

/* Entries about other events: these show them soon, and so do their entries in Fees. */
static int wake_others(struct subject *s, const struct policy_change *c, const struct verdict *v,
	struct plan *plan, struct err *e)
{
	const struct decision *d = &s->decision;
	bool fees = s->calendar->flags & COLL_FEES;
	int found;

	for (size_t n = v->first_entry; n < d->fresh.count; n++) {
		const struct policy_incident *i = &d->fresh.entries[n].i;

		if (!entry_kind_is_incident(i->class_) || (!fees && strcmp(i->uid, c->uid) == 0)) {
			continue;
		}
		struct event_finder f = { .store = d->store, .policies = s->rq->policies, .mem = d->mem,
			.owner = d->owner, .uid = i->uid };
		while ((found = event_find_next(&f, e)) > 0) {
			plan_wake(plan, d->now, d->owner, f.calendar.name, f.object.name);
		}
		if (found < 0)
			return -1;
		if (!fees && *i->ref) {
			plan_wake(plan, d->now, d->owner, FEES_CALENDAR, arena_printf(d->mem, "%s.ics", i->ref));
		}
	}
	return 0;
}

static int ask_one(struct subject *s, struct policy_change *c, struct plan *plan, struct err *e)
{
	size_t wakes = s->decision.wake_count;
	const char *fee = s->calendar->flags & COLL_FEES ? s->name : NULL;
	struct verdict v;

	if (host_ask(&s->decision, c, &v, e))
		return -1;
	if (v.denied) {
		s->denied = v.denied;
		return 0;
	}
	if (fees_plan(plan, &s->decision, c, &v, &fee, e))
		return -1;
	if (s->entry && fees_refresh(plan, &s->decision, c, &v, s->entry, &s->row, s->old.bytes,
		s->old.len, e))
		return -1;
	s->keep = s->keep || v.keep;
	if (wake_others(s, c, &v, plan, e))
		return -1;
	keep_rendering(s, c, &v.shown);
	/* both of them: by then the event may be gone, and its entry in Fees be all that is left */
	for (; wakes < s->decision.wake_count; wakes++) {
		int64_t at = s->decision.wakes[wakes];

		if (!(c->flags & POLICY_GONE)) {
			plan_wake(plan, at, s->calendar->owner, s->calendar->name, s->name);
		}
		if (fee) {
			plan_wake(plan, at, s->calendar->owner, FEES_CALENDAR, fee);
		}
	}
	return 0;
}

static int64_t horizon_of(const struct policy *p)
{
	int64_t horizon = p->module->horizon(p->self);

	if (horizon < 0)
		return 0;
	return horizon < HORIZON_MAX ? horizon : HORIZON_MAX;
}

struct address_finder { const char *address; bool found; };

static int take_address(const struct account *a, void *arg)
{
	struct address_finder *finder = arg;

	for (const char *const *own = a->addresses; own && *own && !finder->found; own++) {
		finder->found = !a->removed && strcmp(*own, finder->address) == 0;
	}
	return finder->found;
}

struct answerers { struct store *store; bool failed; struct err why; };

/* An attendee with an account here. */
static bool can_answer(const char *address, void *arg)
{
	struct address_finder finder = { .address = address };
	struct answerers *a = arg;

	if (!a->failed)
		a->failed = store_accounts(a->store, take_address, &finder, &a->why) < 0;
	return finder.found;
}

static bool about_attendees(const struct entry_list *known)
{
	for (size_t n = 0; n < known->count; n++) {
		if (*known->entries[n].i.attendee)
			return true;
	}
	return false;
}

/* By the names of whom the slot is booked for. */
static void act_as_client(const struct subject *s, struct policy_change *c)
{
	const struct entry_list *known = &s->decision.known;

	c->role = POLICY_CLIENT;
	c->actor_names = c->client_address;
	for (size_t n = known->count; n-- > 0;) {
		const struct policy_incident *i = &known->entries[n].i;

		if (*i->client && (!*c->attendee || strcmp(c->attendee, i->client) == 0)) {
			c->actor_names = arena_printf(s->rq->mem, "%s\n%s", i->client, i->title);
			return;
		}
	}
}

/* The next question's history is the ledger's alone. */
static void set_apart(struct subject *s)
{
	struct entry_list *fresh = &s->decision.fresh;

	for (size_t n = 0; n < fresh->count; n++)
		*entry_add(&s->apart, s->rq->mem) = fresh->entries[n];
	fresh->count = 0;
}

int subject_ask(struct subject *s, const struct ical *before, const struct ical *after,
	unsigned flags, struct plan *plan, struct err *e)
{
	struct answerers answerers = { .store = s->rq->store };
	const struct change_source src = {
		.mem = s->rq->mem, .actor = &s->rq->actor, .owner = &s->owner, .delegate = s->delegate,
		.collection = s->calendar->name, .name = s->name, .zone = s->zone,
		.now = s->decision.now, .horizon = horizon_of(s->policy),
		.before = before, .after = after, .known = s->decision.known.count > 0,
		.group = about_attendees(&s->decision.known), .can_answer = can_answer, .arg = &answerers,
		.deleted = flags & DECIDE_DELETED, .tick = flags & DECIDE_TICK,
	};
	struct change_list list;

	/* a body that stays as it is gets entries all the same, of what the ledger says now */
	plan_rests_on(plan, s->calendar->id, s->name, s->exists ? s->row.etag : "");
	if (after) {
		prepare_renderings(s, after);
	}
	if (change_collect(&src, &list, e))
		return -1;
	if (answerers.failed)
		return err_set(e, answerers.why.code, "%s", answerers.why.text);
	for (size_t n = 0; n < list.count && flags & DECIDE_CLIENT; n++) {
		act_as_client(s, &list.changes[n]);
	}
	for (size_t n = 0; n < list.count && !s->denied; n++) {
		if (ask_one(s, &list.changes[n], plan, e))
			return -1;
		if (flags & DECIDE_ALONE)
			set_apart(s);
	}
	if (s->denied || (flags & DECIDE_CLIENT))
		return 0;
	return notices_plan(s, after, flags & DECIDE_TICK ? NOTICES_WAKE : 0, plan, e);
}

/* ---- entries of fees ---- */

static const struct policy_incident *last_incident(const struct entry_list *list)
{
	for (size_t n = list->count; n-- > 0;) {
		if (list->entries[n].incident && list->entries[n].i.slot)
			return &list->entries[n].i;
	}
	return NULL;
}

static struct policy_change tick_of(const struct subject *s, const struct policy_incident *i)
{
	return (struct policy_change){
		.size = sizeof(struct policy_change),
		.kind = POLICY_TICK,
		.role = POLICY_TIMER,
		.flags = POLICY_GONE | (*i->occurrence ? POLICY_SERIES : 0) |
			(*i->attendee ? POLICY_GROUP : 0),
		.now = s->decision.now,
		.actor = "",
		.actor_names = "",
		.owner = s->owner.name,
		.owner_names = s->owner.names,
		.collection = s->calendar->name,
		.name = s->name,
		.uid = i->uid,
		.occurrence = i->occurrence,
		.old_occurrence = i->occurrence,
		.summary = i->title,
		.note = "",
		.status = "",
		.transp = "",
		.old_summary = i->title,
		.old_note = "",
		.client_address = "",
		.categories = "",
		.link = "",
		.attendee = i->attendee,
		.attendees = "",
		.zone = i->zone,
		.before = { i->slot, i->slot_end },
		.ref = i->ref,
	};
}

/* Finds the incident of an entry in Fees, and the policy that made it. *out NULL: none is left. */
static int begin_entry(struct subject *s, const struct policy_incident **out, struct err *e)
{
	struct ledger_query q = { .owner = s->calendar->owner,
		.ref = arena_strndup(s->rq->mem, s->name, strcspn(s->name, ".")) };
	struct entry_list about = { 0 };

	*out = NULL;
	if (begin_decision(s, e) || read_delegate(s, e) ||
		ledger_read(s->rq->store, &q, s->rq->mem, &about, e)) {
		return -1;
	}
	const struct policy_incident *i = last_incident(&about);
	s->policy = s->decision.policy = i ? policy_find(s->rq->policies, i->policy) : NULL;
	if (!s->policy)
		return 0;
	if (read_owner(s, e))
		return -1;
	q = (struct ledger_query){ .owner = s->calendar->owner, .uid = i->uid };
	*out = i;
	return ledger_read(s->rq->store, &q, s->rq->mem, &s->decision.known, e);
}

int subject_tick_fee(struct subject *s, struct plan *plan, struct err *e)
{
	const struct policy_incident *i;

	if (begin_entry(s, &i, e))
		return -1;
	if (!i)
		return 0;
	struct policy_change c = tick_of(s, i);
	s->entry = i;
	return ask_one(s, &c, plan, e) ? -1 : plan_decision(plan, &s->decision, e);
}

int subject_words_fee(struct subject *s, const char *title, const char *note, const char *old_title,
	struct plan *plan, bool *changed, struct err *e)
{
	const struct policy_incident *i;

	*changed = false;
	if (begin_entry(s, &i, e))
		return -1;
	if (!i)
		return 0;
	struct policy_change c = tick_of(s, i);
	c.kind = POLICY_CHANGED;
	c.role = change_role(&s->rq->actor, s->calendar->owner, s->delegate);
	c.actor = c.actor_names = s->rq->actor.name;
	c.summary = title;
	c.old_summary = old_title;
	c.note = note;
	if (ask_one(s, &c, plan, e))
		return -1;
	*changed = s->decision.fresh.count > 0;
	return plan_decision(plan, &s->decision, e);
}

/* ---- writing ---- */

/* The rendering goes into the ledger with the last entry about the occurrence, else by itself. */
static void enter_shown(struct subject *s, const char *uid, const struct rendering *r)
{
	struct entry_list *fresh = &s->decision.fresh;

	if (rendering_equal(entry_shown(&s->decision.known, r->occurrence), r))
		return;
	for (size_t n = fresh->count; n-- > 0;) {
		struct entry *entry = &fresh->entries[n];

		if (strcmp(entry->i.occurrence, r->occurrence) == 0 &&
			strcmp(entry->i.uid, uid) == 0) {
			entry->shown = r;
			return;
		}
	}
	struct entry *entry = entry_add(fresh, s->rq->mem);
	entry->owner = s->decision.owner;
	entry->kind = KIND_SHOWN;
	entry->i.uid = uid;
	entry->i.occurrence = r->occurrence;
	entry->i.ref = r->ref ? r->ref : "";
	entry->i.at = s->decision.now;
	entry->shown = r;
}

int subject_render(struct subject *s, const struct body *body, const char **bytes, size_t *len,
	struct err *e)
{
	struct buf out cleanup_buf;

	buf_init(&out, body->len + EVENT_RENDERING_MAX);
	if (apply_render(body->full, &s->shown, s->zone, s->want, s->want_count, &out, e))
		return -1;
	for (size_t n = 0; n < s->want_count; n++) {
		enter_shown(s, body->info.uid, &s->want[n]);
	}
	*bytes = arena_strndup(s->rq->mem, out.data, out.len);
	*len = out.len;
	return 0;
}

static const char *refusal_text(const struct subject *s)
{
	bool french = strcmp(s->policy->language, "fr") == 0;
	return arena_printf(
		s->rq->mem, french ? "Modification refusée : %s" : "Change refused: %s", s->denied);
}

int subject_refuse(struct subject *s, const struct body *kept, bool created, struct err *e)
{
	const char *text = refusal_text(s), *reason = s->denied;
	struct plan aside = { .store = s->rq->store, .mem = s->rq->mem };

	s->decision.fresh.count = 0;
	prepare_renderings(s, kept->clean);
	if (!created) { /* what the event showed all the while */
		s->denied = NULL;
		if (subject_ask(s, kept->clean, kept->clean, 0, &aside, e))
			return -1;
		s->decision.fresh.count = 0;
		s->denied = reason;
	}
	for (size_t n = 0; n < s->want_count; n++) {
		struct rendering *r = &s->want[n];

		r->block = r->block ? arena_printf(s->rq->mem, "%s\n%s", r->block, text) : text;
		if (created) {
			r->status.value = "CANCELLED"; /* clients.md, section 2 */
		}
	}
	return 0;
}

int subject_plan_put(const struct subject *s, const struct body *meaning, const char *bytes,
	size_t len, struct plan *plan, struct err *e)
{
	bool as_sent = len == meaning->len && memcmp(bytes, meaning->bytes, len) == 0;
	struct change *c = plan_change(
		plan, CHANGE_PUT, s->calendar->id, s->name, s->exists ? s->row.etag : "");
	struct body stored = *meaning;

	c->uid = meaning->info.uid;
	c->component = meaning->info.kind;
	c->body = bytes;
	c->body_len = len;
	c->charged = s->policy && meaning->clean ? meaning->clean->body_len : len;
	/* a rendering changes STATUS and TRANSP, of which the index tells who is busy */
	if (!as_sent && body_parse(s->rq, bytes, len, true, &stored, e))
		return -1;
	return plan_index(plan, c, stored.full, e);
}
