/* Privileges as RFC 3744 names them, and DAV:acl. */
#ifndef DEDIT_CALDAV_ACL_H
#define DEDIT_CALDAV_ACL_H

#include "caldav/prop.h"

/* One privilege of the tree: level 0 is `all`. */
struct privilege_row {
	unsigned level;
	unsigned needs, covers; /* enum privilege: a mask that has it, and what granting it gives */
	unsigned on;            /* kinds of resources */
	bool abstract;          /* may not be granted by itself (RFC 3744 5.3) */
	enum ns ns;
	const char *name, *description;
};
extern const struct privilege_row privileges[]; /* ended by a row without name */
const struct privilege_row *privilege_find(enum ns ns, const char *name); /* or NULL */

#endif
