/*
 * A small policy: books a slot, charges 80 EUR for a cancellation less than a day before, but not
 * the client's first one. The title "no …" is refused, "broken …" fails, "wake …" asks for a wake
 * at the start. Remembers nothing itself.
 */
#include "event_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "ical/zone.h"
#include "policy/host.h"

static const struct policy_host *host;

struct memory {
	int64_t slot;
	char class_[16], outcome[16], ref[REF_SIZE];
	uint32_t state;
	int count;
};

static int remember(const struct policy_incident *i, void *arg)
{
	struct memory *m = arg;

	if (m->slot && i->slot != m->slot)
		return 0;
	snprintf(m->class_, sizeof(m->class_), "%s", i->class_);
	snprintf(m->outcome, sizeof(m->outcome), "%s", i->outcome);
	snprintf(m->ref, sizeof(m->ref), "%s", i->ref);
	m->state = i->state;
	m->count += strcmp(i->class_, "late-cancel") == 0;
	return 0;
}

static int test_open(const struct policy_host *h, const char *name, const char *digest,
	const struct policy_setting *settings, size_t n, void **self, char *why, size_t why_size)
{
	host = h;
	return 0;
}

static int64_t test_horizon(void *self)
{
	return 10 * 86400;
}

static void test_close(void *self)
{
}

static int show_cancelled(struct policy_sink *s, const struct memory *m)
{
	host->annotate(s, POLICY_REF, NULL, m->ref);
	host->annotate(s, POLICY_TITLE_PREFIX, NULL, "✗ Late cancel 80.00 EUR");
	host->annotate(s, POLICY_NOTE_BLOCK, NULL, "Late cancellation.\nFee 80.00 EUR.");
	host->annotate(s, POLICY_TRANSP, NULL, "TRANSPARENT");
	host->annotate(s, POLICY_CATEGORY, NULL, "Late cancellation");
	return host->annotate(s, POLICY_PROPERTY, "X-DEDIT-CLASS", "LATE-CANCEL");
}

static int tell(struct policy_sink *s, const struct policy_change *c, const char *class_,
	int64_t slot, uint32_t state, const char *outcome)
{
	struct policy_incident i = { .size = sizeof(i),
		.state = state,
		.at = c->now,
		.slot = slot,
		.slot_end = slot + 3600,
		.acquired = strcmp(class_, "slot") == 0 ? c->now : 0,
		.class_ = class_,
		.outcome = outcome,
		.client = "client",
		.title = c->summary,
		.ref = *c->ref ? c->ref : c->fresh_ref,
		.currency = "EUR",
		.charge = state == POLICY_DUE ? 8000 : 0,
		.price = 8000,
		.policy = "test",
		.supersedes = state == POLICY_VOID ? c->ref : "" };

	return host->incident(s, &i);
}

static int late_cancel(const struct policy_change *c, struct policy_sink *s)
{
	struct memory client = { 0 };

	host->history(s,
		&(struct policy_query){ .size = sizeof(struct policy_query), .client = "client" },
		remember, &client);
	return client.count ? tell(s, c, "late-cancel", c->before.start, POLICY_DUE, "charged") :
		tell(s, c, "late-cancel", c->before.start, POLICY_DUE, "forgiven");
}

static int test_check(void *self, const struct policy_change *c, struct policy_sink *s)
{
	const struct policy_query mine = { .size = sizeof(mine), .uid = c->uid };
	int64_t start = c->kind == POLICY_CANCELLED ? c->before.start : c->after.start;
	bool late = c->now > c->before.start - 86400;
	struct memory m = { .slot = start };

	if (str_starts(c->summary, "broken"))
		return -1;
	if (str_starts(c->summary, "no ") && c->kind != POLICY_CHANGED)
		return host->deny(s, "not on my watch");
	if (str_starts(c->summary, "wake")) {
		host->wake(s, start);
	}
	host->history(s, &mine, remember, &m);
	if (c->kind == POLICY_BOOKED && m.state == POLICY_DUE) {
		tell(s, c, "reinstated", start, POLICY_VOID, "void");
	} else if (c->kind == POLICY_BOOKED || c->kind == POLICY_MOVED) {
		tell(s, c, "slot", start, POLICY_NONE, "");
	} else if (c->kind == POLICY_CANCELLED && c->role != POLICY_ADMIN && late) {
		late_cancel(c, s);
	} else if (c->kind == POLICY_TICK && (c->flags & POLICY_GONE)) {
		return tell(s, c, "late-cancel", c->before.start, POLICY_PAID, "charged");
	} else if (c->kind == POLICY_TICK) {
		host->annotate(s, POLICY_PROPERTY, "X-DEDIT-TICKED", "1");
	}
	m = (struct memory){ .slot = start };
	host->history(s, &mine, remember, &m);
	if ((c->flags & POLICY_SERIES) && !*c->occurrence) { /* the master */
		return host->annotate(
			s, POLICY_NOTE_BLOCK, NULL, "Free to cancel a day before each date.");
	}
	if (m.state == POLICY_DUE)
		return show_cancelled(s, &m);
	host->annotate(s, POLICY_REF, NULL, m.ref);
	return c->kind == POLICY_CANCELLED ?
		0 :
		host->annotate(s, POLICY_NOTE_BLOCK, NULL, "Free to cancel.");
}

static const struct policy_module test_module = {
	.abi = DEDIT_POLICY_ABI, .size = sizeof(test_module), .name = "test", .version = "1",
	.open = test_open, .horizon = test_horizon, .check = test_check, .close = test_close,
};

int setup_module(void **state)
{
	if (make_fixture(state))
		return -1;
	struct fixture *f = *state;
	f->policies = policy_none();
	struct policy *p = f->policies->policies = arena_array(f->policies->mem, 1, sizeof(*p));
	*p = (struct policy){ .name = "test", .language = "en", .zone = zone_find("Europe/Paris"),
		.module = &test_module };
	f->policies->policy_count = 1;
	f->policies->calendars = arena_array(f->policies->mem, 2, sizeof(*f->policies->calendars));
	f->policies->calendars[0] = (struct policy_calendar){ "anna", "work", p };
	f->policies->calendars[1] = (struct policy_calendar){ "anna", "other", p };
	f->policies->calendar_count = 2;
	return test_open(&policy_host_v1, "test", "", NULL, 0, &p->self, NULL, 0);
}
