/* Redis consumer: what is held, acknowledged and given back, and how an idle consumer learns of messages. Fetching: redis_fetch.c.
 *
 * A fetch runs when places are free and there may be messages. When it found too few, the consumer parks at the first queue's list (redis_park.c), and the lengths of
 * the other lists are asked for on a connection with CLIENT TRACKING: Redis remembers that, and pushes one word to the other connection when one of them changes. So an
 * idle consumer does not poll, and a message is fetched one round trip after it came.
 *
 * States: fetching (the script is under way) -> drained (it found too few) -> arming (lengths are under way) -> armed (all were 0: waits for the word).
 * Invariants: at most one fetch is under way; held_count, what it asked for and the parked place never exceed the prefetch count.
 * Threading: the loop's thread; events.message is called from a reply, outside of any coroutine. */
#include "tasks/redis_broker.h"

#include "base/log.h"

#include <stdlib.h>

enum { ACKS_PER_COMMAND = 1000 };

/* KEYS: unacked, unacked_index, list. ARGV: tag, envelope, LPUSH or RPUSH. Only who takes the entry out may put the message back: it may have been restored. */
static cito_redis_script move_script = { .text = "redis.call('ZREM', KEYS[2], ARGV[1])\n"
                                                 "if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end\n"
                                                 "redis.call(ARGV[3], KEYS[3], ARGV[2])\n"
                                                 "return 1\n" };

void cito_redis_look_again(cito_redis_broker *redis)
{
    redis->drained = redis->armed = false;
    redis->arm_again = true;
    cito_redis_wake(redis->commands);
}

/* ---- deliveries ---------------------------------------------------------------------------------------------------------------- */
cito_redis_delivery *cito_redis_delivery_new(cito_redis_broker *redis, const cito_redis_queue *queue, uint64_t number, cito_str envelope)
{
    cito_redis_delivery *held = malloc(sizeof *held + envelope.len + 1);
    if (!held)
        cito_abort("no memory for a message of %zu bytes", envelope.len);
    cito_redis_tag_make(redis->prefix, number, held->tag);
    memcpy(held->envelope, envelope.data, envelope.len);
    held->envelope[envelope.len] = '\0';
    held->delivery =
        (cito_delivery){ .queue = queue->name, .tag = { held->tag, CITO_REDIS_TAG }, .envelope = { held->envelope, envelope.len } };
    held->previous = NULL;
    held->next = redis->held;
    if (held->next)
        held->next->previous = held;
    redis->held = held;
    redis->held_count++;
    return held;
}

void cito_redis_hand_over(cito_redis_broker *redis, cito_redis_delivery *held)
{
    if (redis->consuming)
        redis->events.message(redis->events.data, &held->delivery);
    else
        cito_redis_give_back(&redis->broker, &held->delivery);
}

static void let_go(cito_redis_broker *redis, cito_redis_delivery *held)
{
    *(held->previous ? &held->previous->next : &redis->held) = held->next;
    if (held->next)
        held->next->previous = held->previous;
    redis->held_count--;
    free(held);
    cito_redis_wake(redis->commands);
}

void cito_redis_ack(cito_broker *broker, cito_delivery *delivery)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    cito_redis_delivery *held = (cito_redis_delivery *)delivery;
    if (redis->arrived == held)
        cito_redis_park_drop(redis, held);
    else
        cito_buffer_append(&redis->acks, held->tag, CITO_REDIS_TAG);
    let_go(redis, held);
}

void cito_redis_move(cito_redis_broker *redis, cito_str tag, cito_str list, cito_str envelope, bool to_front, cito_redis_done *done,
                     void *data)
{
    cito_redis_eval(redis->commands, CITO_REDIS_FOR_EVER, done, data, &move_script, 3,
                    CITO_REDIS_ARGS(CITO_STR("unacked"), CITO_STR("unacked_index"), list, tag, envelope,
                                    to_front ? CITO_STR("RPUSH") : CITO_STR("LPUSH")));
}

static void put_back(cito_redis_broker *redis, cito_delivery *delivery, bool to_front)
{
    cito_arena scratch;
    cito_arena_init(&scratch, 0);
    int priority;
    if (redis->arrived == (cito_redis_delivery *)delivery)
        cito_redis_park_enter(redis, redis->arrived);
    redis->scratch.len = 0;
    cito_redis_envelope_redeliver(delivery->envelope, &scratch, &redis->scratch, &priority);
    cito_redis_queue *queue = cito_redis_queue_named(redis, delivery->queue);
    cito_redis_move(redis, delivery->tag, queue->lists[cito_redis_step_of(priority)], (cito_str){ redis->scratch.data, redis->scratch.len },
                    to_front, NULL, NULL);
    cito_arena_finish(&scratch);
    let_go(redis, (cito_redis_delivery *)delivery);
}

void cito_redis_reject(cito_broker *broker, cito_delivery *delivery, bool requeue)
{
    if (requeue)
        put_back((cito_redis_broker *)broker, delivery, false);
    else
        cito_redis_ack(broker, delivery); /* kombu's Redis has no dead-letter queue */
}

void cito_redis_give_back(cito_broker *broker, cito_delivery *delivery) { put_back((cito_redis_broker *)broker, delivery, true); }

static void tags_send(cito_redis_broker *redis, cito_str command, cito_str key, const char *tags, size_t count)
{
    cito_redis_begin(redis->commands, count + 2);
    cito_redis_add(redis->commands, command);
    cito_redis_add(redis->commands, key);
    for (size_t i = 0; i < count; i++)
        cito_redis_add(redis->commands, (cito_str){ tags + i * CITO_REDIS_TAG, CITO_REDIS_TAG });
    cito_redis_end(redis->commands, CITO_REDIS_FOR_EVER, NULL, NULL);
}

/* The entry first: of a place in the index that has none everybody knows that it was acknowledged. No script: it costs Redis five times as much. */
static void acks_send(cito_redis_broker *redis)
{
    size_t count = redis->acks.len / CITO_REDIS_TAG;
    for (size_t first = 0; first < count; first += ACKS_PER_COMMAND) {
        const char *tags = redis->acks.data + first * CITO_REDIS_TAG;
        size_t more = count - first < ACKS_PER_COMMAND ? count - first : ACKS_PER_COMMAND;
        tags_send(redis, CITO_STR("HDEL"), CITO_STR("unacked"), tags, more);
        tags_send(redis, CITO_STR("ZREM"), CITO_STR("unacked_index"), tags, more);
    }
    cito_buffer_reset(&redis->acks, ACKS_PER_COMMAND * CITO_REDIS_TAG);
}

/* ---- waiting for messages ------------------------------------------------------------------------------------------------------ */
static void length_seen(void *data, const cito_redis_reply *reply, const char *error)
{
    cito_redis_broker *redis = data;
    redis->arm_left--;
    if (error || reply->integer != 0)
        redis->arm_again = true;
    if (redis->arm_left > 0)
        return;
    redis->arming = false;
    if (redis->arm_again && reply) {
        redis->drained = false;
        cito_redis_wake(redis->commands);
    } else {
        redis->armed = true;
        redis->looked_s = cito_redis_now_s();
    }
}

static void arm(cito_redis_broker *redis)
{
    redis->arming = true;
    redis->arm_again = false;
    redis->arm_left = (unsigned)redis->queue_count * CITO_REDIS_STEPS;
    for (size_t q = 0; q < redis->queue_count; q++)
        for (unsigned step = 0; step < CITO_REDIS_STEPS; step++) {
            if (redis->is_parked && redis->queues[q] == redis->parked_queue && step == 0)
                redis->arm_left--; /* what comes there comes by itself */
            else
                cito_redis_send(redis->commands, CITO_REDIS_ONCE, length_seen, redis,
                                CITO_REDIS_ARGS(CITO_STR("LLEN"), redis->queues[q]->lists[step]));
        }
}

/* All lists are empty, as far as is known: who changes that is to tell. */
static void wait_for_messages(cito_redis_broker *redis, unsigned places)
{
    if (places > 1) /* the last one is kept for a list that is more urgent */
        cito_redis_park(redis);
    if (redis->parked_unwatched && !redis->is_parked) {
        if (redis->arming)
            redis->arm_again = true;
        redis->armed = false;
    }
    redis->parked_unwatched = false;
    if (!redis->armed && !redis->arming && redis->tracks)
        arm(redis);
}

void cito_redis_consume_before_write(cito_redis_broker *redis)
{
    if (redis->acks.len > 0)
        acks_send(redis);
    if (redis->fetching || !cito_redis_is_up(redis->commands))
        return;
    cito_redis_park_check(redis);
    if (redis->fetch_lost) {
        cito_redis_recover(redis);
        return;
    }
    unsigned taken = redis->held_count + redis->is_parked, places = redis->prefetch > taken ? redis->prefetch - taken : 0;
    if (!redis->consuming || places == 0 || redis->queue_count == 0)
        return;
    if (!redis->drained)
        cito_redis_fetch(redis, places);
    else
        wait_for_messages(redis, places);
}

static void tracking_answered(void *data, const cito_redis_reply *reply, const char *error)
{
    cito_redis_broker *redis = data;
    redis->tracks = !error;
    if (error && reply && !redis->tracking_refused) {
        redis->tracking_refused = true;
        cito_log_write(
            CITO_LOG_WARNING,
            "Redis at %s refuses CLIENT TRACKING (%s), which needs Redis 6 and the right to use it: looks for messages ten times a second",
            redis->url.shown.data, error);
        cito_redis_tick_start(redis);
    }
    cito_redis_look_again(redis);
}

static void track(cito_redis_broker *redis)
{
    if (!redis->consuming || !cito_redis_is_up(redis->commands) || !cito_redis_is_up(redis->pubsub))
        return;
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)cito_redis_client_id(redis->pubsub));
    cito_redis_send(
        redis->commands, CITO_REDIS_ONCE, tracking_answered, redis,
        CITO_REDIS_ARGS(CITO_STR("CLIENT"), CITO_STR("TRACKING"), CITO_STR("ON"), CITO_STR("REDIRECT"), (cito_str){ id, strlen(id) }));
}

/* Beforehand, so that no giving back is repeated behind the PING of a flush. */
static void scripts_load(cito_redis_broker *redis)
{
    const cito_redis_script *scripts[] = { &cito_redis_fetch_script, &move_script };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        cito_redis_send(redis->commands, CITO_REDIS_ONCE, NULL, NULL,
                        CITO_REDIS_ARGS(CITO_STR("SCRIPT"), CITO_STR("LOAD"), (cito_str){ scripts[i]->text, strlen(scripts[i]->text) }));
}

/* ---- connections --------------------------------------------------------------------------------------------------------------- */
void cito_redis_consume_up(cito_redis_broker *redis)
{
    if (!redis->consuming)
        return;
    for (size_t i = 0; i < redis->queue_count; i++)
        cito_redis_declare(redis, redis->queues[i]);
    scripts_load(redis);
    cito_redis_lease_renew(redis);
    track(redis);
    cito_redis_look_again(redis);
    if (redis->events.connection)
        redis->events.connection(redis->events.data, true, redis->url.shown.data);
}

void cito_redis_consume_down(cito_redis_broker *redis, const char *error)
{
    redis->tracks = false;
    if (redis->consuming && redis->events.connection)
        redis->events.connection(redis->events.data, false, error);
}

void cito_redis_pubsub_up(cito_redis_broker *redis)
{
    cito_redis_send(redis->pubsub, CITO_REDIS_ONCE, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("SUBSCRIBE"), CITO_STR("__redis__:invalidate")));
    if (redis->node_name.data) {
        /* The exchange alone, and with a routing key behind it. */
        cito_arena scratch;
        cito_arena_init(&scratch, 0);
        cito_str channel = cito_arena_format(&scratch, "/%d.celery.pidbox", redis->url.db);
        cito_redis_send(redis->pubsub, CITO_REDIS_ONCE, NULL, NULL,
                        CITO_REDIS_ARGS(CITO_STR("PSUBSCRIBE"), channel, cito_arena_format(&scratch, "%s/*", channel.data)));
        cito_str member = cito_arena_format(&scratch, "%s.celery.pidbox", redis->node_name.data);
        member = cito_redis_binding(&scratch, CITO_STR(""), CITO_STR(""), member);
        cito_redis_send(redis->commands, CITO_REDIS_TRIES, NULL, NULL,
                        CITO_REDIS_ARGS(CITO_STR("SADD"), CITO_STR("_kombu.binding.celery.pidbox"), member));
        cito_arena_finish(&scratch);
    }
    track(redis);
}

void cito_redis_pubsub_down(cito_redis_broker *redis)
{
    redis->tracks = false;
    redis->armed = false; /* the word could not reach us; the tick looks meanwhile */
}

static void broadcast_came(cito_redis_broker *redis, cito_str channel, cito_str envelope)
{
    const char *dot = memchr(channel.data, '.', channel.len);
    if (!dot || !redis->consuming || !redis->events.broadcast)
        return;
    cito_str exchange = { dot + 1, (size_t)(channel.data + channel.len - dot - 1) }, key = CITO_STR("");
    const char *slash = memchr(exchange.data, '/', exchange.len);
    if (slash) {
        key = (cito_str){ slash + 1, (size_t)(exchange.data + exchange.len - slash - 1) };
        exchange.len = (size_t)(slash - exchange.data);
    }
    redis->events.broadcast(redis->events.data, exchange, key, envelope);
}

void cito_redis_consume_push(cito_redis_broker *redis, const cito_redis_reply *reply)
{
    cito_str kind = cito_redis_reply_at(reply, 0)->text;
    if (!kind.data)
        return;
    if (cito_str_equal(kind, "pmessage"))
        broadcast_came(redis, cito_redis_reply_at(reply, 2)->text, cito_redis_reply_at(reply, 3)->text);
    else if (cito_str_equal(kind, "message") && cito_str_equal(cito_redis_reply_at(reply, 1)->text, "__redis__:invalidate"))
        cito_redis_look_again(redis);
}

/* ---- upkeep -------------------------------------------------------------------------------------------------------------------- */
static void refresh_send(cito_redis_broker *redis, double now_s)
{
    char text[CITO_REDIS_SCORE_MAX];
    cito_str score = cito_redis_score_write(now_s, text);
    cito_redis_delivery *held = redis->held;
    unsigned left = redis->held_count;
    while (left > 0) {
        unsigned more = left < ACKS_PER_COMMAND ? left : ACKS_PER_COMMAND;
        cito_redis_begin(redis->commands, 3 + 2 * more);
        cito_redis_add(redis->commands, CITO_STR("ZADD"));
        cito_redis_add(redis->commands, CITO_STR("unacked_index"));
        cito_redis_add(redis->commands, CITO_STR("XX")); /* not those that were acknowledged or restored meanwhile */
        for (unsigned i = 0; i < more; i++, held = held->next) {
            cito_redis_add(redis->commands, score);
            cito_redis_add(redis->commands, (cito_str){ held->tag, CITO_REDIS_TAG });
        }
        cito_redis_end(redis->commands, CITO_REDIS_ONCE, NULL, NULL);
        left -= more;
    }
}

void cito_redis_tick(cito_redis_broker *redis)
{
    enum { LEASE_EVERY_S = 5, LOOK_EVERY_S = 5 };
    double now_s = cito_redis_now_s();
    if (!cito_redis_is_up(redis->commands))
        return;
    if (now_s - redis->refreshed_s >= redis->visibility_s / 3 * 0.9) {
        redis->refreshed_s = now_s;
        refresh_send(redis, now_s);
    }
    if (now_s - redis->leased_s >= LEASE_EVERY_S)
        cito_redis_lease_renew(redis);
    if (now_s - redis->swept_s >= (redis->visibility_s < 100 ? 0.9 : 10)) {
        redis->swept_s = now_s;
        cito_redis_restore_start(redis);
    }
    /* A word that was lost on the way costs five seconds, no more. Without tracking this is how messages are found. */
    if (redis->drained && !redis->arming && (!redis->tracks || now_s - redis->looked_s > LOOK_EVERY_S))
        cito_redis_look_again(redis);
}

/* ---- the interface ------------------------------------------------------------------------------------------------------------- */
const char *cito_redis_add_queue(cito_broker *broker, const char *name)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    cito_redis_queue *queue = cito_redis_queue_named(redis, (cito_str){ name, strlen(name) });
    for (size_t i = 0; i < redis->queue_count; i++)
        if (redis->queues[i] == queue)
            return NULL;
    if (redis->queue_count == redis->queue_capacity) {
        redis->queue_capacity = redis->queue_capacity ? redis->queue_capacity * 2 : 8;
        redis->queues = realloc(redis->queues, redis->queue_capacity * sizeof *redis->queues);
        redis->fetch_queues = realloc(redis->fetch_queues, redis->queue_capacity * sizeof *redis->fetch_queues);
        if (!redis->queues || !redis->fetch_queues)
            cito_abort("no memory for the names of queues");
    }
    redis->queues[redis->queue_count++] = queue;
    if (cito_redis_is_up(redis->commands))
        cito_redis_declare(redis, queue);
    cito_redis_look_again(redis);
    return NULL;
}

const char *cito_redis_cancel_queue(cito_broker *broker, const char *name)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    size_t left = 0;
    for (size_t i = 0; i < redis->queue_count; i++)
        if (!cito_str_equal(redis->queues[i]->name, name))
            redis->queues[left++] = redis->queues[i];
    redis->queue_count = left;
    redis->queue_first = 0;
    cito_redis_unpark(redis);
    cito_redis_look_again(redis);
    return NULL;
}

void cito_redis_set_prefetch(cito_broker *broker, unsigned prefetch)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    redis->prefetch = prefetch;
    cito_redis_wake(redis->commands);
}

const char *cito_redis_consume(cito_broker *broker, const char *const *queues, unsigned prefetch, const char *node_name,
                               const cito_consumer_events *events)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    const char *error = cito_redis_call(redis->commands, CITO_REDIS_TRIES, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("PING")));
    if (error)
        return error;
    redis->events = *events;
    redis->prefetch = prefetch;
    redis->consuming = true;
    redis->queue_count = redis->queue_first = 0;
    redis->node_name = node_name ? cito_arena_copy_str(&redis->arena, node_name, strlen(node_name)) : (cito_str){ NULL, 0 };
    for (; *queues; queues++)
        cito_redis_add_queue(broker, *queues);
    redis->refreshed_s = redis->looked_s = cito_redis_now_s();
    cito_redis_tick_start(redis);
    scripts_load(redis);
    cito_redis_lease_renew(redis);
    cito_redis_keep_up(redis->commands);
    cito_redis_keep_up(redis->parking);
    if (cito_redis_is_up(redis->pubsub))
        cito_redis_pubsub_up(redis);
    else
        cito_redis_keep_up(redis->pubsub);
    if (redis->events.connection && cito_redis_is_up(redis->commands))
        redis->events.connection(redis->events.data, true, redis->url.shown.data);
    return NULL;
}

void cito_redis_stop_consuming(cito_broker *broker)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    if (!redis->consuming)
        return;
    redis->consuming = false;
    cito_redis_unpark(redis);
    cito_redis_send(redis->pubsub, CITO_REDIS_ONCE, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("PUNSUBSCRIBE")));
}

void cito_redis_consume_free(cito_redis_broker *redis)
{
    while (redis->held) { /* not given back: they stay in unacked, for who restores them */
        cito_redis_delivery *next = redis->held->next;
        free(redis->held);
        redis->held = next;
    }
    free(redis->queues);
    free(redis->fetch_queues);
    cito_buffer_finish(&redis->acks);
}
