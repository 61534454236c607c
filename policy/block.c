#include "policy/block.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "ical/ical.h"

#define BLOCK_OPEN "=== "
#define BLOCK_BEGIN " · do not edit below ==="
#define BLOCK_END "=== end ==="
#define BLOCK_NOTE "Note" /* in place of a reference */

struct block_lines { const char **lines; size_t count; };

/* ---- lines that were written ---- */

static size_t trimmed_length(const char *text, size_t len)
{
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
		len--;
	}
	return len;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; (text = strchr(text, '\n')) != NULL; text++) {
		count++;
	}
	return count;
}

static void add_lines(struct block_lines *lines, const char *text, struct arena *mem)
{
	for (;;) {
		size_t len = strcspn(text, "\n");

		lines->lines[lines->count++] = arena_strndup(mem, text, trimmed_length(text, len));
		if (!text[len])
			return;
		text += len + 1;
	}
}

const struct block_lines *block_lines_make(const struct entry_list *known, struct arena *mem)
{
	struct block_lines *lines = arena_alloc(mem, sizeof(*lines));
	size_t size = 0;

	for (size_t n = 0; n < known->count; n++) {
		const struct rendering *r = known->entries[n].shown;
		size += r && r->block ? count_lines(r->block) : 0;
	}
	if (!size)
		return lines;
	lines->lines = arena_array(mem, size, sizeof(*lines->lines));
	for (size_t n = 0; n < known->count; n++) {
		const struct rendering *r = known->entries[n].shown;
		if (r && r->block) {
			add_lines(lines, r->block, mem);
		}
	}
	qsort(lines->lines, lines->count, sizeof(*lines->lines), compare_lines);
	return lines;
}

static bool was_written(const struct block_lines *lines, const char *line)
{
	return lines->count &&
		bsearch(&line, lines->lines, lines->count, sizeof(*lines->lines), compare_lines);
}

/* Some programs cut long notes. */
static bool was_begun(const struct block_lines *lines, const char *line)
{
	for (size_t n = 0; n < lines->count; n++) {
		if (str_starts(lines->lines[n], line))
			return true;
	}
	return false;
}

/* ---- raw values as lines ---- */

struct raw_line { const char *text; size_t len; bool quoted; };
struct raw_lines { struct raw_line *lines; size_t count; };

/* Where the next "\n" stands, or the end. */
static size_t raw_line_length(const char *raw)
{
	size_t n = 0;

	while (raw[n] && !(raw[n] == '\\' && (raw[n + 1] == 'n' || raw[n + 1] == 'N'))) {
		n += raw[n] == '\\' && raw[n + 1] ? 2 : 1;
	}
	return n;
}

static void split(const char *raw, struct arena *mem, struct raw_lines *out)
{
	size_t count = 1;

	for (const char *p = raw + raw_line_length(raw); *p; p += 2 + raw_line_length(p + 2)) {
		count++;
	}
	*out = (struct raw_lines){ .lines = arena_array(mem, count, sizeof(*out->lines)) };
	for (;; raw += 2) {
		size_t len = raw_line_length(raw);

		out->lines[out->count++] = (struct raw_line){ .text = raw, .len = len };
		raw += len;
		if (!*raw)
			return;
	}
}

static const char *join(const struct raw_lines *lines, struct arena *mem)
{
	struct buf out cleanup_buf;

	buf_init(&out, SIZE_MAX / 2);
	for (size_t n = 0; n < lines->count; n++) {
		size_t separator = n ?
			2 :
			0; /* "\n" or "\N", which stands before every line but the first */

		buf_add(&out, lines->lines[n].text - separator, separator);
		buf_adds(&out, lines->lines[n].quoted ? "> " : "");
		buf_add(&out, lines->lines[n].text, lines->lines[n].len);
	}
	return arena_strdup(mem, out.data);
}

static bool line_is(const struct raw_line *l, const char *text)
{
	size_t len = trimmed_length(l->text, l->len);
	return len == strlen(text) && memcmp(l->text, text, len) == 0;
}

/* "=== 7F3K-2Q9M · do not edit below ===" */
static bool begins_block(const struct raw_line *l)
{
	const size_t open = sizeof(BLOCK_OPEN) - 1, begin = sizeof(BLOCK_BEGIN) - 1;
	size_t len = trimmed_length(l->text, l->len);

	if (len <= open + begin || memcmp(l->text, BLOCK_OPEN, open) != 0 ||
		memcmp(l->text + len - begin, BLOCK_BEGIN, begin) != 0) {
		return false;
	}
	len -= open + begin;
	return (len == REF_SIZE - 1 && ref_looks_right(l->text + open)) ||
		(len == strlen(BLOCK_NOTE) && memcmp(l->text + open, BLOCK_NOTE, len) == 0);
}

static bool ends_block(const struct raw_line *l)
{
	return line_is(l, BLOCK_END);
}

static bool is_blank(const struct raw_line *l)
{
	return trimmed_length(l->text, l->len) == 0;
}

/* Is it the server's? last: the value ends with it. */
static bool is_ours(const struct raw_line *l, const struct block_lines *lines, bool last,
	struct arena *mem)
{
	char *text = ical_text(arena_strndup(mem, l->text, l->len), mem);

	text[trimmed_length(text, strlen(text))] = '\0';
	return !*text || was_written(lines, text) || (last && was_begun(lines, text));
}

/* ---- taking blocks off ---- */

struct stripper {
	const struct block_lines *lines;
	struct arena *mem;
	struct raw_lines in, out;
	bool found;
};

static size_t find_end(const struct raw_lines *in, size_t from)
{
	for (size_t n = from; n < in->count; n++) {
		if (ends_block(&in->lines[n]))
			return n;
		if (begins_block(&in->lines[n])) {
			return n - 1; /* the end line of this one is gone */
		}
	}
	return in->count - 1;
}

/* Returns the index of the block's last line. */
static size_t take_block(struct stripper *s, size_t begin)
{
	size_t end = find_end(&s->in, begin + 1);

	s->found = true;
	if (s->out.count && is_blank(&s->out.lines[s->out.count - 1])) {
		s->out.count--; /* the empty line that the server puts before a block */
	}
	for (size_t n = begin + 1; n <= end; n++) {
		const struct raw_line *l = &s->in.lines[n];

		if (!ends_block(l) && !is_ours(l, s->lines, n + 1 == s->in.count, s->mem)) {
			s->out.lines[s->out.count] = *l;
			s->out.lines[s->out.count++].quoted = memchr(l->text, '#', l->len) && *l->text != '>';
		}
	}
	return end;
}

/* An end line without a first line: what stands above it is taken off as far as the server wrote
 * it. */
static bool take_tail(struct stripper *s)
{
	size_t keep = s->out.count;

	while (keep && !is_blank(&s->out.lines[keep - 1]) &&
		is_ours(&s->out.lines[keep - 1], s->lines, false, s->mem)) {
		keep--;
	}
	if (keep == s->out.count)
		return false;
	s->out.count = keep;
	if (keep && is_blank(&s->out.lines[keep - 1])) {
		s->out.count--;
	}
	s->found = true;
	return true;
}

static const char *strip_once(const char *raw, const struct block_lines *lines, struct arena *mem)
{
	struct stripper s = { .lines = lines, .mem = mem };

	if (!strstr(raw, BLOCK_OPEN)) { /* nearly all */
		return raw;
	}
	split(raw, mem, &s.in);
	s.out.lines = arena_array(mem, s.in.count, sizeof(*s.out.lines));
	for (size_t n = 0; n < s.in.count; n++) {
		const struct raw_line *l = &s.in.lines[n];

		if (begins_block(l)) {
			n = take_block(&s, n);
		} else if (!ends_block(l) || !take_tail(&s)) {
			s.out.lines[s.out.count++] = *l;
		}
	}
	return s.found ? join(&s.out, mem) : raw;
}

/* Until nothing is left to take: what stood around a block may be the halves of another. */
const char *block_strip(const char *raw, const struct block_lines *lines, struct arena *mem)
{
	const char *before;

	do {
		before = raw;
		raw = strip_once(before, lines, mem);
	} while (raw != before);
	return raw;
}

char *block_text(const char *ref, const char *text, struct arena *mem)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == '\n') {
		len--;
	}
	return arena_printf(mem, BLOCK_OPEN "%s" BLOCK_BEGIN "\n%.*s\n" BLOCK_END,
		ref ? ref : BLOCK_NOTE, (int)len, text);
}

size_t block_refs(const char *raw, struct arena *mem, const char **refs, size_t max)
{
	struct raw_lines in;
	size_t count = 0;

	if (!strstr(raw, BLOCK_BEGIN))
		return 0;
	split(raw, mem, &in);
	for (size_t n = 0; n < in.count && count < max; n++) {
		const char *ref = in.lines[n].text + sizeof(BLOCK_OPEN) - 1;

		if (begins_block(&in.lines[n]) && ref_looks_right(ref)) {
			refs[count++] = arena_strndup(mem, ref, REF_SIZE - 1);
		}
	}
	return count;
}
