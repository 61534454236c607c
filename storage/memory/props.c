/* Properties: of calendars, objects, homes and principals. */
#include "storage/memory/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static int compare_prop(const void *key, const void *item)
{
	const struct prop_row *a = key;
	const struct mem_prop *b = item;
	int order = strcmp(a->user, b->user);

	order = order != 0 ? order : strcmp(a->ns, b->ns);
	return order != 0 ? order : strcmp(a->name, b->name);
}

void free_prop(struct mem_prop *p)
{
	free(p->user);
	free(p->ns);
	free(p->name);
	free(p->xml);
	free(p);
}

void free_props(struct list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free_prop(l->item[i]);
	}
	free(l->item);
	*l = (struct list){0};
}

void patch_prop(struct list *props, const struct prop_row *row)
{
	size_t at;

	if (list_search(props, row, compare_prop, &at)) {
		free_prop(props->item[at]);
		list_remove(props, at);
	}
	if (row->xml == NULL)
		return;
	struct mem_prop *p = xmalloc(sizeof(*p));
	*p = (struct mem_prop){xstrdup(row->user), xstrdup(row->ns), xstrdup(row->name), xstrdup(row->xml)};
	list_insert(props, at, p);
}

static int visit_props(const struct list *props, const char *user, prop_fn visit, void *arg)
{
	for (size_t i = 0; i < props->n; i++) {
		const struct mem_prop *p = props->item[i];
		int status = strcmp(p->user, user) != 0 ? 0
			: visit(&(struct prop_row){p->user, p->ns, p->name, p->xml}, arg);
		if (status != 0)
			return status;
	}
	return 0;
}

int memory_props(struct store *s, store_id collection, const char *user, prop_fn visit,
	void *arg, struct err *e)
{
	LOCKED(s);
	const struct mem_collection *c = find_collection(m, collection, e);

	if (c == NULL)
		return -1;
	int status = visit_props(&c->props, "", visit, arg);
	return status != 0 || user[0] == '\0' ? status : visit_props(&c->props, user, visit, arg);
}

static void patch_collection(struct memory *m, const struct prop_patch *p)
{
	struct mem_collection *c = find_collection(m, p->collection, NULL);

	for (size_t i = 0; i < p->n; i++) {
		const char *user = p->rows[i].user;
		patch_prop(&c->props, &p->rows[i]);
		touch_members(m, p->collection, user[0] == '\0' ? NULL : user, false);
	}
}

/* Where a place's properties are, and under which user; NULL if it is an object that isn't there. */
static struct list *find_place(struct memory *m, const struct prop_place *place, struct arena *mem,
	const char **user, struct err *e)
{
	if (place->kind != PLACE_OBJECT) {
		*user = arena_printf(mem, "%s/%s", place->kind == PLACE_HOME ? "home" : "principal",
			place->name);
		return &m->places;
	}
	const struct mem_collection *c = find_collection(m, place->collection, NULL);
	struct mem_object *o = c == NULL ? NULL : find_live(c, place->name);
	*user = "";
	if (o != NULL)
		return &o->props;
	err_set(e, ERR_NOT_FOUND, "no object %s", place->name);
	return NULL;
}

struct place_visit { prop_fn visit; void *arg; };

/* Whose the row is, is known already. */
static int visit_place(const struct prop_row *p, void *arg)
{
	const struct place_visit *v = arg;

	return v->visit(&(struct prop_row){"", p->ns, p->name, p->xml}, v->arg);
}

int memory_place_props(struct store *s, const struct prop_place *place, prop_fn visit,
	void *arg, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct place_visit v = {visit, arg};
	const char *user;
	LOCKED(s);
	const struct list *props = find_place(m, place, mem, &user, NULL);

	return props == NULL ? 0 : visit_props(props, user, visit_place, &v);
}

int memory_objects_have_props(struct store *s, store_id collection, bool *out, struct err *e)
{
	LOCKED(s);
	const struct mem_collection *c = find_collection(m, collection, NULL);

	*out = false;
	for (size_t i = 0; c != NULL && i < c->objects.n && !*out; i++) {
		const struct mem_object *o = c->objects.item[i];
		*out = o->props.n > 0;
	}
	return 0;
}

static void patch_place(struct memory *m, const struct prop_patch *p, struct arena *mem)
{
	const char *user;
	struct list *props = find_place(m, p->place, mem, &user, NULL);

	for (size_t i = 0; i < p->n; i++) {
		const struct prop_row *row = &p->rows[i];
		patch_prop(props, &(struct prop_row){user, row->ns, row->name, row->xml});
	}
}

static bool patch_finds(struct memory *m, const struct prop_patch *p, struct arena *mem, struct err *e)
{
	const char *user;

	return p->place != NULL ? find_place(m, p->place, mem, &user, e) != NULL
		: find_collection(m, p->collection, e) != NULL;
}

int memory_props_patch(struct store *s, const struct prop_patch *patches, size_t n, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	LOCKED(s);

	for (size_t i = 0; i < n; i++)
		if (!patch_finds(m, &patches[i], mem, e))
			return -1;
	for (size_t i = 0; i < n; i++) {
		if (patches[i].place != NULL)
			patch_place(m, &patches[i], mem);
		else
			patch_collection(m, &patches[i]);
	}
	return 0;
}

struct list copy_props(struct memory *m, const struct change *c)
{
	const struct mem_collection *in = find_collection(m, c->from_collection, NULL);
	const struct mem_object *o = in == NULL ? NULL : find_live(in, c->from);
	struct list copy = {0};

	for (size_t i = 0; o != NULL && i < o->props.n; i++) {
		const struct mem_prop *p = o->props.item[i];
		patch_prop(&copy, &(struct prop_row){p->user, p->ns, p->name, p->xml});
	}
	return copy;
}

void give_props(struct memory *m, const struct change *c, struct list props)
{
	struct mem_object *o = find_live(find_collection(m, c->collection, NULL), c->name);

	free_props(&o->props);
	o->props = props;
}
