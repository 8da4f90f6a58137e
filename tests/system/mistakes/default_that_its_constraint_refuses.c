/* 7: GET /items/: parameter limit of read_items: default(0) */
#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (int, limit, default(0), ge(1)))
{
    return cito_object("limit", limit);
}

CITO_MAIN(app)
