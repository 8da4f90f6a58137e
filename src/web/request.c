/* Requests: what handlers and parameters read of an exchange. What costs is made once, when first asked for.
 *
 * Invariant: what is kept in the request lives in memory of its lifetime, also where a pool thread asked for it: the pool call's memory goes to the
 * lifetime when it ends. Threading: the loop's thread, or a pool thread while its coroutine waits; the body is read on the loop in both cases. */
#include "web/request.h"
#include "http/cookie.h"
#include "web/web.h"
#include <string.h>

cito_str cito_request_method(const cito_request *request) { return request->exchange->scope.method; }
cito_str cito_request_path(const cito_request *request) { return request->exchange->scope.path; }
cito_str cito_request_query_string(const cito_request *request) { return request->exchange->scope.query_string; }
cito_str cito_request_scheme(const cito_request *request) { return request->exchange->scope.scheme; }
const char *cito_request_client_host(const cito_request *request) { return request->exchange->scope.client_host; }

cito_arena *cito_request_arena(const cito_request *request)
{
    const cito_context *context = cito_context_current;
    return context && context->lifetime == request->lifetime ? context->arena : request->lifetime->arena;
}

const cito_str *cito_request_header_at(const cito_request *request, cito_str name, size_t index)
{
    const cito_scope_http *scope = &request->exchange->scope;
    for (size_t i = 0; i < scope->header_count; i++)
        if (scope->headers[i].name.len == name.len && memcmp(scope->headers[i].name.data, name.data, name.len) == 0 && index-- == 0)
            return &scope->headers[i].value;
    return NULL;
}

const cito_str *cito_request_header(const cito_request *request, const char *name)
{
    char lower[256];
    size_t len = strlen(name);
    if (len >= sizeof lower)
        return NULL; /* no server takes a field of such a name */
    for (size_t i = 0; i < len; i++)
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
    return cito_request_header_at(request, (cito_str){ lower, len }, 0);
}

const cito_pairs *cito_request_query_pairs(cito_request *request)
{
    if (request->query)
        return request->query;
    cito_pairs *pairs = cito_web_take(cito_request_arena(request), sizeof *pairs);
    *pairs = (cito_pairs){ 0 };
    /* The request line's limit bounds their number; FastAPI knows no other. */
    cito_url_parse_query(cito_request_arena(request), request->exchange->scope.query_string, SIZE_MAX, pairs);
    return request->query = pairs;
}

const cito_pairs *cito_request_cookies(cito_request *request)
{
    if (request->cookies)
        return request->cookies;
    cito_pairs *all = cito_web_take(cito_request_arena(request), sizeof *all);
    *all = (cito_pairs){ 0 };
    const cito_str *header;
    /* HTTP/2 may send several fields (RFC 9113 section 8.2.3), and so do some clients of HTTP/1.1. */
    for (size_t i = 0; (header = cito_request_header_at(request, CITO_STR("cookie"), i)); i++) {
        cito_pairs pairs;
        cito_cookie_parse(cito_request_arena(request), *header, &pairs);
        if (!all->count) {
            *all = pairs;
            continue;
        }
        cito_pair *items = cito_web_take(cito_request_arena(request), (all->count + pairs.count) * sizeof *items);
        memcpy(items, all->items, all->count * sizeof *items);
        if (pairs.count)
            memcpy(items + all->count, pairs.items, pairs.count * sizeof *items);
        *all = (cito_pairs){ items, all->count + pairs.count };
    }
    return request->cookies = all;
}

static void read_body(void *data)
{
    cito_request *request = data;
    request->body = CITO_STR("");
    request->body_result = request->exchange->methods->read_body(request->exchange, &request->body);
    /* A time-out of the one who waited says nothing of the body: the next one asks again. */
    request->has_body = request->body_result != CITO_RECEIVE_CANCELLED;
}

cito_receive_result cito_request_read_body(cito_request *request, cito_str *out_body)
{
    if (!request->has_body)
        cito_request_run_on_loop(request, read_body, request);
    *out_body = request->body;
    return request->body_result;
}

cito_str cito_request_body(cito_request *request)
{
    cito_str body;
    switch (cito_request_read_body(request, &body)) {
    case CITO_RECEIVE_OK:
        break;
    case CITO_RECEIVE_TOO_LARGE:
        cito_raise(413, "The body is larger than this server accepts");
    case CITO_RECEIVE_BROKEN:
        cito_raise(400, "There was an error parsing the body");
    case CITO_RECEIVE_DISCONNECTED:
        cito_raise(499, "the client has gone");
    case CITO_RECEIVE_CANCELLED:
        cito_coroutine_check();
        cito_raise(499, "the client has gone");
    }
    return body;
}

const cito_form *cito_request_form(cito_request *request, const char **out_error)
{
    cito_str body;
    *out_error = NULL;
    if (request->form)
        return request->form;
    if (cito_request_read_body(request, &body) != CITO_RECEIVE_OK) {
        *out_error = "There was an error parsing the body";
        return NULL;
    }
    const cito_str *content_type = cito_request_header_at(request, CITO_STR("content-type"), 0);
    cito_form *form = cito_web_take(cito_request_arena(request), sizeof *form);
    *form = (cito_form){ 0 };
    *out_error = cito_form_parse(cito_request_arena(request), content_type ? *content_type : CITO_STR(""), body, NULL, form);
    if (*out_error)
        return NULL;
    return request->form = form;
}
