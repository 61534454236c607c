/*
 * A policy module of somebody who means harm: it tries, within the server, what no server needs to
 * do, when it is opened and at each change, and logs "planted: WHAT: 0" where it could, else the
 * errno. Its settings name what is not known here: folder (the server's data), link (a symbolic
 * link that leads out), port (somebody's on this machine).
 */
#define _GNU_SOURCE
#include "dedit_policy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct policy_host *host;
static char folder[512], link_out[512];
static int port;

/* 6: information, as syslog(3) has it. */
static void say(const char *what, int failed)
{
	char line[256];

	snprintf(line, sizeof(line), "planted: %s: %d", what, failed ? errno : 0);
	host->log(6, line);
}

static void try_open(const char *what, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	say(what, fd < 0);
	if (fd >= 0)
		close(fd);
}

static void try_in_data(const char *what, const char *name)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	try_open(what, path, O_WRONLY | O_CREAT);
	unlink(path);
	snprintf(path, sizeof(path), "%s/planted-link", folder);
	say("symlink", symlink("/etc/passwd", path) != 0);
	unlink(path);
}

static void try_program(void)
{
	char *argv[] = { "true", NULL }, *none[] = { NULL };
	pid_t child;
	int rc = posix_spawn(&child, "/bin/true", NULL, NULL, argv, none);

	errno = rc;
	say("execute", rc != 0);
	if (rc == 0)
		waitpid(child, NULL, 0);
}

static void try_network(const char *what, int (*call)(int, const struct sockaddr *, socklen_t), int to)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)to),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	say(what, call(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0);
	close(fd);
}

static int bind_any(int fd, const struct sockaddr *sa, socklen_t len)
{
	return bind(fd, sa, len);
}

static int connect_any(int fd, const struct sockaddr *sa, socklen_t len)
{
	return connect(fd, sa, len);
}

/* Nothing is mapped at 1, which is found out only behind the question whether one may look. */
static void try_memory(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)1, 1 };

	say("read another's memory", process_vm_readv(getppid(), &here, 1, &there, 1, 0) < 0 && errno != EFAULT);
}

static void try_all(void)
{
	try_open("read a secret", "/etc/passwd", O_RDONLY);
	try_open("read by a link", link_out, O_RDONLY);
	try_open("list the root", "/", O_RDONLY | O_DIRECTORY);
	try_open("write elsewhere", "/tmp/dedit-planted", O_WRONLY | O_CREAT);
	unlink("/tmp/dedit-planted");
	try_in_data("write in the data folder", "planted");
	try_program();
	try_network("bind", bind_any, 0);
	try_network("connect", connect_any, port);
	say("signal", kill(getppid(), 0) != 0);
	try_memory();
}

static int open_policy(const struct policy_host *h, const char *name, const char *digest,
	const struct policy_setting *settings, size_t n, void **self, char *why, size_t why_size)
{
	(void)name, (void)digest, (void)why, (void)why_size;
	host = h;
	*self = NULL;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(settings[i].key, "folder") == 0)
			snprintf(folder, sizeof(folder), "%s", settings[i].value);
		else if (strcmp(settings[i].key, "link") == 0)
			snprintf(link_out, sizeof(link_out), "%s", settings[i].value);
		else
			port = atoi(settings[i].value);
	}
	try_all();
	return 0;
}

static int64_t horizon(void *self)
{
	(void)self;
	return 30 * 86400;
}

static int check(void *self, const struct policy_change *c, struct policy_sink *sink)
{
	(void)self, (void)c, (void)sink;
	try_all();
	return 0;
}

static void close_policy(void *self)
{
	(void)self;
}

const struct policy_module *dedit_policy_v1(void)
{
	static const struct policy_module module = {
		.abi = DEDIT_POLICY_ABI, .size = sizeof(struct policy_module), .name = "planted", .version = "1",
		.open = open_policy, .horizon = horizon, .check = check, .close = close_policy,
	};

	return &module;
}
