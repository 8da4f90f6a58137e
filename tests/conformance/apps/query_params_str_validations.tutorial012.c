#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(any, read_items, (list(str), q, query, default(["foo", "bar"])))
{
    return cito_object("q", q);
}

CITO_MAIN(app)
