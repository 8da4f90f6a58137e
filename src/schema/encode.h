/* Encoding: JSON written straight from C structs by their field tables, in pydantic's serialised form (datetime UTC as Z, decimal as text,
 * timedelta as ISO 8601, NaN as null, secrets masked). Never suspends. Thread rule: any. Source: FastAPI, "Response Model". */
#pragma once
#include "base/buffer.h"
#include <cito/type.h>

typedef struct cito_encode_options {
    /* A field that has neither its bit in fields_set nor a value other than its default is unset; one that is required never is. */
    bool exclude_unset, exclude_none, exclude_defaults;
    /* The debug check of returned pointers: whether a pointer may be followed; NULL: all may. Where it says no, encoding ends with a text
     * that names the field. */
    bool (*may_follow)(const void *pointer, void *data);
    void *data;
} cito_encode_options;

/* NULL where all is well, else what is wrong (in the buffer's place nothing is added): FastAPI answers 500. The text begins with the
 * place, "Item.tags[0]: …", and stays until the next failure on this thread. A value of the word any is written in json.dumps' form and
 * may hold neither NaN nor an infinity. */
const char *cito_encode(const cito_type *, const void *value, const cito_encode_options *, cito_buffer *);
/* `from` written as `as` wants it: only as's fields (response_model narrower than what the function returned), validated. */
const char *cito_encode_as(const cito_type *from, const void *value, const cito_type *as, const cito_encode_options *, cito_buffer *);
/* The same as a dynamic value, in jsonable_encoder's form (timedelta in seconds, decimal as number, UTC as +00:00). In the memory of the
 * running callable. */
const cito_value *cito_encode_value(const cito_type *, const void *value);
