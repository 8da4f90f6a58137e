/* CITO_CACHED values.
 *
 * Invariants: a slot is empty, running (one coroutine makes it, others stand in waiters) or ready; a ready value never changes. Threading: the loop's thread, so no
 * lock is needed. */
#include "api/cached.h"
#include "loop/loop.h"
#include <string.h>

struct cito_cached_waiter {
    cito_coroutine *coroutine;
    struct cito_cached_waiter *next;
};

typedef struct making {
    cito_operation *operation;
    int node_index;
} making;

const void *cito_cached_value(const struct cito_api *api, int slot)
{
    return api->cached[slot].value;
}

static cito_cached *slot_of(cito_operation *operation, int node_index)
{
    return &operation->api->cached[operation->nodes[node_index].cached_slot];
}

/* Its parameters are cached values too: cito_operation_plan lets no others in. */
static const cito_exception *call(cito_operation *operation, int node_index, cito_cached *slot)
{
    const cito_node *node = &operation->nodes[node_index];
    char *args = cito_arena_take_zeroed(slot->lifetime->arena, node->callable->args_size + 1);
    slot->value = cito_arena_take_zeroed(slot->lifetime->arena, node->callable->result_size + 1);
    for (size_t i = 0; i < node->callable->param_count; i++) {
        const cito_param *param = &node->params[i];
        const cito_exception *raised = cito_cached_solve(operation, param->node);
        if (raised)
            return raised;
        memcpy(args + param->field->offset, slot_of(operation, param->node)->value, operation->nodes[param->node].callable->result_size);
    }
    return cito_call(node->callable, args, slot->value);
}

/* A coroutine of the value's own lifetime: what it allocates stays, and a client that leaves does not end it. */
static void make(void *data)
{
    making work = *(making *)data;
    cito_cached *slot = slot_of(work.operation, work.node_index);
    slot->raised = call(work.operation, work.node_index, slot);
    slot->is_ready = !slot->raised;
    slot->is_running = false;
    while (slot->waiters) {
        struct cito_cached_waiter *waiter = slot->waiters;
        slot->waiters = waiter->next;
        cito_coroutine_resume(waiter->coroutine);
    }
}

static void leave_waiters(cito_cached *slot, const struct cito_cached_waiter *waiter)
{
    for (struct cito_cached_waiter **at = &slot->waiters; *at; at = &(*at)->next)
        if (*at == waiter) {
            *at = waiter->next;
            return;
        }
}

const cito_exception *cito_cached_solve(cito_operation *operation, int node_index)
{
    static const cito_exception client_left = { .status_code = 499 };
    cito_cached *slot = slot_of(operation, node_index);
    if (slot->is_ready)
        return NULL;
    if (!slot->is_running) {
        if (slot->lifetime)
            cito_lifetime_drop(slot->lifetime); /* of an attempt that raised */
        making work = { operation, node_index };
        slot->lifetime = cito_lifetime_new(cito_context_current->loop, NULL);
        slot->is_running = true;
        cito_coroutine_spawn(cito_context_current->loop, slot->lifetime, make, &work);
    }
    if (slot->is_running) {
        struct cito_cached_waiter waiter = { cito_context_current->coroutine, slot->waiters };
        slot->waiters = &waiter;
        if (cito_coroutine_suspend()) {
            leave_waiters(slot, &waiter);
            return &client_left;
        }
    }
    return slot->raised;
}

typedef struct finishing {
    cito_lifetime *lifetime;
    cito_coroutine *waiting;
    bool is_done;
} finishing;

static void finish(void *data)
{
    finishing *work = data;
    cito_lifetime_finish(work->lifetime);
    work->is_done = true;
    if (work->waiting)
        cito_coroutine_resume(work->waiting);
}

void cito_cached_finish(struct cito_api *api)
{
    for (size_t i = api->cached_count; i-- > 0;) {
        if (!api->cached[i].is_ready)
            continue;
        finishing work = { .lifetime = api->cached[i].lifetime };
        api->cached[i] = (cito_cached){ 0 };
        cito_coroutine_spawn(cito_context_current->loop, work.lifetime, finish, &work);
        work.waiting = cito_context_current->coroutine;
        while (!work.is_done)
            cito_coroutine_suspend();
    }
}
