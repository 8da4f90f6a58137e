/* Forms: application/x-www-form-urlencoded and multipart/form-data of a body that is there. RFC 7578, WHATWG URL. Thread rule: any. */
#pragma once
#include "http/url.h"

typedef struct cito_form_part {
    cito_str name;
    cito_str value;          /* text of a field */
    const cito_upload *file; /* NULL: a field */
} cito_form_part;
typedef struct cito_form {
    cito_form_part *parts;
    size_t count;
} cito_form;
typedef struct cito_form_limits {
    size_t files, fields, field_size; /* 0: 1000, 1000, 1 MiB */
} cito_form_limits;

/* content_type decides; NULL error text where all is well, else FastAPI's detail text, to be answered 400: "Missing boundary in multipart.", "Too many
 * files. Maximum number of files is 1000.", "There was an error parsing the body". Another content type gives an empty form. A part with an empty filename
 * counts as absent; a last part without its closing boundary is dropped, as python-multipart does. Text is UTF-8, or else ISO 8859-1 (as Starlette takes
 * it); filename* of RFC 5987 counts where there is no plain filename. Names, texts and files are made in the arena, a NUL behind each. */
const char *cito_form_parse(cito_arena *, cito_str content_type, cito_str body, const cito_form_limits *, cito_form *out_form);
