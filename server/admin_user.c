/* Accounts and application passwords. */
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/password.h"
#include "http/token.h"
#include "policy/account.h"
#include "server/admin.h"

static struct store *store_of(const struct admin *a)
{
	return a->site->dav.store;
}

/* What was typed is misused, all else a failure. The exit code. */
static int refuse(struct admin *a, const struct err *e)
{
	return e->code == ERR_INVALID ? admin_misuse(a, "%s", e->text) : admin_fail(a, "%s", e->text);
}

int admin_owner(struct admin *a, const char *given, const char **out)
{
	struct account ac;
	struct err e;

	*out = NULL;
	if (given == NULL)
		return ADMIN_OK;
	if (account_name(given, a->mem, out, &e) != 0)
		return refuse(a, &e);
	if (store_account(store_of(a), *out, a->mem, &ac, &e) == 0)
		return ADMIN_OK;
	return e.code == ERR_NOT_FOUND ? admin_fail(a, "no user %s", *out) : admin_fail(a, "%s", e.text);
}

int admin_find_user(struct admin *a, const char *given, struct account *out)
{
	struct err e;

	return account_find(store_of(a), given, a->mem, out, &e) == 0 ? ADMIN_OK : refuse(a, &e);
}

/* One more than there may be, which is refused with the rest. */
static const char *const *take_addresses(struct admin *a, char **args)
{
	const char **list = arena_array(a->mem, ACCOUNT_ADDRESSES + 2, sizeof(*list));

	for (size_t n = 0; n <= ACCOUNT_ADDRESSES && admin_option(args, "--email", &list[n]); n++)
		;
	return list;
}

static void warn_short(struct admin *a)
{
	if (strlen(a->password) < PASSWORD_SHORT)
		buf_printf(&a->errors, "dedit: a password of less than %d bytes is guessed soon\n", PASSWORD_SHORT);
}

int admin_user_add(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	struct account ac = { .addresses = take_addresses(a, args) };
	const char *name;
	struct err e;

	admin_option(args, "--name", &ac.displayname);
	admin_option(args, "--language", &ac.language);
	if (admin_expect(a, args, 1, 1) < 0)
		return ADMIN_USAGE;
	ac.name = args[0];
	if (account_make(store_of(a), &ac, a->password, a->now, a->mem, &name, &e) != 0)
		return refuse(a, &e);
	warn_short(a);
	buf_printf(&a->out, "user %s added\n", name);
	return ADMIN_OK;
}

static int write_user(const struct account *ac, void *arg)
{
	struct admin *a = arg;

	if (ac->removed)
		return 0;
	buf_printf(&a->out, "%-20s %s", ac->name, ac->displayname != NULL ? ac->displayname : "");
	for (size_t i = 0; ac->addresses != NULL && ac->addresses[i] != NULL; i++)
		buf_printf(&a->out, " <%s>", ac->addresses[i]);
	if (settings_in_group(a->site->settings, "admin", ac->name))
		buf_adds(&a->out, " (admin)");
	buf_addc(&a->out, '\n');
	return 0;
}

int admin_user_list(struct admin *a, char *const *args)
{
	struct err e;

	if (admin_expect(a, args, 0, 0) < 0)
		return ADMIN_USAGE;
	return store_accounts(store_of(a), write_user, a, &e) == 0 ? ADMIN_OK
								    : admin_fail(a, "%s", e.text);
}

int admin_user_passwd(struct admin *a, char *const *args)
{
	struct account ac;
	struct err e;
	int code = admin_expect(a, args, 1, 1) < 0 ? ADMIN_USAGE : admin_find_user(a, args[0], &ac);

	if (code != ADMIN_OK)
		return code;
	if (account_set_password(store_of(a), &ac, a->password, a->mem, &e) != 0)
		return refuse(a, &e);
	warn_short(a);
	buf_printf(&a->out, "password of %s changed\n", ac.name);
	return ADMIN_OK;
}

int admin_user_remove(struct admin *a, char *const *args)
{
	struct account ac;
	struct err e;
	int code = admin_expect(a, args, 1, 1) < 0 ? ADMIN_USAGE : admin_find_user(a, args[0], &ac);

	if (code != ADMIN_OK)
		return code;
	if (store_account_close(store_of(a), ac.name, &e) != 0)
		return admin_fail(a, "%s", e.text);
	buf_printf(&a->out, "user %s removed; calendars are in the folder 'removed'\n", ac.name);
	return ADMIN_OK;
}

/* ---- application passwords ---- */

static int put_tokens(struct admin *a, struct account *ac, const struct account_token *list,
	size_t n)
{
	struct err e;

	ac->tokens = list;
	ac->token_count = n;
	ac->generation++;
	return store_account_put(store_of(a), ac, &e) == 0 ? ADMIN_OK : admin_fail(a, "%s", e.text);
}

int admin_make_token(struct admin *a, struct account *ac, const char *label, enum token_scope scope,
	char *token)
{
	struct account_token *list = arena_array(a->mem, ac->token_count + 1, sizeof(*list));
	char *id = arena_alloc(a->mem, TOKEN_ID_SIZE), *hash = arena_alloc(a->mem, CHAIN_SIZE);

	if (!admin_text_valid(label))
		return admin_misuse(a, "LABEL: at most 200 bytes of UTF-8 without control characters");
	if (ac->token_count >= TOKENS_MAX)
		return admin_fail(a, "%s has %d application passwords already", ac->name, TOKENS_MAX);
	token_make(id, token, hash);
	if (ac->token_count > 0)
		memcpy(list, ac->tokens, ac->token_count * sizeof(*list));
	list[ac->token_count] = (struct account_token){ .id = id, .label = label, .hash = hash, .created = a->now,
		.scope = scope };
	return put_tokens(a, ac, list, ac->token_count + 1);
}

static int token_add(struct admin *a, struct account *ac, const char *label, enum token_scope scope)
{
	char token[TOKEN_SIZE];
	int code = admin_make_token(a, ac, label, scope, token);

	if (code == ADMIN_OK)
		buf_printf(&a->out, "%s\n", token);
	secret_zero(token, sizeof(token));
	return code;
}

static int token_revoke(struct admin *a, struct account *ac, const char *id)
{
	struct account_token *list = arena_array(a->mem, ac->token_count + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < ac->token_count; i++) {
		if (strcmp(ac->tokens[i].id, id) != 0)
			list[n++] = ac->tokens[i];
	}
	if (n == ac->token_count)
		return admin_fail(a, "%s has no application password %s", ac->name, id);
	return put_tokens(a, ac, list, n);
}

static int token_list(struct admin *a, const struct account *ac)
{
	char when[ISO_DATE_SIZE], used[ISO_DATE_SIZE];

	for (size_t i = 0; i < ac->token_count; i++) {
		const struct account_token *t = &ac->tokens[i];

		iso_date(t->created, when);
		iso_date(t->used, used);
		buf_printf(&a->out, "%s  %s  %-20s  %-8s  %s\n", t->id, when, t->used != 0 ? used : "never used",
			token_scope_name(t->scope), t->label);
	}
	return ADMIN_OK;
}

int admin_user_token(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	bool all = admin_option(args, "--api", NULL), reads = admin_option(args, "--api-read", NULL);
	int n = admin_expect(a, args, 2, 3), code;
	struct account ac;

	if (n < 0)
		return ADMIN_USAGE;
	if ((all || reads) && (all == reads || strcmp(args[1], "add") != 0))
		return admin_misuse(a, "one of --api and --api-read, behind add LABEL");
	code = admin_find_user(a, args[0], &ac);
	if (code != ADMIN_OK)
		return code;
	if (n == 3 && strcmp(args[1], "add") == 0)
		return token_add(a, &ac, args[2], all ? TOKEN_API : reads ? TOKEN_API_READ : TOKEN_CALENDAR);
	if (n == 3 && strcmp(args[1], "revoke") == 0)
		return token_revoke(a, &ac, args[2]);
	if (n == 2 && strcmp(args[1], "list") == 0)
		return token_list(a, &ac);
	return admin_misuse(a, "add LABEL, list or revoke ID");
}
