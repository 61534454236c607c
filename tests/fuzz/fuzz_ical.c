/*
 * What happens to a body that a client sends before it is stored: scanned, judged, indexed,
 * expanded over a year, edited. Beside memory errors it looks for broken promises: an edit of
 * nothing changes nothing, another leaves all that it isn't about byte for byte, an edited object
 * parses, what is expanded lies within the bounds.
 */
#include "base/util.h"
#include "ical/ical.h"
#include "tests/fuzz/fuzz.h"

enum { YEAR = 366 * 86400, INSTANCES = 500, STEPS = 20000, OUT_MAX = 4 << 20 };
#define FROM INT64_C(1704067200) /* 2024-01-01 */
#define ADDED "X-FUZZ-ADDED"
#define REPLACED "X-FUZZ-REPLACED"

struct seen { struct ical_index index; int64_t before; size_t count; };

static int visit(const struct ical_instance *i, void *arg)
{
	struct seen *s = arg;

	must(i->end >= i->start && i->comp != NULL);
	must(i->start >= s->before);
	must(i->start >= s->index.first && (i->start < s->index.last || s->index.first == s->index.last));
	must(spans_find(&s->index.spans, i->start, i->start + 1) != SPANS_NONE);
	must(i->start < FROM + YEAR && i->end >= FROM);
	must(++s->count <= INSTANCES);
	s->before = i->start;
	return 0;
}

static void expand(const struct ical *ic, const struct zone *z)
{
	cleanup_arena struct arena *mem = arena_create();
	struct seen seen = { .before = INT64_MIN };
	struct err e;

	if (!ical_index(ic, mem, &seen.index, &e)) {
		ical_expand(ic, z, FROM, FROM + YEAR, visit, &seen, &e);
	}
}

/* The bytes of the lines that an edit doesn't touch: all but the first of each component and
 * what it adds. */
static void untouched(const struct ical *ic, bool edited, struct buf *out)
{
	for (size_t i = 0; i < ic->line_count; i++) {
		const struct ical_line *l = &ic->lines[i];
		bool left_out = edited && (strcmp(l->name, ADDED) == 0 || strcmp(l->name, REPLACED) == 0);

		for (const struct ical_comp *c = ic->calendar->children; c && !edited; c = c->next) {
			left_out = left_out || l == ical_line_next(ic, c, NULL);
		}
		if (!left_out) {
			buf_add(out, ic->body + l->offset, l->len);
		}
	}
}

static void edit(const struct ical *ic)
{
	struct ical_edit *ed = ical_edit_begin(ic);
	struct ical_limits roomy = ical_default_limits;
	cleanup_buf struct buf out, kept, left;
	struct ical *again;
	struct err e;

	buf_init(&out, OUT_MAX);
	buf_init(&kept, OUT_MAX);
	buf_init(&left, OUT_MAX);
	must(!ical_edit_write(ed, &out, &e));
	must(out.len == ic->body_len && !memcmp(out.data, ic->body, out.len));
	buf_reset(&out);
	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		const struct ical_line *first = ical_line_next(ic, c, NULL);
		ical_edit_add(ed, c, ADDED ":\xc3\xa9 added, and long enough to be folded into more than one line of "
			"the seventy-five octets \xe2\x82\xac");
		if (first) {
			ical_edit_replace(ed, first, REPLACED ":instead");
		}
	}
	must(!ical_edit_write(ed, &out, &e));
	roomy.bytes *= 4;
	roomy.lines *= 4;
	must(!ical_parse(out.data, out.len, &roomy, ic->mem, &again, &e));
	untouched(ic, false, &kept);
	untouched(again, true, &left);
	must(kept.len == left.len && !memcmp(kept.data, left.data, kept.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	static struct ical_limits limits;
	cleanup_arena struct arena *mem = arena_create();
	struct ical_info info;
	struct ical *ic;
	struct err e;

	if (!ready) {
		must(!zone_init(NULL, &e));
		limits = ical_default_limits;
		limits.instances = INSTANCES;
		limits.steps = STEPS;
		ready = true;
	}
	if (ical_parse((const char *)data, size, &limits, mem, &ic, &e)) {
		return 0;
	}
	if (!memmem(data, size, "FUZZ", 4)) {
		edit(ic);
	}
	ical_availability_valid(ic, &e);
	ical_alarms_valid(ic, &e);
	if (!ical_valid(ic, &info, &e)) {
		ical_within(ic, &e);
		must(info.uid && *info.uid && info.kind);
		expand(ic, NULL);
		expand(ic, zone_find("Pacific/Kiritimati"));
	}
	return 0;
}
