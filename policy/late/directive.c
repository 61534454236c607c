#include "policy/late/directive.h"

#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/late/value.h"

enum { TIERS_MAX = 16 };

static const struct { const char *name; unsigned flags; } rows[] = {
#define ROW(id, name, flags) { name, flags },
	DIRECTIVES(ROW)
#undef ROW
};

enum directive_id directive_find(const char *name)
{
	for (int i = 0; i < DIRECTIVE_COUNT; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return (enum directive_id)i;
	}
	return DIRECTIVE_COUNT;
}

const char *directive_name(enum directive_id id)
{
	return rows[id].name;
}

unsigned directive_flags(enum directive_id id)
{
	return rows[id].flags;
}

bool rules_has(const struct rules *r, int directive)
{
	return r->set >> directive & 1;
}

static int expected(struct err *e, const char *what, const char *example)
{
	return err_set(e, ERR_INVALID, "expected %s, for example \"%s\"", what, example);
}

/* ---- one parser for each directive ---- */

/* Where a value stands: names of files in it are relative to that one. NULL: the syntax alone. */
struct place { struct arena *mem; const char *file; };

#define PARSER(id) \
	static int parse_##id(struct value *t, const struct place *at, struct rules *r, struct err *e)
#define CHOICE(...) value_choice(t, (const char *const[]){ __VA_ARGS__, NULL })

PARSER(timezone)
{
	const char *name = value_word(t);

	if (!value_done(t) || !*name)
		return expected(e, "the name of a time zone", "Europe/Paris");
	return zone_find(name) ? 0 : expected(e, "the IANA name of a time zone", "Europe/Paris");
}

PARSER(currency)
{
	const char *code = value_word(t);

	return value_done(t) && money_decimals(code) >= 0 ? 0 : expected(e, "an ISO 4217 currency code", "EUR");
}

PARSER(language)
{
	return CHOICE("en", "fr") >= 0 ? 0 : expected(e, "en or fr", "fr");
}

static const struct fee_rule fee_percent_0 = { .kind = FEE_PERCENT, .percent = { 0, 100 } };
static const struct fee_rule fee_percent_50 = { .kind = FEE_PERCENT, .percent = { 50, 100 } };
static const struct fee_rule fee_percent_100 = { .kind = FEE_PERCENT, .percent = { 100, 100 } };

/* Only what the section doesn't say itself: the other directives come on top. */
PARSER(use)
{
	static const struct duration h24 = { 24, UNIT_HOUR, -1 }, h48 = { 48, UNIT_HOUR, -1 };
	const struct { struct tier tier[2]; size_t count; struct fee_rule no_show; } presets[] = {
		{ { { h24, fee_percent_0 } }, 1, fee_percent_50 },
		{ { { h24, fee_percent_50 } }, 1, fee_percent_100 },
		{ { { h48, fee_percent_50 }, { h24, fee_percent_100 } }, 2, fee_percent_100 },
	};
	int i = CHOICE("mild", "fair", "strict");
	struct tier *tiers;

	if (i < 0)
		return expected(e, "mild, fair or strict", "fair");
	if (!rules_has(r, DIRECTIVE_tiers)) {
		tiers = arena_array(at->mem, presets[i].count, sizeof(*tiers));
		memcpy(tiers, presets[i].tier, presets[i].count * sizeof(*tiers));
		r->tiers = tiers;
		r->tier_count = presets[i].count;
		r->set |= UINT64_C(1) << DIRECTIVE_tiers;
	}
	if (!rules_has(r, DIRECTIVE_no_show)) {
		r->no_show.fee = presets[i].no_show;
		r->set |= UINT64_C(1) << DIRECTIVE_no_show;
	}
	return 0;
}

PARSER(mode)
{
	int i = CHOICE("charge", "record");

	r->record = i == 1;
	return i >= 0 ? 0 : expected(e, "charge or record", "charge");
}

PARSER(owner_changes)
{
	static const enum owner_changes values[] =
		{ OWNER_CHANGES_CLIENT, OWNER_CHANGES_OWNER, OWNER_CHANGES_PROPOSE };
	int i = CHOICE("client", "owner", "propose");

	if (i < 0)
		return expected(e, "client, owner or propose", "propose");
	r->owner_changes = values[i];
	return 0;
}

PARSER(tiers)
{
	size_t n = rules_has(r, DIRECTIVE_tiers) ? r->tier_count : 0;
	struct tier tier, *all;

	if (value_duration(t, true, &tier.within) || value_fee(t, &tier.fee) || !value_done(t) ||
			tier.within.count == 0)
		return expected(e, "a notice and a fee", "24h 100%");
	if (n == TIERS_MAX)
		return err_set(e, ERR_INVALID, "expected %d tiers at most", TIERS_MAX);
	all = arena_array(at->mem, n + 1, sizeof(*all));
	if (n > 0)
		memcpy(all, r->tiers, n * sizeof(*all));
	all[n] = tier;
	r->tiers = all;
	r->tier_count = n + 1;
	return 0;
}

PARSER(no_show)
{
	struct duration zero = { 0, UNIT_SECOND, -1 };
	bool wrong = value_fee(t, &r->no_show.fee) != 0;

	r->no_show.wait = zero;
	r->no_show.has_until = false;
	if (!wrong && value_take(t, "wait"))
		wrong = value_duration(t, false, &r->no_show.wait) != 0;
	if (!wrong && value_take(t, "until")) {
		r->no_show.has_until = true;
		wrong = value_duration(t, false, &r->no_show.until) != 0;
	}
	return !wrong && value_done(t) ? 0 : expected(e, "a fee, and how long to wait for and to wait with it",
		"100% wait 15m until 14d");
}

PARSER(late_move)
{
	static const char *const names[] = { "hold", "same", "free" };
	static const enum late_move values[] = { LATE_MOVE_HOLD, LATE_MOVE_SAME, LATE_MOVE_FREE };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (value_take(t, names[i]) && value_done(t)) {
			r->late_move = values[i];
			return 0;
		}
	}
	r->late_move = LATE_MOVE_FEE;
	return value_fee(t, &r->late_move_fee) == 0 && value_done(t) && r->late_move_fee.kind != FEE_SESSION ? 0 :
		expected(e, "hold, same, free or a fee", "20%");
}

PARSER(late_arrival)
{
	return value_take(t, "noshow-after") && value_duration(t, false, &r->late_arrival) == 0 &&
		value_done(t) ? 0 :
		expected(e, "noshow-after and a duration", "noshow-after 15m");
}

PARSER(cap)
{
	bool hourly = false;

	if (value_take(t, "none")) {
		r->cap.kind = CAP_NONE;
	} else if (t->count == 1 && percent_parse(t->word[0], &r->cap.percent) == 0) {
		r->cap.kind = CAP_PERCENT;
		t->next++;
	} else {
		r->cap.kind = CAP_AMOUNT;
		if (value_amount(t, &hourly, &r->cap.amount))
			return expected(e, "a percentage of the price, an amount or none", "100%");
	}
	return value_done(t) && !hourly ? 0 : expected(e, "a percentage of the price, an amount or none", "100%");
}

static int parse_amount_only(struct value *t, struct money *out, const char *example, struct err *e)
{
	bool hourly = false;

	if (value_amount(t, &hourly, out) || hourly || !value_done(t))
		return expected(e, "an amount with its currency", example);
	return 0;
}

PARSER(min)
{
	return parse_amount_only(t, &r->min, "15.00 EUR", e);
}

PARSER(max)
{
	return parse_amount_only(t, &r->max, "60.00 EUR", e);
}

PARSER(round)
{
	if (parse_amount_only(t, &r->round, "0.05 CHF", e))
		return -1;
	return r->round.minor > 0 ? 0 : expected(e, "an amount above zero", "0.05 CHF");
}

PARSER(grace)
{
	bool wrong = value_duration(t, false, &r->grace.length) != 0;

	r->grace.has_not_within = !wrong && value_take(t, "not-within");
	if (r->grace.has_not_within)
		wrong = value_duration(t, false, &r->grace.not_within) != 0;
	return !wrong && value_done(t) ? 0 : expected(e, "a duration", "30m not-within 3h");
}

static int parse_duration_only(struct value *t, struct duration *out, const char *example, struct err *e)
{
	return value_duration(t, false, out) == 0 && value_done(t) ? 0 : expected(e, "a duration", example);
}

PARSER(shift)
{
	return parse_duration_only(t, &r->shift, "60m", e);
}

PARSER(move_limit)
{
	return value_count(t, 0, &r->move_limit.count) == 0 && value_fee(t, &r->move_limit.fee) == 0 &&
		value_done(t) ? 0 :
		expected(e, "how many moves are free and the fee of the next", "3 50%");
}

PARSER(forgive)
{
	static const struct { const char *name; unsigned kind; } kinds[] = {
		{ "late-cancel", KIND_LATE_CANCEL }, { "late-move", KIND_LATE_MOVE }, { "no-show", KIND_NO_SHOW },
	};
	bool wrong = value_count(t, 0, &r->forgive.count) || !value_take(t, "per") ||
		value_period(t, &r->forgive.per) || value_done(t);

	r->forgive.kinds = 0;
	while (!wrong && !value_done(t)) {
		const char *name = value_word(t);

		wrong = true;
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			if (strcmp(kinds[i].name, name) == 0) {
				r->forgive.kinds |= kinds[i].kind;
				wrong = false;
			}
		}
	}
	return !wrong ? 0 : expected(e, "how many are forgiven in which period, and the kinds",
		"1 per 365d late-cancel late-move");
}

PARSER(escalate)
{
	return value_take(t, "from") && value_count(t, 1, &r->escalate.from) == 0 && value_take(t, "per") &&
			value_period(t, &r->escalate.per) == 0 && value_fee(t, &r->escalate.fee) == 0 && value_done(t) ? 0 :
		expected(e, "from which time on, in which period, which fee", "from 3 per 180d 100%");
}

static int day_number(const char *name, size_t len)
{
	static const char days[] = "montuewedthufrisatsun";

	for (int i = 0; len == 3 && i < 7; i++) {
		if (memcmp(days + 3 * i, name, 3) == 0)
			return i;
	}
	return -1;
}

static int day_range(const char *text, int *first, int *last)
{
	const char *dash = strchr(text, '-');
	size_t len = dash ? (size_t)(dash - text) : strlen(text);

	*first = day_number(text, len);
	*last = dash ? day_number(dash + 1, strlen(dash + 1)) : *first;
	return *first >= 0 && *last >= 0 ? 0 : -1;
}

static int add_span(struct opening *o, int first, int last, const char *text)
{
	struct open_span span;

	if (strlen(text) != 11 || text[5] != '-')
		return -1;
	span.from = clock_parse(text, 5);
	span.to = clock_parse(text + 6, 5);
	if (span.from < 0 || span.to <= span.from)
		return -1;
	for (int day = first;; day = (day + 1) % 7) {
		size_t n = o->count[day];

		if (n == OPEN_SPANS_MAX || (n > 0 && o->span[day][n - 1].to > span.from))
			return -1; /* in order, so that counting hours may go through them */
		o->span[day][o->count[day]++] = span;
		if (day == last)
			return 0;
	}
}

PARSER(hours)
{
	struct opening *o = arena_alloc(at->mem, sizeof(*o));
	int first, last;
	bool wrong = day_range(value_word(t), &first, &last) || value_done(t);

	if (rules_has(r, DIRECTIVE_hours))
		*o = *r->opening;
	while (!wrong && !value_done(t))
		wrong = add_span(o, first, last, value_word(t)) != 0;
	r->opening = o;
	return !wrong ? 0 : expected(e, "days and their times in order", "mon-fri 09:00-12:00 14:00-18:00");
}

static const char *beside(const char *file, const char *name, struct arena *mem)
{
	const char *slash = strrchr(file, '/');

	if (*name == '/' || !slash)
		return name;
	return arena_printf(mem, "%.*s/%s", (int)(slash - file), file, name);
}

static int add_holiday_file(const struct place *at, struct rules *r, const char *name, struct err *e)
{
	const struct holidays *all;

	if (!at->file)
		return 0;
	all = holiday_add_file(r->holidays, beside(at->file, name, at->mem), at->mem, e);
	r->holidays = all ? all : r->holidays;
	return all ? 0 : -1;
}

PARSER(holidays)
{
	const char *text = value_word(t);
	const struct holidays *all;
	int64_t day;

	if (!rules_has(r, DIRECTIVE_holidays))
		r->holidays = NULL;
	if (value_done(t) && holiday_country(text)) {
		r->holidays = holiday_add_country(r->holidays, holiday_country(text), at->mem);
		return 0;
	}
	if (value_done(t) && str_ends(text, ".ics"))
		return add_holiday_file(at, r, text, e);
	if (date_parse(text, &day) || !value_done(t))
		return err_set(e, ERR_INVALID, "expected a date, one of the countries %s, or a file whose name ends in "
			".ics, for example \"2026-05-01\"", holiday_countries());
	all = holiday_add(r->holidays, day, at->mem);
	if (!all)
		return err_set(e, ERR_INVALID, "expected %d holidays at most", HOLIDAYS_MAX);
	r->holidays = all;
	return 0;
}

PARSER(deposit)
{
	bool hourly = false;
	int kind;

	r->deposit.percent = (struct percent){ 0 };
	r->deposit.amount = (struct money){ 0 };
	if (t->count == 2 && percent_parse(t->word[0], &r->deposit.percent) == 0)
		t->next++;
	else if (t->count == 3 && (value_amount(t, &hourly, &r->deposit.amount) || hourly))
		return expected(e, "credit or arrhes, with the sum asked for before it", "30 EUR credit");
	kind = CHOICE("credit", "arrhes");
	r->deposit.arrhes = kind == 1;
	return kind >= 0 ? 0 : expected(e, "credit or arrhes, with the sum asked for before it", "30 EUR credit");
}

PARSER(owner_late)
{
	return value_duration(t, true, &r->owner_late.within) == 0 && value_take(t, "credit") &&
			value_fee(t, &r->owner_late.credit) == 0 && r->owner_late.credit.kind != FEE_SESSION &&
			value_done(t) ? 0 :
		expected(e, "a notice, credit and a fee", "24h credit 20%");
}

PARSER(refilled)
{
	int i = CHOICE("waive", "keep");

	r->refilled_waive = i == 0;
	return i >= 0 ? 0 : expected(e, "waive or keep", "keep");
}

PARSER(review)
{
	return parse_duration_only(t, &r->review, "24h", e);
}

PARSER(acceptance)
{
	int i = CHOICE("required", "optional");

	r->acceptance = i == 0;
	return i >= 0 ? 0 : expected(e, "required or optional", "optional");
}

PARSER(series_max)
{
	return value_count(t, 0, &r->series_max) == 0 && value_done(t) ? 0 : expected(e, "a number", "2");
}

PARSER(tax)
{
	r->tax.included = !value_take(t, "none");
	if (!r->tax.included || (value_take(t, "included") && percent_parse(value_word(t), &r->tax.rate) == 0)) {
		r->tax.reason = value_rest(t, at->mem);
		return 0;
	}
	return expected(e, "none or included and a percentage", "included 20%");
}

PARSER(shorten)
{
	int i = CHOICE("free", "prorata");

	r->prorata = i == 1;
	return i >= 0 ? 0 : expected(e, "free or prorata", "free");
}

PARSER(price)
{
	bool hourly = false;

	if (value_amount(t, &hourly, &r->price) || hourly ||
			!(value_done(t) || (value_take(t, "per") && value_take(t, "attendee") && value_done(t))))
		return expected(e, "an amount with its currency", "80 EUR");
	return 0;
}

PARSER(rate)
{
	bool hourly = false;

	if (value_amount(t, &hourly, &r->rate) || !hourly || !value_done(t))
		return expected(e, "an amount by the hour", "120 EUR/h");
	return 0;
}

PARSER(price_from)
{
	int i = CHOICE("policy", "title");

	r->price_from_title = i == 1;
	return i >= 0 ? 0 : expected(e, "policy or title", "title");
}

static int parse_switch(struct value *t, bool *on, struct err *e)
{
	int i = CHOICE("off", "on");

	*on = i == 1;
	return i >= 0 ? 0 : expected(e, "on or off", "on");
}

PARSER(priority_propose)
{
	return parse_switch(t, &r->priority_propose, e);
}

PARSER(allday)
{
	bool on = true;
	int rc = parse_switch(t, &on, e);

	r->no_all_day = !on;
	return rc;
}

PARSER(extras)
{
	return parse_switch(t, &r->extras, e);
}

PARSER(title)
{
	static const enum title_style values[] = { TITLE_FULL, TITLE_MARK, TITLE_NONE };
	int i = CHOICE("full", "mark", "none");

	if (i < 0)
		return expected(e, "full, mark or none", "mark");
	r->title = values[i];
	return 0;
}

PARSER(status)
{
	int i = CHOICE("cancel", "keep");

	r->keep_status = i == 1;
	return i >= 0 ? 0 : expected(e, "cancel or keep", "cancel");
}

PARSER(on_delete)
{
	int i = CHOICE("note", "keep");

	r->keep_deleted = i == 1;
	return i >= 0 ? 0 : expected(e, "note or keep", "note");
}

PARSER(remind)
{
	return value_duration(t, false, &r->remind) == 0 && value_take(t, "before-deadline") && value_done(t) ? 0 :
		expected(e, "a duration and before-deadline", "24h before-deadline");
}

PARSER(link_check)
{
	return parse_duration_only(t, &r->link_check, "2d", e);
}

static int parse_long(struct value *t, int64_t *months, struct err *e)
{
	int64_t n;
	int unit;

	if (value_count(t, 1, &n) || (unit = CHOICE("month", "months", "year", "years")) < 0)
		return expected(e, "a number of months or years", "6 months");
	*months = unit < 2 ? n : 12 * n;
	return 0;
}

PARSER(review_terms)
{
	return parse_long(t, &r->review_terms, e);
}

PARSER(keep_incidents)
{
	return parse_long(t, &r->keep_incidents, e);
}

PARSER(intake)
{
	r->intake = arena_strdup(at->mem, t->text);
	return 0;
}

PARSER(account)
{
	const char *name = value_word(t);

	if (!*name || !value_done(t))
		return expected(e, "the name of an account", "marc");
	r->account = arena_strdup(at->mem, name);
	return 0;
}

/* ---- all of them ---- */

static int (*const parsers[])(struct value *t, const struct place *at, struct rules *r, struct err *e) = {
#define ROW(id, name, flags) parse_##id,
	DIRECTIVES(ROW)
#undef ROW
};

int directive_parse(enum directive_id id, const char *value, const char *file, struct arena *mem,
	struct rules *r, struct err *e)
{
	const struct place at = { mem, file };
	struct value t = { 0 };

	if (id == DIRECTIVE_intake) { /* any text */
		if (strlen(value) >= sizeof(t.text))
			return err_set(e, ERR_INVALID, "expected %d bytes at most", VALUE_MAX - 1);
		memcpy(t.text, value, strlen(value) + 1);
	} else if (value_split(value, &t)) {
		return err_set(e, ERR_INVALID, "expected %d words and %d bytes at most", VALUE_WORDS_MAX, VALUE_MAX - 1);
	}
	if (parsers[id](&t, &at, r, e))
		return -1;
	r->set |= UINT64_C(1) << id;
	return 0;
}

int directive_check(enum directive_id id, const char *value, struct err *e)
{
	struct arena *mem cleanup_arena = arena_create();
	struct rules scratch = { 0 };

	return directive_parse(id, value, NULL, mem, &scratch, e);
}

void rules_lay_over(struct rules *dst, const struct rules *src)
{
#define OVER(id, member) \
	if (rules_has(src, DIRECTIVE_##id)) \
		dst->member = src->member
	OVER(mode, record);
	OVER(owner_changes, owner_changes);
	OVER(tiers, tiers);
	OVER(tiers, tier_count);
	OVER(no_show, no_show);
	OVER(late_move, late_move);
	OVER(late_move, late_move_fee);
	OVER(late_arrival, late_arrival);
	OVER(cap, cap);
	OVER(min, min);
	OVER(max, max);
	OVER(round, round);
	OVER(grace, grace);
	OVER(shift, shift);
	OVER(move_limit, move_limit);
	OVER(forgive, forgive);
	OVER(escalate, escalate);
	OVER(hours, opening);
	OVER(holidays, holidays);
	OVER(deposit, deposit);
	OVER(owner_late, owner_late);
	OVER(refilled, refilled_waive);
	OVER(review, review);
	OVER(acceptance, acceptance);
	OVER(series_max, series_max);
	OVER(tax, tax);
	OVER(shorten, prorata);
	OVER(price, price);
	OVER(rate, rate);
	OVER(price_from, price_from_title);
	OVER(priority_propose, priority_propose);
	OVER(allday, no_all_day);
	OVER(extras, extras);
	OVER(title, title);
	OVER(status, keep_status);
	OVER(on_delete, keep_deleted);
	OVER(remind, remind);
	OVER(link_check, link_check);
	OVER(review_terms, review_terms);
	OVER(keep_incidents, keep_incidents);
	OVER(intake, intake);
	OVER(account, account);
#undef OVER
	/* One of the two says what an appointment costs. */
	if (rules_has(src, DIRECTIVE_price) && !rules_has(src, DIRECTIVE_rate))
		dst->set &= ~(UINT64_C(1) << DIRECTIVE_rate);
	if (rules_has(src, DIRECTIVE_rate) && !rules_has(src, DIRECTIVE_price))
		dst->set &= ~(UINT64_C(1) << DIRECTIVE_price);
	dst->set |= src->set;
}
