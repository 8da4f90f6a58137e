/* Tests of JSON Schema: each expected text is what FastAPI 0.141 with pydantic 2.13 wrote for the same declaration. */
#include "schema/json_schema.h"
#include "schema/plan.h"
#include <cito/model.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

CITO_ENUM(Color, red, green);
CITO_ENUM(Single, only);
CITO_LITERAL(OrderBy, created_at, updated_at);
CITO_LITERAL(Just, a);
CITO_TUPLE(Range, (int, low), (str, high));
CITO_ANNOTATED(ShortText, str, min_length(2), title("T"), description("D"));
CITO_MODEL(Image, (url, url), (str, name));
CITO_MODEL(Item,
    (str, name),
    (opt(str), description, title("The description of the item"), max_length(300)),
    (double, price, gt(0), description("The price must be greater than zero")),
    (opt(double), tax, default(null)),
    (set(str), tags, default([ ])),
    (opt(Image), image),
    (opt(list(Image)), images));
CITO_MODEL(Node, (int, a, default(1), examples(1, 2), deprecated), (list(Node), children, default([])), (Color, color, default("red")));
CITO_MODEL(Closed, (str, user_name, alias("userName")), (secret, password, exclude), (decimal, amount, max_digits(5), decimal_places(2), gt(0)));
CITO_MODEL_CONFIG(Closed, .title = "The closed one", .description = "Hello", .extra = CITO_EXTRA_FORBID, .example_json = CITO_JSON({ "userName": "x" }));
CITO_MODEL(Base, (str, first), (int, second, default(2)));
CITO_MODEL(Derived, (int64, id), (Base, base, flatten), (bool, last));
CITO_MODEL(Cat, (str, pet_type), (int, lives));
CITO_MODEL(Dog, (str, pet_type));
CITO_UNION(Pet, "pet_type", (cat, Cat), (dog, Dog));
CITO_UNION(Loose, NULL, (number, int), (text, str), (cat, Cat));
CITO_MODEL(Owner, (Pet, pet), (opt(Loose), loose), (opt(decimal), sum));

typedef struct test_document {
    cito_components *components;
    cito_buffer buffer;
} test_document;

static void document_init(test_document *document)
{
    document->components = cito_components_new();
    cito_buffer_init(&document->buffer);
}

static void document_finish(test_document *document)
{
    cito_buffer_finish(&document->buffer);
    cito_components_free(document->components);
}

static const char *document_text(test_document *document)
{
    *cito_buffer_reserve(&document->buffer, 1) = '\0';
    return document->buffer.data;
}

static void check_schema(const cito_type *type, const cito_field *field, const char *title, bool is_output, const char *expected)
{
    test_document document;
    document_init(&document);
    cito_json_schema_write(document.components, type, field, title, is_output, &document.buffer);
    assert_string_equal(document_text(&document), expected);
    document_finish(&document);
}

#define CHECK_TYPE(TYPE, EXPECTED) check_schema(TYPE, NULL, NULL, false, EXPECTED)

static void test_scalars(void **state)
{
    (void)state;
    CHECK_TYPE(cito_t_int, "{\"type\":\"integer\"}");
    CHECK_TYPE(cito_t_int64, "{\"type\":\"integer\"}");
    CHECK_TYPE(cito_t_double, "{\"type\":\"number\"}");
    CHECK_TYPE(cito_t_bool, "{\"type\":\"boolean\"}");
    CHECK_TYPE(cito_t_str, "{\"type\":\"string\"}");
    CHECK_TYPE(cito_t_any, "{}");
    CHECK_TYPE(cito_t_none, "{\"type\":\"null\"}");
    CHECK_TYPE(cito_t_date, "{\"type\":\"string\",\"format\":\"date\"}");
    CHECK_TYPE(cito_t_datetime, "{\"type\":\"string\",\"format\":\"date-time\"}");
    CHECK_TYPE(cito_t_time, "{\"type\":\"string\",\"format\":\"time\"}");
    CHECK_TYPE(cito_t_timedelta, "{\"type\":\"string\",\"format\":\"duration\"}");
    CHECK_TYPE(cito_t_uuid, "{\"type\":\"string\",\"format\":\"uuid\"}");
    CHECK_TYPE(cito_t_email, "{\"type\":\"string\",\"format\":\"email\"}");
    CHECK_TYPE(cito_t_url, "{\"type\":\"string\",\"maxLength\":2083,\"minLength\":1,\"format\":\"uri\"}");
    CHECK_TYPE(cito_t_any_url, "{\"type\":\"string\",\"minLength\":1,\"format\":\"uri\"}");
    CHECK_TYPE(cito_t_secret, "{\"type\":\"string\",\"format\":\"password\",\"writeOnly\":true}");
    CHECK_TYPE(cito_t_bytes, "{\"type\":\"string\",\"contentMediaType\":\"application/octet-stream\"}");
    CHECK_TYPE(cito_t_file, "{\"type\":\"string\",\"contentMediaType\":\"application/octet-stream\"}");
}

static void test_decimal(void **state)
{
    static const char plain[] = "{\"type\":\"string\",\"pattern\":\"^(?!^[-+.]*$)[+-]?0*\\\\d*\\\\.?\\\\d*$\"}";
    cito_field both = { .has_max_digits = true, .max_digits = 5, .has_decimal_places = true, .decimal_places = 2, .has_gt = true };
    cito_field digits = { .has_max_digits = true, .max_digits = 5 }, places = { .has_decimal_places = true, .decimal_places = 2 };
    char expected[512];
    (void)state;
    snprintf(expected, sizeof expected, "{\"anyOf\":[{\"type\":\"number\"},%s]}", plain);
    CHECK_TYPE(cito_t_decimal, expected);
    check_schema(cito_t_decimal, NULL, NULL, true, plain);
    snprintf(expected, sizeof expected, "{\"anyOf\":[{\"type\":\"number\"},%s,{\"type\":\"null\"}]}", plain);
    CHECK_TYPE(cito_t_opt(decimal), expected);
    check_schema(
        cito_t_decimal, &both, NULL, false,
        "{\"anyOf\":[{\"type\":\"number\",\"exclusiveMinimum\":0.0},{\"type\":\"string\",\"pattern\":\"^(?!^[-+.]*$)[+-]?0*(?:\\\\d{0,3}|"
        "(?=[\\\\d.]{1,6}0*$)\\\\d{0,3}\\\\.\\\\d{0,2}0*$)\"}]}");
    check_schema(cito_t_decimal, &digits, NULL, true,
                 "{\"type\":\"string\",\"pattern\":\"^(?!^[-+.]*$)[+-]?0*(?:\\\\d{0,5}|(?=[\\\\d.]{1,6}0*$)\\\\d*\\\\.\\\\d*0*$)\"}");
    check_schema(cito_t_decimal, &places, NULL, true,
                 "{\"type\":\"string\",\"pattern\":\"^(?!^[-+.]*$)[+-]?0*\\\\d*\\\\.?\\\\d{0,2}0*$\"}");
}

static void test_collections(void **state)
{
    cito_field lengths = { .has_min_length = true, .min_length = 1, .has_max_length = true, .max_length = 4 };
    (void)state;
    CHECK_TYPE(cito_t_list(int), "{\"items\":{\"type\":\"integer\"},\"type\":\"array\"}");
    CHECK_TYPE(cito_t_list(any), "{\"items\":{},\"type\":\"array\"}");
    check_schema(cito_t_set(int), &lengths, NULL, false,
                 "{\"items\":{\"type\":\"integer\"},\"type\":\"array\",\"maxItems\":4,\"minItems\":1,\"uniqueItems\":true}");
    CHECK_TYPE(cito_t_dict(int, double), "{\"additionalProperties\":{\"type\":\"number\"},\"type\":\"object\"}");
    CHECK_TYPE(cito_t_dict(any), "{\"additionalProperties\":true,\"type\":\"object\"}");
    check_schema(cito_t_dict(int), &lengths, NULL, false,
                 "{\"additionalProperties\":{\"type\":\"integer\"},\"type\":\"object\",\"maxProperties\":4,\"minProperties\":1}");
    CHECK_TYPE(cito_t_Range,
               "{\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"string\"}],\"type\":\"array\",\"maxItems\":2,\"minItems\":2}");
    CHECK_TYPE(cito_t_OrderBy, "{\"type\":\"string\",\"enum\":[\"created_at\",\"updated_at\"]}");
    CHECK_TYPE(cito_t_Just, "{\"type\":\"string\",\"const\":\"a\"}");
    CHECK_TYPE(cito_t_list(ShortText),
               "{\"items\":{\"type\":\"string\",\"minLength\":2,\"title\":\"T\",\"description\":\"D\"},\"type\":\"array\"}");
    CHECK_TYPE(cito_t_Loose, "{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"string\"},{\"$ref\":\"#/components/schemas/Cat\"}]}");
}

static void test_parameters(void **state)
{
    cito_field path = { .location = CITO_IN_PATH, .has_le = true, .le = 1000, .has_ge = true };
    cito_field limit = { .location = CITO_IN_QUERY, .has_le = true, .le = 100, .has_gt = true, .default_json = "100" };
    cito_field order = { .location = CITO_IN_QUERY, .default_json = "\"created_at\"" },
               tags = { .location = CITO_IN_HEADER, .default_json = "[ ]" };
    cito_field query = { .location = CITO_IN_QUERY,
                         .title = "Query string",
                         .has_min_length = true,
                         .min_length = 3,
                         .has_max_length = true,
                         .max_length = 50,
                         .pattern = "^fixedquery$",
                         .description = "Long",
                         .deprecated = true,
                         .default_json = "null" };
    (void)state;
    check_schema(cito_t_int, &path, "The ID of the item to get", false,
                 "{\"type\":\"integer\",\"maximum\":1000,\"minimum\":0,\"title\":\"The ID of the item to get\"}");
    check_schema(cito_t_int, &limit, "Limit", false,
                 "{\"type\":\"integer\",\"maximum\":100,\"exclusiveMinimum\":0,\"default\":100,\"title\":\"Limit\"}");
    check_schema(cito_t_OrderBy, &order, "Order By", false,
                 "{\"enum\":[\"created_at\",\"updated_at\"],\"type\":\"string\",\"default\":\"created_at\",\"title\":\"Order By\"}");
    check_schema(cito_t_list(str), &tags, "Tags", false,
                 "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"default\":[],\"title\":\"Tags\"}");
    check_schema(cito_t_opt(str), &query, "Q", false,
                 "{\"anyOf\":[{\"type\":\"string\",\"minLength\":3,\"maxLength\":50,\"pattern\":\"^fixedquery$\"},{\"type\":\"null\"}],"
                 "\"title\":\"Query string\",\"description\":\"Long\",\"deprecated\":true}");
    check_schema(cito_t_Item, NULL, "Item", false, "{\"$ref\":\"#/components/schemas/Item\"}");
    check_schema(cito_t_opt(Item), NULL, "Item", false,
                 "{\"anyOf\":[{\"$ref\":\"#/components/schemas/Item\"},{\"type\":\"null\"}],\"title\":\"Item\"}");
}

static const char *components_of(test_document *document, const cito_type *input, const cito_type *output)
{
    if (input)
        cito_components_collect(document->components, input, false);
    if (output)
        cito_components_collect(document->components, output, true);
    cito_components_name(document->components);
    document->buffer.len = 0;
    cito_components_write(document->components, &document->buffer);
    return document_text(document);
}

static void test_model(void **state)
{
    test_document document;
    (void)state;
    document_init(&document);
    assert_string_equal(
        components_of(&document, cito_t_Item, cito_t_list(Item)),
        "\"Image\":{\"properties\":{\"url\":{\"type\":\"string\",\"maxLength\":2083,\"minLength\":1,\"format\":\"uri\",\"title\":\"Url\"},"
        "\"name\":{\"type\":\"string\",\"title\":\"Name\"}},\"type\":\"object\",\"required\":[\"url\",\"name\"],\"title\":\"Image\"},"
        "\"Item\":{\"properties\":{\"name\":{\"type\":\"string\",\"title\":\"Name\"},"
        "\"description\":{\"anyOf\":[{\"type\":\"string\",\"maxLength\":300},{\"type\":\"null\"}],\"title\":\"The description of the "
        "item\"},"
        "\"price\":{\"type\":\"number\",\"exclusiveMinimum\":0.0,\"title\":\"Price\",\"description\":\"The price must be greater than "
        "zero\"},"
        "\"tax\":{\"anyOf\":[{\"type\":\"number\"},{\"type\":\"null\"}],\"title\":\"Tax\"},"
        "\"tags\":{\"items\":{\"type\":\"string\"},\"type\":\"array\",\"uniqueItems\":true,\"title\":\"Tags\",\"default\":[]},"
        "\"image\":{\"anyOf\":[{\"$ref\":\"#/components/schemas/Image\"},{\"type\":\"null\"}]},"
        "\"images\":{\"anyOf\":[{\"items\":{\"$ref\":\"#/components/schemas/"
        "Image\"},\"type\":\"array\"},{\"type\":\"null\"}],\"title\":\"Images\"}},"
        "\"type\":\"object\",\"required\":[\"name\",\"price\"],\"title\":\"Item\"}");
    document_finish(&document);
}

/* A model that refers to itself comes apart for the two directions, its enum does not. */
static void test_recursive_both_ways(void **state)
{
    test_document document;
    (void)state;
    document_init(&document);
    assert_string_equal(
        components_of(&document, cito_t_Node, cito_t_Node),
        "\"Color\":{\"type\":\"string\",\"enum\":[\"red\",\"green\"],\"title\":\"Color\"},"
        "\"Node-Input\":{\"properties\":{\"a\":{\"type\":\"integer\",\"title\":\"A\",\"default\":1,\"deprecated\":true,\"examples\":[1,2]},"
        "\"children\":{\"items\":{\"$ref\":\"#/components/schemas/Node-Input\"},\"type\":\"array\",\"title\":\"Children\",\"default\":[]},"
        "\"color\":{\"$ref\":\"#/components/schemas/Color\",\"default\":\"red\"}},\"type\":\"object\",\"title\":\"Node\"},"
        "\"Node-Output\":{\"properties\":{\"a\":{\"type\":\"integer\",\"title\":\"A\",\"default\":1,\"deprecated\":true,\"examples\":[1,2]}"
        ","
        "\"children\":{\"items\":{\"$ref\":\"#/components/schemas/Node-Output\"},\"type\":\"array\",\"title\":\"Children\",\"default\":[]},"
        "\"color\":{\"$ref\":\"#/components/schemas/Color\",\"default\":\"red\"}},\"type\":\"object\",\"title\":\"Node\"}");
    cito_json_schema_write(document.components, cito_t_Node, NULL, NULL, true, &document.buffer);
    assert_non_null(strstr(document_text(&document), "{\"$ref\":\"#/components/schemas/Node-Output\"}"));
    document_finish(&document);
}

static void test_recursive_one_way(void **state)
{
    test_document document;
    (void)state;
    document_init(&document);
    assert_non_null(strstr(components_of(&document, cito_t_Node, NULL), "\"items\":{\"$ref\":\"#/components/schemas/Node\"}"));
    document_finish(&document);
}

static void test_config_and_exclude(void **state)
{
    test_document document;
    (void)state;
    document_init(&document);
    const char *text = components_of(&document, cito_t_Closed, cito_t_Closed);
    assert_non_null(
        strstr(text, "\"Closed-Input\":{\"properties\":{\"userName\":{\"type\":\"string\",\"title\":\"Username\"},\"password\":"));
    assert_non_null(
        strstr(text, "\"additionalProperties\":false,\"type\":\"object\",\"required\":[\"userName\",\"password\",\"amount\"],"
                     "\"title\":\"The closed one\",\"description\":\"Hello\",\"examples\":[{\"userName\":\"x\"}]},\"Closed-Output\""));
    assert_non_null(strstr(text, "\"required\":[\"userName\",\"amount\"]"));
    document_finish(&document);
}

static void test_flatten(void **state)
{
    test_document document;
    (void)state;
    document_init(&document);
    assert_string_equal(
        components_of(&document, cito_t_Derived, NULL),
        "\"Derived\":{\"properties\":{\"id\":{\"type\":\"integer\",\"title\":\"Id\"},\"first\":{\"type\":\"string\",\"title\":\"First\"},"
        "\"second\":{\"type\":\"integer\",\"title\":\"Second\",\"default\":2},\"last\":{\"type\":\"boolean\",\"title\":\"Last\"}},"
        "\"type\":\"object\",\"required\":[\"id\",\"first\",\"last\"],\"title\":\"Derived\"}");
    document_finish(&document);
}

static void test_unions(void **state)
{
    test_document document;
    (void)state;
    document_init(&document);
    const char *text = components_of(&document, cito_t_Owner, NULL);
    assert_non_null(strstr(
        text, "\"pet\":{\"oneOf\":[{\"$ref\":\"#/components/schemas/Cat\"},{\"$ref\":\"#/components/schemas/Dog\"}],\"title\":\"Pet\","
              "\"discriminator\":{\"propertyName\":\"pet_type\",\"mapping\":{\"cat\":\"#/components/schemas/Cat\","
              "\"dog\":\"#/components/schemas/Dog\"}}}"));
    assert_non_null(strstr(text,
                           "\"loose\":{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"string\"},{\"$ref\":\"#/components/schemas/Cat\"},"
                           "{\"type\":\"null\"}],\"title\":\"Loose\"}"));
    document_finish(&document);
}

/* Another declaration under the same name, from another file. */
static void test_long_names(void **state)
{
    static const cito_field fields[] = { { .name = "x", .type = cito_t_int } };
    static struct cito_type_plan *plan;
    static const cito_type other = { .kind = CITO_KIND_MODEL,
                                     .name = "Image",
                                     .size = 16,
                                     .fields = fields,
                                     .field_count = 1,
                                     .tail_offset = 8,
                                     .plan = &plan,
                                     .file = "../app/routers/my-images.c" };
    static struct cito_type_plan *mine_plan;
    cito_type mine = *cito_t_Image;
    test_document document;
    (void)state;
    mine.file = "main.c";
    mine.plan = &mine_plan;
    document_init(&document);
    cito_components_collect(document.components, &other, false);
    cito_components_collect(document.components, &mine, false);
    cito_components_name(document.components);
    cito_components_write(document.components, &document.buffer);
    const char *text = document_text(&document);
    assert_non_null(strstr(text, "\"app__routers__my_images__Image\":{\"properties\":{\"x\""));
    assert_non_null(strstr(text, "\"main__Image\":{\"properties\":{\"url\""));
    document_finish(&document);
}

static void test_given_texts(void **state)
{
    test_document document;
    (void)state;
    document_init(&document);
    cito_components_add_text(document.components, "Body_x", CITO_STR("{}"));
    cito_components_add_text(document.components, "Body_x", CITO_STR("{\"second\":1}"));
    cito_components_add_text(document.components, "ValidationError", CITO_STR("{}"));
    const char *text = components_of(&document, cito_t_Single, NULL);
    assert_string_equal(text,
                        "\"Body_x\":{},\"Single\":{\"type\":\"string\",\"enum\":[\"only\"],\"title\":\"Single\"},\"ValidationError\":{}");
    document_finish(&document);
}

static void test_object_of_fields(void **state)
{
    static const cito_field item = { .name = "item", .type = cito_t_Item },
                            importance = { .name = "user_importance", .type = cito_t_int, .default_json = "1" };
    const cito_field *const fields[] = { &item, &importance };
    test_document document;
    (void)state;
    document_init(&document);
    cito_json_schema_write_object(document.components, "Body_update", fields, 2, &document.buffer);
    assert_string_equal(document_text(&document), "{\"properties\":{\"item\":{\"$ref\":\"#/components/schemas/Item\"},"
                                                  "\"user_importance\":{\"type\":\"integer\",\"title\":\"User Importance\",\"default\":1}},"
                                                  "\"type\":\"object\",\"required\":[\"item\"],\"title\":\"Body_update\"}");
    document_finish(&document);
}

static void test_titles(void **state)
{
    static const char *const cases[][2] = { { "item_id", "Item Id" }, { "userID", "Userid" }, { "x-token", "X-Token" },
                                            { "a1b", "A1B" },         { "_x", " X" },         { "", "" } };
    cito_arena arena;
    (void)state;
    cito_arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(cito_title_of(&arena, cases[i][0]).data, cases[i][1]);
    cito_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_decimal),
        cmocka_unit_test(test_collections),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_recursive_both_ways),
        cmocka_unit_test(test_recursive_one_way),
        cmocka_unit_test(test_config_and_exclude),
        cmocka_unit_test(test_flatten),
        cmocka_unit_test(test_unions),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_given_texts),
        cmocka_unit_test(test_object_of_fields),
        cmocka_unit_test(test_titles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
