/* Decoding of JSON into structs: order of errors, duplicate keys, flattening, defaults, validators, unions, sets, embedded bodies, syntax errors
 * at every cut. */
#include "json/value.h"
#include "schema/decode.h"
#include "schema/plan.h"
#include <cito/model.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

CITO_ENUM(Size, small, (extra_large, "extra large"));
CITO_MODEL(Base, (str, name, min_length(1)), (opt(double), tax));
CITO_MODEL(Item, (int64, id), (Base, base, flatten), (Size, size, default("small")), (list(str), tags, default(["a", "b"])), (bool, on, default(true)));
CITO_MODEL(Tree, (str, name), (list(Tree), children, default([])));
CITO_MODEL(Strict, (int, a), (double, b));
CITO_MODEL_CONFIG(Strict, .extra = CITO_EXTRA_FORBID, .strict = true);
CITO_VALIDATOR(str, shout, text)
{
    for (size_t i = 0; i < text->len; i++)
        if (text->data[i] == '!')
            return "no shouting";
    return NULL;
}
CITO_VALIDATOR(int, doubled, number)
{
    *number *= 2;
    return *number > 100 ? "too big" : NULL;
}
CITO_ANNOTATED(Quiet, str, min_length(2), after(shout));
CITO_MODEL(Pair, (int, low, after(doubled)), (int, high, default(50)), (Quiet, word, default("ok")), (opt(Quiet), other));
CITO_MODEL_VALIDATOR(Pair, in_order, pair) { return pair->low <= pair->high ? NULL : "low is above high"; }
CITO_MODEL(Cat, (str, pet_type), (int, lives));
CITO_MODEL(Dog, (bool, barks));
CITO_MODEL_CONFIG(Dog, .extra = CITO_EXTRA_FORBID);
CITO_UNION(Pet, "pet_type", (cat, Cat), (dog, Dog));
CITO_UNION(Scalar, NULL, (number, int), (text, str));
CITO_TUPLE(Point, (int, x), (int, y));
CITO_ANNOTATED(Ints, list(int));
CITO_MODEL(Kinds, (set(Point), points), (set(double), numbers), (dict(Ints), lists), (dict(int, str), names), (opt(any), extra), (list(Scalar), mixed));

typedef struct decode_run {
    cito_arena arena;
    cito_errors errors;
    cito_json_reader reader;
    cito_str json; /* the errors */
} decode_run;

static bool decode(decode_run *run, const cito_type *type, const char *json, void *into)
{
    cito_arena_init(&run->arena, 0);
    cito_errors_init(&run->errors, &run->arena);
    cito_json_reader_init(&run->reader, (cito_str){ json, strlen(json) }, &run->arena, 0);
    cito_loc body = { .name = CITO_STR("body") };
    bool is_good = cito_decode_json(&run->reader, type, NULL, &body, into, &run->errors);
    cito_buffer text;
    cito_buffer_init(&text);
    cito_errors_write(&run->errors, &text);
    run->json = cito_arena_copy_str(&run->arena, text.data, text.len);
    cito_buffer_finish(&text);
    return is_good;
}

static void end(decode_run *run) { cito_arena_finish(&run->arena); }

/* The text must be refused with exactly these errors. */
static void expect_errors(const cito_type *type, const char *json, const char *errors)
{
    decode_run run;
    char into[512] __attribute__((aligned(16)));
    assert_false(decode(&run, type, json, into));
    assert_null(run.reader.error);
    assert_string_equal(run.json.data, errors);
    end(&run);
}

static void test_flattened(void **state)
{
    (void)state;
    decode_run run;
    Item item;
    assert_true(decode(&run, cito_t_Item, "{\"size\":\"extra large\",\"tax\":2,\"name\":\"n\",\"id\":7,\"unknown\":[1]}", &item));
    assert_int_equal(item.id, 7);
    assert_string_equal(item.base.name.data, "n");
    assert_true(*item.base.tax == 2.0);
    assert_int_equal(item.size, Size_extra_large);
    assert_int_equal(item.tags.count, 2);
    assert_string_equal(item.tags.items[1].data, "b");
    assert_true(item.on);
    assert_int_equal(item.fields_set, 1 | 2 | 4);
    assert_int_equal(item.base.fields_set, 1 | 2);
    end(&run);
    assert_true(decode(&run, cito_t_Item, "{\"id\":7,\"name\":\"n\",\"on\":false}", &item));
    assert_null(item.base.tax);
    assert_false(item.on);
    assert_int_equal(item.fields_set, 1 | 2 | 16);
    assert_int_equal(item.base.fields_set, 1);
    end(&run);
}

static void test_order_of_errors(void **state)
{
    (void)state;
    expect_errors(cito_t_Item, "{\"tags\":[1,\"a\",2],\"size\":1,\"name\":\"\"}",
                  "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",\"id\"],\"msg\":\"Field "
                  "required\",\"input\":{\"tags\":[1,\"a\",2],\"size\":1,\"name\":\"\"}},"
                  "{\"type\":\"string_too_short\",\"loc\":[\"body\",\"name\"],\"msg\":\"String should have at least 1 "
                  "character\",\"input\":\"\",\"ctx\":{\"min_length\":1}},"
                  "{\"type\":\"enum\",\"loc\":[\"body\",\"size\"],\"msg\":\"Input should be 'small' or 'extra "
                  "large'\",\"input\":1,\"ctx\":{\"expected\":\"'small' or 'extra large'\"}},"
                  "{\"type\":\"string_type\",\"loc\":[\"body\",\"tags\",0],\"msg\":\"Input should be a valid string\",\"input\":1},"
                  "{\"type\":\"string_type\",\"loc\":[\"body\",\"tags\",2],\"msg\":\"Input should be a valid string\",\"input\":2}]}");
}

static void test_duplicate_keys(void **state)
{
    (void)state;
    decode_run run;
    Cat cat;
    assert_true(decode(&run, cito_t_Cat, "{\"lives\":\"x\",\"pet_type\":1,\"lives\":9,\"pet_type\":\"cat\"}", &cat));
    assert_int_equal(cat.lives, 9);
    end(&run);
    expect_errors(
        cito_t_Cat, "{\"lives\":1,\"pet_type\":1,\"lives\":[ ],\"pet_type\":\"cat\"}",
        "{\"detail\":[{\"type\":\"int_type\",\"loc\":[\"body\",\"lives\"],\"msg\":\"Input should be a valid integer\",\"input\":[]}]}");
}

static void test_configuration(void **state)
{
    (void)state;
    expect_errors(cito_t_Strict, "{\"z\":{\"a\": 1},\"b\":1,\"a\":1.0,\"y\":0}",
                  "{\"detail\":[{\"type\":\"int_type\",\"loc\":[\"body\",\"a\"],\"msg\":\"Input should be a valid integer\",\"input\":1.0},"
                  "{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"z\"],\"msg\":\"Extra inputs are not permitted\",\"input\":{\"a\":1}},"
                  "{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"y\"],\"msg\":\"Extra inputs are not permitted\",\"input\":0}]}");
}

static void test_validators(void **state)
{
    (void)state;
    decode_run run;
    Pair pair;
    assert_true(decode(&run, cito_t_Pair, "{\"low\":20,\"other\":\"hi\"}", &pair));
    assert_int_equal(pair.low, 40);
    assert_string_equal(pair.word.data, "ok");
    assert_string_equal(pair.other->data, "hi");
    end(&run);
    expect_errors(cito_t_Pair, "{\"low\":30}",
                  "{\"detail\":[{\"type\":\"value_error\",\"loc\":[\"body\"],\"msg\":\"Value error, low is above "
                  "high\",\"input\":{\"low\":30},\"ctx\":{\"error\":{}}}]}");
    expect_errors(cito_t_Pair, "{\"low\":60,\"word\":\"a!\",\"other\":\"x\"}",
                  "{\"detail\":[{\"type\":\"value_error\",\"loc\":[\"body\",\"low\"],\"msg\":\"Value error, too "
                  "big\",\"input\":60,\"ctx\":{\"error\":{}}},"
                  "{\"type\":\"value_error\",\"loc\":[\"body\",\"word\"],\"msg\":\"Value error, no "
                  "shouting\",\"input\":\"a!\",\"ctx\":{\"error\":{}}},"
                  "{\"type\":\"string_too_short\",\"loc\":[\"body\",\"other\"],\"msg\":\"String should have at least 2 "
                  "characters\",\"input\":\"x\",\"ctx\":{\"min_length\":2}}]}");
}

static void test_tagged_union(void **state)
{
    (void)state;
    decode_run run;
    Pet pet;
    assert_true(decode(&run, cito_t_Pet, "{\"lives\":3,\"pet_type\":\"cat\"}", &pet));
    assert_int_equal(pet.tag, Pet_cat);
    assert_int_equal(pet.as.cat.lives, 3);
    end(&run);
    /* The discriminator is no extra key of a member that has no field for it. */
    assert_true(decode(&run, cito_t_Pet, "{\"pet_type\":\"dog\",\"barks\":\"yes\"}", &pet));
    assert_int_equal(pet.tag, Pet_dog);
    assert_true(pet.as.dog.barks);
    end(&run);
    expect_errors(
        cito_t_Pet, "{\"pet_type\":\"dog\",\"barks\":2,\"x\":1}",
        "{\"detail\":[{\"type\":\"bool_parsing\",\"loc\":[\"body\",\"dog\",\"barks\"],\"msg\":\"Input should be a valid boolean, unable to "
        "interpret input\",\"input\":2},"
        "{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"dog\",\"x\"],\"msg\":\"Extra inputs are not permitted\",\"input\":1}]}");
    expect_errors(cito_t_Pet, "{\"pet_type\":null}",
                  "{\"detail\":[{\"type\":\"union_tag_invalid\",\"loc\":[\"body\"],\"msg\":\"Input tag 'None' found using 'pet_type' does "
                  "not match any of the expected tags: "
                  "'cat', "
                  "'dog'\",\"input\":{\"pet_type\":null},\"ctx\":{\"discriminator\":\"'pet_type'\",\"tag\":\"None\",\"expected_tags\":\"'"
                  "cat', 'dog'\"}}]}");
}

static void test_collections(void **state)
{
    (void)state;
    decode_run run;
    Kinds kinds;
    assert_true(decode(&run, cito_t_Kinds,
                       "{\"points\":[[1,2],[2,1],[\"1\",2.0]],\"numbers\":[0,-0.0,1,1.5],\"lists\":{\"a\":[1],\"b\":[],\"a\":[3,4]},"
                       "\"names\":{\"1\":\"x\",\" 2\":\"y\",\"01\":\"z\"},\"extra\":null,\"mixed\":[1,\"1\",true]}",
                       &kinds));
    assert_int_equal(kinds.points.count, 2);
    assert_int_equal(kinds.points.items[1].x, 2);
    assert_int_equal(kinds.numbers.count, 3);
    assert_int_equal(kinds.lists.count, 2);
    assert_string_equal(kinds.lists.items[0].key.data, "a");
    assert_int_equal(kinds.lists.items[0].value.items[1], 4);
    assert_int_equal(kinds.names.count, 2);
    assert_string_equal(kinds.names.items[0].value.data, "z");
    assert_int_equal(kinds.names.items[1].key, 2);
    assert_null(kinds.extra);
    assert_int_equal(kinds.mixed.count, 3);
    assert_int_equal(kinds.mixed.items[0].tag, Scalar_number);
    assert_int_equal(kinds.mixed.items[1].tag, Scalar_text);
    assert_int_equal(kinds.mixed.items[2].as.number, 1);
    end(&run);
}

static void test_large_set_and_dict(void **state)
{
    (void)state;
    cito_buffer json;
    cito_buffer_init(&json);
    cito_buffer_append_literal(&json, "{\"points\":[],\"numbers\":[");
    for (int i = 0; i < 20000; i++)
        cito_buffer_append_format(&json, "%s%d", i ? "," : "", i % 7000);
    cito_buffer_append_literal(&json, "],\"lists\":{},\"names\":{");
    for (int i = 0; i < 20000; i++)
        cito_buffer_append_format(&json, "%s\"%d\":\"v%d\"", i ? "," : "", i % 7000, i);
    cito_buffer_append_literal(&json, "},\"mixed\":[]}");
    *cito_buffer_reserve(&json, 1) = '\0';
    decode_run run;
    Kinds kinds;
    assert_true(decode(&run, cito_t_Kinds, json.data, &kinds));
    assert_int_equal(kinds.numbers.count, 7000);
    assert_int_equal(kinds.names.count, 7000);
    assert_string_equal(kinds.names.items[5].value.data, "v14005");
    end(&run);
    cito_buffer_finish(&json);
}

static void test_recursion_is_bounded(void **state)
{
    (void)state;
    cito_buffer json;
    cito_buffer_init(&json);
    for (int i = 0; i < 150; i++)
        cito_buffer_append_literal(&json, "{\"name\":\"n\",\"children\":[");
    *cito_buffer_reserve(&json, 1) = '\0';
    decode_run run;
    Tree tree;
    assert_false(decode(&run, cito_t_Tree, json.data, &tree));
    assert_non_null(run.reader.error);
    assert_true(strstr(run.reader.error, "nested") != NULL);
    end(&run);
    cito_buffer_finish(&json);
}

/* Cut anywhere, the text is a syntax error, never a crash and never taken. */
static void test_every_cut(void **state)
{
    (void)state;
    static const char whole[] = "{\"points\":[[1,2]],\"numbers\":[1.5e3],\"lists\":{\"a\":[1]},\"names\":{\"1\":\"\\u00e9\"},\"extra\":{"
                                "\"k\":[null]},\"mixed\":[1,\"x\"]}";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char *cut = strndup(whole, len);
        decode_run run;
        Kinds kinds;
        assert_false(decode(&run, cito_t_Kinds, cut, &kinds));
        assert_non_null(run.reader.error);
        end(&run);
        free(cut);
    }
}

static void test_value_and_default(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    const cito_value *value = cito_value_parse(&arena, CITO_STR("{\"low\":\"3\",\"word\":\"ab\"}"), NULL, NULL);
    cito_errors errors;
    cito_errors_init(&errors, &arena);
    Pair pair;
    assert_true(cito_decode_value(value, cito_t_Pair, NULL, NULL, &pair, &arena, &errors));
    assert_int_equal(pair.low, 6);
    assert_int_equal(pair.fields_set, 1 | 4);
    int high;
    assert_true(cito_decode_default(&Pair_fields[1], &high, &arena));
    assert_int_equal(high, 50);
    assert_false(cito_decode_default(&Pair_fields[0], &high, &arena));
    assert_true(cito_field_is_required(&Pair_fields[0]));
    assert_false(cito_field_is_required(&Pair_fields[3]));
    cito_arena_finish(&arena);
}

typedef struct pet_params {
    Cat cat;
    int importance;
    const Base *base;
} pet_params;

static void test_embedded(void **state)
{
    (void)state;
    static const cito_field cat = { .name = "cat", .type = cito_t_Cat, .offset = offsetof(pet_params, cat) };
    static const cito_field importance = {
        .name = "importance", .type = cito_t_int, .offset = offsetof(pet_params, importance), .has_gt = true
    };
    const cito_field base = { .name = "base", .type = cito_t_opt(Base), .offset = offsetof(pet_params, base) };
    const cito_field *list[] = { &cat, &importance, &base };
    static const struct {
        const char *json, *errors;
    } cases[] = {
        { "{\"importance\":0,\"cat\":{\"pet_type\":\"x\"},\"importance\":1}",
          "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"cat\",\"lives\"],\"msg\":\"Field required\",\"input\":{\"pet_type\":\"x\"}}]}" },
        { "[1]", "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"cat\"],\"msg\":\"Field required\",\"input\":null},"
                 "{\"type\":\"missing\",\"loc\":[\"importance\"],\"msg\":\"Field required\",\"input\":null},"
                 "{\"type\":\"missing\",\"loc\":[\"base\"],\"msg\":\"Field required\",\"input\":null}]}" },
        { "{\"importance\":0}", "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"cat\"],\"msg\":\"Field required\",\"input\":null},"
                                "{\"type\":\"greater_than\",\"loc\":[\"importance\"],\"msg\":\"Input should be greater than "
                                "0\",\"input\":0,\"ctx\":{\"gt\":0}}]}" },
        { "{\"cat\":{\"pet_type\":\"x\",\"lives\":1},\"importance\":\"2\"}", "{\"detail\":[]}" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cito_arena arena;
        cito_arena_init(&arena, 0);
        cito_errors errors;
        cito_errors_init(&errors, &arena);
        cito_json_reader reader;
        cito_json_reader_init(&reader, (cito_str){ cases[i].json, strlen(cases[i].json) }, &arena, 0);
        pet_params into;
        bool is_good = cito_decode_embedded(&reader, list, 3, NULL, &into, &errors);
        cito_buffer text;
        cito_buffer_init(&text);
        cito_errors_write(&errors, &text);
        *cito_buffer_reserve(&text, 1) = '\0';
        assert_string_equal(text.data, cases[i].errors);
        assert_int_equal(is_good, errors.count == 0);
        cito_buffer_finish(&text);
        cito_arena_finish(&arena);
    }
}

/* Whatever the arena's limit, decoding ends without a crash, and never says yes with memory missing. */
static void test_memory_limit(void **state)
{
    (void)state;
    static const char json[] =
        "{\"points\":[[1,2],[3,4]],\"numbers\":[1,2,3,4,5,6,7,8,9],\"lists\":{\"a\":[\"x\"]},\"names\":{\"a\":1},\"mixed\":[[],{}]}";
    for (size_t limit = 1; limit < 40000; limit += 977) {
        cito_arena arena;
        cito_arena_init(&arena, limit);
        cito_errors errors;
        cito_errors_init(&errors, &arena);
        cito_json_reader reader;
        cito_json_reader_init(&reader, (cito_str){ json, sizeof json - 1 }, &arena, 0);
        Kinds kinds;
        assert_false(cito_decode_json(&reader, cito_t_Kinds, NULL, NULL, &kinds, &errors));
        cito_arena_finish(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flattened),     cmocka_unit_test(test_order_of_errors),    cmocka_unit_test(test_duplicate_keys),
        cmocka_unit_test(test_configuration), cmocka_unit_test(test_validators),         cmocka_unit_test(test_tagged_union),
        cmocka_unit_test(test_collections),   cmocka_unit_test(test_large_set_and_dict), cmocka_unit_test(test_recursion_is_bounded),
        cmocka_unit_test(test_every_cut),     cmocka_unit_test(test_value_and_default),  cmocka_unit_test(test_embedded),
        cmocka_unit_test(test_memory_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
