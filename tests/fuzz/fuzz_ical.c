/*
 * What happens to a body that a client sends: scanned, judged, indexed, expanded over a year, asked by
 * a filter, rendered, edited. Beside memory errors it looks for broken promises: an edit of nothing changes
 * nothing, an edited object parses, what is expanded lies within the bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ical/ical.h"

enum { YEAR = 366 * 86400 };
#define FROM INT64_C(1704067200) /* 2024-01-01 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds) {
		abort();
	}
}

struct seen { int64_t first, last, before; };

static int visit(const struct ical_instance *i, void *arg)
{
	struct seen *s = arg;

	must(i->end >= i->start && i->comp != NULL);
	must(i->start >= s->before);
	must(i->start >= s->first && i->start < s->last);
	s->before = i->start;
	return 0;
}

static void expand(const struct ical *ic, const struct zone *z)
{
	struct seen seen = { .before = INT64_MIN };
	struct err e;

	if (!ical_bounds(ic, &seen.first, &seen.last, &e)) {
		ical_expand(ic, z, FROM, FROM + YEAR, visit, &seen, &e);
	}
}

static void ask(const struct ical *ic, const struct zone *z)
{
	static const struct ical_text_match text = { .text = "\xc3\x89", .collation = COLL_UNICODE_CASEMAP };
	static const struct ical_param_filter param = { .name = "CN", .match = &text };
	static const struct ical_prop_filter created = { .name = "CREATED", .has_range = true, .from = FROM,
		.to = FROM + YEAR };
	static const struct ical_prop_filter summary = { .name = "SUMMARY", .match = &text, .params = &param };
	static const struct ical_comp_filter alarm = { .name = "VALARM", .has_range = true, .from = FROM,
		.to = ICAL_MAX };
	static const char *const kinds[] = { "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY" };
	struct err e;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct ical_comp_filter comp = { .name = kinds[i], .has_range = true, .from = FROM, .to = FROM + YEAR };
		struct ical_comp_filter root = { .name = "VCALENDAR", .comps = &comp };
		ical_match(ic, &root, z, &e);
		comp.comps = &alarm;
		comp.has_range = false;
		ical_match(ic, &root, z, &e);
		comp.comps = NULL;
		comp.props = &created;
		ical_match(ic, &root, z, &e);
		comp.props = &summary;
		ical_match(ic, &root, z, &e);
	}
}

/* Twice: its zones are known then. */
static void merge(const struct ical *ic, struct buf *out)
{
	const struct ical_merge_head head = { .name = "\n", .refresh = 1 };
	struct ical_merge *m = ical_merge_begin(&head, ic->mem, out);
	struct err e;

	must(!ical_merge_add(m, ic, out, &e));
	must(!ical_merge_add(m, ic, out, &e));
	ical_merge_end(m, out);
}

/* What clients are sent is characters, and iCalendar again. */
static void render(const struct ical *ic, const struct zone *z)
{
	const struct ical_view view = { .recurrences = ICAL_EXPANDED, .from = FROM, .to = FROM + YEAR / 12,
		.floating = z };
	struct ical_busy_list busy = { .mem = ic->mem, .max = 100 };
	struct ical_limits roomy = ical_default_limits;
	cleanup_buf struct buf out, whole;
	struct ical *again;
	struct err e;

	roomy.bytes = roomy.line = roomy.lines = 8 << 20;
	buf_init(&out, 4 << 20);
	buf_init(&whole, 4 << 20);
	must(!ical_render_whole(ic->body, ic->body_len, &out));
	must(utf8_valid(out.data, out.len));
	buf_reset(&out);
	if (!ical_render(ic, &view, &out, &e)) {
		must(!ical_render_whole(out.data, out.len, &whole));
		must(utf8_valid(whole.data, whole.len));
		must(!ical_parse(whole.data, whole.len, &roomy, ic->mem, &again, &e));
	}
	buf_reset(&out);
	merge(ic, &out);
	must(!ical_parse(out.data, out.len, &roomy, ic->mem, &again, &e));
	buf_reset(&out);
	ical_busy_add(&busy, ic, z, FROM, FROM + YEAR, &e);
	must(!ical_busy_write(&busy, FROM, FROM + YEAR, FROM, &out, &e));
	must(!ical_parse(out.data, out.len, NULL, ic->mem, &again, &e));
}

static void edit(const struct ical *ic)
{
	struct ical_edit *ed = ical_edit_begin(ic);
	struct ical_limits roomy = ical_default_limits;
	cleanup_buf struct buf out;
	struct ical *again;
	struct err e;

	buf_init(&out, 4 << 20);
	must(!ical_edit_write(ed, &out, &e));
	must(out.len == ic->body_len && !memcmp(out.data, ic->body, out.len));
	buf_reset(&out);
	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		const struct ical_line *first = ical_line_next(ic, c, NULL);
		ical_edit_add(ed, c, "X-DEDIT-NOTE:\xc3\xa9 added, and long enough to be folded into more than "
			"one line \xe2\x82\xac");
		if (first) {
			ical_edit_replace(ed, first, "COMMENT:instead");
		}
	}
	must(!ical_edit_write(ed, &out, &e));
	roomy.bytes *= 4;
	roomy.lines *= 4;
	must(!ical_parse(out.data, out.len, &roomy, ic->mem, &again, &e));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	cleanup_arena struct arena *mem = arena_create();
	struct ical_info info;
	struct ical *ic;
	struct err e;

	if (!ready) {
		must(!zone_init(NULL, &e));
		ready = true;
	}
	if (ical_parse((const char *)data, size, NULL, mem, &ic, &e)) {
		return 0;
	}
	edit(ic);
	if (!ical_valid(ic, &info, &e)) {
		ical_within(ic, &e);
		must(info.uid && *info.uid && info.kind);
		expand(ic, NULL);
		expand(ic, zone_find("Pacific/Kiritimati"));
		ask(ic, zone_find("Europe/Berlin"));
		render(ic, zone_find("Europe/Berlin"));
	}
	return 0;
}
