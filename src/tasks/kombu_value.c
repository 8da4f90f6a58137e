/* Kombu's values: {"__type__": "datetime", "__value__": "…"} as kombu's JSON writes what JSON cannot say, replaced by the text that cito's own types are read from.
 *
 * Invariants: what holds none of them is given back as it is; the recursion is as deep as the JSON reader allows. Threading: as the arena. */
#include "json/value.h"
#include "tasks/base64.h"
#include "tasks/message_names.h"

static bool is_marked(const cito_value *value)
{
    return value->count == 2 && cito_value_has(value, "__type__") && cito_value_has(value, "__value__");
}

static bool holds_marked(const cito_value *value)
{
    if (value->kind == CITO_VALUE_ARRAY) {
        for (uint32_t i = 0; i < value->count; i++)
            if (holds_marked(value->as.elements[i]))
                return true;
    } else if (value->kind == CITO_VALUE_OBJECT) {
        if (is_marked(value))
            return true;
        for (uint32_t i = 0; i < value->count; i++)
            if (holds_marked(value->as.members[i].value))
                return true;
    }
    return false;
}

static const char *new_value(const cito_value *from, cito_arena *arena, cito_value **out)
{
    *out = cito_arena_take(arena, sizeof **out);
    if (!*out)
        return "it is larger than the memory of a task";
    **out = *from;
    return NULL;
}

static const char *resolve_bytes(const cito_value *text, cito_arena *arena, const cito_value **out)
{
    cito_buffer bytes;
    cito_buffer_init(&bytes);
    cito_value *made = NULL;
    const char *error =
        cito_base64_read(cito_value_string(text), &bytes) ? new_value(text, arena, &made) : "one of its values of __type__ base64 is none";
    if (!error) {
        made->as.string = cito_arena_copy_str(arena, bytes.len ? bytes.data : "", bytes.len);
        error = made->as.string.data ? NULL : "it is larger than the memory of a task";
    }
    cito_buffer_finish(&bytes);
    if (!error)
        *out = made;
    return error;
}

static const char *resolve_marked(const cito_value *marked, cito_arena *arena, const cito_value **out)
{
    static const char *const as_text[] = { "datetime", "date", "time", "decimal", "bytes" };
    cito_str type = cito_value_string(cito_value_get(marked, "__type__"));
    const cito_value *value = cito_value_get(marked, "__value__");
    bool is_uuid = cito_str_equal(type, "uuid");
    if (is_uuid)
        value = cito_value_get(value, "hex");
    if (cito_value_kind_of(value) != CITO_VALUE_STRING)
        return "one of its values of a __type__ has no text";
    *out = value;
    if (is_uuid)
        return NULL;
    if (cito_str_equal(type, "base64"))
        return resolve_bytes(value, arena, out);
    for (size_t i = 0; i < sizeof as_text / sizeof *as_text; i++)
        if (cito_str_equal(type, as_text[i]))
            return NULL;
    return "one of its values has a __type__ that is none of kombu's";
}

static const char *resolve_members(const cito_value *from, cito_arena *arena, cito_value *made)
{
    made->as.members = cito_arena_take(arena, from->count * sizeof *made->as.members);
    if (!made->as.members)
        return "it is larger than the memory of a task";
    memcpy(made->as.members, from->as.members, from->count * sizeof *made->as.members);
    for (uint32_t i = 0; i < from->count; i++) {
        const char *error = cito_kombu_values_resolve(&made->as.members[i].value, arena);
        if (error)
            return error;
    }
    return NULL;
}

static const char *resolve_elements(const cito_value *from, cito_arena *arena, cito_value *made)
{
    made->as.elements = cito_arena_take(arena, from->count * sizeof *made->as.elements);
    if (!made->as.elements)
        return "it is larger than the memory of a task";
    for (uint32_t i = 0; i < from->count; i++) {
        made->as.elements[i] = from->as.elements[i];
        const char *error = cito_kombu_values_resolve(&made->as.elements[i], arena);
        if (error)
            return error;
    }
    return NULL;
}

const char *cito_kombu_values_resolve(const cito_value **value, cito_arena *arena)
{
    const cito_value *from = *value;
    if (!from || !holds_marked(from))
        return NULL;
    if (from->kind == CITO_VALUE_OBJECT && is_marked(from))
        return resolve_marked(from, arena, value);
    cito_value *made;
    const char *error = new_value(from, arena, &made);
    if (!error)
        error = from->kind == CITO_VALUE_OBJECT ? resolve_members(from, arena, made) : resolve_elements(from, arena, made);
    if (!error)
        *value = made;
    return error;
}
