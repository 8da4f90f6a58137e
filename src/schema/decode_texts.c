/* Values from the texts of queries, headers, cookies, paths and forms: each text is coerced as a JSON string of the same words would be.
 * Invariant: nothing stands for null in a text. Threads: one run, one thread. */
#include "base/buffer.h"
#include "json/value.h"
#include "json/writer.h"
#include "schema/decoding.h"
#include "schema/plan_build.h"
#include <string.h>

static const cito_value *upload_value(cito_arena *arena, const cito_upload *upload)
{
    static const char *const names[] = { "filename", "size", "content_type" };
    const cito_value *values[] = { cito_ctx_text(arena, upload->filename), cito_ctx_int(arena, (int64_t)upload->size),
                                   cito_ctx_text(arena, upload->content_type) };
    return cito_ctx_object(arena, 3, names, values);
}

static cito_input input_of(cito_decoding *decoding, cito_str text)
{
    if (text.len != CITO_TEXT_IS_UPLOAD)
        return (cito_input){ .kind = CITO_INPUT_TEXT, .text = text };
    const cito_upload *upload = (const void *)text.data;
    return (cito_input){ .kind = CITO_INPUT_VALUE, .value = upload_value(decoding->arena, upload) };
}

static cito_input take_json(cito_arena *arena, cito_buffer *json)
{
    cito_str text = cito_arena_copy_str(arena, json->data ? json->data : "", json->len);
    cito_buffer_finish(json);
    if (!text.data)
        return (cito_input){ .kind = CITO_INPUT_NULL };
    return (cito_input){ .kind = CITO_INPUT_JSON, .text = text };
}

static void write_text(cito_buffer *out, cito_arena *arena, cito_str text)
{
    if (text.len == CITO_TEXT_IS_UPLOAD)
        cito_value_write(out, upload_value(arena, (const void *)text.data));
    else
        cito_json_write_string(out, text);
}

static void write_texts(cito_buffer *out, cito_arena *arena, const cito_str *texts, size_t count)
{
    cito_buffer_append_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            cito_buffer_append_char(out, ',');
        write_text(out, arena, texts[i]);
    }
    cito_buffer_append_char(out, ']');
}

cito_input cito_decoding_texts_input(cito_decoding *decoding, const cito_str *texts, size_t count)
{
    cito_buffer json;
    cito_buffer_init(&json);
    write_texts(&json, decoding->arena, texts, count);
    return take_json(decoding->arena, &json);
}

static bool decode_upload(cito_decoding *decoding, cito_str text, const cito_type *type, const cito_loc *loc, void *into)
{
    const cito_upload *upload = (const void *)text.data;
    const cito_type *inner = cito_type_peel(type);
    if (inner->kind == CITO_KIND_OPTIONAL) {
        const cito_type *element = cito_type_peel(inner->element);
        if (element->kind == CITO_KIND_FILE)
            return decode_upload(decoding, text, element, loc, into);
        void *room = cito_decoding_take(decoding, element->size + !element->size);
        *(void **)into = room;
        return room && decode_upload(decoding, text, element, loc, room);
    }
    if (inner->kind == CITO_KIND_FILE) {
        *(const cito_upload **)into = upload;
        return true;
    }
    if (inner->kind == CITO_KIND_BYTES) {
        *(cito_str *)into = (cito_str){ upload->data, (size_t)upload->size };
        return true;
    }
    cito_scalar scalar = { .token = CITO_JSON_OBJECT, .input = input_of(decoding, text) };
    return cito_decoding_scalar(decoding, &scalar, type, NULL, false, loc, into);
}

bool cito_decoding_text(cito_decoding *decoding, cito_str text, const cito_type *type, const cito_field *checks, bool strict,
                        const cito_loc *loc, void *into)
{
    if (text.len == CITO_TEXT_IS_UPLOAD)
        return decode_upload(decoding, text, type, loc, into);
    cito_scalar scalar = { .token = CITO_JSON_STRING, .text = text, .input = { .kind = CITO_INPUT_TEXT, .text = text } };
    return cito_decoding_scalar(decoding, &scalar, type, checks, strict, loc, into);
}

static bool is_list(const cito_type *type)
{
    type = cito_type_peel(type);
    if (type->kind == CITO_KIND_OPTIONAL)
        type = cito_type_peel(type->element);
    return type->kind == CITO_KIND_LIST || type->kind == CITO_KIND_SET || type->kind == CITO_KIND_TUPLE;
}

static bool decode_tuple(cito_decoding *decoding, const cito_str *texts, size_t count, const cito_type *type, const cito_loc *loc,
                         void *into)
{
    const struct cito_type_plan *plan = cito_plan_of(type);
    size_t first = decoding->errors->count;
    for (uint32_t i = 0; i < plan->field_count && i < count; i++) {
        cito_loc at = { .outer = loc, .index = i };
        cito_decoding_text(decoding, texts[i], plan->fields[i].type, plan->fields[i].checks, plan->fields[i].strict, &at,
                           (char *)into + plan->fields[i].offset);
    }
    if (count > plan->field_count) {
        static const char *const names[] = { "field_type", "max_length", "actual_length" };
        cito_arena *arena = decoding->errors->arena;
        const cito_value *values[] = { cito_ctx_text(arena, CITO_STR("Tuple")), cito_ctx_int(arena, plan->field_count),
                                       cito_ctx_int(arena, (int64_t)count) };
        decoding->errors->count = first;
        return cito_decoding_fail(decoding, "too_long", loc, cito_decoding_texts_input(decoding, texts, count),
                                  cito_ctx_object(arena, 3, names, values));
    }
    for (uint32_t i = (uint32_t)count; i < plan->field_count; i++) {
        cito_loc at = { .outer = loc, .index = i };
        cito_decoding_fail(decoding, "missing", &at, cito_decoding_texts_input(decoding, texts, count), NULL);
    }
    return decoding->errors->count == first && !decoding->errors->arena->overflowed;
}

static bool decode_list(cito_decoding *decoding, const cito_str *texts, size_t count, const cito_type *type, const cito_field *checks,
                        bool strict, const cito_loc *loc, void *into)
{
    if (type->kind == CITO_KIND_ANNOTATED) {
        const cito_validator *outer;
        cito_field merged = cito_field_merge(checks, type->annotated, &outer);
        return decode_list(decoding, texts, count, type->element, &merged, strict || merged.strict, loc, into) &&
               (!outer || cito_decoding_validate(decoding, outer, into, loc, cito_decoding_texts_input(decoding, texts, count)));
    }
    if (type->kind == CITO_KIND_OPTIONAL) {
        void *room = cito_decoding_take(decoding, type->element->size + !type->element->size);
        *(void **)into = room;
        return room && decode_list(decoding, texts, count, type->element, checks, strict, loc, room);
    }
    if (type->kind == CITO_KIND_TUPLE)
        return decode_tuple(decoding, texts, count, type, loc, into);
    return cito_decoding_list_of_texts(decoding, texts, count, type, checks, strict, loc, into);
}

bool cito_decode_texts(const cito_str *texts, size_t count, const cito_type *type, const cito_field *field, const cito_loc *loc, void *into,
                       cito_arena *arena, cito_errors *errors)
{
    cito_decoding decoding = { .arena = arena, .errors = errors, .fields_set = -1 };
    const cito_field *checks = field && cito_field_has_checks(field) ? field : NULL;
    bool strict = field && field->strict;
    if (is_list(type))
        return decode_list(&decoding, texts, count, type, checks, strict, loc, into);
    if (!count)
        return cito_decoding_fail(&decoding, "missing", loc, (cito_input){ .kind = CITO_INPUT_NULL }, NULL);
    return cito_decoding_text(&decoding, texts[count - 1], type, checks, strict, loc, into);
}

/* The name on the wire: of a header with hyphens for underscores. */
static cito_str wire_name(const cito_text_source *source, const cito_plan_field *field, cito_arena *arena)
{
    if (!source->header_names || field->field->convert_underscores_off || field->field->alias)
        return field->key;
    cito_str name = cito_arena_copy_str(arena, field->key.data, field->key.len);
    for (size_t i = 0; name.data && i < name.len; i++)
        if (name.data[i] == '_')
            ((char *)name.data)[i] = '-';
    return name.data ? name : field->key;
}

typedef struct texts_reading {
    const cito_text_source *source;
    const struct cito_type_plan *plan;
    cito_str *names; /* on the wire, one for each field */
    cito_input collected;
    bool has_collected;
} texts_reading;

static size_t find_texts(const texts_reading *reading, uint32_t index, const cito_str **out_texts)
{
    const cito_plan_field *field = &reading->plan->fields[index];
    size_t count = reading->source->find(reading->source->data, reading->names[index], out_texts);
    bool is_empty = count && reading->source->empty_is_absent && !is_list(field->type) && (*out_texts)[count - 1].len == 0;
    return is_empty ? 0 : count;
}

/* Of several the last counts, of a header's lines the first. */
static const cito_str *scalar_text(const cito_text_source *source, const cito_str *texts, size_t count)
{
    return source->header_names ? &texts[0] : &texts[count - 1];
}

static bool is_field_name(const texts_reading *reading, cito_str name)
{
    for (uint32_t i = 0; i < reading->plan->field_count; i++)
        if (name.len == reading->names[i].len && memcmp(name.data, reading->names[i].data, name.len) == 0)
            return true;
    return false;
}

/* Calls visit for each name that no field has, once, with the place where it first came. */
static void each_extra(const texts_reading *reading, void (*visit)(void *data, cito_str name, cito_str text), void *data)
{
    cito_str name, text;
    for (size_t i = 0; reading->source->at && reading->source->at(reading->source->data, i, &name, &text); i++) {
        bool known = is_field_name(reading, name);
        cito_str earlier, ignored;
        for (size_t j = 0; j < i && !known; j++)
            known = reading->source->at(reading->source->data, j, &earlier, &ignored) && earlier.len == name.len &&
                    memcmp(earlier.data, name.data, name.len) == 0;
        if (!known)
            visit(data, name, text);
    }
}

typedef struct extra_visit {
    const texts_reading *reading;
    cito_decoding *decoding;
    const cito_loc *loc;
    cito_buffer *json;
} extra_visit;

static void write_member_key(cito_buffer *json, cito_str key)
{
    if (json->len > 1)
        cito_buffer_append_char(json, ',');
    cito_json_write_string(json, key);
    cito_buffer_append_char(json, ':');
}

static void collect_extra(void *data, cito_str name, cito_str text)
{
    extra_visit *visit = data;
    const cito_str *texts;
    size_t count = visit->reading->source->find(visit->reading->source->data, name, &texts);
    write_member_key(visit->json, name);
    if (count > 1)
        write_texts(visit->json, visit->decoding->arena, texts, count);
    else
        write_text(visit->json, visit->decoding->arena, text);
}

/* The object that FastAPI had collected when a field was missing: the fields found, or their defaults unless null; then what no field has. */
static cito_input collect(texts_reading *reading, cito_decoding *decoding)
{
    if (reading->has_collected)
        return reading->collected;
    cito_buffer json;
    cito_buffer_init(&json);
    cito_buffer_append_char(&json, '{');
    for (uint32_t i = 0; i < reading->plan->field_count; i++) {
        const cito_plan_field *field = &reading->plan->fields[i];
        const cito_str *texts;
        size_t count = find_texts(reading, i, &texts);
        if (!count && !field->field->default_json)
            continue;
        cito_str json_text = count ? CITO_STR("") : cito_option_json(field->field->default_json, decoding->arena);
        if (!count && cito_str_equal(json_text, "null"))
            continue;
        write_member_key(&json, field->key);
        if (!count)
            cito_buffer_append_str(&json, json_text);
        else if (is_list(field->type))
            write_texts(&json, decoding->arena, texts, count);
        else
            write_text(&json, decoding->arena, *scalar_text(reading->source, texts, count));
    }
    extra_visit visit = { .reading = reading, .decoding = decoding, .json = &json };
    each_extra(reading, collect_extra, &visit);
    cito_buffer_append_char(&json, '}');
    reading->collected = take_json(decoding->arena, &json);
    reading->has_collected = true;
    return reading->collected;
}

static void refuse_extra(void *data, cito_str name, cito_str text)
{
    extra_visit *visit = data;
    const cito_str *texts;
    size_t count = visit->reading->source->find(visit->reading->source->data, name, &texts);
    cito_loc at = { .outer = visit->loc, .name = name };
    cito_input input = count > 1 ? cito_decoding_texts_input(visit->decoding, texts, count) : input_of(visit->decoding, text);
    cito_decoding_fail(visit->decoding, "extra_forbidden", &at, input, NULL);
}

static void read_field(texts_reading *reading, cito_decoding *decoding, uint32_t index, const cito_loc *loc, char *into)
{
    const cito_plan_field *field = &reading->plan->fields[index];
    const cito_str *texts;
    size_t count = find_texts(reading, index, &texts);
    cito_loc at = { .outer = loc, .name = field->key };
    if (count) {
        bool is_good = is_list(field->type)
                           ? decode_list(decoding, texts, count, field->type, field->checks, field->strict, &at, into + field->offset)
                           : cito_decoding_text(decoding, *scalar_text(reading->source, texts, count), field->type, field->checks,
                                                field->strict, &at, into + field->offset);
        if (is_good && field->outer_after)
            cito_decoding_validate(decoding, field->outer_after, into + field->offset, &at,
                                   input_of(decoding, *scalar_text(reading->source, texts, count)));
        for (uint32_t i = 0; i < field->bit_count; i++)
            *(uint64_t *)(void *)(into + field->bits[i].offset) |= field->bits[i].mask;
    } else if (field->default_value) {
        memcpy(into + field->offset, field->default_value, field->type->size);
    } else {
        cito_decoding_fail(decoding, "missing", &at, collect(reading, decoding), NULL);
    }
}

bool cito_decode_model_texts(const cito_text_source *source, const cito_type *model, const cito_loc *loc, void *into, cito_arena *arena,
                             cito_errors *errors)
{
    cito_decoding decoding = { .arena = arena, .errors = errors, .fields_set = -1 };
    texts_reading reading = { .source = source, .plan = cito_plan_of(cito_type_peel(model)) };
    size_t first = errors->count;
    reading.names = cito_arena_take(arena, (reading.plan->field_count + 1) * sizeof *reading.names);
    if (!reading.names)
        return false;
    for (uint32_t i = 0; i < reading.plan->field_count; i++)
        reading.names[i] = wire_name(source, &reading.plan->fields[i], arena);
    for (uint32_t i = 0; i < reading.plan->set_count; i++)
        *(uint64_t *)(void *)((char *)into + reading.plan->set_offsets[i]) = 0;
    for (uint32_t i = 0; i < reading.plan->field_count; i++)
        read_field(&reading, &decoding, i, loc, into);
    if (reading.plan->extra == CITO_EXTRA_FORBID) {
        extra_visit visit = { .reading = &reading, .decoding = &decoding, .loc = loc };
        each_extra(&reading, refuse_extra, &visit);
    }
    if (errors->count > first || arena->overflowed)
        return false;
    for (uint32_t i = 0; i < reading.plan->validator_count; i++) {
        const cito_plan_validator *validator = &reading.plan->validators[i];
        if (!cito_decoding_validate(&decoding, validator->validator, (char *)into + validator->offset, loc, collect(&reading, &decoding)))
            return false;
    }
    return true;
}
