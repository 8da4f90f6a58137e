/* Bodies of several parameters, and dynamic values decoded by their JSON text. Threads: one run, one thread. */
#include "base/buffer.h"
#include "json/value.h"
#include "json/writer.h"
#include "schema/decoding.h"
#include <math.h>
#include <string.h>

static int find_param(const cito_field *const *params, size_t count, cito_str key)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = params[i]->alias ? params[i]->alias : params[i]->name;
        if (strlen(name) == key.len && memcmp(name, key.data, key.len) == 0)
            return (int)i;
    }
    return -1;
}

/* In an array or a text no name is looked for, so that a default does not help either, as in FastAPI. */
static bool refuse_all(const cito_field *const *params, size_t count, const cito_loc *loc, cito_errors *errors)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = params[i]->alias ? params[i]->alias : params[i]->name;
        cito_loc at = { .outer = loc, .name = { name, strlen(name) } };
        cito_errors_add(errors, "missing", &at, (cito_input){ .kind = CITO_INPUT_NULL }, NULL);
    }
    return false;
}

static bool fill_absent(const cito_field *const *params, size_t count, const bool *seen, const cito_loc *loc, char *into,
                        cito_errors *errors)
{
    bool is_good = true;
    for (size_t i = 0; i < count; i++) {
        if (seen[i] || cito_decode_default(params[i], into + params[i]->offset, errors->arena))
            continue;
        const char *name = params[i]->alias ? params[i]->alias : params[i]->name;
        cito_loc at = { .outer = loc, .name = { name, strlen(name) } };
        size_t before = errors->count;
        cito_errors_add(errors, "missing", &at, (cito_input){ .kind = CITO_INPUT_NULL }, NULL);
        if (errors->count > before)
            errors->items[before].order = (int64_t)i;
        is_good = false;
    }
    return is_good;
}

bool cito_decode_embedded(cito_json_reader *reader, const cito_field *const *params, size_t count, const cito_loc *loc, void *into,
                          cito_errors *errors)
{
    bool *seen = cito_arena_take_zeroed(reader->arena, count + 1);
    cito_decoding spans_owner = { .reader = reader, .arena = reader->arena, .errors = errors };
    cito_error_spans spans = { 0 };
    size_t first = errors->count;
    cito_str key, raw;
    if (!seen)
        return false;
    if (cito_json_peek(reader) != CITO_JSON_OBJECT)
        return cito_json_skip(reader, &raw) && refuse_all(params, count, loc, errors);
    if (!cito_json_enter_object(reader))
        return false;
    while (cito_json_next_key(reader, &key)) {
        int index = find_param(params, count, key);
        if (index < 0) {
            if (!cito_json_skip(reader, &raw))
                return false;
            continue;
        }
        const cito_field *param = params[index];
        const char *name = param->alias ? param->alias : param->name;
        cito_loc at = { .outer = loc, .name = { name, strlen(name) } };
        if (seen[index])
            cito_error_spans_drop(&spans_owner, &spans, (size_t)index);
        seen[index] = true;
        size_t before = errors->count;
        if (!cito_decode_json(reader, param->type, param, &at, (char *)into + param->offset, errors)) {
            if (reader->error || errors->count == before)
                return false;
            cito_error_spans_note(&spans_owner, &spans, (size_t)index, before);
        }
    }
    if (reader->error)
        return false;
    fill_absent(params, count, seen, loc, into, errors);
    cito_error_spans_settle(&spans_owner, &spans, first);
    return errors->count == first && !errors->arena->overflowed;
}

/* As JSON, with the words of CPython's json for what JSON cannot say: the reader takes them. */
static void write_value(cito_buffer *out, const cito_value *value)
{
    switch (value ? value->kind : CITO_VALUE_NULL) {
    case CITO_VALUE_ARRAY:
        cito_buffer_append_char(out, '[');
        for (uint32_t i = 0; i < value->count; i++) {
            if (i)
                cito_buffer_append_char(out, ',');
            write_value(out, value->as.elements[i]);
        }
        cito_buffer_append_char(out, ']');
        break;
    case CITO_VALUE_OBJECT:
        cito_buffer_append_char(out, '{');
        for (uint32_t i = 0; i < value->count; i++) {
            if (i)
                cito_buffer_append_char(out, ',');
            cito_json_write_string(out, value->as.members[i].key);
            cito_buffer_append_char(out, ':');
            write_value(out, value->as.members[i].value);
        }
        cito_buffer_append_char(out, '}');
        break;
    case CITO_VALUE_DOUBLE:
        if (value->note == CITO_NOTE_NONE && isnan(value->as.number)) {
            cito_buffer_append_literal(out, "NaN");
            break;
        }
        if (value->note == CITO_NOTE_NONE && isinf(value->as.number)) {
            cito_buffer_append_str(out, value->as.number < 0 ? CITO_STR("-Infinity") : CITO_STR("Infinity"));
            break;
        }
        cito_value_write(out, value);
        break;
    default:
        cito_value_write(out, value ? value : cito_value_null);
        break;
    }
}

bool cito_decode_value(const cito_value *value, const cito_type *type, const cito_field *field, const cito_loc *loc, void *into,
                       cito_arena *arena, cito_errors *errors)
{
    cito_buffer json;
    cito_buffer_init(&json);
    write_value(&json, value);
    cito_str text = cito_arena_copy_str(arena, json.data, json.len); /* errors show slices of it */
    cito_buffer_finish(&json);
    if (!text.data)
        return false;
    cito_json_reader reader;
    cito_json_reader_init(&reader, text, arena, 0);
    return cito_decode_json(&reader, type, field, loc, into, errors);
}
