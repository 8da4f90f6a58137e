/* Pool: the processes that run tasks: forks of the worker's main process, one task at a time each, kept at their number by the supervisor. A message goes to an idle
 * child only (Celery's -O fair).
 * Thread rule: the loop's. Source: facts on Celery 7. */
#pragma once
#include "loop/loop.h"
#include "tasks/frame.h"
#include <sys/types.h>

typedef struct cito_pool cito_pool;

typedef struct cito_child {
    int id; /* 1 … N */
    pid_t pid;
    void *job; /* what it runs: one, or the first of several in one call. NULL: idle. Its owner's */
    unsigned done_count;
    /* private */
    int channel;
    int watched; /* what the loop watches the channel for */
    bool is_gone;
    cito_buffer in, out;
    uv_poll_t *poll;
    cito_pool *pool;
    struct cito_child *next;
} cito_child;

typedef struct cito_pool_options {
    unsigned size;
    unsigned max_tasks_per_child; /* 0: no end */
    /* In the child: gives its exit code. */
    int (*run)(void *data, int id, int channel);
    void *data;
    /* Texts are valid until it returns; there are four, empty ones where the frame has fewer. */
    void (*frame)(void *data, cito_child *, const cito_frame *, const cito_str *texts);
    void (*idle)(void *data);                                /* a child has become free, or come */
    void (*lost)(void *data, cito_child *, int wait_status); /* with a job: it will not end any more */
    void (*failed)(void *data);                              /* no child can start; standard error says why */
    void (*ended)(void *data);                               /* after cito_pool_stop: none is left */
} cito_pool_options;

cito_pool *cito_pool_new(cito_loop *, const cito_pool_options *);
/* Forks the children. Before the process has threads or connections, as far as may be. */
void cito_pool_start(cito_pool *);
void cito_pool_free(cito_pool *); /* after `ended` */
/* Children that are too many end when they are idle. */
void cito_pool_resize(cito_pool *, unsigned size);
unsigned cito_pool_size(const cito_pool *);
/* An idle child, NULL: none. */
cito_child *cito_pool_idle(cito_pool *);
/* Hands it a job: the frame's bytes are copied. */
void cito_pool_run(cito_child *, void *job, const cito_buffer *frame);
/* Its job is done: it is idle again. */
void cito_pool_done(cito_child *);
void cito_pool_kill(cito_child *, int signal_number);
cito_child *cito_pool_children(cito_pool *); /* by `next` */
/* quick: kills what runs. */
void cito_pool_stop(cito_pool *, bool quick);
