/* Broker: where messages wait: one small interface over SQLite (embedded), Redis (kombu's layout) and, later, AMQP.
 *
 * Thread rule: a broker belongs to one loop; every function is called on its thread, those that wait in a coroutine (suspends). Texts of errors live in the arena
 * given or are static. Source: facts on Celery 2, 6. */
#pragma once
#include "loop/loop.h"
#include "tasks/message.h"

typedef struct cito_broker cito_broker;

/* A message that this process holds: it is acknowledged, rejected or given back exactly once; until then the broker keeps it visible to nobody else, however long
 * that takes (it extends the visibility by itself). */
typedef struct cito_delivery {
    cito_str queue, tag, envelope; /* in memory of the delivery's own; freed with ack, reject, give_back */
    void *private_data;
} cito_delivery;

typedef struct cito_consumer_events {
    void *data;
    void (*message)(void *data, cito_delivery *); /* a task message; outside of any coroutine */
    void (*broadcast)(void *data, cito_str exchange, cito_str routing_key, cito_str envelope); /* fanout: celery.pidbox, celeryev */
    void (*connection)(void *data, bool is_up, const char *text);
} cito_consumer_events;

typedef struct cito_broker_methods {
    /* NULL, or an error's text after the broker's own tries. Suspends. */
    const char *(*publish)(cito_broker *, const char *queue, const cito_message *);
    /* A raw envelope to a queue of that name (control replies), or to a fanout exchange with a routing key (events, control). Suspends. */
    const char *(*publish_raw)(cito_broker *, const char *queue, cito_str envelope);
    const char *(*broadcast)(cito_broker *, const char *exchange, const char *routing_key, cito_str envelope);
    /* Starts consuming these queues (NULL-terminated), at most `prefetch` unacknowledged at once, and listening to celery.pidbox for that node where name is given. */
    const char *(*consume)(cito_broker *, const char *const *queues, unsigned prefetch, const char *node_name,
                           const cito_consumer_events *);
    void (*set_prefetch)(cito_broker *, unsigned prefetch);
    const char *(*add_queue)(cito_broker *, const char *queue), *(*cancel_queue)(cito_broker *, const char *queue);
    void (*stop_consuming)(cito_broker *);
    /* Before a delivery runs that is acknowledged when it has run: from here on it lies where every consumer of this transport looks for what dead ones held. Not
     * waited for, but on its way. NULL where it does from the beginning. */
    void (*hold)(cito_broker *, cito_delivery *);
    /* Not waited for: batched and pipelined; flush waits until all are done. */
    void (*ack)(cito_broker *, cito_delivery *);
    void (*reject)(cito_broker *, cito_delivery *, bool requeue);
    void (*give_back)(cito_broker *, cito_delivery *); /* to the front, as redelivered */
    const char *(*flush)(cito_broker *);
    /* Control clients, before the request is broadcast: makes the place where replies to oid arrive, or they are lost. NULL where the transport needs none.
     * Suspends. collect_replies takes it away again. */
    const char *(*expect_replies)(cito_broker *, const char *oid);
    /* Control clients: replies to oid until limit (0: none) or time-out. Each is given to reply. Suspends. */
    const char *(*collect_replies)(cito_broker *, const char *oid, double timeout_s, unsigned limit,
                                   void (*reply)(void *data, cito_str envelope), void *data);
    /* Messages waiting; -1 with a logged error. purge gives how many were taken out. Suspend. */
    int64_t (*length)(cito_broker *, const char *queue), (*purge)(cito_broker *, const char *queue);
    void (*free)(cito_broker *); /* closes; suspends until closed */
} cito_broker_methods;
struct cito_broker {
    const cito_broker_methods *methods;
    cito_loop *loop;
    const char *transport; /* "sqlite", "redis" */
};

/* By the scheme of the URL: sqlite://PATH (sqlite:///absolute), redis://[:password@]host:port/db, redis+unix. Connects when first used. NULL with a text that says
 * what to do. */
cito_broker *cito_broker_new(cito_loop *, const cito_queue *, cito_arena *, const char **out_error);
cito_broker *cito_sqlite_broker_new(cito_loop *, const char *path, const cito_queue *);
cito_broker *cito_redis_broker_new(cito_loop *, const char *url, const cito_queue *, const char **out_error);
