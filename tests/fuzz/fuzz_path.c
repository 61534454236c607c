/*
 * An href as it may stand in a request: to a path, to a resource, and written again. Whatever it
 * is, the second reading gives the same resource as the first, and marc finds nothing of anna's
 * that isn't shared.
 */
#include "base/util.h"
#include "caldav/dav.h"
#include "tests/fuzz/dav_server.h"
#include "tests/fuzz/fuzz.h"

static int same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void check_form(const struct resource *res)
{
	must(res->href[0] == '/' && strstr(res->href, "//") == NULL);
	must(strpbrk(res->href, "?# \t\r\n\"<>\\") == NULL);
	must(!(res->kind & RES_COLLECTIONS) || str_ends(res->href, "/"));
	must(res->name == NULL || (utf8_valid(res->name, strlen(res->name)) && strchr(res->name, '/') == NULL));
	must(!res->name || (strcmp(res->name, ".") != 0 && strcmp(res->name, "..") != 0));
	must(res->exists || res->kind & (RES_OBJECT | RES_CALENDAR) || res->privileges == 0
		|| res->kind & RES_ALL_PRINCIPALS);
}

static void check_again(struct dav_request *rq, const struct resource *res)
{
	struct resource again;
	struct err e;

	must(resource_resolve(rq, res->href, &again, &e) == 0);
	must(again.kind == res->kind && again.exists == res->exists && again.privileges == res->privileges);
	must(strcmp(again.href, res->href) == 0 && same(again.user, res->user) && same(again.name, res->name));
	must(same(again.segment, res->segment) && again.coll.id == res->coll.id);
}

/* What the server would write for it leads there, too. */
static void check_written(struct dav_request *rq, const struct resource *res)
{
	struct resource above, again;
	struct err e;

	if (res->kind & (RES_CALENDAR | RES_OBJECT)) {
		must(resource_parent(rq, res, &above, &e) == 0);
		must(above.kind == (res->kind == RES_OBJECT ? RES_CALENDAR : RES_HOME) && same(above.user, res->user));
	}
	if (res->kind == RES_OBJECT) {
		must(resource_resolve(rq, resource_object_href(rq->mem, &above, res->name), &again, &e) == 0);
		must(again.kind == RES_OBJECT && same(again.name, res->name) && again.exists == res->exists);
	}
}

static void check_who(const struct dav_request *rq, const struct resource *res)
{
	if (strcmp(rq->http->who.name, "marc") == 0 && res->kind & (RES_HOME | RES_CALENDAR | RES_OBJECT)
		&& res->user && strcmp(res->user, "anna") == 0 && !(res->segment && strcmp(res->segment, "calendar") == 0))
		must(!res->exists && res->privileges == 0 && res->coll.id == 0);
}

static void check(struct dav_server *s, const char *who, const char *href)
{
	static const struct header head[] = { { "Host", "cal.example.org" } };
	cleanup_arena struct arena *mem = arena_create();
	struct response res;
	struct request http = { .mem = mem, .now = s->now, .method = "GET", .path = "/", .base = "/dedit",
		.head = head, .heads = 1, .body = "", .who = { .name = who, .displayname = who, .language = "en" },
		.res = &res };
	struct dav_request rq = { .dav = &s->dav, .http = &http, .mem = mem, .store = s->store,
		.target = { .reader = "" } };
	struct resource at;
	struct err e;
	const char *path = resource_href_path(&rq, href);

	if (path == NULL)
		return;
	must(path[0] == '/' && strpbrk(path, "?#") == NULL);
	if (resource_resolve(&rq, path, &at, &e) < 0) {
		must(e.code == ERR_INVALID);
		return;
	}
	if (at.kind == RES_UNKNOWN) {
		must(!at.exists && at.privileges == 0);
		return;
	}
	check_form(&at);
	check_who(&rq, &at);
	check_again(&rq, &at);
	check_written(&rq, &at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dav_server server;
	cleanup_free char *text = xstrndup((const char *)data, size);

	dav_server_fresh(&server);
	check(&server, "anna", text);
	check(&server, "marc", text);
	return 0;
}
