#include "policy/late/amount.h"

#include <stdbool.h>
#include <string.h>

#include "base/util.h"
#include "policy/late/fold.h"
#include "policy/late/words.h"

enum { GROUPS_MAX = 6, DIGITS_MAX = 15 };
enum separator { SEP_NONE, SEP_POINT, SEP_COMMA, SEP_BLANK, SEP_APOSTROPHE };

/* Digits between separators: "1 200,50" is 1 | blank 200 | comma 50. */
struct number {
	int groups, digits;
	struct { enum separator before; int len; const char *at; } group[GROUPS_MAX];
};

static const char dollars[][CURRENCY_SIZE] = {
	"AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "FJD", "GYD", "HKD", "JMD", "KYD", "LRD", "NAD",
	"NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "USD", "XCD",
};

static size_t blanks(const char *s)
{
	size_t total = 0, n;
	uint32_t c;

	while ((n = utf8_next(s + total, &c)) > 0 && letter_is_blank(c))
		total += n;
	return total;
}

static int digit_run(const char *s)
{
	return (int)strspn(s, "0123456789");
}

static enum separator separator_at(const char *s, size_t *len)
{
	uint32_t c;

	*len = utf8_next(s, &c);
	if (*len == 0)
		return SEP_NONE;
	if (c == '.' || c == ',')
		return c == '.' ? SEP_POINT : SEP_COMMA;
	if (c == '\'' || c == 0x2019)
		return SEP_APOSTROPHE;
	return letter_is_blank(c) ? SEP_BLANK : SEP_NONE;
}

/* Bytes of the number at s; 0 if there is none. */
static size_t number_scan(const char *s, struct number *out)
{
	size_t at = 0, sep_len = 0;
	enum separator sep = SEP_NONE;

	*out = (struct number){ 0 };
	for (;;) {
		int run = digit_run(s + at + sep_len);

		if (run == 0 || out->groups == GROUPS_MAX)
			break;
		/* A blank belongs to the number only before a group of three. */
		if (sep == SEP_BLANK && (run != 3 || out->group[out->groups - 1].len > 3))
			break;
		at += sep_len;
		out->group[out->groups].before = sep;
		out->group[out->groups].at = s + at;
		out->group[out->groups++].len = run;
		out->digits += run;
		at += (size_t)run;
		sep = separator_at(s + at, &sep_len);
		if (sep == SEP_NONE)
			break;
	}
	return at;
}

/* Do the groups 1 … last stand behind the same separator and have three digits each? */
static bool thousands(const struct number *n, int last)
{
	if (last >= 1 && n->group[0].len > 3)
		return false;
	for (int i = 1; i <= last; i++) {
		if (n->group[i].len != 3 || n->group[i].before != n->group[1].before)
			return false;
	}
	return true;
}

static enum amount_kind number_read(const struct number *n, int decimals, int64_t *minor)
{
	char plain[DIGITS_MAX + 2];
	size_t len = 0;
	int last = n->groups - 1;
	enum separator sep = n->group[last].before;
	bool repeated = last > 1 && n->group[last - 1].before == sep;
	bool fraction = (sep == SEP_POINT || sep == SEP_COMMA) && !repeated;

	if (n->digits > DIGITS_MAX)
		return AMOUNT_BAD;
	if (last == 1 && fraction && n->group[last].len == 3 && decimals != 3)
		return AMOUNT_AMBIGUOUS;
	if (!thousands(n, fraction ? last - 1 : last))
		return AMOUNT_BAD;
	for (int i = 0; i <= last; i++) {
		if (fraction && i == last)
			plain[len++] = '.';
		memcpy(plain + len, n->group[i].at, (size_t)n->group[i].len);
		len += (size_t)n->group[i].len;
	}
	return money_parse_number(plain, len, decimals, minor) ? AMOUNT_BAD : AMOUNT_FINE;
}

static bool is_dollar(const char *code)
{
	for (size_t i = 0; i < ARRAY_SIZE(dollars); i++) {
		if (strcmp(dollars[i], code) == 0)
			return true;
	}
	return false;
}

static bool continues_word(uint32_t c)
{
	return letter_is_alpha(c) || letter_is_mark(c) || (c < 0x80 && ascii_isdigit((int)c));
}

static size_t code_scan(const char *s, const char *own, char out[CURRENCY_SIZE])
{
	char code[CURRENCY_SIZE] = "";
	uint32_t c;

	for (int i = 0; i < 3; i++) {
		if (!ascii_isalnum((unsigned char)s[i]) || ascii_isdigit((unsigned char)s[i]))
			return 0;
		code[i] = s[i];
	}
	if (utf8_next(s + 3, &c) > 0 && continues_word(c))
		return 0;
	if (ascii_casecmp(code, own) == 0)
		memcpy(code, own, CURRENCY_SIZE); /* "80 eur" where euros are charged */
	if (money_decimals(code) < 0)
		return 0;
	memcpy(out, code, CURRENCY_SIZE);
	return 3;
}

static size_t currency_scan(const char *s, const char *own, char out[CURRENCY_SIZE])
{
	uint32_t c;
	size_t n = utf8_next(s, &c);
	const char *code;

	if (n == 0)
		return 0;
	if (c == 0x20AC)
		code = "EUR";
	else if (c == 0xA3)
		code = "GBP";
	else if (c == 0xA5 || c == 0xFFE5)
		code = strcmp(own, "CNY") == 0 ? own : "JPY";
	else if (c == '$')
		code = is_dollar(own) ? own : "USD";
	else
		return code_scan(s, own, out);
	memcpy(out, code, CURRENCY_SIZE);
	return n;
}

static enum amount_kind finish(const struct number *n, struct money *out)
{
	int decimals = money_decimals(out->currency);
	enum amount_kind kind = number_read(n, decimals, &out->minor);

	return kind == AMOUNT_FINE && out->minor > money_units(AMOUNT_MAX_UNITS, out->currency) ? AMOUNT_BAD : kind;
}

/* Nothing may follow that makes another thing of it: "80€uro", "80 €/h". */
static bool ends_there(const char *s)
{
	uint32_t c;

	if (utf8_next(s, &c) == 0)
		return true;
	return !continues_word(c) && c != '/';
}

static enum amount_kind amount_scan(const char *s, const char *own, size_t *len, struct money *out)
{
	struct number n;
	size_t before = currency_scan(s, own, out->currency), at, gap, after;

	if (before > 0) {
		at = before + blanks(s + before);
		after = number_scan(s + at, &n);
		if (after == 0 || !ends_there(s + at + after))
			return AMOUNT_NONE;
		*len = at + after;
		return finish(&n, out);
	}
	at = number_scan(s, &n);
	if (at == 0)
		return AMOUNT_NONE;
	gap = blanks(s + at);
	after = currency_scan(s + at + gap, own, out->currency);
	if (after == 0 || !ends_there(s + at + gap + after))
		return AMOUNT_NONE;
	*len = at + gap + after;
	return finish(&n, out);
}

enum amount_kind amount_in_text(const char *text, size_t at, const char *own, size_t *len, struct money *out)
{
	unsigned char before = at > 0 ? (unsigned char)text[at - 1] : ' ';
	enum amount_kind kind;

	/* Inside of a word or a number there is no amount. */
	if (ascii_isalnum(before) || (before && strchr(".,#+/_'", before)))
		return AMOUNT_NONE;
	kind = amount_scan(text + at, own, len, out);
	return kind != AMOUNT_NONE && before == '-' ? AMOUNT_BAD : kind;
}

enum amount_kind amount_as_argument(const char *text, const char *own, size_t *len, struct money *out)
{
	struct number n;
	enum amount_kind kind;

	if (text[0] == '-' && digit_run(text + 1) > 0) {
		*len = 1 + number_scan(text + 1, &n);
		return AMOUNT_BAD;
	}
	kind = amount_scan(text, own, len, out);
	if (kind != AMOUNT_NONE)
		return kind;
	*len = number_scan(text, &n);
	if (*len == 0 || !ends_there(text + *len))
		return AMOUNT_NONE;
	if (money_decimals(own) < 0)
		return AMOUNT_BAD;
	memcpy(out->currency, own, CURRENCY_SIZE);
	return finish(&n, out);
}
