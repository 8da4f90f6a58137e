/* Writes the table of powers of ten that printing and reading of doubles share (src/json/powers.h), at build time.
 *
 * Row q holds the top 128 bits of 10^q (the same bits as those of 5^q), with the highest bit set: cut off, but rounded up for -27 … -1, where
 * a 64-bit number can be a multiple of 5^-q and its product must not fall short of the exact result.
 * Threading: one thread. Usage: generate_powers OUTPUT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = -342, LAST = 324, ROUNDED_UP = -27, WORDS = 32 };

typedef struct big {
    uint32_t words[WORDS]; /* lowest first; 1024 bits hold 5^342 (795 bits) with room to shift */
} big;

static void multiply_small(big *number, uint32_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)number->words[i] * factor;
        number->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static int bit_length(const big *number)
{
    for (int i = WORDS; i-- > 0;)
        if (number->words[i])
            return 32 * i + 32 - __builtin_clz(number->words[i]);
    return 0;
}

static int bit_at(const big *number, int index) { return index < 0 ? 0 : (number->words[index / 32] >> (index % 32)) & 1; }

static int is_below(const big *left, const big *right)
{
    for (int i = WORDS; i-- > 0;)
        if (left->words[i] != right->words[i])
            return left->words[i] < right->words[i];
    return 0;
}

static void subtract(big *left, const big *right)
{
    int64_t borrow = 0;
    for (int i = 0; i < WORDS; i++) {
        int64_t difference = (int64_t)left->words[i] - right->words[i] + borrow;
        left->words[i] = (uint32_t)difference;
        borrow = difference < 0 ? -1 : 0;
    }
}

static unsigned __int128 top_bits(const big *number)
{
    unsigned __int128 top = 0;
    int length = bit_length(number);
    for (int i = 0; i < 128; i++)
        top = top << 1 | (unsigned)bit_at(number, length - 1 - i);
    return top;
}

/* The quotient 2^n / divisor with n such that it has 128 bits: long division, a bit at a time. */
static unsigned __int128 reciprocal(const big *divisor)
{
    big rest = { { 0 } };
    unsigned __int128 quotient = 0;
    int length = bit_length(divisor) - 1; /* 2^length is below an odd divisor; the first bit of the quotient comes one further */
    rest.words[length / 32] = UINT32_C(1) << (length % 32);
    for (int i = 0; i < 128; i++) {
        multiply_small(&rest, 2);
        quotient <<= 1;
        if (!is_below(&rest, divisor)) {
            subtract(&rest, divisor);
            quotient |= 1;
        }
    }
    return quotient;
}

static unsigned __int128 power(int exponent)
{
    big five = { { 1 } };
    for (int i = 0; i < abs(exponent); i++)
        multiply_small(&five, 5);
    return exponent >= 0 ? top_bits(&five) : reciprocal(&five) + (exponent >= ROUNDED_UP);
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "w") : NULL;
    if (!file) {
        fprintf(stderr, "usage: generate_powers OUTPUT\n");
        return 1;
    }
    fprintf(file, "/* Made by tools/generate_powers.c. */\n#include \"json/powers.h\"\n\nconst cito_power cito_powers[] = {\n");
    for (int q = FIRST; q <= LAST; q++) {
        unsigned __int128 bits = power(q);
        fprintf(file, "    { UINT64_C(0x%016llx), UINT64_C(0x%016llx) }, /* 10^%d */\n", (unsigned long long)(bits >> 64),
                (unsigned long long)bits, q);
    }
    fprintf(file, "};\n");
    return fclose(file) == 0 ? 0 : 1;
}
