/* Accounts as administrators make them: policy/account.h, architecture.md 15.15, 15.28, 15.30. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/password.h"
#include "base/util.h"
#include "ical/ical.h"
#include "policy/account.h"
#include "storage/backend.h"

enum { NOW = 1781000000 };

struct fixture { struct store *store; struct arena *mem; struct err e; };

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	const struct store_options options = { 0 };

	f->mem = arena_create();
	*state = f;
	return store_open("memory", NULL, &options, &f->store, &f->e);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	arena_destroy(f->mem);
	free(f);
	return 0;
}

static int make(struct fixture *f, const struct account *given, const char *password)
{
	const char *name;

	return account_make(f->store, given, password, NOW, f->mem, &name, &f->e);
}

static void one_is_made_with_its_calendars(void **state)
{
	static const char *const addresses[] = { "Eva@Example.ORG", NULL };
	struct fixture *f = *state;
	const struct account given = { .name = "Eva.B", .language = "fr", .addresses = addresses,
		.password = "none of its own", .removed = true };
	struct collection c;
	struct account ac;

	assert_int_equal(make(f, &given, "correct horse"), 0);
	assert_int_equal(account_find(f->store, "EVA.b", f->mem, &ac, &f->e), 0);
	assert_string_equal(ac.name, "eva.b");
	assert_string_equal(ac.displayname, "Eva.B");
	assert_string_equal(ac.addresses[0], "eva@example.org");
	assert_null(ac.addresses[1]);
	assert_true(password_matches(ac.password, "correct horse"));
	assert_int_equal(store_collection(f->store, "eva.b", "calendar", f->mem, &c, &f->e), 0);
	assert_int_equal(c.components, ICAL_VEVENT);
	assert_int_equal(store_collection(f->store, "eva.b", "tasks", f->mem, &c, &f->e), 0);
	assert_int_equal(c.components, ICAL_VTODO);
}

static void what_can_be_none_is_refused(void **state)
{
	static const char *const no_address[] = { "nobody", NULL };
	static const struct account wrong[] = {
		{ .name = "" }, { .name = ".x" }, { .name = "a/b" }, { .name = "anné" },
		{ .name = "a", .displayname = "" }, { .name = "a", .displayname = "a\nb" },
		{ .name = "a", .language = "de" }, { .name = "a", .addresses = no_address },
	};
	struct fixture *f = *state;
	struct account ac;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(make(f, &wrong[i], "correct horse"), -1);
		assert_int_equal(f->e.code, ERR_INVALID);
	}
	assert_int_equal(make(f, &(struct account){ .name = "a" }, ""), -1);
	assert_int_equal(f->e.code, ERR_LIMIT);
	assert_int_equal(account_find(f->store, "a", f->mem, &ac, &f->e), -1);
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
}

static void a_name_is_given_once(void **state)
{
	struct fixture *f = *state;
	const struct account anna = { .name = "anna" };
	struct account ac;

	assert_int_equal(make(f, &anna, "correct horse"), 0);
	assert_int_equal(make(f, &(struct account){ .name = "ANNA" }, "another one"), -1);
	assert_int_equal(f->e.code, ERR_EXISTS);
	assert_int_equal(account_find(f->store, "anna", f->mem, &ac, &f->e), 0);
	assert_true(password_matches(ac.password, "correct horse"));
	assert_int_equal(store_account_close(f->store, "anna", &f->e), 0);
	assert_int_equal(account_find(f->store, "anna", f->mem, &ac, &f->e), -1);
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	assert_int_equal(make(f, &anna, "correct horse"), -1);
	assert_int_equal(f->e.code, ERR_EXISTS);
}

/* Who had the old one may have made application passwords with it. */
static void another_password_ends_what_the_old_one_made(void **state)
{
	static const struct account_token phone = { "t1", "phone", "hash", 1, TOKEN_CALENDAR, 0 };
	struct fixture *f = *state;
	struct account ac, stale;

	assert_int_equal(make(f, &(struct account){ .name = "anna" }, "correct horse"), 0);
	assert_int_equal(account_find(f->store, "anna", f->mem, &ac, &f->e), 0);
	ac.tokens = &phone;
	ac.token_count = 1;
	ac.generation++;
	assert_int_equal(store_account_put(f->store, &ac, &f->e), 0);
	stale = ac;
	assert_int_equal(account_set_password(f->store, &ac, "", f->mem, &f->e), -1);
	assert_int_equal(f->e.code, ERR_LIMIT);
	assert_int_equal(account_set_password(f->store, &ac, "battery staple", f->mem, &f->e), 0);
	assert_int_equal(account_set_password(f->store, &stale, "too late", f->mem, &f->e), -1);
	assert_int_equal(f->e.code, ERR_CHANGED);
	assert_int_equal(account_find(f->store, "anna", f->mem, &ac, &f->e), 0);
	assert_true(password_matches(ac.password, "battery staple"));
	assert_int_equal(ac.token_count, 0);
}

static void what_closing_takes_away_is_counted(void **state)
{
	struct fixture *f = *state;
	struct account_holdings has;
	struct collection c;

	assert_int_equal(make(f, &(struct account){ .name = "anna" }, "correct horse"), 0);
	assert_int_equal(store_collection(f->store, "anna", "calendar", f->mem, &c, &f->e), 0);
	struct change change = { .kind = CHANGE_PUT, .collection = c.id, .name = "a.ics", .uid = "a", .body = "A",
		.body_len = 1 };
	struct commit commit = { .now = NOW, .change = &change, .changes = 1 };
	assert_int_equal(store_commit(f->store, &commit, &f->e), 0);
	assert_int_equal(account_holdings(f->store, "anna", &has, &f->e), 0);
	assert_int_equal(has.calendars, 2);
	assert_int_equal(has.objects, 1);
	assert_int_equal(account_holdings(f->store, "nobody", &has, &f->e), 0);
	assert_int_equal(has.calendars + has.objects, 0);
}

static void made_passwords_differ(void **state)
{
	char one[PASSWORD_MADE_SIZE], other[PASSWORD_MADE_SIZE];

	(void)state;
	password_make(one);
	password_make(other);
	assert_int_equal(strlen(one), PASSWORD_MADE_SIZE - 1);
	assert_string_not_equal(one, other);
	assert_true(one[4] == '-' && one[9] == '-' && one[14] == '-');
}

static int full(struct store *s, const struct collection *c, const struct prop_row *props, size_t n,
	int64_t now, store_id *id, struct err *e)
{
	(void)s, (void)c, (void)props, (void)n, (void)now, (void)id;
	return err_set(e, ERR_FULL, "no room");
}

static void what_fails_half_way_can_be_tried_again(void **state)
{
	struct fixture *f = *state;
	const struct account given = { .name = "eva" };
	const struct store_ops *intact = f->store->ops;
	struct store_ops broken = *intact;
	struct account ac;

	broken.collection_make = full;
	f->store->ops = &broken;
	assert_int_equal(make(f, &given, "correct horse"), -1);
	assert_int_equal(f->e.code, ERR_FULL);
	f->store->ops = intact;
	assert_int_equal(account_find(f->store, "eva", f->mem, &ac, &f->e), -1);
	assert_int_equal(make(f, &given, "correct horse"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_is_made_with_its_calendars, setup, teardown),
		cmocka_unit_test_setup_teardown(what_can_be_none_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_name_is_given_once, setup, teardown),
		cmocka_unit_test_setup_teardown(another_password_ends_what_the_old_one_made, setup, teardown),
		cmocka_unit_test_setup_teardown(what_closing_takes_away_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(what_fails_half_way_can_be_tried_again, setup, teardown),
		cmocka_unit_test(made_passwords_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
