/* The tables that people edit: rows unique, complete, and used. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "dav_harness.h"

static const struct prop *const tables[] = { props_dav, props_acl, props_caldav, props_zone,
	props_apple };

static void properties_are_found_once(void **state)
{
	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (const struct prop *p = tables[t]; p->name; p++) {
			assert_ptr_equal(prop_find(p->ns, p->name), p); /* none before it of that name */
			assert_true(p->on != 0 && (p->on & ~(unsigned)RES_ANY) == 0);
			assert_true(p->get || p->flags & PROP_STORED);
			assert_int_equal((p->flags & PROP_STORED) != 0, p->check != NULL);
			assert_true(!(p->flags & PROP_PERSONAL) || p->flags & PROP_STORED);
		}
	}
	assert_null(prop_find(NS_DAV, "nonsense"));
	assert_null(prop_find(NS_APPLE, "displayname"));
}

static void methods_are_unique(void **state)
{
	(void)state;
	for (const struct method *m = dav_methods; m->name; m++) {
		assert_int_equal(m->run != NULL, m->on != 0);
		assert_false(m->flags & METHOD_MAKES && m->flags & METHOD_EXISTING);
		for (const struct method *n = m + 1; n->name; n++)
			assert_string_not_equal(m->name, n->name);
	}
}

static void reports_are_unique(void **state)
{
	(void)state;
	for (const struct report *r = dav_reports; r->name; r++) {
		assert_non_null(r->run);
		assert_true(r->on && r->need);
		for (const struct report *n = r + 1; n->name; n++)
			assert_false(r->ns == n->ns && strcmp(r->name, n->name) == 0);
	}
}

static void preconditions_are_unique(void **state)
{
	(void)state;
	for (int p = PRE_NONE + 1; p < PRE_COUNT; p++) {
		const struct precond_row *row = precond_row((enum precond)p);

		assert_true(row->status >= 400 && row->status < 600 && row->element);
		for (int q = p + 1; q < PRE_COUNT; q++) {
			const struct precond_row *other = precond_row((enum precond)q);

			assert_false(row->status == other->status && row->ns == other->ns
				&& strcmp(row->element, other->element) == 0);
		}
	}
}

/* All .c files of caldav/ in one string. */
static char *sources(void)
{
	const char *top = getenv("top_srcdir");
	cleanup_free char *pattern = xasprintf("%s/caldav/*.c", top ? top : ".");
	struct buf all;
	glob_t found;
	char block[4096];
	size_t n;

	buf_init(&all, 16 << 20);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		FILE *f = fopen(found.gl_pathv[i], "r");

		assert_non_null(f);
		while ((n = fread(block, 1, sizeof(block), f)) > 0)
			assert_int_equal(buf_add(&all, block, n), 0);
		fclose(f);
	}
	globfree(&found);
	return buf_detach(&all, NULL);
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
		if (!ascii_isalnum(p[len]) && p[len] != '_')
			return true;
	return false;
}

static void every_precondition_is_used(void **state)
{
	static const char *const names[] = {
#define X(name, status, ns, element) "PRE_" #name,
		PRECONDITIONS(X)
#undef X
	};
	cleanup_free char *all = sources();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!has_word(all, names[i]))
			fail_msg("%s is in the table only", names[i]);
	}
}

static void every_error_has_an_answer(void **state)
{
	struct dav_test *t = *state;

	for (int code = ERR_NOT_FOUND; code <= ERR_INTERNAL; code++) {
		struct response res;
		struct request http = { .mem = t->mem, .res = &res };
		struct dav_request rq = { .http = &http, .mem = t->mem };
		struct err e = { .code = (enum errcode)code, .text = "why" };

		response_init(&res, 1 << 16);
		int status = fail_err(&rq, &e);
		assert_int_equal(status, res.status);
		assert_string_equal(res.reason, "why");
		if (code == ERR_IO || code == ERR_INTERNAL || code == ERR_CORRUPT || code == ERR_BROKEN
			|| code == ERR_DEVICE)
			assert_null(strstr(res.body.data, "why")); /* for the log only */
		assert_int_equal(status >= 500, code == ERR_BUSY || code == ERR_FULL
			|| code == ERR_QUOTA || code == ERR_DEVICE || code == ERR_CORRUPT || code == ERR_IO
			|| code == ERR_INTERNAL);
		response_finish(&res);
	}
}

static void busy_says_when_to_come_back(void **state)
{
	struct dav_test *t = *state;
	struct response res;
	struct request http = { .mem = t->mem, .res = &res };
	struct dav_request rq = { .http = &http, .mem = t->mem };
	struct err e = { .code = ERR_BUSY, .text = "a module failed" };

	response_init(&res, 1 << 16);
	assert_int_equal(fail_err(&rq, &e), 503);
	assert_string_equal(res.head[res.heads - 1].name, "Retry-After");
	response_finish(&res);
}

static void default_limits_agree(void **state)
{
	(void)state;
	assert_memory_equal(&dav_default_settings.ical, &ical_default_limits, sizeof(struct ical_limits));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(properties_are_found_once),
		cmocka_unit_test(methods_are_unique),
		cmocka_unit_test(reports_are_unique),
		cmocka_unit_test(preconditions_are_unique),
		cmocka_unit_test(every_precondition_is_used),
		dav_unit_test(every_error_has_an_answer),
		dav_unit_test(busy_says_when_to_come_back),
		cmocka_unit_test(default_limits_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
