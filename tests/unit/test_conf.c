#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/util.h"

static int check_currency(const char *value, struct err *e)
{
	return strlen(value) == 3 ? 0 : err_set(e, ERR_INVALID, "a currency of three letters");
}

static const struct conf_option server_options[] = {
	{"listen", CONF_LIST, "127.0.0.1:8080", 0, 0, NULL},
	{"data", CONF_STRING, NULL, 0, 0, NULL},
	{"workers", CONF_INT, "4", 1, 64, NULL},
	{"body", CONF_SIZE, "1M", 1024, 8 << 20, NULL},
	{"delay", CONF_DURATION, "250ms", 0, 60000, NULL},
	{"secure", CONF_BOOL, "off", 0, 0, NULL},
	{0},
};
static const struct conf_option version_options[] = {{"price", CONF_STRING, NULL, 0, 0, NULL}, {0}};
static const struct conf_option policy_options[] = {
	{"currency", CONF_STRING, "EUR", 0, 0, check_currency},
	{"tiers", CONF_LIST, NULL, 0, 0, NULL},
	{0},
};
static const struct conf_schema version = {"version", true, version_options, NULL};
static const struct conf_schema *const policy_sections[] = {&version, NULL};
static const struct conf_schema server = {"server", false, server_options, NULL};
static const struct conf_schema policy = {"policy", true, policy_options, policy_sections};
static const struct conf_schema *const sections[] = {&server, &policy, NULL};
static const struct conf_option top_options[] = {{"name", CONF_STRING, NULL, 0, 0, NULL}, {0}};
static const struct conf_schema schema = {NULL, false, top_options, sections};

static const struct conf_section *parsed(const char *text)
{
	const struct conf_section *root = NULL;
	struct err e = {0};

	if (conf_parse(text, "test.conf", &schema, &root, &e) < 0) {
		print_error("%s\n", e.text);
	}
	assert_non_null(root);
	return root;
}

static void assert_refused(const char *text, const char *wanted)
{
	const struct conf_section *root = NULL;
	struct err e = {0};

	assert_int_equal(conf_parse(text, "test.conf", &schema, &root, &e), -1);
	assert_null(root);
	assert_int_equal(e.code, ERR_INVALID);
	if (strstr(e.text, wanted) == NULL) {
		print_error("'%s'\n  lacks '%s'\n", e.text, wanted);
		fail();
	}
}

static void reads_values_and_lines(void **state)
{
	const struct conf_section *root = parsed(
		"# a comment with \"quotes\" and { braces }\n"
		"name = dedit\n"
		"server {\n"
		"\tlisten = { \"[::1]:80\", unix:/run/x } workers = 8\n"
		"\tbody = 512K  delay = 2s  secure = Yes\n"
		"\tdata = 'C:\\x'\n"
		"}\n");
	const struct conf_section *s = root->sections[0];

	(void)state;
	assert_string_equal(conf_string(root, "name"), "dedit");
	assert_int_equal(conf_get(root, "name")->line, 2);
	assert_int_equal(root->section_count, 1);
	assert_string_equal(s->section, "server");
	assert_int_equal(s->line, 3);
	assert_string_equal(s->file, "test.conf");
	assert_int_equal(conf_get(s, "listen")->count, 2);
	assert_string_equal(conf_get(s, "listen")->text[1], "unix:/run/x");
	assert_int_equal(conf_get(s, "listen")->line, 4);
	assert_int_equal(conf_number(s, "workers"), 8);
	assert_int_equal(conf_number(s, "body"), 512 * 1024);
	assert_int_equal(conf_number(s, "delay"), 2000);
	assert_int_equal(conf_number(s, "secure"), 1);
	assert_string_equal(conf_string(s, "data"), "C:\\x");
	assert_null(conf_get(s, "nonsense"));
	assert_null(conf_string(s, "nonsense"));
	conf_destroy(root);
}

static void defaults_hold_where_nothing_is_said(void **state)
{
	const struct conf_section *root = parsed("server { }\n");
	const struct conf_section *s = root->sections[0];

	(void)state;
	assert_int_equal(conf_number(s, "workers"), 4);
	assert_int_equal(conf_get(s, "workers")->line, 0);
	assert_int_equal(conf_number(s, "body"), 1 << 20);
	assert_int_equal(conf_number(s, "delay"), 250);
	assert_int_equal(conf_get(s, "listen")->count, 1);
	assert_string_equal(conf_string(s, "listen"), "127.0.0.1:8080");
	assert_null(conf_string(s, "data"));
	assert_int_equal(conf_get(s, "data")->count, 0);
	conf_destroy(root);
	root = parsed("");
	assert_int_equal(root->section_count, 0);
	conf_destroy(root);
}

static void an_empty_list_is_not_the_default(void **state)
{
	const struct conf_section *root = parsed("server {\n listen = {}\n}");

	(void)state;
	assert_int_equal(conf_get(root->sections[0], "listen")->count, 0);
	assert_int_not_equal(conf_get(root->sections[0], "listen")->line, 0);
	conf_destroy(root);
}

static void sections_nest_and_have_titles(void **state)
{
	const struct conf_section *root = parsed(
		"policy \"therapy\" {\n"
		"  tiers = { \"48h 50%\", \"24h 100%\" }\n"
		"  version \"2026-01-01\" { price = \"80 EUR\" }\n"
		"  version \"2027-01-01\"\n  { price = \"85 EUR\" }\n"
		"}\n"
		"policy \"studio\" { currency = CHF }\n");
	const struct conf_section *therapy = root->sections[0];

	(void)state;
	assert_int_equal(root->section_count, 2);
	assert_string_equal(therapy->title, "therapy");
	assert_int_equal(therapy->line, 1);
	assert_int_equal(therapy->section_count, 2);
	assert_string_equal(therapy->sections[1]->title, "2027-01-01");
	assert_int_equal(therapy->sections[0]->line, 3);
	assert_int_equal(therapy->sections[1]->line, 5);
	assert_string_equal(conf_string(therapy->sections[1], "price"), "85 EUR");
	assert_string_equal(conf_string(therapy, "currency"), "EUR");
	assert_int_equal(root->sections[1]->line, 7);
	assert_string_equal(conf_string(root->sections[1], "currency"), "CHF");
	conf_destroy(root);
}

/* What was wrong may hold anything, and characters that are cut in two where it is shown shortened. */
static void a_refusal_is_one_line_of_characters(void **state)
{
	(void)state;
	assert_refused("server { workers = \"1\n2\tx\" }", "not '1 2 x'");
	assert_refused("server { workers = \"12345678901234567890123456789012345678901234567890123456789é\" }",
		"6789?'");
}

static void comments_and_strings_do_not_mix(void **state)
{
	const struct conf_section *root = parsed(
		"// one\n/* two\n lines; \" */ name = \"a # b // c /* d; '\" # d'accord\n"
		"server { data = https://host/path#comment\n}\n#");

	(void)state;
	assert_string_equal(conf_string(root, "name"), "a # b // c /* d; '");
	assert_int_equal(conf_get(root, "name")->line, 3);
	assert_string_equal(conf_string(root->sections[0], "data"), "https://host/path");
	conf_destroy(root);
}

static void errors_name_file_line_option_and_wish(void **state)
{
	(void)state;
	assert_refused("server {\n\n workers = 65 }",
		"test.conf:3: option 'workers': expected a whole number from 1 to 64, not '65'");
	assert_refused("server { workers = four }", "test.conf:1: option 'workers': expected a whole");
	assert_refused("server { workers = \"\" }", "not ''");
	assert_refused("server { body = 1023 }", "a size (as 512K, 8M, 1G) from 1K to 8M, not '1023'");
	assert_refused("server { body = 8193K }", "to 8M, not '8193K'");
	assert_refused("server { body = 99999999999999999999G }", "expected a size");
	assert_refused("server { body = 17179869184G }", "expected a size");
	assert_refused("server { delay = 61s }", "from 0ms to 1m, not '61s'");
	assert_refused("server { delay = 5 }", "expected a duration");
	assert_refused("server { delay = \"5 parsecs\" }", "not '5 parsecs'");
	assert_refused("server { secure = 1 }", "option 'secure': expected on or off, not '1'");
	assert_refused("policy \"x\" {\n currency = Euro }",
		"test.conf:2: option 'currency': expected a currency of three letters, not 'Euro'");
}

static void unknown_names_are_refused_with_the_known_ones(void **state)
{
	(void)state;
	assert_refused("policy \"x\" {\n teirs = a\n}",
		"test.conf:2: option 'teirs': no such option here: expected one of currency, tiers, version");
	assert_refused("\nserver { policy \"x\" { } }", "test.conf:2: option 'policy': no such option");
	assert_refused("nothing { }", "option 'nothing'");
	assert_refused("Server { }", "option 'Server'");
}

static void what_is_given_twice_is_refused(void **state)
{
	(void)state;
	assert_refused("server { data = a\n data = b }",
		"test.conf:2: option 'data': expected once, but given twice");
	assert_refused("server { listen = { a, b }\n listen = { c } }",
		"test.conf:2: option 'listen': expected once");
	assert_refused("server { }\nserver { }", "test.conf:2: section 'server': expected once");
	assert_refused("policy \"a\" { }\npolicy \"a\" { }", "test.conf:2: found duplicate title 'a'");
}

static void syntax_errors_have_lines(void **state)
{
	(void)state;
	assert_refused("server { data = a; }", "test.conf:1: ';' separates nothing here");
	assert_refused("server {\n data = \"a;b\";\n}", "test.conf:2: ';' separates nothing here");
	assert_refused("\nserver {\n", "test.conf:2: the brace { that was opened here is never closed");
	assert_refused("name = ", "test.conf:1: premature end of file");
	assert_refused("name = \"a\\000b\"", "can't hold a NUL");
	assert_refused("}\n", "test.conf:1: unexpected closing brace");
	assert_refused("server = 3", "missing opening brace for section 'server'");
	assert_refused("policy { }", "missing title for section 'policy'");
	assert_refused("name \"x\"", "missing equal sign after option 'name'");
	assert_refused("\nname = \"x\n\n", "test.conf:2: the string that begins here has no closing");
	assert_refused("/* x\n", "test.conf:2: the comment that began with /* has no end");
	assert_refused("name = ${HOME}", "isn't replaced");
	assert_refused("name = \"a ${HOME}\"", "isn't replaced");
	assert_refused("name = *:8080", "has to stand in quotes");
	assert_refused("name = +5", "has to stand in quotes");
	assert_refused("server { server { server { }}}", "no such option");
	assert_refused("name = \"\\400\"", "test.conf:1:");
}

static void odd_bytes_do_no_harm(void **state)
{
	const struct conf_section *root = NULL;
	char file[] = "/tmp/dedit-test-conf-XXXXXX";
	struct err e = {0};
	int fd = mkstemp(file);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "name = a\n\0name = b\n", 19), 19);
	assert_int_equal(conf_load(file, &schema, &root, &e), -1);
	assert_non_null(strstr(e.text, ":2: expected text in UTF-8"));
	assert_int_equal(ftruncate(fd, 9), 0);
	assert_int_equal(conf_load(file, &schema, &root, &e), 0);
	assert_string_equal(root->file, file);
	conf_destroy(root);
	close(fd);
	unlink(file);
	assert_int_equal(conf_load(file, &schema, &root, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_refused("\xff\xfe", "test.conf:1: expected text in UTF-8");
	assert_refused("name = \"\\xff\"", "option 'name': expected text in UTF-8");
	assert_refused("{{{{{{{{{{{{{{{{{{{{{{{{", "nested too deeply");
	assert_refused("=", "test.conf:1:");
	assert_refused("server|listen = x", "test.conf:1:");
	assert_refused("policy='x|y = x", "test.conf:1:");
}

static void every_prefix_of_a_file_is_survived(void **state)
{
	static const char text[] = "name = \"x\" server { listen = { 'a', \"b\\n\" } data += c } "
		"policy \"p\" { /* c */ version 'v' { price = 3 } } # end";
	const struct conf_section *root;
	char part[sizeof(text)];
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		snprintf(part, i + 1, "%s", text);
		if (conf_parse(part, "part", &schema, &root, &e) == 0) {
			conf_destroy(root);
		} else {
			assert_true(str_starts(e.text, "part:1: "));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_values_and_lines),
		cmocka_unit_test(defaults_hold_where_nothing_is_said),
		cmocka_unit_test(an_empty_list_is_not_the_default),
		cmocka_unit_test(sections_nest_and_have_titles),
		cmocka_unit_test(a_refusal_is_one_line_of_characters),
		cmocka_unit_test(comments_and_strings_do_not_mix),
		cmocka_unit_test(errors_name_file_line_option_and_wish),
		cmocka_unit_test(unknown_names_are_refused_with_the_known_ones),
		cmocka_unit_test(what_is_given_twice_is_refused),
		cmocka_unit_test(syntax_errors_have_lines),
		cmocka_unit_test(odd_bytes_do_no_harm),
		cmocka_unit_test(every_prefix_of_a_file_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
