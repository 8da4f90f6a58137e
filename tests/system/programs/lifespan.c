/* Something is opened before the first request and closed after the last. */
#include <cito.h>

CITO_APP(app);

static int opened;

CITO_LIFESPAN(app)
CITO_ASYNC_DEF(none, lifespan)
{
    opened++;
    cito_log("info", "the pool opens");
    cito_lifespan_yield();
    cito_log("info", "the pool closes");
}

CITO_GET(app, "/")
CITO_ASYNC_DEF(any, read_opened)
{
    return cito_object("opened", opened);
}

CITO_MAIN(app)
