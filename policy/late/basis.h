/* Why an amount is what it is, in the policy's language; these words go into the ledger. */
#ifndef DEDIT_POLICY_LATE_BASIS_H
#define DEDIT_POLICY_LATE_BASIS_H

#include "policy/late/deal.h"

/* "100 % of 80.00 EUR" */
const char *basis_fee(const struct deal *d, const struct fee_rule *fee, const struct money *price);
const char *basis_no_price(const struct deal *d);
/* "50 % of 90.00 EUR + 45.00 EUR held" */
const char *basis_held(const struct deal *d, const char *basis, const struct money *held);
/* "…, at most 90.00 EUR" */
const char *basis_capped(const struct deal *d, const struct money *charge, const char *basis);
/* "arrhes, kept" */
const char *basis_arrhes(const struct deal *d);
/* "1 of 1 this year" */
const char *basis_forgiven(const struct deal *d, int64_t number, int64_t of, const struct period *per);
/* An amount that the owner chose. */
const char *basis_adjusted(const struct deal *d);

#endif
