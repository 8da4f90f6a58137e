/* Decimals: any numeric text into Python's canonical form (PEP 327, str(Decimal)), nothing rounded; and their exact comparison.
 * Invariant: a cito_decimal's text is what str(Decimal) would print. Any thread. */
#include "json/number.h"
#include "schema/constraint.h"
#include <string.h>
#include <strings.h>

#define EXPONENT_MAX INT64_C(999999999999999999) /* decimal.MAX_EMAX */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_special(const char *text, size_t len)
{
    if (len == 3 && strncasecmp(text, "inf", 3) == 0)
        return true;
    if (len == 8 && strncasecmp(text, "infinity", 8) == 0)
        return true;
    if (len && (*text == 's' || *text == 'S'))
        text++, len--;
    if (len < 3 || strncasecmp(text, "nan", 3) != 0)
        return false;
    for (size_t i = 3; i < len; i++)
        if (!is_digit(text[i]))
            return false;
    return true;
}

/* Exponent of ten behind the mantissa; false where it is no number or out of Python's range. */
static bool read_exponent(const char *at, const char *end, int64_t *out)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return false;
    int64_t value = 0;
    for (; at < end; at++) {
        if (!is_digit(*at))
            return false;
        value = value <= EXPONENT_MAX / 10 ? value * 10 + (*at - '0') : 3 * EXPONENT_MAX; /* too large stays too large */
    }
    *out = negative ? -value : value;
    return value <= 2 * EXPONENT_MAX;
}

cito_decimal_status cito_decimal_split(cito_str text, char *digits, cito_decimal_parts *out)
{
    const char *at = text.data, *end = text.data + text.len;
    *out = (cito_decimal_parts){ .digits = digits, .negative = at < end && *at == '-' };
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (is_special(at, (size_t)(end - at)))
        return CITO_DECIMAL_NOT_FINITE;
    bool any = false, dot = false;
    for (; at < end && (is_digit(*at) || (*at == '.' && !dot)); at++) {
        if (*at == '.') {
            dot = true;
            continue;
        }
        any = true;
        out->exponent -= dot;
        if (out->count || *at != '0')
            digits[out->count++] = *at;
    }
    if (!any)
        return CITO_DECIMAL_NOT;
    if (at < end) {
        int64_t exponent;
        if ((*at != 'e' && *at != 'E') || !read_exponent(at + 1, end, &exponent))
            return CITO_DECIMAL_NOT;
        out->exponent += exponent;
    }
    if (!out->count)
        digits[out->count++] = '0';
    int64_t adjusted = out->exponent + (int64_t)out->count - 1;
    return adjusted > EXPONENT_MAX || out->exponent < -2 * EXPONENT_MAX ? CITO_DECIMAL_NOT : CITO_DECIMAL_OK;
}

/* str(Decimal): plain while the exponent is not positive and the point stands at most six zeros left of the digits. */
static size_t write_canonical(const cito_decimal_parts *parts, char *out)
{
    char *to = out;
    if (parts->negative)
        *to++ = '-';
    int64_t left = parts->exponent + (int64_t)parts->count; /* digits before the point */
    if (parts->exponent <= 0 && left > -6) {
        if (left <= 0) {
            *to++ = '0';
            if (parts->exponent < 0) {
                *to++ = '.';
                for (int64_t i = left; i < 0; i++)
                    *to++ = '0';
            }
            memcpy(to, parts->digits, parts->count);
            return (size_t)(to + parts->count - out);
        }
        memcpy(to, parts->digits, (size_t)left);
        to += left;
        if (parts->exponent < 0) {
            *to++ = '.';
            memcpy(to, parts->digits + left, parts->count - (size_t)left);
            to += parts->count - (size_t)left;
        }
        return (size_t)(to - out);
    }
    *to++ = parts->digits[0];
    if (parts->count > 1) {
        *to++ = '.';
        memcpy(to, parts->digits + 1, parts->count - 1);
        to += parts->count - 1;
    }
    *to++ = 'E';
    if (left - 1 >= 0)
        *to++ = '+';
    to += cito_int_write(left - 1, to);
    return (size_t)(to - out);
}

cito_decimal_status cito_decimal_parse(cito_str text, cito_arena *arena, cito_decimal *out)
{
    text = cito_text_trim(text);
    char *copy = cito_arena_take(arena, 2 * text.len + CITO_NUMBER_MAX + 16);
    if (!copy)
        return CITO_DECIMAL_NOT;
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) /* Python's Decimal drops every underscore */
        if (text.data[i] != '_')
            copy[len++] = text.data[i];
    char *digits = copy + len;
    cito_decimal_parts parts;
    cito_decimal_status status = cito_decimal_split((cito_str){ copy, len }, digits, &parts);
    if (status != CITO_DECIMAL_OK)
        return status;
    char *canonical = cito_arena_take(arena, parts.count + CITO_NUMBER_MAX);
    if (!canonical)
        return CITO_DECIMAL_NOT;
    size_t written = write_canonical(&parts, canonical);
    canonical[written] = '\0';
    out->text = (cito_str){ canonical, written };
    return CITO_DECIMAL_OK;
}

bool cito_coerce_decimal(cito_decoding *decoding, const cito_scalar *scalar, bool strict, const cito_loc *loc, cito_decimal *out)
{
    cito_str text = scalar->text;
    char shortest[CITO_NUMBER_MAX];
    cito_decoding_floor(decoding, CITO_LAX);
    if (scalar->token == CITO_JSON_NUMBER && !scalar->is_integer) {
        double number; /* by its shortest text, as Python's repr */
        if (!cito_double_read(text.data, text.len, &number))
            return cito_decoding_fail(decoding, "finite_number", loc, scalar->input, NULL);
        text = (cito_str){ shortest, cito_double_write_repr(number, shortest) };
    } else if (scalar->token != CITO_JSON_NUMBER && (scalar->token != CITO_JSON_STRING || strict)) {
        return cito_decoding_fail(decoding, "decimal_type", loc, scalar->input, NULL);
    }
    switch (cito_decimal_parse(text, decoding->arena, out)) {
    case CITO_DECIMAL_OK:
        return true;
    case CITO_DECIMAL_NOT_FINITE:
        return cito_decoding_fail(decoding, "finite_number", loc, scalar->input, NULL);
    case CITO_DECIMAL_NOT:
        break;
    }
    return cito_decoding_fail(decoding, "decimal_parsing", loc, scalar->input, NULL);
}

static bool is_zero(const cito_decimal_parts *parts) { return parts->count == 1 && parts->digits[0] == '0'; }

static char digit_at(const cito_decimal_parts *parts, size_t index) { return index < parts->count ? parts->digits[index] : '0'; }

int cito_decimal_compare(const cito_decimal_parts *a, const cito_decimal_parts *b)
{
    int sign_a = is_zero(a) ? 0 : a->negative ? -1 : 1, sign_b = is_zero(b) ? 0 : b->negative ? -1 : 1;
    if (sign_a != sign_b || sign_a == 0)
        return (sign_a > sign_b) - (sign_a < sign_b);
    int64_t left_a = a->exponent + (int64_t)a->count, left_b = b->exponent + (int64_t)b->count;
    if (left_a != left_b)
        return left_a > left_b ? sign_a : -sign_a;
    size_t count = a->count > b->count ? a->count : b->count;
    for (size_t i = 0; i < count; i++)
        if (digit_at(a, i) != digit_at(b, i))
            return digit_at(a, i) > digit_at(b, i) ? sign_a : -sign_a;
    return 0;
}

/* a is a multiple of b when the remainder of its digits, scaled to b's exponent, is 0; b has at most 17 digits (it was a double). */
bool cito_decimal_is_multiple(const cito_decimal_parts *a, const cito_decimal_parts *b)
{
    uint64_t divisor = 0;
    for (size_t i = 0; i < b->count; i++)
        divisor = divisor * 10 + (uint64_t)(b->digits[i] - '0');
    if (!divisor || is_zero(a))
        return is_zero(a);
    int64_t shift = a->exponent - b->exponent;
    size_t count = a->count;
    for (; shift < 0; shift++) /* digits finer than b's last place must be zeros */
        if (!count || a->digits[--count] != '0')
            return false;
    unsigned __int128 rest = 0;
    for (size_t i = 0; i < count; i++)
        rest = (rest * 10 + (unsigned)(a->digits[i] - '0')) % divisor;
    unsigned __int128 power = 10 % divisor;
    for (uint64_t left = (uint64_t)shift; left && rest; left >>= 1) {
        if (left & 1)
            rest = rest * power % divisor;
        power = power * power % divisor;
    }
    return rest == 0;
}
