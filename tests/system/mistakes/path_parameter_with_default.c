/* 7: GET /items/{item_id}: path parameter item_id of read_item cannot be optional or have a default: a path without it is another path */
#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, read_item, (int, item_id, default(1)))
{
    return cito_object("item_id", item_id);
}

CITO_MAIN(app)
