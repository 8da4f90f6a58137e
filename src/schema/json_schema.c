/* JSON Schema of types.
 *
 * A schema is first gathered, keyword by keyword, as ready JSON texts, and then written in one of two key orders: FastAPI sends bodies and
 * components through its own Schema model, whose field order they have; parameters keep the order in which pydantic made them. Texts live
 * in the arena of the components. Threading: at start, one thread. */
#include "schema/components.h"
#include "json/number.h"
#include "json/value.h"
#include "json/writer.h"
#include "schema/decode.h"
#include "schema/plan.h"

/* In the order of FastAPI's Schema model. */
enum keyword {
    KEY_REF,
    KEY_ANY_OF,
    KEY_ONE_OF,
    KEY_PREFIX_ITEMS,
    KEY_ITEMS,
    KEY_PROPERTIES,
    KEY_ADDITIONAL_PROPERTIES,
    KEY_TYPE,
    KEY_ENUM,
    KEY_CONST,
    KEY_MULTIPLE_OF,
    KEY_MAXIMUM,
    KEY_EXCLUSIVE_MAXIMUM,
    KEY_MINIMUM,
    KEY_EXCLUSIVE_MINIMUM,
    KEY_MAX_LENGTH,
    KEY_MIN_LENGTH,
    KEY_PATTERN,
    KEY_MAX_ITEMS,
    KEY_MIN_ITEMS,
    KEY_UNIQUE_ITEMS,
    KEY_MAX_PROPERTIES,
    KEY_MIN_PROPERTIES,
    KEY_REQUIRED,
    KEY_FORMAT,
    KEY_CONTENT_MEDIA_TYPE,
    KEY_TITLE,
    KEY_DESCRIPTION,
    KEY_DEFAULT,
    KEY_DEPRECATED,
    KEY_WRITE_ONLY,
    KEY_EXAMPLES,
    KEY_DISCRIMINATOR,
    KEY_COUNT
};
static const char *const keyword_names[KEY_COUNT] = {
    [KEY_REF] = "$ref",
    [KEY_ANY_OF] = "anyOf",
    [KEY_ONE_OF] = "oneOf",
    [KEY_PREFIX_ITEMS] = "prefixItems",
    [KEY_ITEMS] = "items",
    [KEY_PROPERTIES] = "properties",
    [KEY_ADDITIONAL_PROPERTIES] = "additionalProperties",
    [KEY_TYPE] = "type",
    [KEY_ENUM] = "enum",
    [KEY_CONST] = "const",
    [KEY_MULTIPLE_OF] = "multipleOf",
    [KEY_MAXIMUM] = "maximum",
    [KEY_EXCLUSIVE_MAXIMUM] = "exclusiveMaximum",
    [KEY_MINIMUM] = "minimum",
    [KEY_EXCLUSIVE_MINIMUM] = "exclusiveMinimum",
    [KEY_MAX_LENGTH] = "maxLength",
    [KEY_MIN_LENGTH] = "minLength",
    [KEY_PATTERN] = "pattern",
    [KEY_MAX_ITEMS] = "maxItems",
    [KEY_MIN_ITEMS] = "minItems",
    [KEY_UNIQUE_ITEMS] = "uniqueItems",
    [KEY_MAX_PROPERTIES] = "maxProperties",
    [KEY_MIN_PROPERTIES] = "minProperties",
    [KEY_REQUIRED] = "required",
    [KEY_FORMAT] = "format",
    [KEY_CONTENT_MEDIA_TYPE] = "contentMediaType",
    [KEY_TITLE] = "title",
    [KEY_DESCRIPTION] = "description",
    [KEY_DEFAULT] = "default",
    [KEY_DEPRECATED] = "deprecated",
    [KEY_WRITE_ONLY] = "writeOnly",
    [KEY_EXAMPLES] = "examples",
    [KEY_DISCRIMINATOR] = "discriminator",
};
/* In the order in which pydantic makes them. */
static const uint8_t parameter_order[KEY_COUNT] = {
    KEY_REF,
    KEY_DISCRIMINATOR,
    KEY_ANY_OF,
    KEY_ONE_OF,
    KEY_CONST,
    KEY_ENUM,
    KEY_TYPE,
    KEY_UNIQUE_ITEMS,
    KEY_ITEMS,
    KEY_PREFIX_ITEMS,
    KEY_PROPERTIES,
    KEY_ADDITIONAL_PROPERTIES,
    KEY_REQUIRED,
    KEY_WRITE_ONLY,
    KEY_FORMAT,
    KEY_CONTENT_MEDIA_TYPE,
    KEY_MULTIPLE_OF,
    KEY_MAXIMUM,
    KEY_MINIMUM,
    KEY_EXCLUSIVE_MAXIMUM,
    KEY_EXCLUSIVE_MINIMUM,
    KEY_MIN_LENGTH,
    KEY_MAX_LENGTH,
    KEY_PATTERN,
    KEY_MIN_ITEMS,
    KEY_MAX_ITEMS,
    KEY_MIN_PROPERTIES,
    KEY_MAX_PROPERTIES,
    KEY_DEFAULT,
    KEY_TITLE,
    KEY_DESCRIPTION,
    KEY_EXAMPLES,
    KEY_DEPRECATED,
};

typedef struct keywords {
    cito_str texts[KEY_COUNT]; /* data NULL: the keyword is not there */
} keywords;
typedef struct schema_writer {
    cito_components *components;
    cito_arena *arena;
    bool is_output, is_parameter;
} schema_writer;

static void fill_type(schema_writer *writer, keywords *schema, const cito_type *type, const cito_field *checks);

static void put(keywords *schema, enum keyword key, const char *text) { schema->texts[key] = (cito_str){ text, strlen(text) }; }

/* What was written behind the start of the scratch buffer, as a text in the arena. */
static cito_str take_text(schema_writer *writer, cito_buffer *scratch)
{
    cito_str text = cito_arena_copy_str(writer->arena, scratch->data ? scratch->data : "", scratch->len);
    cito_buffer_finish(scratch);
    return text;
}

static void put_string(schema_writer *writer, keywords *schema, enum keyword key, cito_str value)
{
    cito_buffer scratch;
    cito_buffer_init(&scratch);
    cito_json_write_string(&scratch, value);
    schema->texts[key] = take_text(writer, &scratch);
}

static void put_chars(schema_writer *writer, keywords *schema, enum keyword key, const char *value)
{
    if (value)
        put_string(writer, schema, key, (cito_str){ value, strlen(value) });
}

static void put_count(schema_writer *writer, keywords *schema, enum keyword key, size_t value)
{
    schema->texts[key] = cito_arena_format(writer->arena, "%zu", value);
}

/* FastAPI's Schema model holds limits as floats, a parameter's limits stay what the program said. */
static void put_limit(schema_writer *writer, keywords *schema, enum keyword key, double value, bool as_float)
{
    char text[CITO_NUMBER_MAX];
    bool is_whole = value == (double)(int64_t)value && value > -1e15 && value < 1e15;
    size_t len = is_whole && writer->is_parameter && !as_float ? cito_int_write((int64_t)value, text) : cito_double_write_repr(value, text);
    schema->texts[key] = cito_arena_copy_str(writer->arena, text, len);
}

/* JSON that the program gave as text, written anew: compact, and checked. What is no JSON is refused by cito_type_prepare. */
static cito_str rewrite_json(schema_writer *writer, const char *json)
{
    cito_buffer scratch;
    const cito_value *value = cito_value_parse(writer->arena, cito_option_json(json, writer->arena), NULL, NULL);
    if (!value)
        return (cito_str){ NULL, 0 };
    cito_buffer_init(&scratch);
    bool written = cito_value_write(&scratch, value);
    cito_str text = take_text(writer, &scratch);
    return written ? text : (cito_str){ NULL, 0 };
}

static void emit(schema_writer *writer, const keywords *schema, cito_buffer *buffer)
{
    size_t count = 0;
    cito_buffer_append_char(buffer, '{');
    for (int i = 0; i < KEY_COUNT; i++) {
        int key = writer->is_parameter ? parameter_order[i] : i;
        if (!schema->texts[key].data)
            continue;
        cito_buffer_append_format(buffer, count++ ? ",\"%s\":" : "\"%s\":", keyword_names[key]);
        cito_buffer_append_str(buffer, schema->texts[key]);
    }
    cito_buffer_append_char(buffer, '}');
}

static cito_str text_of(schema_writer *writer, const keywords *schema)
{
    cito_buffer scratch;
    cito_buffer_init(&scratch);
    emit(writer, schema, &scratch);
    return take_text(writer, &scratch);
}

static cito_str type_text(schema_writer *writer, const cito_type *type, const cito_field *checks)
{
    keywords inner = { 0 };
    fill_type(writer, &inner, type, checks);
    return text_of(writer, &inner);
}

/* The limits of numbers, texts and collections: each goes where the type has a keyword for it. */
static void put_number_limits(schema_writer *writer, keywords *schema, const cito_field *field, bool as_float)
{
    if (field->has_multiple_of)
        put_limit(writer, schema, KEY_MULTIPLE_OF, field->multiple_of, as_float);
    if (field->has_le)
        put_limit(writer, schema, KEY_MAXIMUM, field->le, as_float);
    if (field->has_ge)
        put_limit(writer, schema, KEY_MINIMUM, field->ge, as_float);
    if (field->has_lt)
        put_limit(writer, schema, KEY_EXCLUSIVE_MAXIMUM, field->lt, as_float);
    if (field->has_gt)
        put_limit(writer, schema, KEY_EXCLUSIVE_MINIMUM, field->gt, as_float);
}

static void put_length_limits(schema_writer *writer, keywords *schema, const cito_field *field, enum keyword min, enum keyword max)
{
    if (field->has_min_length)
        put_count(writer, schema, min, field->min_length);
    if (field->has_max_length)
        put_count(writer, schema, max, field->max_length);
}

/* What has no keyword for a limit leaves it out. */
static void put_limits(schema_writer *writer, keywords *schema, cito_kind kind, const cito_field *field)
{
    switch (kind) {
    case CITO_KIND_INT:
    case CITO_KIND_INT64:
    case CITO_KIND_DOUBLE:
        put_number_limits(writer, schema, field, false);
        break;
    case CITO_KIND_STR:
        put_chars(writer, schema, KEY_PATTERN, field->pattern);
        put_length_limits(writer, schema, field, KEY_MIN_LENGTH, KEY_MAX_LENGTH);
        break;
    case CITO_KIND_BYTES:
    case CITO_KIND_SECRET:
    case CITO_KIND_EMAIL:
    case CITO_KIND_URL:
    case CITO_KIND_ANY_URL:
        put_length_limits(writer, schema, field, KEY_MIN_LENGTH, KEY_MAX_LENGTH);
        break;
    case CITO_KIND_LIST:
    case CITO_KIND_SET:
        put_length_limits(writer, schema, field, KEY_MIN_ITEMS, KEY_MAX_ITEMS);
        break;
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
        put_length_limits(writer, schema, field, KEY_MIN_PROPERTIES, KEY_MAX_PROPERTIES);
        break;
    default:
        break;
    }
}

/* Source: pydantic's schema of Decimal; the limits of digits are part of the pattern. */
static cito_str decimal_pattern(schema_writer *writer, const cito_field *field)
{
    static const char head[] = "^(?!^[-+.]*$)[+-]?0*";
    if (field && field->has_max_digits && field->has_decimal_places) {
        int places = field->decimal_places, whole = field->max_digits > places ? field->max_digits - places : 0;
        return cito_arena_format(writer->arena, "%s(?:\\d{0,%d}|(?=[\\d.]{1,%d}0*$)\\d{0,%d}\\.\\d{0,%d}0*$)", head, whole,
                                 field->max_digits + 1, whole, places);
    }
    if (field && field->has_max_digits)
        return cito_arena_format(writer->arena, "%s(?:\\d{0,%d}|(?=[\\d.]{1,%d}0*$)\\d*\\.\\d*0*$)", head, field->max_digits,
                                 field->max_digits + 1);
    if (field && field->has_decimal_places)
        return cito_arena_format(writer->arena, "%s\\d*\\.?\\d{0,%d}0*$", head, field->decimal_places);
    return cito_arena_format(writer->arena, "%s\\d*\\.?\\d*$", head);
}

/* A request may send a number or a text; an answer is always a text. */
static void fill_decimal(schema_writer *writer, keywords *into, const cito_field *checks)
{
    keywords text = { 0 }, number = { 0 };
    put(&text, KEY_TYPE, "\"string\"");
    put_string(writer, &text, KEY_PATTERN, decimal_pattern(writer, checks));
    if (writer->is_output) {
        *into = text;
        return;
    }
    put(&number, KEY_TYPE, "\"number\"");
    if (checks)
        put_number_limits(writer, &number, checks, true);
    into->texts[KEY_ANY_OF] = cito_arena_format(writer->arena, "[%s,%s]", text_of(writer, &number).data, text_of(writer, &text).data);
}

/* anyOf with null; what is an anyOf itself is not nested. */
static void fill_optional(schema_writer *writer, keywords *into, const cito_type *type, const cito_field *checks)
{
    keywords inner = { 0 };
    size_t others = 0;
    fill_type(writer, &inner, type->element, checks);
    for (int key = 0; key < KEY_COUNT; key++)
        others += inner.texts[key].data && key != KEY_ANY_OF;
    cito_str branches = inner.texts[KEY_ANY_OF];
    if (branches.data && !others)
        into->texts[KEY_ANY_OF] = cito_arena_format(writer->arena, "%.*s,{\"type\":\"null\"}]", (int)branches.len - 1, branches.data);
    else
        into->texts[KEY_ANY_OF] = cito_arena_format(writer->arena, "[%s,{\"type\":\"null\"}]", text_of(writer, &inner).data);
}

static cito_str reference(schema_writer *writer, const cito_type *type)
{
    cito_str name = cito_components_name_of(writer->components, type, writer->is_output);
    return cito_arena_format(writer->arena, "\"#/components/schemas/%s\"", name.data);
}

static void fill_discriminator(schema_writer *writer, keywords *into, const cito_type *type)
{
    cito_buffer mapping;
    cito_buffer_init(&mapping);
    cito_buffer_append_literal(&mapping, "{");
    if (writer->is_parameter) {
        cito_buffer_append_literal(&mapping, "\"mapping\":{");
    } else {
        cito_buffer_append_literal(&mapping, "\"propertyName\":");
        cito_json_write_string(&mapping, (cito_str){ type->discriminator, strlen(type->discriminator) });
        cito_buffer_append_literal(&mapping, ",\"mapping\":{");
    }
    for (size_t i = 0; i < type->field_count; i++) {
        const cito_field *member = &type->fields[i];
        if (i)
            cito_buffer_append_char(&mapping, ',');
        cito_json_write_string(&mapping, (cito_str){ member->name, strlen(member->name) });
        cito_buffer_append_char(&mapping, ':');
        cito_buffer_append_str(&mapping, reference(writer, cito_type_peel(member->type)));
    }
    cito_buffer_append_char(&mapping, '}');
    if (writer->is_parameter) {
        cito_buffer_append_literal(&mapping, ",\"propertyName\":");
        cito_json_write_string(&mapping, (cito_str){ type->discriminator, strlen(type->discriminator) });
    }
    cito_buffer_append_char(&mapping, '}');
    into->texts[KEY_DISCRIMINATOR] = take_text(writer, &mapping);
}

/* The members of a union, the elements of a tuple. */
static cito_str member_schemas(schema_writer *writer, const cito_type *type)
{
    cito_buffer row;
    cito_buffer_init(&row);
    for (size_t i = 0; i < type->field_count; i++) {
        cito_buffer_append_char(&row, i ? ',' : '[');
        const cito_field *checks = type->kind == CITO_KIND_TUPLE ? &type->fields[i] : NULL;
        cito_buffer_append_str(&row, type_text(writer, type->fields[i].type, checks));
    }
    cito_buffer_append_char(&row, ']');
    return take_text(writer, &row);
}

static void fill_members(schema_writer *writer, keywords *into, const char *const *members, bool is_literal)
{
    cito_buffer row;
    put(into, KEY_TYPE, "\"string\"");
    if (is_literal && members[0] && !members[1]) {
        put_chars(writer, into, KEY_CONST, members[0]);
        return;
    }
    cito_buffer_init(&row);
    for (size_t i = 0; members[i]; i++) {
        cito_buffer_append_char(&row, i ? ',' : '[');
        cito_json_write_string(&row, (cito_str){ members[i], strlen(members[i]) });
    }
    cito_buffer_append_char(&row, ']');
    into->texts[KEY_ENUM] = take_text(writer, &row);
}

static void fill_dict(schema_writer *writer, keywords *into, const cito_type *type)
{
    put(into, KEY_TYPE, "\"object\"");
    if (cito_type_peel(type->element)->kind == CITO_KIND_ANY)
        put(into, KEY_ADDITIONAL_PROPERTIES, "true");
    else
        into->texts[KEY_ADDITIONAL_PROPERTIES] = type_text(writer, type->element, NULL);
}

/* Kinds that are a type with a format. */
static const struct scalar {
    const char *type, *format;
} scalars[] = {
    [CITO_KIND_BOOL] = { "\"boolean\"", NULL },
    [CITO_KIND_INT] = { "\"integer\"", NULL },
    [CITO_KIND_INT64] = { "\"integer\"", NULL },
    [CITO_KIND_DOUBLE] = { "\"number\"", NULL },
    [CITO_KIND_STR] = { "\"string\"", NULL },
    [CITO_KIND_BYTES] = { "\"string\"", NULL },
    [CITO_KIND_SECRET] = { "\"string\"", "\"password\"" },
    [CITO_KIND_EMAIL] = { "\"string\"", "\"email\"" },
    [CITO_KIND_URL] = { "\"string\"", "\"uri\"" },
    [CITO_KIND_ANY_URL] = { "\"string\"", "\"uri\"" },
    [CITO_KIND_DATE] = { "\"string\"", "\"date\"" },
    [CITO_KIND_TIME] = { "\"string\"", "\"time\"" },
    [CITO_KIND_DATETIME] = { "\"string\"", "\"date-time\"" },
    [CITO_KIND_TIMEDELTA] = { "\"string\"", "\"duration\"" },
    [CITO_KIND_UUID] = { "\"string\"", "\"uuid\"" },
    [CITO_KIND_NONE] = { "\"null\"", NULL },
    [CITO_KIND_FILE] = { "\"string\"", NULL },
    [CITO_KIND_LIST] = { "\"array\"", NULL },
    [CITO_KIND_SET] = { "\"array\"", NULL },
    [CITO_KIND_TUPLE] = { "\"array\"", NULL },
    [CITO_KIND_CONTEXT] = { NULL, NULL },
};

static void fill_scalar(keywords *into, cito_kind kind)
{
    if (scalars[kind].type)
        put(into, KEY_TYPE, scalars[kind].type);
    if (scalars[kind].format)
        put(into, KEY_FORMAT, scalars[kind].format);
    if (kind == CITO_KIND_SECRET)
        put(into, KEY_WRITE_ONLY, "true");
    if (kind == CITO_KIND_BYTES || kind == CITO_KIND_FILE)
        put(into, KEY_CONTENT_MEDIA_TYPE, "\"application/octet-stream\"");
    if (kind == CITO_KIND_URL || kind == CITO_KIND_ANY_URL)
        put(into, KEY_MIN_LENGTH, "1");
    if (kind == CITO_KIND_URL)
        put(into, KEY_MAX_LENGTH, "2083");
}

static void fill_kind(schema_writer *writer, keywords *into, const cito_type *type, const cito_field *checks)
{
    switch (type->kind) {
    case CITO_KIND_DECIMAL:
        fill_decimal(writer, into, checks);
        break;
    case CITO_KIND_OPTIONAL:
        fill_optional(writer, into, type, checks);
        break;
    case CITO_KIND_SET:
        put(into, KEY_UNIQUE_ITEMS, "true");
        /* fall through */
    case CITO_KIND_LIST:
    case CITO_KIND_YIELDS:
        fill_scalar(into, CITO_KIND_LIST);
        into->texts[KEY_ITEMS] = type_text(writer, type->element, NULL);
        break;
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
        fill_dict(writer, into, type);
        break;
    case CITO_KIND_TUPLE:
        fill_scalar(into, CITO_KIND_TUPLE);
        into->texts[KEY_PREFIX_ITEMS] = member_schemas(writer, type);
        put_count(writer, into, KEY_MIN_ITEMS, type->field_count);
        put_count(writer, into, KEY_MAX_ITEMS, type->field_count);
        break;
    case CITO_KIND_UNION:
        into->texts[type->discriminator ? KEY_ONE_OF : KEY_ANY_OF] = member_schemas(writer, type);
        if (type->discriminator)
            fill_discriminator(writer, into, type);
        break;
    case CITO_KIND_MODEL:
        into->texts[KEY_REF] = reference(writer, type);
        break;
    case CITO_KIND_ENUM:
        if (type->name)
            into->texts[KEY_REF] = reference(writer, type);
        else
            fill_members(writer, into, type->members, true);
        break;
    default:
        fill_scalar(into, type->kind);
    }
}

/* The options of CITO_ANNOTATED with those of the field that it stands in; the field's win. */
static const cito_field *merged_checks(schema_writer *writer, const cito_field *own, const cito_field *outer)
{
    if (!outer)
        return own;
    cito_field *merged = cito_arena_take(writer->arena, sizeof *merged);
    *merged = *own;
    if (outer->has_multiple_of)
        merged->has_multiple_of = true, merged->multiple_of = outer->multiple_of;
    if (outer->has_le)
        merged->has_le = true, merged->le = outer->le;
    if (outer->has_ge)
        merged->has_ge = true, merged->ge = outer->ge;
    if (outer->has_lt)
        merged->has_lt = true, merged->lt = outer->lt;
    if (outer->has_gt)
        merged->has_gt = true, merged->gt = outer->gt;
    if (outer->has_min_length)
        merged->has_min_length = true, merged->min_length = outer->min_length;
    if (outer->has_max_length)
        merged->has_max_length = true, merged->max_length = outer->max_length;
    if (outer->has_max_digits)
        merged->has_max_digits = true, merged->max_digits = outer->max_digits;
    if (outer->has_decimal_places)
        merged->has_decimal_places = true, merged->decimal_places = outer->decimal_places;
    if (outer->pattern)
        merged->pattern = outer->pattern;
    return merged;
}

/* title, description, examples, default and deprecated, as a field or an annotated word says them. */
static void put_notes(schema_writer *writer, keywords *into, const cito_field *field)
{
    put_chars(writer, into, KEY_TITLE, field->title);
    put_chars(writer, into, KEY_DESCRIPTION, field->description);
    if (field->examples_json)
        into->texts[KEY_EXAMPLES] = rewrite_json(writer, field->examples_json);
    else if (field->example_json)
        into->texts[KEY_EXAMPLES] = rewrite_json(writer, cito_arena_format(writer->arena, "[%s]", field->example_json).data);
    if (field->deprecated)
        put(into, KEY_DEPRECATED, "true");
    /* FastAPI leaves out a default that is null. */
    cito_str value = field->default_json ? rewrite_json(writer, field->default_json) : (cito_str){ NULL, 0 };
    if (value.data && strcmp(value.data, "null") != 0)
        into->texts[KEY_DEFAULT] = value;
}

static void fill_type(schema_writer *writer, keywords *into, const cito_type *type, const cito_field *checks)
{
    if (type->kind == CITO_KIND_ANNOTATED) {
        fill_type(writer, into, type->element, merged_checks(writer, type->annotated, checks));
        put_notes(writer, into, type->annotated);
        return;
    }
    fill_kind(writer, into, type, checks);
    if (checks)
        put_limits(writer, into, type->kind, checks);
}

/* pydantic's rule: what is a component has its own title, also behind optional. */
static bool takes_title(const cito_type *type)
{
    type = cito_type_peel(type);
    while (type->kind == CITO_KIND_OPTIONAL)
        type = cito_type_peel(type->element);
    return !cito_component_is(type);
}

/* "key":{…} of one field of a model or body. */
static void write_property(schema_writer *writer, const cito_field *field, const cito_type *type, cito_buffer *buffer)
{
    const char *key = field->alias ? field->alias : field->name;
    keywords property = { 0 };
    fill_type(writer, &property, type, field);
    if (!property.texts[KEY_TITLE].data && takes_title(type))
        put_string(writer, &property, KEY_TITLE, cito_title_of(writer->arena, key));
    put_notes(writer, &property, field);
    if (buffer->len > 1)
        cito_buffer_append_char(buffer, ',');
    cito_json_write_string(buffer, (cito_str){ key, strlen(key) });
    cito_buffer_append_char(buffer, ':');
    emit(writer, &property, buffer);
}

static void append_required(cito_buffer *required, const cito_field *field)
{
    const char *key = field->alias ? field->alias : field->name;
    cito_buffer_append_char(required, required->len ? ',' : '[');
    cito_json_write_string(required, (cito_str){ key, strlen(key) });
}

/* The object whose properties and required keys were gathered. */
static void fill_object(schema_writer *writer, keywords *into, cito_buffer *properties, cito_buffer *required, const char *title)
{
    cito_buffer_append_char(properties, '}');
    into->texts[KEY_PROPERTIES] = take_text(writer, properties);
    put(into, KEY_TYPE, "\"object\"");
    if (required->len) {
        cito_buffer_append_char(required, ']');
        into->texts[KEY_REQUIRED] = take_text(writer, required);
    } else {
        cito_buffer_finish(required);
    }
    put_chars(writer, into, KEY_TITLE, title);
}

static void fill_model(schema_writer *writer, keywords *into, const cito_type *type)
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
        put(into, KEY_ADDITIONAL_PROPERTIES, "false");
    if (config)
        put_chars(writer, into, KEY_DESCRIPTION, config->description);
    if (config && config->example_json)
        into->texts[KEY_EXAMPLES] = rewrite_json(writer, cito_arena_format(writer->arena, "[%s]", config->example_json).data);
}

cito_str cito_json_schema_record(cito_components *components, const cito_type *type, bool is_output)
{
    schema_writer writer = { .components = components, .arena = &components->arena, .is_output = is_output };
    keywords record = { 0 };
    if (type->kind == CITO_KIND_MODEL) {
        fill_model(&writer, &record, type);
    } else {
        fill_members(&writer, &record, type->members, false);
        put_chars(&writer, &record, KEY_TITLE, type->name);
    }
    return text_of(&writer, &record);
}

void cito_json_schema_write(cito_components *components, const cito_type *type, const cito_field *field, const char *title, bool is_output,
                            cito_buffer *buffer)
{
    bool is_parameter = field && field->location >= CITO_IN_PATH && field->location <= CITO_IN_COOKIE;
    schema_writer writer = { .components = components, .arena = &components->arena, .is_output = is_output, .is_parameter = is_parameter };
    keywords whole = { 0 };
    fill_type(&writer, &whole, type, field);
    if (title && !whole.texts[KEY_REF].data)
        put_chars(&writer, &whole, KEY_TITLE, title);
    if (field)
        put_notes(&writer, &whole, field);
    emit(&writer, &whole, buffer);
}

void cito_json_schema_write_object(cito_components *components, const char *title, const cito_field *const *fields, size_t count,
                                   cito_buffer *buffer)
{
    schema_writer writer = { .components = components, .arena = &components->arena };
    keywords object = { 0 };
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
    emit(&writer, &object, buffer);
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
