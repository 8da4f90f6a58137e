/* Child: one task at a time. A CITO_ASYNC_DEF and a CITO_DEF both run in a coroutine of this process's loop, whose stack is as large as a thread's: nobody else is
 * on this loop, so a task that blocks it holds up nothing.
 *
 * The soft time limit is a time-out around the call: what waits when it strikes, or waits later, raises 504; cito_catch around the work lets a task end in good order.
 * A task that only computes is not interrupted: that is what the hard limit is for.
 *
 * Invariants: exactly one SUCCESS, FAILURE or RETRY frame for each RUN, after the task's clean-ups. While it has no task the process sleeps in recv, not in its loop.
 * Threading: frames are written whole, under a lock, by any thread of the process. */
#include "tasks/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "json/value.h"
#include "process/supervisor.h"
#include "schema/encode.h"
#include "tasks/message.h"
#include "tasks/running.h"
#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STACK_SIZE = 8 << 20, READ_AT_ONCE = 64 * 1024, KEPT_BUFFER = 256 * 1024 };

typedef struct child {
    const cito_child_settings *settings;
    cito_loop *loop;
    int channel;
    pthread_mutex_t guard;
    cito_buffer in, out;
} child;

/* One RUN. */
typedef struct run {
    child *child;
    const cito_frame *frame;
    cito_str envelope;
    const cito_task *task;
    cito_message message;
    cito_message_body body;
    cito_running running;
    void *args, *result;
    const char *unfit; /* the message is no task's */
    const char *wrong_arguments;
    bool body_is_read, is_done;
} run;

/* ---- writing --------------------------------------------------------------------------------------------------------------------- */
static void send_frame(child *self, cito_frame head, const cito_str *texts, unsigned count)
{
    pthread_mutex_lock(&self->guard);
    cito_buffer_reset(&self->out, KEPT_BUFFER);
    cito_frame_write(&self->out, head, texts, count);
    for (size_t sent = 0; sent < self->out.len;) {
        ssize_t n = send(self->channel, self->out.data + sent, self->out.len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            _exit(0); /* the main process is gone: nobody can keep the result */
        sent += (size_t)n;
    }
    pthread_mutex_unlock(&self->guard);
}

static void update_state(cito_running *running, cito_str state, cito_str meta_json)
{
    send_frame(running->data, (cito_frame){ .kind = CITO_FRAME_STATE }, (cito_str[]){ state, meta_json }, 2);
}

static void sent_another(cito_running *running, cito_str child_id)
{
    send_frame(running->data, (cito_frame){ .kind = CITO_FRAME_SENT }, (cito_str[]){ child_id }, 1);
}

/* ---- one task ---------------------------------------------------------------------------------------------------------------------- */
static void decode(void *data)
{
    run *this = data;
    cito_arena *arena = cito_context_current->arena;
    this->unfit = cito_message_read_envelope(this->envelope, arena, &this->message);
    if (!this->unfit)
        this->unfit = cito_message_read_body(&this->message, arena, &this->body);
    if (this->unfit)
        return;
    this->body_is_read = true;
    this->wrong_arguments = cito_task_decode(this->task, &this->body, arena, &this->args);
    if (!this->wrong_arguments)
        this->result = cito_alloc(this->task->callable->result_size + 1);
}

static bool has_links(const run *this)
{
    return this->body_is_read &&
           (cito_value_count(this->body.callbacks) || cito_value_count(this->body.errbacks) || cito_value_count(this->body.chain));
}

static void append_traceback(const run *this, cito_buffer *out, cito_str exc_type, cito_str text)
{
    const cito_callable *callable = this->task->callable;
    cito_buffer_append_format(out, "Traceback (most recent call last):\n  File \"%s\", line %d, in %s\n%.*s: %.*s\n", callable->file,
                              callable->line, callable->name, (int)exc_type.len, exc_type.data, (int)text.len, text.data);
}

/* meta: {"exc_type", "exc_message", "exc_module"} */
static void send_failure(run *this, cito_frame head, cito_buffer *meta)
{
    cito_arena *arena = cito_context_current->arena;
    cito_buffer traceback;
    cito_buffer_init(&traceback);
    cito_str meta_text = cito_arena_copy_str(arena, meta->data, meta->len);
    const cito_value *value = meta_text.data ? cito_value_parse(arena, meta_text, NULL, NULL) : NULL;
    const cito_value *first = cito_value_at(cito_value_get(value, "exc_message"), 0);
    cito_str text = first && first->kind == CITO_VALUE_STRING ? cito_value_string(first) : first ? cito_json_text(first, 0) : CITO_STR("");
    append_traceback(this, &traceback, cito_value_string(cito_value_get(value, "exc_type")), text);
    head.flags = has_links(this) ? CITO_FRAME_HAS_LINKS : 0;
    send_frame(this->child, head, (cito_str[]){ { meta->data, meta->len }, { traceback.data, traceback.len } }, 2);
    cito_buffer_finish(&traceback);
}

static void send_failure_of(run *this, const char *exc_type, const char *exc_module, const char *text)
{
    cito_buffer meta;
    cito_buffer_init(&meta);
    cito_failure_write_parts(exc_type, exc_module, text ? cito_array(text) : cito_array(), &meta);
    send_failure(this, (cito_frame){ .kind = CITO_FRAME_FAILURE }, &meta);
    cito_buffer_finish(&meta);
}

/* Tries are left: max_retries 0 is Celery's default of 3, negative is for ever. */
static bool may_retry(const run *this)
{
    int max = this->task->options->max_retries;
    return max < 0 || this->message.retries < (max ? max : 3);
}

static void send_raised(run *this, const cito_exception *raised, bool soft_limit_passed)
{
    if (soft_limit_passed && raised->status_code == 504) {
        send_failure_of(this, "SoftTimeLimitExceeded", "billiard.exceptions", NULL);
        return;
    }
    const cito_retry_raised *retry = cito_retry_of(raised);
    const cito_failure_raised *failure = cito_failure_of(raised);
    bool is_word = failure && cito_str_equal(failure->exc_module, "celery.exceptions"); /* Ignore, Reject */
    bool again = may_retry(this) && (retry || (this->task->options->autoretry && !is_word));
    cito_frame head = { .kind = again ? CITO_FRAME_RETRY : CITO_FRAME_FAILURE };
    if (again)
        head.number = cito_retry_countdown(this->task, retry ? retry->countdown : -1, this->message.retries);
    cito_buffer meta;
    cito_buffer_init(&meta);
    cito_failure_write(raised, &meta);
    send_failure(this, head, &meta);
    cito_buffer_finish(&meta);
}

static void send_result(run *this)
{
    cito_buffer json;
    cito_buffer_init(&json);
    const char *error = NULL;
    if (this->task->callable->returns->kind == CITO_KIND_NONE)
        cito_buffer_append_literal(&json, "null");
    else
        error = cito_encode(this->task->callable->returns, this->result, NULL, &json);
    if (error)
        send_failure_of(this, "EncodeError", "kombu.exceptions", error);
    else
        send_frame(this->child, (cito_frame){ .kind = CITO_FRAME_SUCCESS, .flags = has_links(this) ? CITO_FRAME_HAS_LINKS : 0 },
                   (cito_str[]){ { json.data, json.len } }, 1);
    cito_buffer_finish(&json);
}

static const cito_exception *call(run *this, bool *out_soft_limit_passed)
{
    double soft_limit = this->frame->number;
    uint64_t begun_ns = cito_clock_monotonic_ns();
    struct cito_scope scope = { 0 };
    if (soft_limit > 0)
        scope = cito_timeout_enter(soft_limit);
    this->running = (cito_running){ .task = this->task,
                                    .message = &this->message,
                                    .body = &this->body,
                                    .hostname = this->child->settings->hostname,
                                    .update_state = update_state,
                                    .sent = sent_another,
                                    .data = this->child };
    cito_running_enter(&this->running);
    const cito_exception *raised = cito_context_invoke(cito_context_current, this->task->callable, this->args, this->result);
    if (soft_limit > 0)
        cito_timeout_leave(&scope);
    *out_soft_limit_passed = soft_limit > 0 && (double)(cito_clock_monotonic_ns() - begun_ns) / 1e9 >= soft_limit;
    cito_lifetime_clean_up(cito_context_current->lifetime);
    cito_running_leave();
    return raised;
}

static void run_task(void *data)
{
    run *this = data;
    bool soft_limit_passed = false;
    const cito_exception *raised = cito_context_protect(cito_context_current, NULL, decode, this);
    if (this->unfit)
        send_frame(this->child, (cito_frame){ .kind = CITO_FRAME_FAILURE, .flags = CITO_FRAME_BODY_UNFIT },
                   (cito_str[]){ cito_string(this->unfit) }, 1);
    else if (this->wrong_arguments)
        send_failure_of(this, "TypeError", "builtins", this->wrong_arguments);
    else if (raised || (raised = call(this, &soft_limit_passed)))
        send_raised(this, raised, soft_limit_passed);
    else
        send_result(this);
    this->is_done = true;
    cito_lifetime_finish(cito_context_current->lifetime);
}

static void run_frame(child *self, const cito_frame *frame, cito_str envelope)
{
    if (frame->kind != CITO_FRAME_RUN || frame->task >= self->settings->task_count)
        return;
    run this = { .child = self, .frame = frame, .envelope = envelope, .task = &self->settings->tasks[frame->task] };
    cito_coroutine_spawn(self->loop, cito_lifetime_new(self->loop, NULL), run_task, &this);
    while (!this.is_done)
        cito_loop_run(self->loop, UV_RUN_ONCE);
}

/* ---- the process ------------------------------------------------------------------------------------------------------------------- */
static pid_t main_process;

/* A TERM for the whole group (a service manager's) lets the main process wait for what runs; one that the main process sends, or its death, is meant. */
static void on_terminate(int number, siginfo_t *info, void *place)
{
    (void)place;
    if (info->si_pid != main_process)
        return;
    signal(number, SIG_DFL);
    raise(number);
}

static void begin_process(int channel)
{
    struct sigaction terminate = { .sa_sigaction = on_terminate, .sa_flags = SA_SIGINFO | SA_RESTART };
    main_process = getppid();
    sigaction(SIGTERM, &terminate, NULL);
    /* The main process's connections, as far as it had some when this child was forked: kept open here, their peer would not see them end. */
    if (channel > 3)
        close_range(3, (unsigned)channel - 1, 0);
    close_range((unsigned)channel + 1, ~0U, 0);
    signal(SIGINT, SIG_IGN); /* Ctrl+C reaches the whole group: the main process lets this one finish */
    signal(SIGPIPE, SIG_IGN);
}

int cito_child_run(const cito_child_settings *settings, int channel)
{
    begin_process(channel);
    child self = { .settings = settings, .channel = channel, .guard = PTHREAD_MUTEX_INITIALIZER };
    self.loop = cito_loop_new(&(cito_loop_options){ .stack_size = STACK_SIZE, .slow_callback_ms = UINT_MAX });
    cito_buffer_init(&self.in);
    cito_buffer_init(&self.out);
    cito_worker_ready();
    for (unsigned done = 0; !settings->max_tasks || done < settings->max_tasks;) {
        cito_frame frame;
        cito_str envelope;
        size_t size = cito_frame_read(self.in.data, self.in.len, &frame, &envelope, 1);
        if (size) {
            run_frame(&self, &frame, envelope);
            done++;
            memmove(self.in.data, self.in.data + size, self.in.len - size);
            self.in.len -= size;
            if (!self.in.len)
                cito_buffer_reset(&self.in, KEPT_BUFFER);
            continue;
        }
        ssize_t n = recv(channel, cito_buffer_reserve(&self.in, READ_AT_ONCE), READ_AT_ONCE, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        self.in.len += (size_t)n;
    }
    return 0;
}
