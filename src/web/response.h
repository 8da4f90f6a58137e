/* Response: what a handler made, before it is sent. In the request's memory. Thread rule: the running callable's. */
#pragma once
#include "base/arena.h"
#include "http/app.h"
#include <cito/web.h>

struct cito_response {
    int status;
    cito_header *headers; /* content-type among them; names in lower case */
    size_t header_count, header_capacity;
    cito_str body;
    cito_arena *arena;
};
/* content_type NULL: none; it and the body are borrowed. */
cito_response *cito_response_create(cito_arena *, int status, const char *content_type, cito_str body);
/* What was set on the request's injected response goes into the answer: its status where it has one, its headers behind the answer's own (a content-type in
 * place of it). Nothing where no parameter asked for it. */
void cito_response_merge_injected(cito_request *, cito_response *);
