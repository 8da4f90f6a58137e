/* Clock: both clocks answer, and a test's clock takes their place. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cito/call.h>
#include <cmocka.h>

static uint64_t fixed_monotonic_ns(void) { return 42; }
static int64_t fixed_wall_ns(void) { return INT64_C(1500000000250000000); }

static void monotonic_never_goes_back(void **state)
{
    (void)state;
    uint64_t last = cito_clock_monotonic_ns();
    assert_true(last > 0);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = cito_clock_monotonic_ns();
        assert_true(now >= last);
        last = now;
    }
}

static void wall_is_the_time_of_day(void **state)
{
    (void)state;
    int64_t before = time(NULL), now = cito_clock_wall_ns() / 1000000000, after = time(NULL) + 1;
    assert_true(before <= now + 1 && now <= after);
}

static void replaced_clock_answers(void **state)
{
    (void)state;
    cito_clock_replace(&(cito_clock_source){ fixed_monotonic_ns, fixed_wall_ns });
    assert_int_equal(cito_clock_monotonic_ns(), 42);
    assert_int_equal(cito_clock_wall_ns(), INT64_C(1500000000250000000));
    assert_true(cito_now() == 1500000000.25);
    cito_clock_replace(NULL);
    assert_true(cito_clock_wall_ns() != INT64_C(1500000000250000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_never_goes_back),
        cmocka_unit_test(wall_is_the_time_of_day),
        cmocka_unit_test(replaced_clock_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
