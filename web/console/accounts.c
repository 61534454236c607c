/* For administrators: the accounts, as `dedit user` has them. */
#include <string.h>

#include "base/log.h"
#include "base/password.h"
#include "policy/account.h"
#include "policy/host.h"
#include "web/console/api.h"
#include "web/reach.h"

/* ---- who is here ---- */

static json_t *account_json(const struct web *web, const struct account *ac)
{
	json_t *addresses = json_array();

	for (const char *const *one = ac->addresses; one && *one; one++)
		json_array_append_new(addresses, json_text(*one));
	return json_pack("{s:s, s:s, s:o, s:b, s:b, s:b, s:I}", "name", ac->name, "displayname",
		ac->displayname ? ac->displayname : "", "addresses", addresses, "closed", ac->password == NULL,
		"owner", policy_owner(web->policies, ac->name) != 0, "administrator", web_is_admin(web, ac->name),
		"tokens", (json_int_t)ac->token_count);
}

struct accounts { const struct web *web; json_t *list; };

static int add_account(const struct account *ac, void *arg)
{
	const struct accounts *l = arg;

	return ac->removed ? 0 : json_array_append_new(l->list, account_json(l->web, ac));
}

int api_accounts(struct api *a)
{
	struct accounts l = { a->web, json_array() };
	struct err e;

	if (store_accounts(a->web->store, add_account, &l, &e) != 0) {
		json_decref(l.list);
		return api_fail(a, &e);
	}
	return api_send(a, 200, json_pack("{s:o}", "accounts", l.list));
}

/* That of the path. -1 after a refusal. */
static int find(struct api *a, struct account *out)
{
	struct err e;

	if (account_find(a->web->store, a->part[0], a->mem, out, &e) == 0)
		return 0;
	api_fail(a, &e);
	return -1;
}

int api_account_show(struct api *a)
{
	struct account_holdings has;
	struct account ac;
	struct err e;
	json_t *o;

	if (find(a, &ac) < 0)
		return a->http->res->status;
	if (account_holdings(a->web->store, ac.name, &has, &e) < 0)
		return api_fail(a, &e);
	o = account_json(a->web, &ac);
	json_object_set_new(o, "calendars", json_integer((json_int_t)has.calendars));
	json_object_set_new(o, "objects", json_integer((json_int_t)has.objects));
	return api_send(a, 200, o);
}

/* ---- passwords that administrators give ---- */

/* One that was typed, or one that is made here and told this once. */
struct given { const char *password; char made[PASSWORD_MADE_SIZE]; };

/* -1 after a refusal. */
static int read_given(struct api *a, struct given *out)
{
	json_t *typed = json_object_get(a->body, "password");

	if (!typed || json_is_null(typed)) {
		password_make(out->made);
		out->password = out->made;
		return 0;
	}
	out->password = json_string_value(typed);
	if (out->password && strlen(out->password) == json_string_length(typed))
		return 0;
	api_refuse(a, 400, "password: some text, or none to have one made");
	return -1;
}

static int send_given(struct api *a, int status, const char *name, const struct given *g)
{
	return api_send(a, status, json_pack("{s:s, s:o, s:b}", "name", name, "password",
		*g->made ? json_string(g->made) : json_null(), "weak", strlen(g->password) < PASSWORD_SHORT));
}

/* Both copies; that of the request goes with it. */
static void forget(struct api *a, struct given *g)
{
	json_t *typed = json_object_get(a->body, "password");

	if (json_is_string(typed))
		secret_zero((char *)json_string_value(typed), json_string_length(typed));
	secret_zero(g->made, sizeof(g->made));
}

/* ---- made ---- */

/* NULL after a refusal. One more than there may be is refused with the rest. */
static const char *const *read_addresses(struct api *a)
{
	const char **list = arena_array(a->mem, ACCOUNT_ADDRESSES + 2, sizeof(*list));
	const json_t *given = json_object_get(a->body, "addresses"), *one;
	size_t i;

	if (given && !json_is_null(given) && !json_is_array(given)) {
		api_refuse(a, 400, "addresses: a list");
		return NULL;
	}
	json_array_foreach(given, i, one) {
		const char *text = json_string_value(one);

		if (!text || strlen(text) != json_string_length(one)) {
			api_refuse(a, 400, "addresses: mail addresses");
			return NULL;
		}
		if (i <= ACCOUNT_ADDRESSES)
			list[i] = text;
	}
	return list;
}

static int fail_password(struct api *a, const struct err *e)
{
	return api_fail_as(a, e->code == ERR_LIMIT ? PROBLEM_PASSWORD_UNFIT : PROBLEM_NONE, e);
}

static int make(struct api *a, const struct account *ac, const struct given *g)
{
	const char *name;
	struct err e;

	store_session_pause(a->web->store);
	if (account_make(a->web->store, ac, g->password, a->http->now, a->mem, &name, &e) < 0)
		return fail_password(a, &e);
	log_info("account %s made by %s", name, a->http->who.name);
	return send_given(a, 201, name, g);
}

int api_account_make(struct api *a)
{
	struct account ac = { 0 };
	struct given g = { 0 };
	int status;

	if (api_text(a, "name", true, &ac.name) < 0 || api_text(a, "displayname", false, &ac.displayname) < 0 ||
		api_text(a, "language", false, &ac.language) < 0 || !(ac.addresses = read_addresses(a)) ||
		read_given(a, &g) < 0)
		status = a->http->res->status;
	else
		status = make(a, &ac, &g);
	forget(a, &g);
	return status;
}

/* ---- changed and closed ---- */

static int set_password(struct api *a, struct account *ac, const struct given *g)
{
	struct err e;

	store_session_pause(a->web->store);
	if (account_set_password(a->web->store, ac, g->password, a->mem, &e) < 0)
		return fail_password(a, &e);
	log_info("a new password for %s: by %s", ac->name, a->http->who.name);
	return send_given(a, 200, ac->name, g);
}

/* One's own is changed where the session goes on (api_password()). */
int api_account_password(struct api *a)
{
	struct account ac;
	struct given g = { 0 };
	int status;

	if (find(a, &ac) < 0 || read_given(a, &g) < 0)
		status = a->http->res->status;
	else if (strcmp(ac.name, a->http->who.name) == 0)
		status = api_refuse(a, 409, "your own password is changed by /account/password");
	else
		status = set_password(a, &ac, &g);
	forget(a, &g);
	return status;
}

/* Nobody who is an administrator: so none can end the last one, oneself or by two at once. */
int api_account_close(struct api *a)
{
	struct account ac;
	struct err e;

	if (find(a, &ac) < 0)
		return a->http->res->status;
	if (web_is_admin(a->web, ac.name))
		return api_refuse(a, 409, "%s is an administrator: first take the name out of the group admin", ac.name);
	if (store_account_close(a->web->store, ac.name, &e) < 0)
		return api_fail(a, &e);
	log_info("account %s closed by %s", ac.name, a->http->who.name);
	return api_done(a);
}
