#include "policy/wording.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/kept.h"
#include "policy/late/rules.h"
#include "policy/ledger.h"
#include "storage/store.h"

static int quote(struct buf *out, const char *text)
{
	buf_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') {
			buf_addc(out, '\\');
		}
		buf_addc(out, *text);
	}
	return buf_addc(out, '"');
}

/* What digest and file of a version are made of: the section without blanks, comments and line
 * numbers. */
static void write_section(struct buf *out, const struct conf_section *sec, const char *indent)
{
	buf_printf(out, "%s%s ", indent, sec->section);
	quote(out, sec->title ? sec->title : "");
	buf_adds(out, " {\n");
	for (size_t v = 0; v < sec->value_count; v++) {
		const struct conf_value *value = &sec->values[v];

		if (value->line == 0) {
			continue;
		}
		buf_printf(out, "%s    %s = ", indent, value->option);
		buf_adds(out, value->count == 1 ? "" : "{ ");
		for (size_t n = 0; n < value->count; n++) {
			buf_adds(out, n ? ", " : "");
			quote(out, value->text[n]);
		}
		buf_adds(out, value->count == 1 ? "\n" : " }\n");
	}
	for (size_t n = 0; n < sec->section_count; n++) {
		write_section(out, sec->sections[n], "    ");
	}
	buf_printf(out, "%s}\n", indent);
}

int wording_digest(const struct conf_section *sec, const char *data, char digest[DIGEST_SIZE], struct err *e)
{
	struct buf text cleanup_buf;

	buf_init(&text, KEPT_TEXT_MAX);
	write_section(&text, sec, "");
	if (text.full) {
		return err_set(e, ERR_LARGE, "%s:%d: policy '%s' is longer than %d bytes",
			sec->file, sec->line, sec->title, KEPT_TEXT_MAX);
	}
	digest_short(text.data, text.len, digest);
	return data ? kept_add(data, digest, &text, e) : 0;
}

/* ---- versions that begin in the past ---- */

bool wording_is_of(const char *text, const char *policy)
{
	struct buf head cleanup_buf;

	buf_init(&head, KEPT_TEXT_MAX);
	buf_adds(&head, "policy ");
	quote(&head, policy);
	buf_adds(&head, " {\n");
	return str_starts(text, head.data);
}

struct sought { const char *policy, *version; };

static int holds_version(const char *digest, const char *text, void *arg)
{
	const struct sought *s = arg;

	return wording_is_of(text, s->policy) && strstr(text, s->version);
}

/* Does a wording of the policy that was in force have that version? 1, 0, or -1. */
static int was_in_force(const struct conf_section *sec, const struct conf_section *version, const char *data,
	struct err *e)
{
	struct buf text cleanup_buf;

	buf_init(&text, KEPT_TEXT_MAX);
	write_section(&text, version, "    ");
	return kept_visit(data, holds_version, &(struct sought){ sec->title, text.data }, e);
}

struct bookings { struct arena *mem; const char *policy; int64_t from; size_t count; };

static int count_booking(const struct ledger_row *row, void *arg)
{
	struct bookings *b = arg;
	struct entry_list one = { 0 };

	if (strcmp(row->kind, KIND_SLOT) != 0 || row->when < b->from || ledger_read_row(row, b->mem, &one))
		return 0;
	b->count += one.count && strcmp(one.entries[0].i.policy, b->policy) == 0 &&
		one.entries[0].i.acquired >= b->from && strcmp(one.entries[0].i.outcome, "closed") != 0;
	return 0;
}

static int check_version(const struct conf_section *sec, const struct conf_section *version, int64_t from,
	const char *data, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct bookings b = { mem, sec->title, from, 0 };

	if (store_ledger_logs(data, count_booking, &b, e) < 0)
		return -1;
	if (!b.count)
		return 0;
	return err_set(e, ERR_INVALID, "%s:%d: policy '%s': version '%s' is in the past, with %zu bookings since: "
		"expected a date to come, or --retroactive", version->file, version->line, sec->title,
		version->title, b.count);
}

int wording_check_versions(const struct conf_section *sec, const struct zone *zone, const char *data,
	struct err *e)
{
	for (size_t n = 0; n < sec->section_count; n++) {
		const struct conf_section *version = sec->sections[n];
		int64_t from;

		if (strcmp(version->section, "version") != 0 || version_from(zone, version->title, &from) ||
			from >= clock_now()) {
			continue;
		}
		int known = was_in_force(sec, version, data, e);
		if (known < 0 || (!known && check_version(sec, version, from, data, e)))
			return -1;
	}
	return 0;
}

/* ---- texts that bookings go by ---- */

struct seen { const char *digest; struct seen *next; };
struct search {
	const char *data;
	struct arena *mem;
	struct seen *seen;
	store_problem_fn problem;
	void *arg;
};

static bool is_seen(const struct search *s, const char *digest)
{
	for (const struct seen *x = s->seen; x; x = x->next) {
		if (strcmp(x->digest, digest) == 0)
			return true;
	}
	return false;
}

/* One that is there and can't be read is kept_check()'s. */
static bool is_kept(const char *data, const char *digest)
{
	struct buf text cleanup_buf;
	struct err why;

	buf_init(&text, KEPT_TEXT_MAX);
	return kept_read(data, digest, &text, &why) == 0 || why.code != ERR_NOT_FOUND;
}

static int look_for_text(struct search *s, const struct ledger_row *row, const char *digest)
{
	struct seen *x = arena_alloc(s->mem, sizeof(*x));

	*x = (struct seen){ arena_strdup(s->mem, digest), s->seen };
	s->seen = x;
	if (is_kept(s->data, digest))
		return 0;
	char *line cleanup_free = xasprintf("policies/%s: missing, and what is booked with %s since entry %" PRIu64
		" goes by it; put it back from a backup, or, if it is in force, start the server anew", digest,
		row->owner, row->seq);
	return s->problem(line, s->arg);
}

/* Other modules' slots may have something else there. */
static int look_at_booking(const struct ledger_row *row, void *arg)
{
	cleanup_arena struct arena *mem = arena_create();
	struct entry_list one = { 0 };
	struct search *s = arg;

	if (ledger_read_row(row, mem, &one) || !one.count)
		return 0;
	const char *digest = one.entries[0].i.basis;
	return !kept_is_digest(digest) || is_seen(s, digest) ? 0 : look_for_text(s, row, digest);
}

int wording_check_bookings(struct store *s, const char *owner, const char *data, store_problem_fn problem,
	void *arg, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct search search = { .data = data, .mem = mem, .problem = problem, .arg = arg };
	const struct ledger_query q = { .owner = owner, .kind = KIND_SLOT };

	return store_ledger(s, &q, look_at_booking, &search, e);
}
