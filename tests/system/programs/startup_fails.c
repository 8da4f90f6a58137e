/* What a start needs is not there. */
#include <cito.h>

CITO_APP(app);

CITO_LIFESPAN(app)
CITO_ASYNC_DEF(none, lifespan)
{
    cito_raise(503, "no database");
}

CITO_GET(app, "/")
CITO_ASYNC_DEF(any, read_root)
{
    return cito_null;
}

CITO_MAIN(app)
