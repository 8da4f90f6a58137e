/* Serving: one process that binds, starts the application, serves until it is told to end, and shuts the application down; or a master and workers that
 * do so. Thread rule: main's. */
#pragma once
#include "api/api.h"
#include "loop/loop.h"
#include "server/server.h"
#include <cito/app.h>

typedef struct cito_serve_settings {
    const char *host, *uds, *log_level, *root_path, *workers, *pid_path;
    const char *forwarded_allow_ips;             /* NULL: $FORWARDED_ALLOW_IPS, else 127.0.0.1,::1; server.trusted_proxies is made of it */
    unsigned port, backlog, descriptor_plus_one; /* 0: bind */
    unsigned threadpool_size, slow_callback_ms;
    uint64_t stack_size, request_memory_limit, head_size, request_line, field_size;
    unsigned field_count;
    unsigned worker_timeout_ms;
    bool preload, with_worker, proxy_headers_off;
    cito_server_options server;
} cito_serve_settings;

void cito_serve_settings_init(cito_serve_settings *);
/* The exit code: 0, or 1 after a line on standard error that says what to do. */
int cito_serve(cito_router *app, const cito_serve_settings *);

/* ---- cli/workers.c ---------------------------------------------------------------------------------------------------------------- */

/* How many workers --workers (NULL: not given) and $WEB_CONCURRENCY ask for; 0: no master. false, with a line on standard error, where that is no number. */
bool cito_workers_count(const char *option, unsigned *out_count);
/* The master, until the last worker has ended. The exit code. */
int cito_serve_with_workers(cito_router *app, const cito_serve_settings *, unsigned count);

/* ---- what both share: cli/serve.c ------------------------------------------------------------------------------------------------- */

/* NULL, with the mistakes on standard error. */
cito_api *cito_serve_make_api(cito_router *app, const cito_serve_settings *);
/* -1, with a line on standard error. The texts it makes are in the arena. */
int cito_serve_open_listener(const cito_serve_settings *, cito_arena *texts);
/* What a newcomer looks for first. */
void cito_serve_print_addresses(const cito_router *app, const cito_serve_settings *, const cito_api *, int listener, cito_arena *texts);
/* Serves until the master or a signal ends it; takes the api (NULL: made here) and the listener. The exit code. */
int cito_serve_worker(cito_router *app, const cito_serve_settings *, cito_api *, int listener);
