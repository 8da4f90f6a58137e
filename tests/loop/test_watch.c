/* The watch: who holds up the loop is named, when it returns and while it does not; who waits properly is not. */
#include "support.h"

#include <time.h>

static void hold_ms(long ms) { nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL); }

/* The watching thread logs while the loop's thread looks. */
static atomic_bool said_still;
static void still_sink(cito_log_level level, const char *line, void *data)
{
    (void)level, (void)data;
    if (strstr(line, "holds_until_reported (") && strstr(line, "and still does"))
        said_still = true;
}

CALLABLE(true, holds_the_loop, int, { int ms; }) { hold_ms(args->ms); }
CALLABLE(true, waits_well, int, { int unused; }) { cito_sleep(0.2); }
CALLABLE(false, holds_a_thread, int, { int ms; }) { hold_ms(args->ms); }
CALLABLE(true, holds_until_reported, int, { int unused; })
{
    *result = 0;
    for (int i = 0; i < 2000 && !*result; i++) {
        hold_ms(5);
        *result = said_still;
    }
}

static void hold(test_world *world)
{
    (void)world;
    int result;
    cito_catch(&result, waits_well, 0);
    cito_call(&holds_a_thread_callable, &(holds_a_thread_args){ 200 }, &result);
    assert_string_equal(logged, "");
    cito_catch(&result, holds_the_loop, 200);
    cito_sleep(0);
    cito_catch(&result, waits_well, 0);
}
static void test_names_who_held_the_loop(void **state)
{
    (void)state;
    test_world world = world_begin(&(cito_loop_options){ .slow_callback_ms = 150 });
    log_catch();
    in_coroutine(&world, hold);
    log_let_go();
    const char *first = strstr(logged, "holds_the_loop (");
    assert_non_null(first);
    assert_non_null(strstr(first, "test_watch.c:"));
    assert_null(strstr(first + 1, "holds_the_loop ("));
    assert_null(strstr(logged, "waits_well"));
    world_end(&world);
}

static int reported;
static void hold_until_reported(test_world *world)
{
    (void)world;
    cito_sleep(0.001); /* so that the loop runs, and its watch */
    cito_catch(&reported, holds_until_reported, 0);
}
static void test_names_who_still_holds_it(void **state)
{
    (void)state;
    test_world world = world_begin(&(cito_loop_options){ .slow_callback_ms = 5 });
    cito_log_redirect(still_sink, NULL);
    in_coroutine(&world, hold_until_reported);
    log_let_go();
    assert_int_equal(reported, 1);
    world_end(&world);
}

static void test_can_be_switched_off(void **state)
{
    (void)state;
    test_world world = world_begin(&(cito_loop_options){ .slow_callback_ms = UINT32_MAX });
    log_catch();
    in_coroutine(&world, hold);
    log_let_go();
    assert_string_equal(logged, "");
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_who_held_the_loop),
        cmocka_unit_test(test_names_who_still_holds_it),
        cmocka_unit_test(test_can_be_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
