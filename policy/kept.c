#include "policy/kept.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/fsio.h"
#include "base/util.h"

static int open_folder(const char *data, int *out, struct err *e)
{
	cleanup_fd int root = -1;

	return fs_open_dir(data, &root, e) || fs_open_subdir(root, "policies", 0, out, e) ? -1 : 0;
}

int kept_add(const char *data, const char *digest, const struct buf *text, struct err *e)
{
	cleanup_fd int root = -1, folder = -1;
	struct buf there cleanup_buf;

	buf_init(&there, KEPT_TEXT_MAX);
	if (fs_open_dir(data, &root, e) || fs_open_subdir(root, "policies", 1, &folder, e))
		return -1;
	bool whole = fs_read(folder, digest, &there, e) == 0 && there.len == text->len &&
		memcmp(there.data, text->data, text->len) == 0;
	if (!whole && fs_replace(folder, digest, text->data, text->len, 1, e) != 0)
		return -1;
	/* The folder may be new, and the text from a process that ended before it was durable. */
	if (fsync(folder) < 0 || fsync(root) < 0)
		return err_errno(e, ERR_IO, "sync policies/%s", digest);
	return 0;
}

/* What else somebody put into the folder is none of ours. */
bool kept_is_digest(const char *name)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	return strlen(name) == DIGEST_SIZE - 2 && strspn(name, alphabet) == DIGEST_SIZE - 2;
}

int kept_read(const char *data, const char *digest, struct buf *out, struct err *e)
{
	cleanup_fd int folder = -1;

	if (!data || !kept_is_digest(digest))
		return err_set(e, ERR_NOT_FOUND, "no such version");
	return open_folder(data, &folder, e) || fs_read(folder, digest, out, e) ? -1 : 0;
}

/* What is done with each text's file. */
struct each {
	int (*file)(const struct each *each, int folder, const char *name, struct err *e);
	int (*visit)(const char *digest, const char *text, void *arg);
	int (*problem)(const char *line, void *arg);
	void *arg;
};

static int visit_file(const struct each *each, int folder, const char *name, struct err *e)
{
	struct buf text cleanup_buf;

	buf_init(&text, KEPT_TEXT_MAX);
	if (fs_read(folder, name, &text, e))
		return -1;
	return each->visit(name, text.data, each->arg);
}

/* The names that can be digests; none without a folder. */
static int list_texts(const char *data, struct arena *mem, int *folder, const char ***names, size_t *count,
	struct err *e)
{
	struct err why;
	size_t all = 0;

	*count = 0;
	if (open_folder(data, folder, &why))
		return why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s", why.text);
	if (fs_list(*folder, mem, names, &all, e))
		return -1;
	for (size_t n = 0; n < all; n++) {
		if (kept_is_digest((*names)[n]))
			(*names)[(*count)++] = (*names)[n];
	}
	return 0;
}

static int walk(const char *data, const struct each *each, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	cleanup_fd int folder = -1;
	const char **name;
	int status = 0;
	size_t count;

	if (list_texts(data, mem, &folder, &name, &count, e))
		return -1;
	for (size_t n = 0; n < count && status == 0; n++)
		status = each->file(each, folder, name[n], e);
	return status;
}

int kept_visit(const char *data, int (*visit)(const char *digest, const char *text, void *arg), void *arg,
	struct err *e)
{
	return walk(data, &(struct each){ .file = visit_file, .visit = visit, .arg = arg }, e);
}

static int check_file(const struct each *each, int folder, const char *name, struct err *e)
{
	struct buf text cleanup_buf;
	char own[DIGEST_SIZE];
	struct err why;

	(void)e;
	buf_init(&text, KEPT_TEXT_MAX);
	bool read = fs_read(folder, name, &text, &why) == 0;
	if (read)
		digest_short(text.data, text.len, own);
	if (read && strcmp(own, name) == 0)
		return 0;
	char *line cleanup_free = xasprintf("policies/%s: %s; put it back from a backup", name,
		read ? "not the text of that name" : why.text);
	return each->problem(line, each->arg);
}

int kept_check(const char *data, int (*problem)(const char *line, void *arg), void *arg, struct err *e)
{
	return walk(data, &(struct each){ .file = check_file, .problem = problem, .arg = arg }, e);
}
