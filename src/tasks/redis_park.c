/* Redis parking: how an idle consumer gets its next message in one step. While the lists are empty it waits in a BLMOVE, on a connection of its own, for the first
 * queue's list; what comes is moved by Redis into this consumer's own list within the sender's LPUSH and is here at once, where a word that the list has changed and a
 * fetch would take two more turns of both processes: docs/decisions/0023.
 *
 * The message lies in the list cito.taken.ID until, in the same turn of the loop, it is entered into `unacked` under its tag, or was acknowledged. Which queue that
 * list is of says the hash cito.parked: who finds this consumer dead puts back what lies there.
 *
 * Invariants: one BLMOVE at most is under way, and a place of the prefetch window is its; a message that lies in the own list is `arrived`, or its reply is on the
 * way, or was lost with the connection: then the list is looked through before anything else is waited for.
 * Threading: the loop's thread. */
#include "tasks/redis_broker.h"

enum { TAKEN_KEY_MAX = 64 };

static cito_str taken_key(const cito_redis_broker *redis, char out[TAKEN_KEY_MAX])
{
    return (cito_str){ out, (size_t)snprintf(out, TAKEN_KEY_MAX, "cito.taken.%s", redis->prefix) };
}

/* ---- a message that lies in the own list ---------------------------------------------------------------------------------------------- */
/* By its text: a command that is sent again after a lost connection must not meet the next one. */
static void take_out(cito_redis_broker *redis, cito_str envelope)
{
    char key[TAKEN_KEY_MAX];
    cito_redis_send(redis->commands, CITO_REDIS_FOR_EVER, NULL, NULL,
                    CITO_REDIS_ARGS(CITO_STR("LREM"), taken_key(redis, key), CITO_STR("1"), envelope));
}

/* The entry's tag stands in the envelope too, as a sender may have used its own twice. */
static cito_str entry_of(cito_redis_broker *redis, const cito_redis_queue *queue, const cito_redis_delivery *held)
{
    size_t start, len;
    cito_str envelope = held->delivery.envelope;
    redis->scratch.len = 0;
    cito_buffer_append_char(&redis->scratch, '[');
    if (cito_redis_envelope_find_tag(envelope, &start, &len)) {
        cito_buffer_append(&redis->scratch, envelope.data, start);
        cito_buffer_append(&redis->scratch, held->tag, CITO_REDIS_TAG);
        cito_buffer_append(&redis->scratch, envelope.data + start + len, envelope.len - start - len);
    } else {
        cito_buffer_append_str(&redis->scratch, envelope);
    }
    cito_buffer_append_str(&redis->scratch, queue->entry_end);
    return (cito_str){ redis->scratch.data, redis->scratch.len };
}

void cito_redis_park_enter(cito_redis_broker *redis, cito_redis_delivery *held)
{
    char score[CITO_REDIS_SCORE_MAX];
    cito_str tag = { held->tag, CITO_REDIS_TAG };
    redis->arrived = NULL;
    cito_redis_send(redis->commands, CITO_REDIS_FOR_EVER, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("MULTI")));
    cito_redis_send(redis->commands, CITO_REDIS_FOR_EVER, NULL, NULL,
                    CITO_REDIS_ARGS(CITO_STR("HSET"), CITO_STR("unacked"), tag,
                                    entry_of(redis, cito_redis_queue_named(redis, held->delivery.queue), held)));
    cito_redis_send(redis->commands, CITO_REDIS_FOR_EVER, NULL, NULL,
                    CITO_REDIS_ARGS(CITO_STR("ZADD"), CITO_STR("unacked_index"), cito_redis_score_write(cito_redis_now_s(), score), tag));
    take_out(redis, held->delivery.envelope);
    cito_redis_send(redis->commands, CITO_REDIS_FOR_EVER, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("EXEC")));
}

void cito_redis_park_drop(cito_redis_broker *redis, cito_redis_delivery *held)
{
    redis->arrived = NULL;
    take_out(redis, held->delivery.envelope);
}

void cito_redis_hold(cito_broker *broker, cito_delivery *delivery)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    if (redis->arrived != (cito_redis_delivery *)delivery)
        return;
    cito_redis_park_enter(redis, redis->arrived);
    cito_redis_flush(redis->commands);
}

/* Acknowledged early, and given to a child that was idle, it never gets into `unacked`. */
static void arrive(cito_redis_broker *redis, cito_str envelope)
{
    cito_redis_delivery *held = cito_redis_delivery_new(redis, redis->parked_queue, redis->next_tag++, envelope);
    redis->arrived = held;
    cito_redis_hand_over(redis, held);
    if (redis->arrived == held)
        cito_redis_park_enter(redis, held);
}

/* ---- which queue's they are -------------------------------------------------------------------------------------------------------------- */
static void queue_tell(cito_redis_broker *redis, cito_redis *connection)
{
    cito_redis_send(connection, CITO_REDIS_ONCE, NULL, NULL,
                    CITO_REDIS_ARGS(CITO_STR("HSET"), CITO_STR("cito.parked"), cito_redis_own_id(redis), redis->parked_queue->name));
}

void cito_redis_park_renew(cito_redis_broker *redis)
{
    if (redis->parked_queue)
        queue_tell(redis, redis->commands);
}

/* ---- waiting -------------------------------------------------------------------------------------------------------------------------- */
/* Nothing looks at the parked queue's list any more, unless it is waited for again at the next write. */
static void unparked(cito_redis_broker *redis)
{
    redis->is_parked = false;
    redis->parked_unwatched = true;
    cito_redis_wake(redis->commands);
}

static void moved(void *data, const cito_redis_reply *reply, const char *error)
{
    cito_redis_broker *redis = data;
    if (!redis->is_parked)
        return; /* it ends: what was moved is looked for there */
    if (!reply)
        redis->park_lost = true;
    else if (error) /* Redis before 6.2, no right to it, a replica: on this connection the word that a list has changed will do */
        redis->park_refused = true;
    else if (reply->kind == CITO_REDIS_STRING)
        arrive(redis, reply->text);
    unparked(redis);
}

/* More of them: a script fetches many at once. */
static void length_seen(void *data, const cito_redis_reply *reply, const char *error)
{
    cito_redis_broker *redis = data;
    if (reply && !error && reply->integer > 0)
        cito_redis_look_again(redis);
}

void cito_redis_park(cito_redis_broker *redis)
{
    static const cito_str seconds = { "5", 1 };
    char key[TAKEN_KEY_MAX];
    /* Without its id the wait could not be ended. */
    if (redis->is_parked || redis->park_refused || redis->park_lost || cito_redis_client_id(redis->parking) <= 0 ||
        !cito_redis_is_up(redis->parking))
        return;
    cito_redis_queue *queue = redis->queues[0];
    if (redis->parked_queue != queue) {
        redis->parked_queue = queue;
        queue_tell(redis, redis->parking); /* on this connection: before the first message is moved */
    }
    redis->is_parked = true;
    cito_redis_send(
        redis->parking, CITO_REDIS_ONCE, moved, redis,
        CITO_REDIS_ARGS(CITO_STR("BLMOVE"), queue->lists[0], taken_key(redis, key), CITO_STR("RIGHT"), CITO_STR("LEFT"), seconds));
    cito_redis_send(redis->parking, CITO_REDIS_ONCE, length_seen, redis, CITO_REDIS_ARGS(CITO_STR("LLEN"), queue->lists[0]));
}

void cito_redis_unpark(cito_redis_broker *redis)
{
    char id[24];
    if (!redis->is_parked)
        return;
    snprintf(id, sizeof id, "%lld", (long long)cito_redis_client_id(redis->parking));
    cito_redis_send(redis->commands, CITO_REDIS_ONCE, NULL, NULL,
                    CITO_REDIS_ARGS(CITO_STR("CLIENT"), CITO_STR("UNBLOCK"), cito_redis_chars(id)));
}

/* ---- what a lost reply has left ---------------------------------------------------------------------------------------------------------- */
static void looked_through(void *data, const cito_redis_reply *reply, const char *error)
{
    cito_redis_broker *redis = data;
    redis->park_checking = false;
    if (!reply || error)
        return; /* park_lost stays: the next write asks again */
    redis->park_lost = false;
    for (size_t i = 0; i < reply->count; i++)
        arrive(redis, cito_redis_reply_at(reply, i)->text);
    cito_redis_wake(redis->commands);
}

/* Behind all that takes out: what is there then is nobody's. */
void cito_redis_park_check(cito_redis_broker *redis)
{
    char key[TAKEN_KEY_MAX];
    if (!redis->park_lost || redis->park_checking)
        return;
    redis->park_checking = true;
    cito_redis_send(redis->commands, CITO_REDIS_ONCE, looked_through, redis,
                    CITO_REDIS_ARGS(CITO_STR("LRANGE"), taken_key(redis, key), CITO_STR("0"), CITO_STR("-1")));
}

void cito_redis_park_end(cito_redis_broker *redis)
{
    if (!redis->parked_queue)
        return;
    cito_redis_unpark(redis);
    redis->is_parked = false; /* a reply that is still on its way is not heard: the list says what came */
    redis->park_lost = true;
    cito_redis_park_check(redis);
    cito_redis_send(redis->commands, CITO_REDIS_ONCE, NULL, NULL,
                    CITO_REDIS_ARGS(CITO_STR("HDEL"), CITO_STR("cito.parked"), cito_redis_own_id(redis)));
}

/* ---- what a dead consumer has left ------------------------------------------------------------------------------------------------------- */
/* KEYS: its list, the queue's. ARGV: the message as it lies there, as it is put back. */
static cito_redis_script put_back_script = { .text = "if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end\n"
                                                     "redis.call('RPUSH', KEYS[2], ARGV[2])\n"
                                                     "return 1\n" };

static const char *put_back(cito_redis_broker *redis, cito_arena *arena, cito_str key, cito_str queue, cito_str envelope)
{
    int priority;
    cito_buffer text;
    cito_buffer_init(&text);
    cito_redis_envelope_redeliver(envelope, arena, &text, &priority);
    const char *error = cito_redis_call_eval(redis->commands, CITO_REDIS_TRIES, arena, NULL, &put_back_script, 2,
                                             CITO_REDIS_ARGS(key, cito_redis_list_name(arena, queue, cito_redis_step_of(priority)),
                                                             envelope, (cito_str){ text.data, text.len }));
    cito_buffer_finish(&text);
    return error;
}

/* KEYS: lists. All that lies in them. */
static cito_redis_script look_script = { .text = "local found = {}\n"
                                                 "for i, key in ipairs(KEYS) do found[i] = redis.call('LRANGE', key, 0, -1) end\n"
                                                 "return found\n" };

enum { LISTS_AT_ONCE = 500 };

static const char *lists_put_back(cito_redis_broker *redis, cito_arena *arena, const cito_str *keys, const cito_redis_reply *queues,
                                  size_t count, unsigned *out_count)
{
    const cito_redis_reply *lists;
    const char *error = cito_redis_call_eval(redis->commands, CITO_REDIS_ONCE, arena, &lists, &look_script, count, count, keys);
    for (size_t i = 0; !error && i < lists->count; i++) {
        const cito_redis_reply *list = cito_redis_reply_at(lists, i), *queue = cito_redis_reply_at(queues, i);
        for (size_t j = 0; !error && queue->kind == CITO_REDIS_STRING && j < list->count; j++, ++*out_count)
            error = put_back(redis, arena, keys[i], queue->text, cito_redis_reply_at(list, j)->text);
    }
    return error;
}

const char *cito_redis_park_restore(cito_redis_broker *redis, cito_arena *arena, const cito_str *ids, size_t count, unsigned *out_count)
{
    for (size_t first = 0; first < count; first += LISTS_AT_ONCE) {
        size_t more = count - first < LISTS_AT_ONCE ? count - first : LISTS_AT_ONCE;
        cito_str keys[LISTS_AT_ONCE], args[LISTS_AT_ONCE + 2] = { CITO_STR("HMGET"), CITO_STR("cito.parked") };
        const cito_redis_reply *queues;
        for (size_t i = 0; i < more; i++) {
            args[i + 2] = ids[first + i];
            keys[i] = cito_arena_format(arena, "cito.taken.%s", ids[first + i].data);
        }
        const char *error = cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, &queues, more + 2, args);
        if (!error)
            error = lists_put_back(redis, arena, keys, queues, more, out_count);
        if (error)
            return error;
    }
    return NULL;
}
