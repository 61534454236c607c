#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/util.h"
#include "server/listen.h"

static void test_grammar(void **state)
{
	static const char *const good[] = { "127.0.0.1:8080", "[::1]:80", "*:8443", "localhost:1",
		"unix:/run/dedit/http", "cal.example.org:65535" };
	static const char *const bad[] = { "", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
		"127.0.0.1:65536", "127.0.0.1:http", "::1:80", "[::1]", "[]:80", "unix:", "unix:relative" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(listen_check(good[i], &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(listen_check(bad[i], &e), -1);
}

static void test_long_unix_path(void **state)
{
	char path[200] = "unix:/";
	struct err e;

	(void)state;
	memset(path + 6, 'x', 107);
	assert_int_equal(listen_check(path, &e), -1);
	path[5 + 107] = '\0';
	assert_int_equal(listen_check(path, &e), 0);
}

static void test_local(void **state)
{
	(void)state;
	assert_true(listen_is_local("127.0.0.1:1"));
	assert_true(listen_is_local("127.9.9.9:1"));
	assert_true(listen_is_local("[::1]:1"));
	assert_true(listen_is_local("unix:/run/x"));
	assert_false(listen_is_local("0.0.0.0:1"));
	assert_false(listen_is_local("*:1"));
	assert_false(listen_is_local("[::]:1"));
	assert_false(listen_is_local("192.0.2.1:1"));
	assert_false(listen_is_local("nonsense"));
}

static void test_address_text(void **state)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	inet_pton(AF_INET, "192.0.2.7", &four.sin_addr);
	address_text((struct sockaddr *)&four, text);
	assert_string_equal(text, "192.0.2.7");
	inet_pton(AF_INET6, "::ffff:192.0.2.7", &six.sin6_addr);
	address_text((struct sockaddr *)&six, text);
	assert_string_equal(text, "192.0.2.7");
	inet_pton(AF_INET6, "2001:db8::1", &six.sin6_addr);
	address_text((struct sockaddr *)&six, text);
	assert_string_equal(text, "2001:db8::1");
	address_text((struct sockaddr *)&local, text);
	assert_string_equal(text, "unix");
	address_text(NULL, text);
	assert_string_equal(text, "unix");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_long_unix_path),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_address_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
