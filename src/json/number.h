/* Numbers as text: doubles printed shortest and read exactly, integers both ways. RFC 8259 section 6. Own algorithms; no locale, no malloc.
 * Thread rule: any. */
#pragma once
#include <cito/value.h>

enum { CITO_NUMBER_MAX = 40 }; /* room that any of the writers needs */
/* The shortest text that reads back, in Python's repr form: 1.0, 0.1, 1e+16, 1e-07; nan, inf, -inf. Gives the length; no NUL is written. */
size_t cito_double_write_repr(double, char *out);
/* The same in the form of pydantic's serialiser: as above but 1e-7 for small exponents, 1e+16 … (facts/fastapi: "float text"). */
size_t cito_double_write_json(double, char *out);
size_t cito_int_write(int64_t, char *out);
size_t cito_uint_write(uint64_t, char *out);
/* Reads the whole of data as a decimal floating-point number in JSON's or Python's form ("1", ".5", "5.", "1e3"; no blanks, no underscores, no nan):
 * correctly rounded; overflow gives infinity. false where it is none. */
bool cito_double_read(const char *data, size_t len, double *out);
/* Digits with an optional minus. */
typedef enum cito_int_read_result { CITO_INT_OK, CITO_INT_OUT_OF_RANGE, CITO_INT_NOT } cito_int_read_result;
cito_int_read_result cito_int_read(const char *data, size_t len, int64_t *out);
