/*
 * What the server counts about itself, as OpenMetrics text. One row in METRIC_TABLE a metric: where
 * something happens, metric_add() and its like are called with the row's name; how it is written out
 * follows from the row. Lock-free; what is read is not one moment's.
 *
 * Labels have values from a fixed list only: no user, path or address is ever one.
 */
#ifndef DEDIT_BASE_METRICS_H
#define DEDIT_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

/* clang-format off */
/* X(row, kind, labels, scale, name, unit, help): a cell holds 1/scale of a unit; the name ends with the
 * unit ("" for none). Counters are written with _total behind their name. Rows of one kind of thing stand
 * together. deditd(8) lists all of them (a test asks for it). */
#define METRIC_TABLE(X) \
	X(HTTP_REQUESTS, COUNTER, METHOD_AND_STATUS, 1, "dedit_http_requests", "", \
		"Requests whose head was complete, by method and class of status.") \
	X(HTTP_DURATION, HISTOGRAM, NONE, 1000000, "dedit_http_request_duration_seconds", "seconds", \
		"Time from the request line to the end of the answer.") \
	X(HTTP_IN_FLIGHT, GAUGE, NONE, 1, "dedit_http_requests_in_flight", "", \
		"Requests that have begun and not ended.") \
	X(HTTP_RECEIVED, COUNTER, NONE, 1, "dedit_http_received_bytes", "bytes", \
		"Bytes of requests' bodies.") \
	X(HTTP_SENT, COUNTER, NONE, 1, "dedit_http_sent_bytes", "bytes", \
		"Bytes of answers' bodies.") \
	X(HTTP_BUSY, COUNTER, BUSY, 1, "dedit_http_busy", "", \
		"Answers 503, by what was full or could not be read.") \
	X(HTTP_BROKEN_OFF, COUNTER, NONE, 1, "dedit_http_broken_off", "", \
		"Answers that could not be finished.") \
	X(CONNECTIONS, GAUGE, NONE, 1, "dedit_connections", "", \
		"Connections that are open.") \
	X(CONNECTIONS_OPENED, COUNTER, NONE, 1, "dedit_connections_opened", "", \
		"Connections that were taken.") \
	X(CONNECTIONS_CUT, COUNTER, CUT, 1, "dedit_connections_cut", "", \
		"Connections that were ended because they were too slow, or idle while others waited.") \
	X(QUEUE, GAUGE, QUEUE, 1, "dedit_queue_length", "", \
		"Requests that wait for a thread, or for a password to be hashed.") \
	X(LOGINS, COUNTER, LOGIN, 1, "dedit_logins", "", \
		"Requests with credentials: right and remembered, right, wrong, or not looked at since the brake held.") \
	X(WRONG_LINKS, COUNTER, NONE, 1, "dedit_wrong_links", "", \
		"Secret links that led nowhere.") \
	X(STORE_CHANGES, COUNTER, RESULT, 1, "dedit_store_changes", "", \
		"Changes that the index was asked for.") \
	X(STORE_GROUP, HISTOGRAM, NONE, 1, "dedit_store_group_changes", "changes", \
		"Changes written by one transaction.") \
	X(STORE_COMMIT, HISTOGRAM, NONE, 1000000, "dedit_store_commit_duration_seconds", "seconds", \
		"Time of one transaction's COMMIT with its fsync.") \
	X(STORE_COMMIT_FAILURES, COUNTER, NONE, 1, "dedit_store_commit_failures", "", \
		"Transactions that could not be written.") \
	X(STORE_FILES, COUNTER, NONE, 1, "dedit_store_files_written", "", \
		"Changes that were written into files.") \
	X(STORE_SYNC, HISTOGRAM, NONE, 1000000, "dedit_store_sync_duration_seconds", "seconds", \
		"Time of one syncfs for the files.") \
	X(STORE_FILE_ERRORS, COUNTER, NONE, 1, "dedit_store_file_errors", "", \
		"Rounds of writing files that left something undone.") \
	X(STORE_JOURNAL, GAUGE, NONE, 1, "dedit_store_journal_rows", "rows", \
		"Changes that files lack still.") \
	X(STORE_LAG, GAUGE, NONE, 1000, "dedit_store_lag_seconds", "seconds", \
		"For how long files have lacked something.") \
	X(STORE_WAL, GAUGE, NONE, 1, "dedit_store_wal_bytes", "bytes", \
		"Size of the index's write-ahead log.") \
	X(STORE_FREE, GAUGE, NONE, 1, "dedit_store_free_bytes", "bytes", \
		"Room left on the data folder's disk.") \
	X(STORE_ACCOUNTS, GAUGE, NONE, 1, "dedit_store_accounts", "", \
		"Accounts, without those that were removed.") \
	X(STORE_CALENDARS, GAUGE, NONE, 1, "dedit_store_calendars", "", \
		"Calendars of all accounts.") \
	X(INCIDENTS, COUNTER, INCIDENT, 1, "dedit_policy_incidents", "", \
		"Entries about incidents that were added to ledgers, by class.") \
	X(WAKES, COUNTER, RESULT, 1, "dedit_timer_wakes", "", \
		"Things that came due.") \
	X(TIMER_LAG, GAUGE, NONE, 1, "dedit_timer_lag_seconds", "seconds", \
		"How late what last came due was looked at; 0 if nothing was due.") \
	X(RELOADS, COUNTER, RESULT, 1, "dedit_reloads", "", \
		"Configurations read again on SIGHUP.") \
	X(LOG_LINES, COUNTER, LEVEL, 1, "dedit_log_lines", "", \
		"Lines of the error log, by level.") \
	X(ACCESS_LOST, COUNTER, NONE, 1, "dedit_access_log_lost_lines", "", \
		"Lines of the access log that found no room.") \
	X(CLOCK_DOUBTFUL, GAUGE, NONE, 1, "dedit_clock_doubtful", "", \
		"1 from a jump of the clock until dedit clock ok.") \
	X(HEALTHY, GAUGE, NONE, 1, "dedit_healthy", "", \
		"1 while /healthz answers 200.") \
	X(BUILD, INFO, VERSION, 1, "dedit_build", "", \
		"The program.") \
	X(PROCESS_START, GAUGE, NONE, 1, "process_start_time_seconds", "seconds", \
		"When the process began, since 1970.") \
	X(PROCESS_CPU, COUNTER, NONE, 1000000, "process_cpu_seconds", "seconds", \
		"Time of the processors.") \
	X(PROCESS_MEMORY, GAUGE, NONE, 1, "process_resident_memory_bytes", "bytes", \
		"Memory in use.") \
	X(PROCESS_FDS, GAUGE, NONE, 1, "process_open_fds", "", \
		"Files and sockets that are open.") \
	X(PROCESS_FDS_MAX, GAUGE, NONE, 1, "process_max_fds", "", \
		"How many may be.") \
	X(PROCESS_THREADS, GAUGE, NONE, 1, "process_threads", "", \
		"Threads.")
/* clang-format on */

enum metric {
#define METRIC_ROW(row, ...) METRIC_##row,
	METRIC_TABLE(METRIC_ROW)
#undef METRIC_ROW
	METRICS
};

/* Cells of those rows whose labels are no texts from outside; in the order of the lists in metrics.c. */
enum metric_result { RESULT_DONE, RESULT_REFUSED };
enum metric_busy { BUSY_CONNECTIONS, BUSY_QUEUE, BUSY_LOGINS, BUSY_ACCOUNTS };
enum metric_cut { CUT_SLOW, CUT_IDLE };
enum metric_queue { QUEUE_WORK, QUEUE_LOGINS };
enum metric_login { LOGIN_REMEMBERED, LOGIN_RIGHT, LOGIN_WRONG, LOGIN_BRAKED };

enum { METRIC_CELLS = 80, METRIC_STATUS_CLASSES = 5 };
extern _Atomic int64_t metric_cells[METRICS][METRIC_CELLS];

/* cell: 0 for a row without labels. */
static inline void metric_add(enum metric m, unsigned cell, int64_t n)
{
	atomic_fetch_add_explicit(&metric_cells[m][cell], n, memory_order_relaxed);
}

static inline void metric_set(enum metric m, unsigned cell, int64_t value)
{
	atomic_store_explicit(&metric_cells[m][cell], value, memory_order_relaxed);
}

/* The cell of a label's value; one that isn't in the list is "other". */
unsigned metric_cell(enum metric m, const char *value);
/* value: 1/scale of the row's unit. */
void metric_observe(enum metric m, int64_t value);

/* Appends all of them as OpenMetrics 1.0 text. */
#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
void metrics_write(struct buf *out);

#endif
