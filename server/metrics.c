#include "server/metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/util.h"
#include "web/web.h"

enum { PAGE_MAX = 256 * 1024, IDLE_SECONDS = 120, PROC_SIZE = 8192 };

struct metrics {
	struct server *sv;
	int status;            /* /proc/self/status; -1: not to be had */
	DIR *fds;              /* /proc/self/fd; NULL */
	pthread_mutex_t lock;  /* one page is made at a time */
};

/* ---- what is looked up when it is asked for ---- */

/* The number behind "Name:" in /proc/self/status. */
static int64_t status_number(const char *status, const char *name)
{
	const char *at = strstr(status, name);
	uint64_t n = 0;

	if (at == NULL)
		return 0;
	at += strlen(name);
	at += strspn(at, " \t");
	return parse_u64n(at, strspn(at, "0123456789"), 0, INT64_MAX, &n) == 0 ? (int64_t)n : 0;
}

static void look_at_status(const struct metrics *m)
{
	char status[PROC_SIZE];
	ssize_t n = m->status >= 0 ? pread(m->status, status, sizeof(status) - 1, 0) : 0;

	status[n > 0 ? n : 0] = '\0';
	metric_set(METRIC_PROCESS_MEMORY, 0, status_number(status, "\nVmRSS:") * 1024);
	metric_set(METRIC_PROCESS_THREADS, 0, status_number(status, "\nThreads:"));
}

static int64_t count_fds(struct metrics *m)
{
	int64_t n = 0;

	if (m->fds == NULL)
		return 0;
	rewinddir(m->fds);
	for (const struct dirent *d; (d = readdir(m->fds)) != NULL;)
		n += d->d_name[0] != '.';
	return n;
}

static int64_t microseconds(const struct timeval *t)
{
	return (int64_t)t->tv_sec * 1000000 + t->tv_usec;
}

static void look_at_process(struct metrics *m)
{
	struct rusage used;
	struct rlimit files;

	look_at_status(m);
	metric_set(METRIC_PROCESS_START, 0, m->sv->began);
	metric_set(METRIC_PROCESS_FDS, 0, count_fds(m));
	if (getrusage(RUSAGE_SELF, &used) == 0)
		metric_set(METRIC_PROCESS_CPU, 0, microseconds(&used.ru_utime) + microseconds(&used.ru_stime));
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		metric_set(METRIC_PROCESS_FDS_MAX, 0, (int64_t)files.rlim_cur);
}

static void look_at_store(struct server *sv)
{
	struct store_health h;
	struct store_size size;
	struct err e;

	store_health(sv->store, &h);
	metric_set(METRIC_STORE_JOURNAL, 0, (int64_t)h.journal_rows);
	metric_set(METRIC_STORE_LAG, 0, h.journal_ms);
	metric_set(METRIC_STORE_WAL, 0, (int64_t)h.wal_bytes);
	metric_set(METRIC_STORE_FREE, 0, (int64_t)h.free_bytes);
	metric_set(METRIC_CLOCK_DOUBTFUL, 0, clock_jumped());
	metric_set(METRIC_HEALTHY, 0, web_health(&h, clock_jumped()).status == 200);
	if (store_size(sv->store, &size, &e) != 0)
		return;
	metric_set(METRIC_STORE_ACCOUNTS, 0, (int64_t)size.accounts);
	metric_set(METRIC_STORE_CALENDARS, 0, (int64_t)size.collections);
}

static void look_at_queues(struct server *sv)
{
	metric_set(METRIC_QUEUE, QUEUE_WORK, (int64_t)workers_queued(sv->work));
	metric_set(METRIC_QUEUE, QUEUE_LOGINS, (int64_t)workers_queued(sv->logins));
}

/* ---- whoever is slow here is cut as elsewhere ---- */

static void enter_phase(const struct metrics *m, struct MHD_Connection *con, enum peer_phase phase,
	uint64_t bytes)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(con, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	reaper_phase(m->sv->reaper, info->socket_context, phase, bytes);
}

static void on_connection(void *arg, struct MHD_Connection *con, void **peer,
	enum MHD_ConnectionNotificationCode code)
{
	struct reaper *reaper = ((const struct metrics *)arg)->sv->reaper;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(con, MHD_CONNECTION_INFO_CONNECTION_FD);
		*peer = reaper_add(reaper, NULL, info->connect_fd, false);
	} else if (*peer != NULL) {
		reaper_remove(reaper, *peer);
		*peer = NULL;
	}
}

/* The request line has come. What it returns is the request's context. */
static void *on_target(void *arg, const char *target, struct MHD_Connection *con)
{
	(void)target;
	enter_phase(arg, con, PEER_HEADERS, 0);
	return NULL;
}

static void on_completed(void *arg, struct MHD_Connection *con, void **context,
	enum MHD_RequestTerminationCode code)
{
	(void)context, (void)code;
	enter_phase(arg, con, PEER_IDLE, 0);
}

/* ---- the page ---- */

static enum MHD_Result answer(const struct metrics *m, struct MHD_Connection *con, unsigned status,
	const char *type, const char *text, size_t len)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result ok;

	if (r == NULL)
		return MHD_NO;
	ok = MHD_add_response_header(r, "Content-Type", type);
	if (ok == MHD_YES && status == 405)
		ok = MHD_add_response_header(r, "Allow", "GET, HEAD");
	enter_phase(m, con, PEER_SEND, len);
	if (ok == MHD_YES)
		ok = MHD_queue_response(con, status, r);
	MHD_destroy_response(r);
	return ok;
}

static enum MHD_Result answer_text(const struct metrics *m, struct MHD_Connection *con, unsigned status,
	const char *text)
{
	return answer(m, con, status, "text/plain; charset=utf-8", text, strlen(text));
}

static enum MHD_Result answer_metrics(struct metrics *m, struct MHD_Connection *con)
{
	cleanup_buf struct buf page;

	buf_init(&page, PAGE_MAX);
	enter_phase(m, con, PEER_WORK, 0);
	pthread_mutex_lock(&m->lock);
	look_at_process(m);
	look_at_store(m->sv);
	look_at_queues(m->sv);
	metrics_write(&page);
	pthread_mutex_unlock(&m->lock);
	if (page.full)
		return answer_text(m, con, 500, "the page is too large\n");
	return answer(m, con, 200, METRICS_CONTENT_TYPE, page.data, page.len);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *con, const char *url, const char *method,
	const char *version, const char *data, size_t *size, void **context)
{
	static int seen;

	(void)version, (void)data;
	if (*context == NULL) { /* the head alone: the library answers what ends badly by itself */
		*context = &seen;
		return MHD_YES;
	}
	if (*size > 0) {
		*size = 0;
		return MHD_YES;
	}
	if (strcmp(url, "/metrics") != 0)
		return answer_text(arg, con, 404, "metrics are at /metrics\n");
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return answer_text(arg, con, 405, "only GET and HEAD are offered here\n");
	return answer_metrics(arg, con);
}

struct metrics *metrics_create(void)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	pthread_mutex_init(&m->lock, NULL);
	m->status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	m->fds = opendir("/proc/self/fd");
	return m;
}

void metrics_destroy(struct metrics *m)
{
	if (m == NULL)
		return;
	if (m->status >= 0)
		close(m->status);
	if (m->fds != NULL)
		closedir(m->fds);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

struct MHD_Daemon *metrics_serve(struct metrics *m, struct server *sv, int fd)
{
	m->sv = sv;
	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, m,
		MHD_OPTION_EXTERNAL_LOGGER, http_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, METRICS_CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, m,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, m,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, m,
		MHD_OPTION_END);
}
