/*
 * Configuration files in libConfuse's syntax, read against tables.
 *
 * A section's options are rows of a table; a section that is not in the table, an
 * option that is not in its section's table and a value out of range are refused
 * with "file:line: option 'x': what was expected". The result is constant and may
 * be read from any thread; everything it hands out lives as long as it.
 */
#ifndef DEDIT_BASE_CONF_H
#define DEDIT_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum conf_type {
	CONF_STRING,
	CONF_LIST,     /* { "a", "b" } */
	CONF_INT,      /* min … max */
	CONF_BOOL,     /* on/off, yes/no, true/false */
	CONF_SIZE,     /* bytes, with K M G T; min … max */
	CONF_DURATION, /* "250ms" "30s" "15m" "2h" "7d", kept in milliseconds; min … max */
};

struct conf_option {
	const char *name;
	enum conf_type type;
	const char *fallback; /* text of the default; NULL: none. A list's default is one item */
	int64_t min, max;     /* both 0: no maximum */
	/* Further test of a string (or of each list item); may be NULL. *e gets what was expected. */
	int (*check)(const char *value, struct err *e);
};

struct conf_schema {
	const char *section;               /* NULL for the file itself */
	bool titled;                       /* section "title" { … }, titles unique */
	const struct conf_option *options; /* ended by a row without name; may be NULL */
	const struct conf_schema *const *sections; /* ended by NULL; may be NULL */
};

struct conf_value {
	const char *option;
	int line;              /* 0: the default holds */
	size_t count;          /* strings given; 0 for an option without value and default */
	const char *const *text;
	int64_t number;        /* CONF_INT, CONF_BOOL, CONF_SIZE, CONF_DURATION */
};

struct conf_section {
	const char *section, *title, *file;
	int line;
	const struct conf_value *values;
	size_t value_count;
	const struct conf_section *const *sections;
	size_t section_count;
};

/* Reads `file`. *out is released with conf_destroy. ERR_INVALID with file, line, option. */
int conf_load(const char *file, const struct conf_schema *schema, const struct conf_section **out,
	struct err *e);
/* The same from memory (tests, fuzzing); `name` stands for the file in messages. */
int conf_parse(const char *text, const char *name, const struct conf_schema *schema,
	const struct conf_section **out, struct err *e);
void conf_destroy(const struct conf_section *root); /* accepts NULL; root sections only */

/* NULL if the option has no row. */
const struct conf_value *conf_get(const struct conf_section *s, const char *option);
/* Shorthand: first string or NULL; number or 0. */
const char *conf_string(const struct conf_section *s, const char *option);
int64_t conf_number(const struct conf_section *s, const char *option);

#endif
