#include "base/csv.h"

#include <string.h>

void csv_init(struct csv *c, struct buf *out, char separator)
{
	*c = (struct csv){ .out = out, .separator = separator };
}

static void next_cell(struct csv *c)
{
	if (c->begun)
		buf_addc(c->out, c->separator);
	c->begun = true;
}

/* Programs skip blanks before they look for a formula. */
static bool is_formula(const char *text)
{
	text += strspn(text, " \t\r\n");
	return *text != '\0' && strchr("=+-@", *text) != NULL;
}

void csv_text(struct csv *c, const char *text)
{
	const char special[] = { c->separator, '"', '\r', '\n', '\0' };
	bool quoted = strpbrk(text, special) != NULL;

	next_cell(c);
	buf_adds(c->out, quoted ? "\"" : "");
	buf_adds(c->out, is_formula(text) ? "'" : "");
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_addc(c->out, '"');
		buf_addc(c->out, *text);
	}
	buf_adds(c->out, quoted ? "\"" : "");
}

void csv_number(struct csv *c, int64_t number)
{
	next_cell(c);
	buf_printf(c->out, "%lld", (long long)number);
}

void csv_end(struct csv *c)
{
	buf_adds(c->out, "\r\n");
	c->begun = false;
}
