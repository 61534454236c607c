#include "server/brake.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"

enum {
	SETS = 1024, WAYS = 4,           /* of each table */
	ADDRESS_FACTOR = 4,
	KEY_SIZE = 16,
	FORGET_MS = 15 * 60 * 1000,      /* after the last failure */
	DELAY_MAX_MS = 5 * 60 * 1000,
};

struct entry { uint8_t key[KEY_SIZE]; unsigned failures; int64_t last, until; };
struct table { struct entry entry[SETS][WAYS]; };

/* Two tables: filling the one with made-up accounts doesn't push addresses out of the other. */
struct brake {
	pthread_mutex_t lock;
	uint8_t secret[32];
	struct table addresses, pairs;
};

struct brake *brake_create(void)
{
	struct brake *b = xcalloc(1, sizeof(*b));

	pthread_mutex_init(&b->lock, NULL);
	random_bytes(b->secret, sizeof(b->secret));
	return b;
}

void brake_destroy(struct brake *b)
{
	if (b == NULL)
		return;
	pthread_mutex_destroy(&b->lock);
	free(b);
}

/* One customer usually has a whole /64. */
static void network_of(const char *address, char out[INET6_ADDRSTRLEN])
{
	struct in6_addr six;

	snprintf(out, INET6_ADDRSTRLEN, "%s", address);
	if (inet_pton(AF_INET6, address, &six) != 1)
		return;
	memset(&six.s6_addr[8], 0, 8);
	inet_ntop(AF_INET6, &six, out, INET6_ADDRSTRLEN);
}

/* account NULL: the address as a whole. */
static void make_key(const struct brake *b, const char *address, const char *account,
	uint8_t out[SHA256_SIZE])
{
	char network[INET6_ADDRSTRLEN];
	cleanup_free char *text = NULL;

	network_of(address, network);
	text = account != NULL ? xasprintf("%s %s", network, account) : xstrdup(network);
	hmac_sha256(b->secret, sizeof(b->secret), text, strlen(text), out);
}

static struct entry *set_of(struct table *t, const uint8_t key[SHA256_SIZE])
{
	return t->entry[(key[KEY_SIZE] | key[KEY_SIZE + 1] << 8) % SETS];
}

static struct entry *find(struct table *t, const uint8_t key[SHA256_SIZE])
{
	struct entry *set = set_of(t, key);

	for (int i = 0; i < WAYS; i++) {
		if (set[i].failures > 0 && memcmp(set[i].key, key, KEY_SIZE) == 0)
			return &set[i];
	}
	return NULL;
}

/* A free entry, or the one of its set that failed longest ago. */
static struct entry *claim(struct table *t, const uint8_t key[SHA256_SIZE])
{
	struct entry *set = set_of(t, key), *oldest = &set[0];

	for (int i = 0; i < WAYS; i++) {
		if (set[i].failures == 0 || set[i].last < oldest->last)
			oldest = &set[i];
		if (set[i].failures == 0)
			break;
	}
	*oldest = (struct entry){ 0 };
	memcpy(oldest->key, key, KEY_SIZE);
	return oldest;
}

static int64_t delay_for(const struct brake_rule *rule, unsigned failures, unsigned attempts)
{
	int64_t delay = rule->delay_ms;

	if (failures < attempts)
		return 0;
	for (unsigned i = attempts; i < failures && delay < DELAY_MAX_MS; i++)
		delay *= 2;
	return delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS;
}

static void count(struct table *t, const uint8_t key[SHA256_SIZE], const struct brake_rule *rule,
	unsigned attempts, int64_t now)
{
	struct entry *en = find(t, key);

	if (en == NULL)
		en = claim(t, key);
	else if (now - en->last > FORGET_MS)
		en->failures = 0;
	en->failures++;
	en->last = now;
	en->until = now + delay_for(rule, en->failures, attempts);
}

static int64_t wait_of(struct table *t, const uint8_t key[SHA256_SIZE], int64_t now)
{
	const struct entry *en = find(t, key);

	return en != NULL && en->until > now ? en->until - now : 0;
}

int64_t brake_wait(struct brake *b, const char *address, const char *account, int64_t now_ms)
{
	uint8_t whole[SHA256_SIZE], pair[SHA256_SIZE];
	int64_t first, second;

	make_key(b, address, NULL, whole);
	make_key(b, address, account, pair);
	pthread_mutex_lock(&b->lock);
	first = wait_of(&b->addresses, whole, now_ms);
	second = wait_of(&b->pairs, pair, now_ms);
	pthread_mutex_unlock(&b->lock);
	return first > second ? first : second;
}

void brake_failed(struct brake *b, const struct brake_rule *rule, const char *address,
	const char *account, int64_t now_ms)
{
	uint8_t whole[SHA256_SIZE], pair[SHA256_SIZE];

	make_key(b, address, NULL, whole);
	make_key(b, address, account, pair);
	pthread_mutex_lock(&b->lock);
	count(&b->addresses, whole, rule, rule->attempts * ADDRESS_FACTOR, now_ms);
	count(&b->pairs, pair, rule, rule->attempts, now_ms);
	pthread_mutex_unlock(&b->lock);
}

void brake_passed(struct brake *b, const char *address, const char *account)
{
	uint8_t pair[SHA256_SIZE];
	struct entry *en;

	make_key(b, address, account, pair);
	pthread_mutex_lock(&b->lock);
	en = find(&b->pairs, pair);
	if (en != NULL)
		*en = (struct entry){ 0 };
	pthread_mutex_unlock(&b->lock);
}
