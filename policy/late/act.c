#include "policy/late/act.h"

#include <string.h>

#include "policy/late/chain.h"

static void give_back_deposit(struct policy_incident *i)
{
	i->refund += i->deposit;
	i->deposit = 0;
}

void act_waive(struct policy_incident *i, const char *reason)
{
	if (i->state == POLICY_PAID) { /* what was paid is owed back */
		i->state = POLICY_CREDITED;
		i->outcome = "credited";
		i->credit += i->charge - i->deposit;
	} else {
		i->state = POLICY_WAIVED;
		i->outcome = "waived";
	}
	i->reason = reason;
	give_back_deposit(i);
}

static void adjust(struct policy_incident *i, const struct money *amount)
{
	int64_t paid = i->deposit + i->refund, beside = i->charge - i->deposit;
	bool lowered = i->state == POLICY_PAID && amount->minor < i->charge;

	if (!lowered)
		i->state = POLICY_DUE;
	i->charge = amount->minor;
	i->hold = 0;
	i->currency = amount->currency;
	i->outcome = "adjusted";
	i->deposit = paid < i->charge ? paid : i->charge;
	i->refund = paid - i->deposit;
	if (lowered) /* what was paid beside the deposit and isn't needed any more */
		i->credit += beside - (i->charge - i->deposit);
}

/* Owed or paid already, that much and nothing else. */
static bool is_that(const struct policy_incident *i, const struct money *amount)
{
	return (i->state == POLICY_DUE || i->state == POLICY_PAID) && i->charge == amount->minor && i->hold == 0 &&
		strcmp(i->currency, amount->currency) == 0;
}

static bool confirm(struct policy_incident *i)
{
	if (i->state == POLICY_PROPOSED && i->charge == 0) {
		i->state = POLICY_NONE; /* a hold alone */
		i->outcome = "held";
		return true;
	}
	if (i->state != POLICY_PROPOSED && i->state != POLICY_PENDING && i->state != POLICY_DISPUTED)
		return false;
	i->state = POLICY_DUE;
	i->outcome = "charged";
	return true;
}

bool act_on(struct policy_incident *i, enum act act, const struct money *amount)
{
	bool open = i->state == POLICY_PROPOSED || i->state == POLICY_PENDING || i->state == POLICY_DUE ||
		i->state == POLICY_DISPUTED;

	switch (act) {
	case ACT_WAIVE:
	case ACT_EMERGENCY:
		if (i->state == POLICY_VOID || i->state == POLICY_WAIVED || i->state == POLICY_CREDITED)
			return false;
		/* An emergency is not counted, a session not used up, whether there is money in it or not. */
		if (!entry_has_money(i) && strcmp(i->outcome, "session") &&
				(act != ACT_EMERGENCY || strcmp(i->outcome, "none") == 0))
			return false;
		act_waive(i, act == ACT_EMERGENCY ? "emergency" : "goodwill");
		return true;
	case ACT_ADJUST:
		if (i->state == POLICY_VOID || (i->state == POLICY_PAID && amount->minor > i->charge) ||
				is_that(i, amount))
			return false;
		adjust(i, amount);
		return true;
	case ACT_PAY:
		if (!open || i->charge == 0)
			return false;
		i->state = POLICY_PAID;
		return true;
	case ACT_UNPAY:
		if (i->state != POLICY_PAID)
			return false;
		i->state = POLICY_DUE;
		return true;
	case ACT_DISPUTE:
		if (i->state != POLICY_DUE && i->state != POLICY_PENDING)
			return false;
		i->state = POLICY_DISPUTED;
		return true;
	case ACT_OK:
		return confirm(i);
	}
	return false;
}
