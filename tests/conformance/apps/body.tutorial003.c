#include <cito.h>

CITO_APP(app);

CITO_MODEL(Item, (str, name), (opt(str), description), (double, price), (opt(double), tax));

CITO_PUT(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, update_item, (int, item_id), (Item, item))
{
    return cito_merge(cito_object("item_id", item_id), cito_dump(Item, &item));
}

CITO_MAIN(app)
