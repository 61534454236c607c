/*
 * Is an owner's ledger what was written? The part of store_ledger_verify() that needs no files. Entries are
 * shown in order, then the signed heads.
 */
#ifndef DEDIT_STORAGE_AUDIT_H
#define DEDIT_STORAGE_AUDIT_H

#include "base/buf.h"
#include "storage/store.h"

enum { AUDIT_WHY_SIZE = 160 };

struct ledger_audit {
	const struct ledger_verify *v;
	uint64_t seq;        /* of the last entry shown; 0: none yet */
	struct buf links;    /* CHAIN_SIZE bytes for each, NUL included */
};

void audit_init(struct ledger_audit *a, const struct ledger_verify *v);
void audit_finish(struct ledger_audit *a);
/* NULL if row is the next entry and nothing in it was changed; else what is wrong. */
const char *audit_entry(struct ledger_audit *a, const struct ledger_row *row);
/* After all entries: NULL, or what is wrong, in why. key: the one in use; NULL if there is none. */
const char *audit_head(const struct ledger_audit *a, const struct signed_head *h,
	const struct signature_key *key, char why[AUDIT_WHY_SIZE]);

#endif
