/* Events for those who aren't to see what policies wrote into them. */
#include "policy/apply.h"
#include "policy/host.h"
#include "policy/update.h"

enum { REFS_MAX = 8 };

/* What was rendered for this UID, and for those whose references the object brings along. */
static int read_shown(struct store *store, const char *owner, const struct ical *ic, struct arena *mem,
	struct entry_list *out, struct err *e)
{
	const struct ical_comp *first = ical_first(ic);
	const struct ical_line *uid = first ? ical_prop(ic, first, "UID") : NULL;
	struct ledger_query own = { .owner = owner, .uid = uid ? uid->value : "" };
	const char *refs[REFS_MAX];
	size_t count = apply_refs(ic, refs, REFS_MAX);

	for (size_t n = 0; n < count; n++) {
		if (ledger_read(store, &(struct ledger_query){ .ref = refs[n] }, mem, out, e))
			return -1;
	}
	return ledger_read(store, &own, mem, out, e);
}

int event_plain(struct store *store, const struct policy_set *policies, const struct collection *calendar,
	struct ical *ic, struct arena *mem, struct ical **out, struct err *e)
{
	const struct policy *policy = policy_for(policies, calendar->owner, calendar->name);
	struct entry_list shown = { 0 };
	struct buf bytes cleanup_buf;
	struct ical_limits *limits;

	buf_init(&bytes, ic->body_len + EVENT_RENDERING_MAX);
	if (read_shown(store, calendar->owner, ic, mem, &shown, e))
		return -1;
	if (!shown.count) {
		*out = ic;
		return 0;
	}
	if (apply_strip(ic, &shown, policy ? policy->zone : NULL, &bytes, e))
		return -1;
	limits = arena_alloc(mem, sizeof(*limits));
	*limits = *ic->limits;
	limits->bytes = limits->line = bytes.len;
	return ical_parse(bytes.data, bytes.len, limits, mem, out, e);
}
