/* The words of a directive's value, taken one after another. What can't be read gives -1. */
#ifndef DEDIT_POLICY_LATE_VALUE_H
#define DEDIT_POLICY_LATE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "policy/late/fee.h"
#include "policy/late/notice.h"

enum { VALUE_MAX = 512, VALUE_WORDS_MAX = 24 };

struct value {
	char text[VALUE_MAX];
	char *word[VALUE_WORDS_MAX];
	int count, next;
};

/* -1: too long. */
int value_split(const char *text, struct value *t);
/* The next word, "" at the end. */
const char *value_word(struct value *t);
/* Is the next word this one? Then it is taken. */
bool value_take(struct value *t, const char *word);
bool value_done(const struct value *t);
/* All words that are left, with a blank between, and takes them; "" if none is. */
const char *value_rest(struct value *t, struct arena *mem);
int value_duration(struct value *t, bool clock, struct duration *out);
int value_count(struct value *t, int64_t least, int64_t *out);
/* `<number> <code>`; hourly gets whether "/h" stood behind it. */
int value_amount(struct value *t, bool *hourly, struct money *out);
int value_fee(struct value *t, struct fee_rule *out);
int value_period(struct value *t, struct period *out);
/* The last word, one of names (ended by NULL): its index. */
int value_choice(struct value *t, const char *const *names);

#endif
