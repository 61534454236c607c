/*
 * The ledger as double-entry bookkeeping, for accounting programs (doc/policy.md 5.3).
 *
 * An incident has a position: what it puts into each account in the state it is in. Each entry of the
 * ledger that changes a position becomes a transaction of the difference, so postings always add up to
 * zero, and the sum of all transactions is what the ledger says now: receivable what is due less
 * deposits, disputed what is disputed, credits what is owed to the client. Proposed and pending fees
 * have no position yet.
 */
#ifndef DEDIT_POLICY_BOOKS_H
#define DEDIT_POLICY_BOOKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "policy/money.h"
#include "policy/policy.h"
#include "storage/store.h"

enum book_account {
	BOOK_RECEIVABLE, BOOK_DISPUTED, BOOK_PAYMENTS, /* assets */
	BOOK_DEPOSITS, BOOK_CREDITS, BOOK_TAX,         /* liabilities; credits: what is owed to clients */
	BOOK_INCOME, BOOK_EXPENSE,
	BOOK_ACCOUNTS
};

/* Minor units by account, debits positive. Adds up to zero. */
struct book_position { int64_t minor[BOOK_ACCOUNTS]; char currency[CURRENCY_SIZE]; };

enum { TRANSACTION_PARTS = 2 }; /* of two currencies, where an amount was set in another one */
struct transaction {
	uint64_t seq;        /* of its entry */
	int64_t when;
	int64_t day;         /* days since 1970 in the policy's zone */
	const char *what;    /* "Late cancellation", "Waived (emergency)" */
	const char *key, *payee;  /* the client's key as the ledger has it; the name as the title has it, plain */
	const char *account; /* letters, digits and single blanks; another one for each key */
	const char *component; /* the same as beancount wants it */
	const char *ref, *policy, *version; /* of plain characters */
	struct book_position part[TRANSACTION_PARTS];
	size_t parts;
};

struct books {
	const char *owner;
	struct transaction *transactions; /* in the ledger's order */
	size_t count;
};

/* All of an owner's books. Zones of policies that are loaded no more are taken for UTC. ERR_INVALID: an
 * amount whose currency is no code of ISO 4217. */
int books_read(struct store *s, const struct policy_set *policies, const char *owner, struct arena *mem,
	struct books *out, struct err *e);

enum books_format { BOOKS_HLEDGER, BOOKS_LEDGER, BOOKS_BEANCOUNT };
/* Writes the transactions with from <= day < to, and declares the accounts and currencies that they use. */
void books_write(const struct books *b, enum books_format format, int64_t from, int64_t to,
	struct arena *mem, struct buf *out);

#endif
