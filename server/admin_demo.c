/*
 * `dedit demo`: a practice with a year behind it, made up, so that lists, reports and pages have something to
 * show. What clients and owner did is planned first, from a fixed seed, then done in the order of its time
 * with the clock of each moment: by event_put() and the other ways that an event changes, with the wakes
 * that came due between. So the ledger holds what a real year would have left there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/fees.h"
#include "policy/host.h"
#include "server/admin.h"

enum {
	BACK = 365, AHEAD = 28,           /* days around today */
	DAYS = BACK + AHEAD + 1,
	FIRST_HOUR = 9, HOURS = 9,        /* a day's appointments, an hour each, begin at 9 to 17 */
	LEAST_LEAD = 4, MOST_LEAD = 26,   /* days between booking and appointment */
	SERIES_WEEKS = 13,
	HOUR = 3600, DAY = 86400,
	WAKES = 64,
	BODY_MAX = 65536,
	NOON = 12,
};

/* ---- who comes ---- */

/* every: days between two appointments; 7: weekly, as series. lost: of a hundred appointments, how many
 * come to nothing or are moved. service: of the texts below. */
struct client { const char *name; int price, every, lost, service; };

static const struct client clients[] = {
	{ "Marie Durand", 80, 7, 8, 0 }, { "Élodie Lefèvre", 80, 8, 14, 0 }, { "Thomas Bernard", 80, 12, 40, 0 },
	{ "Camille & Hugo Roux", 110, 8, 22, 1 }, { "Zoé Moreau", 65, 7, 12, 2 }, { "Jean Petit", 80, 15, 10, 0 },
	{ "Sarah O'Connor", 80, 8, 20, 0 }, { "王芳", 80, 12, 12, 0 }, { "Luc Fontaine", 65, 6, 32, 2 },
	{ "Inès Garcia", 80, 7, 18, 0 }, { "Paul Mercier", 80, 18, 15, 0 }, { "Anaïs Leroy", 65, 8, 25, 2 },
	{ "Familie Schröder", 110, 12, 10, 1 }, { "Nora Haddad", 80, 9, 16, 0 }, { "Georges Simon", 80, 20, 50, 0 },
	{ "Awa Diop", 65, 11, 12, 2 }, { "Julien Faure", 80, 9, 30, 0 }, { "Clara Dubois", 80, 14, 8, 0 },
};

enum text { SERVICES, TRANSFER = 3, REGULAR, ILLNESS, RANG, HALF, MISTAKE, TEXTS };

static const char *const texts[][TEXTS] = {
	{ "Therapy", "Couples", "Follow-up", "paid by transfer", "a regular client, and the first time",
		"a child in hospital", "says that she rang the day before", "half of it, as agreed on the phone",
		"the answering machine was full" },
	{ "Thérapie", "Couple", "Suivi", "payé par virement", "fidèle, et c'est la première fois",
		"un enfant à l'hôpital", "dit avoir appelé la veille", "la moitié, convenu au téléphone",
		"le répondeur était plein" },
};

/* ---- what happens ---- */

struct appointment {
	const struct client *client;
	unsigned number;
	int64_t start;
	int weeks;                        /* of a series; 0: one appointment */
	int64_t skipped[SERIES_WEEKS];    /* starts of its dates that were taken out */
	size_t skips;
	bool cancelled;
	const char *words;                /* in its title; NULL: none */
};

struct step {
	int64_t when;
	size_t order;                     /* of two at one time the one planned first */
	enum { BOOK, CANCEL, REMOVE, MOVE, SKIP, WRITE, SAY } what;
	struct appointment *ap;
	int64_t start;                    /* MOVE, SKIP */
	const char *words;                /* SAY: about its last incident; else in its title */
};

struct demo {
	struct admin *a;
	struct account owner;
	struct collection calendar;
	const struct zone *zone;
	const char *const *texts;
	int64_t now, today;               /* instant; days since 1970 in the zone */
	uint64_t dice;
	bool busy[DAYS][HOURS];
	struct step *steps;
	size_t count;
	unsigned appointments;
};

/* Splitmix64: the same everywhere. */
static unsigned roll(struct demo *d, unsigned sides)
{
	uint64_t z = d->dice += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (unsigned)((z ^ z >> 31) % sides);
}

static int between(struct demo *d, int least, int most)
{
	return least + (int)roll(d, (unsigned)(most - least + 1));
}

/* Left out if it hasn't come yet. */
static void plan(struct demo *d, int64_t when, int what, struct appointment *ap, int64_t start,
	const char *words)
{
	if (when > d->now)
		return;
	d->steps = xreallocarray(d->steps, d->count + 1, sizeof(*d->steps));
	d->steps[d->count] = (struct step){ when, d->count, what, ap, start, words };
	d->count++;
}

static int64_t start_of(const struct demo *d, int day, int hour)
{
	struct wall w = { .hour = FIRST_HOUR + hour };
	int64_t year;

	civil_from_days(d->today + day, &year, &w.month, &w.day);
	w.year = (int)year;
	return zone_to_utc(d->zone, &w);
}

static bool is_free(const struct demo *d, int day, int hour)
{
	return day >= -BACK && day <= AHEAD && weekday_from_days(d->today + day) < 5 &&
		FIRST_HOUR + hour != NOON && !d->busy[day + BACK][hour];
}

/* A free hour on that day or one of the next five, which isn't Monday whenever it would be the weekend; false
 * if there is none. */
static bool take_hour(struct demo *d, int *day, int *hour)
{
	if (weekday_from_days(d->today + *day) >= 5)
		*day += between(d, 2, 6);
	for (int later = 0; later < 6; later++, ++*day) {
		int first = (int)roll(d, HOURS);

		for (int n = 0; n < HOURS; n++) {
			*hour = (first + n) % HOURS;
			if (!is_free(d, *day, *hour))
				continue;
			d->busy[*day + BACK][*hour] = true;
			return true;
		}
	}
	return false;
}

static struct appointment *add(struct demo *d, const struct client *c, int64_t start, int64_t booked)
{
	struct appointment *ap = arena_alloc(d->a->mem, sizeof(*ap));

	*ap = (struct appointment){ .client = c, .number = ++d->appointments, .start = start };
	plan(d, booked, BOOK, ap, 0, NULL);
	return ap;
}

static const char *say(const struct demo *d, const char *word, enum text reason)
{
	return arena_printf(d->a->mem, "%s %s", word, d->texts[reason]);
}

/* What the owner makes of an incident, some days later. */
static void settle(struct demo *d, struct appointment *ap, int64_t when)
{
	int64_t decided = when + between(d, 20, 60) * HOUR, later = decided + between(d, 3, 24) * DAY;
	unsigned dice = roll(d, 100);

	if (dice < 12) {
		plan(d, decided, SAY, ap, 0, say(d, "#waive", REGULAR));
	} else if (dice < 20) {
		plan(d, decided, SAY, ap, 0, say(d, "#emergency", ILLNESS));
	} else if (dice < 26) {
		plan(d, decided, SAY, ap, 0, say(d, "#fee 40.00 EUR", HALF));
		plan(d, later, SAY, ap, 0, say(d, "#paid", TRANSFER));
	} else {
		plan(d, decided, SAY, ap, 0, "#ok");
		if (dice < 34)
			plan(d, decided + DAY, SAY, ap, 0, say(d, "#dispute", RANG));
		if (dice < 30)
			plan(d, decided + 4 * DAY, SAY, ap, 0, say(d, "#waive", MISTAKE));
		else if (dice > 40 && dice < 92)
			plan(d, later, SAY, ap, 0, say(d, "#paid", TRANSFER));
	}
}

/* Somebody else comes in the hour that became free. */
static void refill(struct demo *d, const struct appointment *ap, int64_t when)
{
	const struct client *c = &clients[roll(d, ARRAY_SIZE(clients))];

	if (c != ap->client && when + 2 * HOUR < ap->start)
		add(d, c, ap->start, when + HOUR);
}

static void lose_late(struct demo *d, struct appointment *ap)
{
	static const int hours[] = { 2, 5, 20, 22, 30, 44 };
	int64_t when = ap->start - hours[roll(d, ARRAY_SIZE(hours))] * HOUR - roll(d, HOUR);

	plan(d, when, roll(d, 4) > 0 ? CANCEL : REMOVE, ap, 0, NULL);
	settle(d, ap, when);
	if (roll(d, 4) == 0)
		refill(d, ap, when);
}

static void move(struct demo *d, struct appointment *ap, int day, int64_t when)
{
	int hour;

	day += between(d, 1, 9);
	if (take_hour(d, &day, &hour))
		plan(d, when, MOVE, ap, start_of(d, day, hour), NULL);
}

/* How the appointment on that day ends, if it isn't simply held. */
static void lose(struct demo *d, struct appointment *ap, int day)
{
	unsigned dice = roll(d, 100);
	int64_t early = ap->start - between(d, 50, 90) * HOUR;

	if (dice < 28) {
		lose_late(d, ap);
	} else if (dice < 44) {
		plan(d, ap->start + 20 * 60, WRITE, ap, 0, "#noshow");
		settle(d, ap, ap->start);
	} else if (dice < 60) {
		plan(d, early, CANCEL, ap, 0, NULL);
	} else if (dice < 78) {
		move(d, ap, day, early);
	} else if (dice < 90) {
		move(d, ap, day, ap->start - between(d, 3, 40) * HOUR);
		settle(d, ap, ap->start);
	} else if (dice < 97) {
		plan(d, ap->start - 30 * HOUR, CANCEL, ap, 0, "#me");
	} else {
		plan(d, ap->start + HOUR, WRITE, ap, 0, "#late 20");
	}
}

/* One appointment after the other, as practices with a desk book them. */
static void plan_single(struct demo *d, const struct client *c)
{
	int hour;

	for (int day = -BACK + (int)roll(d, (unsigned)c->every); day <= AHEAD;
		day += c->every + between(d, -2, 3)) {
		struct appointment *ap;

		if (!take_hour(d, &day, &hour))
			return;
		ap = add(d, c, start_of(d, day, hour), start_of(d, day - between(d, LEAST_LEAD, MOST_LEAD), 4));
		if ((int)roll(d, 100) < c->lost)
			lose(d, ap, day);
	}
}

/* The same hour each week, as series of a quarter each. */
static void plan_series(struct demo *d, const struct client *c)
{
	int first = -BACK + (int)roll(d, 7), hour;

	if (!take_hour(d, &first, &hour))
		return;
	for (int day = first; day <= AHEAD; day += 7 * SERIES_WEEKS) {
		struct appointment *ap = add(d, c, start_of(d, day, hour), start_of(d, day - 10, 5));

		ap->weeks = SERIES_WEEKS;
		for (int date = day; date < day + 7 * SERIES_WEEKS; date += 7) {
			int64_t start = start_of(d, date, hour), when = start - between(d, 3, 90) * HOUR;

			if (date <= AHEAD)
				d->busy[date + BACK][hour] = true;
			if ((int)roll(d, 100) >= c->lost)
				continue;
			plan(d, when, SKIP, ap, start, NULL);
			settle(d, ap, when);
		}
	}
}

/* So that there is something to decide, whatever the dice said: two hours lost since this morning, somebody
 * who didn't come, and words that contradict each other. */
static void plan_today(struct demo *d)
{
	struct appointment *ap;
	int day = 0, hour;

	for (int n = 1; n <= 2; n++) {
		day = n - 1;
		if (!take_hour(d, &day, &hour))
			continue;
		ap = add(d, &clients[n], start_of(d, day, hour), d->now - 9 * DAY);
		if (ap->start > d->now)
			plan(d, d->now - n * 20 * 60, CANCEL, ap, 0, NULL);
	}
	for (int n = 0; n < 2; n++) {
		day = weekday_from_days(d->today) == 0 ? -3 : weekday_from_days(d->today) == 6 ? -2 : -1;
		if (!take_hour(d, &day, &hour))
			continue;
		ap = add(d, &clients[8 + n * 6], start_of(d, day, hour), d->now - 12 * DAY);
		plan(d, ap->start + HOUR / 2, WRITE, ap, 0, n == 0 ? "#noshow" : "#noshow #attended");
	}
}

static int compare_steps(const void *left, const void *right)
{
	const struct step *a = left, *b = right;

	if (a->when != b->when)
		return a->when < b->when ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Series first: they hold their hour for a year. */
static void plan_all(struct demo *d)
{
	for (size_t n = 0; n < ARRAY_SIZE(clients); n++) {
		if (clients[n].every == 7)
			plan_series(d, &clients[n]);
	}
	plan_today(d);
	for (size_t n = 0; n < ARRAY_SIZE(clients); n++) {
		if (clients[n].every != 7)
			plan_single(d, &clients[n]);
	}
	qsort(d->steps, d->count, sizeof(*d->steps), compare_steps);
}

/* ---- doing it ---- */

static struct event_request request(const struct demo *d, struct arena *mem, int64_t now)
{
	struct event_request rq = site_event_request(d->a->site, mem, now, false);

	rq.actor = (struct event_actor){ .name = d->owner.name, .displayname = d->owner.displayname,
		.addresses = d->owner.addresses };
	return rq;
}

static void write_time(const struct demo *d, struct buf *out, const char *name, int64_t when)
{
	struct wall w;

	zone_from_utc(d->zone, when, &w);
	buf_printf(out, "%s;TZID=%s:%04d%02d%02dT%02d%02d%02d\r\n", name, zone_name(d->zone), w.year, w.month, w.day,
		w.hour, w.min, w.sec);
}

/* As its owner's program would write it, which knows nothing of what the server adds. */
static void write_event(const struct demo *d, const struct appointment *ap, struct buf *out)
{
	buf_printf(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//demo//EN\r\nBEGIN:VEVENT\r\n"
		"UID:demo-%04u\r\nDTSTAMP:20200101T000000Z\r\n", ap->number);
	write_time(d, out, "DTSTART", ap->start);
	write_time(d, out, "DTEND", ap->start + HOUR);
	if (ap->weeks > 0)
		buf_printf(out, "RRULE:FREQ=WEEKLY;COUNT=%d\r\n", ap->weeks);
	for (size_t n = 0; n < ap->skips; n++)
		write_time(d, out, "EXDATE", ap->skipped[n]);
	buf_printf(out, "SUMMARY:%s %d €%s%s\r\nCATEGORIES:%s\r\n", ap->client->name, ap->client->price,
		ap->words != NULL ? " " : "", ap->words != NULL ? ap->words : "",
		d->texts[SERVICES + ap->client->service]);
	if (ap->cancelled)
		buf_adds(out, "STATUS:CANCELLED\r\n");
	buf_adds(out, "END:VEVENT\r\nEND:VCALENDAR\r\n");
}

/* About the last thing that happened to it; nothing, if nothing did. */
static int do_say(const struct event_request *rq, const struct demo *d, const struct step *s, const char *uid,
	struct err *e)
{
	const struct fee_filter filter = { .owner = d->owner.name, .uid = uid };
	struct fee_list list;
	bool changed;

	if (fees_list(rq->store, &filter, rq->mem, &list, e) != 0)
		return -1;
	return list.count == 0 ? 0 :
		event_say(rq, list.fees[list.count - 1].incident.ref, s->words, &changed, e);
}

static void change(const struct step *s)
{
	struct appointment *ap = s->ap;

	if (s->what == CANCEL)
		ap->cancelled = true;
	else if (s->what == MOVE)
		ap->start = s->start;
	else if (s->what == SKIP)
		ap->skipped[ap->skips++] = s->start;
	ap->words = s->words; /* once: the server takes them off, and programs fetch that */
}

static int do_step(const struct demo *d, const struct step *s, struct arena *mem, struct err *e)
{
	struct event_request rq = request(d, mem, s->when);
	const char *uid = arena_printf(mem, "demo-%04u", s->ap->number);
	struct event_where at = { &d->calendar, arena_printf(mem, "%s.ics", uid) };
	struct event_result result;
	cleanup_buf struct buf body;

	buf_init(&body, BODY_MAX);
	if (s->what == SAY)
		return do_say(&rq, d, s, uid, e);
	if (s->what == REMOVE)
		return event_delete(&rq, &at, &result, e);
	change(s);
	write_event(d, s->ap, &body);
	return event_put(&rq, &at, body.data, body.len, &result, e);
}

struct due { const char *owner; struct arena *mem; struct wake wakes[WAKES]; size_t count; };

static int take_wake(const struct wake *w, void *arg)
{
	struct due *due = arg;

	if (due->count == WAKES)
		return 1;
	if (strcmp(w->owner, due->owner) == 0)
		due->wakes[due->count++] = (struct wake){ w->at, arena_strdup(due->mem, w->owner),
			arena_strdup(due->mem, w->calendar), arena_strdup(due->mem, w->name) };
	return 0;
}

/* The wakes up to then, each at its own time. */
static int pass_time(const struct demo *d, int64_t until, struct err *e)
{
	size_t done = 1;

	while (done > 0) {
		cleanup_arena struct arena *mem = arena_create();
		struct due *due = arena_alloc(mem, sizeof(*due));
		int64_t next;

		*due = (struct due){ .owner = d->owner.name, .mem = mem };
		if (store_wakes(d->a->site->dav.store, until, take_wake, due, &next, e) < 0)
			return -1;
		for (size_t n = 0; n < due->count; n++) {
			if (site_tick(d->a->site, &due->wakes[n], mem, due->wakes[n].at, e) != 0)
				return -1;
		}
		done = due->count;
	}
	return 0;
}

static int do_all(const struct demo *d, struct err *e)
{
	for (size_t n = 0; n < d->count; n++) {
		cleanup_arena struct arena *mem = arena_create();

		if (pass_time(d, d->steps[n].when, e) != 0 || do_step(d, &d->steps[n], mem, e) != 0)
			return -1;
	}
	return pass_time(d, d->now, e);
}

/* Two clients of three have agreed, one time or another. */
static int accept_policy(const struct demo *d, const char *policy, struct err *e)
{
	for (size_t n = 0; n < ARRAY_SIZE(clients); n++) {
		int64_t when = d->now - (BACK + (int)n) * (int64_t)DAY;
		struct event_request rq = request(d, d->a->mem, when);

		if (n % 3 != 2 && event_accept(&rq, d->owner.name, policy, clients[n].name, when, e) != 0)
			return -1;
	}
	return 0;
}

/* ---- the command ---- */

static int found_object(const struct object *o, void *arg)
{
	return 1;
}

/* Nobody's own appointments are mixed with what is made up. */
static int check_empty(struct demo *d)
{
	const struct fee_filter filter = { .owner = d->owner.name };
	struct store *store = d->a->site->dav.store;
	struct fee_list list;
	struct err e;
	int rc = store_page(store, d->calendar.id, "", 1, found_object, NULL, &e);

	if (rc < 0 || fees_list(store, &filter, d->a->mem, &list, &e) != 0)
		return admin_fail(d->a, "%s", e.text);
	if (rc > 0 || list.count > 0)
		return admin_fail(d->a, "%s/%s is not empty, or %s has incidents: a demonstration begins from nothing",
			d->owner.name, d->calendar.name, d->owner.name);
	return ADMIN_OK;
}

/* The day itself, at noon: it doesn't depend on when it is asked for. */
static int read_today(struct demo *d, const char *text)
{
	struct wall w;

	d->now = d->a->now;
	if (text != NULL) {
		if (date_parse(text, &d->today) != 0)
			return admin_misuse(d->a, "--today: a date is like 2026-06-10");
		d->now = start_of(d, 0, NOON - FIRST_HOUR);
	}
	zone_from_utc(d->zone, d->now, &w);
	d->today = days_from_civil(w.year, w.month, w.day);
	return ADMIN_OK;
}

static int run_demo(struct demo *d, const struct policy *policy)
{
	const struct fee_filter filter = { .owner = d->owner.name };
	struct fee_list list;
	struct err e;

	plan_all(d);
	if (accept_policy(d, policy_name(policy), &e) != 0 || do_all(d, &e) != 0 ||
		fees_list(d->a->site->dav.store, &filter, d->a->mem, &list, &e) != 0)
		return admin_fail(d->a, "%s", e.text);
	buf_printf(&d->a->out, "%u appointments of %zu clients, %zu incidents\n", d->appointments,
		ARRAY_SIZE(clients), list.count);
	return ADMIN_OK;
}

static int prepare(struct demo *d, const char *calendar, const char *today)
{
	struct admin *a = d->a;
	int code;

	if (a->served)
		return admin_fail(a, "time passes here as it is told to: stop the server first");
	code = admin_calendar(a, calendar, &d->calendar);
	if (code == ADMIN_OK)
		code = admin_find_user(a, d->calendar.owner, &d->owner);
	if (code != ADMIN_OK)
		return code;
	d->texts = texts[strcmp(d->owner.language, "fr") == 0];
	code = read_today(d, today);
	return code == ADMIN_OK ? check_empty(d) : code;
}

int admin_demo(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	const struct policy *policy;
	const char *today = NULL, *slash;
	struct demo *d;
	int code;

	admin_option(args, "--today", &today);
	if (admin_expect(a, args, 1, 1) < 0)
		return ADMIN_USAGE;
	slash = strchr(args[0], '/');
	policy = slash == NULL ? NULL :
		policy_for(a->site->policies, arena_strndup(a->mem, args[0], (size_t)(slash - args[0])), slash + 1);
	if (policy == NULL)
		return admin_fail(a, "%s is no calendar under a policy", args[0]);
	d = arena_alloc(a->mem, sizeof(*d));
	*d = (struct demo){ .a = a, .zone = policy->zone };
	code = prepare(d, args[0], today);
	if (code == ADMIN_OK)
		code = run_demo(d, policy);
	free(d->steps);
	return code;
}
