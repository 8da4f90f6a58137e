/* Text: comparing, searching and keeping, the empty and the zeroed text included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cito/value.h>
#include <cmocka.h>

static const cito_str zeroed;

static void equal_texts(void **state)
{
    (void)state;
    assert_true(cito_str_equal(CITO_STR("abc"), "abc"));
    assert_false(cito_str_equal(CITO_STR("abc"), "abcd"));
    assert_false(cito_str_equal(CITO_STR("abc"), "abx"));
    assert_false(cito_str_equal(CITO_STR("a\0c"), "a"));
    assert_true(cito_str_equal(zeroed, ""));
    assert_false(cito_str_equal(zeroed, "a"));
    assert_true(cito_same(CITO_STR("a\0c"), CITO_STR("a\0c")));
    assert_false(cito_same(CITO_STR("a\0c"), CITO_STR("a\0d")));
    assert_false(cito_same(CITO_STR("a"), CITO_STR("ab")));
    assert_true(cito_same(zeroed, CITO_STR("")));
}

static void parts_are_found(void **state)
{
    (void)state;
    assert_true(cito_str_starts_with(CITO_STR("Bearer x"), "Bearer "));
    assert_false(cito_str_starts_with(CITO_STR("Bear"), "Bearer "));
    assert_true(cito_str_starts_with(zeroed, ""));
    assert_true(cito_str_contains(CITO_STR("a\0bcd"), "cd"));
    assert_false(cito_str_contains(CITO_STR("abc"), "cb"));
    assert_false(cito_str_contains(CITO_STR("abc"), "abcd"));
    assert_true(cito_str_contains(zeroed, ""));
    assert_false(cito_str_contains(zeroed, "a"));
}

static void copy_outlives_the_original(void **state)
{
    (void)state;
    char original[] = "k\0pt";
    cito_str copy = cito_dup_str((cito_str){ original, 4 });
    memset(original, 'x', sizeof original);
    assert_int_equal(copy.len, 4);
    assert_memory_equal(copy.data, "k\0pt", 5);
    free((void *)copy.data);
    copy = cito_dup_str(zeroed);
    assert_string_equal(copy.data, "");
    free((void *)copy.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts),
        cmocka_unit_test(parts_are_found),
        cmocka_unit_test(copy_outlives_the_original),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
