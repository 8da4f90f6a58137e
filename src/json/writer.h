/* JSON writer: compact text as CPython's json.dumps(separators=(",", ":"), ensure_ascii=False) and pydantic's serialiser write it. Thread rule: any. */
#pragma once
#include "base/buffer.h"

/* What is written never needs more room than its length and this: writing into a buffer of that capacity does not grow it. */
enum { CITO_JSON_WRITE_SLACK = 64 };

/* With quotes; escapes ", \, control characters (\n \r \t \b \f, else \u00xx); the rest as it is, SIMD-scanned. */
void cito_json_write_string(cito_buffer *, cito_str);
/* null where data is NULL. */
void cito_json_write_string_or_null(cito_buffer *, cito_str);
void cito_json_write_int(cito_buffer *, int64_t);
void cito_json_write_uint(cito_buffer *, uint64_t);
/* pydantic's form; NaN and infinities as null. */
void cito_json_write_double(cito_buffer *, double);
