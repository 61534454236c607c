#include "sync_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "store_suite.h"

enum { USERS = 3, CALENDARS = 3, OBJECTS = 6, CLIENTS = 8, PATH = 64, VALUE = 96 };

static const char *const users[USERS] = {"anna", "marc", "zoe"};

/* What a client or the store holds: "owner/calendar" or "owner/calendar/object", and its version. */
struct copy {
	struct entry { char path[PATH], value[VALUE]; } entry[USERS * CALENDARS * (OBJECTS + 1)];
	size_t n;
};

struct client {
	const char *user;  /* whose home; NULL: of the calendar that is never removed */
	bool deep;
	struct sync_point at;
	struct copy known;
	bool done;
};

struct model {
	struct store *s;
	uint32_t seed, random;
	store_id fixed;
	struct client client[CLIENTS];
};

static unsigned pick(struct model *m, unsigned n)
{
	m->random = m->random * 1664525 + 1013904223;
	return (m->random >> 8) % n;
}

__attribute__((format(printf, 2, 3), noreturn))
static void wrong(const struct model *m, const char *fmt, ...)
{
	char text[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	print_error("seed %u: %s\n", m->seed, text);
	fail();
	abort();
}

/* ---- copies ---- */

static struct entry *copy_find(struct copy *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->entry[i].path, path) == 0)
			return &c->entry[i];
	}
	return NULL;
}

static void copy_put(struct copy *c, const char *path, const char *value)
{
	struct entry *e = copy_find(c, path);

	if (e == NULL) {
		assert_true(c->n < ARRAY_SIZE(c->entry));
		e = &c->entry[c->n++];
		snprintf(e->path, sizeof(e->path), "%s", path);
	}
	snprintf(e->value, sizeof(e->value), "%s", value);
}

/* A calendar goes with all that is in it. */
static void copy_remove(struct copy *c, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = c->n; i-- > 0;) {
		const char *p = c->entry[i].path;
		if (strncmp(p, path, len) == 0 && (p[len] == '\0' || p[len] == '/')) {
			c->entry[i] = c->entry[--c->n];
		}
	}
}

/* ---- the store as it is ---- */

static int append_prop(const struct prop_row *p, void *arg)
{
	buf_printf(arg, " %s%s", p->user, p->xml);
	return 0;
}

/* What makes a calendar another one for a reader: itself, its objects, its properties. */
static void calendar_value(struct model *m, const struct collection *c, const char *user,
	char value[VALUE])
{
	struct buf text cleanup_buf;

	buf_init(&text, VALUE - 1);
	buf_printf(&text, "%lld %llu", (long long)c->id, (unsigned long long)c->seq);
	assert_int_equal(store_props(m->s, c->id, user, append_prop, &text, NULL), 0);
	snprintf(value, VALUE, "%s", text.data);
}

struct listing { struct copy *out; char calendar[PATH]; };

static int list_object(const struct object *o, void *arg)
{
	struct listing *l = arg;
	char path[PATH];

	snprintf(path, sizeof(path), "%.50s/%s", l->calendar, o->name);
	copy_put(l->out, path, o->etag);
	return 0;
}

struct calendars { struct arena *mem; struct collection row[USERS * CALENDARS]; size_t n; };

static int list_calendar(const struct collection *c, void *arg)
{
	struct calendars *all = arg;
	struct collection *row = &all->row[all->n++];

	*row = *c;
	row->owner = arena_strdup(all->mem, c->owner);
	row->name = arena_strdup(all->mem, c->name);
	return 0;
}

static void list_objects(struct model *m, store_id id, const char *calendar, struct copy *out)
{
	struct listing l = {.out = out};

	snprintf(l.calendar, sizeof(l.calendar), "%s", calendar);
	assert_int_equal(store_list(m->s, id, 0, INT64_MIN, INT64_MAX, list_object, &l, NULL, NULL), 0);
}

static void list_home(struct model *m, const char *user, bool deep, struct copy *out)
{
	struct arena *mem cleanup_arena = arena_create();
	struct calendars all = {.mem = mem};
	char path[PATH], value[VALUE];

	assert_int_equal(store_home(m->s, user, list_calendar, &all, NULL, NULL), 0);
	for (size_t i = 0; i < all.n; i++) {
		snprintf(path, sizeof(path), "%s/%s", all.row[i].owner, all.row[i].name);
		calendar_value(m, &all.row[i], user, value);
		copy_put(out, path, value);
		if (deep) {
			list_objects(m, all.row[i].id, path, out);
		}
	}
}

/* ---- clients ---- */

/* A page as it comes; what a calendar's version is can be asked afterwards only. */
struct news {
	struct { char path[PATH], value[VALUE]; bool gone; store_id calendar; } item[64];
	size_t n;
};

static void add_news(struct news *n, const char *path, const struct object *o, bool gone,
	store_id calendar)
{
	assert_true(n->n < ARRAY_SIZE(n->item));
	snprintf(n->item[n->n].path, PATH, "%s", path);
	snprintf(n->item[n->n].value, VALUE, "%s", o == NULL ? "" : o->etag);
	n->item[n->n].gone = gone;
	n->item[n->n++].calendar = calendar;
}

static int note_object(const struct object *o, void *arg)
{
	char path[PATH];

	snprintf(path, sizeof(path), "anna/fixed/%s", o->name);
	add_news(arg, path, o, o->deleted, 0);
	return 0;
}

static int note_member(const struct home_member *h, void *arg)
{
	char path[PATH];

	snprintf(path, sizeof(path), "%s/%s%s%s", h->calendar.owner, h->calendar.name,
		h->object == NULL ? "" : "/", h->object == NULL ? "" : h->object->name);
	add_news(arg, path, h->object, h->gone || (h->object != NULL && h->object->deleted),
		h->object == NULL ? h->calendar.id : 0);
	return 0;
}

static void take_news(struct model *m, struct client *c, const struct news *news)
{
	struct arena *mem cleanup_arena = arena_create();
	char value[VALUE];

	for (size_t i = 0; i < news->n; i++) {
		const char *path = news->item[i].path;
		for (size_t k = 0; k < i; k++) {
			if (strcmp(path, news->item[k].path) == 0)
				wrong(m, "%s is in one answer twice", path);
		}
		if (news->item[i].gone) {
			copy_remove(&c->known, path);
		} else if (news->item[i].calendar == 0) {
			copy_put(&c->known, path, news->item[i].value);
		} else {
			struct collection row;
			char owner[PATH];
			snprintf(owner, sizeof(owner), "%s", path);
			*strchr(owner, '/') = '\0';
			assert_int_equal(store_collection(m->s, owner, strchr(path, '/') + 1, mem, &row, NULL), 0);
			calendar_value(m, &row, c->user, value);
			copy_put(&c->known, path, value);
		}
	}
}

/* One page. True if the client is up to date with it. */
static bool sync_once(struct model *m, struct client *c, size_t limit)
{
	bool first = c->at.since == 0, more;
	struct news news = {.n = 0};
	struct err e = {0};
	int status = c->user == NULL
		? store_changes(m->s, m->fixed, &c->at, limit, note_object, &news, &c->at, &more, &e)
		: store_home_changes(m->s, c->user, c->deep, &c->at, limit, note_member, &news, &c->at, &more,
			&e);

	if (status < 0) {
		if (e.code != ERR_TOKEN || !c->deep)
			wrong(m, "%s", e.text);
		*c = (struct client){.user = c->user, .deep = c->deep};
		return false;
	}
	if (news.n > limit)
		wrong(m, "%zu instead of %zu", news.n, limit);
	for (size_t i = 0; i < news.n; i++) {
		if (first && news.item[i].gone)
			wrong(m, "%s is told to be gone at first", news.item[i].path);
	}
	take_news(m, c, &news);
	return !more;
}

static void compare(struct model *m, struct client *c)
{
	struct copy now = {.n = 0};

	if (c->user == NULL) {
		list_objects(m, m->fixed, "anna/fixed", &now);
	} else {
		list_home(m, c->user, c->deep, &now);
	}
	for (size_t i = 0; i < now.n; i++) {
		const struct entry *e = copy_find(&c->known, now.entry[i].path);
		if (e == NULL)
			wrong(m, "%s misses %s", c->user, now.entry[i].path);
		if (strcmp(e->value, now.entry[i].value) != 0)
			wrong(m, "%s has %s as '%s', not '%s'", c->user, e->path, e->value, now.entry[i].value);
	}
	if (c->known.n != now.n)
		wrong(m, "%s holds %zu, not %zu", c->user, c->known.n, now.n);
}

/* ---- writers ---- */

/* A calendar by chance; false if there is none of that name now. */
static bool any_calendar(struct model *m, struct arena *mem, struct collection *out)
{
	char name[16];

	snprintf(name, sizeof(name), "c%u", pick(m, CALENDARS - 1));
	const char *owner = users[pick(m, USERS)];
	if (pick(m, 4) == 0)
		return store_collection(m->s, "anna", "fixed", mem, out, NULL) == 0;
	return store_collection(m->s, owner, name, mem, out, NULL) == 0;
}

static void make(struct model *m)
{
	char name[16];
	struct collection c = {.owner = users[pick(m, USERS)], .name = name, .components = 1};
	store_id id;

	snprintf(name, sizeof(name), "c%u", pick(m, CALENDARS - 1));
	store_collection_make(m->s, &c, NULL, 0, SUITE_NOW, &id, NULL);
}

static void object_name(struct model *m, char name[16])
{
	snprintf(name, 16, "o%u.ics", pick(m, OBJECTS));
}

static void put_or_delete(struct model *m, const struct collection *c)
{
	char name[16], body[32];

	object_name(m, name);
	snprintf(body, sizeof(body), "body %u", pick(m, 1000));
	if (pick(m, 3) == 0) {
		suite_delete(m->s, c->id, name, NULL, NULL);
	} else {
		suite_put(m->s, c->id, name, name, body, NULL, NULL, NULL);
	}
}

static void move(struct model *m, const struct collection *from, const struct collection *to)
{
	char name[16], other[16];

	object_name(m, name);
	object_name(m, other);
	struct change both[] = {
		{.kind = CHANGE_DELETE, .collection = from->id, .name = name},
		{.kind = CHANGE_PUT, .collection = to->id, .name = other, .uid = other, .body = "moved",
			.body_len = 5, .component = 1}};
	struct commit commit = {.now = SUITE_NOW, .change = both, .changes = 2};
	if (from->id != to->id) {
		store_commit(m->s, &commit, NULL);
	}
}

static void patch(struct model *m, const struct collection *c)
{
	char xml[16];
	struct prop_row row = {pick(m, 2) ? "" : users[pick(m, USERS)], "DAV:", "displayname", xml};

	snprintf(xml, sizeof(xml), "<n%u/>", pick(m, 100));
	store_props_patch(m->s, c->id, &row, 1, NULL);
}

static void share(struct model *m, const struct collection *c)
{
	struct share share = {.collection = c->id, .user = users[pick(m, USERS)],
		.access = (enum share_access)pick(m, 3)};

	if (strcmp(share.user, c->owner) != 0) {
		store_share_put(m->s, &share, NULL);
	}
}

static void drop(struct model *m, const struct collection *c)
{
	struct commit commit = {.now = SUITE_NOW, .drop = c->id};

	if (c->id != m->fixed) {
		store_commit(m->s, &commit, NULL);
	}
}

static void change_something(struct model *m)
{
	struct arena *mem cleanup_arena = arena_create();
	struct collection c, other;

	if (pick(m, 12) == 0 || !any_calendar(m, mem, &c)) {
		make(m);
		return;
	}
	switch (pick(m, 12)) {
	case 0:
		drop(m, &c);
		break;
	case 1:
	case 2:
		share(m, &c);
		break;
	case 3:
		patch(m, &c);
		break;
	case 4:
		if (any_calendar(m, mem, &other)) {
			move(m, &c, &other);
		}
		break;
	default:
		put_or_delete(m, &c);
	}
}

/* ---- */

void sync_model_run(struct store *s, uint32_t seed, int steps)
{
	struct model m = {.s = s, .seed = seed, .random = seed};

	m.fixed = suite_calendar(s, "anna", "fixed");
	for (int i = 0; i < CLIENTS; i++) {
		m.client[i].user = i < 2 ? NULL : users[i % USERS];
		m.client[i].deep = i >= 2 && i % 2 == 0;
	}
	for (int step = 0; step < steps; step++) {
		struct client *c = &m.client[pick(&m, CLIENTS)];
		if (pick(&m, 3) > 0) {
			change_something(&m);
		} else if (sync_once(&m, c, 1 + pick(&m, 8))) {
			compare(&m, c);
		}
	}
	for (int i = 0; i < CLIENTS; i++) {
		for (int pages = 0; !sync_once(&m, &m.client[i], 1 + pick(&m, 8)); pages++) {
			if (pages > 200)
				wrong(&m, "no end");
		}
		compare(&m, &m.client[i]);
	}
}
