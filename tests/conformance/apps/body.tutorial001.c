#include <cito.h>

CITO_APP(app);

CITO_MODEL(Item, (str, name), (opt(str), description), (double, price), (opt(double), tax));

CITO_POST(app, "/items/")
CITO_ASYNC_DEF(any, create_item, (Item, item))
{
    return cito_dump(Item, &item);
}

CITO_MAIN(app)
