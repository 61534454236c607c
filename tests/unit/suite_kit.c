#include "suite_kit.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

store_id suite_calendar(struct store *s, const char *owner, const char *name)
{
	struct collection c = {.owner = owner, .name = name, .components = 1};
	struct err e = {0};
	store_id id;

	if (store_collection_make(s, &c, NULL, 0, SUITE_NOW, &id, &e) < 0)
		fail_msg("collection_make: %s", e.text);
	return id;
}

int suite_put(struct store *s, store_id collection, const char *name, const char *uid,
	const char *body,
	const char *expect, char etag[ETAG_SIZE], struct err *e)
{
	struct change change = {.kind = CHANGE_PUT, .collection = collection, .name = name,
		.expect = expect, .uid = uid, .body = body, .body_len = strlen(body), .component = 1,
		.first = 1000, .last = 2000, .charged = strlen(body)};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1};

	if (store_commit(s, &commit, e) < 0)
		return -1;
	if (etag != NULL) {
		memcpy(etag, change.etag, ETAG_SIZE);
	}
	return 0;
}

int suite_delete(struct store *s, store_id collection, const char *name, const char *expect,
	struct err *e)
{
	struct change change = {.kind = CHANGE_DELETE, .collection = collection, .name = name,
		.expect = expect};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1};

	return store_commit(s, &commit, e);
}

int suite_entry(struct store *s, const char *owner, const char *uid, const char *text,
	bool incident,
	struct err *e)
{
	struct ledger_row row = {.owner = owner, .when = SUITE_NOW, .slot = 5000, .incident = incident,
		.kind = "late", .ref = "R1", .client = "marc", .uid = uid, .text = text};
	struct commit commit = {.now = SUITE_NOW, .ledger = &row, .ledgers = 1};

	return store_commit(s, &commit, e);
}

void put_ok(struct store *s, store_id c, const char *name, const char *uid, const char *body)
{
	struct err e = {0};

	if (suite_put(s, c, name, uid, body, NULL, NULL, &e) < 0)
		fail_msg("put %s: %s", name, e.text);
}

void delete_ok(struct store *s, store_id c, const char *name)
{
	struct err e = {0};

	if (suite_delete(s, c, name, NULL, &e) < 0)
		fail_msg("delete %s: %s", name, e.text);
}

int note_object(const struct object *o, void *arg)
{
	struct buf *out = arg;

	buf_printf(out, "%s%s ", o->deleted ? "-" : "", o->name);
	return 0;
}

int note_collection(const struct collection *c, void *arg)
{
	buf_printf(arg, "%s/%s ", c->owner, c->name);
	return 0;
}

int note_prop(const struct prop_row *p, void *arg)
{
	buf_printf(arg, "%s:%s%s=%s ", p->user, p->ns, p->name, p->xml);
	return 0;
}

int note_share(const struct share *s, void *arg)
{
	buf_printf(arg, "%s/%s:%s=%d ", s->owner, s->calendar, s->user, s->access);
	return 0;
}

int note_feed(const struct feed *f, void *arg)
{
	buf_printf(arg, "%s/%s:%s=%s(%u,%lld,%lld,%lld,%lld) ", f->owner, f->calendar, f->id, f->label,
		f->flags, (long long)f->back, (long long)f->ahead, (long long)f->created, (long long)f->used);
	return 0;
}

int note_entry(const struct ledger_row *l, void *arg)
{
	buf_printf(arg, "%s%llu:%s ", l->owner, (unsigned long long)l->seq, l->text);
	return 0;
}

int note_wake(const struct wake *w, void *arg)
{
	buf_printf(arg, "%lld:%s/%s/%s ", (long long)w->at, w->owner, w->calendar, w->name);
	return 0;
}

void assert_notes(struct buf *notes, const char *expected)
{
	assert_string_equal(notes->data, expected);
	buf_reset(notes);
}

void assert_place(struct store *s, enum prop_place_kind kind, store_id c, const char *name,
	const char *expected)
{
	const struct prop_place place = {kind, c, name};
	struct buf notes cleanup_buf;
	struct err e = {0};

	buf_init(&notes, 1000);
	assert_int_equal(store_place_props(s, &place, note_prop, &notes, &e), 0);
	assert_notes(&notes, expected);
}

void set_place(struct store *s, enum prop_place_kind kind, store_id c, const char *name,
	const char *prop, const char *xml)
{
	const struct prop_place place = {kind, c, name};
	const struct prop_row row = {"", "X:", prop, xml};
	struct err e = {0};

	if (store_place_patch(s, &place, &row, 1, &e) < 0)
		fail_msg("place_patch: %s", e.text);
}

void put_numbered(struct store *s, store_id c, int n)
{
	for (int i = 0; i < n; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%d.ics", i);
		put_ok(s, c, name, name, "x");
	}
}
