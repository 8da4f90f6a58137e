/* Redis restore: puts back what nobody works on any more: entries of `unacked` older than the visibility timeout, as every consumer of kombu's does, and those of a
 * consumer of cito whose lease ran out, which takes half a minute instead of the timeout.
 *
 * The lease is the key cito.consumer.ID, which its consumer renews; the set cito.consumers holds all ids; the tags of what a consumer holds begin with its id.
 *
 * Invariants: one restores at a time (kombu's mutex, which Python's consumers respect too); an entry is put back by who takes it out (move_script).
 * Threading: a coroutine of the loop's. */
#include "tasks/redis_broker.h"

#include "base/log.h"

#include <stdlib.h>

/* MUTEX_MS: kombu's is five minutes, and as long nobody would restore where the one who began was killed. Two at once do no harm. */
enum { LEASE_MS = 30000, MUTEX_MS = 10000, AT_ONCE = 100, SCANNED = 500 };

static cito_redis_script release_script = {
    .text = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end\nreturn 0\n"
};

/* ---- leases -------------------------------------------------------------------------------------------------------------------- */
void cito_redis_lease_renew(cito_redis_broker *redis)
{
    char key[64], expiry[16];
    snprintf(key, sizeof key, "cito.consumer.%s", redis->prefix);
    snprintf(expiry, sizeof expiry, "%d", LEASE_MS);
    redis->leased_s = cito_redis_now_s();
    cito_redis_send(redis->commands, CITO_REDIS_ONCE, NULL, NULL,
                    CITO_REDIS_ARGS(CITO_STR("SET"), cito_redis_chars(key), CITO_STR("1"), CITO_STR("PX"), cito_redis_chars(expiry)));
    cito_redis_send(redis->commands, CITO_REDIS_ONCE, NULL, NULL,
                    CITO_REDIS_ARGS(CITO_STR("SADD"), CITO_STR("cito.consumers"), cito_redis_own_id(redis)));
    cito_redis_park_renew(redis);
}

void cito_redis_lease_end(cito_redis_broker *redis)
{
    char key[64];
    snprintf(key, sizeof key, "cito.consumer.%s", redis->prefix);
    cito_redis_send(redis->commands, CITO_REDIS_ONCE, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("DEL"), cito_redis_chars(key)));
    if (redis->held_count == 0) /* else its name stays, and what it held is put back by the others at their next look */
        cito_redis_send(redis->commands, CITO_REDIS_ONCE, NULL, NULL,
                        CITO_REDIS_ARGS(CITO_STR("SREM"), CITO_STR("cito.consumers"), cito_redis_own_id(redis)));
}

/* ---- one entry ----------------------------------------------------------------------------------------------------------------- */
/* The queues of an exchange and a routing key. The anonymous exchange ("") means the queue of that name. */
static size_t queues_of(cito_redis_broker *redis, cito_arena *arena, cito_str exchange, cito_str routing_key, cito_str *out_queues,
                        size_t most)
{
    size_t count = 0;
    const cito_redis_reply *members = NULL;
    if (exchange.len > 0 &&
        !cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, &members,
                         CITO_REDIS_ARGS(CITO_STR("SMEMBERS"), cito_arena_format(arena, "_kombu.binding.%s", exchange.data))))
        for (size_t i = 0; i < members->count && count < most; i++)
            if (cito_redis_binding_takes(cito_redis_reply_at(members, i)->text, routing_key, &out_queues[count]))
                count++;
    if (count == 0)
        out_queues[count++] = routing_key;
    return count;
}

static void restore_one(cito_redis_broker *redis, cito_arena *arena, cito_str tag, const cito_redis_reply *entry)
{
    cito_str envelope, exchange, routing_key, queues[8];
    if (entry->kind != CITO_REDIS_STRING) { /* acknowledged, but for its place in the index */
        cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, NULL, CITO_REDIS_ARGS(CITO_STR("ZREM"), CITO_STR("unacked_index"), tag));
        return;
    }
    if (!cito_redis_entry_read(entry->text, arena, &envelope, &exchange, &routing_key)) {
        cito_log_write(CITO_LOG_ERROR, "Redis at %s: a held message cannot be read and is dropped: %.200s", redis->url.shown.data,
                       entry->text.data);
        cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, NULL, CITO_REDIS_ARGS(CITO_STR("ZREM"), CITO_STR("unacked_index"), tag));
        cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, NULL, CITO_REDIS_ARGS(CITO_STR("HDEL"), CITO_STR("unacked"), tag));
        return;
    }
    cito_buffer text;
    cito_buffer_init(&text);
    int priority;
    cito_redis_envelope_redeliver(envelope, arena, &text, &priority);
    size_t count = queues_of(redis, arena, exchange, routing_key, queues, sizeof queues / sizeof *queues);
    /* Of several queues each has taken its own copy at the time of sending; the entry stands for one of them. */
    cito_str list = cito_redis_list_name(arena, queues[count - 1], cito_redis_step_of(priority));
    cito_redis_move(redis, tag, list, (cito_str){ text.data, text.len }, true, NULL, NULL);
    cito_buffer_finish(&text);
}

static bool is_held_here(const cito_redis_broker *redis, cito_str tag)
{
    if (tag.len != CITO_REDIS_TAG || memcmp(tag.data, redis->prefix, CITO_REDIS_TAG_PREFIX) != 0)
        return false;
    for (const cito_redis_delivery *held = redis->held; held; held = held->next)
        if (!memcmp(held->tag, tag.data, CITO_REDIS_TAG))
            return true;
    return redis->fetching; /* perhaps it is on its way */
}

/* ---- what is overdue ----------------------------------------------------------------------------------------------------------- */
static void restore_overdue(cito_redis_broker *redis, cito_arena *arena, const cito_redis_reply *tags)
{
    cito_str args[AT_ONCE + 2] = { CITO_STR("HMGET"), CITO_STR("unacked") };
    const cito_redis_reply *entries;
    for (size_t i = 0; i < tags->count; i++)
        args[i + 2] = cito_redis_reply_at(tags, i)->text;
    if (tags->count == 0 || cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, &entries, tags->count + 2, args))
        return;
    for (size_t i = 0; i < tags->count && !redis->is_closing; i++)
        if (!is_held_here(redis, args[i + 2]))
            restore_one(redis, arena, args[i + 2], cito_redis_reply_at(entries, i));
}

static const cito_redis_reply *overdue(cito_redis_broker *redis, cito_arena *arena)
{
    char before[32];
    const cito_redis_reply *tags;
    snprintf(before, sizeof before, "%.6f", cito_redis_now_s() - redis->visibility_s);
    const char *error = cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, &tags,
                                        CITO_REDIS_ARGS(CITO_STR("ZRANGEBYSCORE"), CITO_STR("unacked_index"), CITO_STR("-inf"),
                                                        cito_redis_chars(before), CITO_STR("LIMIT"), CITO_STR("0"), CITO_STR("100")));
    return error || tags->kind != CITO_REDIS_ARRAY ? NULL : tags;
}

/* ---- what the dead held -------------------------------------------------------------------------------------------------------- */
static int compare_ids(const void *one, const void *other)
{
    return memcmp(((const cito_str *)one)->data, ((const cito_str *)other)->data, CITO_REDIS_TAG_PREFIX);
}

static bool is_one_of(const cito_str *ids, size_t count, cito_str tag)
{
    return tag.len == CITO_REDIS_TAG && bsearch(&tag, ids, count, sizeof *ids, compare_ids);
}

/* Those whose lease is over, sorted. */
static cito_str *dead_ones(cito_redis_broker *redis, cito_arena *arena, size_t *out_count)
{
    const cito_redis_reply *ids, *leases;
    *out_count = 0;
    if (cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, &ids, CITO_REDIS_ARGS(CITO_STR("SMEMBERS"), CITO_STR("cito.consumers"))) ||
        ids->count == 0)
        return NULL;
    size_t count = 0;
    cito_str *dead = cito_arena_take(arena, ids->count * sizeof *dead), *args = cito_arena_take(arena, (ids->count + 1) * sizeof *args);
    args[0] = CITO_STR("MGET");
    for (size_t i = 0; i < ids->count; i++) {
        cito_str id = cito_redis_reply_at(ids, i)->text;
        if (id.len != CITO_REDIS_TAG_PREFIX || cito_same(id, cito_redis_own_id(redis)))
            continue;
        dead[count++] = id;
        args[count] = cito_arena_format(arena, "cito.consumer.%s", id.data);
    }
    if (count == 0 || cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, &leases, count + 1, args))
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (cito_redis_reply_at(leases, i)->kind == CITO_REDIS_NIL)
            dead[(*out_count)++] = dead[i];
    qsort(dead, *out_count, sizeof *dead, compare_ids);
    return dead;
}

/* One walk over all tags, however many have died: a service whose workers crash at once leaves hundreds of names. The index and not the entries, which are large. */
static const char *restore_entries(cito_redis_broker *redis, cito_arena *arena, const cito_str *dead, size_t dead_count,
                                   unsigned *out_count)
{
    cito_str cursor = CITO_STR("0");
    do {
        const cito_redis_reply *scanned, *entries;
        cito_str args[2 * SCANNED + 2] = { CITO_STR("HMGET"), CITO_STR("unacked") };
        size_t found = 2;
        const char *error =
            cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, &scanned,
                            CITO_REDIS_ARGS(CITO_STR("ZSCAN"), CITO_STR("unacked_index"), cursor, CITO_STR("COUNT"), CITO_STR("500")));
        if (error)
            return error;
        cursor = cito_redis_reply_at(scanned, 0)->text;
        const cito_redis_reply *pairs = cito_redis_reply_at(scanned, 1);
        for (size_t i = 0; i < pairs->count; i += 2) {
            if (is_one_of(dead, dead_count, pairs->elements[i]->text))
                args[found++] = pairs->elements[i]->text;
            bool is_full = found == sizeof args / sizeof *args || i + 2 >= pairs->count;
            if (!is_full || found == 2)
                continue;
            error = redis->is_closing ? "it closes" : cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, &entries, found, args);
            if (error)
                return error;
            for (size_t j = 2; j < found; j++, ++*out_count)
                restore_one(redis, arena, args[j], cito_redis_reply_at(entries, j - 2));
            found = 2;
        }
    } while (cursor.data && !cito_str_equal(cursor, "0"));
    return NULL;
}

/* Their names go last: who is killed in the middle of it leaves the rest to another. */
static void restore_dead(cito_redis_broker *redis, cito_arena *arena, const cito_str *dead, size_t dead_count)
{
    unsigned count = 0;
    if (cito_redis_park_restore(redis, arena, dead, dead_count, &count) || restore_entries(redis, arena, dead, dead_count, &count))
        return;
    cito_str *args = cito_arena_take(arena, (dead_count + 2) * sizeof *args);
    static const char *const keys[][2] = { { "HDEL", "cito.parked" }, { "SREM", "cito.consumers" } };
    memcpy(args + 2, dead, dead_count * sizeof *dead);
    for (size_t i = 0; i < 2; i++) {
        args[0] = cito_redis_chars(keys[i][0]);
        args[1] = cito_redis_chars(keys[i][1]);
        cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, NULL, dead_count + 2, args);
    }
    if (count > 0)
        cito_log_write(CITO_LOG_WARNING, "Redis at %s: messages that dead workers held are put back: %u of %zu workers",
                       redis->url.shown.data, count, dead_count);
}

void cito_redis_restore(cito_redis_broker *redis)
{
    cito_arena *arena = cito_context_current->arena;
    size_t dead_count = 0;
    const cito_redis_reply *tags = overdue(redis, arena);
    const cito_str *dead = tags ? dead_ones(redis, arena, &dead_count) : NULL;
    if (!tags || redis->is_closing || (tags->count == 0 && dead_count == 0))
        return;
    const cito_redis_reply *taken;
    char expiry[16];
    snprintf(expiry, sizeof expiry, "%d", MUTEX_MS);
    if (cito_redis_call(redis->commands, CITO_REDIS_ONCE, arena, &taken,
                        CITO_REDIS_ARGS(CITO_STR("SET"), CITO_STR("unacked_mutex"), cito_redis_own_id(redis), CITO_STR("NX"),
                                        CITO_STR("PX"), cito_redis_chars(expiry))) ||
        taken->kind == CITO_REDIS_NIL)
        return;
    restore_overdue(redis, arena, tags);
    if (dead_count > 0 && !redis->is_closing)
        restore_dead(redis, arena, dead, dead_count);
    cito_redis_call_eval(redis->commands, CITO_REDIS_TRIES, arena, NULL, &release_script, 1, 2,
                         (cito_str[]){ CITO_STR("unacked_mutex"), cito_redis_own_id(redis) });
}
