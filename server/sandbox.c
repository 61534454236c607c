#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/util.h"

/* ---- own user ---- */

int find_user(const struct settings *s, const struct passwd **out, struct err *e)
{
	const struct passwd *user = s->user != NULL ? getpwnam(s->user) : NULL;

	if (s->user != NULL && user == NULL) {
		err_set(e, ERR_INVALID, "an account of this machine; there is no %s", s->user);
		return settings_blame(s, "user", e);
	}
	*out = user;
	return 0;
}

int become_user(const struct settings *s, struct err *e)
{
	const struct passwd *user;
	bool made;

	if (geteuid() != 0)
		return 0;
	if (find_user(s, &user, e) != 0)
		return -1;
	if (user == NULL) {
		log_warn("running as root: 'user' gives the server a user of its own");
		return 0;
	}
	/* /var/lib belongs to root: what is missing there only root can make. */
	if (fs_make_folder(s->data, user->pw_uid, user->pw_gid, &made, e) != 0)
		return -1;
	if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
		setuid(user->pw_uid) != 0)
		return err_errno(e, ERR_DENIED, "become %s", s->user);
	return 0;
}

/* ---- rights ---- */

/* The right to open low ports comes with the process (AmbientCapabilities), and every socket is open. Root
 * keeps its rights: it works for whoever owns the data folder. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct self = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return geteuid() == 0 ? 0 : (int)syscall(SYS_capset, &self, none);
}

/* A dump would hold passwords. The limit doesn't keep a program from it that the kernel pipes dumps to. */
static int forbid_dumps(void)
{
	const struct rlimit none = { 0, 0 };

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* which trace themselves */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return -1;
#endif
	return setrlimit(RLIMIT_CORE, &none);
}

/* ---- Landlock ---- */

/* Newer than the oldest kernel headers it is built with. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#define ACCESS_FS_IOCTL_DEV (1ULL << 15)
#define ACCESS_NET_TCP 3ULL           /* bind and connect */
#define SCOPE_SIGNAL (1ULL << 1)

/* struct landlock_ruleset_attr as of ABI 6; older kernels are told of its beginning only. */
struct ruleset { uint64_t fs, net, scoped; };

enum abi { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_NET = 4, ABI_IOCTL = 5, ABI_SCOPE = 6 };

/* What older kernels can't forbid yet. */
static const struct { enum abi since; const char *what; } forbidden_since[] = {
	{ ABI_TRUNCATE, "truncating files" },
	{ ABI_NET, "TCP" },
	{ ABI_IOCTL, "device commands" },
	{ ABI_SCOPE, "signals" },
};

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE (READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | \
	LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define OF_A_FILE \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

/* Time zones are read when first asked for. What a module needs, and what the C library finds at
 * need (NSS, iconv), comes with a reload. SQLite takes its random numbers from the device. */
static const char *const system_paths[] = {
	"/usr/share/zoneinfo", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64",
	"/etc/ld.so.cache", "/dev/urandom",
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	"/proc", /* what a report is made from */
#endif
};

struct landlock {
	int fd;
	uint64_t handled;        /* what this kernel knows to forbid */
};

static long kernel_abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static int create_ruleset(struct landlock *l, long abi, struct err *e)
{
	struct ruleset attr = { .fs = (ACCESS_FS_IOCTL_DEV << 1) - 1 };
	size_t size = sizeof(attr.fs);

	if (abi < ABI_TRUNCATE)
		attr.fs &= ~LANDLOCK_ACCESS_FS_TRUNCATE;
	if (abi < ABI_IOCTL)
		attr.fs &= ~ACCESS_FS_IOCTL_DEV;
	if (abi >= ABI_NET) {
		attr.net = ACCESS_NET_TCP;
		size += sizeof(attr.net);
	}
	if (abi >= ABI_SCOPE) {
		attr.scoped = SCOPE_SIGNAL;
		size += sizeof(attr.scoped);
	}
	l->handled = attr.fs;
	l->fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	return l->fd >= 0 ? 0 : err_errno(e, ERR_DENIED, "sandbox");
}

/* What doesn't exist needs no rule. */
static int allow(const struct landlock *l, const char *path, uint64_t access, struct err *e)
{
	cleanup_fd int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = { .parent_fd = fd };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return errno == ENOENT ? 0 : err_errno(e, ERR_DENIED, "sandbox: %s", path);
	rule.allowed_access = access & l->handled & (S_ISDIR(st.st_mode) ? UINT64_MAX : OF_A_FILE);
	if (syscall(SYS_landlock_add_rule, l->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
		return err_errno(e, ERR_DENIED, "sandbox: %s", path);
	return 0;
}

static int allow_folder_of(const struct landlock *l, const char *file, uint64_t access, struct err *e)
{
	const char *slash = strrchr(file, '/');
	cleanup_free char *folder = slash == NULL ? xstrdup(".") :
		xasprintf("%.*s", (int)(slash == file ? 1 : slash - file), file);

	return allow(l, folder, access, e);
}

/* Files are replaced by renaming, so it is their folder that stays; that of what links lead to as
 * well, as certificates are renewed. NULL is none. */
static int allow_beside(const struct landlock *l, const char *file, struct err *e)
{
	cleanup_free char *real = file != NULL ? realpath(file, NULL) : NULL;

	if (file == NULL)
		return 0;
	if (allow_folder_of(l, file, READ, e) != 0)
		return -1;
	return real == NULL ? 0 : allow_folder_of(l, real, READ, e);
}

/* Sockets are taken away at the end. */
static int allow_sockets(const struct landlock *l, const struct conf_value *listen, struct err *e)
{
	for (size_t i = 0; i < listen->count; i++) {
		const char *path = str_starts(listen->text[i], "unix:") ? listen->text[i] + strlen("unix:") : NULL;

		if (path != NULL && allow_folder_of(l, path, LANDLOCK_ACCESS_FS_REMOVE_FILE, e) != 0)
			return -1;
	}
	return 0;
}

/* Opened anew on SIGHUP, after somebody renamed it. */
static int allow_access_log(const struct landlock *l, const char *target, struct err *e)
{
	if (target == NULL || strcmp(target, "stderr") == 0)
		return 0;
	return allow_folder_of(l, target, LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG, e);
}

static int allow_settings(const struct landlock *l, const struct settings *s, struct err *e)
{
	const char *const *module = s->policy.module_paths;

	if (allow(l, s->data, WRITE, e) != 0 || (s->backup != NULL && allow(l, s->backup, WRITE, e) != 0) ||
		allow_beside(l, s->root->file, e) != 0 ||
		allow_beside(l, s->tls_certificate, e) != 0 || allow_beside(l, s->tls_key, e) != 0 ||
		allow_beside(l, s->policy.policy_ca, e) != 0 || allow_sockets(l, s->listen, e) != 0 ||
		allow_sockets(l, s->metrics_listen, e) != 0 ||
		allow_access_log(l, s->access_log, e) != 0)
		return -1;
	for (; module != NULL && *module != NULL; module++) {
		if (allow(l, *module, READ, e) != 0)
			return -1;
	}
	return 0;
}

static int restrict_self(long abi, const struct settings *s, struct err *e)
{
	cleanup_fd int fd = -1;
	struct landlock l;

	if (create_ruleset(&l, abi, e) != 0)
		return -1;
	fd = l.fd;
	for (size_t i = 0; i < ARRAY_SIZE(system_paths); i++) {
		if (allow(&l, system_paths[i], READ, e) != 0)
			return -1;
	}
	if (allow_settings(&l, s, e) != 0)
		return -1;
	if (syscall(SYS_landlock_restrict_self, l.fd, 0) != 0)
		return err_errno(e, ERR_DENIED, "sandbox");
	return 0;
}

static void warn_of_gaps(long abi)
{
	cleanup_buf struct buf gaps;

	buf_init(&gaps, 256);
	for (size_t i = 0; i < ARRAY_SIZE(forbidden_since); i++) {
		if (abi < (long)forbidden_since[i].since)
			buf_printf(&gaps, "%s%s", gaps.len > 0 ? ", " : "", forbidden_since[i].what);
	}
	if (gaps.len > 0)
		log_warn("the sandbox has gaps: this kernel can't forbid %s", gaps.data);
}

int sandbox_enter(const struct settings *s, struct err *e)
{
	uint8_t first[SHA256_SIZE];
	long abi = kernel_abi();

	if (drop_capabilities() != 0)
		log_warn("the right to open low ports can't be given up: %s", strerror(errno));
	if (forbid_dumps() != 0)
		log_warn("core dumps can't be forbidden: %s", strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_errno(e, ERR_DENIED, "sandbox");
	if (!s->sandbox)
		return 0;
	/* Without ABI_REFER nothing may be renamed from one folder into another. */
	if (abi < ABI_REFER) {
		log_warn("no sandbox: this kernel has no Landlock, or too old a one");
		return 0;
	}
	sha256("", 0, first); /* OpenSSL reads its configuration at its first use */
	if (restrict_self(abi, s, e) != 0)
		return -1;
	warn_of_gaps(abi);
	return 0;
}
