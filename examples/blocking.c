/* Blocking code on the event loop: what not to do. While one request sleeps, every other one of this worker waits: N requests at once take N waits.
 * The log says so, by name. See async_sleep.c and threadpool.c for the two remedies. The wait is 3 s, or DELAY seconds. */
#include <cito.h>
#include <stdlib.h>
#include <unistd.h>

CITO_APP(app, .title = "Blocking");

CITO_MODEL(Delayed, (str, message), (datetime, start_time), (datetime, end_time));

CITO_POST(app, "/delay")
CITO_ASYNC_DEF(Delayed, delayed_response)
{
    const char *delay = getenv("DELAY");
    cito_datetime start_time = cito_utcnow();
    usleep((useconds_t)((delay ? atof(delay) : 3) * 1e6)); /* blocks the loop */
    return (Delayed){ .message = cito_string("Response after a delay"), .start_time = start_time, .end_time = cito_utcnow() };
}

CITO_MAIN(app)
