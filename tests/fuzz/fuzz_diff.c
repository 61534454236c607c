/*
 * What a change of an object does: an input is it before and after, a "---" line between. Nothing
 * is changed by no change; all that appears was booked, all that goes was cancelled; what is listed
 * concerns the time asked for.
 */
#include "base/util.h"
#include "ical/ical.h"
#include "tests/fuzz/fuzz.h"

enum { DAY = 86400 };
#define FROM INT64_C(1704067200) /* 2024-01-01 */
#define TO (FROM + 400 * DAY)

static const struct ical *parse(const char *text, size_t len, const struct ical_limits *limits,
	struct arena *mem)
{
	struct ical_info info;
	struct ical *ic;

	if (text == NULL || ical_parse(text, len, limits, mem, &ic, NULL) < 0)
		return NULL;
	return ical_valid(ic, &info, NULL) == 0 ? ic : NULL;
}

static bool within(const struct ical_instance *i)
{
	return i != NULL && i->start >= FROM && i->start < TO;
}

static void check(const struct ical *before, const struct ical *after, bool all, struct arena *mem)
{
	const struct ical_change *list;
	size_t count;
	struct err e;

	if (ical_diff(before, after, zone_utc(), FROM, TO, all, mem, &list, &count, &e) < 0)
		return;
	for (size_t n = 0; n < count; n++) {
		const struct ical_change *c = &list[n];

		must(c->before != NULL || c->after != NULL);
		must(within(c->before) || within(c->after));
		must(!c->gone || c->kind == ICAL_CANCELLED);
		must(c->kind != ICAL_MOVED || (c->before && c->after && c->before->start != c->after->start));
		must(c->kind != ICAL_BOOKED || c->after != NULL);
		must(c->kind != ICAL_CANCELLED || c->before != NULL);
		must(c->kind != ICAL_SAME || all);
		must(before != NULL || c->kind == ICAL_BOOKED || c->kind == ICAL_SAME);
		must(after != NULL || c->kind == ICAL_CANCELLED || c->kind == ICAL_SAME);
		must(before != after || c->kind == ICAL_SAME);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	static struct ical_limits limits;
	cleanup_arena struct arena *mem = arena_create();
	cleanup_free char *text = copy_text(data, size);
	char *at = text;
	size_t len = 0, more = 0;

	if (!ready) {
		must(!zone_init(NULL, NULL));
		limits = ical_default_limits;
		limits.instances = 500;
		limits.steps = 20000;
		ready = true;
	}
	const char *old = cut_piece(&at, text + size, &len), *new = cut_piece(&at, text + size, &more);
	const struct ical *before = parse(old, len, &limits, mem), *after = parse(new, more, &limits, mem);
	if (before != NULL) {
		check(before, before, false, mem);
		check(before, NULL, true, mem);
		check(NULL, before, false, mem);
	}
	if (before != NULL && after != NULL) {
		check(before, after, true, mem);
		check(after, before, false, mem);
	}
	return 0;
}
