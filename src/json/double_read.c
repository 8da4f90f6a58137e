/* Decimal text to the nearest double, ties to even.
 *
 * Three ways, cheapest first: two exact doubles and one operation (W. Clinger, 1990); a 128-bit product with a power of ten (D. Lemire,
 * "Number parsing at a gigabyte per second", 2021; N. Mushtak and D. Lemire, "Fast number parsing without fallback", 2023, show that up to
 * 19 digits it is always right); for more digits, when the cut-off ones could matter, a comparison of big integers.
 * Invariant: every way gives the same answer. No locale, no malloc, bounded stack. Threading: no state. */
#include "json/number.h"
#include "json/powers.h"
#include <float.h>
#include <string.h>

enum {
    DIGITS_IN_WORD = 19,     /* any number of 19 digits fits 64 bits */
    DIGITS_THAT_COUNT = 770, /* a double or the middle of two has at most 767 significant digits */
    BIG_WORDS = 160          /* of 32 bits: 10^770 * 2^1076 has 3634, 5^1112 * 2^54 fewer */
};

/* The text taken apart: value = digits (with the point left out) * 10^exponent. */
typedef struct scanned_number {
    const char *digits, *digits_end; /* with the point inside, leading zeros passed */
    uint64_t mantissa;               /* the first 19 significant digits, … */
    int64_t exponent;                /* … and the power of ten that belongs to them */
    size_t count;                    /* digits in all; over 19: without zeros in front */
    bool negative;
} scanned_number;

static bool is_digit(char c) { return (unsigned char)(c - '0') <= 9; }

/* Takes digits into the mantissa, which overflows unseen, up to the first other byte. */
static inline const char *scan_digits(uint64_t *mantissa, const char *at, const char *end)
{
    uint64_t value = *mantissa;
    for (; at < end && is_digit(*at); at++)
        value = value * 10 + (unsigned)(*at - '0');
    *mantissa = value;
    return at;
}

/* More than 19 digits were written: pass the zeros in front, take the first 19 that are left, and mend the exponent for the others. */
static void scan_again(scanned_number *scanned)
{
    const char *at = scanned->digits;
    while (at < scanned->digits_end && (*at == '0' || *at == '.'))
        at++;
    scanned->digits = at;
    scanned->mantissa = scanned->count = 0;
    for (; at < scanned->digits_end; at++) {
        if (*at == '.')
            continue;
        if (scanned->count++ < DIGITS_IN_WORD)
            scanned->mantissa = scanned->mantissa * 10 + (unsigned)(*at - '0');
        else
            scanned->exponent++;
    }
}

static bool scan_exponent(const char *at, const char *end, int64_t *out)
{
    bool negative = at < end && *at == '-';
    int64_t exponent = 0;
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return false;
    for (; at < end; at++) {
        if (!is_digit(*at))
            return false;
        if (exponent < INT64_C(100000000000)) /* beyond any text's length: only its being huge counts */
            exponent = exponent * 10 + (*at - '0');
    }
    *out = negative ? -exponent : exponent;
    return true;
}

static bool scan_number(const char *at, const char *end, scanned_number *out)
{
    int64_t explicit_exponent = 0, fraction_count = 0;
    out->negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    out->digits = at;
    out->mantissa = 0;
    at = scan_digits(&out->mantissa, at, end);
    out->count = (size_t)(at - out->digits);
    if (at < end && *at == '.') {
        const char *fraction = at + 1;
        at = scan_digits(&out->mantissa, fraction, end);
        fraction_count = at - fraction;
        out->count += (size_t)fraction_count;
    }
    out->digits_end = at;
    if (!out->count)
        return false;
    if (at < end && ((*at | 32) != 'e' || !scan_exponent(at + 1, end, &explicit_exponent)))
        return false;
    out->exponent = explicit_exponent - fraction_count;
    if (__builtin_expect(out->count > DIGITS_IN_WORD, 0))
        scan_again(out);
    return true;
}

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Eisel-Lemire: the nearest double to mantissa * 10^exponent. */
static double multiply_out(uint64_t mantissa, int64_t exponent)
{
    if (!mantissa || exponent < CITO_POWER_MIN)
        return 0;
    if (exponent > DBL_MAX_10_EXP)
        return __builtin_inf();
    int zeros = __builtin_clzll(mantissa), q = (int)exponent;
    const cito_power *power = cito_power_of_ten(q);
    unsigned __int128 product = (unsigned __int128)(mantissa << zeros) * power->high;
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    if ((high & 0x1FF) == 0x1FF) { /* the bits below the 55 wanted could still carry over */
        uint64_t more = (uint64_t)(((unsigned __int128)(mantissa << zeros) * power->low) >> 64);
        low += more;
        high += low < more;
    }
    int upper_bit = (int)(high >> 63), cut = upper_bit + 9;
    uint64_t significand = high >> cut;
    int binary = ((217706 * q) >> 16) + 63 + upper_bit - zeros + 1023;
    if (binary <= 0) {
        if (binary <= -63)
            return 0;
        significand >>= 1 - binary;
        significand += significand & 1;
        return from_bits(significand >> 1); /* a carry makes it the smallest normal number by itself */
    }
    /* Exactly half way is possible for small powers only; then round to even. */
    if (low <= 1 && q >= -4 && q <= 23 && (significand & 3) == 1 && significand << cut == high)
        significand &= ~UINT64_C(1);
    significand += significand & 1;
    significand >>= 1;
    if (significand >> 53) {
        significand = UINT64_C(1) << 52;
        binary++;
    }
    if (binary >= 0x7FF)
        return __builtin_inf();
    return from_bits((significand & ~(UINT64_C(1) << 52)) | (uint64_t)binary << 52);
}

/* ---- more than 19 digits ---------------------------------------------------------------------------------------------------------- */

typedef struct big {
    uint32_t words[BIG_WORDS]; /* lowest first */
    int used;
} big;

static void big_multiply_add(big *number, uint32_t factor, uint32_t summand)
{
    uint64_t carry = summand;
    for (int i = 0; i < number->used; i++) {
        carry += (uint64_t)number->words[i] * factor;
        number->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        number->words[number->used++] = (uint32_t)carry;
}

static void big_multiply_by_five(big *number, int exponent)
{
    for (; exponent >= 13; exponent -= 13)
        big_multiply_add(number, 1220703125, 0); /* 5^13, the highest below 2^32 */
    for (; exponent > 0; exponent--)
        big_multiply_add(number, 5, 0);
}

static void big_shift_left(big *number, int bits)
{
    int words = bits / 32;
    memmove(number->words + words, number->words, (size_t)number->used * sizeof *number->words);
    memset(number->words, 0, (size_t)words * sizeof *number->words);
    number->used += words;
    big_multiply_add(number, UINT32_C(1) << (bits % 32), 0);
}

static int big_compare(const big *left, const big *right)
{
    if (left->used != right->used)
        return left->used < right->used ? -1 : 1;
    for (int i = left->used; i-- > 0;)
        if (left->words[i] != right->words[i])
            return left->words[i] < right->words[i] ? -1 : 1;
    return 0;
}

/* The scanned digits; a 1 stands for all those that come too late to do more than break a tie, if one of them is not 0. Gives the exponent that
 * belongs to them. */
static int64_t big_of_digits(big *number, const scanned_number *scanned)
{
    size_t taken = 0;
    int64_t exponent = scanned->exponent + (scanned->count > DIGITS_IN_WORD ? DIGITS_IN_WORD : (int64_t)scanned->count);
    const char *at = scanned->digits;
    number->used = 0;
    for (; at < scanned->digits_end && taken < DIGITS_THAT_COUNT; at++)
        if (is_digit(*at)) {
            big_multiply_add(number, 10, (uint32_t)(*at - '0'));
            taken++;
        }
    while (at < scanned->digits_end && (*at == '0' || *at == '.'))
        at++;
    if (at < scanned->digits_end) {
        big_multiply_add(number, 10, 1);
        taken++;
    }
    return exponent - (int64_t)taken;
}

/* The sign of (scanned number - middle between the double of these bits and the next one up). */
static int compare_with_middle(const scanned_number *scanned, uint64_t bits)
{
    int biased = (int)(bits >> 52);
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    uint64_t twice = 2 * (biased ? fraction | UINT64_C(1) << 52 : fraction) + 1;
    int binary = (biased ? biased - 1075 : -1074) - 1;
    big number, middle = { .words = { (uint32_t)twice, (uint32_t)(twice >> 32) }, .used = 2 };
    middle.used -= middle.words[1] == 0;
    int decimal = (int)big_of_digits(&number, scanned);
    /* number * 10^decimal against middle * 2^binary: the fives and the twos go where their exponent is positive. */
    if (decimal >= 0)
        big_multiply_by_five(&number, decimal);
    else
        big_multiply_by_five(&middle, -decimal);
    int twos = decimal - binary;
    big_shift_left(twos >= 0 ? &number : &middle, twos >= 0 ? twos : -twos);
    return big_compare(&number, &middle);
}

/* guess is a neighbour: go up or down until the number lies between the two middles around it. */
static double correct(const scanned_number *scanned, double guess)
{
    uint64_t bits = to_bits(guess);
    const uint64_t infinity = UINT64_C(0x7FF) << 52;
    while (bits < infinity) {
        int order = compare_with_middle(scanned, bits);
        if (order < 0 || (order == 0 && !(bits & 1)))
            break;
        bits++;
    }
    while (bits > 0) {
        int order = compare_with_middle(scanned, bits - 1);
        if (order > 0 || (order == 0 && !(bits & 1)))
            break;
        bits--;
    }
    return from_bits(bits);
}

static double nearest(const scanned_number *scanned)
{
    static const double exact_powers[23] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                             1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    if (scanned->count <= DIGITS_IN_WORD && FLT_EVAL_METHOD == 0 && scanned->mantissa <= UINT64_C(1) << 53) {
        if (scanned->exponent >= 0 && scanned->exponent <= 22)
            return (double)scanned->mantissa * exact_powers[scanned->exponent];
        if (scanned->exponent < 0 && scanned->exponent >= -22)
            return (double)scanned->mantissa / exact_powers[-scanned->exponent];
    }
    double value = multiply_out(scanned->mantissa, scanned->exponent);
    if (scanned->count <= DIGITS_IN_WORD || value == multiply_out(scanned->mantissa + 1, scanned->exponent))
        return value;
    return correct(scanned, value);
}

bool cito_double_read(const char *data, size_t len, double *out)
{
    scanned_number scanned;
    if (!scan_number(data, data + len, &scanned))
        return false;
    double value = nearest(&scanned);
    *out = scanned.negative ? -value : value;
    return true;
}
