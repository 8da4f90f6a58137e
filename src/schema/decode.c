/* Decoding: one pass over the JSON text straight into C structs; here values of every kind are told apart and scalars read.
 *
 * Invariants: after true the reader stands behind the value and `into` is filled; after false either errors were added, and the reader stands
 * behind the value too, or the reader's error is set and nothing else counts. Validators are the program's and may leave by raising: no memory
 * but the arena's is held while one runs. Threads: one run, one thread. */
#include "json/value.h"
#include "schema/constraint.h"
#include "schema/decoding.h"
#include "json/number.h"
#include <limits.h>
#include <math.h>
#include <string.h>

enum { UNION_ATTEMPTS = 100000 };

void *cito_decoding_take(cito_decoding *decoding, size_t size)
{
    void *taken = cito_arena_take(decoding->arena, size);
    if (!taken && decoding->reader && !decoding->reader->error) {
        decoding->reader->error = "Too large";
        decoding->reader->error_at = decoding->reader->at;
    }
    return taken;
}

bool cito_decoding_fail(cito_decoding *decoding, const char *type, const cito_loc *loc, cito_input input, const cito_value *ctx)
{
    cito_errors_add(decoding->errors, type, loc, input, ctx);
    return false;
}

static const cito_value *keep_value(cito_arena *arena, cito_value value)
{
    cito_value *kept = cito_arena_take(arena, sizeof *kept);
    if (kept)
        *kept = value;
    return kept;
}

const cito_value *cito_ctx_text(cito_arena *arena, cito_str text)
{
    return keep_value(arena, (cito_value){ .kind = CITO_VALUE_STRING, .as.string = text });
}

const cito_value *cito_ctx_int(cito_arena *arena, int64_t number)
{
    return keep_value(arena, (cito_value){ .kind = CITO_VALUE_INT, .as.integer = number });
}

const cito_value *cito_ctx_double(cito_arena *arena, double number)
{
    return keep_value(arena, (cito_value){ .kind = CITO_VALUE_DOUBLE, .as.number = number });
}

const cito_value *cito_ctx_object(cito_arena *arena, size_t count, const char *const *names, const cito_value *const *values)
{
    cito_value *object = cito_arena_take_zeroed(arena, sizeof *object);
    cito_value_member *members = cito_arena_take(arena, count * sizeof *members);
    if (!object || !members)
        return NULL;
    for (size_t i = 0; i < count; i++)
        members[i] = (cito_value_member){ { names[i], strlen(names[i]) }, values[i] ? values[i] : cito_value_null };
    object->kind = CITO_VALUE_OBJECT;
    object->count = (uint32_t)count;
    object->as.members = members;
    return object;
}

bool cito_decoding_fail_text(cito_decoding *decoding, const char *type, const cito_loc *loc, cito_input input, const char *name,
                             cito_str text)
{
    cito_arena *arena = decoding->errors->arena;
    const cito_value *value = cito_ctx_text(arena, text);
    return cito_decoding_fail(decoding, type, loc, input, cito_ctx_object(arena, 1, &name, &value));
}

bool cito_decoding_validate(cito_decoding *decoding, const cito_validator *validator, void *value, const cito_loc *loc, cito_input input)
{
    const char *message = validator->check(value);
    if (!message)
        return true;
    return cito_decoding_fail_text(decoding, "value_error", loc, input, "error", (cito_str){ message, strlen(message) });
}

bool cito_decoding_read_scalar(cito_decoding *decoding, cito_scalar *out)
{
    cito_json_reader *reader = decoding->reader;
    cito_json_token token = cito_json_peek(reader);
    const char *start = reader->at;
    bool is_read = false;
    *out = (cito_scalar){ .token = token };
    switch (token) {
    case CITO_JSON_NULL:
        is_read = cito_json_read_null(reader);
        break;
    case CITO_JSON_TRUE:
        is_read = cito_json_read_true(reader);
        break;
    case CITO_JSON_FALSE:
        is_read = cito_json_read_false(reader);
        break;
    case CITO_JSON_NUMBER:
        is_read = cito_json_read_number(reader, &out->text, &out->is_integer);
        break;
    case CITO_JSON_STRING:
        is_read = cito_json_read_string(reader, &out->text);
        break;
    case CITO_JSON_ARRAY:
    case CITO_JSON_OBJECT:
        is_read = cito_json_skip(reader, &out->text);
        break;
    case CITO_JSON_ERROR:
        break;
    }
    if (is_read)
        out->input = cito_decoding_input(decoding, start);
    return is_read;
}

bool cito_decoding_refuse(cito_decoding *decoding, const char *type, const cito_loc *loc)
{
    cito_scalar scalar;
    return cito_decoding_read_scalar(decoding, &scalar) && cito_decoding_fail(decoding, type, loc, scalar.input, NULL);
}

static bool decode_int(cito_decoding *decoding, const cito_scalar *scalar, bool is_64, const cito_field *checks, bool strict,
                       const cito_loc *loc, void *into)
{
    int64_t value;
    if (!cito_coerce_int(decoding, scalar, strict, loc, is_64 ? INT64_MIN : INT_MIN, is_64 ? INT64_MAX : INT_MAX, &value))
        return false;
    if (is_64)
        *(int64_t *)into = value;
    else
        *(int *)into = (int)value;
    return !checks || cito_constraint_int(decoding, checks, loc, scalar->input, value);
}

/* The kinds whose C type is a cito_str. */
static bool decode_text(cito_decoding *decoding, const cito_scalar *scalar, cito_kind kind, const cito_field *checks, const cito_loc *loc,
                        cito_str *into)
{
    bool is_good;
    switch (kind) {
    case CITO_KIND_EMAIL:
        is_good = cito_coerce_email(decoding, scalar, loc, into);
        break;
    case CITO_KIND_URL:
    case CITO_KIND_ANY_URL:
        is_good = cito_coerce_url(decoding, scalar, kind == CITO_KIND_URL, loc, into);
        break;
    case CITO_KIND_BYTES:
        cito_decoding_floor(decoding, CITO_LAX);
        is_good = cito_coerce_text(decoding, scalar, "bytes_type", loc, into);
        break;
    default:
        is_good = cito_coerce_text(decoding, scalar, "string_type", loc, into);
        break;
    }
    if (!is_good || !checks)
        return is_good;
    if (kind == CITO_KIND_SECRET)
        return cito_constraint_secret(decoding, checks, loc, scalar->input, *into);
    return cito_constraint_text(decoding, checks, loc, scalar->input, *into, kind == CITO_KIND_BYTES);
}

static bool decode_any(cito_decoding *decoding, const cito_scalar *scalar, const cito_value **into)
{
    cito_value *value = cito_decoding_take(decoding, sizeof *value);
    if (!value)
        return false;
    cito_decoding_floor(decoding, CITO_STRICT);
    *value = (cito_value){ .kind = CITO_VALUE_STRING, .as.string = scalar->text };
    *into = value;
    if (scalar->token == CITO_JSON_STRING)
        return true;
    /* Only a text was read as a scalar for `any`; the rest goes by cito_value_read. */
    *into = cito_value_parse(decoding->arena, cito_arena_copy_str(decoding->arena, scalar->input.text.data, scalar->input.text.len), NULL,
                             NULL);
    return *into != NULL;
}

/* What a scalar is refused with where an array or object is wanted. */
static const char *container_error(cito_kind kind)
{
    switch (kind) {
    case CITO_KIND_LIST:
        return "list_type";
    case CITO_KIND_SET:
        return "set_type";
    case CITO_KIND_TUPLE:
        return "tuple_type";
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
        return "dict_type";
    default:
        return "model_attributes_type";
    }
}

static bool decode_optional_scalar(cito_decoding *decoding, const cito_scalar *scalar, const cito_type *type, const cito_field *checks,
                                   bool strict, const cito_loc *loc, void *into)
{
    const cito_type *element = type->element;
    if (scalar->token == CITO_JSON_NULL) {
        *(void **)into = NULL;
        return true;
    }
    cito_kind kind = cito_type_peel(element)->kind;
    if (kind == CITO_KIND_ANY || kind == CITO_KIND_FILE)
        return cito_decoding_scalar(decoding, scalar, element, checks, strict, loc, into);
    void *room = cito_decoding_take(decoding, element->size + !element->size);
    *(void **)into = room;
    return room && cito_decoding_scalar(decoding, scalar, element, checks, strict, loc, room);
}

static bool decode_scalar_kind(cito_decoding *decoding, const cito_scalar *scalar, const cito_type *type, const cito_field *checks,
                               bool strict, const cito_loc *loc, void *into)
{
    switch (type->kind) {
    case CITO_KIND_INT:
    case CITO_KIND_INT64:
        return decode_int(decoding, scalar, type->kind == CITO_KIND_INT64, checks, strict, loc, into);
    case CITO_KIND_DOUBLE:
        return cito_coerce_double(decoding, scalar, strict, loc, into) &&
               (!checks || cito_constraint_double(decoding, checks, loc, scalar->input, *(double *)into));
    case CITO_KIND_BOOL:
        return cito_coerce_bool(decoding, scalar, strict, loc, into);
    case CITO_KIND_STR:
    case CITO_KIND_BYTES:
    case CITO_KIND_SECRET:
    case CITO_KIND_EMAIL:
    case CITO_KIND_URL:
    case CITO_KIND_ANY_URL:
        return decode_text(decoding, scalar, type->kind, checks, loc, into);
    case CITO_KIND_DECIMAL:
        return cito_coerce_decimal(decoding, scalar, strict, loc, into) &&
               (!checks || cito_constraint_decimal(decoding, checks, loc, scalar->input, into));
    case CITO_KIND_DATE:
        return cito_coerce_date(decoding, scalar, strict, loc, into);
    case CITO_KIND_TIME:
        return cito_coerce_time(decoding, scalar, strict, loc, into);
    case CITO_KIND_DATETIME:
        return cito_coerce_datetime(decoding, scalar, strict, loc, into);
    case CITO_KIND_TIMEDELTA:
        return cito_coerce_timedelta(decoding, scalar, strict, loc, into);
    case CITO_KIND_UUID:
        return cito_coerce_uuid(decoding, scalar, loc, into);
    case CITO_KIND_ENUM:
        return cito_coerce_enum(decoding, scalar, type, loc, into);
    case CITO_KIND_ANY:
        return decode_any(decoding, scalar, into);
    case CITO_KIND_NONE:
        return scalar->token == CITO_JSON_NULL || cito_decoding_fail(decoding, "none_required", loc, scalar->input, NULL);
    case CITO_KIND_UNION:
        return cito_decoding_union(decoding, scalar, type, strict, loc, into);
    case CITO_KIND_FILE:
        return cito_decoding_fail_text(decoding, "value_error", loc, scalar->input, "error",
                                       CITO_STR("Expected UploadFile, received: <class 'str'>"));
    default:
        return cito_decoding_fail(decoding, container_error(type->kind), loc, scalar->input, NULL);
    }
}

static bool decode_annotated_scalar(cito_decoding *decoding, const cito_scalar *scalar, const cito_type *type, const cito_field *checks,
                                    bool strict, const cito_loc *loc, void *into)
{
    const cito_validator *outer;
    cito_field merged = cito_field_merge(checks, type->annotated, &outer);
    return cito_decoding_scalar(decoding, scalar, type->element, &merged, strict || merged.strict, loc, into) &&
           (!outer || cito_decoding_validate(decoding, outer, into, loc, scalar->input));
}

bool cito_decoding_scalar(cito_decoding *decoding, const cito_scalar *scalar, const cito_type *type, const cito_field *checks, bool strict,
                          const cito_loc *loc, void *into)
{
    if (type->kind == CITO_KIND_ANNOTATED)
        return decode_annotated_scalar(decoding, scalar, type, checks, strict, loc, into);
    if (type->kind == CITO_KIND_OPTIONAL)
        return decode_optional_scalar(decoding, scalar, type, checks, strict, loc, into);
    cito_scalar changed;
    const cito_scalar *used = scalar;
    if (checks && checks->before && scalar->token == CITO_JSON_STRING) {
        changed = *scalar;
        used = &changed;
        if (!cito_decoding_validate(decoding, checks->before, &changed.text, loc, scalar->input))
            return false;
    }
    return decode_scalar_kind(decoding, used, type, checks, strict, loc, into) &&
           (!checks || !checks->after || cito_decoding_validate(decoding, checks->after, into, loc, scalar->input));
}

static bool decode_optional(cito_decoding *decoding, const cito_type *type, const cito_field *checks, bool strict, const cito_loc *loc,
                            void *into)
{
    if (cito_json_peek(decoding->reader) == CITO_JSON_NULL) {
        *(void **)into = NULL;
        return cito_json_read_null(decoding->reader);
    }
    const cito_type *element = type->element;
    cito_kind kind = cito_type_peel(element)->kind;
    if (kind == CITO_KIND_ANY || kind == CITO_KIND_FILE)
        return cito_decoding_value(decoding, element, checks, strict, loc, into);
    void *room = cito_decoding_take(decoding, element->size + !element->size);
    *(void **)into = room;
    return room && cito_decoding_value(decoding, element, checks, strict, loc, room);
}

static bool decode_annotated(cito_decoding *decoding, const cito_type *type, const cito_field *checks, bool strict, const cito_loc *loc,
                             void *into)
{
    const cito_validator *outer;
    cito_field merged = cito_field_merge(checks, type->annotated, &outer);
    cito_json_peek(decoding->reader);
    const char *start = decoding->reader->at;
    return cito_decoding_value(decoding, type->element, &merged, strict || merged.strict, loc, into) &&
           (!outer || cito_decoding_validate(decoding, outer, into, loc, cito_decoding_input(decoding, start)));
}

static bool decode_container(cito_decoding *decoding, const cito_type *type, const cito_field *checks, bool strict, const cito_loc *loc,
                             void *into)
{
    switch (type->kind) {
    case CITO_KIND_MODEL:
        return cito_decoding_model(decoding, type, (cito_str){ NULL, 0 }, loc, into);
    case CITO_KIND_LIST:
    case CITO_KIND_SET:
        return cito_decoding_list(decoding, type, checks, strict, loc, into);
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
        return cito_decoding_dict(decoding, type, checks, strict, loc, into);
    case CITO_KIND_TUPLE:
        return cito_decoding_tuple(decoding, type, strict, loc, into);
    case CITO_KIND_UNION:
        return cito_decoding_union(decoding, NULL, type, strict, loc, into);
    default:
        break;
    }
    cito_decoding_floor(decoding, CITO_STRICT);
    const cito_value *value = cito_value_read(decoding->reader);
    *(const cito_value **)into = value;
    return value != NULL;
}

/* Whether the commonest limits hold. What is not sure here the full check looks at: only that needs to know the text that was read. */
static inline bool surely_keeps_number(const cito_field *checks, double value)
{
    return !checks->has_multiple_of && !checks->finite && (!checks->has_ge || value >= checks->ge) &&
           (!checks->has_gt || value > checks->gt) && (!checks->has_le || value <= checks->le) && (!checks->has_lt || value < checks->lt);
}

/* Code points are at most as many as bytes and at least a quarter. */
static inline bool surely_keeps_text(const cito_field *checks, size_t len)
{
    return !checks->pattern && (!checks->has_min_length || (len + 3) / 4 >= checks->min_length) &&
           (!checks->has_max_length || len <= checks->max_length);
}

/* 1: read, -1: refused or a syntax error, 0: not what the fast way is for, and the reader stands where it stood. */
static int fast_number(cito_decoding *decoding, const cito_type *type, const cito_field *checks, const cito_loc *loc, void *into)
{
    cito_json_reader *reader = decoding->reader;
    const char *start = reader->at;
    cito_str text;
    bool is_integer;
    if (!cito_json_read_number(reader, &text, &is_integer))
        return -1;
    if (type->kind == CITO_KIND_DOUBLE && cito_double_read(text.data, text.len, into) && (!is_integer || isfinite(*(double *)into))) {
        if (is_integer)
            cito_decoding_floor(decoding, CITO_STRICT);
        if (!checks || surely_keeps_number(checks, *(double *)into))
            return 1;
        return cito_constraint_double(decoding, checks, loc, cito_decoding_input(decoding, start), *(double *)into) ? 1 : -1;
    }
    int64_t value;
    bool is_64 = type->kind == CITO_KIND_INT64;
    if (type->kind == CITO_KIND_DOUBLE || !is_integer || cito_int_read(text.data, text.len, &value) != CITO_INT_OK ||
        (!is_64 && (value < INT_MIN || value > INT_MAX))) {
        reader->at = start;
        return 0;
    }
    if (is_64)
        *(int64_t *)into = value;
    else
        *(int *)into = (int)value;
    /* Beyond 2^53 a double would round. */
    bool is_exact = value > -(INT64_C(1) << 53) && value < INT64_C(1) << 53;
    if (!checks || (is_exact && surely_keeps_number(checks, (double)value)))
        return 1;
    return cito_constraint_int(decoding, checks, loc, cito_decoding_input(decoding, start), value) ? 1 : -1;
}

/* The commonest cases without the way through cito_scalar: a string for str, a number for int and double, true for bool. */
static int decode_fast(cito_decoding *decoding, const cito_type *type, const cito_field *checks, const cito_loc *loc, void *into)
{
    cito_json_reader *reader = decoding->reader;
    cito_json_token token = cito_json_peek(reader);
    switch (type->kind) {
    case CITO_KIND_STR:
    case CITO_KIND_SECRET: {
        const char *start = reader->at;
        if (token != CITO_JSON_STRING || (checks && type->kind == CITO_KIND_SECRET))
            return 0;
        if (!cito_json_read_string(reader, into))
            return -1;
        if (!checks || surely_keeps_text(checks, ((cito_str *)into)->len))
            return 1;
        return cito_constraint_text(decoding, checks, loc, cito_decoding_input(decoding, start), *(cito_str *)into, false) ? 1 : -1;
    }
    case CITO_KIND_INT:
    case CITO_KIND_INT64:
    case CITO_KIND_DOUBLE:
        return token == CITO_JSON_NUMBER ? fast_number(decoding, type, checks, loc, into) : 0;
    case CITO_KIND_BOOL:
        if (token != CITO_JSON_TRUE && token != CITO_JSON_FALSE)
            return 0;
        *(bool *)into = token == CITO_JSON_TRUE;
        return (token == CITO_JSON_TRUE ? cito_json_read_true(reader) : cito_json_read_false(reader)) ? 1 : -1;
    default:
        return 0;
    }
}

bool cito_decoding_value(cito_decoding *decoding, const cito_type *type, const cito_field *checks, bool strict, const cito_loc *loc,
                         void *into)
{
    if (type->kind <= CITO_KIND_SECRET && (!checks || (!checks->before && !checks->after))) {
        int done = decode_fast(decoding, type, checks, loc, into);
        if (done)
            return done > 0;
    }
    switch (type->kind) {
    case CITO_KIND_OPTIONAL:
        return decode_optional(decoding, type, checks, strict, loc, into);
    case CITO_KIND_ANNOTATED:
        return decode_annotated(decoding, type, checks, strict, loc, into);
    case CITO_KIND_MODEL:
    case CITO_KIND_LIST:
    case CITO_KIND_SET:
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
    case CITO_KIND_TUPLE:
    case CITO_KIND_UNION:
    case CITO_KIND_ANY: {
        if (!checks || (!checks->before && !checks->after))
            return decode_container(decoding, type, checks, strict, loc, into);
        bool is_string = cito_json_peek(decoding->reader) == CITO_JSON_STRING;
        if (is_string && checks->before)
            break;
        const char *start = decoding->reader->at;
        return decode_container(decoding, type, checks, strict, loc, into) &&
               (!checks->after || cito_decoding_validate(decoding, checks->after, into, loc, cito_decoding_input(decoding, start)));
    }
    default:
        break;
    }
    cito_scalar scalar;
    return cito_decoding_read_scalar(decoding, &scalar) && cito_decoding_scalar(decoding, &scalar, type, checks, strict, loc, into);
}

bool cito_decode_json(cito_json_reader *reader, const cito_type *type, const cito_field *field, const cito_loc *loc, void *into,
                      cito_errors *errors)
{
    cito_decoding decoding = {
        .reader = reader, .arena = reader->arena, .errors = errors, .fields_set = -1, .attempts_left = UNION_ATTEMPTS
    };
    size_t before = errors->count;
    const cito_field *checks = field && cito_field_has_checks(field) ? field : NULL;
    bool is_good = cito_decoding_value(&decoding, type, checks, field && field->strict, loc, into);
    return is_good && errors->count == before && !reader->error;
}
