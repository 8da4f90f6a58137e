/* Repr: a value as Celery's saferepr prints it: text in single quotes in which only the quote is escaped, three levels deep, cut at a length.
 *
 * Invariant: what is cut ends at a whole UTF-8 character. Threading: as the buffer. */
#include "tasks/repr.h"
#include "json/number.h"
#include "json/value.h"

enum { DEPTH_MAX = 3 };

typedef struct repr_output {
    cito_buffer *buffer;
    size_t end; /* of the buffer: nothing more is worth writing behind it */
} repr_output;

static void write_repr(const repr_output *, const cito_value *, int depth);

static bool is_full(const repr_output *output) { return output->buffer->len > output->end; }

static void write_text(const repr_output *output, cito_str text)
{
    cito_buffer_append_char(output->buffer, '\'');
    for (size_t i = 0; i < text.len && !is_full(output); i++) {
        if (text.data[i] == '\'')
            cito_buffer_append_char(output->buffer, '\\');
        cito_buffer_append_char(output->buffer, text.data[i]);
    }
    cito_buffer_append_char(output->buffer, '\'');
}

static void write_elements(const repr_output *output, const cito_value *value, int depth)
{
    for (uint32_t i = 0; i < value->count && !is_full(output); i++) {
        if (i)
            cito_buffer_append_literal(output->buffer, ", ");
        write_repr(output, value->as.elements[i], depth + 1);
    }
}

static void write_members(const repr_output *output, const cito_value *value, int depth)
{
    for (uint32_t i = 0; i < value->count && !is_full(output); i++) {
        if (i)
            cito_buffer_append_literal(output->buffer, ", ");
        write_text(output, value->as.members[i].key);
        cito_buffer_append_literal(output->buffer, ": ");
        write_repr(output, value->as.members[i].value, depth + 1);
    }
}

static void write_number(cito_buffer *buffer, const cito_value *value)
{
    char *out = cito_buffer_reserve(buffer, CITO_NUMBER_MAX);
    if (value->note == CITO_NOTE_BIG_INT || value->note == CITO_NOTE_DECIMAL)
        cito_buffer_append_str(buffer, value->as.string);
    else if (value->note == CITO_NOTE_UINT)
        buffer->len += cito_uint_write(value->as.uint, out);
    else if (value->kind == CITO_VALUE_INT)
        buffer->len += cito_int_write(value->as.integer, out);
    else
        buffer->len += cito_double_write_repr(value->as.number, out);
}

static void write_nested(const repr_output *output, const cito_value *value, int depth)
{
    bool is_array = value->kind == CITO_VALUE_ARRAY;
    cito_buffer_append_char(output->buffer, is_array ? '[' : '{');
    if (depth >= DEPTH_MAX)
        cito_buffer_append_literal(output->buffer, "...");
    else if (is_array)
        write_elements(output, value, depth);
    else
        write_members(output, value, depth);
    cito_buffer_append_char(output->buffer, is_array ? ']' : '}');
}

static void write_repr(const repr_output *output, const cito_value *value, int depth)
{
    switch (cito_value_kind_of(value)) {
    case CITO_VALUE_NULL:
        cito_buffer_append_literal(output->buffer, "None");
        break;
    case CITO_VALUE_BOOL:
        cito_buffer_append_str(output->buffer, value->as.boolean ? CITO_STR("True") : CITO_STR("False"));
        break;
    case CITO_VALUE_INT:
    case CITO_VALUE_DOUBLE:
        write_number(output->buffer, value);
        break;
    case CITO_VALUE_STRING:
        write_text(output, value->as.string);
        break;
    case CITO_VALUE_ARRAY:
    case CITO_VALUE_OBJECT:
        write_nested(output, value, depth);
        break;
    }
}

static void cut(const repr_output *output)
{
    cito_buffer *buffer = output->buffer;
    if (buffer->len <= output->end)
        return;
    buffer->len = output->end - 3;
    while (buffer->len && ((unsigned char)buffer->data[buffer->len] & 0xC0) == 0x80)
        buffer->len--;
    cito_buffer_append_literal(buffer, "...");
}

void cito_repr_write(const cito_value *value, size_t max, cito_buffer *buffer)
{
    repr_output output = { buffer, buffer->len + max };
    write_repr(&output, value, 0);
    cut(&output);
}

void cito_repr_write_tuple(const cito_value *value, size_t max, cito_buffer *buffer)
{
    repr_output output = { buffer, buffer->len + max };
    cito_buffer_append_char(buffer, '(');
    if (cito_value_kind_of(value) == CITO_VALUE_ARRAY) {
        write_elements(&output, value, 0);
        if (value->count == 1)
            cito_buffer_append_char(buffer, ',');
    }
    cito_buffer_append_char(buffer, ')');
    cut(&output);
}
