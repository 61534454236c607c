/* `dedit fee`: one incident, and what the owner decides about it, by the same way as words in its entry in
 * Fees. */
#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "base/util.h"
#include "ical/zone.h"
#include "policy/fees.h"
#include "policy/late/phrase.h"
#include "policy/late/words.h"
#include "policy/update.h"
#include "server/admin.h"

enum { SCREEN = 100, LABEL = 12 };

/* One of the incidents with that reference. */
struct target {
	const char *ref;
	const struct fee *fee;
};

enum action_arguments { TAKES_NOTHING, TAKES_REASON, TAKES_AMOUNT };

static const struct action {
	const char *name, *word;
	enum action_arguments takes;
	uint32_t done;            /* states in which it has been done already */
	const char *can, *nothing; /* "it can't be waived"; what to say where there is nothing to do */
} actions[] = {
	{ "ok", "#ok", TAKES_NOTHING, 1 << POLICY_DUE, "confirmed", NULL },
	{ "waive", "#waive", TAKES_REASON, 1 << POLICY_WAIVED | 1 << POLICY_CREDITED, "waived", NULL },
	{ "adjust", "#fee", TAKES_AMOUNT, 0, "set to that amount", NULL },
	{ "pay", "#paid", TAKES_NOTHING, 1 << POLICY_PAID, "paid", NULL },
	{ "unpay", "#unpaid", TAKES_NOTHING, 1 << POLICY_DUE, "unpaid", NULL },
	{ "dispute", "#dispute", TAKES_REASON, 1 << POLICY_DISPUTED, "disputed", NULL },
	{ "undo", "#undo", TAKES_NOTHING, 0, "taken back", "there is nothing to take back" },
};

/* ---- which one ---- */

/* References are read over the telephone: any case will do. */
static const char *read_ref(struct admin *a, const char *given)
{
	char *ref = arena_strdup(a->mem, given);

	for (char *p = ref; *p != '\0'; p++)
		*p = (char)ascii_toupper(*p);
	return strlen(ref) == REF_SIZE - 1 && ref_looks_right(ref) ? ref : NULL;
}

/* The youngest that stands, else the youngest. */
static int find_target(struct admin *a, const char *ref, struct target *out)
{
	const struct fee_filter filter = { .ref = ref };
	struct fee_list list;
	struct err e;

	if (fees_list(a->site->dav.store, &filter, a->mem, &list, &e) != 0)
		return admin_fail(a, "%s", e.text);
	if (list.count == 0)
		return admin_fail(a, "no incident has the reference %s", ref);
	*out = (struct target){ ref, &list.fees[list.count - 1] };
	for (size_t n = list.count; n-- > 0;) {
		if (list.fees[n].state != POLICY_VOID) {
			out->fee = &list.fees[n];
			break;
		}
	}
	return ADMIN_OK;
}

static const char *describe(struct admin *a, const struct fee *f)
{
	int64_t amount = f->incident.charge != 0 ? f->incident.charge : f->incident.hold;

	if (amount == 0)
		return admin_fee_state(f);
	return arena_printf(a->mem, "%s, %s", admin_fee_state(f), admin_money(a, amount, f->incident.currency));
}

/* ---- what to say ---- */

/* A '#' in it would be another word; blanks alone are no reason. */
static bool reason_valid(const char *text)
{
	return admin_text_valid(text) && strchr(text, '#') == NULL && text[strspn(text, " ")] != '\0';
}

static int add_reason(struct admin *a, const char *reason, const char **words)
{
	if (reason == NULL)
		return ADMIN_OK;
	if (!reason_valid(reason))
		return admin_misuse(a, "REASON: some text, at most 200 bytes of UTF-8 without control characters and '#'");
	/* emergencies are counted apart (policy.md 3.4) */
	*words = strcmp(reason, "emergency") == 0 && strcmp(*words, "#waive") == 0
		? "#emergency"
		: arena_printf(a->mem, "%s %s", *words, reason);
	return ADMIN_OK;
}

/* "30" in the fee's currency, or "30 EUR", which then has to be it. */
static int read_amount(struct admin *a, const struct fee *f, const char *text, struct money *out)
{
	const char *own = f->incident.currency;
	struct err e;

	if (*own != '\0' && strchr(text, ' ') == NULL)
		text = arena_printf(a->mem, "%s %s", text, own);
	if (money_parse(text, &out->minor, out->currency, &e) != 0)
		return admin_misuse(a, "AMOUNT: %s", e.text);
	if (*own != '\0' && strcmp(own, out->currency) != 0)
		return admin_misuse(a, "AMOUNT: this fee is in %s", own);
	if (out->minor <= money_units(AMOUNT_MAX_UNITS, out->currency))
		return ADMIN_OK;
	return admin_misuse(a, "AMOUNT: at most %d %s", AMOUNT_MAX_UNITS, out->currency);
}

struct saying { const char *words; struct money amount; };

static int read_saying(struct admin *a, const struct action *action, const struct fee *f, char *const *args,
	struct saying *out)
{
	bool amount = action->takes == TAKES_AMOUNT;
	int needed = action->takes != TAKES_NOTHING, code;

	*out = (struct saying){ .words = action->word };
	if (admin_expect(a, args, needed, needed + amount) < 0)
		return ADMIN_USAGE;
	if (amount) {
		code = read_amount(a, f, args[0], &out->amount);
		if (code != ADMIN_OK)
			return code;
		out->words = arena_printf(a->mem, "#fee %s",
			admin_money(a, out->amount.minor, out->amount.currency));
	}
	return needed ? add_reason(a, args[amount], &out->words) : ADMIN_OK;
}

/* ---- acting ---- */

static bool is_done(const struct action *action, const struct fee *f, const struct saying *say)
{
	if (action->takes == TAKES_AMOUNT)
		return (f->state == POLICY_DUE || f->state == POLICY_PAID) && f->incident.hold == 0 &&
			f->incident.charge == say->amount.minor;
	return (action->done >> f->state & 1) != 0 || action->nothing != NULL;
}

static int say_unchanged(struct admin *a, const struct action *action, const struct target *t,
	const struct saying *say)
{
	const char *policy = t->fee->incident.policy;

	if (policy_find(a->site->policies, policy) == NULL)
		return admin_fail(a, "%s: its policy '%s' is not configured any more", t->ref, policy);
	if (!is_done(action, t->fee, say))
		return admin_fail(a, "%s is %s: it can't be %s", t->ref, describe(a, t->fee), action->can);
	if (action->nothing != NULL)
		buf_printf(&a->out, "%s: %s; nothing changed\n", t->ref, action->nothing);
	else
		buf_printf(&a->out, "%s is %s already; nothing changed\n", t->ref, describe(a, t->fee));
	return ADMIN_OK;
}

static int act(struct admin *a, const struct action *action, const struct target *t, char *const *args)
{
	struct event_request rq = site_event_request(a->site, a->mem, a->now, false);
	struct saying say;
	struct target after;
	bool changed;
	struct err e;
	int code = read_saying(a, action, t->fee, args, &say);

	if (code != ADMIN_OK)
		return code;
	if (event_say(&rq, t->ref, say.words, &changed, &e) != 0)
		return admin_fail(a, "%s", e.text);
	code = find_target(a, t->ref, &after);
	if (code != ADMIN_OK)
		return code;
	if (!changed)
		return say_unchanged(a, action, &after, &say);
	buf_printf(&a->out, "%s is %s (before: %s)\n", t->ref, describe(a, after.fee), describe(a, t->fee));
	return ADMIN_OK;
}

/* ---- everything about one ---- */

static void line(struct admin *a, const char *label, const char *text)
{
	if (*text == '\0')
		return;
	buf_printf(&a->out, "%-*s", LABEL, label);
	text_show(text, &a->out);
	buf_addc(&a->out, '\n');
}

static void line_money(struct admin *a, const char *label, int64_t minor, const char *currency)
{
	if (minor > 0)
		line(a, label, admin_money(a, minor, currency));
}

static void line_time(struct admin *a, const char *label, const struct zone *zone, int64_t when)
{
	if (when != 0)
		line(a, label, admin_local_time(a, zone, when));
}

static void show_appointment(struct admin *a, const struct fee *f, const struct zone *zone)
{
	const struct policy_incident *i = &f->incident;

	line(a, "reference", i->ref);
	line(a, "owner", f->owner);
	line(a, "client", strcmp(fee_client(f), i->client) == 0 ? i->client :
		arena_printf(a->mem, "%s (%s)", fee_client(f), i->client));
	line(a, "attendee", i->attendee);
	line(a, "service", i->service);
	line(a, "start", arena_printf(a->mem, "%s %s", admin_local_time(a, zone, i->slot), zone_name(zone)));
	line_time(a, "end", zone, i->slot_end);
	line_time(a, "agreed for", zone, i->anchor != i->slot ? i->anchor : 0);
	line_time(a, "booked", zone, i->acquired);
	line_money(a, "price", i->price, i->currency);
	line(a, "event", i->uid);
	line(a, "date", i->occurrence);
}

static void show_incident(struct admin *a, const struct fee *f, const struct zone *zone)
{
	const struct policy_incident *i = &f->incident;

	line(a, "what", i->class_);
	line_time(a, "received", zone, i->at);
	line(a, "by", i->by);
	line(a, "notice", phrase_seconds(i->notice, a->mem));
	line(a, "agreed", i->required >= 0 ? phrase_seconds(i->required, a->mem) : "");
	line_time(a, "free until", zone, i->free_until);
	line(a, "outcome", i->outcome);
	line(a, "state", f->state_name);
	line_money(a, "fee", i->charge, i->currency);
	line_money(a, "of it tax", i->tax, i->currency);
	line(a, "basis", i->basis);
	line_money(a, "held", i->hold, i->currency);
	line_money(a, "deposit", i->deposit, i->currency);
	line_money(a, "refund", i->refund, i->currency);
	line_money(a, "credit", i->credit, i->currency);
	line(a, "reason", i->reason);
	line(a, "policy", i->policy);
	line(a, "version", i->version);
}

/* Who typed it, with which word; a word by nobody came with this command. */
static const char *who(struct admin *a, const struct policy_incident *i)
{
	return *i->word == '\0' ? i->actor :
		arena_printf(a->mem, "%s #%s", *i->actor != '\0' ? i->actor : "admin", i->word);
}

/* The ledger's own lines, in the order in which they were entered. */
static int show_history(struct admin *a, const struct target *t, const struct zone *zone)
{
	static const struct table_column columns[] = { { "ENTERED", false, false }, { "WHAT", false, false },
		{ "OUTCOME", false, false }, { "STATE", false, false }, { "FEE", true, false },
		{ "BY", false, false }, { "REASON", false, true } };
	const struct ledger_query q = { .owner = t->fee->owner, .ref = t->ref };
	struct entry_list list = { 0 };
	struct table table;
	struct err e;

	if (ledger_read(a->site->dav.store, &q, a->mem, &list, &e) != 0)
		return admin_fail(a, "%s", e.text);
	table_init(&table, columns, ARRAY_SIZE(columns), a->mem);
	for (size_t n = 0; n < list.count; n++) {
		const struct policy_incident *i = &list.entries[n].i;

		if (strcmp(list.entries[n].kind, KIND_SHOWN) != 0)
			table_add(&table, (const char *const[]){ admin_local_time(a, zone, list.entries[n].when),
				list.entries[n].kind, i->outcome, i->state != POLICY_NONE ? state_name(i->state) : "",
				i->charge != 0 ? admin_money(a, i->charge, i->currency) : "", who(a, i), i->reason });
	}
	buf_addc(&a->out, '\n');
	table_write(&table, SCREEN, &a->out);
	return ADMIN_OK;
}

static int show(struct admin *a, const struct target *t, char *const *args)
{
	const struct zone *zone = fee_zone(a->site->policies, t->fee);

	if (admin_expect(a, args, 0, 0) < 0)
		return ADMIN_USAGE;
	show_appointment(a, t->fee, zone);
	buf_addc(&a->out, '\n');
	show_incident(a, t->fee, zone);
	return show_history(a, t, zone);
}

/* ---- the command ---- */

int admin_fee(struct admin *a, char *const *args)
{
	struct target t;
	const char *ref;
	int code;

	if (args[0] == NULL || args[1] == NULL)
		return admin_misuse(a, "an argument is missing");
	ref = read_ref(a, args[0]);
	if (ref == NULL)
		return admin_misuse(a, "'%s' is no reference, which are like 7F3K-2Q9M", args[0]);
	code = find_target(a, ref, &t);
	if (code != ADMIN_OK)
		return code;
	if (strcmp(args[1], "show") == 0)
		return show(a, &t, args + 2);
	for (size_t n = 0; n < ARRAY_SIZE(actions); n++) {
		if (strcmp(args[1], actions[n].name) == 0)
			return act(a, &actions[n], &t, args + 2);
	}
	return admin_misuse(a, "'%s': show, ok, waive, adjust, pay, unpay, dispute or undo", args[1]);
}
