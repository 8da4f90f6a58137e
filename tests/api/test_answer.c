/* Answers: classes, models, statuses, the injected response, what cannot be written. */
#include "fixture.h"

CITO_APP(app);
CITO_ROUTER(pages, .prefix = "/pages", .default_response_class = cito_class_html);
CITO_INCLUDE_ROUTER(app, pages, "")
CITO_MODEL(User, (str, name), (str, password), (opt(str), nick));
CITO_MODEL(UserOut, (str, name), (opt(str), nick));

CITO_GET(app, "/html", .response_class = cito_class_html)
CITO_DEF(str, html) { return cito_string("<h1>\"hello\"</h1>"); }
CITO_GET(app, "/html-any", .response_class = cito_class_html)
CITO_ASYNC_DEF(any, html_any, (bool, text)) { return text ? cito_value("<p>") : cito_object("no", "text"); }
CITO_GET(app, "/text", .response_class = cito_class_plain, .status_code = 202)
CITO_ASYNC_DEF(opt(str), text, (bool, absent, default(false))) { return absent ? NULL : cito_some(str, cito_string("plain")); }
CITO_GET(app, "/redirect", .response_class = cito_class_redirect)
CITO_ASYNC_DEF(str, redirect) { return cito_string("/b\xc3\xa9?x=1"); }
CITO_GET(pages, "/one")
CITO_ASYNC_DEF(str, page) { return cito_string("<p>"); }
CITO_GET(app, "/quoted")
CITO_ASYNC_DEF(str, quoted) { return cito_string("a\"b"); }

CITO_GET(app, "/narrow", .response_model = CITO_T(UserOut))
CITO_ASYNC_DEF(User, narrow) { return (User){ .name = cito_string("ada"), .password = cito_string("secret") }; }
CITO_GET(app, "/narrow-any", .response_model = CITO_T(UserOut))
CITO_ASYNC_DEF(any, narrow_any, (bool, fits)) { return fits ? cito_object("name", "ada", "password", "secret") : cito_object("nick", "a"); }
CITO_GET(app, "/wide", .response_model = CITO_T(any))
CITO_ASYNC_DEF(User, wide) { return (User){ .name = cito_string("ada"), .password = cito_string("p") }; }
CITO_GET(app, "/no-none", .response_model_exclude_none = true)
CITO_ASYNC_DEF(UserOut, no_none) { return (UserOut){ .name = cito_string("ada") }; }

CITO_DELETE(app, "/gone", .status_code = 204)
CITO_DEF(none, gone) {}
CITO_GET(app, "/not-modified", .status_code = 304)
CITO_ASYNC_DEF(str, not_modified) { return cito_string("unseen"); }
CITO_GET(app, "/nan")
CITO_ASYNC_DEF(any, nan_value) { return cito_object("x", 0.0 / 0.0); }
CITO_GET(app, "/no-response")
CITO_ASYNC_DEF(response, no_response) { return NULL; }

CITO_ASYNC_DEF(none, mark, (response, response)) { cito_response_set_header(response, "X-Dependency", cito_string("seen")); }
CITO_GET(app, "/injected", .dependencies = { CITO_DEPENDS(mark) })
CITO_DEF(any, injected, (response, response), (int, status, default(0)))
{
    if (status)
        cito_response_set_status(response, status);
    cito_response_set_cookie(response, .name = "a", .value = cito_string("1"));
    cito_response_append_header(response, "x-two", cito_string("1"));
    cito_response_append_header(response, "x-two", cito_string("2"));
    return cito_object("ok", true);
}
CITO_GET(app, "/own", .response_model = CITO_T(UserOut))
CITO_DEF(response, own) { return cito_json_response(cito_object("any", "thing"), .status_code = 203, .headers = { { "x-own", "1" } }); }

static cito_test_client *client;
static int begin(void **state) { return reset(state), client = cito_test_client_new(&app), 0; }
static int end(void **state) { return (void)state, cito_test_client_free(client), 0; }
static const cito_reply *get(const char *url) { return cito_client_get(client, url); }

static void classes_of_text(void **state)
{
    (void)state;
    const cito_reply *reply = get("/html");
    assert_text_answer(reply, 200, "<h1>\"hello\"</h1>");
    assert_header(reply, "content-type", "text/html; charset=utf-8");
    assert_text_answer(get("/html-any?text=true"), 200, "<p>");
    assert_text_answer(get("/html-any?text=false"), 500, "Internal Server Error");
    assert_non_null(strstr(logged, "returned no text, which its response_class writes"));
    reply = get("/text");
    assert_text_answer(reply, 202, "plain");
    assert_header(reply, "content-type", "text/plain; charset=utf-8");
    assert_int_equal(get("/text?absent=1")->status_code, 500);
    reply = get("/pages/one");
    assert_text_answer(reply, 200, "<p>");
    assert_header(reply, "content-type", "text/html; charset=utf-8");
    assert_text_answer(get("/quoted"), 200, "\"a\\\"b\"");
}

static void a_redirect_has_a_location(void **state)
{
    (void)state;
    const cito_reply *reply = get("/redirect");
    assert_text_answer(reply, 307, "");
    assert_header(reply, "location", "/b%C3%A9?x=1");
    assert_header(reply, "content-type", NULL);
    assert_document(client, AT("paths", "/redirect", "get", "responses"), "{\"307\":{\"description\":\"Successful Response\"}}");
}

static void response_models(void **state)
{
    (void)state;
    assert_answer(get("/narrow"), 200, "{\"name\":\"ada\",\"nick\":null}");
    assert_answer(get("/narrow-any?fits=1"), 200, "{\"name\":\"ada\",\"nick\":null}");
    assert_text_answer(get("/narrow-any?fits=0"), 500, "Internal Server Error");
    assert_non_null(strstr(logged, "narrow_any"));
    assert_answer(get("/wide"), 200, "{\"name\":\"ada\",\"password\":\"p\",\"nick\":null}");
    assert_answer(get("/no-none"), 200, "{\"name\":\"ada\"}");
}

static void some_statuses_have_no_body(void **state)
{
    (void)state;
    const cito_reply *reply = cito_client_delete(client, "/gone");
    assert_text_answer(reply, 204, "");
    assert_header(reply, "content-type", "application/json");
    assert_header(reply, "content-length", NULL);
    assert_text_answer(get("/not-modified"), 304, "");
    reply = get("/injected?status=204");
    assert_text_answer(reply, 204, "");
    assert_header(reply, "x-dependency", "seen");
}

static void what_was_injected_is_merged(void **state)
{
    (void)state;
    const cito_reply *reply = get("/injected?status=201");
    assert_answer(reply, 201, "{\"ok\":true}");
    assert_header(reply, "x-dependency", "seen");
    assert_header(reply, "set-cookie", "a=1; Path=/; SameSite=lax");
    size_t count = 0;
    for (size_t i = 0; i < reply->header_count; i++)
        count += cito_str_equal(reply->headers[i].name, "x-two");
    assert_int_equal(count, 2);
    assert_int_equal(get("/injected")->status_code, 200);
}

static void an_own_response_is_not_touched(void **state)
{
    (void)state;
    const cito_reply *reply = get("/own");
    assert_answer(reply, 203, "{\"any\":\"thing\"}");
    assert_header(reply, "x-own", "1");
    assert_text_answer(get("/no-response"), 500, "Internal Server Error");
    assert_non_null(strstr(logged, "no_response"));
}

static void a_nan_is_an_error_of_the_program(void **state)
{
    (void)state;
    assert_text_answer(get("/nan"), 500, "Internal Server Error");
    assert_non_null(strstr(logged, "nan_value"));
    assert_non_null(strstr(logged, "returned a NaN"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(classes_of_text, reset),
        cmocka_unit_test_setup(a_redirect_has_a_location, reset),
        cmocka_unit_test_setup(response_models, reset),
        cmocka_unit_test_setup(some_statuses_have_no_body, reset),
        cmocka_unit_test_setup(what_was_injected_is_merged, reset),
        cmocka_unit_test_setup(an_own_response_is_not_touched, reset),
        cmocka_unit_test_setup(a_nan_is_an_error_of_the_program, reset),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
