/* The verbs of tasks: ./app worker, ./app inspect ping, ./app control revoke task_id='"…"'. Thread rule: main's. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

/* first: argv's place behind the verb. Each gives the exit code. */
int cito_cli_worker(int argc, char **argv, int first);
/* is_control: changes are asked for, not answers only. */
int cito_cli_inspect(int argc, char **argv, int first, bool is_control);
/* Options that all of them take: sets broker and result back end of every queue of the program. */
void cito_cli_set_queues(const char *broker_url, const char *result_backend, double visibility_timeout);
/* run --with-worker: a task worker beside the API, watched by a master of its own. Before the process has a loop. -1 with a line on standard error. */
pid_t cito_with_worker_start(char *program);
/* Waits until it has finished what runs. */
void cito_with_worker_stop(pid_t);
