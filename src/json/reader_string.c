/* Strings of the JSON reader: check, measure, unescape. RFC 8259 section 7; errors as CPython's scanner places them.
 *
 * A string is first passed (which finds its end and all its errors), then copied; unescaping therefore cannot fail. An escaped text is never longer
 * than its JSON form. Threading: as the reader. */
#include "json/reader_string.h"
#include "base/utf8.h"
#include <string.h>

static const uint8_t hex_digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11,
    ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
}; /* one more than the digit's value; 0: none */

static const char escapes[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

/* Four hexadecimal digits, or -1. Stops at the NUL behind the text. */
static int read_hex4(const char *at)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digits[(unsigned char)at[i]];
        if (!digit)
            return -1;
        value = value << 4 | (digit - 1);
    }
    return value;
}

/* Past the escape at `at` (a backslash); NULL with the error set. */
static const char *pass_escape(cito_json_reader *reader, const char *at, const char *opening)
{
    if (at + 1 == reader->end)
        cito_json_fail(reader, "Unterminated string starting at", opening);
    else if (at[1] != 'u' && escapes[(unsigned char)at[1]])
        return at + 2;
    else if (at[1] != 'u')
        cito_json_fail(reader, "Invalid \\escape", at);
    else if (read_hex4(at + 2) < 0 || at + 6 == reader->end) /* CPython says so too where the text ends right behind the digits */
        cito_json_fail(reader, "Invalid \\uXXXX escape", at + 1);
    else
        return at + 6;
    return NULL;
}

bool cito_json_pass_string(cito_json_reader *reader, cito_str *out_raw, bool *out_escaped)
{
    const char *opening = reader->at, *at = opening + 1;
    *out_escaped = false;
    for (;;) {
        at = cito_scan_plain(at, reader->end);
        if (__builtin_expect(*at == '"', 1))
            break;
        if (at == reader->end)
            return cito_json_fail(reader, "Unterminated string starting at", opening);
        if (*at != '\\')
            return cito_json_fail(reader, "Invalid control character at", at);
        *out_escaped = true;
        at = pass_escape(reader, at, opening);
        if (!at)
            return false;
    }
    *out_raw = (cito_str){ opening + 1, (size_t)(at - opening - 1) };
    reader->at = at + 1;
    return true;
}

/* One \uXXXX, or two that are a surrogate pair (RFC 8259 section 7). A half alone is no text: U+FFFD. */
static const char *unescape_unicode(const char *at, const char *end, char **out)
{
    uint32_t code_point = (uint32_t)read_hex4(at + 2);
    at += 6;
    if (code_point >= 0xD800 && code_point < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        uint32_t low = (uint32_t)read_hex4(at + 2);
        if (low >= 0xDC00 && low < 0xE000) {
            code_point = 0x10000 + ((code_point & 0x3FF) << 10) + (low & 0x3FF);
            at += 6;
        }
    }
    if (code_point >= 0xD800 && code_point < 0xE000)
        code_point = 0xFFFD;
    *out += cito_utf8_write(code_point, *out);
    return at;
}

char *cito_json_unescape(cito_str raw, char *out)
{
    const char *at = raw.data, *end = raw.data + raw.len;
    while (at < end) {
        const char *plain_end = memchr(at, '\\', (size_t)(end - at));
        size_t len = (size_t)((plain_end ? plain_end : end) - at);
        memcpy(out, at, len);
        out += len;
        at += len;
        if (at == end)
            break;
        if (at[1] == 'u') {
            at = unescape_unicode(at, end, &out);
        } else {
            *out++ = escapes[(unsigned char)at[1]];
            at += 2;
        }
    }
    return out;
}

static bool copy(cito_json_reader *reader, cito_str raw, bool escaped, cito_str *out)
{
    char *text = cito_arena_take(reader->arena, raw.len + 1);
    if (!text)
        return cito_json_fail(reader, CITO_JSON_TOO_LARGE, raw.data);
    char *end;
    if (escaped) {
        end = cito_json_unescape(raw, text);
    } else {
        memcpy(text, raw.data, raw.len);
        end = text + raw.len;
    }
    *end = 0;
    *out = (cito_str){ text, (size_t)(end - text) };
    return true;
}

bool cito_json_read_string(cito_json_reader *reader, cito_str *out)
{
    cito_str raw;
    bool escaped;
    if (cito_json_peek(reader) != CITO_JSON_STRING)
        return cito_json_fail(reader, "Expecting value", reader->at);
    return cito_json_pass_any_string(reader, &raw, &escaped) && copy(reader, raw, escaped, out);
}

bool cito_json_read_key(cito_json_reader *reader, cito_str *out)
{
    bool escaped;
    if (!cito_json_pass_string(reader, out, &escaped))
        return false;
    return !escaped || copy(reader, *out, true, out);
}
