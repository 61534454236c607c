/* deditd(8): the server. Start order, signals, end; everything else is in its module. */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/util.h"
#include "ical/zone.h"
#include "policy/sign.h"
#include "server/control.h"
#include "server/http.h"
#include "server/sandbox.h"
#include "server/tasks.h"
#include "server/tls.h"
#include "web/backups.h"
#include "web/imports.h"
#include "xml/xml.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "development"
#endif

enum { EXIT_CONFIG = 1, EXIT_USAGE = 2, LOGIN_QUEUE = 256 };

struct deditd {
	const char *file;
	char *data, *backup;    /* those of the first configuration, which stay in use */
	struct server server;
	struct http *http;
	struct control *control;
	struct tasks *tasks;
};

/* systemd's readiness protocol: one datagram (sd_notify(3)). */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	cleanup_fd int fd = -1;
	size_t len = path != NULL ? strlen(path) : 0;

	if (len == 0 || len >= sizeof(sa.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(sa.sun_path, path, len);
	if (sa.sun_path[0] == '@')
		sa.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sa,
			       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		log_warn("NOTIFY_SOCKET: %s", strerror(errno));
}

/* The time lets systemd tell this reload's READY=1 from an earlier one's. */
static void notify_reloading(void)
{
	char text[64];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_monotonic_us());
	notify(text);
}

static int load_tls(const struct settings *s, struct tls_pair **out, struct err *e)
{
	*out = NULL;
	if (s->tls_listen->count == 0 || tls_pair_load(s->tls_certificate, s->tls_key, out, e) == 0)
		return 0;
	/* what the text begins with is the file that is wrong */
	return settings_blame(s, str_starts(e->text, s->tls_key) ? "tls-key" : "tls-certificate", e);
}

static int check_policy_ca(const struct settings *s, struct err *e)
{
	if (s->policy.policy_ca == NULL || sign_check_authority(s->policy.policy_ca, e) == 0)
		return 0;
	return settings_blame(s, "policy-ca", e);
}

/* The folder may be missing before the first start. */
static int check_data(const struct settings *s, struct err *e)
{
	cleanup_fd int dir = -1;

	if (fs_open_dir(s->data, &dir, e) != 0)
		return e->code == ERR_NOT_FOUND ? 0 : settings_blame(s, "data", e);
	return fs_check_private(dir, s->data, e) == 0 ? 0 : settings_blame(s, "data", e);
}

static bool is_within(const char *path, const char *folder)
{
	cleanup_free char *real = realpath(path, NULL), *outer = realpath(folder, NULL);
	size_t len;

	folder = outer != NULL ? outer : folder;
	path = real != NULL ? real : path;
	len = strlen(folder);
	return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static int check_backup(const struct settings *s, struct err *e)
{
	if (s->backup == NULL || !is_within(s->backup, s->data))
		return 0;
	err_set(e, ERR_INVALID, "%s is within the data folder", s->backup);
	return settings_blame(s, "backup", e);
}

/* It may be missing, as where it isn't mounted: the backup fails then, and says so. Not at a reload, where it
 * is that of the next start, into which the sandbox lets nobody look. */
static int check_backup_folder(const struct settings *s, struct err *e)
{
	cleanup_fd int dir = -1;

	if (s->backup == NULL)
		return 0;
	if (fs_open_dir(s->backup, &dir, e) != 0) {
		if (e->code != ERR_NOT_FOUND)
			return settings_blame(s, "backup", e);
		log_warn("the folder for backups is missing: %s", s->backup);
		return 0;
	}
	return fs_check_private(dir, s->backup, e) == 0 ? 0 : settings_blame(s, "backup", e);
}

/* Policies and certificate. data: where policies keep their texts, NULL: nowhere. Takes the settings over. */
static int load(struct settings *settings, const char *data, struct site **site,
	struct tls_pair **tls, struct err *e)
{
	if (check_policy_ca(settings, e) != 0 || site_create(settings, data, site, e) != 0) {
		settings_destroy(settings);
		return -1;
	}
	if (check_data(settings, e) == 0 && check_backup(settings, e) == 0 && load_tls(settings, tls, e) == 0)
		return 0;
	site_release(*site);
	return -1;
}

/* A reload isn't retroactive: what the start said holds for the texts of then. */
static int read_settings(const char *file, bool retroactive, struct settings **out, struct err *e)
{
	if (settings_load(file, out, e) != 0)
		return -1;
	(*out)->policy.retroactive = retroactive;
	return 0;
}

static int check_only(const char *file, bool retroactive)
{
	struct settings *settings;
	struct tls_pair *tls;
	struct site *site;
	struct err e;

	if (read_settings(file, retroactive, &settings, &e) != 0 ||
		load(settings, NULL, &site, &tls, &e) != 0) {
		fprintf(stderr, "deditd: %s\n", e.text);
		return EXIT_CONFIG;
	}
	printf("%s: no errors\n", file);
	tls_pair_destroy(tls);
	site_release(site);
	return EXIT_SUCCESS;
}

/* ---- calendars under a policy ---- */

struct policy_start { struct site *site; struct arena *mem; };

static int prepare_calendar(const char *owner, const char *calendar, const char *policy, void *arg)
{
	struct policy_start *p = arg;
	struct store *store = p->site->dav.store;
	struct account account;
	struct collection c;
	struct err e;

	if (store_account(store, owner, p->mem, &account, &e) != 0 || account.removed) {
		log_warn("policy \"%s\" is for %s/%s, but there is no user %s", policy, owner, calendar,
			owner);
		return 0;
	}
	if (store_collection(store, owner, calendar, p->mem, &c, &e) != 0)
		log_warn("policy \"%s\" is for %s/%s, which doesn't exist", policy, owner, calendar);
	if (event_fees_calendar(store, owner, clock_now(), p->mem, &c, &e) != 0)
		log_warn("calendar %s/fees: %s", owner, e.text);
	return 0;
}

static void prepare_policies(struct site *site)
{
	cleanup_arena struct arena *mem = arena_create();
	struct policy_start p = { site, mem };

	policy_calendars(site->policies, prepare_calendar, &p);
}

/* ---- start and end ---- */

static unsigned core_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 && n < 256 ? (unsigned)n : 1;
}

static int start_access_log(struct server *sv, const struct settings *s, struct err *e)
{
	if (access_log_create(&sv->access, e) != 0)
		return -1;
	return access_log_use(sv->access, s->access_log, e) == 0 ? 0 : settings_blame(s, "access-log", e);
}

/* The first site is in the slot; its settings for threads and sockets hold until the end. */
static int start(struct deditd *d, struct err *e)
{
	struct server *sv = &d->server;
	struct site *site = sv->site.site;
	const struct settings *s = site->settings;
	struct reaper_rule rule = { s->header_timeout_ms, s->idle_timeout_ms, s->body_rate };
	struct store_options options = s->store;

	options.zones = zone_version();
	sv->began = clock_now();
	random_word(sv->start, sizeof(sv->start) - 1);
	if (sandbox_enter(s, e) != 0 || start_access_log(sv, s, e) != 0 ||
		store_open("sqlite", s->data, &options, &sv->store, e) != 0)
		return -1;
	site_use_store(site, sv->store);
	prepare_policies(site);
	sv->sessions = sessions_create(s->session_count);
	sv->imports = imports_create();
	sv->backups = backups_create();
	if (auth_create(sv->store, &sv->auth, e) != 0 || reaper_create(&rule, &sv->reaper, e) != 0 ||
		workers_create("worker", s->workers, s->queue, &sv->work, e) != 0 ||
		workers_create("login", core_count(), LOGIN_QUEUE, &sv->logins, e) != 0)
		return -1;
	if (tasks_start(sv, &d->tasks, e) != 0 || control_start(sv, &d->control, e) != 0)
		return -1;
	return http_start(d->http, sv, e);
}

/* Also from half-way through start(). */
static void finish(struct deditd *d)
{
	struct server *sv = &d->server;
	int64_t wait_ms = sv->site.site->settings->shutdown_timeout_ms;

	/* it gives up while answers are waited for */
	backups_stop(sv->backups);
	http_stop(d->http, wait_ms);
	control_stop(d->control);
	tasks_stop(d->tasks);
	imports_destroy(sv->imports);
	backups_destroy(sv->backups);
	workers_destroy(sv->logins);
	workers_destroy(sv->work);
	reaper_destroy(sv->reaper);
	access_log_destroy(sv->access);
	auth_destroy(sv->auth);
	sessions_destroy(sv->sessions);
	if (sv->store != NULL)
		store_close(sv->store);
	site_slot_finish(&sv->site);
	tls_finish();
	zone_finish();
}

static void warn_pending(const char *option, void *arg)
{
	(void)arg;
	log_warn("'%s' has changed: that takes effect at the next start", option);
}

/* Also when all else stays as it was: the file may have been renamed. */
static void reopen_access_log(struct deditd *d, const struct settings *s)
{
	struct err e;

	if (access_log_use(d->server.access, s->access_log, &e) != 0)
		log_error("the access log stays as it was: %s", e.text);
}

/* What is wrong leaves everything as it was. */
static void reload(struct deditd *d)
{
	/* replaced by nobody else: this is the thread that reloads */
	const struct settings *old = d->server.site.site->settings;
	struct settings *settings;
	struct tls_pair *tls;
	struct site *site;
	struct err e;

	notify_reloading();
	if (settings_load(d->file, &settings, &e) != 0 ||
		load(settings, d->data, &site, &tls, &e) != 0) {
		log_error("not reloaded: %s", e.text);
		metric_add(METRIC_RELOADS, RESULT_REFUSED, 1);
		reopen_access_log(d, old);
	} else {
		site_use_store(site, d->server.store);
		site->web.backup = d->backup;
		settings_pending(old, settings, warn_pending, NULL);
		log_open(settings->log_level, getenv("JOURNAL_STREAM") != NULL);
		reopen_access_log(d, settings);
		prepare_policies(site);
		if (tls != NULL)
			tls_use(tls);
		site_set(&d->server.site, site);
		imports_reloaded(d->server.imports, &site->web);
		tasks_reloaded(d->tasks);
		metric_add(METRIC_RELOADS, RESULT_DONE, 1);
		log_info("reloaded: limits, logins, groups, policies and certificate");
	}
	notify("READY=1");
}

static void serve(struct deditd *d, const sigset_t *signals)
{
	int sig;

	notify("READY=1");
	log_info("deditd %s is ready", PACKAGE_VERSION);
	while (sigwait(signals, &sig) == 0 && sig == SIGHUP)
		reload(d);
	notify("STOPPING=1");
	log_info("stopping");
}

/* Connections of every listener, files and watches need more than the usual 1024. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_warn("the limit of open files stays low: %s", strerror(errno));
}

/* Before any thread is made, so that signals come to sigwait() alone. */
static void take_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* What needs the rights that the process then gives up. Takes the settings over, as load() does. */
static int prepare(struct deditd *d, struct settings *settings, struct err *e)
{
	struct tls_pair *tls;
	struct site *site;

	d->data = xstrdup(settings->data);
	d->backup = settings->backup != NULL ? xstrdup(settings->backup) : NULL;
	log_open(settings->log_level, getenv("JOURNAL_STREAM") != NULL);
	if (http_listen(settings, &d->http, e) != 0 || become_user(settings, e) != 0 ||
		check_backup_folder(settings, e) != 0) {
		settings_destroy(settings);
		return -1;
	}
	if (load(settings, d->data, &site, &tls, e) != 0)
		return -1;
	tls_use(tls);
	site_slot_init(&d->server.site, site);
	return 0;
}

static int run(const char *file, bool retroactive)
{
	struct deditd d = { .file = file };
	struct settings *settings;
	sigset_t signals;
	bool prepared;
	struct err e;
	int rc = -1;

	take_signals(&signals);
	raise_file_limit();
	prepared = read_settings(file, retroactive, &settings, &e) == 0 && prepare(&d, settings, &e) == 0;
	if (prepared)
		rc = start(&d, &e);
	if (rc != 0)
		log_error("%s", e.text);
	else
		serve(&d, &signals);
	if (prepared)
		finish(&d);
	else
		http_stop(d.http, 0);
	free(d.data);
	free(d.backup);
	return rc == 0 ? EXIT_SUCCESS : EXIT_CONFIG;
}

static int usage(FILE *to, int code)
{
	fprintf(to, "usage: deditd [-t] [-c FILE] [--retroactive]\n\n"
		    "  -c FILE   configuration (default %s)\n"
		    "  -t        check configuration, policies and certificate, and exit\n"
		    "  --retroactive\n"
		    "            take new versions of policies that begin in the past\n"
		    "  --help, --version\n",
		SETTINGS_DEFAULT_FILE);
	return code;
}

/* Left to itself glibc gives each of the threads a heap of its own, up to eight for each core, and keeps
 * in it what long answers took. Given back is what exceeds LARGE: below it are the buffers of answers, and
 * each that is unmapped interrupts all other processors. */
static void give_memory_back(void)
{
	enum { LARGE = 1024 * 1024 };
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	mallopt(M_ARENA_MAX, cores > 2 ? (int)cores : 2);
	mallopt(M_MMAP_THRESHOLD, LARGE);
	mallopt(M_TRIM_THRESHOLD, LARGE);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' },
		{ "retroactive", no_argument, NULL, 'r' }, { 0 },
	};
	const char *file = SETTINGS_DEFAULT_FILE;
	bool check = false, retroactive = false;
	struct err e;
	int opt;

	umask(077);
	give_memory_back();
	log_open(LOG_LEVEL_INFO, getenv("JOURNAL_STREAM") != NULL);
	while ((opt = getopt_long(argc, argv, "c:t", longs, NULL)) != -1) {
		if (opt == 'c')
			file = optarg;
		else if (opt == 't')
			check = true;
		else if (opt == 'r')
			retroactive = true;
		else if (opt == 'V')
			return puts("deditd " PACKAGE_VERSION) < 0;
		else
			return opt == 'h' ? usage(stdout, EXIT_SUCCESS) : usage(stderr, EXIT_USAGE);
	}
	if (optind != argc)
		return usage(stderr, EXIT_USAGE);
	xml_init();
	if (zone_init(NULL, &e) != 0) {
		log_error("%s", e.text);
		return EXIT_CONFIG;
	}
	return check ? check_only(file, retroactive) : run(file, retroactive);
}
