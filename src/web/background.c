/* Background tasks: calls that wait for the answer to be out.
 *
 * Invariant: tasks run one after the other in the order added; one that raises is logged and the next runs; a task may add further ones.
 * Threading: added by the running callable, on the loop or on its pool thread while the coroutine waits; run in the request's coroutine. */
#include "base/log.h"
#include "web/web.h"
#include <string.h>

typedef struct background_task {
    const cito_callable *callable;
    const void *args;
    struct background_task *next;
} background_task;

struct cito_background {
    cito_request *request;
    background_task *first, **last; /* last: where the next one goes */
};

cito_background *cito_request_background(cito_request *request)
{
    if (request->background)
        return request->background;
    cito_background *made = cito_web_take(cito_request_arena(request), sizeof *made);
    *made = (cito_background){ .request = request, .last = &made->first };
    return request->background = made;
}

void cito_background_call(cito_background *background, const cito_callable *callable, const void *args)
{
    background_task *task = cito_alloc(sizeof *task);
    void *kept = cito_alloc(callable->args_size);
    if (callable->args_size)
        memcpy(kept, args, callable->args_size);
    *task = (background_task){ .callable = callable, .args = kept };
    *background->last = task;
    background->last = &task->next;
}

void cito_background_run(cito_background *background)
{
    for (background_task *task = background->first; task; task = task->next) {
        const char *name = task->callable->name;
        void *result = cito_arena_take(cito_request_arena(background->request), task->callable->result_size);
        if (!result) {
            cito_log_write(CITO_LOG_ERROR, "background task %s did not run: the request's memory is used up; raise --limit-request-memory",
                           name);
            continue;
        }
        cito_web_log_raised("background task", name, cito_call(task->callable, task->args, result));
    }
}
