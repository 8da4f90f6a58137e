/* Thread pool: where CITO_DEF runs. Threads start when there is work and none is idle, up to the limit; then calls wait in order.
 *
 * Invariants: a call is in the queue exactly while `queued`; the queue is empty unless as many threads run as may. A call is not touched here after
 * its post: it lies on the stack of the coroutine that then goes on. An idle thread is given its call directly, and the one that became idle
 * last is taken, so that few threads stay warm and the others sleep.
 * Threading: submitted and finished on the loop's thread, run on the pool's; what both touch is under the guard. */
#include "base/log.h"
#include "loop/state.h"

#include <stdlib.h>
#include <string.h>

enum { THREAD_STACK_SIZE = 8 * 1024 * 1024 }; /* what C programs are used to; only touched pages count */

struct cito_pool_thread {
    cito_loop *loop;
    pthread_t thread;
    cito_stack stack;
    cito_parker parker;
    cito_pool_call *call; /* atomic: given to it while it was idle */
    cito_pool_thread *next, *next_idle;
};

/* ---- on the pool's threads --------------------------------------------------------------------------------------------------- */
static void run(cito_pool_thread *self, cito_pool_call *call)
{
    call->context.parker = &self->parker;
    cito_context_current = &call->context;
    const cito_exception *raised = cito_context_protect(&call->context, NULL, call->work, call->data);
    cito_context_current = NULL;
    if (raised)
        cito_log_write(CITO_LOG_ERROR, "work in the thread pool raised %d and nobody caught it", raised->status_code);
    cito_loop_post_node(self->loop, &call->post);
}

static cito_pool_call *unlink_call(cito_threadpool *pool, cito_pool_call *call)
{
    *(call->previous ? &call->previous->next : &pool->first) = call->next;
    *(call->next ? &call->next->previous : &pool->last) = call->previous;
    call->queued = false;
    pool->queued_count--;
    return call;
}

/* NULL: the pool ends. */
static cito_pool_call *next_call(cito_pool_thread *self)
{
    cito_threadpool *pool = &self->loop->pool;
    pthread_mutex_lock(&pool->guard);
    /* Where threads that had lent their place are back, more run than may: this one then leaves the queue to the others. */
    bool may_run = pool->thread_count - pool->idle_count <= pool->limit + pool->lent;
    cito_pool_call *call = may_run ? pool->first : NULL;
    if (call) {
        unlink_call(pool, call)->thread = self;
        pthread_mutex_unlock(&pool->guard);
        return call;
    }
    bool stopping = pool->stopping;
    if (!stopping) {
        self->next_idle = pool->idle;
        pool->idle = self;
        pool->idle_count++;
    }
    pthread_mutex_unlock(&pool->guard);
    while (!stopping && !(call = __atomic_exchange_n(&self->call, NULL, __ATOMIC_ACQ_REL))) {
        cito_parker_park(&self->parker, CITO_PARK_FOR_EVER);
        stopping = __atomic_load_n(&pool->stopping, __ATOMIC_ACQUIRE);
    }
    return call;
}

static void *thread_main(void *data)
{
    cito_pool_thread *self = data;
    void *signal_stack;
    cito_overflow_watch_thread(&self->stack, &signal_stack);
    cito_pool_call *call = __atomic_exchange_n(&self->call, NULL, __ATOMIC_ACQ_REL);
    for (; call; call = next_call(self))
        run(self, call);
    cito_overflow_unwatch_thread(signal_stack);
    return NULL;
}

/* ---- on the loop's thread ---------------------------------------------------------------------------------------------------- */
static cito_pool_thread *thread_new(cito_loop *loop, cito_pool_call *call)
{
    cito_pool_thread *thread = calloc(1, sizeof *thread);
    if (!thread)
        cito_abort("out of memory: no %zu bytes for a thread of the pool", sizeof *thread);
    thread->loop = loop;
    thread->call = call;
    call->thread = thread;
    cito_stack_map(&thread->stack, loop->stack_size > THREAD_STACK_SIZE ? loop->stack_size : THREAD_STACK_SIZE);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, thread->stack.low, thread->stack.size);
    int error = pthread_create(&thread->thread, &attributes, thread_main, thread);
    pthread_attr_destroy(&attributes);
    if (error) {
        cito_stack_unmap(&thread->stack);
        free(thread);
        return NULL;
    }
    pthread_setname_np(thread->thread, "cito-pool");
    return thread;
}

static void enqueue(cito_threadpool *pool, cito_pool_call *call)
{
    call->next = NULL;
    call->previous = pool->last;
    *(pool->last ? &pool->last->next : &pool->first) = call;
    pool->last = call;
    call->queued = true;
    pool->queued_count++;
}

/* Under the guard. Gives the call a thread; false where as many run as may. *out_wake: the idle thread that was given it. */
static bool place(cito_loop *loop, cito_pool_call *call, cito_pool_thread **out_wake)
{
    cito_threadpool *pool = &loop->pool;
    *out_wake = NULL;
    if (pool->thread_count - pool->idle_count >= pool->limit + pool->lent)
        return false;
    if (pool->idle) {
        *out_wake = call->thread = pool->idle;
        pool->idle = pool->idle->next_idle;
        pool->idle_count--;
        return true;
    }
    cito_pool_thread *started = thread_new(loop, call);
    if (!started && pool->thread_count)
        return false;
    if (!started)
        cito_die(1, "The system gives no thread for the thread pool. Raise the limit of processes (ulimit -u).");
    started->next = pool->threads;
    pool->threads = started;
    pool->thread_count++;
    return true;
}

static void wake(cito_pool_thread *thread, cito_pool_call *call)
{
    if (!thread)
        return;
    cito_parker *parker = &thread->parker;
    __atomic_store_n(&thread->call, call, __ATOMIC_RELEASE);
    cito_parker_unpark(parker);
}

static void submit(cito_loop *loop, cito_pool_call *call)
{
    cito_threadpool *pool = &loop->pool;
    cito_pool_thread *idle;
    pthread_mutex_lock(&pool->guard);
    if (!place(loop, call, &idle))
        enqueue(pool, call);
    pthread_mutex_unlock(&pool->guard);
    wake(idle, call);
}

void cito_threadpool_lend(cito_loop *loop)
{
    cito_threadpool *pool = &loop->pool;
    cito_pool_thread *idle = NULL;
    pthread_mutex_lock(&pool->guard);
    pool->lent++;
    cito_pool_call *call = pool->first;
    if (call) {
        unlink_call(pool, call);
        if (!place(loop, call, &idle))
            enqueue(pool, call);
    }
    pthread_mutex_unlock(&pool->guard);
    wake(idle, call);
}

void cito_threadpool_take_back(cito_loop *loop)
{
    pthread_mutex_lock(&loop->pool.guard);
    loop->pool.lent--;
    pthread_mutex_unlock(&loop->pool.guard);
}

/* The call fills the lifetime's blocks further: the coroutine that waits takes nothing meanwhile, and a block for each call would cost a
 * malloc and 16 KiB for a few bytes. Who else takes from the lifetime's arena now begins a block there. */
static void lend_arena(cito_lifetime *lifetime, cito_pool_call *call)
{
    call->arena = *lifetime->arena;
    cito_arena_init(lifetime->arena, call->arena.limit);
}

static void take_arena_back(cito_lifetime *lifetime, cito_pool_call *call)
{
    if (lifetime->arena->blocks)
        cito_arena_adopt(lifetime->arena, &call->arena);
    else
        *lifetime->arena = call->arena;
}

/* What it deferred comes before what the lifetime had: it was registered later. */
static void hand_over(cito_lifetime *lifetime, cito_pool_call *call)
{
    if (call->deferred) {
        cito_deferred *oldest = call->deferred;
        while (oldest->next)
            oldest = oldest->next;
        oldest->next = lifetime->deferred;
        lifetime->deferred = call->deferred;
    }
    take_arena_back(lifetime, call);
}

static void call_finished(void *data)
{
    cito_pool_call *call = data;
    hand_over(call->context.lifetime, call);
    call->done = true;
    call->finished(call);
}

void cito_pool_call_submit(cito_loop *loop, cito_lifetime *lifetime, cito_pool_call *call, unsigned interrupts)
{
    call->post = (cito_post){ .run = call_finished, .data = call };
    call->deferred = NULL;
    call->done = false;
    call->queued = false;
    lend_arena(lifetime, call);
    call->context =
        (cito_context){ .arena = &call->arena, .lifetime = lifetime, .deferred = &call->deferred, .loop = loop, .interrupts = interrupts };
    submit(loop, call);
}

bool cito_pool_call_interrupt(cito_pool_call *call, unsigned interrupts, double after_s, bool may_leave)
{
    cito_threadpool *pool = &call->context.loop->pool;
    pthread_mutex_lock(&pool->guard);
    bool left = may_leave && call->queued;
    cito_pool_thread *thread = call->queued ? NULL : call->thread;
    if (left)
        unlink_call(pool, call);
    call->context.interrupted_after_s = after_s;
    __atomic_fetch_or(&call->context.interrupts, interrupts, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&pool->guard);
    if (left)
        take_arena_back(call->context.lifetime, call);
    if (thread) /* it lives until the loop ends; a token too many does no harm */
        cito_parker_unpark(&thread->parker);
    return left;
}

static void resume_waiting(cito_pool_call *call) { cito_coroutine_resume(call->waiting); }

bool cito_pool_call_wait(cito_pool_call *call, cito_context *context, bool may_leave)
{
    bool told = false;
    call->waiting = context->coroutine;
    call->finished = resume_waiting;
    cito_pool_call_submit(context->loop, context->lifetime, call, 0);
    while (!call->done) {
        if (!cito_coroutine_wait(!told) || call->done)
            continue;
        double after_s = 0;
        unsigned interrupts = cito_interrupts_of(context, &after_s);
        told = true;
        if (cito_pool_call_interrupt(call, interrupts, after_s, may_leave))
            return false;
    }
    return true;
}

void cito_threadpool_init(cito_threadpool *pool, unsigned limit)
{
    memset(pool, 0, sizeof *pool);
    pthread_mutex_init(&pool->guard, NULL);
    pool->limit = limit;
}

void cito_threadpool_finish(cito_threadpool *pool)
{
    pthread_mutex_lock(&pool->guard);
    __atomic_store_n(&pool->stopping, true, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&pool->guard);
    while (pool->threads) {
        cito_pool_thread *thread = pool->threads;
        pool->threads = thread->next;
        cito_parker_unpark(&thread->parker);
        pthread_join(thread->thread, NULL);
        cito_stack_unmap(&thread->stack);
        free(thread);
    }
    pthread_mutex_destroy(&pool->guard);
}

bool cito_threadpool_stack_holds(cito_threadpool *pool, const void *pointer)
{
    bool found = false;
    pthread_mutex_lock(&pool->guard);
    for (const cito_pool_thread *thread = pool->threads; thread && !found; thread = thread->next)
        found = (const char *)pointer >= thread->stack.low && (const char *)pointer < thread->stack.low + thread->stack.size;
    pthread_mutex_unlock(&pool->guard);
    return found;
}
