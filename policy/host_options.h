/* Options of policy "NAME" { … } that the host reads itself; a module is not told of them. */
#ifndef DEDIT_POLICY_HOST_OPTIONS_H
#define DEDIT_POLICY_HOST_OPTIONS_H

#include "base/conf.h"

/* Rows for the section's table: a module's file (left out: the built-in policy), its settings as
 * "key=value", and whether a module that fails lets the change pass. */
#define HOST_OPTIONS \
	{ "module", CONF_STRING, NULL, 0, 0, NULL }, \
	{ "settings", CONF_LIST, NULL, 0, 0, NULL }, \
	{ "on-error", CONF_STRING, "deny", 0, 0, NULL }

#endif
