/* Finish: how a job ends: its links are sent, then its result is stored, then, where it is late-acknowledged, its message is settled.
 *
 * Invariants: callbacks and the chain's next link are published before the own result is stored, so that it names them as children; a failure is stored under every
 * later link's id as well, or who waits for the last would wait for ever; a message is settled once.
 * Threading: the loop's. Source: facts on Celery 7, 8. */
#include "base/log.h"
#include "json/value.h"
#include "json/writer.h"
#include "tasks/running.h"
#include "tasks/worker_state.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* ---- settling --------------------------------------------------------------------------------------------------------------------- */
static void settle(cito_job *job)
{
    const cito_broker_methods *broker = job->worker->broker->methods;
    if (job->delivery && job->was_rejected)
        broker->reject(job->worker->broker, job->delivery, false);
    else if (job->delivery)
        broker->ack(job->worker->broker, job->delivery);
    job->delivery = NULL;
    cito_job_free(job);
}

static void stored(void *data, const char *error)
{
    cito_job *job = data;
    cito_task_worker *worker = job->worker;
    if (error)
        cito_log_write(CITO_LOG_ERROR, "Task %s[%s]: its result could not be stored: %s", job->message.task.data, job->message.id.data,
                       error);
    worker->busy--;
    settle(job);
}

static bool wants_result(const cito_job *job)
{
    return job->message.ignore_result == 0 || (job->message.ignore_result < 0 && !(job->task && job->task->options->ignore_result));
}

static cito_meta meta_of(const cito_job *job, bool is_final)
{
    return (cito_meta){ .id = job->message.id,
                        .status = { job->status, strlen(job->status) },
                        .result_json = job->result,
                        .traceback = job->traceback,
                        .children_json = job->children.len ? (cito_str){ job->children.data, job->children.len } : (cito_str){ NULL, 0 },
                        .group = job->message.group,
                        .parent_id = job->message.parent_id,
                        .is_final = is_final,
                        .may_exist = job->has_state || job->message.retries > 0 || job->message.redelivered };
}

/* Stores status, result, traceback and children, then settles. */
static void store_and_settle(cito_job *job)
{
    cito_task_worker *worker = job->worker;
    if (!wants_result(job) || !job->status) {
        settle(job);
        return;
    }
    if (job->children.len)
        cito_buffer_append_char(&job->children, ']');
    cito_meta meta = meta_of(job, strcmp(job->status, "RETRY") != 0);
    if (job->delivery) {
        worker->busy++;
        worker->backend->methods->store(worker->backend, &meta, stored, job);
    } else {
        worker->backend->methods->store(worker->backend, &meta, NULL, NULL);
        settle(job);
    }
}

/* ---- ends ------------------------------------------------------------------------------------------------------------------------- */
static cito_str kept(cito_job *job, cito_str text) { return cito_arena_copy_str(&job->arena, text.data, text.len); }

static void send_then_store(void *data)
{
    cito_job *job = data;
    cito_task_worker *worker = job->worker;
    if (strcmp(job->status, "SUCCESS") == 0)
        cito_job_send_links(job);
    else
        cito_job_send_errbacks(job);
    worker->busy--;
    store_and_settle(job);
    cito_task_worker_check_end(worker);
}

static void end(cito_job *job, bool has_links)
{
    if (!has_links) {
        store_and_settle(job);
        return;
    }
    job->worker->busy++;
    cito_coroutine_spawn(job->worker->loop, NULL, send_then_store, job);
}

static void succeed(cito_job *job, const cito_frame *frame, cito_str result)
{
    bool has_links = frame->flags & CITO_FRAME_HAS_LINKS;
    if (cito_log_is_on(CITO_LOG_INFO))
        cito_log_write(CITO_LOG_INFO, "Task %s[%s] succeeded in %.6fs", job->message.task.data, job->message.id.data,
                       cito_task_worker_now() - job->started_at);
    cito_event_succeeded(job, result);
    job->status = "SUCCESS";
    job->result = has_links || job->delivery ? kept(job, result) : result; /* else it is written out before the child's buffer moves on */
    end(job, has_links);
}

static void fail(cito_job *job, cito_str meta, cito_str traceback, bool has_links)
{
    job->status = "FAILURE";
    job->result = kept(job, meta);
    job->traceback = traceback.len ? kept(job, traceback) : (cito_str){ NULL, 0 };
    cito_log_write(CITO_LOG_ERROR, "Task %s[%s] failed: %.*s", job->message.task.data, job->message.id.data, (int)meta.len, meta.data);
    cito_event_failed(job, "task-failed");
    end(job, has_links);
}

void cito_job_fail(cito_job *job, const char *exc_type, const char *exc_module, const char *message)
{
    cito_str meta =
        cito_arena_format(&job->arena, "{\"exc_type\":\"%s\",\"exc_message\":%s,\"exc_module\":\"%s\"}", exc_type, message, exc_module);
    cito_job_take_out(job);
    fail(job, meta, cito_arena_format(&job->arena, "%s.%s: %s\n", exc_module, exc_type, message), true);
}

void cito_job_revoke(cito_job *job, const char *reason)
{
    bool expired = strcmp(reason, "expired") == 0, terminated = strcmp(reason, "terminated") == 0;
    cito_job_take_out(job);
    cito_log_write(CITO_LOG_INFO, "Task %s[%s] is discarded: %s", job->message.task.data, job->message.id.data, reason);
    cito_event_revoked(job, terminated, job->terminated_by, expired);
    job->status = "REVOKED";
    job->result = cito_arena_format(
        &job->arena, "{\"exc_type\":\"TaskRevokedError\",\"exc_message\":[\"%s\"],\"exc_module\":\"celery.exceptions\"}", reason);
    store_and_settle(job);
}

/* ---- what a child says ---------------------------------------------------------------------------------------------------------------- */
static void retry(void *data)
{
    cito_job *job = data;
    cito_task_worker *worker = job->worker;
    const char *error = cito_job_send_retry(job, job->limit);
    if (error)
        cito_log_write(CITO_LOG_ERROR, "Task %s[%s] could not be sent again: %s", job->message.task.data, job->message.id.data, error);
    cito_event_failed(job, "task-retried");
    worker->busy--;
    if (error)
        fail(job, job->result, job->traceback, true);
    else
        store_and_settle(job);
    cito_task_worker_check_end(worker);
}

static void begin_retry(cito_job *job, double countdown, cito_str meta, cito_str traceback)
{
    cito_log_write(CITO_LOG_INFO, "Task %s[%s] retry: in %gs: %.*s", job->message.task.data, job->message.id.data, countdown, (int)meta.len,
                   meta.data);
    job->status = "RETRY";
    job->result = kept(job, meta);
    job->traceback = kept(job, traceback);
    job->limit = countdown;
    job->worker->busy++;
    cito_coroutine_spawn(job->worker->loop, NULL, retry, job);
}

/* Ignore and Reject of celery.exceptions are no failures like others: the first leaves the state as the task has set it, the second gives the message up. */
static bool is_exception(cito_job *job, cito_str meta, const char *type)
{
    cito_str text = kept(job, meta);
    const cito_value *value = cito_value_parse(&job->arena, text, NULL, NULL);
    return cito_str_equal(cito_value_string(cito_value_get(value, "exc_module")), "celery.exceptions") &&
           cito_str_equal(cito_value_string(cito_value_get(value, "exc_type")), type);
}

static void failed(cito_job *job, const cito_frame *frame, const cito_str *texts)
{
    if (frame->flags & CITO_FRAME_BODY_UNFIT) {
        cito_log_write(CITO_LOG_ERROR, "A message for task %s is dropped: %.*s", job->message.task.data, (int)texts[0].len, texts[0].data);
        settle(job);
        return;
    }
    if (is_exception(job, texts[0], "Ignore")) {
        settle(job);
        return;
    }
    if (is_exception(job, texts[0], "Reject")) {
        cito_event_rejected(job, false);
        job->was_rejected = true;
    }
    fail(job, texts[0], texts[1], frame->flags & CITO_FRAME_HAS_LINKS);
}

static void store_state(cito_job *job, cito_str state, cito_str meta)
{
    job->has_state = true;
    job->worker->backend->methods->store(
        job->worker->backend,
        &(cito_meta){
            .id = job->message.id, .status = state, .result_json = meta, .group = job->message.group, .parent_id = job->message.parent_id },
        NULL, NULL);
}

/* The place among the child's jobs of the one that a frame speaks of; what it points at is NULL where that has ended. */
static cito_job **link_at(cito_job **first, uint32_t place)
{
    while (*first && (*first)->place != place)
        first = &(*first)->next_in_batch;
    return first;
}

/* One of its call's messages is done with: the child is idle again after the last one. */
static void leave_child(cito_child *child, uint32_t place)
{
    cito_job *first = child->job, **link = link_at(&first, place), *job = *link;
    *link = job->next_in_batch;
    job->next_in_batch = NULL;
    job->child = NULL;
    job->state = CITO_JOB_ENDING;
    if (first)
        child->job = first;
    else
        cito_pool_done(child); /* the next one is on its way to the child before this one's end is worked out */
}

void cito_task_worker_frame(void *data, cito_child *child, const cito_frame *frame, const cito_str *texts)
{
    cito_job *first = child->job, *job = *link_at(&first, frame->place);
    (void)data;
    if (!job)
        return;
    if (frame->kind == CITO_FRAME_STATE) {
        store_state(job, texts[0], texts[1]);
        return;
    }
    if (frame->kind == CITO_FRAME_SENT) {
        cito_job_add_child(job, texts[0]);
        return;
    }
    leave_child(child, frame->place);
    if (frame->kind == CITO_FRAME_SUCCESS)
        succeed(job, frame, texts[0]);
    else if (frame->kind == CITO_FRAME_RETRY)
        begin_retry(job, frame->number, texts[0], texts[1]);
    else
        failed(job, frame, texts);
}

/* ---- a child that died ------------------------------------------------------------------------------------------------------------------ */
static void give_back(cito_job *job, const cito_child *child, bool to_the_front)
{
    cito_task_worker *worker = job->worker;
    cito_log_write(CITO_LOG_WARNING, "Task %s[%s]: its process %d ended; the message goes back to its queue", job->message.task.data,
                   job->message.id.data, (int)child->pid);
    if (to_the_front)
        worker->broker->methods->give_back(worker->broker, job->delivery);
    else
        worker->broker->methods->reject(worker->broker, job->delivery, true);
    job->delivery = NULL;
    cito_job_free(job);
}

/* was_meant: by a cold end, or as it or another of its batch was terminated. The message itself is not to blame then, and keeps its place. */
static void lose(cito_job *job, const cito_child *child, int wait_status, bool was_meant)
{
    int number = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
    char message[160];
    job->next_in_batch = NULL;
    job->child = NULL;
    job->state = CITO_JOB_ENDING;
    if (job->timed_out) {
        snprintf(message, sizeof message, "[%g]", job->limit);
        cito_job_fail(job, "TimeLimitExceeded", "billiard.exceptions", message);
    } else if (job->terminated_by) {
        cito_job_revoke(job, "terminated");
    } else if (job->delivery && (was_meant || job->task->options->reject_on_worker_lost)) {
        give_back(job, child, was_meant);
    } else {
        if (number)
            snprintf(message, sizeof message, "[\"Worker exited prematurely: signal %d (SIG%s).\"]", number,
                     sigabbrev_np(number) ? sigabbrev_np(number) : "?");
        else
            snprintf(message, sizeof message, "[\"Worker exited prematurely: exitcode %d.\"]", WEXITSTATUS(wait_status));
        cito_job_fail(job, "WorkerLostError", "billiard.exceptions", message);
    }
}

static cito_job *reversed(cito_job *job)
{
    cito_job *row = NULL;
    for (cito_job *next; job; job = next) {
        next = job->next_in_batch;
        job->next_in_batch = row;
        row = job;
    }
    return row;
}

void cito_task_worker_lost(void *data, cito_child *child, int wait_status)
{
    const cito_task_worker *worker = data;
    cito_job *first = child->job;
    bool was_meant = worker->is_cold;
    child->job = NULL;
    for (const cito_job *job = first; job; job = job->next_in_batch)
        was_meant = was_meant || job->terminated_by;
    /* What goes to the front goes there newest first, what goes to the end oldest first: so their order stays. */
    for (cito_job *job = was_meant ? reversed(first) : first, *next; job; job = next) {
        next = job->next_in_batch;
        lose(job, child, wait_status, was_meant);
    }
}
