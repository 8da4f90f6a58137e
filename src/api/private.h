/* What the files of src/api know of an application. */
#pragma once
#include "api/api.h"
#include "api/operation.h"

struct cito_api {
    cito_router *app;
    cito_web *web;
    cito_arena arena;            /* all that is worked out at start */
    cito_operation **operations; /* in the order of declaration */
    size_t operation_count;
    struct cito_cached *cached; /* a row of CITO_CACHED values */
    size_t cached_count;
    struct cito_cached_value *newest_cached;
    bool checks_pointers; /* debug: what a callable returns may not point to a stack */
    cito_str openapi;
    cito_str docs_url;
};

/* After an override: the operation planned anew. */
void cito_api_replan(cito_operation *);
/* Adds the routes of the document and its pages; a line for each mistake. */
void cito_pages_add(struct cito_api *, cito_buffer *mistakes);
/* Whether the encoder may follow the pointer: no stack of this process holds it. */
bool cito_pointer_may_follow(const void *pointer, void *data);
