#include "server/auth.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/password.h"
#include "base/util.h"
#include "server/brake.h"
#include "storage/names.h"

enum {
	CACHE_SETS = 2048, /* by two bytes of the key */
	CACHE_WAYS = 8,    /* for accounts that come into the same set */
	CACHE_MS = 10 * 60 * 1000,
	CREDENTIALS_MAX = 1024,
	READ_AGAIN = 2,    /* times that an account is read for a session that has seen a later one */
	USED_EVERY = 3600, /* seconds after which the use of an application password is noted again */
};

struct slot { uint8_t key[SHA256_SIZE]; int64_t until; };

struct auth {
	struct store *store;
	struct brake *brake, *links, *tokens;
	struct refused *refused;
	uint8_t secret[32];
	char *dummy;            /* a hash nobody knows the password of */
	pthread_mutex_t lock;   /* of the cache */
	struct slot cache[CACHE_SETS][CACHE_WAYS];
};

/* ---- application passwords ---- */

static void note_use(struct auth_attempt *t, const struct account_token *token)
{
	int64_t now = clock_now();

	if (now - token->used >= USED_EVERY || now < token->used)
		t->token = token->id;
}

static bool token_matches(struct auth_attempt *t)
{
	const struct account *ac = &t->account;
	const char *password = t->password;
	char hash[CHAIN_SIZE];

	for (size_t i = 0; i < ac->token_count; i++) {
		const struct account_token *token = &ac->tokens[i];
		size_t len = strlen(token->id);

		if (token->scope != TOKEN_CALENDAR || strncmp(password, token->id, len) != 0 || password[len] != '-')
			continue;
		digest_chain(password, strlen(password), hash);
		if (strlen(token->hash) != CHAIN_SIZE - 1 || !equal_const_time(hash, token->hash, CHAIN_SIZE - 1))
			return false;
		note_use(t, token);
		return true;
	}
	return false;
}

/* ---- remembered successes ---- */

static void cache_key(const struct auth *a, const struct auth_attempt *t, uint8_t out[SHA256_SIZE])
{
	cleanup_buf struct buf text;

	buf_init(&text, 2 * CREDENTIALS_MAX);
	buf_printf(&text, "%s%c%llu%c%s", t->account.name, 0,
		(unsigned long long)t->account.generation, 0, t->password);
	hmac_sha256(a->secret, sizeof(a->secret), text.data, text.len, out);
	if (text.size > 0)
		secret_zero(text.data, text.len);
}

/* The key's slot, or NULL. */
static struct slot *cache_find(struct slot set[CACHE_WAYS], const uint8_t key[SHA256_SIZE])
{
	for (size_t i = 0; i < CACHE_WAYS; i++) {
		if (equal_const_time(set[i].key, key, SHA256_SIZE))
			return &set[i];
	}
	return NULL;
}

static struct slot *cache_oldest(struct slot set[CACHE_WAYS])
{
	struct slot *oldest = set;

	for (size_t i = 1; i < CACHE_WAYS; i++) {
		if (set[i].until < oldest->until)
			oldest = &set[i];
	}
	return oldest;
}

static struct slot *cache_set(struct auth *a, const uint8_t key[SHA256_SIZE])
{
	return a->cache[(key[0] | key[1] << 8) % CACHE_SETS];
}

static bool cache_has(struct auth *a, const struct auth_attempt *t)
{
	uint8_t key[SHA256_SIZE];
	const struct slot *slot;
	bool has;

	cache_key(a, t, key);
	pthread_mutex_lock(&a->lock);
	slot = cache_find(cache_set(a, key), key);
	has = slot != NULL && slot->until > clock_monotonic_ms();
	pthread_mutex_unlock(&a->lock);
	return has;
}

static void cache_add(struct auth *a, const struct auth_attempt *t)
{
	uint8_t key[SHA256_SIZE];
	struct slot *slot;

	cache_key(a, t, key);
	pthread_mutex_lock(&a->lock);
	slot = cache_find(cache_set(a, key), key);
	if (slot == NULL)
		slot = cache_oldest(cache_set(a, key));
	memcpy(slot->key, key, sizeof(key));
	slot->until = clock_monotonic_ms() + CACHE_MS;
	pthread_mutex_unlock(&a->lock);
}

/* ---- attempts ---- */

/* "Basic <base64 of name:password>" into the attempt; -1 if it isn't that. */
static int read_credentials(struct auth_attempt *t, const char *value)
{
	cleanup_buf struct buf text;
	char *colon;
	int rc = -1;

	buf_init(&text, CREDENTIALS_MAX);
	if (value == NULL || ascii_ncasecmp(value, "Basic ", 6) != 0)
		return -1;
	value += 6 + strspn(value + 6, " ");
	if (base64_decode(value, strlen(value), &text) == 0 && strlen(text.data) == text.len &&
		(colon = strchr(text.data, ':')) != NULL) {
		t->name = arena_strndup(t->mem, text.data, (size_t)(colon - text.data));
		t->password = arena_strdup(t->mem, colon + 1);
		rc = 0;
	}
	if (text.len > 0)
		secret_zero(text.data, text.len);
	return rc;
}

/* RFC 7617 leaves case to the server; ours are in lower case (architecture.md 15.15). */
static int find_account(struct auth *a, struct auth_attempt *t)
{
	char *name = arena_strdup(t->mem, t->name);
	struct err e;

	ascii_lower(name);
	t->name = name;
	t->known = false;
	t->account = (struct account){ 0 };
	if (!name_typed_valid(name))
		return 0;
	if (store_account(a->store, name, t->mem, &t->account, &e) == 0)
		t->known = !t->account.removed && t->account.password != NULL;
	else if (e.code != ERR_NOT_FOUND) {
		log_error("account %s: %s", name, e.text);
		return -1;
	}
	return 0;
}

static enum auth_result accept_attempt(struct auth_attempt *t, enum metric_login how)
{
	const struct account *ac = &t->account;

	metric_add(METRIC_LOGINS, how, 1);
	t->who = (struct principal){
		.name = ac->name,
		.displayname = ac->displayname,
		.language = ac->language,
		.generation = ac->generation,
		.addresses = ac->addresses,
		.admin = settings_in_group(t->settings, "admin", ac->name),
	};
	return AUTH_OK;
}

/* The address comes first: no name can be made to look like one (trust.md T-51). */
static enum auth_result refuse_attempt(struct auth *a, const struct auth_attempt *t)
{
	enum refused_why why = t->known ? REFUSED_PASSWORD :
		t->account.name != NULL ? REFUSED_CLOSED : REFUSED_UNKNOWN;

	metric_add(METRIC_LOGINS, LOGIN_WRONG, 1);
	refused_add(a->refused, why, t->address, t->account.name, clock_now());
	log_warn("login failed from %s for %s", t->address,
		name_typed_valid(t->name) ? t->name : "(no possible name)");
	return AUTH_WRONG;
}

/* Whether the brake holds the attempt. */
static bool is_braked(struct auth *a, struct auth_attempt *t)
{
	t->wait_ms = brake_wait(a->brake, t->address, t->name, clock_monotonic_ms());
	if (t->wait_ms <= 0)
		return false;
	metric_add(METRIC_LOGINS, LOGIN_BRAKED, 1);
	refused_add(a->refused, REFUSED_WAITING, t->address, t->account.name, clock_now());
	return true;
}

enum auth_result auth_begin(struct auth *a, struct auth_attempt *t, const char *authorization)
{
	if (read_credentials(t, authorization) != 0)
		return AUTH_MISSING;
	if (find_account(a, t) != 0)
		return AUTH_BROKEN;
	/* Neither a success that is remembered nor 128 bits need a brake. */
	if (t->known && (cache_has(a, t) || (t->door == DOOR_BASIC && token_matches(t))))
		return accept_attempt(t, LOGIN_REMEMBERED);
	return is_braked(a, t) ? AUTH_WAIT : AUTH_VERIFY;
}

/* A change that the session makes itself may come between its own look-up and that of the account. */
static enum auth_result check_session(struct auth *a, struct auth_attempt *t, struct request *rq,
	const char *token)
{
	for (int round = 0; round <= READ_AGAIN; round++) {
		enum session_verdict verdict;

		if (find_account(a, t) != 0)
			return AUTH_BROKEN;
		verdict = t->known ? session_check(rq->sessions, token, t->account.generation) : SESSION_OVER;
		if (verdict == SESSION_HOLDS)
			return AUTH_OK;
		if (verdict == SESSION_OVER)
			break;
	}
	session_end(rq->sessions, token);
	return AUTH_MISSING;
}

enum auth_result auth_session(struct auth *a, struct auth_attempt *t, struct request *rq)
{
	const char *token = request_cookie(rq, SESSION_COOKIE);
	enum auth_result result;

	if (token == NULL ||
		!session_find(rq->sessions, &rq->session_rule, token, clock_monotonic_ms(), &rq->session))
		return AUTH_MISSING;
	t->name = rq->session.name;
	result = check_session(a, t, rq, token);
	if (result != AUTH_OK)
		return result;
	rq->session_token = token;
	return accept_attempt(t, LOGIN_REMEMBERED);
}

/* Apart from logins, as wrong links are: a script whose token was revoked holds up nobody beside it. */
static enum auth_result refuse_token(struct auth *a, struct auth_attempt *t)
{
	struct brake_rule rule = { t->settings->login_attempts, t->settings->login_delay_ms };
	int64_t now = clock_monotonic_ms();

	t->wait_ms = brake_wait(a->tokens, t->address, "", now);
	metric_add(METRIC_LOGINS, t->wait_ms > 0 ? LOGIN_BRAKED : LOGIN_WRONG, 1);
	refused_add(a->refused, t->wait_ms > 0 ? REFUSED_WAITING : REFUSED_TOKEN, t->address, NULL, clock_now());
	if (t->wait_ms > 0)
		return AUTH_WAIT;
	brake_failed(a->tokens, &rule, t->address, "", now);
	log_warn("login failed from %s for (a token)", t->address);
	return AUTH_WRONG;
}

enum auth_result auth_bearer(struct auth *a, struct auth_attempt *t, struct request *rq)
{
	const char *value = request_header(rq, "Authorization");
	char hash[CHAIN_SIZE];
	struct err e;
	size_t at;

	if (value == NULL || ascii_ncasecmp(value, "Bearer ", 7) != 0)
		return AUTH_MISSING;
	value += 7 + strspn(value + 7, " ");
	digest_chain(value, strlen(value), hash);
	if (store_token_account(a->store, hash, t->mem, &t->account, &at, &e) != 0) {
		if (e.code == ERR_NOT_FOUND)
			return refuse_token(a, t);
		log_error("a token's account: %s", e.text);
		return AUTH_BROKEN;
	}
	if (t->account.removed || t->account.password == NULL || t->account.tokens[at].scope == TOKEN_CALENDAR)
		return refuse_token(a, t);
	note_use(t, &t->account.tokens[at]);
	rq->bearer = t->account.tokens[at].id;
	rq->read_only = t->account.tokens[at].scope == TOKEN_API_READ;
	return accept_attempt(t, LOGIN_REMEMBERED);
}

enum auth_result auth_confirm(struct auth *a, struct auth_attempt *t, struct request *rq)
{
	enum auth_result result = auth_session(a, t, rq);

	if (result != AUTH_OK)
		return result;
	result = auth_begin(a, t, request_header(rq, "Authorization"));
	return result == AUTH_BROKEN || strcmp(t->name, rq->session.name) == 0 ? result : AUTH_MISSING;
}

enum auth_result auth_verify(struct auth *a, struct auth_attempt *t)
{
	struct brake_rule rule = { t->settings->login_attempts, t->settings->login_delay_ms };
	bool matches;

	/* Others were judged while this one waited its turn: without another look, as many guesses as the
	 * queue holds would pass the brake at once. */
	if (t->known && cache_has(a, t))
		return accept_attempt(t, LOGIN_REMEMBERED);
	if (is_braked(a, t))
		return AUTH_WAIT;
	/* An unknown name costs the same time as a known one (trust.md T-34). */
	matches = password_matches(t->known ? t->account.password : a->dummy, t->password);
	if (t->known && matches) {
		brake_passed(a->brake, t->address, t->name);
		cache_add(a, t);
		return accept_attempt(t, LOGIN_RIGHT);
	}
	brake_failed(a->brake, &rule, t->address, t->name, clock_monotonic_ms());
	return refuse_attempt(a, t);
}

struct refused *auth_refused(const struct auth *a)
{
	return a->refused;
}

int64_t auth_wrong_link(struct auth *a, const struct settings *settings, const char *address)
{
	struct brake_rule rule = { settings->login_attempts, settings->login_delay_ms };
	int64_t now = clock_monotonic_ms(), wait = brake_wait(a->links, address, "", now);

	metric_add(METRIC_WRONG_LINKS, 0, 1);
	if (wait == 0)
		brake_failed(a->links, &rule, address, "", now);
	return wait;
}

void auth_finish(struct auth_attempt *t)
{
	if (t->password != NULL)
		secret_zero(t->password, strlen(t->password));
	t->password = NULL;
}

static int make_dummy(struct auth *a, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	char word[27], *hash;

	random_word(word, sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	if (password_hash(word, mem, &hash, e) != 0)
		return -1;
	a->dummy = xstrdup(hash);
	return 0;
}

int auth_create(struct store *store, struct auth **out, struct err *e)
{
	struct auth *a = xcalloc(1, sizeof(*a));

	pthread_mutex_init(&a->lock, NULL);
	a->store = store;
	a->brake = brake_create();
	a->links = brake_create();
	a->tokens = brake_create();
	a->refused = refused_create();
	random_bytes(a->secret, sizeof(a->secret));
	if (make_dummy(a, e) != 0) {
		auth_destroy(a);
		return -1;
	}
	*out = a;
	return 0;
}

void auth_destroy(struct auth *a)
{
	if (a == NULL)
		return;
	brake_destroy(a->brake);
	brake_destroy(a->links);
	brake_destroy(a->tokens);
	refused_destroy(a->refused);
	pthread_mutex_destroy(&a->lock);
	free(a->dummy);
	secret_zero(a, sizeof(*a));
	free(a);
}
