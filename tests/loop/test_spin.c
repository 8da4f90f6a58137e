/* Spins: how long the loop stays awake for a reply, and when it no longer does. The clock is the test's. */
#include "base/clock.h"
#include "loop/state.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SPIN_NS = 50000, TRIES = 4, SKIPS = 64 };

static uint64_t now_ns = 1000000000;
static uint64_t test_monotonic_ns(void) { return now_ns; }
static int64_t test_wall_ns(void) { return (int64_t)now_ns; }
static const cito_clock_source test_clock = { test_monotonic_ns, test_wall_ns };

static cito_loop *loop;
static cpu_set_t before;

static void use_cores(int count)
{
    cpu_set_t some;
    CPU_ZERO(&some);
    for (int cpu = 0; count > 0 && cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &before)) {
            CPU_SET(cpu, &some);
            count--;
        }
    assert_int_equal(sched_setaffinity(0, sizeof some, &some), 0);
}

static int begin(void **state)
{
    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    cito_clock_replace(&test_clock);
    loop = cito_loop_new(NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    cito_loop_free(loop);
    cito_clock_replace(NULL);
    return sched_setaffinity(0, sizeof before, &before);
}

/* As on a machine with more than one core, whatever this one has. */
static cito_spin spin_of_several_cores(void)
{
    cito_spin spin;
    cito_spin_init(&spin, loop, SPIN_NS / 1000);
    spin.left = TRIES;
    return spin;
}

static void lasts_until_the_reply_or_its_time(void **state)
{
    (void)state;
    cito_spin spin = spin_of_several_cores();
    assert_false(cito_loop_spins(loop));
    cito_spin_begin(&spin);
    assert_true(cito_loop_spins(loop));
    now_ns += SPIN_NS - 1;
    assert_true(cito_loop_spins(loop));
    cito_spin_end(&spin);
    assert_false(cito_loop_spins(loop));
    cito_spin_begin(&spin);
    now_ns += SPIN_NS;
    assert_false(cito_loop_spins(loop));
    cito_spin_end(&spin);
    cito_spin_end(&spin); /* what has ended may end again */
    assert_int_equal(loop->spins, 0);
}

static void the_longest_of_several_counts(void **state)
{
    (void)state;
    cito_spin first = spin_of_several_cores(), second = spin_of_several_cores();
    cito_spin_begin(&first);
    now_ns += SPIN_NS / 2;
    cito_spin_begin(&second);
    cito_spin_begin(&first); /* goes on as it was begun */
    now_ns += SPIN_NS / 2 + 1;
    assert_true(cito_loop_spins(loop));
    cito_spin_end(&second);
    cito_spin_end(&first);
    assert_false(cito_loop_spins(loop));
    assert_int_equal(first.left, TRIES - 1);
    assert_int_equal(second.left, TRIES);
}

static void miss(cito_spin *spin)
{
    cito_spin_begin(spin);
    now_ns += 10 * SPIN_NS;
    cito_spin_end(spin);
}

static void a_row_of_misses_ends_it(void **state)
{
    (void)state;
    cito_spin spin = spin_of_several_cores();
    use_cores(2);
    for (int i = 0; i < TRIES; i++) {
        assert_int_equal(spin.left, TRIES - i);
        miss(&spin);
    }
    unsigned begun = 0;
    for (int i = 0; i < 2 * SKIPS; i++) {
        cito_spin_begin(&spin);
        begun += cito_loop_spins(loop);
        now_ns += 10 * SPIN_NS;
        cito_spin_end(&spin);
    }
    assert_int_equal(begun, CPU_COUNT(&before) > 1 ? 2 : 0);
    /* One that is enough brings it back. */
    spin.left = 1;
    cito_spin_begin(&spin);
    cito_spin_end(&spin);
    assert_int_equal(spin.left, TRIES);
}

static void never_on_one_core(void **state)
{
    (void)state;
    use_cores(1);
    cito_spin spin;
    cito_spin_init(&spin, loop, SPIN_NS / 1000);
    for (int i = 0; i < 2 * SKIPS; i++) {
        cito_spin_begin(&spin);
        assert_false(cito_loop_spins(loop));
        cito_spin_end(&spin);
    }
}

static unsigned turns;
static void count_turn(uv_check_t *check)
{
    turns++;
    now_ns += 1000;
    (void)check;
}

/* With nothing else to do the loop would sleep until the timer: it turns meanwhile. */
static void the_loop_turns(void **state)
{
    (void)state;
    cito_spin spin = spin_of_several_cores();
    uv_check_t check;
    uv_check_init(cito_loop_uv(loop), &check);
    uv_check_start(&check, count_turn);
    turns = 0;
    cito_spin_begin(&spin);
    for (int i = 0; i < 40; i++)
        cito_loop_run(loop, UV_RUN_ONCE);
    assert_int_equal(turns, 40);
    cito_spin_end(&spin);
    uv_close((uv_handle_t *)&check, NULL);
    cito_loop_run(loop, UV_RUN_NOWAIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lasts_until_the_reply_or_its_time, begin, end),
        cmocka_unit_test_setup_teardown(the_longest_of_several_counts, begin, end),
        cmocka_unit_test_setup_teardown(a_row_of_misses_ends_it, begin, end),
        cmocka_unit_test_setup_teardown(never_on_one_core, begin, end),
        cmocka_unit_test_setup_teardown(the_loop_turns, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
