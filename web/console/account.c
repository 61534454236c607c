/* The account of whoever asks: what it is, its password, and its application passwords. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/password.h"
#include "http/token.h"
#include "web/console/api.h"
#include "web/profile.h"

/* 0; -1 after a refusal. */
static int read_account(struct api *a, struct account *out)
{
	struct err e;

	if (store_account(a->web->store, a->http->who.name, a->mem, out, &e) == 0)
		return 0;
	api_fail(a, &e);
	return -1;
}

static json_t *tokens_of(const struct account *ac)
{
	json_t *list = json_array();

	for (size_t n = 0; n < ac->token_count; n++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o, s:s}", "id", ac->tokens[n].id, "label",
			ac->tokens[n].label, "created", json_time(ac->tokens[n].created), "used",
			ac->tokens[n].used ? json_time(ac->tokens[n].used) : json_null(), "scope",
			token_scope_name(ac->tokens[n].scope)));
	return list;
}

int api_account(struct api *a)
{
	struct account ac;
	json_t *addresses;

	if (read_account(a, &ac) < 0)
		return a->http->res->status;
	addresses = json_array();
	for (const char *const *one = ac.addresses; one && *one; one++)
		json_array_append_new(addresses, json_text(*one));
	return api_send(a, 200, json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:s}", "name", ac.name, "displayname",
		ac.displayname ? ac.displayname : ac.name, "language", ac.language ? ac.language : "en", "addresses",
		addresses, "tokens", tokens_of(&ac), "sessions",
		(json_int_t)sessions_count(a->http->sessions, &a->http->session_rule, ac.name, clock_monotonic_ms()),
		"server", a->web->public_base ? a->web->public_base : ""));
}

/* All other sessions end with the account's generation; the one that does it goes on. Its rows are for who is
 * signed in, so there is one. ERR_CHANGED: read it anew; ERR_DENIED: somebody else has changed it, so the
 * session is none any more. */
static int put_account(struct api *a, struct account *ac, struct err *e)
{
	struct sessions *all = a->http->sessions;
	const char *token = a->http->session_token;

	if (!session_announce(all, token, ac->generation, ac->generation + 1))
		return err_set(e, ERR_DENIED, "the account has changed meanwhile");
	ac->generation++;
	if (store_account_put(a->web->store, ac, e) < 0) {
		session_withdraw(all, token);
		return -1;
	}
	session_keep(all, token, ac->generation);
	return 0;
}

static int fail_account(struct api *a, const struct err *e)
{
	bool changed = e->code == ERR_CHANGED || e->code == ERR_DENIED;

	return api_fail_as(a, changed ? PROBLEM_ACCOUNT_CHANGED : PROBLEM_NONE, e);
}

/* ---- the password ---- */

/* The old one was looked at on the way here: what has changed since may be the password, so nothing is tried
 * again. */
static int put_password(struct api *a, const char *password)
{
	struct account ac;
	struct err e;
	char *hash;

	if (read_account(a, &ac) < 0)
		return a->http->res->status;
	if (ac.generation != a->http->who.generation)
		return api_refuse_as(a, PROBLEM_ACCOUNT_CHANGED, 409, "the account has changed meanwhile");
	store_session_pause(a->web->store);
	if (password_hash(password, a->mem, &hash, &e) < 0)
		return api_fail(a, &e);
	ac.password = hash;
	return put_account(a, &ac, &e) < 0 ? fail_account(a, &e) : 0;
}

static int change_password(struct api *a, const char *password)
{
	struct err e;
	int status;

	if (password_check(password, &e) < 0)
		return api_fail_as(a, PROBLEM_PASSWORD_UNFIT, &e);
	status = put_password(a, password);
	if (status != 0)
		return status;
	log_info("a new password for %s", a->http->who.name);
	return api_send(a, 200, json_pack("{s:b}", "weak", strlen(password) < PASSWORD_SHORT));
}

int api_password(struct api *a)
{
	json_t *given = json_object_get(a->body, "password");
	int status;

	if (!json_is_string(given))
		return api_refuse(a, 400, "password: the new one");
	status = change_password(a, json_string_value(given));
	/* the parser's copy, with what may stand behind a NUL; that of the request goes with it */
	secret_zero((char *)json_string_value(given), json_string_length(given));
	return status;
}

/* ---- devices ---- */

/* Without a password: a link that a browser follows makes none. */
int api_mobileconfig(struct api *a)
{
	const struct principal *who = &a->http->who;
	struct profile p = { .url = a->web->public_base, .user = who->name,
		.displayname = who->displayname ? who->displayname : who->name };
	struct response *res = a->http->res;
	struct err e;

	if (profile_write(&p, a->mem, &res->body, &e) < 0)
		return api_refuse_as(a, PROBLEM_NO_ADDRESS, 409, "%s", e.text);
	console_headers(res);
	response_header(res, "Cache-Control", "no-store");
	response_header(res, "Content-Type", PROFILE_TYPE);
	response_header(res, "Content-Disposition",
		arena_printf(a->mem, "attachment; filename=\"%s.mobileconfig\"", who->name));
	return res->status = 200;
}

/* ---- application passwords ---- */

enum { ROUNDS = 3 };

/* A change of the list, made anew where another one came first. 0, or a refusal's status. */
typedef int (*change_fn)(struct api *a, struct account *ac, void *arg);

static int change_tokens(struct api *a, change_fn change, void *arg)
{
	struct account ac;
	struct err e;

	for (int round = 0;; round++) {
		int status = read_account(a, &ac) < 0 ? a->http->res->status : change(a, &ac, arg);

		if (status != 0)
			return status;
		if (put_account(a, &ac, &e) == 0)
			return 0;
		if (e.code != ERR_CHANGED || round == ROUNDS)
			return fail_account(a, &e);
	}
}

static int add_token(struct api *a, struct account *ac, void *arg)
{
	struct account_token *list = arena_array(a->mem, ac->token_count + 1, sizeof(*list));

	if (ac->token_count >= TOKENS_MAX)
		return api_refuse_as(a, PROBLEM_TOKENS, 422, "there are %d application passwords already", TOKENS_MAX);
	if (ac->token_count > 0)
		memcpy(list, ac->tokens, ac->token_count * sizeof(*list));
	list[ac->token_count++] = *(const struct account_token *)arg;
	ac->tokens = list;
	return 0;
}

int api_token_make(struct api *a)
{
	char token[TOKEN_SIZE], id[TOKEN_ID_SIZE], hash[CHAIN_SIZE];
	struct account_token made = { .id = id, .hash = hash, .created = a->http->now };
	const char *scope;
	int status;

	if (api_text(a, "label", true, &made.label) < 0 || api_text(a, "scope", false, &scope) < 0)
		return a->http->res->status;
	if (scope && token_scope_parse(scope, &made.scope) < 0)
		return api_refuse(a, 400, "scope: calendar, api-read or api");
	token_make(id, token, hash);
	status = change_tokens(a, add_token, &made);
	if (status == 0)
		log_info("application password %s (%s) made for %s", id, token_scope_name(made.scope), a->http->who.name);
	if (status == 0)
		status = api_send(a, 201, json_pack("{s:s, s:s, s:s}", "id", id, "token", token, "scope",
			token_scope_name(made.scope)));
	secret_zero(token, sizeof(token));
	return status;
}

/* arg: its id. */
static int drop_token(struct api *a, struct account *ac, void *arg)
{
	struct account_token *list = arena_array(a->mem, ac->token_count + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < ac->token_count; i++) {
		if (strcmp(ac->tokens[i].id, arg) != 0)
			list[n++] = ac->tokens[i];
	}
	if (n == ac->token_count)
		return api_refuse(a, 404, "there is no such application password");
	ac->tokens = list;
	ac->token_count = n;
	return 0;
}

int api_token_end(struct api *a)
{
	int status = change_tokens(a, drop_token, arena_strdup(a->mem, a->part[0]));

	if (status != 0)
		return status;
	log_info("application password %s of %s revoked", a->part[0], a->http->who.name);
	return api_done(a);
}
