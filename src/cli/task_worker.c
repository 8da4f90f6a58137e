/* ./app worker: options as Celery's worker has them, handed to tasks/worker.h.
 *
 * Threading: main's. */
#include "cli/task_worker.h"
#include "base/log.h"
#include "cli/option.h"
#include "tasks/task.h"
#include "tasks/worker.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct worker_options {
    cito_task_worker_settings worker;
    const char *broker_url, *result_backend, *log_level;
    unsigned visibility_timeout_ms;
} worker_options;

#define OF(FIELD) offsetof(worker_options, FIELD)

static const cito_option options[] = {
    { "concurrency", "c", CITO_OPTION_COUNT, OF(worker.concurrency), "N", "processes, which run one task each (as many as cores)" },
    { "queues", "Q", CITO_OPTION_TEXT, OF(worker.queues), "A,B", "what to consume from (all queues that the tasks name)" },
    { "hostname", "n", CITO_OPTION_TEXT, OF(worker.node_name), "NAME",
      "the node's name (celery@%h: %h host, %n its first part, %d its domain)" },
    { "name", NULL, CITO_OPTION_TEXT, OF(worker.node_name), "NAME", "the same" },
    { "broker", "b", CITO_OPTION_TEXT, OF(broker_url), "URL", "in place of the program's: sqlite://PATH, redis://host:port/db" },
    { "result-backend", "backend", CITO_OPTION_TEXT, OF(result_backend), "URL", "in place of the program's" },
    { "prefetch-multiplier", NULL, CITO_OPTION_COUNT, OF(worker.prefetch_multiplier), "N", "messages held for each process (4)" },
    { "visibility-timeout", NULL, CITO_OPTION_SECONDS, OF(visibility_timeout_ms), "SECONDS",
      "after that, what a dead worker held is taken over (3600)" },
    { "events", "E", CITO_OPTION_FLAG, OF(worker.events), NULL, "task events for monitors, from the start" },
    { "time-limit", NULL, CITO_OPTION_SECONDS, OF(worker.time_limit_ms), "SECONDS",
      "a task that runs longer is killed, where it says nothing else" },
    { "soft-time-limit", NULL, CITO_OPTION_SECONDS, OF(worker.soft_time_limit_ms), "SECONDS",
      "a wait of a task that runs longer raises, where it says nothing else" },
    { "max-tasks-per-child", NULL, CITO_OPTION_COUNT, OF(worker.max_tasks_per_child), "N",
      "tasks after which a process is replaced (none)" },
    { "log-level", "l", CITO_OPTION_TEXT, OF(log_level), "LEVEL", "debug, info, warning, error, off (info)" },
    { "loglevel", NULL, CITO_OPTION_TEXT, OF(log_level), "LEVEL", "the same" },
    { 0 },
};

void cito_cli_set_queues(const char *broker_url, const char *result_backend, double visibility_timeout)
{
    size_t count;
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    const cito_task *tasks = cito_tasks_all(NULL, &count, &mistakes);
    for (size_t i = 0; i < count; i++) {
        /* The program's own CITO_QUEUE, which is no constant; nothing is connected yet. */
        cito_queue *queue = (cito_queue *)(uintptr_t)tasks[i].queue;
        if (broker_url)
            queue->broker_url = broker_url;
        if (result_backend)
            queue->result_backend = result_backend;
        if (visibility_timeout > 0)
            queue->visibility_timeout = visibility_timeout;
    }
    cito_buffer_finish(&mistakes);
}

static int print_help(const char *program)
{
    cito_buffer help;
    cito_buffer_init(&help);
    cito_buffer_append_format(&help, "Usage: %s worker [OPTIONS]     run this program's tasks\n\n", program);
    cito_options_print_help(options, &help);
    printf("%.*s", (int)help.len, help.data);
    cito_buffer_finish(&help);
    return 0;
}

int cito_cli_worker(int argc, char **argv, int first)
{
    worker_options given = { .log_level = "info" };
    for (int i = first; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return print_help(argv[0]);
    cito_buffer error;
    cito_buffer_init(&error);
    int words = cito_options_read(options, &given, argc, argv, first, &error);
    if (words > 0)
        cito_buffer_append_format(&error, "%s: worker takes options only, not %s\n", argv[0], argv[first]);
    for (char *c = (char *)(uintptr_t)given.log_level; words == 0 && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c += 'a' - 'A'; /* Celery writes INFO */
    if (words == 0 && !cito_log_level_parse(given.log_level, &cito_log_threshold))
        cito_buffer_append_format(&error, "--log-level %s: expected debug, info, warning, error or off\n", given.log_level);
    if (error.len)
        fprintf(stderr, "%.*s", (int)error.len, error.data);
    int code = 1;
    if (!error.len) {
        cito_cli_set_queues(given.broker_url, given.result_backend, given.visibility_timeout_ms / 1e3);
        code = cito_task_worker_run(&given.worker);
    }
    cito_buffer_finish(&error);
    return code;
}
