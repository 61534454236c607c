#include "policy/policy.h"

#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "policy/host.h"
#include "policy/host_options.h"
#include "policy/kept.h"
#include "policy/late/late.h"
#include "policy/late/tell.h"
#include "policy/locks.h"
#include "policy/module.h"
#include "policy/wording.h"

const struct conf_schema policy_schema = {
	.section = "policy", .titled = true, .options = late_options, .sections = late_sections,
};

static const struct conf_option calendar_options[] = {
	{ .name = "policy", .type = CONF_STRING },
	{ .name = NULL },
};
const struct conf_schema calendar_schema = {
	.section = "calendar", .titled = true, .options = calendar_options,
};

/* ---- a section as settings ---- */

struct settings { struct policy_setting *list; size_t count, size; };

static void setting_add(struct settings *s, struct arena *mem, const char *key, const char *value,
	const char *file, int line)
{
	s->list = arena_room(mem, s->list, s->count, &s->size, sizeof(*s->list));
	s->list[s->count++] = (struct policy_setting){
		.size = sizeof(*s->list), .key = key, .value = value, .file = file, .line = line
	};
}

static bool is_host_option(const char *name)
{
	static const struct conf_option mine[] = { HOST_OPTIONS };

	for (size_t n = 0; n < ARRAY_SIZE(mine); n++) {
		if (strcmp(mine[n].name, name) == 0)
			return true;
	}
	return false;
}

static void settings_collect(struct settings *s, struct arena *mem, const struct conf_section *sec,
	const char *prefix)
{
	for (size_t v = 0; v < sec->value_count; v++) {
		const struct conf_value *value = &sec->values[v];

		if (value->line == 0 || is_host_option(value->option)) {
			continue;
		}
		for (size_t n = 0; n < value->count; n++) {
			setting_add(s, mem, arena_printf(mem, "%s%s", prefix, value->option),
				value->text[n], sec->file, value->line);
		}
	}
	for (size_t n = 0; n < sec->section_count; n++) {
		const struct conf_section *sub = sec->sections[n];

		settings_collect(s, mem, sub, arena_printf(mem, "%s%s/%s/", prefix, sub->section,
			sub->title ? sub->title : ""));
	}
}

/* ---- policy "NAME" { … } ---- */

static int option_error(const struct conf_section *sec, const char *option, struct err *e,
	const char *what)
{
	const struct conf_value *value = conf_get(sec, option);

	return err_set(e, ERR_INVALID, "%s:%d: policy '%s': option '%s': %s", sec->file,
		value && value->line ? value->line : sec->line, sec->title, option, what);
}

/* An item of the server's list of modules: the file itself, or the folder it is in. */
static bool path_allowed(const struct policy_options *o, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t folder = slash ? (size_t)(slash - path) : 0;

	for (const char *const *item = o->module_paths; item && *item; item++) {
		if (strcmp(*item, path) == 0 ||
			(folder && strlen(*item) == folder && strncmp(*item, path, folder) == 0)) {
			return true;
		}
	}
	return false;
}

static int module_find(const struct conf_section *sec, const struct policy_options *o,
	struct policy *p, const struct policy_module **out, struct err *e)
{
	const char *path = conf_string(sec, "module");
	struct err why;

	if (!path) {
		*out = dedit_policy_late();
		return 0;
	}
	if (!path_allowed(o, path))
		return option_error(
			sec, "module", e, "expected a file that option 'modules' of server names");
	if (module_load(path, o->policy_ca, out, &p->object, &why))
		return option_error(sec, "module", e, why.text);
	return 0;
}

static int key_values_collect(struct settings *s, struct arena *mem, const struct conf_section *sec,
	struct err *e)
{
	const struct conf_value *value = conf_get(sec, "settings");

	for (size_t n = 0; value && n < value->count; n++) {
		const char *equals = strchr(value->text[n], '=');

		if (!equals || equals == value->text[n])
			return option_error(
				sec, "settings", e, "expected items of the form \"key=value\"");
		setting_add(s, mem,
			arena_strndup(mem, value->text[n], (size_t)(equals - value->text[n])),
			equals + 1, sec->file, value->line);
	}
	if (value && value->count && !conf_string(sec, "module"))
		return option_error(sec, "settings", e, "expected option 'module' beside it");
	return 0;
}

/* p->module is set once it has been opened, and so has to be closed. */
static int module_start(const struct conf_section *sec, const struct policy_module *m,
	const struct policy_host *host, struct arena *mem, struct policy *p, struct err *e)
{
	struct settings s = { 0 };
	char why[sizeof(e->text)] = "";

	settings_collect(&s, mem, sec, "");
	if (key_values_collect(&s, mem, sec, e))
		return -1;
	if (m->open(host, p->name, p->digest, s.list, s.count, &p->self, why,
		sizeof(why)) == 0) {
		p->module = m;
		return 0;
	}
	if (str_starts(why, sec->file))
		return err_set(e, ERR_INVALID, "%s", why);
	return err_set(e, ERR_INVALID, "%s:%d: policy '%s': %s", sec->file, sec->line, sec->title,
		*why ? why : "the module refused its settings");
}

/* It stands in paths (15.32) and in X-DEDIT-POLICY. */
static bool name_is_fit(const char *name)
{
	for (const char *p = name; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '/')
			return false;
	}
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int read_host_options(const struct conf_section *sec, struct arena *mem, struct policy *p,
	struct err *e)
{
	const char *on_error = conf_string(sec, "on-error");
	const char *language = conf_string(sec, "language");
	const char *zone = conf_string(sec, "timezone");

	p->name = arena_strdup(mem, sec->title); /* a calendar may name what is wrong */
	if (!name_is_fit(sec->title)) {
		return err_set(e, ERR_INVALID, "%s:%d: policy '%s': expected a name without slash",
			sec->file, sec->line, sec->title);
	}
	if (on_error && strcmp(on_error, "allow") != 0 && strcmp(on_error, "deny") != 0)
		return option_error(sec, "on-error", e, "expected 'allow' or 'deny'");
	p->allow_on_error = on_error && strcmp(on_error, "allow") == 0;
	p->language = arena_strdup(mem, language ? language : "en");
	p->zone = zone ? zone_find(zone) : zone_utc();
	if (!p->zone)
		return option_error(sec, "timezone", e,
			"expected the name of a time zone, as in \"Europe/Paris\"");
	return 0;
}

/* *keep, where its text is to be kept, is set to NULL if nowhere. */
static int check_versions(const struct conf_section *sec, const struct policy_options *o,
	const struct policy *p, const char **keep, struct err *e)
{
	struct err refused;

	if (!o->ledger || o->retroactive ||
		wording_check_versions(sec, p->zone, o->ledger, &refused) == 0)
		return 0;
	*keep = NULL;
	return o->tolerant && refused.code == ERR_INVALID ? 0 : err_set(e, refused.code, "%s", refused.text);
}

static int load_policy(struct policy_set *set, const struct conf_section *sec,
	const struct policy_options *o, struct err *e)
{
	struct policy *p = &set->policies[set->policy_count++];
	const struct policy_module *m;
	const char *keep = o->data;

	p->public_url = o->public_url ? arena_strdup(set->mem, o->public_url) : NULL;
	p->client_pages = o->client_pages;
	if (read_host_options(sec, set->mem, p, e) || module_find(sec, o, p, &m, e))
		return -1;
	if (m == dedit_policy_late() && check_versions(sec, o, p, &keep, e))
		return -1;
	if (wording_digest(sec, keep, p->digest, e))
		return -1;
	return module_start(sec, m, &policy_host_v1, set->mem, p, e);
}

/* ---- texts that policies had before (15.24) ---- */

static const struct conf_schema *const kept_sections[] = { &policy_schema, NULL };
static const struct conf_schema kept_schema = { .sections = kept_sections };

/* What this program can't read doesn't keep it from starting: those slots have the present text. */
static void add_earlier(struct policy_set *set, const struct policy *p, const char *digest, const char *text)
{
	const struct conf_section *root;
	struct settings s = { 0 };
	char why[256] = "";
	struct err e;

	/* by the present file's name: names of other files in it are relative to that */
	if (conf_parse(text, set->file, &kept_schema, &root, &e)) {
		log_warn("policies/%s is left out: %s", digest, e.text);
		return;
	}
	if (root->section_count == 1) {
		settings_collect(&s, set->mem, root->sections[0], "");
		if (late_add_earlier(p->self, p->name, digest, s.list, s.count, why, sizeof(why)))
			log_warn("policies/%s is left out: %s", digest, why);
	}
	conf_destroy(root);
}

/* Only the built-in module reads the slots' digests. */
static int give_earlier(const char *digest, const char *text, void *arg)
{
	struct policy_set *set = arg;

	for (size_t n = 0; n < set->policy_count; n++) {
		const struct policy *p = &set->policies[n];

		if (p->module == dedit_policy_late() && strcmp(p->digest, digest) != 0 &&
			wording_is_of(text, p->name))
			add_earlier(set, p, digest, text);
	}
	return 0;
}

/* ---- calendar "OWNER/NAME" { … } ---- */

const struct policy *policy_find(const struct policy_set *set, const char *name)
{
	for (size_t n = 0; n < set->policy_count; n++) {
		if (strcmp(set->policies[n].name, name) == 0)
			return &set->policies[n];
	}
	return NULL;
}

static int load_calendar(struct policy_set *set, const struct conf_section *sec, struct err *e)
{
	const char *slash = strchr(sec->title, '/'), *policy = conf_string(sec, "policy");
	const struct conf_value *value = conf_get(sec, "policy");
	int line = value && value->line ? value->line : sec->line;

	if (!slash || slash == sec->title || !slash[1] || strchr(slash + 1, '/')) {
		return err_set(e, ERR_INVALID, "%s:%d: calendar '%s': expected \"OWNER/NAME\"",
			sec->file, sec->line, sec->title);
	}
	if (strcmp(slash + 1, FEES_CALENDAR) == 0) {
		return err_set(e, ERR_INVALID,
			"%s:%d: calendar '%s': the calendar of fees can't stand under "
			"a policy",
			sec->file, sec->line, sec->title);
	}
	if (!policy) {
		return err_set(e, ERR_INVALID,
			"%s:%d: calendar '%s': option 'policy': expected the name of a "
			"policy",
			sec->file, sec->line, sec->title);
	}
	const struct policy *found = policy_find(set, policy);
	if (!found) {
		return err_set(e, ERR_INVALID,
			"%s:%d: calendar '%s': option 'policy': there is no policy '%s'; "
			"expected the title of a section 'policy'",
			sec->file, line, sec->title, policy);
	}
	char *owner = arena_strndup(set->mem, sec->title, (size_t)(slash - sec->title));
	ascii_lower(owner); /* 15.15 */
	if (policy_for(set, owner, slash + 1)) {
		return err_set(e, ERR_INVALID, "%s:%d: calendar '%s' has a section already",
			sec->file, sec->line, sec->title);
	}
	set->calendars[set->calendar_count++] = (struct policy_calendar){
		.owner = owner, .name = arena_strdup(set->mem, slash + 1), .policy = found };
	return 0;
}

/* ---- the set ---- */

struct policy_set *policy_none(void)
{
	struct arena *mem = arena_create();
	struct policy_set *set = arena_alloc(mem, sizeof(*set));

	set->mem = mem;
	set->locks = owner_locks_create();
	return set;
}

void policy_unload(struct policy_set *set)
{
	if (!set)
		return;
	for (size_t n = 0; n < set->policy_count; n++) {
		if (set->policies[n].module) {
			set->policies[n].module->close(set->policies[n].self);
		}
		module_unload(set->policies[n].object);
	}
	owner_locks_destroy(set->locks);
	arena_destroy(set->mem);
}

static void make_room(struct policy_set *set, const struct conf_section *root)
{
	set->policies = arena_array(set->mem, root->section_count, sizeof(*set->policies));
	set->calendars = arena_array(set->mem, root->section_count, sizeof(*set->calendars));
}

size_t policy_check(const struct conf_section *root, const struct policy_options *o,
	void (*report)(const char *line, void *arg), void *arg)
{
	struct policy_set *set = policy_none();
	size_t wrong = 0;
	struct err e;

	make_room(set, root);
	for (int calendars = 0; calendars < 2; calendars++) { /* they name policies */
		for (size_t n = 0; n < root->section_count; n++) {
			const struct conf_section *sec = root->sections[n];
			const char *kind = calendars ? calendar_schema.section : policy_schema.section;

			if (strcmp(sec->section, kind) == 0 &&
				(calendars ? load_calendar(set, sec, &e) : load_policy(set, sec, o, &e))) {
				report(e.text, arg);
				wrong++;
			}
		}
	}
	policy_unload(set);
	return wrong;
}

static int load_sections(struct policy_set *set, const struct conf_section *root,
	const struct policy_options *o, struct err *e)
{
	make_room(set, root);
	for (size_t n = 0; n < root->section_count; n++) {
		if (strcmp(root->sections[n]->section, policy_schema.section) == 0 &&
			load_policy(set, root->sections[n], o, e)) {
			return -1;
		}
	}
	if (set->data && kept_visit(set->data, give_earlier, set, e))
		return -1;
	for (size_t n = 0; n < root->section_count; n++) {
		if (strcmp(root->sections[n]->section, calendar_schema.section) == 0 &&
			load_calendar(set, root->sections[n], e)) {
			return -1;
		}
	}
	return 0;
}

int policy_load(const struct conf_section *root, const struct policy_options *o,
	struct policy_set **out, struct err *e)
{
	struct policy_set *set = policy_none();

	set->data = o->data ? arena_strdup(set->mem, o->data) : NULL;
	set->file = arena_strdup(set->mem, root->file ? root->file : "");
	if (load_sections(set, root, o, e)) {
		policy_unload(set);
		return -1;
	}
	*out = set;
	return 0;
}

const struct policy *policy_for(const struct policy_set *set, const char *owner,
	const char *calendar)
{
	for (size_t n = 0; n < set->calendar_count; n++) {
		const struct policy_calendar *c = &set->calendars[n];

		if (strcmp(c->owner, owner) == 0 && strcmp(c->name, calendar) == 0)
			return c->policy;
	}
	return NULL;
}

const char *policy_name(const struct policy *p)
{
	return p->name;
}

char *policy_explain(const struct policy *p, const char *language, int64_t when, struct arena *mem)
{
	return p->module == dedit_policy_late() ? late_explain(p->self, language, when, mem) : NULL;
}

/* ---- terms, also those of texts that were in force once ---- */

static void say_nothing(int level, const char *text)
{
	(void)level;
	(void)text;
}

/* "2026-01-01", the digest of a text, or both with a dot between: what that date meant in that text. */
struct version { const char *dated, *digest; };

static struct version version_read(const char *text, struct arena *mem)
{
	const char *dot = strchr(text, '.');
	const char *date = arena_strndup(mem, text, dot ? (size_t)(dot - text) : strlen(text));

	if (!tell_is_date(date) || (dot && !dot[1]))
		return (struct version){ "", text };
	return (struct version){ date, dot ? dot + 1 : "" };
}

/* What it warned of when it came into force isn't warned of again. */
static char *terms_of_section(const struct conf_section *sec, const char *dated, struct arena *mem,
	struct policy *p, struct err *e)
{
	struct policy_host host = policy_host_v1;
	char *text;

	host.log = say_nothing;
	if (conf_string(sec, "module") || read_host_options(sec, mem, p, e) ||
		module_start(sec, dedit_policy_late(), &host, mem, p, e)) {
		return NULL;
	}
	text = late_terms(p->self, p->language, dated, mem);
	p->module->close(p->self);
	return text;
}

/* Read as it was written: under the configuration's name, beside which files of holidays lie. *p gets name
 * and language. */
static char *terms_once(const struct policy_set *set, const struct version *v, struct arena *mem,
	struct policy *p, struct err *e)
{
	const struct conf_section *root;
	struct buf text cleanup_buf;
	char *terms = NULL;

	buf_init(&text, KEPT_TEXT_MAX);
	if (kept_read(set->data, v->digest, &text, e) || conf_parse(text.data, set->file, &kept_schema, &root, e))
		return NULL;
	if (root->section_count == 1) {
		terms = terms_of_section(root->sections[0], v->dated, mem, p, e);
	}
	conf_destroy(root);
	return terms;
}

int policy_terms(const struct policy_set *set, const char *name, const char *version, struct arena *mem,
	struct policy_terms *out, struct err *e)
{
	const struct policy *p = policy_find(set, name);
	const struct version v = version_read(version, mem);
	bool present = p && p->module == dedit_policy_late() && (!*v.digest || strcmp(v.digest, p->digest) == 0);
	struct policy once = { 0 };
	char *text = NULL;
	struct err why;

	if (present && *version) {
		text = late_terms(p->self, p->language, v.dated, mem);
	} else if (*v.digest) { /* whatever it is called now: an appointment keeps its version where it moves to */
		text = terms_once(set, &v, mem, &once, &why);
		p = &once;
	}
	if (!text)
		return err_set(e, ERR_NOT_FOUND, "policy '%s' has no version '%s'", name, version);
	const struct teller t = { .language = tell_language(p->language), .mem = mem };
	*out = (struct policy_terms){ p->language, tell_policy(&t, p->name, v.dated), text };
	return 0;
}

int policy_owner(const struct policy_set *set, const char *owner)
{
	for (size_t n = 0; n < set->calendar_count; n++) {
		if (strcmp(set->calendars[n].owner, owner) == 0)
			return 1;
	}
	return 0;
}

int policy_calendars(const struct policy_set *set,
	int (*visit)(const char *owner, const char *calendar, const char *policy, void *arg),
	void *arg)
{
	for (size_t n = 0; n < set->calendar_count; n++) {
		const struct policy_calendar *c = &set->calendars[n];
		int stop = visit(c->owner, c->name, c->policy->name, arg);

		if (stop)
			return stop;
	}
	return 0;
}
