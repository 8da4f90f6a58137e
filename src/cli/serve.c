/* The life of a serving process: bind, start-up, requests, a graceful end. The same process may be a worker: its master binds, prints, and is told that it lives.
 *
 * Invariants: the socket is bound before the application starts, so that a taken port is told at once; requests are accepted only after start-up; shutdown runs
 * exactly when start-up succeeded. Threading: main's thread is the loop's. */
#include "cli/serve.h"
#include "api/api.h"
#include "base/log.h"
#include "process/master.h"
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
    uv_signal_t signals[3];
    uv_timer_t beat;
    bool is_worker, has_started, is_stopping;
} serving;

enum { BEAT_MS = 1000, DRAIN_MS = 500 };

void cito_serve_settings_init(cito_serve_settings *settings)
{
    *settings =
        (cito_serve_settings){ .host = "127.0.0.1", .port = 8000, .backlog = 2048, .log_level = "info", .worker_timeout_ms = 30000 };
}

/* ---- start ------------------------------------------------------------------------------------------------------------------ */

cito_api *cito_serve_make_api(cito_router *app, const cito_serve_settings *settings)
{
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    if (settings->root_path && *settings->root_path)
        app->root_path = settings->root_path;
    cito_api *api = cito_api_new(app, &mistakes);
    if (!api)
        fprintf(stderr, "%.*s", (int)mistakes.len, mistakes.data);
    cito_buffer_finish(&mistakes);
    return api;
}

int cito_serve_open_listener(const cito_serve_settings *settings, cito_arena *texts)
{
    const char *error = NULL;
    int listener;
    if (settings->descriptor_plus_one)
        return (int)settings->descriptor_plus_one - 1;
    if (settings->uds)
        listener = cito_listener_open_unix(texts, settings->uds, 0666, (int)settings->backlog, &error);
    else
        listener = cito_listener_open(texts, settings->host, (int)settings->port, (int)settings->backlog, &error);
    if (listener < 0)
        fprintf(stderr, "%s\n", error);
    return listener;
}

void cito_serve_print_addresses(const cito_router *app, const cito_serve_settings *settings, const cito_api *api, int listener,
                                cito_arena *texts)
{
    cito_str url = cito_listener_url(texts, listener), docs = cito_api_docs_url(api);
    printf("\n   Serving  %s %s\n    Server  %s\n", app->title ? app->title : "cito", app->version ? app->version : "0.1.0", url.data);
    if (docs.len && !settings->uds)
        printf("      Docs  %s%s%s\n", url.data, app->root_path ? app->root_path : "", docs.data);
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

static void end_serving(serving *serve, bool quick)
{
    if (!serve->has_started)
        _exit(1); /* start-up hangs, and its user wants out */
    if (!serve->is_stopping)
        cito_log_write(CITO_LOG_INFO, "Shutting down");
    quick &= !serve->is_stopping; /* the second call is quick anyway */
    serve->is_stopping = true;
    cito_server_stop(serve->server, server_is_done, serve);
    if (quick)
        cito_server_stop(serve->server, server_is_done, serve);
}

static void on_signal(uv_signal_t *signal, int number) { end_serving(signal->data, number == SIGQUIT); }

static void watch_signals(serving *serve)
{
    static const int numbers[] = { SIGTERM, SIGQUIT, SIGINT }, of_the_master[] = { SIGINT, SIGHUP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2 };
    size_t count = sizeof numbers / sizeof *numbers - serve->is_worker;
    signal(SIGPIPE, SIG_IGN); /* a write to a connection that is gone is an error value */
    for (size_t i = 0; serve->is_worker && i < sizeof of_the_master / sizeof *of_the_master; i++)
        signal(of_the_master[i], SIG_IGN); /* Ctrl+C reaches a whole group: the master says what follows */
    for (size_t i = 0; i < count; i++) {
        uv_signal_init(cito_loop_uv(serve->loop), &serve->signals[i]);
        serve->signals[i].data = serve;
        uv_signal_start(&serve->signals[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&serve->signals[i]);
    }
}

/* ---- a worker ------------------------------------------------------------------------------------------------------------------ */

static void on_beat(uv_timer_t *timer)
{
    serving *serve = timer->data;
    cito_worker_beat();
    cito_server_rearm(serve->server);
    if (!cito_worker_master_is_alive() && !serve->is_stopping) {
        cito_log_write(CITO_LOG_WARNING, "The master has gone");
        end_serving(serve, false);
    }
}

static void start_beating(serving *serve)
{
    unsigned timeout_ms = serve->settings->worker_timeout_ms, pause_ms = timeout_ms && timeout_ms / 4 < BEAT_MS ? timeout_ms / 4 : BEAT_MS;
    uv_timer_init(cito_loop_uv(serve->loop), &serve->beat);
    serve->beat.data = serve;
    uv_timer_start(&serve->beat, on_beat, 0, pause_ms ? pause_ms : 1);
    uv_unref((uv_handle_t *)&serve->beat);
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
    if (serve->is_worker)
        cito_worker_ready();
    else
        cito_serve_print_addresses(serve->app, serve->settings, serve->api, serve->listener, &serve->texts);
    cito_lifetime_finish(lifetime);
}

static void close_own_handles(serving *serve)
{
    for (size_t i = 0; i < sizeof serve->signals / sizeof *serve->signals - serve->is_worker; i++)
        uv_close((uv_handle_t *)&serve->signals[i], NULL);
    if (serve->is_worker)
        uv_close((uv_handle_t *)&serve->beat, NULL);
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
    server.http = (cito_http_limits){ .request_line = settings->request_line,
                                      .field_size = settings->field_size,
                                      .field_count = settings->field_count,
                                      .head_size = settings->head_size };
    server.root_path = settings->root_path && *settings->root_path ? settings->root_path : NULL;
    server.shares_listeners = serve->is_worker;
    server.timeout_drain_ms = serve->is_worker ? DRAIN_MS : 0;
    serve->loop = cito_loop_new(&options);
    serve->server = cito_server_new(serve->loop, cito_api_application(serve->api), &server);
    watch_signals(serve);
    if (serve->is_worker)
        start_beating(serve);
    cito_coroutine_spawn(serve->loop, cito_lifetime_new(serve->loop, NULL), start_application, serve);
    cito_loop_run(serve->loop, UV_RUN_DEFAULT);
    close_own_handles(serve);
    cito_server_free(serve->server);
    cito_loop_free(serve->loop);
    return serve->has_started ? 0 : 1;
}

int cito_serve_worker(cito_router *app, const cito_serve_settings *settings, cito_api *api, int listener)
{
    serving serve = {
        .settings = settings, .app = app, .api = api ? api : cito_serve_make_api(app, settings), .listener = listener, .is_worker = true
    };
    if (!serve.api)
        return 1;
    cito_arena_init(&serve.texts, 0);
    int code = serve_loop(&serve);
    close(listener);
    cito_api_free(serve.api);
    cito_arena_finish(&serve.texts);
    return code;
}

static int serve_alone(cito_router *app, const cito_serve_settings *settings)
{
    serving serve = { .settings = settings, .app = app, .listener = -1 };
    if (settings->pid_path && !cito_pid_file_write(settings->pid_path))
        return 1;
    cito_arena_init(&serve.texts, 0);
    serve.api = cito_serve_make_api(app, settings);
    if (serve.api)
        serve.listener = cito_serve_open_listener(settings, &serve.texts);
    int code = serve.listener >= 0 ? serve_loop(&serve) : 1;
    if (serve.listener >= 0)
        close(serve.listener);
    if (settings->uds && serve.listener >= 0)
        unlink(settings->uds);
    if (serve.api)
        cito_api_free(serve.api);
    cito_arena_finish(&serve.texts);
    if (settings->pid_path)
        cito_pid_file_remove(settings->pid_path);
    return code;
}

/* Before anything is bound or started: a list that nobody can match is a mistake of the command line. */
static bool trust_proxies(cito_serve_settings *settings, cito_arena *texts)
{
    const char *list = settings->forwarded_allow_ips, *source = "--forwarded-allow-ips", *error;
    if (settings->proxy_headers_off)
        return true;
    if (!list) {
        list = getenv("FORWARDED_ALLOW_IPS"); /* Uvicorn's; empty: nobody */
        source = "FORWARDED_ALLOW_IPS in the environment";
    }
    settings->server.trusted_proxies = cito_trusted_proxies_create(texts, list ? list : "127.0.0.1,::1", &error);
    if (!settings->server.trusted_proxies)
        fprintf(stderr, "%s: %s\n", source, error);
    return settings->server.trusted_proxies;
}

static int serve_as_asked(cito_router *app, const cito_serve_settings *settings)
{
    unsigned worker_count;
    cito_worker_start start;
    if (cito_worker_attach(&start)) {
        if (start.inherited_count == 1)
            return cito_serve_worker(app, settings, NULL, start.inherited[0]);
        fprintf(stderr, "A worker was given %u listening sockets and not one\n", start.inherited_count);
        return 1;
    }
    if (!cito_workers_count(settings->workers, &worker_count))
        return 1;
    return worker_count ? cito_serve_with_workers(app, settings, worker_count) : serve_alone(app, settings);
}

int cito_serve(cito_router *app, const cito_serve_settings *settings)
{
    cito_serve_settings own = *settings;
    cito_arena texts;
    if (!cito_log_level_parse(own.log_level, &cito_log_threshold)) {
        fprintf(stderr, "--log-level %s: expected debug, info, warning, error or off\n", own.log_level);
        return 1;
    }
    cito_arena_init(&texts, 0);
    int code = trust_proxies(&own, &texts) ? serve_as_asked(app, &own) : 1;
    cito_arena_finish(&texts);
    return code;
}
