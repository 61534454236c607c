/*
 * A whole policy module for dédit, to read and to copy: a studio's classes. See README.md.
 *
 * A client who cancels less than so many hours before the start owes a flat fee, which can be taken
 * back until it is due; the first time in a year is forgiven. What the studio does itself costs nobody
 * anything.
 *
 * It needs dedit_policy.h and the C library, no more. Each function below is about one member of
 * struct policy_module or one call of struct policy_host; dedit-policy-module(3) describes them.
 */
#include <dedit_policy.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define CLASS "late-cancel"

enum {
	HOUR = 3600,
	YEAR = 365 * 86400,
	HORIZON = 90 * 86400,
};

/* Of one policy section. Filled by open, only read afterwards: check is called by several threads. */
struct classes {
	const struct policy_host *host;
	char policy[64], version[64];
	char currency[4];
	int64_t notice, review; /* seconds */
	int64_t fee;            /* minor units of the currency */
	int64_t free;           /* late cancellations a year that cost nothing */
	bool keep_deleted;      /* a client who is late has to cancel, not to delete */
};

/* ---- open ---- */

static int read_number(const char *text, int64_t max, int64_t *out)
{
	char *end;

	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < 0 || value > max)
		return -1;
	*out = value;
	return 0;
}

/* The host puts file and line of the section before `why`, unless it begins with the file. */
static int read_setting(struct classes *m, const struct policy_setting *s, char *why, size_t why_size)
{
	int64_t hours;

	if (strcmp(s->key, "hours") == 0 && read_number(s->value, 1000, &hours) == 0) {
		m->notice = hours * HOUR;
	} else if (strcmp(s->key, "review-hours") == 0 && read_number(s->value, 1000, &hours) == 0) {
		m->review = hours * HOUR;
	} else if (strcmp(s->key, "fee") == 0 && read_number(s->value, 10000000, &m->fee) == 0) {
	} else if (strcmp(s->key, "free") == 0 && read_number(s->value, 100, &m->free) == 0) {
	} else if (strcmp(s->key, "currency") == 0 && strlen(s->value) == 3) {
		memcpy(m->currency, s->value, sizeof(m->currency));
	} else if (strcmp(s->key, "keep-deleted") == 0 && strcmp(s->value, "yes") == 0) {
		m->keep_deleted = true;
	} else {
		snprintf(why, why_size, "%s:%d: '%s=%s': expected hours=N, review-hours=N, fee=N (in cents), free=N, "
			"currency=EUR or keep-deleted=yes", s->file, s->line, s->key, s->value);
		return -1;
	}
	return 0;
}

static int classes_open(const struct policy_host *host, const char *policy_name, const char *digest,
	const struct policy_setting *settings, size_t n, void **self, char *why, size_t why_size)
{
	struct classes *m = calloc(1, sizeof(*m));

	if (m == NULL) {
		snprintf(why, why_size, "no memory");
		return -1;
	}
	*m = (struct classes){ .host = host, .currency = "EUR", .notice = 12 * HOUR, .review = 24 * HOUR,
		.fee = 1200, .free = 1 };
	snprintf(m->policy, sizeof(m->policy), "%s", policy_name);
	snprintf(m->version, sizeof(m->version), "%s", digest);
	for (size_t i = 0; i < n; i++) {
		if (read_setting(m, &settings[i], why, why_size) != 0) {
			free(m);
			return -1;
		}
	}
	*self = m;
	return 0;
}

static void classes_close(void *self)
{
	free(self);
}

static int64_t classes_horizon(void *self)
{
	(void)self;
	return HORIZON;
}

/* ---- history ---- */

/* What is on record about one occurrence. A copy: what history() shows ends with the visit. */
struct standing {
	const struct policy_change *change;
	const char *client;
	uint32_t state;
	int64_t at, charge;
	char ref[64];
};

/* Who comes: one attendee of a class, the event's only one, or whoever its title names. */
static const char *client_of(const struct policy_change *c)
{
	if (*c->attendee)
		return c->attendee;
	return *c->client_address ? c->client_address : c->summary;
}

static int64_t slot_of(const struct policy_change *c)
{
	return c->before.start ? c->before.start : c->after.start;
}

static int visit_standing(const struct policy_incident *i, void *arg)
{
	struct standing *s = arg;

	if (strcmp(i->class_, CLASS) != 0 || strcmp(i->client, s->client) != 0 ||
		strcmp(i->occurrence, s->change->occurrence) != 0) {
		return 0;
	}
	s->state = i->state; /* the latest holds */
	s->charge = i->charge;
	if (i->state == POLICY_PENDING || i->state == POLICY_WAIVED)
		s->at = i->at;
	snprintf(s->ref, sizeof(s->ref), "%s", i->ref);
	return 0;
}

static int read_standing(const struct classes *m, const struct policy_change *c, struct policy_sink *sink,
	struct standing *s)
{
	struct policy_query q = { .size = sizeof(q), .uid = c->uid, .slot = slot_of(c) };

	*s = (struct standing){ .change = c, .client = client_of(c) };
	return m->host->history(sink, &q, visit_standing, s);
}

/* Forgiven ones that were not taken back since. */
struct forgiven { int64_t count; };

static int visit_forgiven(const struct policy_incident *i, void *arg)
{
	struct forgiven *f = arg;

	if (strcmp(i->class_, CLASS) == 0 && i->state == POLICY_WAIVED) {
		f->count++;
	} else if (strcmp(i->class_, CLASS) == 0 && i->state == POLICY_VOID && strcmp(i->outcome, "forgiven") == 0) {
		f->count--;
	}
	return 0;
}

static int is_forgiven(const struct classes *m, const struct policy_change *c, struct policy_sink *sink,
	bool *out)
{
	struct policy_query q = { .size = sizeof(q), .client = client_of(c), .since = c->now - YEAR };
	struct forgiven f = { 0 };

	if (m->host->history(sink, &q, visit_forgiven, &f) != 0)
		return -1;
	*out = f.count < m->free;
	return 0;
}

/* ---- incidents ---- */

static const char *money_text(const struct classes *m, int64_t amount, char *out, size_t size)
{
	snprintf(out, size, "%" PRId64 ".%02d %s", amount / 100, (int)(amount % 100), m->currency);
	return out;
}

/* supersedes: s->ref, whose entries are taken back or replaced by this one, or "" for the first. */
static int enter(const struct classes *m, const struct policy_change *c, struct policy_sink *sink,
	struct standing *s, uint32_t state, const char *outcome, const char *supersedes)
{
	int64_t slot = slot_of(c);
	char basis[128], fee[40];

	snprintf(basis, sizeof(basis), "%s, less than %" PRId64 " h before the start",
		money_text(m, m->fee, fee, sizeof(fee)), m->notice / HOUR);
	if (!*supersedes) {
		snprintf(s->ref, sizeof(s->ref), "%s", *c->ref ? c->ref : c->fresh_ref);
		s->at = c->now;
	}
	s->state = state;
	s->charge = state == POLICY_PENDING || state == POLICY_DUE ? m->fee : 0;
	return m->host->incident(sink, &(struct policy_incident){
		.size = sizeof(struct policy_incident), .class_ = CLASS, .outcome = outcome, .state = state,
		.at = c->now, .slot = slot, .slot_end = c->before.start ? c->before.end : c->after.end,
		.anchor = slot, .notice = slot - c->now, .required = m->notice, .free_until = slot - m->notice,
		.client = s->client, .title = c->summary, .uid = c->uid, .occurrence = c->occurrence,
		.ref = s->ref, .by = c->role == POLICY_TIMER ? "timer" : c->role == POLICY_CLIENT ? "client" : "owner",
		.actor = c->actor, .basis = basis, .currency = m->currency, .charge = s->charge, .price = -1,
		.policy = m->policy, .version = m->version, .supersedes = supersedes });
}

static bool is_late(const struct classes *m, const struct policy_change *c)
{
	int64_t slot = slot_of(c);

	return c->role == POLICY_CLIENT && slot > c->now && slot - c->now < m->notice;
}

static int cancelled(const struct classes *m, const struct policy_change *c, struct policy_sink *sink,
	struct standing *s)
{
	bool forgiven;

	if (!is_late(m, c) || s->state == POLICY_PENDING || s->state == POLICY_DUE || s->state == POLICY_WAIVED)
		return 0;
	if (m->keep_deleted && (c->flags & POLICY_DELETE))
		return m->host->deny(sink, "It is late for this class: please cancel it instead of deleting it.");
	if (is_forgiven(m, c, sink, &forgiven) != 0)
		return -1;
	return enter(m, c, sink, s, forgiven ? POLICY_WAIVED : POLICY_PENDING, forgiven ? "forgiven" : "charged",
		"");
}

/* Taken back before it is due: nothing is owed, and the forgiveness is there again. */
static int reinstated(const struct classes *m, const struct policy_change *c, struct policy_sink *sink,
	struct standing *s)
{
	if (s->state != POLICY_PENDING && s->state != POLICY_WAIVED)
		return 0;
	return enter(m, c, sink, s, POLICY_VOID, s->state == POLICY_WAIVED ? "forgiven" : "void", s->ref);
}

static int tick(const struct classes *m, const struct policy_change *c, struct policy_sink *sink,
	struct standing *s)
{
	if (s->state != POLICY_PENDING || c->now < s->at + m->review)
		return 0;
	return enter(m, c, sink, s, POLICY_DUE, "charged", s->ref);
}

/* ---- annotation ---- */

static void time_text(int64_t at, char *out, size_t size)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, size, "%Y-%m-%d %H:%M UTC", &tm);
}

/* Depends on the event and the history alone: whatever a program sends back, it is written the same. */
static int annotate(const struct classes *m, const struct policy_change *c, struct policy_sink *sink,
	const struct standing *s)
{
	const struct policy_host *host = m->host;
	char when[32], text[256], value[40];

	if (s->state == POLICY_NONE || s->state == POLICY_VOID) {
		time_text(slot_of(c) - m->notice, when, sizeof(when));
		snprintf(text, sizeof(text), "Free to cancel until %s.", when);
		return host->annotate(sink, POLICY_NOTE_BLOCK, "", text);
	}
	if (s->state == POLICY_WAIVED)
		return host->annotate(sink, POLICY_TITLE_PREFIX, "", "Late, forgiven") ||
			host->annotate(sink, POLICY_NOTE_BLOCK, "", "Cancelled late. This time it costs nothing.");
	time_text(s->at + m->review, when, sizeof(when));
	snprintf(text, sizeof(text), "Cancelled late: %s, %s %s.", money_text(m, s->charge, value, sizeof(value)),
		s->state == POLICY_PENDING ? "due from" : "due since", when);
	return host->annotate(sink, POLICY_TITLE_PREFIX, "", "Late cancellation") ||
		host->annotate(sink, POLICY_NOTE_BLOCK, "", text) ||
		host->annotate(sink, POLICY_REF, "", s->ref) ||
		host->annotate(sink, POLICY_PROPERTY, "X-DEDIT-FEE", value);
}

/* ---- check ---- */

static int decide(const struct classes *m, const struct policy_change *c, struct policy_sink *sink,
	struct standing *s)
{
	switch (c->kind) {
	case POLICY_CANCELLED:
	case POLICY_DECLINED:
		return cancelled(m, c, sink, s);
	case POLICY_BOOKED:
		return reinstated(m, c, sink, s);
	case POLICY_TICK:
		return tick(m, c, sink, s);
	default: /* moved, changed, and what later versions of the interface add */
		return 0;
	}
}

static int classes_check(void *self, const struct policy_change *c, struct policy_sink *sink)
{
	const struct classes *m = self;
	struct standing s;

	if (c->size < sizeof(*c)) {
		m->host->log(LOG_ERR, "classes: built for a newer server than this one");
		return -1;
	}
	if (((c->flags & POLICY_SERIES) && !*c->occurrence) || slot_of(c) == 0 || !*client_of(c))
		return 0;
	if (read_standing(m, c, sink, &s) != 0 || decide(m, c, sink, &s) != 0)
		return -1;
	if (s.state == POLICY_PENDING && m->host->wake(sink, s.at + m->review) != 0)
		return -1;
	return c->flags & POLICY_GONE ? 0 : annotate(m, c, sink, &s) ? -1 : 0;
}

const struct policy_module *dedit_policy_v1(void)
{
	static const struct policy_module module = {
		.abi = DEDIT_POLICY_ABI, .size = sizeof(module), .name = "classes", .version = "1",
		.open = classes_open, .horizon = classes_horizon, .check = classes_check, .close = classes_close,
	};

	return &module;
}
