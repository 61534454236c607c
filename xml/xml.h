/*
 * WebDAV's XML: request bodies into a tree, answers out of a stack writer. The only
 * floor that includes libxml2. Names are compared as namespace + local name; prefixes
 * mean nothing on input and are fixed on output.
 */
#ifndef DEDIT_XML_XML_H
#define DEDIT_XML_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum ns { NS_OTHER, NS_NONE, NS_DAV, NS_CALDAV, NS_CS, NS_APPLE, NS_COUNT };

/* "DAV:", "urn:ietf:params:xml:ns:caldav", "http://calendarserver.org/ns/",
 * "http://apple.com/ns/ical/"; NULL for NS_OTHER, "" for NS_NONE. */
const char *xml_ns_uri(enum ns ns);
enum ns xml_ns_find(const char *uri); /* NS_OTHER if unknown, NS_NONE for NULL and "" */
bool xml_name_valid(const char *name); /* a local name that may stand in a tag */

struct xml_attr {
	enum ns ns;
	const char *uri, *name, *value;
	struct xml_attr *next;
};

struct xml_node {
	enum ns ns;
	const char *uri;  /* "" without namespace */
	const char *name; /* NULL: a piece of text */
	const char *text; /* of a piece of text */
	const struct xml_attr *attrs;
	const char *lang; /* inherited xml:lang, or NULL */
	struct xml_node *parent, *children, *next;
};

struct xml_limits {
	size_t bytes;    /* body */
	unsigned depth;  /* 32 is plenty */
	size_t nodes;    /* elements */
	size_t tag;      /* bytes of one tag, attributes included (libxml2 is quadratic there) */
};

/*
 * Parses a body. No DTD, no entities but the five, no network, UTF-8 (or UTF-16 with a
 * byte order mark) only, undeclared prefixes refused. ERR_INVALID if it is not such XML,
 * ERR_LIMIT if a limit is passed. The tree lives in `mem`. Thread-safe after xml_init().
 */
int xml_parse(const char *bytes, size_t len, const struct xml_limits *limits, struct arena *mem,
	struct xml_node **out, struct err *e);
void xml_init(void); /* once, before threads */

bool xml_is(const struct xml_node *n, enum ns ns, const char *name); /* false for NULL */
/* First child element / first with that name / next sibling element / with that name; or NULL. */
const struct xml_node *xml_child(const struct xml_node *n);
const struct xml_node *xml_find(const struct xml_node *n, enum ns ns, const char *name);
const struct xml_node *xml_next(const struct xml_node *n);
const struct xml_node *xml_next_same(const struct xml_node *n);
/* All text directly below n, joined, in mem; "" if none. xml_text_trim cuts white space off the ends. */
const char *xml_text(const struct xml_node *n, struct arena *mem);
const char *xml_text_trim(const struct xml_node *n, struct arena *mem);
const char *xml_attr(const struct xml_node *n, const char *name); /* no namespace; NULL if missing */

/* The element as XML that stands alone: every namespace declared on it, xml:lang kept
 * (RFC 4918 4.3). What PROPPATCH stores and PROPFIND writes back raw. */
int xml_serialize(const struct xml_node *n, struct buf *out);

/* ---- writing ---- */

struct xmlw_mark { size_t len; unsigned depth; bool open; };

/* Writes into a caller's buffer; depth is bounded. Overflow shows as out->full. */
struct xmlw {
	struct buf *out;
	const char *base; /* put before the path in each href; NULL: nothing is */
	unsigned depth;
	bool open; /* the last start tag still lacks its '>' */
	struct { enum ns ns; const char *name, *uri; } stack[32];
};

void xmlw_init(struct xmlw *w, struct buf *out);
/* XML declaration and root element, which declares the fixed prefixes D C CS A. */
void xmlw_root(struct xmlw *w, enum ns ns, const char *name);
/* For a generator's later pieces: pushes the root without writing it. */
void xmlw_resume(struct xmlw *w, enum ns ns, const char *name);
void xmlw_start(struct xmlw *w, enum ns ns, const char *name);
/* A name in a foreign namespace: declares it on the element as prefix X. */
void xmlw_start_uri(struct xmlw *w, const char *uri, const char *name);
void xmlw_attr(struct xmlw *w, const char *name, const char *value); /* right after a start */
void xmlw_end(struct xmlw *w);
void xmlw_empty(struct xmlw *w, enum ns ns, const char *name);
void xmlw_text(struct xmlw *w, const char *text);         /* escaped; CR as &#13; */
void xmlw_textn(struct xmlw *w, const char *text, size_t len);
void xmlw_elem(struct xmlw *w, enum ns ns, const char *name, const char *text);
void xmlw_href(struct xmlw *w, const char *href);         /* <D:href>, encoded already; a path gets w->base */
void xmlw_raw(struct xmlw *w, const char *xml, size_t len); /* well-formed, from xml_serialize */
/* Take back everything written since the mark; out->full stays as it is. */
struct xmlw_mark xmlw_mark(struct xmlw *w);
void xmlw_rollback(struct xmlw *w, struct xmlw_mark mark);

#endif
