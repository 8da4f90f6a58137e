/* Events: what monitors see: worker events one by one, task events in arrays under task.multi. Nobody waits for them.
 *
 * Invariants: the clock grows with each event; a batch is sent when it has 24 events, or at most 50 ms after its first.
 * Threading: the loop's. Source: facts on Celery 5. */
#include "json/value.h"
#include "json/writer.h"
#include "tasks/base64.h"
#include "tasks/repr.h"
#include "tasks/worker_state.h"
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 24, BATCH_MS = 50, RESULT_REPR_MAX = 512 };
static const double heartbeat_period_s = 2;

void cito_envelope_write(cito_task_worker *worker, const char *exchange, const char *key, cito_str headers, cito_str body, cito_buffer *out)
{
    (void)worker;
    cito_arena scratch;
    cito_arena_init(&scratch, 0);
    cito_buffer_append_literal(out, "{\"body\":\"");
    cito_base64_write(body, out);
    cito_buffer_append_literal(out, "\",\"content-encoding\":\"utf-8\",\"content-type\":\"application/json\",\"headers\":");
    cito_buffer_append_str(out, headers);
    cito_buffer_append_format(out,
                              ",\"properties\":{\"delivery_mode\":1,\"delivery_info\":{\"exchange\":\"%s\",\"routing_key\":\"%s\"},"
                              "\"priority\":0,\"body_encoding\":\"base64\","
                              "\"delivery_tag\":\"%s\"}}",
                              exchange, key, cito_uuid_make(&scratch).data);
    cito_arena_finish(&scratch);
}

/* Hours west of UTC, as Python's monitors expect them. */
static double utc_offset_west(void)
{
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    return -(double)local.tm_gmtoff / 3600;
}

static void write_common(cito_task_worker *worker, const char *type, cito_buffer *out)
{
    cito_buffer_append_literal(out, "{\"type\":\"");
    cito_buffer_append(out, type, strlen(type));
    cito_buffer_append_literal(out, "\",\"hostname\":");
    cito_json_write_string(out, worker->node_name);
    cito_buffer_append_format(out, ",\"pid\":%d,\"clock\":%lld,\"utcoffset\":", (int)getpid(), (long long)++worker->clock);
    cito_json_write_double(out, utc_offset_west());
    cito_buffer_append_format(out, ",\"timestamp\":%.6f", cito_task_worker_now());
}

static void post(cito_task_worker *worker, const char *key, const cito_buffer *body)
{
    cito_buffer headers, envelope;
    cito_buffer_init(&headers);
    cito_buffer_init(&envelope);
    cito_buffer_append_literal(&headers, "{\"hostname\":");
    cito_json_write_string(&headers, worker->node_name);
    cito_buffer_append_char(&headers, '}');
    cito_envelope_write(worker, "celeryev", key, (cito_str){ headers.data, headers.len }, (cito_str){ body->data, body->len }, &envelope);
    cito_task_worker_post(worker, "celeryev", key, &envelope);
    cito_buffer_finish(&headers);
}

static unsigned active_count(cito_task_worker *worker)
{
    unsigned count = 0;
    for (const cito_child *child = cito_pool_children(worker->pool); child; child = child->next)
        for (const cito_job *job = child->job; job; job = job->next_in_batch)
            count++;
    return count;
}

void cito_event_worker(cito_task_worker *worker, const char *type)
{
    cito_buffer body;
    double load[3] = { 0, 0, 0 };
    char key[64];
    if (getloadavg(load, 3) < 0)
        load[0] = load[1] = load[2] = 0;
    cito_buffer_init(&body);
    write_common(worker, type, &body);
    cito_buffer_append_format(&body,
                              ",\"freq\":%.1f,\"active\":%u,\"processed\":%llu,\"loadavg\":[%.2f,%.2f,%.2f],\"sw_ident\":\"cito\",\"sw_"
                              "ver\":\"0.1.0\",\"sw_sys\":\"Linux\"}",
                              heartbeat_period_s, active_count(worker), (unsigned long long)worker->processed, load[0], load[1], load[2]);
    snprintf(key, sizeof key, "%s", type);
    for (char *c = key; *c; c++)
        if (*c == '-')
            *c = '.';
    post(worker, key, &body);
    cito_buffer_finish(&body);
}

/* ---- task events ------------------------------------------------------------------------------------------------------------------ */
static void batch_timer_fired(uv_timer_t *timer) { cito_events_flush(timer->data); }

cito_buffer *cito_event_begin(cito_task_worker *worker, const char *type, cito_str id)
{
    if (!worker->events_on)
        return NULL;
    cito_buffer_append_char(&worker->events, worker->event_count ? ',' : '[');
    write_common(worker, type, &worker->events);
    cito_buffer_append_literal(&worker->events, ",\"uuid\":");
    cito_json_write_string(&worker->events, id);
    return &worker->events;
}

void cito_event_end(cito_task_worker *worker)
{
    cito_buffer_append_char(&worker->events, '}');
    if (++worker->event_count == BATCH)
        cito_events_flush(worker);
    else if (worker->event_count == 1)
        uv_timer_start(&worker->events_timer, batch_timer_fired, BATCH_MS, 0);
}

void cito_events_flush(cito_task_worker *worker)
{
    uv_timer_stop(&worker->events_timer);
    if (!worker->event_count)
        return;
    cito_buffer_append_char(&worker->events, ']');
    post(worker, "task.multi", &worker->events);
    worker->event_count = 0;
    cito_buffer_reset(&worker->events, 65536);
}

static void write_text(cito_buffer *out, cito_str text)
{
    if (text.data)
        cito_json_write_string(out, text);
    else
        cito_buffer_append_literal(out, "null");
}

/* As the sender wrote it. */
static void write_header(cito_buffer *out, const cito_job *job, const char *name)
{
    write_text(out, cito_value_get(job->message.headers, name) ? cito_value_string(cito_value_get(job->message.headers, name))
                                                               : (cito_str){ NULL, 0 });
}

void cito_event_received(cito_job *job)
{
    cito_buffer *out = cito_event_begin(job->worker, "task-received", job->message.id);
    if (!out)
        return;
    cito_buffer_append_literal(out, ",\"name\":");
    write_text(out, job->message.shadow.len ? job->message.shadow : job->message.task);
    cito_buffer_append_literal(out, ",\"args\":");
    write_text(out, job->message.argsrepr);
    cito_buffer_append_literal(out, ",\"kwargs\":");
    write_text(out, job->message.kwargsrepr);
    cito_buffer_append_literal(out, ",\"root_id\":");
    write_text(out, job->message.root_id);
    cito_buffer_append_literal(out, ",\"parent_id\":");
    write_text(out, job->message.parent_id);
    cito_buffer_append_format(out, ",\"retries\":%d,\"eta\":", job->message.retries);
    write_header(out, job, "eta");
    cito_buffer_append_literal(out, ",\"expires\":");
    write_header(out, job, "expires");
    cito_event_end(job->worker);
}

void cito_event_started(cito_job *job)
{
    if (cito_event_begin(job->worker, "task-started", job->message.id))
        cito_event_end(job->worker);
}

/* The result as Python prints it, in JSON's quotes. */
static void write_repr(cito_buffer *out, const cito_value *value)
{
    cito_buffer repr;
    cito_buffer_init(&repr);
    cito_repr_write(value, RESULT_REPR_MAX, &repr);
    cito_json_write_string(out, (cito_str){ repr.data, repr.len });
    cito_buffer_finish(&repr);
}

void cito_event_succeeded(cito_job *job, cito_str result_json)
{
    cito_buffer *out = cito_event_begin(job->worker, "task-succeeded", job->message.id);
    if (!out)
        return;
    cito_buffer_append_literal(out, ",\"result\":");
    write_repr(out, cito_value_parse(&job->arena, cito_arena_copy_str(&job->arena, result_json.data, result_json.len), NULL, NULL));
    cito_buffer_append_format(out, ",\"runtime\":%.6f", cito_task_worker_now() - job->started_at);
    cito_event_end(job->worker);
}

/* ValueError('boom') of {"exc_type", "exc_message"}. */
static void write_exception(cito_buffer *out, cito_job *job)
{
    const cito_value *meta = cito_value_parse(&job->arena, job->result, NULL, NULL), *arguments = cito_value_get(meta, "exc_message");
    cito_buffer repr;
    cito_buffer_init(&repr);
    cito_buffer_append_str(&repr, cito_value_string(cito_value_get(meta, "exc_type")));
    cito_buffer_append_char(&repr, '(');
    for (size_t i = 0; i < cito_value_count(arguments); i++) {
        if (i)
            cito_buffer_append_literal(&repr, ", ");
        cito_repr_write(cito_value_at(arguments, i), RESULT_REPR_MAX, &repr);
    }
    cito_buffer_append_char(&repr, ')');
    cito_json_write_string(out, (cito_str){ repr.data, repr.len });
    cito_buffer_finish(&repr);
}

void cito_event_failed(cito_job *job, const char *type)
{
    cito_buffer *out = cito_event_begin(job->worker, type, job->message.id);
    if (!out)
        return;
    cito_buffer_append_literal(out, ",\"exception\":");
    write_exception(out, job);
    cito_buffer_append_literal(out, ",\"traceback\":");
    write_text(out, job->traceback.data ? job->traceback : CITO_STR(""));
    cito_event_end(job->worker);
}

void cito_event_revoked(cito_job *job, bool terminated, int signal_number, bool expired)
{
    cito_buffer *out = cito_event_begin(job->worker, "task-revoked", job->message.id);
    if (!out)
        return;
    cito_buffer_append_format(out, ",\"terminated\":%s,\"expired\":%s,\"signum\":", terminated ? "true" : "false",
                              expired ? "true" : "false");
    if (terminated)
        cito_buffer_append_format(out, "%d", signal_number);
    else
        cito_buffer_append_literal(out, "null");
    cito_event_end(job->worker);
}

void cito_event_rejected(cito_job *job, bool requeue)
{
    cito_buffer *out = cito_event_begin(job->worker, "task-rejected", job->message.id);
    if (!out)
        return;
    cito_buffer_append_format(out, ",\"requeue\":%s", requeue ? "true" : "false");
    cito_event_end(job->worker);
}
