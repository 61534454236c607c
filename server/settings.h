/*
 * The configuration file: one row per setting in settings.c with default, range and
 * check, and the typed values that the rest of server/ reads. Constant after loading;
 * everything in it lives until settings_destroy().
 */
#ifndef DEDIT_SERVER_SETTINGS_H
#define DEDIT_SERVER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/log.h"
#include "caldav/caldav.h"
#include "http/session.h"
#include "policy/policy.h"
#include "server/proxy.h"
#include "storage/store.h"

#define SETTINGS_DEFAULT_FILE "/etc/dedit/dedit.conf"

struct settings {
	const struct conf_section *root;    /* the whole file, for policy_load() */
	const struct conf_value *listen, *tls_listen, *metrics_listen;
	const char *tls_certificate, *tls_key; /* absolute; NULL without TLS */
	const char *data;                   /* absolute */
	const char *backup;                 /* the folder for backups, absolute; NULL: none */
	size_t backups;                     /* how many may be there */
	const char *user;                   /* whom root becomes; NULL: nobody else */
	bool sandbox;
	bool plain_anywhere;
	const char *base_path;              /* "/dedit", before every path; NULL: none */
	struct proxy_rule proxies;
	const char *public_base;            /* what stands before a path in links; NULL: none are written */
	enum log_level log_level;
	const char *access_log;             /* "stderr", an absolute path, or NULL: none */

	unsigned threads, workers, queue;
	unsigned connections, connections_per_address;
	int64_t header_timeout_ms, idle_timeout_ms, shutdown_timeout_ms;
	uint64_t body_rate;                 /* bytes a second that a sender must keep up */
	int64_t login_delay_ms;
	unsigned login_attempts;
	size_t session_count;
	struct session_rule sessions;
	size_t console_body, import_size;   /* bytes */
	size_t imports, imports_each;       /* at once, of one account */

	struct store_options store;
	struct policy_options policy;
	struct dav_settings dav;
	char **paths;                       /* owns what the pointers above point to, ended by NULL */
};

/* Reads and checks `file`. ERR_INVALID with file, line, option and what was expected. */
int settings_load(const char *file, struct settings **out, struct err *e);
/* The same from memory; `name` stands for the file, relative paths are relative to its folder. */
int settings_parse(const char *text, const char *name, struct settings **out, struct err *e);
/* For the sake of its policies: the section server may be missing, then only root is set. */
int settings_parse_policies(const char *text, const char *name, struct settings **out, struct err *e);
void settings_destroy(struct settings *s); /* accepts NULL */

/* For what is found wrong with an option of section server later on: puts its file, line and name
 * before the text of *e. Returns -1. */
int settings_blame(const struct settings *s, const char *option, struct err *e);

/* Visits the options of section server that differ between the two and that a running server doesn't change
 * (dedit.conf(5)). */
void settings_pending(const struct settings *now, const struct settings *next,
	void (*visit)(const char *option, void *arg), void *arg);

/* Members of group "NAME" { members = … }; *count is 0 if there is none. */
const char *const *settings_group(const struct settings *s, const char *group, size_t *count);
/* Whether it holds the user, in any case. */
bool settings_in_group(const struct settings *s, const char *group, const char *user);

#endif
