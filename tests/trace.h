/* What happened, in order: a trace that callables write into, and what was logged. `reset` is a test's setup. */
#pragma once
#include "base/log.h"
#include <stdio.h>
#include <string.h>

static char trace[1024];
__attribute__((unused)) static void note(const char *what)
{
    size_t len = strlen(trace);
    snprintf(trace + len, sizeof trace - len, "%s%s", len ? " " : "", what);
}

static char logged[8192];
__attribute__((unused)) static void keep_log(cito_log_level level, const char *line, void *data)
{
    (void)level, (void)data;
    size_t len = strlen(logged);
    snprintf(logged + len, sizeof logged - len, "%s\n", line);
}

__attribute__((unused)) static int reset(void **state)
{
    (void)state;
    trace[0] = logged[0] = '\0';
    cito_log_redirect(keep_log, NULL);
    return 0;
}
