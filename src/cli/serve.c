/* The life of a serving process: bind, start-up, requests, a graceful end.
 *
 * Invariants: the socket is bound before the application starts, so that a taken port is told at once; requests are accepted only after start-up; shutdown runs
 * exactly when start-up succeeded. Threading: main's thread is the loop's. */
#include "cli/serve.h"
#include "api/api.h"
#include "base/log.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct serving {
    const cito_serve_settings *settings;
    cito_router *app;
    cito_api *api;
    cito_loop *loop;
    cito_server *server;
    cito_arena texts;
    int listener;
    uv_signal_t signals[2];
    bool has_started, is_stopping;
} serving;

void cito_serve_settings_init(cito_serve_settings *settings)
{
    *settings = (cito_serve_settings){ .host = "127.0.0.1", .port = 8000, .backlog = 2048, .log_level = "info" };
}

/* ---- start ------------------------------------------------------------------------------------------------------------------ */

static bool make_api(serving *serve)
{
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    if (serve->settings->root_path)
        serve->app->root_path = serve->settings->root_path;
    serve->api = cito_api_new(serve->app, &mistakes);
    if (!serve->api)
        fprintf(stderr, "%.*s", (int)mistakes.len, mistakes.data);
    cito_buffer_finish(&mistakes);
    return serve->api;
}

static bool bind_listener(serving *serve)
{
    const cito_serve_settings *settings = serve->settings;
    const char *error = NULL;
    if (settings->descriptor_plus_one)
        serve->listener = (int)settings->descriptor_plus_one - 1;
    else if (settings->uds)
        serve->listener = cito_listener_open_unix(&serve->texts, settings->uds, 0666, (int)settings->backlog, &error);
    else
        serve->listener = cito_listener_open(&serve->texts, settings->host, (int)settings->port, (int)settings->backlog, &error);
    if (serve->listener < 0)
        fprintf(stderr, "%s\n", error);
    return serve->listener >= 0;
}

/* What a newcomer looks for first. */
static void print_addresses(serving *serve)
{
    cito_str url = cito_listener_url(&serve->texts, serve->listener), docs = cito_api_docs_url(serve->api);
    printf("\n   Serving  %s %s\n    Server  %s\n", serve->app->title ? serve->app->title : "cito", serve->app->version ? serve->app->version : "0.1.0", url.data);
    if (docs.len && !serve->settings->uds)
        printf("      Docs  %s%s%s\n", url.data, serve->app->root_path ? serve->app->root_path : "", docs.data);
    printf("      Stop  Ctrl+C\n\n");
    fflush(stdout);
}

/* ---- end --------------------------------------------------------------------------------------------------------------------- */

static void shutdown_application(void *data)
{
    serving *serve = data;
    cito_application *application = cito_api_application(serve->api);
    cito_log_write(CITO_LOG_INFO, "Waiting for application shutdown.");
    application->shutdown(application, serve->loop);
    cito_log_write(CITO_LOG_INFO, "Application shutdown complete.");
    cito_lifetime_finish(cito_context_current->lifetime);
    cito_loop_stop(serve->loop);
}

static void server_is_done(void *data)
{
    serving *serve = data;
    cito_coroutine_spawn(serve->loop, cito_lifetime_new(serve->loop, NULL), shutdown_application, serve);
}

static void on_signal(uv_signal_t *signal, int number)
{
    serving *serve = signal->data;
    (void)number;
    if (!serve->has_started)
        _exit(1); /* start-up hangs, and its user wants out */
    if (!serve->is_stopping)
        cito_log_write(CITO_LOG_INFO, "Shutting down");
    serve->is_stopping = true;
    cito_server_stop(serve->server, server_is_done, serve);
}

static void watch_signals(serving *serve)
{
    static const int numbers[] = { SIGINT, SIGTERM };
    signal(SIGPIPE, SIG_IGN); /* a write to a connection that is gone is an error value */
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(cito_loop_uv(serve->loop), &serve->signals[i]);
        serve->signals[i].data = serve;
        uv_signal_start(&serve->signals[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&serve->signals[i]);
    }
}

/* ---- between ------------------------------------------------------------------------------------------------------------------- */

static void start_application(void *data)
{
    serving *serve = data;
    cito_application *application = cito_api_application(serve->api);
    cito_lifetime *lifetime = cito_context_current->lifetime;
    cito_log_write(CITO_LOG_INFO, "Started server process [%d]", (int)getpid());
    cito_log_write(CITO_LOG_INFO, "Waiting for application startup.");
    if (!application->startup(application, serve->loop)) {
        cito_log_write(CITO_LOG_ERROR, "Application startup failed. Exiting.");
        cito_lifetime_finish(lifetime);
        cito_loop_stop(serve->loop);
        return;
    }
    serve->has_started = true;
    cito_log_write(CITO_LOG_INFO, "Application startup complete.");
    cito_server_listen(serve->server, serve->listener);
    print_addresses(serve);
    cito_lifetime_finish(lifetime);
}

static void close_signals(serving *serve)
{
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&serve->signals[i], NULL);
    cito_loop_run(serve->loop, UV_RUN_NOWAIT);
}

static int serve_loop(serving *serve)
{
    const cito_serve_settings *settings = serve->settings;
    const cito_loop_options options = { .stack_size = settings->stack_size,
                                        .threadpool_size = settings->threadpool_size,
                                        .slow_callback_ms = settings->slow_callback_ms,
                                        .request_memory_limit = settings->request_memory_limit };
    cito_server_options server = settings->server;
    server.http = (cito_http_limits){ .request_line = settings->request_line, .field_size = settings->field_size, .field_count = settings->field_count, .head_size = settings->head_size };
    server.root_path = serve->app->root_path;
    serve->loop = cito_loop_new(&options);
    serve->server = cito_server_new(serve->loop, cito_api_application(serve->api), &server);
    watch_signals(serve);
    cito_coroutine_spawn(serve->loop, cito_lifetime_new(serve->loop, NULL), start_application, serve);
    cito_loop_run(serve->loop, UV_RUN_DEFAULT);
    close_signals(serve);
    cito_server_free(serve->server);
    cito_loop_free(serve->loop);
    return serve->has_started ? 0 : 1;
}

int cito_serve(cito_router *app, const cito_serve_settings *settings)
{
    serving serve = { .settings = settings, .app = app, .listener = -1 };
    if (!cito_log_level_parse(settings->log_level, &cito_log_threshold)) {
        fprintf(stderr, "--log-level %s: expected debug, info, warning, error or off\n", settings->log_level);
        return 1;
    }
    cito_arena_init(&serve.texts, 0);
    int code = make_api(&serve) && bind_listener(&serve) ? serve_loop(&serve) : 1;
    if (serve.listener >= 0)
        close(serve.listener);
    if (settings->uds && serve.listener >= 0)
        unlink(settings->uds);
    if (serve.api)
        cito_api_free(serve.api);
    cito_arena_finish(&serve.texts);
    return code;
}
