/* The web application: implements http/app.h over a route tree, middleware and exception handlers. What a route does is its endpoint's (src/api).
 *
 * One request: match; 404, 405 and slash redirects are answered on the spot; else a coroutine of the exchange's lifetime runs the middleware, outermost first,
 * and inside of them the endpoint; the answer is sent; background work and clean-ups run; the exchange is finished.
 * Thread rule: built by one thread at start; then the loop's thread. Source: Starlette's applications.py and routing.py. */
#pragma once
#include "base/buffer.h"
#include "web/request.h"
#include "web/response.h"
#include "web/router.h"
#include <cito/app.h>

typedef struct cito_endpoint cito_endpoint;
struct cito_endpoint {
    /* In the request's coroutine. Gives the answer; NULL where the client has gone. Does not raise. */
    cito_response *(*run)(cito_endpoint *, cito_request *);
};

cito_web *cito_web_new(void);
void cito_web_free(cito_web *);
cito_application *cito_web_application(cito_web *);
/* NULL or what is wrong. The endpoint is borrowed. */
const char *cito_web_add_route(cito_web *, const char *methods, const char *path, cito_endpoint *);
void cito_web_redirect_slashes(cito_web *, bool on);
/* The declared root path (borrowed; NULL: none): a path that begins with it is looked up without it, so that a proxy may leave it on. A request whose scope has a
 * root path of its own comes without, and is looked up as it is. Source: Starlette's get_route_path. */
void cito_web_set_root_path(cito_web *, const char *root_path);
/* The last added is the outermost; a callable (response; request). */
void cito_web_add_middleware(cito_web *, const cito_callable *);
/* In place of the answer to an error of that status (404, 405 and 500 of the web layer too). */
void cito_web_add_exception_handler(cito_web *, int status, const cito_callable *);
/* Hooks of the lifespan, in the order added: lifespans (two halves), start-ups, shutdowns. */
void cito_web_add_lifespan(cito_web *, const cito_callable *), cito_web_add_startup(cito_web *, const cito_callable *),
    cito_web_add_shutdown(cito_web *, const cito_callable *);
/* Called after the lifespan's first half in each process and before its second; api's hook for CITO_CACHED values. */
void cito_web_set_process_hooks(cito_web *, void (*started)(void *data, cito_loop *), void (*stopping)(void *data), void *data);

/* The answer to what a callable raised: its exception handler's, else {"detail": …} with its headers; an unknown error (NULL exception) is 500 as plain text,
 * "Internal Server Error". Runs in the request's coroutine. */
cito_response *cito_web_exception_response(cito_request *, const cito_exception *);
/* A buffer for making an answer's body, empty; its content must be copied or sent before the coroutine suspends. */
cito_buffer *cito_web_scratch(cito_web *);
/* The answer around the scratch buffer's content: copied into the request's memory only where something (middleware) may still suspend before it is sent. */
cito_str cito_web_scratch_body(cito_request *, cito_buffer *);
/* Background tasks (the word `background`): made when first asked for. */
cito_background *cito_request_background(cito_request *);
