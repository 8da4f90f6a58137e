/* Child: one call at a time: of one message, or of a batch, whose lists it lays one behind the other. A CITO_ASYNC_DEF and a CITO_DEF both run in a coroutine of this
 * process's loop, whose stack is as large as a thread's: nobody else is on this loop, so a task that blocks it holds up nothing.
 *
 * The soft time limit is a time-out around the call: what waits when it strikes, or waits later, raises 504; cito_catch around the work lets a task end in good order.
 * A task that only computes is not interrupted: that is what the hard limit is for.
 *
 * Invariants: exactly one SUCCESS, FAILURE or RETRY frame for each message of a RUN: before the call for one that does not fit, after the task's clean-ups for
 * the others. While it has no task the process sleeps in recv, not in its loop.
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

enum { STACK_SIZE = 8 << 20, READ_AT_ONCE = 64 * 1024, KEPT_BUFFER = 256 * 1024, ROOM_FOR_FAILURE = 64 * 1024 };

typedef struct child {
    const cito_child_settings *settings;
    cito_loop *loop;
    int channel;
    pthread_mutex_t guard;
    cito_buffer in, out;
} child;

/* One of its messages. */
typedef struct run_part {
    uint32_t place;
    cito_str envelope;
    cito_message message;
    cito_message_body body;
    void *args;
    bool body_is_read;
} run_part;

/* One RUN. */
typedef struct run {
    child *child;
    const cito_frame *frame;
    const char *bytes; /* of the frame */
    const cito_task *task;
    run_part *parts; /* those that are to run, in order */
    unsigned count;
    cito_running running;
    void *args, *result;
    bool is_done;
} run;

/* ---- writing --------------------------------------------------------------------------------------------------------------------- */
/* Between the two the buffer is the caller's. */
static void begin_frames(child *self)
{
    pthread_mutex_lock(&self->guard);
    cito_buffer_reset(&self->out, KEPT_BUFFER);
}

static void send_frames(child *self)
{
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

static void send_frame(child *self, cito_frame head, const cito_str *texts, unsigned count)
{
    begin_frames(self);
    cito_frame_write(&self->out, head, texts, count);
    send_frames(self);
}

/* What a task says of itself is its first message's. */
static uint32_t place_of(const cito_running *running)
{
    const run *this = running->data;
    return this->parts[0].place;
}

static child *child_of(const cito_running *running) { return ((const run *)running->data)->child; }

static void update_state(cito_running *running, cito_str state, cito_str meta_json)
{
    send_frame(child_of(running), (cito_frame){ .kind = CITO_FRAME_STATE, .place = place_of(running) }, (cito_str[]){ state, meta_json },
               2);
}

static void sent_another(cito_running *running, cito_str child_id)
{
    send_frame(child_of(running), (cito_frame){ .kind = CITO_FRAME_SENT, .place = place_of(running) }, (cito_str[]){ child_id }, 1);
}

/* ---- how a message ends ---------------------------------------------------------------------------------------------------------- */
static uint8_t links_of(const run_part *part)
{
    bool has_links = part->body_is_read && (cito_value_count(part->body.callbacks) || cito_value_count(part->body.errbacks) ||
                                            cito_value_count(part->body.chain));
    return has_links ? CITO_FRAME_HAS_LINKS : 0;
}

/* {"exc_type", "exc_message", "exc_module"} and the traceback: every message that it ends is told the same. */
typedef struct run_failure {
    cito_buffer meta, traceback;
} run_failure;

static void failure_init(run_failure *this)
{
    cito_buffer_init(&this->meta);
    cito_buffer_init(&this->traceback);
}

static void failure_finish(run_failure *this)
{
    cito_buffer_finish(&this->meta);
    cito_buffer_finish(&this->traceback);
}

/* A task that has used up its memory can still say so. */
static void make_room(void)
{
    cito_arena *arena = cito_context_current->arena;
    if (arena->limit)
        arena->limit += ROOM_FOR_FAILURE;
}

/* The meta is there. */
static void add_traceback(run_failure *this, const cito_callable *callable)
{
    cito_arena *arena = cito_context_current->arena;
    cito_str meta = cito_arena_copy_str(arena, this->meta.data, this->meta.len);
    const cito_value *value = meta.data ? cito_value_parse(arena, meta, NULL, NULL) : NULL;
    const cito_value *first = cito_value_at(cito_value_get(value, "exc_message"), 0);
    cito_str type = cito_value_string(cito_value_get(value, "exc_type"));
    cito_str text = first && first->kind == CITO_VALUE_STRING ? cito_value_string(first) : first ? cito_json_text(first, 0) : CITO_STR("");
    cito_buffer_append_format(&this->traceback, "Traceback (most recent call last):\n  File \"%s\", line %d, in %s\n%.*s: %.*s\n",
                              callable->file, callable->line, callable->name, (int)type.len, type.data, (int)text.len, text.data);
}

static void write_failure(child *self, cito_frame head, const run_part *part, const run_failure *failure)
{
    head.flags = links_of(part);
    head.place = part->place;
    cito_frame_write(&self->out, head,
                     (cito_str[]){ { failure->meta.data, failure->meta.len }, { failure->traceback.data, failure->traceback.len } }, 2);
}

static void fail_parts(run *this, const run_part *parts, unsigned count, const char *exc_type, const char *exc_module, const char *text)
{
    run_failure failure;
    make_room();
    failure_init(&failure);
    cito_failure_write_parts(exc_type, exc_module, text ? cito_array(text) : cito_array(), &failure.meta);
    add_traceback(&failure, this->task->callable);
    begin_frames(this->child);
    for (unsigned i = 0; i < count; i++)
        write_failure(this->child, (cito_frame){ .kind = CITO_FRAME_FAILURE }, &parts[i], &failure);
    send_frames(this->child);
    failure_finish(&failure);
}

/* Tries are left: max_retries 0 is Celery's default of 3, negative is for ever. */
static bool may_retry(const cito_task *task, const run_part *part)
{
    int max = task->options->max_retries;
    return max < 0 || part->message.retries < (max ? max : 3);
}

/* Each by its own number of retries. */
static void raise_parts(run *this, const run_part *parts, unsigned count, const cito_exception *raised)
{
    const cito_task *task = this->task;
    const cito_retry_raised *retry = cito_retry_of(raised);
    const cito_failure_raised *failed = cito_failure_of(raised);
    bool is_word = failed && cito_str_equal(failed->exc_module, "celery.exceptions"); /* Ignore, Reject */
    bool wants_again = retry || (task->options->autoretry && !is_word);
    run_failure failure;
    make_room();
    failure_init(&failure);
    cito_failure_write(raised, &failure.meta);
    add_traceback(&failure, task->callable);
    begin_frames(this->child);
    for (unsigned i = 0; i < count; i++) {
        bool again = wants_again && may_retry(task, &parts[i]);
        cito_frame head = { .kind = again ? CITO_FRAME_RETRY : CITO_FRAME_FAILURE };
        if (again)
            head.number = cito_retry_countdown(task, retry ? retry->countdown : -1, parts[i].message.retries);
        write_failure(this->child, head, &parts[i], &failure);
    }
    send_frames(this->child);
    failure_finish(&failure);
}

static void send_results(run *this)
{
    cito_buffer json;
    cito_buffer_init(&json);
    const char *error = NULL;
    if (this->task->callable->returns->kind == CITO_KIND_NONE)
        cito_buffer_append_literal(&json, "null");
    else
        error = cito_encode(this->task->callable->returns, this->result, NULL, &json);
    if (error) {
        fail_parts(this, this->parts, this->count, "EncodeError", "kombu.exceptions", error);
    } else {
        begin_frames(this->child);
        for (unsigned i = 0; i < this->count; i++)
            cito_frame_write(&this->child->out,
                             (cito_frame){ .kind = CITO_FRAME_SUCCESS, .flags = links_of(&this->parts[i]), .place = this->parts[i].place },
                             (cito_str[]){ { json.data, json.len } }, 1);
        send_frames(this->child);
    }
    cito_buffer_finish(&json);
}

/* ---- what is to run -------------------------------------------------------------------------------------------------------------- */
typedef struct part_decoding {
    const cito_task *task;
    run_part *part;
    const char *unfit; /* the message is no task's */
    const char *wrong_arguments;
} part_decoding;

static void decode(void *data)
{
    part_decoding *this = data;
    run_part *part = this->part;
    cito_arena *arena = cito_context_current->arena;
    this->unfit = cito_message_read_envelope(part->envelope, arena, &part->message);
    if (!this->unfit)
        this->unfit = cito_message_read_body(&part->message, arena, &part->body);
    if (this->unfit)
        return;
    part->body_is_read = true;
    this->wrong_arguments = cito_task_decode(this->task, &part->body, arena, &part->args);
}

/* false: it does not fit, and has ended. */
static bool read_part(run *this, run_part *part)
{
    part_decoding decoding = { .task = this->task, .part = part };
    const cito_exception *raised = cito_context_protect(cito_context_current, NULL, decode, &decoding);
    if (decoding.unfit)
        send_frame(this->child, (cito_frame){ .kind = CITO_FRAME_FAILURE, .flags = CITO_FRAME_BODY_UNFIT, .place = part->place },
                   (cito_str[]){ cito_string(decoding.unfit) }, 1);
    else if (decoding.wrong_arguments)
        fail_parts(this, part, 1, "TypeError", "builtins", decoding.wrong_arguments);
    else if (raised)
        raise_parts(this, part, 1, raised);
    return !decoding.unfit && !decoding.wrong_arguments && !raised;
}

/* Each message is read with the memory that it would have alone: what those before it took is no part of the limit. */
static void read_parts(run *this, const cito_str *envelopes)
{
    cito_arena *arena = cito_context_current->arena;
    size_t limit = arena->limit;
    for (unsigned place = 0; place < this->frame->text_count; place++) {
        size_t before = cito_arena_used(arena);
        run_part *part = &this->parts[this->count];
        *part = (run_part){ .place = place, .envelope = envelopes[place] };
        if (place > 0 && limit)
            arena->limit = limit + before;
        this->count += read_part(this, part);
        arena->overflowed = false;
    }
}

typedef struct any_list {
    const void *items;
    size_t count;
} any_list;

/* Of a task of batches: the lists of all, one behind the other, in the first one's place. */
static void lay_together(run *this)
{
    const cito_field *param = this->task->callable->params;
    size_t size = param->type->element->size, count = 0;
    for (unsigned i = 0; i < this->count; i++)
        count += ((any_list *)((char *)this->parts[i].args + param->offset))->count;
    char *items = cito_alloc(count * size), *end = items;
    for (unsigned i = 0; i < this->count; i++) {
        const any_list *one = (any_list *)((char *)this->parts[i].args + param->offset);
        if (one->count)
            end = mempcpy(end, one->items, one->count * size);
    }
    *(any_list *)((char *)this->args + param->offset) = (any_list){ items, count };
}

static void prepare(void *data)
{
    run *this = data;
    cito_str *envelopes = cito_alloc(this->frame->text_count * sizeof *envelopes);
    cito_frame_texts(this->bytes, this->frame, envelopes, this->frame->text_count);
    this->parts = cito_alloc(this->frame->text_count * sizeof *this->parts);
    read_parts(this, envelopes);
    if (!this->count)
        return;
    this->args = this->parts[0].args;
    this->result = cito_alloc(this->task->callable->result_size + 1);
    if (this->count > 1)
        lay_together(this);
}

/* ---- the call -------------------------------------------------------------------------------------------------------------------- */
static const cito_exception *call(run *this, bool *out_soft_limit_passed)
{
    double soft_limit = this->frame->number;
    uint64_t begun_ns = cito_clock_monotonic_ns();
    struct cito_scope scope = { 0 };
    if (soft_limit > 0)
        scope = cito_timeout_enter(soft_limit);
    this->running = (cito_running){ .task = this->task,
                                    .message = &this->parts[0].message,
                                    .body = &this->parts[0].body,
                                    .hostname = this->child->settings->hostname,
                                    .update_state = update_state,
                                    .sent = sent_another,
                                    .data = this };
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
    cito_arena *arena = cito_context_current->arena;
    size_t limit = arena->limit;
    bool soft_limit_passed = false;
    const cito_exception *raised = cito_context_protect(cito_context_current, NULL, prepare, this);
    if (!raised && this->count)
        raised = call(this, &soft_limit_passed);
    if (soft_limit_passed && raised && raised->status_code == 504)
        fail_parts(this, this->parts, this->count, "SoftTimeLimitExceeded", "billiard.exceptions", NULL);
    else if (raised)
        raise_parts(this, this->parts, this->count, raised);
    else if (this->count)
        send_results(this);
    arena->limit = limit;
    this->is_done = true;
    cito_lifetime_finish(cito_context_current->lifetime);
}

static void run_frame(child *self, const cito_frame *frame, const char *bytes)
{
    if (frame->kind != CITO_FRAME_RUN || frame->task >= self->settings->task_count)
        return;
    run this = { .child = self, .frame = frame, .bytes = bytes, .task = &self->settings->tasks[frame->task] };
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
        size_t size = cito_frame_read(self.in.data, self.in.len, &frame, NULL, 0);
        if (size) {
            run_frame(&self, &frame, self.in.data);
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
