/* What cito_on_raise registered: its order, its side, what it raises instead, and exceptions of the program's own. */
#include "support.h"

CITO_EXCEPTION(OwnerError, (str, owner), (int, count));
CITO_EXCEPTION(OtherError, (str, owner));

static char trace[128];
static pthread_t loop_thread;

static void note(const cito_exception *exception, void *data)
{
    char text[32];
    snprintf(text, sizeof text, "%s%c%d ", (const char *)data, pthread_equal(pthread_self(), loop_thread) ? 'l' : 'p',
             exception->status_code);
    strcat(trace, text);
}
static void raise_instead(const cito_exception *exception, void *data)
{
    note(exception, data);
    cito_raise(409, "instead of %d", exception->status_code);
}
static void note_cleanup(void *data) { strcat(trace, data); }

CALLABLE(true, on_the_loop, int, { int unused; })
{
    cito_on_raise(note, "first");
    cito_defer(note_cleanup, "cleanup ");
    cito_on_raise(raise_instead, "second");
    *result = 0;
}
CALLABLE(false, on_the_pool, int, { int unused; })
{
    cito_on_raise(note, "third");
    cito_raise(404, "nothing");
}
CALLABLE(true, raises_own, int, { int unused; })
{
    char owner[] = "Rick";
    cito_raise_as(OwnerError, .owner = cito_string(owner), .count = 3);
}

static void raise_behind_three(test_world *world)
{
    int result;
    assert_null(cito_call(&on_the_loop_callable, &(on_the_loop_args){ 0 }, &result));
    const cito_exception *raised = cito_call(&on_the_pool_callable, &(on_the_pool_args){ 0 }, &result);
    assert_int_equal(raised->status_code, 404);
    raised = cito_lifetime_raised(world->lifetime, raised);
    assert_int_equal(raised->status_code, 409);
    assert_true(cito_str_equal(cito_value_string(raised->detail), "instead of 404"));
    /* Each had its turn. */
    assert_ptr_equal(cito_lifetime_raised(world->lifetime, raised), raised);
    assert_string_equal(trace, "thirdp404 secondl404 firstl409 ");
}
static void test_newest_first_on_its_side(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    loop_thread = pthread_self();
    trace[0] = '\0';
    in_coroutine(&world, raise_behind_three);
    assert_string_equal(trace, "thirdp404 secondl404 firstl409 cleanup ");
    world_end(&world);
}

static void raise_nothing(test_world *world)
{
    (void)world;
    int result;
    assert_null(cito_call(&on_the_loop_callable, &(on_the_loop_args){ 0 }, &result));
}
static void test_nothing_runs_where_nothing_was_raised(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    trace[0] = '\0';
    in_coroutine(&world, raise_nothing);
    assert_string_equal(trace, "cleanup ");
    world_end(&world);
}

static void raise_a_model(test_world *world)
{
    (void)world;
    int result;
    const cito_exception *raised = cito_catch(&result, raises_own, 0);
    const OwnerError *error = cito_exception_as(OwnerError, raised);
    assert_non_null(error);
    assert_true(cito_str_equal(error->owner, "Rick"));
    assert_int_equal(error->count, 3);
    assert_null(cito_exception_as(OtherError, raised));
    assert_null(cito_exception_as(OwnerError, &(cito_exception){ .status_code = 500 }));
    assert_null(cito_exception_as(OwnerError, NULL));
    /* Another file's descriptor of the same declaration. */
    cito_type other_file = *cito_t_OwnerError;
    assert_ptr_equal(cito_exception_model(raised, &other_file), error);
    other_file.line++;
    assert_null(cito_exception_model(raised, &other_file));
}
static void test_a_model_is_raised(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    in_coroutine(&world, raise_a_model);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_first_on_its_side),
        cmocka_unit_test(test_nothing_runs_where_nothing_was_raised),
        cmocka_unit_test(test_a_model_is_raised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
