#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"

static void hex_of(const uint8_t *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

/* FIPS 180-4, examples */
static void sha256_of_known_texts(void **state)
{
	uint8_t sum[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	(void)state;
	sha256("abc", 3, sum);
	hex_of(sum, sizeof(sum), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256("", 0, sum);
	hex_of(sum, sizeof(sum), hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, test cases 2 and 6 */
static void hmac_of_known_texts(void **state)
{
	static const char data[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	uint8_t sum[SHA256_SIZE], key[131];
	char hex[2 * SHA256_SIZE + 1];

	(void)state;
	hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, sum);
	hex_of(sum, sizeof(sum), hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	hmac_sha256(key, sizeof(key), data, strlen(data), sum);
	hex_of(sum, sizeof(sum), hex);
	assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void names_of_bodies(void **state)
{
	char name[DIGEST_SIZE], chain[CHAIN_SIZE];

	(void)state;
	digest_short("abc", 3, name);
	digest_chain("abc", 3, chain);
	assert_string_equal(chain, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
	assert_int_equal(strlen(name), 22);
	assert_memory_equal(name, chain, 21);
}

/* RFC 4648 §10, in the alphabet of §5 */
static void base64url_of_known_texts(void **state)
{
	static const struct { const char *text, *encoded; } rows[] = {
		{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"foob", "Zm9vYg"},
		{"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"},
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].text);
		base64url(rows[i].text, len, out);
		assert_string_equal(out, rows[i].encoded);
		assert_true(strlen(out) < base64url_size(len));
	}
}

static void decodes_base64(void **state)
{
	static const struct { const char *encoded, *text; } rows[] = {
		{"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYmE=", "fooba"},
		{"YW5uYTpw4oKs", "anna:p\xe2\x82\xac"}, {"+/+/", "\xfb\xff\xbf"},
	};
	struct buf out cleanup_buf;

	(void)state;
	buf_init(&out, 100);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		buf_reset(&out);
		assert_int_equal(base64_decode(rows[i].encoded, strlen(rows[i].encoded), &out), 0);
		assert_string_equal(out.data, rows[i].text);
	}
	buf_reset(&out);
	assert_int_equal(base64_decode("AAAA", 4, &out), 0);
	assert_int_equal(out.len, 3);
}

static void refuses_malformed_base64(void **state)
{
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zm9vZ", "Zh==" /* bits left over */, "Zm9=", "====", "=g==", "Z===",
		"Zg==Zg==", "Zm9v\n", "Zm 9", "Zm9-", "Zm9_", "Zg=a",
	};
	struct buf out cleanup_buf;

	(void)state;
	buf_init(&out, 100);
	buf_adds(&out, "kept");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(base64_decode(bad[i], strlen(bad[i]), &out), -1);
		assert_string_equal(out.data, "kept");
	}
	buf_finish(&out);
	buf_init(&out, 2);
	assert_int_equal(base64_decode("Zm9v", 4, &out), -1);
}

static void base64url_comes_back(void **state)
{
	static const char *const bad[] = { "", "_-8", "_-8AS=", "/-8ASA", "+-8ASA", "_-8A A", "_-8ASB" };
	const unsigned char bytes[] = { 0xff, 0xef, 0x00, 0x48 };
	unsigned char out[sizeof(bytes)];
	char text[base64url_size(sizeof(bytes))];

	(void)state;
	base64url(bytes, sizeof(bytes), text);
	assert_string_equal(text, "_-8ASA");
	assert_int_equal(base64url_decode(text, out, sizeof(out)), 0);
	assert_memory_equal(out, bytes, sizeof(bytes));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(base64url_decode(bad[i], out, sizeof(out)), -1);
	}
	assert_int_equal(base64url_decode(text, out, sizeof(out) - 1), -1);
}

static void compares_and_erases(void **state)
{
	char secret[] = "secret";

	(void)state;
	assert_true(equal_const_time("abc", "abd", 2));
	assert_false(equal_const_time("abc", "abd", 3));
	secret_zero(secret, sizeof(secret));
	for (size_t i = 0; i < sizeof(secret); i++) {
		assert_int_equal(secret[i], 0);
	}
}

static void random_numbers_differ(void **state)
{
	unsigned char a[300], b[300];

	(void)state;
	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_known_texts),
		cmocka_unit_test(hmac_of_known_texts),
		cmocka_unit_test(names_of_bodies),
		cmocka_unit_test(base64url_of_known_texts),
		cmocka_unit_test(decodes_base64),
		cmocka_unit_test(refuses_malformed_base64),
		cmocka_unit_test(base64url_comes_back),
		cmocka_unit_test(compares_and_erases),
		cmocka_unit_test(random_numbers_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
