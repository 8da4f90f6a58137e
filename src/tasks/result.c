/* Results: what a client asks of a task by its id, and revoking, which asks the workers. Threading: as <cito/tasks.h>. */
#include "base/log.h"
#include "json/value.h"
#include "json/writer.h"
#include "schema/decode.h"
#include "tasks/base64.h"
#include "tasks/on_loop.h"
#include "tasks/signature.h"

typedef struct asking {
    const cito_queue *queue;
    cito_str id;
    cito_arena *arena;
    double timeout_s; /* negative: as it is now */
    cito_str json;
    cito_str envelope; /* of a control message */
    const char *error;
} asking;

static void keep_error(asking *this, const char *error)
{
    if (!error)
        return;
    cito_str kept = cito_arena_copy_str(this->arena, error, strlen(error));
    this->error = kept.data ? kept.data : "out of memory";
}

static cito_backend *backend_of(asking *this, cito_loop *loop)
{
    cito_backend *backend = cito_queue_backend(this->queue, loop);
    if (!backend)
        this->error = "its URL cannot be used: see the log";
    return backend;
}

static void load(cito_loop *loop, void *data)
{
    asking *this = data;
    cito_backend *backend = backend_of(this, loop);
    if (!backend)
        return;
    if (this->timeout_s >= 0)
        keep_error(this, backend->methods->wait(backend, this->id, this->timeout_s, this->arena, &this->json));
    else
        keep_error(this, backend->methods->load(backend, this->id, this->arena, &this->json));
}

static void forget(cito_loop *loop, void *data)
{
    asking *this = data;
    cito_backend *backend = backend_of(this, loop);
    if (backend)
        keep_error(this, backend->methods->forget(backend, this->id));
}

static void ask(asking *this, void (*run)(cito_loop *, void *))
{
    cito_run_on_loop(run, this);
    if (!this->error)
        return;
    cito_log_write(CITO_LOG_ERROR, "The result of %.*s: %s", (int)this->id.len, this->id.data, this->error);
    cito_raise(503, "The task queue cannot be reached");
}

static asking asking_of(const cito_callable *callable, cito_str id)
{
    return (asking){
        .queue = cito_task_require(callable)->queue, .id = id, .arena = cito_context_require("cito_result_get")->arena, .timeout_s = -1
    };
}

/* PENDING where nothing is known: Celery cannot tell it from an id that never was. */
static const cito_value *meta_of(const asking *this)
{
    const cito_value *meta = this->json.data ? cito_value_parse(this->arena, this->json, NULL, NULL) : NULL;
    if (cito_value_kind_of(meta) == CITO_VALUE_OBJECT)
        return meta;
    return cito_object("status", "PENDING", "result", cito_null, "traceback", cito_null, "children", cito_array(), "task_id", this->id);
}

const cito_value *cito_result_meta(const cito_callable *callable, cito_str id)
{
    asking this = asking_of(callable, id);
    ask(&this, load);
    return meta_of(&this);
}

cito_str cito_result_state_of(const cito_callable *callable, cito_str id)
{
    return cito_value_string(cito_value_get(cito_result_meta(callable, id), "status"));
}

/* "ValueError: boom"; with several arguments all of them: "HTTPException: 422: The text". */
static cito_str failure_text(const cito_value *failure)
{
    const cito_value *said = cito_value_get(failure, "exc_message");
    cito_str text = cito_value_string(cito_value_get(failure, "exc_type"));
    size_t count = cito_value_kind_of(said) == CITO_VALUE_STRING ? 1 : cito_value_count(said);
    for (size_t i = 0; i < count; i++) {
        const cito_value *each = cito_value_kind_of(said) == CITO_VALUE_STRING ? said : cito_value_at(said, i);
        cito_str more = cito_value_kind_of(each) == CITO_VALUE_STRING ? cito_value_string(each) : cito_json_text(each, 0);
        if (more.len)
            text = cito_format("%.*s: %.*s", (int)text.len, text.data, (int)more.len, more.data);
    }
    return text;
}

static void decode_result(const cito_callable *callable, const cito_value *value, cito_arena *arena, void *into)
{
    if (callable->returns->kind == CITO_KIND_NONE)
        return;
    cito_errors errors;
    cito_errors_init(&errors, arena);
    cito_loc loc = { .name = CITO_STR("result") };
    if (cito_decode_value(value, callable->returns, NULL, &loc, into, arena, &errors))
        return;
    cito_str text = errors.count ? errors.items[0].msg : CITO_STR("it is larger than the memory of a request");
    cito_raise(500, "The result of task %s is not what %s returns: %s", callable->name, callable->name, text.data);
}

void cito_result_get_into(const cito_callable *callable, cito_str id, void *into, double timeout_s)
{
    asking this = asking_of(callable, id);
    this.timeout_s = timeout_s > 0 ? timeout_s : 0;
    ask(&this, load);
    const cito_value *meta = meta_of(&this), *result = cito_value_get(meta, "result");
    cito_str status = cito_value_string(cito_value_get(meta, "status"));
    if (cito_str_equal(status, "SUCCESS")) {
        decode_result(callable, result ? result : cito_value_null, this.arena, into);
    } else if (cito_str_equal(status, "FAILURE")) {
        cito_str text = failure_text(result);
        cito_raise(500, "%s", text.data);
    } else if (cito_str_equal(status, "REVOKED")) {
        cito_raise(410, "Task %s was revoked", id.data);
    } else {
        cito_raise(504, "Task %s has no result yet: it is %s", id.data, status.data);
    }
}

void cito_result_forget_id(const cito_callable *callable, cito_str id)
{
    asking this = asking_of(callable, id);
    ask(&this, forget);
}

/* ---- revoking: a control message to all workers ------------------------------------------------------------------------------------------------ */
static void broadcast(cito_loop *loop, void *data)
{
    asking *this = data;
    cito_broker *broker = cito_queue_broker(this->queue, loop);
    if (!broker)
        this->error = "its URL cannot be used: see the log";
    else
        keep_error(this, broker->methods->broadcast(broker, "celery.pidbox", "", this->envelope));
}

static cito_str revoke_envelope(cito_arena *arena, cito_str id, bool terminate)
{
    const cito_value *arguments = cito_object("task_id", id, "terminate", terminate, "signal", "SIGTERM");
    cito_str body = cito_json_text(
        cito_object("method", "revoke", "arguments", arguments, "destination", cito_null, "pattern", cito_null, "matcher", cito_null), 0);
    cito_buffer buffer;
    cito_buffer_init(&buffer);
    cito_buffer_append_literal(&buffer, "{\"body\":\"");
    cito_base64_write(body, &buffer);
    cito_buffer_append_literal(
        &buffer, "\",\"content-encoding\":\"utf-8\",\"content-type\":\"application/json\",\"headers\":{\"clock\":1,\"expires\":0},"
                 "\"properties\":{\"delivery_mode\":2,\"delivery_info\":{\"exchange\":\"celery.pidbox\",\"routing_key\":\"\"},"
                 "\"priority\":0,\"body_encoding\":\"base64\",\"delivery_tag\":");
    cito_json_write_string(&buffer, cito_uuid_make(arena));
    cito_buffer_append_literal(&buffer, "}}");
    cito_str envelope = cito_arena_copy_str(arena, buffer.data, buffer.len);
    cito_buffer_finish(&buffer);
    return envelope;
}

void cito_revoke_id(const cito_callable *callable, cito_str id, bool terminate)
{
    asking this = asking_of(callable, id);
    this.envelope = revoke_envelope(this.arena, id, terminate);
    if (!this.envelope.data)
        cito_raise(413, "There is no memory left in this request");
    ask(&this, broadcast);
}
