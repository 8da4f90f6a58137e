/* The heap of what is due later: order, equal times, taking out. */
#include "tasks/eta.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

enum { COUNT = 500 };

static void gives_the_soonest_first(void **state)
{
    cito_eta eta = { 0 };
    cito_eta_node nodes[COUNT] = { 0 };
    uint32_t random = 1;
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        random = random * 1664525u + 1013904223u;
        cito_eta_add(&eta, &nodes[i], random % 97);
    }
    for (int i = 0; i < COUNT; i += 3)
        cito_eta_remove(&eta, &nodes[i]);
    double due = -1;
    size_t order = 0, taken = 0;
    for (cito_eta_node *first; (first = cito_eta_first(&eta)); taken++) {
        assert_true((first - nodes) % 3 != 0);
        assert_true(first->due > due || (first->due >= due && first->order > order));
        due = first->due;
        order = first->order;
        cito_eta_remove(&eta, first);
        assert_int_equal(first->place, 0);
    }
    assert_int_equal(taken, COUNT - (COUNT + 2) / 3);
    cito_eta_finish(&eta);
}

static void what_is_in_no_heap_is_left_alone(void **state)
{
    cito_eta eta = { 0 };
    cito_eta_node in = { 0 }, out = { 0 };
    (void)state;
    cito_eta_add(&eta, &in, 1);
    cito_eta_remove(&eta, &out);
    assert_ptr_equal(cito_eta_first(&eta), &in);
    cito_eta_remove(&eta, &in);
    cito_eta_remove(&eta, &in);
    assert_null(cito_eta_first(&eta));
    cito_eta_finish(&eta);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(gives_the_soonest_first), cmocka_unit_test(what_is_in_no_heap_is_left_alone) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
