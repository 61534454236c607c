/* Incidents for spreadsheets and accounting programs (policy.md 5.3). */
#include "policy/fees.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/util.h"
#include "ical/zone.h"

static const char *const headings[] = { "ref", "client", "uid", "recurrence-id", "start", "zone", "kind",
	"by", "received", "notice", "required", "basis", "amount", "currency", "net", "tax", "state", "reason",
	"policy", "version" };

static void csv_local(struct csv *c, const struct zone *zone, int64_t when)
{
	char text[ISO_DATE_SIZE] = "";
	struct wall w;

	if (when) {
		zone_from_utc(zone, when, &w);
		iso_date(wall_seconds(&w), text);
		text[16] = '\0'; /* 2026-06-10T10:00 */
	}
	csv_text(c, text);
}

static void csv_utc(struct csv *c, int64_t when)
{
	char text[ISO_DATE_SIZE];

	iso_date(when, text);
	csv_text(c, text);
}

static void csv_fee(struct csv *c, const struct policy_set *set, const struct fee *f)
{
	const struct policy_incident *i = &f->incident;
	const struct zone *zone = fee_zone(set, f);

	csv_text(c, i->ref);
	csv_text(c, fee_client(f));
	csv_text(c, i->uid);
	csv_text(c, i->occurrence);
	csv_local(c, zone, i->slot);
	csv_text(c, zone_name(zone));
	csv_text(c, i->class_);
	csv_text(c, i->by);
	csv_utc(c, i->at);
	csv_number(c, i->notice);
	if (i->required >= 0)
		csv_number(c, i->required);
	else
		csv_text(c, "");
	csv_text(c, i->basis);
	csv_number(c, i->charge);
	csv_text(c, i->currency);
	csv_number(c, i->charge - i->tax);
	csv_number(c, i->tax);
	csv_text(c, f->state_name);
	csv_text(c, i->reason);
	csv_text(c, i->policy);
	csv_text(c, i->version);
	csv_end(c);
}

void fees_csv(const struct fee_list *list, const struct policy_set *set, char separator, struct buf *out)
{
	struct csv c;

	csv_init(&c, out, separator);
	for (size_t n = 0; n < ARRAY_SIZE(headings); n++)
		csv_text(&c, headings[n]);
	csv_end(&c);
	for (size_t n = 0; n < list->count; n++)
		csv_fee(&c, set, &list->fees[n]);
}
