/* Parameters: where each comes from, by which name, and what its errors call it. */
#include "fixture.h"

CITO_APP(app);
CITO_ENUM(Size, small, large);
CITO_TUPLE(Point, (int, x), (int, y));
CITO_ANNOTATED(Small, int, ge(0), le(9));
CITO_MODEL(Headers, (str, x_token), (opt(int), if_modified), (list(str), x_tag, default([])));
CITO_MODEL(Strict, (int, limit, default(10)));
CITO_MODEL_CONFIG(Strict, .extra = CITO_EXTRA_FORBID);

CITO_GET(app, "/path/{id}/{size}/{rest:path}")
CITO_ASYNC_DEF(any, paths, (str, rest), (Size, size), (int64, id, gt(0)))
{
    return cito_object("id", id, "size", cito_name(Size, size), "rest", rest);
}
CITO_GET(app, "/query")
CITO_ASYNC_DEF(any, queries, (int, n), (opt(str), q, alias("q-q")), (bool, flag, default(false)), (Small, small, default(3)))
{
    return cito_object("n", n, "q", q, "flag", flag, "small", small);
}
CITO_GET(app, "/lists")
CITO_ASYNC_DEF(any, lists, (list(int), l, query), (set(str), s, query, default(["a"])), (opt(list(str)), o, query, max_length(2)))
{
    return cito_object("l", l, "s", (cito_list_str)s, "o", o);
}
CITO_GET(app, "/tuple")
CITO_ASYNC_DEF(any, tuples, (Point, at, query)) { return cito_array(at.x, at.y); }
CITO_GET(app, "/headers")
CITO_ASYNC_DEF(any, headers, (str, user_agent, header), (opt(str), odd_name, header, convert_underscores(false)), (str, other, header, alias("X-Other"), default("none")),
               (list(str), x_many, header, default([])))
{
    return cito_object("agent", user_agent, "odd", odd_name, "other", other, "many", x_many);
}
CITO_GET(app, "/header-model")
CITO_ASYNC_DEF(any, header_model, (Headers, all, header)) { return cito_object("token", all.x_token, "tags", all.x_tag); }
CITO_GET(app, "/cookies")
CITO_ASYNC_DEF(any, cookies, (str, session, cookie), (opt(int), n, cookie)) { return cito_object("session", session, "n", n); }
CITO_GET(app, "/strict")
CITO_ASYNC_DEF(any, strict, (Strict, filter, query)) { return cito_object("limit", filter.limit); }
CITO_GET(app, "/context")
CITO_ASYNC_DEF(any, context, (request, request), (response, response), (background, tasks))
{
    cito_response_set_status(response, tasks ? 202 : 500);
    return cito_value(cito_request_path(request));
}

static cito_test_client *client;
static int begin(void **state) { return reset(state), client = cito_test_client_new(&app), 0; }
static int end(void **state) { return (void)state, cito_test_client_free(client), 0; }
static const cito_reply *get(const char *url) { return cito_client_get(client, url); }

static void paths_are_decoded(void **state)
{
    (void)state;
    assert_answer(get("/path/5/large/a/b%20c"), 200, "{\"id\":5,\"size\":\"large\",\"rest\":\"a/b c\"}");
    assert_string_equal(errors_of(get("/path/0/huge/")), "enum [\"path\",\"size\"], greater_than [\"path\",\"id\"]");
    assert_string_equal(errors_of(get("/path/x/small/a")), "int_parsing [\"path\",\"id\"]");
}

static void of_a_query_the_last_counts(void **state)
{
    (void)state;
    assert_answer(get("/query?n=1&n=2&q-q=a&flag=on&x=1"), 200, "{\"n\":2,\"q\":\"a\",\"flag\":true,\"small\":3}");
    assert_answer(get("/query?n=1&q-q="), 200, "{\"n\":1,\"q\":\"\",\"flag\":false,\"small\":3}");
    assert_string_equal(errors_of(get("/query?n=&flag=perhaps&small=10")),
                        "int_parsing [\"query\",\"n\"], bool_parsing [\"query\",\"flag\"], less_than_equal [\"query\",\"small\"]");
    assert_string_equal(errors_of(get("/query?q=a")), "missing [\"query\",\"n\"]");
}

static void lists_take_all(void **state)
{
    (void)state;
    assert_answer(get("/lists?l=1&l=2&s=x&s=y&s=x"), 200, "{\"l\":[1,2],\"s\":[\"x\",\"y\"],\"o\":null}");
    assert_answer(get("/lists?l=1&o=a&o=b"), 200, "{\"l\":[1],\"s\":[\"a\"],\"o\":[\"a\",\"b\"]}");
    assert_string_equal(errors_of(get("/lists?l=1&l=x&o=1&o=2&o=3")), "int_parsing [\"query\",\"l\",1], too_long [\"query\",\"o\"]");
    assert_string_equal(errors_of(get("/lists")), "missing [\"query\",\"l\"]");
    assert_answer(get("/tuple?at=1&at=2"), 200, "[1,2]");
    assert_string_equal(errors_of(get("/tuple?at=1")), "missing [\"query\",\"at\",1]");
}

static void of_a_header_the_first_counts(void **state)
{
    (void)state;
    const char *const sent[][2] = { { "X-Many", "a, b" },  { "User-Agent", "one" }, { "x-many", "c" }, { "user-agent", "two" },
                                    { "Odd_Name", "odd" }, { "x-other", "o" },      { NULL, NULL } };
    assert_answer(cito_client_request(client, "GET", "/headers", sent, CITO_STR("")), 200,
                  "{\"agent\":\"one\",\"odd\":\"odd\",\"other\":\"o\",\"many\":[\"a, b\",\"c\"]}");
    assert_answer(get("/headers"), 200, "{\"agent\":\"testclient\",\"odd\":null,\"other\":\"none\",\"many\":[]}");
}

static void header_models(void **state)
{
    (void)state;
    const char *const sent[][2] = { { "x-token", "one" }, { "x-token", "two" }, { "x-tag", "a" }, { "x-tag", "b" }, { NULL, NULL } };
    assert_answer(cito_client_request(client, "GET", "/header-model", sent, CITO_STR("")), 200,
                  "{\"token\":\"one\",\"tags\":[\"a\",\"b\"]}");
    assert_string_equal(errors_of(get("/header-model")), "missing [\"header\",\"x_token\"]");
}

static void cookies_are_read_from_all_lines(void **state)
{
    (void)state;
    assert_answer(ask(client, "GET", "/cookies", "cookie", "session=a; n=5; session=b", NULL), 200, "{\"session\":\"b\",\"n\":5}");
    assert_string_equal(errors_of(ask(client, "GET", "/cookies", "cookie", "n=x", NULL)),
                        "missing [\"cookie\",\"session\"], int_parsing [\"cookie\",\"n\"]");
}

static void a_model_may_forbid_what_it_does_not_know(void **state)
{
    (void)state;
    assert_answer(get("/strict?limit=5"), 200, "{\"limit\":5}");
    assert_string_equal(errors_of(get("/strict?limit=5&more=1")), "extra_forbidden [\"query\",\"more\"]");
}

static void what_cito_gives(void **state)
{
    (void)state;
    assert_answer(get("/context"), 202, "\"/context\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(paths_are_decoded, reset),
        cmocka_unit_test_setup(of_a_query_the_last_counts, reset),
        cmocka_unit_test_setup(lists_take_all, reset),
        cmocka_unit_test_setup(of_a_header_the_first_counts, reset),
        cmocka_unit_test_setup(header_models, reset),
        cmocka_unit_test_setup(cookies_are_read_from_all_lines, reset),
        cmocka_unit_test_setup(a_model_may_forbid_what_it_does_not_know, reset),
        cmocka_unit_test_setup(what_cito_gives, reset),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
