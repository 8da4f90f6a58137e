/* One request of a path operation: body, dependencies, parameters, the call, the answer.
 *
 * The order is FastAPI's: malformed JSON answers 422 before anything runs; dependencies are solved depth first; a callable whose parameters are wrong is not
 * called, but the others are; all errors come in one answer: the dependencies', then path, query, header, cookie of the function, then the body's.
 * Invariants: a run lives in its coroutine's frame, its state block in the request's memory. Threading: the loop's thread; plain callables run in the pool while
 * the coroutine waits. */
#include "api/cached.h"
#include "api/operation.h"
#include "api/parameter.h"
#include "api/private.h"
#include "base/utf8.h"
#include "json/value.h"
#include "loop/loop.h"
#include "schema/encode.h"
#include "web/response.h"
#include <string.h>
#include <strings.h>

typedef enum solved { SOLVED, INVALID, RAISED } solved;

struct run {
    cito_operation *operation;
    cito_request *request;
    cito_arena *arena;
    char *state;           /* argument structs and results of all nodes */
    uint8_t *node_is_done;
    cito_errors errors, body_errors;
    const cito_exception *raised;
};

/* ---- the body ---------------------------------------------------------------------------------------------------------- */

static const char body_name[] = "body";

static bool is_json_content_type(const cito_request *request)
{
    const cito_str *type = cito_request_header_at(request, CITO_STR("content-type"), 0);
    if (!type)
        return false;
    size_t len = strcspn(type->data, "; \t");
    if (len == 16 && strncasecmp(type->data, "application/json", 16) == 0)
        return true;
    return len > 17 && strncasecmp(type->data, "application/", 12) == 0 && strncasecmp(type->data + len - 5, "+json", 5) == 0;
}

static cito_response *json_answer(struct run *run, int status, cito_buffer *body)
{
    return cito_response_create(run->arena, status, "application/json", cito_web_scratch_body(run->request, body));
}

static cito_response *detail_answer(struct run *run, int status, const char *text)
{
    cito_exception exception = { .status_code = status, .detail = cito_value_of_chars(text) };
    return cito_web_exception_response(run->request, &exception);
}

static cito_response *errors_answer(struct run *run, const cito_errors *errors)
{
    cito_buffer *body = cito_web_scratch(run->request->web);
    cito_errors_write(errors, body);
    return json_answer(run, 422, body);
}

/* FastAPI's json_invalid: one error, whatever else was found. */
static cito_response *syntax_answer(struct run *run, const cito_json_reader *reader)
{
    cito_errors errors;
    cito_errors_init(&errors, run->arena);
    cito_loc body = { .name = { body_name, 4 } };
    cito_loc loc = { .outer = &body, .index = (int64_t)cito_json_error_offset(reader) };
    struct cito_member ctx[] = { { "error", cito_value_of_chars(reader->error) }, { NULL, NULL } };
    cito_errors_add(&errors, "json_invalid", &loc, (cito_input){ .kind = CITO_INPUT_JSON, .text = CITO_STR("{}") }, cito_value_of_members(ctx));
    return errors_answer(run, &errors);
}

static void add_missing(cito_errors *errors, const cito_loc *loc)
{
    cito_errors_add(errors, "missing", loc, (cito_input){ .kind = CITO_INPUT_NULL }, NULL);
}

/* No body at all, or null: defaults, or one missing for each that is required. */
static void decode_absent_body(struct run *run)
{
    const cito_operation *operation = run->operation;
    cito_loc body = { .name = { body_name, 4 } };
    for (size_t i = 0; i < operation->body_count; i++) {
        const cito_field *field = operation->body_params[i];
        const char *name = field->alias ? field->alias : field->name;
        cito_loc member = { .outer = &body, .name = { name, strlen(name) } };
        if (!cito_decode_default(field, run->state + field->offset, run->arena))
            add_missing(&run->body_errors, operation->body_kind == CITO_BODY_EMBEDDED ? &member : &body);
    }
}

/* A body that is not said to be JSON is text, which no model takes. */
static void decode_raw_body(struct run *run, cito_str raw)
{
    const cito_operation *operation = run->operation;
    cito_loc body = { .name = { body_name, 4 } };
    if (operation->body_kind == CITO_BODY_EMBEDDED) {
        decode_absent_body(run);
        return;
    }
    const cito_field *field = operation->body_params[0];
    cito_decode_value(cito_value_of_str(raw), field->type, field, &body, run->state + field->offset, run->arena, &run->body_errors);
}

static bool is_null_text(cito_str text)
{
    const char *at = text.data + strspn(text.data, " \t\r\n");
    return strncmp(at, "null", 4) == 0 && at[4 + strspn(at + 4, " \t\r\n")] == '\0';
}

/* NULL: go on; else the answer. */
static cito_response *decode_json_body(struct run *run, cito_str text)
{
    const cito_operation *operation = run->operation;
    if (!cito_utf8_is_valid(text.data, text.len))
        return detail_answer(run, 400, "There was an error parsing the body");
    if (is_null_text(text)) {
        decode_absent_body(run);
        return NULL;
    }
    cito_json_reader reader;
    cito_loc body = { .name = { body_name, 4 } };
    cito_json_reader_init(&reader, text, run->arena, 0);
    if (operation->body_kind == CITO_BODY_EMBEDDED) {
        cito_decode_embedded(&reader, operation->body_params, operation->body_count, &body, run->state, &run->body_errors);
    } else {
        const cito_field *field = operation->body_params[0];
        cito_decode_json(&reader, field->type, field, &body, run->state + field->offset, &run->body_errors);
    }
    if (!reader.error)
        cito_json_at_end(&reader);
    return reader.error ? syntax_answer(run, &reader) : NULL;
}

static cito_response *receive_answer(struct run *run, cito_receive_result result)
{
    switch (result) {
    case CITO_RECEIVE_TOO_LARGE:
        return detail_answer(run, 413, "The body is larger than this server accepts");
    case CITO_RECEIVE_BROKEN:
        return detail_answer(run, 400, "There was an error parsing the body");
    default:
        return NULL;
    }
}

static cito_response *read_body(struct run *run, bool *out_left)
{
    cito_str text;
    cito_receive_result result = cito_request_read_body(run->request, &text);
    if (result != CITO_RECEIVE_OK) {
        cito_response *answer = receive_answer(run, result);
        *out_left = !answer;
        return answer;
    }
    if (run->operation->body_kind == CITO_BODY_FORM) {
        const char *wrong = NULL;
        cito_request_form(run->request, &wrong);
        return wrong ? detail_answer(run, 400, wrong) : NULL;
    }
    if (!text.len)
        decode_absent_body(run);
    else if (is_json_content_type(run->request))
        return decode_json_body(run, text);
    else
        decode_raw_body(run, text);
    return NULL;
}

/* ---- dependencies and parameters ------------------------------------------------------------------------------------------ */

static solved solve_node(struct run *run, int index);

static const void *result_of(struct run *run, int index)
{
    const cito_node *node = &run->operation->nodes[index];
    return node->cached_slot >= 0 ? cito_cached_value(run->operation->api, node->cached_slot) : run->state + node->result_offset;
}

static bool decode_param(struct run *run, const cito_param *param, void *into)
{
    switch (param->source) {
    case CITO_FROM_BODY:
        return true; /* decoded before */
    case CITO_FROM_DEPENDENCY:
        memcpy(into, result_of(run, param->node), run->operation->nodes[param->node].callable->result_size);
        return true;
    case CITO_FROM_REQUEST:
        *(cito_request **)into = run->request;
        return true;
    case CITO_FROM_RESPONSE:
        if (!run->request->injected)
            run->request->injected = cito_response_create(run->arena, 0, NULL, CITO_STR(""));
        *(cito_response **)into = run->request->injected;
        return true;
    case CITO_FROM_BACKGROUND:
        *(cito_background **)into = cito_request_background(run->request);
        return true;
    default:
        return cito_param_decode(param, run->request, into, &run->errors);
    }
}

/* Group after group: path, query, header, cookie, form; within a group as declared. Where a dependency was wrong, the function's own parameters are read all the
 * same, for their errors. */
static solved decode_params(struct run *run, const cito_node *node, solved before)
{
    char *args = run->state + node->args_offset;
    solved result = before;
    for (size_t i = 0; i < node->callable->param_count; i++) {
        const cito_param *param = &node->params[node->order[i]];
        if (before == INVALID && param->source >= CITO_FROM_DEPENDENCY)
            break;
        if (!decode_param(run, param, args + param->field->offset))
            result = INVALID;
    }
    return result;
}

static solved solve_before(struct run *run, const cito_node *node)
{
    solved result = SOLVED;
    for (const int *index = node->before; *index >= 0; index++) {
        solved one = solve_node(run, *index);
        if (one > INVALID)
            return one;
        if (one == INVALID)
            result = INVALID;
    }
    return result;
}

static solved solve_node(struct run *run, int index)
{
    const cito_node *node = &run->operation->nodes[index];
    if (run->node_is_done[index])
        return SOLVED;
    if (node->cached_slot >= 0) {
        run->raised = cito_cached_solve(run->operation, index);
        run->node_is_done[index] = !run->raised;
        return run->raised ? RAISED : SOLVED;
    }
    solved before = solve_before(run, node);
    if (before > INVALID)
        return before;
    if (decode_params(run, node, before) == INVALID || (node->has_body && run->body_errors.count))
        return INVALID;
    run->raised = cito_call(node->callable, run->state + node->args_offset, run->state + node->result_offset);
    if (run->raised)
        return RAISED;
    run->node_is_done[index] = 1;
    return SOLVED;
}

/* ---- the answer ----------------------------------------------------------------------------------------------------------- */

static cito_response *failed_answer(struct run *run, const char *wrong)
{
    const cito_callable *callable = run->operation->callable;
    cito_log("error", "%s %s: %s (%s:%d) returned %s", run->operation->method, run->operation->path, callable->name, callable->file, callable->line, wrong);
    return cito_web_exception_response(run->request, NULL);
}

static bool has_no_body(int status)
{
    return status == 204 || status == 304 || status < 200;
}

/* Text classes (HTML, plain text) write a str as it is. */
static bool writes_text(const cito_operation *operation)
{
    return operation->response_class && operation->response_class != cito_class_json && cito_type_base(operation->callable->returns)->kind == CITO_KIND_STR;
}

static const char *encode_result(struct run *run, const void *result, cito_buffer *body)
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
    if (writes_text(operation)) {
        cito_buffer_append_str(body, *(const cito_str *)result);
        return NULL;
    }
    if (operation->response_type != returns)
        return cito_encode_as(returns, result, operation->response_type, &options, body);
    if (returns->kind == CITO_KIND_ANY)
        return cito_value_write(body, *(const cito_value *const *)result) ? NULL : "a NaN or an infinity, which JSON cannot say";
    return cito_encode(returns, result, &options, body);
}

static cito_response *answer_of(struct run *run, void *result)
{
    const cito_operation *operation = run->operation;
    if (operation->callable->returns == cito_t_response) {
        cito_response *response = *(cito_response **)result;
        return response ? response : failed_answer(run, "no response: give back what cito_json_response or its like made");
    }
    cito_response *injected = run->request->injected;
    int status = injected && injected->status ? injected->status : operation->status_code;
    cito_response *response;
    if (has_no_body(status)) {
        response = cito_response_create(run->arena, status, operation->media_type, CITO_STR(""));
    } else {
        cito_buffer *body = cito_web_scratch(run->request->web);
        const char *wrong = encode_result(run, result, body);
        if (wrong)
            return failed_answer(run, wrong);
        response = cito_response_create(run->arena, status, operation->media_type, cito_web_scratch_body(run->request, body));
    }
    if (injected)
        cito_response_merge_injected(run->request, response);
    return response;
}

static cito_response *raised_answer(struct run *run)
{
    return cito_web_exception_response(run->request, cito_lifetime_raised(run->request->lifetime, run->raised));
}

/* Dependencies, the function's own parameters, the call. */
static cito_response *solve(struct run *run)
{
    const cito_operation *operation = run->operation;
    int last = operation->node_count - 1;
    const cito_node *function = &operation->nodes[last];
    solved before = solve_before(run, function);
    if (before > INVALID)
        return raised_answer(run);
    decode_params(run, function, before);
    cito_errors_append(&run->errors, &run->body_errors);
    if (run->errors.count)
        return errors_answer(run, &run->errors);
    void *result = run->state + function->result_offset;
    run->raised = cito_call(operation->callable, run->state + function->args_offset, result);
    return run->raised ? raised_answer(run) : answer_of(run, result);
}

cito_response *cito_operation_run(cito_endpoint *endpoint, cito_request *request)
{
    cito_operation *operation = (cito_operation *)endpoint;
    if (__builtin_expect(operation->override_version != cito_override_version(), 0))
        cito_api_replan(operation);
    struct run run = { .operation = operation, .request = request, .arena = cito_request_arena(request) };
    run.state = cito_arena_take(run.arena, operation->state_size + (size_t)operation->node_count);
    if (!run.state)
        return detail_answer(&run, 413, "The request needs more memory than this server gives one");
    run.node_is_done = (uint8_t *)run.state + operation->state_size;
    memset(run.node_is_done, 0, (size_t)operation->node_count);
    cito_errors_init(&run.errors, run.arena);
    cito_errors_init(&run.body_errors, run.arena);
    if (operation->body_kind != CITO_BODY_NONE) {
        bool left = false;
        cito_response *answer = read_body(&run, &left);
        if (answer || left)
            return answer;
    }
    return solve(&run);
}
