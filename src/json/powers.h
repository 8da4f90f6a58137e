/* The powers of ten from 10^-342 to 10^324 as 128 bits each, highest bit set: cut off, rounded up for -27 … -1, exact for
 * 0 … 55. The table is written at build time by tools/generate_powers.c. Thread rule: constant. */
#pragma once
#include <stdint.h>

enum { CITO_POWER_MIN = -342, CITO_POWER_MAX = 324, CITO_POWER_UP_MIN = -27, CITO_POWER_EXACT_MAX = 55 };
typedef struct cito_power {
    uint64_t high, low;
} cito_power;
extern const cito_power cito_powers[CITO_POWER_MAX - CITO_POWER_MIN + 1];
static inline const cito_power *cito_power_of_ten(int exponent) { return &cito_powers[exponent - CITO_POWER_MIN]; }
