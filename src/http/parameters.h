/* A header value with parameters: `multipart/form-data; boundary=x`, `form-data; name="a"; filename="b"`. Internal to src/http.
 * Source: RFC 9110 section 5.6.6, RFC 7578 section 4.2, as python-multipart reads them. Thread rule: any. */
#pragma once
#include "base/arena.h"

typedef struct cito_parameters {
    const char *at, *end;
} cito_parameters;

/* What stands before the first semicolon, without blanks around; then the parameters may be asked for, one by one. */
cito_str cito_parameters_begin(cito_parameters *, cito_str header);
/* The next parameter; false behind the last. The value is as it came, with its quotes. */
bool cito_parameters_next(cito_parameters *, cito_str *out_name, cito_str *out_value);
/* The value without quotes and escapes: a slice of it where there were no escapes, else a copy in the arena. */
cito_str cito_parameters_unquote(cito_arena *, cito_str value);
