/*
 * The built-in policy "late": what a cancellation or a move at short notice costs (doc/policy.md).
 * Registered through the same struct as a module from a file, and also built as one.
 */
#ifndef DEDIT_POLICY_LATE_H
#define DEDIT_POLICY_LATE_H

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

#endif
