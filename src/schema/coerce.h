/* Coercion: one scalar of the wire (a JSON scalar, a text of a query) into one C value, as pydantic's lax mode does it, or in strict mode.
 *
 * The parsers of one text family (…_parse) know nothing of errors and return NULL or the reason; the cito_coerce_… functions record the error.
 * Private to src/schema. Thread rule: any. Source: pydantic's conversion table; conformance/data/coercion.jsonl. */
#pragma once
#include "json/reader.h"
#include "schema/error.h"
#include <cito/type.h>

/* How closely the input fits: a union takes the closest member. */
typedef enum cito_exactness { CITO_EXACT, CITO_STRICT, CITO_LAX } cito_exactness;

/* One run of decoding. */
typedef struct cito_decoding {
    cito_json_reader *reader; /* NULL where the input is texts */
    cito_arena *arena;
    cito_errors *errors;
    cito_exactness exactness; /* the least exact so far */
    int64_t fields_set;       /* of the models read so far; -1: none was */
    uint32_t union_depth;     /* unions inside unions that are tried now */
    uint32_t attempts_left;   /* at members of deeply nested unions: bounds what they can cost */
} cito_decoding;

typedef struct cito_scalar {
    cito_json_token token;
    bool is_integer; /* of a number */
    cito_str text;   /* of a string: its text, with a NUL behind it; of a number: as written */
    cito_input input;
} cito_scalar;

/* Records the error; always false. */
bool cito_decoding_fail(cito_decoding *, const char *type, const cito_loc *, cito_input, const cito_value *ctx);
/* The same with {"name": "text"} as ctx. */
bool cito_decoding_fail_text(cito_decoding *, const char *type, const cito_loc *, cito_input, const char *name, cito_str text);
static inline void cito_decoding_floor(cito_decoding *decoding, cito_exactness exactness)
{
    if (decoding->exactness < exactness)
        decoding->exactness = exactness;
}
/* ctx objects in the errors' arena: members added one by one. NULL values where memory is out. */
const cito_value *cito_ctx_text(cito_arena *, cito_str), *cito_ctx_int(cito_arena *, int64_t), *cito_ctx_double(cito_arena *, double);
const cito_value *cito_ctx_object(cito_arena *, size_t count, const char *const *names, const cito_value *const *values);

bool cito_coerce_int(cito_decoding *, const cito_scalar *, bool strict, const cito_loc *, int64_t least, int64_t greatest, int64_t *out);
bool cito_coerce_double(cito_decoding *, const cito_scalar *, bool strict, const cito_loc *, double *out);
bool cito_coerce_bool(cito_decoding *, const cito_scalar *, bool strict, const cito_loc *, bool *out);
bool cito_coerce_decimal(cito_decoding *, const cito_scalar *, bool strict, const cito_loc *, cito_decimal *out);
bool cito_coerce_date(cito_decoding *, const cito_scalar *, bool strict, const cito_loc *, cito_date *out);
bool cito_coerce_time(cito_decoding *, const cito_scalar *, bool strict, const cito_loc *, cito_time *out);
bool cito_coerce_datetime(cito_decoding *, const cito_scalar *, bool strict, const cito_loc *, cito_datetime *out);
bool cito_coerce_timedelta(cito_decoding *, const cito_scalar *, bool strict, const cito_loc *, cito_timedelta *out);
bool cito_coerce_uuid(cito_decoding *, const cito_scalar *, const cito_loc *, cito_uuid *out);
bool cito_coerce_text(cito_decoding *, const cito_scalar *, const char *type_error, const cito_loc *, cito_str *out);
bool cito_coerce_email(cito_decoding *, const cito_scalar *, const cito_loc *, cito_str *out);
bool cito_coerce_url(cito_decoding *, const cito_scalar *, bool only_http, const cito_loc *, cito_str *out);
/* The index of the member in *out. */
bool cito_coerce_enum(cito_decoding *, const cito_scalar *, const cito_type *, const cito_loc *, int *out);

/* Text without the blanks at both ends (Unicode's White_Space). */
cito_str cito_text_trim(cito_str);
/* RFC 3339 and what speedate takes beyond it. */
const char *cito_date_parse(cito_str, cito_date *out);
const char *cito_time_parse(cito_str, cito_time *out);
const char *cito_datetime_parse(cito_str, cito_datetime *out);
/* Seconds, or milliseconds beyond ±2e10, since 1970: aware, UTC. */
const char *cito_datetime_from_number(double seconds, cito_datetime *out);
/* ISO 8601 durations, "1 day, 02:03:04". */
const char *cito_timedelta_parse(cito_str, cito_timedelta *out);
const char *cito_timedelta_from_number(double seconds, cito_timedelta *out);
/* Hyphenated, plain, in braces, urn:uuid: (RFC 9562). The reason lies in the arena. */
const char *cito_uuid_parse(cito_str, cito_arena *, cito_uuid *out);
/* Python's canonical form in the arena. */
typedef enum cito_decimal_status { CITO_DECIMAL_OK, CITO_DECIMAL_NOT, CITO_DECIMAL_NOT_FINITE } cito_decimal_status;
cito_decimal_status cito_decimal_parse(cito_str, cito_arena *, cito_decimal *out);
/* RFC 5321, RFC 6531, without DNS. */
const char *cito_email_parse(cito_str, cito_arena *, cito_str *out);
/* The WHATWG URL standard. out_scheme: where the scheme ends in *out. */
const char *cito_url_parse(cito_str, cito_arena *, cito_str *out, size_t *out_scheme_len);
