#include "base/conf.h"

#include <confuse.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf_private.h"
#include "base/util.h"

enum { FILE_SIZE_MAX = 4 << 20 };

/*
 * libConfuse's scanner has global variables, and its callbacks get no argument of ours: one
 * parse at a time, and what it is about lies beside the lock.
 */
static pthread_mutex_t parse_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	const char *file;
	const struct conf_lines *lines;
	size_t sections_ended;
	struct err *e;
	bool failed;
} parse;

struct conf_root {
	struct conf_section root; /* first: what the caller holds is a pointer to this */
	struct arena *mem;
};

/* ---- libConfuse's side ---- */

/* "a, b, c": what may stand in this section; "a, b, ..." if it is too much for a line. */
static void known_names(const cfg_t *cfg, char *out, size_t size)
{
	static const char more[] = ", ...";
	size_t len = 0;

	out[0] = '\0';
	for (const cfg_opt_t *o = cfg->opts; o->name != NULL; o++) {
		if (len + strlen(", ") + strlen(o->name) + sizeof(more) > size) {
			snprintf(out + len, size - len, "%s", more);
			return;
		}
		len += (size_t)snprintf(out + len, size - len, "%s%s", len > 0 ? ", " : "", o->name);
	}
}

/* Keeps the first of libConfuse's complaints, in our words where it is the commonest one. */
__attribute__((format(printf, 2, 0)))
static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char what[120], known[96];
	const char *name = strchr(fmt, '\'');

	if (parse.failed)
		return;
	parse.failed = true;
	vsnprintf(what, sizeof(what), fmt, ap);
	if (name != NULL && str_starts(fmt, "no such option")) {
		known_names(cfg, known, sizeof(known));
		err_set(parse.e, ERR_INVALID, "%s:%d: option %s: no such option here: expected one of %s",
			parse.file, cfg->line, what + (name - fmt), known);
	} else {
		err_set(parse.e, ERR_INVALID, "%s:%d: %s: expected 'option = value', 'section { ... }' "
			"or the end of the section", parse.file, cfg->line, what);
	}
}

static int complain(int line, const char *option, const char *what)
{
	parse.failed = true;
	return err_set(parse.e, ERR_INVALID, "%s:%d: option '%s': %s", parse.file, line, option, what);
}

/* Notes the line in def.number, which strings don't use. Sees each value as it is read. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	/* nvalues is 1 for all but the later items of a list: this value begins an assignment */
	if (opt->def.number != 0 && opt->nvalues == 1)
		return complain(cfg->line, opt->name, "expected once, but given twice in this section");
	opt->def.number = cfg->line;
	*(const char **)result = value;
	return 0;
}

/* After a section's closing brace. Its line becomes that on which it began. */
static int on_section(cfg_t *cfg, cfg_opt_t *opt)
{
	size_t i = parse.sections_ended++;
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);

	if (i < parse.lines->count) {
		section->line = parse.lines->line[i];
	}
	if (section->title == NULL && cfg_opt_size(opt) > 1) {
		parse.failed = true;
		return err_set(parse.e, ERR_INVALID, "%s:%d: section '%s': expected once, but given "
			"twice", parse.file, section->line, opt->name);
	}
	(void)cfg;
	return 0;
}

static size_t option_count(const struct conf_schema *s)
{
	size_t n = 0;

	while (s->options != NULL && s->options[n].name != NULL) {
		n++;
	}
	return n;
}

static size_t section_kinds(const struct conf_schema *s)
{
	size_t n = 0;

	while (s->sections != NULL && s->sections[n] != NULL) {
		n++;
	}
	return n;
}

/* Options first, sections behind them: section_build() counts on that order. */
static cfg_opt_t *build_options(const struct conf_schema *s, struct arena *mem)
{
	size_t options = option_count(s), kinds = section_kinds(s);
	cfg_opt_t *rows = arena_array(mem, options + kinds + 1, sizeof(*rows));

	for (size_t i = 0; i < options; i++) {
		bool list = s->options[i].type == CONF_LIST;
		rows[i] = (cfg_opt_t){
			.name = s->options[i].name, .type = CFGT_STR,
			.flags = CFGF_NODEFAULT | (list ? CFGF_LIST : CFGF_NONE), .parsecb = on_value,
		};
	}
	for (size_t i = 0; i < kinds; i++) {
		const struct conf_schema *kind = s->sections[i];
		rows[options + i] = (cfg_opt_t){
			.name = kind->section, .type = CFGT_SEC, .subopts = build_options(kind, mem),
			.flags = CFGF_MULTI | (kind->titled ? CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NONE),
			.validcb = on_section,
		};
	}
	return rows; /* the arena's zeros end it */
}

/* ---- our side ---- */

/* The text is the file's (line > 0) or the row's own default (line 0). */
static int read_text(const struct conf_option *o, const char *file, int line, const char *text,
	int64_t *number, struct err *e)
{
	struct err wanted = {0};

	if (conf_value_read(o, text, number, &wanted) == 0)
		return 0;
	/* a check may have written the word itself */
	const char *words = wanted.text + (str_starts(wanted.text, "expected ") ? 9 : 0);
	return err_set(e, line > 0 ? ERR_INVALID : ERR_INTERNAL,
		"%s:%d: option '%s': expected %s, not '%.60s'", file, line, o->name, words, text);
}

static int value_build(const struct conf_option *o, const cfg_t *cfg, cfg_opt_t *opt,
	struct arena *mem, struct conf_value *out, struct err *e)
{
	size_t given = cfg_opt_size(opt);
	bool assigned = given > 0 || (opt->flags & CFGF_MODIFIED) != 0; /* x = {} is an assignment */
	size_t count = assigned ? given : o->fallback != NULL;
	const char **text = arena_array(mem, count + 1, sizeof(*text));

	*out = (struct conf_value){.option = o->name, .count = count, .text = text};
	if (assigned) {
		out->line = opt->def.number > 0 ? (int)opt->def.number : cfg->line;
	}
	for (size_t i = 0; i < count; i++) {
		text[i] = assigned ? arena_strdup(mem, cfg_opt_getnstr(opt, (unsigned)i)) : o->fallback;
		if (read_text(o, cfg->filename, out->line, text[i], &out->number, e) < 0)
			return -1;
	}
	return 0;
}

static int section_build(const struct conf_schema *s, cfg_t *cfg, struct arena *mem,
	struct conf_section *out, struct err *e);

static int sections_build(const struct conf_schema *s, cfg_t *cfg, struct arena *mem,
	struct conf_section *out, struct err *e)
{
	cfg_opt_t *kinds = cfg->opts + option_count(s);
	const struct conf_section **list;
	size_t total = 0, n = 0;

	for (size_t k = 0; k < section_kinds(s); k++) {
		total += cfg_opt_size(&kinds[k]);
	}
	list = arena_array(mem, total + 1, sizeof(*list));
	for (size_t k = 0; k < section_kinds(s); k++) {
		for (unsigned i = 0; i < cfg_opt_size(&kinds[k]); i++) {
			struct conf_section *child = arena_alloc(mem, sizeof(*child));
			if (section_build(s->sections[k], cfg_opt_getnsec(&kinds[k], i), mem, child, e) < 0)
				return -1;
			list[n++] = child;
		}
	}
	out->sections = list;
	out->section_count = n;
	return 0;
}

static int section_build(const struct conf_schema *s, cfg_t *cfg, struct arena *mem,
	struct conf_section *out, struct err *e)
{
	size_t options = option_count(s);
	struct conf_value *values = arena_array(mem, options + 1, sizeof(*values));

	*out = (struct conf_section){
		.section = s->section, .title = arena_strdup(mem, cfg->title),
		.file = arena_strdup(mem, cfg->filename), .line = cfg->line,
		.values = values, .value_count = options,
	};
	for (size_t i = 0; i < options; i++) {
		if (value_build(&s->options[i], cfg, &cfg->opts[i], mem, &values[i], e) < 0)
			return -1;
	}
	return sections_build(s, cfg, mem, out, e);
}

/* ---- both ---- */

/* Under parse_lock. */
static int run_confuse(cfg_t *cfg, struct buf *clean, const char *file,
	const struct conf_lines *lines, struct err *e)
{
	parse.file = file;
	parse.lines = lines;
	parse.sections_ended = 0;
	parse.e = e;
	parse.failed = false;
	cfg_set_error_function(cfg, on_error);
	cfg->filename = xstrdup(file);
	FILE *stream = fmemopen(clean->data, clean->len, "r");
	if (stream == NULL)
		return err_errno(e, ERR_INTERNAL, "%s", file);
	int status = cfg_parse_fp(cfg, stream);
	fclose(stream);
	if (status == CFG_SUCCESS && !parse.failed)
		return 0;
	return parse.failed ? -1 : err_set(e, ERR_INVALID, "%s:%d: syntax error", file, cfg->line);
}

static int parse_into(struct conf_root *root, const char *text, size_t len, const char *name,
	const struct conf_schema *schema, struct err *e)
{
	struct buf clean cleanup_buf;
	struct conf_lines lines;
	int status = -1;

	buf_init(&clean, FILE_SIZE_MAX + 1);
	if (conf_text_clean(text, len, name, root->mem, &clean, &lines, e) < 0)
		return -1;
	pthread_mutex_lock(&parse_lock);
	cfg_t *cfg = cfg_init(build_options(schema, root->mem), CFGF_NONE);
	if (cfg == NULL) {
		err_errno(e, ERR_INTERNAL, "%s", name);
	} else if (run_confuse(cfg, &clean, name, &lines, e) == 0) {
		cfg->line = 1;
		status = section_build(schema, cfg, root->mem, &root->root, e);
	}
	cfg_free(cfg);
	pthread_mutex_unlock(&parse_lock);
	return status;
}

static int parse_bytes(const char *text, size_t len, const char *name,
	const struct conf_schema *schema, const struct conf_section **out, struct err *e)
{
	struct arena *mem = arena_create();
	struct conf_root *root = arena_alloc(mem, sizeof(*root));

	root->mem = mem;
	if (parse_into(root, text, len, name, schema, e) < 0) {
		arena_destroy(mem);
		return -1;
	}
	*out = &root->root;
	return 0;
}

int conf_parse(const char *text, const char *name, const struct conf_schema *schema,
	const struct conf_section **out, struct err *e)
{
	return parse_bytes(text, strlen(text), name, schema, out, e);
}

static int read_file(const char *file, struct buf *out, struct err *e)
{
	char bytes[8192];
	size_t n;
	FILE *stream = fopen(file, "re");

	if (stream == NULL)
		return err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s", file);
	while ((n = fread(bytes, 1, sizeof(bytes), stream)) > 0) {
		buf_add(out, bytes, n);
	}
	bool failed = ferror(stream) != 0;
	fclose(stream);
	if (failed)
		return err_set(e, ERR_IO, "%s can't be read", file);
	return out->full ? err_set(e, ERR_LARGE, "%s is larger than %zu bytes", file, out->max) : 0;
}

int conf_load(const char *file, const struct conf_schema *schema, const struct conf_section **out,
	struct err *e)
{
	struct buf text cleanup_buf;

	buf_init(&text, FILE_SIZE_MAX);
	if (read_file(file, &text, e) < 0)
		return -1;
	return parse_bytes(text.data, text.len, file, schema, out, e);
}

void conf_destroy(const struct conf_section *root)
{
	if (root != NULL) {
		arena_destroy(((const struct conf_root *)root)->mem);
	}
}

const struct conf_value *conf_get(const struct conf_section *s, const char *option)
{
	for (size_t i = 0; i < s->value_count; i++) {
		if (strcmp(s->values[i].option, option) == 0)
			return &s->values[i];
	}
	return NULL;
}

const char *conf_string(const struct conf_section *s, const char *option)
{
	const struct conf_value *v = conf_get(s, option);

	return v != NULL && v->count > 0 ? v->text[0] : NULL;
}

int64_t conf_number(const struct conf_section *s, const char *option)
{
	const struct conf_value *v = conf_get(s, option);

	return v != NULL ? v->number : 0;
}
