/* Web: the state of a cito_web and what its files tell each other. Not for other layers: those see web/app.h.
 *
 * Thread rule: as app.h. */
#pragma once
#include "loop/loop.h"
#include "web/app.h"

typedef struct cito_callable_row {
    const cito_callable **items;
    size_t count;
} cito_callable_row;

typedef struct cito_exception_handler {
    int status;
    const cito_callable *callable;
} cito_exception_handler;

struct cito_web {
    cito_application application; /* first: the server knows only this */
    cito_route_tree *routes;
    bool redirect_slashes;
    cito_str root_path; /* what a path may begin with before the routes' own; empty: nothing */
    cito_buffer scratch;
    cito_callable_row middleware, lifespans, startups, shutdowns;
    cito_exception_handler *handlers;
    size_t handler_count;
    void (*process_started)(void *data, cito_loop *);
    void (*process_stopping)(void *data);
    void *process_data;
    struct cito_lifespan *running_lifespans; /* the newest first */
    cito_lifetime *hooks_lifetime;           /* of the start-up and shutdown hooks; NULL before the start */
};

/* What a request without an endpoint is answered; a request with one has status 0. */
typedef struct cito_verdict {
    int status; /* 404, 405, 307 */
    cito_str allow, location;
} cito_verdict;

/* A request and what belongs to it, taken from the arena in one piece. */
typedef struct cito_web_request {
    cito_request request; /* first */
    cito_route_match match;
    cito_verdict verdict;
    cito_response *unhandled; /* the 500 that is made outside of all middleware */
} cito_web_request;

/* Memory that the library itself needs for an answer: given also past the arena's limit, for a request that has used up its memory must still be answered.
 * Never NULL. Only for sizes that what is there already bounds. */
static inline void *cito_web_take(cito_arena *arena, size_t size)
{
    void *taken = cito_arena_take(arena, size);
    if (__builtin_expect(taken != NULL, 1))
        return taken;
    size_t limit = arena->limit;
    arena->limit = 0;
    taken = cito_arena_take(arena, size);
    arena->limit = limit;
    return taken;
}

static inline cito_web_request *cito_web_request_of(cito_request *request) { return (cito_web_request *)(void *)request; }

/* ---- exception.c ---- */
const cito_callable *cito_web_handler_of(const cito_web *, int status);
/* An error line "what name raised 404: Not Found"; nothing for NULL. */
void cito_web_log_raised(const char *what, const char *name, const cito_exception *);
/* {"detail": …}; NULL detail: the status's phrase. Without content where the status has none. */
cito_response *cito_web_detail_response(cito_request *, int status, const cito_value *detail);

/* ---- app.c ---- */
/* Of a path as it came, what the routes know: without the root path, where it begins with that and a proxy has not taken it off. May be empty. */
cito_str cito_web_route_path(const cito_web *, const cito_scope_http *, cito_str path);

/* ---- redirect.c ---- */
/* Whether a route of any method has the path with one slash more, or with all slashes at its end less; then the Location for it. */
bool cito_web_slash_location(cito_request *, cito_str *out_location);

/* ---- middleware.c ---- */
/* The whole way of a request: all middleware and, inside of it, the endpoint or the verdict. NULL: nobody is there to answer. */
cito_response *cito_web_run_chain(cito_request *);
/* The answer without middleware. */
cito_response *cito_web_run_inner(cito_request *);
/* Calls (response; request), whatever the order of its parameters. *out_response is NULL where it raised or gave none. */
const cito_exception *cito_web_call_with_request(cito_request *, const cito_callable *, cito_response **out_response);
/* run(data) on the loop's thread: at once there; from a pool thread in a coroutine of the request's, while the pool thread waits. run does not raise. */
void cito_request_run_on_loop(cito_request *, void (*run)(void *data), void *data);

/* ---- background.c ---- */
void cito_background_run(cito_background *);

/* ---- lifespan.c ---- */
bool cito_web_startup(cito_application *, cito_loop *);
void cito_web_shutdown(cito_application *, cito_loop *);
