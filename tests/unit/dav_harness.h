/*
 * dav_handle over the memory store: a request in, the answer taken apart. One server per test, with
 * the accounts anna, marc (Marc Petit), paul (administrator) and eve, each with `calendar` and `tasks`.
 */
#ifndef DEDIT_TESTS_DAV_HARNESS_H
#define DEDIT_TESTS_DAV_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
/* caldav/error.h has a function of the name of cmocka's macro */
#undef fail
#undef fail_msg
#define fail_msg(...) do { print_error(__VA_ARGS__); _fail(__FILE__, __LINE__); } while (0)

#include "caldav/dav.h"
#include "caldav/prop.h"

enum { TEST_NOW = 1790000000 };

struct dav_test {
	struct store *store;
	struct dav dav;
	struct arena *mem;
	struct account accounts[4];
	int64_t now;
};

struct answer {
	int status;
	const struct header *head;
	size_t heads, pieces; /* pieces: how often a generator was asked */
	const char *body, *reason;
	size_t len;
	const struct xml_node *xml; /* NULL if the body is none */
};

int dav_test_setup(void **state);
int dav_test_teardown(void **state);
#define dav_unit_test(f) cmocka_unit_test_setup_teardown(f, dav_test_setup, dav_test_teardown)

/* headers: "Name: value" lines, or NULL. body NULL: none. The answer lives as long as the test. */
struct answer ask(struct dav_test *t, const char *who, const char *method, const char *path,
	const char *headers, const char *body);
struct answer ask_bytes(struct dav_test *t, const char *who, const char *method, const char *path,
	const char *headers, const char *body, size_t len);
/* PROPFIND with the inside of <D:prop>; the prefixes D C CS A are declared. */
struct answer propfind(struct dav_test *t, const char *who, const char *path, int depth,
	const char *props);
/* The same for PROPPATCH: the inside of <D:propertyupdate>. */
struct answer proppatch(struct dav_test *t, const char *who, const char *path, const char *inside);
/* PUT of an event; an assertion that it is stored. */
void put_event(struct dav_test *t, const char *who, const char *path, const char *uid);
/* A small valid event. */
const char *event_text(struct dav_test *t, const char *uid, const char *summary);
void share(struct dav_test *t, const char *owner, const char *calendar, const char *user,
	enum share_access access);

const char *answer_header(const struct answer *a, const char *name); /* or NULL */
/* Name of the condition in a DAV:error; "" if there is none. */
const char *answer_condition(const struct answer *a);
/* Number of responses in a multistatus. */
size_t answer_responses(const struct answer *a);
const struct xml_node *answer_response(struct dav_test *t, const struct answer *a, const char *href);
/* The property of that response, wherever it is; status: of its propstat (0: not there at all). */
const struct xml_node *answer_prop(struct dav_test *t, const struct answer *a, const char *href,
	enum ns ns, const char *name, int *status);
/* Its text, with the assertion that it is a 200. */
const char *prop_text(struct dav_test *t, const struct answer *a, const char *href, enum ns ns,
	const char *name);
int prop_status(struct dav_test *t, const struct answer *a, const char *href, enum ns ns,
	const char *name);
/* The status element right below a response; 0 if it has propstats. */
int response_status(struct dav_test *t, const struct answer *a, const char *href);

#endif
