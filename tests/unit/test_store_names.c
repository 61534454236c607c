/* Names of resources and their files (doc/architecture.md 15.14, 15.15). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "storage/names.h"

static void names_and_files_are_one_to_one(void **state)
{
	static const struct { const char *name, *file; } cases[] = {
		{"a.ics", "a.ics"},
		{"A-b_c@d.e.ics", "A-b_c@d.e.ics"},
		{"a b.ics", "a=20b.ics"},
		{"ä.ics", "=C3=A4.ics"},
		{"a=b.ics", "a=3Db.ics"},
		{"=20.ics", "=3D20.ics"},
		{".hidden.ics", "=2Ehidden.ics"},
		{".ics", "=2Eics=.ics"},
		{"plain", "plain=.ics"},
		{"plain=", "plain=3D=.ics"},
		{"a.ICS", "a.ICS=.ics"},
		{"a.ics.", "a.ics.=.ics"},
		{"100%.ics", "100=25.ics"},
		{"a\\b.ics", "a=5Cb.ics"},
		{"~x.ics", "=7Ex.ics"},
	};
	char file[NAME_FILE_SIZE], name[NAME_FILE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(name_to_file(cases[i].name, file));
		assert_string_equal(file, cases[i].file);
		assert_int_equal(name_from_file(file, name), 0);
		assert_string_equal(name, cases[i].name);
	}
}

static void every_byte_survives(void **state)
{
	char file[NAME_FILE_SIZE], back[NAME_FILE_SIZE], name[8];

	for (int c = 0x20; c < 0x7f; c++) {
		if (c == '/')
			continue;
		for (int place = 0; place < 3; place++) {
			memcpy(name, "xyz.ics", 8);
			name[place] = (char)c;
			assert_true(name_to_file(name, file));
			assert_null(strchr(file, '/'));
			assert_int_not_equal(file[0], '.');
			assert_int_equal(name_from_file(file, back), 0);
			assert_string_equal(back, name);
		}
	}
}

static void long_names_become_digests(void **state)
{
	char name[NAME_LONGEST + 1], other[NAME_LONGEST + 1], file[NAME_FILE_SIZE],
		file2[NAME_FILE_SIZE];
	char back[NAME_FILE_SIZE];

	memset(name, 'a', NAME_LONGEST);
	name[NAME_LONGEST] = '\0';
	assert_true(name_to_file(name, file)); /* 200 bytes and "=.ics" fit */
	memset(name, ' ', NAME_LONGEST);
	memcpy(other, name, sizeof(name));
	other[0] = '!';
	assert_false(name_to_file(name, file));
	assert_false(name_to_file(other, file2));
	assert_true(str_starts(file, "=~"));
	assert_true(str_ends(file, ".ics"));
	assert_true(strlen(file) <= 250);
	assert_string_not_equal(file, file2);
	assert_int_equal(name_from_file(file, back), -1);
	/* 81 escapes and the suffix are 247 bytes, 82 are 250, 83 are too many */
	memset(name, ' ', 82);
	memcpy(name + 82, ".ics", 5);
	assert_true(name_to_file(name, file));
	assert_int_equal(strlen(file), 250);
	memset(name, ' ', 83);
	memcpy(name + 83, ".ics", 5);
	assert_false(name_to_file(name, file));
}

static void files_that_are_no_events(void **state)
{
	static const char *const files[] = {".props", ".x.ics", "notes.txt", "x.ics~", "x", "=~abc.ics",
		"=2F.ics/..", "a=2Fb.ics", "=00.ics", "a=0Ab.ics", "=FF.ics", "=.ics"};
	char name[NAME_FILE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		assert_int_equal(name_from_file(files[i], name), -1);
	}
}

static void other_spellings_are_understood(void **state)
{
	static const struct { const char *file, *name; } cases[] = {
		{"mein Termin.ics", "mein Termin.ics"}, {"a=b.ics", "a=b.ics"}, {"a=c3=a4.ics", "aä.ics"},
		{"=41.ics", "A.ics"}, {"50%.ics", "50%.ics"},
	};
	char name[NAME_FILE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(name_from_file(cases[i].file, name), 0);
		assert_string_equal(name, cases[i].name);
	}
}

static void folders_need_no_suffix(void **state)
{
	char folder[NAME_FILE_SIZE], name[NAME_FILE_SIZE];

	assert_true(name_to_folder("Beruf & Co", folder));
	assert_string_equal(folder, "Beruf=20=26=20Co");
	assert_int_equal(name_from_folder(folder, name), 0);
	assert_string_equal(name, "Beruf & Co");
	assert_int_equal(name_from_folder(".git", name), -1);
	assert_int_equal(name_from_folder("=2E=2E", name), -1);
}

static void users_are_lower_case_letters_and_digits_first(void **state)
{
	static const char *const good[] = {"a", "anna", "0x", "a.b@c-d_e"};
	static const char *const bad[] = {"", "-a", ".a", "@a", "_a", "../a", "a/b", "a~b", "a|b", "a b",
		"ä", "a\n"};
	char name[OWNER_LONGEST + 2];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(name_owner_valid(good[i]) && name_typed_valid(good[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(name_owner_valid(bad[i]) || name_typed_valid(bad[i]));
	}
	assert_true(name_typed_valid("Anna") && !name_owner_valid("Anna"));
	memset(name, 'a', sizeof(name));
	name[OWNER_LONGEST + 1] = '\0';
	assert_false(name_owner_valid(name) || name_typed_valid(name));
	name[OWNER_LONGEST] = '\0';
	assert_true(name_owner_valid(name) && name_typed_valid(name));
}

static void valid_names(void **state)
{
	char name[NAME_LONGEST + 2];

	assert_false(name_valid(""));
	assert_false(name_valid("."));
	assert_false(name_valid(".."));
	assert_false(name_valid("a/b"));
	assert_false(name_valid("a\tb"));
	assert_false(name_valid("\x7f"));
	assert_false(name_valid("\xc0\xaf"));
	assert_true(name_valid("..."));
	assert_true(name_valid("a\\b"));
	memset(name, 'a', sizeof(name));
	name[NAME_LONGEST + 1] = '\0';
	assert_false(name_valid(name));
	name[NAME_LONGEST] = '\0';
	assert_true(name_valid(name));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_files_are_one_to_one),
		cmocka_unit_test(every_byte_survives),
		cmocka_unit_test(long_names_become_digests),
		cmocka_unit_test(files_that_are_no_events),
		cmocka_unit_test(other_spellings_are_understood),
		cmocka_unit_test(folders_need_no_suffix),
		cmocka_unit_test(users_are_lower_case_letters_and_digits_first),
		cmocka_unit_test(valid_names),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
