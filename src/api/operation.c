/* The plan of one path operation.
 *
 * Invariants: nodes stand in the order in which they are solved first; a dependency that several callables share is one node unless it says no_cache; the
 * function itself is the last node. All memory is the api's arena. Threading: see operation.h. */
#include "api/operation.h"
#include "api/parameter.h"
#include "base/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 256 }; /* of one operation */

typedef struct planning {
    cito_operation *operation;
    cito_arena *arena;
    cito_buffer *mistakes;
    const cito_router *app;
    const char *route;             /* "GET /items/{item_id}" for texts */
    const char *const *path_names; /* ends with NULL */
    cito_node nodes[NODES_MAX];
    int count;
    const cito_callable *stack[NODES_MAX]; /* from the function down to the dependency in work: finds cycles */
    int depth;
} planning;

static size_t align_up(size_t size) { return (size + 15) & ~(size_t)15; }

/* "a -> b -> a" */
static void report_cycle(planning *plan, const cito_callable *callable)
{
    char names[800] = "";
    size_t len = 0;
    int from = 0;
    while (plan->stack[from] != callable)
        from++;
    for (int i = from; i < plan->depth && len < sizeof names - 80; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%s -> ", plan->stack[i]->name);
    snprintf(names + len, sizeof names - len, "%s", callable->name);
    cito_mistake_add(plan->mistakes, callable->file, callable->line, "%s: dependencies go in a circle: %s; take one depends(…) out",
                     plan->route, names);
}

static int add_node(planning *plan, const cito_callable *callable, bool no_cache, bool for_cached);

/* What is wrong with a record comes with its own place, and once, however many use it. */
static void check_type(planning *plan, const cito_callable *callable, const cito_type *type, const cito_field *field)
{
    const char *wrong = cito_type_prepare(type, field, plan->arena);
    size_t len = field ? strlen(field->name) : 0;
    if (wrong && field && strncmp(wrong, field->name, len) == 0 && wrong[len] == ':')
        cito_mistake_add(plan->mistakes, callable->file, callable->line, "%s: parameter %s of %s%s", plan->route, field->name,
                         callable->name, wrong + len);
    else if (wrong && (!plan->mistakes->len || !memmem(plan->mistakes->data, plan->mistakes->len, wrong, strlen(wrong))))
        cito_buffer_append_format(plan->mistakes, "%s\n", wrong);
}

/* Group after group, as errors are listed: path, query, header, cookie, body. */
static void order_params(planning *plan, cito_node *node)
{
    size_t count = node->callable->param_count, placed = 0;
    node->order = cito_arena_take(plan->arena, (count + 1) * sizeof *node->order);
    for (int source = CITO_FROM_PATH; source <= CITO_FROM_BACKGROUND; source++)
        for (size_t i = 0; i < count; i++)
            if ((int)node->params[i].source == source)
                node->order[placed++] = (uint16_t)i;
}

static void report_cached(planning *plan, const cito_callable *callable, const cito_param *param)
{
    bool itself = cito_registry_is_cached(callable);
    cito_mistake_add(
        plan->mistakes, callable->file, callable->line,
        "%s: %s runs once per process (%s), so its parameter %s cannot come from a request: take CITO_CACHED or the parameter away",
        plan->route, callable->name, itself ? "CITO_CACHED" : "what is CITO_CACHED depends on it", param->field->name);
}

/* The parameters of a callable; nodes of its dependencies are added before its own. */
static void plan_params(planning *plan, cito_node *node, int *before, int before_count)
{
    const cito_callable *callable = node->callable;
    node->params = cito_arena_take_zeroed(plan->arena, (callable->param_count + 1) * sizeof *node->params);
    for (size_t i = 0; i < callable->param_count; i++) {
        cito_param *param = &node->params[i];
        cito_param_plan(param, &callable->params[i], callable, plan->path_names, plan->route, plan->arena, plan->mistakes);
        if (param->source == CITO_FROM_DEPENDENCY) {
            const cito_callable *dependency = cito_override_of(plan->app, callable->params[i].type->dependency);
            param->node = add_node(plan, dependency, callable->params[i].use_cache_off, node->cached_slot >= 0);
            before[before_count++] = param->node;
        }
        if (param->source < CITO_FROM_DEPENDENCY)
            check_type(plan, callable, param->field->type, param->field);
        if (node->cached_slot >= 0 && param->source != CITO_FROM_DEPENDENCY)
            report_cached(plan, callable, param);
    }
    before[before_count] = -1;
    order_params(plan, node);
}

/* Its place in the row of all callables; -1: it runs for each request. */
static int cached_slot_of(const cito_callable *callable, bool for_cached)
{
    if (!for_cached && !cito_registry_is_cached(callable))
        return -1;
    int slot = 0;
    for (const cito_callable_node *node = cito_registry_callables(); node && node->callable != callable; node = node->next)
        slot++;
    return slot;
}

/* for_cached: what a CITO_CACHED callable depends on is made once with it, whatever it is. */
static int add_node(planning *plan, const cito_callable *callable, bool no_cache, bool for_cached)
{
    int cached_slot = cached_slot_of(callable, for_cached);
    for (int i = 0; i < plan->depth; i++)
        if (plan->stack[i] == callable) {
            report_cycle(plan, callable);
            return -1;
        }
    for (int i = 0; i < plan->count && !no_cache; i++)
        if (plan->nodes[i].callable == callable && plan->nodes[i].cached_slot == cached_slot)
            return i;
    if (plan->count >= NODES_MAX - 1 || plan->depth >= NODES_MAX - 1) {
        cito_mistake_add(plan->mistakes, callable->file, callable->line, "%s: more than %d dependencies", plan->route, NODES_MAX - 2);
        return -1;
    }
    cito_node node = { .callable = callable, .cached_slot = cached_slot };
    node.before = cito_arena_take(plan->arena, (callable->param_count + 1) * sizeof *node.before);
    plan->stack[plan->depth++] = callable;
    plan_params(plan, &node, node.before, 0);
    plan->depth--;
    plan->nodes[plan->count] = node;
    return plan->count++;
}

/* The function itself: dependencies=[…] of application, routers and operation come before its own. */
static void plan_function(planning *plan)
{
    cito_operation *operation = plan->operation;
    int outer_count = 0;
    while (operation->outer[outer_count].callable)
        outer_count++;
    cito_node node = { .callable = operation->callable, .cached_slot = -1 };
    node.before = cito_arena_take(plan->arena, (operation->callable->param_count + (size_t)outer_count + 1) * sizeof *node.before);
    plan->stack[plan->depth++] = operation->callable;
    for (int i = 0; i < outer_count; i++)
        node.before[i] = add_node(plan, cito_override_of(plan->app, operation->outer[i].callable), operation->outer[i].no_cache, false);
    plan_params(plan, &node, node.before, outer_count);
    plan->depth--;
    plan->nodes[plan->count++] = node;
}

static void lay_out(planning *plan)
{
    cito_operation *operation = plan->operation;
    size_t offset = 0;
    for (int i = 0; i < plan->count; i++) {
        plan->nodes[i].args_offset = offset;
        offset = align_up(offset + plan->nodes[i].callable->args_size);
        plan->nodes[i].result_offset = offset;
        offset = align_up(offset + plan->nodes[i].callable->result_size);
    }
    operation->node_count = plan->count;
    operation->nodes = cito_arena_take(plan->arena, (size_t)plan->count * sizeof *operation->nodes);
    memcpy(operation->nodes, plan->nodes, (size_t)plan->count * sizeof *operation->nodes);
    operation->state_size = offset;
}

static size_t count_params(const cito_operation *operation, cito_source source)
{
    size_t count = 0;
    for (int i = 0; i < operation->node_count; i++)
        for (size_t j = 0; j < operation->nodes[i].callable->param_count; j++)
            count += operation->nodes[i].params[j].source == source;
    return count;
}

/* The body's parameters of one node, their offsets moved to where they lie in the state block. */
static void plan_node_body(planning *plan, cito_node *node, size_t *total)
{
    cito_operation *operation = plan->operation;
    node->body_first = *total;
    node->body_row = operation->body_rows;
    for (size_t i = 0; i < node->callable->param_count; i++) {
        if (node->params[i].source != CITO_FROM_BODY)
            continue;
        cito_field *field = cito_arena_take(plan->arena, sizeof *field);
        *field = *node->params[i].field;
        field->offset += node->args_offset;
        operation->body_params[(*total)++] = field;
    }
    node->body_count = *total - node->body_first;
    operation->body_rows += node->body_count > 0;
}

static const char *wire_name_of(const cito_field *field) { return field->alias ? field->alias : field->name; }

/* One body parameter is the body, also where several callables take it under one name; several names, or one embedded, are members of an object. */
static void plan_body(planning *plan)
{
    cito_operation *operation = plan->operation;
    size_t count = count_params(operation, CITO_FROM_BODY), total = 0;
    bool has_form = count_params(operation, CITO_FROM_FORM) > 0, embed = false;
    operation->body_kind = has_form ? CITO_BODY_FORM : CITO_BODY_NONE;
    operation->body_rows = 0;
    if (!count)
        return;
    if (has_form)
        cito_mistake_add(
            plan->mistakes, operation->callable->file, operation->callable->line,
            "%s: a request has one body: it cannot be a form and JSON at once; give the model `form` too, or the fields `body`",
            plan->route);
    operation->body_params = cito_arena_take(plan->arena, count * sizeof *operation->body_params);
    for (int i = 0; i < operation->node_count; i++)
        plan_node_body(plan, &operation->nodes[i], &total);
    for (size_t i = 0; i < total; i++)
        embed |= operation->body_params[i]->embed ||
                 strcmp(wire_name_of(operation->body_params[i]), wire_name_of(operation->body_params[0])) != 0;
    operation->body_kind = embed ? CITO_BODY_EMBEDDED : CITO_BODY_WHOLE;
}

/* A list of scalars that says neither `query` nor `body` was seldom meant to be the body where the request has another one, or none. */
static void notice_lists(planning *plan)
{
    const cito_operation *operation = plan->operation;
    bool is_get = strcmp(operation->method, "GET") == 0 || strcmp(operation->method, "HEAD") == 0;
    size_t bodies = count_params(operation, CITO_FROM_BODY);
    for (int i = 0; i < operation->node_count; i++)
        for (size_t j = 0; j < operation->nodes[i].callable->param_count; j++) {
            const cito_callable *callable = operation->nodes[i].callable;
            const cito_param *param = &operation->nodes[i].params[j];
            if (param->source != CITO_FROM_BODY || !cito_param_may_be_query(param) || (!is_get && bodies < 2))
                continue;
            cito_log_write(CITO_LOG_WARNING,
                           "%s:%d: %s: the list %s of %s was taken for %s, as nothing is said: write (%s, %s, query) where ?%s=1&%s=2 is "
                           "meant, or `body` behind it to keep it so",
                           callable->file, callable->line, plan->route, param->field->name, callable->name,
                           bodies < 2 ? "the body" : "a member of the body", cito_param_type_text(param, plan->arena), param->field->name,
                           param->wire_name.data, param->wire_name.data);
        }
}

/* {name} or {name:convertor} of the path, in its order. */
static const char *const *path_names(const char *path, cito_arena *arena)
{
    const char **names = cito_arena_take_zeroed(arena, (CITO_PATH_PARAMS_MAX + 1) * sizeof *names);
    int count = 0;
    for (const char *open = strchr(path, '{'); open && count < CITO_PATH_PARAMS_MAX; open = strchr(open + 1, '{'))
        names[count++] = cito_arena_copy_str(arena, open + 1, strcspn(open + 1, ":}")).data;
    return names;
}

static bool takes_path_name(const cito_operation *operation, const char *name)
{
    for (int i = 0; i < operation->node_count; i++)
        for (size_t j = 0; j < operation->nodes[i].callable->param_count; j++) {
            const cito_param *param = &operation->nodes[i].params[j];
            if (param->source == CITO_FROM_PATH && cito_str_equal(param->wire_name, name))
                return true;
        }
    return false;
}

/* What a class of text writes. */
static bool gives_text(const cito_type *type)
{
    switch (cito_type_base(type)->kind) {
    case CITO_KIND_STR:
    case CITO_KIND_BYTES:
    case CITO_KIND_URL:
    case CITO_KIND_ANY_URL:
    case CITO_KIND_ANY:
    case CITO_KIND_CONTEXT: /* a response */
        return true;
    default:
        return false;
    }
}

static void check_response(planning *plan)
{
    cito_operation *operation = plan->operation;
    const cito_response_class *class = operation->response_class;
    if (class && class != cito_class_json && operation->decorator->response_class && !gives_text(operation->callable->returns))
        cito_mistake_add(plan->mistakes, operation->callable->file, operation->callable->line,
                         "%s: %s writes text, which %s does not give back: let it return str, or response", plan->route, class->name,
                         operation->callable->name);
    for (size_t i = 0; i < operation->response_count; i++)
        if (operation->responses[i].model)
            check_type(plan, operation->callable, operation->responses[i].model, NULL);
    check_type(plan, operation->callable, operation->callable->returns, NULL);
    if (operation->response_type && operation->response_type != operation->callable->returns)
        check_type(plan, operation->callable, operation->response_type, NULL);
}

static void check_path_names(planning *plan)
{
    const cito_operation *operation = plan->operation;
    for (int i = 0; plan->path_names[i]; i++)
        if (!takes_path_name(operation, plan->path_names[i]))
            cito_mistake_add(plan->mistakes, operation->decorator->file, operation->decorator->line,
                             "%s: %s has no parameter %s: add (str, %s), or take {%s} out of the path", plan->route,
                             operation->callable->name, plan->path_names[i], plan->path_names[i], plan->path_names[i]);
}

static void plan_operation(cito_operation *operation, cito_arena *arena, cito_buffer *mistakes, bool is_first)
{
    planning *plan = calloc(1, sizeof *plan); /* too large for the stack of a coroutine, which plans anew after an override */
    if (!plan)
        cito_die(1, "out of memory");
    *plan = (planning){ .operation = operation,
                        .arena = arena,
                        .mistakes = mistakes,
                        .app = operation->app,
                        .path_names = path_names(operation->path, arena) };
    plan->route = cito_arena_format(arena, "%s %s", operation->method, operation->path).data;
    plan_function(plan);
    lay_out(plan);
    plan_body(plan);
    check_response(plan);
    if (is_first) {
        check_path_names(plan); /* later: what stands in for a dependency need not take what that one took */
        notice_lists(plan);
    }
    operation->override_version = cito_override_version();
    free(plan);
}

void cito_operation_plan(cito_operation *operation, cito_arena *arena, cito_buffer *mistakes)
{
    plan_operation(operation, arena, mistakes, true);
}

void cito_operation_replan(cito_operation *operation, cito_arena *arena, cito_buffer *mistakes)
{
    plan_operation(operation, arena, mistakes, false);
}
