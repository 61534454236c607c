/* The account of whoever asks: what it is, and its application passwords. */
#include <string.h>

#include "base/clock.h"
#include "http/token.h"
#include "web/console/api.h"

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
		json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "id", ac->tokens[n].id, "label",
			ac->tokens[n].label, "created", json_time(ac->tokens[n].created)));
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

/* ---- application passwords ---- */

/* All other sessions end with the account's generation; the one that did it goes on. */
static int put_tokens(struct api *a, struct account *ac, const struct account_token *list, size_t count)
{
	struct err e;

	ac->tokens = list;
	ac->token_count = count;
	ac->generation++;
	if (store_account_put(a->web->store, ac, &e) < 0)
		return api_fail(a, &e);
	if (a->http->session_token)
		session_keep(a->http->sessions, a->http->session_token, ac->generation);
	return 0;
}

int api_token_make(struct api *a)
{
	char token[TOKEN_SIZE], *id = arena_alloc(a->mem, TOKEN_ID_SIZE), *hash = arena_alloc(a->mem, CHAIN_SIZE);
	struct account_token *list;
	const char *label;
	struct account ac;
	int status;

	if (api_text(a, "label", true, &label) < 0 || read_account(a, &ac) < 0)
		return a->http->res->status;
	if (ac.token_count >= TOKENS_MAX)
		return api_refuse(a, 422, "there are %d application passwords already", TOKENS_MAX);
	token_make(id, token, hash);
	list = arena_array(a->mem, ac.token_count + 1, sizeof(*list));
	if (ac.token_count > 0)
		memcpy(list, ac.tokens, ac.token_count * sizeof(*list));
	list[ac.token_count] = (struct account_token){ id, label, hash, a->http->now };
	status = put_tokens(a, &ac, list, ac.token_count + 1);
	if (status == 0)
		status = api_send(a, 201, json_pack("{s:s, s:s}", "id", id, "token", token));
	secret_zero(token, sizeof(token));
	return status;
}

int api_token_end(struct api *a)
{
	struct account_token *list;
	struct account ac;
	size_t n = 0;
	int status;

	if (read_account(a, &ac) < 0)
		return a->http->res->status;
	list = arena_array(a->mem, ac.token_count + 1, sizeof(*list));
	for (size_t i = 0; i < ac.token_count; i++) {
		if (strcmp(ac.tokens[i].id, a->part[0]) != 0)
			list[n++] = ac.tokens[i];
	}
	if (n == ac.token_count)
		return api_refuse(a, 404, "there is no such application password");
	status = put_tokens(a, &ac, list, n);
	return status != 0 ? status : api_done(a);
}
