/* Pages: the document, /docs and /redoc with their files, other addresses, none; what may end a script is escaped. */
#include "fixture.h"

CITO_APP(app, .title = "<b>&\"shop\"");
CITO_APP(moved, .openapi_url = "/api.json", .docs_url = "/", .redoc_url = "", .swagger_ui_parameters = CITO_JSON({"deepLinking": false, "x": "</script>"}));
CITO_APP(only_redoc, .docs_url = "", .root_path = "/behind");
CITO_APP(none_at_all, .openapi_url = "");
CITO_APP(wrong, .swagger_ui_parameters = "[]");
CITO_GET(app, "/{anything}")
CITO_ASYNC_DEF(str, catch_all, (str, anything)) { return anything; }

static const cito_reply *of(cito_router *router, const char *url, cito_test_client **out_client)
{
    *out_client = cito_test_client_new(router);
    return cito_client_get(*out_client, url);
}

static bool says(const cito_reply *reply, const char *text) { return memmem(reply->body.data, reply->body.len, text, strlen(text)); }

static void the_pages_of_an_application(void **state)
{
    (void)state;
    cito_test_client *client;
    const cito_reply *reply = of(&app, "/docs", &client);
    assert_int_equal(reply->status_code, 200);
    assert_header(reply, "content-type", "text/html; charset=utf-8");
    assert_true(says(reply, "<title>&lt;b&gt;&amp;&quot;shop&quot; - Swagger UI</title>"));
    assert_true(says(reply, "url: \"/openapi.json\",") && says(reply, "src=\"/docs/swagger-ui-bundle.js\"") &&
                says(reply, "\"deepLinking\": true,"));
    reply = cito_client_get(client, "/redoc");
    assert_true(says(reply, "<redoc spec-url=\"/openapi.json\">") && says(reply, "src=\"/redoc/redoc.standalone.js\"") &&
                says(reply, "/docs/favicon-32x32.png"));
    assert_true(says(cito_client_get(client, "/docs/oauth2-redirect"), "swaggerUIRedirectOauth2"));
    assert_int_equal(cito_client_get(client, "/redoc/redoc.standalone.js")->status_code, 200);
    assert_int_equal(cito_client_get(client, "/docs/favicon-32x32.png")->status_code, 200);
    assert_header(cito_client_get(client, "/openapi.json"), "content-type", "application/json");
    cito_test_client_free(client);
}

static void head_is_answered_without_a_body(void **state)
{
    (void)state;
    cito_test_client *client = cito_test_client_new(&app);
    static const char *const urls[] = { "/docs", "/redoc", "/openapi.json", "/docs/swagger-ui.css" };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        const cito_reply *whole = cito_client_get(client, urls[i]), *head = ask(client, "HEAD", urls[i], "x-none", "", NULL);
        assert_text_answer(head, 200, "");
        assert_header(head, "content-length", cito_reply_header_get(whole, "content-length")->data);
    }
    assert_int_equal(ask(client, "POST", "/docs", "x-none", "", NULL)->status_code, 405);
    cito_test_client_free(client);
}

static void files_are_compressed_for_those_who_take_it(void **state)
{
    (void)state;
    cito_test_client *client;
    const cito_reply *plain = of(&app, "/docs/swagger-ui.css", &client);
    assert_header(plain, "content-encoding", NULL);
    assert_header(plain, "vary", "Accept-Encoding");
    assert_header(plain, "content-type", "text/css; charset=utf-8");
    static const struct {
        const char *accepted;
        bool compressed;
    } cases[] = { { "gzip", true }, { "br, GZIP;q=0.5", true },   { "gzip;q=0", false }, { "gzip; q=0.0, br", false },
                  { "br", false },  { "deflate, gzip, br", true } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cito_reply *reply = ask(client, "GET", "/docs/swagger-ui.css", "accept-encoding", cases[i].accepted, NULL);
        assert_header(reply, "content-encoding", cases[i].compressed ? "gzip" : NULL);
        assert_int_equal(reply->body.len < plain->body.len, cases[i].compressed);
    }
    cito_test_client_free(client);
}

static void pages_may_stand_elsewhere(void **state)
{
    (void)state;
    cito_test_client *client;
    const cito_reply *reply = of(&moved, "/", &client);
    assert_true(says(reply, "src=\"/swagger-ui-bundle.js\"") && says(reply, "url: \"/api.json\",") &&
                says(reply, "origin + \"/oauth2-redirect\""));
    assert_true(says(reply, "\"deepLinking\": false,") && !says(reply, "\"deepLinking\": true"));
    assert_true(says(reply, "\"x\": \"\\u003c/script\\u003e\","));
    assert_int_equal(cito_client_get(client, "/swagger-ui.css")->status_code, 200);
    assert_int_equal(cito_client_get(client, "/redoc")->status_code, 404);
    cito_test_client_free(client);
    reply = of(&only_redoc, "/redoc", &client);
    assert_true(says(reply, "href=\"/behind/redoc/favicon-32x32.png\"") && says(reply, "spec-url=\"/behind/openapi.json\""));
    assert_int_equal(cito_client_get(client, "/redoc/favicon-32x32.png")->status_code, 200);
    assert_int_equal(cito_client_get(client, "/docs")->status_code, 404);
    cito_test_client_free(client);
    assert_int_equal(of(&none_at_all, "/docs", &client)->status_code, 404);
    assert_int_equal(cito_client_get(client, "/openapi.json")->status_code, 404);
    cito_test_client_free(client);
}

static void parameters_of_the_page_are_an_object(void **state)
{
    (void)state;
    assert_mistakes(&wrong, "swagger_ui_parameters is no JSON object: write CITO_JSON({\"deepLinking\": false})\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_pages_of_an_application, reset),
        cmocka_unit_test_setup(head_is_answered_without_a_body, reset),
        cmocka_unit_test_setup(files_are_compressed_for_those_who_take_it, reset),
        cmocka_unit_test_setup(pages_may_stand_elsewhere, reset),
        cmocka_unit_test_setup(parameters_of_the_page_are_an_object, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
