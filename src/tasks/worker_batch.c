/* Batch: messages of a task with flush_every wait here until they are enough, or the first has waited for long enough; then a child gets them in one call.
 *
 * The prefetch window counts calls, not messages: gathered ones are held beside it, or a small window would never fill a batch; and of a batch that runs the first
 * alone is held in it. What may be held so is bounded: one batch of each task that is gathered, and one for each child.
 *
 * Invariants: gathered messages are in no row of their own; their batch has one turn for all of them, and stands in one row as long as it holds any.
 * Threading: the loop's. Source: celery-batches, "flush_every", "flush_interval". */
#include "tasks/worker_state.h"

enum { BYTES_MAX = 4 << 20 }; /* of envelopes: a call's frame, and what a task gathers in the main process */
static const double default_interval = 1;

bool cito_task_is_of_batches(const cito_task *task) { return task->options->flush_every > 0; }

static cito_batch *batch_of(const cito_job *job) { return &job->worker->task_states[job->task_index].batch; }

static unsigned flush_every(const cito_job *job) { return (unsigned)job->task->options->flush_every; }

static double due_of(const cito_batch *batch)
{
    double interval = batch->first->task->options->flush_interval;
    return batch->first->gathered_at + (interval > 0 ? interval : default_interval);
}

/* ---- the window ------------------------------------------------------------------------------------------------------------------- */
/* To tell the broker costs it a look at its queues, so it is told of every few messages. The window is never too small to take another. */
static void fit_prefetch_roughly(cito_task_worker *worker)
{
    unsigned wanted = cito_task_worker_prefetch(worker), told = worker->told_prefetch;
    unsigned base = wanted - worker->scheduled_count - worker->beside_count;
    if (wanted > told ? wanted - told >= (base + 1) / 2 : told - wanted > told / 4)
        cito_task_worker_fit_prefetch(worker);
}

void cito_job_set_beside(cito_job *job, bool is_beside)
{
    cito_task_worker *worker = job->worker;
    if (job->is_beside == is_beside)
        return;
    job->is_beside = is_beside;
    worker->beside_count += is_beside ? 1 : -1U;
    fit_prefetch_roughly(worker);
}

/* As many as make a batch; further ones are held in the window, like messages of other tasks. */
static void hold_beside(cito_batch *batch, cito_job *job)
{
    if (batch->beside_count >= flush_every(job) || batch->beside_bytes >= BYTES_MAX)
        return;
    batch->beside_count++;
    batch->beside_bytes += job->delivery->envelope.len;
    cito_job_set_beside(job, true);
}

static void leave(cito_batch *batch, cito_job *job)
{
    batch->count--;
    batch->bytes -= job->delivery->envelope.len;
    if (job->is_beside) {
        batch->beside_count--;
        batch->beside_bytes -= job->delivery->envelope.len;
    }
}

/* ---- its turn --------------------------------------------------------------------------------------------------------------------- */
static bool is_full(const cito_batch *batch) { return batch->count >= flush_every(batch->first) || batch->bytes >= BYTES_MAX; }

static void leave_rows(cito_task_worker *worker, cito_batch *batch)
{
    if (batch->state == CITO_BATCH_READY)
        cito_turn_remove(worker, &batch->turn);
    cito_eta_remove(&worker->later, &batch->turn.later);
    batch->state = CITO_BATCH_EMPTY;
}

static void begin_turn(cito_task_worker *worker, cito_batch *batch, double now)
{
    leave_rows(worker, batch);
    if (is_full(batch) || due_of(batch) <= now) {
        batch->state = CITO_BATCH_READY;
        cito_turn_append(worker, &batch->turn);
    } else {
        batch->state = CITO_BATCH_FILLS;
        cito_turn_put_off(worker, &batch->turn, due_of(batch));
    }
}

/* ---- the messages ------------------------------------------------------------------------------------------------------------------- */
void cito_batch_add(cito_job *job)
{
    cito_batch *batch = batch_of(job);
    job->state = CITO_JOB_GATHERED;
    job->gathered_at = cito_task_worker_now();
    job->next_in_batch = NULL;
    batch->turn.batch = batch;
    *(batch->last ? &batch->last->next_in_batch : &batch->first) = job;
    batch->last = job;
    batch->count++;
    batch->bytes += job->delivery->envelope.len;
    hold_beside(batch, job);
    if (batch->state == CITO_BATCH_EMPTY || (batch->state == CITO_BATCH_FILLS && is_full(batch)))
        begin_turn(job->worker, batch, job->gathered_at);
}

void cito_batch_remove(cito_job *job)
{
    cito_batch *batch = batch_of(job);
    cito_job **link = &batch->first, *before = NULL;
    while (*link != job) {
        before = *link;
        link = &before->next_in_batch;
    }
    *link = job->next_in_batch;
    if (batch->last == job)
        batch->last = before;
    leave(batch, job);
    cito_job_set_beside(job, false);
    job->next_in_batch = NULL;
    if (!batch->first)
        leave_rows(job->worker, batch);
}

bool cito_batch_drop_expired(cito_task_worker *worker, cito_batch *batch, double now)
{
    unsigned looked_at = 0;
    batch->state = CITO_BATCH_EMPTY; /* its turn stands in no row */
    for (cito_job *job = batch->first, *next; job && looked_at < flush_every(job); job = next) {
        next = job->next_in_batch;
        if (job->message.expires > 0 && job->message.expires < now)
            cito_job_revoke(job, "expired");
        else
            looked_at++;
    }
    if (!batch->first)
        return false;
    if (is_full(batch) || due_of(batch) <= now)
        return true;
    begin_turn(worker, batch, now);
    return false;
}

cito_job *cito_batch_take(cito_task_worker *worker, cito_batch *batch, double now)
{
    cito_job *first = batch->first, **end = &first;
    size_t bytes = 0;
    unsigned count = 0, most = flush_every(first);
    for (; *end && count < most && bytes < BYTES_MAX; end = &(*end)->next_in_batch) {
        (*end)->place = count++;
        bytes += (*end)->delivery->envelope.len;
        leave(batch, *end);
    }
    batch->first = *end;
    *end = NULL;
    if (!batch->first)
        batch->last = NULL;
    for (cito_job *job = batch->first; job && batch->beside_count < most && batch->beside_bytes < BYTES_MAX; job = job->next_in_batch)
        if (!job->is_beside)
            hold_beside(batch, job);
    if (batch->first)
        begin_turn(worker, batch, now);
    return first;
}
