/* Scenarios: properties. */
#include "suite_kit.h"

#include "base/buf.h"
#include "base/util.h"

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

static void assert_have_props(struct store *s, store_id c, bool expected)
{
	bool have = !expected;
	struct err e = {0};

	assert_int_equal(store_objects_have_props(s, c, &have, &e), 0);
	assert_int_equal(have, expected);
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

static const struct CMUnitTest scenarios[] = {
	SCENARIO(properties_are_common_or_one_users),
	SCENARIO(homes_principals_and_objects_have_properties),
	SCENARIO(properties_go_where_their_object_goes),
};
const struct suite_part suite_props = {"properties", scenarios, ARRAY_SIZE(scenarios)};
