/*
 * A policy's section as it is worded: without blanks, comments and line numbers. Each wording that was ever
 * in force is kept by its digest (doc/architecture.md 15.24), so a new one can be told from an old one.
 */
#ifndef DEDIT_POLICY_WORDING_H
#define DEDIT_POLICY_WORDING_H

#include <stdbool.h>

#include "base/conf.h"
#include "base/digest.h"
#include "base/err.h"
#include "ical/zone.h"
#include "storage/store.h"

/* Digest of the section. data: the folder in which one not seen before is kept; NULL: not. */
int wording_digest(const struct conf_section *sec, const char *data, char digest[DIGEST_SIZE], struct err *e);

/* Is a text that was kept one of the policy with that name? */
bool wording_is_of(const char *text, const char *policy);

/*
 * Has no version been added, or been changed, that begins in the past, so that what was booked since would
 * be judged by other rules than those that were shown (doc/policy.md 5.1)? 0; -1 with file, line and a
 * proposal. data: the folder with the wordings kept and the ledger's files, which a server may hold.
 */
int wording_check_versions(const struct conf_section *sec, const struct zone *zone, const char *data,
	struct err *e);

/* Tells, once each, which texts an owner's bookings go by and aren't kept in data (15.24). */
int wording_check_bookings(struct store *s, const char *owner, const char *data, store_problem_fn problem,
	void *arg, struct err *e);

#endif
