/* Arena: what is taken is aligned, apart from its neighbours, limited and forgotten together. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void pieces_are_aligned_and_do_not_overlap(void **state)
{
    (void)state;
    enum { PIECES = 3000 };
    static unsigned char *pieces[PIECES];
    cito_arena arena;
    cito_arena_init(&arena, 0);
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = cito_arena_take(&arena, i % 700);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)(i % 251), i % 700);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t j = 0; j < i % 700; j++)
            if (pieces[i][j] != i % 251)
                fail_msg("piece %zu was overwritten at %zu", i, j);
    cito_arena_finish(&arena);
}

static void zero_bytes_are_not_null(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    assert_non_null(cito_arena_take(&arena, 0));
    assert_int_equal(cito_arena_used(&arena), CITO_ARENA_RED_ZONE);
    cito_arena_finish(&arena);
}

static void large_piece_leaves_the_first_block_in_use(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    char *before = cito_arena_take(&arena, 16);
    char *large = cito_arena_take(&arena, 1000000);
    memset(large, 1, 1000000);
    char *after = cito_arena_take(&arena, 16);
    assert_true(after > before && after - before <= 64);
    assert_true(cito_arena_used(&arena) >= 1000032);
    assert_true(cito_arena_contains(&arena, large + 999999));
    assert_true(cito_arena_contains(&arena, before));
    assert_false(cito_arena_contains(&arena, &arena));
    cito_arena_finish(&arena);
}

static void limit_gives_null_and_says_so(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 1000);
    assert_non_null(cito_arena_take(&arena, 600));
    assert_false(arena.overflowed);
    assert_null(cito_arena_take(&arena, 600));
    assert_true(arena.overflowed);
    assert_non_null(cito_arena_take(&arena, 300)); /* what still fits is given */
    assert_null(cito_arena_take(&arena, SIZE_MAX));
    assert_null(cito_arena_copy_str(&arena, "x", SIZE_MAX).data);
    cito_arena_reset(&arena);
    assert_false(arena.overflowed);
    assert_non_null(cito_arena_take(&arena, 600));
    cito_arena_finish(&arena);
}

static void limit_holds_over_many_blocks(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 100000);
    size_t taken = 0;
    while (cito_arena_take(&arena, 4096))
        taken += 4096;
    assert_in_range(taken, 90000, 100000);
    assert_true(cito_arena_used(&arena) <= 100000);
    cito_arena_finish(&arena);
}

static void reset_keeps_one_ordinary_block(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    char *first = cito_arena_take(&arena, 100);
    for (int i = 0; i < 100; i++)
        cito_arena_take(&arena, 9000);
    cito_arena_reset(&arena);
    assert_int_equal(cito_arena_used(&arena), 0);
    char *again = cito_arena_take(&arena, 100);
    assert_true(cito_arena_contains(&arena, again));
    assert_false(cito_arena_contains(&arena, first) && first != again);
    cito_arena_reset(&arena);
    assert_ptr_equal(cito_arena_take(&arena, 100), again);
    cito_arena_finish(&arena);
    cito_arena_finish(&arena); /* twice is harmless */
}

static void texts_end_in_nul(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_str copy = cito_arena_copy_str(&arena, "abcdef", 3);
    assert_int_equal(copy.len, 3);
    assert_string_equal(copy.data, "abc");
    assert_string_equal(cito_arena_copy_str(&arena, NULL, 0).data, "");
    cito_str formatted = cito_arena_format(&arena, "%d-%s", 7, "x");
    assert_string_equal(formatted.data, "7-x");
    assert_int_equal(formatted.len, 3);
    for (int width = 250; width < 262; width++) { /* around the length that is formatted twice */
        formatted = cito_arena_format(&arena, "%*d", width, 5);
        assert_int_equal(formatted.len, width);
        assert_int_equal(strlen(formatted.data), width);
        assert_int_equal(formatted.data[width - 1], '5');
    }
    assert_string_equal(cito_arena_take_zeroed(&arena, 64), "");
    cito_arena_finish(&arena);
}

static void adopted_pieces_live_on(void **state)
{
    (void)state;
    cito_arena into, from;
    cito_arena_init(&into, 0);
    cito_arena_init(&from, 0);
    cito_str kept = cito_arena_copy_str(&from, "kept", 4);
    cito_arena_adopt(&into, &from); /* into an empty one */
    assert_true(cito_arena_contains(&into, kept.data));
    cito_str second = cito_arena_copy_str(&from, "second", 6);
    char *large = cito_arena_take(&from, 50000);
    memset(large, 2, 50000);
    size_t used = cito_arena_used(&into) + cito_arena_used(&from);
    cito_arena_adopt(&into, &from);
    assert_int_equal(cito_arena_used(&into), used);
    assert_int_equal(cito_arena_used(&from), 0);
    cito_arena_adopt(&into, &from); /* an empty one */
    cito_arena_finish(&from);
    assert_string_equal(kept.data, "kept");
    assert_string_equal(second.data, "second");
    assert_int_equal(large[49999], 2);
    cito_arena_finish(&into);
}

static void adopting_counts_to_the_limit(void **state)
{
    (void)state;
    cito_arena into, from;
    cito_arena_init(&into, 4000);
    cito_arena_init(&from, 0);
    cito_arena_take(&into, 16);
    cito_arena_take(&from, 8000);
    cito_arena_adopt(&into, &from);
    assert_false(into.overflowed);
    assert_null(cito_arena_take(&into, 16));
    assert_true(into.overflowed);
    cito_arena_finish(&into);
}

#if CITO_ASAN
static void what_is_not_taken_is_poisoned(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    char *piece = cito_arena_take(&arena, 21), *next = cito_arena_take(&arena, 16);
    assert_false(__asan_address_is_poisoned(piece + 20));
    assert_true(__asan_address_is_poisoned(piece + 21));
    assert_true(__asan_address_is_poisoned(next + 16));
    cito_arena_reset(&arena);
    assert_true(__asan_address_is_poisoned(piece));
    cito_arena_finish(&arena);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
        cmocka_unit_test(zero_bytes_are_not_null),
        cmocka_unit_test(large_piece_leaves_the_first_block_in_use),
        cmocka_unit_test(limit_gives_null_and_says_so),
        cmocka_unit_test(limit_holds_over_many_blocks),
        cmocka_unit_test(reset_keeps_one_ordinary_block),
        cmocka_unit_test(texts_end_in_nul),
        cmocka_unit_test(adopted_pieces_live_on),
        cmocka_unit_test(adopting_counts_to_the_limit),
#if CITO_ASAN
        cmocka_unit_test(what_is_not_taken_is_poisoned),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
