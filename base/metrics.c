#include "base/metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/util.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "development"
#endif

_Atomic int64_t metric_cells[METRICS][METRIC_CELLS];

/* ---- labels ---- */

enum { VALUES_MAX = 16 };

/* The last value of a list that texts from outside are looked up in is "other". */
struct label { const char *name; const char *value[VALUES_MAX]; };

static const struct label method = { "method", { "GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "PUT",
	"DELETE", "PROPPATCH", "MKCALENDAR", "MKCOL", "COPY", "MOVE", "ACL", "POST", "other" } };
static const struct label status_class = { "status", { "1xx", "2xx", "3xx", "4xx", "5xx" } };
static const struct label busy = { "reason", { "connections", "queue", "logins", "accounts" } };
static const struct label cut = { "reason", { "slow", "idle" } };
static const struct label queue = { "queue", { "work", "logins" } };
static const struct label login = { "result", { "remembered", "right", "wrong", "braked" } };
static const struct label result = { "result", { "done", "refused" } };
static const struct label level = { "level", { "error", "warning", "info", "debug" } };
static const struct label incident = { "class", { "late-cancel", "late-move", "no-show", "over-limit-move",
	"on-time-cancel", "grace", "shortened", "other" } };
static const struct label version = { "version", { PACKAGE_VERSION } };

#define LABELS_NONE { NULL, NULL }
#define LABELS_METHOD_AND_STATUS { &method, &status_class }
#define LABELS_BUSY { &busy, NULL }
#define LABELS_CUT { &cut, NULL }
#define LABELS_QUEUE { &queue, NULL }
#define LABELS_LOGIN { &login, NULL }
#define LABELS_RESULT { &result, NULL }
#define LABELS_LEVEL { &level, NULL }
#define LABELS_INCIDENT { &incident, NULL }
#define LABELS_VERSION { &version, NULL }

/* ---- the rows ---- */

enum kind { KIND_COUNTER, KIND_GAUGE, KIND_HISTOGRAM, KIND_INFO };

static const struct { const char *type, *suffix; } kinds[] = {
	[KIND_COUNTER] = { "counter", "_total" },
	[KIND_GAUGE] = { "gauge", "" },
	[KIND_HISTOGRAM] = { "histogram", "" },
	[KIND_INFO] = { "info", "_info" },
};

struct row {
	enum kind kind;
	const struct label *label[2];
	int64_t scale;
	const char *name, *unit, *help;
};

static const struct row rows[METRICS] = {
#define METRIC_ROW(row, kind, labels, scale, name, unit, help) \
	[METRIC_##row] = { KIND_##kind, LABELS_##labels, scale, name, unit, help },
	METRIC_TABLE(METRIC_ROW)
#undef METRIC_ROW
};

/* Upper bounds in 1/scale: of sizes, and of times in microseconds. Two cells follow: above all; the sum. */
static const int64_t sizes[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256 };
static const int64_t times[] = { 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000,
	2500000, 5000000, 10000000 };

static const int64_t *bounds_of(enum metric m, size_t *n)
{
	bool size = rows[m].scale == 1;

	*n = size ? ARRAY_SIZE(sizes) : ARRAY_SIZE(times);
	return size ? sizes : times;
}

/* ---- counting ---- */

static unsigned count_values(const struct label *l)
{
	unsigned n = 0;

	while (n < VALUES_MAX && l->value[n] != NULL)
		n++;
	return n;
}

unsigned metric_cell(enum metric m, const char *value)
{
	const struct label *l = rows[m].label[0], *second = rows[m].label[1];
	unsigned other = count_values(l) - 1, at = 0;

	while (at < other && strcmp(l->value[at], value) != 0)
		at++;
	return second != NULL ? at * count_values(second) : at;
}

void metric_observe(enum metric m, int64_t value)
{
	size_t n, at = 0;
	const int64_t *bounds = bounds_of(m, &n);

	while (at < n && value > bounds[at])
		at++;
	metric_add(m, (unsigned)at, 1);
	metric_add(m, (unsigned)n + 1, value);
}

/* ---- writing ---- */

static int64_t cell(enum metric m, size_t at)
{
	return atomic_load_explicit(&metric_cells[m][at], memory_order_relaxed);
}

/* "12", or with a scale "1.5", "2.0". */
static void write_number(struct buf *out, int64_t value, int64_t scale)
{
	char digits[24];
	int64_t rest = value % scale, at = scale / 10;
	size_t n = 0;

	for (; at > 0 && (n == 0 || rest > 0); at /= 10) {
		digits[n++] = (char)('0' + rest / at);
		rest %= at;
	}
	buf_printf(out, "%" PRId64 "%s%.*s", value / scale, n > 0 ? "." : "", (int)n, digits);
}

static void write_histogram(struct buf *out, enum metric m)
{
	const struct row *r = &rows[m];
	int64_t count = 0;
	size_t n;
	const int64_t *bounds = bounds_of(m, &n);

	for (size_t i = 0; i < n; i++) {
		count += cell(m, i);
		buf_printf(out, "%s_bucket{le=\"", r->name);
		write_number(out, bounds[i], r->scale);
		buf_printf(out, "%s\"} %" PRId64 "\n", r->scale == 1 ? ".0" : "", count);
	}
	count += cell(m, n);
	buf_printf(out, "%s_bucket{le=\"+Inf\"} %" PRId64 "\n%s_count %" PRId64 "\n%s_sum ", r->name, count, r->name,
		count, r->name);
	write_number(out, cell(m, n + 1), r->scale);
	buf_addc(out, '\n');
}

static void write_sample(struct buf *out, enum metric m, size_t at, const char *first, const char *second)
{
	const struct row *r = &rows[m];

	buf_printf(out, "%s%s", r->name, kinds[r->kind].suffix);
	if (first != NULL)
		buf_printf(out, "{%s=\"%s\"", r->label[0]->name, first);
	if (second != NULL)
		buf_printf(out, ",%s=\"%s\"", r->label[1]->name, second);
	buf_adds(out, first != NULL ? "} " : " ");
	write_number(out, cell(m, at), r->scale);
	buf_addc(out, '\n');
}

/* Of two labels, combinations that never happened are left out: most never do. */
static void write_samples(struct buf *out, enum metric m)
{
	const struct label *first = rows[m].label[0], *second = rows[m].label[1];
	size_t n = first != NULL ? count_values(first) : 1, k = second != NULL ? count_values(second) : 1;

	for (size_t at = 0; at < n * k; at++) {
		if (second == NULL || cell(m, at) != 0)
			write_sample(out, m, at, first != NULL ? first->value[at / k] : NULL,
				second != NULL ? second->value[at % k] : NULL);
	}
}

void metrics_write(struct buf *out)
{
	metric_set(METRIC_BUILD, 0, 1);
	for (enum metric m = 0; m < METRICS; m++) {
		const struct row *r = &rows[m];

		buf_printf(out, "# TYPE %s %s\n", r->name, kinds[r->kind].type);
		if (r->unit[0] != '\0')
			buf_printf(out, "# UNIT %s %s\n", r->name, r->unit);
		buf_printf(out, "# HELP %s %s\n", r->name, r->help);
		if (r->kind == KIND_HISTOGRAM)
			write_histogram(out, m);
		else
			write_samples(out, m);
	}
	buf_adds(out, "# EOF\n");
}
