/* Redis broker: its struct, for the files of the broker only: redis_broker.c (life, publishing), redis_consume.c (holding, acknowledging, waiting), redis_fetch.c and redis_park.c (how messages come), redis_restore.c (what
 * dead consumers held), redis_control.c (fanout, replies, lengths).
 *
 * Thread rule: the loop's thread. */
#pragma once
#include "base/buffer.h"
#include "tasks/broker.h"
#include "tasks/redis_connection.h"
#include "tasks/redis_envelope.h"

enum {
    CITO_REDIS_TAG = 36,         /* bytes of a delivery tag: in a UUID's form */
    CITO_REDIS_TAG_PREFIX = 24,  /* of them the consumer's; the rest counts */
    CITO_REDIS_FETCH_MOST = 100, /* messages per script */
    CITO_REDIS_SCORE_MAX = 32,
};

typedef struct cito_redis_queue {
    cito_str name, lists[CITO_REDIS_STEPS];
    cito_str entry_end; /* ,"","name"] : what stands behind the envelope in `unacked` */
    struct cito_redis_queue *next;
} cito_redis_queue;

typedef struct cito_redis_delivery {
    cito_delivery delivery; /* first: the same pointer */
    struct cito_redis_delivery *next, *previous;
    char tag[CITO_REDIS_TAG + 1];
    char envelope[];
} cito_redis_delivery;

typedef struct cito_redis_broker {
    cito_broker broker; /* first: the same pointer */
    cito_arena arena;   /* URL, names */
    cito_redis_url url;
    cito_redis *commands, *pubsub, *parking;
    double visibility_s;
    cito_buffer scratch;
    cito_redis_queue *known;     /* every queue that was ever named, with its lists */
    cito_redis_queue **declared; /* bindings written on this connection */
    size_t declared_count, declared_capacity;
    /* Of the tags in `unacked` and of what is sent: two, as others hold under the sender's tag what they fetch. */
    char prefix[CITO_REDIS_TAG_PREFIX + 1], sent_prefix[CITO_REDIS_TAG_PREFIX + 1];
    uint64_t next_tag, next_sent_tag;

    /* consuming */
    cito_consumer_events events;
    bool consuming, is_closing;
    cito_str node_name; /* data NULL: none */
    cito_redis_queue **queues;
    size_t queue_count, queue_capacity, queue_first; /* queue_first: whose turn it is */
    unsigned prefetch, held_count;
    cito_redis_delivery *held;
    bool fetching, drained, arming, armed, arm_again, tracks, tracking_refused;
    unsigned arm_left;
    uint64_t fetch_first; /* tag numbers of the fetch in flight, or of one whose reply was lost */
    unsigned fetch_count;
    bool fetch_lost;
    cito_redis_queue **fetch_queues; /* in the order of the script's keys */
    size_t fetch_queue_count;
    cito_buffer acks; /* tags, to be sent with the next write */

    /* parking */
    bool is_parked, park_refused, park_lost, park_checking;
    bool parked_unwatched;          /* it was parked, and nobody looks at that list since */
    cito_redis_queue *parked_queue; /* the one that is parked at, or was last */
    cito_redis_delivery *arrived;   /* its message lies in the own list, and not in `unacked` */

    /* upkeep */
    uv_timer_t tick;
    bool tick_started, restoring;
    double refreshed_s, swept_s, leased_s, looked_s;
    unsigned closing_left;
    cito_coroutine *closing; /* waits for is_closed */
    bool *is_closed;
} cito_redis_broker;

double cito_redis_now_s(void);
cito_redis_queue *cito_redis_queue_named(cito_redis_broker *, cito_str name);
/* Writes the queue's bindings, once per connection. */
void cito_redis_declare(cito_redis_broker *, cito_redis_queue *);
void cito_redis_tag_make(const char *prefix, uint64_t number, char out[CITO_REDIS_TAG + 1]);
/* Its name in cito.consumers and cito.parked: what its tags begin with. */
static inline cito_str cito_redis_own_id(const cito_redis_broker *redis) { return (cito_str){ redis->prefix, CITO_REDIS_TAG_PREFIX }; }

void cito_redis_consume_up(cito_redis_broker *), cito_redis_consume_down(cito_redis_broker *, const char *error);
void cito_redis_consume_before_write(cito_redis_broker *);
void cito_redis_consume_push(cito_redis_broker *, const cito_redis_reply *);
void cito_redis_pubsub_up(cito_redis_broker *), cito_redis_pubsub_down(cito_redis_broker *);
void cito_redis_tick(cito_redis_broker *);
/* There may be messages: fetches at the next write. */
void cito_redis_look_again(cito_redis_broker *);
/* A delivery of its own for a message: held, and then handed to the consumer, or given back where nothing is consumed any more. */
cito_redis_delivery *cito_redis_delivery_new(cito_redis_broker *, const cito_redis_queue *, uint64_t number, cito_str envelope);
void cito_redis_hand_over(cito_redis_broker *, cito_redis_delivery *);
cito_str cito_redis_score_write(double now_s, char out[CITO_REDIS_SCORE_MAX]);

/* ---- redis_fetch.c */
extern cito_redis_script cito_redis_fetch_script;
void cito_redis_fetch(cito_redis_broker *, unsigned want);
/* Where the reply of a fetch was lost. */
void cito_redis_recover(cito_redis_broker *);

/* ---- redis_park.c */
/* Waits at the first queue's list, where it does not yet and may. */
void cito_redis_park(cito_redis_broker *), cito_redis_unpark(cito_redis_broker *);
/* `arrived` is entered into `unacked`, or dropped, as it is acknowledged. */
void cito_redis_park_enter(cito_redis_broker *, cito_redis_delivery *), cito_redis_park_drop(cito_redis_broker *, cito_redis_delivery *);
/* Looks through the own list where the reply of a wait was lost. */
void cito_redis_park_check(cito_redis_broker *);
/* For good: what comes until then is given back with the next flush. */
void cito_redis_park_end(cito_redis_broker *);
/* Says again which queue's messages the own list holds; with the lease. */
void cito_redis_park_renew(cito_redis_broker *);
/* Puts back what lies in the lists of dead consumers and adds their number to *out_count. NULL, or an error's text. In a coroutine. */
const char *cito_redis_park_restore(cito_redis_broker *, cito_arena *, const cito_str *ids, size_t count, unsigned *out_count);

void cito_redis_consume_free(cito_redis_broker *);
const char *cito_redis_consume(cito_broker *, const char *const *queues, unsigned prefetch, const char *node_name,
                               const cito_consumer_events *);
void cito_redis_set_prefetch(cito_broker *, unsigned prefetch), cito_redis_stop_consuming(cito_broker *);
const char *cito_redis_add_queue(cito_broker *, const char *queue), *cito_redis_cancel_queue(cito_broker *, const char *queue);
void cito_redis_hold(cito_broker *, cito_delivery *), cito_redis_ack(cito_broker *, cito_delivery *),
    cito_redis_reject(cito_broker *, cito_delivery *, bool requeue), cito_redis_give_back(cito_broker *, cito_delivery *);

/* Moves an entry of `unacked` to a list's front or back, unless it is gone. done may be NULL. */
void cito_redis_move(cito_redis_broker *, cito_str tag, cito_str list, cito_str envelope, bool to_front, cito_redis_done *done, void *data);
/* Starts the coroutine that puts back; the timer of the upkeep. */
void cito_redis_restore_start(cito_redis_broker *), cito_redis_tick_start(cito_redis_broker *);
/* In a coroutine: puts back what is overdue and what dead consumers held. */
void cito_redis_restore(cito_redis_broker *);
void cito_redis_lease_renew(cito_redis_broker *), cito_redis_lease_end(cito_redis_broker *);

const char *cito_redis_broadcast(cito_broker *, const char *exchange, const char *routing_key, cito_str envelope);
const char *cito_redis_expect_replies(cito_broker *, const char *oid);
const char *cito_redis_collect_replies(cito_broker *, const char *oid, double timeout_s, unsigned limit,
                                       void (*reply)(void *data, cito_str envelope), void *data);
int64_t cito_redis_length(cito_broker *, const char *queue), cito_redis_purge(cito_broker *, const char *queue);
