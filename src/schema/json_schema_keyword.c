/* Keywords of a schema. FastAPI sends bodies and components through its own Schema model, whose field order they have; parameters keep the order in which
 * pydantic made them.
 *
 * Invariant: a keyword's text is JSON when it is put; writing only sets them in order. Threading: at start, one thread. */
#include "schema/json_schema_keyword.h"
#include "json/number.h"
#include "json/value.h"
#include "json/writer.h"
#include "schema/plan.h"

static const char *const keyword_names[CITO_SCHEMA_COUNT] = {
    [CITO_SCHEMA_REF] = "$ref",
    [CITO_SCHEMA_ANY_OF] = "anyOf",
    [CITO_SCHEMA_ONE_OF] = "oneOf",
    [CITO_SCHEMA_PREFIX_ITEMS] = "prefixItems",
    [CITO_SCHEMA_ITEMS] = "items",
    [CITO_SCHEMA_PROPERTIES] = "properties",
    [CITO_SCHEMA_ADDITIONAL_PROPERTIES] = "additionalProperties",
    [CITO_SCHEMA_TYPE] = "type",
    [CITO_SCHEMA_ENUM] = "enum",
    [CITO_SCHEMA_CONST] = "const",
    [CITO_SCHEMA_MULTIPLE_OF] = "multipleOf",
    [CITO_SCHEMA_MAXIMUM] = "maximum",
    [CITO_SCHEMA_EXCLUSIVE_MAXIMUM] = "exclusiveMaximum",
    [CITO_SCHEMA_MINIMUM] = "minimum",
    [CITO_SCHEMA_EXCLUSIVE_MINIMUM] = "exclusiveMinimum",
    [CITO_SCHEMA_MAX_LENGTH] = "maxLength",
    [CITO_SCHEMA_MIN_LENGTH] = "minLength",
    [CITO_SCHEMA_PATTERN] = "pattern",
    [CITO_SCHEMA_MAX_ITEMS] = "maxItems",
    [CITO_SCHEMA_MIN_ITEMS] = "minItems",
    [CITO_SCHEMA_UNIQUE_ITEMS] = "uniqueItems",
    [CITO_SCHEMA_MAX_PROPERTIES] = "maxProperties",
    [CITO_SCHEMA_MIN_PROPERTIES] = "minProperties",
    [CITO_SCHEMA_REQUIRED] = "required",
    [CITO_SCHEMA_FORMAT] = "format",
    [CITO_SCHEMA_CONTENT_MEDIA_TYPE] = "contentMediaType",
    [CITO_SCHEMA_TITLE] = "title",
    [CITO_SCHEMA_DESCRIPTION] = "description",
    [CITO_SCHEMA_DEFAULT] = "default",
    [CITO_SCHEMA_DEPRECATED] = "deprecated",
    [CITO_SCHEMA_WRITE_ONLY] = "writeOnly",
    [CITO_SCHEMA_EXAMPLES] = "examples",
    [CITO_SCHEMA_DISCRIMINATOR] = "discriminator",
};
/* In the order in which pydantic makes them. */
static const uint8_t parameter_order[CITO_SCHEMA_COUNT] = {
    CITO_SCHEMA_REF,
    CITO_SCHEMA_DISCRIMINATOR,
    CITO_SCHEMA_ANY_OF,
    CITO_SCHEMA_ONE_OF,
    CITO_SCHEMA_CONST,
    CITO_SCHEMA_ENUM,
    CITO_SCHEMA_TYPE,
    CITO_SCHEMA_UNIQUE_ITEMS,
    CITO_SCHEMA_ITEMS,
    CITO_SCHEMA_PREFIX_ITEMS,
    CITO_SCHEMA_PROPERTIES,
    CITO_SCHEMA_ADDITIONAL_PROPERTIES,
    CITO_SCHEMA_REQUIRED,
    CITO_SCHEMA_WRITE_ONLY,
    CITO_SCHEMA_FORMAT,
    CITO_SCHEMA_CONTENT_MEDIA_TYPE,
    CITO_SCHEMA_MULTIPLE_OF,
    CITO_SCHEMA_MAXIMUM,
    CITO_SCHEMA_MINIMUM,
    CITO_SCHEMA_EXCLUSIVE_MAXIMUM,
    CITO_SCHEMA_EXCLUSIVE_MINIMUM,
    CITO_SCHEMA_MIN_LENGTH,
    CITO_SCHEMA_MAX_LENGTH,
    CITO_SCHEMA_PATTERN,
    CITO_SCHEMA_MIN_ITEMS,
    CITO_SCHEMA_MAX_ITEMS,
    CITO_SCHEMA_MIN_PROPERTIES,
    CITO_SCHEMA_MAX_PROPERTIES,
    CITO_SCHEMA_DEFAULT,
    CITO_SCHEMA_TITLE,
    CITO_SCHEMA_DESCRIPTION,
    CITO_SCHEMA_EXAMPLES,
    CITO_SCHEMA_DEPRECATED,
};

void cito_schema_put(cito_schema_keywords *schema, cito_schema_keyword key, const char *text)
{
    schema->texts[key] = (cito_str){ text, strlen(text) };
}

cito_str cito_schema_take_text(cito_schema_writer *writer, cito_buffer *scratch)
{
    cito_str text = cito_arena_copy_str(writer->arena, scratch->data ? scratch->data : "", scratch->len);
    cito_buffer_finish(scratch);
    return text;
}

void cito_schema_put_string(cito_schema_writer *writer, cito_schema_keywords *schema, cito_schema_keyword key, cito_str value)
{
    cito_buffer scratch;
    cito_buffer_init(&scratch);
    cito_json_write_string(&scratch, value);
    schema->texts[key] = cito_schema_take_text(writer, &scratch);
}

void cito_schema_put_chars(cito_schema_writer *writer, cito_schema_keywords *schema, cito_schema_keyword key, const char *value)
{
    if (value)
        cito_schema_put_string(writer, schema, key, (cito_str){ value, strlen(value) });
}

void cito_schema_put_count(cito_schema_writer *writer, cito_schema_keywords *schema, cito_schema_keyword key, size_t value)
{
    schema->texts[key] = cito_arena_format(writer->arena, "%zu", value);
}

void cito_schema_put_limit(cito_schema_writer *writer, cito_schema_keywords *schema, cito_schema_keyword key, double value, bool as_float)
{
    char text[CITO_NUMBER_MAX];
    bool is_whole = value == (double)(int64_t)value && value > -1e15 && value < 1e15;
    size_t len = is_whole && writer->is_parameter && !as_float ? cito_int_write((int64_t)value, text) : cito_double_write_repr(value, text);
    schema->texts[key] = cito_arena_copy_str(writer->arena, text, len);
}

cito_str cito_schema_rewrite_json(cito_schema_writer *writer, const char *json)
{
    cito_buffer scratch;
    const cito_value *value = cito_value_parse(writer->arena, cito_option_json(json, writer->arena), NULL, NULL);
    if (!value)
        return (cito_str){ NULL, 0 };
    cito_buffer_init(&scratch);
    bool written = cito_value_write(&scratch, value);
    cito_str text = cito_schema_take_text(writer, &scratch);
    return written ? text : (cito_str){ NULL, 0 };
}

void cito_schema_emit(cito_schema_writer *writer, const cito_schema_keywords *schema, cito_buffer *buffer)
{
    size_t count = 0;
    cito_buffer_append_char(buffer, '{');
    for (int i = 0; i < CITO_SCHEMA_COUNT; i++) {
        int key = writer->is_parameter ? parameter_order[i] : i;
        if (!schema->texts[key].data)
            continue;
        cito_buffer_append_format(buffer, count++ ? ",\"%s\":" : "\"%s\":", keyword_names[key]);
        cito_buffer_append_str(buffer, schema->texts[key]);
    }
    cito_buffer_append_char(buffer, '}');
}

cito_str cito_schema_text_of(cito_schema_writer *writer, const cito_schema_keywords *schema)
{
    cito_buffer scratch;
    cito_buffer_init(&scratch);
    cito_schema_emit(writer, schema, &scratch);
    return cito_schema_take_text(writer, &scratch);
}
