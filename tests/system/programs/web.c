/* Middleware, handlers of errors, responses of one's own, cookies, forms, background work. */
#include <cito.h>

CITO_APP(app);

CITO_MIDDLEWARE(app)
CITO_ASYNC_DEF(response, inner, (request, request))
{
    cito_response *response = cito_call_next(request);
    cito_response_append_header(response, "X-Order", cito_string("inner"));
    return response;
}

CITO_MIDDLEWARE(app)
CITO_ASYNC_DEF(response, outer, (request, request))
{
    if (cito_str_equal(cito_request_path(request), "/stopped"))
        return cito_text_response(cito_string("stopped"), .status_code = 403);
    cito_response *response = cito_call_next(request);
    cito_response_append_header(response, "X-Order", cito_string("outer"));
    return response;
}

CITO_EXCEPTION_HANDLER(app, 404)
CITO_DEF(response, not_found, (request, request))
{
    return cito_json_response(cito_object("oops", cito_request_path(request)), .status_code = 404);
}

CITO_GET(app, "/page")
CITO_DEF(response, page)
{
    return cito_html_response(cito_string("<h1>Hello</h1>"), .headers = { { "X-Page", "1" } });
}

CITO_GET(app, "/moved")
CITO_DEF(response, moved)
{
    return cito_redirect_response(cito_string("/page"));
}

CITO_GET(app, "/cookie")
CITO_ASYNC_DEF(any, cookie, (response, response), (opt(str), session, cookie))
{
    cito_response_set_cookie(response, .name = "session", .value = cito_string("abc"), .http_only = true, .same_site = "lax");
    cito_response_set_status(response, 201);
    return cito_object("session", session);
}

CITO_POST(app, "/login")
CITO_ASYNC_DEF(any, login, (str, username, form), (str, password, form, min_length(8)))
{
    return cito_object("username", username, "length", password.len);
}

CITO_POST(app, "/files")
CITO_ASYNC_DEF(any, upload, (file, file), (str, token, form))
{
    return cito_object("name", file->filename, "type", file->content_type, "size", file->size, "token", token);
}

CITO_DEF(none, write_down, (str, text))
{
    cito_log("info", "wrote %s", text.data);
}

CITO_ASYNC_DEF(none, fail_later, (int, number))
{
    cito_raise(500, "later %d", number);
}

CITO_POST(app, "/background", .status_code = 202)
CITO_ASYNC_DEF(none, work_later, (background, tasks))
{
    cito_background_add(tasks, write_down, cito_string("first"));
    cito_background_add(tasks, fail_later, 2);
    cito_background_add(tasks, write_down, cito_string("third"));
}

CITO_GET(app, "/timeout")
CITO_ASYNC_DEF(any, wait_too_long)
{
    cito_with_timeout(0.05) cito_sleep(30);
    return cito_null;
}

CITO_GET(app, "/not-a-number")
CITO_ASYNC_DEF(any, divide, (double, by))
{
    return cito_object("result", 0.0 / by);
}

CITO_MAIN(app)
