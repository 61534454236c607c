#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "xml/xml.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define SPACES " xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"" \
	" xmlns:CS=\"http://calendarserver.org/ns/\" xmlns:A=\"http://apple.com/ns/ical/\""

static const struct xml_limits limits = {.bytes = 1 << 20, .depth = 32, .nodes = 20000, .tag = 65536};

static struct arena *mem;
static struct buf out;
static struct xmlw w;

static int set_up(void **state)
{
	(void)state;
	mem = arena_create();
	buf_init(&out, 1 << 20);
	xmlw_init(&w, &out);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_finish(&out);
	arena_destroy(mem);
	return 0;
}

static const struct xml_node *parsed(const char *text)
{
	struct xml_node *root = NULL;
	struct err e = {0};

	if (xml_parse(text, strlen(text), &limits, mem, &root, &e) < 0) {
		print_error("%s in: %s\n", e.text, text);
	}
	assert_non_null(root);
	return root;
}

static void writes_a_document(void **state)
{
	(void)state;
	xmlw_root(&w, NS_DAV, "multistatus");
	xmlw_start(&w, NS_DAV, "response");
	xmlw_href(&w, "/a?b&c");
	xmlw_empty(&w, NS_CALDAV, "calendar");
	xmlw_elem(&w, NS_CS, "getctag", "1<2");
	xmlw_start(&w, NS_APPLE, "calendar-color");
	xmlw_attr(&w, "symbolic-color", "\"red\"");
	xmlw_text(&w, "");
	xmlw_end(&w);
	xmlw_empty(&w, NS_NONE, "bare");
	xmlw_start_uri(&w, "urn:x&y", "odd");
	xmlw_text(&w, "t");
	xmlw_end(&w);
	xmlw_start_uri(&w, "DAV:", "owner");
	xmlw_end(&w);
	xmlw_end(&w);
	xmlw_end(&w);
	assert_string_equal(out.data, DECLARATION "<D:multistatus" SPACES "><D:response>"
		"<D:href>/a?b&amp;c</D:href><C:calendar/><CS:getctag>1&lt;2</CS:getctag>"
		"<A:calendar-color symbolic-color=\"&quot;red&quot;\"/><bare/>"
		"<X:odd xmlns:X=\"urn:x&amp;y\">t</X:odd><D:owner/></D:response></D:multistatus>");
	assert_int_equal(w.depth, 0);
	const struct xml_node *response = xml_child(parsed(out.data));
	const struct xml_node *owner = xml_find(response, NS_DAV, "owner");
	assert_non_null(owner);
	assert_non_null(xml_find(response, NS_NONE, "bare"));
}

static void a_generator_goes_on_where_it_stopped(void **state)
{
	struct xmlw later;

	(void)state;
	xmlw_root(&w, NS_DAV, "multistatus");
	xmlw_elem(&w, NS_DAV, "x", "1");
	xmlw_init(&later, &out);
	xmlw_resume(&later, NS_DAV, "multistatus");
	xmlw_elem(&later, NS_DAV, "x", "2");
	xmlw_end(&later);
	assert_string_equal(out.data,
		DECLARATION "<D:multistatus" SPACES "><D:x>1</D:x><D:x>2</D:x></D:multistatus>");
}

static void takes_back_what_was_written(void **state)
{
	(void)state;
	xmlw_start(&w, NS_DAV, "prop");
	struct xmlw_mark start = xmlw_mark(&w);
	xmlw_start(&w, NS_DAV, "a");
	xmlw_text(&w, "x");
	xmlw_rollback(&w, start);
	assert_string_equal(out.data, "<D:prop");
	xmlw_elem(&w, NS_DAV, "b", "y");
	struct xmlw_mark middle = xmlw_mark(&w);
	xmlw_start(&w, NS_DAV, "c");
	xmlw_rollback(&w, middle);
	xmlw_end(&w);
	assert_string_equal(out.data, "<D:prop><D:b>y</D:b></D:prop>");
	xmlw_rollback(&w, start);
	xmlw_end(&w);
	assert_string_equal(out.data, "<D:prop/>");
	buf_reset(&out);
	xmlw_init(&w, &out);
	struct xmlw_mark nothing = xmlw_mark(&w);
	xmlw_empty(&w, NS_DAV, "x");
	xmlw_rollback(&w, nothing);
	assert_string_equal(out.data, "");
}

static void overflow_shows_in_the_buffer(void **state)
{
	(void)state;
	buf_finish(&out);
	buf_init(&out, 20);
	xmlw_start(&w, NS_DAV, "prop");
	for (int i = 0; i < 10; i++) {
		xmlw_elem(&w, NS_DAV, "name", "value");
	}
	xmlw_end(&w);
	assert_true(out.full);
	assert_true(out.len <= 20);
}

/* Whatever the bytes are, the answer is XML and the reader gets as much as XML can hold. */
static void any_byte_gives_well_formed_xml(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		char text[] = {'<', (char)c, '>', 0};
		buf_reset(&out);
		xmlw_init(&w, &out);
		xmlw_start(&w, NS_NONE, "a");
		xmlw_attr(&w, "b", text);
		xmlw_text(&w, text);
		xmlw_end(&w);
		const struct xml_node *a = parsed(out.data);
		bool kept = c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x80);
		assert_string_equal(xml_text(a, mem), kept ? text : "<\xef\xbf\xbd>");
		assert_string_equal(xml_attr(a, "b"), kept ? text : "<\xef\xbf\xbd>");
	}
}

static void unicode_is_kept_but_for_noncharacters(void **state)
{
	static const struct { const char *text, *back; } rows[] = {
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd", NULL},
		{"\xef\xbf\xbe|\xef\xbf\xbf", "\xef\xbf\xbd|\xef\xbf\xbd"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"BEGIN:X\r\nEND:X\r\n", NULL},
		{"]]>", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		buf_reset(&out);
		xmlw_init(&w, &out);
		xmlw_elem(&w, NS_NONE, "a", rows[i].text);
		assert_string_equal(xml_text(parsed(out.data), mem),
			rows[i].back != NULL ? rows[i].back : rows[i].text);
	}
	buf_reset(&out);
	xmlw_init(&w, &out);
	xmlw_start(&w, NS_NONE, "a");
	xmlw_textn(&w, "x\0y", 3);
	xmlw_end(&w);
	assert_string_equal(out.data, "<a>x\xef\xbf\xbdy</a>");
}

static void assert_same(const struct xml_node *a, const struct xml_node *b)
{
	const struct xml_attr *x = a->attrs, *y = b->attrs;

	assert_int_equal(a->ns, b->ns);
	assert_string_equal(a->uri, b->uri);
	if (a->name == NULL) {
		assert_null(b->name);
		assert_string_equal(a->text, b->text);
		return;
	}
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->lang != NULL ? a->lang : "", b->lang != NULL ? b->lang : "");
	for (; x != NULL && y != NULL; x = x->next, y = y->next) {
		assert_string_equal(x->name, y->name);
		assert_string_equal(x->uri, y->uri);
		assert_string_equal(x->value, y->value);
	}
	assert_true(x == NULL && y == NULL);
	const struct xml_node *c = a->children, *d = b->children;
	for (; c != NULL && d != NULL; c = c->next, d = d->next) {
		assert_same(c, d);
	}
	assert_true(c == NULL && d == NULL);
}

static void serialized_trees_parse_back_equal(void **state)
{
	static const char *const rows[] = {
		"<a/>", "<a> mixed <b>t</b> text </a>", "<a xmlns='DAV:'><b xmlns='urn:x'><c xmlns=''/></b></a>",
		"<p:a xmlns:p='urn:x' p:b='1' c='2' xml:space='preserve'><p:d/><e p:f='3'/></p:a>",
		"<a b='&#9;&#10;&#13;&quot;&amp;&lt;&amp;#38;'>&#13;&#10;&amp;&lt;]]&gt;</a>",
		"<A:calendar-order xmlns:A='http://apple.com/ns/ical/'>3</A:calendar-order>",
		"<a xmlns:n='urn:1' xmlns:m='urn:2' n:x='1' m:x='2' x='3' xml:lang='de'>\xe2\x82\xac</a>",
		"<p:a xmlns:p='urn:x&amp;&quot;y'/>", "<xml:a><b xmlns='DAV:'><xml:c d='1'/></b></xml:a>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct xml_node *tree = parsed(rows[i]);
		buf_reset(&out);
		assert_int_equal(xml_serialize(tree, &out), 0);
		assert_same(tree, parsed(out.data));
	}
}

/* RFC 4918 §4.3: namespaces and the language that hold from outside belong to the value. */
static void a_part_stands_alone(void **state)
{
	const struct xml_node *root = parsed("<D:set xmlns:D='DAV:' xmlns:x='urn:x' xml:lang='fr'>"
		"<D:prop><x:title D:kind='k'><D:b/>t</x:title></D:prop></D:set>");
	const struct xml_node *title = xml_child(xml_child(root));

	(void)state;
	assert_int_equal(xml_serialize(title, &out), 0);
	const struct xml_node *alone = parsed(out.data);
	assert_string_equal(alone->lang, "fr");
	assert_string_equal(alone->uri, "urn:x");
	assert_int_equal(alone->attrs->ns, NS_DAV);
	assert_true(xml_is(xml_child(alone), NS_DAV, "b"));
	/* and within an answer it means the same */
	cleanup_free char *raw = xstrdup(out.data);
	buf_reset(&out);
	xmlw_root(&w, NS_DAV, "multistatus");
	xmlw_start(&w, NS_DAV, "prop");
	xmlw_raw(&w, raw, strlen(raw));
	xmlw_end(&w);
	xmlw_end(&w);
	assert_same(alone, xml_child(xml_child(parsed(out.data))));
}

static void serializing_stops_at_the_maximum(void **state)
{
	(void)state;
	buf_finish(&out);
	buf_init(&out, 10);
	assert_int_equal(xml_serialize(parsed("<a>0123456789</a>"), &out), -1);
}

#define in_arena(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_arena(writes_a_document),
		in_arena(a_generator_goes_on_where_it_stopped),
		in_arena(takes_back_what_was_written),
		in_arena(overflow_shows_in_the_buffer),
		in_arena(any_byte_gives_well_formed_xml),
		in_arena(unicode_is_kept_but_for_noncharacters),
		in_arena(serialized_trees_parse_back_equal),
		in_arena(a_part_stands_alone),
		in_arena(serializing_stops_at_the_maximum),
	};

	xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
