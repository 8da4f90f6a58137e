/* Constraints: what a field says beside its type, checked on the decoded value in pydantic's order; only the first violated one is recorded.
 * Private to src/schema. Thread rule: any. Source: facts on FastAPI 5.1; pydantic, "Fields". */
#pragma once
#include "schema/coerce.h"

/* A finite decimal taken apart: (-1)^negative * digits * 10^exponent, digits without leading zeros. */
typedef struct cito_decimal_parts {
    char *digits;
    size_t count;
    int64_t exponent;
    bool negative;
} cito_decimal_parts;
/* digits: room for text.len + 1. */
cito_decimal_status cito_decimal_split(cito_str text, char *digits, cito_decimal_parts *out);
int cito_decimal_compare(const cito_decimal_parts *, const cito_decimal_parts *);
/* b came from a double: at most 17 digits. */
bool cito_decimal_is_multiple(const cito_decimal_parts *a, const cito_decimal_parts *b);

bool cito_constraint_int(cito_decoding *, const cito_field *, const cito_loc *, cito_input, int64_t value);
bool cito_constraint_double(cito_decoding *, const cito_field *, const cito_loc *, cito_input, double value);
bool cito_constraint_decimal(cito_decoding *, const cito_field *, const cito_loc *, cito_input, const cito_decimal *value);
/* Lengths in code points (is_bytes: in bytes), then the pattern. */
bool cito_constraint_text(cito_decoding *, const cito_field *, const cito_loc *, cito_input, cito_str value, bool is_bytes);
/* "List", "Set", "Dictionary": the least number of items; count as it is after validation. */
bool cito_constraint_min_items(cito_decoding *, const cito_field *, const cito_loc *, cito_input, const char *what, size_t count);
/* actual: -1: "more". Always false: records. */
bool cito_constraint_fail_max_items(cito_decoding *, const cito_loc *, cito_input, const char *what, size_t max, int64_t actual);

/* Compiles the pattern once for the process; NULL: it is well, else what is wrong with it, in the arena. */
const char *cito_pattern_prepare(const char *pattern, cito_arena *);
/* Whether it is found in the text. A pattern that runs into PCRE2's match limits is not found. */
bool cito_pattern_search(const char *pattern, cito_str text);
/* A secret's characters are counted as items are, and called "Value", as in pydantic. */
bool cito_constraint_secret(cito_decoding *, const cito_field *, const cito_loc *, cito_input, cito_str value);
