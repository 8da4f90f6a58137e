/* The document: parameters, bodies, responses, what is hidden, what is inherited, what is merged. The recorded applications of the conformance kit compare whole
 * documents; here stands what those do not have. */
#include "fixture.h"

CITO_MODEL(Item, (str, name), (opt(double), price));
CITO_MODEL(Message, (str, message));
CITO_MODEL(Filter, (int, limit, default(10), le(100)), (list(str), tags, default([])));
CITO_MODEL(Upload, (str, title), (file, data));

CITO_APP(app, .title = "Shop & Co", .version = "2.0", .summary = "Sells", .terms_of_service = "http://a.example/terms",
         .contact = { "Ada", "http://a.example/", "ada@a.example" }, .license_info = { "MIT", .identifier = "MIT" },
         .servers = { { "https://one.example", "One" }, { "https://two.example", NULL } }, .root_path = "/behind",
         .openapi_tags = { { "items", "Things", "https://docs.example/", "More" }, { "users", NULL, NULL, NULL } });
CITO_ROUTER(router, .prefix = "/r", .tags = { "router", "items" }, .responses = { { 404, .model = CITO_T(Message) }, { 418, .description = "Teapot" } });
CITO_ROUTER(hidden, .exclude_from_schema = true);
CITO_ROUTER(old, .deprecated = true);

CITO_ASYNC_DEF(int, common, (int, limit, default(5)), (str, x_key, header), (opt(int), secret_one, query, include_in_schema(false)))
{
    return limit;
}
CITO_GET(router, "/{item_id}", .tags = { "own", "router" }, .summary = "One", .description = "Of *many*", .response_description = "Found",
         .responses = { { 404, .description = "None" } }, .openapi_extra = CITO_JSON({"x-key": [1], "tags": ["extra"], "responses": {"200": {"description": "Merged"}}}))
CITO_ASYNC_DEF(Item, read_one, (opt(int), limit), (int, item_id), (depends(common), common), (opt(str), session, cookie))
{
    return (Item){ 0 };
}
CITO_INCLUDE_ROUTER(app, router, "/v1", .tags = { "include" }, .responses = { { 500, .model = CITO_T(Message), .media_type = "application/problem+json" } })

CITO_GET(hidden, "/hidden-by-router")
CITO_ASYNC_DEF(Message, hidden_by_router) { return (Message){ 0 }; }
CITO_INCLUDE_ROUTER(app, hidden, "")
CITO_GET(old, "/hidden-by-include")
CITO_ASYNC_DEF(none, hidden_by_include) {}
CITO_INCLUDE_ROUTER(app, old, "/seen")
CITO_INCLUDE_ROUTER(app, old, "/unseen", .exclude_from_schema = true)
CITO_GET(app, "/hidden-by-itself", .exclude_from_schema = true)
CITO_ASYNC_DEF(none, hidden_by_itself) {}

CITO_GET(app, "/files/{path:path}")
CITO_ASYNC_DEF(none, first_of_two, (str, path)) {}
CITO_GET(app, "/files/{path:path}")
CITO_ASYNC_DEF(none, second_of_two, (str, path)) {}
CITO_PUT(app, "/files/{path:path}", .operation_id = "put_it", .status_code = 204)
CITO_ASYNC_DEF(none, put_file, (str, path), (Item, item), (int, importance, body)) {}
CITO_GET(app, "/filtered", .responses = { { 200, .media_type = "image/png" }, { 422, .description = "Own" } })
CITO_ASYNC_DEF(list(Item), filtered, (Filter, filter, query)) { return (cito_c_list(Item)){ 0 }; }
CITO_GET(app, "/nothing")
CITO_ASYNC_DEF(none, nothing) {}
CITO_GET(app, "/html", .response_class = cito_class_html)
CITO_ASYNC_DEF(str, html) { return cito_string(""); }
CITO_POST(app, "/upload")
CITO_ASYNC_DEF(none, upload, (Upload, upload, form)) {}
CITO_POST(app, "/login")
CITO_ASYNC_DEF(none, login, (str, name, form), (opt(str), code, form)) {}

static cito_test_client *client;
static int begin(void **state) { return reset(state), client = cito_test_client_new(&app), 0; }
static int end(void **state) { return (void)state, cito_test_client_free(client), 0; }

static void the_application_is_described(void **state)
{
    (void)state;
    assert_document(client, AT("openapi"), "\"3.1.0\"");
    assert_document(
        client, AT("info"),
        "{\"title\":\"Shop & "
        "Co\",\"summary\":\"Sells\",\"termsOfService\":\"http://a.example/terms\",\"contact\":{\"name\":\"Ada\",\"url\":"
        "\"http://a.example/\",\"email\":\"ada@a.example\"},\"license\":{\"name\":\"MIT\",\"identifier\":\"MIT\"},\"version\":\"2.0\"}");
    assert_document(client, AT("servers"),
                    "[{\"url\":\"/behind\"},{\"url\":\"https://one.example\",\"description\":\"One\"},{\"url\":\"https://two.example\"}]");
    assert_document(
        client, AT("tags"),
        "[{\"name\":\"items\",\"description\":\"Things\",\"externalDocs\":{\"description\":\"More\",\"url\":\"https://docs.example/\"}},"
        "{\"name\":\"users\"}]");
}

static void parameters_stand_in_groups_one_of_each_name(void **state)
{
    (void)state;
    static const char *const names[] = { "\"item_id\"", "\"limit\"", "\"x-key\"", "\"session\"" };
    for (size_t i = 0; i < 4; i++)
        assert_document(client, AT("paths", "/v1/r/{item_id}", "get", "parameters", (const char[]){ (char)('0' + i), 0 }, "name"),
                        names[i]);
    assert_document(client, AT("paths", "/v1/r/{item_id}", "get", "parameters", "4"), NULL);
    /* Of the two called limit the dependency's counts, as in FastAPI. */
    assert_document(
        client, AT("paths", "/v1/r/{item_id}", "get", "parameters", "1"),
        "{\"name\":\"limit\",\"in\":\"query\",\"required\":false,\"schema\":{\"type\":\"integer\",\"default\":5,\"title\":\"Limit\"}}");
    assert_document(client, AT("paths", "/filtered", "get", "parameters", "0"),
                    "{\"name\":\"limit\",\"in\":\"query\",\"required\":false,\"schema\":{\"type\":\"integer\",\"maximum\":100,\"default\":"
                    "10,\"title\":\"Limit\"}}");
}

static void tags_responses_and_extra_are_merged(void **state)
{
    (void)state;
    assert_document(client, AT("paths", "/v1/r/{item_id}", "get", "tags"), "[\"include\",\"router\",\"items\",\"own\",\"extra\"]");
    assert_document(client, AT("paths", "/v1/r/{item_id}", "get", "x-key"), "[1]");
    assert_document(
        client, AT("paths", "/v1/r/{item_id}", "get", "responses", "200"),
        "{\"description\":\"Merged\",\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Item\"}}}}");
    assert_document(client, AT("paths", "/v1/r/{item_id}", "get", "responses", "404"), "{\"description\":\"None\"}");
    assert_document(client, AT("paths", "/v1/r/{item_id}", "get", "responses", "418"), "{\"description\":\"Teapot\"}");
    assert_document(client, AT("paths", "/v1/r/{item_id}", "get", "responses", "500"),
                    "{\"description\":\"Internal Server "
                    "Error\",\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Message\"}}}}");
    assert_document(client, AT("paths", "/v1/r/{item_id}", "get", "summary"), "\"One\"");
    assert_document(client, AT("paths", "/v1/r/{item_id}", "get", "description"), "\"Of *many*\"");
}

static void what_is_excluded_at_any_level_is_not_there(void **state)
{
    (void)state;
    assert_document(client, AT("paths", "/hidden-by-router"), NULL);
    assert_document(client, AT("paths", "/hidden-by-itself"), NULL);
    assert_document(client, AT("paths", "/unseen/hidden-by-include"), NULL);
    assert_document(client, AT("paths", "/seen/hidden-by-include", "get", "deprecated"), "true");
    assert_int_equal(cito_client_get(client, "/unseen/hidden-by-include")->status_code, 200);
}

static void of_two_functions_the_later_is_described(void **state)
{
    (void)state;
    assert_document(client, AT("paths", "/files/{path}", "get", "operationId"), "\"second_of_two_files__path__get\"");
    assert_document(client, AT("paths", "/files/{path}", "put", "operationId"), "\"put_it\"");
    assert_document(client, AT("paths", "/files/{path}", "put", "responses", "204"), "{\"description\":\"Successful Response\"}");
}

static void bodies(void **state)
{
    (void)state;
    assert_document(client, AT("paths", "/files/{path}", "put", "requestBody"),
                    "{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Body_put_it\"}}}}");
    assert_document(client, AT("components", "schemas", "Body_put_it", "required"), "[\"item\",\"importance\"]");
    assert_document(client, AT("paths", "/upload", "post", "requestBody", "content"),
                    "{\"multipart/form-data\":{\"schema\":{\"$ref\":\"#/components/schemas/Upload\"}}}");
    assert_document(client, AT("paths", "/login", "post", "requestBody", "content"),
                    "{\"application/x-www-form-urlencoded\":{\"schema\":{\"$ref\":\"#/components/schemas/Body_login_login_post\"}}}");
}

static void responses(void **state)
{
    (void)state;
    assert_document(client, AT("paths", "/filtered", "get", "responses", "200", "content", "application/json", "schema"),
                    "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Item\"},\"title\":\"Response Filtered Filtered Get\"}");
    assert_document(client, AT("paths", "/filtered", "get", "responses", "200", "content", "image/png"), "{}");
    assert_document(client, AT("paths", "/filtered", "get", "responses", "422"), "{\"description\":\"Own\"}");
    assert_document(client, AT("paths", "/nothing", "get", "responses"),
                    "{\"200\":{\"description\":\"Successful Response\",\"content\":{\"application/json\":{\"schema\":{}}}}}");
    assert_document(client, AT("paths", "/html", "get", "responses", "200", "content"),
                    "{\"text/html\":{\"schema\":{\"type\":\"string\"}}}");
    assert_document(client, AT("components", "schemas", "HTTPValidationError", "type"), "\"object\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_application_is_described, reset),
        cmocka_unit_test_setup(parameters_stand_in_groups_one_of_each_name, reset),
        cmocka_unit_test_setup(tags_responses_and_extra_are_merged, reset),
        cmocka_unit_test_setup(what_is_excluded_at_any_level_is_not_there, reset),
        cmocka_unit_test_setup(of_two_functions_the_later_is_described, reset),
        cmocka_unit_test_setup(bodies, reset),
        cmocka_unit_test_setup(responses, reset),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
