/* Fees as JSON, the same for `dedit fees --json` and the console's interface. */
#ifndef DEDIT_POLICY_FEE_JSON_H
#define DEDIT_POLICY_FEE_JSON_H

#include <jansson.h>

#include "policy/policy.h"

/* Times are UTC text, null where there is none; amounts minor units. NULL: it can't be written as JSON. */
json_t *fee_json(const struct fee *f);
/* "2026-06-10T08:00:00Z", null for 0. */
json_t *json_time(int64_t when);
/* NULL is "". */
json_t *json_text(const char *text);

#endif
