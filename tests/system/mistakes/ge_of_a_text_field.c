/* 6: Item.name: ge(…) does not fit str */
#include <cito.h>

CITO_APP(app);

CITO_MODEL(Item, (str, name, ge(1)), (double, price));

CITO_POST(app, "/items/")
CITO_ASYNC_DEF(Item, create_item, (Item, item))
{
    return item;
}

CITO_MAIN(app)
