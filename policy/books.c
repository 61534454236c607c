#include "policy/books.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ical/zone.h"
#include "policy/host.h"
#include "policy/ledger.h"
#include "policy/plain_name.h"

enum { DAY = 86400 };

/* One incident, or the deposit of one slot, as it stands so far. */
struct thread {
	const struct entry *last;
	int64_t paid;                /* by the client, of this incident */
	bool slot;
	struct book_position now;
};

/* What is under way: the entries of one UID, in order. */
struct reading {
	struct arena *mem;
	const struct policy_set *policies;
	struct books *out;
	size_t size;
	struct thread *threads;
	size_t thread_count;
};

/* ---- positions ---- */

static bool is_owners(const struct policy_incident *i)
{
	return strcmp(i->class_, "owner-cancel") == 0 || strcmp(i->class_, "owner-move") == 0;
}

static bool is_owed(uint32_t state)
{
	return state == POLICY_DUE || state == POLICY_PAID || state == POLICY_DISPUTED;
}

/* What is owed to the client beside the deposit that goes back. What was paid for a fee that fell away is. */
static int64_t credit_of(const struct policy_incident *i, int64_t paid)
{
	if (is_owners(i) || i->state == POLICY_CREDITED)
		return i->credit;
	if (is_owed(i->state))
		return i->credit < paid ? i->credit : paid;
	return paid;
}

/* deposit: paid in advance and not accounted for by the entry itself (arrhes that the owner returns twice).
 * Where a fee is owed the rest is receivable; where none is, the owner's expense. */
static void position_of(const struct policy_incident *i, int64_t paid, int64_t deposit,
	struct book_position *out)
{
	bool open = i->state == POLICY_PROPOSED || i->state == POLICY_PENDING, owed = is_owed(i->state);
	int64_t *m = out->minor, rest = 0;

	*out = (struct book_position){ 0 };
	memcpy(out->currency, i->currency, strnlen(i->currency, CURRENCY_SIZE - 1));
	if (open)
		return;
	m[BOOK_DEPOSITS] = (owed ? i->deposit : 0) + i->refund + deposit;
	m[BOOK_PAYMENTS] = paid;
	m[BOOK_CREDITS] = -(i->refund + credit_of(i, paid));
	m[BOOK_INCOME] = owed ? i->tax - i->charge : 0;
	m[BOOK_TAX] = owed ? -i->tax : 0;
	for (size_t a = 0; a < BOOK_ACCOUNTS; a++)
		rest -= m[a];
	m[i->state == POLICY_DISPUTED ? BOOK_DISPUTED : owed ? BOOK_RECEIVABLE : BOOK_EXPENSE] += rest;
}

static void position_of_deposit(const struct policy_incident *i, struct book_position *out)
{
	*out = (struct book_position){ 0 };
	memcpy(out->currency, i->currency, strnlen(i->currency, CURRENCY_SIZE - 1));
	out->minor[BOOK_PAYMENTS] = i->deposit;
	out->minor[BOOK_DEPOSITS] = -i->deposit;
}

static bool is_zero(const struct book_position *p)
{
	for (size_t a = 0; a < BOOK_ACCOUNTS; a++) {
		if (p->minor[a] != 0)
			return false;
	}
	return true;
}

static void add_part(struct transaction *t, const struct book_position *p, int sign)
{
	struct book_position *part = t->part;

	while (part < t->part + t->parts && strcmp(part->currency, p->currency) != 0)
		part++;
	if (is_zero(p) || part == t->part + TRANSACTION_PARTS)
		return;
	if (part == t->part + t->parts) {
		t->parts++;
		memcpy(part->currency, p->currency, CURRENCY_SIZE);
	}
	for (size_t a = 0; a < BOOK_ACCOUNTS; a++)
		part->minor[a] += sign * p->minor[a];
}

/* ---- words ---- */

static const struct { const char *class_, *name; } names[] = {
	{ "late-cancel", "Late cancellation" }, { "late-move", "Late move" }, { "no-show", "No-show" },
	{ "over-limit-move", "Move over the limit" }, { "shortened", "Shortened appointment" },
	{ "on-time-cancel", "Withdrawal" }, { "owner-cancel", "Cancelled by us" },
	{ "owner-move", "Moved by us" }, { "reinstated", "Reinstated" }, { "attended", "Attended" },
};

static const char *class_name(const struct policy_incident *i, struct arena *mem)
{
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		if (strcmp(names[n].class_, i->class_) == 0)
			return names[n].name;
	}
	return plain_name(i->class_, mem);
}

static const char *with_reason(const char *what, const struct policy_incident *i, struct arena *mem)
{
	const char *reason = plain_name(i->reason, mem);

	return *reason ? arena_printf(mem, "%s (%s)", what, reason) : what;
}

/* What happened to an incident that stood there before (NULL: to none). */
static const char *what_happened(const struct policy_incident *before, const struct policy_incident *i,
	struct arena *mem)
{
	bool stood = before && is_owed(before->state);

	switch (i->state) {
	case POLICY_VOID:
		return is_owners(i) ? class_name(i, mem) : "Void";
	case POLICY_WAIVED:
		return with_reason("Waived", i, mem);
	case POLICY_CREDITED:
		return before ? with_reason("Credited", i, mem) : class_name(i, mem);
	case POLICY_PAID:
		return stood && before->state == POLICY_PAID ? "Adjusted" : "Paid";
	case POLICY_DISPUTED:
		return "Disputed";
	default:
		break;
	}
	if (!stood)
		return class_name(i, mem);
	if (before->state == POLICY_PAID && before->charge == i->charge)
		return "Unpaid";
	return before->state == POLICY_DISPUTED && before->charge == i->charge ? "Dispute settled" : "Adjusted";
}

/* ---- transactions ---- */

static const struct zone *zone_for(const struct reading *r, const struct policy_incident *i)
{
	const struct policy *p = policy_find(r->policies, i->policy);

	return p ? p->zone : zone_utc();
}

static struct transaction *add_transaction(struct reading *r)
{
	r->out->transactions = arena_room(r->mem, r->out->transactions, r->out->count, &r->size,
		sizeof(*r->out->transactions));
	return &r->out->transactions[r->out->count++];
}

static int book(struct reading *r, const struct transaction *t, const char *what, const struct entry *entry,
	struct err *e)
{
	const struct policy_incident *i = &entry->i;
	bool empty = true;
	struct transaction *made;

	for (size_t n = 0; n < t->parts; n++) {
		empty = empty && is_zero(&t->part[n]);
		if (money_decimals(t->part[n].currency) < 0)
			return err_set(e, ERR_INVALID, "entry %llu of %s: '%s' is no currency of ISO 4217",
				(unsigned long long)entry->seq, entry->owner, t->part[n].currency);
	}
	if (empty)
		return 0;
	made = add_transaction(r);
	*made = *t;
	made->seq = entry->seq;
	made->when = entry->when;
	made->day = (entry->when + zone_offset(zone_for(r, i), entry->when)) / DAY;
	made->what = what;
	made->key = i->client;
	made->payee = plain_name(strchr(i->client, '@') || !*i->title ? i->client : i->title, r->mem);
	made->ref = plain_code(i->ref, "-", r->mem);
	made->policy = plain_name(i->policy, r->mem);
	made->version = plain_code(i->version, "-_", r->mem);
	return 0;
}

static struct thread *add_thread(struct reading *r, const struct entry *entry, bool slot)
{
	struct thread *t = &r->threads[r->thread_count++];

	*t = (struct thread){ .last = entry, .slot = slot };
	return t;
}

static struct thread *find_deposit(struct reading *r, const char *ref)
{
	for (size_t n = r->thread_count; n-- > 0;) {
		if (r->threads[n].slot && strcmp(r->threads[n].last->i.ref, ref) == 0)
			return &r->threads[n];
	}
	return NULL;
}

/* A deposit is entered and taken back by a word, which renames the slot; a slot that is moved, or goes on
 * under another UID, takes its deposit along. */
static int read_slot(struct reading *r, const struct entry *entry, struct err *e)
{
	struct thread *known = find_deposit(r, entry->i.ref);
	struct transaction from = { 0 }, to = { 0 };
	struct thread before = known ? *known : (struct thread){ .last = entry };
	bool booked = strcmp(entry->i.outcome, "renamed") == 0, same;

	if (strcmp(entry->i.outcome, "closed") == 0 || strcmp(entry->i.outcome, "series") == 0)
		return 0;
	known = known ? known : add_thread(r, entry, true);
	known->last = entry;
	position_of_deposit(&entry->i, &known->now);
	if (!booked)
		return 0;
	same = strcmp(before.last->i.client, entry->i.client) == 0;
	add_part(&from, &before.now, -1);
	add_part(same ? &from : &to, &known->now, 1);
	if (book(r, &from, entry->i.deposit > 0 && same ? "Deposit" : "Deposit taken back",
		same ? entry : before.last, e))
		return -1;
	return same ? 0 : book(r, &to, "Deposit", entry, e);
}

/* News of an incident needn't say that it takes back what was told of it before. */
static bool is_same(const struct thread *t, const struct policy_incident *i)
{
	const struct policy_incident *old = &t->last->i;
	const char *ref = *i->supersedes ? i->supersedes : i->ref;

	return !t->slot && *ref && strcmp(old->ref, ref) == 0 && strcmp(old->class_, i->class_) == 0 &&
		old->acquired == i->acquired;
}

/* What was entered about an incident before; the entries that this one takes back besides lose their
 * positions. */
static struct thread *take_back(struct reading *r, const struct policy_incident *i, struct transaction *out)
{
	struct thread *mine = NULL;

	for (size_t n = r->thread_count; n-- > 0;) {
		struct thread *t = &r->threads[n];
		const struct policy_incident *old = &t->last->i;
		struct policy_incident void_ = *old;

		if (!mine && is_same(t, i)) {
			mine = t;
			continue;
		}
		if (t->slot || !*i->supersedes || strcmp(old->ref, i->supersedes) != 0)
			continue;
		void_.state = POLICY_VOID;
		void_.refund = void_.credit = 0;
		add_part(out, &t->now, -1);
		position_of(&void_, t->paid, 0, &t->now);
		add_part(out, &t->now, 1);
	}
	return mine;
}

/* Of arrhes that the owner returns twice, the deposit itself is one half. */
static int64_t returned_deposit(struct reading *r, const struct policy_incident *i)
{
	const struct thread *deposit = find_deposit(r, i->ref);

	if (!deposit || strcmp(i->class_, "owner-cancel") != 0 || i->credit == 0 || i->refund > 0)
		return 0;
	return deposit->last->i.deposit;
}

static int64_t paid_now(const struct thread *t, const struct policy_incident *i)
{
	bool was_paid = t->paid > 0 && t->last->i.state == POLICY_PAID;

	if (i->state == POLICY_PAID)
		return was_paid ? t->paid : i->charge - i->deposit;
	return is_owed(i->state) ? 0 : t->paid;
}

static int read_incident(struct reading *r, const struct entry *entry, struct err *e)
{
	const struct policy_incident *i = &entry->i;
	struct transaction t = { 0 };
	struct thread *mine = take_back(r, i, &t);
	const struct policy_incident *before = mine ? &mine->last->i : NULL;
	const char *what = what_happened(before, i, r->mem);

	mine = mine ? mine : add_thread(r, entry, false);
	add_part(&t, &mine->now, -1);
	mine->paid = paid_now(mine, i);
	mine->last = entry;
	position_of(i, mine->paid, returned_deposit(r, i), &mine->now);
	add_part(&t, &mine->now, 1);
	return book(r, &t, what, entry, e);
}

static int read_uid(const struct entry *const *entries, size_t count, void *arg, struct err *e)
{
	struct reading *r = arg;

	r->threads = arena_array(r->mem, count, sizeof(*r->threads));
	r->thread_count = 0;
	for (size_t n = 0; n < count; n++) {
		int rc = 0;

		if (strcmp(entries[n]->kind, KIND_SLOT) == 0)
			rc = read_slot(r, entries[n], e);
		else if (entry_kind_is_incident(entries[n]->kind))
			rc = read_incident(r, entries[n], e);
		if (rc)
			return -1;
	}
	return 0;
}

/* ---- accounts ---- */

struct client { const char *key, *account, *component; };

/* Texts, each with what is known of it; all zero at first. */
struct row { const char *text; struct client client; int number; };
struct table { struct row *rows; size_t size; }; /* a power of two, twice as many as there will be texts */

static void table_make(struct table *t, size_t texts, struct arena *mem)
{
	for (t->size = 16; t->size < 2 * texts;)
		t->size *= 2;
	t->rows = arena_array(mem, t->size, sizeof(*t->rows));
}

/* Its row, new if need be. */
static struct row *row_of(struct table *t, const char *text)
{
	size_t n = (size_t)str_hash(text) & (t->size - 1);

	while (t->rows[n].text && strcmp(t->rows[n].text, text) != 0)
		n = (n + 1) & (t->size - 1);
	t->rows[n].text = text;
	return &t->rows[n];
}

/* Two keys that only differ in what an account's name can't hold get different names, in the order in
 * which the ledger first has them: so they stay. Equal accounts have equal components, so only these are
 * compared; the row of a plain name's component has the last number that went to its likes. */
static struct client make_client(struct table *components, const char *key, struct arena *mem)
{
	const char *plain = plain_name(key, mem), *name = *plain ? plain : "client";
	struct client c = { .key = key, .account = name, .component = plain_component(name, mem) };
	struct row *first = row_of(components, c.component), *row = first;

	while (row->number) {
		c.account = arena_printf(mem, "%s %d", name, ++first->number);
		c.component = plain_component(c.account, mem);
		row = row_of(components, c.component);
	}
	row->number = 1;
	return c;
}

static void name_accounts(struct books *b, struct arena *mem)
{
	struct table clients, components;

	table_make(&clients, b->count, mem);
	table_make(&components, b->count, mem);
	for (size_t n = 0; n < b->count; n++) {
		struct transaction *t = &b->transactions[n];
		struct client *c = &row_of(&clients, t->key)->client;

		if (!c->key)
			*c = make_client(&components, t->key, mem);
		t->account = c->account;
		t->component = c->component;
		if (!*t->payee)
			t->payee = t->account;
	}
}

/* ---- all of it ---- */

static int by_seq(const void *a, const void *b)
{
	const struct transaction *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

int books_read(struct store *s, const struct policy_set *policies, const char *owner, struct arena *mem,
	struct books *out, struct err *e)
{
	struct books books = { .owner = arena_strdup(mem, owner) };
	struct reading r = { .mem = mem, .policies = policies, .out = &books };
	struct entry_list list = { 0 };

	if (ledger_read(s, &(struct ledger_query){ .owner = owner }, mem, &list, e) ||
		entry_each_uid(&list, mem, read_uid, &r, e))
		return -1;
	if (books.count > 0)
		qsort(books.transactions, books.count, sizeof(*books.transactions), by_seq);
	name_accounts(&books, mem);
	*out = books;
	return 0;
}
