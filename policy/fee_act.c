#include "policy/fee_act.h"

#include <string.h>

#include "base/util.h"
#include "policy/fees.h"
#include "policy/late/words.h"

enum { REASON_MAX = 200 };

#define PROPOSED (UINT32_C(1) << POLICY_PROPOSED)
#define PENDING (UINT32_C(1) << POLICY_PENDING)
#define DUE (UINT32_C(1) << POLICY_DUE)
#define PAID (UINT32_C(1) << POLICY_PAID)
#define WAIVED (UINT32_C(1) << POLICY_WAIVED)
#define CREDITED (UINT32_C(1) << POLICY_CREDITED)
#define DISPUTED (UINT32_C(1) << POLICY_DISPUTED)
#define OPEN (PROPOSED | PENDING | DUE | DISPUTED)

const struct fee_act fee_acts[] = {
	{ "ok", "#ok", FEE_TAKES_NOTHING, PROPOSED | PENDING | DISPUTED, DUE, "confirmed", NULL },
	{ "pay", "#paid", FEE_TAKES_NOTHING, DUE | DISPUTED, PAID, "paid", NULL },
	{ "unpay", "#unpaid", FEE_TAKES_NOTHING, PAID, DUE, "unpaid", NULL },
	{ "waive", "#waive", FEE_TAKES_REASON, OPEN | PAID, WAIVED | CREDITED, "waived", NULL },
	{ "emergency", "#emergency", FEE_TAKES_NOTHING, OPEN | PAID, WAIVED | CREDITED, "waived", NULL },
	{ "adjust", "#fee", FEE_TAKES_AMOUNT, OPEN, 0, "set to that amount", NULL },
	{ "dispute", "#dispute", FEE_TAKES_REASON, DUE, DISPUTED, "disputed", NULL },
	{ "undo", "#undo", FEE_TAKES_NOTHING, PAID | WAIVED | CREDITED | DISPUTED, 0, "taken back",
		"there is nothing to take back" },
	{ 0 },
};

const struct fee_act *fee_act_find(const char *name)
{
	for (const struct fee_act *act = fee_acts; act->name; act++) {
		if (strcmp(act->name, name) == 0)
			return act;
	}
	return NULL;
}

const char *fee_act_words(uint32_t state, struct arena *mem)
{
	const char *words = "";

	for (const struct fee_act *act = fee_acts; act->name; act++) {
		if (act->follows >> state & 1 && strcmp(act->word, "#undo") != 0)
			words = arena_printf(mem, "%s%s%s", words, *words ? " " : "", act->word);
	}
	if ((PROPOSED | PENDING | DUE) >> state & 1)
		words = arena_printf(mem, "%s #me", words); /* which is about the appointment */
	return words;
}

/* ---- which one ---- */

const char *fee_ref(const char *given, struct arena *mem)
{
	char *ref = arena_strdup(mem, given);

	for (char *p = ref; *p; p++)
		*p = (char)ascii_toupper(*p);
	return strlen(ref) == REF_SIZE - 1 && ref_looks_right(ref) ? ref : NULL;
}

/* also: entries that are not stored, or NULL. */
static int find_with(struct store *s, const char *ref, const struct entry_list *also, struct arena *mem,
	struct fee *out, struct err *e)
{
	struct fee_filter filter = { .ref = ref, .also = also };
	const struct policy_incident *last;
	struct entry_list entries = { 0 };
	struct fee_list list = { 0 };

	/* all about one event is read then, not all that ever happened */
	if (ledger_read(s, &(struct ledger_query){ .ref = ref }, mem, &entries, e))
		return -1;
	last = entry_incident(&entries, ref);
	if (last) {
		filter.owner = entries.entries[0].owner;
		filter.uid = last->uid;
		if (fees_list(s, &filter, mem, &list, e))
			return -1;
	}
	if (list.count == 0)
		return err_set(e, ERR_NOT_FOUND, "no incident has the reference %s", ref);
	*out = list.fees[list.count - 1];
	for (size_t n = list.count; n-- > 0;) {
		if (list.fees[n].state != POLICY_VOID) {
			*out = list.fees[n];
			break;
		}
	}
	return 0;
}

int fee_find(struct store *s, const char *ref, struct arena *mem, struct fee *out, struct err *e)
{
	return find_with(s, ref, NULL, mem, out, e);
}

/* ---- in words ---- */

const char *money_words(int64_t minor, const char *currency, struct arena *mem)
{
	char number[MONEY_SIZE];

	if (money_format(minor, currency, number, sizeof(number)))
		return "";
	return arena_printf(mem, "%s %s", number, currency);
}

const char *fee_state_words(const struct fee *f)
{
	return f->state == POLICY_NONE && strcmp(f->incident.outcome, "none") != 0 ? f->incident.outcome
										   : f->state_name;
}

const char *fee_describe(const struct fee *f, struct arena *mem)
{
	int64_t amount = f->incident.charge != 0 ? f->incident.charge : f->incident.hold;

	if (amount == 0)
		return fee_state_words(f);
	return arena_printf(mem, "%s, %s", fee_state_words(f), money_words(amount, f->incident.currency, mem));
}

/* ---- what to say ---- */

struct saying { const char *words; struct money amount; };

/* A '#' in it would be another word; blanks alone are no reason. */
static bool reason_valid(const char *text)
{
	size_t len = strlen(text);

	if (len > REASON_MAX || !utf8_valid(text, len) || strchr(text, '#') || !text[strspn(text, " ")])
		return false;
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	}
	return true;
}

static int add_reason(const char *reason, struct arena *mem, const char **words, struct err *e)
{
	if (!reason_valid(reason))
		return err_set(e, ERR_INVALID, "REASON: some text, at most %d bytes of UTF-8 without control "
			"characters and '#'", REASON_MAX);
	/* emergencies are counted apart (policy.md 3.4) */
	*words = strcmp(reason, "emergency") == 0 && strcmp(*words, "#waive") == 0 ? "#emergency" :
		arena_printf(mem, "%s %s", *words, reason);
	return 0;
}

/* "30" in the fee's currency, or "30 EUR", which then has to be it. */
static int read_amount(const struct fee *f, const char *text, struct arena *mem, struct money *out,
	struct err *e)
{
	const char *own = f->incident.currency;
	struct err why;

	if (*own && !strchr(text, ' '))
		text = arena_printf(mem, "%s %s", text, own);
	if (money_parse(text, &out->minor, out->currency, &why))
		return err_set(e, ERR_INVALID, "AMOUNT: %s", why.text);
	if (*own && strcmp(own, out->currency) != 0)
		return err_set(e, ERR_INVALID, "AMOUNT: this fee is in %s", own);
	if (out->minor <= money_units(AMOUNT_MAX_UNITS, out->currency))
		return 0;
	return err_set(e, ERR_INVALID, "AMOUNT: at most %d %s", AMOUNT_MAX_UNITS, out->currency);
}

static int read_saying(const struct fee_act *act, const struct fee *f, const char *reason, const char *amount,
	struct arena *mem, struct saying *out, struct err *e)
{
	*out = (struct saying){ .words = act->word };
	if ((reason && act->takes == FEE_TAKES_NOTHING) || (amount && act->takes != FEE_TAKES_AMOUNT))
		return err_set(e, ERR_INVALID, "%s takes no %s", act->name, amount ? "amount" : "reason");
	if (!amount && act->takes == FEE_TAKES_AMOUNT)
		return err_set(e, ERR_INVALID, "AMOUNT is missing");
	if (amount) {
		if (read_amount(f, amount, mem, &out->amount, e))
			return -1;
		out->words = arena_printf(mem, "#fee %s", money_words(out->amount.minor, out->amount.currency, mem));
	}
	return reason ? add_reason(reason, mem, &out->words, e) : 0;
}

/* ---- acting ---- */

static bool is_done(const struct fee_act *act, const struct fee *f, const struct saying *say)
{
	if (act->takes == FEE_TAKES_AMOUNT)
		return (f->state == POLICY_DUE || f->state == POLICY_PAID) && f->incident.hold == 0 &&
			f->incident.charge == say->amount.minor;
	return (act->done >> f->state & 1) != 0 || act->nothing;
}

static int tell_unchanged(const struct event_request *rq, const struct fee_act *act, const struct saying *say,
	struct fee_acted *out, struct err *e)
{
	const struct policy_incident *i = &out->after.incident;
	const char *words = fee_describe(&out->after, rq->mem);

	if (!policy_find(rq->policies, i->policy))
		return err_set(e, ERR_DENIED, "%s: its policy '%s' is not configured any more", i->ref, i->policy);
	if (!is_done(act, &out->after, say))
		return err_set(e, ERR_DENIED, "%s is %s: it can't be %s", i->ref, words, act->can);
	out->line = act->nothing ? arena_printf(rq->mem, "%s: %s; nothing changed", i->ref, act->nothing) :
		arena_printf(rq->mem, "%s is %s already; nothing changed", i->ref, words);
	return 0;
}

int fee_act(const struct event_request *rq, const struct fee_act *act, const char *ref, const char *reason,
	const char *amount, struct fee_acted *out, struct err *e)
{
	struct entry_list entered = { 0 };
	struct event_request as = *rq;
	struct saying say;

	as.entered = &entered;
	*out = (struct fee_acted){ .changed = false };
	if (fee_find(rq->store, ref, rq->mem, &out->before, e) ||
		read_saying(act, &out->before, reason, amount, rq->mem, &say, e) ||
		event_say(&as, ref, say.words, &out->changed, e))
		return -1;
	if (find_with(rq->store, ref, rq->preview ? &entered : NULL, rq->mem, &out->after, e))
		return -1;
	if (!out->changed)
		return tell_unchanged(rq, act, &say, out, e);
	out->line = arena_printf(rq->mem, "%s %s %s (before: %s)", ref, rq->preview ? "becomes" : "is",
		fee_describe(&out->after, rq->mem), fee_describe(&out->before, rq->mem));
	return 0;
}
