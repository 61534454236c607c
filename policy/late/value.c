#include "policy/late/value.h"

#include <string.h>

#include "base/util.h"

int value_split(const char *value, struct value *t)
{
	char *at = t->text;

	*t = (struct value){ 0 };
	if (strlen(value) >= sizeof(t->text))
		return -1;
	memcpy(t->text, value, strlen(value) + 1);
	for (at += strspn(at, " \t"); *at; at += strspn(at, " \t")) {
		if (t->count == VALUE_WORDS_MAX)
			return -1;
		t->word[t->count++] = at;
		at += strcspn(at, " \t");
		if (*at)
			*at++ = '\0';
	}
	return 0;
}

const char *value_word(struct value *t)
{
	return t->next < t->count ? t->word[t->next++] : "";
}

bool value_take(struct value *t, const char *word)
{
	if (t->next == t->count || strcmp(t->word[t->next], word))
		return false;
	t->next++;
	return true;
}

bool value_done(const struct value *t)
{
	return t->next == t->count;
}

const char *value_rest(struct value *t, struct arena *mem)
{
	const char *rest = "";

	while (!value_done(t))
		rest = arena_printf(mem, "%s%s%s", rest, *rest ? " " : "", value_word(t));
	return rest;
}

int value_duration(struct value *t, bool clock, struct duration *out)
{
	return duration_parse(value_word(t), clock, out);
}

int value_count(struct value *t, int64_t least, int64_t *out)
{
	return parse_i64(value_word(t), least, 9999, out);
}

int value_amount(struct value *t, bool *hourly, struct money *out)
{
	const char *number = value_word(t), *code = value_word(t);
	struct money m = { 0 };
	size_t len = strlen(code);

	*hourly = len == 5 && strcmp(code + 3, "/h") == 0;
	if (len != 3 && !*hourly)
		return -1;
	memcpy(m.currency, code, 3);
	if (money_decimals(m.currency) < 0 ||
			money_parse_number(number, strlen(number), money_decimals(m.currency), &m.minor))
		return -1;
	*out = m;
	return 0;
}

int value_fee(struct value *t, struct fee_rule *out)
{
	struct fee_rule f = { .kind = FEE_PERCENT };
	bool hourly;

	if (value_take(t, "session")) {
		f.kind = FEE_SESSION;
	} else if (t->next < t->count && percent_parse(t->word[t->next], &f.percent) == 0) {
		t->next++;
	} else {
		if (value_amount(t, &hourly, &f.amount))
			return -1;
		f.kind = hourly ? FEE_HOURLY : FEE_AMOUNT;
	}
	*out = f;
	return 0;
}

int value_period(struct value *t, struct period *out)
{
	struct duration d;
	const char *word = value_word(t);

	if (strcmp(word, "month") == 0) {
		*out = (struct period){ PERIOD_MONTH, 0 };
	} else if (strcmp(word, "year") == 0) {
		*out = (struct period){ PERIOD_YEAR, 0 };
	} else if (strcmp(word, "ever") == 0) {
		*out = (struct period){ PERIOD_EVER, 0 };
	} else {
		if (duration_parse(word, false, &d) || duration_needs_opening(&d) || d.count == 0)
			return -1;
		*out = (struct period){ PERIOD_SECONDS, duration_ceiling(&d) }; /* 3.4: exact seconds */
	}
	return 0;
}

int value_choice(struct value *t, const char *const *names)
{
	const char *word = value_word(t);

	for (int i = 0; names[i]; i++) {
		if (strcmp(names[i], word) == 0 && value_done(t))
			return i;
	}
	return -1;
}
