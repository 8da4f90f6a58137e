/* Doubles as their shortest text. Source: R. Giulietti, "The Schubfach way to render doubles" (2020): of the decimals in the interval that
 * rounds to the double, one in a pigeonhole of width 10^k or 10^(k+1) is the shortest; the one nearest to the double is taken.
 *
 * Two exits before it, which give the same digits: integers below 2^53, and numbers of at most 15 digits with at most four behind the point
 * (two such decimals never round to the same double, so one that reads back is the shortest).
 * Invariant: at most CITO_NUMBER_MAX bytes are written. Threading: no state. */
#include "json/number.h"
#include "json/digits.h"
#include "json/powers.h"
#include <string.h>

/* value = digits * 10^exponent */
typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

/* The product's upper part with every bit cut off folded into the lowest one: enough to compare it with integers and halves. */
static inline uint64_t multiply_to_odd(uint64_t high, uint64_t low, uint64_t factor)
{
    uint64_t carry = (uint64_t)(((unsigned __int128)low * factor) >> 64);
    unsigned __int128 upper = (unsigned __int128)high * factor + carry;
    return (uint64_t)(upper >> 64) | ((uint64_t)upper > 1);
}

static decimal shortest(uint64_t fraction, int biased_exponent)
{
    uint64_t c = biased_exponent ? fraction | UINT64_C(1) << 52 : fraction;
    int q = biased_exponent ? biased_exponent - 1075 : -1074;
    bool odd = c & 1;
    bool lower_is_closer = fraction == 0 && biased_exponent > 1; /* at a power of two the neighbour below is at half the distance */
    /* floor(log10(2^q)), or of 3/4 of it, and floor(log2(10^-k)) in fixed point: exact over the range of doubles. */
    int k = (q * 1262611 - (lower_is_closer ? 524031 : 0)) >> 22;
    int shift = q + ((-k * 1741647) >> 19) + 1;
    uint64_t high = cito_power_of_ten(-k)->high, low = cito_power_of_ten(-k)->low;
    if (-k > CITO_POWER_EXACT_MAX || -k < CITO_POWER_UP_MIN) { /* the algorithm wants it rounded up */
        low++;
        high += low == 0;
    }
    uint64_t lower = multiply_to_odd(high, low, (4 * c - 2 + lower_is_closer) << shift) + odd;
    uint64_t middle = multiply_to_odd(high, low, (4 * c) << shift);
    uint64_t upper = multiply_to_odd(high, low, (4 * c + 2) << shift) - odd;
    uint64_t s = middle / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool below_fits = lower <= 40 * tens, above_fits = 40 * tens + 40 <= upper;
        if (below_fits != above_fits)
            return (decimal){ tens + above_fits, k + 1 };
    }
    bool below_fits = lower <= 4 * s, above_fits = 4 * s + 4 <= upper;
    if (below_fits != above_fits)
        return (decimal){ s + above_fits, k };
    uint64_t half = 4 * s + 2;
    return (decimal){ s + (middle > half || (middle == half && (s & 1))), k };
}

static inline decimal without_trailing_zeros(decimal number)
{
    while (number.digits % 100000000 == 0) {
        number.digits /= 100000000;
        number.exponent += 8;
    }
    while (number.digits % 10 == 0) {
        number.digits /= 10;
        number.exponent++;
    }
    return number;
}

static decimal digits_of(double magnitude, uint64_t bits)
{
    if (magnitude < 1e11) {
        double scaled = magnitude * 1e4;
        uint64_t whole = (uint64_t)(scaled + 0.5);
        if (whole && (double)whole / 1e4 == magnitude)
            return without_trailing_zeros((decimal){ whole, -4 });
    }
    return without_trailing_zeros(shortest(bits & ((UINT64_C(1) << 52) - 1), (int)(bits >> 52 & 0x7FF)));
}

/* d.ddde-07: exponent_width is the least number of the exponent's digits. */
static size_t write_scientific(const char *digits, size_t count, int exponent, int exponent_width, char *out)
{
    char *at = out;
    *at++ = digits[0];
    if (count > 1) {
        *at++ = '.';
        memcpy(at, digits + 1, 16);
        at += count - 1;
    }
    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    unsigned magnitude = (unsigned)(exponent < 0 ? -exponent : exponent);
    if (magnitude < 10 && exponent_width == 2)
        *at++ = '0';
    return (size_t)(at + cito_uint_write(magnitude, at) - out);
}

/* Fixed notation where point (digits before the decimal point) is min_point … 16, else scientific. The copies of fixed size are cheaper than
 * exact ones; what they write too much is overwritten or lies behind the end. */
static size_t write_decimal(decimal number, int min_point, int exponent_width, char *out)
{
    char digits[40];
    memset(digits, '0', sizeof digits);
    size_t count = cito_uint_digit_count(number.digits);
    cito_uint_write_digits(number.digits, count, digits);
    int point = (int)count + number.exponent;
    if (point < min_point || point > 16)
        return write_scientific(digits, count, point - 1, exponent_width, out);
    if (point <= 0) {
        memcpy(out, "0.000000", 8);
        memcpy(out + 2 - point, digits, 24);
        return 2 + (size_t)-point + count;
    }
    memcpy(out, digits, 16);
    out[point] = '.';
    if ((size_t)point >= count) {
        out[point + 1] = '0';
        return (size_t)point + 2;
    }
    memcpy(out + point + 1, digits + point, 16);
    return count + 1;
}

static size_t write_double(double value, int min_point, int exponent_width, char *out)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    char *at = out;
    if ((bits >> 52 & 0x7FF) == 0x7FF && bits << 12) {
        memcpy(out, "nan", 3);
        return 3;
    }
    if (bits >> 63)
        *at++ = '-';
    bits &= ~(UINT64_C(1) << 63);
    double magnitude = __builtin_fabs(value);
    if (__builtin_isinf(value)) {
        memcpy(at, "inf", 3);
        return (size_t)(at - out) + 3;
    }
    if (magnitude < 9007199254740992.0 && (double)(int64_t)magnitude == magnitude) {
        at += cito_uint_write((uint64_t)magnitude, at);
        memcpy(at, ".0", 2);
        return (size_t)(at - out) + 2;
    }
    return (size_t)(at - out) + write_decimal(digits_of(magnitude, bits), min_point, exponent_width, at);
}

size_t cito_double_write_repr(double value, char *out) { return write_double(value, -3, 2, out); }

size_t cito_double_write_json(double value, char *out) { return write_double(value, -4, 1, out); }
