#include "policy/fees.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"
#include "policy/apply.h"
#include "policy/block.h"
#include "policy/update.h"

enum { FEE_BYTES_MAX = 1 << 17, DAY = 86400 };

/* ---- the calendar ---- */

int event_fees_calendar(struct store *store, const char *owner, int64_t now, struct arena *mem,
	struct collection *out, struct err *e)
{
	struct account account = { 0 };
	struct err why;
	store_id id;

	if (store_collection(store, owner, FEES_CALENDAR, mem, out, &why) == 0)
		return 0;
	if (why.code != ERR_NOT_FOUND)
		return err_set(e, why.code, "%s", why.text);
	bool french = store_account(store, owner, mem, &account, NULL) == 0 && account.language &&
		strcmp(account.language, "fr") == 0;
	const struct prop_row title = {
		.user = "", .ns = "DAV:", .name = "displayname",
		.xml = french ? "<D:displayname xmlns:D=\"DAV:\">Indemnités</D:displayname>" :
			"<D:displayname xmlns:D=\"DAV:\">Fees</D:displayname>",
	};
	const struct collection fees = {
		.owner = owner, .name = FEES_CALENDAR, .components = ICAL_VEVENT, .flags = COLL_FEES
	};
	/* another request may have been faster */
	if (store_collection_make(store, &fees, &title, 1, now, &id, &why) &&
		why.code != ERR_EXISTS)
		return err_set(e, why.code, "%s", why.text);
	return store_collection(store, owner, FEES_CALENDAR, mem, out, e);
}

/* ---- an entry ---- */

struct entry_writer {
	const struct policy_incident *i;
	const struct rendering *shown;
	const struct policy_change *change;
	const struct zone *zone;
	const char *host;
	struct buf *out;
	struct arena *mem;
};

static void write_text(const struct entry_writer *w, const char *name, const char *text)
{
	struct buf line cleanup_buf;

	buf_init(&line, FEE_BYTES_MAX);
	buf_printf(&line, "%s:", name);
	ical_escape(&line, text);
	ical_fold(w->out, line.data);
}

/* The zone of the event; NULL: UTC. In a local time that exists twice the second one can't be said. */
static const struct zone *entry_zone(const struct entry_writer *w)
{
	const struct zone *zone = *w->i->zone ? zone_find(w->i->zone) : NULL;
	struct wall start, end;

	if (!zone || w->change->flags & POLICY_ALL_DAY)
		return NULL;
	zone_from_utc(zone, w->i->slot, &start);
	zone_from_utc(zone, w->i->slot_end, &end);
	return zone_to_utc(zone, &start) == w->i->slot && zone_to_utc(zone, &end) == w->i->slot_end ? zone : NULL;
}

/* Dates stay dates, in the policy's zone. */
static void write_time(const struct entry_writer *w, const char *name, const struct zone *zone, int64_t when)
{
	char utc[ICAL_UTC_SIZE];
	struct wall t;

	if (w->change->flags & POLICY_ALL_DAY) {
		zone_from_utc(w->zone, when, &t);
		buf_printf(w->out, "%s;VALUE=DATE:%04d%02d%02d\r\n", name, t.year, t.month, t.day);
	} else if (zone) {
		zone_from_utc(zone, when, &t);
		buf_printf(w->out, "%s;TZID=%s:%04d%02d%02dT%02d%02d%02d\r\n", name, zone_name(zone), t.year,
			t.month, t.day, t.hour, t.min, t.sec);
	} else {
		ical_utc(when, utc);
		buf_printf(w->out, "%s:%s\r\n", name, utc);
	}
}

static const char *entry_title(const struct entry_writer *w)
{
	const char *title = w->shown->fee_title ? w->shown->fee_title : w->i->title;

	if (!w->shown->prefix)
		return *title ? title : w->i->class_;
	return arena_printf(
		w->mem, "%s%s%s", w->shown->prefix, *title ? title_separator(w->shown->prefix) : "",
		title);
}

static int write_entry(const struct entry_writer *w, struct err *e)
{
	const struct zone *zone = entry_zone(w);
	char stamp[ICAL_UTC_SIZE];

	ical_utc(w->i->at, stamp);
	buf_adds(w->out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//fees//EN\r\n");
	if (zone) {
		zone_vtimezone(zone, zone_name(zone), NULL, w->i->slot - DAY, w->i->slot_end + DAY, w->out);
	}
	buf_adds(w->out, "BEGIN:VEVENT\r\n");
	write_text(w, "UID", arena_printf(w->mem, "fee-%s@%s", w->i->ref, w->host));
	buf_printf(w->out, "DTSTAMP:%s\r\n", stamp);
	write_time(w, "DTSTART", zone, w->i->slot);
	if (w->i->slot_end > w->i->slot) {
		write_time(w, "DTEND", zone, w->i->slot_end);
	}
	write_text(w, "SUMMARY", entry_title(w));
	ical_fold(
		w->out, arena_printf(w->mem, "RELATED-TO:%s", w->i->uid)); /* kept as it was sent */
	buf_adds(w->out, "TRANSP:TRANSPARENT\r\nCLASS:CONFIDENTIAL\r\n");
	if (w->shown->block) {
		write_text(w, "DESCRIPTION", block_text(w->i->ref, w->shown->block, w->mem));
	}
	for (size_t n = 0; n < w->shown->extra_count; n++) {
		const struct shown_line *l = &w->shown->extras[n];

		ical_fold(w->out, arena_printf(w->mem, "%s:%s", l->head, l->value));
	}
	for (size_t n = 0; n < w->shown->line_count; n++) {
		ical_fold(w->out, w->shown->lines[n]);
	}
	if (buf_adds(w->out, "END:VEVENT\r\nEND:VCALENDAR\r\n"))
		return err_set(e, ERR_LARGE, "the entry of fee %s", w->i->ref);
	return 0;
}

/* Money that is owed, may be, or was waived; and a loss that costs nothing this once, for whatever reason:
 * the answer renders that one. */
static bool is_told(const struct policy_incident *i, const struct rendering *shown)
{
	bool mine = shown->fee_title && shown->ref && strcmp(shown->ref, i->ref) == 0;

	if (strcmp(i->class_, KIND_SLOT) == 0 || i->state == POLICY_VOID || !*i->ref || !i->slot)
		return false;
	return i->state != POLICY_NONE || (mine && strcmp(i->outcome, "none") != 0);
}

static int plan_write(struct plan *p, const struct collection *fees, const struct entry_writer *w,
	const char *name, const char *etag, struct err *e)
{
	const char *uid = arena_printf(p->mem, "fee-%s@%s", w->i->ref, w->host);

	return write_entry(w, e) ? -1 : plan_put_own(p, fees->id, name, etag, uid, w->out, e);
}

/* The entry's etag, "" if there is none. */
static int entry_find(struct plan *p, const struct collection *fees, const char *name,
	const char **etag, struct err *e)
{
	struct object *there = arena_alloc(p->mem, sizeof(*there));
	struct err why;

	*etag = "";
	if (store_find(p->store, fees->id, name, p->mem, there, &why) == 0) {
		*etag = there->etag;
	} else if (why.code != ERR_NOT_FOUND) {
		return err_set(e, why.code, "%s", why.text);
	}
	return 0;
}

static int plan_one(struct plan *p, const struct decision *d, struct entry_writer *w,
	const char **name, struct err *e)
{
	const struct policy_incident *i = w->i;
	const char *ref = *i->supersedes ? i->supersedes : i->ref, *entry_name, *etag;
	bool told = is_told(i, w->shown), over = i->state == POLICY_VOID || strcmp(i->supersedes, i->ref) == 0;
	struct collection fees;

	if (told) {
		ref = i->ref;
	} else if (!over || !*ref || strcmp(i->class_, KIND_SLOT) == 0) {
		return 0;
	}
	if (event_fees_calendar(p->store, d->owner, d->now, p->mem, &fees, e))
		return -1;
	entry_name = arena_printf(p->mem, "%s.ics", ref);
	if (entry_find(p, &fees, entry_name, &etag, e))
		return -1;
	if (told) {
		if (name) {
			*name = entry_name;
		}
		return plan_write(p, &fees, w, entry_name, etag, e);
	}
	if (*etag) {
		plan_change(p, CHANGE_DELETE, fees.id, entry_name, etag);
	}
	return 0;
}

static struct entry_writer writer_for(const struct plan *p, const struct decision *d,
	const struct policy_change *c, const struct verdict *v, const struct policy_incident *i)
{
	struct store_info info;

	store_info(p->store, &info);
	return (struct entry_writer){ .i = i, .shown = v->own_fees ? &v->in_fees : &v->shown, .change = c,
		.zone = d->policy->zone, .host = arena_strdup(p->mem, info.host), .mem = p->mem };
}

int fees_plan(struct plan *p, const struct decision *d, const struct policy_change *c,
	const struct verdict *v, const char **name, struct err *e)
{
	for (size_t n = v->first_entry; n < d->fresh.count; n++) {
		const struct policy_incident *i = &d->fresh.entries[n].i;
		struct entry_writer w = writer_for(p, d, c, v, i);

		if (strcmp(i->uid, c->uid) != 0 && is_told(i, w.shown)) {
			continue; /* that event is asked about by itself, and writes it */
		}
		struct buf out cleanup_buf;
		w.out = &out;
		buf_init(&out, FEE_BYTES_MAX);
		if (plan_one(p, d, &w, name, e))
			return -1;
	}
	return 0;
}

int fees_refresh(struct plan *p, const struct decision *d, const struct policy_change *c,
	const struct verdict *v, const struct policy_incident *i, const struct object *there, const char *bytes,
	size_t len, struct err *e)
{
	struct entry_writer w = writer_for(p, d, c, v, i);

	if (!bytes || d->fresh.count > v->first_entry || !is_told(i, w.shown) || !w.shown->block)
		return 0;
	struct buf out cleanup_buf;
	w.out = &out;
	buf_init(&out, FEE_BYTES_MAX);
	if (write_entry(&w, e))
		return -1;
	if (out.len == len && memcmp(out.data, bytes, len) == 0)
		return 0;
	return plan_put_own(p, there->collection, there->name, there->etag, there->uid, &out, e);
}

int fees_hide(struct plan *p, struct decision *d, const struct collection *fees,
	const struct object *entry, struct err *e)
{
	struct entry *hidden = entry_add(&d->fresh, d->mem);
	size_t len = strcspn(entry->name, ".");

	hidden->owner = d->owner;
	hidden->kind = KIND_HIDDEN;
	hidden->i.ref = arena_strndup(p->mem, entry->name, len);
	hidden->i.at = d->now;
	hidden->i.slot = entry->first;
	plan_change(p, CHANGE_DELETE, fees->id, entry->name, entry->etag);
	return plan_decision(p, d, e);
}
