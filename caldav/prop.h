/*
 * Properties: rows of tables (props_*.c), asked for by name once per request, written one resource at a
 * time. What no table knows is a dead property of the resource, or 404; that is decided in one loop here.
 */
#ifndef DEDIT_CALDAV_PROP_H
#define DEDIT_CALDAV_PROP_H

#include "caldav/dav.h"

struct propctx;

enum prop_flags {
	PROP_ALLPROP = 1,  /* part of allprop (RFC 4918 14.2, Appendix) */
	PROP_BODY = 2,     /* get needs the object's body */
	PROP_STORED = 4,   /* kept as XML with the resource; get, if any, says what holds without */
	PROP_ZONE = 16,    /* one of the ways to say a calendar's zone: what was said last holds */
	PROP_PERSONAL = 8, /* stored; a sharee has an own value (15.16), else get's or the common one */
};

struct prop {
	enum ns ns;
	const char *name;
	unsigned on;    /* kinds of resources */
	unsigned flags;
	/* Writes what is inside the element; HTTP status: 200, or what the propstat says (then whatever
	 * was written is taken back). */
	int (*get)(const struct prop *p, struct propctx *c, struct xmlw *w);
	/* NULL: protected. A value that PROPPATCH or MKCALENDAR wants (NULL: remove) is acceptable: 200,
	 * or a status; *why says which condition failed. */
	int (*check)(const struct prop *p, struct dav_request *rq, const struct xml_node *value,
		enum precond *why);
};

/* A check for properties whose value is text alone. */
int prop_check_text(const struct prop *p, struct dav_request *rq, const struct xml_node *value,
	enum precond *why);

/* DAV:sync-token and CS:getctag of calendars and homes. */
int prop_get_sync_token(const struct prop *p, struct propctx *c, struct xmlw *w);

/* Rows by RFC, each ended by a row without name. */
extern const struct prop props_dav[], props_acl[], props_caldav[], props_zone[], props_apple[];
const struct prop *prop_find(enum ns ns, const char *name); /* NULL: in no table */

/* ---- what a request asks for ---- */

struct prop_list;

struct prop_wanted {
	const struct prop *row;      /* NULL: dead or unknown */
	enum ns ns;
	const char *uri, *name;
	const struct xml_node *node; /* the element in the request; calendar-data has children there */
	const struct prop_list *expand; /* what to show of each href in it (RFC 3253 3.8); NULL: the href */
};
enum prop_mode { PROPS_NAMED, PROPS_ALL, PROPS_NAMES };
struct prop_list {
	enum prop_mode mode;
	struct prop_wanted *wanted; /* PROPS_NAMED; of PROPS_ALL what <include> adds */
	size_t count;
	bool body;                  /* some row needs the object's body */
	unsigned stored;            /* kinds of resources with which something asked for may be stored */
};
/* One more name in `wanted`, which has room for it; NULL: it is in the list already. */
struct prop_wanted *prop_list_add(struct prop_list *list, enum ns ns, const char *uri, const char *name);
/* Looks into a PROPFIND body or a report's root for <prop>, <allprop> (with <include>) or <propname>.
 * parent NULL or without any: as `otherwise`. More than one, or more than 1000 names: ERR_INVALID. */
int prop_list_parse(struct dav_request *rq, const struct xml_node *parent, enum prop_mode otherwise,
	struct prop_list *out, struct err *e);

/* calendar-data is for reports on calendars (RFC 4791 9.6): elsewhere a property that nobody has. */
void prop_list_drop_bodies(struct prop_list *list);

/* ---- writing ---- */

/* What is stored with a resource, read once for each. */
struct stored_prop {
	const char *ns, *name, *xml; /* the element whole */
	bool own;                    /* the reader's, not the common one */
	struct stored_prop *next;
};
/* reader: a sharee, whose own values of PROP_PERSONAL rows stand before the common ones; "": only
 * those. *out is NULL if there are none. */
int stored_props_read(struct dav_request *rq, struct arena *mem, const struct collection *c,
	const char *reader, struct stored_prop **out, struct err *e);
/* The same for any resource; nothing is stored above RES_KEEPERS. */
int stored_props_of(struct dav_request *rq, struct arena *mem, const struct resource *res,
	struct stored_prop **out, struct err *e);
/* Sets and removes properties of a resource of RES_KEEPERS, all or none. */
int stored_props_patch(struct dav_request *rq, const struct resource *res, const struct prop_row *rows,
	size_t n, struct err *e);
/* Or NULL. */
struct stored_prop *stored_prop_find(struct stored_prop *list, const char *uri, const char *name);
/* The stored element, parsed; NULL for NULL. */
const struct xml_node *stored_prop_value(const struct dav_request *rq, struct arena *mem,
	const struct stored_prop *p);
/* The text directly inside the stored element, unescaped; "" for NULL. */
const char *stored_prop_text(const struct dav_request *rq, struct arena *mem,
	const struct stored_prop *p);

struct propctx {
	struct dav_request *rq;
	const struct resource *res;
	struct arena *mem;           /* ends with the resource */
	const struct xml_node *asked;
	const struct buf *body;      /* PROP_BODY rows only */
	struct stored_prop *stored;
};

/* The value that holds for the reader: NULL where the row's get says it. */
const struct stored_prop *prop_stored(const struct prop *row, const struct propctx *c);
/* Start tag of any name, known namespace or not. */
void prop_start(struct xmlw *w, enum ns ns, const char *uri, const char *name);
/* One property as an element; its status, and nothing written unless that is 200. */
int prop_write_value(const struct prop_wanted *wanted, struct propctx *c, struct xmlw *w);
/* The same with what wanted->expand says in the place of each href: report_expand.c. */
int expand_write(const struct prop_wanted *wanted, struct propctx *c, struct xmlw *w);
/* All propstats of one resource. -1 if the store fails. */
int prop_write(struct dav_request *rq, const struct resource *res, const struct buf *body,
	const struct prop_list *list, struct arena *mem, struct xmlw *w, struct err *e);

/* ---- changing (PROPPATCH, MKCALENDAR, MKCOL) ---- */

struct prop_change {
	const struct prop *row;       /* NULL: a dead property */
	enum ns ns;
	const char *uri, *name;
	const struct xml_node *value; /* NULL: remove */
	const char *xml;              /* of the value, as it will be stored; set by prop_change_check */
	int status;                   /* 200 so far, or why not */
	enum precond why;
	bool done;                    /* acceptable, and somebody else sees to it: nothing to store */
};
struct prop_changes { struct prop_change *rows; size_t count; };

/* The <set> and <remove> instructions below root, in their order. ERR_INVALID beyond 1000. */
int prop_changes_parse(struct dav_request *rq, const struct xml_node *root, struct prop_changes *out,
	struct err *e);
/* May this be set on that kind of resource? Fills status, why and xml. */
void prop_change_check(struct dav_request *rq, enum resource_kind kind, struct prop_change *c);
/* Everything or nothing (RFC 4918 9.2): true if all are 200, else those become 424. */
bool prop_changes_settle(struct prop_changes *c);
/* For the store: *n rows. reader: whose the PROP_PERSONAL ones are. */
const struct prop_row *prop_changes_rows(struct dav_request *rq, const struct prop_changes *c,
	const char *reader, size_t *n);
/* A propstat for each status. */
void prop_changes_write(const struct prop_changes *c, struct xmlw *w);
/* 207 with one response: the target's. */
int prop_changes_answer(struct dav_request *rq, const struct prop_changes *c);

#endif
