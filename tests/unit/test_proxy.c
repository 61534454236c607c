#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/util.h"
#include "server/proxy.h"

static struct network network(const char *text)
{
	struct network n;
	struct err e;

	if (network_parse(text, &n, &e) != 0)
		fail_msg("%s: %s", text, e.text);
	return n;
}

static void knows_networks(void **state)
{
	const struct network list[] = { network("10.1.0.0/16"), network("192.0.2.7"),
		network("2001:db8:1::/49"), network("198.51.100.128/25") };
	const struct proxy_rule rule = { .networks = list, .count = ARRAY_SIZE(list) };
	static const struct { const char *peer; bool trusted; } rows[] = {
		{ "10.1.2.3", true }, { "10.2.0.1", false }, { "192.0.2.7", true }, { "192.0.2.8", false },
		{ "2001:db8:1:7fff::1", true }, { "2001:db8:1:8000::1", false }, { "::ffff:10.1.2.3", true },
		{ "198.51.100.128", true }, { "198.51.100.127", false }, { "unix", true }, { "", false },
		{ "127.0.0.1", false }, { "nonsense", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (proxy_is_trusted(&rule, rows[i].peer) != rows[i].trusted)
			fail_msg("%s", rows[i].peer);
	}
	const struct network all = network("0.0.0.0/0");
	assert_true(proxy_is_trusted(&(struct proxy_rule){ .networks = &all, .count = 1 }, "8.8.8.8"));
	assert_false(proxy_is_trusted(&(struct proxy_rule){ .networks = &all, .count = 1 }, "2001:db8::1"));
}

static void refuses_what_is_no_network(void **state)
{
	static const char *const rows[] = { "", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "::/129", "host", "/8",
		"10.0.0.0/8/8", "10.0.0.0/-1" };
	struct network n;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(network_parse(rows[i], &n, &e), -1);
}

static void knows_base_paths(void **state)
{
	static const char *const good[] = { "/dedit", "/a/b", "/a-b_c~d.e", "/a" };
	static const char *const bad[] = { "", "/", "dedit", "/dedit/", "/a//b", "/a/../b", "/a b", "/a\"", "/a?b",
		"/%41", "//a" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(base_path_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(base_path_valid(bad[i]));
}

struct row {
	const char *name, *value, *name2, *value2;
	const char *address, *host, *prefix;
	bool secure;
};

static void check_rows(const struct row *rows, size_t count, bool standard)
{
	const struct network list[] = { network("10.0.0.0/8") };
	const struct proxy_rule rule = { .networks = list, .count = 1, .standard = standard };

	for (size_t i = 0; i < count; i++) {
		cleanup_arena struct arena *mem = arena_create();
		const struct header head[] = { { rows[i].name, rows[i].value },
			{ rows[i].name2 ? rows[i].name2 : "X", rows[i].value2 ? rows[i].value2 : "" } };
		const struct request rq = { .mem = mem, .head = head, .heads = 2 };
		struct forwarded f;

		proxy_read(&rule, &rq, &f);
#define SAME(a, b) ((a) == (b) || ((a) && (b) && strcmp((a), (b)) == 0))
		if (!SAME(f.address, rows[i].address) || !SAME(f.host, rows[i].host) ||
			!SAME(f.prefix, rows[i].prefix) || f.secure != rows[i].secure)
			fail_msg("%s: %s: %s %s %s %d", rows[i].name, rows[i].value, f.address, f.host, f.prefix,
				f.secure);
	}
}

static void reads_private_headers(void **state)
{
	static const struct row rows[] = {
		{ "X-Forwarded-For", "192.0.2.1", .address = "192.0.2.1" },
		/* from the right, past our own proxies */
		{ "X-Forwarded-For", "203.0.113.9, 192.0.2.1", .address = "192.0.2.1" },
		{ "X-Forwarded-For", "203.0.113.9, 192.0.2.1, 10.0.0.1,10.0.0.2", .address = "192.0.2.1" },
		{ "X-Forwarded-For", "203.0.113.9", "X-Forwarded-For", "192.0.2.1", .address = "192.0.2.1" },
		{ "X-Forwarded-For", "10.0.0.1", .address = "10.0.0.1" },
		{ "X-Forwarded-For", "2001:db8::1", .address = "2001:db8::1" },
		{ "X-Forwarded-For", "192.0.2.1:4711", .address = "192.0.2.1" },
		{ "X-Forwarded-For", "[2001:db8::1]:4711", .address = "2001:db8::1" },
		/* behind what can't be read nothing is believed */
		{ "X-Forwarded-For", "192.0.2.1, unknown", .address = NULL },
		{ "X-Forwarded-For", "192.0.2.1, unknown, 10.0.0.1", .address = "10.0.0.1" },
		{ "X-Forwarded-For", "", .address = NULL },
		{ "X-Forwarded-Proto", "https", .secure = true },
		{ "X-Forwarded-Proto", "https", "X-Forwarded-Proto", "http", .secure = false },
		{ "X-Forwarded-Host", "evil.example, cal.example.org", .host = "cal.example.org" },
		{ "X-Forwarded-Host", "cal.example.org:8443", .host = "cal.example.org:8443" },
		{ "X-Forwarded-Host", "a b", .host = NULL },
		{ "X-Forwarded-Prefix", "/dedit", .prefix = "/dedit" },
		{ "X-Forwarded-Prefix", "/dedit/", .prefix = NULL },
		{ "X-Forwarded-Prefix", "/\"><x", .prefix = NULL },
		/* the other family passes through proxies as the client sent it */
		{ "Forwarded", "for=192.0.2.1;proto=https;host=evil", .address = NULL },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), false);
}

/* RFC 7239 4 and 6 */
static void reads_standard_headers(void **state)
{
	static const struct row rows[] = {
		{ "Forwarded", "for=192.0.2.43", .address = "192.0.2.43" },
		{ "Forwarded", "For=\"[2001:db8:cafe::17]:4711\"", .address = "2001:db8:cafe::17" },
		{ "Forwarded", "for=192.0.2.60;proto=http;by=203.0.113.43", .address = "192.0.2.60" },
		{ "Forwarded", "for=192.0.2.43, for=198.51.100.17", .address = "198.51.100.17" },
		{ "Forwarded", "for=192.0.2.43; proto=HTTPS ;host=\"cal.example.org:443\", for=10.0.0.1;host=inner",
			.address = "192.0.2.43", .host = "cal.example.org:443", .secure = false },
		{ "Forwarded", "for=192.0.2.43;proto=https;host=cal.example.org", .address = "192.0.2.43",
			.host = "cal.example.org", .secure = true },
		{ "Forwarded", "for=192.0.2.1;host=a", "Forwarded", "for=unknown;host=b", .host = "b" },
		{ "Forwarded", "for=_hidden", .address = NULL },
		{ "Forwarded", "for=\"_a;b,c\";host=x", .host = "x" },
		{ "Forwarded", "for", .address = NULL },
		{ "Forwarded", ";;,,", .address = NULL },
		{ "X-Forwarded-For", "192.0.2.1", "X-Forwarded-Host", "evil", .address = NULL },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_networks),
		cmocka_unit_test(refuses_what_is_no_network),
		cmocka_unit_test(knows_base_paths),
		cmocka_unit_test(reads_private_headers),
		cmocka_unit_test(reads_standard_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
