/* Requests: what a callable reads of them, on the loop and on a pool thread. */
#include "fixture.h"

static void (*look_now)(cito_request *);
static void looking_invoke(const void *args, void *result)
{
    look_now(THE_REQUEST(args));
    GIVE(result, cito_text_response(CITO_STR("looked")));
}
WITH_REQUEST(looking, true);

/* Asks with a callable that looks, once on the loop and once on a pool thread; gives the last reply's status. */
static int look(void (*looker)(cito_request *), const char *method, const char *url, const char *const headers[][2], cito_str body)
{
    static cito_callable callable;
    static test_endpoint endpoint = { { run_test_endpoint }, &callable };
    int status = 0;
    for (int on_pool = 0; on_pool < 2; on_pool++) {
        callable = looking_callable;
        callable.is_async = !on_pool;
        look_now = looker;
        cito_web *web = cito_web_new();
        assert_null(cito_web_add_route(web, method, "/{rest:path}", &endpoint.endpoint));
        cito_memory_client *client = client_of(web);
        const cito_reply *reply = cito_memory_client_request(client, method, url, headers, body);
        status = reply->status_code;
        if (status == 200)
            assert_text(reply->body, "looked");
        cito_memory_client_free(client);
        cito_web_free(web);
    }
    return status;
}

static void look_at_scope(cito_request *request)
{
    assert_text(cito_request_method(request), "PURGE");
    assert_text(cito_request_path(request), "/é b/c");
    assert_text(cito_request_query_string(request), "a=%20&b");
    assert_text(cito_request_scheme(request), "https");
    assert_string_equal(cito_request_client_host(request), "testclient");
    assert_text(*cito_request_header(request, "HOST"), "example.com");
    assert_text(*cito_request_header(request, "x-a"), "1");
    assert_text(*cito_request_header_at(request, CITO_STR("x-a"), 1), "2");
    assert_null(cito_request_header_at(request, CITO_STR("x-a"), 2));
    assert_null(cito_request_header(request, "x-b"));
    char longest[400];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(cito_request_header(request, longest));
    assert_int_equal(request->match->value_count, 1);
    assert_text(request->match->values[0], "é b/c");
}

static void the_scope_is_readable(void **state)
{
    (void)state;
    static const char *const headers[][2] = { { "X-A", "1" }, { "x-a", "2" }, { NULL, NULL } };
    assert_int_equal(look(look_at_scope, "PURGE", "https://example.com/%C3%A9%20b/c?a=%20&b#top", headers, NO_BODY), 200);
}

static void look_at_pairs(cito_request *request)
{
    const cito_pairs *query = cito_request_query_pairs(request);
    assert_ptr_equal(query, cito_request_query_pairs(request));
    assert_int_equal(query->count, 3);
    assert_text(query->items[0].name, "a");
    assert_text(query->items[0].value, "1 2");
    assert_text(query->items[1].value, "");
    assert_text(query->items[2].value, "3");
    const cito_pairs *cookies = cito_request_cookies(request);
    assert_ptr_equal(cookies, cito_request_cookies(request));
    assert_int_equal(cookies->count, 3);
    assert_text(cookies->items[0].name, "s");
    assert_text(cookies->items[0].value, "1");
    assert_text(cookies->items[2].name, "u");
    assert_text(cookies->items[2].value, "3");
}

static void query_and_cookies_are_made_once(void **state)
{
    (void)state;
    static const char *const headers[][2] = { { "Cookie", "s=1; t=\"2\"" }, { "Cookie", "u=3" }, { NULL, NULL } };
    assert_int_equal(look(look_at_pairs, "GET", "/?a=1+2&b=&a=3", headers, NO_BODY), 200);
}

static void look_at_nothing(cito_request *request)
{
    const char *error = "untouched";
    assert_int_equal(cito_request_query_pairs(request)->count, 0);
    assert_int_equal(cito_request_cookies(request)->count, 0);
    assert_text(cito_request_body(request), "");
    assert_int_equal(cito_request_form(request, &error)->count, 0);
    assert_null(error);
}

static void what_is_absent_is_empty(void **state)
{
    (void)state;
    assert_int_equal(look(look_at_nothing, "GET", "/", NULL, NO_BODY), 200);
}

static void look_at_body(cito_request *request)
{
    cito_str body = cito_request_body(request);
    assert_text(body, "{\"a\":1}");
    assert_int_equal(body.data[body.len], '\0');
    assert_ptr_equal(cito_request_body(request).data, body.data);
}

static void the_body_is_read_from_any_thread(void **state)
{
    (void)state;
    assert_int_equal(look(look_at_body, "POST", "/", NULL, CITO_STR("{\"a\":1}")), 200);
}

static void lower_the_limit(cito_request *request)
{
    request->exchange->limit_body = 3;
    cito_request_body(request);
    fail_msg("a body over the limit was given");
}

static void a_body_over_the_limit_is_413(void **state)
{
    (void)state;
    assert_int_equal(look(lower_the_limit, "POST", "/", NULL, CITO_STR("1234")), 413);
}

static cito_receive_result broken_body(cito_exchange *exchange, cito_str *out_body)
{
    (void)exchange, (void)out_body;
    return CITO_RECEIVE_BROKEN;
}

static void break_the_body(cito_request *request)
{
    static cito_exchange_methods methods;
    const char *error = NULL;
    cito_str body;
    methods = *request->exchange->methods;
    methods.read_body = broken_body;
    request->exchange->methods = &methods;
    assert_int_equal(cito_request_read_body(request, &body), CITO_RECEIVE_BROKEN);
    assert_null(cito_request_form(request, &error));
    assert_string_equal(error, "There was an error parsing the body");
    cito_request_body(request);
    fail_msg("a broken body was given");
}

static void a_broken_body_is_400(void **state)
{
    (void)state;
    assert_int_equal(look(break_the_body, "POST", "/", NULL, CITO_STR("1234")), 400);
}

static void look_at_form(cito_request *request)
{
    const char *error;
    const cito_form *form = cito_request_form(request, &error);
    assert_null(error);
    assert_ptr_equal(form, cito_request_form(request, &error));
    assert_int_equal(form->count, 2);
    assert_text(form->parts[0].name, "a");
    assert_text(form->parts[0].value, "é");
    assert_text(form->parts[1].value, "2");
}

static void look_at_bad_form(cito_request *request)
{
    const char *error = NULL;
    assert_null(cito_request_form(request, &error));
    assert_string_equal(error, "Missing boundary in multipart.");
}

static void forms_are_read(void **state)
{
    (void)state;
    static const char *const urlencoded[][2] = { { "Content-Type", "application/x-www-form-urlencoded" }, { NULL, NULL } };
    static const char *const multipart[][2] = { { "Content-Type", "multipart/form-data" }, { NULL, NULL } };
    assert_int_equal(look(look_at_form, "POST", "/", urlencoded, CITO_STR("a=%C3%A9&b=2")), 200);
    assert_int_equal(look(look_at_bad_form, "POST", "/", multipart, CITO_STR("--x\r\n")), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_scope_is_readable, reset),
        cmocka_unit_test_setup(query_and_cookies_are_made_once, reset),
        cmocka_unit_test_setup(what_is_absent_is_empty, reset),
        cmocka_unit_test_setup(the_body_is_read_from_any_thread, reset),
        cmocka_unit_test_setup(a_body_over_the_limit_is_413, reset),
        cmocka_unit_test_setup(a_broken_body_is_400, reset),
        cmocka_unit_test_setup(forms_are_read, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
