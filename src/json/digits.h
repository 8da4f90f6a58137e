/* Decimal digits of an unsigned integer whose count is wanted first. Internal to src/json. Thread rule: any. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* 1 for 0. */
size_t cito_uint_digit_count(uint64_t);
/* Exactly count digits, which must be its digit count. */
void cito_uint_write_digits(uint64_t, size_t count, char *out);
