#include <string.h>

#include "base/conf_private.h"
#include "base/util.h"

enum { DEPTH_MAX = 16 };

struct cleaner {
	const char *start, *at, *end, *file;
	int line;
	struct buf *out;
	struct conf_lines *lines;
	struct {
		int line;
		bool list;
	} open[DEPTH_MAX]; /* the braces that wait for their end */
	int depth;
	char before;         /* the last character that was neither blank nor comment */
	struct err *e;
};

static int refuse(const struct cleaner *c, const char *why)
{
	return err_set(c->e, ERR_INVALID, "%s:%d: %s", c->file, c->line, why);
}

/* Copies one character as it is, or as a blank. */
static void take(struct cleaner *c, bool keep)
{
	char ch = *c->at++;

	c->line += ch == '\n';
	buf_addc(c->out, keep || ch == '\n' ? ch : ' ');
}

static bool looking_at(const struct cleaner *c, const char *what)
{
	size_t len = strlen(what);

	return (size_t)(c->end - c->at) >= len && memcmp(c->at, what, len) == 0;
}

static int clean_comment(struct cleaner *c)
{
	if (!looking_at(c, "/*")) {
		while (c->at < c->end && *c->at != '\n') {
			take(c, false);
		}
		return 0;
	}
	while (c->at < c->end && !looking_at(c, "*/")) {
		take(c, false);
	}
	if (c->at == c->end)
		return refuse(c, "the comment that began with /* has no end");
	take(c, false);
	take(c, false);
	return 0;
}

static int clean_string(struct cleaner *c)
{
	int line = c->line;
	char quote = *c->at;

	take(c, true);
	while (c->at < c->end && *c->at != quote) {
		if (quote == '"' && looking_at(c, "${"))
			return refuse(c, "${...} isn't replaced here: write \\${ if it is meant as text");
		if (quote == '"' && (looking_at(c, "\\0") || looking_at(c, "\\x00")))
			return refuse(c, "text can't hold a NUL");
		if (*c->at == '\\' && c->end - c->at > 1) {
			take(c, true);
		}
		take(c, true);
	}
	if (c->at == c->end) {
		c->line = line;
		return refuse(c, "the string that begins here has no closing quote");
	}
	take(c, true);
	return 0;
}

static int open_brace(struct cleaner *c)
{
	if (c->depth == DEPTH_MAX)
		return refuse(c, "sections are nested too deeply");
	c->open[c->depth].line = c->line;
	c->open[c->depth].list = c->before == '=';
	c->depth++;
	return 0;
}

/* A brace too many is libConfuse's to report. */
static void close_brace(struct cleaner *c)
{
	if (c->depth > 0 && !c->open[--c->depth].list) {
		c->lines->line[c->lines->count++] = c->open[c->depth].line;
	}
}

static int clean_plain(struct cleaner *c)
{
	char ch = *c->at;

	if (ch == ';')
		return refuse(c, "';' separates nothing here: put the next option behind a blank "
			"or on a new line");
	if (looking_at(c, "${"))
		return refuse(c, "${...} isn't replaced here");
	if (ch == '*' || (ch == '+' && !looking_at(c, "+=")))
		return refuse(c, "a value with + or * has to stand in quotes");
	if (ch == '{' && open_brace(c) < 0)
		return -1;
	if (ch == '}') {
		close_brace(c);
	}
	if (strchr(" \t\r\n", ch) == NULL) {
		c->before = ch;
	}
	take(c, true);
	return 0;
}

/* In the middle of a word without quotes, as in https://host, a slash begins no comment. */
static bool at_comment(const struct cleaner *c)
{
	if (*c->at == '#')
		return true;
	if (!looking_at(c, "//") && !looking_at(c, "/*"))
		return false;
	return c->at == c->start || strchr(" \t\r\n\"'={}()+,/", c->at[-1]) != NULL;
}

static int clean_next(struct cleaner *c)
{
	if (at_comment(c))
		return clean_comment(c);
	if (*c->at == '"' || *c->at == '\'') {
		c->before = *c->at;
		return clean_string(c);
	}
	return clean_plain(c);
}

static int check_bytes(const char *text, size_t len, const char *file, struct err *e)
{
	int line = 1;

	for (const char *at = text, *end = text + len; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop != NULL ? stop : end;
		if (!utf8_valid(at, (size_t)(stop - at)))
			return err_set(e, ERR_INVALID, "%s:%d: expected text in UTF-8", file, line);
		at = stop + 1;
	}
	return 0;
}

int conf_text_clean(const char *text, size_t len, const char *file, struct arena *mem,
	struct buf *clean, struct conf_lines *lines, struct err *e)
{
	struct cleaner c = {
		.start = text, .at = text, .end = text + len, .file = file, .line = 1,
		.out = clean, .lines = lines, .e = e,
	};
	size_t braces = 0;

	if (check_bytes(text, len, file, e) < 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		braces += text[i] == '}';
	}
	lines->line = arena_array(mem, braces, sizeof(*lines->line));
	lines->count = 0;
	while (c.at < c.end) {
		if (clean_next(&c) < 0)
			return -1;
	}
	if (c.depth > 0) {
		c.line = c.open[c.depth - 1].line;
		return refuse(&c, "the brace { that was opened here is never closed");
	}
	/* a blank: libConfuse's input may not be empty */
	return buf_addc(clean, ' ') == 0 ? 0 : err_set(e, ERR_LIMIT, "%s: too large", file);
}
