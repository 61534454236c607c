/*
 * Ledger rows as the policy floor reads and writes them: incidents, slots, and what an event last
 * showed.
 *
 * A row's text is one JSON object with sorted keys and a salt of its own. Everything read lives in
 * the arena given. A row whose text was erased (architecture.md 15.23) is skipped.
 */
#ifndef DEDIT_POLICY_LEDGER_H
#define DEDIT_POLICY_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "policy/dedit_policy.h"
#include "storage/store.h"

enum { REF_SIZE = 10 }; /* "7F3K-2Q9M", NUL */


/* Kinds of rows that are the host's own, beside a module's classes. */
#define KIND_SLOT "slot"     /* a booking: no incident */
#define KIND_WORDS "words"   /* words seen in title and notes: no incident either */
#define KIND_ACCEPTED "accepted" /* a client agreed to a policy */
#define KIND_SHOWN "shown"   /* only the rendering changed */
#define KIND_HIDDEN "hidden" /* the entry in Fees was deleted by its owner (15.11) */
#define KIND_ERASED "erased" /* what other entries said was erased (15.23) */

/* A property that an annotation replaced: what was written, and what stood there (NULL:
 * nothing). */
struct shown_value { const char *value, *was; };

/* A property of the standards that the annotation added: name with parameters, and raw value. It is known
 * again by name and value. */
struct shown_line { const char *head, *value; };

/* A word that goes out of title and notes, and the next one. */
struct taken_word { const char *text; const struct taken_word *next; };

/* What one VEVENT shows of its policy. Members that are not shown are NULL. */
struct rendering {
	const char *occurrence;      /* as in policy_change; "" for a single event and a master */
	const char *ref, *prefix;
	const char *block; /* lines between first and last line of the block, LF between them */
	const char *comment, *category;
	struct shown_value status, transp, color;
	const struct shown_line *extras;
	size_t extra_count;
	const struct taken_word *taken; /* not kept in the ledger */
	const char *fee_title;       /* not kept */
	const char *client_link;     /* a line that the block ends with; not kept by itself */
	const char *comment_name;    /* "COMMENT;LANGUAGE=en"; not kept */
	const char *const *lines;    /* X-DEDIT- properties; not kept */
	size_t line_count;
};

struct entry {
	uint64_t seq;
	int64_t when;                /* it was made; the incident's own time is i.at */
	const char *owner, *kind;
	bool incident;               /* moves the ledger head (15.22) */
	struct policy_incident i;    /* strings never NULL */
	const struct rendering *shown; /* NULL: unchanged by this entry */
};
struct entry_list { struct entry *entries; size_t count, size; };

/* One more word that goes out of the text. */
void rendering_take_out(struct rendering *r, const char *text, struct arena *mem);

/* Adds a zeroed entry, its strings empty. */
struct entry *entry_add(struct entry_list *list, struct arena *mem);
/* Visits the entries of each UID together, oldest first; not what was erased. The first error ends it. */
int entry_each_uid(const struct entry_list *list, struct arena *mem,
	int (*visit)(const struct entry *const *entries, size_t count, void *arg, struct err *e), void *arg,
	struct err *e);
/* Appends the rows that match to `out`, oldest first. */
int ledger_read(struct store *s, const struct ledger_query *q, struct arena *mem,
	struct entry_list *out, struct err *e);
/* The entry of one row; none, if its text was erased. 0. */
int ledger_read_row(const struct ledger_row *row, struct arena *mem, struct entry_list *out);
/* The row of an entry, ready for a commit. */
int ledger_row(const struct entry *entry, int64_t when, struct arena *mem, struct ledger_row *out,
	struct err *e);

/* What the chain doesn't cover: is the text one of ours, and do the index's columns say the same? NULL, or
 * what is wrong. Not for an entry that was erased. */
const char *ledger_row_problem(const struct ledger_row *row);

/* Is i in the list already? A booked slot is, if the slot's last entry says the same; an
 * incident, if one of that slot, client and class stands that was not taken back since. */
bool entry_is_repeat(const struct entry_list *list, const struct policy_incident *i);
/* Are they about the same loss of the same slot by the same client? */
bool incident_same(const struct policy_incident *a, const struct policy_incident *b);
/* "due" … */
const char *state_name(uint32_t state);
/* The state of that name; -1: there is none. */
int state_find(const char *name);
/* Does an entry of that kind say that something happened to an appointment? */
bool entry_kind_is_incident(const char *kind);
/* Reference of the slot at that start (0: of that occurrence's last one), "" if there is none. client "":
 * whoever has it. */
const char *entry_ref(const struct entry_list *list, const char *client, const char *occurrence,
	int64_t slot);
/* The last incident with that reference, or NULL. */
const struct policy_incident *entry_incident(const struct entry_list *list, const char *ref);
/* The last booking of the slot with that reference, or NULL. */
const struct policy_incident *entry_slot(const struct entry_list *list, const char *ref);
/* Last rendering of that occurrence, or NULL. */
const struct rendering *entry_shown(const struct entry_list *list, const char *occurrence);
bool rendering_equal(const struct rendering *a, const struct rendering *b); /* NULL: shows nothing */

/* A random reference that no row carries. */
int ledger_fresh_ref(struct store *s, struct arena *mem, const char **out, struct err *e);
/* Four characters, a dash, four characters of the references' alphabet, at the start of text. */
bool ref_looks_right(const char *text);

#endif
