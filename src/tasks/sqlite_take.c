/* SQLite broker: taking messages, handing them over, ending their deliveries. Taking and ending of one moment are one transaction.
 *
 * Invariants: a message that is taken names its holder, and only who holds it can end it; it is handed over after the commit that says so. Control messages are
 * rows too, seen by who listened when they were sent.
 * Threading: the store's thread, but for hand_over, end_delivery and the methods, which are the loop's. */
#include "base/log.h"
#include "tasks/sqlite_broker.h"
#include "tasks/sqlite_state.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH_MAX = 256 };
static const char pidbox[] = "celery.pidbox";

/* ---- taking: the store's thread ------------------------------------------------------------------------------------------------------------- */
static cito_sqlite_broker *of_watcher(cito_store_watcher *watcher)
{
    return (cito_sqlite_broker *)((char *)watcher - offsetof(cito_sqlite_broker, watcher));
}

static unsigned room_of(const cito_sqlite_broker *broker)
{
    if (broker->stops_taking || broker->holds >= broker->prefetch)
        return 0;
    unsigned room = broker->prefetch - broker->holds;
    return room < BATCH_MAX ? room : BATCH_MAX;
}

static bool broker_has_work(cito_store *store, cito_store_watcher *watcher)
{
    cito_sqlite_broker *broker = of_watcher(watcher);
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

static cito_sqlite_delivery *new_held(cito_sqlite_broker *broker, cito_str queue, sqlite3_stmt *row, int64_t holder)
{
    static const char mark[] = "\"redelivered\":true,";
    const char *envelope = sqlite3_column_blob(row, 1);
    size_t len = (size_t)sqlite3_column_bytes(row, 1), cut = sqlite3_column_int(row, 2) ? find_headers(envelope, len) : 0;
    cito_sqlite_delivery *taken = malloc(sizeof *taken + queue.len + 32 + len + sizeof mark + 3);
    if (!taken)
        cito_die(1, "Out of memory");
    *taken = (cito_sqlite_delivery){ .id = sqlite3_column_int64(row, 0), .holder = holder };
    char *at = taken->text, tag[24];
    taken->delivery.private_data = broker;
    taken->delivery.queue = cito_store_place_text(&at, queue);
    taken->delivery.tag = cito_store_place_text(&at, (cito_str){ tag, (size_t)snprintf(tag, sizeof tag, "%lld", (long long)taken->id) });
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

static bool mark_held(cito_store *store, const cito_sqlite_delivery *taken)
{
    sqlite3_stmt *statement = cito_store_statement(store, "UPDATE message SET state = 2, holder = ?2 WHERE id = ?1");
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, taken->id);
    sqlite3_bind_int64(statement, 2, taken->holder);
    return cito_store_execute(store, statement) == CITO_STORE_DONE;
}

/* At most `limit` of one queue, in order of priority and age. */
static bool take_from(cito_store *store, cito_sqlite_broker *broker, const cito_sqlite_queue *queue, unsigned limit, unsigned *out_count)
{
    int64_t holder = cito_store_peer(store);
    cito_str name = { queue->name, strlen(queue->name) };
    sqlite3_stmt *rows = cito_store_statement(
        store, "SELECT id, envelope, redelivered FROM message WHERE queue = ?1 AND state = 0 ORDER BY priority, id LIMIT ?2");
    if (!rows || !holder)
        return false;
    cito_store_bind_text(rows, 1, name);
    sqlite3_bind_int(rows, 2, (int)limit);
    cito_sqlite_delivery **first = broker->taken_end;
    *out_count = 0;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        cito_sqlite_delivery *taken = new_held(broker, name, rows, holder);
        *broker->taken_end = taken;
        broker->taken_end = &taken->next;
        ++*out_count;
    }
    sqlite3_reset(rows); /* before the rows change under it */
    for (cito_sqlite_delivery *taken = *first; taken; taken = taken->next)
        if (!mark_held(store, taken))
            return false;
    broker->taken_count += *out_count;
    return true;
}

/* Queues take turns: what was looked at first is last the next time. */
static void rotate(cito_sqlite_broker *broker)
{
    cito_sqlite_queue *first = broker->queues, **end = &broker->queues;
    if (!first || !first->next)
        return;
    broker->queues = first->next;
    first->next = NULL;
    while (*end)
        end = &(*end)->next;
    *end = first;
}

static bool take(cito_store *store, cito_sqlite_broker *broker)
{
    unsigned room = room_of(broker), queue_count = 0;
    for (const cito_sqlite_queue *queue = broker->queues; queue; queue = queue->next)
        queue_count++;
    broker->may_have_more = false;
    while (room && queue_count) {
        unsigned share = (room + queue_count - 1) / queue_count, progress = 0;
        for (const cito_sqlite_queue *queue = broker->queues; queue && room; queue = queue->next) {
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

static bool hear(cito_store *store, cito_sqlite_broker *broker)
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
        cito_sqlite_heard *item = malloc(sizeof *item + key_len + len + 2);
        if (!item)
            cito_die(1, "Out of memory");
        char *at = item->text;
        item->next = NULL;
        item->routing_key = cito_store_place_text(&at, (cito_str){ (const char *)sqlite3_column_text(rows, 2), key_len });
        item->envelope = cito_store_place_text(&at, (cito_str){ sqlite3_column_blob(rows, 3), len });
        *broker->heard_end = item;
        broker->heard_end = &item->next;
    }
    sqlite3_reset(rows);
    return true;
}

static bool broker_step(cito_store *store, cito_store_watcher *watcher, unsigned news)
{
    cito_sqlite_broker *broker = of_watcher(watcher);
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

/* ---- ending a delivery ------------------------------------------------------------------------------------------------------------------------ */
typedef enum ending { ENDING_ACK, ENDING_REQUEUE, ENDING_GIVE_BACK } ending;
typedef struct end_request {
    cito_store_request request;
    cito_sqlite_broker *broker;
    cito_sqlite_delivery *taken;
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

static void end_delivery(cito_sqlite_broker *broker, cito_sqlite_delivery *taken, ending how)
{
    end_request *ended = cito_store_new_request(sizeof *ended, broker->base.loop, run_end);
    ended->request.writes = true;
    ended->request.release = release_end;
    ended->broker = broker;
    ended->taken = taken;
    ended->how = how;
    cito_store_submit(broker->store, &ended->request);
}

static void give_up(cito_sqlite_broker *broker, cito_sqlite_delivery *taken) { end_delivery(broker, taken, ENDING_GIVE_BACK); }

void cito_sqlite_ack(cito_broker *base, cito_delivery *delivery)
{
    end_delivery((cito_sqlite_broker *)base, (cito_sqlite_delivery *)delivery, ENDING_ACK);
}

void cito_sqlite_reject(cito_broker *base, cito_delivery *delivery, bool requeue)
{
    end_delivery((cito_sqlite_broker *)base, (cito_sqlite_delivery *)delivery, requeue ? ENDING_REQUEUE : ENDING_ACK);
}

void cito_sqlite_give_back(cito_broker *base, cito_delivery *delivery)
{
    give_up((cito_sqlite_broker *)base, (cito_sqlite_delivery *)delivery);
}

/* ---- handing over ---------------------------------------------------------------------------------------------------------------------------- */
typedef struct handover {
    cito_sqlite_broker *broker;
    cito_sqlite_delivery *taken;
    cito_sqlite_heard *heard_first;
} handover;

static void hand_over(void *data)
{
    handover *over = data;
    cito_sqlite_broker *broker = over->broker;
    for (cito_sqlite_heard *item = over->heard_first, *next; item; item = next) {
        next = item->next;
        if (!broker->is_stopped && broker->events.broadcast)
            broker->events.broadcast(broker->events.data, (cito_str){ pidbox, sizeof pidbox - 1 }, item->routing_key, item->envelope);
        free(item);
    }
    for (cito_sqlite_delivery *taken = over->taken, *next; taken; taken = next) {
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
    cito_sqlite_broker *broker = of_watcher(watcher);
    (void)store;
    cito_sqlite_delivery *taken = broker->taken;
    cito_sqlite_heard *items = broker->heard_first;
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
    for (cito_sqlite_delivery *next; taken; taken = next) {
        next = taken->next;
        free(taken);
    }
    for (cito_sqlite_heard *next; items; items = next) {
        next = items->next;
        free(items);
    }
}

void cito_sqlite_take_start(cito_store *store, cito_sqlite_broker *broker)
{
    if (broker->is_watched)
        return;
    broker->watcher = (cito_store_watcher){ .interest = CITO_NEWS_MESSAGE | (broker->listens ? CITO_NEWS_BROADCAST : 0),
                                            .has_work = broker_has_work,
                                            .step = broker_step,
                                            .ended = broker_ended };
    broker->taken_end = &broker->taken;
    broker->heard_end = &broker->heard_first;
    cito_store_watch(store, &broker->watcher);
    broker->is_watched = true;
}
