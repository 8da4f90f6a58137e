/* The JSON writer: strings, numbers.
 *
 * A string is copied 16 bytes at a time while it is looked at; only what needs an escape is treated alone. Threading: as the buffer. */
#include "json/writer.h"
#include "json/number.h"
#include "json/scan.h"

/* The letter behind the backslash; u: \u00xx; 0: the byte stands for itself. */
static const char escapes[256] = {
    [0] = 'u',    [1] = 'u',    [2] = 'u',    [3] = 'u',    [4] = 'u',    [5] = 'u',    [6] = 'u',     [7] = 'u',    ['\b'] = 'b',
    ['\t'] = 't', ['\n'] = 'n', [0x0b] = 'u', ['\f'] = 'f', ['\r'] = 'r', [0x0e] = 'u', [0x0f] = 'u',  [0x10] = 'u', [0x11] = 'u',
    [0x12] = 'u', [0x13] = 'u', [0x14] = 'u', [0x15] = 'u', [0x16] = 'u', [0x17] = 'u', [0x18] = 'u',  [0x19] = 'u', [0x1a] = 'u',
    [0x1b] = 'u', [0x1c] = 'u', [0x1d] = 'u', [0x1e] = 'u', [0x1f] = 'u', ['"'] = '"',  ['\\'] = '\\',
};

static char *write_escape(unsigned char c, char *out)
{
    *out++ = '\\';
    *out++ = escapes[c];
    if (escapes[c] == 'u') {
        memcpy(out, c < 0x10 ? "000" : "001", 3);
        out[3] = "0123456789abcdef"[c & 15];
        out += 4;
    }
    return out;
}

/* Copies up to the first byte that needs an escape, or the end. Room for the rest plus one step is there. */
static const char *copy_plain(const char *at, const char *end, char **out)
{
    char *to = *out;
    while (end - at >= CITO_SCAN_STEP) {
        memcpy(to, at, CITO_SCAN_STEP);
        unsigned mask = cito_scan_mask(at);
        if (mask) {
            *out = to + __builtin_ctz(mask);
            return at + __builtin_ctz(mask);
        }
        at += CITO_SCAN_STEP;
        to += CITO_SCAN_STEP;
    }
    while (at < end && !escapes[(unsigned char)*at])
        *to++ = *at++;
    *out = to;
    return at;
}

void cito_json_write_string(cito_buffer *buffer, cito_str text)
{
    enum { ESCAPE_MAX = 6 };
    const char *at = text.data ? text.data : "", *end = at + text.len; /* a zeroed text is the empty one */
    char *out = cito_buffer_reserve(buffer, text.len + ESCAPE_MAX + CITO_SCAN_STEP);
    *out++ = '"';
    while ((at = copy_plain(at, end, &out)) < end) {
        out = write_escape((unsigned char)*at++, out);
        buffer->len = (size_t)(out - buffer->data);
        out = cito_buffer_reserve(buffer, (size_t)(end - at) + ESCAPE_MAX + CITO_SCAN_STEP);
    }
    *out++ = '"';
    buffer->len = (size_t)(out - buffer->data);
}

void cito_json_write_string_or_null(cito_buffer *buffer, cito_str text)
{
    if (text.data)
        cito_json_write_string(buffer, text);
    else
        cito_buffer_append_literal(buffer, "null");
}

void cito_json_write_int(cito_buffer *buffer, int64_t value)
{
    buffer->len += cito_int_write(value, cito_buffer_reserve(buffer, CITO_NUMBER_MAX));
}

void cito_json_write_uint(cito_buffer *buffer, uint64_t value)
{
    buffer->len += cito_uint_write(value, cito_buffer_reserve(buffer, CITO_NUMBER_MAX));
}

void cito_json_write_double(cito_buffer *buffer, double value)
{
    if (__builtin_isfinite(value))
        buffer->len += cito_double_write_json(value, cito_buffer_reserve(buffer, CITO_NUMBER_MAX));
    else
        cito_buffer_append_literal(buffer, "null");
}
