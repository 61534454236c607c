#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/settings.h"

static struct settings *load(const char *text)
{
	struct settings *s;
	struct err e;

	if (settings_parse(text, "/etc/dedit/dedit.conf", &s, &e) != 0)
		fail_msg("%s", e.text);
	return s;
}

/* Refused, and the message holds each of the pieces (ended by NULL). */
static void refused(const char *text, ...)
{
	struct settings *s;
	struct err e;
	const char *piece;
	va_list ap;

	assert_int_equal(settings_parse(text, "t.conf", &s, &e), -1);
	va_start(ap, text);
	while ((piece = va_arg(ap, const char *)) != NULL) {
		if (strstr(e.text, piece) == NULL)
			fail_msg("\"%s\" lacks \"%s\"", e.text, piece);
	}
	va_end(ap);
}

static void test_defaults(void **state)
{
	struct settings *s = load("server { }");

	(void)state;
	assert_int_equal(s->listen->count, 1);
	assert_string_equal(s->listen->text[0], "127.0.0.1:8080");
	assert_int_equal(s->tls_listen->count, 0);
	assert_string_equal(s->data, "/var/lib/dedit");
	assert_int_equal(s->store.mirror_delay_ms, 250);
	assert_int_equal(s->store.tombstone_days, 365);
	assert_int_equal(s->dav.ical.bytes, 1048576);
	assert_int_equal(s->dav.xml.bytes, 1048576);
	assert_true(s->workers >= 16);
	assert_int_equal(s->log_level, LOG_LEVEL_INFO);
	assert_null(s->policy.public_url);
	assert_null(s->policy.module_paths);
	assert_false(s->plain_anywhere);
	settings_destroy(s);
}

static void test_paths_are_relative_to_the_file(void **state)
{
	struct settings *s = load("server { data = \"d\" tls-listen = { \"*:8443\" } "
				  "tls-certificate = \"c/cert.pem\" tls-key = \"/k.pem\" "
				  "modules = { \"m.so\", \"/usr/lib/n.so\" } }");

	(void)state;
	assert_string_equal(s->data, "/etc/dedit/d");
	assert_string_equal(s->tls_certificate, "/etc/dedit/c/cert.pem");
	assert_string_equal(s->tls_key, "/k.pem");
	assert_string_equal(s->policy.module_paths[0], "/etc/dedit/m.so");
	assert_string_equal(s->policy.module_paths[1], "/usr/lib/n.so");
	assert_null(s->policy.module_paths[2]);
	settings_destroy(s);
}

static void test_values(void **state)
{
	struct settings *s = load("server { mirror-delay = 0s header-timeout = 5s body-rate = 1K "
				  "log-level = debug workers = 3 max-resource-size = 2M "
				  "public-url = \"https://cal.example.org\" }");

	(void)state;
	assert_int_equal(s->store.mirror_delay_ms, 0);
	assert_int_equal(s->header_timeout_ms, 5000);
	assert_int_equal(s->body_rate, 1024);
	assert_int_equal(s->log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(s->workers, 3);
	assert_int_equal(s->dav.ical.bytes, 2097152);
	assert_string_equal(s->dav.public_url, "https://cal.example.org");
	settings_destroy(s);
}

static void test_proxies(void **state)
{
	struct settings *s = load("server { public-url = \"https://cal.example.org\" base-path = \"/dedit\" "
				  "trusted-proxies = { \"192.0.2.1\", \"2001:db8::/32\" } }");

	(void)state;
	assert_string_equal(s->base_path, "/dedit");
	assert_string_equal(s->public_base, "https://cal.example.org/dedit");
	assert_string_equal(s->policy.public_url, "https://cal.example.org/dedit");
	assert_string_equal(s->dav.public_url, "https://cal.example.org");
	assert_int_equal(s->proxies.count, 2);
	assert_false(s->proxies.standard);
	assert_true(proxy_is_trusted(&s->proxies, "2001:db8:1::1"));
	settings_destroy(s);
}

static void test_groups(void **state)
{
	struct settings *s = load("server { }\ngroup \"admin\" { members = { \"Paul\", \"eve\" } }\n"
				  "group \"other\" { members = { \"anna\" } }");

	(void)state;
	assert_true(settings_in_group(s, "admin", "paul"));
	assert_true(settings_in_group(s, "admin", "eve"));
	assert_false(settings_in_group(s, "admin", "anna"));
	assert_false(settings_in_group(s, "nobody", "paul"));
	settings_destroy(s);
}

static void test_plain_http_stays_at_home(void **state)
{
	(void)state;
	refused("server {\n listen = { \"127.0.0.1:80\", \"192.0.2.1:80\" }\n}", "t.conf:2:", "'listen'",
		"loopback", "plain-http-anywhere", NULL);
	refused("server {\n listen = { \"*:80\" }\n}", "t.conf:2:", "loopback", NULL);
	settings_destroy(load("server { listen = { \"192.0.2.1:80\" } plain-http-anywhere = yes }"));
	settings_destroy(load("server { listen = { \"unix:/run/dedit/http\", \"[::1]:80\" } }"));
}

static void test_errors_name_line_option_and_expectation(void **state)
{
	(void)state;
	refused("server {\n\n listen = { \"nowhere\" }\n}", "t.conf:3:", "'listen'", "host:port", NULL);
	refused("server {\n threads = 0\n}", "t.conf:2:", "'threads'", "1", "64", NULL);
	refused("server {\n log-level = loud\n}", "t.conf:2:", "'log-level'", "warning", NULL);
	refused("server {\n public-url = \"cal.example.org\"\n}", "t.conf:2:", "'public-url'", "https://", NULL);
	refused("server {\n public-url = \"https://cal.example.org/x\"\n}", "'public-url'", NULL);
	refused("server {\n max-resource-size = 9M\n}", "t.conf:2:", "'max-resource-size'", NULL);
	refused("server {\n header-timeout = soon\n}", "t.conf:2:", "'header-timeout'", NULL);
	refused("server {\n lisen = { \"127.0.0.1:80\" }\n}", "t.conf:2:", "lisen", NULL);
	refused("server { }\nserver2 { }", "t.conf:2:", "server2", NULL);
	refused("server { }\ngroup \"admin\" {\n members = { \"a b\" }\n}", "t.conf:3:", "'members'", NULL);
}

static void test_what_belongs_together(void **state)
{
	(void)state;
	refused("server {\n tls-listen = { \"*:443\" }\n}", "t.conf:2:", "tls-certificate", NULL);
	refused("server {\n tls-certificate = \"x\"\n}", "t.conf:2:", "tls-key", NULL);
	refused("server { listen = { } }", "'listen'", NULL);
	refused("group \"admin\" { }", "server", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_paths_are_relative_to_the_file),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_plain_http_stays_at_home),
		cmocka_unit_test(test_errors_name_line_option_and_expectation),
		cmocka_unit_test(test_what_belongs_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
