#include "policy/apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "policy/block.h"
#include "policy/change.h"

/* One VEVENT at work. */
struct job {
	const struct ical *ic;
	struct ical_edit *ed;
	const struct ical_comp *comp;
	const struct block_lines *lines;    /* that were ever written */
	const struct entry_list *known;
	const struct rendering *last;       /* what this VEVENT showed last; may be NULL */
	struct rendering *want;             /* NULL: nothing */
};

/* ---- lines ---- */

/* The line as it stands, unfolded, without its end. */
static char *line_text(const struct ical *ic, const struct ical_line *l)
{
	const char *from = ic->body + l->offset, *end = from + l->len;
	char *text = arena_alloc(ic->mem, l->len + 1), *to = text;

	for (; from < end; from++) {
		const char *next = from + (*from == '\r');

		if (next < end && *next == '\n') {
			if (next + 1 >= end) {
				break;
			}
			from = next + 1; /* the blank of a folded line */
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return text;
}

/* Name and parameters up to the colon, as sent. */
static const char *line_head(const struct ical *ic, const struct ical_line *l)
{
	char *text = line_text(ic, l);
	size_t len = strlen(text), value = strlen(l->value);

	if (len <= value || strcmp(text + len - value, l->value) != 0)
		return arena_printf(ic->mem, "%s:", l->name);
	text[len - value] = '\0';
	return text;
}

/* ALTREP would be shown instead of the text (15.9); the other parameters stay. */
static const char *head_without_altrep(const struct ical *ic, const struct ical_line *l)
{
	const char *head = l->name;

	if (!ical_param(l, "ALTREP"))
		return line_head(ic, l);
	for (size_t n = 0; n < l->param_count; n++) {
		const struct ical_param *p = &l->params[n];

		if (strcmp(p->name, "ALTREP") != 0 && !strpbrk(p->value, "\"\n")) {
			head = arena_printf(ic->mem, "%s;%s=\"%s\"", head, p->name, p->value);
		}
	}
	return arena_printf(ic->mem, "%s:", head);
}

/* Makes the value of a property `value` (NULL: removes it); l is its line or NULL. */
static void set_value(const struct job *j, const struct ical_line *l, const char *head,
	const char *value)
{
	if (!value) {
		if (l) {
			ical_edit_remove(j->ed, l);
		}
		return;
	}
	const char *line = arena_printf(j->ic->mem, "%s%s", head, value);
	if (!l) {
		ical_edit_add(j->ed, j->comp, line);
	} else if (strcmp(line_text(j->ic, l), line) != 0) {
		ical_edit_replace(j->ed, l, line);
	}
}

static const char *escaped(const struct ical *ic, const char *text)
{
	struct buf out cleanup_buf;

	buf_init(&out, SIZE_MAX / 2);
	ical_escape(&out, text);
	return arena_strdup(ic->mem, out.data);
}

/* A raw value that more can be put behind: a backslash at its end would take the first character
 * of it. */
static const char *closed(const struct ical *ic, const char *raw)
{
	size_t len = strlen(raw), slashes = 0;

	while (slashes < len && raw[len - 1 - slashes] == '\\') {
		slashes++;
	}
	return slashes % 2 ? arena_printf(ic->mem, "%s\\", raw) : raw;
}

/* ---- words ---- */

static bool goes_on(const char *at)
{
	return ascii_isalnum((unsigned char)*at) || *at == '-' || (unsigned char)*at >= 0x80;
}

static bool may_begin(const char *line, const char *at)
{
	return at == line || strchr(" ([\t", at[-1]) || (unsigned char)at[-1] >= 0x80;
}

/* In a raw TEXT line, where that word stands; NULL: nowhere. */
static char *find_word(char *line, const char *word)
{
	size_t len = strlen(word);
	char *at = *line == '>' ? NULL : strstr(line, word);

	while (at && (!may_begin(line, at) || goes_on(at + len))) {
		at = strstr(at + 1, word);
	}
	return at;
}

/* The word and a blank beside it, with brackets that held nothing else. */
static void cut_word(char *at, size_t len, const char *line)
{
	char *end = at + len;

	if (at > line && (at[-1] == '(' || at[-1] == '[') && (*end == ')' || *end == ']')) {
		at--;
		end++;
	}
	if (at > line && at[-1] == ' ') {
		at--;
	} else if (*end == ' ') {
		end++;
	}
	memmove(at, end, strlen(end) + 1);
}

/* One line of a raw TEXT value without the words. *had: there was one. */
static char *line_without_words(const struct job *j, const char *text, size_t len, bool *had)
{
	char *line = arena_strndup(j->ic->mem, text, len);
	const struct taken_word *t = j->want ? j->want->taken : NULL;

	*had = false;
	for (; t; t = t->next) {
		const char *word = escaped(j->ic, t->text);
		char *at;

		while ((at = find_word(line, word)) != NULL) {
			cut_word(at, strlen(word), line);
			*had = true;
		}
	}
	return line;
}

/* A raw TEXT value without the words that came into force (policy.md 4.2); lines that held nothing
 * else go. */
static const char *without_words(const struct job *j, const char *raw)
{
	struct arena *mem = j->ic->mem;
	const char *left = "", *between = "";

	if (!j->want || !j->want->taken)
		return raw;
	for (;;) {
		size_t len = 0;
		bool had;

		while (raw[len] && !(raw[len] == '\\' && (raw[len + 1] == 'n' || raw[len + 1] == 'N'))) {
			len += raw[len] == '\\' && raw[len + 1] ? 2 : 1;
		}
		char *line = line_without_words(j, raw, len, &had);
		if (*line || !had) {
			left = arena_printf(mem, "%s%s%s", left, between, line);
			between = "\\n";
		}
		if (!raw[len])
			return left;
		raw += len + 2;
	}
}

/* ---- SUMMARY ---- */

/* Behind the part of a raw TEXT value that means `prefix`, or NULL. */
static const char *skip_text(const char *raw, const char *prefix)
{
	for (; *prefix; prefix++, raw++) {
		if (*raw == '\\' && raw[1]) {
			raw++;
		}
		if (*raw != *prefix)
			return NULL;
	}
	return raw;
}

static bool is_mark(const char *prefix)
{
	return !strchr(prefix, ' ');
}

const char *title_separator(const char *prefix)
{
	return is_mark(prefix) ? " " : " · ";
}

/* Behind prefix and separator, or NULL if the title doesn't begin with them. */
static const char *skip_prefix(const char *raw, const char *prefix)
{
	const char *rest = skip_text(raw, prefix), *separator = title_separator(prefix);

	if (!rest || !*rest)
		return rest;
	if (str_starts(rest, separator))
		return rest + strlen(separator);
	return strcmp(rest, " ·") == 0 ? rest + strlen(rest) : NULL; /* trimmed by a program */
}

/*
 * The longest prefix that was once written for this event is taken off: a program may be stale. Of
 * marks alone, which people write too, only the last rendering's.
 */
static const char *skip_known_prefix(const struct job *j, const char *raw, bool marks)
{
	const char *longest = raw;

	for (size_t n = 0; n < j->known->count; n++) {
		const struct rendering *r = j->known->entries[n].shown;

		if (!r || !r->prefix || (is_mark(r->prefix) && (!marks || r != j->last)))
			continue;
		const char *rest = skip_prefix(raw, r->prefix);
		if (rest && rest > longest) {
			longest = rest;
		}
	}
	return longest;
}

/* A stale program may have put an old prefix behind the new one; a user's own sign remains. */
static const char *title_clean(const struct job *j, const char *raw)
{
	const char *clean = raw, *before;

	do {
		before = clean;
		clean = skip_known_prefix(j, before, before == raw);
	} while (clean != before);
	return clean;
}

static void edit_title(const struct job *j)
{
	const struct ical_line *l = ical_prop(j->ic, j->comp, "SUMMARY");
	const char *raw = l ? l->value : "", *clean = without_words(j, title_clean(j, raw));
	const char *prefix = j->want ? j->want->prefix : NULL;

	if (prefix) {
		set_value(j, l, l ? line_head(j->ic, l) : "SUMMARY:",
			arena_printf(j->ic->mem, "%s%s%s", escaped(j->ic, prefix),
				*clean ? title_separator(prefix) : "", clean));
	} else if (l && strcmp(clean, raw) != 0) {
		set_value(j, l, line_head(j->ic, l), *clean ? clean : NULL);
	}
}

/* ---- DESCRIPTION ---- */

/* Programs show these instead of DESCRIPTION (15.9). */
static void remove_rich_text(const struct job *j)
{
	static const char *const names[] = { "X-ALT-DESC", "STYLED-DESCRIPTION" };

	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		const struct ical_line *l = ical_prop(j->ic, j->comp, names[n]);

		for (; l; l = ical_prop_next(j->ic, j->comp, l, names[n])) {
			ical_edit_remove(j->ed, l);
		}
	}
}

static void edit_notes(const struct job *j)
{
	const struct ical_line *l = ical_prop(j->ic, j->comp, "DESCRIPTION");
	const char *raw = l ? l->value : "", *clean = without_words(j, block_strip(raw, j->lines, j->ic->mem));

	if (!j->want || !j->want->block) {
		if (l && strcmp(clean, raw) != 0) {
			set_value(j, l, line_head(j->ic, l), *clean ? clean : NULL);
		}
		return;
	}
	set_value(j, l, l ? head_without_altrep(j->ic, l) : "DESCRIPTION:",
		arena_printf(j->ic->mem, "%s%s%s", closed(j->ic, clean), *clean ? "\\n\\n" : "",
			escaped(j->ic, block_text(j->want->ref, j->want->block, j->ic->mem))));
	remove_rich_text(j);
}

/* ---- COMMENT ---- */

static bool is_our_comment(const struct job *j, const struct ical_line *l)
{
	const char *text = ical_text(l->value, j->ic->mem);

	for (size_t n = 0; n < j->known->count; n++) {
		const struct rendering *r = j->known->entries[n].shown;

		if (r && r->comment && strcmp(r->comment, text) == 0)
			return true;
	}
	return false;
}

/* Only where the event has none of its own: some programs keep but one (clients.md, section 4). */
static void edit_comment(const struct job *j)
{
	const struct ical_line *ours = NULL, *l = ical_prop(j->ic, j->comp, "COMMENT");
	bool own = false;

	for (; l; l = ical_prop_next(j->ic, j->comp, l, "COMMENT")) {
		if (!is_our_comment(j, l)) {
			own = true;
		} else {
			if (ours) {
				ical_edit_remove(j->ed, ours);
			}
			ours = l;
		}
	}
	if (own && j->want) {
		j->want->comment = NULL;
	}
	if (j->want && j->want->comment) {
		set_value(j, ours, arena_printf(j->ic->mem, "%s:", j->want->comment_name),
			escaped(j->ic, j->want->comment));
	} else {
		set_value(j, ours, "", NULL);
	}
}

/* ---- CATEGORIES ---- */

static size_t item_length(const char *raw)
{
	size_t n = 0;

	while (raw[n] && raw[n] != ',') {
		n += raw[n] == '\\' && raw[n + 1] ? 2 : 1;
	}
	return n;
}

static bool is_our_category(const struct job *j, const char *item)
{
	for (size_t n = 0; n < j->known->count; n++) {
		const struct rendering *r = j->known->entries[n].shown;

		if (r && r->category && strcmp(r->category, item) == 0)
			return true;
	}
	return false;
}

/* What is left of a line's items; *found: `wanted` is among them or, being ours, was. NULL:
 * nothing is left. */
static const char *categories_clean(const struct job *j, const char *raw, bool *own)
{
	struct arena *mem = j->ic->mem;
	const char *wanted = j->want ? j->want->category : NULL, *left = NULL;

	for (;; raw++) {
		size_t len = item_length(raw);
		const char *item = arena_strndup(mem, raw, len), *text = ical_text(item, mem);

		if (!is_our_category(j, text)) {
			left = left ? arena_printf(mem, "%s,%s", left, item) : item;
			*own = *own || (wanted && strcmp(wanted, text) == 0);
		}
		raw += len;
		if (!*raw)
			return left;
	}
}

/* Ours goes behind the items of the first line, where programs that know one line only look. */
static void edit_categories(const struct job *j)
{
	const struct ical_line *l = ical_prop(j->ic, j->comp, "CATEGORIES"), *first = NULL;
	const char *first_left = NULL, *ours = NULL;
	bool own = false;

	for (; l; l = ical_prop_next(j->ic, j->comp, l, "CATEGORIES")) {
		const char *left = categories_clean(j, l->value, &own);

		if (first) {
			set_value(j, l, line_head(j->ic, l), left);
		} else {
			first_left = left;
		}
		first = first ? first : l;
	}
	if (own && j->want) {
		j->want->category = NULL; /* the user's own, to stay when ours would go */
	}
	if (j->want && j->want->category) {
		ours = escaped(j->ic, j->want->category);
	}
	if (ours) {
		first_left = first_left ?
			arena_printf(j->ic->mem, "%s,%s", closed(j->ic, first_left), ours) :
			ours;
	}
	set_value(j, first, first ? line_head(j->ic, first) : "CATEGORIES:", first_left);
}

/* ---- STATUS, TRANSP, COLOR ---- */

/* The value that was there before ours comes back, unless a user has put another in its place. */
static void edit_value(const struct job *j, const char *name, const struct shown_value *last,
	struct shown_value *want)
{
	const struct ical_line *l = ical_prop(j->ic, j->comp, name);
	const char *now = l ? l->value : NULL, *clean = now;

	if (now && last && last->value && ascii_casecmp(now, last->value) == 0) {
		clean = last->was;
	}
	if (want && want->value && clean && ascii_casecmp(clean, want->value) == 0) {
		want->value = NULL;
	}
	if (want && want->value) {
		want->was = clean;
		clean = want->value;
	}
	set_value(j, l, l ? line_head(j->ic, l) : arena_printf(j->ic->mem, "%s:", name), clean);
}

/* ---- ATTACH, LINK, REFID, STRUCTURED-DATA ---- */

static bool is_named(const char *head, const char *name)
{
	size_t len = strlen(name);

	return strncmp(head, name, len) == 0 && (head[len] == ';' || head[len] == '\0');
}

static const struct shown_line *find_extra(const struct rendering *r, const char *name, const char *value)
{
	for (size_t n = 0; r && n < r->extra_count; n++) {
		if (is_named(r->extras[n].head, name) && (!value || strcmp(r->extras[n].value, value) == 0))
			return &r->extras[n];
	}
	return NULL;
}

/* Programs change parameters: the value tells. */
static bool is_our_extra(const struct job *j, const struct ical_line *l)
{
	for (size_t n = 0; n < j->known->count; n++) {
		if (find_extra(j->known->entries[n].shown, l->name, l->value))
			return true;
	}
	return find_extra(j->want, l->name, l->value);
}

static void drop_extra(struct rendering *r, const struct shown_line *extra)
{
	struct shown_line *list = (struct shown_line *)(uintptr_t)r->extras;
	size_t at = (size_t)(extra - list);

	memmove(&list[at], &list[at + 1], (--r->extra_count - at) * sizeof(*list));
}

/* beside: ours may stand beside the event's own; of the others programs keep but one
 * (clients.md, section 4). */
static void edit_extra(const struct job *j, const char *name, bool beside)
{
	const struct ical_line *ours = NULL, *l = ical_prop(j->ic, j->comp, name);
	const struct shown_line *want = find_extra(j->want, name, NULL);
	bool own = false;

	for (; l; l = ical_prop_next(j->ic, j->comp, l, name)) {
		if (!is_our_extra(j, l)) {
			own = true;
		} else if (ours) {
			ical_edit_remove(j->ed, l);
		} else {
			ours = l;
		}
	}
	if (want && own && !beside) {
		drop_extra(j->want, want);
		want = NULL;
	}
	set_value(j, ours, want ? arena_printf(j->ic->mem, "%s:", want->head) : "", want ? want->value : NULL);
}

static void edit_extras(const struct job *j)
{
	edit_extra(j, "ATTACH", true);
	edit_extra(j, "LINK", false);
	edit_extra(j, "REFID", false);
	edit_extra(j, "STRUCTURED-DATA", false);
}

/* ---- X-DEDIT- ---- */

static const struct ical_line *next_own(const struct job *j, const struct ical_line *l)
{
	do {
		l = ical_line_next(j->ic, j->comp, l);
	} while (l && !str_starts(l->name, "X-DEDIT-"));
	return l;
}

/* Left alone if they are the wanted ones in their order. */
static bool own_lines_match(const struct job *j)
{
	const struct ical_line *l = next_own(j, NULL);
	size_t count = j->want ? j->want->line_count : 0;

	for (size_t n = 0; n < count; n++, l = next_own(j, l)) {
		if (!l || strcmp(line_text(j->ic, l), j->want->lines[n]) != 0)
			return false;
	}
	return !l;
}

static void edit_own_lines(const struct job *j)
{
	if (own_lines_match(j))
		return;
	for (const struct ical_line *l = next_own(j, NULL); l; l = next_own(j, l)) {
		ical_edit_remove(j->ed, l);
	}
	for (size_t n = 0; j->want && n < j->want->line_count; n++) {
		ical_edit_add(j->ed, j->comp, j->want->lines[n]);
	}
}

/* ---- objects ---- */

static void edit_event(const struct job *j)
{
	const struct rendering *last = j->last;
	struct rendering *want = j->want;

	edit_title(j);
	edit_notes(j);
	edit_comment(j);
	edit_categories(j);
	edit_value(j, "STATUS", last ? &last->status : NULL, want ? &want->status : NULL);
	edit_value(j, "TRANSP", last ? &last->transp : NULL, want ? &want->transp : NULL);
	edit_value(j, "COLOR", last ? &last->color : NULL, want ? &want->color : NULL);
	edit_extras(j);
	edit_own_lines(j);
}

static struct rendering *find_wanted(struct rendering *want, size_t count, const char *occurrence)
{
	for (size_t n = 0; n < count; n++) {
		if (strcmp(want[n].occurrence, occurrence) == 0)
			return &want[n];
	}
	return NULL;
}

/* Alarms, zones, other kinds: nothing is ever written there, but a client may have put it there. */
static void clean_component(struct job *j, const struct ical_comp *c)
{
	j->comp = c;
	j->want = NULL;
	edit_own_lines(j);
	for (const struct ical_comp *child = c->children; child; child = child->next) {
		clean_component(j, child);
	}
}

int apply_render(const struct ical *ic, const struct entry_list *known, const struct zone *zone,
	struct rendering *want, size_t count, struct buf *out, struct err *e)
{
	struct job j = { .ic = ic, .ed = ical_edit_begin(ic), .comp = ic->calendar, .known = known,
		.lines = block_lines_make(known, ic->mem) };

	edit_own_lines(&j);
	for (const struct ical_comp *c = ic->calendar->children; c; c = c->next) {
		const char *occurrence;

		if (c->kind != ICAL_VEVENT ||
			change_occurrence(ic, c, zone, ic->mem, &occurrence)) {
			clean_component(&j, c);
			continue;
		}
		j.comp = c;
		j.last = entry_shown(known, occurrence);
		j.want = find_wanted(want, count, occurrence);
		edit_event(&j);
		for (const struct ical_comp *child = c->children; child; child = child->next) {
			clean_component(&j, child);
		}
	}
	return ical_edit_write(j.ed, out, e);
}

int apply_strip(const struct ical *ic, const struct entry_list *known, const struct zone *zone,
	struct buf *out, struct err *e)
{
	return apply_render(ic, known, zone, NULL, 0, out, e);
}

size_t apply_refs(const struct ical *ic, const char **refs, size_t max)
{
	size_t count = 0;

	for (size_t n = 0; n < ic->line_count && count < max; n++) {
		const struct ical_line *l = &ic->lines[n];

		if (strcmp(l->name, "X-DEDIT-REF") == 0 && ref_looks_right(l->value)) {
			refs[count++] = arena_strndup(ic->mem, l->value, REF_SIZE - 1);
		} else if (strcmp(l->name, "DESCRIPTION") == 0) {
			count += block_refs(l->value, ic->mem, refs + count, max - count);
		}
	}
	return count;
}
