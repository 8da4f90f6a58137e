/* Blocking code in the thread pool: the loop stays free. The pool has 40 threads (--threadpool-size), so 40 requests at once take one wait and 41 take two.
 * /delay hands the blocking call over with cito_run_in_threadpool; /plain is a CITO_DEF, which runs there as a whole. The wait is 5 s, or DELAY seconds. */
#include <cito.h>
#include <stdlib.h>
#include <unistd.h>

CITO_APP(app, .title = "Thread pool");

CITO_MODEL(Delayed, (str, message), (datetime, start_time), (datetime, end_time));

CITO_DEF(none, blocking_call)
{
    const char *delay = getenv("DELAY");
    usleep((useconds_t)((delay ? atof(delay) : 5) * 1e6));
}

CITO_POST(app, "/delay")
CITO_ASYNC_DEF(Delayed, delayed_response)
{
    cito_datetime start_time = cito_utcnow();
    cito_run_in_threadpool(blocking_call);
    return (Delayed){ .message = cito_string("Response after a delay"), .start_time = start_time, .end_time = cito_utcnow() };
}

CITO_POST(app, "/plain")
CITO_DEF(Delayed, plain_response)
{
    cito_datetime start_time = cito_utcnow();
    blocking_call();
    return (Delayed){ .message = cito_string("Response after a delay"), .start_time = start_time, .end_time = cito_utcnow() };
}

CITO_MAIN(app)
