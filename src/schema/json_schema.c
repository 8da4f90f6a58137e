/* JSON Schema: components, parameters and bodies: the objects around the types of json_schema_type.c.
 *
 * Invariant: a property's title is the field's own, else made of its name, and components have their own. Threading: at start, one thread. */
#include "schema/json_schema.h"
#include "json/writer.h"
#include "schema/decode.h"
#include "schema/json_schema_type.h"
#include "schema/plan.h"

/* pydantic's rule: what is a component has its own title, also behind optional. */
static bool takes_title(const cito_type *type)
{
    type = cito_type_peel(type);
    while (type->kind == CITO_KIND_OPTIONAL)
        type = cito_type_peel(type->element);
    return !cito_component_is(type);
}

/* "key":{…} of one field of a model or body. */
static void write_property(cito_schema_writer *writer, const cito_field *field, const cito_type *type, cito_buffer *buffer)
{
    const char *key = field->alias ? field->alias : field->name;
    cito_schema_keywords property = { 0 };
    cito_schema_fill_type(writer, &property, type, field);
    if (!property.texts[CITO_SCHEMA_TITLE].data && takes_title(type))
        cito_schema_put_string(writer, &property, CITO_SCHEMA_TITLE, cito_title_of(writer->arena, key));
    cito_schema_put_notes(writer, &property, field);
    if (buffer->len > 1)
        cito_buffer_append_char(buffer, ',');
    cito_json_write_string(buffer, (cito_str){ key, strlen(key) });
    cito_buffer_append_char(buffer, ':');
    cito_schema_emit(writer, &property, buffer);
}

static void append_required(cito_buffer *required, const cito_field *field)
{
    const char *key = field->alias ? field->alias : field->name;
    cito_buffer_append_char(required, required->len ? ',' : '[');
    cito_json_write_string(required, (cito_str){ key, strlen(key) });
}

/* The object whose properties and required keys were gathered. */
static void fill_object(cito_schema_writer *writer, cito_schema_keywords *into, cito_buffer *properties, cito_buffer *required,
                        const char *title)
{
    cito_buffer_append_char(properties, '}');
    into->texts[CITO_SCHEMA_PROPERTIES] = cito_schema_take_text(writer, properties);
    cito_schema_put(into, CITO_SCHEMA_TYPE, "\"object\"");
    if (required->len) {
        cito_buffer_append_char(required, ']');
        into->texts[CITO_SCHEMA_REQUIRED] = cito_schema_take_text(writer, required);
    } else {
        cito_buffer_finish(required);
    }
    cito_schema_put_chars(writer, into, CITO_SCHEMA_TITLE, title);
}

static void fill_model(cito_schema_writer *writer, cito_schema_keywords *into, const cito_type *type)
{
    const struct cito_type_plan *plan = cito_plan_of(type);
    const cito_model_config *config = plan->config;
    cito_buffer properties, required;
    cito_buffer_init(&properties);
    cito_buffer_init(&required);
    cito_buffer_append_char(&properties, '{');
    for (uint32_t i = 0; i < plan->field_count; i++) {
        const cito_field *field = plan->fields[i].field;
        if (field->exclude_from_schema || (writer->is_output && field->exclude))
            continue;
        write_property(writer, field, field->type, &properties);
        if (plan->fields[i].required)
            append_required(&required, field);
    }
    fill_object(writer, into, &properties, &required, config && config->title ? config->title : type->name);
    if (plan->extra == CITO_EXTRA_FORBID)
        cito_schema_put(into, CITO_SCHEMA_ADDITIONAL_PROPERTIES, "false");
    if (config)
        cito_schema_put_chars(writer, into, CITO_SCHEMA_DESCRIPTION, config->description);
    if (config && config->example_json)
        into->texts[CITO_SCHEMA_EXAMPLES] =
            cito_schema_rewrite_json(writer, cito_arena_format(writer->arena, "[%s]", config->example_json).data);
}

cito_str cito_json_schema_record(cito_components *components, const cito_type *type, bool is_output)
{
    cito_schema_writer writer = { .components = components, .arena = &components->arena, .is_output = is_output };
    cito_schema_keywords record = { 0 };
    if (type->kind == CITO_KIND_MODEL) {
        fill_model(&writer, &record, type);
    } else {
        cito_schema_fill_members(&writer, &record, type->members, false);
        cito_schema_put_chars(&writer, &record, CITO_SCHEMA_TITLE, type->name);
    }
    return cito_schema_text_of(&writer, &record);
}

void cito_json_schema_write(cito_components *components, const cito_type *type, const cito_field *field, const char *title, bool is_output,
                            cito_buffer *buffer)
{
    bool is_parameter = field && field->location >= CITO_IN_PATH && field->location <= CITO_IN_COOKIE;
    cito_schema_writer writer = {
        .components = components, .arena = &components->arena, .is_output = is_output, .is_parameter = is_parameter
    };
    cito_schema_keywords whole = { 0 };
    cito_schema_fill_type(&writer, &whole, type, field);
    if (title && !whole.texts[CITO_SCHEMA_REF].data)
        cito_schema_put_chars(&writer, &whole, CITO_SCHEMA_TITLE, title);
    if (field)
        cito_schema_put_notes(&writer, &whole, field);
    cito_schema_emit(&writer, &whole, buffer);
}

void cito_json_schema_write_object(cito_components *components, const char *title, const cito_field *const *fields, size_t count,
                                   cito_buffer *buffer)
{
    cito_schema_writer writer = { .components = components, .arena = &components->arena };
    cito_schema_keywords object = { 0 };
    cito_buffer properties, required;
    cito_buffer_init(&properties);
    cito_buffer_init(&required);
    cito_buffer_append_char(&properties, '{');
    for (size_t i = 0; i < count; i++) {
        write_property(&writer, fields[i], fields[i]->type, &properties);
        if (cito_field_is_required(fields[i]))
            append_required(&required, fields[i]);
    }
    fill_object(&writer, &object, &properties, &required, title);
    cito_schema_emit(&writer, &object, buffer);
}

cito_str cito_title_of(cito_arena *arena, const char *name)
{
    size_t len = strlen(name);
    cito_str copy = cito_arena_copy_str(arena, name, len);
    char *text = (char *)copy.data;
    bool in_word = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_upper = c >= 'A' && c <= 'Z', is_lower = c >= 'a' && c <= 'z';
        if (is_lower && !in_word)
            text[i] = (char)(c - 'a' + 'A');
        else if (is_upper && in_word)
            text[i] = (char)(c - 'A' + 'a');
        else if (c == '_')
            text[i] = ' ';
        in_word = is_upper || is_lower || c >= 0x80;
    }
    return copy;
}
