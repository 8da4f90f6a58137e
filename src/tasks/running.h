/* Running: the task that this process runs at this moment: what cito_task_update_state, cito_task_retry, cito_task_fail and cito_task_request talk to. The worker's
 * child fills one before it calls the task and takes it away afterwards.
 *
 * A prefork child runs one task at a time, so there is one per process: what the task starts beside itself, on the loop or in the pool, finds it too.
 * Thread rule: enter and leave on the loop's thread; current from any thread of the process. Source: Celery's "Tasks", "Task Request". */
#pragma once
#include "tasks/task.h"

typedef struct cito_running cito_running;
struct cito_running {
    const cito_task *task; /* NULL: a name that this program does not know */
    const cito_message *message;
    const cito_message_body *body;
    cito_str hostname; /* the node's name: "celery@host" */
    /* Stores the state at once with that JSON as its result (a custom state, STARTED). Any thread; may suspend. */
    void (*update_state)(cito_running *, cito_str state, cito_str meta_json);
    /* The task has sent another of that id: it joins "children" of the result. NULL: nobody asks. Any thread. */
    void (*sent)(cito_running *, cito_str child_id);
    void *data; /* of whoever filled it */
};
/* NULL outside of a task. */
cito_running *cito_running_current(void);
void cito_running_enter(cito_running *);
void cito_running_leave(void);

/* ---- how a task says that it ends otherwise than by its result: what cito_call then gives, by kind ------------------------------------------------- */
typedef struct cito_failure_raised {
    cito_str exc_type, exc_module;
    const cito_value *exc_message; /* an array: the exception's arguments */
} cito_failure_raised;
typedef struct cito_retry_raised {
    double countdown;          /* seconds; negative: default_retry_delay or back-off */
    cito_failure_raised cause; /* how the task fails when no try is left */
} cito_retry_raised;
/* What the exception says; NULL where it is another. */
const cito_retry_raised *cito_retry_of(const cito_exception *);
const cito_failure_raised *cito_failure_of(const cito_exception *);
/* Seconds until the next try: the countdown given or, where that is negative, the task's default_retry_delay or its back-off with jitter after that many retries.
 * Source: Celery's "Tasks", "retry_backoff". */
double cito_retry_countdown(const cito_task *, double countdown, int retries);
/* The meta that a failure is stored with: {"exc_type", "exc_message", "exc_module"}; any exception: cito_raise gives HTTPException. */
void cito_failure_write(const cito_exception *, cito_buffer *);
void cito_failure_write_parts(const char *exc_type, const char *exc_module, const cito_value *exc_message, cito_buffer *);
