/* The lock: between coroutines, pool threads, threads of the program, and with time-outs. */
#include "support.h"

static cito_lock lock;
static int guarded, inside, bodies_left;

static void work_once(void)
{
    cito_with_lock(&lock)
    {
        assert_int_equal(inside++, 0);
        if (guarded % 50 == 0)
            cito_sleep(0.0005);
        guarded++;
        inside--;
    }
}
CALLABLE(false, work_on_pool, int, { int times; })
{
    for (int i = 0; i < args->times; i++)
        work_once();
    *result = 1;
}
static void work_as_coroutine(void *data)
{
    (void)data;
    int result = 0;
    for (int i = 0; i < 50; i++)
        work_once();
    assert_null(cito_call(&work_on_pool_callable, &(work_on_pool_args){ 50 }, &result));
    bodies_left--;
}
static void *work_as_thread(void *data)
{
    for (int i = 0; i < 100; i++)
        work_once();
    return data;
}
static void test_one_at_a_time(void **state)
{
    (void)state;
    test_world world = world_begin(&(cito_loop_options){ .threadpool_size = 4 });
    pthread_t thread;
    bodies_left = 6;
    guarded = 0;
    pthread_create(&thread, NULL, work_as_thread, NULL);
    for (int i = 0; i < 6; i++)
        cito_coroutine_spawn(world.loop, NULL, work_as_coroutine, NULL);
    while (bodies_left)
        cito_loop_run(world.loop, UV_RUN_ONCE);
    pthread_join(thread, NULL);
    assert_int_equal(guarded, 6 * 100 + 100);
    world_end(&world);
}

static char trace[16];
static void take_and_note(void *data)
{
    cito_with_lock(&lock)
    {
        strcat(trace, data);
        cito_sleep(0.001);
    }
    bodies_left--;
}
static void test_first_come_first_served(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    bodies_left = 4;
    trace[0] = '\0';
    for (int i = 0; i < 4; i++)
        cito_coroutine_spawn(world.loop, NULL, take_and_note, (char *[]){ "a", "b", "c", "d" }[i]);
    while (bodies_left)
        cito_loop_run(world.loop, UV_RUN_ONCE);
    assert_string_equal(trace, "abcd");
    world_end(&world);
}

CALLABLE(true, waits_too_long, int, { int unused; }) { cito_with_timeout(0.002) cito_with_lock(&lock) assert_true(false); }
CALLABLE(false, waits_too_long_on_pool, int, { int unused; }) { cito_with_timeout(0.002) cito_with_lock(&lock) assert_true(false); }
static void time_out_while_held(test_world *world)
{
    (void)world;
    int result;
    cito_with_lock(&lock)
    {
        assert_int_equal(cito_catch(&result, waits_too_long, 0)->status_code, 504);
        assert_int_equal(cito_call(&waits_too_long_on_pool_callable, &(waits_too_long_on_pool_args){ 0 }, &result)->status_code, 504);
    }
    cito_with_lock(&lock) guarded = -1;
    assert_int_equal(guarded, -1);
}
static void test_a_wait_that_times_out_leaves_the_lock_whole(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    in_coroutine(&world, time_out_while_held);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_a_wait_that_times_out_leaves_the_lock_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
