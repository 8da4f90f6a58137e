/* The HTTP master: a process that owns the listening sockets and the workers, and never serves. It reads signals and drives a supervisor until all has ended.
 *
 * TERM, INT: graceful stop, a second one makes it quick. QUIT: quick. HUP: reload without a failed request. TTIN, TTOU: a worker more, a worker less (never none).
 * Thread rule: main's; the process has no other thread. Source: facts on servers 3.1. */
#pragma once
#include "process/supervisor.h"

typedef struct cito_master_options {
    unsigned worker_count;
    const char *pid_path; /* NULL: none */
} cito_master_options;

/* Blocks until the last worker has ended: 0 after a signal, 1 when no worker could start. `started`, `became_ready` and `exited` of the kind stay the caller's. */
int cito_master_run(const cito_worker_kind *, const cito_master_options *);

/* Writes the process's id and a newline; false, with a line on standard error, when a living process has its id there or the file cannot be written. */
bool cito_pid_file_write(const char *path);
/* Takes it away if it is still this process's. */
void cito_pid_file_remove(const char *path);
