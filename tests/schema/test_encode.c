/* Tests of encoding: pydantic's serialised form, the options, narrower response models, the debug check of pointers. */
#include "schema/encode.h"
#include "base/arena.h"
#include "json/value.h"
#include "loop/context.h"
#include "schema/plan.h"
#include <cito/model.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

CITO_ENUM(Size, small, (extra_large, "extra \"large\""));
CITO_TUPLE(Range, (int, low), (str, high));
CITO_ANNOTATED(Code, str, min_length(2));
CITO_MODEL(Scalars,
    (bool, flag),
    (int, number),
    (int64, big, alias("bigNumber")),
    (double, ratio),
    (str, text),
    (secret, password),
    (decimal, amount),
    (date, day),
    (time, clock),
    (datetime, moment),
    (timedelta, span),
    (uuid, id),
    (any, free),
    (Size, size));
CITO_MODEL(Item,
    (str, name),
    (opt(str), description),
    (double, price),
    (double, tax, default(10.5)),
    (list(str), tags, default(["a"])),
    (str, hidden, default("x"), exclude));
CITO_MODEL(Nested, (Item, item), (list(Item), items, default([])), (dict(int), counts, default({})), (dict(int, str), names, default({})));
CITO_MODEL(Node, (int, value), (list(Node), children, default([])));
CITO_MODEL(Base, (str, first), (int, second, default(2)));
CITO_MODEL(Derived, (int64, id), (Base, base, flatten), (bool, last));
CITO_MODEL(Cat, (str, pet_type), (int, lives));
CITO_MODEL(Dog, (bool, barks));
CITO_UNION(Pet, "pet_type", (cat, Cat), (dog, Dog));
CITO_UNION(Loose, NULL, (number, int), (text, str));
CITO_MODEL(UserIn, (str, name), (secret, password), (opt(str), email), (int, age, default(1)));
CITO_MODEL(UserOut, (str, name), (opt(str), email));
CITO_MODEL(Strange, (int, name));
CITO_MODEL(Wanting, (str, name), (int, absent));
CITO_MODEL(Limited, (str, name, min_length(4)), (int, extra, default(7)));
CITO_MODEL(Exact, (decimal, amount));
CITO_MODEL(Loud, (double, amount));

static cito_arena arena;
static cito_context context = { .arena = &arena };
static cito_buffer buffer;

static const char *encoded(const cito_type *type, const void *value, const cito_encode_options *options)
{
    buffer.len = 0;
    cito_buffer_append_char(&buffer, '>'); /* what stands before stays */
    const char *error = cito_encode(type, value, options, &buffer);
    *cito_buffer_reserve(&buffer, 1) = '\0';
    if (error)
        assert_string_equal(buffer.data, ">");
    return error ? error : buffer.data + 1;
}

static const char *encoded_as(const cito_type *from, const void *value, const cito_type *as, const cito_encode_options *options)
{
    buffer.len = 0;
    const char *error = cito_encode_as(from, value, as, options, &buffer);
    *cito_buffer_reserve(&buffer, 1) = '\0';
    if (error)
        assert_int_equal(buffer.len, 0);
    return error ? error : buffer.data;
}

#define JSON(TYPE, ...) encoded(cito_t_##TYPE, &(cito_c_##TYPE){ __VA_ARGS__ }, NULL)
#define STR(TEXT)       CITO_STR(TEXT)

static void test_scalars(void **state)
{
    Scalars all = {
        .flag = true,
        .number = -5,
        .big = INT64_MIN,
        .ratio = 1.0,
        .text = STR("a\"\n\xc3\xa9"),
        .password = STR("pw"),
        .amount = { STR("1.50") },
        .day = { 2024, 2, 29 },
        .clock = { .hour = 10, .minute = 5, .nanosecond = 500000000 },
        .moment = { .seconds = 1704164645, .aware = true },
        .span = { 90, 500000000 },
        .id = { { 0x12, 0x34 } },
        .free = cito_json({"a": [1e-7, null, "x"]}), .size = Size_extra_large,
        };
    (void)state;
    assert_string_equal(
        encoded(cito_t_Scalars, &all, NULL),
        "{\"flag\":true,\"number\":-5,\"bigNumber\":-9223372036854775808,\"ratio\":1.0,\"text\":\"a\\\"\\n\xc3\xa9\",\"password\":\"*******"
        "***\","
        "\"amount\":\"1.50\",\"day\":\"2024-02-29\",\"clock\":\"10:05:00.500000\",\"moment\":\"2024-01-02T03:04:05Z\",\"span\":\"PT1M30."
        "5S\","
        "\"id\":\"12340000-0000-0000-0000-000000000000\",\"free\":{\"a\":[1e-7,null,\"x\"]},\"size\":\"extra \\\"large\\\"\"}");
    assert_string_equal(JSON(double, NAN), "null");
    assert_string_equal(JSON(double, 1e-7), "1e-7");
    assert_string_equal(JSON(secret, "", 0), "\"\"");
    assert_string_equal(JSON(str, NULL, 0), "\"\"");
    assert_string_equal(JSON(decimal, { NULL, 0 }), "\"0\"");
}

/* Each length takes another way through the moves; the text lies in a block of exactly its size, so reading past it is seen. */
static void test_every_length(void **state)
{
    static const struct {
        char byte;
        const char *written;
    } cases[] = { { '"', "\\\"" },  { '\\', "\\\\" }, { '\n', "\\n" }, { 0x1f, "\\u001f" },
                  { 0, "\\u0000" }, { ' ', " " },     { '!', "!" },    { 0x7f, "\x7f" } };
    (void)state;
    for (size_t len = 1; len <= 70; len++) {
        char *text = malloc(len), expected[128];
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            for (size_t place = 0; place < len; place++) {
                memset(text, 'a', len);
                text[place] = cases[i].byte;
                snprintf(expected, sizeof expected, "\"%.*s%s%.*s\"", (int)place, text, cases[i].written, (int)(len - place - 1),
                         text + place + 1);
                assert_string_equal(encoded(cito_t_str, &(cito_str){ text, len }, NULL), expected);
            }
        }
        free(text);
    }
}

static void test_any_alone(void **state)
{
    (void)state;
    assert_string_equal(JSON(any, cito_json([1e-7, {}])), "[1e-07,{}]");
    assert_string_equal(JSON(any, NULL), "null");
    assert_string_equal(JSON(any, cito_value_of_double(INFINITY)), "any: out of range float values are not JSON compliant");
}

static void test_collections(void **state)
{
    const cito_c_int numbers[] = { 1, -2 };
    const int *const maybe[] = { &numbers[1] };
    (void)state;
    assert_string_equal(encoded(cito_t_list(int), &(cito_list_int){ numbers, 2 }, NULL), "[1,-2]");
    assert_string_equal(encoded(cito_t_list(int), &(cito_list_int){ NULL, 0 }, NULL), "[]");
    assert_string_equal(encoded(cito_t_set(int), &(cito_list_int){ numbers, 1 }, NULL), "[1]");
    assert_string_equal(encoded(cito_t_opt(int), maybe, NULL), "-2");
    assert_string_equal(encoded(cito_t_opt(int), &(const int *){ NULL }, NULL), "null");
    assert_string_equal(encoded(cito_t_opt(any), &(cito_c_any){ NULL }, NULL), "null");
    assert_string_equal(JSON(Range, 1, STR("b")), "[1,\"b\"]");
    assert_string_equal(encoded(cito_t_dict(bool), &(cito_dict__Bool){ &(struct cito_dict__Bool_item){ STR("k\t"), true }, 1 }, NULL),
                        "{\"k\\t\":true}");
    assert_string_equal(encoded(cito_t_dict(int, Code),
                                &(cito_int_dict_Code){ (struct cito_int_dict_Code_item[]){ { -1, STR("x") }, { 2, STR("y") } }, 2 }, NULL),
                        "{\"-1\":\"x\",\"2\":\"y\"}");
}

static void test_models(void **state)
{
    Item item = { .name = STR("n"), .price = 2, .hidden = STR("never") };
    Nested nested = { .item = item, .items = { &item, 1 } };
    (void)state;
#define ITEM "{\"name\":\"n\",\"description\":null,\"price\":2.0,\"tax\":0.0,\"tags\":[]}"
    assert_string_equal(encoded(cito_t_Nested, &nested, NULL), "{\"item\":" ITEM ",\"items\":[" ITEM "],\"counts\":{},\"names\":{}}");
    assert_string_equal(JSON(Derived, .id = 3, .base = { .first = STR("f"), .second = 4 }, .last = true),
                        "{\"id\":3,\"first\":\"f\",\"second\":4,\"last\":true}");
    assert_string_equal(JSON(Loose, .tag = Loose_text, .as.text = STR("t")), "\"t\"");
    assert_string_equal(JSON(Pet, .tag = Pet_cat, .as.cat = { .pet_type = STR("cat"), .lives = 9 }), "{\"pet_type\":\"cat\",\"lives\":9}");
    assert_string_equal(JSON(Pet, .tag = Pet_dog, .as.dog = { .barks = true }), "{\"pet_type\":\"dog\",\"barks\":true}");
}

static void test_exclude(void **state)
{
    const cito_str empty = STR("");
    Item item = cito_new(Item, .name = STR("n"), .price = 2, .tax = 10.5);
    cito_encode_options unset = { .exclude_unset = true }, none = { .exclude_none = true }, defaults = { .exclude_defaults = true };
    (void)state;
    assert_string_equal(encoded(cito_t_Item, &item, &unset), "{\"name\":\"n\",\"price\":2.0,\"tax\":10.5}");
    assert_string_equal(encoded(cito_t_Item, &item, &defaults), "{\"name\":\"n\",\"price\":2.0}");
    assert_string_equal(encoded(cito_t_Item, &item, &none), "{\"name\":\"n\",\"price\":2.0,\"tax\":10.5,\"tags\":[\"a\"]}");
    item.description = &empty; /* assigned later: set */
    assert_string_equal(encoded(cito_t_list(Item), &(cito_list_Item){ &item, 1 }, &unset),
                        "[{\"name\":\"n\",\"description\":\"\",\"price\":2.0,\"tax\":10.5}]");
    Derived derived = { .id = 1, .base = cito_new(Base, .first = STR("f")) };
    assert_string_equal(encoded(cito_t_Derived, &derived, &unset), "{\"id\":1,\"first\":\"f\",\"last\":false}");
}

static void test_faults(void **state)
{
    Node nodes[300] = { 0 };
    Scalars scalars = { .size = (Size)7 };
    (void)state;
    for (int i = 0; i < 299; i++)
        nodes[i].children = (cito_list_Node){ &nodes[i + 1], 1 };
    assert_non_null(strstr(encoded(cito_t_Node, &nodes[0], NULL), "it is nested more than 200 levels deep"));
    assert_non_null(strstr(encoded(cito_t_Node, &nodes[100], NULL), "{\"value\":0,\"children\":[]}")); /* 200 levels */
    assert_string_equal(encoded(cito_t_Scalars, &scalars, NULL), "Scalars.size: 7 is no member of Size; assign one of its constants");
    assert_string_equal(JSON(Pet, .tag = (__typeof__(((Pet *)0)->tag))5), "Pet: its tag 5 is none of the members of Pet");
    assert_string_equal(JSON(bytes, "\xff", 1),
                        "bytes: its bytes are not UTF-8 text; give them as base64, or answer with cito_response_new");
    assert_string_equal(encoded(cito_t_file, &(cito_c_file){ NULL }, NULL), "file: a file is no JSON data; return its parts");
}

/* Everything may be followed but what lies on this stack of ours. */
static bool is_not_in(const void *pointer, void *data)
{
    const char *start = data;
    return (const char *)pointer < start || (const char *)pointer >= start + 64;
}

static void test_may_follow(void **state)
{
    char forbidden[64] = "text";
    cito_encode_options options = { .may_follow = is_not_in, .data = forbidden };
    Item item = cito_new(Item, .name = STR("n"), .price = 2);
    Nested nested = { .item = item, .items = { &item, 1 } };
    const cito_str bad = { forbidden, 4 };
    (void)state;
#define REST " not lie in the request's memory, in what cito_dup keeps or in static data; make it with cito_string, cito_list or cito_some"
    assert_string_equal(encoded(cito_t_Item, &item, &options),
                        "{\"name\":\"n\",\"description\":null,\"price\":2.0,\"tax\":10.5,\"tags\":[\"a\"]}");
    item.tags = (cito_list_str){ &bad, 1 };
    assert_string_equal(encoded(cito_t_Nested, &nested, &options), "Nested.items[0].tags[0]: its text does" REST);
    item.tags = (cito_list_str){ (const cito_str *)forbidden, 1 };
    assert_string_equal(encoded(cito_t_Item, &item, &options), "Item.tags: its items do" REST);
    item.tags = (cito_list_str){ 0 };
    item.description = (const cito_str *)forbidden;
    assert_string_equal(encoded(cito_t_Item, &item, &options), "Item.description: its value does" REST);
    assert_string_equal(
        encoded_as(cito_t_list(UserIn), &(cito_list_UserIn){ (const UserIn *)forbidden, 1 }, cito_t_list(UserOut), &options),
        "the value: its items do" REST);
}

static bool is_no_default(const void *pointer, void *data)
{
    const cito_plan_field *field = data;
    return pointer != ((const cito_list_str *)field->default_value)->items;
}

/* A default that decoding shares with the plan is no fault. */
static void test_shared_default(void **state)
{
    const struct cito_type_plan *plan = cito_plan_of(cito_t_Item);
    cito_encode_options options = { .may_follow = is_no_default, .data = (void *)&plan->fields[4] };
    Item item = cito_new(Item, .name = STR("n"));
    (void)state;
    assert_non_null(strstr(encoded(cito_t_Item, &item, &options), "\"tags\":[\"a\"]"));
}

static void test_narrower(void **state)
{
    UserIn user = cito_new(UserIn, .name = STR("ada"), .password = STR("pw"));
    cito_encode_options unset = { .exclude_unset = true };
    (void)state;
    assert_string_equal(encoded_as(cito_t_UserIn, &user, cito_t_UserOut, NULL), "{\"name\":\"ada\",\"email\":null}");
    assert_string_equal(encoded_as(cito_t_UserIn, &user, cito_t_UserOut, &unset), "{\"name\":\"ada\"}");
    assert_string_equal(encoded_as(cito_t_list(UserIn), &(cito_list_UserIn){ &user, 1 }, cito_t_list(UserOut), NULL),
                        "[{\"name\":\"ada\",\"email\":null}]");
    assert_string_equal(encoded_as(cito_t_opt(UserIn), &(const UserIn *){ &user }, cito_t_UserOut, NULL),
                        "{\"name\":\"ada\",\"email\":null}");
    assert_string_equal(encoded_as(cito_t_opt(UserIn), &(const UserIn *){ NULL }, cito_t_opt(UserOut), NULL), "null");
    assert_string_equal(encoded_as(cito_t_opt(UserIn), &(const UserIn *){ NULL }, cito_t_UserOut, NULL),
                        "UserOut: it is null, and the response model's UserOut may not be");
    assert_string_equal(encoded_as(cito_t_UserIn, &user, cito_t_Wanting, NULL),
                        "Wanting.absent: UserIn has no such field, and the response model requires it");
    assert_string_equal(encoded_as(cito_t_UserIn, &user, cito_t_Strange, NULL),
                        "Strange.name: Input should be a valid integer, unable to parse string as an integer");
    assert_string_equal(encoded_as(cito_t_UserIn, &user, cito_t_Limited, NULL), "Limited.name: String should have at least 4 characters");
    user.name = STR("lovelace");
    assert_string_equal(encoded_as(cito_t_UserIn, &user, cito_t_Limited, NULL), "{\"name\":\"lovelace\",\"extra\":7}");
    assert_string_equal(encoded_as(cito_t_Exact, &(Exact){ .amount = { STR("1.50") } }, cito_t_Loud, NULL), "{\"amount\":1.5}");
    assert_string_equal(encoded_as(cito_t_int, &(int){ 5 }, cito_t_double, NULL), "5.0");
    assert_string_equal(encoded_as(cito_t_int, &(int){ 5 }, cito_t_str, NULL), "str: Input should be a valid string");
    Loose loose = { .tag = Loose_number, .as.number = 4 };
    assert_string_equal(encoded_as(cito_t_Loose, &loose, cito_t_int, NULL), "4");
}

static void test_from_any(void **state)
{
    cito_c_any user = cito_json({"name": "ada", "password": "pw", "more": 1}), wrong = cito_json([{"name": "a"}, {"name": 5}]);
    cito_encode_options unset = { .exclude_unset = true };
    (void)state;
    assert_string_equal(encoded_as(cito_t_any, &user, cito_t_UserOut, NULL), "{\"name\":\"ada\",\"email\":null}");
    assert_string_equal(encoded_as(cito_t_any, &user, cito_t_UserIn, &unset), "{\"name\":\"ada\",\"password\":\"**********\"}");
    assert_string_equal(encoded_as(cito_t_any, &wrong, cito_t_list(UserOut), NULL), "the value[1].name: Input should be a valid string");
    assert_string_equal(encoded_as(cito_t_any, &(cito_c_any){ NULL }, cito_t_opt(UserOut), NULL), "null");
}

static void test_value(void **state)
{
    Scalars all = { .flag = true,
                    .number = -5,
                    .ratio = 0.5,
                    .text = STR("t"),
                    .password = STR("pw"),
                    .amount = { STR("1.50") },
                    .day = { 2024, 2, 29 },
                    .moment = { .seconds = 1704164645, .aware = true },
                    .span = { 90, 500000000 } };
    (void)state;
    cito_str text = cito_json_text(cito_encode_value(cito_t_Scalars, &all), 0);
    assert_string_equal(
        text.data, "{\"flag\":true,\"number\":-5,\"bigNumber\":0,\"ratio\":0.5,\"text\":\"t\",\"password\":\"**********\",\"amount\":1.5,"
                   "\"day\":\"2024-02-29\",\"clock\":\"00:00:00\",\"moment\":\"2024-01-02T03:04:05+00:00\",\"span\":90.5,"
                   "\"id\":\"00000000-0000-0000-0000-000000000000\",\"free\":null,\"size\":\"small\"}");
    Pet pet = { .tag = Pet_dog };
    assert_string_equal(cito_json_text(cito_encode_value(cito_t_Pet, &pet), 0).data, "{\"pet_type\":\"dog\",\"barks\":false}");
    Item item = cito_new(Item, .name = STR("n"), .tags = { 0 });
    assert_string_equal(cito_json_text(cito_dump_list_of(cito_t_Item, &item, 1), 0).data,
                        "[{\"name\":\"n\",\"description\":null,\"price\":0.0,\"tax\":10.5,\"tags\":[]}]");
}

static int begin(void **state)
{
    (void)state;
    cito_arena_init(&arena, 0);
    cito_buffer_init(&buffer);
    cito_context_current = &context;
    return 0;
}

static int end(void **state)
{
    (void)state;
    cito_context_current = NULL;
    cito_buffer_finish(&buffer);
    cito_arena_finish(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),     cmocka_unit_test(test_every_length), cmocka_unit_test(test_any_alone),
        cmocka_unit_test(test_collections), cmocka_unit_test(test_models),       cmocka_unit_test(test_exclude),
        cmocka_unit_test(test_faults),      cmocka_unit_test(test_may_follow),   cmocka_unit_test(test_shared_default),
        cmocka_unit_test(test_narrower),    cmocka_unit_test(test_from_any),     cmocka_unit_test(test_value),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
