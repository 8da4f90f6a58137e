/* What the tests of src/web share: hand-made callables, endpoints that call one, a trace of what ran, the log kept instead of written. */
#pragma once
#include "base/log.h"
#include "web/memory_client.h"
#include "web/web.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const cito_field request_params[1] = { { .name = "request", .type = cito_t_request, .offset = 0 } };
#define THE_REQUEST(ARGS)      (*(cito_request *const *)(ARGS))
#define GIVE(RESULT, RESPONSE) (*(cito_response **)(RESULT) = (RESPONSE))
/* static void NAME_invoke(const void *args, void *result) stands before it. */
#define WITH_REQUEST(NAME, ASYNC)                                                                                                          \
    static const cito_callable NAME##_callable = { .name = #NAME,                                                                          \
                                                   .file = __FILE__,                                                                       \
                                                   .line = __LINE__,                                                                       \
                                                   .is_async = ASYNC,                                                                      \
                                                   .returns = cito_t_response,                                                             \
                                                   .params = request_params,                                                               \
                                                   .param_count = 1,                                                                       \
                                                   .args_size = sizeof(cito_request *),                                                    \
                                                   .result_size = sizeof(cito_response *),                                                 \
                                                   .invoke = NAME##_invoke }
#define WITHOUT_ARGUMENTS(NAME, ASYNC)                                                                                                     \
    static const cito_callable NAME##_callable = {                                                                                         \
        .name = #NAME, .file = __FILE__, .line = __LINE__, .is_async = ASYNC, .args_size = 1, .result_size = 1, .invoke = NAME##_invoke    \
    }

/* An endpoint that calls (response; request) and turns a raise into an answer, as api's do. */
typedef struct test_endpoint {
    cito_endpoint endpoint;
    const cito_callable *callable;
} test_endpoint;
__attribute__((unused)) static cito_response *run_test_endpoint(cito_endpoint *endpoint, cito_request *request)
{
    cito_response *response;
    const cito_exception *raised = cito_web_call_with_request(request, ((test_endpoint *)(void *)endpoint)->callable, &response);
    if (raised)
        return cito_web_exception_response(request, raised);
    if (!response)
        return cito_web_exception_response(request, NULL);
    cito_response_merge_injected(request, response);
    return response;
}
#define ENDPOINT(NAME) (&((test_endpoint){ { run_test_endpoint }, &NAME##_callable }).endpoint)

#include "../trace.h"

__attribute__((unused)) static cito_memory_client *client_of(cito_web *web)
{
    cito_memory_client *client = cito_memory_client_new(cito_web_application(web), NULL);
    assert_non_null(client);
    return client;
}
#define NO_BODY ((cito_str){ "", 0 })
__attribute__((unused)) static const cito_reply *ask(cito_memory_client *client, const char *method, const char *url)
{
    return cito_memory_client_request(client, method, url, NULL, NO_BODY);
}
__attribute__((unused)) static void assert_text(cito_str text, const char *expected)
{
    if (!cito_str_equal(text, expected))
        fail_msg("\"%.*s\" is not \"%s\"", (int)text.len, text.data, expected);
}
__attribute__((unused)) static void assert_header(const cito_reply *reply, const char *name, const char *expected)
{
    const cito_str *value = cito_reply_header_get(reply, name);
    if (!expected && value)
        fail_msg("there is a header %s: %s", name, value->data);
    if (!expected)
        return;
    if (!value)
        fail_msg("there is no header %s", name);
    assert_text(*value, expected);
}
