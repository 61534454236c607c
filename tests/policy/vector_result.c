/* What came of a step, against what the vector expects. */
#include "tests/policy/vectors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "policy/books.h"

static bool is_slot(const struct policy_incident *i)
{
	return strcmp(i->class_, "slot") == 0;
}

struct result {
	const char *class_, *outcome;
	int64_t fee, balance, held, late_count, sessions, refund, credit;
};

/* Neither a booking nor an incident, or only another state of one: nothing that a step is called by. */
static bool is_aside(const struct policy_incident *i)
{
	if (i->state == POLICY_PAID || i->state == POLICY_DISPUTED || strcmp(i->word, "unpaid") == 0)
		return true;
	return is_slot(i) || strcmp(i->class_, "words") == 0 || strcmp(i->class_, "accepted") == 0;
}

static bool is_late(const struct policy_incident *i)
{
	return strcmp(i->class_, "late-cancel") == 0 || strcmp(i->class_, "late-move") == 0 ||
		strcmp(i->class_, "no-show") == 0;
}

static bool is_charged(const struct policy_incident *i)
{
	return strcmp(i->outcome, "charged") == 0;
}

/* Which of two entries of a step speaks for it: late before in time, charged before not, the earlier date. */
static bool speaks_before(const struct policy_incident *a, const struct policy_incident *b)
{
	if (is_late(a) != is_late(b))
		return is_late(a);
	if (is_charged(a) != is_charged(b))
		return is_charged(a);
	return a->slot < b->slot;
}

/* Entries of class slot count only where they are all there is: bookings. */
static void read_bookings(const struct play *p, struct result *r)
{
	for (size_t n = p->step; n < p->sink.count; n++) {
		const struct policy_incident *i = &p->sink.entries[n];

		if (is_slot(i) && (strcmp(i->outcome, "new-booking") == 0 || strcmp(i->outcome, "rebooked") == 0))
			r->class_ = i->outcome;
	}
}

static void read_reinstated(const struct play *p, struct result *r)
{
	const struct policy_incident *at = p->sink.entries;

	for (size_t n = p->step; n < p->sink.count; n++) {
		if (strcmp(at[n].class_, "reinstated"))
			continue;
		r->class_ = "reinstated";
		r->outcome = "void";
		for (size_t k = p->step; k < n; k++) {
			if (!is_slot(&at[k]) && strcmp(at[k].ref, at[n].supersedes) == 0)
				r->outcome = "none"; /* nothing that anybody saw was taken back */
		}
	}
}

/* A date that went and came back in the same step, under another UID: nothing happened to it. */
static bool came_back(const struct play *p, size_t n)
{
	const struct policy_incident *at = p->sink.entries;

	for (size_t k = n + 1; k < p->sink.count; k++) {
		if (is_slot(&at[k]) && at[k].slot == at[n].slot && strcmp(at[k].client, at[n].client) == 0 &&
				strcmp(at[k].uid, at[n].uid))
			return true;
	}
	return false;
}

/* What is held in minor units, as the event shows it. */
static int64_t held(const struct play *p)
{
	static const char name[] = "X-DEDIT-HELD;CURRENCY=";
	int64_t minor = 0;

	for (size_t n = 0; n < p->sink.shown.lines; n++) {
		const char *value = p->sink.shown.value[n];

		if (str_starts(p->sink.shown.name[n], name))
			money_parse_number(value, strlen(value),
				money_decimals(p->sink.shown.name[n] + strlen(name)), &minor);
	}
	return minor;
}

/* An absence that was none, the owner's doing after all. */
static void read_voided(const struct play *p, struct result *r)
{
	for (size_t n = p->step; n < p->sink.count; n++) {
		const struct policy_incident *i = &p->sink.entries[n];

		if (i->state != POLICY_VOID || is_aside(i) || strcmp(i->class_, "reinstated") == 0)
			continue;
		r->class_ = i->class_;
		r->outcome = i->outcome;
		r->refund += i->refund;
		r->credit += i->credit;
	}
}

static void result_read(const struct play *p, struct result *r)
{
	const struct policy_incident *spokesman = NULL;

	*r = (struct result){ .class_ = "none", .outcome = "none", .held = held(p) };
	for (size_t n = 0; n < p->sink.count; n++) {
		const struct policy_incident *i = &p->sink.entries[n];

		if (!late_host_stands(&p->sink, n) || str_starts(i->uid, "history-"))
			continue;
		if (i->state == POLICY_DUE)
			r->balance += i->charge;
		r->balance -= i->state == POLICY_DUE || i->state == POLICY_NONE ? i->deposit : 0;
		if (n < p->step || came_back(p, n) || is_aside(i))
			continue;
		r->fee += i->state == POLICY_WAIVED || i->state == POLICY_CREDITED ? 0 : i->charge;
		r->late_count += is_late(i);
		r->sessions += strcmp(i->outcome, "session") == 0;
		r->refund += i->refund;
		r->credit += i->credit;
		if (!spokesman || speaks_before(i, spokesman))
			spokesman = i;
	}
	r->balance = r->balance > 0 ? r->balance : 0;
	read_bookings(p, r);
	read_reinstated(p, r);
	read_voided(p, r);
	if (spokesman) {
		r->class_ = strcmp(spokesman->reason, "refilled") ? spokesman->class_ : "refilled";
		r->outcome = spokesman->outcome;
	}
}

static bool number_agrees(const json_t *expect, const char *key, int64_t got)
{
	const json_t *value = json_object_get(expect, key);

	return !json_is_integer(value) || json_integer_value(value) == got;
}

bool tax_agrees(struct play *p)
{
	const json_t *tax = json_object_get(p->vector, "tax");
	int64_t gross = 0, part = 0;

	for (size_t n = 0; n < p->sink.count; n++) {
		if (late_host_stands(&p->sink, n) && p->sink.entries[n].state == POLICY_DUE &&
				!str_starts(p->sink.entries[n].uid, "history-")) {
			gross += p->sink.entries[n].charge;
			part += p->sink.entries[n].tax;
		}
	}
	if (!tax || (number_agrees(tax, "gross", gross) && number_agrees(tax, "net", gross - part) &&
			number_agrees(tax, "tax", part)))
		return true;
	snprintf(p->why, sizeof(p->why), "got gross %" PRId64 " tax %" PRId64
		", expected another split", gross, part);
	return false;
}

/* The books say the same (doc/policy.md 5.3): what is owed is what is receivable. */
static bool books_agree(struct play *p, size_t step, const json_t *expect)
{
	const struct event_actor nobody = { .name = "" };
	struct event_request rq = whole_request(p->whole, &nobody, p->now);
	int64_t receivable = 0;
	struct books books;
	struct err e;

	if (books_read(rq.store, rq.policies, "owner", p->mem, &books, &e)) {
		snprintf(p->why, sizeof(p->why), "step %zu: books: %s", step + 1, e.text);
		return false;
	}
	for (size_t n = 0; n < books.count * TRANSACTION_PARTS; n++)
		receivable += books.transactions[n / TRANSACTION_PARTS].part[n % TRANSACTION_PARTS].minor[BOOK_RECEIVABLE];
	if (number_agrees(expect, "balance", receivable))
		return true;
	snprintf(p->why, sizeof(p->why), "step %zu: %" PRId64 " receivable in the books, expected another balance",
		step + 1, receivable);
	return false;
}

bool agrees(struct play *p, size_t step, const json_t *expect)
{
	struct result r;
	char *text;

	if (p->whole && !books_agree(p, step, expect))
		return false;
	result_read(p, &r);
	if (strcmp(r.class_, text_of(expect, "class")) == 0 && strcmp(r.outcome, text_of(expect, "outcome")) == 0 &&
			number_agrees(expect, "fee", r.fee) && number_agrees(expect, "balance", r.balance) &&
			number_agrees(expect, "held", r.held) && number_agrees(expect, "late_count", r.late_count) &&
			number_agrees(expect, "sessions", r.sessions) && number_agrees(expect, "refund", r.refund) &&
			number_agrees(expect, "credit", r.credit))
		return true;
	text = json_dumps(expect, JSON_COMPACT);
	snprintf(p->why, sizeof(p->why), "step %zu: got %s %s fee %" PRId64 " balance %" PRId64 " held %" PRId64
		" late %" PRId64 " sessions %" PRId64 " refund %" PRId64 " credit %" PRId64
		", expected %s", step + 1, r.class_,
		r.outcome, r.fee, r.balance, r.held, r.late_count, r.sessions, r.refund, r.credit, text ? text : "");
	free(text);
	return false;
}
