/* An amount of money as people type it: "80€", "€ 80", "80,50 €", "1 200,00 EUR" (doc/policy.md 4.2). */
#ifndef DEDIT_POLICY_LATE_AMOUNT_H
#define DEDIT_POLICY_LATE_AMOUNT_H

#include <stddef.h>

#include "policy/late/fee.h"

enum amount_kind { AMOUNT_NONE, AMOUNT_FINE, AMOUNT_AMBIGUOUS, AMOUNT_BAD };

/* Is there an amount with a currency at text + at? *len: how far it goes (not for AMOUNT_NONE). own:
 * the policy's currency, "" if none. What stands before it is looked at too. */
enum amount_kind amount_in_text(const char *text, size_t at, const char *own, size_t *len, struct money *out);
/* The argument of a word: the currency may be left out. */
enum amount_kind amount_as_argument(const char *text, const char *own, size_t *len, struct money *out);

#endif
