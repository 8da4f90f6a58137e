/* The JSON reader: places in the text, errors, literals, numbers, arrays and objects, skipping. Strings are in reader_string.c.
 *
 * Invariants: text.data[text.len] is a NUL, which is no part of any token, so reading byte by byte needs no look at `end`. After an error `at` is
 * the end, where every function fails; the first error stays. Nothing here recurses. Threading: a reader belongs to one thread at a time. */
#include "json/reader.h"
#include "base/utf8.h"
#include "json/reader_string.h"
#include <string.h>

const unsigned char cito_json_tokens[256] = {
    ['n'] = CITO_JSON_NULL,   ['t'] = CITO_JSON_TRUE,   ['f'] = CITO_JSON_FALSE,  ['"'] = CITO_JSON_STRING, ['['] = CITO_JSON_ARRAY,
    ['{'] = CITO_JSON_OBJECT, ['-'] = CITO_JSON_NUMBER, ['0'] = CITO_JSON_NUMBER, ['1'] = CITO_JSON_NUMBER, ['2'] = CITO_JSON_NUMBER,
    ['3'] = CITO_JSON_NUMBER, ['4'] = CITO_JSON_NUMBER, ['5'] = CITO_JSON_NUMBER, ['6'] = CITO_JSON_NUMBER, ['7'] = CITO_JSON_NUMBER,
    ['8'] = CITO_JSON_NUMBER, ['9'] = CITO_JSON_NUMBER, ['N'] = CITO_JSON_NUMBER, ['I'] = CITO_JSON_NUMBER,
};

void cito_json_reader_init(cito_json_reader *reader, cito_str text, cito_arena *arena, int depth_limit)
{
    if (!text.data)
        text = CITO_STR(""); /* a zeroed text is the empty one */
    size_t mark = text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    if (depth_limit <= 0)
        depth_limit = CITO_JSON_DEPTH_DEFAULT;
    *reader = (cito_json_reader){
        .start = text.data + mark,
        .at = text.data + mark,
        .end = text.data + text.len,
        .arena = arena,
        .depth_limit = depth_limit < CITO_JSON_DEPTH_MAX ? depth_limit : CITO_JSON_DEPTH_MAX,
    };
}

__attribute__((cold)) bool cito_json_fail(cito_json_reader *reader, const char *error, const char *error_at)
{
    if (!reader->error) {
        reader->error = error;
        reader->error_at = error_at;
    }
    reader->at = reader->end;
    return false;
}

static inline bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

void cito_json_skip_blanks(cito_json_reader *reader)
{
    const char *at = reader->at;
    if (is_blank(*at) && is_blank(*++at) && is_blank(*++at)) {
#ifdef __SSE2__
        /* Indented text: runs of spaces behind each line's end. */
        while (reader->end - at >= CITO_SCAN_STEP) {
            unsigned spaces = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)at), _mm_set1_epi8(' ')));
            at += __builtin_ctz(~spaces);
            if (spaces != 0xFFFF)
                break;
        }
#endif
        while (is_blank(*at))
            at++;
    }
    reader->at = at;
}

static inline void skip_blanks(cito_json_reader *reader)
{
    if (__builtin_expect((unsigned char)*reader->at <= ' ', 0))
        cito_json_skip_blanks(reader);
}

/* ---- literals and numbers ----------------------------------------------------------------------------------------------------------- */

static bool read_literal(cito_json_reader *reader, const char *literal, size_t len)
{
    skip_blanks(reader);
    if (strncmp(reader->at, literal, len) != 0)
        return cito_json_fail(reader, "Expecting value", reader->at);
    reader->at += len;
    return true;
}

bool cito_json_read_null(cito_json_reader *reader) { return read_literal(reader, "null", 4); }

bool cito_json_read_true(cito_json_reader *reader) { return read_literal(reader, "true", 4); }

bool cito_json_read_false(cito_json_reader *reader) { return read_literal(reader, "false", 5); }

static inline bool is_digit(char c) { return (unsigned char)(c - '0') <= 9; }

/* The longest number at `at`, or NULL where there is none. A point or an e without digits behind it is not part of it. */
static inline const char *number_end(const char *at, bool *out_is_integer)
{
    *out_is_integer = true;
    at += *at == '-';
    if (*at == '0')
        at++;
    else if (is_digit(*at))
        while (is_digit(*at))
            at++;
    else
        return NULL;
    if (*at == '.' && is_digit(at[1])) {
        *out_is_integer = false;
        for (at += 2; is_digit(*at);)
            at++;
    }
    if ((*at | 32) == 'e') {
        const char *digits = at + 1;
        digits += *digits == '+' || *digits == '-';
        if (is_digit(*digits)) {
            *out_is_integer = false;
            while (is_digit(*digits))
                digits++;
            at = digits;
        }
    }
    return at;
}

/* What CPython reads beyond RFC 8259. */
static const char *constant_end(const char *at)
{
    static const char constants[3][10] = { "NaN", "Infinity", "-Infinity" };
    for (size_t i = 0; i < 3; i++)
        if (strncmp(at, constants[i], strlen(constants[i])) == 0)
            return at + strlen(constants[i]);
    return NULL;
}

bool cito_json_read_number(cito_json_reader *reader, cito_str *out_text, bool *out_is_integer)
{
    skip_blanks(reader);
    const char *start = reader->at, *end = number_end(start, out_is_integer);
    if (__builtin_expect(!end, 0)) {
        *out_is_integer = false;
        end = constant_end(start);
        if (!end)
            return cito_json_fail(reader, "Expecting value", start);
    }
    *out_text = (cito_str){ start, (size_t)(end - start) };
    reader->at = end;
    return true;
}

/* ---- arrays and objects --------------------------------------------------------------------------------------------------------------- */

static bool enter(cito_json_reader *reader, char opening)
{
    skip_blanks(reader);
    if (*reader->at != opening)
        return cito_json_fail(reader, "Expecting value", reader->at);
    if (reader->depth >= reader->depth_limit)
        return cito_json_fail(reader, "Too deeply nested", reader->at);
    reader->depth++;
    reader->at++;
    reader->first = true;
    return true;
}

/* At the next member or element (true), or past the closing byte (false), or an error (false). What stands behind a comma is not looked at. */
static inline bool next(cito_json_reader *reader, char closing)
{
    bool first = reader->first;
    reader->first = false;
    skip_blanks(reader);
    if (*reader->at == closing) {
        reader->at++;
        reader->depth--;
        return false;
    }
    if (first)
        return true;
    if (*reader->at != ',')
        return cito_json_fail(reader, "Expecting ',' delimiter", reader->at);
    reader->at++;
    return true;
}

bool cito_json_enter_object(cito_json_reader *reader) { return enter(reader, '{'); }

bool cito_json_enter_array(cito_json_reader *reader) { return enter(reader, '['); }

/* The end itself is a value that is missing, which the reading of the element says. */
bool cito_json_next_element_slow(cito_json_reader *reader) { return next(reader, ']') && cito_json_peek(reader) != CITO_JSON_ERROR; }

static inline bool at_key(cito_json_reader *reader)
{
    if (!next(reader, '}'))
        return false;
    skip_blanks(reader);
    if (*reader->at != '"')
        return cito_json_fail(reader, "Expecting property name enclosed in double quotes", reader->at);
    return true;
}

static inline bool pass_colon(cito_json_reader *reader)
{
    skip_blanks(reader);
    if (*reader->at != ':')
        return cito_json_fail(reader, "Expecting ':' delimiter", reader->at);
    reader->at++;
    return true;
}

bool cito_json_next_key_slow(cito_json_reader *reader, cito_str *out_key)
{
    return at_key(reader) && cito_json_read_key(reader, out_key) && pass_colon(reader);
}

/* ---- skipping --------------------------------------------------------------------------------------------------------------------------- */

static bool skip_scalar(cito_json_reader *reader, cito_json_token token)
{
    cito_str text;
    bool is_integer;
    switch (token) {
    case CITO_JSON_STRING:
        return cito_json_pass_any_string(reader, &text, &is_integer);
    case CITO_JSON_NUMBER:
        return cito_json_read_number(reader, &text, &is_integer);
    case CITO_JSON_NULL:
        return cito_json_read_null(reader);
    case CITO_JSON_TRUE:
        return cito_json_read_true(reader);
    case CITO_JSON_FALSE:
        return cito_json_read_false(reader);
    default:
        return false;
    }
}

static inline bool next_skipped(cito_json_reader *reader, bool in_object)
{
    cito_str key;
    bool escaped;
    if (!in_object)
        return cito_json_next_element(reader);
    if (cito_json_next_plain_key(reader, &key))
        return true;
    return at_key(reader) && cito_json_pass_string(reader, &key, &escaped) && pass_colon(reader);
}

bool cito_json_skip(cito_json_reader *reader, cito_str *out_raw)
{
    uint64_t objects[CITO_JSON_DEPTH_MAX / 64]; /* bit of a level: it is an object */
    int outer = reader->depth;
    skip_blanks(reader);
    const char *start = reader->at;
    do {
        cito_json_token token = cito_json_peek(reader);
        if (token == CITO_JSON_OBJECT || token == CITO_JSON_ARRAY) {
            uint64_t *word = &objects[reader->depth / 64 % (CITO_JSON_DEPTH_MAX / 64)], bit = UINT64_C(1) << (reader->depth % 64);
            if (!enter(reader, token == CITO_JSON_OBJECT ? '{' : '['))
                return false;
            *word = token == CITO_JSON_OBJECT ? *word | bit : *word & ~bit;
        } else if (!skip_scalar(reader, token)) {
            return false;
        }
        /* To the next value: closes what ends here. */
        while (reader->depth > outer) {
            int level = reader->depth - 1;
            if (next_skipped(reader, objects[level / 64] >> (level % 64) & 1))
                break;
            if (reader->error)
                return false;
        }
    } while (reader->depth > outer);
    *out_raw = (cito_str){ start, (size_t)(reader->at - start) };
    return true;
}

bool cito_json_at_end(cito_json_reader *reader)
{
    skip_blanks(reader);
    if (reader->at != reader->end)
        return cito_json_fail(reader, "Extra data", reader->at);
    return !reader->error;
}

size_t cito_json_error_offset(const cito_json_reader *reader)
{
    return reader->error ? cito_utf8_count(reader->start, (size_t)(reader->error_at - reader->start)) : 0;
}
