#include "policy/appointment.h"

#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/decide.h"
#include "policy/fees.h"
#include "policy/find.h"
#include "policy/host.h"
#include "policy/ledger.h"
#include "policy/link.h"
#include "policy/late/phrase.h"
#include "policy/late/tell.h"

/* No account is called that: it can't be the owner's or another client's. */
#define ACTOR "(link)"

/* ---- which one ---- */

/* What a link leads to. */
struct target {
	const char *owner;
	const struct policy_incident *slot;
	struct collection calendar;
	struct object object;
	bool there;                 /* the event is in a calendar under a policy */
	struct teller t;
};

static int find_event(const struct event_request *rq, struct target *t, struct err *e)
{
	struct event_finder f = { .store = rq->store, .policies = rq->policies, .mem = rq->mem,
		.owner = t->owner, .uid = t->slot->uid };
	int found = event_find_next(&f, e);

	t->there = found > 0;
	t->calendar = f.calendar;
	t->object = f.object;
	return found < 0 ? -1 : 0;
}

static int find_target(const struct event_request *rq, const char *ref, const char *mac, struct target *out,
	struct err *e)
{
	const struct ledger_query q = { .ref = ref, .kind = KIND_SLOT };
	struct entry_list entries = { 0 };
	const struct policy *policy;

	*out = (struct target){ .t.mem = rq->mem, .t.event_zone = "" };
	if (ledger_read(rq->store, &q, rq->mem, &entries, e))
		return -1;
	out->slot = entry_slot(&entries, ref);
	if (!link_is_right(rq->store, LINK_APPOINTMENT, ref, out->slot ? out->slot->client : NULL, mac))
		return err_set(e, ERR_NOT_FOUND, "no such appointment, or another's");
	out->owner = entries.entries[0].owner;
	if (find_event(rq, out, e))
		return -1;
	policy = policy_find(rq->policies, out->slot->policy);
	if (!policy && out->there)
		policy = policy_for(rq->policies, out->owner, out->calendar.name);
	out->t.language = tell_language(policy ? policy->language : "en");
	out->t.zone = fee_zone(rq->policies, &(struct fee){ .incident = *out->slot, .owner = out->owner });
	return 0;
}

/* The client, whose appointment it is (15.3). */
static struct event_request as_client(const struct event_request *rq, const struct policy_incident *slot)
{
	const char **addresses = arena_array(rq->mem, 2, sizeof(*addresses));
	struct event_request as = *rq;

	addresses[0] = strchr(slot->client, '@') ? slot->client : NULL;
	as.actor = (struct event_actor){ .name = ACTOR, .displayname = addresses[0] ? "" : slot->client,
		.addresses = addresses };
	return as;
}

/* ---- what its client reads ---- */

/* A date ahead. quoted: what would be entered if it were cancelled now; NULL: nothing, it is far ahead. */
struct ahead { const char *occurrence; int64_t start, end; const struct policy_incident *quoted; };
struct dates {
	const struct subject *s;
	const struct target *target;
	struct ahead at[APPOINTMENT_DATES_MAX];
	size_t count;
	bool more;
};

static int add_date(struct dates *list, const struct ahead *date)
{
	list->more = list->count == APPOINTMENT_DATES_MAX;
	if (!list->more)
		list->at[list->count++] = *date;
	return list->more;
}

/* The booking that the event shows for that date; NULL: none of its own. */
static const struct policy_incident *shown_slot(const struct subject *s, const char *occurrence)
{
	const struct rendering *shown = entry_shown(&s->decision.known, occurrence);

	return shown && shown->ref ? entry_slot(&s->decision.known, shown->ref) : NULL;
}

static bool same_lines(const struct ical *ic, const struct ical_comp *a, const struct ical_comp *b,
	const char *name)
{
	const struct ical_line *x = ical_prop(ic, a, name), *y = ical_prop(ic, b, name);

	while (x && y && strcmp(x->value, y->value) == 0) {
		x = ical_prop_next(ic, a, x, name);
		y = ical_prop_next(ic, b, y, name);
	}
	return !x && !y;
}

/* Is it the client's now whom the link is for? Its slot may have got another reference, and another client. A
 * date of a series that isn't booked by itself yet is its master's, unless it is about somebody else. */
static bool is_held(const struct subject *s, const struct target *t, const char *occurrence,
	const struct ical_comp *comp)
{
	const struct ical *ic = s->old.clean;
	const struct ical_comp *master = ical_master(ic);
	const struct policy_incident *slot = shown_slot(s, occurrence);

	if (!slot && *occurrence && master &&
		(comp == master || (same_lines(ic, comp, master, "SUMMARY") && same_lines(ic, comp, master, "ATTENDEE"))))
		slot = shown_slot(s, "");
	return slot && strcmp(slot->client, t->slot->client) == 0;
}

/* THISANDFUTURE: one of its dates can't be cancelled by itself. */
static bool is_range(const struct ical *ic, const struct ical_comp *c)
{
	const struct ical_line *l = ical_prop(ic, c, "RECURRENCE-ID");

	return l && ical_param(l, "RANGE");
}

static int meet_date(const struct ical_instance *i, void *arg)
{
	struct dates *list = arg;
	const struct subject *s = list->s;
	char text[ICAL_UTC_SIZE];

	if (i->start <= s->rq->now || ical_is_cancelled(s->old.clean, i->comp) || is_range(s->old.clean, i->comp))
		return 0;
	ical_utc(i->recurrence, text);
	if (!is_held(s, list->target, text, i->comp))
		return 0;
	return add_date(list, &(struct ahead){ .occurrence = arena_strdup(s->rq->mem, text), .start = i->start,
		.end = i->end });
}

/* Those that the client may cancel. Of a series a quote has only the dates that a policy looks at yet. */
static int read_dates(const struct target *t, const struct subject *s, struct dates *out, struct err *e)
{
	const struct event_request *rq = s->rq;
	struct fee_list quote;

	*out = (struct dates){ .s = s, .target = t };
	if (change_is_group(s->old.clean, &s->owner, rq->mem))
		return 0;
	if (event_quote(rq, &(struct event_where){ &t->calendar, t->object.name }, rq->now, &quote, e))
		return -1;
	if (change_is_series(s->old.clean) &&
		ical_expand(s->old.clean, s->zone, rq->now, ICAL_MAX, meet_date, out, e))
		return -1;
	for (size_t n = 0; n < quote.count; n++) {
		const struct policy_incident *i = &quote.fees[n].incident;
		size_t k = 0;

		while (k < out->count && strcmp(out->at[k].occurrence, i->occurrence) != 0)
			k++;
		if (k < out->count)
			out->at[k].quoted = i;
		else if (!*i->occurrence && i->slot > rq->now && is_held(s, t, "", NULL))
			add_date(out, &(struct ahead){ "", i->slot, i->slot_end, i });
	}
	return 0;
}

static const char *agreed_text(const struct ahead *date, struct arena *mem)
{
	const struct policy_incident *i = date->quoted;

	/* a session that is used up, or the one forgiveness of the year, is agreed to as well */
	if (!i || (i->charge == 0 && strcmp(i->outcome, "none") == 0))
		return "0";
	return arena_printf(mem, "%lld %s, %s: %s", (long long)i->charge, i->currency, i->outcome, i->basis);
}

static void describe_date(const struct target *t, const struct ahead *date, int64_t now,
	struct appointment_date *out)
{
	const struct policy_incident *i = date->quoted;
	const struct teller *say = &t->t;

	*out = (struct appointment_date){
		.occurrence = date->occurrence, .agreed = agreed_text(date, say->mem),
		.when = phrase_span(say->language, say->zone, date->start, date->end, say->mem),
	};
	if (i && i->free_until && i->free_until >= now)
		out->free_until = tell_time(say, i->free_until, true);
	if (i && i->charge > 0)
		out->cost = tell_fee(say, i);
	else if (i && i->free_until && i->free_until < now)
		out->why_free = tell_no_fee(say, i);
}

/* The event without annotations; s->old.clean NULL: it is gone, or can't be read. */
static int read_subject(const struct event_request *rq, const struct target *t, struct subject *s,
	struct err *e)
{
	*s = (struct subject){ 0 };
	if (!t->there)
		return 0;
	return subject_read(s, rq, &t->calendar, t->object.name, e) || subject_begin(s, NULL, e) ? -1 : 0;
}

static int describe_end(const struct event_request *rq, const struct target *t, const char *ref,
	struct appointment *out, struct err *e)
{
	const struct ledger_query q = { .ref = ref, .incidents_only = true };
	struct entry_list entries = { 0 };
	const struct policy_incident *lost;
	struct store_info info;

	if (out->date_count > 0)
		return 0;
	if (ledger_read(rq->store, &q, rq->mem, &entries, e))
		return -1;
	lost = entry_incident(&entries, ref);
	if (lost && strcmp(lost->client, t->slot->client) == 0 && lost->state != POLICY_VOID) {
		store_info(rq->store, &info);
		out->note_path = link_fee(&info, ref, lost->client, rq->mem);
		secret_zero(&info, sizeof(info));
	}
	return 0;
}

static void describe_terms(const struct event_request *rq, const struct target *t, struct appointment *out)
{
	const struct policy_incident *slot = t->slot;
	const char *version = slot->version;
	struct policy_terms terms;

	if (tell_is_date(version) && *slot->basis)
		version = arena_printf(rq->mem, "%s.%s", version, slot->basis);
	out->terms = tell_policy(&t->t, slot->policy, slot->version);
	out->terms_path = link_policy(slot->policy, version, rq->mem);
	out->terms_text = policy_terms(rq->policies, slot->policy, version, rq->mem, &terms, NULL) == 0 ?
		terms.text : "";
}

/* ---- the line in which a client asks ---- */

/* A quotation: no word in it acts (4.2). */
static const char *ask_mark(enum language l)
{
	return l == LANGUAGE_FR ? "> Demande du client, " : "> Asked by the client, ";
}

static bool is_asked(const char *line)
{
	return str_starts(line, ask_mark(LANGUAGE_EN)) || str_starts(line, ask_mark(LANGUAGE_FR));
}

/* The notes' lines but those that a client wrote so, and the last of these (NULL: none). */
static void split_notes(const char *notes, struct arena *mem, struct buf *others, const char **asked)
{
	*asked = NULL;
	while (*notes) {
		size_t len = strcspn(notes, "\n"), whole = len + (notes[len] == '\n');

		if (is_asked(notes))
			*asked = arena_strndup(mem, notes, len);
		else
			buf_add(others, notes, whole);
		notes += whole;
	}
}

/* Of a series, its master's. */
static const struct ical_comp *noted_comp(const struct ical *ic)
{
	const struct ical_comp *master = ical_master(ic);

	return master ? master : ical_first(ic);
}

static const char *notes_of(const struct ical *ic, struct arena *mem)
{
	const struct ical_line *l = ical_prop(ic, noted_comp(ic), "DESCRIPTION");

	return l ? ical_text(l->value, mem) : "";
}

static int describe_event(const struct event_request *rq, const struct target *t, struct appointment *out,
	struct err *e)
{
	struct buf others cleanup_buf;
	struct dates dates;
	struct subject s;

	buf_init(&others, EVENT_RENDERING_MAX + rq->limits->bytes);
	if (read_subject(rq, t, &s, e))
		return -1;
	if (!s.old.clean)
		return 0;
	if (read_dates(t, &s, &dates, e))
		return -1;
	out->more = dates.more;
	out->date_count = dates.count;
	for (size_t n = 0; n < dates.count; n++)
		describe_date(t, &dates.at[n], rq->now, &out->dates[n]);
	if (dates.count == 0)
		return 0;
	split_notes(notes_of(s.old.clean, rq->mem), rq->mem, &others, &out->asked);
	return 0;
}

int appointment_read(const struct event_request *rq, const char *ref, const char *mac,
	struct appointment *out, struct err *e)
{
	struct target t;

	*out = (struct appointment){ 0 };
	if (find_target(rq, ref, mac, &t, e))
		return -1;
	out->language = t.t.language == LANGUAGE_FR ? "fr" : "en";
	out->zone = zone_name(t.t.zone);
	out->professional = fee_professional(rq->store, t.owner, rq->mem);
	out->client = fee_client(&(struct fee){ .incident = *t.slot });
	out->service = t.slot->service;
	describe_terms(rq, &t, out);
	return describe_event(rq, &t, out, e) || describe_end(rq, &t, ref, out, e) ? -1 : 0;
}

/* ---- a change by the client ---- */

/* Is that still what it costs? */
static int check_agreed(const struct target *t, const struct subject *s, const char *occurrence,
	const char *agreed, struct err *e)
{
	struct dates dates;

	if (read_dates(t, s, &dates, e))
		return -1;
	for (size_t n = 0; n < dates.count; n++) {
		const struct ahead *date = &dates.at[n];

		if (strcmp(date->occurrence, occurrence) == 0)
			return strcmp(agreed_text(date, s->rq->mem), agreed) == 0 ? 0 :
				err_set(e, ERR_CHANGED, "cancelling costs something else by now");
	}
	return err_set(e, ERR_CHANGED, "there is no such date to be cancelled");
}

/* What the client was shown. date NULL: no price was. */
struct consent { const struct target *t; const struct subject *s; const char *date, *agreed; };

/* Asked in each round: what others do meanwhile may make it dearer. */
static int still_that(const struct object *there, void *arg, struct err *e)
{
	const struct consent *c = arg;

	if (!there || strcmp(there->etag, c->s->row.etag) != 0)
		return err_set(e, ERR_CHANGED, "the event changed meanwhile");
	return c->date ? check_agreed(c->t, c->s, c->date, c->agreed, e) : 0;
}

/* Writes the edit of the event, if the client's consent holds. */
static int put_edited(struct consent *c, struct ical_edit *ed, struct event_result *out, struct err *e)
{
	const struct target *t = c->t;
	struct event_request as = as_client(c->s->rq, t->slot);
	struct buf bytes cleanup_buf;

	as.precondition = still_that;
	as.arg = c;
	buf_init(&bytes, c->s->old.len + EVENT_RENDERING_MAX);
	return ical_edit_write(ed, &bytes, e) ||
		event_put(&as, &(struct event_where){ &t->calendar, t->object.name }, bytes.data, bytes.len, out, e) ?
		-1 : 0;
}

/* Sets a property, or adds it. */
static void set_line(struct ical_edit *ed, const struct ical *ic, const struct ical_comp *c, const char *name,
	const char *line)
{
	const struct ical_line *l = ical_prop(ic, c, name);

	if (l)
		ical_edit_replace(ed, l, line);
	else
		ical_edit_add(ed, c, line);
}

/* The VEVENT that is that date's own; NULL: the rule alone makes it. */
static const struct ical_comp *own_comp(const struct subject *s, const char *occurrence)
{
	const struct ical *ic = s->old.clean;
	const char *at;

	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		if (c->kind == ICAL_VEVENT && change_occurrence(ic, c, s->zone, s->rq->mem, &at) == 0 &&
			strcmp(at, occurrence) == 0)
			return *occurrence || !change_is_series(ic) ? c : NULL;
	}
	return NULL;
}

/* NULL: there is no series. */
static const char *exdate_line(const struct subject *s, const char *occurrence)
{
	const struct ical *ic = s->old.clean;
	const struct ical_comp *master = ical_master(ic);
	const struct ical_line *start = master ? ical_prop(ic, master, "DTSTART") : NULL;
	struct ical_when at;

	if (!start || ical_when(ic, occurrence, NULL, NULL, &at, NULL))
		return NULL;
	return ical_date_line(ic, start, "EXDATE", at.utc, s->zone, s->rq->mem);
}

static struct ical_edit *edit_cancelled(const struct subject *s, const char *occurrence)
{
	const struct ical *ic = s->old.clean;
	const struct ical_comp *own = own_comp(s, occurrence);
	struct ical_edit *ed = ical_edit_begin(ic);
	const char *line;

	if (own) {
		set_line(ed, ic, own, "STATUS", "STATUS:CANCELLED");
		return ed;
	}
	line = exdate_line(s, occurrence);
	if (!line)
		return NULL;
	ical_edit_add(ed, ical_master(ic), line);
	return ed;
}

/* The event as it is to be changed. */
static int read_for_change(const struct event_request *rq, const char *ref, const char *mac, struct target *t,
	struct subject *s, struct err *e)
{
	if (find_target(rq, ref, mac, t, e) || read_subject(rq, t, s, e))
		return -1;
	return s->old.clean ? 0 : err_set(e, ERR_CHANGED, "the event is gone");
}

int appointment_cancel(const struct event_request *rq, const char *ref, const char *mac,
	const char *occurrence, const char *agreed, struct event_result *out, struct err *e)
{
	struct consent consent;
	struct ical_edit *ed;
	struct target t;
	struct subject s;

	if (read_for_change(rq, ref, mac, &t, &s, e) || check_agreed(&t, &s, occurrence, agreed, e))
		return -1;
	consent = (struct consent){ &t, &s, occurrence, agreed };
	ed = edit_cancelled(&s, occurrence);
	if (!ed)
		return err_set(e, ERR_CHANGED, "the event has no such date");
	return put_edited(&consent, ed, out, e);
}

/* ---- in words ---- */

/* One line, in which no word acts. */
static int clean_text(const char *text, size_t max, struct arena *mem, const char **out, struct err *e)
{
	struct buf line cleanup_buf;

	buf_init(&line, max);
	if (!utf8_valid(text, strlen(text)))
		return err_set(e, ERR_INVALID, "the message is no text");
	for (; *text; text++) {
		bool blank = (unsigned char)*text <= ' ' || *text == 0x7f;

		if (blank && (line.len == 0 || line.data[line.len - 1] == ' '))
			continue;
		if (blank)
			buf_addc(&line, ' ');
		else if (*text == '#')
			buf_adds(&line, "♯");
		else
			buf_addc(&line, *text);
	}
	if (line.full)
		return err_set(e, ERR_INVALID, "at most %zu bytes of text can be sent", max);
	while (line.len > 0 && line.data[line.len - 1] == ' ')
		line.data[--line.len] = '\0';
	if (line.len == 0)
		return err_set(e, ERR_INVALID, "there is nothing in the message");
	*out = arena_strndup(mem, line.data, line.len);
	return 0;
}

int appointment_ask(const struct event_request *rq, const char *ref, const char *mac, const char *text,
	struct event_result *out, struct err *e)
{
	struct buf notes cleanup_buf, value cleanup_buf;
	const char *line, *before;
	struct dates dates;
	struct ical_edit *ed;
	struct target t;
	struct subject s;

	buf_init(&notes, EVENT_RENDERING_MAX);
	buf_init(&value, 2 * EVENT_RENDERING_MAX);
	if (read_for_change(rq, ref, mac, &t, &s, e) || clean_text(text, APPOINTMENT_TEXT_MAX, rq->mem, &line, e) ||
		read_dates(&t, &s, &dates, e))
		return -1;
	if (dates.count == 0)
		return err_set(e, ERR_CHANGED, "the client has no such appointment any more");
	split_notes(notes_of(s.old.clean, rq->mem), rq->mem, &notes, &before);
	if (notes.len > 0 && notes.data[notes.len - 1] != '\n')
		buf_addc(&notes, '\n');
	buf_printf(&notes, "%s%s: %s", ask_mark(t.t.language), tell_time(&t.t, rq->now, true), line);
	buf_adds(&value, "DESCRIPTION:");
	if (notes.full || ical_escape(&value, notes.data))
		return err_set(e, ERR_LARGE, "the notes of the event are full");
	ed = ical_edit_begin(s.old.clean);
	set_line(ed, s.old.clean, noted_comp(s.old.clean), "DESCRIPTION", value.data);
	return put_edited(&(struct consent){ &t, &s, NULL, NULL }, ed, out, e);
}

int appointment_dispute(const struct event_request *rq, const char *ref, const char *mac, const char *reason,
	bool *changed, struct err *e)
{
	struct entry_list entries = { 0 };
	const struct policy_incident *fee;
	struct event_request as = *rq;
	struct account owner;
	const char *text;

	*changed = false;
	if (ledger_read(rq->store, &(struct ledger_query){ .ref = ref }, rq->mem, &entries, e))
		return -1;
	fee = entry_incident(&entries, ref);
	if (!link_is_right(rq->store, LINK_FEE, ref, fee ? fee->client : NULL, mac))
		return err_set(e, ERR_NOT_FOUND, "no such note, or another's");
	if (clean_text(reason, APPOINTMENT_REASON_MAX, rq->mem, &text, e))
		return -1;
	if (store_account(rq->store, entries.entries[0].owner, rq->mem, &owner, e) || owner.removed)
		return 0; /* nobody is left who would answer */
	as.actor.name = ACTOR;
	return event_say(&as, ref, arena_printf(rq->mem, "#dispute %s", text), changed, e);
}
