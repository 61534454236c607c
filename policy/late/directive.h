/*
 * The directives of doc/policy.md 5.1, one row each: the reader of the configuration, the module and
 * the manual go by this list. A new directive is a row here, a parser in directive.c, and where it acts.
 */
#ifndef DEDIT_POLICY_LATE_DIRECTIVE_H
#define DEDIT_POLICY_LATE_DIRECTIVE_H

#include "base/arena.h"
#include "base/err.h"
#include "policy/late/rules.h"

enum directive_flags {
	DIRECTIVE_LIST = 1,     /* { "…", "…" } */
	DIRECTIVE_TOP = 2,      /* only outside of sections */
	DIRECTIVE_CLIENT = 4,   /* only in client sections */
};

/* name in C, name in the file, flags */
#define DIRECTIVES(X) \
	X(timezone, "timezone", DIRECTIVE_TOP) \
	X(currency, "currency", DIRECTIVE_TOP) \
	X(language, "language", DIRECTIVE_TOP) \
	X(use, "use", 0) \
	X(mode, "mode", 0) \
	X(owner_changes, "owner-changes", 0) \
	X(tiers, "tiers", DIRECTIVE_LIST) \
	X(no_show, "no-show", 0) \
	X(late_move, "late-move", 0) \
	X(late_arrival, "late-arrival", 0) \
	X(cap, "cap", 0) \
	X(min, "min", 0) \
	X(max, "max", 0) \
	X(round, "round", 0) \
	X(grace, "grace", 0) \
	X(shift, "shift", 0) \
	X(move_limit, "move-limit", 0) \
	X(forgive, "forgive", 0) \
	X(escalate, "escalate", 0) \
	X(hours, "hours", DIRECTIVE_LIST) \
	X(holidays, "holidays", DIRECTIVE_LIST) \
	X(deposit, "deposit", 0) \
	X(owner_late, "owner-late", 0) \
	X(refilled, "refilled", 0) \
	X(review, "review", 0) \
	X(acceptance, "acceptance", 0) \
	X(series_max, "series-max", 0) \
	X(tax, "tax", 0) \
	X(shorten, "shorten", 0) \
	X(price, "price", 0) \
	X(rate, "rate", 0) \
	X(price_from, "price-from", 0) \
	X(priority_propose, "priority-propose", 0) \
	X(allday, "allday", 0) \
	X(extras, "extras", 0) \
	X(title, "title", 0) \
	X(status, "status", 0) \
	X(on_delete, "on-delete", 0) \
	X(remind, "remind", 0) \
	X(link_check, "link-check", 0) \
	X(review_terms, "review-terms", 0) \
	X(keep_incidents, "keep-incidents", 0) \
	X(intake, "intake", 0) \
	X(account, "account", DIRECTIVE_CLIENT)

enum directive_id {
#define ROW(id, name, flags) DIRECTIVE_##id,
	DIRECTIVES(ROW)
#undef ROW
	DIRECTIVE_COUNT
};

/* DIRECTIVE_COUNT if there is none of that name. */
enum directive_id directive_find(const char *name);
const char *directive_name(enum directive_id id);
unsigned directive_flags(enum directive_id id);

/* One value, checked and laid into r (of a list: one more item). file: where it stands, for the
 * names of files in
 * it. ERR_INVALID says what was expected. Of timezone, currency and language only the syntax: they
 * hold for the
 * policy, not for a slot. */
int directive_parse(enum directive_id id, const char *value, const char *file, struct arena *mem,
	struct rules *r, struct err *e);
/* The syntax alone. */
int directive_check(enum directive_id id, const char *value, struct err *e);

/* Copies what src says over dst. */
void rules_lay_over(struct rules *dst, const struct rules *src);

#endif
