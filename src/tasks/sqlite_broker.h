/* SQLite broker: its struct, for the files of the broker only: sqlite_broker.c (life, publishing), sqlite_take.c (taking, handing over, ending deliveries),
 * sqlite_consume.c (what the consumer is told to do), sqlite_control.c (replies, lengths).
 *
 * Thread rule: the loop's thread, but for what stands under "store's thread". */
#pragma once
#include "tasks/broker.h"
#include "tasks/sqlite_store.h"

typedef struct cito_sqlite_delivery {
    cito_delivery delivery; /* first: it is what the worker gives back */
    struct cito_sqlite_delivery *next;
    int64_t id, holder;
    char text[]; /* queue, tag, envelope, each with its NUL */
} cito_sqlite_delivery;

/* A control message that was broadcast, or a reply to one. */
typedef struct cito_sqlite_heard {
    struct cito_sqlite_heard *next;
    cito_str routing_key, envelope;
    char text[];
} cito_sqlite_heard;

typedef struct cito_sqlite_queue {
    struct cito_sqlite_queue *next;
    char name[];
} cito_sqlite_queue;

typedef struct cito_sqlite_broker {
    cito_broker base; /* first: the same pointer */
    cito_store *store;
    cito_consumer_events events;
    bool is_stopped;
    /* The store's thread. */
    cito_store_watcher watcher;
    bool is_watched, listens;
    cito_sqlite_queue *queues;
    unsigned prefetch, holds;
    int64_t last_broadcast;
    cito_sqlite_delivery *taken, **taken_end;
    cito_sqlite_heard *heard_first, **heard_end;
    unsigned taken_count;
    int64_t heard_last;
    bool may_have_more, stops_taking;
} cito_sqlite_broker;

extern const char cito_sqlite_interrupted[]; /* the error of who did not wait for the answer */
/* cito_store_wait_and_free with that text. Suspends. */
const char *cito_sqlite_wait(cito_sqlite_broker *, cito_store_request *);

/* The methods of broker.h. */
void cito_sqlite_ack(cito_broker *, cito_delivery *), cito_sqlite_reject(cito_broker *, cito_delivery *, bool requeue),
    cito_sqlite_give_back(cito_broker *, cito_delivery *);
const char *cito_sqlite_consume(cito_broker *, const char *const *queues, unsigned prefetch, const char *node_name,
                                const cito_consumer_events *);
void cito_sqlite_set_prefetch(cito_broker *, unsigned prefetch), cito_sqlite_stop_consuming(cito_broker *);
const char *cito_sqlite_add_queue(cito_broker *, const char *queue), *cito_sqlite_cancel_queue(cito_broker *, const char *queue);
const char *cito_sqlite_flush(cito_broker *);
const char *cito_sqlite_collect_replies(cito_broker *, const char *oid, double timeout_s, unsigned limit,
                                        void (*reply)(void *data, cito_str envelope), void *data);
int64_t cito_sqlite_length(cito_broker *, const char *queue), cito_sqlite_purge(cito_broker *, const char *queue);

/* Gives back what is on its way, and waits until the store has forgotten this consumer. Suspends. */
void cito_sqlite_consume_end(cito_sqlite_broker *);

/* ---- store's thread ---------------------------------------------------------------------------------------------------------------- */
/* From here on the store takes messages for this broker, and broadcasts where it listens. */
void cito_sqlite_take_start(cito_store *, cito_sqlite_broker *);
