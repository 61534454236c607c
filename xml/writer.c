#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "xml/xml.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
/* Bound to "xml" for ever, and to nothing else (Namespaces in XML 1.0 §3). */
#define XML_NAMESPACE "http://www.w3.org/XML/1998/namespace"

/* What separates a name from its namespace is fixed, so that answers look alike. */
static const char *const prefixes[NS_COUNT] = {
	[NS_NONE] = "", [NS_DAV] = "D:", [NS_CALDAV] = "C:", [NS_CS] = "CS:", [NS_APPLE] = "A:",
	[NS_OTHER] = "X:",
};

/* ---- escaping ---- */

/* What an ASCII character becomes; NULL: itself. Control characters are no XML (XML 1.0 §2.2). */
static const char *ascii_escape(char c, bool in_attr)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '\r': /* a parser would make a line feed of it (XML 1.0 §2.11) */
		return "&#13;";
	case '"':
		return in_attr ? "&quot;" : NULL;
	case '\t':
		return in_attr ? "&#9;" : NULL;
	case '\n':
		return in_attr ? "&#10;" : NULL;
	default:
		return (unsigned char)c < 0x20 ? REPLACEMENT : NULL;
	}
}

/*
 * The character at s: its length, and in *instead what to write for it, if not itself. Bytes
 * that are no UTF-8 are replaced one by one; so are U+FFFE and U+FFFF, which XML forbids.
 */
static size_t next_char(const char *s, size_t len, bool in_attr, const char **instead)
{
	*instead = NULL;
	if ((unsigned char)*s < 0x80) {
		*instead = ascii_escape(*s, in_attr);
		return 1;
	}
	size_t step = utf8_step(s, len);
	if (step == 0 || (step == 3 && memcmp(s, "\xef\xbf\xbe", 3) >= 0 &&
		memcmp(s, "\xef\xbf\xbf", 3) <= 0)) {
		*instead = REPLACEMENT;
	}
	return step > 0 ? step : 1;
}

/* Most of every text: what needs no second look. Letters, of which there are most, are behind '>'. */
static bool is_plain(char c, bool in_attr)
{
	signed char at = (signed char)c;

	if (at > '>')
		return true;
	return (at >= 0x20 && at != '&' && at != '<' && at != '>' && at != '"') || (at == '\n' && !in_attr);
}

static void escape(struct buf *out, const char *s, size_t len, bool in_attr)
{
	const char *instead;
	size_t plain = 0;

	while (plain < len) {
		if (is_plain(s[plain], in_attr)) {
			plain++;
			continue;
		}
		size_t step = next_char(s + plain, len - plain, in_attr, &instead);
		if (instead == NULL) {
			plain += step;
			continue;
		}
		buf_add(out, s, plain);
		buf_adds(out, instead);
		s += plain + step;
		len -= plain + step;
		plain = 0;
	}
	buf_add(out, s, plain);
}

static void write_attr(struct buf *out, const char *prefix, const char *name, const char *value)
{
	buf_addc(out, ' ');
	buf_adds(out, prefix);
	buf_adds(out, name);
	buf_adds(out, "=\"");
	escape(out, value, strlen(value), true);
	buf_addc(out, '"');
}

/* ---- the stack writer ---- */

void xmlw_init(struct xmlw *w, struct buf *out)
{
	*w = (struct xmlw){.out = out};
}

static void close_start_tag(struct xmlw *w)
{
	if (w->open) {
		buf_addc(w->out, '>');
		w->open = false;
	}
}

static void push(struct xmlw *w, enum ns ns, const char *uri, const char *name)
{
	assert(w->depth < ARRAY_SIZE(w->stack));
	w->stack[w->depth].ns = ns;
	w->stack[w->depth].uri = uri;
	w->stack[w->depth].name = name;
	w->depth++;
}

static void write_name(struct xmlw *w, unsigned depth)
{
	bool reserved = strcmp(w->stack[depth].uri, XML_NAMESPACE) == 0;

	buf_adds(w->out, reserved ? "xml:" : prefixes[w->stack[depth].ns]);
	buf_adds(w->out, w->stack[depth].name);
}

static void start(struct xmlw *w, enum ns ns, const char *uri, const char *name)
{
	close_start_tag(w);
	push(w, ns, uri, name);
	buf_addc(w->out, '<');
	write_name(w, w->depth - 1);
	w->open = true;
}

void xmlw_start(struct xmlw *w, enum ns ns, const char *name)
{
	assert(ns != NS_OTHER);
	start(w, ns, xml_ns_uri(ns), name);
}

void xmlw_start_uri(struct xmlw *w, const char *uri, const char *name)
{
	enum ns ns = xml_ns_find(uri);

	start(w, ns, uri, name);
	if (ns == NS_OTHER && strcmp(uri, XML_NAMESPACE) != 0) {
		write_attr(w->out, "xmlns:", "X", uri);
	}
}

void xmlw_root(struct xmlw *w, enum ns ns, const char *name)
{
	buf_adds(w->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	xmlw_start(w, ns, name);
	for (enum ns i = NS_DAV; i < NS_COUNT; i++) {
		char prefix[8];
		snprintf(prefix, sizeof(prefix), "%.*s", (int)strcspn(prefixes[i], ":"), prefixes[i]);
		write_attr(w->out, "xmlns:", prefix, xml_ns_uri(i));
	}
}

void xmlw_resume(struct xmlw *w, enum ns ns, const char *name)
{
	push(w, ns, xml_ns_uri(ns), name);
}

void xmlw_attr(struct xmlw *w, const char *name, const char *value)
{
	assert(w->open);
	write_attr(w->out, "", name, value);
}

void xmlw_end(struct xmlw *w)
{
	assert(w->depth > 0);
	w->depth--;
	if (w->open) {
		buf_adds(w->out, "/>");
		w->open = false;
		return;
	}
	buf_adds(w->out, "</");
	write_name(w, w->depth);
	buf_addc(w->out, '>');
}

void xmlw_empty(struct xmlw *w, enum ns ns, const char *name)
{
	xmlw_start(w, ns, name);
	xmlw_end(w);
}

void xmlw_textn(struct xmlw *w, const char *text, size_t len)
{
	if (len > 0) {
		close_start_tag(w);
		escape(w->out, text, len, false);
	}
}

void xmlw_text(struct xmlw *w, const char *text)
{
	xmlw_textn(w, text, strlen(text));
}

void xmlw_elem(struct xmlw *w, enum ns ns, const char *name, const char *text)
{
	xmlw_start(w, ns, name);
	xmlw_text(w, text);
	xmlw_end(w);
}

void xmlw_href(struct xmlw *w, const char *href)
{
	xmlw_start(w, NS_DAV, "href");
	if (*href == '/' && w->base) {
		xmlw_text(w, w->base);
	}
	xmlw_text(w, href);
	xmlw_end(w);
}

void xmlw_raw(struct xmlw *w, const char *xml, size_t len)
{
	close_start_tag(w);
	buf_add(w->out, xml, len);
}

struct xmlw_mark xmlw_mark(struct xmlw *w)
{
	return (struct xmlw_mark){.len = w->out->len, .depth = w->depth, .open = w->open};
}

/* `full` stays as it is: what did not fit may have been before the mark. */
void xmlw_rollback(struct xmlw *w, struct xmlw_mark mark)
{
	assert(mark.len <= w->out->len && mark.depth <= ARRAY_SIZE(w->stack));
	if (mark.len < w->out->len) {
		w->out->len = mark.len;
		w->out->data[mark.len] = '\0';
	}
	w->depth = mark.depth;
	w->open = mark.open;
}

/* ---- a tree as text ---- */

static bool is_lang(const struct xml_attr *a)
{
	return strcmp(a->uri, XML_NAMESPACE) == 0 && strcmp(a->name, "lang") == 0;
}

/* Each foreign attribute declares a prefix of its own on the element: no need to look for one. */
static void serialize_attrs(const struct xml_node *n, struct buf *out, bool top)
{
	const char *lang = top ? n->lang : NULL;
	char prefix[24];
	unsigned i = 0;

	for (const struct xml_attr *a = n->attrs; a != NULL; a = a->next, i++) {
		if (is_lang(a)) {
			lang = NULL;
		}
		if (*a->uri == '\0') {
			write_attr(out, "", a->name, a->value);
		} else if (strcmp(a->uri, XML_NAMESPACE) == 0) {
			write_attr(out, "xml:", a->name, a->value);
		} else {
			snprintf(prefix, sizeof(prefix), "n%u", i);
			write_attr(out, "xmlns:", prefix, a->uri);
			snprintf(prefix, sizeof(prefix), "n%u:", i);
			write_attr(out, prefix, a->name, a->value);
		}
	}
	if (lang != NULL) {
		write_attr(out, "xml:", "lang", lang);
	}
}

/* `space` is the default namespace that holds around n. Depth is bounded by the parser's limit. */
static void serialize(const struct xml_node *n, struct buf *out, const char *space, bool top)
{
	if (n->name == NULL) {
		escape(out, n->text, strlen(n->text), false);
		return;
	}
	bool reserved = strcmp(n->uri, XML_NAMESPACE) == 0;
	buf_adds(out, reserved ? "<xml:" : "<");
	buf_adds(out, n->name);
	if (!reserved && strcmp(n->uri, space) != 0) {
		write_attr(out, "", "xmlns", n->uri);
		space = n->uri;
	}
	serialize_attrs(n, out, top);
	if (n->children == NULL) {
		buf_adds(out, "/>");
		return;
	}
	buf_addc(out, '>');
	for (const struct xml_node *c = n->children; c != NULL; c = c->next) {
		serialize(c, out, space, false);
	}
	buf_adds(out, reserved ? "</xml:" : "</");
	buf_adds(out, n->name);
	buf_addc(out, '>');
}

int xml_serialize(const struct xml_node *n, struct buf *out)
{
	serialize(n, out, "", true);
	return out->full ? -1 : 0;
}
