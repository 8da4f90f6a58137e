/* The supervisor: a list of processes and, for each id, when the next one may start. Every step compares what is there with what should be.
 *
 * Invariants: handles[i] and processes[i] are the same worker; a slot of the heartbeats is taken from start until the worker is reaped; an id has at most one
 * worker of the current generation that was not asked to end. Threading: the owner's thread. */
#include "base/clock.h"
#include "base/log.h"
#include "process/start.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS 1000000ull
enum {
    STARTING_FACTOR = 4, /* start-up may load much without giving a sign of life */
    BACKTRACE_MS = 1000, /* between ABRT and KILL */
    QUICK_MS = 2000,     /* between QUIT and KILL */
    EARLY_MS = 1000,     /* a worker that died younger counts as one that cannot start, if it happens again */
    BACK_OFF_MS = 100,   /* doubled with each failure… */
    BACK_OFF_MAX_MS = 5000,
    RELOAD_TRIES = 3, /* new workers that may fail before the old ones are kept */
    TRIES_MIN = 5,    /* failures in a row that end a supervisor whose workers could start once */
    FORK_AGAIN_MS = 1000,
    LATE_MS = 1000, /* an owner that steps so much too late was stopped itself: silence until now says nothing */
    STEP_MAX_MS = 60000
};

typedef struct process {
    unsigned slot, generation;
    uint64_t kill_at_ns; /* 0: nothing is to be killed */
    bool hung, killed;
} process;

typedef struct position {
    unsigned failures; /* in a row */
    uint64_t start_at_ns;
} position;

struct cito_supervisor {
    cito_worker_kind kind;
    cito_program program;
    int heartbeats_fd;
    cito_heartbeat *heartbeats;
    unsigned wanted, generation, failures, reload_failures, process_count;
    bool was_ready, stopping;
    uint64_t due_ns, forgiven_ns;
    position positions[CITO_WORKERS_MAX + 1];
    cito_worker_handle handles[CITO_HEARTBEATS];
    process processes[CITO_HEARTBEATS];
    bool slot_used[CITO_HEARTBEATS];
};

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

cito_supervisor *cito_supervisor_new(const cito_worker_kind *kind)
{
    cito_supervisor *supervisor = calloc(1, sizeof *supervisor);
    if (!supervisor)
        cito_abort("out of memory: no room for a supervisor");
    supervisor->kind = *kind;
    if (!supervisor->kind.name)
        supervisor->kind.name = "Worker";
    if (kind->inherited_count > CITO_WORKER_INHERITED_MAX)
        cito_abort("a worker inherits at most %d descriptors", CITO_WORKER_INHERITED_MAX);
    supervisor->heartbeats_fd = memfd_create("cito heartbeats", MFD_CLOEXEC);
    if (supervisor->heartbeats_fd < 0 || ftruncate(supervisor->heartbeats_fd, CITO_HEARTBEATS_SIZE) < 0)
        cito_die(1, "No memory can be shared with the workers: %s\n", strerror(errno));
    supervisor->heartbeats = mmap(NULL, CITO_HEARTBEATS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, supervisor->heartbeats_fd, 0);
    if (supervisor->heartbeats == MAP_FAILED)
        cito_die(1, "No memory can be shared with the workers: %s\n", strerror(errno));
    if (kind->fresh)
        cito_program_init(&supervisor->program);
    return supervisor;
}

void cito_supervisor_free(cito_supervisor *supervisor)
{
    if (!supervisor)
        return;
    for (unsigned i = 0; i < supervisor->process_count; i++) {
        kill(supervisor->handles[i].pid, SIGKILL);
        waitpid(supervisor->handles[i].pid, NULL, 0);
        if (supervisor->handles[i].channel >= 0)
            close(supervisor->handles[i].channel);
    }
    munmap(supervisor->heartbeats, CITO_HEARTBEATS_SIZE);
    close(supervisor->heartbeats_fd);
    if (supervisor->kind.fresh)
        cito_program_finish(&supervisor->program);
    free(supervisor);
}

/* ---- asking to end ------------------------------------------------------------------------------------------------------------------------------------------ */

static void ask_to_end(cito_supervisor *supervisor, unsigned at, int number, unsigned patience_ms)
{
    cito_worker_handle *handle = &supervisor->handles[at];
    handle->ending = true;
    supervisor->processes[at].kill_at_ns = cito_clock_monotonic_ns() + patience_ms * MS;
    kill(handle->pid, number);
    kill(handle->pid, SIGCONT); /* a stopped one could not hear it */
}

static void end_gracefully(cito_supervisor *supervisor, unsigned at) { ask_to_end(supervisor, at, SIGTERM, supervisor->kind.graceful_ms); }

void cito_supervisor_stop(cito_supervisor *supervisor, bool quick)
{
    supervisor->stopping = true;
    for (unsigned i = 0; i < supervisor->process_count; i++) {
        if (quick)
            ask_to_end(supervisor, i, SIGQUIT, QUICK_MS);
        else if (!supervisor->handles[i].ending)
            end_gracefully(supervisor, i);
    }
}

void cito_supervisor_kill(cito_supervisor *supervisor, pid_t pid, int signal_number)
{
    for (unsigned i = 0; i < supervisor->process_count; i++)
        if (supervisor->handles[i].pid == pid)
            kill(pid, signal_number);
}

/* ---- reload --------------------------------------------------------------------------------------------------------------------------------------------------- */

void cito_supervisor_reload(cito_supervisor *supervisor)
{
    supervisor->generation++;
    supervisor->reload_failures = 0;
    memset(supervisor->positions, 0, sizeof supervisor->positions);
    for (unsigned i = 0; i < supervisor->process_count; i++)
        if (!supervisor->handles[i].ready && !supervisor->handles[i].ending)
            end_gracefully(supervisor, i); /* what it starts is of yesterday */
}

/* Whether another one of this id works, which a reload was to replace. */
static bool has_older(const cito_supervisor *supervisor, int id)
{
    for (unsigned i = 0; i < supervisor->process_count; i++)
        if (supervisor->handles[i].id == id && !supervisor->handles[i].ending &&
            supervisor->processes[i].generation != supervisor->generation)
            return true;
    return false;
}

static void abandon_reload(cito_supervisor *supervisor)
{
    cito_log_write(CITO_LOG_ERROR, "The reload is abandoned: the new workers do not start; the old ones go on");
    for (unsigned i = 0; i < supervisor->process_count; i++) {
        cito_worker_handle *handle = &supervisor->handles[i];
        bool is_new = supervisor->processes[i].generation == supervisor->generation;
        if (is_new && !handle->ready && !handle->ending && has_older(supervisor, handle->id))
            end_gracefully(supervisor, i);
    }
    for (unsigned i = 0; i < supervisor->process_count; i++)
        if (!supervisor->handles[i].ending)
            supervisor->processes[i].generation = supervisor->generation;
}

/* ---- workers that ended -------------------------------------------------------------------------------------------------------------------------------------- */

static void log_end(const cito_supervisor *supervisor, const cito_worker_handle *handle, int status)
{
    const char *name = supervisor->kind.name, *when = handle->ready ? "" : " before it was ready";
    int id = handle->id, pid = (int)handle->pid;
    bool failed = WIFEXITED(status) && WEXITSTATUS(status) != 0;
    if (handle->ending ? !failed || !handle->ready : WIFEXITED(status) && !failed && handle->ready)
        cito_log_write(CITO_LOG_INFO, "%s %d [%d] ended", name, id, pid);
    else if (WIFSIGNALED(status))
        cito_log_write(CITO_LOG_ERROR, "%s %d [%d] was ended by signal %d (%s)%s%s", name, id, pid, WTERMSIG(status),
                       strsignal(WTERMSIG(status)), when, WTERMSIG(status) == SIGKILL ? ": perhaps there was no memory left" : "");
    else
        cito_log_write(CITO_LOG_ERROR, "%s %d [%d] ended with exit code %d%s", name, id, pid, WEXITSTATUS(status), when);
}

static uint64_t back_off_ns(unsigned failures)
{
    uint64_t wait_ms = failures < 8 ? (uint64_t)BACK_OFF_MS << (failures - 1) : BACK_OFF_MAX_MS;
    return (wait_ms < BACK_OFF_MAX_MS ? wait_ms : BACK_OFF_MAX_MS) * MS;
}

/* When the next one of this id may start. */
static void plan_next(cito_supervisor *supervisor, const cito_worker_handle *handle, int status, uint64_t now_ns)
{
    position *next = &supervisor->positions[handle->id];
    next->start_at_ns = now_ns;
    if (!handle->ready) {
        next->failures++;
        supervisor->failures++;
        next->start_at_ns += back_off_ns(next->failures);
        if (has_older(supervisor, handle->id) && ++supervisor->reload_failures == RELOAD_TRIES)
            abandon_reload(supervisor);
        return;
    }
    bool was_early = now_ns - handle->started_ns < EARLY_MS * MS && !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    next->failures = was_early ? next->failures + 1 : 0;
    if (next->failures > 1)
        next->start_at_ns += back_off_ns(next->failures - 1);
}

static void forget(cito_supervisor *supervisor, unsigned at, int status, uint64_t now_ns)
{
    cito_worker_handle handle = supervisor->handles[at];
    process ended = supervisor->processes[at];
    supervisor->slot_used[ended.slot] = false;
    supervisor->process_count--;
    supervisor->handles[at] = supervisor->handles[supervisor->process_count];
    supervisor->processes[at] = supervisor->processes[supervisor->process_count];
    log_end(supervisor, &handle, status);
    if (!handle.ending && ended.generation == supervisor->generation)
        plan_next(supervisor, &handle, status, now_ns);
    if (supervisor->kind.exited)
        supervisor->kind.exited(supervisor->kind.data, &handle, status, handle.ending);
    if (handle.channel >= 0)
        close(handle.channel);
}

/* ---- workers that are there ---------------------------------------------------------------------------------------------------------------------------------- */

static void note_ready(cito_supervisor *supervisor, unsigned at)
{
    cito_worker_handle *handle = &supervisor->handles[at];
    if (handle->ready || !atomic_load(&supervisor->heartbeats[supervisor->processes[at].slot].ready))
        return;
    handle->ready = true;
    supervisor->was_ready = true;
    supervisor->failures = 0;
    if (supervisor->kind.became_ready)
        supervisor->kind.became_ready(supervisor->kind.data, handle);
    if (handle->ending || supervisor->processes[at].generation != supervisor->generation)
        return;
    for (unsigned i = 0; i < supervisor->process_count; i++)
        if (i != at && supervisor->handles[i].id == handle->id && !supervisor->handles[i].ending)
            end_gracefully(supervisor, i);
}

static void reap(cito_supervisor *supervisor, uint64_t now_ns)
{
    for (unsigned i = supervisor->process_count; i-- > 0;) {
        int status;
        pid_t pid = waitpid(supervisor->handles[i].pid, &status, WNOHANG);
        note_ready(supervisor, i); /* in this order: it may have been ready and died */
        if (pid < 0 && errno == ECHILD)
            status = 0; /* somebody else reaped it: its owner's waitpid(-1) */
        else if (pid <= 0)
            continue;
        forget(supervisor, i, status, now_ns);
    }
}

/* When silence is too long; UINT64_MAX: never. */
static uint64_t silence_ends_ns(const cito_supervisor *supervisor, unsigned at)
{
    const cito_worker_handle *handle = &supervisor->handles[at];
    if (supervisor->kind.timeout_ms == 0 || handle->ending || supervisor->processes[at].hung)
        return UINT64_MAX;
    uint64_t beat_ns = atomic_load(&supervisor->heartbeats[supervisor->processes[at].slot].beat_ns);
    if (beat_ns < supervisor->forgiven_ns)
        beat_ns = supervisor->forgiven_ns;
    return beat_ns + supervisor->kind.timeout_ms * MS * (handle->ready ? 1 : STARTING_FACTOR);
}

static void watch(cito_supervisor *supervisor, unsigned at, uint64_t now_ns)
{
    const cito_worker_handle *handle = &supervisor->handles[at];
    process *watched = &supervisor->processes[at];
    if (watched->kill_at_ns && now_ns >= watched->kill_at_ns) {
        if (handle->ending)
            cito_log_write(CITO_LOG_WARNING, "%s %d [%d] did not end in time and is killed", supervisor->kind.name, handle->id,
                           (int)handle->pid);
        watched->kill_at_ns = 0;
        kill(handle->pid, SIGKILL);
    } else if (now_ns >= silence_ends_ns(supervisor, at)) {
        cito_log_write(CITO_LOG_ERROR, "%s %d [%d] gave no sign of life for %.1f s: something blocks it; it is ended and replaced",
                       supervisor->kind.name, handle->id, (int)handle->pid,
                       supervisor->kind.timeout_ms * (handle->ready ? 1 : STARTING_FACTOR) / 1000.0);
        watched->hung = true;
        watched->kill_at_ns = now_ns + BACKTRACE_MS * MS;
        kill(handle->pid, SIGABRT);
        kill(handle->pid, SIGCONT); /* a stopped one writes its backtrace too */
    }
}

/* ---- workers that are missing --------------------------------------------------------------------------------------------------------------------------------- */

static bool take_slot(cito_supervisor *supervisor, unsigned *out_slot)
{
    for (unsigned i = 0; i < CITO_HEARTBEATS; i++)
        if (!supervisor->slot_used[i]) {
            *out_slot = i;
            return true;
        }
    return false;
}

static void start_one(cito_supervisor *supervisor, int id, uint64_t now_ns)
{
    unsigned slot, close_count = 0, at = supervisor->process_count;
    int channels[CITO_HEARTBEATS];
    if (!take_slot(supervisor, &slot)) {
        supervisor->positions[id].start_at_ns = now_ns + FORK_AGAIN_MS * MS;
        return; /* as many as there may be are still about to end */
    }
    for (unsigned i = 0; i < at; i++)
        if (supervisor->handles[i].channel >= 0)
            channels[close_count++] = supervisor->handles[i].channel;
    atomic_store(&supervisor->heartbeats[slot].beat_ns, now_ns);
    atomic_store(&supervisor->heartbeats[slot].ready, false);
    const cito_process_start start = { .kind = &supervisor->kind,
                                       .program = &supervisor->program,
                                       .id = id,
                                       .heartbeats_fd = supervisor->heartbeats_fd,
                                       .heartbeats = supervisor->heartbeats,
                                       .slot = slot,
                                       .close_in_child = channels,
                                       .close_count = close_count };
    int channel;
    pid_t pid = cito_process_start_run(&start, &channel);
    if (pid < 0) {
        cito_log_write(CITO_LOG_ERROR, "No process can be started: %s", strerror(errno));
        supervisor->positions[id].start_at_ns = now_ns + FORK_AGAIN_MS * MS;
        supervisor->failures++;
        return;
    }
    supervisor->slot_used[slot] = true;
    supervisor->handles[at] = (cito_worker_handle){ .id = id, .pid = pid, .channel = channel, .started_ns = now_ns };
    supervisor->processes[at] = (process){ .slot = slot, .generation = supervisor->generation };
    supervisor->process_count++;
    if (supervisor->kind.started)
        supervisor->kind.started(supervisor->kind.data, &supervisor->handles[at]);
}

/* Gives when the next start is due. */
static uint64_t balance(cito_supervisor *supervisor, uint64_t now_ns)
{
    bool is_there[CITO_WORKERS_MAX + 1] = { false };
    uint64_t next_ns = UINT64_MAX;
    for (unsigned i = 0; i < supervisor->process_count; i++) {
        const cito_worker_handle *handle = &supervisor->handles[i];
        if (handle->ending)
            continue;
        if ((unsigned)handle->id > supervisor->wanted)
            end_gracefully(supervisor, i);
        else if (supervisor->processes[i].generation == supervisor->generation)
            is_there[handle->id] = true;
    }
    for (unsigned id = 1; id <= supervisor->wanted; id++) {
        const position *next = &supervisor->positions[id];
        if (!is_there[id] && next->start_at_ns <= now_ns)
            start_one(supervisor, (int)id, now_ns);
        if (!is_there[id] && next->start_at_ns > now_ns)
            next_ns = earlier(next_ns, next->start_at_ns);
    }
    return next_ns;
}

/* None works or starts, and that was so often enough. */
static bool gives_up(const cito_supervisor *supervisor)
{
    unsigned limit = supervisor->was_ready && supervisor->wanted < TRIES_MIN ? TRIES_MIN : supervisor->wanted;
    if (supervisor->stopping || supervisor->failures == 0 || supervisor->failures < limit)
        return false;
    for (unsigned i = 0; i < supervisor->process_count; i++)
        if (!supervisor->handles[i].ending)
            return false;
    return true;
}

/* ---- the step --------------------------------------------------------------------------------------------------------------------------------------------------- */

static uint64_t next_event_ns(const cito_supervisor *supervisor, uint64_t now_ns)
{
    uint64_t next_ns = now_ns + STEP_MAX_MS * MS;
    for (unsigned i = 0; i < supervisor->process_count; i++) {
        const cito_worker_handle *handle = &supervisor->handles[i];
        if (supervisor->processes[i].kill_at_ns)
            next_ns = earlier(next_ns, supervisor->processes[i].kill_at_ns);
        next_ns = earlier(next_ns, silence_ends_ns(supervisor, i));
        if (!handle->ready && !handle->ending) { /* looked at often while it is young: that it is ready is only seen by looking */
            uint64_t pause_ns = (now_ns - handle->started_ns) / 4;
            next_ns = earlier(next_ns, now_ns + (pause_ns < 4 * MS ? 4 * MS : pause_ns < 250 * MS ? pause_ns : 250 * MS));
        }
    }
    return next_ns;
}

bool cito_supervisor_step(cito_supervisor *supervisor, unsigned *out_next_ms)
{
    uint64_t now_ns = cito_clock_monotonic_ns(), start_ns = UINT64_MAX;
    if (supervisor->due_ns && now_ns > supervisor->due_ns + LATE_MS * MS)
        supervisor->forgiven_ns = now_ns;
    reap(supervisor, now_ns);
    for (unsigned i = 0; i < supervisor->process_count; i++)
        watch(supervisor, i, now_ns);
    bool goes_on = !gives_up(supervisor);
    if (!goes_on)
        fprintf(stderr,
                "No worker can start: %u in a row ended before they were ready. What they wrote stands above: mend it and start again.\n",
                supervisor->failures);
    else if (!supervisor->stopping)
        start_ns = balance(supervisor, now_ns);
    supervisor->due_ns = earlier(next_event_ns(supervisor, now_ns), start_ns);
    *out_next_ms = supervisor->due_ns > now_ns ? (unsigned)((supervisor->due_ns - now_ns + MS - 1) / MS) : 0;
    return goes_on;
}

void cito_supervisor_set_count(cito_supervisor *supervisor, unsigned count)
{
    supervisor->wanted = count < CITO_WORKERS_MAX ? count : CITO_WORKERS_MAX;
}

unsigned cito_supervisor_count(const cito_supervisor *supervisor) { return supervisor->wanted; }

bool cito_supervisor_is_empty(const cito_supervisor *supervisor) { return supervisor->process_count == 0; }

const cito_worker_handle *cito_supervisor_workers(const cito_supervisor *supervisor, unsigned *out_count)
{
    *out_count = supervisor->process_count;
    return supervisor->handles;
}
