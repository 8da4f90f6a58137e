/* The byte search that reading and writing JSON strings share: the first quote, backslash or control character. Internal to src/json and its
 * readers' fast paths. SSE2 is part of every x86-64; elsewhere the compiler gets a plain loop. Thread rule: any. */
#pragma once
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Bytes that one step looks at. */
enum { CITO_SCAN_STEP = 16 };

#ifdef __SSE2__
/* Of the 16 bytes at `at`: bit i is set where byte i is a quote, a backslash or below 0x20. */
static inline unsigned cito_scan_mask(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
}
#else
static inline unsigned cito_scan_mask(const char *at)
{
    unsigned mask = 0;
    for (unsigned i = 0; i < CITO_SCAN_STEP; i++)
        mask |= (unsigned)((unsigned char)at[i] < 0x20 || at[i] == '"' || at[i] == '\\') << i;
    return mask;
}
#endif

/* The first such byte in [at, end), or end. */
static inline const char *cito_scan_plain(const char *at, const char *end)
{
    while (end - at >= CITO_SCAN_STEP) {
        unsigned mask = cito_scan_mask(at);
        if (mask)
            return at + __builtin_ctz(mask);
        at += CITO_SCAN_STEP;
    }
    while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
        at++;
    return at;
}
