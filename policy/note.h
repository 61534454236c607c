/*
 * The note on a fee, for its client: what the ledger knows of one incident, in words of the policy's language
 * (policy.md 4.3, architecture.md 15.33). A page shows it; what it says is settled here.
 */
#ifndef DEDIT_POLICY_NOTE_H
#define DEDIT_POLICY_NOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "policy/policy.h"
#include "storage/store.h"

struct note_line { const char *label, *text; };

enum { NOTE_FACTS_MAX = 24 };

struct note {
	const char *language;             /* "en", "fr" */
	const char *title;                /* "Late cancellation" */
	const char *happened, *notice;    /* sentences; "": none */
	struct note_line facts[NOTE_FACTS_MAX];
	size_t fact_count;
	const char *history_title;
	const struct note_line *history;  /* when, what became of it then; oldest first */
	size_t history_count;
	bool disputable;                  /* nothing was settled yet: its client may dispute it */
	const char *terms, *terms_path;   /* 'Policy “Therapy”, version of …', "/policy/…" */
};

/* The note that /fee/<ref>/<mac> is about, in mem. ERR_NOT_FOUND: no such reference, or another signature;
 * the signature is compared in either case, and in the same time. */
int note_read(struct store *s, const struct policy_set *policies, const char *ref, const char *mac,
	struct arena *mem, struct note *out, struct err *e);

#endif
