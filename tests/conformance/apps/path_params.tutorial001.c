#include <cito.h>

CITO_APP(app);

CITO_GET(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, read_item, (any, item_id))
{
    return cito_object("item_id", item_id);
}

CITO_MAIN(app)
