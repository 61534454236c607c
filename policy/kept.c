#include "policy/kept.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fsio.h"
#include "base/util.h"

static int open_folder(const char *data, int *out, struct err *e)
{
	cleanup_fd int root = -1;

	return fs_open_dir(data, &root, e) || fs_open_subdir(root, "policies", 1, out, e) ? -1 : 0;
}

int kept_add(const char *data, const char *digest, const struct buf *text, struct err *e)
{
	cleanup_fd int folder = -1;
	struct buf there cleanup_buf;

	buf_init(&there, KEPT_TEXT_MAX);
	if (open_folder(data, &folder, e))
		return -1;
	if (fs_read(folder, digest, &there, e) == 0)
		return 0;
	return fs_replace(folder, digest, text->data, text->len, 1, e);
}

int kept_read(const char *data, const char *digest, struct buf *out, struct err *e)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	cleanup_fd int folder = -1;

	if (!data || strlen(digest) != DIGEST_SIZE - 2 || strspn(digest, alphabet) != DIGEST_SIZE - 2)
		return err_set(e, ERR_NOT_FOUND, "no such version");
	return open_folder(data, &folder, e) || fs_read(folder, digest, out, e) ? -1 : 0;
}

static int visit_file(int folder, const char *name, int (*visit)(const char *, const char *, void *),
	void *arg, struct err *e)
{
	struct buf text cleanup_buf;

	buf_init(&text, KEPT_TEXT_MAX);
	if (fs_read(folder, name, &text, e))
		return -1;
	return visit(name, text.data, arg);
}

int kept_visit(const char *data, int (*visit)(const char *digest, const char *text, void *arg), void *arg,
	struct err *e)
{
	cleanup_fd int folder = -1;
	struct dirent *entry;
	int status = 0;
	DIR *list;

	if (open_folder(data, &folder, e))
		return -1;
	list = fdopendir(dup(folder));
	if (!list)
		return err_errno(e, ERR_IO, "%s/policies", data);
	while (status == 0 && (entry = readdir(list))) {
		if (entry->d_name[0] != '.')
			status = visit_file(folder, entry->d_name, visit, arg, e);
	}
	closedir(list);
	return status;
}
