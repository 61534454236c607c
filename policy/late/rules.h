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

struct tier { struct duration within; struct fee_rule fee; };

/* What the directives of one section say, or what holds after they were laid over each other. */
struct rules {
	uint64_t set;                  /* bit per enum directive_id: said here */
	bool record, price_from_title, no_all_day, priority_propose, acceptance, prorata, refilled_waive;
	bool extras, keep_status, keep_deleted;
	enum owner_changes owner_changes;
	enum title_style title;
	const struct tier *tiers;
	size_t tier_count;
	struct { struct fee_rule fee; bool has_until; struct duration wait, until; } no_show;
	enum late_move late_move;
	struct fee_rule late_move_fee;
	struct cap cap;
	struct money min, max, round;
	struct { struct duration length, not_within; bool has_not_within; } grace;
	struct duration shift, review, late_arrival, remind, link_check;
	struct { bool arrhes; struct money amount; struct percent percent; } deposit; /* what is asked for */
	struct { struct duration within; struct fee_rule credit; } owner_late;
	struct { bool included; struct percent rate; const char *reason; } tax; /* reason: "" if none is given */
	int64_t review_terms, keep_incidents; /* months */
	struct { int64_t count; struct fee_rule fee; } move_limit;
	struct { int64_t count; struct period per; unsigned kinds; } forgive;
	struct { int64_t from; struct period per; struct fee_rule fee; } escalate;
	const struct opening *opening;
	const struct holidays *holidays;
	int64_t series_max;
	struct money price, rate;
	const char *account, *intake;
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
void rules_free(struct policy_text *p); /* with the earlier ones; accepts NULL */

/* A text that this policy had before, for the slots that were acquired under it (15.24). Owned by p then. */
void rules_add_earlier(struct policy_text *p, struct policy_text *earlier);
/* p or the earlier one with that digest; p if it isn't known. */
const struct policy_text *rules_text(const struct policy_text *p, const char *digest);

/* When a version of that title begins: `YYYY-MM-DD` is 00:00 in the zone, or a UTC time. 0, or -1. */
int version_from(const struct zone *zone, const char *title, int64_t *out);
const struct policy_options_late *rules_options(const struct policy_text *p);
/* Whose slot it is, all folded; "" where there is none. title: the client's name. */
struct rules_key { const char *client, *title, *service; };
/* What holds for a slot acquired then that starts then. */
void rules_for(const struct policy_text *p, int64_t acquired, const struct rules_key *key, int64_t start,
	struct rules *out);
/* What holds for what is acquired then, leaving aside weekdays, services and clients. */
void rules_general(const struct policy_text *p, int64_t acquired, struct rules *out);
/* A weekday (0 = Monday) or, -1, a service as written, for which something else holds. */
struct rules_part {
	int weekday;
	const char *service;
	uint64_t said;                 /* bit per enum directive_id: what its sections say */
	struct rules rules;
};
/* All of them that hold for what is acquired then, weekdays first; *out is in mem. */
size_t rules_parts(const struct policy_text *p, int64_t acquired, struct arena *mem, struct rules_part **out);
/* Is there a section for that service (folded)? */
bool rules_service(const struct policy_text *p, const char *service);
/* "2026-01-01": the version that applies to what is acquired then; "" if no dated one does. */
const char *rules_version(const struct policy_text *p, int64_t acquired);
/* From when the dated version of that name holds; false: there is none. */
bool rules_version_from(const struct policy_text *p, const char *version, int64_t *from);
/* The longest notice that any tier of any version asks for, of the earlier texts too; in seconds. */
int64_t rules_longest(const struct policy_text *p);
struct calendar_days rules_days(const struct policy_text *p, const struct rules *r);
bool rules_has(const struct rules *r, int directive);
/* Does any duration count days or hours of business? *directive: the first one that does. */
bool rules_want_opening(const struct rules *r, int *directive);
/* Does any section say it? */
bool rules_say(const struct policy_text *p, int directive);
/* Of an opened policy (late.h). */
const struct policy_text *late_text(void *self);

#endif
