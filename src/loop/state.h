/* State: the structs of the loop and of what runs on it, for the files of src/loop only.
 *
 * Thread rule: the loop's thread, but for what says "any thread" or "atomic". */
#pragma once
#include "base/sanitizer.h"
#include "loop/loop.h"
#include "loop/parker.h"
#include <pthread.h>

/* ---- posts: what other threads give the loop to run. The node lies in what is posted: no malloc. ----------------------------- */
typedef struct cito_post {
    struct cito_post *next;
    void (*run)(void *data);
    void *data;
} cito_post;
/* Any thread. In order per poster; the loop is woken only where it waits, once for many. */
void cito_loop_post_node(cito_loop *, cito_post *);
bool cito_loop_is_here(const cito_loop *); /* whether this is its thread */

/* ---- timers: a heap of nodes that lie in what waits -------------------------------------------------------------------------- */
typedef struct cito_loop_timer {
    uint64_t deadline_ns;
    size_t place; /* in the heap, from 1; 0: not set */
    void (*fire)(struct cito_loop_timer *);
} cito_loop_timer;
typedef struct cito_timer_heap {
    cito_loop_timer **nodes;
    size_t count, capacity;
    uint64_t armed_ns; /* when uv's timer goes off; UINT64_MAX: not set */
} cito_timer_heap;
void cito_timer_set(cito_loop *, cito_loop_timer *, uint64_t deadline_ns);
void cito_timer_unset(cito_loop *, cito_loop_timer *); /* nothing where it is not set */
void cito_timers_fired(uv_timer_t *);
/* Seconds from now as a deadline; what is longer than a century is a century. */
uint64_t cito_deadline_after(double seconds);

/* ---- stacks ------------------------------------------------------------------------------------------------------------------ */
typedef struct cito_stack {
    char *low; /* lowest usable byte; below it lies the guard */
    size_t size;
} cito_stack;
enum { CITO_STACK_GUARD = 1024 * 1024 };        /* wide, so that one big local array does not step over it; costs addresses, no memory */
void cito_stack_map(cito_stack *, size_t size); /* ends the process where the kernel refuses */
void cito_stack_unmap(cito_stack *);
void cito_stack_trim(cito_stack *, size_t keep); /* gives back the memory below the uppermost `keep` bytes */
/* The handler that names a stack overflow; per process, and the stack it runs on, per thread. */
void cito_overflow_watch_process(void);
void cito_overflow_watch_thread(const cito_stack *pool_stack, void **out_signal_stack);
void cito_overflow_unwatch_thread(void *signal_stack);

/* ---- coroutines -------------------------------------------------------------------------------------------------------------- */
typedef enum cito_coroutine_state {
    CITO_COROUTINE_IDLE,
    CITO_COROUTINE_RUNNING,
    CITO_COROUTINE_SUSPENDED,
    CITO_COROUTINE_READY
} cito_coroutine_state;
struct cito_coroutine {   /* lies at the top of its stack */
    void *place, *caller; /* fcontexts: where it goes on; who entered it */
    cito_loop *loop;
    void (*entry)(void *data);
    void *data;
    cito_coroutine_state state;
    bool interruptible, interrupted, wake_kept, owns_lifetime;
    cito_coroutine *next;                           /* in the ready queue or in a pool */
    cito_coroutine *lifetime_next, **lifetime_link; /* in its lifetime's list */
    cito_coroutine *all_next, **all_link;           /* in the loop's list of all stacks */
    cito_stack stack;
    void *fiber, *caller_fiber; /* thread sanitizer */
    void *fake_stack;           /* address sanitizer */
    const void *caller_low;
    size_t caller_size;
    unsigned valgrind_id;
    cito_context context;
};
/* A coroutine with its context, in the lifetime's list, which waits for its first cito_coroutine_enter. */
cito_coroutine *cito_coroutine_take(cito_loop *, cito_lifetime *, void (*entry)(void *data), void *data);
void cito_coroutine_enter(cito_coroutine *);
/* Puts it into the ready queue. */
void cito_coroutine_make_ready(cito_coroutine *);
bool cito_coroutine_wait(bool interruptible); /* cito_coroutine_suspend is wait(true) */
/* Wakes it where it waits interruptibly: something that ends its waits has come. */
void cito_coroutine_interrupt(cito_coroutine *);
void cito_coroutine_detach(cito_coroutine *); /* out of its lifetime */
void cito_lifetimes_free(cito_loop *);
void cito_coroutines_free(cito_loop *);
bool cito_coroutines_run_ready(cito_loop *); /* those that are ready now; false: none */

/* ---- interrupts: what ends a wait -------------------------------------------------------------------------------------------- */
enum { CITO_INTERRUPT_CANCEL = 1, CITO_INTERRUPT_TIMEOUT = 2 };
/* Which of them there are; *out_after_s is the time-out's length. */
unsigned cito_interrupts_of(const cito_context *, double *out_after_s);
/* The exception they become, in the context's memory. */
const cito_exception *cito_interrupts_exception(cito_context *, unsigned interrupts, double after_s);

typedef enum cito_scope_kind { CITO_SCOPE_TIMEOUT, CITO_SCOPE_LOCK } cito_scope_kind;
struct cito_open_scope {
    struct cito_open_scope *outer;
    cito_scope_kind kind;
    cito_context *context;
    cito_lock *lock;
    double seconds;
    uint64_t deadline_ns;
    cito_loop_timer timer; /* in a coroutine; a thread looks at the deadline itself */
    bool expired;
};
struct cito_open_scope *cito_scope_open(cito_context *, cito_scope_kind);
void cito_scopes_end(cito_context *, const struct cito_open_scope *until);
void cito_scope_leave(struct cito_scope *); /* ends it and what is newer, unless a raise did */
void cito_lock_release(cito_lock *);
uint64_t cito_context_next_deadline(const cito_context *); /* of the open time-outs of a thread; UINT64_MAX: none */

/* ---- waiters: a coroutine or a thread that waits for another's word ---------------------------------------------------------- */
typedef struct cito_waiter {
    struct cito_waiter *next, *previous;
    cito_context *context;
    uint32_t woken; /* atomic */
    cito_post post;
} cito_waiter;
void cito_waiter_init(cito_waiter *, cito_context *);
bool cito_waiter_wait(cito_waiter *, bool interruptible); /* false: interrupted, and nobody has woken it */
void cito_waiter_wake(cito_waiter *);                     /* any thread; the waiter is gone afterwards */

/* ---- the thread pool --------------------------------------------------------------------------------------------------------- */
typedef struct cito_pool_thread cito_pool_thread;
typedef struct cito_pool_call cito_pool_call;
struct cito_pool_call { /* lies on the stack of the coroutine that waits, or in a cito_started */
    cito_post post;
    cito_pool_call *next, *previous; /* in the queue, under the pool's guard */
    cito_pool_thread *thread;        /* that runs it, under the guard */
    bool queued;                     /* under the guard */
    bool done;
    void (*work)(void *data);
    void *data;
    void (*finished)(cito_pool_call *); /* on the loop */
    cito_coroutine *waiting;
    cito_deferred *deferred;
    cito_arena arena;
    cito_context context;
};
typedef struct cito_threadpool {
    pthread_mutex_t guard;
    cito_pool_call *first, *last;
    cito_pool_thread *threads, *idle; /* all; those with nothing to do, the last one first, as its caches are warm */
    unsigned limit, thread_count, idle_count, queued_count;
    unsigned lent; /* threads that wait for the loop and let others run in their place */
    bool stopping;
} cito_threadpool;
void cito_threadpool_init(cito_threadpool *, unsigned limit);
void cito_threadpool_finish(cito_threadpool *);
bool cito_threadpool_stack_holds(cito_threadpool *, const void *); /* whether it lies on a thread's stack */
/* work, data and finished are set. interrupts: those that it is born with. */
void cito_pool_call_submit(cito_loop *, cito_lifetime *, cito_pool_call *, unsigned interrupts);
/* Ends its waits; true: may_leave, it was still queued, and now never runs. */
bool cito_pool_call_interrupt(cito_pool_call *, unsigned interrupts, double after_s, bool may_leave);
/* Submits and suspends. may_leave: an interrupt takes it out of the queue; false: it did not run. */
bool cito_pool_call_wait(cito_pool_call *, cito_context *, bool may_leave);

/* ---- started callables ------------------------------------------------------------------------------------------------------- */
struct cito_started {
    cito_post start_post, cancel_post;
    const cito_callable *callable;
    cito_loop *loop;
    cito_lifetime *lifetime;
    cito_started *next;        /* in the lifetime's list */
    cito_coroutine *coroutine; /* while it runs as one */
    cito_waiter *waiters;      /* under the loop's started_guard */
    const cito_exception *raised;
    void *args, *result;
    uint32_t done, awaited, cancel_asked; /* atomic */
    bool cancelled, shielded, never_run;
    cito_pool_call call; /* where it runs on the pool */
};
/* Cancels all and waits until they have ended; logs what nobody awaited. In a coroutine. */
void cito_started_end_all(cito_lifetime *);
void cito_started_cancel_running(cito_lifetime *);
/* Calls an async callable as a coroutine and waits, for a pool thread. */
const cito_exception *cito_started_call(cito_context *, const cito_callable *, const void *args, void *result);

/* ---- deferred ---------------------------------------------------------------------------------------------------------------- */
/* Runs what is in the context's list, newest first, up to the first that belongs on the other side. */
void cito_deferred_run(cito_context *);

/* ---- the watch --------------------------------------------------------------------------------------------------------------- */
typedef struct cito_watch {
    uint64_t limit_ns;            /* UINT64_MAX: off */
    uint64_t slice_start_ns;      /* atomic; 0: no coroutine runs */
    const cito_callable *running; /* atomic */
    uint64_t slices_blamed;       /* atomic: the start of the slice that the watching thread reported */
    pthread_t thread;
    bool started;
    uint32_t stopping, asleep; /* atomic */
    cito_parker parker;
} cito_watch;
void cito_watch_init(cito_watch *, unsigned slow_callback_ms);
void cito_watch_start(cito_loop *);
void cito_watch_finish(cito_loop *);
void cito_watch_report(cito_loop *, uint64_t now_ns);
/* Coarse, four milliseconds or so: a read of it is a load. Not base's clock: a test's would hide a loop that really stands still. */
static inline uint64_t cito_watch_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- the loop ---------------------------------------------------------------------------------------------------------------- */
struct cito_loop {
    uv_loop_t uv;
    uv_async_t async;
    uv_prepare_t prepare;
    uv_idle_t idle; /* active where the loop may not wait */
    uv_timer_t timer;
    void *signal_stack;
    pthread_t thread;
    uv_run_mode mode;
    unsigned spins;       /* begun and not ended */
    uint64_t spin_end_ns; /* of the one that lasts longest */
    bool ran;             /* a coroutine or post, since cito_loop_run: RUN_ONCE then need not wait */
    cito_post *posts;     /* atomic, newest first */
    uint32_t polling;     /* atomic: the loop waits or is about to: posts must wake it */
    cito_coroutine *ready_first, *ready_last;
    cito_timer_heap timers;
    size_t stack_size, memory_limit;
    cito_coroutine *warm, *cold, *all; /* pools of ended coroutines; every stack there is */
    unsigned warm_count, cold_count, coroutine_count;
    cito_lifetime *lifetimes;
    unsigned lifetime_count;
    pthread_mutex_t started_guard;
    cito_threadpool pool;
    cito_watch watch;
    struct cito_loop_closer *closers; /* the newest first */
};
void cito_loop_leave_polling(cito_loop *);
bool cito_loop_spins(cito_loop *); /* whether it is not to sleep yet */
static inline void cito_watch_begin(cito_loop *loop, const cito_callable *running)
{
    if (__builtin_expect(__atomic_load_n(&loop->polling, __ATOMIC_RELAXED), 0))
        cito_loop_leave_polling(loop);
    loop->ran = true;
    if (loop->watch.limit_ns == UINT64_MAX)
        return;
    __atomic_store_n(&loop->watch.running, running, __ATOMIC_RELAXED);
    __atomic_store_n(&loop->watch.slice_start_ns, cito_watch_now_ns(), __ATOMIC_RELEASE);
}
/* A callable has returned: had it held the loop, it is the one to name, not who runs next. */
static inline void cito_watch_check(cito_loop *loop)
{
    if (loop->watch.limit_ns == UINT64_MAX)
        return;
    uint64_t now_ns = cito_watch_now_ns();
    if (__builtin_expect(now_ns - __atomic_load_n(&loop->watch.slice_start_ns, __ATOMIC_RELAXED) > loop->watch.limit_ns, 0))
        cito_watch_report(loop, now_ns);
}
static inline void cito_watch_end(cito_loop *loop)
{
    cito_watch_check(loop);
    __atomic_store_n(&loop->watch.slice_start_ns, 0, __ATOMIC_RELAXED);
}
