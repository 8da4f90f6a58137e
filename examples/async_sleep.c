/* Waiting without blocking: cito_sleep suspends this request only, so N requests at once take one wait. The wait is 5 s, or DELAY seconds. */
#include <cito.h>
#include <stdlib.h>

CITO_APP(app, .title = "Async sleep");

CITO_MODEL(Delayed, (str, message), (datetime, start_time), (datetime, end_time));

CITO_POST(app, "/delay")
CITO_ASYNC_DEF(Delayed, delayed_response)
{
    const char *delay = getenv("DELAY");
    cito_datetime start_time = cito_utcnow();
    cito_sleep(delay ? atof(delay) : 5);
    return (Delayed){ .message = cito_string("Response after a delay"), .start_time = start_time, .end_time = cito_utcnow() };
}

CITO_MAIN(app)
