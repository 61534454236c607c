/* What waits for the owner, and what the owner says about an appointment. */
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"
#include "policy/change.h"
#include "policy/fee_act.h"
#include "policy/fees.h"
#include "policy/report/report.h"
#include "web/console/api.h"

enum { ROUNDS = 3 };

/* ---- the dates of an event ---- */

/* The VEVENT of that date: its override, or (occurrence "") the master; NULL: there is none of its own. */
static const struct ical_comp *component(const struct ical *ic, const struct zone *zone,
	const char *occurrence, struct arena *mem)
{
	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		const char *there;

		if (c->kind == ICAL_VEVENT && change_occurrence(ic, c, zone, mem, &there) == 0 &&
			strcmp(there, occurrence) == 0)
			return c;
	}
	return NULL;
}

struct searched { const char *occurrence; struct ical_instance found; bool there; };

static int take_instance(const struct ical_instance *i, void *arg)
{
	struct searched *s = arg;
	char text[ICAL_UTC_SIZE];

	ical_utc(i->recurrence, text);
	if (strcmp(text, s->occurrence) != 0)
		return 0;
	s->found = *i;
	return s->there = true;
}

/* Without a component of its own. 1; 0: there is no such date; -1 with e. */
static int find_date(const struct ical *ic, const struct zone *zone, const char *occurrence,
	struct ical_instance *out, struct err *e)
{
	struct searched s = { .occurrence = occurrence };

	if (ical_expand(ic, zone, ICAL_MIN, ICAL_MAX, take_instance, &s, e) < 0)
		return -1;
	*out = s.found;
	return s.there;
}

/* Can something be said about that date? Not in an event that can't be read, which costs itself alone. */
static int date_is_there(struct api *a, const struct collection *c, const char *name, const char *occurrence,
	bool *out, struct err *e)
{
	const struct zone *zone = api_zone(a, c->owner);
	struct ical_instance unused;
	cleanup_buf struct buf body;
	struct object row;
	struct ical *ic;
	struct err why;

	buf_init(&body, SIZE_MAX / 2);
	*out = false;
	if (store_body(a->web->store, c->id, name, a->mem, &row, &body, &why) < 0)
		return err_costs_one(&why) || why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s", why.text);
	if (ical_parse(body.data, body.len, NULL, a->mem, &ic, &why) < 0)
		return 0;
	if (event_zone(a->web->store, a->web->policies, c, ic, a->mem, &zone, e) < 0)
		return -1;
	*out = component(ic, zone, occurrence, a->mem) ||
		(*occurrence && find_date(ic, zone, occurrence, &unused, &why) > 0);
	return 0;
}

/* ---- to decide ---- */

/* Columns of the report "decide". */
enum { WHY, UNTIL, START, CLIENT, WHAT, CURRENCY, FEE, REF, WORDS };

static json_t *time_cell(const struct cell *c)
{
	return c->kind == CELL_TIME ? json_time(c->number) : json_null();
}

/* Where the event of one stands. */
struct place {
	const char *uid, *occurrence, *calendar, *name;
	bool there; /* something may be said about it */
};

static int find_place(struct api *a, const char *owner, struct place *p, struct err *e)
{
	struct collection c;
	struct object event;
	bool there;

	if (api_find_event(a, owner, p->uid, &c, &event, &there, e) < 0)
		return -1;
	p->calendar = there ? arena_printf(a->mem, "%s/%s", c.owner, c.name) : "";
	p->name = there ? event.name : "";
	return there ? date_is_there(a, &c, event.name, p->occurrence, &p->there, e) : 0;
}

/* Said of a fee; of an appointment only while it is there. */
static void add_acts(json_t *o, const struct fee *f, bool there)
{
	json_t *appointment = json_array();

	for (size_t i = 0; there && i < api_appointment_act_count; i++)
		json_array_append_new(appointment, json_string(api_appointment_acts[i].name));
	json_object_set_new(o, "acts", f ? api_fee_acts(f) : json_array());
	json_object_set_new(o, "appointment-acts", appointment);
}

/* One row more in `list`. write: whoever asks may act on it. */
static int add_decision(struct api *a, const char *owner, bool write, const struct report_table *t,
	size_t row, json_t *list, struct err *e)
{
	const struct cell *money = report_cell(t, row, FEE);
	bool words = strcmp(report_cell(t, row, WHY)->text, "not understood") == 0;
	const char *key = report_cell(t, row, REF)->text; /* of what isn't understood: the event's UID */
	const char *what = report_cell(t, row, WHAT)->text;
	struct place p = { .uid = words ? key : "", .occurrence = "" };
	struct fee f;
	json_t *o, *fee;

	if (!words && fee_find(a->web->store, key, a->mem, &f, e) == 0) {
		p.uid = f.incident.uid;
		p.occurrence = f.incident.occurrence;
	} else if (!words && e->code != ERR_NOT_FOUND) {
		return -1;
	}
	if (find_place(a, owner, &p, e) < 0)
		return -1;
	fee = money->kind == CELL_MONEY && *money->text ? json_money(a->mem, money->number, money->text) :
		json_null();
	o = json_pack("{s:s, s:o, s:o, s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:s, s:o}", "why",
		report_cell(t, row, WHY)->text, "until", time_cell(report_cell(t, row, UNTIL)), "start",
		time_cell(report_cell(t, row, START)), "client", report_cell(t, row, CLIENT)->text, "class",
		words ? "" : what, "ref", words ? "" : key, "fee", fee, "words", words ? what : "", "occurrence",
		p.occurrence, "uid", json_text(p.uid), "calendar", p.calendar, "name", json_text(p.name));
	add_acts(o, words || !*p.uid || !write ? NULL : &f, p.there && write);
	json_array_append_new(list, o);
	return 0;
}

int api_decisions(struct api *a)
{
	struct report_query q = { 0 };
	struct report r;
	json_t *list;
	struct err e;
	bool write;

	if (api_owner(a, &q.facts.owner) < 0)
		return a->http->res->status;
	if (api_may(a, q.facts.owner, true, &write, &e) < 0 || api_report(a, "decide", &q, &r, &e) < 0)
		return api_fail(a, &e);
	list = json_array();
	for (size_t row = 0; row < r.tables[0]->row_count; row++) {
		if (add_decision(a, q.facts.owner, write, r.tables[0], row, list, &e) < 0) {
			json_decref(list);
			return api_fail(a, &e);
		}
	}
	return api_send(a, 200, json_pack("{s:s, s:s, s:o}", "zone", zone_name(r.zone), "owner", q.facts.owner,
		"decisions", list));
}

/* ---- about an appointment ---- */

const struct api_appointment_act api_appointment_acts[] = {
	{ "mine", "#me" }, { "theirs", "#client" }, { "no-show", "#noshow" }, { "attended", "#attended" },
	{ "undo", "#undo" },
};
const size_t api_appointment_act_count = ARRAY_SIZE(api_appointment_acts);

static const char *word_of_act(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(api_appointment_acts); i++) {
		if (strcmp(api_appointment_acts[i].name, name) == 0)
			return api_appointment_acts[i].word;
	}
	return NULL;
}

struct said { const char *name, *occurrence, *word; bool preview; };

static int read_said(struct api *a, struct said *s, struct collection *c)
{
	const char *act, *calendar;

	if (api_text(a, "act", true, &act) < 0 || api_text(a, "calendar", true, &calendar) < 0 ||
		api_text(a, "name", true, &s->name) < 0 || api_text(a, "occurrence", false, &s->occurrence) < 0)
		return -1;
	s->occurrence = s->occurrence ? s->occurrence : "";
	s->preview = api_flag(a, "preview");
	s->word = word_of_act(act);
	if (s->word)
		return api_calendar(a, calendar, true, c);
	api_refuse(a, 400, "act: mine, theirs, no-show, attended or undo");
	return -1;
}

/* ---- a date of a series without a component of its own gets one ---- */

static void add_time(const struct ical *ic, const struct ical_line *like, const char *name, int64_t when,
	const struct zone *zone, struct arena *mem, struct buf *out)
{
	const char *line = ical_date_line(ic, like, name, when, zone, mem);

	if (line)
		ical_fold(out, line);
}

/* The lines of what describes that date, its alarms whole, without those that say when it is. */
static void add_lines(const struct ical *ic, const struct ical_comp *c, struct buf *out)
{
	static const char *const left_out[] = { "RRULE", "RDATE", "EXRULE", "EXDATE", "RECURRENCE-ID", "DTSTART",
		"DTEND", "DURATION" };

	for (size_t n = c->first + 1; n < c->last; n++) {
		const struct ical_line *l = &ic->lines[n], *last = l->end ? &ic->lines[l->end] : l;
		bool out_of_it = false;

		for (size_t k = 0; k < ARRAY_SIZE(left_out); k++)
			out_of_it |= strcmp(l->name, left_out[k]) == 0;
		if (!out_of_it)
			buf_add(out, ic->body + l->offset, last->offset + last->len - l->offset);
		n = (size_t)(last - ic->lines);
	}
}

/* What describes that date (the master, or the override from which on it is so), for that date alone. */
static int add_override(const struct ical *ic, const struct ical_instance *i, const struct zone *zone,
	struct arena *mem, struct buf *out)
{
	const struct ical_line *end = &ic->lines[ic->calendar->last];
	const struct ical_comp *c = i->comp, *master = ical_master(ic);
	const struct ical_line *start = ical_prop(ic, c, "DTSTART");
	const struct ical_line *named = master ? ical_prop(ic, master, "DTSTART") : NULL;

	buf_add(out, ic->body, end->offset);
	buf_adds(out, "BEGIN:VEVENT\r\n");
	add_time(ic, named ? named : start, "RECURRENCE-ID", i->recurrence, zone, mem, out);
	add_time(ic, start, "DTSTART", i->start, zone, mem, out);
	add_time(ic, start, "DTEND", i->end, zone, mem, out);
	add_lines(ic, c, out);
	buf_adds(out, "END:VEVENT\r\n");
	return buf_add(out, ic->body + end->offset, ic->body_len - end->offset);
}

/* `ic` with a component for that date; *ic and *out are the same if there is one already. */
static int with_override(struct api *a, const struct said *said, const struct zone *zone, struct ical **ic,
	struct err *e)
{
	struct ical_instance found;
	cleanup_buf struct buf out;
	int rc;

	buf_init(&out, 2 * (*ic)->body_len + 4096);
	if (component(*ic, zone, said->occurrence, a->mem))
		return 0;
	rc = find_date(*ic, zone, said->occurrence, &found, e);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(e, ERR_NOT_FOUND, "the series has no such date");
	if (add_override(*ic, &found, zone, a->mem, &out) < 0)
		return err_set(e, ERR_LARGE, "the event is too large");
	return ical_parse(arena_strndup(a->mem, out.data, out.len), out.len, NULL, a->mem, ic, e);
}

/* The word on a line of its own at the end of the notes, where the owner would type it. */
static int add_word(struct api *a, const struct said *said, const struct zone *zone, struct ical *ic,
	struct buf *out, struct err *e)
{
	const struct ical_comp *event = component(ic, zone, said->occurrence, a->mem);
	struct ical_edit *ed = ical_edit_begin(ic);
	const struct ical_line *notes;

	if (!event)
		return err_set(e, ERR_NOT_FOUND, "the event has no such date");
	notes = ical_prop(ic, event, "DESCRIPTION");
	if (notes)
		ical_edit_replace(ed, notes, arena_printf(a->mem, "DESCRIPTION:%s\\n%s", notes->value, said->word));
	else
		ical_edit_add(ed, event, arena_printf(a->mem, "DESCRIPTION:%s", said->word));
	return ical_edit_write(ed, out, e);
}

static int is_still(const struct object *there, void *arg, struct err *e)
{
	if (there && strcmp(there->etag, arg) == 0)
		return 0;
	return err_set(e, ERR_CHANGED, "the event has changed meanwhile");
}

static int say(struct api *a, const struct collection *c, const struct said *said, struct entry_list *entered,
	struct event_result *out, struct err *e)
{
	struct event_request rq = api_event_request(a);
	const struct zone *zone = api_zone(a, c->owner);
	cleanup_buf struct buf stored, body;
	struct object row;
	struct ical *ic;

	buf_init(&stored, SIZE_MAX / 2);
	buf_init(&body, SIZE_MAX / 2);
	if (store_body(a->web->store, c->id, said->name, a->mem, &row, &stored, e) < 0 ||
		ical_parse(stored.data, stored.len, NULL, a->mem, &ic, e) < 0 ||
		event_plain(a->web->store, a->web->policies, c, ic, a->mem, &ic, e) < 0 ||
		event_zone(a->web->store, a->web->policies, c, ic, a->mem, &zone, e) < 0 ||
		(*said->occurrence && with_override(a, said, zone, &ic, e) < 0) ||
		add_word(a, said, zone, ic, &body, e) < 0)
		return -1;
	rq.preview = said->preview;
	rq.entered = entered;
	rq.precondition = is_still;
	rq.arg = row.etag;
	return event_put(&rq, &(struct event_where){ c, said->name }, body.data, body.len, out, e);
}

static json_t *entered_json(const struct entry_list *entered, const char *owner, bool *any, const char **what)
{
	json_t *list = json_array();

	*any = false;
	*what = "nothing changes";
	for (size_t n = 0; n < entered->count; n++) {
		const struct entry *entry = &entered->entries[n];
		const struct fee f = { .incident = entry->i, .owner = owner, .changed = entry->when,
			.state = entry->i.state, .state_name = state_name(entry->i.state) };

		if (!entry->incident)
			continue;
		*any = true;
		*what = entry->i.class_;
		json_array_append_new(list, fee_json(&f));
	}
	return list;
}

int api_appointment_act(struct api *a)
{
	struct entry_list entered = { 0 };
	struct event_result out;
	struct collection c;
	struct said said;
	const char *what;
	struct err e;
	json_t *list;
	bool any;

	if (read_said(a, &said, &c) < 0)
		return a->http->res->status;
	for (int round = 0;; round++) {
		if (say(a, &c, &said, &entered, &out, &e) == 0)
			break;
		if (e.code != ERR_CHANGED || round == ROUNDS)
			return api_fail(a, &e);
	}
	if (out.denied)
		return api_refuse(a, 409, "%s", out.reason);
	list = entered_json(&entered, c.owner, &any, &what);
	if (any) {
		size_t last = json_array_size(list) - 1;
		const json_t *o = json_array_get(list, last);

		what = arena_printf(a->mem, "%s %s: %s, %s", said.preview ? "would be entered:" : "entered:",
			json_string_value(json_object_get(o, "ref")), json_string_value(json_object_get(o, "class")),
			json_string_value(json_object_get(o, "state")));
	}
	return api_send(a, 200, json_pack("{s:b, s:b, s:s, s:o}", "preview", said.preview, "changed", any, "detail",
		what, "entered", list));
}
