/* Stack overflow: named on the loop and on the pool; other faults go to whoever handled them before. */
#include "base/sanitizer.h"
#include "support.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not a tail call, and each frame is touched. */
static int __attribute__((noinline)) dig(volatile int depth)
{
    volatile char frame[2048];
    frame[depth % 2048] = (char)depth;
    return depth < 0 ? frame[0] : dig(depth + 1) + frame[depth % 2048];
}
CALLABLE(true, digs_on_loop, int, { int unused; }) { *result = dig(0); }
CALLABLE(false, digs_on_pool, int, { int unused; }) { *result = dig(0); }
enum {
    BIG = CITO_ASAN || CITO_TSAN ? 1500 * 1000 : 1000 * 1000
}; /* more than the stack, which sanitizers make wider; it ends in the guard */
static void __attribute__((noinline)) touch(volatile char *bytes) { bytes[0] = 1; }
CALLABLE(true, big_array, int, { int unused; })
{
    char array[BIG];
    touch(array);
    *result = array[0];
}
static volatile uintptr_t nowhere = 16;
CALLABLE(true, other_fault, int, { int unused; }) { *result = *(volatile int *)nowhere; }

static const cito_callable *to_call;
static void call_it(test_world *world)
{
    (void)world;
    int result;
    cito_call(to_call, &(digs_on_loop_args){ 0 }, &result);
}

static int wait_status;
static char said[4096];
static void die_by(const cito_callable *callable, void (*earlier_handler)(int))
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGSEGV, earlier_handler);
        test_world world = world_begin(NULL);
        to_call = callable;
        in_coroutine(&world, call_it);
        _exit(0);
    }
    close(ends[1]);
    ssize_t got, len = 0;
    while (len < (ssize_t)sizeof said - 1 && (got = read(ends[0], said + len, sizeof said - 1 - (size_t)len)) > 0)
        len += got;
    said[len] = '\0';
    close(ends[0]);
    waitpid(child, &wait_status, 0);
}
static void assert_overflow_named(const char *name)
{
    assert_true(WIFSIGNALED(wait_status));
    assert_int_equal(WTERMSIG(wait_status), SIGSEGV);
    assert_non_null(strstr(said, name));
    assert_non_null(strstr(said, "test_stack.c:"));
    assert_non_null(strstr(said, "overflowed its stack"));
    assert_non_null(strstr(said, "--stack-size"));
}
static void test_on_the_loop(void **state)
{
    (void)state;
    die_by(&digs_on_loop_callable, SIG_DFL);
    assert_overflow_named("digs_on_loop (");
}
static void test_on_the_pool(void **state)
{
    (void)state;
    die_by(&digs_on_pool_callable, SIG_DFL);
    assert_overflow_named("digs_on_pool (");
}
static void test_one_big_array(void **state)
{
    (void)state;
    die_by(&big_array_callable, SIG_DFL);
    assert_overflow_named("big_array (");
}
static void earlier(int number)
{
    (void)number;
    static const char text[] = "the earlier handler\n";
    _exit(write(STDERR_FILENO, text, sizeof text - 1) > 0 ? 7 : 8);
}
static void test_other_faults_are_passed_on(void **state)
{
    (void)state;
    die_by(&other_fault_callable, earlier);
    assert_true(WIFEXITED(wait_status));
    assert_int_equal(WEXITSTATUS(wait_status), 7);
    assert_null(strstr(said, "overflowed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_the_loop),
        cmocka_unit_test(test_on_the_pool),
        cmocka_unit_test(test_one_big_array),
        cmocka_unit_test(test_other_faults_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
