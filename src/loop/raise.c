/* Raise: from user code back to the boundary that the library laid around its call. longjmp crosses only the program's frames: the library
 * catches at each call of user code and hands the exception on as a value.
 *
 * Invariants: context->boundary is the innermost call in progress on that context; a raise ends the scopes that are newer than it.
 * Threading: a context's own thread. */
#include "base/log.h"
#include "loop/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Noreturn void raise_to_boundary(cito_context *context, const cito_exception *raised)
{
    cito_boundary *boundary = context->boundary;
    if (!boundary)
        cito_abort("cito_raise with status %d outside of any callable: nothing there can catch it. Call the function that raises with "
                   "cito_catch, or test it through cito_test_client_new.",
                   raised->status_code);
    cito_scopes_end(context, boundary->scopes);
    boundary->raised = raised;
    longjmp(boundary->place, 1);
}

void cito_context_raise(const cito_exception *raised) { raise_to_boundary(cito_context_require("cito_raise"), raised); }

static void boundary_begin(cito_context *context, cito_boundary *boundary, const cito_callable *running)
{
    boundary->outer = context->boundary;
    boundary->scopes = context->scopes;
    boundary->running = context->running;
    boundary->raised = NULL;
    context->boundary = boundary;
    context->running = running;
    if (context->coroutine)
        __atomic_store_n(&context->loop->watch.running, running, __ATOMIC_RELAXED);
}

static const cito_exception *boundary_end(cito_context *context, cito_boundary *boundary)
{
    if (context->coroutine) {
        cito_watch_check(context->loop);
        if (boundary->running)
            __atomic_store_n(&context->loop->watch.running, boundary->running, __ATOMIC_RELAXED);
    }
    context->boundary = boundary->outer;
    context->running = boundary->running;
    return boundary->raised;
}

/* setjmp lies in functions whose parameters nobody changes: C17 7.13.2.1 leaves changed locals undefined after a longjmp. */
const cito_exception *cito_context_invoke(cito_context *context, const cito_callable *callable, const void *args, void *result)
{
    cito_boundary boundary;
    boundary_begin(context, &boundary, callable);
    if (_setjmp(boundary.place) == 0)
        callable->invoke(args, result);
    return boundary_end(context, &boundary);
}

const cito_exception *cito_context_protect(cito_context *context, const cito_callable *running, void (*run)(void *data), void *data)
{
    cito_boundary boundary;
    boundary_begin(context, &boundary, running);
    if (_setjmp(boundary.place) == 0)
        run(data);
    return boundary_end(context, &boundary);
}

const cito_exception *cito_catch_call(const cito_callable *callable, const void *args, void *result)
{
    cito_context *context = cito_context_require("cito_catch");
    /* Outside of a loop nobody sets the running context, and the callable's own raise has to find this boundary. */
    return cito_context_invoke(context, callable, args, result);
}

static const char *copy_chars(const char *chars) { return chars ? cito_string(chars).data : NULL; }

void cito_raise_exception(const cito_exception *exception)
{
    cito_context *context = cito_context_require("cito_raise_with");
    cito_exception *raised = cito_alloc(sizeof *raised);
    *raised = *exception;
    for (size_t i = 0; i < sizeof raised->headers / sizeof *raised->headers; i++) {
        raised->headers[i][0] = copy_chars(exception->headers[i][0]);
        raised->headers[i][1] = copy_chars(exception->headers[i][1]);
    }
    raise_to_boundary(context, raised);
}

void cito_raise_model(const cito_type *kind, const void *model)
{
    cito_context *context = cito_context_require("cito_raise_as");
    cito_exception *raised = cito_alloc(sizeof *raised);
    *raised = (cito_exception){ .status_code = 500, .kind = kind, .model = cito_copy(model, kind->size) };
    raise_to_boundary(context, raised);
}

/* Each file that includes the declaration has a descriptor of its own: the place of the declaration tells which are one. */
const void *cito_exception_model(const cito_exception *exception, const cito_type *kind)
{
    const cito_type *raised = exception ? exception->kind : NULL;
    if (!raised)
        return NULL;
    bool same =
        raised == kind || (raised->line == kind->line && strcmp(raised->name, kind->name) == 0 && strcmp(raised->file, kind->file) == 0);
    return same ? exception->model : NULL;
}

void cito_raise_format(int status_code, const char *format, ...)
{
    cito_context *context = cito_context_require("cito_raise");
    if (!context->boundary)
        raise_to_boundary(context, &(cito_exception){ .status_code = status_code });
    cito_exception *raised = cito_alloc(sizeof *raised);
    raised->status_code = status_code;
    va_list arguments;
    va_start(arguments, format);
    int len = format ? vsnprintf(NULL, 0, format, arguments) : 0;
    va_end(arguments);
    if (len > 0) {
        char *text = cito_alloc((size_t)len + 1);
        va_start(arguments, format);
        vsnprintf(text, (size_t)len + 1, format, arguments);
        va_end(arguments);
        raised->detail = cito_value_of_str((cito_str){ text, (size_t)len });
    }
    raise_to_boundary(context, raised);
}

/* ---- interrupts -------------------------------------------------------------------------------------------------------------- */
static bool is_cancelled(const cito_context *context)
{
    if (!context->coroutine)
        return false;
    return (context->started && context->started->cancelled) || (!context->shielded && context->lifetime && context->lifetime->cancelled);
}

unsigned cito_interrupts_of(const cito_context *context, double *out_after_s)
{
    unsigned interrupts = __atomic_load_n(&context->interrupts, __ATOMIC_ACQUIRE);
    if (interrupts & CITO_INTERRUPT_TIMEOUT)
        *out_after_s = context->interrupted_after_s;
    uint64_t now_ns = 0;
    for (const struct cito_open_scope *scope = context->scopes; scope; scope = scope->outer) {
        if (scope->kind != CITO_SCOPE_TIMEOUT)
            continue;
        if (context->parker && !now_ns)
            now_ns = cito_deadline_after(0);
        if (scope->expired || (context->parker && scope->deadline_ns <= now_ns)) {
            *out_after_s = scope->seconds;
            interrupts |= CITO_INTERRUPT_TIMEOUT;
            break; /* the innermost is the one to name */
        }
    }
    return is_cancelled(context) ? interrupts | CITO_INTERRUPT_CANCEL : interrupts;
}

typedef struct interrupt_text {
    unsigned interrupts;
    double after_s;
} interrupt_text;

static void raise_interrupt(void *data)
{
    const interrupt_text *text = data;
    if (text->interrupts & CITO_INTERRUPT_CANCEL)
        cito_raise(499, "Client Closed Request: what waited was cancelled");
    cito_raise(504, "Gateway Timeout: not done within %g s", text->after_s);
}

const cito_exception *cito_interrupts_exception(cito_context *context, unsigned interrupts, double after_s)
{
    return cito_context_protect(context, context->running, raise_interrupt, &(interrupt_text){ interrupts, after_s });
}

void cito_coroutine_check(void)
{
    cito_context *context = cito_context_require("cito_coroutine_check");
    double after_s = 0;
    unsigned interrupts = cito_interrupts_of(context, &after_s);
    if (interrupts)
        raise_interrupt(&(interrupt_text){ interrupts, after_s });
}
