/* `dedit fees`: what the ledger knows about money, for people and for programs. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "base/util.h"
#include "ical/zone.h"
#include "policy/fee_act.h"
#include "policy/fee_json.h"
#include "policy/fees.h"
#include "server/admin.h"

enum { SCREEN = 80 };

/* ---- what is asked for ---- */

static int read_month(struct admin *a, const char *month, struct fee_filter *out)
{
	int64_t year;
	int number, day;

	if (date_parse(arena_printf(a->mem, "%s-01", month), &out->first_day) != 0)
		return admin_misuse(a, "--month: a year and a month, for example 2026-06");
	civil_from_days(out->first_day, &year, &number, &day);
	out->last_day = out->first_day + days_in_month(year, number) - 1;
	out->by_day = true;
	return ADMIN_OK;
}

static int read_day(struct admin *a, char **args, const char *option, bool *given, int64_t *out)
{
	const char *text;

	if (!admin_option(args, option, &text))
		return ADMIN_OK;
	*given = true;
	return date_parse(text, out) == 0 ? ADMIN_OK : admin_misuse(a, "%s: a date, for example 2026-06-10", option);
}

static int read_period(struct admin *a, char **args, struct fee_filter *out)
{
	bool days = false;
	const char *month;

	out->first_day = INT64_MIN;
	out->last_day = INT64_MAX;
	if (read_day(a, args, "--since", &days, &out->first_day) != ADMIN_OK ||
		read_day(a, args, "--until", &days, &out->last_day) != ADMIN_OK)
		return ADMIN_USAGE;
	out->by_day = days;
	if (!admin_option(args, "--month", &month))
		return ADMIN_OK;
	return days ? admin_misuse(a, "--month, or --since and --until") : read_month(a, month, out);
}

int admin_fee_filter(struct admin *a, char **args, struct fee_filter *out)
{
	const char *owner = NULL, *states;
	int code;

	*out = (struct fee_filter){ .policies = a->site->policies };
	admin_option(args, "--owner", &owner);
	admin_option(args, "--client", &out->client);
	code = admin_owner(a, owner, &out->owner);
	if (code == ADMIN_OK && admin_option(args, "--state", &states) && fee_states(states, &out->states) != 0)
		code = admin_misuse(a, "--state: one or more of none, proposed, pending, due, paid, waived, "
			"void, disputed, credited, with commas between");
	return code == ADMIN_OK ? read_period(a, args, out) : code;
}

/* ---- for programs ---- */

static int write_json(struct admin *a, const struct fee_list *list)
{
	json_t *all = json_array();
	char *text;

	for (size_t i = 0; i < list->count; i++) {
		if (json_array_append_new(all, fee_json(&list->fees[i])) != 0) {
			json_decref(all);
			return admin_fail(a, "entry %llu of %s can't be written as JSON",
				(unsigned long long)list->fees[i].seq, list->fees[i].owner);
		}
	}
	text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	if (text == NULL)
		return admin_fail(a, "out of memory");
	buf_printf(&a->out, "%s\n", text);
	free(text);
	return ADMIN_OK;
}

/* ---- for people ---- */

const char *admin_money(struct admin *a, int64_t minor, const char *currency)
{
	return money_words(minor, currency, a->mem);
}

const char *admin_local_time(struct admin *a, const struct zone *zone, int64_t when)
{
	struct wall w;

	zone_from_utc(zone, when, &w);
	return arena_printf(a->mem, "%04d-%02d-%02d %02d:%02d", w.year, w.month, w.day, w.hour, w.min);
}

/* The fee, what is held beside it behind a plus, or what is held alone. */
static const char *money_of(struct admin *a, const struct policy_incident *i)
{
	char fee[MONEY_SIZE];

	if (i->charge == 0 && i->hold == 0)
		return "-";
	if (i->charge == 0 || i->hold == 0)
		return admin_money(a, i->charge + i->hold, i->currency);
	if (money_format(i->charge, i->currency, fee, sizeof(fee)) != 0)
		return "";
	return arena_printf(a->mem, "%s+%s", fee, admin_money(a, i->hold, i->currency));
}

static bool several_owners(const struct fee_list *list)
{
	for (size_t i = 1; i < list->count; i++) {
		if (strcmp(list->fees[i].owner, list->fees[0].owner) != 0)
			return true;
	}
	return false;
}

static void write_table(struct admin *a, const struct fee_list *list)
{
	static const struct table_column columns[] = { { "OWNER", false, false }, { "START", false, false },
		{ "CLIENT", false, true }, { "WHAT", false, false }, { "STATE", false, false },
		{ "FEE", true, false }, { "REF", false, false } };
	size_t skip = several_owners(list) ? 0 : 1;
	struct table t;

	table_init(&t, columns + skip, ARRAY_SIZE(columns) - skip, a->mem);
	for (size_t n = 0; n < list->count; n++) {
		const struct fee *f = &list->fees[n];
		const struct zone *zone = fee_zone(a->site->policies, f);
		const char *cells[ARRAY_SIZE(columns)] = { f->owner, admin_local_time(a, zone, f->incident.slot),
			fee_client(f), f->incident.class_, fee_state_words(f), money_of(a, &f->incident),
			f->incident.ref };

		table_add(&t, cells + skip);
	}
	table_write(&t, SCREEN, &a->out);
}

/* ---- the command ---- */

int admin_separator(struct admin *a, char **args, char *out)
{
	const char *given;

	*out = ',';
	if (!admin_option(args, "--separator", &given))
		return ADMIN_OK;
	*out = *given;
	return strcmp(given, ",") == 0 || strcmp(given, ";") == 0 ? ADMIN_OK
								  : admin_misuse(a, "--separator: , or ;");
}

int admin_fees(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given), separator;
	bool json = admin_option(args, "--json", NULL), csv = admin_option(args, "--csv", NULL);
	struct fee_filter filter;
	struct fee_list list;
	struct err e;
	int code = admin_separator(a, args, &separator);

	if (code == ADMIN_OK && json && csv)
		code = admin_misuse(a, "--json or --csv");
	if (code == ADMIN_OK)
		code = admin_fee_filter(a, args, &filter);
	if (code == ADMIN_OK && admin_expect(a, args, 0, 0) < 0)
		code = ADMIN_USAGE;
	if (code != ADMIN_OK)
		return code;
	if (fees_list(a->site->dav.store, &filter, a->mem, &list, &e) != 0)
		return admin_fail(a, "%s", e.text);
	if (json)
		return write_json(a, &list);
	if (csv)
		fees_csv(&list, a->site->policies, separator, &a->out);
	else
		write_table(a, &list);
	return ADMIN_OK;
}
