/* `dedit policy`: what a policy says, whether a file of them is right, what a cancellation would cost. */
#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "base/util.h"
#include "ical/zone.h"
#include "policy/fees.h"
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
	buf_printf(&a->out, "%s: %zu policies, %zu calendars, no errors\n", file, policies, calendars);
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
	if (when > a->now)
		return admin_misuse(a, "TIME: not in the future");
	if (event_accept(&rq, owner, policy->name, args[2], when, &e) != 0)
		return admin_fail(a, "%s", e.text);
	buf_printf(&a->out, "%s accepted policy %s of %s on %s\n", args[2], policy->name, owner,
		admin_local_time(a, policy->zone, when));
	return ADMIN_OK;
}
