/* Values by their type: how much memory a deep copy takes, the copy itself, and whether two are equal. For src/schema and src/api.
 *
 * A copy is one block: the caller asks for its size, takes that much from wherever it likes (malloc, the request, an arena) and has all
 * that the value points to laid out there. Values must be trees. Thread rule: any; the values are only read. */
#pragma once
#include <cito/type.h>

/* Bytes for all that the value points to, the value itself not counted; a multiple of 16. */
size_t cito_copy_measure(const cito_type *, const void *value);
/* Copies the value to `into` (type->size bytes) and all that it points to to the block, aligned to 16, of the size measured. */
void cito_copy_to(const cito_type *, const void *value, void *into, void *block);
/* The same for a dynamic value; the copy starts at the block's first byte. */
size_t cito_copy_measure_value(const cito_value *);
const cito_value *cito_copy_value(const cito_value *, void *block);
/* Deep equality. fields_set does not count. */
bool cito_copy_equal(const cito_type *, const void *first, const void *second);
