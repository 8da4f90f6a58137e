/* Signatures and what is made of them: partials, chains, links. Threading: as signature.h. */
#include "tasks/signature.h"
#include "json/value.h"
#include "json/writer.h"
#include "schema/encode.h"

const cito_task *cito_task_require(const cito_callable *callable)
{
    const cito_task *task = cito_task_of(callable);
    if (!task)
        cito_raise(500, "%s (%s:%d) is no task: put CITO_TASK before it", callable->name, callable->file, callable->line);
    return task;
}

static const char *write_arguments(const cito_callable *callable, const void *args, cito_buffer *json)
{
    cito_buffer_append_char(json, '[');
    for (size_t i = 0; i < callable->param_count; i++) {
        const cito_field *param = &callable->params[i];
        if (i)
            cito_buffer_append_char(json, ',');
        const char *error = cito_encode(param->type, (const char *)args + param->offset, NULL, json);
        if (error)
            return error;
    }
    cito_buffer_append_char(json, ']');
    return NULL;
}

static cito_str text_and_finish(cito_buffer *buffer)
{
    cito_context *context = cito_context_require("cito_delay");
    cito_str text = cito_arena_copy_str(context->arena, buffer->data, buffer->len);
    cito_buffer_finish(buffer);
    if (!text.data)
        cito_raise(413, "The arguments of the task are larger than the memory of a request");
    return text;
}

cito_str cito_arguments_write(const cito_callable *callable, const void *args)
{
    cito_buffer json;
    cito_buffer_init(&json);
    const char *error = write_arguments(callable, args, &json);
    if (error) {
        cito_buffer_finish(&json);
        cito_raise(500, "The arguments of %s cannot be sent: %s", callable->name, error);
    }
    return text_and_finish(&json);
}

cito_signature *cito_signature_of(const cito_callable *callable, const void *args, bool immutable)
{
    const cito_task *task = cito_task_require(callable);
    cito_signature *signature = cito_alloc(sizeof *signature);
    *signature = (cito_signature){ .queue = task->queue,
                                   .task = task,
                                   .name = task->name,
                                   .args = cito_arguments_write(callable, args),
                                   .kwargs = CITO_STR("{}"),
                                   .immutable = immutable };
    return signature;
}

cito_signature *cito_partial_of(const cito_callable *callable, const cito_value *named)
{
    const cito_task *task = cito_task_require(callable);
    cito_signature *signature = cito_alloc(sizeof *signature);
    cito_str kwargs = cito_value_kind_of(named) == CITO_VALUE_OBJECT ? cito_json_text(named, 0) : CITO_STR("{}");
    if (!kwargs.len)
        cito_raise(500, "The arguments of %s cannot be sent: they hold NaN or an infinity", callable->name);
    *signature = (cito_signature){ .queue = task->queue, .task = task, .name = task->name, .args = CITO_STR("[]"), .kwargs = kwargs };
    return signature;
}

const char *cito_signature_queue(const cito_signature *signature)
{
    if (signature->task && signature->task->options->queue)
        return signature->task->options->queue;
    return signature->queue->name ? signature->queue->name : "celery";
}

void cito_signature_write(const cito_signature *signature, cito_str reply_to, cito_buffer *json)
{
    const char *queue = cito_signature_queue(signature);
    cito_buffer_append_literal(json, "{\"task\":");
    cito_json_write_string(json, signature->name);
    cito_buffer_append_literal(json, ",\"args\":");
    cito_buffer_append_str(json, signature->args);
    cito_buffer_append_literal(json, ",\"kwargs\":");
    cito_buffer_append_str(json, signature->kwargs);
    cito_buffer_append_literal(json, ",\"options\":{");
    if (signature->task_id.data) {
        cito_buffer_append_literal(json, "\"task_id\":");
        cito_json_write_string(json, signature->task_id);
        cito_buffer_append_literal(json, ",\"reply_to\":");
        cito_json_write_string(json, reply_to);
        cito_buffer_append_char(json, ',');
    }
    cito_buffer_append_literal(json, "\"queue\":");
    cito_json_write_string(json, (cito_str){ queue, strlen(queue) });
    if (signature->task && signature->task->options->priority)
        cito_buffer_append_format(json, ",\"priority\":%d", signature->task->options->priority);
    cito_buffer_append_literal(json, "},\"subtask_type\":null,\"immutable\":");
    cito_buffer_append_str(json, signature->immutable ? CITO_STR("true}") : CITO_STR("false}"));
}

cito_str cito_chain_send(cito_signature *const *signatures, size_t count)
{
    if (!count)
        cito_raise(500, "cito_chain needs at least one signature");
    cito_context *context = cito_context_require("cito_chain");
    for (size_t i = 0; i < count; i++)
        signatures[i]->task_id = cito_uuid_make(context->arena);
    cito_signature_send(signatures[0], NULL, signatures + 1, count - 1);
    return signatures[count - 1]->task_id;
}
