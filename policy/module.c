#include "policy/module.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/util.h"
#include "policy/sign.h"

typedef const struct policy_module *(*module_entry)(void);

/* In a folder with the sticky bit only a file's owner can replace it, and the owner is checked
 * one step below. */
static int check_owner(const char *path, const struct stat *st, struct err *e)
{
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);

	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(
			e, ERR_DENIED, "%s belongs neither to root nor to the server's user", path);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !sticky) {
		return err_set(e, ERR_DENIED, "%s is writable by others (mode %04o)", path,
			(unsigned)(st->st_mode & 07777));
	}
	return 0;
}

/* Every folder on the way to the file; path is absolute and without links. */
static int check_folders(const char *path, struct err *e)
{
	cleanup_free char *folder = xstrdup(path);
	struct stat st;

	for (char *slash; (slash = strrchr(folder, '/')) != NULL;) {
		slash[slash == folder ? 1 : 0] = '\0';
		if (lstat(folder, &st))
			return err_errno(e, ERR_IO, "%s", folder);
		if (check_owner(folder, &st, e))
			return -1;
		if (slash == folder) {
			break;
		}
	}
	return 0;
}

static int check_file(const char *path, const char *ca, struct err *e)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_free char *signature = xasprintf("%s.sig", path);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return err_errno(e, ERR_IO, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "%s is no regular file", path);
	if (check_owner(path, &st, e) || check_folders(path, e))
		return -1;
	return ca ? sign_verify(fd, signature, ca, e) : 0;
}

int module_check(const struct policy_module *m, struct err *e)
{
	if (!m)
		return err_set(e, ERR_INVALID, "dedit_policy_v1() gave nothing");
	if (m->abi != DEDIT_POLICY_ABI) {
		return err_set(e, ERR_INVALID, "made for version %u of the interface, expected %d",
			m->abi, DEDIT_POLICY_ABI);
	}
	if (m->size < sizeof(*m)) {
		return err_set(e, ERR_INVALID, "its table has %u bytes, expected at least %zu",
			m->size, sizeof(*m));
	}
	if (!m->name || !m->version || !m->open || !m->horizon || !m->check || !m->close)
		return err_set(e, ERR_INVALID, "its table has empty members");
	return 0;
}

static int open_object(const char *path, const struct policy_module **out, void **object,
	struct err *e)
{
	void *loaded = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	module_entry entry = NULL;

	if (!loaded)
		return err_set(e, ERR_INVALID, "%s", dlerror());
	void *symbol = dlsym(loaded, "dedit_policy_v1");
	memcpy(&entry, &symbol,
		sizeof(entry)); /* ISO C has no cast from an object's to a function's pointer */
	if (!entry) {
		err_set(e, ERR_INVALID, "has no symbol dedit_policy_v1");
	}
	const struct policy_module *m = entry ? entry() : NULL;
	if (!entry || module_check(m, e)) {
		dlclose(loaded);
		return -1;
	}
	*out = m;
	*object = loaded;
	return 0;
}

int module_load(const char *path, const char *ca, const struct policy_module **out, void **object,
	struct err *e)
{
	cleanup_free char *real = realpath(path, NULL);

	if (!real)
		return err_errno(e, ERR_NOT_FOUND, "%s", path);
	return check_file(real, ca, e) ? -1 : open_object(real, out, object, e);
}

void module_unload(void *object)
{
	if (object) {
		dlclose(object);
	}
}
