/* Policy modules from files. */
#ifndef DEDIT_POLICY_MODULE_H
#define DEDIT_POLICY_MODULE_H

#include "base/err.h"
#include "policy/dedit_policy.h"

/*
 * Loads a shared object and checks its interface. The file and all folders above it have to belong
 * to root or to the process's user and to be writable by nobody else; with `ca` (or NULL)
 * <path>.sig has to be a valid signature. *object is released with module_unload(). e says what is
 * wrong with the file, without its name.
 */
int module_load(const char *path, const char *ca, const struct policy_module **out, void **object,
	struct err *e);
void module_unload(void *object); /* accepts NULL */
/* The struct has the version and members that this host calls. */
int module_check(const struct policy_module *m, struct err *e);

#endif
