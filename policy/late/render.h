/* Pieces that the texts on booked and on lost slots have in common. */
#ifndef DEDIT_POLICY_LATE_RENDER_H
#define DEDIT_POLICY_LATE_RENDER_H

#include "base/buf.h"
#include "policy/late/deal.h"
#include "policy/late/tell.h"

/* One rendering. Collects the block's lines; all else goes to the host at once. */
struct rendering {
	const struct deal *d;
	uint32_t where;        /* added to places: POLICY_IN_FEES or 0 */
	struct buf note;
	bool failed;           /* the host failed */
};

enum language render_language(const struct deal *d);
struct teller render_teller(const struct deal *d);
/* One of the two, by the policy's language. */
const char *render_in(const struct deal *d, const char *english,
	const char *french) __attribute__((format_arg(2)));
const char *render_money(const struct deal *d, int64_t minor, const char *currency);
/* In the policy's zone, with its name if the event's is another. */
const char *render_time(const struct deal *d, int64_t when, bool year);
const char *render_upper(const struct deal *d, const char *text);

void render_put(struct rendering *r, enum policy_place place, const char *name, const char *value);
void render_utc(struct rendering *r, const char *name, int64_t when);
void render_ref(struct rendering *r, const char *ref);
/* Does the incident have a note, for its client and in Fees? Also one that costs nothing this once. */
bool render_has_note(const struct policy_incident *i);
/* The note's page, if there is one, and what the directive `extras` adds: the terms' page, REFID,
 * STRUCTURED-DATA. ref "": none; i NULL: no incident. */
void render_extras(struct rendering *r, const struct rules *rules, const char *ref, const char *version,
	const struct policy_incident *i);
void render_policy(struct rendering *r, const char *version, const char *digest);
/* The address of its client's page, if the server has such. */
void render_client_link(struct rendering *r, const char *ref);
/* X-DEDIT-FEE, if there is one. */
void render_fee(struct rendering *r, const struct policy_incident *i);
/* A property with an amount, left out where it is zero. */
void render_amount(struct rendering *r, const char *name, int64_t minor, const char *currency);
/* Whose doing, when, how long before. */
void render_facts(struct rendering *r, const struct policy_incident *i);
/* As the directive `title` wants it; words may be "". */
void render_prefix(struct rendering *r, const struct rules *rules, const char *mark, const char *words);
/* "Fee 80.00 EUR (100 % of 80.00 EUR). State: due." */
void render_say_fee(struct rendering *r, const struct policy_incident *i);
/* Ends the block with the policy's name and, if there is an incident with a fee or a hold, the words that
 * the owner may use on it; gives it to the host. */
void render_done(struct rendering *r, const char *version, const struct policy_incident *i);

#endif
