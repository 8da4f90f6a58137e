/* Lifetime: a request's memory, its clean-ups and all that runs for it, pooled with its first block of memory.
 *
 * Invariants: when it is dropped nothing runs for it but, at most, the coroutine that drops it. Clean-ups run newest first, each on the side
 * that registered it; one that raises is logged and does not keep the others from running.
 * Threading: the loop's thread; cito_defer on the context's. */
#include "base/log.h"
#include "loop/state.h"

#include <stdlib.h>

enum { POOLED_LIFETIMES = 256 };

typedef struct pooled_lifetime {
    cito_lifetime lifetime;
    cito_arena arena;
} pooled_lifetime;

cito_lifetime *cito_lifetime_new(cito_loop *loop, void *owner)
{
    cito_lifetime *lifetime = loop->lifetimes;
    if (lifetime) {
        loop->lifetimes = lifetime->next;
        loop->lifetime_count--;
    } else {
        pooled_lifetime *pooled = malloc(sizeof *pooled);
        if (!pooled)
            cito_abort("out of memory: no %zu bytes for a request", sizeof *pooled);
        cito_arena_init(&pooled->arena, loop->memory_limit);
        lifetime = &pooled->lifetime;
    }
    *lifetime = (cito_lifetime){ .loop = loop, .arena = &((pooled_lifetime *)lifetime)->arena, .owner = owner };
    return lifetime;
}

static void lifetime_free(cito_lifetime *lifetime)
{
    cito_arena_finish(lifetime->arena);
    free(lifetime);
}

void cito_lifetimes_free(cito_loop *loop)
{
    while (loop->lifetimes) {
        cito_lifetime *lifetime = loop->lifetimes;
        loop->lifetimes = lifetime->next;
        lifetime_free(lifetime);
    }
}

/* Who drops its own lifetime goes on without one: an arena in which nothing has room. */
static void leave_lifetime(cito_lifetime *lifetime)
{
    static cito_arena nothing = { .limit = 1 };
    cito_coroutine *coroutine = lifetime->coroutines;
    if (!coroutine)
        return;
    if (coroutine->lifetime_next || !cito_context_current || cito_context_current->coroutine != coroutine)
        cito_abort("a lifetime is dropped while a coroutine of it still waits");
    cito_coroutine_detach(coroutine);
    coroutine->context.lifetime = NULL;
    coroutine->context.arena = &nothing;
    coroutine->context.spare_scopes = NULL;
}

void cito_lifetime_drop(cito_lifetime *lifetime)
{
    cito_loop *loop = lifetime->loop;
    leave_lifetime(lifetime);
    if (loop->lifetime_count >= POOLED_LIFETIMES) {
        lifetime_free(lifetime);
        return;
    }
    cito_arena_reset(lifetime->arena);
    lifetime->next = loop->lifetimes;
    loop->lifetimes = lifetime;
    loop->lifetime_count++;
}

void cito_lifetime_cancel(cito_lifetime *lifetime)
{
    if (lifetime->cancelled)
        return;
    lifetime->cancelled = true;
    for (cito_coroutine *coroutine = lifetime->coroutines; coroutine; coroutine = coroutine->lifetime_next)
        cito_coroutine_interrupt(coroutine);
    cito_started_cancel_running(lifetime);
}

/* ---- clean-ups --------------------------------------------------------------------------------------------------------------- */
static bool is_pool_context(const cito_context *context) { return context->parker && context->loop; }

static cito_deferred *add_deferred(cito_context *context)
{
    cito_deferred *deferred = cito_arena_take(context->arena, sizeof *deferred);
    if (!deferred)
        return NULL;
    *deferred = (cito_deferred){ .callable = context->running, .on_pool = is_pool_context(context), .next = *context->deferred };
    return *context->deferred = deferred;
}

void cito_defer(void (*cleanup)(void *), void *data)
{
    cito_deferred *deferred = add_deferred(cito_context_require("cito_defer"));
    if (!deferred) { /* what the caller holds must not be lost with the raise */
        cleanup(data);
        cito_raise_with(.status_code = 413);
    }
    deferred->cleanup = cleanup;
    deferred->data = data;
}

void cito_on_raise(void (*handler)(const cito_exception *, void *), void *data)
{
    cito_deferred *deferred = add_deferred(cito_context_require("cito_on_raise"));
    if (!deferred)
        cito_raise_with(.status_code = 413);
    deferred->on_raise = handler;
    deferred->data = data;
}

static void report_raise(const cito_deferred *deferred, const cito_exception *raised)
{
    const cito_callable *callable = deferred->callable;
    cito_str text = cito_value_string(raised->detail);
    if (callable)
        cito_log_write(CITO_LOG_ERROR, "a clean-up that %s (%s:%d) deferred raised %d %.*s", callable->name, callable->file, callable->line,
                       raised->status_code, (int)text.len, text.data ? text.data : "");
    else
        cito_log_write(CITO_LOG_ERROR, "a deferred clean-up raised %d %.*s", raised->status_code, (int)text.len,
                       text.data ? text.data : "");
}

void cito_deferred_run(cito_context *context)
{
    cito_deferred *deferred;
    while ((deferred = *context->deferred) && deferred->on_pool == is_pool_context(context)) {
        *context->deferred = deferred->next;
        if (!deferred->cleanup)
            continue; /* of cito_on_raise: nothing was raised, or it had its turn */
        const cito_exception *raised = cito_context_protect(context, deferred->callable, deferred->cleanup, deferred->data);
        if (raised)
            report_raise(deferred, raised);
    }
}

static void run_batch(void *data)
{
    cito_context *context = cito_context_current;
    *context->deferred = data;
    cito_deferred_run(context);
}

/* All that come next and belong to the pool, in one hop. */
static void run_on_pool(cito_lifetime *lifetime)
{
    cito_deferred *first = lifetime->deferred, *last = first;
    while (last->next && last->next->on_pool)
        last = last->next;
    lifetime->deferred = last->next;
    last->next = NULL;
    cito_threadpool_run(lifetime->loop, run_batch, first);
}

/* One handler of cito_on_raise and what it is given; then what it raised in its place. */
typedef struct raise_turn {
    const cito_deferred *deferred;
    void (*handler)(const cito_exception *, void *data);
    const cito_exception *raised;
} raise_turn;

static void call_handler(void *data)
{
    const raise_turn *turn = data;
    turn->handler(turn->raised, turn->deferred->data);
}

static void take_turn(void *data)
{
    raise_turn *turn = data;
    const cito_exception *instead = cito_context_protect(cito_context_current, turn->deferred->callable, call_handler, turn);
    if (instead)
        turn->raised = instead;
}

const cito_exception *cito_lifetime_raised(cito_lifetime *lifetime, const cito_exception *raised)
{
    raise_turn turn = { .raised = raised };
    for (cito_deferred *deferred = lifetime->deferred; deferred; deferred = deferred->next) {
        if (!deferred->on_raise)
            continue;
        turn.deferred = deferred;
        turn.handler = deferred->on_raise;
        deferred->on_raise = NULL;
        if (deferred->on_pool)
            cito_threadpool_run(lifetime->loop, take_turn, &turn);
        else
            take_turn(&turn);
    }
    return turn.raised;
}

void cito_lifetime_clean_up(cito_lifetime *lifetime)
{
    cito_context *context = cito_context_current;
    if (!lifetime->started && !lifetime->deferred)
        return;
    if (!context || !context->coroutine)
        cito_abort("cito_lifetime_finish outside of a coroutine: clean-ups may wait");
    cito_context outer = *context;
    context->lifetime = lifetime;
    context->arena = lifetime->arena;
    context->deferred = &lifetime->deferred;
    context->spare_scopes = NULL; /* records of the one lifetime must not get into the other's list */
    context->shielded = true;
    while (lifetime->started || lifetime->deferred) {
        if (lifetime->started)
            cito_started_end_all(lifetime);
        else if (lifetime->deferred->on_pool)
            run_on_pool(lifetime);
        else
            cito_deferred_run(context);
    }
    context->lifetime = outer.lifetime;
    context->arena = outer.arena;
    context->deferred = outer.deferred;
    context->shielded = outer.shielded;
    context->spare_scopes = outer.spare_scopes;
}

void cito_lifetime_finish(cito_lifetime *lifetime)
{
    cito_lifetime_clean_up(lifetime);
    cito_lifetime_drop(lifetime);
}
