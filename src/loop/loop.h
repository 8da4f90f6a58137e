/* Loop: one per process, on libuv: coroutines, timers, the thread pool, and the watch over handlers that block it.
 *
 * Thread rule: everything here is called on the loop's thread, but for cito_loop_post. Callers suspend only inside a coroutine. */
#pragma once
#include "loop/context.h"
#include <uv.h>

typedef struct cito_loop_options {
    size_t stack_size;           /* of a coroutine, bytes; 0: 256 KiB, of which only touched pages count */
    unsigned threadpool_size;    /* 0: 40 */
    unsigned slow_callback_ms;   /* a callable that holds the loop longer is reported by name; 0: 100 (asyncio's); UINT_MAX: never */
    size_t request_memory_limit; /* of each lifetime's arena and of each pool call's; 0: 64 MiB */
} cito_loop_options;

cito_loop *cito_loop_new(const cito_loop_options *); /* NULL options: defaults. Never NULL; ends the process where libuv fails */
void cito_loop_free(cito_loop *);
/* For a layer that keeps something of its own for the loop, and whom its users do not know: RUN is called by cito_loop_close, in a coroutine, and may suspend.
 * Of a loop that nobody closes it is never called. */
void cito_loop_on_close(cito_loop *, void (*run)(cito_loop *));
/* Before the loop ends, in a coroutine of it: calls each once, the newest first. Suspends. */
void cito_loop_close(cito_loop *);
uv_loop_t *cito_loop_uv(cito_loop *);
/* Runs until cito_loop_stop; RUN_ONCE handles what is ready, waiting for it if need be. */
void cito_loop_run(cito_loop *, uv_run_mode);
void cito_loop_stop(cito_loop *);
/* From any thread: run(data) on the loop's thread, soon. */
void cito_loop_post(cito_loop *, void (*run)(void *data), void *data);
uint64_t cito_loop_now_ms(const cito_loop *);

/* Spin: what another process or thread of this machine is asked for is often here sooner than this process could fall asleep and be woken. Between begin and end the
 * loop goes on turning instead of sleeping, for a time at most; where that was not enough several times, only now and then. See docs/decisions/0022. */
typedef struct cito_spin {
    cito_loop *loop;
    uint64_t most_ns, end_ns; /* end_ns 0: not begun */
    unsigned left, skipped;
} cito_spin;
void cito_spin_init(cito_spin *, cito_loop *, unsigned most_us);
void cito_spin_begin(cito_spin *); /* it has been asked for; nothing where it was before */
void cito_spin_end(cito_spin *);   /* it is here, or will not come */

/* Lifetimes: taken from a pool of the loop's and given back to it. */
cito_lifetime *cito_lifetime_new(cito_loop *, void *owner);
/* Cancels and awaits what cito_start began, then runs the deferred in reverse order; the memory stays. Suspends (deferred of pool callables
 * run on the pool), so it is called in a coroutine, which stands in the lifetime meanwhile. A client that has gone does not end
 * the waits of clean-ups. May be called again: what was deferred since is run. */
void cito_lifetime_clean_up(cito_lifetime *);
/* Ends it: cleans up and drops it. A coroutine of the lifetime that calls it may not allocate afterwards. */
void cito_lifetime_finish(cito_lifetime *);
/* The request ends by this raise: runs what cito_on_raise registered, newest first, each once. Gives the exception that is to be answered: the one given, or what a
 * handler raised in its place. Suspends as cito_lifetime_clean_up does. */
const cito_exception *cito_lifetime_raised(cito_lifetime *, const cito_exception *);
/* Resets the memory and gives the lifetime back, without clean-ups: for one that never ran a callable, or was cleaned up. No coroutine is
 * needed; the running one may belong to it, no other. */
void cito_lifetime_drop(cito_lifetime *);
/* The client has gone: every wait of this lifetime's contexts raises, now and later. */
void cito_lifetime_cancel(cito_lifetime *);

/* Runs entry(data) in a coroutine with a context of its own, at once, until it first suspends or ends. NULL for the lifetime: one that is
 * finished when entry returns. */
void cito_coroutine_spawn(cito_loop *, cito_lifetime *, void (*entry)(void *data), void *data);
/* Inside a coroutine: gives way until cito_coroutine_resume. true where it was woken because its lifetime was cancelled or its time-out
 * passed: the caller then takes back what it had set up to be woken by and returns, or raises with cito_coroutine_check. A resume that came
 * before it is kept: it returns at once. */
bool cito_coroutine_suspend(void);
/* On the loop's thread: lets it go on, at once, nested in the caller where that is no coroutine, else soon. */
void cito_coroutine_resume(cito_coroutine *);
/* Raises 504 where a time-out has passed, 499 where the client has gone. In a pool call too. */
void cito_coroutine_check(void);

/* work(data) on a pool thread, with a context of its own there (arena, deferred); suspends the coroutine until it is done, whatever happens
 * to the client: only the waits inside are told. At most threadpool_size run at once, the others wait in order. What it allocates belongs to
 * the lifetime afterwards. On a pool thread it runs there: waiting for another thread of the same pool could wait for ever. */
void cito_threadpool_run(cito_loop *, void (*work)(void *data), void *data);
/* On a pool thread, around a wait for what the loop does and may need the pool for: another thread may run in its place meanwhile, so that forty such waits
 * are no deadlock. When many come back at once, more than threadpool_size run for a moment. */
void cito_threadpool_lend(cito_loop *);
void cito_threadpool_take_back(cito_loop *);
/* Calls the callable where it belongs: async on the loop, the others in the thread pool (or here, on a pool thread). Suspends, or blocks a
 * pool thread. Outside of any loop it is called here. Gives what it raised, in memory of the lifetime, or NULL; a client that has gone, or a
 * time-out, while it waits for a thread is given as 499 or 504. */
const cito_exception *cito_call(const cito_callable *, const void *args, void *result);

/* For /metrics and tests. */
typedef struct cito_loop_stats {
    unsigned threads_running, threads_waiting, coroutines, stacks_pooled;
} cito_loop_stats;
cito_loop_stats cito_loop_stats_now(const cito_loop *);
/* Whether the pointer lies on a stack of this loop's, a coroutine's or a pool thread's: for the debug check of returned pointers. Walks all of them. */
bool cito_loop_stack_holds(cito_loop *, const void *);
