#include "storage/record.h"

#include <string.h>

#include "base/util.h"

static const char special[] = "\\\t\n\r";
static const char letter[] = "\\tnr";

void record_escape(struct buf *out, const char *text)
{
	while (*text != '\0') {
		size_t plain = strcspn(text, special);
		buf_add(out, text, plain);
		text += plain;
		if (*text != '\0') {
			buf_addc(out, '\\');
			buf_addc(out, letter[strchr(special, *text) - special]);
			text++;
		}
	}
}

void record_add(struct buf *out, const char *key, const char *const *field, size_t n)
{
	buf_adds(out, key);
	buf_addc(out, ':');
	for (size_t i = 0; i < n; i++) {
		buf_addc(out, i == 0 ? ' ' : '\t');
		record_escape(out, field[i]);
	}
	buf_addc(out, '\n');
}

static int unescape(char *text, struct err *e)
{
	char *to = text;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p != '\\') {
			*to++ = *p;
			continue;
		}
		p++;
		const char *at = *p == '\0' ? NULL : strchr(letter, *p);
		if (at == NULL)
			return err_set(e, ERR_SYNTAX, "a backslash without n, r, t or backslash behind it");
		*to++ = special[at - letter];
	}
	*to = '\0';
	return 0;
}

int record_split(char *line, const char *field[RECORD_FIELDS], size_t *n, struct err *e)
{
	size_t count = 0;

	for (char *rest = line; rest != NULL;) {
		char *tab = strchr(rest, '\t');
		if (count == RECORD_FIELDS)
			return err_set(e, ERR_SYNTAX, "more than %d fields", RECORD_FIELDS);
		if (tab != NULL) {
			*tab++ = '\0';
		}
		if (unescape(rest, e) < 0)
			return -1;
		field[count++] = rest;
		rest = tab;
	}
	*n = count;
	while (count < RECORD_FIELDS) {
		field[count++] = "";
	}
	return 0;
}

static int parse_line(char *line, record_fn visit, void *arg, struct err *e)
{
	const char *field[RECORD_FIELDS];
	size_t n, len = strlen(line);

	if (len > 0 && line[len - 1] == '\r') {
		line[len - 1] = '\0';
	}
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	char *colon = strchr(line, ':');
	if (colon == NULL || colon == line)
		return err_set(e, ERR_SYNTAX, "no \"key: value\"");
	*colon++ = '\0';
	colon += *colon == ' ';
	if (record_split(colon, field, &n, e) < 0)
		return -1;
	return visit(line, field, arg, e);
}

int record_parse(const char *text, size_t len, struct arena *mem, record_fn visit, void *arg,
	struct err *e)
{
	char *line = arena_strndup(mem, text, len);
	struct err why = {0};

	if (!utf8_valid(text, len))
		return err_set(e, ERR_SYNTAX, "not UTF-8");
	for (unsigned number = 1; line != NULL; number++) {
		char *end = strchr(line, '\n');
		if (end != NULL) {
			*end++ = '\0';
		}
		if (parse_line(line, visit, arg, &why) < 0)
			return err_set(e, why.code, "line %u: %s", number, why.text);
		line = end;
	}
	return 0;
}
