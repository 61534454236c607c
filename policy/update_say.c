/* The administrator and the pages: words about a fee, what a cancellation would cost, what was accepted. */
#include "policy/update.h"

#include <string.h>

#include "base/util.h"
#include "policy/fees.h"
#include "policy/find.h"
#include "policy/late/fold.h"
#include "policy/round.h"

/* Whose ledger has a reference, and about which event. */
struct ref_place { struct arena *mem; const char *owner, *uid; };
struct saying {
	const struct event_request *rq;
	struct ref_place place;
	const char *ref, *words;
	bool *changed;
};

static int take_place(const struct ledger_row *row, void *arg)
{
	struct ref_place *place = arg;

	place->owner = arena_strdup(place->mem, row->owner);
	place->uid = arena_strdup(place->mem, row->uid);
	return 1;
}

static int find_ref(const struct event_request *rq, const char *ref, struct ref_place *out, struct err *e)
{
	const struct ledger_query q = { .ref = ref, .incidents_only = true };
	int found;

	*out = (struct ref_place){ .mem = rq->mem };
	found = store_ledger(rq->store, &q, take_place, out, e);
	if (found == 0)
		return err_set(e, ERR_NOT_FOUND, "no incident has the reference %s", ref);
	return found < 0 ? -1 : 0;
}

static int say_round(void *arg, struct err *e)
{
	const struct saying *say = arg;
	struct event_result unused = { 0 };
	struct collection fees;
	struct subject s;
	struct plan plan;

	round_begin(&plan, say->rq);
	if (event_fees_calendar(say->rq->store, say->place.owner, say->rq->now, say->rq->mem, &fees, e) ||
		subject_read(&s, say->rq, &fees, arena_printf(say->rq->mem, "%s.ics", say->ref), e) ||
		subject_words_fee(&s, "", say->words, "", &plan, say->changed, e))
		return -1;
	return *say->changed ? round_commit(&plan, &s, &unused, e) : 0;
}

/* The event shows at once what was said of it. The words are in force: if this fails, the wake that came
 * with them brings it. */
static void show_said(const struct event_request *rq, const struct ref_place *place)
{
	static const char *const none[] = { NULL };
	struct event_finder f = { .store = rq->store, .policies = rq->policies, .mem = rq->mem,
		.owner = place->owner, .uid = place->uid };
	struct event_request tick = *rq;

	tick.entered = NULL;
	tick.actor = (struct event_actor){ .name = "", .displayname = "", .addresses = none };
	while (event_find_next(&f, NULL) > 0)
		(void)event_tick(&tick, &(struct event_where){ &f.calendar, f.object.name }, NULL);
}

int event_say(const struct event_request *rq, const char *ref, const char *words, bool *changed,
	struct err *e)
{
	struct event_request as = *rq;
	struct saying say = { .rq = &as, .ref = ref, .words = words, .changed = changed };

	as.actor.admin = as.actor.external = false;
	as.actor.delegate = true; /* for the owner (15.1) */
	if (find_ref(rq, ref, &say.place, e) || rounds_run(&as, say.place.owner, NULL, say_round, &say, e))
		return -1;
	if (*changed && !rq->preview)
		show_said(rq, &say.place);
	return 0;
}

int event_quote(const struct event_request *rq, const struct event_where *at, int64_t when,
	struct fee_list *out, struct err *e)
{
	struct event_request then = *rq;
	struct subject s;
	struct plan aside;

	then.now = when;
	*out = (struct fee_list){ 0 };
	round_begin(&aside, &then);
	if (subject_read(&s, &then, at->calendar, at->name, e))
		return -1;
	if (!s.exists)
		return err_set(e, ERR_NOT_FOUND, "%s", at->name);
	if (!s.policy)
		return 0;
	if (subject_begin(&s, NULL, e) ||
		(s.old.clean && subject_ask(&s, s.old.clean, NULL, DECIDE_DELETED | DECIDE_CLIENT | DECIDE_ALONE,
			&aside, e)))
		return -1;
	out->fees = arena_array(rq->mem, s.apart.count, sizeof(*out->fees));
	for (size_t n = 0; n < s.apart.count; n++) {
		const struct entry *entry = &s.apart.entries[n];

		if (entry->incident) {
			out->fees[out->count++] = (struct fee){ .incident = entry->i, .owner = entry->owner,
				.state = entry->i.state, .state_name = state_name(entry->i.state) };
		}
	}
	return 0;
}

static const char *lower(const char *text, struct arena *mem)
{
	char *copy = arena_strdup(mem, text);

	ascii_lower(copy);
	return copy;
}

struct ruled { const char *owner, *policy; };

static int is_ruled(const char *owner, const char *calendar, const char *policy, void *arg)
{
	const struct ruled *r = arg;

	(void)calendar;
	return strcmp(owner, r->owner) == 0 && strcmp(policy, r->policy) == 0;
}

int event_accept(const struct event_request *rq, const char *owner, const char *policy, const char *client,
	int64_t when, struct err *e)
{
	struct entry_list list = { 0 };
	struct entry *accepted = entry_add(&list, rq->mem);
	struct ledger_row row;
	struct commit c = { .now = rq->now, .ledger = &row, .ledgers = 1 };

	/* a slip of the pen would be entered for good */
	if (policy_calendars(rq->policies, is_ruled, &(struct ruled){ owner, policy }) == 0)
		return err_set(e, ERR_NOT_FOUND, "no calendar of %s is under policy '%s'", owner, policy);
	if (when > rq->now)
		return err_set(e, ERR_INVALID, "not in the future");
	if (!*text_folded(client, rq->mem))
		return err_set(e, ERR_INVALID, "a client has a name or an address");
	accepted->owner = owner;
	accepted->kind = accepted->i.class_ = KIND_ACCEPTED;
	accepted->i.at = when;
	accepted->i.client = strchr(client, '@') ? lower(client, rq->mem) : text_folded(client, rq->mem);
	accepted->i.policy = policy;
	accepted->i.by = "client";
	accepted->i.actor = rq->actor.name;
	return ledger_row(accepted, rq->now, rq->mem, &row, e) || store_commit(rq->store, &c, e) ? -1 : 0;
}
