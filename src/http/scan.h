/* Scanning rows of bytes for the characters that end a part of an HTTP head. Internal to src/http.
 *
 * Invariants: no byte outside [row, end) is read, so the caller's row needs no padding. The answer is the first byte that is not of the class, or
 * end. With SSE2 (every x86-64 has it) 16 bytes are classified at once; 32 with AVX2 were measured and were no faster, for names and most values are
 * short. Elsewhere, and in rows shorter than that, a table decides.
 * Thread rule: any; the tables are constant. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

enum { CITO_CHAR_TOKEN = 1, CITO_CHAR_TEXT = 2, CITO_CHAR_TARGET = 4, CITO_CHAR_HOST = 8 };
/* What each byte may be part of: a token (RFC 9110 section 5.6.2), a line of text (anything but controls; HTAB is allowed), a request target
 * (visible ASCII but '#': RFC 3986 has fewer, browsers send more) and a registered name (RFC 3986 section 3.2.2). */
extern const uint8_t cito_char_classes[256];

static inline bool cito_char_is(char c, int classes) { return (cito_char_classes[(uint8_t)c] & classes) != 0; }

static inline const char *cito_scan_by_table(const char *at, const char *end, int char_class)
{
    while (at < end && cito_char_is(*at, char_class))
        at++;
    return at;
}

#if defined(__x86_64__)
enum { CITO_LANES = 16 };
typedef __m128i lanes;
static inline lanes lanes_load(const char *at) { return _mm_loadu_si128((const __m128i *)(const void *)at); }
static inline lanes lanes_all(int c) { return _mm_set1_epi8((char)c); }
static inline lanes lanes_equal(lanes a, lanes b) { return _mm_cmpeq_epi8(a, b); }
static inline lanes lanes_smaller(lanes a, lanes b) { return _mm_min_epu8(a, b); }
static inline lanes lanes_minus(lanes a, lanes b) { return _mm_sub_epi8(a, b); }
static inline lanes lanes_or(lanes a, lanes b) { return _mm_or_si128(a, b); }
static inline lanes lanes_without(lanes a, lanes b) { return _mm_andnot_si128(b, a); }
static inline uint32_t lanes_bits(lanes a) { return (uint32_t)_mm_movemask_epi8(a); }

/* Unsigned "lane <= most": there is no such comparison, the minimum serves. */
static inline lanes lanes_at_most(lanes a, int most) { return lanes_equal(lanes_smaller(a, lanes_all(most)), a); }

static inline uint32_t bits_of_no_text(lanes a)
{
    lanes control = lanes_without(lanes_at_most(a, 0x1f), lanes_equal(a, lanes_all('\t')));
    return lanes_bits(lanes_or(control, lanes_equal(a, lanes_all(0x7f))));
}

static inline uint32_t bits_of_no_target(lanes a)
{
    /* Taking 0x21 away turns "from 0x21 to 0x7e" into one unsigned comparison. */
    lanes visible = lanes_at_most(lanes_minus(a, lanes_all(0x21)), 0x7e - 0x21);
    return ~lanes_bits(lanes_without(visible, lanes_equal(a, lanes_all('#'))));
}

/* Letters, digits and '-' only: nearly every name that is sent. The rarer token characters are left to the table. */
static inline uint32_t bits_of_no_plain_name(lanes a)
{
    lanes letter = lanes_at_most(lanes_minus(lanes_or(a, lanes_all(0x20)), lanes_all('a')), 'z' - 'a');
    lanes digit = lanes_at_most(lanes_minus(a, lanes_all('0')), 9);
    return ~lanes_bits(lanes_or(lanes_or(letter, digit), lanes_equal(a, lanes_all('-'))));
}

/* The classifier is a constant where this is inlined, so the call goes away. Behind the last whole lanes the row's last ones are looked at once more,
 * shifted: the tail costs no loop. */
__attribute__((always_inline)) static inline const char *scan_lanes(const char *row, const char *at, const char *end, int char_class,
                                                                    uint32_t (*outside)(lanes))
{
    const uint32_t every = (1u << CITO_LANES) - 1;
    for (; end - at >= CITO_LANES; at += CITO_LANES) {
        uint32_t bits = outside(lanes_load(at)) & every;
        if (bits)
            return at + __builtin_ctz(bits);
    }
    if (at == end || end - row < CITO_LANES)
        return cito_scan_by_table(at, end, char_class);
    uint32_t bits = (outside(lanes_load(end - CITO_LANES)) & every) >> (CITO_LANES - (end - at));
    return bits ? at + __builtin_ctz(bits) : end;
}

static inline const char *cito_scan_text(const char *row, const char *at, const char *end)
{
    return scan_lanes(row, at, end, CITO_CHAR_TEXT, bits_of_no_text);
}
static inline const char *cito_scan_target(const char *row, const char *at, const char *end)
{
    return scan_lanes(row, at, end, CITO_CHAR_TARGET, bits_of_no_target);
}
static inline const char *cito_scan_token(const char *row, const char *at, const char *end)
{
    at = scan_lanes(row, at, end, CITO_CHAR_TOKEN, bits_of_no_plain_name);
    /* A colon nearly always: one branch that is foreseen, where the table's loop would wait for its load. */
    return at < end && *at == ':' ? at : cito_scan_by_table(at, end, CITO_CHAR_TOKEN);
}
#else
static inline const char *cito_scan_text(const char *row, const char *at, const char *end)
{
    (void)row;
    return cito_scan_by_table(at, end, CITO_CHAR_TEXT);
}
static inline const char *cito_scan_target(const char *row, const char *at, const char *end)
{
    (void)row;
    return cito_scan_by_table(at, end, CITO_CHAR_TARGET);
}
static inline const char *cito_scan_token(const char *row, const char *at, const char *end)
{
    (void)row;
    return cito_scan_by_table(at, end, CITO_CHAR_TOKEN);
}
#endif
