/* Worker: takes messages from the broker, hands each to an idle child, keeps those that are due later, stores results, answers remote control. The main process does all
 * of that on one loop and never runs a task.
 * Thread rule: the main thread's. Source: Celery's "Workers Guide", facts on Celery 5 to 8. */
#pragma once
#include <cito/tasks.h>

typedef struct cito_task_worker_settings {
    const char *queues;                         /* "a,b"; NULL: every queue that a task names */
    const char *node_name;                      /* "celery@%h"; NULL: that */
    unsigned concurrency;                       /* 0: as many as cores */
    unsigned prefetch_multiplier;               /* 0: the queue's, else 4 */
    unsigned max_tasks_per_child;               /* 0: no end */
    unsigned time_limit_ms, soft_time_limit_ms; /* where neither message nor task says one; 0: none */
    bool events;                                /* task events from the start */
    bool is_quiet;                              /* no lines at start */
} cito_task_worker_settings;

/* Until TERM or INT (warm: what runs ends, the rest is given back), QUIT or a second INT (cold: what runs late-acknowledged is given back too). Gives the exit code: 0,
 * or 1 after a line on standard error that says what to do. */
int cito_task_worker_run(const cito_task_worker_settings *);
