/* Connection: which broker and which back end a queue's URLs name, and the JSON of a result, which all back ends store.
 * Threading: as broker.h and backend.h. */
#include "base/clock.h"
#include "json/datetime.h"
#include "json/writer.h"
#include "tasks/backend.h"
#include "tasks/broker.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

static const char *chosen(const char *given, const char *variable, const char *otherwise)
{
    const char *set = given ? NULL : getenv(variable);
    return given ? given : set && *set ? set : otherwise;
}

static const char *broker_url(const cito_queue *queue) { return chosen(queue->broker_url, "CELERY_BROKER_URL", "sqlite://cito.db"); }
static const char *backend_url(const cito_queue *queue)
{
    return chosen(queue->result_backend, "CELERY_RESULT_BACKEND", broker_url(queue));
}

/* What stands behind the scheme; NULL where it is another scheme. sqlite:///absolute keeps one slash. */
static const char *behind_scheme(const char *url, const char *scheme)
{
    size_t len = strlen(scheme);
    return strncasecmp(url, scheme, len) == 0 && url[len] ? url + len : NULL;
}

static bool is_redis(const char *url)
{
    return behind_scheme(url, "redis://") || behind_scheme(url, "redis+unix:") || behind_scheme(url, "redis+socket:") ||
           behind_scheme(url, "unix:") || behind_scheme(url, "rediss:");
}

static const char *unknown(cito_arena *arena, const char *what, const char *url)
{
    /* Up to the scheme's end only: a URL may hold a password. */
    const char *end = strstr(url, "://");
    return cito_arena_format(arena, "The %s \"%.*s%s\" is none that cito knows: use sqlite://PATH or redis://HOST:PORT/DB", what,
                             (int)(end ? end - url + 3 : 20), url, end ? "…" : "")
        .data;
}

cito_broker *cito_broker_new(cito_loop *loop, const cito_queue *queue, cito_arena *arena, const char **out_error)
{
    const char *url = broker_url(queue), *path = behind_scheme(url, "sqlite://");
    *out_error = NULL;
    if (path)
        return cito_sqlite_broker_new(loop, path, queue);
    if (is_redis(url))
        return cito_redis_broker_new(loop, url, queue, out_error);
    *out_error = unknown(arena, "broker_url", url);
    return NULL;
}

cito_backend *cito_backend_new(cito_loop *loop, const cito_queue *queue, cito_arena *arena, const char **out_error)
{
    const char *url = backend_url(queue), *path = behind_scheme(url, "sqlite://");
    *out_error = NULL;
    if (path)
        return cito_sqlite_backend_new(loop, path, queue);
    if (is_redis(url))
        return cito_redis_backend_new(loop, url, queue, out_error);
    *out_error = unknown(arena, "result_backend", url);
    return NULL;
}

static void write_or(cito_buffer *buffer, cito_str json, const char *otherwise)
{
    if (json.data)
        cito_buffer_append_str(buffer, json);
    else
        cito_buffer_append(buffer, otherwise, strlen(otherwise));
}

static void write_named(cito_buffer *buffer, const char *name, cito_str text)
{
    cito_buffer_append_format(buffer, ",\"%s\":", name);
    cito_json_write_string(buffer, text);
}

void cito_meta_write(const cito_meta *meta, double now, cito_buffer *buffer)
{
    cito_buffer_append_literal(buffer, "{\"status\":");
    cito_json_write_string(buffer, meta->status);
    cito_buffer_append_literal(buffer, ",\"result\":");
    write_or(buffer, meta->result_json, "null");
    cito_buffer_append_literal(buffer, ",\"traceback\":");
    if (meta->traceback.data)
        cito_json_write_string(buffer, meta->traceback);
    else
        cito_buffer_append_literal(buffer, "null");
    cito_buffer_append_literal(buffer, ",\"children\":");
    write_or(buffer, meta->children_json, "[]");
    cito_buffer_append_literal(buffer, ",\"date_done\":");
    if (meta->is_final) {
        double whole = floor(now);
        cito_datetime at = { .seconds = (int64_t)whole, .nanoseconds = (int32_t)((now - whole) * 1e6) * 1000, .aware = true };
        cito_buffer_append_char(buffer, '"');
        buffer->len += cito_datetime_write(at, CITO_ISO_PYTHON, cito_buffer_reserve(buffer, CITO_DATETIME_TEXT_MAX));
        cito_buffer_append_char(buffer, '"');
    } else {
        cito_buffer_append_literal(buffer, "null");
    }
    if (meta->group.data)
        write_named(buffer, "group_id", meta->group);
    if (meta->parent_id.data)
        write_named(buffer, "parent_id", meta->parent_id);
    write_named(buffer, "task_id", meta->id);
    cito_buffer_append_char(buffer, '}');
}
