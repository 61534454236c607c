#include "base/failpoint.h"

#ifdef ENABLE_FAILPOINTS

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

void failpoint(const char *name)
{
	static atomic_uint_fast64_t passed;
	const char *wanted = getenv("DEDIT_FAILPOINT");
	size_t len = strlen(name);
	uint64_t times = 1;

	if (wanted == NULL || strncmp(wanted, name, len) != 0)
		return;
	if (wanted[len] != '\0' &&
		(wanted[len] != ':' || parse_u64(wanted + len + 1, 1, UINT64_MAX, &times) < 0))
		return;
	if (atomic_fetch_add(&passed, 1) + 1 != times)
		return;
	kill(getpid(), SIGKILL);
	pause();
}

#endif
