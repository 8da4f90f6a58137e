/* Inspect: what the worker says of itself. Each function writes one JSON value.
 *
 * Threading: the loop's. Source: facts on Celery 6. */
#include "base/log.h"
#include "json/value.h"
#include "json/writer.h"
#include "tasks/worker_state.h"
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define KEY(OUT, NAME) cito_buffer_append_literal(OUT, ",\"" NAME "\":")

static void write_chars(cito_buffer *out, const char *chars)
{
    cito_json_write_string_or_null(out, (cito_str){ chars, chars ? strlen(chars) : 0 });
}

static void write_value(cito_buffer *out, const cito_value *value, const char *otherwise)
{
    if (!value || !cito_value_write(out, value))
        cito_buffer_append(out, otherwise, strlen(otherwise));
}

/* A job as Celery's Request.info: arguments are JSON, not repr. */
static void write_job(const cito_job *job, cito_buffer *out)
{
    cito_arena scratch;
    cito_message_body body = { 0 };
    cito_arena_init(&scratch, 0);
    if (cito_message_read_body(&job->message, &scratch, &body))
        body = (cito_message_body){ 0 };
    cito_buffer_append_literal(out, "{\"id\":");
    cito_json_write_string_or_null(out, job->message.id);
    KEY(out, "name");
    cito_json_write_string_or_null(out, job->message.task);
    KEY(out, "args");
    write_value(out, body.args, "[]");
    KEY(out, "kwargs");
    write_value(out, body.kwargs, "{}");
    KEY(out, "type");
    cito_json_write_string_or_null(out, job->message.task);
    KEY(out, "hostname");
    cito_json_write_string_or_null(out, job->worker->node_name);
    KEY(out, "time_start");
    if (job->state == CITO_JOB_ACTIVE)
        cito_buffer_append_format(out, "%.6f", job->started_at);
    else
        cito_buffer_append_literal(out, "null");
    cito_buffer_append_format(out, ",\"acknowledged\":%s,\"delivery_info\":{\"exchange\":", job->delivery ? "false" : "true");
    cito_json_write_string_or_null(out, job->message.exchange.data ? job->message.exchange : CITO_STR(""));
    KEY(out, "routing_key");
    cito_json_write_string_or_null(out, job->message.routing_key);
    cito_buffer_append_format(out, ",\"priority\":%d,\"redelivered\":%s},\"worker_pid\":", job->message.priority,
                              job->message.redelivered ? "true" : "false");
    if (job->child)
        cito_buffer_append_format(out, "%d}", (int)job->child->pid);
    else
        cito_buffer_append_literal(out, "null}");
    cito_arena_finish(&scratch);
}

static void write_jobs(cito_task_worker *worker, cito_buffer *out, bool (*wanted)(const cito_job *))
{
    bool first = true;
    cito_buffer_append_char(out, '[');
    for (const cito_job *job = worker->first; job; job = job->next) {
        if (!wanted(job))
            continue;
        if (!first)
            cito_buffer_append_char(out, ',');
        first = false;
        write_job(job, out);
    }
    cito_buffer_append_char(out, ']');
}

static bool is_active(const cito_job *job) { return job->state == CITO_JOB_ACTIVE; }
static bool is_reserved(const cito_job *job)
{
    return job->state == CITO_JOB_RESERVED || job->state == CITO_JOB_LIMITED || job->state == CITO_JOB_GATHERED;
}

void cito_inspect_active(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)arguments;
    write_jobs(worker, out, is_active);
}

void cito_inspect_reserved(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)arguments;
    write_jobs(worker, out, is_reserved);
}

static void write_moment(cito_buffer *out, double moment)
{
    time_t seconds = (time_t)moment;
    struct tm utc;
    gmtime_r(&seconds, &utc);
    cito_buffer_append_format(out, "\"%04d-%02d-%02dT%02d:%02d:%02d.%06d+00:00\"", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                              utc.tm_hour, utc.tm_min, utc.tm_sec, (int)((moment - (double)seconds) * 1e6));
}

void cito_inspect_scheduled(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    bool first = true;
    (void)arguments;
    cito_buffer_append_char(out, '[');
    for (const cito_job *job = worker->first; job; job = job->next) {
        if (job->state != CITO_JOB_SCHEDULED)
            continue;
        cito_buffer_append_format(out, "%s{\"eta\":", first ? "" : ",");
        first = false;
        write_moment(out, job->turn.later.due);
        cito_buffer_append_format(out, ",\"priority\":%d,\"request\":", job->message.priority);
        write_job(job, out);
        cito_buffer_append_char(out, '}');
    }
    cito_buffer_append_char(out, ']');
}

void cito_inspect_query_task(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    static const char *const words[] = {
        [CITO_JOB_RESERVED] = "reserved", [CITO_JOB_SCHEDULED] = "scheduled", [CITO_JOB_LIMITED] = "reserved",
        [CITO_JOB_GATHERED] = "reserved", [CITO_JOB_ACTIVE] = "active",       [CITO_JOB_ENDING] = "ready"
    };
    const cito_value *ids = cito_value_get(arguments, "ids");
    size_t count = ids && ids->kind == CITO_VALUE_STRING ? 1 : cito_value_count(ids);
    bool first = true;
    cito_buffer_append_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        cito_str id = cito_value_string(ids && ids->kind == CITO_VALUE_STRING ? ids : cito_value_at(ids, i));
        const cito_job *job = cito_job_by_id(worker, id);
        if (!job)
            continue;
        if (!first)
            cito_buffer_append_char(out, ',');
        first = false;
        cito_json_write_string_or_null(out, id);
        cito_buffer_append_format(out, ":[\"%s\",", words[job->state]);
        write_job(job, out);
        cito_buffer_append_char(out, ']');
    }
    cito_buffer_append_char(out, '}');
}

static int compare_names(const void *one, const void *other)
{
    return strcmp((*(const cito_task *const *)one)->name.data, (*(const cito_task *const *)other)->name.data);
}

/* Sorted, as Celery's. */
void cito_inspect_registered(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)arguments;
    const cito_task **tasks = calloc(worker->task_count + 1, sizeof *tasks);
    if (!tasks)
        cito_die(1, "Out of memory");
    for (size_t i = 0; i < worker->task_count; i++)
        tasks[i] = &worker->tasks[i];
    qsort(tasks, worker->task_count, sizeof *tasks, compare_names);
    cito_buffer_append_char(out, '[');
    for (size_t i = 0; i < worker->task_count; i++) {
        cito_buffer name;
        cito_buffer_init(&name);
        cito_buffer_append_str(&name, tasks[i]->name);
        if (tasks[i]->options->rate_limit)
            cito_buffer_append_format(&name, " [rate_limit=%s]", tasks[i]->options->rate_limit);
        if (i)
            cito_buffer_append_char(out, ',');
        cito_json_write_string_or_null(out, (cito_str){ name.data, name.len });
        cito_buffer_finish(&name);
    }
    free(tasks);
    cito_buffer_append_char(out, ']');
}

void cito_inspect_revoked(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)arguments;
    cito_buffer_append_char(out, '[');
    for (const cito_revoked_id *id = worker->revoked.oldest; id; id = id->newer) {
        if (id != worker->revoked.oldest)
            cito_buffer_append_char(out, ',');
        cito_json_write_string_or_null(out, (cito_str){ id->id, id->len });
    }
    cito_buffer_append_char(out, ']');
}

/* ---- stats ------------------------------------------------------------------------------------------------------------------------ */
static void write_pool(cito_task_worker *worker, cito_buffer *out)
{
    const cito_task_worker_settings *settings = worker->settings;
    bool first = true;
    cito_buffer_append_format(out, "{\"implementation\":\"cito:prefork\",\"max-concurrency\":%u,\"processes\":[",
                              cito_pool_size(worker->pool));
    for (const cito_child *child = cito_pool_children(worker->pool); child; child = child->next) {
        if ((unsigned)child->id > cito_pool_size(worker->pool))
            continue;
        cito_buffer_append_format(out, "%s%d", first ? "" : ",", (int)child->pid);
        first = false;
    }
    cito_buffer_append_literal(out, "],\"max-tasks-per-child\":");
    if (settings->max_tasks_per_child)
        cito_buffer_append_format(out, "%u", settings->max_tasks_per_child);
    else
        cito_buffer_append_literal(out, "\"N/A\"");
    cito_buffer_append_format(out,
                              ",\"put-guarded-by-semaphore\":false,\"timeouts\":[%g,%g],\"writes\":{\"total\":%llu,\"strategy\":\"fair\"}}",
                              settings->soft_time_limit_ms / 1e3, settings->time_limit_ms / 1e3, (unsigned long long)worker->processed);
}

/* Host, port and database of the URL; never its password. */
static void write_broker(cito_task_worker *worker, cito_buffer *out)
{
    const char *url = worker->queue->broker_url ? worker->queue->broker_url : getenv("CELERY_BROKER_URL");
    const char *rest = url && strstr(url, "://") ? strstr(url, "://") + 3 : "";
    size_t authority = strcspn(rest, "/?");
    const char *at = memrchr(rest, '@', authority);
    const char *host = at ? at + 1 : rest;
    size_t host_len = (size_t)(rest + authority - host), name_len = host_len;
    const char *colon = memrchr(host, ':', host_len);
    if (colon)
        name_len = (size_t)(colon - host);
    cito_buffer_append_literal(out, "{\"hostname\":");
    cito_json_write_string_or_null(out, (cito_str){ host, name_len });
    cito_buffer_append_format(
        out,
        ",\"userid\":null,\"virtual_host\":\"%.*s\",\"port\":%d,\"transport\":\"%s\",\"ssl\":false,\"connect_timeout\":4,\"heartbeat\":0}",
        (int)strcspn(rest[authority] ? rest + authority + 1 : "", "?\"\\"), rest[authority] ? rest + authority + 1 : "",
        colon ? atoi(colon + 1) : 0, worker->broker->transport);
}

void cito_inspect_stats(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    struct rusage usage;
    bool first = true;
    (void)arguments;
    getrusage(RUSAGE_SELF, &usage);
    cito_buffer_append_literal(out, "{\"total\":{");
    for (size_t i = 0; i < worker->task_count; i++) {
        if (!worker->task_states[i].total)
            continue;
        if (!first)
            cito_buffer_append_char(out, ',');
        first = false;
        cito_json_write_string_or_null(out, worker->tasks[i].name);
        cito_buffer_append_format(out, ":%llu", (unsigned long long)worker->task_states[i].total);
    }
    cito_buffer_append_format(out, "},\"pid\":%d,\"clock\":\"%lld\",\"uptime\":%lld,\"pool\":", (int)getpid(), (long long)worker->clock,
                              (long long)(cito_task_worker_now() - worker->started_at));
    write_pool(worker, out);
    KEY(out, "broker");
    write_broker(worker, out);
    cito_buffer_append_format(out,
                              ",\"prefetch_count\":%u,\"rusage\":{\"utime\":%.6f,\"stime\":%.6f,\"maxrss\":%ld,\"minflt\":%ld,\"majflt\":%"
                              "ld,\"nvcsw\":%ld,\"nivcsw\":%ld}}",
                              cito_task_worker_prefetch(worker), (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6,
                              (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6, usage.ru_maxrss, usage.ru_minflt,
                              usage.ru_majflt, usage.ru_nvcsw, usage.ru_nivcsw);
}

void cito_inspect_conf(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)arguments;
    cito_buffer_append_literal(out, "{\"task_default_queue\":");
    write_chars(out, worker->queue->name ? worker->queue->name : "celery");
    cito_buffer_append_format(
        out,
        ",\"broker_transport\":\"%s\",\"result_backend\":\"%s\",\"worker_concurrency\":%u,\"worker_prefetch_multiplier\":%u,\"task_"
        "serializer\":\"json\","
        "\"result_serializer\":\"json\",\"accept_content\":[\"json\"],\"result_expires\":%g,\"timezone\":\"UTC\",\"enable_utc\":true}",
        worker->broker->transport, worker->backend->kind, cito_pool_size(worker->pool), worker->prefetch_multiplier,
        worker->queue->result_expires > 0 ? worker->queue->result_expires : 86400);
}

void cito_inspect_active_queues(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)arguments;
    cito_buffer_append_char(out, '[');
    for (unsigned i = 0; i < worker->queue_count; i++) {
        cito_buffer_append_format(out, "%s{\"name\":", i ? "," : "");
        write_chars(out, worker->queue_names[i]);
        cito_buffer_append_literal(out, ",\"exchange\":{\"name\":");
        write_chars(out, worker->queue_names[i]);
        cito_buffer_append_literal(out, ",\"type\":\"direct\",\"arguments\":null,\"durable\":true,\"passive\":false,\"auto_delete\":false,"
                                        "\"delivery_mode\":null,\"no_declare\":false},"
                                        "\"routing_key\":");
        write_chars(out, worker->queue_names[i]);
        cito_buffer_append_literal(
            out,
            ",\"queue_arguments\":null,\"binding_arguments\":null,\"consumer_arguments\":null,\"durable\":true,\"exclusive\":false,\"auto_"
            "delete\":false,"
            "\"no_ack\":false,\"alias\":null,\"bindings\":[],\"no_declare\":null,\"expires\":null,\"message_ttl\":null,\"max_length\":null,"
            "\"max_length_bytes\":null,\"max_priority\":null}");
    }
    cito_buffer_append_char(out, ']');
}

void cito_inspect_report(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    cito_buffer text;
    (void)arguments;
    cito_buffer_init(&text);
    cito_buffer_append_format(&text, "software -> cito:0.1.0 platform -> Linux broker:%s results:%s tasks:%zu", worker->broker->transport,
                              worker->backend->kind, worker->task_count);
    cito_buffer_append_literal(out, "{\"ok\":");
    cito_json_write_string_or_null(out, (cito_str){ text.data, text.len });
    cito_buffer_append_char(out, '}');
    cito_buffer_finish(&text);
}

void cito_inspect_clock(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)arguments;
    cito_buffer_append_format(out, "{\"clock\":%lld}", (long long)worker->clock);
}
