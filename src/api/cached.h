/* CITO_CACHED: callables that run once per process, as lru_cache makes them in Python: settings, secrets, model weights.
 *
 * The first request that needs one runs it, in a lifetime of its own that ends with the process; others that come meanwhile wait for it. What it depends on is made
 * with it, once too. What raises is not kept: all who waited are told, its clean-ups run, and the next request tries again. After an override (tests) a value that
 * depends on others is made anew. Thread rule: the loop's. */
#pragma once
#include "api/private.h"

typedef struct cito_cached {
    struct cito_cached_value *made; /* NULL: none yet */
    struct cito_cached_waiter *waiters;
    bool is_running;
} cito_cached;

/* In a request's coroutine; suspends. NULL: the value is there. What was raised lies in the memory of the running context. */
const cito_exception *cito_cached_solve(cito_operation *, int node_index);
const void *cito_cached_value(const struct cito_api *, int slot);
/* Before the process ends: clean-ups in reverse order of making. In a coroutine; suspends. */
void cito_cached_finish(struct cito_api *);
