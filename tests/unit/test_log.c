#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/util.h"

static char captured[1 << 20];

/* stderr goes to a file while fn runs; then its text is in `captured`. */
static void capture(void (*fn)(void))
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);

	assert_non_null(file);
	assert_true(fcntl(fileno(file), F_SETFL, O_APPEND) == 0);
	dup2(fileno(file), STDERR_FILENO);
	fn();
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	captured[fread(captured, 1, sizeof(captured) - 1, file)] = '\0';
	fclose(file);
}

static void log_plainly(void)
{
	log_open(LOG_LEVEL_INFO, 0);
	log_context(NULL, NULL);
	log_info("started %d", 7);
	log_debug("not shown");
	errno = ENOENT;
	log_error_errno("open %s", "x");
	log_warn("w");
}

static void lines_and_levels(void **state)
{
	(void)state;
	capture(log_plainly);
	assert_string_equal(captured, "started 7\nopen x: No such file or directory\nw\n");
}

static void log_with_context(void)
{
	log_open(LOG_LEVEL_DEBUG, 1);
	log_context("42", "anna");
	log_error("e");
	log_context("42", NULL);
	log_debug("d");
	log_context(NULL, "an\nna");
	log_warn("w");
	log_context(NULL, NULL);
}

static void context_and_priorities(void **state)
{
	(void)state;
	capture(log_with_context);
	assert_string_equal(captured, "<3>[42] anna: e\n<7>[42] d\n<4>an\\x0ana: w\n");
}

static void log_oddities(void)
{
	log_open(LOG_LEVEL_INFO, 0);
	log_info("user '%s'", "x\n<0>forged\r\x1b[2J\x7f");
	log_info("%s", "\xe2\x80\xae" "gpj.\xe2\x81\xa6 \xd8\x9c \xef\xbb\xbf \xf3\xa0\x81\x81 \xf0\x9f\x98\x80");
	log_info("%s", "caf\xc3\xa9 \xff \xc2\x85 \xe2\x80\xa8 \xe2\x82\xac");
}

/* trust.md T-51 */
static void no_argument_forges_a_line(void **state)
{
	(void)state;
	capture(log_oddities);
	assert_string_equal(captured, "user 'x\\x0a<0>forged\\x0d\\x1b[2J\\x7f'\n"
		"\\xe2\\x80\\xaegpj.\\xe2\\x81\\xa6 \\xd8\\x9c \\xef\\xbb\\xbf \\xf3\\xa0\\x81\\x81 \xf0\x9f\x98\x80\n"
		"caf\xc3\xa9 \\xff \\xc2\\x85 \\xe2\\x80\\xa8 \xe2\x82\xac\n");
}

static void log_long(void)
{
	cleanup_free char *text = xcalloc(1, 100001), *bells = xcalloc(1, 100001);

	log_open(LOG_LEVEL_INFO, 0);
	memset(text, 'x', 100000);
	memset(bells, '\a', 100000);
	log_info("%s", text);
	log_info("%s", bells);
}

static void long_lines_are_cut(void **state)
{
	(void)state;
	capture(log_long);
	char *second = strchr(captured, '\n');
	assert_non_null(second);
	assert_memory_equal(second - 3, "...", 3);
	assert_true(second - captured < 4096);
	second++;
	assert_true(str_starts(second, "\\x07"));
	assert_true(strlen(second) <= 4096);
	assert_ptr_equal(strchr(second, '\n'), second + strlen(second) - 1);
}

static void *log_often(void *arg)
{
	char request[8];

	snprintf(request, sizeof(request), "%u", (unsigned)(uintptr_t)arg);
	log_context(request, "thread");
	for (int i = 0; i < 200; i++) {
		log_info("a line that has to stay in one piece");
	}
	return NULL;
}

static void log_from_threads(void)
{
	pthread_t thread[4];

	log_open(LOG_LEVEL_INFO, 0);
	for (uintptr_t i = 0; i < ARRAY_SIZE(thread); i++) {
		pthread_create(&thread[i], NULL, log_often, (void *)(i + 1));
	}
	for (size_t i = 0; i < ARRAY_SIZE(thread); i++) {
		pthread_join(thread[i], NULL);
	}
}

static void threads_do_not_mix_lines(void **state)
{
	size_t lines = 0;
	char *rest = captured;

	(void)state;
	capture(log_from_threads);
	for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; lines++) {
		assert_true(line[0] == '[' && line[1] >= '1' && line[1] <= '4');
		assert_string_equal(line + 2, "] thread: a line that has to stay in one piece");
	}
	assert_int_equal(lines, 800);
}

static void what_is_quoted_is_left_out(void **state)
{
	static const struct { const char *text, *logged; } rows[] = {
		{"", ""},
		{"too large", "too large"},
		{"the owner's calendar can't be read", "the owner's calendar can't be read"},
		{"line 3: DTSTART: no date: 'Secret'", "line 3: DTSTART: no date: '…'"},
		{"no date: 'it's Secret'", "no date: '…'"},
		{"no date: 'the dogs' Secret", "no date: '…'"},
		{"a client's 'Secret that was cut", "a client's '…'"},
		{"''Secret'", "'…'"},
		{"'Secret", "'…'"},
		{"cut here '", "cut here '…'"},
	};
	char out[ERR_LOGGED_SIZE], *cut cleanup_free = NULL;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(err_logged(rows[i].text, out), rows[i].logged);
	cut = xasprintf("%0*d", 400, 0);
	err_set(&e, ERR_SYNTAX, "no date: '%s Secret'", cut); /* the closing quote is cut off */
	assert_string_equal(err_logged(e.text, out), "no date: '…'");
	assert_in_range(strlen(err_logged(cut, out)), 200, ERR_LOGGED_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_and_levels),
		cmocka_unit_test(context_and_priorities),
		cmocka_unit_test(no_argument_forges_a_line),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(what_is_quoted_is_left_out),
		cmocka_unit_test(threads_do_not_mix_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
