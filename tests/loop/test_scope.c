/* Time-outs: on the loop, in the pool, nested, across calls, and left by return. */
#include "support.h"

CALLABLE(true, sleeps_in_time_out, int, { double limit, sleep; })
{
    cito_with_timeout(args->limit) cito_sleep(args->sleep);
    *result = 1;
}
CALLABLE(false, sleeps_in_time_out_on_pool, int, { double limit, sleep; })
{
    cito_with_timeout(args->limit) cito_sleep(args->sleep);
    *result = 1;
}
CALLABLE(false, sleeps_on_pool, int, { double sleep; }) { cito_sleep(args->sleep); }
CALLABLE(true, waits_for_pool, int, { double limit; }) { cito_with_timeout(args->limit) cito_run_in_threadpool(sleeps_on_pool, 100); }
CALLABLE(true, nested, int, { double outer, inner; })
{
    cito_with_timeout(args->outer)
    {
        cito_with_timeout(args->inner) { cito_sleep(100); }
    }
}
CALLABLE(true, returns_from_inside, int, { double limit; })
{
    cito_with_timeout(args->limit)
    {
        *result = 5;
        return;
    }
}

static void assert_timed_out(const cito_exception *raised, const char *text)
{
    assert_non_null(raised);
    assert_int_equal(raised->status_code, 504);
    assert_non_null(strstr(cito_value_string(raised->detail).data, text));
}

static void time_out(test_world *world)
{
    (void)world;
    int result = 0;
    assert_null(cito_catch(&result, sleeps_in_time_out, 100, 0.001));
    assert_int_equal(result, 1);
    assert_timed_out(cito_catch(&result, sleeps_in_time_out, 0.002, 100), "0.002 s");
    assert_timed_out(cito_catch(&result, sleeps_in_time_out, 0, 100), "0 s");
    assert_timed_out(cito_call(&sleeps_in_time_out_on_pool_callable, &(sleeps_in_time_out_on_pool_args){ 0.002, 100 }, &result), "0.002 s");
    assert_null(cito_call(&sleeps_in_time_out_on_pool_callable, &(sleeps_in_time_out_on_pool_args){ 100, 0.001 }, &result));
    assert_timed_out(cito_catch(&result, waits_for_pool, 0.002), "0.002 s");
    assert_timed_out(cito_catch(&result, nested, 0.002, 100), "0.002 s");
    assert_timed_out(cito_catch(&result, nested, 100, 0.002), "0.002 s");
    assert_null(cito_catch(&result, returns_from_inside, 0.001));
    assert_int_equal(result, 5);
    cito_sleep(0.003); /* the time-out that was left does not end this */
    assert_null(cito_context_current->scopes);
}
static void test_time_outs(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    in_coroutine(&world, time_out);
    world_end(&world);
}

/* All threads busy: who waits for one is not kept past its time. */
static void queue_for_a_thread(test_world *world)
{
    (void)world;
    int result;
    cito_started *busy = cito_start_call(&sleeps_on_pool_callable, &(sleeps_on_pool_args){ 100 });
    assert_timed_out(cito_catch(&result, waits_for_pool, 0.003), "0.003 s");
    assert_int_equal(cito_loop_stats_now(world->loop).threads_waiting, 0);
    assert_int_equal(cito_loop_stats_now(world->loop).threads_running, 1);
    cito_cancel_call(busy);
}
static void test_a_time_out_ends_the_wait_for_a_thread(void **state)
{
    (void)state;
    test_world world = world_begin(&(cito_loop_options){ .threadpool_size = 1 });
    in_coroutine(&world, queue_for_a_thread);
    world_end(&world);
}

static void test_outside_of_any_loop(void **state)
{
    (void)state;
    int result = 0;
    assert_timed_out(cito_catch(&result, sleeps_in_time_out, 0.002, 100), "0.002 s");
    assert_null(cito_catch(&result, sleeps_in_time_out, 100, 0.001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_outs),
        cmocka_unit_test(test_a_time_out_ends_the_wait_for_a_thread),
        cmocka_unit_test(test_outside_of_any_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
