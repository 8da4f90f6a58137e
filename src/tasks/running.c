/* Running: what a task's code can say of and to its own run. Threading: as running.h. */
#include "tasks/running.h"
#include "base/random.h"
#include "json/value.h"
#include "json/writer.h"
#include "schema/encode.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static cito_running *current;

cito_running *cito_running_current(void) { return __atomic_load_n(&current, __ATOMIC_ACQUIRE); }
void cito_running_enter(cito_running *running) { __atomic_store_n(&current, running, __ATOMIC_RELEASE); }
void cito_running_leave(void) { __atomic_store_n(&current, NULL, __ATOMIC_RELEASE); }

static cito_running *require_running(const char *function)
{
    cito_running *running = cito_running_current();
    if (!running)
        cito_raise(500, "%s was called outside of a task: it speaks of the task that runs", function);
    return running;
}

void cito_task_update_state(const char *state, const cito_value *meta)
{
    cito_running *running = require_running("cito_task_update_state");
    cito_str json = cito_json_text(meta, 0);
    running->update_state(running, cito_string(state), json.len ? json : CITO_STR("null"));
}

/* ---- endings: models of the library's own, raised like the program's ---------------------------------------------------------------------------- */
static const cito_type retry_kind = {
    .kind = CITO_KIND_MODEL, .name = "Retry", .size = sizeof(cito_retry_raised), .file = __FILE__, .line = 1
};
static const cito_type failure_kind = {
    .kind = CITO_KIND_MODEL, .name = "Failure", .size = sizeof(cito_failure_raised), .file = __FILE__, .line = 2
};

void cito_task_retry(double countdown, const char *format, ...)
{
    require_running("cito_task_retry");
    va_list arguments;
    va_start(arguments, format);
    int len = format ? vsnprintf(NULL, 0, format, arguments) : 0;
    va_end(arguments);
    char *text = cito_alloc((size_t)(len > 0 ? len : 0) + 1);
    va_start(arguments, format);
    if (len > 0)
        vsnprintf(text, (size_t)len + 1, format, arguments);
    va_end(arguments);
    cito_str message = { text, (size_t)(len > 0 ? len : 0) };
    cito_task_retry_as(countdown, "MaxRetriesExceededError", "celery.exceptions", cito_array(message));
}

void cito_task_retry_as(double countdown, const char *exc_type, const char *exc_module, const cito_value *exc_message)
{
    require_running("cito_task_retry_as");
    const cito_failure_raised cause = { .exc_type = cito_string(exc_type),
                                        .exc_module = cito_string(exc_module),
                                        .exc_message = exc_message };
    cito_raise_model(&retry_kind, &(cito_retry_raised){ .countdown = countdown, .cause = cause });
}

void cito_task_fail(const char *exc_type, const char *exc_module, const cito_value *exc_message)
{
    require_running("cito_task_fail");
    cito_raise_model(
        &failure_kind,
        &(cito_failure_raised){ .exc_type = cito_string(exc_type), .exc_module = cito_string(exc_module), .exc_message = exc_message });
}

const cito_retry_raised *cito_retry_of(const cito_exception *exception) { return cito_exception_model(exception, &retry_kind); }
const cito_failure_raised *cito_failure_of(const cito_exception *exception) { return cito_exception_model(exception, &failure_kind); }

double cito_retry_countdown(const cito_task *task, double countdown, int retries)
{
    const cito_decorator *options = task->options;
    if (countdown >= 0)
        return countdown;
    if (!options->retry_backoff)
        return options->default_retry_delay > 0 ? options->default_retry_delay : 180;
    double longest = options->retry_backoff_max > 0 ? options->retry_backoff_max : 600;
    double seconds = fmin(longest, ldexp(1, retries < 60 ? retries : 60));
    if (options->retry_jitter_off)
        return seconds;
    uint32_t random;
    cito_random_fill(&random, sizeof random);
    return floor((seconds + 1) * (random / 4294967296.0)); /* whole seconds from 0 on, as Celery's full jitter */
}

/* ---- a failure's meta ------------------------------------------------------------------------------------------------------------------------- */
void cito_failure_write_parts(const char *exc_type, const char *exc_module, const cito_value *exc_message, cito_buffer *buffer)
{
    cito_buffer_append_literal(buffer, "{\"exc_type\":");
    cito_json_write_string(buffer, (cito_str){ exc_type, strlen(exc_type) });
    cito_buffer_append_literal(buffer, ",\"exc_message\":");
    if (cito_value_kind_of(exc_message) != CITO_VALUE_ARRAY || !cito_value_write(buffer, exc_message))
        cito_buffer_append_literal(buffer, "[]");
    cito_buffer_append_literal(buffer, ",\"exc_module\":");
    cito_json_write_string(buffer, (cito_str){ exc_module, strlen(exc_module) });
    cito_buffer_append_char(buffer, '}');
}

static const cito_value *model_as_text(const cito_exception *exception)
{
    cito_buffer json;
    cito_buffer_init(&json);
    cito_str text = { "", 0 };
    if (!cito_encode(exception->kind, exception->model, NULL, &json))
        text = cito_format("%.*s", (int)json.len, json.data);
    cito_buffer_finish(&json);
    return cito_array(text);
}

void cito_failure_write(const cito_exception *exception, cito_buffer *buffer)
{
    const cito_retry_raised *retry = cito_retry_of(exception);
    const cito_failure_raised *failure = retry ? &retry->cause : cito_failure_of(exception);
    if (failure)
        cito_failure_write_parts(failure->exc_type.data, failure->exc_module.data, failure->exc_message, buffer);
    else if (exception->kind)
        cito_failure_write_parts(exception->kind->name ? exception->kind->name : "Exception", "cito", model_as_text(exception), buffer);
    else
        cito_failure_write_parts("HTTPException", "fastapi.exceptions", cito_array(exception->status_code, exception->detail), buffer);
}

/* ---- task.request -------------------------------------------------------------------------------------------------------------------------------- */
static const cito_value *text_or_null(cito_str text) { return text.data ? cito_value(text) : cito_value_of_null(NULL); }

static const cito_value *limit_or_null(double seconds) { return seconds > 0 ? cito_value(seconds) : cito_value_of_null(NULL); }

static const cito_value *delivery_info(const cito_message *message)
{
    return cito_object("exchange", text_or_null(message->exchange), "routing_key", text_or_null(message->routing_key), "priority",
                       message->priority, "redelivered", message->redelivered);
}

const cito_value *cito_task_request(void)
{
    cito_running *running = cito_running_current();
    if (!running)
        return NULL;
    const cito_message *message = running->message;
    const cito_message_body *body = running->body;
    const cito_value *index = message->group_index < 0 ? cito_value_of_null(NULL) : cito_value(message->group_index);
    const cito_value *request =
        cito_object("id", message->id, "task", message->task, "retries", message->retries, "root_id", text_or_null(message->root_id),
                    "parent_id", text_or_null(message->parent_id), "group", text_or_null(message->group), "group_index", index, "origin",
                    text_or_null(message->origin), "hostname", text_or_null(running->hostname), "timelimit",
                    cito_array(limit_or_null(message->time_limit), limit_or_null(message->soft_time_limit)), "args",
                    body ? body->args : NULL, "kwargs", body ? body->kwargs : NULL, "correlation_id", text_or_null(message->correlation_id),
                    "reply_to", text_or_null(message->reply_to), "delivery_info", delivery_info(message));
    return cito_merge(message->headers, request);
}
