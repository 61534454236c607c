/* What stands in calendars: the instances of a time, as a calendar shows them. */
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "ical/ical.h"
#include "policy/change.h"
#include "policy/fees.h"
#include "web/console/api.h"
#include "web/reach.h"

enum { DAY = 86400, RANGE_MOST = 366 * DAY, CALENDARS_NAMED = 50 };

/* ---- which calendars ---- */

struct calendars {
	struct api *a;
	struct collection *list;
	size_t count, size;
};

static void keep(struct calendars *c, const struct collection *one)
{
	struct collection *copy;

	c->list = arena_room(c->a->mem, c->list, c->count, &c->size, sizeof(*c->list));
	copy = &c->list[c->count++];
	*copy = *one;
	copy->owner = arena_strdup(c->a->mem, one->owner);
	copy->name = arena_strdup(c->a->mem, one->name);
}

static bool is_named(struct api *a, const struct collection *c)
{
	const char *full = arena_printf(a->mem, "%s/%s", c->owner, c->name), *name;
	size_t at = 0, n = 0;

	while ((name = api_query_next(a, "calendar", &at)) && n++ < CALENDARS_NAMED) {
		if (strcmp(name, full) == 0)
			return true;
	}
	return n == 0;
}

static int take_calendar(const struct collection *c, void *arg)
{
	struct calendars *list = arg;

	if (web_takes_events(c) && is_named(list->a, c))
		keep(list, c);
	return 0;
}

/* Of those that are shared, some may be looked at for busy times alone. */
static int leave_out_unreadable(struct calendars *c, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < c->count; i++) {
		enum share_access reach;

		if (api_reach(c->a, &c->list[i], &reach, e) < 0)
			return -1;
		if (reach >= SHARE_READ)
			c->list[n++] = c->list[i];
	}
	c->count = n;
	return 0;
}

/* Its own and those shared with it, or those of the owner that the query names. 0, or a refusal's status. */
static int find_calendars(struct calendars *c)
{
	struct api *a = c->a;
	const char *owner = api_query(a, "owner"), *self = a->http->who.name;
	bool others = owner && strcmp(owner, self) != 0;
	struct err e;
	int rc;

	if (others && api_check_owner(a, owner, false) < 0)
		return a->http->res->status;
	rc = others ? store_collections(a->web->store, owner, take_calendar, c, &e) :
		store_home(a->web->store, self, take_calendar, c, NULL, &e);
	return rc < 0 || leave_out_unreadable(c, &e) < 0 ? api_fail(a, &e) : 0;
}

/* ---- what became of them ---- */

struct listing {
	struct api *a;
	json_t *events;
	bool truncated;
	int64_t from, to;
	/* of one owner */
	const char *owner;
	bool fees_there;      /* it has some */
	bool all_fees;        /* may be told; else those that are about whoever asks */
	/* of one object */
	const struct collection *calendar;
	const char *name, *uid;
	struct fee_list fees; /* about it, the oldest first */
	const struct ical *ic;
	bool series;
};

/* The last that stands about that date. */
static const struct fee *fee_of(const struct listing *l, const char *occurrence)
{
	for (size_t n = l->fees.count; n-- > 0;) {
		if (l->fees.fees[n].state != POLICY_VOID &&
			strcmp(l->fees.fees[n].incident.occurrence, occurrence) == 0)
			return &l->fees.fees[n];
	}
	return NULL;
}

/* Given up late, still to come: somebody else could have it. */
static bool is_freed(const struct fee *f, int64_t now)
{
	return (strcmp(f->incident.class_, "late-cancel") == 0 || strcmp(f->incident.class_, "late-move") == 0) &&
		f->incident.slot > now && strcmp(f->incident.reason, "refilled") != 0;
}

/* Who may read a calendar sees no more of its fees than /fees tells (15.5): a group's concern others. */
static void leave_out_others(struct listing *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->fees.count; i++) {
		if (l->all_fees || api_is_own(l->a, &l->fees.fees[i]))
			l->fees.fees[n++] = l->fees.fees[i];
	}
	l->fees.count = n;
}

static int begin_owner(struct listing *l, const char *owner, struct err *e)
{
	if (l->owner && strcmp(l->owner, owner) == 0)
		return 0;
	l->owner = owner;
	l->fees_there = policy_owner(l->a->web->policies, owner);
	return l->fees_there ? api_may(l->a, owner, false, &l->all_fees, e) : 0;
}

/* What the ledger has about one event: it has more than what is shown of a week by far. */
static int read_fees(struct listing *l, struct err *e)
{
	const struct fee_filter filter = { .owner = l->owner, .uid = l->uid };

	l->fees = (struct fee_list){ 0 };
	if (!l->fees_there)
		return 0;
	if (fees_list(l->a->web->store, &filter, l->a->mem, &l->fees, e) < 0)
		return -1;
	leave_out_others(l);
	return 0;
}

/* ---- one instance ---- */

static const char *text_of(const struct listing *l, const struct ical_comp *c, const char *name)
{
	const struct ical_line *line = ical_prop(l->ic, c, name);

	return line ? ical_text(line->value, l->a->mem) : "";
}

static json_t *time_of(int64_t when, bool all_day, const struct zone *zone)
{
	struct wall w;

	if (!all_day)
		return json_time(when);
	zone_from_utc(zone, when, &w);
	return json_sprintf("%04d-%02d-%02d", w.year, w.month, w.day);
}

static void add_incident(const struct listing *l, json_t *o, const struct fee *f)
{
	const struct policy_incident *i = &f->incident;
	int64_t amount = i->charge ? i->charge : i->hold;

	json_object_set_new(o, "class", json_text(i->class_));
	json_object_set_new(o, "outcome", json_text(i->outcome));
	json_object_set_new(o, "state", json_text(f->state_name));
	json_object_set_new(o, "ref", json_text(i->ref));
	json_object_set_new(o, "fee", *i->currency ? json_money(l->a->mem, amount, i->currency) : json_null());
	json_object_set_new(o, "freed", json_boolean(is_freed(f, l->a->http->now)));
}

static int add_instance(const struct ical_instance *i, void *arg)
{
	struct listing *l = arg;
	const struct zone *zone = i->when.in ? i->when.in : i->when.zone ? i->when.zone : zone_utc();
	bool all_day = i->when.form == ICAL_DATE;
	char occurrence[ICAL_UTC_SIZE] = "";
	const struct fee *f;
	json_t *o;

	if (json_array_size(l->events) >= l->a->web->results) {
		l->truncated = true;
		return 1;
	}
	if (l->series)
		ical_utc(i->recurrence, occurrence);
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:b, s:s, s:s}", "calendar",
		arena_printf(l->a->mem, "%s/%s", l->calendar->owner, l->calendar->name), "name", l->name, "uid",
		l->uid, "occurrence", occurrence, "title", text_of(l, i->comp, "SUMMARY"), "start",
		time_of(i->start, all_day, zone), "end",
		time_of(i->end, all_day, zone), "zone", i->when.form == ICAL_ZONED ? zone_name(i->when.zone) : "",
		"all-day", all_day, "status", text_of(l, i->comp, "STATUS"), "location",
		text_of(l, i->comp, "LOCATION"));
	f = fee_of(l, occurrence);
	if (f)
		add_incident(l, o, f);
	else
		json_object_update_new(o, json_pack("{s:s, s:s, s:s, s:s, s:n, s:b}", "class", "", "outcome", "",
			"state", "", "ref", "", "fee", "freed", 0));
	return json_array_append_new(l->events, o) == 0 ? 0 : 1;
}

/* ---- one object, one calendar ---- */

/* What can't be read costs itself alone. zone: where neither calendar nor policy have one. */
static int add_object(struct listing *l, const char *name, const struct zone *zone, struct err *e)
{
	cleanup_buf struct buf body;
	struct object row;
	struct ical *ic;
	struct err why;

	buf_init(&body, SIZE_MAX / 2);
	if (store_body(l->a->web->store, l->calendar->id, name, l->a->mem, &row, &body, &why) < 0)
		return err_costs_one(&why) || why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s", why.text);
	if (ical_parse(body.data, body.len, NULL, l->a->mem, &ic, &why) < 0)
		return 0;
	if (event_zone(l->a->web->store, l->a->web->policies, l->calendar, ic, l->a->mem, &zone, e) < 0)
		return -1;
	l->name = name;
	l->uid = row.uid;
	l->ic = ic;
	l->series = change_is_series(ic);
	if (read_fees(l, e) < 0)
		return -1;
	(void)ical_expand(ic, zone, l->from, l->to, add_instance, l, &why);
	return 0;
}

static int add_calendar(struct listing *l, const struct collection *c, struct err *e)
{
	struct object_names names = { .mem = l->a->mem };
	const struct zone *zone = api_zone(l->a, c->owner);

	l->calendar = c;
	if (begin_owner(l, c->owner, e) < 0 || store_list(l->a->web->store, c->id, ICAL_VEVENT, l->from, l->to,
		object_names_take, &names, NULL, e) < 0)
		return -1;
	for (size_t n = 0; n < names.count && !l->truncated; n++) {
		if (add_object(l, names.name[n], zone, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the answer ---- */

int api_events(struct api *a)
{
	const char *owner = api_query(a, "owner");
	const struct zone *zone = api_zone(a, owner ? owner : a->http->who.name);
	struct listing l = { .a = a };
	struct calendars c = { .a = a };
	struct err e;
	int status;

	if (api_moment(a, "since", api_query(a, "since"), zone, &l.from) < 0 ||
		api_moment(a, "until", api_query(a, "until"), zone, &l.to) < 0)
		return 400;
	if (l.to <= l.from || l.to - l.from > RANGE_MOST)
		return api_refuse(a, 400, "until: behind since, at most 366 days");
	status = find_calendars(&c);
	if (status != 0)
		return status;
	l.events = json_array();
	for (size_t n = 0; n < c.count && !l.truncated; n++) {
		if (add_calendar(&l, &c.list[n], &e) < 0) {
			json_decref(l.events);
			return api_fail(a, &e);
		}
	}
	return api_send(a, 200, json_pack("{s:s, s:o, s:o, s:b, s:o}", "zone", zone_name(zone), "since",
		json_time(l.from), "until", json_time(l.to), "truncated", l.truncated, "events", l.events));
}
