/* Pool: children on the supervisor, each with a socketpair that the loop watches.
 *
 * Invariants: a child has at most one job; what it wrote before it died is read before its loss is told, so a finished task is never taken for a lost one. A child
 * that is too many, or has run its number of tasks, is given no more and ends idle.
 * Threading: the loop's; forks happen on its thread. */
#include "tasks/pool.h"
#include "base/log.h"
#include "process/supervisor.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { READ_AT_ONCE = 64 * 1024, KEPT_BUFFER = 256 * 1024, GRACEFUL_MS = 5000 };

struct cito_pool {
    cito_loop *loop;
    cito_pool_options options;
    cito_supervisor *supervisor;
    cito_child *children, *gone;
    uv_signal_t child_signal;
    uv_timer_t step_timer;
    unsigned handles;
    bool is_stopping, has_ended, has_failed;
};

static void step(cito_pool *);

/* ---- channel ----------------------------------------------------------------------------------------------------------------- */
static void channel_event(uv_poll_t *, int status, int events);

static void watch_channel(cito_child *child)
{
    int wanted = UV_READABLE | (child->out.len ? UV_WRITABLE : 0);
    if (!child->poll || wanted == child->watched)
        return; /* to start it again costs system calls */
    child->watched = wanted;
    uv_poll_start(child->poll, wanted, channel_event);
}

static void unwatch_channel(cito_child *child)
{
    if (!child->poll)
        return;
    uv_poll_stop(child->poll);
    uv_close((uv_handle_t *)child->poll, (uv_close_cb)free);
    child->poll = NULL;
}

static void write_channel(cito_child *child)
{
    size_t written = 0;
    while (written < child->out.len) {
        ssize_t n = send(child->channel, child->out.data + written, child->out.len - written, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break; /* full: the loop tells when there is room; gone: its end is told by the supervisor */
        written += (size_t)n;
    }
    memmove(child->out.data, child->out.data + written, child->out.len - written);
    child->out.len -= written;
    if (!child->out.len && child->out.capacity > KEPT_BUFFER)
        cito_buffer_reset(&child->out, KEPT_BUFFER);
}

static void take_frames(cito_child *child)
{
    cito_frame frame;
    cito_str texts[4];
    size_t at = 0, size;
    while ((size = cito_frame_read(child->in.data + at, child->in.len - at, &frame, texts, 4)) > 0) {
        at += size;
        child->pool->options.frame(child->pool->options.data, child, &frame, texts);
    }
    if (at) {
        memmove(child->in.data, child->in.data + at, child->in.len - at);
        child->in.len -= at;
        if (!child->in.len)
            cito_buffer_reset(&child->in, KEPT_BUFFER);
    }
}

/* false: the child has closed its side. */
static bool read_channel(cito_child *child)
{
    for (;;) {
        ssize_t n = recv(child->channel, cito_buffer_reserve(&child->in, READ_AT_ONCE), READ_AT_ONCE, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK;
        if (n == 0)
            return false;
        child->in.len += (size_t)n;
        take_frames(child);
        if (n < READ_AT_ONCE)
            return true;
    }
}

static void channel_event(uv_poll_t *poll, int status, int events)
{
    cito_child *child = poll->data;
    (void)status;
    if (events & UV_WRITABLE)
        write_channel(child);
    if ((events & UV_READABLE || status < 0) && !read_channel(child))
        unwatch_channel(child); /* SIGCHLD comes */
    else
        watch_channel(child);
}

/* ---- children ---------------------------------------------------------------------------------------------------------------- */
static bool is_wanted(const cito_child *child)
{
    const cito_pool_options *options = &child->pool->options;
    return !child->is_gone && (unsigned)child->id <= options->size &&
           (!options->max_tasks_per_child || child->done_count < options->max_tasks_per_child);
}

static void child_started(void *data, const cito_worker_handle *handle)
{
    cito_pool *pool = data;
    cito_child *child = calloc(1, sizeof *child);
    uv_poll_t *poll = calloc(1, sizeof *poll);
    if (!child || !poll)
        cito_abort("out of memory: no child of the task pool can be watched");
    *child = (cito_child){
        .id = handle->id, .pid = handle->pid, .channel = handle->channel, .poll = poll, .pool = pool, .next = pool->children
    };
    cito_buffer_init(&child->in);
    cito_buffer_init(&child->out);
    pool->children = child;
    uv_poll_init(cito_loop_uv(pool->loop), poll, handle->channel);
    poll->data = child;
    watch_channel(child);
}

static void child_exited(void *data, const cito_worker_handle *handle, int wait_status, bool was_asked)
{
    cito_pool *pool = data;
    (void)was_asked;
    cito_child **link = &pool->children;
    while (*link && (*link)->pid != handle->pid)
        link = &(*link)->next;
    cito_child *child = *link;
    if (!child)
        return;
    *link = child->next;
    child->is_gone = true;
    child->out.len = 0;
    read_channel(child);
    unwatch_channel(child);
    if (child->job)
        pool->options.lost(pool->options.data, child, wait_status);
    /* Freed after the step: the callbacks may hold it on their stack. */
    child->next = pool->gone;
    pool->gone = child;
}

static void free_gone(cito_pool *pool)
{
    for (cito_child *child; (child = pool->gone);) {
        pool->gone = child->next;
        cito_buffer_finish(&child->in);
        cito_buffer_finish(&child->out);
        free(child);
    }
}

/* Children that are too many end one by one, the highest first, as the supervisor counts them, and idle ones only. */
static void shrink(cito_pool *pool)
{
    while (!pool->is_stopping && cito_supervisor_count(pool->supervisor) > pool->options.size) {
        int highest = (int)cito_supervisor_count(pool->supervisor);
        for (cito_child *child = pool->children; child; child = child->next)
            if (child->id == highest && child->job)
                return;
        cito_supervisor_set_count(pool->supervisor, (unsigned)highest - 1);
    }
}

/* ---- the supervisor -------------------------------------------------------------------------------------------------------------- */
static void step_timer_fired(uv_timer_t *timer) { step(timer->data); }

static void handle_closed(uv_handle_t *handle)
{
    cito_pool *pool = handle->data;
    if (--pool->handles == 0)
        pool->options.ended(pool->options.data);
}

static void end_when_empty(cito_pool *pool)
{
    if (!pool->is_stopping || pool->has_ended || !cito_supervisor_is_empty(pool->supervisor))
        return;
    pool->has_ended = true;
    pool->handles = 2;
    uv_close((uv_handle_t *)&pool->child_signal, handle_closed);
    uv_close((uv_handle_t *)&pool->step_timer, handle_closed);
}

static void step(cito_pool *pool)
{
    unsigned next_ms = 1000;
    if (pool->has_ended)
        return;
    bool works = cito_supervisor_step(pool->supervisor, &next_ms);
    free_gone(pool);
    if (!works && !pool->has_failed && !pool->is_stopping) {
        pool->has_failed = true;
        pool->options.failed(pool->options.data);
        return;
    }
    uv_timer_start(&pool->step_timer, step_timer_fired, next_ms, 0);
    end_when_empty(pool);
    if (!pool->is_stopping)
        pool->options.idle(pool->options.data);
}

static void child_signalled(uv_signal_t *signal, int number)
{
    (void)number;
    step(signal->data);
}

static int run_child(void *data, int id, int channel)
{
    cito_pool *pool = data;
    return pool->options.run(pool->options.data, id, channel);
}

cito_pool *cito_pool_new(cito_loop *loop, const cito_pool_options *options)
{
    cito_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        cito_abort("out of memory: no task pool");
    pool->loop = loop;
    pool->options = *options;
    uv_signal_init(cito_loop_uv(loop), &pool->child_signal);
    uv_timer_init(cito_loop_uv(loop), &pool->step_timer);
    pool->child_signal.data = pool->step_timer.data = pool;
    uv_signal_start(&pool->child_signal, child_signalled, SIGCHLD);
    const cito_worker_kind kind = { .name = "task worker",
                                    .run = run_child,
                                    .data = pool,
                                    .wants_channel = true,
                                    .graceful_ms = GRACEFUL_MS,
                                    .started = child_started,
                                    .exited = child_exited };
    pool->supervisor = cito_supervisor_new(&kind);
    cito_supervisor_set_count(pool->supervisor, options->size);
    return pool;
}

void cito_pool_start(cito_pool *pool) { step(pool); }

void cito_pool_free(cito_pool *pool)
{
    cito_supervisor_free(pool->supervisor);
    free_gone(pool);
    free(pool);
}

/* ---- the owner's side ------------------------------------------------------------------------------------------------------------ */
void cito_pool_resize(cito_pool *pool, unsigned size)
{
    pool->options.size = size;
    if (size > cito_supervisor_count(pool->supervisor))
        cito_supervisor_set_count(pool->supervisor, size);
    shrink(pool);
    step(pool);
}

unsigned cito_pool_size(const cito_pool *pool) { return pool->options.size; }

cito_child *cito_pool_idle(cito_pool *pool)
{
    if (pool->is_stopping)
        return NULL;
    for (cito_child *child = pool->children; child; child = child->next)
        if (!child->job && is_wanted(child) && child->poll)
            return child;
    return NULL;
}

void cito_pool_run(cito_child *child, void *job, const cito_buffer *frame)
{
    child->job = job;
    cito_buffer_append(&child->out, frame->data, frame->len);
    write_channel(child);
    if (child->out.len)
        watch_channel(child);
}

void cito_pool_done(cito_child *child)
{
    cito_pool *pool = child->pool;
    child->job = NULL;
    child->done_count++;
    if (child->is_gone || pool->is_stopping)
        return;
    if (cito_supervisor_count(pool->supervisor) > pool->options.size) {
        shrink(pool);
        uv_timer_start(&pool->step_timer, step_timer_fired, 0, 0);
    }
    pool->options.idle(pool->options.data);
}

void cito_pool_kill(cito_child *child, int signal_number) { cito_supervisor_kill(child->pool->supervisor, child->pid, signal_number); }

cito_child *cito_pool_children(cito_pool *pool) { return pool->children; }

void cito_pool_stop(cito_pool *pool, bool quick)
{
    pool->is_stopping = true;
    cito_supervisor_stop(pool->supervisor, quick);
    step(pool);
}
