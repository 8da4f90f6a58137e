/* CITO_CACHED: once per process, also for many who come at once; told to all who waited when it raises; ended in reverse order. */
#include "fixture.h"

CITO_APP(app);
CITO_APP(ends);
CITO_MODEL(Failure, (str, why));

static int settings_made, databases_made, plain_made, tries;
static void say(void *data) { note(data); }

CITO_CACHED
CITO_ASYNC_DEF(str, settings)
{
    settings_made++;
    cito_sleep(0.001);
    cito_defer(say, "settings-ended");
    return cito_format("settings %d", settings_made);
}
/* No CITO_CACHED of its own: made once all the same, as what is cached depends on it. */
CITO_DEF(int, plain_number) { return __atomic_add_fetch(&plain_made, 1, __ATOMIC_RELAXED); }
CITO_CACHED
CITO_DEF(str, database, (depends(settings), settings), (depends(plain_number), number))
{
    databases_made++;
    cito_defer(say, "database-ended");
    return cito_format("database %d of %s", number, settings.data);
}
CITO_GET(app, "/database")
CITO_ASYNC_DEF(any, read_database, (depends(database), database), (depends(settings), settings), (depends(plain_number), number))
{
    return cito_array(database, settings, number);
}

CITO_ASYNC_DEF(str, other_settings) { return cito_string("other"); }

CITO_CACHED
CITO_ASYNC_DEF(int, fragile)
{
    cito_defer(say, "cleaned");
    int now = ++tries;
    cito_sleep(0.001);
    if (now == 1)
        cito_raise_with(.status_code = 503, .detail = cito_object("try", now),
                        .headers = { { "Retry-After", cito_format("%d", now).data } });
    if (now == 2)
        cito_raise_as(Failure, .why = cito_format("try %d", now));
    return now;
}
CITO_GET(app, "/fragile")
CITO_ASYNC_DEF(int, read_fragile, (depends(fragile), value)) { return value; }

CITO_EXCEPTION_HANDLER(app, 503)
CITO_ASYNC_DEF(response, unavailable, (request, request))
{
    cito_sleep(0.001); /* what was raised must outlive the attempt that raised it */
    return cito_text_response(cito_string("come back"), .status_code = 503);
}

CITO_CACHED
CITO_ASYNC_DEF(int, slow)
{
    cito_sleep(0.02);
    cito_defer(say, "slow-ended");
    return 5;
}
CITO_GET(ends, "/slow")
CITO_ASYNC_DEF(int, read_slow, (depends(slow), value)) { return value; }

/* The memory client under an application: the public client asks one request at a time. */
static cito_memory_client *client_of(cito_router *router, cito_api **out_api)
{
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    *out_api = cito_api_new(router, &mistakes);
    if (!*out_api)
        fail_msg("%.*s", (int)mistakes.len, mistakes.data);
    cito_buffer_finish(&mistakes);
    return cito_memory_client_new(cito_api_application(*out_api), NULL);
}

static void many_at_once_share_one_making(void **state)
{
    (void)state;
    cito_api *api;
    cito_memory_client *client = client_of(&app, &api);
    const cito_reply *replies[20];
    cito_memory_client_request_together(client, "GET", "/database", 20, replies);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(replies[i]->status_code, 200);
        assert_non_null(strstr(replies[i]->body.data, "[\"database 1 of settings 1\",\"settings 1\","));
    }
    assert_int_equal(settings_made, 1);
    assert_int_equal(databases_made, 1);
    assert_int_equal(plain_made, 21); /* once for the database, and for each request that depends on it itself */
    cito_memory_client_free(client);
    assert_string_equal(trace, "database-ended settings-ended");
    cito_api_free(api);
}

static void what_raises_is_told_to_all_and_tried_again(void **state)
{
    (void)state;
    cito_api *api;
    cito_memory_client *client = client_of(&app, &api);
    const cito_reply *replies[5];
    cito_memory_client_request_together(client, "GET", "/fragile", 5, replies);
    for (int i = 0; i < 5; i++)
        assert_text_answer(replies[i], 503, "come back");
    assert_int_equal(tries, 1);
    assert_string_equal(trace, "cleaned");
    cito_memory_client_request_together(client, "GET", "/fragile", 5, replies);
    for (int i = 0; i < 5; i++)
        assert_text_answer(replies[i], 500, "Internal Server Error");
    assert_non_null(strstr(logged, "Failure was raised for GET /fragile"));
    assert_int_equal(tries, 2);
    cito_memory_client_request_together(client, "GET", "/fragile", 5, replies);
    for (int i = 0; i < 5; i++)
        assert_text_answer(replies[i], 200, "3");
    assert_int_equal(tries, 3);
    cito_memory_client_free(client);
    cito_api_free(api);
}

static void an_override_makes_what_depends_on_it_anew(void **state)
{
    (void)state;
    settings_made = databases_made = plain_made = 0;
    cito_test_client *client = cito_test_client_new(&app);
    assert_answer(cito_client_get(client, "/database"), 200, "[\"database 1 of settings 1\",\"settings 1\",2]");
    cito_override_dependency(&app, settings, other_settings);
    assert_answer(cito_client_get(client, "/database"), 200, "[\"database 1 of other\",\"other\",3]");
    assert_answer(cito_client_get(client, "/database"), 200, "[\"database 1 of other\",\"other\",4]");
    assert_int_equal(databases_made, 2);
    cito_override_end(&app, settings);
    assert_answer(cito_client_get(client, "/database"), 200, "[\"database 1 of settings 1\",\"settings 1\",5]");
    assert_int_equal(settings_made, 1);
    cito_test_client_free(client);
    assert_string_equal(trace, "database-ended database-ended database-ended settings-ended");
}

static void a_client_that_leaves_does_not_end_the_making(void **state)
{
    (void)state;
    cito_api *api;
    cito_memory_client *client = client_of(&ends, &api);
    cito_memory_client_abandon(client, "GET", "/slow", NULL, CITO_STR(""));
    cito_memory_client_free(client); /* waits for it: what it deferred must run */
    assert_string_equal(trace, "slow-ended");
    cito_api_free(api);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(many_at_once_share_one_making, reset),
        cmocka_unit_test_setup(what_raises_is_told_to_all_and_tried_again, reset),
        cmocka_unit_test_setup(an_override_makes_what_depends_on_it_anew, reset),
        cmocka_unit_test_setup(a_client_that_leaves_does_not_end_the_making, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
