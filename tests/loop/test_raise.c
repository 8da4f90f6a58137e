/* Raising: boundaries, copies, scopes that end, and a raise where nobody can catch it. */
#include "support.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

CALLABLE(true, raises, int, { int status; })
{
    if (args->status)
        cito_raise(args->status, "Item %d not found", args->status);
    *result = 1;
}
CALLABLE(true, raises_with_headers, int, { int unused; })
{
    char name[] = "WWW-Authenticate", value[] = "Bearer";
    cito_raise_with(.status_code = 401, .headers = { { name, value } });
}
CALLABLE(true, raises_deeper, int, { int depth; })
{
    if (args->depth == 0)
        cito_raise(418, "bottom");
    int inner;
    const cito_exception *raised = cito_catch(&inner, raises_deeper, args->depth - 1);
    assert_non_null(raised);
    cito_context_raise(raised);
}
CALLABLE(true, raises_beside_scopes, int, { cito_lock *lock; })
{
    cito_with_lock(args->lock)
    {
        cito_with_timeout(100) { cito_raise(409, "inside"); }
    }
}

static void raise_in_many_ways(test_world *world)
{
    (void)world;
    int result = 0;
    assert_null(cito_catch(&result, raises, 0));
    assert_int_equal(result, 1);
    const cito_exception *raised = cito_catch(&result, raises, 404);
    assert_int_equal(raised->status_code, 404);
    assert_string_equal(cito_value_string(raised->detail).data, "Item 404 not found");
    raised = cito_catch(&result, raises_with_headers, 0);
    assert_int_equal(raised->status_code, 401);
    assert_null(raised->detail);
    assert_string_equal(raised->headers[0][0], "WWW-Authenticate");
    assert_string_equal(raised->headers[0][1], "Bearer");
    assert_null(raised->headers[1][0]);
    assert_int_equal(cito_catch(&result, raises_deeper, 20)->status_code, 418);
    assert_null(cito_context_current->boundary);
    assert_null(cito_context_current->running);
}
static void test_a_raise_ends_at_its_boundary(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    in_coroutine(&world, raise_in_many_ways);
    world_end(&world);
}

static void raise_beside_scopes(test_world *world)
{
    (void)world;
    static cito_lock lock;
    int result, entered = 0;
    for (int i = 0; i < 3; i++)
        assert_int_equal(cito_catch(&result, raises_beside_scopes, &lock)->status_code, 409);
    assert_null(cito_context_current->scopes);
    cito_with_lock(&lock) entered++; /* would wait for ever, were it still held */
    cito_with_lock(&lock)
    {
        entered++;
        assert_int_equal(cito_catch(&result, raises, 500)->status_code, 500);
        assert_non_null(cito_context_current->scopes); /* ours is older than the boundary: it stays */
    }
    assert_int_equal(entered, 2);
}
static void test_a_raise_ends_newer_scopes_only(void **state)
{
    (void)state;
    test_world world = world_begin(NULL);
    in_coroutine(&world, raise_beside_scopes);
    world_end(&world);
}

static void test_a_raise_that_nobody_can_catch_ends_the_process(void **state)
{
    (void)state;
    int ends[2];
    char said[2048] = "";
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        cito_raise(404, "nobody listens");
    }
    close(ends[1]);
    for (ssize_t got, len = 0; len < (ssize_t)sizeof said - 1 && (got = read(ends[0], said + len, sizeof said - 1 - (size_t)len)) > 0;
         len += got)
        ;
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_non_null(strstr(said, "cito_catch"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_raise_ends_at_its_boundary),
        cmocka_unit_test(test_a_raise_ends_newer_scopes_only),
        cmocka_unit_test(test_a_raise_that_nobody_can_catch_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
