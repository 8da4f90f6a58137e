/* One request: the order of dependencies and errors, what is called and what is not, raises, plain and async callables, overrides. */
#include "fixture.h"

CITO_APP(app);
CITO_ASYNC_DEF(none, of_router) { note("router"); }
CITO_ROUTER(router, .prefix = "/router", .dependencies = { CITO_DEPENDS(of_router) });

static int numbers;
CITO_ASYNC_DEF(int, number) { return ++numbers; }
CITO_ASYNC_DEF(int, twice, (depends(number), number)) { return 2 * number; }
CITO_GET(app, "/shared")
CITO_ASYNC_DEF(bool, shared, (depends(number), number), (depends(twice), twice)) { return twice == 2 * number; }
CITO_GET(app, "/no-cache")
CITO_ASYNC_DEF(any, no_cache_of_both, (depends(number), first, no_cache), (depends(number), second, no_cache), (depends(number), third))
{
    return cito_array(second - first, third - first);
}

CITO_ASYNC_DEF(str, needs_q, (str, q))
{
    note("needs_q");
    return q;
}
CITO_ASYNC_DEF(int, needs_x, (int, x_n, header))
{
    note("needs_x");
    return x_n;
}
CITO_GET(app, "/errors/{id}")
CITO_ASYNC_DEF(any, errors, (int, count), (depends(needs_q), q), (str, x_token, header), (depends(needs_x), n), (int, id), (str, session, cookie))
{
    note("errors");
    return cito_object("q", q, "n", n, "id", id, "count", count, "session", session);
}

CITO_ASYNC_DEF(none, first_dependency) { note("first"); }
CITO_ASYNC_DEF(none, raising, (opt(int), status))
{
    note("raising");
    if (status)
        cito_raise_with(.status_code = *status, .detail = cito_object("why", "asked"), .headers = { { "X-Why", "asked" } });
}
CITO_ASYNC_DEF(none, last_dependency) { note("last"); }
CITO_GET(app, "/raise", .dependencies = { CITO_DEPENDS(first_dependency), CITO_DEPENDS(raising), CITO_DEPENDS(last_dependency) })
CITO_ASYNC_DEF(any, after_raise, (int, n)) { return cito_object("n", n); }

static void say(void *data) { note(data); }
CITO_DEF(int, opened)
{
    cito_defer(say, "closed");
    note("opened");
    return 1;
}
CITO_ASYNC_DEF(int, opened_on_it, (depends(opened), one))
{
    cito_defer(say, "closed-inner");
    return one;
}
CITO_GET(app, "/plain")
CITO_DEF(any, plain, (depends(opened_on_it), one), (opt(int), status), (int, kilobytes, default(0)))
{
    cito_defer(say, "closed-own");
    for (int i = 0; i < kilobytes; i++)
        memset(cito_alloc(1024), 1, 1024);
    if (status)
        cito_raise(*status, "for %d", one);
    return cito_object("one", one);
}

CITO_ASYNC_DEF(none, of_include) { note("include"); }
CITO_ASYNC_DEF(none, of_operation) { note("operation"); }
CITO_ASYNC_DEF(none, of_function) { note("function"); }
CITO_GET(router, "/order", .dependencies = { CITO_DEPENDS(of_operation) })
CITO_ASYNC_DEF(none, order, (depends(of_function), nothing)) { note("order"); }
CITO_INCLUDE_ROUTER(app, router, "", .dependencies = { CITO_DEPENDS(of_include) })

CITO_MODEL(Page, (int, skip, default(0)), (list(str), tags, default([])));
CITO_GET(app, "/page")
CITO_ASYNC_DEF(any, page, (opt(Page), page, query)) { return cito_object("skip", page->skip, "tags", page->tags); }

CITO_MODEL(Many, (int, a), (int, b, default(2)));
CITO_POST(app, "/forty")
CITO_ASYNC_DEF(int, forty, (int, p1), (int, p2), (int, p3), (int, p4), (int, p5), (int, p6), (int, p7), (int, p8), (int, p9), (int, p10), (int, p11), (int, p12), (int, p13),
               (int, p14), (int, p15), (int, p16), (int, p17), (int, p18), (int, p19), (int, p20), (int, p21, default(0)), (int, p22, default(0)), (int, p23, default(0)),
               (int, p24, default(0)), (int, p25, default(0)), (int, p26, default(0)), (int, p27, default(0)), (int, p28, default(0)), (int, p29, default(0)),
               (int, p30, default(0)), (int, p31, header), (int, p32, header), (int, p33, cookie, default(3)), (int, p34, default(0)), (int, p35, default(0)),
               (int, p36, default(0)), (int, p37, default(0)), (int, p38, default(0)), (int, p39, default(39)), (Many, many))
{
    return p1 + p20 + p31 + p33 + p39 + many.b;
}

CITO_ASYNC_DEF(str, database) { return cito_string("real"); }
CITO_ASYNC_DEF(str, fake_database, (int, fake_q, query, default(0))) { return cito_format("fake %d", fake_q); }
CITO_ASYNC_DEF(str, by_path, (str, name)) { return name; }
CITO_ASYNC_DEF(str, by_nothing) { return cito_string("nothing"); }
CITO_GET(app, "/database/{name}")
CITO_ASYNC_DEF(any, use_database, (depends(database), database), (depends(by_path), name)) { return cito_array(database, name); }

static cito_test_client *client;
static int begin(void **state) { return reset(state), client = cito_test_client_new(&app), 0; }
static int end(void **state) { return (void)state, cito_test_client_free(client), 0; }
static const cito_reply *get(const char *url) { return cito_client_get(client, url); }

static void a_dependency_runs_once_for_a_request(void **state)
{
    (void)state;
    assert_answer(get("/shared"), 200, "true");
    assert_answer(get("/no-cache"), 200, "[1,0]");
}

static void all_errors_come_in_their_order(void **state)
{
    (void)state;
    assert_string_equal(
        errors_of(get("/errors/x?count=y")),
        "missing [\"query\",\"q\"], missing [\"header\",\"x-n\"], int_parsing [\"path\",\"id\"], int_parsing [\"query\",\"count\"], "
        "missing [\"header\",\"x-token\"], missing [\"cookie\",\"session\"]");
    assert_string_equal(trace, "");
    assert_string_equal(errors_of(ask(client, "GET", "/errors/1?count=1", "x-n", "5", NULL)),
                        "missing [\"query\",\"q\"], missing [\"header\",\"x-token\"], missing [\"cookie\",\"session\"]");
    assert_string_equal(trace, "needs_x");
}

static void a_raise_ends_it_at_once(void **state)
{
    (void)state;
    const cito_reply *reply = get("/raise?status=418");
    assert_answer(reply, 418, "{\"detail\":{\"why\":\"asked\"}}");
    assert_header(reply, "x-why", "asked");
    assert_string_equal(trace, "first raising");
    assert_string_equal(errors_of(get("/raise")), "missing [\"query\",\"n\"]");
    assert_string_equal(trace, "first raising first raising last");
}

static void plain_callables_raise_defer_and_allocate(void **state)
{
    (void)state;
    assert_answer(get("/plain"), 200, "{\"one\":1}");
    assert_string_equal(trace, "opened closed-own closed-inner closed");
    trace[0] = '\0';
    assert_answer(get("/plain?status=409"), 409, "{\"detail\":\"for 1\"}");
    assert_string_equal(trace, "opened closed-own closed-inner closed");
    assert_answer(get("/plain?kilobytes=4000"), 200, "{\"one\":1}");
    trace[0] = '\0';
    assert_int_equal(get("/plain?kilobytes=100000")->status_code, 413); /* the limit of one request is 64 MiB */
    assert_string_equal(trace, "opened closed-own closed-inner closed");
}

static void dependencies_go_from_the_outside_in(void **state)
{
    (void)state;
    assert_answer(get("/router/order"), 200, "null");
    assert_string_equal(trace, "include router operation function order");
}

static void an_optional_model_of_parameters_is_there(void **state)
{
    (void)state;
    assert_answer(get("/page?skip=3&tags=a&tags=b"), 200, "{\"skip\":3,\"tags\":[\"a\",\"b\"]}");
    assert_answer(get("/page"), 200, "{\"skip\":0,\"tags\":[]}");
    assert_string_equal(errors_of(get("/page?skip=x")), "int_parsing [\"query\",\"skip\"]");
}

static void forty_parameters(void **state)
{
    (void)state;
    static const char url[] =
        "/forty?p1=100&p2=1&p3=1&p4=1&p5=1&p6=1&p7=1&p8=1&p9=1&p10=1&p11=1&p12=1&p13=1&p14=1&p15=1&p16=1&p17=1&p18=1&p19=1&p20=20";
    const char *const headers[][2] = { { JSON }, { "p31", "1000" }, { "p32", "1" }, { NULL, NULL } };
    assert_answer(cito_client_request(client, "POST", url, headers, CITO_STR("{\"a\":1}")), 200, "1164");
    assert_string_equal(errors_of(cito_client_request(client, "POST", url, headers, CITO_STR("{}"))), "missing [\"body\",\"a\"]");
}

static void overrides_count_from_the_next_request(void **state)
{
    (void)state;
    assert_answer(get("/database/x"), 200, "[\"real\",\"x\"]");
    cito_override_dependency(&app, database, fake_database);
    cito_override_dependency(&app, by_path, by_nothing); /* which does not take the path's name */
    assert_answer(get("/database/x?fake_q=7"), 200, "[\"fake 7\",\"nothing\"]");
    assert_string_equal(errors_of(get("/database/x?fake_q=y")), "int_parsing [\"query\",\"fake_q\"]");
    cito_override_end(&app, by_path);
    assert_answer(get("/database/x"), 200, "[\"fake 0\",\"x\"]");
    cito_override_end(&app, database);
    assert_answer(get("/database/x?fake_q=y"), 200, "[\"real\",\"x\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_dependency_runs_once_for_a_request, reset),
        cmocka_unit_test_setup(all_errors_come_in_their_order, reset),
        cmocka_unit_test_setup(a_raise_ends_it_at_once, reset),
        cmocka_unit_test_setup(plain_callables_raise_defer_and_allocate, reset),
        cmocka_unit_test_setup(dependencies_go_from_the_outside_in, reset),
        cmocka_unit_test_setup(an_optional_model_of_parameters_is_there, reset),
        cmocka_unit_test_setup(forty_parameters, reset),
        cmocka_unit_test_setup(overrides_count_from_the_next_request, reset),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
