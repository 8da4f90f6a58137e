/* On the loop. Invariant: run has ended when cito_run_on_loop returns or raises, so what data points at may lie on the caller's stack.
 * Threading: as on_loop.h. */
#include "tasks/on_loop.h"

typedef struct loop_work {
    void (*run)(cito_loop *, void *data);
    void *data;
    bool is_done;
} loop_work;

static void run_here(loop_work *work) { work->run(cito_context_current->loop, work->data); }

static void invoke(const void *args, void *result)
{
    (void)result;
    run_here(*(loop_work *const *)args);
}

/* An async callable, as the loop's layer takes a pool thread's calls to the loop. */
static const cito_callable callable = {
    .name = "tasks", .file = __FILE__, .line = __LINE__, .is_async = true, .args_size = sizeof(loop_work *), .invoke = invoke
};

static void run_outside(void *data)
{
    loop_work *work = data;
    run_here(work);
    work->is_done = true;
}

/* main, a script, a thread of the program's own: it keeps a loop for the next time, and with it the connection. */
static void run_on_own_loop(loop_work *work)
{
    static _Thread_local cito_loop *own;
    if (!own)
        own = cito_loop_new(&(cito_loop_options){ .slow_callback_ms = UINT32_MAX });
    cito_coroutine_spawn(own, NULL, run_outside, work);
    while (!work->is_done)
        cito_loop_run(own, UV_RUN_ONCE);
}

void cito_run_on_loop(void (*run)(cito_loop *, void *data), void *data)
{
    cito_context *context = cito_context_require("cito_delay");
    loop_work work = { run, data, false }, *args = &work;
    if (context->coroutine) {
        run_here(&work);
    } else if (context->loop) {
        const cito_exception *raised = cito_call(&callable, &args, NULL);
        if (raised)
            cito_context_raise(raised);
    } else {
        run_on_own_loop(&work);
    }
    cito_coroutine_check();
}
