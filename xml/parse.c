#include <limits.h>
#include <libxml/hash.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <string.h>

#include "base/util.h"
#include "xml/xml.h"

struct parse {
	xmlParserCtxtPtr ctxt;
	xmlHashTablePtr uris; /* foreign namespaces, each copied once */
	const struct xml_limits *limits;
	struct arena *mem;
	struct xml_node *root, *open; /* open: the element that is being filled */
	struct xml_node *last;        /* its last child so far */
	struct buf text;              /* a piece of text that is not in the tree yet */
	unsigned depth;
	size_t nodes;
	bool failed;
	struct err *e;
};

/* What no parser's own handler is asked about, such as text that can't be converted, would go to stderr. */
static void keep_quiet(void *arg, const char *fmt, ...)
{
	(void)arg, (void)fmt;
}

void xml_init(void)
{
	xmlInitParser();
	xmlSetGenericErrorFunc(NULL, keep_quiet);
	xmlThrDefSetGenericErrorFunc(NULL, keep_quiet); /* of threads that are yet to come */
}

/* Keeps the first failure. */
static void fail(struct parse *p, enum errcode code, const char *what)
{
	if (!p->failed) {
		p->failed = true;
		err_set(p->e, code, "XML: %s", what);
	}
	/* wellFormed stays set after this: the flag above is what counts */
	xmlStopParser(p->ctxt);
}

/* ---- before libxml2 sees it ---- */

/* Bytes as characters: one, or every second of UTF-16. A unit above 0xff reads as 0xff. */
struct units {
	const unsigned char *bytes;
	size_t count, width, low; /* low: which byte of a pair is the low one */
};

static unsigned char unit_at(const struct units *u, size_t i)
{
	const unsigned char *pair = u->bytes + i * u->width;

	if (u->width == 1)
		return *pair;
	return pair[!u->low] == 0 ? pair[u->low] : 0xff;
}

static bool units_match(const struct units *u, size_t i, const char *what)
{
	for (; *what != '\0'; what++, i++) {
		if (i >= u->count || unit_at(u, i) != (unsigned char)*what)
			return false;
	}
	return true;
}

/* Where the construct that is ended by `stop` ends; count if it doesn't. */
static size_t skip_past(const struct units *u, size_t i, const char *stop)
{
	while (i < u->count && !units_match(u, i, stop)) {
		i++;
	}
	return i < u->count ? i + strlen(stop) : i;
}

static size_t skip_tag(const struct units *u, size_t i)
{
	unsigned char quote = 0;

	for (; i < u->count; i++) {
		unsigned char c = unit_at(u, i);
		if (quote == 0 && c == '>')
			return i + 1;
		if (quote == 0 && (c == '"' || c == '\'')) {
			quote = c;
		} else if (c == quote) {
			quote = 0;
		}
	}
	return i;
}

/* libxml2 compares each attribute with all before it: seconds, for a tag of half a megabyte. */
static int check_tags(const struct units *u, size_t tag_max, struct err *e)
{
	for (size_t i = 0; i < u->count;) {
		if (unit_at(u, i) != '<') {
			i++;
		} else if (units_match(u, i, "<!--")) {
			i = skip_past(u, i + 4, "-->");
		} else if (units_match(u, i, "<![CDATA[")) {
			i = skip_past(u, i + 9, "]]>");
		} else if (units_match(u, i, "<?")) {
			i = skip_past(u, i + 2, "?>");
		} else {
			size_t end = skip_tag(u, i);
			if ((end - i) * u->width > tag_max)
				return err_set(e, ERR_LIMIT, "XML: a tag longer than %zu bytes", tag_max);
			i = end;
		}
	}
	return 0;
}

static int check_bytes(const char *bytes, size_t len, const struct xml_limits *limits,
	struct err *e)
{
	struct units u = {.bytes = (const unsigned char *)bytes, .count = len, .width = 1};

	if (len > limits->bytes || len > INT_MAX)
		return err_set(e, ERR_LIMIT, "XML: larger than %zu bytes", limits->bytes);
	bool big = len >= 2 && memcmp(bytes, "\xfe\xff", 2) == 0;
	bool little = len >= 2 && memcmp(bytes, "\xff\xfe", 2) == 0;
	if (big || little) {
		if (len % 2 != 0)
			return err_set(e, ERR_INVALID, "XML: UTF-16 with half a character");
		u.width = 2;
		u.count = len / 2;
		u.low = big;
	} else if (!utf8_valid(bytes, len)) {
		return err_set(e, ERR_INVALID, "XML: neither UTF-8 nor UTF-16 with a byte order mark");
	}
	return check_tags(&u, limits->tag, e);
}

/* ---- libxml2's calls ---- */

static void on_error(void *arg, xmlErrorPtr error)
{
	struct parse *p = arg;

	/* namespace faults are no fatal errors to libxml2, but they are to us; a namespace that is
	 * no URI is only a name to both */
	if (error->level < XML_ERR_ERROR || error->code == XML_WAR_NS_URI)
		return;
	cleanup_free char *what = xstrndup(error->message, strcspn(error->message, "\n"));
	fail(p, ERR_INVALID, what);
}

/* Comes right behind the XML declaration. input->encoding: anything but UTF-8 and UTF-16. */
static void on_document(void *arg)
{
	struct parse *p = arg;

	if (p->ctxt->input->encoding != NULL) {
		fail(p, ERR_INVALID, "an encoding other than UTF-8 or UTF-16");
	}
}

static void on_doctype(void *arg, const xmlChar *name, const xmlChar *public, const xmlChar *system)
{
	fail(arg, ERR_INVALID, "a document type declaration");
	(void)name;
	(void)public;
	(void)system;
}

/* libxml2 hands '&' over as "&#38;" in values where entities are not to be replaced. */
static char *value_copy(struct parse *p, const xmlChar *from, size_t len)
{
	char *value = arena_strndup(p->mem, (const char *)from, len);
	char *to = value;

	for (const char *at = value; *at != '\0'; at++) {
		*to++ = *at;
		if (str_starts(at, "&#38;")) {
			at += 4;
		}
	}
	*to = '\0';
	return value;
}

/* The tree has one copy of a namespace, however many elements are in it. */
static const char *keep_uri(struct parse *p, const xmlChar *uri)
{
	enum ns ns = xml_ns_find((const char *)uri);

	if (ns != NS_OTHER)
		return xml_ns_uri(ns);
	char *copy = xmlHashLookup(p->uris, uri);
	if (copy == NULL) {
		copy = value_copy(p, uri, strlen((const char *)uri));
		xmlHashAddEntry(p->uris, uri, copy);
	}
	return copy;
}

/* libxml2's array: local name, prefix, namespace, value, end of value. */
static void add_attrs(struct parse *p, struct xml_node *n, int count, const xmlChar **raw)
{
	const struct xml_attr **tail = &n->attrs;

	for (; count > 0; count--, raw += 5) {
		struct xml_attr *a = arena_alloc(p->mem, sizeof(*a));
		a->ns = xml_ns_find((const char *)raw[2]);
		a->uri = keep_uri(p, raw[2]);
		a->name = arena_strdup(p->mem, (const char *)raw[0]);
		a->value = value_copy(p, raw[3], (size_t)(raw[4] - raw[3]));
		if (strcmp(a->uri, (const char *)XML_XML_NAMESPACE) == 0 && strcmp(a->name, "lang") == 0) {
			n->lang = a->value[0] != '\0' ? a->value : NULL;
		}
		*tail = a;
		tail = (const struct xml_attr **)&a->next;
	}
}

static void append(struct parse *p, struct xml_node *n)
{
	n->parent = p->open;
	if (p->last != NULL) {
		p->last->next = n;
	} else if (p->open != NULL) {
		p->open->children = n;
	} else {
		p->root = n;
	}
	p->last = n;
}

static void flush_text(struct parse *p)
{
	if (p->text.len == 0)
		return;
	struct xml_node *n = arena_alloc(p->mem, sizeof(*n));
	n->uri = "";
	n->text = arena_strndup(p->mem, p->text.data, p->text.len);
	n->lang = p->open->lang;
	append(p, n);
	buf_reset(&p->text);
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
	int ns_count, const xmlChar **ns, int attr_count, int defaulted, const xmlChar **attrs)
{
	struct parse *p = arg;

	if (p->failed)
		return;
	if (++p->depth > p->limits->depth) {
		fail(p, ERR_LIMIT, "elements nested too deeply");
		return;
	}
	if (++p->nodes > p->limits->nodes) {
		fail(p, ERR_LIMIT, "too many elements");
		return;
	}
	flush_text(p);
	struct xml_node *n = arena_alloc(p->mem, sizeof(*n));
	n->ns = xml_ns_find((const char *)uri);
	n->uri = keep_uri(p, uri);
	n->name = arena_strdup(p->mem, (const char *)name);
	n->lang = p->open != NULL ? p->open->lang : NULL;
	add_attrs(p, n, attr_count, attrs);
	append(p, n);
	p->open = n;
	p->last = NULL;
	(void)prefix, (void)ns_count, (void)ns, (void)defaulted;
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct parse *p = arg;

	if (p->failed)
		return;
	flush_text(p);
	p->last = p->open;
	p->open = p->open->parent;
	p->depth--;
	(void)name, (void)prefix, (void)uri;
}

static void on_text(void *arg, const xmlChar *bytes, int len)
{
	struct parse *p = arg;

	if (!p->failed && p->open != NULL && len > 0) {
		buf_add(&p->text, bytes, (size_t)len);
	}
}

/* ---- all of it ---- */

static const xmlSAXHandler handlers = {
	.initialized = XML_SAX2_MAGIC,
	.startDocument = on_document,
	.internalSubset = on_doctype,
	.startElementNs = on_start,
	.endElementNs = on_end,
	.characters = on_text,
	.ignorableWhitespace = on_text,
	.cdataBlock = on_text,
	.serror = on_error,
};

static int run(struct parse *p, const char *bytes, size_t len)
{
	xmlSAXHandler sax = handlers;

	p->ctxt = xmlCreatePushParserCtxt(&sax, p, NULL, 0, NULL);
	p->uris = xmlHashCreate(0);
	if (p->ctxt == NULL || p->uris == NULL)
		return err_set(p->e, ERR_INTERNAL, "XML: no memory for a parser");
	/* never NOENT, DTDLOAD or HUGE: they open the doors that trust.md T-13 … T-15 shut */
	xmlCtxtUseOptions(p->ctxt, XML_PARSE_NONET | XML_PARSE_COMPACT);
	xmlParseChunk(p->ctxt, bytes, (int)len, 1);
	if (p->failed)
		return -1;
	if (!p->ctxt->wellFormed || p->root == NULL)
		return err_set(p->e, ERR_INVALID, "XML: not well-formed");
	return 0;
}

int xml_parse(const char *bytes, size_t len, const struct xml_limits *limits, struct arena *mem,
	struct xml_node **out, struct err *e)
{
	struct parse p = {.limits = limits, .mem = mem, .e = e};

	if (check_bytes(bytes, len, limits, e) < 0)
		return -1;
	/* UTF-16 grows by half at most when it becomes UTF-8 */
	buf_init(&p.text, len + len / 2);
	int status = run(&p, bytes, len);
	if (status == 0) {
		*out = p.root;
	}
	buf_finish(&p.text);
	xmlHashFree(p.uris, NULL);
	xmlFreeParserCtxt(p.ctxt);
	return status;
}

bool xml_name_valid(const char *name)
{
	return xmlValidateNCName((const xmlChar *)name, 0) == 0;
}
