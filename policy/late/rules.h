/*
 * A policy's text as rules: what its sections say, and what holds for one slot (doc/policy.md 3.1, 5.1).
 * Made once by rules_load, constant afterwards.
 */
#ifndef DEDIT_POLICY_LATE_RULES_H
#define DEDIT_POLICY_LATE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "policy/dedit_policy.h"
#include "policy/late/fee.h"
#include "policy/late/notice.h"

enum language { LANGUAGE_EN, LANGUAGE_FR };
enum owner_changes { OWNER_CHANGES_PROPOSE, OWNER_CHANGES_CLIENT, OWNER_CHANGES_OWNER };
enum late_move { LATE_MOVE_HOLD, LATE_MOVE_SAME, LATE_MOVE_FREE, LATE_MOVE_FEE };
enum title_style { TITLE_FULL, TITLE_MARK, TITLE_NONE };
/* Kinds that forgive names. */
enum { KIND_LATE_CANCEL = 1, KIND_LATE_MOVE = 2, KIND_NO_SHOW = 4 };

struct tier { struct duration within; struct fee fee; };

/* What the directives of one section say, or what holds after they were laid over each other. */
struct rules {
	uint64_t set;                  /* bit per enum directive_id: said here */
	bool record, price_from_title, no_all_day;
	enum owner_changes owner_changes;
	enum title_style title;
	const struct tier *tiers;
	size_t tier_count;
	struct { struct fee fee; bool has_until; struct duration wait, until; } no_show;
	enum late_move late_move;
	struct fee late_move_fee;
	struct cap cap;
	struct money min, max, round;
	struct { struct duration length, not_within; bool has_not_within; } grace;
	struct duration shift, review;
	struct { int64_t count; struct fee fee; } move_limit;
	struct { int64_t count; struct period per; unsigned kinds; } forgive;
	struct { int64_t from; struct period per; struct fee fee; } escalate;
	const struct opening *opening;
	const int64_t *holidays;
	size_t holiday_count;
	int64_t series_max;
	struct money price, rate;
	const char *account;
};

struct policy_text;                    /* one policy "NAME" { … } */

struct policy_options_late {
	const char *name, *digest;
	const struct zone *zone;
	char currency[CURRENCY_SIZE];  /* "" if none is given */
	enum language language;
};

/* NULL with one line in why: file, line, directive, what was expected. warn: what is worth saying, may
 * be NULL. */
struct policy_text *rules_load(const char *name, const char *digest, const struct policy_setting *settings,
	size_t n, void (*warn)(const char *text, void *arg), void *arg, char *why, size_t why_size);
void rules_free(struct policy_text *p);

const struct policy_options_late *rules_options(const struct policy_text *p);
/* What holds for a slot of that client (folded key; title: its name, folded) acquired then that starts
 * then. */
void rules_for(const struct policy_text *p, int64_t acquired, const char *client, const char *title,
	int64_t start,
	struct rules *out);
/* "2026-01-01": the version that applies to what is acquired then; "" if no dated one does. */
const char *rules_version(const struct policy_text *p, int64_t acquired);
/* The longest notice that any tier of any version asks for, in seconds. */
int64_t rules_longest(const struct policy_text *p);
struct calendar_days rules_days(const struct policy_text *p, const struct rules *r);
bool rules_has(const struct rules *r, int directive);

#endif
