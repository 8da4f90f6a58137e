/* Sending: a signature becomes a message, and the message goes to its queue's broker, in three tries. Threading: as <cito/tasks.h>. */
#include "base/clock.h"
#include "base/log.h"
#include "json/value.h"
#include "json/writer.h"
#include "tasks/on_loop.h"
#include "tasks/repr.h"
#include "tasks/running.h"
#include "tasks/signature.h"

#include <math.h>

enum { TRIES = 3 };
#define PAUSE_S 0.2

static cito_str in_arena(cito_arena *arena, cito_buffer *buffer)
{
    cito_str text = cito_arena_copy_str(arena, buffer->len ? buffer->data : "", buffer->len);
    cito_buffer_finish(buffer);
    return text;
}

static cito_str repr_of(cito_arena *arena, cito_str json, void (*write)(const cito_value *, size_t, cito_buffer *))
{
    cito_buffer repr;
    cito_buffer_init(&repr);
    write(cito_value_parse(arena, json, NULL, NULL), CITO_REPR_MAX, &repr);
    return in_arena(arena, &repr);
}

static void write_link(cito_buffer *body, const char *name, const cito_signature *link, cito_str reply_to)
{
    cito_buffer_append_format(body, "\"%s\":", name);
    cito_buffer_append_str(body, link ? CITO_STR("[") : CITO_STR("null"));
    if (link) {
        cito_signature_write(link, reply_to, body);
        cito_buffer_append_char(body, ']');
    }
}

/* [args, kwargs, embed]; a chain is written last first. */
static cito_str body_of(cito_arena *arena, const cito_signature *signature, const struct cito_send_options *options,
                        cito_signature *const *chain, size_t chain_count, cito_str reply_to)
{
    cito_buffer body;
    cito_buffer_init(&body);
    cito_buffer_append_char(&body, '[');
    cito_buffer_append_str(&body, signature->args);
    cito_buffer_append_char(&body, ',');
    cito_buffer_append_str(&body, signature->kwargs);
    cito_buffer_append_literal(&body, ",{");
    write_link(&body, "callbacks", options ? options->link : NULL, reply_to);
    cito_buffer_append_char(&body, ',');
    write_link(&body, "errbacks", options ? options->link_error : NULL, reply_to);
    cito_buffer_append_literal(&body, ",\"chain\":");
    cito_buffer_append_str(&body, chain_count ? CITO_STR("[") : CITO_STR("null"));
    for (size_t i = chain_count; i > 0; i--) {
        if (i < chain_count)
            cito_buffer_append_char(&body, ',');
        cito_signature_write(chain[i - 1], reply_to, &body);
    }
    if (chain_count)
        cito_buffer_append_char(&body, ']');
    cito_buffer_append_literal(&body, ",\"chord\":null}]");
    return in_arena(arena, &body);
}

static double now_s(void) { return (double)cito_clock_wall_ns() / 1e9; }

static double moment_of(const cito_datetime *at) { return (double)at->seconds + at->nanoseconds / 1e9; }

static void set_identity(cito_message *message, const cito_signature *signature, const struct cito_send_options *options)
{
    cito_str id = options && options->task_id ? cito_string(options->task_id) : signature->task_id;
    if (id.data)
        message->id = message->root_id = message->correlation_id = id;
    const cito_running *running = cito_running_current();
    if (!running)
        return;
    message->parent_id = running->message->id;
    message->root_id = running->message->root_id.data ? running->message->root_id : running->message->id;
}

static void set_options(cito_message *message, const cito_signature *signature, const struct cito_send_options *options)
{
    const cito_decorator *declared = signature->task ? signature->task->options : NULL;
    message->priority = declared ? declared->priority : 0;
    message->ignore_result = declared ? declared->ignore_result : -1;
    if (!options)
        return;
    if (options->priority)
        message->priority = options->priority < 0 ? 0 : options->priority > 9 ? 9 : options->priority;
    if (options->ignore_result)
        message->ignore_result = 1;
    if (options->eta)
        message->eta = moment_of(options->eta);
    else if (options->countdown > 0)
        message->eta = now_s() + options->countdown;
    if (options->expires > 0)
        message->expires = now_s() + options->expires;
    message->time_limit = fmax(options->time_limit, 0);
    message->soft_time_limit = fmax(options->soft_time_limit, 0);
}

/* ---- the broker --------------------------------------------------------------------------------------------------------------------------- */
typedef struct sending {
    const cito_queue *queue;
    const char *queue_name;
    const cito_message *message;
    cito_arena *arena;
    const char *error;
} sending;

static void publish(cito_loop *loop, void *data)
{
    sending *this = data;
    cito_broker *broker = cito_queue_broker(this->queue, loop);
    if (!broker) {
        this->error = "its URL cannot be used: see the log";
        return;
    }
    const char *error = NULL;
    for (unsigned try = 0; try < TRIES; try++) {
        if (try)
            cito_sleep(PAUSE_S * try);
        error = broker->methods->publish(broker, this->queue_name, this->message);
        if (!error)
            return;
    }
    cito_str kept = cito_arena_copy_str(this->arena, error, strlen(error));
    this->error = kept.data ? kept.data : "out of memory";
}

cito_str cito_signature_send(const cito_signature *signature, const struct cito_send_options *options, cito_signature *const *chain,
                             size_t chain_count)
{
    cito_context *context = cito_context_require("cito_delay");
    cito_message message;
    cito_message_init(&message, context->arena, signature->name.data);
    set_identity(&message, signature, options);
    set_options(&message, signature, options);
    const char *queue_name = options && options->queue ? options->queue : cito_signature_queue(signature);
    message.routing_key = (cito_str){ queue_name, strlen(queue_name) };
    message.argsrepr = repr_of(context->arena, signature->args, cito_repr_write_tuple);
    message.kwargsrepr = repr_of(context->arena, signature->kwargs, cito_repr_write);
    message.body = body_of(context->arena, signature, options, chain, chain_count, message.reply_to);
    if (!message.body.data || !message.argsrepr.data || !message.kwargsrepr.data)
        cito_raise(413, "The arguments of the task are larger than the memory of a request");
    sending sent = { .queue = signature->queue, .queue_name = queue_name, .message = &message, .arena = context->arena };
    cito_run_on_loop(publish, &sent);
    if (sent.error) {
        cito_log_write(CITO_LOG_ERROR, "Task %s was not sent to queue %s: %s", message.task.data, queue_name, sent.error);
        cito_raise(503, "The task queue cannot be reached");
    }
    cito_running *running = cito_running_current();
    if (running && running->sent)
        running->sent(running, message.id);
    return message.id;
}

cito_str cito_send_call(const cito_callable *callable, const void *args, const struct cito_send_options *options)
{
    const cito_task *task = cito_task_require(callable);
    cito_signature signature = {
        .queue = task->queue, .task = task, .name = task->name, .args = cito_arguments_write(callable, args), .kwargs = CITO_STR("{}")
    };
    return cito_signature_send(&signature, options, NULL, 0);
}

static cito_str json_or(const cito_value *value, cito_value_kind kind, cito_str otherwise, const char *what)
{
    if (!value)
        return otherwise;
    cito_str text = cito_value_kind_of(value) == kind ? cito_json_text(value, 0) : (cito_str){ "", 0 };
    if (!text.len)
        cito_raise(500, "cito_send_task: %s", what);
    return text;
}

cito_str cito_send_task(const cito_queue *queue, const char *name, const cito_value *args, const cito_value *kwargs,
                        const struct cito_send_options *options)
{
    cito_signature signature = { .queue = queue,
                                 .task = NULL,
                                 .name = cito_string(name),
                                 .args = json_or(args, CITO_VALUE_ARRAY, CITO_STR("[]"), "args is no array of JSON"),
                                 .kwargs = json_or(kwargs, CITO_VALUE_OBJECT, CITO_STR("{}"), "kwargs is no object of JSON") };
    return cito_signature_send(&signature, options, NULL, 0);
}
