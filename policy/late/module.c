#include "policy/late/late.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/util.h"
#include "policy/late/deal.h"
#include "policy/late/explain.h"
#include "policy/late/rules.h"
#include "policy/late/tell.h"
#include "policy/late/text.h"
#include "policy/late/transition.h"

/* Beyond the longest notice: so that what is cancelled in time is seen to be so. */
enum { HORIZON_BEYOND = 366 * 86400 };

struct late {
	const struct policy_host *host;
	struct policy_text *text;
};

static void warn(const char *text, void *arg)
{
	const struct policy_host *host = arg;

	host->log(LOG_LEVEL_WARN, text);
}

static int late_open(const struct policy_host *host, const char *policy_name, const char *digest,
	const struct policy_setting *settings, size_t n, void **self, char *why, size_t why_size)
{
	struct policy_text *text = rules_load(policy_name, digest, settings, n, warn, (void *)(uintptr_t)host, why,
		why_size);
	struct late *late;

	if (!text)
		return -1;
	late = xcalloc(1, sizeof(*late));
	late->host = host;
	late->text = text;
	*self = late;
	return 0;
}

static int64_t late_horizon(void *self)
{
	const struct late *late = self;

	return rules_longest(late->text) + HORIZON_BEYOND;
}

static int late_check(void *self, const struct policy_change *c, struct policy_sink *sink)
{
	const struct late *late = self;
	struct arena *mem cleanup_arena = arena_create();
	struct deal *d = arena_alloc(mem, sizeof(*d));

	if (c->size < sizeof(*c))
		return -1;
	return deal_open(d, late->host, sink, late->text, c, mem) || transition_decide(d) || text_render(d) ? -1 : 0;
}

int late_add_earlier(void *self, const char *policy_name, const char *digest,
	const struct policy_setting *settings, size_t n, char *why, size_t why_size)
{
	struct late *late = self;
	struct policy_text *text = rules_load(policy_name, digest, settings, n, NULL, NULL, why, why_size);

	if (!text)
		return -1;
	rules_add_earlier(late->text, text);
	return 0;
}

char *late_explain(void *self, const char *language, int64_t when, struct arena *mem)
{
	const struct late *late = self;

	return explain_policy(late->text, tell_language(language), when, mem);
}

char *late_terms(void *self, const char *language, const char *version, struct arena *mem)
{
	const struct late *late = self;
	int64_t from = INT64_MIN;

	if (*version && !rules_version_from(late->text, version, &from))
		return NULL;
	return late_explain(self, language, from, mem);
}

const struct policy_text *late_text(void *self)
{
	return ((const struct late *)self)->text;
}

static void late_close(void *self)
{
	struct late *late = self;

	rules_free(late->text);
	free(late);
}

static const struct policy_module module = {
	.abi = DEDIT_POLICY_ABI,
	.size = sizeof(module),
	.name = "late",
	.version = "1",
	.open = late_open,
	.horizon = late_horizon,
	.check = late_check,
	.close = late_close,
};

const struct policy_module *dedit_policy_late(void)
{
	return &module;
}
