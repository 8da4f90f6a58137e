/* The thread pool: where callables run, order and limits, memory and raises across the hop. */
#include "support.h"

#include <sched.h>

static pthread_t loop_thread;

CALLABLE(false, on_which_thread, int, { int number; }) { *result = pthread_equal(pthread_self(), loop_thread) ? -1 : args->number; }
CALLABLE(true, on_loop, int, { int number; })
{
    cito_sleep(0.001);
    *result = pthread_equal(pthread_self(), loop_thread) ? args->number : -1;
}
CALLABLE(false, raises, int, { int status; }) { cito_raise(args->status, "no %s", "luck"); }
CALLABLE(false, makes_text, cito_str, { int number; }) { *result = cito_format("number %d", args->number); }

static void call_from_coroutine(test_world *world)
{
    (void)world;
    int result = 0;
    assert_null(cito_call(&on_which_thread_callable, &(on_which_thread_args){ 7 }, &result));
    assert_int_equal(result, 7);
    assert_null(cito_call(&on_loop_callable, &(on_loop_args){ 8 }, &result));
    assert_int_equal(result, 8);
    assert_int_equal(cito_run_in_threadpool(on_which_thread, 9), 9);
    const cito_exception *raised = cito_call(&raises_callable, &(raises_args){ 418 }, &result);
    assert_non_null(raised);
    assert_int_equal(raised->status_code, 418);
    cito_str text = cito_run_in_threadpool(makes_text, 5);
    cito_run_in_threadpool(makes_text, 6);
    assert_string_equal(text.data, "number 5");
}
static void test_calls_from_a_coroutine(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    loop_thread = pthread_self();
    in_coroutine(&world, call_from_coroutine);
    assert_int_equal(cito_loop_stats_now(world.loop).threads_waiting, 0);
    world_end(&world);
}

/* On a pool thread all sync callables run on it; an async one runs on the loop. */
CALLABLE(false, calls_others, int, { int unused; })
{
    pthread_t here = pthread_self();
    int sync = 0, async = 0;
    assert_null(cito_call(&on_which_thread_callable, &(on_which_thread_args){ 1 }, &sync));
    assert_null(cito_call(&on_loop_callable, &(on_loop_args){ 2 }, &async));
    sync += cito_run_in_threadpool(on_which_thread, 10);
    const cito_exception *raised = cito_catch(&sync, raises, 404);
    *result = pthread_equal(here, pthread_self()) && sync == 11 && async == 2 && raised && raised->status_code == 404;
}
static void call_from_pool(test_world *world)
{
    (void)world;
    assert_int_equal(cito_run_in_threadpool(calls_others, 0), 1);
}
static void test_calls_from_a_pool_thread(void **state)
{
    (void)state;
    test_world world = world_begin(&(cito_loop_options){ .threadpool_size = 1 });
    loop_thread = pthread_self();
    in_coroutine(&world, call_from_pool);
    world_end(&world);
}

static atomic_int at_once, most_at_once, calls_left, may_end;
CALLABLE(false, busy, int, { int unused; })
{
    int now = ++at_once;
    for (int most = most_at_once; now > most && !atomic_compare_exchange_weak(&most_at_once, &most, now);)
        ;
    while (!may_end)
        cito_sleep(0.0005);
    at_once--;
    *result = 1;
}
static void call_busy(void *data)
{
    (void)data;
    int result = 0;
    assert_null(cito_call(&busy_callable, &(busy_args){ 0 }, &result));
    assert_int_equal(result, 1);
    calls_left--;
}
static void test_no_more_threads_than_allowed(void **state)
{
    (void)state;
    test_world world = world_begin(&(cito_loop_options){ .threadpool_size = 3 });
    calls_left = 20;
    for (int i = 0; i < 20; i++)
        cito_coroutine_spawn(world.loop, NULL, call_busy, NULL);
    assert_int_equal(cito_loop_stats_now(world.loop).threads_waiting, 17);
    while (at_once < 3)
        sched_yield();
    may_end = 1;
    while (calls_left)
        cito_loop_run(world.loop, UV_RUN_ONCE);
    assert_int_equal(most_at_once, 3);
    world_end(&world);
}

CALLABLE(false, takes_much, int, { size_t size; })
{
    cito_alloc(args->size);
    *result = 1;
}
static void over_the_limit(test_world *world)
{
    (void)world;
    int result = 0;
    const cito_exception *raised = cito_call(&takes_much_callable, &(takes_much_args){ 200000 }, &result);
    assert_non_null(raised);
    assert_int_equal(raised->status_code, 413);
    raised = cito_catch(&result, takes_much, 200000);
    assert_int_equal(raised->status_code, 413);
    assert_null(cito_call(&takes_much_callable, &(takes_much_args){ 1000 }, &result));
}
static void test_memory_has_a_limit(void **state)
{
    (void)state;
    test_world world = world_begin(&(cito_loop_options){ .request_memory_limit = 100000 });
    in_coroutine(&world, over_the_limit);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_from_a_coroutine),
        cmocka_unit_test(test_calls_from_a_pool_thread),
        cmocka_unit_test(test_no_more_threads_than_allowed),
        cmocka_unit_test(test_memory_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
