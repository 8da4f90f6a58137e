/* Request: one exchange as handlers and parameters see it. What costs is made when first asked for and kept: query pairs, cookies, the form.
 * Thread rule: the loop's thread, or the pool thread that runs a callable of this request while its coroutine waits. */
#pragma once
#include "http/app.h"
#include "http/form.h"
#include "http/url.h"
#include "web/router.h"
#include <cito/web.h>

typedef struct cito_web cito_web;
struct cito_request {
    cito_exchange *exchange;
    cito_web *web;
    cito_lifetime *lifetime;
    const cito_route_match *match;
    cito_response *injected; /* what a (response, response) parameter is given: headers and status merged into the answer */
    cito_background *background;
    struct cito_middleware_step *step; /* where cito_call_next stands */
    const cito_pairs *query, *cookies;
    const cito_form *form;
    cito_str body;
    cito_receive_result body_result;
    bool has_body;
    void *endpoint_state; /* api's */
};

const cito_pairs *cito_request_query_pairs(cito_request *);
const cito_pairs *cito_request_cookies(cito_request *);
/* NULL and *out_error (FastAPI's detail text) where the body is no form; suspends for the body. */
const cito_form *cito_request_form(cito_request *, const char **out_error);
/* Suspends; the result as http/app.h says. */
cito_receive_result cito_request_read_body(cito_request *, cito_str *out_body);
/* All header fields of that name (lower case), in order: the n-th, NULL past the last. */
const cito_str *cito_request_header_at(const cito_request *, cito_str name, size_t index);
cito_arena *cito_request_arena(const cito_request *);
