/* What a rebuild of the index brings back from files, and says of those that it can't read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "store_root.h"

static int note_wrongly(const struct object *o, void *arg)
{
	(void)arg;
	fail_msg("%s", o->name);
	return 0;
}

static void fill_for_rebuild(struct store *s, const char *long_name)
{
	static const struct collection fees = {.owner = "anna", .name = "fees", .components = 1,
		.flags = COLL_FEES};
	static const char *const addresses[] = {"anna@example.org", NULL};
	const struct account_token token = {"id", "phone", "hash", 5, TOKEN_API_READ, 0};
	const struct prop_row rows[] = {{"", "DAV:", "displayname", "<d>A</d>"},
		{"marc", "X:", "color", "<c>\\</c>"}};
	const struct prop_row dead = {"", "X:", "dead", "<d>\n\\</d>"};
	struct signed_head head;
	struct err e = {0};
	store_id f;

	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .displayname = "Anna",
		.language = "de", .addresses = addresses, .password = "p", .tokens = &token,
		.token_count = 1}, &e), 0);
	assert_int_equal(store_account_put(s, &(struct account){.name = "gone", .password = "p"}, &e), 0);
	assert_int_equal(store_delegates_set(s, "anna", SHARE_READ, (const char *const[]){"gone", "eve"},
		2, &e), 0);
	assert_int_equal(store_delegation_put(s, &(struct delegation){"anna", "marc", SHARE_WRITE}, &e), 0);
	assert_int_equal(store_account_close(s, "gone", &e), 0);
	store_id c = suite_calendar(s, "anna", "Wörk");
	assert_int_equal(suite_put(s, c, "a.ics", "1", "UID:1", "", NULL, &e), 0);
	assert_int_equal(suite_put(s, c, long_name, "2", "UID:2", "", NULL, &e), 0);
	assert_int_equal(suite_put(s, c, "plain", "3", "UID:3", "", NULL, &e), 0);
	assert_int_equal(store_collection_make(s, &fees, NULL, 0, 0, &f, &e), 0);
	assert_int_equal(suite_put(s, f, "R1.ics", "fee-R1", "UID:fee-R1", "", NULL, &e), 0);
	assert_int_equal(suite_put(s, f, "R2.ics", "fee-R2", "UID:fee-R2", "", NULL, &e), 0);
	assert_int_equal(store_props_patch(s, c, rows, 2, &e), 0);
	const struct prop_place places[] = {{PLACE_OBJECT, c, "a.ics"}, {PLACE_OBJECT, c, long_name},
		{PLACE_HOME, 0, "anna"}, {PLACE_PRINCIPAL, 0, "anna"}};
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		assert_int_equal(store_place_patch(s, &places[i], &dead, 1, &e), 0);
	assert_int_equal(store_share_put(s, &(struct share){.collection = c, .user = "marc",
		.access = SHARE_READ}, &e), 0);
	assert_int_equal(store_feed_put(s, &(struct feed){.id = "k1", .label = "My\tphone",
		.hash = "HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH", .collection = c, .flags = FEED_PLAIN,
		.back = 86400, .ahead = -1, .created = 5}, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "1", "{\"a\":1}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "2", "{\"a\":2}", false, &e), 0);
	assert_int_equal(store_ledger_sign(s, "anna", SUITE_NOW, &head, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "2", "{\"a\":3}", false, &e), 0);
	assert_int_equal(store_ledger_sign(s, "anna", SUITE_NOW + 1, &head, &e), 0);
}

static int note_row(const struct object *o, void *arg)
{
	buf_printf(arg, "object %s %s %u %s\n", o->name, o->digest, o->component, o->uid);
	return 0;
}

static int note_prop(const struct prop_row *p, void *arg)
{
	buf_printf(arg, "prop %s %s %s %s\n", p->user, p->ns, p->name, p->xml);
	return 0;
}

static int note_share(const struct share *s, void *arg)
{
	buf_printf(arg, "share %s/%s %s %d\n", s->owner, s->calendar, s->user, s->access);
	return 0;
}

static int note_feed(const struct feed *f, void *arg)
{
	buf_printf(arg, "feed %s %s %s %u %lld %lld %lld\n", f->id, f->label, f->hash, f->flags,
		(long long)f->back, (long long)f->ahead, (long long)f->created);
	return 0;
}

static int note_delegation(const struct delegation *d, void *arg)
{
	buf_printf(arg, "delegate %s of %s %d\n", d->user, d->owner, d->access);
	return 0;
}

static int note_account(const struct account *a, void *arg)
{
	buf_printf(arg, "account %s %s %s %s %s %zu %d %llu\n", a->name,
		a->displayname == NULL ? "-" : a->displayname, a->language == NULL ? "-" : a->language,
		a->addresses[0] == NULL ? "-" : a->addresses[0], a->password == NULL ? "-" : a->password,
		a->token_count, a->removed, (unsigned long long)a->generation);
	return 0;
}

static int note_entry(const struct ledger_row *l, void *arg)
{
	buf_printf(arg, "entry %s %llu %lld %lld %d %s %s %s %s %s %s\n", l->owner,
		(unsigned long long)l->seq, (long long)l->when, (long long)l->slot, l->incident, l->kind,
		l->ref, l->client, l->uid, l->text, l->self);
	return 0;
}

static int note_head(const struct signed_head *h, void *arg)
{
	buf_printf(arg, "head %s %llu %lld %s %s %s\n", h->owner, (unsigned long long)h->seq,
		(long long)h->when, h->self, h->key, h->signature);
	return 0;
}

static int note_home(const struct collection *c, void *arg)
{
	buf_printf(arg, "home %s/%s\n", c->owner, c->name);
	return 0;
}

static int note_place(const struct object *o, void *arg)
{
	buf_printf(arg, "%s\n", o->name);
	return 0;
}

static void describe_places(struct store *s, store_id c, struct buf *out)
{
	struct buf names cleanup_buf;
	struct err e = {0};
	char *next;

	buf_init(&names, 10000);
	assert_int_equal(store_list(s, c, 0, INT64_MIN, INT64_MAX, note_place, &names, NULL, &e), 0);
	for (char *name = strtok_r(names.data, "\n", &next); name; name = strtok_r(NULL, "\n", &next)) {
		buf_printf(out, "%s:\n", name);
		assert_int_equal(store_place_props(s, &(struct prop_place){PLACE_OBJECT, c, name}, note_prop,
			out, &e), 0);
	}
	for (enum prop_place_kind kind = PLACE_HOME; kind <= PLACE_PRINCIPAL; kind++)
		assert_int_equal(store_place_props(s, &(struct prop_place){kind, 0, "anna"}, note_prop, out,
			&e), 0);
}

/* Everything in a store as text, but for sequence numbers. */
static void describe(struct store *s, struct buf *out)
{
	struct arena *mem cleanup_arena = arena_create();
	struct collection c;
	struct err e = {0};

	buf_reset(out);
	assert_int_equal(store_accounts(s, note_account, out, &e), 0);
	assert_int_equal(store_delegations(s, "anna", NULL, note_delegation, out, &e), 0);
	assert_non_null(strstr(out->data, "delegate eve of anna 2\ndelegate marc of anna 3\n"));
	assert_int_equal(store_collection(s, "anna", "Wörk", mem, &c, &e), 0);
	buf_printf(out, "calendar %u %u %lld %llu\n", c.components, c.flags, (long long)c.created,
		(unsigned long long)c.charged);
	describe_places(s, c.id, out);
	assert_int_equal(store_list(s, c.id, 0, INT64_MIN, INT64_MAX, note_row, out, NULL, &e), 0);
	assert_int_equal(store_props(s, c.id, "marc", note_prop, out, &e), 0);
	assert_int_equal(store_shares(s, c.id, NULL, note_share, out, &e), 0);
	assert_int_equal(store_feeds(s, c.id, note_feed, out, &e), 0);
	assert_int_equal(store_home(s, "anna", note_home, out, NULL, &e), 0);
	assert_int_equal(store_home(s, "marc", note_home, out, NULL, &e), 0);
	assert_int_equal(store_ledger(s, &(struct ledger_query){0}, note_entry, out, &e), 0);
	assert_int_equal(store_signed_heads(s, "anna", note_head, out, &e), 0);
	assert_non_null(strstr(out->data, "head anna 3 "));
}

/* In UTF-8 more than 80 letters: its file has to be named by a digest. */
static void make_long_name(char out[201])
{
	out[0] = '\0';
	for (size_t i = 0; i < 95; i++) {
		memcpy(out + 2 * i, "ü", 3);
	}
	memcpy(out + 190, ".ics", 5);
}

static int note_wake(const struct wake *w, void *arg)
{
	buf_printf(arg, "%s/%s/%s ", w->owner, w->calendar, w->name);
	return 0;
}

static void a_rebuild_brings_everything_back(void **state)
{
	struct buf before cleanup_buf, after cleanup_buf, problems cleanup_buf;
	struct arena *mem cleanup_arena = arena_create();
	struct store_info info, fresh;
	struct store *s = open_root(&slow), *refused;
	char long_name[201], wakes[300];
	struct collection c;
	struct object o;
	struct err e = {0};
	int64_t next;

	buf_init(&before, 100000);
	buf_init(&after, 100000);
	buf_init(&problems, 100000);
	make_long_name(long_name);
	snprintf(wakes, sizeof(wakes), "anna/Wörk/a.ics anna/Wörk/%s anna/fees/R1.ics ", long_name);
	fill_for_rebuild(s, long_name);
	describe(s, &before);
	store_info(s, &info);
	store_close(s);

	unlink_file("index.db");
	assert_int_equal(store_open("sqlite", root, &slow, &refused, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.text, "rebuild"));
	rebuild(&problems);
	assert_string_equal(problems.data,
		"there is no index.db; what was younger than mirror-delay is lost\n");

	s = open_root(&slow);
	describe(s, &after);
	assert_string_equal(after.data, before.data);
	store_info(s, &fresh);
	assert_string_not_equal(info.epoch, fresh.epoch);
	assert_string_equal(info.host, fresh.host);
	assert_memory_equal(info.key, fresh.key, sizeof(info.key));
	assert_int_equal(store_collection(s, "anna", "Wörk", mem, &c, &e), 0);
	assert_int_equal(store_find_uid(s, c.id, "2", mem, &o, &e), 0);
	assert_string_equal(o.name, long_name);
	assert_int_equal(o.traits, 2);
	assert_int_equal(spans_find(&o.spans, 11, 19), SPANS_NONE);
	assert_int_equal(spans_find(&o.spans, 19, 20), SPANS_SOME);
	assert_int_equal(store_list(s, c.id, 0, 11, 19, note_wrongly, NULL, NULL, &e), 0);
	assert_body(s, c.id, long_name, "UID:2");
	assert_scan(s, 0, "");
	check_problems(s, &problems);
	assert_string_equal(problems.data, "");
	/* the ledger goes on where it ended, in the index and in its file */
	assert_int_equal(suite_entry(s, "anna", "1", "{}", true, &e), 0);
	assert_int_equal(store_flush(s, &e), 0);
	check_problems(s, &problems);
	assert_string_equal(problems.data, "");
	/* what has ledger entries is asked again at once */
	buf_reset(&problems);
	assert_int_equal(store_wakes(s, INT64_MAX, note_wake, &problems, &next, &e), 0);
	assert_string_equal(problems.data, wakes);
	store_close(s);
}

/* Folders that are copied by hand must not stand in the way of a rebuild, nor double a link. */
static void a_rebuild_takes_each_feed_once(void **state)
{
	struct buf text cleanup_buf, out cleanup_buf;
	struct store *s = open_root(&at_once);
	struct err e = {0};

	(void)state;
	buf_init(&text, 10000);
	buf_init(&out, 10000);
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna", .password = "p"}, &e), 0);
	store_id a = suite_calendar(s, "anna", "a");
	suite_calendar(s, "anna", "b");
	assert_int_equal(store_feed_put(s, &(struct feed){.id = "k1", .label = "",
		.hash = "HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH", .collection = a, .back = -1,
		.ahead = -1}, &e), 0);
	store_close(s);
	read_file("cal/anna/a/.props", &text);
	write_file("cal/anna/b/.props", text.data);
	rebuild(&out);
	assert_string_equal(out.data, "cal/anna/b/.props: there is a feed k1 already\n");
	s = open_root(&at_once);
	buf_reset(&out);
	assert_int_equal(store_feeds(s, 0, note_feed, &out, &e), 0);
	assert_string_equal(out.data, "feed k1  HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH 0 -1 -1 0\n");
	store_close(s);
}

static void a_rebuild_writes_the_journal_out_first(void **state)
{
	struct buf problems cleanup_buf;
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&slow);
	struct collection c;
	struct err e = {0};

	buf_init(&problems, 10000);
	put_body(s, suite_calendar(s, "anna", "w"), "a.ics", "UID:1");
	store_close(s);
	rebuild(&problems);
	assert_string_equal(problems.data, "cal/anna: there is no account of this name\n");
	s = open_root(&slow);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	assert_false(exists("index.db.old"));
	assert_false(exists("rebuild.db"));
	store_close(s);
}

static void a_rebuild_keeps_and_reports_what_it_cannot_read(void **state)
{
	struct buf problems cleanup_buf, text cleanup_buf;
	struct arena *mem cleanup_arena = arena_create();
	struct store *s = open_root(&at_once);
	struct collection c;
	struct err e = {0};
	store_id id = suite_calendar(s, "anna", "w");

	buf_init(&problems, 10000);
	buf_init(&text, 10000);
	assert_int_equal(store_account_put(s, &(struct account){.name = "anna"}, &e), 0);
	put_body(s, id, "a.ics", "UID:1");
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":1}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":2}", true, &e), 0);
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":3}", true, &e), 0);
	store_close(s);
	write_file("cal/anna/w/bad.ics", "rubbish");
	write_file("cal/anna/w/twin.ics", "UID:1");
	write_file("cal/anna/w/notes.txt", "text");
	write_file("accounts/marc", "no colon\n");
	read_file("ledger/anna/2023-11.log", &text);
	memcpy(strstr(text.data, "{\"n\":2}"), "{\"n\":9}", 7);
	write_file("ledger/anna/2023-11.log", text.data);
	append_file("ledger/anna/2023-11.log", "4\thalf");
	rebuild(&problems);
	assert_string_equal(problems.data,
		"accounts/marc: line 1: no \"key: value\"\n"
		"cal/anna/w/bad.ics: no UID\n"
		"cal/anna/w/notes.txt: no event's file name, left alone\n"
		"cal/anna/w/twin.ics: another event has its UID\n"
		"ledger/anna/2023-11.log: half a line at the end was cut off: 4\thalf\n"
		"ledger of anna, entry 2: text was changed\n");
	assert_true(exists("cal/anna/w/bad.ics"));
	s = open_root(&at_once);
	assert_int_equal(store_collection(s, "anna", "w", mem, &c, &e), 0);
	assert_body(s, c.id, "a.ics", "UID:1");
	assert_scan(s, c.id, "bad.ics=rubbish twin.ics=UID:1 ");
	assert_int_equal(suite_entry(s, "anna", "u", "{\"n\":4}", true, &e), 0);
	check_problems(s, &problems);
	assert_non_null(strstr(problems.data, "entry 2: text was changed"));
	assert_null(strstr(problems.data, "entry 4"));
	assert_null(strstr(problems.data, ".log"));
	store_close(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FILES(a_rebuild_brings_everything_back),
		FILES(a_rebuild_takes_each_feed_once),
		FILES(a_rebuild_writes_the_journal_out_first),
		FILES(a_rebuild_keeps_and_reports_what_it_cannot_read),
	};

	return cmocka_run_group_tests_name("rebuild", tests, NULL, NULL);
}
