/* Task: the registry of a program's tasks, made once from its decorators, and this process's connections to their queues.
 *
 * Invariants: the registry never changes after it is made. A connection belongs to a queue, a loop and a process: a child makes its own.
 * Threading: registry any; connections under a guard, used on their loop. */
#include "tasks/task.h"
#include "base/fork.h"
#include "base/log.h"
#include "loop/context.h"
#include "schema/decode.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct task_registry {
    pthread_once_t once;
    cito_task *tasks;
    size_t count;
    cito_buffer mistakes;
    cito_arena texts;
} task_registry;
static task_registry registry = { .once = PTHREAD_ONCE_INIT };

/* ---- what is refused at start ------------------------------------------------------------------------------------------------------------------- */
static void add_mistake(const cito_decorator *decorator, cito_str name, const char *what)
{
    cito_buffer_append_format(&registry.mistakes, "%s:%d: task %.*s: %s\n", decorator->file, decorator->line, (int)name.len, name.data,
                              what);
}

enum { TYPE_DEPTH_MAX = 8 };

/* A secret is written as stars, so it would not arrive; types that refer to themselves end at the depth. */
static bool holds_secret(const cito_type *type, int depth)
{
    if (!type || depth > TYPE_DEPTH_MAX)
        return false;
    if (type->kind == CITO_KIND_SECRET)
        return true;
    if (holds_secret(type->element, depth + 1))
        return true;
    for (size_t i = 0; i < type->field_count; i++)
        if (holds_secret(type->fields[i].type, depth + 1))
            return true;
    return false;
}

static void check_parameter(const cito_decorator *decorator, cito_str name, const cito_field *param)
{
    const cito_type *type = param->type;
    const char *wrong = NULL;
    if (type->kind == CITO_KIND_DEPENDS)
        wrong = "is a dependency, which needs a request: call what it does inside the task, or give its result as an argument";
    else if (type->kind == CITO_KIND_CONTEXT || type->kind == CITO_KIND_FILE)
        wrong = "is of a request, which a task does not have: give what it needs of it as an argument";
    else if (holds_secret(type, 0))
        wrong = "holds a secret, which is written as ********** and would not arrive: use str, or give a key to look it up by";
    else
        wrong = cito_type_prepare(type, param, &registry.texts);
    if ((param->all_args || param->all_kwargs) && type->kind != CITO_KIND_ANY)
        wrong = "takes what is left of the arguments, so it is of the word any: (any, rest, args)";
    if (wrong) {
        cito_str text = cito_arena_format(&registry.texts, "parameter %s %s", param->name, wrong);
        add_mistake(decorator, name, text.data);
    }
}

enum { FLUSH_EVERY_MAX = 10000 };

static void check_batches(const cito_task *task)
{
    const cito_decorator *options = task->options;
    const cito_callable *callable = task->callable;
    const char *wrong = NULL;
    if (options->flush_every < 0 || options->flush_every > FLUSH_EVERY_MAX)
        wrong = cito_arena_format(&registry.texts, ".flush_every = %d is no number of messages that a batch may have: 1 to %d",
                                  options->flush_every, FLUSH_EVERY_MAX)
                    .data;
    else if (options->flush_interval < 0 || options->flush_interval != options->flush_interval)
        wrong = ".flush_interval is no time: say in seconds how long a message waits for others";
    else if (!options->flush_every && options->flush_interval > 0)
        wrong = ".flush_interval alone makes no batches: say with .flush_every how many messages make one";
    else if (options->flush_every && (callable->param_count != 1 || callable->params[0].type->kind != CITO_KIND_LIST))
        wrong = "a task of batches (.flush_every) has one parameter, a list: each message carries one, and a call gets the elements of all";
    else if (options->flush_every && callable->returns->kind != CITO_KIND_NONE)
        wrong = "a task of batches (.flush_every) returns none: one call ends many messages";
    if (wrong)
        add_mistake(options, task->name, wrong);
}

static void check_task(const cito_task *task, size_t count)
{
    check_batches(task);
    const cito_callable *callable = task->callable;
    for (size_t i = 0; i < callable->param_count; i++)
        check_parameter(task->options, task->name, &callable->params[i]);
    const char *wrong = callable->returns->kind == CITO_KIND_NONE ? NULL : cito_type_prepare(callable->returns, NULL, &registry.texts);
    if (callable->returns->kind == CITO_KIND_YIELDS || callable->returns->kind == CITO_KIND_CONTEXT)
        wrong = "what it returns is no data that can be stored: return a model, a list or a scalar";
    if (wrong)
        add_mistake(task->options, task->name, wrong);
    for (size_t i = 0; i < count; i++)
        if (cito_same(registry.tasks[i].name, task->name))
            add_mistake(task->options, task->name, "another task has this name: give one of them .name = \"…\"");
}

/* ---- the registry -------------------------------------------------------------------------------------------------------------------------- */
static void add_task(const cito_decorator *decorator)
{
    const cito_callable *callable = cito_registry_decorated(decorator);
    if (!callable) {
        add_mistake(decorator, CITO_STR(""), "CITO_TASK stands before no callable: put it directly before a CITO_DEF or CITO_ASYNC_DEF");
        return;
    }
    cito_str name = decorator->name ? cito_arena_copy_str(&registry.texts, decorator->name, strlen(decorator->name))
                                    : cito_arena_format(&registry.texts, "tasks.%s", callable->name);
    cito_task task = { .name = name, .callable = callable, .options = decorator, .queue = decorator->owner };
    check_task(&task, registry.count);
    registry.tasks[registry.count++] = task;
}

static void make_registry(void)
{
    size_t count = 0;
    cito_arena_init(&registry.texts, 0);
    cito_buffer_init(&registry.mistakes);
    for (const cito_decorator *decorator = cito_registry_decorators(); decorator; decorator = decorator->next)
        count += decorator->role == CITO_ROLE_TASK;
    registry.tasks = calloc(count + 1, sizeof *registry.tasks);
    if (!registry.tasks)
        cito_die(1, "Out of memory");
    for (const cito_decorator *decorator = cito_registry_decorators(); decorator; decorator = decorator->next)
        if (decorator->role == CITO_ROLE_TASK)
            add_task(decorator);
}

const cito_task *cito_tasks_all(const cito_queue *queue, size_t *out_count, cito_buffer *out_mistakes)
{
    pthread_once(&registry.once, make_registry);
    if (out_mistakes && registry.mistakes.len)
        cito_buffer_append(out_mistakes, registry.mistakes.data, registry.mistakes.len);
    *out_count = registry.count;
    if (!queue)
        return registry.tasks;
    cito_task *mine = cito_arena_take(&registry.texts, (registry.count + 1) * sizeof *mine); /* at start, once for each who asks */
    *out_count = 0;
    for (size_t i = 0; i < registry.count; i++)
        if (registry.tasks[i].queue == queue)
            mine[(*out_count)++] = registry.tasks[i];
    return mine;
}

const cito_task *cito_task_by_name(cito_str name)
{
    pthread_once(&registry.once, make_registry);
    for (size_t i = 0; i < registry.count; i++)
        if (cito_same(registry.tasks[i].name, name))
            return &registry.tasks[i];
    return NULL;
}

const cito_task *cito_task_of(const cito_callable *callable)
{
    pthread_once(&registry.once, make_registry);
    for (size_t i = 0; i < registry.count; i++)
        if (registry.tasks[i].callable == callable)
            return &registry.tasks[i];
    return NULL;
}

/* ---- connections ---------------------------------------------------------------------------------------------------------------------------- */
typedef struct queue_connection {
    struct queue_connection *next;
    const cito_queue *queue;
    cito_loop *loop;
    uint32_t fork_depth; /* whose connection it is: a parent's is never used */
    cito_broker *broker;
    cito_backend *backend;
} queue_connection;
static pthread_mutex_t connections_guard = PTHREAD_MUTEX_INITIALIZER;
static queue_connection *connections;

static queue_connection *connection_of(const cito_queue *queue, cito_loop *loop)
{
    uint32_t fork_depth = cito_fork_depth();
    pthread_mutex_lock(&connections_guard);
    queue_connection *connection = connections;
    while (connection && (connection->queue != queue || connection->loop != loop || connection->fork_depth != fork_depth))
        connection = connection->next;
    if (!connection) {
        connection = calloc(1, sizeof *connection);
        if (!connection)
            cito_die(1, "Out of memory");
        *connection = (queue_connection){ .next = connections, .queue = queue, .loop = loop, .fork_depth = fork_depth };
        connections = connection;
        cito_loop_on_close(loop, cito_queues_close);
    }
    pthread_mutex_unlock(&connections_guard);
    return connection;
}

static void report(const cito_queue *queue, const char *error)
{
    cito_log_write(CITO_LOG_ERROR, "Queue at %s:%d: %s", queue->file ? queue->file : "?", queue->line, error ? error : "it cannot be used");
}

cito_broker *cito_queue_broker(const cito_queue *queue, cito_loop *loop)
{
    queue_connection *connection = connection_of(queue, loop);
    if (connection->broker)
        return connection->broker;
    cito_arena texts;
    cito_arena_init(&texts, 0);
    const char *error = NULL;
    connection->broker = cito_broker_new(loop, queue, &texts, &error);
    if (!connection->broker)
        report(queue, error);
    cito_arena_finish(&texts);
    return connection->broker;
}

cito_backend *cito_queue_backend(const cito_queue *queue, cito_loop *loop)
{
    queue_connection *connection = connection_of(queue, loop);
    if (connection->backend)
        return connection->backend;
    cito_arena texts;
    cito_arena_init(&texts, 0);
    const char *error = NULL;
    connection->backend = cito_backend_new(loop, queue, &texts, &error);
    if (!connection->backend)
        report(queue, error);
    cito_arena_finish(&texts);
    return connection->backend;
}

static queue_connection *take_connection(const cito_loop *loop)
{
    uint32_t fork_depth = cito_fork_depth();
    pthread_mutex_lock(&connections_guard);
    queue_connection **at = &connections;
    while (*at && ((*at)->loop != loop || (*at)->fork_depth != fork_depth))
        at = &(*at)->next;
    queue_connection *taken = *at;
    if (taken)
        *at = taken->next;
    pthread_mutex_unlock(&connections_guard);
    return taken;
}

void cito_queues_close(cito_loop *loop)
{
    for (queue_connection *connection; (connection = take_connection(loop));) {
        if (connection->backend)
            connection->backend->methods->free(connection->backend);
        if (connection->broker)
            connection->broker->methods->free(connection->broker);
        free(connection);
    }
}
