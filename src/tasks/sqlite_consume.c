/* SQLite broker: what its consumer is told to do: which queues, how many messages at once, when to stop.
 *
 * Invariant: each setting is a request of the store, so it takes place between two transactions, in the order in which the settings were made.
 * Threading: run_setting and what it calls on the store's thread, the rest on the loop's. */
#include "base/log.h"
#include "tasks/sqlite_broker.h"
#include "tasks/sqlite_state.h"

#include <stdlib.h>

typedef enum setting { SET_CONSUME, SET_PREFETCH, SET_ADD, SET_CANCEL, SET_STOP, SET_LEAVE, SET_FLUSH } setting;
typedef struct setting_request {
    cito_store_request request;
    cito_sqlite_broker *broker;
    setting what;
    unsigned prefetch;
    bool listens;
    cito_sqlite_queue *queues;
} setting_request;

static void free_queues(cito_sqlite_queue *queues)
{
    for (cito_sqlite_queue *next; queues; queues = next) {
        next = queues->next;
        free(queues);
    }
}

static cito_sqlite_queue *new_queue(const char *name)
{
    size_t len = strlen(name);
    cito_sqlite_queue *queue = malloc(sizeof *queue + len + 1);
    if (!queue)
        cito_die(1, "Out of memory");
    queue->next = NULL;
    memcpy(queue->name, name, len + 1);
    return queue;
}

static void remove_queue(cito_sqlite_broker *broker, const char *name)
{
    for (cito_sqlite_queue **at = &broker->queues; *at;) {
        cito_sqlite_queue *queue = *at;
        if (strcmp(queue->name, name) != 0) {
            at = &queue->next;
            continue;
        }
        *at = queue->next;
        free(queue);
    }
}

static void add_queues(cito_sqlite_broker *broker, setting_request *set)
{
    for (cito_sqlite_queue *queue = set->queues, *next; queue; queue = next) {
        next = queue->next;
        remove_queue(broker, queue->name);
        queue->next = broker->queues;
        broker->queues = queue;
    }
    set->queues = NULL;
    broker->may_have_more = true;
}

static cito_store_step consume(cito_store *store, cito_sqlite_broker *broker, setting_request *set)
{
    add_queues(broker, set);
    broker->prefetch = set->prefetch;
    broker->listens = set->listens;
    broker->stops_taking = false;
    sqlite3_stmt *statement = cito_store_statement(store, "SELECT max(id) FROM broadcast");
    if (!statement)
        return CITO_STORE_FAILED;
    broker->last_broadcast = cito_store_number(store, statement, 0);
    store->next_due_ms = 0; /* there may be some */
    cito_sqlite_take_start(store, broker);
    return CITO_STORE_DONE;
}

static cito_store_step run_setting(cito_store *store, cito_store_request *request)
{
    setting_request *set = (setting_request *)request;
    cito_sqlite_broker *broker = set->broker;
    switch (set->what) {
    case SET_CONSUME:
        return consume(store, broker, set);
    case SET_PREFETCH:
        broker->prefetch = set->prefetch;
        broker->may_have_more = true;
        break;
    case SET_ADD:
        add_queues(broker, set);
        break;
    case SET_CANCEL:
        remove_queue(broker, set->queues->name);
        break;
    case SET_STOP:
        broker->stops_taking = true;
        break;
    case SET_LEAVE:
        if (broker->is_watched)
            cito_store_unwatch(store, &broker->watcher);
        broker->is_watched = false;
        return store->watchers || cito_store_leave(store) ? CITO_STORE_DONE : CITO_STORE_FAILED;
    case SET_FLUSH:
        break;
    }
    return CITO_STORE_DONE;
}

static void release_setting(cito_store_request *request) { free_queues(((setting_request *)request)->queues); }

static setting_request *new_setting(cito_sqlite_broker *broker, setting what, const char *const *queues)
{
    setting_request *set = cito_store_new_request(sizeof *set, broker->base.loop, run_setting);
    set->request.writes = what == SET_CONSUME || what == SET_ADD || what == SET_PREFETCH || what == SET_LEAVE;
    set->request.release = release_setting;
    set->broker = broker;
    set->what = what;
    for (; queues && *queues; queues++) {
        cito_sqlite_queue *queue = new_queue(*queues);
        queue->next = set->queues;
        set->queues = queue;
    }
    return set;
}

static const char *set_and_wait(cito_sqlite_broker *broker, setting what, const char *const *queues)
{
    return cito_sqlite_wait(broker, &new_setting(broker, what, queues)->request);
}

const char *cito_sqlite_consume(cito_broker *base, const char *const *queues, unsigned prefetch, const char *node_name,
                                const cito_consumer_events *events)
{
    cito_sqlite_broker *broker = (cito_sqlite_broker *)base;
    broker->events = *events;
    broker->is_stopped = false;
    setting_request *set = new_setting(broker, SET_CONSUME, queues);
    set->prefetch = prefetch;
    set->listens = node_name != NULL;
    const char *error = cito_sqlite_wait(broker, &set->request);
    if (events->connection)
        events->connection(events->data, !error, error ? error : "");
    return error;
}

void cito_sqlite_set_prefetch(cito_broker *base, unsigned prefetch)
{
    cito_sqlite_broker *broker = (cito_sqlite_broker *)base;
    setting_request *set = new_setting(broker, SET_PREFETCH, NULL);
    set->prefetch = prefetch;
    cito_store_submit(broker->store, &set->request);
}

const char *cito_sqlite_add_queue(cito_broker *base, const char *queue)
{
    return set_and_wait((cito_sqlite_broker *)base, SET_ADD, (const char *const[]){ queue, NULL });
}

const char *cito_sqlite_cancel_queue(cito_broker *base, const char *queue)
{
    return set_and_wait((cito_sqlite_broker *)base, SET_CANCEL, (const char *const[]){ queue, NULL });
}

void cito_sqlite_stop_consuming(cito_broker *base)
{
    cito_sqlite_broker *broker = (cito_sqlite_broker *)base;
    broker->is_stopped = true; /* what is on its way goes back */
    cito_store_submit(broker->store, &new_setting(broker, SET_STOP, NULL)->request);
}

const char *cito_sqlite_flush(cito_broker *base) { return set_and_wait((cito_sqlite_broker *)base, SET_FLUSH, NULL); }

void cito_sqlite_consume_end(cito_sqlite_broker *broker)
{
    broker->is_stopped = true;
    set_and_wait(broker, SET_LEAVE, NULL); /* what was handed over before its answer has come by then */
    set_and_wait(broker, SET_FLUSH, NULL); /* and what that gave back is stored */
    free_queues(broker->queues);
}
