/* Started: what cito_start runs beside its starter: an async callable as a coroutine of the same lifetime, another one in the thread pool.
 *
 * Invariants: it stands in its lifetime's list from its start to the lifetime's clean-up, which waits for it; `done` is set once, after the
 * result and the exception. Arguments and result lie behind the struct, in memory that the lifetime keeps or takes over.
 * Threading: run, cancelled and done on the loop's thread; started, awaited and asked to be cancelled from any of the lifetime's contexts.
 * The list of waiters is under the loop's started_guard. */
#include "base/log.h"
#include "loop/state.h"

#include <string.h>

static bool is_done(const cito_started *started) { return __atomic_load_n(&started->done, __ATOMIC_ACQUIRE) != 0; }

static void end(cito_started *started)
{
    pthread_mutex_lock(&started->loop->started_guard);
    __atomic_store_n(&started->done, 1, __ATOMIC_RELEASE);
    cito_waiter *waiter = started->waiters;
    started->waiters = NULL;
    for (cito_waiter *each = waiter; each; each = each->next)
        each->previous = each; /* no longer in the list: see stop_waiting */
    pthread_mutex_unlock(&started->loop->started_guard);
    while (waiter) {
        cito_waiter *next = waiter->next;
        cito_waiter_wake(waiter);
        waiter = next;
    }
}

static void run_as_coroutine(void *data)
{
    cito_started *started = data;
    started->raised = cito_context_invoke(cito_context_current, started->callable, started->args, started->result);
    started->coroutine = NULL;
    end(started);
}

static void run_on_pool(void *data)
{
    cito_started *started = data;
    started->raised = cito_context_invoke(cito_context_current, started->callable, started->args, started->result);
}

static void finished_on_pool(cito_pool_call *call) { end(call->data); }

static void begin(void *data)
{
    cito_started *started = data;
    cito_lifetime *lifetime = started->lifetime;
    started->next = lifetime->started;
    lifetime->started = started;
    if (started->callable->is_async) {
        cito_coroutine *coroutine = cito_coroutine_take(started->loop, lifetime, run_as_coroutine, started);
        coroutine->context.started = started;
        coroutine->context.shielded = started->shielded;
        started->coroutine = coroutine;
        cito_coroutine_enter(coroutine);
    } else {
        started->call.work = run_on_pool;
        started->call.data = started;
        started->call.finished = finished_on_pool;
        bool cancelled = lifetime->cancelled && !started->shielded;
        cito_pool_call_submit(started->loop, lifetime, &started->call, cancelled ? CITO_INTERRUPT_CANCEL : 0);
    }
}

static cito_started *start(cito_context *context, const cito_callable *callable, const void *args)
{
    size_t args_room = (callable->args_size + 15) & ~(size_t)15;
    size_t head = (sizeof(cito_started) + 15) & ~(size_t)15;
    cito_started *started = cito_alloc(head + args_room + callable->result_size);
    started->callable = callable;
    started->loop = context->loop;
    started->lifetime = context->lifetime;
    started->shielded = context->shielded;
    started->args = (char *)started + head;
    started->result = (char *)started->args + args_room;
    if (callable->args_size)
        memcpy(started->args, args, callable->args_size);
    if (context->coroutine) {
        begin(started);
    } else if (context->loop) {
        started->start_post = (cito_post){ .run = begin, .data = started };
        cito_loop_post_node(context->loop, &started->start_post);
    } else { /* outside of any loop nothing runs beside */
        started->raised = cito_context_invoke(context, callable, started->args, started->result);
        started->done = 1;
    }
    return started;
}

cito_started *cito_start_call(const cito_callable *callable, const void *args)
{
    return start(cito_context_require("cito_start"), callable, args);
}

/* ---- cancelling -------------------------------------------------------------------------------------------------------------- */
static void cancel(void *data)
{
    static const cito_exception never_ran = { .status_code = 499 };
    cito_started *started = data;
    if (is_done(started) || started->cancelled)
        return;
    started->cancelled = true;
    if (started->coroutine) {
        cito_coroutine_interrupt(started->coroutine);
    } else if (!started->callable->is_async && cito_pool_call_interrupt(&started->call, CITO_INTERRUPT_CANCEL, 0, true)) {
        started->raised = &never_ran;
        end(started);
    }
}

void cito_cancel_call(cito_started *started)
{
    if (is_done(started) || __atomic_exchange_n(&started->cancel_asked, 1, __ATOMIC_ACQ_REL))
        return;
    if (cito_loop_is_here(started->loop)) {
        cancel(started);
    } else {
        started->cancel_post = (cito_post){ .run = cancel, .data = started };
        cito_loop_post_node(started->loop, &started->cancel_post);
    }
}

void cito_started_cancel_running(cito_lifetime *lifetime)
{
    for (cito_started *started = lifetime->started; started; started = started->next)
        if (!started->shielded)
            cancel(started);
}

/* ---- waiting ----------------------------------------------------------------------------------------------------------------- */
static bool begin_waiting(cito_started *started, cito_waiter *waiter)
{
    pthread_mutex_lock(&started->loop->started_guard);
    bool waits = !is_done(started);
    if (waits) {
        waiter->next = started->waiters;
        started->waiters = waiter;
    }
    pthread_mutex_unlock(&started->loop->started_guard);
    return waits;
}

/* false: it is being woken. */
static bool stop_waiting(cito_started *started, cito_waiter *waiter)
{
    pthread_mutex_lock(&started->loop->started_guard);
    bool waits = waiter->previous != waiter;
    if (waits) {
        cito_waiter **link = &started->waiters;
        while (*link != waiter)
            link = &(*link)->next;
        *link = waiter->next;
    }
    pthread_mutex_unlock(&started->loop->started_guard);
    return waits;
}

/* false: interrupted, and it still runs. */
static bool wait_until_done(cito_started *started, cito_context *context, bool interruptible)
{
    cito_waiter waiter;
    if (is_done(started))
        return true;
    cito_waiter_init(&waiter, context);
    if (!begin_waiting(started, &waiter) || cito_waiter_wait(&waiter, interruptible))
        return true;
    if (stop_waiting(started, &waiter))
        return false;
    cito_waiter_wait(&waiter, false); /* the wake still needs the waiter */
    return true;
}

void cito_await_into(cito_started *started, void *result)
{
    cito_context *context = cito_context_require("cito_await");
    if (!wait_until_done(started, context, true)) {
        cito_cancel_call(started); /* as in asyncio: who awaits passes its cancellation on */
        cito_coroutine_check();
    }
    __atomic_store_n(&started->awaited, 1, __ATOMIC_RELAXED);
    if (started->raised)
        cito_context_raise(started->raised);
    if (started->callable->result_size)
        memcpy(result, started->result, started->callable->result_size);
}

const cito_exception *cito_started_call(cito_context *context, const cito_callable *callable, const void *args, void *result)
{
    cito_started *started = start(context, callable, args);
    if (!wait_until_done(started, context, true)) {
        cito_cancel_call(started);
        wait_until_done(started, context, false); /* its arguments may point into this stack */
    }
    __atomic_store_n(&started->awaited, 1, __ATOMIC_RELAXED);
    if (!started->raised && callable->result_size)
        memcpy(result, started->result, callable->result_size);
    return started->raised;
}

static cito_started *first_running(const cito_lifetime *lifetime)
{
    for (cito_started *started = lifetime->started; started; started = started->next)
        if (!is_done(started))
            return started;
    return NULL;
}

void cito_started_end_all(cito_lifetime *lifetime)
{
    cito_started *running;
    for (cito_started *started = lifetime->started; started; started = started->next)
        cancel(started);
    while ((running = first_running(lifetime))) {
        cancel(running); /* it may have been started meanwhile */
        wait_until_done(running, cito_context_current, false);
    }
    for (cito_started *started = lifetime->started; started; started = started->next)
        if (started->raised && !started->awaited && !started->cancelled)
            cito_log_write(CITO_LOG_ERROR, "%s (%s:%d), begun with cito_start, raised %d, and nobody awaited it", started->callable->name,
                           started->callable->file, started->callable->line, started->raised->status_code);
    lifetime->started = NULL;
}
