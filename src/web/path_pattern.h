/* Path patterns: "/items/{id:int}/raw" taken apart into literal text and parameters, and what each kind of parameter accepts. For web/router.c.
 * Thread rule: any. Source: Starlette's routing.py and convertors.py. */
#pragma once
#include "web/router.h"
#include <sys/types.h>

typedef enum cito_convertor {
    CITO_CONVERT_STR,   /* [^/]+ */
    CITO_CONVERT_INT,   /* [0-9]+ */
    CITO_CONVERT_FLOAT, /* [0-9]+(\.[0-9]+)? */
    CITO_CONVERT_UUID,  /* 8-4-4-4-12 hexadecimal digits, each hyphen optional */
    CITO_CONVERT_PATH   /* anything, also nothing */
} cito_convertor;

typedef struct cito_path_token {
    bool is_param;
    cito_convertor convertor;
    cito_str text; /* of a literal: a slice of the path */
} cito_path_token;

typedef struct cito_path_pattern {
    cito_path_token tokens[2 * CITO_PATH_PARAMS_MAX + 1];
    size_t token_count;
    const char *names[CITO_PATH_PARAMS_MAX];
    size_t name_count;
} cito_path_pattern;

/* NULL, or what is wrong and what to do, in the arena. Literals are slices of `path`, names copies in the arena. */
const char *cito_path_pattern_parse(cito_arena *, const char *path, cito_path_pattern *out_pattern);
/* The longest piece at `at` that the convertor accepts; -1: none. */
ssize_t cito_convertor_longest(cito_convertor, const char *at, const char *end);
/* The next shorter piece than `length`, as a regular expression would try it; -1: none. */
ssize_t cito_convertor_shorter(cito_convertor, const char *at, ssize_t length);
