#include "policy/own_entry.h"

#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/util.h"
#include "ical/ical.h"
#include "policy/ledger.h"
#include "policy/update.h"

enum { ENTRY_BYTES_MAX = 1 << 16 };

const char *own_entry_name(const char *kind, const char *about, struct arena *mem)
{
	char digest[DIGEST_SIZE];

	digest_short(about, strlen(about), digest);
	return arena_printf(mem, "%s-%s", kind, digest);
}

/* ---- bytes ---- */

static void write_text(struct buf *out, const char *name, const char *text)
{
	struct buf line cleanup_buf;

	buf_init(&line, ENTRY_BYTES_MAX);
	buf_printf(&line, "%s:", name);
	ical_escape(&line, text);
	ical_fold(out, line.data);
	out->full = out->full || line.full;
}

static int write_entry(const struct own_entry *entry, const char *uid, struct arena *mem, struct buf *out,
	struct err *e)
{
	char stamp[ICAL_UTC_SIZE];

	ical_utc(entry->stamp, stamp);
	buf_adds(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//fees//EN\r\nBEGIN:VEVENT\r\n");
	write_text(out, "UID", uid);
	buf_printf(out, "DTSTAMP:%s\r\nDTSTART%s\r\n", stamp, entry->start);
	if (*entry->rule)
		buf_printf(out, "RRULE:%s\r\n", entry->rule);
	write_text(out, "SUMMARY", entry->title);
	if (*entry->note)
		write_text(out, "DESCRIPTION", entry->note);
	if (*entry->related)
		ical_fold(out, arena_printf(mem, "RELATED-TO:%s", entry->related)); /* kept as it was sent */
	return buf_adds(out, "TRANSP:TRANSPARENT\r\nCLASS:CONFIDENTIAL\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n") == 0 ?
		0 : err_set(e, ERR_LARGE, "the entry %s", entry->name);
}

/* ---- what is there ---- */

struct there { struct collection fees; struct object row; struct buf *bytes; };

/* 1: the entry is there, 0: not, -1. make: the calendar, if it is missing. */
static int look(struct plan *p, const char *owner, const char *file, bool make, struct there *out,
	struct err *e)
{
	struct err why;

	if (store_collection(p->store, owner, FEES_CALENDAR, p->mem, &out->fees, &why)) {
		if (why.code != ERR_NOT_FOUND)
			return err_set(e, why.code, "%s", why.text);
		return make ? event_fees_calendar(p->store, owner, p->now, p->mem, &out->fees, e) : 0;
	}
	if (store_body(p->store, out->fees.id, file, p->mem, &out->row, out->bytes, &why) == 0)
		return 1;
	if (why.code == ERR_BROKEN && store_find(p->store, out->fees.id, file, p->mem, &out->row, &why) == 0)
		return 1; /* written anew */
	return why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s", why.text);
}

static int take_hidden(const struct ledger_row *row, void *arg)
{
	int64_t first = *(const int64_t *)arg;

	return !first || row->slot == first;
}

static int is_hidden(struct plan *p, const char *owner, const struct own_entry *entry, bool *out,
	struct err *e)
{
	const struct ledger_query q = { .owner = owner, .ref = entry->name, .kind = KIND_HIDDEN };
	int64_t first = entry->first;
	int found = store_ledger(p->store, &q, take_hidden, &first, e);

	*out = found > 0;
	return found < 0 ? -1 : 0;
}

/* ---- plans ---- */

static int keep(struct plan *p, const char *owner, const struct own_entry *entry, bool *changed,
	struct err *e)
{
	const char *file = arena_printf(p->mem, "%s.ics", entry->name), *uid;
	struct buf bytes cleanup_buf, old cleanup_buf;
	struct there there = { .bytes = &old };
	struct store_info info;
	bool hidden = false;
	int found;

	buf_init(&bytes, ENTRY_BYTES_MAX);
	buf_init(&old, ENTRY_BYTES_MAX);
	store_info(p->store, &info);
	uid = arena_printf(p->mem, "%s@%s", entry->name, info.host);
	if (write_entry(entry, uid, p->mem, &bytes, e))
		return -1;
	found = look(p, owner, file, true, &there, e);
	if (found < 0 || (!found && is_hidden(p, owner, entry, &hidden, e)))
		return -1;
	if (hidden || (found && old.len == bytes.len && memcmp(old.data, bytes.data, old.len) == 0))
		return 0;
	if (plan_put_own(p, there.fees.id, file, found ? there.row.etag : "", uid, &bytes, e))
		return -1;
	*changed = true;
	return 0;
}

/* One text that is too long must not cost the owner all the others, nor a client its change. */
int own_entry_keep(struct plan *p, const char *owner, const struct own_entry *entry, bool *changed,
	struct err *e)
{
	struct err why;

	*changed = false;
	if (keep(p, owner, entry, changed, &why) == 0)
		return 0;
	if (why.code != ERR_LARGE)
		return err_set(e, why.code, "%s", why.text);
	log_warn("%s: an entry in Fees is left out: %s", owner, why.text);
	return 0;
}

int own_entry_drop(struct plan *p, const char *owner, const char *name, bool *changed, struct err *e)
{
	const char *file = arena_printf(p->mem, "%s.ics", name);
	struct buf old cleanup_buf;
	struct there there = { .bytes = &old };
	int found;

	*changed = false;
	buf_init(&old, ENTRY_BYTES_MAX);
	found = look(p, owner, file, false, &there, e);
	if (found > 0)
		plan_change(p, CHANGE_DELETE, there.fees.id, file, there.row.etag);
	*changed = found > 0;
	return found < 0 ? -1 : 0;
}
