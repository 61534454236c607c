/* Settings out of a vector's policy object (doc/policy.md 5.1). */
#include "tests/policy/vectors.h"

#include <string.h>

static void set(struct settings *s, const char *prefix, const char *key, const char *value)
{
	if (s->count == SETTINGS_MAX)
		return;
	s->at[s->count++] = (struct policy_setting){
		.size = sizeof(s->at[0]), .key = arena_printf(s->mem, "%s%s", prefix, key),
		.value = arena_strdup(s->mem, value ? value : ""), .file = "vector", .line = 1,
	};
}

/* " word value" if the member is there. */
static const char *word(struct settings *s, const json_t *object, const char *key, const char *word)
{
	const char *value = text_of(object, key);

	return value ? arena_printf(s->mem, "%s%s%s", word, *word ? " " : "", value) : "";
}

const char *number(struct settings *s, const json_t *object, const char *key)
{
	return arena_printf(s->mem, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(object, key)));
}

static void set_lists(struct settings *s, const char *prefix, const char *key, const json_t *value)
{
	const char *name;
	size_t n;
	json_t *item;

	if (strcmp(key, "hours") == 0) {
		json_object_foreach((json_t *)(uintptr_t)value, name, item) {
			char *times = arena_printf(s->mem, "%s %s", name, json_string_value(item));

			for (char *p = times; *p; p++)
				*p = *p == ',' ? ' ' : *p;
			set(s, prefix, key, times);
		}
		return;
	}
	json_array_foreach(value, n, item) {
		if (strcmp(key, "tiers") == 0)
			set(s, prefix, key, arena_printf(s->mem, "%s %s", text_of(item, "within"), text_of(item, "fee")));
		else
			set(s, prefix, key, json_string_value(item));
	}
}

/* Directives whose words come out of an object, in the order of doc/policy.md 5.1. */
static const char *words_of(struct settings *s, const char *key, const json_t *o)
{
	struct arena *m = s->mem;
	const char *kinds = "";
	size_t n;
	json_t *item;

	json_array_foreach(json_object_get(o, "kinds"), n, item)
		kinds = arena_printf(m, "%s %s", kinds, json_string_value(item));
	if (strcmp(key, "noshow") == 0)
		return arena_printf(m, "%s %s %s", text_of(o, "fee"), word(s, o, "wait", "wait"),
			word(s, o, "until", "until"));
	if (strcmp(key, "late_move") == 0)
		return word(s, o, "fee", "");
	if (strcmp(key, "grace") == 0)
		return arena_printf(m, "%s %s", text_of(o, "for"), word(s, o, "not_within", "not-within"));
	if (strcmp(key, "move_limit") == 0)
		return arena_printf(m, "%s %s", number(s, o, "count"), text_of(o, "fee"));
	if (strcmp(key, "forgive") == 0)
		return arena_printf(m, "%s per %s%s", number(s, o, "count"), text_of(o, "per"), kinds);
	if (strcmp(key, "escalate") == 0)
		return arena_printf(m, "from %s per %s %s", number(s, o, "from"), text_of(o, "per"), text_of(o, "fee"));
	if (strcmp(key, "late_arrival") == 0)
		return word(s, o, "noshow_after", "noshow-after");
	if (strcmp(key, "owner_late") == 0)
		return arena_printf(m, "%s credit %s", text_of(o, "within"), text_of(o, "credit"));
	if (strcmp(key, "tax") == 0)
		return arena_printf(m, "%s %s", text_of(o, "mode"), word(s, o, "rate", ""));
	return "";
}

static void set_policy(struct settings *s, const char *prefix, const json_t *policy);

static void set_sections(struct settings *s, const char *prefix, const char *section, const json_t *value)
{
	const char *name;
	json_t *item;

	json_object_foreach((json_t *)(uintptr_t)value, name, item)
		set_policy(s, arena_printf(s->mem, "%s%s/%s/", prefix, section, name), item);
}

static void set_policy(struct settings *s, const char *prefix, const json_t *policy)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)policy, key, value) {
		char *name = arena_strdup(s->mem, strcmp(key, "noshow") ? key : "no-show");

		for (char *p = name; *p; p++)
			*p = *p == '_' ? '-' : *p;
		if (strcmp(key, "name") == 0 || strcmp(key, "from") == 0)
			continue;
		if (*prefix && (strcmp(key, "timezone") == 0 || strcmp(key, "currency") == 0))
			continue;
		if (strcmp(key, "weekdays") == 0 || strcmp(key, "services") == 0 || strcmp(key, "clients") == 0)
			set_sections(s, prefix, arena_strndup(s->mem, key, strlen(key) - 1), value);
		else if (json_is_array(value) || strcmp(key, "hours") == 0)
			set_lists(s, prefix, name, value);
		else if (json_is_integer(value))
			set(s, prefix, name, number(s, policy, key));
		else if (strcmp(key, "deposit") == 0 && s->deposit)
			set(s, prefix, name, arena_printf(s->mem, "%s %s", s->deposit, json_string_value(value)));
		else
			set(s, prefix, name, json_is_string(value) ? json_string_value(value) :
				words_of(s, key, value));
	}
}

void settings_make(struct settings *s, const json_t *vector)
{
	const json_t *policy = json_object_get(vector, "policy");
	const char *price = text_of(json_object_get(vector, "appointment"), "price");
	size_t n;
	json_t *version;

	s->deposit = text_of(json_object_get(vector, "appointment"), "deposit");
	if (price)
		set(s, "", "price", price);
	if (!json_is_array(policy)) {
		set_policy(s, "", policy);
		if (s->deposit && !json_object_get(policy, "deposit"))
			set(s, "", "deposit", arena_printf(s->mem, "%s credit", s->deposit));
		return;
	}
	json_array_foreach(policy, n, version) {
		set_policy(s, n == 0 ? "" : arena_printf(s->mem, "version/%s/", text_of(version, "from")), version);
	}
}
