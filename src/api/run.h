/* Run: one request of one operation, as body.c, run.c and answer.c share it.
 *
 * Thread rule: the loop's; a run lives in its coroutine's frame, what it makes in the request's memory. */
#pragma once
#include "api/operation.h"
#include "api/private.h"

typedef struct cito_run {
    cito_operation *operation;
    cito_request *request;
    cito_arena *arena;
    char *state; /* argument structs and results of all nodes */
    uint8_t *node_is_done;
    cito_errors errors;
    cito_errors *body_errors; /* of each node that has body parameters: its own */
    const cito_exception *raised;
} cito_run;

/* Reads the body and decodes what the nodes want of it. NULL: go on; else the answer, or with *out_left nobody is there to answer. Suspends. */
cito_response *cito_run_read_body(cito_run *, bool *out_left);
/* What the function gave, as a response. */
cito_response *cito_run_answer(cito_run *, void *result);
/* 422 with all errors. */
cito_response *cito_run_errors_answer(cito_run *, const cito_errors *);
/* {"detail": text}. */
cito_response *cito_run_detail_answer(cito_run *, int status, const char *text);
/* 413: what was decoded is not whole, and no error says so. */
cito_response *cito_run_memory_answer(cito_run *);
