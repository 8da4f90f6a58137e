/* The web application: handle() decides in the loop's callback what can be decided without waiting, and gives the rest to a coroutine.
 *
 * Invariants: each exchange is finished exactly once, after its background work and its clean-ups; an exchange is answered at most once; a request is in
 * its lifetime's arena and ends with finish().
 * Threading: the loop's thread. */
#include "web/app.h"
#include "base/log.h"
#include "web/web.h"
#include <stdlib.h>
#include <string.h>

static void handle(cito_application *, cito_exchange *);
static void free_application(cito_application *application) { cito_web_free((cito_web *)(void *)application); }

cito_web *cito_web_new(void)
{
    cito_web *web = calloc(1, sizeof *web);
    if (!web)
        cito_abort("out of memory: no %zu bytes for an application", sizeof *web);
    web->application =
        (cito_application){ .handle = handle, .startup = cito_web_startup, .shutdown = cito_web_shutdown, .free = free_application };
    web->routes = cito_route_tree_new();
    web->redirect_slashes = true;
    cito_buffer_init(&web->scratch);
    return web;
}

void cito_web_free(cito_web *web)
{
    if (!web)
        return;
    cito_route_tree_free(web->routes);
    cito_buffer_finish(&web->scratch);
    free(web->middleware.items);
    free(web->lifespans.items);
    free(web->startups.items);
    free(web->shutdowns.items);
    free(web->handlers);
    free(web);
}

cito_application *cito_web_application(cito_web *web) { return &web->application; }

const char *cito_web_add_route(cito_web *web, const char *methods, const char *path, cito_endpoint *endpoint)
{
    return cito_route_tree_add(web->routes, methods, path, endpoint);
}

void cito_web_redirect_slashes(cito_web *web, bool on) { web->redirect_slashes = on; }

void cito_web_set_root_path(cito_web *web, const char *root_path)
{
    web->root_path = root_path ? (cito_str){ root_path, strlen(root_path) } : CITO_STR("");
}

cito_str cito_web_route_path(const cito_web *web, const cito_scope_http *scope, cito_str path)
{
    cito_str root = web->root_path;
    if (!root.len || scope->root_path || path.len < root.len || memcmp(path.data, root.data, root.len) != 0)
        return path;
    bool ends = path.len == root.len || path.data[root.len] == '/'; /* /apix is not below /api */
    return ends ? (cito_str){ path.data + root.len, path.len - root.len } : path;
}

static void *grown(void *items, size_t count, size_t item_size)
{
    void *more = reallocarray(items, count + 1, item_size);
    if (!more)
        cito_abort("out of memory: no room for %zu declarations", count + 1);
    return more;
}

static void row_add(cito_callable_row *row, const cito_callable *callable)
{
    row->items = grown(row->items, row->count, sizeof *row->items);
    row->items[row->count++] = callable;
}

void cito_web_add_middleware(cito_web *web, const cito_callable *callable) { row_add(&web->middleware, callable); }
void cito_web_add_lifespan(cito_web *web, const cito_callable *callable) { row_add(&web->lifespans, callable); }
void cito_web_add_startup(cito_web *web, const cito_callable *callable) { row_add(&web->startups, callable); }
void cito_web_add_shutdown(cito_web *web, const cito_callable *callable) { row_add(&web->shutdowns, callable); }

void cito_web_add_exception_handler(cito_web *web, int status, const cito_callable *callable)
{
    web->handlers = grown(web->handlers, web->handler_count, sizeof *web->handlers);
    web->handlers[web->handler_count++] = (cito_exception_handler){ status, callable };
}

void cito_web_set_process_hooks(cito_web *web, void (*started)(void *data, cito_loop *), void (*stopping)(void *data), void *data)
{
    web->process_started = started;
    web->process_stopping = stopping;
    web->process_data = data;
}

enum { SCRATCH_KEPT = 256 * 1024 }; /* bytes: a larger one is given back when the next answer is made */

cito_buffer *cito_web_scratch(cito_web *web)
{
    cito_buffer_reset(&web->scratch, SCRATCH_KEPT);
    return &web->scratch;
}

cito_str cito_web_scratch_body(cito_request *request, cito_buffer *scratch)
{
    if (request->web->middleware.count) {
        char *copy = cito_web_take(cito_request_arena(request), scratch->len + 1);
        if (scratch->len)
            memcpy(copy, scratch->data, scratch->len);
        copy[scratch->len] = '\0';
        return (cito_str){ copy, scratch->len };
    }
    return (cito_str){ scratch->len ? scratch->data : "", scratch->len };
}

/* ---- one request ------------------------------------------------------------------------------------------------------------ */

/* RFC 9110 sections 6.4.1, 15.3.5, 15.4.5: these have no content. */
static bool has_no_content(int status) { return status < 200 || status == 204 || status == 304; }

static void send_response(cito_exchange *exchange, const cito_response *response)
{
    cito_str body = has_no_content(response->status) ? (cito_str){ "", 0 } : response->body;
    exchange->methods->respond(exchange, response->status, response->headers, response->header_count, body);
}

/* The rest of a request's coroutine: its answer goes out, then what waits for that. */
static void run_request(void *data)
{
    cito_request *request = data;
    cito_exchange *exchange = request->exchange;
    cito_response *response = request->web->middleware.count ? cito_web_run_chain(request) : cito_web_run_inner(request);
    if (response) {
        send_response(exchange, response);
        if (request->background)
            cito_background_run(request->background);
    }
    cito_lifetime_clean_up(request->lifetime);
    exchange->methods->finish(exchange); /* the request is gone from here on */
}

/* No route takes the request: what to say, and whether that needs a coroutine. */
static bool decide(cito_request *request, cito_verdict *verdict)
{
    if (request->match->allow.len)
        *verdict = (cito_verdict){ .status = 405, .allow = request->match->allow };
    else if (request->web->redirect_slashes && cito_web_slash_location(request, &verdict->location))
        verdict->status = 307;
    else
        *verdict = (cito_verdict){ .status = 404 };
    return request->web->middleware.count || cito_web_handler_of(request->web, verdict->status);
}

static void handle(cito_application *application, cito_exchange *exchange)
{
    cito_web *web = (cito_web *)(void *)application;
    cito_web_request *made = cito_arena_take(exchange->lifetime->arena, sizeof *made);
    if (!made) {
        static const cito_header plain = { { "content-type", 12 }, { "text/plain; charset=utf-8", 25 } };
        cito_log_write(CITO_LOG_ERROR, "the memory limit of a request is too small for any request; raise --limit-request-memory");
        exchange->methods->respond(exchange, 500, &plain, 1, CITO_STR("Internal Server Error"));
        exchange->methods->finish(exchange);
        return;
    }
    cito_request *request = &made->request;
    *request = (cito_request){ .exchange = exchange, .web = web, .lifetime = exchange->lifetime, .match = &made->match };
    made->verdict.status = 0;
    made->unhandled = NULL;
    exchange->lifetime->owner = request;
    cito_str path = cito_web_route_path(web, &exchange->scope, exchange->scope.path);
    if (cito_route_tree_match(web->routes, exchange->scope.method, path, &made->match) || decide(request, &made->verdict)) {
        cito_coroutine_spawn(exchange->loop, exchange->lifetime, run_request, request);
        return;
    }
    const cito_response *response = cito_web_run_inner(request);
    if (response)
        send_response(exchange, response);
    exchange->methods->finish(exchange);
}
