/* Redis control: fanout by PUBLISH, replies by a list of the client's own, lengths and emptying of queues.
 *
 * Invariant: a reply list exists from expect_replies to the end of collect_replies and is deleted then. Threading: the loop's thread. */
#include "tasks/redis_broker.h"

#include "base/clock.h"
#include "base/log.h"

#define REPLY_BINDINGS CITO_STR("_kombu.binding.reply.celery.pidbox")

const char *cito_redis_broadcast(cito_broker *broker, const char *exchange, const char *routing_key, cito_str envelope)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    bool has_key = routing_key && *routing_key;
    cito_str channel =
        cito_arena_format(cito_context_current->arena, has_key ? "/%d.%s/%s" : "/%d.%s", redis->url.db, exchange, routing_key);
    return cito_redis_call(redis->commands, CITO_REDIS_TRIES, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("PUBLISH"), channel, envelope));
}

static cito_str reply_queue(const char *oid) { return cito_arena_format(cito_context_current->arena, "%s.reply.celery.pidbox", oid); }
static cito_str reply_binding(const char *oid)
{
    return cito_redis_binding(cito_context_current->arena, (cito_str){ oid, strlen(oid) }, CITO_STR(""), reply_queue(oid));
}

const char *cito_redis_expect_replies(cito_broker *broker, const char *oid)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    return cito_redis_call(redis->commands, CITO_REDIS_TRIES, NULL, NULL,
                           CITO_REDIS_ARGS(CITO_STR("SADD"), REPLY_BINDINGS, reply_binding(oid)));
}

/* The waiting has a connection of its own, as BRPOP holds up what comes behind it. */
const char *cito_redis_collect_replies(cito_broker *broker, const char *oid, double timeout_s, unsigned limit,
                                       void (*reply)(void *data, cito_str envelope), void *data)
{
    enum { SLICE_S = 5 }; /* one BRPOP waits no longer: a silent connection must not pass for a dead one */
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    cito_arena *arena = cito_context_current->arena;
    cito_str queue = reply_queue(oid);
    uint64_t end_ns = cito_clock_monotonic_ns() + (uint64_t)(timeout_s * 1e9);
    cito_redis *waiting = cito_redis_new(redis->broker.loop, &redis->url, &(cito_redis_events){ .data = NULL });
    const char *error = NULL;
    for (unsigned count = 0; !error && (limit == 0 || count < limit);) {
        uint64_t now_ns = cito_clock_monotonic_ns();
        double left_s = now_ns < end_ns ? (double)(end_ns - now_ns) / 1e9 : 0;
        if (left_s < 0.001) /* 0 would wait for ever */
            break;
        const cito_redis_reply *popped;
        error = cito_redis_call(
            waiting, CITO_REDIS_TRIES, arena, &popped,
            CITO_REDIS_ARGS(CITO_STR("BRPOP"), queue, cito_arena_format(arena, "%.3f", left_s < SLICE_S ? left_s : SLICE_S)));
        if (error || popped->kind != CITO_REDIS_ARRAY)
            continue;
        reply(data, cito_redis_reply_at(popped, 1)->text);
        count++;
    }
    cito_redis_free(waiting, NULL, NULL);
    cito_redis_send(redis->commands, CITO_REDIS_TRIES, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("SREM"), REPLY_BINDINGS, reply_binding(oid)));
    cito_redis_send(redis->commands, CITO_REDIS_TRIES, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("DEL"), queue));
    return error;
}

static cito_redis_script length_script = {
    .text = "local sum = 0\nfor _, key in ipairs(KEYS) do sum = sum + redis.call('LLEN', key) end\nreturn sum\n"
};
static cito_redis_script purge_script = { .text = "local sum = 0\nfor _, key in ipairs(KEYS) do sum = sum + redis.call('LLEN', key) "
                                                  "end\nredis.call('DEL', unpack(KEYS))\nreturn sum\n" };

static int64_t sum_of(cito_broker *broker, const char *name, cito_redis_script *script, const char *what)
{
    cito_redis_broker *redis = (cito_redis_broker *)broker;
    cito_redis_queue *queue = cito_redis_queue_named(redis, (cito_str){ name, strlen(name) });
    const cito_redis_reply *sum;
    const char *error =
        cito_redis_call_eval(redis->commands, CITO_REDIS_TRIES, NULL, &sum, script, CITO_REDIS_STEPS, CITO_REDIS_STEPS, queue->lists);
    if (error)
        cito_log_write(CITO_LOG_ERROR, "The queue %s cannot be %s: %s", name, what, error);
    return error ? -1 : sum->integer;
}

int64_t cito_redis_length(cito_broker *broker, const char *queue) { return sum_of(broker, queue, &length_script, "counted"); }
int64_t cito_redis_purge(cito_broker *broker, const char *queue) { return sum_of(broker, queue, &purge_script, "emptied"); }
