/* JSON text into values, without recursion: the children of all open arrays and objects lie on one stack, each container's behind a mark; when it
 * closes they move to the arena as one piece.
 *
 * Invariants: what is in the arena is complete; the stack is on the C stack until it has more than ROOM entries. Threading: as the reader. */
#include "base/log.h"
#include "json/members.h"
#include "json/number.h"
#include "json/reader_string.h"
#include <stdlib.h>

enum { ROOM = 64 };

typedef struct value_builder {
    cito_json_reader *reader;
    cito_value_member *items; /* children, and marks: the container's own key, and in place of the value where the mark outside it is, … */
    size_t count, capacity;
    size_t mark;    /* index of the innermost open container's mark plus one; 0: none is open */
    bool in_object; /* … with its in_object as the lowest bit */
    cito_value_member room[ROOM];
} value_builder;

static const cito_value true_value = { .kind = CITO_VALUE_BOOL, .as.boolean = true };
static const cito_value false_value = { .kind = CITO_VALUE_BOOL };

static void push(value_builder *builder, cito_str key, const cito_value *value)
{
    if (builder->count == builder->capacity) {
        cito_value_member *grown = builder->items == builder->room ? NULL : builder->items;
        builder->capacity *= 2;
        grown = realloc(grown, builder->capacity * sizeof *grown);
        if (!grown)
            cito_abort("no memory for a JSON text of %zu values", builder->count);
        if (builder->items == builder->room)
            memcpy(grown, builder->room, sizeof builder->room);
        builder->items = grown;
    }
    builder->items[builder->count++] = (cito_value_member){ key, value };
}

/* A new value with `more` bytes behind it; NULL with the error set where the arena is full. */
static cito_value *new_value(cito_json_reader *reader, cito_value_kind kind, size_t more)
{
    cito_value *value = cito_arena_take(reader->arena, sizeof *value + more);
    if (!value) {
        cito_json_fail(reader, CITO_JSON_TOO_LARGE, reader->at);
        return NULL;
    }
    *value = (cito_value){ .kind = kind };
    return value;
}

static const cito_value *read_string(cito_json_reader *reader)
{
    cito_str raw;
    bool escaped;
    if (!cito_json_pass_any_string(reader, &raw, &escaped))
        return NULL;
    cito_value *value = new_value(reader, CITO_VALUE_STRING, raw.len + 1);
    if (!value)
        return NULL;
    char *text = (char *)(value + 1), *end = text + raw.len;
    if (escaped)
        end = cito_json_unescape(raw, text);
    else
        memcpy(text, raw.data, raw.len);
    *end = 0;
    value->as.string = (cito_str){ text, (size_t)(end - text) };
    return value;
}

/* Over 18 digits: maybe int64, maybe uint64, else the digits. */
static const cito_value *long_integer(cito_json_reader *reader, cito_str text)
{
    cito_value *value = new_value(reader, CITO_VALUE_INT, text.len + 1);
    if (!value || cito_int_read(text.data, text.len, &value->as.integer) == CITO_INT_OK)
        return value;
    uint64_t number = 0;
    bool too_big = *text.data == '-';
    for (size_t i = 0; i < text.len && !too_big; i++)
        too_big = __builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, (unsigned)(text.data[i] - '0'), &number);
    value->note = too_big ? CITO_NOTE_BIG_INT : CITO_NOTE_UINT;
    if (!too_big) {
        value->as.uint = number;
        return value;
    }
    char *digits = (char *)(value + 1);
    memcpy(digits, text.data, text.len);
    digits[text.len] = 0;
    value->as.string = (cito_str){ digits, text.len };
    return value;
}

static const cito_value *read_number(cito_json_reader *reader)
{
    cito_str text;
    int64_t integer;
    bool is_integer = cito_json_read_short_int(reader, &integer);
    if (is_integer) {
        cito_value *value = new_value(reader, CITO_VALUE_INT, 0);
        if (value)
            value->as.integer = integer;
        return value;
    }
    if (!cito_json_read_number(reader, &text, &is_integer))
        return NULL;
    if (is_integer)
        return long_integer(reader, text);
    cito_value *value = new_value(reader, CITO_VALUE_DOUBLE, 0);
    if (value && !cito_double_read(text.data, text.len, &value->as.number))
        value->as.number = *text.data == 'N' ? __builtin_nan("") : *text.data == '-' ? -__builtin_inf() : __builtin_inf();
    return value;
}

static const cito_value *read_scalar(cito_json_reader *reader, cito_json_token token)
{
    switch (token) {
    case CITO_JSON_STRING:
        return read_string(reader);
    case CITO_JSON_NUMBER:
        return read_number(reader);
    case CITO_JSON_NULL:
        return cito_json_read_null(reader) ? cito_value_null : NULL;
    case CITO_JSON_TRUE:
        return cito_json_read_true(reader) ? &true_value : NULL;
    case CITO_JSON_FALSE:
        return cito_json_read_false(reader) ? &false_value : NULL;
    default:
        return NULL;
    }
}

static bool open_container(value_builder *builder, cito_str key, bool is_object)
{
    if (is_object ? !cito_json_enter_object(builder->reader) : !cito_json_enter_array(builder->reader))
        return false;
    /* A mark's value is a number: outer mark and outer in_object. */
    push(builder, key, (const cito_value *)(builder->mark << 1 | builder->in_object));
    builder->mark = builder->count;
    builder->in_object = is_object;
    return true;
}

/* The container from the children behind the innermost mark, which go; out_key is its key in the one around it. */
static const cito_value *close_container(value_builder *builder, cito_str *out_key)
{
    cito_value_member *children = builder->items + builder->mark, *mark = children - 1;
    size_t count = builder->count - builder->mark;
    bool is_object = builder->in_object;
    if (is_object)
        count = cito_members_unify(children, count);
    cito_value *value = new_value(builder->reader, is_object ? CITO_VALUE_OBJECT : CITO_VALUE_ARRAY,
                                  count * (is_object ? sizeof *children : sizeof(cito_value *)));
    if (!value)
        return NULL;
    value->count = (uint32_t)count;
    if (is_object) {
        value->as.members = (cito_value_member *)(value + 1);
        memcpy(value->as.members, children, count * sizeof *children);
    } else {
        value->as.elements = (const cito_value **)(value + 1);
        for (size_t i = 0; i < count; i++)
            value->as.elements[i] = children[i].value;
    }
    uintptr_t outer = (uintptr_t)mark->value;
    *out_key = mark->key;
    builder->count = builder->mark - 1;
    builder->mark = outer >> 1;
    builder->in_object = outer & 1;
    return value;
}

/* To the next child of the innermost container; its key is then in the arena, with its NUL. */
static bool next_child(value_builder *builder, cito_str *out_key)
{
    cito_json_reader *reader = builder->reader;
    if (!builder->in_object)
        return cito_json_next_element(reader);
    if (!cito_json_next_key(reader, out_key))
        return false;
    if (out_key->data >= reader->start && out_key->data < reader->end) {
        *out_key = cito_arena_copy_str(reader->arena, out_key->data, out_key->len);
        if (!out_key->data)
            return cito_json_fail(reader, CITO_JSON_TOO_LARGE, reader->at);
    }
    return true;
}

static const cito_value *build(value_builder *builder)
{
    cito_str key = CITO_STR("");
    for (;;) {
        cito_json_token token = cito_json_peek(builder->reader);
        const cito_value *value = NULL;
        if (token == CITO_JSON_ARRAY || token == CITO_JSON_OBJECT) {
            if (!open_container(builder, key, token == CITO_JSON_OBJECT))
                return NULL;
        } else {
            value = read_scalar(builder->reader, token);
            if (!value || !builder->mark)
                return value;
            push(builder, key, value);
        }
        while (!next_child(builder, &key)) {
            value = builder->reader->error ? NULL : close_container(builder, &key);
            if (!value || !builder->mark)
                return value;
            push(builder, key, value);
        }
    }
}

const cito_value *cito_value_read(cito_json_reader *reader)
{
    value_builder builder;
    builder.reader = reader; /* the room stays as it is: clearing it would cost more than most texts */
    builder.items = builder.room;
    builder.count = builder.mark = 0;
    builder.capacity = ROOM;
    builder.in_object = false;
    const cito_value *value = build(&builder);
    if (builder.items != builder.room)
        free(builder.items);
    return value;
}

const cito_value *cito_value_parse(cito_arena *arena, cito_str text, const char **out_error, size_t *out_offset)
{
    cito_json_reader reader;
    cito_json_reader_init(&reader, text, arena, 0);
    const cito_value *value = cito_value_read(&reader);
    if (value && !cito_json_at_end(&reader))
        value = NULL;
    if (out_error)
        *out_error = reader.error;
    if (out_offset)
        *out_offset = cito_json_error_offset(&reader);
    return value;
}
