/* SQLite broker: messages as rows of the store. Taking, acknowledging and publishing of one moment are one transaction.
 *
 * Invariants: a message that is taken names its holder, and only who holds it can end it; it is handed over after the commit that says so. One with an eta lies in the
 * file until then and keeps nobody's slot. Control messages are rows too, seen by who listened when they were sent.
 * Threading: consumer's first part belongs to the loop, its second to the store's thread. */
#include "base/clock.h"
#include "base/log.h"
#include "tasks/broker.h"
#include "tasks/sqlite_state.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH_MAX = 256, REPLY_KEPT_MS = 60000 };
static const char pidbox[] = "celery.pidbox";

typedef struct held {
    cito_delivery delivery; /* first: it is what the worker gives back */
    struct held *next;
    int64_t id, holder;
    char text[]; /* queue, tag, envelope, each with its NUL */
} held;

typedef struct heard {
    struct heard *next;
    cito_str routing_key, envelope;
    char text[];
} heard;

typedef struct watched_queue {
    struct watched_queue *next;
    char name[];
} watched_queue;

typedef struct sqlite_broker {
    cito_broker base;
    cito_store *store;
    cito_consumer_events events; /* loop */
    bool is_consuming, is_stopped;
    /* The store's thread. */
    cito_store_watcher watcher;
    bool is_watched, listens;
    watched_queue *queues;
    unsigned prefetch, holds;
    int64_t last_broadcast;
    held *taken, **taken_end;
    heard *heard_first, **heard_end;
    unsigned taken_count;
    int64_t heard_last;
    bool may_have_more, stops_taking;
} sqlite_broker;

static void bind_text(sqlite3_stmt *statement, int place, cito_str text)
{
    sqlite3_bind_text(statement, place, text.data ? text.data : "", (int)text.len, SQLITE_STATIC);
}

static cito_str place_text(char **at, const void *data, size_t len)
{
    char *start = *at;
    if (len)
        memcpy(start, data, len);
    start[len] = 0;
    *at = start + len + 1;
    return (cito_str){ start, len };
}

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
    bind_text(statement, 1, publish->queue);
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
    bind_text(statement, 1, publish->exchange);
    bind_text(statement, 2, publish->queue);
    sqlite3_bind_int64(statement, 3, cito_store_now_ms());
    sqlite3_bind_blob(statement, 4, publish->envelope.data, (int)publish->envelope.len, SQLITE_STATIC);
    cito_store_tell(store, CITO_NEWS_BROADCAST, (cito_str){ NULL, 0 });
    return cito_store_execute(store, statement);
}

static publish_request *new_publish(sqlite_broker *broker, cito_store_step (*run)(cito_store *, cito_store_request *), cito_str exchange,
                                    cito_str queue, cito_str envelope)
{
    publish_request *publish =
        cito_store_new_request(sizeof *publish + queue.len + exchange.len + envelope.len + 3, broker->base.loop, run);
    char *at = publish->text;
    publish->queue = place_text(&at, queue.data, queue.len);
    publish->exchange = place_text(&at, exchange.data, exchange.len);
    publish->envelope = place_text(&at, envelope.data, envelope.len);
    publish->request.writes = true;
    return publish;
}

static const char *interrupted = "the caller has gone, or its time is over, before the broker answered";

/* Errors' texts live as long as the running callable's memory. */
static const char *wait_and_free(sqlite_broker *broker, cito_store_request *request)
{
    if (!cito_store_wait(broker->store, request))
        return interrupted;
    const char *error = request->error[0] ? cito_arena_format(cito_context_current->arena, "%s", request->error).data : NULL;
    cito_store_free_request(request);
    return error;
}

static cito_str as_text(const char *chars) { return (cito_str){ chars, strlen(chars) }; }

static const char *broker_publish(cito_broker *base, const char *queue, const cito_message *message)
{
    sqlite_broker *broker = (sqlite_broker *)base;
    cito_buffer envelope;
    cito_buffer_init(&envelope);
    cito_message_write_envelope(message, &envelope);
    publish_request *publish = new_publish(broker, run_publish, CITO_STR(""), as_text(queue), (cito_str){ envelope.data, envelope.len });
    cito_buffer_finish(&envelope);
    publish->priority = message->priority;
    publish->due_ms = (int64_t)(message->eta * 1000);
    return wait_and_free(broker, &publish->request);
}

static const char *broker_publish_raw(cito_broker *base, const char *queue, cito_str envelope)
{
    sqlite_broker *broker = (sqlite_broker *)base;
    publish_request *publish = new_publish(broker, run_publish, CITO_STR(""), as_text(queue), envelope);
    publish->expires_ms = cito_store_now_ms() + REPLY_KEPT_MS;
    return wait_and_free(broker, &publish->request);
}

static const char *broker_broadcast(cito_broker *base, const char *exchange, const char *routing_key, cito_str envelope)
{
    sqlite_broker *broker = (sqlite_broker *)base;
    return wait_and_free(broker, &new_publish(broker, run_broadcast, as_text(exchange), as_text(routing_key), envelope)->request);
}

/* ---- taking: the store's thread ------------------------------------------------------------------------------------------------------------- */
static sqlite_broker *of_watcher(cito_store_watcher *watcher)
{
    return (sqlite_broker *)((char *)watcher - offsetof(sqlite_broker, watcher));
}

static unsigned room_of(const sqlite_broker *broker)
{
    if (broker->stops_taking || broker->holds >= broker->prefetch)
        return 0;
    unsigned room = broker->prefetch - broker->holds;
    return room < BATCH_MAX ? room : BATCH_MAX;
}

static bool broker_has_work(cito_store *store, cito_store_watcher *watcher)
{
    sqlite_broker *broker = of_watcher(watcher);
    if (broker->listens && store->news & CITO_NEWS_BROADCAST)
        return true;
    /* Also where there is no room: the message may have an eta, which is then noted. */
    if (store->news & CITO_NEWS_MESSAGE || store->next_due_ms <= cito_store_now_ms())
        return true;
    return broker->may_have_more && room_of(broker);
}

static bool let_due_go(cito_store *store)
{
    int64_t now_ms = cito_store_now_ms();
    sqlite3_stmt *statement;
    if (store->next_due_ms <= now_ms) {
        statement = cito_store_statement(store, "UPDATE message SET state = 0 WHERE state = 1 AND due <= ?1");
        if (!statement)
            return false;
        sqlite3_bind_int64(statement, 1, now_ms);
        if (cito_store_execute(store, statement) != CITO_STORE_DONE)
            return false;
        if (sqlite3_changes(store->db))
            cito_store_tell(store, CITO_NEWS_MESSAGE, (cito_str){ NULL, 0 });
    }
    statement = cito_store_statement(store, "SELECT min(due) FROM message WHERE state = 1");
    if (!statement)
        return false;
    store->next_due_ms = cito_store_number(store, statement, INT64_MAX);
    return true;
}

/* The envelope says so itself, as kombu's restored ones do. */
static size_t find_headers(const char *envelope, size_t len)
{
    static const char headers[] = "\"headers\":{";
    const char *found = memmem(envelope, len, headers, sizeof headers - 1);
    return found ? (size_t)(found - envelope) + sizeof headers - 1 : 0;
}

static held *new_held(sqlite_broker *broker, cito_str queue, sqlite3_stmt *row, int64_t holder)
{
    static const char mark[] = "\"redelivered\":true,";
    const char *envelope = sqlite3_column_blob(row, 1);
    size_t len = (size_t)sqlite3_column_bytes(row, 1), cut = sqlite3_column_int(row, 2) ? find_headers(envelope, len) : 0;
    held *taken = malloc(sizeof *taken + queue.len + 32 + len + sizeof mark + 3);
    if (!taken)
        cito_die(1, "Out of memory");
    *taken = (held){ .id = sqlite3_column_int64(row, 0), .holder = holder };
    char *at = taken->text, tag[24];
    taken->delivery.private_data = broker;
    taken->delivery.queue = place_text(&at, queue.data, queue.len);
    taken->delivery.tag = place_text(&at, tag, (size_t)snprintf(tag, sizeof tag, "%lld", (long long)taken->id));
    char *start = at;
    if (cut) {
        memcpy(at, envelope, cut);
        memcpy(at + cut, mark, sizeof mark - 1);
        at += cut + sizeof mark - 1;
    }
    memcpy(at, envelope + cut, len - cut);
    at[len - cut] = 0;
    taken->delivery.envelope = (cito_str){ start, (size_t)(at - start) + len - cut };
    return taken;
}

static bool mark_held(cito_store *store, const held *taken)
{
    sqlite3_stmt *statement = cito_store_statement(store, "UPDATE message SET state = 2, holder = ?2 WHERE id = ?1");
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, taken->id);
    sqlite3_bind_int64(statement, 2, taken->holder);
    return cito_store_execute(store, statement) == CITO_STORE_DONE;
}

/* At most `limit` of one queue, in order of priority and age. */
static bool take_from(cito_store *store, sqlite_broker *broker, const watched_queue *queue, unsigned limit, unsigned *out_count)
{
    int64_t holder = cito_store_peer(store);
    sqlite3_stmt *rows = cito_store_statement(
        store, "SELECT id, envelope, redelivered FROM message WHERE queue = ?1 AND state = 0 ORDER BY priority, id LIMIT ?2");
    if (!rows || !holder)
        return false;
    bind_text(rows, 1, as_text(queue->name));
    sqlite3_bind_int(rows, 2, (int)limit);
    held **first = broker->taken_end;
    *out_count = 0;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        held *taken = new_held(broker, as_text(queue->name), rows, holder);
        *broker->taken_end = taken;
        broker->taken_end = &taken->next;
        ++*out_count;
    }
    sqlite3_reset(rows); /* before the rows change under it */
    for (held *taken = *first; taken; taken = taken->next)
        if (!mark_held(store, taken))
            return false;
    broker->taken_count += *out_count;
    return true;
}

/* Queues take turns: what was looked at first is last the next time. */
static void rotate(sqlite_broker *broker)
{
    watched_queue *first = broker->queues, **end = &broker->queues;
    if (!first || !first->next)
        return;
    broker->queues = first->next;
    first->next = NULL;
    while (*end)
        end = &(*end)->next;
    *end = first;
}

static bool take(cito_store *store, sqlite_broker *broker)
{
    unsigned room = room_of(broker), queue_count = 0;
    for (const watched_queue *queue = broker->queues; queue; queue = queue->next)
        queue_count++;
    broker->may_have_more = false;
    while (room && queue_count) {
        unsigned share = (room + queue_count - 1) / queue_count, progress = 0;
        for (const watched_queue *queue = broker->queues; queue && room; queue = queue->next) {
            unsigned count, limit = share < room ? share : room;
            if (!take_from(store, broker, queue, limit, &count))
                return false;
            room -= count;
            progress += count;
        }
        if (!progress)
            return true;
        rotate(broker);
    }
    broker->may_have_more = true;
    return true;
}

static bool hear(cito_store *store, sqlite_broker *broker)
{
    sqlite3_stmt *rows =
        cito_store_statement(store, "SELECT id, exchange, routing_key, envelope FROM broadcast WHERE id > ?1 ORDER BY id LIMIT 1000");
    if (!rows)
        return false;
    sqlite3_bind_int64(rows, 1, broker->last_broadcast);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        broker->heard_last = sqlite3_column_int64(rows, 0);
        if (strcmp((const char *)sqlite3_column_text(rows, 1), pidbox) != 0)
            continue;
        size_t key_len = (size_t)sqlite3_column_bytes(rows, 2), len = (size_t)sqlite3_column_bytes(rows, 3);
        heard *item = malloc(sizeof *item + key_len + len + 2);
        if (!item)
            cito_die(1, "Out of memory");
        char *at = item->text;
        item->next = NULL;
        item->routing_key = place_text(&at, sqlite3_column_text(rows, 2), key_len);
        item->envelope = place_text(&at, sqlite3_column_blob(rows, 3), len);
        *broker->heard_end = item;
        broker->heard_end = &item->next;
    }
    sqlite3_reset(rows);
    return true;
}

static bool broker_step(cito_store *store, cito_store_watcher *watcher, unsigned news)
{
    sqlite_broker *broker = of_watcher(watcher);
    broker->taken_end = &broker->taken;
    broker->heard_end = &broker->heard_first;
    broker->heard_last = broker->last_broadcast;
    if ((news & CITO_NEWS_MESSAGE || store->next_due_ms <= cito_store_now_ms()) && !let_due_go(store))
        return false;
    if (broker->listens && news & CITO_NEWS_BROADCAST && !hear(store, broker))
        return false;
    if (broker->may_have_more || (news | store->news) & CITO_NEWS_MESSAGE) {
        broker->may_have_more = true; /* for the next one, where there is no room now */
        return !room_of(broker) || take(store, broker);
    }
    return true;
}

/* ---- handing over ---------------------------------------------------------------------------------------------------------------------------- */
typedef struct handover {
    sqlite_broker *broker;
    held *taken;
    heard *heard_first;
} handover;

static void give_up(sqlite_broker *broker, held *taken);

static void hand_over(void *data)
{
    handover *over = data;
    sqlite_broker *broker = over->broker;
    for (heard *item = over->heard_first, *next; item; item = next) {
        next = item->next;
        if (!broker->is_stopped && broker->events.broadcast)
            broker->events.broadcast(broker->events.data, as_text(pidbox), item->routing_key, item->envelope);
        free(item);
    }
    for (held *taken = over->taken, *next; taken; taken = next) {
        next = taken->next;
        if (broker->is_stopped)
            give_up(broker, taken);
        else
            broker->events.message(broker->events.data, &taken->delivery);
    }
    free(over);
}

static void broker_ended(cito_store *store, cito_store_watcher *watcher, bool is_committed)
{
    sqlite_broker *broker = of_watcher(watcher);
    (void)store;
    held *taken = broker->taken;
    heard *items = broker->heard_first;
    broker->taken = NULL;
    broker->heard_first = NULL;
    if (is_committed && (taken || items)) {
        handover *over = malloc(sizeof *over);
        if (!over)
            cito_die(1, "Out of memory");
        *over = (handover){ broker, taken, items };
        broker->holds += broker->taken_count;
        broker->last_broadcast = broker->heard_last;
        cito_loop_post(broker->base.loop, hand_over, over);
        taken = NULL;
        items = NULL;
    }
    if (!is_committed)
        broker->may_have_more = true;
    broker->taken_count = 0;
    for (held *next; taken; taken = next) {
        next = taken->next;
        free(taken);
    }
    for (heard *next; items; items = next) {
        next = items->next;
        free(items);
    }
}

/* ---- ending a delivery ------------------------------------------------------------------------------------------------------------------------ */
typedef enum ending { ENDING_ACK, ENDING_REQUEUE, ENDING_GIVE_BACK } ending;
typedef struct end_request {
    cito_store_request request;
    sqlite_broker *broker;
    held *taken;
    ending how;
    bool is_counted; /* room was made; a transaction that is run again makes it once */
} end_request;

static cito_store_step run_end(cito_store *store, cito_store_request *request)
{
    static const char *const statements[] = {
        [ENDING_ACK] = "DELETE FROM message WHERE id = ?1 AND state = 2 AND holder = ?2",
        [ENDING_REQUEUE] = ("UPDATE message SET state = 0, holder = 0, redelivered = 1, id = (SELECT max(id) + 1 FROM message)"
                            " WHERE id = ?1 AND state = 2 AND holder = ?2"),
        [ENDING_GIVE_BACK] = "UPDATE message SET state = 0, holder = 0, redelivered = 1 WHERE id = ?1 AND state = 2 AND holder = ?2",
    };
    end_request *ended = (end_request *)request;
    if (!ended->is_counted && ended->broker->holds)
        ended->broker->holds--;
    ended->is_counted = true;
    ended->broker->may_have_more = true;
    sqlite3_stmt *statement = cito_store_statement(store, statements[ended->how]);
    if (!statement)
        return CITO_STORE_FAILED;
    sqlite3_bind_int64(statement, 1, ended->taken->id);
    sqlite3_bind_int64(statement, 2, ended->taken->holder);
    cito_store_step step = cito_store_execute(store, statement);
    if (step == CITO_STORE_DONE && ended->how != ENDING_ACK)
        cito_store_tell(store, CITO_NEWS_MESSAGE, (cito_str){ NULL, 0 });
    return step;
}

static void release_end(cito_store_request *request) { free(((end_request *)request)->taken); }

static void end_delivery(sqlite_broker *broker, held *taken, ending how)
{
    end_request *ended = cito_store_new_request(sizeof *ended, broker->base.loop, run_end);
    ended->request.writes = true;
    ended->request.release = release_end;
    ended->broker = broker;
    ended->taken = taken;
    ended->how = how;
    cito_store_submit(broker->store, &ended->request);
}

static void give_up(sqlite_broker *broker, held *taken) { end_delivery(broker, taken, ENDING_GIVE_BACK); }
static void broker_ack(cito_broker *base, cito_delivery *delivery) { end_delivery((sqlite_broker *)base, (held *)delivery, ENDING_ACK); }
static void broker_reject(cito_broker *base, cito_delivery *delivery, bool requeue)
{
    end_delivery((sqlite_broker *)base, (held *)delivery, requeue ? ENDING_REQUEUE : ENDING_ACK);
}
static void broker_give_back(cito_broker *base, cito_delivery *delivery) { give_up((sqlite_broker *)base, (held *)delivery); }

/* ---- settings of the consumer ------------------------------------------------------------------------------------------------------------------ */
typedef enum setting { SET_CONSUME, SET_PREFETCH, SET_ADD, SET_CANCEL, SET_STOP, SET_LEAVE, SET_FLUSH } setting;
typedef struct setting_request {
    cito_store_request request;
    sqlite_broker *broker;
    setting what;
    unsigned prefetch;
    bool listens;
    watched_queue *queues;
} setting_request;

static void free_queues(watched_queue *queues)
{
    for (watched_queue *next; queues; queues = next) {
        next = queues->next;
        free(queues);
    }
}

static watched_queue *new_queue(const char *name)
{
    size_t len = strlen(name);
    watched_queue *queue = malloc(sizeof *queue + len + 1);
    if (!queue)
        cito_die(1, "Out of memory");
    queue->next = NULL;
    memcpy(queue->name, name, len + 1);
    return queue;
}

static void remove_queue(sqlite_broker *broker, const char *name)
{
    for (watched_queue **at = &broker->queues; *at;) {
        watched_queue *queue = *at;
        if (strcmp(queue->name, name) != 0) {
            at = &queue->next;
            continue;
        }
        *at = queue->next;
        free(queue);
    }
}

static void add_queues(sqlite_broker *broker, setting_request *set)
{
    for (watched_queue *queue = set->queues, *next; queue; queue = next) {
        next = queue->next;
        remove_queue(broker, queue->name);
        queue->next = broker->queues;
        broker->queues = queue;
    }
    set->queues = NULL;
    broker->may_have_more = true;
}

static cito_store_step consume(cito_store *store, sqlite_broker *broker, setting_request *set)
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
    if (!broker->is_watched) {
        broker->watcher = (cito_store_watcher){ .interest = CITO_NEWS_MESSAGE | (set->listens ? CITO_NEWS_BROADCAST : 0),
                                                .has_work = broker_has_work,
                                                .step = broker_step,
                                                .ended = broker_ended };
        broker->taken_end = &broker->taken;
        broker->heard_end = &broker->heard_first;
        cito_store_watch(store, &broker->watcher);
        broker->is_watched = true;
    }
    return CITO_STORE_DONE;
}

static cito_store_step run_setting(cito_store *store, cito_store_request *request)
{
    setting_request *set = (setting_request *)request;
    sqlite_broker *broker = set->broker;
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

static setting_request *new_setting(sqlite_broker *broker, setting what, const char *const *queues)
{
    setting_request *set = cito_store_new_request(sizeof *set, broker->base.loop, run_setting);
    set->request.writes = what == SET_CONSUME || what == SET_ADD || what == SET_PREFETCH || what == SET_LEAVE;
    set->request.release = release_setting;
    set->broker = broker;
    set->what = what;
    for (; queues && *queues; queues++) {
        watched_queue *queue = new_queue(*queues);
        queue->next = set->queues;
        set->queues = queue;
    }
    return set;
}

static const char *set_and_wait(sqlite_broker *broker, setting what, const char *const *queues)
{
    return wait_and_free(broker, &new_setting(broker, what, queues)->request);
}

static const char *broker_consume(cito_broker *base, const char *const *queues, unsigned prefetch, const char *node_name,
                                  const cito_consumer_events *events)
{
    sqlite_broker *broker = (sqlite_broker *)base;
    broker->events = *events;
    broker->is_stopped = false;
    setting_request *set = new_setting(broker, SET_CONSUME, queues);
    set->prefetch = prefetch;
    set->listens = node_name != NULL;
    const char *error = wait_and_free(broker, &set->request);
    if (events->connection)
        events->connection(events->data, !error, error ? error : "");
    return error;
}

static void broker_set_prefetch(cito_broker *base, unsigned prefetch)
{
    sqlite_broker *broker = (sqlite_broker *)base;
    setting_request *set = new_setting(broker, SET_PREFETCH, NULL);
    set->prefetch = prefetch;
    cito_store_submit(broker->store, &set->request);
}

static const char *broker_add_queue(cito_broker *base, const char *queue)
{
    return set_and_wait((sqlite_broker *)base, SET_ADD, (const char *const[]){ queue, NULL });
}

static const char *broker_cancel_queue(cito_broker *base, const char *queue)
{
    return set_and_wait((sqlite_broker *)base, SET_CANCEL, (const char *const[]){ queue, NULL });
}

static void broker_stop_consuming(cito_broker *base)
{
    sqlite_broker *broker = (sqlite_broker *)base;
    broker->is_stopped = true; /* what is on its way goes back */
    cito_store_submit(broker->store, &new_setting(broker, SET_STOP, NULL)->request);
}

static const char *broker_flush(cito_broker *base) { return set_and_wait((sqlite_broker *)base, SET_FLUSH, NULL); }

/* ---- replies, lengths -------------------------------------------------------------------------------------------------------------------------- */
typedef struct reply_request {
    cito_store_request request;
    heard *reply;
    char queue[];
} reply_request;

static cito_store_step run_reply(cito_store *store, cito_store_request *request)
{
    reply_request *wanted = (reply_request *)request;
    free(wanted->reply);
    wanted->reply = NULL;
    sqlite3_stmt *row = cito_store_statement(
        store, "DELETE FROM message WHERE id = (SELECT id FROM message WHERE queue = ?1 AND state = 0 ORDER BY priority, id LIMIT 1)"
               " RETURNING envelope");
    if (!row)
        return CITO_STORE_FAILED;
    bind_text(row, 1, as_text(wanted->queue));
    if (sqlite3_step(row) == SQLITE_ROW) {
        size_t len = (size_t)sqlite3_column_bytes(row, 0);
        wanted->reply = malloc(sizeof *wanted->reply + len + 1);
        if (!wanted->reply)
            cito_die(1, "Out of memory");
        char *at = wanted->reply->text;
        wanted->reply->envelope = place_text(&at, sqlite3_column_blob(row, 0), len);
        while (sqlite3_step(row) == SQLITE_ROW)
            ;
    }
    sqlite3_reset(row);
    return wanted->reply || request->is_late ? CITO_STORE_DONE : CITO_STORE_WAIT;
}

static void release_reply(cito_store_request *request) { free(((reply_request *)request)->reply); }

static const char *broker_collect_replies(cito_broker *base, const char *oid, double timeout_s, unsigned limit,
                                          void (*reply)(void *data, cito_str envelope), void *data)
{
    static const char suffix[] = ".reply.celery.pidbox";
    sqlite_broker *broker = (sqlite_broker *)base;
    uint64_t deadline_ns = cito_clock_monotonic_ns() + (uint64_t)(timeout_s > 0 ? timeout_s * 1e9 : 0);
    for (unsigned count = 0; !limit || count < limit; count++) {
        reply_request *wanted = cito_store_new_request(sizeof *wanted + strlen(oid) + sizeof suffix, base->loop, run_reply);
        snprintf(wanted->queue, strlen(oid) + sizeof suffix, "%s%s", oid, suffix);
        wanted->request.writes = true;
        wanted->request.release = release_reply;
        wanted->request.interest = CITO_NEWS_MESSAGE;
        wanted->request.deadline_ns = deadline_ns;
        if (!cito_store_wait(broker->store, &wanted->request))
            return interrupted;
        bool found = wanted->reply && !wanted->request.error[0];
        if (found)
            reply(data, wanted->reply->envelope);
        const char *error =
            wanted->request.error[0] ? cito_arena_format(cito_context_current->arena, "%s", wanted->request.error).data : NULL;
        cito_store_free_request(&wanted->request);
        if (error || !found)
            return error;
    }
    return NULL;
}

typedef struct count_request {
    cito_store_request request;
    int64_t count;
    char queue[];
} count_request;

static cito_store_step run_length(cito_store *store, cito_store_request *request)
{
    count_request *counted = (count_request *)request;
    sqlite3_stmt *statement = cito_store_statement(store, "SELECT count(*) FROM message WHERE queue = ?1 AND state = 0");
    if (!statement)
        return CITO_STORE_FAILED;
    bind_text(statement, 1, as_text(counted->queue));
    counted->count = cito_store_number(store, statement, -1);
    return CITO_STORE_DONE;
}

static cito_store_step run_purge(cito_store *store, cito_store_request *request)
{
    count_request *counted = (count_request *)request;
    sqlite3_stmt *statement = cito_store_statement(store, "DELETE FROM message WHERE queue = ?1 AND state <> 2");
    if (!statement)
        return CITO_STORE_FAILED;
    bind_text(statement, 1, as_text(counted->queue));
    cito_store_step step = cito_store_execute(store, statement);
    counted->count = sqlite3_changes64(store->db);
    return step;
}

static int64_t count_by(cito_broker *base, const char *queue, cito_store_step (*run)(cito_store *, cito_store_request *), bool writes)
{
    sqlite_broker *broker = (sqlite_broker *)base;
    size_t len = strlen(queue);
    count_request *counted = cito_store_new_request(sizeof *counted + len + 1, base->loop, run);
    memcpy(counted->queue, queue, len + 1);
    counted->request.writes = writes;
    if (!cito_store_wait(broker->store, &counted->request))
        return -1;
    int64_t count = counted->request.error[0] ? -1 : counted->count;
    if (count < 0)
        cito_log_write(CITO_LOG_ERROR, "Queue %s: %s", queue, counted->request.error);
    cito_store_free_request(&counted->request);
    return count;
}

static int64_t broker_length(cito_broker *base, const char *queue) { return count_by(base, queue, run_length, false); }
static int64_t broker_purge(cito_broker *base, const char *queue) { return count_by(base, queue, run_purge, true); }

/* ---- life ---------------------------------------------------------------------------------------------------------------------------------- */
static void broker_free(cito_broker *base)
{
    sqlite_broker *broker = (sqlite_broker *)base;
    broker->is_stopped = true;
    set_and_wait(broker, SET_LEAVE, NULL); /* what was handed over before its answer has come by then */
    set_and_wait(broker, SET_FLUSH, NULL); /* and what that gave back is stored */
    cito_store_close(broker->store);
    free_queues(broker->queues);
    free(broker);
}

cito_broker *cito_sqlite_broker_new(cito_loop *loop, const char *path, const cito_queue *queue)
{
    static const cito_broker_methods methods = {
        .publish = broker_publish,
        .publish_raw = broker_publish_raw,
        .broadcast = broker_broadcast,
        .consume = broker_consume,
        .set_prefetch = broker_set_prefetch,
        .add_queue = broker_add_queue,
        .cancel_queue = broker_cancel_queue,
        .stop_consuming = broker_stop_consuming,
        .ack = broker_ack,
        .reject = broker_reject,
        .give_back = broker_give_back,
        .flush = broker_flush,
        .collect_replies = broker_collect_replies,
        .length = broker_length,
        .purge = broker_purge,
        .free = broker_free,
    };
    (void)queue;
    sqlite_broker *broker = calloc(1, sizeof *broker);
    if (!broker)
        cito_die(1, "Out of memory");
    broker->base = (cito_broker){ &methods, loop, "sqlite" };
    broker->store = cito_store_open(path);
    return &broker->base;
}
