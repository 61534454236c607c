/*
 * What the process may still do when it serves, so that a hole in it, or in a module, opens
 * neither the machine nor the files of others (trust.md T-50). The kernel keeps to it, for every
 * thread made afterwards, and it can't be taken back.
 */
#ifndef DEDIT_SERVER_SANDBOX_H
#define DEDIT_SERVER_SANDBOX_H

#include <pwd.h>

#include "base/err.h"
#include "server/settings.h"

/* The account that `user` in the settings names, valid until the next is looked for; NULL without one.
 * ERR_INVALID if there is no such account. */
int find_user(const struct settings *s, const struct passwd **out, struct err *e);

/*
 * Started by root with a `user` in the settings: makes the data folder if it is missing and goes
 * on as that user, for good. Without one it warns; started by anybody else it does nothing.
 * ERR_INVALID if there is no such user.
 */
int become_user(const struct settings *s, struct err *e);

/*
 * No capabilities (unless it is root), no new privileges, no core dumps, and with Landlock (Linux 5.19 or
 * later): of the file system the data folder and the access log's to write, and to read the folders of
 * configuration, certificates, keys and modules, the time zones and the system's libraries; nothing to
 * execute; no truncating elsewhere (Linux 6.2); no TCP but what the open sockets bring (6.7); no commands
 * to devices (6.10); signals to nobody else (6.12). What the kernel can't forbid is warned of. Before the
 * first thread, with every socket open.
 */
int sandbox_enter(const struct settings *s, struct err *e);

#endif
