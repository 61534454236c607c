/*
 * What people write in titles and notes: words behind #, a price, a client's name (doc/policy.md 4.2).
 * Pure functions on any bytes.
 */
#ifndef DEDIT_POLICY_LATE_WORDS_H
#define DEDIT_POLICY_LATE_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "policy/late/fee.h"

enum word {
	WORD_ATTENDED = 1 << 0, WORD_CLIENT = 1 << 1, WORD_DISPUTE = 1 << 2, WORD_EMERGENCY = 1 << 3,
	WORD_FEE = 1 << 4, WORD_LATE = 1 << 5, WORD_LATECANCEL = 1 << 6, WORD_ME = 1 << 7,
	WORD_NOSHOW = 1 << 8, WORD_OK = 1 << 9, WORD_PAID = 1 << 10, WORD_PRICE = 1 << 11,
	WORD_PRIVATE = 1 << 12, WORD_UNDO = 1 << 13, WORD_UNPAID = 1 << 14, WORD_VIDEO = 1 << 15,
	WORD_WAIVE = 1 << 16,
};
enum { WORD_COUNT = 17, AMOUNT_MAX_UNITS = 100000 };

/* A word as it stands in the text, with its argument: "#fee 40". */
struct typed { enum word word; const char *text; };
enum { WORDS_TYPED_MAX = 16 };

enum words_error {
	WORDS_FINE,
	WORDS_AMBIGUOUS,     /* "1,200 €", or two amounts */
	WORDS_BAD_AMOUNT,    /* negative, too large, too many decimals */
	WORDS_CONTRADICTORY, /* "#noshow #attended" */
};

enum { CLIENT_MAX = 255 }; /* bytes of the client's name in a title; the rest isn't part of it */

struct words {
	uint32_t tags;             /* enum word */
	struct money price;        /* minor -1: none */
	struct money amount;       /* of #fee; minor -1: none */
	bool price_unclear;        /* titles only: an amount that can be read in two ways, or two of them */
	int64_t minutes;           /* of #late; -1: none */
	const char *client;        /* titles only: what is left of it */
	enum words_error error;
	bool refused;              /* the error is about words, so none of them counts */
	struct typed typed[WORDS_TYPED_MAX];
	size_t typed_count;
};

/* currency: of amounts without one, also decides what ¥ and $ mean; "" if the policy names none. */
void words_in_title(const char *title, const char *currency, struct arena *mem, struct words *out);
void words_in_note(const char *note, const char *currency, struct arena *mem, struct words *out);

/* Do these words contradict each other (4.2)? */
bool words_contradict(uint32_t tags);
/* What title and notes say together; price is that of #price alone. */
void words_join(const struct words *title, const struct words *note, struct words *out);

/* Canonical name of bit n (0 … WORD_COUNT - 1), in alphabetical order. */
const char *word_name(int n);
const char *word_of(enum word w);
const char *words_error_name(enum words_error e); /* "ambiguous-amount"; "" if fine */

#endif
