/* Scope: what cito_with_timeout and cito_with_lock have open, innermost first, and how a raise or a jump out ends it.
 *
 * Invariants: a scope's record belongs to its context and is used again after its end; a coroutine's open time-out has a timer, a thread's is
 * looked at where the thread waits.
 * Threading: a context's own thread. */
#include "loop/state.h"

static void time_out_passed(cito_loop_timer *timer)
{
    struct cito_open_scope *scope = (struct cito_open_scope *)((char *)timer - offsetof(struct cito_open_scope, timer));
    scope->expired = true;
    cito_coroutine_interrupt(scope->context->coroutine);
}

struct cito_open_scope *cito_scope_open(cito_context *context, cito_scope_kind kind)
{
    struct cito_open_scope *scope = context->spare_scopes;
    if (scope)
        context->spare_scopes = scope->outer;
    else
        scope = cito_alloc(sizeof *scope);
    *scope = (struct cito_open_scope){ .outer = context->scopes, .kind = kind, .context = context };
    context->scopes = scope;
    return scope;
}

static void end_innermost(cito_context *context)
{
    struct cito_open_scope *scope = context->scopes;
    context->scopes = scope->outer;
    if (scope->kind == CITO_SCOPE_LOCK && scope->lock)
        cito_lock_release(scope->lock);
    else if (scope->kind == CITO_SCOPE_TIMEOUT && context->coroutine)
        cito_timer_unset(context->loop, &scope->timer);
    scope->outer = context->spare_scopes;
    context->spare_scopes = scope;
}

void cito_scopes_end(cito_context *context, const struct cito_open_scope *until)
{
    while (context->scopes != until)
        end_innermost(context);
}

void cito_scope_leave(struct cito_scope *left)
{
    cito_context *context = cito_context_require("cito_with_timeout");
    struct cito_open_scope *scope = context->scopes;
    while (scope && scope != left->held)
        scope = scope->outer;
    if (scope)
        cito_scopes_end(context, scope->outer);
    left->held = NULL;
}

uint64_t cito_context_next_deadline(const cito_context *context)
{
    uint64_t next_ns = UINT64_MAX;
    for (const struct cito_open_scope *scope = context->scopes; scope; scope = scope->outer)
        if (scope->kind == CITO_SCOPE_TIMEOUT && scope->deadline_ns < next_ns)
            next_ns = scope->deadline_ns;
    return next_ns;
}

struct cito_scope cito_timeout_enter(double seconds)
{
    cito_context *context = cito_context_require("cito_with_timeout");
    struct cito_open_scope *scope = cito_scope_open(context, CITO_SCOPE_TIMEOUT);
    scope->seconds = seconds;
    scope->deadline_ns = cito_deadline_after(seconds);
    scope->timer.fire = time_out_passed;
    if (!(seconds > 0))
        scope->expired = true;
    else if (context->coroutine)
        cito_timer_set(context->loop, &scope->timer, scope->deadline_ns);
    return (struct cito_scope){ scope };
}

void cito_timeout_leave(struct cito_scope *scope) { cito_scope_leave(scope); }
