/* Worker: its life: the pool is forked, the broker is listened to, and at the end what runs is waited for and what waits is given back.
 *
 * Invariants: children are forked before the process has connections; nothing is taken from the broker once it stops; the process ends when every job is settled and
 * everything that was to be sent is sent.
 * Threading: main's thread is the loop's. */
#include "tasks/worker.h"
#include "base/log.h"
#include "tasks/worker_state.h"
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEARTBEAT_MS = 2000, DEFAULT_PREFETCH = 4 };

struct cito_post {
    cito_post *next;
    cito_buffer envelope;
    const char *exchange; /* NULL: to the queue `key` */
    char key[256];
};

/* ---- sending in the background ---------------------------------------------------------------------------------------------------- */
static void send_posts(void *data)
{
    cito_task_worker *worker = data;
    const cito_broker_methods *broker = worker->broker->methods;
    for (cito_post *post; (post = worker->posts);) {
        cito_str envelope = { post->envelope.data, post->envelope.len };
        const char *error = post->exchange ? broker->broadcast(worker->broker, post->exchange, post->key, envelope)
                                           : broker->publish_raw(worker->broker, post->key, envelope);
        if (error)
            cito_log_write(CITO_LOG_WARNING, "%s %s could not be sent: %s", post->exchange ? "event" : "reply to", post->key, error);
        worker->posts = post->next;
        if (!worker->posts)
            worker->posts_end = &worker->posts;
        cito_buffer_finish(&post->envelope);
        free(post);
    }
    worker->posts_run = false;
    worker->busy--;
    cito_task_worker_check_end(worker);
}

void cito_task_worker_post(cito_task_worker *worker, const char *exchange, const char *key, cito_buffer *envelope)
{
    cito_post *post = calloc(1, sizeof *post);
    if (!post)
        cito_abort("out of memory: %s cannot be sent", key);
    post->envelope = *envelope;
    post->exchange = exchange;
    snprintf(post->key, sizeof post->key, "%s", key);
    *worker->posts_end = post;
    worker->posts_end = &post->next;
    if (!worker->posts_run) {
        worker->posts_run = true;
        worker->busy++;
        cito_coroutine_spawn(worker->loop, NULL, send_posts, worker);
    }
}

unsigned cito_task_worker_prefetch(const cito_task_worker *worker)
{
    return cito_pool_size(worker->pool) * worker->prefetch_multiplier + worker->scheduled_count + worker->beside_count;
}

void cito_task_worker_fit_prefetch(cito_task_worker *worker)
{
    if (worker->is_stopping)
        return;
    worker->told_prefetch = cito_task_worker_prefetch(worker);
    worker->broker->methods->set_prefetch(worker->broker, worker->told_prefetch);
}

/* ---- end ---------------------------------------------------------------------------------------------------------------------------- */
static void close_all(void *data)
{
    cito_task_worker *worker = data;
    cito_buffer_reset(&worker->events, 0);
    const char *error = worker->backend->methods->flush(worker->backend);
    if (error)
        cito_log_write(CITO_LOG_ERROR, "Results could not be stored: %s", error);
    if ((error = worker->broker->methods->flush(worker->broker)))
        cito_log_write(CITO_LOG_ERROR, "The broker: %s", error);
    cito_queues_close(worker->loop);
    cito_pool_stop(worker->pool, worker->is_cold);
}

void cito_task_worker_check_end(cito_task_worker *worker)
{
    if (!worker->is_stopping || worker->first || worker->busy || !worker->broker)
        return;
    if (!worker->is_closing) {
        worker->is_closing = true;
        cito_events_flush(worker);
        cito_event_worker(worker, "worker-offline"); /* comes here again when it is sent */
        return;
    }
    if (worker->handles)
        return;
    worker->handles = 1;
    cito_coroutine_spawn(worker->loop, NULL, close_all, worker);
}

/* The newest first: each goes to the front of its queue, so that the oldest is the next one taken. */
static void give_back_waiting(cito_task_worker *worker)
{
    for (cito_job *job = worker->last, *before; job; job = before) {
        before = job->previous;
        if (job->state == CITO_JOB_ACTIVE || job->state == CITO_JOB_ENDING)
            continue;
        cito_job_take_out(job);
        worker->broker->methods->give_back(worker->broker, job->delivery);
        job->delivery = NULL;
        cito_job_free(job);
    }
}

static void end_active(cito_task_worker *worker)
{
    for (cito_child *child = cito_pool_children(worker->pool); child; child = child->next)
        if (child->job)
            cito_pool_kill(child, SIGKILL);
}

void cito_task_worker_stop(cito_task_worker *worker, bool cold)
{
    if (worker->is_closing || (worker->is_stopping && (!cold || worker->is_cold)))
        return;
    bool first = !worker->is_stopping;
    worker->is_stopping = true;
    worker->is_cold = cold;
    cito_log_write(CITO_LOG_INFO, cold ? "worker: Cold shutdown" : "worker: Warm shutdown");
    worker->busy++; /* the loops below free jobs: the end is looked for once, behind them */
    if (first) {
        worker->broker->methods->stop_consuming(worker->broker);
        give_back_waiting(worker);
    }
    if (cold)
        end_active(worker);
    worker->busy--;
    cito_task_worker_check_end(worker);
}

static void on_signal(uv_signal_t *signal, int number)
{
    cito_task_worker *worker = signal->data;
    if (!worker->broker)
        _exit(1); /* start-up hangs, and its user wants out */
    cito_task_worker_stop(worker, number == SIGQUIT || (number == SIGINT && worker->is_stopping));
}

static void handle_closed(uv_handle_t *handle)
{
    cito_task_worker *worker = handle->data;
    if (--worker->handles == 0)
        cito_loop_stop(worker->loop);
}

static void pool_ended(void *data)
{
    cito_task_worker *worker = data;
    uv_handle_t *handles[] = { (uv_handle_t *)&worker->later_timer,  (uv_handle_t *)&worker->heartbeat_timer,
                               (uv_handle_t *)&worker->events_timer, (uv_handle_t *)&worker->signals[0],
                               (uv_handle_t *)&worker->signals[1],   (uv_handle_t *)&worker->signals[2] };
    worker->handles = sizeof handles / sizeof *handles;
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++)
        uv_close(handles[i], handle_closed);
}

static void pool_failed(void *data)
{
    cito_task_worker *worker = data;
    worker->exit_code = 1;
    cito_task_worker_stop(worker, true);
}

/* ---- start -------------------------------------------------------------------------------------------------------------------------- */
static int run_child(void *data, int id, int channel)
{
    cito_task_worker *worker = data;
    (void)id;
    return cito_child_run(&worker->child_settings, channel);
}

/* "celery@%h": %h the host, %n its first part, %d the rest. A name without @ is the part behind it. */
static cito_str node_name(cito_task_worker *worker, const char *given)
{
    char host[256] = "localhost";
    cito_buffer name;
    cito_buffer_init(&name);
    gethostname(host, sizeof host - 1);
    const char *dot = strchr(host, '.');
    if (!given || !strchr(given, '@'))
        cito_buffer_append_literal(&name, "celery@");
    for (const char *c = given ? given : "%h"; *c; c++) {
        if (*c != '%' || !c[1] || !strchr("hnd%", c[1])) {
            cito_buffer_append_char(&name, *c);
            continue;
        }
        c++;
        if (*c == 'h')
            cito_buffer_append(&name, host, strlen(host));
        else if (*c == 'n')
            cito_buffer_append(&name, host, dot ? (size_t)(dot - host) : strlen(host));
        else if (*c == 'd')
            cito_buffer_append(&name, dot ? dot + 1 : "", dot ? strlen(dot + 1) : 0);
        else
            cito_buffer_append_char(&name, '%');
    }
    cito_str kept = cito_arena_copy_str(&worker->texts, name.data, name.len);
    cito_buffer_finish(&name);
    return kept;
}

static void add_queue(cito_task_worker *worker, const char *name, size_t len)
{
    for (unsigned i = 0; i < worker->queue_count; i++)
        if (strlen(worker->queue_names[i]) == len && memcmp(worker->queue_names[i], name, len) == 0)
            return;
    if (len && worker->queue_count < sizeof worker->queue_names / sizeof *worker->queue_names - 1)
        worker->queue_names[worker->queue_count++] = cito_arena_copy_str(&worker->texts, name, len).data;
}

static void choose_queues(cito_task_worker *worker)
{
    const char *given = worker->settings->queues;
    while (given && *given) {
        size_t len = strcspn(given, ",");
        add_queue(worker, given, len);
        given += len + (given[len] == ',');
    }
    for (size_t i = 0; !worker->settings->queues && i < worker->task_count; i++) {
        const cito_task *task = &worker->tasks[i];
        const char *name = task->options->queue ? task->options->queue : task->queue->name ? task->queue->name : "celery";
        add_queue(worker, name, strlen(name));
    }
}

static bool find_tasks(cito_task_worker *worker)
{
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    worker->tasks = cito_tasks_all(NULL, &worker->task_count, &mistakes);
    bool right = !mistakes.len && worker->task_count;
    if (mistakes.len)
        fprintf(stderr, "%.*s", (int)mistakes.len, mistakes.data);
    else if (!worker->task_count)
        fprintf(stderr, "This program declares no task: CITO_TASK(queue) stands before the CITO_DEF that a worker shall run\n");
    cito_buffer_finish(&mistakes);
    if (!right)
        return false;
    worker->queue = worker->tasks[0].queue;
    worker->task_states = calloc(worker->task_count, sizeof *worker->task_states);
    if (!worker->task_states)
        cito_abort("out of memory: %zu tasks", worker->task_count);
    for (size_t i = 0; i < worker->task_count; i++) {
        const char *rate = worker->tasks[i].options->rate_limit;
        double per_second = 0;
        if (rate && !cito_rate_parse((cito_str){ rate, strlen(rate) }, &per_second)) {
            fprintf(stderr, "%s:%d: .rate_limit = \"%s\" is no rate: write it as \"10/s\", \"100/m\" or \"1000/h\"\n",
                    worker->tasks[i].options->file, worker->tasks[i].options->line, rate);
            return false;
        }
        worker->task_states[i] = (cito_task_state){ .time_limit = -1, .soft_time_limit = -1 };
        cito_rate_set(&worker->task_states[i].rate, per_second, cito_task_worker_now());
    }
    return true;
}

static void heartbeat_fired(uv_timer_t *timer)
{
    cito_task_worker *worker = timer->data;
    if (!worker->is_closing)
        cito_event_worker(worker, "worker-heartbeat");
}

static void connection_changed(void *data, bool is_up, const char *text)
{
    (void)data;
    if (is_up)
        cito_log_write(CITO_LOG_INFO, "Connected to %s", text && *text ? text : "the broker");
    else
        cito_log_write(CITO_LOG_WARNING, "%s", text && *text ? text : "The connection to the broker is lost; trying again");
}

static void start(void *data)
{
    cito_task_worker *worker = data;
    const cito_consumer_events events = {
        .data = worker, .message = cito_task_worker_receive, .broadcast = cito_control_receive, .connection = connection_changed
    };
    cito_broker *broker = cito_queue_broker(worker->queue, worker->loop);
    worker->backend = cito_queue_backend(worker->queue, worker->loop);
    if (!broker || !worker->backend) { /* the log says why */
        worker->exit_code = 1;
        cito_queues_close(worker->loop);
        cito_pool_stop(worker->pool, false);
        return;
    }
    worker->broker = broker;
    worker->told_prefetch = cito_task_worker_prefetch(worker);
    const char *error = broker->methods->consume(broker, worker->queue_names, worker->told_prefetch, worker->node_name.data, &events);
    if (error) {
        fprintf(stderr, "The broker cannot be consumed from: %s\n", error);
        worker->exit_code = 1;
        worker->is_closing = worker->is_stopping = true;
        cito_task_worker_check_end(worker);
        return;
    }
    cito_event_worker(worker, "worker-online");
    uv_timer_start(&worker->heartbeat_timer, heartbeat_fired, HEARTBEAT_MS, HEARTBEAT_MS);
    cito_log_write(CITO_LOG_INFO, "%s ready.", worker->node_name.data);
}

static void print_banner(const cito_task_worker *worker)
{
    /* Where the broker is stands in the line that says that it is connected: a URL may hold a password. */
    printf("\n   Worker  %s\n    Tasks  %zu\n   Queues ", worker->node_name.data, worker->task_count);
    for (unsigned i = 0; i < worker->queue_count; i++)
        printf(" %s", worker->queue_names[i]);
    printf("\n     Pool  %u processes\n     Stop  Ctrl+C\n\n", cito_pool_size(worker->pool));
    fflush(stdout);
}

static void prepare_handles(cito_task_worker *worker)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGQUIT };
    uv_loop_t *uv = cito_loop_uv(worker->loop);
    uv_timer_init(uv, &worker->later_timer);
    uv_timer_init(uv, &worker->heartbeat_timer);
    uv_timer_init(uv, &worker->events_timer);
    worker->later_timer.data = worker->heartbeat_timer.data = worker->events_timer.data = worker;
    for (size_t i = 0; i < 3; i++) {
        uv_signal_init(uv, &worker->signals[i]);
        worker->signals[i].data = worker;
        uv_signal_start(&worker->signals[i], on_signal, numbers[i]);
    }
}

static void make_pool(cito_task_worker *worker)
{
    const cito_task_worker_settings *settings = worker->settings;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    worker->child_settings = (cito_child_settings){
        .tasks = worker->tasks, .task_count = worker->task_count, .hostname = worker->node_name, .max_tasks = settings->max_tasks_per_child
    };
    const cito_pool_options options = { .size = settings->concurrency ? settings->concurrency
                                                : cores > 0           ? (unsigned)cores
                                                                      : 1,
                                        .max_tasks_per_child = settings->max_tasks_per_child,
                                        .run = run_child,
                                        .data = worker,
                                        .frame = cito_task_worker_frame,
                                        .idle = cito_task_worker_dispatch,
                                        .lost = cito_task_worker_lost,
                                        .failed = pool_failed,
                                        .ended = pool_ended };
    worker->pool = cito_pool_new(worker->loop, &options);
    cito_pool_start(worker->pool);
}

static void finish(cito_task_worker *worker)
{
    cito_pool_free(worker->pool);
    cito_loop_free(worker->loop);
    for (cito_job *job; (job = worker->spare);) {
        worker->spare = job->next;
        cito_arena_finish(&job->arena);
        cito_buffer_finish(&job->children);
        free(job);
    }
    cito_eta_finish(&worker->later);
    cito_revoked_finish(&worker->revoked);
    cito_buffer_finish(&worker->events);
}

int cito_task_worker_run(const cito_task_worker_settings *settings)
{
    cito_task_worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        cito_abort("out of memory: no worker");
    worker->settings = settings;
    worker->events_on = worker->events_were_asked = settings->events;
    worker->started_at = cito_task_worker_now();
    worker->posts_end = &worker->posts;
    cito_arena_init(&worker->texts, 0);
    cito_buffer_init(&worker->events);
    int code = 1;
    if (find_tasks(worker)) {
        worker->node_name = node_name(worker, settings->node_name);
        worker->prefetch_multiplier = settings->prefetch_multiplier        ? settings->prefetch_multiplier
                                      : worker->queue->prefetch_multiplier ? worker->queue->prefetch_multiplier
                                                                           : DEFAULT_PREFETCH;
        choose_queues(worker);
        signal(SIGPIPE, SIG_IGN); /* a write to a peer that is gone is an error value */
        worker->loop = cito_loop_new(&(cito_loop_options){ .slow_callback_ms = UINT_MAX }); /* no handler runs here that could be told */
        prepare_handles(worker);
        make_pool(worker);
        if (!settings->is_quiet)
            print_banner(worker);
        cito_coroutine_spawn(worker->loop, NULL, start, worker);
        cito_loop_run(worker->loop, UV_RUN_DEFAULT);
        code = worker->exit_code;
        finish(worker);
    }
    free(worker->task_states);
    cito_arena_finish(&worker->texts);
    free(worker);
    return code;
}
