/* Child: the life of a process of the pool: takes a message from its channel, decodes it, runs the task on a loop of its own, says how it ended.
 * Thread rule: the process's main thread; what a task starts may be on others. Source: facts on Celery 7. */
#pragma once
#include "tasks/frame.h"
#include "tasks/task.h"

typedef struct cito_child_settings {
    const cito_task *tasks;
    size_t task_count;
    cito_str hostname;
    unsigned max_tasks; /* then it ends; 0: never */
} cito_child_settings;

/* Until the channel is closed or max_tasks are done: gives the exit code. */
int cito_child_run(const cito_child_settings *, int channel);
