/* CITO_CACHED values.
 *
 * Invariants: a slot runs (one coroutine makes its value, others stand in waiters) or not; a value that was made never changes and stays until the process ends,
 * also where an override made a newer one. What an attempt raised lies in the attempt's memory, so each waiter is given a copy before that is dropped.
 * Threading: the loop's thread, so no lock is needed. */
#include "api/cached.h"
#include "loop/loop.h"
#include "schema/copy.h"
#include <string.h>

/* In the memory of its own lifetime. */
struct cito_cached_value {
    void *value;
    cito_lifetime *lifetime;
    unsigned override_version;
    struct cito_cached_value *older; /* made before it, of any slot */
};

struct cito_cached_waiter {
    cito_coroutine *coroutine;
    cito_arena *arena; /* for what is raised */
    const cito_exception *raised;
    bool is_done, is_suspended;
    struct cito_cached_waiter *next;
};

typedef struct making {
    cito_operation *operation;
    int node_index;
} making;

const void *cito_cached_value(const struct cito_api *api, int slot) { return api->cached[slot].made->value; }

static cito_cached *slot_of(const cito_operation *operation, int node_index)
{
    return &operation->api->cached[operation->nodes[node_index].cached_slot];
}

/* An override may have changed what it was made from. */
static bool is_ready(const cito_operation *operation, int node_index)
{
    const cito_cached *slot = slot_of(operation, node_index);
    return slot->made && (operation->nodes[node_index].before[0] < 0 || slot->made->override_version == cito_override_version());
}

/* ---- what was raised ------------------------------------------------------------------------------------------------------- */

static const cito_value *copy_detail(const cito_value *detail, cito_arena *arena)
{
    void *block = detail ? cito_arena_take(arena, cito_copy_measure_value(detail)) : NULL;
    return block ? cito_copy_value(detail, block) : NULL;
}

static const void *copy_model(const cito_type *type, const void *model, cito_arena *arena)
{
    void *copy = cito_arena_take(arena, type->size), *block = cito_arena_take(arena, cito_copy_measure(type, model));
    if (!copy || !block)
        return NULL;
    cito_copy_to(type, model, copy, block);
    return copy;
}

static const cito_exception *copy_exception(const cito_exception *raised, cito_arena *arena)
{
    static const cito_exception no_room = { .status_code = 413 };
    cito_exception *copy = cito_arena_take(arena, sizeof *copy);
    if (!copy)
        return &no_room;
    *copy = *raised;
    copy->detail = copy_detail(raised->detail, arena);
    if (raised->kind)
        copy->model = copy_model(raised->kind, raised->model, arena);
    for (size_t i = 0; i < sizeof copy->headers / sizeof *copy->headers && raised->headers[i][0]; i++)
        for (size_t j = 0; j < 2; j++) {
            const char *text = raised->headers[i][j];
            copy->headers[i][j] = text ? cito_arena_copy_str(arena, text, strlen(text)).data : NULL;
        }
    return arena->overflowed ? &no_room : copy;
}

/* ---- making ------------------------------------------------------------------------------------------------------------------ */

/* Its parameters are values of this kind too: cito_operation_plan lets no others in. */
static const cito_exception *call(cito_operation *operation, int node_index, void *value, cito_arena *arena)
{
    const cito_node *node = &operation->nodes[node_index];
    char *args = cito_arena_take_zeroed(arena, node->callable->args_size + 1);
    for (size_t i = 0; i < node->callable->param_count; i++) {
        const cito_param *param = &node->params[i];
        const cito_exception *raised = cito_cached_solve(operation, param->node);
        if (raised)
            return raised;
        memcpy(args + param->field->offset, slot_of(operation, param->node)->made->value,
               operation->nodes[param->node].callable->result_size);
    }
    return cito_call(node->callable, args, value);
}

static void tell_waiters(cito_cached *slot, const cito_exception *raised)
{
    while (slot->waiters) {
        struct cito_cached_waiter *waiter = slot->waiters;
        slot->waiters = waiter->next;
        waiter->is_done = true;
        waiter->raised = raised ? copy_exception(raised, waiter->arena) : NULL;
        if (waiter->is_suspended)
            cito_coroutine_resume(waiter->coroutine);
    }
}

/* A coroutine of the value's own lifetime: what it allocates stays, and a client that leaves does not end it. */
static void make(void *data)
{
    making work = *(making *)data;
    cito_api *api = work.operation->api;
    cito_cached *slot = slot_of(work.operation, work.node_index);
    cito_lifetime *lifetime = cito_context_current->lifetime;
    struct cito_cached_value *made = cito_arena_take_zeroed(lifetime->arena, sizeof *made);
    *made = (struct cito_cached_value){ .lifetime = lifetime, .override_version = cito_override_version() };
    made->value = cito_arena_take_zeroed(lifetime->arena, work.operation->nodes[work.node_index].callable->result_size + 1);
    const cito_exception *raised = call(work.operation, work.node_index, made->value, lifetime->arena);
    if (raised) {
        cito_lifetime_clean_up(lifetime); /* what it deferred before it failed */
    } else {
        made->older = api->newest_cached;
        api->newest_cached = slot->made = made;
    }
    slot->is_running = false;
    tell_waiters(slot, raised);
    if (raised)
        cito_lifetime_drop(lifetime);
}

/* ---- waiting ------------------------------------------------------------------------------------------------------------------- */

static void leave_waiters(cito_cached *slot, const struct cito_cached_waiter *waiter)
{
    for (struct cito_cached_waiter **at = &slot->waiters; *at; at = &(*at)->next)
        if (*at == waiter) {
            *at = waiter->next;
            return;
        }
}

/* false: interrupted. The waiter is in the slot's list before, out of it afterwards. */
static bool wait_for(cito_cached *slot, struct cito_cached_waiter *waiter)
{
    waiter->is_suspended = true;
    if (waiter->is_done || !cito_coroutine_suspend())
        return true;
    leave_waiters(slot, waiter);
    return false;
}

static struct cito_cached_waiter waiter_of(const cito_cached *slot)
{
    return (struct cito_cached_waiter){ .coroutine = cito_context_current->coroutine,
                                        .arena = cito_context_current->arena,
                                        .next = slot->waiters };
}

const cito_exception *cito_cached_solve(cito_operation *operation, int node_index)
{
    static const cito_exception client_left = { .status_code = 499 };
    cito_cached *slot = slot_of(operation, node_index);
    if (is_ready(operation, node_index))
        return NULL;
    struct cito_cached_waiter waiter = waiter_of(slot);
    slot->waiters = &waiter;
    if (!slot->is_running) {
        making work = { operation, node_index };
        slot->is_running = true;
        cito_coroutine_spawn(cito_context_current->loop, cito_lifetime_new(cito_context_current->loop, NULL), make, &work);
    }
    return wait_for(slot, &waiter) ? waiter.raised : &client_left;
}

/* A client that left did not end what it began: that is waited for. */
static void await_running(cito_cached *slot)
{
    while (slot->is_running) {
        struct cito_cached_waiter waiter = waiter_of(slot);
        slot->waiters = &waiter;
        wait_for(slot, &waiter);
    }
}

void cito_cached_finish(struct cito_api *api)
{
    for (size_t i = 0; i < api->cached_count; i++)
        await_running(&api->cached[i]);
    while (api->newest_cached) {
        cito_lifetime *lifetime = api->newest_cached->lifetime;
        api->newest_cached = api->newest_cached->older;
        cito_lifetime_finish(lifetime);
    }
    memset(api->cached, 0, api->cached_count * sizeof *api->cached);
}
