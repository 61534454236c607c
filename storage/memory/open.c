/* The store in memory as a whole: opened, closed, looked over. It has no files. */
#include "storage/memory/memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/util.h"

/* Accounts, entries and wakes each carry an arena with all that they point to. */
#define FREE_ARENAS(list, type) do { \
	for (size_t i = 0; i < (list)->n; i++) { \
		struct type *item = (list)->item[i]; \
		arena_destroy(item->mem); \
		free(item); \
	} \
	free((list)->item); \
} while (0)

static int memory_open(const char *path, const struct store_options *o, struct store **out,
	struct err *e)
{
	struct memory *m = xcalloc(1, sizeof(*m));
	uint8_t random[16];

	m->base.ops = &store_memory;
	pthread_mutex_init(&m->lock, NULL);
	clock_cond_init(&m->watch);
	random_bytes(random, sizeof(random));
	base64url(random, sizeof(random), m->info.epoch);
	random_bytes(m->info.key, sizeof(m->info.key));
	snprintf(m->info.host, sizeof(m->info.host), "memory.dedit");
	*out = &m->base;
	return 0;
}

static void memory_close(struct store *s)
{
	struct memory *m = (struct memory *)s;

	for (size_t i = 0; i < m->collections.n; i++) {
		free_collection(m->collections.item[i]);
	}
	free(m->collections.item);
	for (size_t i = 0; i < m->members.n; i++) {
		free_member(m->members.item[i]);
	}
	free(m->members.item);
	free_props(&m->places);
	FREE_ARENAS(&m->accounts, mem_account);
	FREE_ARENAS(&m->ledger, mem_entry);
	FREE_ARENAS(&m->wakes, mem_wake);
	FREE_ARENAS(&m->heads, mem_head);
	signature_key_destroy(m->key);
	for (size_t i = 0; i < m->delegations.n; i++) {
		free_delegation(m->delegations.item[i]);
	}
	free(m->delegations.item);
	pthread_cond_destroy(&m->watch);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static void memory_health(struct store *s, struct store_health *out)
{
	*out = (struct store_health){.free_bytes = UINT64_MAX};
}

static int memory_size(struct store *s, struct store_size *out, struct err *e)
{
	LOCKED(s);
	(void)e;
	*out = (struct store_size){.collections = m->collections.n};
	for (size_t i = 0; i < m->accounts.n; i++)
		out->accounts += !((struct mem_account *)m->accounts.item[i])->row.removed;
	return 0;
}

static void memory_info(struct store *s, struct store_info *out)
{
	*out = ((struct memory *)s)->info;
}

static int memory_scan(struct store *s, store_id collection, found_fn visit, void *arg,
	struct err *e)
{
	return 0;
}

static int memory_watch(struct store *s, int timeout_ms, store_id *collection, struct err *e)
{
	struct memory *m = (struct memory *)s;
	int64_t until = clock_monotonic_us() + (int64_t)timeout_ms * 1000;

	pthread_mutex_lock(&m->lock);
	while (!m->watch_ended && clock_wait(&m->watch, &m->lock, until))
		;
	pthread_mutex_unlock(&m->lock);
	return 0;
}

static void memory_watch_end(struct store *s)
{
	struct memory *m = (struct memory *)s;

	pthread_mutex_lock(&m->lock);
	m->watch_ended = true;
	pthread_cond_broadcast(&m->watch);
	pthread_mutex_unlock(&m->lock);
}

static int memory_flush(struct store *s, struct err *e)
{
	return 0;
}

/* There are no files. */
static int memory_hold(struct store *s, struct err *e)
{
	return 0;
}

static void memory_release(struct store *s)
{
}

static int memory_check(struct store *s, bool deep, store_parse_fn parse, store_problem_fn problem, void *arg,
	struct store_counts *out, struct err *e)
{
	LOCKED(s);
	struct store_counts counts = {.accounts = m->accounts.n, .collections = m->collections.n,
		.ledger = m->ledger.n};

	for (size_t i = 0; i < m->collections.n; i++) {
		counts.objects += count_objects(m->collections.item[i]);
	}
	*out = counts;
	return check_ledger(m, problem, arg);
}

static void memory_session(struct store *s, enum store_session what)
{
	(void)s, (void)what;
}

const struct store_ops store_memory = {
	.abi = STORE_ABI,
	.size = sizeof(struct store_ops),
	.name = "memory",
	.open = memory_open,
	.close = memory_close,
	.info = memory_info,
	.collections = memory_collections,
	.collection = memory_collection,
	.collection_make = memory_collection_make,
	.props = memory_props,
	.props_patch = memory_props_patch,
	.place_props = memory_place_props,
	.objects_have_props = memory_objects_have_props,
	.usage = memory_usage,
	.shares = memory_shares,
	.share_put = memory_share_put,
	.find = memory_find,
	.find_uid = memory_find_uid,
	.body = memory_body,
	.list = memory_list,
	.page = memory_page,
	.changes = memory_changes,
	.home = memory_home,
	.home_changes = memory_home_changes,
	.commit = memory_commit,
	.account = memory_account,
	.accounts = memory_accounts,
	.account_put = memory_account_put,
	.account_close = memory_account_close,
	.ledger = memory_ledger,
	.ledger_head = memory_ledger_head,
	.wakes = memory_wakes,
	.wake_done = memory_wake_done,
	.scan = memory_scan,
	.watch = memory_watch,
	.watch_end = memory_watch_end,
	.flush = memory_flush,
	.hold = memory_hold,
	.release = memory_release,
	.check = memory_check,
	.feeds = memory_feeds,
	.feed = memory_feed,
	.feed_put = memory_feed_put,
	.feed_remove = memory_feed_remove,
	.feed_used = memory_feed_used,
	.shares_set = memory_shares_set,
	.delegations = memory_delegations,
	.delegation_put = memory_delegation_put,
	.delegates_set = memory_delegates_set,
	.ledger_owners = memory_ledger_owners,
	.ledger_key = memory_ledger_key,
	.ledger_sign = memory_ledger_sign,
	.signed_heads = memory_signed_heads,
	.ledger_verify = memory_ledger_verify,
	.health = memory_health,
	.session = memory_session,
	.token_account = memory_token_account,
	.token_used = memory_token_used,
	.size_now = memory_size,
	.count = memory_count,
};
