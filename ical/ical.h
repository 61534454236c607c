/*
 * iCalendar (RFC 5545) as a calendar store needs it.
 *
 * A body is scanned once into content lines that point into a private copy; nothing is
 * ever re-serialised: what a client sent is stored and returned byte for byte, and what
 * the server adds is written by editing lines (ical_edit). Everything made here lives in
 * the arena given. All functions are pure on bytes and thread-safe after zone_init().
 */
#ifndef DEDIT_ICAL_ICAL_H
#define DEDIT_ICAL_ICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/spans.h"
#include "ical/zone.h"

#define ICAL_MIN INT64_MIN /* "always was": no first instant */
#define ICAL_MAX INT64_MAX /* "never ends" */

enum ical_kind {
	ICAL_NONE = 0,
	ICAL_VEVENT = 1,
	ICAL_VTODO = 2,
	ICAL_VJOURNAL = 4,
	ICAL_VFREEBUSY = 8,
	ICAL_VAVAILABILITY = 16,
	ICAL_VTIMEZONE = 32,
	ICAL_VALARM = 64,
	ICAL_VCALENDAR = 128,
	ICAL_OTHER = 256,
};

struct ical_limits {
	size_t bytes;      /* of the body */
	size_t line;       /* of one unfolded line */
	size_t lines;      /* content lines */
	unsigned depth;    /* of components */
	size_t params;     /* of one line */
	size_t attendees;  /* of one component */
	size_t zones;      /* VTIMEZONEs; each may be written out for 400 years */
	size_t instances;  /* of one expansion */
	uint64_t steps;    /* of one expansion: candidates looked at, empty or not */
	uint64_t *budget;  /* steps of all expansions that share it, counted down; NULL: as many as you like */
	int64_t earliest, latest; /* what ical_within() takes: UTC, both included */
};
extern const struct ical_limits ical_default_limits;
/* Of a budget an occurrence takes as much as so many steps: what is made of it costs more (measured). */
enum { ICAL_OCCURRENCE_STEPS = 50 };

struct ical_param {
	const char *name;  /* upper case */
	const char *value; /* unquoted, RFC 6868 decoded; of several values the text as sent, with commas */
};

struct ical_line {
	const char *name;  /* upper case, without group */
	const char *value; /* unfolded, not unescaped, NUL-terminated */
	const struct ical_param *params;
	size_t param_count;
	size_t offset, len; /* where the line stands in the body: folds and line end included */
	unsigned number;    /* of the physical line it begins on, from 1 */
	size_t end;         /* of a BEGIN: index of its END; else 0 */
};

struct ical_comp {
	enum ical_kind kind;
	const char *name; /* upper case */
	size_t first, last; /* indices of its BEGIN and END in ical.lines */
	struct ical_comp *parent, *children, *next;
};

struct ical {
	const char *body; /* private copy */
	size_t body_len;
	const struct ical_line *lines;
	size_t line_count;
	struct ical_comp *calendar; /* the one VCALENDAR */
	struct arena *mem;
	const struct ical_limits *limits;
	struct ical_zone *zones;    /* made on first use from VTIMEZONEs */
	bool zones_made;
	uint64_t zone_steps;        /* that making them took */
};

/* Scans and checks form: one VCALENDAR, BEGIN/END balance, UTF-8, no control bytes, limits.
 * A UTF-8 byte order mark at the start is tolerated. ERR_SYNTAX with the line number,
 * ERR_LARGE, ERR_ATTENDEES, ERR_LIMIT. limits NULL: the defaults. */
int ical_parse(const char *bytes, size_t len, const struct ical_limits *limits, struct arena *mem,
	struct ical **out, struct err *e);

/* What a store needs to know of an object. */
struct ical_info { const char *uid; enum ical_kind kind; };

/*
 * RFC 4791 4.1: no METHOD, exactly one UID, one kind of component beside VTIMEZONE, at most
 * one master, RECURRENCE-IDs distinct; RFC 5545: VERSION, required properties, those allowed
 * once, values of dates, durations and rules well-formed. Liberal where clients.md section 2
 * shows that a refusal stops a phone (missing DTSTAMP, PRODID, VTIMEZONE are tolerated).
 * ERR_SYNTAX for a malformed value, ERR_RULES for the rest, ERR_EARLY before the year 0001, ERR_LATE for
 * durations longer than the calendar,
 * ERR_COMPONENT if no component of a kind that is stored.
 */
int ical_valid(const struct ical *ic, struct ical_info *out, struct err *e);
/* Of a valid object: no date before limits->earliest or after ->latest (ERR_EARLY, ERR_LATE: RFC 4791
 * 5.2.6, 5.2.7), and no series that ends, but only after more than ->instances (ERR_INSTANCES: 5.2.8). What
 * was stored under other limits is valid all the same, hence apart. */
int ical_within(const struct ical *ic, struct err *e);

/* Nothing but VAVAILABILITYs, at least one, and VTIMEZONEs (RFC 7953 7.2): 0, or errors as above. */
int ical_availability_valid(const struct ical *ic, struct err *e);
/* Nothing but VALARMs, at least one, with ACTION and TRIGGER. */
int ical_alarms_valid(const struct ical *ic, struct err *e);

/* First/next direct property of that name in a component, or NULL. */
const struct ical_line *ical_prop(const struct ical *ic, const struct ical_comp *c, const char *name);
const struct ical_line *ical_prop_next(const struct ical *ic, const struct ical_comp *c,
	const struct ical_line *after, const char *name);
/* Iterates over all direct properties (BEGIN, END and nested components left out). after NULL: first. */
const struct ical_line *ical_line_next(const struct ical *ic, const struct ical_comp *c,
	const struct ical_line *after);
const char *ical_param(const struct ical_line *l, const char *name); /* NULL if missing */
/* TEXT: backslash escapes undone, in mem / done. */
char *ical_text(const char *value, struct arena *mem);
int ical_escape(struct buf *out, const char *text);
/* Top-level components: the first that is neither VTIMEZONE nor X-; its kind is the object's. */
const struct ical_comp *ical_first(const struct ical *ic);
/* The master (without RECURRENCE-ID) or NULL if the object holds overrides only. */
const struct ical_comp *ical_master(const struct ical *ic);
/* STATUS:CANCELLED (RFC 5545 3.8.1.11). */
bool ical_is_cancelled(const struct ical *ic, const struct ical_comp *c);

/* ---- values ---- */

enum ical_form { ICAL_UTC, ICAL_ZONED, ICAL_FLOATING, ICAL_DATE };
struct ical_when {
	struct wall wall;
	enum ical_form form;
	const struct zone *zone; /* ICAL_ZONED: resolved; NULL for the others */
	const char *tzid;        /* as sent, or NULL */
	int64_t utc;             /* floating and dates resolved in the zone asked for */
	const struct zone *in;   /* the zone utc was computed in; NULL: `zone`, or UTC if that is NULL too */
};
/* value as DATE or DATE-TIME. tzid: the parameter or NULL; Olson names win over the object's own
 * VTIMEZONE (asks.md 27), an unknown name without VTIMEZONE is floating. floating: zone for
 * floating times and dates, NULL = UTC. */
int ical_when(const struct ical *ic, const char *value, const char *tzid, const struct zone *floating,
	struct ical_when *out, struct err *e);
/* The property's own value and TZID. */
int ical_line_when(const struct ical *ic, const struct ical_line *l, const struct zone *floating,
	struct ical_when *out, struct err *e);
/*
 * "EXDATE;TZID=Europe/Paris:20260610T100000", unfolded and without line end: the instant `when` as a property
 * of that name, in form, zone and TZID of the line `like`, which is DTSTART for what names a date of a series
 * (RFC 5545 3.8.4.4, 3.8.5.1: the same value type). floating: as above. In mem; NULL: `like` is no time.
 */
const char *ical_date_line(const struct ical *ic, const struct ical_line *like, const char *name,
	int64_t when, const struct zone *floating, struct arena *mem);
/* RFC 5545 3.3.6. days are nominal (wall clock), seconds exact; weeks are 7 days. */
struct ical_duration { int64_t days, seconds; };
int ical_duration(const char *value, struct ical_duration *out, struct err *e);
/* Adds: days in wall time of the zone, then seconds exactly. */
int64_t ical_add(const struct ical_when *start, const struct ical_duration *d);

/* ---- recurrence ---- */

struct ical_instance {
	int64_t start, end;        /* UTC; end >= start */
	int64_t recurrence;        /* instant of its RECURRENCE-ID: where the rule put it */
	struct ical_when when;     /* the start as written */
	const struct ical_comp *comp; /* master or override that describes it */
	bool override;
};
/*
 * The occurrences of an object that overlap [from, to), overrides applied (THISANDFUTURE
 * too), EXDATE, EXRULE and RDATE honoured by instant, ordered by start; a component without
 * rule has one. RFC 4791 9.9 decides what overlaps. visit returns non-zero to stop (which is
 * no error). limits->instances and ->steps bound the work: ERR_INSTANCES.
 */
typedef int (*ical_visit_fn)(const struct ical_instance *i, void *arg);
int ical_expand(const struct ical *ic, const struct zone *floating, int64_t from, int64_t to,
	ical_visit_fn visit, void *arg, struct err *e);

/* The span of all occurrences for an index: [*first, *last); ICAL_MAX without end. Floating and
 * all-day times are widened by 14 hours on both sides so that any zone's question hits. Cheap: no
 * expansion of endless or long rules, may be too wide, never too narrow. */
int ical_bounds(const struct ical *ic, int64_t *first, int64_t *last, struct err *e);

enum ical_trait {
	ICAL_EXACT = 1,           /* what overlaps a range (RFC 4791 9.9) is what the times say, in any zone */
	/* All occurrences leave their owner free, or busy; none of these: it differs, or the object is no event. */
	ICAL_ALWAYS_FREE = 2,
	ICAL_ALWAYS_BUSY = 4,
	ICAL_ALWAYS_TENTATIVE = 8,
};
/* What an index keeps, so that a question for a time needs to read little beside what it finds. */
struct ical_index {
	int64_t first, last;      /* as ical_bounds(), but as narrow as the spans, if they are known */
	struct span_set spans;       /* of the occurrences of what has several, widened likewise; else nothing */
	unsigned traits;          /* enum ical_trait */
};
/* The spans are in mem. Of endless or long series only the beginning is listed; the rest counts as
 * possible. */
int ical_index(const struct ical *ic, struct arena *mem, struct ical_index *out, struct err *e);

/* ---- filters: RFC 4791 9.7 ---- */

/* May a property of that name (upper case) hold dates or times? */
bool ical_is_time(const char *name);

enum ical_collation { COLL_ASCII_CASEMAP, COLL_OCTET, COLL_UNICODE_CASEMAP };
struct ical_text_match {
	const char *text;
	enum ical_collation collation;
	bool negate;
};
struct ical_param_filter {
	const char *name;
	bool is_not_defined;
	const struct ical_text_match *match;
	const struct ical_param_filter *next;
};
struct ical_prop_filter {
	const char *name;
	bool is_not_defined, has_range;
	int64_t from, to;
	const struct ical_text_match *match;
	const struct ical_param_filter *params;
	const struct ical_prop_filter *next;
};
struct ical_comp_filter {
	const char *name; /* upper case */
	bool is_not_defined, has_range;
	int64_t from, to; /* UTC; ICAL_MIN/ICAL_MAX where open */
	const struct ical_prop_filter *props;
	const struct ical_comp_filter *comps, *next;
};
/* The filter's root names VCALENDAR. 1 match, 0 none, -1 with e. */
int ical_match(const struct ical *ic, const struct ical_comp_filter *filter, const struct zone *floating,
	struct err *e);

/* ---- editing in place ---- */

struct ical_edit;
/* Edits are collected against `ic` and done by ical_edit_write; the untouched lines stay byte for byte. */
struct ical_edit *ical_edit_begin(const struct ical *ic);
void ical_edit_remove(struct ical_edit *ed, const struct ical_line *l);
/* line: unfolded "NAME;PARAM=x:value" without line end, folded at 75 octets when written. */
void ical_edit_replace(struct ical_edit *ed, const struct ical_line *l, const char *line);
/* Before the component's END (before its first nested component, if it has one). Several keep their order. */
void ical_edit_add(struct ical_edit *ed, const struct ical_comp *c, const char *line);
/* Uses the body's own line ends (CRLF, or LF if the first line has it). */
int ical_edit_write(const struct ical_edit *ed, struct buf *out, struct err *e);
/* Folded at 75 octets, never inside a UTF-8 character, with CRLF. */
int ical_fold(struct buf *out, const char *line);

/* ---- rendering for clients: RFC 4791 9.6 ---- */

/* What is wanted of a component (9.6.1); names are upper case. */
struct ical_part_prop { const char *name; bool no_value; const struct ical_part_prop *next; };
struct ical_part {
	const char *name;
	bool all_props, all_parts;
	const struct ical_part_prop *props;
	const struct ical_part *parts, *next;
};
enum ical_recurrences {
	ICAL_AS_STORED,
	/* The occurrences that overlap the range as components of their own, each with its RECURRENCE-ID,
	 * without rules and time zones (9.6.5). Zoned times become UTC, dates and floating times keep their
	 * form. */
	ICAL_EXPANDED,
	/* The master, and of the overrides those that touch the range, or did in their planned place (9.6.6). */
	ICAL_LIMITED,
};
struct ical_view {
	const struct ical_part *part;     /* of the VCALENDAR; NULL: all of it */
	enum ical_recurrences recurrences;
	int64_t from, to;                 /* for these two */
	bool limit_busy;                  /* of VFREEBUSY only the periods that overlap these (9.6.7) */
	int64_t busy_from, busy_to;
	const struct zone *floating;
};
/* -1 with e: ERR_INSTANCES, ERR_LARGE (out is full). */
int ical_render(const struct ical *ic, const struct ical_view *view, struct buf *out, struct err *e);
/* A body without those folds that stand inside a character (RFC 5545 3.1 allows them, XML can't hold
 * them). -1: out is full. */
int ical_render_whole(const char *body, size_t len, struct buf *out);

/* ---- many objects as one calendar, written piece by piece ---- */

/* NULL or "": not said. */
struct ical_merge_head {
	const char *name, *description; /* plain text */
	const char *color;              /* a name of CSS (RFC 7986 5.9), or Apple's "#RRGGBB" */
	const char *zone;               /* TZID of the floating times */
	int64_t refresh;                /* seconds after which to ask again (RFC 7986 5.7); 0: not said */
};
struct ical_merge;
/* The beginning of a VCALENDAR. What has to be known of it later lives in mem. */
struct ical_merge *ical_merge_begin(const struct ical_merge_head *head, struct arena *mem,
	struct buf *out);
/* The components of one object as they stand, with CRLF. Each VTIMEZONE comes once; a name that means
 * something else in this object than in those before is exchanged. ERR_LIMIT: more time zones than any
 * program reads, none of its other components was written; ERR_LARGE: out is full. */
int ical_merge_add(struct ical_merge *m, const struct ical *ic, struct buf *out, struct err *e);
void ical_merge_end(const struct ical_merge *m, struct buf *out);

/* ---- for those who may see when, but not what ---- */

/* RFC 5545 3.8.1.3: some component is CLASS:PRIVATE, CONFIDENTIAL, or of a class that nobody knows. */
bool ical_is_private(const struct ical *ic);
/* Appends the events with their times, rules, exceptions, STATUS and TRANSP, and nothing else but the
 * time zones; UIDs become unreadable, but stay the same under one salt. Nothing is appended for an
 * object that is no event. ERR_LARGE: out is full. */
int ical_conceal(const struct ical *ic, const char *salt, struct buf *out, struct err *e);
/* VTIMEZONEs as RFC 7809 3.1.2 lets clients ask for them. */
enum ical_zones {
	ICAL_ZONES_AS_THEY_ARE,
	ICAL_ZONES_ALL,      /* those of the system's zones that are used and not defined are added */
	ICAL_ZONES_OWN_ONLY, /* definitions of the system's zones are left out */
};
/* The object with these; every other byte as it is. -1: out is full. */
int ical_render_zones(const struct ical *ic, enum ical_zones want, struct buf *out);

/* ---- busy times: RFC 4791 7.10 ---- */

enum ical_busy_kind { ICAL_BUSY, ICAL_BUSY_TENTATIVE, ICAL_BUSY_UNAVAILABLE };
struct ical_busy { int64_t start, end; enum ical_busy_kind kind; };
struct ical_busy_list {
	struct arena *mem;   /* set by the caller, as is max */
	size_t max;          /* periods: ERR_INSTANCES beyond */
	struct ical_busy *items;
	size_t count, size;
};
/* Adds one that is known already, cut to [from, to); nothing of one outside. False: the list is full. */
bool ical_busy_period(struct ical_busy_list *list, const struct ical_busy *b, int64_t from, int64_t to);
/* Adds when an object makes its owner busy within [from, to), cut to it: events that are neither transparent
 * nor cancelled, and the periods of VFREEBUSY. */
int ical_busy_add(struct ical_busy_list *list, const struct ical *ic, const struct zone *floating,
	int64_t from, int64_t to, struct err *e);
/*
 * Adds when the VAVAILABILITYs of some objects leave their owner no time within [from, to), each by its
 * BUSYTYPE, less what their AVAILABLEs leave free (RFC 7953 4): higher priority wins. ERR_INSTANCES.
 */
int ical_availability_add(struct ical_busy_list *list, const struct ical *const *ics, size_t count,
	const struct zone *floating, int64_t from, int64_t to, struct err *e);
/* Sorts and joins what overlaps, and writes it as a VCALENDAR with one VFREEBUSY. */
int ical_busy_write(struct ical_busy_list *list, int64_t from, int64_t to, int64_t now, struct buf *out,
	struct err *e);

/* ---- what a change does: old against new ---- */

enum ical_change_kind {
	ICAL_BOOKED,    /* an occurrence that was not there, or was cancelled before */
	ICAL_MOVED,     /* start differs */
	ICAL_CANCELLED, /* gone (EXDATE, UNTIL, resource deleted) or STATUS:CANCELLED now */
	ICAL_CHANGED,   /* same start, something else differs: end, title, notes, attendees, transparency */
	ICAL_SAME,      /* untouched, listed only if asked for */
};
struct ical_change {
	enum ical_change_kind kind;
	bool gone;                    /* CANCELLED: no component left that shows it */
	const struct ical_instance *before, *after; /* NULL where there is none */
};
/*
 * Compares what an object meant before and after (either may be NULL). Occurrences are paired
 * by RECURRENCE-ID instant; of a changed rule the remaining ones pair by order. Only those whose
 * old or new start lies in [from, to) are listed, ordered by old start (new start for booked); with
 * `all`, also ICAL_SAME. STATUS:CANCELLED counts as not there. Floating times in `floating`. Results in mem.
 * policy.md 3.5, architecture.md "Why per occurrence".
 */
int ical_diff(const struct ical *before, const struct ical *after, const struct zone *floating,
	int64_t from, int64_t to, bool all, struct arena *mem, const struct ical_change **out, size_t *count,
	struct err *e);

#endif
