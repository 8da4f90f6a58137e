/* Lifespan: what runs before the first request and after the last: lifespans in two halves, start-up hooks, shutdown hooks.
 *
 * A lifespan is one coroutine with a lifetime of its own; in cito_lifespan_yield it stays suspended until shutdown, so its locals live through all
 * requests. Its lifetime's owner is a cito_request with no exchange, which is how cito_lifespan_yield knows where it is.
 * Invariants: halves are closed in the reverse order of their opening, also where a later one fails to start; what a hook allocates or defers lasts until
 * shutdown. Threading: the loop's thread, in coroutines. Source: FastAPI, "Lifespan Events"; Starlette's Router.lifespan. */
#include "base/log.h"
#include "web/web.h"
#include <stdlib.h>

typedef enum lifespan_phase { LIFESPAN_STARTING, LIFESPAN_YIELDED, LIFESPAN_STOPPING, LIFESPAN_ENDED } lifespan_phase;

typedef struct cito_lifespan {
    cito_request request; /* first; its exchange is NULL */
    const cito_callable *callable;
    lifespan_phase phase;
    bool raised;
    cito_coroutine *waiting; /* who started or stops it, while that one waits */
    cito_coroutine *inside;  /* the lifespan's own, while it is suspended in its middle */
    struct cito_lifespan *older;
} cito_lifespan;

/* In the caller's coroutine: until the lifespan has left the phase. */
static void wait_while(cito_lifespan *lifespan, lifespan_phase phase)
{
    while (lifespan->phase == phase) {
        lifespan->waiting = cito_context_require("the lifespan")->coroutine;
        cito_coroutine_suspend();
        lifespan->waiting = NULL;
    }
}

static void enter_phase(cito_lifespan *lifespan, lifespan_phase phase)
{
    lifespan->phase = phase;
    if (lifespan->waiting)
        cito_coroutine_resume(lifespan->waiting);
}

static void run_lifespan(void *data)
{
    cito_lifespan *lifespan = data;
    cito_lifetime *lifetime = cito_context_current->lifetime;
    void *args = cito_arena_take_zeroed(lifetime->arena, lifespan->callable->args_size);
    void *result = cito_arena_take_zeroed(lifetime->arena, lifespan->callable->result_size);
    const cito_exception *raised = cito_call(lifespan->callable, args, result);
    cito_web_log_raised("lifespan", lifespan->callable->name, raised);
    lifespan->raised = raised != NULL;
    if (!raised && lifespan->phase == LIFESPAN_STARTING)
        cito_log_write(CITO_LOG_ERROR, "lifespan %s returned without cito_lifespan_yield(); call it once, between start-up and shutdown",
                       lifespan->callable->name);
    cito_lifetime_finish(lifetime);
    enter_phase(lifespan, LIFESPAN_ENDED);
}

void cito_lifespan_yield(void)
{
    cito_context *context = cito_context_require("cito_lifespan_yield");
    cito_request *owner = context->lifetime->owner;
    if (!owner || owner->exchange || !context->coroutine)
        cito_raise(500, "cito_lifespan_yield belongs into a CITO_LIFESPAN");
    cito_lifespan *lifespan = (cito_lifespan *)(void *)owner;
    if (lifespan->phase != LIFESPAN_STARTING)
        cito_raise(500, "cito_lifespan_yield was called twice");
    lifespan->inside = context->coroutine;
    enter_phase(lifespan, LIFESPAN_YIELDED);
    while (lifespan->phase == LIFESPAN_YIELDED)
        cito_coroutine_suspend();
    lifespan->inside = NULL;
}

/* The first half. false: logged. */
static bool open_lifespan(cito_web *web, cito_loop *loop, const cito_callable *callable)
{
    if (!callable->is_async) {
        /* On a pool thread it would hold that one for as long as the process lives. */
        cito_log_write(CITO_LOG_ERROR, "%s:%d: lifespan %s must be declared with CITO_ASYNC_DEF", callable->file, callable->line,
                       callable->name);
        return false;
    }
    cito_lifespan *lifespan = calloc(1, sizeof *lifespan);
    if (!lifespan)
        cito_abort("out of memory: no %zu bytes for a lifespan", sizeof *lifespan);
    lifespan->callable = callable;
    lifespan->request.web = web;
    lifespan->request.lifetime = cito_lifetime_new(loop, &lifespan->request);
    cito_coroutine_spawn(loop, lifespan->request.lifetime, run_lifespan, lifespan);
    wait_while(lifespan, LIFESPAN_STARTING);
    if (lifespan->phase == LIFESPAN_ENDED) {
        free(lifespan);
        return false;
    }
    lifespan->older = web->running_lifespans;
    web->running_lifespans = lifespan;
    return true;
}

static void close_lifespans(cito_web *web)
{
    cito_lifespan *lifespan;
    while ((lifespan = web->running_lifespans)) {
        web->running_lifespans = lifespan->older;
        if (lifespan->phase == LIFESPAN_YIELDED) {
            lifespan->phase = LIFESPAN_STOPPING;
            cito_coroutine_resume(lifespan->inside);
            wait_while(lifespan, LIFESPAN_STOPPING);
        }
        free(lifespan);
    }
}

/* ---- hooks ------------------------------------------------------------------------------------------------------------------- */

typedef struct hook_run {
    const cito_callable_row *row;
    const char *what;
    cito_lifetime *lifetime;
    bool last; /* the lifetime ends with it */
    bool failed, ended;
    cito_coroutine *waiting;
} hook_run;

static void run_hooks(void *data)
{
    hook_run *run = data;
    for (size_t i = 0; i < run->row->count && !run->failed; i++) {
        const cito_callable *callable = run->row->items[i];
        void *args = cito_arena_take_zeroed(run->lifetime->arena, callable->args_size);
        void *result = cito_arena_take_zeroed(run->lifetime->arena, callable->result_size);
        const cito_exception *raised = cito_call(callable, args, result);
        cito_web_log_raised(run->what, callable->name, raised);
        run->failed = raised && !run->last; /* at the end each hook has its turn, whatever the one before it did */
    }
    if (run->last)
        cito_lifetime_finish(run->lifetime);
    run->ended = true;
    if (run->waiting)
        cito_coroutine_resume(run->waiting);
}

static bool call_hooks(cito_web *web, cito_loop *loop, const cito_callable_row *row, const char *what, bool last)
{
    hook_run run = { .row = row, .what = what, .lifetime = web->hooks_lifetime, .last = last };
    cito_coroutine_spawn(loop, run.lifetime, run_hooks, &run);
    while (!run.ended) {
        run.waiting = cito_context_require(what)->coroutine;
        cito_coroutine_suspend();
        run.waiting = NULL;
    }
    return !run.failed;
}

static const cito_callable_row no_hooks;

bool cito_web_startup(cito_application *application, cito_loop *loop)
{
    cito_web *web = (cito_web *)(void *)application;
    bool started = true;
    for (size_t i = 0; i < web->lifespans.count && started; i++)
        started = open_lifespan(web, loop, web->lifespans.items[i]);
    web->hooks_lifetime = cito_lifetime_new(loop, NULL);
    if (started)
        started = call_hooks(web, loop, &web->startups, "start-up hook", false);
    if (started) {
        if (web->process_started)
            web->process_started(web->process_data, loop);
        return true;
    }
    call_hooks(web, loop, &no_hooks, "shutdown hook", true);
    web->hooks_lifetime = NULL;
    close_lifespans(web);
    return false;
}

void cito_web_shutdown(cito_application *application, cito_loop *loop)
{
    cito_web *web = (cito_web *)(void *)application;
    if (web->process_stopping)
        web->process_stopping(web->process_data);
    call_hooks(web, loop, &web->shutdowns, "shutdown hook", true);
    web->hooks_lifetime = NULL;
    close_lifespans(web);
    cito_loop_close(loop);
}
