/* Responses: their kinds, their fields, what may not get into a line of the head. */
#include "fixture.h"
#include "web/redirect.h"

typedef cito_response *(*maker)(void);
static maker make_now;
static void made_invoke(const void *args, void *result) { (void)args, GIVE(result, make_now()); }
WITH_REQUEST(made, true);

/* What the maker gives, as a client sees it. A plain callable makes it on a pool thread. */
static const cito_reply *reply_of(cito_memory_client **out_client, cito_web **out_web, maker make, bool on_pool)
{
    static cito_callable callable;
    static test_endpoint endpoint = { { run_test_endpoint }, &callable };
    callable = made_callable;
    callable.is_async = !on_pool;
    make_now = make;
    *out_web = cito_web_new();
    assert_null(cito_web_add_route(*out_web, "GET", "/", &endpoint.endpoint));
    *out_client = client_of(*out_web);
    return ask(*out_client, "GET", "/");
}

static cito_response *make_html(void) { return cito_html_response(CITO_STR("<p>")); }
static cito_response *make_text(void) { return cito_text_response(CITO_STR("text"), .status_code = 201); }
static cito_response *make_json(void) { return cito_json_response(cito_object("a", 1.5), .status_code = 202); }
static cito_response *make_null(void) { return cito_json_response(cito_null); }
static cito_response *make_bare(void) { return cito_response_new(CITO_STR("bare")); }
static cito_response *make_xml(void) { return cito_response_new(CITO_STR("<a/>"), .media_type = "text/xml"); }
static cito_response *make_charset(void) { return cito_response_new(CITO_STR("x"), .media_type = "text/plain; Charset=latin-1"); }
static cito_response *make_image(void) { return cito_response_new(CITO_STR("x"), .media_type = "image/png"); }
static cito_response *make_header(void) { return cito_text_response(CITO_STR("x"), .headers = { { "Content-Type", "text/own" } }); }
static cito_response *make_redirect(void) { return cito_redirect_response(CITO_STR("/é ü?a=1&b=%20#x")); }
static cito_response *make_303(void) { return cito_redirect_response(CITO_STR("/b"), .status_code = 303); }
static cito_response *make_nan(void) { return cito_json_response(cito_value(0.0 / 0.0)); }

static void each_kind_has_its_type(void **state)
{
    (void)state;
    static const struct {
        maker make;
        int status;
        const char *type, *body, *location;
    } cases[] = {
        { make_html, 200, "text/html; charset=utf-8", "<p>", NULL },
        { make_text, 201, "text/plain; charset=utf-8", "text", NULL },
        { make_json, 202, "application/json", "{\"a\":1.5}", NULL },
        { make_null, 200, "application/json", "null", NULL },
        { make_bare, 200, NULL, "bare", NULL },
        { make_xml, 200, "text/xml; charset=utf-8", "<a/>", NULL },
        { make_charset, 200, "text/plain; Charset=latin-1", "x", NULL },
        { make_image, 200, "image/png", "x", NULL },
        { make_header, 200, "text/own", "x", NULL },
        { make_redirect, 307, NULL, "", "/%C3%A9%20%C3%BC?a=1&b=%20#x" },
        { make_303, 303, NULL, "", "/b" },
        { make_nan, 500, "application/json", "{\"detail\":\"the value holds a NaN or an infinity, which JSON cannot say\"}", NULL },
    };
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
        cito_memory_client *client;
        cito_web *web;
        const cito_reply *reply = reply_of(&client, &web, cases[i / 2].make, i % 2);
        assert_int_equal(reply->status_code, cases[i / 2].status);
        assert_header(reply, "content-type", cases[i / 2].type);
        assert_header(reply, "location", cases[i / 2].location);
        assert_text(reply->body, cases[i / 2].body);
        cito_memory_client_free(client);
        cito_web_free(web);
    }
}

static cito_response *make_fields(void)
{
    cito_response *response = cito_text_response(CITO_STR("x"));
    cito_response_append_header(response, "X-Many", CITO_STR("1"));
    cito_response_append_header(response, "x-between", CITO_STR("b"));
    for (int i = 2; i < 40; i++)
        cito_response_append_header(response, "x-many", cito_format("%d", i));
    cito_response_set_header(response, "X-Split", (cito_str){ "a\r\nset-cookie: b\0c", 18 });
    cito_response_set_header(response, "bad name", CITO_STR("1"));
    cito_response_set_header(response, "bad:name", CITO_STR("1"));
    cito_response_set_header(response, "", CITO_STR("1"));
    cito_response_set_cookie(response, .name = "a", .value = CITO_STR("1"));
    cito_response_set_cookie(response, .name = "b", .value = CITO_STR("2"), .http_only = true);
    cito_response_set_status(response, 299);
    assert_int_equal(cito_response_status(response), 299);
    return response;
}

static cito_response *make_replaced(void)
{
    cito_response *response = make_fields();
    cito_response_set_header(response, "X-Many", CITO_STR("one"));
    return response;
}

static void fields_are_added_and_replaced(void **state)
{
    (void)state;
    for (int on_pool = 0; on_pool < 2; on_pool++) {
        cito_memory_client *client;
        cito_web *web;
        const cito_reply *reply = reply_of(&client, &web, make_fields, on_pool);
        assert_int_equal(reply->status_code, 299);
        assert_int_equal(reply->header_count, 45); /* type, 39 many, between, split, 2 cookies, length */
        assert_text(reply->headers[1].name, "x-many");
        assert_text(reply->headers[40].value, "39");
        assert_true(cito_same(*cito_reply_header_get(reply, "x-split"), CITO_STR("a  set-cookie: b c")));
        assert_header(reply, "set-cookie", "a=1; Path=/; SameSite=lax");
        assert_non_null(strstr(logged, "\"bad:name\" is no name of a header"));
        cito_memory_client_free(client);
        cito_web_free(web);
        reply = reply_of(&client, &web, make_replaced, on_pool);
        assert_int_equal(reply->header_count, 7);
        assert_text(reply->headers[1].value, "one");
        assert_text(reply->headers[2].name, "x-between");
        cito_memory_client_free(client);
        cito_web_free(web);
    }
}

static void what_a_url_cannot_hold_is_quoted(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_str plain = CITO_STR("http://h:1/a-b_c.d~e?x=%41&y='()*+,;$!@[]#f");
    assert_ptr_equal(cito_redirect_quote(&arena, plain).data, plain.data);
    assert_text(cito_redirect_quote(&arena, CITO_STR("\"<>\\^`{|}\x7f\xff")), "%22%3C%3E%5C%5E%60%7B%7C%7D%7F%FF");
    cito_arena_finish(&arena);
    cito_arena_init(&arena, 16);
    assert_int_equal(cito_redirect_quote(&arena, CITO_STR("                                ")).len, 0);
    cito_arena_finish(&arena);
}

static void classes_name_their_media_types(void **state)
{
    (void)state;
    assert_string_equal(cito_class_json->media_type, "application/json");
    assert_string_equal(cito_class_html->media_type, "text/html");
    assert_string_equal(cito_class_plain->media_type, "text/plain");
    assert_null(cito_class_redirect->media_type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_kind_has_its_type, reset),
        cmocka_unit_test_setup(fields_are_added_and_replaced, reset),
        cmocka_unit_test(what_a_url_cannot_hold_is_quoted),
        cmocka_unit_test(classes_name_their_media_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
