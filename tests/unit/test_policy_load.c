/* Policies from the configuration, and modules from files. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/fsio.h"
#include "base/util.h"
#include "policy/host.h"
#include "policy/module.h"
#include "policy/update.h"

static const struct conf_schema *const sections[] = { &policy_schema, &calendar_schema, NULL };
static const struct conf_schema file_schema = { .sections = sections };

struct fixture {
	char *folder;
	struct arena *mem;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->folder = xstrdup("/tmp/dedit-policy-XXXXXX");
	f->mem = arena_create();
	*state = f;
	return mkdtemp(f->folder) && zone_init(NULL, NULL) == 0 ? 0 : -1;
}

static int run(const char *fmt, ...)
{
	char command[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	run("rm -rf %s", f->folder);
	zone_finish();
	arena_destroy(f->mem);
	free_cleanup(&f->folder);
	free_cleanup(&f);
	return 0;
}

/* Builds the example with those flags; gives its path. */
static const char *build(struct fixture *f, const char *name, const char *flags)
{
	const char *srcdir = getenv("top_srcdir"), *cc = getenv("CC");
	const char *path = arena_printf(f->mem, "%s/%s.so", f->folder, name);

	if (!srcdir) {
		srcdir = ".";
	}
	assert_int_equal(
		run("%s -shared -fPIC -I%s/policy %s -o %s %s/tests/policy/example_module.c",
			cc ? cc : "cc", srcdir, flags, path, srcdir),
		0);
	return path;
}

static int load(
	const char *text, const struct policy_options *o, struct policy_set **out, struct err *e)
{
	const struct conf_section *root;

	if (conf_parse(text, "dedit.conf", &file_schema, &root, e))
		return -1;
	int status = policy_load(root, o, out, e);
	conf_destroy(root);
	return status;
}

static void expect_error(
	const char *text, const struct policy_options *o, const char *begin, const char *words)
{
	struct policy_set *set = NULL;
	struct err e = { 0 };

	assert_int_equal(load(text, o, &set, &e), -1);
	if (!str_starts(e.text, begin) || !strstr(e.text, words)) {
		fail_msg("expected \"%s … %s\", got \"%s\"", begin, words, e.text);
	}
}

static const struct policy_options none;

static const char *use_module(struct fixture *f, const char *path, const char *more)
{
	return arena_printf(f->mem, "policy \"p\" {\n    module = \"%s\"\n    %s\n}\n"
		"calendar \"Anna/work\" { policy = \"p\" }\n", path, more);
}

static void test_module_from_a_file(void **state)
{
	struct fixture *f = *state;
	const char *path = build(f, "example", "");
	const char *const paths[] = { path, NULL };
	struct policy_options o = { .module_paths = paths };
	struct policy_set *set;
	struct err e = { 0 };

	if (load(use_module(f, path, "settings = { \"greeting=hello=you\" }"), &o, &set, &e)) {
		fail_msg("%s", e.text);
	}
	const struct policy *p = policy_for(set, "anna", "work");
	assert_non_null(p);
	assert_string_equal(policy_name(p), "p");
	assert_string_equal(p->module->name, "example");
	assert_int_equal(p->module->horizon(p->self), 30 * 86400);
	assert_null(policy_for(set, "anna", "home"));
	assert_null(policy_for(set, "marc", "work"));
	assert_true(policy_owner(set, "anna"));
	assert_false(policy_owner(set, "marc"));
	policy_unload(set);
}

static void test_modules_have_to_be_allowed(void **state)
{
	struct fixture *f = *state;
	const char *path = build(f, "example", "");
	const char *const folder[] = { f->folder, NULL },
			  *const other[] = { "/usr/lib/other.so", NULL };
	struct policy_set *set;
	struct err e;

	expect_error(use_module(f, path, ""), &none, "dedit.conf:2:", "'module'");
	expect_error(use_module(f, path, ""), &(struct policy_options){ .module_paths = other },
		"dedit.conf:2:", "'module'");
	assert_int_equal(load(use_module(f, path, ""),
				 &(struct policy_options){ .module_paths = folder }, &set, &e),
		0);
	policy_unload(set);
}

static void test_module_refused(void **state)
{
	struct fixture *f = *state;
	const char *const paths[] = { f->folder, NULL };
	const struct policy_options o = { .module_paths = paths };

	expect_error(use_module(f, build(f, "abi", "-DEXAMPLE_ABI=99"), ""), &o,
		"dedit.conf:2: policy 'p'", "version 99");
	expect_error(use_module(f, build(f, "size", "-DEXAMPLE_SIZE=8"), ""), &o,
		"dedit.conf:2:", "8 bytes");
	expect_error(use_module(f, build(f, "symbol", "-DEXAMPLE_NO_SYMBOL"), ""), &o,
		"dedit.conf:2:", "dedit_policy_v1");
	expect_error(use_module(f, arena_printf(f->mem, "%s/missing.so", f->folder), ""), &o,
		"dedit.conf:2:", "No such file");
	expect_error(use_module(f, build(f, "settings", ""), "settings = { \"volume=11\" }"), &o,
		"dedit.conf:1:", "unknown setting 'volume'");
	expect_error(use_module(f, build(f, "pair", ""), "settings = { \"volume\" }"), &o,
		"dedit.conf:3:", "key=value");
	expect_error(use_module(f, build(f, "word", ""), "on-error = maybe"), &o,
		"dedit.conf:3:", "'allow' or 'deny'");
}

static void expect_denied(const char *path, const char *words)
{
	const struct policy_module *m;
	struct err e = { 0 };
	void *object;

	assert_int_equal(module_load(path, NULL, &m, &object, &e), -1);
	if (e.code != ERR_DENIED || !strstr(e.text, words)) {
		fail_msg("expected \"%s\", got \"%s\"", words, e.text);
	}
}

static void test_module_that_others_can_write(void **state)
{
	struct fixture *f = *state;
	const char *path = build(f, "example", "");

	assert_int_equal(chmod(path, 0666), 0);
	expect_denied(path, "writable by others");
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(chmod(f->folder, 0777), 0);
	expect_denied(path, f->folder);
	assert_int_equal(chmod(f->folder, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 4242, 4242), 0);
		expect_denied(path, "belongs neither");
	}
}

static void test_link_to_an_unsafe_place_is_followed_there(void **state)
{
	struct fixture *f = *state;
	const char *path = build(f, "example", "");
	const char *safe = arena_printf(f->mem, "%s/safe", f->folder);
	const char *link = arena_printf(f->mem, "%s/link.so", safe);

	assert_int_equal(mkdir(safe, 0700), 0);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(chmod(path, 0777), 0);
	expect_denied(link, "writable by others");
}

/* ---- signatures ---- */

/* A CA and a certificate with that extended usage; signs `path`. */
static void sign(struct fixture *f, const char *path, const char *usage)
{
	const char *d = f->folder;

	int status = run("cd %s && exec >log 2>&1 && "
		"ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes' && "
		"openssl req -x509 $ec -keyout ca.key -out ca.pem -subj /CN=ca -days 2 && "
		"openssl req $ec -keyout s.key -out s.csr -subj /CN=s && "
		"printf 'extendedKeyUsage=%s\\n' >ext && "
		"openssl x509 -req -in s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
		"-extfile ext -out s.pem && "
		"openssl cms -sign -binary -in %s -signer s.pem -inkey s.key -outform PEM -out %s.sig",
		d, usage, path, path);
	assert_int_equal(status, 0);
}

static void test_signatures(void **state)
{
	struct fixture *f = *state;
	const char *path = build(f, "example", "");
	const char *ca = arena_printf(f->mem, "%s/ca.pem", f->folder);
	const struct policy_module *m;
	struct err e = { 0 };
	void *object;

	if (run("openssl version >/dev/null 2>&1")) {
		skip();
	}
	sign(f, path, "codeSigning");
	if (module_load(path, ca, &m, &object, &e)) {
		fail_msg("%s", e.text);
	}
	module_unload(object);

	assert_int_equal(run("printf x >> %s", path), 0); /* one byte more than was signed */
	assert_int_equal(module_load(path, ca, &m, &object, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);

	sign(f, path, "emailProtection"); /* the CA's, but not for code */
	assert_int_equal(module_load(path, ca, &m, &object, &e), -1);
	assert_non_null(strstr(e.text, "code signing"));

	assert_int_equal(run("cp %s/ca.pem %s/old.pem", f->folder, f->folder), 0);
	sign(f, path, "codeSigning"); /* a new CA, of the same name */
	assert_int_equal(
		module_load(path, arena_printf(f->mem, "%s/old.pem", f->folder), &m, &object, &e),
		-1);

	assert_int_equal(run("rm %s.sig", path), 0);
	assert_int_equal(module_load(path, ca, &m, &object, &e), -1);
	assert_int_equal(module_load(path, NULL, &m, &object, &e), 0);
	module_unload(object);
}

/* ---- sections ---- */

#define LATE \
	"policy \"t\" {\n timezone = \"Europe/Paris\"\n tiers = { \"24h 100%\" }\n price = \"80 EUR\"\n}\n"

static void test_built_in_policy(void **state)
{
	struct policy_set *set;
	struct err e = { 0 };

	if (load(LATE
		    "calendar \"anna/a\" { policy = \"t\" }\ncalendar \"anna/b\" { policy = \"t\" }\n",
		    &none, &set, &e)) {
		fail_msg("%s", e.text);
	}
	const struct policy *p = policy_for(set, "anna", "b");
	assert_non_null(p);
	assert_string_equal(p->module->name, "late");
	assert_string_equal(zone_name(p->zone), "Europe/Paris");
	assert_int_equal(strlen(p->digest), DIGEST_SIZE - 2);
	policy_unload(set);
}

/* The same policy through the loader; made by the build, not by this test. */
static void test_built_in_policy_as_a_file(void **state)
{
	struct fixture *f = *state;
	const char *built = getenv("top_builddir"),
		   *path = arena_printf(f->mem, "%s/late.so", f->folder);
	const char *const paths[] = { f->folder, NULL };
	struct policy_options o = { .module_paths = paths };
	struct policy_set *set;
	struct err e = { 0 };

	if (run("cp %s/late.so %s 2>/dev/null && chmod 755 %s", built ? built : ".", path, path)) {
		skip();
	}
	const char *text = arena_printf(f->mem,
		"policy \"t\" {\n module = \"%s\"\n timezone = \"Europe/Paris\"\n"
		" currency = EUR\n tiers = { \"24h 100%%\" }\n}\npolicy \"u\" {\n module = \"%s\"\n"
		" timezone = \"Asia/Tokyo\"\n currency = JPY\n}\ncalendar \"anna/a\" { policy = \"t\" }\n",
		path, path);
	if (load(text, &o, &set, &e)) {
		fail_msg("%s", e.text);
	}
	const struct policy *p = policy_for(set, "anna", "a");
	assert_string_equal(p->module->name, "late");
	assert_true(p->module->horizon(p->self) > 86400);
	policy_unload(set);
}

static void test_errors_of_sections(void **state)
{
	expect_error(LATE "calendar \"anna/a\" { policy = \"x\" }\n", &none,
		"dedit.conf:6:", "no policy 'x'");
	expect_error(LATE "calendar \"anna\" { policy = \"t\" }\n", &none,
		"dedit.conf:6:", "OWNER/NAME");
	expect_error(
		LATE "calendar \"/a\" { policy = \"t\" }\n", &none, "dedit.conf:6:", "OWNER/NAME");
	expect_error(
		LATE "calendar \"anna/fees\" { policy = \"t\" }\n", &none, "dedit.conf:6:", "fees");
	expect_error(LATE "calendar \"anna/a\" { }\n", &none, "dedit.conf:6:", "'policy'");
	expect_error(LATE
		"calendar \"anna/a\" { policy = \"t\" }\ncalendar \"ANNA/a\" { policy = \"t\" }\n",
		&none, "dedit.conf:7:", "already");
	expect_error("policy \"t\" {\n timezone = \"Europe/Pairs\"\n}\n", &none,
		"dedit.conf:2:", "timezone");
	expect_error(LATE "policy \"u\" {\n settings = { \"a=b\" }\n}\n", &none,
		"dedit.conf:7:", "'module'");
}

static int count_calendar(const char *owner, const char *calendar, const char *policy, void *arg)
{
	int *count = arg;

	assert_string_equal(policy, "t");
	return ++*count == 2 ? 7 : 0;
}

static void count_wrong(const char *line, void *arg)
{
	size_t *count = arg;

	assert_non_null(strstr(line, "test.conf:"));
	++*count;
}

/* Also where a calendar names a policy that is wrong itself: that isn't told twice. */
static void test_check_tells_all_that_is_wrong(void **state)
{
	static const char text[] = "policy \"a/b\" { }\npolicy \"b\" { tiers = { \"2bd 50%\" } }\n"
		"calendar \"anna/x\" { policy = b }\ncalendar \"anna/y\" { policy = c }\n";
	const struct conf_section *root;
	size_t told = 0;
	struct err e;

	(void)state;
	assert_int_equal(conf_parse(text, "test.conf", &file_schema, &root, &e), 0);
	assert_int_equal(policy_check(root, &(struct policy_options){ 0 }, count_wrong, &told), 3);
	assert_int_equal(told, 3);
	conf_destroy(root);
}

static void test_calendars_are_visited(void **state)
{
	struct policy_set *set;
	struct err e;
	int count = 0;

	assert_int_equal(
		load(LATE
			"calendar \"a/a\" { policy = \"t\" }\ncalendar \"b/b\" { policy = \"t\" }\n"
			"calendar \"c/c\" { policy = \"t\" }\n",
			&none, &set, &e),
		0);
	assert_int_equal(policy_calendars(set, count_calendar, &count), 7);
	assert_int_equal(count, 2);
	policy_unload(set);
}

static void test_no_policies(void **state)
{
	struct policy_set *set = policy_none();

	assert_null(policy_for(set, "anna", "a"));
	assert_false(policy_owner(set, "anna"));
	policy_unload(set);
	policy_unload(NULL);
}

static int64_t in_june(void)
{
	return 1780300800; /* 2026-06-01T08:00:00Z */
}

/* What was booked under policy "t" at that time, in a ledger's file. */
static void book(struct fixture *f, int64_t acquired, const char *outcome)
{
	struct entry_list list = { 0 };
	struct entry *slot = entry_add(&list, f->mem);
	struct ledger_row row;
	struct commit c = { .now = acquired, .ledger = &row, .ledgers = 1 };
	struct store *store;
	struct err e = { 0 };

	slot->owner = "anna";
	slot->kind = slot->i.class_ = KIND_SLOT;
	slot->i.acquired = acquired;
	slot->i.policy = "t";
	slot->i.outcome = outcome;
	if (store_open("sqlite", f->folder, &(struct store_options){ .tombstone_days = 365 }, &store, &e) ||
		ledger_row(slot, acquired, f->mem, &row, &e) || store_commit(store, &c, &e)) {
		fail_msg("%s", e.text);
	}
	store_close(store);
}

#define WITH_VERSION(date, what) \
	"policy \"t\" {\n timezone = \"Europe/Paris\"\n price = \"80 EUR\"\n version \"" date "\" { " what " }\n}\n"

static void test_versions_do_not_begin_in_the_past(void **state)
{
	struct fixture *f = *state;
	struct policy_options o = { .data = f->folder, .ledger = f->folder };
	struct policy_set *set;
	struct err e = { 0 };

	clock_set(in_june);
	/* nothing booked since: 15 May is before, and what was given up needs no terms */
	book(f, in_june() - 17 * 86400, "new-booking");
	book(f, in_june() - 86400, "closed");
	assert_int_equal(load(WITH_VERSION("2026-05-20", "price = \"85 EUR\""), &o, &set, &e), 0);
	policy_unload(set);
	book(f, in_june() - 86400, "new-booking");
	book(f, in_june() - 86000, "moved");
	/* known by now, whatever stands beside it */
	if (load(WITH_VERSION("2026-05-20", "price = \"85 EUR\"") "\npolicy \"u\" { timezone = \"UTC\" }", &o,
		&set, &e))
		fail_msg("%s", e.text);
	policy_unload(set);
	expect_error(WITH_VERSION("2026-05-20", "price = \"90 EUR\""), &o, "dedit.conf:4: policy 't': version "
		"'2026-05-20'", "with 2 bookings since: expected a date to come, or --retroactive");
	expect_error(WITH_VERSION("2026-05-10", "price = \"85 EUR\""), &o, "dedit.conf:4:", "with 3 bookings since");
	/* refused is not kept */
	expect_error(WITH_VERSION("2026-05-10", "price = \"85 EUR\""), &o, "dedit.conf:4:", "with 3 bookings since");
	o.data = NULL;
	expect_error(WITH_VERSION("2026-05-10", "price = \"85 EUR\""), &o, "dedit.conf:4:", "with 3 bookings since");
	o.data = f->folder;
	/* nor what a tolerant reader took */
	o.tolerant = true;
	assert_int_equal(load(WITH_VERSION("2026-05-10", "price = \"85 EUR\""), &o, &set, &e), 0);
	policy_unload(set);
	o.tolerant = false;
	expect_error(WITH_VERSION("2026-05-10", "price = \"85 EUR\""), &o, "dedit.conf:4:", "with 3 bookings since");
	assert_int_equal(load(WITH_VERSION("2026-06-02", "price = \"85 EUR\""), &o, &set, &e), 0);
	policy_unload(set);
	o.retroactive = true;
	assert_int_equal(load(WITH_VERSION("2026-05-10", "price = \"85 EUR\""), &o, &set, &e), 0);
	policy_unload(set);
	o.retroactive = false;
	assert_int_equal(load(WITH_VERSION("2026-05-10", "price = \"85 EUR\""), &o, &set, &e), 0);
	policy_unload(set);
	clock_set(NULL);
}

static void test_text_is_kept_by_digest(void **state)
{
	struct fixture *f = *state;
	struct policy_options o = { .data = f->folder };
	char first[DIGEST_SIZE];
	struct policy_set *set;
	cleanup_fd int dir = -1;
	struct buf text cleanup_buf;
	struct err e = { 0 };

	buf_init(&text, 1 << 16);
	/* blanks and comments make no new version */
	assert_int_equal(load(LATE, &o, &set, &e), 0);
	memcpy(first, set->policies[0].digest, sizeof(first));
	policy_unload(set);
	assert_int_equal(load("# a comment\n\n" LATE, &o, &set, &e), 0);
	assert_string_equal(set->policies[0].digest, first);
	policy_unload(set);
	assert_int_equal(fs_open_dir(f->folder, &dir, &e), 0);
	assert_int_equal(fs_read(dir, arena_printf(f->mem, "policies/%s", first), &text, &e), 0);
	assert_non_null(strstr(text.data, "policy \"t\" {\n"));
	assert_non_null(strstr(text.data, "    price = \"80 EUR\"\n"));
	/* what was kept can be read again, and means the same */
	assert_int_equal(load(text.data, &o, &set, &e), 0);
	assert_string_equal(set->policies[0].digest, first);
	policy_unload(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_module_from_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modules_have_to_be_allowed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_module_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_module_that_others_can_write, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_link_to_an_unsafe_place_is_followed_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signatures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_built_in_policy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_built_in_policy_as_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors_of_sections, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check_tells_all_that_is_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(test_calendars_are_visited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_policies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_versions_do_not_begin_in_the_past, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_is_kept_by_digest, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
