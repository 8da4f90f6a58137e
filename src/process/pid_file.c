/* The pid file: says who runs here, for scripts. It is no lock: that the port is taken is what keeps a second master out.
 *
 * Invariants: written by rename, so that no reader sees half of it. Threading: main's. */
#include "process/master.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* 0: none, or not a number. */
static pid_t read_pid(const char *path)
{
    long pid = 0;
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%ld", &pid) != 1)
        pid = 0;
    if (file)
        fclose(file);
    return pid > 0 ? (pid_t)pid : 0;
}

static bool fail(const char *path)
{
    fprintf(stderr, "--pid %s cannot be written: %s\n", path, strerror(errno));
    return false;
}

bool cito_pid_file_write(const char *path)
{
    char temporary[4096];
    pid_t other = read_pid(path);
    if (other && other != getpid() && (kill(other, 0) == 0 || errno == EPERM)) {
        fprintf(stderr, "--pid %s: process %d has its id there and is alive; end it, or remove the file if it is something else\n", path,
                (int)other);
        return false;
    }
    if (snprintf(temporary, sizeof temporary, "%s.%d", path, (int)getpid()) >= (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return fail(path);
    }
    FILE *file = fopen(temporary, "we");
    if (!file)
        return fail(path);
    bool written = fprintf(file, "%d\n", (int)getpid()) > 0;
    written = fclose(file) == 0 && written && rename(temporary, path) == 0;
    if (written)
        return true;
    fail(path);
    unlink(temporary);
    return false;
}

void cito_pid_file_remove(const char *path)
{
    if (read_pid(path) == getpid())
        unlink(path);
}
