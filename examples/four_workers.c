/* Four workers behind a master: each is a process of its own with a loop of its own, so one that is blocked does not hold up the others, and what one keeps in
 * memory the others do not see. Ids are stable: a worker that replaces a dead one has its id, and another pid.
 *
 *   ./four_workers run --host 0.0.0.0 --port 8005 --workers 4
 *   curl http://127.0.0.1:8005/
 *   curl -X POST http://127.0.0.1:8005/delay
 *
 * The wait of /delay is 3 s, or DELAY seconds. */
#include <cito.h>
#include <stdlib.h>
#include <unistd.h>

CITO_APP(app, .title = "Four workers");

CITO_MODEL(Hello, (str, message), (int, worker_id), (int, pid));
CITO_MODEL(Delayed, (str, message), (datetime, start_time), (datetime, end_time), (int, worker_id), (int, pid));

CITO_GET(app, "/")
CITO_ASYNC_DEF(Hello, read_root)
{
    return (Hello){ .message = cito_string("Hello World"), .worker_id = cito_worker_id(), .pid = getpid() };
}

CITO_POST(app, "/delay")
CITO_ASYNC_DEF(Delayed, delayed_response)
{
    const char *delay = getenv("DELAY");
    double seconds = delay ? atof(delay) : 3;
    cito_datetime start_time = cito_utcnow();
    usleep((useconds_t)(seconds * 1e6)); /* blocks this worker's loop, and no other's */
    return (Delayed){ .message = cito_format("Response after %g seconds delay", seconds),
        .start_time = start_time,
        .end_time = cito_utcnow(),
        .worker_id = cito_worker_id(),
        .pid = getpid() };
}

CITO_MAIN(app)
