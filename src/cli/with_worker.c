/* `run --with-worker`: beside the processes that serve, a master with one task worker in a process of its own, so that whichever crashes leaves the other alone.
 *
 * Invariants: it is forked before this process has a loop or threads; it ends after the API does, and with it when that is killed. Its options come from the environment,
 * as CITO_CONCURRENCY for worker --concurrency. Threading: main's. */
#include "cli/task_worker.h"
#include "process/master.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GRACEFUL_MS = 300000 }; /* tasks may take their time: a second Ctrl+C ends them */

static int run_worker(void *data, int worker_id, int channel)
{
    char *argv[] = { data, NULL };
    (void)worker_id, (void)channel;
    return cito_cli_worker(1, argv, 1);
}

pid_t cito_with_worker_start(char *program)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        fprintf(stderr, "--with-worker: no process could be started: %s\n", strerror(errno));
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(0);
    const cito_worker_kind kind = { .name = "task worker", .run = run_worker, .data = program, .graceful_ms = GRACEFUL_MS };
    _exit(cito_master_run(&kind, &(cito_master_options){ .worker_count = 1 }));
}

void cito_with_worker_stop(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(pid, SIGTERM);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}
