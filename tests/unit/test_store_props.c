/* The text formats of the data folder: records, .props, account files, ledger lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "storage/chain.h"
#include "storage/props.h"
#include "storage/record.h"

static void props_come_back_as_they_were_written(void **state)
{
	const struct collection c = {.name = "a\tb\\n", .components = 3, .flags = 1, .created = -5};
	const struct prop_row rows[] = {{"", "DAV:", "displayname", "<d>\r\n\t\\</d>"},
		{"marc", "", "x", "<x/>"}, {"", "X:", "y", "<y/>"}};
	const struct feed feed = {.id = "k", .label = "a\tb", .flags = 3, .back = -1, .ahead = 9,
		.hash = "HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH", .created = 4};
	const struct long_name name = {"=~digest.ics", "a long name"};
	struct arena *mem cleanup_arena = arena_create();
	struct buf text cleanup_buf;
	struct props p;
	struct err e = {0};

	buf_init(&text, 10000);
	props_write_head(&text, &c);
	for (size_t i = 0; i < 3; i++) {
		props_write_row(&text, &rows[i]);
	}
	props_write_share(&text, "lea", SHARE_READ);
	props_write_share(&text, "marc", SHARE_WRITE);
	props_write_feed(&text, &feed);
	props_write_name(&text, &name);
	assert_int_equal(props_parse(text.data, text.len, mem, &p, &e), 0);
	assert_string_equal(p.calendar, c.name);
	assert_int_equal(p.components, 3);
	assert_int_equal(p.flags, 1);
	assert_int_equal(p.created, -5);
	assert_int_equal(p.rows, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(p.row[i].user, rows[i].user);
		assert_string_equal(p.row[i].ns, rows[i].ns);
		assert_string_equal(p.row[i].name, rows[i].name);
		assert_string_equal(p.row[i].xml, rows[i].xml);
	}
	assert_int_equal(p.shares, 2);
	assert_string_equal(p.share[1].user, "marc");
	assert_int_equal(p.share[1].access, SHARE_WRITE);
	assert_int_equal(p.feeds, 1);
	assert_string_equal(p.feed[0].id, "k");
	assert_string_equal(p.feed[0].hash, feed.hash);
	assert_string_equal(p.feed[0].label, "a\tb");
	assert_int_equal(p.feed[0].flags, 3);
	assert_int_equal(p.feed[0].back, -1);
	assert_int_equal(p.feed[0].ahead, 9);
	assert_int_equal(p.feed[0].created, 4);
	assert_int_equal(p.names, 1);
	assert_string_equal(p.name[0].name, "a long name");
}

static void people_may_edit_props(void **state)
{
	static const char text[] = "# by hand\r\n\r\ncalendar: Work\r\nfuture-key: a\tb\ncomponents:1\n"
		"share: marc\tread";
	struct arena *mem cleanup_arena = arena_create();
	struct props p;
	struct err e = {0};

	assert_int_equal(props_parse(text, strlen(text), mem, &p, &e), 0);
	assert_string_equal(p.calendar, "Work");
	assert_int_equal(p.components, 1);
	assert_int_equal(p.shares, 1);
}

static void malformed_props_are_refused_with_the_line(void **state)
{
	static const struct { const char *text, *why; } cases[] = {
		{"calendar: a\nno colon\n", "line 2: no \"key: value\""},
		{": value\n", "line 1: no \"key: value\""},
		{"components: many\n", "line 1: components: no number"},
		{"components: -1\n", "line 1: components: no number"},
		{"created: \n", "line 1: created: no number"},
		{"feed: k\tshort\tl\t0\t0\t0\t0\n", "line 1: feed: expected id, hash, label and numbers"},
		{"feed: k\tHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH\tl\t0\t-2\t0\t0\n",
			"line 1: feed: expected id, hash, label and numbers"},
		{"share: marc\towner\n", "line 1: share: expected a user and free-busy, read or write"},
		{"share: \tread\n", "line 1: share: expected a user and free-busy, read or write"},
		{"share: marc\tnone\n", "line 1: share: expected a user and free-busy, read or write"},
		{"feed: k\tHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH\tl\t0\t0\t9223372036854775807\t0\n",
			"line 1: feed: expected id, hash, label and numbers"},
		{"prop: a\tb\tc\n", "line 1: prop: expected user, namespace, name and element"},
		{"calendar: a\\x\n", "line 1: a backslash without n, r, t or backslash behind it"},
		{"calendar: a\\", "line 1: a backslash without n, r, t or backslash behind it"},
		{"k: 1\t2\t3\t4\t5\t6\t7\t8\t9\t10\t11\t12\t13\t14\t15\t16\t17\n", "line 1: more than 16 fields"},
		{"calendar: \xff\n", "not UTF-8"},
	};
	struct arena *mem cleanup_arena = arena_create();
	struct props p;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		e = (struct err){0};
		assert_int_equal(props_parse(cases[i].text, strlen(cases[i].text), mem, &p, &e), -1);
		assert_int_equal(e.code, ERR_SYNTAX);
		assert_string_equal(e.text, cases[i].why);
	}
	assert_int_equal(props_parse("calendar: a\0b\n", 14, mem, &p, &e), -1);
}

static void accounts_come_back_as_they_were_written(void **state)
{
	static const char *const addresses[] = {"a@example.org", "b@example.org", "c@example.org", NULL};
	const struct account_token tokens[] = {{"1", "phone\tof mine", "h1", 1, TOKEN_CALENDAR, 0},
		{"2", "", "h2", -2, TOKEN_API_READ, 5}, {"3", "x", "h3", 3, TOKEN_API, 0}};
	const struct account a = {.name = "anna", .displayname = "Anna \\ B", .language = "fr",
		.addresses = addresses, .password = "$y$j9T$x", .generation = 7, .tokens = tokens,
		.token_count = 3};
	struct arena *mem cleanup_arena = arena_create();
	struct buf text cleanup_buf;
	struct account got;
	struct delegates acting;
	struct err e = {0};

	buf_init(&text, 10000);
	account_write(&text, &a);
	account_write_delegate(&text, "marc", SHARE_READ);
	account_write_delegate(&text, "eve", SHARE_WRITE);
	assert_int_equal(account_parse(text.data, text.len, mem, &got, &acting, &e), 0);
	assert_int_equal(acting.n, 2);
	assert_string_equal(acting.row[0].owner, "anna");
	assert_string_equal(acting.row[1].user, "eve");
	assert_int_equal(acting.row[1].access, SHARE_WRITE);
	assert_string_equal(got.name, "anna");
	assert_string_equal(got.displayname, a.displayname);
	assert_string_equal(got.language, "fr");
	assert_string_equal(got.addresses[2], "c@example.org");
	assert_null(got.addresses[3]);
	assert_string_equal(got.password, a.password);
	assert_int_equal(got.generation, 7);
	assert_int_equal(got.token_count, 3);
	assert_string_equal(got.tokens[0].label, "phone\tof mine");
	assert_int_equal(got.tokens[1].created, -2);
	assert_int_equal(got.tokens[0].scope, TOKEN_CALENDAR);
	assert_int_equal(got.tokens[1].scope, TOKEN_API_READ);
	assert_int_equal(got.tokens[2].scope, TOKEN_API);
	assert_int_equal(got.tokens[1].used, 0); /* in the index alone */
	assert_false(got.removed);

	buf_reset(&text);
	buf_adds(&text, "name: anna\ntoken: a\tl\th\t1\n"); /* no scope: of calendars */
	assert_int_equal(account_parse(text.data, text.len, mem, &got, &acting, &e), 0);
	assert_int_equal(got.tokens[0].scope, TOKEN_CALENDAR);
	buf_reset(&text);
	buf_adds(&text, "name: anna\ntoken: a\tl\th\t1\tall\n");
	assert_int_equal(account_parse(text.data, text.len, mem, &got, &acting, &e), -1);

	buf_reset(&text);
	account_write(&text, &(struct account){.name = "gone", .removed = true});
	assert_int_equal(account_parse(text.data, text.len, mem, &got, &acting, &e), 0);
	assert_int_equal(acting.n, 0);
	assert_true(got.removed);
	assert_null(got.password);
	assert_null(got.displayname);
	assert_null(got.addresses[0]);
	assert_int_equal(account_parse("language: de\n", 13, mem, &got, &acting, &e), -1);
	assert_string_equal(e.text, "no name");
	assert_int_equal(account_parse("name: a\ndelegate: b\tfree-busy\n", 30, mem, &got, &acting, &e), -1);
	assert_string_equal(e.text, "line 2: delegate: expected a user and read or write");
}

static void a_ledger_line_comes_back_and_verifies(void **state)
{
	struct ledger_row row = {.owner = "anna", .seq = 3, .when = 1700000000, .slot = -1,
		.incident = true, .kind = "late", .ref = "R\t1", .client = "m@x", .uid = "u\\1",
		.text = "{\"a\":\"\\n\"}"}, got;
	struct buf line cleanup_buf;
	struct err e = {0};

	buf_init(&line, 10000);
	chain_link(&row, CHAIN_START);
	chain_write_line(&line, &row);
	assert_int_equal(line.data[line.len - 1], '\n');
	line.data[line.len - 1] = '\0';
	assert_int_equal(chain_parse_line(line.data, &got, &e), 0);
	assert_int_equal(got.seq, 3);
	assert_int_equal(got.when, 1700000000);
	assert_int_equal(got.slot, -1);
	assert_true(got.incident);
	assert_string_equal(got.kind, "late");
	assert_string_equal(got.ref, "R\t1");
	assert_string_equal(got.client, "m@x");
	assert_string_equal(got.uid, "u\\1");
	assert_string_equal(got.text, row.text);
	assert_string_equal(got.self, row.self);
	assert_null(chain_problem(&got, CHAIN_START));
}

static void a_changed_entry_does_not_verify(void **state)
{
	struct ledger_row row = {.seq = 1, .text = "{\"fee\":8000}"}, bad;

	chain_link(&row, CHAIN_START);
	bad = row;
	bad.text = "{\"fee\":1}";
	assert_string_equal(chain_problem(&bad, CHAIN_START), "text was changed");
	bad = row;
	digest_chain("{\"fee\":1}", 9, bad.digest);
	bad.text = "{\"fee\":1}";
	assert_string_equal(chain_problem(&bad, CHAIN_START), "number, link or digest was changed");
	bad = row;
	bad.seq = 2;
	assert_string_equal(chain_problem(&bad, CHAIN_START), "number, link or digest was changed");
	assert_string_equal(chain_problem(&row, row.self), "does not follow the entry before it");
	/* one client's data erased: the digest still stands for it (15.23) */
	row.text = "";
	assert_null(chain_problem(&row, CHAIN_START));
}

static void malformed_ledger_lines_are_refused(void **state)
{
	static const char link[] = CHAIN_START;
	struct ledger_row row;
	struct err e = {0};
	char line[512];

	snprintf(line, sizeof(line), "1\t%s\t%s\t%s\t{}\t1\t0\t0\tk\t\t\t", link, link, link);
	assert_int_equal(chain_parse_line(line, &row, &e), 0);
	snprintf(line, sizeof(line), "1\t%s\t%s\t%s\t{}\t1\t0\t0\tk\t\t", link, link, link);
	assert_int_equal(chain_parse_line(line, &row, &e), -1);
	snprintf(line, sizeof(line), "0\t%s\t%s\t%s\t{}\t1\t0\t0\tk\t\t\t", link, link, link);
	assert_int_equal(chain_parse_line(line, &row, &e), -1);
	snprintf(line, sizeof(line), "1\t%s\tshort\t%s\t{}\t1\t0\t0\tk\t\t\t", link, link);
	assert_int_equal(chain_parse_line(line, &row, &e), -1);
	snprintf(line, sizeof(line), "1\t%s\t%.42s\\n\t%s\t{}\t1\t0\t0\tk\t\t\t", link, link, link);
	assert_int_equal(chain_parse_line(line, &row, &e), -1);
	snprintf(line, sizeof(line), "1\t%s\t%s\t%s\t{}\t1\t0\t2\tk\t\t\t", link, link, link);
	assert_int_equal(chain_parse_line(line, &row, &e), -1);
	snprintf(line, sizeof(line), "1\t%s\t%s\t%s\t{}", link, link, link);
	assert_int_equal(chain_parse_line(line, &row, &e), -1);
	snprintf(line, sizeof(line), "%s", "");
	assert_int_equal(chain_parse_line(line, &row, &e), -1);
}

static void logs_are_named_by_month(void **state)
{
	char name[CHAIN_LOG_NAME_SIZE];

	chain_log_name(1700000000, name);
	assert_string_equal(name, "2023-11.log");
	chain_log_name(0, name);
	assert_string_equal(name, "1970-01.log");
	chain_log_name(-1, name);
	assert_string_equal(name, "1969-12.log");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(props_come_back_as_they_were_written),
		cmocka_unit_test(people_may_edit_props),
		cmocka_unit_test(malformed_props_are_refused_with_the_line),
		cmocka_unit_test(accounts_come_back_as_they_were_written),
		cmocka_unit_test(a_ledger_line_comes_back_and_verifies),
		cmocka_unit_test(a_changed_entry_does_not_verify),
		cmocka_unit_test(malformed_ledger_lines_are_refused),
		cmocka_unit_test(logs_are_named_by_month),
	};

	return cmocka_run_group_tests_name("text formats", tests, NULL, NULL);
}
