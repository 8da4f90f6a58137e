/* `run --workers N`: the master's part of serving: check the application once, bind, print, supervise.
 *
 * Invariants: the application's functions never run in the master. Without --preload the workers are the program itself, started afresh with the same command
 * line; with it they are forks of the master, which then has read the declarations for all of them. Threading: main's. */
#include "base/log.h"
#include "cli/serve.h"
#include "process/master.h"
#include <ctype.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    GRACEFUL_MS = 30000, /* as the server's default */
    SHUTDOWN_MS = 3000   /* for the shutdown hooks of a worker that has cancelled what was left */
};

typedef struct workers {
    cito_router *app;
    const cito_serve_settings *settings;
    cito_api *api; /* with --preload; its worker's own after the fork */
    int listener;
} workers;

static unsigned core_count(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1; /* a container may be given fewer than there are */
}

static bool parse(const char *name, const char *text, unsigned *out_count)
{
    char *end;
    unsigned long count = strtoul(text, &end, 10);
    if (strcmp(text, "auto") == 0)
        count = core_count();
    else if (!isdigit((unsigned char)*text) || *end || count < 1 || count > CITO_WORKERS_MAX) {
        fprintf(stderr, "%s %s: expected a whole number from 1 to %d, or auto\n", name, text, CITO_WORKERS_MAX);
        return false;
    }
    *out_count = (unsigned)count;
    return true;
}

bool cito_workers_count(const char *option, unsigned *out_count)
{
    const char *concurrency = getenv("WEB_CONCURRENCY");
    *out_count = 0;
    if (option)
        return parse("--workers", option, out_count);
    if (!concurrency || !*concurrency)
        return true;
    if (!parse("WEB_CONCURRENCY", concurrency, out_count))
        return false;
    if (*out_count == 1)
        *out_count = 0; /* platforms set it for everybody: a master for one worker is only for who asks for it */
    return true;
}

static int run_fork(void *data, int worker_id, int channel)
{
    workers *self = data;
    (void)worker_id;
    (void)channel;
    return cito_serve_worker(self->app, self->settings, self->api, self->listener);
}

static void log_ready(void *data, const cito_worker_handle *worker)
{
    (void)data;
    cito_log_write(CITO_LOG_INFO, "Worker %d [%d] is ready", worker->id, (int)worker->pid);
}

static int supervise(workers *self, unsigned count)
{
    unsigned graceful_ms = self->settings->server.timeout_graceful_ms ? self->settings->server.timeout_graceful_ms : GRACEFUL_MS;
    const cito_worker_kind kind = { .run = run_fork,
                                    .data = self,
                                    .fresh = !self->settings->preload,
                                    .inherited = &self->listener,
                                    .inherited_count = 1,
                                    .timeout_ms = self->settings->worker_timeout_ms,
                                    .graceful_ms = graceful_ms + SHUTDOWN_MS,
                                    .became_ready = log_ready };
    const cito_master_options options = { .worker_count = count, .pid_path = self->settings->pid_path };
    return cito_master_run(&kind, &options);
}

int cito_serve_with_workers(cito_router *app, const cito_serve_settings *settings, unsigned count)
{
    workers self = { .app = app, .settings = settings, .api = cito_serve_make_api(app, settings) };
    if (!self.api)
        return 1;
    cito_arena texts;
    cito_arena_init(&texts, 0);
    int code = 1;
    self.listener = cito_serve_open_listener(settings, &texts);
    if (self.listener >= 0) {
        cito_serve_print_addresses(app, settings, self.api, self.listener, &texts);
        if (!settings->preload) { /* it has shown that the workers can make theirs */
            cito_api_free(self.api);
            self.api = NULL;
        }
        code = supervise(&self, count);
        close(self.listener);
        if (settings->uds)
            unlink(settings->uds);
    }
    if (self.api)
        cito_api_free(self.api);
    cito_arena_finish(&texts);
    return code;
}
