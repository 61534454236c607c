/*
 * An object of which only the times may be seen. What is kept is a list: whatever clients invent, it
 * stays out.
 */
#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "ical/internal.h"

static const char *const of_events[] = {
	"DTSTAMP", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID",
	"SEQUENCE", "STATUS", "TRANSP", NULL,
};
static const char *const of_zones[] = {
	"BEGIN", "END", "TZID", "DTSTART", "RRULE", "RDATE", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME", NULL,
};
static const char *const of_lines[] = { "TZID", "VALUE", "RANGE", NULL }; /* parameters */

static bool is_listed(const char *const *list, const char *name)
{
	while (*list && strcmp(*list, name) != 0) {
		list++;
	}
	return *list;
}

static bool is_plain(const struct ical_line *l)
{
	for (size_t i = 0; i < l->param_count; i++) {
		if (!is_listed(of_lines, l->params[i].name)) {
			return false;
		}
	}
	return true;
}

static void write_line(const struct ical *ic, const struct ical_line *l, struct buf *out)
{
	char *head = is_plain(l) ? NULL : ical_line_head(ic, l, ic->mem);
	const char *text = l->name;
	size_t len;

	if (!head) {
		ical_line_write(ic, l, out);
		return;
	}
	for (size_t i = 0; of_lines[i]; i++) {
		const char *at = ical_head_param(head, of_lines[i], &len);

		text = at ? arena_printf(ic->mem, "%s%.*s", text, (int)len, at) : text;
	}
	ical_fold(out, arena_printf(ic->mem, "%s:%s", text, l->value));
}

/* A UID may be a name or an address; programs need one that stays the same, no more. */
static void write_uid(const char *uid, const char *salt, struct buf *out)
{
	uint8_t mac[SHA256_SIZE];
	char text[base64url_size(16)];

	hmac_sha256(salt, strlen(salt), uid, strlen(uid), mac);
	base64url(mac, 16, text);
	buf_printf(out, "UID:%s\r\n", text);
}

static void write_event(const struct ical *ic, const struct ical_comp *c, const char *salt,
	struct buf *out)
{
	const struct ical_line *uid = ical_prop(ic, c, "UID");

	buf_adds(out, "BEGIN:VEVENT\r\n");
	write_uid(uid ? uid->value : "", salt, out);
	for (const struct ical_line *l = NULL; (l = ical_line_next(ic, c, l));) {
		if (is_listed(of_events, l->name)) {
			write_line(ic, l, out);
		}
	}
	buf_adds(out, "END:VEVENT\r\n");
}

static void write_zone(const struct ical *ic, const struct ical_comp *c, struct buf *out)
{
	for (size_t i = c->first; i <= c->last; i++) {
		if (is_listed(of_zones, ic->lines[i].name)) {
			write_line(ic, &ic->lines[i], out);
		}
	}
}

int ical_conceal(const struct ical *ic, const char *salt, struct buf *out, struct err *e)
{
	const struct ical_comp *first = ical_first(ic);

	if (!first || first->kind != ICAL_VEVENT) {
		return 0;
	}
	buf_adds(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//EN\r\n");
	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		if (c->kind == ICAL_VTIMEZONE) {
			write_zone(ic, c, out);
		} else if (c->kind == ICAL_VEVENT) {
			write_event(ic, c, salt, out);
		}
	}
	buf_adds(out, "END:VCALENDAR\r\n");
	return out->full ? err_set(e, ERR_LARGE, "larger than %zu bytes", out->max) : 0;
}

bool ical_is_private(const struct ical *ic)
{
	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		const struct ical_line *l = c->kind == ICAL_VTIMEZONE ? NULL : ical_prop(ic, c, "CLASS");
		if (l && ascii_casecmp(l->value, "PUBLIC")) {
			return true;
		}
	}
	return false;
}
