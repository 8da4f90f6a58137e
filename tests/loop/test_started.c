/* cito_start, cito_await, cito_cancel: beside each other, from both sides, raising, unawaited. */
#include "support.h"

CALLABLE(true, twice, int, {
    int number;
    double sleep;
})
{
    cito_sleep(args->sleep);
    *result = args->number * 2;
}
CALLABLE(false, twice_on_pool, int, {
    int number;
    double sleep;
})
{
    cito_sleep(args->sleep);
    *result = args->number * 2;
}
CALLABLE(true, raises, int, { int status; })
{
    cito_sleep(0);
    cito_raise(args->status, "started and failed");
}
CALLABLE(true, awaits_a_raise, int, { int status; })
{
    cito_future(raises) started = cito_start(raises, args->status);
    *result = cito_await(started);
}

static int starts_and_awaits(void)
{
    cito_future(twice) a = cito_start(twice, 1, 0.004);
    cito_future(twice_on_pool) b = cito_start(twice_on_pool, 10, 0.002);
    cito_future(twice) c = cito_start(twice, 100, 0);
    int sum = cito_await(c) + cito_await(b) + cito_await(a);
    return sum + cito_await(a); /* once more gives the same */
}
CALLABLE(false, starts_from_pool, int, { int status; })
{
    int ignored;
    *result = starts_and_awaits();
    const cito_exception *raised = cito_catch(&ignored, awaits_a_raise, args->status);
    if (!raised || raised->status_code != args->status)
        *result = -1;
}

static void start_and_await(test_world *world)
{
    (void)world;
    int result;
    assert_int_equal(starts_and_awaits(), 224);
    assert_int_equal(cito_catch(&result, awaits_a_raise, 409)->status_code, 409);
    assert_int_equal(cito_run_in_threadpool(starts_from_pool, 410), 224);
}
static void test_beside_each_other(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    in_coroutine(&world, start_and_await);
    world_end(&world);
}

CALLABLE(true, awaits_cancelled, int, { bool on_pool; })
{
    cito_started *started = args->on_pool ? cito_start_call(&twice_on_pool_callable, &(twice_on_pool_args){ 1, 100 })
                                          : cito_start_call(&twice_callable, &(twice_args){ 1, 100 });
    cito_cancel_call(started);
    cito_await_into(started, result);
}
CALLABLE(true, awaits_too_long, int, { int unused; })
{
    cito_future(twice) started = cito_start(twice, 1, 100);
    cito_with_timeout(0.002) cito_await(started);
}
CALLABLE(false, awaits_too_long_on_pool, int, { int unused; })
{
    cito_future(twice) started = cito_start(twice, 1, 100);
    cito_with_timeout(0.002) cito_await(started);
}
static void cancel_in_many_ways(test_world *world)
{
    (void)world;
    int result;
    assert_int_equal(cito_catch(&result, awaits_cancelled, false)->status_code, 499);
    assert_int_equal(cito_catch(&result, awaits_cancelled, true)->status_code, 499);
    assert_int_equal(cito_catch(&result, awaits_too_long, 0)->status_code, 504);
    assert_int_equal(cito_call(&awaits_too_long_on_pool_callable, &(awaits_too_long_on_pool_args){ 0 }, &result)->status_code, 504);
    cito_start(twice, 1, 100); /* these two end with the lifetime */
    cito_start(twice_on_pool, 1, 100);
    cito_start(raises, 503);
    cito_sleep(0); /* the raise comes first */
}
static void test_cancelled_and_unawaited(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    log_catch();
    in_coroutine(&world, cancel_in_many_ways);
    log_let_go();
    assert_non_null(strstr(logged, "raises"));
    assert_non_null(strstr(logged, "503"));
    assert_null(strstr(logged, "twice"));
    assert_int_equal(cito_loop_stats_now(world.loop).coroutines, 0);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside_each_other),
        cmocka_unit_test(test_cancelled_and_unawaited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
