/*
 * Named points where a crash test can kill the process. Compiled out unless
 * --enable-failpoints. DEDIT_FAILPOINT="name" or "name:3" (the third time) then
 * makes the process end there with SIGKILL.
 */
#ifndef DEDIT_BASE_FAILPOINT_H
#define DEDIT_BASE_FAILPOINT_H

#ifdef ENABLE_FAILPOINTS
void failpoint(const char *name);
#define FAILPOINT(name) failpoint(name)
#else
#define FAILPOINT(name) ((void)0)
#endif

#endif
