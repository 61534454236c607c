/* `dedit policy`: what a policy says, whether a file of them is right, what a cancellation would cost. */
#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "base/util.h"
#include "ical/zone.h"
#include "policy/fees.h"
#include "policy/replay.h"
#include "policy/update.h"
#include "server/admin.h"

enum { SCREEN = 80, FILE_MAX = 1 << 20 };

static const struct policy *find_policy(struct admin *a, const char *name)
{
	const struct policy *policy = policy_find(a->site->policies, name);

	if (policy == NULL)
		admin_fail(a, "there is no policy '%s'", name);
	return policy;
}

/* ---- explain ---- */

int admin_policy_explain(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	const char *language = NULL, *version = NULL, *text;
	const struct policy *policy;
	int64_t when = a->now;

	admin_option(args, "--lang", &language);
	admin_option(args, "--version", &version);
	if (admin_expect(a, args, 1, 1) < 0)
		return ADMIN_USAGE;
	if (language != NULL && strcmp(language, "en") != 0 && strcmp(language, "fr") != 0)
		return admin_misuse(a, "--lang: en or fr");
	policy = find_policy(a, args[0]);
	if (policy == NULL)
		return ADMIN_FAILED;
	/* what is booked then comes under the version of that day */
	if (version != NULL && admin_time(a, version, policy->zone, &when) != ADMIN_OK)
		return ADMIN_USAGE;
	text = policy_explain(policy, language != NULL ? language : policy->language, when, a->mem);
	if (text == NULL)
		return admin_fail(a, "policy '%s' is decided by a module that doesn't explain itself", args[0]);
	buf_adds(&a->out, text);
	return ADMIN_OK;
}

/* ---- check ---- */

static void report_wrong(const char *text, void *arg)
{
	admin_fail(arg, "%s", text);
}

static size_t count_sections(const struct conf_section *root, const char *kind)
{
	size_t n = 0;

	for (size_t i = 0; i < root->section_count; i++)
		n += strcmp(root->sections[i]->section, kind) == 0;
	return n;
}

static int check_settings(struct admin *a, const char *file, const struct settings *s)
{
	size_t policies = count_sections(s->root, policy_schema.section);
	size_t calendars = count_sections(s->root, calendar_schema.section);

	if (policies + calendars == 0)
		return admin_fail(a, "%s: no section policy or calendar in it", file);
	if (policy_check(s->root, &s->policy, report_wrong, a) > 0)
		return ADMIN_FAILED;
	buf_printf(&a->out, "%s: %zu polic%s, %zu calendar%s, no errors\n", file, policies,
		policies == 1 ? "y" : "ies", calendars, calendars == 1 ? "" : "s");
	return ADMIN_OK;
}

int admin_policy_check(struct admin *a, char *const *args)
{
	cleanup_buf struct buf text;
	struct settings *s;
	struct err e;
	int code;

	buf_init(&text, FILE_MAX);
	if (admin_expect(a, args, 1, 1) < 0)
		return ADMIN_USAGE;
	code = admin_read_file(a, args[0], &text);
	if (code != ADMIN_OK)
		return code;
	if (settings_parse_policies(text.data, args[0], &s, &e) != 0)
		return admin_fail(a, "%s", e.text);
	code = check_settings(a, args[0], s);
	settings_destroy(s);
	return code;
}

/* ---- quote ---- */

struct quote {
	struct admin *a;
	const char *uid, *time;
	size_t found;
	int code;
};

/* "50 % of 80.00 EUR", or why it is no such amount. */
static const char *rule_of(const struct policy_incident *i)
{
	static const char *const plain[] = { "none", "charged" };

	for (size_t n = 0; n < ARRAY_SIZE(plain); n++) {
		if (strcmp(i->outcome, plain[n]) == 0)
			return i->basis;
	}
	return i->outcome;
}

static void write_quote(struct admin *a, const struct fee_list *list, const struct zone *zone)
{
	static const struct table_column columns[] = { { "START", false, false }, { "FREE UNTIL", false, false },
		{ "WHAT", false, false }, { "COST", true, false }, { "RULE", false, true } };
	struct table t;

	table_init(&t, columns, ARRAY_SIZE(columns), a->mem);
	for (size_t n = 0; n < list->count; n++) {
		const struct policy_incident *i = &list->fees[n].incident;

		table_add(&t, (const char *const[]){ admin_local_time(a, zone, i->slot),
			i->free_until != 0 ? admin_local_time(a, zone, i->free_until) : "-", i->class_,
			i->charge != 0 ? admin_money(a, i->charge, i->currency) : "-", rule_of(i) });
	}
	table_write(&t, SCREEN, &a->out);
	if (list->count == 0)
		buf_adds(&a->out, "no appointment ahead: nothing would be entered\n");
}

static int quote_event(struct quote *q, const struct collection *c, const struct policy *policy,
	const char *name)
{
	struct admin *a = q->a;
	struct event_request rq = site_event_request(a->site, a->mem, a->now, false);
	struct fee_list list;
	int64_t when = a->now;
	struct err e;

	if (q->time != NULL && admin_time(a, q->time, policy->zone, &when) != ADMIN_OK)
		return ADMIN_USAGE;
	if (event_quote(&rq, &(struct event_where){ c, name }, when, &list, &e) != 0)
		return admin_fail(a, "%s", e.text);
	if (list.count > 0)
		when = list.fees[0].incident.at; /* never before it was booked (policy.md 3.2) */
	buf_printf(&a->out, "%s%s/%s, policy %s: cancelled by the client on %s (%s)\n", q->found++ > 0 ? "\n" : "",
		c->owner, c->name, policy->name, admin_local_time(a, policy->zone, when), zone_name(policy->zone));
	write_quote(a, &list, policy->zone);
	return ADMIN_OK;
}

static int quote_in(const char *owner, const char *calendar, const char *policy, void *arg)
{
	struct quote *q = arg;
	struct store *store = q->a->site->dav.store;
	struct collection *c = arena_alloc(q->a->mem, sizeof(*c));
	struct object found;

	if (store_collection(store, owner, calendar, q->a->mem, c, NULL) != 0 ||
		store_find_uid(store, c->id, q->uid, q->a->mem, &found, NULL) != 0)
		return 0;
	q->code = quote_event(q, c, policy_find(q->a->site->policies, policy), found.name);
	return q->code;
}

int admin_policy_quote(struct admin *a, char *const *args)
{
	struct quote q = { .a = a, .uid = args[0], .code = ADMIN_OK };

	if (admin_expect(a, args, 1, 2) < 0)
		return ADMIN_USAGE;
	q.time = args[1];
	policy_calendars(a->site->policies, quote_in, &q);
	if (q.code == ADMIN_OK && q.found == 0)
		return admin_fail(a, "no calendar under a policy has an event with the UID '%s'", q.uid);
	return q.code;
}

/* ---- accept ---- */

int admin_policy_accept(struct admin *a, char *const *args)
{
	struct event_request rq = site_event_request(a->site, a->mem, a->now, false);
	const struct policy *policy;
	int64_t when = a->now;
	const char *owner;
	struct err e;
	int code;

	if (admin_expect(a, args, 3, 4) < 0)
		return ADMIN_USAGE;
	if (!admin_text_valid(args[2]))
		return admin_misuse(a, "CLIENT: a name or an address, at most 200 bytes of UTF-8");
	policy = find_policy(a, args[0]);
	code = policy != NULL ? admin_owner(a, args[1], &owner) : ADMIN_FAILED;
	if (code == ADMIN_OK && args[3] != NULL)
		code = admin_time(a, args[3], policy->zone, &when);
	if (code != ADMIN_OK)
		return code;
	if (event_accept(&rq, owner, policy->name, args[2], when, &e) != 0)
		return e.code == ERR_INVALID ? admin_misuse(a, "CLIENT or TIME: %s", e.text) : admin_fail(a, "%s", e.text);
	buf_printf(&a->out, "%s accepted policy %s of %s on %s\n", args[2], policy->name, owner,
		admin_local_time(a, policy->zone, when));
	return ADMIN_OK;
}

/* ---- replay ---- */

static const char *result_words(struct admin *a, const struct replay_result *r, const char *currency)
{
	if (*r->class_ == '\0')
		return "-";
	if (r->fee != 0)
		return arena_printf(a->mem, "%s %s", r->class_, admin_money(a, r->fee, currency));
	if (r->credit != 0)
		return arena_printf(a->mem, "%s, credit %s", r->class_, admin_money(a, r->credit, currency));
	return strcmp(r->outcome, "none") == 0 ? r->class_ : arena_printf(a->mem, "%s, %s", r->class_, r->outcome);
}

static void write_changed(struct admin *a, const struct policy_set *set, const struct replay *r)
{
	static const struct table_column columns[] = { { "RECEIVED", false, false }, { "CLIENT", false, true },
		{ "AS IT WAS", false, false }, { "UNDER THE FILE", false, false } };
	struct table t;

	table_init(&t, columns, ARRAY_SIZE(columns), a->mem);
	for (size_t n = 0; n < r->count; n++) {
		const struct replay_pair *p = &r->pairs[n];
		const struct policy *policy = policy_find(set, p->policy);

		if (replay_differs(p))
			table_add(&t, (const char *const[]){
				admin_local_time(a, policy != NULL ? policy->zone : zone_utc(), p->at), p->name,
				result_words(a, &p->before, p->currency), result_words(a, &p->after, p->currency) });
	}
	table_write(&t, SCREEN, &a->out);
}

/* Fees of one client, or of all (key NULL), in one currency. */
struct sum { const char *owner, *key, *name, *currency; size_t count; int64_t before, after; };

static void sum_add(struct sum *list, size_t *count, const struct replay_pair *p, const char *key)
{
	size_t n = 0;

	while (n < *count && (strcmp(list[n].currency, p->currency) != 0 || strcmp(list[n].owner, p->owner) != 0 ||
		strcmp(list[n].key, key) != 0))
		n++;
	if (n == *count)
		list[(*count)++] = (struct sum){ p->owner, key, *key != '\0' ? p->name : "all", p->currency, 0, 0, 0 };
	list[n].count++;
	list[n].before += p->before.fee - p->before.credit;
	list[n].after += p->after.fee - p->after.credit;
}

static void write_sums(struct admin *a, const struct replay *r)
{
	static const struct table_column columns[] = { { "OWNER", false, false }, { "CLIENT", false, true },
		{ "INCIDENTS", true, false }, { "AS IT WAS", true, false }, { "UNDER THE FILE", true, false },
		{ "DIFFERENCE", true, false } };
	struct sum *list = arena_array(a->mem, 2 * r->count + 1, sizeof(*list));
	size_t count = 0;
	struct table t;

	for (size_t n = 0; n < r->count; n++) {
		if (replay_differs(&r->pairs[n]))
			sum_add(list, &count, &r->pairs[n], r->pairs[n].client);
	}
	for (size_t n = 0; n < r->count; n++) {
		if (r->pairs[n].before.fee != 0 || r->pairs[n].after.fee != 0 || replay_differs(&r->pairs[n]))
			sum_add(list, &count, &r->pairs[n], "");
	}
	table_init(&t, columns, ARRAY_SIZE(columns), a->mem);
	for (size_t n = 0; n < count; n++)
		table_add(&t, (const char *const[]){ list[n].owner, list[n].name,
			arena_printf(a->mem, "%zu", list[n].count), admin_money(a, list[n].before, list[n].currency),
			admin_money(a, list[n].after, list[n].currency),
			admin_money(a, list[n].after - list[n].before, list[n].currency) });
	table_write(&t, SCREEN, &a->out);
}

static int replay_with(struct admin *a, const struct policy_set *set, const char *owner, int64_t since)
{
	struct replay r;
	struct err e;

	if (replay_run(a->site->dav.store, set, owner, since, a->now, a->mem, &r, &e) != 0)
		return admin_fail(a, "%s", e.text);
	write_changed(a, set, &r);
	if (r.changed > 0)
		buf_addc(&a->out, '\n');
	write_sums(a, &r);
	buf_printf(&a->out, "%s%zu incidents decided again, %zu otherwise", r.count > 0 ? "\n" : "", r.count,
		r.changed);
	if (r.left_out > 0)
		buf_printf(&a->out, "; %zu of policies that the file doesn't have", r.left_out);
	buf_addc(&a->out, '\n');
	return ADMIN_OK;
}

int admin_open_policies(struct admin *a, const char *text, const char *name, struct admin_policies *out)
{
	struct policy_options options = a->site->settings->policy;
	struct admin_policies p;
	struct err e;

	options.data = NULL;
	if (settings_parse_policies(text, name, &p.settings, &e) != 0)
		return admin_fail(a, "%s", e.text);
	if (policy_load(p.settings->root, &options, &p.set, &e) != 0) {
		settings_destroy(p.settings);
		return admin_fail(a, "%s", e.text);
	}
	*out = p;
	return ADMIN_OK;
}

void admin_close_policies(struct admin_policies *p)
{
	policy_unload(p->set);
	settings_destroy(p->settings);
}

/* Days begin in the zone of the file's first policy. */
static int read_since(struct admin *a, const struct policy_set *set, const char *text, int64_t *out)
{
	return admin_time(a, text, set->policy_count > 0 ? set->policies[0].zone : zone_utc(), out);
}

static int replay_file(struct admin *a, const char *name, const char *owner, const char *since)
{
	struct admin_policies other;
	cleanup_buf struct buf text;
	int64_t from;
	int code;

	buf_init(&text, FILE_MAX);
	code = admin_read_file(a, name, &text);
	if (code == ADMIN_OK)
		code = admin_open_policies(a, text.data, name, &other);
	if (code != ADMIN_OK)
		return code;
	code = read_since(a, other.set, since, &from);
	if (code == ADMIN_OK)
		code = replay_with(a, other.set, owner, from);
	admin_close_policies(&other);
	return code;
}

int admin_policy_replay(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	const char *since = NULL, *owner = NULL;
	int code;

	admin_option(args, "--since", &since);
	admin_option(args, "--owner", &owner);
	if (admin_expect(a, args, 1, 1) < 0)
		return ADMIN_USAGE;
	if (since == NULL)
		return admin_misuse(a, "--since is missing");
	code = admin_owner(a, owner, &owner);
	return code == ADMIN_OK ? replay_file(a, args[0], owner, since) : code;
}
