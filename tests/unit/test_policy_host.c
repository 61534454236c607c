/* What modules may have written, and where links lead: policy.md 4.3, architecture.md 15.9, 15.32, 15.33. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "policy/host.h"
#include "policy/link.h"

#define REF "7F3K-2Q9M"

/* One call of annotate(), as the module of these tests makes it. */
struct call { uint32_t place; const char *name, *value; int times; };
static struct call call;

/* An incident, told in place of the call if it has a size. */
static struct policy_incident incident;

static int make_call(void *self, const struct policy_change *c, struct policy_sink *s)
{
	int rc = 0;

	(void)self;
	(void)c;
	if (incident.size > 0)
		return policy_host_v1.incident(s, &incident);
	for (int n = 0; n < call.times && rc == 0; n++) {
		rc = policy_host_v1.annotate(s, call.place, call.name, call.value);
	}
	return rc;
}

static const struct policy_module module = { .abi = DEDIT_POLICY_ABI, .size = sizeof(module), .name = "test",
	.version = "1", .check = make_call };

struct fixture {
	struct arena *mem;
	struct policy policy;
	struct decision decision;
	struct verdict verdict;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err e;

	*state = f;
	f->mem = arena_create();
	f->policy = (struct policy){ .name = "Thérapie", .language = "en", .module = &module,
		.public_url = "https://cal.example.org" };
	f->decision = (struct decision){ .mem = f->mem, .policy = &f->policy, .owner = "anna" };
	return store_open("memory", NULL, NULL, &f->decision.store, &e);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->decision.store);
	arena_destroy(f->mem);
	free_cleanup(&f);
	return 0;
}

static int annotate(struct fixture *f, struct call c)
{
	struct policy_change change = { .size = sizeof(change), .ref = "", .uid = "u1", .occurrence = "",
		.attendee = "" };
	struct err e;

	call = c;
	call.times = c.times ? c.times : 1;
	return host_ask(&f->decision, &change, &f->verdict, &e);
}

static void shows(struct fixture *f, const char *head, const char *value)
{
	const struct rendering *r = &f->verdict.shown;

	assert_int_equal(r->extra_count, 1);
	assert_string_equal(r->extras[0].head, head);
	assert_string_equal(r->extras[0].value, value);
}

static void test_properties_of_the_standards(void **state)
{
	static const char schema[] = "STRUCTURED-DATA;VALUE=TEXT;SCHEMA=\"https://schema.org/Invoice\"";
	static const char *const wrong[] = { "DTSTART", "REFIDX", "refid", "X-REFID", "REFID:x", "REFID;X=a:b",
		"REFID;X=\"a", "REFID;X=a\r\nDTSTART", "STRUCTURED-DATA;A=\"x:y\":z", "" };
	struct fixture *f = *state;

	assert_int_equal(annotate(f, (struct call){ POLICY_EXTRA, "REFID", REF, 0 }), 0);
	shows(f, "REFID", REF);
	assert_int_equal(annotate(f, (struct call){ POLICY_EXTRA, schema, "{\"a\":1,\"b\":\"x;\n\"}", 0 }), 0);
	shows(f, schema, "{\"a\":1\\,\"b\":\"x\\;\\n\"}");
	for (size_t n = 0; n < ARRAY_SIZE(wrong); n++) {
		if (annotate(f, (struct call){ POLICY_EXTRA, wrong[n], "x", 0 }) == 0)
			fail_msg("'%s' was taken", wrong[n]);
	}
	assert_int_equal(annotate(f, (struct call){ POLICY_EXTRA, NULL, "x", 0 }), -1);
	assert_int_equal(annotate(f, (struct call){ POLICY_EXTRA, "REFID", "x", 9 }), -1);
}

static void test_link_to_the_terms(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(annotate(f, (struct call){ POLICY_TERMS_LINK, NULL, "2026-01-01", 0 }), 0);
	shows(f, "LINK;VALUE=URI;LINKREL=terms-of-service",
		"https://cal.example.org/policy/Th%C3%A9rapie/2026-01-01");
	f->policy.public_url = NULL;
	assert_int_equal(annotate(f, (struct call){ POLICY_TERMS_LINK, NULL, "2026-01-01", 0 }), 0);
	assert_int_equal(f->verdict.shown.extra_count, 0);
}

/* It is the incident's client's; of one that there isn't, the module is wrong. */
static void test_link_to_the_note(void **state)
{
	struct fixture *f = *state;
	struct entry *entry = entry_add(&f->decision.known, f->mem);
	struct store_info info;

	store_info(f->decision.store, &info);
	entry->incident = true;
	entry->i.ref = REF;
	entry->i.client = "marie";
	assert_int_equal(annotate(f, (struct call){ POLICY_FEE_LINK, NULL, REF, 0 }), 0);
	shows(f, "ATTACH;FMTTYPE=text/html;FILENAME=fee-" REF ".html",
		arena_printf(f->mem, "https://cal.example.org%s", link_fee(&info, REF, "marie", f->mem)));
	/* what this change tells comes first */
	entry = entry_add(&f->decision.fresh, f->mem);
	entry->incident = true;
	entry->i.ref = REF;
	entry->i.client = "marc";
	assert_int_equal(annotate(f, (struct call){ POLICY_FEE_LINK, NULL, REF, 0 }), 0);
	assert_string_equal(f->verdict.shown.extras[0].value,
		arena_printf(f->mem, "https://cal.example.org%s", link_fee(&info, REF, "marc", f->mem)));
	assert_int_equal(annotate(f, (struct call){ POLICY_FEE_LINK, NULL, "2222-2222", 0 }), -1);
	f->policy.public_url = NULL;
	assert_int_equal(annotate(f, (struct call){ POLICY_FEE_LINK, NULL, REF, 0 }), 0);
	assert_int_equal(f->verdict.shown.extra_count, 0);
}

static void test_amounts_have_a_currency(void **state)
{
	static int64_t *const amounts[] = { &incident.charge, &incident.hold, &incident.credit, &incident.refund,
		&incident.deposit };
	struct fixture *f = *state;
	struct call none = { 0 };

	incident = (struct policy_incident){ .size = sizeof(incident), .class_ = "late-cancel" };
	assert_int_equal(annotate(f, none), 0);
	for (size_t n = 0; n < ARRAY_SIZE(amounts); n++) {
		*amounts[n] = 5;
		incident.currency = NULL;
		assert_int_equal(annotate(f, none), -1);
		incident.currency = "XYZ";
		assert_int_equal(annotate(f, none), -1);
		incident.currency = "EUR";
		assert_int_equal(annotate(f, none), 0);
		*amounts[n] = 0;
	}
	incident = (struct policy_incident){ 0 };
}

static void test_in_fees_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(annotate(f, (struct call){ POLICY_EXTRA | POLICY_IN_FEES, "REFID", REF, 0 }), 0);
	assert_int_equal(f->verdict.shown.extra_count, 0);
	assert_int_equal(f->verdict.in_fees.extra_count, 1);
	assert_true(f->verdict.own_fees);
}

static void test_places_of_a_later_version(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(annotate(f, (struct call){ 99, "X", "x", 0 }), 0);
	assert_int_equal(f->verdict.shown.extra_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_properties_of_the_standards, setup, teardown),
		cmocka_unit_test_setup_teardown(test_link_to_the_terms, setup, teardown),
		cmocka_unit_test_setup_teardown(test_link_to_the_note, setup, teardown),
		cmocka_unit_test_setup_teardown(test_amounts_have_a_currency, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_fees_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_places_of_a_later_version, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
