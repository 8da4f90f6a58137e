/* JSON: skipping and reading agree on what is valid and where it is not; walking does too; what was read, written and read again is the same value. */
#include "base/utf8.h"
#include "json/value.h"
#include "exact_copy.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_same_error(const cito_json_reader *left, const cito_json_reader *right)
{
    require(!left->error == !right->error);
    if (left->error)
        require(strcmp(left->error, right->error) == 0 && left->error_at == right->error_at &&
                cito_json_error_offset(left) == cito_json_error_offset(right));
}

static bool walk(cito_json_reader *reader)
{
    cito_str text;
    bool is_integer;
    int64_t number;
    switch (cito_json_peek(reader)) {
    case CITO_JSON_NULL:
        return cito_json_read_null(reader);
    case CITO_JSON_TRUE:
        return cito_json_read_true(reader);
    case CITO_JSON_FALSE:
        return cito_json_read_false(reader);
    case CITO_JSON_NUMBER:
        return cito_json_read_short_int(reader, &number) || cito_json_read_number(reader, &text, &is_integer);
    case CITO_JSON_STRING:
        if (!cito_json_read_string(reader, &text))
            return false;
        require(text.data[text.len] == 0 && cito_utf8_is_valid(text.data, text.len));
        return true;
    case CITO_JSON_ARRAY:
        if (cito_json_enter_array(reader))
            while (cito_json_next_element(reader) && walk(reader))
                ;
        return !reader->error;
    case CITO_JSON_OBJECT:
        if (cito_json_enter_object(reader))
            while (cito_json_next_key(reader, &text) && walk(reader))
                require(cito_utf8_is_valid(text.data, text.len));
        return !reader->error;
    default:
        return false;
    }
}

static void check_round_trip(cito_arena *arena, const cito_value *value)
{
    cito_buffer compact, indented;
    cito_buffer_init(&compact);
    cito_buffer_init(&indented);
    if (cito_value_write(&compact, value)) {
        require(cito_value_write_indented(&indented, value, 3));
        *cito_buffer_reserve(&compact, 1) = 0;
        *cito_buffer_reserve(&indented, 1) = 0;
        const cito_value *again = cito_value_parse(arena, (cito_str){ compact.data, compact.len }, NULL, NULL);
        require(again && cito_value_equal(value, again) && cito_value_equal(again, value));
        const cito_value *third = cito_value_parse(arena, (cito_str){ indented.data, indented.len }, NULL, NULL);
        require(third && cito_value_equal(value, third));
    }
    cito_buffer_finish(&compact);
    cito_buffer_finish(&indented);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size = cito_utf8_valid_prefix((const char *)data, size);
    char *copy = exact_copy(data, size);
    cito_str text = { copy, size }, raw;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_json_reader reader, skipper, walker;
    cito_json_reader_init(&reader, text, &arena, 0);
    cito_json_reader_init(&skipper, text, &arena, 0);
    cito_json_reader_init(&walker, text, &arena, 0);
    const cito_value *value = cito_value_read(&reader);
    bool skipped = cito_json_skip(&skipper, &raw), walked = walk(&walker);
    require((value != NULL) == skipped && skipped == walked);
    require(!value || (reader.at == skipper.at && reader.at == walker.at && raw.data + raw.len == reader.at));
    cito_json_at_end(&reader);
    cito_json_at_end(&skipper);
    cito_json_at_end(&walker);
    check_same_error(&reader, &skipper);
    check_same_error(&reader, &walker);
    if (value)
        check_round_trip(&arena, value);
    cito_arena_finish(&arena);
    free(copy);
    return 0;
}
