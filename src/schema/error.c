/* Validation errors: recorded with their place, message and input, and written as a 422 answer lists them.
 *
 * Invariants: an error's loc, message and ctx lie in the errors' arena; `input` is a slice of the request's text and is parsed only when the
 * answer is written. When the arena is full nothing more is recorded: arena->overflowed then says so to whoever reads the request.
 * Threads: one request's errors belong to one thread at a time. */
#include "schema/error.h"
#include "json/number.h"
#include "json/value.h"
#include "json/writer.h"
#include "schema/error_type.h"
#include <math.h>

void cito_errors_init(cito_errors *errors, cito_arena *arena) { *errors = (cito_errors){ .arena = arena }; }

static const cito_value *new_string(cito_arena *arena, cito_str text)
{
    cito_value *value = cito_arena_take_zeroed(arena, sizeof *value);
    if (value) {
        value->kind = CITO_VALUE_STRING;
        value->as.string = text;
    }
    return value;
}

/* The chain from the value outwards becomes an array from the outside in; names are copied, as keys may be slices of a buffer. */
static const cito_value *loc_value(cito_arena *arena, const cito_loc *loc)
{
    size_t depth = 0;
    for (const cito_loc *step = loc; step; step = step->outer)
        depth++;
    cito_value *array = cito_arena_take_zeroed(arena, sizeof *array);
    const cito_value **elements = cito_arena_take(arena, (depth + !depth) * sizeof *elements);
    cito_value *steps = cito_arena_take_zeroed(arena, (depth + !depth) * sizeof *steps);
    if (!array || !elements || !steps)
        return NULL;
    size_t at = depth;
    for (const cito_loc *step = loc; step; step = step->outer) {
        cito_value *value = &steps[--at];
        elements[at] = value;
        if (step->name.data) {
            value->kind = CITO_VALUE_STRING;
            value->as.string = cito_arena_copy_str(arena, step->name.data, step->name.len);
            if (!value->as.string.data)
                return NULL;
        } else {
            value->kind = CITO_VALUE_INT;
            value->as.integer = step->index;
        }
    }
    array->kind = CITO_VALUE_ARRAY;
    array->count = (uint32_t)depth;
    array->as.elements = elements;
    return array;
}

static const cito_value *ctx_get(const cito_value *ctx, const char *name, size_t len)
{
    for (uint32_t i = 0; ctx && i < ctx->count; i++) {
        cito_str key = ctx->as.members[i].key;
        if (key.len == len && memcmp(key.data, name, len) == 0)
            return ctx->as.members[i].value;
    }
    return NULL;
}

/* Whether the number that the message speaks of is one. */
static bool is_singular(const cito_value *ctx)
{
    static const char *const names[] = { "min_length", "max_length", "max_digits", "decimal_places", "whole_digits" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const cito_value *value = ctx_get(ctx, names[i], strlen(names[i]));
        if (value)
            return value->kind == CITO_VALUE_INT && value->as.integer == 1;
    }
    return false;
}

/* A double without exponent and without ".0", the form that messages (not ctx) use: 10.0 is 10, 1e-07 is 0.0000001. */
static void append_plain_double(cito_buffer *out, double number)
{
    char text[CITO_NUMBER_MAX];
    size_t len = cito_double_write_repr(number, text);
    const char *e = memchr(text, 'e', len);
    if (!e) {
        if (len > 2 && memcmp(text + len - 2, ".0", 2) == 0)
            len -= 2;
        cito_buffer_append(out, text, len);
        return;
    }
    if (!isfinite(number) || number == trunc(number)) {
        cito_buffer_append_format(out, "%.0f", number);
        return;
    }
    char digits[CITO_NUMBER_MAX];
    int count = 0, exponent = 0;
    for (const char *at = text; at < e; at++)
        if (*at >= '0' && *at <= '9')
            digits[count++] = *at;
    for (const char *at = e + 2; at < text + len; at++)
        exponent = exponent * 10 + (*at - '0');
    if (number < 0)
        cito_buffer_append_char(out, '-');
    cito_buffer_append_literal(out, "0.");
    for (int i = 1; i < exponent; i++)
        cito_buffer_append_char(out, '0');
    cito_buffer_append(out, digits, (size_t)count);
}

static void append_ctx(cito_buffer *out, const cito_value *value, bool is_count)
{
    if (!value || value->kind == CITO_VALUE_NULL)
        cito_buffer_append_str(out, is_count ? CITO_STR("more") : CITO_STR("None"));
    else if (value->kind == CITO_VALUE_STRING)
        cito_buffer_append_str(out, value->as.string);
    else if (value->kind == CITO_VALUE_DOUBLE)
        append_plain_double(out, value->as.number);
    else
        cito_value_write(out, value);
}

static void write_message(cito_buffer *out, const char *template_text, const cito_value *ctx)
{
    for (const char *at = template_text; *at;) {
        const char *brace = strchr(at, '{'), *end = brace ? strchr(brace, '}') : NULL;
        if (!end) {
            cito_buffer_append(out, at, strlen(at));
            return;
        }
        cito_buffer_append(out, at, (size_t)(brace - at));
        size_t len = (size_t)(end - brace - 1);
        if (len == strlen("expected_plural") && memcmp(brace + 1, "expected_plural", len) == 0) {
            if (!is_singular(ctx))
                cito_buffer_append_char(out, 's');
        } else {
            append_ctx(out, ctx_get(ctx, brace + 1, len), len == strlen("actual_length") && memcmp(brace + 1, "actual_length", len) == 0);
        }
        at = end + 1;
    }
}

/* A value_error's ctx shows an exception as {}; its text is in the message only. An e-mail address's has a reason instead. */
static const cito_value *hide_exception(cito_arena *arena, const cito_value *ctx)
{
    if (!ctx_get(ctx, "error", 5))
        return ctx;
    cito_value *object = cito_arena_take_zeroed(arena, sizeof *object), *empty = cito_arena_take_zeroed(arena, sizeof *empty);
    cito_value_member *member = cito_arena_take(arena, sizeof *member);
    if (!object || !empty || !member)
        return NULL;
    empty->kind = object->kind = CITO_VALUE_OBJECT;
    *member = (cito_value_member){ CITO_STR("error"), empty };
    object->count = 1;
    object->as.members = member;
    return object;
}

static cito_str make_message(cito_arena *arena, const char *type, const cito_value *ctx)
{
    const cito_error_type *known = cito_error_type_find(type);
    const char *template_text = known ? known->template_text : "{error}";
    if (strcmp(type, "value_error") == 0 && ctx_get(ctx, "reason", 6))
        template_text = "value is not a valid email address: {reason}";
    if (!strchr(template_text, '{'))
        return (cito_str){ template_text, strlen(template_text) };
    cito_buffer text;
    cito_buffer_init(&text);
    write_message(&text, template_text, ctx);
    cito_str made = cito_arena_copy_str(arena, text.data ? text.data : "", text.len);
    cito_buffer_finish(&text);
    return made;
}

static bool grow(cito_errors *errors)
{
    size_t capacity = errors->capacity ? 2 * errors->capacity : 8;
    cito_error *items = cito_arena_take(errors->arena, capacity * sizeof *items);
    if (!items)
        return false;
    if (errors->count)
        memcpy(items, errors->items, errors->count * sizeof *items);
    errors->items = items;
    errors->capacity = capacity;
    return true;
}

void cito_errors_add(cito_errors *errors, const char *type, const cito_loc *loc, cito_input input, const cito_value *ctx)
{
    if (errors->count == errors->capacity && !grow(errors))
        return;
    cito_error error = { .type = type, .input = input };
    error.msg = make_message(errors->arena, type, ctx);
    error.loc = loc_value(errors->arena, loc);
    if (!error.loc || !error.msg.data)
        return;
    bool is_exception = strcmp(type, "value_error") == 0 || strcmp(type, "assertion_error") == 0;
    error.ctx = is_exception ? hide_exception(errors->arena, ctx) : ctx;
    errors->items[errors->count++] = error;
}

void cito_errors_append(cito_errors *errors, const cito_errors *from)
{
    for (size_t i = 0; i < from->count && (errors->count < errors->capacity || grow(errors)); i++)
        errors->items[errors->count++] = from->items[i];
}

static void write_value(cito_buffer *out, const cito_value *value)
{
    size_t before = out->len;
    if (!cito_value_write(out, value)) { /* NaN, an infinity: JSON has no word for it */
        out->len = before;
        cito_buffer_append_literal(out, "null");
    }
}

static const cito_value *input_value(const cito_input *input, cito_arena *arena)
{
    switch (input->kind) {
    case CITO_INPUT_TEXT:
        return new_string(arena, input->text);
    case CITO_INPUT_JSON: {
        /* The slice lies in a larger text; the reader wants a NUL behind it. */
        cito_str copy = cito_arena_copy_str(arena, input->text.data, input->text.len);
        const cito_value *value = copy.data ? cito_value_parse(arena, copy, NULL, NULL) : NULL;
        return value ? value : cito_value_null;
    }
    case CITO_INPUT_VALUE:
        return input->value ? input->value : cito_value_null;
    case CITO_INPUT_NULL:
        break;
    }
    return cito_value_null;
}

static void write_input(cito_buffer *out, const cito_input *input)
{
    if (input->kind == CITO_INPUT_TEXT) {
        cito_json_write_string(out, input->text);
        return;
    }
    cito_arena scratch; /* of one error: many errors over one large object must not add up */
    cito_arena_init(&scratch, 0);
    write_value(out, input_value(input, &scratch));
    cito_arena_finish(&scratch);
}

static void write_error(cito_buffer *out, const cito_error *error)
{
    cito_buffer_append_literal(out, "{\"type\":");
    cito_json_write_string(out, (cito_str){ error->type, strlen(error->type) });
    cito_buffer_append_literal(out, ",\"loc\":");
    write_value(out, error->loc);
    cito_buffer_append_literal(out, ",\"msg\":");
    cito_json_write_string(out, error->msg);
    cito_buffer_append_literal(out, ",\"input\":");
    write_input(out, &error->input);
    if (error->ctx) {
        cito_buffer_append_literal(out, ",\"ctx\":");
        write_value(out, error->ctx);
    }
    cito_buffer_append_char(out, '}');
}

void cito_errors_write(const cito_errors *errors, cito_buffer *out)
{
    cito_buffer_append_literal(out, "{\"detail\":[");
    for (size_t i = 0; i < errors->count; i++) {
        if (i)
            cito_buffer_append_char(out, ',');
        write_error(out, &errors->items[i]);
    }
    cito_buffer_append_literal(out, "]}");
}

static const cito_value *error_value(cito_arena *arena, const cito_error *error)
{
    cito_value *object = cito_arena_take_zeroed(arena, sizeof *object);
    cito_value_member *members = cito_arena_take(arena, 5 * sizeof *members);
    const cito_value *type = new_string(arena, (cito_str){ error->type, strlen(error->type) });
    const cito_value *msg = new_string(arena, error->msg), *input = input_value(&error->input, arena);
    if (!object || !members || !type || !msg || !input)
        return NULL;
    members[0] = (cito_value_member){ CITO_STR("type"), type };
    members[1] = (cito_value_member){ CITO_STR("loc"), error->loc };
    members[2] = (cito_value_member){ CITO_STR("msg"), msg };
    members[3] = (cito_value_member){ CITO_STR("input"), input };
    members[4] = (cito_value_member){ CITO_STR("ctx"), error->ctx };
    object->kind = CITO_VALUE_OBJECT;
    object->count = error->ctx ? 5 : 4;
    object->as.members = members;
    return object;
}

const cito_value *cito_errors_value(const cito_errors *errors)
{
    cito_value *array = cito_arena_take_zeroed(errors->arena, sizeof *array);
    const cito_value **elements = cito_arena_take(errors->arena, (errors->count + 1) * sizeof *elements);
    if (!array || !elements)
        return cito_value_null;
    array->kind = CITO_VALUE_ARRAY;
    array->as.elements = elements;
    for (size_t i = 0; i < errors->count; i++) {
        const cito_value *value = error_value(errors->arena, &errors->items[i]);
        if (value)
            elements[array->count++] = value;
    }
    return array;
}
