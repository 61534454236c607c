#include <string.h>

#include "xml/xml.h"

static const char *const uris[NS_COUNT] = {
	[NS_NONE] = "",
	[NS_DAV] = "DAV:",
	[NS_CALDAV] = "urn:ietf:params:xml:ns:caldav",
	[NS_CS] = "http://calendarserver.org/ns/",
	[NS_APPLE] = "http://apple.com/ns/ical/",
};

const char *xml_ns_uri(enum ns ns)
{
	return uris[ns];
}

enum ns xml_ns_find(const char *uri)
{
	if (uri == NULL)
		return NS_NONE;
	for (int i = 0; i < NS_COUNT; i++) {
		if (uris[i] != NULL && strcmp(uris[i], uri) == 0)
			return (enum ns)i;
	}
	return NS_OTHER;
}

bool xml_is(const struct xml_node *n, enum ns ns, const char *name)
{
	return n != NULL && n->name != NULL && n->ns == ns && strcmp(n->name, name) == 0;
}

/* The first element among n and its later siblings. */
static const struct xml_node *first_element(const struct xml_node *n)
{
	while (n != NULL && n->name == NULL) {
		n = n->next;
	}
	return n;
}

const struct xml_node *xml_child(const struct xml_node *n)
{
	return n != NULL ? first_element(n->children) : NULL;
}

const struct xml_node *xml_next(const struct xml_node *n)
{
	return n != NULL ? first_element(n->next) : NULL;
}

const struct xml_node *xml_find(const struct xml_node *n, enum ns ns, const char *name)
{
	for (n = xml_child(n); n != NULL; n = xml_next(n)) {
		if (xml_is(n, ns, name))
			return n;
	}
	return NULL;
}

static bool same_name(const struct xml_node *a, const struct xml_node *b)
{
	return a->ns == b->ns && strcmp(a->name, b->name) == 0 && strcmp(a->uri, b->uri) == 0;
}

const struct xml_node *xml_next_same(const struct xml_node *n)
{
	const struct xml_node *next = xml_next(n);

	while (next != NULL && !same_name(next, n)) {
		next = xml_next(next);
	}
	return next;
}

const char *xml_text(const struct xml_node *n, struct arena *mem)
{
	size_t len = 0;

	if (n == NULL)
		return "";
	for (const struct xml_node *t = n->children; t != NULL; t = t->next) {
		len += t->name == NULL ? strlen(t->text) : 0;
	}
	char *text = arena_alloc(mem, len + 1), *at = text;
	for (const struct xml_node *t = n->children; t != NULL; t = t->next) {
		if (t->name == NULL) {
			at = stpcpy(at, t->text);
		}
	}
	return text;
}

const char *xml_text_trim(const struct xml_node *n, struct arena *mem)
{
	static const char blanks[] = " \t\r\n";
	const char *text = xml_text(n, mem);

	text += strspn(text, blanks);
	size_t len = strlen(text);
	while (len > 0 && strchr(blanks, text[len - 1]) != NULL) {
		len--;
	}
	return arena_strndup(mem, text, len);
}

const char *xml_attr(const struct xml_node *n, const char *name)
{
	const struct xml_attr *a = n != NULL ? n->attrs : NULL;

	while (a != NULL && (a->ns != NS_NONE || strcmp(a->name, name) != 0)) {
		a = a->next;
	}
	return a != NULL ? a->value : NULL;
}
