/* Serving: one process that binds, starts the application, serves until it is told to end, and shuts the application down. Thread rule: main's. */
#pragma once
#include "loop/loop.h"
#include "server/server.h"
#include <cito/app.h>

typedef struct cito_serve_settings {
    const char *host, *uds, *log_level, *root_path;
    unsigned port, backlog, descriptor_plus_one; /* 0: bind */
    unsigned threadpool_size, slow_callback_ms;
    uint64_t stack_size, request_memory_limit, head_size, request_line, field_size;
    unsigned field_count;
    cito_server_options server;
} cito_serve_settings;

void cito_serve_settings_init(cito_serve_settings *);
/* The exit code: 0, or 1 after a line on standard error that says what to do. `command`: "run", for the lines at start. */
int cito_serve(cito_router *app, const cito_serve_settings *);
