/* The memory that a supervisor shares with its workers: one slot for each, a memfd mapped by both sides. No lock: a worker writes its own slot only.
 *
 * Thread rule: any; both members are atomic. */
#pragma once
#include "process/supervisor.h"
#include <stdatomic.h>

typedef struct cito_heartbeat {
    _Atomic uint64_t beat_ns; /* of the monotonic clock, which all processes share */
    _Atomic bool ready;
    char padding[64 - sizeof(uint64_t) - sizeof(bool) - 7]; /* workers do not write to each other's cache line */
} cito_heartbeat;
_Static_assert(sizeof(cito_heartbeat) == 64, "one cache line a worker");

/* Twice the workers: during a reload an old one and a new one have the same id. */
enum { CITO_HEARTBEATS = 2 * CITO_WORKERS_MAX, CITO_HEARTBEATS_SIZE = CITO_HEARTBEATS * sizeof(cito_heartbeat) };

/* In the new process, before anything else runs there: it is a worker from now on. */
void cito_worker_become(int id, pid_t master, cito_heartbeat *);
/* What every worker has before its first instruction: signals by default, an end with the master. Safe after fork, before exec. */
void cito_worker_prepare(pid_t master);
