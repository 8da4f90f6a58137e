/* The lifespan through the memory client: pairs, hooks, what fails. */
#include "fixture.h"

static void note_deferred(void *data) { note(data); }
static void hello_invoke(const void *args, void *result)
{
    (void)args;
    note("hello");
    GIVE(result, cito_text_response(CITO_STR("hello")));
}
WITH_REQUEST(hello, true);

#define LIFESPAN(NAME)                                                                                                                     \
    static void NAME##_invoke(const void *args, void *result)                                                                              \
    {                                                                                                                                      \
        (void)args, (void)result;                                                                                                          \
        note(#NAME "(");                                                                                                                   \
        cito_defer(note_deferred, #NAME "-deferred");                                                                                      \
        cito_sleep(0.001);                                                                                                                 \
        cito_lifespan_yield();                                                                                                             \
        cito_sleep(0.001);                                                                                                                 \
        note(")" #NAME);                                                                                                                   \
    }                                                                                                                                      \
    WITHOUT_ARGUMENTS(NAME, true)
LIFESPAN(database);
LIFESPAN(cache);
static void never_invoke(const void *args, void *result) { (void)args, (void)result; }
WITHOUT_ARGUMENTS(never, true);
static void twice_invoke(const void *args, void *result)
{
    (void)args, (void)result;
    cito_lifespan_yield();
    cito_lifespan_yield();
}
WITHOUT_ARGUMENTS(twice, true);
static void failing_invoke(const void *args, void *result) { (void)args, (void)result, cito_raise(503, "no database"); }
WITHOUT_ARGUMENTS(failing, true);
static void blocking_invoke(const void *args, void *result) { (void)args, (void)result, cito_lifespan_yield(); }
WITHOUT_ARGUMENTS(blocking, false);
static void up_invoke(const void *args, void *result)
{
    (void)args, (void)result;
    note("up");
    cito_defer(note_deferred, "up-deferred");
}
WITHOUT_ARGUMENTS(up, false);
static void down_invoke(const void *args, void *result) { (void)args, (void)result, note("down"); }
WITHOUT_ARGUMENTS(down, true);
static void started(void *data, cito_loop *loop) { assert_non_null(loop), note(data); }
static void stopping(void *data) { (void)data, note("stopping"); }

static void lifespans_are_pairs(void **state)
{
    (void)state;
    cito_web *web = cito_web_new();
    cito_web_add_lifespan(web, &database_callable);
    cito_web_add_lifespan(web, &cache_callable);
    cito_web_add_startup(web, &up_callable);
    cito_web_add_shutdown(web, &failing_callable);
    cito_web_add_shutdown(web, &down_callable);
    cito_web_set_process_hooks(web, started, stopping, "started");
    assert_null(cito_web_add_route(web, "GET", "/", ENDPOINT(hello)));
    cito_memory_client *client = client_of(web);
    assert_string_equal(trace, "database( cache( up started");
    ask(client, "GET", "/");
    ask(client, "GET", "/");
    cito_memory_client_free(client);
    assert_string_equal(
        trace, "database( cache( up started hello hello stopping down up-deferred )cache cache-deferred )database database-deferred");
    assert_non_null(strstr(logged, "shutdown hook failing raised 503: \"no database\""));
    cito_web_free(web);
}

static void a_lifespan_that_fails_ends_the_start(void **state)
{
    (void)state;
    static const struct {
        const cito_callable *lifespan, *startup;
        const char *text;
    } cases[] = { { &failing_callable, NULL, "lifespan failing raised 503: \"no database\"" },
                  { &never_callable, NULL, "lifespan never returned without cito_lifespan_yield()" },
                  { &blocking_callable, NULL, "lifespan blocking must be declared with CITO_ASYNC_DEF" },
                  { NULL, &failing_callable, "start-up hook failing raised 503: \"no database\"" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reset(NULL);
        cito_web *web = cito_web_new();
        cito_web_add_lifespan(web, &database_callable);
        if (cases[i].lifespan)
            cito_web_add_lifespan(web, cases[i].lifespan);
        if (cases[i].startup)
            cito_web_add_startup(web, cases[i].startup);
        cito_web_add_startup(web, &up_callable);
        cito_web_add_shutdown(web, &down_callable);
        cito_web_set_process_hooks(web, started, stopping, "started");
        assert_null(cito_memory_client_new(cito_web_application(web), NULL));
        assert_string_equal(trace, "database( )database database-deferred");
        assert_non_null(strstr(logged, cases[i].text));
        cito_web_free(web);
    }
}

static void a_lifespan_yields_once(void **state)
{
    (void)state;
    cito_web *web = cito_web_new();
    cito_web_add_lifespan(web, &twice_callable);
    cito_memory_client *client = client_of(web);
    cito_memory_client_free(client);
    assert_non_null(strstr(logged, "lifespan twice raised 500: \"cito_lifespan_yield was called twice\""));
    cito_web_free(web);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lifespans_are_pairs, reset),
        cmocka_unit_test_setup(a_lifespan_that_fails_ends_the_start, reset),
        cmocka_unit_test_setup(a_lifespan_yields_once, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
