/* CITO_CACHED: callables that run once per process, as lru_cache makes them in Python: settings, secrets, model weights.
 *
 * The first request that needs one runs it, in a lifetime of its own that ends with the process; others that come meanwhile wait for it. What raises is not
 * kept: the next request tries again. Thread rule: the loop's. */
#pragma once
#include "api/private.h"

typedef struct cito_cached {
    void *value;
    cito_lifetime *lifetime;       /* of the value */
    struct cito_cached_waiter *waiters;
    const cito_exception *raised;  /* by the last attempt */
    bool is_ready, is_running;
} cito_cached;

/* In a request's coroutine; suspends. NULL: the value is there. */
const cito_exception *cito_cached_solve(cito_operation *, int node_index);
const void *cito_cached_value(const struct cito_api *, int slot);
/* Before the process ends: clean-ups in reverse order of making. In a coroutine; suspends. */
void cito_cached_finish(struct cito_api *);
