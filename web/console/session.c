/* Signing in and out, and who one is. */
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "ical/zone.h"
#include "policy/fees.h"
#include "web/console/api.h"

#include "config.h"

enum { SECOND = 1000 };

/* ---- who one is ---- */

struct listed { struct api *a; json_t *list; };

static int add_owner(const char *owner, bool write, void *arg)
{
	const struct listed *l = arg;
	json_t *o = json_pack("{s:s, s:b}", "name", owner, "write", write);

	json_array_append_new(l->list, o);
	return 0;
}

void api_add_displaynames(struct api *a, json_t *list)
{
	size_t i;
	json_t *o;

	json_array_foreach(list, i, o) {
		const char *name = json_string_value(json_object_get(o, "name"));
		struct account ac = { 0 };

		if (store_account(a->web->store, name, a->mem, &ac, NULL) != 0 || !ac.displayname)
			ac.displayname = name;
		json_object_set_new(o, "displayname", json_string(ac.displayname));
	}
}

static json_t *roles_of(const struct api *a, bool owner)
{
	json_t *roles = json_pack("[s]", "client");

	if (owner)
		json_array_append_new(roles, json_string("owner"));
	if (api_is_admin(a))
		json_array_append_new(roles, json_string("administrator"));
	return roles;
}

/* Where the days of whoever asks are told: as the first owner's that it looks after. */
static const char *zone_of(struct api *a, json_t *owners)
{
	const char *owner = json_string_value(json_object_get(json_array_get(owners, 0), "name"));

	return zone_name(api_zone(a, owner ? owner : a->http->who.name));
}

static int send_session(struct api *a, const struct session *s)
{
	const struct principal *who = &a->http->who;
	struct listed l = { a, json_array() };
	struct err e;
	json_t *o;

	if (api_owners(a, add_owner, &l, &e) < 0) {
		json_decref(l.list);
		return api_fail(a, &e);
	}
	api_add_displaynames(a, l.list);
	o = json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:s}", "name", who->name, "displayname",
		who->displayname ? who->displayname : who->name, "language", who->language ? who->language : "en",
		"roles", roles_of(a, json_array_size(l.list) > 0), "zone", zone_of(a, l.list),
		"now", json_time(a->http->now), "version", PACKAGE_VERSION);
	json_object_set_new(o, "owners", l.list);
	if (s) {
		json_object_set_new(o, "csrf", json_string(s->csrf));
		json_object_set_new(o, "expires", json_time(a->http->now + s->left_ms / SECOND));
		json_object_set_new(o, "idle", json_integer(a->http->session_rule.idle_ms / SECOND));
	}
	return api_send(a, 200, o);
}

int api_session_show(struct api *a)
{
	return send_session(a, a->http->session_token ? &a->http->session : NULL);
}

/* ---- in and out ---- */

/* No Expires: it ends with the browser, and sooner with the session. age "0" takes it away. */
static void set_cookie(struct api *a, const char *token, const char *age)
{
	const char *base = a->http->base ? a->http->base : "";

	response_header(a->http->res, "Set-Cookie", arena_printf(a->mem,
		"%s=%s; Path=%s/console/; HttpOnly; SameSite=Strict%s%s", SESSION_COOKIE, token, base,
		a->http->secure ? "; Secure" : "", age));
}

/* The password was looked at on the way here: it is that of an account, no application password. */
int api_session_begin(struct api *a)
{
	char token[SESSION_TOKEN_SIZE];
	struct session made;
	int status;

	if (!session_begin(a->http->sessions, &a->http->session_rule, a->http->who.name,
		a->http->who.generation, clock_monotonic_ms(), token, &made))
		return api_refuse_as(a, PROBLEM_SESSIONS_OFF, 403, "nobody can sign in here (setting sessions)");
	status = send_session(a, &made);
	if (status == 200)
		set_cookie(a, token, "");
	else
		session_end(a->http->sessions, token);
	secret_zero(token, sizeof(token));
	return status;
}

int api_session_end(struct api *a)
{
	if (a->http->session_token)
		session_end(a->http->sessions, a->http->session_token);
	api_done(a);
	set_cookie(a, "", "; Max-Age=0");
	/* not "storage": there are language and theme, which are the browser's */
	response_header(a->http->res, "Clear-Site-Data", "\"cache\"");
	return 204;
}
