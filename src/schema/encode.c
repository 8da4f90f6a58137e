/* The encoder: one walk over a value by its type.
 *
 * A record's keys stand ready in its plan as "key": and are copied with the comma before them; the first comma is turned into the brace at
 * the end, so the loop has no branch for it. The place of a fault is put together only when the calls return with false. Threading: any;
 * the plans are only read. */
#include "schema/encoding.h"
#include "base/utf8.h"
#include "json/datetime.h"
#include "json/number.h"
#include "json/value.h"
#include "json/writer.h"
#include "schema/copy.h"
#include "schema/encode_text.h"
#include <stdarg.h>
#include <stdio.h>

static bool write_kind(cito_encoding *encoding, cito_kind kind, const cito_type *type, const void *value);

/* ---- failure --------------------------------------------------------------------------------------------------------------------- */

bool cito_encoding_fail(cito_encoding *encoding, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(encoding->reason, sizeof encoding->reason, format, arguments);
    va_end(arguments);
    encoding->path_start = sizeof encoding->path - 1;
    encoding->path[encoding->path_start] = '\0';
    return false;
}

static bool prepend(cito_encoding *encoding, const char *step)
{
    size_t len = strlen(step);
    if (len <= encoding->path_start) {
        encoding->path_start -= len;
        memcpy(encoding->path + encoding->path_start, step, len);
    }
    return false;
}

bool cito_encoding_fail_field(cito_encoding *encoding, const char *name)
{
    prepend(encoding, name);
    return prepend(encoding, ".");
}

bool cito_encoding_fail_index(cito_encoding *encoding, size_t index)
{
    char step[32];
    snprintf(step, sizeof step, "[%zu]", index);
    return prepend(encoding, step);
}

const char *cito_encoding_end(cito_encoding *encoding, bool ok, const cito_type *type, size_t start)
{
    static _Thread_local char text[sizeof encoding->path + sizeof encoding->reason + 64];
    if (ok)
        return NULL;
    encoding->buffer->len = start;
    snprintf(text, sizeof text, "%.60s%s: %s", type->name ? type->name : "the value", encoding->path + encoding->path_start,
             encoding->reason);
    return text;
}

/* ---- the debug check of pointers -------------------------------------------------------------------------------------------------- */

static bool fail_pointer(cito_encoding *encoding, const char *what)
{
    return cito_encoding_fail(encoding,
                              "its %s not lie in the request's memory, in what cito_dup keeps or in static data; make it with cito_string, "
                              "cito_list or cito_some",
                              what);
}

static inline bool follow(cito_encoding *encoding, const void *pointer, const char *what)
{
    if (__builtin_expect(!encoding->options.may_follow, 1) || encoding->options.may_follow(pointer, encoding->options.data))
        return true;
    return fail_pointer(encoding, what);
}

bool cito_encoding_follow(cito_encoding *encoding, const void *pointer, const char *what) { return follow(encoding, pointer, what); }

/* ---- scalars ---------------------------------------------------------------------------------------------------------------------- */

static bool write_text(cito_encoding *encoding, const cito_str *text)
{
    if (!text->len) {
        cito_buffer_append_literal(encoding->buffer, "\"\"");
        return true;
    }
    if (!follow(encoding, text->data, "text does"))
        return false;
    write_plain_text(encoding->buffer, *text);
    return true;
}

static bool write_bytes(cito_encoding *encoding, const cito_str *bytes)
{
    if (bytes->len && follow(encoding, bytes->data, "bytes do") && !cito_utf8_is_valid(bytes->data, bytes->len))
        return cito_encoding_fail(encoding, "its bytes are not UTF-8 text; give them as base64, or answer with cito_response_new");
    return write_text(encoding, bytes);
}

static bool write_secret(cito_encoding *encoding, const cito_str *secret)
{
    if (encoding->raw || !secret->len)
        return write_text(encoding, secret);
    cito_buffer_append_literal(encoding->buffer, "\"**********\"");
    return true;
}

static bool write_decimal(cito_encoding *encoding, const cito_decimal *decimal)
{
    if (decimal->text.len)
        return write_text(encoding, &decimal->text);
    cito_buffer_append_literal(encoding->buffer, "\"0\"");
    return true;
}

static bool write_double(cito_encoding *encoding, double value)
{
    if (encoding->raw && !__builtin_isfinite(value))
        cito_buffer_append_format(encoding->buffer, "%s", __builtin_isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    else
        cito_json_write_double(encoding->buffer, value);
    return true;
}

static bool write_enum(cito_encoding *encoding, const cito_type *type, int value)
{
    const struct cito_type_plan *plan = cito_plan_of(type);
    if (value < 0 || (uint32_t)value >= plan->member_count)
        return cito_encoding_fail(encoding, "%d is no member of %s; assign one of its constants", value,
                                  type->name ? type->name : "the literal");
    cito_buffer_append_str(encoding->buffer, plan->member_texts[value]);
    return true;
}

/* What is written between quotes and needs no escape. */
static void write_formatted(cito_buffer *buffer, cito_kind kind, const void *value)
{
    char *out = cito_buffer_reserve(buffer, CITO_DATETIME_TEXT_MAX + 2), *text = out + 1;
    size_t len;
    *out = '"';
    switch (kind) {
    case CITO_KIND_DATE:
        len = cito_date_write(*(const cito_date *)value, text);
        break;
    case CITO_KIND_TIME:
        len = cito_time_write(*(const cito_time *)value, CITO_ISO_PYDANTIC, text);
        break;
    case CITO_KIND_DATETIME:
        len = cito_datetime_write(*(const cito_datetime *)value, CITO_ISO_PYDANTIC, text);
        break;
    case CITO_KIND_TIMEDELTA:
        len = cito_timedelta_write_iso(*(const cito_timedelta *)value, text);
        break;
    default:
        len = cito_uuid_write(*(const cito_uuid *)value, text);
        break;
    }
    text[len] = '"';
    buffer->len += len + 2;
}

/* ---- dynamic values inside of typed ones: numbers in pydantic's form ------------------------------------------------------------------
 * */

static bool write_any(cito_encoding *encoding, const cito_value *value);

static bool write_any_elements(cito_encoding *encoding, const cito_value *value)
{
    bool is_object = value->kind == CITO_VALUE_OBJECT;
    if (++encoding->depth > CITO_ENCODE_DEPTH_MAX)
        return cito_encoding_fail(encoding, "it is nested more than %d levels deep", CITO_ENCODE_DEPTH_MAX);
    cito_buffer_append_char(encoding->buffer, is_object ? '{' : '[');
    for (uint32_t i = 0; i < value->count; i++) {
        if (i)
            cito_buffer_append_char(encoding->buffer, ',');
        if (is_object) {
            if (!write_text(encoding, &value->as.members[i].key))
                return cito_encoding_fail_index(encoding, i);
            cito_buffer_append_char(encoding->buffer, ':');
        }
        if (!write_any(encoding, is_object ? value->as.members[i].value : value->as.elements[i]))
            return cito_encoding_fail_index(encoding, i);
    }
    cito_buffer_append_char(encoding->buffer, is_object ? '}' : ']');
    encoding->depth--;
    return true;
}

static bool write_any(cito_encoding *encoding, const cito_value *value)
{
    if (!value || value->kind == CITO_VALUE_NULL) {
        cito_buffer_append_literal(encoding->buffer, "null");
        return true;
    }
    if (!follow(encoding, value, "value does"))
        return false;
    switch (value->kind) {
    case CITO_VALUE_STRING:
        return write_text(encoding, &value->as.string);
    case CITO_VALUE_ARRAY:
    case CITO_VALUE_OBJECT:
        return write_any_elements(encoding, value);
    case CITO_VALUE_DOUBLE:
        if (value->note != CITO_NOTE_DECIMAL)
            return write_double(encoding, value->as.number);
        /* fall through */
    default:
        if (!cito_value_write(encoding->buffer, value))
            return cito_encoding_fail(encoding, "out of range float values are not JSON compliant");
        return true;
    }
}

/* ---- collections ------------------------------------------------------------------------------------------------------------------ */

/* A list's items, or a dict's with their keys. */
typedef struct row {
    const char *items;
    size_t count;
} row;

static bool write_list(cito_encoding *encoding, const cito_type *element, const row *list)
{
    size_t size = element->size;
    if (list->count && !follow(encoding, list->items, "items do"))
        return false;
    element = cito_type_peel(element);
    cito_buffer_append_char(encoding->buffer, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            cito_buffer_append_char(encoding->buffer, ',');
        if (!write_kind(encoding, element->kind, element, list->items + i * size))
            return cito_encoding_fail_index(encoding, i);
    }
    cito_buffer_append_char(encoding->buffer, ']');
    return true;
}

static bool write_dict(cito_encoding *encoding, const cito_type *type, const row *dict)
{
    const cito_type *element = cito_type_peel(type->element);
    bool has_text_keys = type->kind == CITO_KIND_DICT;
    size_t offset = has_text_keys ? sizeof(cito_str) : sizeof(int64_t);
    size_t stride = (offset + element->size + sizeof(void *) - 1) & ~(sizeof(void *) - 1);
    if (dict->count && !follow(encoding, dict->items, "items do"))
        return false;
    cito_buffer_append_char(encoding->buffer, '{');
    for (size_t i = 0; i < dict->count; i++) {
        const char *item = dict->items + i * stride;
        if (i)
            cito_buffer_append_char(encoding->buffer, ',');
        if (has_text_keys) {
            if (!write_text(encoding, (const cito_str *)item))
                return cito_encoding_fail_index(encoding, i);
        } else {
            cito_buffer_append_char(encoding->buffer, '"');
            cito_json_write_int(encoding->buffer, *(const int64_t *)item);
            cito_buffer_append_char(encoding->buffer, '"');
        }
        cito_buffer_append_char(encoding->buffer, ':');
        if (!write_kind(encoding, element->kind, element, item + offset))
            return cito_encoding_fail_index(encoding, i);
    }
    cito_buffer_append_char(encoding->buffer, '}');
    return true;
}

static bool write_optional(cito_encoding *encoding, const cito_type *type, const void *const *value)
{
    const cito_type *element = cito_type_peel(type->element);
    /* Of a word that is a pointer in C, opt is that pointer. */
    if (type->element->kind == CITO_KIND_ANY)
        return write_any(encoding, (const cito_value *)*value);
    if (!*value) {
        cito_buffer_append_literal(encoding->buffer, "null");
        return true;
    }
    if (!follow(encoding, *value, "value does"))
        return false;
    return write_kind(encoding, element->kind, element, element->kind == CITO_KIND_FILE ? (const void *)value : *value);
}

/* ---- records ---------------------------------------------------------------------------------------------------------------------- */

void cito_encoding_write_key(cito_encoding *encoding, cito_str key_text) { write_key_text(encoding->buffer, key_text, CITO_NUMBER_MAX); }

void cito_encoding_close(cito_encoding *encoding, size_t start)
{
    if (encoding->buffer->len == start)
        cito_buffer_append_char(encoding->buffer, '{');
    encoding->buffer->data[start] = '{';
    cito_buffer_append_char(encoding->buffer, '}');
}

static bool is_null(const cito_type *type, const void *value)
{
    if (type->kind == CITO_KIND_OPTIONAL && !*(const void *const *)value)
        return true;
    bool is_any = type->kind == CITO_KIND_ANY || (type->kind == CITO_KIND_OPTIONAL && type->element->kind == CITO_KIND_ANY);
    return type->kind == CITO_KIND_NONE || (is_any && cito_value_kind_of(*(const cito_value *const *)value) == CITO_VALUE_NULL);
}

bool cito_encoding_leaves_out(const cito_encoding *encoding, const cito_plan_field *field, const char *record)
{
    const char *value = record + field->offset;
    if (encoding->options.exclude_none && is_null(field->type, value))
        return true;
    if (field->required || !field->default_value)
        return false;
    bool is_set = *(const uint64_t *)(record + field->bits[0].offset) & field->bits[0].mask;
    if (!encoding->options.exclude_defaults && (is_set || !encoding->options.exclude_unset))
        return false;
    return cito_copy_equal(field->type, value, field->default_value);
}

/* tag_key and tag: the discriminator of a union, where the member has no field for it; tag.len 0: nothing. */
static bool write_record(cito_encoding *encoding, const struct cito_type_plan *plan, const char *record, cito_str tag_key, cito_str tag)
{
    size_t start = encoding->buffer->len;
    if (++encoding->depth > CITO_ENCODE_DEPTH_MAX)
        return cito_encoding_fail(encoding, "it is nested more than %d levels deep; does it refer to itself?", CITO_ENCODE_DEPTH_MAX);
    if (tag.len) {
        cito_buffer_append_char(encoding->buffer, ',');
        cito_json_write_string(encoding->buffer, tag_key);
        cito_buffer_append_char(encoding->buffer, ':');
        cito_json_write_string(encoding->buffer, tag);
    }
    for (const cito_plan_field *field = plan->fields, *end = field + plan->field_count; field < end; field++) {
        const char *value = record + field->offset;
        if ((field->field->exclude && !encoding->raw) || (encoding->filters && cito_encoding_leaves_out(encoding, field, record)))
            continue;
        write_key_text(encoding->buffer, field->key_text, CITO_NUMBER_MAX);
        if (cito_encoding_shares_default(encoding, field, value)) {
            bool (*check)(const void *, void *) = encoding->options.may_follow;
            encoding->options.may_follow = NULL;
            bool ok = write_kind(encoding, field->kind, field->type, value);
            encoding->options.may_follow = check;
            if (!ok)
                return cito_encoding_fail_field(encoding, field->field->name);
        } else if (!write_kind(encoding, field->kind, field->type, value)) {
            return cito_encoding_fail_field(encoding, field->field->name);
        }
    }
    cito_encoding_close(encoding, start);
    encoding->depth--;
    return true;
}

static bool write_tuple(cito_encoding *encoding, const cito_type *type, const char *tuple)
{
    cito_buffer_append_char(encoding->buffer, '[');
    for (size_t i = 0; i < type->field_count; i++) {
        const cito_type *element = cito_type_peel(type->fields[i].type);
        if (i)
            cito_buffer_append_char(encoding->buffer, ',');
        if (!write_kind(encoding, element->kind, element, tuple + type->fields[i].offset))
            return cito_encoding_fail_field(encoding, type->fields[i].name);
    }
    cito_buffer_append_char(encoding->buffer, ']');
    return true;
}

static bool write_union(cito_encoding *encoding, const cito_type *type, const char *value)
{
    unsigned tag = *(const unsigned *)value;
    if (tag >= type->field_count)
        return cito_encoding_fail(encoding, "its tag %u is none of the members of %s", tag, type->name);
    const cito_type *member = cito_type_peel(type->fields[tag].type);
    bool ok;
    if (type->discriminator && member->kind == CITO_KIND_MODEL) {
        const struct cito_type_plan *plan = cito_plan_of(member);
        cito_str key = { type->discriminator, strlen(type->discriminator) },
                 name = { type->fields[tag].name, strlen(type->fields[tag].name) };
        if (cito_plan_find(plan, key) >= 0)
            name.len = 0;
        ok = write_record(encoding, plan, value + type->tail_offset, key, name);
    } else {
        ok = write_kind(encoding, member->kind, member, value + type->tail_offset);
    }
    return ok || cito_encoding_fail_field(encoding, type->fields[tag].name);
}

/* ---- the switch -------------------------------------------------------------------------------------------------------------------- */

static bool write_kind(cito_encoding *encoding, cito_kind kind, const cito_type *type, const void *value)
{
    cito_buffer *buffer = encoding->buffer;
    switch (kind) {
    case CITO_KIND_BOOL:
        if (*(const bool *)value)
            cito_buffer_append_literal(buffer, "true");
        else
            cito_buffer_append_literal(buffer, "false");
        return true;
    case CITO_KIND_INT:
        buffer->len += cito_int_write(*(const int *)value, cito_buffer_reserve(buffer, CITO_NUMBER_MAX));
        return true;
    case CITO_KIND_INT64:
        buffer->len += cito_int_write(*(const int64_t *)value, cito_buffer_reserve(buffer, CITO_NUMBER_MAX));
        return true;
    case CITO_KIND_DOUBLE:
        return write_double(encoding, *(const double *)value);
    case CITO_KIND_STR:
    case CITO_KIND_EMAIL:
    case CITO_KIND_URL:
    case CITO_KIND_ANY_URL:
        return write_text(encoding, value);
    case CITO_KIND_BYTES:
        return write_bytes(encoding, value);
    case CITO_KIND_SECRET:
        return write_secret(encoding, value);
    case CITO_KIND_DECIMAL:
        return write_decimal(encoding, value);
    case CITO_KIND_DATE:
    case CITO_KIND_TIME:
    case CITO_KIND_DATETIME:
    case CITO_KIND_TIMEDELTA:
    case CITO_KIND_UUID:
        write_formatted(buffer, kind, value);
        return true;
    case CITO_KIND_ANY:
        return write_any(encoding, *(const cito_value *const *)value);
    case CITO_KIND_NONE:
        cito_buffer_append_literal(buffer, "null");
        return true;
    case CITO_KIND_OPTIONAL:
        return write_optional(encoding, type, value);
    case CITO_KIND_LIST:
    case CITO_KIND_SET:
        return write_list(encoding, type->element, value);
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
        return write_dict(encoding, type, value);
    case CITO_KIND_TUPLE:
        return write_tuple(encoding, type, value);
    case CITO_KIND_MODEL:
        return write_record(encoding, cito_plan_of(type), value, (cito_str){ 0 }, (cito_str){ 0 });
    case CITO_KIND_ENUM:
        return write_enum(encoding, type, *(const int *)value);
    case CITO_KIND_UNION:
        return write_union(encoding, type, value);
    case CITO_KIND_ANNOTATED:
        return cito_encoding_write(encoding, type, value);
    default:
        return cito_encoding_fail(encoding, "a %s is no JSON data; return its parts", kind == CITO_KIND_FILE ? "file" : "context value");
    }
}

bool cito_encoding_write(cito_encoding *encoding, const cito_type *type, const void *value)
{
    type = cito_type_peel(type);
    return write_kind(encoding, type->kind, type, value);
}

void cito_encoding_init(cito_encoding *encoding, const cito_encode_options *options, cito_buffer *buffer)
{
    encoding->buffer = buffer;
    encoding->options = options ? *options : (cito_encode_options){ 0 };
    encoding->filters = encoding->options.exclude_unset || encoding->options.exclude_none || encoding->options.exclude_defaults;
    encoding->raw = false;
    encoding->depth = 0;
}

/* As json.dumps(allow_nan=False) writes what jsonable_encoder gave: no response model stands behind `any`. */
static bool write_whole_any(cito_encoding *encoding, const cito_value *value)
{
    if (encoding->options.may_follow) {
        size_t start = encoding->buffer->len;
        if (!write_any(encoding, value))
            return false;
        encoding->buffer->len = start;
    }
    if (!cito_value_write(encoding->buffer, value ? value : cito_value_null))
        return cito_encoding_fail(encoding, "out of range float values are not JSON compliant");
    return true;
}

const char *cito_encode(const cito_type *type, const void *value, const cito_encode_options *options, cito_buffer *buffer)
{
    cito_encoding encoding;
    size_t start = buffer->len;
    const cito_type *peeled = cito_type_peel(type);
    bool is_any = peeled->kind == CITO_KIND_ANY || (peeled->kind == CITO_KIND_OPTIONAL && peeled->element->kind == CITO_KIND_ANY);
    cito_encoding_init(&encoding, options, buffer);
    bool ok = is_any ? write_whole_any(&encoding, *(const cito_value *const *)value) : write_kind(&encoding, peeled->kind, peeled, value);
    return cito_encoding_end(&encoding, ok, type, start);
}
