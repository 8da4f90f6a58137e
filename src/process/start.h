/* Starting one process: a fork that runs a function, or the program on disk once more. Thread rule: the supervisor's. */
#pragma once
#include "process/heartbeat.h"

/* The program as a fresh worker runs it. */
typedef struct cito_program {
    char path[4096]; /* on disk, whatever lies there when a worker starts */
    char *command_line;
    char **argv; /* into command_line */
} cito_program;

/* From /proc: where the file was replaced meanwhile, the path is that of the new one. Ends the process where /proc is not there. */
void cito_program_init(cito_program *);
void cito_program_finish(cito_program *);

typedef struct cito_process_start {
    const cito_worker_kind *kind;
    const cito_program *program;
    int id, heartbeats_fd;
    cito_heartbeat *heartbeats;
    unsigned slot;
    const int *close_in_child; /* the other workers' channels */
    unsigned close_count;
} cito_process_start;

/* Its pid, and this side of its channel (-1: none); -1 with errno. */
pid_t cito_process_start_run(const cito_process_start *, int *out_channel);
