#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, read_items, (int, item_id, title("The ID of the item to get"), gt(0), le(1000)), (str, q))
{
    if (q.len)
        return cito_object("item_id", item_id, "q", q);
    return cito_object("item_id", item_id);
}

CITO_MAIN(app)
