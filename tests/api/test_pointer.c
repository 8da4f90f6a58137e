/* The debug check of what a callable returns: a pointer to its stack is a 500 that names the field; all other memory is fine. */
#include "fixture.h"

CITO_APP(app);
CITO_MODEL(Price, (double, amount), (opt(str), currency), (list(int), steps, default([])));

static const cito_str euro = { "EUR", 3 };
CITO_GET(app, "/optional")
CITO_ASYNC_DEF(Price, dangling_optional)
{
    cito_str local = cito_string("EUR");
    return (Price){ .amount = 1, .currency = &local };
}
CITO_GET(app, "/pool")
CITO_DEF(Price, dangling_on_the_pool)
{
    cito_str local = cito_string("EUR");
    return (Price){ .amount = 1, .currency = &local };
}
CITO_GET(app, "/list")
CITO_ASYNC_DEF(Price, dangling_list) { return (Price){ .amount = 1, .steps = { (int[]){ 1, 2 }, 2 } }; }
CITO_GET(app, "/right")
CITO_DEF(Price, right, (bool, constant))
{
    return (Price){ .amount = 1, .currency = constant ? &euro : cito_some(str, cito_string("EUR")) };
}

static void a_pointer_to_a_stack_is_told(void **state)
{
    (void)state;
    static const char *const urls[] = { "/optional", "/pool", "/list" }, *const fields[] = { "currency", "currency", "steps" };
    setenv("CITO_DEBUG", "1", 1);
    cito_test_client *client = cito_test_client_new(&app);
    for (size_t i = 0; i < 3; i++) {
        logged[0] = '\0';
        assert_text_answer(cito_client_get(client, urls[i]), 500, "Internal Server Error");
        assert_non_null(strstr(logged, fields[i]));
        assert_non_null(strstr(logged, "test_pointer.c"));
    }
    assert_answer(cito_client_get(client, "/right?constant=1"), 200, "{\"amount\":1.0,\"currency\":\"EUR\",\"steps\":[]}");
    assert_answer(cito_client_get(client, "/right?constant=0"), 200, "{\"amount\":1.0,\"currency\":\"EUR\",\"steps\":[]}");
    cito_test_client_free(client);
    unsetenv("CITO_DEBUG");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup(a_pointer_to_a_stack_is_told, reset) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
