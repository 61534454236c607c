/*
 * What a client sees of a policy: no ETag where the server wrote into the event, the note in the event and
 * in the Fees calendar, a refused DELETE that brings the event back (doc/clients.md, sections 1 to 3).
 */
#include "dav_harness.h"

#include "base/clock.h"
#include "base/util.h"
#include "policy/host.h"

#define WORK "/calendars/anna/appointments/"
#define SHARED "/calendars/marc/anna~appointments/"

/* The clients' policy of the README over anna's `appointments`, which marc may write. */
static void therapy(struct dav_test *t)
{
	static const struct conf_schema *const sections[] = { &policy_schema, &calendar_schema, NULL };
	static const struct conf_schema file = { .sections = sections };
	static const char text[] = "policy \"therapy\" {\n timezone = \"Europe/Paris\"\n currency = EUR\n"
		" price-from = title\n tiers = { \"48h 50%\", \"24h 100%\" }\n}\n"
		"calendar \"anna/appointments\" { policy = \"therapy\" }\n";
	const struct conf_section *root;
	struct policy_set *set;
	struct collection fees;
	struct err e;

	if (conf_parse(text, "test.conf", &file, &root, &e) < 0)
		fail_msg("%s", e.text);
	if (policy_load(root, &(struct policy_options){ 0 }, &set, &e) < 0)
		fail_msg("%s", e.text);
	conf_destroy(root);
	policy_unload((struct policy_set *)t->dav.policies);
	t->dav.policies = set;
	assert_int_equal(ask(t, "anna", "MKCALENDAR", WORK, NULL, NULL).status, 201);
	assert_int_equal(event_fees_calendar(t->store, "anna", t->now, t->mem, &fees, &e), 0);
	share(t, "anna", "appointments", "marc", SHARE_WRITE);
}

static const char *appointment(struct dav_test *t, const char *uid, int hours, const char *more)
{
	char start[ICAL_UTC_SIZE], end[ICAL_UTC_SIZE];

	ical_utc(t->now + hours * 3600, start);
	ical_utc(t->now + hours * 3600 + 3000, end);
	return arena_printf(t->mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\n"
		"UID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:%s\r\nDTEND:%s\r\nSUMMARY:Marc Petit 80 €\r\n%s"
		"END:VEVENT\r\nEND:VCALENDAR\r\n", uid, start, end, more);
}

static struct answer put(struct dav_test *t, const char *who, const char *path, const char *body)
{
	struct answer a = ask(t, who, "PUT", path, "Content-Type: text/calendar; charset=utf-8", body);

	assert_true(a.status == 201 || a.status == 204);
	return a;
}

static void an_annotated_event_has_no_etag_in_the_answer(void **state)
{
	struct dav_test *t = *state;

	therapy(t);
	struct answer a = put(t, "anna", WORK "a.ics", appointment(t, "a", 120, ""));
	assert_int_equal(a.status, 201);
	assert_null(answer_header(&a, "ETag"));
	assert_null(answer_header(&a, "Last-Modified"));
	struct answer get = ask(t, "anna", "GET", WORK "a.ics", NULL, NULL);
	assert_non_null(strstr(get.body, "DESCRIPTION"));
	assert_non_null(answer_header(&get, "ETag"));
	/* what it fetched and sends back is what is there: now it may know */
	a = put(t, "anna", WORK "a.ics", get.body);
	assert_string_equal(answer_header(&a, "ETag"), answer_header(&get, "ETag"));
}

static void a_late_delete_leaves_an_entry_in_fees(void **state)
{
	struct dav_test *t = *state;

	therapy(t);
	put(t, "anna", WORK "a.ics", appointment(t, "a", 20, ""));
	assert_int_equal(ask(t, "marc", "DELETE", SHARED "a.ics", NULL, NULL).status, 204);
	assert_int_equal(ask(t, "anna", "GET", WORK "a.ics", NULL, NULL).status, 404);
	struct answer a = propfind(t, "anna", "/calendars/anna/fees/", 1, "<D:getetag/>");
	assert_int_equal(answer_responses(&a), 2);
	assert_int_equal(ask(t, "marc", "DELETE", SHARED "a.ics", NULL, NULL).status, 404);
	a = propfind(t, "anna", "/calendars/anna/fees/", 1, "<D:getetag/>");
	assert_int_equal(answer_responses(&a), 2);
}

static void a_late_cancellation_is_seen_in_the_event(void **state)
{
	struct dav_test *t = *state;

	therapy(t);
	put(t, "anna", WORK "a.ics", appointment(t, "a", 20, ""));
	struct answer a = put(t, "marc", SHARED "a.ics", appointment(t, "a", 20, "STATUS:CANCELLED\r\n"));
	assert_null(answer_header(&a, "ETag"));
	a = ask(t, "anna", "GET", WORK "a.ics", NULL, NULL);
	assert_non_null(strstr(a.body, "X-DEDIT-"));
	assert_non_null(strstr(a.body, "80"));
}

/* 15.11: the owner's DELETE hides an entry, and nothing but the server makes one. */
static void an_entry_in_fees_can_be_hidden(void **state)
{
	struct dav_test *t = *state;
	const struct xml_node *x;

	therapy(t);
	put(t, "anna", WORK "a.ics", appointment(t, "a", 20, ""));
	ask(t, "marc", "DELETE", SHARED "a.ics", NULL, NULL);
	struct answer a = propfind(t, "anna", "/calendars/anna/fees/", 1, "<D:getetag/>");
	x = xml_next_same(xml_find(a.xml, NS_DAV, "response"));
	const char *href = xml_text(xml_find(x, NS_DAV, "href"), t->mem);
	assert_int_equal(ask(t, "anna", "DELETE", href, NULL, NULL).status, 204);
	assert_int_equal(ask(t, "anna", "GET", href, NULL, NULL).status, 404);
	assert_int_equal(ask(t, "anna", "MOVE", WORK "a.ics", "Destination: /calendars/anna/fees/x.ics",
		NULL).status, 404);
}

/* ---- a module that refuses every cancellation, and fails on titles that begin with "broken" ---- */

static const struct policy_host *host;

static int stern_open(const struct policy_host *h, const char *name, const char *digest,
	const struct policy_setting *settings, size_t n, void **self, char *why, size_t why_size)
{
	(void)name, (void)digest, (void)settings, (void)n, (void)self, (void)why, (void)why_size;
	host = h;
	return 0;
}

static int64_t stern_horizon(void *self)
{
	(void)self;
	return INT64_C(30) * 86400;
}

static int stern_check(void *self, const struct policy_change *c, struct policy_sink *s)
{
	(void)self;
	if (str_starts(c->summary, "broken"))
		return -1;
	return c->kind == POLICY_CANCELLED ? host->deny(s, "never") : 0;
}

static void stern_close(void *self)
{
	(void)self;
}

static void stern(struct dav_test *t)
{
	static const struct policy_module module = { .abi = DEDIT_POLICY_ABI, .size = sizeof(module),
		.name = "stern", .version = "1", .open = stern_open, .horizon = stern_horizon,
		.check = stern_check, .close = stern_close };
	struct policy_set *set = (struct policy_set *)t->dav.policies;

	set->policies = arena_array(set->mem, 1, sizeof(*set->policies));
	set->policies[0] = (struct policy){ .name = "stern", .language = "en", .zone = zone_utc(),
		.module = &module };
	set->policy_count = 1;
	set->calendars = arena_array(set->mem, 1, sizeof(*set->calendars));
	set->calendars[0] = (struct policy_calendar){ "anna", "appointments", set->policies };
	set->calendar_count = 1;
	assert_int_equal(stern_open(&policy_host_v1, "stern", "", NULL, 0, NULL, NULL, 0), 0);
	assert_int_equal(ask(t, "anna", "MKCALENDAR", WORK, NULL, NULL).status, 201);
	share(t, "anna", "appointments", "marc", SHARE_WRITE);
}

static void a_refused_delete_is_403_and_a_new_etag(void **state)
{
	struct dav_test *t = *state;

	stern(t);
	put(t, "anna", WORK "a.ics", appointment(t, "a", 20, ""));
	struct answer before = ask(t, "marc", "GET", SHARED "a.ics", NULL, NULL);
	struct answer a = ask(t, "marc", "DELETE", SHARED "a.ics", NULL, NULL);
	assert_int_equal(a.status, 403);
	assert_string_equal(answer_condition(&a), "need-privileges");
	assert_string_equal(a.reason, "never");
	struct answer after = ask(t, "marc", "GET", SHARED "a.ics", NULL, NULL);
	assert_int_equal(after.status, 200);
	assert_string_not_equal(answer_header(&before, "ETag"), answer_header(&after, "ETag"));
	a = ask(t, "marc", "MOVE", SHARED "a.ics", "Destination: /calendars/marc/calendar/a.ics", NULL);
	assert_int_equal(a.status, 403);
	assert_int_equal(ask(t, "anna", "DELETE", WORK, NULL, NULL).status, 403);
	assert_int_equal(ask(t, "anna", "GET", WORK "a.ics", NULL, NULL).status, 200);
}

static void a_module_that_fails_is_503_and_stores_nothing(void **state)
{
	struct dav_test *t = *state;

	stern(t);
	struct answer a = ask(t, "anna", "PUT", WORK "b.ics", NULL, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
		"PRODID:x\r\nBEGIN:VEVENT\r\nUID:b\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260922T100000Z\r\n"
		"SUMMARY:broken\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
	assert_int_equal(a.status, 503);
	assert_non_null(answer_header(&a, "Retry-After"));
	assert_int_equal(ask(t, "anna", "GET", WORK "b.ics", NULL, NULL).status, 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dav_unit_test(an_annotated_event_has_no_etag_in_the_answer),
		dav_unit_test(a_late_delete_leaves_an_entry_in_fees),
		dav_unit_test(a_late_cancellation_is_seen_in_the_event),
		dav_unit_test(an_entry_in_fees_can_be_hidden),
		dav_unit_test(a_refused_delete_is_403_and_a_new_etag),
		dav_unit_test(a_module_that_fails_is_503_and_stores_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
