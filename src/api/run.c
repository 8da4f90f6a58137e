/* One request of a path operation: body, dependencies, parameters, the call, the answer.
 *
 * The order is FastAPI's: malformed JSON answers 422 before anything runs; dependencies are solved depth first; a callable whose parameters are wrong is not
 * called, but the others are; all errors come in one answer: the dependencies', then path, query, header, cookie of the function, then the body's.
 * Invariants: a run lives in its coroutine's frame, its state block in the request's memory. Threading: the loop's thread; plain callables run in the pool while
 * the coroutine waits. */
#include "api/run.h"
#include "api/cached.h"
#include "api/parameter.h"
#include "loop/loop.h"
#include "web/response.h"
#include <string.h>

typedef enum solved { SOLVED, INVALID, RAISED } solved;

static solved solve_node(cito_run *run, int index);

static const void *result_of(cito_run *run, int index)
{
    const cito_node *node = &run->operation->nodes[index];
    return node->cached_slot >= 0 ? cito_cached_value(run->operation->api, node->cached_slot) : run->state + node->result_offset;
}

static bool decode_param(cito_run *run, const cito_param *param, void *into)
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

/* Group after group: path, query, header, cookie, form; then what was wrong with its part of the body. Where a dependency was wrong, a callable's own parameters are
 * read all the same, for their errors. */
static solved decode_params(cito_run *run, const cito_node *node, solved before)
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
    if (run->arena->overflowed)
        return INVALID; /* something is not whole, and there was no room to say so */
    if (!node->body_count || !run->body_errors[node->body_row].count)
        return result;
    cito_errors_append(&run->errors, &run->body_errors[node->body_row]);
    return INVALID;
}

static solved solve_before(cito_run *run, const cito_node *node)
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

/* A node that was found invalid is solved again for the next one who depends on it: FastAPI lists its errors as often. */
static solved solve_node(cito_run *run, int index)
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
    if (decode_params(run, node, before) == INVALID)
        return INVALID;
    run->raised = cito_call(node->callable, run->state + node->args_offset, run->state + node->result_offset);
    if (run->raised)
        return RAISED;
    run->node_is_done[index] = 1;
    return SOLVED;
}

static cito_response *raised_answer(cito_run *run)
{
    return cito_web_exception_response(run->request, cito_lifetime_raised(run->request->lifetime, run->raised));
}

/* Dependencies, the function's own parameters, the call. */
static cito_response *solve(cito_run *run)
{
    const cito_operation *operation = run->operation;
    const cito_node *function = &operation->nodes[operation->node_count - 1];
    solved decoded = solve_before(run, function);
    if (decoded > INVALID)
        return raised_answer(run);
    decoded = decode_params(run, function, decoded);
    if (run->arena->overflowed)
        return cito_run_memory_answer(run);
    if (decoded == INVALID)
        return cito_run_errors_answer(run, &run->errors);
    void *result = run->state + function->result_offset;
    run->raised = cito_call(operation->callable, run->state + function->args_offset, result);
    return run->raised ? raised_answer(run) : cito_run_answer(run, result);
}

cito_response *cito_operation_run(cito_endpoint *endpoint, cito_request *request)
{
    cito_operation *operation = (cito_operation *)endpoint;
    if (__builtin_expect(operation->override_version != cito_override_version(), 0))
        cito_api_replan(operation);
    cito_run run = { .operation = operation, .request = request, .arena = cito_request_arena(request) };
    run.state = cito_arena_take(run.arena, operation->state_size + (size_t)operation->node_count);
    if (!run.state)
        return cito_run_memory_answer(&run);
    run.node_is_done = (uint8_t *)run.state + operation->state_size;
    memset(run.node_is_done, 0, (size_t)operation->node_count);
    cito_errors_init(&run.errors, run.arena);
    if (operation->body_kind != CITO_BODY_NONE) {
        bool left = false;
        cito_response *answer = cito_run_read_body(&run, &left);
        if (answer || left)
            return answer;
    }
    return solve(&run);
}
