#include "server/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/util.h"

enum {
	WAITING_MAX = 1024 * 1024, /* bytes that may wait to be written, twice */
	LINE_SIZE = 4096,
	METHOD_MAX = 64, PATH_MAX_SHOWN = 2048, AGENT_MAX = 512,
	GATHER_MS = 100,           /* lines are written together, so late at the most */
	RETRY_MS = 1000,
};

/* Lines that end each with a line feed. */
struct lines { char *text; size_t len, done; };

struct access_log {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	atomic_bool on;
	/* under the lock: */
	struct lines waiting;
	uint64_t lost;
	int next_fd;             /* to be used from now on, -1: none */
	bool changed, stopping;
	bool per_line;           /* of the next one: others write there too */
	/* the thread's own: */
	struct lines writing;
	int fd;
	bool each_alone;
	bool failed;
};

/* ---- lines ---- */

static size_t add_text(char *line, size_t len, const char *text, size_t most)
{
	size_t room = LINE_SIZE - len < most ? LINE_SIZE - len : most;

	return len + log_escape(line + len, room, text, strlen(text), "\"\\");
}

/* "[06/Nov/1994:08:49:37 +0000]" */
static size_t add_time(char *line, size_t len, int64_t when)
{
	char date[HTTP_DATE_SIZE]; /* "Sun, 06 Nov 1994 08:49:37 GMT" */

	http_date(when, date);
	return len + (size_t)snprintf(line + len, LINE_SIZE - len, "[%.2s/%.3s/%.4s:%.8s +0000]", date + 5,
		date + 8, date + 12, date + 17);
}

/* What its parts may have at most is below LINE_SIZE together. */
static size_t make_line(char line[LINE_SIZE], const struct access_entry *en)
{
	size_t len = add_text(line, 0, en->address, 64);

	len += (size_t)snprintf(line + len, LINE_SIZE - len, " - ");
	len = add_text(line, len, en->user != NULL ? en->user : "-", 64);
	line[len++] = ' ';
	len = add_time(line, len, en->when);
	len += (size_t)snprintf(line + len, LINE_SIZE - len, " \"");
	len = add_text(line, len, en->method, METHOD_MAX);
	line[len++] = ' ';
	len = add_text(line, len, en->path, PATH_MAX_SHOWN);
	line[len++] = ' ';
	len = add_text(line, len, en->version, METHOD_MAX);
	len += (size_t)snprintf(line + len, LINE_SIZE - len, "\" %d %" PRIu64 " \"-\" \"", en->status, en->bytes);
	len = add_text(line, len, en->agent != NULL ? en->agent : "-", AGENT_MAX);
	len += (size_t)snprintf(line + len, LINE_SIZE - len, "\" %s %" PRId64 "\n", en->id, en->ms);
	return len;
}

static bool push(struct lines *l, const char *line, size_t len)
{
	if (WAITING_MAX - l->len < len)
		return false;
	memcpy(l->text + l->len, line, len);
	l->len += len;
	return true;
}

void access_log_add(struct access_log *log, const struct access_entry *entry)
{
	char line[LINE_SIZE];
	size_t len;
	bool first;

	if (!atomic_load_explicit(&log->on, memory_order_relaxed))
		return;
	len = make_line(line, entry);
	pthread_mutex_lock(&log->lock);
	first = log->waiting.len == 0 || log->waiting.len > WAITING_MAX / 2;
	if (!push(&log->waiting, line, len)) {
		log->lost++;
		metric_add(METRIC_ACCESS_LOST, 0, 1);
	}
	if (first)
		pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
}

/* ---- the thread ---- */

static bool all_written(const struct lines *l)
{
	return l->done == l->len;
}

/* Where the line begins in which writing stopped. */
static void back_to_line(struct lines *l)
{
	while (l->done > 0 && l->text[l->done - 1] != '\n')
		l->done--;
}

static size_t next_size(const struct access_log *log)
{
	const struct lines *l = &log->writing;
	const char *from = l->text + l->done;

	if (!log->each_alone)
		return l->len - l->done;
	return (size_t)((const char *)memchr(from, '\n', l->len - l->done) - from) + 1;
}

/* 0, or -1 with errno. Without a file they are dropped. */
static int write_lines(struct access_log *log)
{
	struct lines *l = &log->writing;

	if (log->fd < 0)
		l->done = l->len;
	while (!all_written(l)) {
		ssize_t n = write(log->fd, l->text + l->done, next_size(log));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		l->done += (size_t)n;
	}
	return 0;
}

static void report(struct access_log *log, int status, uint64_t lost)
{
	if (status != 0 && !log->failed)
		log_error("access log: %s: lines wait in memory", strerror(errno));
	else if (status == 0 && lost > 0)
		log_error("access log: written again, %" PRIu64 " lines were lost", lost);
	else if (status == 0 && log->failed)
		log_warn("access log: written again, nothing was lost");
	log->failed = status != 0;
}

static void take_file(struct access_log *log, int fd, bool each_alone)
{
	back_to_line(&log->writing);
	if (log->fd >= 0)
		close(log->fd);
	log->fd = fd;
	log->each_alone = each_alone;
}

/* Called with the lock, which it gives up meanwhile. */
static void wait_at_most(struct access_log *log, int64_t ms)
{
	int64_t until = clock_monotonic_us() + ms * 1000;

	while (!log->stopping && !log->changed && (log->failed || log->waiting.len <= WAITING_MAX / 2) &&
		clock_wait(&log->wake, &log->lock, until))
		;
}

/* Waits for lines, another file or the end, and gathers a while. Called with the lock. */
static void wait_for_lines(struct access_log *log)
{
	while (log->waiting.len == 0 && !log->changed && !log->stopping && all_written(&log->writing))
		pthread_cond_wait(&log->wake, &log->lock);
	wait_at_most(log, log->failed ? RETRY_MS : GATHER_MS);
}

/* Called with the lock: what waits is to be written now. */
static void take_lines(struct access_log *log)
{
	struct lines taken = log->waiting;

	if (!all_written(&log->writing))
		return;
	log->waiting = log->writing;
	log->waiting.len = log->waiting.done = 0;
	log->writing = taken;
}

/* One round without the lock; lost: lines of which nothing was said yet. */
static int write_round(struct access_log *log, bool changed, int next_fd, bool per_line, uint64_t lost)
{
	int status = write_lines(log);

	if (changed) {
		take_file(log, next_fd, per_line);
		status = write_lines(log);
	}
	report(log, status, lost);
	return status;
}

static uint64_t count_lines(const struct lines *l)
{
	uint64_t n = 0;

	for (size_t i = l->done; i < l->len; i++)
		n += l->text[i] == '\n';
	return n;
}

static void report_end(const struct access_log *log)
{
	uint64_t lost = log->lost + count_lines(&log->writing) + count_lines(&log->waiting);

	if (lost > 0)
		log_error("access log: %" PRIu64 " lines were lost", lost);
}

static void *run(void *arg)
{
	struct access_log *log = arg;
	bool end = false;

	pthread_setname_np(pthread_self(), "access-log");
	pthread_mutex_lock(&log->lock);
	while (!end) {
		wait_for_lines(log);
		take_lines(log);
		bool changed = log->changed, stopping = log->stopping, per_line = log->per_line;
		uint64_t lost = log->lost;
		int fd = log->next_fd;
		log->changed = false;
		pthread_mutex_unlock(&log->lock);
		int status = write_round(log, changed, fd, per_line, lost);
		pthread_mutex_lock(&log->lock);
		if (status == 0)
			log->lost -= lost;
		end = stopping && (status != 0 || log->waiting.len == 0);
	}
	report_end(log);
	pthread_mutex_unlock(&log->lock);
	return NULL;
}

/* ---- start, another file, end ---- */

/* A pipe without a reader is refused, and a full one never waited for. */
static int open_target(const char *target, int *out, struct err *e)
{
	if (target == NULL)
		*out = -1;
	else if (strcmp(target, "stderr") == 0)
		*out = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		*out = open(target, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600);
	return target == NULL || *out >= 0 ? 0 : err_errno(e, ERR_IO, "%s", target);
}

int access_log_use(struct access_log *log, const char *target, struct err *e)
{
	int fd;

	if (open_target(target, &fd, e) != 0)
		return -1;
	pthread_mutex_lock(&log->lock);
	if (log->changed && log->next_fd >= 0)
		close(log->next_fd);
	if (log->waiting.text == NULL && fd >= 0) {
		log->waiting.text = xmalloc(WAITING_MAX);
		log->writing.text = xmalloc(WAITING_MAX); /* the thread has nothing to write yet */
	}
	log->next_fd = fd;
	log->per_line = target != NULL && strcmp(target, "stderr") == 0;
	log->changed = true;
	atomic_store(&log->on, fd >= 0);
	pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
	return 0;
}

int access_log_create(struct access_log **out, struct err *e)
{
	struct access_log *log = xcalloc(1, sizeof(*log));
	int rc;

	log->fd = log->next_fd = -1;
	pthread_mutex_init(&log->lock, NULL);
	clock_cond_init(&log->wake);
	rc = pthread_create(&log->thread, NULL, run, log);
	if (rc != 0) {
		free(log);
		errno = rc;
		return err_errno(e, ERR_IO, "access log: thread");
	}
	*out = log;
	return 0;
}

void access_log_destroy(struct access_log *log)
{
	if (log == NULL)
		return;
	pthread_mutex_lock(&log->lock);
	log->stopping = true;
	pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
	pthread_join(log->thread, NULL);
	if (log->fd >= 0)
		close(log->fd);
	pthread_cond_destroy(&log->wake);
	pthread_mutex_destroy(&log->lock);
	free(log->waiting.text);
	free(log->writing.text);
	free(log);
}
