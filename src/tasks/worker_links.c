/* Links: the messages that a task's end sends: callbacks, the chain's next link, errbacks, its own retry.
 *
 * Invariants: a link takes over the root, and the ended task is its parent; a chain lies last-first and is cut from its end.
 * Threading: the loop's, in coroutines. Source: facts on Celery 1 (signatures), 8. */
#include "base/log.h"
#include "json/value.h"
#include "json/writer.h"
#include "schema/decode.h"
#include "tasks/repr.h"
#include "tasks/worker_state.h"

void cito_job_add_child(cito_job *job, cito_str id)
{
    cito_buffer_append_char(&job->children, job->children.len ? ',' : '[');
    cito_buffer_append_literal(&job->children, "[[");
    cito_json_write_string(&job->children, id);
    cito_buffer_append_literal(&job->children, ",null],null]");
}

static void write_or(cito_buffer *out, const cito_value *value, const char *otherwise)
{
    if (!value || value->kind == CITO_VALUE_NULL || !cito_value_write(out, value))
        cito_buffer_append(out, otherwise, strlen(otherwise));
}

/* [args, kwargs, embed]: `first` stands before the signature's own arguments, unless that is immutable. */
static cito_str body_of(cito_arena *arena, const cito_value *signature, cito_str first, const cito_value *chain, size_t chain_count,
                        cito_buffer *args)
{
    const cito_value *options = cito_value_get(signature, "options"), *own = cito_value_get(signature, "args");
    bool has_first = first.data && !cito_value_bool(cito_value_get(signature, "immutable"));
    cito_buffer_append_char(args, '[');
    if (has_first)
        cito_buffer_append_str(args, first);
    for (size_t i = 0; i < cito_value_count(own); i++) {
        if (i || has_first)
            cito_buffer_append_char(args, ',');
        write_or(args, cito_value_at(own, i), "null");
    }
    cito_buffer_append_char(args, ']');
    cito_buffer body;
    cito_buffer_init(&body);
    cito_buffer_append_char(&body, '[');
    cito_buffer_append(&body, args->data, args->len);
    cito_buffer_append_char(&body, ',');
    write_or(&body, cito_value_get(signature, "kwargs"), "{}");
    cito_buffer_append_literal(&body, ",{\"callbacks\":");
    write_or(&body, cito_value_get(options, "link"), "null");
    cito_buffer_append_literal(&body, ",\"errbacks\":");
    write_or(&body, cito_value_get(options, "link_error"), "null");
    cito_buffer_append_literal(&body, ",\"chain\":");
    if (chain_count) {
        for (size_t i = 0; i < chain_count; i++) {
            cito_buffer_append_char(&body, i ? ',' : '[');
            write_or(&body, cito_value_at(chain, i), "null");
        }
        cito_buffer_append_char(&body, ']');
    } else {
        write_or(&body, cito_value_get(options, "chain"), "null");
    }
    cito_buffer_append_literal(&body, ",\"chord\":");
    write_or(&body, cito_value_get(options, "chord"), "null");
    cito_buffer_append_literal(&body, "}]");
    cito_str kept = cito_arena_copy_str(arena, body.data, body.len);
    cito_buffer_finish(&body);
    return kept;
}

/* A moment as ISO text or as seconds from now. */
static double moment_of(const cito_value *value, cito_arena *arena)
{
    if (!value || value->kind == CITO_VALUE_NULL)
        return 0;
    cito_datetime at;
    cito_errors errors;
    cito_errors_init(&errors, arena);
    cito_loc loc = { .name = CITO_STR("eta") };
    if (value->kind == CITO_VALUE_STRING)
        return cito_decode_value(value, cito_t_datetime, NULL, &loc, &at, arena, &errors) ? (double)at.seconds + at.nanoseconds / 1e9 : 0;
    return cito_task_worker_now() + cito_value_double(value);
}

static cito_str text_or(const cito_value *value, cito_str otherwise)
{
    cito_str text = cito_value_string(value);
    return text.len ? text : otherwise;
}

static void apply_options(cito_message *message, cito_job *job, const cito_value *options)
{
    cito_arena *arena = &job->arena;
    message->id = message->correlation_id = text_or(cito_value_get(options, "task_id"), message->id);
    message->root_id = job->message.root_id.data ? job->message.root_id : job->message.id;
    message->parent_id = job->message.id;
    message->reply_to = text_or(cito_value_get(options, "reply_to"), message->reply_to);
    message->group = text_or(cito_value_get(options, "group_id"), (cito_str){ NULL, 0 });
    if (cito_value_get(options, "group_index"))
        message->group_index = cito_value_int(cito_value_get(options, "group_index"));
    message->priority = (int)cito_value_int(cito_value_get(options, "priority"));
    message->eta = moment_of(cito_value_get(options, "eta"), arena);
    if (cito_value_get(options, "countdown"))
        message->eta = cito_task_worker_now() + cito_value_double(cito_value_get(options, "countdown"));
    message->expires = moment_of(cito_value_get(options, "expires"), arena);
    message->time_limit = cito_value_double(cito_value_get(options, "time_limit"));
    message->soft_time_limit = cito_value_double(cito_value_get(options, "soft_time_limit"));
    message->headers = cito_value_get(options, "headers");
    if (cito_value_get(options, "ignore_result"))
        message->ignore_result = cito_value_bool(cito_value_get(options, "ignore_result"));
}

static const char *queue_of(const cito_job *job, cito_arena *arena, const cito_value *options, cito_str task)
{
    cito_str queue = text_or(cito_value_get(options, "queue"), cito_value_string(cito_value_get(options, "routing_key")));
    if (queue.len)
        return cito_arena_copy_str(arena, queue.data, queue.len).data;
    const cito_task *known = cito_task_by_name(task);
    if (known && known->options->queue)
        return known->options->queue;
    return job->worker->queue->name ? job->worker->queue->name : "celery";
}

static void send_signature(cito_job *job, const cito_value *signature, cito_str first, const cito_value *chain, size_t chain_count)
{
    cito_task_worker *worker = job->worker;
    cito_arena *arena = &job->arena;
    cito_str name = cito_value_string(cito_value_get(signature, "task"));
    const cito_value *options = cito_value_get(signature, "options");
    cito_message message;
    cito_buffer args;
    cito_buffer_init(&args);
    cito_message_init(&message, arena, cito_arena_copy_str(arena, name.data, name.len).data);
    apply_options(&message, job, options);
    message.body = body_of(arena, signature, first, chain, chain_count, &args);
    const cito_value *all = cito_value_parse(arena, cito_arena_copy_str(arena, args.data, args.len), NULL, NULL);
    cito_buffer_reset(&args, 65536);
    cito_repr_write_tuple(all, CITO_REPR_MAX, &args);
    message.argsrepr = cito_arena_copy_str(arena, args.data, args.len);
    cito_buffer_reset(&args, 65536);
    const cito_value *kwargs = cito_value_get(signature, "kwargs");
    if (cito_value_count(kwargs)) {
        cito_repr_write(kwargs, CITO_REPR_MAX, &args);
        message.kwargsrepr = cito_arena_copy_str(arena, args.data, args.len);
    }
    cito_buffer_finish(&args);
    const char *error = worker->broker->methods->publish(worker->broker, queue_of(job, arena, options, name), &message);
    if (error)
        cito_log_write(CITO_LOG_ERROR, "Task %s[%s]: its link %s could not be sent: %s", job->message.task.data, job->message.id.data,
                       message.task.data, error);
    else
        cito_job_add_child(job, message.id);
}

static bool read_body(cito_job *job, cito_message_body *out_body)
{
    return cito_message_read_body(&job->message, &job->arena, out_body) == NULL;
}

void cito_job_send_links(cito_job *job)
{
    cito_message_body body;
    if (!read_body(job, &body))
        return;
    for (size_t i = 0; i < cito_value_count(body.callbacks); i++)
        send_signature(job, cito_value_at(body.callbacks, i), job->result, NULL, 0);
    size_t left = cito_value_count(body.chain);
    if (left)
        send_signature(job, cito_value_at(body.chain, left - 1), job->result, body.chain, left - 1);
}

/* The same failure under the id of everything that now never runs. */
static void fail_chain(cito_job *job, const cito_value *chain)
{
    cito_backend *backend = job->worker->backend;
    for (size_t i = 0; i < cito_value_count(chain); i++) {
        const cito_value *options = cito_value_get(cito_value_at(chain, i), "options");
        cito_str id = cito_value_string(cito_value_get(options, "task_id"));
        if (!id.len)
            continue;
        backend->methods->store(backend,
                                &(cito_meta){ .id = id,
                                              .status = CITO_STR("FAILURE"),
                                              .result_json = job->result,
                                              .traceback = job->traceback,
                                              .group = text_or(cito_value_get(options, "group_id"), (cito_str){ NULL, 0 }),
                                              .parent_id = job->message.id,
                                              .is_final = true },
                                NULL, NULL);
    }
}

void cito_job_send_errbacks(cito_job *job)
{
    cito_message_body body;
    if (!read_body(job, &body))
        return;
    fail_chain(job, body.chain);
    cito_buffer quoted;
    cito_buffer_init(&quoted);
    cito_json_write_string(&quoted, job->message.id);
    cito_str id = cito_arena_copy_str(&job->arena, quoted.data, quoted.len);
    cito_buffer_finish(&quoted);
    for (size_t i = 0; i < cito_value_count(body.errbacks); i++)
        send_signature(job, cito_value_at(body.errbacks, i), id, NULL, 0);
}

const char *cito_job_send_retry(cito_job *job, double countdown)
{
    cito_task_worker *worker = job->worker;
    cito_message again = job->message;
    again.retries++;
    again.eta = countdown > 0 ? cito_task_worker_now() + countdown : 0;
    again.parent_id = again.id;
    again.delivery_tag = cito_uuid_make(&job->arena);
    again.redelivered = false;
    const char *queue =
        again.routing_key.len ? cito_arena_copy_str(&job->arena, again.routing_key.data, again.routing_key.len).data : "celery";
    const char *error = worker->broker->methods->publish(worker->broker, queue, &again);
    if (!error)
        cito_job_add_child(job, again.id);
    return error;
}
