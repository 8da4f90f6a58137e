/* Tasks as declared: names, options, callables, and the process's connections to their queues.
 * Thread rule: registry read at start; the connections belong to the loop. */
#pragma once
#include "tasks/backend.h"
#include "tasks/broker.h"
#include <cito/app.h>

typedef struct cito_task {
    cito_str name;
    const cito_callable *callable;
    const cito_decorator *options;
    const cito_queue *queue;
} cito_task;

/* All tasks of a queue (NULL: of all queues), in the order of declaration; made once. Mistakes add a line each to out_mistakes. */
const cito_task *cito_tasks_all(const cito_queue *, size_t *out_count, cito_buffer *out_mistakes);
const cito_task *cito_task_by_name(cito_str name);
const cito_task *cito_task_of(const cito_callable *);
/* This process's connection of that queue, made on first use: sender and results. */
cito_broker *cito_queue_broker(const cito_queue *, cito_loop *);
cito_backend *cito_queue_backend(const cito_queue *, cito_loop *);
/* Closes all; in a coroutine. */
void cito_queues_close(cito_loop *);

/* Args of a message decoded and validated by the callable's schema: positional first, then by name; NULL or a text that names what does not fit. */
const char *cito_task_decode(const cito_task *, const cito_message_body *, cito_arena *, void **out_args);
