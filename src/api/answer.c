/* Answers: what the function gave, written as its response class and response model want it; and the errors that stand in its place.
 *
 * Invariant: what cannot be written is a 500 with a line in the log, never a half of an answer. Threading: the loop's thread. */
#include "api/parameter.h"
#include "api/run.h"
#include "base/log.h"
#include "json/value.h"
#include "schema/encode.h"
#include "web/redirect.h"
#include "web/response.h"

static cito_response *scratch_answer(cito_run *run, int status, const char *media_type, cito_buffer *body)
{
    return cito_response_create(run->arena, status, media_type, cito_web_scratch_body(run->request, body));
}

cito_response *cito_run_errors_answer(cito_run *run, const cito_errors *errors)
{
    cito_buffer *body = cito_web_scratch(run->request->web);
    cito_errors_write(errors, body);
    return scratch_answer(run, 422, "application/json", body);
}

cito_response *cito_run_detail_answer(cito_run *run, int status, const char *text)
{
    cito_exception exception = { .status_code = status, .detail = cito_value_of_chars(text) };
    return cito_web_exception_response(run->request, &exception);
}

/* The text needs no memory of the request's: that is what there is none of. */
cito_response *cito_run_memory_answer(cito_run *run)
{
    static const cito_value text = { .kind = CITO_VALUE_STRING,
                                     .as.string = { "The request needs more memory than this server gives one", 56 } };
    return cito_web_exception_response(run->request, &(cito_exception){ .status_code = 413, .detail = &text });
}

static cito_response *failed_answer(cito_run *run, const char *wrong)
{
    const cito_callable *callable = run->operation->callable;
    cito_log_write(CITO_LOG_ERROR, "%s %s: %s (%s:%d) returned %s", run->operation->method, run->operation->path, callable->name,
                   callable->file, callable->line, wrong);
    return cito_web_exception_response(run->request, NULL);
}

/* RFC 9110 sections 15.3.5, 15.4.5. */
static bool has_no_body(int status) { return status == 204 || status == 304 || status < 200; }

static bool is_json_class(const cito_operation *operation)
{
    return !operation->response_class || operation->response_class == cito_class_json;
}

/* The text of a class that writes text (HTML, plain text, a URL to redirect to): a str, an opt(str), or a string in an any. NULL: it is none. */
static const cito_str *text_of(const cito_type *returns, const void *result)
{
    if (returns->kind == CITO_KIND_ANY) {
        const cito_value *value = *(const cito_value *const *)result;
        return cito_value_kind_of(value) == CITO_VALUE_STRING ? &value->as.string : NULL;
    }
    const cito_type *base = cito_type_base(returns);
    if (base->kind != CITO_KIND_STR && base->kind != CITO_KIND_BYTES && base->kind != CITO_KIND_URL && base->kind != CITO_KIND_ANY_URL)
        return NULL;
    while (returns->kind == CITO_KIND_ANNOTATED)
        returns = returns->element;
    return returns->kind == CITO_KIND_OPTIONAL ? *(const cito_str *const *)result : result;
}

/* NULL: it is no text. */
static cito_response *text_answer(cito_run *run, const void *result, int status)
{
    const cito_operation *operation = run->operation;
    const cito_str *text = text_of(operation->callable->returns, result);
    if (!text)
        return NULL;
    if (operation->response_class != cito_class_redirect)
        return cito_response_create(run->arena, status, operation->content_type, *text);
    cito_response *response = cito_response_create(run->arena, status, NULL, CITO_STR(""));
    cito_response_set_header(response, "location", cito_redirect_quote(run->arena, *text));
    return response;
}

static const char *encode_result(cito_run *run, const void *result, cito_buffer *body)
{
    const cito_operation *operation = run->operation;
    const cito_type *returns = operation->callable->returns;
    const cito_encode_options options = { .exclude_unset = operation->decorator->response_model_exclude_unset,
                                          .exclude_none = operation->decorator->response_model_exclude_none,
                                          .exclude_defaults = operation->decorator->response_model_exclude_defaults,
                                          .may_follow = operation->api->checks_pointers ? cito_pointer_may_follow : NULL,
                                          .data = run->request };
    if (returns->kind == CITO_KIND_NONE) {
        cito_buffer_append_literal(body, "null");
        return NULL;
    }
    if (operation->response_type != returns)
        return cito_encode_as(returns, result, operation->response_type, &options, body);
    if (returns->kind == CITO_KIND_ANY)
        return cito_value_write(body, *(const cito_value *const *)result) ? NULL : "a NaN or an infinity, which JSON cannot say";
    return cito_encode(returns, result, &options, body);
}

cito_response *cito_run_answer(cito_run *run, void *result)
{
    const cito_operation *operation = run->operation;
    if (operation->callable->returns == cito_t_response) {
        cito_response *response = *(cito_response **)result;
        return response ? response : failed_answer(run, "no response: give back what cito_json_response or its like made");
    }
    const cito_response *injected = run->request->injected;
    int status = injected && injected->status ? injected->status : operation->status_code;
    cito_response *response;
    if (has_no_body(status)) {
        response = cito_response_create(run->arena, status, operation->content_type, CITO_STR(""));
    } else if (!is_json_class(operation)) {
        response = text_answer(run, result, status);
        if (!response)
            return failed_answer(run, "no text, which its response_class writes: give back a str, or a response");
    } else {
        cito_buffer *body = cito_web_scratch(run->request->web);
        const char *wrong = encode_result(run, result, body);
        if (wrong)
            return failed_answer(run, wrong);
        response = scratch_answer(run, status, operation->content_type, body);
    }
    cito_response_merge_injected(run->request, response);
    return response;
}
