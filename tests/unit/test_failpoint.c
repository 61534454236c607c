#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/util.h"

/* A child passes point "b" three times, under the setting; what became of it, as wait(2) says. */
static int child(const char *setting)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("DEDIT_FAILPOINT", setting, 1);
		for (int i = 0; i < 3; i++) {
			FAILPOINT("a");
			FAILPOINT("b");
		}
		_exit(7);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#ifdef ENABLE_FAILPOINTS

static void assert_killed(const char *setting)
{
	int status = child(setting);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void kills_at_the_named_point(void **state)
{
	(void)state;
	assert_killed("a");
	assert_killed("b");
	assert_killed("b:1");
	assert_killed("b:3");
}

#endif

static void passes_all_others(void **state)
{
	static const char *const settings[] = {"", "b:4", "b:", "b:0", "b:x", "bb", "B", "c"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		int status = child(settings[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef ENABLE_FAILPOINTS
		cmocka_unit_test(kills_at_the_named_point),
#endif
		cmocka_unit_test(passes_all_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
