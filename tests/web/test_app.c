/* The web application through the memory client: what has no endpoint, middleware, exceptions, background work, the client that leaves. */
#include "fixture.h"

static void hello_invoke(const void *args, void *result)
{
    (void)args;
    note("hello");
    GIVE(result, cito_text_response(CITO_STR("hello")));
}
WITH_REQUEST(hello, true);

static void plain_hello_invoke(const void *args, void *result)
{
    (void)args;
    note("plain_hello");
    GIVE(result, cito_json_response(cito_object("a", 1)));
}
WITH_REQUEST(plain_hello, false);

static void teapot_invoke(const void *args, void *result)
{
    (void)args, (void)result;
    const cito_value *kinds = cito_array(1, "é");
    cito_raise_with(.status_code = 418, .detail = cito_object("tea", kinds), .headers = { { "X-Tea", "green" } });
}
WITH_REQUEST(teapot, true);

static void broken_invoke(const void *args, void *result) { (void)args, GIVE(result, NULL); }
WITH_REQUEST(broken, true);

#define MIDDLEWARE(NAME, ASYNC)                                                                                                            \
    static void NAME##_invoke(const void *args, void *result)                                                                              \
    {                                                                                                                                      \
        note(#NAME "(");                                                                                                                   \
        cito_response *response = cito_call_next(THE_REQUEST(args));                                                                       \
        note(")" #NAME);                                                                                                                   \
        cito_response_append_header(response, "X-" #NAME, CITO_STR("was here"));                                                           \
        GIVE(result, response);                                                                                                            \
    }                                                                                                                                      \
    WITH_REQUEST(NAME, ASYNC)
MIDDLEWARE(first, true);
MIDDLEWARE(second, true);
MIDDLEWARE(threaded, false);

/* ---- no endpoint --------------------------------------------------------------------------------------------------------------- */

static void what_is_not_there_is_404(void **state)
{
    (void)state;
    cito_web *web = cito_web_new();
    cito_memory_client *client = client_of(web);
    const cito_reply *reply = ask(client, "GET", "/nothing");
    assert_int_equal(reply->status_code, 404);
    assert_text(reply->body, "{\"detail\":\"Not Found\"}");
    assert_header(reply, "content-type", "application/json");
    assert_header(reply, "content-length", "22");
    reply = ask(client, "HEAD", "/nothing");
    assert_int_equal(reply->status_code, 404);
    assert_int_equal(reply->body.len, 0);
    assert_header(reply, "content-length", "22");
    cito_memory_client_free(client);
    cito_web_free(web);
}

static void another_method_is_405(void **state)
{
    (void)state;
    cito_web *web = cito_web_new();
    assert_null(cito_web_add_route(web, "GET", "/a", ENDPOINT(hello)));
    assert_null(cito_web_add_route(web, "POST,PUT", "/{x}", ENDPOINT(plain_hello)));
    assert_non_null(cito_web_add_route(web, "POST", "b", ENDPOINT(hello)));
    cito_memory_client *client = client_of(web);
    const cito_reply *reply = ask(client, "DELETE", "/a");
    assert_int_equal(reply->status_code, 405);
    assert_text(reply->body, "{\"detail\":\"Method Not Allowed\"}");
    assert_header(reply, "allow", "GET");
    assert_header(ask(client, "GET", "/b"), "allow", "POST, PUT");
    assert_int_equal(ask(client, "HEAD", "/a")->status_code, 405);
    assert_text(ask(client, "PUT", "/a")->body, "{\"a\":1}");
    assert_string_equal(trace, "plain_hello");
    cito_memory_client_free(client);
    cito_web_free(web);
}

/* ---- middleware ---------------------------------------------------------------------------------------------------------------- */

static void the_last_added_is_the_outermost(void **state)
{
    (void)state;
    cito_web *web = cito_web_new();
    cito_web_add_middleware(web, &first_callable);
    cito_web_add_middleware(web, &threaded_callable);
    cito_web_add_middleware(web, &second_callable);
    assert_null(cito_web_add_route(web, "GET", "/async", ENDPOINT(hello)));
    assert_null(cito_web_add_route(web, "GET", "/plain", ENDPOINT(plain_hello)));
    cito_memory_client *client = client_of(web);
    static const struct {
        const char *url;
        int status;
        const char *inner, *body;
    } cases[] = { { "/async", 200, "hello ", "hello" },
                  { "/plain", 200, "plain_hello ", "{\"a\":1}" },
                  { "/nothing", 404, "", "{\"detail\":\"Not Found\"}" },
                  { "/async/", 307, "", "" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[128];
        trace[0] = '\0';
        const cito_reply *reply = ask(client, "GET", cases[i].url);
        snprintf(expected, sizeof expected, "second( threaded( first( %s)first )threaded )second", cases[i].inner);
        assert_string_equal(trace, expected);
        assert_int_equal(reply->status_code, cases[i].status);
        assert_text(reply->body, cases[i].body);
        assert_header(reply, "x-first", "was here");
        assert_header(reply, "x-second", "was here");
        assert_header(reply, "x-threaded", "was here");
    }
    assert_int_equal(ask(client, "POST", "/async")->status_code, 405);
    cito_memory_client_free(client);
    cito_web_free(web);
}

/* These run side by side and so leave the trace alone. */
static void quiet_invoke(const void *args, void *result) { (void)args, GIVE(result, cito_text_response(CITO_STR("quiet"))); }
WITH_REQUEST(quiet, false);
static void quiet_threaded_invoke(const void *args, void *result)
{
    cito_response *response = cito_call_next(THE_REQUEST(args));
    cito_response_set_header(response, "X-quiet_threaded", CITO_STR("was here"));
    GIVE(result, response);
}
WITH_REQUEST(quiet_threaded, false);

/* Each request holds a thread in the middleware while its endpoint needs another. */
static void middleware_on_all_threads_is_no_deadlock(void **state)
{
    (void)state;
    enum { MANY = 50 };
    const cito_reply *replies[MANY];
    cito_web *web = cito_web_new();
    cito_web_add_middleware(web, &quiet_threaded_callable);
    cito_web_add_middleware(web, &quiet_threaded_callable);
    assert_null(cito_web_add_route(web, "GET", "/", ENDPOINT(quiet)));
    cito_memory_client *client = cito_memory_client_new(cito_web_application(web), &(cito_loop_options){ .threadpool_size = 2 });
    assert_non_null(client);
    for (int round = 0; round < 3; round++) {
        cito_memory_client_request_together(client, "GET", "/", MANY, replies);
        for (int i = 0; i < MANY; i++) {
            assert_int_equal(replies[i]->status_code, 200);
            assert_header(replies[i], "x-quiet_threaded", "was here");
        }
    }
    cito_memory_client_free(client);
    cito_web_free(web);
}

static void gate_invoke(const void *args, void *result)
{
    const cito_str *token = cito_request_header(THE_REQUEST(args), "X-Token");
    if (!token)
        cito_raise(401, "no token");
    if (cito_str_equal(*token, "silent"))
        return;
    GIVE(result,
         cito_str_equal(*token, "short") ? cito_text_response(CITO_STR("short"), .status_code = 203) : cito_call_next(THE_REQUEST(args)));
}
WITH_REQUEST(gate, true);

static void a_middleware_may_answer_itself(void **state)
{
    (void)state;
    cito_web *web = cito_web_new();
    cito_web_add_middleware(web, &gate_callable);
    cito_web_add_middleware(web, &first_callable);
    assert_null(cito_web_add_route(web, "GET", "/", ENDPOINT(hello)));
    cito_memory_client *client = client_of(web);
    const cito_reply *reply = ask(client, "GET", "/");
    assert_int_equal(reply->status_code, 401);
    assert_text(reply->body, "{\"detail\":\"no token\"}");
    assert_header(reply, "x-first", "was here");
    assert_string_equal(trace, "first( )first");
    static const char *const short_cut[][2] = { { "x-token", "short" }, { NULL, NULL } }, *const silent[][2] = { { "x-token", "silent" },
                                                                                                                 { NULL, NULL } };
    reply = cito_memory_client_request(client, "GET", "/", short_cut, NO_BODY);
    assert_int_equal(reply->status_code, 203);
    assert_text(reply->body, "short");
    reply = cito_memory_client_request(client, "GET", "/", silent, NO_BODY);
    assert_int_equal(reply->status_code, 500);
    assert_header(reply, "x-first", NULL);
    assert_non_null(strstr(logged, "gate gave no response"));
    assert_null(strstr(trace, "hello"));
    cito_memory_client_free(client);
    cito_web_free(web);
}

/* ---- exceptions ---------------------------------------------------------------------------------------------------------------- */

static void raises_become_answers(void **state)
{
    (void)state;
    cito_web *web = cito_web_new();
    cito_web_add_middleware(web, &threaded_callable);
    assert_null(cito_web_add_route(web, "GET", "/tea", ENDPOINT(teapot)));
    assert_null(cito_web_add_route(web, "GET", "/broken", ENDPOINT(broken)));
    cito_memory_client *client = client_of(web);
    const cito_reply *reply = ask(client, "GET", "/tea");
    assert_int_equal(reply->status_code, 418);
    assert_text(reply->body, "{\"detail\":{\"tea\":[1,\"é\"]}}");
    assert_header(reply, "x-tea", "green");
    assert_header(reply, "x-threaded", "was here");
    reply = ask(client, "GET", "/broken");
    assert_int_equal(reply->status_code, 500);
    assert_text(reply->body, "Internal Server Error");
    assert_header(reply, "content-type", "text/plain; charset=utf-8");
    assert_header(reply, "x-threaded", NULL);
    assert_string_equal(trace, "threaded( )threaded threaded(");
    cito_memory_client_free(client);
    cito_web_free(web);
}

static void own_answer_invoke(const void *args, void *result)
{
    GIVE(result, cito_text_response(cito_format("own answer for %.*s", (int)cito_request_path(THE_REQUEST(args)).len,
                                                cito_request_path(THE_REQUEST(args)).data),
                                    .status_code = 299));
}
WITH_REQUEST(own_answer, false);

static void handlers_answer_in_place_of_errors(void **state)
{
    (void)state;
    cito_web *web = cito_web_new();
    assert_null(cito_web_add_route(web, "GET", "/tea", ENDPOINT(teapot)));
    assert_null(cito_web_add_route(web, "GET", "/broken", ENDPOINT(broken)));
    cito_web_add_exception_handler(web, 404, &own_answer_callable);
    cito_web_add_exception_handler(web, 405, &teapot_callable); /* fails itself */
    cito_web_add_exception_handler(web, 418, &teapot_callable);
    cito_web_add_exception_handler(web, 418, &own_answer_callable);
    cito_web_add_exception_handler(web, 500, &own_answer_callable);
    cito_memory_client *client = client_of(web);
    assert_text(ask(client, "GET", "/x")->body, "own answer for /x");
    assert_text(ask(client, "GET", "/tea")->body, "own answer for /tea");
    assert_text(ask(client, "GET", "/broken")->body, "own answer for /broken");
    assert_int_equal(ask(client, "GET", "/broken")->status_code, 299);
    assert_null(strstr(logged, "exception handler"));
    assert_text(ask(client, "POST", "/tea")->body, "own answer for /tea"); /* by way of 500 */
    assert_non_null(strstr(logged, "exception handler teapot raised 418: {\"tea\":[1,\"é\"]}"));
    cito_web_add_exception_handler(web, 500, &teapot_callable);
    assert_text(ask(client, "GET", "/broken")->body, "Internal Server Error");
    cito_memory_client_free(client);
    cito_web_free(web);
}

static void nothing_invoke(const void *args, void *result)
{
    (void)args;
    GIVE(result, cito_text_response(CITO_STR("left out"), .status_code = 204));
}
WITH_REQUEST(nothing, true);
static void not_modified_invoke(const void *args, void *result)
{
    (void)args, (void)result;
    cito_raise_with(.status_code = 304);
}
WITH_REQUEST(not_modified, true);

static void statuses_without_content_have_none(void **state)
{
    (void)state;
    cito_web *web = cito_web_new();
    assert_null(cito_web_add_route(web, "GET", "/204", ENDPOINT(nothing)));
    assert_null(cito_web_add_route(web, "GET", "/304", ENDPOINT(not_modified)));
    cito_memory_client *client = client_of(web);
    const cito_reply *reply = ask(client, "GET", "/204");
    assert_int_equal(reply->status_code, 204);
    assert_int_equal(reply->body.len, 0);
    reply = ask(client, "GET", "/304");
    assert_int_equal(reply->status_code, 304);
    assert_int_equal(reply->header_count, 0);
    cito_memory_client_free(client);
    cito_web_free(web);
}

/* ---- after the answer ----------------------------------------------------------------------------------------------------------- */

static void note_deferred(void *data) { note(data); }

static void task_async_invoke(const void *args, void *result)
{
    (void)result;
    note(*(const char *const *)args);
    cito_sleep(0.001);
    note("slept");
}
static const cito_callable task_async_callable = {
    .name = "task_async", .is_async = true, .args_size = sizeof(char *), .result_size = 1, .invoke = task_async_invoke
};
static void task_plain_invoke(const void *args, void *result) { (void)result, note(*(const char *const *)args); }
static const cito_callable task_plain_callable = {
    .name = "task_plain", .args_size = sizeof(char *), .result_size = 1, .invoke = task_plain_invoke
};
static void task_raising_invoke(const void *args, void *result) { (void)args, (void)result, cito_raise(409, "too late"); }
static const cito_callable task_raising_callable = {
    .name = "task_raising", .args_size = 0, .result_size = 1, .invoke = task_raising_invoke
};

static void with_tasks_invoke(const void *args, void *result)
{
    cito_defer(note_deferred, "deferred-1");
    cito_defer(note_deferred, "deferred-2");
    cito_background *background = cito_request_background(THE_REQUEST(args));
    assert_ptr_equal(background, cito_request_background(THE_REQUEST(args)));
    const char *names[] = { "task-1", "task-2", "task-3" };
    cito_background_call(background, &task_async_callable, &names[0]);
    cito_background_call(background, &task_raising_callable, NULL);
    cito_background_call(background, &task_plain_callable, &names[1]);
    cito_background_call(background, &task_async_callable, &names[2]);
    names[0] = names[1] = names[2] = "overwritten";
    note("handler");
    GIVE(result, cito_text_response(CITO_STR("")));
}
WITH_REQUEST(with_tasks, true);

static void tasks_run_in_order_then_clean_ups(void **state)
{
    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        cito_callable callable = with_tasks_callable;
        callable.is_async = !plain;
        test_endpoint endpoint = { { run_test_endpoint }, &callable };
        cito_web *web = cito_web_new();
        assert_null(cito_web_add_route(web, "GET", "/", &endpoint.endpoint));
        cito_memory_client *client = client_of(web);
        reset(NULL);
        assert_int_equal(ask(client, "GET", "/")->status_code, 200);
        assert_string_equal(trace, "handler task-1 slept task-2 task-3 slept deferred-2 deferred-1");
        assert_non_null(strstr(logged, "background task task_raising raised 409: \"too late\""));
        cito_memory_client_free(client);
        cito_web_free(web);
    }
}

static void slow_invoke(const void *args, void *result)
{
    (void)args;
    cito_defer(note_deferred, "deferred");
    note("sleeps");
    cito_sleep(60);
    note("woke");
    GIVE(result, cito_text_response(CITO_STR("too late")));
}
WITH_REQUEST(slow, true);

static void a_client_that_leaves_ends_the_request(void **state)
{
    (void)state;
    for (int wrapped = 0; wrapped < 2; wrapped++) {
        reset(NULL);
        cito_web *web = cito_web_new();
        assert_null(cito_web_add_route(web, "GET", "/", ENDPOINT(slow)));
        if (wrapped)
            cito_web_add_middleware(web, &first_callable);
        cito_memory_client *client = client_of(web);
        cito_memory_client_abandon(client, "GET", "/", NULL, NO_BODY);
        assert_string_equal(trace, wrapped ? "first( sleeps deferred" : "sleeps deferred");
        cito_memory_client_free(client);
        cito_web_free(web);
    }
}

static void injecting_invoke(const void *args, void *result)
{
    cito_request *request = THE_REQUEST(args);
    request->injected = cito_response_create(cito_request_arena(request), 0, NULL, CITO_STR(""));
    cito_response_set_status(request->injected, 202);
    cito_response_append_header(request->injected, "X-A", CITO_STR("1"));
    cito_response_append_header(request->injected, "X-A", CITO_STR("2"));
    cito_response_set_header(request->injected, "Content-Type", CITO_STR("text/x"));
    GIVE(result, cito_text_response(CITO_STR("body"), .headers = { { "x-a", "0" } }));
}
WITH_REQUEST(injecting, true);

static void the_injected_response_goes_into_the_answer(void **state)
{
    (void)state;
    cito_web *web = cito_web_new();
    assert_null(cito_web_add_route(web, "GET", "/", ENDPOINT(injecting)));
    cito_memory_client *client = client_of(web);
    const cito_reply *reply = ask(client, "GET", "/");
    assert_int_equal(reply->status_code, 202);
    assert_int_equal(reply->header_count, 5);
    assert_text(reply->headers[0].value, "text/x");
    assert_text(reply->headers[1].value, "0");
    assert_text(reply->headers[2].value, "1");
    assert_text(reply->headers[3].value, "2");
    cito_memory_client_free(client);
    cito_web_free(web);
}

static void greedy_invoke(const void *args, void *result)
{
    (void)args, (void)result;
    for (;;)
        cito_alloc(4096);
}
WITH_REQUEST(greedy, true);

static void a_request_past_its_memory_is_answered_all_the_same(void **state)
{
    (void)state;
    cito_web *web = cito_web_new();
    cito_web_add_middleware(web, &first_callable);
    assert_null(cito_web_add_route(web, "GET", "/", ENDPOINT(greedy)));
    cito_memory_client *client =
        cito_memory_client_new(cito_web_application(web), &(cito_loop_options){ .request_memory_limit = 64 * 1024 });
    assert_non_null(client);
    const cito_reply *reply = ask(client, "GET", "/");
    assert_int_equal(reply->status_code, 413);
    assert_header(reply, "x-first", "was here");
    cito_memory_client_free(client);
    cito_web_free(web);
}

static void yields_in_a_request_invoke(const void *args, void *result) { (void)args, (void)result, cito_lifespan_yield(); }
WITH_REQUEST(yields_in_a_request, true);
static void next_in_an_endpoint_invoke(const void *args, void *result) { GIVE(result, cito_call_next(THE_REQUEST(args))); }
WITH_REQUEST(next_in_an_endpoint, true);

static void calls_in_the_wrong_place_say_so(void **state)
{
    (void)state;
    cito_web *web = cito_web_new();
    assert_null(cito_web_add_route(web, "GET", "/yield", ENDPOINT(yields_in_a_request)));
    assert_null(cito_web_add_route(web, "GET", "/next", ENDPOINT(next_in_an_endpoint)));
    cito_memory_client *client = client_of(web);
    assert_text(ask(client, "GET", "/yield")->body, "{\"detail\":\"cito_lifespan_yield belongs into a CITO_LIFESPAN\"}");
    assert_text(ask(client, "GET", "/next")->body, "{\"detail\":\"cito_call_next belongs into a CITO_MIDDLEWARE\"}");
    cito_memory_client_free(client);
    cito_web_free(web);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_not_there_is_404, reset),
        cmocka_unit_test_setup(another_method_is_405, reset),
        cmocka_unit_test_setup(the_last_added_is_the_outermost, reset),
        cmocka_unit_test_setup(middleware_on_all_threads_is_no_deadlock, reset),
        cmocka_unit_test_setup(a_middleware_may_answer_itself, reset),
        cmocka_unit_test_setup(raises_become_answers, reset),
        cmocka_unit_test_setup(handlers_answer_in_place_of_errors, reset),
        cmocka_unit_test_setup(statuses_without_content_have_none, reset),
        cmocka_unit_test_setup(tasks_run_in_order_then_clean_ups, reset),
        cmocka_unit_test_setup(a_client_that_leaves_ends_the_request, reset),
        cmocka_unit_test_setup(the_injected_response_goes_into_the_answer, reset),
        cmocka_unit_test_setup(a_request_past_its_memory_is_answered_all_the_same, reset),
        cmocka_unit_test_setup(calls_in_the_wrong_place_say_so, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
