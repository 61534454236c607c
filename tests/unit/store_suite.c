#include "store_suite.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "sync_model.h"

static suite_open_fn open_store;
static suite_close_fn close_store;

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

static int setup(void **state)
{
	*state = open_store();
	return 0;
}

static int teardown(void **state)
{
	close_store(*state);
	return 0;
}

static void put_ok(struct store *s, store_id c, const char *name, const char *uid, const char *body)
{
	struct err e = {0};

	if (suite_put(s, c, name, uid, body, NULL, NULL, &e) < 0)
		fail_msg("put %s: %s", name, e.text);
}

static void delete_ok(struct store *s, store_id c, const char *name)
{
	struct err e = {0};

	if (suite_delete(s, c, name, NULL, &e) < 0)
		fail_msg("delete %s: %s", name, e.text);
}

/* Visitors write what they see as text. */
static int note_object(const struct object *o, void *arg)
{
	struct buf *out = arg;

	buf_printf(out, "%s%s ", o->deleted ? "-" : "", o->name);
	return 0;
}

static int note_collection(const struct collection *c, void *arg)
{
	buf_printf(arg, "%s/%s ", c->owner, c->name);
	return 0;
}

static int note_prop(const struct prop_row *p, void *arg)
{
	buf_printf(arg, "%s:%s%s=%s ", p->user, p->ns, p->name, p->xml);
	return 0;
}

static int note_share(const struct share *s, void *arg)
{
	buf_printf(arg, "%s/%s:%s=%d ", s->owner, s->calendar, s->user, s->access);
	return 0;
}

static int note_feed(const struct feed *f, void *arg)
{
	buf_printf(arg, "%s/%s:%s=%s(%u,%lld,%lld,%lld,%lld) ", f->owner, f->calendar, f->id, f->label,
		f->flags, (long long)f->back, (long long)f->ahead, (long long)f->created, (long long)f->used);
	return 0;
}

static int note_entry(const struct ledger_row *l, void *arg)
{
	buf_printf(arg, "%s%llu:%s ", l->owner, (unsigned long long)l->seq, l->text);
	return 0;
}

static int note_wake(const struct wake *w, void *arg)
{
	buf_printf(arg, "%lld:%s/%s/%s ", (long long)w->at, w->owner, w->calendar, w->name);
	return 0;
}

static void assert_notes(struct buf *notes, const char *expected)
{
	assert_string_equal(notes->data, expected);
	buf_reset(notes);
}

/* ---- collections ---- */

static void collections_are_listed_by_owner_and_name(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;

	buf_init(&notes, 1000);
	suite_calendar(s, "marc", "a");
	suite_calendar(s, "anna", "z");
	suite_calendar(s, "anna", "b");
	assert_int_equal(store_collections(s, NULL, note_collection, &notes, NULL), 0);
	assert_notes(&notes, "anna/b anna/z marc/a ");
	assert_int_equal(store_collections(s, "anna", note_collection, &notes, NULL), 0);
	assert_notes(&notes, "anna/b anna/z ");
}

static void a_collection_is_made_once_and_starts_at_milliseconds_since_2020(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = *state;
	struct collection c, again = {.owner = "anna", .name = "work"};
	struct err e = {0};
	store_id id = suite_calendar(s, "anna", "work"), other;

	assert_int_equal(store_collection(s, "anna", "work", mem, &c, &e), 0);
	assert_int_equal(c.id, id);
	assert_int_equal(c.seq, (SUITE_NOW - 1577836800LL) * 1000);
	assert_int_equal(c.oldest_seq, c.seq);
	assert_int_equal(c.components, 1);
	assert_int_equal(c.created, SUITE_NOW);
	assert_string_equal(c.name, "work");
	assert_int_equal(store_collection_make(s, &again, NULL, 0, SUITE_NOW, &other, &e), -1);
	assert_int_equal(e.code, ERR_EXISTS);
	assert_int_equal(store_collection(s, "anna", "none", mem, &c, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void bad_names_are_refused(void **state)
{
	static const char *const owners[] = {"", "..", "Anna", "a/b", "-x", "a b"};
	static const char *const names[] = {"", ".", "..", "a/b", "a\nb", "\xff"};
	struct store *s = *state;
	struct err e;
	store_id id;

	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		struct collection c = {.owner = owners[i], .name = "x"};
		assert_int_equal(store_collection_make(s, &c, NULL, 0, SUITE_NOW, &id, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
	id = suite_calendar(s, "anna", "x");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct collection c = {.owner = "anna", .name = names[i]};
		store_id other;
		assert_int_equal(store_collection_make(s, &c, NULL, 0, SUITE_NOW, &other, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(suite_put(s, id, names[i], "u", "b", NULL, NULL, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
}

static void a_dropped_collection_takes_all_with_it_and_its_seqs_never_return(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct share share = {.user = "marc", .access = SHARE_READ};
	struct wake wake = {SUITE_NOW, "anna", "work", "a.ics"};
	struct collection before, after;
	struct commit commit = {.now = SUITE_NOW, .wake = &wake, .wakes = 1};
	char etag[ETAG_SIZE], again[ETAG_SIZE];
	struct object o;
	struct err e = {0};
	int64_t next;

	buf_init(&notes, 1000);
	store_id id = share.collection = suite_calendar(s, "anna", "work");
	assert_int_equal(suite_put(s, id, "a.ics", "u", "body", "", etag, &e), 0);
	assert_int_equal(store_share_put(s, &share, &e), 0);
	assert_int_equal(store_commit(s, &commit, &e), 0);
	assert_int_equal(store_collection(s, "anna", "work", mem, &before, &e), 0);
	/* only as it was seen */
	struct change last = {.kind = CHANGE_DELETE, .collection = id, .name = "a.ics"};
	commit = (struct commit){.now = SUITE_NOW, .change = &last, .changes = 1,
		.drop = id, .drop_seq = before.seq - 1};
	assert_int_equal(store_commit(s, &commit, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	commit.drop_seq = before.seq;
	assert_int_equal(store_commit(s, &commit, &e), 0);
	commit = (struct commit){.now = SUITE_NOW, .drop = id};
	assert_int_equal(store_commit(s, &commit, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_find(s, id, "a.ics", mem, &o, &e), -1);
	assert_int_equal(store_shares(s, 0, "marc", note_share, &notes, &e), 0);
	assert_int_equal(store_wakes(s, INT64_MAX, note_wake, &notes, &next, &e), 0);
	assert_notes(&notes, "");

	store_id fresh = suite_calendar(s, "anna", "work");
	assert_int_not_equal(fresh, id);
	assert_int_equal(store_collection(s, "anna", "work", mem, &after, &e), 0);
	assert_true(after.seq > before.seq);
	assert_int_equal(suite_put(s, fresh, "a.ics", "u", "body", "", again, &e), 0);
	assert_string_not_equal(etag, again);
}

static void properties_are_common_or_one_users(void **state)
{
	const struct prop_row rows[] = {{"", "DAV:", "displayname", "<a/>"},
		{"marc", "DAV:", "displayname", "<b/>"}, {"", "X:", "color", "<c/>"}};
	const struct prop_row patch[] = {{"", "DAV:", "displayname", NULL}, {"marc", "X:", "color", "<d/>"}};
	const struct prop_row bad[] = {{"", "X:", "new", "<n/>"}, {"", "X:", "", "<n/>"}};
	struct arena *mem cleanup_arena = arena_create();
	struct buf notes cleanup_buf;
	struct collection c = {.owner = "anna", .name = "w"}, before, after;
	struct store *s = *state;
	struct err e = {0};
	store_id id;

	buf_init(&notes, 1000);
	assert_int_equal(store_collection_make(s, &c, rows, 3, SUITE_NOW, &id, &e), 0);
	assert_int_equal(store_collection(s, "anna", "w", mem, &before, &e), 0);
	assert_int_equal(store_props(s, id, NULL, note_prop, &notes, &e), 0);
	assert_notes(&notes, ":DAV:displayname=<a/> :X:color=<c/> ");
	assert_int_equal(store_props(s, id, "marc", note_prop, &notes, &e), 0);
	assert_notes(&notes, ":DAV:displayname=<a/> :X:color=<c/> marc:DAV:displayname=<b/> ");
	assert_int_equal(store_props_patch(s, id, patch, 2, &e), 0);
	assert_int_equal(store_props(s, id, "marc", note_prop, &notes, &e), 0);
	assert_notes(&notes, ":X:color=<c/> marc:DAV:displayname=<b/> marc:X:color=<d/> ");
	assert_int_equal(store_props_patch(s, id, bad, 2, &e), -1);
	assert_int_equal(store_props(s, id, "", note_prop, &notes, &e), 0);
	assert_notes(&notes, ":X:color=<c/> ");
	assert_int_equal(store_collection(s, "anna", "w", mem, &after, &e), 0);
	assert_int_equal(before.seq, after.seq);
	assert_int_equal(store_props_patch(s, id + 99, patch, 2, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	const struct prop_place home = {PLACE_HOME, 0, "anna"};
	const struct prop_row seen[] = {{"", "X:", "seen", "<s/>"}};
	struct prop_patch all[] = {{&home, 0, seen, 1}, {NULL, id, seen, 1}, {NULL, id + 99, seen, 1}};
	assert_int_equal(store_props_patch_all(s, all, 3, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_props(s, id, "", note_prop, &notes, &e), 0);
	assert_notes(&notes, ":X:color=<c/> ");
	assert_int_equal(store_place_props(s, &home, note_prop, &notes, &e), 0);
	assert_notes(&notes, "");
	assert_int_equal(store_props_patch_all(s, all, 2, &e), 0);
	assert_int_equal(store_props(s, id, "", note_prop, &notes, &e), 0);
	assert_notes(&notes, ":X:color=<c/> :X:seen=<s/> ");
	assert_int_equal(store_place_props(s, &home, note_prop, &notes, &e), 0);
	assert_notes(&notes, ":X:seen=<s/> ");
}

static void assert_place(struct store *s, enum prop_place_kind kind, store_id c, const char *name,
	const char *expected)
{
	const struct prop_place place = {kind, c, name};
	struct buf notes cleanup_buf;
	struct err e = {0};

	buf_init(&notes, 1000);
	assert_int_equal(store_place_props(s, &place, note_prop, &notes, &e), 0);
	assert_notes(&notes, expected);
}

static void assert_have_props(struct store *s, store_id c, bool expected)
{
	bool have = !expected;
	struct err e = {0};

	assert_int_equal(store_objects_have_props(s, c, &have, &e), 0);
	assert_int_equal(have, expected);
}

static void set_place(struct store *s, enum prop_place_kind kind, store_id c, const char *name,
	const char *prop, const char *xml)
{
	const struct prop_place place = {kind, c, name};
	const struct prop_row row = {"", "X:", prop, xml};
	struct err e = {0};

	if (store_place_patch(s, &place, &row, 1, &e) < 0)
		fail_msg("place_patch: %s", e.text);
}

static void homes_principals_and_objects_have_properties(void **state)
{
	const struct prop_row rows[] = {{"", "X:", "n", "<n/>"}, {"", "X:", "", "<m/>"}};
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = *state;
	struct collection before, after;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	put_ok(s, c, "a.ics", "u", "A");
	assert_int_equal(store_collection(s, "anna", "w", mem, &before, &e), 0);
	set_place(s, PLACE_HOME, 0, "anna", "p", "<p/>");
	set_place(s, PLACE_PRINCIPAL, 0, "anna", "p", "<q/>");
	assert_have_props(s, c, false);
	set_place(s, PLACE_OBJECT, c, "a.ics", "p", "<r/>");
	assert_have_props(s, c, true);
	assert_have_props(s, c + 99, false);
	set_place(s, PLACE_OBJECT, c, "a.ics", "q", "<s/>");
	set_place(s, PLACE_OBJECT, c, "a.ics", "p", "<t/>");
	assert_place(s, PLACE_HOME, 0, "anna", ":X:p=<p/> ");
	assert_place(s, PLACE_PRINCIPAL, 0, "anna", ":X:p=<q/> ");
	assert_place(s, PLACE_OBJECT, c, "a.ics", ":X:p=<t/> :X:q=<s/> ");
	set_place(s, PLACE_OBJECT, c, "a.ics", "q", NULL);
	set_place(s, PLACE_HOME, 0, "anna", "p", NULL);
	assert_place(s, PLACE_OBJECT, c, "a.ics", ":X:p=<t/> ");
	assert_place(s, PLACE_HOME, 0, "anna", "");
	assert_place(s, PLACE_HOME, 0, "marc", "");
	assert_int_equal(store_collection(s, "anna", "w", mem, &after, &e), 0);
	assert_int_equal(before.seq, after.seq);
	assert_int_equal(store_place_patch(s, &(struct prop_place){PLACE_OBJECT, c, "none.ics"}, rows, 1,
		&e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_place_patch(s, &(struct prop_place){PLACE_HOME, 0, "anna"}, rows, 2, &e),
		-1);
	assert_place(s, PLACE_HOME, 0, "anna", "");
}

/* RFC 4918 9.6, 9.8.2, 9.9.1: gone with the object, taken along by MOVE and COPY, replaced there. */
static void properties_go_where_their_object_goes(void **state)
{
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w"), other = suite_calendar(s, "anna", "o");
	struct change move[] = {{.kind = CHANGE_DELETE, .collection = c, .name = "a.ics"},
		{.kind = CHANGE_PUT, .collection = other, .name = "b.ics", .uid = "u", .body = "A",
			.body_len = 1, .from_collection = c, .from = "a.ics"}};
	struct commit commit = {.now = SUITE_NOW, .change = move, .changes = 2};

	put_ok(s, c, "a.ics", "u", "A");
	put_ok(s, other, "b.ics", "v", "B");
	set_place(s, PLACE_OBJECT, c, "a.ics", "p", "<p/>");
	set_place(s, PLACE_OBJECT, other, "b.ics", "old", "<old/>");
	put_ok(s, c, "a.ics", "u", "changed");
	assert_place(s, PLACE_OBJECT, c, "a.ics", ":X:p=<p/> ");
	assert_int_equal(store_commit(s, &commit, &e), 0);
	assert_place(s, PLACE_OBJECT, other, "b.ics", ":X:p=<p/> ");
	put_ok(s, c, "a.ics", "w", "new");
	assert_place(s, PLACE_OBJECT, c, "a.ics", "");
	delete_ok(s, other, "b.ics");
	put_ok(s, other, "b.ics", "u", "again");
	assert_place(s, PLACE_OBJECT, other, "b.ics", "");
	assert_have_props(s, c, false);
	assert_have_props(s, other, false);
}

static int put_charged(struct store *s, store_id c, const char *name, uint64_t charged,
	const struct quotas *quotas, struct err *e)
{
	struct change change = {.kind = CHANGE_PUT, .collection = c, .name = name, .uid = name,
		.body = "A", .body_len = 1, .charged = charged};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1, .quotas = quotas};

	return store_commit(s, &commit, e);
}

static uint64_t usage(struct store *s, const char *owner)
{
	uint64_t bytes;
	struct err e = {0};

	assert_int_equal(store_usage(s, owner, &bytes, &e), 0);
	return bytes;
}

/* RFC 4331: over all calendars of the owner; what makes it less is always allowed. */
static void a_quota_bounds_an_owners_calendars_together(void **state)
{
	const struct quota paul = {"paul", 0};
	const struct quotas quotas = {.bytes = 100, .owner = &paul, .owners = 1};
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w"), other = suite_calendar(s, "anna", "o");
	store_id his = suite_calendar(s, "paul", "w");

	assert_int_equal(put_charged(s, c, "a", 60, &quotas, &e), 0);
	assert_int_equal(put_charged(s, other, "b", 40, &quotas, &e), 0);
	assert_int_equal(usage(s, "anna"), 100);
	assert_int_equal(put_charged(s, other, "c", 1, &quotas, &e), -1);
	assert_int_equal(e.code, ERR_QUOTA);
	assert_int_equal(put_charged(s, c, "a", 61, &quotas, &e), -1);
	assert_int_equal(usage(s, "anna"), 100);
	assert_int_equal(put_charged(s, his, "a", 1000, &quotas, &e), 0);
	assert_int_equal(put_charged(s, c, "a", 500, NULL, &e), 0);
	assert_int_equal(put_charged(s, c, "a", 400, &quotas, &e), 0);
	assert_int_equal(usage(s, "anna"), 440);
	delete_ok(s, c, "a");
	assert_int_equal(usage(s, "anna"), 40);
	assert_int_equal(put_charged(s, c, "a", 60, &quotas, &e), 0);
	struct commit drop = {.now = SUITE_NOW, .drop = c};
	assert_int_equal(store_commit(s, &drop, &e), 0);
	assert_int_equal(usage(s, "anna"), 40);
	assert_int_equal(usage(s, "nobody"), 0);
}

static void shares_are_found_from_both_sides(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	store_id a = suite_calendar(s, "anna", "a"), b = suite_calendar(s, "paul", "b");
	struct share shares[] = {{.collection = a, .user = "marc", .access = SHARE_WRITE},
		{.collection = a, .user = "lea", .access = SHARE_READ},
		{.collection = b, .user = "marc", .access = SHARE_READ}};

	buf_init(&notes, 1000);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(store_share_put(s, &shares[i], &e), 0);
	}
	assert_int_equal(store_shares(s, a, NULL, note_share, &notes, &e), 0);
	assert_notes(&notes, "anna/a:lea=2 anna/a:marc=3 ");
	assert_int_equal(store_shares(s, 0, "marc", note_share, &notes, &e), 0);
	assert_notes(&notes, "anna/a:marc=3 paul/b:marc=2 ");
	assert_int_equal(store_shares(s, b, "lea", note_share, &notes, &e), 0);
	assert_notes(&notes, "");
	shares[0].access = SHARE_NONE;
	assert_int_equal(store_share_put(s, &shares[0], &e), 0);
	assert_int_equal(store_shares(s, a, "marc", note_share, &notes, &e), 0);
	assert_notes(&notes, "");
	const struct share now[] = {{.user = "paul", .access = SHARE_FREE_BUSY},
		{.user = "marc", .access = SHARE_READ}};
	assert_int_equal(store_shares_set(s, a, now, 2, &e), 0);
	assert_int_equal(store_shares(s, a, NULL, note_share, &notes, &e), 0);
	assert_notes(&notes, "anna/a:marc=2 anna/a:paul=1 ");
	assert_int_equal(store_home(s, "marc", note_collection, &notes, NULL, &e), 0);
	assert_notes(&notes, "anna/a paul/b ");
	assert_int_equal(store_home(s, "paul", note_collection, &notes, NULL, &e), 0);
	assert_notes(&notes, "paul/b "); /* free-busy alone shows nothing */
	assert_int_equal(store_shares_set(s, a, NULL, 0, &e), 0);
	assert_int_equal(store_home(s, "marc", note_collection, &notes, NULL, &e), 0);
	assert_notes(&notes, "paul/b ");
	assert_int_equal(store_shares(s, a, NULL, note_share, &notes, &e), 0);
	assert_notes(&notes, "");
	assert_int_equal(store_shares(s, b, NULL, note_share, &notes, &e), 0);
	assert_notes(&notes, "paul/b:marc=2 ");
	assert_int_equal(store_shares_set(s, 9999, now, 2, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

#define HASH_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define HASH_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define HASH_C "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"

static void feeds_are_found_by_their_hash(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	struct feed got;
	store_id a = suite_calendar(s, "anna", "a"), b = suite_calendar(s, "paul", "b");
	struct feed feeds[] = {
		{.id = "bb", .label = "Phone", .hash = HASH_B, .collection = a, .flags = FEED_BUSY,
			.back = 86400, .ahead = -1, .created = 7, .used = 99},
		{.id = "aa", .label = "", .hash = HASH_A, .collection = a, .back = -1, .ahead = -1},
		{.id = "cc", .label = "Wall", .hash = HASH_C, .collection = b, .back = 0, .ahead = 5},
	};

	buf_init(&notes, 1000);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(store_feed_put(s, &feeds[i], &e), 0);
	}
	assert_int_equal(store_feeds(s, a, note_feed, &notes, &e), 0);
	assert_notes(&notes, "anna/a:aa=(0,-1,-1,0,0) anna/a:bb=Phone(1,86400,-1,7,0) ");
	assert_int_equal(store_feed(s, HASH_C, mem, &got, &e), 0);
	assert_string_equal(got.id, "cc");
	assert_string_equal(got.owner, "paul");
	assert_int_equal(got.collection, b);
	assert_int_equal(store_feed(s, "none", mem, &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);

	assert_int_equal(store_feed_used(s, "bb", 55, &e), 0);
	assert_int_equal(store_feed_used(s, "none", 55, &e), 0);
	assert_int_equal(store_feed_remove(s, "aa", &e), 0);
	assert_int_equal(store_feed(s, HASH_A, mem, &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_feeds(s, 0, note_feed, &notes, &e), 0);
	assert_notes(&notes, "anna/a:bb=Phone(1,86400,-1,7,55) paul/b:cc=Wall(0,0,5,0,0) ");
	assert_int_equal(store_feed_remove(s, "aa", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	feeds[2].hash = HASH_A;
	assert_int_equal(store_feed_put(s, &feeds[2], &e), -1);
	assert_int_equal(e.code, ERR_EXISTS);
	feeds[1].collection = b + 99;
	assert_int_equal(store_feed_put(s, &feeds[1], &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void feeds_end_with_their_calendar(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	store_id a = suite_calendar(s, "anna", "a"), b = suite_calendar(s, "anna", "b");
	struct feed feed = {.id = "aa", .label = "", .hash = HASH_A, .collection = a};

	buf_init(&notes, 1000);
	assert_int_equal(store_feed_put(s, &feed, &e), 0);
	feed = (struct feed){.id = "bb", .label = "", .hash = HASH_B, .collection = b};
	assert_int_equal(store_feed_put(s, &feed, &e), 0);
	assert_int_equal(store_commit(s, &(struct commit){.now = SUITE_NOW, .drop = a}, &e), 0);
	assert_int_equal(store_feeds(s, 0, note_feed, &notes, &e), 0);
	assert_notes(&notes, "anna/b:bb=(0,0,0,0,0) ");
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "x"}, &e), 0);
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	assert_int_equal(store_feeds(s, 0, note_feed, &notes, &e), 0);
	assert_notes(&notes, "");
}

/* ---- objects ---- */

static void a_put_is_found_by_name_and_uid_with_its_bytes(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf body cleanup_buf;
	struct store *s = *state;
	struct object o, by_uid;
	char etag[ETAG_SIZE], digest[DIGEST_SIZE];
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&body, 1000);
	assert_int_equal(suite_put(s, c, "a.ics", "uid-1", "BODY", "", etag, &e), 0);
	assert_int_equal(store_find(s, c, "a.ics", mem, &o, &e), 0);
	assert_string_equal(o.uid, "uid-1");
	assert_string_equal(o.etag, etag);
	assert_int_equal(o.size, 4);
	assert_int_equal(o.first, 1000);
	assert_int_equal(o.last, 2000);
	assert_int_equal(o.mtime, SUITE_NOW);
	digest_short("BODY", 4, digest);
	assert_memory_equal(etag, digest, strlen(digest));
	assert_int_equal(store_find_uid(s, c, "uid-1", mem, &by_uid, &e), 0);
	assert_string_equal(by_uid.name, "a.ics");
	buf_adds(&body, "before ");
	assert_int_equal(store_body(s, c, "a.ics", mem, &o, &body, &e), 0);
	assert_string_equal(body.data, "before BODY");
	assert_int_equal(store_find(s, c, "A.ics", mem, &o, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

struct putting { struct store *s; store_id c; };

static void *put_beside(void *arg)
{
	struct putting *p = arg;

	put_ok(p->s, p->c, "b.ics", "uid-b", "BESIDE");
	return NULL;
}

/* Whoever commits, and as often as it is asked before. */
static void a_session_shows_each_question_all_that_was_committed_before_it(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = *state;
	struct putting beside = {.s = s, .c = suite_calendar(s, "anna", "w")};
	struct err e = {0};
	struct object o;
	pthread_t thread;

	store_session_begin(s);
	assert_int_equal(store_find(s, beside.c, "a.ics", mem, &o, &e), -1);
	put_ok(s, beside.c, "a.ics", "uid-a", "ONE");
	assert_int_equal(store_find(s, beside.c, "a.ics", mem, &o, &e), 0);
	store_session_end(s);
	store_session_begin(s);
	assert_int_equal(store_find(s, beside.c, "b.ics", mem, &o, &e), -1);
	assert_int_equal(pthread_create(&thread, NULL, put_beside, &beside), 0);
	pthread_join(thread, NULL);
	assert_int_equal(store_find(s, beside.c, "b.ics", mem, &o, &e), 0);
	store_session_end(s);
	delete_ok(s, beside.c, "a.ics");
	store_session_begin(s);
	assert_int_equal(store_find(s, beside.c, "a.ics", mem, &o, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	store_session_end(s);
}

static void going_back_to_an_earlier_text_gives_a_new_etag(void **state)
{
	struct store *s = *state;
	char one[ETAG_SIZE], two[ETAG_SIZE], three[ETAG_SIZE];
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	assert_int_equal(suite_put(s, c, "a.ics", "u", "A", "", one, &e), 0);
	assert_int_equal(suite_put(s, c, "a.ics", "u", "B", one, two, &e), 0);
	assert_int_equal(suite_put(s, c, "a.ics", "u", "A", two, three, &e), 0);
	assert_string_not_equal(one, three);
	assert_memory_equal(one, three, DIGEST_SIZE - 1);
}

static void an_expectation_that_fails_changes_nothing(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf notes cleanup_buf;
	struct store *s = *state;
	char etag[ETAG_SIZE];
	struct collection before, after;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&notes, 1000);
	assert_int_equal(suite_put(s, c, "a.ics", "u", "A", "", etag, &e), 0);
	assert_int_equal(store_collection(s, "anna", "w", mem, &before, &e), 0);
	assert_int_equal(suite_put(s, c, "a.ics", "u", "B", "", NULL, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	assert_int_equal(suite_put(s, c, "a.ics", "u", "B", "stale-1", NULL, &e), -1);
	assert_int_equal(suite_put(s, c, "new.ics", "v", "B", etag, NULL, &e), -1);
	assert_int_equal(suite_delete(s, c, "a.ics", "stale-1", &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);

	/* the good half of a commit goes with the bad one */
	struct change both[] = {
		{.kind = CHANGE_PUT, .collection = c, .name = "b.ics", .uid = "w", .body = "b", .body_len = 1},
		{.kind = CHANGE_DELETE, .collection = c, .name = "a.ics", .expect = "stale-1"}};
	struct ledger_row row = {.owner = "anna", .when = 1, .kind = "k", .ref = "", .client = "",
		.uid = "", .text = "{}"};
	struct commit commit = {.now = SUITE_NOW, .change = both, .changes = 2, .ledger = &row,
		.ledgers = 1};
	assert_int_equal(store_commit(s, &commit, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	assert_int_equal(store_list(s, c, 0, INT64_MIN, INT64_MAX, note_object, &notes, NULL, &e), 0);
	assert_int_equal(store_ledger(s, &(struct ledger_query){0}, note_entry, &notes, &e), 0);
	assert_notes(&notes, "a.ics ");
	assert_int_equal(store_collection(s, "anna", "w", mem, &after, &e), 0);
	assert_int_equal(before.seq, after.seq);
}

/* Entries alone, about an object that has to be what they were decided on. */
static int commit_entry(struct store *s, const struct object_seen *still, struct err *e)
{
	struct ledger_row row = {.owner = "anna", .when = 1, .kind = "k", .ref = "", .client = "",
		.uid = "", .text = "{}"};
	struct commit commit = {.now = SUITE_NOW, .ledger = &row, .ledgers = 1, .still = *still};

	return store_commit(s, &commit, e);
}

static void entries_rest_on_an_object_as_it_was(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");
	char etag[ETAG_SIZE];

	buf_init(&notes, 1 << 20);
	assert_int_equal(suite_put(s, c, "a.ics", "u", "A", "", etag, &e), 0);
	assert_int_equal(commit_entry(s, &(struct object_seen){c, "a.ics", etag}, &e), 0);
	assert_int_equal(commit_entry(s, &(struct object_seen){c, "b.ics", ""}, &e), 0);
	assert_int_equal(commit_entry(s, &(struct object_seen){c, "a.ics", ""}, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	put_ok(s, c, "a.ics", "u", "B");
	assert_int_equal(commit_entry(s, &(struct object_seen){c, "a.ics", etag}, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	delete_ok(s, c, "a.ics");
	assert_int_equal(commit_entry(s, &(struct object_seen){c, "a.ics", etag}, &e), -1);
	assert_int_equal(store_ledger(s, &(struct ledger_query){0}, note_entry, &notes, &e), 0);
	assert_notes(&notes, "anna1:{} anna2:{} ");
}

static void a_uid_is_unique_in_its_calendar(void **state)
{
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w"), other = suite_calendar(s, "anna", "x");
	struct change change = {.kind = CHANGE_PUT, .collection = c, .name = "b.ics", .uid = "u",
		.body = "B", .body_len = 1};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1};

	put_ok(s, c, "a.ics", "u", "A");
	assert_int_equal(store_commit(s, &commit, &e), -1);
	assert_int_equal(e.code, ERR_UID_TAKEN);
	assert_string_equal(commit.conflict, "a.ics");
	put_ok(s, other, "b.ics", "u", "B");
	put_ok(s, c, "c.ics", "U", "octets, not letters");
	put_ok(s, c, "a.ics", "changed", "A");
	put_ok(s, c, "b.ics", "u", "B");
	delete_ok(s, c, "b.ics");
	put_ok(s, c, "d.ics", "u", "free again");
}

static void a_move_is_one_commit_in_any_order(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");
	struct change move[] = {
		{.kind = CHANGE_PUT, .collection = c, .name = "b.ics", .expect = "", .uid = "u", .body = "A",
			.body_len = 1},
		{.kind = CHANGE_DELETE, .collection = c, .name = "a.ics"}};
	struct commit commit = {.now = SUITE_NOW, .change = move, .changes = 2};

	buf_init(&notes, 1000);
	put_ok(s, c, "a.ics", "u", "A");
	assert_int_equal(store_commit(s, &commit, &e), 0);
	assert_true(move[0].seq != move[1].seq);
	assert_int_equal(store_list(s, c, 0, INT64_MIN, INT64_MAX, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "b.ics ");
}

static void deleting_what_is_not_there_moves_nothing(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = *state;
	struct collection before, after;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");

	assert_int_equal(store_collection(s, "anna", "w", mem, &before, &e), 0);
	delete_ok(s, c, "none.ics");
	assert_int_equal(store_collection(s, "anna", "w", mem, &after, &e), 0);
	assert_int_equal(before.seq, after.seq);
	assert_int_equal(suite_delete(s, c + 99, "a.ics", NULL, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(suite_put(s, c + 99, "a.ics", "u", "A", NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void put_span(struct store *s, store_id c, const char *name, unsigned component,
	int64_t first,
	int64_t last)
{
	struct change change = {.kind = CHANGE_PUT, .collection = c, .name = name, .uid = name,
		.body = "x", .body_len = 1, .component = component, .first = first, .last = last};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1};

	assert_int_equal(store_commit(s, &commit, NULL), 0);
}

static void a_list_is_by_kind_and_half_open_span(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	uint64_t seq;
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&notes, 1000);
	put_span(s, c, "c.ics", 2, INT64_MIN, INT64_MAX);
	put_span(s, c, "a.ics", 1, 100, 200);
	put_span(s, c, "b.ics", 1, 200, 200);
	put_span(s, c, "d.ics", 1, 150, 300);
	delete_ok(s, c, "d.ics");
	assert_int_equal(store_list(s, c, 0, INT64_MIN, INT64_MAX, note_object, &notes, &seq, &e), 0);
	assert_notes(&notes, "a.ics b.ics c.ics ");
	assert_int_equal(store_list(s, c, 1, INT64_MIN, INT64_MAX, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "a.ics b.ics ");
	assert_int_equal(store_list(s, c, 3, 0, 100, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "c.ics ");
	assert_int_equal(store_list(s, c, 1, 0, 101, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "a.ics ");
	assert_int_equal(store_list(s, c, 1, 200, 300, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "b.ics ");
	assert_int_equal(store_list(s, c, 1, 201, INT64_MAX, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "");
	assert_int_equal(store_list(s, c + 99, 0, 0, 1, note_object, &notes, NULL, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

/* Of what has spans those count, and what is shorter or longer than another is found like it. */
static void a_list_goes_by_the_spans_that_are_known(void **state)
{
	static const struct span twice[] = {{100, 110}, {500, 500}};
	struct buf notes cleanup_buf, bytes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w");
	struct change change = {.kind = CHANGE_PUT, .collection = c, .name = "twice.ics", .uid = "t", .body = "x",
		.body_len = 1, .component = 1, .first = 100, .last = 501, .traits = 5};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1};
	struct arena *mem cleanup_arena = arena_create();
	struct object o;

	buf_init(&notes, 1000);
	buf_init(&bytes, SPANS_BYTES_MAX);
	spans_write(twice, 2, false, &bytes);
	change.spans = (struct span_set){bytes.data, bytes.len};
	assert_int_equal(store_commit(s, &commit, NULL), 0);
	put_span(s, c, "day.ics", 1, 100, 100 + 86400);
	put_span(s, c, "never.ics", 1, INT64_MAX, INT64_MIN);
	put_span(s, c, "open.ics", 1, 300, INT64_MAX);
	put_span(s, c, "old.ics", 1, -40 * 365 * INT64_C(86400), 105);
	assert_int_equal(store_list(s, c, 0, 100, 101, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "day.ics old.ics twice.ics ");
	assert_int_equal(store_list(s, c, 0, 110, 500, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "day.ics open.ics ");
	assert_int_equal(store_list(s, c, 0, 500, 501, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "day.ics open.ics twice.ics ");
	assert_int_equal(store_list(s, c, 0, 90000, INT64_MAX, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "open.ics ");
	assert_int_equal(store_list(s, c, 0, INT64_MIN, 0, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "old.ics ");
	assert_int_equal(store_find(s, c, "twice.ics", mem, &o, &e), 0);
	assert_int_equal(o.traits, 5);
	assert_int_equal(o.spans.len, bytes.len);
	assert_memory_equal(o.spans.data, bytes.data, bytes.len);
	/* without them it may be anywhere in its span */
	put_span(s, c, "twice.ics", 1, 100, 501);
	assert_int_equal(store_list(s, c, 0, 110, 300, note_object, &notes, NULL, &e), 0);
	assert_notes(&notes, "day.ics twice.ics ");
}

static void pages_follow_each_other_by_name(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	store_id c = suite_calendar(s, "anna", "w"), other = suite_calendar(s, "anna", "x");

	buf_init(&notes, 1000);
	put_span(s, c, "c.ics", 2, INT64_MIN, INT64_MAX);
	put_span(s, c, "a.ics", 1, 100, 200);
	put_span(s, c, "b.ics", 1, 200, 200);
	put_span(s, c, "d.ics", 1, 150, 300);
	put_span(s, other, "bb.ics", 1, 150, 300);
	delete_ok(s, c, "b.ics");
	assert_int_equal(store_page(s, c, "", 2, note_object, &notes, &e), 0);
	assert_notes(&notes, "a.ics c.ics ");
	assert_int_equal(store_page(s, c, "c.ics", 2, note_object, &notes, &e), 0);
	assert_notes(&notes, "d.ics ");
	assert_int_equal(store_page(s, c, "b", 1, note_object, &notes, &e), 0);
	assert_notes(&notes, "c.ics ");
	assert_int_equal(store_page(s, c, "d.ics", 9, note_object, &notes, &e), 0);
	assert_notes(&notes, "");
	assert_int_equal(store_page(s, c + 99, "", 1, note_object, &notes, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static int stop_at_second(const struct object *o, void *arg)
{
	return ++*(int *)arg == 2 ? 7 : 0;
}

static void a_visitor_stops_the_walk(void **state)
{
	struct store *s = *state;
	struct err e = {0};
	int visited = 0;
	store_id c = suite_calendar(s, "anna", "w");

	for (int i = 0; i < 5; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%d.ics", i);
		put_ok(s, c, name, name, "x");
	}
	assert_int_equal(store_list(s, c, 0, INT64_MIN, INT64_MAX, stop_at_second, &visited, NULL, &e),
		7);
	assert_int_equal(visited, 2);
	put_ok(s, c, "5.ics", "5.ics", "the store is usable after it");
}

/* ---- sync ---- */

/* All that changed since *at, with where it ended; whether there is more. */
static bool note_changes(struct store *s, store_id c, struct sync_point *at, size_t limit,
	struct buf *notes)
{
	struct err e = {0};
	bool more;

	if (store_changes(s, c, at, limit, note_object, notes, at, &more, &e) < 0)
		fail_msg("changes: %s", e.text);
	return more;
}

static void changes_since_a_token_are_rows_and_tombstones_in_order(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point at = {0}, fresh = {0};
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&notes, 1000);
	put_ok(s, c, "a.ics", "a", "1");
	put_ok(s, c, "b.ics", "b", "1");
	assert_false(note_changes(s, c, &at, 100, &notes));
	assert_notes(&notes, "a.ics b.ics ");
	put_ok(s, c, "c.ics", "c", "1");
	delete_ok(s, c, "a.ics");
	put_ok(s, c, "b.ics", "b", "2");
	uint64_t before = at.since;
	assert_false(note_changes(s, c, &at, 100, &notes));
	assert_notes(&notes, "c.ics -a.ics b.ics ");
	assert_int_equal(at.since, before + 3);
	assert_int_equal(at.until, 0);
	note_changes(s, c, &at, 100, &notes);
	assert_notes(&notes, "");
	/* a client that knows nothing hears of nobody's death */
	note_changes(s, c, &fresh, 100, &notes);
	assert_notes(&notes, "c.ics b.ics ");
	assert_int_equal(fresh.since, at.since);
	/* what comes back isn't dead any more */
	put_ok(s, c, "a.ics", "a", "3");
	note_changes(s, c, &at, 100, &notes);
	assert_notes(&notes, "a.ics ");
}

static void put_numbered(struct store *s, store_id c, int n)
{
	for (int i = 0; i < n; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%d.ics", i);
		put_ok(s, c, name, name, "x");
	}
}

static void a_limit_gives_pages_that_join(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point at = {0};
	store_id c = suite_calendar(s, "anna", "w");
	int pages = 1;

	buf_init(&notes, 1000);
	put_numbered(s, c, 7);
	while (note_changes(s, c, &at, 3, &notes)) {
		pages++;
	}
	assert_notes(&notes, "0.ics 1.ics 2.ics 3.ics 4.ics 5.ics 6.ics ");
	assert_int_equal(pages, 3);
}

/* What changes between two pages comes after the last; a first pass tells of nobody's death. */
static void changes_between_pages_come_after_them(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point at = {0};
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&notes, 1000);
	put_numbered(s, c, 5);
	delete_ok(s, c, "3.ics");
	assert_true(note_changes(s, c, &at, 2, &notes));
	assert_notes(&notes, "0.ics 1.ics ");
	put_ok(s, c, "2.ics", "2.ics", "y");
	delete_ok(s, c, "0.ics");
	assert_true(note_changes(s, c, &at, 2, &notes)); /* the pass is over, but not the news */
	assert_notes(&notes, "4.ics ");
	assert_false(note_changes(s, c, &at, 2, &notes));
	assert_notes(&notes, "2.ics -0.ics ");
}

static void tokens_from_before_and_from_the_future_are_refused(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct collection row;
	struct err e = {0};
	bool more;
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&notes, 1000);
	put_ok(s, c, "a.ics", "a", "1");
	assert_int_equal(store_collection(s, "anna", "w", mem, &row, &e), 0);
	const struct sync_point bad[] = {{.since = row.seq + 1}, {.since = row.oldest_seq - 1},
		{.until = row.seq + 1}, {.until = row.oldest_seq - 1}, {.since = row.seq, .until = 1},
		{.until = row.seq, .at = row.seq + 1}, {.since = row.seq, .at = 1},
		{.until = row.seq, .calendar = c, .at = row.seq}, {.since = UINT64_MAX}};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct sync_point next;
		if (store_changes(s, c, &bad[i], 9, note_object, &notes, &next, &more, &e) != -1)
			fail_msg("point %zu was taken", i);
		assert_int_equal(e.code, ERR_TOKEN);
	}
	note_changes(s, c, &(struct sync_point){.since = row.oldest_seq}, 9, &notes);
	assert_notes(&notes, "a.ics ");
}

/* ---- homes ---- */

static int note_member(const struct home_member *m, void *arg)
{
	const struct object *o = m->object;

	buf_printf(arg, "%s%s/%s%s%s ", m->gone || (o != NULL && o->deleted) ? "-" : "",
		m->calendar.owner, m->calendar.name, o == NULL ? "" : "/", o == NULL ? "" : o->name);
	return 0;
}

static bool note_home(struct store *s, const char *user, bool deep, struct sync_point *at,
	size_t limit, struct buf *notes)
{
	struct err e = {0};
	bool more;

	if (store_home_changes(s, user, deep, at, limit, note_member, notes, at, &more, &e) < 0)
		fail_msg("home: %s", e.text);
	return more;
}

static uint64_t seq_of_home(struct store *s, const char *user)
{
	uint64_t seq;

	assert_int_equal(store_home(s, user, NULL, NULL, &seq, NULL), 0);
	return seq;
}

static void share_ok(struct store *s, store_id c, const char *user, enum share_access access)
{
	struct share share = {.collection = c, .user = user, .access = access};
	struct err e = {0};

	if (store_share_put(s, &share, &e) < 0)
		fail_msg("share: %s", e.text);
}

static void drop_ok(struct store *s, store_id c)
{
	struct commit commit = {.now = SUITE_NOW, .drop = c};
	struct err e = {0};

	if (store_commit(s, &commit, &e) < 0)
		fail_msg("drop: %s", e.text);
}

static void a_home_shows_own_calendars_then_shared_ones(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	uint64_t seq;
	store_id z = suite_calendar(s, "anna", "z");
	suite_calendar(s, "anna", "a");
	suite_calendar(s, "marc", "m");
	suite_calendar(s, "zoe", "b");

	buf_init(&notes, 1000);
	share_ok(s, suite_calendar(s, "zoe", "a"), "marc", SHARE_READ);
	share_ok(s, z, "marc", SHARE_WRITE);
	assert_int_equal(store_home(s, "marc", note_collection, &notes, &seq, NULL), 0);
	assert_notes(&notes, "marc/m anna/z zoe/a ");
	assert_int_equal(seq, seq_of_home(s, "marc"));
	assert_int_equal(store_home(s, "anna", note_collection, &notes, NULL, NULL), 0);
	assert_notes(&notes, "anna/a anna/z ");
	assert_int_equal(store_home(s, "nobody", note_collection, &notes, &seq, NULL), 0);
	assert_notes(&notes, "");
	assert_true(seq > 0); /* 0 would be no token */
	share_ok(s, z, "marc", SHARE_NONE);
	assert_int_equal(store_home(s, "marc", note_collection, &notes, NULL, NULL), 0);
	assert_notes(&notes, "marc/m zoe/a ");
}

static void a_homes_number_moves_with_all_that_is_in_it(void **state)
{
	const struct prop_row common = {"", "DAV:", "displayname", "<a/>"},
		own = {"marc", "DAV:", "displayname", "<b/>"};
	struct store *s = *state;
	struct err e = {0};
	uint64_t anna, marc;
	store_id work = suite_calendar(s, "anna", "work");
	store_id far = suite_calendar(s, "zoe", "far");

	share_ok(s, work, "marc", SHARE_READ);
#define MOVES(a, m, what) do { \
	anna = seq_of_home(s, "anna"), marc = seq_of_home(s, "marc"); \
	what; \
	assert_int_equal(seq_of_home(s, "anna") > anna, a); \
	assert_int_equal(seq_of_home(s, "marc") > marc, m); \
} while (0)
	MOVES(1, 1, put_ok(s, work, "a.ics", "a", "1"));
	MOVES(1, 1, delete_ok(s, work, "a.ics"));
	MOVES(0, 0, delete_ok(s, work, "a.ics"));
	MOVES(0, 0, put_ok(s, far, "a.ics", "a", "1"));
	MOVES(1, 1, assert_int_equal(store_props_patch(s, work, &common, 1, &e), 0));
	MOVES(0, 1, assert_int_equal(store_props_patch(s, work, &own, 1, &e), 0));
	MOVES(1, 0, suite_calendar(s, "anna", "more"));
	MOVES(0, 1, share_ok(s, far, "marc", SHARE_READ));
	MOVES(0, 1, share_ok(s, far, "marc", SHARE_WRITE));
	MOVES(0, 1, share_ok(s, far, "marc", SHARE_NONE));
	MOVES(1, 1, drop_ok(s, work));
#undef MOVES
}

static void changes_of_a_home_are_its_calendars(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point at = {0}, fresh = {0};
	store_id work = suite_calendar(s, "anna", "work"), own = suite_calendar(s, "marc", "own");

	buf_init(&notes, 1000);
	share_ok(s, work, "marc", SHARE_READ);
	assert_false(note_home(s, "marc", false, &at, 9, &notes));
	assert_notes(&notes, "marc/own anna/work ");
	note_home(s, "marc", false, &at, 9, &notes);
	assert_notes(&notes, "");
	put_ok(s, own, "a.ics", "a", "1");
	note_home(s, "marc", false, &at, 9, &notes);
	assert_notes(&notes, "marc/own ");
	drop_ok(s, own);
	share_ok(s, work, "marc", SHARE_NONE);
	note_home(s, "marc", false, &at, 9, &notes);
	assert_notes(&notes, "-marc/own -anna/work ");
	/* made and gone between two questions: RFC 6578 3.5.2 wants to be told */
	drop_ok(s, suite_calendar(s, "marc", "brief"));
	note_home(s, "marc", false, &at, 9, &notes);
	assert_notes(&notes, "-marc/brief ");
	/* gone and back: changed, not removed (3.5.1) */
	share_ok(s, work, "marc", SHARE_READ);
	note_home(s, "marc", false, &at, 9, &notes);
	share_ok(s, work, "marc", SHARE_NONE);
	share_ok(s, work, "marc", SHARE_READ);
	buf_reset(&notes);
	note_home(s, "marc", false, &at, 9, &notes);
	assert_notes(&notes, "anna/work ");
	note_home(s, "marc", false, &fresh, 9, &notes);
	assert_notes(&notes, "anna/work "); /* 3.4: nothing that is gone */
	assert_int_equal(fresh.since, at.since);
}

static void deep_changes_of_a_home_are_its_objects_too(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point at = {0}, old;
	struct err e = {0};
	bool more;
	store_id work = suite_calendar(s, "anna", "work"), own = suite_calendar(s, "marc", "own");

	buf_init(&notes, 1000);
	put_ok(s, work, "a.ics", "a", "1");
	put_ok(s, work, "b.ics", "b", "1");
	put_ok(s, own, "c.ics", "c", "1");
	delete_ok(s, work, "b.ics");
	note_home(s, "marc", true, &at, 9, &notes);
	assert_notes(&notes, "marc/own marc/own/c.ics ");
	/* old objects of what is new here */
	share_ok(s, work, "marc", SHARE_READ);
	delete_ok(s, own, "c.ics");
	note_home(s, "marc", true, &at, 9, &notes);
	assert_notes(&notes, "anna/work marc/own anna/work/a.ics -marc/own/c.ics ");
	/* a calendar that goes takes its objects along in silence (RFC 6578 3.5.2) */
	old = at;
	put_ok(s, work, "d.ics", "d", "1");
	drop_ok(s, work);
	note_home(s, "marc", true, &at, 9, &notes);
	assert_notes(&notes, "-anna/work ");
	/* made anew, nobody knows what the old one held; who was told that it went needs not to */
	share_ok(s, suite_calendar(s, "anna", "work"), "marc", SHARE_READ);
	assert_int_equal(store_home_changes(s, "marc", true, &old, 9, note_member, &notes, &old, &more, &e),
		-1);
	assert_int_equal(e.code, ERR_TOKEN);
	note_home(s, "marc", true, &at, 9, &notes);
	assert_notes(&notes, "anna/work ");
	note_home(s, "marc", false, &old, 9, &notes);
	assert_notes(&notes, "anna/work ");
}

static void a_homes_pages_join_across_calendars(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	store_id a = suite_calendar(s, "anna", "a"), b = suite_calendar(s, "anna", "b");

	buf_init(&notes, 1000);
	put_numbered(s, b, 3);
	put_numbered(s, a, 2);
	delete_ok(s, b, "1.ics");
	for (size_t limit = 1; limit < 9; limit++) {
		struct sync_point at = {0};
		for (size_t pages = 0; note_home(s, "anna", true, &at, limit, &notes); pages++) {
			assert_true(pages < 9);
		}
		assert_notes(&notes, "anna/a anna/b anna/a/0.ics anna/a/1.ics anna/b/0.ics anna/b/2.ics ");
	}
}

/* While a client reads page after page, others write. */
static void changes_between_a_homes_pages_come_after_them(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point at = {0};
	store_id a = suite_calendar(s, "anna", "a"), b = suite_calendar(s, "zoe", "b");

	buf_init(&notes, 1000);
	put_numbered(s, a, 3);
	put_numbered(s, b, 2);
	assert_true(note_home(s, "anna", true, &at, 2, &notes));
	assert_notes(&notes, "anna/a anna/a/0.ics ");
	delete_ok(s, a, "0.ics");
	share_ok(s, b, "anna", SHARE_READ);
	suite_calendar(s, "anna", "c");
	assert_true(note_home(s, "anna", true, &at, 2, &notes));
	assert_notes(&notes, "anna/a/1.ics anna/a/2.ics ");
	assert_true(note_home(s, "anna", true, &at, 4, &notes));
	assert_notes(&notes, "anna/a zoe/b anna/c -anna/a/0.ics ");
	/* a token of the one level goes on at the other (RFC 6578 3.3) */
	struct sync_point flat = at;
	assert_false(note_home(s, "anna", true, &at, 4, &notes));
	assert_notes(&notes, "zoe/b/0.ics zoe/b/1.ics ");
	assert_false(note_home(s, "anna", false, &flat, 4, &notes));
	assert_notes(&notes, "");
}

static void points_of_no_home_are_refused(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct sync_point next;
	struct err e = {0};
	bool more;
	store_id c = suite_calendar(s, "anna", "w");

	buf_init(&notes, 1000);
	put_ok(s, c, "a.ics", "a", "1");
	uint64_t seq = seq_of_home(s, "anna");
	const struct sync_point bad[] = {{.since = seq + 1}, {.until = seq + 1},
		{.since = seq, .until = 1}, {.until = seq, .at = seq + 1}, {.since = seq, .calendar = c},
		{.until = seq, .calendar = -1}, {.since = UINT64_MAX}};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (store_home_changes(s, "anna", i % 2, &bad[i], 9, note_member, &notes, &next, &more, &e)
			!= -1)
			fail_msg("point %zu was taken", i);
		assert_int_equal(e.code, ERR_TOKEN);
	}
}

static int stop_at_once(const struct home_member *m, void *arg)
{
	return 7;
}

static void a_visitor_stops_a_walk_of_a_home(void **state)
{
	struct store *s = *state;
	struct sync_point next;
	bool more;

	suite_calendar(s, "anna", "w");
	assert_int_equal(store_home_changes(s, "anna", true, &(struct sync_point){0}, 9, stop_at_once,
		NULL, &next, &more, NULL), 7);
}

static void who_is_closed_leaves_all_homes(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct account a = {.name = "anna"};
	struct sync_point at = {0};
	struct err e = {0};

	buf_init(&notes, 1000);
	assert_int_equal(store_account_put(s, &a, &e), 0);
	share_ok(s, suite_calendar(s, "anna", "w"), "marc", SHARE_READ);
	share_ok(s, suite_calendar(s, "marc", "m"), "anna", SHARE_READ);
	note_home(s, "marc", true, &at, 9, &notes);
	assert_notes(&notes, "anna/w marc/m ");
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	note_home(s, "marc", true, &at, 9, &notes);
	assert_notes(&notes, "-anna/w ");
	assert_int_equal(store_home(s, "anna", note_collection, &notes, NULL, &e), 0);
	assert_notes(&notes, "");
}

static void random_changes_reach_every_client(void **state)
{
	sync_model_run(*state, 20261126, 1000);
}

/* ---- accounts ---- */

static void an_account_is_found_by_its_tokens(void **state)
{
	const struct account_token anna[] = {{"t1", "", "hash1", 1, TOKEN_CALENDAR, 0},
		{"t2", "", "hash2", 2, TOKEN_API, 0}};
	const struct account_token marc[] = {{"t1", "", "hash3", 3, TOKEN_API_READ, 0}};
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = *state;
	struct account got;
	struct err e = {0};
	size_t at = 9;

	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "p", .tokens = anna,
		.token_count = 2}, &e), 0);
	assert_int_equal(store_account_put(s, &(struct account){.name = "marc", .password = "p", .tokens = marc,
		.token_count = 1}, &e), 0);
	assert_int_equal(store_token_account(s, "hash2", mem, &got, &at, &e), 0);
	assert_string_equal(got.name, "anna");
	assert_int_equal(at, 1);
	assert_int_equal(got.tokens[at].scope, TOKEN_API);
	assert_int_equal(store_token_account(s, "hash3", mem, &got, &at, &e), 0);
	assert_string_equal(got.name, "marc");
	assert_int_equal(at, 0);
	for (size_t i = 0; i < 4; i++) {
		const char *none[] = {"hash", "hash22", "HASH2", ""};
		assert_int_equal(store_token_account(s, none[i], mem, &got, &at, &e), -1);
		assert_int_equal(e.code, ERR_NOT_FOUND);
	}
	uint64_t generation = got.generation;
	assert_int_equal(store_token_used(s, "marc", "t1", 55, &e), 0);
	assert_int_equal(store_token_used(s, "marc", "none", 66, &e), 0);
	assert_int_equal(store_token_used(s, "nobody", "t1", 77, &e), 0);
	assert_int_equal(store_account(s, "marc", mem, &got, &e), 0);
	assert_int_equal(got.tokens[0].used, 55);
	assert_int_equal(got.generation, generation); /* nobody's login ends with it */
	assert_int_equal(store_account(s, "anna", mem, &got, &e), 0);
	assert_int_equal(got.tokens[0].used, 0); /* of the other account's t1 */
	assert_int_equal(store_account_close(s, "marc", &e), 0);
	assert_int_equal(store_token_account(s, "hash3", mem, &got, &at, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void an_account_keeps_everything_and_its_generation_goes_up(void **state)
{
	static const char *const addresses[] = {"marc@example.org", "m@example.org", NULL};
	const struct account_token tokens[] = {{"t1", "phone", "hash1", 10, TOKEN_CALENDAR, 0},
		{"t2", "", "hash2", 20, TOKEN_API_READ, 7}};
	struct arena *mem cleanup_arena = arena_create();
	struct account a = {.name = "marc", .displayname = "Marc Petit", .language = "fr",
		.addresses = addresses, .password = "$y$x", .tokens = tokens, .token_count = 2}, got;
	struct store *s = *state;
	struct err e = {0};

	assert_int_equal(store_account_put(s, &a, &e), 0);
	assert_int_equal(store_account(s, "marc", mem, &got, &e), 0);
	assert_string_equal(got.displayname, "Marc Petit");
	assert_string_equal(got.language, "fr");
	assert_string_equal(got.addresses[1], "m@example.org");
	assert_null(got.addresses[2]);
	assert_string_equal(got.password, "$y$x");
	assert_int_equal(got.token_count, 2);
	assert_string_equal(got.tokens[1].hash, "hash2");
	assert_int_equal(got.tokens[1].created, 20);
	assert_int_equal(got.tokens[0].scope, TOKEN_CALENDAR);
	assert_int_equal(got.tokens[1].scope, TOKEN_API_READ);
	assert_int_equal(got.tokens[1].used, 7); /* who puts an account puts what was read */
	assert_false(got.removed);
	uint64_t generation = got.generation;
	a.token_count = 1;
	a.generation = got.generation + 1;
	assert_int_equal(store_account_put(s, &a, &e), 0);
	a.token_count = 2; /* who read the same comes too late */
	assert_int_equal(store_account_put(s, &a, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	a.token_count = 1;
	assert_int_equal(store_account(s, "marc", mem, &got, &e), 0);
	assert_int_equal(got.generation, a.generation);
	assert_int_equal(got.token_count, 1);
	a.generation = 0;
	assert_int_equal(store_account_put(s, &a, &e), 0);
	assert_int_equal(store_account(s, "marc", mem, &got, &e), 0);
	assert_true(got.generation > generation);
	assert_int_equal(got.token_count, 1);
	assert_int_equal(store_account(s, "nobody", mem, &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static int note_account(const struct account *a, void *arg)
{
	buf_printf(arg, "%s%s%s ", a->name, a->password == NULL ? "-" : "", a->removed ? "!" : "");
	return 0;
}

static int note_delegation(const struct delegation *d, void *arg)
{
	buf_printf(arg, "%s->%s:%d ", d->user, d->owner, d->access == SHARE_WRITE);
	return 0;
}

static void make_accounts(struct store *s, const char *const *names)
{
	struct err e;

	for (; *names != NULL; names++) {
		assert_int_equal(store_account_put(s, &(struct account){.name = *names, .password = "p"}, &e), 0);
	}
}

static void delegations_are_found_from_both_sides(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};

	buf_init(&notes, 1000);
	make_accounts(s, (const char *const[]){"anna", "eve", "marc", "paul", NULL});
	assert_int_equal(store_delegation_put(s, &(struct delegation){"anna", "marc", SHARE_WRITE}, &e), 0);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"anna", "eve", SHARE_READ}, &e), 0);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"paul", "marc", SHARE_READ}, &e), 0);
	assert_int_equal(store_delegations(s, "anna", NULL, note_delegation, &notes, &e), 0);
	assert_notes(&notes, "eve->anna:0 marc->anna:1 ");
	assert_int_equal(store_delegations(s, NULL, "marc", note_delegation, &notes, &e), 0);
	assert_notes(&notes, "marc->anna:1 marc->paul:0 ");
	assert_int_equal(store_delegations(s, "anna", "eve", note_delegation, &notes, &e), 0);
	assert_int_equal(store_delegations(s, "eve", "anna", note_delegation, &notes, &e), 0);
	assert_notes(&notes, "eve->anna:0 ");
	assert_int_equal(store_delegation_put(s, &(struct delegation){"anna", "marc", SHARE_NONE}, &e), 0);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"anna", "paul", SHARE_NONE}, &e), 0);
	assert_int_equal(store_delegations(s, "anna", NULL, note_delegation, &notes, &e), 0);
	assert_notes(&notes, "eve->anna:0 ");
	assert_int_equal(store_delegation_put(s, &(struct delegation){"nobody", "eve", SHARE_READ}, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"eve", "eve", SHARE_READ}, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

/* One access of each user: programs set the two groups one after the other, in either order. */
static void delegates_are_set_as_a_whole(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};

	buf_init(&notes, 1000);
	make_accounts(s, (const char *const[]){"anna", "eve", "marc", "paul", NULL});
	assert_int_equal(store_delegates_set(s, "anna", SHARE_READ,
		(const char *const[]){"marc", "eve"}, 2, &e), 0);
	assert_int_equal(store_delegates_set(s, "anna", SHARE_WRITE,
		(const char *const[]){"paul", "marc"}, 2, &e), 0);
	assert_int_equal(store_delegations(s, "anna", NULL, note_delegation, &notes, &e), 0);
	assert_notes(&notes, "eve->anna:0 marc->anna:1 paul->anna:1 ");
	assert_int_equal(store_delegates_set(s, "anna", SHARE_WRITE, (const char *const[]){"paul"}, 1,
		&e), 0);
	assert_int_equal(store_delegates_set(s, "anna", SHARE_READ, NULL, 0, &e), 0);
	assert_int_equal(store_delegations(s, "anna", NULL, note_delegation, &notes, &e), 0);
	assert_notes(&notes, "paul->anna:1 ");
	assert_int_equal(store_delegates_set(s, "nobody", SHARE_READ, NULL, 0, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_delegates_set(s, "anna", SHARE_READ, (const char *const[]){"anna"}, 1,
		&e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

static void a_closed_account_leaves_only_its_name_and_ledger(void **state)
{
	const struct account_token token = {"t", "l", "h", 1, TOKEN_API, 0};
	const struct prop_row own = {"anna", "X:", "color", "<c/>"};
	struct arena *mem cleanup_arena = arena_create();
	struct account a = {.name = "anna", .password = "p", .tokens = &token, .token_count = 1}, got, again;
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};

	buf_init(&notes, 1000);
	assert_int_equal(store_account_put(s, &a, &e), 0);
	a.name = "paul";
	assert_int_equal(store_account_put(s, &a, &e), 0);
	store_id hers = suite_calendar(s, "anna", "w"), his = suite_calendar(s, "paul", "w");
	put_ok(s, hers, "a.ics", "u", "A");
	assert_int_equal(store_share_put(s, &(struct share){.collection = hers, .user = "paul",
		.access = SHARE_READ}, &e), 0);
	assert_int_equal(store_share_put(s, &(struct share){.collection = his, .user = "anna",
		.access = SHARE_READ}, &e), 0);
	assert_int_equal(store_props_patch(s, his, &own, 1, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{}", true, &e), 0);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"anna", "paul", SHARE_READ}, &e), 0);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"paul", "anna", SHARE_READ}, &e), 0);

	set_place(s, PLACE_HOME, 0, "anna", "p", "<p/>");
	set_place(s, PLACE_HOME, 0, "paul", "p", "<p/>");
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	assert_place(s, PLACE_HOME, 0, "anna", "");
	assert_place(s, PLACE_HOME, 0, "paul", ":X:p=<p/> ");
	assert_int_equal(store_accounts(s, note_account, &notes, &e), 0);
	assert_notes(&notes, "anna-! paul ");
	assert_int_equal(store_account(s, "anna", mem, &got, &e), 0);
	assert_int_equal(got.token_count, 0);
	assert_int_equal(store_collections(s, NULL, note_collection, &notes, &e), 0);
	assert_notes(&notes, "paul/w ");
	assert_int_equal(store_shares(s, his, NULL, note_share, &notes, &e), 0);
	assert_int_equal(store_shares(s, 0, "paul", note_share, &notes, &e), 0);
	assert_int_equal(store_props(s, his, "anna", note_prop, &notes, &e), 0);
	assert_int_equal(store_delegations(s, NULL, "paul", note_delegation, &notes, &e), 0);
	assert_int_equal(store_delegations(s, "paul", NULL, note_delegation, &notes, &e), 0);
	assert_notes(&notes, "");
	assert_int_equal(store_ledger(s, &(struct ledger_query){.owner = "anna"}, note_entry, &notes, &e),
		0);
	assert_notes(&notes, "anna1:{} ");
	assert_int_equal(store_account_close(s, "anna", &e), 0);
	assert_int_equal(store_account(s, "anna", mem, &again, &e), 0);
	assert_int_equal(again.generation, got.generation);
	a.name = "anna";
	assert_int_equal(store_account_put(s, &a, &e), -1);
	assert_int_equal(e.code, ERR_EXISTS);
	assert_int_equal(store_account_close(s, "nobody", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

/* ---- ledger and wakes ---- */

static int keep_entry(const struct ledger_row *l, void *arg)
{
	struct ledger_row *rows = arg;

	if (l->seq < 4) {
		rows[l->seq] = *l;
	}
	return 0;
}

static void ledger_entries_are_numbered_and_chained_per_owner(void **state)
{
	struct store *s = *state;
	struct ledger_row row[4] = {0};
	struct err e = {0};
	char expected[CHAIN_SIZE], text[256];

	assert_int_equal(suite_entry(s, "anna", "u1", "{\"a\":1}", true, &e), 0);
	assert_int_equal(suite_entry(s, "paul", "u1", "{\"p\":1}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u2", "{\"a\":2}", false, &e), 0);
	assert_int_equal(store_ledger(s, &(struct ledger_query){.owner = "anna"}, keep_entry, row, &e), 0);
	assert_string_equal(row[2].prev, row[1].self);
	digest_chain("{\"a\":2}", 7, expected);
	assert_string_equal(row[2].digest, expected);
	int len = snprintf(text, sizeof(text), "2\t%s\t%s", row[2].prev, row[2].digest);
	digest_chain(text, (size_t)len, expected);
	assert_string_equal(row[2].self, expected);
	assert_int_equal(row[2].incident, false);
	assert_int_equal(row[1].slot, 5000);
	assert_int_equal(row[1].when, SUITE_NOW);
}

static void ledger_queries_combine(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	struct ledger_row rows[] = {
		{.owner = "anna", .when = 10, .slot = 1, .incident = true, .kind = "late", .ref = "R1",
			.client = "marc", .uid = "u1", .text = "1"},
		{.owner = "anna", .when = 20, .slot = 2, .kind = "booked", .ref = "R2", .client = "lea",
			.uid = "u1", .text = "2"},
		{.owner = "anna", .when = 30, .slot = 2, .incident = true, .kind = "late", .ref = "R3",
			.client = "marc", .uid = "u2", .text = "3"},
		{.owner = "paul", .when = 30, .slot = 2, .kind = "late", .ref = "R3", .client = "marc",
			.uid = "u1", .text = "4"}};
	struct commit commit = {.now = SUITE_NOW, .ledger = rows, .ledgers = 4};
	const struct { struct ledger_query q; const char *expected; } cases[] = {
		{{0}, "anna1:1 anna2:2 anna3:3 paul1:4 "},
		{{.owner = "anna"}, "anna1:1 anna2:2 anna3:3 "},
		{{.uid = "u1"}, "anna1:1 anna2:2 paul1:4 "},
		{{.owner = "anna", .uid = "u1"}, "anna1:1 anna2:2 "},
		{{.client = "marc"}, "anna1:1 anna3:3 paul1:4 "},
		{{.kind = "late", .owner = "anna"}, "anna1:1 anna3:3 "},
		{{.ref = "R3"}, "anna3:3 paul1:4 "},
		{{.slot = 2, .owner = "anna"}, "anna2:2 anna3:3 "},
		{{.since = 20, .owner = "anna"}, "anna2:2 anna3:3 "},
		{{.after = 1, .owner = "anna"}, "anna2:2 anna3:3 "},
		{{.incidents_only = true}, "anna1:1 anna3:3 "},
		{{.owner = "anna", .client = "marc", .slot = 2, .incidents_only = true}, "anna3:3 "},
		{{.owner = "nobody"}, ""},
	};

	buf_init(&notes, 1000);
	assert_int_equal(store_commit(s, &commit, &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(store_ledger(s, &cases[i].q, note_entry, &notes, &e), 0);
		assert_notes(&notes, cases[i].expected);
	}
}

static void a_decision_on_an_old_ledger_is_refused(void **state)
{
	struct store *s = *state;
	struct err e = {0};
	uint64_t head;
	store_id c = suite_calendar(s, "anna", "w");
	struct change change = {.kind = CHANGE_PUT, .collection = c, .name = "a.ics", .uid = "u",
		.body = "x", .body_len = 1};
	struct ledger_head seen = {"anna", 0};
	struct commit commit = {.now = SUITE_NOW, .change = &change, .changes = 1, .expect = &seen,
		.expects = 1};

	assert_int_equal(store_ledger_head(s, "anna", &head, &e), 0);
	assert_int_equal(head, 0);
	/* a booking is no incident: it holds up nobody */
	assert_int_equal(suite_entry(s, "anna", "u", "{}", false, &e), 0);
	assert_int_equal(store_commit(s, &commit, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{}", true, &e), 0);
	assert_int_equal(store_commit(s, &commit, &e), -1);
	assert_int_equal(e.code, ERR_CHANGED);
	assert_int_equal(store_ledger_head(s, "anna", &head, &e), 0);
	assert_int_equal(head, 2);
	seen.incident = head;
	assert_int_equal(suite_entry(s, "paul", "u", "{}", true, &e), 0);
	assert_int_equal(store_commit(s, &commit, &e), 0);
}

static int note_head(const struct signed_head *h, void *arg)
{
	buf_printf(arg, "%s%llu:%lld ", h->owner, (unsigned long long)h->seq, (long long)h->when);
	return 0;
}

static int note_line(const char *line, void *arg)
{
	buf_printf(arg, "%s\n", line);
	return 0;
}

static int note_owner(const char *owner, void *arg)
{
	buf_printf(arg, "%s ", owner);
	return 0;
}

static const char *dislike(const struct ledger_row *l, void *arg)
{
	return strcmp(l->text, arg) == 0 ? "is disliked" : NULL;
}

static void a_ledgers_head_is_signed_once(void **state)
{
	struct buf notes cleanup_buf, pem cleanup_buf;
	struct signed_head first, again;
	struct store *s = *state;
	struct err e = {0};
	struct ledger_verify v = {.owner = "anna"};

	buf_init(&notes, 1000);
	buf_init(&pem, SIGNATURE_PEM_MAX);
	assert_int_equal(store_ledger_sign(s, "anna", SUITE_NOW, &first, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_ledger_sign(s, "no body", SUITE_NOW, &first, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(suite_entry(s, "paul", "u", "{}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":2}", false, &e), 0);
	assert_int_equal(store_ledger_owners(s, note_owner, &notes, &e), 0);
	assert_notes(&notes, "anna paul ");
	assert_int_equal(store_ledger_sign(s, "anna", SUITE_NOW, &first, &e), 0);
	assert_int_equal(first.seq, 2);
	assert_int_equal(store_ledger_sign(s, "anna", SUITE_NOW + 9, &again, &e), 0);
	assert_memory_equal(first.signature, again.signature, sizeof(first.signature));
	assert_int_equal(again.when, SUITE_NOW);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":3}", false, &e), 0);
	assert_int_equal(store_ledger_sign(s, "anna", SUITE_NOW + 9, &again, &e), 0);
	assert_int_equal(store_signed_heads(s, "anna", note_head, &notes, &e), 0);
	assert_notes(&notes, "anna2:1700000000 anna3:1700000009 ");
	assert_int_equal(store_signed_heads(s, "paul", note_head, &notes, &e), 0);
	assert_notes(&notes, "");
	assert_int_equal(store_ledger_key(s, &pem, &e), 0);
	assert_non_null(strstr(pem.data, "BEGIN PUBLIC KEY"));
	/* and all of it fits */
	assert_int_equal(store_ledger_verify(s, &v, note_line, &notes, &e), 0);
	assert_notes(&notes, "");
	v.kept = &again;
	again.seq = 1;
	assert_int_equal(store_ledger_verify(s, &v, note_line, &notes, &e), 0);
	assert_notes(&notes, "ledger of anna: the signature of the head of entry 1 is forged\n");
	v = (struct ledger_verify){.owner = "anna", .check = dislike, .arg = (char[]){"{\"n\":2}"}};
	assert_int_equal(store_ledger_verify(s, &v, note_line, &notes, &e), 0);
	assert_non_null(strstr(notes.data, "entry 2: is disliked\n"));
}

static void erased_entries_keep_their_place(void **state)
{
	const struct ledger_erasure gone[] = {{"anna", 1}, {"anna", 7}, {"eve", 1}};
	struct ledger_row entered = {.owner = "anna", .when = SUITE_NOW, .kind = "erased", .ref = "", .client = "",
		.uid = "", .text = "{}"};
	struct commit commit = {.now = SUITE_NOW, .ledger = &entered, .ledgers = 1, .erase = gone,
		.erasures = 3};
	const struct ledger_verify v = {.owner = "anna"};
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};

	buf_init(&notes, 1000);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":1}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":2}", true, &e), 0);
	assert_int_equal(store_commit(s, &commit, &e), 0);
	assert_int_equal(store_ledger(s, &(struct ledger_query){.owner = "anna"}, note_entry, &notes, &e), 0);
	assert_notes(&notes, "anna1: anna2:{\"n\":2} anna3:{} ");
	assert_int_equal(store_ledger(s, &(struct ledger_query){.client = "marc"}, note_entry, &notes, &e), 0);
	assert_notes(&notes, "anna2:{\"n\":2} ");
	assert_int_equal(store_ledger(s, &(struct ledger_query){.uid = "u"}, note_entry, &notes, &e), 0);
	assert_notes(&notes, "anna2:{\"n\":2} ");
	assert_int_equal(store_ledger_verify(s, &v, note_line, &notes, &e), 0);
	assert_notes(&notes, "");
}

static void a_ledger_text_is_one_line(void **state)
{
	struct err e;

	assert_int_equal(suite_entry(*state, "anna", "u", "{\n}", true, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(suite_entry(*state, "anna", "u", "{\t}", true, &e), -1);
}

static void wakes_come_when_they_are_due(void **state)
{
	struct buf notes cleanup_buf;
	struct store *s = *state;
	struct err e = {0};
	struct wake wakes[] = {{300, "anna", "w", "c"}, {100, "anna", "w", "b"}, {100, "anna", "w", "a"},
		{100, "anna", "w", "a"}};
	struct commit commit = {.now = SUITE_NOW, .wake = wakes, .wakes = 4};
	int64_t next;

	buf_init(&notes, 1000);
	assert_int_equal(store_wakes(s, 1000, note_wake, &notes, &next, &e), 0);
	assert_int_equal(next, INT64_MAX);
	assert_int_equal(store_commit(s, &commit, &e), 0);
	assert_int_equal(store_wakes(s, 99, note_wake, &notes, &next, &e), 0);
	assert_int_equal(next, 100);
	assert_notes(&notes, "");
	assert_int_equal(store_wakes(s, 100, note_wake, &notes, &next, &e), 0);
	assert_notes(&notes, "100:anna/w/a 100:anna/w/b ");
	assert_int_equal(next, 300);
	assert_int_equal(store_wake_done(s, &wakes[1], &e), 0);
	assert_int_equal(store_wake_done(s, &wakes[1], &e), 0);
	assert_int_equal(store_wakes(s, 300, note_wake, &notes, &next, &e), 0);
	assert_notes(&notes, "100:anna/w/a 300:anna/w/c ");
	assert_int_equal(next, INT64_MAX);
}

/* ---- the rest ---- */

static void strange_texts_come_back_as_they_were(void **state)
{
	static const char *const texts[] = {"it's", "\"quoted\"", "100%_\\", "'; DROP TABLE object; --",
		"é\xcc\x81", "a?b#c", "=2F", "..ics", "%2e%2e", "no suffix", "con.ics"};
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = *state;
	struct object o;
	struct err e = {0};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct buf body cleanup_buf;
		store_id c = suite_calendar(s, "anna", texts[i]);
		put_ok(s, c, texts[i], texts[i], texts[i]);
		buf_init(&body, 100);
		assert_int_equal(store_flush(s, &e), 0);
		assert_int_equal(store_find_uid(s, c, texts[i], mem, &o, &e), 0);
		assert_string_equal(o.name, texts[i]);
		assert_int_equal(store_body(s, c, texts[i], mem, &o, &body, &e), 0);
		assert_string_equal(body.data, texts[i]);
	}
}

static int count_problem(const char *line, void *arg)
{
	print_message("problem: %s\n", line);
	++*(int *)arg;
	return 0;
}

static void a_check_counts_and_finds_nothing_wrong(void **state)
{
	struct store *s = *state;
	struct store_counts counts = {0};
	struct store_info info;
	struct err e = {0};
	int problems = 0;
	store_id c = suite_calendar(s, "anna", "w");

	assert_int_equal(store_account_put(s, &(struct account){.name = "anna"}, &e), 0);
	put_ok(s, c, "a.ics", "a", "1");
	put_ok(s, c, "b.ics", "b", "1");
	delete_ok(s, c, "a.ics");
	assert_int_equal(suite_entry(s, "anna", "a", "{}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "a", "{}", true, &e), 0);
	assert_int_equal(store_flush(s, &e), 0);
	assert_int_equal(store_check(s, true, NULL, count_problem, &problems, &counts, &e), 0);
	assert_int_equal(problems, 0);
	assert_int_equal(counts.accounts, 1);
	assert_int_equal(counts.collections, 1);
	assert_int_equal(counts.objects, 1);
	assert_int_equal(counts.ledger, 2);
	assert_int_equal(counts.journal, 0);
	store_info(s, &info);
	assert_int_equal(strlen(info.epoch), 22);
	assert_true(strlen(info.host) > 0);
}

static void the_size_is_of_what_is_there(void **state)
{
	struct store *s = *state;
	struct store_size size;
	struct err e = {0};

	assert_int_equal(store_size(s, &size, &e), 0);
	assert_int_equal(size.accounts, 0);
	assert_int_equal(size.collections, 0);
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna"}, &e), 0);
	assert_int_equal(store_account_put(s, &(struct account){.name = "marc"}, &e), 0);
	suite_calendar(s, "anna", "w");
	suite_calendar(s, "anna", "v");
	suite_calendar(s, "marc", "w");
	assert_int_equal(store_size(s, &size, &e), 0);
	assert_int_equal(size.accounts, 2);
	assert_int_equal(size.collections, 3);
	assert_int_equal(store_account_close(s, "marc", &e), 0);
	assert_int_equal(store_size(s, &size, &e), 0);
	assert_int_equal(size.accounts, 1);
	assert_int_equal(size.collections, 2);
}

int store_suite_run(const char *name, suite_open_fn open, suite_close_fn close)
{
#define SCENARIO(f) {#f, f, setup, teardown, NULL}
	static const struct CMUnitTest scenarios[] = {
		SCENARIO(collections_are_listed_by_owner_and_name),
		SCENARIO(a_collection_is_made_once_and_starts_at_milliseconds_since_2020),
		SCENARIO(bad_names_are_refused),
		SCENARIO(a_dropped_collection_takes_all_with_it_and_its_seqs_never_return),
		SCENARIO(properties_are_common_or_one_users),
		SCENARIO(homes_principals_and_objects_have_properties),
		SCENARIO(properties_go_where_their_object_goes),
		SCENARIO(a_quota_bounds_an_owners_calendars_together),
		SCENARIO(shares_are_found_from_both_sides),
		SCENARIO(feeds_are_found_by_their_hash),
		SCENARIO(feeds_end_with_their_calendar),
		SCENARIO(a_put_is_found_by_name_and_uid_with_its_bytes),
		SCENARIO(a_session_shows_each_question_all_that_was_committed_before_it),
		SCENARIO(going_back_to_an_earlier_text_gives_a_new_etag),
		SCENARIO(an_expectation_that_fails_changes_nothing),
		SCENARIO(entries_rest_on_an_object_as_it_was),
		SCENARIO(a_uid_is_unique_in_its_calendar),
		SCENARIO(a_move_is_one_commit_in_any_order),
		SCENARIO(deleting_what_is_not_there_moves_nothing),
		SCENARIO(a_list_is_by_kind_and_half_open_span),
		SCENARIO(a_list_goes_by_the_spans_that_are_known),
		SCENARIO(pages_follow_each_other_by_name),
		SCENARIO(a_visitor_stops_the_walk),
		SCENARIO(changes_since_a_token_are_rows_and_tombstones_in_order),
		SCENARIO(a_limit_gives_pages_that_join),
		SCENARIO(changes_between_pages_come_after_them),
		SCENARIO(tokens_from_before_and_from_the_future_are_refused),
		SCENARIO(a_home_shows_own_calendars_then_shared_ones),
		SCENARIO(a_homes_number_moves_with_all_that_is_in_it),
		SCENARIO(changes_of_a_home_are_its_calendars),
		SCENARIO(deep_changes_of_a_home_are_its_objects_too),
		SCENARIO(a_homes_pages_join_across_calendars),
		SCENARIO(changes_between_a_homes_pages_come_after_them),
		SCENARIO(points_of_no_home_are_refused),
		SCENARIO(a_visitor_stops_a_walk_of_a_home),
		SCENARIO(who_is_closed_leaves_all_homes),
		SCENARIO(random_changes_reach_every_client),
		SCENARIO(an_account_keeps_everything_and_its_generation_goes_up),
		SCENARIO(an_account_is_found_by_its_tokens),
		SCENARIO(delegations_are_found_from_both_sides),
		SCENARIO(delegates_are_set_as_a_whole),
		SCENARIO(a_closed_account_leaves_only_its_name_and_ledger),
		SCENARIO(ledger_entries_are_numbered_and_chained_per_owner),
		SCENARIO(ledger_queries_combine),
		SCENARIO(a_decision_on_an_old_ledger_is_refused),
		SCENARIO(a_ledgers_head_is_signed_once),
		SCENARIO(erased_entries_keep_their_place),
		SCENARIO(a_ledger_text_is_one_line),
		SCENARIO(wakes_come_when_they_are_due),
		SCENARIO(strange_texts_come_back_as_they_were),
		SCENARIO(the_size_is_of_what_is_there),
		SCENARIO(a_check_counts_and_finds_nothing_wrong),
	};
	open_store = open;
	close_store = close;
	return _cmocka_run_group_tests(name, scenarios, ARRAY_SIZE(scenarios), NULL, NULL);
}
