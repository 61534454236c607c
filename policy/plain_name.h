/* Names out of clients' titles, made safe for formats whose syntax they must not become. */
#ifndef DEDIT_POLICY_PLAIN_NAME_H
#define DEDIT_POLICY_PLAIN_NAME_H

#include "base/arena.h"

/* Letters, digits and single blanks of the text (architecture.md 15.36); anything else separates words.
 * In mem; "" if nothing is left. */
const char *plain_name(const char *text, struct arena *mem);
/* A plain name as one component of an account in beancount: "Marie-Durand". */
const char *plain_component(const char *name, struct arena *mem);
/* ASCII letters, digits and any of `also`; all else is left out. */
const char *plain_code(const char *text, const char *also, struct arena *mem);

#endif
