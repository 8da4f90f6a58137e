/* Coroutines: order, suspending, waking, sleeping, pooled stacks. */
#include "base/clock.h"
#include "support.h"

static char trace[64];
static void note(char c)
{
    size_t len = strlen(trace);
    trace[len] = c;
    trace[len + 1] = 0;
}

static cito_coroutine *sleeping;
static bool was_interrupted;
static void suspend_once(void *data)
{
    (void)data;
    note('a');
    sleeping = cito_context_current->coroutine;
    was_interrupted = cito_coroutine_suspend();
    note('c');
}

static void test_runs_until_it_suspends(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    trace[0] = '\0';
    cito_coroutine_spawn(world.loop, NULL, suspend_once, NULL);
    note('b');
    assert_null(cito_context_current);
    assert_int_equal(cito_loop_stats_now(world.loop).coroutines, 1);
    cito_coroutine_resume(sleeping);
    assert_string_equal(trace, "abc");
    assert_false(was_interrupted);
    assert_int_equal(cito_loop_stats_now(world.loop).coroutines, 0);
    assert_int_equal(cito_loop_stats_now(world.loop).stacks_pooled, 1);
    world_end(&world);
}

static void resume_before_suspend(void *data)
{
    (void)data;
    cito_coroutine_resume(cito_context_current->coroutine);
    was_interrupted = cito_coroutine_suspend();
    note('x');
}
static void test_early_resume_is_kept(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    trace[0] = '\0';
    cito_coroutine_spawn(world.loop, NULL, resume_before_suspend, NULL);
    assert_string_equal(trace, "x");
    world_end(&world);
}

/* A millisecond each time it is read: however slow the machine, the deadlines have the same order. */
static uint64_t stepping_ns(void)
{
    static uint64_t now_ns = 1000000000;
    return now_ns += 1000000;
}
static int64_t no_wall_ns(void) { return 0; }

static int left;
static void sleep_and_note(void *data)
{
    const char *text = data;
    cito_sleep(text[0] == 'l' ? 0.03 : 0.01);
    note(text[0]);
    left--;
}
static void test_sleepers_wake_in_order_of_their_deadlines(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    trace[0] = '\0';
    cito_clock_replace(&(cito_clock_source){ stepping_ns, no_wall_ns });
    left = 2;
    cito_coroutine_spawn(world.loop, NULL, sleep_and_note, "late");
    cito_coroutine_spawn(world.loop, NULL, sleep_and_note, "early");
    while (left)
        cito_loop_run(world.loop, UV_RUN_ONCE);
    cito_clock_replace(NULL);
    assert_string_equal(trace, "el");
    world_end(&world);
}

static void many_sleepers(void *data)
{
    unsigned seed = (unsigned)(uintptr_t)data;
    cito_sleep((double)(seed * 7919 % 31) / 1000);
    char *memory = cito_alloc(2000);
    for (int i = 0; i < 2000; i++)
        assert_int_equal(memory[i], 0);
    memset(memory, 1, 2000);
    left--;
}
static void test_many_wait_side_by_side_and_their_stacks_are_kept(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    test_world world = world_begin(NULL);
    for (int round = 0; round < 2; round++) {
        left = COUNT;
        for (uintptr_t i = 0; i < COUNT; i++)
            cito_coroutine_spawn(world.loop, NULL, many_sleepers, (void *)i);
        assert_int_equal(cito_loop_stats_now(world.loop).coroutines, COUNT);
        while (left)
            cito_loop_run(world.loop, UV_RUN_ONCE);
    }
    assert_true(cito_loop_stats_now(world.loop).stacks_pooled <= COUNT);
    world_end(&world);
}

static void nested_inner(void *data)
{
    (void)data;
    note('2');
    cito_sleep(0);
    note('4');
    left--;
}
static void nested_outer(void *data)
{
    note('1');
    cito_coroutine_spawn(data, NULL, nested_inner, NULL);
    note('3');
    left--;
}
static void test_a_coroutine_spawns_another(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    trace[0] = '\0';
    left = 2;
    cito_coroutine_spawn(world.loop, NULL, nested_outer, world.loop);
    while (left)
        cito_loop_run(world.loop, UV_RUN_ONCE);
    assert_string_equal(trace, "1234");
    world_end(&world);
}

static atomic_int posts_run;
static void count_post(void *data)
{
    if (++posts_run == 400)
        cito_loop_stop(data);
}
static void *count_from_thread(void *data)
{
    for (int i = 0; i < 100; i++)
        cito_loop_post(data, count_post, data);
    return NULL;
}
static void test_posts_from_threads_all_arrive(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, count_from_thread, world.loop);
    cito_loop_run(world.loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(posts_run, 400);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_until_it_suspends),
        cmocka_unit_test(test_early_resume_is_kept),
        cmocka_unit_test(test_sleepers_wake_in_order_of_their_deadlines),
        cmocka_unit_test(test_many_wait_side_by_side_and_their_stacks_are_kept),
        cmocka_unit_test(test_a_coroutine_spawns_another),
        cmocka_unit_test(test_posts_from_threads_all_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
