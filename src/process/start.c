/* One new process: fork, and what has to be done between fork and the worker's first instruction.
 *
 * Invariants: between fork and exec only functions that are safe after fork of a process with threads (signal-safety(7)) are called; what needs memory is made
 * before. Threading: the supervisor's thread. */
#include "process/start.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

/* ---- the program ------------------------------------------------------------------------------------------------------------------------------------------- */

static char *read_whole(const char *path, size_t *out_len)
{
    size_t capacity = 4096, len = 0;
    char *text = malloc(capacity);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (ssize_t got = 1; fd >= 0 && text && got > 0; len += (size_t)(got > 0 ? got : 0)) {
        if (len + 1 >= capacity && !(text = realloc(text, capacity *= 2)))
            break;
        got = read(fd, text + len, capacity - len - 1);
    }
    if (fd < 0 || !text)
        cito_die(1, "%s cannot be read: workers are started from what it says; is /proc mounted?", path);
    close(fd);
    text[len] = '\0';
    *out_len = len;
    return text;
}

void cito_program_init(cito_program *program)
{
    static const char deleted[] = " (deleted)"; /* a new file was moved over it since this process began: proc(5) */
    ssize_t len = readlink("/proc/self/exe", program->path, sizeof program->path - 1);
    if (len < 0)
        cito_die(1, "/proc/self/exe cannot be read: workers are started from what it says; is /proc mounted?");
    program->path[len] = '\0';
    if ((size_t)len > sizeof deleted && strcmp(program->path + len - (sizeof deleted - 1), deleted) == 0)
        program->path[len - (ssize_t)(sizeof deleted - 1)] = '\0';
    size_t size, words = 0;
    program->command_line = read_whole("/proc/self/cmdline", &size);
    for (size_t i = 0; i < size; i++)
        words += !program->command_line[i];
    program->argv = calloc(words + 1, sizeof *program->argv);
    if (!program->argv)
        cito_abort("out of memory: no room for a command line");
    char *word = program->command_line;
    for (size_t i = 0; i < words; i++, word += strlen(word) + 1)
        program->argv[i] = word;
}

void cito_program_finish(cito_program *program)
{
    free(program->argv);
    free(program->command_line);
}

/* ---- the process ------------------------------------------------------------------------------------------------------------------------------------------- */

typedef struct fresh_environment {
    char text[512]; /* CITO_WORKER=… */
    char **variables;
} fresh_environment;

static void make_environment(const cito_process_start *start, int channel, fresh_environment *out)
{
    size_t count = 0, kept = 0;
    int len = snprintf(out->text, sizeof out->text, "CITO_WORKER=%d %d %u %d %d", start->id, (int)getpid(), start->slot,
                       start->heartbeats_fd, channel);
    for (unsigned i = 0; i < start->kind->inherited_count; i++)
        len += snprintf(out->text + len, sizeof out->text - (size_t)len, " %d", start->kind->inherited[i]);
    while (environ[count])
        count++;
    out->variables = calloc(count + 2, sizeof *out->variables);
    if (!out->variables)
        cito_abort("out of memory: no room for a worker's environment");
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "CITO_WORKER=", 12) != 0)
            out->variables[kept++] = environ[i];
    out->variables[kept] = out->text;
}

static void keep_over_exec(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFD, 0);
}

static _Noreturn void run_fresh(const cito_process_start *start, int channel, char **variables)
{
    const cito_program *program = start->program;
    keep_over_exec(start->heartbeats_fd);
    keep_over_exec(channel);
    for (unsigned i = 0; i < start->kind->inherited_count; i++)
        keep_over_exec(start->kind->inherited[i]);
    execve(program->path, program->argv, variables);
    cito_die(127, "%s cannot be run: %s\n", program->path, strerror(errno));
}

static _Noreturn void run_fork(const cito_process_start *start, int channel, pid_t master)
{
    cito_worker_become(start->id, master, &start->heartbeats[start->slot]);
    int code = start->kind->run(start->kind->data, start->id, channel);
    fflush(NULL);
    _exit(code); /* what the master registered with atexit is the master's */
}

pid_t cito_process_start_run(const cito_process_start *start, int *out_channel)
{
    int pair[2] = { -1, -1 };
    fresh_environment environment = { .variables = NULL };
    if (start->kind->wants_channel && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    if (start->kind->fresh)
        make_environment(start, pair[1], &environment);
    fflush(NULL); /* or both would write what is buffered */
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); /* the owner's handlers must not run in the child */
    pid_t master = getpid(), pid = fork();
    if (pid == 0) {
        cito_worker_prepare(master);
        for (unsigned i = 0; i < start->close_count; i++)
            close(start->close_in_child[i]);
        if (pair[0] >= 0)
            close(pair[0]);
        if (start->kind->fresh)
            run_fresh(start, pair[1], environment.variables);
        run_fork(start, pair[1], master);
    }
    int failure = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    free(environment.variables);
    if (pair[1] >= 0)
        close(pair[1]);
    if (pid < 0 && pair[0] >= 0)
        close(pair[0]);
    *out_channel = pid < 0 ? -1 : pair[0];
    errno = failure;
    return pid;
}
