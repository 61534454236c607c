/* `dedit fee`: one incident, and what the owner decides about it, by the same way as words in its entry in
 * Fees. */
#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "base/util.h"
#include "ical/zone.h"
#include "policy/fee_act.h"
#include "policy/fees.h"
#include "policy/late/phrase.h"
#include "server/admin.h"

enum { SCREEN = 100, LABEL = 12 };

/* ---- acting ---- */

/* Arguments of the command in the order of the table: AMOUNT, then REASON. */
static int act(struct admin *a, const struct fee_act *act, const char *ref, char *const *args)
{
	struct event_request rq = site_event_request(a->site, a->mem, a->now, false);
	bool amount = act->takes == FEE_TAKES_AMOUNT;
	int needed = act->takes != FEE_TAKES_NOTHING;
	const char *reason;
	struct fee_acted done;
	struct err e;

	if (admin_expect(a, args, needed, needed + amount) < 0)
		return ADMIN_USAGE;
	reason = needed ? args[amount] : NULL;
	if (fee_act(&rq, act, ref, reason, amount ? args[0] : NULL, &done, &e) != 0)
		return e.code == ERR_INVALID ? admin_misuse(a, "%s", e.text) : admin_fail(a, "%s", e.text);
	buf_printf(&a->out, "%s\n", done.line);
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
static int show_history(struct admin *a, const struct fee *f, const struct zone *zone)
{
	static const struct table_column columns[] = { { "ENTERED", false, false }, { "WHAT", false, false },
		{ "OUTCOME", false, false }, { "STATE", false, false }, { "FEE", true, false },
		{ "BY", false, false }, { "REASON", false, true } };
	const struct ledger_query q = { .owner = f->owner, .ref = f->incident.ref };
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

static int show(struct admin *a, const char *ref, char *const *args)
{
	const struct zone *zone;
	struct fee f;
	struct err e;

	if (admin_expect(a, args, 0, 0) < 0)
		return ADMIN_USAGE;
	if (fee_find(a->site->dav.store, ref, a->mem, &f, &e) != 0)
		return admin_fail(a, "%s", e.text);
	zone = fee_zone(a->site->policies, &f);
	show_appointment(a, &f, zone);
	buf_addc(&a->out, '\n');
	show_incident(a, &f, zone);
	return show_history(a, &f, zone);
}

/* ---- the command ---- */

int admin_fee(struct admin *a, char *const *args)
{
	const struct fee_act *wanted;
	const char *ref;

	if (args[0] == NULL || args[1] == NULL)
		return admin_misuse(a, "an argument is missing");
	ref = fee_ref(args[0], a->mem);
	if (ref == NULL)
		return admin_misuse(a, "'%s' is no reference, which are like 7F3K-2Q9M", args[0]);
	if (strcmp(args[1], "show") == 0)
		return show(a, ref, args + 2);
	wanted = fee_act_find(args[1]);
	if (wanted != NULL)
		return act(a, wanted, ref, args + 2);
	return admin_misuse(a, "'%s': show, ok, waive, emergency, adjust, pay, unpay, dispute or undo", args[1]);
}
