/*
 * The built-in policy "late": what a cancellation or a move at short notice costs (doc/policy.md).
 * Registered through the same struct as a module from a file, and also built as one.
 */
#ifndef DEDIT_POLICY_LATE_H
#define DEDIT_POLICY_LATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/conf.h"
#include "policy/dedit_policy.h"

/*
 * The directives, as options and sections of policy "NAME" { … }. The options begin with HOST_OPTIONS of
 * policy/host_options.h; policy_schema is made of these two tables.
 */
extern const struct conf_option late_options[];
extern const struct conf_schema *const late_sections[];

const struct policy_module *dedit_policy_late(void);

/*
 * A text that this policy had before: its slots keep it (15.24). The settings are as for open. -1 with one
 * line in why: this program doesn't understand it, then those slots have the present text.
 */
int late_add_earlier(void *self, const char *policy_name, const char *digest,
	const struct policy_setting *settings, size_t n, char *why, size_t why_size);

/* What an opened policy of this module says, as sentences in a language ("en", "fr"): the general terms
 * that hold for what is booked at `when`. In mem. */
char *late_explain(void *self, const char *language, int64_t when, struct arena *mem);
/* The same for a dated version, "" for what holds before all of them. NULL: there is no such version. */
char *late_terms(void *self, const char *language, const char *version, struct arena *mem);

/* ---- what the owner is to be told (policy/notices.h, policy/owner_daily.h) ---- */

/* An entry for the owner at `at`, that has its meaning until `until`. */
struct late_notice { int64_t at, until; const char *title; };

/*
 * `remind` and `link-check` about the date of a slot entry (or of its series') that starts at `start`. False:
 * none is asked for, or its time is over. Texts in mem.
 */
bool late_reminder(void *self, const struct policy_incident *slot, int64_t start, int64_t now,
	struct arena *mem, struct late_notice *out);
bool late_link_check(void *self, const struct policy_incident *slot, int64_t start, int64_t now,
	struct arena *mem, struct late_notice *out);
/* Is it a video appointment (#video, #visio) without a link? */
bool late_link_wanted(const char *title, const char *note, const char *link, struct arena *mem);
/* Does any section say one of the two? */
bool late_asks_notices(void *self);

/* Does any section say review-terms or keep-incidents? */
bool late_asks_daily(void *self);
/* `review-terms` and `keep-incidents` for the client of an entry, in months; 0: not said. */
int64_t late_review_months(void *self, const struct policy_incident *slot, int64_t now, struct arena *mem);
int64_t late_keep_months(void *self, const struct policy_incident *i, int64_t now, struct arena *mem);

/* What a review of terms goes by. */
struct late_review {
	int64_t since;
	unsigned kept, in_time, late, absent, ours;
	struct { const char *currency; int64_t assessed, open; } money[4];
	size_t currencies;
	const char *title, *note; /* made by late_review_texts() */
};
void late_review_texts(void *self, const struct policy_incident *slot, struct late_review *r,
	struct arena *mem);

#endif
