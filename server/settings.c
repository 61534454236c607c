#include "server/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "server/listen.h"
#include "storage/names.h"

static const struct { const char *name; enum log_level level; } log_levels[] = {
	{ "error", LOG_LEVEL_ERROR }, { "warning", LOG_LEVEL_WARN },
	{ "info", LOG_LEVEL_INFO },   { "debug", LOG_LEVEL_DEBUG },
};

static int check_log_level(const char *value, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(log_levels); i++) {
		if (strcmp(value, log_levels[i].name) == 0)
			return 0;
	}
	return err_set(e, ERR_INVALID, "one of error, warning, info, debug");
}

static int check_public_url(const char *value, struct err *e)
{
	size_t scheme = str_starts(value, "https://") ? 8 : str_starts(value, "http://") ? 7 : 0;
	size_t host = scheme ? strcspn(value + scheme, "/?#\" \t") : 0;

	if (host == 0 || value[scheme + host] != '\0')
		return err_set(e, ERR_INVALID, "https://host or https://host:port, without a path");
	return 0;
}

static int check_base_path(const char *value, struct err *e)
{
	if (base_path_valid(value))
		return 0;
	return err_set(e, ERR_INVALID, "a path like /dedit, without a slash at its end");
}

static int check_network(const char *value, struct err *e)
{
	struct network ignored;

	return network_parse(value, &ignored, e);
}

static int check_proxy_headers(const char *value, struct err *e)
{
	if (strcmp(value, "x-forwarded") == 0 || strcmp(value, "forwarded") == 0)
		return 0;
	return err_set(e, ERR_INVALID, "x-forwarded or forwarded");
}

static int check_not_empty(const char *value, struct err *e)
{
	return *value != '\0' ? 0 : err_set(e, ERR_INVALID, "a path or name");
}

/* "20300101T000000Z" */
static int check_instant(const char *value, struct err *e)
{
	struct ical_when w;

	if (ical_when(NULL, value, NULL, NULL, &w, NULL) == 0 && w.form == ICAL_UTC)
		return 0;
	return err_set(e, ERR_INVALID, "a time like 20300101T000000Z");
}

static int check_listen(const char *value, struct err *e)
{
	return listen_check(value, e);
}

/* Whoever reaches it reads it: there is no login. */
static int check_metrics_listen(const char *value, struct err *e)
{
	if (listen_check(value, e) != 0)
		return -1;
	return listen_is_local(value) ? 0 : err_set(e, ERR_INVALID, "a loopback address or unix socket");
}

static int check_user(const char *value, struct err *e)
{
	if (name_typed_valid(value))
		return 0;
	return err_set(e, ERR_INVALID, "a user name: letters, digits and . _ @ -, at most 64");
}

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define MIB INT64_C(1048576)
#define QUOTA_MAX (INT64_C(1) << 50)

/* clang-format off */
static const struct conf_option server_options[] = {
	/* name                      type           default           min     max          check */
	/* where it serves */
	{ "listen",                  CONF_LIST,     "127.0.0.1:8080", 0,      0,           check_listen },
	{ "tls-listen",              CONF_LIST,     NULL,             0,      0,           check_listen },
	{ "metrics-listen",          CONF_LIST,     NULL,             0,      0,           check_metrics_listen },
	{ "tls-certificate",         CONF_STRING,   NULL,             0,      0,           check_not_empty },
	{ "tls-key",                 CONF_STRING,   NULL,             0,      0,           check_not_empty },
	{ "plain-http-anywhere",     CONF_BOOL,     "no",             0,      1,           NULL },
	{ "public-url",              CONF_STRING,   NULL,             0,      0,           check_public_url },
	{ "base-path",               CONF_STRING,   NULL,             0,      0,           check_base_path },
	{ "trusted-proxies",         CONF_LIST,     NULL,             0,      0,           check_network },
	{ "proxy-headers",           CONF_STRING,   "x-forwarded",    0,      0,           check_proxy_headers },
	{ "log-level",               CONF_STRING,   "info",           0,      0,           check_log_level },
	{ "access-log",              CONF_STRING,   NULL,             0,      0,           check_not_empty },
	/* what it may do */
	{ "user",                    CONF_STRING,   NULL,             0,      0,           check_not_empty },
	{ "sandbox",                 CONF_BOOL,     "yes",            0,      1,           NULL },
	/* what it keeps */
	{ "data",                    CONF_STRING,   "/var/lib/dedit", 0,      0,           check_not_empty },
	{ "mirror-delay",            CONF_DURATION, "250ms",          0,      60 * SECOND, NULL },
	{ "tombstones",              CONF_DURATION, "365d",           DAY,    3650 * DAY,  NULL },
	{ "watch-folders",           CONF_INT,      "8192",           0,      1000000,     NULL },
	{ "backup",                  CONF_STRING,   NULL,             0,      0,           check_not_empty },
	{ "backups",                 CONF_INT,      "30",             1,      10000,       NULL },
	/* policy modules */
	{ "modules",                 CONF_LIST,     NULL,             0,      0,           check_not_empty },
	{ "policy-ca",               CONF_STRING,   NULL,             0,      0,           check_not_empty },
	/* what clients without an account may do */
	{ "client-pages",            CONF_BOOL,     "no",             0,      1,           NULL },
	/* threads and connections; workers 0: four for each core, at least 16 */
	{ "threads",                 CONF_INT,      "2",              1,      64,          NULL },
	{ "workers",                 CONF_INT,      "0",              0,      1024,        NULL },
	{ "queue",                   CONF_INT,      "1024",           1,      65536,       NULL },
	{ "connections",             CONF_INT,      "1024",           4,      100000,      NULL },
	{ "connections-per-address", CONF_INT,      "128",            0,      100000,      NULL },
	{ "header-timeout",          CONF_DURATION, "20s",            100,    HOUR,        NULL },
	{ "idle-timeout",            CONF_DURATION, "120s",           SECOND, HOUR,        NULL },
	{ "shutdown-timeout",        CONF_DURATION, "10s",            0,      HOUR,        NULL },
	{ "body-rate",               CONF_SIZE,     "512",            1,      MIB,         NULL },
	/* logins */
	{ "login-attempts",          CONF_INT,      "5",              1,      1000,        NULL },
	{ "login-delay",             CONF_DURATION, "2s",             0,      HOUR,        NULL },
	/* the console; sessions 0: nobody signs in */
	{ "sessions",                CONF_INT,      "512",            0,      65536,       NULL },
	{ "sessions-per-account",    CONF_INT,      "16",             1,      65536,       NULL },
	{ "session-idle",            CONF_DURATION, "1h",             SECOND, 30 * DAY,    NULL },
	{ "session-lifetime",        CONF_DURATION, "12h",            SECOND, 30 * DAY,    NULL },
	{ "max-console-body",        CONF_SIZE,     "4M",             1024,   64 * MIB,    NULL },
	{ "max-import-size",         CONF_SIZE,     "16M",            1024,   256 * MIB,   NULL },
	{ "imports",                 CONF_INT,      "2",              0,      16,          NULL },
	{ "imports-per-account",     CONF_INT,      "1",              1,      16,          NULL },
	/* what programs are told */
	{ "refresh-interval",        CONF_DURATION, "1h",             0,      366 * DAY,   NULL },
	/* limits of one request */
	{ "max-resource-size",       CONF_SIZE,     "1M",             1024,   8 * MIB,     NULL },
	{ "max-xml-size",            CONF_SIZE,     "1M",             1024,   8 * MIB,     NULL },
	{ "attendees",               CONF_INT,      "1000",           1,      100000,      NULL },
	{ "instances",               CONF_INT,      "30000",          100,    1000000,     NULL },
	{ "instances-per-answer",    CONF_INT,      "100000",         1000,   100000000,   NULL },
	{ "min-date-time",           CONF_STRING,   "00010101T000000Z", 0,    0,           check_instant },
	{ "max-date-time",           CONF_STRING,   "99991231T235959Z", 0,    0,           check_instant },
	{ "hrefs",                   CONF_INT,      "5000",           1,      100000,      NULL },
	{ "results",                 CONF_INT,      "5000",           1,      100000,      NULL },
	{ "filters",                 CONF_INT,      "100",            1,      10000,       NULL },
	{ "dead-properties",         CONF_INT,      "100",            0,      10000,       NULL },
	{ "property-size",           CONF_SIZE,     "64K",            256,    MIB,         NULL },
	{ "calendars",               CONF_INT,      "200",            2,      10000,       NULL },
	{ "feeds",                   CONF_INT,      "50",             0,      10000,       NULL },
	{ "shares",                  CONF_INT,      "500",            1,      10000,       NULL },
	{ "delegates",               CONF_INT,      "100",            1,      10000,       NULL },
	{ "expand-levels",           CONF_INT,      "4",              1,      4,           NULL },
	/* bytes of all calendars of an account together; 0: any number */
	{ "quota",                   CONF_SIZE,     "0",              0,      QUOTA_MAX,   NULL },
	{ 0 },
};

static const struct conf_option account_options[] = {
	{ "quota",                   CONF_SIZE,     "0",              0,      QUOTA_MAX,   NULL },
	{ 0 },
};

/* Of these the value at the start holds until the end; a reload brings all the others into force. */
static const char *const held[] = {
	"listen", "tls-listen", "metrics-listen", "user", "sandbox", "data", "backup", "mirror-delay",
	"tombstones", "watch-folders", "threads", "workers", "queue", "connections",
	"connections-per-address", "header-timeout", "idle-timeout", "body-rate", "sessions",
};

static const struct conf_option group_options[] = {
	{ "members",                 CONF_LIST,     NULL,             0,      0,           check_user },
	{ 0 },
};
/* clang-format on */

static const struct conf_schema server_schema = {
	.section = "server", .options = server_options,
};
static const struct conf_schema group_schema = {
	.section = "group", .titled = true, .options = group_options,
};
static const struct conf_schema account_schema = {
	.section = "account", .titled = true, .options = account_options,
};
static const struct conf_schema *const file_sections[] = {
	&server_schema, &account_schema, &group_schema, &policy_schema, &calendar_schema, NULL,
};
static const struct conf_schema file_schema = { .sections = file_sections };

/* "file:line: option 'x': what was expected", as base/conf.c says it. */
static int refuse(const struct conf_section *sec, const char *option, const char *expected,
	struct err *e)
{
	const struct conf_value *v = conf_get(sec, option);

	return err_set(e, ERR_INVALID, "%s:%d: option '%s': %s", sec->file,
		v->line != 0 ? v->line : sec->line, option, expected);
}

static const struct conf_section *find_section(const struct conf_section *root, const char *section,
	const char *title)
{
	for (size_t i = 0; i < root->section_count; i++) {
		const struct conf_section *s = root->sections[i];

		if (strcmp(s->section, section) == 0 && (title == NULL || strcmp(s->title, title) == 0))
			return s;
	}
	return NULL;
}

const char *const *settings_group(const struct settings *s, const char *group, size_t *count)
{
	const struct conf_section *sec = find_section(s->root, "group", group);
	const struct conf_value *members = sec != NULL ? conf_get(sec, "members") : NULL;

	*count = members != NULL ? members->count : 0;
	return members != NULL ? members->text : NULL;
}

bool settings_in_group(const struct settings *s, const char *group, const char *user)
{
	size_t count;
	const char *const *members = settings_group(s, group, &count);

	for (size_t i = 0; i < count; i++) {
		if (ascii_casecmp(members[i], user) == 0)
			return true;
	}
	return false;
}

/* Keeps `made` until settings_destroy(). */
static char *keep(struct settings *s, char *made)
{
	size_t n = 0;

	while (s->paths != NULL && s->paths[n] != NULL)
		n++;
	s->paths = xreallocarray(s->paths, n + 2, sizeof(*s->paths));
	s->paths[n] = made;
	s->paths[n + 1] = NULL;
	return made;
}

/* Relative paths are relative to the configuration file's folder, wherever the process runs. */
static const char *absolute_path(struct settings *s, const char *path)
{
	const char *slash = strrchr(s->root->file, '/');
	int folder = slash != NULL ? (int)(slash - s->root->file) + 1 : 0;

	if (path == NULL || path[0] == '/' || folder == 0)
		return path;
	return keep(s, xasprintf("%.*s%s", folder, s->root->file, path));
}

static const char *access_log_path(struct settings *s, const char *value)
{
	return value != NULL && strcmp(value, "stderr") == 0 ? value : absolute_path(s, value);
}

static enum log_level log_level_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(log_levels); i++) {
		if (strcmp(name, log_levels[i].name) == 0)
			return log_levels[i].level;
	}
	return LOG_LEVEL_INFO;
}

static unsigned default_workers(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores > 4 ? (unsigned)cores * 4 : 16;
}

static int64_t instant(const struct conf_section *sec, const char *option)
{
	struct ical_when w = { .utc = 0 };

	ical_when(NULL, conf_string(sec, option), NULL, NULL, &w, NULL); /* by check_instant */
	return w.utc;
}

static void read_limits(struct settings *s, const struct conf_section *sec)
{
	struct dav_settings *dav = &s->dav;

	*dav = dav_default_settings;
	dav->ical.bytes = (size_t)conf_number(sec, "max-resource-size");
	dav->ical.attendees = (size_t)conf_number(sec, "attendees");
	dav->ical.instances = (size_t)conf_number(sec, "instances");
	dav->ical.earliest = instant(sec, "min-date-time");
	dav->ical.latest = instant(sec, "max-date-time");
	dav->xml.bytes = (size_t)conf_number(sec, "max-xml-size");
	dav->instances = (size_t)conf_number(sec, "instances-per-answer");
	dav->hrefs = (size_t)conf_number(sec, "hrefs");
	dav->results = (size_t)conf_number(sec, "results");
	dav->filters = (size_t)conf_number(sec, "filters");
	dav->dead_properties = (size_t)conf_number(sec, "dead-properties");
	dav->property = (size_t)conf_number(sec, "property-size");
	dav->calendars = (size_t)conf_number(sec, "calendars");
	dav->feeds = (size_t)conf_number(sec, "feeds");
	dav->refresh = conf_number(sec, "refresh-interval") / SECOND;
	dav->shares = (size_t)conf_number(sec, "shares");
	dav->delegates = (size_t)conf_number(sec, "delegates");
	dav->expand_levels = (unsigned)conf_number(sec, "expand-levels");
	dav->public_url = conf_string(sec, "public-url");
}

/* Section account "NAME" { quota = … }; its title is compared as user names are. */
static void read_quotas(struct settings *s, const struct conf_section *server)
{
	struct quota *list = xcalloc(s->root->section_count + 1, sizeof(*list));
	size_t n = 0;

	keep(s, (char *)list);
	for (size_t i = 0; i < s->root->section_count; i++) {
		const struct conf_section *sec = s->root->sections[i];

		if (strcmp(sec->section, "account") != 0)
			continue;
		char *owner = keep(s, xstrdup(sec->title));
		ascii_lower(owner);
		list[n++] = (struct quota){ owner, (uint64_t)conf_number(sec, "quota") };
	}
	s->dav.quotas = (struct quotas){ (uint64_t)conf_number(server, "quota"), list, n };
}

static void read_sessions(struct settings *s, const struct conf_section *sec)
{
	s->session_count = (size_t)conf_number(sec, "sessions");
	s->sessions = (struct session_rule){
		.each = (size_t)conf_number(sec, "sessions-per-account"),
		.idle_ms = conf_number(sec, "session-idle"),
		.lifetime_ms = conf_number(sec, "session-lifetime"),
	};
	s->console_body = (size_t)conf_number(sec, "max-console-body");
	s->import_size = (size_t)conf_number(sec, "max-import-size");
	s->imports = (size_t)conf_number(sec, "imports");
	s->imports_each = (size_t)conf_number(sec, "imports-per-account");
}

static void read_connections(struct settings *s, const struct conf_section *sec)
{
	s->threads = (unsigned)conf_number(sec, "threads");
	s->workers = (unsigned)conf_number(sec, "workers");
	if (s->workers == 0)
		s->workers = default_workers();
	s->queue = (unsigned)conf_number(sec, "queue");
	s->connections = (unsigned)conf_number(sec, "connections");
	s->connections_per_address = (unsigned)conf_number(sec, "connections-per-address");
	s->header_timeout_ms = conf_number(sec, "header-timeout");
	s->idle_timeout_ms = conf_number(sec, "idle-timeout");
	s->shutdown_timeout_ms = conf_number(sec, "shutdown-timeout");
	s->body_rate = (uint64_t)conf_number(sec, "body-rate");
	s->login_attempts = (unsigned)conf_number(sec, "login-attempts");
	s->login_delay_ms = conf_number(sec, "login-delay");
}

/* Paths of policy modules, absolute and ended by NULL; NULL if none is allowed. */
static const char *const *module_paths(struct settings *s, const struct conf_value *v)
{
	char **list;

	if (v->count == 0)
		return NULL;
	list = xcalloc(v->count + 1, sizeof(*list));
	keep(s, (char *)list);
	for (size_t i = 0; i < v->count; i++)
		list[i] = (char *)absolute_path(s, v->text[i]);
	return (const char *const *)list;
}

/* What stands before paths in links; NULL without public-url. */
static const char *public_base(struct settings *s, const char *public_url)
{
	if (public_url == NULL || s->base_path == NULL)
		return public_url;
	return keep(s, xasprintf("%s%s", public_url, s->base_path));
}

static void read_proxies(struct settings *s, const struct conf_section *sec)
{
	const struct conf_value *v = conf_get(sec, "trusted-proxies");
	struct network *list = xcalloc(v->count + 1, sizeof(*list));
	struct err e;

	keep(s, (char *)list);
	for (size_t i = 0; i < v->count; i++) {
		if (network_parse(v->text[i], &list[s->proxies.count], &e) == 0)
			s->proxies.count++;
	}
	s->proxies.networks = list;
	s->proxies.standard = strcmp(conf_string(sec, "proxy-headers"), "forwarded") == 0;
}

static void read_server(struct settings *s, const struct conf_section *sec)
{
	s->listen = conf_get(sec, "listen");
	s->tls_listen = conf_get(sec, "tls-listen");
	s->metrics_listen = conf_get(sec, "metrics-listen");
	s->tls_certificate = absolute_path(s, conf_string(sec, "tls-certificate"));
	s->tls_key = absolute_path(s, conf_string(sec, "tls-key"));
	s->plain_anywhere = conf_number(sec, "plain-http-anywhere") != 0;
	s->log_level = log_level_of(conf_string(sec, "log-level"));
	s->access_log = access_log_path(s, conf_string(sec, "access-log"));
	s->data = absolute_path(s, conf_string(sec, "data"));
	s->backup = absolute_path(s, conf_string(sec, "backup"));
	s->backups = (size_t)conf_number(sec, "backups");
	s->user = conf_string(sec, "user");
	s->sandbox = conf_number(sec, "sandbox") != 0;
	s->store.mirror_delay_ms = (unsigned)conf_number(sec, "mirror-delay");
	s->store.tombstone_days = (unsigned)(conf_number(sec, "tombstones") / DAY);
	s->store.watch_folders = (unsigned)conf_number(sec, "watch-folders");
	s->policy.module_paths = module_paths(s, conf_get(sec, "modules"));
	s->policy.policy_ca = absolute_path(s, conf_string(sec, "policy-ca"));
	s->base_path = conf_string(sec, "base-path");
	s->public_base = public_base(s, conf_string(sec, "public-url"));
	s->policy.public_url = s->public_base;
	s->policy.client_pages = conf_number(sec, "client-pages") != 0;
	read_proxies(s, sec);
	read_connections(s, sec);
	read_sessions(s, sec);
	read_limits(s, sec);
	read_quotas(s, sec);
}

/* The groups as caldav/ sees them: principals with members. */
static int read_groups(struct settings *s, struct err *e)
{
	const struct conf_section *root = s->root;
	struct dav_group *groups = xcalloc(root->section_count + 1, sizeof(*groups));
	size_t n = 0;

	keep(s, (char *)groups);
	s->dav.groups = groups;
	for (size_t i = 0; i < root->section_count; i++) {
		const struct conf_section *sec = root->sections[i];

		if (strcmp(sec->section, "group") != 0)
			continue;
		if (!name_typed_valid(sec->title))
			return err_set(e, ERR_INVALID, "%s:%d: group '%s': a name of letters, digits and "
				". _ @ -, at most 64", sec->file, sec->line, sec->title);
		const struct conf_value *members = conf_get(sec, "members");
		groups[n++] = (struct dav_group){ sec->title, members->text, members->count };
	}
	return 0;
}

/* What no single row can say. */
static int check_together(const struct settings *s, const struct conf_section *sec, struct err *e)
{
	if (s->listen->count == 0 && s->tls_listen->count == 0)
		return refuse(sec, "listen", "an address here or in tls-listen", e);
	if (s->tls_listen->count > 0 && s->tls_certificate == NULL)
		return refuse(sec, "tls-listen", "tls-certificate and tls-key are needed with it", e);
	if ((s->tls_certificate == NULL) != (s->tls_key == NULL))
		return refuse(sec, s->tls_key == NULL ? "tls-certificate" : "tls-key",
			"tls-certificate and tls-key come together", e);
	if (s->dav.ical.earliest >= s->dav.ical.latest)
		return refuse(sec, "max-date-time", "a time after min-date-time", e);
	for (size_t i = 0; i < s->listen->count && !s->plain_anywhere; i++) {
		if (!listen_is_local(s->listen->text[i]))
			return refuse(sec, "listen",
				"plain HTTP on a loopback address or unix socket only, since it shows "
				"passwords (plain-http-anywhere = yes allows it)", e);
	}
	return 0;
}

static int settings_make(const struct conf_section *root, struct settings **out, struct err *e)
{
	struct settings *s = xcalloc(1, sizeof(*s));
	const struct conf_section *sec = find_section(root, "server", NULL);

	s->root = root;
	if (sec == NULL) {
		err_set(e, ERR_INVALID, "%s:1: a section server { … } is expected", root->file);
		settings_destroy(s);
		return -1;
	}
	read_server(s, sec);
	if (check_together(s, sec, e) != 0 || read_groups(s, e) != 0) {
		settings_destroy(s);
		return -1;
	}
	*out = s;
	return 0;
}

int settings_load(const char *file, struct settings **out, struct err *e)
{
	const struct conf_section *root;

	if (conf_load(file, &file_schema, &root, e) != 0)
		return -1;
	return settings_make(root, out, e);
}

int settings_parse(const char *text, const char *name, struct settings **out, struct err *e)
{
	const struct conf_section *root;

	if (conf_parse(text, name, &file_schema, &root, e) != 0)
		return -1;
	return settings_make(root, out, e);
}

int settings_parse_policies(const char *text, const char *name, struct settings **out, struct err *e)
{
	const struct conf_section *root;

	if (conf_parse(text, name, &file_schema, &root, e) != 0)
		return -1;
	if (find_section(root, "server", NULL) != NULL)
		return settings_make(root, out, e);
	*out = xcalloc(1, sizeof(**out));
	(*out)->root = root;
	return 0;
}

int settings_blame(const struct settings *s, const char *option, struct err *e)
{
	struct err cause = *e;

	refuse(find_section(s->root, "server", NULL), option, cause.text, e);
	e->code = cause.code;
	return -1;
}

static bool same_value(const struct conf_value *a, const struct conf_value *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->text[i], b->text[i]) != 0)
			return false;
	}
	return true;
}

void settings_pending(const struct settings *now, const struct settings *next,
	void (*visit)(const char *option, void *arg), void *arg)
{
	const struct conf_section *a = find_section(now->root, "server", NULL);
	const struct conf_section *b = find_section(next->root, "server", NULL);

	for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
		if (!same_value(conf_get(a, held[i]), conf_get(b, held[i])))
			visit(held[i], arg);
	}
}

void settings_destroy(struct settings *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; s->paths != NULL && s->paths[i] != NULL; i++)
		free(s->paths[i]);
	free(s->paths);
	conf_destroy(s->root);
	free(s);
}
