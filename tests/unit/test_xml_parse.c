#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "xml/xml.h"

static const struct xml_limits limits = {.bytes = 1 << 20, .depth = 32, .nodes = 20000, .tag = 4096};

static struct arena *mem;

static int set_up(void **state)
{
	(void)state;
	mem = arena_create();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(mem);
	return 0;
}

static const struct xml_node *parsed_bytes(const char *bytes, size_t len)
{
	struct xml_node *root = NULL;
	struct err e = {0};

	if (xml_parse(bytes, len, &limits, mem, &root, &e) < 0) {
		print_error("%s\n", e.text);
	}
	assert_non_null(root);
	return root;
}

static const struct xml_node *parsed(const char *text)
{
	return parsed_bytes(text, strlen(text));
}

static void assert_code(const char *bytes, size_t len, enum errcode code)
{
	struct xml_node *root = NULL;
	struct err e = {0};

	if (xml_parse(bytes, len, &limits, mem, &root, &e) == 0) {
		print_error("accepted: %.80s\n", bytes);
	}
	assert_null(root);
	assert_int_equal(e.code, code);
	assert_string_not_equal(e.text, "");
}

static void assert_invalid(const char *text)
{
	assert_code(text, strlen(text), ERR_INVALID);
}

static void reads_a_propfind(void **state)
{
	const struct xml_node *root = parsed(
		"<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n"
		"<x0:propfind xmlns:x0=\"DAV:\" xmlns:x1=\"http://calendarserver.org/ns/\"\n"
		"  xmlns=\"urn:ietf:params:xml:ns:caldav\">\n"
		" <x0:prop><x0:resourcetype/><x1:getctag/><calendar-data/>\n"
		"  <odd xmlns=\"http://example.com/ns\"/><bare xmlns=\"\"/></x0:prop>\n"
		"</x0:propfind>\n");
	const struct xml_node *prop = xml_child(root);

	(void)state;
	assert_true(xml_is(root, NS_DAV, "propfind"));
	assert_false(xml_is(root, NS_CALDAV, "propfind"));
	assert_true(xml_is(prop, NS_DAV, "prop"));
	assert_ptr_equal(prop->parent, root);
	const struct xml_node *n = xml_child(prop);
	assert_true(xml_is(n, NS_DAV, "resourcetype"));
	n = xml_next(n);
	assert_true(xml_is(n, NS_CS, "getctag"));
	n = xml_next(n);
	assert_true(xml_is(n, NS_CALDAV, "calendar-data"));
	n = xml_next(n);
	assert_true(xml_is(n, NS_OTHER, "odd"));
	assert_string_equal(n->uri, "http://example.com/ns");
	n = xml_next(n);
	assert_true(xml_is(n, NS_NONE, "bare"));
	assert_string_equal(n->uri, "");
	assert_null(xml_next(n));
	assert_ptr_equal(xml_find(prop, NS_CS, "getctag"), xml_next(xml_child(prop)));
	assert_null(xml_find(prop, NS_DAV, "getctag"));
	assert_null(xml_next(root));
}

/* Half of a character of two units, behind a start tag. */
static void *parse_half_a_character(void *arg)
{
	static const char body[] = "\xff\xfe<\0a\0>\0\0\xd8\0\xd8<\0/\0a\0>\0";
	cleanup_arena struct arena *own = arena_create();
	struct xml_node *root;
	struct err e;

	*(int *)arg = xml_parse(body, sizeof(body) - 1, &limits, own, &root, &e);
	return NULL;
}

/* libxml2 would tell of conversions that fail on stderr, where the log is. */
static void says_nothing_on_stderr(void **state)
{
	FILE *said = tmpfile();
	int saved = dup(STDERR_FILENO), here = 0, there = 0;
	pthread_t thread;

	(void)state;
	assert_non_null(said);
	assert_int_equal(dup2(fileno(said), STDERR_FILENO), STDERR_FILENO);
	parse_half_a_character(&here);
	int failed = pthread_create(&thread, NULL, parse_half_a_character, &there);
	if (!failed)
		pthread_join(thread, NULL);
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(failed, 0);
	assert_int_equal(here, -1);
	assert_int_equal(there, -1);
	assert_int_equal(lseek(fileno(said), 0, SEEK_END), 0);
	fclose(said);
}

static void walks_over_equal_siblings(void **state)
{
	const struct xml_node *root = parsed("<m xmlns='DAV:'>a<href>1</href><x/>b<href>2</href>"
		"<href xmlns='urn:x'>no</href><href>3</href></m>");
	const struct xml_node *href = xml_find(root, NS_DAV, "href");
	char got[8] = "";

	(void)state;
	for (size_t i = 0; href != NULL; href = xml_next_same(href)) {
		got[i++] = *xml_text(href, mem);
	}
	assert_string_equal(got, "123");
	assert_string_equal(xml_text(root, mem), "ab");
	assert_false(xml_is(NULL, NS_DAV, "x"));
	assert_null(xml_child(NULL));
	assert_null(xml_find(NULL, NS_DAV, "x"));
	assert_string_equal(xml_text(NULL, mem), "");
}

static void joins_text_entities_and_sections(void **state)
{
	const struct xml_node *root = parsed("<a> \n a&amp;b&lt;&gt;&quot;&apos;&#233;&#x20AC;"
		"<!-- no --><![CDATA[<c>&amp;]]><?pi no?>d\r\ne \t</a>");

	(void)state;
	assert_string_equal(xml_text(root, mem),
		" \n a&b<>\"'\xc3\xa9\xe2\x82\xac<c>&amp;d\ne \t");
	assert_string_equal(xml_text_trim(root, mem), "a&b<>\"'\xc3\xa9\xe2\x82\xac<c>&amp;d\ne");
	assert_null(xml_child(root));
	assert_null(root->children->next);
	assert_string_equal(xml_text_trim(parsed("<a> \n </a>"), mem), "");
}

static void reads_attributes(void **state)
{
	const struct xml_node *root = parsed("<C:comp-filter xmlns:C='urn:ietf:params:xml:ns:caldav' "
		"xmlns:n='urn:x' name='VCAL&amp;&#38;&lt;&quot;&amp;#38;' n:name='other' C:start='s'/>");

	(void)state;
	assert_string_equal(xml_attr(root, "name"), "VCAL&&<\"&#38;");
	assert_null(xml_attr(root, "start"));
	assert_null(xml_attr(NULL, "name"));
	const struct xml_attr *a = root->attrs->next;
	assert_int_equal(a->ns, NS_OTHER);
	assert_string_equal(a->uri, "urn:x");
	assert_string_equal(a->value, "other");
	assert_int_equal(a->next->ns, NS_CALDAV);
	assert_null(a->next->next);
}

/* RFC 4918 §4.3, §14.26: xml:lang in scope belongs to the value */
static void inherits_the_language(void **state)
{
	const struct xml_node *root = parsed(
		"<a xml:lang='fr'><b/><c xml:lang='de'>x<d/></c><e xml:lang=''><f/></e></a>");
	const struct xml_node *b = xml_child(root), *c = xml_next(b), *e = xml_next(c);

	(void)state;
	assert_string_equal(b->lang, "fr");
	assert_string_equal(c->lang, "de");
	assert_string_equal(c->children->lang, "de");
	assert_string_equal(xml_child(c)->lang, "de");
	assert_null(e->lang);
	assert_null(xml_child(e)->lang);
}

/* trust.md T-13, T-14 */
static void refuses_every_doctype(void **state)
{
	(void)state;
	assert_invalid("<!DOCTYPE a><a/>");
	assert_invalid("<!DOCTYPE a []><a/>");
	assert_invalid("<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/x.dtd\"><a/>");
	assert_invalid("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"
		"<propfind xmlns=\"DAV:\">&e;</propfind>");
	assert_invalid("<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">"
		"<!ENTITY c \"&b;&b;&b;&b;&b;\">]><x>&c;</x>");
	assert_invalid("<!DOCTYPE x [<!ATTLIST x a CDATA \"default\">]><x/>");
	assert_invalid("<a>&nbsp;</a>");
	assert_invalid("<a b=\"&nbsp;\"/>");
}

static void refuses_what_is_not_well_formed(void **state)
{
	static const char *const bad[] = {
		"", " ", "text", "<a>", "<a></b>", "<a/><b/>", "<a b='1' b='2'/>", "<a b=1/>", "</a>",
		"<a>&#0;</a>", "<a>&#x1;</a>", "<a>\x01</a>", "<a b='<'/>", "<a>]]></a>", "<a>&amp</a>",
		"<1/>", "<a", "<a b='", "<!-- ", "<![CDATA[", "<?xml", "<a/>x", "<a><!-- -- --></a>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_invalid(bad[i]);
	}
	assert_code("<a>\0</a>", 8, ERR_INVALID);
}

static void refuses_undeclared_prefixes(void **state)
{
	(void)state;
	assert_invalid("<D:propfind><D:prop/></D:propfind>");
	assert_invalid("<propfind xmlns='DAV:'><x:a/></propfind>");
	assert_invalid("<propfind xmlns='DAV:' x:a='1'/>");
	assert_invalid("<a xmlns:p=''/>");
	assert_invalid("<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>");
	assert_invalid("<a:b:c xmlns:a='u'/>");
}

static void takes_utf8_and_utf16_only(void **state)
{
	static const char little[] = "\xff\xfe<\0a\0>\0\xe9\0\xac\x20<\0/\0a\0>\0";
	static const char big[] = "\xfe\xff\0<\0a\0>\0\xe9\x20\xac\0<\0/\0a\0>";
	static const char declared[] = "\xff\xfe<\0?\0x\0m\0l\0 \0v\0e\0r\0s\0i\0o\0n\0=\0'\0""1\0.\0""0\0'\0"
		" \0e\0n\0c\0o\0d\0i\0n\0g\0=\0'\0u\0t\0f\0-\0""1\0""6\0'\0?\0>\0<\0a\0/\0>\0";

	(void)state;
	assert_string_equal(xml_text(parsed_bytes(little, sizeof(little) - 1), mem),
		"\xc3\xa9\xe2\x82\xac");
	assert_string_equal(xml_text(parsed_bytes(big, sizeof(big) - 1), mem), "\xc3\xa9\xe2\x82\xac");
	assert_string_equal(parsed_bytes(declared, sizeof(declared) - 1)->name, "a");
	assert_string_equal(parsed("\xef\xbb\xbf<a/>")->name, "a");
	assert_string_equal(parsed("<?xml version='1.0' encoding='UTF-8'?><a/>")->name, "a");
	assert_code(little, sizeof(little) - 2, ERR_INVALID);
	assert_invalid("<a>\xe9</a>");
	assert_invalid("<a>\xed\xa0\x80</a>");
	assert_invalid("<?xml version='1.0' encoding='ISO-8859-1'?><a/>");
	assert_invalid("<?xml version='1.0' encoding='UTF-7'?><a/>");
	assert_invalid("<?xml version='1.0' encoding='nonsense'?><a/>");
	assert_code("<\0a\0/\0>\0", 8, ERR_INVALID);
}

static void repeat(struct buf *b, const char *text, size_t times)
{
	while (times-- > 0) {
		buf_adds(b, text);
	}
}

static void limits_depth_nodes_and_size(void **state)
{
	struct buf b cleanup_buf;

	(void)state;
	buf_init(&b, 4 << 20);
	repeat(&b, "<a>", 32);
	repeat(&b, "</a>", 32);
	assert_non_null(parsed_bytes(b.data, b.len));
	buf_reset(&b);
	repeat(&b, "<a>", 33);
	repeat(&b, "</a>", 33);
	assert_code(b.data, b.len, ERR_LIMIT);
	buf_reset(&b);
	repeat(&b, "<a>", 300000);
	assert_code(b.data, b.len, ERR_LIMIT);
	buf_reset(&b);
	buf_adds(&b, "<a>");
	repeat(&b, "<b/>", 19999);
	buf_adds(&b, "</a>");
	assert_non_null(parsed_bytes(b.data, b.len));
	buf_reset(&b);
	buf_adds(&b, "<a>");
	repeat(&b, "<b/>", 20000);
	buf_adds(&b, "</a>");
	assert_code(b.data, b.len, ERR_LIMIT);
	buf_reset(&b);
	buf_adds(&b, "<a>");
	repeat(&b, "x", limits.bytes);
	buf_adds(&b, "</a>");
	assert_code(b.data, b.len, ERR_LIMIT);
}

static void limits_tags_before_parsing(void **state)
{
	struct buf b cleanup_buf;
	clock_t before = clock();

	(void)state;
	buf_init(&b, 1 << 20);
	buf_adds(&b, "<a ");
	for (int i = 0; i < 50000; i++) {
		buf_printf(&b, "a%d='' ", i);
	}
	buf_adds(&b, "/>");
	assert_code(b.data, b.len, ERR_LIMIT);
	assert_true(clock() - before < CLOCKS_PER_SEC / 5);
	buf_reset(&b);
	buf_adds(&b, "<a b='");
	repeat(&b, ">", 4200);
	buf_adds(&b, "'/>");
	assert_code(b.data, b.len, ERR_LIMIT);
	/* what is no tag may be long, quotes and all */
	buf_reset(&b);
	buf_adds(&b, "<a><!-- '");
	repeat(&b, "<x ", 2000);
	buf_adds(&b, "--><![CDATA[\"");
	repeat(&b, "<x ", 2000);
	buf_adds(&b, "]]>");
	repeat(&b, "' ", 3000);
	buf_adds(&b, "</a>");
	assert_non_null(parsed_bytes(b.data, b.len));
}

static void utf16_tags_are_limited_too(void **state)
{
	struct buf b cleanup_buf;

	(void)state;
	buf_init(&b, 1 << 20);
	buf_add(&b, "\xff\xfe<\0a\0", 6);
	for (int i = 0; i < 3000; i++) {
		buf_add(&b, " \0", 2);
	}
	buf_add(&b, "/\0>\0", 4);
	assert_code(b.data, b.len, ERR_LIMIT);
}

/* One long name used by many elements must not be copied for each. */
static void namespaces_are_kept_once(void **state)
{
	struct buf b cleanup_buf;

	(void)state;
	buf_init(&b, 1 << 20);
	buf_adds(&b, "<a xmlns='urn:");
	repeat(&b, "x", 4000);
	buf_adds(&b, "'>");
	repeat(&b, "<b/>", 10000);
	buf_adds(&b, "</a>");
	size_t before = arena_used(mem);
	assert_non_null(parsed_bytes(b.data, b.len));
	assert_true(arena_used(mem) - before < 4 << 20);
}

static void every_prefix_is_survived(void **state)
{
	static const char text[] = "\xef\xbb\xbf<?xml version='1.0'?><!-- c --><p:a xmlns:p='u' b='&amp;'>"
		"t<![CDATA[x]]>&#10;<?pi x?><c xml:lang='fr'/></p:a>";
	struct xml_node *root;
	struct err e;

	(void)state;
	for (size_t len = 0; len + 1 < sizeof(text); len++) {
		cleanup_free char *part = xstrndup(text, len);
		assert_int_equal(xml_parse(part, len, &limits, mem, &root, &e), -1);
	}
	assert_non_null(parsed(text));
}

static void knows_its_namespaces(void **state)
{
	(void)state;
	for (enum ns ns = NS_NONE; ns < NS_COUNT; ns++) {
		assert_int_equal(xml_ns_find(xml_ns_uri(ns)), ns);
	}
	assert_int_equal(xml_ns_find(NULL), NS_NONE);
	assert_int_equal(xml_ns_find("dav:"), NS_OTHER);
	assert_null(xml_ns_uri(NS_OTHER));
}

#define in_arena(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_arena(reads_a_propfind),
		in_arena(walks_over_equal_siblings),
		in_arena(joins_text_entities_and_sections),
		in_arena(reads_attributes),
		in_arena(inherits_the_language),
		in_arena(refuses_every_doctype),
		in_arena(refuses_what_is_not_well_formed),
		in_arena(refuses_undeclared_prefixes),
		in_arena(takes_utf8_and_utf16_only),
		in_arena(limits_depth_nodes_and_size),
		in_arena(limits_tags_before_parsing),
		in_arena(utf16_tags_are_limited_too),
		in_arena(namespaces_are_kept_once),
		in_arena(every_prefix_is_survived),
		cmocka_unit_test(says_nothing_on_stderr),
		cmocka_unit_test(knows_its_namespaces),
	};

	xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
