#include "policy/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "policy/fees.h"
#include "policy/host.h"
#include "policy/ledger.h"

/* Asked about again when its time comes. */
struct due { int64_t at; struct policy_change change; };

/* One owner's ledger, played into an empty one. */
struct player {
	const struct policy_set *policies;
	struct store *source, *store; /* what is replayed, and in memory what comes of it */
	struct arena *mem;
	const char *owner;
	const struct entry *first, *now, *end; /* the owner's; what is being played */
	struct due *due;
	size_t due_count, due_size;
	size_t left_out;
};

/* ---- the other ledger ---- */

static int enter(struct player *p, struct entry *entries, size_t count, int64_t when, struct err *e)
{
	struct ledger_row *rows = arena_array(p->mem, count, sizeof(*rows));
	struct commit c = { .now = when, .ledger = rows, .ledgers = count };

	for (size_t n = 0; n < count; n++) {
		if (ledger_row(&entries[n], when, p->mem, &rows[n], e))
			return -1;
	}
	return count ? store_commit(p->store, &c, e) : 0;
}

/* The reason of bookings that keep their price: the ledger keeps a title without the price it named. */
static const char said_price[] = "price";

/* As it stands in the ledger, but under the other policy, if there is one. */
static int enter_fact(struct player *p, const struct policy *policy, struct err *e)
{
	struct entry fact = *p->now;

	fact.shown = NULL;
	if (policy && strcmp(fact.kind, KIND_SLOT) == 0) {
		fact.i.basis = policy->digest; /* of the text that it was acquired under */
		fact.i.reason = said_price;
	}
	return enter(p, &fact, 1, p->now->when, e);
}

/* A booking's new title, price or length: the ledger tells of those itself. */
static bool is_renaming(const struct policy_incident *told, const char *uid)
{
	return strcmp(told->class_, KIND_SLOT) == 0 && strcmp(told->outcome, "renamed") == 0 &&
		strcmp(told->uid, uid) == 0;
}

/* Price, deposit and the like of a booking are not the policy's to decide. */
static void keep_facts(const struct policy_incident *known, struct policy_incident *told)
{
	if (strcmp(told->class_, KIND_SLOT) != 0 || told->slot != known->slot)
		return;
	told->slot_end = known->slot_end;
	told->price = known->price;
	told->currency = known->currency;
	told->deposit = known->deposit;
	told->service = known->service;
	told->reason = said_price;
}

static void wake_later(struct player *p, int64_t at, const struct policy_change *c)
{
	p->due = arena_room(p->mem, p->due, p->due_count, &p->due_size, sizeof(*p->due));
	p->due[p->due_count++] = (struct due){ at, *c };
}

/* slot: the ledger's own entry about the slot that comes of it, NULL: none does. */
static int ask(struct player *p, const struct policy *policy, struct policy_change *c,
	const struct policy_incident *slot, struct err *e)
{
	const struct ledger_query about = { .owner = p->owner, .uid = c->uid };
	struct decision d = { .store = p->store, .mem = p->mem, .policy = policy, .owner = p->owner, .now = c->now };
	struct verdict v;
	size_t kept = 0;

	if (ledger_read(p->store, &about, p->mem, &d.known, e) || host_ask(&d, c, &v, e))
		return -1;
	for (size_t n = 0; n < d.fresh.count; n++) {
		struct entry *told = &d.fresh.entries[n];

		if (is_renaming(&told->i, c->uid))
			continue;
		if (slot)
			keep_facts(slot, &told->i);
		d.fresh.entries[kept++] = *told;
	}
	for (size_t n = 0; n < d.wake_count; n++)
		wake_later(p, d.wakes[n], c);
	return enter(p, d.fresh.entries, kept, c->now, e);
}

/* ---- what happened ---- */

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++) {
		if (strcmp(text, *list) == 0)
			return true;
	}
	return false;
}

#define ONE_OF(text, ...) is_one_of(text, (const char *const[]){ __VA_ARGS__, NULL })

/* In a list as entries of class "words" have it. */
static bool has_word(const char *list, const char *word)
{
	for (; *list; list += strspn(list, " ")) {
		size_t len = strcspn(list, " ");

		if (len == strlen(word) && memcmp(list, word, len) == 0)
			return true;
		list += len;
	}
	return false;
}

/* Who acts for the owner now: what was then is not kept. */
static bool is_delegate(const struct player *p, const char *actor)
{
	enum share_access acting;

	return *actor && store_acts_for(p->source, p->owner, actor, &acting, NULL) == 0 && acting == SHARE_WRITE;
}

static uint32_t role_of(const struct player *p, const struct policy_incident *i)
{
	if (strcmp(i->by, "admin") == 0)
		return POLICY_ADMIN;
	if (strcmp(i->by, "owner") == 0 || strcmp(i->actor, p->owner) == 0)
		return POLICY_OWNER;
	if (is_delegate(p, i->actor))
		return POLICY_DELEGATE;
	return *i->actor || strcmp(i->by, "client") == 0 ? POLICY_CLIENT : POLICY_TIMER;
}

/* About that slot, at the time of the entry that is being played. */
static struct policy_change change_of(const struct player *p, const struct policy *policy,
	const struct policy_incident *i, uint32_t kind)
{
	bool strange = strcmp(i->outcome, "proposed") == 0; /* another hand than the client's (15.3) */

	return (struct policy_change){
		.size = sizeof(struct policy_change), .kind = kind, .role = role_of(p, i),
		.flags = (*i->occurrence ? POLICY_SERIES : 0) | (*i->attendee ? POLICY_GROUP : 0) |
			(*i->attendee && strcmp(i->by, "owner") == 0 ? POLICY_SEVERAL : 0),
		.now = p->now->when, .actor = i->actor,
		.actor_names = strange ? "" : arena_printf(p->mem, "%s\n%s", i->client, i->title),
		.owner = p->owner, .owner_names = p->owner, .collection = policy->name, .name = i->uid,
		.uid = i->uid, .occurrence = i->occurrence, .old_occurrence = i->occurrence,
		.summary = i->title, .old_summary = i->title, .note = "", .old_note = "", .status = "", .transp = "",
		.client_address = strchr(i->client, '@') ? i->client : "", .attendee = i->attendee,
		.attendees = "", .zone = i->zone, .categories = i->service, .link = "",
		.before = { i->slot, i->slot_end }, .after = { i->slot, i->slot_end },
		.old_ics = NULL, .new_ics = NULL,
	};
}

/* The first entry of that second: a change makes one or several. */
static const struct entry *change_begin(const struct player *p)
{
	const struct entry *at = p->now;

	while (at > p->first && at[-1].when == p->now->when)
		at--;
	return at;
}

/* Another event of the client's at that time takes the slot over, and brings the loss back with it. */
static bool goes_on_elsewhere(const struct player *p)
{
	const struct policy_incident *i = &p->now->i;

	for (const struct entry *at = change_begin(p); at < p->end && at->when == p->now->when; at++) {
		if (strcmp(at->kind, KIND_SLOT) == 0 && strcmp(at->i.uid, i->uid) != 0 && at->i.slot == i->slot &&
			strcmp(at->i.client, i->client) == 0 && strcmp(at->i.outcome, "new-booking") == 0)
			return true;
	}
	return false;
}

/* The words that came with the change and say whose doing it was. */
static const char *said_with(const struct player *p)
{
	const char *note = "";

	for (const struct entry *at = change_begin(p); at < p->end && at->when == p->now->when; at++) {
		if (strcmp(at->kind, KIND_WORDS) != 0 || strcmp(at->i.uid, p->now->i.uid) != 0)
			continue;
		if (has_word(at->i.outcome, "me"))
			note = arena_printf(p->mem, "%s #me", note);
		if (has_word(at->i.outcome, "client"))
			note = arena_printf(p->mem, "%s #client", note);
	}
	return note;
}

static int play_loss(struct player *p, const struct policy *policy, const struct policy_incident *next,
	struct err *e)
{
	const struct policy_incident *i = &p->now->i;
	struct policy_change c = change_of(p, policy, i, next ? POLICY_MOVED : POLICY_CANCELLED);

	c.note = said_with(p);
	if (next)
		c.after = (struct policy_when){ next->slot, next->slot_end };
	return ask(p, policy, &c, next, e);
}

static int play_booking(struct player *p, const struct policy *policy, struct err *e)
{
	const struct policy_incident *i = &p->now->i;
	struct policy_change c = change_of(p, policy, i, POLICY_BOOKED);

	c.before = (struct policy_when){ 0 };
	c.old_summary = "";
	if (strcmp(i->outcome, "new-booking") != 0)
		c.flags |= POLICY_WAS_CANCELLED;
	return ask(p, policy, &c, i, e);
}

/* The slot that this date of this event holds in the other ledger, if it is another than that of i; else
 * *out is NULL. */
static int slot_held(struct player *p, const struct policy_incident *i, const struct policy_incident **out,
	struct err *e)
{
	const struct ledger_query about = { .owner = p->owner, .uid = i->uid };
	const struct policy_incident *held = NULL;
	struct entry_list list = { 0 };

	if (ledger_read(p->store, &about, p->mem, &list, e))
		return -1;
	for (size_t n = 0; n < list.count; n++) {
		const struct policy_incident *known = &list.entries[n].i;

		if (strcmp(known->occurrence, i->occurrence) != 0 || strcmp(known->client, i->client) != 0)
			continue;
		if (strcmp(list.entries[n].kind, KIND_SLOT) == 0)
			held = strcmp(known->outcome, "closed") == 0 ? NULL : known;
		else if (held && list.entries[n].incident && known->slot == held->slot &&
			known->state != POLICY_VOID && strcmp(known->class_, "none") != 0)
			held = NULL;
	}
	*out = held && held->slot != i->slot ? held : NULL;
	return 0;
}

/* Un-cancelled, or moved back to where it was before. */
static int play_return(struct player *p, const struct policy *policy, struct err *e)
{
	const struct policy_incident *held; /* until then */
	struct policy_change c;

	if (slot_held(p, &p->now->i, &held, e))
		return -1;
	c = change_of(p, policy, &p->now->i, held ? POLICY_MOVED : POLICY_BOOKED);
	c.before = held ? (struct policy_when){ held->slot, held->slot_end } : (struct policy_when){ 0 };
	if (!held)
		c.flags |= POLICY_WAS_CANCELLED;
	return ask(p, policy, &c, &p->now->i, e);
}

/* The end that it has since stands in the slot's entry. */
static int play_shortening(struct player *p, const struct policy *policy, struct err *e)
{
	const struct policy_incident *i = &p->now->i;
	struct policy_change c = change_of(p, policy, i, POLICY_CHANGED);

	for (const struct entry *at = p->now + 1; at < p->end && at->when == p->now->when; at++) {
		if (strcmp(at->kind, KIND_SLOT) == 0 && at->i.slot == i->slot && strcmp(at->i.uid, i->uid) == 0)
			c.after.end = at->i.slot_end;
	}
	return ask(p, policy, &c, NULL, e);
}

static int play_word(struct player *p, const struct policy *policy, const char *word, struct err *e)
{
	const struct policy_incident *i = &p->now->i;
	struct policy_change c = change_of(p, policy, i, POLICY_CHANGED);
	char number[MONEY_SIZE];

	c.role = POLICY_OWNER;
	c.actor = p->owner;
	c.note = arena_printf(p->mem, "#%s", word);
	if (strcmp(word, "fee") == 0) {
		if (money_format(i->charge, i->currency, number, sizeof(number)))
			return 0;
		c.note = arena_printf(p->mem, "#fee %s %s", number, i->currency);
	}
	return ask(p, policy, &c, NULL, e);
}

/* ---- one owner's entries in order ---- */

/* The slot entry that was made by the same change as the loss before it. */
static const struct policy_incident *moved_to(const struct entry *loss, const struct entry *next,
	const struct entry *end)
{
	for (; next < end && next->when == loss->when; next++) {
		const struct policy_incident *i = &next->i;

		if (strcmp(next->kind, KIND_SLOT) == 0 && strcmp(i->uid, loss->i.uid) == 0 &&
			strcmp(i->occurrence, loss->i.occurrence) == 0 && strcmp(i->client, loss->i.client) == 0 &&
			i->slot != loss->i.slot && ONE_OF(i->outcome, "moved", "imposed", "new-booking"))
			return i;
	}
	return NULL;
}

/* The loss that a slot entry came with, which is played with it. */
static bool comes_of_move(const struct entry *first, const struct entry *slot)
{
	for (const struct entry *at = slot; at > first && at[-1].when == slot->when; at--) {
		if (at[-1].incident && moved_to(&at[-1], slot, slot + 1))
			return true;
	}
	return false;
}

static int play_incident(struct player *p, const struct policy *policy, struct err *e)
{
	static const char *const words[] = { "waive", "emergency", "fee", "paid", "unpaid", "dispute", "ok", "undo",
		"me", "noshow", "attended", NULL };
	const struct policy_incident *i = &p->now->i;

	if (is_one_of(i->word, words))
		return play_word(p, policy, i->word, e);
	if (strcmp(i->word, "late") == 0 && strcmp(i->class_, "no-show") == 0)
		return play_word(p, policy, "noshow", e); /* how late nobody remembers */
	if (strcmp(i->word, "latecancel") == 0)
		return play_word(p, policy, "late-cancel", e);
	if (strcmp(i->class_, "reinstated") == 0 && goes_on_elsewhere(p))
		return 0;
	if (strcmp(i->class_, "reinstated") == 0)
		return play_return(p, policy, e);
	if (i->at < p->now->when || strcmp(i->by, "timer") == 0 || ONE_OF(i->class_, "attended", "none"))
		return 0; /* follows by itself, or by the clock */
	if (strcmp(i->class_, "shortened") == 0)
		return play_shortening(p, policy, e);
	return play_loss(p, policy, moved_to(p->now, p->now + 1, p->end), e);
}

static int play_slot(struct player *p, const struct policy *policy, struct err *e)
{
	if (comes_of_move(p->first, p->now) || (strcmp(p->now->i.outcome, "closed") == 0 && goes_on_elsewhere(p)))
		return 0;
	if (ONE_OF(p->now->i.outcome, "new-booking", "rebooked") && !*p->now->i.supersedes)
		return play_booking(p, policy, e);
	return enter_fact(p, policy, e);
}

/* What the policies asked to be woken for until then, in order. */
static int play_due(struct player *p, int64_t until, struct err *e)
{
	for (;;) {
		struct due *next = NULL;

		for (size_t n = 0; n < p->due_count; n++) {
			if (p->due[n].at <= until && (!next || p->due[n].at < next->at))
				next = &p->due[n];
		}
		if (!next)
			return 0;
		struct due due = *next;
		*next = p->due[--p->due_count];
		const struct policy *policy = policy_find(p->policies, due.change.collection);
		due.change.kind = POLICY_TICK;
		due.change.role = POLICY_TIMER;
		due.change.now = due.at;
		due.change.actor = due.change.actor_names = "";
		due.change.before = due.change.after;
		due.change.note = "";
		due.change.ref = NULL;
		if (ask(p, policy, &due.change, NULL, e))
			return -1;
	}
}

static int play_entry(struct player *p, int64_t since, struct err *e)
{
	const struct policy *policy = policy_find(p->policies, p->now->i.policy);
	const char *kind = p->now->kind;

	if (ONE_OF(kind, KIND_SHOWN, KIND_HIDDEN, KIND_WORDS))
		return 0;
	if (!policy) {
		p->left_out += p->now->incident && p->now->i.at >= since && p->now->i.at == p->now->when;
		return enter_fact(p, NULL, e);
	}
	if (play_due(p, p->now->when, e))
		return -1;
	if (p->now->when < since || strcmp(kind, KIND_ACCEPTED) == 0)
		return enter_fact(p, policy, e);
	if (strcmp(kind, KIND_SLOT) == 0)
		return play_slot(p, policy, e);
	return p->now->incident ? play_incident(p, policy, e) : 0;
}

/* ---- old against new ---- */

struct loss { const struct fee *fee; struct replay_result result; };

/* By owner and number, as the ledger is read. */
static int compare_places(const struct entry *entry, const struct fee *f)
{
	int order = strcmp(entry->owner, f->owner);

	return order ? order : (entry->seq > f->seq) - (entry->seq < f->seq);
}

/* What each loss came to at first, by fees_list()'s order, of which *count are given back. */
static int losses_of(struct store *s, const struct fee_filter *filter, int64_t since, struct arena *mem,
	struct loss **out, size_t *count, struct err *e)
{
	const struct ledger_query q = { .owner = filter->owner, .incidents_only = true };
	struct entry_list entries = { 0 };
	struct fee_list fees;
	struct loss *list;
	size_t at = 0;

	if (fees_list(s, filter, mem, &fees, e) || ledger_read(s, &q, mem, &entries, e))
		return -1;
	list = arena_array(mem, fees.count + 1, sizeof(*list));
	*count = 0;
	for (size_t n = 0; n < fees.count; n++) {
		const struct fee *f = &fees.fees[n];
		const struct policy_incident *first;

		while (at < entries.count && compare_places(&entries.entries[at], f) < 0)
			at++;
		if (at == entries.count || compare_places(&entries.entries[at], f) != 0)
			continue; /* erased since */
		first = &entries.entries[at].i;
		if (first->at < since || f->state == POLICY_VOID || ONE_OF(first->class_, "attended", "none", "reinstated"))
			continue;
		bool sold = strcmp(f->incident.reason, "refilled") == 0;
		list[(*count)++] = (struct loss){ f, { first->class_, sold ? "refilled" : first->outcome,
			sold ? 0 : first->charge, first->credit } };
	}
	*out = list;
	return 0;
}

/* Others are history alone. */
static size_t keep_known(const struct policy_set *set, struct loss *list, size_t count)
{
	size_t kept = 0;

	for (size_t n = 0; n < count; n++) {
		if (policy_find(set, list[n].fee->incident.policy))
			list[kept++] = list[n];
	}
	return kept;
}

static int compare_losses(const void *a, const void *b)
{
	const struct fee *x = ((const struct loss *)a)->fee, *y = ((const struct loss *)b)->fee;
	const char *const texts[][2] = { { x->owner, y->owner }, { x->incident.uid, y->incident.uid },
		{ x->incident.occurrence, y->incident.occurrence }, { x->incident.client, y->incident.client } };

	for (size_t n = 0; n < ARRAY_SIZE(texts); n++) {
		int order = strcmp(texts[n][0], texts[n][1]);

		if (order)
			return order;
	}
	return (x->incident.slot > y->incident.slot) - (x->incident.slot < y->incident.slot);
}

static int by_time(const void *a, const void *b)
{
	const struct replay_pair *x = a, *y = b;
	int order = strcmp(x->owner, y->owner);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

static struct replay_pair pair_of(const struct loss *before, const struct loss *after)
{
	static const struct replay_result nothing = { "", "", 0, 0 };
	const struct fee *f = before ? before->fee : after->fee;
	const struct policy_incident *i = &f->incident;
	const char *currency = *i->currency || !after ? i->currency : after->fee->incident.currency;

	return (struct replay_pair){ .owner = f->owner, .client = i->client, .name = fee_client(f), .uid = i->uid,
		.occurrence = i->occurrence, .policy = i->policy, .currency = currency, .at = i->at, .slot = i->slot,
		.before = before ? before->result : nothing, .after = after ? after->result : nothing };
}

bool replay_differs(const struct replay_pair *p)
{
	return p->before.fee != p->after.fee || p->before.credit != p->after.credit ||
		strcmp(p->before.class_, p->after.class_) != 0 || strcmp(p->before.outcome, p->after.outcome) != 0;
}

static void match(struct loss *old, size_t old_count, struct loss *fresh, size_t fresh_count,
	struct arena *mem, struct replay *out)
{
	size_t a = 0, b = 0;

	qsort(old, old_count, sizeof(*old), compare_losses);
	qsort(fresh, fresh_count, sizeof(*fresh), compare_losses);
	out->pairs = arena_array(mem, old_count + fresh_count + 1, sizeof(*out->pairs));
	while (a < old_count || b < fresh_count) {
		int order = a == old_count ? 1 : b == fresh_count ? -1 : compare_losses(&old[a], &fresh[b]);

		out->pairs[out->count++] = pair_of(order <= 0 ? &old[a] : NULL, order >= 0 ? &fresh[b] : NULL);
		a += order <= 0;
		b += order >= 0;
	}
	qsort(out->pairs, out->count, sizeof(*out->pairs), by_time);
	for (size_t n = 0; n < out->count; n++)
		out->changed += replay_differs(&out->pairs[n]);
}

/* ---- all of it ---- */

static int play_owner(struct player *p, const struct entry *first, const struct entry *end, int64_t since,
	int64_t now, struct err *e)
{
	p->owner = first->owner;
	p->first = first;
	p->end = end;
	p->due_count = 0;
	for (p->now = first; p->now < end; p->now++) {
		if (play_entry(p, since, e))
			return -1;
	}
	return play_due(p, now, e);
}

static int play(struct player *p, const struct entry_list *list, int64_t since, int64_t now, struct err *e)
{
	for (size_t from = 0, to; from < list->count; from = to) {
		const char *owner = list->entries[from].owner;

		for (to = from; to < list->count && strcmp(list->entries[to].owner, owner) == 0; to++)
			;
		if (play_owner(p, &list->entries[from], &list->entries[to], since, now, e))
			return -1;
	}
	return 0;
}

static int run(struct store *s, struct player *p, const char *owner, int64_t since, int64_t now,
	struct replay *out, struct err *e)
{
	const struct fee_filter filter = { .owner = owner };
	struct entry_list list = { 0 };
	struct loss *old, *fresh;
	size_t old_count, fresh_count;

	if (ledger_read(s, &(struct ledger_query){ .owner = owner }, p->mem, &list, e) ||
		play(p, &list, since, now, e) ||
		losses_of(s, &filter, since, p->mem, &old, &old_count, e) ||
		losses_of(p->store, &filter, since, p->mem, &fresh, &fresh_count, e)) {
		return -1;
	}
	old_count = keep_known(p->policies, old, old_count);
	fresh_count = keep_known(p->policies, fresh, fresh_count);
	match(old, old_count, fresh, fresh_count, p->mem, out);
	out->left_out = p->left_out;
	return 0;
}

int replay_run(struct store *s, const struct policy_set *policies, const char *owner, int64_t since,
	int64_t now, struct arena *mem, struct replay *out, struct err *e)
{
	struct player p = { .policies = policies, .source = s, .mem = mem };
	struct replay done = { 0 };
	int status;

	if (store_open("memory", NULL, NULL, &p.store, e))
		return -1;
	status = run(s, &p, owner, since, now, &done, e);
	store_close(p.store);
	if (status == 0)
		*out = done;
	return status;
}
