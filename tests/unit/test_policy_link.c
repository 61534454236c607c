/* The signature of fee notes' links: architecture.md 15.33. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/link.h"

/* key: 0, 1, 2 … 31; the value by Python's hmac and base64 modules. */
static void test_mac_of_a_known_key(void **state)
{
	struct store_info info = { 0 };
	char mac[LINK_MAC_SIZE];

	(void)state;
	for (size_t n = 0; n < sizeof(info.key); n++) {
		info.key[n] = (uint8_t)n;
	}
	link_mac(&info, "fee", "7F3K-2Q9M", "marie@example.org", mac);
	assert_string_equal(mac, "i7b1klMeebFsHajJvzVPaw");
}

static void test_each_part_counts(void **state)
{
	static const char *const parts[][3] = { { "fee", "7F3K-2Q9M", "marie" }, { "fee", "7F3K-2Q9M", "marie " },
		{ "fee", "7F3K-2Q9N", "marie" }, { "feed", "7F3K-2Q9M", "marie" } };
	struct store_info info = { 0 };
	char mac[5][LINK_MAC_SIZE];

	(void)state;
	for (size_t n = 0; n < 4; n++) {
		link_mac(&info, parts[n][0], parts[n][1], parts[n][2], mac[n]);
	}
	info.key[31] = 1;
	link_mac(&info, "fee", "7F3K-2Q9M", "marie", mac[4]);
	for (size_t n = 0; n < 5; n++) {
		assert_int_equal(strlen(mac[n]), 22);
		for (size_t k = 0; k < n; k++) {
			assert_string_not_equal(mac[n], mac[k]);
		}
	}
}

static void test_paths(void **state)
{
	struct arena *mem cleanup_arena = arena_create();
	struct store_info info = { 0 };
	char mac[LINK_MAC_SIZE];

	(void)state;
	link_mac(&info, "fee", "7F3K-2Q9M", "marie", mac);
	assert_string_equal(link_fee(&info, "7F3K-2Q9M", "marie", mem), arena_printf(mem, "/fee/7F3K-2Q9M/%s", mac));
	assert_string_equal(link_policy("Thérapie <1>/2", "2026-01-01", mem),
		"/policy/Th%C3%A9rapie%20%3C1%3E%2F2/2026-01-01");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mac_of_a_known_key),
		cmocka_unit_test(test_each_part_counts),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
