/* Middleware: the chain around the endpoint, outermost first, and cito_call_next, the way inwards.
 *
 * Invariants: step->inside says how many middleware lie inside of the running one. An unforeseen error passes through all of them as a raise and is
 * answered outside; what a middleware itself raises is answered in its place, so that those outside of it see an answer.
 * Threading: the chain runs in the request's coroutine. A middleware that is no coroutine (CITO_DEF) runs on a pool thread; what lies inside of it runs
 * in a further coroutine of the request's on the loop while the pool thread waits. */
#include "base/log.h"
#include "web/web.h"
#include <string.h>

struct cito_middleware_step {
    size_t inside;
};

const cito_exception *cito_web_call_with_request(cito_request *request, const cito_callable *callable, cito_response **out_response)
{
    char args[64] __attribute__((aligned(16)));
    void *space = callable->args_size <= sizeof args ? args : cito_web_take(cito_request_arena(request), callable->args_size);
    memset(space, 0, callable->args_size);
    *out_response = NULL;
    for (size_t i = 0; i < callable->param_count; i++)
        if (callable->params[i].type == cito_t_request)
            memcpy((char *)space + callable->params[i].offset, &request, sizeof request);
    const cito_exception *raised = cito_call(callable, space, out_response);
    if (raised)
        *out_response = NULL;
    return raised;
}

cito_response *cito_web_run_inner(cito_request *request)
{
    const cito_verdict *verdict = &cito_web_request_of(request)->verdict;
    if (!verdict->status) {
        cito_endpoint *endpoint = request->match->target;
        return endpoint->run(endpoint, request);
    }
    if (verdict->status != 307)
        return cito_web_exception_response(
            request, &(cito_exception){ .status_code = verdict->status,
                                        .headers = { { verdict->allow.len ? "allow" : NULL, verdict->allow.data } } });
    cito_response *response = cito_response_create(cito_request_arena(request), 307, NULL, CITO_STR(""));
    cito_response_set_header(response, "location", verdict->location);
    return response;
}

/* The answer of all that lies inside of the outermost `inside` middleware. */
static cito_response *run_from(cito_request *request, size_t inside)
{
    if (inside == 0)
        return cito_web_run_inner(request);
    const cito_callable *middleware = request->web->middleware.items[inside - 1];
    request->step->inside = inside - 1;
    cito_response *response;
    const cito_exception *raised = cito_web_call_with_request(request, middleware, &response);
    if (response) {
        cito_web_request_of(request)->unhandled = NULL; /* it was handled: the middleware made an answer all the same */
        return response;
    }
    if (cito_web_request_of(request)->unhandled)
        return cito_web_request_of(request)->unhandled;
    if (request->lifetime->cancelled)
        return NULL;
    if (raised)
        return cito_web_exception_response(request, raised);
    cito_log_write(CITO_LOG_ERROR, "middleware %s gave no response; return what cito_call_next(request) gave", middleware->name);
    return cito_web_exception_response(request, NULL);
}

cito_response *cito_web_run_chain(cito_request *request)
{
    struct cito_middleware_step step = { request->web->middleware.count };
    request->step = &step;
    cito_response *response = run_from(request, step.inside);
    request->step = NULL;
    return response;
}

/* ---- from a pool thread ------------------------------------------------------------------------------------------------------ */

typedef struct crossing {
    cito_request *request;
    void (*run)(void *data);
    void *data;
    uv_sem_t done;
} crossing;

static void run_crossing(void *data)
{
    crossing *over = data;
    over->run(over->data);
    uv_sem_post(&over->done); /* the last touch: over is on the pool thread's stack */
}

static void arrive(void *data)
{
    crossing *over = data;
    cito_coroutine_spawn(over->request->exchange->loop, over->request->lifetime, run_crossing, over);
}

void cito_request_run_on_loop(cito_request *request, void (*run)(void *data), void *data)
{
    if (!cito_context_current || cito_context_current->coroutine) {
        run(data);
        return;
    }
    crossing over = { .request = request, .run = run, .data = data };
    if (uv_sem_init(&over.done, 0) != 0)
        cito_abort("no semaphore to wait for the loop with");
    cito_loop *loop = request->exchange->loop;
    cito_threadpool_lend(loop); /* the endpoint may need a thread of the pool, and all of them may stand here */
    cito_loop_post(loop, arrive, &over);
    uv_sem_wait(&over.done);
    cito_threadpool_take_back(loop);
    uv_sem_destroy(&over.done);
}

typedef struct next_call {
    cito_request *request;
    cito_response *response;
} next_call;

static void run_next(void *data)
{
    next_call *call = data;
    size_t inside = call->request->step->inside;
    call->response = run_from(call->request, inside);
    call->request->step->inside = inside;
}

cito_response *cito_call_next(cito_request *request)
{
    if (!request->step)
        cito_raise(500, "cito_call_next belongs into a CITO_MIDDLEWARE");
    next_call call = { .request = request };
    cito_request_run_on_loop(request, run_next, &call);
    if (!call.response)
        cito_raise(499, "the client has gone");
    if (cito_web_request_of(request)->unhandled)
        cito_raise(500, "an error that nobody handles");
    return call.response;
}
