#include "dav_harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "policy/account.h"

/* ---- a server ---- */

static void make_account(struct dav_test *t, size_t i, const char *name, const char *displayname)
{
	const char **addresses = arena_array(t->mem, 2, sizeof(*addresses));

	addresses[0] = arena_printf(t->mem, "%s@example.org", name);
	t->accounts[i] = (struct account){ .name = name, .displayname = displayname, .language = "en",
		.addresses = addresses, .password = "x", .generation = 1 };
	assert_int_equal(store_account_put(t->store, &t->accounts[i], NULL), 0);
	assert_int_equal(account_provision(t->store, &t->accounts[i], t->now, NULL), 0);
}

static const char *const admins[] = { "paul" }, *const staff[] = { "anna", "Eve" };
static const struct dav_group groups[] = { { "admin", admins, 1 }, { "staff", staff, 2 }, { 0 } };

int dav_test_setup(void **state)
{
	static bool once;
	struct dav_test *t = xcalloc(1, sizeof(*t));
	struct err e;

	if (!once) {
		assert_int_equal(zone_init(NULL, &e), 0);
		xml_init();
		once = true;
	}
	t->mem = arena_create();
	t->now = TEST_NOW;
	assert_int_equal(store_open("memory", NULL, NULL, &t->store, &e), 0);
	t->dav = (struct dav){ .store = t->store, .policies = policy_none(),
		.settings = dav_default_settings };
	t->dav.settings.groups = groups;
	make_account(t, 0, "anna", "Anna Example");
	make_account(t, 1, "marc", "Marc Petit");
	make_account(t, 2, "paul", "Paul");
	make_account(t, 3, "eve", "Eve");
	*state = t;
	return 0;
}

int dav_test_teardown(void **state)
{
	struct dav_test *t = *state;

	policy_unload((struct policy_set *)t->dav.policies);
	store_close(t->store);
	arena_destroy(t->mem);
	free(t);
	return 0;
}

void share(struct dav_test *t, const char *owner, const char *calendar, const char *user,
	enum share_access access)
{
	struct collection c;

	assert_int_equal(store_collection(t->store, owner, calendar, t->mem, &c, NULL), 0);
	struct share s = { .collection = c.id, .user = user, .access = access };
	assert_int_equal(store_share_put(t->store, &s, NULL), 0);
}

/* ---- a request ---- */

static void set_who(struct dav_test *t, struct request *rq, const char *who)
{
	for (size_t i = 0; who && i < ARRAY_SIZE(t->accounts); i++) {
		const struct account *a = &t->accounts[i];

		if (strcmp(a->name, who) == 0)
			rq->who = (struct principal){ .name = a->name, .displayname = a->displayname,
				.language = a->language, .addresses = a->addresses,
				.admin = strcmp(who, "paul") == 0 };
	}
}

static void set_headers(struct dav_test *t, struct request *rq, const char *text)
{
	struct header *head = arena_array(t->mem, 16, sizeof(*head));

	head[rq->heads++] = (struct header){ "Host", "cal.example.org" };
	while (text && *text) {
		size_t line = strcspn(text, "\n"), name = strcspn(text, ":");

		assert_true(name < line && rq->heads < 16);
		head[rq->heads++] = (struct header){ arena_strndup(t->mem, text, name),
			arena_strndup(t->mem, text + name + 2, line - name - 2) };
		text += line + (text[line] == '\n');
	}
	rq->head = head;
}

/* Asks a generator until it ends. */
static size_t drain(struct response *res, struct buf *all)
{
	struct buf piece;
	size_t pieces = 0;
	int more;

	buf_init(&piece, 1 << 24);
	do {
		buf_reset(&piece);
		more = res->next(res->next_arg, &piece);
		assert_int_not_equal(more, -1);
		assert_int_equal(buf_add(all, piece.data, piece.len), 0);
		pieces++;
	} while (more);
	buf_finish(&piece);
	return pieces;
}

static void take_answer(struct dav_test *t, struct response *res, struct answer *a)
{
	struct header *head = arena_array(t->mem, res->heads, sizeof(*head));
	struct xml_limits limits = { .bytes = 1 << 28, .depth = 64, .nodes = 10000000, .tag = 1 << 20 };
	struct xml_node *root;
	struct buf all;

	a->status = res->status;
	for (size_t i = 0; i < res->heads; i++)
		head[i] = (struct header){ arena_strdup(t->mem, res->head[i].name),
			arena_strdup(t->mem, res->head[i].value) };
	a->head = head;
	a->heads = res->heads;
	a->reason = arena_strdup(t->mem, res->reason);
	buf_init(&all, 1 << 28);
	assert_int_equal(buf_add(&all, res->body.data, res->body.len), 0);
	if (res->next)
		a->pieces = drain(res, &all);
	a->len = all.len;
	a->body = arena_strndup(t->mem, all.data, all.len);
	if (str_starts(a->body, "<?xml") && xml_parse(a->body, a->len, &limits, t->mem, &root, NULL) == 0)
		a->xml = root;
	buf_finish(&all);
}

struct answer ask_bytes(struct dav_test *t, const char *who, const char *method, const char *path,
	const char *headers, const char *body, size_t len)
{
	struct arena *mem = arena_create();
	struct response res;
	struct answer a = { 0 };
	const char *query = strchr(path, '?');
	struct request rq = { .mem = mem, .id = "1", .now = t->now, .method = method, .body = body,
		.body_len = len, .address = "127.0.0.1", .secure = true, .res = &res };

	rq.path = query ? arena_strndup(mem, path, (size_t)(query - path)) : path;
	rq.query = query ? query + 1 : NULL;
	response_init(&res, 1 << 20);
	set_who(t, &rq, who);
	set_headers(t, &rq, headers);
	dav_handle(&t->dav, &rq);
	take_answer(t, &res, &a);
	response_finish(&res);
	arena_destroy(mem);
	assert_true(a.status >= 200 && a.status < 600);
	return a;
}

struct answer ask(struct dav_test *t, const char *who, const char *method, const char *path,
	const char *headers, const char *body)
{
	return ask_bytes(t, who, method, path, headers, body ? body : "", body ? strlen(body) : 0);
}

#define PREFIXES "xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" " \
	"xmlns:CS=\"http://calendarserver.org/ns/\" xmlns:A=\"http://apple.com/ns/ical/\" " \
	"xmlns:Z=\"urn:example:z\""

struct answer propfind(struct dav_test *t, const char *who, const char *path, int depth,
	const char *props)
{
	return ask(t, who, "PROPFIND", path, depth ? "Depth: 1" : "Depth: 0", arena_printf(t->mem,
		"<D:propfind " PREFIXES "><D:prop>%s</D:prop></D:propfind>", props));
}

struct answer proppatch(struct dav_test *t, const char *who, const char *path, const char *inside)
{
	return ask(t, who, "PROPPATCH", path, NULL, arena_printf(t->mem,
		"<D:propertyupdate " PREFIXES ">%s</D:propertyupdate>", inside));
}

const char *event_text(struct dav_test *t, const char *uid, const char *summary)
{
	return arena_printf(t->mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\n"
		"UID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\n"
		"SUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", uid, summary);
}

void put_event(struct dav_test *t, const char *who, const char *path, const char *uid)
{
	struct answer a = ask(t, who, "PUT", path, "Content-Type: text/calendar", event_text(t, uid, "x"));

	assert_true(a.status == 201 || a.status == 204);
}

/* ---- an answer ---- */

const char *answer_header(const struct answer *a, const char *name)
{
	for (size_t i = 0; i < a->heads; i++)
		if (ascii_casecmp(a->head[i].name, name) == 0)
			return a->head[i].value;
	return NULL;
}

const char *answer_condition(const struct answer *a)
{
	if (!a->xml || !xml_is(a->xml, NS_DAV, "error") || !xml_child(a->xml))
		return "";
	assert_null(xml_next(xml_child(a->xml))); /* nothing beside it */
	return xml_child(a->xml)->name;
}

size_t answer_responses(const struct answer *a)
{
	size_t n = 0;

	assert_non_null(a->xml);
	for (const struct xml_node *x = xml_find(a->xml, NS_DAV, "response"); x; x = xml_next_same(x))
		n++;
	return n;
}

const struct xml_node *answer_response(struct dav_test *t, const struct answer *a, const char *href)
{
	assert_non_null(a->xml);
	for (const struct xml_node *x = xml_find(a->xml, NS_DAV, "response"); x; x = xml_next_same(x))
		if (strcmp(xml_text(xml_find(x, NS_DAV, "href"), t->mem), href) == 0)
			return x;
	return NULL;
}

/* "HTTP/1.1 404 Not Found" */
static int status_of(struct dav_test *t, const struct xml_node *parent)
{
	const struct xml_node *status = xml_find(parent, NS_DAV, "status");
	const char *text = status ? xml_text(status, t->mem) : "";
	uint64_t n = 0;

	if (strlen(text) > 12)
		assert_int_equal(parse_u64n(text + 9, 3, 100, 599, &n), 0);
	return (int)n;
}

int response_status(struct dav_test *t, const struct answer *a, const char *href)
{
	const struct xml_node *response = answer_response(t, a, href);

	assert_non_null(response);
	return status_of(t, response);
}

const struct xml_node *answer_prop(struct dav_test *t, const struct answer *a, const char *href,
	enum ns ns, const char *name, int *status)
{
	const struct xml_node *response = answer_response(t, a, href);

	assert_non_null(response);
	*status = 0;
	for (const struct xml_node *p = xml_find(response, NS_DAV, "propstat"); p; p = xml_next_same(p)) {
		const struct xml_node *found = xml_find(xml_find(p, NS_DAV, "prop"), ns, name);

		if (found) {
			*status = status_of(t, p);
			return found;
		}
	}
	return NULL;
}

int prop_status(struct dav_test *t, const struct answer *a, const char *href, enum ns ns,
	const char *name)
{
	int status;

	answer_prop(t, a, href, ns, name, &status);
	return status;
}

const char *prop_text(struct dav_test *t, const struct answer *a, const char *href, enum ns ns,
	const char *name)
{
	int status;
	const struct xml_node *n = answer_prop(t, a, href, ns, name, &status);

	assert_int_equal(status, 200);
	return xml_text(n, t->mem);
}
