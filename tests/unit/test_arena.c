#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "base/asan.h"

static void memory_is_zero_and_aligned(void **state)
{
	struct arena *a cleanup_arena = arena_create();

	(void)state;
	for (size_t size = 0; size < 9000; size = size * 2 + 1) {
		unsigned char *p = arena_alloc(a, size);
		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++) {
			assert_int_equal(p[i], 0);
		}
		memset(p, 0xaa, size);
	}
}

static void pieces_do_not_overlap(void **state)
{
	enum { PIECES = 2000 };
	struct arena *a cleanup_arena = arena_create();
	unsigned char *piece[PIECES];

	(void)state;
	for (size_t i = 0; i < PIECES; i++) {
		piece[i] = arena_alloc(a, i % 100 * (i % 7 == 0 ? 50 : 1) + 1);
		memset(piece[i], (int)(i % 256), i % 100 * (i % 7 == 0 ? 50 : 1) + 1);
	}
	for (size_t i = 0; i < PIECES; i++) {
		size_t len = i % 100 * (i % 7 == 0 ? 50 : 1) + 1;
		assert_int_equal(piece[i][0], i % 256);
		assert_int_equal(piece[i][len - 1], i % 256);
	}
}

static void copies_strings(void **state)
{
	struct arena *a cleanup_arena = arena_create();
	char text[] = "calendar";

	(void)state;
	char *whole = arena_strdup(a, text);
	char *part = arena_strndup(a, text, 3);
	text[0] = 'X';
	assert_string_equal(whole, "calendar");
	assert_string_equal(part, "cal");
	assert_null(arena_strdup(a, NULL));
	assert_string_equal(arena_strndup(a, NULL, 0), "");
}

static void prints_any_length(void **state)
{
	struct arena *a cleanup_arena = arena_create();

	(void)state;
	assert_string_equal(arena_printf(a, "%s/%d", "a", 5), "a/5");
	for (int n = 250; n < 260; n++) {
		const char *text = arena_printf(a, "%0*d", n, 7);
		assert_int_equal(strlen(text), n);
		assert_int_equal(text[n - 1], '7');
	}
	assert_int_equal(strlen(arena_printf(a, "%0100000d", 1)), 100000);
}

static void counts_what_was_asked_for(void **state)
{
	struct arena *a cleanup_arena = arena_create();

	(void)state;
	assert_int_equal(arena_used(a), 0);
	arena_array(a, 100, 16);
	assert_int_equal(arena_used(a), 1600);
	arena_alloc(a, 1 << 20);
	assert_true(arena_used(a) >= 1600 + (1 << 20));
}

/* A sanitizer can't see that by itself, so the tests under it would miss what runs over. */
static void what_is_not_handed_out_may_not_be_touched(void **state)
{
#ifdef HAVE_ASAN
	struct arena *a cleanup_arena = arena_create();
	static const size_t sizes[] = { 1, 16, 31, 5000, 1 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *p = arena_alloc(a, sizes[i]);

		assert_null(__asan_region_is_poisoned(p, sizes[i]));
		assert_ptr_equal(__asan_region_is_poisoned(p, sizes[i] + 1), p + sizes[i]);
	}
#else
	(void)state;
	skip();
#endif
}

static void destroy_accepts_null(void **state)
{
	(void)state;
	arena_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zero_and_aligned),
		cmocka_unit_test(pieces_do_not_overlap),
		cmocka_unit_test(copies_strings),
		cmocka_unit_test(prints_any_length),
		cmocka_unit_test(counts_what_was_asked_for),
		cmocka_unit_test(what_is_not_handed_out_may_not_be_touched),
		cmocka_unit_test(destroy_accepts_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
