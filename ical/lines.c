/* Content lines as they were sent, on their way out again. */
#include <string.h>

#include "base/util.h"
#include "ical/internal.h"

/* Bytes of the line end at p; 0 if there is none. */
static size_t eol_len(const char *p, const char *end)
{
	if (p < end && *p == '\n') {
		return 1;
	}
	return end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

/* The bytes of a line, without line ends at its beginning: an empty physical line may stand before a
 * continuation, which then is the line. */
static const char *line_start(const struct ical *ic, const struct ical_line *l, const char **end)
{
	const char *p = ic->body + l->offset;

	*end = p + l->len;
	for (size_t n; (n = eol_len(p, *end)) > 0;) {
		p += n + 1;
	}
	return p;
}

int ical_line_write(const struct ical *ic, const struct ical_line *l, struct buf *out)
{
	const char *end, *p = line_start(ic, l, &end);

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = !nl ? end : nl > p && nl[-1] == '\r' ? nl - 1 : nl;

		buf_add(out, p, (size_t)(stop - p));
		buf_adds(out, "\r\n");
		p = nl ? nl + 1 : end;
	}
	return out->full ? -1 : 0;
}

int ical_comp_write(const struct ical *ic, const struct ical_comp *c, struct buf *out)
{
	for (size_t i = c->first; i <= c->last; i++) {
		ical_line_write(ic, &ic->lines[i], out);
	}
	return out->full ? -1 : 0;
}

char *ical_line_head(const struct ical *ic, const struct ical_line *l, struct arena *mem)
{
	const char *end, *p = line_start(ic, l, &end);
	char *text = arena_alloc(mem, (size_t)(end - p) + 1), *to = text;

	while (p < end) {
		size_t n = eol_len(p, end);

		if (n) {
			p += n + 1; /* the blank of the fold goes with it */
		} else {
			*to++ = *p++;
		}
	}
	to[-(ptrdiff_t)strlen(l->value) - 1] = '\0'; /* the value is the tail, behind the colon */
	return text;
}

/* The ';' that the next parameter begins with, or the end; p: within or behind the name. */
static char *next_param(char *p)
{
	bool quoted = false;

	for (; *p && (quoted || *p != ';'); p++) {
		quoted ^= *p == '"';
	}
	return p;
}

char *ical_head_param(char *head, const char *name, size_t *len)
{
	size_t n = strlen(name);

	for (char *p = next_param(head); *p; p = next_param(p + 1)) {
		if (!ascii_ncasecmp(p + 1, name, n) && p[1 + n] == '=') {
			*len = (size_t)(next_param(p + 1) - p);
			return p;
		}
	}
	return NULL;
}

/* ";TZID=…" as it was sent: in quotes, where it needs them. */
static const char *tzid_as_sent(const struct ical *ic, const struct ical_line *l, struct arena *mem)
{
	size_t len;
	const char *tzid = ical_head_param(ical_line_head(ic, l, mem), "TZID", &len);

	return tzid ? arena_strndup(mem, tzid, len) : "";
}

const char *ical_date_line(const struct ical *ic, const struct ical_line *like, const char *name,
	int64_t when, const struct zone *floating, struct arena *mem)
{
	struct ical_when as;
	struct wall w;

	if (ical_line_when(ic, like, floating, &as, NULL))
		return NULL;
	zone_from_utc(as.in ? as.in : as.zone ? as.zone : zone_utc(), when, &w);
	if (as.form == ICAL_DATE)
		return arena_printf(mem, "%s;VALUE=DATE:%04d%02d%02d", name, w.year, w.month, w.day);
	return arena_printf(mem, "%s%s:%04d%02d%02dT%02d%02d%02d%s", name,
		as.form == ICAL_UTC ? "" : tzid_as_sent(ic, like, mem), w.year, w.month, w.day, w.hour, w.min, w.sec,
		as.form == ICAL_UTC ? "Z" : "");
}
