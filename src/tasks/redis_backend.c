/* Redis back end: Celery's keys and JSON: celery-task-meta-ID, told to who waits by PUBLISH on the channel of the same name.
 *
 * Who waits: subscribes and asks at once; asks again when the subscription stands, as the result may have come between, and sleeps until the word, with a look every
 * few seconds. One pub/sub connection serves all; after a lost one the new subscription makes all waiters ask again.
 *
 * Invariants: SUCCESS is never overwritten (what is not the first record of its task is stored by a script that looks before); a waiter is in the table while its coroutine is suspended in wait.
 * Threading: the loop's thread. */
#include "tasks/backend.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "json/reader.h"
#include "tasks/redis_connection.h"

#include <math.h>
#include <stdlib.h>

#define KEY_START "celery-task-meta-"
enum { BUCKETS = 256, DAY_S = 86400, LOOK_EVERY_S = 5, ID_MAX = 400 };

typedef struct redis_waiter {
    struct redis_waiter *next;
    cito_str key;
    cito_coroutine *coroutine;
    cito_arena *arena;
    cito_str json; /* final, from the channel */
    uint64_t deadline_ns, wake_ns;
    bool is_subscribed, is_asleep;
    bool must_ask; /* the record may have changed unseen */
} redis_waiter;

typedef struct redis_backend {
    cito_backend backend; /* first: the same pointer */
    cito_arena arena;
    cito_redis_url url;
    cito_redis *commands, *pubsub;
    uv_timer_t timer; /* the nearest time at which a waiter wakes by itself */
    uint64_t timer_ns;
    char expires_s[24];
    cito_buffer scratch;
    redis_waiter *waiters[BUCKETS];
    unsigned closing_left;
    cito_coroutine *closing;
    bool *is_closed;
    bool stored_again; /* a record was not the first and goes by the script: a flush asks once more */
} redis_backend;

/* KEYS: key. ARGV: JSON, seconds. A state that the task gave itself may hold the word SUCCESS: only the decoded member counts. */
static cito_redis_script store_script = { .text = "local old = redis.call('GET', KEYS[1])\n"
                                                  "if old and string.find(old, 'SUCCESS', 1, true) then\n"
                                                  "  local good, meta = pcall(cjson.decode, old)\n"
                                                  "  if good and type(meta) == 'table' and meta.status == 'SUCCESS' then return 0 end\n"
                                                  "end\n"
                                                  "redis.call('SETEX', KEYS[1], ARGV[2], ARGV[1])\n"
                                                  "redis.call('PUBLISH', KEYS[1], ARGV[1])\n"
                                                  "return 1\n" };

static cito_str key_of(cito_arena *arena, cito_str id) { return cito_arena_format(arena, KEY_START "%.*s", (int)id.len, id.data); }

/* ---- storing ------------------------------------------------------------------------------------------------------------------- */
/* Most results are the first that is stored for their task: SET NX and PUBLISH cost Redis a fifth of what the script does. Where something stands there, a STARTED
 * or the result of another delivery, the script decides. */
typedef struct redis_storing {
    redis_backend *redis;
    void (*done)(void *data, const char *error);
    void *data;
    size_t key_len, json_len;
    char text[]; /* key, JSON */
} redis_storing;

static void stored(void *data, const cito_redis_reply *reply, const char *error)
{
    (void)reply;
    redis_storing *storing = data;
    if (storing->done)
        storing->done(storing->data, error);
    else if (error)
        cito_log_write(CITO_LOG_ERROR, "A result could not be stored: %s", error);
    free(storing);
}

static void store_by_script(redis_storing *storing)
{
    redis_backend *redis = storing->redis;
    cito_redis_eval(redis->commands, CITO_REDIS_FOR_EVER, stored, storing, &store_script, 1,
                    CITO_REDIS_ARGS((cito_str){ storing->text, storing->key_len },
                                    (cito_str){ storing->text + storing->key_len, storing->json_len },
                                    (cito_str){ redis->expires_s, strlen(redis->expires_s) }));
}

static void stored_first(void *data, const cito_redis_reply *reply, const char *error)
{
    redis_storing *storing = data;
    if (error || reply->kind != CITO_REDIS_NIL) {
        stored(data, reply, error);
        return;
    }
    storing->redis->stored_again = true;
    store_by_script(storing);
}

static void store_first(redis_storing *storing)
{
    redis_backend *redis = storing->redis;
    cito_str key = { storing->text, storing->key_len }, json = { storing->text + storing->key_len, storing->json_len };
    cito_redis_send(redis->commands, CITO_REDIS_FOR_EVER, stored_first, storing,
                    CITO_REDIS_ARGS(CITO_STR("SET"), key, json, CITO_STR("EX"), (cito_str){ redis->expires_s, strlen(redis->expires_s) },
                                    CITO_STR("NX")));
    cito_redis_send(redis->commands, CITO_REDIS_FOR_EVER, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("PUBLISH"), key, json));
}

static void store(cito_backend *backend, const cito_meta *meta, void (*done)(void *data, const char *error), void *data)
{
    static const char key_start[] = KEY_START;
    redis_backend *redis = (redis_backend *)backend;
    size_t id_len = meta->id.len < ID_MAX ? meta->id.len : ID_MAX, key_len = sizeof key_start - 1 + id_len;
    redis->scratch.len = 0;
    cito_meta_write(meta, (double)cito_clock_wall_ns() / 1e9, &redis->scratch);
    redis_storing *storing = malloc(sizeof *storing + key_len + redis->scratch.len);
    if (!storing)
        cito_abort("no memory for a result");
    *storing = (redis_storing){ .redis = redis, .done = done, .data = data, .key_len = key_len, .json_len = redis->scratch.len };
    memcpy(storing->text, key_start, sizeof key_start - 1);
    memcpy(storing->text + sizeof key_start - 1, meta->id.data, id_len);
    memcpy(storing->text + key_len, redis->scratch.data, redis->scratch.len);
    if (meta->is_final && !meta->may_exist)
        store_first(storing);
    else
        store_by_script(storing);
}

/* ---- loading ------------------------------------------------------------------------------------------------------------------- */
static const char *load_key(redis_backend *redis, cito_str key, cito_arena *arena, cito_str *out_json)
{
    const cito_redis_reply *reply;
    *out_json = (cito_str){ NULL, 0 };
    const char *error = cito_redis_call(redis->commands, CITO_REDIS_TRIES, arena, &reply, CITO_REDIS_ARGS(CITO_STR("GET"), key));
    if (!error && reply->kind == CITO_REDIS_STRING)
        *out_json = reply->text;
    return error;
}

static const char *load(cito_backend *backend, cito_str id, cito_arena *arena, cito_str *out_json)
{
    return load_key((redis_backend *)backend, key_of(arena, id), arena, out_json);
}

static bool is_final(cito_str json)
{
    cito_arena scratch;
    cito_arena_init(&scratch, 0);
    cito_json_reader reader;
    cito_str key, status = CITO_STR("");
    cito_json_reader_init(&reader, json, &scratch, 0);
    if (json.data && cito_utf8_is_valid(json.data, json.len) && cito_json_peek(&reader) == CITO_JSON_OBJECT &&
        cito_json_enter_object(&reader)) {
        while (cito_json_next_key(&reader, &key)) {
            cito_str raw;
            if (!cito_str_equal(key, "status"))
                cito_json_skip(&reader, &raw);
            else if (cito_json_peek(&reader) != CITO_JSON_STRING || !cito_json_read_string(&reader, &status))
                break;
            else
                break;
        }
    }
    bool final = cito_str_equal(status, "SUCCESS") || cito_str_equal(status, "FAILURE") || cito_str_equal(status, "REVOKED");
    cito_arena_finish(&scratch);
    return final;
}

/* ---- waiters ------------------------------------------------------------------------------------------------------------------- */
static redis_waiter **bucket_of(redis_backend *redis, cito_str key)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.data[i]) * 16777619u;
    return &redis->waiters[hash % BUCKETS];
}

static redis_waiter *waiter_for(redis_backend *redis, cito_str key)
{
    redis_waiter *waiter = *bucket_of(redis, key);
    while (waiter && !cito_same(waiter->key, key))
        waiter = waiter->next;
    return waiter;
}

/* At this time at the latest it looks by itself, should a word have been lost. */
static void timer_set(redis_backend *, uint64_t wake_ns);

static void waiter_wake(redis_waiter *waiter)
{
    waiter->is_asleep = false;
    cito_coroutine_resume(waiter->coroutine);
}

static void timer_fired(uv_timer_t *timer)
{
    redis_backend *redis = timer->data;
    uint64_t now_ns = cito_clock_monotonic_ns(), nearest_ns = UINT64_MAX;
    redis->timer_ns = UINT64_MAX;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (redis_waiter *waiter = redis->waiters[i]; waiter;) {
            bool is_over = waiter->is_asleep && waiter->wake_ns <= now_ns;
            if (is_over) { /* it may leave the table, or begin to wait again: look from the start */
                waiter->must_ask = true;
                waiter_wake(waiter);
            }
            waiter = is_over ? redis->waiters[i] : waiter->next;
        }
        for (const redis_waiter *waiter = redis->waiters[i]; waiter; waiter = waiter->next)
            if (waiter->is_asleep && waiter->wake_ns < nearest_ns)
                nearest_ns = waiter->wake_ns;
    }
    if (nearest_ns != UINT64_MAX)
        timer_set(redis, nearest_ns);
}

static void timer_set(redis_backend *redis, uint64_t wake_ns)
{
    uint64_t now_ns = cito_clock_monotonic_ns();
    if (wake_ns >= redis->timer_ns)
        return;
    redis->timer_ns = wake_ns;
    uv_timer_start(&redis->timer, timer_fired, wake_ns > now_ns ? (wake_ns - now_ns) / 1000000 + 1 : 0, 0);
}

static void subscribe(redis_backend *redis, cito_str key)
{
    cito_redis_send(redis->pubsub, CITO_REDIS_ONCE, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("SUBSCRIBE"), key));
}

static void pubsub_up(void *data)
{
    redis_backend *redis = data;
    for (size_t i = 0; i < BUCKETS; i++)
        for (redis_waiter *waiter = redis->waiters[i]; waiter; waiter = waiter->next)
            subscribe(redis, waiter->key);
}

static void pubsub_push(void *data, const cito_redis_reply *reply)
{
    redis_backend *redis = data;
    cito_str kind = cito_redis_reply_at(reply, 0)->text, key = cito_redis_reply_at(reply, 1)->text,
             json = cito_redis_reply_at(reply, 2)->text;
    if (!kind.data || !key.data)
        return;
    bool is_subscription = cito_str_equal(kind, "subscribe");
    if (!is_subscription && !(cito_str_equal(kind, "message") && is_final(json)))
        return;
    /* First all are told, then the sleepers wake: who wakes may leave the table. */
    for (redis_waiter *waiter = *bucket_of(redis, key); waiter; waiter = waiter->next) {
        if (!cito_same(waiter->key, key))
            continue;
        if (is_subscription)
            waiter->is_subscribed = waiter->must_ask = true;
        else if (!waiter->json.data)
            waiter->json = cito_arena_copy_str(waiter->arena, json.data, json.len);
    }
    for (redis_waiter *waiter = *bucket_of(redis, key); waiter;) {
        bool is_told = waiter->is_asleep && cito_same(waiter->key, key) && (waiter->json.data || waiter->must_ask);
        if (is_told)
            waiter_wake(waiter);
        waiter = is_told ? *bucket_of(redis, key) : waiter->next;
    }
}

static void waiter_add(redis_backend *redis, redis_waiter *waiter)
{
    const redis_waiter *other = waiter_for(redis, waiter->key);
    redis_waiter **bucket = bucket_of(redis, waiter->key);
    waiter->is_subscribed = waiter->must_ask = other && other->is_subscribed;
    if (!other)
        subscribe(redis, waiter->key);
    waiter->next = *bucket;
    *bucket = waiter;
    cito_redis_keep_up(redis->pubsub);
}

static void waiter_remove(redis_backend *redis, redis_waiter *waiter)
{
    redis_waiter **link = bucket_of(redis, waiter->key);
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (!waiter_for(redis, waiter->key))
        cito_redis_send(redis->pubsub, CITO_REDIS_ONCE, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("UNSUBSCRIBE"), waiter->key));
}

/* Until something happens to the key, or some seconds have passed, or the time is over. false: an interrupt. */
static bool waiter_sleep(redis_backend *redis, redis_waiter *waiter)
{
    uint64_t look_ns = cito_clock_monotonic_ns() + (uint64_t)LOOK_EVERY_S * 1000000000;
    waiter->wake_ns = look_ns < waiter->deadline_ns ? look_ns : waiter->deadline_ns;
    waiter->is_asleep = true;
    timer_set(redis, waiter->wake_ns);
    while (waiter->is_asleep) {
        if (cito_coroutine_suspend() && waiter->is_asleep) {
            waiter->is_asleep = false;
            return false;
        }
    }
    return true;
}

static const char *wait_subscribed(redis_backend *redis, redis_waiter *waiter, cito_str *out_json)
{
    for (;;) {
        bool is_over = cito_clock_monotonic_ns() >= waiter->deadline_ns;
        if (waiter->json.data) {
            *out_json = waiter->json;
            return NULL;
        }
        if (is_over || waiter->must_ask) {
            waiter->must_ask = false;
            const char *error = load_key(redis, waiter->key, waiter->arena, out_json);
            if (error || is_over || is_final(*out_json))
                return error;
        } else if (!waiter_sleep(redis, waiter)) {
            return "the wait for a result was ended";
        }
    }
}

static const char *wait_final(cito_backend *backend, cito_str id, double timeout_s, cito_arena *arena, cito_str *out_json)
{
    redis_backend *redis = (redis_backend *)backend;
    cito_str key = key_of(arena, id);
    if (!(timeout_s > 0))
        return load_key(redis, key, arena, out_json);
    redis_waiter waiter = { .key = key, .coroutine = cito_context_current->coroutine, .arena = arena };
    waiter.deadline_ns = cito_clock_monotonic_ns() + (uint64_t)(fmin(timeout_s, 1e9) * 1e9);
    waiter_add(redis, &waiter);
    const char *error = load_key(redis, key, arena, out_json);
    if (!error && !is_final(*out_json))
        error = wait_subscribed(redis, &waiter, out_json);
    waiter_remove(redis, &waiter);
    return error;
}

static const char *forget(cito_backend *backend, cito_str id)
{
    return cito_redis_call(((redis_backend *)backend)->commands, CITO_REDIS_TRIES, NULL, NULL,
                           CITO_REDIS_ARGS(CITO_STR("DEL"), key_of(cito_context_current->arena, id)));
}

/* Replies come in the order of commands: what is stored again was sent before the first PING's reply came. */
static const char *flush(cito_backend *backend)
{
    redis_backend *redis = (redis_backend *)backend;
    const char *error;
    do {
        redis->stored_again = false;
        error = cito_redis_call(redis->commands, CITO_REDIS_TRIES, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("PING")));
    } while (!error && redis->stored_again);
    return error;
}

/* ---- life ---------------------------------------------------------------------------------------------------------------------- */
/* Loaded beforehand: a store that had to be repeated would come behind the PING of a flush. */
static void commands_up(void *data)
{
    redis_backend *redis = data;
    cito_redis_send(redis->commands, CITO_REDIS_ONCE, NULL, NULL,
                    CITO_REDIS_ARGS(CITO_STR("SCRIPT"), CITO_STR("LOAD"), (cito_str){ store_script.text, strlen(store_script.text) }));
}

static void one_closed(redis_backend *redis)
{
    if (--redis->closing_left > 0)
        return;
    cito_coroutine *closing = redis->closing;
    if (closing)
        *redis->is_closed = true;
    cito_buffer_finish(&redis->scratch);
    cito_arena_finish(&redis->arena);
    free(redis);
    if (closing)
        cito_coroutine_resume(closing);
}
static void connection_closed(void *data) { one_closed(data); }
static void timer_closed(uv_handle_t *handle) { one_closed(handle->data); }

static void backend_free(cito_backend *backend)
{
    redis_backend *redis = (redis_backend *)backend;
    bool is_closed = false;
    if (cito_redis_is_busy(redis->commands)) /* what is to be stored is stored, where Redis can be reached */
        flush(backend);
    redis->is_closed = &is_closed;
    redis->closing = cito_context_current->coroutine;
    redis->closing_left = 3;
    uv_close((uv_handle_t *)&redis->timer, timer_closed);
    cito_redis_free(redis->commands, connection_closed, redis);
    cito_redis_free(redis->pubsub, connection_closed, redis);
    while (!is_closed) {
        if (cito_coroutine_suspend() && !is_closed) { /* an interrupt: it closes without us */
            redis->closing = NULL;
            break;
        }
    }
}

static const cito_backend_methods methods = {
    .store = store, .load = load, .wait = wait_final, .forget = forget, .flush = flush, .free = backend_free
};

cito_backend *cito_redis_backend_new(cito_loop *loop, const char *url, const cito_queue *queue, const char **out_error)
{
    redis_backend *redis = calloc(1, sizeof *redis);
    if (!redis)
        cito_abort("no memory for a result back end");
    cito_arena_init(&redis->arena, 0);
    const char *error = cito_redis_url_parse(url, &redis->arena, &redis->url);
    if (error) {
        static _Thread_local char text[300]; /* the arena goes with the back end that is not made */
        snprintf(text, sizeof text, "result_backend: %s", error);
        *out_error = text;
        cito_arena_finish(&redis->arena);
        free(redis);
        return NULL;
    }
    redis->backend = (cito_backend){ .methods = &methods, .loop = loop, .kind = "redis" };
    double expires_s = queue && queue->result_expires > 0 ? ceil(fmin(queue->result_expires, 1e9)) : DAY_S;
    snprintf(redis->expires_s, sizeof redis->expires_s, "%.0f", expires_s);
    cito_buffer_init(&redis->scratch);
    redis->commands = cito_redis_new(loop, &redis->url, &(cito_redis_events){ .data = redis, .up = commands_up });
    redis->pubsub = cito_redis_new(loop, &redis->url, &(cito_redis_events){ .data = redis, .up = pubsub_up, .push = pubsub_push });
    uv_timer_init(cito_loop_uv(loop), &redis->timer);
    redis->timer.data = redis;
    redis->timer_ns = UINT64_MAX;
    return &redis->backend;
}
