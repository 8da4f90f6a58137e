/* Integers, doubles and booleans from JSON scalars and texts. Pure functions over their arguments; any thread. */
#include "base/utf8.h"
#include "json/number.h"
#include "schema/coerce.h"
#include <math.h>
#include <string.h>
#include <strings.h>

enum { INT_TEXT_MAX = 4300, DOUBLE_TEXT_STACK = 128 }; /* CPython refuses more digits than the first */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Unicode's White_Space beyond ASCII: NEL, NBSP, ogham, en quad … hair space, separators, narrow NBSP, medium space, ideographic. */
static bool is_wide_blank(uint32_t c)
{
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

static bool is_ascii_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

cito_str cito_text_trim(cito_str text)
{
    const char *at = text.data, *end = text.data + text.len;
    while (at < end) {
        uint32_t c;
        size_t len = cito_utf8_read(at, end, &c);
        if (!(c < 0x80 ? is_ascii_blank((char)c) : is_wide_blank(c)))
            break;
        at += len;
    }
    while (end > at) {
        const char *last = end - 1;
        while (last > at && ((unsigned char)*last & 0xC0) == 0x80)
            last--;
        uint32_t c;
        cito_utf8_read(last, end, &c);
        if (!(c < 0x80 ? is_ascii_blank((char)c) : is_wide_blank(c)))
            break;
        end = last;
    }
    return (cito_str){ at, (size_t)(end - at) };
}

/* Digits with single underscores between them, an optional sign, an optional fraction of zeros only. */
static cito_int_read_result read_int_text(cito_str text, int64_t *out)
{
    text = cito_text_trim(text);
    const char *at = text.data, *end = text.data + text.len;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (text.len > INT_TEXT_MAX) {
        for (const char *c = at; c < end; c++)
            if (!is_digit(*c))
                return CITO_INT_NOT;
        return CITO_INT_OUT_OF_RANGE;
    }
    if (at == end || !is_digit(*at))
        return CITO_INT_NOT;
    uint64_t value = 0;
    bool overflow = false;
    for (; at < end && (is_digit(*at) || *at == '_'); at++) {
        if (*at == '_') {
            if (at + 1 == end || !is_digit(at[1]))
                return CITO_INT_NOT;
            continue;
        }
        overflow |= __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value);
    }
    if (at < end) {
        if (*at != '.' || at + 1 == end)
            return CITO_INT_NOT;
        while (++at < end)
            if (*at != '0')
                return CITO_INT_NOT;
    }
    if (overflow || value > (uint64_t)INT64_MAX + negative)
        return CITO_INT_OUT_OF_RANGE;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return CITO_INT_OK;
}

static bool int_from_double(cito_decoding *decoding, const cito_scalar *scalar, const cito_loc *loc, int64_t *out)
{
    double number;
    if (!cito_coerce_double(decoding, scalar, false, loc, &number))
        return false;
    if (!isfinite(number)) /* NaN, Infinity, and 1e999, of which Python's json makes an infinity */
        return cito_decoding_fail(decoding, "finite_number", loc, scalar->input, NULL);
    if (number != trunc(number))
        return cito_decoding_fail(decoding, "int_from_float", loc, scalar->input, NULL);
    if (!(number >= -0x1p63 && number < 0x1p63))
        return cito_decoding_fail(decoding, "int_parsing_size", loc, scalar->input, NULL);
    *out = (int64_t)number;
    return true;
}

bool cito_coerce_int(cito_decoding *decoding, const cito_scalar *scalar, bool strict, const cito_loc *loc, int64_t least, int64_t greatest,
                     int64_t *out)
{
    cito_int_read_result result = CITO_INT_OK;
    bool is_exact = scalar->token == CITO_JSON_NUMBER && scalar->is_integer;
    if (!is_exact) {
        if (strict)
            return cito_decoding_fail(decoding, "int_type", loc, scalar->input, NULL);
        cito_decoding_floor(decoding, CITO_LAX);
    }
    switch (scalar->token) {
    case CITO_JSON_NUMBER:
        if (is_exact)
            result = cito_int_read(scalar->text.data, scalar->text.len, out);
        else if (!int_from_double(decoding, scalar, loc, out))
            return false;
        break;
    case CITO_JSON_TRUE:
    case CITO_JSON_FALSE:
        *out = scalar->token == CITO_JSON_TRUE;
        break;
    case CITO_JSON_STRING:
        result = read_int_text(scalar->text, out);
        break;
    default:
        return cito_decoding_fail(decoding, "int_type", loc, scalar->input, NULL);
    }
    if (result == CITO_INT_NOT)
        return cito_decoding_fail(decoding, "int_parsing", loc, scalar->input, NULL);
    if (result == CITO_INT_OUT_OF_RANGE || *out < least || *out > greatest)
        return cito_decoding_fail(decoding, "int_parsing_size", loc, scalar->input, NULL);
    return true;
}

static bool read_special(cito_str text, double *out)
{
    bool negative = text.len && text.data[0] == '-';
    if (text.len && (text.data[0] == '-' || text.data[0] == '+'))
        text.data++, text.len--;
    if (text.len == 3 && strncasecmp(text.data, "nan", 3) == 0)
        *out = negative ? -NAN : NAN;
    else if ((text.len == 3 && strncasecmp(text.data, "inf", 3) == 0) || (text.len == 8 && strncasecmp(text.data, "infinity", 8) == 0))
        *out = negative ? -INFINITY : INFINITY;
    else
        return false;
    return true;
}

/* Underscores may stand anywhere but at the ends and next to each other; they are taken out. */
static bool read_double_text(cito_str text, double *out)
{
    text = cito_text_trim(text);
    if (read_special(text, out))
        return true;
    bool negative = text.len && text.data[0] == '-';
    if (text.len && (text.data[0] == '-' || text.data[0] == '+'))
        text.data++, text.len--;
    if (!text.len || !(is_digit(text.data[0]) || text.data[0] == '.'))
        return false;
    char stack[DOUBLE_TEXT_STACK];
    if (memchr(text.data, '_', text.len)) {
        if (text.len > sizeof stack || text.data[text.len - 1] == '_')
            return false;
        size_t len = 0;
        for (size_t i = 0; i < text.len; i++) {
            if (text.data[i] != '_')
                stack[len++] = text.data[i];
            else if (text.data[i + 1] == '_')
                return false;
        }
        text = (cito_str){ stack, len };
    }
    if (!cito_double_read(text.data, text.len, out))
        return false;
    if (negative)
        *out = -*out;
    return true;
}

bool cito_coerce_double(cito_decoding *decoding, const cito_scalar *scalar, bool strict, const cito_loc *loc, double *out)
{
    switch (scalar->token) {
    case CITO_JSON_NUMBER:
        if (scalar->is_integer)
            cito_decoding_floor(decoding, CITO_STRICT);
        if (!cito_double_read(scalar->text.data, scalar->text.len, out) && !read_special(scalar->text, out))
            return cito_decoding_fail(decoding, "float_type", loc, scalar->input, NULL);
        if (scalar->is_integer && isinf(*out)) /* an integer that no double can hold */
            return cito_decoding_fail(decoding, "float_type", loc, scalar->input, NULL);
        return true;
    case CITO_JSON_TRUE:
    case CITO_JSON_FALSE:
        if (strict)
            break;
        cito_decoding_floor(decoding, CITO_LAX);
        *out = scalar->token == CITO_JSON_TRUE;
        return true;
    case CITO_JSON_STRING:
        if (strict)
            break;
        cito_decoding_floor(decoding, CITO_LAX);
        return read_double_text(scalar->text, out) || cito_decoding_fail(decoding, "float_parsing", loc, scalar->input, NULL);
    default:
        break;
    }
    return cito_decoding_fail(decoding, "float_type", loc, scalar->input, NULL);
}

/* 1, 0, or -1 where the text is neither. */
static int read_bool_text(cito_str text)
{
    static const struct {
        const char *text;
        size_t len;
        int value;
    } words[] = { { "true", 4, 1 }, { "false", 5, 0 }, { "1", 1, 1 }, { "0", 1, 0 }, { "on", 2, 1 }, { "off", 3, 0 },
                  { "yes", 3, 1 },  { "no", 2, 0 },    { "y", 1, 1 }, { "n", 1, 0 }, { "t", 1, 1 },  { "f", 1, 0 } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text.len == words[i].len && strncasecmp(text.data, words[i].text, text.len) == 0)
            return words[i].value;
    return -1;
}

static bool bool_from_number(cito_decoding *decoding, const cito_scalar *scalar, const cito_loc *loc, bool *out)
{
    double number;
    bool is_whole = cito_double_read(scalar->text.data, scalar->text.len, &number) && number == trunc(number) && fabs(number) < 0x1p63;
    if (!is_whole)
        return cito_decoding_fail(decoding, "bool_type", loc, scalar->input, NULL);
    if (number != 0 && number != 1)
        return cito_decoding_fail(decoding, "bool_parsing", loc, scalar->input, NULL);
    *out = number == 1;
    return true;
}

bool cito_coerce_bool(cito_decoding *decoding, const cito_scalar *scalar, bool strict, const cito_loc *loc, bool *out)
{
    if (scalar->token == CITO_JSON_TRUE || scalar->token == CITO_JSON_FALSE) {
        *out = scalar->token == CITO_JSON_TRUE;
        return true;
    }
    cito_decoding_floor(decoding, CITO_LAX);
    if (strict || (scalar->token != CITO_JSON_NUMBER && scalar->token != CITO_JSON_STRING))
        return cito_decoding_fail(decoding, "bool_type", loc, scalar->input, NULL);
    if (scalar->token == CITO_JSON_NUMBER)
        return bool_from_number(decoding, scalar, loc, out);
    int value = read_bool_text(scalar->text);
    if (value < 0)
        return cito_decoding_fail(decoding, "bool_parsing", loc, scalar->input, NULL);
    *out = value == 1;
    return true;
}
