/*
 * What the files of caldav/ share: the request's context, resources and their URLs, rights, the tables
 * of methods and reports, and the multistatus plan. Everything lives in the request's arena.
 */
#ifndef DEDIT_CALDAV_DAV_H
#define DEDIT_CALDAV_DAV_H

#include "caldav/caldav.h"
#include "caldav/error.h"
#include "policy/update.h"

/* ---- resources ---- */

/* Bits, so that tables can say on which kinds a row holds. */
enum resource_kind {
	RES_ROOT = 1,       /* / */
	RES_PRINCIPALS = 2, /* /principals/ */
	RES_PRINCIPAL = 4,  /* /principals/<user>/ */
	RES_HOMES = 8,      /* /calendars/ */
	RES_HOME = 16,      /* /calendars/<user>/ */
	RES_CALENDAR = 32,  /* /calendars/<user>/<calendar>/ or …/<sharee>/<owner>~<calendar>/ */
	RES_OBJECT = 64,    /* …/<name> */
	RES_UNKNOWN = 128,  /* any other path: it never exists */
	RES_PROXY_READ = 256,  /* /principals/<user>/calendar-proxy-read/: who acts for the user */
	RES_PROXY_WRITE = 512, /* … calendar-proxy-write/ */
	RES_GROUP = 1024,      /* /principals/group~<name>/ */

	RES_PROXIES = RES_PROXY_READ | RES_PROXY_WRITE,
	RES_ALL_PRINCIPALS = RES_PRINCIPAL | RES_PROXIES | RES_GROUP,
	RES_COLLECTIONS = RES_ROOT | RES_PRINCIPALS | RES_ALL_PRINCIPALS | RES_HOMES | RES_HOME | RES_CALENDAR,
	RES_ANY = RES_COLLECTIONS | RES_OBJECT,
	/* what keeps properties that clients set; above is nobody's */
	RES_KEEPERS = RES_PRINCIPAL | RES_HOME | RES_CALENDAR | RES_OBJECT,
};

/* RFC 3744 3 and RFC 4791 6.1; PRIV_WRITE is the four kinds of writing together. */
enum privilege {
	PRIV_READ = 1,
	PRIV_WRITE_PROPERTIES = 2,
	PRIV_WRITE_CONTENT = 4,
	PRIV_BIND = 8,
	PRIV_UNBIND = 16,
	PRIV_READ_ACL = 32,
	PRIV_READ_CURRENT_USER = 64,
	PRIV_READ_FREE_BUSY = 128,
	PRIV_WRITE_ACL = 256,
	PRIV_UNLOCK = 512,

	PRIV_WRITE = PRIV_WRITE_PROPERTIES | PRIV_WRITE_CONTENT | PRIV_BIND | PRIV_UNBIND,
	PRIV_READS = PRIV_READ | PRIV_READ_CURRENT_USER | PRIV_READ_FREE_BUSY,
	PRIV_ALL = PRIV_READS | PRIV_WRITE | PRIV_READ_ACL | PRIV_WRITE_ACL | PRIV_UNLOCK,
};

/*
 * One URL. A resource that the asking user may not know of has exists == false, just like one that is
 * not there; nobody else needs to think of it.
 */
struct resource {
	enum resource_kind kind;
	bool exists;
	bool parent_exists;     /* RES_OBJECT: its calendar; RES_CALENDAR: its home */
	const char *reader;     /* calendars: whose personal properties hold (15.16); "": nobody's */
	unsigned privileges;    /* of the asking user; 0 unless it (or, for a new one, its parent) exists */
	const char *href;       /* encoded, in the request's spelling; ends in '/' for collections */
	const char *user;       /* lower case: whose principal or home; NULL above */
	const char *segment;    /* RES_CALENDAR, RES_OBJECT: the calendar's segment, decoded */
	const char *name;       /* RES_OBJECT: the object's, decoded */
	struct collection coll; /* RES_CALENDAR, RES_OBJECT, if that calendar exists; else coll.id is 0. RES_HOME:
	                         * seq alone, of when its calendars were listed with it; else 0 */
	struct object object;   /* RES_OBJECT, if it exists */
	struct account account; /* RES_PRINCIPAL, RES_HOME, proxies, if it exists (no password, no tokens) */
	const struct dav_group *group; /* RES_GROUP, if it exists */
};

/* ---- the request ---- */

enum { DEPTH_MISSING = -1, DEPTH_INFINITY = 2 };

/* Prefer (RFC 7240, RFC 8144), and Brief, which means the same as return=minimal. */
struct preferences { bool minimal, representation, noroot; };

struct dav_request {
	const struct dav *dav;
	struct request *http;
	struct arena *mem;               /* http->mem */
	struct store *store;             /* dav->store */
	const struct method *method;
	int depth;                       /* 0, 1, DEPTH_INFINITY, DEPTH_MISSING */
	struct resource target;
	struct preferences prefer;
	const struct conditions *conditions; /* precond.c */
	struct collection_seen seen;         /* what the conditions rest on, besides the target */
	struct { store_id calendar; const struct zone *zone; } floating; /* calendar_zone's last answer */
	struct { const char *owner; enum share_access access; } acting;  /* access_acts_for's last answer */
	struct { store_id calendar; bool any; } object_props;  /* stored_props_of's last answer */
	size_t expanded;                 /* hrefs that expand-property has followed */
	struct { uint64_t looking, showing; } steps; /* budgets of report_parse()'s objects */
};

/* ---- resource.c: the only place that knows URLs ---- */

/*
 * A raw path (no query) to a resource. 0; or -1 if the path is malformed or too long (ERR_INVALID) or
 * the store fails (its code). A well-formed path that leads nowhere gives exists == false.
 */
int resource_resolve(struct dav_request *rq, const char *path, struct resource *out, struct err *e);
/* What the path alone says: kind, href, user, segment, name. ERR_INVALID. */
int resource_parse(struct dav_request *rq, const char *path, struct resource *out, struct err *e);
/*
 * The path of an href or Destination: an absolute path, or an absolute URI that names this server (by
 * Host, by what a proxy says, or public_url). NULL: another server, or no URI at all. Raw, without base,
 * query and fragment.
 */
const char *resource_href_path(struct dav_request *rq, const char *href);
/* What stands above a resource, there or not. */
int resource_parent(struct dav_request *rq, const struct resource *res, struct resource *out,
	struct err *e);
/* Of a raw path, whatever is there: below /calendars, and there of a depth where only an event can be.
 * Another spelling of "calendars" may pass for something else. */
bool resource_is_calendar_path(const char *path);
bool resource_is_event_path(const char *path);
/* calendar->href with an object's name behind it, encoded once. */
char *resource_object_href(struct arena *mem, const struct resource *calendar, const char *name);
/* Fills an object's resource of a calendar from its row; strings are borrowed from the row. */
void resource_object(struct arena *mem, const struct resource *calendar, const struct object *row,
	struct resource *out);
/* The URL segment of a calendar in a home, "name" or "owner~name", and its href there. */
const char *resource_calendar_segment(struct arena *mem, const struct resource *home,
	const struct collection *row);
char *resource_calendar_href(struct arena *mem, const struct resource *home, const struct collection *row);
/* A calendar in the home that `home` is, from its row. */
int resource_calendar(struct dav_request *rq, const struct resource *home, const struct collection *row,
	struct resource *out, struct err *e);
/* What the asking user sees in a home: own calendars first, then shared ones. In the request's arena. *seq:
 * the home's. */
struct home_calendar { struct resource res; struct home_calendar *next; };
int resource_home_calendars(struct dav_request *rq, const struct resource *home, struct home_calendar **out,
	uint64_t *seq, struct err *e);
/* Calendars that others share with `user` are in that home for the user and administrators only: not
 * for who acts for the user. */
bool resource_home_shows(const struct dav_request *rq, const char *user, const char *owner);
char *principal_href(struct arena *mem, const char *user); /* "/principals/anna/" */
char *home_href(struct arena *mem, const char *user);      /* "/calendars/anna/" */
char *group_href(struct arena *mem, const char *group);    /* "/principals/group~admin/" */
/* "/principals/anna/calendar-proxy-read/" by RES_PROXY_READ or _WRITE */
char *proxy_href(struct arena *mem, const char *user, enum resource_kind kind);

/* ---- access.c: the only place that knows rights ---- */

/* Mask of enum privilege that the asking user has on a calendar (and on what is in it). */
int access_calendar(struct dav_request *rq, const struct collection *c, unsigned *out, struct err *e);
int access_home(struct dav_request *rq, const char *user, unsigned *out, struct err *e);
/* May the asking user give a calendar to everybody who knows a link? The owner, and who acts for it in
 * writing. */
int access_publishes(struct dav_request *rq, const struct collection *c, bool *out, struct err *e);
/* Of what is above the homes, and of principals that the asking user finds. */
unsigned access_public(const struct dav_request *rq, const struct resource *res);
/* 15.31: may the asking user know of the account, or of the group? */
int access_principal(struct dav_request *rq, const char *user, bool *visible, struct err *e);
int access_group(struct dav_request *rq, const struct dav_group *group, bool *visible, struct err *e);
/* What a mask on a calendar means for an object in it. */
unsigned access_member(unsigned calendar);
/* Is the asking user a delegate of `owner`? SHARE_NONE, SHARE_READ or SHARE_WRITE. */
int access_acts_for(struct dav_request *rq, const char *owner, enum share_access *out, struct err *e);
/* The share that gives just these rights; SHARE_NONE: there is no such. */
enum share_access access_of_grant(unsigned mask);

/* The same rights as entries of DAV:acl (RFC 3744 5.5), in the arena. */
enum ace_who { ACE_HREF, ACE_OWNER, ACE_AUTHENTICATED };
struct ace {
	enum ace_who who;
	const char *principal;   /* ACE_HREF */
	unsigned grant;
	bool protected;
	const char *inherited;   /* the resource it comes from, or NULL */
	struct ace *next;
};
int access_entries(struct dav_request *rq, const struct resource *res, struct arena *mem,
	const struct ace **out, struct err *e);
/* What deleting an object takes: in the Fees calendar it only hides an entry (15.11). */
unsigned access_to_delete(const struct resource *res);
/* Where nothing can be made: 409 without parent, else 403; in other people's space 403 in any case. */
int access_no_parent(struct dav_request *rq, const struct resource *res);
/* 0, or 403 need-privileges naming the resource. `has` is a resource's mask. */
int access_need(struct dav_request *rq, const struct resource *res, unsigned has, unsigned need);

/* ---- precond.c: If-Match, If-None-Match, If ---- */

/* Parses the headers; NULL and *e for a malformed If header (400). */
const struct conditions *conditions_parse(struct dav_request *rq, struct err *e);
/* The same signature as event_request.precondition; arg is the struct dav_request. there NULL: no such
 * resource. -1 with ERR_CHANGED: 412. */
int conditions_check(const struct object *there, void *arg, struct err *e);
/* GET and HEAD: If-None-Match names this ETag (weak comparison): 304. */
bool conditions_not_modified(const struct dav_request *rq, const char *etag);

/* ---- prefer.c ---- */

struct preferences preferences_read(const struct request *rq);
/* Tells the client that a preference was followed: "return=minimal". Once for each, at most. */
void preference_applied(struct dav_request *rq, const char *preference);
/* An object as the answer to what changed it (return=representation): with its ETag and Content-Location
 * in place of the response so far. Returns the status; 0 if it can't be read any more, and nothing is
 * changed. */
int answer_representation(struct dav_request *rq, const struct resource *at, int status);

/* ---- methods and reports: tables in dispatch.c and report.c ---- */

struct method {
	const char *name;
	unsigned on;        /* kinds of resources */
	unsigned flags;
	/* Fills the response, returns its status. NULL: a name that clients know, offered on nothing: 405,
	 * where the unheard-of is 501. */
	int (*run)(struct dav_request *rq);
};
enum {
	METHOD_CHANGES = 1,  /* something; so not from another site's page (15.35) */
	METHOD_EXISTING = 2, /* 404 where nothing is */
	METHOD_MAKES = 4,    /* resource-must-be-null where something is */
	METHOD_BODY = 8,     /* takes a body; the others, if they change something, refuse one */
	METHOD_EVENT = 16,   /* which is an event */
	METHOD_PREFERS = 32, /* the answer depends on Prefer */
	METHOD_QUICK = 64,   /* on one resource at Depth 0, if it is no calendar that is read whole */
};
extern const struct method dav_methods[]; /* ended by a row without name */
/* "OPTIONS, GET, …" for the target. */
char *method_allow(const struct dav_request *rq);

int method_acl(struct dav_request *rq);
int method_options(struct dav_request *rq);
int method_propfind(struct dav_request *rq);
int method_proppatch(struct dav_request *rq);
int method_mkcalendar(struct dav_request *rq);
int method_mkcol(struct dav_request *rq);
int method_get(struct dav_request *rq);
/* Of a calendar: get_calendar.c. */
int get_calendar(struct dav_request *rq);
int method_put(struct dav_request *rq);
int method_post(struct dav_request *rq);
int method_delete(struct dav_request *rq);
int method_copy(struct dav_request *rq);
int method_move(struct dav_request *rq);
int method_report(struct dav_request *rq);

struct report {
	enum ns ns;
	const char *name;
	unsigned on;         /* kinds of resources; others: 403 supported-report */
	enum privilege need;
	int (*run)(struct dav_request *rq, const struct xml_node *root);
};
/* Ended by a row without name; supported-report-set is made from it. */
extern const struct report dav_reports[];

int report_acl_principals(struct dav_request *rq, const struct xml_node *root);
int report_cs_search(struct dav_request *rq, const struct xml_node *root);
int report_expand(struct dav_request *rq, const struct xml_node *root);
int report_principal_match(struct dav_request *rq, const struct xml_node *root);
int report_principal_search(struct dav_request *rq, const struct xml_node *root);
int report_searchable(struct dav_request *rq, const struct xml_node *root);
int report_multiget(struct dav_request *rq, const struct xml_node *root);
int report_query(struct dav_request *rq, const struct xml_node *root);
int report_sync(struct dav_request *rq, const struct xml_node *root);
int report_freebusy(struct dav_request *rq, const struct xml_node *root);

/* What event_put and its like want to know of a request. */
struct event_request event_request_of(struct dav_request *rq);
/* Stores the body of the request at `at`: what PUT and POST have in common. `made`: nothing may be there,
 * ERR_EXISTS in *e. 0, or -1. */
int store_event(struct dav_request *rq, const struct resource *at, bool made, struct event_result *out,
	struct err *e);
/* Is the body of that media type, whatever its parameters (RFC 9110 8.3.1)? False without Content-Type. */
bool body_is(const struct dav_request *rq, const char *type);
/* The headers of a body that is to be stored: 0, or a refusal. */
int check_event_headers(struct dav_request *rq);
/* 201 or 204 with what may be told of the new object. */
int answer_stored(struct dav_request *rq, const struct resource *at, const struct event_result *result);
/* 0 if an object may be written at `res` (PUT, the destination of COPY and MOVE), else a refusal. */
int check_object_place(struct dav_request *rq, const struct resource *res);
/* As fail_err; a UID that is taken names the object beside `at` that holds it. */
int fail_event(struct dav_request *rq, const struct resource *at, const struct event_result *result,
	const struct err *e);
/* Names of objects and calendars (15.14). */
enum { NAME_BYTES = 200 };

/* xmlw_init for what a client gets to see: hrefs are written with the base path. */
void writer_begin(const struct dav_request *rq, struct xmlw *w, struct buf *out);
/* The body as XML with the settings' limits: 0 and the root (NULL for an empty body), or a refusal. */
int request_xml(struct dav_request *rq, const struct xml_node **root);

/* ---- sync_token.c: RFC 6578 4 ---- */

/* The present one of a calendar or home: DAV:sync-token, CS:getctag, and what an If header may name
 * (RFC 6578 5). NULL if the store fails. */
char *resource_sync_token(struct dav_request *rq, struct arena *mem, const struct resource *res,
	struct err *e);
char *sync_token_write(struct dav_request *rq, struct arena *mem, const struct resource *res,
	const struct sync_point *p);
/* -1: none that was ever given out for this resource in this history. */
int sync_token_read(struct dav_request *rq, const struct resource *res, const char *token,
	struct sync_point *out);

/* "text/calendar; charset=utf-8; component=VEVENT" */
char *object_content_type(struct arena *mem, const struct object *o);
/* Bit of a component that calendars hold, by name; 0 if it is none of them. All of them. */
unsigned component_kind(const char *name);
unsigned component_kinds(void);
/* The zone of an iCalendar object with exactly one VTIMEZONE (RFC 4791 5.2.2): the system's if it knows the
 * name, else as defined. NULL: it is none, or of no use. */
const struct zone *timezone_of(struct dav_request *rq, const char *text);
/* CalDAV-Timezones (RFC 7809 7.1); without it the bytes as they were stored. */
enum ical_zones zones_wanted(const struct dav_request *rq);
/* For floating times of a calendar: what the report said, or calendar-timezone; NULL is UTC. */
const struct zone *calendar_zone(struct dav_request *rq, const struct collection *c);

const struct dav_group *dav_group_find(const struct dav_settings *settings, const char *name); /* or NULL */
bool dav_group_has(const struct dav_group *group, const char *user); /* false for NULL */

/* ---- multistatus.c ---- */

struct prop_list; /* prop.h */
struct plan;

/*
 * What a multistatus will say: collected first (compact, in the arena, in one snapshot; but a calendar's
 * members page by page), written afterwards piece by piece with bounded memory, however slow the client is.
 */
struct plan *plan_create(struct dav_request *rq);
/* Any resource with its properties; *res must live in the arena. */
void plan_resource(struct plan *p, const struct resource *res);
/* An object of `calendar` (which must live in the arena) with its properties; the row is copied, so that
 * a store's visitor may call this. href NULL: the calendar's href and the name. If the body is asked
 * for, it is read when the piece is written: what has gone since is a 404, what has changed shows body
 * and ETag of now. */
void plan_object(struct plan *p, const struct resource *calendar, const struct object *row,
	const char *href);
/* The same with that row's body, which must live in the arena (NULL: as plan_object). */
void plan_object_body(struct plan *p, const struct resource *calendar, const struct object *row,
	const struct buf *body);
/* The same by its name alone, which is copied: for answers that show bodies, with which the row is read. */
void plan_name(struct plan *p, const struct resource *calendar, const char *name);
/* All objects of `calendar` (which must live in the arena), as they are when they are written. */
void plan_members(struct plan *p, const struct resource *calendar);
/* Only a status: 404 for what is gone, 507 with a condition for the collection. Copies href. */
void plan_status(struct plan *p, const char *href, int status, enum precond why);
/* What is right below the target, as far as the asking user may know of it: propfind.c. */
int plan_children(struct dav_request *rq, struct plan *p, struct err *e);
size_t plan_count(const struct plan *p);
/* Makes the answer; token NULL or the text of the final <D:sync-token>. Returns 207. */
int plan_answer(struct dav_request *rq, struct plan *p, const struct prop_list *props,
	const char *token);

#endif
