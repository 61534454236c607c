/*
 * Files to be imported: cut into objects, one for each UID. Each
 * object is iCalendar with one UID, no two have the same, and places in it lie in the file.
 */
#include "base/util.h"
#include "ical/split.h"
#include "tests/fuzz/fuzz.h"

enum { NOW = 1790000000, PIECES = 64, FILE_MAX = 1 << 16 };

struct file { const char *bytes; size_t len; };

static int read_file(void *arg, uint64_t offset, size_t len, struct buf *out, struct err *e)
{
	const struct file *f = arg;

	must(offset <= f->len);
	len = len < f->len - offset ? len : f->len - offset;
	return buf_add(out, f->bytes + offset, len) == 0 ? 0 : err_set(e, ERR_LARGE, "too large");
}

static size_t lines_of(const char *bytes, size_t len)
{
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += bytes[i] == '\n';
	return n;
}

/* What is in order for a store has the one UID that no piece before it has. */
static void check_valid(const struct ical *ic, const char **uids, size_t *count)
{
	struct ical_info info;

	/* a UID that was made up is the bytes', so twins have the same */
	if (ical_valid(ic, &info, NULL) < 0 || str_ends(info.uid, "@host"))
		return;
	for (size_t i = 0; i < *count; i++)
		must(strcmp(uids[i], info.uid) != 0);
	uids[(*count)++] = info.uid;
}

static void check_piece(const struct ical_split *s, size_t n, const struct file *f, struct arena *mem,
	const char **uids, size_t *count)
{
	size_t lines = lines_of(f->bytes, f->len);
	struct ical_piece p = { 0 };
	struct ical *ic;
	struct err e;

	if (ical_split_read(s, n, &ical_default_limits, "host", NOW, mem, &p, &e) < 0) {
		must(p.line >= 1 && p.line <= lines);
		return;
	}
	must(p.line >= 1 && p.line <= lines && p.len > 0);
	for (unsigned line = 1; line <= lines_of(p.body, p.len) - 1; line++)
		must(ical_piece_line(&p, line) <= lines);
	if (ical_parse(p.body, p.len, NULL, mem, &ic, &e) == 0)
		check_valid(ic, uids, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	cleanup_arena struct arena *mem = arena_create();
	struct file f = { (const char *)data, size };
	const char *uids[PIECES];
	struct ical_split *s;
	size_t count = 0;
	struct err e;

	if (!ready) {
		must(!zone_init(NULL, &e));
		ready = true;
	}
	if (size > FILE_MAX || ical_split_open(read_file, &f, mem, &s, &e) < 0)
		return 0;
	for (size_t n = 0; n < ical_split_count(s) && n < PIECES; n++)
		check_piece(s, n, &f, mem, uids, &count);
	return 0;
}
