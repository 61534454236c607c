/*
 * Configuration files as the server reads them: every setting with its unit, groups, accounts, and
 * policies with their durations, money and tiers. Refused with file, line and reason, or read and
 * in force; what is in force can be said in words.
 */
#include "base/util.h"
#include "policy/policy.h"
#include "server/settings.h"
#include "tests/fuzz/fuzz.h"

#define FILE_NAME "/etc/dedit/fuzz.conf"
enum { NOW = 1790000000 };

static void check_error(const struct err *e)
{
	must(e->code != 0 && e->text[0] != '\0' && utf8_valid(e->text, strlen(e->text)));
	must(strchr(e->text, '\n') == NULL);
}

static void check_settings(const char *text)
{
	struct settings *s = NULL;
	struct err e = { 0 };

	if (settings_parse(text, FILE_NAME, &s, &e) < 0) {
		check_error(&e);
		must(s == NULL && str_starts(e.text, FILE_NAME));
		return;
	}
	must(s->threads >= 1 && s->workers >= 1 && s->queue >= 1 && s->connections >= 1);
	must(s->dav.ical.bytes >= 1024 && s->dav.xml.bytes >= 1024 && s->dav.expand_levels >= 1);
	must(s->data != NULL && s->listen->count >= 1);
	for (size_t i = 0; i < s->proxies.count; i++)
		must(s->proxies.networks[i].bits <= 128);
	settings_destroy(s);
}

/* A policy that may be in force can be told to its clients, before and after its versions. */
static int explain(const char *owner, const char *calendar, const char *policy, void *arg)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct policy *p = policy_for(arg, owner, calendar);

	must(p != NULL && strcmp(policy_name(p), policy) == 0);
	for (int64_t when = NOW - 100000000; when < NOW + 200000000; when += 100000000) {
		const char *en = policy_explain(p, "en", when, mem), *fr = policy_explain(p, "fr", when, mem);

		must(en == NULL || (utf8_valid(en, strlen(en)) && fr != NULL && utf8_valid(fr, strlen(fr))));
	}
	return 0;
}

static void tell(const char *line, void *arg)
{
	size_t *n = arg;

	must(*line != '\0' && strchr(line, '\n') == NULL);
	++*n;
}

static void check_policies(const char *text)
{
	static const struct policy_options plain = { .public_url = "https://cal.example.org" };
	struct settings *s;
	struct policy_set *set;
	size_t told = 0;
	struct err e = { 0 };

	if (settings_parse_policies(text, FILE_NAME, &s, &e) < 0) {
		check_error(&e);
		return;
	}
	size_t wrong = policy_check(s->root, &plain, tell, &told);
	if (policy_load(s->root, &plain, &set, &e) < 0) {
		check_error(&e);
		must(wrong > 0 && told > 0);
	} else {
		must(wrong == 0);
		policy_calendars(set, explain, set);
		policy_unload(set);
	}
	settings_destroy(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	cleanup_free char *text = xstrndup((const char *)data, size);

	if (!ready) {
		must(zone_init(NULL, NULL) == 0);
		ready = true;
	}
	check_settings(text);
	check_policies(text);
	return 0;
}
