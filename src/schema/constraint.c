/* Constraints, checked in pydantic's order; the first violated one is recorded. Pure functions over their arguments; any thread. */
#include "schema/constraint.h"
#include "base/utf8.h"
#include "json/number.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BOUND_COUNT = 5, DIGITS_STACK = 256 };

/* multiple_of, le, lt, ge, gt: the order in which they are looked at. */
static const char *const bound_types[BOUND_COUNT] = { "multiple_of", "less_than_equal", "less_than", "greater_than_equal", "greater_than" };
static const char *const bound_names[BOUND_COUNT] = { "multiple_of", "le", "lt", "ge", "gt" };

typedef struct bounds {
    bool has[BOUND_COUNT];
    double limit[BOUND_COUNT];
} bounds;

static bounds bounds_of(const cito_field *field)
{
    return (bounds){ { field->has_multiple_of, field->has_le, field->has_lt, field->has_ge, field->has_gt },
                     { field->multiple_of, field->le, field->lt, field->ge, field->gt } };
}

/* Whether a comparison's outcome (-1, 0, 1 of value to limit) keeps to bound 1 … 4. */
static bool keeps(int bound, int order) { return bound == 1 ? order <= 0 : bound == 2 ? order < 0 : bound == 3 ? order >= 0 : order > 0; }

static bool fail_bound(cito_decoding *decoding, int bound, const cito_loc *loc, cito_input input, const cito_value *limit)
{
    return cito_decoding_fail(decoding, bound_types[bound], loc, input,
                              cito_ctx_object(decoding->errors->arena, 1, &bound_names[bound], &limit));
}

static int compare_int(int64_t value, double limit)
{
    /* Limits are whole (cito_type_prepare sees to it); beyond int64 the sign decides. */
    if (limit >= 0x1p63)
        return -1;
    if (limit < -0x1p63)
        return 1;
    int64_t whole = (int64_t)limit;
    return (value > whole) - (value < whole);
}

bool cito_constraint_int(cito_decoding *decoding, const cito_field *field, const cito_loc *loc, cito_input input, int64_t value)
{
    bounds all = bounds_of(field);
    for (int i = 0; i < BOUND_COUNT; i++) {
        if (!all.has[i])
            continue;
        int64_t step = (int64_t)all.limit[i];
        bool good = i ? keeps(i, compare_int(value, all.limit[i])) : step == 0 || step == -1 || value % step == 0;
        if (!good)
            return fail_bound(decoding, i, loc, input, cito_ctx_int(decoding->errors->arena, step));
    }
    return true;
}

static bool is_multiple(double value, double step)
{
    double rest = fabs(fmod(value, step)), tolerance = fabs(value) / 1e9;
    return rest <= tolerance || fabs(rest - fabs(step)) <= tolerance;
}

bool cito_constraint_double(cito_decoding *decoding, const cito_field *field, const cito_loc *loc, cito_input input, double value)
{
    if (field->finite && !isfinite(value))
        return cito_decoding_fail(decoding, "finite_number", loc, input, NULL);
    bounds all = bounds_of(field);
    for (int i = 0; i < BOUND_COUNT; i++) {
        if (!all.has[i])
            continue;
        int order = (value > all.limit[i]) - (value < all.limit[i]);
        bool good = i ? !isnan(value) && keeps(i, order) : isfinite(value) && is_multiple(value, all.limit[i]);
        if (!good)
            return fail_bound(decoding, i, loc, input, cito_ctx_double(decoding->errors->arena, all.limit[i]));
    }
    return true;
}

static bool fail_number(cito_decoding *decoding, const char *type, const char *name, int64_t number, const cito_loc *loc, cito_input input)
{
    const cito_value *value = cito_ctx_int(decoding->errors->arena, number);
    return cito_decoding_fail(decoding, type, loc, input, cito_ctx_object(decoding->errors->arena, 1, &name, &value));
}

typedef struct digit_counts {
    int64_t digits, places;
} digit_counts;

/* All digits and those behind the point; 0.001 has three of both. */
static digit_counts count_digits(int64_t digits, int64_t exponent)
{
    if (exponent >= 0)
        return (digit_counts){ digits + exponent, 0 };
    return (digit_counts){ digits > -exponent ? digits : -exponent, -exponent };
}

static bool check_digits(cito_decoding *decoding, const cito_field *field, const cito_loc *loc, cito_input input,
                         const cito_decimal_parts *parts)
{
    int64_t kept = (int64_t)parts->count, exponent = parts->exponent;
    while (kept > 1 && parts->digits[kept - 1] == '0') {
        kept--;
        exponent++;
    }
    if (kept == 1 && parts->digits[0] == '0')
        exponent = 0;
    /* Zeros at the end do not count against a limit that the number keeps without them. */
    digit_counts plain = count_digits((int64_t)parts->count, parts->exponent), normal = count_digits(kept, exponent);
    if (field->has_max_digits && normal.digits > field->max_digits && plain.digits > field->max_digits)
        return fail_number(decoding, "decimal_max_digits", "max_digits", field->max_digits, loc, input);
    if (!field->has_decimal_places)
        return true;
    if (normal.places > field->decimal_places && plain.places > field->decimal_places)
        return fail_number(decoding, "decimal_max_places", "decimal_places", field->decimal_places, loc, input);
    int64_t whole_max = field->max_digits > field->decimal_places ? field->max_digits - field->decimal_places : 0;
    if (field->has_max_digits && normal.digits - normal.places > whole_max && plain.digits - plain.places > whole_max)
        return fail_number(decoding, "decimal_whole_digits", "whole_digits", whole_max, loc, input);
    return true;
}

static cito_str limit_text(cito_arena *arena, double limit)
{
    char text[CITO_NUMBER_MAX];
    size_t len = cito_double_write_repr(limit, text);
    if (len > 2 && memcmp(text + len - 2, ".0", 2) == 0) /* gt(1) is Decimal(1) */
        len -= 2;
    cito_decimal canonical;
    if (cito_decimal_parse((cito_str){ text, len }, arena, &canonical) == CITO_DECIMAL_OK)
        return canonical.text;
    return cito_arena_copy_str(arena, text, len);
}

static bool check_decimal_bounds(cito_decoding *decoding, const cito_field *field, const cito_loc *loc, cito_input input,
                                 const cito_decimal_parts *parts)
{
    bounds all = bounds_of(field);
    for (int i = 0; i < BOUND_COUNT; i++) {
        if (!all.has[i])
            continue;
        char text[CITO_NUMBER_MAX], digits[CITO_NUMBER_MAX + 1];
        size_t len = cito_double_write_repr(all.limit[i], text);
        cito_decimal_parts limit;
        cito_decimal_split((cito_str){ text, len }, digits, &limit);
        if (i ? keeps(i, cito_decimal_compare(parts, &limit)) : cito_decimal_is_multiple(parts, &limit))
            continue;
        return fail_bound(decoding, i, loc, input,
                          cito_ctx_text(decoding->errors->arena, limit_text(decoding->errors->arena, all.limit[i])));
    }
    return true;
}

bool cito_constraint_decimal(cito_decoding *decoding, const cito_field *field, const cito_loc *loc, cito_input input,
                             const cito_decimal *value)
{
    char stack[DIGITS_STACK], *digits = value->text.len < sizeof stack ? stack : cito_arena_take(decoding->arena, value->text.len + 1);
    cito_decimal_parts parts;
    if (!digits || cito_decimal_split(value->text, digits, &parts) != CITO_DECIMAL_OK)
        return cito_decoding_fail(decoding, "decimal_parsing", loc, input, NULL);
    return check_digits(decoding, field, loc, input, &parts) && check_decimal_bounds(decoding, field, loc, input, &parts);
}

bool cito_constraint_text(cito_decoding *decoding, const cito_field *field, const cito_loc *loc, cito_input input, cito_str value,
                          bool is_bytes)
{
    if (field->has_min_length || field->has_max_length) {
        size_t length = value.len;
        /* Code points are at most as many as bytes and at least a quarter: most texts need no counting. */
        bool exact = is_bytes || (field->has_min_length && value.len >= field->min_length && value.len < 4 * field->min_length) ||
                     (field->has_min_length && value.len < field->min_length) || (field->has_max_length && value.len > field->max_length);
        if (exact && !is_bytes)
            length = cito_utf8_count(value.data, value.len);
        if (field->has_min_length && length < field->min_length)
            return fail_number(decoding, is_bytes ? "bytes_too_short" : "string_too_short", "min_length", (int64_t)field->min_length, loc,
                               input);
        if (field->has_max_length && length > field->max_length)
            return fail_number(decoding, is_bytes ? "bytes_too_long" : "string_too_long", "max_length", (int64_t)field->max_length, loc,
                               input);
    }
    if (field->pattern && !cito_pattern_search(field->pattern, value))
        return cito_decoding_fail_text(decoding, "string_pattern_mismatch", loc, input, "pattern",
                                       (cito_str){ field->pattern, strlen(field->pattern) });
    return true;
}

static bool fail_items(cito_decoding *decoding, const char *type, const char *limit_name, size_t limit, const cito_loc *loc,
                       cito_input input, const char *what, int64_t actual)
{
    cito_arena *arena = decoding->errors->arena;
    const char *const names[] = { "field_type", limit_name, "actual_length" };
    const cito_value *values[] = { cito_ctx_text(arena, (cito_str){ what, strlen(what) }), cito_ctx_int(arena, (int64_t)limit),
                                   actual < 0 ? NULL : cito_ctx_int(arena, actual) };
    return cito_decoding_fail(decoding, type, loc, input, cito_ctx_object(arena, 3, names, values));
}

bool cito_constraint_min_items(cito_decoding *decoding, const cito_field *field, const cito_loc *loc, cito_input input, const char *what,
                               size_t count)
{
    if (!field->has_min_length || count >= field->min_length)
        return true;
    return fail_items(decoding, "too_short", "min_length", field->min_length, loc, input, what, (int64_t)count);
}

bool cito_constraint_fail_max_items(cito_decoding *decoding, const cito_loc *loc, cito_input input, const char *what, size_t max,
                                    int64_t actual)
{
    return fail_items(decoding, "too_long", "max_length", max, loc, input, what, actual);
}

bool cito_constraint_secret(cito_decoding *decoding, const cito_field *field, const cito_loc *loc, cito_input input, cito_str value)
{
    size_t length = cito_utf8_count(value.data, value.len);
    if (!cito_constraint_min_items(decoding, field, loc, input, "Value", length))
        return false;
    return !field->has_max_length || length <= field->max_length ||
           cito_constraint_fail_max_items(decoding, loc, input, "Value", field->max_length, (int64_t)length);
}
