/*
 * Request bodies. Whatever parses is written and parsed again, and must be the same tree: that is
 * how dead properties are kept.
 */
#include "tests/fuzz/fuzz.h"
#include "xml/xml.h"

static const struct xml_limits limits = {.bytes = 1 << 20, .depth = 32, .nodes = 5000, .tag = 4096};
/* Declaring each foreign namespace where it is used makes tags longer, and text by its escapes. */
static const struct xml_limits roomy = {.bytes = 8 << 20, .depth = 32, .nodes = 5000, .tag = 1 << 20};

static int same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void compare(const struct xml_node *a, const struct xml_node *b)
{
	const struct xml_attr *x = a->attrs, *y = b->attrs;
	const struct xml_node *c = a->children, *d = b->children;

	must(a->ns == b->ns && same_text(a->uri, b->uri) && same_text(a->name, b->name));
	must(same_text(a->text, b->text) && same_text(a->lang, b->lang));
	for (; x != NULL && y != NULL; x = x->next, y = y->next) {
		must(same_text(x->uri, y->uri) && same_text(x->name, y->name) && same_text(x->value, y->value));
	}
	must(x == NULL && y == NULL);
	for (; c != NULL && d != NULL; c = c->next, d = d->next) {
		compare(c, d);
	}
	must(c == NULL && d == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf out cleanup_buf;
	struct xml_node *tree, *again;
	struct err e;

	buf_init(&out, 4 << 20);
	xml_init();
	if (xml_parse((const char *)data, size, &limits, mem, &tree, &e) < 0)
		return 0;
	if (xml_serialize(tree, &out) < 0)
		return 0;
	must(xml_parse(out.data, out.len, &roomy, mem, &again, &e) == 0);
	compare(tree, again);
	return 0;
}
