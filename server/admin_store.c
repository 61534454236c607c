/* Calendars, shares, and the upkeep of the data folder. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"
#include "policy/apply.h"
#include "policy/kept.h"
#include "server/admin.h"
#include "server/adopt.h"
#include "storage/names.h"
#include "xml/xml.h"

enum { CALENDAR_NAME_MAX = 64 };

static struct store *store_of(const struct admin *a)
{
	return a->site->dav.store;
}

/* "OWNER/CALENDAR"; false after a message. '~' is how shared calendars are named (15.16). */
static bool split_name(struct admin *a, const char *text, const char **owner, const char **name)
{
	const char *slash = strchr(text, '/');
	char *user = slash != NULL ? arena_strndup(a->mem, text, (size_t)(slash - text)) : NULL;
	size_t len = slash != NULL ? strlen(slash + 1) : 0;

	if (user == NULL || !name_typed_valid(user) || len == 0 || len > CALENDAR_NAME_MAX ||
		slash[1] == '.' || strpbrk(slash + 1, "/~") != NULL || !admin_text_valid(slash + 1)) {
		admin_misuse(a, "'%s' is not of the form OWNER/CALENDAR", text);
		return false;
	}
	ascii_lower(user);
	*owner = user;
	*name = slash + 1;
	return true;
}

int admin_calendar(struct admin *a, const char *text, struct collection *out)
{
	const char *owner, *name;
	struct err e;

	if (!split_name(a, text, &owner, &name))
		return ADMIN_USAGE;
	if (store_collection(store_of(a), owner, name, a->mem, out, &e) == 0)
		return ADMIN_OK;
	return e.code == ERR_NOT_FOUND ? admin_fail(a, "no calendar %s/%s", owner, name)
				       : admin_fail(a, "%s", e.text);
}

static int find_open_account(struct admin *a, const char *name)
{
	struct account ac;
	struct err e;

	if (store_account(store_of(a), name, a->mem, &ac, &e) == 0 && !ac.removed)
		return ADMIN_OK;
	return admin_fail(a, "no user %s", name);
}

/* ---- calendars ---- */

/* The property as an element that stands alone, as PROPPATCH would store it. */
static const char *displayname_xml(struct admin *a, const char *text)
{
	cleanup_buf struct buf out;
	struct xmlw w;

	buf_init(&out, 4096);
	buf_adds(&out, "<D:displayname xmlns:D=\"DAV:\">");
	xmlw_init(&w, &out);
	xmlw_text(&w, text);
	buf_adds(&out, "</D:displayname>");
	return arena_strdup(a->mem, out.data);
}

static int make_calendar(struct admin *a, const struct collection *c, const char *title)
{
	struct prop_row row = { "", "DAV:", "displayname", NULL };
	struct collection fees;
	store_id id;
	struct err e;

	row.xml = title != NULL ? displayname_xml(a, title) : NULL;
	if (store_collection_make(store_of(a), c, &row, title != NULL ? 1 : 0, a->now, &id, &e) != 0)
		return e.code == ERR_EXISTS ? admin_fail(a, "%s/%s exists", c->owner, c->name)
					    : admin_fail(a, "%s", e.text);
	if (policy_for(a->site->policies, c->owner, c->name) != NULL &&
		event_fees_calendar(store_of(a), c->owner, a->now, a->mem, &fees, &e) != 0)
		return admin_fail(a, "calendar fees: %s", e.text);
	buf_printf(&a->out, "calendar %s/%s added\n", c->owner, c->name);
	return ADMIN_OK;
}

int admin_calendar_add(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	struct collection c = { .components = ICAL_VEVENT };
	const char *title = NULL;
	int code;

	if (admin_option(args, "--tasks", NULL))
		c.components = ICAL_VTODO;
	admin_option(args, "--name", &title);
	if (admin_expect(a, args, 1, 1) < 0 || !split_name(a, args[0], &c.owner, &c.name))
		return ADMIN_USAGE;
	if (strcmp(c.name, "fees") == 0)
		return admin_misuse(a, "the name 'fees' is reserved");
	if (title != NULL && !admin_text_valid(title))
		return admin_misuse(a, "--name: at most 200 bytes of UTF-8 without control characters");
	code = find_open_account(a, c.owner);
	return code == ADMIN_OK ? make_calendar(a, &c, title) : code;
}

static int write_calendar(const struct collection *c, void *arg)
{
	struct admin *a = arg;
	const struct policy *p = policy_for(a->site->policies, c->owner, c->name);

	buf_printf(&a->out, "%s/%s", c->owner, c->name);
	if (p != NULL)
		buf_printf(&a->out, " (policy \"%s\")", policy_name(p));
	buf_addc(&a->out, '\n');
	return 0;
}

int admin_calendar_list(struct admin *a, char *const *args)
{
	const char *owner;
	struct err e;
	int code;

	if (admin_expect(a, args, 0, 1) < 0)
		return ADMIN_USAGE;
	code = admin_owner(a, args[0], &owner);
	if (code != ADMIN_OK)
		return code;
	if (store_collections(store_of(a), owner, write_calendar, a, &e) != 0)
		return admin_fail(a, "%s", e.text);
	return ADMIN_OK;
}

/* ---- shares ---- */

static int read_access(const char *word, enum share_access *out)
{
	static const struct { const char *word; enum share_access access; } words[] = {
		{ "free-busy", SHARE_FREE_BUSY }, { "read", SHARE_READ }, { "write", SHARE_WRITE },
		{ "none", SHARE_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(word, words[i].word) == 0) {
			*out = words[i].access;
			return 0;
		}
	}
	return -1;
}

struct sharees { const char *but; size_t count; };

static int count_sharee(const struct share *s, void *arg)
{
	struct sharees *n = arg;

	if (strcmp(s->user, n->but) != 0)
		n->count++;
	return 0;
}

/* architecture.md 15.7: who may read a calendar under a policy reads every client's fees in it. */
static void warn_of_others(struct admin *a, const struct collection *c, const char *user)
{
	struct sharees n = { .but = user };
	struct err e;

	if (policy_for(a->site->policies, c->owner, c->name) == NULL ||
		store_shares(store_of(a), c->id, NULL, count_sharee, &n, &e) != 0 || n.count == 0)
		return;
	buf_printf(&a->errors, "dedit: warning: %s/%s is under a policy and shared with others: each "
			       "reads what the others owe. One calendar for each client avoids that.\n",
		c->owner, c->name);
}

int admin_share(struct admin *a, char *const *args)
{
	struct share s = { 0 };
	struct collection c;
	char *user;
	struct err e;
	int code;

	if (admin_expect(a, args, 3, 3) < 0)
		return ADMIN_USAGE;
	if (read_access(args[2], &s.access) != 0)
		return admin_misuse(a, "'%s': free-busy, read, write or none", args[2]);
	user = arena_strdup(a->mem, args[1]);
	ascii_lower(user);
	code = admin_calendar(a, args[0], &c);
	if (code == ADMIN_OK)
		code = find_open_account(a, user);
	if (code != ADMIN_OK)
		return code;
	if (strcmp(user, c.owner) == 0)
		return admin_misuse(a, "%s owns this calendar", user);
	if (s.access != SHARE_NONE)
		warn_of_others(a, &c, user);
	s.collection = c.id;
	s.owner = c.owner;
	s.calendar = c.name;
	s.user = user;
	if (store_share_put(store_of(a), &s, &e) != 0)
		return admin_fail(a, "%s", e.text);
	buf_printf(&a->out, "%s/%s: %s %s\n", c.owner, c.name, user, args[2]);
	return ADMIN_OK;
}

/* ---- delegates ---- */

static int write_delegate(const struct delegation *d, void *arg)
{
	struct admin *a = arg;

	buf_printf(&a->out, "%-20s %s\n", d->user, d->access == SHARE_WRITE ? "write" : "read");
	return 0;
}

static int list_delegates(struct admin *a, const char *owner)
{
	struct err e;

	return store_delegations(store_of(a), owner, NULL, write_delegate, a, &e) == 0 ? ADMIN_OK
										     : admin_fail(a, "%s", e.text);
}

static int set_delegate(struct admin *a, const char *owner, const char *given, const char *word)
{
	struct delegation d = { .owner = owner };
	char *user = arena_strdup(a->mem, given);
	struct err e;

	if (read_access(word, &d.access) != 0 || d.access == SHARE_FREE_BUSY)
		return admin_misuse(a, "'%s': read, write or none", word);
	ascii_lower(user);
	d.user = user;
	if (find_open_account(a, user) != ADMIN_OK)
		return ADMIN_FAILED;
	if (strcmp(user, owner) == 0)
		return admin_misuse(a, "%s needs no delegation for the own calendars", user);
	if (store_delegation_put(store_of(a), &d, &e) != 0)
		return admin_fail(a, "%s", e.text);
	buf_printf(&a->out, "%s acts for %s: %s\n", user, owner, word);
	return ADMIN_OK;
}

int admin_delegate(struct admin *a, char *const *args)
{
	int n = admin_expect(a, args, 1, 3);
	char *owner;

	if (n < 0)
		return ADMIN_USAGE;
	if (n == 2)
		return admin_misuse(a, "an argument is missing");
	owner = arena_strdup(a->mem, args[0]);
	ascii_lower(owner);
	if (find_open_account(a, owner) != ADMIN_OK)
		return ADMIN_FAILED;
	return n == 1 ? list_delegates(a, owner) : set_delegate(a, owner, args[1], args[2]);
}

/* ---- upkeep ---- */

static int write_problem(const char *line, void *arg)
{
	struct admin *a = arg;

	buf_printf(&a->out, "%s\n", line);
	return 0;
}

static void write_counts(struct admin *a, const struct store_counts *n)
{
	buf_printf(&a->out, "%llu accounts, %llu calendars, %llu objects, %llu ledger entries\n",
		(unsigned long long)n->accounts, (unsigned long long)n->collections,
		(unsigned long long)n->objects, (unsigned long long)n->ledger);
}

/* Without what a policy wrote into it, as far as the body itself tells that. */
static int charged_bytes(const struct ical *ic, uint64_t *out, struct err *e)
{
	const struct entry_list known = { 0 };
	cleanup_buf struct buf clean;

	buf_init(&clean, ic->body_len + 1);
	if (apply_strip(ic, &known, NULL, &clean, e) != 0)
		return -1;
	*out = clean.len;
	return 0;
}

/* What the index keeps of a body; storage knows no iCalendar. */
static int parse_body(const char *body, size_t len, struct arena *mem, struct store_parsed *out,
	struct err *e)
{
	struct ical_info info;
	struct ical_index x;
	struct ical *ic;

	if (ical_parse(body, len, NULL, mem, &ic, e) != 0 || ical_valid(ic, &info, e) != 0 ||
		ical_index(ic, mem, &x, e) != 0)
		return -1;
	out->first = x.first;
	out->last = x.last;
	out->spans = x.spans;
	out->traits = x.traits;
	out->uid = info.uid;
	out->component = (unsigned)info.kind;
	return charged_bytes(ic, &out->charged, e);
}

static void look_deeper(struct admin *a)
{
	struct err e;

	if (kept_check(a->site->settings->data, write_problem, a, &e) != 0)
		admin_fail(a, "%s", e.text);
	admin_audit_ledgers(a);
}

int admin_check(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	bool deep = admin_option(args, "--deep", NULL);
	struct store_counts counts;
	struct err e;
	size_t before = a->out.len, errors = a->errors.len;

	if (admin_expect(a, args, 0, 0) < 0)
		return ADMIN_USAGE;
	if (store_check(store_of(a), deep, parse_body, write_problem, a, &counts, &e) != 0)
		return admin_fail(a, "%s", e.text);
	if (deep) /* each whatever was said before */
		look_deeper(a);
	if (a->errors.len != errors)
		return ADMIN_FAILED;
	if (a->out.len != before)
		return admin_fail(a, "problems were found");
	buf_adds(&a->out, "no problems: ");
	write_counts(a, &counts);
	return ADMIN_OK;
}

/* The server's: the command's own has had no time to jump. */
int admin_clock(struct admin *a, char *const *args)
{
	int n = admin_expect(a, args, 0, 1);

	if (n < 0)
		return ADMIN_USAGE;
	if (n == 1 && strcmp(args[0], "ok") != 0)
		return admin_misuse(a, "expected 'ok', or nothing");
	if (!a->served) {
		buf_adds(&a->out, "no server is running: nobody watches the clock\n");
		return ADMIN_OK;
	}
	if (n == 1)
		clock_accept();
	buf_adds(&a->out, clock_jumped() ?
		"the clock has jumped: incidents are only proposed, and nothing comes due, until 'dedit clock ok'\n" :
		"the clock is trusted\n");
	return ADMIN_OK;
}

int admin_flush(struct admin *a, char *const *args)
{
	struct err e;

	if (admin_expect(a, args, 0, 0) < 0)
		return ADMIN_USAGE;
	return store_flush(store_of(a), &e) == 0 ? ADMIN_OK : admin_fail(a, "%s", e.text);
}

int admin_rescan(struct admin *a, char *const *args)
{
	struct collection c = { 0 };
	struct adopted adopted;
	struct err e;
	int n = admin_expect(a, args, 0, 1);
	int code = n < 0 ? ADMIN_USAGE : n == 1 ? admin_calendar(a, args[0], &c) : ADMIN_OK;

	if (code != ADMIN_OK)
		return code;
	if (adopt_files(a->site, c.id, a->now, &adopted, &e) != 0)
		return admin_fail(a, "%s", e.text);
	buf_printf(&a->out, "%zu changes taken in\n", adopted.taken);
	if (adopted.left > 0)
		return admin_fail(a, "%zu files could not be taken in; the log says why", adopted.left);
	return ADMIN_OK;
}

int admin_rebuild(struct admin *a, char *const *args)
{
	struct store_counts counts;
	struct err e;

	if (admin_expect(a, args, 0, 0) < 0)
		return ADMIN_USAGE;
	if (store_rebuild(a->site->settings->data, parse_body, write_problem, a, &counts, &e) != 0)
		return admin_fail(a, "%s", e.text);
	buf_adds(&a->out, "index rebuilt: ");
	write_counts(a, &counts);
	return ADMIN_OK;
}

/* ---- backups ---- */

static int is_held(void *arg, struct err *e)
{
	const struct admin *a = arg;

	return a->held(a->hold, e);
}

static void tell_left_out(const char *path, void *arg)
{
	struct admin *a = arg;

	buf_printf(&a->errors, "dedit: %s is neither file nor folder and left out\n", path);
}

static void write_backup(struct admin *a, const struct store_backup *b)
{
	buf_printf(&a->out, "%llu files, %llu bytes: ", (unsigned long long)b->files,
		(unsigned long long)b->bytes);
	write_counts(a, &b->counts);
}

int admin_backup(struct admin *a, char *const *args)
{
	struct store_backup_source from = { .path = a->site->settings->data,
		.held = a->held != NULL ? is_held : NULL, .left_out = tell_left_out, .arg = a };
	struct store_backup made;
	struct err e;

	if (admin_expect(a, args, 1, 1) < 0)
		return ADMIN_USAGE;
	if (store_backup(&from, args[0], &made, &e) != 0) {
		bool busy = e.code == ERR_BUSY && a->held == NULL;
		return busy ? ADMIN_BUSY : admin_fail(a, "%s; nothing was backed up", e.text);
	}
	buf_printf(&a->out, "backup in %s: ", args[0]);
	write_backup(a, &made);
	return ADMIN_OK;
}

int admin_restore(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	bool damaged = admin_option(args, "--damaged", NULL);
	struct store_backup made;
	struct err e;

	if (admin_expect(a, args, 1, 1) < 0)
		return ADMIN_USAGE;
	if (store_restore(a->site->settings->data, args[0], damaged, parse_body, write_problem, a, &made,
		&e) != 0)
		return admin_fail(a, "%s", e.text);
	buf_adds(&a->out, "restored: ");
	write_backup(a, &made);
	return ADMIN_OK;
}
