/* Redis broker: kombu's layout on Redis: its life and publishing. What is fetched and held: redis_consume.c.
 *
 * Three connections: one for commands, one for what Redis pushes (fanout, and the news that a list it was asked about has changed), one that waits for the next
 * message. A client that only publishes opens the first alone.
 *
 * Invariants: nothing is popped that is not in `unacked` by the same step; a message leaves this process once: acknowledged, moved back, or left to the lease.
 * Threading: the loop's thread. */
#include "tasks/redis_broker.h"

#include "base/clock.h"
#include "base/log.h"
#include "json/writer.h"

#include <stdlib.h>

enum { TICK_MOST_MS = 1000, TICK_LEAST_MS = 50 };

double cito_redis_now_s(void) { return (double)cito_clock_wall_ns() / 1e9; }

void cito_redis_tag_make(const char *prefix, uint64_t number, char out[CITO_REDIS_TAG + 1])
{
    static const char digits[] = "0123456789abcdef";
    memcpy(out, prefix, CITO_REDIS_TAG_PREFIX);
    for (int i = CITO_REDIS_TAG - 1; i >= CITO_REDIS_TAG_PREFIX; i--, number >>= 4)
        out[i] = digits[number & 15];
    out[CITO_REDIS_TAG] = '\0';
}

/* ---- queues -------------------------------------------------------------------------------------------------------------------- */
cito_redis_queue *cito_redis_queue_named(cito_redis_broker *redis, cito_str name)
{
    for (cito_redis_queue *known = redis->known; known; known = known->next)
        if (cito_same(known->name, name))
            return known;
    cito_redis_queue *queue = cito_arena_take_zeroed(&redis->arena, sizeof *queue);
    queue->name = cito_arena_copy_str(&redis->arena, name.data, name.len);
    for (unsigned step = 0; step < CITO_REDIS_STEPS; step++)
        queue->lists[step] = cito_redis_list_name(&redis->arena, name, step);
    cito_buffer end;
    cito_buffer_init(&end);
    cito_buffer_append_literal(&end, ",\"\",");
    cito_json_write_string(&end, name);
    cito_buffer_append_char(&end, ']');
    queue->entry_end = cito_arena_copy_str(&redis->arena, end.data, end.len);
    cito_buffer_finish(&end);
    queue->next = redis->known;
    redis->known = queue;
    return queue;
}

void cito_redis_declare(cito_redis_broker *redis, cito_redis_queue *queue)
{
    for (size_t i = 0; i < redis->declared_count; i++)
        if (redis->declared[i] == queue)
            return;
    if (redis->declared_count == redis->declared_capacity) {
        redis->declared_capacity = redis->declared_capacity ? redis->declared_capacity * 2 : 8;
        redis->declared = realloc(redis->declared, redis->declared_capacity * sizeof *redis->declared);
        if (!redis->declared)
            cito_abort("no memory for the names of queues");
    }
    redis->declared[redis->declared_count++] = queue;
    cito_arena scratch;
    cito_arena_init(&scratch, 0);
    cito_str member = cito_redis_binding(&scratch, queue->name, CITO_STR(""), queue->name);
    /* Both sets: kombu 5.7 sweeps tables that the second one does not vouch for. */
    static const char *const sets[] = { "_kombu.binding.%s", "_kombu.binding_permanent.%s" };
    cito_redis_send(redis->commands, CITO_REDIS_TRIES, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("MULTI")));
    for (int i = 0; i < 2; i++)
        cito_redis_send(redis->commands, CITO_REDIS_TRIES, NULL, NULL,
                        CITO_REDIS_ARGS(CITO_STR("SADD"), cito_arena_format(&scratch, sets[i], queue->name.data), member));
    cito_redis_send(redis->commands, CITO_REDIS_TRIES, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("EXEC")));
    cito_arena_finish(&scratch);
}

/* ---- publishing ---------------------------------------------------------------------------------------------------------------- */
static const char *publish(cito_broker *broker, const char *queue_name, const cito_message *message)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    cito_redis_queue *queue = cito_redis_queue_named(redis, (cito_str){ queue_name, strlen(queue_name) });
    cito_redis_declare(redis, queue);
    cito_message sent = *message;
    char tag[CITO_REDIS_TAG + 1];
    /* Python's workers keep it under this tag in `unacked`: a retry with the tag of the message before it would overwrite that. */
    cito_redis_tag_make(redis->sent_prefix, redis->next_sent_tag++, tag);
    sent.delivery_tag = (cito_str){ tag, CITO_REDIS_TAG };
    sent.exchange = CITO_STR("");
    sent.routing_key = queue->name;
    redis->scratch.len = 0;
    cito_message_write_envelope(&sent, &redis->scratch);
    return cito_redis_call(redis->commands, CITO_REDIS_TRIES, NULL, NULL,
                           CITO_REDIS_ARGS(CITO_STR("LPUSH"), queue->lists[cito_redis_step_of(message->priority)],
                                           (cito_str){ redis->scratch.data, redis->scratch.len }));
}

static const char *publish_raw(cito_broker *broker, const char *queue, cito_str envelope)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    return cito_redis_call(redis->commands, CITO_REDIS_TRIES, NULL, NULL,
                           CITO_REDIS_ARGS(CITO_STR("LPUSH"), (cito_str){ queue, strlen(queue) }, envelope));
}

/* Replies come in the order of commands: the one of a PING comes when all before it are done. */
static const char *flush(cito_broker *broker)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    cito_redis_consume_before_write(redis);
    return cito_redis_call(redis->commands, CITO_REDIS_TRIES, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("PING")));
}

/* ---- life ---------------------------------------------------------------------------------------------------------------------- */
static void commands_up(void *data)
{
    cito_redis_broker *redis = data;
    redis->declared_count = 0; /* it may be another server, or one that lost its data */
    cito_redis_consume_up(redis);
}
static void commands_down(void *data, const char *error) { cito_redis_consume_down(data, error); }
static void commands_before_write(void *data) { cito_redis_consume_before_write(data); }
static void pubsub_up(void *data) { cito_redis_pubsub_up(data); }
static void pubsub_down(void *data, const char *error)
{
    (void)error; /* the other connection tells the same */
    cito_redis_pubsub_down(data);
}
static void parking_up(void *data)
{
    cito_redis_broker *redis = data;
    redis->park_refused = false; /* it may be another server, or one whose users have changed */
    cito_redis_wake(redis->commands);
}
static void pubsub_push(void *data, const cito_redis_reply *reply) { cito_redis_consume_push(data, reply); }

static void one_closed(cito_redis_broker *redis)
{
    if (--redis->closing_left > 0)
        return;
    cito_coroutine *closing = redis->closing;
    if (closing)
        *redis->is_closed = true;
    cito_redis_consume_free(redis);
    cito_buffer_finish(&redis->scratch);
    free(redis->declared);
    cito_arena_finish(&redis->arena);
    free(redis);
    if (closing)
        cito_coroutine_resume(closing);
}
static void connection_closed(void *data) { one_closed(data); }
static void tick_closed(uv_handle_t *handle) { one_closed(handle->data); }

static void close_all(cito_redis_broker *redis)
{
    redis->closing_left = 4;
    uv_close((uv_handle_t *)&redis->tick, tick_closed);
    cito_redis_free(redis->parking, connection_closed, redis);
    cito_redis_free(redis->commands, connection_closed, redis);
    cito_redis_free(redis->pubsub, connection_closed, redis);
}

static void broker_free(cito_broker *broker)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    cito_redis_stop_consuming(broker);
    if (redis->tick_started) {
        cito_redis_park_end(redis);
        flush(broker); /* a fetch was in flight perhaps: what it brought is given back by now */
        cito_redis_lease_end(redis);
        flush(broker);
    }
    bool is_closed = false;
    redis->is_closing = true;
    redis->closing = cito_context_current->coroutine;
    redis->is_closed = &is_closed;
    if (!redis->restoring) /* else its coroutine closes, when its command has ended */
        close_all(redis);
    while (!is_closed) {
        if (cito_coroutine_suspend() && !is_closed) { /* an interrupt: it closes without us */
            redis->closing = NULL;
            break;
        }
    }
}

static void tick_fired(uv_timer_t *timer) { cito_redis_tick(timer->data); }

static void restore_main(void *data)
{
    cito_redis_broker *redis = data;
    cito_redis_restore(redis);
    redis->restoring = false;
    if (redis->is_closing)
        close_all(redis);
}

void cito_redis_restore_start(cito_redis_broker *redis)
{
    if (redis->restoring || redis->is_closing)
        return;
    redis->restoring = true;
    cito_coroutine_spawn(redis->broker.loop, NULL, restore_main, redis);
}

void cito_redis_tick_start(cito_redis_broker *redis)
{
    double third_ms = redis->visibility_s * 1000 / 3;
    uint64_t every_ms = third_ms < TICK_LEAST_MS ? TICK_LEAST_MS : third_ms < TICK_MOST_MS ? (uint64_t)third_ms : TICK_MOST_MS;
    if (redis->tracking_refused && every_ms > 2 * TICK_LEAST_MS)
        every_ms = 2 * TICK_LEAST_MS;
    redis->tick_started = true;
    uv_timer_start(&redis->tick, tick_fired, every_ms, every_ms);
}

static const cito_broker_methods methods = {
    .publish = publish,
    .publish_raw = publish_raw,
    .broadcast = cito_redis_broadcast,
    .consume = cito_redis_consume,
    .set_prefetch = cito_redis_set_prefetch,
    .add_queue = cito_redis_add_queue,
    .cancel_queue = cito_redis_cancel_queue,
    .stop_consuming = cito_redis_stop_consuming,
    .hold = cito_redis_hold,
    .ack = cito_redis_ack,
    .reject = cito_redis_reject,
    .give_back = cito_redis_give_back,
    .flush = flush,
    .expect_replies = cito_redis_expect_replies,
    .collect_replies = cito_redis_collect_replies,
    .length = cito_redis_length,
    .purge = cito_redis_purge,
    .free = broker_free,
};

cito_broker *cito_redis_broker_new(cito_loop *loop, const char *url, const cito_queue *queue, const char **out_error)
{
    cito_redis_broker *redis = calloc(1, sizeof *redis);
    if (!redis)
        cito_abort("no memory for a broker");
    cito_arena_init(&redis->arena, 0);
    const char *error = cito_redis_url_parse(url, &redis->arena, &redis->url);
    if (error) {
        static _Thread_local char text[300]; /* the arena goes with the broker that is not made */
        snprintf(text, sizeof text, "broker_url: %s", error);
        *out_error = text;
        cito_arena_finish(&redis->arena);
        free(redis);
        return NULL;
    }
    redis->broker = (cito_broker){ .methods = &methods, .loop = loop, .transport = "redis" };
    redis->visibility_s = queue && queue->visibility_timeout > 0 ? queue->visibility_timeout : 3600;
    memcpy(redis->prefix, cito_uuid_make(&redis->arena).data, CITO_REDIS_TAG_PREFIX);
    memcpy(redis->sent_prefix, cito_uuid_make(&redis->arena).data, CITO_REDIS_TAG_PREFIX);
    cito_buffer_init(&redis->scratch);
    cito_buffer_init(&redis->acks);
    redis->commands = cito_redis_new(
        loop, &redis->url,
        &(cito_redis_events){ .data = redis, .up = commands_up, .down = commands_down, .before_write = commands_before_write });
    redis->pubsub =
        cito_redis_new(loop, &redis->url, &(cito_redis_events){ .data = redis, .up = pubsub_up, .down = pubsub_down, .push = pubsub_push });
    redis->parking = cito_redis_new(loop, &redis->url, &(cito_redis_events){ .data = redis, .up = parking_up });
    uv_timer_init(cito_loop_uv(loop), &redis->tick);
    redis->tick.data = redis;
    return &redis->broker;
}
