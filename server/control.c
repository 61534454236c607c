#include "server/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/util.h"
#include "server/admin.h"

enum {
	TEXT_MAX = 64 * 1024,      /* of one argument */
	ARGS_MAX = 64,
	THREADS = 4, QUEUE = 16,
	REQUEST_SECONDS = 10,
	ACCEPT_AGAIN_MS = 100,
};

/* Strings travel as four bytes of length, most significant first, and the bytes. */

static int read_exactly(int fd, void *to, size_t len)
{
	char *at = to;

	while (len > 0) {
		ssize_t n = read(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_exactly(int fd, const void *from, size_t len)
{
	const char *at = from;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_number(int fd, uint32_t max, uint32_t *out)
{
	uint8_t b[4];
	uint32_t n;

	if (read_exactly(fd, b, sizeof(b)) != 0)
		return -1;
	n = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	if (n > max)
		return -1;
	*out = n;
	return 0;
}

static int write_number(int fd, uint32_t n)
{
	uint8_t b[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	return write_exactly(fd, b, sizeof(b));
}

/* A descriptor travels with one byte. */
static int send_file(int fd, int file)
{
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	union { struct cmsghdr head; char space[CMSG_SPACE(sizeof(int))]; } control = { 0 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &file, sizeof(file));
	return sendmsg(fd, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int receive_file(int fd, int *out)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	union { struct cmsghdr head; char space[CMSG_SPACE(sizeof(int))]; } control;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c;

	if (recvmsg(fd, &m, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
		c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(out, CMSG_DATA(c), sizeof(*out));
	return 0;
}

static int write_text(int fd, const char *text, size_t len)
{
	return write_number(fd, (uint32_t)len) != 0 ? -1 : write_exactly(fd, text, len);
}

static int read_text(int fd, struct arena *mem, char **out)
{
	uint32_t len;
	char *text;

	if (read_number(fd, TEXT_MAX, &len) != 0)
		return -1;
	text = arena_alloc(mem, len + 1);
	if (read_exactly(fd, text, len) != 0 || memchr(text, '\0', len) != NULL)
		return -1;
	*out = text;
	return 0;
}

/* Through the folder's descriptor: a path of its own could be too long for sun_path. */
static int open_socket(int dir, struct sockaddr_un *sa)
{
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/control", dir);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void set_timeouts(int fd, int seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

/* ---- the server's side ---- */

struct control {
	struct server *sv;
	struct workers *workers;
	pthread_t thread;
	bool running;
	int dir, fd, stop;       /* stop: an eventfd */
};

struct call { struct server *sv; int fd, stop; };

static bool peer_allowed(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
		(peer.uid == geteuid() || peer.uid == 0);
}

static int read_call(int fd, struct arena *mem, char **password, char ***args, int *file)
{
	uint32_t n;

	if (read_number(fd, 1, &n) != 0 || (n == 1 && receive_file(fd, file) != 0))
		return -1;
	if (read_text(fd, mem, password) != 0 || read_number(fd, ARGS_MAX, &n) != 0)
		return -1;
	*args = arena_array(mem, n + 1, sizeof(**args));
	for (uint32_t i = 0; i < n; i++) {
		if (read_text(fd, mem, &(*args)[i]) != 0)
			return -1;
	}
	return 0;
}

static int run_command(struct admin *a, char *const *args)
{
	const struct command *c = admin_find(args);

	if (c != NULL && (c->flags & ADMIN_OFFLINE) != 0)
		return admin_fail(a, "the server is running; stop deditd first");
	if (c != NULL && (c->flags & (ADMIN_READS | ADMIN_READS_LAST | ADMIN_WRITES)) != 0 && a->file < 0)
		return admin_fail(a, "no file came with the command");
	return admin_run(a, args);
}

static int send_answer(int fd, int code, const struct admin *a)
{
	if (write_number(fd, (uint32_t)code) != 0 || write_text(fd, a->out.data, a->out.len) != 0 ||
		write_text(fd, a->errors.data, a->errors.len) != 0) {
		log_info("dedit went away before its answer");
		return -1;
	}
	return 0;
}

/* `dedit` copies the files in its own process (architecture.md 15.27). They are held until it goes, in
 * whatever way, or the server stops. */
static void hold_files(const struct call *call, struct admin *a)
{
	struct pollfd ends[] = { { .fd = call->fd, .events = POLLIN }, { .fd = call->stop, .events = POLLIN } };
	struct err e;

	if (store_hold(call->sv->store, &e) != 0) {
		(void)send_answer(call->fd, admin_fail(a, "%s", e.text), a);
		return;
	}
	log_info("no file is written while a backup is made");
	if (send_answer(call->fd, ADMIN_OK, a) == 0) {
		while (poll(ends, ARRAY_SIZE(ends), -1) < 0 && errno == EINTR) {
		}
	}
	store_release(call->sv->store);
	log_info("files are written again");
}

static void answer(const struct call *call, struct arena *mem, const char *password, char *const *args,
	int file)
{
	const struct command *c = admin_find(args);
	struct site *site = site_get(&call->sv->site);
	struct admin a;
	int code;

	admin_init(&a, site, mem, clock_now());
	a.password = password[0] != '\0' ? password : NULL;
	a.served = true;
	a.file = file;
	if (c != NULL && (c->flags & ADMIN_BESIDE) != 0) {
		hold_files(call, &a);
	} else {
		code = run_command(&a, args);
		if (args[0] != NULL)
			log_info("command %s %s: %d", args[0], args[1] != NULL ? args[1] : "", code);
		(void)send_answer(call->fd, code, &a);
	}
	admin_finish(&a);
	site_release(site);
}

static void job_call(void *arg)
{
	struct call *call = arg;
	cleanup_arena struct arena *mem = arena_create();
	cleanup_fd int file = -1;
	char *password = NULL, **args;

	set_timeouts(call->fd, REQUEST_SECONDS);
	if (!peer_allowed(call->fd)) {
		log_warn("control: a user other than the server's was refused");
	} else if (read_call(call->fd, mem, &password, &args, &file) == 0) {
		answer(call, mem, password, args, file);
	}
	if (password != NULL)
		secret_zero(password, strlen(password));
	close(call->fd);
	free(call);
}

static void accept_call(struct control *c)
{
	int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC);
	struct call *call;

	if (fd < 0) {
		/* Out of descriptors: the call stays in the queue, and poll() would not wait. */
		poll(&(struct pollfd){ .fd = c->stop, .events = POLLIN }, 1, ACCEPT_AGAIN_MS);
		return;
	}
	call = xcalloc(1, sizeof(*call));
	call->sv = c->sv;
	call->fd = fd;
	call->stop = c->stop;
	if (workers_submit(c->workers, job_call, call) != 0) {
		close(fd);
		free(call);
	}
}

static void *run(void *arg)
{
	struct control *c = arg;
	struct pollfd fds[] = { { .fd = c->fd, .events = POLLIN }, { .fd = c->stop, .events = POLLIN } };

	pthread_setname_np(pthread_self(), "control");
	while (fds[1].revents == 0) {
		if (poll(fds, ARRAY_SIZE(fds), -1) > 0 && fds[0].revents != 0)
			accept_call(c);
	}
	return NULL;
}

static int open_control(struct control *c, const char *data, struct err *e)
{
	struct sockaddr_un sa;

	if (fs_open_dir(data, &c->dir, e) != 0 || fs_remove(c->dir, "control", e) != 0)
		return -1;
	c->fd = open_socket(c->dir, &sa);
	if (c->fd < 0)
		return err_errno(e, ERR_IO, "control: socket");
	/* The folder is 0700 already; the mode is for those who make it wider by hand. */
	if (bind(c->fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 || chmod(sa.sun_path, 0600) != 0 ||
		listen(c->fd, QUEUE) != 0)
		return err_errno(e, ERR_IO, "%s/control", data);
	return 0;
}

static int start(struct control *c, struct err *e)
{
	struct site *site = site_get(&c->sv->site);
	int rc = open_control(c, site->settings->data, e);

	site_release(site);
	if (rc != 0)
		return -1;
	c->stop = eventfd(0, EFD_CLOEXEC);
	if (c->stop < 0)
		return err_errno(e, ERR_IO, "control: eventfd");
	if (workers_create("command", THREADS, QUEUE, &c->workers, e) != 0)
		return -1;
	errno = pthread_create(&c->thread, NULL, run, c);
	if (errno != 0)
		return err_errno(e, ERR_IO, "control: thread");
	c->running = true;
	return 0;
}

int control_start(struct server *sv, struct control **out, struct err *e)
{
	struct control *c = xcalloc(1, sizeof(*c));

	c->sv = sv;
	c->dir = c->fd = c->stop = -1;
	if (start(c, e) != 0) {
		control_stop(c);
		return -1;
	}
	*out = c;
	return 0;
}

void control_stop(struct control *c)
{
	uint64_t one = 1;
	struct err e;

	if (c == NULL)
		return;
	if (c->running && write(c->stop, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(c->thread, NULL);
	workers_destroy(c->workers);
	if (c->fd >= 0 && fs_remove(c->dir, "control", &e) != 0)
		log_warn("%s", e.text);
	fd_cleanup(&c->fd);
	fd_cleanup(&c->stop);
	fd_cleanup(&c->dir);
	free(c);
}

/* ---- the command's side ---- */

static int send_call(int fd, const char *password, char *const *args, int file)
{
	uint32_t n = 0;

	if (write_number(fd, file >= 0) != 0 || (file >= 0 && send_file(fd, file) != 0))
		return -1;

	while (args[n] != NULL)
		n++;
	if (write_text(fd, password, strlen(password)) != 0 || write_number(fd, n) != 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		if (write_text(fd, args[i], strlen(args[i])) != 0)
			return -1;
	}
	return 0;
}

static int receive_text(int fd, struct buf *out)
{
	char piece[16384];
	uint32_t len;

	if (read_number(fd, ADMIN_OUT_MAX, &len) != 0)
		return -1;
	while (len > 0) {
		size_t n = len < sizeof(piece) ? len : sizeof(piece);

		if (read_exactly(fd, piece, n) != 0 || buf_add(out, piece, n) != 0)
			return -1;
		len -= (uint32_t)n;
	}
	return 0;
}

/* *fd: the connection, whatever comes of it; the caller's to close. */
static int make_call(const char *data, const char *password, char *const *args, int file, int *fd, int *code,
	struct buf *out, struct buf *errors, struct err *e)
{
	cleanup_fd int dir = -1;
	struct sockaddr_un sa;
	uint32_t number;

	if (fs_open_dir(data, &dir, e) != 0)
		return -1;
	*fd = open_socket(dir, &sa);
	if (*fd < 0)
		return err_errno(e, ERR_IO, "control: socket");
	if (connect(*fd, (struct sockaddr *)&sa, sizeof(sa)) != 0)
		return err_errno(e, errno == ENOENT || errno == ECONNREFUSED ? ERR_NOT_FOUND : ERR_IO,
			"%s/control", data);
	if (send_call(*fd, password != NULL ? password : "", args, file) != 0 ||
		read_number(*fd, ADMIN_USAGE, &number) != 0 || receive_text(*fd, out) != 0 ||
		receive_text(*fd, errors) != 0)
		return err_set(e, ERR_IO, "%s/control: the server broke the connection off", data);
	*code = (int)number;
	return 0;
}

int control_call(const char *data, const char *password, char *const *args, int file, int *code,
	struct buf *out, struct buf *errors, struct err *e)
{
	cleanup_fd int fd = -1;

	return make_call(data, password, args, file, &fd, code, out, errors, e);
}

int control_hold(const char *data, char *const *args, int *held, int *code, struct buf *out,
	struct buf *errors, struct err *e)
{
	int fd = -1;
	int rc = make_call(data, NULL, args, -1, &fd, code, out, errors, e);

	if (rc == 0 && *code == ADMIN_OK)
		*held = fd;
	else
		fd_cleanup(&fd);
	return rc;
}

int control_holds(int held, struct err *e)
{
	struct pollfd fd = { .fd = held, .events = POLLIN };

	return poll(&fd, 1, 0) == 0 ? 0 : err_set(e, ERR_IO, "the server ended meanwhile");
}

void control_release(int held)
{
	char byte;

	if (held < 0)
		return;
	shutdown(held, SHUT_WR);
	(void)read_exactly(held, &byte, 1);
	close(held);
}
