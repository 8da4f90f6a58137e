/* The master's loop: signals are blocked and read from a signalfd, so that there is no handler and nothing is missed between two looks.
 *
 * Invariants: no user code runs here and no thread is started: a fork of it is a clean process. Threading: main's. */
#include "process/master.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct master {
    cito_supervisor *supervisor;
    bool forks, stopping;
    int code;
} master;

static const int watched[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTTIN, SIGTTOU, SIGCHLD, SIGUSR1, SIGUSR2 };

static int open_signals(sigset_t *out_before)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        signal(watched[i], SIG_DFL); /* an ignored SIGCHLD, inherited from whoever started this, would reap the workers unseen */
        sigaddset(&set, watched[i]);
    }
    sigprocmask(SIG_BLOCK, &set, out_before);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        cito_die(1, "Signals cannot be read: %s\n", strerror(errno));
    return fd;
}

static void stop(master *self, int number)
{
    bool quick = number == SIGQUIT || self->stopping;
    cito_log_write(CITO_LOG_INFO, "Received SIG%s: stopping the workers %s", sigabbrev_np(number),
                   quick ? "at once" : "after their requests");
    self->stopping = true;
    cito_supervisor_stop(self->supervisor, quick);
}

static void resize(master *self, int by)
{
    unsigned count = cito_supervisor_count(self->supervisor) + (unsigned)by;
    if (self->stopping || count < 1 || count > CITO_WORKERS_MAX)
        return;
    cito_supervisor_set_count(self->supervisor, count);
    cito_log_write(CITO_LOG_INFO, "From now on there are %u workers", count);
}

static void reload(master *self)
{
    if (self->stopping)
        return;
    cito_log_write(CITO_LOG_INFO, "Reloading: the workers are replaced one for one%s",
                   self->forks ? "; by --preload they run the same program as before" : "");
    cito_supervisor_reload(self->supervisor);
}

static void handle_signal(master *self, int number)
{
    if (number == SIGTERM || number == SIGINT || number == SIGQUIT)
        stop(self, number);
    else if (number == SIGHUP)
        reload(self);
    else if (number == SIGTTIN || number == SIGTTOU)
        resize(self, number == SIGTTIN ? 1 : -1);
    else if (number != SIGCHLD)
        cito_log_write(CITO_LOG_DEBUG, "SIG%s does nothing", sigabbrev_np(number));
}

/* As process 1 of a container it is also given the orphans of others. */
static void reap_strangers(const master *self)
{
    siginfo_t info = { .si_pid = 0 };
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
        unsigned count;
        const cito_worker_handle *workers = cito_supervisor_workers(self->supervisor, &count);
        for (unsigned i = 0; i < count; i++)
            if (workers[i].pid == info.si_pid)
                return; /* the supervisor's next step takes it */
        waitpid(info.si_pid, NULL, 0);
        info.si_pid = 0;
    }
}

static void wait_for_signals(master *self, int fd, unsigned timeout_ms)
{
    struct pollfd pollfd = { .fd = fd, .events = POLLIN };
    struct signalfd_siginfo info;
    poll(&pollfd, 1, (int)timeout_ms);
    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
        handle_signal(self, (int)info.ssi_signo);
}

static void supervise(master *self, int signals_fd)
{
    for (;;) {
        unsigned next_ms;
        if (!cito_supervisor_step(self->supervisor, &next_ms) && !self->stopping) {
            self->code = 1;
            self->stopping = true;
            cito_supervisor_stop(self->supervisor, false);
        }
        reap_strangers(self);
        if (self->stopping && cito_supervisor_is_empty(self->supervisor))
            return;
        wait_for_signals(self, signals_fd, next_ms);
    }
}

int cito_master_run(const cito_worker_kind *kind, const cito_master_options *options)
{
    sigset_t before;
    if (options->pid_path && !cito_pid_file_write(options->pid_path))
        return 1;
    int signals_fd = open_signals(&before);
    master self = { .supervisor = cito_supervisor_new(kind), .forks = !kind->fresh };
    cito_log_write(CITO_LOG_INFO, "Started master process [%d]", (int)getpid());
    cito_supervisor_set_count(self.supervisor, options->worker_count);
    supervise(&self, signals_fd);
    cito_log_write(CITO_LOG_INFO, "Stopped master process [%d]", (int)getpid());
    cito_supervisor_free(self.supervisor);
    close(signals_fd);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (options->pid_path)
        cito_pid_file_remove(options->pid_path);
    return self.code;
}
