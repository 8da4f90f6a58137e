/* Keys and texts into the output without a call: what most of an answer consists of. Private to encode.c. Thread rule: as the buffer.
 *
 * Moves overlap instead of looping over a rest: a text of 8 to 16 bytes is two moves of 8. Nothing is read outside of the text; what is
 * written behind the end lies in room that was reserved. */
#pragma once
#include "base/buffer.h"
#include "json/scan.h"
#include "json/writer.h"

#define CITO_EACH_BYTE(BYTE) (UINT64_C(0x0101010101010101) * (BYTE))

static inline uint64_t load_8(const char *at)
{
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

static inline uint32_t load_4(const char *at)
{
    uint32_t word;
    memcpy(&word, at, 4);
    return word;
}

/* Not 0 where a byte needs an escape: below a blank, a quote, a backslash. */
static inline uint64_t needs_escape(uint64_t word)
{
    uint64_t quote = word ^ CITO_EACH_BYTE('"'), backslash = word ^ CITO_EACH_BYTE('\\');
    uint64_t below = (word - CITO_EACH_BYTE(' ')) & ~word;
    return (below | ((quote - CITO_EACH_BYTE(1)) & ~quote) | ((backslash - CITO_EACH_BYTE(1)) & ~backslash)) & CITO_EACH_BYTE(0x80);
}

static inline void copy_moves(char *out, const char *text, size_t len)
{
    if (len - 8 <= 8) {
        uint64_t first = load_8(text), last = load_8(text + len - 8);
        memcpy(out, &first, 8);
        memcpy(out + len - 8, &last, 8);
    } else if (len - 4 < 4) {
        uint32_t first = load_4(text), last = load_4(text + len - 4);
        memcpy(out, &first, 4);
        memcpy(out + len - 4, &last, 4);
    } else if (len - 16 <= 16) {
        memcpy(out, text, 16);
        memmove(out + len - 16, text + len - 16, 16);
    } else {
        memcpy(out, text, len);
    }
}

/* Copies a text that needs no escape; false, with nothing written that counts, where it needs one. */
static inline bool copy_plain_text(char *out, const char *text, size_t len)
{
    if (len >= CITO_SCAN_STEP) {
        const char *last = text + len - CITO_SCAN_STEP;
        char *last_out = out + len - CITO_SCAN_STEP;
        unsigned mask = 0;
        for (; text < last && !mask; text += CITO_SCAN_STEP, out += CITO_SCAN_STEP) {
            mask = cito_scan_mask(text);
            memcpy(out, text, CITO_SCAN_STEP);
        }
        /* Overlaps the step before. */
        memcpy(last_out, last, CITO_SCAN_STEP);
        return !(mask | cito_scan_mask(last));
    }
    if (len >= 8) {
        uint64_t first = load_8(text), last = load_8(text + len - 8);
        memcpy(out, &first, 8);
        memcpy(out + len - 8, &last, 8);
        return !(needs_escape(first) | needs_escape(last));
    }
    if (len >= 4) {
        uint32_t first = load_4(text), last = load_4(text + len - 4);
        memcpy(out, &first, 4);
        memcpy(out + len - 4, &last, 4);
        return !needs_escape((uint64_t)first << 32 | last);
    }
    uint64_t word = CITO_EACH_BYTE(' ');
    for (size_t i = 0; i < len; i++) {
        out[i] = text[i];
        word = word << 8 | (unsigned char)text[i];
    }
    return !needs_escape(word);
}

/* "text"; the text is not empty. */
static inline void write_plain_text(cito_buffer *buffer, cito_str text)
{
    char *out = cito_buffer_reserve(buffer, text.len + 2 + CITO_SCAN_STEP);
    if (__builtin_expect(!copy_plain_text(out + 1, text.data, text.len), 0)) {
        cito_json_write_string(buffer, text);
        return;
    }
    out[0] = '"';
    out[text.len + 1] = '"';
    buffer->len += text.len + 2;
}

/* ,"key": with room behind it for any number. */
static inline void write_key_text(cito_buffer *buffer, cito_str key_text, size_t more)
{
    char *out = cito_buffer_reserve(buffer, key_text.len + 1 + more);
    *out = ',';
    copy_moves(out + 1, key_text.data, key_text.len);
    buffer->len += key_text.len + 1;
}
