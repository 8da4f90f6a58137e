/* Waiting and running beside: coroutines, the thread pool, locks, time-outs. Any callable; arguments and result are checked by the compiler.
 *
 * What waits suspends the coroutine of a CITO_ASYNC_DEF and blocks the pool thread of a CITO_DEF: the code reads the same.
 * A raise inside what is awaited is raised again where it is awaited. When the client leaves, what waits raises and the callable ends.
 * Source: FastAPI, "Concurrency and async / await"; asyncio's create_task and timeout; Starlette's run_in_threadpool. */
#pragma once
#include <cito/call.h>

void cito_sleep(double seconds);

/* cito_run_in_threadpool(slow_query, cito_string("items")): on one of the pool's threads (40: --threadpool-size). */
#define cito_run_in_threadpool(F, ...) CITO_RUN_IN_THREADPOOL_(__COUNTER__, F __VA_OPT__(, ) __VA_ARGS__)
#define CITO_RUN_IN_THREADPOOL_(N, F, ...) CITO_RUN_IN_THREADPOOL_NAMED(CITO_CAT(result_, N), F __VA_OPT__(, ) __VA_ARGS__)
#define CITO_RUN_IN_THREADPOOL_NAMED(RESULT, F, ...) \
    ({                                                                                                                             \
        F##_result RESULT;                                                                                                         \
        cito_call_in_threadpool(&F##_callable, &(F##_args){ __VA_ARGS__ }, &RESULT);                                               \
        RESULT;                                                                                                                    \
    })
void cito_call_in_threadpool(const cito_callable *, const void *args, void *result);

/* cito_future(f) started = cito_start(f, 1, 2); … cito_await(started). What is never awaited ends with the request. */
#define cito_future(F) F##_future
#define cito_start(F, ...) CITO_START_(__COUNTER__, F __VA_OPT__(, ) __VA_ARGS__)
#define CITO_START_(N, F, ...) CITO_START_NAMED(CITO_CAT(started_, N), F __VA_OPT__(, ) __VA_ARGS__)
#define CITO_START_NAMED(STARTED, F, ...) \
    ({                                                                                                                             \
        F##_future STARTED = { .handle = cito_start_call(&F##_callable, &(F##_args){ __VA_ARGS__ }) };                             \
        STARTED;                                                                                                                   \
    })
#define cito_await(FUTURE) CITO_AWAIT_(__COUNTER__, FUTURE)
#define CITO_AWAIT_(N, FUTURE) CITO_AWAIT_NAMED(CITO_CAT(future_, N), CITO_CAT(result_, N), FUTURE)
#define CITO_AWAIT_NAMED(AWAITED, RESULT, FUTURE) \
    ({                                                                                                                             \
        __auto_type AWAITED = (FUTURE);                                                                                            \
        __typeof__(*AWAITED.type) RESULT;                                                                                          \
        cito_await_into(AWAITED.handle, &RESULT);                                                                                  \
        RESULT;                                                                                                                    \
    })
#define cito_cancel(FUTURE) cito_cancel_call((FUTURE).handle)
cito_started *cito_start_call(const cito_callable *, const void *args);
void cito_await_into(cito_started *, void *result);
void cito_cancel_call(cito_started *);

/* Scopes end by return, break and goto too; a raise ends them at the boundary of the call. */
struct cito_scope {
    void *held;
};
#define CITO_SCOPE(ENTER, LEAVE) CITO_SCOPE_(__COUNTER__, ENTER, LEAVE)
#define CITO_SCOPE_(N, ENTER, LEAVE) CITO_SCOPE_OF(CITO_CAT(scope_, N), CITO_CAT(once_, N), ENTER, LEAVE)
#define CITO_SCOPE_OF(SCOPE, ONCE, ENTER, LEAVE) \
    for (struct cito_scope SCOPE __attribute__((cleanup(LEAVE))) = ENTER, *ONCE = &SCOPE; ONCE; ONCE = NULL)
/* cito_with_timeout(2.5) { … }: what waits inside raises 504 when the time is over. */
#define cito_with_timeout(SECONDS) CITO_SCOPE(cito_timeout_enter(SECONDS), cito_timeout_leave)
struct cito_scope cito_timeout_enter(double seconds);
void cito_timeout_leave(struct cito_scope *);
/* static cito_lock lock; cito_with_lock(&lock) { … }: CITO_DEF runs on 40 threads, with no interpreter's lock around it. All zero is free; a
 * coroutine waits for it without holding up its loop. Not recursive. */
typedef struct cito_lock {
    uint64_t state[8];
} cito_lock;
#define cito_with_lock(LOCK) CITO_SCOPE(cito_lock_enter(LOCK), cito_lock_leave)
struct cito_scope cito_lock_enter(cito_lock *);
void cito_lock_leave(struct cito_scope *);

/* After the answer has been sent, in the order added; what a task raises is logged. Source: FastAPI, "Background Tasks". */
#define cito_background_add(BACKGROUND, F, ...) cito_background_call(BACKGROUND, &F##_callable, &(F##_args){ __VA_ARGS__ })
void cito_background_call(cito_background *, const cito_callable *, const void *args);
/* The middle of a lifespan: everything before it runs before the first request, everything behind it after the last. */
void cito_lifespan_yield(void);
