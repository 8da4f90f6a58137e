/* Redis pipeline: the commands of a connection and whom their replies belong to.
 *
 * Invariants: entries[first …] stand in the order of their bytes in out.data[head …], and their lengths add up to them; replies come in that order. Bytes leave the
 * buffer with their reply, not with the write: after a lost connection those that may be sent again are still there.
 * Threading: the loop's thread. */
#include "tasks/redis_private.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { FIRST_ENTRIES = 64, OUT_KEPT = 256 * 1024, COMPACT_FROM = 256 * 1024 };

/* A coroutine's wait; pooled, as it may be given up by an interrupt before its reply is here. */
struct cito_redis_call {
    struct cito_redis_call *next;
    cito_redis *redis;
    cito_coroutine *waiting; /* NULL: given up */
    cito_arena *arena;
    const cito_redis_reply *reply;
    const char *error;
    bool is_done;
};

cito_str cito_redis_chars(const char *chars) { return (cito_str){ chars, strlen(chars) }; }

void cito_redis_pipeline_init(cito_redis *redis)
{
    cito_buffer_init(&redis->out);
    redis->capacity = FIRST_ENTRIES;
    redis->entries = malloc(redis->capacity * sizeof *redis->entries);
    if (!redis->entries)
        cito_abort("no memory for Redis' commands");
}

void cito_redis_pipeline_finish(cito_redis *redis)
{
    cito_buffer_finish(&redis->out);
    free(redis->entries);
    while (redis->spare_calls) {
        cito_redis_call_node *next = redis->spare_calls->next;
        free(redis->spare_calls);
        redis->spare_calls = next;
    }
}

/* ---- writing commands ---------------------------------------------------------------------------------------------------------- */
static void write_count(cito_buffer *buffer, char mark, size_t number)
{
    char text[24], *at = text + sizeof text;
    *--at = '\n';
    *--at = '\r';
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    *--at = mark;
    cito_buffer_append(buffer, at, (size_t)(text + sizeof text - at));
}

static void write_arg(cito_buffer *buffer, cito_str arg)
{
    write_count(buffer, '$', arg.len);
    char *to = cito_buffer_reserve(buffer, arg.len + 2);
    memcpy(to, arg.data, arg.len);
    to[arg.len] = '\r';
    to[arg.len + 1] = '\n';
    buffer->len += arg.len + 2;
}

void cito_redis_write(cito_buffer *buffer, size_t count, const cito_str *args)
{
    write_count(buffer, '*', count);
    for (size_t i = 0; i < count; i++)
        write_arg(buffer, args[i]);
}

static cito_redis_entry *entry_add(cito_redis *redis)
{
    if (redis->count == redis->capacity) {
        cito_redis_entry *wider = malloc(redis->capacity * 2 * sizeof *wider);
        if (!wider)
            cito_abort("no memory for Redis' commands");
        for (size_t i = 0; i < redis->count; i++)
            wider[i] = redis->entries[(redis->first + i) & (redis->capacity - 1)];
        free(redis->entries);
        redis->entries = wider;
        redis->first = 0;
        redis->capacity *= 2;
    }
    return &redis->entries[(redis->first + redis->count++) & (redis->capacity - 1)];
}

void cito_redis_begin(cito_redis *redis, size_t count)
{
    redis->begun = redis->out.len;
    redis->begun_script = NULL;
    write_count(&redis->out, '*', count);
}

void cito_redis_add(cito_redis *redis, cito_str arg) { write_arg(&redis->out, arg); }

void cito_redis_end(cito_redis *redis, unsigned tries, cito_redis_done *done, void *data)
{
    if (redis->state == CITO_REDIS_CLOSED || (redis->events.push && redis->state != CITO_REDIS_UP)) {
        redis->out.len = redis->begun;
        if (done)
            done(data, NULL, "the connection to Redis was closed");
        return;
    }
    if (!redis->events.push) {
        if (redis->count == 0)
            redis->due_ms = uv_now(cito_loop_uv(redis->loop));
        *entry_add(redis) = (cito_redis_entry){
            .done = done, .data = data, .len = redis->out.len - redis->begun, .tries = tries, .script = redis->begun_script
        };
    }
    cito_redis_connect_if_down(redis);
    cito_redis_wake(redis);
}

void cito_redis_send(cito_redis *redis, unsigned tries, cito_redis_done *done, void *data, size_t count, const cito_str *args)
{
    cito_redis_begin(redis, count);
    for (size_t i = 0; i < count; i++)
        cito_redis_add(redis, args[i]);
    cito_redis_end(redis, tries, done, data);
}

void cito_redis_eval(cito_redis *redis, unsigned tries, cito_redis_done *done, void *data, cito_redis_script *script, size_t key_count,
                     size_t count, const cito_str *args)
{
    char keys[24];
    snprintf(keys, sizeof keys, "%zu", key_count);
    cito_redis_begin(redis, count + 3);
    redis->begun_script = script;
    cito_redis_add(redis, CITO_STR("EVALSHA"));
    cito_redis_add(redis, cito_redis_script_sha(script));
    cito_redis_add(redis, cito_redis_chars(keys));
    for (size_t i = 0; i < count; i++)
        cito_redis_add(redis, args[i]);
    cito_redis_end(redis, tries, done, data);
}

/* ---- sending ------------------------------------------------------------------------------------------------------------------- */
static void wake_idle(uv_idle_t *idle) { (void)idle; }

static void wake_checked(uv_check_t *check)
{
    cito_redis *redis = check->data;
    uv_check_stop(check);
    if (redis->events.before_write)
        redis->events.before_write(redis->events.data);
    redis->wake_armed = false;
    uv_idle_stop(&redis->idle);
    cito_redis_flush(redis);
    if (redis->callers > 0)
        cito_spin_begin(&redis->spin);
}

void cito_redis_wake(cito_redis *redis)
{
    if (redis->wake_armed || redis->state != CITO_REDIS_UP)
        return;
    redis->wake_armed = true;
    uv_check_start(&redis->check, wake_checked);
    uv_idle_start(&redis->idle, wake_idle);
}

static void forget_all_bytes(cito_redis *redis)
{
    cito_buffer_reset(&redis->out, OUT_KEPT);
    redis->head = redis->sent = 0;
}

void cito_redis_flush(cito_redis *redis)
{
    if (redis->state != CITO_REDIS_UP)
        return;
    while (redis->sent < redis->out.len) {
        ssize_t sent = send(redis->fd, redis->out.data + redis->sent, redis->out.len - redis->sent, MSG_NOSIGNAL);
        if (sent >= 0) {
            redis->sent += (size_t)sent;
        } else if (errno == EAGAIN) {
            cito_redis_watch(redis, UV_READABLE | UV_WRITABLE);
            return;
        } else if (errno != EINTR) {
            cito_redis_lost(redis, strerror(errno));
            return;
        }
    }
    if (redis->events.push)
        forget_all_bytes(redis);
    cito_redis_watch(redis, UV_READABLE);
}

/* ---- replies ------------------------------------------------------------------------------------------------------------------- */
/* Loads the script and calls it again with the same bytes, which still stand at the head. */
static void load_and_repeat(cito_redis *redis, const cito_redis_entry *entry)
{
    cito_redis_send(redis, CITO_REDIS_ONCE, NULL, NULL,
                    CITO_REDIS_ARGS(CITO_STR("SCRIPT"), CITO_STR("LOAD"), cito_redis_chars(entry->script->text)));
    cito_buffer_reserve(&redis->out, entry->len);
    cito_buffer_append(&redis->out, redis->out.data + redis->head, entry->len);
    cito_redis_entry *again = entry_add(redis);
    *again = *entry;
    again->was_loaded = true;
}

static void drop_head(cito_redis *redis, size_t len)
{
    redis->head += len;
    if (redis->head == redis->out.len) {
        forget_all_bytes(redis);
    } else if (redis->head > COMPACT_FROM && redis->head > redis->out.len / 2) {
        memmove(redis->out.data, redis->out.data + redis->head, redis->out.len - redis->head);
        redis->out.len -= redis->head;
        redis->sent -= redis->head;
        redis->head = 0;
    }
}

void cito_redis_pipeline_reply(cito_redis *redis, const cito_redis_reply *reply)
{
    if (redis->count == 0) {
        cito_redis_lost(redis, "it sent a reply that nobody asked for");
        return;
    }
    cito_redis_entry entry = redis->entries[redis->first];
    redis->first = (redis->first + 1) & (redis->capacity - 1);
    redis->count--;
    redis->due_ms = redis->heard_ms;
    if (redis->count == 0)
        cito_spin_end(&redis->spin);
    bool is_unknown = entry.script && !entry.was_loaded && reply->kind == CITO_REDIS_ERROR && !strncmp(reply->text.data, "NOSCRIPT", 8);
    if (is_unknown)
        load_and_repeat(redis, &entry);
    drop_head(redis, entry.len);
    if (!is_unknown && entry.done)
        entry.done(entry.data, reply, reply->kind == CITO_REDIS_ERROR ? reply->text.data : NULL);
}

void cito_redis_pipeline_lost(cito_redis *redis, const char *error)
{
    size_t failed_count = 0, kept_bytes = 0, kept_count = 0, count = redis->count;
    const char *from = redis->out.data + redis->head;
    cito_spin_end(&redis->spin);
    cito_redis_entry *failed = count ? malloc(count * sizeof *failed) : NULL;
    if (count && !failed)
        cito_abort("no memory for Redis' commands");
    for (size_t i = 0; i < count; i++) {
        cito_redis_entry entry = redis->entries[(redis->first + i) & (redis->capacity - 1)];
        const char *bytes = from;
        from += entry.len;
        if (entry.tries <= 1 || redis->state == CITO_REDIS_CLOSED) {
            failed[failed_count++] = entry;
            continue;
        }
        if (entry.tries != CITO_REDIS_FOR_EVER)
            entry.tries--;
        memmove(redis->out.data + kept_bytes, bytes, entry.len);
        kept_bytes += entry.len;
        redis->entries[(redis->first + kept_count++) & (redis->capacity - 1)] = entry;
    }
    redis->count = kept_count;
    redis->out.len = kept_bytes;
    redis->head = redis->sent = 0;
    for (size_t i = 0; i < failed_count; i++)
        if (failed[i].done)
            failed[i].done(failed[i].data, NULL, error);
    free(failed);
}

/* ---- coroutines ---------------------------------------------------------------------------------------------------------------- */
static cito_redis_call_node *call_take(cito_redis *redis, cito_arena *arena)
{
    cito_redis_call_node *call = redis->spare_calls;
    if (call)
        redis->spare_calls = call->next;
    else if (!(call = malloc(sizeof *call)))
        cito_abort("no memory for Redis' commands");
    *call = (cito_redis_call_node){ .redis = redis, .waiting = cito_context_current->coroutine, .arena = arena };
    return call;
}

static void call_give_back(cito_redis_call_node *call)
{
    call->next = call->redis->spare_calls;
    call->redis->spare_calls = call;
}

static void call_done(void *data, const cito_redis_reply *reply, const char *error)
{
    cito_redis_call_node *call = data;
    if (!call->waiting) {
        call_give_back(call);
        return;
    }
    if (error)
        call->error = reply ? cito_arena_format(call->arena, "Redis at %s: %s", call->redis->url.shown.data, error).data
                            : cito_arena_copy_str(call->arena, error, strlen(error)).data;
    else
        call->reply = cito_redis_reply_copy(reply, call->arena);
    call->is_done = true;
    if (!cito_context_current || cito_context_current->coroutine != call->waiting) /* else it failed at once and does not wait */
        cito_coroutine_resume(call->waiting);
}

static const char *call_wait(cito_redis_call_node *call, const cito_redis_reply **out_reply)
{
    cito_redis *redis = call->redis;
    redis->callers++;
    while (!call->is_done) {
        if (cito_coroutine_suspend() && !call->is_done) {
            redis->callers--;
            call->waiting = NULL; /* call_done gives it back */
            return "the wait for Redis was ended";
        }
    }
    redis->callers--;
    if (out_reply)
        *out_reply = call->reply;
    const char *error = call->error;
    call_give_back(call);
    return error;
}

const char *cito_redis_call(cito_redis *redis, unsigned tries, cito_arena *arena, const cito_redis_reply **out_reply, size_t count,
                            const cito_str *args)
{
    cito_redis_call_node *call = call_take(redis, arena ? arena : cito_context_current->arena);
    cito_redis_send(redis, tries, call_done, call, count, args);
    return call_wait(call, out_reply); // NOLINT(clang-analyzer-unix.Malloc): a call whose wait was ended is given back by call_done
}

const char *cito_redis_call_eval(cito_redis *redis, unsigned tries, cito_arena *arena, const cito_redis_reply **out_reply,
                                 cito_redis_script *script, size_t key_count, size_t count, const cito_str *args)
{
    cito_redis_call_node *call = call_take(redis, arena ? arena : cito_context_current->arena);
    cito_redis_eval(redis, tries, call_done, call, script, key_count, count, args);
    return call_wait(call, out_reply); // NOLINT(clang-analyzer-unix.Malloc): as above
}
