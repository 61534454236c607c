/*
 * What became of an appointment, in words: pieces of the block in its notes and of the page that its client
 * reads (doc/policy.md 4.3). They depend on the incident, the language and the zone alone; texts live in the
 * arena.
 */
#ifndef DEDIT_POLICY_LATE_TELL_H
#define DEDIT_POLICY_LATE_TELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "policy/dedit_policy.h"
#include "policy/late/rules.h"

struct teller {
	enum language language;
	const struct zone *zone;
	const char *event_zone;  /* times name the zone if this is another; "": they don't */
	struct arena *mem;
};

/* What a class of incidents is called. prefix "": none, and no comment, category and colour either. */
struct tell_words { const char *class_, *prefix[2], *sentence[2], *name[2]; };

enum language tell_language(const char *name); /* "en", "fr" */
const char *tell_in(const struct teller *t, const char *english,
	const char *french) __attribute__((format_arg(2)));
const char *tell_time(const struct teller *t, int64_t when, bool year);
const char *tell_money(const struct teller *t, int64_t minor, const char *currency);

/* NULL: nothing is told of that class. */
const struct tell_words *tell_words(const struct policy_incident *i);
/* "Late cancellation by the client, received Tue 9 June 2026 14:00."; i has words. */
const char *tell_happened(const struct teller *t, const struct policy_incident *i);
/* "Notice 20 h, agreed 24 h."; NULL if none was asked for. */
const char *tell_notice(const struct teller *t, const struct policy_incident *i);
/* "80.00 EUR (100 % of 80.00 EUR)". */
const char *tell_fee(const struct teller *t, const struct policy_incident *i);
/* "No fee: forgiven (1 of 1 this year)": why there is none. */
const char *tell_no_fee(const struct teller *t, const struct policy_incident *i);
/* "80.00 EUR fall due if this appointment is cancelled or missed; otherwise nothing." */
const char *tell_hold(const struct teller *t, int64_t minor, const char *currency);
/* "due". */
const char *tell_state(const struct teller *t, uint32_t state);
/* Why it was waived: "emergency"; what isn't known as it is. */
const char *tell_reason(const struct teller *t, const char *reason);
/* 'Policy “Therapy”, version of 1 January 2026'. One without dated versions has only its name. */
const char *tell_policy(const struct teller *t, const char *name, const char *version);
/* A dated version; the others are known by their digest. */
bool tell_is_date(const char *version);

#endif
