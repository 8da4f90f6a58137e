/* The reader: a table of texts with what CPython says of them (read by the value reader, by skipping, and cut out of longer memory), walking, strings,
 * depth, offsets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "json/value.h"
#include <cmocka.h>

typedef struct table_row {
    cito_str text;
    bool ok;
    size_t offset;
    char *expected; /* the error, or the compact text */
} table_row;

static size_t from_hex(const char *hex, size_t hex_len, char *out)
{
    for (size_t i = 0; i < hex_len / 2; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (char)byte;
    }
    out[hex_len / 2] = 0;
    return hex_len / 2;
}

/* Each text lies in memory of exactly its size, so that the sanitizers see a byte read too far. */
static bool read_row(FILE *file, table_row *out)
{
    static char line[4096];
    if (!fgets(line, sizeof line, file))
        return false;
    line[strcspn(line, "\n")] = 0;
    char *first = strchr(line, '\t'), *second = strchr(first + 1, '\t');
    size_t hex_len = (size_t)(first - line);
    char *text = malloc(hex_len / 2 + 1);
    assert_non_null(text);
    out->text = (cito_str){ text, from_hex(line, hex_len, text) };
    out->ok = strncmp(first + 1, "ok\t", 3) == 0;
    out->offset = out->ok ? 0 : (size_t)atol(first + 1);
    out->expected = malloc(strlen(second + 1) + 1);
    assert_non_null(out->expected);
    if (out->ok)
        from_hex(second + 1, strlen(second + 1), out->expected);
    else
        strcpy(out->expected, second + 1);
    return true;
}

static void check_error(const table_row *row, const cito_json_reader *reader)
{
    if (!reader->error)
        fail_msg("no error for %s, but: %s", row->text.data, row->expected);
    if (strcmp(reader->error, row->expected) != 0 || cito_json_error_offset(reader) != row->offset)
        fail_msg("%s: %s at %zu, but: %s at %zu", row->text.data, reader->error, cito_json_error_offset(reader), row->expected,
                 row->offset);
}

static void check_row(const table_row *row)
{
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_json_reader reader, skipper;
    cito_json_reader_init(&reader, row->text, &arena, 0);
    cito_json_reader_init(&skipper, row->text, &arena, 0);
    const cito_value *value = cito_value_read(&reader);
    bool read = value && cito_json_at_end(&reader);
    cito_str raw;
    bool skipped = cito_json_skip(&skipper, &raw) && cito_json_at_end(&skipper);
    if (row->ok) {
        if (!read || !skipped)
            fail_msg("%s: %s", row->text.data, reader.error ? reader.error : skipper.error);
        cito_buffer buffer;
        cito_buffer_init(&buffer);
        if (cito_value_write(&buffer, value)) { /* not NaN and the infinities */
            *cito_buffer_reserve(&buffer, 1) = 0;
            assert_string_equal(buffer.data, row->expected);
        } else {
            assert_true(strstr(row->expected, "NaN") || strstr(row->expected, "Infinity"));
        }
        cito_buffer_finish(&buffer);
    } else {
        assert_false(read);
        assert_false(skipped);
        check_error(row, &reader);
        check_error(row, &skipper);
        assert_int_equal(cito_json_peek(&reader), CITO_JSON_ERROR);
        assert_false(cito_json_at_end(&reader));
        check_error(row, &reader);
    }
    cito_arena_finish(&arena);
}

static void what_cpython_says(void **state)
{
    (void)state;
    FILE *file = fopen("tests/json/json_errors.txt", "r");
    assert_non_null(file);
    table_row row;
    size_t rows = 0;
    for (; read_row(file, &row); rows++) {
        check_row(&row);
        free((void *)row.text.data);
        free(row.expected);
    }
    fclose(file);
    assert_true(rows > 2000);
}

static void byte_order_mark(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    const char *error;
    size_t offset;
    assert_non_null(cito_value_parse(&arena, CITO_STR("\xEF\xBB\xBF{\"a\":1}"), &error, &offset));
    assert_null(error);
    assert_null(cito_value_parse(&arena, CITO_STR("\xEF\xBB\xBF[x]"), &error, &offset));
    assert_string_equal(error, "Expecting value");
    assert_int_equal(cito_value_parse(&arena, (cito_str){ NULL, 0 }, &error, NULL) == NULL && strcmp(error, "Expecting value") == 0, 1);
    assert_int_equal(offset, 1); /* json.loads of bytes counts behind the mark */
    cito_arena_finish(&arena);
}

static void walking(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_json_reader reader;
    cito_str text = CITO_STR("{\"a\":1,\"bc\":[true, null ,false],\"d\\u0065\":\"x\\ty\",\"empty\":{}, \"n\" : "
                             "-2.5e1,\"big\":1234567890123456789,\"zero\":01}"),
             key, out, raw;
    int64_t number;
    bool is_integer;
    cito_json_reader_init(&reader, text, &arena, 0);
    assert_int_equal(cito_json_peek(&reader), CITO_JSON_OBJECT);
    assert_true(cito_json_enter_object(&reader));
    assert_true(cito_json_next_key(&reader, &key));
    assert_int_equal(key.len, 1);
    assert_ptr_equal(key.data, text.data + 2); /* a slice of the text */
    assert_true(cito_json_read_short_int(&reader, &number));
    assert_int_equal(number, 1);
    assert_true(cito_json_next_key(&reader, &key));
    assert_memory_equal(key.data, "bc", 2);
    assert_true(cito_json_enter_array(&reader));
    assert_int_equal(reader.depth, 2);
    assert_true(cito_json_next_element(&reader) && cito_json_read_true(&reader));
    assert_true(cito_json_next_element(&reader) && cito_json_read_null(&reader));
    assert_true(cito_json_next_element(&reader) && cito_json_read_false(&reader));
    assert_false(cito_json_next_element(&reader));
    assert_null(reader.error);
    assert_true(cito_json_next_key(&reader, &key));
    assert_string_equal(key.data, "de"); /* unescaped in the arena */
    assert_int_equal(cito_json_peek(&reader), CITO_JSON_STRING);
    assert_true(cito_json_read_string(&reader, &out));
    assert_string_equal(out.data, "x\ty");
    assert_true(cito_json_next_key(&reader, &key));
    assert_true(cito_json_enter_object(&reader));
    assert_false(cito_json_next_key(&reader, &key));
    assert_true(cito_json_next_key(&reader, &key));
    assert_false(cito_json_read_short_int(&reader, &number));
    assert_true(cito_json_read_number(&reader, &out, &is_integer));
    assert_false(is_integer);
    assert_memory_equal(out.data, "-2.5e1", 6);
    assert_true(cito_json_next_key(&reader, &key));
    assert_false(cito_json_read_short_int(&reader, &number)); /* 19 digits */
    assert_true(cito_json_skip(&reader, &raw));
    assert_int_equal(raw.len, 19);
    assert_true(cito_json_next_key(&reader, &key));
    assert_false(cito_json_read_short_int(&reader, &number));
    assert_true(cito_json_read_number(&reader, &out, &is_integer));
    assert_int_equal(out.len, 1); /* the 0; then comes what CPython finds wrong */
    assert_false(cito_json_next_key(&reader, &key));
    assert_string_equal(reader.error, "Expecting ',' delimiter");
    cito_arena_finish(&arena);
}

static void escapes(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text;
    } cases[] = {
        { "\"\"", "" },
        { "\"\\u00e9\\u20ac\\ud83d\\ude00\"", "\u00e9\u20ac\U0001f600" },
        { "\"\\ud83d\"", "\uFFFD" },
        { "\"\\ude00x\"", "\uFFFDx" },
        { "\"\\ud83d\\ud83d\\ude00\"", "\uFFFD\U0001f600" },
        { "\"\\ud83d\\u0041\"", "\uFFFDA" },
        { "\"0123456789abcdef\\n0123456789abcdef\\\"\"", "0123456789abcdef\n0123456789abcdef\"" },
    };
    cito_arena arena;
    cito_arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cito_json_reader reader;
        cito_str out;
        cito_json_reader_init(&reader, (cito_str){ cases[i].json, strlen(cases[i].json) }, &arena, 0);
        assert_true(cito_json_read_string(&reader, &out));
        assert_int_equal(out.len, strlen(cases[i].text));
        assert_string_equal(out.data, cases[i].text);
        assert_true(cito_utf8_is_valid(out.data, out.len));
    }
    cito_arena_finish(&arena);
}

/* A closing quote, an escape, a control character and the end at every place of and around a vector. */
static void strings_of_every_length(void **state)
{
    (void)state;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    for (size_t len = 0; len < 70; len++)
        for (size_t special = 0; special < len; special++) {
            char *text = malloc(len + 4);
            assert_non_null(text);
            memset(text, 'x', len + 2);
            text[0] = text[len + 1] = '"';
            text[len + 2] = 0;
            cito_json_reader reader;
            cito_str out;
            cito_json_reader_init(&reader, (cito_str){ text, len + 2 }, &arena, 0);
            assert_true(cito_json_read_string(&reader, &out));
            assert_int_equal(out.len, len);
            text[special + 1] = '\n';
            cito_json_reader_init(&reader, (cito_str){ text, len + 2 }, &arena, 0);
            assert_false(cito_json_read_string(&reader, &out));
            assert_string_equal(reader.error, "Invalid control character at");
            assert_int_equal(cito_json_error_offset(&reader), special + 1);
            text[special + 1] = '"';
            cito_json_reader_init(&reader, (cito_str){ text, len + 2 }, &arena, 0);
            assert_true(cito_json_read_string(&reader, &out));
            assert_int_equal(out.len, special);
            assert_ptr_equal(reader.at, text + special + 2);
            free(text);
        }
    cito_arena_finish(&arena);
}

static void deep(char opening, char closing, size_t depth, int limit, bool fits)
{
    size_t key = opening == '{' ? 4 : 0; /* "": before each inner one */
    char *text = calloc(1, depth * (2 + key) + 8);
    assert_non_null(text);
    size_t len = 0;
    for (size_t i = 0; i < depth; i++) {
        text[len++] = opening;
        if (key && i + 1 < depth) {
            memcpy(text + len, "\"k\":", 4);
            len += 4;
        }
    }
    memset(text + len, closing, depth);
    len += depth;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_json_reader reader, skipper;
    cito_str raw;
    cito_json_reader_init(&reader, (cito_str){ text, len }, &arena, limit);
    cito_json_reader_init(&skipper, (cito_str){ text, len }, &arena, limit);
    const cito_value *value = cito_value_read(&reader);
    assert_int_equal(value != NULL, fits);
    assert_int_equal(cito_json_skip(&skipper, &raw), fits);
    if (!fits) {
        assert_string_equal(reader.error, "Too deeply nested");
        assert_string_equal(skipper.error, "Too deeply nested");
        assert_int_equal(cito_json_error_offset(&reader), cito_json_error_offset(&skipper));
    }
    cito_arena_finish(&arena);
    free(text);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    deep('[', ']', 200, 0, true);
    deep('[', ']', 201, 0, false);
    deep('{', '}', 200, 0, true);
    deep('{', '}', 201, 0, false);
    deep('[', ']', 1024, 1000000, true);
    deep('[', ']', 1025, 1000000, false);
    deep('{', '}', 1024, 1000000, true);
    deep('[', ']', 100000, 1000000, false);
    deep('[', ']', 2, 1, false);
}

static void a_full_arena_is_an_error(void **state)
{
    (void)state;
    static const char *const texts[] = { "[\"0123456789012345678901234567890123456789012345678901234567890123456789\"]",
                                         "{\"\\u0041bcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\":1}",
                                         "[1,2,3,4,5,6,7,8,9]",
                                         "{\"a\":{}}",
                                         "[1.5,2.5,3.5]",
                                         "[12345678901234567890123456789012345678901234567890]" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cito_arena arena;
        cito_arena_init(&arena, 48);
        const char *error = NULL;
        assert_null(cito_value_parse(&arena, (cito_str){ texts[i], strlen(texts[i]) }, &error, NULL));
        assert_string_equal(error, "Too large for the memory of a request");
        cito_arena_finish(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cpython_says),
        cmocka_unit_test(byte_order_mark),
        cmocka_unit_test(walking),
        cmocka_unit_test(escapes),
        cmocka_unit_test(strings_of_every_length),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(a_full_arena_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
