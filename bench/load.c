/*
 * A load generator for any CalDAV server over plain HTTP on this machine: N connections, one request
 * in flight on each, for a number of seconds. Every answer is checked, its status and how many items it
 * has; a wrong one ends the run. Prints a line of JSON: work, connections, requests, rate (per
 * second), median and p99 in ms, items of the last answer and bytes of an answer's body on average.
 *
 *	load [-u USER:PASSWORD] [-c CONNECTIONS] [-s SECONDS] [-n EVENTS] [-f FIRST] [-e ITEMS]
 *		[-w START/END] [-a ACCOUNTS] WORK URL
 *
 * The calendar at URL holds the EVENTS of bench/events.h; FIRST is the number of the first one that is
 * put anew or deleted. ITEMS is what an answer has to have at least (1). START/END is the time that
 * `query` and `freebusy` ask for (March 2026). `fill` puts all events, once, however long it takes;
 * `get` with a URL that doesn't end in a slash gets that.
 *
 * With ACCOUNTS the connections take turns at them: % in USER and URL stands for the account's number.
 * Work that is done once goes through the accounts in turn; `login` gets one event of each.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "bench/events.h"

#define NAMESPACES "xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\""
#define PROLOG "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
#define TIME_RANGE "<C:time-range start=\"%.16s\" end=\"%.16s\"/>" /* of plan.from and plan.to */

enum {
	ANSWER_MAX = 1 << 29,
	REQUEST_MAX = 1 << 20,
	SAMPLES_MAX = 1 << 24,
	MULTIGET = 50,
	TOKEN_SIZE = 512,
	INSTANT_SIZE = 16,
};

struct plan {
	const struct work *work;
	const char *path, *login, *from, *to;
	char host[64];
	struct sockaddr_in peer;
	double seconds;
	unsigned events, first;
	size_t items;
	unsigned connections, accounts; /* 0: the one that is named */
};

struct connection {
	const struct plan *plan;
	pthread_t thread;
	int fd;
	unsigned number, account;
	struct buf path, login;  /* the account's; login as it is sent, empty without one */
	bool closed;             /* by the server, as those of HTTP/1.0 do behind each answer */
	struct buf request, answer, body; /* of the answer: as it came, and without head and chunks */
	int status;
	char token[TOKEN_SIZE];
	double *samples;         /* seconds of each request */
	size_t count, most;      /* of the samples */
	size_t items, bytes, all_bytes; /* of the last answer, of all */
	bool failed;
};

struct work {
	const char *name, *needle; /* what is counted in an answer: so often for each item */
	size_t each;
	/* Does one, timed by itself: seconds, or -1. n counts on through all connections. */
	double (*run)(struct connection *c, unsigned n);
	bool once;               /* over EVENTS numbers instead of for SECONDS */
};

static atomic_bool stop;
static atomic_uint counter;

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- HTTP ---- */

static int connect_peer(struct connection *c)
{
	int on = 1;

	if (c->fd >= 0)
		close(c->fd);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -1;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return connect(c->fd, (const struct sockaddr *)&c->plan->peer, sizeof(c->plan->peer));
}

static int send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* 1: some came, 0: the end, -1 */
static int receive(struct connection *c)
{
	char piece[65536];
	ssize_t n = recv(c->fd, piece, sizeof(piece), 0);

	if (n > 0 && buf_add(&c->answer, piece, (size_t)n) != 0)
		return -1;
	return n > 0 ? 1 : (int)n;
}

static const char *header(const char *head, const char *end, const char *name)
{
	const char *at = strcasestr(head, name);

	return at != NULL && at < end ? at + strlen(name) : NULL;
}

/* From `at` of the answer on; -1 also for what isn't chunked at all. */
static int read_chunks(struct connection *c, size_t at)
{
	for (;;) {
		char *line = c->answer.data + at, *end = strstr(line, "\r\n");
		size_t len;

		if (end == NULL) {
			if (receive(c) <= 0)
				return -1;
			continue;
		}
		len = strtoul(line, NULL, 16);
		at = (size_t)(end + 2 - c->answer.data);
		while (c->answer.len < at + len + 2) {
			if (receive(c) <= 0)
				return -1;
		}
		if (len == 0)
			return 0;
		buf_add(&c->body, c->answer.data + at, len);
		at += len + 2;
	}
}

static int read_body(struct connection *c, const char *end)
{
	size_t at = (size_t)(end + 4 - c->answer.data), len;
	const char *length = header(c->answer.data, end, "\r\nContent-Length:");
	int got;

	if (c->status == 204 || c->status == 304)
		return 0;
	if (header(c->answer.data, end, "\r\nTransfer-Encoding: chunked") != NULL)
		return read_chunks(c, at);
	if (length == NULL) {
		while ((got = receive(c)) > 0)
			continue;
		return got < 0 ? -1 : buf_add(&c->body, c->answer.data + at, c->answer.len - at);
	}
	len = strtoul(length, NULL, 10);
	while (c->answer.len < at + len) {
		if (receive(c) <= 0)
			return -1;
	}
	return buf_add(&c->body, c->answer.data + at, len);
}

static int read_answer(struct connection *c)
{
	char *end;

	buf_reset(&c->answer);
	buf_reset(&c->body);
	do {
		if (receive(c) <= 0)
			return -1;
		end = strstr(c->answer.data, "\r\n\r\n");
	} while (end == NULL);
	c->status = (int)strtol(c->answer.data + strlen("HTTP/1.1 "), NULL, 10);
	c->closed = str_starts(c->answer.data, "HTTP/1.0") ||
		header(c->answer.data, end, "\r\nConnection: close") != NULL;
	return read_body(c, end);
}

/* ---- accounts ---- */

static void add_numbered(struct buf *out, const char *text, unsigned number)
{
	for (; *text != '\0'; text++) {
		if (*text == '%')
			buf_printf(out, "%u", number);
		else
			buf_add(out, text, 1);
	}
}

static void encode_login(struct buf *login)
{
	unsigned char *code = xcalloc(1, (login->len + 2) / 3 * 4 + 1);

	EVP_EncodeBlock(code, (const unsigned char *)login->data, (int)login->len);
	buf_reset(login);
	buf_printf(login, "Authorization: Basic %s\r\n", (const char *)code);
	free(code);
}

static void take_account(struct connection *c, unsigned account)
{
	const struct plan *p = c->plan;

	if (c->path.len > 0 && account == c->account)
		return;
	c->account = account;
	buf_reset(&c->path);
	buf_reset(&c->login);
	if (p->accounts > 0)
		add_numbered(&c->path, p->path, account);
	else
		buf_adds(&c->path, p->path);
	if (p->login == NULL)
		return;
	if (p->accounts > 0)
		add_numbered(&c->login, p->login, account);
	else
		buf_adds(&c->login, p->login);
	encode_login(&c->login);
}

/* ---- a request ---- */

static size_t count(const char *text, const char *needle)
{
	size_t n = 0;

	for (; (text = strstr(text, needle)) != NULL; text += strlen(needle))
		n++;
	return n;
}

/* What was built in c->request, and its answer: seconds, or -1. */
static double ask(struct connection *c, const char *method, const char *path, const char *headers,
	const char *body, int expected)
{
	double before;

	buf_reset(&c->request);
	buf_printf(&c->request, "%s ", method);
	buf_adds(&c->request, path);
	buf_printf(&c->request, " HTTP/1.1\r\nHost: %s\r\n%s", c->plan->host, headers);
	if (c->login.len > 0)
		buf_adds(&c->request, c->login.data);
	if (*body != '\0')
		buf_printf(&c->request, "Content-Length: %zu\r\n", strlen(body));
	buf_adds(&c->request, "\r\n");
	buf_adds(&c->request, body);
	before = now_seconds();
	if (c->closed && connect_peer(c) != 0) {
		perror("load: connect");
		return -1;
	}
	if (send_all(c->fd, c->request.data, c->request.len) != 0 || read_answer(c) != 0) {
		fprintf(stderr, "load: %s %s: the connection broke\n", method, path);
		return -1;
	}
	before = now_seconds() - before;
	/* 200 and 204 instead of each other are both found in the field. */
	if (c->status != expected && (c->status < 200 || c->status == 207 || c->status > 204 || expected == 207)) {
		fprintf(stderr, "load: %s %s: %.400s\n", method, path, c->answer.data);
		return -1;
	}
	c->bytes = c->body.len;
	return before;
}

/* ---- the work ---- */

static double report(struct connection *c, const char *method, const char *depth, const char *xml)
{
	char headers[100];

	snprintf(headers, sizeof(headers), "Depth: %s\r\nContent-Type: application/xml\r\n", depth);
	return ask(c, method, c->path.data, headers, xml, 207);
}

static void event_path(const struct connection *c, unsigned n, struct buf *out)
{
	buf_init(out, 1024);
	buf_adds(out, c->path.data);
	bench_event_name(n, out);
}

static double put(struct connection *c, unsigned n, unsigned version)
{
	struct buf path cleanup_buf, body cleanup_buf;

	event_path(c, n, &path);
	buf_init(&body, REQUEST_MAX);
	bench_event(n, version, &body);
	return ask(c, "PUT", path.data, "Content-Type: text/calendar; charset=utf-8\r\n", body.data, 201);
}

/* Of what is done once: n goes through the accounts first. */
static unsigned own_number(const struct connection *c, unsigned n)
{
	return c->plan->accounts > 0 ? n / c->plan->accounts : n;
}

static double run_fill(struct connection *c, unsigned n)
{
	return put(c, own_number(c, n), 0);
}

static double run_put(struct connection *c, unsigned n)
{
	return put(c, c->plan->first + n, 0);
}

/* Jumps through the calendar by a prime. */
static unsigned some_event(const struct connection *c, unsigned n)
{
	return n * 7919U % c->plan->events;
}

static double run_put_over(struct connection *c, unsigned n)
{
	return put(c, some_event(c, n), n + 1);
}

static double on_event(struct connection *c, const char *method, unsigned n, int expected)
{
	struct buf path cleanup_buf;

	event_path(c, n, &path);
	return ask(c, method, path.data, "", "", expected);
}

static double run_delete(struct connection *c, unsigned n)
{
	return on_event(c, "DELETE", c->plan->first + own_number(c, n), 204);
}

static double run_login(struct connection *c, unsigned n)
{
	(void)n;
	return on_event(c, "GET", 0, 200);
}

static double run_get(struct connection *c, unsigned n)
{
	if (c->path.data[c->path.len - 1] != '/')
		return ask(c, "GET", c->path.data, "", "", 200);
	return on_event(c, "GET", some_event(c, n), 200);
}

static double run_getctag(struct connection *c, unsigned n)
{
	(void)n;
	return report(c, "PROPFIND", "0", PROLOG "<D:propfind " NAMESPACES "><D:prop>"
		"<S:getctag xmlns:S=\"http://calendarserver.org/ns/\"/></D:prop></D:propfind>");
}

static double run_propfind(struct connection *c, unsigned n)
{
	(void)n;
	return report(c, "PROPFIND", "1", PROLOG "<D:propfind " NAMESPACES "><D:prop><D:getetag/></D:prop></D:propfind>");
}

/* What stands before the last closing tag of that name, in whatever prefix. */
static int take_token(struct connection *c)
{
	const char *tag = NULL, *begin;

	for (const char *next = c->body.data; (next = strstr(next, "sync-token>")) != NULL; next++)
		tag = next;
	while (tag != NULL && tag > c->body.data && *tag != '<')
		tag--;
	for (begin = tag; begin != NULL && begin > c->body.data && begin[-1] != '>';)
		begin--;
	if (tag == NULL || tag - begin >= TOKEN_SIZE) {
		fprintf(stderr, "load: no sync-token: %.400s\n", c->body.data);
		return -1;
	}
	snprintf(c->token, sizeof(c->token), "%.*s", (int)(tag - begin), begin);
	return 0;
}

static double sync_once(struct connection *c)
{
	char xml[TOKEN_SIZE + 300];
	double took;

	snprintf(xml, sizeof(xml), PROLOG "<D:sync-collection " NAMESPACES "><D:sync-token>%s</D:sync-token>"
		"<D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>", c->token);
	took = report(c, "REPORT", "0", xml);
	return took < 0 || take_token(c) != 0 ? -1 : took;
}

/* A server may give it in parts: 507 for the collection says that there is more (RFC 6578 3.6). */
static double run_sync_initial(struct connection *c, unsigned n)
{
	double all = 0, took;
	size_t items = 0, bytes = 0;

	(void)n;
	c->token[0] = '\0';
	do {
		took = sync_once(c);
		if (took < 0)
			return -1;
		all += took;
		items += count(c->body.data, "getetag>\"") + count(c->body.data, "getetag>&quot;");
		bytes += c->bytes;
	} while (strstr(c->body.data, " 507 ") != NULL);
	c->items = items;
	c->bytes = bytes;
	return all;
}

/* The change before it isn't timed. */
static double run_sync_change(struct connection *c, unsigned n)
{
	if (c->token[0] == '\0' && run_sync_initial(c, n) < 0)
		return -1;
	if (run_put_over(c, n) < 0)
		return -1;
	return sync_once(c);
}

static double run_query(struct connection *c, unsigned n)
{
	struct buf body cleanup_buf;

	(void)n;
	buf_init(&body, REQUEST_MAX);
	buf_printf(&body, PROLOG "<C:calendar-query " NAMESPACES "><D:prop><D:getetag/><C:calendar-data/></D:prop>"
		"<C:filter><C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\">" TIME_RANGE
		"</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>", c->plan->from, c->plan->to);
	return report(c, "REPORT", "1", body.data);
}

static double run_multiget(struct connection *c, unsigned n)
{
	struct buf body cleanup_buf;

	buf_init(&body, REQUEST_MAX);
	buf_adds(&body, PROLOG "<C:calendar-multiget " NAMESPACES "><D:prop><D:getetag/><C:calendar-data/></D:prop>");
	for (unsigned i = 0; i < MULTIGET; i++) {
		buf_adds(&body, "<D:href>");
		buf_adds(&body, c->path.data);
		bench_event_name(some_event(c, n * MULTIGET + i), &body);
		buf_adds(&body, "</D:href>");
	}
	buf_adds(&body, "</C:calendar-multiget>");
	return report(c, "REPORT", "1", body.data);
}

static double run_freebusy(struct connection *c, unsigned n)
{
	struct buf body cleanup_buf;

	(void)n;
	buf_init(&body, REQUEST_MAX);
	buf_printf(&body, PROLOG "<C:free-busy-query " NAMESPACES ">" TIME_RANGE "</C:free-busy-query>",
		c->plan->from, c->plan->to);
	return ask(c, "REPORT", c->path.data, "Depth: 1\r\nContent-Type: application/xml\r\n", body.data, 200);
}

static const struct work works[] = {
	{ "fill", NULL, 0, run_fill, true },
	{ "put", NULL, 0, run_put, false },
	{ "put-over", NULL, 0, run_put_over, false },
	{ "delete", NULL, 0, run_delete, true },
	{ "login", "BEGIN:VCALENDAR", 1, run_login, true },
	{ "get", "BEGIN:VCALENDAR", 1, run_get, false },
	{ "getctag", "getctag>", 2, run_getctag, false },
	{ "propfind", "href>", 2, run_propfind, false },
	{ "sync-initial", "", 0, run_sync_initial, false },
	{ "sync-change", "href>", 2, run_sync_change, false },
	{ "query", "BEGIN:VCALENDAR", 1, run_query, false },
	{ "multiget", "BEGIN:VCALENDAR", 1, run_multiget, false },
	{ "freebusy", "FREEBUSY", 1, run_freebusy, false },
};

/* ---- a run ---- */

static bool is_over(const struct plan *p, unsigned n)
{
	return atomic_load(&stop) || (p->work->once && n >= p->events);
}

/* The number of items is looked at behind the timing. */
static int one(struct connection *c, unsigned n)
{
	const struct work *w = c->plan->work;
	double took;

	if (c->plan->accounts > 0)
		take_account(c, (w->once ? n : c->number) % c->plan->accounts);
	took = w->run(c, n);
	if (took < 0)
		return -1;
	c->all_bytes += c->bytes;
	if (w->each > 0)
		c->items = count(c->body.data, w->needle) / w->each;
	if (w->needle != NULL && c->items < c->plan->items) {
		fprintf(stderr, "load: %s: %zu items, expected %zu: %.400s\n", w->name, c->items, c->plan->items,
			c->answer.data);
		return -1;
	}
	if (c->count < c->most)
		c->samples[c->count++] = took;
	return 0;
}

static void *run(void *arg)
{
	struct connection *c = arg;

	if (connect_peer(c) != 0) {
		perror("load: connect");
		c->failed = true;
		return NULL;
	}
	while (!c->failed) {
		unsigned n = atomic_fetch_add(&counter, 1);

		if (is_over(c->plan, n))
			break;
		c->failed = one(c, n) != 0;
	}
	close(c->fd);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* sync-change has work between what is timed: its rate is of the timed part alone. */
static int print(const struct plan *p, const struct connection *all, double elapsed)
{
	size_t total = 0, bytes = 0, n = 0;
	double *samples, busy = 0;

	for (unsigned i = 0; i < p->connections; i++) {
		if (all[i].failed)
			return 1;
		total += all[i].count;
		bytes += all[i].all_bytes;
	}
	if (total == 0) {
		fprintf(stderr, "load: %s: no answer in time\n", p->work->name);
		return 1;
	}
	samples = xcalloc(total, sizeof(*samples));
	for (unsigned i = 0; i < p->connections; i++) {
		memcpy(samples + n, all[i].samples, all[i].count * sizeof(*samples));
		n += all[i].count;
	}
	for (size_t i = 0; i < total; i++)
		busy += samples[i];
	if (p->work->run == run_sync_change)
		elapsed = busy / p->connections;
	qsort(samples, total, sizeof(*samples), by_value);
	printf("{\"work\": \"%s\", \"connections\": %u, \"requests\": %zu, \"rate\": %.2f, \"median\": %.4f, \"p99\": %.4f, "
		"\"items\": %zu, \"bytes\": %zu}\n", p->work->name, p->connections, total, (double)total / elapsed,
		samples[total / 2] * 1e3, samples[total - 1 - total / 100] * 1e3, all[0].items, bytes / total);
	free(samples);
	return 0;
}

static void wait_for_time(const struct plan *p)
{
	struct timespec pause = { .tv_sec = (time_t)p->seconds };

	pause.tv_nsec = (long)((p->seconds - (double)pause.tv_sec) * 1e9);
	nanosleep(&pause, NULL);
	atomic_store(&stop, true);
}

static int start_all(const struct plan *p, struct connection *all)
{
	for (unsigned i = 0; i < p->connections; i++) {
		struct connection *c = &all[i];

		c->plan = p;
		c->fd = -1;
		c->number = i;
		c->most = SAMPLES_MAX / p->connections;
		c->samples = xcalloc(c->most, sizeof(*c->samples));
		buf_init(&c->path, REQUEST_MAX);
		buf_init(&c->login, REQUEST_MAX);
		take_account(c, 0);
		buf_init(&c->request, REQUEST_MAX);
		buf_init(&c->answer, ANSWER_MAX);
		buf_init(&c->body, ANSWER_MAX);
		if (pthread_create(&c->thread, NULL, run, c) != 0)
			return -1;
	}
	return 0;
}

static int measure(const struct plan *p)
{
	struct connection *all = xcalloc(p->connections, sizeof(*all));
	double started = now_seconds();

	if (start_all(p, all) != 0)
		return 1;
	if (!p->work->once)
		wait_for_time(p);
	for (unsigned i = 0; i < p->connections; i++)
		pthread_join(all[i].thread, NULL);
	return print(p, all, now_seconds() - started);
}

/* ---- the command line ---- */

static int usage(void)
{
	fputs("usage: load [-u USER:PASSWORD] [-c CONNECTIONS] [-s SECONDS] [-n EVENTS] [-f FIRST] [-e ITEMS]\n"
	      "            [-w START/END] [-a ACCOUNTS] WORK URL\n"
	      "WORK:", stderr);
	for (size_t i = 0; i < ARRAY_SIZE(works); i++)
		fprintf(stderr, " %s", works[i].name);
	fputc('\n', stderr);
	return 2;
}

/* http://127.0.0.1:PORT/PATH/ */
static int take_url(struct plan *p, const char *url)
{
	char address[32];
	unsigned port;
	int used = 0;

	if (sscanf(url, "http://%31[0-9.]:%u%n", address, &port, &used) != 2 || url[used] != '/')
		return -1;
	p->path = url + used;
	snprintf(p->host, sizeof(p->host), "%s:%u", address, port);
	p->peer.sin_family = AF_INET;
	p->peer.sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, address, &p->peer.sin_addr) == 1 ? 0 : -1;
}

/* 20260301T000000Z/20260401T000000Z */
static int take_window(struct plan *p, const char *text)
{
	const char *slash = strchr(text, '/');

	if (slash == NULL || slash - text != INSTANT_SIZE || strlen(slash + 1) != INSTANT_SIZE)
		return -1;
	p->from = text;
	p->to = slash + 1;
	return 0;
}

int main(int argc, char **argv)
{
	struct plan p = { .seconds = 5, .events = 1, .items = 1, .connections = 1 };
	const char *window = "20260301T000000Z/20260401T000000Z";
	int opt;

	while ((opt = getopt(argc, argv, "u:c:s:n:f:e:w:a:")) != -1) {
		if (opt == 'u')
			p.login = optarg;
		else if (opt == 'c')
			p.connections = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 's')
			p.seconds = strtod(optarg, NULL);
		else if (opt == 'n')
			p.events = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 'f')
			p.first = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 'e')
			p.items = strtoul(optarg, NULL, 10);
		else if (opt == 'w')
			window = optarg;
		else if (opt == 'a')
			p.accounts = (unsigned)strtoul(optarg, NULL, 10);
		else
			return usage();
	}
	if (optind + 2 != argc || p.connections == 0 || p.events == 0 || take_window(&p, window) != 0 ||
		take_url(&p, argv[optind + 1]) != 0)
		return usage();
	for (size_t i = 0; i < ARRAY_SIZE(works); i++) {
		if (strcmp(works[i].name, argv[optind]) == 0)
			p.work = &works[i];
	}
	return p.work == NULL ? usage() : measure(&p);
}
