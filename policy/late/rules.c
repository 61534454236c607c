#include "policy/late/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/late/directive.h"
#include "policy/late/fold.h"

enum scope { SCOPE_POLICY, SCOPE_WEEKDAY, SCOPE_SERVICE, SCOPE_CLIENT }; /* later beats earlier */

struct section {
	enum scope scope;
	int weekday;           /* 0 = Monday */
	const char *name;      /* of the client or the service, folded */
	const char *label;     /* the same as written */
	int64_t from;          /* INT64_MIN: from the beginning */
	const char *title;     /* of the version, as written; "" outside of versions */
	const char *version;   /* its first day in the policy's zone */
	struct rules rules;
	const struct policy_setting *said[DIRECTIVE_COUNT];
};

struct policy_text {
	struct arena *mem;
	struct policy_options_late options;
	struct section *sections; /* by scope, then from */
	size_t count;
	struct policy_text *earlier; /* any of those before; NULL: none */
};

/* What is needed while reading. */
struct reader {
	struct policy_text *text;
	void (*warn)(const char *text, void *arg);
	void *arg;
	char *why;
	size_t why_size;
};

static int complain(const struct reader *rd, const struct policy_setting *at, const char *what)
{
	if (at)
		snprintf(rd->why, rd->why_size, "%s:%d: option '%s': %s", at->file ? at->file : "", at->line, at->key,
			what);
	else
		snprintf(rd->why, rd->why_size, "%s", what);
	return -1;
}

static void warn(const struct reader *rd, const struct policy_setting *at, const char *what)
{
	if (rd->warn)
		rd->warn(arena_printf(rd->text->mem, "%s:%d: option '%s': %s", at->file ? at->file : "", at->line,
			at->key, what), rd->arg);
}

/* ---- where a setting belongs ---- */

/* Takes "name/" off the key: what is between the slashes, NULL if the key doesn't begin so. */
static const char *take_title(struct arena *mem, const char **key, const char *name, bool last)
{
	size_t len = strlen(name);
	const char *title = *key + len + 1, *end;

	if (strncmp(*key, name, len) || (*key)[len] != '/')
		return NULL;
	end = last ? strrchr(title, '/') : strchr(title, '/'); /* a client's key may hold slashes */
	if (!end)
		return NULL;
	*key = end + 1;
	return arena_strndup(mem, title, (size_t)(end - title));
}

static int weekday_number(const char *name)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

int version_from(const struct zone *zone, const char *label, int64_t *out)
{
	char full[ISO_DATE_SIZE];
	struct wall w;
	int64_t t;

	if (iso_date_parse(label, out) == 0)
		return 0;
	if (strlen(label) != 10 || snprintf(full, sizeof(full), "%sT00:00:00Z", label) < 0 ||
			iso_date_parse(full, &t))
		return -1;
	wall_from_seconds(t, &w);
	*out = zone_to_utc(zone, &w);
	return 0;
}

static const char *local_date(const struct policy_text *p, int64_t when)
{
	struct wall w;

	zone_from_utc(p->options.zone, when, &w);
	return arena_printf(p->mem, "%04d-%02d-%02d", w.year, w.month, w.day);
}

static bool same_place(const struct section *a, const struct section *b)
{
	return a->scope == b->scope && a->from == b->from && a->weekday == b->weekday &&
		strcmp(a->name, b->name) == 0;
}

/* Reads the path of a key ("version/2027-01-01/client/X/tiers"); *name is left at the directive. */
static int read_place(const struct reader *rd, const struct policy_setting *s, struct section *at,
	const char **name)
{
	struct arena *mem = rd->text->mem;
	const char *title;

	*name = s->key;
	*at = (struct section){ .from = INT64_MIN, .title = "", .version = "", .name = "", .label = "" };
	title = take_title(mem, name, "version", false);
	if (title) {
		if (version_from(rd->text->options.zone, title, &at->from))
			return complain(rd, s, "expected a date or a UTC time as the version, for example "
				"\"2027-01-01\" or \"2026-05-31T22:00:00Z\"");
		at->title = title;
		at->version = local_date(rd->text, at->from);
	}
	title = take_title(mem, name, "service", true);
	if (title) {
		at->scope = SCOPE_SERVICE;
		at->label = title;
		at->name = text_folded(title, mem);
	}
	title = take_title(mem, name, "weekday", false);
	if (title) {
		at->scope = SCOPE_WEEKDAY;
		at->weekday = weekday_number(title);
		if (at->weekday < 0)
			return complain(rd, s, "expected a day as the section's name, for example \"sat\"");
	}
	title = take_title(mem, name, "client", true);
	if (title) {
		at->scope = SCOPE_CLIENT;
		at->name = text_folded(title, mem);
	}
	return 0;
}

static int section_for(const struct reader *rd, const struct policy_setting *s, const char **name,
	struct section **out)
{
	struct policy_text *p = rd->text;
	struct section place;

	if (read_place(rd, s, &place, name))
		return -1;
	for (size_t i = 0; i < p->count; i++) {
		if (p->sections[i].from == place.from && strcmp(p->sections[i].title, place.title))
			return complain(rd, s, "expected each version to begin at another time");
		if (!same_place(&p->sections[i], &place))
			continue;
		*out = &p->sections[i];
		return 0;
	}
	p->sections[p->count] = place;
	*out = &p->sections[p->count++];
	return 0;
}

/* ---- reading ---- */

/* Zone, currency, language: needed before the rest can be read. */
static int read_options(const struct reader *rd, const struct policy_setting *settings, size_t n)
{
	struct policy_options_late *o = &rd->text->options;
	struct err e;

	for (size_t i = 0; i < n; i++) {
		enum directive_id id = directive_find(settings[i].key);

		if (id == DIRECTIVE_COUNT || !(directive_flags(id) & DIRECTIVE_TOP))
			continue;
		if (directive_check(id, settings[i].value, &e))
			return complain(rd, &settings[i], e.text);
		if (id == DIRECTIVE_timezone)
			o->zone = zone_find(settings[i].value);
		else if (id == DIRECTIVE_currency)
			memcpy(o->currency, settings[i].value, CURRENCY_SIZE);
		else
			o->language = strcmp(settings[i].value, "fr") == 0 ? LANGUAGE_FR : LANGUAGE_EN;
	}
	if (!o->zone)
		return complain(rd, NULL, "option 'timezone' is missing: expected the name of a time zone, for example "
			"timezone = \"Europe/Paris\"");
	return 0;
}

static int read_directive(const struct reader *rd, const struct policy_setting *s, struct section *at,
	enum directive_id id)
{
	unsigned flags = directive_flags(id);
	struct err e;

	if ((flags & DIRECTIVE_TOP) && (at->scope != SCOPE_POLICY || *at->title))
		return complain(rd, s, "expected outside of sections");
	if ((flags & DIRECTIVE_CLIENT) && at->scope != SCOPE_CLIENT)
		return complain(rd, s, "expected in a client section");
	if (at->said[id] && !(flags & DIRECTIVE_LIST))
		return complain(rd, s, "expected once");
	if (directive_parse(id, s->value, s->file ? s->file : "", rd->text->mem, &at->rules, &e))
		return complain(rd, s, e.text);
	at->said[id] = s;
	return 0;
}

/* Presets last: what a section says itself comes on top of them (5.1, `use`). */
static int read_settings(const struct reader *rd, const struct policy_setting *settings, size_t n,
	bool presets)
{
	for (size_t i = 0; i < n; i++) {
		const struct policy_setting *s = &settings[i];
		struct section *at;
		enum directive_id id;
		const char *name;

		if (section_for(rd, s, &name, &at))
			return -1;
		id = directive_find(name);
		if (id == DIRECTIVE_COUNT)
			return complain(rd, s, "no such option");
		if ((id == DIRECTIVE_use) == presets && read_directive(rd, s, at, id))
			return -1;
	}
	return 0;
}

static int by_scope_and_time(const void *a, const void *b)
{
	const struct section *x = a, *y = b;

	if (x->scope != y->scope)
		return x->scope < y->scope ? -1 : 1;
	return (x->from > y->from) - (x->from < y->from);
}

/* ---- what holds ---- */

static const struct rules defaults = {
	.cap = { .kind = CAP_PERCENT, .percent = { 100, 100 } },
	.series_max = INT64_MAX,
	.price = { .minor = -1 },
	.rate = { .minor = -1 },
};

const struct policy_options_late *rules_options(const struct policy_text *p)
{
	return &p->options;
}

static int weekday_of(const struct policy_text *p, int64_t start)
{
	struct wall w;

	zone_from_utc(p->options.zone, start, &w);
	return weekday_from_days(days_from_civil(w.year, w.month, w.day));
}

static bool section_holds(const struct section *s, const struct rules_key *key, int weekday)
{
	switch (s->scope) {
	case SCOPE_WEEKDAY:
		return s->weekday == weekday;
	case SCOPE_SERVICE:
		return strcmp(s->name, key->service) == 0;
	case SCOPE_CLIENT:
		return strcmp(s->name, key->client) == 0 || strcmp(s->name, key->title) == 0;
	case SCOPE_POLICY:
		break;
	}
	return true;
}

void rules_for(const struct policy_text *p, int64_t acquired, const struct rules_key *key, int64_t start,
	struct rules *out)
{
	int weekday = weekday_of(p, start);

	*out = defaults;
	for (size_t i = 0; i < p->count; i++) {
		const struct section *s = &p->sections[i];

		if (s->from <= acquired && section_holds(s, key, weekday))
			rules_lay_over(out, &s->rules);
	}
}

void rules_general(const struct policy_text *p, int64_t acquired, struct rules *out)
{
	*out = defaults;
	for (size_t i = 0; i < p->count; i++) {
		if (p->sections[i].scope == SCOPE_POLICY && p->sections[i].from <= acquired)
			rules_lay_over(out, &p->sections[i].rules);
	}
}

static struct rules_part *part_of(struct rules_part *list, size_t *count, const struct section *s,
	const struct rules *general)
{
	int weekday = s->scope == SCOPE_WEEKDAY ? s->weekday : -1;

	for (size_t i = 0; i < *count; i++) {
		if (list[i].weekday == weekday && strcmp(list[i].service, s->label) == 0)
			return &list[i];
	}
	list[*count] = (struct rules_part){ .weekday = weekday, .service = s->label, .rules = *general };
	return &list[(*count)++];
}

size_t rules_parts(const struct policy_text *p, int64_t acquired, struct arena *mem, struct rules_part **out)
{
	struct rules_part *list = arena_array(mem, p->count + 1, sizeof(*list));
	struct rules general;
	size_t count = 0;

	rules_general(p, acquired, &general);
	for (size_t i = 0; i < p->count; i++) {
		const struct section *s = &p->sections[i];
		struct rules_part *part;

		if ((s->scope != SCOPE_WEEKDAY && s->scope != SCOPE_SERVICE) || s->from > acquired)
			continue;
		part = part_of(list, &count, s, &general);
		part->said |= s->rules.set;
		rules_lay_over(&part->rules, &s->rules);
	}
	*out = list;
	return count;
}

bool rules_service(const struct policy_text *p, const char *service)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->sections[i].scope == SCOPE_SERVICE && strcmp(p->sections[i].name, service) == 0)
			return true;
	}
	return false;
}

bool rules_say(const struct policy_text *p, int directive)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->sections[i].said[directive])
			return true;
	}
	return false;
}

const char *rules_version(const struct policy_text *p, int64_t acquired)
{
	const char *version = "";
	int64_t from = INT64_MIN;

	for (size_t i = 0; i < p->count; i++) {
		const struct section *s = &p->sections[i];

		if (s->from <= acquired && s->from > from) {
			from = s->from;
			version = s->version;
		}
	}
	return version;
}

bool rules_version_from(const struct policy_text *p, const char *version, int64_t *from)
{
	bool found = false;

	for (size_t i = 0; i < p->count; i++) {
		const struct section *s = &p->sections[i];

		if (*s->version && strcmp(s->version, version) == 0 && (!found || s->from > *from)) {
			*from = s->from;
			found = true;
		}
	}
	return found;
}

void rules_add_earlier(struct policy_text *p, struct policy_text *earlier)
{
	earlier->earlier = p->earlier;
	p->earlier = earlier;
}

const struct policy_text *rules_text(const struct policy_text *p, const char *digest)
{
	for (const struct policy_text *at = p; at; at = at->earlier) {
		if (strcmp(at->options.digest, digest) == 0)
			return at;
	}
	return p;
}

int64_t rules_longest(const struct policy_text *p)
{
	int64_t longest = p->earlier ? rules_longest(p->earlier) : 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct rules *r = &p->sections[i].rules;

		for (size_t k = 0; k < r->tier_count; k++) {
			int64_t within = duration_ceiling(&r->tiers[k].within);

			if (within > longest)
				longest = within;
		}
	}
	return longest;
}

struct calendar_days rules_days(const struct policy_text *p, const struct rules *r)
{
	return (struct calendar_days){ p->options.zone, r->opening, r->holidays };
}

/* ---- checks that look at more than one directive (5.1) ---- */

bool rules_want_opening(const struct rules *r, int *directive)
{
	for (size_t i = 0; i < r->tier_count; i++) {
		*directive = DIRECTIVE_tiers;
		if (duration_needs_opening(&r->tiers[i].within))
			return true;
	}
	const struct { int id; const struct duration *d; } rest[] = {
		{ DIRECTIVE_no_show, &r->no_show.wait }, { DIRECTIVE_no_show, &r->no_show.until },
		{ DIRECTIVE_grace, &r->grace.length }, { DIRECTIVE_grace, &r->grace.not_within },
		{ DIRECTIVE_shift, &r->shift }, { DIRECTIVE_review, &r->review },
		{ DIRECTIVE_late_arrival, &r->late_arrival }, { DIRECTIVE_owner_late, &r->owner_late.within },
		{ DIRECTIVE_remind, &r->remind }, { DIRECTIVE_link_check, &r->link_check },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++) {
		*directive = rest[i].id;
		if (rules_has(r, rest[i].id) && duration_needs_opening(rest[i].d))
			return true;
	}
	return false;
}

static bool over_price(const struct rules *r, const struct fee_rule *f)
{
	static const struct fee_rule whole = { .kind = FEE_PERCENT, .percent = { 100, 100 } };
	struct fee_rule price = { .kind = FEE_AMOUNT, .amount = r->price };

	if (fee_compare(f, &whole) == 1)
		return true;
	return rules_has(r, DIRECTIVE_price) && fee_compare(f, &price) == 1;
}

static const struct tier *shortest_tier(const struct rules *r)
{
	const struct tier *shortest = NULL;

	for (size_t i = 0; i < r->tier_count; i++) {
		if (!shortest || duration_ceiling(&r->tiers[i].within) < duration_ceiling(&shortest->within))
			shortest = &r->tiers[i];
	}
	return shortest;
}

/* The default cap would quietly cut it. */
static int check_cap(const struct reader *rd, const struct section *s, const struct rules *r)
{
	const struct { enum directive_id id; const struct fee_rule *fee; } rest[] = {
		{ DIRECTIVE_no_show, &r->no_show.fee }, { DIRECTIVE_late_move, &r->late_move_fee },
		{ DIRECTIVE_move_limit, &r->move_limit.fee }, { DIRECTIVE_escalate, &r->escalate.fee },
	};
	const struct policy_setting *at = NULL;

	for (size_t i = 0; i < r->tier_count; i++) {
		if (over_price(r, &r->tiers[i].fee))
			at = s->said[DIRECTIVE_tiers];
	}
	for (size_t i = 0; i < ARRAY_SIZE(rest) && !at; i++) {
		if (rules_has(r, (int)rest[i].id) && over_price(r, rest[i].fee))
			at = s->said[rest[i].id];
	}
	return !at || rules_has(r, DIRECTIVE_cap) ? 0 :
		complain(rd, at, "a fee is above the price: expected a cap in words too, for example cap = none");
}

static int check_tiers(const struct reader *rd, const struct section *s, const struct rules *r)
{
	const struct policy_setting *at = s->said[DIRECTIVE_tiers];

	for (size_t i = 0; at && i < r->tier_count; i++) {
		for (size_t k = 0; k < r->tier_count; k++) {
			if (duration_ceiling(&r->tiers[i].within) > duration_ceiling(&r->tiers[k].within) &&
					fee_compare(&r->tiers[i].fee, &r->tiers[k].fee) == 1)
				return complain(rd, at, "a longer notice is dearer than a shorter one: expected fees "
					"that rise towards the start, for example { \"48h 50%\", \"24h 100%\" }");
		}
	}
	return 0;
}

/* Two currencies are never counted together (3.4). */
static int check_currencies(const struct reader *rd, const struct section *s, const struct rules *r)
{
	const char *price = rules_has(r, DIRECTIVE_price) ? r->price.currency :
		rules_has(r, DIRECTIVE_rate) ? r->rate.currency : "";
	const struct { enum directive_id id; const struct money *amount; } rest[] = {
		{ DIRECTIVE_min, &r->min }, { DIRECTIVE_max, &r->max }, { DIRECTIVE_round, &r->round },
		{ DIRECTIVE_cap, &r->cap.amount },
	};
	const struct policy_setting *at = s->said[DIRECTIVE_deposit] ? s->said[DIRECTIVE_deposit] :
		s->said[DIRECTIVE_price] ? s->said[DIRECTIVE_price] : s->said[DIRECTIVE_rate];

	if (*price && at && *r->deposit.amount.currency && strcmp(r->deposit.amount.currency, price) != 0)
		return complain(rd, at, arena_printf(rd->text->mem, "the deposit is in %s and the price in %s: "
			"expected one currency, for example deposit = \"30 %s credit\"", r->deposit.amount.currency,
			price, price));
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++) {
		if (*price && s->said[rest[i].id] && *rest[i].amount->currency &&
				strcmp(rest[i].amount->currency, price) != 0)
			warn(rd, s->said[rest[i].id], arena_printf(rd->text->mem, "no effect on fees in %s, the currency of "
				"the price: expected an amount in %s", price, price));
	}
	return 0;
}

static int check_section(const struct reader *rd, const struct section *s)
{
	const struct tier *last;
	struct rules r;
	int wants;

	/* What holds with this section on its own day; other sections of the same day can't be known. */
	const struct rules_key key = { s->scope == SCOPE_CLIENT ? s->name : "", "",
		s->scope == SCOPE_SERVICE ? s->name : "" };

	rules_for(rd->text, s->from, &key, s->scope == SCOPE_WEEKDAY ?
		(int64_t)(s->weekday + 4) * 86400 + 43200 : 43200, &r);
	last = shortest_tier(&r);
	if (rules_want_opening(&r, &wants) && !r.opening)
		return complain(rd, s->said[wants], "bd and bh need opening hours, for example "
			"hours = { \"mon-fri 09:00-18:00\" }");
	if (s->said[DIRECTIVE_price] && s->said[DIRECTIVE_rate])
		return complain(rd, s->said[DIRECTIVE_rate], "expected price or rate, not both");
	if (check_tiers(rd, s, &r) || check_cap(rd, s, &r) || check_currencies(rd, s, &r))
		return -1;
	if (s->said[DIRECTIVE_grace] && last &&
			duration_ceiling(&r.grace.length) > duration_ceiling(&last->within))
		return complain(rd, s->said[DIRECTIVE_grace], "expected a grace period that is shorter than the "
			"shortest notice, for example \"15m\"");
	if (s->said[DIRECTIVE_no_show] && last && fee_compare(&r.no_show.fee, &last->fee) == -1)
		warn(rd, s->said[DIRECTIVE_no_show], "staying away is cheaper than telling you");
	return 0;
}

/* ---- load ---- */

static int load(const struct reader *rd, const struct policy_setting *settings, size_t n)
{
	struct policy_text *p = rd->text;

	if (read_options(rd, settings, n) || read_settings(rd, settings, n, false) ||
			read_settings(rd, settings, n, true))
		return -1;
	qsort(p->sections, p->count, sizeof(*p->sections), by_scope_and_time);
	for (size_t i = 0; i < p->count; i++) {
		if (check_section(rd, &p->sections[i]))
			return -1;
	}
	return 0;
}

struct policy_text *rules_load(const char *name, const char *digest, const struct policy_setting *settings,
	size_t n, void (*warn_fn)(const char *text, void *arg), void *arg, char *why, size_t why_size)
{
	struct arena *mem = arena_create();
	struct policy_text *p = arena_alloc(mem, sizeof(*p));
	const struct reader rd = { p, warn_fn, arg, why, why_size };

	p->mem = mem;
	p->sections = arena_array(mem, n + 1, sizeof(*p->sections));
	p->options.name = arena_strdup(mem, name);
	p->options.digest = arena_strdup(mem, digest ? digest : "");
	if (load(&rd, settings, n)) {
		rules_free(p);
		return NULL;
	}
	return p;
}

void rules_free(struct policy_text *p)
{
	while (p) {
		struct policy_text *earlier = p->earlier;

		arena_destroy(p->mem);
		p = earlier;
	}
}
