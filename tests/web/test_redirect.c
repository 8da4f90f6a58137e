/* Redirects to the path with a slash or without, and what a prefix that a proxy takes off, or leaves on, does to paths and redirects. */
#include "fixture.h"

static void seen_invoke(const void *args, void *result) { (void)args, GIVE(result, cito_text_response(CITO_STR("seen"))); }
WITH_REQUEST(seen, true);

static void slashes_are_redirected(void **state)
{
    (void)state;
    static const struct {
        const char *method, *url;
        const char *location; /* NULL: 404 */
    } cases[] = {
        { "GET", "/items", "http://testserver/items/" },
        { "POST", "/items?a=1&b=%20", "http://testserver/items/?a=1&b=%20" },
        { "GET", "/users/", "http://testserver/users" },
        { "GET", "/users///", "http://testserver/users" },
        { "DELETE", "/users/", "http://testserver/users" },
        { "GET", "https://example.com:8443/users/", "https://example.com:8443/users" },
        { "GET", "/n/%C3%A9%20%25/", "http://testserver/n/%C3%A9%20%" },
        { "GET", "/n/a%0D%0Ab/", "http://testserver/n/a%0D%0Ab" },
        { "GET", "/n/a%3Fb%23c/", "http://testserver/n/a%3Fb%23c" },
        { "GET", "/n/a%00b/", "http://testserver/n/a%00b" },
        { "GET", "//users/", NULL },
        { "GET", "//users", NULL },
        { "GET", "/", NULL },
        { "GET", "//", NULL },
        { "GET", "/itemsx", NULL },
    };
    for (int off = 0; off < 2; off++) {
        cito_web *web = cito_web_new();
        assert_null(cito_web_add_route(web, "GET", "/items/", ENDPOINT(seen)));
        assert_null(cito_web_add_route(web, "GET", "/users", ENDPOINT(seen)));
        assert_null(cito_web_add_route(web, "GET", "/n/{x}", ENDPOINT(seen)));
        cito_web_redirect_slashes(web, !off);
        cito_memory_client *client = client_of(web);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const cito_reply *reply = ask(client, cases[i].method, cases[i].url);
            if (reply->status_code != (cases[i].location && !off ? 307 : 404))
                fail_msg("%s is answered %d", cases[i].url, reply->status_code);
            assert_header(reply, "location", off ? NULL : cases[i].location);
            assert_header(reply, "content-type", cases[i].location && !off ? NULL : "application/json");
            assert_header(reply, "content-length", cases[i].location && !off ? "0" : "22");
        }
        cito_memory_client_free(client);
        cito_web_free(web);
    }
}

/* ---- prefixes ------------------------------------------------------------------------------------------------------------------ */
/* What came before it in front of the handler: the scope that a server with --root-path makes. */
static void (*handle_without_prefix)(cito_application *, cito_exchange *);
static const char *taken_off;
static void handle_behind_prefix(cito_application *application, cito_exchange *exchange)
{
    exchange->scope.root_path = taken_off;
    handle_without_prefix(application, exchange);
}

typedef struct prefix_case {
    const char *url, *location; /* location NULL: status alone */
    int status;
} prefix_case;

static void check_prefixes(const char *declared, const char *command_line, const prefix_case *cases)
{
    cito_web *web = cito_web_new();
    assert_null(cito_web_add_route(web, "GET", "/", ENDPOINT(seen)));
    assert_null(cito_web_add_route(web, "GET", "/things/", ENDPOINT(seen)));
    assert_null(cito_web_add_route(web, "GET", "/seen", ENDPOINT(seen)));
    assert_null(cito_web_add_route(web, "GET", "/api/inner", ENDPOINT(seen)));
    assert_null(cito_web_add_route(web, "GET", "/{a}/x/", ENDPOINT(seen)));
    cito_web_set_root_path(web, declared);
    taken_off = command_line;
    cito_memory_client *client = client_of(web);
    cito_application *application = cito_web_application(web);
    handle_without_prefix = application->handle;
    application->handle = handle_behind_prefix;
    for (; cases->url; cases++) {
        const cito_reply *reply = ask(client, "GET", cases->url);
        if (reply->status_code != (cases->location ? 307 : cases->status))
            fail_msg("%s is answered %d", cases->url, reply->status_code);
        assert_header(reply, "location", cases->location);
    }
    cito_memory_client_free(client);
    cito_web_free(web);
}

/* Each answer here and in the next test is FastAPI 0.141's on Starlette 1.10 and Uvicorn 0.54, of the same routes asked for the same paths: here of
 * `uvicorn --root-path`, there of FastAPI(root_path=…). */
static void redirects_name_the_prefix_that_a_proxy_took_off(void **state)
{
    (void)state;
    static const prefix_case api[] = { { "/things", "http://testserver/api/things/", 0 },
                                       { "/things?a=1&b=%20", "http://testserver/api/things/?a=1&b=%20", 0 },
                                       { "https://example.org/seen//", "https://example.org/api/seen", 0 },
                                       { "/q%3Fz/x", "http://testserver/api/q%3Fz/x/", 0 },
                                       { "/q%23z/x", "http://testserver/api/q%23z/x/", 0 },
                                       { "/things/", NULL, 200 },
                                       { "/", NULL, 200 },
                                       { "/api", NULL, 404 },
                                       { "/api/", NULL, 404 },
                                       { "/api/things", NULL, 404 },
                                       { "/api/things/", NULL, 404 },
                                       { "/api/inner", NULL, 200 },
                                       { "/api/api/things", NULL, 404 },
                                       { "/inner", NULL, 404 },
                                       { NULL, NULL, 0 } };
    static const prefix_case with_slash[] = { { "/things", "http://testserver/api//things/", 0 },
                                              { "/seen/", "http://testserver/api//seen", 0 },
                                              { NULL, NULL, 0 } };
    static const prefix_case without_slash[] = { { "/things", "http://testserver/api/things/", 0 }, { NULL, NULL, 0 } };
    check_prefixes(NULL, "/api", api);
    check_prefixes("/api", "/api", api); /* as the command line leaves it */
    check_prefixes("/api/", "/api/", with_slash);
    check_prefixes("api", "api", without_slash);
    /* Uvicorn answers 400 to everything here. */
    check_prefixes(NULL, "/a b", (const prefix_case[]){ { "/things", "http://testserver/a%20b/things/", 0 }, { NULL, NULL, 0 } });
}

static void a_declared_root_path_may_be_left_on(void **state)
{
    (void)state;
    static const prefix_case api[] = { { "/api/things/", NULL, 200 },
                                       { "/things/", NULL, 200 },
                                       { "/api/seen", NULL, 200 },
                                       { "/%61pi/seen", NULL, 200 },
                                       { "/api/", NULL, 200 },
                                       { "/", NULL, 200 },
                                       { "/api/things?a=1", "http://testserver/api/things/?a=1", 0 },
                                       { "/things", "http://testserver/things/", 0 },
                                       { "/api/seen//", "http://testserver/api/seen", 0 },
                                       { "/api", "http://testserver/api/", 0 },
                                       { "/api/q/x", "http://testserver/api/q/x/", 0 },
                                       { "/api//", NULL, 404 },
                                       { "/apix", NULL, 404 },
                                       { "/apithings/", NULL, 404 },
                                       { "/api/api/things/", NULL, 404 },
                                       { "/api/inner", NULL, 404 },
                                       { NULL, NULL, 0 } };
    static const prefix_case with_slash[] = {
        { "/api/", "http://testserver/api//", 0 }, { "/api//", NULL, 200 }, { "/api/seen", NULL, 404 }, { "/api/inner", NULL, 200 },
        { "/seen/", "http://testserver/seen", 0 }, { NULL, NULL, 0 }
    };
    check_prefixes("/api", NULL, api);
    check_prefixes("/api/", NULL, with_slash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(slashes_are_redirected, reset),
        cmocka_unit_test_setup(redirects_name_the_prefix_that_a_proxy_took_off, reset),
        cmocka_unit_test_setup(a_declared_root_path_may_be_left_on, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
