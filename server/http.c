#include "server/http.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/util.h"
#include "server/exchange.h"
#include "server/listen.h"
#include "server/metrics.h"
#include "server/tls.h"

enum {
	LOG_LINE = 512,
	POLL_MS = 10,
	RESERVE = 16,            /* connections that are only told that there is no room, and a quarter */
	LEAST = 4,
	FILES_OF_OURS = 64,
	FILES_PER_THREAD = 4,    /* the index with its two files, and the event that is read */
};

struct listener {
	struct http *http;
	struct MHD_Daemon *daemon;
	int fd;                 /* the daemon's, once there is one */
	struct crowd crowd;     /* the reaper's */
	bool tls, metrics;
	char *spec;             /* as in the settings */
};

struct http {
	struct server *sv;
	struct site *site;      /* the settings of the start */
	struct metrics *metrics;
	struct listener *listeners;
	size_t count;
};

/* Where the socket is to be found, NULL if it is none of a file system. */
static const char *unix_path(const struct listener *l)
{
	return str_starts(l->spec, "unix:") ? l->spec + strlen("unix:") : NULL;
}

/* ---- the library's callbacks ---- */

void http_log(void *arg, const char *fmt, va_list ap)
{
	char line[LOG_LINE];
	int n = vsnprintf(line, sizeof(line), fmt, ap);

	(void)arg;
	while (n > 0 && (size_t)n < sizeof(line) && line[n - 1] == '\n')
		line[--n] = '\0';
	log_debug("http: %s", line);
}

/* While the server stops, nobody new comes in. (MHD_quiesce_daemon() would say so too, but it and the
 * daemon's own thread may both take the socket out of the epoll set, and the second one aborts.) */
static enum MHD_Result on_accept(void *arg, const struct sockaddr *sa, socklen_t len)
{
	const struct listener *l = arg;

	(void)sa, (void)len;
	return atomic_load(&l->http->sv->stopping) ? MHD_NO : MHD_YES;
}

static void on_connection(void *arg, struct MHD_Connection *con, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct listener *l = arg;
	struct reaper *reaper = l->http->sv->reaper;
	const union MHD_ConnectionInfo *info;

	metric_add(METRIC_CONNECTIONS, 0, code == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1);
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		metric_add(METRIC_CONNECTIONS_OPENED, 0, 1);
		info = MHD_get_connection_info(con, MHD_CONNECTION_INFO_CONNECTION_FD);
		*socket_context = reaper_add(reaper, &l->crowd, info->connect_fd, l->tls || unix_path(l) != NULL);
	} else if (*socket_context != NULL) {
		reaper_remove(reaper, *socket_context);
		*socket_context = NULL;
	}
}

/* The one call that has the target undecoded; what it returns is the request's context. */
static void *on_target(void *arg, const char *target, struct MHD_Connection *con)
{
	struct listener *l = arg;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(con, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return exchange_create(l->http->sv, con, info->socket_context, target);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *con, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **context)
{
	(void)arg, (void)con, (void)url;
	return exchange_step(*context, method, version, data, size);
}

static void on_completed(void *arg, struct MHD_Connection *con, void **context,
	enum MHD_RequestTerminationCode code)
{
	(void)arg, (void)con;
	if (*context != NULL)
		exchange_destroy(*context, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	*context = NULL;
}

/* ---- start ---- */

/* The array is sized beforehand: the library's threads keep pointers into it. */
static int open_listeners(struct http *h, const struct conf_value *specs, struct listener kind, struct err *e)
{
	for (size_t i = 0; i < specs->count; i++) {
		int fds[LISTEN_PER_NAME];
		size_t n;

		if (listen_open(specs->text[i], fds, &n, e) != 0)
			return -1;
		for (size_t k = 0; k < n; k++) {
			struct listener *l = &h->listeners[h->count++];

			*l = kind;
			l->http = h;
			l->fd = fds[k];
			l->spec = xstrdup(specs->text[i]);
		}
	}
	return 0;
}

int http_listen(const struct settings *s, struct http **out, struct err *e)
{
	struct http *h = xcalloc(1, sizeof(*h));

	h->listeners = xcalloc((s->listen->count + s->tls_listen->count + s->metrics_listen->count) *
		LISTEN_PER_NAME, sizeof(*h->listeners));
	h->metrics = metrics_create();
	if (open_listeners(h, s->listen, (struct listener){ 0 }, e) != 0 ||
		open_listeners(h, s->tls_listen, (struct listener){ .tls = true }, e) != 0 ||
		open_listeners(h, s->metrics_listen, (struct listener){ .metrics = true }, e) != 0) {
		http_stop(h, 0);
		return -1;
	}
	*out = h;
	return 0;
}

/* Those that are told that there is no room have to be taken, too. Each of the library's threads has its
 * share of this. */
static unsigned with_reserve(unsigned connections)
{
	return connections + connections / 4 + RESERVE;
}

static size_t count_listeners(const struct http *h, bool metrics)
{
	size_t n = 0;

	for (size_t i = 0; i < h->count; i++)
		n += h->listeners[i].metrics == metrics;
	return n;
}

/* Fewer than the settings say if files would run out, which the library waits for in a busy loop. */
static unsigned connection_limit(const struct http *h)
{
	const struct settings *s = h->site->settings;
	struct rlimit files;
	size_t serving = count_listeners(h, false);
	uint64_t spare, each;

	if (serving == 0 || getrlimit(RLIMIT_NOFILE, &files) != 0)
		return s->connections;
	spare = FILES_OF_OURS + FILES_PER_THREAD * (uint64_t)(s->workers + s->threads) +
		METRICS_CONNECTIONS * count_listeners(h, true);
	each = files.rlim_cur > spare ? (files.rlim_cur - spare) / serving : 0;
	if (with_reserve(s->connections) <= each)
		return s->connections;
	each = each > RESERVE + LEAST ? (each - RESERVE) * 4 / 5 : LEAST;
	log_warn("%llu files may be open, so only %llu connections of each listener: raise the limit (LimitNOFILE)",
		(unsigned long long)files.rlim_cur, (unsigned long long)each);
	return (unsigned)each;
}

static struct MHD_Daemon *start_daemon(struct listener *l)
{
	const struct settings *s = l->http->site->settings;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem tls_options[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITY },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)&tls_retrieve },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem pool_options[] = {
		{ MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)s->threads, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };

	return MHD_start_daemon(flags | (l->tls ? MHD_USE_TLS : 0), 0, on_accept, l, on_request, l,
		MHD_OPTION_EXTERNAL_LOGGER, http_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, l->fd,
		MHD_OPTION_CONNECTION_LIMIT, with_reserve(l->crowd.limit),
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, unix_path(l) == NULL ? s->connections_per_address : 0,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)((s->idle_timeout_ms + 999) / 1000),
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, l,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, l,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, l,
		MHD_OPTION_ARRAY, s->threads > 1 ? pool_options : none,
		MHD_OPTION_ARRAY, l->tls ? tls_options : none,
		MHD_OPTION_END);
}

int http_start(struct http *h, struct server *sv, struct err *e)
{
	unsigned limit;

	h->sv = sv;
	h->site = site_get(&sv->site);
	limit = connection_limit(h);
	for (size_t i = 0; i < h->count; i++) {
		struct listener *l = &h->listeners[i];

		l->crowd.limit = limit;
		l->daemon = l->metrics ? metrics_serve(h->metrics, sv, l->fd) : start_daemon(l);
		if (l->daemon == NULL)
			return err_set(e, ERR_IO, "%s: the listener can't be started", l->spec);
		log_info("listening on %s%s", l->spec, l->tls ? " (TLS)" : l->metrics ? " (metrics)" : "");
	}
	return 0;
}

/* ---- stop ---- */

static void wait_for_answers(struct server *sv, int64_t wait_ms)
{
	int64_t until = clock_monotonic_ms() + wait_ms;

	while (atomic_load(&sv->busy) > 0 && clock_monotonic_ms() < until)
		usleep(POLL_MS * 1000);
}

static void end_answers(struct server *sv, int64_t wait_ms)
{
	atomic_store(&sv->stopping, true);
	wait_for_answers(sv, wait_ms);
	/* No connection may be suspended when a daemon stops, so every job has to end first. */
	workers_stop(sv->logins);
	workers_stop(sv->work);
}

void http_stop(struct http *h, int64_t wait_ms)
{
	if (h == NULL)
		return;
	if (h->sv != NULL)
		end_answers(h->sv, wait_ms);
	for (size_t i = 0; i < h->count; i++) {
		struct listener *l = &h->listeners[i];

		if (l->daemon != NULL)
			MHD_stop_daemon(l->daemon);
		else
			close(l->fd);
		if (unix_path(l) != NULL)
			unlink(unix_path(l));
		free(l->spec);
	}
	metrics_destroy(h->metrics);
	site_release(h->site);
	free(h->listeners);
	free(h);
}
