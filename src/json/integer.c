/* Integers as text, both ways: two digits a step from a table of pairs.
 *
 * Invariant: no writer touches more than CITO_NUMBER_MAX bytes. Threading: no state. */
#include "json/number.h"
#include <string.h>

static const char pairs[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646"
    "566676869707172737475767778798081828384858687888990919293949596979899";

size_t cito_uint_digit_count(uint64_t value)
{
    static const uint64_t powers[20] = { 0,
                                         10,
                                         100,
                                         1000,
                                         10000,
                                         100000,
                                         1000000,
                                         10000000,
                                         100000000,
                                         1000000000,
                                         10000000000,
                                         100000000000,
                                         1000000000000,
                                         10000000000000,
                                         100000000000000,
                                         1000000000000000,
                                         10000000000000000,
                                         100000000000000000,
                                         1000000000000000000,
                                         UINT64_C(10000000000000000000) };
    /* 1233/4096 is just above log10(2): the guess is right or one too high. */
    size_t guess = ((size_t)(64 - __builtin_clzll(value | 1)) * 1233) >> 12;
    return guess + 1 - (value < powers[guess]);
}

void cito_uint_write_digits(uint64_t value, size_t count, char *out)
{
    char *at = out + count;
    while (value >= 100) {
        uint64_t rest = value / 100;
        at -= 2;
        memcpy(at, pairs + 2 * (value - rest * 100), 2);
        value = rest;
    }
    if (value >= 10)
        memcpy(at - 2, pairs + 2 * value, 2);
    else
        at[-1] = (char)('0' + value);
}

size_t cito_uint_write(uint64_t value, char *out)
{
    if (value < 10) {
        *out = (char)('0' + value);
        return 1;
    }
    size_t count = cito_uint_digit_count(value);
    cito_uint_write_digits(value, count, out);
    return count;
}

size_t cito_int_write(int64_t value, char *out)
{
    if (value >= 0)
        return cito_uint_write((uint64_t)value, out);
    *out = '-';
    return 1 + cito_uint_write(-(uint64_t)value, out + 1);
}

cito_int_read_result cito_int_read(const char *data, size_t len, int64_t *out)
{
    const char *at = data, *end = data + len;
    bool negative = len && *at == '-', too_big = false;
    uint64_t value = 0;
    at += negative;
    if (at == end)
        return CITO_INT_NOT;
    for (; at < end; at++) {
        unsigned digit = (unsigned)(unsigned char)*at - '0';
        if (digit > 9)
            return CITO_INT_NOT; /* a wrong byte behind too many digits is still no integer */
        too_big |= __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value);
    }
    if (too_big || value > (uint64_t)INT64_MAX + negative)
        return CITO_INT_OUT_OF_RANGE;
    *out = (int64_t)(negative ? -value : value);
    return CITO_INT_OK;
}
