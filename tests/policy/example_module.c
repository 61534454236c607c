/*
 * The module of dedit-policy-module(3), built by tests/unit/test_policy_load.c as a packager of a
 * module would build it. The macros make what the loader has to refuse.
 */
#include "dedit_policy.h"

#include <stdio.h>
#include <string.h>

#ifndef EXAMPLE_ABI
#define EXAMPLE_ABI DEDIT_POLICY_ABI
#endif
#ifndef EXAMPLE_SIZE
#define EXAMPLE_SIZE sizeof(struct policy_module)
#endif
#ifndef EXAMPLE_STATUS
#define EXAMPLE_STATUS 0
#endif

static const struct policy_host *host;

static int open_policy(const struct policy_host *h, const char *name, const char *digest,
	const struct policy_setting *settings, size_t n, void **self, char *why, size_t why_size)
{
	host = h;
	*self = NULL;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(settings[i].key, "greeting") != 0) {
			snprintf(why, why_size, "unknown setting '%s'", settings[i].key);
			return -1;
		}
	}
	return 0;
}

static int64_t horizon(void *self)
{
	return 30 * 86400;
}

static int check(void *self, const struct policy_change *c, struct policy_sink *sink)
{
	if (EXAMPLE_STATUS)
		return EXAMPLE_STATUS;
	if (c->kind != POLICY_CANCELLED)
		return 0;
	if ((c->flags & POLICY_DELETE) && c->role == POLICY_CLIENT)
		return host->deny(sink, "Please set the status to cancelled.");
	if (c->flags & POLICY_GONE)
		return 0;
	return host->annotate(sink, POLICY_NOTE_BLOCK, "", "This appointment was cancelled.");
}

static void close_policy(void *self)
{
}

#ifdef EXAMPLE_NO_SYMBOL
const struct policy_module *another_name(void);
#define dedit_policy_v1 another_name
#endif

const struct policy_module *dedit_policy_v1(void)
{
	static const struct policy_module module = {
		.abi = EXAMPLE_ABI, .size = EXAMPLE_SIZE, .name = "example", .version = "1",
		.open = open_policy, .horizon = horizon, .check = check, .close = close_policy,
	};

	return &module;
}
