/* Lifetimes: the order and the side of clean-ups, raises in them, the client's leaving. */
#include "support.h"

static char trace[128];
static pthread_t loop_thread;
static pthread_mutex_t trace_guard = PTHREAD_MUTEX_INITIALIZER;
static void note(void *text)
{
    pthread_mutex_lock(&trace_guard);
    strncat(trace, text, sizeof trace - strlen(trace) - 1);
    strcat(trace, pthread_equal(pthread_self(), loop_thread) ? "l " : "p ");
    pthread_mutex_unlock(&trace_guard);
}
static void raise_in_cleanup(void *data)
{
    note(data);
    cito_raise(500, "clean-up failed");
}
static void sleep_in_cleanup(void *data)
{
    cito_sleep(0.002);
    note(data);
}
static void defer_in_cleanup(void *data)
{
    note(data);
    cito_defer(note, "nested");
}

CALLABLE(false, opens_file, int, { int unused; })
{
    cito_defer(note, "file1");
    cito_defer(raise_in_cleanup, "file2");
    *result = 0;
}
CALLABLE(true, opens_session, int, { int unused; })
{
    cito_defer(note, "session");
    cito_defer(sleep_in_cleanup, "slow");
    cito_defer(defer_in_cleanup, "more");
    cito_raise(400, "after deferring");
}

static void defer_on_both_sides(test_world *world)
{
    (void)world;
    int result;
    assert_null(cito_call(&opens_file_callable, &(opens_file_args){ 0 }, &result));
    assert_int_equal(cito_call(&opens_session_callable, &(opens_session_args){ 0 }, &result)->status_code, 400);
    assert_null(cito_call(&opens_file_callable, &(opens_file_args){ 0 }, &result));
}
static void test_cleanups_run_in_reverse_on_their_side(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    loop_thread = pthread_self();
    trace[0] = '\0';
    log_catch();
    in_coroutine(&world, defer_on_both_sides);
    log_let_go();
    assert_string_equal(trace, "file2p file1p morel nestedl slowl sessionl file2p file1p ");
    assert_non_null(strstr(logged, "opens_file"));
    assert_non_null(strstr(logged, "clean-up failed"));
    world_end(&world);
}

/* ---- the client leaves ------------------------------------------------------------------------------------------------------------- */
static int seen_status, running;
static atomic_int pool_sleeps;
CALLABLE(true, waits_on_loop, int, { int unused; })
{
    cito_defer(sleep_in_cleanup, "clean");
    cito_sleep(100);
}
CALLABLE(false, waits_on_pool, int, { int unused; })
{
    cito_defer(sleep_in_cleanup, "clean");
    pool_sleeps = 1;
    cito_sleep(100);
}
static void run_and_note_status(void *data)
{
    int result;
    const cito_exception *raised = cito_call(data, &(waits_on_loop_args){ 0 }, &result);
    seen_status = raised ? raised->status_code : 0;
    const cito_exception *again = cito_call(data, &(waits_on_loop_args){ 0 }, &result);
    assert_int_equal(again->status_code, 499); /* now and later */
    cito_lifetime_finish(cito_context_current->lifetime);
    running = 0;
}
static void cancelled_run(const cito_callable *callable, const char *expected_trace)
{
    test_world world = world_begin(NULL);
    loop_thread = pthread_self();
    trace[0] = '\0';
    running = 1;
    pool_sleeps = 0;
    cito_lifetime *lifetime = cito_lifetime_new(world.loop, NULL);
    cito_coroutine_spawn(world.loop, lifetime, run_and_note_status, (void *)(uintptr_t)callable);
    while (!callable->is_async && !pool_sleeps)
        cito_loop_run(world.loop, UV_RUN_NOWAIT);
    cito_lifetime_cancel(lifetime);
    while (running)
        cito_loop_run(world.loop, UV_RUN_ONCE);
    assert_int_equal(seen_status, 499);
    assert_string_equal(trace, expected_trace);
    world_end(&world);
}
static void test_leaving_ends_a_sleep_on_the_loop(void **state)
{
    (void)state;
    cancelled_run(&waits_on_loop_callable, "cleanl cleanl "); /* the second call deferred too before it waited */
}
static void test_leaving_ends_a_sleep_on_the_pool(void **state)
{
    (void)state;
    cancelled_run(&waits_on_pool_callable, "cleanp ");
}

/* ---- a lifetime that another's coroutine ends ------------------------------------------------------------------------------------------ */
static void use_time_out(void *data)
{
    cito_with_timeout(100) cito_sleep(0.001);
    note(data);
}
static void defer_and_end(void *data)
{
    cito_defer(use_time_out, data);
    cito_defer(use_time_out, data);
}
static void end_other_lifetime(test_world *world)
{
    cito_lifetime *other = cito_lifetime_new(world->loop, NULL);
    cito_coroutine_spawn(world->loop, other, defer_and_end, "other");
    cito_arena *own = cito_context_current->arena;
    cito_with_timeout(100) cito_sleep(0);
    cito_lifetime_clean_up(other);
    cito_lifetime_clean_up(other); /* nothing is left to do */
    assert_string_equal(trace, "otherl otherl ");
    cito_lifetime_drop(other);
    assert_ptr_equal(cito_context_current->arena, own);
    cito_with_timeout(100) cito_with_timeout(100) cito_sleep(0);
}
static void test_another_lifetime_is_ended(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    loop_thread = pthread_self();
    trace[0] = '\0';
    in_coroutine(&world, end_other_lifetime);
    world_end(&world);
}

/* ---- outside of any callable ------------------------------------------------------------------------------------------------------- */
CALLABLE(true, plain, int, { int status; })
{
    cito_str text = cito_format("%d", args->status);
    assert_string_equal(text.data, args->status == 404 ? "404" : "0");
    cito_sleep(0.001);
    if (args->status)
        cito_raise(args->status, "not here");
    *result = 3;
}
static void test_plain_c_may_call_everything(void **state)
{
    (void)state;
    int result = 0;
    assert_null(cito_catch(&result, plain, 0));
    assert_int_equal(result, 3);
    assert_int_equal(cito_catch(&result, plain, 404)->status_code, 404);
    cito_future(plain) started = cito_start(plain, 0);
    assert_int_equal(cito_await(started), 3);
    assert_int_equal(cito_run_in_threadpool(plain, 0), 3);
    assert_string_equal(cito_string("text").data, "text");
    assert_string_equal(cito_string(NULL).data, "");
}

static void test_lists_grow_and_never_share_an_item(void **state)
{
    (void)state;
    cito_list_int list = cito_list(int, 1, 2, 3);
    for (int i = 4; i <= 100; i++)
        cito_append(&list, i);
    cito_list_int copy = list;
    cito_append(&list, 101);
    cito_append(&copy, 201);
    assert_int_equal(list.items[100], 101);
    assert_int_equal(copy.items[100], 201);
    for (int i = 0; i < 100; i++)
        assert_int_equal(copy.items[i], i + 1);
    static const int foreign[] = { 1, 2, 3 };
    cito_list_int from_static = { foreign, 3 };
    cito_append(&from_static, 4);
    assert_int_equal(from_static.items[3], 4);
    cito_list_int empty = { NULL, 0 };
    cito_append(&empty, 1);
    assert_int_equal(empty.items[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cleanups_run_in_reverse_on_their_side), cmocka_unit_test(test_leaving_ends_a_sleep_on_the_loop),
        cmocka_unit_test(test_leaving_ends_a_sleep_on_the_pool),      cmocka_unit_test(test_another_lifetime_is_ended),
        cmocka_unit_test(test_plain_c_may_call_everything),           cmocka_unit_test(test_lists_grow_and_never_share_an_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
