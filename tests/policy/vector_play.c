/* Plays a vector of kind policy, step by step: through the module alone, or the whole way. */
#include "tests/policy/vectors.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/change.h"
#include "policy/late/late.h"

enum { DAY = 86400 };

/* ---- asking the module ---- */

/* Who acts: a client's account has the client's name, an attendee's its address. */
static struct event_actor actor_of(struct play *p, const char *actor)
{
	static const char *const nowhere[] = { NULL };
	const char *client = text_of(json_object_get(p->vector, "appointment"), "client"), **mine;

	if (str_starts(actor, "mailto:")) {
		mine = arena_array(p->mem, 2, sizeof(*mine));
		mine[0] = actor + strlen("mailto:");
		mine[1] = NULL;
		return (struct event_actor){ .name = mine[0], .displayname = mine[0], .addresses = mine };
	}
	return (struct event_actor){ .name = strcmp(actor, "system") ? actor : "",
		.displayname = strcmp(actor, "client") ? actor : client, .addresses = nowhere,
		.admin = strcmp(actor, "admin") == 0 };
}

static int ask(struct play *p, struct policy_change *c)
{
	c->ref = "";
	c->fresh_ref = arena_printf(p->mem, "REF2-%04d", ++p->refs);
	late_host_begin(&p->sink);
	if (p->module->check(p->self, c, &p->sink)) {
		snprintf(p->why, sizeof(p->why), "the module failed");
		return -1;
	}
	if (late_host_property(&p->sink, "X-DEDIT-FREE-UNTIL"))
		p->free_until = late_host_property(&p->sink, "X-DEDIT-FREE-UNTIL");
	return 0;
}

static bool can_answer(const char *address, void *arg)
{
	return address && arg;
}

/* All that a change of the event means, as the server tells a module. */
static int ask_all(struct play *p, struct ical *before, struct ical *after, const char *actor, bool tick)
{
	static const char *const addresses[] = { "owner@example.org", NULL };
	const struct event_actor by = actor_of(p, actor);
	const struct owner_view owner = { "owner", "owner", addresses };
	const struct change_source src = { .mem = p->mem, .actor = &by, .owner = &owner,
		.collection = "appointments", .name = "x.ics", .zone = p->zone, .now = p->now,
		.horizon = p->module->horizon(p->self), .before = before, .after = after,
		.known = p->sink.count > 0, .can_answer = can_answer, .arg = p, .deleted = !after, .tick = tick };
	struct change_list list;
	struct err e = { 0 };

	if (change_collect(&src, &list, &e)) {
		snprintf(p->why, sizeof(p->why), "%s", e.text);
		return -1;
	}
	for (size_t n = 0; n < list.count; n++) {
		if (ask(p, &list.changes[n]))
			return -1;
	}
	return 0;
}

/* Of a date or an event of which nothing is left: a wake, or words in its entry in Fees. */
static int ask_gone(struct play *p, const struct policy_incident *i, uint32_t kind, const char *note)
{
	const struct event_actor by = actor_of(p, kind == POLICY_TICK ? "system" : "owner");
	struct policy_change c = {
		.size = sizeof(c), .kind = kind, .role = kind == POLICY_TICK ? POLICY_TIMER : POLICY_OWNER,
		.flags = POLICY_GONE | (*i->occurrence ? POLICY_SERIES : 0) | (*i->attendee ? POLICY_GROUP : 0),
		.now = p->now, .actor = by.name, .actor_names = by.name, .owner = "owner", .owner_names = "owner",
		.collection = "fees", .name = "x.ics", .uid = i->uid, .occurrence = i->occurrence,
		.old_occurrence = i->occurrence, .summary = i->title, .note = note, .status = "", .transp = "",
		.old_summary = i->title, .old_note = "", .client_address = "", .zone = "", .categories = "", .link = "",
		.attendee = i->attendee, .attendees = "", .before = { i->slot, i->slot_end },
	};

	c.fresh_ref = arena_printf(p->mem, "REF2-%04d", ++p->refs);
	c.ref = i->ref;
	late_host_begin(&p->sink);
	return p->module->check(p->self, &c, &p->sink);
}

/* ---- the whole way ---- */

static int read_whole(struct play *p)
{
	if (whole_read(p->whole, p->event.uid, &p->sink, p->why, sizeof(p->why)))
		return -1;
	if (!p->event.rrule && late_host_property(&p->sink, "X-DEDIT-FREE-UNTIL"))
		p->free_until = late_host_property(&p->sink, "X-DEDIT-FREE-UNTIL");
	return 0;
}

static int change_whole(struct play *p, const char *actor)
{
	const struct whole_change c = { .uid = p->event.uid, .body = p->event.there ? event_text(p) : NULL,
		.actor = actor_of(p, actor), .now = p->now };

	return whole_change(p->whole, &c, p->why, sizeof(p->why)) ? -1 : read_whole(p);
}

/* From one state of the event to the next, as a server sees it. */
static int change_to(struct play *p, struct ical *before, const char *actor)
{
	return p->whole ? change_whole(p, actor) : ask_all(p, before, event_parse(p), actor, false);
}

/* Dates of a series that are gone, or the whole event, wait for something of their own. */
static int tick_gone(struct play *p, bool there)
{
	size_t count = p->sink.count;

	for (size_t n = 0; n < count; n++) {
		const struct policy_incident i = p->sink.entries[n];

		if (i.state == POLICY_PENDING && late_host_stands(&p->sink, n) && (!there || *i.occurrence) &&
				ask_gone(p, &i, POLICY_TICK, ""))
			return -1;
	}
	return 0;
}

static int tick(struct play *p)
{
	struct ical *ic = event_parse(p);

	if (p->whole)
		return whole_tick(p->whole, p->now, p->why, sizeof(p->why)) ? -1 : read_whole(p);
	if (ic && ask_all(p, ic, ic, "system", true))
		return -1;
	return tick_gone(p, ic != NULL);
}

/* ---- steps ---- */

struct counting { int64_t before; int count; };

static int count_before(const struct ical_instance *i, void *arg)
{
	struct counting *c = arg;

	c->count += i->start < c->before;
	return 0;
}

static const char *fresh_uid(struct play *p)
{
	return arena_printf(p->mem, "event-%d@example.org", ++p->uids);
}

/* "This and following" as client software does it: the old series ends, a new one begins. */
static int split_same(struct play *p, struct ical *before, const json_t *step, const char *actor)
{
	struct wall at = wall_of(text_of(step, "split_at"));
	const struct zone *zone = p->event.tz ? zone_find(p->event.tz) : p->zone;
	struct counting counting = { .before = zone_to_utc(zone ? zone : p->zone, &at) };
	const char *count = strstr(p->event.rrule, "COUNT="), *rule = p->event.rrule;
	int64_t length = wall_seconds(&p->event.end) - wall_seconds(&p->event.start);
	uint64_t all;

	ical_expand(before, p->zone, ICAL_MIN, ICAL_MAX, count_before, &counting, NULL);
	if (count && parse_u64n(count + strlen("COUNT="), strspn(count + strlen("COUNT="), "0123456789"), 1,
			9999, &all) == 0)
		rule = arena_printf(p->mem, "%s;COUNT=%d", rule_without(p, "COUNT="), (int)all - counting.count);
	p->event.rrule = rule_until(p, counting.before - 1);
	if (change_to(p, before, actor))
		return -1;
	p->event.uid = fresh_uid(p);
	p->event.rrule = rule;
	p->event.start = at;
	wall_from_seconds(wall_seconds(&at) + length, &p->event.end);
	return change_to(p, NULL, actor);
}

/* The step's words as somebody would type them, with the attendee they are about. */
static const char *typed_words(struct play *p, const json_t *step)
{
	const char *attendee = text_of(step, "attendee"), *note = "";
	size_t n;
	json_t *tag;

	json_array_foreach(json_object_get(step, "tags"), n, tag) {
		const char *word = json_string_value(tag);

		word = strcmp(word, "latecancel") ? word : "late-cancel";
		note = arena_printf(p->mem, "%s%s#%s", note, *note ? " " : "", word);
		if (strcmp(word, "late") == 0)
			note = arena_printf(p->mem, "%s %s", note, arena_printf(p->mem, "%" JSON_INTEGER_FORMAT,
				json_integer_value(json_object_get(step, "minutes"))));
		if (strcmp(word, "fee") == 0 || strcmp(word, "price") == 0)
			note = arena_printf(p->mem, "%s %s", note, text_of(step, "amount"));
	}
	return attendee && *note ? arena_printf(p->mem, "%s %s", note, attendee) : note;
}

/* Another client gets a slot: an event of its own. */
static int fill(struct play *p, const json_t *step, const char *actor)
{
	const struct event mine = p->event;
	int rc;

	p->event = (struct event){ .uid = fresh_uid(p), .tz = mine.tz, .summary = text_of(step,
	"client"), .note = "",
		.status = "", .there = true, .lines = "", .overrides = "",
		.start = wall_of(text_of(step, "start")), .end = wall_of(text_of(step, "end")) };
	rc = change_to(p, NULL, actor);
	p->event = mine;
	return rc || (p->whole && read_whole(p)) ? -1 : 0;
}

/* Is there an entry in Fees about it? */
static bool has_entry(struct play *p, size_t n)
{
	const struct policy_incident *i = &p->sink.entries[n];

	return late_host_stands(&p->sink, n) && strcmp(i->uid, p->event.uid) == 0 && i->state != POLICY_NONE;
}

/* Words about an event that is no more stand in its entry in Fees; of a series, in those of all its dates. */
static int tag_gone(struct play *p, const json_t *step, const char *actor)
{
	const char *note = typed_words(p, step);
	size_t count = p->sink.count;
	int64_t last = 0;

	for (size_t n = 0; n < count; n++) {
		if (has_entry(p, n))
			last = p->sink.entries[n].at;
	}
	for (size_t n = 0; n < count && strcmp(actor, "owner") == 0; n++) { /* that calendar is the owner's alone */
		const struct policy_incident i = p->sink.entries[n];

		if (!has_entry(p, n) || i.at != last)
			continue;
		if (p->whole ? whole_fee_words(p->whole, i.ref, note, p->now, p->why, sizeof(p->why)) :
				ask_gone(p, &i, POLICY_CHANGED, note))
			return -1;
	}
	return p->whole ? read_whole(p) : 0;
}

/* The account that really acts: an attendee answers for itself. */
static const char *actor_for(struct play *p, const json_t *step, const char *op)
{
	const char *actor = text_of(step, "actor"), *attendee = text_of(step, "attendee");
	bool answers = strcmp(op, "decline") == 0 || strcmp(op, "accept") == 0;

	return answers && attendee && strcmp(actor, "client") == 0 ? arena_printf(p->mem, "mailto:%s", attendee) :
		actor;
}

static int delete_whole(struct play *p, const char *actor)
{
	const struct whole_change c = { .uid = p->event.uid, .actor = actor_of(p, actor), .now = p->now };

	return whole_change(p->whole, &c, p->why, sizeof(p->why)) ? -1 : read_whole(p);
}

static int play_step(struct play *p, const json_t *step)
{
	const char *op = text_of(step, "op"), *actor = actor_for(p, step, op), *note;
	struct event *ev = &p->event;
	struct ical *before = event_parse(p);
	int rc;

	p->now = time_of(text_of(step, "at"));
	if (strcmp(op, "tick") == 0)
		return tick(p);
	if (strcmp(op, "split_same") == 0)
		return split_same(p, before, step, actor);
	if (strcmp(op, "fill") == 0)
		return fill(p, step, actor);
	if (strcmp(op, "tag") == 0 && !ev->there)
		return tag_gone(p, step, actor);
	if (strcmp(op, "recreate") == 0) {
		before = NULL;
		ev->uid = fresh_uid(p);
		ev->status = "";
		ev->there = true;
		move_event(ev, step);
	}
	note = ev->note;
	if (json_object_get(step, "tags"))
		ev->note = arena_printf(p->mem, "%s%s%s", note, *note ? "\\n" : "", typed_words(p, step));
	change_event(p, step, op);
	if (strcmp(op, "delete") == 0 && str_starts(actor, "mailto:")) {
		answer(ev, actor + strlen("mailto:"), "DECLINED");
		rc = p->whole ? delete_whole(p, actor) : change_to(p, before, actor);
	} else {
		rc = change_to(p, before, actor);
	}
	if (strcmp(actor, "owner") == 0)
		ev->note = note; /* the server takes out what came into force */
	return rc;
}

/* ---- one vector of kind policy ---- */

static int history_add(struct play *p)
{
	const json_t *history = json_object_get(p->vector, "history");
	size_t n;
	json_t *item;

	json_array_foreach(history, n, item) {
		bool counts = !json_is_false(json_object_get(item, "counted"));
		const char *outcome = text_of(item, "outcome");
		int64_t at = time_of(text_of(item, "at"));
		struct policy_incident i = {
			.size = sizeof(i), .at = at, .slot = at + DAY / 2, .slot_end = at + DAY / 2 + 3600, .acquired = at,
			.state = strcmp(outcome, "waived") == 0 ? POLICY_WAIVED :
				strcmp(outcome, "charged") == 0 ? POLICY_DUE : POLICY_NONE,
			.class_ = text_of(item, "kind"), .outcome = outcome, .client = text_of(item, "client"), .title = "",
			.uid = arena_printf(p->mem, "history-%zu", n), .occurrence = "",
			.ref = arena_printf(p->mem, "HIST-%04zu", n), .by = "client", .actor = "",
			.basis = "", .reason = counts ? "" : "emergency", .word = "", .service = "", .attendee = "", .zone = "",
			.price = -1, .currency = "", .policy = "", .version = "", .supersedes = "",
		};

		if (p->whole && whole_add(p->whole, &i, p->why, sizeof(p->why)))
			return -1;
		late_host_add(&p->sink, &i);
	}
	return 0;
}

static const char *name_of(const json_t *policy)
{
	const char *name = text_of(policy, "name");

	return name ? name : "policy";
}

/* When the client agreed to the policy. */
static int acceptance_add(struct play *p, bool before_booking)
{
	const json_t *a = json_object_get(p->vector, "appointment"), *policy = json_object_get(p->vector, "policy");
	const char *at = text_of(a, "accepted_at");
	struct policy_incident i = {
		.size = sizeof(i), .class_ = "accepted", .outcome = "", .title = "", .uid = "", .occurrence = "", .ref = "",
		.by = "client", .actor = "", .basis = "", .currency = "", .version = "", .supersedes = "", .word = "",
		.reason = "", .service = "", .attendee = "", .zone = "", .price = -1, .client = text_of(a, "client"),
		.policy = name_of(json_is_array(policy) ? json_array_get(policy, 0) : policy),
	};

	if (!at || (time_of(at) <= time_of(text_of(a, "booked_at"))) != before_booking)
		return 0;
	i.at = time_of(at);
	late_host_add(&p->sink, &i);
	return p->whole ? whole_add(p->whole, &i, p->why, sizeof(p->why)) : 0;
}

static bool wants_answer(const json_t *vector)
{
	size_t n;
	json_t *step;

	json_array_foreach(json_object_get(vector, "steps"), n, step) {
		const char *op = text_of(step, "op");

		if ((strcmp(op, "accept") == 0 || strcmp(op, "decline") == 0) && !text_of(step, "attendee"))
			return true;
	}
	return false;
}

static int guests_make(struct play *p, const json_t *appointment)
{
	struct event *ev = &p->event;
	size_t n;
	json_t *guest;

	p->answers = wants_answer(p->vector);
	if (p->answers) {
		ev->guest[0].address = "client@example.org";
		ev->guest[ev->guests++].partstat = "ACCEPTED";
	}
	json_array_foreach(json_object_get(appointment, "attendees"), n, guest) {
		if (ev->guests == GUESTS_MAX)
			break;
		ev->guest[ev->guests].address = text_of(guest, "addr");
		ev->guest[ev->guests++].partstat = text_of(guest, "partstat");
	}
	for (n = 0; n < ev->guests && p->whole; n++) {
		if (whole_account(p->whole, ev->guest[n].address, p->why, sizeof(p->why)))
			return -1;
	}
	return 0;
}

static void event_make(struct play *p)
{
	const json_t *a = json_object_get(p->vector, "appointment");

	p->event = (struct event){
		.uid = fresh_uid(p), .tz = text_of(a, "tz"), .summary = text_of(a, "client"),
		.note = text_of(a, "deposit") ? "#paid" : "", .service = text_of(a, "service"),
		.status = text_of(a, "status") ? text_of(a, "status") : "", .rrule = text_of(a, "rrule"),
		.all_day = json_is_true(json_object_get(a, "allday")), .there = true, .lines = "", .overrides = "",
		.start = wall_of(text_of(a, "start")), .end = wall_of(text_of(a, "end")),
	};
}

static bool free_until_agrees(struct play *p)
{
	const char *expected = text_of(p->vector, "free_until");
	char text[ICAL_UTC_SIZE];

	if (!expected)
		return true;
	ical_utc(time_of(expected), text);
	if (strcmp(text, p->free_until) == 0)
		return true;
	snprintf(p->why, sizeof(p->why), "got free until %s, expected %s", p->free_until, text);
	return false;
}

static bool play_all(struct play *p)
{
	const json_t *steps = json_object_get(p->vector, "steps");
	size_t n;
	json_t *step;

	p->now = time_of(text_of(json_object_get(p->vector, "appointment"), "booked_at"));
	event_make(p);
	if (guests_make(p, json_object_get(p->vector, "appointment")) || history_add(p) || acceptance_add(p, true) ||
			change_to(p, NULL, "owner") || acceptance_add(p, false))
		return false;
	p->event.note = "";
	if (!(p->whole && p->event.rrule) && !free_until_agrees(p)) /* a master has no instants */
		return false;
	json_array_foreach(steps, n, step) {
		p->step = p->sink.count;
		if (play_step(p, step) || !agrees(p, n, json_object_get(step, "expect")))
			return false;
	}
	return tax_agrees(p);
}

bool run_policy(const json_t *vector, bool whole, struct arena *mem, char *why, size_t why_size)
{
	const json_t *policy = json_object_get(vector, "policy");
	const json_t *first = json_is_array(policy) ? json_array_get(policy, 0) : policy;
	const char *name = name_of(first), *zone = text_of(first, "timezone");
	struct settings *settings = arena_alloc(mem, sizeof(*settings));
	struct play *p = arena_alloc(mem, sizeof(*p));
	bool ok;

	*p = (struct play){ .vector = vector, .module = dedit_policy_late(), .mem = mem, .free_until = "",
		.zone = zone_find(zone) };
	p->sink.mem = mem;
	settings->mem = mem;
	settings_make(settings, vector);
	if (p->module->open(&late_host, name, "digest", settings->at, settings->count, &p->self, why, why_size))
		return false;
	if (whole)
		p->whole = whole_open(name, zone, settings->at, settings->count, p->why, sizeof(p->why));
	ok = (!whole || p->whole) && play_all(p) &&
		(!whole || whole_replay(p->whole, p->now, p->why, sizeof(p->why)) == 0);
	whole_close(p->whole);
	p->module->close(p->self);
	snprintf(why, why_size, "%s%s", whole && *p->why ? "over a store: " : "", p->why);
	return ok;
}
