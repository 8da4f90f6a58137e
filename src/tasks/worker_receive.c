/* Receipt: a message becomes a job, waits for its time, its rate and an idle child, and is handed over.
 *
 * A call is of one message, or of a batch (worker_batch.c): a row of jobs by next_in_batch, of which most calls have one.
 *
 * Invariants: whatever a message holds, it is settled and the worker goes on; a job that waits for its ETA raises the prefetch window by one, so that it never holds
 * up others; an early-acknowledged message is acknowledged when its bytes are on their way to an idle child, just before it runs.
 * Threading: the loop's. */
#include "base/clock.h"
#include "base/log.h"
#include "json/writer.h"

#include "tasks/worker_state.h"
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { SPARE_JOBS = 64 };
static const double longest_nap = 60; /* the wall clock may be set meanwhile */

double cito_task_worker_now(void) { return (double)cito_clock_wall_ns() / 1e9; }

/* ---- jobs ------------------------------------------------------------------------------------------------------------------------- */
static cito_job *job_new(cito_task_worker *worker, cito_delivery *delivery)
{
    cito_job *job = worker->spare;
    if (job) {
        worker->spare = job->next;
        worker->spare_count--;
    } else {
        job = calloc(1, sizeof *job);
        if (!job)
            cito_abort("out of memory: a message cannot be taken");
        cito_arena_init(&job->arena, 0);
        cito_buffer_init(&job->children);
    }
    cito_arena arena = job->arena;
    cito_buffer children = job->children;
    *job = (cito_job){ .previous = worker->last, .worker = worker, .arena = arena, .children = children, .delivery = delivery };
    if (worker->last)
        worker->last->next = job;
    else
        worker->first = job;
    worker->last = job;
    return job;
}

void cito_job_free(cito_job *job)
{
    cito_task_worker *worker = job->worker;
    cito_job_set_beside(job, false);
    *(job->previous ? &job->previous->next : &worker->first) = job->next;
    *(job->next ? &job->next->previous : &worker->last) = job->previous;
    cito_arena_reset(&job->arena);
    cito_buffer_reset(&job->children, 4096);
    if (worker->spare_count < SPARE_JOBS) {
        job->next = worker->spare;
        worker->spare = job;
        worker->spare_count++;
    } else {
        cito_arena_finish(&job->arena);
        cito_buffer_finish(&job->children);
        free(job);
    }
    cito_task_worker_check_end(worker);
}

cito_job *cito_job_by_id(cito_task_worker *worker, cito_str id)
{
    cito_job *job = worker->first;
    while (job && !cito_same(job->message.id, id))
        job = job->next;
    return job;
}

/* ---- turns ------------------------------------------------------------------------------------------------------------------------ */
static cito_job *job_of(cito_turn *turn) { return (cito_job *)((char *)turn - offsetof(cito_job, turn)); }

void cito_turn_append(cito_task_worker *worker, cito_turn *turn)
{
    turn->next = NULL;
    if (worker->ready_last)
        worker->ready_last->next = turn;
    else
        worker->ready_first = turn;
    worker->ready_last = turn;
}

void cito_turn_remove(cito_task_worker *worker, cito_turn *turn)
{
    cito_turn **link = &worker->ready_first, *before = NULL;
    while (*link && *link != turn) {
        before = *link;
        link = &before->next;
    }
    if (!*link)
        return;
    *link = turn->next;
    if (worker->ready_last == turn)
        worker->ready_last = before;
}

/* It may run now: alone, or when its batch does. */
static void make_ready(cito_job *job)
{
    if (cito_task_is_of_batches(job->task)) {
        cito_batch_add(job);
        return;
    }
    job->state = CITO_JOB_RESERVED;
    cito_turn_append(job->worker, &job->turn);
}

void cito_job_take_out(cito_job *job)
{
    if (job->state == CITO_JOB_RESERVED)
        cito_turn_remove(job->worker, &job->turn);
    else if (job->state == CITO_JOB_GATHERED)
        cito_batch_remove(job);
    cito_eta_remove(&job->worker->later, &job->turn.later);
    if (job->state == CITO_JOB_SCHEDULED) {
        job->worker->scheduled_count--;
        cito_task_worker_fit_prefetch(job->worker);
    }
    job->state = CITO_JOB_ENDING;
}

/* ---- limits ------------------------------------------------------------------------------------------------------------------------ */
static double limit_of(double of_message, double of_control, double of_task, unsigned of_worker_ms)
{
    return of_message > 0 ? of_message : of_control >= 0 ? of_control : of_task > 0 ? of_task : of_worker_ms / 1e3;
}

double cito_job_hard_limit(const cito_job *job)
{
    const cito_task_worker *worker = job->worker;
    return limit_of(job->message.time_limit, worker->task_states[job->task_index].time_limit, job->task->options->time_limit,
                    worker->settings->time_limit_ms);
}

/* Of a call: its messages' longest, as none of them shall end sooner than it would alone. 0: one of them has none. */
static double longest(const cito_job *job, double (*limit)(const cito_job *))
{
    double most = limit(job);
    for (job = job->next_in_batch; job && most > 0; job = job->next_in_batch) {
        double one = limit(job);
        most = one > 0 ? fmax(most, one) : 0;
    }
    return most;
}

double cito_job_soft_limit(const cito_job *job)
{
    const cito_task_worker *worker = job->worker;
    return limit_of(job->message.soft_time_limit, worker->task_states[job->task_index].soft_time_limit, job->task->options->soft_time_limit,
                    worker->settings->soft_time_limit_ms);
}

/* ---- later ------------------------------------------------------------------------------------------------------------------------- */
void cito_task_worker_arm(cito_task_worker *worker)
{
    const cito_eta_node *first = cito_eta_first(&worker->later);
    double due = first ? first->due : 0;
    for (const cito_child *child = cito_pool_children(worker->pool); child; child = child->next) {
        const cito_job *job = child->job;
        if (job && job->limit > 0 && !job->timed_out && (!(due > 0) || job->started_at + job->limit < due))
            due = job->started_at + job->limit;
    }
    if (!(due > 0)) {
        worker->later_armed_for = 0;
        uv_timer_stop(&worker->later_timer);
        return;
    }
    double nap = fmin(fmax(due - cito_task_worker_now(), 0), longest_nap);
    worker->later_armed_for = due;
    uv_timer_start(&worker->later_timer, cito_task_worker_later_fired, (uint64_t)ceil(nap * 1000), 0);
}

static void arm_for(cito_task_worker *worker, double due)
{
    if (!(worker->later_armed_for > 0) || due < worker->later_armed_for)
        cito_task_worker_arm(worker);
}

void cito_turn_put_off(cito_task_worker *worker, cito_turn *turn, double due)
{
    cito_eta_add(&worker->later, &turn->later, due);
    arm_for(worker, due);
}

static void kill_overdue(cito_task_worker *worker, double now)
{
    for (cito_child *child = cito_pool_children(worker->pool); child; child = child->next) {
        cito_job *job = child->job;
        if (!job || !(job->limit > 0) || job->timed_out || job->started_at + job->limit > now)
            continue;
        cito_log_write(CITO_LOG_ERROR, "Task %s[%s]: hard time limit of %g s exceeded; its process %d is killed", job->message.task.data,
                       job->message.id.data, job->limit, (int)child->pid);
        for (; job; job = job->next_in_batch)
            job->timed_out = true;
        cito_pool_kill(child, SIGKILL);
    }
}

static void turn_is_due(cito_task_worker *worker, cito_turn *turn, double now)
{
    if (turn->batch) {
        cito_eta_remove(&worker->later, &turn->later);
        turn->batch->state = CITO_BATCH_READY;
        cito_turn_append(worker, turn);
        return;
    }
    cito_job *job = job_of(turn);
    cito_job_state state = job->state;
    cito_job_take_out(job);
    if (state == CITO_JOB_SCHEDULED && job->message.expires > 0 && job->message.expires < now)
        cito_job_revoke(job, "expired");
    else
        make_ready(job);
}

void cito_task_worker_later_fired(uv_timer_t *timer)
{
    cito_task_worker *worker = timer->data;
    double now = cito_task_worker_now();
    worker->later_armed_for = 0;
    kill_overdue(worker, now);
    for (cito_eta_node *first; (first = cito_eta_first(&worker->later)) && first->due <= now;)
        turn_is_due(worker, (cito_turn *)((char *)first - offsetof(cito_turn, later)), now);
    cito_task_worker_dispatch(worker);
    cito_task_worker_arm(worker);
}

/* ---- handing over -------------------------------------------------------------------------------------------------------------------- */
static void store_started(cito_job *job)
{
    if (!job->task->options->track_started || job->message.ignore_result > 0)
        return;
    job->has_state = true;
    cito_str result = cito_arena_format(&job->arena, "{\"pid\":%d,\"hostname\":\"%s\"}", (int)job->child->pid, job->worker->node_name.data);
    job->worker->backend->methods->store(job->worker->backend,
                                         &(cito_meta){ .id = job->message.id,
                                                       .status = CITO_STR("STARTED"),
                                                       .result_json = result,
                                                       .group = job->message.group,
                                                       .parent_id = job->message.parent_id },
                                         NULL, NULL);
}

static void start_one(cito_job *job, cito_child *child, double now, double limit)
{
    cito_task_worker *worker = job->worker;
    job->state = CITO_JOB_ACTIVE;
    job->child = child;
    job->started_at = now;
    job->limit = limit;
    if (!job->is_late) {
        worker->broker->methods->ack(worker->broker, job->delivery);
        job->delivery = NULL;
    }
    cito_job_set_beside(job, job->place > 0 && job->delivery);
    worker->task_states[job->task_index].total++;
    worker->processed++;
    store_started(job);
    cito_event_started(job);
}

static void hand_over(cito_job *first, cito_child *child)
{
    cito_task_worker *worker = first->worker;
    cito_frame head = { .kind = CITO_FRAME_RUN, .task = first->task_index, .number = longest(first, cito_job_soft_limit) };
    cito_buffer frame;
    size_t size = sizeof head;
    unsigned count = 0;
    for (const cito_job *job = first; job; job = job->next_in_batch, count++)
        size += job->delivery->envelope.len + CITO_FRAME_TEXT_EXTRA;
    for (cito_job *job = first; job; job = job->next_in_batch)
        if (job->is_late && worker->broker->methods->hold)
            worker->broker->methods->hold(worker->broker, job->delivery);
    cito_buffer_init(&frame);
    cito_buffer_reserve(&frame, size);
    cito_frame_begin(&frame, head);
    for (const cito_job *job = first; job; job = job->next_in_batch)
        cito_frame_add(&frame, job->delivery->envelope);
    cito_frame_end(&frame, 0, count);
    cito_pool_run(child, first, &frame);
    cito_buffer_finish(&frame);
    double now = cito_task_worker_now(), limit = longest(first, cito_job_hard_limit);
    for (cito_job *job = first; job; job = job->next_in_batch)
        start_one(job, child, now, limit);
    if (limit > 0)
        arm_for(worker, now + limit);
}

/* Its turn stands in no row. What has expired ends; false: nothing is left to run. */
static bool drop_expired(cito_task_worker *worker, cito_turn *turn, double now)
{
    if (turn->batch)
        return cito_batch_drop_expired(worker, turn->batch, now);
    cito_job *job = job_of(turn);
    job->state = CITO_JOB_ENDING;
    if (!(job->message.expires > 0 && job->message.expires < now))
        return true;
    cito_job_revoke(job, "expired");
    return false;
}

static void limit_rate(cito_task_worker *worker, cito_turn *turn, double due)
{
    if (turn->batch)
        turn->batch->state = CITO_BATCH_LIMITED;
    else
        job_of(turn)->state = CITO_JOB_LIMITED;
    cito_turn_put_off(worker, turn, due);
}

void cito_task_worker_dispatch(void *data)
{
    cito_task_worker *worker = data;
    cito_child *child;
    while (worker->ready_first && !worker->is_stopping && (child = cito_pool_idle(worker->pool))) {
        cito_turn *turn = worker->ready_first;
        cito_turn_remove(worker, turn);
        double now = cito_task_worker_now();
        if (!drop_expired(worker, turn, now))
            continue;
        const cito_job *next = turn->batch ? turn->batch->first : job_of(turn);
        double wait = cito_rate_take(&worker->task_states[next->task_index].rate, now);
        if (wait > 0)
            limit_rate(worker, turn, now + wait);
        else
            hand_over(turn->batch ? cito_batch_take(worker, turn->batch, now) : job_of(turn), child);
    }
}

/* ---- receipt ------------------------------------------------------------------------------------------------------------------------- */
/* Undecodable content is no task of anybody's: there is no id to fail under. */
static void drop(cito_job *job, const char *why)
{
    cito_task_worker *worker = job->worker;
    cito_log_write(CITO_LOG_ERROR, "A message in queue %.*s is dropped: %s", (int)job->delivery->queue.len, job->delivery->queue.data, why);
    worker->broker->methods->ack(worker->broker, job->delivery);
    job->delivery = NULL;
    cito_job_free(job);
}

static bool find_task(cito_job *job)
{
    job->task = cito_task_by_name(job->message.task);
    if (!job->task)
        return false;
    job->task_index = (uint32_t)(job->task - job->worker->tasks);
    job->is_late = job->task->options->acks_late;
    return true;
}

static void refuse_unknown(cito_job *job)
{
    cito_log_write(CITO_LOG_ERROR,
                   "Received unregistered task of type '%s'. The message is refused; tasks of this program: see `inspect registered`",
                   job->message.task.data);
    cito_buffer message;
    cito_buffer_init(&message);
    cito_buffer_append_char(&message, '[');
    cito_json_write_string(&message, job->message.task);
    cito_buffer_append_char(&message, ']');
    message.data[message.len] = 0;
    cito_job_fail(job, "NotRegistered", "celery.exceptions", message.data);
    cito_buffer_finish(&message);
}

void cito_task_worker_receive(void *data, cito_delivery *delivery)
{
    cito_task_worker *worker = data;
    if (worker->is_stopping) {
        worker->broker->methods->give_back(worker->broker, delivery);
        return;
    }
    cito_job *job = job_new(worker, delivery);
    const char *unfit = cito_message_read_envelope(delivery->envelope, &job->arena, &job->message);
    job->state = CITO_JOB_ENDING;
    if (unfit) {
        drop(job, unfit);
        return;
    }
    if (!find_task(job)) {
        refuse_unknown(job);
        return;
    }
    cito_event_received(job);
    if (cito_revoked_has(&worker->revoked, job->message.id)) {
        cito_job_revoke(job, "revoked");
        return;
    }
    double now = cito_task_worker_now();
    if (job->message.expires > 0 && job->message.expires < now) {
        cito_job_revoke(job, "expired");
    } else if (job->message.eta > now) {
        worker->scheduled_count++;
        job->state = CITO_JOB_SCHEDULED;
        cito_turn_put_off(worker, &job->turn, job->message.eta);
        cito_task_worker_fit_prefetch(worker);
    } else {
        make_ready(job);
        cito_task_worker_dispatch(worker);
    }
}
