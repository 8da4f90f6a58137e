/* JSON reader: a cursor over complete, UTF-8 checked text, for those who know what they expect (src/schema) and for values (json/value.h). RFC 8259,
 * and what CPython's json accepts beyond it: NaN, Infinity, -Infinity, a byte order mark.
 *
 * The text must have a NUL behind its end (text.data[text.len] == 0). All functions go on at `at`; on a syntax error they set error and error_at (first one only)
 * and return false or CITO_JSON_ERROR, and so does every later call. Error texts and offsets are CPython 3.11's, offsets counted in code points. Thread rule: any. */
#pragma once
#include "base/arena.h"
#include "json/scan.h"

typedef enum cito_json_token {
    CITO_JSON_ERROR, /* also: the end where a value was expected ("Expecting value") */
    CITO_JSON_NULL,
    CITO_JSON_TRUE,
    CITO_JSON_FALSE,
    CITO_JSON_NUMBER,
    CITO_JSON_STRING,
    CITO_JSON_ARRAY,
    CITO_JSON_OBJECT
} cito_json_token;

typedef struct cito_json_reader {
    const char *start, *at, *end;
    const char *error, *error_at; /* CPython's text; NULL: none yet */
    cito_arena *arena;            /* where strings with their NUL go */
    int depth, depth_limit;       /* of arrays and objects */
    bool first;                   /* an array or object was entered and nothing of it was asked for yet */
} cito_json_reader;

enum { CITO_JSON_DEPTH_DEFAULT = 200, CITO_JSON_DEPTH_MAX = 1024 };
/* depth_limit 0: 200, at most 1024 (CPython's recursion limit is near 1000; deeper text is refused as "Too deeply nested"). A byte order mark is passed;
 * offsets count from behind it. */
void cito_json_reader_init(cito_json_reader *, cito_str text, cito_arena *, int depth_limit);
/* For the inline functions below: note the error and move to the end, where everything fails. Gives false. */
bool cito_json_fail(cito_json_reader *, const char *error, const char *error_at);
void cito_json_skip_blanks(cito_json_reader *);
extern const unsigned char cito_json_tokens[256]; /* by a value's first byte */

/* Skips blanks and says what value starts here, without going past its first byte. NaN and the infinities are numbers. */
static inline cito_json_token cito_json_peek(cito_json_reader *reader)
{
    if (__builtin_expect((unsigned char)*reader->at <= ' ', 0))
        cito_json_skip_blanks(reader);
    cito_json_token token = (cito_json_token)cito_json_tokens[(unsigned char)*reader->at];
    if (__builtin_expect(token == CITO_JSON_ERROR, 0))
        cito_json_fail(reader, "Expecting value", reader->at);
    return token;
}

/* A string: unescaped, in the arena, with a NUL behind it (lone surrogates come as U+FFFD). */
bool cito_json_read_string(cito_json_reader *, cito_str *out);
/* A number: its text as a slice; is_integer where it has neither fraction nor exponent. NaN, Infinity, -Infinity give that text and is_integer false. */
bool cito_json_read_number(cito_json_reader *, cito_str *out_text, bool *out_is_integer);
/* The fast way for the usual integer: at most 18 digits, with nothing behind them that belongs to a number. false: nothing was consumed and no error is
 * set; cito_json_read_number tells what it is. */
static inline bool cito_json_read_short_int(cito_json_reader *reader, int64_t *out)
{
    if (__builtin_expect((unsigned char)*reader->at <= ' ', 0))
        cito_json_skip_blanks(reader);
    const char *at = reader->at;
    bool negative = *at == '-';
    const char *digits = at += negative;
    uint64_t value = 0;
    unsigned digit;
    while ((digit = (unsigned)(unsigned char)*at - '0') <= 9 && at - digits < 18) {
        value = value * 10 + digit;
        at++;
    }
    if (at == digits || digit <= 9 || *at == '.' || (*at | 32) == 'e' || (*digits == '0' && at - digits > 1))
        return false;
    reader->at = at;
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}
bool cito_json_read_null(cito_json_reader *), cito_json_read_true(cito_json_reader *), cito_json_read_false(cito_json_reader *);

/* Walks: if (cito_json_enter_object(r)) while (cito_json_next_key(r, &key)) { … read the value … } and then error tells whether it ended well.
 * The key is unescaped; without escapes it is a slice of the text (no NUL behind it). Each value must be read or skipped. */
bool cito_json_enter_object(cito_json_reader *);
bool cito_json_next_key_slow(cito_json_reader *, cito_str *out_key);
/* The fast way for ,"key": without blanks and escapes, of up to 15 bytes. false: nothing was consumed and no error is set. */
static inline bool cito_json_next_plain_key(cito_json_reader *reader, cito_str *out_key)
{
    const char *at = reader->at;
    if (reader->first || at[0] != ',' || at[1] != '"' || reader->end - at <= CITO_SCAN_STEP + 2)
        return false;
    const char *close = at + 2 + __builtin_ctz(cito_scan_mask(at + 2) | 1u << CITO_SCAN_STEP);
    if (close[0] != '"' || close[1] != ':')
        return false;
    *out_key = (cito_str){ at + 2, (size_t)(close - at - 2) };
    reader->at = close + 2;
    return true;
}
static inline bool cito_json_next_key(cito_json_reader *reader, cito_str *out_key)
{
    return cito_json_next_plain_key(reader, out_key) || cito_json_next_key_slow(reader, out_key);
}
bool cito_json_enter_array(cito_json_reader *);
bool cito_json_next_element_slow(cito_json_reader *);
static inline bool cito_json_next_element(cito_json_reader *reader)
{
    if (!reader->first && *reader->at == ',') {
        reader->at++;
        return true;
    }
    return cito_json_next_element_slow(reader);
}
/* Past one value of any kind, checking its syntax; gives its text as a slice. */
bool cito_json_skip(cito_json_reader *, cito_str *out_raw);
/* Only blanks may follow: else "Extra data". */
bool cito_json_at_end(cito_json_reader *);
/* Code points before error_at. */
size_t cito_json_error_offset(const cito_json_reader *);
