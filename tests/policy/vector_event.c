/* A vector's event: its text, and what the operations make of it. */
#include "tests/policy/vectors.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/util.h"

enum { BODY_MAX = 1 << 16 };

struct wall wall_of(const char *text)
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

int64_t time_of(const char *text)
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

const char *event_text(struct play *p)
{
	const struct event *ev = &p->event;
	const char *more = arena_printf(p->mem, "%s%s%s%s", ev->rrule ? "RRULE:" : "", ev->rrule ? ev->rrule : "",
		ev->rrule ? "\r\n" : "", ev->lines);

	return arena_printf(p->mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n%s%sEND:VCALENDAR\r\n",
		vevent(p, ev, more), ev->overrides);
}

struct ical *event_parse(struct play *p)
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

/* ---- operations ---- */

void move_event(struct event *ev, const json_t *step)
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

const char *rule_without(struct play *p, const char *part)
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

const char *rule_until(struct play *p, int64_t until)
{
	char text[ICAL_UTC_SIZE];

	ical_utc(until, text);
	return arena_printf(p->mem, "%s;UNTIL=%s", rule_without(p, "COUNT="), text);
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

void answer(struct event *ev, const char *address, const char *partstat)
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

/* A client changes nothing of a group but its own answer: the server puts the rest back
 * (architecture.md 15.5). */
static bool is_put_back(const struct event *ev, const char *actor, const char *op)
{
	bool attendee = str_starts(actor, "mailto:");
	bool answers = strcmp(op, "decline") == 0 || strcmp(op, "accept") == 0 ||
		(attendee && (strcmp(op, "cancel") == 0 || strcmp(op, "delete") == 0));

	return ev->guests > 1 && !answers && (attendee || strcmp(actor, "client") == 0);
}

void change_event(struct play *p, const json_t *step, const char *op)
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
