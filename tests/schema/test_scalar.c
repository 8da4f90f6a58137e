/* UUIDs and decimals from texts: values and reasons measured on pydantic 2.13. */
#include "json/value.h"
#include "schema/decode.h"
#include "schema/encode.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A text, and what it becomes or the reason why it does not (the error's type where it has no reason). */
typedef struct text_case {
    const char *text, *value, *reason;
} text_case;

static bool run_case(const cito_type *type, const text_case *row)
{
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_errors errors;
    cito_errors_init(&errors, &arena);
    cito_str text = { row->text, strlen(row->text) };
    char into[64] __attribute__((aligned(16)));
    cito_buffer out;
    cito_buffer_init(&out);
    cito_str got;
    bool is_value = cito_decode_texts(&text, 1, type, NULL, NULL, into, &arena, &errors);
    if (is_value) {
        cito_encode(type, into, NULL, &out);
        got = cito_value_string(cito_value_parse(&arena, cito_arena_copy_str(&arena, out.data, out.len), NULL, NULL));
    } else {
        const cito_value *ctx = errors.items[0].ctx, *reason = cito_value_get(ctx, "error");
        reason = reason ? reason : cito_value_get(ctx, "reason");
        got = reason ? cito_value_string(reason) : (cito_str){ errors.items[0].type, strlen(errors.items[0].type) };
    }
    const char *wanted = is_value ? row->value : row->reason;
    bool is_same = wanted && cito_str_equal(got, wanted);
    if (!is_same)
        print_error("\"%s\": got %s \"%s\", not \"%s\"\n", row->text, is_value ? "the value" : "the error", got.data,
                    row->value ? row->value : row->reason);
    cito_buffer_finish(&out);
    cito_arena_finish(&arena);
    return is_same;
}

static void run_cases(const cito_type *type, const text_case *rows, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++)
        failed += !run_case(type, &rows[i]);
    assert_int_equal(failed, 0);
}

static const text_case uuids[] = {
    { "12345678-1234-5678-1234-5678123456789", NULL, "invalid group length in group 4: expected 12, found 13" },
    { "1234567812345678123456781234567", NULL, "invalid length: expected length 32 for simple format, found 31" },
    { "123456781234567812345678123456789", NULL, "invalid length: expected length 32 for simple format, found 33" },
    { "1234567812345678123456781234567g", NULL, "invalid character: found `g` at 32" },
    { "{12345678-1234-5678-1234-567812345678", NULL, "invalid character: found `{` at 1" },
    { "12345678-1234-5678-12345678-12345678", NULL, "invalid group length in group 3: expected 4, found 8" },
    { "12345678-1234-5678-1234567812345678", NULL, "invalid group count: expected 5, found 4" },
    { "urn:uuid:1", NULL, "invalid group count: expected 5, found 1" },
    { "{12345678123456781234567812345678}", NULL, "invalid group count: expected 5, found 1" },
    { "\xC3\xA9", NULL, "invalid character: found `\xC3\xA9` at 1" },
    { "12345678-1234-5678-1234-567812345\xC3\xA9"
      "78",
      NULL, "invalid character: found `\xC3\xA9` at 34" },
    { "-", NULL, "invalid group count: expected 5, found 2" },
    { "1-2", NULL, "invalid group count: expected 5, found 2" },
    { "a", NULL, "invalid length: expected length 32 for simple format, found 1" },
    { "12345678-12345678-1234-1234-567812345678", NULL, "invalid group length in group 1: expected 4, found 8" },
    { "1-2-3-4-5-6", NULL, "invalid group count: expected 5, found 6" },
    { "URN:UUID:12345678-1234-5678-1234-567812345678", NULL, "invalid character: found `U` at 1" },
    { "{12345678-1234-5678-1234-567812345678}x", NULL, "invalid character: found `{` at 1" },
};

static const text_case decimals[] = {
    { "1e400", "1E+400", NULL },
    { "1E+400", "1E+400", NULL },
    { "-0", "-0", NULL },
    { "-0.00", "-0.00", NULL },
    { "00.10", "0.10", NULL },
    { "1__0", "10", NULL },
    { "_1", "1", NULL },
    { "1_", "1", NULL },
    { "0e5", "0E+5", NULL },
    { "0.000001", "0.000001", NULL },
    { "0.0000001", "1E-7", NULL },
    { "1e-7", "1E-7", NULL },
    { "123e-10", "1.23E-8", NULL },
    { ".5", "0.5", NULL },
    { "5.", "5", NULL },
    { "+5", "5", NULL },
    { "1e", NULL, "decimal_parsing" },
    { "e5", NULL, "decimal_parsing" },
    { "1 2", NULL, "decimal_parsing" },
    { "sNaN", NULL, "finite_number" },
    { "-inf", NULL, "finite_number" },
    { "nan12", NULL, "finite_number" },
    { "1e99999999999999999999", NULL, "decimal_parsing" },
    { "1e999999999999999999", "1E+999999999999999999", NULL },
    { "1e1000000000000000000", NULL, "decimal_parsing" },
};

static void test_uuids(void **state)
{
    (void)state;
    run_cases(cito_t_uuid, uuids, sizeof uuids / sizeof *uuids);
}

static void test_decimals(void **state)
{
    (void)state;
    run_cases(cito_t_decimal, decimals, sizeof decimals / sizeof *decimals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uuids),
        cmocka_unit_test(test_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
