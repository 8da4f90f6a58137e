/* Signatures: a call as a value: what links and chains carry, and what a message is made of. Thread rule: any; they live in the memory of the running callable.
 * Source: facts on Celery 1, "Signature object". */
#pragma once
#include "tasks/task.h"

struct cito_signature {
    const cito_queue *queue;
    const cito_task *task; /* NULL: of another program */
    cito_str name;
    cito_str args, kwargs; /* JSON texts: an array, an object */
    cito_str task_id;      /* data NULL: made when it is sent */
    bool immutable;
};

/* What the callable's arguments are as a JSON array; raises 500 where they cannot be said in JSON. */
cito_str cito_arguments_write(const cito_callable *, const void *args);
/* The task behind the callable; raises 500 where it is none. */
const cito_task *cito_task_require(const cito_callable *);
/* The name of the queue that it is sent to. */
const char *cito_signature_queue(const cito_signature *);
void cito_signature_write(const cito_signature *, cito_str reply_to, cito_buffer *);
/* Sends it, with what of options is not NULL; chain: a JSON array, last first, or data NULL. Gives its id. Raises 503. */
cito_str cito_signature_send(const cito_signature *, const struct cito_send_options *, cito_signature *const *chain, size_t chain_count);
