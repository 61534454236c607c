#include "ical/scan.h"

#include <string.h>

#include "base/util.h"

struct scan {
	const char *bytes;
	size_t len, pos;
	unsigned number; /* of the physical line at pos */
	char *text;      /* where the next unfolded line goes */
	const struct ical_limits *limits;
	struct arena *mem;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Upper bound of the content lines: physical ones that are no continuation. */
static size_t count_lines(const char *bytes, size_t len)
{
	const char *p = bytes, *end = bytes + len;
	size_t n = 1;

	while ((p = memchr(p, '\n', (size_t)(end - p)))) {
		p++;
		n += p < end && !is_blank(*p);
	}
	return n;
}

/* RFC 5545 3.1: CONTROL never stands in a line, HTAB apart. NUL and bare CR are such, too. */
static bool has_control(const char *s, size_t len)
{
	unsigned bad = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		bad |= ((unsigned)(c < 0x20) & (unsigned)(c != '\t')) | (unsigned)(c == 0x7f);
	}
	return bad != 0;
}

static bool is_ascii(const char *s, size_t len)
{
	unsigned char bits = 0;

	for (size_t i = 0; i < len; i++) {
		bits |= (unsigned char)s[i];
	}
	return bits < 0x80;
}

/* U+FFFE and U+FFFF are UTF-8 but no XML, in which every event is sent one day. */
static bool has_noncharacter(const char *s, size_t len)
{
	const char *end = s + len;

	for (const char *p = s; (p = memchr(p, '\xef', (size_t)(end - p))); p++) {
		if (end - p >= 3 && p[1] == '\xbf' && (unsigned char)p[2] >= 0xbe) {
			return true;
		}
	}
	return false;
}

static int check_bytes(const char *s, size_t len, unsigned number, struct err *e)
{
	if (has_control(s, len)) {
		return err_set(e, ERR_SYNTAX, "line %u: control byte", number);
	}
	if (!is_ascii(s, len) && (!utf8_valid(s, len) || has_noncharacter(s, len))) {
		return err_set(e, ERR_SYNTAX, "line %u: not UTF-8", number);
	}
	return 0;
}

/* Copies one physical line without its end to s->text + *len and steps behind it. */
static void take_physical(struct scan *s, size_t *len)
{
	const char *from = s->bytes + s->pos;
	const char *nl = memchr(from, '\n', s->len - s->pos);
	size_t n = nl ? (size_t)(nl - from) : s->len - s->pos;

	s->pos += n + (nl != NULL);
	s->number++;
	if (nl && n && from[n - 1] == '\r') {
		n--;
	}
	memcpy(s->text + *len, from, n);
	*len += n;
}

/* Unfolds the content line at s->pos into s->text, NUL behind it. */
static int take_line(struct scan *s, struct ical_line *l, size_t *len, struct err *e)
{
	*len = 0;
	l->offset = s->pos;
	l->number = s->number;
	take_physical(s, len);
	while (s->pos < s->len && is_blank(s->bytes[s->pos])) {
		s->pos++;
		take_physical(s, len);
	}
	s->text[*len] = '\0';
	l->len = s->pos - l->offset;
	if (*len > s->limits->line) {
		return err_set(e, ERR_LIMIT, "line %u: longer than %zu bytes", l->number, s->limits->line);
	}
	return check_bytes(s->text, *len, l->number, e);
}

static bool is_name(char c)
{
	return ascii_isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* Upper-cases a name in place; returns what stands behind it, NULL if it is empty. */
static char *take_name(char *p)
{
	char *start = p;

	for (; is_name(*p); p++) {
		*p = (char)ascii_toupper((unsigned char)*p);
	}
	return p == start ? NULL : p;
}

/* The ':' that ends the parameters, quotes respected; counts parameters on the way. */
static char *find_colon(char *p, size_t *params)
{
	bool quoted = false;

	*params = 0;
	for (; *p; p++) {
		if (*p == '"') {
			quoted = !quoted;
		} else if (!quoted && *p == ':') {
			return p;
		} else if (!quoted && *p == ';') {
			++*params;
		}
	}
	return NULL;
}

/* RFC 6868: ^n newline, ^' quote, ^^ caret; any other caret stands for itself. In place. */
static void decode_carets(char *s)
{
	char *to = strchr(s, '^');

	if (!to) {
		return;
	}
	for (const char *p = to; *p; p++) {
		char c = *p;
		if (c == '^' && (p[1] == 'n' || p[1] == '\'' || p[1] == '^')) {
			p++;
			c = *p == 'n' ? '\n' : *p == '\'' ? '"' : '^';
		}
		*to++ = c;
	}
	*to = '\0';
}

/* One value loses its quotes and carets; a list stays as sent, since its quotes carry meaning. */
static const char *param_value(char *start, char *end, bool list)
{
	*end = '\0';
	if (list) {
		return start;
	}
	if (end - start >= 2 && *start == '"'
		&& memchr(start + 1, '"', (size_t)(end - start - 1)) == end - 1) {
		end[-1] = '\0';
		start++;
	}
	decode_carets(start);
	return start;
}

/* p: behind the ';'. Returns where the ';' or ':' stood that ended it; NULL: no parameter. */
static char *take_param(char *p, struct ical_param *out)
{
	bool quoted = false, list = false;
	char *value;

	out->name = p;
	p = take_name(p);
	if (!p || *p != '=') {
		return NULL;
	}
	*p++ = '\0';
	for (value = p; quoted || (*p != ';' && *p != ':'); p++) {
		quoted ^= *p == '"';
		list |= !quoted && *p == ',';
	}
	out->value = param_value(value, p, list);
	return p;
}

/* vCard's grouping "G.NAME" is dropped from the name. */
static char *take_line_name(char *p, const char **name)
{
	char *end = take_name(p);

	if (end && *end == '.') {
		p = end + 1;
		end = take_name(p);
	}
	*name = p;
	return end;
}

/* Splits the unfolded line in s->text in place. */
static int split_line(struct scan *s, struct ical_line *l, struct err *e)
{
	size_t params;
	char *p = take_line_name(s->text, &l->name);
	char *colon = p && (*p == ';' || *p == ':') ? find_colon(p, &params) : NULL;

	if (!colon) {
		return err_set(e, ERR_SYNTAX, "line %u: not NAME:VALUE", l->number);
	}
	if (params > s->limits->params) {
		return err_set(e, ERR_LIMIT, "line %u: more than %zu parameters", l->number, s->limits->params);
	}
	struct ical_param *list = params ? arena_array(s->mem, params, sizeof(*list)) : NULL;
	for (size_t i = 0; i < params; i++) {
		*p++ = '\0';
		p = take_param(p, &list[i]);
		if (!p) {
			return err_set(e, ERR_SYNTAX, "line %u: malformed parameter", l->number);
		}
	}
	*colon = '\0';
	l->value = colon + 1;
	l->params = list;
	l->param_count = params;
	return 0;
}

static int scan_all(struct scan *s, struct ical_line *lines, size_t *count, struct err *e)
{
	size_t n = 0, len;

	while (s->pos < s->len) {
		struct ical_line *l = &lines[n];
		if (take_line(s, l, &len, e)) {
			return -1;
		}
		if (!len) {
			continue; /* an empty line says nothing; it stays where it is */
		}
		if (split_line(s, l, e)) {
			return -1;
		}
		s->text += len + 1;
		n++;
	}
	*count = n;
	return 0;
}

int scan_lines(const char *bytes, size_t len, const struct ical_limits *limits, struct arena *mem,
	struct ical_line **out, size_t *count, struct err *e)
{
	struct scan s = { .bytes = bytes, .len = len, .number = 1, .limits = limits, .mem = mem };
	struct ical_line *lines;
	size_t n;

	if (len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) {
		s.pos = 3;
	}
	n = count_lines(bytes + s.pos, len - s.pos);
	if (n > limits->lines) {
		return err_set(e, ERR_LIMIT, "more than %zu lines", limits->lines);
	}
	if (s.pos < len && is_blank(bytes[s.pos])) {
		return err_set(e, ERR_SYNTAX, "line 1: continues nothing");
	}
	lines = arena_array(mem, n, sizeof(*lines));
	/* An unfolded line is shorter than what it came from by its line end, which makes room for
	 * the NUL; only the last one may lack it. */
	s.text = arena_alloc(mem, len + 1);
	if (scan_all(&s, lines, count, e)) {
		return -1;
	}
	*out = lines;
	return 0;
}
