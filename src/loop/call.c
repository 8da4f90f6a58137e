/* Call: a callable where it belongs, whoever calls: a coroutine, a pool thread, or a thread outside of any loop.
 *
 * Invariant: a pool thread never waits for another thread of its pool: forty that did would wait for ever. So what it calls runs on it,
 * but for an async callable, which the loop runs meanwhile.
 * Threading: the calling context's thread. */
#include "loop/state.h"

typedef struct pool_work {
    const cito_callable *callable;
    const void *args;
    void *result;
    const cito_exception *raised;
} pool_work;

static void invoke_on_pool(void *data)
{
    pool_work *work = data;
    work->raised = cito_context_invoke(cito_context_current, work->callable, work->args, work->result);
}

static const cito_exception *interrupted(cito_context *context)
{
    double after_s = 0;
    unsigned interrupts = cito_interrupts_of(context, &after_s);
    return interrupts ? cito_interrupts_exception(context, interrupts, after_s) : NULL;
}

static const cito_exception *call_on_pool(cito_context *context, const cito_callable *callable, const void *args, void *result)
{
    const cito_exception *before = interrupted(context);
    if (before)
        return before;
    pool_work work = { callable, args, result, NULL };
    cito_pool_call call = { .work = invoke_on_pool, .data = &work };
    if (!cito_pool_call_wait(&call, context, true))
        return interrupted(context);
    return work.raised;
}

const cito_exception *cito_call(const cito_callable *callable, const void *args, void *result)
{
    cito_context *context = cito_context_require("cito_call");
    if (context->coroutine && !callable->is_async)
        return call_on_pool(context, callable, args, result);
    if (context->parker && context->loop && callable->is_async)
        return cito_started_call(context, callable, args, result);
    return cito_context_invoke(context, callable, args, result);
}

void cito_call_in_threadpool(const cito_callable *callable, const void *args, void *result)
{
    cito_context *context = cito_context_require("cito_run_in_threadpool");
    const cito_exception *raised =
        context->coroutine ? call_on_pool(context, callable, args, result) : cito_context_invoke(context, callable, args, result);
    if (raised)
        cito_context_raise(raised);
    cito_coroutine_check(); /* it may have taken its time in spite of a time-out */
}

void cito_threadpool_run(cito_loop *loop, void (*work)(void *data), void *data)
{
    cito_context *context = cito_context_require("cito_threadpool_run");
    (void)loop;
    if (!context->coroutine) {
        work(data);
        return;
    }
    cito_pool_call call = { .work = work, .data = data };
    cito_pool_call_wait(&call, context, false);
}
