/* 6: GET /items/{item_id}: read_item has no parameter item_id: add (str, item_id), or take {item_id} out of the path */
#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, read_item, (int, id))
{
    return cito_object("id", id);
}

CITO_MAIN(app)
