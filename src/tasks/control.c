/* Remote control: commands that come by celery.pidbox, who they are for, and the answers.
 *
 * Invariants: a message that is no command is passed over; an unknown command is answered with an error; a cast (no reply_to) is never answered.
 * Threading: the loop's; answers are sent in the background. Source: facts on Celery 6. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/log.h"
#include "json/value.h"
#include "json/writer.h"
#include "tasks/base64.h"
#include "tasks/worker_state.h"
#include <fnmatch.h>
#include <pcre2.h>
#include <stdarg.h>
#include <signal.h>
#include <stdlib.h>

static void say(cito_buffer *out, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(cito_buffer *out, const char *key, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cito_buffer_append_format(out, "{\"%s\":", key);
    cito_json_write_string(out, (cito_str){ text, strlen(text) });
    cito_buffer_append_char(out, '}');
}

static const char *chars_of(const cito_value *value) { return cito_value_string(value).data; }

static cito_control_answer ping, revoke_tasks, terminate, revoke_by_stamped_headers, rate_limit, time_limit, add_consumer, cancel_consumer,
    enable_events, disable_events, pool_grow, pool_shrink, shutdown_worker, heartbeat, hello, not_enabled;

/* ---- revoking ---------------------------------------------------------------------------------------------------------------------- */
static int signal_of(const cito_value *value)
{
    cito_str name = cito_value_string(value);
    if (value && value->kind == CITO_VALUE_INT)
        return (int)cito_value_int(value);
    if (name.len > 3 && memcmp(name.data, "SIG", 3) == 0)
        for (int number = 1; number < NSIG; number++)
            if (sigabbrev_np(number) && strcmp(sigabbrev_np(number), name.data + 3) == 0)
                return number;
    return SIGTERM;
}

/* true: it runs, and its process is told to end. */
static bool revoke_one(cito_task_worker *worker, cito_str id, int terminate_by)
{
    cito_revoked_add(&worker->revoked, id);
    cito_job *job = cito_job_by_id(worker, id);
    if (!job)
        return false;
    if (job->state == CITO_JOB_ACTIVE && terminate_by) {
        job->terminated_by = terminate_by;
        cito_pool_kill(job->child, terminate_by);
        return true;
    }
    if (job->state != CITO_JOB_ACTIVE && job->state != CITO_JOB_ENDING)
        cito_job_revoke(job, "revoked");
    return false;
}

static void revoke_ids(cito_task_worker *worker, const cito_value *arguments, int terminate_by, cito_buffer *out)
{
    const cito_value *ids = cito_value_get(arguments, "task_id");
    size_t count = ids && ids->kind == CITO_VALUE_STRING ? 1 : cito_value_count(ids);
    char listed[400] = "", hit[400] = "";
    for (size_t i = 0; i < count; i++) {
        cito_str id = cito_value_string(ids && ids->kind == CITO_VALUE_STRING ? ids : cito_value_at(ids, i));
        bool was_hit = revoke_one(worker, id, terminate_by);
        char *list = was_hit ? hit : listed;
        size_t len = strlen(list);
        snprintf(list + len, sizeof listed - len, "%s%.*s", len ? ", " : "", (int)id.len, id.data);
    }
    if (!terminate_by)
        say(out, "ok", "tasks %s flagged as revoked", listed);
    else if (*hit)
        say(out, "ok", "terminate: %s", hit);
    else
        say(out, "ok", "terminate: tasks unknown");
}

static void revoke_tasks(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    revoke_ids(worker, arguments,
               cito_value_bool(cito_value_get(arguments, "terminate")) ? signal_of(cito_value_get(arguments, "signal")) : 0, out);
}

static void terminate(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    revoke_ids(worker, arguments, signal_of(cito_value_get(arguments, "signal")), out);
}

/* A stamp's value is one text or several. */
static bool has_stamp(const cito_value *stamps, cito_str name, const cito_value *wanted)
{
    const cito_value *own = NULL;
    for (size_t i = 0; i < cito_value_count(stamps) && !own; i++)
        if (cito_same(cito_value_key_at(stamps, i), name))
            own = cito_value_member_at(stamps, i);
    if (!own)
        return false;
    if (wanted && wanted->kind == CITO_VALUE_STRING)
        return own->kind == CITO_VALUE_ARRAY ? cito_value_contains(own, wanted->as.string)
                                             : cito_same(cito_value_string(own), wanted->as.string);
    for (size_t i = 0; i < cito_value_count(wanted); i++) {
        const cito_value *one = cito_value_at(wanted, i);
        if (one && one->kind == CITO_VALUE_STRING && has_stamp(stamps, name, one))
            return true;
    }
    return false;
}

/* Of what this worker holds now. */
static void revoke_by_stamped_headers(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    const cito_value *headers = cito_value_get(arguments, "headers");
    int terminate_by = cito_value_bool(cito_value_get(arguments, "terminate")) ? signal_of(cito_value_get(arguments, "signal")) : 0;
    unsigned count = 0;
    for (cito_job *job = worker->first, *after; job; job = after) {
        const cito_value *stamps = cito_value_get(job->message.headers, "stamps");
        bool hit = false;
        after = job->next;
        for (size_t i = 0; i < cito_value_count(headers) && !hit; i++)
            hit = has_stamp(stamps, cito_value_key_at(headers, i), cito_value_member_at(headers, i));
        if (!hit)
            continue;
        revoke_one(worker, job->message.id, terminate_by);
        count++;
    }
    say(out, "ok", "%u tasks with these headers flagged as revoked", count);
}

/* A peer starts, or asks who is there: both then know the same revoked ids. */
static void hello(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    if (cito_same(cito_value_string(cito_value_get(arguments, "from_node")), worker->node_name)) {
        cito_buffer_append_literal(out, "null");
        return;
    }
    const cito_value *theirs = cito_value_get(arguments, "revoked");
    for (size_t i = 0; i < cito_value_count(theirs); i++)
        cito_revoked_add(&worker->revoked,
                         theirs->kind == CITO_VALUE_OBJECT ? cito_value_key_at(theirs, i) : cito_value_string(cito_value_at(theirs, i)));
    cito_buffer_append_literal(out, "{\"revoked\":");
    cito_inspect_revoked(worker, NULL, out);
    cito_buffer_append_format(out, ",\"clock\":%lld}", (long long)++worker->clock);
}

/* ---- tasks --------------------------------------------------------------------------------------------------------------------------- */
static cito_task_state *state_of(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    const cito_task *task = cito_task_by_name(cito_value_string(cito_value_get(arguments, "task_name")));
    if (!task)
        say(out, "error", "unknown task");
    return task ? &worker->task_states[task - worker->tasks] : NULL;
}

static void rate_limit(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    const cito_value *rate = cito_value_get(arguments, "rate_limit");
    double per_second = rate && rate->kind == CITO_VALUE_STRING ? 0 : cito_value_double(rate);
    if (rate && rate->kind == CITO_VALUE_STRING && !cito_rate_parse(cito_value_string(rate), &per_second)) {
        say(out, "error", "Invalid rate limit string: %s", chars_of(rate));
        return;
    }
    cito_task_state *state = state_of(worker, arguments, out);
    if (!state)
        return;
    cito_rate_set(&state->rate, per_second, cito_task_worker_now());
    say(out, "ok", "%s", per_second > 0 ? "new rate limit set successfully" : "rate limit disabled successfully");
}

static void time_limit(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    cito_task_state *state = state_of(worker, arguments, out);
    if (!state)
        return;
    const cito_value *hard = cito_value_get(arguments, "hard"), *soft = cito_value_get(arguments, "soft");
    state->time_limit = hard ? cito_value_double(hard) : -1;
    state->soft_time_limit = soft ? cito_value_double(soft) : -1;
    say(out, "ok", "time limits set successfully");
}

/* ---- the worker ------------------------------------------------------------------------------------------------------------------------ */
static void ping(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)worker, (void)arguments;
    say(out, "ok", "pong");
}

static void heartbeat(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)arguments;
    cito_event_worker(worker, "worker-heartbeat");
    cito_buffer_append_literal(out, "null");
}

static void shutdown_worker(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)arguments, (void)out;
    cito_task_worker_stop(worker, false);
}

static void pool_by(cito_task_worker *worker, const cito_value *arguments, int sign, const char *word, cito_buffer *out)
{
    int64_t n = cito_value_get(arguments, "n") ? cito_value_int(cito_value_get(arguments, "n")) : 1;
    int64_t size = (int64_t)cito_pool_size(worker->pool) + sign * n;
    if (n < 0 || size < 1 || size > 512) {
        say(out, "error", "ValueError('the pool would have %lld processes: 1 to 512 are possible')", (long long)size);
        return;
    }
    cito_pool_resize(worker->pool, (unsigned)size);
    cito_task_worker_fit_prefetch(worker);
    say(out, "ok", "pool will %s", word);
}

static void pool_grow(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    pool_by(worker, arguments, 1, "grow", out);
}
static void pool_shrink(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    pool_by(worker, arguments, -1, "shrink", out);
}

static void not_enabled(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)worker, (void)arguments;
    say(out, "error", "ValueError('Pool restarts not enabled')");
}

static void enable_events(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)arguments;
    say(out, "ok", "%s", worker->events_on ? "task events already enabled" : "task events enabled");
    worker->events_on = true;
}

static void disable_events(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    (void)arguments;
    bool goes_off = worker->events_on && !worker->events_were_asked;
    say(out, "ok", "%s", goes_off ? "task events disabled" : "task events already disabled");
    if (goes_off) {
        cito_events_flush(worker);
        worker->events_on = false;
    }
}

/* ---- queues: these suspend, so they run in a coroutine -------------------------------------------------------------------------------- */
typedef struct queue_change {
    cito_task_worker *worker;
    const char *queue;
    bool added;
} queue_change;

static void change_queue(void *data)
{
    queue_change *change = data;
    cito_task_worker *worker = change->worker;
    const char *error = change->added ? worker->broker->methods->add_queue(worker->broker, change->queue)
                                      : worker->broker->methods->cancel_queue(worker->broker, change->queue);
    if (error)
        cito_log_write(CITO_LOG_ERROR, "Queue %s: %s", change->queue, error);
    free(change);
    worker->busy--;
    cito_task_worker_check_end(worker);
}

static void begin_change(cito_task_worker *worker, const char *queue, bool added)
{
    queue_change *change = malloc(sizeof *change);
    if (!change)
        cito_abort("out of memory: queue %s", queue);
    *change = (queue_change){ .worker = worker, .queue = queue, .added = added };
    worker->busy++;
    cito_coroutine_spawn(worker->loop, NULL, change_queue, change);
}

static unsigned place_of(const cito_task_worker *worker, const char *queue)
{
    unsigned i = 0;
    while (i < worker->queue_count && strcmp(worker->queue_names[i], queue) != 0)
        i++;
    return i;
}

static void add_consumer(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    const char *queue = chars_of(cito_value_get(arguments, "queue"));
    if (place_of(worker, queue) < worker->queue_count) {
        say(out, "ok", "already consuming from %s", queue);
        return;
    }
    if (!*queue || worker->queue_count == sizeof worker->queue_names / sizeof *worker->queue_names - 1) {
        say(out, "error", "ValueError('no more queues can be consumed')");
        return;
    }
    const char *kept = cito_arena_copy_str(&worker->texts, queue, strlen(queue)).data;
    worker->queue_names[worker->queue_count++] = kept;
    worker->queue_names[worker->queue_count] = NULL;
    begin_change(worker, kept, true);
    say(out, "ok", "add consumer %s", queue);
}

static void cancel_consumer(cito_task_worker *worker, const cito_value *arguments, cito_buffer *out)
{
    const char *queue = chars_of(cito_value_get(arguments, "queue"));
    unsigned place = place_of(worker, queue);
    if (place < worker->queue_count) {
        begin_change(worker, worker->queue_names[place], false);
        memmove(&worker->queue_names[place], &worker->queue_names[place + 1], (worker->queue_count - place) * sizeof *worker->queue_names);
        worker->queue_count--;
    }
    say(out, "ok", "no longer consuming from %s", queue);
}

/* ---- receipt --------------------------------------------------------------------------------------------------------------------------- */
static const struct command {
    const char *name;
    cito_control_answer *answer;
} commands[] = {
    { "ping", ping },
    { "active", cito_inspect_active },
    { "dump_active", cito_inspect_active },
    { "reserved", cito_inspect_reserved },
    { "dump_reserved", cito_inspect_reserved },
    { "scheduled", cito_inspect_scheduled },
    { "dump_schedule", cito_inspect_scheduled },
    { "registered", cito_inspect_registered },
    { "dump_tasks", cito_inspect_registered },
    { "revoked", cito_inspect_revoked },
    { "dump_revoked", cito_inspect_revoked },
    { "stats", cito_inspect_stats },
    { "conf", cito_inspect_conf },
    { "dump_conf", cito_inspect_conf },
    { "active_queues", cito_inspect_active_queues },
    { "query_task", cito_inspect_query_task },
    { "report", cito_inspect_report },
    { "clock", cito_inspect_clock },
    { "hello", hello },
    { "revoke", revoke_tasks },
    { "terminate", terminate },
    { "revoke_by_stamped_headers", revoke_by_stamped_headers },
    { "rate_limit", rate_limit },
    { "time_limit", time_limit },
    { "add_consumer", add_consumer },
    { "cancel_consumer", cancel_consumer },
    { "enable_events", enable_events },
    { "disable_events", disable_events },
    { "pool_grow", pool_grow },
    { "pool_shrink", pool_shrink },
    { "pool_restart", not_enabled },
    { "heartbeat", heartbeat },
    { "shutdown", shutdown_worker },
};

static bool matches_pcre(cito_str pattern, cito_str name)
{
    int code;
    size_t offset;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.len, PCRE2_ANCHORED | PCRE2_UTF, &code, &offset, NULL);
    if (!compiled)
        return false;
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(compiled, NULL);
    bool hit = match && pcre2_match(compiled, (PCRE2_SPTR)name.data, name.len, 0, 0, match, NULL) >= 0;
    pcre2_match_data_free(match);
    pcre2_code_free(compiled);
    return hit;
}

static bool is_for(const cito_task_worker *worker, const cito_value *body)
{
    const cito_value *destination = cito_value_get(body, "destination");
    cito_str pattern = cito_value_string(cito_value_get(body, "pattern")), matcher = cito_value_string(cito_value_get(body, "matcher"));
    if (destination && destination->kind == CITO_VALUE_ARRAY && cito_value_count(destination))
        return cito_value_contains(destination, worker->node_name);
    if (pattern.len && cito_str_equal(matcher, "pcre"))
        return matches_pcre(pattern, worker->node_name);
    return !pattern.len || fnmatch(pattern.data, worker->node_name.data, 0) == 0;
}

static void reply(cito_task_worker *worker, const cito_value *body, const cito_buffer *answer)
{
    const char *oid = chars_of(cito_value_get(cito_value_get(body, "reply_to"), "routing_key"));
    char queue[256];
    cito_buffer headers, text, envelope;
    cito_buffer_init(&headers);
    cito_buffer_init(&text);
    cito_buffer_init(&envelope);
    snprintf(queue, sizeof queue, "%s.reply.celery.pidbox", oid);
    cito_buffer_append_format(&headers, "{\"clock\":%lld,\"ticket\":", (long long)++worker->clock);
    cito_json_write_string(&headers, cito_value_string(cito_value_get(body, "ticket")));
    cito_buffer_append_char(&headers, '}');
    cito_buffer_append_char(&text, '{');
    cito_json_write_string(&text, worker->node_name);
    cito_buffer_append_char(&text, ':');
    cito_buffer_append(&text, answer->data, answer->len);
    cito_buffer_append_char(&text, '}');
    cito_envelope_write(worker, "reply.celery.pidbox", oid, (cito_str){ headers.data, headers.len }, (cito_str){ text.data, text.len },
                        &envelope);
    cito_task_worker_post(worker, NULL, queue, &envelope);
    cito_buffer_finish(&headers);
    cito_buffer_finish(&text);
}

static void run_command(cito_task_worker *worker, const cito_value *body)
{
    cito_str method = cito_value_string(cito_value_get(body, "method"));
    bool wants_reply = cito_value_string(cito_value_get(cito_value_get(body, "reply_to"), "routing_key")).len > 0;
    cito_buffer answer;
    cito_buffer_init(&answer);
    size_t i = 0, count = sizeof commands / sizeof *commands;
    while (i < count && !cito_str_equal(method, commands[i].name))
        i++;
    if (i < count)
        commands[i].answer(worker, cito_value_get(body, "arguments"), &answer);
    else
        say(&answer, "error", "KeyError('%s')", method.data);
    if (wants_reply && answer.len)
        reply(worker, body, &answer);
    cito_buffer_finish(&answer);
}

void cito_control_receive(void *data, cito_str exchange, cito_str routing_key, cito_str envelope)
{
    cito_task_worker *worker = data;
    cito_arena scratch;
    cito_buffer decoded;
    (void)routing_key;
    if (!cito_str_starts_with(exchange, "celery.pidbox"))
        return;
    cito_arena_init(&scratch, 0);
    cito_buffer_init(&decoded);
    const cito_value *message = cito_value_parse(&scratch, cito_arena_copy_str(&scratch, envelope.data, envelope.len), NULL, NULL);
    cito_str text = cito_value_string(cito_value_get(message, "body"));
    if (cito_str_equal(cito_value_string(cito_value_get(cito_value_get(message, "properties"), "body_encoding")), "base64"))
        text = cito_base64_read(text, &decoded) ? cito_arena_copy_str(&scratch, decoded.data, decoded.len) : CITO_STR("");
    const cito_value *body = text.len ? cito_value_parse(&scratch, text, NULL, NULL) : NULL;
    double expires = cito_value_double(cito_value_get(cito_value_get(message, "headers"), "expires"));
    worker->clock++;
    if (body && body->kind == CITO_VALUE_OBJECT && is_for(worker, body) && (!(expires > 0) || expires > cito_task_worker_now()))
        run_command(worker, body);
    cito_buffer_finish(&decoded);
    cito_arena_finish(&scratch);
}
