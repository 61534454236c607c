#include "server/reaper.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/util.h"

enum {
	GRACE_MS = 1000,    /* in which a new connection isn't cut for the sake of others */
	CUTS_PER_SWEEP = 64,
};

struct peer {
	struct crowd *crowd;
	int fd;
	bool secure, cut, turned_away;
	enum peer_phase phase;
	int64_t since;      /* monotonic ms */
	int64_t held;       /* since when the clock stands, 0: it runs */
	uint64_t bytes;
	struct peer *prev, *next;
};

struct reaper {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	bool stopping;
	struct reaper_rule rule;
	struct peer *peers;
};

static int64_t deadline(const struct reaper_rule *rule, const struct peer *p)
{
	if (p->held != 0)
		return INT64_MAX;
	switch (p->phase) {
	case PEER_NEW:
	case PEER_HEADERS:
		return p->since + rule->header_ms;
	case PEER_IDLE: /* the library ends silence; this is for the drip behind it */
		return p->since + rule->idle_ms + rule->header_ms;
	case PEER_BODY:
	case PEER_SEND:
		return p->since + rule->header_ms + (int64_t)(p->bytes * 1000 / rule->rate);
	case PEER_WORK:
		break;
	}
	return INT64_MAX;
}

static void cut(struct peer *p, enum metric_cut why)
{
	shutdown(p->fd, SHUT_RDWR);
	p->cut = true;
	if (p->crowd != NULL)
		p->crowd->ending++;
	metric_add(METRIC_CONNECTIONS_CUT, why, 1);
	log_debug("connection cut: %s", why == CUT_SLOW ? "too slow" : "idle, and others wait");
}

/* ---- room ---- */

static bool is_full(const struct crowd *c)
{
	return c != NULL && c->open - c->ending > c->limit;
}

/* Does it have nothing to lose? Whoever is between requests rather than who may be about to send one. */
static bool dispensable(const struct peer *p, enum peer_phase phase, int64_t now)
{
	if (p->cut || p->phase != phase)
		return false;
	return phase == PEER_IDLE || now - p->since >= GRACE_MS;
}

static struct peer *longest(const struct reaper *r, const struct crowd *c, enum peer_phase phase, int64_t now)
{
	struct peer *found = NULL;

	for (struct peer *p = r->peers; p != NULL; p = p->next) {
		if (p->crowd == c && dispensable(p, phase, now) && (found == NULL || p->since < found->since))
			found = p;
	}
	return found;
}

static bool make_room(struct reaper *r, const struct crowd *c)
{
	static const enum peer_phase order[] = { PEER_IDLE, PEER_NEW, PEER_HEADERS };
	int64_t now = clock_monotonic_ms();

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		struct peer *p = longest(r, c, order[i], now);

		if (p == NULL)
			continue;
		cut(p, CUT_IDLE);
		return true;
	}
	return false;
}

/* ---- deadlines ---- */

/* When the library takes no more connections, none comes that could make room for itself. */
static void relieve(struct reaper *r, struct crowd *c, int64_t now)
{
	for (int i = 0; i < CUTS_PER_SWEEP && is_full(c) && make_room(r, c); i++)
		;
	c->relieved = now;
}

static void sweep(struct reaper *r)
{
	int64_t now = clock_monotonic_ms();

	for (struct peer *p = r->peers; p != NULL; p = p->next) {
		if (!p->cut && now >= deadline(&r->rule, p))
			cut(p, CUT_SLOW);
		if (is_full(p->crowd) && p->crowd->relieved != now)
			relieve(r, p->crowd, now);
	}
}

static void *run(void *arg)
{
	struct reaper *r = arg;
	/* A deadline is met within a quarter of the shortest one, and within a second. */
	int64_t step = r->rule.header_ms / 4 < 1000 ? r->rule.header_ms / 4 + 1 : 1000;

	pthread_setname_np(pthread_self(), "reaper");
	pthread_mutex_lock(&r->lock);
	while (!r->stopping) {
		clock_wait(&r->wake, &r->lock, clock_monotonic_us() + step * 1000);
		sweep(r);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

int reaper_create(const struct reaper_rule *rule, struct reaper **out, struct err *e)
{
	struct reaper *r = xcalloc(1, sizeof(*r));
	int rc;

	r->rule = *rule;
	pthread_mutex_init(&r->lock, NULL);
	clock_cond_init(&r->wake);
	rc = pthread_create(&r->thread, NULL, run, r);
	if (rc != 0) {
		free(r);
		errno = rc;
		return err_errno(e, ERR_IO, "reaper: thread");
	}
	*out = r;
	return 0;
}

void reaper_destroy(struct reaper *r)
{
	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

struct peer *reaper_add(struct reaper *r, struct crowd *crowd, int fd, bool secure)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	p->crowd = crowd;
	p->fd = fd;
	p->secure = secure;
	p->phase = PEER_NEW;
	p->since = clock_monotonic_ms();
	pthread_mutex_lock(&r->lock);
	p->next = r->peers;
	if (p->next != NULL)
		p->next->prev = p;
	r->peers = p;
	if (crowd != NULL)
		crowd->open++;
	p->turned_away = is_full(crowd) && !make_room(r, crowd);
	pthread_mutex_unlock(&r->lock);
	return p;
}

void reaper_remove(struct reaper *r, struct peer *p)
{
	pthread_mutex_lock(&r->lock);
	if (p->prev != NULL)
		p->prev->next = p->next;
	else
		r->peers = p->next;
	if (p->next != NULL)
		p->next->prev = p->prev;
	if (p->crowd != NULL) {
		p->crowd->open--;
		p->crowd->ending -= p->cut;
	}
	pthread_mutex_unlock(&r->lock);
	free(p);
}

void reaper_phase(struct reaper *r, struct peer *p, enum peer_phase phase, uint64_t bytes)
{
	pthread_mutex_lock(&r->lock);
	p->phase = phase;
	p->since = clock_monotonic_ms();
	p->held = 0;
	p->bytes = bytes;
	pthread_mutex_unlock(&r->lock);
}

void reaper_progress(struct reaper *r, struct peer *p, uint64_t bytes)
{
	pthread_mutex_lock(&r->lock);
	p->bytes += bytes;
	pthread_mutex_unlock(&r->lock);
}

void reaper_hold(struct reaper *r, struct peer *p)
{
	pthread_mutex_lock(&r->lock);
	p->held = clock_monotonic_ms();
	pthread_mutex_unlock(&r->lock);
}

void reaper_release(struct reaper *r, struct peer *p)
{
	pthread_mutex_lock(&r->lock);
	if (p->held != 0)
		p->since += clock_monotonic_ms() - p->held;
	p->held = 0;
	pthread_mutex_unlock(&r->lock);
}

bool peer_turned_away(const struct peer *p)
{
	return p->turned_away;
}

bool peer_secure(const struct peer *p)
{
	return p->secure;
}
