/* The worker's side of supervision: it says that it lives, ends with its master, and writes where it stands when it is taken for hung.
 *
 * Invariants: one worker a process; `self` is written before threads start and only read afterwards. Threading: any, after that. */
#include "base/clock.h"
#include "base/log.h"
#include "loop/context.h"
#include "process/heartbeat.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static struct {
    pid_t master; /* 0: this process is no worker */
    cito_heartbeat *heartbeat;
} self;

/* ---- where it stands ------------------------------------------------------------------------------------------------------------------------------------------ */

enum { FRAMES_MAX = 48 };

static void write_text(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written; /* nobody is left to tell */
}

/* Runs on the stack that hangs, so it only calls what is safe in a signal handler (signal-safety(7); backtrace once its library is loaded). */
static void on_abort(int number)
{
    void *frames[FRAMES_MAX];
    int saved = errno;
    const cito_callable *running = cito_context_current ? cito_context_current->running : NULL;
    write_text("ERROR:    This worker is ended with SIGABRT.");
    if (running) {
        write_text(" It was in ");
        write_text(running->name);
        write_text(" of ");
        write_text(running->file);
        write_text(".");
    }
    write_text(" Its stack (addr2line -e PROGRAM tells the lines):\n");
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), STDERR_FILENO);
    errno = saved;
    signal(number, SIG_DFL);
    raise(number); /* delivered when the handler returns: the core shows the same stack */
}

static void watch_abort(void)
{
    void *frame;
    backtrace(&frame, 1); /* loads libgcc now: malloc may be locked when it is needed */
    struct sigaction action = { .sa_handler = on_abort, .sa_flags = SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    sigaction(SIGABRT, &action, NULL);
}

/* ---- its life ------------------------------------------------------------------------------------------------------------------------------------------------- */

void cito_worker_prepare(pid_t master)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (getppid() != master)
        _exit(0); /* it ended before prctl was called */
}

void cito_worker_become(int id, pid_t master, cito_heartbeat *heartbeat)
{
    self.master = master;
    self.heartbeat = heartbeat;
    cito_worker_id_set(id);
    watch_abort();
    cito_worker_beat();
}

static void set_close_on_exec(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* "ID MASTER SLOT HEARTBEATS CHANNEL DESCRIPTOR…", all of them numbers. */
bool cito_worker_attach(cito_worker_start *out)
{
    const char *text = getenv("CITO_WORKER");
    if (!text)
        return false;
    long numbers[5 + CITO_WORKER_INHERITED_MAX];
    unsigned count = 0;
    char *end = (char *)text;
    while (*end && count < sizeof numbers / sizeof *numbers) {
        numbers[count++] = strtol(end, &end, 10);
        if (*end == ' ')
            end++;
        else
            break;
    }
    bool valid = count >= 5 && !*end && numbers[0] >= 1 && numbers[2] >= 0 && numbers[2] < CITO_HEARTBEATS && numbers[1] == getppid();
    unsetenv("CITO_WORKER");
    if (!valid)
        return false; /* left over in somebody's environment: its master is not this one's parent */
    cito_heartbeat *heartbeats = mmap(NULL, CITO_HEARTBEATS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, (int)numbers[3], 0);
    if (heartbeats == MAP_FAILED)
        cito_die(1, "A worker cannot map the memory it shares with its master: %s", strerror(errno));
    close((int)numbers[3]);
    *out = (cito_worker_start){ .id = (int)numbers[0], .channel = (int)numbers[4], .inherited_count = count - 5 };
    set_close_on_exec(out->channel);
    for (unsigned i = 0; i < out->inherited_count; i++)
        set_close_on_exec(out->inherited[i] = (int)numbers[5 + i]);
    cito_worker_become(out->id, (pid_t)numbers[1], &heartbeats[numbers[2]]);
    return true;
}

void cito_worker_ready(void)
{
    cito_worker_beat();
    if (self.heartbeat)
        atomic_store(&self.heartbeat->ready, true);
}

void cito_worker_beat(void)
{
    if (self.heartbeat)
        atomic_store(&self.heartbeat->beat_ns, cito_clock_monotonic_ns());
}

bool cito_worker_master_is_alive(void) { return !self.master || getppid() == self.master; }
