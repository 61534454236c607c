/* The ledger's files, read without the index and without the folder's lock. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fsio.h"
#include "base/util.h"
#include "storage/chain.h"
#include "storage/names.h"
#include "storage/sqlite/journal.h"
#include "storage/store.h"

struct logs { const char *owner; ledger_fn visit; void *arg; };

/* What the visitor says. */
static int visit_lines(const struct logs *l, char *text)
{
	int status = 0;

	for (char *line = text, *lf; status == 0 && (lf = strchr(line, '\n')) != NULL; line = lf + 1) {
		struct ledger_row row;

		*lf = '\0';
		if (chain_parse_line(line, &row, NULL) < 0)
			continue;
		row.owner = l->owner;
		status = l->visit(&row, l->arg);
	}
	return status;
}

static int visit_owner(int dir, const struct logs *l, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	int folder cleanup_fd = -1, status = 0;
	struct buf text cleanup_buf;
	const char **entry;
	size_t n;

	buf_init(&text, LOG_LARGEST);
	if (fs_open_subdir(dir, l->owner, 0, &folder, e) < 0 || fs_list(folder, mem, &entry, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && status == 0; i++) {
		if (strcmp(entry[i], CHAIN_HEADS) == 0)
			continue;
		buf_reset(&text);
		if (fs_read(folder, entry[i], &text, e) < 0)
			return -1;
		status = visit_lines(l, text.data);
	}
	return status;
}

int store_ledger_logs(const char *path, ledger_fn visit, void *arg, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	int root cleanup_fd = -1, dir cleanup_fd = -1, status = 0;
	struct err why = {0};
	const char **entry;
	size_t n;

	if (fs_open_dir(path, &root, &why) < 0 || fs_open_subdir(root, "ledger", 0, &dir, &why) < 0)
		return why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s", why.text);
	if (fs_list(dir, mem, &entry, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && status == 0; i++) {
		if (name_owner_valid(entry[i]))
			status = visit_owner(dir, &(struct logs){entry[i], visit, arg}, e);
	}
	return status;
}
