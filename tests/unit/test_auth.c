#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/password.h"
#include "base/util.h"
#include "http/token.h"
#include "server/auth.h"

struct fixture {
	struct store *store;
	struct auth *auth;
	struct settings *settings;
	struct arena *mem;
	struct auth_attempt attempt;
};

static const char *const no_addresses[] = { NULL };

static void put_account(struct fixture *f, const char *password, uint64_t generation,
	const struct account_token *tokens, size_t count)
{
	struct account ac = { .name = "anna", .displayname = "Anna Martin", .language = "fr",
		.addresses = no_addresses, .generation = generation, .tokens = tokens, .token_count = count };
	char *hash;
	struct err e;

	assert_int_equal(password_hash(password, f->mem, &hash, &e), 0);
	ac.password = hash;
	assert_int_equal(store_account_put(f->store, &ac, &e), 0);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct store_options options = { 0 };
	struct err e;

	f->mem = arena_create();
	if (store_open("memory", NULL, &options, &f->store, &e) != 0 ||
		auth_create(f->store, &f->auth, &e) != 0 ||
		settings_parse("server { login-attempts = 3 login-delay = 1h }\n"
			       "group \"admin\" { members = { \"anna\" } }", "t.conf", &f->settings, &e) != 0)
		return -1;
	put_account(f, "correct horse", 1, NULL, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	auth_destroy(f->auth);
	store_close(f->store);
	settings_destroy(f->settings);
	arena_destroy(f->mem);
	free(f);
	return 0;
}

static const char *basic(struct fixture *f, const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text), n = 0;
	char *out = arena_alloc(f->mem, 8 + (len + 2) / 3 * 4);

	memcpy(out, "Basic ", 6);
	n = 6;
	for (size_t i = 0; i < len; i += 3) {
		unsigned a = (unsigned char)text[i], b = i + 1 < len ? (unsigned char)text[i + 1] : 0,
			 c = i + 2 < len ? (unsigned char)text[i + 2] : 0;
		out[n++] = digits[a >> 2];
		out[n++] = digits[(a & 3) << 4 | b >> 4];
		out[n++] = i + 1 < len ? digits[(b & 15) << 2 | c >> 6] : '=';
		out[n++] = i + 2 < len ? digits[c & 63] : '=';
	}
	return out;
}

static enum auth_result begin(struct fixture *f, const char *header, const char *address)
{
	f->attempt = (struct auth_attempt){ .settings = f->settings, .address = address, .mem = f->mem };
	return auth_begin(f->auth, &f->attempt, header);
}

/* Both halves, as a request goes through them. */
static enum auth_result login(struct fixture *f, const char *credentials, const char *address)
{
	enum auth_result r = begin(f, basic(f, credentials), address);

	return r == AUTH_VERIFY ? auth_verify(f->auth, &f->attempt) : r;
}

static void test_right_password(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(login(f, "anna:correct horse", "192.0.2.1"), AUTH_OK);
	assert_string_equal(f->attempt.who.name, "anna");
	assert_string_equal(f->attempt.who.displayname, "Anna Martin");
	assert_string_equal(f->attempt.who.language, "fr");
	assert_true(f->attempt.who.admin);
	auth_finish(&f->attempt);
	assert_null(f->attempt.password);
}

static void test_name_in_any_case(void **state)
{
	assert_int_equal(login(*state, "ANNA:correct horse", "192.0.2.1"), AUTH_OK);
}

static void test_wrong_and_unknown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(login(f, "anna:wrong horse", "192.0.2.1"), AUTH_WRONG);
	assert_int_equal(login(f, "bob:correct horse", "192.0.2.1"), AUTH_WRONG);
	assert_int_equal(login(f, "../anna:correct horse", "192.0.2.1"), AUTH_WRONG);
	assert_int_equal(login(f, "anna:", "192.0.2.2"), AUTH_WRONG);
	assert_int_equal(login(f, ":", "192.0.2.2"), AUTH_WRONG);
}

static void test_no_credentials(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(begin(f, NULL, "192.0.2.1"), AUTH_MISSING);
	assert_int_equal(begin(f, "", "192.0.2.1"), AUTH_MISSING);
	assert_int_equal(begin(f, "Bearer abc", "192.0.2.1"), AUTH_MISSING);
	assert_int_equal(begin(f, "Basic !!!", "192.0.2.1"), AUTH_MISSING);
	assert_int_equal(begin(f, "Basic YW5uYQ==", "192.0.2.1"), AUTH_MISSING); /* no colon */
	assert_int_equal(begin(f, "Basic YW4AYTp4", "192.0.2.1"), AUTH_MISSING); /* a NUL */
	for (int i = 0; i < 20; i++)
		begin(f, NULL, "192.0.2.1");
	assert_int_equal(begin(f, basic(f, "anna:correct horse"), "192.0.2.1"), AUTH_VERIFY);
}

static void test_success_is_remembered(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(begin(f, basic(f, "anna:correct horse"), "192.0.2.1"), AUTH_VERIFY);
	assert_int_equal(auth_verify(f->auth, &f->attempt), AUTH_OK);
	assert_int_equal(begin(f, basic(f, "anna:correct horse"), "192.0.2.9"), AUTH_OK);
	assert_int_equal(begin(f, basic(f, "anna:correct hors"), "192.0.2.9"), AUTH_VERIFY);
}

static void test_new_password_ends_it(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(login(f, "anna:correct horse", "192.0.2.1"), AUTH_OK);
	put_account(f, "battery staple", 2, NULL, 0);
	assert_int_equal(login(f, "anna:correct horse", "192.0.2.1"), AUTH_WRONG);
	assert_int_equal(login(f, "anna:battery staple", "192.0.2.1"), AUTH_OK);
}

static void test_brake(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(login(f, "anna:correct horse", "192.0.2.7"), AUTH_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(login(f, "anna:guess", "192.0.2.7"), AUTH_WRONG);
	assert_int_equal(login(f, "anna:guess", "192.0.2.7"), AUTH_WAIT);
	assert_true(f->attempt.wait_ms > 200000);
	/* What is remembered is never braked, nor is anna from elsewhere. */
	assert_int_equal(login(f, "anna:correct horse", "192.0.2.7"), AUTH_OK);
	assert_int_equal(login(f, "anna:guess", "192.0.2.8"), AUTH_WRONG);
	/* An unknown name is braked in the same way. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(login(f, "bob:guess", "192.0.2.9"), AUTH_WRONG);
	assert_int_equal(login(f, "bob:guess", "192.0.2.9"), AUTH_WAIT);
}

/* Guesses sent together pass the first look together; the brake still holds for all but the first ones. */
static void test_brake_for_guesses_at_once(void **state)
{
	enum { GUESSES = 8, ALLOWED = 3 };
	struct fixture *f = *state;
	struct auth_attempt attempts[GUESSES];

	for (int i = 0; i < GUESSES; i++) {
		assert_int_equal(begin(f, basic(f, "anna:a guess"), "192.0.2.1"), AUTH_VERIFY);
		attempts[i] = f->attempt;
	}
	for (int i = 0; i < GUESSES; i++) {
		assert_int_equal(auth_verify(f->auth, &attempts[i]), i < ALLOWED ? AUTH_WRONG : AUTH_WAIT);
		assert_true(i < ALLOWED || attempts[i].wait_ms > 0);
	}
}

/* A program that opens its connections together is let in together, whatever happens beside it. */
static void test_success_counts_for_those_that_wait(void **state)
{
	struct fixture *f = *state;
	struct auth_attempt second;

	assert_int_equal(begin(f, basic(f, "anna:correct horse"), "192.0.2.1"), AUTH_VERIFY);
	second = f->attempt;
	assert_int_equal(login(f, "anna:correct horse", "192.0.2.1"), AUTH_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(login(f, "anna:wrong", "192.0.2.1"), AUTH_WRONG);
	assert_int_equal(login(f, "anna:wrong", "192.0.2.1"), AUTH_WAIT);
	assert_int_equal(auth_verify(f->auth, &second), AUTH_OK);
}

/* Each has to be: one that is forgotten is hashed at each request, and keeps the others waiting. */
static void test_a_thousand_are_remembered(void **state)
{
	enum { ACCOUNTS = 1000 };
	struct fixture *f = *state;
	struct err e;

	for (int i = 0; i < ACCOUNTS; i++) {
		char *name = arena_printf(f->mem, "user%d", i);
		/* "horse" by MD5, which takes no time */
		struct account ac = { .name = name, .displayname = name, .language = "en", .addresses = no_addresses,
			.generation = 1, .password = "$1$dedit$t22P9SPs0kVLrPB2FAcRg0" };

		assert_int_equal(store_account_put(f->store, &ac, &e), 0);
		assert_int_equal(login(f, arena_printf(f->mem, "%s:horse", name), "192.0.2.1"), AUTH_OK);
	}
	for (int i = 0; i < ACCOUNTS; i++)
		assert_int_equal(begin(f, basic(f, arena_printf(f->mem, "user%d:horse", i)), "192.0.2.1"), AUTH_OK);
}

static void test_application_password(void **state)
{
	struct fixture *f = *state;
	char id[TOKEN_ID_SIZE], token[TOKEN_SIZE], hash[CHAIN_SIZE];
	struct account_token kept = { id, "phone", hash, 0, TOKEN_CALENDAR, 0 };
	char *credentials;

	token_make(id, token, hash);
	assert_int_equal(strlen(token), TOKEN_SIZE - 1);
	assert_true(str_starts(token, id));
	put_account(f, "correct horse", 2, &kept, 1);
	credentials = arena_printf(f->mem, "anna:%s", token);
	assert_int_equal(begin(f, basic(f, credentials), "192.0.2.1"), AUTH_OK);
	/* One character off. */
	credentials[strlen(credentials) - 1] ^= 1;
	assert_int_equal(login(f, credentials, "192.0.2.1"), AUTH_WRONG);
	put_account(f, "correct horse", 3, NULL, 0);
	assert_int_equal(login(f, arena_printf(f->mem, "anna:%s", token), "192.0.2.1"), AUTH_WRONG);
}

static void test_closed_account(void **state)
{
	struct fixture *f = *state;
	struct err e;

	assert_int_equal(login(f, "anna:correct horse", "192.0.2.1"), AUTH_OK);
	assert_int_equal(store_account_close(f->store, "anna", &e), 0);
	assert_int_equal(login(f, "anna:correct horse", "192.0.2.1"), AUTH_WRONG);
}

static int64_t cpu_us(struct fixture *f, const char *credentials)
{
	struct timespec before, after;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	login(f, credentials, "192.0.2.1");
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	return (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;
}

/* trust.md T-34: by processor time, so that a busy machine doesn't matter. */
static void test_unknown_costs_the_same(void **state)
{
	struct fixture *f = *state;
	int64_t wrong = 0, unknown = 0;

	for (int i = 0; i < 2; i++) {
		wrong += cpu_us(f, "anna:wrong");
		unknown += cpu_us(f, "bob:wrong");
	}
	assert_true(unknown > wrong / 2);
	assert_true(wrong > unknown / 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_right_password),
		TEST(test_name_in_any_case),
		TEST(test_wrong_and_unknown),
		TEST(test_no_credentials),
		TEST(test_success_is_remembered),
		TEST(test_new_password_ends_it),
		TEST(test_brake),
		TEST(test_brake_for_guesses_at_once), TEST(test_success_counts_for_those_that_wait),
		TEST(test_a_thousand_are_remembered),
		TEST(test_application_password),
		TEST(test_closed_account),
		TEST(test_unknown_costs_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
