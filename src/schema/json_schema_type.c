/* JSON Schema of types: each kind by its own rule, with the limits that the kind has a keyword for.
 *
 * Invariant: models and named enums are referred to, never described here, so a type that reaches itself ends. Threading: at start, one thread. */
#include "schema/json_schema_type.h"
#include "json/writer.h"
#include "schema/plan.h"

static cito_str type_text(cito_schema_writer *writer, const cito_type *type, const cito_field *checks)
{
    cito_schema_keywords inner = { 0 };
    cito_schema_fill_type(writer, &inner, type, checks);
    return cito_schema_text_of(writer, &inner);
}

/* The limits of numbers, texts and collections: each goes where the type has a keyword for it. */
static void put_number_limits(cito_schema_writer *writer, cito_schema_keywords *schema, const cito_field *field, bool as_float)
{
    if (field->has_multiple_of)
        cito_schema_put_limit(writer, schema, CITO_SCHEMA_MULTIPLE_OF, field->multiple_of, as_float);
    if (field->has_le)
        cito_schema_put_limit(writer, schema, CITO_SCHEMA_MAXIMUM, field->le, as_float);
    if (field->has_ge)
        cito_schema_put_limit(writer, schema, CITO_SCHEMA_MINIMUM, field->ge, as_float);
    if (field->has_lt)
        cito_schema_put_limit(writer, schema, CITO_SCHEMA_EXCLUSIVE_MAXIMUM, field->lt, as_float);
    if (field->has_gt)
        cito_schema_put_limit(writer, schema, CITO_SCHEMA_EXCLUSIVE_MINIMUM, field->gt, as_float);
}

static void put_length_limits(cito_schema_writer *writer, cito_schema_keywords *schema, const cito_field *field, cito_schema_keyword min,
                              cito_schema_keyword max)
{
    if (field->has_min_length)
        cito_schema_put_count(writer, schema, min, field->min_length);
    if (field->has_max_length)
        cito_schema_put_count(writer, schema, max, field->max_length);
}

/* What has no keyword for a limit leaves it out. */
static void put_limits(cito_schema_writer *writer, cito_schema_keywords *schema, cito_kind kind, const cito_field *field)
{
    switch (kind) {
    case CITO_KIND_INT:
    case CITO_KIND_INT64:
    case CITO_KIND_DOUBLE:
        put_number_limits(writer, schema, field, false);
        break;
    case CITO_KIND_STR:
        cito_schema_put_chars(writer, schema, CITO_SCHEMA_PATTERN, field->pattern);
        put_length_limits(writer, schema, field, CITO_SCHEMA_MIN_LENGTH, CITO_SCHEMA_MAX_LENGTH);
        break;
    case CITO_KIND_BYTES:
    case CITO_KIND_SECRET:
    case CITO_KIND_EMAIL:
    case CITO_KIND_URL:
    case CITO_KIND_ANY_URL:
        put_length_limits(writer, schema, field, CITO_SCHEMA_MIN_LENGTH, CITO_SCHEMA_MAX_LENGTH);
        break;
    case CITO_KIND_LIST:
    case CITO_KIND_SET:
        put_length_limits(writer, schema, field, CITO_SCHEMA_MIN_ITEMS, CITO_SCHEMA_MAX_ITEMS);
        break;
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
        put_length_limits(writer, schema, field, CITO_SCHEMA_MIN_PROPERTIES, CITO_SCHEMA_MAX_PROPERTIES);
        break;
    default:
        break;
    }
}

/* Source: pydantic's schema of Decimal; the limits of digits are part of the pattern. */
static cito_str decimal_pattern(cito_schema_writer *writer, const cito_field *field)
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
static void fill_decimal(cito_schema_writer *writer, cito_schema_keywords *into, const cito_field *checks)
{
    cito_schema_keywords text = { 0 }, number = { 0 };
    cito_schema_put(&text, CITO_SCHEMA_TYPE, "\"string\"");
    cito_schema_put_string(writer, &text, CITO_SCHEMA_PATTERN, decimal_pattern(writer, checks));
    if (writer->is_output) {
        *into = text;
        return;
    }
    cito_schema_put(&number, CITO_SCHEMA_TYPE, "\"number\"");
    if (checks)
        put_number_limits(writer, &number, checks, true);
    into->texts[CITO_SCHEMA_ANY_OF] =
        cito_arena_format(writer->arena, "[%s,%s]", cito_schema_text_of(writer, &number).data, cito_schema_text_of(writer, &text).data);
}

/* anyOf with null; what is an anyOf itself is not nested. */
static void fill_optional(cito_schema_writer *writer, cito_schema_keywords *into, const cito_type *type, const cito_field *checks)
{
    cito_schema_keywords inner = { 0 };
    size_t others = 0;
    cito_schema_fill_type(writer, &inner, type->element, checks);
    for (int key = 0; key < CITO_SCHEMA_COUNT; key++)
        others += inner.texts[key].data && key != CITO_SCHEMA_ANY_OF;
    cito_str branches = inner.texts[CITO_SCHEMA_ANY_OF];
    if (branches.data && !others)
        into->texts[CITO_SCHEMA_ANY_OF] =
            cito_arena_format(writer->arena, "%.*s,{\"type\":\"null\"}]", (int)branches.len - 1, branches.data);
    else
        into->texts[CITO_SCHEMA_ANY_OF] =
            cito_arena_format(writer->arena, "[%s,{\"type\":\"null\"}]", cito_schema_text_of(writer, &inner).data);
}

static cito_str reference(cito_schema_writer *writer, const cito_type *type)
{
    cito_str name = cito_components_name_of(writer->components, type, writer->is_output);
    return cito_arena_format(writer->arena, "\"#/components/schemas/%s\"", name.data);
}

static void fill_discriminator(cito_schema_writer *writer, cito_schema_keywords *into, const cito_type *type)
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
    into->texts[CITO_SCHEMA_DISCRIMINATOR] = cito_schema_take_text(writer, &mapping);
}

/* The members of a union, the elements of a tuple. */
static cito_str member_schemas(cito_schema_writer *writer, const cito_type *type)
{
    cito_buffer row;
    cito_buffer_init(&row);
    for (size_t i = 0; i < type->field_count; i++) {
        cito_buffer_append_char(&row, i ? ',' : '[');
        const cito_field *checks = type->kind == CITO_KIND_TUPLE ? &type->fields[i] : NULL;
        cito_buffer_append_str(&row, type_text(writer, type->fields[i].type, checks));
    }
    cito_buffer_append_char(&row, ']');
    return cito_schema_take_text(writer, &row);
}

void cito_schema_fill_members(cito_schema_writer *writer, cito_schema_keywords *into, const char *const *members, bool is_literal)
{
    cito_buffer row;
    cito_schema_put(into, CITO_SCHEMA_TYPE, "\"string\"");
    if (is_literal && members[0] && !members[1]) {
        cito_schema_put_chars(writer, into, CITO_SCHEMA_CONST, members[0]);
        return;
    }
    cito_buffer_init(&row);
    for (size_t i = 0; members[i]; i++) {
        cito_buffer_append_char(&row, i ? ',' : '[');
        cito_json_write_string(&row, (cito_str){ members[i], strlen(members[i]) });
    }
    cito_buffer_append_char(&row, ']');
    into->texts[CITO_SCHEMA_ENUM] = cito_schema_take_text(writer, &row);
}

static void fill_dict(cito_schema_writer *writer, cito_schema_keywords *into, const cito_type *type)
{
    cito_schema_put(into, CITO_SCHEMA_TYPE, "\"object\"");
    if (cito_type_peel(type->element)->kind == CITO_KIND_ANY)
        cito_schema_put(into, CITO_SCHEMA_ADDITIONAL_PROPERTIES, "true");
    else
        into->texts[CITO_SCHEMA_ADDITIONAL_PROPERTIES] = type_text(writer, type->element, NULL);
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

static void fill_scalar(cito_schema_keywords *into, cito_kind kind)
{
    if (scalars[kind].type)
        cito_schema_put(into, CITO_SCHEMA_TYPE, scalars[kind].type);
    if (scalars[kind].format)
        cito_schema_put(into, CITO_SCHEMA_FORMAT, scalars[kind].format);
    if (kind == CITO_KIND_SECRET)
        cito_schema_put(into, CITO_SCHEMA_WRITE_ONLY, "true");
    if (kind == CITO_KIND_BYTES || kind == CITO_KIND_FILE)
        cito_schema_put(into, CITO_SCHEMA_CONTENT_MEDIA_TYPE, "\"application/octet-stream\"");
    if (kind == CITO_KIND_URL || kind == CITO_KIND_ANY_URL)
        cito_schema_put(into, CITO_SCHEMA_MIN_LENGTH, "1");
    if (kind == CITO_KIND_URL)
        cito_schema_put(into, CITO_SCHEMA_MAX_LENGTH, "2083");
}

static void fill_kind(cito_schema_writer *writer, cito_schema_keywords *into, const cito_type *type, const cito_field *checks)
{
    switch (type->kind) {
    case CITO_KIND_DECIMAL:
        fill_decimal(writer, into, checks);
        break;
    case CITO_KIND_OPTIONAL:
        fill_optional(writer, into, type, checks);
        break;
    case CITO_KIND_SET:
        cito_schema_put(into, CITO_SCHEMA_UNIQUE_ITEMS, "true");
        /* fall through */
    case CITO_KIND_LIST:
    case CITO_KIND_YIELDS:
        fill_scalar(into, CITO_KIND_LIST);
        into->texts[CITO_SCHEMA_ITEMS] = type_text(writer, type->element, NULL);
        break;
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
        fill_dict(writer, into, type);
        break;
    case CITO_KIND_TUPLE:
        fill_scalar(into, CITO_KIND_TUPLE);
        into->texts[CITO_SCHEMA_PREFIX_ITEMS] = member_schemas(writer, type);
        cito_schema_put_count(writer, into, CITO_SCHEMA_MIN_ITEMS, type->field_count);
        cito_schema_put_count(writer, into, CITO_SCHEMA_MAX_ITEMS, type->field_count);
        break;
    case CITO_KIND_UNION:
        into->texts[type->discriminator ? CITO_SCHEMA_ONE_OF : CITO_SCHEMA_ANY_OF] = member_schemas(writer, type);
        if (type->discriminator)
            fill_discriminator(writer, into, type);
        break;
    case CITO_KIND_MODEL:
        into->texts[CITO_SCHEMA_REF] = reference(writer, type);
        break;
    case CITO_KIND_ENUM:
        if (type->name)
            into->texts[CITO_SCHEMA_REF] = reference(writer, type);
        else
            cito_schema_fill_members(writer, into, type->members, true);
        break;
    default:
        fill_scalar(into, type->kind);
    }
}

/* The options of CITO_ANNOTATED with those of the field that it stands in; the field's win. */
static const cito_field *merged_checks(cito_schema_writer *writer, const cito_field *own, const cito_field *outer)
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

void cito_schema_put_notes(cito_schema_writer *writer, cito_schema_keywords *into, const cito_field *field)
{
    cito_schema_put_chars(writer, into, CITO_SCHEMA_TITLE, field->title);
    cito_schema_put_chars(writer, into, CITO_SCHEMA_DESCRIPTION, field->description);
    if (field->examples_json)
        into->texts[CITO_SCHEMA_EXAMPLES] = cito_schema_rewrite_json(writer, field->examples_json);
    else if (field->example_json)
        into->texts[CITO_SCHEMA_EXAMPLES] =
            cito_schema_rewrite_json(writer, cito_arena_format(writer->arena, "[%s]", field->example_json).data);
    if (field->deprecated)
        cito_schema_put(into, CITO_SCHEMA_DEPRECATED, "true");
    /* FastAPI leaves out a default that is null. */
    cito_str value = field->default_json ? cito_schema_rewrite_json(writer, field->default_json) : (cito_str){ NULL, 0 };
    if (value.data && strcmp(value.data, "null") != 0)
        into->texts[CITO_SCHEMA_DEFAULT] = value;
}

void cito_schema_fill_type(cito_schema_writer *writer, cito_schema_keywords *into, const cito_type *type, const cito_field *checks)
{
    if (type->kind == CITO_KIND_ANNOTATED) {
        cito_schema_fill_type(writer, into, type->element, merged_checks(writer, type->annotated, checks));
        cito_schema_put_notes(writer, into, type->annotated);
        return;
    }
    fill_kind(writer, into, type, checks);
    if (checks)
        put_limits(writer, into, type->kind, checks);
}
