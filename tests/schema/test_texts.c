/* Values from texts: scalars, lists, files, and models of parameters with their collected input. */
#include "schema/decode.h"
#include <cito/model.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

CITO_MODEL(Filter, (int, limit, default(100), gt(0)), (str, order_by), (list(str), tags, default([])), (opt(int), page));
CITO_MODEL(Narrow, (opt(int), page));
CITO_MODEL_CONFIG(Narrow, .extra = CITO_EXTRA_FORBID);
CITO_MODEL(Form, (str, name, default("none")), (file, picture), (opt(file), more), (bytes, raw));

typedef struct name_text {
    const char *name, *text;
} name_text;
typedef struct text_fixture {
    const name_text *rows;
    size_t count;
    cito_str found[8];
} text_fixture;
static const cito_upload upload = { .filename = { "a.png", 5 }, .content_type = { "image/png", 9 }, .size = 3, .data = "abc" };

static cito_str text_of(const name_text *row)
{
    if (row->text[0] == '<')
        return (cito_str){ (const char *)&upload, CITO_TEXT_IS_UPLOAD };
    return (cito_str){ row->text, strlen(row->text) };
}

static size_t find(void *data, cito_str name, const cito_str **out_texts)
{
    text_fixture *source = data;
    size_t count = 0;
    for (size_t i = 0; i < source->count; i++)
        if (cito_str_equal(name, source->rows[i].name))
            source->found[count++] = text_of(&source->rows[i]);
    *out_texts = source->found;
    return count;
}

static bool at(void *data, size_t index, cito_str *out_name, cito_str *out_text)
{
    text_fixture *source = data;
    if (index >= source->count)
        return false;
    *out_name = (cito_str){ source->rows[index].name, strlen(source->rows[index].name) };
    *out_text = text_of(&source->rows[index]);
    return true;
}

static bool decode(cito_arena *arena, text_fixture *fixture, bool is_form, bool is_header, const cito_type *type, void *into,
                   const char *expected)
{
    cito_errors errors;
    cito_errors_init(&errors, arena);
    cito_text_source source = { .find = find, .at = at, .data = fixture, .empty_is_absent = is_form, .header_names = is_header };
    cito_loc query = { .name = CITO_STR("query") };
    bool is_good = cito_decode_model_texts(&source, type, &query, into, arena, &errors);
    cito_buffer out;
    cito_buffer_init(&out);
    cito_errors_write(&errors, &out);
    *cito_buffer_reserve(&out, 1) = '\0';
    if (expected)
        assert_string_equal(out.data, expected);
    cito_buffer_finish(&out);
    return is_good;
}

static void test_query_model(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    static const name_text rows[] = { { "tags", "a" }, { "limit", "5" }, { "order_by", "x" }, { "tags", "b" }, { "limit", " 7 " } };
    text_fixture fixture = { rows, 5, { { 0 } } };
    Filter filter;
    assert_true(decode(&arena, &fixture, false, false, cito_t_Filter, &filter, NULL));
    assert_int_equal(filter.limit, 7);
    assert_int_equal(filter.tags.count, 2);
    assert_string_equal(filter.tags.items[1].data, "b");
    assert_null(filter.page);
    assert_int_equal(filter.fields_set, 1 | 2 | 4);
    cito_arena_finish(&arena);
}

static void test_missing_shows_what_came(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    static const name_text rows[] = { { "zoo", "1" }, { "page", "x" }, { "zoo", "2" }, { "one", "\"" } };
    text_fixture fixture = { rows, 4, { { 0 } } };
    Filter filter;
    assert_false(decode(
        &arena, &fixture, false, false, cito_t_Filter, &filter,
        "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"query\",\"order_by\"],\"msg\":\"Field "
        "required\",\"input\":{\"limit\":100,\"tags\":[],"
        "\"page\":\"x\",\"zoo\":[\"1\",\"2\"],\"one\":\"\\\"\"}},"
        "{\"type\":\"int_parsing\",\"loc\":[\"query\",\"page\"],\"msg\":\"Input should be a valid integer, unable to parse string as an "
        "integer\",\"input\":\"x\"}]}"));
    cito_arena_finish(&arena);
}

static void test_header_names(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    static const name_text rows[] = { { "order-by", "x" } };
    text_fixture fixture = { rows, 1, { { 0 } } };
    Filter filter;
    assert_true(decode(&arena, &fixture, false, true, cito_t_Filter, &filter, NULL));
    assert_string_equal(filter.order_by.data, "x");
    cito_arena_finish(&arena);
}

static void test_extra(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    static const name_text rows[] = { { "x", "1" }, { "page", "2" }, { "x", "3" } };
    text_fixture fixture = { rows, 3, { { 0 } } };
    Narrow narrow;
    assert_false(decode(&arena, &fixture, false, false, cito_t_Narrow, &narrow,
                        "{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"query\",\"x\"],\"msg\":\"Extra inputs are not "
                        "permitted\",\"input\":[\"1\",\"3\"]}]}"));
    cito_arena_finish(&arena);
}

static void test_form_with_files(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    static const name_text rows[] = { { "name", "" }, { "picture", "<" }, { "raw", "<" } };
    text_fixture good = { rows, 3, { { 0 } } };
    Form form;
    assert_true(decode(&arena, &good, true, false, cito_t_Form, &form, NULL));
    assert_string_equal(form.name.data, "none");
    assert_ptr_equal(form.picture, &upload);
    assert_null(form.more);
    assert_int_equal(form.raw.len, 3);
    static const name_text wrong[] = { { "name", "<" }, { "picture", "text" }, { "raw", "" } };
    text_fixture bad = { wrong, 3, { { 0 } } };
    assert_false(decode(&arena, &bad, true, false, cito_t_Form, &form,
                        "{\"detail\":[{\"type\":\"string_type\",\"loc\":[\"query\",\"name\"],\"msg\":\"Input should be a valid "
                        "string\",\"input\":{\"filename\":\"a.png\","
                        "\"size\":3,\"content_type\":\"image/png\"}},"
                        "{\"type\":\"value_error\",\"loc\":[\"query\",\"picture\"],\"msg\":\"Value error, Expected UploadFile, received: "
                        "<class 'str'>\",\"input\":\"text\","
                        "\"ctx\":{\"error\":{}}},"
                        "{\"type\":\"missing\",\"loc\":[\"query\",\"raw\"],\"msg\":\"Field "
                        "required\",\"input\":{\"name\":{\"filename\":\"a.png\",\"size\":3,"
                        "\"content_type\":\"image/png\"},\"picture\":\"text\"}}]}"));
    cito_arena_finish(&arena);
}

static void test_lists(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    const cito_str texts[] = { CITO_STR("1"), CITO_STR("x"), CITO_STR("1") };
    cito_errors errors;
    cito_errors_init(&errors, &arena);
    cito_list_int list;
    assert_false(cito_decode_texts(texts, 3, cito_t_list(int), NULL, NULL, &list, &arena, &errors));
    assert_int_equal(errors.count, 1);
    cito_field field = { .name = "l", .has_max_length = true, .max_length = 1 };
    assert_false(cito_decode_texts(texts, 2, cito_t_list(str), &field, NULL, &list, &arena, &errors));
    assert_string_equal(errors.items[1].msg.data, "List should have at most 1 item after validation, not 2");
    cito_list_str set;
    assert_true(cito_decode_texts(texts, 3, cito_t_set(str), NULL, NULL, &set, &arena, &errors));
    assert_int_equal(set.count, 2);
    const cito_list_int *optional;
    assert_true(cito_decode_texts(texts, 1, cito_t_opt(list(int)), NULL, NULL, &optional, &arena, &errors));
    assert_int_equal(optional->items[0], 1);
    int number;
    assert_true(cito_decode_texts(texts, 3, cito_t_int, NULL, NULL, &number, &arena, &errors));
    cito_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_query_model),     cmocka_unit_test(test_missing_shows_what_came),
                                        cmocka_unit_test(test_header_names),    cmocka_unit_test(test_extra),
                                        cmocka_unit_test(test_form_with_files), cmocka_unit_test(test_lists) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
