/* SQLite broker: messages as rows of the store: its life and publishing. What is taken and held: sqlite_take.c.
 *
 * Invariants: a message is with the store when publishing has said no error. One with an eta lies in the file until then and keeps nobody's slot. A broadcast is
 * kept only where somebody listens; a reply for a minute.
 * Threading: run_… on the store's thread, the rest on the loop's. */
#include "tasks/sqlite_broker.h"
#include "base/log.h"
#include "tasks/sqlite_state.h"

#include <stdlib.h>

enum { REPLY_KEPT_MS = 60000 };

/* ---- publishing: one request carries what is to be inserted ------------------------------------------------------------------------------------ */
typedef struct publish_request {
    cito_store_request request;
    cito_str queue, exchange, envelope;
    int priority;
    int64_t due_ms, expires_ms;
    char text[];
} publish_request;

static cito_store_step run_publish(cito_store *store, cito_store_request *request)
{
    publish_request *publish = (publish_request *)request;
    sqlite3_stmt *statement = cito_store_statement(
        store,
        "INSERT INTO message(queue, state, priority, due, holder, redelivered, expires, envelope) VALUES(?1, ?2, ?3, ?4, 0, 0, ?5, ?6)");
    if (!statement)
        return CITO_STORE_FAILED;
    bool is_delayed = publish->due_ms > cito_store_now_ms();
    cito_store_bind_text(statement, 1, publish->queue);
    sqlite3_bind_int(statement, 2, is_delayed);
    sqlite3_bind_int(statement, 3, publish->priority);
    sqlite3_bind_int64(statement, 4, publish->due_ms);
    sqlite3_bind_int64(statement, 5, publish->expires_ms);
    sqlite3_bind_blob(statement, 6, publish->envelope.data, (int)publish->envelope.len, SQLITE_STATIC);
    if (is_delayed && publish->due_ms < store->next_due_ms)
        store->next_due_ms = publish->due_ms;
    cito_store_tell(store, CITO_NEWS_MESSAGE, (cito_str){ NULL, 0 });
    return cito_store_execute(store, statement);
}

static cito_store_step run_broadcast(cito_store *store, cito_store_request *request)
{
    publish_request *publish = (publish_request *)request;
    sqlite3_stmt *statement = cito_store_statement(store, "SELECT 1 FROM peer WHERE interest & 4 LIMIT 1");
    if (!statement || !cito_store_number(store, statement, 0))
        return statement ? CITO_STORE_DONE : CITO_STORE_FAILED; /* nobody listens, and nothing is kept for who comes later */
    statement = cito_store_statement(store, "INSERT INTO broadcast(exchange, routing_key, sent, envelope) VALUES(?1, ?2, ?3, ?4)");
    if (!statement)
        return CITO_STORE_FAILED;
    cito_store_bind_text(statement, 1, publish->exchange);
    cito_store_bind_text(statement, 2, publish->queue);
    sqlite3_bind_int64(statement, 3, cito_store_now_ms());
    sqlite3_bind_blob(statement, 4, publish->envelope.data, (int)publish->envelope.len, SQLITE_STATIC);
    cito_store_tell(store, CITO_NEWS_BROADCAST, (cito_str){ NULL, 0 });
    return cito_store_execute(store, statement);
}

static publish_request *new_publish(cito_sqlite_broker *broker, cito_store_step (*run)(cito_store *, cito_store_request *),
                                    const char *exchange, const char *queue, cito_str envelope)
{
    size_t queue_len = strlen(queue), exchange_len = strlen(exchange);
    publish_request *publish =
        cito_store_new_request(sizeof *publish + queue_len + exchange_len + envelope.len + 3, broker->base.loop, run);
    char *at = publish->text;
    publish->queue = cito_store_place_text(&at, (cito_str){ queue, queue_len });
    publish->exchange = cito_store_place_text(&at, (cito_str){ exchange, exchange_len });
    publish->envelope = cito_store_place_text(&at, envelope);
    publish->request.writes = true;
    return publish;
}

const char cito_sqlite_interrupted[] = "the caller has gone, or its time is over, before the broker answered";

const char *cito_sqlite_wait(cito_sqlite_broker *broker, cito_store_request *request)
{
    return cito_store_wait_and_free(broker->store, request, cito_sqlite_interrupted);
}

static const char *broker_publish(cito_broker *base, const char *queue, const cito_message *message)
{
    cito_sqlite_broker *broker = (cito_sqlite_broker *)base;
    cito_buffer envelope;
    cito_buffer_init(&envelope);
    cito_message_write_envelope(message, &envelope);
    publish_request *publish = new_publish(broker, run_publish, "", queue, (cito_str){ envelope.data, envelope.len });
    cito_buffer_finish(&envelope);
    publish->priority = message->priority;
    publish->due_ms = (int64_t)(message->eta * 1000);
    return cito_sqlite_wait(broker, &publish->request);
}

static const char *broker_publish_raw(cito_broker *base, const char *queue, cito_str envelope)
{
    cito_sqlite_broker *broker = (cito_sqlite_broker *)base;
    publish_request *publish = new_publish(broker, run_publish, "", queue, envelope);
    publish->expires_ms = cito_store_now_ms() + REPLY_KEPT_MS;
    return cito_sqlite_wait(broker, &publish->request);
}

static const char *broker_broadcast(cito_broker *base, const char *exchange, const char *routing_key, cito_str envelope)
{
    cito_sqlite_broker *broker = (cito_sqlite_broker *)base;
    return cito_sqlite_wait(broker, &new_publish(broker, run_broadcast, exchange, routing_key, envelope)->request);
}

/* ---- life ---------------------------------------------------------------------------------------------------------------------------------- */
static void broker_free(cito_broker *base)
{
    cito_sqlite_broker *broker = (cito_sqlite_broker *)base;
    cito_sqlite_consume_end(broker);
    cito_store_close(broker->store);
    free(broker);
}

cito_broker *cito_sqlite_broker_new(cito_loop *loop, const char *path, const cito_queue *queue)
{
    static const cito_broker_methods methods = {
        .publish = broker_publish,
        .publish_raw = broker_publish_raw,
        .broadcast = broker_broadcast,
        .consume = cito_sqlite_consume,
        .set_prefetch = cito_sqlite_set_prefetch,
        .add_queue = cito_sqlite_add_queue,
        .cancel_queue = cito_sqlite_cancel_queue,
        .stop_consuming = cito_sqlite_stop_consuming,
        .ack = cito_sqlite_ack,
        .reject = cito_sqlite_reject,
        .give_back = cito_sqlite_give_back,
        .flush = cito_sqlite_flush,
        .collect_replies = cito_sqlite_collect_replies,
        .length = cito_sqlite_length,
        .purge = cito_sqlite_purge,
        .free = broker_free,
    };
    (void)queue;
    cito_sqlite_broker *broker = calloc(1, sizeof *broker);
    if (!broker)
        cito_die(1, "Out of memory");
    broker->base = (cito_broker){ &methods, loop, "sqlite" };
    broker->store = cito_store_open(path);
    return &broker->base;
}
