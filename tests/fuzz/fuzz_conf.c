/* Configuration files: refused with a place, or read; nothing between. */
#include "base/conf.h"
#include "base/util.h"
#include "tests/fuzz/fuzz.h"

static const struct conf_option options[] = {
	{"listen", CONF_LIST, "a", 0, 0, NULL},
	{"data", CONF_STRING, NULL, 0, 0, NULL},
	{"workers", CONF_INT, "4", 1, 64, NULL},
	{"body", CONF_SIZE, "1M", 1, 1 << 30, NULL},
	{"delay", CONF_DURATION, "1s", 0, 60000, NULL},
	{"secure", CONF_BOOL, "off", 0, 0, NULL},
	{0},
};
static const struct conf_schema version = {"version", true, options, NULL};
static const struct conf_schema *const inner[] = {&version, NULL};
static const struct conf_schema server = {"server", false, options, NULL};
static const struct conf_schema policy = {"policy", true, options, inner};
static const struct conf_schema *const outer[] = {&server, &policy, NULL};
static const struct conf_schema schema = {NULL, false, options, outer};

static void walk(const struct conf_section *s)
{
	must(conf_get(s, "workers") != NULL && conf_number(s, "workers") >= 1);
	for (size_t i = 0; i < s->value_count; i++) {
		for (size_t n = 0; n < s->values[i].count; n++) {
			must(utf8_valid(s->values[i].text[n], strlen(s->values[i].text[n])));
		}
	}
	for (size_t i = 0; i < s->section_count; i++) {
		walk(s->sections[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xstrndup((const char *)data, size);
	const struct conf_section *root;
	struct err e = {0};

	if (conf_parse(text, "fuzz", &schema, &root, &e) < 0) {
		must(str_starts(e.text, "fuzz:") && e.code == ERR_INVALID);
		return 0;
	}
	walk(root);
	conf_destroy(root);
	return 0;
}
