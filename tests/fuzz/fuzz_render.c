/*
 * What is made of an object that is stored: asked by filters, rendered, merged, concealed, its
 * zones, its busy time. What clients are sent is characters and iCalendar again, and the same if it
 * is rendered once more; who may see times alone sees nothing else.
 */
#include "base/util.h"
#include "ical/ical.h"
#include "tests/fuzz/fuzz.h"

enum { YEAR = 366 * 86400, OUT_MAX = 4 << 20 };
#define FROM INT64_C(1704067200) /* 2024-01-01 */

static struct ical_limits roomy; /* for what the server wrote */

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

static struct ical *parse(const struct buf *b, struct arena *mem)
{
	struct ical *ic;

	must(utf8_valid(b->data, b->len));
	must(!ical_parse(b->data, b->len, &roomy, mem, &ic, NULL));
	return ic;
}

/* Twice: its zones are known then. */
static void merge(const struct ical *ic)
{
	const struct ical_merge_head head = { .name = "\n", .refresh = 1 };
	cleanup_buf struct buf out, whole;
	struct err e;

	buf_init(&out, OUT_MAX);
	buf_init(&whole, OUT_MAX);
	struct ical_merge *m = ical_merge_begin(&head, ic->mem, &out);
	must(!ical_merge_add(m, ic, &out, &e));
	must(!ical_merge_add(m, ic, &out, &e));
	ical_merge_end(m, &out);
	must(!ical_render_whole(out.data, out.len, &whole));
	parse(&whole, ic->mem);
}

static void render_as(const struct ical *ic, const struct ical_view *view)
{
	cleanup_buf struct buf out, whole, again;
	struct err e;

	buf_init(&out, OUT_MAX);
	buf_init(&whole, OUT_MAX);
	buf_init(&again, OUT_MAX);
	if (ical_render(ic, view, &out, &e)) {
		return;
	}
	must(!ical_render_whole(out.data, out.len, &whole));
	const struct ical *shown = parse(&whole, ic->mem);
	const struct ical_view all = { .recurrences = ICAL_AS_STORED };
	must(!ical_render(shown, &all, &again, &e));
	must(again.len == whole.len && !memcmp(again.data, whole.data, whole.len));
}

static void render(const struct ical *ic, const struct zone *z)
{
	static const struct ical_part_prop uid = { .name = "UID" }, summary = { "SUMMARY", true, &uid };
	static const struct ical_part event = { .name = "VEVENT", .props = &summary, .all_parts = true };
	static const struct ical_part calendar = { .name = "VCALENDAR", .all_props = true, .parts = &event };
	struct ical_view view = { .from = FROM, .to = FROM + YEAR / 12, .floating = z, .busy_from = FROM,
		.busy_to = FROM + YEAR };

	for (int way = ICAL_AS_STORED; way <= ICAL_LIMITED; way++) {
		view.recurrences = (enum ical_recurrences)way;
		view.part = NULL;
		render_as(ic, &view);
		view.part = &calendar;
		view.limit_busy = !view.limit_busy;
		render_as(ic, &view);
	}
}

/* RFC 7809: without the definitions, and with all of them. */
static void zones(const struct ical *ic)
{
	for (int want = ICAL_ZONES_AS_THEY_ARE; want <= ICAL_ZONES_OWN_ONLY; want++) {
		cleanup_buf struct buf out, whole;

		buf_init(&out, OUT_MAX);
		buf_init(&whole, OUT_MAX);
		must(!ical_render_zones(ic, (enum ical_zones)want, &out));
		must(want != ICAL_ZONES_AS_THEY_ARE
			|| (out.len == ic->body_len && !memcmp(out.data, ic->body, out.len)));
		must(!ical_render_whole(out.data, out.len, &whole));
		parse(&whole, ic->mem);
	}
}

static void busy(const struct ical *ic, const struct zone *z)
{
	struct ical_busy_list list = { .mem = ic->mem, .max = 100 };
	const struct ical *one[] = { ic };
	cleanup_buf struct buf out;
	struct err e;

	buf_init(&out, OUT_MAX);
	ical_busy_add(&list, ic, z, FROM, FROM + YEAR, &e);
	ical_availability_add(&list, one, 1, z, FROM, FROM + YEAR, &e);
	must(list.count <= list.max);
	for (size_t i = 0; i < list.count; i++) {
		must(list.items[i].start >= FROM && list.items[i].end <= FROM + YEAR);
		must(list.items[i].start < list.items[i].end);
	}
	must(!ical_busy_write(&list, FROM, FROM + YEAR, FROM, &out, &e));
	parse(&out, ic->mem);
}

/* doc/architecture.md 15.34: times, and nothing that anybody wrote. */
static void conceal(const struct ical *ic)
{
	static const char shown[] = " DTSTAMP DTSTART DTEND DURATION RRULE RDATE EXDATE EXRULE RECURRENCE-ID"
		" SEQUENCE STATUS TRANSP UID VERSION PRODID CALSCALE BEGIN END TZID TZOFFSETFROM TZOFFSETTO TZNAME ";
	cleanup_buf struct buf out, whole;
	struct err e;

	buf_init(&out, OUT_MAX);
	buf_init(&whole, OUT_MAX);
	if (ical_conceal(ic, "salt", &out, &e) || out.len == 0) {
		return;
	}
	must(!ical_render_whole(out.data, out.len, &whole));
	const struct ical *left = parse(&whole, ic->mem);
	for (size_t i = 0; i < left->line_count; i++) {
		must(strstr(shown, arena_printf(ic->mem, " %s ", left->lines[i].name)) != NULL);
		for (size_t p = 0; p < left->lines[i].param_count; p++) {
			const char *name = left->lines[i].params[p].name;

			must(!strcmp(name, "TZID") || !strcmp(name, "VALUE") || !strcmp(name, "RANGE"));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	static struct ical_limits limits;
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf whole;
	struct ical_info info;
	struct ical *ic;
	struct err e;

	if (!ready) {
		must(!zone_init(NULL, &e));
		limits = roomy = ical_default_limits;
		limits.instances = 200;
		limits.steps = 20000;
		roomy.bytes = roomy.line = roomy.lines = 2 * OUT_MAX;
		roomy.params *= 4;
		ready = true;
	}
	buf_init(&whole, OUT_MAX);
	if (ical_parse((const char *)data, size, &limits, mem, &ic, &e)) {
		return 0;
	}
	must(!ical_render_whole(ic->body, ic->body_len, &whole));
	parse(&whole, mem);
	if (!ical_valid(ic, &info, &e)) {
		const struct zone *berlin = zone_find("Europe/Berlin");

		ask(ic, berlin);
		render(ic, berlin);
		zones(ic);
		merge(ic);
		busy(ic, berlin);
		conceal(ic);
	}
	return 0;
}
