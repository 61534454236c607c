/*
 * Plays the test vectors of doc/policy.md, section 0, against the policy "late" through its ABI.
 *
 *   vectors FILE.json ...
 *
 * Each is played twice: against the decision function alone, its ledger kept here in memory, and through
 * event_put() and event_delete() over a store; both must agree with it. Prints "ok ID" or "not ok ID:
 * got ..., expected ..." a line, and "N passed, M failed" at the end.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"
#include "policy/books.h"
#include "policy/change.h"
#include "policy/late/late.h"
#include "policy/late/words.h"

#include "tests/policy/late_host.h"
#include "tests/policy/whole.h"

enum { BODY_MAX = 1 << 16, SETTINGS_MAX = 256, DAY = 86400 };

static bool is_slot(const struct policy_incident *i)
{
	return strcmp(i->class_, "slot") == 0;
}

/* ---- settings out of a policy object ---- */

struct settings {
	struct policy_setting at[SETTINGS_MAX];
	size_t count;
	const char *deposit;     /* that the appointment has; NULL: none */
	struct arena *mem;
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void set(struct settings *s, const char *prefix, const char *key, const char *value)
{
	if (s->count == SETTINGS_MAX)
		return;
	s->at[s->count++] = (struct policy_setting){
		.size = sizeof(s->at[0]), .key = arena_printf(s->mem, "%s%s", prefix, key),
		.value = arena_strdup(s->mem, value ? value : ""), .file = "vector", .line = 1,
	};
}

/* " word value" if the member is there. */
static const char *word(struct settings *s, const json_t *object, const char *key, const char *word)
{
	const char *value = text_of(object, key);

	return value ? arena_printf(s->mem, "%s%s%s", word, *word ? " " : "", value) : "";
}

static const char *number(struct settings *s, const json_t *object, const char *key)
{
	return arena_printf(s->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(object, key)));
}

static void set_lists(struct settings *s, const char *prefix, const char *key, const json_t *value)
{
	const char *name;
	size_t n;
	json_t *item;

	if (strcmp(key, "hours") == 0) {
		json_object_foreach((json_t *)(uintptr_t)value, name, item) {
			char *times = arena_printf(s->mem, "%s %s", name, json_string_value(item));

			for (char *p = times; *p; p++)
				*p = *p == ',' ? ' ' : *p;
			set(s, prefix, key, times);
		}
		return;
	}
	json_array_foreach(value, n, item) {
		if (strcmp(key, "tiers") == 0)
			set(s, prefix, key, arena_printf(s->mem, "%s %s", text_of(item, "within"), text_of(item, "fee")));
		else
			set(s, prefix, key, json_string_value(item));
	}
}

/* Directives whose words come out of an object, in the order of doc/policy.md 5.1. */
static const char *words_of(struct settings *s, const char *key, const json_t *o)
{
	struct arena *m = s->mem;
	const char *kinds = "";
	size_t n;
	json_t *item;

	json_array_foreach(json_object_get(o, "kinds"), n, item)
		kinds = arena_printf(m, "%s %s", kinds, json_string_value(item));
	if (strcmp(key, "noshow") == 0)
		return arena_printf(m, "%s %s %s", text_of(o, "fee"), word(s, o, "wait", "wait"),
			word(s, o, "until", "until"));
	if (strcmp(key, "late_move") == 0)
		return word(s, o, "fee", "");
	if (strcmp(key, "grace") == 0)
		return arena_printf(m, "%s %s", text_of(o, "for"), word(s, o, "not_within", "not-within"));
	if (strcmp(key, "move_limit") == 0)
		return arena_printf(m, "%s %s", number(s, o, "count"), text_of(o, "fee"));
	if (strcmp(key, "forgive") == 0)
		return arena_printf(m, "%s per %s%s", number(s, o, "count"), text_of(o, "per"), kinds);
	if (strcmp(key, "escalate") == 0)
		return arena_printf(m, "from %s per %s %s", number(s, o, "from"), text_of(o, "per"), text_of(o, "fee"));
	if (strcmp(key, "late_arrival") == 0)
		return word(s, o, "noshow_after", "noshow-after");
	if (strcmp(key, "owner_late") == 0)
		return arena_printf(m, "%s credit %s", text_of(o, "within"), text_of(o, "credit"));
	if (strcmp(key, "tax") == 0)
		return arena_printf(m, "%s %s", text_of(o, "mode"), word(s, o, "rate", ""));
	return "";
}

static void set_policy(struct settings *s, const char *prefix, const json_t *policy);

static void set_sections(struct settings *s, const char *prefix, const char *section, const json_t *value)
{
	const char *name;
	json_t *item;

	json_object_foreach((json_t *)(uintptr_t)value, name, item)
		set_policy(s, arena_printf(s->mem, "%s%s/%s/", prefix, section, name), item);
}

static void set_policy(struct settings *s, const char *prefix, const json_t *policy)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)policy, key, value) {
		char *name = arena_strdup(s->mem, strcmp(key, "noshow") ? key : "no-show");

		for (char *p = name; *p; p++)
			*p = *p == '_' ? '-' : *p;
		if (strcmp(key, "name") == 0 || strcmp(key, "from") == 0)
			continue;
		if (*prefix && (strcmp(key, "timezone") == 0 || strcmp(key, "currency") == 0))
			continue;
		if (strcmp(key, "weekdays") == 0 || strcmp(key, "services") == 0 || strcmp(key, "clients") == 0)
			set_sections(s, prefix, arena_strndup(s->mem, key, strlen(key) - 1), value);
		else if (json_is_array(value) || strcmp(key, "hours") == 0)
			set_lists(s, prefix, name, value);
		else if (json_is_integer(value))
			set(s, prefix, name, number(s, policy, key));
		else if (strcmp(key, "deposit") == 0 && s->deposit)
			set(s, prefix, name, arena_printf(s->mem, "%s %s", s->deposit, json_string_value(value)));
		else
			set(s, prefix, name, json_is_string(value) ? json_string_value(value) :
				words_of(s, key, value));
	}
}

static void settings_make(struct settings *s, const json_t *vector)
{
	const json_t *policy = json_object_get(vector, "policy");
	const char *price = text_of(json_object_get(vector, "appointment"), "price");
	size_t n;
	json_t *version;

	s->deposit = text_of(json_object_get(vector, "appointment"), "deposit");
	if (price)
		set(s, "", "price", price);
	if (!json_is_array(policy)) {
		set_policy(s, "", policy);
		if (s->deposit && !json_object_get(policy, "deposit"))
			set(s, "", "deposit", arena_printf(s->mem, "%s credit", s->deposit));
		return;
	}
	json_array_foreach(policy, n, version) {
		set_policy(s, n == 0 ? "" : arena_printf(s->mem, "version/%s/", text_of(version, "from")), version);
	}
}

/* ---- the event ---- */

enum { GUESTS_MAX = 32, OTHERS_MAX = 16 };

struct event {
	const char *uid, *tz, *summary, *note, *status, *rrule, *service;
	struct { const char *address, *partstat; } guest[GUESTS_MAX];
	size_t guests;
	struct { const char *name, *value; } other[OTHERS_MAX]; /* properties that an edit gave */
	size_t others;
	bool all_day, there;
	struct wall start, end;
	const char *lines;      /* EXDATEs */
	const char *overrides;  /* whole VEVENTs */
};

struct play {
	const json_t *vector;
	const struct policy_module *module;
	void *self;
	struct whole *whole;     /* NULL: the decision function alone */
	struct policy_sink sink;
	size_t step;             /* where the entries of the step under way begin */
	const char *free_until;
	struct event event;
	const struct zone *zone; /* of the policy */
	struct arena *mem;
	int64_t now;
	int uids, refs;
	bool answers;            /* the client is an attendee, to accept what the owner imposes */
	char why[400];
};

static struct wall wall_of(const char *text)
{
	char full[ISO_DATE_SIZE];
	struct wall w = { 0 };
	int64_t t;

	if (strlen(text) == 10)
		snprintf(full, sizeof(full), "%.10sT00:00:00Z", text);
	else
		snprintf(full, sizeof(full), "%.19sZ", text);
	if (iso_date_parse(full, &t) == 0)
		wall_from_seconds(t, &w);
	return w;
}

static int64_t time_of(const char *text)
{
	char full[ISO_DATE_SIZE];
	int64_t t = 0;

	snprintf(full, sizeof(full), "%.19sZ", text); /* a fraction is cut: policy.md 3.2, 1 */
	iso_date_parse(full, &t);
	return t;
}

static const char *ical_time(struct play *p, const char *name, const struct wall *w)
{
	const char *date = arena_printf(p->mem, "%04d%02d%02d", w->year, w->month, w->day);
	const struct event *ev = &p->event;

	if (ev->all_day)
		return arena_printf(p->mem, "%s;VALUE=DATE:%s\r\n", name, date);
	date = arena_printf(p->mem, "%sT%02d%02d%02d", date, w->hour, w->min, w->sec);
	if (!ev->tz)
		return arena_printf(p->mem, "%s:%s\r\n", name, date);
	if (strcmp(ev->tz, "UTC") == 0)
		return arena_printf(p->mem, "%s:%sZ\r\n", name, date);
	return arena_printf(p->mem, "%s;TZID=%s:%s\r\n", name, ev->tz, date);
}

static const char *vevent(struct play *p, const struct event *ev, const char *more)
{
	for (size_t n = ev->others; n-- > 0;)
		more = arena_printf(p->mem, "%s:%s\r\n%s", ev->other[n].name, ev->other[n].value, more);
	if (ev->service)
		more = arena_printf(p->mem, "CATEGORIES:%s\r\n%s", ev->service, more);
	for (size_t n = ev->guests; n-- > 0;)
		more = arena_printf(p->mem, "ATTENDEE;PARTSTAT=%s:mailto:%s\r\n%s", ev->guest[n].partstat,
			ev->guest[n].address, more);
	return arena_printf(p->mem, "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n%s%sSUMMARY:%s\r\n"
		"DESCRIPTION:%s\r\n%s%s%sEND:VEVENT\r\n", ev->uid, ical_time(p, "DTSTART", &ev->start),
		ical_time(p, "DTEND", &ev->end), ev->summary, ev->note, *ev->status ? "STATUS:" : "", ev->status,
		*ev->status ? arena_printf(p->mem, "\r\n%s", more) : more);
}

static const char *event_text(struct play *p)
{
	const struct event *ev = &p->event;
	const char *more = arena_printf(p->mem, "%s%s%s%s", ev->rrule ? "RRULE:" : "", ev->rrule ? ev->rrule : "",
		ev->rrule ? "\r\n" : "", ev->lines);

	return arena_printf(p->mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n%s%sEND:VCALENDAR\r\n",
		vevent(p, ev, more), ev->overrides);
}

static struct ical *event_parse(struct play *p)
{
	const char *text = event_text(p);
	struct ical *ic = NULL;
	struct err e = { 0 };

	if (!p->event.there)
		return NULL;
	if (ical_parse(text, strlen(text), NULL, p->mem, &ic, &e))
		fprintf(stderr, "%s\n%s", e.text, text);
	return ic;
}

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

/* ---- operations ---- */

static void move_event(struct event *ev, const json_t *step)
{
	const char *start = text_of(step, "start"), *tz = text_of(step, "tz");
	int64_t length = wall_seconds(&ev->end) - wall_seconds(&ev->start);

	if (json_object_get(step, "allday"))
		ev->all_day = json_is_true(json_object_get(step, "allday"));
	if (tz)
		ev->tz = tz;
	if (start)
		ev->start = wall_of(start);
	wall_from_seconds(wall_seconds(&ev->start) + length, &ev->end);
}

static const char *recurrence_line(struct play *p, const json_t *step)
{
	struct wall w = wall_of(text_of(step, "recurrence_id"));

	return ical_time(p, "RECURRENCE-ID", &w);
}

/* The VEVENT of one date, of which there is one at most. */
static void drop_override(struct play *p, const char *recurrence_line)
{
	static const char last[] = "END:VEVENT\r\n";
	char *from = arena_strdup(p->mem, p->event.overrides), *end;

	p->event.overrides = from;
	while ((end = strstr(from, last))) {
		const char *id = strstr(from, recurrence_line);

		end += strlen(last);
		if (id && id < end) {
			memmove(from, end, strlen(end) + 1);
			return;
		}
		from = end;
	}
}

static void override(struct play *p, const json_t *step, const char *status)
{
	struct event one = p->event;
	struct wall at = wall_of(text_of(step, "recurrence_id"));
	int64_t length = wall_seconds(&one.end) - wall_seconds(&one.start);

	one.start = text_of(step, "start") ? wall_of(text_of(step, "start")) : at;
	wall_from_seconds(wall_seconds(&one.start) + length, &one.end);
	one.status = status;
	drop_override(p, recurrence_line(p, step));
	p->event.overrides = arena_printf(p->mem, "%s%s", p->event.overrides,
		vevent(p, &one, recurrence_line(p, step)));
}

static void exclude(struct play *p, const json_t *step)
{
	size_t n;
	json_t *date;

	json_array_foreach(json_object_get(step, "dates"), n, date) {
		struct wall w = wall_of(json_string_value(date));

		drop_override(p, ical_time(p, "RECURRENCE-ID", &w));
		p->event.lines = arena_printf(p->mem, "%s%s", p->event.lines, ical_time(p, "EXDATE", &w));
	}
}

static const char *rule_without(struct play *p, const char *part)
{
	char *rule = arena_strdup(p->mem, p->event.rrule), *at = strstr(rule, part);

	if (at) {
		size_t len = strcspn(at, ";");

		if (at > rule)
			at--, len++;
		memmove(at, at + len, strlen(at + len) + 1);
	}
	return rule;
}

static const char *rule_until(struct play *p, int64_t until)
{
	char text[ICAL_UTC_SIZE];

	ical_utc(until, text);
	return arena_printf(p->mem, "%s;UNTIL=%s", rule_without(p, "COUNT="), text);
}

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

static const char *escaped(struct play *p, const char *text)
{
	struct buf out cleanup_buf;

	buf_init(&out, BODY_MAX);
	ical_escape(&out, text);
	return arena_strdup(p->mem, out.data ? out.data : "");
}

/* Any other property; an empty value takes it out. */
static void edit_other(struct event *ev, const char *name, const char *value)
{
	size_t n = 0;

	while (n < ev->others && strcmp(ev->other[n].name, name))
		n++;
	if (!*value && n < ev->others) {
		ev->others--;
		memmove(&ev->other[n], &ev->other[n + 1], (ev->others - n) * sizeof(ev->other[n]));
	} else if (*value && n < OTHERS_MAX) {
		ev->other[n].name = name;
		ev->other[n].value = value;
		ev->others += n == ev->others;
	}
}

static void edit(struct play *p, const json_t *step)
{
	struct event *ev = &p->event;
	const char *name;
	json_t *change;

	json_object_foreach(json_object_get(step, "changes"), name, change) {
		const char *value = json_is_string(change) ? json_string_value(change) :
			json_is_integer(change) ? number(&(struct settings){ .mem = p->mem }, json_object_get(step, "changes"),
				name) : "";

		if (strcmp(name, "SUMMARY") == 0)
			ev->summary = escaped(p, value);
		else if (strcmp(name, "DESCRIPTION") == 0)
			ev->note = escaped(p, value);
		else if (strcmp(name, "STATUS") == 0)
			ev->status = value;
		else if (strcmp(name, "CATEGORIES") == 0)
			ev->service = *value ? value : NULL;
		else if (strcmp(name, "DTEND") == 0 || strcmp(name, "end") == 0)
			ev->end = wall_of(value);
		else
			edit_other(ev, name, strcmp(name, "LOCATION") && strcmp(name, "COMMENT") ? value : escaped(p, value));
	}
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

static void answer(struct event *ev, const char *address, const char *partstat)
{
	for (size_t n = 0; n < ev->guests; n++) {
		if (!address || strcmp(ev->guest[n].address, address) == 0)
			ev->guest[n].partstat = partstat;
	}
}

static void remove_guest(struct event *ev, const char *address)
{
	for (size_t n = 0; n < ev->guests; n++) {
		if (strcmp(ev->guest[n].address, address) == 0) {
			ev->guests--;
			memmove(&ev->guest[n], &ev->guest[n + 1], (ev->guests - n) * sizeof(ev->guest[n]));
			return;
		}
	}
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

/* A client changes nothing of a group but its own answer: the server puts the rest back
 * (architecture.md 15.5). */
static bool is_put_back(const struct event *ev, const char *actor, const char *op)
{
	bool attendee = str_starts(actor, "mailto:");
	bool answers = strcmp(op, "decline") == 0 || strcmp(op, "accept") == 0 ||
		(attendee && (strcmp(op, "cancel") == 0 || strcmp(op, "delete") == 0));

	return ev->guests > 1 && !answers && (attendee || strcmp(actor, "client") == 0);
}

static void change_event(struct play *p, const json_t *step, const char *op)
{
	const char *actor = text_of(step, "actor"), *attendee = text_of(step, "attendee");
	struct event *ev = &p->event;

	if (is_put_back(ev, actor, op))
		return;
	if (strcmp(op, "cancel") == 0 && str_starts(actor, "mailto:") && ev->guests > 1) {
		answer(ev, actor + strlen("mailto:"), "DECLINED"); /* all that an attendee can cancel */
	} else if (strcmp(op, "cancel") == 0) {
		ev->status = "CANCELLED";
	} else if (strcmp(op, "uncancel") == 0) {
		ev->status = "CONFIRMED";
	} else if (strcmp(op, "delete") == 0) {
		ev->there = str_starts(actor, "mailto:") && ev->guests > 1; /* a decline, the event stays */
	} else if (strcmp(op, "decline") == 0) {
		answer(ev, attendee, "DECLINED");
	} else if (strcmp(op, "accept") == 0) {
		answer(ev, attendee, "ACCEPTED");
	} else if (strcmp(op, "remove_attendee") == 0) {
		remove_guest(ev, attendee);
	} else if (strcmp(op, "move") == 0) {
		move_event(ev, step);
		if (p->answers && strcmp(actor, "owner") == 0)
			answer(ev, NULL, "NEEDS-ACTION"); /* RFC 5546 3.2.2.1 */
	} else if (strcmp(op, "edit") == 0) {
		edit(p, step);
	} else if (strcmp(op, "instance_cancel") == 0) {
		override(p, step, "CANCELLED");
	} else if (strcmp(op, "move_instance") == 0) {
		override(p, step, "CONFIRMED");
	} else if (strcmp(op, "exdate") == 0) {
		exclude(p, step);
	} else if (strcmp(op, "until") == 0) {
		ev->rrule = rule_until(p, time_of(text_of(step, "until")));
	}
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

/* ---- what came of it ---- */

struct result {
	const char *class_, *outcome;
	int64_t fee, balance, held, late_count, sessions, refund, credit;
};

/* Neither a booking nor an incident, or only another state of one: nothing that a step is called by. */
static bool is_aside(const struct policy_incident *i)
{
	if (i->state == POLICY_PAID || i->state == POLICY_DISPUTED || strcmp(i->word, "unpaid") == 0)
		return true;
	return is_slot(i) || strcmp(i->class_, "words") == 0 || strcmp(i->class_, "accepted") == 0;
}

static bool is_late(const struct policy_incident *i)
{
	return strcmp(i->class_, "late-cancel") == 0 || strcmp(i->class_, "late-move") == 0 ||
		strcmp(i->class_, "no-show") == 0;
}

static bool is_charged(const struct policy_incident *i)
{
	return strcmp(i->outcome, "charged") == 0;
}

/* Which of two entries of a step speaks for it: late before in time, charged before not, the earlier date. */
static bool speaks_before(const struct policy_incident *a, const struct policy_incident *b)
{
	if (is_late(a) != is_late(b))
		return is_late(a);
	if (is_charged(a) != is_charged(b))
		return is_charged(a);
	return a->slot < b->slot;
}

/* Entries of class slot count only where they are all there is: bookings. */
static void read_bookings(const struct play *p, struct result *r)
{
	for (size_t n = p->step; n < p->sink.count; n++) {
		const struct policy_incident *i = &p->sink.entries[n];

		if (is_slot(i) && (strcmp(i->outcome, "new-booking") == 0 || strcmp(i->outcome, "rebooked") == 0))
			r->class_ = i->outcome;
	}
}

static void read_reinstated(const struct play *p, struct result *r)
{
	const struct policy_incident *at = p->sink.entries;

	for (size_t n = p->step; n < p->sink.count; n++) {
		if (strcmp(at[n].class_, "reinstated"))
			continue;
		r->class_ = "reinstated";
		r->outcome = "void";
		for (size_t k = p->step; k < n; k++) {
			if (!is_slot(&at[k]) && strcmp(at[k].ref, at[n].supersedes) == 0)
				r->outcome = "none"; /* nothing that anybody saw was taken back */
		}
	}
}

/* A date that went and came back in the same step, under another UID: nothing happened to it. */
static bool came_back(const struct play *p, size_t n)
{
	const struct policy_incident *at = p->sink.entries;

	for (size_t k = n + 1; k < p->sink.count; k++) {
		if (is_slot(&at[k]) && at[k].slot == at[n].slot && strcmp(at[k].client, at[n].client) == 0 &&
				strcmp(at[k].uid, at[n].uid))
			return true;
	}
	return false;
}

/* What is held in minor units, as the event shows it. */
static int64_t held(const struct play *p)
{
	static const char name[] = "X-DEDIT-HELD;CURRENCY=";
	int64_t minor = 0;

	for (size_t n = 0; n < p->sink.shown.lines; n++) {
		const char *value = p->sink.shown.value[n];

		if (str_starts(p->sink.shown.name[n], name))
			money_parse_number(value, strlen(value),
				money_decimals(p->sink.shown.name[n] + strlen(name)), &minor);
	}
	return minor;
}

/* An absence that was none, the owner's doing after all. */
static void read_voided(const struct play *p, struct result *r)
{
	for (size_t n = p->step; n < p->sink.count; n++) {
		const struct policy_incident *i = &p->sink.entries[n];

		if (i->state != POLICY_VOID || is_aside(i) || strcmp(i->class_, "reinstated") == 0)
			continue;
		r->class_ = i->class_;
		r->outcome = i->outcome;
		r->refund += i->refund;
		r->credit += i->credit;
	}
}

static void result_read(const struct play *p, struct result *r)
{
	const struct policy_incident *spokesman = NULL;

	*r = (struct result){ .class_ = "none", .outcome = "none", .held = held(p) };
	for (size_t n = 0; n < p->sink.count; n++) {
		const struct policy_incident *i = &p->sink.entries[n];

		if (!late_host_stands(&p->sink, n) || str_starts(i->uid, "history-"))
			continue;
		if (i->state == POLICY_DUE)
			r->balance += i->charge;
		r->balance -= i->state == POLICY_DUE || i->state == POLICY_NONE ? i->deposit : 0;
		if (n < p->step || came_back(p, n) || is_aside(i))
			continue;
		r->fee += i->state == POLICY_WAIVED || i->state == POLICY_CREDITED ? 0 : i->charge;
		r->late_count += is_late(i);
		r->sessions += strcmp(i->outcome, "session") == 0;
		r->refund += i->refund;
		r->credit += i->credit;
		if (!spokesman || speaks_before(i, spokesman))
			spokesman = i;
	}
	r->balance = r->balance > 0 ? r->balance : 0;
	read_bookings(p, r);
	read_reinstated(p, r);
	read_voided(p, r);
	if (spokesman) {
		r->class_ = strcmp(spokesman->reason, "refilled") ? spokesman->class_ : "refilled";
		r->outcome = spokesman->outcome;
	}
}

static bool number_agrees(const json_t *expect, const char *key, int64_t got)
{
	const json_t *value = json_object_get(expect, key);

	return !json_is_integer(value) || json_integer_value(value) == got;
}

/* The split of all that is due in the end. */
static bool tax_agrees(struct play *p)
{
	const json_t *tax = json_object_get(p->vector, "tax");
	int64_t gross = 0, part = 0;

	for (size_t n = 0; n < p->sink.count; n++) {
		if (late_host_stands(&p->sink, n) && p->sink.entries[n].state == POLICY_DUE &&
				!str_starts(p->sink.entries[n].uid, "history-")) {
			gross += p->sink.entries[n].charge;
			part += p->sink.entries[n].tax;
		}
	}
	if (!tax || (number_agrees(tax, "gross", gross) && number_agrees(tax, "net", gross - part) &&
			number_agrees(tax, "tax", part)))
		return true;
	snprintf(p->why, sizeof(p->why), "got gross %" PRId64 " tax %" PRId64
		", expected another split", gross, part);
	return false;
}

/* The books say the same (doc/policy.md 5.3): what is owed is what is receivable. */
static bool books_agree(struct play *p, size_t step, const json_t *expect)
{
	const struct event_actor nobody = { .name = "" };
	struct event_request rq = whole_request(p->whole, &nobody, p->now);
	int64_t receivable = 0;
	struct books books;
	struct err e;

	if (books_read(rq.store, rq.policies, "owner", p->mem, &books, &e)) {
		snprintf(p->why, sizeof(p->why), "step %zu: books: %s", step + 1, e.text);
		return false;
	}
	for (size_t n = 0; n < books.count * TRANSACTION_PARTS; n++)
		receivable += books.transactions[n / TRANSACTION_PARTS].part[n % TRANSACTION_PARTS].minor[BOOK_RECEIVABLE];
	if (number_agrees(expect, "balance", receivable))
		return true;
	snprintf(p->why, sizeof(p->why), "step %zu: %" PRId64 " receivable in the books, expected another balance",
		step + 1, receivable);
	return false;
}

static bool agrees(struct play *p, size_t step, const json_t *expect)
{
	struct result r;
	char *text;

	if (p->whole && !books_agree(p, step, expect))
		return false;
	result_read(p, &r);
	if (strcmp(r.class_, text_of(expect, "class")) == 0 && strcmp(r.outcome, text_of(expect, "outcome")) == 0 &&
			number_agrees(expect, "fee", r.fee) && number_agrees(expect, "balance", r.balance) &&
			number_agrees(expect, "held", r.held) && number_agrees(expect, "late_count", r.late_count) &&
			number_agrees(expect, "sessions", r.sessions) && number_agrees(expect, "refund", r.refund) &&
			number_agrees(expect, "credit", r.credit))
		return true;
	text = json_dumps(expect, JSON_COMPACT);
	snprintf(p->why, sizeof(p->why), "step %zu: got %s %s fee %" PRId64 " balance %" PRId64 " held %" PRId64
		" late %" PRId64 " sessions %" PRId64 " refund %" PRId64 " credit %" PRId64
		", expected %s", step + 1, r.class_,
		r.outcome, r.fee, r.balance, r.held, r.late_count, r.sessions, r.refund, r.credit, text ? text : "");
	free(text);
	return false;
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

static bool run_policy(const json_t *vector, bool whole, struct arena *mem, char *why, size_t why_size)
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

/* ---- one vector of kind parse ---- */

static json_t *money_json(const struct money *m)
{
	char number_text[MONEY_SIZE], text[MONEY_SIZE + CURRENCY_SIZE + 1];

	if (m->minor < 0 || money_format(m->minor, m->currency, number_text, sizeof(number_text)))
		return json_null();
	snprintf(text, sizeof(text), "%s %s", number_text, m->currency);
	return json_string(text);
}

static json_t *words_json(const struct words *w, bool summary)
{
	json_t *result = json_object(), *tags = json_array();

	for (int n = 0; n < WORD_COUNT; n++) {
		if (w->tags >> n & 1)
			json_array_append_new(tags, json_string(word_name(n)));
	}
	json_object_set_new(result, "tags", tags);
	json_object_set_new(result, "price", money_json(&w->price));
	if (summary)
		json_object_set_new(result, "client", json_string(w->client));
	if (w->amount.minor >= 0)
		json_object_set_new(result, "amount", money_json(&w->amount));
	if (w->minutes >= 0)
		json_object_set_new(result, "minutes", json_integer(w->minutes));
	if (w->error)
		json_object_set_new(result, "error", json_string(words_error_name(w->error)));
	return result;
}

static bool run_parse(const json_t *vector, struct arena *mem, char *why, size_t why_size)
{
	bool summary = strcmp(text_of(vector, "where"), "summary") == 0, ok;
	const json_t *expect = json_object_get(vector, "expect");
	struct words w;
	json_t *got;

	if (summary)
		words_in_title(text_of(vector, "text"), text_of(vector, "currency"), mem, &w);
	else
		words_in_note(text_of(vector, "text"), text_of(vector, "currency"), mem, &w);
	got = words_json(&w, summary);
	ok = json_equal(got, (json_t *)(uintptr_t)expect);
	if (!ok) {
		char *a = json_dumps(got, JSON_COMPACT), *b = json_dumps(expect, JSON_COMPACT);

		snprintf(why, why_size, "got %s, expected %s", a, b);
		free(a);
		free(b);
	}
	json_decref(got);
	return ok;
}

/* ---- is it a vector at all? ---- */

enum { NEEDS_MAX = 6 };

/* What the operations can't do without. */
static const struct { const char *op, *needs[NEEDS_MAX]; } arguments[] = {
	{ "fill", { "client", "start", "end" } },
	{ "instance_cancel", { "recurrence_id" } },
	{ "move_instance", { "recurrence_id", "start" } },
	{ "remove_attendee", { "attendee" } },
	{ "split_same", { "split_at" } },
	{ "until", { "until" } },
};

static bool has_all(const json_t *object, const char *const needs[NEEDS_MAX])
{
	for (int n = 0; n < NEEDS_MAX && needs[n]; n++) {
		if (!text_of(object, needs[n]))
			return false;
	}
	return true;
}

static bool each_has_all(const json_t *list, const char *const needs[NEEDS_MAX])
{
	for (size_t n = 0; n < json_array_size(list); n++) {
		if (!has_all(json_array_get(list, n), needs))
			return false;
	}
	return true;
}

static bool are_strings(const json_t *list)
{
	for (size_t n = 0; n < json_array_size(list); n++) {
		if (!json_is_string(json_array_get(list, n)))
			return false;
	}
	return true;
}

static bool is_step(const json_t *step, bool series)
{
	static const char *const step_needs[NEEDS_MAX] = { "at", "actor", "op" };
	static const char *const expect_needs[NEEDS_MAX] = { "class", "outcome" };
	const char *op = text_of(step, "op");

	if (!has_all(step, step_needs) || !has_all(json_object_get(step, "expect"), expect_needs) ||
			!are_strings(json_object_get(step, "dates")) || !are_strings(json_object_get(step, "tags")))
		return false;
	if (!series && (strcmp(op, "until") == 0 || strcmp(op, "split_same") == 0))
		return false;
	for (size_t n = 0; n < ARRAY_SIZE(arguments); n++) {
		if (strcmp(op, arguments[n].op) == 0 && !has_all(step, arguments[n].needs))
			return false;
	}
	return true;
}

static bool is_vector(const json_t *vector)
{
	static const char *const parse_needs[NEEDS_MAX] = { "where", "text", "currency" };
	static const char *const needs[NEEDS_MAX] = { "client", "booked_at", "start", "end" };
	static const char *const guest_needs[NEEDS_MAX] = { "addr", "partstat" };
	static const char *const history_needs[NEEDS_MAX] = { "client", "kind", "at", "outcome" };
	static const char *const policy_needs[NEEDS_MAX] = { "timezone" };
	static const char *const version_needs[NEEDS_MAX] = { "timezone", "from" };
	const json_t *a = json_object_get(vector, "appointment"), *policy = json_object_get(vector, "policy"),
		*steps = json_object_get(vector, "steps");
	const char *kind = text_of(vector, "kind");

	if (!kind || (strcmp(kind, "parse") && strcmp(kind, "policy")))
		return false;
	if (strcmp(kind, "parse") == 0)
		return has_all(vector, parse_needs);
	if (!has_all(a, needs) || !each_has_all(json_object_get(a, "attendees"), guest_needs) ||
			!each_has_all(json_object_get(vector, "history"), history_needs))
		return false;
	if (json_is_array(policy) ? json_array_size(policy) == 0 || !each_has_all(policy, version_needs) :
			!has_all(policy, policy_needs))
		return false;
	for (size_t n = 0; n < json_array_size(steps); n++) {
		if (!is_step(json_array_get(steps, n), text_of(a, "rrule")))
			return false;
	}
	return json_array_size(steps) > 0;
}

static bool run(const json_t *vector)
{
	struct arena *mem cleanup_arena = arena_create();
	const char *id = text_of(vector, "id");
	char why[1000] = "it isn't of the form of doc/policy.md, section 0";
	bool ok = is_vector(vector);

	if (ok && strcmp(text_of(vector, "kind"), "parse") == 0)
		ok = run_parse(vector, mem, why, sizeof(why));
	else if (ok)
		ok = run_policy(vector, false, mem, why, sizeof(why)) && run_policy(vector, true, mem, why, sizeof(why));
	if (ok)
		printf("ok %s\n", id ? id : "?");
	else
		printf("not ok %s: %s\n", id ? id : "?", why);
	return ok;
}

struct score { size_t passed, failed; };

static void run_file(const char *path, struct score *score)
{
	json_error_t why;
	json_t *vectors = json_load_file(path, 0, &why), *vector;
	size_t n;

	if (!json_is_array(vectors)) {
		printf("not ok %s: %s\n", path, vectors ? "it is no array" : why.text);
		score->failed++;
	}
	json_array_foreach(vectors, n, vector) {
		if (run(vector))
			score->passed++;
		else
			score->failed++;
	}
	json_decref(vectors);
}

int main(int argc, char **argv)
{
	struct score score = { 0 };
	struct err e = { 0 };

	if (argc == 1) {
		fprintf(stderr, "usage: %s FILE.json ...\n", argv[0]);
		return 2;
	}
	if (zone_init(NULL, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 2;
	}
	for (int n = 1; n < argc; n++)
		run_file(argv[n], &score);
	zone_finish();
	printf("%zu passed, %zu failed\n", score.passed, score.failed);
	return score.failed > 0;
}
