/*
 * A load generator for any CalDAV server over plain HTTP on this machine: N connections, one
 * request in flight on each, for a number of seconds. Every answer's status is checked; a wrong
 * one ends the run. Prints one line: work, connections, requests/s, median and p99 in ms.
 *
 *	load put|put-over|get HOST PORT /PATH/ USER:PASSWORD CONNECTIONS SECONDS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 65536, SAMPLES_MAX = 1 << 20 };

struct plan {
	const char *work, *path;
	char authorization[256];
	struct sockaddr_in peer;
	double seconds;
};

struct connection {
	const struct plan *plan;
	pthread_t thread;
	unsigned number;
	int fd;
	char answer[ANSWER_MAX];
	uint32_t *samples; /* microseconds of each request */
	size_t count;
	bool failed;
};

static atomic_bool stop;

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void base64_text(const char *in, char *out, size_t size)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(in), n = 0;

	for (size_t i = 0; i < len && n + 5 < size; i += 3) {
		uint32_t v = (uint32_t)(uint8_t)in[i] << 16;

		if (i + 1 < len)
			v |= (uint32_t)(uint8_t)in[i + 1] << 8;
		if (i + 2 < len)
			v |= (uint8_t)in[i + 2];
		out[n++] = set[v >> 18];
		out[n++] = set[v >> 12 & 63];
		out[n++] = i + 1 < len ? set[v >> 6 & 63] : '=';
		out[n++] = i + 2 < len ? set[v & 63] : '=';
	}
	out[n] = '\0';
}

static int connect_peer(struct connection *c)
{
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -1;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return connect(c->fd, (const struct sockaddr *)&c->plan->peer, sizeof c->plan->peer);
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

/* Reads one answer with a Content-Length (or none: 204, 201 without body). Status, or -1. */
static int read_answer(struct connection *c)
{
	size_t have = 0, need = 0;

	for (;;) {
		ssize_t n = recv(c->fd, c->answer + have, ANSWER_MAX - 1 - have, 0);
		char *end, *length;

		if (n <= 0)
			return -1;
		have += (size_t)n;
		c->answer[have] = '\0';
		if (need == 0) {
			end = strstr(c->answer, "\r\n\r\n");
			if (end == NULL)
				continue;
			length = strcasestr(c->answer, "\r\nContent-Length:");
			need = (size_t)(end + 4 - c->answer);
			if (length != NULL && length < end)
				need += strtoul(length + 17, NULL, 10);
			if (need >= ANSWER_MAX)
				return -1;
		}
		if (have >= need)
			return (int)strtol(c->answer + 9, NULL, 10);
	}
}

static int event_body(char *out, size_t size, unsigned connection, size_t n)
{
	unsigned day = (unsigned)(n % 28) + 1, hour = (unsigned)(n / 28 % 24);

	return snprintf(out, size,
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//bench//EN\r\nBEGIN:VEVENT\r\n"
		"UID:load-%u-%zu-%d@bench.example\r\nDTSTAMP:20260101T000000Z\r\n"
		"DTSTART:202703%02uT%02u0000Z\r\nDTEND:202703%02uT%02u3000Z\r\n"
		"SUMMARY:Client %u-%zu-%d\r\nLOCATION:Room 5\r\n"
		"DESCRIPTION:%.*s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
		connection, n, (int)getpid(), day, hour, day, hour, connection, n, (int)getpid(), 600,
		"Agenda: the minutes of the last meeting\\, the figures of the quarter\\, the plan of the "
		"next one\\; please bring what you have. ");
}

static int one_request(struct connection *c, size_t n)
{
	char body[2048], request[4096];
	const struct plan *p = c->plan;
	bool put = strcmp(p->work, "get") != 0, over = strcmp(p->work, "put-over") == 0;
	size_t name = put && !over ? n : n % 16;
	int body_len = put ? event_body(body, sizeof body, c->number, name) : 0, len, status;

	if (over) /* other bytes each time, the same UID: a real change */
		body_len += snprintf(body + body_len - 30, 64, "X-N:%08zu\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
			n % 100000000) - 30;
	if (put)
		len = snprintf(request, sizeof request, "PUT %sload-%u-%zu-%d.ics HTTP/1.1\r\nHost: bench\r\n"
			"Authorization: Basic %s\r\nContent-Type: text/calendar\r\nContent-Length: %d\r\n\r\n%s",
			p->path, c->number, name, (int)getpid(), p->authorization, body_len, body);
	else
		len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: bench\r\n"
			"Authorization: Basic %s\r\n\r\n", p->path, p->authorization);
	if (send_all(c->fd, request, (size_t)len) < 0)
		return -1;
	status = read_answer(c);
	if (put ? status != 201 && status != 204 : status != 200) {
		fprintf(stderr, "load: status %d: %.300s\n", status, c->answer);
		return -1;
	}
	return 0;
}

static void *run(void *arg)
{
	struct connection *c = arg;

	if (connect_peer(c) < 0) {
		perror("load: connect");
		c->failed = true;
		return NULL;
	}
	for (size_t n = 0; !atomic_load(&stop) && c->count < SAMPLES_MAX; n++) {
		double before = now_seconds();

		if (one_request(c, n) < 0) {
			c->failed = true;
			break;
		}
		c->samples[c->count++] = (uint32_t)((now_seconds() - before) * 1e6);
	}
	close(c->fd);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int report(const struct plan *p, struct connection *all, size_t connections, double elapsed)
{
	size_t total = 0, n = 0;
	uint32_t *samples;
	bool failed = false;

	for (size_t i = 0; i < connections; i++)
		total += all[i].count, failed |= all[i].failed;
	if (failed || total == 0)
		return 1;
	samples = calloc(total, sizeof *samples);
	if (samples == NULL)
		return 1;
	for (size_t i = 0; i < connections; i++) {
		memcpy(samples + n, all[i].samples, all[i].count * sizeof *samples);
		n += all[i].count;
	}
	qsort(samples, total, sizeof *samples, by_value);
	printf("%s %zu %.0f %.3f %.3f\n", p->work, connections, (double)total / elapsed,
		samples[total / 2] / 1e3, samples[total - 1 - total / 100] / 1e3);
	free(samples);
	return 0;
}

int main(int argc, char **argv)
{
	struct plan p = { .seconds = 0 };
	struct connection *all;
	size_t connections;
	struct timespec pause;
	double started;

	if (argc != 8) {
		fputs("usage: load put|put-over|get HOST PORT /PATH/ USER:PASSWORD CONNECTIONS SECONDS\n", stderr);
		return 2;
	}
	p.work = argv[1];
	p.path = argv[4];
	p.seconds = strtod(argv[7], NULL);
	p.peer.sin_family = AF_INET;
	p.peer.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
	base64_text(argv[5], p.authorization, sizeof p.authorization);
	connections = strtoul(argv[6], NULL, 10);
	if (inet_pton(AF_INET, argv[2], &p.peer.sin_addr) != 1 || connections == 0 || connections > 1024)
		return 2;
	all = calloc(connections, sizeof *all);
	if (all == NULL)
		return 1;
	started = now_seconds();
	for (size_t i = 0; i < connections; i++) {
		all[i].plan = &p;
		all[i].number = (unsigned)i;
		all[i].samples = calloc(SAMPLES_MAX, sizeof(uint32_t));
		if (all[i].samples == NULL || pthread_create(&all[i].thread, NULL, run, &all[i]) != 0)
			return 1;
	}
	pause.tv_sec = (time_t)p.seconds;
	pause.tv_nsec = (long)((p.seconds - (double)pause.tv_sec) * 1e9);
	nanosleep(&pause, NULL);
	atomic_store(&stop, true);
	for (size_t i = 0; i < connections; i++)
		pthread_join(all[i].thread, NULL);
	return report(&p, all, connections, now_seconds() - started);
}
