/* Rules: what RFC 5545 3.8.5.3 prints, and what libraries fall over (libraries.md B7, trust.md T-01
 * to T-07). */
#include "ical/recur.h"

#include <time.h>

#include "tests/unit/ical_text.h"

#include "base/util.h"
#include "ical/internal.h"
#include "tests/unit/zones.h"

/* ---- the examples of RFC 5545 3.8.5.3, all in New York ---- */

struct example {
	const char *rule;   /* RRULE value, or whole lines behind DTSTART */
	const char *start;
	bool ends;          /* the list is all of it; else it is what comes first */
	const char *times;  /* local; "D" shorthands would hide mistakes, so all are written out */
};

#define SEPTEMBER "19970902T090000"

static const struct example examples[] = {
	{ "FREQ=DAILY;COUNT=10", SEPTEMBER, true,
		"19970902T090000 19970903T090000 19970904T090000 19970905T090000 19970906T090000 19970907T090000 "
		"19970908T090000 19970909T090000 19970910T090000 19970911T090000" },
	{ "FREQ=DAILY;INTERVAL=2", SEPTEMBER, false,
		"19970902T090000 19970904T090000 19970906T090000 19970908T090000 19970910T090000" },
	{ "FREQ=DAILY;INTERVAL=10;COUNT=5", SEPTEMBER, true,
		"19970902T090000 19970912T090000 19970922T090000 19971002T090000 19971012T090000" },
	{ "FREQ=WEEKLY;COUNT=10", SEPTEMBER, true,
		"19970902T090000 19970909T090000 19970916T090000 19970923T090000 19970930T090000 19971007T090000 "
		"19971014T090000 19971021T090000 19971028T090000 19971104T090000" },
	{ "FREQ=WEEKLY;UNTIL=19971224T000000Z", SEPTEMBER, true,
		"19970902T090000 19970909T090000 19970916T090000 19970923T090000 19970930T090000 19971007T090000 "
		"19971014T090000 19971021T090000 19971028T090000 19971104T090000 19971111T090000 19971118T090000 "
		"19971125T090000 19971202T090000 19971209T090000 19971216T090000 19971223T090000" },
	{ "FREQ=WEEKLY;INTERVAL=2;WKST=SU", SEPTEMBER, false,
		"19970902T090000 19970916T090000 19970930T090000 19971014T090000 19971028T090000 19971111T090000" },
	{ "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", SEPTEMBER, true,
		"19970902T090000 19970904T090000 19970909T090000 19970911T090000 19970916T090000 19970918T090000 "
		"19970923T090000 19970925T090000 19970930T090000 19971002T090000" },
	{ "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", SEPTEMBER, true,
		"19970902T090000 19970904T090000 19970909T090000 19970911T090000 19970916T090000 19970918T090000 "
		"19970923T090000 19970925T090000 19970930T090000 19971002T090000" },
	{ "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR", "19970901T090000", true,
		"19970901T090000 19970903T090000 19970905T090000 19970915T090000 19970917T090000 19970919T090000 "
		"19970929T090000 19971001T090000 19971003T090000 19971013T090000 19971015T090000 19971017T090000 "
		"19971027T090000 19971029T090000 19971031T090000 19971110T090000 19971112T090000 19971114T090000 "
		"19971124T090000 19971126T090000 19971128T090000 19971208T090000 19971210T090000 19971212T090000 "
		"19971222T090000" },
	{ "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", SEPTEMBER, true,
		"19970902T090000 19970904T090000 19970916T090000 19970918T090000 19970930T090000 19971002T090000 "
		"19971014T090000 19971016T090000" },
	{ "FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "19970905T090000", true,
		"19970905T090000 19971003T090000 19971107T090000 19971205T090000 19980102T090000 19980206T090000 "
		"19980306T090000 19980403T090000 19980501T090000 19980605T090000" },
	{ "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", "19970905T090000", true,
		"19970905T090000 19971003T090000 19971107T090000 19971205T090000" },
	{ "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", "19970907T090000", true,
		"19970907T090000 19970928T090000 19971102T090000 19971130T090000 19980104T090000 19980125T090000 "
		"19980301T090000 19980329T090000 19980503T090000 19980531T090000" },
	{ "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "19970922T090000", true,
		"19970922T090000 19971020T090000 19971117T090000 19971222T090000 19980119T090000 19980216T090000" },
	{ "FREQ=MONTHLY;BYMONTHDAY=-3", "19970928T090000", false,
		"19970928T090000 19971029T090000 19971128T090000 19971229T090000 19980129T090000 19980226T090000" },
	{ "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", SEPTEMBER, true,
		"19970902T090000 19970915T090000 19971002T090000 19971015T090000 19971102T090000 19971115T090000 "
		"19971202T090000 19971215T090000 19980102T090000 19980115T090000" },
	{ "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", "19970930T090000", true,
		"19970930T090000 19971001T090000 19971031T090000 19971101T090000 19971130T090000 19971201T090000 "
		"19971231T090000 19980101T090000 19980131T090000 19980201T090000" },
	{ "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", "19970910T090000", true,
		"19970910T090000 19970911T090000 19970912T090000 19970913T090000 19970914T090000 19970915T090000 "
		"19990310T090000 19990311T090000 19990312T090000 19990313T090000" },
	{ "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", SEPTEMBER, false,
		"19970902T090000 19970909T090000 19970916T090000 19970923T090000 19970930T090000 19971104T090000 "
		"19971111T090000 19971118T090000 19971125T090000 19980106T090000" },
	{ "FREQ=YEARLY;COUNT=10;BYMONTH=6,7", "19970610T090000", true,
		"19970610T090000 19970710T090000 19980610T090000 19980710T090000 19990610T090000 19990710T090000 "
		"20000610T090000 20000710T090000 20010610T090000 20010710T090000" },
	{ "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3", "19970310T090000", true,
		"19970310T090000 19990110T090000 19990210T090000 19990310T090000 20010110T090000 20010210T090000 "
		"20010310T090000 20030110T090000 20030210T090000 20030310T090000" },
	{ "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", "19970101T090000", true,
		"19970101T090000 19970410T090000 19970719T090000 20000101T090000 20000409T090000 20000718T090000 "
		"20030101T090000 20030410T090000 20030719T090000 20060101T090000" },
	{ "FREQ=YEARLY;BYDAY=20MO", "19970519T090000", false, "19970519T090000 19980518T090000 "
		"19990517T090000" },
	{ "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "19970512T090000", false,
		"19970512T090000 19980511T090000 19990517T090000" },
	{ "FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "19970313T090000", false,
		"19970313T090000 19970320T090000 19970327T090000 19980305T090000 19980312T090000 19980319T090000 "
		"19980326T090000 19990304T090000" },
	{ "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", "19970605T090000", false,
		"19970605T090000 19970612T090000 19970619T090000 19970626T090000 19970703T090000 19970710T090000 "
		"19970717T090000 19970724T090000 19970731T090000 19970807T090000 19970814T090000 19970821T090000 "
		"19970828T090000 19980604T090000" },
	{ "EXDATE;TZID=America/New_York:19970902T090000\nRRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
		SEPTEMBER, false,
		"19980213T090000 19980313T090000 19981113T090000 19990813T090000 20001013T090000" },
	{ "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "19970913T090000", false,
		"19970913T090000 19971011T090000 19971108T090000 19971213T090000 19980110T090000 19980207T090000 "
		"19980307T090000 19980411T090000 19980509T090000 19980613T090000" },
	{ "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "19961105T090000", false,
		"19961105T090000 20001107T090000 20041102T090000" },
	{ "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "19970904T090000", true,
		"19970904T090000 19971007T090000 19971106T090000" },
	{ "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "19970929T090000", false,
		"19970929T090000 19971030T090000 19971127T090000 19971230T090000 19980129T090000 19980226T090000" },
	/* the RFC writes 17:00Z and lists times up to 17:00 local, which is 21:00Z */
	{ "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", SEPTEMBER, true,
		"19970902T090000 19970902T120000 19970902T150000" },
	{ "FREQ=MINUTELY;INTERVAL=15;COUNT=6", SEPTEMBER, true,
		"19970902T090000 19970902T091500 19970902T093000 19970902T094500 19970902T100000 19970902T101500" },
	{ "FREQ=MINUTELY;INTERVAL=90;COUNT=4", SEPTEMBER, true,
		"19970902T090000 19970902T103000 19970902T120000 19970902T133000" },
	{ "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", SEPTEMBER, false,
		"19970902T090000 19970902T092000 19970902T094000 19970902T100000 19970902T102000 19970902T104000" },
	{ "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", SEPTEMBER, false,
		"19970902T090000 19970902T092000 19970902T094000 19970902T100000 19970902T102000 19970902T104000" },
	{ "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "19970805T090000", true,
		"19970805T090000 19970810T090000 19970819T090000 19970824T090000" },
	{ "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "19970805T090000", true,
		"19970805T090000 19970817T090000 19970819T090000 19970831T090000" },
	{ "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "20070115T090000", true,
		"20070115T090000 20070130T090000 20070215T090000 20070315T090000 20070330T090000" },
};

struct local { struct buf text; size_t count, limit; };

static int show_local(const struct ical_instance *i, void *arg)
{
	struct local *s = arg;
	const struct wall *w = &i->when.wall;

	if (s->count++ == s->limit) {
		return 1;
	}
	return buf_printf(&s->text, "%s%04d%02d%02dT%02d%02d%02d", s->text.len ? " " : "", w->year,
		w->month, w->day,
		w->hour, w->min, w->sec);
}

static void check_example(const struct example *x)
{
	cleanup_arena struct arena *mem = arena_create();
	struct local s = { .limit = SIZE_MAX };
	struct err e;
	bool lines = strchr(x->rule, ':') != NULL;
	const struct ical *ic = event(mem, arena_printf(mem, "DTSTART;TZID=America/New_York:%s\n%s%s",
		x->start,
		lines ? "" : "RRULE:", x->rule));

	if (!x->ends) {
		s.limit = 1;
		for (const char *p = x->times; *p; p++) {
			s.limit += *p == ' ';
		}
	}
	buf_init(&s.text, 1 << 20);
	if (ical_expand(ic, NULL, ICAL_MIN, ICAL_MAX, show_local, &s, &e)) {
		fail_msg("%s: %s", x->rule, e.text);
	}
	if (strcmp(s.text.data, x->times) != 0) {
		fail_msg("%s:\n  expected %s\n  got      %s", x->rule, x->times, s.text.data);
	}
	buf_finish(&s.text);
}

static void examples_of_rfc5545(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		check_example(&examples[i]);
	}
}

/* The two spellings of "every day in January, for 3 years" give 93 equal days; the two of "every 20
 * minutes from 9 to 16:40" agree. */
static void examples_with_two_spellings_agree(void **state)
{
	static const char *const pairs[][3] = {
		{ "19980101T090000", "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
			"FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1" },
		{ SEPTEMBER, "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40;COUNT=300",
			"FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16;COUNT=300" },
		{ SEPTEMBER, "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
			"FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH" },
		{ SEPTEMBER, "FREQ=DAILY;UNTIL=19971224T000000Z", "FREQ=DAILY;COUNT=113" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		cleanup_arena struct arena *mem = arena_create();
		char *text[2];

		for (size_t k = 0; k < 2; k++) {
			const struct ical *ic = event(mem, arena_printf(mem, "DTSTART;TZID=America/New_York:%s\nRRULE:%s",
				pairs[i][0], pairs[i][k + 1]));
			text[k] = expanded(mem, ic, NULL, ICAL_MIN, ICAL_MAX, false, SIZE_MAX);
			assert_null(strchr(text[k], '!'));
		}
		assert_string_equal(text[0], text[1]);
		assert_true(strlen(text[0]) > 100);
	}
}

/* ---- plain expansion: rule and start, no object ---- */

static struct rule ruled(const char *text)
{
	struct rule r;
	struct err e;

	if (rule_parse(text, &r, &e)) {
		fail_msg("%s: %s", text, e.text);
	}
	return r;
}

static struct wall wall_of(const char *text)
{
	struct ical_when w;

	assert_int_equal(ical_when(NULL, text, NULL, NULL, &w, NULL), 0);
	return w.wall;
}

static void list(const char *rule, const char *start, size_t limit, const char *expect)
{
	struct rule r = ruled(rule);
	struct wall w = wall_of(start);
	uint64_t steps = 1000000;
	struct recur recur;
	struct buf text;
	int64_t t;
	int rc = 1;

	buf_init(&text, 1 << 16);
	recur_open(&recur, &r, &w, INT64_MAX, false, &steps);
	for (size_t n = 0; n < limit && (rc = recur_next(&recur, &t)) > 0; n++) {
		char utc[ICAL_UTC_SIZE];

		ical_utc(t, utc);
		buf_printf(&text, "%s%.15s", n ? " " : "", utc);
	}
	if (rc <= 0) {
		buf_adds(&text, rc ? " !" : " .");
	}
	if (strcmp(text.data, expect) != 0) {
		fail_msg("%s from %s:\n  expected %s\n  got      %s", rule, start, expect, text.data);
	}
	buf_finish(&text);
}

static void b7_weekno_without_day_has_dtstarts_weekday(void **state)
{
	(void)state;
	list("FREQ=YEARLY;BYWEEKNO=20", "19970512T090000", 3, "19970512T090000 19980511T090000 "
		"19990517T090000");
	list("FREQ=YEARLY;BYWEEKNO=53", "20201231T090000", 3, "20201231T090000 20261231T090000 "
		"20321230T090000");
	list("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "20240101T000000", 3,
		"20240101T000000 20241230T000000 20251229T000000");
	list("FREQ=YEARLY;BYWEEKNO=-53;BYDAY=MO", "20240101T000000", 2, "20251229T000000 20311229T000000");
}

static void b7_the_rule_that_crashes_libical(void **state)
{
	(void)state;
	/* weeks -48, -42 and -35 of a 52-week year are 5, 11 and 18; 39 is itself; the day is Thursday */
	list("FREQ=YEARLY;INTERVAL=3;UNTIL=20250309T120000;WKST=MO;BYWEEKNO=-48,-42,-35,39;BYHOUR=10,19",
		"19990715T073000", 4, "19990930T103000 19990930T193000 20020131T103000 20020131T193000");
}

static void b7_setpos_works_with_weekly_daily_and_times(void **state)
{
	(void)state;
	list("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "20240101T090000", 3,
		"20240103T090000 20240110T090000 20240117T090000");
	list("FREQ=DAILY;BYHOUR=8,12,18;BYSETPOS=-1", "20240101T080000", 2, "20240101T180000 20240102T180000");
	list("FREQ=MONTHLY;BYDAY=MO;BYHOUR=8,12;BYSETPOS=2", "20240101T080000", 2,
		"20240101T120000 20240205T120000");
	list("FREQ=HOURLY;BYMINUTE=0,20,40;BYSETPOS=2", "20240101T080000", 2,
		"20240101T082000 20240101T092000");
}

static void b7_negative_monthday_limits_daily(void **state)
{
	(void)state;
	list("FREQ=DAILY;BYMONTHDAY=-1", "20240115T090000", 3, "20240131T090000 20240229T090000 "
		"20240331T090000");
}

static void b7_yearly_monthday_without_month_is_every_month(void **state)
{
	(void)state;
	list("FREQ=YEARLY;BYMONTHDAY=15", "20240115T090000", 3, "20240115T090000 20240215T090000 "
		"20240315T090000");
}

static void b7_days_with_and_without_numbers_mix(void **state)
{
	(void)state;
	list("FREQ=MONTHLY;BYDAY=TU,-2MO", "20240101T090000", 6,
		"20240102T090000 20240109T090000 20240116T090000 20240122T090000 20240123T090000 20240130T090000");
}

static void b7_hourly_with_byhour_gives_nothing_twice(void **state)
{
	(void)state;
	list("FREQ=HOURLY;BYHOUR=9,12", "20240101T090000", 4,
		"20240101T090000 20240101T120000 20240102T090000 20240102T120000");
}

static void b7_weekno_with_weekstart_goes_on(void **state)
{
	struct rule r = ruled("FREQ=YEARLY;WKST=WE;BYWEEKNO=-37,12,35");
	struct wall w = wall_of("20200101T100000");
	uint64_t steps = 1000000;
	struct recur recur;
	int64_t t, last = INT64_MIN;

	(void)state;
	recur_open(&recur, &r, &w, INT64_MAX, false, &steps);
	for (size_t n = 0; n < 500; n++) {
		assert_int_equal(recur_next(&recur, &t), 1);
		assert_true(t > last);
		last = t;
	}
}

static void b7_years_go_on_to_9999(void **state)
{
	(void)state;
	list("FREQ=YEARLY;INTERVAL=1000", "25820101T000000", 9, "25820101T000000 35820101T000000 "
		"45820101T000000 "
		"55820101T000000 65820101T000000 75820101T000000 85820101T000000 95820101T000000 .");
	list("FREQ=DAILY", "99991230T120000", 9, "99991230T120000 99991231T120000 .");
	list("FREQ=SECONDLY", "99991231T235958", 9, "99991231T235958 99991231T235959 .");
	/* the last week goes on into the year 10000, which can't be written */
	list("FREQ=WEEKLY;BYDAY=FR,SA", "99991224T120000", 9,
		"99991224T120000 99991225T120000 99991231T120000 .");
	list("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD;BYMONTHDAY=31", "99991031T120000", 9,
		"99991031T120000 99991201T120000 99991231T120000 .");
}

static void leap_days_and_short_months(void **state)
{
	(void)state;
	list("FREQ=YEARLY", "20960229T000000", 3, "20960229T000000 21040229T000000 21080229T000000");
	list("FREQ=MONTHLY", "20240131T000000", 4, "20240131T000000 20240331T000000 20240531T000000 "
		"20240731T000000");
	list("FREQ=YEARLY;BYYEARDAY=366", "20240101T000000", 2, "20241231T000000 20281231T000000");
	list("FREQ=YEARLY;BYYEARDAY=-366", "20240101T000000", 2, "20240101T000000 20280101T000000");
}

static void rfc7529_skip(void **state)
{
	(void)state;
	list("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD", "20240131T000000", 4,
		"20240131T000000 20240229T000000 20240331T000000 20240430T000000");
	list("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD", "20240131T000000", 4,
		"20240131T000000 20240301T000000 20240331T000000 20240501T000000");
	list("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", "20240229T000000", 3,
		"20240229T000000 20250301T000000 20260301T000000");
	list("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=BACKWARD", "20240229T000000", 3,
		"20240229T000000 20250228T000000 20260228T000000");
	list("RSCALE=gregorian;FREQ=MONTHLY;BYMONTHDAY=30,31;SKIP=BACKWARD", "20240130T000000", 4,
		"20240130T000000 20240131T000000 20240229T000000 20240330T000000");
}

static void leap_second_is_59(void **state)
{
	(void)state;
	list("FREQ=MINUTELY;BYSECOND=58,60", "20240101T000000", 3, "20240101T000058 20240101T000059 "
		"20240101T000158");
}

/* ---- text ---- */

static void rules_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "FREQ", "FREQ=", "FREQ=FORTNIGHTLY", "COUNT=3", "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;INTERVAL=0",
		"FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=-5", "FREQ=DAILY;COUNT=1e3",
		"FREQ=DAILY;COUNT=",
		"FREQ=DAILY;UNTIL=tomorrow", "FREQ=DAILY;UNTIL=20240230", "FREQ=DAILY;UNTIL=",
		"FREQ=DAILY;WHATEVER=1",
		"FREQ=DAILY;BYMONTH=0", "FREQ=DAILY;BYMONTH=13", "FREQ=DAILY;BYMONTH=-1", "FREQ=DAILY;BYMONTH=1,,2",
		"FREQ=DAILY;BYMONTH=", "FREQ=DAILY;BYMONTH=1,", "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;BYMINUTE=60",
		"FREQ=DAILY;BYSECOND=61", "FREQ=DAILY;BYSECOND=-1", "FREQ=MONTHLY;BYMONTHDAY=32",
		"FREQ=MONTHLY;BYMONTHDAY=0",
		"FREQ=MONTHLY;BYDAY=XX", "FREQ=MONTHLY;BYDAY=0MO", "FREQ=MONTHLY;BYDAY=54MO",
		"FREQ=MONTHLY;BYDAY=-MO",
		"FREQ=MONTHLY;BYDAY=M", "FREQ=MONTHLY;BYDAY=MOO", "FREQ=MONTHLY;BYDAY=1", "FREQ=YEARLY;BYYEARDAY=367",
		"FREQ=YEARLY;BYWEEKNO=54", "FREQ=YEARLY;BYSETPOS=0", "FREQ=YEARLY;BYSETPOS=-367",
		"FREQ=WEEKLY;WKST=1",
		"FREQ=DAILY;SKIP=SIDEWARD", "FREQ=DAILY;BYDAY=99999999999999999999MO", "=", ";;", "FREQ=DAILY,WEEKLY",
		"FREQ=DAILY;BYHOUR=1-2", "FREQ=DAILY;BYHOUR=+", "FREQ=DAILY;BYHOUR= 1",
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		e.code = ERR_NONE;
		if (!ical_rule_check(bad[i], &e) || e.code != ERR_SYNTAX) {
			fail_msg("'%s' was taken", bad[i]);
		}
	}
}

static void rules_that_programs_write_are_taken(void **state)
{
	static const char *const good[] = {
		"FREQ=WEEKLY;", "freq=weekly;byday=mo,Tu", "FREQ=WEEKLY;BYDAY=MO;X-SOMETHING=1;WKST=SU",
		"FREQ=MONTHLY;BYDAY=+1MO", "INTERVAL=2;FREQ=DAILY", "FREQ=WEEKLY;BYDAY=1MO",
		"FREQ=DAILY;COUNT=3;UNTIL=20240101",
		"FREQ=DAILY;COUNT=1000000000", "FREQ=DAILY;COUNT=2147483648", "FREQ=DAILY;COUNT=9223372036854775808",
		"RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=OMIT", "FREQ=DAILY;INTERVAL=99999999999999999999999",
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		if (ical_rule_check(good[i], &e)) {
			fail_msg("'%s': %s", good[i], e.text);
		}
	}
	assert_int_equal(ical_rule_check("RSCALE=HEBREW;FREQ=YEARLY", &e), -1);
	assert_int_equal(e.code, ERR_RULES);
}

/* ---- skipping ahead ---- */

static const char *const seekable[] = {
	"FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;COUNT=5000", "FREQ=DAILY;BYHOUR=9,17;COUNT=900",
	"FREQ=WEEKLY;BYDAY=MO,TH;COUNT=700", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
	"FREQ=MONTHLY;BYDAY=-1FR",
	"FREQ=MONTHLY;BYMONTHDAY=31;COUNT=100", "FREQ=YEARLY;BYWEEKNO=1,53",
	"FREQ=YEARLY;BYDAY=MO;BYSETPOS=-1,7",
	"FREQ=MONTHLY;BYDAY=MO,TU,WE;BYHOUR=1,2;BYSETPOS=3,-1;COUNT=77", "FREQ=HOURLY;INTERVAL=7",
	"FREQ=HOURLY;INTERVAL=5;COUNT=9000", "FREQ=HOURLY;BYHOUR=9,12;BYDAY=MO;COUNT=300",
	"FREQ=MINUTELY;INTERVAL=333",
	"FREQ=MINUTELY;INTERVAL=333;COUNT=20000", "FREQ=SECONDLY;INTERVAL=7777;COUNT=50000",
	"RSCALE=GREGORIAN;SKIP=FORWARD;FREQ=MONTHLY;BYMONTHDAY=31",
	"RSCALE=GREGORIAN;SKIP=FORWARD;FREQ=MONTHLY;BYMONTHDAY=30,31;COUNT=60",
	"FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2;COUNT=99",
};

/* From any time on, seeking gives what stepping gives. */
static void seeking_equals_stepping(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seekable); i++) {
		struct rule r = ruled(seekable[i]);
		struct wall w = wall_of("20200131T101530");

		for (int64_t ahead = -5; ahead < 4000; ahead += 37) {
			int64_t from = wall_seconds(&w) + ahead * 86400 + ahead * 61, t = 0, u = 0;
			uint64_t steps = 10000000, more = 10000000;
			struct recur stepped, sought;
			bool counts = ahead % 2;

			recur_open(&stepped, &r, &w, INT64_MAX, counts, &steps);
			recur_open(&sought, &r, &w, INT64_MAX, counts, &more);
			int rc, rc2;
			do {
				rc = recur_next(&stepped, &t);
			} while (rc > 0 && t < from);
			assert_int_equal(recur_seek(&sought, from), 0);
			for (size_t n = 0; n < 5; n++) {
				rc2 = recur_next(&sought, &u);
				if (rc != rc2 || (rc > 0 && t != u)) {
					fail_msg("%s: %d days ahead, the %zuth", seekable[i], (int)ahead, n);
				}
				rc = recur_next(&stepped, &t);
			}
		}
	}
}

static void b7_a_daily_rule_since_1970_is_not_stepped_through(void **state)
{
	static const char *const rules[] = {
		"FREQ=DAILY", "FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=SECONDLY", "FREQ=DAILY;COUNT=30000",
			"FREQ=WEEKLY;BYDAY=MO,FR",
		"FREQ=HOURLY;COUNT=1000000", "FREQ=SECONDLY;COUNT=9999999999",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct rule r = ruled(rules[i]);
		struct wall w = wall_of("19700101T090000");
		uint64_t steps = 1000;
		struct recur recur;
		int64_t t;

		recur_open(&recur, &r, &w, INT64_MAX, true, &steps);
		assert_int_equal(recur_seek(&recur, at("20260601T000000Z")), 0);
		assert_int_equal(recur_next(&recur, &t), 1);
		assert_true(t >= at("20260601T000000Z") && t < at("20260608T000000Z"));
		assert_true(steps > 900);
	}
}

/* ---- bombs ---- */

struct bomb { const char *start, *lines; };

static const struct bomb bombs[] = {
	{ "19000101T000000Z", "RRULE:FREQ=SECONDLY" },
	{ "19700101T000000Z", "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30" },
	{ "19700101T000000Z", "RRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30" },
	{ "19700101T000000Z", "RRULE:FREQ=MINUTELY;BYYEARDAY=366;BYMONTH=3" },
	{ "19700101T000000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30" },
	{ "19700101T000000Z", "RRULE:FREQ=MONTHLY;BYDAY=-5TH,2FR;BYSETPOS=-3" },
	{ "19700101T000000Z", "RRULE:FREQ=MONTHLY;BYDAY=1TH;BYSETPOS=2" },
	{ "19990715T073000Z", "RRULE:FREQ=YEARLY;INTERVAL=3;WKST=MO;BYWEEKNO=-48,-42,-35,39;BYHOUR=10,19" },
	{ "20200101T000000Z", "RRULE:FREQ=DAILY;COUNT=1000000000" },
	{ "20200101T000000Z", "RRULE:FREQ=SECONDLY;BYSECOND=0,1;COUNT=9223372036854775808" },
	{ "20200101T000000Z", "RRULE:FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11" },
	{ "20200101T090000Z", "RRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=5" },
	{ "20200101T000000Z", "RRULE:FREQ=SECONDLY;INTERVAL=86400;BYHOUR=5" },
	{ "20200101T000000Z", "RRULE:FREQ=MINUTELY;BYSECOND=0,1,2,3,4,5,6,7,8,9,10,11,12;BYSETPOS=14" },
	{ "20200101T000000Z", "RRULE:FREQ=SECONDLY\nEXRULE:FREQ=SECONDLY" }, /* T-04 */
	{ "20200101T000000Z", "RRULE:FREQ=DAILY\nEXRULE:FREQ=DAILY" },
	{ "20200101T000000Z", "RRULE:FREQ=DAILY\nEXRULE:FREQ=SECONDLY" },
	{ "20200101T000000Z", "RRULE:FREQ=DAILY;BYHOUR=0;INTERVAL=1099511627776" },
	{ "20200101T000000Z", "RRULE:FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30" },
	{ "00010101T000000Z", "RRULE:FREQ=YEARLY;BYYEARDAY=366;BYWEEKNO=20" },
};

static void check_bomb(const struct bomb *b, int64_t from, int64_t to)
{
	cleanup_arena struct arena *mem = arena_create();
	int64_t before = cpu_ms();
	const struct ical *ic = event(mem, arena_printf(mem, "DTSTART:%s\n%s", b->start, b->lines));
	const char *text = expanded(mem, ic, NULL, from, to, false, SIZE_MAX);
	const char *bang = strchr(text, '!');
	int64_t took = cpu_ms() - before;

	if (bang && strcmp(bang, arena_printf(mem, "!%d", ERR_INSTANCES)) != 0) {
		fail_msg("%s: %s", b->lines, bang);
	}
	if (took > 500) { /* some 20 ms; sanitizers take longer */
		fail_msg("%s took %d ms", b->lines, (int)took);
	}
	int64_t first, last;
	struct err e;
	before = cpu_ms();
	assert_int_equal(ical_bounds(ic, &first, &last, &e), 0);
	assert_true(cpu_ms() - before < 200);
}

static void t01_to_t07_bombs_end_in_milliseconds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bombs); i++) {
		check_bomb(&bombs[i], at("20260101T000000Z"), at("22260101T000000Z"));
		check_bomb(&bombs[i], ICAL_MIN, ICAL_MAX);
		check_bomb(&bombs[i], at("99990101T000000Z"), ICAL_MAX);
	}
}

static char *numbers(struct arena *mem, int from, int to)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	for (int i = from; i <= to; i++) {
		buf_printf(&b, "%s%d", i > from ? "," : "", i);
	}
	char *text = arena_strdup(mem, b.data);
	buf_finish(&b);
	return text;
}

static void t05_lists_of_everything_make_no_product(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	int64_t before = cpu_ms();
	const struct ical *ic = event(mem, arena_printf(mem, "DTSTART:20240101T000000Z\n"
		"RRULE:FREQ=YEARLY;COUNT=3;"
		"BYYEARDAY=%s;BYMONTHDAY=%s;BYMONTH=%s;BYHOUR=%s;BYMINUTE=%s;BYSECOND=%s", numbers(mem, 1, 366),
		numbers(mem, 1, 31), numbers(mem, 1, 12), numbers(mem, 0, 23), numbers(mem, 0, 59), numbers(mem, 0,
		60)));

	(void)state;
	assert_string_equal(expanded(mem, ic, NULL, ICAL_MIN, ICAL_MAX, false, SIZE_MAX),
		"20240101T000000Z 20240101T000001Z 20240101T000002Z");
	assert_true(cpu_ms() - before < 100);
	assert_true(arena_used(mem) < 200000);
}

/* Of 400 digits, and those of which 64, 32 or 16 bits hold 0, 1 or 2. */
static void t02_huge_counts(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	char digits[401];
	const char *const counts[] = {
		digits, "18446744073709551616", "18446744073709551617", "18446744073709551618", "4294967296",
		"4294967297", "4294967298", "65536", "65537", "65538", "36893488147419103233",
	};

	(void)state;
	memset(digits, '7', 400);
	digits[400] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		const char *rule = arena_printf(mem, "FREQ=DAILY;COUNT=%s", counts[i]);
		const struct ical *ic = event(mem, arena_printf(mem, "DTSTART:20240101T000000Z\nRRULE:%s", rule));

		assert_int_equal(ical_rule_check(rule, NULL), 0);
		assert_string_equal(expanded(mem, ic, NULL, at("20300101T000000Z"), at("20300102T120000Z"), false,
			SIZE_MAX), "20300101T000000Z 20300102T000000Z");
	}
}

static void t06_stored_rule_without_instances_stays_readable(void **state)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct ical *ic = event(mem, "DTSTART:20240301T000000Z\nEXDATE:20240301T000000Z\n"
		"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31");

	(void)state;
	assert_string_equal(expanded(mem, ic, NULL, at("20240101T000000Z"), at("20340101T000000Z"), false,
		SIZE_MAX), "");
	assert_string_equal(expanded(mem, ic, NULL, ICAL_MIN, ICAL_MAX, false, SIZE_MAX), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_rfc5545),
		cmocka_unit_test(examples_with_two_spellings_agree),
		cmocka_unit_test(b7_weekno_without_day_has_dtstarts_weekday),
		cmocka_unit_test(b7_the_rule_that_crashes_libical),
		cmocka_unit_test(b7_setpos_works_with_weekly_daily_and_times),
		cmocka_unit_test(b7_negative_monthday_limits_daily),
		cmocka_unit_test(b7_yearly_monthday_without_month_is_every_month),
		cmocka_unit_test(b7_days_with_and_without_numbers_mix),
		cmocka_unit_test(b7_hourly_with_byhour_gives_nothing_twice),
		cmocka_unit_test(b7_weekno_with_weekstart_goes_on),
		cmocka_unit_test(b7_years_go_on_to_9999),
		cmocka_unit_test(b7_a_daily_rule_since_1970_is_not_stepped_through),
		cmocka_unit_test(leap_days_and_short_months),
		cmocka_unit_test(leap_second_is_59),
		cmocka_unit_test(rfc7529_skip),
		cmocka_unit_test(rules_that_are_none_are_refused),
		cmocka_unit_test(rules_that_programs_write_are_taken),
		cmocka_unit_test(seeking_equals_stepping),
		cmocka_unit_test(t01_to_t07_bombs_end_in_milliseconds),
		cmocka_unit_test(t02_huge_counts),
		cmocka_unit_test(t05_lists_of_everything_make_no_product),
		cmocka_unit_test(t06_stored_rule_without_instances_stays_readable),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
