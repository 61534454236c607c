#include "http/session.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"

struct slot {
	uint8_t key[SHA256_SIZE]; /* of the token */
	bool taken;
	unsigned changing;        /* changes of its account that are under way … */
	uint64_t next;            /* … and the latest generation that they lead to */
	int64_t began, used;
	struct session session;
};

struct sessions {
	pthread_mutex_t lock;
	size_t count;
	struct slot slot[];
};

struct sessions *sessions_create(size_t count)
{
	struct sessions *s = xcalloc(1, sizeof(*s) + count * sizeof(s->slot[0]));

	pthread_mutex_init(&s->lock, NULL);
	s->count = count;
	return s;
}

void sessions_destroy(struct sessions *s)
{
	if (s == NULL)
		return;
	pthread_mutex_destroy(&s->lock);
	secret_zero(s->slot, s->count * sizeof(s->slot[0]));
	free(s);
}

static void random_token(char out[SESSION_TOKEN_SIZE])
{
	uint8_t bytes[SHA256_SIZE];

	random_bytes(bytes, sizeof(bytes));
	base64url(bytes, sizeof(bytes), out);
	secret_zero(bytes, sizeof(bytes));
}

static bool is_over(const struct slot *slot, const struct session_rule *rule, int64_t now_ms)
{
	return now_ms - slot->used >= rule->idle_ms || now_ms - slot->began >= rule->lifetime_ms;
}

/* What has ended makes room whenever somebody looks. */
static void sweep(struct sessions *s, const struct session_rule *rule, int64_t now_ms)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->slot[i].taken && is_over(&s->slot[i], rule, now_ms))
			secret_zero(&s->slot[i], sizeof(s->slot[i]));
	}
}

static struct slot *find(struct sessions *s, const char *token)
{
	uint8_t key[SHA256_SIZE];

	sha256(token, strlen(token), key);
	for (size_t i = 0; i < s->count; i++) {
		if (s->slot[i].taken && equal_const_time(s->slot[i].key, key, sizeof(key)))
			return &s->slot[i];
	}
	return NULL;
}

/* name NULL: of all. */
static size_t count_of(const struct sessions *s, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		n += s->slot[i].taken && (name == NULL || strcmp(s->slot[i].session.name, name) == 0);
	return n;
}

static struct slot *free_slot(struct sessions *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (!s->slot[i].taken)
			return &s->slot[i];
	}
	return NULL;
}

/* Used least lately; name NULL: of all. NULL: there is none. */
static struct slot *oldest_of(struct sessions *s, const char *name)
{
	struct slot *oldest = NULL;

	for (size_t i = 0; i < s->count; i++) {
		struct slot *slot = &s->slot[i];

		if (slot->taken && (name == NULL || strcmp(slot->session.name, name) == 0) &&
			(oldest == NULL || slot->used < oldest->used))
			oldest = slot;
	}
	return oldest;
}

/* An account makes room among its own first: nobody can end the sessions of all others by signing in. */
static struct slot *take_slot(struct sessions *s, const struct session_rule *rule, const char *name)
{
	struct slot *slot = count_of(s, name) < rule->each ? free_slot(s) : NULL;

	if (slot == NULL)
		slot = oldest_of(s, name);
	return slot != NULL ? slot : oldest_of(s, NULL);
}

static void tell(const struct slot *slot, const struct session_rule *rule, int64_t now_ms,
	struct session *out)
{
	*out = slot->session;
	out->left_ms = slot->began + rule->lifetime_ms - now_ms;
}

bool session_begin(struct sessions *s, const struct session_rule *rule, const char *name, uint64_t generation,
	int64_t now_ms, char token[SESSION_TOKEN_SIZE], struct session *out)
{
	struct slot *slot;

	pthread_mutex_lock(&s->lock);
	sweep(s, rule, now_ms);
	slot = take_slot(s, rule, name);
	if (slot != NULL) {
		random_token(token);
		*slot = (struct slot){ .taken = true, .began = now_ms, .used = now_ms,
			.session = { .generation = generation } };
		sha256(token, strlen(token), slot->key);
		snprintf(slot->session.name, sizeof(slot->session.name), "%s", name);
		random_token(slot->session.csrf);
		tell(slot, rule, now_ms, out);
	}
	pthread_mutex_unlock(&s->lock);
	return slot != NULL;
}

bool session_find(struct sessions *s, const struct session_rule *rule, const char *token, int64_t now_ms,
	struct session *out)
{
	struct slot *slot;

	pthread_mutex_lock(&s->lock);
	sweep(s, rule, now_ms);
	slot = find(s, token);
	if (slot != NULL) {
		slot->used = now_ms;
		tell(slot, rule, now_ms, out);
	}
	pthread_mutex_unlock(&s->lock);
	return slot != NULL;
}

void session_end(struct sessions *s, const char *token)
{
	struct slot *slot;

	pthread_mutex_lock(&s->lock);
	slot = find(s, token);
	if (slot != NULL)
		secret_zero(slot, sizeof(*slot));
	pthread_mutex_unlock(&s->lock);
}

static uint64_t latest(const struct slot *slot)
{
	return slot->changing > 0 && slot->next > slot->session.generation ? slot->next : slot->session.generation;
}

enum session_verdict session_check(struct sessions *s, const char *token, uint64_t generation)
{
	enum session_verdict verdict = SESSION_OVER;
	struct slot *slot;

	pthread_mutex_lock(&s->lock);
	slot = find(s, token);
	if (slot != NULL && generation <= latest(slot))
		verdict = generation < slot->session.generation ? SESSION_AGAIN : SESSION_HOLDS;
	else if (slot != NULL)
		secret_zero(slot, sizeof(*slot));
	pthread_mutex_unlock(&s->lock);
	return verdict;
}

bool session_announce(struct sessions *s, const char *token, uint64_t from, uint64_t next)
{
	struct slot *slot;
	bool holds;

	pthread_mutex_lock(&s->lock);
	slot = find(s, token);
	holds = slot != NULL && from <= latest(slot);
	if (holds) {
		slot->next = next > latest(slot) ? next : latest(slot);
		slot->changing++;
	}
	pthread_mutex_unlock(&s->lock);
	return holds;
}

static void end_change(struct slot *slot)
{
	if (slot->changing > 0)
		slot->changing--;
}

void session_withdraw(struct sessions *s, const char *token)
{
	struct slot *slot;

	pthread_mutex_lock(&s->lock);
	slot = find(s, token);
	if (slot != NULL)
		end_change(slot);
	pthread_mutex_unlock(&s->lock);
}

void session_keep(struct sessions *s, const char *token, uint64_t generation)
{
	struct slot *slot;

	pthread_mutex_lock(&s->lock);
	slot = find(s, token);
	for (size_t i = 0; slot != NULL && i < s->count; i++) {
		if (&s->slot[i] != slot && strcmp(s->slot[i].session.name, slot->session.name) == 0)
			secret_zero(&s->slot[i], sizeof(s->slot[i]));
	}
	if (slot != NULL)
		end_change(slot);
	/* of two changes at once the later one may be told first */
	if (slot != NULL && slot->session.generation < generation)
		slot->session.generation = generation;
	pthread_mutex_unlock(&s->lock);
}

size_t sessions_count(struct sessions *s, const struct session_rule *rule, const char *name, int64_t now_ms)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	sweep(s, rule, now_ms);
	n = count_of(s, name);
	pthread_mutex_unlock(&s->lock);
	return n;
}
