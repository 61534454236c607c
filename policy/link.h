/*
 * Paths of the pages that annotations point to: the note on a fee, secret and its client's own, and the
 * terms of a policy, which anybody may read (architecture.md 15.32 to 15.34). Here is the only place that
 * knows how such a secret is made.
 */
#ifndef DEDIT_POLICY_LINK_H
#define DEDIT_POLICY_LINK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/digest.h"
#include "storage/store.h"

enum { LINK_MAC_BYTES = 16, LINK_MAC_SIZE = base64url_size(LINK_MAC_BYTES) }; /* 22 characters, NUL */

/* What a link leads to. */
#define LINK_FEE "fee"
#define LINK_APPOINTMENT "appointment"
#define LINK_FORM "form"         /* nowhere: the token in a page's form, whose reader is the page's own mac */

/* HMAC-SHA-256 under the store's key over kind, ref and reader (a client's key). */
void link_mac(const struct store_info *info, const char *kind, const char *ref, const char *reader,
	char out[LINK_MAC_SIZE]);

/* Is mac the store's own for that kind, ref and reader (a client's key)? Compared in the same time, whatever
 * it is: reader NULL, for what isn't there, is compared too, and wrong. */
bool link_is_right(struct store *s, const char *kind, const char *ref, const char *reader, const char *mac);
/* "/fee/<ref>/<mac>", in mem. */
char *link_fee(const struct store_info *info, const char *ref, const char *client, struct arena *mem);
/* "/appointment/<ref>/<mac>", in mem: for the client who has that slot, and for nobody after. */
char *link_appointment(const struct store_info *info, const char *ref, const char *client, struct arena *mem);
/* "/policy/<name>/<version>", in mem; version as in policy_incident. */
char *link_policy(const char *name, const char *version, struct arena *mem);

#endif
