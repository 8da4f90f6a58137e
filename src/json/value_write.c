/* Values as JSON text, compact or indented.
 *
 * It recurses, but never deeper than CITO_JSON_DEPTH_MAX: a value nested deeper was made by the program, and is refused as Python's json does.
 * Where writing fails the buffer is as long as before. Threading: as the buffer. */
#include "json/members.h"
#include "json/number.h"
#include "json/writer.h"

enum { DIGITS_MAX = 4300 }; /* of an integer: CPython's sys.get_int_max_str_digits() */

typedef struct json_output {
    cito_buffer *buffer;
    int indent, depth; /* indent 0: compact */
} json_output;

static bool write_value(json_output *, const cito_value *);

static bool write_number(cito_buffer *buffer, double number)
{
    if (!__builtin_isfinite(number))
        return false;
    buffer->len += cito_double_write_repr(number, cito_buffer_reserve(buffer, CITO_NUMBER_MAX));
    return true;
}

/* jsonable_encoder: int(value) where the exponent is not negative, else float(value). */
static bool write_decimal(cito_buffer *buffer, cito_str text)
{
    if (!text.len)
        return false;
    const char *at = text.data, *end = text.data + text.len;
    const char *exponent_sign = memchr(at, 'E', text.len), *point = memchr(at, '.', text.len);
    const char *digits_end = exponent_sign ? exponent_sign : end;
    int64_t exponent = 0;
    if (exponent_sign) {
        const char *digits = exponent_sign + 1 + (exponent_sign[1] == '+');
        if (cito_int_read(digits, (size_t)(end - digits), &exponent) != CITO_INT_OK)
            return false;
    }
    if (point)
        exponent -= digits_end - point - 1;
    if (exponent < 0) {
        double number;
        return cito_double_read(text.data, text.len, &number) && write_number(buffer, number);
    }
    bool negative = at < end && *at == '-';
    at += negative;
    if (at == end || (unsigned char)(*at - '0') > 9) /* NaN, Infinity */
        return false;
    while (at < digits_end && (*at == '0' || *at == '.'))
        at++;
    if (at == digits_end) {
        cito_buffer_append_char(buffer, '0');
        return true;
    }
    if (exponent > DIGITS_MAX || exponent + (digits_end - at) > DIGITS_MAX)
        return false;
    if (negative)
        cito_buffer_append_char(buffer, '-');
    for (; at < digits_end; at++)
        if (*at != '.')
            cito_buffer_append_char(buffer, *at);
    memset(cito_buffer_reserve(buffer, (size_t)exponent), '0', (size_t)exponent);
    buffer->len += (size_t)exponent;
    return true;
}

static void write_integer(cito_buffer *buffer, const cito_value *value)
{
    if (value->note == CITO_NOTE_BIG_INT)
        cito_buffer_append_str(buffer, value->as.string);
    else if (value->note == CITO_NOTE_UINT)
        cito_json_write_uint(buffer, value->as.uint);
    else
        cito_json_write_int(buffer, value->as.integer);
}

static void break_line(const json_output *output)
{
    if (!output->indent)
        return;
    size_t spaces = (size_t)output->indent * (size_t)output->depth;
    char *out = cito_buffer_reserve(output->buffer, spaces + 1);
    *out = '\n';
    memset(out + 1, ' ', spaces);
    output->buffer->len += spaces + 1;
}

static bool write_elements(json_output *output, const cito_value *array)
{
    for (uint32_t i = 0; i < array->count; i++) {
        if (i)
            cito_buffer_append_char(output->buffer, ',');
        break_line(output);
        if (!write_value(output, array->as.elements[i]))
            return false;
    }
    return true;
}

static bool write_members(json_output *output, const cito_value *object)
{
    for (uint32_t i = 0; i < object->count; i++) {
        if (i)
            cito_buffer_append_char(output->buffer, ',');
        break_line(output);
        cito_json_write_string(output->buffer, object->as.members[i].key);
        cito_buffer_append(output->buffer, ": ", output->indent ? 2 : 1);
        if (!write_value(output, object->as.members[i].value))
            return false;
    }
    return true;
}

static bool write_container(json_output *output, const cito_value *value)
{
    bool is_object = value->kind == CITO_VALUE_OBJECT;
    if (output->depth == CITO_JSON_DEPTH_MAX)
        return false;
    cito_buffer_append_char(output->buffer, is_object ? '{' : '[');
    if (value->count) {
        output->depth++;
        if (is_object ? !write_members(output, value) : !write_elements(output, value))
            return false;
        output->depth--;
        break_line(output);
    }
    cito_buffer_append_char(output->buffer, is_object ? '}' : ']');
    return true;
}

static bool write_value(json_output *output, const cito_value *value)
{
    switch (cito_value_kind_of(value)) {
    case CITO_VALUE_BOOL:
        if (value->as.boolean)
            cito_buffer_append_literal(output->buffer, "true");
        else
            cito_buffer_append_literal(output->buffer, "false");
        return true;
    case CITO_VALUE_INT:
        write_integer(output->buffer, value);
        return true;
    case CITO_VALUE_DOUBLE:
        return value->note == CITO_NOTE_DECIMAL ? write_decimal(output->buffer, value->as.string)
                                                : write_number(output->buffer, value->as.number);
    case CITO_VALUE_STRING:
        cito_json_write_string(output->buffer, value->as.string);
        return true;
    case CITO_VALUE_ARRAY:
    case CITO_VALUE_OBJECT:
        return write_container(output, value);
    default:
        cito_buffer_append_literal(output->buffer, "null");
        return true;
    }
}

bool cito_value_write_indented(cito_buffer *buffer, const cito_value *value, int indent)
{
    size_t before = buffer->len;
    json_output output = { buffer, indent > 0 ? indent : 0, 0 };
    if (write_value(&output, value))
        return true;
    buffer->len = before;
    return false;
}

bool cito_value_write(cito_buffer *buffer, const cito_value *value) { return cito_value_write_indented(buffer, value, 0); }
