/* Bodies: one, several, none; JSON, text, forms; and whose errors they are. */
#include "fixture.h"

CITO_APP(app);
CITO_MODEL(Item, (str, name), (double, price));

CITO_POST(app, "/one")
CITO_ASYNC_DEF(any, one, (Item, item)) { return cito_object("name", item.name); }
CITO_POST(app, "/optional")
CITO_ASYNC_DEF(any, optional, (opt(Item), item)) { return cito_object("there", (bool)(item != NULL)); }
CITO_POST(app, "/two")
CITO_ASYNC_DEF(any, two, (Item, item), (int, count, body, default(7))) { return cito_object("name", item.name, "count", count); }
CITO_POST(app, "/embedded")
CITO_ASYNC_DEF(any, embedded, (Item, item, body, embed)) { return cito_object("name", item.name); }
CITO_POST(app, "/scalar")
CITO_ASYNC_DEF(int, scalar, (int, count, body)) { return count; }

/* A dependency with a body of its own. */
CITO_ASYNC_DEF(int, counted, (int, count, body, gt(0)))
{
    note("counted");
    return count;
}
CITO_ASYNC_DEF(int, other)
{
    note("other");
    return 1;
}
CITO_POST(app, "/shared")
CITO_ASYNC_DEF(any, shared, (depends(counted), counted), (depends(other), other), (Item, item), (int, q))
{
    note("shared");
    return cito_object("count", counted, "name", item.name, "q", q);
}
/* Dependency and function take one and the same body. */
CITO_ASYNC_DEF(str, named, (Item, item))
{
    note("named");
    return item.name;
}
CITO_POST(app, "/same")
CITO_ASYNC_DEF(any, same, (depends(named), name), (Item, item)) { return cito_object("name", name, "price", item.price); }
CITO_POST(app, "/same-twice")
CITO_ASYNC_DEF(any, same_twice, (depends(named), first, no_cache), (depends(named), second, no_cache))
{
    return cito_object("first", first, "second", second);
}

CITO_ASYNC_DEF(none, refuse) { cito_raise(401); }
CITO_POST(app, "/refused", .dependencies = { CITO_DEPENDS(refuse) })
CITO_ASYNC_DEF(any, refused, (Item, item)) { return cito_object("name", item.name); }

CITO_POST(app, "/form")
CITO_ASYNC_DEF(any, form, (str, name, form), (opt(str), nick, form), (list(str), tags, form, default([])))
{
    return cito_object("name", name, "nick", nick, "tags", tags);
}
CITO_MODEL(Login, (str, user), (list(str), tags, default([])));
CITO_POST(app, "/form-model")
CITO_ASYNC_DEF(any, form_model, (Login, login, form)) { return cito_object("user", login.user, "tags", login.tags); }
CITO_POST(app, "/file")
CITO_ASYNC_DEF(any, upload, (file, file), (opt(file), second), (list(file), more, default([])), (opt(list(file)), rest))
{
    return cito_object("name", file->filename, "second", (bool)(second != NULL), "more", more.count, "rest",
                       rest ? (int64_t)rest->count : -1);
}
CITO_POST(app, "/bytes")
CITO_ASYNC_DEF(any, whole, (bytes, data, file), (str, note, form)) { return cito_object("data", data, "note", note); }

static cito_test_client *client;
static int begin(void **state) { return reset(state), client = cito_test_client_new(&app), 0; }
static int end(void **state) { return (void)state, cito_test_client_free(client), 0; }
static const cito_reply *post(const char *url, const char *json) { return cito_client_post_json(client, url, json); }

static void one_model_is_the_body(void **state)
{
    (void)state;
    assert_answer(post("/one", "{\"name\":\"a\",\"price\":1}"), 200, "{\"name\":\"a\"}");
    assert_answer(ask(client, "POST", "/one", "content-type", "application/vnd.api+json; x=1", "{\"name\":\"a\",\"price\":1}"), 200,
                  "{\"name\":\"a\"}");
    assert_string_equal(errors_of(post("/one", "{\"price\":\"x\"}")), "missing [\"body\",\"name\"], float_parsing [\"body\",\"price\"]");
    assert_string_equal(errors_of(post("/one", "")), "missing [\"body\"]");
    assert_string_equal(errors_of(post("/one", " null\n")), "missing [\"body\"]");
    assert_string_equal(errors_of(post("/one", "[]")), "model_attributes_type [\"body\"]");
    assert_string_equal(errors_of(ask(client, "POST", "/one", "content-type", "text/plain", "{}")), "model_attributes_type [\"body\"]");
    assert_answer(post("/optional", "null"), 200, "{\"there\":false}");
    assert_answer(post("/optional", "{\"name\":\"a\",\"price\":1}"), 200, "{\"there\":true}");
    assert_answer(post("/scalar", "5"), 200, "5");
}

static void malformed_json_is_one_error_and_comes_first(void **state)
{
    (void)state;
    const cito_reply *reply = post("/refused", "{\"name\": }");
    assert_answer(reply, 422,
                  "{\"detail\":[{\"type\":\"json_invalid\",\"loc\":[\"body\",9],\"msg\":\"JSON decode "
                  "error\",\"input\":{},\"ctx\":{\"error\":\"Expecting value\"}}]}");
    assert_answer(post("/refused", "{}"), 401, "{\"detail\":\"Unauthorized\"}");
    assert_answer(post("/one", "{\"name\":\"\xff\"}"), 400, "{\"detail\":\"There was an error parsing the body\"}");
    assert_string_equal(errors_of(cito_client_request(client, "POST", "/one", (const char *const[][2]){ { JSON }, { NULL, NULL } },
                                                      (cito_str){ "null\0x", 6 })),
                        "json_invalid [\"body\",4]");
}

static void several_are_members(void **state)
{
    (void)state;
    assert_answer(post("/two", "{\"item\":{\"name\":\"a\",\"price\":1},\"count\":2}"), 200, "{\"name\":\"a\",\"count\":2}");
    assert_answer(post("/two", "{\"item\":{\"name\":\"a\",\"price\":1}}"), 200, "{\"name\":\"a\",\"count\":7}");
    assert_string_equal(errors_of(post("/two", "{\"count\":\"x\"}")), "missing [\"body\",\"item\"], int_parsing [\"body\",\"count\"]");
    assert_string_equal(errors_of(post("/two", "")), "missing [\"body\",\"item\"]");
    assert_string_equal(errors_of(post("/two", "[1]")), "missing [\"body\",\"item\"], missing [\"body\",\"count\"]");
    assert_string_equal(errors_of(post("/two", "5")), "missing [\"body\",\"item\"], missing [\"body\",\"count\"]");
    assert_string_equal(errors_of(ask(client, "POST", "/two", "content-type", "text/plain", "{}")), "missing [\"body\",\"item\"]");
    assert_answer(post("/embedded", "{\"item\":{\"name\":\"a\",\"price\":1}}"), 200, "{\"name\":\"a\"}");
    assert_string_equal(errors_of(post("/embedded", "{\"name\":\"a\",\"price\":1}")), "missing [\"body\",\"item\"]");
}

static void a_dependency_fails_by_its_own_part_only(void **state)
{
    (void)state;
    assert_answer(post("/shared?q=1", "{\"item\":{\"name\":\"a\",\"price\":1},\"count\":2}"), 200, "{\"count\":2,\"name\":\"a\",\"q\":1}");
    assert_string_equal(trace, "counted other shared");
    trace[0] = '\0';
    assert_string_equal(errors_of(post("/shared?q=1", "{\"item\":{},\"count\":2}")),
                        "missing [\"body\",\"item\",\"name\"], missing [\"body\",\"item\",\"price\"]");
    assert_string_equal(trace, "counted other");
    trace[0] = '\0';
    assert_string_equal(errors_of(post("/shared?q=x", "{\"item\":{\"name\":1,\"price\":1},\"count\":0}")),
                        "greater_than [\"body\",\"count\"], int_parsing [\"query\",\"q\"], string_type [\"body\",\"item\",\"name\"]");
    assert_string_equal(trace, "other");
}

static void two_callables_may_take_the_same_body(void **state)
{
    (void)state;
    assert_answer(post("/same", "{\"name\":\"a\",\"price\":2}"), 200, "{\"name\":\"a\",\"price\":2.0}");
    assert_string_equal(errors_of(post("/same", "{\"name\":\"a\"}")), "missing [\"body\",\"price\"], missing [\"body\",\"price\"]");
    trace[0] = '\0';
    assert_answer(post("/same-twice", "{\"name\":\"a\",\"price\":2}"), 200, "{\"first\":\"a\",\"second\":\"a\"}");
    assert_string_equal(trace, "named named");
    assert_document(client, AT("paths", "/same", "post", "requestBody", "content", "application/json", "schema"),
                    "{\"$ref\":\"#/components/schemas/Item\"}");
}

static void forms(void **state)
{
    (void)state;
    assert_answer(ask(client, "POST", "/form", FORM, "name=a+b&nick=%C3%A9&tags=&tags=2"), 200,
                  "{\"name\":\"a b\",\"nick\":\"\xc3\xa9\",\"tags\":[\"\",\"2\"]}");
    assert_answer(ask(client, "POST", "/form", FORM, "name=x&name=a&nick=n&nick="), 200, "{\"name\":\"a\",\"nick\":null,\"tags\":[]}");
    assert_string_equal(errors_of(ask(client, "POST", "/form", FORM, "name=a&name=")), "missing [\"body\",\"name\"]");
    assert_string_equal(errors_of(post("/form", "{\"name\":\"a\"}")), "missing [\"body\",\"name\"]");
    assert_answer(ask(client, "POST", "/form-model", FORM, "user=a&tags=1&tags=2"), 200, "{\"user\":\"a\",\"tags\":[\"1\",\"2\"]}");
    assert_string_equal(errors_of(ask(client, "POST", "/form-model", FORM, "user=")), "missing [\"body\",\"user\"]");
    assert_answer(ask(client, "POST", "/form", "content-type", "multipart/form-data", "x"), 400,
                  "{\"detail\":\"Missing boundary in multipart.\"}");
}

#define PART(NAME, FILE, TEXT) "--b\r\ncontent-disposition: form-data; name=\"" NAME "\"" FILE "\r\n\r\n" TEXT "\r\n"
#define MULTIPART              "content-type", "multipart/form-data; boundary=b"

static void files(void **state)
{
    (void)state;
    assert_answer(ask(client, "POST", "/file", MULTIPART, PART("file", "; filename=\"a.txt\"", "x") "--b--\r\n"), 200,
                  "{\"name\":\"a.txt\",\"second\":false,\"more\":0,\"rest\":-1}");
    assert_answer(ask(client, "POST", "/file", MULTIPART,
                      PART("file", "; filename=\"a\"", "x") PART("second", "; filename=\"b\"", "x") PART("more", "; filename=\"c\"", "x")
                          PART("more", "; filename=\"d\"", "x") PART("rest", "; filename=\"e\"", "x") "--b--\r\n"),
                  200, "{\"name\":\"a\",\"second\":true,\"more\":2,\"rest\":1}");
    assert_string_equal(errors_of(ask(client, "POST", "/file", MULTIPART, PART("file", "", "text") PART("more", "", "text") "--b--\r\n")),
                        "value_error [\"body\",\"file\"], value_error [\"body\",\"more\",0]");
    assert_string_equal(errors_of(ask(client, "POST", "/file", MULTIPART, PART("x", "; filename=\"a\"", "x") "--b--\r\n")),
                        "missing [\"body\",\"file\"]");
    assert_answer(ask(client, "POST", "/bytes", MULTIPART, PART("data", "; filename=\"a\"", "whole") PART("note", "", "n") "--b--\r\n"),
                  200, "{\"data\":\"whole\",\"note\":\"n\"}");
    assert_string_equal(errors_of(ask(client, "POST", "/bytes", MULTIPART,
                                      PART("data", "; filename=\"a\"", "x") PART("note", "; filename=\"n\"", "n") "--b--\r\n")),
                        "string_type [\"body\",\"note\"]");
    assert_document(client, AT("paths", "/bytes", "post", "requestBody", "content", "multipart/form-data", "schema"),
                    "{\"$ref\":\"#/components/schemas/Body_whole_bytes_post\"}");
}

static void a_body_over_the_limit_is_413(void **state)
{
    (void)state;
    size_t size = 17 * 1024 * 1024;
    char *large = malloc(size + 1);
    memset(large, ' ', size);
    large[size] = '\0';
    assert_answer(ask(client, "POST", "/one", JSON, large), 413, "{\"detail\":\"The body is larger than this server accepts\"}");
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_model_is_the_body, reset),
        cmocka_unit_test_setup(malformed_json_is_one_error_and_comes_first, reset),
        cmocka_unit_test_setup(several_are_members, reset),
        cmocka_unit_test_setup(a_dependency_fails_by_its_own_part_only, reset),
        cmocka_unit_test_setup(two_callables_may_take_the_same_body, reset),
        cmocka_unit_test_setup(forms, reset),
        cmocka_unit_test_setup(files, reset),
        cmocka_unit_test_setup(a_body_over_the_limit_is_413, reset),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
