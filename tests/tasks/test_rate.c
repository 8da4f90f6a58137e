/* Rate limits: their texts, their tokens; ids that are revoked. */
#include "tasks/rate.h"
#include "tasks/revoked.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static bool parses_as(const char *text, double expected)
{
    double per_second = -1;
    return cito_rate_parse((cito_str){ text, strlen(text) }, &per_second) && per_second > expected - 1e-9 && per_second < expected + 1e-9;
}

static void reads_rates(void **state)
{
    double rate;
    (void)state;
    assert_true(parses_as("10/s", 10));
    assert_true(parses_as("6/m", 0.1));
    assert_true(parses_as("3600/h", 1));
    assert_true(parses_as("2.5", 2.5));
    assert_true(parses_as("0", 0));
    assert_true(parses_as("", 0));
    const char *const wrong[] = { "bogus", "10/", "10/d", "/s", "10/ss", "-1/s", "nan", "1/s " };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(cito_rate_parse((cito_str){ wrong[i], strlen(wrong[i]) }, &rate));
}

static void tokens_come_in_evenly(void **state)
{
    cito_rate rate;
    (void)state;
    cito_rate_set(&rate, 2, 100);
    assert_true(cito_rate_take(&rate, 100) <= 0);
    double wait = cito_rate_take(&rate, 100);
    assert_true(wait > 0.49 && wait < 0.51);
    assert_true(cito_rate_take(&rate, 100.5) <= 0);
    assert_true(cito_rate_take(&rate, 200) <= 0); /* one is kept, however long nobody came */
    assert_true(cito_rate_take(&rate, 200) > 0);
    cito_rate_set(&rate, 0, 0);
    for (int i = 0; i < 100; i++)
        assert_true(cito_rate_take(&rate, 0) <= 0);
}

static void the_oldest_revoked_is_forgotten(void **state)
{
    static cito_revoked revoked;
    char id[32];
    (void)state;
    for (int i = 0; i < CITO_REVOKED_MAX + 10; i++)
        cito_revoked_add(&revoked, (cito_str){ id, (size_t)snprintf(id, sizeof id, "task-%d", i) });
    assert_int_equal(revoked.count, CITO_REVOKED_MAX);
    assert_false(cito_revoked_has(&revoked, CITO_STR("task-9")));
    assert_true(cito_revoked_has(&revoked, CITO_STR("task-10")));
    assert_true(cito_revoked_has(&revoked, CITO_STR("task-50009")));
    cito_revoked_add(&revoked, CITO_STR("task-10"));
    assert_int_equal(revoked.count, CITO_REVOKED_MAX);
    cito_revoked_finish(&revoked);
    assert_false(cito_revoked_has(&revoked, CITO_STR("task-10")));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(reads_rates), cmocka_unit_test(tokens_come_in_evenly),
                                        cmocka_unit_test(the_oldest_revoked_is_forgotten) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
