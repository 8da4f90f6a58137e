/* URLs: percent-decoding, query strings, the request target. RFC 3986, RFC 9112 section 3.2, WHATWG URL (application/x-www-form-urlencoded).
 * Thread rule: any. */
#pragma once
#include "base/arena.h"

/* Percent-decoded; where plus_is_blank a plus is a blank. A bad escape stays as it is; bytes that are no UTF-8 come as U+FFFD (as CPython's
 * errors="replace"). NUL-terminated: gives the text itself where there is nothing to decode and a NUL stands behind it, else a copy, so data[len]
 * must be readable (in a head's target it is). The empty text where the arena is over its limit. */
cito_str cito_url_decode(cito_arena *, cito_str text, bool plus_is_blank);
/* Splits path and query of an origin-form or absolute-form target; false where it is neither ("*" counts as path). The parts are slices of the target
 * with no NUL of their own; an empty path of an absolute-form is "/". */
bool cito_url_split_target(cito_str target, cito_str *out_authority, cito_str *out_path, cito_str *out_query);

typedef struct cito_pair {
    cito_str name, value; /* decoded */
} cito_pair;
typedef struct cito_pairs {
    cito_pair *items;
    size_t count;
} cito_pairs;
/* a=1&b=&c in order, as Python's parse_qsl(keep_blank_values=True). At most `most` pairs (0: 1000): false past that, and
 * where the arena is over its limit. */
bool cito_url_parse_query(cito_arena *, cito_str query, size_t most, cito_pairs *out_pairs);
