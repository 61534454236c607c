/*
 * <root>/control: how `dedit` reaches the server that holds the data folder. A unix socket
 * of mode 0600; the peer has to be the server's user or root (SO_PEERCRED). One command a
 * connection: a file, if it wants one, the password and the argument list go in, exit code and
 * texts come out. `dedit backup` copies the files itself; its connection stays while they are held.
 */
#ifndef DEDIT_SERVER_CONTROL_H
#define DEDIT_SERVER_CONTROL_H

#include "base/buf.h"
#include "base/err.h"
#include "server/http.h"

struct control;

/* Server side: a thread that waits, commands on workers of their own. */
int control_start(struct server *sv, struct control **out, struct err *e);
/* Commands that run are finished first. Accepts NULL. */
void control_stop(struct control *c);

/*
 * The command's side; file: a descriptor that goes along, or -1. 0 and the command's exit code,
 * with its texts in out and errors; ERR_NOT_FOUND if no server listens in that folder.
 */
int control_call(const char *data, const char *password, char *const *args, int file, int *code,
	struct buf *out, struct buf *errors, struct err *e);

/*
 * For commands of ADMIN_BESIDE: asks the server to write no file until the connection *held ends. As
 * control_call(); *held is only set if the code is ADMIN_OK.
 */
int control_hold(const char *data, char *const *args, int *held, int *code, struct buf *out,
	struct buf *errors, struct err *e);
/* 0: no file was written since. */
int control_holds(int held, struct err *e);
/* Closes it; returns when the server has heard of it, or is gone. Accepts -1. */
void control_release(int held);

#endif
