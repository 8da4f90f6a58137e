/* Cases of scalars from texts: each a text and the value it becomes, or the reason why it is none. For test_datetime, test_email, test_scalar, test_url. */
#pragma once
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
