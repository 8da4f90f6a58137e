#include <cito.h>

CITO_APP(app);

CITO_MODEL(Item, (str, name), (opt(str), description), (double, price), (opt(double), tax), (list(str), tags, default([])));

CITO_POST(app, "/items/")
CITO_ASYNC_DEF(Item, create_item, (Item, item))
{
    return item;
}

CITO_GET(app, "/items/")
CITO_ASYNC_DEF(list(Item), read_items)
{
    return cito_list(Item, cito_new(Item, .name = cito_string("Portal Gun"), .price = 42.0),
        cito_new(Item, .name = cito_string("Plumbus"), .price = 32.0));
}

CITO_MAIN(app)
