/* Applications as they are put together: routers and their prefixes, hooks and handlers, decorators and their functions, what is refused. */
#include "fixture.h"

CITO_APP(app, .prefix = "/root");
CITO_ROUTER(inner, .prefix = "/inner");
CITO_ROUTER(users, .prefix = "/users");

CITO_GET(inner, "")
CITO_ASYNC_DEF(str, inner_root) { return cito_string("inner"); }
CITO_INCLUDE_ROUTER(users, inner, "/deep")
CITO_GET(users, "/me")
CITO_GET(users, "/myself")
CITO_ASYNC_DEF(str, me) { return cito_string("me"); }
CITO_GET(users, "/{name}")
CITO_ASYNC_DEF(any, by_name, (str, name)) { return cito_object("name", name); }
CITO_INCLUDE_ROUTER(app, users, "/v1")
CITO_INCLUDE_ROUTER(app, users, "/v2")

CITO_GET(app, "/fail/{status}")
CITO_DEF(none, raise_it, (int, status)) { cito_raise(status); }
CITO_MODEL(Trouble, (str, what));
CITO_GET(app, "/trouble")
CITO_DEF(none, trouble) { cito_raise_as(Trouble, .what = cito_string("much")); }

CITO_MIDDLEWARE(app)
CITO_ASYNC_DEF(response, count_time, (request, request))
{
    cito_response *response = cito_call_next(request);
    cito_response_set_header(response, "x-middleware", cito_string("seen"));
    return response;
}
CITO_EXCEPTION_HANDLER(app, 404)
CITO_DEF(response, not_found, (request, request))
{
    return cito_json_response(cito_object("oops", cito_request_path(request)), .status_code = 404);
}
CITO_EXCEPTION_HANDLER(app, 500)
CITO_DEF(response, failed, (request, request)) { return cito_text_response(cito_string("sorry"), .status_code = 500); }

CITO_LIFESPAN(app)
CITO_ASYNC_DEF(none, lifespan)
{
    note("begin");
    cito_lifespan_yield();
    note("end");
}
CITO_ON_STARTUP(app)
CITO_DEF(none, startup) { note("startup"); }
CITO_ON_SHUTDOWN(app)
CITO_DEF(none, shut_down) { note("shutdown"); }

CITO_APP(hooks);
CITO_ROUTER(routed);
CITO_INCLUDE_ROUTER(hooks, routed, "/routed")
CITO_MIDDLEWARE(routed)
CITO_ASYNC_DEF(response, of_a_router, (request, request)) { return cito_call_next(request); }
CITO_MIDDLEWARE(hooks)
CITO_ASYNC_DEF(response, without_request) { return NULL; }
CITO_LIFESPAN(hooks)
CITO_DEF(none, plain_lifespan) {}
CITO_EXCEPTION_HANDLER(hooks, 404)
CITO_DEF(str, no_response, (request, request)) { return cito_string(""); }

CITO_APP(paths);
CITO_ROUTER(prefixed, .prefix = "/prefix");
CITO_GET(prefixed, "items")
CITO_DEF(none, no_slash) {}
CITO_GET(paths, "")
CITO_DEF(none, empty) {}
CITO_GET(paths, "/{a}/{a}")
CITO_DEF(none, twice, (str, a)) {}
CITO_GET(paths, "/extra", .openapi_extra = "[1]")
CITO_DEF(none, extra) {}
CITO_INCLUDE_ROUTER(paths, prefixed, "no-slash")

CITO_APP(far);
CITO_GET(far, "/far")
enum { SEVERAL, LINES, OF };
enum { OTHER, THINGS };
enum { STAND, BETWEEN, A, DECORATOR };
enum { AND, THE };
enum { NEXT, FUNCTION };
enum { WHICH, IS };
enum { NOT, ITS, OWN };
CITO_DEF(none, too_far_away) {}

CITO_APP(circling);
CITO_ROUTER(ring, .prefix = "/ring");
CITO_INCLUDE_ROUTER(ring, ring, "")
CITO_INCLUDE_ROUTER(circling, ring, "")

CITO_APP(ids);
CITO_GET(ids, "/a", .operation_id = "same")
CITO_DEF(none, id_one) {}
CITO_GET(ids, "/b", .operation_id = "same")
CITO_DEF(none, id_two) {}
CITO_GET(ids, "/c", .operation_id = "same", .exclude_from_schema = true)
CITO_DEF(none, id_hidden) {}

static cito_test_client *client;
static int begin(void **state) { return reset(state), client = cito_test_client_new(&app), 0; }
static int end(void **state) { return (void)state, cito_test_client_free(client), 0; }
static const cito_reply *get(const char *url) { return cito_client_get(client, url); }

static void a_router_may_be_included_twice(void **state)
{
    (void)state;
    assert_answer(get("/root/v1/users/me"), 200, "\"me\"");
    assert_answer(get("/root/v2/users/myself"), 200, "\"me\""); /* two decorators over one function */
    assert_answer(get("/root/v2/users/ada"), 200, "{\"name\":\"ada\"}");
    assert_answer(get("/root/v1/users/deep/inner"), 200, "\"inner\"");
    assert_document(client, AT("paths", "/root/v2/users/{name}", "get", "operationId"), "\"by_name_root_v2_users__name__get\"");
    assert_answer(get("/users/me"), 404, "{\"oops\":\"/users/me\"}");
}

static void handlers_answer_in_place_of_errors(void **state)
{
    (void)state;
    const cito_reply *reply = get("/root/fail/404");
    assert_answer(reply, 404, "{\"oops\":\"/root/fail/404\"}");
    assert_header(reply, "x-middleware", "seen");
    assert_text_answer(get("/root/fail/500"), 500, "sorry");
    assert_answer(get("/root/fail/409"), 409, "{\"detail\":\"Conflict\"}");
    reply = get("/root/trouble");
    assert_text_answer(reply, 500, "sorry");
    assert_header(reply, "x-middleware", NULL); /* unforeseen: answered outside of all middleware */
    assert_non_null(strstr(logged, "Trouble was raised for GET /root/trouble"));
}

static void the_lifespan_has_two_halves(void **state)
{
    (void)state;
    cito_test_client *other = cito_test_client_new(&app);
    assert_string_equal(trace, "begin startup");
    cito_test_client_free(other);
    assert_string_equal(trace, "begin startup shutdown end");
}

static void hooks_have_their_shape(void **state)
{
    (void)state;
    assert_mistakes(&hooks, "CITO_MIDDLEWARE of of_a_router: a router has none: give it the application that includes the router\n"
                            "CITO_MIDDLEWARE: write CITO_ASYNC_DEF(response, without_request, (request, request))\n"
                            "CITO_LIFESPAN: write CITO_ASYNC_DEF(none, plain_lifespan), without parameters\n"
                            "CITO_EXCEPTION_HANDLER: write CITO_ASYNC_DEF(response, no_response, (request, request))\n");
}

static void a_decorator_stands_before_its_function(void **state)
{
    (void)state;
    char expected[200];
    snprintf(expected, sizeof expected,
             "GET /far: the next function is too_far_away in line %d, too far away to be meant: a decorator stands directly before its "
             "function\n",
             too_far_away_callable.line);
    assert_mistakes(&far, expected);
}

static void paths_have_their_shape(void **state)
{
    (void)state;
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    assert_null(cito_api_new(&paths, &mistakes));
    cito_buffer_append_char(&mistakes, '\0');
    assert_non_null(strstr(mistakes.data, ": GET items: a path begins with a slash: write \"/items\"\n"));
    assert_non_null(strstr(mistakes.data, ": GET : a path begins with a slash: write \"/\"\n"));
    assert_non_null(strstr(mistakes.data, ": GET /{a}/{a}: "));
    assert_non_null(strstr(mistakes.data, ": GET /extra: openapi_extra is no JSON object: write CITO_JSON({\"x-key\": 1})\n"));
    assert_non_null(strstr(mistakes.data, ": prefix \"no-slash\": a prefix begins with a slash and does not end with one\n"));
    cito_buffer_finish(&mistakes);
}

static void routers_in_a_circle_end(void **state)
{
    (void)state;
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    assert_null(cito_api_new(&circling, &mistakes));
    cito_buffer_append_char(&mistakes, '\0');
    assert_non_null(strstr(mistakes.data, "routers include each other in a circle, or more than 30 deep\n"));
    cito_buffer_finish(&mistakes);
}

static void two_operations_of_one_id_are_noticed(void **state)
{
    (void)state;
    cito_test_client *other = cito_test_client_new(&ids);
    assert_non_null(strstr(logged, ": operation id same is that of GET /a too ("));
    assert_null(strstr(strstr(logged, "same") + 4, "same"));
    cito_test_client_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_router_may_be_included_twice, reset),
        cmocka_unit_test_setup(handlers_answer_in_place_of_errors, reset),
        cmocka_unit_test_setup(the_lifespan_has_two_halves, reset),
        cmocka_unit_test_setup(hooks_have_their_shape, reset),
        cmocka_unit_test_setup(a_decorator_stands_before_its_function, reset),
        cmocka_unit_test_setup(paths_have_their_shape, reset),
        cmocka_unit_test_setup(routers_in_a_circle_end, reset),
        cmocka_unit_test_setup(two_operations_of_one_id_are_noticed, reset),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
