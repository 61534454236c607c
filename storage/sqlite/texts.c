#include "storage/sqlite/texts.h"

#include <stdlib.h>

#include "base/util.h"
#include "storage/chain.h"
#include "storage/props.h"
#include "storage/sqlite/journal.h"

/* ---- which there are ---- */

/* kind, owner, name, collection, calendar; as enum text_kind and prop_place_kind have it */
static const char list_sql[] =
	"SELECT 0, name, '', 0, '' FROM account"
	" UNION ALL SELECT DISTINCT 1, place, '', 0, '' FROM place_prop WHERE kind <> 0"
	" UNION ALL SELECT 2, owner, '', id, name FROM collection"
	" UNION ALL SELECT DISTINCT 3, c.owner, p.place, c.id, c.name FROM place_prop p"
	"  JOIN collection c ON c.id = p.collection WHERE p.kind = 0"
	" UNION ALL SELECT 4, path, '', 0, '' FROM ledger_log";

static void make_path(const struct text_file *f, const char *calendar, char path[PATH_SIZE])
{
	char folder[PATH_SIZE - 8];

	switch (f->kind) {
	case TEXT_ACCOUNT:
		snprintf(path, PATH_SIZE, "accounts/%s", f->owner);
		break;
	case TEXT_OWNER:
		snprintf(path, PATH_SIZE, "cal/%s/.props", f->owner);
		break;
	case TEXT_CALENDAR:
		path_folder(f->owner, calendar, path);
		snprintf(folder, sizeof(folder), "%.*s", (int)sizeof(folder) - 1, path);
		snprintf(path, PATH_SIZE, "%s/.props", folder);
		break;
	case TEXT_OBJECT:
		path_object_props(f->owner, calendar, f->name, path);
		break;
	case TEXT_LOG:
		snprintf(path, PATH_SIZE, "%s", f->owner);
		break;
	}
}

int texts_list(struct conn *c, struct arena *mem, struct text_file **out, size_t *n, struct err *e)
{
	sqlite3_stmt *st cleanup_stmt = sql_bind(c, e, list_sql, NULL, 0);
	int status = st == NULL ? -1 : 1;
	struct text_file *file = NULL;
	size_t count = 0, room = 0;
	char path[PATH_SIZE];

	while (status > 0 && (status = sql_step(c, st, e)) > 0) {
		file = arena_room(mem, file, count, &room, sizeof(*file));
		struct text_file *f = &file[count++];
		*f = (struct text_file){
			.kind = (enum text_kind)sqlite3_column_int(st, 0),
			.owner = arena_strdup(mem, sql_text(st, 1)),
			.name = arena_strdup(mem, sql_text(st, 2)),
			.collection = sqlite3_column_int64(st, 3),
		};
		make_path(f, sql_text(st, 4), path);
		f->path = arena_strdup(mem, path);
	}
	if (status == 0) {
		*out = file;
		*n = count;
	}
	return status;
}

/* ---- what stands in them ---- */

int text_of(struct conn *c, const struct text_file *f, struct buf *out, struct err *e)
{
	switch (f->kind) {
	case TEXT_ACCOUNT:
		return account_text(c, f->owner, out, e);
	case TEXT_OWNER:
		return place_owner_text(c, f->owner, out, e);
	case TEXT_CALENDAR:
		return props_text(c, f->collection, out, e);
	case TEXT_OBJECT:
		return place_object_text(c, f->collection, f->name, out, e);
	case TEXT_LOG:
		return ledger_log_text(c, f->path, out, e);
	}
	return 0;
}

int text_journal(struct change_log *log, const struct text_file *f, struct err *e)
{
	switch (f->kind) {
	case TEXT_ACCOUNT:
		return journal_account(log, f->owner, e);
	case TEXT_OWNER:
		return place_journal(log, &(struct prop_place){PLACE_HOME, 0, f->owner}, e);
	case TEXT_CALENDAR:
		return journal_props(log, f->collection, e);
	case TEXT_OBJECT:
		return place_journal(log, &(struct prop_place){PLACE_OBJECT, f->collection, f->name}, e);
	case TEXT_LOG:
		return journal_log(log, f->path, e);
	}
	return 0;
}

size_t text_largest(const struct text_file *f)
{
	return f->kind == TEXT_LOG ? LOG_LARGEST : f->kind == TEXT_ACCOUNT ? ACCOUNT_LARGEST : PROPS_LARGEST;
}

/* ---- comparing ---- */

struct lines { const char **line; size_t n, room; };

/* In order, without those that say nothing. */
static void take_lines(struct arena *mem, const struct buf *text, struct lines *out)
{
	char *rest = arena_strndup(mem, text->len > 0 ? text->data : "", text->len), *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		size_t len = strlen(line);

		if (len > 0 && line[len - 1] == '\r') {
			line[len - 1] = '\0';
		}
		if (line[0] == '\0' || line[0] == '#')
			continue;
		out->line = arena_room(mem, out->line, out->n, &out->room, sizeof(*out->line));
		out->line[out->n++] = line;
	}
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool same_lines(const struct buf *a, const struct buf *b)
{
	struct arena *mem cleanup_arena = arena_create();
	struct lines x = {0}, y = {0};

	take_lines(mem, a, &x);
	take_lines(mem, b, &y);
	if (x.n != y.n)
		return false;
	if (x.n > 0) {
		qsort(x.line, x.n, sizeof(*x.line), compare_lines);
		qsort(y.line, y.n, sizeof(*y.line), compare_lines);
	}
	for (size_t i = 0; i < x.n; i++) {
		if (strcmp(x.line[i], y.line[i]) != 0)
			return false;
	}
	return true;
}

bool text_same(const struct text_file *f, const struct buf *a, const struct buf *b)
{
	if (a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0))
		return true;
	return f->kind != TEXT_LOG && same_lines(a, b);
}

/* ---- reading ---- */

static int read_line(const struct text_file *f, char *line, struct err *why)
{
	struct signed_head h;
	struct ledger_row row;

	return strcmp(strrchr(f->path, '/') + 1, CHAIN_HEADS) == 0 ? head_parse_line(line, &h, why)
		: chain_parse_line(line, &row, why);
}

static bool log_readable(const struct text_file *f, struct arena *mem, const struct buf *text,
	struct err *why)
{
	char *rest = arena_strndup(mem, text->len > 0 ? text->data : "", text->len), *line;

	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		if (read_line(f, line, why) < 0)
			return false;
	}
	return true;
}

bool text_readable(const struct text_file *f, const struct buf *text, struct err *why)
{
	struct arena *mem cleanup_arena = arena_create();
	struct delegates acting;
	struct account account;
	struct props props;

	if (f->kind == TEXT_LOG)
		return log_readable(f, mem, text, why);
	if (f->kind == TEXT_ACCOUNT)
		return account_parse(text->data, text->len, mem, &account, &acting, why) == 0;
	return props_parse(text->data, text->len, mem, &props, why) == 0;
}
