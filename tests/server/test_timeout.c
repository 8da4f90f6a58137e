/* Timeouts: order, setting again, taking off. */
#include "server/timeout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_order_and_kinds(void **state)
{
    (void)state;
    cito_timeouts timeouts;
    cito_timeout a = { 0 }, b = { 0 }, c = { 0 };
    cito_timeout_kind kind = CITO_TIMEOUT_NONE;
    cito_timeouts_init(&timeouts);
    timeouts.duration_ms[CITO_TIMEOUT_HEAD] = 1000;
    timeouts.duration_ms[CITO_TIMEOUT_WRITE] = 300;
    cito_timeout_set(&timeouts, &a, CITO_TIMEOUT_HEAD, 0);
    cito_timeout_set(&timeouts, &b, CITO_TIMEOUT_HEAD, 500);
    cito_timeout_set(&timeouts, &c, CITO_TIMEOUT_WRITE, 500);
    assert_int_equal(timeouts.armed, 3);
    assert_null(cito_timeouts_pop(&timeouts, 799, &kind));
    assert_ptr_equal(cito_timeouts_pop(&timeouts, 800, &kind), &c);
    assert_int_equal(kind, CITO_TIMEOUT_WRITE);
    assert_null(cito_timeouts_pop(&timeouts, 999, &kind));
    assert_ptr_equal(cito_timeouts_pop(&timeouts, 5000, &kind), &a);
    assert_int_equal(kind, CITO_TIMEOUT_HEAD);
    assert_ptr_equal(cito_timeouts_pop(&timeouts, 5000, &kind), &b);
    assert_null(cito_timeouts_pop(&timeouts, 5000, &kind));
    assert_int_equal(timeouts.armed, 0);
}

static void test_set_again(void **state)
{
    (void)state;
    cito_timeouts timeouts;
    cito_timeout a = { 0 }, b = { 0 };
    cito_timeout_kind kind;
    cito_timeouts_init(&timeouts);
    timeouts.duration_ms[CITO_TIMEOUT_KEEP_ALIVE] = 1000;
    timeouts.duration_ms[CITO_TIMEOUT_BODY] = 2000;
    cito_timeout_set(&timeouts, &a, CITO_TIMEOUT_KEEP_ALIVE, 0);
    cito_timeout_set(&timeouts, &b, CITO_TIMEOUT_KEEP_ALIVE, 100);
    cito_timeout_set(&timeouts, &a, CITO_TIMEOUT_KEEP_ALIVE, 10); /* too little to move it */
    assert_ptr_equal(timeouts.first[CITO_TIMEOUT_KEEP_ALIVE].next, &a);
    cito_timeout_set(&timeouts, &a, CITO_TIMEOUT_KEEP_ALIVE, 400);
    assert_ptr_equal(cito_timeouts_pop(&timeouts, 1399, &kind), &b);
    assert_null(cito_timeouts_pop(&timeouts, 1399, &kind));
    cito_timeout_set(&timeouts, &a, CITO_TIMEOUT_BODY, 1000);
    assert_null(cito_timeouts_pop(&timeouts, 2999, &kind));
    cito_timeout_set(&timeouts, &a, CITO_TIMEOUT_NONE, 0);
    assert_int_equal(timeouts.armed, 0);
    assert_null(cito_timeouts_pop(&timeouts, 99999, &kind));
    cito_timeout_set(&timeouts, &a, CITO_TIMEOUT_NONE, 0);
    assert_int_equal(timeouts.armed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_order_and_kinds), cmocka_unit_test(test_set_again) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
