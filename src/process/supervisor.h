/* Supervisor: starts workers, knows when they end, stop or hang, and starts others in their place. HTTP workers and task workers are both a function pointer to it.
 *
 * It is driven by its owner: a master that does nothing else (process/master.h), or a process that has a loop of its own (the task worker's). It never runs user code.
 * Thread rule: its owner's thread, which must live as long as the process: Linux ties the life of the workers to the thread that started them. Signals reach it by
 * the owner. Source: facts on servers 3; prctl(2), memfd_create(2). */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { CITO_WORKERS_MAX = 512, CITO_WORKER_INHERITED_MAX = 16 };

typedef struct cito_supervisor cito_supervisor;

typedef struct cito_worker_handle {
    int id; /* 1 … N, stable: the replacement gets the same. During a reload two workers have it */
    pid_t pid;
    int channel; /* this side of a socketpair (AF_UNIX, SOCK_STREAM, blocking, close-on-exec) to the worker; -1: none. Closed by the supervisor after `exited` */
    uint64_t started_ns; /* of cito_clock_monotonic_ns */
    bool ready;          /* it has said so */
    bool ending;         /* it was asked to end */
} cito_worker_handle;

typedef struct cito_worker_kind {
    const char *name; /* in log lines; NULL: "Worker" */
    /* Of a fork, in the new process: gives its exit code. Signals have their default actions and are not blocked; the other workers' channels are closed, every
     * other descriptor is open: a libuv loop of the owner's may not be touched, a new one can be made. The process ends by _exit. channel is the worker's side. */
    int (*run)(void *data, int worker_id, int channel);
    void *data;
    /* No fork but exec of this program as it lies on disk now, with the same command line and CITO_WORKER in the environment: it calls
     * cito_worker_attach. */
    bool fresh;
    const int *inherited; /* descriptors that a fresh worker is given; borrowed */
    unsigned inherited_count;
    bool wants_channel;
    unsigned timeout_ms;  /* heartbeat silence that counts as hung; four times as long until it is ready; 0: not watched */
    unsigned graceful_ms; /* between TERM and KILL */
    /* Called in cito_supervisor_step, on the owner's thread; each may be NULL. They may not free the supervisor. */
    void (*started)(void *data, const cito_worker_handle *);
    void (*became_ready)(void *data, const cito_worker_handle *);
    void (*exited)(void *data, const cito_worker_handle *, int wait_status, bool was_asked);
} cito_worker_kind;

/* The kind is copied. Ends the process where there is no memory. Starts nothing yet. */
cito_supervisor *cito_supervisor_new(const cito_worker_kind *);
/* When it is empty; what still runs is killed and reaped. */
void cito_supervisor_free(cito_supervisor *);
/* How many there should be from the next step on, at most CITO_WORKERS_MAX; more are started, those with the highest ids end gracefully (ids stay 1 … N). */
void cito_supervisor_set_count(cito_supervisor *, unsigned count);
unsigned cito_supervisor_count(const cito_supervisor *);
/* To be called at once after new, set_count, reload, stop; on SIGCHLD; and at the latest after *out_next_ms: reaps, restarts with back-off, watches heartbeats, kills
 * what overstays. false: no worker can start, and it has said why on standard error: the owner stops the rest and ends with exit code 1. */
bool cito_supervisor_step(cito_supervisor *, unsigned *out_next_ms);
/* New ones first; each old one ends gracefully when its replacement has said that it is ready. Where the new ones cannot start, the old ones go on. */
void cito_supervisor_reload(cito_supervisor *);
/* All end: graceful (TERM, KILL after graceful_ms), or quick (QUIT, KILL after 2 s). May be called again to make it quick. */
void cito_supervisor_stop(cito_supervisor *, bool quick);
/* No worker is left. */
bool cito_supervisor_is_empty(const cito_supervisor *);
/* Those that were not reaped yet, in no order; valid until the next step. */
const cito_worker_handle *cito_supervisor_workers(const cito_supervisor *, unsigned *out_count);
/* Sends a signal to one of its workers (others are left alone); if that ends it, it is replaced. */
void cito_supervisor_kill(cito_supervisor *, pid_t, int signal_number);

/* ---- in the worker ---------------------------------------------------------------------------------------------------------------------------------------- */

typedef struct cito_worker_start {
    int id;
    int channel; /* -1: none */
    unsigned inherited_count;
    int inherited[CITO_WORKER_INHERITED_MAX]; /* the worker's own from now on, close-on-exec */
} cito_worker_start;

/* In a process that a supervisor started afresh: what it was given; CITO_WORKER is taken out of the environment. Sets cito_worker_id and what
 * a fork has already: a SIGABRT that writes where the worker stands, an end with the master. false: nobody's worker. */
bool cito_worker_attach(cito_worker_start *out);
/* The rest does nothing in a process that is no worker. It is ready to work; it is alive (call at least every timeout/2: a loop timer does). Any thread. */
void cito_worker_ready(void);
void cito_worker_beat(void);
/* Its master is still there. A worker is also sent TERM when the master ends; this is for the one that came too early. true where there is no master. */
bool cito_worker_master_is_alive(void);
