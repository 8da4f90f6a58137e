/* Values: made of text and of C values, looked into, printed, merged, compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "json/value.h"
#include <cmocka.h>

static size_t lines_logged;

static void count_line(cito_log_level level, const char *line, void *data)
{
    (void)line;
    (void)data;
    lines_logged += level == CITO_LOG_ERROR;
}

#define assert_json(VALUE, TEXT) assert_string_equal(cito_json_text(VALUE, 0).data, TEXT)

static void scalars(void **state)
{
    (void)state;
    assert_json(NULL, "null");
    assert_json(cito_value(true), "true");
    assert_json(cito_value(-5), "-5");
    assert_json(cito_value(UINT64_MAX), "18446744073709551615");
    assert_json(cito_value(7ul), "7");
    assert_json(cito_value(1e-7), "1e-07");
    assert_json(cito_value(35.4), "35.4");
    assert_json(cito_value("a\"b"), "\"a\\\"b\"");
    assert_json(cito_value((const char *)NULL), "null");
    assert_json(cito_value(((cito_str){ NULL, 0 })), "\"\"");
    assert_json(cito_value(NULL), "null");
    assert_json(cito_value(cito_null), "null");
    const int five = 5;
    const cito_str text = CITO_STR("t");
    const double half = 0.5;
    const _Bool yes = true;
    const int64_t long_one = INT64_C(1) << 40;
    const cito_decimal decimal = { CITO_STR("1.50") };
    assert_json(cito_array(&five, &text, &half, &yes, &long_one, &decimal, (const int *)NULL), "[5,\"t\",0.5,true,1099511627776,1.5,null]");
}

static void dates(void **state)
{
    (void)state;
    const cito_date date = { 2024, 1, 31 };
    const cito_time time = { .hour = 10, .minute = 20, .second = 30, .nanosecond = 500000000 };
    const cito_datetime datetime = { .seconds = 1706696430, .aware = true };
    const cito_timedelta timedelta = { 90, 500000000 };
    const cito_uuid uuid = { { 0xAB, 0xCD, 0xEF, 0x12, 0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78 } };
    assert_json(cito_array(date, time, datetime, timedelta, uuid),
                "[\"2024-01-31\",\"10:20:30.500000\",\"2024-01-31T10:20:30+00:00\",90.5,\"abcdef12-1234-5678-1234-567812345678\"]");
    assert_json(cito_array(&date, &time, &datetime, &timedelta, &uuid),
                "[\"2024-01-31\",\"10:20:30.500000\",\"2024-01-31T10:20:30+00:00\",90.5,\"abcdef12-1234-5678-1234-567812345678\"]");
}

static void decimals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *json;
    } cases[] = {
        { "1.50", "1.5" },   { "2", "2" },   { "1E+5", "100000" }, { "-1.5E+3", "-1500" }, { "-0", "0" },       { "0E+7", "0" },
        { "1E-7", "1e-07" }, { "007", "7" }, { "2.0", "2.0" },     { "NaN", "" },          { "-Infinity", "" }, { "1E+5000", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_json(cito_value(((cito_decimal){ { cases[i].text, strlen(cases[i].text) } })), cases[i].json);
    assert_json(cito_value(((cito_decimal){ { NULL, 0 } })), "0");
    assert_true(cito_value_double(cito_value(((cito_decimal){ CITO_STR("1.50") }))) == 1.5);
    assert_true(__builtin_isinf(cito_decimal_to_double((cito_decimal){ CITO_STR("-Infinity") })));
    assert_true(__builtin_isnan(cito_decimal_to_double((cito_decimal){ CITO_STR("sNaN") })));
}

static void collections(void **state)
{
    (void)state;
    const int ints[] = { 1, 2 };
    const double doubles[] = { 0.5, 1 };
    const cito_str texts[] = { CITO_STR("a"), CITO_STR("b") };
    const int64_t longs[] = { INT64_MIN };
    const _Bool bools[] = { true, false };
    const cito_value *const values[] = { cito_value(1), NULL };
    const cito_list_str list = { texts, 2 };
    assert_json(cito_array(((cito_list_int){ ints, 2 }), ((cito_list_double){ doubles, 2 }), list, ((cito_list_int64){ longs, 1 }),
                           ((cito_list_bool){ bools, 2 }), ((cito_list_any){ (void *)values, 2 }), &list, ((cito_list_int){ NULL, 0 })),
                "[[1,2],[0.5,1.0],[\"a\",\"b\"],[-9223372036854775808],[true,false],[1,null],[\"a\",\"b\"],[]]");
    const struct cito_dict_str_item dict[] = { { CITO_STR("k"), CITO_STR("v") },
                                               { CITO_STR("l"), CITO_STR("w") },
                                               { CITO_STR("k"), CITO_STR("x") } };
    const struct cito_dict_double_item numbers[] = { { CITO_STR("k"), 2.5 } };
    const struct cito_int_dict_double_item by_number[] = { { -7, 2.5 }, { INT64_MIN, 1 } };
    const struct cito_int_dict_str_item names[] = { { 1, CITO_STR("one") } };
    assert_json(cito_value(((cito_dict_str){ dict, 3 })), "{\"k\":\"x\",\"l\":\"w\"}");
    assert_json(cito_value(((cito_dict_double){ numbers, 1 })), "{\"k\":2.5}");
    assert_json(cito_value(((cito_int_dict_double){ by_number, 2 })), "{\"-7\":2.5,\"-9223372036854775808\":1.0}");
    assert_json(cito_value(((cito_int_dict_str){ names, 1 })), "{\"1\":\"one\"}");
}

static void objects(void **state)
{
    (void)state;
    char key[] = "changes";
    const cito_value *value = cito_object("name", "Foo", "none", NULL, "list", cito_array(1, "x", NULL), key, 1, "name", "Bar");
    key[0] = 'C'; /* the value has its own copy */
    assert_json(value, "{\"name\":\"Bar\",\"none\":null,\"list\":[1,\"x\",null],\"changes\":1}");
    assert_json(cito_object(), "{}");
    assert_json(cito_array(), "[]");
    assert_int_equal(cito_value_count(value), 4);
    assert_null(cito_value_get(value, "none"));
    assert_true(cito_value_has(value, "none"));
    assert_false(cito_value_has(value, "nothing"));
    assert_null(cito_value_get(cito_value_get(value, "list"), "name"));
    assert_string_equal(cito_value_key_at(value, 1).data, "none");
    assert_string_equal(cito_value_key_at(value, 9).data, "");
    assert_int_equal(cito_value_int(cito_value_member_at(value, 3)), 1);
    assert_null(cito_value_member_at(value, 4));
    const cito_value *list = cito_value_get(value, "list");
    assert_int_equal(cito_value_int(cito_value_at(list, 0)), 1);
    assert_int_equal(cito_value_kind_of(cito_value_at(list, 2)), CITO_VALUE_NULL);
    assert_null(cito_value_at(list, 3));
    assert_null(cito_value_at(value, 0));
    assert_true(cito_value_contains(list, CITO_STR("x")));
    assert_false(cito_value_contains(list, CITO_STR("y")));
    assert_false(cito_value_contains(value, CITO_STR("name")));
}

static void merging(void **state)
{
    (void)state;
    assert_json(cito_merge(cito_object("a", 1, "b", 2), cito_object("b", 3, "c", 4)), "{\"a\":1,\"b\":3,\"c\":4}");
    assert_json(cito_merge(NULL, cito_object("a", 1)), "{\"a\":1}");
    assert_json(cito_merge(cito_object("a", 1), NULL), "{\"a\":1}");
    assert_json(cito_merge(NULL, NULL), "{}");
}

static void conversions(void **state)
{
    (void)state;
    const cito_value *numbers = cito_json([1.9, -1.9, 1e300, -1e300, 18446744073709551615, 123456789012345678901234567890, -123456789012345678901234567890, true, "5"]);
    static const int64_t expected[] = { 1, -1, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MAX, INT64_MIN, 0, 0 };
    for (size_t i = 0; i < cito_value_count(numbers); i++)
        assert_true(cito_value_int(cito_value_at(numbers, i)) == expected[i]);
    assert_true(cito_value_double(cito_value_at(numbers, 5)) == 123456789012345678901234567890.0);
    assert_true(cito_value_double(cito_value_at(numbers, 4)) == 18446744073709551615.0);
    assert_true(cito_value_double(cito_value(3)) == 3.0);
    assert_true(cito_value_bool(cito_value_at(numbers, 7)));
    assert_false(cito_value_bool(cito_value(1)));
    assert_string_equal(cito_value_string(cito_value_at(numbers, 8)).data, "5");
    assert_string_equal(cito_value_string(NULL).data, "");
    assert_json(numbers,
                "[1.9,-1.9,1e+300,-1e+300,18446744073709551615,123456789012345678901234567890,-123456789012345678901234567890,true,\"5\"]");
}

static void parsing(void **state)
{
    (void)state;
    lines_logged = 0;
    assert_json(cito_json({ "name" : "Foo", "tags" : [], "o" : { "p" : [ null, 1.5 ] } }),
                            "{\"name\":\"Foo\",\"tags\":[],\"o\":{\"p\":[null,1.5]}}");
    assert_int_equal(lines_logged, 0);
    assert_int_equal(cito_value_kind_of(cito_json_parse("{")), CITO_VALUE_NULL);
    assert_int_equal(cito_value_kind_of(cito_json_parse("\"\xff\"")), CITO_VALUE_NULL);
    assert_int_equal(lines_logged, 2);
    assert_string_equal(cito_json_text(cito_value(__builtin_nan("")), 0).data, "");
    assert_int_equal(lines_logged, 3);
    cito_buffer buffer;
    cito_buffer_init(&buffer);
    cito_buffer_append_literal(&buffer, "kept");
    assert_false(cito_value_write(&buffer, cito_array(1, __builtin_inf())));
    assert_int_equal(buffer.len, 4);
    cito_buffer_finish(&buffer);
}

/* More entries than the reader's room, in one array, one object, and nested. */
static void large(void **state)
{
    (void)state;
    cito_buffer text;
    cito_buffer_init(&text);
    for (int i = 0; i < 3000; i++)
        cito_buffer_append_format(&text, "%s\"key%d\":[%d,{\"x\":%d}]", i ? "," : "{", i % 2500, i, i);
    cito_buffer_append(&text, "}", 2);
    cito_arena arena;
    cito_arena_init(&arena, 0);
    const cito_value *value = cito_value_parse(&arena, (cito_str){ text.data, text.len - 1 }, NULL, NULL);
    assert_int_equal(cito_value_count(value), 2500);
    for (int i = 0; i < 2500; i++) {
        char key[32];
        snprintf(key, sizeof key, "key%d", i);
        assert_string_equal(cito_value_key_at(value, (size_t)i).data, key);
        assert_int_equal(cito_value_int(cito_value_at(cito_value_member_at(value, (size_t)i), 0)), i < 500 ? i + 2500 : i);
    }
    cito_arena_finish(&arena);
    cito_buffer_finish(&text);
}

static void duplicates_around_the_hash(void **state)
{
    (void)state;
    for (int members = 1; members < 300; members += members < 20 ? 1 : 31) {
        cito_buffer text;
        cito_buffer_init(&text);
        for (int i = 0; i < members; i++)
            cito_buffer_append_format(&text, "%s\"%d\":%d", i ? "," : "{", i * 7 % members / 2, i);
        cito_buffer_append(&text, "}", 2);
        const cito_value *value = cito_json_parse(text.data);
        int last[300] = { 0 }, seen = 0;
        bool there[300] = { false };
        for (int i = 0; i < members; i++) {
            int key = i * 7 % members / 2;
            seen += !there[key];
            there[key] = true;
            last[key] = i;
        }
        assert_int_equal(cito_value_count(value), seen);
        for (int key = 0; key < 300; key++)
            if (there[key]) {
                char name[16];
                snprintf(name, sizeof name, "%d", key);
                assert_int_equal(cito_value_int(cito_value_get(value, name)), last[key]);
            }
        cito_buffer_finish(&text);
    }
}

static void indented(void **state)
{
    (void)state;
    const cito_value *value = cito_object("a", cito_array(1, cito_object(), cito_array()), "b", cito_object("c", "d"));
    assert_string_equal(cito_json_text(value, 2).data,
                        "{\n  \"a\": [\n    1,\n    {},\n    []\n  ],\n  \"b\": {\n    \"c\": \"d\"\n  }\n}");
    assert_json(value, "{\"a\":[1,{},[]],\"b\":{\"c\":\"d\"}}");
}

static void too_deep_to_print(void **state)
{
    (void)state;
    const cito_value *value = cito_array();
    for (int i = 1; i < CITO_JSON_DEPTH_MAX; i++)
        value = cito_array(value);
    assert_int_equal(cito_json_text(value, 0).len, 2 * CITO_JSON_DEPTH_MAX);
    lines_logged = 0;
    assert_int_equal(cito_json_text(cito_array(value), 0).len, 0);
    assert_int_equal(lines_logged, 1);
}

static void comparing(void **state)
{
    (void)state;
    static const struct {
        const char *left, *right;
        bool same;
    } cases[] = {
        { "{\"a\":1,\"b\":[2,3]}", " {\"b\" : [2,3], \"a\":1}", true },
        { "{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false },
        { "{\"a\":1}", "{\"a\":1,\"b\":null}", false },
        { "[1,2]", "[2,1]", false },
        { "1", "1.0", true },
        { "1", "true", false },
        { "null", "false", false },
        { "\"1\"", "1", false },
        { "100000000000000000000", "1e20", true },
        { "100000000000000000001", "1e20", false },
        { "9007199254740993", "9007199254740992.0", false },
        { "18446744073709551615", "18446744073709551615", true },
        { "18446744073709551615", "-1", false },
        { "-0", "0.0", true },
        { "0", "-0.0", true },
        { "NaN", "NaN", false },
        { "Infinity", "Infinity", true },
        { "1", "Infinity", false },
        { "\"\\u0041\"", "\"A\"", true },
        { "{\"a\":{\"x\":1,\"y\":2},\"b\":1}", "{\"b\":1,\"a\":{\"y\":2,\"x\":1}}", true },
        { "{\"a\":{\"x\":1,\"y\":2},\"b\":1}", "{\"b\":1,\"a\":{\"y\":2,\"x\":3}}", false },
        { "[", "[", false },
        { "", "", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cito_str left = { cases[i].left, strlen(cases[i].left) };
        if (cito_json_equal(left, cases[i].right) != cases[i].same)
            fail_msg("%s and %s", cases[i].left, cases[i].right);
    }
}

int main(void)
{
    cito_log_redirect(count_line, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars),     cmocka_unit_test(dates),
        cmocka_unit_test(decimals),    cmocka_unit_test(collections),
        cmocka_unit_test(objects),     cmocka_unit_test(merging),
        cmocka_unit_test(conversions), cmocka_unit_test(parsing),
        cmocka_unit_test(large),       cmocka_unit_test(duplicates_around_the_hash),
        cmocka_unit_test(indented),    cmocka_unit_test(too_deep_to_print),
        cmocka_unit_test(comparing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
