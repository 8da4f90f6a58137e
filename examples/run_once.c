/* What runs once per build, per process, per worker, per request. Each line that it writes says which it is.
 *
 *   ./run_once run --workers 2
 *   curl http://127.0.0.1:8000/            twice: only the counters of the request and of what it calls change
 *
 * | where                                    | runs                                                                          |
 * | constants, models, decorators            | when the program is built: they are data                                      |
 * | main, constructors, before cito_main     | in every process: in the master and, as workers are started afresh, in each   |
 * |                                          | worker; with --preload in the master only, the workers are copies of it       |
 * | CITO_LIFESPAN, CITO_ON_STARTUP           | in every worker, before its first request                                     |
 * | CITO_CACHED                              | in every worker, when it is first asked for                                   |
 * | endpoints, dependencies, their locals    | in every request                                                              |
 */
#include <cito.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

CITO_APP(app, .title = "What runs once");

CITO_MODEL(Settings, (str, api_key), (int, read_by));
CITO_MODEL(Counts, (str, built), (int, process), (int, worker_id), (int, settings_read), (int, connections_opened), (int, requests), (int, settings_read_by));

static const char built[] = __DATE__ " " __TIME__;
static int settings_read, connections_opened, requests;

static void write_line(const char *what)
{
    fprintf(stderr, "once per %s: process %d\n", what, (int)getpid());
}

CITO_LIFESPAN(app)
CITO_ASYNC_DEF(none, lifespan)
{
    write_line("worker");
    cito_lifespan_yield();
}

/* As lru_cache in Python: a secret is fetched once, whoever depends on it. */
CITO_CACHED
CITO_DEF(Settings, get_settings)
{
    write_line("worker, when first needed");
    settings_read++;
    return (Settings){ .api_key = cito_string("secret"), .read_by = getpid() };
}

CITO_ASYNC_DEF(int, open_connection)
{
    write_line("request");
    return ++connections_opened;
}

CITO_GET(app, "/")
CITO_ASYNC_DEF(Counts, read_root, (depends(get_settings), settings), (depends(open_connection), connection))
{
    return (Counts){ .built = cito_string(built),
        .process = getpid(),
        .worker_id = cito_worker_id(),
        .settings_read = settings_read,
        .settings_read_by = settings.read_by,
        .connections_opened = connection,
        .requests = ++requests };
}

int main(int argc, char **argv)
{
    write_line("process");
    return cito_main(&app, argc, argv);
}
