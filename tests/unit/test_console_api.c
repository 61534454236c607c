/* The console's table of paths and the file that tells others of it say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "web/console/api.h"

static const char *const roles[] = { "nobody", "client", "owner", "administrator" };

struct described { struct arena *mem; struct response res; json_t *doc; };

static struct request request(struct described *d, const char *method, const char *path)
{
	return (struct request){ .mem = d->mem, .method = method, .path = path, .body = "", .res = &d->res };
}

static int setup(void **state)
{
	static struct described d;
	struct request rq;
	struct web web = { 0 };

	d.mem = arena_create();
	response_init(&d.res, 1 << 20);
	rq = request(&d, "GET", "/console/api/openapi.json");
	web_handle(&web, &rq);
	assert_int_equal(d.res.status, 200);
	d.doc = json_loads(d.res.body.data, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(d.doc);
	*state = &d;
	return 0;
}

static int teardown(void **state)
{
	struct described *d = *state;

	json_decref(d->doc);
	response_finish(&d->res);
	arena_destroy(d->mem);
	return 0;
}

static const json_t *operation(const struct described *d, const char *path, const char *method)
{
	char lower[16];

	snprintf(lower, sizeof(lower), "%s", method);
	ascii_lower(lower);
	return json_object_get(json_object_get(json_object_get(d->doc, "paths"), path), lower);
}

static void every_row_is_described(void **state)
{
	size_t rows = 0;

	for (const struct api_row *row = api_rows; row->method; row++, rows++) {
		const json_t *op = operation(*state, row->path, row->method);

		if (!op)
			fail_msg("%s %s isn't in openapi.json", row->method, row->path);
		assert_string_equal(json_string_value(json_object_get(op, "x-role")), roles[row->role]);
		assert_int_equal(json_object_get(op, "requestBody") != NULL, (row->flags & (API_JSON | API_CALENDAR)) != 0);
	}
	assert_true(rows > 3);
}

/* By its own "security", or by that of the whole. */
static bool takes_token(const struct described *d, const json_t *op)
{
	const json_t *security = json_object_get(op, "security"), *one;
	size_t i;

	json_array_foreach(security ? security : json_object_get(d->doc, "security"), i, one) {
		if (json_object_get(one, "token"))
			return true;
	}
	return false;
}

static void who_may_come_with_a_token_is_described(void **state)
{
	const unsigned no_token = API_IN_PERSON | API_SIGN_IN | API_CONFIRM;

	for (const struct api_row *row = api_rows; row->method; row++) {
		if (takes_token(*state, operation(*state, row->path, row->method)) !=
			(row->role != API_NOBODY && !(row->flags & no_token)))
			fail_msg("%s %s: \"security\" in openapi.json", row->method, row->path);
	}
}

static bool has_row(const char *path, const char *method)
{
	for (const struct api_row *row = api_rows; row->method; row++) {
		if (strcmp(row->path, path) == 0 && ascii_casecmp(row->method, method) == 0)
			return true;
	}
	return false;
}

static void everything_described_has_a_row(void **state)
{
	const struct described *d = *state;
	const char *path, *method;
	json_t *operations, *op;

	json_object_foreach(json_object_get(d->doc, "paths"), path, operations) {
		json_object_foreach(operations, method, op) {
			if (!has_row(path, method))
				fail_msg("%s %s is in no table", method, path);
			assert_true(json_string_length(json_object_get(op, "summary")) > 0);
		}
	}
}

/* Each "$ref" leads somewhere. */
static void check_references(const struct described *d, json_t *value)
{
	static const char prefix[] = "#/components/schemas/";
	const char *key;
	json_t *member;
	size_t i;

	json_array_foreach(value, i, member)
		check_references(d, member);
	json_object_foreach(value, key, member) {
		const char *text = json_string_value(member);

		if (strcmp(key, "$ref") == 0 && text && str_starts(text, prefix))
			assert_non_null(json_object_get(json_object_get(json_object_get(d->doc, "components"),
				"schemas"), text + strlen(prefix)));
		check_references(d, member);
	}
}

static void references_lead_somewhere(void **state)
{
	struct described *d = *state;

	check_references(d, d->doc);
}

/* Whoever adds a path can't forget who may ask for it. */
static void doors_are_shut(void **state)
{
	for (const struct api_row *row = api_rows; row->method; row++) {
		const char *path = arena_printf(((struct described *)*state)->mem, "/console/api%s", row->path);
		struct request rq = request(*state, row->method, path);
		enum door want = row->role == API_NOBODY ? DOOR_OPEN :
			row->run == api_session_begin ? DOOR_SIGN_IN :
			row->run == api_password ? DOOR_CONFIRM : DOOR_SESSION;

		assert_int_equal(web_door(&rq), want);
	}
	struct request other = request(*state, "GET", "/console/api/none");
	assert_int_equal(web_door(&other), DOOR_SESSION);
	other = request(*state, "GET", "/console/none");
	assert_int_equal(web_door(&other), DOOR_OPEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_described),
		cmocka_unit_test(who_may_come_with_a_token_is_described),
		cmocka_unit_test(everything_described_has_a_row),
		cmocka_unit_test(references_lead_somewhere),
		cmocka_unit_test(doors_are_shut),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
