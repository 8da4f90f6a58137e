/* Encoding for a response model that is narrower than, or other than, what the function returned.
 *
 * Where both are models their fields are paired by key and written straight. What cannot be paired is written as JSON and read again by
 * the response model's type, which converts and validates it as FastAPI does. Threading: any; the memory for what is read again is its
 * own. */
#include "json/reader.h"
#include "json/value.h"
#include "schema/decode.h"
#include "schema/encoding.h"

/* A list's or a dict's C value. */
typedef struct row {
    const char *items;
    size_t count;
} row;

static bool write_as(cito_encoding *encoding, const cito_type *from, const void *value, const cito_type *as, const cito_field *checks);

/* The first error's place and message. */
static bool fail_validation(cito_encoding *encoding, const cito_errors *errors, const cito_json_reader *reader)
{
    if (!errors->count)
        return cito_encoding_fail(encoding, "%s", reader->error ? reader->error : "it does not fit the response model");
    const cito_error *error = &errors->items[0];
    cito_encoding_fail(encoding, "%.*s", (int)error->msg.len, error->msg.data);
    for (size_t i = cito_value_count(error->loc); i-- > 0;) {
        const cito_value *step = cito_value_at(error->loc, i);
        if (cito_value_kind_of(step) == CITO_VALUE_INT)
            cito_encoding_fail_index(encoding, (size_t)cito_value_int(step));
        else
            cito_encoding_fail_field(encoding, cito_value_string(step).data);
    }
    return false;
}

/* Through JSON: secrets in clear, numbers as they are; what was not set stays unset. */
static bool write_read_again(cito_encoding *encoding, const cito_type *from, const void *value, const cito_type *as,
                             const cito_field *checks)
{
    cito_encoding inner;
    cito_encode_options options = { .exclude_unset = encoding->options.exclude_unset,
                                    .may_follow = encoding->options.may_follow,
                                    .data = encoding->options.data };
    cito_buffer json;
    cito_buffer_init(&json);
    cito_encoding_init(&inner, &options, &json);
    inner.raw = true;
    bool ok = cito_encoding_write(&inner, from, value);
    if (!ok) {
        cito_encoding_fail(encoding, "%s", inner.reason);
        encoding->path_start = inner.path_start;
        memcpy(encoding->path, inner.path, sizeof encoding->path);
    } else {
        cito_arena arena;
        cito_errors errors;
        cito_json_reader reader;
        cito_arena_init(&arena, 0);
        cito_errors_init(&errors, &arena);
        json.data[json.len] = '\0';
        cito_json_reader_init(&reader, (cito_str){ json.data, json.len }, &arena, 0);
        void *into = cito_arena_take_zeroed(&arena, as->size);
        ok = cito_decode_json(&reader, as, checks, NULL, into, &errors) || fail_validation(encoding, &errors, &reader);
        if (ok) {
            bool (*check)(const void *, void *) = encoding->options.may_follow;
            encoding->options.may_follow = NULL;
            ok = cito_encoding_write(encoding, as, into);
            encoding->options.may_follow = check;
        }
        cito_arena_finish(&arena);
    }
    cito_buffer_finish(&json);
    return ok;
}

static const cito_plan_field *find_field(const struct cito_type_plan *plan, const cito_plan_field *wanted)
{
    int found = cito_plan_find(plan, wanted->key);
    if (found >= 0)
        return &plan->fields[found];
    for (const cito_plan_field *field = plan->fields, *end = field + plan->field_count; field < end; field++)
        if (!strcmp(field->field->name, wanted->field->name))
            return field;
    return NULL;
}

/* A field that the returned model does not have: its default, where it has one. */
static bool write_absent(cito_encoding *encoding, const cito_type *from, const cito_plan_field *field)
{
    if (field->required)
        return cito_encoding_fail(encoding, "%s has no such field, and the response model requires it", from->name);
    if (encoding->options.exclude_unset || encoding->options.exclude_defaults)
        return true;
    bool is_null = field->kind == CITO_KIND_OPTIONAL && !*(const void *const *)field->default_value;
    if (is_null && encoding->options.exclude_none)
        return true;
    bool (*check)(const void *, void *) = encoding->options.may_follow;
    encoding->options.may_follow = NULL;
    cito_encoding_write_key(encoding, field->key_text);
    bool ok = cito_encoding_write(encoding, field->type, field->default_value);
    encoding->options.may_follow = check;
    return ok;
}

static bool write_paired(cito_encoding *encoding, const cito_plan_field *field, const char *record, const cito_plan_field *wanted)
{
    const char *value = record + field->offset;
    if (encoding->filters && cito_encoding_leaves_out(encoding, field, record))
        return true;
    cito_encoding_write_key(encoding, wanted->key_text);
    if (!cito_encoding_shares_default(encoding, field, value))
        return write_as(encoding, field->type, value, wanted->type, wanted->checks);
    bool (*check)(const void *, void *) = encoding->options.may_follow;
    encoding->options.may_follow = NULL;
    bool ok = write_as(encoding, field->type, value, wanted->type, wanted->checks);
    encoding->options.may_follow = check;
    return ok;
}

static bool write_model_as(cito_encoding *encoding, const cito_type *from, const char *record, const cito_type *as)
{
    const struct cito_type_plan *source = cito_plan_of(from), *plan = cito_plan_of(as);
    size_t start = encoding->buffer->len;
    if (++encoding->depth > CITO_ENCODE_DEPTH_MAX)
        return cito_encoding_fail(encoding, "it is nested more than %d levels deep; does it refer to itself?", CITO_ENCODE_DEPTH_MAX);
    for (uint32_t i = 0; i < plan->field_count; i++) {
        const cito_plan_field *wanted = &plan->fields[i], *field = find_field(source, wanted);
        if (wanted->field->exclude)
            continue;
        if (!(field ? write_paired(encoding, field, record, wanted) : write_absent(encoding, from, wanted)))
            return cito_encoding_fail_field(encoding, wanted->field->name);
    }
    cito_encoding_close(encoding, start);
    encoding->depth--;
    return true;
}

static bool write_list_as(cito_encoding *encoding, const cito_type *from, const row *list, const cito_type *as)
{
    size_t size = from->element->size;
    if (list->count && !cito_encoding_follow(encoding, list->items, "items do"))
        return false;
    cito_buffer_append_char(encoding->buffer, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            cito_buffer_append_char(encoding->buffer, ',');
        if (!write_as(encoding, from->element, list->items + i * size, as->element, NULL))
            return cito_encoding_fail_index(encoding, i);
    }
    cito_buffer_append_char(encoding->buffer, ']');
    return true;
}

static bool write_optional_as(cito_encoding *encoding, const cito_type *from, const void *const *value, const cito_type *as,
                              const cito_field *checks)
{
    const cito_type *to = cito_type_peel(as);
    if (*value)
        return cito_encoding_follow(encoding, *value, "value does") &&
               write_as(encoding, from->element, *value, to->kind == CITO_KIND_OPTIONAL ? to->element : as, checks);
    if (to->kind != CITO_KIND_OPTIONAL && to->kind != CITO_KIND_ANY && to->kind != CITO_KIND_NONE)
        return cito_encoding_fail(encoding, "it is null, and the response model's %s may not be", to->name ? to->name : "type");
    cito_buffer_append_literal(encoding->buffer, "null");
    return true;
}

static bool is_pointer_word(const cito_type *type) { return type->kind == CITO_KIND_ANY || type->kind == CITO_KIND_FILE; }

static bool write_as(cito_encoding *encoding, const cito_type *from, const void *value, const cito_type *as, const cito_field *checks)
{
    const cito_type *to = cito_type_peel(as);
    from = cito_type_peel(from);
    bool unchecked = !checks && to == as;
    if (unchecked && (to->kind == CITO_KIND_ANY || cito_type_equal(from, to)))
        return cito_encoding_write(encoding, from, value);
    if (from->kind == CITO_KIND_OPTIONAL && !is_pointer_word(from->element))
        return write_optional_as(encoding, from, value, as, checks);
    if (to->kind == CITO_KIND_OPTIONAL && !is_pointer_word(to->element))
        return from->kind == CITO_KIND_ANY ? write_read_again(encoding, from, value, as, checks)
                                           : write_as(encoding, from, value, to->element, checks);
    bool is_union_only = from->kind == CITO_KIND_UNION && to->kind != CITO_KIND_UNION;
    if (is_union_only && *(const unsigned *)value < from->field_count)
        return write_as(encoding, from->fields[*(const unsigned *)value].type, (const char *)value + from->tail_offset, as, checks);
    if (unchecked && to->kind == from->kind && (to->kind == CITO_KIND_LIST || to->kind == CITO_KIND_SET))
        return write_list_as(encoding, from, value, to);
    if (unchecked && to->kind == CITO_KIND_MODEL && from->kind == CITO_KIND_MODEL && !cito_plan_of(to)->validator_count)
        return write_model_as(encoding, from, value, to);
    return write_read_again(encoding, from, value, as, checks);
}

const char *cito_encode_as(const cito_type *from, const void *value, const cito_type *as, const cito_encode_options *options,
                           cito_buffer *buffer)
{
    cito_encoding encoding;
    size_t start = buffer->len;
    cito_encoding_init(&encoding, options, buffer);
    return cito_encoding_end(&encoding, write_as(&encoding, from, value, as, NULL), as, start);
}
