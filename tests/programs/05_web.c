/* Later issues bring cito_file_response; yields(T), server_sent_event, cito_yield and cito_class_event_source; CITO_WEBSOCKET, the word websocket and cito_websocket_….
 * The three operations that need them are left out. */
#include <cito.h>

CITO_APP(app);

CITO_LIFESPAN(app)
CITO_ASYNC_DEF(none, lifespan)
{
    cito_log("info", "worker %d opens its pools", cito_worker_id());
    cito_lifespan_yield();
    cito_log("info", "worker %d closes them", cito_worker_id());
}

CITO_MIDDLEWARE(app)
CITO_ASYNC_DEF(response, add_process_time, (request, request))
{
    double start = cito_now();
    cito_response *response = cito_call_next(request);
    cito_response_set_header(response, "X-Process-Time", cito_format("%.6f", cito_now() - start));
    return response;
}

CITO_EXCEPTION_HANDLER(app, 404)
CITO_DEF(response, not_found, (request, request))
{
    return cito_json_response(cito_object("oops", cito_request_path(request)), .status_code = 404);
}

CITO_GET(app, "/page")
CITO_DEF(response, page) { return cito_html_response(cito_string("<h1>Hello</h1>")); }

CITO_GET(app, "/cookie")
CITO_DEF(any, cookie, (response, response))
{
    cito_response_set_cookie(response, .name = "session", .value = cito_string("abc"), .http_only = true, .same_site = "lax");
    cito_response_set_status(response, 201);
    return cito_object("message", "Come to the dark side, we have cookies");
}

CITO_ROUTER(users, .prefix = "/users", .tags = {"users"});

CITO_GET(users, "/{name}")
CITO_DEF(any, read_user, (str, name)) { return cito_object("name", name); }

CITO_INCLUDE_ROUTER(app, users, "/v1")
CITO_MAIN(app)
