/* What a client may change of a group (architecture.md 15.5): its own answer, nothing else. */
#ifndef DEDIT_POLICY_GROUP_H
#define DEDIT_POLICY_GROUP_H

#include "policy/decide.h"

/* Does this change of s come from a client, and is it of a group? sent NULL: a DELETE. Asked after
 * subject_begin(). */
bool group_answer(const struct subject *s, const struct body *sent);
/* The stored event with that client's answer as `sent` has it (NULL, or without that client: declined). */
int group_answered(const struct subject *s, const struct body *sent, struct body *out, struct err *e);

#endif
