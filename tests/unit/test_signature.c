/* Ed25519 keys as PEM, and what they sign. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/signature.h"
#include "base/util.h"

/* RFC 8032 7.1, TEST 2: the secret key in the PKCS #8 of RFC 8410, and the signature of the byte 72. */
static const char known_pem[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
	"-----END PRIVATE KEY-----\n";
static const char known_signature[] =
	"kqAJqfDUyrhyDoILX2QlQKKye1QWUD-Ps3YiI-vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA";

static void a_known_text_has_the_signature_of_the_rfc(void **state)
{
	struct signature_key *k cleanup_signature_key = NULL;
	char signature[SIGNATURE_SIZE];
	struct err e = {0};

	(void)state;
	assert_int_equal(signature_key_read(known_pem, strlen(known_pem), &k, &e), 0);
	assert_int_equal(signature_make(k, "r", 1, signature, &e), 0);
	assert_string_equal(signature, known_signature);
	assert_true(signature_holds(k, "r", 1, signature));
}

static void nothing_else_holds(void **state)
{
	struct signature_key *k cleanup_signature_key = NULL, *other cleanup_signature_key = NULL;
	char signature[SIGNATURE_SIZE], name[DIGEST_SIZE], other_name[DIGEST_SIZE];
	struct err e = {0};

	(void)state;
	assert_int_equal(signature_key_make(&k, &e), 0);
	assert_int_equal(signature_key_make(&other, &e), 0);
	assert_int_equal(signature_make(k, "text", 4, signature, &e), 0);
	assert_true(signature_holds(k, "text", 4, signature));
	assert_false(signature_holds(k, "texT", 4, signature));
	assert_false(signature_holds(k, "text", 3, signature));
	assert_false(signature_holds(other, "text", 4, signature));
	assert_false(signature_holds(k, "text", 4, ""));
	signature[5] = signature[5] == 'A' ? 'B' : 'A';
	assert_false(signature_holds(k, "text", 4, signature));
	signature_key_name(k, name);
	signature_key_name(other, other_name);
	assert_string_not_equal(name, other_name);
}

static void a_key_comes_back_from_its_pem(void **state)
{
	struct signature_key *k cleanup_signature_key = NULL, *again cleanup_signature_key = NULL, *none = NULL;
	struct buf pem cleanup_buf, half cleanup_buf;
	char signature[SIGNATURE_SIZE], name[DIGEST_SIZE], same[DIGEST_SIZE];
	struct err e = {0};

	(void)state;
	buf_init(&pem, SIGNATURE_PEM_MAX);
	buf_init(&half, SIGNATURE_PEM_MAX);
	assert_int_equal(signature_key_make(&k, &e), 0);
	assert_int_equal(signature_key_write(k, true, &pem, &e), 0);
	assert_int_equal(signature_key_write(k, false, &half, &e), 0);
	assert_non_null(strstr(pem.data, "BEGIN PRIVATE KEY"));
	assert_non_null(strstr(half.data, "BEGIN PUBLIC KEY"));
	assert_int_equal(signature_key_read(pem.data, pem.len, &again, &e), 0);
	assert_int_equal(signature_make(again, "x", 1, signature, &e), 0);
	assert_true(signature_holds(k, "x", 1, signature));
	signature_key_name(k, name);
	signature_key_name(again, same);
	assert_string_equal(name, same);
	/* the public half alone can't sign, and rubbish is no key */
	assert_int_equal(signature_key_read(half.data, half.len, &none, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(signature_key_read("rubbish", 7, &none, &e), -1);
	assert_int_equal(signature_key_read(pem.data, pem.len - 40, &none, &e), -1);
	signature_key_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_text_has_the_signature_of_the_rfc),
		cmocka_unit_test(nothing_else_holds),
		cmocka_unit_test(a_key_comes_back_from_its_pem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
