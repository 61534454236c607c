/* The directives as options of policy "NAME" { … }, so that the configuration's reader checks each value. */
#include "policy/late/late.h"

#include "base/util.h"
#include "policy/host_options.h"
#include "policy/late/directive.h"

#define ROW(id, name, flags) \
	static int check_##id(const char *value, struct err *e) \
	{ \
		return directive_check(DIRECTIVE_##id, value, e); \
	}
DIRECTIVES(ROW)
#undef ROW

#define ROW(id, name, flags) \
	{ name, (flags) & DIRECTIVE_LIST ? CONF_LIST : CONF_STRING, NULL, 0, 0, check_##id },

const struct conf_option late_options[] = {
	HOST_OPTIONS,
	DIRECTIVES(ROW)
	{ 0 },
};

static const struct conf_option section_options[] = {
	DIRECTIVES(ROW)
	{ 0 },
};
#undef ROW

static const struct conf_schema weekday_schema = { "weekday", true, section_options, NULL };
static const struct conf_schema service_schema = { "service", true, section_options, NULL };
static const struct conf_schema client_schema = { "client", true, section_options, NULL };
static const struct conf_schema *const overrides[] = { &weekday_schema, &service_schema, &client_schema,
	NULL };
static const struct conf_schema version_schema = { "version", true, section_options, overrides };

const struct conf_schema *const late_sections[] =
	{ &weekday_schema, &service_schema, &client_schema, &version_schema, NULL };
