/* Whom one may name, for a share or a delegate (architecture.md 15.31). */
#include <string.h>

#include "base/util.h"
#include "ical/casefold.h"
#include "web/console/api.h"
#include "web/reach.h"

enum {
	PEOPLE_MOST = 20,
	PEOPLE_ASKED = 200, /* of those that fit, so many are looked at: a client may know of none of them */
};

struct person { const char *name, *displayname; const char *const *addresses; };
struct people {
	struct arena *mem;
	const char *self, *wanted; /* folded */
	struct person *list;
	size_t count, size;
};

/* Does it begin with what is wanted, or one of its words? */
static bool begins(const struct people *p, const char *text)
{
	size_t len = strlen(p->wanted);
	bool word = true;

	for (const char *at = casefold(text, p->mem); *at; at++) {
		if (word && strncmp(at, p->wanted, len) == 0)
			return true;
		word = (unsigned char)*at < 0x80 && !ascii_isalnum((unsigned char)*at);
	}
	return len == 0;
}

static bool fits(const struct people *p, const struct account *ac)
{
	bool found = begins(p, ac->name) || (ac->displayname && begins(p, ac->displayname));

	for (const char *const *one = ac->addresses; !found && one && *one; one++)
		found = begins(p, *one);
	return found;
}

static const char *const *copy(const char *const *list, struct arena *mem)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	const char **made = arena_array(mem, n + 1, sizeof(*made));
	for (size_t i = 0; i < n; i++)
		made[i] = arena_strdup(mem, list[i]);
	return made;
}

static int take(const struct account *ac, void *arg)
{
	struct people *p = arg;

	if (ac->removed || strcmp(ac->name, p->self) == 0 || !fits(p, ac))
		return 0;
	p->list = arena_room(p->mem, p->list, p->count, &p->size, sizeof(*p->list));
	p->list[p->count++] = (struct person){ .name = arena_strdup(p->mem, ac->name),
		.displayname = arena_strdup(p->mem, ac->displayname ? ac->displayname : ac->name),
		.addresses = copy(ac->addresses, p->mem) };
	return 0;
}

static json_t *person_json(const struct person *p)
{
	json_t *addresses = json_array();

	for (const char *const *one = p->addresses; *one; one++)
		json_array_append_new(addresses, json_text(*one));
	return json_pack("{s:s, s:s, s:o}", "name", p->name, "displayname", p->displayname, "addresses", addresses);
}

/* Those whom whoever asks may know of. Not within the walk: a visitor may not ask the store. */
static int send_known(struct api *a, const struct people *p)
{
	const struct directory directory = web_directory(a->web);
	json_t *list = json_array();
	bool known, more = false;
	struct err e;

	for (size_t n = 0; n < p->count && !more; n++) {
		known = false;
		if (n < PEOPLE_ASKED && directory_shows(&directory, p->self, p->list[n].name, a->mem, &known, &e) < 0) {
			json_decref(list);
			return api_fail(a, &e);
		}
		more = n == PEOPLE_ASKED || (known && json_array_size(list) == PEOPLE_MOST);
		if (known && !more)
			json_array_append_new(list, person_json(&p->list[n]));
	}
	return api_send(a, 200, json_pack("{s:o, s:b}", "people", list, "truncated", more));
}

int api_people(struct api *a)
{
	const char *match = api_query(a, "match");
	struct people p = { .mem = a->mem, .self = a->http->who.name,
		.wanted = casefold(match ? match : "", a->mem) };
	struct err e;

	return store_accounts(a->web->store, take, &p, &e) < 0 ? api_fail(a, &e) : send_known(a, &p);
}
