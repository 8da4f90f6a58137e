/* The command line inside of every application: ./app run, ./app check, ./app openapi.
 *
 * Threading: main's. Source: FastAPI's CLI and Uvicorn's options give the words. */
#include "api/api.h"
#include "base/log.h"
#include "cli/option.h"
#include "cli/serve.h"
#include "cli/task_worker.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CITO_VERSION   "0.1.0"
#define SETTING(FIELD) offsetof(cito_serve_settings, FIELD)

static const cito_option options[] = {
    { "host", NULL, CITO_OPTION_TEXT, SETTING(host), "HOST", "the address to listen on (127.0.0.1; 0.0.0.0 for all)" },
    { "port", NULL, CITO_OPTION_COUNT, SETTING(port), "PORT", "the port (8000; 0: any free one)" },
    { "uds", NULL, CITO_OPTION_TEXT, SETTING(uds), "PATH", "a Unix socket in place of host and port" },
    { "workers", "w", CITO_OPTION_TEXT, SETTING(workers), "N|auto",
      "processes that serve, behind a master ($WEB_CONCURRENCY; none: this one serves)" },
    { "preload", NULL, CITO_OPTION_FLAG, SETTING(preload), NULL, "workers are forks of the master, not the program started anew" },
    { "timeout-worker", "timeout", CITO_OPTION_SECONDS, SETTING(worker_timeout_ms), "SECONDS",
      "a worker that gives no sign of life is replaced (30; 0: never)" },
    { "with-worker", NULL, CITO_OPTION_FLAG, SETTING(with_worker), NULL,
      "a task worker beside the API; its options from the environment, as CITO_CONCURRENCY" },
    { "pid", NULL, CITO_OPTION_TEXT, SETTING(pid_path), "FILE", "where the process's id is written" },
    { "backlog", NULL, CITO_OPTION_COUNT, SETTING(backlog), "N", "connections that wait to be accepted (2048)" },
    { "root-path", NULL, CITO_OPTION_TEXT, SETTING(root_path), "PATH", "the prefix that a proxy in front takes off" },
    { "proxy-headers", NULL, CITO_OPTION_OFF_FLAG, SETTING(proxy_headers_off), NULL,
      "X-Forwarded-For and X-Forwarded-Proto are not believed" },
    { "forwarded-allow-ips", NULL, CITO_OPTION_TEXT, SETTING(forwarded_allow_ips), "LIST",
      "the proxies that are believed: addresses, networks, the path of --uds, or * ($FORWARDED_ALLOW_IPS; 127.0.0.1,::1)" },
    { "threadpool-size", "threads", CITO_OPTION_COUNT, SETTING(threadpool_size), "N", "threads for CITO_DEF (40)" },
    { "stack-size", NULL, CITO_OPTION_BYTES, SETTING(stack_size), "BYTES", "the stack of a CITO_ASYNC_DEF (256k)" },
    { "limit-request-memory", NULL, CITO_OPTION_BYTES, SETTING(request_memory_limit), "BYTES", "memory that one request may take (64M)" },
    { "limit-body", NULL, CITO_OPTION_BYTES, SETTING(server.limit_body), "BYTES", "the largest body (16M); more is answered 413" },
    { "limit-connections", "worker-connections", CITO_OPTION_COUNT, SETTING(server.limit_connections), "N",
      "connections at once (10000); more wait" },
    { "limit-request-line", NULL, CITO_OPTION_BYTES, SETTING(request_line), "BYTES",
      "the longest request line (8190); more is answered 414" },
    { "limit-request-fields", NULL, CITO_OPTION_COUNT, SETTING(field_count), "N", "header fields (100); more is answered 431" },
    { "limit-request-field-size", NULL, CITO_OPTION_BYTES, SETTING(field_size), "BYTES", "the longest header field (8190)" },
    { "timeout-keep-alive", "keep-alive", CITO_OPTION_SECONDS, SETTING(server.timeout_keep_alive_ms), "SECONDS",
      "an idle connection is kept (5)" },
    { "timeout-header", NULL, CITO_OPTION_SECONDS, SETTING(server.timeout_head_ms), "SECONDS", "a request's head may take (10)" },
    { "timeout-body", NULL, CITO_OPTION_SECONDS, SETTING(server.timeout_body_ms), "SECONDS", "between two pieces of a body (30)" },
    { "timeout-write", NULL, CITO_OPTION_SECONDS, SETTING(server.timeout_write_ms), "SECONDS", "a client may take nothing (30)" },
    { "timeout-graceful-shutdown", "graceful-timeout", CITO_OPTION_SECONDS, SETTING(server.timeout_graceful_ms), "SECONDS",
      "requests may go on after Ctrl+C (30)" },
    { "slow-callback", NULL, CITO_OPTION_SECONDS, SETTING(slow_callback_ms), "SECONDS",
      "a handler that holds the loop longer is reported (0.1)" },
    { "access-log", NULL, CITO_OPTION_OFF_FLAG, SETTING(server.access_log_off), NULL, "no line for each request" },
    { "server-header", NULL, CITO_OPTION_OFF_FLAG, SETTING(server.server_header_off), NULL, "no `server: cito`" },
    { "date-header", NULL, CITO_OPTION_OFF_FLAG, SETTING(server.date_header_off), NULL, "no `date`" },
    { "log-level", NULL, CITO_OPTION_TEXT, SETTING(log_level), "LEVEL", "debug, info, warning, error, off (info)" },
    { 0 },
};

static int print_help(const char *program)
{
    cito_buffer help;
    cito_buffer_init(&help);
    cito_buffer_append_format(&help,
                              "Usage: %s [run] [OPTIONS]     serve the application\n"
                              "       %s check               look for mistakes in the declarations: exit code 0 or 1\n"
                              "       %s openapi             print the OpenAPI document\n"
                              "       %s worker [OPTIONS]    run the tasks; see worker --help\n"
                              "       %s inspect ping        ask the workers: active, reserved, scheduled, registered, stats, ...\n"
                              "       %s control METHOD      tell them: revoke, rate_limit, pool_grow, add_consumer, shutdown, ...\n\n"
                              "Options of run; each is also read from the environment, as CITO_PORT for --port:\n",
                              program, program, program, program, program, program);
    cito_options_print_help(options, &help);
    printf("%.*s", (int)help.len, help.data);
    cito_buffer_finish(&help);
    return 0;
}

/* check and openapi: the application is made and not served. */
static int inspect(cito_router *app, bool print_document)
{
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    cito_api *api = cito_api_new(app, &mistakes);
    if (!api)
        fprintf(stderr, "%.*s", (int)mistakes.len, mistakes.data);
    else if (print_document)
        printf("%s\n", cito_api_openapi(api).data);
    else
        printf("No mistakes found.\n");
    int code = api ? 0 : 1;
    if (api)
        cito_api_free(api);
    cito_buffer_finish(&mistakes);
    return code;
}

static bool is_word(const char *text, const char *word, const char *option) { return strcmp(text, word) == 0 || strcmp(text, option) == 0; }

int cito_main(cito_router *app, int argc, char **argv)
{
    bool has_verb = argc > 1 && argv[1][0] != '-';
    const char *verb = has_verb ? argv[1] : "run";
    if (argc > 1 && (is_word(argv[1], "help", "--help") || strcmp(argv[1], "-h") == 0))
        return print_help(argv[0]);
    if (argc > 1 && is_word(argv[1], "version", "--version")) {
        printf("cito %s\n", CITO_VERSION);
        return 0;
    }
    if (strcmp(verb, "check") == 0 || strcmp(verb, "openapi") == 0)
        return inspect(app, verb[0] == 'o');
    if (strcmp(verb, "worker") == 0)
        return cito_cli_worker(argc, argv, 2);
    if (strcmp(verb, "inspect") == 0 || strcmp(verb, "control") == 0)
        return cito_cli_inspect(argc, argv, 2, verb[0] == 'c');
    if (strcmp(verb, "run") != 0) {
        fprintf(stderr, "%s: there is no command %s: run, worker, inspect, control, check, openapi, help, version\n", argv[0], verb);
        return 1;
    }
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return print_help(argv[0]);
    cito_serve_settings settings;
    cito_serve_settings_init(&settings);
    cito_buffer error;
    cito_buffer_init(&error);
    int words = cito_options_read(options, &settings, argc, argv, has_verb ? 2 : 1, &error);
    if (words > 0)
        cito_buffer_append_format(&error, "%s: run takes options only, not %s\n", argv[0], argv[has_verb ? 2 : 1]);
    if (error.len)
        fprintf(stderr, "%.*s", (int)error.len, error.data);
    /* A worker that the master starts afresh has the same command line: only the first process starts it. */
    pid_t worker = !error.len && settings.with_worker && !getenv("CITO_WORKER") ? cito_with_worker_start(argv[0]) : 0;
    int code = error.len || worker < 0 ? 1 : cito_serve(app, &settings);
    cito_with_worker_stop(worker);
    cito_buffer_finish(&error);
    return code;
}
