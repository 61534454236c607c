/*
 * How far somebody may go in a calendar, for the console and for what it leaves going on behind its answer;
 * caldav/access.c says the same in privileges (doc/architecture.md 13, 15.1).
 */
#ifndef DEDIT_WEB_REACH_H
#define DEDIT_WEB_REACH_H

#include "policy/directory.h"
#include "storage/store.h"
#include "web/web.h"

/* As its owner, a sharee, a delegate, or an administrator, who reads all; owners write. SHARE_NONE: not at
 * all. 0; -1 with what the store said. */
int web_reach(struct store *store, const struct collection *c, const char *who, bool admin,
	enum share_access *out, struct err *e);
/* May anybody put events there by hand? */
bool web_takes_events(const struct collection *c);

/* Who finds whom here, and who is an administrator. */
struct directory web_directory(const struct web *web);
bool web_is_admin(const struct web *web, const char *account);

#endif
