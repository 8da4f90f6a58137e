/* Redis fetching: one script pops up to as many messages as there are free places, from the queues in turn, and enters them into `unacked` in the same step, so that a
 * crash loses nothing.
 *
 * Invariant: a fetch whose reply was lost with the connection is looked up by its tags, which are known before.
 * Threading: the loop's thread. */
#include "tasks/redis_broker.h"

#include "base/log.h"

#include <math.h>

/* KEYS: unacked, unacked_index, lists (all queues at step 0, all at step 3, …). ARGV: how many, now, tag prefix, first tag number, queues, and what stands
 * behind the envelope in the entry, per queue. Gives queue number and envelope in turn. As kombu: the lower step first, queues of a step by turns.
 * The tag of the envelope that is held becomes the entry's: a sender may have used its own twice. */
cito_redis_script cito_redis_fetch_script = {
    .text = "local want, count, tag = tonumber(ARGV[1]), tonumber(ARGV[5]), tonumber(ARGV[4])\n"
            "local got, entries, scores = {}, {}, {}\n"
            "for row = 2, #KEYS - 1, count do\n"
            "  local live = {}\n"
            "  for q = 1, count do live[q] = q end\n"
            "  while want > 0 and #live > 0 do\n"
            "    local take, still = #live == 1 and want or 1, {}\n"
            "    for _, q in ipairs(live) do\n"
            "      if want > 0 then\n"
            "        local popped = redis.pcall('RPOP', KEYS[row + q], take)\n"
            "        if type(popped) == 'table' and not popped.err then\n"
            "          for _, message in ipairs(popped) do\n"
            "            local name = ARGV[3] .. string.format('%012x', tag)\n"
            "            tag = tag + 1\n"
            "            got[#got + 1], got[#got + 2] = q, message\n"
            "            local from, to = message:match('.*\"delivery_tag\"%s*:%s*\"()[^\"]*()\"')\n"
            "            local held = from and message:sub(1, from - 1) .. name .. message:sub(to) or message\n"
            "            entries[#entries + 1], entries[#entries + 2] = name, '[' .. held .. ARGV[5 + q]\n"
            "            scores[#scores + 1], scores[#scores + 2] = ARGV[2], name\n"
            "          end\n"
            "          want = want - #popped\n"
            "          if #popped == take then still[#still + 1] = q end\n"
            "        end\n"
            "      end\n"
            "    end\n"
            "    live = still\n"
            "  end\n"
            "end\n"
            "if #got > 0 then\n"
            "  redis.call('HSET', KEYS[1], unpack(entries))\n"
            "  redis.call('ZADD', KEYS[2], unpack(scores))\n"
            "end\n"
            "return got\n"
};
/* Whole seconds, rounded up, so that nothing is overdue too early: Redis keeps small sorted sets as text, and parsing fractions there is most of what fetching cost
 * (12 of 24 microseconds a message). */
cito_str cito_redis_score_write(double now_s, char out[CITO_REDIS_SCORE_MAX])
{
    return (cito_str){ out, (size_t)snprintf(out, CITO_REDIS_SCORE_MAX, "%.0f", ceil(now_s)) };
}

static void fetched(void *data, const cito_redis_reply *reply, const char *error)
{
    cito_redis_broker *redis = data;
    redis->fetching = false;
    if (!reply) {
        redis->fetch_lost = true;
        return;
    }
    if (error) {
        cito_log_write(CITO_LOG_ERROR, "Redis at %s: messages cannot be fetched: %s", redis->url.shown.data, error);
        redis->drained = redis->armed = true; /* until the tick looks again */
        redis->looked_s = cito_redis_now_s();
        return;
    }
    size_t got = reply->count / 2;
    redis->drained = got < redis->fetch_count;
    cito_redis_queue *last = NULL;
    for (size_t i = 0; i < got; i++) {
        size_t place = (size_t)reply->elements[i * 2]->integer - 1;
        last = redis->fetch_queues[place];
        cito_redis_hand_over(redis, cito_redis_delivery_new(redis, last, redis->fetch_first + i, reply->elements[i * 2 + 1]->text));
    }
    for (size_t i = 0; i < redis->queue_count; i++)
        if (redis->queues[i] == last)
            redis->queue_first = (i + 1) % redis->queue_count;
    cito_redis_wake(redis->commands);
}

void cito_redis_fetch(cito_redis_broker *redis, unsigned want)
{
    size_t count = redis->queue_count;
    redis->fetch_count = want < CITO_REDIS_FETCH_MOST ? want : CITO_REDIS_FETCH_MOST;
    redis->fetch_first = redis->next_tag;
    redis->next_tag += redis->fetch_count;
    redis->fetching = true;
    redis->fetch_queue_count = count;
    for (size_t i = 0; i < count; i++)
        redis->fetch_queues[i] = redis->queues[(redis->queue_first + i) % count];
    char numbers[3][32], score[CITO_REDIS_SCORE_MAX];
    snprintf(numbers[0], sizeof numbers[0], "%u", redis->fetch_count);
    snprintf(numbers[1], sizeof numbers[1], "%llu", (unsigned long long)redis->fetch_first);
    snprintf(numbers[2], sizeof numbers[2], "%zu", count);
    size_t key_count = 2 + count * CITO_REDIS_STEPS;
    cito_str args[key_count + 5 + count], *to = args;
    *to++ = CITO_STR("unacked");
    *to++ = CITO_STR("unacked_index");
    for (unsigned step = 0; step < CITO_REDIS_STEPS; step++)
        for (size_t i = 0; i < count; i++)
            *to++ = redis->fetch_queues[i]->lists[step];
    *to++ = (cito_str){ numbers[0], strlen(numbers[0]) };
    *to++ = cito_redis_score_write(cito_redis_now_s(), score);
    *to++ = (cito_str){ redis->prefix, CITO_REDIS_TAG_PREFIX };
    *to++ = (cito_str){ numbers[1], strlen(numbers[1]) };
    *to++ = (cito_str){ numbers[2], strlen(numbers[2]) };
    for (size_t i = 0; i < count; i++)
        *to++ = redis->fetch_queues[i]->entry_end;
    /* Once: a repetition would pop others while the first ones lie in unacked, see recovered. */
    cito_redis_eval(redis->commands, CITO_REDIS_ONCE, fetched, redis, &cito_redis_fetch_script, key_count, (size_t)(to - args), args);
}

/* What a fetch popped before its reply was lost: it is ours, under tags that we know. */
static void recovered(void *data, const cito_redis_reply *reply, const char *error)
{
    cito_redis_broker *redis = data;
    redis->fetching = false;
    if (error)
        return; /* fetch_lost stays: the next connection tries again */
    redis->fetch_lost = false;
    for (size_t i = 0; i < reply->count; i++) {
        cito_str entry = cito_redis_reply_at(reply, i)->text;
        for (size_t q = 0; entry.data && q < redis->fetch_queue_count; q++) {
            cito_str end = redis->fetch_queues[q]->entry_end;
            if (entry.len > end.len && !memcmp(entry.data + entry.len - end.len, end.data, end.len)) {
                entry = (cito_str){ entry.data + 1, entry.len - end.len - 1 };
                cito_redis_hand_over(redis, cito_redis_delivery_new(redis, redis->fetch_queues[q], redis->fetch_first + i, entry));
                break;
            }
        }
    }
    cito_redis_look_again(redis);
}

void cito_redis_recover(cito_redis_broker *redis)
{
    char tags[CITO_REDIS_FETCH_MOST][CITO_REDIS_TAG + 1];
    cito_str args[CITO_REDIS_FETCH_MOST + 2] = { CITO_STR("HMGET"), CITO_STR("unacked") };
    for (unsigned i = 0; i < redis->fetch_count; i++) {
        cito_redis_tag_make(redis->prefix, redis->fetch_first + i, tags[i]);
        args[i + 2] = (cito_str){ tags[i], CITO_REDIS_TAG };
    }
    redis->fetching = true;
    cito_redis_send(redis->commands, CITO_REDIS_ONCE, recovered, redis, redis->fetch_count + 2, args);
}
