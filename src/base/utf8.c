/* UTF-8: RFC 3629, section 4. Runs of ASCII, which most text is, go 64 bytes at a time; other sequences one by one.
 *
 * Invariant: a position that this file stops at lies between two code points.
 * Threading: no state. */
#include "base/utf8.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* How many ASCII bytes stand at the start. */
static size_t ascii_prefix(const unsigned char *data, size_t len)
{
    size_t at = 0;
#ifdef __SSE2__
    for (; len - at >= 64; at += 64) {
        const __m128i *block = (const __m128i *)(const void *)(data + at);
        __m128i first = _mm_or_si128(_mm_loadu_si128(block), _mm_loadu_si128(block + 1));
        __m128i second = _mm_or_si128(_mm_loadu_si128(block + 2), _mm_loadu_si128(block + 3));
        if (_mm_movemask_epi8(_mm_or_si128(first, second)))
            break;
    }
    for (; len - at >= 16; at += 16) {
        int high = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)(data + at)));
        if (high)
            return at + (size_t)__builtin_ctz((unsigned)high);
    }
#else
    for (; len - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, data + at, 8);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
#endif
    while (at < len && data[at] < 0x80)
        at++;
    return at;
}

static bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/* The length of the sequence that starts with a byte over 0x7F; 0 where it is none. The bounds of the second byte keep out longer forms
 * than needed, surrogates, and what lies over U+10FFFF (RFC 3629, section 4: UTF8-3, UTF8-4). */
static size_t sequence_length(const unsigned char *s, size_t left)
{
    unsigned char lead = s[0];
    if (lead < 0xE0)
        return lead >= 0xC2 && left >= 2 && is_continuation(s[1]) ? 2 : 0;
    if (lead < 0xF0) {
        unsigned char low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
        return left >= 3 && s[1] >= low && s[1] <= high && is_continuation(s[2]) ? 3 : 0;
    }
    if (lead > 0xF4 || left < 4)
        return 0;
    unsigned char low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
    return s[1] >= low && s[1] <= high && is_continuation(s[2]) && is_continuation(s[3]) ? 4 : 0;
}

size_t cito_utf8_valid_prefix(const char *data, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)data;
    size_t at = 0;
    for (;;) {
        at += ascii_prefix(bytes + at, len - at);
        /* Text in other scripts: stay here while no long run of ASCII follows. */
        for (int ascii_in_a_row = 0; ascii_in_a_row < 16; ascii_in_a_row++) {
            if (at == len)
                return len;
            if (bytes[at] < 0x80) {
                at++;
                continue;
            }
            size_t length = sequence_length(bytes + at, len - at);
            if (length == 0)
                return at;
            at += length;
            ascii_in_a_row = -1;
        }
    }
}

size_t cito_utf8_count(const char *data, size_t len)
{
    size_t at = 0, count = 0;
#ifdef __SSE2__
    /* As signed numbers, continuation bytes are those under -64; every other byte starts a code point. */
    const __m128i last_continuation = _mm_set1_epi8(-65);
    __m128i sums = _mm_setzero_si128();
    for (; len - at >= 16; at += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)(data + at));
        __m128i starts = _mm_cmpgt_epi8(block, last_continuation);
        __m128i ones = _mm_sub_epi8(_mm_setzero_si128(), starts);
        sums = _mm_add_epi64(sums, _mm_sad_epu8(ones, _mm_setzero_si128()));
    }
    uint64_t halves[2];
    memcpy(halves, &sums, sizeof halves);
    count = halves[0] + halves[1];
#endif
    for (; at < len; at++)
        count += !is_continuation((unsigned char)data[at]);
    return count;
}

size_t cito_utf8_write(uint32_t code_point, char *out)
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xC0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xE0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code_point & 0x3F));
    return 4;
}

size_t cito_utf8_read(const char *data, const char *end, uint32_t *out_code_point)
{
    const unsigned char *s = (const unsigned char *)data;
    size_t left = (size_t)(end - data);
    if (left == 0)
        return 0;
    size_t length = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (length > left)
        length = left; /* never past the end, also where the caller was wrong about the text */
    static const unsigned char lead_bits[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
    uint32_t code_point = s[0] & lead_bits[length];
    for (size_t i = 1; i < length; i++)
        code_point = code_point << 6 | (s[i] & 0x3Fu);
    *out_code_point = code_point;
    return length;
}
