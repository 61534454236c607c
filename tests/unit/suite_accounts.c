/* Scenarios: accounts, their tokens and delegates. */
#include "suite_kit.h"

#include "base/buf.h"
#include "base/util.h"

static void an_account_is_found_by_its_tokens(void **state)
{
	const struct account_token anna[] = {{"t1", "", "hash1", 1, TOKEN_CALENDAR, 0},
		{"t2", "", "hash2", 2, TOKEN_API, 0}};
	const struct account_token marc[] = {{"t1", "", "hash3", 3, TOKEN_API_READ, 0}};
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = *state;
	struct account got;
	struct err e = {0};
	size_t at = 9;

	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "p", .tokens = anna,
		.token_count = 2}, &e), 0);
	assert_int_equal(store_account_put(s, &(struct account){.name = "marc", .password = "p", .tokens = marc,
		.token_count = 1}, &e), 0);
	assert_int_equal(store_token_account(s, "hash2", mem, &got, &at, &e), 0);
	assert_string_equal(got.name, "anna");
	assert_int_equal(at, 1);
	assert_int_equal(got.tokens[at].scope, TOKEN_API);
	assert_int_equal(store_token_account(s, "hash3", mem, &got, &at, &e), 0);
	assert_string_equal(got.name, "marc");
	assert_int_equal(at, 0);
	for (size_t i = 0; i < 4; i++) {
		const char *none[] = {"hash", "hash22", "HASH2", ""};
		assert_int_equal(store_token_account(s, none[i], mem, &got, &at, &e), -1);
		assert_int_equal(e.code, ERR_NOT_FOUND);
	}
	uint64_t generation = got.generation;
	assert_int_equal(store_token_used(s, "marc", "t1", 55, &e), 0);
	assert_int_equal(store_token_used(s, "marc", "none", 66, &e), 0);
	assert_int_equal(store_token_used(s, "nobody", "t1", 77, &e), 0);
	assert_int_equal(store_account(s, "marc", mem, &got, &e), 0);
	assert_int_equal(got.tokens[0].used, 55);
	assert_int_equal(got.generation, generation); /* nobody's login ends with it */
	assert_int_equal(store_account(s, "anna", mem, &got, &e), 0);
	assert_int_equal(got.tokens[0].used, 0); /* of the other account's t1 */
	assert_int_equal(store_account_close(s, "marc", &e), 0);
	assert_int_equal(store_token_account(s, "hash3", mem, &got, &at, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void an_account_keeps_everything_and_its_generation_goes_up(void **state)
{
	static const char *const addresses[] = {"marc@example.org", "m@example.org", NULL};
	const struct account_token tokens[] = {{"t1", "phone", "hash1", 10, TOKEN_CALENDAR, 0},
		{"t2", "", "hash2", 20, TOKEN_API_READ, 7}};
	struct arena *mem cleanup_arena = arena_create();
	struct account a = {.name = "marc", .displayname = "Marc Petit", .language = "fr",
		.addresses = addresses, .password = "$y$x", .tokens = tokens, .token_count = 2}, got;
	struct store *s = *state;
	struct err e = {0};

	assert_int_equal(store_account_put(s, &a, &e), 0);
	assert_int_equal(store_account(s, "marc", mem, &got, &e), 0);
	assert_string_equal(got.displayname, "Marc Petit");
	assert_string_equal(got.language, "fr");
	assert_string_equal(got.addresses[1], "m@example.org");
	assert_null(got.addresses[2]);
	assert_string_equal(got.password, "$y$x");
	assert_int_equal(got.token_count, 2);
	assert_string_equal(got.tokens[1].hash, "hash2");
	assert_int_equal(got.tokens[1].created, 20);
	assert_int_equal(got.tokens[0].scope, TOKEN_CALENDAR);
	assert_int_equal(got.tokens[1].scope, TOKEN_API_READ);
	assert_int_equal(got.tokens[1].used, 7); /* who puts an account puts what was read */
	assert_false(got.removed);
	uint64_t generation = got.generation;
	a.token_count = 1;
	a.generation = got.generation + 1;
	assert_int_equal(store_account_put(s, &a, &e), 0);
	a.token_count = 2; /* who read the same comes too late */
	assert_int_equal(store_account_put(s, &a, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	a.token_count = 1;
	assert_int_equal(store_account(s, "marc", mem, &got, &e), 0);
	assert_int_equal(got.generation, a.generation);
	assert_int_equal(got.token_count, 1);
	a.generation = 0;
	assert_int_equal(store_account_put(s, &a, &e), 0);
	assert_int_equal(store_account(s, "marc", mem, &got, &e), 0);
	assert_true(got.generation > generation);
	assert_int_equal(got.token_count, 1);
	assert_int_equal(store_account(s, "nobody", mem, &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static int note_account(const struct account *a, void *arg)
{
	buf_printf(arg, "%s%s%s ", a->name, a->password == NULL ? "-" : "", a->removed ? "!" : "");
	return 0;
}

static int note_delegation(const struct delegation *d, void *arg)
{
	buf_printf(arg, "%s->%s:%d ", d->user, d->owner, d->access == SHARE_WRITE);
	return 0;
}

static void make_accounts(struct store *s, const char *const *names)
{
	struct err e;

	for (; *names != NULL; names++) {
		assert_int_equal(store_account_put(s, &(struct account){.name = *names, .password = "p"}, &e), 0);
	}
}

static void delegations_are_found_from_both_sides(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};

	buf_init(&notes, 1000);
	make_accounts(s, (const char *const[]){"anna", "eve", "marc", "paul", NULL});
	assert_int_equal(store_delegation_put(s, &(struct delegation){"anna", "marc", SHARE_WRITE}, &e), 0);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"anna", "eve", SHARE_READ}, &e), 0);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"paul", "marc", SHARE_READ}, &e), 0);
	assert_int_equal(store_delegations(s, "anna", NULL, note_delegation, &notes, &e), 0);
	assert_notes(&notes, "eve->anna:0 marc->anna:1 ");
	assert_int_equal(store_delegations(s, NULL, "marc", note_delegation, &notes, &e), 0);
	assert_notes(&notes, "marc->anna:1 marc->paul:0 ");
	assert_int_equal(store_delegations(s, "anna", "eve", note_delegation, &notes, &e), 0);
	assert_int_equal(store_delegations(s, "eve", "anna", note_delegation, &notes, &e), 0);
	assert_notes(&notes, "eve->anna:0 ");
	assert_int_equal(store_delegation_put(s, &(struct delegation){"anna", "marc", SHARE_NONE}, &e), 0);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"anna", "paul", SHARE_NONE}, &e), 0);
	assert_int_equal(store_delegations(s, "anna", NULL, note_delegation, &notes, &e), 0);
	assert_notes(&notes, "eve->anna:0 ");
	assert_int_equal(store_delegation_put(s, &(struct delegation){"nobody", "eve", SHARE_READ}, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"eve", "eve", SHARE_READ}, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

/* One access of each user: programs set the two groups one after the other, in either order. */
static void delegates_are_set_as_a_whole(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};

	buf_init(&notes, 1000);
	make_accounts(s, (const char *const[]){"anna", "eve", "marc", "paul", NULL});
	assert_int_equal(store_delegates_set(s, "anna", SHARE_READ,
		(const char *const[]){"marc", "eve"}, 2, &e), 0);
	assert_int_equal(store_delegates_set(s, "anna", SHARE_WRITE,
		(const char *const[]){"paul", "marc"}, 2, &e), 0);
	assert_int_equal(store_delegations(s, "anna", NULL, note_delegation, &notes, &e), 0);
	assert_notes(&notes, "eve->anna:0 marc->anna:1 paul->anna:1 ");
	assert_int_equal(store_delegates_set(s, "anna", SHARE_WRITE, (const char *const[]){"paul"}, 1,
		&e), 0);
	assert_int_equal(store_delegates_set(s, "anna", SHARE_READ, NULL, 0, &e), 0);
	assert_int_equal(store_delegations(s, "anna", NULL, note_delegation, &notes, &e), 0);
	assert_notes(&notes, "paul->anna:1 ");
	assert_int_equal(store_delegates_set(s, "nobody", SHARE_READ, NULL, 0, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_delegates_set(s, "anna", SHARE_READ, (const char *const[]){"anna"}, 1,
		&e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

static void a_closed_account_leaves_only_its_name_and_ledger(void **state)
{
	const struct account_token token = {"t", "l", "h", 1, TOKEN_API, 0};
	const struct prop_row own = {"anna", "X:", "color", "<c/>"};
	struct arena *mem cleanup_arena = arena_create();
	struct account a = {.name = "anna", .password = "p", .tokens = &token, .token_count = 1}, got, again;
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};

	buf_init(&notes, 1000);
	assert_int_equal(store_account_put(s, &a, &e), 0);
	a.name = "paul";
	assert_int_equal(store_account_put(s, &a, &e), 0);
	store_id hers = suite_calendar(s, "anna", "w"), his = suite_calendar(s, "paul", "w");
	put_ok(s, hers, "a.ics", "u", "A");
	assert_int_equal(store_share_put(s, &(struct share){.collection = hers, .user = "paul",
		.access = SHARE_READ}, &e), 0);
	assert_int_equal(store_share_put(s, &(struct share){.collection = his, .user = "anna",
		.access = SHARE_READ}, &e), 0);
	assert_int_equal(store_props_patch(s, his, &own, 1, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{}", true, &e), 0);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"anna", "paul", SHARE_READ}, &e), 0);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"paul", "anna", SHARE_READ}, &e), 0);

	set_place(s, PLACE_HOME, 0, "anna", "p", "<p/>");
	set_place(s, PLACE_HOME, 0, "paul", "p", "<p/>");
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	assert_place(s, PLACE_HOME, 0, "anna", "");
	assert_place(s, PLACE_HOME, 0, "paul", ":X:p=<p/> ");
	assert_int_equal(store_accounts(s, note_account, &notes, &e), 0);
	assert_notes(&notes, "anna-! paul ");
	assert_int_equal(store_account(s, "anna", mem, &got, &e), 0);
	assert_int_equal(got.token_count, 0);
	assert_int_equal(store_collections(s, NULL, note_collection, &notes, &e), 0);
	assert_notes(&notes, "paul/w ");
	assert_int_equal(store_shares(s, his, NULL, note_share, &notes, &e), 0);
	assert_int_equal(store_shares(s, 0, "paul", note_share, &notes, &e), 0);
	assert_int_equal(store_props(s, his, "anna", note_prop, &notes, &e), 0);
	assert_int_equal(store_delegations(s, NULL, "paul", note_delegation, &notes, &e), 0);
	assert_int_equal(store_delegations(s, "paul", NULL, note_delegation, &notes, &e), 0);
	assert_notes(&notes, "");
	assert_int_equal(store_ledger(s, &(struct ledger_query){.owner = "anna"}, note_entry, &notes, &e),
		0);
	assert_notes(&notes, "anna1:{} ");
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	assert_int_equal(store_account(s, "anna", mem, &again, &e), 0);
	assert_int_equal(again.generation, got.generation);
	a.name = "anna";
	assert_int_equal(store_account_put(s, &a, &e), -1);
	assert_int_equal(e.code, ERR_EXISTS);
	assert_int_equal(store_account_close(s, "nobody", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static const struct CMUnitTest scenarios[] = {
	SCENARIO(an_account_keeps_everything_and_its_generation_goes_up),
	SCENARIO(an_account_is_found_by_its_tokens),
	SCENARIO(delegations_are_found_from_both_sides),
	SCENARIO(delegates_are_set_as_a_whole),
	SCENARIO(a_closed_account_leaves_only_its_name_and_ledger),
};
const struct suite_part suite_accounts = {"accounts", scenarios, ARRAY_SIZE(scenarios)};
