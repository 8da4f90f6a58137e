/* Exceptions: what was raised becomes an answer: by the program's handler for its status, else {"detail": …}; what nobody foresaw is a plain 500.
 *
 * Invariant: an unforeseen error always has an answer, also where the handler for it fails; it is kept in the request so that no middleware sees it as an
 * answer of the endpoint. Threading: the loop's thread, in the request's coroutine where there is a handler.
 * Source: FastAPI, "Handling Errors"; Starlette's ServerErrorMiddleware, which stands outside of all others. */
#include "base/log.h"
#include "http/status.h"
#include "json/value.h"
#include "json/writer.h"
#include "web/web.h"
#include <string.h>

const cito_callable *cito_web_handler_of(const cito_web *web, int status)
{
    /* The last declared wins, as in a Python dict. */
    for (size_t i = web->handler_count; i-- > 0;)
        if (web->handlers[i].status == status)
            return web->handlers[i].callable;
    return NULL;
}

void cito_web_log_raised(const char *what, const char *name, const cito_exception *raised)
{
    if (!raised || !cito_log_is_on(CITO_LOG_ERROR))
        return;
    cito_buffer detail;
    cito_buffer_init(&detail);
    if (raised->detail)
        cito_value_write(&detail, raised->detail);
    else if (raised->kind)
        cito_buffer_append_format(&detail, "%s", raised->kind->name);
    else
        cito_buffer_append_format(&detail, "%s", cito_http_status_phrase(raised->status_code));
    cito_log_write(CITO_LOG_ERROR, "%s %s raised %d: %.*s", what, name, raised->status_code, (int)detail.len, detail.data);
    cito_buffer_finish(&detail);
}

cito_response *cito_web_detail_response(cito_request *request, int status, const cito_value *detail)
{
    if (status < 200 || status == 204 || status == 304)
        return cito_response_create(cito_request_arena(request), status, NULL, CITO_STR(""));
    cito_buffer *body = cito_web_scratch(request->web);
    cito_buffer_append_literal(body, "{\"detail\":");
    if (!detail) {
        const char *phrase = cito_http_status_phrase(status);
        cito_json_write_string(body, (cito_str){ phrase, strlen(phrase) });
    } else if (!cito_value_write(body, detail)) {
        cito_log_write(CITO_LOG_ERROR, "the detail of an exception holds a NaN or an infinity, which JSON cannot say");
        return cito_web_exception_response(request, NULL);
    }
    cito_buffer_append_char(body, '}');
    return cito_response_create(cito_request_arena(request), status, "application/json", cito_web_scratch_body(request, body));
}

/* The program's own answer to an error of that status; NULL where it has no handler or that one failed too. */
static cito_response *handled(cito_request *request, int status, bool *out_failed)
{
    const cito_callable *handler = cito_web_handler_of(request->web, status);
    cito_response *response = NULL;
    *out_failed = false;
    if (!handler)
        return NULL;
    const cito_exception *raised = cito_web_call_with_request(request, handler, &response);
    cito_web_log_raised("exception handler", handler->name, raised);
    if (!raised && !response)
        cito_log_write(CITO_LOG_ERROR, "exception handler %s gave no response", handler->name);
    *out_failed = !response;
    return response;
}

static cito_response *unhandled(cito_request *request, bool with_handler)
{
    bool failed;
    cito_response *response = with_handler ? handled(request, 500, &failed) : NULL;
    if (!response)
        response = cito_response_create(cito_request_arena(request), 500, "text/plain; charset=utf-8", CITO_STR("Internal Server Error"));
    return cito_web_request_of(request)->unhandled = response;
}

cito_response *cito_web_exception_response(cito_request *request, const cito_exception *exception)
{
    if (!exception)
        return unhandled(request, true);
    if (request->lifetime->cancelled)
        return NULL;       /* nobody is there to answer */
    if (exception->kind) { /* of the program's own, and no handler is for it */
        cito_log_write(CITO_LOG_ERROR, "%s was raised for %s %s, and nothing answers it", exception->kind->name,
                       cito_request_method(request).data, cito_request_path(request).data);
        return unhandled(request, true);
    }
    bool failed;
    cito_response *response = handled(request, exception->status_code, &failed);
    if (failed)
        return unhandled(request, exception->status_code != 500);
    if (response)
        return response;
    response = cito_web_detail_response(request, exception->status_code, exception->detail);
    for (size_t i = 0; i < sizeof exception->headers / sizeof *exception->headers && exception->headers[i][0]; i++) {
        const char *value = exception->headers[i][1];
        cito_response_set_header(response, exception->headers[i][0], (cito_str){ value ? value : "", value ? strlen(value) : 0 });
    }
    return response;
}
