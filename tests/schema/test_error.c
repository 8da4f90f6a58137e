/* Validation errors: messages made of templates, order of keys, inputs written anew, errors as a value. */
#include "json/value.h"
#include "schema/coerce.h"
#include "schema/error.h"
#include "schema/error_type.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect_written(const cito_errors *errors, const char *text)
{
    cito_buffer out;
    cito_buffer_init(&out);
    cito_errors_write(errors, &out);
    *cito_buffer_reserve(&out, 1) = '\0';
    assert_string_equal(out.data, text);
    cito_buffer_finish(&out);
}

static const cito_value *ctx(cito_arena *arena, const char *name, const cito_value *value)
{
    return cito_ctx_object(arena, 1, &name, &value);
}

static void test_inputs(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_errors errors;
    cito_errors_init(&errors, &arena);
    cito_loc outer = { .name = CITO_STR("body") }, inner = { .outer = &outer, .index = 3 };
    cito_errors_add(&errors, "missing", &inner, (cito_input){ .kind = CITO_INPUT_NULL }, NULL);
    cito_errors_add(&errors, "int_type", &outer, (cito_input){ .kind = CITO_INPUT_TEXT, .text = CITO_STR("a\"b") }, NULL);
    cito_errors_add(&errors, "int_type", NULL,
                    (cito_input){ .kind = CITO_INPUT_JSON, .text = CITO_STR("{ \"a\" : 1e-7, \"a\":[1.0 , NaN]}") }, NULL);
    cito_errors_add(&errors, "int_type", NULL, (cito_input){ .kind = CITO_INPUT_VALUE, .value = cito_ctx_int(&arena, 5) }, NULL);
    expect_written(&errors, "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",3],\"msg\":\"Field required\",\"input\":null},"
                            "{\"type\":\"int_type\",\"loc\":[\"body\"],\"msg\":\"Input should be a valid integer\",\"input\":\"a\\\"b\"},"
                            "{\"type\":\"int_type\",\"loc\":[],\"msg\":\"Input should be a valid integer\",\"input\":null},"
                            "{\"type\":\"int_type\",\"loc\":[],\"msg\":\"Input should be a valid integer\",\"input\":5}]}");
    const cito_value *list = cito_errors_value(&errors);
    assert_int_equal(list->count, 4);
    assert_int_equal(cito_value_get(list->as.elements[3], "input")->as.integer, 5);
    cito_arena_finish(&arena);
}

static void test_messages(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_errors errors;
    cito_errors_init(&errors, &arena);
    cito_input none = { .kind = CITO_INPUT_NULL };
    cito_errors_add(&errors, "string_too_short", NULL, none, ctx(&arena, "min_length", cito_ctx_int(&arena, 1)));
    cito_errors_add(&errors, "string_too_short", NULL, none, ctx(&arena, "min_length", cito_ctx_int(&arena, 0)));
    cito_errors_add(&errors, "greater_than", NULL, none, ctx(&arena, "gt", cito_ctx_double(&arena, 1e22)));
    cito_errors_add(&errors, "greater_than", NULL, none, ctx(&arena, "gt", cito_ctx_double(&arena, -1.25e-7)));
    cito_errors_add(&errors, "greater_than", NULL, none, ctx(&arena, "gt", cito_ctx_double(&arena, 10)));
    cito_errors_add(&errors, "value_error", NULL, none, ctx(&arena, "error", cito_ctx_text(&arena, CITO_STR("it is {odd}"))));
    cito_errors_add(&errors, "value_error", NULL, none, ctx(&arena, "reason", cito_ctx_text(&arena, CITO_STR("No."))));
    cito_errors_add(&errors, "json_invalid", NULL, none, ctx(&arena, "error", cito_ctx_text(&arena, CITO_STR("Expecting value"))));
    static const char *const messages[] = { "String should have at least 1 character",
                                            "String should have at least 0 characters",
                                            "Input should be greater than 10000000000000000000000",
                                            "Input should be greater than -0.000000125",
                                            "Input should be greater than 10",
                                            "Value error, it is {odd}",
                                            "value is not a valid email address: No.",
                                            "JSON decode error" };
    assert_int_equal(errors.count, sizeof messages / sizeof *messages);
    for (size_t i = 0; i < errors.count; i++)
        assert_string_equal(errors.items[i].msg.data, messages[i]);
    assert_int_equal(cito_value_get(errors.items[5].ctx, "error")->kind, CITO_VALUE_OBJECT);
    assert_string_equal(cito_value_string(cito_value_get(errors.items[6].ctx, "reason")).data, "No.");
    cito_arena_finish(&arena);
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < cito_error_type_count(); i++) {
        assert_ptr_equal(cito_error_type_find(cito_error_type_at(i)->name), cito_error_type_at(i));
        if (i)
            assert_true(strcmp(cito_error_type_at(i - 1)->name, cito_error_type_at(i)->name) < 0);
    }
    assert_null(cito_error_type_find("no_such_type"));
}

static void test_full_arena(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 20000);
    cito_errors errors;
    cito_errors_init(&errors, &arena);
    for (int i = 0; i < 10000; i++)
        cito_errors_add(&errors, "int_type", NULL, (cito_input){ .kind = CITO_INPUT_NULL }, NULL);
    assert_true(arena.overflowed);
    assert_true(errors.count > 0 && errors.count < 10000);
    cito_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_inputs), cmocka_unit_test(test_messages), cmocka_unit_test(test_table),
                                        cmocka_unit_test(test_full_arena) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
