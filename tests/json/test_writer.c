/* The writer: escapes at every place of and around a vector, numbers, and that it keeps to its slack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/writer.h"
#include <cmocka.h>

static cito_buffer buffer;

static const char *written(cito_str text)
{
    buffer.len = 0;
    cito_json_write_string(&buffer, text);
    *cito_buffer_reserve(&buffer, 1) = 0;
    return buffer.data;
}

static void escapes(void **state)
{
    (void)state;
    assert_string_equal(written(CITO_STR("")), "\"\"");
    assert_string_equal(written((cito_str){ NULL, 0 }), "\"\"");
    assert_string_equal(written(CITO_STR("a\"b\\c/d")), "\"a\\\"b\\\\c/d\"");
    assert_string_equal(written(CITO_STR("\b\f\n\r\t")), "\"\\b\\f\\n\\r\\t\"");
    assert_string_equal(written(CITO_STR("\0\x01\x0b\x1a\x1f\x7f")), "\"\\u0000\\u0001\\u000b\\u001a\\u001f\x7f\"");
    assert_string_equal(written(CITO_STR("\u00e9\u20ac\U0001f600\u2028")), "\"\u00e9\u20ac\U0001f600\u2028\"");
}

/* A plain and slow writer to compare with. */
static size_t expected_text(const char *data, size_t len, char *out)
{
    char *at = out;
    *at++ = '"';
    for (size_t i = 0; i < len; i++)
        if (data[i] == '\n')
            at += sprintf(at, "\\n");
        else if (data[i] == '\x01')
            at += sprintf(at, "\\u0001");
        else
            *at++ = data[i];
    *at++ = '"';
    return (size_t)(at - out);
}

static void escapes_at_every_place(void **state)
{
    (void)state;
    char expected[1000];
    for (size_t len = 1; len < 70; len++)
        for (size_t first = 0; first < len; first++)
            for (size_t step = 1; step < 40; step += 6) {
                char *text = malloc(len); /* no NUL behind it: no byte may be read there */
                assert_non_null(text);
                memset(text, 'x', len);
                for (size_t place = first; place < len; place += step)
                    text[place] = step % 4 == 1 ? '\n' : '\x01';
                size_t expected_len = expected_text(text, len, expected);
                cito_buffer fresh; /* grows as it must */
                cito_buffer_init(&fresh);
                cito_json_write_string(&fresh, (cito_str){ text, len });
                assert_int_equal(fresh.len, expected_len);
                assert_memory_equal(fresh.data, expected, expected_len);
                cito_buffer_finish(&fresh);
                /* A buffer of the length and the slack stays the one it is. */
                cito_buffer exact = { .data = malloc(expected_len + CITO_JSON_WRITE_SLACK),
                                      .capacity = expected_len + CITO_JSON_WRITE_SLACK };
                char *before = exact.data;
                cito_json_write_string(&exact, (cito_str){ text, len });
                assert_ptr_equal(exact.data, before);
                assert_memory_equal(exact.data, expected, expected_len);
                free(exact.data);
                free(text);
            }
}

static void numbers(void **state)
{
    (void)state;
    buffer.len = 0;
    cito_json_write_int(&buffer, INT64_MIN);
    cito_buffer_append_char(&buffer, ' ');
    cito_json_write_uint(&buffer, UINT64_MAX);
    cito_buffer_append_char(&buffer, ' ');
    cito_json_write_double(&buffer, 1e-7);
    cito_buffer_append_char(&buffer, ' ');
    cito_json_write_double(&buffer, __builtin_nan(""));
    cito_buffer_append_char(&buffer, ' ');
    cito_json_write_double(&buffer, -__builtin_inf());
    *cito_buffer_reserve(&buffer, 1) = 0;
    assert_string_equal(buffer.data, "-9223372036854775808 18446744073709551615 1e-7 null null");
}

static int start(void **state)
{
    (void)state;
    cito_buffer_init(&buffer);
    return 0;
}

static int end(void **state)
{
    (void)state;
    cito_buffer_finish(&buffer);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes),
        cmocka_unit_test(escapes_at_every_place),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, start, end);
}
