/* JSON text of a program: read, printed, compared.
 *
 * Invariant: cito_alloc may raise past this frame, so nothing that must be freed is held while it is called. Hence reading and printing go twice: once to
 * learn the size, once into the memory of that size. Threading: no state. */
#include "base/log.h"
#include "base/utf8.h"
#include "json/value.h"
#include "json/writer.h"
#include <cito/call.h>

const cito_value *cito_json_parse(const char *text)
{
    cito_str whole = { text, strlen(text) };
    const char *error = NULL;
    size_t offset = 0;
    cito_arena measure;
    cito_arena_init(&measure, 0);
    size_t valid = cito_utf8_valid_prefix(text, whole.len);
    bool readable = valid == whole.len && cito_value_parse(&measure, whole, &error, &offset);
    size_t size = cito_arena_used(&measure);
    cito_arena_finish(&measure);
    if (!readable) {
        if (valid < whole.len)
            cito_log_write(CITO_LOG_ERROR,
                           "cito_json_parse: byte %zu of the text is no UTF-8; write it as \\u escapes or as UTF-8. The value is null.",
                           valid);
        else
            cito_log_write(CITO_LOG_ERROR, "cito_json_parse: %s at character %zu of %.60s; mend the text. The value is null.", error,
                           offset, text);
        return cito_value_null;
    }
    char *room = cito_alloc(size + 16);
    cito_arena exact = { .next = room, .end = room + size + 16, .limit = 1 }; /* the limit: it takes no block of its own */
    const cito_value *value = cito_value_parse(&exact, whole, NULL, NULL);
    if (!value)
        cito_abort("a JSON text took more memory when it was read again");
    return value;
}

cito_str cito_json_text(const cito_value *value, int indent)
{
    cito_buffer measure;
    cito_buffer_init(&measure);
    bool writable = cito_value_write_indented(&measure, value, indent);
    size_t size = measure.len;
    cito_buffer_finish(&measure);
    if (!writable) {
        cito_log_write(
            CITO_LOG_ERROR,
            "cito_json_text: the value holds NaN or an infinity, which JSON cannot say, or is nested over %d deep; the text is empty.",
            CITO_JSON_DEPTH_MAX);
        return CITO_STR("");
    }
    cito_buffer exact = { .data = cito_alloc(size + CITO_JSON_WRITE_SLACK), .capacity = size + CITO_JSON_WRITE_SLACK };
    cito_value_write_indented(&exact, value, indent);
    exact.data[size] = 0;
    return (cito_str){ exact.data, size };
}

bool cito_json_equal(cito_str left, const char *json)
{
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_str right = { json, strlen(json) };
    const cito_value *left_value = NULL, *right_value = NULL;
    if (cito_utf8_is_valid(left.data, left.len) && cito_utf8_is_valid(right.data, right.len)) {
        left_value = cito_value_parse(&arena, left.len ? left : CITO_STR(""), NULL, NULL);
        right_value = cito_value_parse(&arena, right, NULL, NULL);
    }
    bool same = left_value && right_value && cito_value_equal(left_value, right_value);
    cito_arena_finish(&arena);
    return same;
}
